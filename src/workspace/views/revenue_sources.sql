CREATE OR REPLACE VIEW revenue_sources AS
WITH happened AS (
    SELECT pg_catalog.date_trunc('month', m.lead_at)::date AS month, m.origin, m.campaign_id, 1 AS leads, 0 AS won, 0 AS new_customers, 0::numeric AS revenue, 0::numeric AS new_revenue
    FROM lead_milestone m
    WHERE m.lead_at IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', d.won_at)::date AS month, d.origin, d.campaign_id, 0 AS leads, 1 AS won, CASE WHEN d.new_customer THEN 1 ELSE 0 END AS new_customers,
           COALESCE(d.value, 0) AS revenue, CASE WHEN d.new_customer THEN COALESCE(d.value, 0) ELSE 0 END AS new_revenue
    FROM deal d
    WHERE d.won_at IS NOT NULL
), summed AS (
    SELECT h.month, h.origin, h.campaign_id, pg_catalog.sum(h.leads) AS leads, pg_catalog.sum(h.won) AS won, pg_catalog.sum(h.new_customers) AS new_customers,
           pg_catalog.sum(h.revenue) AS revenue, pg_catalog.sum(h.new_revenue) AS new_revenue
    FROM happened h
    GROUP BY h.month, h.origin, h.campaign_id
), sourced AS (
    SELECT v.dimension, v.name, p.month, pg_catalog.sum(s.leads)::bigint AS leads, pg_catalog.sum(s.won)::bigint AS won, pg_catalog.sum(s.new_customers)::bigint AS new_customers,
           pg_catalog.sum(s.revenue) AS revenue, pg_catalog.sum(s.new_revenue) AS new_revenue
    FROM summed s
    LEFT JOIN campaign c ON c.id = s.campaign_id
    CROSS JOIN LATERAL (VALUES ('origin', s.origin), ('channel', c.channel), ('campaign', c.name)) v (dimension, name)
    CROSS JOIN LATERAL (VALUES (s.month), (NULL::date)) p (month)
    GROUP BY v.dimension, v.name, p.month
)
SELECT s.dimension,
       s.name,
       s.month,
       s.leads,
       (s.leads::numeric / NULLIF(pg_catalog.sum(s.leads) OVER every, 0))::numeric(9,6) AS leads_share,
       s.won,
       s.revenue::numeric(24,2) AS revenue,
       (s.revenue / NULLIF(pg_catalog.sum(s.revenue) OVER every, 0))::numeric(30,6) AS revenue_share,
       s.new_customers,
       s.new_revenue::numeric(24,2) AS new_revenue,
       (s.new_revenue / NULLIF(pg_catalog.sum(s.new_revenue) OVER every, 0))::numeric(30,6) AS new_revenue_share,
       (s.revenue - s.new_revenue)::numeric(24,2) AS returning_revenue
FROM sourced s
WINDOW every AS (PARTITION BY s.dimension, s.month);
COMMENT ON VIEW revenue_sources IS 'Where leads and revenue come from, by origin, channel and campaign, by month and for all time, as known at leadflow.clock(), in the currency of the workspace. A lead counts in the month in which it came in, with campaign and origin of its first entry; a deal in the month in which it was won, with its own. Deals without a known value count as deals, not as money. Leads in lead_outside are left out.';
COMMENT ON COLUMN revenue_sources.dimension IS 'origin, channel (of the campaign) or campaign (its name)';
COMMENT ON COLUMN revenue_sources.name IS 'which one; null for none, or not known';
COMMENT ON COLUMN revenue_sources.month IS 'first day of the month, in the session''s time zone; null for all time';
COMMENT ON COLUMN revenue_sources.leads IS 'number of leads that came in (first reached lead)';
COMMENT ON COLUMN revenue_sources.leads_share IS 'share of the leads of the month, 0..1, within the dimension; null where there are none';
COMMENT ON COLUMN revenue_sources.won IS 'number of deals won';
COMMENT ON COLUMN revenue_sources.revenue IS 'their value';
COMMENT ON COLUMN revenue_sources.revenue_share IS 'share of the revenue of the month within the dimension, 0..1 where no value is below 0; null where there is none';
COMMENT ON COLUMN revenue_sources.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN revenue_sources.new_revenue IS 'value of those';
COMMENT ON COLUMN revenue_sources.new_revenue_share IS 'share of the new revenue of the month within the dimension; null where there is none';
COMMENT ON COLUMN revenue_sources.returning_revenue IS 'value of the other deals won';
