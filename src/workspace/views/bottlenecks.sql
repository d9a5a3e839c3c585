-- Leads are taken by the 90 days in which they reached a stage; those of the
-- last 90 days have not had their time yet and do not count.
CREATE OR REPLACE VIEW bottlenecks AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 3) AS at_3,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 4) AS at_4,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 5) AS at_5,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 6) AS at_6,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 7) AS at_7,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 8) AS at_8,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 9) AS at_9,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 10) AS at_10,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 11) AS at_11,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 12) AS at_12,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 13) AS at_13
    FROM (SELECT e.lead_id, e.at, leadflow.ordinal(e.to_stage) AS ordinal
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          OFFSET 0) e
    GROUP BY e.lead_id
), step AS MATERIALIZED (
    SELECT s.ordinal,
           -- 0 is the latest period
           pg_catalog.floor(pg_catalog.date_part('epoch', (SELECT leadflow.clock() - interval '90 days') - s.from_at) / (90 * 86400))::integer AS period,
           CASE WHEN s.to_at - s.from_at <= interval '90 days' THEN pg_catalog.date_part('epoch', s.to_at - s.from_at) END AS seconds
    FROM (SELECT pg_catalog.unnest('{3,4,5,6,7,8,9,10,11,12}'::integer[]) AS ordinal,
                 pg_catalog.unnest(ARRAY[p.at_3, p.at_4, p.at_5, p.at_6, p.at_7, p.at_8, p.at_9, p.at_10, p.at_11, p.at_12]) AS from_at,
                 pg_catalog.unnest(ARRAY[p.at_4, p.at_5, p.at_6, p.at_7, p.at_8, p.at_9, p.at_10, p.at_11, p.at_12, p.at_13]) AS to_at
          FROM path p
          WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)) s
    WHERE s.from_at <= (SELECT leadflow.clock() - interval '90 days') AND s.from_at > (SELECT leadflow.clock() - interval '540 days')
), period AS (
    SELECT s.ordinal, s.period, pg_catalog.count(*) AS leads, pg_catalog.count(s.seconds) AS converted
    FROM step s
    GROUP BY s.ordinal, s.period
), duration AS (
    SELECT s.ordinal, pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY s.seconds) AS median
    FROM step s
    WHERE s.period = 0
    GROUP BY s.ordinal
), judged AS (
    SELECT p.ordinal, p.stage AS from_stage, n.stage AS to_stage,
           COALESCE(c.leads, 0) AS leads,
           COALESCE(c.converted, 0) AS converted,
           c.converted::numeric / c.leads AS conversion,
           (SELECT pg_catalog.max(b.converted::numeric / b.leads) FROM period b WHERE b.ordinal = p.ordinal AND b.leads >= 30) AS best,
           t.median
    FROM leadflow.spine() p
    JOIN leadflow.spine() n ON n.ordinal = p.ordinal + 1
    LEFT JOIN period c ON c.ordinal = p.ordinal AND c.period = 0
    LEFT JOIN duration t ON t.ordinal = p.ordinal
    WHERE p.ordinal >= 3 AND p.ordinal <= 12
), gain AS (
    SELECT j.*,
           GREATEST(j.best, j.conversion) AS benchmark,
           -- of those that get through, how many are won
           CASE WHEN pg_catalog.count(*) OVER later > pg_catalog.count(j.conversion) OVER later THEN NULL
                WHEN pg_catalog.min(j.conversion) OVER later = 0 THEN 0
                ELSE COALESCE(pg_catalog.exp(pg_catalog.sum(pg_catalog.ln(NULLIF(j.conversion, 0))) OVER later), 1) END AS won_after
    FROM judged j
    WINDOW later AS (ORDER BY j.ordinal ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), money AS MATERIALIZED (
    SELECT pg_catalog.avg(d.value) AS average
    FROM deal d
    WHERE d.outcome = 'won' AND d.won_at > (SELECT leadflow.clock()) - interval '365 days'
), ranked AS (
    SELECT g.*, g.leads * (g.benchmark - g.conversion) * g.won_after * 365 / 12 / 90 AS extra_won, m.average
    FROM gain g
    CROSS JOIN money m
)
SELECT pg_catalog.rank() OVER (ORDER BY r.extra_won DESC NULLS LAST) AS rank,
       COALESCE(r.extra_won > 0, false) AND pg_catalog.rank() OVER (ORDER BY r.extra_won DESC NULLS LAST) <= 3 AS bottleneck,
       r.ordinal::bigint AS ordinal,
       r.from_stage::text AS from_stage,
       r.to_stage::text AS to_stage,
       r.leads,
       r.converted,
       r.conversion::numeric(9,6) AS conversion,
       r.benchmark::numeric(9,6) AS benchmark,
       r.won_after::numeric(9,6) AS won_after_share,
       r.extra_won::numeric(15,4) AS extra_won_per_month,
       (r.extra_won * r.average)::numeric(24,2) AS extra_revenue_per_month,
       r.median::bigint AS seconds_median,
       leadflow.seconds(d.norm) AS norm_seconds,
       r.median > leadflow.seconds(d.norm) AS over_norm
FROM ranked r
LEFT JOIN stage_definition d ON d.stage = r.from_stage AND d.variant = '*'
ORDER BY r.extra_won DESC NULLS LAST, r.ordinal;
COMMENT ON VIEW bottlenecks IS 'Which steps of the funnel cost the most revenue, at leadflow.clock(): lead to won, each from one stage of the spine to the next. A step is judged by the leads that first reached its stage, or a later one, from 180 to 90 days before the clock, and had got further within 90 days. The benchmark is the best of these and the four 90-day periods before them, as far as they have 30 leads: what the company has done already. Leads in lead_outside are left out.';
COMMENT ON COLUMN bottlenecks.rank IS 'order by extra_won_per_month, the greatest first; steps with nothing to gain share a place';
COMMENT ON COLUMN bottlenecks.bottleneck IS 'whether it is one of the three with the greatest effect, and there is something to gain';
COMMENT ON COLUMN bottlenecks.ordinal IS 'place of from_stage on the spine, 3 to 12';
COMMENT ON COLUMN bottlenecks.from_stage IS 'stage that the step starts from';
COMMENT ON COLUMN bottlenecks.to_stage IS 'the next stage';
COMMENT ON COLUMN bottlenecks.leads IS 'number of leads that are judged';
COMMENT ON COLUMN bottlenecks.converted IS 'how many of them reached the next stage within 90 days';
COMMENT ON COLUMN bottlenecks.conversion IS 'converted / leads, 0..1; null for no leads';
COMMENT ON COLUMN bottlenecks.benchmark IS 'the best conversion of the five periods, 0..1; conversion itself where no period is better, or none has 30 leads';
COMMENT ON COLUMN bottlenecks.won_after_share IS 'share of the leads that get through this step and are won in the end, 0..1: the product of the conversions of the later steps; null where one of them has no leads';
COMMENT ON COLUMN bottlenecks.extra_won_per_month IS 'leads won in addition, in a month of 365 / 12 days, were the conversion the benchmark and all else the same: leads / 90 days x (benchmark - conversion) x won_after_share; null where a part is';
COMMENT ON COLUMN bottlenecks.extra_revenue_per_month IS 'the same x the average value of the deals won in the last 365 days, in the currency of the workspace; null where a part is';
COMMENT ON COLUMN bottlenecks.seconds_median IS 'median time from the stage to the next one of those converted: elapsed, seconds; null for none';
COMMENT ON COLUMN bottlenecks.norm_seconds IS 'the general norm of from_stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN bottlenecks.over_norm IS 'whether the median is longer than the norm; null where one of them is';
