-- Plan, joint goals, bonus and forecasts of a small company, every figure worked out by hand.
SET client_min_messages = warning;
SET jit = off;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
\ir common/deals.sql
DELETE FROM bonus_part;
DELETE FROM agreement;
SELECT is_empty('SELECT * FROM plan_vs_actual', 'no target, no plan');
SELECT is_empty('SELECT * FROM joint_goals', 'no goal');

-- plan_vs_actual: half of April is gone, by the wall clock and by 11 of 22 working days

INSERT INTO target (metric, starts_on, ends_on, segment, team, owner, value, note) VALUES
    ('revenue', '2026-01-01', '2026-03-31', NULL, NULL, NULL, 4000, NULL), ('revenue', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 2500, 'with the fair'),
    ('revenue', '2026-05-01', '2026-05-31', NULL, NULL, NULL, 1000, NULL), ('deals', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 3, NULL),
    ('new_revenue', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 100, NULL), ('opportunities', '2026-03-01', '2026-03-31', NULL, NULL, NULL, 3, NULL),
    ('pipeline', '2026-01-01', '2026-04-30', 'large', NULL, NULL, 6000, NULL), ('revenue', '2026-04-01', '2026-04-30', 'small', 'north', NULL, 4000, NULL),
    ('deals', '2026-04-01', '2026-04-30', NULL, NULL, 'bert', 0, NULL), ('new_revenue', '2026-04-01', '2026-06-30', NULL, NULL, NULL, 4000, NULL);
SELECT results_eq($$SELECT rows_of('SELECT target_id, metric, department, state, target_value, actual, gap, reached_share, time_share, working_time_share, expected, pace, standing FROM plan_vs_actual ORDER BY target_id')$$, ARRAY[
    '1,revenue,both,over,4000.00,4000.00,0.00,1.000000,1.000000,1.000000,4000.00,1.0000,reached',
    '2,revenue,both,running,2500.00,500.00,2000.00,0.200000,0.500000,0.500000,1250.00,0.4000,"on track"',
    '3,revenue,both,"to come",1000.00,0.00,1000.00,0.000000,0.000000,0.000000,0.00,,behind',
    '4,deals,sales,running,3.00,1.00,2.00,0.333333,0.500000,0.500000,1.50,0.6667,behind',
    '5,new_revenue,both,running,100.00,0.00,100.00,0.000000,0.500000,0.500000,50.00,0.0000,"on track"',
    '6,opportunities,sales,over,3.00,2.00,1.00,0.666667,1.000000,1.000000,3.00,0.6667,missed',
    '7,pipeline,both,running,6000.00,5250.00,750.00,0.875000,0.875000,0.872093,5232.56,1.0033,"on track"',
    '8,revenue,both,running,4000.00,500.00,3500.00,0.125000,0.500000,0.500000,2000.00,0.2500,behind',
    '9,deals,sales,running,0.00,0.00,0.00,,0.500000,0.500000,0.00,,reached',
    '10,new_revenue,both,running,4000.00,0.00,4000.00,0.000000,0.164835,0.169231,676.92,0.0000,behind'], 'plan_vs_actual: where we stand');
-- H at 3000 is late and due in April; K at 900 in May; I, J have a later date or none; of K's buyer nothing was won
SELECT results_eq($$SELECT rows_of('SELECT target_id, forecast_basis, forecast, forecast_share, left_out FROM plan_vs_actual ORDER BY target_id')$$, ARRAY[
    '1,actual,4000.00,1.000000,', '2,"weighted pipeline",3500.00,1.400000,0', '3,"weighted pipeline",900.00,0.900000,0', '4,"run rate",2.00,0.666667,', '5,"weighted pipeline",3000.00,30.000000,0',
    '6,actual,2.00,0.666667,', '7,"run rate",6020.00,1.003333,', '8,"weighted pipeline",3500.00,0.875000,0', '9,"run rate",0.00,,', '10,"weighted pipeline",3900.00,0.975000,0'], 'and what the end will bring');
SELECT is(tried('UPDATE crm.opportunity SET expected_close = ''2026-04-20'' WHERE name = ''J''', 'SELECT forecast || '' '' || left_out FROM crm.plan_vs_actual WHERE target_id = 2'), '3500.00 1', 'a deal of unknown value is counted as left out');
SELECT is(tried('UPDATE crm.opportunity SET account_id = 1 WHERE name = ''H''', 'SELECT forecast FROM crm.plan_vs_actual WHERE target_id = 5'), '0.00', 'a deal of one who has bought brings no new revenue');
SELECT is(tried('DELETE FROM crm.business_calendar', 'SELECT working_time_share IS NULL AND pace = 0.4 FROM crm.plan_vs_actual WHERE target_id = 2'), 'true', 'without a calendar the wall clock counts');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-03-12''', 'SELECT string_agg(concat_ws('' '', target_id, state, actual, standing), '', '' ORDER BY target_id) FROM crm.plan_vs_actual WHERE target_id IN (1, 2, 6)'),
    '1 running 4000.00 reached, 2 to come 0.00 behind, 6 running 0.00 behind', 'as of another instant: G was in the pipeline and void');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-01''', 'SELECT concat_ws('' '', state, forecast, standing) FROM crm.plan_vs_actual WHERE target_id = 7'), 'running 6382.81 on track', 'at midnight: 4750 in 64 of 86 working days');

INSERT INTO lead (source, full_name, stage, stage_since, created_at, segment, owner) VALUES
    ('t', 'L1', 'mql', '2026-04-02', '2026-04-02', 'small', 'anna'), ('t', 'L2', 'sql', '2026-04-03', '2026-04-03', 'small', 'bert'), ('t', 'L3', 'lead', '2026-04-04', '2026-04-04', 'large', 'anna'),
    ('t', 'L4', 'won', '2026-04-05', '2026-04-05', 'large', NULL), ('t', 'L5', 'lead', '2026-03-31 23:59', '2026-03-31 23:59', 'small', 'anna');
INSERT INTO target (metric, starts_on, ends_on, segment, team, owner, value) VALUES ('leads', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 8), ('mql', '2026-04-01', '2026-04-30', NULL, 'north', NULL, 1),
    ('sal', '2026-04-01', '2026-04-30', 'small', NULL, NULL, 1), ('sql', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 5), ('leads', '2026-04-01', '2026-04-30', NULL, NULL, 'anna', 4);
SELECT results_eq($$SELECT rows_of('SELECT metric, department, team, owner, actual, pace, forecast, standing FROM plan_vs_actual WHERE target_id > 10 ORDER BY target_id')$$, ARRAY[
    'leads,marketing,,,4.00,1.0000,8.00,"on track"', 'mql,marketing,north,,1.00,2.0000,2.00,reached', 'sal,both,,,1.00,2.0000,2.00,reached', 'sql,both,,,2.00,0.8000,4.00,behind', 'leads,marketing,,anna,2.00,1.0000,4.00,"on track"'], 'leads, of whom they are now');

-- it agrees with the other reports

SELECT results_eq($$SELECT p.actual FROM plan_vs_actual p WHERE target_id = 2$$, $$SELECT won_value FROM pipeline_health WHERE dimension = 'total'$$, 'pipeline_health has the same actual');
SELECT results_eq($$SELECT p.actual FROM plan_vs_actual p WHERE target_id IN (1, 2) ORDER BY 1$$, $$SELECT sum(revenue) FROM spend_efficiency WHERE scope = 'everything' GROUP BY month < '2026-04-01' ORDER BY 1$$, 'so has spend_efficiency');
SELECT is_empty($$SELECT p.target_id, p.actual, m.value FROM plan_vs_actual p
    CROSS JOIN LATERAL leadflow.metric('crm', CASE p.metric WHEN 'revenue' THEN 'revenue' WHEN 'new_revenue' THEN 'new_revenue' WHEN 'deals' THEN 'deals_won' WHEN 'pipeline' THEN 'pipeline_opened'
        WHEN 'opportunities' THEN 'opportunities' WHEN 'leads' THEN 'leads' ELSE p.metric || 's' END, daterange(p.starts_on, p.ends_on, '[]'),
        jsonb_strip_nulls(jsonb_build_object('segment', p.segment) || CASE WHEN p.metric IN ('leads', 'mql', 'sal', 'sql') THEN '{}' ELSE jsonb_build_object('team', p.team, 'owner', p.owner) END)) m
    WHERE p.actual <> m.value AND (p.metric NOT IN ('leads', 'mql', 'sal', 'sql') OR p.team IS NULL AND p.owner IS NULL)$$, 'and so has every named number');

-- joint_goals

INSERT INTO agreement (agreement, department, measure, period, at_least, starts_on, promise) VALUES
    ('qualified', 'marketing', 'qualified_share', 'month', 0.8, '2026-04-01', 'eight of ten'), ('closing', 'sales', 'deal_share', 'month', 0.5, '2026-04-01', 'one of two');
SELECT results_eq($$SELECT rows_of('SELECT from_date, until_date, department, kind, goal, team, state, promised, delivered, reached_share, kept, missing, meaning FROM joint_goals
        WHERE from_date = ''2026-04-01'' AND until_date = ''2026-04-30'' AND (kind = ''agreement'' OR goal IN (''revenue'', ''mql''))')$$, ARRAY[
    '2026-04-01,2026-04-30,both,target,revenue,north,running,4000.000000,500.000000,0.125000,,3500.00,', '2026-04-01,2026-04-30,both,target,revenue,,running,2500.000000,500.000000,0.200000,,2000.00,"with the fair"',
    '2026-04-01,2026-04-30,marketing,target,mql,north,running,1.000000,1.000000,1.000000,t,0.00,', '2026-04-01,2026-04-30,marketing,agreement,qualified,,running,0.800000,0.666667,0.833334,,1.00,"eight of ten"',
    '2026-04-01,2026-04-30,sales,agreement,closing,,running,0.500000,0.500000,1.000000,t,0.00,"one of two"'], 'joint_goals');
SELECT is(count(*), (SELECT count(*) FROM agreement_kept) + (SELECT count(*) FROM target), 'every agreement and target is there') FROM joint_goals;

-- forecast_accuracy, by hand: at the first instant of February A 1000, B 3000, C 2000, E 400 and F 9999 (not yet known to be
-- an error) were open and none closed; of March B 3000, D 250 and E 400 were open, A and G (likewise) won, C and K lost

SELECT results_eq($$SELECT rows_of('SELECT period, from_date, until_date, deals, value, weighted_value, due_deals, left_out, forecast_value, won_open, won_open_value, won_value, error_value, error_share, bias_share FROM forecast_accuracy')$$, ARRAY[
    'month,2026-02-01,2026-02-28,5,16399.00,,0,0,0.00,1,1000.00,1000.00,-1000.00,1.000000,-1.000000',
    'month,2026-03-01,2026-03-31,3,3650.00,1825.00,0,0,0.00,1,3000.00,3000.00,-3000.00,1.000000,-1.000000'], 'no deal had a date');
SELECT is(tried($$UPDATE crm.opportunity SET expected_close = '2026-03-15' WHERE name = 'B'$$, $$SELECT concat_ws(' ', due_deals, forecast_value, error_value, error_share, bias_share) FROM crm.forecast_accuracy WHERE from_date = '2026-03-01'$$), '1 1500.00 -1500.00 0.500000 -0.625000', 'B was due: half of it was forecast, all of it came');
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-07-01 00:00'$$, $$SELECT string_agg(concat_ws(' ', period, from_date, deals, due_deals, forecast_value, won_open), ', ' ORDER BY period, from_date) FROM crm.forecast_accuracy WHERE from_date = '2026-04-01'$$),
    'month 2026-04-01 3 1 3000.00 0, quarter 2026-04-01 3 2 3900.00 0', 'a month and a quarter from the same day: H and K were due');
CREATE FUNCTION as_then(at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', count(*), sum(value), sum(weighted_value)) FROM leadflow.pipeline_asof('crm', at) $$;
SELECT is(concat_ws(' ', deals, value, weighted_value), as_then(from_date::timestamptz), 'as pipeline_asof says: ' || from_date) FROM forecast_accuracy;

-- bonus: revenue of the first quarter is reached to 1, of April to 0.2; qualified leads 0.833334, closing 1

DELETE FROM bonus_part;
SELECT is_empty('SELECT * FROM bonus', 'no part, no bonus');
INSERT INTO bonus_part (department, part, period, agreement, target_metric, weight, pays_from, cap, meaning) VALUES
    ('marketing', 'qualified', 'month', 'qualified', NULL, 0.7, 0.8, 1, 'x'), ('marketing', 'revenue', 'month', NULL, 'revenue', 0.3, 0.8, 1.5, 'x'),
    ('sales', 'closing', 'month', 'closing', NULL, 0.5, 1, 1, 'x'), ('sales', 'new', 'month', NULL, 'new_revenue', 0.4, 0, 1, 'x'), ('sales', 'revenue', 'quarter', NULL, 'revenue', 1, 0.8, 1.5, 'x');
SELECT results_eq($$SELECT rows_of('SELECT department, part, state, periods, reached_share, paid_share, weighted_share, department_share, most_share, weights_share, fault FROM bonus WHERE from_date = ''2026-04-01''')$$, ARRAY[
    'marketing,qualified,running,1,0.833334,0.833334,0.583334,0.583334,1.150000,1.000000,', 'marketing,revenue,running,1,0.200000,0.000000,0.000000,0.583334,1.150000,1.000000,',
    'sales,closing,running,1,1.000000,1.000000,0.500000,0.500000,0.900000,0.900000,"the weights do not sum to 1"', 'sales,new,running,1,0.000000,0.000000,0.000000,0.500000,0.900000,0.900000,"the weights do not sum to 1"',
    'sales,revenue,running,0,,0.000000,0.000000,0.000000,1.500000,1.000000,"there is no target of this period"'], 'bonus of April, and of the quarter so far');
SELECT results_eq($$SELECT rows_of('SELECT from_date, until_date, state, reached_share, paid_share, department_share, fault FROM bonus WHERE period = ''quarter'' AND from_date < ''2026-04-01''')$$,
    ARRAY['2026-01-01,2026-03-31,complete,1.000000,1.000000,1.000000,'], 'of the quarter before');
SELECT is(tried($$UPDATE crm.target SET value = 250 WHERE id = 2$$, $$SELECT concat_ws(' ', reached_share, paid_share, weighted_share) FROM crm.bonus WHERE part = 'revenue' AND period = 'month' AND from_date = '2026-04-01'$$), '2.000000 1.500000 0.450000', 'twice the goal pays up to the cap');
SELECT is(tried($$UPDATE crm.target SET value = 9999999999999.99 WHERE id = 2$$, $$SELECT concat_ws(' ', (SELECT max(promised) FROM crm.joint_goals), reached_share, paid_share) FROM crm.bonus WHERE part = 'revenue' AND period = 'month' AND from_date = '2026-04-01'$$), '9999999999999.990000 0.000000 0.000000', 'the greatest goal that there can be');
SELECT is(tried($$UPDATE crm.target SET value = 625 WHERE id = 2$$, $$SELECT paid_share FROM crm.bonus WHERE part = 'revenue' AND period = 'month' AND from_date = '2026-04-01'$$), '0.800000', 'the threshold itself pays');
SELECT is(tried($$UPDATE crm.bonus_part SET starts_on = '2026-04-01' WHERE period = 'month'$$, $$SELECT min(from_date) FROM crm.bonus WHERE period = 'month'$$), '2026-04-01', 'from a day on');
SELECT is(tried($$UPDATE crm.bonus_part SET ends_on = '2026-04-29' WHERE period = 'month'$$, $$SELECT max(from_date) FROM crm.bonus WHERE period = 'month'$$), '2026-03-01', 'up to a day');
SELECT is(tried('INSERT INTO crm.bonus_part (department, part, weight, meaning) VALUES (''sales'', ''x'', 0.1, ''x'')'), '23514 one_goal', 'a part rests on something');
SELECT is(tried('INSERT INTO crm.bonus_part (department, part, weight, agreement, target_metric, meaning) VALUES (''sales'', ''x'', 0.1, ''closing'', ''sql'', ''x'')'), '23514 one_goal', 'on one thing');
SELECT is(tried('INSERT INTO crm.bonus_part (department, part, weight, agreement, meaning) VALUES (''sales'', ''x'', 0.1, ''nothing'', ''x'')'), '23503 bonus_part_agreement_fkey', 'that there is');
SELECT is(tried('UPDATE crm.bonus_part SET pays_from = 1, cap = 0.9'), '23514 cap_above_threshold', 'a cap below the threshold');
SELECT is(tried('UPDATE crm.bonus_part SET weight = 0'), '23514 bonus_part_weight_check', 'no weight');

-- as they are by default

SELECT leadflow.create_workspace('other') \g /dev/null
SELECT results_eq('SELECT department, sum(weight) FROM other.bonus_part GROUP BY 1 ORDER BY 1', $$VALUES ('marketing', 1.000000), ('sales', 1.000000)$$, 'the weights of a new workspace sum to 1');

-- report_trust: the entry of the lead that came last is of 5 April, 11 days ago; of opportunities of 11 April

SELECT is_empty('SELECT * FROM other.report_trust', 'nothing to judge in an empty workspace');
DELETE FROM touch;
DELETE FROM field_owner;
SELECT results_eq($$SELECT rows_of('SELECT report, sources, complete_share, oldest_source_seconds / 86400, fresh_share, abs(trust_share - fresh_share * (1 - implied_share)) < 0.000002, weakest FROM report_trust WHERE report IN (''funnel'', ''deal'', ''stage_dictionary'') ORDER BY report DESC')$$,
    ARRAY['funnel,lead,1.000000,11,0.636364,t,"no news"', 'deal,"lead, opportunity",1.000000,11,0.636364,t,"stages passed over"'], 'by what a report reads');
CREATE TEMP VIEW with_first AS
SELECT e.subject, e.implied, e.at, min(e.at) OVER (PARTITION BY e.subject, COALESCE(e.opportunity_id, e.lead_id)) AS first_at FROM stage_event e;
CREATE FUNCTION passed_over(VARIADIC subjects text[]) RETURNS numeric LANGUAGE sql AS $$
    SELECT (count(*) FILTER (WHERE implied) / count(*)::numeric)::numeric(9,6) FROM with_first WHERE subject = ANY (subjects) AND NOT (implied AND at = first_at) $$;
SELECT is((SELECT implied_share FROM report_trust WHERE report = 'funnel'), (SELECT passed_over('lead')), 'stages passed over, of leads');
SELECT is((SELECT implied_share FROM report_trust WHERE report = 'deal'), (SELECT passed_over('lead', 'opportunity')), 'and of both');
SELECT is(tried('INSERT INTO crm.lead (source, external_id, stage) VALUES (''t'', ''straight'', ''sql'')', 'SELECT implied_share FROM crm.report_trust WHERE report = ''funnel'''),
    (SELECT (passed_over('lead') * entries / (entries + 1))::numeric(9,6)::text FROM (SELECT count(*) AS entries FROM with_first WHERE subject = 'lead' AND NOT (implied AND at = first_at)) n), 'a lead that comes in far on passes nothing over');
SELECT is(tried('INSERT INTO crm.field_owner (object, field, team, owed_from, meaning) VALUES (''lead'', ''segment'', ''marketing'', ''lead'', ''x''), (''lead'', ''owner'', ''sales'', ''lead'', ''x'')', 'SELECT complete_share FROM crm.report_trust WHERE report = ''funnel'''), '0.900000', 'nine of ten fields');
SELECT is(tried($$INSERT INTO crm.quarantine (recorded_at, object, operation, parked_row, unmet, session_actor, actor) VALUES ('2026-04-10', 'lead', 'INSERT', '{}', '[]', 'x', 'x')$$, 'SELECT parked_share FROM crm.report_trust WHERE report = ''funnel'''), '0.166667', 'one row of six is parked');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-11''', 'SELECT fresh_share FROM crm.report_trust WHERE report = ''funnel'''), '1.000000', 'six days are fresh');
SELECT is_empty('SELECT report FROM report_trust WHERE NOT trust_share BETWEEN 0 AND 1', 'between 0 and 1');

-- rights

SELECT 'plan_' || pg_backend_pid() AS reader, 'plan_ops_' || pg_backend_pid() AS ops \gset
CREATE ROLE :reader;
CREATE ROLE :ops;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'ops', 'revops') \g /dev/null
GRANT USAGE ON SCHEMA public TO :reader, :ops;
SET ROLE :reader;
SELECT cmp_ok(count(*), '>', 0::bigint, 'a reader sees the plan') FROM crm.plan_vs_actual;
SELECT lives_ok('SELECT * FROM crm.bonus, crm.joint_goals, crm.forecast_accuracy, crm.report_trust', 'and all the rest');
SELECT throws_ok('DELETE FROM crm.bonus_part', '42501', NULL, 'but changes nothing');
SET ROLE :ops;
SELECT lives_ok('UPDATE crm.bonus_part SET weight = 0.5', 'revenue operations edit the bonus');
RESET ROLE;
SELECT is(count(*), 5::bigint, 'and it is kept who did') FROM definition_change WHERE definition = 'bonus_part' AND operation = 'UPDATE' AND actor = :'ops';
DROP OWNED BY :reader, :ops;
DROP ROLE :reader, :ops;

SELECT * FROM finish();
