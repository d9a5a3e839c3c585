# The life of a workspace: created, doubled, upgraded, and what becomes of it
# when the extension is dropped.
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
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE life');
create_filled($node, 'life');

# What create_workspace refuses
my $before = catalog($node, 'life', 'crm') . contents($node, 'life', 'crm');
is_refused($node, 'life', "SELECT leadflow.create_workspace('crm')",
	'42P06', undef, 'a workspace is not created over another');
$node->safe_psql('life',
	'CREATE SCHEMA plans; CREATE TABLE plans.lead (id bigint)');
my $plans = catalog($node, 'life', 'plans');
is_refused($node, 'life', "SELECT leadflow.create_workspace('plans')",
	'42P06', undef, 'nor over another schema');
is_refused($node, 'life', "SELECT leadflow.create_workspace('public', 'empty')",
	'42P06', undef, 'nor over the schema public');
same_lines(catalog($node, 'life', 'crm') . contents($node, 'life', 'crm'),
	$before, 'the workspace is not touched');
is(catalog($node, 'life', 'plans'), $plans, 'the schema is not touched');
is_refused($node, 'life', "SELECT leadflow.create_workspace('')",
	'22023', undef, 'a workspace needs a name');
is_refused($node, 'life', 'SELECT leadflow.create_workspace(NULL)',
	'22023', undef, 'null is none');
is_refused($node, 'life',
	"SELECT leadflow.create_workspace(repeat('x', 64))",
	'42622', undef, 'a name has at most 63 bytes');
is_refused($node, 'life', "SELECT leadflow.create_workspace('pg_mine')",
	'42939', undef, 'a name does not begin as those of the system do');
is_refused($node, 'life',
	"SELECT leadflow.create_workspace('new', 'b2c')",
	'22023', undef, 'defaults are b2b or empty');
is_refused($node, 'life', "SELECT leadflow.upgrade_workspace('plans')",
	'42704', undef, 'an ordinary schema is not upgraded');
is( $node->safe_psql('life',
		"SELECT count(*) FROM pg_namespace WHERE nspname IN ('new', 'pg_mine')"),
	'0',
	'what was refused leaves no schema');
is( $node->safe_psql(
		'life', q{
		BEGIN;
		SELECT leadflow.create_workspace('gone');
		ROLLBACK;
		SELECT count(*) FROM pg_namespace WHERE nspname = 'gone'}),
	"\n0",
	'a rollback takes a workspace back');

# Two workspaces, one with a name that has to be quoted
my $odd = 'Sales "EMEA"; \'x\' $1 %I';
(my $quoted = $odd) =~ s/"/""/g;
(my $literal = $odd) =~ s/'/''/g;
$node->safe_psql('life', "SELECT leadflow.create_workspace('$literal')");
$node->safe_psql('life', "SELECT leadflow.create_workspace('plain')");

sub rows
{
	return $node->safe_psql(
		'life', qq{
		SELECT leadflow.clock() IS NOT NULL;
		SELECT stage, label_en, meaning, lead_standard FROM "$_[0]".stage_dictionary ORDER BY ordinal, stage, variant;
		SELECT criterion, expression FROM "$_[0]".standard ORDER BY 1, 2});
}
is(rows($quoted), rows('plain'),
	'a workspace works under a name that has to be quoted');
is( $node->safe_psql(
		'life', qq{
		SET leadflow.clock = '2026-02-02 10:00+00';
		INSERT INTO "$quoted".lead (source, external_id, role, email, verified) VALUES ('web', '1', 'CEO', 'a\@example.com', true);
		INSERT INTO "$quoted".touch (lead_id, kind, direction, at) VALUES
			(1, 'demo_request', 'inbound', '2026-02-02 09:00+00'), (1, 'form_submit', 'inbound', '2026-02-02 09:01+00');
		UPDATE "$quoted".lead SET stage = 'mql', owner = 'x';
		UPDATE "$quoted".lead SET stage = 'contacted';
		SET leadflow.on_violation = park;
		INSERT INTO "$quoted".lead (source, stage) VALUES ('web', 'sql');
		DO \$\$
		BEGIN
			PERFORM leadflow.pause_clock('$literal', (SELECT max(id) FROM "$quoted".sla_clock), 'x');
			PERFORM leadflow.resume_clock('$literal', (SELECT max(id) FROM "$quoted".sla_clock));
			PERFORM leadflow.explain('$literal', 1, 'sql');
			PERFORM leadflow.grant_workspace('$literal', 'analyst', 'revops');
			PERFORM leadflow.upgrade_workspace('$literal');
			PERFORM leadflow.forget('$literal', 1);
		END;
		\$\$;
		SELECT count(*) FROM "$quoted".stage_event;
		SELECT count(*) FROM "$quoted".quarantine;
		SELECT count(*) FROM "$quoted".sla_pause WHERE resumed_at IS NOT NULL}),
	"5\n1\n1",
	'it judges, records, parks, pauses, grants, upgrades and forgets');

is( $node->safe_psql(
		'life', q{
		SELECT count(*) FROM plain.lead;
		SELECT count(*) FROM plain.stage_event}),
	"0\n0",
	'what happens in one workspace does not happen in another');
$node->safe_psql(
	'life', q{
	INSERT INTO crm.lead (source, external_id, stage) VALUES ('both', '1', 'lead');
	INSERT INTO plain.lead (source, external_id, stage) VALUES ('both', '1', 'lead');
	INSERT INTO plain.standard (stage, criterion, requirement, expression) VALUES ('engaged', 'phone', 'a phone', 'phone IS NOT NULL');
	DELETE FROM plain.transition;
	INSERT INTO crm.lead (source, external_id, stage) VALUES ('both', '2', 'lead')});
is_refused($node, 'life',
	"INSERT INTO plain.lead (source, external_id, stage) VALUES ('both', '2', 'lead')",
	'23514', 'phone', 'a definition of one workspace binds this one');
is( $node->safe_psql(
		'life', q{
		BEGIN;
		INSERT INTO crm.lead (source, external_id, stage) VALUES ('both', '3', 'lead');
		INSERT INTO plain.lead (source, external_id, stage, phone) VALUES ('both', '3', 'lead', '1');
		UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE source = 'both' AND external_id = '3';
		COMMIT;
		SELECT stage FROM crm.lead WHERE source = 'both' AND external_id = '3';
		SELECT stage FROM plain.lead WHERE source = 'both' AND external_id = '3'}),
	"nurture\nlead",
	'one session writes to two workspaces by their own rules');

# Upgrading a workspace that is up to date
$node->safe_psql('life', "SELECT leadflow.create_workspace('fresh')");
my $fresh = catalog($node, 'life', 'fresh');
same_lines(catalog($node, 'life', 'plain'),
	$fresh, 'two workspaces of one version have the same catalogs');
my $crm = catalog($node, 'life', 'crm');
my $rows = contents($node, 'life', 'crm');
$node->safe_psql('life',
	"SELECT leadflow.upgrade_workspace('crm'), leadflow.upgrade_workspace('fresh')");
same_lines(catalog($node, 'life', 'fresh'),
	$fresh, 'an upgrade changes nothing of a fresh workspace');
same_lines(catalog($node, 'life', 'crm'),
	$crm, 'nor of one that the company has added to');
same_lines(contents($node, 'life', 'crm'), $rows, 'nor of its rows');

my @views = split /\n/,
  $node->safe_psql(
	'life', q{
	SELECT relname FROM pg_class
	WHERE relnamespace = 'fresh'::regnamespace AND relkind = 'v' ORDER BY relname});
$node->safe_psql('life',
		'SET client_min_messages = error; DROP VIEW '
	  . join(', ', map { "fresh.$_" } @views)
	  . ' CASCADE');
$node->safe_psql('life', "SELECT leadflow.upgrade_workspace('fresh')");
same_lines(catalog($node, 'life', 'fresh'),
	$fresh, 'an upgrade restores views that were dropped');
$node->safe_psql('life',
	"SET client_min_messages = error; DROP VIEW fresh.$views[-1] CASCADE; SELECT leadflow.upgrade_workspace('fresh')");
same_lines(catalog($node, 'life', 'fresh'),
	$fresh, 'or one of them');
# what stands in the place of a report stays, and the error says what it is
for my $other (
	'VIEW fresh.funnel AS SELECT 1 AS position',
	'MATERIALIZED VIEW fresh.funnel AS SELECT 1 AS position',
	'TABLE fresh.funnel (position integer)')
{
	my $kind = $other =~ s/ fresh.*//r;
	$node->safe_psql('life',
		"SET client_min_messages = error; DROP VIEW fresh.funnel CASCADE; CREATE $other");
	is_refused($node, 'life', "SELECT leadflow.upgrade_workspace('fresh')",
		'55000', undef, "a report replaced by another \L$kind\E is not overwritten");
	my (undef, undef, $stderr) =
	  $node->psql('life', "SELECT leadflow.upgrade_workspace('fresh')");
	like($stderr, qr/report "funnel" of workspace "fresh" was replaced/, 'the error names the report');
	cmp_ok(length($stderr), '<', 1000, 'and is short');
	$node->safe_psql('life', "DROP $kind fresh.funnel; SELECT leadflow.upgrade_workspace('fresh')");
	same_lines(catalog($node, 'life', 'fresh'), $fresh, 'without it the report is made anew');
}
is_refused($node, 'life', "SELECT leadflow.upgrade_workspace('nowhere')",
	'42704', undef, 'a workspace that does not exist is not upgraded');
$node->safe_psql('life',
	"SET session_replication_role = replica; UPDATE plain.workspace SET version = '99'");
is_refused($node, 'life', "SELECT leadflow.upgrade_workspace('plain')",
	'55000', undef, 'nor one of a later version');

# A role that owns its workspace, in a database where it may create schemas
$node->safe_psql(
	'life', q{
	CREATE ROLE owner LOGIN;
	CREATE ROLE writer LOGIN;
	CREATE ROLE stranger LOGIN;
	GRANT CREATE ON DATABASE life TO owner});
my @as_owner = (extra_params => [ '-U', 'owner' ]);
is( $node->safe_psql(
		'life', q{
		SELECT leadflow.create_workspace('mine');
		SELECT leadflow.grant_workspace('mine', 'writer', 'sales');
		INSERT INTO mine.lead (source, external_id) VALUES ('web', '1');
		UPDATE mine.standard SET expression = 'verified' WHERE criterion = 'target_role';
		SELECT count(*) FROM mine.stage_event;
		SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'mine';
		SELECT count(*) FROM pg_class
		WHERE relnamespace = 'mine'::regnamespace AND pg_get_userbyid(relowner) <> 'owner'},
		@as_owner),
	"\n\n3\nowner\n0",
	'an ordinary role makes and owns its workspace');
is( $node->safe_psql(
		'life', q{
		INSERT INTO mine.lead (source, external_id) VALUES ('web', '2');
		UPDATE mine.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = '2';
		SELECT session_actor, actor FROM mine.stage_event ORDER BY id DESC LIMIT 1},
		extra_params => [ '-U', 'writer' ]),
	'writer|writer',
	'a role with the rights of sales writes there');

sub is_denied
{
	my ($role, $sql, $name) = @_;

	my ($status, $stdout, $stderr) = $node->psql(
		'life', "\\set VERBOSITY verbose\n$sql",
		on_error_stop => 1,
		extra_params => [ '-U', $role ]);
	ok($status == 3 && $stderr =~ /ERROR:  42501:/, $name) or diag($stderr);
	return;
}
is_denied('writer', "DELETE FROM mine.standard", 'but not its definitions');
is_denied(
	'writer',
	"INSERT INTO mine.stage_event (at, recorded_at, definition_version, implied, subject, to_stage, session_actor, actor)
	 VALUES (now(), now(), 1, false, 'lead', 'won', 'x', 'x')",
	'nor its history');
is_denied('stranger', "INSERT INTO mine.lead (source) VALUES ('web')",
	'a stranger writes nothing');
is_denied('stranger', "SELECT * FROM leadflow.explain('mine', 1, 'mql')",
	'nor is told why a lead is where it is');
is_denied('stranger', "SELECT leadflow.create_workspace('theirs')",
	'who may not create schemas makes no workspace');
is_denied('stranger', "SELECT leadflow.upgrade_workspace('mine')",
	'nor upgrades one');
is_denied('writer', "SELECT leadflow.forget('mine', 1)",
	'nor forgets a lead');
is_denied('owner', "INSERT INTO crm.lead (source) VALUES ('web')",
	'the owner of one workspace has no rights in another');

# Dropping the extension
is_refused($node, 'life', 'DROP EXTENSION leadflow',
	'2BP01', undef,
	'the extension is not dropped while a workspace stands');
my $tables = q{
	SELECT count(*) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r'};
my $counts = q{
	SELECT (SELECT count(*) FROM crm.lead), (SELECT count(*) FROM crm.stage_event),
	(SELECT count(*) FROM crm.touch), (SELECT count(*) FROM crm.definition_change)};
my ($n_tables, $n_rows) =
  ($node->safe_psql('life', $tables), $node->safe_psql('life', $counts));
$node->safe_psql('life',
	'SET client_min_messages = error; DROP EXTENSION leadflow CASCADE');
is($node->safe_psql('life', $tables),
	$n_tables, 'CASCADE leaves the tables');
is($node->safe_psql('life', $counts), $n_rows, 'and their rows');
is( $node->safe_psql(
		'life', q{
		SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
		WHERE NOT t.tgisinternal AND p.proname <> 'note_move'}),
	'0',
	'the triggers have gone with the extension');
is( $node->safe_psql(
		'life', q{
		SELECT count(*) FROM pg_attribute a WHERE a.attrelid = 'crm.stage_event'::regclass
		AND a.attname IN ('from_stage', 'to_stage') AND NOT a.attisdropped}),
	'0',
	'and so have the columns of its types');

$node->safe_psql('life', 'CREATE EXTENSION leadflow');
$node->safe_psql('life', "SELECT leadflow.create_workspace('after')");
is( $node->safe_psql(
		'life', q{
		INSERT INTO after.lead (source) VALUES ('web');
		SELECT count(*) FROM after.stage_event}),
	'3',
	'the extension can be created again');

$node->stop;
done_testing();
