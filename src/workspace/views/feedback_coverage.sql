CREATE OR REPLACE VIEW feedback_coverage AS
SELECT x.team,
       x.month,
       x.handed_over,
       x.with_verdict,
       x.accepted,
       x.rejected,
       (x.with_verdict::numeric / x.handed_over)::numeric(9,6) AS feedback_share,
       (x.accepted::numeric / NULLIF(x.with_verdict, 0))::numeric(9,6) AS acceptance_rate,
       x.verdict_hours_median::numeric(12,2) AS verdict_hours_median
FROM (SELECT h.team,
             pg_catalog.date_trunc('month', h.mql_at)::date AS month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.verdict) AS with_verdict,
             pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
             pg_catalog.count(*) FILTER (WHERE h.verdict = 'rejected') AS rejected,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', h.verdict_at - h.mql_at) / 3600)
                 AS verdict_hours_median
      FROM handover h
      GROUP BY h.team, pg_catalog.date_trunc('month', h.mql_at)::date) x;
COMMENT ON VIEW feedback_coverage IS 'Whether sales answers for the leads that were handed over, and how, by team and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN feedback_coverage.team IS 'team of who owned the lead when it got its verdict; without one, of its present owner';
COMMENT ON COLUMN feedback_coverage.month IS 'first day of the month in which the leads first reached mql, in the session''s time zone';
COMMENT ON COLUMN feedback_coverage.handed_over IS 'number of leads that were handed over';
COMMENT ON COLUMN feedback_coverage.with_verdict IS 'how many of them were accepted or rejected since';
COMMENT ON COLUMN feedback_coverage.accepted IS 'how many were accepted (reached sal) first';
COMMENT ON COLUMN feedback_coverage.rejected IS 'how many were rejected (an exit, or sent back with a reason) first';
COMMENT ON COLUMN feedback_coverage.feedback_share IS 'with_verdict / handed_over, 0..1';
COMMENT ON COLUMN feedback_coverage.acceptance_rate IS 'accepted / with_verdict, 0..1; null where there is no verdict';
COMMENT ON COLUMN feedback_coverage.verdict_hours_median IS 'median time from handover to verdict, elapsed, in hours, interpolated';
