CREATE OR REPLACE VIEW cadence_progress AS
SELECT c.id AS clock_id,
       c.lead_id,
       c.policy,
       c.owner,
       c.team,
       c.started_at,
       s.due_at AS window_ends_at,
       c.attempts::bigint AS attempts_wanted,
       p.made AS attempts_made,
       CASE WHEN s.is_open THEN
           GREATEST(c.attempts - p.made, COALESCE(c.channels, 1) - pg_catalog.cardinality(p.channels_used), 0)::bigint ELSE 0 END AS attempts_left,
       COALESCE(c.channels, 1)::bigint AS channels_wanted,
       pg_catalog.cardinality(p.channels_used)::bigint AS channels_tried,
       pg_catalog.array_to_string(p.channels_used, ', ') AS channels_used,
       p.last_at AS last_attempt_at,
       -- another minute of the clock, or the spacing, and then working time
       CASE WHEN s.state IN ('running', 'overdue') THEN
           leadflow.next_open(b.calendar, COALESCE(GREATEST(pg_catalog.date_trunc('minute', p.last_at) + interval '1 minute',
               p.last_at + pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.spacing))), c.started_at)) END AS next_attempt_at,
       CASE WHEN s.state IN ('running', 'overdue') THEN
           CASE WHEN c.attempt_every IS NOT NULL THEN
               LEAST(leadflow.add_worktime(b.calendar, COALESCE(p.last_at, c.started_at), c.attempt_every, s.pauses), s.due_at) END END AS next_attempt_due_at,
       CASE WHEN s.state IN ('running', 'overdue') THEN
           (SELECT k.kind
            FROM pg_catalog.unnest(c.stops_on_touch) WITH ORDINALITY k (kind, place)
            LEFT JOIN LATERAL (SELECT pg_catalog.max(t.at) AS at FROM touch t
                               WHERE t.lead_id = c.lead_id AND t.kind = k.kind AND t.direction = 'outbound'
                                   AND t.at >= c.started_at AND t.at <= n.at) u ON true
            ORDER BY u.at NULLS FIRST, k.place LIMIT 1) END AS next_kind,
       s.state
FROM (SELECT leadflow.clock() AS at) n
JOIN sla_clock c ON c.attempts IS NOT NULL AND c.started_at <= n.at
CROSS JOIN LATERAL (
    SELECT (m.x).made, (m.x).channels_used, (m.x).last_at
    FROM (SELECT leadflow.count_attempts(pg_catalog.array_agg(t.at), pg_catalog.array_agg(COALESCE(t.channel, t.kind)), c.spacing, c.attempts, c.channels) AS x
          FROM touch t
          WHERE t.lead_id = c.lead_id AND t.direction = 'outbound' AND t.kind = ANY (c.stops_on_touch)
              AND t.at >= c.started_at AND t.at <= LEAST(n.at, c.stopped_at, c.cancelled_at)
          OFFSET 0) m) p
CROSS JOIN LATERAL (
    SELECT x.is_open,
           x.pauses,
           w.due_at,
           CASE WHEN c.cancelled_at <= n.at THEN 'ended'
                WHEN NOT x.is_open THEN CASE WHEN c.stopped_by = 'attempts' THEN 'exhausted'
                                             WHEN pg_catalog.starts_with(c.stopped_by, 'answer ') THEN 'answered'
                                             ELSE 'ended' END
                WHEN x.paused_at <= w.due_at THEN 'paused'
                WHEN n.at > w.due_at THEN 'overdue'
                ELSE 'running' END AS state
    FROM (SELECT (c.stopped_at <= n.at OR c.cancelled_at <= n.at) IS NOT TRUE AS is_open,
                 pg_catalog.count(*) > 0 AS was_paused,
                 pg_catalog.min(u.paused_at) FILTER (WHERE u.paused_at <= n.at AND u.resumed_at <= n.at IS NOT TRUE) AS paused_at,
                 COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(u.paused_at, u.resumed_at)) FILTER (WHERE u.resumed_at <= n.at), '{}') AS pauses
          FROM sla_pause u
          WHERE u.clock_id = c.id) x
    -- as it was due then: a pause that ended later has not moved it yet
    CROSS JOIN LATERAL (
        SELECT CASE WHEN x.was_paused THEN
                   leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'::leadflow.calendar), c.started_at,
                                         pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), x.pauses)
               ELSE c.due_at END AS due_at) w) s
LEFT JOIN team_member m ON m.member = c.owner
LEFT JOIN business_calendar d ON d.code = COALESCE(m.calendar, 'default')
CROSS JOIN LATERAL (SELECT COALESCE(c.calendar, d.calendar) AS calendar) b
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = c.lead_id);
COMMENT ON VIEW cadence_progress IS 'Every cadence (a promise of so many attempts over so many channels) and how far it has come at leadflow.clock(). Attempts are those that count: far enough apart, and before the lead answered. Leads in lead_outside are left out.';
COMMENT ON COLUMN cadence_progress.clock_id IS 'number of the clock (sla_clock)';
COMMENT ON COLUMN cadence_progress.lead_id IS 'the lead';
COMMENT ON COLUMN cadence_progress.policy IS 'policy that started it';
COMMENT ON COLUMN cadence_progress.owner IS 'who owes the attempts';
COMMENT ON COLUMN cadence_progress.team IS 'the owner''s team';
COMMENT ON COLUMN cadence_progress.started_at IS 'when it started';
COMMENT ON COLUMN cadence_progress.window_ends_at IS 'when the attempts are to be made by';
COMMENT ON COLUMN cadence_progress.attempts_wanted IS 'number of attempts promised';
COMMENT ON COLUMN cadence_progress.attempts_made IS 'number made so far';
COMMENT ON COLUMN cadence_progress.attempts_left IS 'number still owed: of attempts, or of channels where more of these are missing; 0 once it has ended';
COMMENT ON COLUMN cadence_progress.channels_wanted IS 'number of channels promised';
COMMENT ON COLUMN cadence_progress.channels_tried IS 'number of channels used so far';
COMMENT ON COLUMN cadence_progress.channels_used IS 'the channels, in the order of their first use, separated by commas; the kind of touch where a touch names no channel';
COMMENT ON COLUMN cadence_progress.last_attempt_at IS 'last attempt that counts; null for none';
COMMENT ON COLUMN cadence_progress.next_attempt_at IS 'from when on the next attempt counts, in the owner''s working time; null where none is owed now';
COMMENT ON COLUMN cadence_progress.next_attempt_due_at IS 'when the next attempt is due: the promised working time after the last one or the start, without pauses, and not after window_ends_at; null where none is owed now, or no such time was promised';
COMMENT ON COLUMN cadence_progress.next_kind IS 'kind of touch suggested for it: the first that was not used yet, else the one used longest ago';
COMMENT ON COLUMN cadence_progress.state IS 'running, overdue (window_ends_at has passed and attempts are still owed), paused, exhausted (all attempts made, nobody answered), answered (the lead answered first) or ended (sales decided, or the lead left the path)';
