/*
 * Calendars and instants to compare with: arbitrary, but the same everywhere
 * for the same seed, and drawn towards the places where working time goes
 * wrong: clock changes, exceptions, midnight, New Year, 29 February.
 *
 * Needs worktime.sql, which says what a structured calendar looks like.
 */

-- 0 .. n - 1, from the key alone; NULL for none of nothing.
CREATE FUNCTION oracle.rnd(key text, n integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || left(md5(key), 8))::bit(32)::bigint % nullif(n, 0))::integer
$$;

CREATE TABLE oracle.zone (nth integer PRIMARY KEY, name text UNIQUE);
INSERT INTO oracle.zone
SELECT nth - 1, name
FROM unnest('{Australia/Lord_Howe,America/Sao_Paulo,Pacific/Apia,Asia/Kolkata,
			  Europe/Warsaw,America/New_York,Europe/Dublin,Europe/Moscow,
			  America/St_Johns,Africa/Casablanca,UTC}'::text[]) WITH ORDINALITY AS z (name, nth);

CREATE FUNCTION oracle.utc_offset(zone text, t timestamptz) RETURNS interval
LANGUAGE sql STABLE AS $$
	SELECT (t AT TIME ZONE zone) - (t AT TIME ZONE 'UTC')
$$;

-- Every change of a zone's offset from 1970 to 2045, to the second: a day on
-- which it differs from the next is halved until a second is left.
CREATE TABLE oracle.clock_change (zone text, nth integer, at timestamptz, PRIMARY KEY (zone, nth));
INSERT INTO oracle.clock_change
WITH RECURSIVE halved (zone, t, seconds) AS (
	SELECT name, timestamptz '1970-01-01 00:00+00' + make_interval(hours => 24 * d), 86400
	FROM oracle.zone, generate_series(0, 27758) AS d
	WHERE oracle.utc_offset(name, timestamptz '1970-01-01 00:00+00' + make_interval(hours => 24 * d))
		  <> oracle.utc_offset(name, timestamptz '1970-01-01 00:00+00' + make_interval(hours => 24 * (d + 1)))
	UNION ALL
	SELECT zone,
		   CASE WHEN later THEN middle ELSE t END,
		   CASE WHEN later THEN seconds - seconds / 2 ELSE seconds / 2 END
	FROM halved,
		 LATERAL (SELECT t + make_interval(secs => seconds / 2)) AS m (middle),
		 LATERAL (SELECT oracle.utc_offset(zone, t) = oracle.utc_offset(zone, middle)) AS l (later)
	WHERE seconds > 1)
SELECT zone, row_number() OVER (PARTITION BY zone ORDER BY t) - 1, t + interval '1 second'
FROM halved
WHERE seconds = 1;

-- A clock change of the zone; NULL where it has none.
CREATE FUNCTION oracle.some_clock_change(key text, zone text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT at
	FROM oracle.clock_change AS c
	WHERE c.zone = some_clock_change.zone
		  AND nth = oracle.rnd(key, (SELECT count(*)::integer FROM oracle.clock_change AS n
									 WHERE n.zone = some_clock_change.zone))
$$;

-- A date of 1970 to 2045: often one on which the clocks change, or the day
-- before or after, or one of those dates that are known to be awkward.
CREATE FUNCTION oracle.some_date(key text, zone text) RETURNS date
LANGUAGE sql STABLE AS $$
	SELECT coalesce(
		CASE oracle.rnd(key || 'how', 4)
			WHEN 0 THEN (oracle.some_clock_change(key, zone) AT TIME ZONE zone)::date
			WHEN 1 THEN (oracle.some_clock_change(key, zone) AT TIME ZONE zone)::date
						+ oracle.rnd(key || 'near', 3) - 1
			WHEN 2 THEN ('{1972-02-29,2000-02-29,2024-02-28,2024-02-29,2028-03-01,1999-12-31,2026-12-24,
						   2027-01-01,2026-05-01,2011-12-29,2011-12-30,2011-12-31,2045-12-31,1970-01-01}'
						 ::date[])[1 + oracle.rnd(key || 'known', 14)]
		END,
		date '1970-01-01' + oracle.rnd(key || 'any', 27759))
$$;

-- The spans of a day: none, the whole day, one past midnight, or up to three
-- that do not overlap, in any order.
CREATE FUNCTION oracle.random_spans(key text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	step integer := ('{3600,1800,900,900,60,1}'::integer[])[1 + oracle.rnd(key || 'step', 6)];
	early boolean := oracle.rnd(key || 'early', 2) = 0;
	shape integer := oracle.rnd(key || 'shape', 14);
	times integer[];
	n integer;
	spans jsonb;
BEGIN
	SELECT array_agg(DISTINCT s ORDER BY s) INTO times
	FROM (SELECT oracle.rnd(key || 'time' || i, CASE WHEN early THEN 18000 ELSE 86400 END / step) * step
		  FROM generate_series(1, 2 * (1 + oracle.rnd(key || 'n', 3))) AS i) AS t (s);

	CASE
		WHEN shape <= 1 THEN
			RETURN '[]';
		WHEN shape = 2 THEN
			RETURN '[["00:00", "24:00"]]';
		WHEN shape = 3 THEN
			RETURN jsonb_build_array(jsonb_build_array(time '00:00' + make_interval(secs => times[1]),
													   time '00:00' + make_interval(secs => times[1])));
		ELSE
			n := cardinality(times) / 2;
			IF n = 0 THEN
				RETURN '[["08:00", "16:00"]]';
			END IF;
			/* The spans may touch, the last may end at midnight or after it. */
			IF oracle.rnd(key || 'touch', 5) = 0 AND n >= 2 THEN
				times[3] := times[2];
			END IF;
			IF shape <= 5 THEN
				times[2 * n] := 86400;
			ELSIF shape <= 8 THEN
				times[2 * n] := oracle.rnd(key || 'end', times[2 * n - 1] / step + 1) * step;
			END IF;
			SELECT jsonb_agg(jsonb_build_array(
								time '00:00' + make_interval(secs => times[2 * i - 1]),
								CASE WHEN times[2 * i] = 86400 THEN time '24:00'
									 ELSE time '00:00' + make_interval(secs => times[2 * i]) END)
							 ORDER BY CASE WHEN oracle.rnd(key || 'order', 6) = 0 THEN -i ELSE i END)
			INTO spans
			FROM generate_series(1, n) AS i;
			RETURN spans;
	END CASE;
END
$$;

-- The days of a rule: one to three ranges, most of them of one day.
CREATE FUNCTION oracle.random_ranges(key text, kind text, zone text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_agg(jsonb_build_array(first, last) ORDER BY i)
	FROM (SELECT i, key || 'range' || i
		  FROM generate_series(1, ('{1,1,1,2,3}'::integer[])[1 + oracle.rnd(key || 'ranges', 5)]) AS i
		 ) AS r (i, k),
		 LATERAL (SELECT (oracle.some_date(k, zone)),
						 ('{0,0,0,1,2,5,12}'::integer[])[1 + oracle.rnd(k || 'days', 7)],
						 oracle.rnd(k || 'weekday', 7),
						 ('{0,0,1,2,4,5,6}'::integer[])[1 + oracle.rnd(k || 'weekdays', 7)]
				 ) AS x (d, more, weekday, weekdays),
		 /* 2024 has all 366 days; some ranges are seasons. */
		 LATERAL (SELECT make_date(2024, extract(month FROM d)::integer, extract(day FROM d)::integer),
						 CASE WHEN oracle.rnd(k || 'season', 8) = 0 THEN oracle.rnd(k || 'long', 300)
							  ELSE more END
				 ) AS y (leap, season),
		 LATERAL (SELECT CASE kind WHEN 'weekday' THEN (weekday + 1)::text
								   WHEN 'yearly' THEN to_char(leap, 'MM-DD')
								   WHEN 'dated' THEN to_char(d, 'YYYY-MM-DD') END,
						 CASE kind WHEN 'weekday' THEN ((weekday + weekdays) % 7 + 1)::text
								   WHEN 'yearly' THEN to_char(leap + season, 'MM-DD')
								   WHEN 'dated' THEN to_char(d + more, 'YYYY-MM-DD') END
				 ) AS z (first, last)
$$;

-- The structure as text, with the spelling chosen by the key.
CREATE FUNCTION oracle.calendar_text(cal jsonb, key text) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT (cal->>'zone') || coalesce(string_agg(
			('{; ,;, ; ,"; "}'::text[])[1 + oracle.rnd(key || 'sep' || place, 4)]
			|| CASE WHEN NOT rule @> '{"kind": "weekday", "ranges": [["1", "7"]], "spans": [["00:00", "24:00"]]}'
						 OR oracle.rnd(key || '24/7' || place, 3) = 0
					THEN days || ' ' || hours ELSE '24/7' END,
			'' ORDER BY place), '')
	FROM jsonb_array_elements(cal->'rules') WITH ORDINALITY AS t (rule, place),
		 LATERAL (
			SELECT string_agg(
				CASE rule->>'kind'
					WHEN 'weekday' THEN
						('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[first::integer]
						|| CASE WHEN first = last THEN ''
								ELSE '-' || ('{Mo,Tu,We,Th,Fr,Sa,Su}'::text[])[last::integer] END
					WHEN 'yearly' THEN
						to_char(('2024-' || first)::date, 'Mon FMDD')
						|| CASE WHEN first = last THEN ''
								WHEN left(first, 3) = left(last, 3) AND first < last
									 AND oracle.rnd(key || 'day' || place || nth, 3) > 0
									THEN to_char(('2024-' || last)::date, '-FMDD')
								ELSE to_char(('2024-' || last)::date, '-Mon FMDD') END
					WHEN 'dated' THEN
						to_char(first::date, 'YYYY Mon FMDD')
						|| CASE WHEN first = last THEN ''
								WHEN left(first, 8) = left(last, 8)
									 AND oracle.rnd(key || 'day' || place || nth, 3) > 0
									THEN to_char(last::date, '-FMDD')
								ELSE to_char(last::date, '-YYYY Mon FMDD') END
				END, ',' ORDER BY nth)
			FROM jsonb_array_elements(rule->'ranges') WITH ORDINALITY AS r (r, nth),
				 LATERAL (SELECT r->>0, r->>1) AS x (first, last)) AS d (days),
		 LATERAL (
			SELECT coalesce(string_agg(regexp_replace(s->>0, '^(..:..):00$', '\1') || '-'
									   || regexp_replace(s->>1, '^(..:..):00$', '\1'), ',' ORDER BY nth), 'off')
			FROM jsonb_array_elements(rule->'spans') WITH ORDINALITY AS s (s, nth)) AS h (hours)
$$;

-- A calendar in both forms.  Rules of all kinds come in any order, some repeat
-- the days of an earlier one, and in one of sixteen calendars nothing recurs.
CREATE FUNCTION oracle.random_calendar(seed integer, OUT cal jsonb, OUT txt text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	key text := 'calendar' || seed;
	zone text := (SELECT name FROM oracle.zone WHERE nth = seed % 11);
	finite boolean := oracle.rnd(key || 'finite', 16) = 0;
	rules jsonb := '[]';
	kind text;
	ranges jsonb;
	spans jsonb;
	k text;
BEGIN
	IF finite THEN
		IF oracle.rnd(key || 'week', 2) = 0 THEN
			rules := '[{"kind": "weekday", "ranges": [["1", "7"]], "spans": []}]';
		END IF;
	ELSIF oracle.rnd(key || 'week', 5) = 0 THEN
		rules := '[{"kind": "weekday", "ranges": [["1", "7"]], "spans": [["00:00", "24:00"]]}]';
	ELSIF oracle.rnd(key || 'week', 5) > 0 THEN
		rules := jsonb_build_array(jsonb_build_object(
			'kind', 'weekday', 'ranges', '[["1", "5"]]'::jsonb, 'spans', oracle.random_spans(key || 'week')));
	END IF;

	FOR i IN 1 .. 1 + oracle.rnd(key || 'rules', 7) LOOP
		k := key || 'rule' || i;
		kind := CASE WHEN finite THEN 'dated'
					 ELSE ('{weekday,weekday,yearly,yearly,dated,dated,dated}'::text[])[1 + oracle.rnd(k || 'kind', 7)]
				END;
		ranges := oracle.random_ranges(k, kind, zone);
		IF rules <> '[]' AND oracle.rnd(k || 'again', 5) = 0 THEN
			kind := rules #>> '{-1,kind}';
			ranges := rules #> '{-1,ranges}';
		END IF;
		spans := CASE WHEN finite AND kind = 'weekday' THEN '[]' ELSE oracle.random_spans(k) END;
		rules := rules || jsonb_build_object('kind', kind, 'ranges', ranges, 'spans', spans);
	END LOOP;

	cal := jsonb_build_object('zone', zone, 'rules', rules);
	txt := oracle.calendar_text(cal, key);
END
$$;

-- Instants of 1970 to 2045: around clock changes of the zone, around the dates
-- and boundaries of the calendar if there is one, and anywhere.
CREATE FUNCTION oracle.random_instants(seed integer, zone text, cal jsonb DEFAULT NULL, n integer DEFAULT 20)
RETURNS SETOF timestamptz
LANGUAGE sql STABLE AS $$
	WITH special (d) AS (
		SELECT CASE rule->>'kind'
				WHEN 'dated' THEN (r->>(nth % 2)::integer)::date
				WHEN 'yearly' THEN ((2024 + 4 * (nth % 3)) || '-' || (r->>0))::date END
		FROM jsonb_array_elements(cal->'rules') AS rule,
			 jsonb_array_elements(rule->'ranges') WITH ORDINALITY AS x (r, nth)
		WHERE rule->>'kind' <> 'weekday'),
	dates (list) AS (
		SELECT array_agg(s.d ORDER BY s.d) FROM special AS s),
	/* Local times at which something opens or closes. */
	times (list) AS (
		SELECT array_agg(DISTINCT x ORDER BY x)
		FROM (SELECT x::time FROM jsonb_path_query(cal, '$.rules[*].spans[*][*]') AS j,
					 LATERAL (SELECT j #>> '{}') AS t (x)
			  UNION VALUES (time '00:00'), ('24:00'), ('12:00')) AS t (x))
	SELECT t + (oracle.rnd(k || 'shift', 3) - 1) * interval '1 microsecond'
	FROM dates, times, generate_series(1, n) AS i,
		 LATERAL (SELECT 'instant' || seed || ':' || i) AS key (k),
		 LATERAL (SELECT oracle.some_clock_change(k, zone),
						 coalesce(CASE WHEN oracle.rnd(k || 'special', 3) < 2
									   THEN dates.list[1 + oracle.rnd(k, cardinality(dates.list))]
											+ oracle.rnd(k || 'near', 3) - 1 END,
								  oracle.some_date(k, zone))) AS around (change, d),
		 LATERAL (SELECT coalesce(
			CASE oracle.rnd(k || 'how', 8)
				WHEN 0 THEN change
				WHEN 1 THEN change + make_interval(mins => 15 * (oracle.rnd(k || 'quarter', 25) - 12))
				WHEN 2 THEN change + make_interval(secs => oracle.rnd(k || 'second', 345600) - 172800)
				WHEN 3 THEN make_timestamptz(1970, 1, 1, 0, 0, 0, 'UTC')
							+ make_interval(secs => oracle.rnd(k || 'any', 2147483647))
							+ make_interval(hours => oracle.rnd(k || 'later', 2) * 69000)
			END,
			(d + times.list[1 + oracle.rnd(k || 'time', cardinality(times.list))]) AT TIME ZONE zone)) AS instant (t)
	ORDER BY i
$$;
