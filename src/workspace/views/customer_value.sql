CREATE OR REPLACE VIEW customer_value AS
WITH bought AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.buyer, d.won_at, d.value,
           pg_catalog.date_trunc('month', pg_catalog.min(d.won_at) OVER w)::date AS month,
           pg_catalog.max(d.won_at) OVER w AS last_won_at
    FROM deal d
    WHERE d.outcome = 'won'
    WINDOW w AS (PARTITION BY d.buyer)
), churned AS MATERIALIZED (
    SELECT e.lead_id, e.opportunity_id, e.at
    FROM stage_event e
    WHERE e.to_stage <@ 'churned' AND e.at <= (SELECT leadflow.clock())
), customer AS (
    -- who bought again had not left
    SELECT b.buyer, b.month, pg_catalog.min(c.at) FILTER (WHERE c.at >= b.last_won_at) AS left_at
    FROM bought b
    LEFT JOIN (SELECT o.buyer, x.at
               FROM churned x
               JOIN bought o ON o.opportunity_id = x.opportunity_id
               UNION ALL
               SELECT o.buyer, x.at
               FROM churned x
               JOIN bought o ON o.lead_id = x.lead_id
               WHERE x.opportunity_id IS NULL) c ON c.buyer = b.buyer
    GROUP BY b.buyer, b.month
), size AS (
    SELECT c.month, pg_catalog.count(*) AS customers
    FROM customer c
    GROUP BY c.month
), happened AS (
    -- by the number of calendar months after the first deal
    SELECT h.month, h.age, pg_catalog.count(h.left_at) AS gone, pg_catalog.count(h.won_at) AS deals, pg_catalog.sum(h.value) AS value,
           pg_catalog.count(h.won_at) - pg_catalog.count(h.value) AS amounts_unknown
    FROM (SELECT x.month, x.left_at, x.won_at, x.value,
                 ((pg_catalog.date_part('year', COALESCE(x.left_at, x.won_at)) - pg_catalog.date_part('year', x.month)) * 12
                     + pg_catalog.date_part('month', COALESCE(x.left_at, x.won_at)) - pg_catalog.date_part('month', x.month))::integer AS age
          FROM (SELECT c.month, c.left_at, NULL::timestamptz AS won_at, NULL::numeric AS value
                FROM customer c
                WHERE c.left_at IS NOT NULL
                UNION ALL
                SELECT b.month, NULL::timestamptz AS left_at, b.won_at, b.value::numeric
                FROM bought b) x) h
    GROUP BY h.month, h.age
), grid AS (
    SELECT z.month, z.customers, g.age, (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age + 1) AS complete
    FROM size z
    CROSS JOIN LATERAL pg_catalog.generate_series(0, 60) g (age)
    WHERE (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age)
), walk AS (
    SELECT g.month, g.age, g.complete, g.customers,
           COALESCE(h.value, 0) AS value,
           g.customers - COALESCE(pg_catalog.sum(h.gone) OVER walked, 0) AS retained,
           COALESCE(pg_catalog.sum(h.deals) OVER walked, 0) AS deals,
           COALESCE(pg_catalog.sum(h.value) OVER walked, 0) AS value_so_far,
           COALESCE(pg_catalog.sum(h.amounts_unknown) OVER walked, 0) AS amounts_unknown
    FROM grid g
    LEFT JOIN happened h ON h.month = g.month AND h.age = g.age
    WINDOW walked AS (PARTITION BY g.month ORDER BY g.age)
)
SELECT w.month,
       w.age::bigint AS age_months,
       w.complete,
       w.customers,
       w.retained::bigint AS retained,
       (w.retained / w.customers)::numeric(9,6) AS retained_share,
       w.deals::bigint AS deals,
       w.value::numeric(24,2) AS revenue,
       w.value_so_far::numeric(24,2) AS revenue_so_far,
       (w.value_so_far / w.customers)::numeric(24,2) AS revenue_per_customer,
       pg_catalog.round((w.value_so_far - pg_catalog.lag(w.value_so_far, 12) OVER walked)
           / NULLIF(pg_catalog.max(w.value_so_far) FILTER (WHERE w.age = 11) OVER (PARTITION BY w.month), 0), 6)::numeric(24,6) AS net_revenue_retention,
       w.amounts_unknown::bigint AS amounts_unknown
FROM walk w
WINDOW walked AS (PARTITION BY w.month ORDER BY w.age)
ORDER BY w.month, w.age;
COMMENT ON VIEW customer_value IS 'What the customers of each month came to be worth, as known at leadflow.clock(): those whose first deal was won in it, by the end of each calendar month after, up to 60. A customer is a buyer of deal: an account, else a lead. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN customer_value.month IS 'first day of the month of the first deal won, in the session''s time zone';
COMMENT ON COLUMN customer_value.age_months IS 'calendar months since: 0 is the month itself';
COMMENT ON COLUMN customer_value.complete IS 'whether that calendar month is over';
COMMENT ON COLUMN customer_value.customers IS 'number of customers';
COMMENT ON COLUMN customer_value.retained IS 'how many of them had not left by the end of it, or by the clock: one has left when a deal it bought, or the lead of one, enters churned, and it has bought nothing since';
COMMENT ON COLUMN customer_value.retained_share IS 'retained / customers, 0..1';
COMMENT ON COLUMN customer_value.deals IS 'number of deals won from them so far, the first ones too';
COMMENT ON COLUMN customer_value.revenue IS 'value of the deals won from them in that calendar month, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN customer_value.revenue_so_far IS 'value of the deals won from them by then';
COMMENT ON COLUMN customer_value.revenue_per_customer IS 'revenue_so_far / customers';
COMMENT ON COLUMN customer_value.net_revenue_retention IS 'revenue of the 12 months that end with this one / that of the first 12 (ages 0 to 11): 1 where customers are worth as much as at first, above 1 where those that stay buy more than those that leave; null before age 12, and where the first 12 brought nothing';
COMMENT ON COLUMN customer_value.amounts_unknown IS 'number of deals won so far whose value is not known';
