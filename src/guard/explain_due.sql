/*
 * explain_due.sql: why a promise is due when it is due.
 *
 * Time is cut wherever the answer may change: where a day, its hours or a pause
 * begins or ends, and at the warning, the due time and the end of the clock.
 * Each piece is named, and neighbours with the same name are joined again.  The
 * hours of a day are read from the text of its rule; whether a piece is open is
 * the calendar's own answer.  Compiling the query would take longer than running
 * it, as the planner takes a list of hours for a long one.
 */

CREATE FUNCTION leadflow.explain_due(workspace name, clock_id bigint)
    RETURNS TABLE (from_at timestamptz, to_at timestamptz, counted boolean, why text, seconds bigint, total_seconds bigint)
    LANGUAGE plpgsql STABLE STRICT
    ROWS 20
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
DECLARE
    present constant timestamptz := leadflow.clock();
    clock record;
    zone text;
    warn_at timestamptz;
    due_at timestamptz;
    until_at timestamptz;
    foreseen boolean := true;   -- is the due time known?
BEGIN
    PERFORM leadflow.check_workspace(workspace);

    -- the clock and its pauses, as they are known at present
    EXECUTE pg_catalog.format(
        'SELECT c.started_at, c.warn_at, c.due_at, e.ended_at, c.stopped_at, c.stopped_by, c.calendar,
                pg_catalog.make_interval(secs => pg_catalog.date_part(''epoch'', c.target)) AS target,
                pg_catalog.make_interval(secs => pg_catalog.date_part(''epoch'', c.warn_after)) AS warn_after, p.*
         FROM %1$I.sla_clock c
         CROSS JOIN LATERAL (SELECT CASE WHEN LEAST(c.stopped_at, c.cancelled_at) <= $2 THEN LEAST(c.stopped_at, c.cancelled_at) END AS ended_at) e
         CROSS JOIN LATERAL (
             SELECT pg_catalog.array_agg(p.paused_at ORDER BY p.paused_at, p.id) FILTER (WHERE p.stood_still) AS pause_from,
                    pg_catalog.array_agg(LEAST(p.resumed_at, $2) ORDER BY p.paused_at, p.id) FILTER (WHERE p.stood_still) AS pause_to,
                    pg_catalog.array_agg(p.reason ORDER BY p.paused_at, p.id) FILTER (WHERE p.stood_still) AS pause_reason,
                    COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at)) FILTER (WHERE p.is_over), ''{}'') AS over,
                    pg_catalog.min(p.paused_at) FILTER (WHERE p.stood_still AND NOT p.is_over) AS open_since,
                    COALESCE(pg_catalog.bool_or(p.resumed_at > $2 IS TRUE OR p.ended_by_stop), false) AS moved
             FROM (SELECT p.id, p.paused_at, r.resumed_at, p.reason, r.resumed_at <= $2 IS TRUE AS is_over, r.ended_by_stop,
                          -- a pause that goes on does not stop a clock that had ended before it
                          p.paused_at <= $2 AND (r.resumed_at <= $2 IS TRUE OR e.ended_at <= p.paused_at IS NOT TRUE) AS stood_still
                   FROM %1$I.sla_pause p
                   -- what stopped the clock has ended its pause
                   CROSS JOIN LATERAL (SELECT c.stopped_at <= $2 IS TRUE AND p.resumed_at <= c.stopped_at IS NOT TRUE AS ended_by_stop) s
                   CROSS JOIN LATERAL (SELECT s.ended_by_stop, CASE WHEN s.ended_by_stop THEN GREATEST(c.stopped_at, p.paused_at) ELSE p.resumed_at END AS resumed_at) r
                   WHERE p.clock_id = c.id) p) p
         WHERE c.id = $1', workspace)
        INTO clock USING clock_id, present;
    IF clock.started_at IS NULL THEN
        RAISE EXCEPTION 'workspace % has no clock %', workspace, clock_id
            USING ERRCODE = 'no_data_found';
    END IF;

    warn_at := clock.warn_at;
    due_at := clock.due_at;
    IF clock.moved THEN
        -- the limits that are stored know of the pauses that were resumed, also after the present
        warn_at := leadflow.add_worktime(COALESCE(clock.calendar, 'UTC; 24/7'::leadflow.calendar), clock.started_at, clock.warn_after, clock.over);
        due_at := leadflow.add_worktime(COALESCE(clock.calendar, 'UTC; 24/7'::leadflow.calendar), clock.started_at, clock.target, clock.over);
    END IF;
    IF clock.open_since < due_at THEN
        foreseen := false;
        warn_at := CASE WHEN warn_at <= clock.open_since THEN warn_at END;
    END IF;
    until_at := GREATEST(clock.started_at, COALESCE(clock.ended_at, present),
                         CASE WHEN foreseen AND pg_catalog.isfinite(due_at) THEN due_at END);
    zone := pg_catalog.split_part(clock.calendar::text, ';', 1);

    RETURN QUERY
    WITH day AS MATERIALIZED (
        -- a span may begin a day before, and a clock change may move it by a day
        SELECT d.day, leadflow.day_rule(clock.calendar, d.day) AS rule
        FROM (SELECT (clock.started_at AT TIME ZONE zone)::date + n AS day
              FROM pg_catalog.generate_series(-2, (until_at AT TIME ZONE zone)::date - (clock.started_at AT TIME ZONE zone)::date + 1) n) d
    ), span AS MATERIALIZED (
        SELECT d.day, d.rule, s.opens AT TIME ZONE zone AS from_at, s.closes AT TIME ZONE zone AS to_at
        FROM day d
        CROSS JOIN LATERAL pg_catalog.string_to_table(
            CASE d.rule WHEN '24/7' THEN '00:00-24:00' ELSE pg_catalog.regexp_replace(d.rule, '^.* ', '') END, ',') h (hours)
        CROSS JOIN LATERAL (SELECT pg_catalog.split_part(h.hours, '-', 1)::time AS first, pg_catalog.split_part(h.hours, '-', 2)::time AS last) t
        CROSS JOIN LATERAL (SELECT d.day + t.first AS opens, d.day + CASE WHEN t.last <= t.first THEN 1 ELSE 0 END + t.last AS closes) s
        WHERE d.rule NOT LIKE '% off'
    ), pause AS (
        SELECT p.from_at, p.to_at, p.reason
        FROM ROWS FROM (pg_catalog.unnest(clock.pause_from), pg_catalog.unnest(clock.pause_to), pg_catalog.unnest(clock.pause_reason)) p (from_at, to_at, reason)
    ), mark AS (
        SELECT m.at, m.why, m.place
        FROM (VALUES (warn_at, 'warning', 1),
                     (CASE WHEN foreseen THEN due_at END, 'due', 2),
                     (clock.ended_at, CASE WHEN clock.stopped_at IS NULL THEN 'cancelled' ELSE 'stopped' END || COALESCE(': ' || clock.stopped_by, ''), 3),
                     (CASE WHEN NOT foreseen THEN until_at END, 'due: not foreseen while it stands still', 4),
                     (CASE WHEN foreseen AND due_at = 'infinity' THEN until_at END, 'due: never, because the calendar has too little working time', 5)) m (at, why, place)
        WHERE m.at BETWEEN clock.started_at AND until_at
    ), cut AS (
        SELECT c.at AS from_at, pg_catalog.lead(c.at) OVER (ORDER BY c.at) AS to_at
        FROM (SELECT clock.started_at UNION SELECT until_at
              UNION SELECT d.day::timestamp AT TIME ZONE zone FROM day d
              UNION SELECT s.from_at FROM span s UNION SELECT s.to_at FROM span s
              UNION SELECT p.from_at FROM pause p UNION SELECT p.to_at FROM pause p
              UNION SELECT m.at FROM mark m) c (at)
        WHERE c.at BETWEEN clock.started_at AND until_at
    ), piece AS MATERIALIZED (
        SELECT c.from_at, c.to_at, (c.from_at AT TIME ZONE zone)::date AS day,
               COALESCE(clock.calendar @> c.from_at, true) AS open,
               (SELECT pg_catalog.string_agg(p.reason, '; ') FROM pause p WHERE p.from_at <= c.from_at AND p.to_at > c.from_at) AS pause_reason
        FROM cut c
        WHERE c.to_at > c.from_at
    ), opened AS (
        -- the rule by whose hours a piece is open: the day's own, or that of a day before
        SELECT DISTINCT ON (p.from_at) p.from_at, s.rule
        FROM piece p
        CROSS JOIN pg_catalog.generate_series(-2, 1) n
        JOIN span s ON s.day = p.day + n AND s.from_at <= p.from_at AND s.to_at > p.from_at
        ORDER BY p.from_at, s.day DESC
    ), named AS (
        SELECT p.from_at, p.to_at, p.open AND p.pause_reason IS NULL AS counted,
               CASE WHEN p.pause_reason IS NOT NULL THEN 'paused: ' || p.pause_reason
                    WHEN clock.calendar IS NULL THEN 'elapsed time'
                    WHEN p.open THEN 'open: ' || o.rule
                    WHEN d.rule IS NULL THEN 'closed: no rule for ' || pg_catalog.to_char(d.day, 'FMDay')
                    WHEN d.rule LIKE '% off' THEN 'closed: ' || d.rule
                    ELSE 'closed: outside ' || d.rule END AS why
        FROM piece p
        LEFT JOIN day d ON d.day = p.day
        LEFT JOIN opened o ON o.from_at = p.from_at
    ), numbered AS (
        SELECT n.from_at, n.to_at, n.counted, n.why, pg_catalog.count(*) FILTER (WHERE n.begins) OVER (ORDER BY n.from_at) AS number
        FROM (SELECT n.*, pg_catalog.lag(n.why) OVER (ORDER BY n.from_at) IS DISTINCT FROM n.why
                          OR n.from_at IN (SELECT m.at FROM mark m) AS begins FROM named n) n
    ), line AS (
        SELECT pg_catalog.min(n.from_at) AS from_at, pg_catalog.max(n.to_at) AS to_at, n.counted, n.why, 0 AS place
        FROM numbered n
        GROUP BY n.number, n.counted, n.why
        UNION ALL
        SELECT m.at, m.at, false, m.why, m.place FROM mark m
    ), counted AS (
        SELECT l.*, pg_catalog.floor(pg_catalog.sum(CASE WHEN l.counted THEN EXTRACT(epoch FROM l.to_at - l.from_at) ELSE 0 END)
                                     OVER (ORDER BY l.from_at, l.to_at, l.place))::bigint AS total
        FROM line l
    )
    SELECT c.from_at, c.to_at, c.counted, c.why,
           c.total - pg_catalog.lag(c.total, 1, 0::bigint) OVER (ORDER BY c.from_at, c.to_at, c.place), c.total
    FROM counted c
    ORDER BY c.from_at, c.to_at, c.place;
END;
$$;
COMMENT ON FUNCTION leadflow.explain_due(name, bigint) IS
    'why a clock is due when it is due, as known at leadflow.clock(): all time from its start to its due time, or to its end or the present where it is late, in order and without gaps. counted: whether the time counts; why: the rule of the calendar by which it is open or closed, the reason of a pause, or elapsed time; seconds: how much of the row counts; total_seconds: how much counted up to its end. Rows without length mark the warning, the due time and what stopped the clock; where a pause goes on, or no working time is left, the last one says that the due time is not known. Needs SELECT on sla_clock and sla_pause. Errors: no such clock (P0002), no such workspace (42704)';
