# An attached CRM survives dump and restore: its rows come back, nothing fires
# meanwhile, and afterwards it is attached as before.  A backfill that is
# stopped goes on where it was.
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
$node->append_conf('postgresql.conf', 'track_functions = pl');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE origin');
$node->safe_psql(
	'origin', q{
	SET timezone = 'UTC';
	SET leadflow.clock = '2026-03-02 10:00+00';
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm');
	DELETE FROM crm.standard WHERE criterion <> 'target_role';
	INSERT INTO crm.stage_alias (source, status, stage) VALUES ('espo', 'New', 'lead'), ('espo', 'Assigned', 'mql');
	-- schemas that are dumped before and after the workspace
	CREATE SCHEMA "A espo";
	CREATE SCHEMA zz;
	CREATE TABLE "A espo".lead (id varchar(17) PRIMARY KEY, status text DEFAULT 'New', name text, title text, "assigned user" text,
		created_at timestamp, score integer);
	CREATE TABLE zz.call (id bigserial PRIMARY KEY, parent_id varchar(17), at timestamp);
	CREATE TABLE zz.status (status text PRIMARY KEY, word text);
	INSERT INTO zz.status VALUES ('1', 'New'), ('2', 'Assigned');
	SELECT leadflow.attach('crm', '"A espo".lead', 'lead', '{"external_id": "new.id", "full_name": "new.name", "role": "new.title",
		"status": "coalesce((SELECT s.word FROM zz.status s WHERE s.status = new.status), new.status)",
		"owner": "new.\"assigned user\"", "created_at": "new.created_at"}', '{"source": "espo", "time_zone": "Europe/Warsaw", "on_delete": "follow"}');
	SELECT leadflow.attach('crm', 'zz.call', 'touch', '{"external_id": "new.id", "lead": "new.parent_id", "kind": "''call''", "direction": "''outbound''", "at": "new.at"}',
		'{"source": "espo", "time_zone": "Europe/Warsaw", "always": true}');
	INSERT INTO "A espo".lead (id, name, title, created_at) SELECT 'L' || i, 'Lead ' || i, 'CEO', '2026-03-01 10:00' FROM generate_series(1, 30) i;
	INSERT INTO zz.call (parent_id, at) SELECT 'L' || i, '2026-03-02 10:00' FROM generate_series(1, 10) i;
	UPDATE "A espo".lead SET status = '2' WHERE id IN ('L1', 'L2');
	CREATE TABLE crm.rows_written AS SELECT (SELECT count(*) FROM crm.lead) AS leads, (SELECT count(*) FROM crm.touch) AS touches});

my $dir = PostgreSQL::Test::Utils::tempdir();
my $catalog = catalog($node, 'origin', 'crm');
my $contents = contents($node, 'origin', 'crm');
my $attachments = 'SELECT to_jsonb(a) FROM leadflow.attachments a ORDER BY workspace, attachment';

is($node->safe_psql('origin', 'SELECT leads, touches FROM crm.rows_written'),
	'30|10', 'the rows went in');

# What must hold of every restored database.
sub is_attached
{
	my ($db, $how) = @_;

	same_lines(catalog($node, $db, 'crm'), $catalog, "$how: the catalogs are the same");
	same_lines(contents($node, $db, 'crm'),
		$contents, "$how: tables, views and sequences hold the same");
	is( $node->safe_psql($db, $attachments),
		$node->safe_psql('origin', $attachments),
		"$how: the attachments are the same");
	is( $node->safe_psql(
			$db, q{
			SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE schemaname = 'crm'}),
		'0', "$how: nothing fired while it was restored");
	is( $node->safe_psql(
			$db, q{
			SELECT string_agg(tgrelid::regclass || ' ' || tgenabled::text, ', ' ORDER BY tgrelid::regclass::text, tgname) FROM pg_trigger
			WHERE NOT tgisinternal AND tgrelid IN ('"A espo".lead'::regclass, 'zz.call'::regclass)}),
		'"A espo".lead O, "A espo".lead O, "A espo".lead O, zz.call A, zz.call A',
		"$how: triggers that fire always still do");
	is_refused($node, $db,
		q{INSERT INTO "A espo".lead (id, status, title) VALUES ('L99', '2', 'student')},
		'23514', 'target_role', "$how: a write is judged");
	is( $node->safe_psql(
			$db, q{
			SET leadflow.clock = '2026-03-03 10:00+00';
			SET search_path = '';
			UPDATE "A espo".lead SET status = 'Assigned' WHERE id = 'L3';
			UPDATE "A espo".lead SET score = 1;
			INSERT INTO "A espo".lead (id, title) VALUES ('L31', 'CEO');
			INSERT INTO zz.call (parent_id, at) VALUES ('L31', '2026-03-03 10:00');
			DELETE FROM "A espo".lead WHERE id = 'L4';
			SELECT l.external_id, l.stage, (SELECT count(*) FROM crm.touch t WHERE t.lead_id = l.id) FROM crm.lead l
			WHERE l.external_id IN ('L3', 'L31', 'L4') ORDER BY 1;}),
		"L3|mql|1\nL31|lead|1\nL4|disqualified|1",
		"$how: the CRM's writes go on");
	is(invariants($node, $db, 'crm'), '', "$how: the history is whole");
	return;
}

$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", 'origin' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/plain.sql", 'plain'
	],
	'plain: psql restores it');
is_attached('plain', 'plain');

$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom.dump", 'origin' ],
	'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
$node->command_ok(
	[ 'pg_restore', '-e', '-j2', '-d', 'custom', "$dir/custom.dump" ],
	'custom: pg_restore restores it in two jobs');
is_attached('custom', 'custom');

# After a restore it is detached and attached like any other.
is( $node->safe_psql(
		'custom', q{
		SELECT leadflow.detach('crm', '"A espo".lead') + leadflow.detach('crm', 'zz.call');
		SELECT count(*) FROM leadflow.attachments;
		DROP TABLE "A espo".lead}),
	"2\n0",
	'what was restored can be detached');

# Backfill: stopped by a timeout, cancelled, killed; it goes on where it was.
$node->safe_psql('postgres', 'CREATE DATABASE fill');
$node->safe_psql(
	'fill', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm');
	CREATE SCHEMA shop;
	CREATE TABLE shop.prospect (id integer PRIMARY KEY, name text, budget text);
	INSERT INTO shop.prospect SELECT i, 'Lead ' || i, CASE WHEN i % 1000 = 0 THEN 'a lot' ELSE '5' END FROM generate_series(1, 20000) i;
	SELECT leadflow.attach('crm', 'shop.prospect', 'lead',
		'{"external_id": "new.id", "full_name": "new.name", "budget": "new.budget::numeric"}', '{"source": "shop"}')});

my $progress = q{
	SELECT coalesce(max(rows_read), 0), coalesce(bool_and(finished_at IS NOT NULL), false) FROM crm.backfill_progress};
my ($stdout, $stderr) = ('', '');

$node->psql(
	'fill', q{
	\set VERBOSITY sqlstate
	SET statement_timeout = '400ms';
	CALL leadflow.backfill('crm', 'shop.prospect', 100);},
	stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
like($stderr, qr/ERROR:  57014$/, 'backfill: statement_timeout stops it');
my ($read, $finished) = split /\|/, $node->safe_psql('fill', $progress);
cmp_ok($read, '>', 0, 'backfill: batches that were done are kept');
is($finished, 'f', 'backfill: it is not finished');
is($read % 100, 0, 'backfill: whole batches');
is( $node->safe_psql('fill',
		'SELECT count(*) + (SELECT count(*) FROM crm.quarantine) FROM crm.lead'),
	$read, 'backfill: and nothing else');

my $session = $node->background_psql('fill', on_error_stop => 0);
$session->query_safe("SET application_name = 'fill'");
$session->query_until(qr/begun/,
	"\\echo begun\nCALL leadflow.backfill('crm', 'shop.prospect', 100);\n");
$node->poll_query_until('fill',
	"SELECT rows_read > $read FROM crm.backfill_progress")
  or die 'backfill has not begun again';
$node->safe_psql('fill',
	"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'fill'");
is($session->query('SELECT 1'), '1', 'backfill: a cancelled session goes on');
$session->quit;
my ($read_then, $finished_then) = split /\|/, $node->safe_psql('fill', $progress);
cmp_ok($read_then, '>', $read, 'backfill: it went on from where it was');
is($finished_then, 'f', 'backfill: and was cancelled');

($stdout, $stderr) = ('', '');
$node->psql(
	'fill',
	"CALL leadflow.backfill('crm', 'shop.prospect', 5000)",
	stdout => \$stdout, stderr => \$stderr);
my @notices = $stderr =~ /NOTICE:  lead_from_prospect: \d+ rows/g;
my $batches = int((20000 - $read_then + 4999) / 5000);
cmp_ok(scalar @notices, '>=', $batches, 'backfill: a notice for each batch');
is( $node->safe_psql(
		'fill', q{
		SELECT rows_read, rows_parked, finished_at IS NOT NULL FROM crm.backfill_progress;
		SELECT count(*), count(DISTINCT external_id) FROM crm.lead;
		SELECT count(*), count(DISTINCT external_id) FROM crm.quarantine;
		SELECT count(*) FROM crm.stage_event WHERE to_stage = 'lead'}),
	"20000|20|t\n19980|19980\n20|20\n19980",
	'backfill: it ends, and no row was taken in or parked twice');
is(invariants($node, 'fill', 'crm'), '', 'backfill: the history is whole');

# Two at once do no harm.
$node->safe_psql(
	'fill', q{
	UPDATE shop.prospect SET budget = '6' WHERE id % 1000 = 0;
	SELECT leadflow.detach('crm', 'shop.prospect');
	SELECT leadflow.attach('crm', 'shop.prospect', 'lead',
		'{"external_id": "new.id", "owner": "new.budget"}', '{"source": "shop"}')});
my @sessions = map { $node->background_psql('fill', on_error_stop => 0) } 1 .. 2;
$_->query_until(qr/begun/,
	"\\echo begun\nSET client_min_messages = warning;\nCALL leadflow.backfill('crm', 'shop.prospect', 200);\n")
  foreach @sessions;
like($_->query('SELECT 1'), qr/1$/, 'backfill: both sessions end') foreach @sessions;
$_->quit foreach @sessions;
is( $node->safe_psql('fill', 'SELECT count(*), count(owner) FROM crm.lead'),
	'20000|20000', 'backfill: two at once fill every row once');
is(invariants($node, 'fill', 'crm'), '', 'backfill: the history is whole then too');

$node->stop;
done_testing();
