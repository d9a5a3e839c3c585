-- Handovers, verdicts and outcomes as in verdict_quality.
CREATE OR REPLACE VIEW qualification AS
WITH won AS (
    SELECT x.lead_id, pg_catalog.array_agg(x.at) AS at
    FROM (SELECT w.lead_id, w.at, w.is_void, pg_catalog.bool_or(w.is_void) OVER (PARTITION BY w.lead_id, w.at) AS took_along
          FROM (SELECT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id, e.at,
                       -- one that was opened in error was not won either, nor was the lead that it took along
                       (SELECT p.to_stage <@ 'disqualified' FROM stage_event p WHERE p.opportunity_id = e.opportunity_id AND p.at <= (SELECT leadflow.clock())
                        ORDER BY p.at DESC, p.id DESC LIMIT 1) AS is_void
                FROM stage_event e
                LEFT JOIN opportunity o ON o.id = e.opportunity_id
                WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())) w) x
    WHERE NOT COALESCE(x.is_void, x.took_along, false)
    GROUP BY x.lead_id
), closed AS (
    -- leads whose opportunities have all come to nothing
    SELECT o.lead_id
    FROM current_stage s
    JOIN opportunity o ON o.id = s.opportunity_id
    WHERE s.subject = 'opportunity'
    GROUP BY o.lead_id
    HAVING pg_catalog.bool_and(s.is_exit)
)
SELECT h.lead_id,
       h.number,
       h.at AS qualified_at,
       h.implied,
       h.owner,
       h.team,
       h.campaign_id,
       h.origin,
       h.segment,
       h.variant,
       (h.facts #>> '{score,fit}')::numeric(15,4) AS fit,
       (h.facts #>> '{score,behaviour}')::numeric(15,4) AS behaviour,
       (h.facts #>> '{score,total}')::numeric(15,4) AS total,
       h.facts #>> '{score,grade}' AS grade,
       (h.facts #>> '{score,probability}')::numeric(5,4) AS probability,
       h.facts -> 'features' AS features,
       v.verdict,
       v.at AS verdict_at,
       v.reason,
       CASE WHEN w.at IS NOT NULL THEN 'won'
            WHEN h.next_at IS NOT NULL OR s.is_exit OR c.lead_id IS NOT NULL THEN 'lost'
            ELSE 'open' END AS outcome,
       w.at AS won_at
FROM (SELECT e.*,
             pg_catalog.row_number() OVER walked AS number,
             pg_catalog.lead(e.at) OVER walked AS next_at
      FROM (SELECT DISTINCT ON (e.lead_id, e.at) e.lead_id, e.at, e.implied, e.owner, e.team, e.campaign_id, e.origin, e.segment, e.variant, e.facts
            FROM stage_event e
            WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
                AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
                AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
            ORDER BY e.lead_id, e.at, e.id) e
      WINDOW walked AS (PARTITION BY e.lead_id ORDER BY e.at)) h
-- the verdict in force
LEFT JOIN (SELECT DISTINCT ON (v.lead_id, v.handed_over_at) v.lead_id, v.handed_over_at, v.verdict, v.at, v.reason
           FROM verdict v
           WHERE v.at <= (SELECT leadflow.clock())
           ORDER BY v.lead_id, v.handed_over_at, v.at DESC, v.id DESC) v ON v.lead_id = h.lead_id AND v.handed_over_at = h.at
LEFT JOIN won o ON o.lead_id = h.lead_id
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM pg_catalog.unnest(o.at) t (at)
                   WHERE t.at >= h.at AND (t.at < h.next_at) IS NOT FALSE) w ON true
LEFT JOIN current_stage s ON s.lead_id = h.lead_id AND s.subject = 'lead'
LEFT JOIN closed c ON c.lead_id = h.lead_id;
COMMENT ON VIEW qualification IS 'Every time that a lead became an MQL: the score and the features that it had then, the verdict of sales and what became of it, as known at leadflow.clock(). Owner, campaign, origin, segment and variant are those of that moment. Leads in lead_outside are left out.';
COMMENT ON COLUMN qualification.lead_id IS 'the lead';
COMMENT ON COLUMN qualification.number IS 'which time it was: 1 for the first';
COMMENT ON COLUMN qualification.qualified_at IS 'when it entered mql';
COMMENT ON COLUMN qualification.implied IS 'whether it only passed through mql by a move further on';
COMMENT ON COLUMN qualification.owner IS 'owner then';
COMMENT ON COLUMN qualification.team IS 'the owner''s team then';
COMMENT ON COLUMN qualification.campaign_id IS 'campaign then';
COMMENT ON COLUMN qualification.origin IS 'origin then';
COMMENT ON COLUMN qualification.segment IS 'segment then';
COMMENT ON COLUMN qualification.variant IS 'product line or region then; * for the general ones';
COMMENT ON COLUMN qualification.fit IS 'points for who they were then; this and what follows up to features is null where it was not kept';
COMMENT ON COLUMN qualification.behaviour IS 'points for what they had done by then, faded';
COMMENT ON COLUMN qualification.total IS 'fit and behaviour';
COMMENT ON COLUMN qualification.grade IS 'both grades then: B2; null where there were no grades';
COMMENT ON COLUMN qualification.probability IS 'probability of winning, 0..1, as reckoned then; null where it was not kept';
COMMENT ON COLUMN qualification.features IS 'what the features (score_feature) were then: {"role": "cto"}';
COMMENT ON COLUMN qualification.verdict IS 'verdict of sales in force: accepted or rejected; null for none';
COMMENT ON COLUMN qualification.verdict_at IS 'when it was given';
COMMENT ON COLUMN qualification.reason IS 'code of its reason';
COMMENT ON COLUMN qualification.outcome IS 'won (it, or an opportunity of it, reached won before it was handed over again), lost (not won, and in an exit, or every opportunity of it is, or it was handed over again) or open';
COMMENT ON COLUMN qualification.won_at IS 'when it was won; null for not';
