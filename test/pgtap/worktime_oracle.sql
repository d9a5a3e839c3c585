/*
 * leadflow.calendar against test/oracle, on arbitrary calendars and instants.
 *
 *	psql -v n=660 -v m=12 -v first=1000 -f test/pgtap/worktime_oracle.sql
 *
 * compares n calendars from seed "first" on, with m windows each; ten answers
 * a window.  A disagreement is printed as the statement that shows it, with
 * the oracle's answer and leadflow's.
 *
 * The oracle has to prove itself first, on answers computed by hand.
 */
\set ON_ERROR_STOP 1
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
\if :{?n} \else \set n 55 \endif
\if :{?m} \else \set m 6 \endif
\if :{?first} \else \set first 1 \endif

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
\ir ../oracle/worktime.sql
\ir ../oracle/calendars.sql

SELECT plan(54);

/* 1. The oracle's own truth. */

CREATE TEMPORARY TABLE known (name text PRIMARY KEY, cal jsonb);
INSERT INTO known
SELECT name, jsonb_build_object('zone', zone, 'rules', rules)
FROM (VALUES
	('9-17', 'Europe/Warsaw', '[{"kind": "weekday", "ranges": [["1", "5"]], "spans": [["09:00", "17:00"]]}]'::jsonb),
	('8-18', 'Europe/Warsaw', '[{"kind": "weekday", "ranges": [["1", "5"]], "spans": [["08:00", "18:00"]]}]'),
	('lunch', 'Europe/Warsaw', '[{"kind": "weekday", "ranges": [["1", "5"]], "spans": [["08:00", "12:00"], ["13:30", "18:00"]]}]'),
	('24/7', 'Europe/Warsaw', '[{"kind": "weekday", "ranges": [["1", "7"]], "spans": [["00:00", "24:00"]]}]'),
	('9-17 but 5 Oct 2026', 'Europe/Warsaw',
		'[{"kind": "dated", "ranges": [["2026-10-05", "2026-10-05"]], "spans": []},
		  {"kind": "weekday", "ranges": [["1", "5"]], "spans": [["09:00", "17:00"]]}]'),
	('daily 9-21', 'Europe/Berlin',
		'[{"kind": "weekday", "ranges": [["1", "7"]], "spans": [["09:00", "21:00"]]},
		  {"kind": "dated", "ranges": [["2016-11-11", "2016-11-11"], ["2016-11-13", "2016-11-13"]], "spans": []}]'),
	('nights', 'Europe/Warsaw',
		'[{"kind": "weekday", "ranges": [["1", "1"]], "spans": [["22:00", "06:00"]]},
		  {"kind": "dated", "ranges": [["2026-10-06", "2026-10-06"]], "spans": []}]'),
	('ranks', 'UTC',
		'[{"kind": "dated", "ranges": [["2026-12-24", "2026-12-24"]], "spans": [["01:00", "02:00"]]},
		  {"kind": "dated", "ranges": [["2026-12-23", "2026-12-25"]], "spans": [["03:00", "05:00"]]},
		  {"kind": "dated", "ranges": [["2026-12-25", "2026-12-25"]], "spans": [["03:00", "06:00"]]},
		  {"kind": "yearly", "ranges": [["12-20", "12-31"]], "spans": [["07:00", "11:00"]]},
		  {"kind": "yearly", "ranges": [["12-29", "01-02"], ["02-29", "02-29"]], "spans": [["07:00", "12:00"]]},
		  {"kind": "weekday", "ranges": [["1", "7"]], "spans": [["00:00", "06:00"]]},
		  {"kind": "weekday", "ranges": [["6", "1"]], "spans": [["00:00", "07:00"]]}]'),
	('once', 'UTC', '[{"kind": "dated", "ranges": [["2026-05-01", "2026-05-01"]], "spans": [["09:00", "17:00"]]}]'),
	('gap', 'America/New_York',
		'[{"kind": "weekday", "ranges": [["7", "7"]], "spans": [["01:00", "02:30"], ["03:00", "05:00"]]}]'),
	('inverted', 'America/New_York', '[{"kind": "weekday", "ranges": [["7", "7"]], "spans": [["02:30", "03:00"]]}]')
) AS v (name, zone, rules);

SELECT is(oracle.add_worktime(cal, (t::timestamp AT TIME ZONE zone), w::interval) AT TIME ZONE zone, due::timestamp,
		  'oracle: ' || what)
FROM (VALUES
	(1, 'Friday 16:30, 1 h', '9-17', '2026-10-02 16:30', '1 h', '2026-10-05 09:30'),
	(2, 'Thursday 16:00, 4 h', '9-17', '2026-10-01 16:00', '4 h', '2026-10-02 12:00'),
	(3, 'Monday 17:00, 4 h', '8-18', '2026-10-05 17:00', '4 h', '2026-10-06 11:00'),
	(4, 'a warning 1 h before Tuesday 11:00', '8-18', '2026-10-06 11:00', '-1 h', '2026-10-06 10:00'),
	(5, '48 h over two holidays', 'daily 9-21', '2016-11-09 23:00', '48 h', '2016-11-15 21:00'),
	(6, 'midnight costs nothing', '24/7', '2026-10-05 23:30', '1 h', '2026-10-06 00:30'),
	(7, 'over lunch', 'lunch', '2026-10-05 11:45', '2 h', '2026-10-05 15:15'),
	(8, 'from lunch', 'lunch', '2026-10-05 12:30', '15 min', '2026-10-05 13:45'),
	(9, 'Friday 16:50, 15 min', '9-17', '2026-10-02 16:50', '15 min', '2026-10-05 09:05'),
	(10, 'Friday 16:30, 2 h', '9-17', '2026-10-02 16:30', '2 h', '2026-10-05 10:30'),
	(11, 'the same before a holiday', '9-17 but 5 Oct 2026', '2026-10-02 16:30', '2 h', '2026-10-06 10:30'),
	(12, 'exactly up to the close', '9-17', '2026-10-02 15:00', '2 h', '2026-10-02 17:00'),
	(13, 'the night of 23 h', '24/7', '2026-03-28 20:00', '8 h', '2026-03-29 05:00'),
	(14, 'nothing to add', '9-17', '2026-10-03 12:00', '0', '2026-10-03 12:00'),
	(15, 'back exactly to the opening', '9-17', '2026-10-05 11:00', '-2 h', '2026-10-05 09:00'),
	(16, 'back over the weekend', '9-17', '2026-10-05 10:00', '-2 h', '2026-10-02 16:00'),
	(17, 'more than there will ever be', 'once', '2026-05-01 10:00', '7 h 1 us', 'infinity'),
	(18, 'more than there ever was', 'once', '2026-05-01 10:00', '-1 h -1 us', '-infinity')
) AS v (nth, what, name, t, w, due) JOIN known USING (name), LATERAL (SELECT cal->>'zone') AS z (zone)
ORDER BY nth;

SELECT is(oracle.worktime(cal, a::timestamp AT TIME ZONE zone, b::timestamp AT TIME ZONE zone), w::interval,
		  'oracle: ' || what)
FROM (VALUES
	(1, 'the day of 25 h', '24/7', '2026-10-25', '2026-10-26', '25 h'),
	(2, 'reversed', '9-17', '2026-10-06 10:00', '2026-10-02 16:30', '-9 h -30 min'),
	(3, 'the hold of a weekend', '9-17', '2026-10-02 16:00', '2026-10-05 10:00', '2 h'),
	(4, 'the tail of a night is Monday''s', 'nights', '2026-10-06', '2026-10-07', '6 h'),
	(5, 'around a gap, counted once', 'gap', '2024-03-10', '2024-03-11', '3 h'),
	(6, 'inverted by a gap', 'inverted', '2024-03-10', '2024-03-11', '0'),
	(7, 'a later dated rule', 'ranks', '2026-12-24', '2026-12-25', '2 h'),
	(8, 'the last dated rule', 'ranks', '2026-12-25', '2026-12-26', '3 h'),
	(9, 'a yearly rule', 'ranks', '2027-12-24', '2027-12-25', '4 h'),
	(10, 'a later yearly rule over New Year', 'ranks', '2027-01-01', '2027-01-02', '5 h'),
	(11, '29 February', 'ranks', '2028-02-29', '2028-03-01', '5 h'),
	(12, 'no 29 February', 'ranks', '2027-02-28', '2027-03-02', '14 h'),
	(13, 'Wednesday', 'ranks', '2026-10-07', '2026-10-08', '6 h'),
	(14, 'Saturday to Monday', 'ranks', '2026-10-10', '2026-10-13', '21 h')
) AS v (nth, what, name, a, b, w) JOIN known USING (name), LATERAL (SELECT cal->>'zone') AS z (zone)
ORDER BY nth;

SELECT is(oracle.add_worktime(cal, '2026-10-02 15:00 Europe/Warsaw', '4 h',
							  '{["2026-10-02 16:00 Europe/Warsaw", "2026-10-05 10:00 Europe/Warsaw")}'),
		  '2026-10-05 13:00 Europe/Warsaw', 'oracle: a hold moves the due time by its working time')
FROM known WHERE name = '9-17';

-- The clocks changed, and what AT TIME ZONE makes of it.
SELECT is(oracle.next_open(jsonb_build_object('zone', zone, 'rules', jsonb_build_array(jsonb_build_object(
							'kind', 'dated', 'ranges', jsonb_build_array(jsonb_build_array(d, d)),
							'spans', jsonb_build_array(jsonb_build_array(s, '20:00'))))), '1999-01-01'),
		  opens::timestamptz, 'oracle: ' || zone || ' ' || d || ' ' || s)
FROM (VALUES
	(1, 'America/New_York', '2024-03-10', '02:30', '2024-03-10 07:30+00'),
	(2, 'America/New_York', '2024-11-03', '01:30', '2024-11-03 06:30+00'),
	(3, 'Europe/Dublin', '2024-10-27', '01:30', '2024-10-27 01:30+00'),
	(4, 'Europe/Moscow', '2014-10-26', '01:30', '2014-10-25 22:30+00'),
	(5, 'America/Sao_Paulo', '2018-11-04', '00:00', '2018-11-04 03:00+00'),
	(6, 'Australia/Lord_Howe', '2024-10-06', '02:15', '2024-10-05 15:45+00'),
	(7, 'Pacific/Apia', '2011-12-30', '12:00', '2011-12-30 22:00+00')
) AS v (nth, zone, d, s, opens)
ORDER BY nth;

/* 2. leadflow's answers beside the oracle's. */

CREATE TEMPORARY TABLE calendars AS
SELECT seed, cal, txt, NULL::text AS failure
FROM generate_series(:first, :first + :n - 1) AS seed, oracle.random_calendar(seed);

CREATE FUNCTION pg_temp.failure_of(txt text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT %L::leadflow.calendar', txt);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
UPDATE calendars SET failure = pg_temp.failure_of(txt);

SELECT is(count(*) FILTER (WHERE failure IS NOT NULL), 0::bigint, 'every calendar is understood') FROM calendars;
SELECT diag(txt || E'\n  ' || failure)
FROM (SELECT txt, failure FROM calendars WHERE failure IS NOT NULL ORDER BY seed LIMIT 5) AS f;
DELETE FROM calendars WHERE failure IS NOT NULL;

-- A window ends minutes, days or weeks later, one in ten after a year or more,
-- or a second instant ends it.
CREATE TEMPORARY TABLE windows AS
SELECT seed, nth, cal, txt, least(t, u) AS a, greatest(t, u) AS b
FROM calendars,
	 LATERAL (SELECT t, row_number() OVER () AS nth
			  FROM oracle.random_instants(seed, cal->>'zone', cal, :m) AS t) AS x,
	 LATERAL (SELECT 'window' || seed || ':' || nth) AS y (k),
	 LATERAL (SELECT t + CASE WHEN oracle.rnd(k, 10) = 0
							  THEN make_interval(secs => 31500000 + oracle.rnd(k || 's', 40000000))
							  ELSE make_interval(secs => oracle.rnd(k || 's', ('{3600,172800,1209600,2592000}'::integer[])
																			  [1 + oracle.rnd(k || 'how', 4)]))
						 END) AS z (u);

-- Up to three pauses around the window, one in eight of them without an end.
-- The working time to add: often all there is in the window, or a microsecond
-- more or less.
CREATE TEMPORARY TABLE questions AS
SELECT w.*, pauses,
	   greatest(CASE oracle.rnd(k || 'add', 8)
				WHEN 0 THEN interval '0'
				WHEN 1 THEN interval '1 microsecond' * (1 + oracle.rnd(k, 10000000))
				WHEN 2 THEN make_interval(secs => oracle.rnd(k, 300000))
				WHEN 3 THEN in_pauses
				ELSE in_window + (oracle.rnd(k || 'more', 3) - 1) * interval '1 microsecond'
				END, interval '0') AS add
FROM windows AS w,
	 LATERAL (SELECT 'question' || seed || ':' || nth) AS x (k),
	 LATERAL (SELECT coalesce(range_agg(tstzrange(starts, ends)), '{}')
			  FROM generate_series(1, oracle.rnd(k || 'pauses', 4)) AS i,
				   LATERAL (SELECT (extract(epoch FROM b - a) / 60)::integer + 2) AS m (minutes),
				   LATERAL (SELECT a + make_interval(mins => oracle.rnd(k || 'starts' || i, minutes) - minutes / 8)) AS s (starts),
				   LATERAL (SELECT CASE WHEN oracle.rnd(k || 'open' || i, 24) > 0
										THEN starts + make_interval(mins => oracle.rnd(k || 'ends' || i, 1 + minutes / 3))
								   END) AS e (ends)) AS p (pauses),
	 LATERAL (SELECT oracle.worktime(cal, a, b), oracle.worktime(cal, a, b, pauses)) AS t (in_window, in_pauses);

CREATE TEMPORARY TABLE comparison (
	seed integer, nth bigint, what text, statement text, expected text, actual text);

INSERT INTO comparison
SELECT q.seed, q.nth, v.what, 'SELECT ' || v.statement, v.expected
FROM questions AS q,
	 LATERAL (SELECT format('%L::leadflow.calendar', txt), format('timestamptz %L', a), format('timestamptz %L', b),
					 format('interval %L', add), format('interval %L', -add), format('tstzmultirange %L', pauses)
			 ) AS l (cal_, a_, b_, add_, sub_, pauses_),
	 LATERAL (VALUES
		('worktime', format('extract(epoch FROM leadflow.worktime(%s, %s, %s))', cal_, a_, b_),
			extract(epoch FROM oracle.worktime(cal, a, b))::text),
		('worktime, reversed', format('extract(epoch FROM leadflow.worktime(%s, %s, %s))', cal_, b_, a_),
			extract(epoch FROM oracle.worktime(cal, b, a))::text),
		('worktime with pauses', format('extract(epoch FROM leadflow.worktime(%s, %s, %s, %s))', cal_, a_, b_, pauses_),
			extract(epoch FROM oracle.worktime(cal, a, b, pauses))::text),
		('add_worktime', format('leadflow.add_worktime(%s, %s, %s)', cal_, a_, add_),
			oracle.add_worktime(cal, a, add)::text),
		('add_worktime, backwards', format('leadflow.add_worktime(%s, %s, %s)', cal_, b_, sub_),
			oracle.add_worktime(cal, b, -add)::text),
		('add_worktime with pauses',
			CASE WHEN nth % 3 = 0 THEN format('leadflow.add_worktime(%s, %s, %s, %s)', cal_, b_, sub_, pauses_)
				 ELSE format('leadflow.add_worktime(%s, %s, %s, %s)', cal_, a_, add_, pauses_) END,
			CASE WHEN nth % 3 = 0 THEN oracle.add_worktime(cal, b, -add, pauses)
				 ELSE oracle.add_worktime(cal, a, add, pauses) END::text),
		('next_open', format('leadflow.next_open(%s, %s)', cal_, a_), oracle.next_open(cal, a)::text),
		('next_close', format('leadflow.next_close(%s, %s)', cal_, a_), oracle.next_close(cal, a)::text),
		('@>', format('%s OPERATOR(pg_catalog.@>) %s', cal_, a_), oracle.is_open(cal, a)::text),
		('open_spans', format('array(SELECT leadflow.open_spans(%s, %s, %s))', cal_, a_, b_),
			array(SELECT oracle.open_spans(cal, a, b))::text)
	 ) AS v (what, statement, expected);

CREATE FUNCTION pg_temp.answer(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE statement INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
UPDATE comparison SET actual = pg_temp.answer(statement);
/* Seconds may be written with more or fewer decimals. */
UPDATE comparison SET actual = expected WHERE what LIKE 'worktime%' AND actual !~ ' ' AND actual::numeric = expected::numeric;

SELECT is(count(*) FILTER (WHERE actual IS DISTINCT FROM expected), 0::bigint,
		  format('%s: as the oracle says', what))
FROM comparison
GROUP BY what
ORDER BY what;

-- Long answers are shown from where they part.
SELECT diag(format(E'%s\n  oracle:   %s%s\n  leadflow: %s%s', statement,
				   CASE WHEN cut > 1 THEN '...' ELSE '' END, substr(expected, cut, 240),
				   CASE WHEN cut > 1 THEN '...' ELSE '' END, coalesce(substr(actual, cut, 240), 'NULL')))
FROM (SELECT *, row_number() OVER (PARTITION BY what ORDER BY length(statement)) AS shown
	  FROM comparison
	  WHERE actual IS DISTINCT FROM expected) AS c,
	 LATERAL (SELECT greatest(1, coalesce((SELECT min(i) FROM generate_series(1, length(expected)) AS i
										   WHERE substr(actual, i, 1) IS DISTINCT FROM substr(expected, i, 1)), 1) - 80)
			 ) AS d (cut)
WHERE shown <= 5
ORDER BY what, shown;

SELECT cmp_ok(count(*), '>=', 10::bigint * :n * :m, format('%s answers compared', count(*))) FROM comparison;

/* 3. The same from a column, in rows that change the calendar each time, in
   another session time zone, and from the calendars' own output. */

CREATE FUNCTION pg_temp.differences(reread boolean) RETURNS bigint
LANGUAGE plpgsql SET TimeZone = 'America/St_Johns' AS $$
BEGIN
	RETURN (
		SELECT count(*)
		FROM stored AS s
			 JOIN LATERAL (SELECT CASE WHEN reread THEN s.stored::text::leadflow.calendar ELSE s.stored END) AS c (c) ON true
		WHERE extract(epoch FROM leadflow.worktime(c, a, b)) IS DISTINCT FROM
					(SELECT expected::numeric FROM comparison AS x
					 WHERE (x.seed, x.nth, x.what) = (s.seed, s.nth, 'worktime'))
			  OR leadflow.add_worktime(c, a, add) IS DISTINCT FROM
					(SELECT expected::timestamptz FROM comparison AS x
					 WHERE (x.seed, x.nth, x.what) = (s.seed, s.nth, 'add_worktime'))
			  OR (c OPERATOR(pg_catalog.@>) a) IS DISTINCT FROM
					(SELECT expected::boolean FROM comparison AS x
					 WHERE (x.seed, x.nth, x.what) = (s.seed, s.nth, '@>')));
END
$$;

CREATE INDEX ON comparison (seed, nth, what);
ANALYZE comparison;
CREATE TEMPORARY TABLE stored AS
SELECT seed, nth, a, b, add, txt::leadflow.calendar AS stored
FROM questions
ORDER BY nth, seed;

SELECT is(pg_temp.differences(false), 0::bigint, 'the same from a column, row by row');
SELECT is(pg_temp.differences(true), 0::bigint, 'the same from a calendar''s own output');

SELECT * FROM finish();
ROLLBACK;
