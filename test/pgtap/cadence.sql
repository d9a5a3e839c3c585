-- Cadences: promises of so many attempts over so many channels, what counts as one, what ends them,
-- how far they have come, and the reasons that may be given only after them. 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-16 10:00+00';
SELECT no_plan();

\ir common/tried.sql

-- leadflow.count_attempts
-- counted(attempts, spacing, wanted, over): attempts as '02 10:00 phone, …' of March 2026, or whole instants and no channel
CREATE FUNCTION counted(attempts text, spacing interval DEFAULT NULL, wanted integer DEFAULT NULL, over integer DEFAULT NULL, reversed boolean DEFAULT false)
RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (x).made, '{' || array_to_string((x).channels_used, ',') || '}', to_char((x).last_at, 'DD HH24:MI'), 'complete ' || to_char((x).complete_at, 'DD HH24:MI'))
      FROM (SELECT leadflow.count_attempts(array_agg(('2026-03-' || substr(a, 1, position(' ' IN substr(a, 4)) + 2))::timestamptz ORDER BY n * CASE WHEN reversed THEN -1 ELSE 1 END),
                                           array_agg(nullif(substr(a, position(' ' IN substr(a, 4)) + 4), '-') ORDER BY n * CASE WHEN reversed THEN -1 ELSE 1 END),
                                           spacing, wanted, over) AS x
              FROM regexp_split_to_table(attempts, ', ') WITH ORDINALITY s (a, n)) r
$$;
SELECT is(counted(c.attempts, c.spacing::interval, c.wanted, c.over), c.expected, 'count_attempts: ' || c.label),
       is(counted(c.attempts, c.spacing::interval, c.wanted, c.over, true), c.expected, 'count_attempts, the other way round: ' || c.label)
FROM (VALUES
    ('one', '02 10:00 phone', NULL, NULL, NULL, '1 {phone} 02 10:00'),
    ('several', '02 10:00 phone, 02 11:00 email, 03 10:00 phone', NULL, NULL, NULL, '3 {phone,email} 03 10:00'),
    ('the same minute', '02 10:00:00 phone, 02 10:00:59.999999 phone', NULL, NULL, NULL, '1 {phone} 02 10:00'),
    ('another minute, a moment later', '02 10:00:59.999999 phone, 02 10:01:00 phone', NULL, NULL, NULL, '2 {phone} 02 10:01'),
    ('the minute is that of the clock, not one that begins with the attempt', '02 10:00:30 phone, 02 10:01:10 phone, 02 10:01:50 phone', NULL, NULL, NULL, '2 {phone} 02 10:01'),
    ('over two channels in one minute', '02 10:00:10 phone, 02 10:00:20 email', NULL, NULL, NULL, '1 {phone} 02 10:00'),
    ('a chain of spacing', '02 10:00 phone, 02 10:30 phone, 02 11:05 phone', '1 hour', NULL, NULL, '2 {phone} 02 11:05'),
    ('from the last that counted, not from the last', '02 10:00 phone, 02 10:50 phone, 02 11:40 phone, 02 12:30 phone', '1 hour', NULL, NULL, '2 {phone} 02 11:40'),
    ('a chain that never rests', '02 10:00 phone, 02 10:40 phone, 02 11:20 phone, 02 12:00 phone, 02 12:40 phone', '1 hour', NULL, NULL, '3 {phone} 02 12:40'),
    ('just the spacing', '02 10:00 phone, 02 11:00 phone', '1 hour', NULL, NULL, '2 {phone} 02 11:00'),
    ('a moment less', '02 10:00:00.000001 phone, 02 11:00 phone', '1 hour', NULL, NULL, '1 {phone} 02 10:00'),
    ('a spacing of less than a minute: the minute counts too', '02 10:00:00 phone, 02 10:00:40 phone', '30 seconds', NULL, NULL, '1 {phone} 02 10:00'),
    ('another minute, but too near', '02 10:00:50 phone, 02 10:01:10 phone', '30 seconds', NULL, NULL, '1 {phone} 02 10:00'),
    ('another minute, and far enough', '02 10:00:50 phone, 02 10:01:20 phone', '30 seconds', NULL, NULL, '2 {phone} 02 10:01'),
    ('a day of spacing is 24 hours', '28 12:00+01 phone, 29 12:00+02 phone, 29 13:00+02 phone', '1 day', NULL, NULL, '2 {phone} 29 11:00'),
    ('days and hours of spacing', '02 10:00 phone, 03 10:59 phone, 03 11:00 phone', '1 day 1 hour', NULL, NULL, '2 {phone} 03 11:00'),
    ('a spacing beyond all time', '02 10:00 phone, 31 10:00 phone', '2000000000 days', NULL, NULL, '1 {phone} 02 10:00'),
    ('a spacing nearly as long', '02 10:00 phone, 31 10:00 phone', '106000000 days', NULL, NULL, '1 {phone} 02 10:00'),
    ('what does not count uses no channel', '02 10:00 phone, 02 10:10 email, 02 11:00 social', '1 hour', NULL, NULL, '2 {phone,social} 02 11:00'),
    ('channels in the order of first use', '03 10:00 email, 02 10:00 phone, 04 10:00 social, 05 10:00 email', NULL, NULL, NULL, '4 {phone,email,social} 05 10:00'),
    ('no channel', '02 10:00 -, 02 11:00 -', NULL, NULL, NULL, '2 {} 02 11:00'),
    ('an attempt without a channel among others', '02 10:00 phone, 02 11:00 -, 02 12:00 email', NULL, NULL, NULL, '3 {phone,email} 02 12:00'),
    ('capitals are another channel', '02 10:00 phone, 02 11:00 Phone', NULL, NULL, NULL, '2 {phone,Phone} 02 11:00'),
    -- complete
    ('as many as were wanted', '02 10:00 phone, 02 11:00 phone', NULL, 2, 1, '2 {phone} 02 11:00 complete 02 11:00'),
    ('too few', '02 10:00 phone, 02 11:00 phone', NULL, 3, 1, '2 {phone} 02 11:00'),
    ('more than were wanted', '02 10:00 phone, 02 11:00 phone, 02 12:00 phone', NULL, 2, 1, '3 {phone} 02 12:00 complete 02 11:00'),
    ('one', '02 10:00 phone, 02 11:00 phone', NULL, 1, 1, '2 {phone} 02 11:00 complete 02 10:00'),
    ('attempts before channels', '02 10:00 phone, 02 11:00 phone, 02 12:00 phone, 02 13:00 email', NULL, 2, 2, '4 {phone,email} 02 13:00 complete 02 13:00'),
    ('channels before attempts', '02 10:00 phone, 02 11:00 email, 02 12:00 phone, 02 13:00 phone', NULL, 3, 2, '4 {phone,email} 02 13:00 complete 02 12:00'),
    ('both at once', '02 10:00 phone, 02 11:00 email, 02 12:00 social', NULL, 3, 3, '3 {phone,email,social} 02 12:00 complete 02 12:00'),
    ('never over so many channels', '02 10:00 phone, 02 11:00 email, 02 12:00 phone', NULL, 2, 3, '3 {phone,email} 02 12:00'),
    ('a channel that comes too soon', '02 10:00 phone, 02 11:00 email, 02 12:00 phone, 02 12:30 social, 02 13:00 social', '1 hour', 3, 3, '4 {phone,email,social} 02 13:00 complete 02 13:00'),
    ('channels not asked for', '02 10:00 -, 02 11:00 -', NULL, 2, NULL, '2 {} 02 11:00 complete 02 11:00'),
    ('no attempts asked for: never complete', '02 10:00 phone, 02 11:00 email', NULL, NULL, 2, '2 {phone,email} 02 11:00'),
    ('a double log does not complete', '02 10:00:01 phone, 02 10:00:02 phone', NULL, 2, 1, '1 {phone} 02 10:00')
) AS c (label, attempts, spacing, wanted, over, expected);

SELECT is(leadflow.count_attempts(c.ats, c.channels, c.spacing, 1, 1)::text, c.expected, 'count_attempts: ' || c.label)
FROM (VALUES
    ('nothing', '{}'::timestamptz[], '{}'::text[], NULL::interval, '(0,{},,)'),
    ('null arrays', NULL, NULL, NULL, '(0,{},,)'),
    ('null and empty', '{}', NULL, NULL, '(0,{},,)'),
    ('two in the last minute of 1999', '{1999-12-31 23:59:05+00,1999-12-31 23:59:55+00}', '{a,a}', NULL, '(1,{a},"1999-12-31 23:59:05+00","1999-12-31 23:59:05+00")'),
    ('before and after 2000', '{1999-12-31 23:59:59+00,2000-01-01 00:00:00+00}', '{a,a}', NULL, '(2,{a},"2000-01-01 00:00:00+00","1999-12-31 23:59:59+00")'),
    ('30 s before and after 2000', '{1999-12-31 23:59:30+00,2000-01-01 00:00:30+00}', '{a,a}', NULL, '(2,{a},"2000-01-01 00:00:30+00","1999-12-31 23:59:30+00")'),
    ('spacing before 2000', '{1970-01-01 10:00+00,1970-01-01 10:30+00,1970-01-01 11:05+00}', '{a,a,b}', '1 hour', '(2,"{a,b}","1970-01-01 11:05:00+00","1970-01-01 10:00:00+00")'),
    ('arrays that do not begin at 1', '[5:6]={2026-03-02 10:00+00,2026-03-02 11:00+00}', '[0:1]={a,b}', NULL, '(2,"{a,b}","2026-03-02 11:00:00+00","2026-03-02 10:00:00+00")'),
    ('long ago', '{4713-01-01 00:00+00 BC,4713-01-01 00:01+00 BC}', '{a,a}', NULL, '(2,{a},"4713-01-01 00:01:00+00 BC","4713-01-01 00:00:00+00 BC")')
) AS c (label, ats, channels, spacing, expected);
SELECT is(leadflow.count_attempts(a.ats, '{b,a}', NULL, 1, 1)::text, leadflow.count_attempts(a.ats, '{a,b}', NULL, 1, 1)::text, 'two channels at one instant: their order does not matter')
  FROM (VALUES ('{2026-03-02 10:00+00,2026-03-02 10:00+00}'::timestamptz[])) a (ats);
SELECT is(tried(format('SELECT leadflow.count_attempts(%s, 1, 1)', c.arguments)), c.expected, 'count_attempts: ' || c.label)
FROM (VALUES
    ('a null instant', $$'{2026-03-02,NULL}', '{a,b}', NULL$$, '22004'),
    ('for ever', $$'{2026-03-02,infinity}', '{a,b}', NULL$$, '22008'),
    ('since ever', $$'{-infinity}', '{a}', NULL$$, '22008'),
    ('a channel too few', $$'{2026-03-02,2026-03-03}', '{a}', NULL$$, '2202E'),
    ('a channel too many', $$'{2026-03-02}', '{a,b}', NULL$$, '2202E'),
    ('no channels', $$'{2026-03-02}', NULL, NULL$$, '2202E'),
    ('channels of nothing', $$NULL, '{a}', NULL$$, '2202E'),
    ('a month of spacing', $$'{2026-03-02}', '{a}', '1 month'$$, '22023'),
    ('a year and a day', $$'{2026-03-02}', '{a}', '1 year 1 day'$$, '22023'),
    ('a month of spacing between nothing', $$'{}', '{}', '1 month'$$, '22023')
) AS c (label, arguments, expected);
SELECT is((SELECT ((x).made, (x).channels_used, (x).last_at, (x).complete_at)::text FROM (
    SELECT leadflow.count_attempts(array_agg(timestamptz '2026-01-01 00:00+00' + i * interval '20 seconds' ORDER BY md5(i::text)), array_agg('c' || i / 3 % 7 ORDER BY md5(i::text)), '2 minutes', 10000, 7) AS x
    FROM generate_series(0, 99999) i) r), '(16667,"{c0,c2,c4,c6,c1,c3,c5}","2026-01-24 03:32:00+00","2026-01-14 21:18:00+00")', '100,000 instants in no order');
SELECT performs_ok($$SELECT leadflow.count_attempts(array_agg(timestamptz '2026-01-01' + i * interval '20 seconds' ORDER BY md5(i::text)), array_agg('c' || i ORDER BY md5(i::text)), NULL, 10, 10) FROM generate_series(1, 20000) i$$,
                   5000, 'as many channels as attempts take no ages');

-- Clocks. Leads 1 and 2 may go everywhere; they are leads until they are moved.
INSERT INTO crm.business_calendar VALUES ('pl', 'Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Mar 4 off'), ('late', 'UTC; Mo-Sa 12:00-18:00');
INSERT INTO crm.team_member (member, team, department, calendar) VALUES ('anna', 'inbound', 'sales', 'pl'), ('ben', 'outbound', 'sales', 'late');
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since)
SELECT 't', v, 'a@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20' FROM unnest('{1,2}'::text[]) v;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT l, k, 'inbound', '2026-02-20' FROM generate_series(1, 2) l, unnest('{web_visit,form_submit}'::text[]) k;
UPDATE crm.sla_policy SET active = false WHERE metric NOT IN ('cadence', 'first_response');
CREATE TABLE cadence AS SELECT * FROM crm.sla_policy WHERE policy = 'cadence';		-- as it comes
UPDATE crm.sla_policy SET attempts = 3, channels = 2 WHERE policy = 'cadence';

-- touches(what, lead): '02 10:00 call phone' is an outbound call by phone in March 2026, '02 10:00 <call' an inbound one
CREATE FUNCTION touches(what text, lead bigint DEFAULT 1) RETURNS TABLE (lead_id bigint, at timestamptz, direction text, kind text, channel text, place bigint) LANGUAGE sql AS $$
    SELECT $2, ('2026-03-' || t[1] || ' ' || t[2] || '+00')::timestamptz, CASE WHEN t[3] LIKE '<%' THEN 'inbound' ELSE 'outbound' END, ltrim(t[3], '<'), t[4], n
      FROM regexp_split_to_table($1, ' *, *') WITH ORDINALITY s (a, n), regexp_split_to_array(a, ' ') t WHERE a <> ''
$$;
CREATE FUNCTION tries(what text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, at, direction, kind, channel) SELECT lead_id, at, direction, kind, channel FROM touches($1, $2) ORDER BY place $$;
CREATE FUNCTION tries_singly(what text, lead bigint DEFAULT 1, backwards boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
    FOR t IN SELECT * FROM touches($1, $2) s ORDER BY CASE WHEN backwards THEN -s.place ELSE s.place END LOOP
        INSERT INTO crm.touch (lead_id, at, direction, kind, channel) VALUES (t.lead_id, t.at, t.direction, t.kind, t.channel);
    END LOOP;
END $$;
CREATE FUNCTION move(stage text, at text, lead bigint DEFAULT 1, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = $1::leadflow.stage, stage_since = ('2026-03-' || $2 || '+00')::timestamptz, reason = $4, reason_note = 'x', narrative = 'n', urgency = 'hot' WHERE id = $3 $$;
CREATE FUNCTION pause() RETURNS void LANGUAGE sql AS $$ SELECT leadflow.pause_clock('crm', id, 'x') FROM crm.sla_clock WHERE metric = 'cadence' $$;
-- all cadences in a line: lead, start, and what became of it
CREATE FUNCTION cadences(of_metric text DEFAULT 'cadence') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s', lead_id, to_char(started_at, 'DD HH24:MI'))
                      || coalesce(' stopped ' || to_char(stopped_at, 'DD HH24:MI'), ' cancelled ' || to_char(cancelled_at, 'DD HH24:MI'), ' running')
                      || coalesce(' by ' || stopped_by, '')
                      || CASE WHEN stop_touch_id IS NULL THEN '' WHEN stopped_at IS DISTINCT FROM (SELECT t.at FROM crm.touch t WHERE t.id = stop_touch_id) THEN ' (a touch of another time)'
                              ELSE ' (' || (SELECT concat_ws(' ', t.direction, t.kind, t.channel) FROM crm.touch t WHERE t.id = stop_touch_id) || ')' END, '; ' ORDER BY started_at, lead_id)
      FROM crm.sla_clock WHERE metric = $1
$$;

-- the policy as it comes
SELECT is((SELECT concat_ws('|', object, metric, starts_on_stage, starts_on_touch, stops_on_touch, stops_on_stage, stops_on_verdict, stops_on_leaving, attempts, channels, spacing, attempt_every, restarts, target, measure, active) FROM cadence),
          'lead|cadence|mql|{call,email,social_message,meeting}|t|f|6|3|02:00:00|08:00:00|f|10 days|elapsed|t', 'the cadence that a workspace comes with');
SELECT is(tried($$DELETE FROM crm.sla_policy WHERE policy = 'cadence'; INSERT INTO crm.sla_policy SELECT * FROM cadence; SELECT move('mql', '02 09:00')$$,
                $$SELECT concat_ws('|', policy, metric, to_char(started_at, 'DD HH24:MI'), to_char(warn_at, 'DD HH24:MI'), to_char(due_at, 'DD HH24:MI'), stopped_at, cancelled_at, target, calendar, stops_on_touch, stops_on_stage,
                    stops_on_verdict, array_length(stops_on_inbound, 1), stops_on_leaving, attempts, channels, spacing, attempt_every, started_by, stopped_by, start_touch_id, stop_touch_id) FROM crm.sla_clock WHERE metric = 'cadence'$$),
          'cadence|cadence|02 09:00|09 09:00|12 09:00|10 days|{call,email,social_message,meeting}|t|7|6|3|02:00:00|08:00:00|stage mql', 'its clock has all its terms');
SELECT is(tried(format($$DELETE FROM crm.sla_policy WHERE policy = 'cadence'; INSERT INTO crm.sla_policy SELECT * FROM cadence; SELECT move('mql', '02 09:00'), tries('%s')$$, c.touches), 'SELECT cadences()'),
          '1: 02 09:00 ' || c.expected, 'six over three: ' || c.label)
FROM (VALUES
    ('done', '02 10:00 call phone, 02 12:00 email email, 03 10:00 call phone, 04 10:00 social_message social, 05 10:00 call phone, 06 10:00 email email', 'stopped 06 10:00 by attempts (outbound email email)'),
    ('five', '02 10:00 call phone, 02 12:00 email email, 03 10:00 call phone, 04 10:00 social_message social, 05 10:00 call phone', 'running'),
    ('six, two of them an hour apart', '02 10:00 call phone, 02 11:00 email email, 03 10:00 call phone, 04 10:00 social_message social, 05 10:00 call phone, 06 10:00 email email', 'running'),
    ('six over two', '02 10:00 call phone, 02 12:00 email email, 03 10:00 call phone, 04 10:00 call phone, 05 10:00 call phone, 06 10:00 email email', 'running'),
    ('seven, over three by the last', '02 10:00 call phone, 02 12:00 email email, 03 10:00 call phone, 04 10:00 call phone, 05 10:00 call phone, 06 10:00 email email, 09 10:00 meeting visit', 'stopped 09 10:00 by attempts (outbound meeting visit)')
) AS c (label, touches, expected);

-- three attempts over two channels, two hours apart: whatever the order in which they are written
CREATE TABLE story (label text, touches text, expected text);
INSERT INTO story VALUES
    ('nobody tries', '', 'running'),
    ('one', '02 10:00 call phone', 'running'),
    ('two over two', '02 10:00 call phone, 02 12:00 email email', 'running'),
    ('three over one', '02 10:00 call phone, 02 12:00 call phone, 02 14:00 call phone', 'running'),
    ('three over two', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', 'stopped 02 14:00 by attempts (outbound call phone)'),
    ('four, over two by the last', '02 10:00 call phone, 02 12:00 call phone, 02 14:00 call phone, 02 16:00 email email', 'stopped 02 16:00 by attempts (outbound email email)'),
    ('more than were asked for', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 16:00 call phone, 03 10:00 email email', 'stopped 02 14:00 by attempts (outbound call phone)'),
    ('a double log', '02 10:00 call phone, 02 10:00:30 call phone, 02 12:00 email email', 'running'),
    ('a double log of the last', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 14:00:30 call phone', 'stopped 02 14:00 by attempts (outbound call phone)'),
    ('too near', '02 10:00 call phone, 02 11:00 email email, 02 12:00 email email, 02 13:59 call phone', 'running'),
    ('too near, then far enough', '02 10:00 call phone, 02 11:00 email email, 02 12:00 email email, 02 13:59 call phone, 02 14:00 call phone', 'stopped 02 14:00 by attempts (outbound call phone)'),
    ('what is no attempt', '02 10:00 call phone, 02 12:00 sequence_email email, 02 14:00 note, 02 16:00 call phone, 03 10:00 web_visit web', 'running'),
    ('at the very start', '02 09:00 call phone, 02 11:00 email email, 02 13:00 call phone', 'stopped 02 13:00 by attempts (outbound call phone)'),
    ('before the start', '02 08:59 call phone, 02 11:00 email email, 02 13:00 call phone', 'running'),
    ('a touch before the start keeps no distance', '02 08:59 call phone, 02 09:30 call phone, 02 11:30 email email, 02 13:30 call phone', 'stopped 02 13:30 by attempts (outbound call phone)'),
    ('touches without a channel go by their kind', '02 10:00 call, 02 12:00 email, 02 14:00 call', 'stopped 02 14:00 by attempts (outbound call)'),
    ('touches without a channel of one kind', '02 10:00 call, 02 12:00 call, 02 14:00 call', 'running'),
    ('after the window', '02 10:00 call phone, 11 12:00 email email, 13 14:00 call phone', 'stopped 13 14:00 by attempts (outbound call phone)'),
    ('an answer', '02 10:00 call phone, 02 11:00 <email email', 'stopped 02 11:00 by answer email (inbound email email)'),
    ('an answer to nothing', '02 11:00 <demo_request', 'stopped 02 11:00 by answer demo_request (inbound demo_request)'),
    ('the first answer', '02 11:00 <call phone, 02 10:30 <email email', 'stopped 02 10:30 by answer email (inbound email email)'),
    ('what came in at the very start is no answer', '02 09:00 <call phone', 'running'),
    ('a moment after it, it is one', '02 09:00:01 <call phone', 'stopped 02 09:00 by answer call (inbound call phone)'),
    ('an answer before the start is none', '02 08:59 <call phone', 'running'),
    ('a visit is no answer', '02 11:00 <web_visit web, 02 12:00 <form_submit web, 02 13:00 <content_download', 'running'),
    ('what asks for an answer but goes out is none', '02 11:00 demo_request', 'running'),
    ('an answer before the last attempt', '02 10:00 call phone, 02 12:00 email email, 02 13:00 <call phone, 02 14:00 call phone', 'stopped 02 13:00 by answer call (inbound call phone)'),
    ('an answer after the last attempt', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 15:00 <call phone', 'stopped 02 14:00 by attempts (outbound call phone)'),
    ('an answer after attempts that do not suffice', '02 10:00 call phone, 02 11:00 email email, 02 14:00 call phone, 02 15:00 <call phone', 'stopped 02 15:00 by answer call (inbound call phone)'),
    ('an answer after the window', '12 10:00 <call phone', 'stopped 12 10:00 by answer call (inbound call phone)');
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries_singly(%L)$$, touches), 'SELECT cadences()'), '1: 02 09:00 ' || expected, 'one by one: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries_singly(%L, 1, true)$$, touches), 'SELECT cadences()'), '1: 02 09:00 ' || expected, 'the last first: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L)$$, touches), 'SELECT cadences()'), '1: 02 09:00 ' || expected, 'in one statement: ' || label) FROM story;
SELECT is(tried(format($$SELECT tries(%L); SELECT move('mql', '02 09:00')$$, touches), 'SELECT cadences()'), '1: 02 09:00 ' || expected, 'before the move was recorded: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L, 2); UPDATE crm.touch SET lead_id = 1 WHERE at >= '2026-03-01'$$, touches), 'SELECT cadences()'), '1: 02 09:00 ' || expected, 'after they were another''s: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L); UPDATE crm.touch SET lead_id = 2 WHERE at >= '2026-03-01'$$, touches), 'SELECT cadences()'), '1: 02 09:00 running', 'after they became another''s: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L); DELETE FROM crm.touch WHERE at >= '2026-03-01'$$, touches), 'SELECT cadences()'), '1: 02 09:00 running', 'after they were deleted: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT 1, 'call', 'inbound', timestamptz '2026-03-14 09:00+00' + i * interval '1 hour' FROM generate_series(1, 20) i; SELECT tries(%L); DELETE FROM crm.touch WHERE at > '2026-03-14'$$, touches),
                'SELECT cadences()'), '1: 02 09:00 ' || expected, 'with later answers that were deleted: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L); UPDATE crm.touch SET at = at + interval '1 day' WHERE at >= '2026-03-01'; UPDATE crm.touch SET at = at - interval '1 day' WHERE at >= '2026-03-01'$$, touches),
                'SELECT cadences()'), '1: 02 09:00 ' || expected, 'moved there and back: ' || label) FROM story;
SELECT is(tried(format($$SELECT move('mql', '02 09:00'); SELECT tries(%L); UPDATE crm.touch SET direction = CASE direction WHEN 'inbound' THEN 'outbound' ELSE 'inbound' END WHERE at >= '2026-03-01';
                         UPDATE crm.touch SET direction = CASE direction WHEN 'inbound' THEN 'outbound' ELSE 'inbound' END WHERE at >= '2026-03-01'$$, touches),
                'SELECT cadences()'), '1: 02 09:00 ' || expected, 'turned round and back: ' || label) FROM story;
-- COPY
CREATE TABLE copied (label text, seen text);
BEGIN;
SELECT move('mql', '02 09:00'), move('mql', '02 09:00', 2) \g /dev/null
COPY crm.touch (lead_id, at, direction, kind, channel) FROM stdin;
1	2026-03-02 14:00+00	outbound	call	phone
2	2026-03-02 10:00+00	outbound	call	phone
1	2026-03-02 10:00+00	outbound	call	phone
2	2026-03-02 13:00+00	inbound	email	email
1	2026-03-02 12:00+00	outbound	email	email
2	2026-03-02 12:00+00	outbound	email	email
2	2026-03-02 14:00+00	outbound	call	phone
\.
SELECT is(cadences(), '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone); 2: 02 09:00 stopped 02 13:00 by answer email (inbound email email)', 'two leads'' touches by COPY');
ROLLBACK;
SELECT is(tried($$SELECT move('mql', '02 09:00'); SELECT tries_singly('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 14:00 <call phone', 1, $$ || b || ')', 'SELECT cadences()'), '1: 02 09:00 stopped 02 14:00 by answer call (inbound call phone)',
          'at one instant the answer counts, and not the last attempt, backwards ' || b) FROM unnest('{false,true}'::text[]) b;
SELECT is(tried($$WITH l AS (INSERT INTO crm.lead (source, external_id, stage, stage_since, email, role, verified) VALUES ('t', '3', 'mql', '2026-03-02 09:00+00', 'x', 'CEO', true) RETURNING id)
                  INSERT INTO crm.touch (lead_id, at, direction, kind, channel) SELECT id, at, direction, kind, channel
                  FROM l, touches('01 09:00 <web_visit, 01 10:00 <form_submit, 02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$,
                $$SELECT replace(cadences(), id || ':', 'new:') FROM crm.lead WHERE external_id = '3'$$), 'new: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)', 'lead, signs and attempts in one statement');

-- stages
SELECT is(tried('SELECT ' || c.calls, 'SELECT cadences()'), c.expected, c.label)
FROM (VALUES
    ('contacted is no verdict', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('contacted', '02 10:00')$$, '1: 02 09:00 running'),
    ('accepted', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('sal', '02 11:00')$$, '1: 02 09:00 stopped 02 11:00 by stage sal'),
    ('won at once', $$move('mql', '02 09:00'), move('won', '02 11:00')$$, '1: 02 09:00 stopped 02 11:00 by stage won'),
    ('rejected', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('disqualified', '02 11:00', 1, 'spam')$$, '1: 02 09:00 stopped 02 11:00 by stage disqualified'),
    ('given back', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('nurture', '02 11:00', 1, 'not_now')$$, '1: 02 09:00 stopped 02 11:00 by stage nurture'),
    ('attempts after the verdict', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('sal', '02 11:00'), tries('02 12:00 email email, 02 14:00 call phone')$$, '1: 02 09:00 stopped 02 11:00 by stage sal'),
    ('an answer after the verdict', $$move('mql', '02 09:00'), move('sal', '02 11:00'), tries('02 12:00 <email email')$$, '1: 02 09:00 stopped 02 11:00 by stage sal'),
    ('accepted after the last attempt', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('sal', '02 15:00')$$, '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('what began in contacted has no cadence', $$move('contacted', '02 09:00')$$, NULL),
    ('a leaf of the stage', $$move('mql.hot', '02 09:00')$$, '1: 02 09:00 running'),
    ('from one leaf to another', $$move('mql.hot', '02 09:00'), move('mql.warm', '02 10:00')$$, '1: 02 09:00 running'),
    ('handed back while it runs: that is a verdict', $$move('mql', '02 09:00'), move('contacted', '02 10:00'), move('mql', '03 09:00', 1, 'other')$$, '1: 02 09:00 stopped 03 09:00 by verdict rejected; 1: 03 09:00 running'),
    ('handed back once it is exhausted', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('contacted', '02 14:00'), move('mql', '03 09:00', 1, 'other')$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone); 1: 03 09:00 running'),
    ('the attempts of the first do not count for the second', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('contacted', '02 14:00'), move('mql', '03 09:00', 1, 'other'),
        tries('03 10:00 call phone, 03 12:00 email email')$$, '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone); 1: 03 09:00 running'),
    ('back from nurture it starts again', $$move('mql', '02 09:00'), move('nurture', '02 11:00', 1, 'not_now'), move('lead', '03 09:00'), move('mql', '04 09:00'), tries('04 10:00 call phone, 04 12:00 email email, 04 14:00 call phone')$$,
        '1: 02 09:00 stopped 02 11:00 by stage nurture; 1: 04 09:00 stopped 04 14:00 by attempts (outbound call phone)')
) AS c (label, calls, expected);
SELECT is(tried($$UPDATE crm.sla_policy SET stops_on_verdict = false WHERE policy = 'cadence'; SELECT $$ || c.calls, 'SELECT cadences()'), c.expected, 'no verdict in the policy: ' || c.label)
FROM (VALUES
    ('an exit cancels', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('nurture', '02 11:00', 1, 'not_now')$$, '1: 02 09:00 cancelled 02 11:00 by stage nurture'),
    ('accepting leaves it running', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('sal', '02 11:00')$$, '1: 02 09:00 running'),
    ('what was cancelled stays so', $$move('mql', '02 09:00'), move('nurture', '02 11:00', 1, 'not_now'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, '1: 02 09:00 cancelled 02 11:00 by stage nurture')
) AS c (label, calls, expected);
SELECT is(tried($$UPDATE crm.sla_policy SET stops_on_verdict = false, stops_on_stage = 'sal' WHERE policy = 'cadence'; SELECT move('mql', '02 09:00'), tries('02 10:00 call phone'), move('sal', '02 11:00')$$, 'SELECT cadences()'),
          '1: 02 09:00 stopped 02 11:00 by stage sal', 'a stage that stops it');

-- what changes after it has stopped
SELECT is(tried('SELECT ' || c.before || '; ' || c.change, 'SELECT cadences()'), c.expected, c.label)
FROM (VALUES
    ('the completing attempt is deleted', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 14:00+00'$$, '1: 02 09:00 running'),
    ('any attempt that it needs is deleted', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 10:00+00'$$, '1: 02 09:00 running'),
    ('one that it does not need is deleted', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 16:00 call phone')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 16:00+00'$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('a later one takes its place', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 16:00 call phone')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 12:00+00'; SELECT tries('03 10:00 email email')$$,
        '1: 02 09:00 stopped 03 10:00 by attempts (outbound email email)'),
    ('the channel that it needs turns out to be another', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET channel = 'phone' WHERE kind = 'email'$$, '1: 02 09:00 running'),
    ('a kind that turns out to be none', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET kind = 'sequence_email' WHERE kind = 'email'$$, '1: 02 09:00 running'),
    ('a kind that turns out to be one', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 sequence_email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET kind = 'email' WHERE kind = 'sequence_email'$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('times that turn out to be too near', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET at = '2026-03-02 13:00+00' WHERE kind = 'email'$$, '1: 02 09:00 running'),
    ('an earlier end', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 16:00 call phone')$$, $$SELECT tries('02 14:00 meeting visit')$$, '1: 02 09:00 stopped 02 14:00 by attempts (outbound meeting visit)'),
    ('an attempt written late pushes another out', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$SELECT tries('02 09:30 call phone')$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('an attempt written late pushes the channel out', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 16:30 call phone')$$, $$SELECT tries('02 10:30 call phone, 02 11:59 call phone'); DELETE FROM crm.touch WHERE at = '2026-03-02 10:00+00'$$,
        '1: 02 09:00 running'),
    ('an answer that is written late', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$SELECT tries('02 13:00 <call phone')$$, '1: 02 09:00 stopped 02 13:00 by answer call (inbound call phone)'),
    ('an answer that turns out to be none', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 13:00 <call phone, 02 14:00 call phone')$$, $$UPDATE crm.touch SET kind = 'web_visit' WHERE direction = 'inbound' AND kind = 'call'$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('an answer is deleted and another is there', $$move('mql', '02 09:00'), tries('02 11:00 <call phone, 02 12:00 <email email')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 11:00+00'$$, '1: 02 09:00 stopped 02 12:00 by answer email (inbound email email)'),
    ('an answer becomes another''s, who waits too', $$move('mql', '02 09:00'), move('mql', '02 10:00', 2), tries('02 11:00 <call phone')$$, $$UPDATE crm.touch SET lead_id = 2 WHERE at = '2026-03-02 11:00+00'$$,
        '1: 02 09:00 running; 2: 02 10:00 stopped 02 11:00 by answer call (inbound call phone)'),
    ('attempts of one become those of another', $$move('mql', '02 09:00'), move('mql', '02 10:00', 2), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET lead_id = 2 WHERE at > '2026-03-02 09:00+00'$$,
        '1: 02 09:00 running; 2: 02 10:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('a note is corrected', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$UPDATE crm.touch SET note = 'x'$$, '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('the lead is known no more', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$,
        $$INSERT INTO crm.account (source, name) VALUES ('t', 'Acme'); UPDATE crm.touch SET lead_id = NULL, account_id = (SELECT max(id) FROM crm.account) WHERE kind = 'email'$$, '1: 02 09:00 running'),
    ('after a verdict a deletion wakes nothing', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('sal', '02 11:00')$$, $$DELETE FROM crm.touch WHERE at > '2026-03-01'$$, '1: 02 09:00 stopped 02 11:00 by stage sal'),
    ('an answer before the verdict that is written after it', $$move('mql', '02 09:00'), move('sal', '02 11:00')$$, $$SELECT tries('02 10:00 <call phone')$$, '1: 02 09:00 stopped 02 10:00 by answer call (inbound call phone)'),
    ('the last attempt before the verdict, written after it', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email'), move('sal', '02 15:00')$$, $$SELECT tries('02 14:00 call phone')$$,
        '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone)'),
    ('and deleted again: the verdict ended it', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('sal', '02 15:00')$$, $$DELETE FROM crm.touch WHERE at = '2026-03-02 14:00+00'$$,
        '1: 02 09:00 stopped 02 15:00 by stage sal'),
    ('exhausted, given back, and an attempt deleted: nothing runs in nurture', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('nurture', '02 15:00', 1, 'not_now')$$,
        $$DELETE FROM crm.touch WHERE at = '2026-03-02 14:00+00'$$, '1: 02 09:00 stopped 02 15:00 by stage nurture')
) AS c (label, before, change, expected);
SELECT is(tried($$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('contacted', '02 14:00'), move('mql', '03 09:00', 1, 'other'); DELETE FROM crm.touch WHERE at = '2026-03-02 14:00+00'$$,
                $$SELECT concat_ws('/', count(*) FILTER (WHERE stopped_at IS NULL AND cancelled_at IS NULL), count(*)) FROM crm.sla_clock WHERE metric = 'cadence'$$), '1/2',
          'an attempt of the first of two cadences may be deleted: one runs');

-- pauses, and terms that change while it runs
SELECT is(tried('SELECT ' || c.before || '; ' || c.change, $$SELECT cadences() || to_char(max(due_at), ' DD HH24:MI') FROM crm.sla_clock WHERE metric = 'cadence'$$), '1: 02 09:00 ' || c.expected, c.label)
FROM (VALUES
    ('a pause of two days', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) SELECT id, '2026-03-03 09:00+00', '2026-03-05 09:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence'$$,
        'running 14 09:00'),
    ('attempts count while it is paused', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-02 11:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence';
        SELECT tries('02 12:00 email email, 02 14:00 call phone')$$, 'stopped 02 14:00 by attempts (outbound call phone) 12 09:00'),
    ('so do answers', $$move('mql', '02 09:00')$$, $$INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-02 11:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence'; SELECT tries('02 12:00 <email email')$$,
        'stopped 02 12:00 by answer email (inbound email email) 12 09:00'),
    ('the policy asks for more', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$UPDATE crm.sla_policy SET attempts = 9, channels = 4, spacing = NULL, stops_on_touch = '{meeting}', stops_on_inbound = NULL, target = '2 days', warn_after = NULL WHERE policy = 'cadence';
        SELECT tries('02 12:00 email email, 02 14:00 call phone')$$, 'stopped 02 14:00 by attempts (outbound call phone) 12 09:00'),
    ('and no answer', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$UPDATE crm.sla_policy SET stops_on_inbound = NULL WHERE policy = 'cadence'; SELECT tries('02 12:00 <email email')$$,
        'stopped 02 12:00 by answer email (inbound email email) 12 09:00'),
    ('the policy becomes a plain promise', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$UPDATE crm.sla_policy SET attempts = NULL, channels = NULL, spacing = NULL, attempt_every = NULL WHERE policy = 'cadence'; SELECT tries('02 12:00 email email')$$, 'running 12 09:00'),
    ('the policy is deleted', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$DELETE FROM crm.sla_policy; SELECT tries('02 12:00 email email, 02 14:00 call phone')$$, 'stopped 02 14:00 by attempts (outbound call phone) 12 09:00'),
    ('all policies are truncated away, and an answer comes', $$move('mql', '02 09:00')$$, $$DELETE FROM crm.sla_policy; SELECT tries('02 12:00 <call phone')$$, 'stopped 02 12:00 by answer call (inbound call phone) 12 09:00'),
    ('the policy is deleted and an attempt too', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$DELETE FROM crm.sla_policy; DELETE FROM crm.touch WHERE at = '2026-03-02 14:00+00'$$, 'running 12 09:00'),
    ('the policy is set inactive', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$UPDATE crm.sla_policy SET active = false; SELECT tries('02 12:00 email email, 02 14:00 call phone')$$, 'stopped 02 14:00 by attempts (outbound call phone) 12 09:00'),
    ('a kind is no longer an attempt of others', $$move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$UPDATE crm.touch_kind SET is_contact = false; SELECT tries('02 12:00 email email, 02 14:00 call phone')$$, 'stopped 02 14:00 by attempts (outbound call phone) 12 09:00')
) AS c (label, before, change, expected);
SELECT is(tried($$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, $$SELECT cadences() || ' ~ ' || cadences('first_response')$$),
          '1: 02 09:00 stopped 02 14:00 by attempts (outbound call phone) ~ 1: 02 09:00 stopped 02 10:00 by touch call (outbound call phone)', 'the first call answers, the cadence goes on');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_touch, attempts, target, measure, promise) VALUES ('calls', 'calls', 'mql', '{call}', 2, '5 days', 'elapsed', 'x');
                  SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 10:01 call phone, 02 12:00 <call phone')$$, $$SELECT cadences() || ' ~ ' || cadences('calls')$$),
          '1: 02 09:00 stopped 02 12:00 by answer call (inbound call phone) ~ 1: 02 09:00 stopped 02 10:01 by attempts (outbound call phone)', 'two cadences, each by its own terms');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, attempts, channels, target, promise) VALUES ('chase', 'chase', '{form_submit}', '{call,email}', 2, 2, '16:00', 'x');
                  SELECT tries_singly('02 10:00 <form_submit, 02 10:10 call phone, 02 10:20 email email')$$, $$SELECT cadences('chase')$$), '1: 02 10:00 stopped 02 10:20 by attempts (outbound email email)', 'a cadence that a touch starts');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, attempts, channels, target, promise) VALUES ('chase', 'chase', '{form_submit}', '{call,email}', 2, 2, '16:00', 'x');
                  SELECT tries_singly('02 10:00 <form_submit, 02 10:10 call phone, 02 10:20 email email', 1, true)$$, $$SELECT cadences('chase')$$), '1: 02 10:00 stopped 02 10:20 by attempts (outbound email email)', 'recorded after its attempts');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, attempts, channels, target, promise) VALUES ('chase', 'chase', '{form_submit}', '{call,email}', 2, 2, '16:00', 'x');
                  SELECT tries_singly('02 10:00 <form_submit, 02 10:10 call phone'); DELETE FROM crm.touch WHERE kind = 'form_submit' AND at > '2026-03-01'$$, $$SELECT coalesce(cadences('chase'), 'none')$$), 'none', 'the touch that started it is deleted');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_inbound, target, measure, promise) VALUES ('reply', 'reply', 'mql', '{email}', '5 days', 'elapsed', 'x');
                  SELECT move('mql', '02 09:00'), tries('02 10:00 email email, 02 12:00 <call phone, 02 13:00 <email email')$$, $$SELECT cadences('reply')$$),
          '1: 02 09:00 stopped 02 13:00 by answer email (inbound email email)', 'a promise without attempts that an answer ends');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_touch, stops_on_inbound, target, measure, promise) VALUES ('reply', 'reply', 'mql', '{email}', '{email}', '5 days', 'elapsed', 'x');
                  SELECT move('mql', '02 09:00'); SELECT tries_singly('02 13:00 <email email, 02 12:00 email email, 02 11:00 <email email'); DELETE FROM crm.touch WHERE at = '2026-03-02 11:00+00'$$, $$SELECT cadences('reply')$$),
          '1: 02 09:00 stopped 02 12:00 by touch email (outbound email email)', 'a plain promise kept by one touch, ended by an answer, whichever was first');

-- two records of one person
SELECT is(tried('SELECT ' || c.before || '; SELECT leadflow.merge(''crm'', 1, 2); ' || c.after, $$SELECT string_agg(concat_ws(' ', c.id = c.id, c.lead_id, to_char(started_at, 'DD HH24'), to_char(stopped_at, 'DD HH24:MI'), stopped_by, to_char(cancelled_at, 'DD HH24')), '; ' ORDER BY started_at) FROM crm.sla_clock c WHERE metric = 'cadence'$$), c.expected, c.label)
FROM (VALUES
    ('merge: attempts of both', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email'), tries('02 14:00 call phone', 2)$$, 'SELECT 1', 't 1 02 09 02 14:00 attempts'),
    ('merge: of two that run one runs, and the move to nurture waits for it', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('mql', '03 09:00', 2)$$, $$DO 'BEGIN PERFORM move(''nurture'', ''05 10:00'', 1, ''no_response''); EXCEPTION WHEN check_violation THEN NULL; END'$$, 't 1 02 09; t 2 03 09 merge 2 16 10'),
    ('merge: the loser was answered', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), tries('02 11:00 <call phone', 2)$$, 'SELECT 1', 't 1 02 09 02 11:00 answer call'),
    ('unmerge: each has its own again', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email'), tries('02 14:00 call phone', 2)$$, $$SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, 't 1 02 09'),
    ('unmerge: the answer was the other''s', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), tries('02 11:00 <call phone', 2)$$, $$SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, 't 1 02 09'),
    ('unmerge: two that ran, run', $$move('mql', '02 09:00'), tries('02 10:00 call phone'), move('mql', '03 09:00', 2), tries('03 11:00 call phone, 03 13:00 email email', 2)$$, $$SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, 't 1 02 09; t 2 03 09'),
    ('unmerge: exhausted meanwhile by attempts made for the winner', $$move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email'), move('mql', '03 09:00', 2)$$,
        $$SELECT tries('04 14:00 call phone', 1); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, 't 1 02 09 04 14:00 attempts; t 2 03 09')
) AS c (label, before, after, expected);
SELECT is(tried($$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone'), move('mql', '03 09:00', 2), tries('03 11:00 call phone, 03 13:00 email email', 2); SELECT leadflow.merge('crm', 1, 2)$$,
                $$SELECT string_agg(concat_ws(' ', lead_id, to_char(started_at, 'DD'), stopped_by, (SELECT count(*) FROM crm.touch t WHERE t.lead_id = c.lead_id AND t.direction = 'outbound')), '; ' ORDER BY started_at) FROM crm.sla_clock c
                   WHERE metric = 'cadence' AND cancelled_at IS NULL$$), '1 02 attempts 3', 'merge: of two that run the one that is due first stays, and counts the attempts of both');

-- cadence_progress
-- progress(lead): everything that the report says of the lead's cadence, without what its clock says
CREATE FUNCTION progress(lead bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', state, attempts_made || '/' || attempts_wanted || ' -' || attempts_left, channels_tried || '/' || channels_wanted || ' [' || channels_used || ']', 'last ' || to_char(last_attempt_at, 'DD HH24:MI:SS'),
                                'from ' || to_char(next_attempt_at, 'DD HH24:MI:SS'), 'due ' || to_char(next_attempt_due_at, 'DD HH24:MI'), next_kind), '; ' ORDER BY started_at)
      FROM crm.cadence_progress WHERE lead_id = $1
$$;
SELECT is(tried($$UPDATE crm.lead SET owner = 'anna' WHERE id = 1; SELECT move('mql', '02 09:00')$$,
                $$SELECT concat_ws('|', clock_id = (SELECT id FROM crm.sla_clock WHERE metric = 'cadence'), lead_id, policy, owner, team, started_at, window_ends_at, attempts_wanted, channels_wanted) FROM crm.cadence_progress$$),
          't|1|cadence|anna|inbound|2026-03-02 09:00:00+00|2026-03-12 09:00:00+00|3|2', 'what the report takes from the clock');
SELECT is(tried(format($$UPDATE crm.lead SET owner = %L WHERE id = 1; SELECT move('mql', '02 09:00'), tries(%L); SET LOCAL leadflow.clock = %L; SELECT %s$$, c.owner, c.touches, '2026-03-' || c.clock || '+00', COALESCE(c.calls, 'NULL')), 'SELECT progress()'), c.expected, 'progress: ' || c.label)
FROM (VALUES
    -- anna works in Warsaw (an hour before UTC), not on Wednesday 4 March
    ('anna', 'no attempt yet', '', '02 09:30', NULL, 'running 0/3 -3 0/2 [] from 02 09:00:00 due 03 09:00 call'),
    ('anna', 'at the very start', '', '02 09:00', NULL, 'running 0/3 -3 0/2 [] from 02 09:00:00 due 03 09:00 call'),
    ('anna', 'before the start there is none', '', '02 08:59', NULL, NULL),
    ('anna', 'one', '02 10:00 call phone', '02 10:30', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'at its very instant', '02 10:00 call phone', '02 10:00', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'before it', '02 10:00 call phone', '02 09:59', NULL, 'running 0/3 -3 0/2 [] from 02 09:00:00 due 03 09:00 call'),
    ('anna', 'over a holiday', '03 15:30 call phone', '04 12:00', NULL, 'running 1/3 -2 1/2 [phone] last 03 15:30:00 from 05 08:00:00 due 05 15:30 email'),
    ('anna', 'over a weekend, from closing time on', '06 14:00 call phone', '06 15:00', NULL, 'running 1/3 -2 1/2 [phone] last 06 14:00:00 from 09 08:00:00 due 09 14:00 email'),
    ('anna', 'made at night', '02 22:00 email email', '02 22:30', NULL, 'running 1/3 -2 1/2 [email] last 02 22:00:00 from 03 08:00:00 due 03 16:00 call'),
    ('anna', 'not after the window', '11 15:00 call phone', '11 16:00', NULL, 'running 1/3 -2 1/2 [phone] last 11 15:00:00 from 12 08:00:00 due 12 09:00 email'),
    ('anna', 'at the end of the window', '02 10:00 call phone', '12 09:00', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'after it', '02 10:00 call phone', '12 09:00:01', NULL, 'overdue 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'an attempt after it', '12 14:00 call phone', '12 14:30', NULL, 'overdue 1/3 -2 1/2 [phone] last 12 14:00:00 from 13 08:00:00 due 12 09:00 email'),
    ('anna', 'two over two', '02 10:00 call phone, 02 12:00 email email', '02 12:30', NULL, 'running 2/3 -1 2/2 [phone, email] last 02 12:00:00 from 02 14:00:00 due 03 12:00 social_message'),
    ('anna', 'a channel is owed, not an attempt', '02 10:00 call phone, 02 12:00 call phone, 02 14:00 call phone', '02 14:30', NULL, 'running 3/3 -1 1/2 [phone] last 02 14:00:00 from 03 08:00:00 due 03 14:00 email'),
    ('anna', 'more than were asked for, and still a channel', '02 10:00 call phone, 02 12:00 call phone, 02 14:00 call phone, 03 08:00 call phone', '03 08:30', NULL, 'running 4/3 -1 1/2 [phone] last 03 08:00:00 from 03 10:00:00 due 03 16:00 email'),
    ('anna', 'a double log', '02 10:00:20 call phone, 02 10:00:40 call phone', '02 10:30', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:20 from 02 12:00:20 due 03 10:00 email'),
    ('anna', 'too near: the last that counts', '02 10:00 call phone, 02 11:00 email email', '02 11:30', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 social_message'),
    ('anna', 'no channel', '02 10:00 call, 02 12:00 email', '02 12:30', NULL, 'running 2/3 -1 2/2 [call, email] last 02 12:00:00 from 02 14:00:00 due 03 12:00 social_message'),
    ('anna', 'exhausted', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', '02 14:00', NULL, 'exhausted 3/3 -0 2/2 [phone, email] last 02 14:00:00'),
    ('anna', 'exhausted: what comes after it is no part of it', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 03 14:00 meeting visit', '05 14:00', NULL, 'exhausted 3/3 -0 2/2 [phone, email] last 02 14:00:00'),
    ('anna', 'exhausted, then answered', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 03 14:00 <email', '05 14:00', NULL, 'exhausted 3/3 -0 2/2 [phone, email] last 02 14:00:00'),
    ('anna', 'exhausted after the window', '02 10:00 call phone, 02 12:00 email email, 13 14:00 call phone', '13 15:00', NULL, 'exhausted 3/3 -0 2/2 [phone, email] last 13 14:00:00'),
    ('anna', 'before it was exhausted', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', '02 13:59', NULL, 'running 2/3 -1 2/2 [phone, email] last 02 12:00:00 from 02 14:00:00 due 03 12:00 social_message'),
    ('anna', 'answered', '02 10:00 call phone, 02 11:00 <call phone, 02 12:00 email email', '02 15:00', NULL, 'answered 1/3 -0 1/2 [phone] last 02 10:00:00'),
    ('anna', 'answered at once', '02 09:10 <call phone', '02 15:00', NULL, 'answered 0/3 -0 0/2 []'),
    ('anna', 'before it was answered', '02 10:00 call phone, 02 11:00 <call phone', '02 10:59', NULL, 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'accepted', '02 10:00 call phone', '02 15:00', $$move('sal', '02 12:00')$$, 'ended 1/3 -0 1/2 [phone] last 02 10:00:00'),
    ('anna', 'before it was accepted', '02 10:00 call phone', '02 11:00', $$set_config('leadflow.clock', '2026-03-02 15:00+00', true), move('sal', '02 12:00'), set_config('leadflow.clock', '2026-03-02 11:00+00', true)$$,
        'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('anna', 'given back', '02 10:00 call phone', '02 15:00', $$move('nurture', '02 12:00', 1, 'not_now')$$, 'ended 1/3 -0 1/2 [phone] last 02 10:00:00'),
    -- ben works 12:00-18:00 UTC, also on Saturday; nobody by the default calendar
    ('ben', 'another''s working time', '07 17:00 call phone', '07 17:30', NULL, 'running 1/3 -2 1/2 [phone] last 07 17:00:00 from 09 12:00:00 due 10 13:00 email'),
    ('ben', 'before the day begins', '', '02 09:30', NULL, 'running 0/3 -3 0/2 [] from 02 12:00:00 due 03 14:00 call'),
    (NULL, 'nobody''s lead', '06 14:00 call phone', '06 15:00', NULL, 'running 1/3 -2 1/2 [phone] last 06 14:00:00 from 06 16:00:00 due 09 14:00 email'),
    ('zoe', 'an owner who is no member', '06 14:00 call phone', '06 15:00', NULL, 'running 1/3 -2 1/2 [phone] last 06 14:00:00 from 06 16:00:00 due 09 14:00 email')
) AS c (owner, label, touches, clock, calls, expected);
-- the kind suggested goes round
SELECT is(tried(format($$SELECT move('mql', '02 09:00'), tries(%L); SET LOCAL leadflow.clock = '2026-03-05 12:00+00'$$, c.touches), 'SELECT next_kind FROM crm.cadence_progress'), c.expected, 'next kind: ' || c.label)
FROM (VALUES
    ('the first that was not used', '02 10:00 email email', 'call'),
    ('none was left out', '02 10:00 call phone', 'email'),
    ('an inbound one was not used', '02 10:00 call phone, 02 11:00 <web_visit', 'email'),
    ('one before the start was not used', '02 08:00 call phone', 'call'),
    ('one that counted for nothing was used', '02 10:00 email email, 02 10:01 call phone', 'social_message')
) AS c (label, touches, expected);
SELECT is(tried($$UPDATE crm.sla_policy SET attempts = 9, channels = 9 WHERE policy = 'cadence'; SELECT move('mql', '02 09:00'), tries('02 10:00 meeting, 02 12:00 social_message, 02 14:00 call, 02 16:00 email, 02 18:00 meeting'); SET LOCAL leadflow.clock = '2026-03-05 12:00+00'$$,
                'SELECT next_kind FROM crm.cadence_progress'), 'social_message', 'next kind: the one used longest ago, where all were used');
-- over a change to summer time, which Warsaw makes on 29 March
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-03-27 16:00+00'; UPDATE crm.lead SET owner = 'anna' WHERE id = 1; SELECT move('mql', '27 09:00'), tries('27 15:00 call phone')$$, $$SELECT progress() || to_char(window_ends_at, ' MM-DD HH24:MI') FROM crm.cadence_progress$$),
          'running 1/3 -2 1/2 [phone] last 27 15:00:00 from 30 07:00:00 due 30 14:00 email 04-06 09:00', 'progress: over a clock change');
-- pauses: anna's attempt on Monday at 11:00 of her time, paused from 12:00 to Tuesday 10:00: 6 of her hours
SELECT is(tried($$UPDATE crm.lead SET owner = 'anna' WHERE id = 1; SELECT move('mql', '02 09:00'), tries('02 10:00 call phone'); INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-02 11:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence';
                  SET LOCAL leadflow.clock = '2026-03-02 15:00+00'$$, 'SELECT progress()'), 'paused 1/3 -2 1/2 [phone] last 02 10:00:00', 'progress: while it is paused nothing is due');
SELECT is(tried(format($$UPDATE crm.lead SET owner = 'anna' WHERE id = 1; SELECT move('mql', '02 09:00'), tries('02 10:00 call phone'); INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) SELECT id, '2026-03-02 11:00+00', '2026-03-03 09:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence';
                  SET LOCAL leadflow.clock = %L$$, c.clock), $$SELECT progress() || to_char(window_ends_at, ' DD HH24:MI') FROM crm.cadence_progress$$), c.expected, 'progress: ' || c.label)
FROM (VALUES
    ('before the pause', '2026-03-02 10:30+00', 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email 12 09:00'),
    ('after the pause', '2026-03-03 09:30+00', 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 due 03 16:00 email 13 07:00')
) AS c (label, clock, expected);
SELECT is(tried($$UPDATE crm.lead SET owner = 'anna' WHERE id = 1; SELECT move('mql', '02 09:00'), tries('02 10:00 call phone'); INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-13 11:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence';
                  SET LOCAL leadflow.clock = '2026-03-13 15:00+00'$$, $$SELECT p.state || ' ' || s.state FROM crm.cadence_progress p JOIN crm.sla_status s USING (clock_id)$$), 'overdue breached', 'progress: what was late before it was paused stays so');
-- other terms
SELECT is(tried(format($$UPDATE crm.sla_policy SET %s WHERE policy = 'cadence'; SELECT move('mql', '02 09:00'), tries(%L); SET LOCAL leadflow.clock = '2026-03-02 15:30+00'$$, c.terms, c.touches), 'SELECT progress()'), c.expected, 'progress: ' || c.label)
FROM (VALUES
    ('no spacing', 'spacing = NULL', '02 10:00 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 10:01:00 due 03 10:00 email'),
    ('no spacing, in the middle of a minute', 'spacing = NULL', '02 10:00:59 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:59 from 02 10:01:00 due 03 10:00 email'),
    ('a spacing of less than a minute', $$spacing = '30 seconds'$$, '02 10:00:10 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:10 from 02 10:01:00 due 03 10:00 email'),
    ('the same, where it reaches into the next one', $$spacing = '30 seconds'$$, '02 10:00:50 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:50 from 02 10:01:20 due 03 10:00 email'),
    ('a spacing of days', $$spacing = '1 day 2 hours'$$, '02 10:00 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 03 12:00:00 due 03 10:00 email'),
    ('no promise of the next attempt', 'attempt_every = NULL', '02 10:00 call phone', 'running 1/3 -2 1/2 [phone] last 02 10:00:00 from 02 12:00:00 email'),
    ('one channel, not said', 'channels = NULL', '02 10:00 call phone', 'running 1/3 -2 1/1 [phone] last 02 10:00:00 from 02 12:00:00 due 03 10:00 email'),
    ('as many as were asked for over one', 'channels = NULL', '02 10:00 call phone, 02 12:00 call phone, 02 14:00 call phone', 'exhausted 3/3 -0 1/1 [phone] last 02 14:00:00'),
    ('a calendar of the policy', $$measure = 'working', target = '48:00', warn_after = NULL, calendar = 'late'$$, '02 13:00 call phone', 'running 1/3 -2 1/2 [phone] last 02 13:00:00 from 02 15:00:00 due 03 15:00 email')
) AS c (label, terms, touches, expected);
SELECT is(tried($$SELECT move('mql', '02 09:00'); DELETE FROM crm.business_calendar WHERE code = 'default'$$, 'SELECT progress()'), 'overdue 0/3 -3 0/2 [] due 12 09:00 call', 'progress: without any calendar');
SELECT isnt(tried($$UPDATE crm.business_calendar SET calendar = 'UTC; off' WHERE code = 'default'; SELECT move('mql', '02 09:00'), move('mql', '02 09:00', 2); UPDATE crm.lead SET owner = 'anna' WHERE id = 2$$, 'SELECT progress(2)'), NULL, 'progress: somebody who never works hides nobody else');
SELECT is(tried($$UPDATE crm.business_calendar SET calendar = 'UTC; off' WHERE code = 'default'; SELECT move('mql', '02 09:00'), move('mql', '02 09:00', 2); UPDATE crm.lead SET owner = 'anna' WHERE id = 2$$, 'SELECT count(*)::text FROM (SELECT * FROM crm.cadence_progress OFFSET 0) p'), '2', 'progress: nor the report');
SELECT is(tried($$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'), move('contacted', '02 14:00'), move('mql', '03 09:00', 1, 'other'), tries('03 09:30 call phone')$$, 'SELECT progress()'),
          'exhausted 3/3 -0 2/2 [phone, email] last 02 14:00:00; overdue 1/3 -2 1/2 [phone] last 03 09:30:00 from 03 11:30:00 due 04 09:30 email', 'progress: two, one after the other');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_touch, attempts, target, measure, promise) VALUES ('calls', 'calls', 'mql', '{call}', 2, '5 days', 'elapsed', 'x'); SELECT move('mql', '02 09:00')$$,
                $$SELECT string_agg(policy, ',' ORDER BY policy) FROM crm.cadence_progress$$), 'cadence,calls', 'progress: of each cadence, and of nothing else');

-- reasons that need attempts
SELECT is((SELECT string_agg(code, ',') FROM crm.reason WHERE needs_attempts), 'no_response', 'the reason that a workspace comes with');
SELECT is(tried(format('SELECT move(''mql'', ''02 09:00''), tries(%L); SELECT %s', c.touches, c.calls)), c.expected, 'no_response: ' || c.label)
FROM (VALUES
    ('nobody tried', '', $$move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('some tried', '02 10:00 call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('too near each other', '02 10:00 call phone, 02 10:30 email email, 02 11:00 call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('the window has passed', '02 10:00 call phone', $$move('nurture', '14 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('it answered', '02 10:00 call phone, 02 11:00 <call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('it answered, was accepted, and fell silent', '02 10:00 call phone, 02 11:00 <call phone', $$move('sal', '02 12:00'), move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('it answered, and was tried often', '02 09:30 <call phone, 02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('exhausted', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('exhausted at that very instant', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('nurture', '02 14:00', 1, 'no_response')$$, '00000'),
    ('exhausted only later', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('nurture', '02 13:00', 1, 'no_response')$$, '23514 attempts'),
    ('exhausted, then answered', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone, 02 15:00 <call phone', $$move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('lost while it runs', '02 10:00 call phone', $$move('lost', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('lost', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('lost', '03 10:00', 1, 'no_response')$$, '00000'),
    ('a leaf of lost', '02 10:00 call phone', $$move('lost.silence', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('back to mql while it runs', '02 10:00 call phone', $$move('contacted', '02 10:00'), move('mql', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('back to mql', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('contacted', '02 14:00'), move('mql', '03 10:00', 1, 'no_response')$$, '00000'),
    ('another reason while it runs', '02 10:00 call phone', $$move('nurture', '03 10:00', 1, 'not_now')$$, '00000'),
    ('accepted, then nobody was reached any more', '02 10:00 call phone', $$move('sal', '02 12:00'), move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('the first exhausted, the second runs', '02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone', $$move('contacted', '02 14:00'), move('mql', '03 10:00', 1, 'other'), move('nurture', '04 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('the first answered, the second exhausted', '02 10:00 <call phone', $$move('contacted', '02 14:00'), move('mql', '03 09:00', 1, 'other'), tries('03 10:00 call phone, 03 12:00 email email, 03 14:00 call phone'), move('nurture', '04 10:00', 1, 'no_response')$$, '00000')
) AS c (label, touches, calls, expected);
SELECT is(tried(c.statement), c.expected, 'no_response: ' || c.label)
FROM (VALUES
    ('a lead without a cadence', $$SELECT move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('a contacted lead without one', $$SELECT move('contacted', '03 09:00'), move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('a new row in nurture', $$INSERT INTO crm.lead (source, stage, reason) VALUES ('t', 'nurture', 'no_response')$$, '00000'),
    ('a new row that was lost', $$INSERT INTO crm.lead (source, stage, reason) VALUES ('t', 'lost', 'no_response')$$, '00000'),
    ('another lead''s cadence', $$SELECT move('mql', '02 09:00', 2), move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('another reason that claims so', $$UPDATE crm.reason SET needs_attempts = true WHERE code = 'not_now'; SELECT move('mql', '02 09:00'), move('nurture', '03 10:00', 1, 'not_now')$$, '23514 attempts'),
    ('it claims so no more', $$UPDATE crm.reason SET needs_attempts = false; SELECT move('mql', '02 09:00'), move('nurture', '03 10:00', 1, 'no_response')$$, '00000'),
    ('while it is paused', $$SELECT move('mql', '02 09:00'); INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-02 11:00+00', 'x' FROM crm.sla_clock WHERE metric = 'cadence'; SELECT move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('the last attempt and the move, in one statement', $$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email');
        WITH t AS (INSERT INTO crm.touch (lead_id, kind, channel, direction, at) VALUES (1, 'call', 'phone', 'outbound', '2026-03-02 14:00+00')) UPDATE crm.lead SET stage = 'nurture', reason = 'no_response', narrative = 'n', stage_since = '2026-03-02 15:00+00' WHERE id = 1$$, '23514 attempts'),
    ('of two cadences one is exhausted and one runs', $$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_touch, attempts, target, measure, promise) VALUES ('calls', 'calls', 'mql', '{call}', 2, '5 days', 'elapsed', 'x');
        SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 10:01 call phone'), move('nurture', '03 10:00', 1, 'no_response')$$, '23514 attempts'),
    ('all leads at once', $$SELECT move('mql', '02 09:00'), move('mql', '02 09:00', 2), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'); UPDATE crm.lead SET stage = 'nurture', reason = 'no_response', narrative = 'n'$$, '23514 attempts'),
    ('the reason alone, in the same stage, claims nothing new', $$SELECT move('mql', '02 09:00'); UPDATE crm.lead SET reason = 'no_response' WHERE id = 1$$, '00000')
) AS c (label, statement, expected);
-- said(statement): DETAIL of its error
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    BEGIN
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN detail;
END $$;
SELECT alike(said(format($$SELECT move('mql', '02 09:00'), tries(%L), move('nurture', '03 10:00', 1, 'no_response')$$, c.touches)), '%attempts (nurture)%cadence = ' || c.seen || '%', 'the detail says: ' || c.seen)
FROM (VALUES ('02 10:00 call phone', 'running'), ('02 10:00 <call phone', 'answered')) AS c (touches, seen);
SELECT is(tried($$SELECT move('mql', '02 09:00'); SET LOCAL leadflow.on_violation = park; SELECT move('nurture', '03 10:00', 1, 'no_response')$$,
                $$SELECT concat_ws(' ', l.stage, q.target_stage, q.unmet -> 0 ->> 'criterion', q.unmet -> 0 ->> 'seen') FROM crm.quarantine q, crm.lead l WHERE l.id = 1$$), 'mql nurture attempts cadence = running', 'parked');
SELECT is(tried($$SELECT move('mql', '02 09:00'); SET LOCAL leadflow.on_violation = park; SELECT move('nurture', '03 10:00', 1, 'no_response'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone');
                  CREATE TEMP TABLE retried AS SELECT * FROM leadflow.retry_quarantine('crm')$$, $$SELECT concat_ws(' ', r.retried, r.accepted, l.stage, l.reason, l.nurture_track) FROM retried r, crm.lead l WHERE l.id = 1$$), '1 1 nurture no_response not_reached', 'parked, and let in once the attempts were made');
SELECT is(tried($$SELECT move('mql', '02 09:00'); SET LOCAL leadflow.on_violation = warn; SELECT move('nurture', '03 10:00', 1, 'no_response')$$,
                $$SELECT concat_ws(' ', l.stage, (SELECT string_agg(v.criterion, ',') FROM crm.violation v)) FROM crm.lead l WHERE l.id = 1$$), 'nurture attempts', 'warned of');

-- evidence
SELECT is(tried(format($$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', %L); SELECT move('mql', '02 09:00'), %s, move('sal', '03 10:00')$$, c.expression, c.calls)), c.expected, 'evidence: ' || c.label)
FROM (VALUES
    ('running', $$cadence = 'running'$$, $$tries('02 10:00 call phone')$$, '00000'),
    ('not running', $$cadence <> 'running'$$, $$tries('02 10:00 call phone')$$, '23514 c'),
    ('paused is running', $$cadence = 'running'$$, 'pause()', '00000'),
    ('late is running', $$cadence = 'running'$$, $$tries('13 10:00 call phone')$$, '00000'),
    ('exhausted', $$cadence = 'exhausted'$$, $$tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone')$$, '00000'),
    ('answered', $$cadence = 'answered'$$, $$tries('02 10:00 <call phone')$$, '00000'),
    ('of several words', $$cadence IN ('answered', 'exhausted')$$, $$tries('02 10:00 <call phone')$$, '00000'),
    ('beside other evidence', $$cadence = 'answered' AND last_inbound_at = '2026-03-02 10:00+00'$$, $$tries('02 10:00 <call phone')$$, '00000'),
    ('as of the move', $$cadence = 'running'$$, $$tries('03 11:00 <call phone')$$, '00000'),
    ('text, like any', $$starts_with(upper(cadence), 'ANS')$$, $$tries('02 10:00 <call phone')$$, '00000'),
    ('there is one', 'cadence IS NOT NULL', 'NULL', '00000'),
    ('another word', $$cadence = 'nonsense'$$, 'NULL', '23514 c'),
    ('a number', 'cadence = 5', 'NULL', '42883'),
    ('a truth', 'cadence', 'NULL', '42804'),
    ('a sum', 'cadence + 1 > 0', 'NULL', '42883'),
    ('a cast that fails when it is judged', 'cadence::int > 0', 'NULL', '22P02'),
    ('a column of a column', 'cadence.state = ''x''', 'NULL', '42P01')
) AS c (label, expression, calls, expected);
SELECT is(tried(format($$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('nurture', 'c', 'x', %L); SELECT %s, move('nurture', '04 10:00', 1, 'not_now')$$, c.expression, c.calls)), c.expected, 'evidence: ' || c.label)
FROM (VALUES
    ('no cadence', 'cadence IS NULL', 'NULL', '00000'),
    ('no cadence, in other words', $$cadence = 'running'$$, 'NULL', '23514 c'),
    ('ended', $$cadence = 'ended'$$, $$move('mql', '02 09:00'), move('sal', '03 10:00')$$, '00000'),
    ('the move itself does not end it', $$cadence = 'running'$$, $$move('mql', '02 09:00')$$, '00000')
) AS c (label, expression, calls, expected);
SELECT is(tried($$INSERT INTO crm.standard (variant, stage, criterion, requirement, expression) VALUES ('smb', 'sal', 'c', 'x', 'cadence = ''answered'''); UPDATE crm.lead SET variant = 'smb' WHERE id = 1;
                  SELECT move('mql', '02 09:00'), move('sal', '03 10:00', 2), tries('02 10:00 <call phone'), move('sal', '03 10:00')$$), '00000', 'evidence: for a variant, met');
SELECT is(tried($$INSERT INTO crm.standard (variant, stage, criterion, requirement, expression) VALUES ('smb', 'sal', 'c', 'x', 'cadence = ''answered'''); UPDATE crm.lead SET variant = 'smb' WHERE id = 1; SELECT move('mql', '02 09:00'), move('sal', '03 10:00', 2), move('sal', '03 10:00')$$),
          '23514 c', 'evidence: for a variant, not met');
SELECT is(tried($$INSERT INTO crm.standard (object, stage, criterion, requirement, expression) VALUES ('opportunity', 'opportunity', 'c', 'x', 'cadence = ''exhausted''');
                  SELECT move('mql', '02 09:00'), tries('02 10:00 call phone, 02 12:00 email email, 02 14:00 call phone'); INSERT INTO crm.opportunity (source, lead_id) VALUES ('t', 1)$$), '00000', 'evidence: of the lead of an opportunity');
SELECT is(tried($$INSERT INTO crm.account (source, name) VALUES ('t', 'Acme'); INSERT INTO crm.standard (object, stage, criterion, requirement, expression) VALUES ('opportunity', 'opportunity', 'c', 'x', 'cadence IS NULL'); INSERT INTO crm.opportunity (source, account_id) SELECT 't', max(id) FROM crm.account$$),
          '00000', 'evidence: of an opportunity without a lead');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, condition, stops_on_touch, target, measure, promise) VALUES ('close', 'close', 'sal', 'cadence = ''answered''', '{call}', '1 day', 'elapsed', 'x');
                  SELECT move('mql', '02 09:00'), move('mql', '02 09:00', 2), tries('02 10:00 <call phone'), move('sal', '03 10:00'), move('sal', '03 10:00', 2)$$, $$SELECT cadences('close')$$), '1: 03 10:00 running', 'evidence: in the condition of a promise');
SELECT is(tried($$ALTER TABLE crm.lead ADD COLUMN cadence integer DEFAULT 7; INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', 'cadence = 7'); SELECT move('mql', '02 09:00'), move('sal', '03 10:00')$$), '00000', 'a column of that name takes its place');
SELECT is(tried($$SELECT move('mql', '02 09:00'), tries('02 10:00 call phone')$$, $$SELECT concat_ws(' ', criterion, met, value_seen) FROM leadflow.explain('crm', 1, 'nurture') WHERE value_seen LIKE '%cadence%'$$), 'attempts f cadence = running', 'explain says what a reason that needs attempts lacks');

-- bad terms
SELECT is(tried(format('UPDATE crm.sla_policy SET %s WHERE policy = ''cadence''', c.terms)), c.expected, 'terms: ' || c.label)
FROM (VALUES
    ('no attempts', 'attempts = 0, channels = NULL', '23514 sla_policy_attempts_check'),
    ('less than none', 'attempts = -3, channels = NULL', '23514 sla_policy_attempts_check'),
    ('no channels', 'channels = 0', '23514 sla_policy_channels_check'),
    ('less than no channels', 'channels = -1', '23514 sla_policy_channels_check'),
    ('more channels than attempts', 'channels = 4', '23514 channels_within_attempts'),
    ('as many', 'channels = 3', '00000'),
    ('no spacing', $$spacing = '0'$$, '23514 sla_policy_spacing_check'),
    ('spacing backwards', $$spacing = '-1 hour'$$, '23514 sla_policy_spacing_check'),
    ('months of spacing', $$spacing = '1 month'$$, '23514 attempts_in_hours'),
    ('years of spacing', $$spacing = '1 year'$$, '23514 attempts_in_hours'),
    ('days of spacing', $$spacing = '2 days'$$, '00000'),
    ('spacing beyond all time', $$spacing = '100000000 days'$$, '23514 sla_policy_spacing_check'),
    ('an attempt in a thousand years', $$attempt_every = '8766000:00'$$, '23514 sla_policy_attempt_every_check'),
    ('days to the next attempt', $$attempt_every = '1 day'$$, '23514 attempts_in_hours'),
    ('months to the next attempt', $$attempt_every = '1 month'$$, '23514 attempts_in_hours'),
    ('no time to the next attempt', $$attempt_every = '0'$$, '23514 sla_policy_attempt_every_check'),
    ('no kinds of touch', 'stops_on_touch = NULL', '23514 cadence_of_a_lead'),
    ('channels without attempts', 'attempts = NULL, spacing = NULL, attempt_every = NULL', '23514 cadence_terms'),
    ('spacing without attempts', 'attempts = NULL, channels = NULL, attempt_every = NULL', '23514 cadence_terms'),
    ('leaving without a stage', 'starts_on_stage = NULL, starts_on_touch = ''{call}'', stops_on_leaving = true', '23514 leaves_where_it_started'),
    ('a plain promise', 'attempts = NULL, channels = NULL, spacing = NULL, attempt_every = NULL', '00000')
) AS c (label, terms, expected);
SELECT matches(tried($$UPDATE crm.sla_policy SET object = 'opportunity' WHERE policy = 'cadence'$$), '^23514 (cadence_of_a_lead|inbound_to_a_lead)$', 'terms: for opportunities');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_touch, attempts, target, measure, promise) VALUES ('o', 'opportunity', 'o', 'proposal', '{call}', 3, '1 day', 'elapsed', 'x')$$), '23514 cadence_of_a_lead', 'terms: attempts for opportunities');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_inbound, target, measure, promise) VALUES ('o', 'opportunity', 'o', 'proposal', '{call}', '1 day', 'elapsed', 'x')$$), '23514 inbound_to_a_lead', 'terms: answers for opportunities');
SELECT is(tried($$SELECT move('mql', '02 09:00'); INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', 'infinity')$$), '23514 touch_at_check', 'an attempt at no time');
SELECT is(tried($$SELECT move('mql', '02 09:00'); INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '-infinity')$$), '23514 touch_at_check', 'nor at the beginning of all time');
SELECT is((SELECT count(*) FROM crm.sla_clock), 0::bigint, 'every case was undone');

SELECT * FROM finish();
