# Workspaces of older releases: they work under the present library and under
# the present extension, and an upgrade makes of them what is made anew today,
# with every row in its place and with the rights that were given.
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
my $dir = PostgreSQL::Test::Utils::tempdir();
my ($present) =
  slurp_file('leadflow.control') =~ /^default_version *= *'(.*)'/m;

# The digests of the tables alone, without those that tell of the upgrade itself
sub rows
{
	my ($db) = @_;

	my %table = map { $_ => 1 } split /\n/, $node->safe_psql($db,
		"SELECT relname FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'p')");
	return join "\n", grep {
		/^([^|]+)\|/ && $table{$1} && $1 ne 'workspace' && $1 ne 'definition_change'
	} split /\n/, contents($node, $db, 'crm');
}

# The same, of the tables that there were before.
sub rows_of_before
{
	my ($db, $before) = @_;
	my %table = map { (split /\|/)[0] => 1 } split /\n/, $before;

	return join "\n", grep { $table{ (split /\|/)[0] } } split /\n/, rows($db);
}

# Guard, recorder and reports work.  Changes lead 15, or another.
sub is_alive
{
	my ($db, $lead, $how) = @_;

	is_refused($node, $db, "UPDATE crm.lead SET stage = 'sal' WHERE id = $lead",
		'23514', 'why_now', "$how: a write is judged");
	is( $node->safe_psql(
			$db, qq{
			UPDATE crm.lead SET stage = 'contacted' WHERE id = $lead;
			SELECT from_stage, to_stage, implied FROM crm.stage_event WHERE lead_id = $lead ORDER BY id DESC LIMIT 1;
			INSERT INTO crm.touch (lead_id, kind, channel, direction, at) VALUES ($lead, 'call', 'phone', 'outbound', '2026-02-04 12:00+00');
			UPDATE crm.team_member SET role = role || '.' WHERE member = 'ann' RETURNING (SELECT count(*) FROM crm.definition_change)}),
		"mql|contacted|f\n"
		  . $node->safe_psql($db, 'SELECT count(*) - 1 FROM crm.definition_change'),
		"$how: and recorded, as definitions are");
	is(invariants($node, $db, 'crm'), '', "$how: the history is whole");
	return;
}

# A workspace of 0.1, and the library of today
$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', "CREATE EXTENSION leadflow VERSION '0.1'");
create_filled($node, 'old', '0.1');
$node->safe_psql('old',
	"SELECT leadflow.create_workspace('plain'); SELECT leadflow.create_workspace('bare', 'empty')");
is($node->safe_psql('old', 'SELECT version FROM crm.workspace'),
	'0.1', 'a workspace of 0.1');
# warnings after months, which are none today, and a trigger of the company's that waits
$node->safe_psql('old', q{
	UPDATE plain.sla_policy SET measure = 'elapsed', target = '40 days', warn_after = '1 month' WHERE policy = 'new_mql';
	UPDATE plain.sla_policy SET measure = 'elapsed', target = '40 days', warn_after = '1 month 2 days' WHERE policy = 'cadence';
	CREATE TABLE plain.heard (policy text, by text);
	CREATE FUNCTION plain.hear() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO plain.heard VALUES (new.policy, CURRENT_USER); RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER hear AFTER UPDATE ON plain.sla_policy DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION plain.hear()});
is_alive('old', 15, '0.1');
$node->safe_psql('old', 'REFRESH MATERIALIZED VIEW crm.my_counts');
like(contents($node, 'old', 'crm'), qr/^funnel\|\d\d/m, '0.1: its reports are read');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/old.dump", 'old' ], '0.1: it is dumped');

# The extension is updated, the workspace not yet
my $before = contents($node, 'old', 'crm');
my $before_rows = rows('old');
$node->safe_psql('old', 'ALTER EXTENSION leadflow UPDATE');
is($node->safe_psql('old', 'SELECT leadflow.version()'),
	$present, "the extension is updated to $present");
same_lines(contents($node, 'old', 'crm'),
	$before, 'until its upgrade a workspace says what it said');
is_alive('old', 14, 'before its upgrade');
$before_rows = rows('old');

# What others wait for during an upgrade is what the document says
my $upgrade = "SET leadflow.clock = '2026-02-05 10:00+00'; SET leadflow.change_reason = 'mine'; SELECT leadflow.upgrade_workspace('%s')";
my ($written) = slurp_file('doc/upgrading.md') =~ /^\| `upgrade_workspace`, 0\.1 to \S+ \| ([^|]*) \|/m;
my @locks = map {
	my ($mode, $tables) = /^([A-Z ]+) on (.*)$/;
	join '|', $mode =~ s/(\w)(\w*) ?/$1\L$2/gr, $tables =~ /`(\w+)`/g
} split /; /, $written;
my $upgrader = $node->background_psql('old');
$upgrader->query_safe('CREATE TEMP TABLE had AS SELECT oid FROM pg_class; BEGIN; ' . sprintf($upgrade, 'crm'));
is( $upgrader->query_safe(q{
		SELECT x.mode, string_agg(x.relname, '|' ORDER BY x.relname COLLATE "C")
		FROM (SELECT DISTINCT ON (c.relname) c.relname, m.mode
		      FROM pg_locks l
		      JOIN unnest('{AccessExclusive,Exclusive,ShareRowExclusive,Share}'::text[]) WITH ORDINALITY m (mode, rank) ON l.mode = m.mode || 'Lock'
		      JOIN pg_class c ON c.oid = l.relation
		      WHERE l.pid = pg_backend_pid() AND c.oid IN (SELECT oid FROM had) AND c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p')
		      ORDER BY c.relname, m.rank) x
		GROUP BY x.mode ORDER BY x.mode}),
	join("\n", sort @locks), 'an upgrade locks what the document says');
is_refused($node, 'old', "SET lock_timeout = '200ms'; $_", '55P03', undef, "meanwhile waits: $_")
  for ("INSERT INTO crm.lead (source) VALUES ('web')",
	"UPDATE crm.lead SET stage = 'contacted' WHERE id = 13",
	"INSERT INTO crm.opportunity (source, lead_id) VALUES ('web', 13)",
	"INSERT INTO crm.touch (lead_id, kind) VALUES (13, 'call')",
	'SELECT FROM crm.funnel');
is($node->safe_psql('old', 'SELECT count(*) > 0 FROM crm.lead'), 't', 'leads are read');
$upgrader->query_safe('ROLLBACK');
$upgrader->quit;

# The workspaces are upgraded
is( $node->safe_psql(
		'old', sprintf($upgrade, 'crm') . ", current_setting('leadflow.change_reason'); SELECT version FROM crm.workspace;
		SELECT definition, operation, old_row ->> 'version', new_row ->> 'version', reason FROM crm.definition_change ORDER BY version DESC LIMIT 1"),
	"|mine\n$present\nworkspace|UPDATE|0.1|$present|upgrade from leadflow 0.1",
	'an upgrade sets the version, and keeps that it did');
same_lines(rows_of_before('old', $before_rows), $before_rows, 'every row of every table is as it was');
$node->safe_psql('old', sprintf($upgrade, $_)) for ('plain', 'bare');
is( $node->safe_psql('old', q{
		SELECT string_agg(policy || COALESCE(' ' || warn_after, ''), ', ' ORDER BY policy) FROM plain.sla_policy WHERE target = '40 days';
		SELECT string_agg(policy, ', ' ORDER BY policy) FROM plain.heard;
		DROP TRIGGER hear ON plain.sla_policy;
		DROP FUNCTION plain.hear();
		DROP TABLE plain.heard}),
	"cadence 2 days, new_mql\ncadence, new_mql", 'a warning after whole months is none; a deferred trigger of the company ran');

$node->safe_psql('postgres', 'CREATE DATABASE new');
$node->safe_psql('new', 'CREATE EXTENSION leadflow');
create_filled($node, 'new', '0.1');
$node->safe_psql('new',
	"SELECT leadflow.create_workspace('plain'); SELECT leadflow.create_workspace('bare', 'empty')");
same_lines(
	without_column_order(catalog($node, 'old', $_)),
	without_column_order(catalog($node, 'new', $_)),
	"the catalogs are those of a workspace made today: $_")
  for ('crm', 'plain', 'bare');
is_alive('old', 13, 'upgraded');
is($node->safe_psql('old', sprintf($upgrade, 'crm') . '; SELECT count(*) FROM crm.definition_change')
	  =~ s/^\s+//r,
	$node->safe_psql('old', 'SELECT count(*) FROM crm.definition_change'),
	'a second upgrade records nothing');

# A subscriber of logical replication, to which the publisher's row will come
$node->safe_psql('postgres', 'CREATE DATABASE subscriber');
is( $node->safe_psql(
		'subscriber', q{
		CREATE EXTENSION leadflow VERSION '0.1';
		SELECT leadflow.create_workspace('crm');
		ALTER EXTENSION leadflow UPDATE;
		SET session_replication_role = replica;
		SELECT leadflow.upgrade_workspace('crm');
		SELECT version, (SELECT count(*) FROM crm.definition_change WHERE definition = 'workspace' AND operation = 'UPDATE') FROM crm.workspace}),
	"\n\n$present|0", 'as a replica an upgrade leaves the record of it to the publisher');

# A dump of the workspace of 0.1, restored where the extension is of today
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(
	[ 'pg_restore', '-e', '-j2', '-d', 'restored', "$dir/old.dump" ],
	'restored: pg_restore restores it');
is( $node->safe_psql('restored', 'SELECT leadflow.version(), version FROM crm.workspace'),
	"$present|0.1",
	'restored: the extension is of today, the workspace of 0.1');
same_lines(contents($node, 'restored', 'crm'), $before, 'restored: it says what it said');
$before_rows = rows('restored');
$node->safe_psql('restored', sprintf($upgrade, 'crm'));
same_lines(
	without_column_order(catalog($node, 'restored', 'crm')),
	without_column_order(catalog($node, 'new', 'crm')),
	'restored: upgraded, its catalogs are those of a workspace made today');
same_lines(rows_of_before('restored', $before_rows), $before_rows, 'restored: and every row is as it was');
is_alive('restored', 14, 'restored and upgraded');

# What the steps of later versions will do, by an extension that has some:
# columns, a definition table, a type that reports read, new columns of a report
# that nearly all others read, and a new report.
$node->safe_psql('postgres', 'CREATE DATABASE steps TEMPLATE template0');
$node->safe_psql(
	'steps', q{
	CREATE ROLE keeper LOGIN;
	CREATE ROLE deputy LOGIN IN ROLE keeper;
	GRANT CREATE ON DATABASE steps TO keeper;
	CREATE EXTENSION leadflow VERSION '0.1';
	SET ROLE keeper;
	SELECT leadflow.create_workspace('older');
	SELECT leadflow.create_workspace('second');
	RESET ROLE});

# rights and options, the same in both
my $built = q{
	SELECT leadflow.grant_workspace('%1$s', 'analyst', 'read'), leadflow.grant_workspace('%1$s', 'seller', 'sales');
	GRANT SELECT (lead_id, why) ON %1$s.lead_outside TO seller;
	GRANT SELECT ON %1$s.funnel TO operations WITH GRANT OPTION;
	REVOKE SELECT ON %1$s.velocity FROM analyst;
	GRANT SELECT ON %1$s.campaign_spend TO PUBLIC;
	ALTER VIEW %1$s.stage_history SET (security_barrier = true)};
$node->safe_psql('steps', 'SET ROLE keeper;' . sprintf($built, 'older'));

$node->safe_psql(
	'steps', q{
	ALTER EXTENSION leadflow UPDATE;
	ALTER FUNCTION leadflow.workspace_script(text) RENAME TO real_script;
	ALTER FUNCTION leadflow.workspace_reports() RENAME TO real_reports;
	ALTER FUNCTION leadflow.workspace_steps() RENAME TO real_steps;
	CREATE FUNCTION leadflow.workspace_reports() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$ SELECT leadflow.real_reports() || '{shoes}' $$;
	CREATE FUNCTION leadflow.workspace_steps() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	    SELECT '{0.0.9--0.1,0.1--0.1.1}' || array_replace(leadflow.real_steps(), '0.1--0.2', '0.1.1--0.2') $$;
	CREATE FUNCTION leadflow.workspace_script(part text) RETURNS text LANGUAGE plpgsql AS $body$
	DECLARE
	    text constant text := leadflow.real_script(replace(part, '0.1.1--0.2', '0.1--0.2'));
	    shoe constant text := $$
	        CREATE TABLE shoe (size integer PRIMARY KEY CHECK (size > 0), meaning text);
	        COMMENT ON TABLE shoe IS 'sizes';
	        CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON shoe
	            FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
	        CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON shoe
	            FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
	        ALTER TABLE shoe ENABLE ALWAYS TRIGGER leadflow_definition_recorder;$$;
	BEGIN
	    CASE part
	    WHEN '0.1--0.1.1' THEN
	        RETURN $$ALTER TABLE lead ADD COLUMN shoe_size integer CHECK (shoe_size > 0);
	            COMMENT ON COLUMN lead.shoe_size IS 'size of the shoe';
	            CREATE INDEX lead_shoe ON lead (shoe_size);$$;
	    WHEN '0.1.1--0.2' THEN
	        RETURN text || $$
	            SELECT leadflow.drop_reports(current_schema(), leadflow.workspace_reports());
	            ALTER TABLE campaign ALTER COLUMN budget TYPE numeric(18,3);$$ || shoe;
	    WHEN 'facts' THEN
	        ASSERT text LIKE '%CREATE TABLE lead (%' AND text LIKE '%numeric(15,2) CHECK (budget >= 0)%';
	        RETURN replace(replace(text, 'CREATE TABLE lead (', 'CREATE TABLE lead (shoe_size integer CHECK (shoe_size > 0),'),
	            'budget      numeric(15,2) CHECK (budget >= 0)', 'budget numeric(18,3) CHECK (budget >= 0)')
	            || $$COMMENT ON COLUMN lead.shoe_size IS 'size of the shoe';
	            CREATE INDEX lead_shoe ON lead (shoe_size);$$;
	    WHEN 'triggers' THEN RETURN text || shoe;
	    WHEN 'lead_outside' THEN
	        RETURN replace(text, 'SELECT l.id AS lead_id', 'SELECT l.shoe_size, l.id AS lead_id')
	            || 'COMMENT ON COLUMN lead_outside.shoe_size IS ''size'';';
	    WHEN 'shoes' THEN RETURN 'CREATE OR REPLACE VIEW shoes AS SELECT s.size FROM shoe s; COMMENT ON VIEW shoes IS ''sizes''; COMMENT ON COLUMN shoes.size IS ''size'';';
	    ELSE RETURN text;
	    END CASE;
	END $body$;
	SET ROLE keeper;
	SELECT leadflow.create_workspace('fresh')});

# grant_workspace knows no tables but its own, and reports that are new are granted by it anew
$node->safe_psql('steps',
	'SET ROLE keeper;' . sprintf($built, 'fresh') . '; REVOKE ALL ON fresh.shoes FROM analyst, seller; REVOKE SELECT (size) ON fresh.shoe FROM analyst; SELECT leadflow.grant_report_columns($$fresh$$)');

is_refused($node, 'steps', "SELECT leadflow.$_", '55000', undef, "what needs the tables of today asks for an upgrade first: $_")
  for ("grant_workspace('older', 'analyst', 'read')", "forget('older', 1)", "close_books('older')", "partition_workspace('older')");

$node->safe_psql('steps', 'SET ROLE keeper; CREATE VIEW older.mine AS SELECT lead_id FROM older.lead_outside');
is_refused($node, 'steps', "SELECT leadflow.upgrade_workspace('older')",
	'2BP01', undef, 'a view that the company built on a report that changes is not dropped');
my (undef, undef, $stderr) = $node->psql('steps', "SELECT leadflow.upgrade_workspace('older')");
like($stderr, qr/DETAIL:  view older.mine depends on view older.lead_outside/, 'the error names it');
is($node->safe_psql('steps', "SELECT version, to_regclass('older.shoe') FROM older.workspace"),
	'0.1|', 'and nothing was changed');
$node->safe_psql('steps', 'DROP VIEW older.mine;
	CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
	CREATE TRIGGER typed INSTEAD OF INSERT ON older.funnel FOR EACH ROW EXECUTE FUNCTION public.nothing()');
is_refused($node, 'steps', "SELECT leadflow.upgrade_workspace('older')",
	'2BP01', undef, 'nor is a trigger on such a report');
$node->safe_psql('steps', 'DROP TRIGGER typed ON older.funnel;
	SET client_min_messages = error; DROP VIEW second.lead_outside CASCADE; CREATE VIEW second.lead_outside AS SELECT 1 AS mine');
is_refused($node, 'steps',
	"SELECT leadflow.upgrade_workspace('second')",
	'55000', undef, 'a view of the company in the place of a report is not dropped either');
$node->safe_psql('steps', 'DROP VIEW second.lead_outside');

is( $node->safe_psql('steps', q{
		ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT SELECT ON TABLES TO seller;
		SELECT leadflow.upgrade_workspace('older'), current_user = session_user;
		ALTER DEFAULT PRIVILEGES FOR ROLE keeper REVOKE SELECT ON TABLES FROM seller;
		REVOKE ALL ON older.shoe, older.shoes FROM seller}),
	'|t', 'another role than the owner upgrades it, and is itself afterwards');
same_lines(
	without_column_order(catalog($node, 'steps', 'older')),
	without_column_order(catalog($node, 'steps', 'fresh')),
	'steps are run and reports made anew, with the owner, the rights and the options that they had');
$node->safe_psql('steps', 'SELECT leadflow.upgrade_workspace($$second$$)', extra_params => [ '-U', 'deputy' ]);
is( $node->safe_psql('steps', q{
		SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'second'::regnamespace AND relkind <> 'i';
		INSERT INTO second.shoe VALUES (44);
		SELECT * FROM second.shoes;
		SELECT definition FROM second.definition_change ORDER BY version DESC LIMIT 1}),
	"keeper\n44\nshoe", 'a member of the owner upgrades, and the owner owns what is new');

# ways that there are, and are not
is( $node->safe_psql('steps', q{
		SELECT leadflow.upgrade_path('x', '0.0.9'), leadflow.upgrade_path('x', '0.1.1'), leadflow.upgrade_path('x', leadflow.version())}),
	'{0.0.9--0.1,0.1--0.1.1,0.1.1--0.2}|{0.1.1--0.2}|{}', 'a workspace goes from the version that it has');
for my $case (
	[ "'10.0'", qr/has version 10.0, and this leadflow is older/ ],
	[ "'0.0.1'", qr/has version 0.0.1, which this leadflow \(\S+\) cannot upgrade/ ],
	[ "'x'", qr/has version x, which this leadflow/ ],
	[ 'NULL', qr/has version null, which this leadflow/ ])
{
	my ($version, $message) = @$case;
	is_refused($node, 'steps', "SELECT leadflow.upgrade_path('older', $version)",
		'55000', undef, "there is no way from $version");
	(undef, undef, $stderr) = $node->psql('steps', "SELECT leadflow.upgrade_path('older', $version)");
	like($stderr, $message, 'as the error says');
}

$node->stop;
done_testing();
