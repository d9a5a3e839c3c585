CREATE OR REPLACE VIEW definition_reviews AS
WITH kind AS (
    -- what is recorded is a definition
    SELECT c.relname::text AS definition
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT w.relnamespace FROM pg_catalog.pg_class w WHERE w.oid = 'definition_change'::pg_catalog.regclass)
        AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'leadflow_definition_recorder' AND t.tgtype & 1 = 1)
    UNION ALL
    SELECT r.definition
    FROM review_cycle r
    WHERE r.definition = 'lead_merge'
), changed AS (
    (SELECT DISTINCT ON (c.definition) c.definition, c.version, c.changed_at, c.actor
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
    ORDER BY c.definition, c.version DESC)
    UNION ALL
    -- merges are looked for only where somebody asks for them
    SELECT r.definition, NULL::bigint AS version, m.merged_at AS changed_at, m.actor
    FROM review_cycle r
    CROSS JOIN LATERAL (SELECT g.merged_at, g.actor
                        FROM lead_merge g
                        WHERE g.merged_at <= (SELECT leadflow.clock()) AND g.winner_id IN (SELECT s.id FROM visible_lead s)
                        ORDER BY g.merged_at DESC
                        LIMIT 1) m
    WHERE r.definition = 'lead_merge'
), looked AS (
    SELECT k.definition,
           COALESCE(r.every, interval '6 months') AS every,
           r.team,
           COALESCE(r.approved_by, '{marketing,sales}') AS approved_by,
           c.version,
           c.changed_at,
           c.actor,
           r.confirmed_on,
           r.confirmed_by,
           COALESCE(GREATEST(c.changed_at, r.confirmed_on::timestamp AT TIME ZONE 'UTC'), (SELECT w.created_at FROM workspace w)) AS looked_at
    FROM kind k
    LEFT JOIN changed c ON c.definition = k.definition
    LEFT JOIN review_cycle r ON r.definition = k.definition
)
SELECT l.definition,
       l.team,
       pg_catalog.array_to_string(l.approved_by, ', ') AS approved_by,
       l.version AS last_version,
       l.changed_at AS last_changed_at,
       l.actor AS last_changed_by,
       l.confirmed_on,
       l.confirmed_by,
       leadflow.seconds(l.every) AS every_seconds,
       l.looked_at + l.every AS due_at,
       l.looked_at + l.every <= (SELECT leadflow.clock()) AS overdue
FROM looked l
ORDER BY l.looked_at + l.every, l.definition;
COMMENT ON VIEW definition_reviews IS 'When each kind of definition is to be looked at again. To change it is to look at it; whoever leaves it as it is writes review_cycle.confirmed_on. Where review_cycle has a row for it, lead_merge is listed too: the search for duplicates, of which each merge is a look.';
COMMENT ON COLUMN definition_reviews.definition IS 'name of the definition table, or lead_merge';
COMMENT ON COLUMN definition_reviews.team IS 'team that calls the review; null for both departments';
COMMENT ON COLUMN definition_reviews.approved_by IS 'departments that must agree to a change of it';
COMMENT ON COLUMN definition_reviews.last_version IS 'version of the definitions that its last change made; null where it has never changed, and for lead_merge';
COMMENT ON COLUMN definition_reviews.last_changed_at IS 'when it was last changed';
COMMENT ON COLUMN definition_reviews.last_changed_by IS 'who changed it last';
COMMENT ON COLUMN definition_reviews.confirmed_on IS 'when it was last looked at and left as it is; null for never';
COMMENT ON COLUMN definition_reviews.confirmed_by IS 'who said so';
COMMENT ON COLUMN definition_reviews.every_seconds IS 'longest time between two looks, in seconds';
COMMENT ON COLUMN definition_reviews.due_at IS 'when it is to be looked at again: that long after its last change or confirmation, or after the workspace was created';
COMMENT ON COLUMN definition_reviews.overdue IS 'whether that has passed';
