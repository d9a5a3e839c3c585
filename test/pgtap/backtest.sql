-- What another rule would have handed over, and the sample for the lead review: on a small history with known truth.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm'), leadflow.create_workspace('bare') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

-- a workspace without leads

SELECT results_eq($$SELECT rows_of('SELECT rule, mqls, won, won_missed, acceptance_rate, cost, cost_per_mql FROM leadflow.backtest(''bare'', ''total > 0'', ''2026-03-01'', ''2026-04-01'')')$$,
    ARRAY['"in force",0,0,0,,,', 'proposed,0,0,0,,,', 'both,0,0,,,,', '"only in force",0,0,,,,', '"only proposed",0,0,,,,'], 'no leads, no figures');
SELECT is(count(*), 0::bigint, 'no leads to review') FROM leadflow.review_sample('bare', '2026-03-01', '2026-04-01');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', ''no_such_column > 0'', ''2026-03-01'', ''2026-04-01'')'), '42703', 'a faulty rule shows without a lead, too');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', ''pg_sleep(1) IS NULL'', ''2026-03-01'', ''2026-04-01'')'), '42P17', 'a rule may do no more than the standard');
SELECT is(tried('SELECT * FROM leadflow.backtest(''nowhere'', ''true'', ''2026-03-01'', ''2026-04-01'')'), '42704', 'not a workspace');
SELECT is(tried('SELECT * FROM leadflow.backtest(NULL, ''true'', ''2026-03-01'', ''2026-04-01'')'), '42704', 'a null workspace');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', NULL, ''2026-03-01'', ''2026-04-01'')'), '22004', 'no rule');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', ''true'', ''2026-04-01'', ''2026-04-01'')'), '22023', 'no period');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', ''true'', ''-infinity'', ''2026-04-01'')'), '22023', 'no beginning');
SELECT is(tried('SELECT * FROM leadflow.backtest(''bare'', ''true'', ''2026-03-01'', ''2026-04-01'', every => ''1 minute'')'), '22023', 'too small a step');
SELECT is(tried('SELECT * FROM leadflow.review_sample(''nowhere'', ''2026-03-01'', ''2026-04-01'')'), '42704', 'a sample of no workspace');
SELECT is(tried('SELECT * FROM leadflow.review_sample(NULL, ''2026-03-01'', ''2026-04-01'')'), '42704', 'a sample of a null workspace');
SELECT is(tried('SELECT * FROM leadflow.review_sample(''bare'', ''2026-03-01'', ''2026-04-01'', 0)'), '22023', 'a sample of no lead');
SELECT is(tried('SELECT * FROM leadflow.review_sample(''bare'', ''2026-04-01'', ''2026-03-01'')'), '22023', 'a sample of no period');
SELECT is(tried('SELECT * FROM leadflow.review_sample(''bare'', ''2026-03-01'', ''2026-04-01'', seed => NULL)'), '22004', 'a sample without a seed');

-- ten points for a visit, half of it gone in two days; five for a director

SET search_path = crm, public;
DELETE FROM score_rule;
DELETE FROM score_grade;
INSERT INTO score_rule (rule, component, points, expression, touch_kinds, half_life, meaning) VALUES
    ('director', 'fit', 5, 'role = ''director''', NULL, NULL, 'decides'), ('visit', 'behaviour', 10, NULL, '{web_visit}', '2 days', 'is interested');
INSERT INTO score_rule (rule, component, points, topics, half_life, meaning) VALUES ('intent', 'behaviour', 8, '{*}', '2 days', 'the company is interested');
INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'A', 5), ('fit', 'B', 0), ('behaviour', '1', 15), ('behaviour', '2', 0);
INSERT INTO campaign (source, name, cost, currency) VALUES ('t', 'Fair', 1200, 'EUR'), ('t', 'Search', 500, NULL), ('t', 'Abroad', 9999, 'USD');
INSERT INTO account (source, name) VALUES ('t', 'Acme');
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE verdict DISABLE TRIGGER USER;
CREATE FUNCTION lead(id bigint, stage text, campaign bigint DEFAULT 1, role text DEFAULT NULL, reason text DEFAULT NULL, created text DEFAULT '2026-03-02', variant text DEFAULT '*', account bigint DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.lead (id, stage_since, created_at, updated_at, stage, source, full_name, campaign_id, role, reason, owner, variant, account_id) OVERRIDING SYSTEM VALUE
    VALUES (id, created::timestamptz, created::timestamptz, created::timestamptz, stage::leadflow.stage, 't', 'Lead ' || id, campaign, role, reason, 'anna', variant, account);
    INSERT INTO crm.stage_event (at, recorded_at, lead_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
    VALUES (created::timestamptz, created::timestamptz, id, 1, false, 'lead', 'lead', 'x', 'x', '*') $$;
CREATE FUNCTION move(id bigint, at timestamptz, from_stage text, to_stage text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, campaign_id)
    VALUES (at, at, id, 1, false, 'lead', from_stage::leadflow.stage, to_stage::leadflow.stage, 'x', 'x', '*', 1) $$;
CREATE FUNCTION says(id bigint, at timestamptz, handed timestamptz, verdict text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.verdict (lead_id, verdict, at, handed_over_at, reason, variant) VALUES (id, verdict, at, handed, reason, '*') $$;
CREATE FUNCTION visit(id bigint, VARIADIC at timestamptz[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT id, 'web_visit', 'inbound', a FROM unnest(at) a $$;

-- the rule: 15 points of behaviour, two visits within two days
SELECT -- 1: two visits a day apart, then handed over; accepted and won
       lead(1, 'won'), visit(1, '2026-03-03', '2026-03-04'), move(1, '2026-03-05', 'lead', 'mql'), says(1, '2026-03-06', '2026-03-05', 'accepted'), move(1, '2026-03-06', 'mql', 'sal'), move(1, '2026-03-20', 'sal', 'won'),
       -- 2: handed over after one visit, rejected
       lead(2, 'nurture', reason => 'not_now'), visit(2, '2026-03-03'), move(2, '2026-03-03', 'lead', 'mql'), says(2, '2026-03-04', '2026-03-03', 'rejected', 'not_now'), move(2, '2026-03-04', 'mql', 'nurture'),
       -- 3: visits once a week: never
       lead(3, 'lead'), visit(3, '2026-03-03', '2026-03-10', '2026-03-17', '2026-03-24'),
       -- 4: met, and nobody saw it; 5 as well, and disqualified since
       lead(4, 'lead', 2), visit(4, '2026-03-10', '2026-03-11', '2026-03-12'), lead(5, 'disqualified', 2, reason => 'not_target'), visit(5, '2026-03-10', '2026-03-10'), move(5, '2026-03-12', 'lead', 'disqualified'),
       -- 6: handed over after one visit and won: missed. What it does with sales is no merit
       lead(6, 'won'), visit(6, '2026-03-03'), move(6, '2026-03-03', 'lead', 'mql'), says(6, '2026-03-04', '2026-03-03', 'accepted'), move(6, '2026-03-04', 'mql', 'sal'), visit(6, '2026-03-05', '2026-03-05'), move(6, '2026-03-09', 'sal', 'won'),
       -- 7: handed over before the period, and busy since: no news
       lead(7, 'won', created => '2026-02-01'), move(7, '2026-02-20', 'lead', 'mql'), says(7, '2026-03-06', '2026-02-20', 'accepted'), visit(7, '2026-03-03', '2026-03-03'), move(7, '2026-03-06', 'mql', 'sal'), move(7, '2026-03-20', 'sal', 'won'),
       -- 8: old, and met in nurture; 9: met before the period, and nothing since
       lead(8, 'nurture', 3, created => '2026-02-01', reason => 'not_now'), move(8, '2026-02-10', 'lead', 'nurture'), visit(8, '2026-03-03', '2026-03-04'),
       lead(9, 'lead', created => '2026-02-01'), visit(9, '2026-02-27', '2026-02-28'),
       -- 10: spam; 11: the rule was met only after the period
       lead(10, 'disqualified', reason => 'spam'), visit(10, '2026-03-03', '2026-03-03'), move(10, '2026-03-04', 'lead', 'disqualified'), lead(11, 'lead'), visit(11, '2026-03-31 12:00', '2026-04-01 00:00'),
       -- 12: handed over and rejected; before the verdict it visits again by itself
       lead(12, 'lost', reason => 'no_need'), visit(12, '2026-03-05'), move(12, '2026-03-05', 'lead', 'mql'), visit(12, '2026-03-06'), says(12, '2026-03-07', '2026-03-05', 'rejected', 'no_need'), move(12, '2026-03-07', 'mql', 'lost'),
       -- 13: the interest of its company, when it was not there yet and when it was; of another variant
       lead(13, 'lead', NULL, account => 1, variant => 'cloud'), visit(13, '2026-03-10') \g /dev/null
INSERT INTO intent_signal (at, account_id, topic) VALUES ('2026-03-01', 1, 'routing'), ('2026-03-11', 1, 'routing');

SET leadflow.clock = '2026-04-15 00:00+00';
SELECT results_eq($$SELECT rows_of('SELECT rule, lead_id, full_name, in_force_at, proposed_at, fit, behaviour, grade, verdict, reason, outcome, won_at::date, owner, campaign_id
        FROM leadflow.backtest_leads(''crm'', ''behaviour >= 15'', ''2026-03-01'', ''2026-04-01'')')$$, ARRAY[
    '"only in force",2,"Lead 2","2026-03-03 00:00:00+00",,0.0000,10.0000,B2,rejected,not_now,lost,,anna,1',
    '"only in force",6,"Lead 6","2026-03-03 00:00:00+00",,0.0000,10.0000,B2,accepted,,won,2026-03-09,anna,1',
    'both,1,"Lead 1","2026-03-05 00:00:00+00","2026-03-04 00:00:00+00",0.0000,17.0711,B1,accepted,,won,2026-03-20,anna,1',
    '"only proposed",8,"Lead 8",,"2026-03-04 00:00:00+00",0.0000,17.0711,B1,,,open,,anna,3',
    'both,12,"Lead 12","2026-03-05 00:00:00+00","2026-03-06 00:00:00+00",0.0000,17.0711,B1,rejected,no_need,lost,,anna,1',
    '"only proposed",5,"Lead 5",,"2026-03-10 00:00:00+00",0.0000,20.0000,B1,,,lost,,anna,2',
    '"only proposed",4,"Lead 4",,"2026-03-11 00:00:00+00",0.0000,17.0711,B1,,,open,,anna,2',
    '"only proposed",13,"Lead 13",,"2026-03-11 00:00:00+00",0.0000,15.3211,B1,,,open,,anna,'], 'the leads, when and with what score');
-- Fair has nine leads that count: 1, 2, 3, 6, 7, 9, 11 and 12, of which nothing happened to 9 in the period: 7 of 8 parts of 1200; Search two: 500
SELECT results_eq($$SELECT rows_of('SELECT * FROM leadflow.backtest(''crm'', ''behaviour >= 15'', ''2026-03-01'', ''2026-04-01'')')$$, ARRAY[
    '"in force",4,2,2,2,2,0,0.500000,0.500000,0,1550.00,387.50,775.00', 'proposed,6,1,1,1,2,3,0.500000,0.333333,1,1550.00,258.33,1550.00',
    'both,2,1,1,1,1,0,0.500000,0.500000,,,,', '"only in force",2,1,1,1,1,0,0.500000,0.500000,,,,', '"only proposed",4,0,0,0,1,3,,0.000000,,,,'], 'side by side');
SELECT results_eq($$SELECT rows_of('SELECT rule, mqls FROM leadflow.backtest(''crm'', ''behaviour >= 15'', ''2026-03-01'', ''2026-04-01'', ''cloud'')')$$,
    ARRAY['"in force",0', 'proposed,1', 'both,0', '"only in force",0', '"only proposed",1'], 'of one variant');
SELECT results_eq($$SELECT lead_id FROM leadflow.backtest_leads('crm', 'behaviour_grade = ''1''', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL ORDER BY 1$$, '{1,4,5,8,12,13}'::bigint[], 'grades as of then');
SELECT results_eq($$SELECT lead_id FROM leadflow.backtest_leads('crm', 'signals >= 4', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL$$, '{3}'::bigint[], 'evidence as of then');
SELECT is((SELECT proposed_at FROM leadflow.backtest_leads('crm', 'signals >= 4', '2026-03-01', '2026-04-01') WHERE lead_id = 3), '2026-03-24 00:00+00', 'which is when it had four');
SELECT is((SELECT string_agg(concat_ws(' ', rule, mqls), ', ') FROM leadflow.backtest('crm', 'false', '2026-03-01', '2026-04-01')), 'in force 4, proposed 0, both 0, only in force 4, only proposed 0', 'nobody');
SELECT is((SELECT won_missed FROM leadflow.backtest('crm', 'false', '2026-03-01', '2026-04-01') WHERE rule = 'proposed'), 2::bigint, 'nobody is won');
SELECT results_eq($$SELECT lead_id FROM leadflow.backtest_leads('crm', 'true', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL ORDER BY 1$$, '{1,2,3,4,5,6,8,11,12,13}'::bigint[],
    'everybody who was new or did something: not who was handed over before, did nothing, or is spam');
SELECT results_eq($$SELECT lead_id FROM leadflow.backtest_leads('crm', 'behaviour >= 15', '2026-03-01', '2026-05-01') WHERE proposed_at IS NOT NULL AND lead_id > 9 ORDER BY 1$$, '{11,12,13}'::bigint[], 'a longer period');
SELECT is((SELECT count(*) FROM leadflow.backtest_leads('crm', 'behaviour >= 15', '2026-03-01', '2026-03-04') WHERE proposed_at IS NOT NULL), 0::bigint, 'the end does not belong to the period');
SELECT is((SELECT count(*) FROM leadflow.backtest_leads('crm', 'behaviour >= 15', '2026-03-04', '2026-03-05') WHERE proposed_at IS NOT NULL), 2::bigint, 'the beginning does');
-- by time alone: 10 points fade below 2 after five days, and those of lead 3 each week
SELECT is((SELECT string_agg(lead_id || ' ' || proposed_at::date, ', ' ORDER BY lead_id) FROM leadflow.backtest_leads('crm', 'behaviour BETWEEN 1 AND 2', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL), NULL, 'met between two visits only: not seen');
SELECT is((SELECT string_agg(lead_id || ' ' || proposed_at::date, ', ' ORDER BY lead_id) FROM leadflow.backtest_leads('crm', 'behaviour BETWEEN 1 AND 2', '2026-03-01', '2026-04-01', every => '1 day') WHERE lead_id IN (2, 3)),
    '2 2026-03-08, 3 2026-03-08', 'but every day, in nurture as well');
SET leadflow.clock = '2026-03-05 12:00+00';
SELECT is((SELECT string_agg(lead_id || ' ' || outcome, ', ' ORDER BY lead_id) FROM leadflow.backtest_leads('crm', 'behaviour >= 15', '2026-03-01', '2026-04-01')), '1 open, 2 lost, 6 open, 8 open, 12 open', 'no further than the present');
SET leadflow.clock = '2026-04-15 00:00+00';

-- what the figures are, by another way: each instant of each lead asked for by itself

SELECT results_eq($$SELECT lead_id FROM leadflow.backtest_leads('crm', 'behaviour >= 9 AND fit = 0', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL ORDER BY 1$$,
    $$SELECT DISTINCT l.id FROM lead l JOIN touch t ON t.lead_id = l.id AND t.at >= '2026-03-01' AND t.at < '2026-04-01', LATERAL leadflow.score('crm', l.id, t.at) s
      WHERE s.behaviour >= 9 AND s.fit = 0 AND l.id NOT IN (7, 10) ORDER BY 1$$, 'as asked one by one');

-- the lead review

SELECT results_eq($$SELECT rows_of('SELECT place, stratum, verdict, outcome, lead_id FROM leadflow.review_sample(''crm'', ''2026-02-01'', ''2026-04-01'', 20, ''x'') ORDER BY lead_id')$$,
    $$SELECT rows_of('SELECT s.place, s.stratum, q.verdict, q.outcome, q.lead_id FROM qualification q JOIN leadflow.review_sample(''crm'', ''2026-02-01'', ''2026-04-01'', 20, ''x'') s USING (lead_id) ORDER BY lead_id')$$, 'a sample as large as the whole is the whole');
SELECT is((SELECT count(*) FROM leadflow.review_sample('crm', '2026-02-01', '2026-04-01')), 5::bigint, 'of five');
SELECT is((SELECT string_agg(concat_ws('|', lead_id, full_name, qualified_at::date, campaign, verdict, reason, outcome), ',') FROM leadflow.review_sample('crm', '2026-03-05', '2026-03-06') WHERE lead_id = 12), '12|Lead 12|2026-03-05|Fair|rejected|no_need|lost', 'what is reviewed');
-- 300 more, of which 60 have been accepted and 30 rejected
SELECT lead(n, 'mql'), move(n, '2026-04-02', 'lead', 'mql'), CASE WHEN n % 5 = 0 THEN says(n, '2026-04-03', '2026-04-02', 'accepted') WHEN n % 10 = 1 THEN says(n, '2026-04-03', '2026-04-02', 'rejected', 'not_now') END
FROM generate_series(101, 400) n \g /dev/null
CREATE TABLE drawn AS SELECT s.* FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 21, 'week 15') s;
SELECT is((SELECT string_agg(n || ' ' || stratum, ', ' ORDER BY stratum) FROM (SELECT stratum, count(*) AS n FROM drawn GROUP BY stratum) x), '7 accepted, 7 no verdict, 7 rejected', 'as many of each');
SELECT is((SELECT string_agg(stratum, ', ' ORDER BY place) FROM drawn WHERE place < 5), 'accepted, no verdict, rejected, accepted', 'in turn');
SELECT results_eq($$SELECT lead_id FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 21, 'week 15')$$, 'SELECT lead_id FROM drawn ORDER BY place', 'the same seed, the same sample');
SELECT isnt((SELECT array_agg(lead_id ORDER BY place) FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 21, 'week 16')), (SELECT array_agg(lead_id ORDER BY place) FROM drawn), 'another seed, another one');
SELECT results_eq($$SELECT lead_id FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 12, 'week 15')$$, 'SELECT lead_id FROM drawn ORDER BY place LIMIT 12', 'a smaller one is its beginning');
CREATE TABLE stirred AS SELECT * FROM crm.stage_event ORDER BY md5(id::text);
TRUNCATE crm.stage_event;
INSERT INTO crm.stage_event OVERRIDING SYSTEM VALUE SELECT * FROM stirred;
SELECT results_eq($$SELECT lead_id FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 21, 'week 15')$$, 'SELECT lead_id FROM drawn ORDER BY place', 'wherever the rows lie');
SELECT lead(n, 'mql'), move(n, '2026-04-04', 'lead', 'mql') FROM generate_series(401, 410) n \g /dev/null
SELECT results_eq($$SELECT lead_id FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 24, 'week 15') s WHERE lead_id IN (SELECT lead_id FROM drawn) ORDER BY place$$,
    'SELECT lead_id FROM drawn ORDER BY place', 'who is added changes the order of no others');
SELECT is((SELECT string_agg(n || ' ' || stratum, ', ' ORDER BY stratum) FROM (SELECT stratum, count(*) AS n FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01', 150) GROUP BY stratum) x),
    '60 accepted, 60 no verdict, 30 rejected', 'what there is too little of is made up by the others');
SET leadflow.clock = '2026-04-02 12:00+00';
SELECT is((SELECT string_agg(DISTINCT stratum, ', ') FROM leadflow.review_sample('crm', '2026-04-01', '2026-05-01')), 'no verdict', 'as known then');
SET leadflow.clock = '2026-04-15 00:00+00';

-- rights

CREATE ROLE tester_read;
CREATE ROLE tester_sales;
SELECT leadflow.grant_workspace('crm', 'tester_read', 'read'), leadflow.grant_workspace('crm', 'tester_sales', 'sales') \g /dev/null
SET ROLE tester_read;
SELECT is(tried('SELECT * FROM leadflow.backtest(''crm'', ''behaviour >= 15'', ''2026-03-01'', ''2026-04-01'')'), '42501', 'read access asks no back-test');
SELECT is(tried('SELECT * FROM leadflow.review_sample(''crm'', ''2026-03-01'', ''2026-04-01'')'), '00000', 'but draws a sample of what it may read');
SET ROLE tester_sales;
SELECT is(tried('SELECT 1', 'SELECT string_agg(mqls::text, '','') FROM leadflow.backtest(''crm'', ''behaviour >= 15'', ''2026-03-01'', ''2026-04-01'')'), '4,6,2,2,4', 'sales does');
SELECT is(tried('SELECT 1', 'SELECT count(*) FROM leadflow.review_sample(''crm'', ''2026-03-01'', ''2026-04-01'')'), '4', 'and draws the same sample');
RESET ROLE;
DROP OWNED BY tester_read, tester_sales;
DROP ROLE tester_read, tester_sales;

-- what comes later than the clock
SELECT lead(901, 'disqualified'), move(901, '2026-04-10', 'lead', 'disqualified') \g /dev/null
SELECT is((SELECT outcome FROM leadflow.backtest_leads('crm', 'id = 901', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL), 'lost', 'a lead that was disqualified is lost');
SET leadflow.clock = '2026-04-05 00:00+00';
SELECT is((SELECT outcome FROM leadflow.backtest_leads('crm', 'id = 901', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL), 'open', 'and open before that');
SET leadflow.clock = '2026-04-15 00:00+00';

-- what a later verdict wrote into a lead is not known before it

-- 911 was handed over, rejected, and rests since; 912 rested already when it came again
SELECT lead(911, 'nurture', reason => 'not_now'), visit(911, '2026-03-05', '2026-03-05'), move(911, '2026-03-05', 'lead', 'mql'), says(911, '2026-03-09', '2026-03-05', 'rejected', 'not_now'), move(911, '2026-03-09', 'mql', 'nurture'),
       lead(912, 'nurture', reason => 'not_now', created => '2026-02-01'), move(912, '2026-02-10', 'lead', 'mql'), move(912, '2026-02-20', 'mql', 'nurture'), visit(912, '2026-03-10', '2026-03-25') \g /dev/null
INSERT INTO nurture_stay (lead_id, entered_at, rests_until) VALUES (911, '2026-03-09', '2026-04-08'), (912, '2026-02-20', '2026-03-20');
UPDATE lead SET stage_since = s.entered_at, rests_until = s.rests_until FROM nurture_stay s WHERE s.lead_id = lead.id AND lead.id IN (911, 912);
SELECT is((SELECT string_agg(rule || ' ' || lead_id || ' ' || proposed_at::date, ', ' ORDER BY lead_id)
           FROM leadflow.backtest_leads('crm', 'rests_until <= stage_since IS NOT FALSE AND signals >= 1 AND id IN (911, 912)', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL),
    'both 911 2026-03-05, only proposed 912 2026-03-25', 'a lead rests from its verdict on, not before');
SELECT is((SELECT count(*) FROM leadflow.backtest_leads('crm', 'stage = ''mql'' AND stage_since < ''2026-03-06'' AND id = 911', '2026-03-01', '2026-04-01') WHERE proposed_at IS NOT NULL), 1::bigint,
    'and is judged as an MQL of that instant');
SELECT is((SELECT expression FROM standard WHERE object = 'lead' AND criterion = 'rested'), 'rests_until <= stage_since IS NOT FALSE OR urgency = ''hot'' OR stage >= ''sal''', 'as the default standard asks');

SELECT * FROM finish();
