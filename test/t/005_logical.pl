# Logical replication of a workspace.  By default history is data: it arrives
# as it was written, and the subscriber does not judge again.  Where guard and
# recorder are enabled ALWAYS, the apply worker judges and records.  Either way
# a definition that arrives binds the subscriber's sessions.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workspace;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf',
	"wal_retrieve_retry_interval = '100ms'");
$subscriber->start;

my $connection = $publisher->connstr . ' dbname=copied';
my $dir = PostgreSQL::Test::Utils::tempdir();

# History as data
$publisher->safe_psql('postgres', 'CREATE DATABASE copied');
create_filled($publisher, 'copied');
$publisher->safe_psql('copied',
	'ALTER TABLE crm.touch ENABLE TRIGGER "000_leadflow_recorder"');
$publisher->safe_psql(
	'copied', q{
	ALTER TABLE crm.moves ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
	DROP MATERIALIZED VIEW crm.my_counts;
	CREATE PUBLICATION everything FOR ALL TABLES});
$publisher->command_ok(
	[ 'pg_dump', '--schema-only', '-f', "$dir/schema.sql", 'copied' ],
	'the schema is dumped');

foreach my $role (qw(analyst seller operations))
{
	$subscriber->safe_psql('postgres', "CREATE ROLE $role");
}
$subscriber->safe_psql('postgres', 'CREATE DATABASE copied');
$subscriber->command_ok(
	[
		'psql', '-XqAt', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-f',
		"$dir/schema.sql", 'copied'
	],
	'the schema is restored at the subscriber');
$subscriber->safe_psql('copied', 'DROP PUBLICATION everything');
$subscriber->safe_psql('copied',
	"CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything"
);
$subscriber->wait_for_subscription_sync($publisher, 'everything', 'copied');

sub rows_of
{
	my ($node, $db) = @_;

	return contents($node, $db, 'crm') =~ s/^\w+_seq\|.*\n?//mgr;
}
same_lines(rows_of($subscriber, 'copied'),
	rows_of($publisher, 'copied'), 'the first copy is the same');

# A session of the subscriber that has judged already.  The numbers of its own
# rows are its own affair: sequences are not replicated.
$subscriber->safe_psql(
	'copied', q{
	SELECT setval(c.oid::regclass, 1000000) FROM pg_class c
	WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'S'});
my $session = $subscriber->background_psql('copied', on_error_stop => 0);
my $asked = q{
	SELECT string_agg(criterion, ' ' ORDER BY criterion) FROM leadflow.explain('crm', 11, 'contacted') WHERE NOT met};
my $prepared = q{
	DO $$
	BEGIN
		UPDATE crm.lead SET stage = 'contacted' WHERE id = 11;
		RAISE EXCEPTION 'allowed';
	EXCEPTION
		WHEN check_violation OR raise_exception THEN
			PERFORM set_config('my.answer', sqlerrm, false);
	END;
	$$;
	SELECT current_setting('my.answer')};
is($session->query($asked), '', 'the subscriber explains');
is($session->query($prepared), 'allowed', 'and judges its own writes');

$publisher->safe_psql(
	'copied', q{
	SET leadflow.clock = '2026-02-05 10:00+00';
	INSERT INTO crm.lead (source, external_id, stage, role, email, verified) VALUES ('web', 'new', 'lead', 'CEO', 'n@example.com', true);
	INSERT INTO crm.touch (lead_id, kind, direction, at)
	SELECT max(id), k.kind, 'inbound', '2026-02-05 09:00+00' FROM crm.lead, (VALUES ('demo_request'), ('form_submit')) k (kind) GROUP BY k.kind;
	UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'new';
	UPDATE crm.lead SET stage = 'contacted' WHERE id = 12;
	UPDATE crm.opportunity SET stage = 'proposal', amount = 9 WHERE id = 5;
	SET leadflow.on_violation = warn;
	UPDATE crm.lead SET stage = 'sql' WHERE id = 14;
	SET leadflow.on_violation = park;
	UPDATE crm.lead SET stage = 'sql' WHERE id = 13;
	INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('contacted', 'telephone', 'a phone', 'phone IS NOT NULL')});
$publisher->wait_for_catchup('everything');
same_lines(rows_of($subscriber, 'copied'),
	rows_of($publisher, 'copied'),
	'history, clocks, violations and quarantine arrive as they were written');
is(invariants($subscriber, 'copied', 'crm'), '', 'the history is whole');
is($session->query($asked),
	'telephone', 'a criterion that arrived is explained');
is( $session->query($prepared),
	'lead 11 does not meet the standard of stage "contacted"',
	'and binds the next statement');

$publisher->safe_psql('copied',
	"UPDATE crm.standard SET expression = 'phone IS NULL' WHERE criterion = 'telephone'"
);
$publisher->wait_for_catchup('everything');
is($session->query($prepared),
	'allowed', 'so does a criterion that has been changed');
$publisher->safe_psql(
	'copied', q{
	UPDATE crm.standard SET expression = 'false' WHERE criterion = 'telephone';
	DELETE FROM crm.standard WHERE criterion = 'telephone'});
$publisher->wait_for_catchup('everything');
is($session->query($asked), '', 'so does one that has been deleted');
is( $subscriber->safe_psql('copied', 'SELECT count(*) FROM crm.definition_change'),
	$publisher->safe_psql('copied',
		'SELECT count(*) FROM crm.definition_change'),
	'each change is kept once');
$session->quit;

# forgetting a person: an append-only table is changed by replication too
$publisher->safe_psql('copied', "SELECT leadflow.forget('crm', 10); DELETE FROM crm.score_model_point");
$publisher->wait_for_catchup('everything');
same_lines(rows_of($subscriber, 'copied'),
	rows_of($publisher, 'copied'),
	'a person is forgotten at the subscriber too');
$subscriber->safe_psql('copied', 'DROP SUBSCRIPTION everything');

# The subscriber judges and records by itself.
$publisher->safe_psql('postgres', 'CREATE DATABASE judged');
$publisher->safe_psql(
	'judged', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES ('form', true, false, 'a form'), ('call', false, true, 'a call');
	CREATE PUBLICATION facts FOR TABLE crm.account, crm.campaign, crm.lead, crm.opportunity, crm.touch});
$subscriber->safe_psql('postgres', 'CREATE DATABASE judged');
$subscriber->safe_psql(
	'judged', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES ('form', true, false, 'a form'), ('call', false, true, 'a call');
	INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES
		('form', 'response', '{form}', '{call}', '1 hour', 'elapsed', 'soon');
	INSERT INTO crm.standard (stage, criterion, requirement, expression, mode) VALUES
		('mql', 'interest', 'a sign', 'signals >= 1', 'warn'), ('sal', 'phone', 'a phone', 'phone IS NOT NULL', 'enforce');
	ALTER TABLE crm.lead ENABLE ALWAYS TRIGGER zzz_leadflow_guard, ENABLE ALWAYS TRIGGER "000_leadflow_recorder";
	ALTER TABLE crm.opportunity ENABLE ALWAYS TRIGGER zzz_leadflow_guard, ENABLE ALWAYS TRIGGER "000_leadflow_recorder";
	ALTER TABLE crm.touch ENABLE ALWAYS TRIGGER "000_leadflow_recorder";
	ALTER DATABASE judged SET leadflow.on_violation = park});
$publisher->safe_psql('judged',
	"INSERT INTO crm.lead (source, external_id) VALUES ('web', 'first')");
$connection = $publisher->connstr . ' dbname=judged';
$subscriber->safe_psql('judged',
	"CREATE SUBSCRIPTION facts CONNECTION '$connection' PUBLICATION facts");
$subscriber->wait_for_subscription_sync($publisher, 'facts', 'judged');
is( $subscriber->safe_psql(
		'judged',
		"SELECT from_stage, to_stage, implied FROM crm.stage_event WHERE lead_id = 1 ORDER BY id"),
	"|visitor|t\nvisitor|engaged|t\nengaged|lead|f",
	'the first copy is recorded');

$publisher->safe_psql(
	'judged', q{
	INSERT INTO crm.lead (source, external_id) VALUES ('web', 'one'), ('web', 'two'), ('web', 'three');
	INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'form', 'inbound', '2026-02-05 09:00+00');
	UPDATE crm.lead SET stage = 'mql' WHERE id IN (2, 3);
	INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'call', 'outbound', '2026-02-05 09:30+00');
	UPDATE crm.lead SET stage = 'sal', phone = '1' WHERE id = 2;
	UPDATE crm.lead SET stage = 'sal' WHERE id = 4;
	INSERT INTO crm.lead (source, external_id, stage) VALUES ('web', 'parked', 'sal');
	INSERT INTO crm.opportunity (source, external_id, lead_id, stage) VALUES ('web', 'deal', 2, 'budget')});
$publisher->wait_for_catchup('facts');
is( $subscriber->safe_psql(
		'judged', q{
		SELECT id, stage, furthest_stage FROM crm.lead ORDER BY id;
		SELECT lead_id, string_agg(to_stage::text, ' ' ORDER BY id) FROM crm.stage_event
		WHERE NOT implied GROUP BY lead_id, subject ORDER BY lead_id, subject}),
	join("\n",
		'1|lead|lead', '2|budget|budget', '3|mql|mql', '4|lead|lead',
		'1|lead', '2|lead mql sal budget', '2|budget', '3|lead mql', '4|lead'),
	'the apply worker judges and records');
is( $subscriber->safe_psql(
		'judged',
		'SELECT lead_id, criterion, actor FROM crm.violation'),
	'3|interest|' . $subscriber->safe_psql('postgres', 'SELECT current_user'),
	'evidence that arrived before is seen, what is missing is recorded');
is( $subscriber->safe_psql(
		'judged', q{
		SELECT operation, external_id, target_stage, unmet -> 0 ->> 'criterion' FROM crm.quarantine ORDER BY id}),
	"UPDATE|three|sal|phone\nINSERT|parked|sal|phone",
	'what does not meet the standard of the subscriber is parked');
is( $subscriber->safe_psql(
		'judged',
		q{SELECT policy, stopped_at - started_at FROM crm.sla_clock}),
	'form|00:30:00',
	'clocks start and stop');
is(invariants($subscriber, 'judged', 'crm'), '', 'the history is whole');
$subscriber->safe_psql('judged', 'DROP SUBSCRIPTION facts');

$subscriber->stop;
$publisher->stop;
done_testing();
