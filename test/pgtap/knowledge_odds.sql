-- What reports of people, talks and tests make of rare rows: changes of mind, spam, other currencies, intervals that
-- are equal and not the same, and what is blank.
SET client_min_messages = warning;
SET jit = off;
SET TIME ZONE 'UTC';
SELECT no_plan();
\ir common/rows_of.sql

SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
SET leadflow.clock = '2026-07-16 12:00+00';
DELETE FROM standard WHERE criterion <> 'reason';
INSERT INTO team_member (member, team, department) VALUES ('anna', 'north', 'sales'), ('bert', 'south', 'sales');
INSERT INTO account (source, external_id, name, segment) VALUES ('t', 'a', 'Acme', 'mid');
INSERT INTO lead (source, external_id, stage, stage_since, created_at, account_id, owner) SELECT 't', l, 'lead', '2026-01-05', '2026-01-05', 1, 'anna' FROM unnest('{real,spam,twin}'::text[]) l;
UPDATE lead SET stage = 'disqualified', reason = 'spam', reason_note = 'x', stage_since = '2026-01-06' WHERE external_id = 'spam';
CREATE FUNCTION lead_of(which text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM lead WHERE external_id = which $$;

-- the committee of an account
INSERT INTO opportunity (source, external_id, name, stage, stage_since, created_at, amount, currency, account_id, owner) VALUES ('t', 'd', 'D', 'proposal', '2026-05-01', '2026-05-01', 20000, 'EUR', 1, 'anna');
INSERT INTO committee_member (account_id, committee_role, lead_id, stance, since) VALUES (1, 'champion', lead_of('real'), 'supports', '2026-01-10'), (1, 'champion', lead_of('real'), 'opposes', '2026-03-01'),
    (1, 'decision_maker', lead_of('real'), 'opposes', '2026-03-01'), (1, 'budget_holder', lead_of('spam'), 'supports', '2026-01-10'), (1, 'champion', lead_of('twin'), 'opposes', '2026-03-01');
SELECT is((SELECT concat_ws('/', members, supporters, opponents) FROM buying_committee), '2/0/2', 'people are counted, by their latest word');
SELECT is((SELECT present FROM buying_committee), 'champion, decision_maker', 'spam fills no role');
SELECT leadflow.merge('crm', lead_of('real'), lead_of('twin')) \g /dev/null
SELECT is((SELECT concat_ws('/', members, supporters, opponents) FROM buying_committee), '1/0/1', 'two that are one are one');
INSERT INTO committee_member (account_id, committee_role, who, stance, since) VALUES (1, 'budget_holder', 'Head of finance', 'opposes', '2026-02-01'), (1, 'budget_holder', 'head of finance ', 'supports', '2026-03-01'), (1, 'budget_holder', 'controller', 'supports', '2026-03-01');
SELECT is((SELECT concat_ws('/', members, supporters, opponents) FROM buying_committee), '3/2/1', 'so are two spellings of one title');

-- a deal that changes its currency
SET leadflow.clock = '2026-06-01';
UPDATE opportunity SET stage = 'decision', amount = 20000, stage_since = '2026-06-01';
SET leadflow.clock = '2026-07-16 12:00+00';
UPDATE opportunity SET amount = 24000, currency = 'USD';
SELECT is((SELECT amount_moved FROM deal_review), NULL, 'dollars less euros are nothing');
UPDATE opportunity SET currency = 'EUR';
SELECT is((SELECT amount_moved FROM deal_review), 4000.00, 'euros less euros are euros');

-- grades without a score in force
UPDATE workspace SET score_in_force = 'model';
INSERT INTO lead_score (lead_id, scored_at, fit, behaviour, total, grade, definition_version) VALUES (lead_of('real'), '2026-07-01', 1, 1, 2, 'B2', 1);
SELECT is((SELECT concat_ws('/', leads, best_grade) FROM account_scores), '0/B2', 'an account has the grade of its leads without a score in force');

-- what was found out later
INSERT INTO hypothesis (hypothesis, question, owner, measure, starts_on, ends_on, closed_on, verdict, conclusion) VALUES ('h', 'q', 'anna', 'm', '2026-01-01', '2026-06-01', '2026-02-10', 'confirmed', 'c');
SET leadflow.clock = '2026-01-15';
SELECT is((SELECT concat_ws('/', state, closed_on, verdict, conclusion) FROM hypothesis_board), 'open', 'a hypothesis that is open has no verdict');
SET leadflow.clock = '2026-02-10';
SELECT is((SELECT concat_ws('/', state, closed_on, verdict, conclusion) FROM hypothesis_board), 'closed/2026-02-10/confirmed/c', 'one that is closed has');
SET leadflow.clock = '2026-07-16 12:00+00';

-- 30 days and 720 hours, where a clock is put forward between
SET TIME ZONE 'America/New_York';
INSERT INTO campaign (source, external_id, name) VALUES ('t', 'x', 'X'), ('t', 'y', 'Y');
INSERT INTO lead (source, external_id, stage, stage_since, created_at, campaign_id) VALUES ('t', 'spring', 'lead', '2026-02-20 12:00', '2026-02-20 12:00', 1);
UPDATE lead SET stage = 'mql', stage_since = '2026-03-22 12:30' WHERE external_id = 'spring';
INSERT INTO experiment (experiment, hypothesis, campaign_a, campaign_b, variant_a, variant_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, of_stage, reaches, within, needed)
SELECT CASE w WHEN '30 days' THEN 'days' ELSE 'hours' END, 'h', 1, 2, 'a', 'b', '2026-02-01', '2026-03-01', '2026-02-01', '2026-03-01', 'lead', 'mql', w::interval, 30 FROM unnest('{30 days,720 hours}'::text[]) w;
SELECT is((SELECT string_agg(experiment || ' ' || a_reached, ', ' ORDER BY experiment) FROM experiment_result), 'days 0, hours 1', 'each experiment has its own time');
SET TIME ZONE 'UTC';

-- words
SELECT ok(to_tsvector('simple', 'We need follow-ups soon') @@ leadflow.phrase_query('{follow-up*}'), 'a phrase with a hyphen that ends with * finds longer words');
SELECT ok(to_tsvector('simple', 'a follow-up call') @@ leadflow.phrase_query('{follow-up*}') AND NOT to_tsvector('simple', 'follow the upper road') @@ leadflow.phrase_query('{follow-up*}'), 'and itself, and nothing else');
INSERT INTO claim (claim, kind, phrase, approved_by) VALUES ('set_up', 'promise', 'free - set-up', 'anna'), ('free', 'promise', 'it''s free', 'anna');
UPDATE lead SET promised = U&'free \2013 set-up; it\2019s free; not \2013 so' WHERE external_id = 'real';
SELECT is((SELECT string_agg(promise, ';') FROM unapproved_promises), U&'not \2013 so', 'the marks of a word processor make no difference');

-- spam has no say
INSERT INTO battlecard (battlecard, scenario, argument, owner, updated_on) VALUES ('b', 'x', 'x', 'anna', '2026-06-01');
INSERT INTO battlecard_feedback (battlecard, at, lead_id, helped) VALUES ('b', '2026-06-10', lead_of('spam'), false);
SELECT is((SELECT concat_ws('/', state, feedback, not_helped) FROM battlecard_freshness), 'fresh/0/0', 'nor about a battlecard');

-- an objection at the very handover
INSERT INTO lead (source, external_id, stage, stage_since, created_at) VALUES ('t', 'quick', 'lead', '2026-06-01', '2026-06-01');
UPDATE lead SET stage = 'mql', stage_since = '2026-06-02' WHERE external_id = 'quick';
INSERT INTO verdict (lead_id, verdict, at, reason, narrative, objections) VALUES (lead_of('quick'), 'rejected', '2026-06-02', 'not_now', 'n', '{too_expensive}');
SELECT is((SELECT string_agg(dimension_value, ',') FROM objections WHERE dimension = 'stage'), 'mql', 'is raised by an MQL');

-- who leaves a pool and comes back
INSERT INTO pool (pool, fallback_owner) VALUES ('default', 'anna'), ('p', 'anna');
INSERT INTO pool_member (pool, member) VALUES ('p', 'anna'), ('p', 'bert');
INSERT INTO routing_rule (rule, position, on_stage, pool) VALUES ('all', 0, 'mql', 'p');
CREATE FUNCTION deal_out(n integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    FOR i IN 1..n LOOP INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); END LOOP; END $$;
SELECT deal_out(5) \g /dev/null
SELECT earned AS earned_before FROM routing_fairness WHERE member = 'bert' \gset
DELETE FROM pool_member WHERE member = 'bert';
SELECT deal_out(1) \g /dev/null
INSERT INTO pool_member (pool, member) VALUES ('p', 'bert');
SELECT is((SELECT earned FROM routing_fairness WHERE member = 'bert'), :earned_before, 'has earned what he had');

-- what is blank is not known
DELETE FROM icp;
INSERT INTO icp (profile, segments, meaning) VALUES ('mid', '{mid,NULL}', 'x');
UPDATE lead SET role = ' ', segment = '' WHERE external_id = 'real';
SELECT is((SELECT concat_ws('/', fits, role_known) FROM icp_leads WHERE lead_id = lead_of('real')), 't/f', 'the account''s segment counts, and a blank role does not');
UPDATE lead SET segment = 'large' WHERE external_id = 'real';
SELECT is((SELECT concat_ws('/', fits, fails) FROM icp_leads WHERE lead_id = lead_of('real')), 'f/segment', 'a profile that asks for nothing beside asks for what it names');

-- units
SELECT is((SELECT string_agg(DISTINCT unit, ',') FROM metric_dictionary WHERE (report, report_column) IN (('weekly_review', 'value'), ('quarterly_review', 'planned'))), 'number', 'the numbers of a review are in the unit of the row');
SELECT is((SELECT unit FROM metric_dictionary WHERE (report, report_column) = ('volume_without_sales', 'won_expected')), 'count', 'leads are counted');
SELECT is((SELECT unit FROM metric_dictionary WHERE (report, report_column) = ('score_model_card', 'above_lowest')), 'points', 'and points are points');
SELECT * FROM finish();
