-- worktime.sql
--   The same question asked of leadflow and of what a user would write without
--   it: working time between two instants, and the instant by which a due time
--   is up.  worktime.sh runs the statements below side by side; this file makes
--   the calendar, the peers and the calls.
--
--   Calendar: Europe/Warsaw, Mo-Fr 09:00-12:30,13:00-17:00, Sa 10:00-14:00,
--   eleven holidays a year and a short day.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS leadflow;
DROP SCHEMA IF EXISTS bench_worktime CASCADE;
CREATE SCHEMA bench_worktime;
SET search_path = bench_worktime;
SET timezone = 'UTC';

CREATE TABLE office (id int PRIMARY KEY, zone text NOT NULL);
CREATE TABLE weekly (office int, isodow int, opens time, closes time, PRIMARY KEY (office, isodow, opens));
CREATE TABLE closed_on (office int, day date, PRIMARY KEY (office, day));
CREATE TABLE special_on (office int, day date, opens time, closes time, PRIMARY KEY (office, day, opens));
INSERT INTO office VALUES (1, 'Europe/Warsaw');
INSERT INTO weekly SELECT 1, d, '09:00', '12:30' FROM generate_series(1, 5) d;
INSERT INTO weekly SELECT 1, d, '13:00', '17:00' FROM generate_series(1, 5) d;
INSERT INTO weekly VALUES (1, 6, '10:00', '14:00');
INSERT INTO closed_on
    SELECT 1, make_date(y, m, d) FROM generate_series(2010, 2040) y,
        (VALUES (1, 1), (1, 6), (4, 6), (5, 1), (5, 3), (6, 4), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)) v(m, d);
INSERT INTO special_on SELECT 1, make_date(y, 12, 24), '09:00', '12:00' FROM generate_series(2010, 2040) y;

-- Peer 1: all spans of the days in question, cut at both ends and added up.
CREATE FUNCTION set_based(p_office int, a timestamptz, b timestamptz) RETURNS interval LANGUAGE plpgsql STABLE AS $$
DECLARE
    tz text;
    first date;
    last date;
    total interval;
BEGIN
    IF b < a THEN
        RETURN -set_based(p_office, b, a);
    END IF;
    SELECT zone INTO tz FROM office WHERE id = p_office;
    first := (a AT TIME ZONE tz)::date - 1;
    last := (b AT TIME ZONE tz)::date;
    SELECT sum(least(closes_at, b) - greatest(opens_at, a)) INTO total
    FROM (
        SELECT (g.day + w.opens) AT TIME ZONE tz, (g.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE tz
        FROM (SELECT s::date AS day FROM generate_series(first::timestamp, last, '1 day') s) g
        JOIN weekly w ON w.office = p_office AND w.isodow = extract(isodow FROM g.day)
        WHERE NOT EXISTS (SELECT FROM closed_on c WHERE c.office = p_office AND c.day = g.day)
          AND NOT EXISTS (SELECT FROM special_on s WHERE s.office = p_office AND s.day = g.day)
        UNION ALL
        SELECT (s.day + s.opens) AT TIME ZONE tz, (s.day + (s.closes <= s.opens)::int + s.closes) AT TIME ZONE tz
        FROM special_on s WHERE s.office = p_office AND s.day BETWEEN first AND last
    ) span(opens_at, closes_at)
    WHERE opens_at < b AND closes_at > a;
    RETURN coalesce(total, '0');
END $$;

-- Peer 2: the same, exact where clocks change: the spans are united first.
CREATE FUNCTION multirange_based(p_office int, a timestamptz, b timestamptz) RETURNS interval LANGUAGE plpgsql STABLE AS $$
DECLARE
    tz text;
    first date;
    last date;
    open_time tstzmultirange;
    total interval;
BEGIN
    IF b < a THEN
        RETURN -multirange_based(p_office, b, a);
    END IF;
    SELECT zone INTO tz FROM office WHERE id = p_office;
    first := (a AT TIME ZONE tz)::date - 1;
    last := (b AT TIME ZONE tz)::date;
    SELECT range_agg(tstzrange(opens_at, closes_at)) * tstzmultirange(tstzrange(a, b)) INTO open_time
    FROM (
        SELECT (g.day + w.opens) AT TIME ZONE tz, (g.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE tz
        FROM (SELECT s::date AS day FROM generate_series(first::timestamp, last, '1 day') s) g
        JOIN weekly w ON w.office = p_office AND w.isodow = extract(isodow FROM g.day)
        WHERE NOT EXISTS (SELECT FROM closed_on c WHERE c.office = p_office AND c.day = g.day)
          AND NOT EXISTS (SELECT FROM special_on s WHERE s.office = p_office AND s.day = g.day)
        UNION ALL
        SELECT (s.day + s.opens) AT TIME ZONE tz, (s.day + (s.closes <= s.opens)::int + s.closes) AT TIME ZONE tz
        FROM special_on s WHERE s.office = p_office AND s.day BETWEEN first AND last
    ) span(opens_at, closes_at)
    WHERE opens_at < closes_at AND opens_at < b AND closes_at > a;
    SELECT sum(upper(r) - lower(r)) INTO total FROM unnest(open_time) r;
    RETURN coalesce(total, '0');
END $$;

-- Peer 3: the expert's table of all spans with a running total, one look-up at either end.
CREATE TABLE ledger (office int, opens_at timestamptz, closes_at timestamptz, before interval, before_us bigint);
INSERT INTO ledger
    SELECT 1, opens_at, closes_at,
        coalesce(sum(closes_at - opens_at) OVER earlier, '0'),
        coalesce(sum((extract(epoch FROM closes_at - opens_at) * 1000000)::bigint) OVER earlier, 0)
    FROM (
        SELECT (g.day + h.opens) AT TIME ZONE 'Europe/Warsaw', (g.day + h.closes) AT TIME ZONE 'Europe/Warsaw'
        FROM (SELECT s::date AS day FROM generate_series('2010-01-01'::timestamp, '2040-12-31', '1 day') s) g,
        LATERAL (
            SELECT opens, closes FROM special_on s WHERE s.day = g.day
            UNION ALL
            SELECT opens, closes FROM weekly w WHERE w.isodow = extract(isodow FROM g.day)
                AND NOT EXISTS (SELECT FROM special_on s WHERE s.day = g.day)
                AND NOT EXISTS (SELECT FROM closed_on c WHERE c.day = g.day)
        ) h
    ) span(opens_at, closes_at)
    WINDOW earlier AS (ORDER BY opens_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);
CREATE UNIQUE INDEX ledger_opens ON ledger (office, opens_at) INCLUDE (closes_at, before, before_us);
CREATE UNIQUE INDEX ledger_before ON ledger (office, before_us) INCLUDE (opens_at);

CREATE FUNCTION ledger_based(p_office int, a timestamptz, b timestamptz) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT (SELECT before + (least(closes_at, b) - opens_at) FROM ledger WHERE office = p_office AND opens_at <= b ORDER BY opens_at DESC LIMIT 1)
         - (SELECT before + (least(closes_at, a) - opens_at) FROM ledger WHERE office = p_office AND opens_at <= a ORDER BY opens_at DESC LIMIT 1)
$$;

CREATE FUNCTION ledger_due(p_office int, t timestamptz, work interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT l.opens_at + (goal.us - l.before_us) * interval '1 microsecond'
    FROM (SELECT (SELECT before_us + (extract(epoch FROM least(closes_at, t) - opens_at) * 1000000)::bigint
                  FROM ledger WHERE office = p_office AND opens_at <= t ORDER BY opens_at DESC LIMIT 1)
                 + (extract(epoch FROM work) * 1000000)::bigint AS us) goal,
    LATERAL (SELECT opens_at, before_us FROM ledger WHERE office = p_office AND before_us < goal.us ORDER BY before_us DESC LIMIT 1) l
$$;

-- Peer 4: a due time without the table: running total over a horizon that doubles.
CREATE FUNCTION set_due(p_office int, t timestamptz, work interval) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    tz text;
    first date;
    days int := 7 + extract(epoch FROM work)::int / 3600 / 3;
    due timestamptz;
BEGIN
    SELECT zone INTO tz FROM office WHERE id = p_office;
    first := (t AT TIME ZONE tz)::date - 1;
    WHILE days < 40000 LOOP
        SELECT closes_at - (running - work) INTO due
        FROM (
            SELECT closes_at, sum(closes_at - greatest(opens_at, t)) OVER (ORDER BY opens_at) AS running
            FROM (
                SELECT (g.day + w.opens) AT TIME ZONE tz, (g.day + (w.closes <= w.opens)::int + w.closes) AT TIME ZONE tz
                FROM (SELECT first + n AS day FROM generate_series(0, days) n) g
                JOIN weekly w ON w.office = p_office AND w.isodow = extract(isodow FROM g.day)
                WHERE NOT EXISTS (SELECT FROM closed_on c WHERE c.office = p_office AND c.day = g.day)
                  AND NOT EXISTS (SELECT FROM special_on s WHERE s.office = p_office AND s.day = g.day)
                UNION ALL
                SELECT (s.day + s.opens) AT TIME ZONE tz, (s.day + (s.closes <= s.opens)::int + s.closes) AT TIME ZONE tz
                FROM special_on s WHERE s.office = p_office AND s.day BETWEEN first AND first + days
            ) span(opens_at, closes_at)
            WHERE closes_at > t
        ) total
        WHERE running >= work ORDER BY running LIMIT 1;
        IF FOUND THEN
            RETURN due;
        END IF;
        days := days * 2;
    END LOOP;
    RETURN 'infinity';
END $$;

-- The calendar as a value, and 99 that close a little later on Saturdays.
CREATE TABLE value AS SELECT id, format('Europe/Warsaw; Mo-Fr 09:00-12:30,13:00-17:00; Sa 10:00-14:%s; %s off; Dec 24 09:00-12:00',
    to_char(id * interval '30 s', 'MI:SS'), (SELECT string_agg(to_char(day, 'FMMon FMDD'), ',' ORDER BY day) FROM closed_on WHERE day BETWEEN '2016-01-01' AND '2016-12-31'))::leadflow.calendar AS calendar
    FROM generate_series(0, 99) id;

-- The calls: 10,000 windows of each length, none outside the peers' holidays.
CREATE TABLE call (kind text, n int, a timestamptz, b timestamptz);
SELECT setseed(0.5);
INSERT INTO call
    SELECT kind, n, a, a + length
    FROM (VALUES ('1 day', interval '1 day', 0.9), ('30 days', '30 days', 0.5), ('1 year', '365 days', 0.2)) k(kind, about, spread),
        generate_series(1, 10000) n,
        LATERAL (SELECT timestamptz '2012-01-01' + random() * interval '9000 days' + n * interval '0' AS a,
                        about * (1 - spread + 2 * spread * random()) AS length) v;
INSERT INTO call SELECT '100 years', n, a - interval '50 years', a + interval '50 years' FROM call WHERE kind = '1 day';
CREATE INDEX call_kind ON call (kind, n);
VACUUM ANALYZE office;
VACUUM ANALYZE weekly;
VACUUM ANALYZE closed_on;
VACUUM ANALYZE special_on;
VACUUM ANALYZE ledger;
VACUUM ANALYZE call;

-- All must agree before anything is timed.
DO $$
DECLARE
    differing bigint;
BEGIN
    SELECT count(*) INTO differing
    FROM call, value
    WHERE id = 0 AND kind <> '100 years' AND n <= CASE kind WHEN '1 year' THEN 100 ELSE 500 END
      AND (set_based(1, a, b) <> leadflow.worktime(calendar, a, b)
           OR multirange_based(1, a, b) <> leadflow.worktime(calendar, a, b)
           OR ledger_based(1, a, b) <> leadflow.worktime(calendar, a, b)
           OR ledger_due(1, a, '40 h') <> leadflow.add_worktime(calendar, a, '40 h')
           OR set_due(1, a, '40 h') <> leadflow.add_worktime(calendar, a, '40 h'));
    IF differing > 0 THEN
        RAISE EXCEPTION '% calls differ', differing;
    END IF;
END $$;
