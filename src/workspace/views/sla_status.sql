CREATE OR REPLACE VIEW sla_status AS
WITH present AS MATERIALIZED (
    SELECT leadflow.clock() AS at
), clock AS (
    SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.target, c.calendar,
           c.started_by, c.start_touch_id, c.definition_version,
           -- the limits that are stored know of the pauses that were resumed, also after the present
           CASE WHEN c.moved THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
               pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.warn_after)), c.ended) ELSE c.warn_at END AS warn_at,
           CASE WHEN c.moved THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
               pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), c.ended) ELSE c.due_at END AS due_at,
           CASE WHEN c.stopped_at <= n.at THEN c.stopped_at END AS stopped_at,
           CASE WHEN c.stopped_at <= n.at THEN c.stop_touch_id END AS stop_touch_id,
           CASE WHEN c.cancelled_at <= n.at THEN c.cancelled_at END AS cancelled_at,
           CASE WHEN c.stopped_at <= n.at OR c.cancelled_at <= n.at THEN c.stopped_by END AS stopped_by,
           CASE WHEN c.stopped_at <= n.at OR c.cancelled_at <= n.at THEN NULL ELSE c.open_since END AS paused_at,
           c.reason AS pause_reason,
           c.known AS pauses,
           n.at AS present_at,
           LEAST(n.at, c.stopped_at, c.cancelled_at) AS until_at,
           t.elapsed
    FROM (SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at, c.due_at,
                 c.stopped_at, c.cancelled_at, c.target, c.warn_after, c.calendar, c.started_by, c.stopped_by, c.start_touch_id, c.stop_touch_id,
                 c.definition_version,
                 NULL::tstzmultirange AS known, NULL::tstzmultirange AS ended, NULL::timestamptz AS open_since, NULL::text AS reason, false AS moved
          FROM sla_clock c
          WHERE NOT EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = c.id)
          UNION ALL
          -- the clocks that ever stood still: few, so that the others cost little
          SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at, c.due_at,
                 c.stopped_at, c.cancelled_at, c.target, c.warn_after, c.calendar, c.started_by, c.stopped_by, c.start_touch_id, c.stop_touch_id,
                 c.definition_version,
                 p.known, p.ended, p.open_since, p.reason, p.moved
          FROM sla_clock c
          CROSS JOIN LATERAL (
              SELECT COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, LEAST(e.resumed_at, n.at)))
                         FILTER (WHERE p.paused_at <= n.at), '{}') AS known,
                     COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, e.resumed_at))
                         FILTER (WHERE e.resumed_at <= n.at), '{}') AS ended,
                     pg_catalog.min(p.paused_at) FILTER (WHERE p.paused_at <= n.at AND e.resumed_at <= n.at IS NOT TRUE) AS open_since,
                     pg_catalog.string_agg(p.reason, '; ' ORDER BY p.paused_at)
                         FILTER (WHERE p.paused_at <= n.at AND e.resumed_at <= n.at IS NOT TRUE) AS reason,
                     pg_catalog.bool_or(e.resumed_at > n.at IS TRUE OR e.resumed_at IS DISTINCT FROM p.resumed_at) AS moved
              FROM sla_pause p
              CROSS JOIN present n
              -- what stopped the clock has ended its pause
              CROSS JOIN LATERAL (
                  SELECT CASE WHEN c.stopped_at <= n.at AND (p.resumed_at <= c.stopped_at) IS NOT TRUE
                              THEN GREATEST(c.stopped_at, p.paused_at) ELSE p.resumed_at END AS resumed_at) e
              WHERE p.clock_id = c.id) p
          WHERE EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = c.id)) c
    CROSS JOIN present n
    -- OFFSET 0: compute it once for the columns that need it
    CROSS JOIN LATERAL (
        SELECT pg_catalog.date_part('epoch', CASE
            WHEN c.known IS NOT NULL THEN leadflow.worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at, LEAST(n.at, c.stopped_at, c.cancelled_at), c.known)
            WHEN c.calendar IS NULL THEN LEAST(n.at, c.stopped_at, c.cancelled_at) - c.started_at
            ELSE leadflow.worktime(c.calendar, c.started_at, LEAST(n.at, c.stopped_at, c.cancelled_at)) END) AS elapsed
        OFFSET 0) t
    WHERE c.started_at <= n.at
)
SELECT c.id AS clock_id,
       c.policy,
       c.metric,
       c.lead_id,
       c.opportunity_id,
       c.owner,
       c.team,
       c.variant,
       CASE WHEN c.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
       c.started_at,
       c.warn_at,
       c.due_at,
       c.stopped_at,
       c.cancelled_at,
       CASE WHEN c.cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN c.stopped_at <= c.due_at THEN 'met'
            WHEN c.stopped_at IS NOT NULL THEN 'met_late'
            WHEN c.paused_at <= c.due_at THEN 'paused'
            WHEN c.present_at > c.due_at THEN 'breached'
            WHEN c.present_at >= c.warn_at THEN 'warning'
            ELSE 'running' END AS state,
       c.paused_at,
       CASE WHEN c.paused_at IS NOT NULL THEN c.pause_reason END AS pause_reason,
       leadflow.seconds(c.target) AS target_seconds,
       pg_catalog.floor(c.elapsed)::bigint AS elapsed_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', c.target) - c.elapsed)::bigint AS remaining_seconds,
       leadflow.seconds(c.until_at - c.started_at) AS waiting_seconds,
       CASE WHEN c.calendar IS NOT NULL THEN pg_catalog.floor(c.elapsed)::bigint
            WHEN c.pauses IS NULL THEN
                leadflow.seconds(leadflow.worktime(b.calendar, c.started_at, c.until_at))
            ELSE leadflow.seconds(leadflow.worktime(b.calendar, c.started_at, c.until_at, c.pauses))
       END AS working_seconds,
       c.started_by,
       c.stopped_by,
       c.start_touch_id,
       c.stop_touch_id,
       c.definition_version
FROM clock c
LEFT JOIN team_member m ON m.member = c.owner
LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default');
COMMENT ON VIEW sla_status IS 'Every promise that was started, and how it stands at leadflow.clock(). A clock that was stopped, paused or resumed after that instant is shown as it was then; its owner is the present one.';
COMMENT ON COLUMN sla_status.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_status.policy IS 'policy that started it';
COMMENT ON COLUMN sla_status.metric IS 'what it measures';
COMMENT ON COLUMN sla_status.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_status.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_status.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_status.team IS 'the owner''s team';
COMMENT ON COLUMN sla_status.variant IS 'variant of the lead or opportunity when it started';
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
