-- The reasons as an array, and one scan: so the few leads are found by their
-- indexes, and PostgreSQL knows that a lead is listed once.
CREATE OR REPLACE VIEW lead_outside AS
SELECT l.id AS lead_id,
       CASE WHEN l.merged_into IS NULL THEN l.reason ELSE 'merged' END AS why
FROM lead l
WHERE l.merged_into IS NOT NULL
   OR l.reason = ANY (ARRAY(SELECT r.code FROM reason r WHERE NOT r.counts)) AND l.stage < 'visitor';
COMMENT ON VIEW lead_outside IS 'Leads that are outside every denominator: those merged into another lead, and those that are in an exit now with a reason that does not count, such as spam or a test. No report counts them or their opportunities, whatever leadflow.clock() is: what is found to be a test always was one. stage_history, current_stage and sla_status list them.';
COMMENT ON COLUMN lead_outside.lead_id IS 'the lead';
COMMENT ON COLUMN lead_outside.why IS 'merged, or the code of the reason';
