-- What people see of scores: on a small history whose every figure was worked out by hand.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
DELETE FROM icp_trigger;
DELETE FROM intent_topic;
SET leadflow.clock = '2026-04-01 00:00+00';

INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('bert', 'field', 'sales');
INSERT INTO campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO account (source, name, owner) VALUES ('t', 'Acme', 'anna'), ('t', 'Bolt', 'bert'), ('t', 'Coil', NULL);
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, full_name, account_id, campaign_id, owner, score, reason, merged_into)
SELECT '2026-03-20', '2026-03-01', '2026-03-20', v.stage::leadflow.stage, 't', 'Lead ' || v.n, v.account_id, 1, 'anna', v.score, v.reason, v.merged_into
FROM (VALUES (1, 'won', 1, 5, NULL, NULL), (2, 'lost', 1, NULL, 'no_need', NULL), (3, 'won', 2, 90, NULL, NULL), (4, 'nurture', 1, 7, 'not_now', NULL), (5, 'mql', 1, 8, NULL, NULL),
             (6, 'disqualified', 1, 99, 'spam', NULL), (7, 'lead', 1, 99, NULL, 1), (8, 'lead', NULL, NULL, NULL, NULL)) v (n, stage, account_id, score, reason, merged_into)
ORDER BY v.n;
INSERT INTO lead_score (lead_id, scored_at, fit, behaviour, total, grade, probability, model_version, definition_version, refused_move, refusal) VALUES
    (1, '2026-03-31 23:00', 40, 40, 80, 'A1', 0.9, 3, 1, NULL, NULL),
    (2, '2026-03-31 23:00', 20, 20, 40, 'B2', 0.2, 3, 1, 'to_mql', 'two signals are missing'),
    (4, '2026-04-01 01:00', 10, 0, 10, 'C4', NULL, NULL, 1, NULL, NULL),
    (6, '2026-03-31 23:00', 50, 50, 100, 'A1', NULL, NULL, 1, NULL, NULL);

-- lead_scores

SELECT results_eq($$SELECT rows_of('SELECT lead_id, fit, behaviour, total, fit_grade, behaviour_grade, grade, probability, model_version, tool_score, score_in_force, in_force,
        stale_seconds, refused_move, refusal FROM lead_scores ORDER BY lead_id')$$, ARRAY[
    '1,40.0000,40.0000,80.0000,A,1,A1,0.9000,3,5.0000,80.0000,rules,3600,,',
    '2,20.0000,20.0000,40.0000,B,2,B2,0.2000,3,,40.0000,rules,3600,to_mql,"two signals are missing"',
    '3,,,,,,,,,90.0000,90.0000,tool,,,',
    '4,10.0000,0.0000,10.0000,C,4,C4,,,7.0000,10.0000,rules,0,,',
    '5,,,,,,,,,8.0000,8.0000,tool,,,',
    '8,,,,,,,,,,,tool,,,'], 'the rules in force; where leadflow has not scored, the tool''s; what was merged or is spam is left out');
SELECT is((SELECT concat_ws('|', full_name, account, campaign, stage, owner, team) FROM lead_scores WHERE lead_id = 1), 'Lead 1|Acme|Fair|won|anna|inbound', 'whose score it is');
UPDATE workspace SET score_in_force = 'model';
SELECT results_eq('SELECT rows_of(''SELECT lead_id, score_in_force, in_force FROM lead_scores ORDER BY lead_id'')', ARRAY[
    '1,90.0000,model', '2,20.0000,model', '3,90.0000,tool', '4,7.0000,tool', '5,8.0000,tool', '8,,tool'], 'the model in force: out of 100');
UPDATE workspace SET score_in_force = 'tool';
SELECT results_eq('SELECT rows_of(''SELECT lead_id, score_in_force, in_force FROM lead_scores ORDER BY lead_id'')', ARRAY[
    '1,5.0000,tool', '2,,tool', '3,90.0000,tool', '4,7.0000,tool', '5,8.0000,tool', '8,,tool'], 'the tool in force');
UPDATE workspace SET score_in_force = 'rules';

-- account_scores: Acme has 80, 40, 10 and 8; spam and what was merged do not count

SELECT results_eq('SELECT rows_of(''SELECT account, leads, sum_score, max_score, top_score, decayed_score, score_in_force, in_force, best_grade, intent, last_signal_at FROM account_scores ORDER BY account_id'')', ARRAY[
    'Acme,4,138.0000,80.0000,130.0000,103.5000,103.5000,decayed,A1,0.0000,', 'Bolt,1,90.0000,90.0000,90.0000,90.0000,90.0000,decayed,,0.0000,', 'Coil,0,,,,,,decayed,,0.0000,'],
    'account scores: 80 + 40 / 2 + 10 / 4 + 8 / 8');
SELECT is(tried(format('UPDATE crm.workspace SET account_score = %L, account_score_top = 2', m), 'SELECT score_in_force || '' '' || in_force FROM crm.account_scores WHERE account_id = 1'), e, m || ' in force')
FROM (VALUES ('sum', '138.0000 sum'), ('max', '80.0000 max'), ('top', '120.0000 top'), ('decayed', '103.5000 decayed')) v (m, e);
SELECT is(tried('INSERT INTO crm.lead (stage_since, created_at, updated_at, stage, source, account_id, score) SELECT ''2026-03-20'', ''2026-03-01'', ''2026-03-20'', ''lead'', ''t'', 3, 64 FROM generate_series(1, 2000)',
    'SELECT decayed_score::text FROM crm.account_scores WHERE account_id = 3'), '128.0000', 'of many equal leads, the double of one');

-- intent: half gone in two days

INSERT INTO intent_topic (topic, threshold, half_life, marketing_task, sales_task, active) VALUES
    ('routing', 1.2, '2 days', 'send the series on routing', 'ask who distributes leads', true), ('prices', 1, '1 day', 'send the list', 'call', true), ('hiring', 0.1, '1 day', 'none', 'none', false);
INSERT INTO intent_signal (at, account_id, topic, strength) VALUES
    -- 1 is left of 4 on Acme, faded to 2 when 0.5 comes; 0.25 of that is left
    ('2026-03-28 00:00', 1, 'routing', 4), ('2026-03-30 00:00', 1, 'routing', 0.5), ('2026-04-01 00:00', 1, 'routing', 1),
    -- below the threshold; on two topics, of which one is not active; a day later
    ('2026-03-31 00:00', 2, 'prices', 1), ('2026-04-01 00:00', 2, 'hiring', 5), ('2026-04-02 00:00', 2, 'prices', 9),
    -- went up, down, and up again
    ('2026-03-20 00:00', 3, 'prices', 3), ('2026-03-31 12:00', 3, 'prices', 0.5), ('2026-04-01 00:00', 3, 'prices', 0.7), ('1990-01-01', 3, 'prices', 1000);
INSERT INTO touch (lead_id, account_id, kind, direction, at) VALUES (2, NULL, 'call', 'outbound', '2026-03-27 23:00'), (NULL, 3, 'call', 'outbound', '2026-03-31 20:00'),
    (4, NULL, 'sequence_email', 'outbound', '2026-03-29 00:00'), (4, NULL, 'call', 'inbound', '2026-03-29 00:00');
SELECT results_eq('SELECT rows_of(''SELECT account, owner, team, topic, intensity, threshold, signals, first_signal_at, last_signal_at, crossed_at, open_leads, score, done_at FROM intent_tasks ORDER BY account'')', ARRAY[
    'Acme,anna,inbound,routing,2.2500,1.2000,3,"2026-03-28 00:00:00+00","2026-04-01 00:00:00+00","2026-03-28 00:00:00+00",1,103.5000,',
    'Coil,,,prices,1.0543,1.0000,3,"2026-03-20 00:00:00+00","2026-04-01 00:00:00+00","2026-04-01 00:00:00+00",0,,'],
    'intent_tasks: since the signal that brought it up; a call before, a sequence or an answer is no talk, and a later signal not known');
SELECT results_eq('SELECT rows_of(''SELECT account, intent, last_signal_at FROM account_scores ORDER BY account_id'')', ARRAY[
    'Acme,2.2500,"2026-04-01 00:00:00+00"', 'Bolt,0.5000,"2026-04-01 00:00:00+00"', 'Coil,1.0543,"2026-04-01 00:00:00+00"'], 'the interest of a company: active topics');
SELECT results_eq('SELECT rows_of(''SELECT position, band, task, lead_id, full_name, account, stage, score, grade, why FROM work_queue WHERE task = ''''intent'''' ORDER BY owner'')', ARRAY[
    '1,day,intent,,Acme,Acme,,103.5000,,"interest in routing: ask who distributes leads"', '1,day,intent,,Coil,Coil,,,,"interest in prices: call"'], 'the talk to start is in the queue, with the score of the company');
INSERT INTO intent_signal (at, account_id, topic, strength) VALUES ('2026-03-31 23:00', 1, 'prices', 5);
SELECT results_eq('SELECT rows_of(''SELECT position, task, account, why FROM work_queue WHERE owner = ''''anna'''' ORDER BY position'')', ARRAY[
    '1,intent,Acme,"interest in prices: call"', '2,intent,Acme,"interest in routing: ask who distributes leads"'], 'a row for each topic');
SELECT results_eq($$SELECT rows_of('SELECT topic, done_at FROM intent_tasks WHERE account_id = 1 ORDER BY topic')$$, ARRAY['prices,', 'routing,'], 'nobody has spoken to them');
INSERT INTO touch (lead_id, account_id, kind, direction, at) VALUES (4, NULL, 'email', 'outbound', '2026-03-31 10:00'), (NULL, 1, 'call', 'outbound', '2026-04-02 10:00');
SELECT results_eq($$SELECT rows_of('SELECT topic, done_at FROM intent_tasks WHERE account_id = 1 ORDER BY topic')$$, ARRAY['prices,', 'routing,"2026-03-31 10:00:00+00"'], 'done by who wrote to a lead of it, not for what came later');
SELECT results_eq('SELECT topic FROM intent_tasks i JOIN work_queue w ON w.account = i.account AND w.why LIKE ''%'' || i.topic || ''%''  WHERE w.owner = ''anna''', '{prices}'::text[], 'and no longer in the queue');
SET leadflow.clock = '2026-04-05 00:00+00';
SELECT results_eq('SELECT rows_of(''SELECT account, topic, intensity, crossed_at FROM intent_tasks ORDER BY account'')', ARRAY['Bolt,prices,1.1563,"2026-04-02 00:00:00+00"'],
    'interest fades, and a task with it: 9 / 8 + 1 / 32');
SET leadflow.clock = '2026-04-01 00:00+00';

-- the MQLs of the past: (lead, at, fit, behaviour, grade)

CREATE FUNCTION mql(id bigint, at timestamptz, fit numeric, behaviour numeric, grade text, probability numeric DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, owner, campaign_id, facts)
    VALUES (at, at, id, 1, false, 'lead', 'lead', 'mql', 'x', 'x', '*', 'anna', 1, CASE WHEN fit IS NOT NULL THEN jsonb_build_object('features', jsonb_build_object('role', 'role of ' || id),
        'score', jsonb_strip_nulls(jsonb_build_object('fit', fit, 'behaviour', behaviour, 'total', fit + behaviour, 'grade', grade, 'probability', probability))) END) $$;
CREATE FUNCTION move(id bigint, at timestamptz, from_stage text, to_stage text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant)
    VALUES (at, at, id, 1, false, 'lead', from_stage::leadflow.stage, to_stage::leadflow.stage, 'x', 'x', '*') $$;
ALTER TABLE verdict DISABLE TRIGGER USER;
CREATE FUNCTION says(id bigint, at timestamptz, handed timestamptz, verdict text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.verdict (lead_id, verdict, at, handed_over_at, reason, variant, owner) VALUES (id, verdict, at, handed, reason, '*', 'anna') $$;
INSERT INTO lead (id, stage_since, created_at, updated_at, stage, source, full_name, owner, reason) OVERRIDING SYSTEM VALUE
SELECT v.n, '2026-03-20', '2026-02-01', '2026-03-20', v.stage::leadflow.stage, 't', 'Lead ' || v.n, 'anna', v.reason
FROM (VALUES (9, 'won', NULL), (10, 'lost', 'no_need'), (11, 'lost', 'no_need'), (12, 'won', NULL)) v (n, stage, reason) ORDER BY v.n;
-- 1 was rejected and then won; 2 scored well and was rejected; 3 had no score; 4 sleeps after a rejection; 5 is open; 6 is spam
SELECT mql(1, '2026-02-10', 40, 30, 'A1'), says(1, '2026-02-11', '2026-02-10', 'rejected', 'not_now'), move(1, '2026-02-11', 'mql', 'nurture'),
       mql(1, '2026-03-10', 50, 10, 'A2', 0.8), says(1, '2026-03-11', '2026-03-10', 'accepted'), move(1, '2026-03-15', 'mql', 'won'),
       mql(2, '2026-03-05', 40, 35, 'A1', 0.7), says(2, '2026-03-06', '2026-03-05', 'rejected', 'no_need'), move(2, '2026-03-06', 'mql', 'lost'),
       mql(3, '2026-03-05', NULL, NULL, NULL), says(3, '2026-03-06', '2026-03-05', 'accepted'), move(3, '2026-03-07', 'mql', 'won'),
       mql(4, '2026-03-05', 20, 10, 'B3', 0.3), says(4, '2026-03-06', '2026-03-05', 'accepted'), says(4, '2026-03-07', '2026-03-05', 'rejected', 'not_now'), move(4, '2026-03-07', 'mql', 'nurture'),
       mql(5, '2026-03-20', 30, 30, 'A2'), mql(6, '2026-03-05', 90, 90, 'A1'), move(6, '2026-03-06', 'mql', 'disqualified'),
       -- 9 won with few points, 10 and 11 lost, 12 won with many
       mql(9, '2026-03-05', 10, 10, 'C4', 0.4), says(9, '2026-03-06', '2026-03-05', 'accepted'), move(9, '2026-03-07', 'mql', 'won'),
       mql(10, '2026-03-05', 20, 20, 'B3', 0.1), says(10, '2026-03-06', '2026-03-05', 'accepted'), move(10, '2026-03-07', 'mql', 'lost'),
       mql(11, '2026-03-05', 20, 25, 'B3', 0.2), says(11, '2026-03-06', '2026-03-05', 'accepted'), move(11, '2026-03-07', 'mql', 'lost'),
       mql(12, '2026-03-05', 50, 40, 'A1', 0.6), says(12, '2026-03-06', '2026-03-05', 'accepted'), move(12, '2026-03-07', 'mql', 'won') \g /dev/null
SELECT results_eq('SELECT rows_of(''SELECT lead_id, number, qualified_at::date, total, grade, probability, features ->> ''''role'''', verdict, reason, outcome, won_at::date FROM qualification ORDER BY lead_id, number'')', ARRAY[
    '1,1,2026-02-10,70.0000,A1,,"role of 1",rejected,not_now,lost,', '1,2,2026-03-10,60.0000,A2,0.8000,"role of 1",accepted,,won,2026-03-15',
    '2,1,2026-03-05,75.0000,A1,0.7000,"role of 2",rejected,no_need,lost,', '3,1,2026-03-05,,,,,accepted,,won,2026-03-07', '4,1,2026-03-05,30.0000,B3,0.3000,"role of 4",rejected,not_now,lost,',
    '5,1,2026-03-20,60.0000,A2,,"role of 5",,,open,', '9,1,2026-03-05,20.0000,C4,0.4000,"role of 9",accepted,,won,2026-03-07', '10,1,2026-03-05,40.0000,B3,0.1000,"role of 10",accepted,,lost,',
    '11,1,2026-03-05,45.0000,B3,0.2000,"role of 11",accepted,,lost,', '12,1,2026-03-05,90.0000,A1,0.6000,"role of 12",accepted,,won,2026-03-07'],
    'qualification: each time by itself, the verdict in force, what became of it; spam is left out');

SET leadflow.clock = '2026-03-06 12:00+00';
SELECT results_eq('SELECT rows_of(''SELECT lead_id, number, verdict, outcome FROM qualification WHERE lead_id IN (1, 4, 9) ORDER BY lead_id'')', ARRAY['1,1,rejected,lost', '4,1,accepted,open', '9,1,accepted,open'], 'as known earlier');
SET leadflow.clock = '2026-04-01 00:00+00';

SELECT results_eq('SELECT rows_of(''SELECT * FROM score_grid'')', ARRAY[
    'A1,A,1,1,0.333333,3,1,2,1,2,0,0.333333,0.333333', 'A2,A,2,0,0.000000,2,1,0,1,0,1,1.000000,1.000000', 'B2,B,2,1,0.333333,0,0,0,0,0,0,,',
    'B3,B,3,0,0.000000,3,2,1,0,3,0,0.666667,0.000000', 'C4,C,4,1,0.333333,1,1,0,1,0,0,1.000000,1.000000'],
    'score_grid: as graded now, and what became of those graded so when they became MQLs');

-- closed and scored: won 60, 20, 90; lost 70, 75, 30, 40, 45: 4 + 5 of the pairs of 60 and 90 with 5, none of 20: 3 + 0 + 5 of 15
-- by fit: won 50, 10, 50; lost 40, 40, 20, 20, 20: 5 + 0 + 5; by behaviour: won 10, 10, 40; lost 30, 35, 10, 20, 25: 0.5 + 0.5 + 5
-- the best fifth of 8 are 1.6 leads: 90 is won, 75 lost; 1 / 1.6 over 3 / 8
SELECT results_eq('SELECT rows_of(''SELECT * FROM score_quality'')', ARRAY[
    ',9,4,5,8,0.533333,0.666667,0.400000,1.6667,7,0.833333,0.170000', '2026-02-01,1,0,1,1,,,,,0,,', '2026-03-01,8,4,4,7,0.583333,0.666667,0.416667,1.6667,7,0.833333,0.170000'], 'score_quality');
SELECT is(round(v.sum / 7, 6), 0.170000, 'and the Brier score by hand')
FROM (SELECT sum((p - o) ^ 2) FROM (VALUES (0.8, 1), (0.7, 0), (0.3, 0), (0.4, 1), (0.1, 0), (0.2, 0), (0.6, 1)) v (p, o)) v;

-- the median of the won is 60, of the lost 45
INSERT INTO touch (lead_id, kind, direction, at) VALUES (9, 'web_visit', 'inbound', '2026-03-04'), (9, 'web_visit', 'inbound', '2026-03-05'),
    (9, 'call', 'inbound', '2026-03-02'), (9, 'call', 'inbound', '2026-03-06'), (9, 'email', 'outbound', '2026-03-02');
SELECT results_eq('SELECT rows_of(''SELECT kind, lead_id, full_name, qualified_at::date, fit, behaviour, total, grade, compared_with, verdict, reason, category, outcome, won_at::date, features, owner, team, campaign, touches FROM score_errors ORDER BY kind, lead_id'')', ARRAY[
    'false_negative,9,"Lead 9",2026-03-05,10.0000,10.0000,20.0000,C4,45.0000,accepted,,,won,2026-03-07,"{""role"": ""role of 9""}",anna,,Fair,"{""call"": 1, ""web_visit"": 2}"',
    'false_positive,1,"Lead 1",2026-02-10,40.0000,30.0000,70.0000,A1,60.0000,rejected,not_now,timing,lost,,"{""role"": ""role of 1""}",anna,,Fair,',
    'false_positive,2,"Lead 2",2026-03-05,40.0000,35.0000,75.0000,A1,60.0000,rejected,no_need,need,lost,,"{""role"": ""role of 2""}",anna,,Fair,',
    'false_rejection,1,"Lead 1",2026-02-10,40.0000,30.0000,70.0000,A1,,rejected,not_now,timing,lost,2026-03-15,"{""role"": ""role of 1""}",anna,,Fair,',
    'false_rejection,2,"Lead 2",2026-03-05,40.0000,35.0000,75.0000,A1,,rejected,no_need,need,lost,2026-03-15,"{""role"": ""role of 2""}",anna,,Fair,',
    'false_rejection,4,"Lead 4",2026-03-05,20.0000,10.0000,30.0000,B3,,rejected,not_now,timing,lost,2026-03-15,"{""role"": ""role of 4""}",anna,,Fair,'], 'score_errors, each with its evidence');

-- the order of work: lead 2 has 40 points and none of the tool's, lead 4 has 10 and 7

UPDATE lead SET stage = 'mql', reason = NULL WHERE id IN (2, 4);
INSERT INTO sla_clock (policy, metric, lead_id, owner, team, variant, started_at, due_at, stopped_at, target, stops_on_touch, started_by, stop_touch_id, definition_version)
SELECT 'p', 'm', v.lead_id, 'anna', 'inbound', '*', '2026-03-31 09:00', '2026-04-01 09:00', v.stopped_at::timestamptz, '24:00', '{call}', 'x', v.touch_id, 1
FROM (VALUES (4, '2026-03-31 10:00', 100), (2, NULL, NULL)) v (lead_id, stopped_at, touch_id);
SELECT results_eq($$SELECT rows_of('SELECT lead_id, score, waiting, rank_by_score, same_band_higher, score_ignored FROM order_of_work')$$, ARRAY['4,10.0000,1,2,1,t'], 'who calls 10 points while 40 wait ignores the score in force');
SELECT results_eq($$SELECT rows_of('SELECT owner, reactions, score_ignored, score_agreement FROM work_order_kept')$$, ARRAY['anna,1,1,-1.000000'], 'and it shows in the month');
UPDATE workspace SET score_in_force = 'tool';
SELECT results_eq($$SELECT rows_of('SELECT lead_id, score, waiting, rank_by_score, same_band_higher, score_ignored FROM order_of_work')$$, ARRAY['4,7.0000,1,1,0,f'], 'by the tool''s score it was the right one');
UPDATE workspace SET score_in_force = 'rules';
UPDATE sla_clock SET stopped_at = NULL, stop_touch_id = NULL;
SELECT results_eq('SELECT rows_of(''SELECT lead_id, score, grade FROM work_queue WHERE task = ''''answer'''' ORDER BY position'')', ARRAY['2,40.0000,B2', '4,10.0000,C4'], 'the queue goes by the score in force, and shows the grade');
UPDATE workspace SET score_in_force = 'tool';
SELECT results_eq('SELECT rows_of(''SELECT lead_id, score FROM work_queue WHERE task = ''''answer'''' ORDER BY position'')', ARRAY['4,7.0000', '2,'], 'whichever that is');
UPDATE workspace SET score_in_force = 'rules';
SELECT results_eq('SELECT rows_of(''SELECT lead_id, score, grade, probability FROM lead_card WHERE lead_id IN (1, 3) ORDER BY lead_id'')', ARRAY['1,80.0000,A1,0.9000', '3,90.0000,,'], 'and so does the card');

-- rights: read sees the reports, not the tables

-- what would stay silent
SELECT leadflow.create_workspace('faulty') \g /dev/null
SET search_path = faulty, public;
SELECT is_empty('SELECT * FROM score_faults', 'a new workspace has no faults');
INSERT INTO score_rule (rule, component, points, touch_kinds, meaning) VALUES ('typo', 'behaviour', 1, '{web_visitt,web_visit}', 'x');
UPDATE score_rule SET topics = '{pricing}' WHERE rule = 'intent';
INSERT INTO account (source, name) VALUES ('x', 'a');
INSERT INTO intent_signal (account_id, topic) VALUES (1, 'weather'), (1, 'weather'), (1, 'pricing');
INSERT INTO score_model (model, as_of, won, lost, intercept, activated_at) VALUES ('logistic', '2026-01-01', 1, 1, 0, '2026-01-01');
INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', 'web', 1, 29), (1, 'gone', 'x', 1, 29), (1, 'gone', 'y', 1, 29);
INSERT INTO lead (source, stage) VALUES ('x', 'lead'), ('x', 'lead');
SELECT leadflow.score_some('faulty') \g /dev/null
UPDATE lead_score SET refused_move = 'ready_for_sales' WHERE lead_id = 1;
SELECT results_eq($$SELECT rows_of('SELECT fault, code, leads FROM score_faults')$$, ARRAY[
    'feature_not_kept,gone,', 'refused,ready_for_sales,1', 'unknown_kind,typo,', 'unknown_topic,weather,'], 'faults are told');
UPDATE score_rule SET active = false WHERE rule = 'typo';
SELECT results_eq($$SELECT rows_of('SELECT fault, code, leads FROM score_faults')$$, ARRAY[
    'feature_not_kept,gone,', 'outdated,,2', 'refused,ready_for_sales,1', 'unknown_topic,weather,'], 'and that the rules have changed since the leads were scored');
DROP SCHEMA faulty CASCADE;
SET search_path = crm, public;

CREATE ROLE reader_of_scores;
SELECT leadflow.grant_workspace('crm', 'reader_of_scores', 'read') \g /dev/null
SET ROLE reader_of_scores;
SELECT is(tried(format('SELECT * FROM crm.%I', v)), '00000', 'read access sees ' || v)
FROM unnest('{lead_scores,qualification,score_grid,score_quality,score_faults,score_errors,account_scores,intent_tasks,work_queue,order_of_work}'::text[]) v;
SELECT is(tried(format('SELECT * FROM crm.%I', v)), '42501', 'but not ' || v) FROM unnest('{intent_signal,lead_card}'::text[]) v;
RESET ROLE;
DROP OWNED BY reader_of_scores;
DROP ROLE reader_of_scores;

SELECT * FROM finish();
