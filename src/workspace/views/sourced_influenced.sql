CREATE OR REPLACE VIEW sourced_influenced AS
SELECT d.opportunity_id,
       d.name AS opportunity,
       d.kind,
       d.buyer,
       d.won_at,
       d.value,
       d.new_customer,
       t.sourced_by,
       t.sourced_channel,
       COALESCE(t.marketing_touches, 0) > 0 AS marketing_influenced,
       COALESCE(t.sales_touches, 0) > 0 AS sales_influenced,
       COALESCE(t.touches, 0) AS touches,
       COALESCE(t.marketing_touches, 0) AS marketing_touches,
       COALESCE(t.sales_touches, 0) AS sales_touches,
       a.model,
       a.marketing_share::numeric(9,6) AS marketing_share,
       a.sales_share::numeric(9,6) AS sales_share,
       (1 - a.marketing_share - a.sales_share)::numeric(9,6) AS other_share,
       a.marketing_credit::numeric(24,3) AS marketing_credit,
       a.sales_credit::numeric(24,3) AS sales_credit
FROM deal d
LEFT JOIN (SELECT t.opportunity_id,
                  pg_catalog.count(*) AS touches,
                  pg_catalog.count(*) FILTER (WHERE t.department IN ('marketing', 'both')) AS marketing_touches,
                  pg_catalog.count(*) FILTER (WHERE t.department IN ('sales', 'both')) AS sales_touches,
                  (pg_catalog.array_agg(t.department ORDER BY t.touched_at, t.touch_id))[1] AS sourced_by,
                  (pg_catalog.array_agg(t.channel ORDER BY t.touched_at, t.touch_id))[1] AS sourced_channel
           FROM deal_touch t
           GROUP BY t.opportunity_id) t ON t.opportunity_id = d.opportunity_id
LEFT JOIN (SELECT a.opportunity_id,
                  pg_catalog.min(a.model) AS model,
                  pg_catalog.sum(a.credit * w.marketing) AS marketing_share,
                  pg_catalog.sum(a.credit * w.sales) AS sales_share,
                  pg_catalog.sum(a.value * w.marketing) AS marketing_credit,
                  pg_catalog.sum(a.value * w.sales) AS sales_credit
           FROM attribution a
           CROSS JOIN LATERAL (SELECT CASE a.department WHEN 'marketing' THEN 1 WHEN 'both' THEN 0.5 ELSE 0 END AS marketing,
                                      CASE a.department WHEN 'sales' THEN 1 WHEN 'both' THEN 0.5 ELSE 0 END AS sales) w
           WHERE a.model = (SELECT p.model FROM attribution_purpose p WHERE p.purpose = 'budget')
           GROUP BY a.opportunity_id) a ON a.opportunity_id = d.opportunity_id
WHERE d.won_at IS NOT NULL;
COMMENT ON VIEW sourced_influenced IS 'What each department did for each deal that was won, as known at leadflow.clock(): who began it, who had a part in it, and how much of it was whose under the model that is official for the purpose budget. Both departments may have had a part; a touch of both counts for both, and its credit half for each. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN sourced_influenced.opportunity_id IS 'the deal';
COMMENT ON COLUMN sourced_influenced.opportunity IS 'its name';
COMMENT ON COLUMN sourced_influenced.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN sourced_influenced.buyer IS 'who bought: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN sourced_influenced.won_at IS 'when it was won';
COMMENT ON COLUMN sourced_influenced.value IS 'its value, in the currency of the workspace; null where it is not known';
COMMENT ON COLUMN sourced_influenced.new_customer IS 'whether it was the first deal won from this buyer';
COMMENT ON COLUMN sourced_influenced.sourced_by IS 'department of its first touch, as in deal_touch: marketing, sales, both, customer or revops; null where it had none';
COMMENT ON COLUMN sourced_influenced.sourced_channel IS 'channel of its first touch';
COMMENT ON COLUMN sourced_influenced.marketing_influenced IS 'whether any touch was marketing''s, or of both';
COMMENT ON COLUMN sourced_influenced.sales_influenced IS 'whether any touch was that of sales, or of both';
COMMENT ON COLUMN sourced_influenced.touches IS 'number of touches that led to it (deal_touch)';
COMMENT ON COLUMN sourced_influenced.marketing_touches IS 'how many of them were marketing''s, or of both';
COMMENT ON COLUMN sourced_influenced.sales_touches IS 'how many were those of sales, or of both';
COMMENT ON COLUMN sourced_influenced.model IS 'the model that is official for budget; null for none, or where it is not active, and then for the shares too';
COMMENT ON COLUMN sourced_influenced.marketing_share IS 'credit that it gives to marketing, 0..1';
COMMENT ON COLUMN sourced_influenced.sales_share IS 'credit that it gives to sales, 0..1';
COMMENT ON COLUMN sourced_influenced.other_share IS 'the rest: credit of other departments, and all of a deal without a touch that the model counts';
COMMENT ON COLUMN sourced_influenced.marketing_credit IS 'value that the model gives to marketing, as attribution says it; null where other_share is, or the value is not known';
COMMENT ON COLUMN sourced_influenced.sales_credit IS 'the same for sales';
