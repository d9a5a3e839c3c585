CREATE OR REPLACE VIEW revenue_structure AS
SELECT c.month,
       c.dimension,
       c.dimension_value,
       c.deals,
       c.customers,
       (c.deals / pg_catalog.sum(c.deals) OVER whole)::numeric(9,6) AS deals_share,
       c.value::numeric(24,2) AS value,
       (c.positive / NULLIF(pg_catalog.sum(c.positive) OVER whole, 0))::numeric(9,6) AS value_share,
       c.average_value::numeric(15,2) AS value_average,
       c.amounts_unknown,
       c.recurring_value::numeric(24,2) AS recurring_value
FROM (SELECT d.month, k.dimension, k.dimension_value,
             pg_catalog.count(*) AS deals,
             pg_catalog.count(DISTINCT d.buyer) AS customers,
             COALESCE(pg_catalog.sum(d.value), 0) AS value,
             COALESCE(pg_catalog.sum(GREATEST(d.value, 0)), 0) AS positive,
             pg_catalog.avg(d.value) AS average_value,
             COALESCE(pg_catalog.sum(d.recurring_value), 0) AS recurring_value,
             pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS amounts_unknown
      FROM (SELECT d.*, pg_catalog.date_trunc('month', d.won_at)::date AS month
            FROM deal d
            WHERE d.outcome = 'won') d
      CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', d.kind), ('origin', d.origin), ('segment', d.segment), ('variant', d.variant),
                                 ('customer', CASE WHEN d.new_customer THEN 'new' ELSE 'returning' END)) k (dimension, dimension_value)
      GROUP BY d.month, k.dimension, k.dimension_value) c
WINDOW whole AS (PARTITION BY c.month, c.dimension);
COMMENT ON VIEW revenue_structure IS 'What the revenue of each month is made of, as known at leadflow.clock(): deals won by kind, origin, segment and variant (product line or region), and by new and returning customers. Counts and values may be added up over months, but not customers and shares. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN revenue_structure.month IS 'first day of the month in which the deals were won, in the session''s time zone';
COMMENT ON COLUMN revenue_structure.dimension IS 'total, kind, origin, segment, variant or customer';
COMMENT ON COLUMN revenue_structure.dimension_value IS 'which one: new, cross_sell, upsell or renewal for kind; new (the first deal of the buyer) or returning for customer; * for the total, null for the deals that have none';
COMMENT ON COLUMN revenue_structure.deals IS 'number of deals won';
COMMENT ON COLUMN revenue_structure.customers IS 'number of buyers among them; each counts once';
COMMENT ON COLUMN revenue_structure.deals_share IS 'share of all deals won in the month, 0..1';
COMMENT ON COLUMN revenue_structure.value IS 'revenue, in the currency of the workspace, without deals of unknown value';
COMMENT ON COLUMN revenue_structure.value_share IS 'share of all revenue of the month, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN revenue_structure.value_average IS 'average value of the deals; null for none of known value';
COMMENT ON COLUMN revenue_structure.amounts_unknown IS 'number of the deals whose value is not known';
COMMENT ON COLUMN revenue_structure.recurring_value IS 'what comes again every year of it, in the currency of the workspace, without deals of which that is not known; the rest is earned once';
