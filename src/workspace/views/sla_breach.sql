/*
 * What can be broken is found by indexes first: PostgreSQL must see
 * leadflow.clock() itself, to know how few clocks that are.
 */
CREATE OR REPLACE VIEW sla_breach AS
WITH due AS (
    SELECT c.id FROM sla_clock c
    WHERE c.stopped_at IS NULL AND c.cancelled_at IS NULL AND c.due_at < leadflow.clock()
    UNION
    -- what has ended, or was resumed, after the present
    SELECT c.id FROM sla_clock c
    WHERE COALESCE(c.stopped_at, c.cancelled_at) > leadflow.clock()
    UNION
    SELECT p.clock_id FROM sla_pause p
    WHERE p.resumed_at > leadflow.clock()
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
FROM due d
JOIN sla_status s ON s.clock_id = d.id
LEFT JOIN lead l ON l.id = s.lead_id
LEFT JOIN opportunity o ON o.id = s.opportunity_id
LEFT JOIN account a ON a.id = COALESCE(o.account_id, l.account_id)
LEFT JOIN team_member m ON m.member = s.owner
LEFT JOIN sla_policy p ON p.policy = s.policy
    AND p.variant = CASE WHEN EXISTS (SELECT FROM sla_policy v WHERE v.policy = s.policy AND v.variant = s.variant)
                         THEN s.variant ELSE '*' END
WHERE s.state = 'breached'
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
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
