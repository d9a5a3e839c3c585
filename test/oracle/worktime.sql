/*
 * Working time, a second time: slow, and as close to its definition as SQL
 * can say it.  The tests compare leadflow.calendar with these functions.
 *
 * A calendar here is a structure, never a text to be parsed:
 *
 *	{"zone": "Europe/Warsaw",
 *	 "rules": [{"kind": "weekday", "ranges": [["1", "5"]],
 *				"spans": [["09:00", "17:00"]]},
 *			   {"kind": "yearly", "ranges": [["12-25", "12-26"]], "spans": []},
 *			   {"kind": "dated", "ranges": [["2026-12-24", "2026-12-24"]],
 *				"spans": [["09:00", "13:00"]]}]}
 *
 * A weekday is 1 (Monday) to 7, a range includes both ends and may run over
 * the end of the week or of the year, and no spans means closed.
 *
 * The definition:
 * - The hours of a date are those of the last dated rule that names it, else
 *	 of the last yearly one, else of the last one for its weekday.
 * - A span belongs to the date on which it starts.  An end at or before its
 *	 start is on the next date.  Both are local times, and become instants as
 *	 AT TIME ZONE makes them.
 * - Spans of one date that touch or overlap are one span, as the canonical text
 *	 writes them: "02:30-03:00,03:00-05:00" is "02:30-05:00".
 * - The open set is the union of all [start, end) with start < end.
 * - The next opening of an open instant is that instant.  An instant at which
 *	 a span ends is not in it.
 *
 * Where a question has no answer (nothing is ever open again, or nothing ever
 * closes) the answer is infinity, in the direction of the question.
 *
 * Instants are subtracted as microseconds since the epoch, because intervals
 * with days in them depend on the session's time zone.
 */

CREATE SCHEMA oracle;

-- The spans that start on each date from first to last, as [start, end]: for
-- every date, each range of each rule is asked whether it names it.
CREATE FUNCTION oracle.hours(cal jsonb, first date, last date)
RETURNS TABLE (d date, spans jsonb)
LANGUAGE sql STABLE AS $$
	WITH range_of_rule (kind, place, spans, first, last) AS MATERIALIZED (
		SELECT rule->>'kind', place, rule->'spans', (r->>0) COLLATE "C", (r->>1) COLLATE "C"
		FROM jsonb_array_elements(cal->'rules') WITH ORDINALITY AS t (rule, place),
			 jsonb_array_elements(rule->'ranges') AS r),
	name_of_date (d, kind, name, rank) AS MATERIALIZED (
		SELECT d, v.*
		FROM generate_series(0, last - first) AS n,
			 LATERAL (SELECT first + n) AS dates (d),
			 LATERAL (VALUES ('dated', to_char(d, 'YYYY-MM-DD') COLLATE "C", 1),
							 ('yearly', to_char(d, 'MM-DD'), 2),
							 ('weekday', extract(isodow FROM d)::text, 3)) AS v)
	SELECT DISTINCT ON (d) d, spans
	FROM name_of_date AS x JOIN range_of_rule AS r
		 ON x.kind = r.kind
			AND CASE WHEN r.first <= r.last THEN name >= r.first AND name <= r.last
					 ELSE name >= r.first OR name <= r.last END
	ORDER BY d, rank, place DESC
$$;

-- The open set within [a, b).  A span lasts a day at most, and a clock change
-- moves its ends by a day at most: four dates either side are enough.
CREATE FUNCTION oracle.open_set(cal jsonb, a timestamptz, b timestamptz)
RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
	SELECT coalesce(range_agg(tstzrange(opens, closes)) FILTER (WHERE opens < closes), '{}')
		   * tstzmultirange(tstzrange(a, b))
	FROM (SELECT cal->>'zone') AS z (zone),
		 oracle.hours(cal, (a AT TIME ZONE zone)::date - 4, (b AT TIME ZONE zone)::date + 4) AS h,
		 LATERAL (SELECT range_agg(tsrange(d + s, CASE WHEN e > s THEN d ELSE d + 1 END + e))
				  FROM jsonb_array_elements(spans) AS span,
					   LATERAL (SELECT (span->>0)::time, (span->>1)::time) AS times (s, e))
			AS joined (local_spans),
		 unnest(local_spans) AS local_span,
		 LATERAL (SELECT lower(local_span) AT TIME ZONE zone, upper(local_span) AT TIME ZONE zone)
			AS resolved (opens, closes)
$$;

CREATE FUNCTION oracle.microseconds(a timestamptz, b timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT ((extract(epoch FROM b) - extract(epoch FROM a)) * 1000000)::bigint
$$;

CREATE FUNCTION oracle.total(s tstzmultirange) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(oracle.microseconds(lower(r), upper(r))), 0)::bigint
	FROM unnest(s) AS r
$$;

CREATE FUNCTION oracle.worktime(cal jsonb, a timestamptz, b timestamptz,
								pauses tstzmultirange DEFAULT '{}')
RETURNS interval
LANGUAGE sql STABLE AS $$
	SELECT interval '1 microsecond' * CASE WHEN a <= b
		THEN oracle.total(oracle.open_set(cal, a, b) - pauses)
		ELSE -oracle.total(oracle.open_set(cal, b, a) - pauses) END
$$;

-- How far one has to look from t, forwards or backwards, to be sure.  Beyond
-- the last dated rule and the last end of a pause everything repeats: 30 years
-- that hold no year such as 2100 have each weekday on each day of the year.
CREATE FUNCTION oracle.horizon(cal jsonb, t timestamptz, forwards boolean,
							   pauses tstzmultirange DEFAULT '{}')
RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	WITH known (at) AS (
		SELECT t
		UNION ALL
		SELECT x::timestamp AT TIME ZONE 'UTC'
		FROM jsonb_path_query(cal, '$.rules[*] ? (@.kind == "dated").ranges[*][*]') AS x_json,
			 LATERAL (SELECT x_json #>> '{}') AS of_json (x)
		UNION ALL
		SELECT at
		FROM unnest(pauses) AS p, LATERAL (VALUES (lower(p)), (upper(p))) AS ends (at)
		WHERE isfinite(at))
	SELECT CASE WHEN forwards THEN (max(at AT TIME ZONE 'UTC') + interval '30 years') AT TIME ZONE 'UTC'
				ELSE (min(at AT TIME ZONE 'UTC') - interval '30 years') AT TIME ZONE 'UTC' END
	FROM known
$$;

-- For w > 0 the earliest x >= t with worktime(t, x) >= w, for w < 0 the latest
-- x <= t with worktime(x, t) >= -w, for w = 0 t itself.
CREATE FUNCTION oracle.add_worktime(cal jsonb, t timestamptz, w interval,
									pauses tstzmultirange DEFAULT '{}')
RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
	due bigint := abs(extract(epoch FROM w) * 1000000);
	forwards boolean := w > interval '0';
	days integer := 10;
	far timestamptz;
	ends timestamptz;
	part tstzmultirange;
	piece tstzrange;
	len bigint;
BEGIN
	IF due = 0 THEN
		RETURN t;
	END IF;
	LOOP
		far := t + make_interval(hours => 24 * CASE WHEN forwards THEN days ELSE -days END);
		part := oracle.open_set(cal, least(t, far), greatest(t, far)) - pauses;
		EXIT WHEN oracle.total(part) >= due;

		/* Is there anything to be had beyond all that is particular? */
		IF days > 100 AND ends IS NULL THEN
			ends := oracle.horizon(cal, t, forwards, pauses);
			part := oracle.open_set(cal, least(t, ends), greatest(t, ends)) - pauses;
			far := ends;
			EXIT WHEN oracle.total(part) >= due;
			part := part * tstzmultirange(CASE WHEN forwards
				THEN tstzrange(ends - interval '260000 hours', ends)
				ELSE tstzrange(ends, ends + interval '260000 hours') END);
			IF isempty(part) THEN
				RETURN CASE WHEN forwards THEN 'infinity' ELSE '-infinity' END;
			END IF;
		END IF;
		days := days * 5;
	END LOOP;

	FOR piece IN
		SELECT r FROM unnest(part) AS r
		ORDER BY CASE WHEN forwards THEN 1 ELSE -1 END * extract(epoch FROM lower(r))
	LOOP
		len := oracle.microseconds(lower(piece), upper(piece));
		IF len >= due THEN
			RETURN CASE WHEN forwards THEN lower(piece) + interval '1 microsecond' * due
						ELSE upper(piece) - interval '1 microsecond' * due END;
		END IF;
		due := due - len;
	END LOOP;
END
$$;

CREATE FUNCTION oracle.is_open(cal jsonb, t timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT oracle.open_set(cal, t, t + interval '1 microsecond') @> t
$$;

-- The earliest open instant at or after t: t itself where t is open.
CREATE FUNCTION oracle.next_open(cal jsonb, t timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT coalesce(lower(oracle.open_set(cal, t, t + interval '240 hours')),
					lower(oracle.open_set(cal, t, t + interval '9600 hours')),
					lower(oracle.open_set(cal, t, oracle.horizon(cal, t, true))),
					'infinity')
$$;

-- The end of the maximal open span that holds t, or else of the next one.
CREATE FUNCTION oracle.next_close(cal jsonb, t timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
	opens timestamptz := oracle.next_open(cal, t);
	closes timestamptz;
	far timestamptz;
BEGIN
	IF opens < 'infinity' THEN
		FOREACH far IN ARRAY ARRAY[opens + interval '240 hours', opens + interval '9600 hours',
								   opens + interval '96000 hours', oracle.horizon(cal, opens, true)] LOOP
			SELECT upper(r) INTO closes
			FROM unnest(oracle.open_set(cal, opens, far)) AS r ORDER BY r LIMIT 1;
			IF closes < far THEN
				RETURN closes;
			END IF;
		END LOOP;
	END IF;
	RETURN 'infinity';
END
$$;

-- The maximal open spans, clipped to [a, b).
CREATE FUNCTION oracle.open_spans(cal jsonb, a timestamptz, b timestamptz)
RETURNS SETOF tstzrange
LANGUAGE sql STABLE AS $$
	SELECT r FROM unnest(oracle.open_set(cal, a, b)) AS r ORDER BY r
$$;
