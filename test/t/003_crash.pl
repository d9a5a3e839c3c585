# The server is killed while clients move leads along.  After recovery nothing
# that was acknowledged is lost, and history, leads and clocks agree.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', qq{
log_statement = none
wal_consistency_checking = 'all'
checkpoint_timeout = 30s
});
$node->start;

# Every lead goes along the path and back to its beginning.  Each client has
# leads of its own, so that no two wait for each other's locks.
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES ('expansion', 'lead', false);
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES
		('form', true, false, 'a form'), ('call', false, true, 'a call');
	INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, starts_on_stage, stops_on_touch, target, measure, promise) VALUES
		('form', 'response', '{form}', NULL, '{call}', '1 hour', 'working', 'soon'),
		('mql', 'hand-over', NULL, 'mql', '{call}', '1 hour', 'elapsed', 'soon');
	INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'contact', 'an attempt', 'attempts >= 1');
	INSERT INTO crm.lead (source) SELECT 'web' FROM generate_series(1, 20);
	CREATE TABLE done (client integer, number bigint, PRIMARY KEY (client, number));
	CREATE SEQUENCE number;
	CREATE FUNCTION next_stage(leadflow.stage) RETURNS leadflow.stage LANGUAGE sql STABLE AS $$
		SELECT COALESCE((SELECT min(s.stage) FROM leadflow.spine() s WHERE s.stage > $1 AND s.stage >= 'lead'), 'lead') $$});

my $script = PostgreSQL::Test::Utils::tempdir() . '/move.sql';
append_to_file(
	$script, q{
\set lead 10 * :client_id + random(1, 10)
BEGIN;
INSERT INTO crm.touch (lead_id, kind, direction) VALUES (:lead, 'form', 'inbound');
INSERT INTO crm.touch (lead_id, kind, direction) VALUES (:lead, 'call', 'outbound');
UPDATE crm.lead SET stage = next_stage(stage) WHERE id = :lead;
INSERT INTO done VALUES (:client_id, nextval('number'));
COMMIT;
});

sub kill_under_load
{
	my ($round) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM done');
	my ($out, $err) = ('', '');

	# Each transaction that was acknowledged leaves a line in the log.
	my $prefix = PostgreSQL::Test::Utils::tempdir() . '/log';
	my $bench = IPC::Run::start(
		[
			'pgbench', '-n', '-c', '2', '-j', '2', '-T', '120', '-l',
			"--log-prefix=$prefix", '-f', $script, '-h', $node->host, '-p',
			$node->port, 'postgres'
		],
		'<', \undef, '>', \$out, '2>', \$err,
		IPC::Run::timeout(60));
	ok( $node->poll_query_until(
			'postgres', "SELECT count(*) >= $before + 300 FROM done"),
		"round $round: clients are at work");
	$node->stop('immediate');
	$bench->finish;

	my $acknowledged = 0;
	foreach my $log (glob "$prefix.*")
	{
		$acknowledged += () = slurp_file($log) =~ /^\d+ \d+ \d+ \d+ \d+ \d+/mg;
	}
	unlike($err, qr/ERROR:/, "round $round: no client met an error");

	$node->start;
	my $committed =
	  $node->safe_psql('postgres', 'SELECT count(*) FROM done') - $before;
	note("round $round: $acknowledged acknowledged, $committed committed");
	cmp_ok($acknowledged, '>', 0, "round $round: clients heard of commits");
	cmp_ok($committed, '>=', $acknowledged,
		"round $round: nothing acknowledged is lost");
	cmp_ok($committed, '<=', $acknowledged + 2,
		"round $round: at most what was under way was not acknowledged");
	is(invariants($node, 'postgres', 'crm'),
		'', "round $round: leads, history and clocks agree");
	is( $node->safe_psql(
			'postgres',
			'SELECT (SELECT count(*) FROM crm.touch) = 2 * (SELECT count(*) FROM done)'),
		't',
		"round $round: touches came and went with their transactions");
	$node->command_ok([ 'pg_amcheck', '--heapallindexed', 'postgres' ],
		"round $round: tables and indexes are whole");
	return;
}

$node->safe_psql('postgres', 'CREATE EXTENSION amcheck');
kill_under_load(1);
$node->safe_psql('postgres', 'CHECKPOINT');
kill_under_load(2);

# It goes on from there.
is( $node->safe_psql(
		'postgres', q{
		INSERT INTO crm.lead (source) VALUES ('web') RETURNING id > 20;
		SELECT count(*) FROM crm.stage_event WHERE lead_id = (SELECT max(id) FROM crm.lead)}),
	"t\n3",
	'new leads are recorded after the crash');

$node->stop;
done_testing();
