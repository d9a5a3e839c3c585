# Fifty clients hand leads over into one pool at once: nobody of the pool is a
# whole lead off his share, every lead has its owner, and nobody meets an error.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{
log_statement = none
max_connections = 100
deadlock_timeout = 100ms
});
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.team_member (member, team, department) SELECT 'm' || i, 'sdr', 'sales' FROM generate_series(1, 7) i;
	INSERT INTO crm.pool VALUES ('default', 'm7'), ('small', 'm7');
	INSERT INTO crm.pool_member SELECT 'default', 'm' || i, 1 + i % 3 FROM generate_series(1, 6) i;
	INSERT INTO crm.pool_member SELECT 'small', 'm' || i, 1 FROM generate_series(1, 3) i;
	INSERT INTO crm.routing_rule (rule, pool, variant) VALUES ('all', 'default', '*'), ('second', 'small', 'b');
	UPDATE crm.routing_rule SET position = 1 WHERE rule = 'second';
	-- counted from what happened, not from what is kept
	CREATE VIEW off AS
	SELECT a.pool, m.member, m.weight,
		(count(*) FILTER (WHERE a.owner = m.member)
			- count(*) * m.weight::numeric / (SELECT sum(x.weight) FROM crm.pool_member x WHERE x.pool = a.pool)) AS leads
	FROM crm.assignment a JOIN crm.pool_member m ON m.pool = a.pool
	GROUP BY a.pool, m.member, m.weight});

my $dir = PostgreSQL::Test::Utils::tempdir();

sub run_clients
{
	my ($name, $clients, $transactions, %scripts) = @_;
	my @files;

	foreach my $script (sort keys %scripts)
	{
		unlink "$dir/$script.sql";
		append_to_file("$dir/$script.sql", $scripts{$script});
		push @files, '-f', "$dir/$script.sql";
	}
	my ($stdout, $stderr) = run_command(
		[
			'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $transactions,
			'--random-seed', 1, '-h', $node->host, '-p', $node->port, @files,
			'postgres'
		]);
	my %errors;
	$errors{$1}++ while $stderr =~ /ERROR:  (.*)/g;
	ok(!%errors, "$name: nobody meets an error")
	  or diag(map { "$errors{$_} times: $_\n" } sort keys %errors);
	is( $node->safe_psql('postgres', 'SELECT * FROM off WHERE abs(leads) >= 1'),
		'', "$name: nobody is a whole lead off his share");
	is( $node->safe_psql(
			'postgres', q{
			SELECT count(*) FROM crm.routing_fairness f JOIN off o USING (pool, member) WHERE abs(f.leads_off - o.leads) > 0.001}),
		'0', "$name: routing_fairness says so, too");
	is( $node->safe_psql(
			'postgres', q{
			SELECT count(*) FROM crm.lead l
			WHERE stage >= 'mql' AND owner IS DISTINCT FROM (SELECT a.owner FROM crm.assignment a WHERE a.lead_id = l.id)
				OR EXISTS (SELECT FROM crm.stage_event e WHERE e.lead_id = l.id AND e.to_stage = 'mql' AND e.owner IS DISTINCT FROM l.owner)}),
		'0', "$name: every lead, and its history, has the owner whose turn it was");
	is(invariants($node, 'postgres', 'crm'),
		'', "$name: leads and history agree");
	return;
}

run_clients('one pool', 50, 20, new => q{INSERT INTO crm.lead (source, stage) VALUES ('web', 'mql');});
is( $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT owner) FROM crm.assignment'),
	'1000|6', 'one pool: every lead was somebody\'s turn');

# several leads and both pools in a transaction, some of which are rolled back
run_clients(
	'two pools', 20, 15,
	ab => q{
BEGIN;
INSERT INTO crm.lead (source, variant, stage) VALUES ('web', 'a', 'mql');
INSERT INTO crm.lead (source, variant, stage) VALUES ('web', 'b', 'sal'), ('web', 'a', 'mql');
COMMIT;},
	ba => q{
BEGIN;
INSERT INTO crm.lead (source, variant, stage) VALUES ('web', 'b', 'mql');
INSERT INTO crm.lead (source, variant, stage) VALUES ('web', 'a', 'mql'), ('web', 'b', 'mql');
COMMIT;},
	back => q{
BEGIN;
INSERT INTO crm.lead (source, variant, stage) VALUES ('web', 'b', 'mql'), ('web', 'a', 'mql');
ROLLBACK;});

$node->stop;
done_testing();
