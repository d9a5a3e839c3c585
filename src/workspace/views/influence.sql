CREATE OR REPLACE VIEW influence AS
SELECT x.month,
       x.kind,
       x.deals,
       x.revenue::numeric(24,2) AS revenue,
       x.marketing_sourced,
       x.marketing_sourced_revenue::numeric(24,2) AS marketing_sourced_revenue,
       x.sales_sourced,
       x.sales_sourced_revenue::numeric(24,2) AS sales_sourced_revenue,
       x.both_sourced,
       x.both_sourced_revenue::numeric(24,2) AS both_sourced_revenue,
       x.marketing_influenced,
       x.marketing_influenced_revenue::numeric(24,2) AS marketing_influenced_revenue,
       (x.marketing_influenced::numeric / x.deals)::numeric(9,6) AS marketing_influenced_share,
       x.sales_influenced,
       x.sales_influenced_revenue::numeric(24,2) AS sales_influenced_revenue,
       (x.sales_influenced::numeric / x.deals)::numeric(9,6) AS sales_influenced_share,
       x.marketing_credit::numeric(24,2) AS marketing_credit,
       x.sales_credit::numeric(24,2) AS sales_credit
FROM (SELECT pg_catalog.date_trunc('month', s.won_at)::date AS month,
             CASE WHEN GROUPING(s.kind) = 1 THEN '*' ELSE s.kind END AS kind,
             pg_catalog.count(*) AS deals,
             COALESCE(pg_catalog.sum(s.value), 0) AS revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'marketing') AS marketing_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'marketing'), 0) AS marketing_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'sales') AS sales_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'sales'), 0) AS sales_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'both') AS both_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'both'), 0) AS both_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.marketing_influenced) AS marketing_influenced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.marketing_influenced), 0) AS marketing_influenced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sales_influenced) AS sales_influenced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sales_influenced), 0) AS sales_influenced_revenue,
             pg_catalog.sum(s.marketing_credit) AS marketing_credit,
             pg_catalog.sum(s.sales_credit) AS sales_credit
      FROM sourced_influenced s
      GROUP BY GROUPING SETS ((pg_catalog.date_trunc('month', s.won_at)::date, s.kind), (pg_catalog.date_trunc('month', s.won_at)::date))) x;
COMMENT ON VIEW influence IS 'What each department had to do with the revenue, by month of the win and kind of deal, as known at leadflow.clock(), in the currency of the workspace. Both departments may have influenced a deal, so that their figures overlap; sourced and credit do not. Sums may be added up over months, of one kind or of all. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN influence.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN influence.kind IS 'new, cross_sell, upsell or renewal; * for all kinds';
COMMENT ON COLUMN influence.deals IS 'number of deals won';
COMMENT ON COLUMN influence.revenue IS 'their value, where it is known; so are all values here';
COMMENT ON COLUMN influence.marketing_sourced IS 'how many of them began with a touch of marketing''s';
COMMENT ON COLUMN influence.marketing_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.sales_sourced IS 'how many began with a touch of sales';
COMMENT ON COLUMN influence.sales_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.both_sourced IS 'how many began with a touch of both: a campaign, and somebody of sales';
COMMENT ON COLUMN influence.both_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.marketing_influenced IS 'how many had a touch of marketing''s';
COMMENT ON COLUMN influence.marketing_influenced_revenue IS 'value of those';
COMMENT ON COLUMN influence.marketing_influenced_share IS 'marketing_influenced / deals, 0..1';
COMMENT ON COLUMN influence.sales_influenced IS 'how many had a touch of sales';
COMMENT ON COLUMN influence.sales_influenced_revenue IS 'value of those';
COMMENT ON COLUMN influence.sales_influenced_share IS 'sales_influenced / deals, 0..1';
COMMENT ON COLUMN influence.marketing_credit IS 'value that the model official for budget gives to marketing; null where there is none';
COMMENT ON COLUMN influence.sales_credit IS 'value that it gives to sales';
