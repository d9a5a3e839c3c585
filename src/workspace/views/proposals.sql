CREATE OR REPLACE VIEW proposals AS
WITH said AS (
    SELECT d.proposal_id,
           pg_catalog.array_agg(DISTINCT d.department) FILTER (WHERE d.decision = 'approve') AS agreed,
           pg_catalog.string_agg(d.actor || ' (' || d.department || ')', ', ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C")
               FILTER (WHERE d.decision = 'approve') AS approved_by,
           pg_catalog.max(d.decided_at) FILTER (WHERE d.decision = 'approve') AS approved_at,
           pg_catalog.min(d.decision) FILTER (WHERE d.decision <> 'approve') AS refusal,
           pg_catalog.max(d.decided_at) FILTER (WHERE d.decision <> 'approve') AS refused_at,
           pg_catalog.string_agg(d.actor, ', ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C") FILTER (WHERE d.decision <> 'approve') AS refused_by,
           pg_catalog.string_agg(d.note, ' ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C") AS note
    FROM proposal_decision d
    GROUP BY d.proposal_id
), judged AS (
    SELECT p.*, s.approved_by, s.approved_at, s.refusal, s.refused_at, s.refused_by, s.note,
           'revops' = ANY (s.agreed) OR pg_catalog.cardinality(s.agreed) > 0
               AND COALESCE(c.approved_by, '{marketing,sales}') <@ (s.agreed || COALESCE(p.department, '')) AS is_approved,
           (SELECT pg_catalog.string_agg(o.department, ', ' ORDER BY o.place)
            FROM pg_catalog.unnest(COALESCE(c.approved_by, '{marketing,sales}')) WITH ORDINALITY o (department, place)
            WHERE o.department <> ALL (COALESCE(s.agreed, '{}') || COALESCE(p.department, ''))) AS missing
    FROM proposal p
    LEFT JOIN said s ON s.proposal_id = p.id
    LEFT JOIN review_cycle c ON c.definition = p.definition
)
SELECT j.id,
       j.definition,
       j.operation,
       j.key,
       j.old_row,
       j.new_row,
       j.reason,
       j.proposed_at,
       j.proposed_by,
       j.department,
       CASE WHEN j.applied_at IS NOT NULL THEN 'applied'
            WHEN j.refusal = 'reject' THEN 'rejected'
            WHEN j.refusal = 'withdraw' THEN 'withdrawn'
            WHEN j.is_approved IS NOT TRUE THEN 'proposed'
            WHEN j.fault IS NOT NULL THEN 'failed'
            ELSE 'approved' END AS status,
       j.in_force_from AS in_force_at,
       j.backtest,
       j.backtest_note,
       j.held_up,
       j.approved_by,
       CASE WHEN j.applied_at IS NULL AND j.refusal IS NULL AND j.is_approved IS NOT TRUE
            THEN COALESCE(j.missing, 'somebody else') END AS waits_for,
       CASE WHEN j.refusal IS NOT NULL THEN j.refused_at WHEN j.is_approved THEN j.approved_at END AS decided_at,
       j.refused_by,
       j.note,
       j.applied_at,
       j.applied_by,
       j.applied_version,
       j.fault
FROM judged j
ORDER BY j.id;
COMMENT ON VIEW proposals IS 'Proposed changes of definitions, and where each of them stands. It is approved once every department that review_cycle names has agreed, that of the proposer by proposing, at least one member besides the proposer, or a member of revops alone.';
COMMENT ON COLUMN proposals.id IS 'number of the proposal';
COMMENT ON COLUMN proposals.definition IS 'name of the definition table';
COMMENT ON COLUMN proposals.operation IS 'insert, update or delete';
COMMENT ON COLUMN proposals.key IS 'primary key of the row that is changed; null for insert';
COMMENT ON COLUMN proposals.old_row IS 'the row as it was when the change was proposed; null for insert';
COMMENT ON COLUMN proposals.new_row IS 'the columns that are written, with their values; null for delete';
COMMENT ON COLUMN proposals.reason IS 'why, in words';
COMMENT ON COLUMN proposals.proposed_at IS 'when it was proposed';
COMMENT ON COLUMN proposals.proposed_by IS 'who proposed it';
COMMENT ON COLUMN proposals.department IS 'department of the proposer; null where it is no active team_member';
COMMENT ON COLUMN proposals.status IS 'proposed, approved, applied (in force since applied_at), failed (approved, but it could not be written: see fault), rejected or withdrawn';
COMMENT ON COLUMN proposals.in_force_at IS 'from when it is to be in force';
COMMENT ON COLUMN proposals.backtest IS 'what it would have made of the past; null where there is no back-test';
COMMENT ON COLUMN proposals.backtest_note IS 'why there is no back-test; null where there is one';
COMMENT ON COLUMN proposals.held_up IS 'leads between the stage of a criterion and won that could not take their next step with it as proposed; null for anything else';
COMMENT ON COLUMN proposals.approved_by IS 'who approved it, with departments; null for nobody';
COMMENT ON COLUMN proposals.waits_for IS 'departments that have not agreed yet, or somebody else (than the proposer); null once it is decided';
COMMENT ON COLUMN proposals.decided_at IS 'when it was approved by the last who did, rejected or withdrawn; null while it waits';
COMMENT ON COLUMN proposals.refused_by IS 'who rejected or withdrew it';
COMMENT ON COLUMN proposals.note IS 'what those who decided said';
COMMENT ON COLUMN proposals.applied_at IS 'when it was written to the definition; null while it was not';
COMMENT ON COLUMN proposals.applied_by IS 'role that wrote it';
COMMENT ON COLUMN proposals.applied_version IS 'version of the definitions that it made';
COMMENT ON COLUMN proposals.fault IS 'why it could not be written at the last try; null where nothing stood in the way';
