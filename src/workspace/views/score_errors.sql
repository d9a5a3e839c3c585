CREATE OR REPLACE VIEW score_errors AS
-- once for all three kinds, and for what they are compared with
WITH qualified AS MATERIALIZED (
    SELECT q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, q.features, q.verdict, q.reason, q.outcome, q.won_at,
           q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
    FROM qualification q
), middle AS (
    SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY q.total::float8) FILTER (WHERE q.outcome = 'won') AS won,
           pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY q.total::float8) FILTER (WHERE q.outcome = 'lost') AS lost
    FROM qualified q
)
SELECT x.kind,
       x.lead_id,
       l.full_name,
       x.qualified_at,
       x.fit,
       x.behaviour,
       x.total,
       x.grade,
       x.compared_with::numeric(15,4) AS compared_with,
       x.verdict,
       x.reason,
       r.category,
       x.outcome,
       x.won_at,
       x.features,
       (SELECT pg_catalog.jsonb_object_agg(t.kind, t.touches)
        FROM (SELECT t.kind, pg_catalog.count(*) AS touches
              FROM touch t
              WHERE t.lead_id = x.lead_id AND t.direction = 'inbound' AND t.at <= x.qualified_at
              GROUP BY t.kind) t) AS touches,
       x.owner,
       x.team,
       x.campaign_id,
       g.name AS campaign,
       x.origin,
       x.segment,
       x.variant
FROM (SELECT 'false_positive' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, m.won AS compared_with, q.verdict, q.reason, q.outcome, q.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM qualified q
      JOIN middle m ON q.total > m.won
      WHERE q.outcome = 'lost' OR q.verdict = 'rejected' AND q.outcome <> 'won'
      UNION ALL
      SELECT 'false_negative' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, m.lost AS compared_with, q.verdict, q.reason, q.outcome, q.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM qualified q
      JOIN middle m ON q.total < m.lost
      WHERE q.outcome = 'won'
      UNION ALL
      SELECT 'false_rejection' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, NULL::float8 AS compared_with, q.verdict, q.reason, q.outcome, f.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM false_rejections f
      JOIN verdict v ON v.id = f.verdict_id
      JOIN qualified q ON q.lead_id = v.lead_id AND q.qualified_at = v.handed_over_at) x
JOIN lead l ON l.id = x.lead_id
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign g ON g.id = x.campaign_id;
COMMENT ON VIEW score_errors IS 'Where the score and what became of the lead disagree, each with its evidence, as known at leadflow.clock(): MQLs of good score that came to nothing, won leads of poor score, and rejected leads that were won later. Good is a total above the median of the won, poor one below the median of the lost, as they were when the leads became MQLs (qualification). A lead may be listed under more than one kind. What gave the points: leadflow.explain_score as of qualified_at. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_errors.kind IS 'false_positive (scored well, and rejected or lost), false_negative (scored poorly, and won) or false_rejection (sales rejected it, and the lead, the person or the company bought later: false_rejections; whatever the score)';
COMMENT ON COLUMN score_errors.lead_id IS 'the lead';
COMMENT ON COLUMN score_errors.full_name IS 'name of the person';
COMMENT ON COLUMN score_errors.qualified_at IS 'when it became an MQL; the score is that of then';
COMMENT ON COLUMN score_errors.fit IS 'points for who they are; null where it was not kept';
COMMENT ON COLUMN score_errors.behaviour IS 'points for what they had done, faded; null where it was not kept';
COMMENT ON COLUMN score_errors.total IS 'fit and behaviour; null where it was not kept';
COMMENT ON COLUMN score_errors.grade IS 'both grades: B2; null where there were none';
COMMENT ON COLUMN score_errors.compared_with IS 'the total that makes it an error: the median of the won, or of the lost, interpolated; null for false_rejection';
COMMENT ON COLUMN score_errors.verdict IS 'verdict of sales in force: accepted, rejected, or null for none';
COMMENT ON COLUMN score_errors.reason IS 'code of its reason';
COMMENT ON COLUMN score_errors.category IS 'category of the reason: fit, timing, budget, and so on';
COMMENT ON COLUMN score_errors.outcome IS 'won, lost or open: what became of this qualification';
COMMENT ON COLUMN score_errors.won_at IS 'when it was won; for false_rejection, when the lead, the person or the company was; null for not';
COMMENT ON COLUMN score_errors.features IS 'what its features (score_feature) were then: {"role": "cto"}; null where they were not kept';
COMMENT ON COLUMN score_errors.touches IS 'what the lead had done by then, touches by kind: {"web_visit": 3}; null for nothing';
COMMENT ON COLUMN score_errors.owner IS 'owner then';
COMMENT ON COLUMN score_errors.team IS 'the owner''s team then';
COMMENT ON COLUMN score_errors.campaign_id IS 'campaign then';
COMMENT ON COLUMN score_errors.campaign IS 'name of the campaign';
COMMENT ON COLUMN score_errors.origin IS 'origin then';
COMMENT ON COLUMN score_errors.segment IS 'segment then';
COMMENT ON COLUMN score_errors.variant IS 'product line or region then; * for the general ones';
