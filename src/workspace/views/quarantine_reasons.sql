CREATE OR REPLACE VIEW quarantine_reasons AS
SELECT q.object,
       q.source,
       u.missing ->> 'criterion' AS criterion,
       (pg_catalog.array_agg(u.missing ->> 'requirement' ORDER BY q.recorded_at DESC, q.id DESC))[1] AS requirement,
       pg_catalog.count(DISTINCT q.id) AS parked,
       pg_catalog.min(q.recorded_at) AS oldest_at,
       pg_catalog.max(q.recorded_at) AS latest_at,
       (pg_catalog.array_agg(q.external_id ORDER BY q.recorded_at DESC, q.id DESC) FILTER (WHERE q.external_id IS NOT NULL))[1] AS example_external_id
FROM quarantine q
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(q.unmet) u (missing)
GROUP BY q.object, q.source, u.missing ->> 'criterion'
ORDER BY pg_catalog.count(DISTINCT q.id) DESC, q.object, q.source, u.missing ->> 'criterion';
COMMENT ON VIEW quarantine_reasons IS 'What keeps rows in quarantine now: a row for each thing that is missing, of each tool. A parked row that lacks several counts in each of them. leadflow.retry_quarantine tries them again.';
COMMENT ON COLUMN quarantine_reasons.object IS 'lead or opportunity';
COMMENT ON COLUMN quarantine_reasons.source IS 'tool that wrote the rows';
COMMENT ON COLUMN quarantine_reasons.criterion IS 'code of the criterion that is not met';
COMMENT ON COLUMN quarantine_reasons.requirement IS 'the criterion in words, as the latest row was told';
COMMENT ON COLUMN quarantine_reasons.parked IS 'number of parked rows that lack it';
COMMENT ON COLUMN quarantine_reasons.oldest_at IS 'when the first of them was parked';
COMMENT ON COLUMN quarantine_reasons.latest_at IS 'when the last of them was parked';
COMMENT ON COLUMN quarantine_reasons.example_external_id IS 'the tool''s own key of the latest that has one; null for none';
