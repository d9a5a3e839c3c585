CREATE OR REPLACE VIEW campaign_spend AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
), line AS (
    SELECT k.campaign_id, k.spent_on AS day, k.cost, NULL::numeric(15,2) AS budget, k.currency
    FROM campaign_cost k
    UNION ALL
    SELECT c.id AS campaign_id, COALESCE(c.starts_on, c.created_at::date) AS day, c.cost, NULL::numeric(15,2) AS budget, c.currency
    FROM campaign c
    WHERE c.cost IS NOT NULL AND NOT EXISTS (SELECT FROM campaign_cost k WHERE k.campaign_id = c.id)
    UNION ALL
    SELECT c.id AS campaign_id, COALESCE(c.starts_on, c.created_at::date) AS day, NULL::numeric(15,2) AS cost, c.budget, c.currency
    FROM campaign c
    WHERE c.budget IS NOT NULL
)
SELECT s.campaign_id,
       c.name AS campaign,
       c.channel,
       s.month,
       s.spend::numeric(24,2) AS spend,
       s.budget::numeric(24,2) AS budget,
       s.amounts,
       s.without_rate
FROM (SELECT v.campaign_id,
             pg_catalog.date_trunc('month', v.day::timestamp)::date AS month,
             pg_catalog.sum(v.spend) AS spend,
             pg_catalog.sum(v.budget) AS budget,
             pg_catalog.count(v.cost) AS amounts,
             pg_catalog.count(*) FILTER (WHERE v.cost IS NOT NULL AND v.spend IS NULL) AS without_rate
      FROM (SELECT n.campaign_id, n.day, n.cost,
                   CASE WHEN pg_catalog.abs(n.cost * n.rate) < 1e13 THEN pg_catalog.round(n.cost * n.rate, n.currency_decimals) END AS spend,
                   CASE WHEN pg_catalog.abs(n.budget * n.rate) < 1e13 THEN pg_catalog.round(n.budget * n.rate, n.currency_decimals) END AS budget
            FROM (SELECT l.campaign_id, l.day, l.cost, l.budget, w.currency_decimals,
                         CASE WHEN l.currency <> w.currency THEN m.rate[pg_catalog.width_bucket(l.day, m.valid_from)] ELSE 1 END AS rate
                  FROM line l
                  CROSS JOIN workspace w
                  LEFT JOIN money m ON m.currency = l.currency
                  WHERE l.day <= (SELECT leadflow.clock())::date) n) v
      GROUP BY v.campaign_id, pg_catalog.date_trunc('month', v.day::timestamp)::date) s
JOIN campaign c ON c.id = s.campaign_id;
COMMENT ON VIEW campaign_spend IS 'What was spent on each campaign in each month, up to the day of leadflow.clock(), in the currency of the workspace at the rate of the day. Where a campaign has lines in campaign_cost, they are its cost; else campaign.cost is, on the day on which it starts, or was created where that is not known. Spend and budget may be added up.';
COMMENT ON COLUMN campaign_spend.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_spend.campaign IS 'its name';
COMMENT ON COLUMN campaign_spend.channel IS 'its channel';
COMMENT ON COLUMN campaign_spend.month IS 'first day of the month';
COMMENT ON COLUMN campaign_spend.spend IS 'what was spent; null where nothing was, or no amount has a rate';
COMMENT ON COLUMN campaign_spend.budget IS 'what was planned for the whole campaign, in the month in which it starts; null in others';
COMMENT ON COLUMN campaign_spend.amounts IS 'number of amounts spent';
COMMENT ON COLUMN campaign_spend.without_rate IS 'how many of them are left out, as their currency has no rate of that day or before, or they are 10^13 or more';
