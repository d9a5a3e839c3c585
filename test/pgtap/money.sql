-- Money in a currency without cents, foreign amounts at the rate of their day, and what comes again every year.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();
\ir common/rows_of.sql
\ir common/tried.sql

SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
DELETE FROM standard;
UPDATE workspace SET currency = 'JPY', currency_decimals = 0;
INSERT INTO exchange_rate (currency, valid_from, rate) VALUES ('EUR', '2026-01-01', 160.555), ('EUR', '2026-03-01', 161.5);
SET leadflow.clock = '2026-02-01 09:00';
INSERT INTO lead (source, external_id, stage) SELECT 't', n::text, 'sql' FROM generate_series(1, 4) n;
INSERT INTO touch (lead_id, at, kind, channel, direction) SELECT id, ('2026-01-0' || n)::timestamptz, 'web_visit', 'c' || n, 'inbound' FROM lead, generate_series(1, 3) n;
INSERT INTO opportunity (source, external_id, name, lead_id, stage, amount, recurring, currency)
SELECT 't', id::text, chr(64 + id::int), id, 'opportunity', (ARRAY[1000, 33.33, 33.33, 7])[id], (ARRAY[400, 10.01, NULL, 0])[id], CASE WHEN id IN (2, 3) THEN 'EUR' ELSE 'JPY' END FROM lead l ORDER BY l.id;
SET leadflow.clock = '2026-02-10 09:00';
UPDATE opportunity SET stage = 'won' WHERE name IN ('A', 'B');
SET leadflow.clock = '2026-03-10 09:00';
UPDATE opportunity SET stage = 'won' WHERE name IN ('C', 'D');

SELECT results_eq($$SELECT rows_of('SELECT name, amount, currency, value, recurring_value FROM deal ORDER BY name')$$, ARRAY[
    'A,1000.00,JPY,1000.00,400.00', 'B,33.33,EUR,5351.00,1607.00', 'C,33.33,EUR,5383.00,', 'D,7.00,JPY,7.00,0.00'],
    'the rate of the day of the win, in whole yen: 33.33 x 160.555 = 5351.30, x 161.5 = 5382.80, 10.01 x 160.555 = 1607.16');
SELECT results_eq($$SELECT rows_of('SELECT month, value, recurring_value FROM revenue_structure WHERE dimension = ''total'' ORDER BY month')$$,
    ARRAY['2026-02-01,6351.00,2007.00', '2026-03-01,5390.00,0.00'], 'what comes again');
SELECT results_eq($$SELECT rows_of('SELECT opportunity, value FROM attribution WHERE model = ''linear'' ORDER BY opportunity, position')$$, ARRAY[
    'A,334.00', 'A,333.00', 'A,333.00', 'B,1784.00', 'B,1784.00', 'B,1783.00', 'C,1795.00', 'C,1794.00', 'C,1794.00', 'D,3.00', 'D,2.00', 'D,2.00'], 'nobody earns a part of a yen');
SELECT is((SELECT count(*) FROM attribution WHERE value <> trunc(value)), 0::bigint, 'by whatever model');
SELECT is((SELECT count(*) FROM attribution_compare WHERE value <> trunc(value) AND model NOT IN ('markov', 'shapley')), 0::bigint, 'nor side by side');
SELECT is((SELECT count(*) FROM (SELECT model, dimension, sum(value) AS v FROM attribution_compare WHERE model NOT IN ('markov', 'shapley') GROUP BY 1, 2) s WHERE v <> 11741), 0::bigint, 'all of it is earned');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-02''', $$SELECT value || ' ' || weighted_value FROM crm.forecast_accuracy WHERE period = 'month' AND from_date = '2026-03-01'$$), '5390.00 5390.00', 'what was open at the beginning of March: C in whole yen, and D');
SELECT is(tried($$INSERT INTO crm.campaign (source, external_id, name, channel, budget, currency, starts_on) VALUES ('t', '1', 'Fair', 'event', 33.33, 'EUR', '2026-02-10');
                  INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost, currency) SELECT id, '2026-02-10', 33.33, 'EUR' FROM crm.campaign$$, 'SELECT spend || '' '' || budget FROM crm.campaign_spend'), '5351.00 5351.00', 'nor does anything cost one');
UPDATE workspace SET currency_decimals = 2;
SELECT is((SELECT value FROM deal WHERE name = 'B'), 5351.30, 'with cents');
SELECT is((SELECT sum(value) FROM attribution WHERE model = 'linear' AND opportunity = 'B'), 5351.30, 'which are shared');
SELECT is(tried('UPDATE workspace SET currency_decimals = 3'), '23514 workspace_currency_decimals_check', 'more decimals than amounts have');
SELECT is(tried('UPDATE opportunity SET recurring = -1'), '23514 opportunity_recurring_check', 'less than nothing every year');
SELECT is(tried('UPDATE opportunity SET recurring = ''NaN'''), '23514 opportunity_recurring_check', 'no number every year');
SELECT * FROM finish();
ROLLBACK;
