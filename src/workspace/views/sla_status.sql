CREATE OR REPLACE VIEW sla_status AS
WITH present AS MATERIALIZED (
    SELECT leadflow.clock() AS at
), pause AS (
    SELECT p.clock_id,
           pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, LEAST(p.resumed_at, n.at))) FILTER (WHERE p.paused_at <= n.at) AS known,
           pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at)) FILTER (WHERE p.resumed_at <= n.at) AS ended,
           pg_catalog.min(p.paused_at) FILTER (WHERE p.paused_at <= n.at AND (p.resumed_at > n.at OR p.resumed_at IS NULL)) AS open_since,
           pg_catalog.string_agg(p.reason, '; ' ORDER BY p.paused_at)
               FILTER (WHERE p.paused_at <= n.at AND (p.resumed_at > n.at OR p.resumed_at IS NULL)) AS reason,
           pg_catalog.bool_or(p.resumed_at > n.at) AS moved_later
    FROM sla_pause p
    CROSS JOIN present n
    GROUP BY p.clock_id
), clock AS (
    SELECT c.*,
           n.at AS present_at,
           LEAST(n.at, c.stopped_at, c.cancelled_at) AS until_at,
           p.known AS pauses,
           p.open_since,
           p.reason AS pause_reason,
           -- resuming a clock moves its limits; what was resumed later had not moved them yet
           CASE WHEN NOT COALESCE(p.moved_later, false) THEN c.warn_at
                WHEN c.calendar IS NULL THEN c.started_at + c.warn_after + COALESCE(
                    (SELECT pg_catalog.sum(pg_catalog.upper(r) - pg_catalog.lower(r)) FROM pg_catalog.unnest(p.ended) r), '0')
                ELSE leadflow.add_worktime(c.calendar, c.started_at, c.warn_after + COALESCE(
                    (SELECT pg_catalog.sum(leadflow.worktime(c.calendar, pg_catalog.lower(r), pg_catalog.upper(r)))
                     FROM pg_catalog.unnest(p.ended) r), '0'))
           END AS warns_at,
           CASE WHEN NOT COALESCE(p.moved_later, false) THEN c.due_at
                WHEN c.calendar IS NULL THEN c.started_at + c.target + COALESCE(
                    (SELECT pg_catalog.sum(pg_catalog.upper(r) - pg_catalog.lower(r)) FROM pg_catalog.unnest(p.ended) r), '0')
                ELSE leadflow.add_worktime(c.calendar, c.started_at, c.target + COALESCE(
                    (SELECT pg_catalog.sum(leadflow.worktime(c.calendar, pg_catalog.lower(r), pg_catalog.upper(r)))
                     FROM pg_catalog.unnest(p.ended) r), '0'))
           END AS falls_due_at
    FROM sla_clock c
    CROSS JOIN present n
    LEFT JOIN pause p ON p.clock_id = c.id
    WHERE c.started_at <= n.at
)
SELECT c.id AS clock_id,
       c.policy,
       c.metric,
       c.lead_id,
       c.owner,
       c.team,
       c.variant,
       CASE WHEN c.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
       c.started_at,
       c.warns_at AS warn_at,
       c.falls_due_at AS due_at,
       CASE WHEN c.stopped_at <= c.present_at THEN c.stopped_at END AS stopped_at,
       CASE WHEN c.cancelled_at <= c.present_at THEN c.cancelled_at END AS cancelled_at,
       CASE WHEN c.cancelled_at <= c.present_at THEN 'cancelled'
            WHEN c.stopped_at <= c.present_at AND c.stopped_at <= c.falls_due_at THEN 'met'
            WHEN c.stopped_at <= c.present_at THEN 'met_late'
            WHEN c.open_since <= c.falls_due_at THEN 'paused'
            WHEN c.present_at > c.falls_due_at THEN 'breached'
            WHEN c.present_at >= c.warns_at THEN 'warning'
            ELSE 'running' END AS state,
       CASE WHEN c.stopped_at <= c.present_at OR c.cancelled_at <= c.present_at THEN NULL ELSE c.open_since END AS paused_at,
       CASE WHEN c.stopped_at <= c.present_at OR c.cancelled_at <= c.present_at THEN NULL ELSE c.pause_reason END AS pause_reason,
       pg_catalog.date_part('epoch', c.target)::bigint AS target_seconds,
       pg_catalog.floor(t.elapsed)::bigint AS elapsed_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', c.target) - t.elapsed)::bigint AS remaining_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', c.until_at - c.started_at))::bigint AS waiting_seconds,
       CASE WHEN c.calendar IS NOT NULL THEN pg_catalog.floor(t.elapsed)::bigint
            WHEN c.pauses IS NULL THEN
                pg_catalog.floor(pg_catalog.date_part('epoch', leadflow.worktime(b.calendar, c.started_at, c.until_at)))::bigint
            ELSE pg_catalog.floor(pg_catalog.date_part('epoch', leadflow.worktime(b.calendar, c.started_at, c.until_at, c.pauses)))::bigint
       END AS working_seconds,
       c.started_by,
       CASE WHEN c.stopped_at <= c.present_at OR c.cancelled_at <= c.present_at THEN c.stopped_by END AS stopped_by,
       c.start_touch_id,
       CASE WHEN c.stopped_at <= c.present_at THEN c.stop_touch_id END AS stop_touch_id,
       c.definition_version
FROM clock c
LEFT JOIN team_member m ON m.member = c.owner
LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default')
-- OFFSET 0: compute it once for the two columns that need it
CROSS JOIN LATERAL (
    SELECT pg_catalog.date_part('epoch', CASE
        WHEN c.calendar IS NOT NULL AND c.pauses IS NULL THEN leadflow.worktime(c.calendar, c.started_at, c.until_at)
        WHEN c.calendar IS NOT NULL THEN leadflow.worktime(c.calendar, c.started_at, c.until_at, c.pauses)
        WHEN c.pauses IS NULL THEN c.until_at - c.started_at
        ELSE c.until_at - c.started_at - COALESCE(
            (SELECT pg_catalog.sum(pg_catalog.upper(r) - pg_catalog.lower(r))
             FROM pg_catalog.unnest(c.pauses * pg_catalog.tstzmultirange(pg_catalog.tstzrange(c.started_at, c.until_at))) r), '0')
        END) AS elapsed
    OFFSET 0) t;
COMMENT ON VIEW sla_status IS 'Every promise that was started, and how it stands at leadflow.clock(). A clock that was stopped, paused or resumed after that instant is shown as it was then; its owner is the present one.';
COMMENT ON COLUMN sla_status.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_status.policy IS 'policy that started it';
COMMENT ON COLUMN sla_status.metric IS 'what it measures';
COMMENT ON COLUMN sla_status.lead_id IS 'lead it runs for';
COMMENT ON COLUMN sla_status.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_status.team IS 'the owner''s team';
COMMENT ON COLUMN sla_status.variant IS 'variant of the lead when it started';
COMMENT ON COLUMN sla_status.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_status.started_at IS 'when it started';
COMMENT ON COLUMN sla_status.warn_at IS 'when it goes into warning; null for no warning';
COMMENT ON COLUMN sla_status.due_at IS 'when the promise is broken unless it is kept by then; does not foresee the end of a pause';
COMMENT ON COLUMN sla_status.stopped_at IS 'when what was promised was done';
COMMENT ON COLUMN sla_status.cancelled_at IS 'when it lost its meaning';
COMMENT ON COLUMN sla_status.state IS 'running, warning (warn_at has come), paused (stands still, and was not late before), breached (due_at has passed), met (stopped by due_at), met_late (stopped after it) or cancelled';
COMMENT ON COLUMN sla_status.paused_at IS 'since when it stands still; null where it does not';
COMMENT ON COLUMN sla_status.pause_reason IS 'why it stands still';
COMMENT ON COLUMN sla_status.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_status.elapsed_seconds IS 'how much of the clock''s own time has passed, or had when it was stopped or cancelled, without pauses: whole seconds, rounded down';
COMMENT ON COLUMN sla_status.remaining_seconds IS 'target less elapsed, in the clock''s own time: whole seconds, rounded down; below 0 when late';
COMMENT ON COLUMN sla_status.waiting_seconds IS 'time of the wall clock since the start, or until it was stopped or cancelled, pauses included: what the lead waited, whole seconds';
COMMENT ON COLUMN sla_status.working_seconds IS 'the same in working time, without pauses, of the clock''s calendar or, where it has none, the owner''s or the default one: whole seconds; null where there is no calendar';
COMMENT ON COLUMN sla_status.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_status.stopped_by IS 'what stopped or cancelled it';
COMMENT ON COLUMN sla_status.start_touch_id IS 'touch that started it';
COMMENT ON COLUMN sla_status.stop_touch_id IS 'touch that stopped it';
COMMENT ON COLUMN sla_status.definition_version IS 'version of the definitions in force when it started';
