-- The reports on pipeline, revenue and cohorts, on a small company whose every
-- figure was worked out by hand.  All of it goes through the guard.
SET client_min_messages = warning;
-- large plans over few rows
SET jit = off;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
\ir common/deals.sql
SELECT results_eq($$SELECT rows_of('SELECT name, outcome, won_at::date, closed_at::date, value, furthest_ordinal, new_customer FROM deal ORDER BY name')$$, ARRAY[
    'A,won,2026-02-09,2026-02-09,1000.00,13,t', 'B,won,2026-03-11,2026-03-11,3000.00,13,t', 'C,lost,,2026-02-20,2000.00,11,', 'D,lost,,2026-03-07,250.00,8,',
    'E,won,2026-04-01,2026-04-01,500.00,13,f', 'F,void,,2026-02-03,9999.00,8,', 'G,void,,2026-03-02,7777.00,13,',
    'H,open,,,4000.00,11,', 'I,open,,,500.00,8,', 'J,open,,,,11,', 'K,open,,,1500.00,8,'], 'the deals; what was opened in error was not won');

-- of 5 closed deals 3 are won; 4 of them got to proposal, 3 of these are won

SELECT results_eq($$SELECT rows_of('SELECT ordinal, stage, closed, won, win_rate FROM stage_win_rate')$$, ARRAY[
    '8,opportunity,5,3,0.600000', '9,budget,4,3,0.750000', '10,value,4,3,0.750000', '11,proposal,4,3,0.750000', '12,decision,3,3,1.000000'], 'stage_win_rate');
SELECT results_eq('SELECT win_rate_low, win_rate_high FROM stage_win_rate WHERE ordinal = 8', 'SELECT low, high FROM leadflow.share_interval(3, 5)', 'its interval');
SELECT results_eq($$SELECT rows_of('SELECT name, stage, age_seconds / 86400, stage_seconds / 86400, norm_seconds / 86400, slipped_days, value, win_probability, weighted_value, value_share,
        stalled, slipped, without_date, without_value, without_owner FROM pipeline_deals ORDER BY name')$$, ARRAY[
    'H,proposal,30,27,21,6,4000.00,0.750000,3000.00,0.666667,t,t,f,f,f', 'I,opportunity,10,10,21,0,500.00,0.600000,300.00,0.083333,f,f,f,f,f',
    'J,value,20,5,21,,,0.750000,,,f,f,t,t,t', 'K,opportunity,60,27,21,0,1500.00,0.600000,900.00,0.250000,t,f,f,f,f'], 'pipeline_deals');
SELECT results_eq($$SELECT rows_of('SELECT stage, deals, value, amounts_unknown, deals_share, value_share, stage_seconds_average, stage_seconds_median, norm_seconds, over_norm, slipped, closed, won, win_rate, weighted_value FROM pipeline_stages')$$, ARRAY[
    'opportunity,2,2000.00,0,0.500000,0.333333,1598400,1598400,1814400,1,0,5,3,0.600000,1200.00', 'budget,0,0.00,0,0.000000,0.000000,,,1814400,0,0,4,3,0.750000,0.00',
    'value,1,0.00,1,0.250000,0.000000,432000,432000,1814400,0,0,4,3,0.750000,0.00', 'proposal,1,4000.00,0,0.250000,0.666667,2332800,2332800,1814400,1,1,4,3,0.750000,3000.00',
    'decision,0,0.00,0,0.000000,0.000000,,,1209600,0,0,3,3,1.000000,0.00'], 'pipeline_stages');

-- targets: the shortest that runs; what names two belongs to no row

INSERT INTO target (metric, starts_on, ends_on, segment, team, owner, value) VALUES
    ('revenue', '2026-01-01', '2026-12-31', NULL, NULL, NULL, 10000), ('revenue', '2026-04-01', '2026-06-30', NULL, NULL, NULL, 2500), ('revenue', '2026-03-01', '2026-03-31', NULL, NULL, NULL, 1),
    ('deals', '2026-04-01', '2026-04-30', NULL, NULL, NULL, 3), ('revenue', '2026-04-01', '2026-04-30', 'small', NULL, NULL, 1000), ('revenue', '2026-04-01', '2026-04-30', NULL, 'north', NULL, 500),
    ('revenue', '2026-04-16', '2026-04-16', NULL, NULL, 'zoe', 100), ('revenue', '2026-04-16', '2026-04-16', 'large', 'south', NULL, 5);
SELECT results_eq($$SELECT rows_of('SELECT dimension, dimension_value, deals, value, amounts_unknown, weighted_value, unweighted, target_starts_on, target_value, won_value, gap, coverage, weighted_coverage, due_value, due_coverage FROM pipeline_health')$$, ARRAY[
    'total,*,4,6000.00,1,4200.00,0,2026-04-01,2500.00,500.00,2000.00,3.0000,2.1000,5500.00,2.7500',
    'segment,large,2,2000.00,0,1200.00,0,,,,,,,,', 'segment,small,1,4000.00,0,3000.00,0,2026-04-01,1000.00,500.00,500.00,8.0000,6.0000,4000.00,8.0000', 'segment,,1,0.00,1,,0,,,,,,,,',
    'team,north,1,4000.00,0,3000.00,0,2026-04-01,500.00,500.00,0.00,,,4000.00,', 'team,south,2,2000.00,0,1200.00,0,,,,,,,,', 'team,,1,0.00,1,,0,,,,,,,,',
    'owner,anna,1,4000.00,0,3000.00,0,,,,,,,,', 'owner,bert,2,2000.00,0,1200.00,0,,,,,,,,', 'owner,zoe,0,0.00,0,,0,2026-04-16,100.00,0.00,100.00,0.0000,,0.00,0.0000', 'owner,,1,0.00,1,,0,,,,,,,,'],
    'pipeline_health: enough?');
SELECT results_eq($$SELECT rows_of('SELECT dimension_value, age_seconds_average, stalled, stalled_value, over_norm_share, slipped, slipped_value, without_date, largest_share, largest_five_share, herfindahl FROM pipeline_health WHERE dimension IN (''total'', ''segment'')')$$, ARRAY[
    '*,2592000,2,5500.00,0.500000,1,4000.00,1,0.666667,1.000000,0.513889', 'large,3024000,1,1500.00,0.500000,0,0.00,0,0.750000,1.000000,0.625000',
    'small,2592000,1,4000.00,1.000000,1,4000.00,0,1.000000,1.000000,1.000000', ',1728000,0,0.00,0.000000,0,0.00,1,,,'], 'pipeline_health: sound?');
SELECT is(tried('UPDATE crm.opportunity SET amount = -5999.99 WHERE name = ''K''', 'SELECT p.value || '' '' || p.largest_share || '' '' || p.coverage FROM crm.pipeline_health p WHERE dimension = ''total'''),
    '-1499.99 0.888889 -0.7500', 'an amount below 0 breaks no share');
SELECT is(tried('UPDATE crm.opportunity SET currency = ''CHF'' WHERE name = ''H''', 'SELECT p.value || '' '' || p.amounts_unknown FROM crm.pipeline_health p WHERE dimension = ''total'''), '2000.00 2', 'an amount without a rate is not known');

-- 4 x 0.6 x 1500 / 52

SELECT results_eq($$SELECT rows_of('SELECT dimension, dimension_value, open_deals, won, lost, win_rate, won_value_average, cycle_days_average, cycle_days_median, velocity FROM velocity WHERE dimension IN (''total'', ''segment'', ''kind'')')$$, ARRAY[
    'total,*,4,3,2,0.600000,1500.00,52.0000,50.0000,69.23', 'segment,large,2,1,1,0.500000,3000.00,50.0000,50.0000,60.00', 'segment,small,1,2,1,0.666667,750.00,53.0000,53.0000,9.43', 'segment,,1,0,0,,,,,',
    'kind,new,4,2,2,0.500000,2000.00,40.0000,40.0000,100.00', 'kind,upsell,0,1,0,1.000000,500.00,76.0000,76.0000,0.00'], 'velocity');
SELECT is(tried('SET LOCAL leadflow.clock = ''2027-03-01''', 'SELECT v.won || '' '' || v.lost FROM crm.velocity v WHERE dimension = ''total'''), '2 1', 'of the last 365 days: not A and C');
SELECT results_eq($$SELECT rows_of('SELECT month, won, lost, win_rate, value_win_rate, won_value, lost_value, won_value_average, won_value_share, amounts_unknown FROM win_rate WHERE dimension = ''total'' ORDER BY month')$$, ARRAY[
    '2026-02-01,1,1,0.500000,0.333333,1000.00,2000.00,1000.00,1.000000,0', '2026-03-01,1,1,0.500000,0.923077,3000.00,250.00,3000.00,1.000000,0', '2026-04-01,1,0,1.000000,1.000000,500.00,0.00,500.00,1.000000,0'], 'win_rate by month');
SELECT results_eq($$SELECT rows_of('SELECT dimension, dimension_value, label, won, lost, won_value FROM win_rate WHERE month = ''2026-03-01'' ORDER BY dimension')$$, ARRAY[
    'campaign,1,Fair,1,1,3000.00', 'kind,new,new,1,1,3000.00', 'origin,event,event,1,1,3000.00', 'owner,bert,bert,1,1,3000.00', 'segment,large,large,1,1,3000.00', 'team,south,south,1,1,3000.00', 'total,*,*,1,1,3000.00'], 'win_rate by dimension');
SELECT results_eq('SELECT win_rate_low, win_rate_high FROM win_rate WHERE dimension = ''total'' AND month = ''2026-03-01''', 'SELECT low, high FROM leadflow.share_interval(1, 2)', 'its interval');
SELECT results_eq($$SELECT rows_of('SELECT last_stage, exit_stage, reason, category, deals, deals_share, value, value_share, amounts_unknown, age_seconds_average FROM loss_reasons')$$, ARRAY[
    'opportunity,lost,no_need,need,1,0.500000,250.00,0.111111,0,2592000', 'proposal,lost,no_budget,budget,1,0.500000,2000.00,0.888889,0,1641600'], 'loss_reasons: K is open again');

SELECT results_eq($$SELECT rows_of('SELECT month, opening, opened, reopened, won, lost, closing, advanced, moved_back, slipped, amounts_unknown FROM pipeline_movement')$$, ARRAY[
    '2026-01-01,0,3,0,0,0,3,0,0,0,0', '2026-02-01,3,3,0,1,1,4,1,0,0,0', '2026-03-01,4,2,1,1,2,4,1,0,0,1', '2026-04-01,4,1,0,1,0,4,1,1,1,0'], 'pipeline_movement in number');
SELECT results_eq($$SELECT rows_of('SELECT month, opening_value, opened_value, reopened_value, won_value, lost_value, closing_value, advanced_value, moved_back_value, slipped_value FROM pipeline_movement')$$, ARRAY[
    '2026-01-01,0.00,4500.00,0.00,0.00,0.00,4500.00,0.00,0.00,0.00', '2026-02-01,4500.00,3750.00,0.00,1000.00,2000.00,5250.00,2000.00,0.00,0.00',
    '2026-03-01,5250.00,4000.00,1500.00,3000.00,1750.00,6000.00,4000.00,0.00,0.00', '2026-04-01,6000.00,500.00,0.00,500.00,0.00,6000.00,0.00,0.00,4000.00'], 'pipeline_movement in value');
SELECT results_eq($$SELECT rows_of('SELECT month, dimension, dimension_value, deals, customers, deals_share, value, value_share FROM revenue_structure WHERE dimension IN (''total'', ''kind'', ''customer'') ORDER BY month, dimension')$$, ARRAY[
    '2026-02-01,customer,new,1,1,1.000000,1000.00,1.000000', '2026-02-01,kind,new,1,1,1.000000,1000.00,1.000000', '2026-02-01,total,*,1,1,1.000000,1000.00,1.000000',
    '2026-03-01,customer,new,1,1,1.000000,3000.00,1.000000', '2026-03-01,kind,new,1,1,1.000000,3000.00,1.000000', '2026-03-01,total,*,1,1,1.000000,3000.00,1.000000',
    '2026-04-01,customer,returning,1,1,1.000000,500.00,1.000000', '2026-04-01,kind,upsell,1,1,1.000000,500.00,1.000000', '2026-04-01,total,*,1,1,1.000000,500.00,1.000000'], 'revenue_structure');
SELECT results_eq($$SELECT rows_of('SELECT month, age_months, complete, customers, retained, retained_share, deals, revenue, revenue_so_far, revenue_per_customer, net_revenue_retention FROM customer_value')$$, ARRAY[
    '2026-02-01,0,t,1,1,1.000000,1,1000.00,1000.00,1000.00,', '2026-02-01,1,t,1,1,1.000000,1,0.00,1000.00,1000.00,', '2026-02-01,2,f,1,1,1.000000,2,500.00,1500.00,1500.00,',
    '2026-03-01,0,t,1,1,1.000000,1,3000.00,3000.00,3000.00,', '2026-03-01,1,f,1,0,0.000000,1,0.00,3000.00,3000.00,'], 'customer_value: B has left');
-- of 1500 in the first year 500 is left when the first deal is more than a year ago
SELECT is(tried('SET LOCAL leadflow.clock = ''2027-03-20''', $$SELECT string_agg(age_months || ' ' || net_revenue_retention, ', ' ORDER BY age_months) FROM crm.customer_value WHERE month = '2026-02-01' AND net_revenue_retention IS NOT NULL$$),
    '12 0.333333, 13 0.333333', 'net revenue retention');

-- pipeline_asof

SELECT results_eq($$SELECT name, value FROM leadflow.pipeline_asof('crm', '2026-02-25') ORDER BY name$$, $$VALUES ('B', 3000.00), ('D', 250.00), ('E', 400.00), ('K', 1500.00)$$, 'what was won, lost or came back later was open then, and worth what it was then');
SELECT results_eq($$SELECT name, win_probability FROM leadflow.pipeline_asof('crm', '2026-03-15')$$, $$VALUES ('E', 0.400000)$$, 'with the probabilities of then: two won, C, D and K lost');
SELECT is(count(*), 0::bigint, 'before everything') FROM leadflow.pipeline_asof('crm', '2026-01-01');
SELECT is(current_setting('leadflow.clock'), '2026-04-16 00:00+00', 'the clock of the session is as it was');
CREATE FUNCTION same_as_of(at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    then_rows jsonb;
    n bigint;
BEGIN
    SELECT jsonb_agg(to_jsonb(p) ORDER BY p.opportunity_id) INTO then_rows FROM leadflow.pipeline_asof('crm', at) p;
    PERFORM set_config('leadflow.clock', at::text, true);
    SELECT CASE WHEN jsonb_agg(to_jsonb(p) ORDER BY p.opportunity_id) IS NOT DISTINCT FROM then_rows THEN count(*) ELSE -1 END INTO n FROM crm.pipeline_deals p;
    PERFORM set_config('leadflow.clock', '2026-04-16 00:00+00', true);
    RETURN n;
END $$;
SELECT is(same_as_of(d), n::bigint, 'pipeline_asof is the view at ' || d) FROM (VALUES ('2026-01-31'::timestamptz, 3), ('2026-02-28', 4), ('2026-03-31 23:59', 4), ('2026-04-16', 4), ('2027-01-01', 4)) v (d, n);
SELECT throws_ok($$SELECT * FROM leadflow.pipeline_asof('public', '2026-01-01')$$, '42704', NULL, 'not a workspace');
SELECT throws_ok($$SELECT * FROM leadflow.pipeline_asof(NULL, '2026-01-01')$$, '42704', NULL, 'no workspace');
SELECT throws_ok($$SELECT * FROM leadflow.pipeline_asof('crm', NULL)$$, '22004', NULL, 'no instant');
SELECT throws_ok($$SELECT * FROM leadflow.pipeline_asof('crm', 'infinity')$$, '22023', NULL, 'an instant that never comes');
SELECT set_eq($$SELECT p.name, t.typname FROM pg_proc f CROSS JOIN LATERAL unnest(f.proargnames, f.proallargtypes, f.proargmodes) p (name, type, mode) JOIN pg_type t ON t.oid = p.type
        WHERE f.oid = 'leadflow.pipeline_asof(text, timestamptz)'::regprocedure AND p.mode = 't'$$,
    $$SELECT a.attname::text, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = 'crm.pipeline_deals'::regclass AND a.attnum > 0$$, 'it has the columns of the view');

SELECT 'lf_' || pg_backend_pid() || '_reader' AS reader, 'lf_' || pg_backend_pid() || '_other' AS other \gset
CREATE ROLE :reader;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
GRANT USAGE ON SCHEMA public TO :reader;
SET ROLE :reader;
SELECT is(tried('SELECT * FROM leadflow.pipeline_asof(''crm'', ''2026-02-25'')'), '00000', 'who reads reports reads the pipeline of then');
SELECT is(tried(format('SELECT * FROM crm.%I', v)), '00000', 'and ' || v)
FROM unnest('{pipeline_health,pipeline_stages,pipeline_movement,velocity,win_rate,loss_reasons,revenue_structure,customer_value,cohort,cohort_conversion,mix_rate,bottlenecks}'::text[]) v;
RESET ROLE;
CREATE ROLE :other;
SET ROLE :other;
SELECT is(tried('SELECT * FROM leadflow.pipeline_asof(''crm'', ''2026-02-25'')'), '42501', 'who has no right does not');
RESET ROLE;
DROP OWNED BY :reader;
DROP ROLE :reader, :other;

\ir common/cohorts.sql
\o /dev/null
-- a test, with a deal
SELECT lead('spam', '2026-01-05', 'mql', 'web');
INSERT INTO opportunity (source, name, lead_id, stage, stage_since, created_at, amount) SELECT 't', 'L', id, 'opportunity', '2026-04-01', '2026-04-01', 100000 FROM crm.lead WHERE full_name = 'spam';
SELECT move_lead('spam', '2026-04-02', 'disqualified', 'spam');
\o
SELECT is(count(*), 4::bigint, 'a deal of a lead outside is not in the pipeline') FROM pipeline_deals;

SELECT results_eq($$SELECT rows_of('SELECT month, age_months, complete, leads, mql, sal, sql, opportunity, won, mql_share, won_share FROM cohort')$$, ARRAY[
    '2026-01-01,0,t,10,4,0,0,0,0,0.400000,0.000000', '2026-01-01,1,t,10,4,1,0,0,0,0.400000,0.000000', '2026-01-01,2,t,10,4,2,1,1,1,0.400000,0.100000', '2026-01-01,3,f,10,4,2,1,1,1,0.400000,0.100000',
    '2026-02-01,0,t,10,5,0,0,0,0,0.500000,0.000000', '2026-02-01,1,t,10,5,0,0,0,0,0.500000,0.000000', '2026-02-01,2,f,10,5,0,0,0,0,0.500000,0.000000'], 'cohort');
SELECT results_eq($$SELECT rows_of('SELECT month, days, complete, leads, won, won_share, followed, followed_won_share, still_open FROM cohort_conversion WHERE days >= 60')$$, ARRAY[
    '2026-01-01,60,t,4,0,0.000000,4,0.000000,0', '2026-01-01,90,t,4,1,0.250000,4,0.250000,0', '2026-01-01,180,f,4,1,0.250000,0,,2', '2026-01-01,365,f,4,1,0.250000,0,,2',
    '2026-02-01,60,t,5,0,0.000000,5,0.000000,0', '2026-02-01,90,f,5,0,0.000000,0,,5', '2026-02-01,180,f,5,0,0.000000,0,,5', '2026-02-01,365,f,5,0,0.000000,0,,5'], 'cohort_conversion: web1.1 took 64 days, web1.3 is out');
SELECT results_eq($$SELECT rows_of('SELECT month, complete, is_total, dimension_value, leads, leads_before, converted, share, share_before, conversion, conversion_before, mix_effect, rate_effect, effect
        FROM mix_rate WHERE position = 1 AND days = 30 AND dimension = ''origin''')$$, ARRAY[
    '2026-01-01,t,t,*,10,0,4,1.000000,,0.400000,,,,', '2026-01-01,t,f,event,4,0,1,0.400000,,0.250000,,,,', '2026-01-01,t,f,web,6,0,3,0.600000,,0.500000,,,,',
    '2026-02-01,t,t,*,10,10,5,1.000000,1.000000,0.500000,0.400000,-0.050000,0.150000,0.100000',
    '2026-02-01,t,f,event,8,4,4,0.800000,0.400000,0.500000,0.250000,-0.030000,0.150000,0.120000',
    '2026-02-01,t,f,web,2,6,1,0.200000,0.600000,0.500000,0.500000,-0.020000,0.000000,-0.020000'], 'mix_rate: more of the worse origin, which became better');
SELECT results_eq('SELECT days, month, complete FROM mix_rate WHERE position = 1 AND dimension = ''origin'' AND is_total', $$VALUES (30::bigint, '2026-01-01'::date, true), (30, '2026-02-01', true), (90, '2026-01-01', true), (90, '2026-02-01', false)$$,
    'what has not had its days is not complete');

-- the benchmark takes 30 leads: 10 of 40 became MQLs, 20 of 40 the period before; all MQLs are won

SELECT is(count(*), 0::bigint, 'no bottleneck among so few') FROM bottlenecks WHERE bottleneck;
SELECT leadflow.create_workspace('large') \g /dev/null
SET search_path = large, public;
SET leadflow.clock = '2026-12-01 00:00+00';
DELETE FROM standard;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant)
SELECT a.at, a.at, n, 1, false, 'lead', CASE a.stage WHEN 'mql' THEN 'lead' WHEN 'won' THEN 'mql' END::leadflow.stage, a.stage::leadflow.stage, 'x', 'x', '*'
FROM generate_series(1, 80) n
CROSS JOIN LATERAL (SELECT CASE WHEN n <= 40 THEN '2026-08-01'::timestamptz ELSE '2026-05-01' END AS at, n <= 10 OR n > 60 AS good) b
CROSS JOIN LATERAL (VALUES ('lead', b.at), ('mql', b.at + interval '10 days'), ('won', b.at + interval '40 days')) a (stage, at)
WHERE a.stage = 'lead' OR b.good;
INSERT INTO opportunity (source, stage, stage_since, created_at, amount, reason) VALUES ('t', 'won', '2026-08-01', '2026-08-01', 900, NULL) RETURNING id \g /dev/null
SELECT results_eq($$SELECT rows_of('SELECT rank, bottleneck, from_stage, to_stage, leads, converted, conversion, benchmark, won_after_share, extra_won_per_month, extra_revenue_per_month, seconds_median, norm_seconds, over_norm
        FROM bottlenecks LIMIT 3')$$, ARRAY[
    '1,t,lead,mql,40,10,0.250000,0.500000,1.000000,3.3796,3041.67,864000,2592000,f', '2,f,mql,contacted,10,10,1.000000,1.000000,1.000000,0.0000,0.00,2592000,172800,t',
    '2,f,contacted,sal,20,20,1.000000,1.000000,1.000000,0.0000,0.00,0,864000,f'], 'bottlenecks: 40 / 90 x 0.25 x 365 / 12 leads more');

SELECT * FROM finish();
