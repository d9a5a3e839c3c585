-- The reports on a published set of 8,800 opportunities ("CRM Sales
-- Opportunities" by Maven Analytics). The expected figures were computed from
-- the files outside PostgreSQL.
\if :{?shared}
\set dir :shared '/data/maven_crm'
SET client_min_messages = warning;
-- large plans over few rows
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();

\set here `pwd`
\cd :dir
CREATE TEMPORARY TABLE raw_team (agent text, manager text, office text);
\copy raw_team FROM 'sales_teams.csv' WITH (FORMAT csv, HEADER)
CREATE TEMPORARY TABLE raw_deal (id text, agent text, product text, account text, stage text, engaged date, closed date, value numeric);
\copy raw_deal FROM 'sales_pipeline.csv' WITH (FORMAT csv, HEADER)
\cd :here

SELECT leadflow.create_workspace('maven') \g /dev/null
\ir common/rows_of.sql
SET search_path = maven, public;
SET leadflow.clock = '2017-12-31 12:00+00';
DELETE FROM standard WHERE criterion <> 'reason';
UPDATE sla_policy SET active = false;
INSERT INTO team_member (member, team, department) SELECT agent, office, 'sales' FROM raw_team;
INSERT INTO account (source, external_id, name) SELECT DISTINCT 'maven', account, account FROM raw_deal WHERE account IS NOT NULL;
-- a deal in prospecting has no date: it counts from the first of the set
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, account_id, segment, owner, amount)
SELECT 'maven', r.id, CASE r.stage WHEN 'Prospecting' THEN 'opportunity' ELSE 'budget' END::leadflow.stage, COALESCE(r.engaged, '2016-10-20'), COALESCE(r.engaged, '2016-10-20'),
       a.id, r.product, r.agent, CASE WHEN r.stage = 'Won' THEN r.value END
FROM raw_deal r LEFT JOIN account a ON a.external_id = r.account;
UPDATE opportunity o SET stage = CASE r.stage WHEN 'Won' THEN 'won' ELSE 'lost' END::leadflow.stage, stage_since = r.closed, reason = CASE r.stage WHEN 'Lost' THEN 'no_need' END
FROM raw_deal r WHERE r.id = o.external_id AND r.closed IS NOT NULL;
ANALYZE;

SELECT results_eq('SELECT outcome, count(*) FROM deal GROUP BY outcome ORDER BY outcome', $$VALUES ('lost', 2473::bigint), ('open', 2089), ('won', 4238)$$, 'every deal');
SELECT results_eq($$SELECT dimension_value, open_deals, won, lost, win_rate FROM velocity WHERE dimension IN ('total', 'team')$$,
    $$VALUES ('*', 2089::bigint, 4238::bigint, 2473::bigint, 0.631501), ('Central', (SELECT count(*) FROM raw_deal JOIN raw_team USING (agent) WHERE closed IS NULL AND office = 'Central'), 1629, 975, 0.625576),
             ('East', (SELECT count(*) FROM raw_deal JOIN raw_team USING (agent) WHERE closed IS NULL AND office = 'East'), 1171, 687, 0.630248),
             ('West', (SELECT count(*) FROM raw_deal JOIN raw_team USING (agent) WHERE closed IS NULL AND office = 'West'), 1438, 811, 0.639395)$$, 'win rate of all and by office');
SELECT results_eq($$SELECT cycle_days_average, cycle_days_median, won_value_average, velocity FROM velocity WHERE dimension = 'total'$$,
    'SELECT 51.7820, 57.0000, round(10005534 / 4238.0, 2), round(2089 * (4238 / 6711.0) * (10005534 / 4238.0) / 51.781972628598, 2)', 'cycle, value and velocity');
SELECT results_eq($$SELECT dimension_value, won, lost, win_rate, cycle_days_median FROM velocity WHERE dimension = 'segment'$$,
    $$VALUES ('GTK 500', 15::bigint, 10::bigint, 0.600000, 69.0000), ('GTX Basic', 915, 521, 0.637187, 61.0000), ('GTX Plus Basic', 653, 398, 0.621313, 56.0000), ('GTX Plus Pro', 479, 266, 0.642953, 57.0000),
             ('GTXPro', 729, 418, 0.635571, 47.0000), ('MG Advanced', 654, 430, 0.603321, 57.5000), ('MG Special', 793, 430, 0.648406, 57.0000)$$, 'win rate and median days by product');
SELECT results_eq($$SELECT dimension_value, sum(won)::bigint, sum(lost)::bigint, sum(won_value) FROM win_rate WHERE dimension IN ('total', 'team') GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('*', 4238::bigint, 2473::bigint, 10005534.00), ('Central', 1629, 975, 3346293), ('East', 1171, 687, 3090594), ('West', 1438, 811, 3568647)$$, 'win_rate: all months together');
SELECT results_eq($$SELECT dimension_value, sum(value) FROM revenue_structure WHERE dimension = 'segment' GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('GTK 500', 400612.00), ('GTX Basic', 499263), ('GTX Plus Basic', 705275), ('GTX Plus Pro', 2629651), ('GTXPro', 3510578), ('MG Advanced', 2216387), ('MG Special', 43768)$$, 'revenue by product');
SELECT results_eq('SELECT last_stage, deals, deals_share, age_seconds_average, amounts_unknown FROM loss_reasons', $$VALUES ('budget', 2473::bigint, 1.000000, floor(41.47917509098261 * 86400)::bigint, 2473::bigint)$$, 'days of the lost');
SELECT results_eq('SELECT ordinal, closed, won, win_rate FROM stage_win_rate WHERE ordinal <= 10', $$VALUES (8::bigint, 6711::bigint, 4238::bigint, 0.631501), (9, 6711, 4238, 0.631501), (10, 4238, 4238, 1.000000)$$, 'stage_win_rate');
-- 12 hours more than at midnight
SELECT results_eq('SELECT stage, deals, stage_seconds_median, stage_seconds_average FROM pipeline_stages WHERE deals > 0 AND ordinal = 9', $$VALUES ('budget', 1589::bigint, 165 * 86400 + 43200::bigint, round(198.81623662680932 * 86400)::bigint + 43200)$$, 'age of the engaging deals');
SELECT results_eq('SELECT closing, sum_won, sum_lost FROM (SELECT month, closing, sum(won) OVER ()::bigint AS sum_won, sum(lost) OVER ()::bigint AS sum_lost FROM pipeline_movement) b ORDER BY month DESC LIMIT 1',
    $$VALUES (2089::bigint, 4238::bigint, 2473::bigint)$$, 'pipeline_movement ends with the open deals');
SELECT results_eq($$SELECT count(*) FROM leadflow.pipeline_asof('maven', '2017-06-30')$$,
    $$SELECT count(*) FROM raw_deal WHERE COALESCE(engaged, '2016-10-20') <= '2017-06-30' AND (closed > '2017-06-30') IS NOT FALSE$$, 'pipeline_asof: what is won later is open');
SELECT is(count(*), 0::bigint, 'nothing was set aside') FROM quarantine;
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
