# The server is killed while clients move leads along, open deals and sweep: it
# is stopped at once, a backend is killed, the postmaster is.  After recovery
# nothing that was acknowledged is lost, and history, leads, clocks, verdicts,
# deals and alerts agree.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Workspace;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', qq{
log_statement = none
wal_consistency_checking = 'all'
checkpoint_timeout = 30s
restart_after_crash = on
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
	INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_stage, target, measure, promise) VALUES
		('sal', 'qualification', 'sal', 'sql', '1 hour', 'elapsed', 'soon');
	INSERT INTO crm.alert_rule (kind, receiver, horizon, meaning) VALUES ('breach', 'owner', '7 days', 'late');
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

my $deal = PostgreSQL::Test::Utils::tempdir() . '/deal.sql';
append_to_file(
	$deal, q{
\set lead 10 * :client_id + random(1, 10)
BEGIN;
INSERT INTO crm.opportunity (source, lead_id, stage)
SELECT 'bench', :lead, 'opportunity' WHERE EXISTS (SELECT FROM crm.touch WHERE lead_id = :lead);
UPDATE crm.opportunity SET stage = 'budget' WHERE lead_id = :lead AND stage = 'opportunity';
COMMIT;
});

# At that instant every promise that is open is broken.
my $sweep = PostgreSQL::Test::Utils::tempdir() . '/sweep.sql';
append_to_file($sweep, "SELECT * FROM leadflow.sweep('crm', now() + interval '2 hours');\n");

# What must hold beside the invariants of every workspace: a line for what does not.
my $agreement = q{
	SELECT 'a clock has two alerts', clock_id FROM crm.alert GROUP BY clock_id, kind, at HAVING count(*) > 1
	UNION ALL
	SELECT 'an alert without a clock', a.id FROM crm.alert a WHERE NOT EXISTS (SELECT FROM crm.sla_clock c WHERE c.id = a.clock_id)
	UNION ALL
	SELECT 'an event twice', min(id) FROM crm.stage_event GROUP BY subject, lead_id, opportunity_id, from_stage, to_stage, at HAVING count(*) > 1
	UNION ALL
	SELECT 'a call without its clock', t.id FROM crm.touch t
	WHERE kind = 'form' AND NOT EXISTS (SELECT FROM crm.sla_clock c WHERE c.lead_id = t.lead_id AND c.policy = 'form' AND c.started_at <= t.at AND (c.stopped_at >= t.at OR c.stopped_at IS NULL))
	UNION ALL
	SELECT 'a stage without its clock', e.id FROM crm.stage_event e
	WHERE subject = 'lead' AND to_stage IN ('mql', 'sal') AND NOT implied
		AND NOT EXISTS (SELECT FROM crm.sla_clock c WHERE c.lead_id = e.lead_id AND c.policy = e.to_stage::text AND c.started_at = e.at)
	UNION ALL
	SELECT 'a clock without its stage', c.id FROM crm.sla_clock c
	WHERE c.policy IN ('mql', 'sal') AND NOT EXISTS (SELECT FROM crm.stage_event e WHERE e.lead_id = c.lead_id AND e.to_stage = c.policy::leadflow.stage AND e.at = c.started_at)
	UNION ALL
	SELECT 'an acceptance without a verdict', e.id FROM crm.stage_event e
	WHERE subject = 'lead' AND to_stage = 'sal' AND from_stage < 'sal' AND NOT implied
		AND NOT EXISTS (SELECT FROM crm.verdict v WHERE v.lead_id = e.lead_id AND v.verdict = 'accepted' AND v.at = e.at)
	UNION ALL
	SELECT 'a verdict without an acceptance', v.id FROM crm.verdict v
	WHERE NOT EXISTS (SELECT FROM crm.stage_event e WHERE e.lead_id = v.lead_id AND e.at = v.at AND e.to_stage >= 'sal')
	UNION ALL
	SELECT 'a deal half opened', o.id FROM crm.opportunity o
	WHERE stage <> 'budget' OR (SELECT count(*) FROM crm.stage_event e WHERE e.opportunity_id = o.id AND NOT implied) <> 2};

sub kill_under_load
{
	my ($round, $how) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM done');
	my ($out, $err) = ('', '');

	# Each transaction that was acknowledged leaves a line in the log.
	my $prefix = PostgreSQL::Test::Utils::tempdir() . '/log';
	my $bench = IPC::Run::start(
		[
			'pgbench', '-n', '-c', '2', '-j', '2', '-T', '120', '-l',
			"--log-prefix=$prefix", '-f', "$script\@8", '-f', "$deal\@1", '-f',
			"$sweep\@1", '-h', $node->host, '-p', $node->port, 'postgres'
		],
		'<', \undef, '>', \$out, '2>', \$err,
		IPC::Run::timeout(60));
	ok( $node->poll_query_until(
			'postgres', "SELECT count(*) >= $before + 200 FROM done"),
		"round $round: clients are at work");
	if ($how eq 'backend')
	{
		kill 'KILL', $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1");
	}
	elsif ($how eq 'postmaster')
	{
		my @backends = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');
		$node->kill9;
		# they end when they notice
		for (1 .. 300)
		{
			last unless kill 0, @backends;
			usleep(100_000);
		}
	}
	else
	{
		$node->stop('immediate');
	}
	$bench->finish;

	my $acknowledged = 0;
	foreach my $log (glob "$prefix.*")
	{
		$acknowledged += () = slurp_file($log) =~ /^\d+ \d+ \d+ 0 \d+ \d+/mg;
	}
	unlike($err, qr/ERROR:/, "round $round: no client met an error");

	$node->start unless $how eq 'backend';
	$node->poll_query_until('postgres', 'SELECT true');
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
	is($node->safe_psql('postgres', $agreement),
		'', "round $round: so do alerts, verdicts and deals");
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
kill_under_load(1, 'immediate');
$node->safe_psql('postgres', 'CHECKPOINT');
kill_under_load(2, 'backend');
kill_under_load(3, 'postmaster');
kill_under_load(4, 'immediate');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM crm.alert'), '>', 0, 'promises were broken');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM crm.sla_clock WHERE policy = '$_'"), '>', 10, "$_: clocks were started") for ('mql', 'sal');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM crm.verdict'), '>', 10, 'leads were accepted');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM crm.opportunity'), '>', 10, 'deals were opened');

# It goes on from there.
is( $node->safe_psql(
		'postgres', q{
		INSERT INTO crm.lead (source) VALUES ('web') RETURNING id > 20;
		SELECT count(*) FROM crm.stage_event WHERE lead_id = (SELECT max(id) FROM crm.lead)}),
	"t\n3",
	'new leads are recorded after the crash');

$node->stop;
done_testing();
