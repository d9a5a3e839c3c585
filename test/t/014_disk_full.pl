# The disk is full during a backfill, a bulk write, a sweep, a restore: a clean
# error, nothing half done, and where there is room again it goes on.  A limit
# on how large a file may grow stands for the disk; it is set on a session from
# outside, so the rest of the server has none.  It is above the size of a file
# of WAL, because PostgreSQL stops where there is no room for that.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

plan skip_all => 'needs prlimit of util-linux'
  unless IPC::Run::run([ 'prlimit', '--version' ], '>', \my $version, '2>', \my $complaint);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--wal-segsize=1']);
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm');
	DELETE FROM crm.standard;
	CREATE TABLE suite (id bigint PRIMARY KEY, name text, note text);
	INSERT INTO suite SELECT i, 'Lead ' || i, repeat('x', 300) FROM generate_series(1, 8000) i;
	SELECT leadflow.attach('crm', 'suite', 'lead', '{"external_id": "new.id", "full_name": "new.name", "narrative": "new.note"}', '{"source": "suite"}');
	CHECKPOINT});
my $catalog = catalog($node, 'postgres', 'crm');

# A session in which no file may grow beyond that many bytes.  PostgreSQL
# ignores the signal, so the write itself fails.
sub limited_session
{
	my ($bytes) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');

	system_or_bail('prlimit', '--pid', $pid, "--fsize=$bytes:unlimited");
	return ($session, $pid);
}

sub more_room
{
	my ($pid) = @_;

	system_or_bail('prlimit', '--pid', $pid, '--fsize=unlimited:unlimited');
	return;
}

# Runs it in a session that has no room until it does, and then again.
sub runs_out
{
	my ($name, $bytes, $statement) = @_;
	my ($session, $pid) = limited_session($bytes);

	$session->query_safe('\set VERBOSITY verbose');
	$session->query($statement);
	# a full disk is 53100; PostgreSQL has no SQLSTATE of its own for a file
	# that may not grow
	like($session->{stderr}, qr/ERROR:  (53100|XX000): could not (extend|write)/,
		"$name: a clean error");
	$session->{stderr} = '';
	is($session->query('SELECT pg_backend_pid()'), $pid, "$name: the session is alive");
	return ($session, $pid);
}

# A backfill keeps its finished batches and goes on after them.
my ($session, $pid) = runs_out('backfill', 1_500_000, "CALL leadflow.backfill('crm', 'suite', 500)");
my $progress = 'SELECT rows_read, rows_parked, finished_at IS NULL FROM crm.backfill_progress';
my ($rows) = split /\|/, $node->safe_psql('postgres', $progress);
cmp_ok($rows, '>', 0, 'backfill: some batches were done');
is($rows % 500, 0, 'backfill: whole ones');
is($node->safe_psql('postgres', 'SELECT count(*) FROM crm.lead'),
	$rows, 'backfill: no lead of the batch that failed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM crm.quarantine'),
	'0', 'backfill: none is parked for want of room');
is(invariants($node, 'postgres', 'crm'), '', 'backfill: the history is whole');
more_room($pid);
$session->query("CALL leadflow.backfill('crm', 'suite', 500)");
my @notices = $session->{stderr} =~ /(\d+) rows/g;
is($notices[0], $rows + 500, 'backfill: with room again it goes on where it was');
is($node->safe_psql('postgres', "$progress; SELECT count(*) FROM crm.lead"),
	"8000|0|f\n8000", 'backfill: and ends');
is(invariants($node, 'postgres', 'crm'), '', 'backfill: the history is whole');
$session->quit;

# A bulk write through guard and recorder
my $size = $node->safe_psql('postgres', "SELECT pg_relation_size('crm.lead')");
my $digest = "SELECT md5(string_agg(l::text, ' ' ORDER BY id)) FROM crm.lead l; SELECT count(*), max(id) FROM crm.stage_event; SELECT count(*) FROM crm.sla_clock";
my $before = $node->safe_psql('postgres', $digest);
foreach my $write (
	[ 'bulk update', "UPDATE crm.lead SET stage = 'mql'" ],
	[ 'bulk insert', "INSERT INTO crm.lead (source, narrative) SELECT 'web', repeat('y', 500) FROM generate_series(1, 6000)" ],
	[ 'COPY', "COPY crm.lead (source) FROM PROGRAM 'yes web | head -n 20000'" ],
	[ 'touches', "INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, 'demo_request', 'inbound' FROM crm.lead, generate_series(1, 5)" ])
{
	my ($name, $statement) = @$write;

	($session, $pid) = runs_out($name, $name eq 'touches' ? 2_000_000 : $size + 500_000, $statement);
	is($node->safe_psql('postgres', $digest), $before, "$name: nothing of it is there");
	more_room($pid);
	$session->query_safe("BEGIN; $statement; ROLLBACK");
	$session->quit;
}
is(invariants($node, 'postgres', 'crm'), '', 'bulk writes: the history is whole');

# A sweep
$node->safe_psql('postgres', "INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT id, 'demo_request', 'inbound', '2026-02-03 09:00+00' FROM crm.lead WHERE id <= 6000");
my $sweep = "SELECT * FROM leadflow.sweep('crm', '2026-02-04 12:00+00')";
my $alerts = "SELECT count(*), count(sent_at) FROM crm.alert WHERE kind = 'breach'";
($session, $pid) = runs_out('sweep', 1_200_000, $sweep);
is($node->safe_psql('postgres', $alerts), '0|0', 'sweep: no alert is raised');
more_room($pid);
$session->query_safe($sweep);
my $raised = $node->safe_psql('postgres', $alerts);
like($raised, qr/^[1-9]\d{3}\|/, 'sweep: with room again all are');
$session->query_safe($sweep);
is($node->safe_psql('postgres', $alerts), $raised, 'sweep: each once');
$session->quit;

# Scores, batch by batch
$node->safe_psql(
	'postgres', q{
	SET session_replication_role = replica;
	INSERT INTO crm.lead (source, stage, furthest_stage, stage_since, created_at, updated_at)
	SELECT 'web', 'lead', 'lead', now(), now(), now() FROM generate_series(1, 16000)});
($session, $pid) = runs_out('scores', 1_200_000, "CALL leadflow.refresh_scores('crm', 2000)");
my $scored = $node->safe_psql('postgres', 'SELECT count(*) FROM crm.lead_score');
is($scored % 2000, 0, 'scores: whole batches');
more_room($pid);
$session->query_safe("CALL leadflow.refresh_scores('crm', 2000)");
is($node->safe_psql('postgres', 'SELECT count(*) FROM crm.lead_score; SELECT count(*) FROM crm.score_run WHERE finished_at IS NULL'),
	"24000\n0", 'scores: with room again it ends');
$session->quit;

# What sorts in files that may not grow
($session, $pid) = limited_session(1_200_000);
$session->query_safe('\set VERBOSITY verbose');
$session->query_safe("SET work_mem = '64kB'; SET jit = off");
$session->query("SELECT count(s) FROM (SELECT * FROM crm.stage_history ORDER BY 2, 1 OFFSET 1) s");
like($session->{stderr}, qr/ERROR:  [0-9A-Z]{5}: could not write/, 'a report: a clean error');
$session->{stderr} = '';
more_room($pid);
cmp_ok($session->query("SELECT count(s) FROM (SELECT * FROM crm.stage_history ORDER BY 2, 1 OFFSET 1) s"),
	'>', 1000, 'a report: with room again it answers');
$session->quit;

# A workspace that is created
($session, $pid) = limited_session(
	$node->safe_psql('postgres', 'SELECT greatest(1200000, pg_relation_size(reltoastrelid) + 100000) FROM pg_class WHERE oid = \'pg_rewrite\'::regclass'));
$session->query_safe('\set VERBOSITY verbose');
$session->query("SELECT leadflow.create_workspace('other')");
like($session->{stderr}, qr/ERROR:  [0-9A-Z]{5}: could not (extend|write)/, 'create_workspace: a clean error');
$session->{stderr} = '';
is($node->safe_psql('postgres', "SELECT to_regnamespace('other')"), '', 'create_workspace: nothing is there');
more_room($pid);
$session->query_safe("SELECT leadflow.create_workspace('other')");
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM other.stage_definition"), 't', 'create_workspace: with room again it is there');
$session->quit;
same_lines(catalog($node, 'postgres', 'crm'), $catalog, 'the workspace is as it was made');

# A dump that is restored: in one transaction nothing of it stays
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'the workspace is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($status, $stdout, $stderr) = $node->psql(
	'restored', qq{
	SELECT pg_backend_pid() AS pid \\gset
	\\setenv PID :pid
	\\! prlimit --pid \$PID --fsize=2000000:unlimited
	BEGIN;
	\\i $dump
	COMMIT},
	on_error_stop => 1);
like($stderr, qr/ERROR:  could not (extend|write)/, 'restore: a clean error');
is($node->safe_psql('restored', "SELECT to_regnamespace('crm'), count(*) FROM pg_extension WHERE extname = 'leadflow'"),
	'|0', 'restore: nothing of it is there');
$node->command_ok([ 'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restore: with room again it ends');
same_lines(catalog($node, 'restored', 'crm'), $catalog, 'restore: the catalogs are the same');
is(invariants($node, 'restored', 'crm'), invariants($node, 'postgres', 'crm'), 'restore: the history is as whole as it was');

unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'the server stayed up');
$node->stop;
done_testing();
