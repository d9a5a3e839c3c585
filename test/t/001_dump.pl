# A workspace survives pg_dump and its restore with no ritual: plain, custom
# and in parallel, as a schema, and as data alone.  No trigger fires meanwhile,
# and afterwards writes are judged and recorded as before.
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
$node->safe_psql('postgres', 'CREATE DATABASE origin');
create_filled($node, 'origin');

my $dir = PostgreSQL::Test::Utils::tempdir();
my $origin_catalog = catalog($node, 'origin', 'crm');
my $origin_contents = contents($node, 'origin', 'crm');
my $views = $node->safe_psql('origin',
	"SELECT count(*) FROM pg_views WHERE schemaname = 'crm'");

like($origin_contents, qr/^stage_event\|1\d\d\|/m, 'there is a history');
like($origin_contents, qr/^sla_pause\|5\|/m, 'there are pauses');
like($origin_contents, qr/^quarantine\|2\|/m, 'there are parked rows');
like($origin_contents, qr/^violation\|\d+\|/m, 'there are violations');
like($origin_contents, qr/^lead_score\|20\|/m, 'there are scores');
like($origin_contents, qr/^score_run\|2\|/m, 'there is a run that is under way');
cmp_ok($views, '>=', 2, 'there are views');
is(invariants($node, 'origin', 'crm'), '', 'the history is whole');

sub dump_to
{
	my ($file, @options) = @_;

	$node->command_ok([ 'pg_dump', '-f', $file, @options, 'origin' ],
		"pg_dump @options");
	return;
}

# What must hold of every restored workspace.
sub same_as_origin
{
	my ($db, $how) = @_;

	same_lines(catalog($node, $db, 'crm'),
		$origin_catalog, "$how: the catalogs are the same");
	same_lines(contents($node, $db, 'crm'),
		$origin_contents,
		"$how: tables, views and sequences hold the same");
	return;
}

# The guard and the recorder work in it.  Changes the workspace.
sub is_alive
{
	my ($db, $how) = @_;

	is_refused($node, $db, "UPDATE crm.lead SET stage = 'sal' WHERE id = 15",
		'23514', 'why_now', "$how: a write is judged");
	is( $node->safe_psql(
			$db, q{
			UPDATE crm.lead SET stage = 'contacted' WHERE id = 15;
			SELECT from_stage, to_stage, implied FROM crm.stage_event WHERE lead_id = 15 ORDER BY id DESC LIMIT 1;
			SELECT was, became FROM crm.moves WHERE lead_id = 15}),
		"mql|contacted|f\nmql|contacted",
		"$how: a write is recorded, and the company's own trigger fires");
	is( $node->safe_psql(
			$db, q{
			INSERT INTO crm.lead (source, external_id) VALUES ('web', 'new') RETURNING id;
			SELECT count(*) FROM crm.stage_event WHERE lead_id = (SELECT max(id) FROM crm.lead);
			INSERT INTO crm.standard (stage, criterion, requirement, expression)
			VALUES ('engaged', 'x', 'x', 'true') RETURNING (SELECT max(version) FROM crm.definition_change);
			SELECT max(version) FROM crm.definition_change}),
		$node->safe_psql(
			'origin', q{
			SELECT last_value + 1 FROM crm.lead_id_seq;
			SELECT 3;
			SELECT max(version) FROM crm.definition_change;
			SELECT max(version) + 1 FROM crm.definition_change}),
		"$how: the sequences go on");
	is(invariants($node, $db, 'crm'), '', "$how: the history is whole");

	# its scores are those that were kept, and the run goes on from where it was
	is( $node->safe_psql(
			$db, q{
			SELECT count(*) FROM crm.lead_score s, leadflow.score('crm', s.lead_id, s.scored_at) x
			WHERE s.lead_id < 15 AND (s.fit, s.total, s.grade) IS DISTINCT FROM (x.fit, x.total, x.grade);
			CALL leadflow.refresh_scores('crm', 5);
			SELECT leads - (SELECT count(*) FROM crm.lead), finished_at IS NOT NULL FROM crm.score_run ORDER BY id DESC LIMIT 1;
			SELECT count(*) FROM leadflow.check_scores('crm') WHERE found_in = 'leadflow.score'}),
		"0\n0|t\n0",
		"$how: leads are scored as before");
	return;
}

# Plain text into an empty database
dump_to("$dir/plain.sql");
unlike(slurp_file("$dir/plain.sql"),
	qr/^(CREATE|COPY|INSERT INTO) [^;\n]*\bleadflow\.(?!stage\b|calendar\b)\w+ (AS|\()/m,
	'no member of the extension is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/plain.sql", 'plain'
	],
	'plain: psql restores it');
same_as_origin('plain', 'plain');
is_alive('plain', 'plain');

# Custom format, and a folder that two jobs dump; restored in two jobs
foreach my $form ([ 'custom', '-Fc' ], [ 'folder', '-Fd', '-j2' ])
{
	my ($name, @options) = @$form;

	dump_to("$dir/$name.dump", @options);
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok(
		[ 'pg_restore', '-e', '-j2', '-d', $name, "$dir/$name.dump" ],
		"$name: pg_restore restores it in two jobs");
	same_as_origin($name, $name);
	is_alive($name, $name);
}

# What was restored is dumped as the origin was.
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok(
	[ 'pg_restore', '-e', '-d', 'again', "$dir/custom.dump" ],
	'again: pg_restore restores it');
$node->command_ok([ 'pg_dump', '-f', "$dir/again.sql", 'again' ],
	'again: pg_dump dumps it');

sub without_session_key
{
	my ($text) = @_;

	$text =~ s/^\\(un)?restrict .*$//mg;
	return $text;
}
same_lines(
	without_session_key(slurp_file("$dir/again.sql")),
	without_session_key(slurp_file("$dir/plain.sql")),
	'again: the two dumps are the same');

# The schema alone, and the data alone into it
dump_to("$dir/schema.sql", '--schema-only');
dump_to("$dir/data.dump", '-Fc', '--data-only');
$node->safe_psql('postgres', 'CREATE DATABASE parts');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/schema.sql", 'parts'
	],
	'parts: the schema is restored');
same_lines(catalog($node, 'parts', 'crm'),
	$origin_catalog, 'parts: the catalogs are the same');
is( $node->safe_psql('parts',
		'SELECT count(*) FROM crm.definition_change UNION ALL SELECT count(*) FROM crm.workspace'),
	"0\n0",
	'parts: the schema alone has no rows');
$node->command_ok(
	[
		'pg_restore', '-e', '--data-only', '--disable-triggers', '-d', 'parts',
		"$dir/data.dump"
	],
	'parts: the data is restored');
$node->safe_psql('parts', 'REFRESH MATERIALIZED VIEW crm.my_counts');

# pg_restore leaves every trigger of the tables that it filled enabled, whatever
# it was before.
sub without_state
{
	my ($text) = @_;

	$text =~ s/^(trigger\|.*); enabled .;/$1;/mg;
	return $text;
}
same_lines(without_state(catalog($node, 'parts', 'crm')),
	without_state($origin_catalog),
	'parts: the catalogs are the same but for the state of triggers');
same_lines(contents($node, 'parts', 'crm'),
	$origin_contents, 'parts: tables, views and sequences hold the same');
$node->safe_psql('parts',
	'ALTER TABLE crm.lead DISABLE TRIGGER note_never, ENABLE ALWAYS TRIGGER note_always');
is_alive('parts', 'parts');

# One schema, where the extension is installed
dump_to("$dir/one.sql", '-n', 'crm');
$node->safe_psql('postgres', 'CREATE DATABASE one');
$node->safe_psql('one', 'CREATE EXTENSION leadflow');
$node->safe_psql('one', "SELECT leadflow.create_workspace('other')");
my $other = contents($node, 'one', 'other');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/one.sql", 'one'
	],
	'one schema: psql restores it');
same_as_origin('one', 'one schema');
is_alive('one', 'one schema');
is(contents($node, 'one', 'other'),
	$other, 'one schema: another workspace is not touched');

# An ordinary role dumps and restores the workspace that it owns
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN');
$node->safe_psql('origin', 'GRANT CREATE ON DATABASE origin TO owner');
$node->safe_psql(
	'origin', q{
	SET SESSION AUTHORIZATION owner;
	SELECT leadflow.create_workspace('mine');
	SELECT leadflow.grant_workspace('mine', 'seller', 'sales');
	INSERT INTO mine.lead (source, external_id) VALUES ('web', '1');
	UPDATE mine.lead SET stage = 'nurture', reason = 'not_now'});
dump_to("$dir/mine.sql", '-U', 'owner', '-n', 'mine');
$node->safe_psql('postgres',
	'CREATE DATABASE owned');
$node->safe_psql('owned', 'GRANT CREATE ON DATABASE owned TO owner');
$node->safe_psql('owned', 'CREATE EXTENSION leadflow');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-U',
		'owner', '-f', "$dir/mine.sql", 'owned'
	],
	'owner: an ordinary role restores its workspace');
same_lines(
	catalog($node, 'owned', 'mine'),
	catalog($node, 'origin', 'mine'),
	'owner: the catalogs are the same');
same_lines(contents($node, 'owned', 'mine'),
	contents($node, 'origin', 'mine'),
	'owner: tables, views and sequences hold the same');

# The data alone into a fresh workspace, whose own first rows give way to it
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql(
	'fresh', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	SET session_replication_role = replica;
	DELETE FROM crm.workspace;
	DELETE FROM crm.business_calendar;
	DELETE FROM crm.definition_change});
$node->safe_psql(
	'origin', q{
	DROP MATERIALIZED VIEW crm.my_counts;
	DROP TRIGGER note_move ON crm.lead;
	DROP TRIGGER note_always ON crm.lead;
	DROP TRIGGER note_never ON crm.lead;
	DROP TABLE crm.moves;
	DROP VIEW crm.my_leads;
	DROP INDEX crm.lead_outcome;
	ALTER TABLE crm.lead DROP COLUMN outcome, DROP COLUMN moved, DROP CONSTRAINT customers_have_seats;
	DELETE FROM crm.standard WHERE criterion = 'seats';
	ALTER TABLE crm.lead DROP COLUMN seats});
$node->safe_psql('origin',
	'SET client_min_messages = error; DROP SCHEMA mine CASCADE');
dump_to("$dir/data.sql", '--data-only', '--disable-triggers');
$node->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/data.sql", 'fresh'
	],
	'fresh workspace: the data is restored');
same_lines(contents($node, 'fresh', 'crm'),
	contents($node, 'origin', 'crm'),
	'fresh workspace: tables, views and sequences hold the same');
is_refused($node, 'fresh', "UPDATE crm.lead SET stage = 'sal' WHERE id = 15",
	'23514', 'why_now', 'fresh workspace: a write is judged');

$node->stop;
done_testing();
