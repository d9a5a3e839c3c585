CREATE OR REPLACE VIEW attribution AS
WITH won AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.name, d.kind, d.opened_at, d.won_at, pg_catalog.round(d.value, (SELECT w.currency_decimals FROM workspace w)) AS units
    FROM deal d
    WHERE d.won_at IS NOT NULL
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, t.touch_id, t.touched_at, t.channel, t.campaign_id, t.campaign, t.direction, t.department
    FROM deal_touch t
    WHERE t.opportunity_id IN (SELECT w.opportunity_id FROM won w)
), choice AS (
    SELECT DISTINCT a.touches
    FROM attribution_model a
    WHERE a.active
), became AS (
    SELECT e.lead_id, pg_catalog.min(e.at) AS at
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.to_stage >= 'lead' AND e.at <= (SELECT leadflow.clock())
        AND e.lead_id IN (SELECT w.lead_id FROM won w)
    GROUP BY e.lead_id
), path AS (
    SELECT r.opportunity_id, r.touches, leadflow.attribution_agg(r.at, r.channel, r.mark, r.amount, r.touch_id) AS path
    FROM (SELECT t.opportunity_id, c.touches, t.touched_at AS at, t.channel, NULL::text AS mark, NULL::numeric AS amount, t.touch_id
          FROM touched t
          JOIN choice c ON c.touches = 'all' OR c.touches = 'inbound' AND t.direction = 'inbound' OR c.touches = 'campaign' AND t.campaign_id IS NOT NULL
          UNION ALL
          SELECT w.opportunity_id, c.touches, v.at, NULL::text AS channel, v.mark, v.amount, NULL::bigint AS touch_id
          FROM won w
          LEFT JOIN became b ON b.lead_id = w.lead_id
          CROSS JOIN choice c
          CROSS JOIN LATERAL (VALUES (b.at, 'lead', NULL::numeric), (w.opened_at, 'opportunity', NULL), (w.won_at, 'conversion', w.units)) v (at, mark, amount)) r
    GROUP BY r.opportunity_id, r.touches
)
SELECT m.model,
       u.official_for,
       h.version AS model_version,
       p.opportunity_id,
       w.name AS opportunity,
       w.kind,
       w.won_at,
       c.touch AS touch_id,
       c.position::bigint AS position,
       c.touched_at,
       c.channel,
       t.campaign_id,
       t.campaign,
       t.department,
       c.credit::numeric(13,12) AS credit,
       c.value::numeric(15,2) AS value
FROM attribution_model m
JOIN path p ON p.touches = m.touches
JOIN won w ON w.opportunity_id = p.opportunity_id
CROSS JOIN LATERAL leadflow.credits(p.path, m.rule, m.lookback, (SELECT s.currency_decimals FROM workspace s)) c
LEFT JOIN touched t ON t.opportunity_id = p.opportunity_id AND t.touch_id = c.touch
LEFT JOIN (SELECT o.model, pg_catalog.string_agg(o.purpose, ', ' ORDER BY o.purpose) AS official_for
           FROM attribution_purpose o
           GROUP BY o.model) u ON u.model = m.model
LEFT JOIN (SELECT g.new_row ->> 'model' AS model, pg_catalog.max(g.version) AS version
           FROM definition_change g
           WHERE g.definition = 'attribution_model'
           GROUP BY g.new_row ->> 'model') h ON h.model = m.model
WHERE m.active AND c.credit > 0;
COMMENT ON VIEW attribution IS 'Who earned each deal that was won: for every active model (attribution_model) the touches of deal_touch that it gives credit, as known at leadflow.clock(). The credits of a deal under a model sum to exactly 1, and the values to exactly its value. Leads in lead_outside and their deals are left out. Ask for one model: WHERE model = ''w_shaped''.';
COMMENT ON COLUMN attribution.model IS 'the model';
COMMENT ON COLUMN attribution.official_for IS 'for which decisions it is the official one (attribution_purpose), in the order of letters: budget, new_business; null for none';
COMMENT ON COLUMN attribution.model_version IS 'version of the definitions that made the model what it is (definition_change.version); numbers of two versions are not comparable. Null where its making was not kept';
COMMENT ON COLUMN attribution.opportunity_id IS 'the deal';
COMMENT ON COLUMN attribution.opportunity IS 'its name';
COMMENT ON COLUMN attribution.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN attribution.won_at IS 'when it was won';
COMMENT ON COLUMN attribution.touch_id IS 'the touch; null where the deal has none that the model counts: then one row has all the credit';
COMMENT ON COLUMN attribution.position IS 'place of the touch among those that the model counts, 1 for the first';
COMMENT ON COLUMN attribution.touched_at IS 'when it happened';
COMMENT ON COLUMN attribution.channel IS 'its channel, as in deal_touch';
COMMENT ON COLUMN attribution.campaign_id IS 'its campaign';
COMMENT ON COLUMN attribution.campaign IS 'name of the campaign';
COMMENT ON COLUMN attribution.department IS 'whose work it was, as in deal_touch: marketing, sales, both, customer or revops';
COMMENT ON COLUMN attribution.credit IS 'its share of the deal, above 0 up to 1';
COMMENT ON COLUMN attribution.value IS 'its part of the value of the deal, in the currency of the workspace; null where that is not known';
