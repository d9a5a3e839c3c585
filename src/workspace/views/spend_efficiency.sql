CREATE OR REPLACE VIEW spend_efficiency AS
WITH happened AS (
    SELECT s.month, s.campaign_id, s.spend, 0 AS leads, 0 AS mql, 0 AS sql, 0 AS opportunities, 0::numeric AS pipeline, 0 AS won, 0 AS lost,
           0::numeric AS revenue, 0 AS new_customers, 0::numeric AS new_revenue
    FROM campaign_spend s
    WHERE s.spend IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', v.at)::date AS month, m.campaign_id, NULL::numeric AS spend, v.leads, v.mql, v.sql, 0 AS opportunities, 0::numeric AS pipeline, 0 AS won, 0 AS lost,
           0::numeric AS revenue, 0 AS new_customers, 0::numeric AS new_revenue
    FROM lead_milestone m
    CROSS JOIN LATERAL (VALUES (m.lead_at, 1, 0, 0), (m.mql_at, 0, 1, 0), (m.sql_at, 0, 0, 1)) v (at, leads, mql, sql)
    WHERE v.at IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', v.at)::date AS month, d.campaign_id, NULL::numeric AS spend, 0 AS leads, 0 AS mql, 0 AS sql, v.opened, v.opened * COALESCE(d.value, 0) AS pipeline,
           v.won, v.lost, v.won * COALESCE(d.value, 0) AS revenue, CASE WHEN d.new_customer THEN v.won ELSE 0 END AS new_customers,
           CASE WHEN d.new_customer THEN v.won * COALESCE(d.value, 0) ELSE 0 END AS new_revenue
    FROM deal d
    CROSS JOIN LATERAL (VALUES (d.opened_at, 1, 0, 0), (d.won_at, 0, 1, 0), (CASE WHEN d.outcome = 'lost' THEN d.closed_at END, 0, 0, 1)) v (at, opened, won, lost)
    WHERE d.outcome <> 'void' AND v.at IS NOT NULL
)
SELECT x.scope,
       x.campaign_id,
       c.name AS campaign,
       x.month,
       x.spend::numeric(24,2) AS spend,
       x.leads,
       x.mql,
       x.sql,
       x.opportunities,
       x.pipeline::numeric(24,2) AS pipeline,
       x.won,
       x.lost,
       x.revenue::numeric(24,2) AS revenue,
       x.new_customers,
       x.new_revenue::numeric(24,2) AS new_revenue,
       (x.spend / NULLIF(x.leads, 0))::numeric(24,2) AS cost_per_lead,
       (x.spend / NULLIF(x.new_customers, 0))::numeric(24,2) AS cost_per_new_customer,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate,
       (x.new_revenue / NULLIF(x.spend, 0))::numeric(30,4) AS new_revenue_per_spend
FROM (SELECT CASE WHEN GROUPING(h.campaign_id) = 1 THEN 'everything' WHEN h.campaign_id IS NULL THEN 'no_campaign' ELSE 'campaign' END AS scope,
             h.campaign_id,
             h.month,
             pg_catalog.sum(h.spend) AS spend,
             pg_catalog.sum(h.leads) AS leads,
             pg_catalog.sum(h.mql) AS mql,
             pg_catalog.sum(h.sql) AS sql,
             pg_catalog.sum(h.opportunities) AS opportunities,
             pg_catalog.sum(h.pipeline) AS pipeline,
             pg_catalog.sum(h.won) AS won,
             pg_catalog.sum(h.lost) AS lost,
             pg_catalog.sum(h.revenue) AS revenue,
             pg_catalog.sum(h.new_customers) AS new_customers,
             pg_catalog.sum(h.new_revenue) AS new_revenue
      FROM happened h
      GROUP BY GROUPING SETS ((h.month, h.campaign_id), (h.month))) x
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW spend_efficiency IS 'What was spent and what came of it, by month, for each campaign and for everything, as known at leadflow.clock(). Each thing counts in the month in which it happened, so that spend and the sales that it brings are months apart: compare quarters, before a change of the budget and after it. Leads belong to the campaign of their first entry, deals to their own. Sums may be added up, costs and rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN spend_efficiency.scope IS 'campaign (one campaign), no_campaign (leads and deals without one) or everything (all together)';
COMMENT ON COLUMN spend_efficiency.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN spend_efficiency.campaign IS 'its name';
COMMENT ON COLUMN spend_efficiency.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN spend_efficiency.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN spend_efficiency.leads IS 'number of leads that came in (first reached lead)';
COMMENT ON COLUMN spend_efficiency.mql IS 'number of leads that first reached mql';
COMMENT ON COLUMN spend_efficiency.sql IS 'number of leads that first reached sql';
COMMENT ON COLUMN spend_efficiency.opportunities IS 'number of opportunities opened, but for those opened in error';
COMMENT ON COLUMN spend_efficiency.pipeline IS 'their value, as known now';
COMMENT ON COLUMN spend_efficiency.won IS 'number of deals won';
COMMENT ON COLUMN spend_efficiency.lost IS 'number of deals lost';
COMMENT ON COLUMN spend_efficiency.revenue IS 'value of the deals won';
COMMENT ON COLUMN spend_efficiency.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN spend_efficiency.new_revenue IS 'value of those';
COMMENT ON COLUMN spend_efficiency.cost_per_lead IS 'spend / leads; null where no cost is known or no lead came in';
COMMENT ON COLUMN spend_efficiency.cost_per_new_customer IS 'spend / new_customers; null where no cost is known or there is none';
COMMENT ON COLUMN spend_efficiency.win_rate IS 'won / (won + lost), 0..1; null where none was closed';
COMMENT ON COLUMN spend_efficiency.new_revenue_per_spend IS 'new_revenue / spend; null where nothing was spent';
