CREATE OR REPLACE VIEW hypothesis_board AS
SELECT h.hypothesis,
       h.question,
       h.owner,
       h.segment,
       h.persona,
       h.measure,
       h.starts_on,
       h.ends_on,
       CASE WHEN h.closed_on <= n.today THEN 'closed'
            WHEN h.ends_on < n.today THEN 'overdue'
            WHEN h.starts_on > n.today THEN 'planned'
            ELSE 'open' END AS state,
       t.talks,
       t.supports,
       (t.supports::numeric / NULLIF(t.talks, 0))::numeric(9,6) AS supports_share,
       i.low::numeric(9,6) AS supports_share_low,
       i.high::numeric(9,6) AS supports_share_high,
       e.experiments,
       CASE WHEN h.closed_on <= n.today THEN h.closed_on END AS closed_on,
       CASE WHEN h.closed_on <= n.today THEN h.verdict END AS verdict,
       CASE WHEN h.closed_on <= n.today THEN h.conclusion END AS conclusion
FROM hypothesis h
CROSS JOIN (SELECT (SELECT leadflow.clock())::date AS today) n
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS talks, pg_catalog.count(*) FILTER (WHERE k.supports) AS supports
                    -- the latest word of each lead
                    FROM (SELECT DISTINCT ON (k.lead_id) k.lead_id, k.supports
                          FROM hypothesis_talk k
                          WHERE k.hypothesis = h.hypothesis AND k.at <= (SELECT leadflow.clock())
                              AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = k.lead_id)
                          ORDER BY k.lead_id, k.at DESC, k.id DESC) k) t
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS experiments FROM experiment e WHERE e.hypothesis = h.hypothesis) e
LEFT JOIN LATERAL leadflow.share_interval(t.supports, t.talks) i ON true;
COMMENT ON VIEW hypothesis_board IS 'What both departments want to know: what is open, what is overdue, what the talks say so far, what came out, as known at leadflow.clock(). What experiments say is in experiment_result. Leads in lead_outside are left out.';
COMMENT ON COLUMN hypothesis_board.hypothesis IS 'code of the hypothesis';
COMMENT ON COLUMN hypothesis_board.question IS 'what is supposed';
COMMENT ON COLUMN hypothesis_board.owner IS 'team member who answers for it';
COMMENT ON COLUMN hypothesis_board.segment IS 'segment that it is about; null for all';
COMMENT ON COLUMN hypothesis_board.persona IS 'persona that it is about; null for all';
COMMENT ON COLUMN hypothesis_board.measure IS 'what would decide it';
COMMENT ON COLUMN hypothesis_board.starts_on IS 'first day on which it is looked at';
COMMENT ON COLUMN hypothesis_board.ends_on IS 'day by which it is to be closed';
COMMENT ON COLUMN hypothesis_board.state IS 'planned, open, overdue or closed';
COMMENT ON COLUMN hypothesis_board.talks IS 'number of leads that were talked to';
COMMENT ON COLUMN hypothesis_board.supports IS 'how many of them, by their latest talk, speak for it';
COMMENT ON COLUMN hypothesis_board.supports_share IS 'supports / talks, 0..1; null where there are none';
COMMENT ON COLUMN hypothesis_board.supports_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN hypothesis_board.supports_share_high IS 'upper limit of it';
COMMENT ON COLUMN hypothesis_board.experiments IS 'number of experiments that test it';
COMMENT ON COLUMN hypothesis_board.closed_on IS 'when it was closed; null while it is open';
COMMENT ON COLUMN hypothesis_board.verdict IS 'confirmed, refuted or undecided; null while it is open';
COMMENT ON COLUMN hypothesis_board.conclusion IS 'what follows from it; null while it is open';
