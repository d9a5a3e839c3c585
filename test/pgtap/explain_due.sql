-- leadflow.explain_due: which time counts towards a promise, which does not, and why
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT no_plan();

\ir common/tried.sql
\ir ../oracle/worktime.sql
\ir ../oracle/calendars.sql

INSERT INTO crm.lead (source, stage_since) VALUES ('t', '2000-01-01');
INSERT INTO crm.business_calendar VALUES ('c', 'UTC; 24/7');
INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, promise, calendar)
VALUES ('p', 'p', '{trial_started}', '{meeting}', '01:00', 'x', 'c');

-- set up a clock of that calendar (null: elapsed time); instants are local times of its zone
CREATE FUNCTION zone() RETURNS text LANGUAGE sql AS $$ SELECT split_part(calendar::text, ';', 1) FROM crm.business_calendar WHERE code = 'c' $$;
CREATE FUNCTION start(calendar text, start text, target interval, warn_after interval DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crm.business_calendar b SET calendar = coalesce($1, 'Europe/Warsaw; off')::leadflow.calendar WHERE code = 'c';
    UPDATE crm.sla_policy p SET measure = CASE WHEN $1 IS NULL THEN 'elapsed' ELSE 'working' END, target = $3, warn_after = $4 WHERE policy = 'p';
    PERFORM set_config('leadflow.clock', ($2::timestamp AT TIME ZONE zone())::text, true);
    INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'trial_started', 'inbound');
END $$;
CREATE FUNCTION clock() RETURNS bigint LANGUAGE sql AS $$ SELECT max(id) FROM crm.sla_clock $$;
CREATE FUNCTION now_is(at text) RETURNS void LANGUAGE sql AS $$ SELECT set_config('leadflow.clock', ($1::timestamp AT TIME ZONE zone())::text, true) $$;
CREATE FUNCTION pause(from_at text, to_at text, why text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (clock(), $1::timestamp AT TIME ZONE zone(), $2::timestamp AT TIME ZONE zone(), $3) $$;
-- the explanation in lines, in the local time of the calendar: from > to [+ what counted] why
CREATE FUNCTION explained() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', to_char(from_at AT TIME ZONE zone(), 'Dy DD HH24:MI'),
                                CASE WHEN to_at > from_at THEN '> ' || to_char(to_at AT TIME ZONE zone(), 'Dy DD HH24:MI') END,
                                CASE WHEN counted THEN '+' || to_char(make_interval(secs => seconds), 'HH24:MI') END, why), E'\n' ORDER BY n)
    FROM leadflow.explain_due('crm', clock()) WITH ORDINALITY AS e (from_at, to_at, counted, why, seconds, total_seconds, n)
$$;
CREATE FUNCTION stop(at text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'meeting', 'outbound', coalesce($1::timestamp AT TIME ZONE zone(), leadflow.clock())) $$;
CREATE FUNCTION leave() RETURNS void LANGUAGE sql AS $$ UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', stage_since = leadflow.clock() WHERE id = 1 $$;

-- the pauses that are known at present; what stopped the clock has ended them, and none begins after that
CREATE FUNCTION pauses(of_clock bigint) RETURNS tstzmultirange LANGUAGE sql AS $$
    SELECT coalesce(range_agg(tstzrange(p.paused_at, greatest(p.paused_at, least(p.resumed_at, s.stopped_at, leadflow.clock())))), '{}')
    FROM crm.sla_pause p JOIN crm.sla_status s USING (clock_id)
    WHERE p.clock_id = of_clock AND p.paused_at <= leadflow.clock()
      AND (p.resumed_at <= leadflow.clock() OR coalesce(s.stopped_at, s.cancelled_at, 'infinity') > p.paused_at)
$$;

-- what is wrong with the explanation of a clock, by the laws that hold for all; '' for nothing
CREATE FUNCTION faults(of_clock bigint DEFAULT clock()) RETURNS text LANGUAGE sql AS $$
    WITH line AS MATERIALIZED (SELECT * FROM leadflow.explain_due('crm', of_clock) WITH ORDINALITY AS e (from_at, to_at, counted, why, seconds, total, n)),
    terms AS (SELECT c.*, s.due_at AS due_now, s.state, s.target_seconds, s.elapsed_seconds, s.paused_at,
                     pauses(c.id) AS pauses
              FROM crm.sla_clock c JOIN crm.sla_status s ON s.clock_id = c.id WHERE c.id = of_clock),
    mark AS (SELECT * FROM line WHERE to_at = from_at),
    bounds AS (SELECT min(from_at) AS first, max(to_at) AS last FROM line)
    SELECT concat_ws(', ',
        CASE WHEN (SELECT first FROM bounds) IS DISTINCT FROM started_at THEN 'does not begin with the clock' END,
        CASE WHEN EXISTS (SELECT FROM (SELECT from_at, lag(to_at) OVER (ORDER BY n) AS before FROM line) l WHERE from_at <> before) THEN 'a gap' END,
        CASE WHEN EXISTS (SELECT FROM line WHERE to_at < from_at OR why IS NULL OR counted IS NULL OR seconds IS NULL OR total IS NULL) THEN 'a row of nothing' END,
        CASE WHEN EXISTS (SELECT FROM mark WHERE counted OR seconds <> 0 OR why !~ '^(warning|due|stopped|cancelled)') THEN 'a mark that is none' END,
        CASE WHEN EXISTS (SELECT FROM line WHERE to_at > from_at AND why !~ CASE WHEN counted THEN '^(open: .|elapsed time$)' ELSE '^(closed|paused): .' END) THEN 'a reason that is none' END,
        CASE WHEN EXISTS (SELECT FROM (SELECT *, lag(why) OVER (ORDER BY n) AS before FROM line) l WHERE why = before) THEN 'two rows that are one' END,
        CASE WHEN EXISTS (SELECT FROM (SELECT *, sum(seconds) OVER (ORDER BY n) AS adds FROM line) l WHERE adds <> total) THEN 'a sum' END,
        CASE WHEN EXISTS (SELECT FROM line WHERE seconds > 0 AND NOT counted OR counted AND abs(seconds - extract(epoch FROM to_at - from_at)) >= 1) THEN 'a length' END,
        CASE WHEN (SELECT coalesce(range_agg(tstzrange(from_at, to_at)) FILTER (WHERE counted), '{}') FROM line)
                  <> (SELECT coalesce(range_agg(s), '{}') FROM leadflow.open_spans(coalesce(calendar, 'UTC; 24/7'), started_at, (SELECT last FROM bounds)) s) - pauses
             THEN 'counts another time' END,
        CASE WHEN EXISTS (SELECT FROM mark WHERE why = 'due' AND (from_at <> due_now OR total <> target_seconds)) THEN 'due at another time' END,
        CASE WHEN state <> 'paused' AND paused_at IS NULL AND isfinite(due_now) AND NOT EXISTS (SELECT FROM mark WHERE why = 'due')
                  AND NOT EXISTS (SELECT FROM crm.sla_pause p WHERE p.clock_id = of_clock AND p.paused_at < coalesce(stopped_at, cancelled_at) AND (p.resumed_at <= leadflow.clock()) IS NOT TRUE)
             THEN 'no due time' END,
        CASE WHEN EXISTS (SELECT FROM mark WHERE why ~ '^(stopped|cancelled)' AND total <> elapsed_seconds) THEN 'stopped at another time' END,
        CASE WHEN (SELECT last FROM bounds) = leadflow.clock() AND (SELECT max(total) FROM line) <> elapsed_seconds AND stopped_at IS NULL AND cancelled_at IS NULL
             THEN 'another time has passed' END)
    FROM terms
$$;

-- cases: what happened, and the explanation at the end of it
CREATE TABLE explanation (nth integer GENERATED ALWAYS AS IDENTITY, label text, calls text, expected text);
INSERT INTO explanation (label, calls, expected) VALUES
('an hour on Friday evening', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 16:30', '01:00')$$, '
Fri 02 16:30 > Fri 02 17:00 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 09:30 +00:30 open: Mo-Fr 09:00-17:00
Mon 05 09:30 due'),
('four hours on Thursday evening', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-01 16:00', '04:00')$$, '
Thu 01 16:00 > Thu 01 17:00 +01:00 open: Mo-Fr 09:00-17:00
Thu 01 17:00 > Fri 02 09:00 closed: outside Mo-Fr 09:00-17:00
Fri 02 09:00 > Fri 02 12:00 +03:00 open: Mo-Fr 09:00-17:00
Fri 02 12:00 due'),
('a warning an hour before, in its own time', $$start('Europe/Warsaw; Mo-Fr 08:00-18:00', '2026-10-05 17:00', '04:00', '03:00')$$, '
Mon 05 17:00 > Mon 05 18:00 +01:00 open: Mo-Fr 08:00-18:00
Mon 05 18:00 > Tue 06 08:00 closed: outside Mo-Fr 08:00-18:00
Tue 06 08:00 > Tue 06 10:00 +02:00 open: Mo-Fr 08:00-18:00
Tue 06 10:00 warning
Tue 06 10:00 > Tue 06 11:00 +01:00 open: Mo-Fr 08:00-18:00
Tue 06 11:00 due'),
('48 hours over two holidays', $$start('Europe/Berlin; Mo-Su 09:00-21:00; 2016 Nov 11 off; 2016 Nov 13 off', '2016-11-09 23:00', '48:00')$$, '
Wed 09 23:00 > Thu 10 09:00 closed: outside Mo-Su 09:00-21:00
Thu 10 09:00 > Thu 10 21:00 +12:00 open: Mo-Su 09:00-21:00
Thu 10 21:00 > Fri 11 00:00 closed: outside Mo-Su 09:00-21:00
Fri 11 00:00 > Sat 12 00:00 closed: 2016 Nov 11 off
Sat 12 00:00 > Sat 12 09:00 closed: outside Mo-Su 09:00-21:00
Sat 12 09:00 > Sat 12 21:00 +12:00 open: Mo-Su 09:00-21:00
Sat 12 21:00 > Sun 13 00:00 closed: outside Mo-Su 09:00-21:00
Sun 13 00:00 > Mon 14 00:00 closed: 2016 Nov 13 off
Mon 14 00:00 > Mon 14 09:00 closed: outside Mo-Su 09:00-21:00
Mon 14 09:00 > Mon 14 21:00 +12:00 open: Mo-Su 09:00-21:00
Mon 14 21:00 > Tue 15 09:00 closed: outside Mo-Su 09:00-21:00
Tue 15 09:00 > Tue 15 21:00 +12:00 open: Mo-Su 09:00-21:00
Tue 15 21:00 due'),
('no minute is lost at midnight', $$start('Europe/Warsaw; 24/7', '2026-10-05 23:30', '01:00')$$, '
Mon 05 23:30 > Tue 06 00:30 +01:00 open: 24/7
Tue 06 00:30 due'),
('over lunch', $$start('Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', '2026-10-05 11:45', '02:00')$$, '
Mon 05 11:45 > Mon 05 12:00 +00:15 open: Mo-Fr 08:00-12:00,13:30-18:00
Mon 05 12:00 > Mon 05 13:30 closed: outside Mo-Fr 08:00-12:00,13:30-18:00
Mon 05 13:30 > Mon 05 15:15 +01:45 open: Mo-Fr 08:00-12:00,13:30-18:00
Mon 05 15:15 due'),
('from lunch', $$start('Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', '2026-10-05 12:30', '00:15')$$, '
Mon 05 12:30 > Mon 05 13:30 closed: outside Mo-Fr 08:00-12:00,13:30-18:00
Mon 05 13:30 > Mon 05 13:45 +00:15 open: Mo-Fr 08:00-12:00,13:30-18:00
Mon 05 13:45 due'),
('15 minutes on Friday evening', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 16:50', '00:15', '00:10')$$, '
Fri 02 16:50 > Fri 02 17:00 +00:10 open: Mo-Fr 09:00-17:00
Fri 02 17:00 warning
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 09:05 +00:05 open: Mo-Fr 09:00-17:00
Mon 05 09:05 due'),
('two hours on Friday evening', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 16:30', '02:00')$$, '
Fri 02 16:30 > Fri 02 17:00 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:30 +01:30 open: Mo-Fr 09:00-17:00
Mon 05 10:30 due'),
('the same where Monday is a holiday', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Oct 5 off', '2026-10-02 16:30', '02:00')$$, '
Fri 02 16:30 > Fri 02 17:00 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Tue 06 00:00 closed: 2026 Oct 5 off
Tue 06 00:00 > Tue 06 09:00 closed: outside Mo-Fr 09:00-17:00
Tue 06 09:00 > Tue 06 10:30 +01:30 open: Mo-Fr 09:00-17:00
Tue 06 10:30 due'),
('due when the day ends', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '02:00')$$, '
Fri 02 15:00 > Fri 02 17:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 17:00 due'),
('the night of 23 hours', $$start('Europe/Warsaw; 24/7', '2026-03-28 20:00', '08:00')$$, '
Sat 28 20:00 > Sun 29 05:00 +08:00 open: 24/7
Sun 29 05:00 due'),
('the day of 25 hours', $$start('Europe/Warsaw; 24/7', '2026-10-25 00:00', '25:00')$$, '
Sun 25 00:00 > Mon 26 00:00 +25:00 open: 24/7
Mon 26 00:00 due'),
('held over the weekend', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '04:00'), now_is('2026-10-05 10:00'), pause('2026-10-02 16:00', '2026-10-05 10:00', 'waiting for the prospect')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 > Mon 05 10:00 paused: waiting for the prospect
Mon 05 10:00 > Mon 05 13:00 +03:00 open: Mo-Fr 09:00-17:00
Mon 05 13:00 due'),
('started in the night', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-05 03:00', '01:00')$$, '
Mon 05 03:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 10:00 due'),
('started on Sunday', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-04 12:00', '01:00')$$, '
Sun 04 12:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 10:00 due'),
('a warning when the day ends', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '03:00', '02:00')$$, '
Fri 02 15:00 > Fri 02 17:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 17:00 warning
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 10:00 due'),
('warning and due at once', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00', '01:00')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 warning
Fri 02 16:00 due'),
('Christmas, half a day before it, and a Sunday', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 25-26 off; 2026 Dec 24 09:00-13:00', '2026-12-24 12:00', '02:00')$$, '
Thu 24 12:00 > Thu 24 13:00 +01:00 open: 2026 Dec 24 09:00-13:00
Thu 24 13:00 > Fri 25 00:00 closed: outside 2026 Dec 24 09:00-13:00
Fri 25 00:00 > Sun 27 00:00 closed: Dec 25-26 off
Sun 27 00:00 > Mon 28 00:00 closed: no rule for Sunday
Mon 28 00:00 > Mon 28 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 28 09:00 > Mon 28 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 28 10:00 due'),
('New Year', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 31-Jan 1 off', '2026-12-30 16:00', '02:00')$$, '
Wed 30 16:00 > Wed 30 17:00 +01:00 open: Mo-Fr 09:00-17:00
Wed 30 17:00 > Thu 31 00:00 closed: outside Mo-Fr 09:00-17:00
Thu 31 00:00 > Sat 02 00:00 closed: Dec 31-Jan 1 off
Sat 02 00:00 > Sun 03 00:00 closed: no rule for Saturday
Sun 03 00:00 > Mon 04 00:00 closed: no rule for Sunday
Mon 04 00:00 > Mon 04 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 04 09:00 > Mon 04 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 04 10:00 due'),
('holidays that were added', $$start(leadflow.with_holidays('Europe/Warsaw; Mo-Fr 09:00-17:00', '{2026-05-01,2027-05-03}')::text, '2026-04-30 16:00', '02:00')$$, '
Thu 30 16:00 > Thu 30 17:00 +01:00 open: Mo-Fr 09:00-17:00
Thu 30 17:00 > Fri 01 00:00 closed: outside Mo-Fr 09:00-17:00
Fri 01 00:00 > Sat 02 00:00 closed: 2026 May 1 off
Sat 02 00:00 > Sun 03 00:00 closed: no rule for Saturday
Sun 03 00:00 > Mon 04 00:00 closed: no rule for Sunday
Mon 04 00:00 > Mon 04 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 04 09:00 > Mon 04 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 04 10:00 due'),
('night shifts end on the next day', $$start('Europe/Warsaw; Mo,We 22:00-06:00', '2026-10-05 23:00', '08:00')$$, '
Mon 05 23:00 > Tue 06 06:00 +07:00 open: Mo,We 22:00-06:00
Tue 06 06:00 > Wed 07 00:00 closed: no rule for Tuesday
Wed 07 00:00 > Wed 07 22:00 closed: outside Mo,We 22:00-06:00
Wed 07 22:00 > Wed 07 23:00 +01:00 open: Mo,We 22:00-06:00
Wed 07 23:00 due'),
('one shift after the other', $$start('Europe/Warsaw; Mo 22:00-06:00; Tu 06:00-14:00', '2026-10-05 23:00', '08:00')$$, '
Mon 05 23:00 > Tue 06 06:00 +07:00 open: Mo 22:00-06:00
Tue 06 06:00 > Tue 06 07:00 +01:00 open: Tu 06:00-14:00
Tue 06 07:00 due'),
('a shift over a holiday', $$start('Europe/Warsaw; Mo 22:00-06:00; Tu-We 08:00-16:00; 2026 Oct 6 off', '2026-10-05 23:00', '08:00')$$, '
Mon 05 23:00 > Tue 06 06:00 +07:00 open: Mo 22:00-06:00
Tue 06 06:00 > Wed 07 00:00 closed: 2026 Oct 6 off
Wed 07 00:00 > Wed 07 08:00 closed: outside Tu-We 08:00-16:00
Wed 07 08:00 > Wed 07 09:00 +01:00 open: Tu-We 08:00-16:00
Wed 07 09:00 due'),
('a span in the hour that does not exist', $$start('Europe/Warsaw; Su 02:15-02:45,04:00-05:00', '2026-03-29 00:00', '01:00')$$, '
Sun 29 00:00 > Sun 29 03:15 closed: outside Su 02:15-02:45,04:00-05:00
Sun 29 03:15 > Sun 29 03:45 +00:30 open: Su 02:15-02:45,04:00-05:00
Sun 29 03:45 > Sun 29 04:00 closed: outside Su 02:15-02:45,04:00-05:00
Sun 29 04:00 > Sun 29 04:30 +00:30 open: Su 02:15-02:45,04:00-05:00
Sun 29 04:30 due'),
('a span across the hour that does not exist', $$start('Europe/Warsaw; Su 01:00-04:00', '2026-03-29 00:00', '02:00')$$, '
Sun 29 00:00 > Sun 29 01:00 closed: outside Su 01:00-04:00
Sun 29 01:00 > Sun 29 04:00 +02:00 open: Su 01:00-04:00
Sun 29 04:00 due'),
('a span across the hour that is there twice', $$start('Europe/Warsaw; Su 01:00-04:00', '2026-10-25 00:00', '04:00')$$, '
Sun 25 00:00 > Sun 25 01:00 closed: outside Su 01:00-04:00
Sun 25 01:00 > Sun 25 04:00 +04:00 open: Su 01:00-04:00
Sun 25 04:00 due'),
('midnight that does not exist', $$start('America/Sao_Paulo; Mo-Su 00:00-02:00', '2018-11-03 23:00', '02:00')$$, '
Sat 03 23:00 > Sun 04 01:00 closed: outside Mo-Su 00:00-02:00
Sun 04 01:00 > Sun 04 02:00 +01:00 open: Mo-Su 00:00-02:00
Sun 04 02:00 > Mon 05 00:00 closed: outside Mo-Su 00:00-02:00
Mon 05 00:00 > Mon 05 01:00 +01:00 open: Mo-Su 00:00-02:00
Mon 05 01:00 due'),
('a day that does not exist', $$start('Pacific/Apia; Mo-Fr 09:00-17:00', '2011-12-29 16:00', '02:00')$$, '
Thu 29 16:00 > Thu 29 17:00 +01:00 open: Mo-Fr 09:00-17:00
Thu 29 17:00 > Sat 31 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 31 00:00 > Sat 31 09:00 closed: no rule for Saturday
Sat 31 09:00 > Sat 31 10:00 +01:00 open: Mo-Fr 09:00-17:00
Sat 31 10:00 due'),
('elapsed time', $$start(NULL, '2026-10-02 15:00', '2 days', '1 day')$$, '
Fri 02 15:00 > Sat 03 15:00 +24:00 elapsed time
Sat 03 15:00 warning
Sat 03 15:00 > Sun 04 15:00 +24:00 elapsed time
Sun 04 15:00 due'),
('elapsed time across a clock change', $$start(NULL, '2026-03-28 15:00', '1 day')$$, '
Sat 28 15:00 > Sun 29 16:00 +24:00 elapsed time
Sun 29 16:00 due'),
('elapsed time with a pause', $$start(NULL, '2026-10-02 15:00', '04:00'), now_is('2026-10-03 15:00'), pause('2026-10-02 16:00', '2026-10-03 10:00', 'asked to wait')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 elapsed time
Fri 02 16:00 > Sat 03 10:00 paused: asked to wait
Sat 03 10:00 > Sat 03 13:00 +03:00 elapsed time
Sat 03 13:00 due
Sat 03 13:00 > Sat 03 15:00 +02:00 elapsed time'),
('several pauses', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '04:00'), now_is('2026-10-02 15:00'), pause('2026-10-02 11:00', '2026-10-02 12:00', 'lunch'), pause('2026-10-02 13:00', '2026-10-02 14:00', 'a meeting')$$, '
Fri 02 10:00 > Fri 02 11:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 11:00 > Fri 02 12:00 paused: lunch
Fri 02 12:00 > Fri 02 13:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 13:00 > Fri 02 14:00 paused: a meeting
Fri 02 14:00 > Fri 02 16:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('two that overlap count once', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00'), now_is('2026-10-02 15:00'), pause('2026-10-02 10:30', '2026-10-02 12:00', 'a'), pause('2026-10-02 11:00', '2026-10-02 13:00', 'b')$$, '
Fri 02 10:00 > Fri 02 10:30 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 10:30 > Fri 02 11:00 paused: a
Fri 02 11:00 > Fri 02 12:00 paused: a; b
Fri 02 12:00 > Fri 02 13:00 paused: b
Fri 02 13:00 > Fri 02 14:30 +01:30 open: Mo-Fr 09:00-17:00
Fri 02 14:30 due
Fri 02 14:30 > Fri 02 15:00 +00:30 open: Mo-Fr 09:00-17:00'),
('two that touch', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00'), now_is('2026-10-02 15:00'), pause('2026-10-02 10:30', '2026-10-02 11:00', 'a'), pause('2026-10-02 11:00', '2026-10-02 12:00', 'a')$$, '
Fri 02 10:00 > Fri 02 10:30 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 10:30 > Fri 02 12:00 paused: a
Fri 02 12:00 > Fri 02 13:30 +01:30 open: Mo-Fr 09:00-17:00
Fri 02 13:30 due
Fri 02 13:30 > Fri 02 15:00 +01:30 open: Mo-Fr 09:00-17:00'),
('a pause at night', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-01 16:00', '02:00'), now_is('2026-10-02 12:00'), pause('2026-10-01 18:00', '2026-10-02 08:00', 'asleep')$$, '
Thu 01 16:00 > Thu 01 17:00 +01:00 open: Mo-Fr 09:00-17:00
Thu 01 17:00 > Thu 01 18:00 closed: outside Mo-Fr 09:00-17:00
Thu 01 18:00 > Fri 02 08:00 paused: asleep
Fri 02 08:00 > Fri 02 09:00 closed: outside Mo-Fr 09:00-17:00
Fri 02 09:00 > Fri 02 10:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 10:00 due
Fri 02 10:00 > Fri 02 12:00 +02:00 open: Mo-Fr 09:00-17:00'),
('a pause from before the start', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00'), now_is('2026-10-02 12:00'), pause('2026-10-02 09:00', '2026-10-02 10:30', 'x')$$, '
Fri 02 10:00 > Fri 02 10:30 paused: x
Fri 02 10:30 > Fri 02 12:30 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 12:30 due'),
('a pause of no time', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00'), now_is('2026-10-02 12:00'), pause('2026-10-02 11:00', '2026-10-02 11:00', 'x')$$, '
Fri 02 10:00 > Fri 02 12:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 12:00 due'),
('a pause after the due time, not late', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '01:00'), now_is('2026-10-02 10:30'), pause('2026-10-02 12:00', '2026-10-02 13:00', 'x')$$, '
Fri 02 10:00 > Fri 02 11:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 11:00 due'),
('a pause that goes on', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '04:00', '03:00'), now_is('2026-10-02 16:00'), leadflow.pause_clock('crm', clock(), 'waiting for the prospect'), now_is('2026-10-05 09:30')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 > Mon 05 09:30 paused: waiting for the prospect
Mon 05 09:30 due: not foreseen while it stands still'),
('a pause that goes on, of a clock in warning', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 13:00', '04:00', '02:00'), now_is('2026-10-02 16:00'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-02 16:30')$$, '
Fri 02 13:00 > Fri 02 15:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 15:00 warning
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 > Fri 02 16:30 paused: x
Fri 02 16:30 due: not foreseen while it stands still'),
('a pause of a clock that was late goes on', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 13:00', '01:00'), now_is('2026-10-02 15:00'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-02 16:00')$$, '
Fri 02 13:00 > Fri 02 14:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 14:00 due
Fri 02 14:00 > Fri 02 15:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 15:00 > Fri 02 16:00 paused: x'),
('the same, before it was paused', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '04:00', '03:00'), now_is('2026-10-02 16:00'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-02 15:30')$$, '
Fri 02 15:00 > Fri 02 17:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 10:00 warning
Mon 05 10:00 > Mon 05 11:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 11:00 due'),
('resumed, as it was while it was paused', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '04:00', '03:00'), now_is('2026-10-02 16:00'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-05 10:00'), leadflow.resume_clock('crm', clock()), now_is('2026-10-05 09:30')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 > Mon 05 09:30 paused: x
Mon 05 09:30 due: not foreseen while it stands still'),
('resumed, as it was before', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '04:00', '03:00'), now_is('2026-10-02 16:00'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-05 10:00'), leadflow.resume_clock('crm', clock()), now_is('2026-10-02 15:30')$$, '
Fri 02 15:00 > Fri 02 17:00 +02:00 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 10:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 10:00 warning
Mon 05 10:00 > Mon 05 11:00 +01:00 open: Mo-Fr 09:00-17:00
Mon 05 11:00 due'),
('late and still owed', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-05 09:30')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due
Fri 02 16:00 > Fri 02 17:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 09:30 +00:30 open: Mo-Fr 09:00-17:00'),
('due at this moment', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 16:00')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('stopped in time', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 15:20'), stop()$$, '
Fri 02 15:00 > Fri 02 15:20 +00:20 open: Mo-Fr 09:00-17:00
Fri 02 15:20 stopped: touch meeting
Fri 02 15:20 > Fri 02 16:00 +00:40 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('stopped late, seen later', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 16:30', '01:00'), now_is('2026-10-05 10:00'), stop(), now_is('2026-10-09 10:00')$$, '
Fri 02 16:30 > Fri 02 17:00 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 17:00 > Sat 03 00:00 closed: outside Mo-Fr 09:00-17:00
Sat 03 00:00 > Sun 04 00:00 closed: no rule for Saturday
Sun 04 00:00 > Mon 05 00:00 closed: no rule for Sunday
Mon 05 00:00 > Mon 05 09:00 closed: outside Mo-Fr 09:00-17:00
Mon 05 09:00 > Mon 05 09:30 +00:30 open: Mo-Fr 09:00-17:00
Mon 05 09:30 due
Mon 05 09:30 > Mon 05 10:00 +00:30 open: Mo-Fr 09:00-17:00
Mon 05 10:00 stopped: touch meeting'),
('stopped late, seen before it was', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-05 10:00'), stop(), now_is('2026-10-02 15:10')$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('stopped at the due time', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 16:00'), stop()$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due
Fri 02 16:00 stopped: touch meeting'),
('cancelled', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 15:30'), leave()$$, '
Fri 02 15:00 > Fri 02 15:30 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 15:30 cancelled: stage nurture
Fri 02 15:30 > Fri 02 16:00 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('cancelled late', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 16:30'), leave()$$, '
Fri 02 15:00 > Fri 02 16:00 +01:00 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due
Fri 02 16:00 > Fri 02 16:30 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 16:30 cancelled: stage nurture'),
('recorded late: stopped before the pause that goes on', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 15:30'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-02 15:45'), stop('2026-10-02 15:10'), now_is('2026-10-05 10:00')$$, '
Fri 02 15:00 > Fri 02 15:10 +00:10 open: Mo-Fr 09:00-17:00
Fri 02 15:10 stopped: touch meeting
Fri 02 15:10 > Fri 02 16:00 +00:50 open: Mo-Fr 09:00-17:00
Fri 02 16:00 due'),
('stopped while it was paused', $$start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 15:00', '01:00'), now_is('2026-10-02 15:30'), leadflow.pause_clock('crm', clock(), 'x'), now_is('2026-10-02 15:45'), stop(), now_is('2026-10-05 10:00')$$, '
Fri 02 15:00 > Fri 02 15:30 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 15:30 > Fri 02 15:45 paused: x
Fri 02 15:45 stopped: touch meeting
Fri 02 15:45 > Fri 02 16:15 +00:30 open: Mo-Fr 09:00-17:00
Fri 02 16:15 due');

SELECT is(tried('SELECT ' || calls, $$SELECT E'\n' || explained()$$), expected, label) FROM explanation ORDER BY nth;
SELECT is(tried('SELECT ' || calls, 'SELECT faults()'), '', 'the laws: ' || label) FROM explanation ORDER BY nth;

-- the columns themselves
SELECT is(tried($$SELECT start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-01 16:00', '02:00', '01:30')$$,
                $$SELECT json_agg(e)::text FROM (SELECT from_at AT TIME ZONE zone() AS f, counted AS c, seconds AS s, total_seconds AS t FROM leadflow.explain_due('crm', clock())) e$$)::jsonb,
          '[{"f": "2026-10-01T16:00:00", "c": true, "s": 3600, "t": 3600}, {"f": "2026-10-01T17:00:00", "c": false, "s": 0, "t": 3600},
            {"f": "2026-10-02T09:00:00", "c": true, "s": 1800, "t": 5400}, {"f": "2026-10-02T09:30:00", "c": false, "s": 0, "t": 5400},
            {"f": "2026-10-02T09:30:00", "c": true, "s": 1800, "t": 7200}, {"f": "2026-10-02T10:00:00", "c": false, "s": 0, "t": 7200}]',
          'seconds and their sum');
SELECT is(tried($$SELECT start('UTC; Mo-Fr 09:00-17:00', '2026-10-02 16:59:59.4', '00:00:01.5')$$,
                $$SELECT string_agg(concat_ws(' ', to_char(to_at, 'HH24:MI:SS.MS'), seconds, total_seconds), '; ' ORDER BY n)
                  FROM leadflow.explain_due('crm', clock()) WITH ORDINALITY AS e (from_at, to_at, counted, why, seconds, total_seconds, n)$$),
          '17:00:00.000 0 0; 00:00:00.000 0 0; 00:00:00.000 0 0; 00:00:00.000 0 0; 09:00:00.000 0 0; 09:00:00.900 1 1; 09:00:00.900 0 1',
          'parts of a second are rounded down in the sum');
SELECT is(tried($$SELECT start('UTC; 24/7', '2026-10-02 15:00', '01:00'), now_is('2026-10-01 10:00')$$, 'SELECT explained()'),
          E'Fri 02 15:00 > Fri 02 16:00 +01:00 open: 24/7\nFri 02 16:00 due', 'a clock that will begin is explained as it will be');
SELECT is(tried($$SELECT start('UTC; 2026 Oct 2 09:00-17:00', '2026-10-02 10:00', '02:00'), now_is('2026-10-02 20:00'), pause('2026-10-02 10:30', '2026-10-02 17:00', 'x')$$, 'SELECT explained()'),
          E'Fri 02 10:00 > Fri 02 10:30 +00:30 open: 2026 Oct 2 09:00-17:00\nFri 02 10:30 > Fri 02 17:00 paused: x\nFri 02 17:00 > Fri 02 20:00 closed: outside 2026 Oct 2 09:00-17:00\n'
          'Fri 02 20:00 due: never, because the calendar has too little working time', 'a due time that does not come');
SELECT is(tried($$SELECT start('UTC; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00'); SET LOCAL TIME ZONE 'Asia/Tokyo'; SET LOCAL lc_time = 'C'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL DateStyle = 'German'$$,
                'SELECT explained()'), E'Fri 02 10:00 > Fri 02 12:00 +02:00 open: Mo-Fr 09:00-17:00\nFri 02 12:00 due', 'the session''s time zone and styles change nothing');
SELECT is(tried($$SELECT start('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-01-02 12:00', '2000:00')$$, $$SELECT faults() || count(*) FROM leadflow.explain_due('crm', clock())$$),
          '652', 'a year of working time');

-- an opportunity's clock
INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_stage, target, promise, calendar)
VALUES ('deal', 'opportunity', 'deal', 'opportunity', 'budget', '02:00', 'x', 'default');
SELECT is(tried($$INSERT INTO crm.account (source) VALUES ('t'); INSERT INTO crm.opportunity (source, stage, stage_since, account_id) SELECT 't', 'opportunity', '2026-10-02 16:00+00', id FROM crm.account; SELECT set_config('leadflow.clock', '2026-10-02 16:00+00', true)$$,
                $$SELECT string_agg(why, '; ') FROM leadflow.explain_due('crm', (SELECT id FROM crm.sla_clock WHERE policy = 'deal'))$$),
          'open: Mo-Fr 09:00-17:00; closed: outside Mo-Fr 09:00-17:00; closed: no rule for Saturday; closed: no rule for Sunday; closed: outside Mo-Fr 09:00-17:00; open: Mo-Fr 09:00-17:00; due',
          'the clock of an opportunity');

-- arbitrary calendars, starts, targets, pauses and ends, many of them around clock changes
CREATE FUNCTION arbitrary(seed integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    cal jsonb; txt text; k text := 'due' || seed; start timestamptz; due timestamptz; present timestamptz; length interval; found text;
BEGIN
    SELECT c.cal, c.txt INTO cal, txt FROM oracle.random_calendar(seed) c;
    SELECT i INTO start FROM oracle.random_instants(seed, cal->>'zone', cal, 1) i;
    length := make_interval(secs => 1 + oracle.rnd(k || 'target', ('{3600,86400,500000}'::integer[])[1 + oracle.rnd(k, 3)]));
    due := leadflow.add_worktime(txt::leadflow.calendar, start, length);
    IF due > start + interval '1000 days' THEN
        RETURN 'too long';
    END IF;
    UPDATE crm.business_calendar SET calendar = txt::leadflow.calendar WHERE code = 'c';
    UPDATE crm.sla_policy SET target = length, warn_after = CASE WHEN seed % 3 = 0 THEN length / 2 END WHERE policy = 'p';
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'trial_started', 'inbound', start);
    present := start + (due - start) * (oracle.rnd(k || 'present', 200) / 100.0);
    PERFORM set_config('leadflow.clock', present::text, true);
    INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason)
    SELECT clock(), p.from_at, CASE WHEN i > 1 OR seed % 5 > 0 THEN p.from_at + (due - start) * (oracle.rnd(k || 'for' || i, 40) / 100.0) END, 'reason ' || i
    FROM generate_series(1, oracle.rnd(k || 'pauses', 4)) i, LATERAL (SELECT start + (due - start) * (oracle.rnd(k || 'at' || i, 120) / 100.0 - 0.1) AS from_at) p
    WHERE p.from_at <= present;
    IF seed % 4 = 0 THEN
        INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'meeting', 'outbound', start + (present - start) * (oracle.rnd(k || 'stop', 100) / 100.0));
    END IF;
    found := faults();

    -- what counts, by the oracle
    RETURN concat_ws(', ', nullif(found, ''), (
        SELECT 'not what the oracle counts' FROM (SELECT coalesce(range_agg(tstzrange(from_at, to_at)) FILTER (WHERE counted), '{}') AS counted, max(to_at) AS last
                                                  FROM leadflow.explain_due('crm', clock())) e
        WHERE e.counted <> oracle.open_set(cal, start, e.last) - pauses(clock())));
END $$;
CREATE TEMP TABLE tries AS SELECT seed, tried('', format('SELECT arbitrary(%s)', seed)) AS found FROM generate_series(1, 250) seed;
SELECT cmp_ok(count(*), '>', 200::bigint, count(*) || ' clocks were explained') FROM tries WHERE found = '';
SELECT is(seed || ': ' || found, NULL, 'an arbitrary clock') FROM tries WHERE found NOT IN ('', 'too long');

-- errors and rights
SELECT is(tried($$SELECT leadflow.explain_due('crm', -1)$$), 'P0002', 'no such clock');
SELECT is(tried($$SELECT leadflow.explain_due('nowhere', 1)$$), '42704', 'no such workspace');
SELECT is(tried($$SELECT leadflow.explain_due('public', 1)$$), '42704', 'a schema that is none');
SELECT is_empty($$SELECT leadflow.explain_due('crm', NULL)$$, 'nothing of nothing');
CREATE ROLE explain_due_sales;
CREATE ROLE explain_due_reader;
DO $$ BEGIN
    PERFORM start('UTC; Mo-Fr 09:00-17:00', '2026-10-02 10:00', '02:00');
    PERFORM leadflow.grant_workspace('crm', 'explain_due_sales', 'sales'), leadflow.grant_workspace('crm', 'explain_due_reader', 'read');
END $$;
SET leadflow.clock = '2026-10-02 10:00+00';
SELECT clock() AS clock \gset
SET ROLE explain_due_sales;
SELECT string_agg(why, '; ') AS seen FROM leadflow.explain_due('crm', :clock) \gset
SET ROLE explain_due_reader;
SELECT tried(format('SELECT leadflow.explain_due(%L, %s)', 'crm', :clock)) AS refused \gset
RESET ROLE;
DROP OWNED BY explain_due_sales, explain_due_reader;
DROP ROLE explain_due_sales, explain_due_reader;
SELECT is(:'seen'::text, 'open: Mo-Fr 09:00-17:00; due', 'who works on leads may ask');
SELECT is(:'refused'::text, '42501', 'who only reads the reports may not read the clocks');

SELECT * FROM finish();
