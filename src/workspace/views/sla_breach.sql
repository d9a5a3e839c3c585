/*
 * Of many promises that are owed few are broken: they are found by the indexes,
 * so PostgreSQL must see leadflow.clock() itself, to know how few, and what
 * belongs to them is looked up one by one (OFFSET 0). Only those that ever stood
 * still need the reckoning of sla_status.
 */
CREATE OR REPLACE VIEW sla_breach AS
WITH due AS NOT MATERIALIZED (
    SELECT c.* FROM sla_clock c
    WHERE c.due_at < leadflow.clock() AND c.stopped_at IS NULL AND c.cancelled_at IS NULL
    UNION ALL
    -- what has ended since
    SELECT c.* FROM sla_clock c WHERE c.due_at < leadflow.clock() AND c.stopped_at > leadflow.clock()
    UNION ALL
    SELECT c.* FROM sla_clock c WHERE c.due_at < leadflow.clock() AND c.cancelled_at > leadflow.clock()
), paused AS (
    SELECT d.id FROM due d WHERE EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = d.id)
    UNION
    -- what was resumed since was due earlier
    SELECT p.clock_id FROM sla_pause p WHERE p.resumed_at > leadflow.clock()
), broken AS (
    SELECT d.id AS clock_id, d.policy, d.metric, d.lead_id, d.opportunity_id, d.owner, d.team, d.variant,
           CASE WHEN d.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
           d.started_at, d.due_at,
           leadflow.seconds(d.target) AS target_seconds,
           pg_catalog.floor(t.elapsed)::bigint AS elapsed_seconds,
           pg_catalog.floor(pg_catalog.date_part('epoch', d.target) - t.elapsed)::bigint AS remaining_seconds
    FROM due d
    CROSS JOIN LATERAL (
        SELECT pg_catalog.date_part('epoch', CASE
            WHEN d.calendar IS NULL THEN leadflow.clock() - d.started_at
            ELSE leadflow.worktime(d.calendar, d.started_at, leadflow.clock()) END) AS elapsed
        OFFSET 0) t
    WHERE NOT EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = d.id)
    UNION ALL
    SELECT s.clock_id, s.policy, s.metric, s.lead_id, s.opportunity_id, s.owner, s.team, s.variant,
           s.measure, s.started_at, s.due_at, s.target_seconds, s.elapsed_seconds, s.remaining_seconds
    FROM paused p
    CROSS JOIN LATERAL (SELECT * FROM sla_status s WHERE s.clock_id = p.id AND s.state = 'breached' OFFSET 0) s
)
SELECT s.clock_id,
       s.policy,
       p.promise,
       s.metric,
       s.lead_id,
       s.opportunity_id,
       l.full_name,
       o.name AS opportunity,
       a.name AS account,
       s.owner,
       m.full_name AS owner_name,
       s.team,
       s.measure,
       s.started_at,
       s.due_at,
       s.target_seconds,
       s.elapsed_seconds,
       - s.remaining_seconds AS overdue_seconds,
       leadflow.seconds((SELECT leadflow.clock()) - s.due_at) AS since_due_seconds
FROM broken s
LEFT JOIN LATERAL (SELECT l.full_name, l.account_id FROM lead l WHERE l.id = s.lead_id OFFSET 0) l ON true
LEFT JOIN LATERAL (SELECT o.name, o.account_id FROM opportunity o WHERE o.id = s.opportunity_id OFFSET 0) o ON true
LEFT JOIN LATERAL (SELECT a.name FROM account a WHERE a.id = COALESCE(o.account_id, l.account_id) OFFSET 0) a ON true
LEFT JOIN team_member m ON m.member = s.owner
LEFT JOIN sla_policy p ON p.policy = s.policy
    AND p.variant = CASE WHEN EXISTS (SELECT FROM sla_policy v WHERE v.policy = s.policy AND v.variant = s.variant)
                         THEN s.variant ELSE '*' END
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
ORDER BY s.remaining_seconds, s.due_at, s.clock_id;
COMMENT ON VIEW sla_breach IS 'Promises that are broken at leadflow.clock() and still owed, the worst first. What was done late is met_late in sla_status. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_breach.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_breach.policy IS 'policy that started it';
COMMENT ON COLUMN sla_breach.promise IS 'the policy in words, as now in force';
COMMENT ON COLUMN sla_breach.metric IS 'what it measures';
COMMENT ON COLUMN sla_breach.lead_id IS 'lead that waits, or the lead of the opportunity';
COMMENT ON COLUMN sla_breach.opportunity_id IS 'opportunity that waits; null where a lead does';
COMMENT ON COLUMN sla_breach.full_name IS 'name of the person';
COMMENT ON COLUMN sla_breach.opportunity IS 'name of the deal';
COMMENT ON COLUMN sla_breach.account IS 'name of the company';
COMMENT ON COLUMN sla_breach.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_breach.owner_name IS 'the owner''s name';
COMMENT ON COLUMN sla_breach.team IS 'the owner''s team';
COMMENT ON COLUMN sla_breach.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_breach.started_at IS 'when it started';
COMMENT ON COLUMN sla_breach.due_at IS 'when the promise was broken';
COMMENT ON COLUMN sla_breach.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_breach.elapsed_seconds IS 'how much of the clock''s own time has passed, without pauses: whole seconds';
COMMENT ON COLUMN sla_breach.overdue_seconds IS 'elapsed less target, in the clock''s own time: whole seconds, rounded up; 0 while no working time has passed since it fell due';
COMMENT ON COLUMN sla_breach.since_due_seconds IS 'time of the wall clock since it fell due: whole seconds';
