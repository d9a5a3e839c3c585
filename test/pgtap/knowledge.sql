-- What the company knows, on a small history whose every figure was worked out by hand.
-- The limits were reckoned by another program from the formulas of Wilson and Newcombe, those of differences from
-- limits of shares of 6 decimals.
SET client_min_messages = warning;
-- large plans over few rows
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE verdict DISABLE TRIGGER USER;
SET leadflow.clock = '2026-07-01 00:00+00';

INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('bert', 'field', 'sales');
INSERT INTO account (source, name, employees, segment) VALUES ('t', 'Fit Co', 100, 'mid'), ('t', 'Small Co', 10, 'mid'), ('t', 'Dark Co', NULL, NULL);
INSERT INTO campaign (source, name) VALUES ('t', 'One page'), ('t', 'Two pages');
INSERT INTO intent_signal (account_id, topic, at) VALUES (1, 'implementation', '2026-01-01'), (2, 'implementation', '2026-04-01'), (2, 'pricing', '2026-01-01');

-- 1 to 80 of a company that fits, in January, by turns of campaign 1 and 2: 1 to 20 were won, 21 to 40 lost;
-- 81 to 160 of a small one, in March: 81 to 85 won, 86 to 120 lost; 161 to 170 of nobody knows whom, in June; 171 is spam
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, full_name, account_id, campaign_id, role, owner, reason, segment, promised)
SELECT timestamptz '2026-01-10', timestamptz '2026-01-10', timestamptz '2026-01-10',
       CASE WHEN n = 171 THEN 'disqualified' WHEN n <= 20 OR n BETWEEN 81 AND 85 THEN 'won' WHEN n <= 40 OR n BETWEEN 86 AND 120 THEN 'lost' ELSE 'lead' END::leadflow.stage, 't', n, 'L ' || n,
       CASE WHEN n <= 80 THEN 1 WHEN n <= 160 THEN 2 WHEN n <= 165 THEN 3 WHEN n = 171 THEN 1 END, CASE WHEN n <= 80 THEN 2 - n % 2 END,
       CASE WHEN n <= 40 THEN 'CEO & founder' WHEN n <= 80 THEN 'Head of Finance' WHEN n <= 160 THEN 'Priceofficer' END, 'anna', CASE WHEN n = 171 THEN 'spam' END, CASE WHEN n = 41 THEN 'large' END,
       CASE n WHEN 1 THEN 'A demonstration; an offer within a week.' WHEN 21 THEN 'the moon' WHEN 41 THEN E'Free set-up\nNothing;;' WHEN 42 THEN 'A  CALL, within one working day!'
              WHEN 43 THEN 'a free trial; A discount of 5 %; qualified lead' WHEN 44 THEN 'offer within a week' WHEN 171 THEN 'the moon' END
FROM generate_series(1, 171) n ORDER BY n;
CREATE TEMP TABLE step AS
SELECT n AS lead_id, 'lead' AS stage, CASE WHEN n <= 80 OR n = 171 THEN '2026-01-10' WHEN n <= 160 THEN '2026-03-10' ELSE '2026-06-20' END::timestamptz AS at FROM generate_series(1, 171) n
UNION ALL SELECT n, 'mql', CASE WHEN n <= 20 THEN '2026-01-20' ELSE '2026-03-20' END::timestamptz FROM generate_series(1, 120) n WHERE n <= 20 OR n > 80
UNION ALL SELECT n, 'won', timestamptz '2026-05-01' FROM generate_series(1, 85) n WHERE n <= 20 OR n > 80
UNION ALL SELECT n, 'lost', timestamptz '2026-05-01' FROM generate_series(21, 120) n WHERE n <= 40 OR n > 85;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, campaign_id)
SELECT s.at, s.at, s.lead_id, 1, false, 'lead', lag(s.stage::leadflow.stage) OVER (PARTITION BY s.lead_id ORDER BY s.at), s.stage::leadflow.stage, 'x', 'x', '*', l.campaign_id
FROM step s JOIN lead l ON l.id = s.lead_id ORDER BY s.at, s.lead_id;
-- deals: of leads 1 to 40 as these; 41 and 42 are open; 43 is the one of spam
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, external_id, lead_id, name, amount, segment)
SELECT timestamptz '2026-05-01', timestamptz '2026-02-01', timestamptz '2026-05-01', CASE WHEN n <= 20 THEN 'won' WHEN n <= 40 THEN 'lost' WHEN n = 42 THEN 'value' ELSE 'opportunity' END::leadflow.stage, 't', n,
       CASE WHEN n = 43 THEN 171 ELSE n END, 'D ' || n, 100, CASE WHEN n <= 10 THEN 'small' END
FROM generate_series(1, 43) AS g (n) ORDER BY g.n;
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant, amount)
SELECT CASE WHEN s.stage = 'opportunity' THEN o.created_at ELSE o.stage_since END, o.created_at, o.lead_id, o.id, 1, false, 'opportunity', s.stage, 'x', 'x', '*', 100
FROM opportunity o CROSS JOIN LATERAL (SELECT 'opportunity'::leadflow.stage AS stage UNION SELECT o.stage) s ORDER BY 1, o.id;

-- icp_leads, icp_fit

SELECT is((SELECT string_agg(concat_ws('|', lead_id, profile, fits, fails, not_known, persona), ', ' ORDER BY lead_id) FROM icp_leads WHERE lead_id IN (1, 41, 81, 161, 166, 171)),
    '1|growing_company|t|managing_director, 41|growing_company|t|finance, 81|growing_company|f|employees, 161|growing_company|employees, 166|growing_company|employees',
    'a lead fits, does not, or nobody knows; of several personas the first; whole words only; no spam');
SELECT is(tried('UPDATE crm.icp SET segments = ''{large}'', industries = ''{it}''', 'SELECT string_agg(concat_ws(''|'', lead_id, fits, fails, not_known), '', '' ORDER BY lead_id) FROM crm.icp_leads WHERE lead_id IN (41, 42, 81, 161)'),
    '41|industry, 42|f|segment|industry, 81|f|segment, employees|industry, 161|segment, industry, employees', 'the segment is the lead''s, else its account''s; what is not met outweighs what is not known');
SELECT is(tried(c.change, 'SELECT concat_ws(''|'', count(profile), count(DISTINCT lead_id)) FROM crm.icp_leads'), c.expected, c.label) FROM (VALUES
    ('UPDATE crm.icp SET variant = ''cloud''', '0|170', 'a profile of a variant holds no other leads against it'),
    ('UPDATE crm.icp SET variant = ''cloud''; UPDATE crm.lead SET variant = ''cloud'' WHERE id < 4', '3|170', 'but those of the variant'),
    ('UPDATE crm.icp SET active = false', '0|170', 'nor does one that is not active'),
    ('INSERT INTO crm.icp (profile, employees_to, meaning) VALUES (''tiny'', 9, ''x'')', '340|170', 'each profile for itself')) c (change, expected, label);

SELECT results_eq($$SELECT rows_of('SELECT kind, name, leads, decided, won, won_share, others, others_decided, others_won, others_won_share, not_known, finding FROM icp_fit ORDER BY kind, name')$$, ARRAY[
    'persona,finance,40,0,0,,120,80,25,0.312500,10,too_early',
    'persona,head_of_operations,0,0,0,,160,80,25,0.312500,10,too_early',
    'persona,managing_director,40,40,20,0.500000,120,40,5,0.125000,10,won_more_often',
    'profile,growing_company,80,40,20,0.500000,80,40,5,0.125000,10,won_more_often',
    'trigger,growing_company.new_system,80,40,20,0.500000,85,40,5,0.125000,5,won_more_often'], 'icp_fit: leads that fit against those that do not; a signal after the lead came is none');
SELECT is(tried('UPDATE crm.icp SET active = false', 'SELECT string_agg(concat_ws(''|'', kind, name, leads, others), '', '' ORDER BY name) FROM crm.icp_fit'),
    'persona|finance|40|120, persona|head_of_operations|0|160, persona|managing_director|40|120', 'personas without a profile');
SELECT is(tried('INSERT INTO crm.icp (profile, employees_to, meaning) VALUES (''tiny'', 9, ''x'')', 'SELECT concat_ws(''|'', leads, others) FROM crm.icp_fit WHERE name = ''finance'''), '40|120', 'and with two');
SELECT results_eq($$SELECT rows_of('SELECT won_share_low, won_share_high, others_won_share_low, others_won_share_high, difference, difference_low, difference_high FROM icp_fit WHERE kind = ''profile''')$$,
    ARRAY['0.351995,0.648005,0.054595,0.261121,0.375000,0.173917,0.538897'], 'with limits of both shares and of their difference');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-30''', 'SELECT concat_ws(''|'', leads, decided, finding) FROM crm.icp_fit WHERE kind = ''profile'''), '80|0|too_early', 'as known then');
SELECT is(tried($$UPDATE crm.icp SET employees_from = 1, employees_to = 50$$, 'SELECT finding FROM crm.icp_fit WHERE kind = ''profile'''), 'won_less_often', 'a profile may be wrong');
SELECT is(tried($$UPDATE crm.icp SET employees_from = 1$$, 'SELECT concat_ws(''|'', leads, others, finding) FROM crm.icp_fit WHERE kind = ''profile'''), '160|0|too_early', 'and one that everybody fits says nothing');

-- buying_committee

INSERT INTO committee_role (committee_role, segments, meaning) VALUES ('lawyer', '{large}', 'reads the contract');
INSERT INTO committee_member (account_id, committee_role, lead_id, who, stance, since, until, note) VALUES
    (1, 'champion', 41, NULL, 'supports', '2026-02-01', NULL, 'L 41 likes us'), (1, 'champion', NULL, 'assistant', 'neutral', '2026-02-01', NULL, NULL),
    (1, 'decision_maker', NULL, 'head', 'opposes', '2026-02-01', NULL, NULL), (1, 'budget_holder', NULL, 'cfo', 'supports', '2026-02-01', '2026-05-01', NULL),
    (1, 'evaluator', NULL, 'cto', 'unknown', '2026-08-01', NULL, NULL), (2, 'evaluator', NULL, 'cto', 'unknown', '2026-02-01', NULL, NULL);
SELECT results_eq($$SELECT rows_of('SELECT opportunity_id, account, segment, stage, value, roles_needed, roles_present, present_share, present, missing, members, supporters, opponents, stance_unknown FROM buying_committee ORDER BY 1')$$, ARRAY[
    '41,"Fit Co",large,opportunity,100.00,2,1,0.500000,champion,lawyer,3,1,1,0',
    '42,"Fit Co",,value,100.00,4,2,0.500000,"champion, decision_maker","budget_holder, evaluator",3,1,1,0'], 'roles present and missing in open deals, by stage and segment');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-30''', 'SELECT concat_ws(''|'', count(*), min(roles_needed), min(members)) FROM crm.buying_committee'), '42|1|4', 'as known then');
SELECT is(tried('UPDATE crm.committee_role SET active = false', 'SELECT string_agg(concat_ws(''|'', roles_needed, present_share), '','') FROM crm.buying_committee'), '0,0', 'no role is needed');
SELECT is(tried('UPDATE crm.lead SET account_id = NULL WHERE id = 42', 'SELECT concat_ws(''|'', roles_present, missing, members) FROM crm.buying_committee WHERE opportunity_id = 42'),
    '0|champion, decision_maker, budget_holder, evaluator|0', 'without an account every role is missing');

-- hypotheses and experiments

INSERT INTO hypothesis (hypothesis, question, owner, starts_on, ends_on, measure) VALUES
    ('shorter', 'A shorter page brings more qualified leads', 'bert', '2026-01-01', '2026-06-01', 'share of mql'), ('later', 'x', 'bert', '2026-08-01', '2026-09-01', 'x'), ('now', 'x', 'bert', '2026-06-01', '2026-07-01', 'x');
INSERT INTO hypothesis (hypothesis, question, owner, starts_on, ends_on, measure, closed_on, verdict, conclusion) VALUES ('done', 'x', 'bert', '2026-01-01', '2026-02-01', 'x', '2026-02-01', 'refuted', 'Leave it.');
INSERT INTO hypothesis_talk (hypothesis, lead_id, at, supports) VALUES ('shorter', 1, '2026-02-01', true), ('shorter', 1, '2026-03-01', false), ('shorter', 2, '2026-02-01', true), ('shorter', 171, '2026-02-01', true), ('shorter', 3, '2026-08-01', true);
SELECT results_eq($$SELECT rows_of('SELECT hypothesis, state, talks, supports, supports_share, supports_share_low, supports_share_high, experiments, verdict FROM hypothesis_board ORDER BY 1')$$, ARRAY[
    'done,closed,0,0,,,,0,refuted', 'later,planned,0,0,,,,0,', 'now,open,0,0,,,,0,', 'shorter,overdue,2,1,0.500000,0.094531,0.905469,0,'], 'hypothesis_board: the latest word of each lead counts');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-01-31''', 'SELECT state FROM crm.hypothesis_board WHERE hypothesis = ''done'''), 'open', 'a hypothesis is open until the day on which it was closed');

INSERT INTO experiment (experiment, hypothesis, variant_a, variant_b, campaign_a, campaign_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, reaches, needed, segment, of_stage) VALUES
    ('periods', 'shorter', 'long', 'short', NULL, NULL, '2026-01-01', '2026-01-10', '2026-03-10', '2026-03-31', 'mql', 50, NULL, 'visitor'),
    ('few', 'shorter', 'long', 'short', NULL, NULL, '2026-01-01', '2026-01-31', '2026-03-01', '2026-03-31', 'mql', 100, NULL, 'visitor'),
    ('pages', 'shorter', 'one', 'two', 1, 2, '2026-01-01', '2026-01-31', '2026-01-01', '2026-01-31', 'mql', 30, NULL, 'visitor'),
    ('running', 'shorter', 'long', 'short', NULL, NULL, '2026-01-01', '2026-01-31', '2026-03-01', '2026-06-30', 'mql', 50, NULL, 'visitor'),
    ('wins', 'shorter', 'long', 'short', NULL, NULL, '2026-01-01', '2026-01-31', '2026-03-01', '2026-03-31', 'won', 30, NULL, 'mql'),
    ('none', 'shorter', 'long', 'short', NULL, NULL, '2026-01-01', '2026-01-31', '2026-03-01', '2026-03-31', 'mql', 30, 'nobody', 'visitor');
UPDATE experiment SET within = '60 days' WHERE experiment = 'wins';
SELECT results_eq($$SELECT rows_of('SELECT experiment, compares, a_leads, a_judged, a_reached, a_share, b_leads, b_judged, b_reached, b_share, difference, difference_low, difference_high, final_at, finding FROM experiment_result ORDER BY 1')$$, ARRAY[
    'few,period,80,80,20,0.250000,80,80,40,0.500000,0.250000,0.100175,0.384790,"2026-05-01 00:00:00+00",too_early',
    'none,period,0,0,0,,0,0,0,,,,,"2026-05-01 00:00:00+00",too_early',
    'pages,campaign,40,40,10,0.250000,40,40,10,0.250000,0.000000,-0.186488,0.186488,"2026-03-03 00:00:00+00",no_difference_shown',
    'periods,period,80,80,20,0.250000,80,80,40,0.500000,0.250000,0.100175,0.384790,"2026-05-01 00:00:00+00",b_better',
    'running,period,80,80,20,0.250000,90,80,40,0.500000,0.250000,0.100175,0.384790,"2026-07-31 00:00:00+00",too_early',
    'wins,period,20,20,0,0.000000,40,40,5,0.125000,0.125000,-0.050836,0.261121,"2026-05-31 00:00:00+00",too_early'], 'experiment_result');
SELECT results_eq($$SELECT rows_of('SELECT a_share_low, a_share_high, b_share_low, b_share_high, needed FROM experiment_result WHERE experiment = ''periods''')$$, ARRAY['0.168062,0.354847,0.392974,0.607026,50'], 'with limits of the shares');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-04-20''', 'SELECT concat_ws(''|'', b_judged, finding) FROM crm.experiment_result WHERE experiment = ''periods'''), '80|too_early', 'no finding before its time, whatever the figures say');
SELECT is(tried('UPDATE crm.experiment SET a_starts_on = b_starts_on, a_ends_on = b_ends_on, b_starts_on = a_starts_on, b_ends_on = a_ends_on WHERE experiment = ''periods''', 'SELECT finding FROM crm.experiment_result WHERE experiment = ''periods'''),
    'a_better', 'the other way round');
SELECT is_empty($$SELECT e.experiment FROM experiment_result e, leadflow.difference_interval(b_reached, b_judged, a_reached, a_judged) d WHERE (d.low, d.high) IS DISTINCT FROM (e.difference_low, e.difference_high)$$, 'limits as leadflow.difference_interval has them');

-- contents and battlecards

INSERT INTO content (title, kind, stage, persona, language, owner, updated_on, active) VALUES
    ('Paper', 'report', 'lead', 'finance', 'en', 'bert', '2026-01-02', true), ('Case', 'case', NULL, NULL, 'zh-Hant', 'bert', '2026-06-01', true), ('Old', 'case', NULL, NULL, NULL, 'bert', '2020-01-01', false);
INSERT INTO touch (at, lead_id, kind, direction, content) VALUES
    ('2026-01-12', 1, 'content_download', 'inbound', 'Paper'), ('2026-01-13', 1, 'content_download', 'inbound', 'Paper'), ('2026-01-12', 81, 'content_download', 'inbound', 'Paper'),
    ('2026-01-12', 171, 'content_download', 'inbound', 'Paper'), ('2026-08-12', 2, 'content_download', 'inbound', 'Paper'), ('2026-01-12', 3, 'content_download', 'inbound', 'Voucher');
SELECT results_eq($$SELECT rows_of('SELECT title, kind, stage, persona, language, review_on, state, touches, leads, last_used_at, delivered FROM content_catalogue ORDER BY 1')$$, ARRAY[
    'Case,case,,,zh-Hant,2026-11-28,fresh,0,0,,0', 'Old,case,,,,2020-06-29,retired,0,0,,0',
    'Paper,report,lead,finance,en,2026-07-01,review_due,3,2,"2026-01-13 00:00:00+00",0', 'Voucher,,,,,,not_catalogued,1,1,"2026-01-12 00:00:00+00",0'], 'content_catalogue');
SELECT is_empty($$SELECT c.title, c.won_of, c.won_share, c.won_share_others, c.used_at_stage FROM content_catalogue c WHERE c.leads > 0
    EXCEPT SELECT e.name, e.won_of, e.won_share, e.won_share_others, e.used_at_stage FROM content_effect e WHERE e.level = 'content'$$, 'the effect as content_effect has it');
SELECT is((SELECT won_of FROM content_catalogue WHERE title = 'Paper'), 2::bigint, 'there is one');

INSERT INTO battlecard (battlecard, scenario, objection, argument, owner, updated_on, active) VALUES
    ('price', 'asks for a discount', 'too_expensive', 'what it costs not to', 'bert', '2026-06-01', true), ('time', 'x', NULL, 'x', 'bert', '2026-05-01', true),
    ('due', 'x', NULL, 'x', 'bert', '2026-04-02', true), ('gone', 'x', NULL, 'x', 'bert', '2026-05-01', false);
INSERT INTO battlecard_feedback (battlecard, at, helped) VALUES ('price', '2026-06-01 12:00', false), ('price', '2026-06-10', false), ('price', '2026-06-11', true), ('time', '2026-06-10', true), ('time', '2026-08-10', false), ('gone', '2026-06-10', false);
INSERT INTO objection_heard (at, objection, lead_id, battlecard, answer, overcome)
SELECT timestamptz '2026-02-01', 'too_expensive', n, CASE WHEN n <= 30 THEN 'price' END, CASE WHEN n <= 30 THEN 'L ' || n ELSE 'discount' END, CASE WHEN n <= 30 THEN n <= 24 ELSE n <= 36 END FROM generate_series(1, 60) n;
INSERT INTO objection_heard (at, objection, lead_id, opportunity_id, overcome) VALUES
    ('2026-03-01', 'too_expensive', 1, NULL, NULL), ('2026-03-01', 'ask_partner', NULL, 1, true), ('2026-03-01', 'ask_partner', 171, NULL, true), ('2026-03-01', 'ask_partner', NULL, 43, true), ('2026-08-01', 'ask_partner', 2, NULL, true);
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, stage, variant, objections, segment) VALUES (81, 'accepted', '2026-05-01', '2026-03-20', 'sal', '*', '{too_expensive,just_looking}', 'mid'), (171, 'rejected', '2026-05-01', '2026-03-20', 'lost', '*', '{too_expensive}', 'mid');
SELECT results_eq($$SELECT rows_of('SELECT battlecard, review_on, state, feedback, not_helped, used, judged, overcome, overcome_share, overcome_share_low, overcome_share_high FROM battlecard_freshness ORDER BY 1')$$, ARRAY[
    'due,2026-07-01,review_due,0,0,0,0,0,,,', 'gone,2026-07-30,retired,1,1,0,0,0,,,',
    'price,2026-08-30,feedback_waits,2,1,30,30,24,0.800000,0.626943,0.904949', 'time,2026-07-30,fresh,1,0,0,0,0,,,'], 'battlecard_freshness: what was said on the day of the update is answered by it');
SELECT results_eq($$SELECT rows_of('SELECT dimension, dimension_value, objection, heard, share, leads, judged, overcome, overcome_share FROM objections ORDER BY 1, 2, 4 DESC, 3')$$, ARRAY[
    'segment,large,too_expensive,1,1.000000,1,1,0,0.000000', 'segment,mid,just_looking,1,0.500000,1,0,0,', 'segment,mid,too_expensive,1,0.500000,1,0,0,', 'segment,small,ask_partner,1,1.000000,1,1,1,1.000000',
    'segment,,too_expensive,60,1.000000,59,59,30,0.508475',
    'stage,lead,too_expensive,40,1.000000,40,40,10,0.250000', 'stage,mql,too_expensive,22,0.916667,21,20,20,1.000000', 'stage,mql,ask_partner,1,0.041667,1,1,1,1.000000', 'stage,mql,just_looking,1,0.041667,1,0,0,',
    'total,*,too_expensive,62,0.968750,61,60,30,0.500000', 'total,*,ask_partner,1,0.015625,1,1,1,1.000000', 'total,*,just_looking,1,0.015625,1,0,0,'], 'objections: heard in talks and in verdicts, by segment and by stage before the verdict');
SELECT results_eq($$SELECT rows_of('SELECT objection, battlecard, answer, used, judged, overcome, overcome_share, others_judged, others_overcome, difference_low, difference_high, finding FROM objection_answers ORDER BY 1, 2, 3')$$, ARRAY[
    'ask_partner,,,1,1,1,1.000000,0,0,,,too_early',
    'too_expensive,price,,30,30,24,0.800000,30,6,0.355260,0.748420,works_better',
    'too_expensive,,discount,30,30,6,0.200000,30,24,-0.748420,-0.355260,works_worse',
    'too_expensive,,,1,0,0,,60,30,,,too_early'], 'objection_answers: each beside the others to the same objection');

-- content requests

INSERT INTO content_request (asked_at, asked_by, lead_id, opportunity_id, kind, wanted, needed_by, answered_at, content, outcome)
SELECT timestamptz '2026-02-10', 'anna', CASE WHEN n = 1 THEN 1 END, CASE WHEN n > 1 THEN n END, 'case', 'x', '2026-02-20', CASE WHEN n <= 10 OR n BETWEEN 21 AND 25 THEN timestamptz '2026-02-20 23:59' END,
       CASE WHEN n <= 10 OR n BETWEEN 21 AND 25 THEN 'Case' END, CASE WHEN n <= 5 THEN 'used' END
FROM generate_series(1, 35) n WHERE n NOT BETWEEN 16 AND 20;
INSERT INTO content_request (asked_at, asked_by, lead_id, opportunity_id, kind, wanted, needed_by, answered_at, content) VALUES
    ('2026-06-10', 'anna', 41, NULL, 'report', 'x', '2026-06-12', '2026-06-13', 'Paper'), ('2026-06-10', 'anna', 42, NULL, 'report', 'x', '2026-07-01', NULL, NULL), ('2026-06-10', 'anna', 43, NULL, 'report', 'x', '2026-06-30', NULL, NULL),
    ('2026-06-10', 'anna', 44, NULL, 'report', 'x', NULL, '2026-06-11', NULL), ('2026-06-10', 'anna', NULL, 43, 'report', 'x', NULL, NULL, NULL), ('2026-06-10', 'anna', 45, NULL, 'report', 'x', NULL, '2026-07-02', 'Paper'),
    ('2026-02-10', 'anna', NULL, 11, 'case', 'too late', NULL, '2026-05-02', 'Case'), ('2026-05-02', 'anna', NULL, 20, 'case', 'asked after the deal', NULL, '2026-05-02', 'Case');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, state, waited_seconds, content FROM content_requests WHERE kind = ''report'' ORDER BY lead_id')$$, ARRAY[
    '41,delivered_late,259200,Paper', '42,open,1814400,', '43,late,1814400,', '44,declined,86400,', '45,open,1814400,'], 'content_requests: what comes after the clock has not come');
SELECT is((SELECT string_agg(concat_ws(' ', state, n), ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM content_requests WHERE kind = 'case' GROUP BY state) s), 'delivered 17, late 15', 'on the last day is in time');
SELECT results_eq($$SELECT rows_of('SELECT kind, met, met_won, met_win_rate, met_win_rate_low, met_win_rate_high, unmet, unmet_won, unmet_win_rate, difference, difference_low, difference_high, finding FROM content_request_effect ORDER BY kind')$$, ARRAY[
    '*,15,10,0.666667,0.417135,0.848237,15,5,0.333333,0.333333,-0.019558,0.590113,too_early', 'case,15,10,0.666667,0.417135,0.848237,15,5,0.333333,0.333333,-0.019558,0.590113,too_early'],
    'content_request_effect: of decided deals, what was delivered before they were');

-- debriefs and lessons

INSERT INTO debrief (at, opportunity_id, campaign_id, held_by, conclusions) VALUES
    ('2026-05-10', 1, NULL, '{anna,bert}', 'L 1 bought because of the case'), ('2026-05-20', NULL, 1, '{bert}', 'too long'), ('2026-08-10', 2, NULL, '{bert}', 'x'), ('2026-05-20', 43, NULL, '{bert}', 'x');
INSERT INTO lesson (debrief_id, segment, persona, works, lesson, action, owner, due, done_at) VALUES
    (1, 'small', 'finance', true, 'the case works for finance', 'more cases, L 1 says', 'bert', '2026-06-20', NULL), (1, NULL, NULL, false, 'x', 'x', 'bert', '2026-06-20', '2026-06-21'), (1, NULL, NULL, false, 'y', 'x', 'anna', '2026-07-20', '2026-07-21');
SELECT results_eq($$SELECT rows_of('SELECT what, debrief_id, opportunity_id, campaign_id, lesson, owner, persona, due, days_late FROM lessons_open ORDER BY debrief_id, lesson_id')$$, ARRAY[
    'action,1,1,,"the case works for finance",bert,finance,2026-06-20,11', 'action,1,1,,y,anna,,2026-07-20,0', 'debrief_without_lesson,2,,1,"too long",bert,,,'], 'lessons_open');

-- claims

INSERT INTO claim (claim, kind, phrase, approved_by, valid_until, segments) VALUES ('trial', 'promise', 'a free trial', 'sales', '2026-06-30', NULL), ('discount', 'promise', 'a discount of 5 %', 'sales', NULL, '{large}');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, opportunity_id, owner, team, promise, finding FROM unapproved_promises ORDER BY lead_id, promise')$$, ARRAY[
    '41,41,anna,inbound,"Free set-up",not_approved', '43,,anna,inbound,"A discount of 5 %",other_audience', '43,,anna,inbound,"a free trial",not_in_force', '43,,anna,inbound,"qualified lead",not_approved',
    '44,,anna,inbound,"offer within a week",not_approved'], 'unapproved_promises: of leads on the path; capital letters and marks make no difference, words do');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-06-30 12:00''', 'SELECT count(*)::text FROM crm.unapproved_promises WHERE promise = ''a free trial'''), '0', 'a claim holds on its last day');
SELECT is(tried('UPDATE crm.claim SET active = false WHERE claim = ''nothing''', 'SELECT count(*)::text FROM crm.unapproved_promises'), '6', 'one that is not active approves nothing');
SELECT is(tried($$INSERT INTO crm.claim (claim, kind, phrase, approved_by) VALUES ('t2', 'promise', 'A free trial', 'sales')$$, 'SELECT count(*)::text FROM crm.unapproved_promises WHERE promise = ''a free trial'''), '0', 'the same wording may be approved anew');

-- opinions

INSERT INTO touch (at, lead_id, kind, direction, actor) VALUES
    ('2026-02-02', 1, 'call', 'outbound', 'anna'), ('2026-02-02', 2, 'call', 'outbound', 'anna'), ('2026-02-02', 3, 'call', 'outbound', 'bert'), ('2026-02-02', 4, 'call', 'outbound', NULL), ('2026-03-02', 4, 'call', 'outbound', 'bert'),
    ('2026-03-02', 5, 'email', 'outbound', 'x'), ('2026-02-02', 171, 'call', 'outbound', 'anna');
INSERT INTO opinion (lead_id, at, score, words) VALUES (1, '2026-02-03', 5, 'L 1 says thanks'), (2, '2026-02-04', 4, NULL), (2, '2026-02-05', 1, NULL), (3, '2026-02-01', 1, NULL), (4, '2026-04-04', 2, NULL), (5, '2026-08-05', 5, NULL), (171, '2026-02-05', 1, NULL);
SELECT results_eq($$SELECT rows_of('SELECT month, dimension, dimension_value, contacted, opinions, answered_share, score_average, satisfied, satisfied_share, satisfied_share_low, satisfied_share_high, dissatisfied FROM first_contact_opinions ORDER BY 1, 2, 3')$$, ARRAY[
    '2026-02-01,campaign,1,2,1,0.500000,5.00,1,1.000000,0.206549,1.000000,0', '2026-02-01,campaign,2,2,2,1.000000,3.00,1,0.500000,0.094531,0.905469,1',
    '2026-02-01,team,field,1,0,0.000000,,0,,,,0', '2026-02-01,team,inbound,3,3,1.000000,3.67,2,0.666667,0.207660,0.938508,1',
    '2026-02-01,total,*,4,3,0.750000,3.67,2,0.666667,0.207660,0.938508,1',
    '2026-03-01,campaign,1,1,0,0.000000,,0,,,,0', '2026-03-01,team,,1,0,0.000000,,0,,,,0', '2026-03-01,total,*,1,0,0.000000,,0,,,,0'], 'first_contact_opinions: the first opinion after the first attempt');

-- what may not be

SELECT is(tried(c.statement), c.expected, c.label) FROM (VALUES
    ($$INSERT INTO crm.icp (profile, meaning) VALUES ('x', 'x')$$, '23514 profile_asks_something', 'a profile that everybody fits'),
    ($$INSERT INTO crm.icp (profile, employees_from, employees_to, meaning) VALUES ('x', 5, 4, 'x')$$, '23514 icp_check', 'a profile that nobody fits'),
    ($$INSERT INTO crm.icp (profile, segments, meaning) VALUES ('x', '{}', 'x')$$, '23514 icp_segments_check', 'nor of no segment'),
    ($$INSERT INTO crm.icp_trigger (profile, code, meaning, topic) VALUES ('growing_company', 'x', 'x', 'nope')$$, '23503 icp_trigger_topic_fkey', 'a trigger of an unknown topic'),
    ($$UPDATE crm.persona SET role_words = '{CEO}'$$, '23514 persona_role_words_check', 'words are in small letters'),
    ($$UPDATE crm.persona SET awareness = 'x'$$, '23514 persona_awareness_check', 'an unknown level of awareness'),
    ($$UPDATE crm.committee_role SET needed_from = 'mql'$$, '23514 committee_role_needed_from_check', 'a role is needed by deals'),
    ($$INSERT INTO crm.committee_member (account_id, committee_role) VALUES (1, 'champion')$$, '23514 lead_or_title', 'a member who is nobody'),
    ($$INSERT INTO crm.committee_member (account_id, committee_role, who) VALUES (1, 'king', 'x')$$, '23503 committee_member_committee_role_fkey', 'an unknown role'),
    ($$INSERT INTO crm.committee_member (account_id, committee_role, who, since) VALUES (1, 'champion', 'x', 'infinity')$$, '23514 committee_member_since_check', 'since the end of time'),
    ($$UPDATE crm.hypothesis SET closed_on = '2026-06-01' WHERE hypothesis = 'now'$$, '23514 closed_with_verdict', 'closed without a verdict'),
    ($$UPDATE crm.hypothesis SET closed_on = '2026-06-01', verdict = 'confirmed' WHERE hypothesis = 'now'$$, '23514 closed_with_verdict', 'closed without a conclusion'),
    ($$UPDATE crm.hypothesis SET closed_on = '2026-06-01', verdict = 'confirmed', conclusion = ' ' WHERE hypothesis = 'now'$$, '23514 hypothesis_conclusion_check', 'nor with an empty one'),
    ($$UPDATE crm.hypothesis SET conclusion = 'x' WHERE hypothesis = 'now'$$, '23514 closed_with_verdict', 'a conclusion of what is open'),
    ($$UPDATE crm.hypothesis SET closed_on = '2026-06-01', verdict = 'undecided', conclusion = 'x' WHERE hypothesis = 'now'$$, '00000', 'closed as it should be'),
    ($$UPDATE crm.experiment SET b_starts_on = a_starts_on WHERE experiment = 'periods'$$, '23514 two_groups', 'before and after at once'),
    ($$UPDATE crm.experiment SET campaign_b = NULL WHERE experiment = 'pages'$$, '23514 two_groups', 'one campaign alone'),
    ($$UPDATE crm.experiment SET campaign_b = 1 WHERE experiment = 'pages'$$, '23514 two_groups', 'a campaign beside itself'),
    ($$UPDATE crm.experiment SET reaches = 'lead' WHERE experiment = 'wins'$$, '23514 experiment_check2', 'a stage that is behind'),
    ($$UPDATE crm.experiment SET within = '1 month'$$, '23514 within_in_days', 'months'),
    ($$UPDATE crm.experiment SET needed = 10$$, '23514 experiment_needed_check', 'too few to say anything'),
    ($$UPDATE crm.content SET language = 'English'$$, '23514 content_language_check', 'a language is a code'),
    ($$INSERT INTO crm.content_request (kind, wanted) VALUES ('x', 'x')$$, '23514 lead_or_deal', 'a request for nobody'),
    ($$INSERT INTO crm.content_request (lead_id, kind, wanted, content) VALUES (1, 'x', 'x', 'Case')$$, '23514 delivered_when', 'delivered, but when'),
    ($$INSERT INTO crm.content_request (lead_id, kind, wanted, answered_at, outcome) VALUES (1, 'x', 'x', '2027-01-01', 'used')$$, '23514 outcome_of_content', 'nothing was used'),
    ($$INSERT INTO crm.objection_heard (objection, lead_id) VALUES ('nope', 1)$$, '23503 objection_heard_objection_fkey', 'an unknown objection'),
    ($$INSERT INTO crm.objection_heard (objection) VALUES ('ask_partner')$$, '23514 lead_or_deal', 'heard of nobody'),
    ($$INSERT INTO crm.debrief (held_by, conclusions) VALUES ('{x}', 'x')$$, '23514 deal_or_campaign', 'a debrief about nothing'),
    ($$INSERT INTO crm.debrief (opportunity_id, campaign_id, held_by, conclusions) VALUES (1, 1, '{x}', 'x')$$, '23514 deal_or_campaign', 'or about two things'),
    ($$INSERT INTO crm.lesson (debrief_id, works, lesson, action, owner, due) VALUES (1, true, 'x', ' ', 'x', '2026-01-01')$$, '23514 lesson_action_check', 'a lesson without an action'),
    ($$INSERT INTO crm.lesson (debrief_id, works, lesson, action, owner) VALUES (1, true, 'x', 'x', 'x')$$, '23502', 'or without a day'),
    ($$INSERT INTO crm.claim (claim, kind, phrase, approved_by, approved_on, valid_until) VALUES ('x', 'term', 'x', 'x', '2026-02-01', '2026-01-01')$$, '23514 claim_check', 'never valid'),
    ($$INSERT INTO crm.opinion (lead_id, score) VALUES (1, 6)$$, '23514 opinion_score_check', 'a score is 1 to 5'),
    ($$INSERT INTO crm.opinion (lead_id, at, score) VALUES (1, '-infinity', 5)$$, '23514 opinion_at_check', 'at the beginning of time'),
    ($$INSERT INTO crm.opinion (lead_id, score, source, external_id) VALUES (1, 5, 'q', '1'), (1, 5, 'q', '1')$$, '23505 opinion_source_external_id_key', 'the same opinion twice')
) c (statement, expected, label);

-- what was agreed is kept by version, what happened is not
SELECT is(tried(format('UPDATE crm.%I SET %s', c.definition, c.change), format('SELECT (count(*) > 0)::text FROM crm.definition_change WHERE definition = %L AND operation = ''UPDATE'' AND old_row <> new_row', c.definition)),
    c.expected, c.definition || CASE c.expected WHEN 'true' THEN ' is a definition' ELSE ' is a fact' END)
FROM (VALUES ('icp', 'meaning = ''y''', 'true'), ('icp_trigger', 'meaning = ''y''', 'true'), ('icp_barrier', 'meaning = ''y''', 'true'), ('persona', 'pain = ''y''', 'true'), ('committee_role', 'meaning = ''y''', 'true'),
             ('content', 'url = ''y''', 'true'), ('battlecard', 'argument = ''y''', 'true'), ('claim', 'approved_by = ''y''', 'true'), ('hypothesis', 'measure = ''y''', 'true'), ('experiment', 'variant_a = ''y''', 'true'),
             ('committee_member', 'note = ''y''', 'false'), ('battlecard_feedback', 'note = ''y''', 'false'), ('content_request', 'note = ''y''', 'false'), ('objection_heard', 'note = ''y''', 'false'),
             ('hypothesis_talk', 'note = ''y''', 'false'), ('debrief', 'conclusions = ''y''', 'false'), ('lesson', 'lesson = ''y''', 'false'), ('opinion', 'words = ''y''', 'false')) c (definition, change, expected);

-- who may do what: a letter for each access that may, r(ead) m(arketing) s(ales) o(ps)
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set reader :p _reader
\set marketer :p _marketer
\set seller :p _seller
\set revops :p _revops
CREATE ROLE :reader; CREATE ROLE :marketer; CREATE ROLE :seller; CREATE ROLE :revops;
SELECT leadflow.grant_workspace('crm', :'reader', 'read'), leadflow.grant_workspace('crm', :'marketer', 'marketing'), leadflow.grant_workspace('crm', :'seller', 'sales'), leadflow.grant_workspace('crm', :'revops', 'revops') \g /dev/null
SELECT is((SELECT string_agg(CASE WHEN tried(format('SET LOCAL ROLE %I; %s', a.who, c.statement)) = '00000' THEN a.letter ELSE '-' END, '' ORDER BY a.n)
             FROM (VALUES (1, :'reader', 'r'), (2, :'marketer', 'm'), (3, :'seller', 's'), (4, :'revops', 'o')) a (n, who, letter)), c.expected, c.expected || ' ' || c.statement)
FROM (VALUES
    ('SELECT count(*) FROM crm.icp, crm.icp_trigger, crm.icp_barrier, crm.persona, crm.committee_role, crm.content, crm.battlecard, crm.claim, crm.hypothesis, crm.experiment', 'rmso'),
    ('SELECT count(*) FROM crm.icp_fit', 'rmso'), ('SELECT count(*) FROM crm.buying_committee', 'rmso'), ('SELECT count(*) FROM crm.first_contact_opinions', 'rmso'), ('SELECT count(*) FROM crm.unapproved_promises', '-mso'),
    ('SELECT words FROM crm.opinion', '-mso'), ('SELECT note FROM crm.committee_member', '-mso'),
    ($$UPDATE crm.icp SET meaning = 'x'$$, '---o'), ($$UPDATE crm.persona SET pain = 'x'$$, '---o'), ($$UPDATE crm.claim SET phrase = 'x' WHERE claim = 'trial'$$, '---o'), ($$DELETE FROM crm.hypothesis WHERE hypothesis = 'now'$$, '---o'),
    ($$UPDATE crm.hypothesis SET closed_on = '2026-06-01', verdict = 'undecided', conclusion = 'x' WHERE hypothesis = 'now'$$, '-mso'), ($$UPDATE crm.content SET updated_on = '2026-07-01'$$, '-mso'), ($$UPDATE crm.battlecard SET updated_on = '2026-07-01'$$, '-mso'),
    ($$INSERT INTO crm.committee_member (account_id, committee_role, who) VALUES (1, 'champion', 'x')$$, '-mso'), ($$INSERT INTO crm.objection_heard (objection, lead_id) VALUES ('ask_partner', 1)$$, '-mso'),
    ($$INSERT INTO crm.content_request (lead_id, kind, wanted) VALUES (1, 'x', 'x')$$, '-mso'), ($$INSERT INTO crm.opinion (lead_id, score) VALUES (1, 5)$$, '-mso'), ($$INSERT INTO crm.hypothesis_talk (hypothesis, lead_id, supports) VALUES ('now', 1, true)$$, '-mso'),
    ($$INSERT INTO crm.debrief (opportunity_id, held_by, conclusions) VALUES (1, '{x}', 'x')$$, '-mso'), ($$UPDATE crm.lesson SET done_at = '2026-07-01'$$, '-mso'), ($$INSERT INTO crm.battlecard_feedback (battlecard, helped) VALUES ('price', true)$$, '-mso'),
    ('SELECT words FROM crm.transcript', '-mso'), ('SELECT count(*) FROM crm.keywords_heard', 'rmso'), ('SELECT phrases FROM crm.keyword', 'rmso'), ('DELETE FROM crm.keyword', '---o'),
    ($$INSERT INTO crm.transcript (touch_id, words) VALUES ((SELECT min(id) FROM crm.touch WHERE kind = 'email'), 'x')$$, '-mso'), ('DELETE FROM crm.transcript', '---o'),
    ('DELETE FROM crm.opinion', '---o'), ('DELETE FROM crm.lesson', '---o'), ('TRUNCATE crm.lesson', '----')
) c (statement, expected);
DROP OWNED BY :reader, :marketer, :seller, :revops;
DROP ROLE :reader, :marketer, :seller, :revops;

-- keywords_heard: three transcripts in May, one in June, one after the clock, one of spam

DELETE FROM keyword;
INSERT INTO keyword (keyword, phrases, meaning, objection) VALUES
    ('price', '{too expensive,discount*}', 'money', 'too_expensive'), ('place', '{"Dom w górach",сад*}', 'where', NULL), ('old', '{x}', 'no longer', NULL);
UPDATE keyword SET active = false WHERE keyword = 'old';
INSERT INTO touch (at, recorded_at, lead_id, account_id, kind, direction, external_id) SELECT at, at, lead, account, kind, 'outbound', id
FROM (VALUES ('T1', timestamptz '2026-05-02', 1, NULL::bigint, 'call'), ('T2', '2026-05-03', 1, NULL, 'meeting'), ('T3', '2026-05-31 23:59', 21, NULL, 'call'), ('T4', '2026-06-01', 41, NULL, 'call'),
             ('T5', '2026-06-02', NULL, 1, 'meeting'), ('T6', '2026-07-02', 1, NULL, 'call'), ('T7', '2026-06-03', 171, NULL, 'call')) v (id, at, lead, account, kind);
INSERT INTO transcript (touch_id, words, language) SELECT t.id, v.words, v.language
FROM (VALUES ('T1', 'That is TOO... expensive! Far too expensive. x', 'en'), ('T2', 'They gave us discounts; dom w  górach', 'pl'), ('T3', 'expensive, too', NULL), ('T4', 'в садах', 'ru'),
             ('T5', 'discounted', NULL), ('T6', 'too expensive', NULL), ('T7', 'too expensive', NULL)) v (touch, words, language) JOIN touch t ON t.external_id = v.touch;
SELECT results_eq($$SELECT rows_of('SELECT month, dimension, dimension_value, keyword, transcripts, heard, heard_share, leads, last_heard_at::date FROM keywords_heard')$$, ARRAY[
    '2026-05-01,total,*,place,3,1,0.333333,1,2026-05-03', '2026-05-01,total,*,price,3,2,0.666667,1,2026-05-03',
    '2026-05-01,kind,call,place,2,0,0.000000,0,', '2026-05-01,kind,call,price,2,1,0.500000,1,2026-05-02', '2026-05-01,kind,meeting,place,1,1,1.000000,1,2026-05-03', '2026-05-01,kind,meeting,price,1,1,1.000000,1,2026-05-03',
    '2026-05-01,segment,,place,3,1,0.333333,1,2026-05-03', '2026-05-01,segment,,price,3,2,0.666667,1,2026-05-03',
    '2026-05-01,result,lost,place,1,0,0.000000,0,', '2026-05-01,result,lost,price,1,0,0.000000,0,', '2026-05-01,result,won,place,2,1,0.500000,1,2026-05-03', '2026-05-01,result,won,price,2,2,1.000000,1,2026-05-03',
    '2026-06-01,total,*,place,2,1,0.500000,1,2026-06-01', '2026-06-01,total,*,price,2,1,0.500000,0,2026-06-02',
    '2026-06-01,kind,call,place,1,1,1.000000,1,2026-06-01', '2026-06-01,kind,call,price,1,0,0.000000,0,', '2026-06-01,kind,meeting,place,1,0,0.000000,0,', '2026-06-01,kind,meeting,price,1,1,1.000000,0,2026-06-02',
    '2026-06-01,segment,large,place,1,1,1.000000,1,2026-06-01', '2026-06-01,segment,large,price,1,0,0.000000,0,', '2026-06-01,segment,,place,1,0,0.000000,0,', '2026-06-01,segment,,price,1,1,1.000000,0,2026-06-02',
    '2026-06-01,result,open,place,1,1,1.000000,1,2026-06-01', '2026-06-01,result,open,price,1,0,0.000000,0,', '2026-06-01,result,,place,1,0,0.000000,0,', '2026-06-01,result,,price,1,1,1.000000,0,2026-06-02'],
    'words of a phrase in their order, in any case; endings only where asked for; nobody outside, nothing that is to come');
SELECT ok(NOT EXISTS (SELECT FROM keywords_heard k JOIN (SELECT date_trunc('month', t.at)::date AS month, bool_or(s.words ~* 'too\W+expensive|\mdiscount') AS heard
        FROM transcript s JOIN touch t ON t.id = s.touch_id WHERE t.at <= leadflow.clock() GROUP BY 1) r ON r.month = k.month WHERE k.keyword = 'price' AND k.dimension = 'total' AND (k.heard > 0) <> r.heard), 'as an expression finds them');
SELECT is(tried(c.statement), c.expected, c.label) FROM (VALUES
    ($$INSERT INTO crm.keyword (keyword, phrases, meaning) VALUES ('k', '{}', 'x')$$, '23514 words_in_phrases', 'no phrase'),
    ($$INSERT INTO crm.keyword (keyword, phrases, meaning) VALUES ('k', '{ok,"?!"}', 'x')$$, '23514 words_in_phrases', 'a phrase without a word'),
    ($$INSERT INTO crm.keyword (keyword, phrases, meaning) VALUES ('k', '{ok,NULL}', 'x')$$, '23514 words_in_phrases', 'a phrase that is null'),
    ($$INSERT INTO crm.keyword (keyword, phrases, meaning) VALUES ('k', NULL, 'x')$$, '23502', 'none at all'),
    ($$INSERT INTO crm.transcript (touch_id, words) VALUES (4711, 'x')$$, '23503 transcript_touch_id_fkey', 'a transcript of nothing'),
    ($$UPDATE crm.transcript SET words = ' '$$, '23514 transcript_words_check', 'a transcript without words'),
    ($$UPDATE crm.transcript SET words = (SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 40000) n)$$, '54000', 'more distinct words than text search takes')) c (statement, expected, label);
SELECT is(tried($$UPDATE crm.keyword SET phrases = ARRAY['a'' & b | !c:* <-> (', '"); DROP TABLE crm.transcript --'] WHERE keyword = 'price'; UPDATE crm.transcript SET words = 'A, b c' WHERE touch_id = (SELECT id FROM crm.touch WHERE external_id = 'T4')$$,
    $$SELECT string_agg(concat_ws(' ', month, heard), ',' ORDER BY month) FROM crm.keywords_heard WHERE keyword = 'price' AND dimension = 'total'$$), '2026-05-01 0,2026-06-01 1', 'signs of text search in a phrase are passed over');
SELECT is(tried($$DELETE FROM crm.touch WHERE external_id = 'T4'$$, 'SELECT count(*) FROM crm.transcript'), '6', 'a transcript goes with its touch');

-- a person who wants to be forgotten
UPDATE content_request SET wanted = 'a case for L 1', note = 'x' WHERE lead_id = 1;
UPDATE objection_heard SET note = 'L 1 laughed' WHERE lead_id = 1 OR opportunity_id = 1;
UPDATE hypothesis_talk SET note = 'L 1 said so';
UPDATE battlecard_feedback SET lead_id = 1, note = 'said L 1' WHERE battlecard = 'price';
CREATE FUNCTION figures() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT o::text FROM crm.objections o UNION ALL SELECT b::text FROM crm.battlecard_freshness b UNION ALL SELECT f::text FROM crm.first_contact_opinions f UNION ALL SELECT h::text FROM crm.hypothesis_board h
    UNION ALL SELECT q::text FROM crm.content_requests q UNION ALL SELECT i::text FROM crm.icp_fit i $$;
CREATE TEMP TABLE counted AS SELECT f FROM figures() f;
ALTER TABLE lead ENABLE TRIGGER USER;
SELECT leadflow.forget('crm', 1), leadflow.forget('crm', 41) \g /dev/null
SELECT is((SELECT concat_ws('|', wanted, note) FROM content_request WHERE lead_id = 1), 'forgotten', 'a request that names her');
SELECT is((SELECT string_agg(concat_ws('|', answer, battlecard, note), ', ' ORDER BY id) FROM objection_heard WHERE lead_id = 1 OR opportunity_id = 1), 'forgotten|price, , ', 'an answer that names her, and remarks');
SELECT is((SELECT count(note) FROM hypothesis_talk WHERE lead_id = 1) + (SELECT count(note) FROM battlecard_feedback) + (SELECT count(words) FROM opinion) + (SELECT count(note) FROM committee_member), 0::bigint, 'what she said');
SELECT is((SELECT string_agg(note, ',') FROM hypothesis_talk WHERE lead_id = 2), 'L 1 said so', 'but not what others said');
SELECT is((SELECT string_agg(conclusions, ',' ORDER BY id) FROM debrief), 'forgotten,too long,x,x', 'conclusions that name her');
SELECT is((SELECT string_agg(concat_ws('|', lesson, action), ',' ORDER BY id) FROM lesson), 'the case works for finance|forgotten,x|x,y|x', 'actions that name her');
SELECT bag_eq('SELECT figures()', 'TABLE counted', 'every figure stays');
SELECT is((SELECT string_agg(s.words || COALESCE(s.recording_url, ''), ',' ORDER BY s.touch_id) FROM transcript s JOIN touch t ON t.id = s.touch_id WHERE t.lead_id IN (1, 41)), 'forgotten,forgotten,forgotten,forgotten', 'what was said word for word goes');
SELECT results_eq($$SELECT rows_of('SELECT month, keyword, transcripts, heard FROM keywords_heard WHERE dimension = ''total''')$$, ARRAY['2026-05-01,place,3,0', '2026-05-01,price,3,0', '2026-06-01,place,2,0', '2026-06-01,price,2,1'], 'and what was heard in it, but not that there was a talk');

SELECT is_empty($$SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'v') AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)$$, 'every table, report and column has a comment');

SELECT * FROM finish();
