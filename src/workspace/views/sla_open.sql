-- Open clocks are found by their own indexes. Those that are over by now are
-- looked at only where the present is in the past.
CREATE OR REPLACE VIEW sla_open AS
SELECT s.clock_id,
       s.policy,
       s.metric,
       s.owes,
       s.lead_id,
       s.opportunity_id,
       s.owner,
       s.team,
       s.variant,
       CASE WHEN s.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
       s.started_at,
       s.warn_at,
       s.due_at,
       CASE WHEN s.paused_at <= s.due_at THEN 'paused'
            WHEN s.present_at > s.due_at THEN 'breached'
            WHEN s.present_at >= s.warn_at THEN 'warning'
            ELSE 'running' END AS state,
       s.paused_at,
       s.pause_reason,
       leadflow.seconds(s.target) AS target_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', s.target) - pg_catalog.date_part('epoch',
           CASE WHEN s.pauses IS NOT NULL THEN leadflow.worktime(COALESCE(s.calendar, 'UTC; 24/7'), s.started_at, s.present_at, s.pauses)
                WHEN s.calendar IS NULL THEN s.present_at - s.started_at
                ELSE leadflow.worktime(s.calendar, s.started_at, s.present_at) END))::bigint AS remaining_seconds,
       leadflow.seconds(s.present_at - s.started_at) AS waiting_seconds,
       s.started_by,
       s.start_touch_id
FROM (SELECT c.id AS clock_id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.calendar,
             c.started_at, c.target, c.started_by, c.start_touch_id, n.at AS present_at,
             p.pauses, p.paused_at, p.pause_reason,
             CASE WHEN c.opportunity_id IS NOT NULL THEN 'approval'
                  WHEN c.attempts IS NOT NULL THEN 'attempts'
                  WHEN c.stops_on_touch <> '{}' THEN 'answer'
                  WHEN c.stops_on_verdict THEN 'verdict'
                  ELSE 'move' END AS owes,
             -- resuming a clock moves its limits; what was resumed after the present has not moved them yet
             CASE WHEN p.moved_later THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
                 pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.warn_after)), p.ended) ELSE c.warn_at END AS warn_at,
             CASE WHEN p.moved_later THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
                 pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), p.ended) ELSE c.due_at END AS due_at
      FROM (SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at,
                   c.due_at, c.target, c.warn_after, c.calendar, c.stops_on_touch, c.stops_on_verdict, c.attempts, c.started_by, c.start_touch_id
            FROM sla_clock c
            WHERE c.stopped_at IS NULL AND c.cancelled_at IS NULL
            UNION ALL
            SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at,
                   c.due_at, c.target, c.warn_after, c.calendar, c.stops_on_touch, c.stops_on_verdict, c.attempts, c.started_by, c.start_touch_id
            FROM sla_clock c
            WHERE (c.stopped_at > (SELECT leadflow.clock()) OR c.cancelled_at > (SELECT leadflow.clock()))
                AND (SELECT leadflow.clock()) < pg_catalog.now()) c
      CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS at) n
      CROSS JOIN LATERAL (
          SELECT pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, LEAST(p.resumed_at, n.at))) AS pauses,
                 COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at))
                     FILTER (WHERE p.resumed_at <= n.at), '{}') AS ended,
                 pg_catalog.min(p.paused_at) FILTER (WHERE p.resumed_at <= n.at IS NOT TRUE) AS paused_at,
                 pg_catalog.string_agg(p.reason, '; ' ORDER BY p.paused_at)
                     FILTER (WHERE p.resumed_at <= n.at IS NOT TRUE) AS pause_reason,
                 COALESCE(pg_catalog.bool_or(p.resumed_at > n.at), false) AS moved_later
          FROM sla_pause p
          WHERE p.clock_id = c.id AND p.paused_at <= n.at) p
      WHERE c.started_at <= n.at) s
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id);
COMMENT ON VIEW sla_open IS 'Promises that are still owed at leadflow.clock(), as sla_status shows them, found by the lead, the opportunity or the due time without reading those that are over. Where the present is in the past, what was stopped or cancelled since is among them, but now nothing is that a touch dated in the future has stopped; the owner is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_open.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_open.policy IS 'policy that started it';
COMMENT ON COLUMN sla_open.metric IS 'what it measures';
COMMENT ON COLUMN sla_open.owes IS 'what is owed: answer (a touch to the lead), attempts (a cadence), verdict (accept or reject), approval (whatever an opportunity waits for), or move (another stage, or an answer of the lead)';
COMMENT ON COLUMN sla_open.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_open.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_open.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_open.team IS 'the owner''s team';
COMMENT ON COLUMN sla_open.variant IS 'variant of the lead or opportunity when it started';
COMMENT ON COLUMN sla_open.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_open.started_at IS 'when it started';
COMMENT ON COLUMN sla_open.warn_at IS 'when it goes into warning; null for no warning';
COMMENT ON COLUMN sla_open.due_at IS 'when the promise is broken unless it is kept by then; does not foresee the end of a pause';
COMMENT ON COLUMN sla_open.state IS 'running, warning (warn_at has come), paused (stands still, and was not late before) or breached (due_at has passed)';
COMMENT ON COLUMN sla_open.paused_at IS 'since when it stands still; null where it does not';
COMMENT ON COLUMN sla_open.pause_reason IS 'why it stands still';
COMMENT ON COLUMN sla_open.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_open.remaining_seconds IS 'what is left of it in the clock''s own time, without pauses: whole seconds, rounded down; below 0 when late';
COMMENT ON COLUMN sla_open.waiting_seconds IS 'time of the wall clock since the start, pauses included: whole seconds';
COMMENT ON COLUMN sla_open.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_open.start_touch_id IS 'touch that started it';
