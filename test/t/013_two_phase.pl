# Transactions that are prepared first and committed later, by whomever: what
# was moved, touched, agreed on and swept in one is there as a whole or not at
# all, also where the server crashes in between, and definitions bind other
# sessions from the second phase on.
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
max_prepared_transactions = 10
lock_timeout = 10s
});
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION leadflow;
	SELECT leadflow.create_workspace('crm', 'empty');
	INSERT INTO crm.touch_kind (kind, is_signal, is_contact, meaning) VALUES
		('form', true, false, 'a form'), ('call', false, true, 'a call');
	INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES
		('form', 'response', '{form}', '{call}', '1 hour', 'elapsed', 'soon');
	INSERT INTO crm.alert_rule (kind, receiver, horizon, meaning) VALUES ('breach', 'owner', '7 days', 'late')
		ON CONFLICT (kind) DO UPDATE SET active = true;
	SET leadflow.clock = '2026-02-02 08:00+00';
	INSERT INTO crm.lead (source, owner) SELECT 'web', 'ann' FROM generate_series(1, 10)});

my $catalog = catalog($node, 'postgres', 'crm');
my $work = q{
	SET leadflow.clock = '2026-02-02 09:00+00';
	BEGIN;
	INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'form', 'inbound');
	UPDATE crm.lead SET stage = 'mql' WHERE id IN (1, 2);
	SAVEPOINT a;
	UPDATE crm.lead SET stage = 'sal' WHERE id = 2;
	ROLLBACK TO a;
	INSERT INTO crm.lead (source, external_id, stage) VALUES ('web', 'new', 'mql');
	INSERT INTO crm.opportunity (source, external_id, lead_id, stage) VALUES ('web', 'deal', 1, 'budget');
	INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('contacted', 'telephone', 'a phone', 'phone IS NOT NULL');
	PREPARE TRANSACTION 'work';
};
my $seen = q{
	SELECT id, stage FROM crm.lead WHERE id <= 2 OR external_id = 'new' ORDER BY id;
	SELECT count(*) FROM crm.opportunity;
	SELECT count(*), count(stopped_at) FROM crm.sla_clock;
	SELECT count(*) FROM crm.stage_event;
	SELECT count(*) FROM crm.standard};
my $before = $node->safe_psql('postgres', $seen);

# A session that has judged before anything is prepared.
my $other = $node->background_psql('postgres', on_error_stop => 0);
$other->query_safe("SET lock_timeout = '100ms'");
my $move = sub {
	my ($lead) = @_;

	return qq{
		DO \$\$
		BEGIN
			UPDATE crm.lead SET stage = 'contacted' WHERE id = $lead;
			RAISE SQLSTATE 'MOVED';
		EXCEPTION
			WHEN OTHERS THEN
				PERFORM set_config('my.answer', sqlstate, false);
		END;
		\$\$;
		SELECT current_setting('my.answer')};
};
is($other->query($move->(3)), 'MOVED', 'a lead without a phone is contacted');

# Rolled back in the second phase
$node->safe_psql('postgres', $work);
is($node->safe_psql('postgres', $seen),
	$before, 'prepared: others see nothing of it');
is($other->query($move->(4)), 'MOVED', 'its definitions do not bind yet');
is($other->query($move->(1)), '55P03', 'its leads are locked');
is($other->query($move->(5)), 'MOVED', 'other leads move');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'work'");
is($node->safe_psql('postgres', $seen),
	$before, 'rolled back: nothing of it is left');
is($other->query($move->(1)), 'MOVED', 'and its leads are free');
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');

# Committed in the second phase, by another session
$node->safe_psql('postgres', $work);
is($other->query($move->(6)), 'MOVED', 'prepared again: does not bind');
$node->safe_psql('postgres', "COMMIT PREPARED 'work'");
is($other->query($move->(6)),
	'23514', 'committed: its definitions bind sessions that judged before');
like(
	$node->safe_psql('postgres', $seen),
	qr/\A1\|budget\n2\|mql\n\d+\|mql\n1\n1\|0\n\d+\n1\z/,
	'everything of it is there');
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');
is( $node->safe_psql('postgres',
		"SELECT string_agg(to_stage::text, ' ' ORDER BY id) FROM crm.stage_event WHERE lead_id = 2"),
	'visitor engaged lead mql',
	'what a savepoint took back is not there');
is( $node->safe_psql(
		'postgres', q{
		INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '2026-02-02 09:30+00');
		SELECT stopped_at - started_at FROM crm.sla_clock}),
	'00:30:00',
	'a clock that was started in it stops');

# A session with a rulebook of its own hears of a definition that is changed
# in a prepared transaction of its own, too.
$other->query_safe('BEGIN');
$other->query_safe("UPDATE crm.standard SET expression = 'true' WHERE criterion = 'telephone'");
is($other->query($move->(6)), 'MOVED', 'a change binds its own transaction');
$other->query_safe("PREPARE TRANSACTION 'own'");
is($other->query($move->(7)),
	'23514', 'prepared, it does not bind the session that wrote it');
is($node->safe_psql('postgres', q{
	SET lock_timeout = '100ms';
	DO $$
	BEGIN
		UPDATE crm.standard SET position = 2;
		RAISE 'no lock';
	EXCEPTION WHEN lock_not_available THEN
	END;
	$$;
	SELECT count(*) FROM pg_prepared_xacts}), '1', 'the definition is locked');
$other->query_safe("COMMIT PREPARED 'own'");
is($other->query($move->(7)), 'MOVED', 'committed, it does');

# A crash between the phases
$node->safe_psql(
	'postgres', q{
	BEGIN;
	UPDATE crm.lead SET stage = 'mql' WHERE id = 8;
	INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (8, 'form', 'inbound', '2026-02-03 09:00+00');
	UPDATE crm.standard SET expression = 'phone IS NOT NULL' WHERE criterion = 'telephone';
	PREPARE TRANSACTION 'survives';
	BEGIN;
	UPDATE crm.lead SET stage = 'mql' WHERE id = 9;
	PREPARE TRANSACTION 'does_not'});
$other->quit;
$node->stop('immediate');
$node->start;
is( $node->safe_psql(
		'postgres', "SELECT stage FROM crm.lead WHERE id IN (8, 9)"),
	"lead\nlead", 'after a crash both are still prepared');
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');
$other = $node->background_psql('postgres', on_error_stop => 0);
$other->query_safe("SET lock_timeout = '100ms'");
is($other->query($move->(8)), '55P03', 'and still hold their locks');
is($other->query($move->(7)), 'MOVED', 'their definitions do not bind');
$node->safe_psql('postgres', "COMMIT PREPARED 'survives'");
$node->safe_psql('postgres', "ROLLBACK PREPARED 'does_not'");
is($other->query($move->(7)),
	'23514', 'committed after the crash, they bind a session that judged before');
is( $node->safe_psql(
		'postgres', q{
		SELECT stage FROM crm.lead WHERE id IN (8, 9) ORDER BY id;
		SELECT lead_id, count(*) FROM crm.sla_clock WHERE lead_id IN (8, 9) GROUP BY lead_id}),
	"mql\nlead\n8|1",
	'what was committed is there, what was rolled back is not');
is(invariants($node, 'postgres', 'crm'), '', 'the history is whole');

# A sweep sends notifications, with which PostgreSQL prepares no transaction:
# nothing of the sweep stays, and the next one does it.
my $swept = "SELECT kind, raised, sent FROM leadflow.sweep('crm', '2026-02-03 12:00+00')";
is_refused($node, 'postgres', "BEGIN; $swept; PREPARE TRANSACTION 'sweep'",
	'0A000', undef, 'a sweep that tells somebody is not prepared');
is( $node->safe_psql('postgres', 'SELECT count(*) FROM crm.alert; SELECT count(*) FROM pg_prepared_xacts'),
	"0\n0", 'nothing of it stays');
is($node->safe_psql('postgres', $swept),
	'breach|1|1', 'the next sweep raises and sends it');
is( $node->safe_psql(
		'postgres', "BEGIN; $swept; PREPARE TRANSACTION 'sweep'; COMMIT PREPARED 'sweep'; SELECT count(*) FROM crm.alert"),
	'1',
	'a sweep that has nothing to tell is prepared');

# A workspace that is created, and dropped, in a prepared transaction
$node->safe_psql(
	'postgres', q{
	BEGIN;
	SELECT leadflow.create_workspace('crm2');
	INSERT INTO crm2.lead (source, stage) VALUES ('web', 'engaged');
	PREPARE TRANSACTION 'workspace'});
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 'workspace'");
is( $node->safe_psql(
		'postgres', q{
		UPDATE crm2.lead SET stage = 'lead';
		SELECT count(*) > 0 FROM crm2.funnel;
		SELECT count(*) FROM crm2.stage_event}),
	"t\n3",
	'a workspace of a prepared transaction works');
is(invariants($node, 'postgres', 'crm2'), '', 'its history is whole');
$node->safe_psql(
	'postgres', q{
	SET client_min_messages = warning;
	BEGIN;
	DROP SCHEMA crm2 CASCADE;
	PREPARE TRANSACTION 'dropped';
	COMMIT PREPARED 'dropped'});
same_lines(catalog($node, 'postgres', 'crm'),
	$catalog, 'the other workspace is as it was');

$node->stop;
done_testing();
