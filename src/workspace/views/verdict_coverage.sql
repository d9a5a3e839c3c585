CREATE OR REPLACE VIEW verdict_coverage AS
WITH handed AS (
    SELECT DISTINCT ON (e.lead_id, e.at) e.lead_id, e.at, e.id
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
        AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
        AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
    ORDER BY e.lead_id, e.at, e.id DESC
), overdue AS (
    SELECT s.lead_id, pg_catalog.array_agg(s.started_at) AS started_at
    FROM sla_status s
    WHERE s.metric = 'verdict' AND s.opportunity_id IS NULL AND s.state IN ('breached', 'met_late')
    GROUP BY s.lead_id
)
SELECT x.team,
       x.owner,
       x.month,
       x.handed_over,
       x.with_verdict,
       x.in_time,
       x.late,
       x.undecided,
       x.undecided_late,
       x.returned_unreached,
       (x.with_verdict::numeric / NULLIF(x.with_verdict + x.undecided, 0))::numeric(9,6) AS coverage_share,
       (x.in_time::numeric / NULLIF(x.in_time + x.late + x.undecided_late, 0))::numeric(9,6) AS in_time_share
FROM (SELECT h.team,
             h.owner,
             h.month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.verdict_id) AS with_verdict,
             pg_catalog.count(*) FILTER (WHERE h.in_time) AS in_time,
             pg_catalog.count(*) FILTER (WHERE NOT h.in_time) AS late,
             pg_catalog.count(*) FILTER (WHERE h.verdict_id IS NULL AND NOT h.unreached) AS undecided,
             pg_catalog.count(*) FILTER (WHERE h.verdict_id IS NULL AND NOT h.unreached AND h.overdue) AS undecided_late,
             pg_catalog.count(*) FILTER (WHERE h.unreached) AS returned_unreached
      FROM (SELECT CASE WHEN v.verdict_id IS NOT NULL THEN v.owner WHEN b.at IS NOT NULL THEN b.owner ELSE l.owner END AS owner,
                   CASE WHEN v.verdict_id IS NOT NULL THEN v.team WHEN b.at IS NOT NULL THEN b.team ELSE m.team END AS team,
                   pg_catalog.date_trunc('month', h.at)::date AS month,
                   v.verdict_id,
                   v.in_time,
                   COALESCE(b.unreached, false) AS unreached,
                   EXISTS (SELECT FROM pg_catalog.unnest(o.started_at) s (at) WHERE s.at >= h.at AND s.at <= COALESCE(b.at, s.at)) AS overdue
            FROM handed h
            JOIN lead l ON l.id = h.lead_id
            LEFT JOIN team_member m ON m.member = l.owner
            LEFT JOIN overdue o ON o.lead_id = h.lead_id
            LEFT JOIN (SELECT DISTINCT ON (w.lead_id, w.handed_over_at) w.lead_id, w.handed_over_at, w.verdict_id, w.in_time, w.owner, w.team
                       FROM verdicts w
                       ORDER BY w.lead_id, w.handed_over_at, w.given_at, w.verdict_id) v ON v.lead_id = h.lead_id AND v.handed_over_at = h.at
            -- without a verdict: the move that ended it, out of the path or back
            LEFT JOIN LATERAL (SELECT e.at, e.owner, e.team,
                                      COALESCE(r.needs_attempts, false)
                                      OR EXISTS (SELECT FROM sla_clock c
                                                 WHERE c.lead_id = h.lead_id AND c.attempts IS NOT NULL AND c.stopped_by = 'attempts'
                                                     AND c.stopped_at >= h.at AND c.stopped_at <= e.at) AS unreached
                               FROM stage_event e
                               LEFT JOIN reason r ON r.code = e.reason
                               WHERE e.lead_id = h.lead_id AND e.opportunity_id IS NULL AND (e.at, e.id) > (h.at, h.id)
                                   AND e.at <= (SELECT leadflow.clock())
                                   AND (e.to_stage < 'mql' OR e.to_stage < 'contacted' AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE)
                               ORDER BY e.at, e.id LIMIT 1) b ON v.verdict_id IS NULL) h
      GROUP BY h.team, h.owner, h.month) x;
COMMENT ON VIEW verdict_coverage IS 'Whether sales answers for every lead that was handed over, by team, owner and month, as known at leadflow.clock(). Each entry into mql is a handover of its own, and its first verdict counts. handed_over is with_verdict, undecided and returned_unreached together. Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN verdict_coverage.team IS 'the owner''s team';
COMMENT ON COLUMN verdict_coverage.owner IS 'who owned the lead at the verdict, or when it went back without one; else its present owner';
COMMENT ON COLUMN verdict_coverage.month IS 'first day of the month of the handover, in the session''s time zone';
COMMENT ON COLUMN verdict_coverage.handed_over IS 'number of handovers';
COMMENT ON COLUMN verdict_coverage.with_verdict IS 'how many of them sales has accepted or rejected';
COMMENT ON COLUMN verdict_coverage.in_time IS 'how many of those within the promise (a clock of the metric verdict)';
COMMENT ON COLUMN verdict_coverage.late IS 'how many of those after it; the others had no such clock';
COMMENT ON COLUMN verdict_coverage.undecided IS 'how many have no verdict, and did not come back because nobody was reached';
COMMENT ON COLUMN verdict_coverage.undecided_late IS 'how many of the undecided are past the promise';
COMMENT ON COLUMN verdict_coverage.returned_unreached IS 'how many came back without a verdict after all agreed attempts, or with a reason that asks for them: no verdict is owed';
COMMENT ON COLUMN verdict_coverage.coverage_share IS 'with_verdict / (with_verdict + undecided), 0..1; null where no verdict was owed';
COMMENT ON COLUMN verdict_coverage.in_time_share IS 'in_time / (in_time + late + undecided_late), 0..1; null where there are none';
