-- What is to be done next, and whether it was done in that order.
-- 6 March 2026 is a Friday, 10 March a holiday.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/plan_of.sql

SET search_path = crm, public;
SELECT is(count(*), 0::bigint, 'nothing to do in a new workspace') FROM work_queue;
SELECT is(count(*), 0::bigint, 'and no order to keep') FROM work_order_kept;

ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE sla_pause DISABLE TRIGGER USER;
UPDATE business_calendar SET calendar = 'UTC; Mo-Fr 09:00-17:00; 2026 Mar 10 off' WHERE code = 'default';
INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('bert', 'field', 'sales');
INSERT INTO account (source, name) VALUES ('t', 'Acme');
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, account_id, full_name, owner, score, urgency, wake_at, reason)
SELECT '2026-03-06', '2026-03-06', '2026-03-06', v.stage::leadflow.stage, 't', CASE WHEN v.n = 1 THEN 1 END, 'Lead ' || v.n, v.owner, v.score, CASE WHEN v.n = 2 THEN 'hot' END,
       v.wake_at::timestamptz, v.reason
FROM (VALUES (1, 'mql', 'anna', 10, NULL, NULL), (2, 'mql', 'anna', 90, NULL, NULL), (3, 'mql', 'anna', NULL, NULL, NULL), (4, 'mql', 'anna', 5, NULL, NULL),
             (5, 'opportunity', 'anna', 99, NULL, NULL), (6, 'mql', 'anna', 99, NULL, NULL), (7, 'contacted', 'anna', 20, NULL, NULL), (8, 'mql', 'anna', 1, NULL, NULL),
             (9, 'mql', 'anna', 7, NULL, NULL), (10, 'mql', 'anna', 60, NULL, NULL), (11, 'nurture', 'anna', 50, '2026-03-09 08:00', 'not_now'),
             (12, 'mql', NULL, 3, NULL, NULL), (13, 'contacted', NULL, 4, NULL, NULL), (14, 'disqualified', 'anna', 99, NULL, 'spam'),
             (15, 'nurture', 'anna', 99, '2026-03-09 10:01', 'not_now'), (16, 'lead', NULL, 99, NULL, NULL)) v (n, stage, owner, score, wake_at, reason)
ORDER BY v.n;
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, lead_id, name, owner) VALUES ('2026-03-06', '2026-03-06', '2026-03-06', 'proposal.deal_desk', 't', 5, 'Deal', 'bert');
CREATE FUNCTION promise(policy text, lead bigint, started text, due text, working boolean, warn text DEFAULT NULL, deal bigint DEFAULT NULL, owner text DEFAULT 'anna') RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.sla_clock (policy, metric, lead_id, opportunity_id, owner, variant, started_at, warn_at, due_at, target, calendar, stops_on_touch, stops_on_verdict, started_by, definition_version)
    SELECT $1, $1, $2, $7, $8, '*', started_at, ('2026-03-' || $6 || '+00')::timestamptz, due_at,
           CASE WHEN $5 THEN leadflow.worktime(calendar, started_at, due_at) ELSE due_at - started_at END, CASE WHEN $5 THEN calendar END,
           CASE WHEN $1 NOT IN ('verdict', 'deal_desk') THEN '{call,email}'::text[] END, $1 = 'verdict', 'x', 1
    FROM (SELECT ('2026-03-' || $3 || '+00')::timestamptz AS started_at, ('2026-03-' || $4 || '+00')::timestamptz AS due_at, calendar FROM crm.business_calendar WHERE code = 'default') d $$;
SELECT promise('hot_request', 1, '06 16:50', '09 09:05', true), promise('contact_request', 2, '06 15:30', '09 09:30', true), promise('new_mql', 3, '08 10:05', '09 10:05', false, '09 06:05'),
       promise('contact_request', 4, '06 16:10', '09 10:10', true), promise('new_mql', 5, '09 09:00', '10 09:00', false), promise('hot_request', 6, '06 16:55', '09 09:10', true),
       promise('verdict', 7, '09 09:30', '11 09:30', true), promise('new_mql', 8, '08 20:00', '09 20:00', false), promise('event_follow_up', 8, '07 15:00', '09 15:00', false),
       promise('deal_desk', 5, '06 12:00', '09 12:00', true, NULL, 1, 'bert'), promise('new_mql', 12, '08 11:00', '09 11:00', false, NULL, NULL, NULL),
       promise('legal', 5, '09 09:00', '09 16:00', true, NULL, 1, 'bert'), promise('hot_request', 14, '06 16:50', '09 09:05', true) \g /dev/null
INSERT INTO sla_pause (clock_id, paused_at, reason) VALUES (6, '2026-03-09 09:00+00', 'waits');
INSERT INTO sla_clock (policy, metric, lead_id, owner, variant, started_at, due_at, target, attempts, channels, spacing, attempt_every, stops_on_touch, started_by, definition_version)
SELECT 'cadence', 'cadence', l, 'anna', '*', '2026-03-06 10:00+00', '2026-03-16 10:00+00', '10 days', 6, 3, '2:00', '8:00', '{call,email,meeting}', 'x', 1 FROM unnest('{9,10}'::bigint[]) l;
INSERT INTO touch (lead_id, kind, direction, at) VALUES (9, 'call', 'outbound', '2026-03-06 11:00'),
    (10, 'email', 'inbound', '2026-03-05 11:00'), (10, 'call', 'outbound', '2026-03-06 10:05'), (10, 'email', 'outbound', '2026-03-06 13:00'), (10, 'meeting', 'outbound', '2026-03-09 09:30');

SET leadflow.clock = '2026-03-09 10:00+00';
SELECT results_eq($$SELECT rows_of('SELECT position, band, task, lead_id, to_char(due_at, ''DD HH24:MI''), remaining_seconds, state, score::float8, attempts_left, channel, why
        FROM work_queue WHERE owner = ''anna'' ORDER BY position')$$, ARRAY[
    '1,overdue,answer,2,"09 09:30",-1800,breached,90,,,"contact request, overdue by 30 minutes of working time"',
    '2,overdue,answer,1,"09 09:05",-3300,breached,10,,,"hot request, overdue by 55 minutes of working time"',
    '3,soon,attempt,9,"09 11:00",3600,running,7,5,email,"attempt 2 of 6, email not tried yet, due in 60 minutes"',
    '4,soon,answer,4,"09 10:10",600,running,5,,,"contact request, due in 10 minutes of working time"',
    '5,soon,answer,3,"09 10:05",300,warning,,,,"new mql, due in 5 minutes"',
    '6,day,answer,5,"10 09:00",82800,running,99,,,"new mql, due in 23 hours"',
    '7,day,wake,11,"09 08:00",,waiting,50,,,"rested in nurture until now: decide whether it comes back"',
    '8,day,answer,8,"09 15:00",18000,running,1,,,"event follow up, due in 5 hours"',
    '9,later,attempt,10,"11 09:30",171000,running,60,3,email,"attempt 4 of 6, email, not before 2026-03-09 11:30, due in 47 hours"',
    '10,later,verdict,7,"11 09:30",27000,running,20,,,"accept or reject, due in 7 hours of working time"'],
    'by band, then score, then due time; what one touch does is one row; what stands still, sleeps or is spam is left out');
SELECT results_eq($$SELECT rows_of('SELECT position, task, lead_id, opportunity_id, full_name, stage, why, promise FROM work_queue WHERE owner = ''bert'' ORDER BY position')$$, ARRAY[
    '1,approve,5,1,"Lead 5",proposal.deal_desk,"deal desk, due in 2 hours of working time","The deal desk decides on discounts, clauses and technical questions within a working day."',
    '2,approve,5,1,"Lead 5",proposal.deal_desk,"legal, due in 6 hours of working time",'], 'approvals are their owner''s');
SELECT results_eq($$SELECT rows_of('SELECT position, task, lead_id, band, why FROM work_queue WHERE owner IS NULL ORDER BY position')$$, ARRAY[
    '1,assign,12,soon,"in mql without an owner, due in 60 minutes"', '2,assign,13,day,"in contacted without an owner"'], 'leads that nobody owns');
SELECT results_eq($$SELECT rows_of('SELECT account, urgency, team, promise FROM work_queue WHERE lead_id IN (1, 2) ORDER BY lead_id')$$, ARRAY[
    'Acme,,inbound,"A hot request is answered within 15 minutes."', ',hot,inbound,"A request to talk is answered within 2 working hours."'], 'company, urgency and promise');
INSERT INTO sla_clock (policy, metric, lead_id, owner, variant, started_at, due_at, target, stops_on_touch, started_by, definition_version)
VALUES ('next_response', 'm', 10, 'anna', '*', '2026-03-09 09:40', '2026-03-09 12:40', '3:00', '{call}', 'x', 1);
SELECT results_eq($$SELECT rows_of('SELECT band, task, why FROM work_queue WHERE lead_id = 10')$$, ARRAY['day,answer,"next response, due in 2 hours"'], 'who has to be answered is no attempt more');
DELETE FROM sla_clock WHERE policy = 'next_response';
UPDATE lead SET score = 8 WHERE id = 4;
SELECT results_eq('SELECT lead_id FROM work_queue WHERE owner = ''anna'' AND band = ''soon'' ORDER BY position', '{4,9,3}'::bigint[], 'the score changes the order');
SELECT is(count(*), 7::bigint, 'once it is open again it has moved on')
FROM (SELECT pg_catalog.set_config('leadflow.clock', '2026-03-09 09:00+00', false)) c, work_queue q WHERE q.owner = 'anna' AND q.task <> 'attempt';
SELECT ok(plan_of('SELECT * FROM crm.work_queue WHERE owner = ''anna''') ~ 'Index.* sla_clock_owner', 'the queue of an owner is found by an index')
FROM (SELECT pg_catalog.set_config('enable_seqscan', 'off', false)) s;
RESET enable_seqscan;

-- the order that was kept
DELETE FROM sla_pause;
DELETE FROM sla_clock;
-- lead, score, start, due, stop, touch
INSERT INTO sla_clock (policy, metric, lead_id, owner, team, variant, started_at, due_at, stopped_at, target, stops_on_touch, started_by, stop_touch_id, definition_version)
SELECT 'p', 'm', v.lead_id, 'anna', 'inbound', '*', v.started_at::timestamptz, v.due_at::timestamptz, v.stopped_at::timestamptz, '1:00', '{call}', 'x', v.touch_id, 1
FROM (VALUES (1, '2026-03-06 15:00', '2026-03-09 09:30', '2026-03-09 10:00', 101), (2, '2026-03-06 15:00', '2026-03-10 09:00', '2026-03-09 11:00', 102), (4, '2026-03-06 15:00', '2026-03-11 09:00', '2026-03-09 09:10', 103),
             (5, '2026-03-09 10:30', '2026-03-10 09:30', '2026-03-09 12:00', 104),
             -- stood still; given up; of a lead that is spam; still open, and began later
             (6, '2026-03-06 15:00', '2026-03-06 15:30', NULL, NULL), (7, '2026-02-01 15:00', '2026-02-01 15:30', NULL, NULL), (14, '2026-03-06 15:00', '2026-03-06 15:30', NULL, NULL),
             (8, '2026-03-09 12:00:01', '2026-03-09 12:10', NULL, NULL)) v (lead_id, started_at, due_at, stopped_at, touch_id);
INSERT INTO sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-09 08:00', 'x' FROM sla_clock WHERE lead_id = 6;
SET leadflow.clock = '2026-03-09 14:00+00';
SELECT results_eq($$SELECT rows_of('SELECT touch_id, lead_id, band, waiting, rank_by_due, rank_by_score, rank_in_queue, more_urgent, same_band_higher, same_band_lower, out_of_order, score_ignored
        FROM order_of_work ORDER BY reaction_at')$$, ARRAY[
    '103,4,later,2,3,3,3,2,0,0,t,f',
    '101,1,overdue,1,1,2,1,0,0,0,f,f',
    '102,2,day,1,1,2,2,0,1,0,f,t',
    '104,5,day,0,1,1,1,0,0,0,f,f'], 'each reaction beside what waited');
SELECT results_eq($$SELECT rows_of('SELECT * FROM work_order_kept')$$, ARRAY['anna,inbound,2026-03-01,4,3,1,1,1,0.333333,-0.500000,-1.000000'], 'a queue that ignores the score shows up');
SET leadflow.clock = '2026-03-09 10:59+00';
SELECT results_eq($$SELECT rows_of('SELECT reactions, score_ignored, score_agreement FROM work_order_kept')$$, ARRAY['2,0,'], 'in the past it had not yet');

-- many reactions, compared with each other one by one
SET leadflow.clock = '2026-03-20 00:00+00';
DELETE FROM sla_pause;
DELETE FROM sla_clock;
CREATE FUNCTION dice(n bigint, salt bigint, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT (pg_catalog.hashint8extended(n, salt) & 1048575)::integer % sides $$;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, owner, score) SELECT '2026-01-01', '2026-01-01', '2026-01-01', 'mql', 'g', 'anna', NULLIF(dice(n, 1, 8), 0) FROM generate_series(1, 200) n;
INSERT INTO sla_clock (policy, metric, lead_id, owner, variant, started_at, warn_at, due_at, stopped_at, cancelled_at, target, stops_on_touch, started_by, stop_touch_id, definition_version)
SELECT 'p', 'm' || n, 101 + n % 100, 'o' || dice(n, 2, 2), '*', t.at, CASE WHEN n % 2 = 0 THEN t.at + interval '1 hour' END, t.at + dice(n, 3, 100) * interval '1 hour' + interval '1 hour',
       CASE WHEN dice(n, 4, 3) > 0 THEN t.at + dice(n, 5, 10000) * interval '1 minute' END, CASE WHEN dice(n, 4, 3) = 0 AND n % 3 = 0 THEN t.at + interval '3 days' END,
       '1:00', '{call}', 'x', CASE WHEN dice(n, 4, 3) > 0 THEN n / 2 END, 1
FROM generate_series(1, 300) n, LATERAL (SELECT timestamptz '2026-01-10 00:00+00' + dice(n, 6, 60 * 1440) * interval '1 minute' AS at) t;
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason) SELECT id, started_at + interval '2 hours', CASE WHEN id % 2 = 0 THEN started_at + interval '20 hours' END, 'x' FROM sla_clock WHERE id % 7 = 0;
CREATE FUNCTION band_at(at timestamptz, due timestamptz, warn timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE WHEN at > due THEN 1 WHEN at >= warn OR due <= at + interval '1 hour' THEN 2 WHEN due <= at + interval '24 hours' THEN 3 ELSE 4 END $$;
CREATE VIEW one_by_one AS
SELECT c.stop_touch_id AS touch_id, c.owner, count(w) AS waiting, count(w) FILTER (WHERE w.due_at < c.due_at) + 1 AS rank_by_due,
       count(w) FILTER (WHERE w.band < c.band) AS more_urgent, count(w) FILTER (WHERE w.band = c.band AND w.score > c.score) AS same_band_higher,
       count(w) FILTER (WHERE (w.band, - w.score, w.due_at) < (c.band, - c.score, c.due_at)) + 1 AS rank_in_queue
FROM (SELECT DISTINCT ON (c.owner, c.stop_touch_id) c.*, coalesce(l.score, -1) AS score, band_at(c.stopped_at, c.due_at, c.warn_at) AS band FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id
      WHERE c.stopped_at <= leadflow.clock() ORDER BY c.owner, c.stop_touch_id, c.due_at, c.id) c
LEFT JOIN LATERAL (SELECT w.due_at, coalesce(l.score, -1) AS score, band_at(c.stopped_at, w.due_at, w.warn_at) AS band FROM crm.sla_clock w JOIN crm.lead l ON l.id = w.lead_id
      WHERE w.owner = c.owner AND w.lead_id <> c.lead_id AND w.started_at BETWEEN c.stopped_at - interval '30 days' + interval '1 microsecond' AND c.stopped_at
          AND coalesce(w.stopped_at, w.cancelled_at, 'infinity') > c.stopped_at
          AND NOT EXISTS (SELECT FROM crm.sla_pause p WHERE p.clock_id = w.id AND p.paused_at <= c.stopped_at AND coalesce(p.resumed_at, 'infinity') > c.stopped_at)) w ON true
GROUP BY c.owner, c.stop_touch_id;
SELECT cmp_ok((SELECT sum(waiting) FROM one_by_one), '>', 1000::numeric, 'enough to compare');
SELECT results_eq('SELECT owner, touch_id, waiting, rank_by_due, more_urgent, same_band_higher, rank_in_queue FROM crm.order_of_work ORDER BY 1, 2',
                  'SELECT owner, touch_id, waiting, rank_by_due, more_urgent, same_band_higher, rank_in_queue FROM one_by_one ORDER BY 1, 2', 'the same as compared one by one');
SELECT results_eq('SELECT sum(reactions), sum(with_choice), sum(out_of_order), sum(score_ignored) FROM crm.work_order_kept',
                  'SELECT count(*)::numeric, count(*) FILTER (WHERE waiting > 0)::numeric, count(*) FILTER (WHERE more_urgent > 0)::numeric, count(*) FILTER (WHERE same_band_higher > 0)::numeric FROM one_by_one', 'and summed up');

-- the clocks as the recorder starts them: a verdict is not an answer
SELECT leadflow.create_workspace('real') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO real.team_member (member, team, department) VALUES ('anna', 'inbound', 'sales');
INSERT INTO real.lead (source, email, role, verified, owner) VALUES ('t', 'a@b.c', 'CEO', true, 'anna');
INSERT INTO real.touch (lead_id, kind, direction) VALUES (1, 'web_visit', 'inbound'), (1, 'form_submit', 'inbound');
UPDATE real.lead SET stage = 'mql';
INSERT INTO real.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound');
UPDATE real.lead SET stage = 'contacted';
SELECT is((SELECT string_agg(task || ': ' || why, '; ' ORDER BY task) FROM real.work_queue),
          'attempt: attempt 2 of 6, email not tried yet, not before 2026-03-02 12:00, due in 24 hours; verdict: accept or reject, due in 16 hours of working time',
          'what the recorder started is told as what it is');

SELECT * FROM finish();
