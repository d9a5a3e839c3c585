-- A touch is named by its campaign and its channel together, so that one pass
-- gives both; but models that look at the names of channels need those alone.
-- Markov chains and coalitions need the deals that were lost too, and few
-- names: what is not among the 15 most frequent ones is counted together.
CREATE OR REPLACE VIEW attribution_compare AS
WITH model AS MATERIALIZED (
    SELECT m.model, m.rule, m.lookback, m.touches, m.rule ~ '_non_direct' AS by_name,
           (SELECT pg_catalog.string_agg(p.purpose, ', ' ORDER BY p.purpose) FROM attribution_purpose p WHERE p.model = m.model) AS official_for
    FROM attribution_model m
    WHERE m.active
), official AS (
    SELECT m.model, m.lookback, m.touches
    FROM attribution_purpose p
    JOIN attribution_model m ON m.model = p.model
    WHERE p.purpose = 'budget'
), closed AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.opened_at, d.closed_at, d.outcome = 'won' AS won, pg_catalog.round(d.value, (SELECT w.currency_decimals FROM workspace w)) AS value
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, c.won, c.closed_at, t.touched_at, t.touch_id, t.channel, t.campaign_id, t.direction
    FROM deal_touch t
    JOIN closed c ON c.opportunity_id = t.opportunity_id
), became AS (
    SELECT e.lead_id, pg_catalog.min(e.at) AS at
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.to_stage >= 'lead' AND e.at <= (SELECT leadflow.clock())
        AND e.lead_id IN (SELECT c.lead_id FROM closed c)
    GROUP BY e.lead_id
), mark AS MATERIALIZED (
    SELECT c.opportunity_id, v.at, v.mark, v.amount
    FROM closed c
    LEFT JOIN became b ON b.lead_id = c.lead_id
    CROSS JOIN LATERAL (VALUES (b.at, 'lead', NULL::numeric), (c.opened_at, 'opportunity', NULL), (c.closed_at, 'conversion', c.value)) v (at, mark, amount)
    WHERE c.won
), path AS (
    SELECT r.opportunity_id, r.touches, r.by_name, leadflow.attribution_agg(r.at, r.name, r.mark, r.amount, r.touch_id) AS path
    FROM (SELECT t.opportunity_id, k.touches, k.by_name, t.touched_at AS at,
                 CASE WHEN k.by_name THEN t.channel ELSE COALESCE(t.campaign_id::text, '') || ':' || t.channel END AS name,
                 NULL::text AS mark, NULL::numeric AS amount, t.touch_id
          FROM touched t
          JOIN (SELECT DISTINCT m.touches, m.by_name FROM model m) k
              ON k.touches = 'all' OR k.touches = 'inbound' AND t.direction = 'inbound' OR k.touches = 'campaign' AND t.campaign_id IS NOT NULL
          WHERE t.won
          UNION ALL
          SELECT a.opportunity_id, k.touches, k.by_name, a.at, NULL::text AS name, a.mark, a.amount, NULL::bigint AS touch_id
          FROM mark a
          CROSS JOIN (SELECT DISTINCT m.touches, m.by_name FROM model m) k) r
    GROUP BY r.opportunity_id, r.touches, r.by_name
), credited AS (
    SELECT m.model, m.official_for, a.channel IS NULL AS untouched,
           pg_catalog.split_part(a.channel, ':', 1) AS campaign, pg_catalog.substr(a.channel, pg_catalog.strpos(a.channel, ':') + 1) AS channel,
           a.conversions AS deals, a.value
    FROM (SELECT k.touches, k.lookback, leadflow.attribution_total(p.path, k.rules, k.lookback, 'every', (SELECT s.currency_decimals FROM workspace s)) AS total
          FROM (SELECT m.touches, m.lookback, pg_catalog.array_agg(DISTINCT m.rule) AS rules
                FROM model m
                WHERE NOT m.by_name
                GROUP BY m.touches, m.lookback) k
          JOIN path p ON p.touches = k.touches AND NOT p.by_name
          GROUP BY k.touches, k.lookback) s
    CROSS JOIN LATERAL leadflow.attribution_table(s.total) a
    JOIN model m ON m.rule = a.model AND m.touches = s.touches AND m.lookback IS NOT DISTINCT FROM s.lookback
    UNION ALL
    SELECT m.model, m.official_for, c.touch IS NULL AS untouched, COALESCE(t.campaign_id::text, '') AS campaign, c.channel, c.credit AS deals, c.value
    FROM model m
    JOIN path p ON p.touches = m.touches AND p.by_name
    CROSS JOIN LATERAL leadflow.credits(p.path, m.rule, m.lookback, (SELECT s.currency_decimals FROM workspace s)) c
    LEFT JOIN touched t ON t.opportunity_id = p.opportunity_id AND t.touch_id = c.touch
    WHERE m.by_name AND c.credit > 0
), ruled AS MATERIALIZED (
    SELECT r.model, r.official_for, v.dimension, v.name, pg_catalog.sum(r.deals) AS deals, COALESCE(pg_catalog.sum(r.value), 0) AS value
    FROM credited r
    CROSS JOIN LATERAL (VALUES ('channel', CASE WHEN r.untouched THEN '(no touch)' ELSE r.channel END),
                               ('campaign', CASE WHEN r.untouched THEN '(no touch)' WHEN r.campaign = '' THEN '(no campaign)' ELSE r.campaign END)) v (dimension, name)
    GROUP BY r.model, r.official_for, v.dimension, v.name
    HAVING pg_catalog.sum(r.deals) > 0
), counted AS MATERIALIZED (
    SELECT t.opportunity_id, v.dimension, v.name, t.touched_at, t.touch_id
    FROM touched t
    LEFT JOIN official o ON true
    CROSS JOIN LATERAL (VALUES ('channel', t.channel), ('campaign', COALESCE(t.campaign_id::text, '(no campaign)'))) v (dimension, name)
    WHERE (t.touched_at > t.closed_at - o.lookback) IS NOT FALSE
        AND (o.touches = 'inbound' AND t.direction <> 'inbound' OR o.touches = 'campaign' AND t.campaign_id IS NULL) IS NOT TRUE
), frequent AS (
    SELECT t.dimension, t.name, pg_catalog.row_number() OVER (PARTITION BY t.dimension ORDER BY pg_catalog.count(*) DESC, t.name) AS place
    FROM counted t
    GROUP BY t.dimension, t.name
), walked AS (
    SELECT x.dimension, c.won, c.value, p.path
    FROM closed c
    CROSS JOIN (VALUES ('channel'), ('campaign')) x (dimension)
    LEFT JOIN (SELECT t.opportunity_id, t.dimension,
                      pg_catalog.array_agg(CASE WHEN f.place <= 15 THEN t.name ELSE '(others)' END ORDER BY t.touched_at, t.touch_id) AS path
               FROM counted t
               JOIN frequent f ON f.dimension = t.dimension AND f.name = t.name
               GROUP BY t.opportunity_id, t.dimension) p ON p.opportunity_id = c.opportunity_id AND p.dimension = x.dimension
), learnt AS MATERIALIZED (
    SELECT w.dimension,
           leadflow.markov_agg(COALESCE(w.path, '{}'::text[]), w.won::integer::double precision, CASE WHEN w.won AND w.value > 0 THEN w.value ELSE 0 END::double precision,
                               (NOT w.won)::integer::double precision) AS chain,
           leadflow.shapley_agg(COALESCE(w.path, '{}'::text[]), w.won::integer::double precision, CASE WHEN w.won AND w.value > 0 THEN w.value ELSE 0 END::double precision,
                                (NOT w.won)::integer::double precision) AS coalitions
    FROM walked w
    GROUP BY w.dimension
    HAVING pg_catalog.bool_or(w.won)
), compared AS (
    SELECT r.model, r.official_for, r.dimension, r.name, r.deals, r.value
    FROM ruled r
    UNION ALL
    SELECT 'markov' AS model, NULL::text AS official_for, l.dimension, a.channel AS name, a.conversions::numeric AS deals, a.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.markov_attribution(l.chain) a
    UNION ALL
    SELECT 'shapley' AS model, NULL::text AS official_for, l.dimension, a.channel AS name, a.conversions::numeric AS deals, a.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.shapley_attribution(l.coalitions) a
    UNION ALL
    SELECT v.model, NULL::text AS official_for, l.dimension, '(no touch)' AS name, u.conversions::numeric AS deals, u.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.untouched(l.chain) u
    CROSS JOIN (VALUES ('markov'), ('shapley')) v (model)
    WHERE u.conversions > 0
)
SELECT x.dimension,
       x.campaign_id,
       COALESCE(c.name, x.name) AS name,
       x.model,
       x.official_for,
       x.deals::numeric(15,6) AS deals,
       x.share::numeric(12,6) AS share,
       x.value::numeric(24,2) AS value,
       pg_catalog.rank() OVER (PARTITION BY x.dimension, x.model ORDER BY x.value DESC NULLS LAST) AS value_rank,
       (x.share - b.share)::numeric(12,6) AS share_moves,
       (x.value - b.value)::numeric(24,2) AS value_moves
FROM (SELECT r.dimension, r.name, r.model, r.official_for, r.deals, r.value,
             CASE WHEN r.dimension = 'campaign' AND r.name ~ '^[0-9]+$' THEN r.name::bigint END AS campaign_id,
             r.deals / NULLIF(pg_catalog.sum(r.deals) OVER (PARTITION BY r.dimension, r.model), 0) AS share
      FROM compared r) x
LEFT JOIN campaign c ON c.id = x.campaign_id
-- what the official model says of the same name, nothing where it has no such row
LEFT JOIN LATERAL (SELECT COALESCE(f.deals, 0) / NULLIF(f.all_deals, 0) AS share, COALESCE(f.value, 0) AS value
                   FROM (SELECT pg_catalog.sum(r.deals) FILTER (WHERE r.name = x.name) AS deals, pg_catalog.sum(r.value) FILTER (WHERE r.name = x.name) AS value,
                                pg_catalog.sum(r.deals) AS all_deals
                         FROM ruled r
                         JOIN official o ON o.model = r.model
                         WHERE r.dimension = x.dimension) f
                   WHERE x.name <> '(others)' AND f.all_deals IS NOT NULL) b ON true;
COMMENT ON VIEW attribution_compare IS 'What each channel and each campaign earned, by every active model of attribution_model, and by a Markov chain and Shapley values of the paths of all deals won and lost, side by side with the model that is official for the purpose budget, as known at leadflow.clock(), in the currency of the workspace. Deals and values of a dimension add up to the same under every model, but for parts of cents in markov and shapley. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN attribution_compare.dimension IS 'channel (as in deal_touch) or campaign';
COMMENT ON COLUMN attribution_compare.campaign_id IS 'the campaign; null for channels, and what is none';
COMMENT ON COLUMN attribution_compare.name IS 'name of the channel or campaign; (no campaign): touches without one; (no touch): deals without a touch that the model counts; (others), of markov and shapley: all but the 15 with the most touches';
COMMENT ON COLUMN attribution_compare.model IS 'the model; markov: leadflow.markov_attribution, order 1, and shapley: leadflow.shapley_attribution, game rate, over the touches that the official model counts, before the win or the loss';
COMMENT ON COLUMN attribution_compare.official_for IS 'for which decisions it is the official one; null for none';
COMMENT ON COLUMN attribution_compare.deals IS 'deals won, in parts: the sum of its credits';
COMMENT ON COLUMN attribution_compare.share IS 'share of all deals won, 0..1; of shapley it may lie outside';
COMMENT ON COLUMN attribution_compare.value IS 'its part of their value, where that is known. Of markov and shapley: of the values above 0';
COMMENT ON COLUMN attribution_compare.value_rank IS 'place by value under the model, 1 for the greatest';
COMMENT ON COLUMN attribution_compare.share_moves IS 'share less that under the model that is official for budget; null for (others), and where there is no such model';
COMMENT ON COLUMN attribution_compare.value_moves IS 'value less that under the model that is official for budget: how much money a change of the model would move';
