-- The agenda of the quarterly review, reckoned by hand.
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
DELETE FROM bonus_part;
DELETE FROM agreement WHERE agreement NOT IN ('volume', 'qualification');
UPDATE workspace SET currency = 'EUR';
CREATE FUNCTION agenda(topic text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT rows_of(format('SELECT item, detail, unit, value::float8, planned::float8, quarter_before::float8, change::float8, year_before::float8 FROM quarterly_review
                           WHERE topic = %L AND quarter_starts_on = ''2026-04-01'' ORDER BY position, detail', topic)) $$;
CREATE FUNCTION deal_of(of_lead text, deal text, worth numeric) RETURNS void LANGUAGE sql AS $$
    INSERT INTO opportunity (source, external_id, lead_id, stage, amount, currency, owner) SELECT 't', deal, id, 'opportunity', worth, 'EUR', 'anna' FROM lead WHERE external_id = of_lead $$;

INSERT INTO exchange_rate (currency, valid_from, rate) VALUES ('USD', '2026-01-01', 0.9), ('USD', '2026-08-01', 0.5);
INSERT INTO campaign (source, external_id, name, channel, starts_on, budget, currency) VALUES
    ('t', 's', 'Search', 'search', '2026-01-10', 1000, 'EUR'), ('t', 'e', 'Fair', 'event', '2026-07-15', 500, 'USD'), ('t', 'n', 'Without a rate', 'event', '2026-07-20', 70, 'CHF');
INSERT INTO campaign_cost (campaign_id, spent_on, cost, currency) SELECT id, d, c, 'EUR' FROM campaign, (VALUES (date '2026-02-01', 200), ('2026-05-01', 300)) v (d, c) WHERE external_id = 's';
INSERT INTO target (metric, starts_on, ends_on, segment, value) VALUES
    ('revenue', '2026-04-01', '2026-06-30', NULL, 2500), ('revenue', '2026-07-01', '2026-09-30', NULL, 8000), ('deals', '2026-04-01', '2026-06-30', 'small', 2),
    ('revenue', '2026-04-01', '2026-04-30', NULL, 700), ('revenue', '2026-01-01', '2026-12-31', NULL, 9000);

SET leadflow.clock = '2026-02-01 10:00';
INSERT INTO lead (source, external_id, stage, segment, campaign_id) SELECT 't', '1', 'mql', 'small', id FROM campaign WHERE external_id = 's';
SET leadflow.clock = '2026-02-10 10:00';
UPDATE lead SET stage = 'sql';
SET leadflow.clock = '2026-02-15 10:00';
SELECT deal_of('1', 'a', 1000) \g /dev/null
SET leadflow.clock = '2026-03-01 10:00';
UPDATE opportunity SET stage = 'won' WHERE external_id = 'a';
SET leadflow.clock = '2026-05-01 10:00';
INSERT INTO lead (source, external_id, stage, segment, campaign_id) SELECT 't', '2', 'mql', 'large', id FROM campaign WHERE external_id = 's';
INSERT INTO lead (source, external_id, stage, segment) VALUES ('t', '3', 'mql', 'small'), ('t', '4', 'mql', 'small');
SET leadflow.clock = '2026-05-03 10:00';
UPDATE lead SET stage = 'sql' WHERE external_id IN ('2', '3');
SET leadflow.clock = '2026-05-05 10:00';
SELECT deal_of('2', 'b', 3000), deal_of('3', 'c', 800) \g /dev/null
INSERT INTO touch (lead_id, at, kind, direction, content) SELECT l.id, t.at, 'content_download', 'inbound', t.content
FROM lead l JOIN (VALUES ('1', timestamptz '2026-03-02', 'case'), ('2', '2026-05-02', 'guide'), ('2', '2026-05-04', 'guide'), ('3', '2026-05-04', 'guide')) t (lead, at, content) ON t.lead = l.external_id;
INSERT INTO hypothesis (hypothesis, question, owner, starts_on, ends_on, measure, closed_on, verdict, conclusion)
    VALUES ('short_form', 'A short form brings more leads', 'anna', '2026-04-01', '2026-06-01', 'leads per visit', '2026-05-20', 'confirmed', 'keep it'),
           ('price', 'A lower price is asked for', 'anna', '2026-06-01', '2026-09-01', 'talks', NULL, NULL, NULL);
INSERT INTO experiment (experiment, hypothesis, variant_a, variant_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, reaches)
    VALUES ('pilot', 'price', 'full', 'less', '2026-06-01', '2026-06-30', '2026-07-01', '2026-08-31', 'won');
SET leadflow.clock = '2026-06-04 10:00';
UPDATE opportunity SET stage = 'won' WHERE external_id = 'b';
INSERT INTO debrief (opportunity_id, held_by, conclusions) SELECT id, '{anna}', 'they wanted proof' FROM opportunity WHERE external_id = 'b';
INSERT INTO lesson (debrief_id, works, lesson, action, owner, due, done_at) SELECT id, true, 'proof works', 'write a case', 'ola', '2026-07-01', d FROM debrief, (VALUES (timestamptz '2026-06-20'), (NULL)) v (d);
SET leadflow.clock = '2026-06-10 10:00';
UPDATE opportunity SET stage = 'lost', reason = 'no_need' WHERE external_id = 'c';
SET leadflow.clock = '2026-06-20 10:00';
SELECT deal_of('3', 'd', 4000) \g /dev/null
-- of the quarter that runs
SET leadflow.clock = '2026-07-02 10:00';
SELECT deal_of('3', 'e', 60000) \g /dev/null
INSERT INTO lead (source, external_id, stage, segment) VALUES ('t', '5', 'mql', 'huge');

SET leadflow.clock = '2026-07-05 12:00';
SELECT results_eq($$SELECT agenda('plan')$$, ARRAY[
    'target,"deals, segment small",number,0,2,,,', 'target,revenue,number,3000,2500,,,', '"agreement on a number",volume,number,3,300,1,2,',
    '"agreement on a share",qualification,share,0.666667,0.3,1,-0.333333,'], 'what was promised for the quarter, and in it');
SELECT results_eq($$SELECT agenda('results')$$, ARRAY[
    'revenue,,money,3000,,1000,2000,0', '"revenue of new customers",,money,3000,,1000,2000,0', '"deals won",,number,1,,1,0,0', '"win rate",,share,0.5,,1,-0.5,',
    '"average value of a deal won",,money,3000,,1000,2000,', '"days from opening to winning",,days,30,,14,16,'], 'results');
SELECT results_eq($$SELECT agenda('coverage')$$, ARRAY[
    '"opportunities opened",,number,3,,1,2,0', '"pipeline opened",,money,7800,,1000,6800,0', '"pipeline open on the last day",,money,4000,,0,4000,0',
    '"the same by the next quarter''s revenue target",,ratio,0.5,,0,0.5,'], 'coverage');
SELECT results_eq($$SELECT agenda('channels')$$, ARRAY[
    '"spend, by channel",search,money,300,,200,100,0', '"revenue by spend, by channel",search,ratio,10,,5,5,',
    '"qualified (SQL), by channel",search,number,1,,1,0,0', '"qualified (SQL), by channel",,number,1,,0,1,0', '"cost of an SQL, by channel",search,money,300,,200,100,', '"cost of an SQL, by channel",,money,,,,,'], 'channels: no cost known is not a cost of 0');
SELECT results_eq($$SELECT agenda('segments')$$, ARRAY[
    '"revenue, by segment",large,money,3000,,0,3000,0', '"revenue, by segment",small,money,0,,1000,-1000,0', '"win rate, by segment",large,share,1,,,,', '"win rate, by segment",small,share,0,,1,-1,',
    '"qualified (SQL), by segment",large,number,1,,0,1,0', '"qualified (SQL), by segment",small,number,1,,1,0,0'], 'segments');
SELECT results_eq($$SELECT agenda('content')$$, ARRAY['"deals won after it, by content",guide,number,1,,0,1,0'], 'content that came before the deal, once a deal');
SELECT results_eq($$SELECT agenda('tests')$$, ARRAY[
    '"hypotheses closed, by verdict",confirmed,number,1,,0,1,0', '"experiments that end in the next quarter",pilot,number,1,,0,1,0', '"debriefs held",,number,1,,0,1,0', '"lessons acted upon",,number,1,,0,1,0'], 'tests');
SELECT results_eq($$SELECT agenda('budget')$$, ARRAY[
    'spend,,money,300,,200,100,0', '"budget of campaigns that start in the next quarter, by channel",event,money,450,,0,450,0', '"budget of campaigns that start in the next quarter, by channel",search,money,0,,0,0,0'], 'budget, at the rate that is known');
UPDATE exchange_rate SET rate = 0.9015 WHERE valid_from = '2026-01-01';
UPDATE workspace SET currency_decimals = 0;
SELECT is((SELECT value FROM quarterly_review WHERE item LIKE 'budget of%' AND detail = 'event' AND quarter_starts_on = '2026-04-01'), 451::numeric, 'in whole units where there are no cents');
UPDATE workspace SET currency_decimals = 2;
SELECT is((SELECT value FROM quarterly_review WHERE item LIKE 'budget of%' AND detail = 'search' AND quarter_starts_on = '2025-10-01'), 1000::numeric, 'a budget is talked about in the quarter before');
SELECT is((SELECT count(DISTINCT quarter_starts_on) || ' ' || min(quarter_starts_on) || ' ' || max(quarter_starts_on) FROM quarterly_review), '8 2024-07-01 2026-04-01', 'eight whole quarters');
SELECT is((SELECT count(*) FROM quarterly_review WHERE topic = 'corrections'), 0::bigint, 'definitions that are changed later are no correction yet');
SELECT is((SELECT sum(value) FROM quarterly_review WHERE item = 'revenue'), (SELECT sum(value) FROM deal WHERE outcome = 'won'), 'every deal is in one quarter');
SET leadflow.clock = '2027-04-01 00:00';
SELECT is((SELECT year_before FROM quarterly_review WHERE item = 'revenue' AND quarter_starts_on = '2027-01-01'), 1000::numeric, 'beside the year before');
SELECT is((SELECT value FROM quarterly_review WHERE item LIKE 'the same by%' AND quarter_starts_on = '2026-07-01'), NULL, 'no target, no coverage');
SELECT is((SELECT value FROM quarterly_review WHERE item = 'pipeline open on the last day' AND quarter_starts_on = '2026-07-01'), 64000::numeric, 'what is open is carried on');
SELECT ok(bool_and(value > 0 AND quarter_before = 0) AND count(*) > 5, 'corrections by definition')
  FROM (SELECT set_config('leadflow.clock', (date_trunc('quarter', now()) + interval '3 months 1 day')::text, true)) s,
       LATERAL (SELECT * FROM quarterly_review WHERE topic = 'corrections' AND quarter_starts_on = date_trunc('quarter', now())::date) w;
SELECT * FROM finish();
ROLLBACK;
