# A workspace whose touches and history are kept by month says and does the
# same as one that keeps them in one table each: built so, made so later, dumped
# and restored.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Workspace;

my $node = PostgreSQL::Test::Cluster->new('growth');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;

# The digests of what is in the tables and reports, but for partitions, what says
# when the workspace was built, and instants of the run itself.
sub common
{
	my ($db) = @_;
	my $clock = FIXED_CLOCK;
	my $relations = $node->safe_psql(
		$db, q{
		SELECT relname FROM pg_class
		WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
			AND relname NOT IN ('workspace', 'definition_change', 'definition_reviews')
		ORDER BY relname COLLATE "C"});
	my $queries = join ' UNION ALL ', map {
		qq{SELECT '$_', count(*), md5(string_agg(t.line, E'\\n' ORDER BY t.line COLLATE "C"))
		   FROM (SELECT regexp_replace(r::text, 'yesterday'::date || ' [0-9:.]+\\+00|' || 'today'::date || ' [0-9:.]+\\+00', '', 'g') AS line FROM crm."$_" r) t}
	} split /\n/, $relations;

	return $node->safe_psql(
		$db, qq{
		SET jit = off;
		SET leadflow.clock = '$clock';
		SET timezone = 'UTC';
		$queries;});
}

sub fill
{
	my ($db, $arguments) = @_;
	my $script = slurp_file('test/t/filled_workspace.sql');

	$script =~ s/create_workspace\('crm'\)/create_workspace('crm'$arguments)/
	  or die 'the script makes no workspace';
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, $script);
	return;
}

fill('plain', '');
fill('monthly', ', partitioned => true');
foreach my $db ('plain', 'monthly')
{
	$node->safe_psql($db, q{
		INSERT INTO crm.touch (lead_id, at, kind, channel, direction)
		SELECT i, timestamptz '2024-01-01 00:00+00' + i * interval '20 days', 'web_visit', 'web', 'inbound' FROM generate_series(1, 20) i});
}

is( $node->safe_psql(
		'monthly',
		q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'p'}),
	'stage_event touch',
	'touches and history are partitioned');
same_lines(common('monthly'), common('plain'),
	'the same writes leave the same rows, and every report says the same');
is(invariants($node, 'monthly', 'crm'), '', 'leads, history and clocks agree');

# what was written before there were months moves into them, and nothing fires
my $before = common('monthly');
cmp_ok($node->safe_psql('monthly', q{SELECT count(*) FROM crm.touch_default}), '>', 0, 'touches lie in the default partition');
cmp_ok($node->safe_psql('monthly', q{SELECT leadflow.add_partitions('crm')}), '>', 0, 'partitions are added');
is($node->safe_psql('monthly', q{SELECT count(*) FROM (SELECT FROM crm.touch_default UNION ALL SELECT FROM crm.stage_event_default) d}),
	'0', 'nothing is left in the default partitions');
same_lines(common('monthly'), $before, 'moving rows into their months changes nothing else');

# dumped and restored
my $dump = PostgreSQL::Test::Utils::tempdir() . '/monthly.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('monthly') ], 'it is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), '-j2', $dump ], 'it is restored, in parallel');
same_lines(contents($node, 'restored', 'crm'), contents($node, 'monthly', 'crm'), 'with the same rows');
same_lines(catalog($node, 'restored', 'crm'), catalog($node, 'monthly', 'crm'), 'and the same catalog');

# made so later
$node->safe_psql('plain', q{SELECT leadflow.partition_workspace('crm')});
same_lines(common('plain'), $before, 'a workspace that is partitioned later says the same');
is($node->safe_psql('plain', q{SELECT count(*) > 0 FROM crm.touch_earlier}), 't', 'its rows are one partition');
is(invariants($node, 'plain', 'crm'), '', 'leads, history and clocks agree');

done_testing();
