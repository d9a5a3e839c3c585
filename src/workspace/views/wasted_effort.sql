CREATE OR REPLACE VIEW wasted_effort AS
SELECT x.verdict,
       x.category,
       x.origin,
       x.campaign_id,
       c.name AS campaign,
       x.team,
       x.leads,
       x.attempts,
       x.held_seconds,
       (x.attempts::numeric / x.leads)::numeric(12,4) AS attempts_per_lead,
       (x.attempts::numeric / NULLIF(pg_catalog.sum(x.leads) FILTER (WHERE x.verdict = 'accepted')
           OVER (PARTITION BY x.origin, x.campaign_id, x.team), 0))::numeric(12,4) AS attempts_per_accepted
FROM (SELECT j.verdict, j.category, j.origin, j.campaign_id, j.team,
             pg_catalog.count(*) AS leads,
             pg_catalog.sum(j.attempts)::bigint AS attempts,
             pg_catalog.sum(j.held_seconds)::bigint AS held_seconds
      FROM (SELECT h.verdict,
                   CASE WHEN h.verdict = 'rejected' THEN COALESCE(r.category, 'none given') END AS category,
                   h.origin, h.campaign_id, h.team,
                   pg_catalog.count(a.touch_id) AS attempts,
                   leadflow.seconds(h.verdict_at - h.mql_at) AS held_seconds
            FROM handover h
            LEFT JOIN contact_attempt a ON a.lead_id = h.lead_id AND a.attempt_at <= h.verdict_at
            LEFT JOIN reason r ON r.code = h.verdict_reason
            WHERE h.verdict IS NOT NULL
            GROUP BY h.lead_id, h.verdict, r.category, h.origin, h.campaign_id, h.team, h.verdict_at, h.mql_at) j
      GROUP BY j.verdict, j.category, j.origin, j.campaign_id, j.team) x
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW wasted_effort IS 'What work went into leads before sales rejected or accepted them, by reason category, origin, campaign and team, as known at leadflow.clock(): of handover, the leads with a verdict. Counts may be added up, ratios may not. See contact_attempt for what an attempt is. Leads in lead_outside are left out.';
COMMENT ON COLUMN wasted_effort.verdict IS 'first answer of sales: rejected (the effort was wasted) or accepted, to compare with';
COMMENT ON COLUMN wasted_effort.category IS 'category of the reason; none given, or null for accepted leads';
COMMENT ON COLUMN wasted_effort.origin IS 'where the leads came from';
COMMENT ON COLUMN wasted_effort.campaign_id IS 'campaign that brought them';
COMMENT ON COLUMN wasted_effort.campaign IS 'name of the campaign';
COMMENT ON COLUMN wasted_effort.team IS 'team of those who gave the verdicts';
COMMENT ON COLUMN wasted_effort.leads IS 'number of leads with that verdict';
COMMENT ON COLUMN wasted_effort.attempts IS 'number of attempts to reach them until the verdict';
COMMENT ON COLUMN wasted_effort.held_seconds IS 'time from the handover to the verdict, of all of them together: elapsed, whole seconds';
COMMENT ON COLUMN wasted_effort.attempts_per_lead IS 'attempts / leads';
COMMENT ON COLUMN wasted_effort.attempts_per_accepted IS 'attempts of this row for each lead of the same origin, campaign and team that was accepted; null where none was';
