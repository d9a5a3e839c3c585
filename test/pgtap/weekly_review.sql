-- The agenda of the weekly meeting, week by week, reckoned by hand.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();
\ir common/rows_of.sql

SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
DELETE FROM standard;
DELETE FROM sla_policy WHERE policy <> 'new_mql';
CREATE FUNCTION agenda(topics text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT rows_of(format('SELECT week_starts_on, item, detail, unit, value::float8, week_before::float8, change::float8, usual::float8 FROM weekly_review WHERE topic = ANY (%L) AND week_starts_on >= ''2026-06-01'' AND (value <> 0 OR week_before <> 0)
                           ORDER BY week_starts_on, position, detail', topics)) $$;

-- two leads in the week of June 1, a Monday; four in that of June 8, of which one is junk; the last in a week that is not over
SET leadflow.clock = '2026-06-02 10:00';
INSERT INTO lead (source, external_id, stage, segment) VALUES ('t', '1', 'mql', 'small'), ('t', '2', 'lead', 'large');
INSERT INTO touch (lead_id, at, kind, direction) SELECT id, '2026-06-02 12:00', 'call', 'outbound' FROM lead WHERE external_id = '1';
SET leadflow.clock = '2026-06-08 00:00';
INSERT INTO lead (source, external_id, stage, segment) VALUES ('t', '3', 'mql', 'small'), ('t', '4', 'mql', 'large'), ('t', '5', 'mql', 'small'), ('t', '6', 'mql', 'small');
UPDATE lead SET stage = 'disqualified', reason = 'spam' WHERE external_id = '6';
SET leadflow.clock = '2026-06-10 09:00';
INSERT INTO touch (lead_id, at, kind, direction) SELECT id, '2026-06-10 09:00', 'call', 'outbound' FROM lead WHERE external_id IN ('3', '4');
SELECT leadflow.give_verdict('crm', id, 'accepted') FROM lead WHERE external_id IN ('1', '3') \g /dev/null
SELECT leadflow.give_verdict('crm', id, 'rejected', 'no_budget', 'said so', narrative => 'n', wake_at => '2026-12-01') FROM lead WHERE external_id = '4' \g /dev/null
SET leadflow.clock = '2026-06-14 23:59:59';
UPDATE lead SET stage = 'sql' WHERE external_id = '1';
INSERT INTO opportunity (source, external_id, lead_id, stage, amount, currency, owner) SELECT 't', e, id, 'opportunity', 500, (SELECT currency FROM workspace), 'anna' FROM lead, unnest('{a,b}'::text[]) e WHERE external_id = '1';
SET leadflow.clock = '2026-06-15 00:00';
INSERT INTO lead (source, external_id, stage) VALUES ('t', '7', 'mql');
UPDATE opportunity SET stage = 'won' WHERE external_id = 'a';
UPDATE opportunity SET stage = 'lost', reason = 'no_need' WHERE external_id = 'b';

SET leadflow.clock = '2026-06-15 12:00';
SELECT results_eq($$SELECT agenda('{contacts}')$$, ARRAY[
    '2026-06-01,"new leads",,count,2,0,2,0', '2026-06-01,"handed over (MQL)",,count,1,0,1,0',
    '2026-06-08,"new leads",,count,3,2,1,0.5', '2026-06-08,"handed over (MQL)",,count,3,1,2,0.25', '2026-06-08,"handed over and never contacted",,count,1,0,1,0'], 'contacts');
SELECT results_eq($$SELECT agenda('{reaction}')$$, ARRAY[
    '2026-06-01,"first responses in time",,share,1,,,', '2026-06-08,"first responses in time",,share,0,1,-1,1', '2026-06-08,"first responses late or owed",,count,3,0,3,0'], 'reaction: owed within 24 hours');
SELECT results_eq($$SELECT agenda('{quality}')$$, ARRAY[
    '2026-06-08,"accepted by sales",,share,0.666667,,,', '2026-06-08,"rejected, by reason",no_budget,count,1,0,1,0', '2026-06-08,"qualified (SQL), by segment",small,count,1,0,1,0'], 'quality');
SELECT results_eq($$SELECT agenda('{results}')$$, ARRAY['2026-06-08,"opportunities opened",,count,2,0,2,0'], 'results');
SELECT is((SELECT count(DISTINCT week_starts_on) || ' ' || min(week_starts_on) || ' ' || max(week_starts_on) FROM weekly_review), '12 2026-03-23 2026-06-08', 'twelve whole weeks');
SAVEPOINT twins;
SET leadflow.clock = '2026-06-16 10:00';
INSERT INTO lead (source, external_id) VALUES ('t', '8'), ('t', '9'), ('t', '10');
SELECT leadflow.merge('crm', a.id, b.id) FROM (VALUES ('1', '8'), ('3', '9'), ('6', '10')) m (winner, loser) JOIN lead a ON a.external_id = m.winner JOIN lead b ON b.external_id = m.loser \g /dev/null
SET leadflow.clock = '2026-06-17 10:00';
SELECT leadflow.unmerge('crm', g.id) FROM lead_merge g JOIN lead l ON l.id = g.loser_id WHERE l.external_id = '9' \g /dev/null
SET leadflow.clock = '2026-06-22 00:00';
SELECT results_eq($$SELECT agenda('{data}')$$, ARRAY['2026-06-15,"duplicates merged",,count,1,0,1,0'], 'data: of three merges one was undone, one was of junk');
ROLLBACK TO twins;
SET leadflow.clock = '2026-06-22 00:00';
SELECT results_eq($$SELECT agenda('{results}') OFFSET 1$$, ARRAY[
    '2026-06-15,"opportunities opened",,count,0,2,-2,0.5', '2026-06-15,"deals won",,count,1,0,1,0', '2026-06-15,revenue,,money,500,0,500,0', '2026-06-15,"deals lost, by reason",no_need,count,1,0,1,0'], 'a week later');
SAVEPOINT dear;
UPDATE opportunity SET amount = 9e12 WHERE id = (SELECT opportunity_id FROM deal WHERE won_at IS NOT NULL);
SELECT is((SELECT max(value) FROM weekly_review), 9e12, 'a week of nine million millions');
ROLLBACK TO dear;
SELECT is((SELECT sum(value) FROM weekly_review WHERE item = 'new leads'), (SELECT count(*)::numeric FROM lead_milestone WHERE lead_at IS NOT NULL), 'every lead is in one week');
SET timezone = 'Pacific/Honolulu';
SELECT is((SELECT value FROM weekly_review WHERE item = 'new leads' AND week_starts_on = '2026-06-01'), 5::numeric, 'weeks begin where the session is');
SET timezone = 'UTC';
SELECT is((SELECT count(*) FROM weekly_review WHERE topic = 'corrections'), 0::bigint, 'definitions that are changed later are no correction yet');
SELECT ok(bool_and(value > 0 AND week_before = 0) AND count(*) > 5, 'corrections by definition')
  FROM (SELECT set_config('leadflow.clock', (date_trunc('week', now()) + interval '8 days')::text, true)) s, LATERAL (SELECT * FROM weekly_review WHERE topic = 'corrections' AND week_starts_on = date_trunc('week', now())::date) w;
SELECT * FROM finish();
ROLLBACK;
