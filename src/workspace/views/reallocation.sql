-- Every unit of spend goes from a campaign to a campaign.  Spend that is to be
-- moved and spend that can be taken are laid out on one line each, the worst
-- giver and the best taker first; where they overlap, it moves.
CREATE OR REPLACE VIEW reallocation AS
WITH spent AS MATERIALIZED (
    SELECT r.campaign_id, r.campaign, r.advice, r.spend, r.new_revenue, r.new_customers, r.new_revenue / r.spend AS yield
    FROM campaign_return r
    WHERE r.spend > 0
), giver AS (
    SELECT s.*, pg_catalog.sum(s.spend) OVER (ORDER BY s.yield, s.campaign_id) AS until
    FROM spent s
    WHERE s.advice = 'stop'
), taker AS (
    SELECT s.*, pg_catalog.sum(s.spend) OVER (ORDER BY s.yield DESC, s.campaign_id) AS until
    FROM spent s
    WHERE s.advice = 'repeat'
), moved AS (
    SELECT s.campaign_id AS from_id, s.campaign_id AS to_id, 'stays' AS what, s.spend AS amount
    FROM spent s
    WHERE s.advice <> 'stop'
    UNION ALL
    SELECT g.campaign_id AS from_id, t.campaign_id AS to_id, 'moves' AS what, LEAST(g.until, t.until) - GREATEST(g.until - g.spend, t.until - t.spend) AS amount
    FROM giver g
    JOIN taker t ON t.until > g.until - g.spend AND t.until - t.spend < g.until
    UNION ALL
    SELECT g.campaign_id AS from_id, NULL::bigint AS to_id, 'freed' AS what, LEAST(g.spend, g.until - COALESCE(c.capacity, 0)) AS amount
    FROM giver g
    CROSS JOIN (SELECT pg_catalog.max(t.until) AS capacity FROM taker t) c
    WHERE g.until > COALESCE(c.capacity, 0)
)
SELECT m.what,
       m.from_id AS from_campaign_id,
       g.campaign AS from_campaign,
       g.advice AS from_advice,
       m.to_id AS to_campaign_id,
       t.campaign AS to_campaign,
       m.amount::numeric(24,2) AS amount,
       (m.amount * g.yield)::numeric(24,2) AS new_revenue,
       (m.amount * COALESCE(t.yield, 0))::numeric(38,2) AS new_revenue_expected,
       (m.amount * g.new_customers / g.spend)::numeric(15,4) AS new_customers,
       (m.amount * COALESCE(t.new_customers / t.spend, 0))::numeric(38,4) AS new_customers_expected,
       g.yield::numeric(30,4) AS new_revenue_per_spend,
       t.yield::numeric(30,4) AS new_revenue_per_spend_expected
FROM moved m
JOIN spent g ON g.campaign_id = m.from_id
LEFT JOIN spent t ON t.campaign_id = m.to_id;
COMMENT ON VIEW reallocation IS 'Spend against the new revenue that it brought, and a proposal where to spend it instead, as known at leadflow.clock(): what went to campaigns to stop (campaign_return.advice) goes to campaigns to repeat, from the worst to the best. Supposes that one more unit of money brings a campaign what the ones before brought, which holds for a while at most: no campaign gets more than it had, so that none is more than doubled. The amounts add up to all that was spent; new_revenue and new_revenue_expected add up to what it brought, and would bring.';
COMMENT ON COLUMN reallocation.what IS 'stays (with its campaign), moves (to another one) or freed (from a campaign to stop, and no campaign to repeat can take it)';
COMMENT ON COLUMN reallocation.from_campaign_id IS 'campaign on which it was spent';
COMMENT ON COLUMN reallocation.from_campaign IS 'its name';
COMMENT ON COLUMN reallocation.from_advice IS 'what campaign_return advises: repeat, stop, too early or look closer';
COMMENT ON COLUMN reallocation.to_campaign_id IS 'campaign on which it is to be spent; null for none';
COMMENT ON COLUMN reallocation.to_campaign IS 'its name';
COMMENT ON COLUMN reallocation.amount IS 'how much, in the currency of the workspace';
COMMENT ON COLUMN reallocation.new_revenue IS 'new revenue that this amount brought: its part of that of the campaign';
COMMENT ON COLUMN reallocation.new_revenue_expected IS 'new revenue that it would bring there';
COMMENT ON COLUMN reallocation.new_customers IS 'new customers that this amount brought, in parts';
COMMENT ON COLUMN reallocation.new_customers_expected IS 'new customers that it would bring there, in parts';
COMMENT ON COLUMN reallocation.new_revenue_per_spend IS 'new revenue for each unit spent on the campaign that it was spent on';
COMMENT ON COLUMN reallocation.new_revenue_per_spend_expected IS 'the same of the campaign that it is to be spent on; null for none';
