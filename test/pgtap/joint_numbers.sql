-- The numbers that both departments share, on a small history worked out by hand, and whether they add up.
-- 6 March 2026 is a Friday, 10 March a holiday.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql

SET search_path = crm, public;

ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE sla_pause DISABLE TRIGGER USER;

UPDATE business_calendar SET calendar = 'UTC; Mo-Fr 09:00-17:00; 2026 Mar 10 off' WHERE code = 'default';
INSERT INTO team_member (member, full_name, team, department) VALUES
    ('anna', 'Anna A', 'inbound', 'sales'), ('bert', 'Bert B', 'field', 'sales'), ('cora', 'Cora C', 'field', 'sales'), ('mike', 'Mike M', 'demand', 'marketing');
INSERT INTO campaign (source, external_id, name) VALUES ('t', '1', 'Fair');
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, campaign_id, origin, owner, reason)
SELECT '2026-03-20', '2026-03-02', '2026-03-20', v.stage::leadflow.stage, 't', v.campaign_id, v.origin, v.owner, v.reason
FROM (VALUES (1, 'won', 1, 'event', 'anna', NULL), (2, 'nurture', 1, 'event', 'anna', 'not_now'), (3, 'disqualified', NULL, 'web', 'bert', 'not_target'),
             (4, 'mql', NULL, 'web', NULL, NULL), (5, 'mql', NULL, 'web', 'bert', NULL), (6, 'disqualified', 1, 'event', 'bert', 'spam'),
             (7, 'lead', NULL, 'web', 'anna', NULL)) v (n, stage, campaign_id, origin, owner, reason)
ORDER BY v.n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, reason, variant)
SELECT v.at::timestamptz, v.at::timestamptz, v.lead_id, 1, false, 'lead', v.from_stage::leadflow.stage, v.to_stage::leadflow.stage, 'x', 'x', v.reason, '*'
FROM (VALUES (1, '2026-03-06 16:30', 'lead', 'mql', NULL), (1, '2026-03-09 11:00', 'mql', 'sal', NULL), (1, '2026-03-11 09:00', 'sal', 'sql', NULL), (1, '2026-03-20 09:00', 'sql', 'won', NULL),
             (2, '2026-03-09 16:00', 'lead', 'mql', NULL), (2, '2026-03-12 16:00', 'mql', 'nurture', 'not_now'),
             (3, '2026-03-09 16:50', 'lead', 'mql', NULL), (3, '2026-03-13 17:00', 'mql', 'disqualified', 'not_target'),
             (4, '2026-03-09 12:00', 'lead', 'mql', NULL), (5, '2026-03-06 10:00', 'lead', 'mql', NULL),
             (6, '2026-03-06 10:00', 'lead', 'mql', NULL), (6, '2026-03-07 10:00', 'mql', 'disqualified', 'spam'),
             (7, '2026-03-06 10:00', NULL, 'lead', NULL)) v (lead_id, at, from_stage, to_stage, reason);
\ir common/verdicts_said.sql
INSERT INTO touch (lead_id, kind, channel, direction, at, actor)
SELECT v.lead_id, v.kind, v.channel, v.direction, v.at::timestamptz, v.actor
FROM (VALUES (1, 'call', NULL, 'outbound', '2026-03-09 09:10', 'anna'), (1, 'call', NULL, 'inbound', '2026-03-09 10:00', NULL),
             -- logged twice; a visit of the site is no answer
             (2, 'email', 'email', 'outbound', '2026-03-09 16:04', 'anna'), (2, 'email', 'email', 'outbound', '2026-03-09 16:04:40', 'anna'),
             (2, 'web_visit', 'web', 'inbound', '2026-03-09 18:00', NULL), (2, 'sequence_email', 'email', 'outbound', '2026-03-09 19:00', NULL),
             (2, 'call', NULL, 'outbound', '2026-03-11 10:00', 'anna'), (2, 'email', 'email', 'inbound', '2026-03-11 12:00', NULL),
             (2, 'email', 'email', 'inbound', '2026-03-11 13:00', NULL),
             (3, 'call', NULL, 'outbound', '2026-03-11 09:05', 'bert'), (3, 'call', NULL, 'outbound', '2026-03-12 09:05', 'bert'), (3, 'call', NULL, 'outbound', '2026-03-13 09:05', 'bert'),
             (5, 'email', 'email', 'inbound', '2026-03-05 09:00', NULL), (5, 'call', NULL, 'outbound', '2026-03-05 10:00', NULL),
             (6, 'call', NULL, 'outbound', '2026-03-06 11:00', 'bert'), (6, 'call', NULL, 'inbound', '2026-03-06 12:00', NULL)) v (lead_id, kind, channel, direction, at, actor);
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, lead_id, owner) VALUES ('2026-03-12', '2026-03-12', '2026-03-12', 'proposal', 't', 1, 'cora');
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant, owner)
VALUES ('2026-03-12', '2026-03-12', 1, 1, 1, false, 'opportunity', 'proposal', 'x', 'x', '*', 'cora');
INSERT INTO sla_clock (policy, metric, lead_id, opportunity_id, owner, team, variant, started_at, warn_at, due_at, stopped_at, cancelled_at, target, calendar, stops_on_touch, started_by, definition_version) VALUES
    ('new_mql', 'first_response', 1, NULL, 'anna', 'inbound', '*', '2026-03-06 16:30', NULL, '2026-03-09 16:30', '2026-03-09 09:10', NULL, '8:00', 'UTC; Mo-Fr 09:00-17:00', '{call}', 'x', 1),
    ('new_mql', 'first_response', 2, NULL, 'anna', 'inbound', '*', '2026-03-09 16:00', NULL, '2026-03-09 16:03', '2026-03-09 16:04', NULL, '0:03', NULL, '{call}', 'x', 1),
    ('new_mql', 'first_response', 4, NULL, NULL, NULL, '*', '2026-03-09 12:00', '2026-03-11 12:00', '2026-03-11 16:00', NULL, NULL, '12:00', 'UTC; Mo-Fr 09:00-17:00; 2026 Mar 10 off', '{call}', 'x', 1),
    ('new_mql', 'first_response', 3, NULL, 'bert', 'field', '*', '2026-03-09 16:50', NULL, '2026-03-11 16:50', NULL, '2026-03-10 12:00', '48:00', NULL, '{call}', 'x', 1),
    ('new_mql', 'first_response', 5, NULL, 'bert', 'field', '*', '2026-03-31 09:00', '2026-03-31 11:00', '2026-03-31 13:00', NULL, NULL, '4:00', NULL, '{call}', 'x', 1),
    ('deal_desk', 'deal_desk', 1, 1, 'cora', 'field', '*', '2026-03-12 09:00', NULL, '2026-03-12 17:00', NULL, NULL, '8:00', NULL, NULL, 'x', 1),
    ('new_mql', 'first_response', 6, NULL, 'bert', 'field', '*', '2026-03-06 10:00', NULL, '2026-03-07 10:00', NULL, NULL, '24:00', NULL, '{call}', 'x', 1);

SET leadflow.clock = '2026-03-31 12:00+00';

SELECT results_eq($$SELECT rows_of('SELECT lead_id, attempt, attempt_at::time, channel, actor, answered_at FROM contact_attempt ORDER BY lead_id, attempt')$$, ARRAY[
    '1,1,09:10:00,call,anna,"2026-03-09 10:00:00+00"',
    '2,1,16:04:00,email,anna,',
    '2,2,10:00:00,call,anna,"2026-03-11 12:00:00+00"',
    '3,1,09:05:00,call,bert,', '3,2,09:05:00,call,bert,', '3,3,09:05:00,call,bert,',
    '5,1,10:00:00,call,,'], 'contact_attempt: what was logged twice counts once, who spoke first did not answer, spam is left out');
SELECT results_eq($$SELECT rows_of('SELECT * FROM attempts_to_answer')$$, ARRAY[
    '1,call,3,1,0.333333,0.250000,0.250000',
    '1,email,1,0,0.000000,0.000000,0.250000',
    '2,call,2,1,0.500000,0.250000,0.500000',
    '3,call,1,0,0.000000,0.000000,0.500000',
    ',,,2,,0.500000,'], 'attempts_to_answer');
SELECT results_eq($$SELECT rows_of('SELECT * FROM channel_effect ORDER BY channel, team')$$, ARRAY[
    'call,field,2026-03-01,3,0,0.000000,1,0,0.000000,',
    'call,inbound,2026-03-01,2,2,1.000000,1,1,1.000000,1.42',
    'call,,2026-03-01,1,0,0.000000,1,0,0.000000,',
    'email,inbound,2026-03-01,1,0,0.000000,1,0,0.000000,'], 'channel_effect');
SELECT results_eq($$SELECT rows_of('SELECT * FROM response_conversion')$$, ARRAY[
    'elapsed,1,before,web,1,0,0,0,0.000000,0.000000,0.000000,0,0',
    'elapsed,2,"5 minutes",event,1,0,0,0,0.000000,0.000000,0.000000,240,240',
    'elapsed,7,"3 days",event,1,1,1,1,1.000000,1.000000,1.000000,232800,2400',
    'elapsed,7,"3 days",web,1,0,0,0,0.000000,0.000000,0.000000,144900,900',
    'elapsed,9,never,web,1,0,0,0,0.000000,0.000000,0.000000,,',
    'working,1,before,web,1,0,0,0,0.000000,0.000000,0.000000,0,0',
    'working,2,"5 minutes",event,1,0,0,0,0.000000,0.000000,0.000000,240,240',
    'working,3,"15 minutes",web,1,0,0,0,0.000000,0.000000,0.000000,144900,900',
    'working,4,"1 hour",event,1,1,1,1,1.000000,1.000000,1.000000,232800,2400',
    'working,9,never,web,1,0,0,0,0.000000,0.000000,0.000000,,'], 'response_conversion: over a weekend and over a holiday, by both clocks');
SELECT results_eq($$SELECT rows_of('SELECT * FROM wasted_effort ORDER BY verdict, category')$$, ARRAY[
    'accepted,,event,1,Fair,inbound,1,1,239400,1.0000,1.0000',
    'rejected,fit,web,,,field,1,3,346200,3.0000,',
    'rejected,timing,event,1,Fair,inbound,1,2,259200,2.0000,2.0000'], 'wasted_effort');
SELECT results_eq($$SELECT rows_of('SELECT * FROM volume_and_quality')$$, ARRAY[
    '2026-03-01,5,1,2,1,1,0.333333,0.200000,4,3,3,1,0.800000,0.600000,0.333333,1.000000'],
    'volume_and_quality: promises to deals, running and cancelled ones are not counted');
SELECT results_eq($$SELECT rows_of('SELECT owner, team, active, open_leads, open_opportunities, running, warning, breached, paused, attempts, attempts_per_day, handed_over, contacted,
        with_verdict, accepted, reached_sql, won, contacted_share, acceptance_rate, qualified_share, won_share FROM owner_load ORDER BY owner')$$, ARRAY[
    'anna,inbound,t,0,0,0,0,0,0,3,0.1000,2,2,2,1,1,1,1.000000,0.500000,0.500000,0.500000',
    'bert,field,t,1,0,1,1,0,0,4,0.1333,2,2,1,0,0,0,1.000000,0.000000,0.000000,0.000000',
    'cora,field,t,0,1,0,0,1,0,0,0.0000,0,0,0,0,0,0,,,,',
    ',,,1,0,0,0,1,0,0,0.0000,1,0,0,0,0,0,0.000000,,0.000000,0.000000'], 'owner_load: idle members of sales, and what nobody owns, are listed');

-- the past is shown as it was
SET leadflow.clock = '2026-03-11 11:00+00';
SELECT results_eq($$SELECT rows_of('SELECT attempt, channel, made, leads FROM attempts_to_answer')$$, ARRAY['1,call,3,1', '1,email,1,0', '2,call,1,0', ',,,3'], 'attempts_to_answer in the past');
SELECT results_eq($$SELECT rows_of('SELECT verdict, leads, attempts FROM wasted_effort')$$, ARRAY['accepted,1,1'], 'wasted_effort in the past');
SELECT results_eq($$SELECT rows_of('SELECT clock_id, owner, owes, state, remaining_seconds, measure FROM sla_open ORDER BY clock_id')$$, ARRAY[
    '3,,answer,running,18000,working'], 'sla_open: over a holiday, in working time');
SET leadflow.clock = '2026-03-09 16:02+00';
SELECT results_eq($$SELECT rows_of('SELECT clock_id, state, remaining_seconds FROM sla_open ORDER BY clock_id')$$, ARRAY['2,running,60', '3,running,28680'], 'sla_open: what was stopped since');
SET leadflow.clock = '2026-03-09 09:00+00';
SELECT results_eq($$SELECT rows_of('SELECT clock_id, state, remaining_seconds FROM sla_open ORDER BY clock_id')$$, ARRAY['1,running,27000'], 'sla_open: what had not started is not owed');

-- agreements
DELETE FROM bonus_part;
DELETE FROM agreement;
INSERT INTO agreement (agreement, department, measure, period, origin, at_least, starts_on, ends_on, promise, active) VALUES
    ('deals', 'sales', 'deal_share', 'quarter', NULL, 1, NULL, NULL, 'x', true),
    ('fair', 'sales', 'contacted_share', 'week', 'event', 0.95, NULL, NULL, 'x', true),
    ('future', 'marketing', 'handed_over', 'month', NULL, 1, '2026-04-20', NULL, 'x', true),
    ('number', 'marketing', 'handed_over', 'month', NULL, 4, NULL, NULL, 'x', true),
    ('off', 'marketing', 'handed_over', 'month', NULL, 4, NULL, NULL, 'x', false),
    ('old', 'marketing', 'accepted', 'month', NULL, 2, '2026-03-05', '2026-03-08', 'x', true),
    ('quality', 'marketing', 'accepted_share', 'month', NULL, 0.6, NULL, NULL, 'x', true),
    ('qualified', 'marketing', 'qualified_share', 'month', NULL, 0.2, NULL, NULL, 'x', true),
    ('reaction', 'sales', 'sla_met_share', 'month', NULL, 0.9, NULL, NULL, 'x', true),
    ('verdict', 'sales', 'verdict_share', 'month', 'nowhere', 0.9, NULL, NULL, 'x', true);
SET leadflow.clock = '2026-03-31 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT agreement, from_date, until_date, state, promised::float8, delivered, counted, out_of, kept, missing FROM agreement_kept WHERE agreement <> ''fair'' ORDER BY agreement, from_date')$$, ARRAY[
    'deals,2026-01-01,2026-03-31,running,1,1.000000,1,1,t,0',
    'number,2026-03-01,2026-03-31,running,4,5.000000,5,,t,0',
    'old,2026-03-05,2026-03-08,complete,2,1.000000,1,,f,1',
    'qualified,2026-03-01,2026-03-31,running,0.2,0.200000,1,5,t,0',
    'quality,2026-03-01,2026-03-31,running,0.6,0.333333,1,3,,1',
    'reaction,2026-03-01,2026-03-31,running,0.9,0.333333,1,3,,2',
    'verdict,2026-03-01,2026-03-31,running,0.9,,0,0,,0'], 'agreement_kept while the period runs');
SET leadflow.clock = '2026-04-02 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT agreement, from_date, until_date, state, delivered, counted, out_of, kept, missing FROM agreement_kept
        WHERE agreement IN (''number'', ''quality'', ''deals'') ORDER BY agreement, from_date')$$, ARRAY[
    'deals,2026-01-01,2026-03-31,complete,1.000000,1,1,t,0',
    'deals,2026-04-01,2026-06-30,running,,0,0,,0',
    'number,2026-03-01,2026-03-31,complete,5.000000,5,,t,0',
    'number,2026-04-01,2026-04-30,running,0.000000,0,,,4',
    'quality,2026-03-01,2026-03-31,complete,0.333333,1,3,f,1',
    'quality,2026-04-01,2026-04-30,running,,0,0,,0'], 'agreement_kept when it is over');
SELECT results_eq($$SELECT rows_of('SELECT from_date, until_date, state, counted, out_of, kept FROM agreement_kept WHERE agreement = ''fair'' ORDER BY from_date')$$, ARRAY[
    '2026-03-02,2026-03-08,complete,1,1,t', '2026-03-09,2026-03-15,complete,1,1,t', '2026-03-16,2026-03-22,complete,0,0,', '2026-03-23,2026-03-29,complete,0,0,',
    '2026-03-30,2026-04-05,running,0,0,'], 'agreement_kept: weeks, of one origin');
SELECT is(count(*), 1::bigint, 'an agreement begins on its first day')
FROM (SELECT pg_catalog.set_config('leadflow.clock', '2026-04-20 12:00+00', false)) c, agreement_kept k WHERE k.agreement = 'future' AND k.from_date = '2026-04-20';
SELECT throws_ok($$INSERT INTO agreement (agreement, department, measure, at_least, promise) VALUES ('x', 'sales', 'luck', 1, 'x')$$, '23514', NULL, 'a measure that nobody knows is refused');
SELECT throws_ok(format('UPDATE agreement SET %s WHERE agreement = ''future''', c.value), '23514', NULL, 'refused: ' || c.label)
FROM (VALUES
    ('at_least = ''Infinity''', 'what nobody can deliver'),
    ('at_least = ''NaN''', 'what is no number'),
    ('at_least = 1e10', 'more than the report can show'),
    ('measure = ''sla_met_share'', at_least = 90', 'a share in percent'),
    ('starts_on = ''-infinity''', 'an agreement without a first period'),
    ('ends_on = ''infinity''', 'one with a last day that is none')
) AS c (value, label);

-- whether the reports add up, on what nobody counted by hand: without owners, origins and touches too
RESET search_path;
SELECT leadflow.create_workspace('gen') \g /dev/null
SET search_path = gen, public;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE sla_pause DISABLE TRIGGER USER;
CREATE FUNCTION public.dice(n bigint, salt bigint, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE
    AS $$ SELECT (pg_catalog.hashint8extended(n, salt) & 1048575)::integer % sides $$;
INSERT INTO team_member (member, team, department, calendar) SELECT 'rep' || n, 'team' || n % 2, 'sales', NULL FROM generate_series(0, 4) n;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, origin, owner, reason, score)
SELECT '2026-03-20', '2026-02-02', '2026-03-20', CASE WHEN dice(n, 1, 10) = 0 THEN 'disqualified'::leadflow.stage ELSE 'mql' END, 't',
       (ARRAY['event', 'web', NULL])[1 + dice(n, 2, 3)], (ARRAY['rep0', 'rep1', 'rep2', 'rep3', 'gone', NULL])[1 + dice(n, 3, 6)],
       CASE WHEN dice(n, 1, 10) = 0 THEN 'spam' END, NULLIF(dice(n, 4, 20), 0)
FROM generate_series(1, 500) n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, reason, variant)
SELECT timestamptz '2026-02-02 00:00+00' + dice(n, 5, 70 * 1440) * interval '1 minute' + s.step * dice(n, 6, 5000) * interval '1 minute', now(), n, 1, false, 'lead',
       s.from_stage::leadflow.stage, s.to_stage::leadflow.stage, 'x', 'x', s.reason, '*'
FROM generate_series(1, 500) n,
     (VALUES (0, NULL, 'lead', NULL, 7), (1, 'lead', 'mql', NULL, 6), (2, 'mql', 'sal', NULL, 3), (2, 'mql', 'nurture', 'not_now', 30), (3, 'sal', 'sql', NULL, 2), (3, 'nurture', 'mql', NULL, 31),
             (4, 'sql', 'won', NULL, 1), (4, 'mql', 'sal', NULL, 32)) s (step, from_stage, to_stage, reason, limits)
WHERE CASE WHEN s.limits >= 30 THEN dice(n, 7, 10) IN (1, 4) AND s.limits - 29 <= 1 + dice(n, 8, 3) ELSE dice(n, 7, 10) NOT IN (1, 4) AND dice(n, 8, 8) < s.limits OR s.limits >= 6 END;
INSERT INTO touch (lead_id, kind, channel, direction, at, actor)
SELECT dice(n, 10, 400) + 1, (ARRAY['call', 'email', 'web_visit', 'meeting'])[1 + dice(n, 11, 4)], (ARRAY['phone', 'email', NULL])[1 + dice(n, 12, 3)],
       (ARRAY['inbound', 'outbound'])[1 + dice(n, 13, 2)], timestamptz '2026-02-02 00:00+00' + dice(n, 14, 80 * 144) * interval '10 minutes' + dice(n, 15, 2) * interval '20 seconds',
       (ARRAY['rep0', 'rep1', NULL])[1 + dice(n, 16, 3)]
FROM generate_series(1, 3000) n;
INSERT INTO sla_clock (policy, metric, lead_id, owner, variant, started_at, warn_at, due_at, stopped_at, cancelled_at, target, warn_after, calendar, stops_on_touch, stops_on_verdict, started_by, definition_version)
SELECT 'p', 'm' || n % 2, n, l.owner, '*', t.at, t.at + interval '2 hours', CASE WHEN n % 2 = 0 THEN t.at + interval '3 hours' ELSE leadflow.add_worktime('UTC; Mo-Fr 09:00-17:00', t.at, '3:00') END,
       CASE WHEN dice(n, 21, 3) = 0 THEN t.at + dice(n, 22, 500) * interval '1 minute' END, CASE WHEN dice(n, 21, 3) = 1 AND dice(n, 23, 3) = 0 THEN t.at + interval '2 hours' END,
       '3:00', '2:00', CASE WHEN n % 2 = 1 THEN 'UTC; Mo-Fr 09:00-17:00'::leadflow.calendar END, CASE WHEN n % 3 > 0 THEN '{call}'::text[] END, n % 3 = 0, 'x', 1
FROM generate_series(1, 500) n JOIN lead l ON l.id = n, LATERAL (SELECT timestamptz '2026-02-02 00:00+00' + dice(n, 20, 70 * 1440) * interval '1 minute' AS at) t;
\ir common/verdicts_said.sql
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason)
SELECT c.id, c.started_at + dice(c.id, 30, 400) * interval '1 minute', CASE WHEN dice(c.id, 31, 2) = 0 THEN c.started_at + interval '1 day' END, 'x'
FROM sla_clock c WHERE c.id % 5 = 0;

CREATE TEMP TABLE instant AS SELECT * FROM (VALUES ('2026-02-20 10:00+00'), ('2026-03-14 22:00+00'), ('2026-05-01 00:00+00')) v (at);
CREATE FUNCTION agrees(at text, one text, other text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    a text;
    b text;
BEGIN
    PERFORM pg_catalog.set_config('leadflow.clock', at, false);
    EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(x::text, '' '' ORDER BY x::text) FROM (%s) x', one) INTO a;
    EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(x::text, '' '' ORDER BY x::text) FROM (%s) x', other) INTO b;
    -- a test that compares nothing would be none
    RETURN a = b AND a ~ '[1-9]';
END;
$$;
SELECT ok(agrees(i.at, c.one, c.other), c.label || ' at ' || i.at)
FROM instant i,
(VALUES
    ('every lead handed over has one response by the wall clock', 'SELECT sum(leads) FROM response_conversion WHERE measure = ''elapsed''', 'SELECT count(*) FROM handover'),
    ('and one in working time', 'SELECT sum(leads) FROM response_conversion WHERE measure = ''working''', 'SELECT sum(handed_over) FROM follow_up_coverage'),
    ('never is never contacted', 'SELECT sum(leads) FROM response_conversion WHERE measure = ''elapsed'' AND bucket = ''never''', 'SELECT sum(never_contacted) FROM follow_up_coverage'),
    ('as the list says', 'SELECT sum(leads) FROM response_conversion WHERE measure = ''working'' AND bucket = ''never''', 'SELECT count(*) FROM never_contacted'),
    ('effort is counted for every verdict', 'SELECT verdict, sum(leads) FROM wasted_effort GROUP BY verdict', 'SELECT ''accepted'', sum(accepted) FROM feedback_coverage UNION ALL SELECT ''rejected'', sum(rejected) FROM feedback_coverage'),
    ('and every attempt until it', 'SELECT sum(attempts) FROM wasted_effort', 'SELECT count(*) FROM contact_attempt a JOIN handover h USING (lead_id) WHERE a.attempt_at <= h.verdict_at'),
    ('months of volume', 'SELECT month, handed_over, accepted, rejected, with_verdict FROM volume_and_quality WHERE handed_over > 0', 'SELECT month, sum(handed_over), sum(accepted), sum(rejected), sum(with_verdict) FROM feedback_coverage GROUP BY month'),
    ('months of contacts', 'SELECT month, contacted FROM volume_and_quality WHERE handed_over > 0', 'SELECT month, sum(contacted) FROM follow_up_coverage GROUP BY month'),
    ('months of promises', 'SELECT month, promises, promises_met FROM volume_and_quality WHERE promises > 0', 'SELECT month, sum(met + met_late + breached), sum(met) FROM sla_compliance GROUP BY month HAVING sum(met + met_late + breached) > 0'),
    ('agreements', 'SELECT measure, counted, out_of FROM agreement_kept WHERE from_date = ''2026-02-01'' AND period = ''month'' AND measure <> ''sla_met_share''',
        'SELECT ''handed_over'', handed_over, NULL::bigint FROM volume_and_quality WHERE month = ''2026-02-01'' UNION ALL SELECT ''accepted_share'', accepted, with_verdict FROM volume_and_quality WHERE month = ''2026-02-01''
         UNION ALL SELECT ''contacted_share'', contacted, handed_over FROM volume_and_quality WHERE month = ''2026-02-01'' UNION ALL SELECT ''verdict_share'', with_verdict, handed_over FROM volume_and_quality WHERE month = ''2026-02-01'''),
    ('agreed reactions', 'SELECT counted, out_of FROM agreement_kept WHERE from_date = ''2026-02-01'' AND measure = ''sla_met_share''', 'SELECT promises_met, promises FROM volume_and_quality WHERE month = ''2026-02-01'''),
    ('owners', 'SELECT owner, handed_over, contacted FROM owner_load WHERE handed_over > 0', 'SELECT owner, sum(handed_over), sum(contacted) FROM follow_up_coverage GROUP BY owner'),
    ('what owners owe', 'SELECT owner, running, breached, paused FROM owner_load WHERE running + breached + paused > 0', 'SELECT owner, sum(running), sum(breached), sum(paused) FROM sla_compliance GROUP BY owner HAVING sum(running + breached + paused) > 0'),
    ('open promises', 'SELECT clock_id, policy, owner, measure, started_at, warn_at, due_at, state, paused_at, pause_reason, target_seconds, remaining_seconds, waiting_seconds FROM sla_open',
        'SELECT clock_id, policy, owner, measure, started_at, warn_at, due_at, state, paused_at, pause_reason, target_seconds, remaining_seconds, waiting_seconds FROM sla_status s
         WHERE stopped_at IS NULL AND cancelled_at IS NULL AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)'),
    ('attempts are minutes', 'SELECT lead_id, max(attempt) FROM contact_attempt GROUP BY lead_id', 'SELECT lead_id, count(DISTINCT date_trunc(''minute'', at)) FROM touch t JOIN touch_kind k USING (kind)
        WHERE k.is_contact AND direction = ''outbound'' AND at <= leadflow.clock() AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id) GROUP BY lead_id'),
    ('attempts by card', 'SELECT lead_id, max(attempt) FROM contact_attempt GROUP BY lead_id', 'SELECT lead_id, attempts FROM lead_card WHERE attempts > 0'),
    ('who was tried answered or never did', 'SELECT sum(leads) FROM attempts_to_answer', 'SELECT count(DISTINCT lead_id) FROM contact_attempt'),
    ('channels', 'SELECT channel, sum(attempts), sum(answered) FROM channel_effect GROUP BY channel', 'SELECT channel, count(*), count(answered_at) FROM contact_attempt GROUP BY channel')) c (label, one, other);

SELECT * FROM finish();
