CREATE OR REPLACE VIEW bonus AS
WITH goals AS MATERIALIZED (
    SELECT g.kind, g.goal, g.from_date, g.until_date, g.promised, g.delivered
    FROM joint_goals g
    WHERE g.state <> 'to come' AND (g.kind = 'agreement' OR pg_catalog.num_nonnulls(g.segment, g.team, g.owner) = 0)
), part AS (
    SELECT b.*, p.from_day::date AS from_date, (p.from_day + s.step)::date - 1 AS until_date
    FROM bonus_part b
    CROSS JOIN LATERAL (SELECT CASE b.period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' ELSE interval '1 year' END AS step) s
    CROSS JOIN LATERAL (SELECT (CASE WHEN b.starts_on <= '9999-12-31' THEN b.starts_on WHEN b.starts_on IS NOT NULL THEN '9999-12-31'::date END)::timestamp AS starts_at, (LEAST(b.ends_on, '9999-12-31'::date) + 1)::timestamp AS ends_at) t
    CROSS JOIN LATERAL pg_catalog.generate_series(
        pg_catalog.date_trunc(b.period, GREATEST((SELECT pg_catalog.min(g.from_date) FROM goals g)::timestamp, t.starts_at, '1900-01-01'::timestamp)),
        LEAST(b.ends_on, (SELECT leadflow.clock())::date)::timestamp, s.step) p (from_day)
    WHERE (SELECT pg_catalog.min(g.from_date) FROM goals g) IS NOT NULL
        AND (b.starts_on IS NULL OR p.from_day >= t.starts_at)
        AND (b.ends_on IS NULL OR p.from_day + s.step <= t.ends_at)
), result AS (
    SELECT p.department, p.part, p.from_date, p.until_date, pg_catalog.count(*) AS periods, pg_catalog.avg(g.delivered / NULLIF(g.promised, 0)) AS reached
    FROM part p
    JOIN goals g ON g.kind = CASE WHEN p.agreement IS NULL THEN 'target' ELSE 'agreement' END AND g.goal = COALESCE(p.agreement, p.target_metric)
        AND g.until_date <= p.until_date AND g.until_date >= CASE WHEN p.agreement IS NULL THEN p.until_date ELSE p.from_date END
        AND (p.agreement IS NOT NULL OR g.from_date = p.from_date)
    GROUP BY p.department, p.part, p.from_date, p.until_date
)
SELECT x.department,
       x.period,
       x.from_date,
       x.until_date,
       CASE WHEN x.until_date >= (SELECT leadflow.clock())::date THEN 'running' ELSE 'complete' END AS state,
       x.part,
       x.agreement,
       x.target_metric,
       x.weight,
       x.pays_from,
       x.cap,
       x.periods,
       pg_catalog.round(x.reached, 6)::numeric(24,6) AS reached_share,
       x.paid::numeric(9,6) AS paid_share,
       (x.weight * x.paid)::numeric(24,6) AS weighted_share,
       (pg_catalog.sum(x.weight * x.paid) OVER whole)::numeric(24,6) AS department_share,
       (pg_catalog.sum(x.weight * x.cap) OVER whole)::numeric(24,6) AS most_share,
       (pg_catalog.sum(x.weight) OVER whole)::numeric(24,6) AS weights_share,
       CASE WHEN pg_catalog.sum(x.weight) OVER whole <> 1 THEN 'the weights do not sum to 1'
            WHEN x.periods = 0 AND x.agreement IS NOT NULL THEN 'the agreement has no period that ends here'
            WHEN x.periods = 0 THEN 'there is no target of this period'
            WHEN x.reached IS NULL THEN 'nothing to measure it by' END AS fault,
       x.meaning
FROM (SELECT p.*, COALESCE(r.periods, 0) AS periods, r.reached,
             CASE WHEN r.reached >= p.pays_from THEN LEAST(r.reached, p.cap) ELSE 0 END AS paid
      FROM part p
      LEFT JOIN result r ON r.department = p.department AND r.part = p.part AND r.from_date = p.from_date AND r.until_date = p.until_date) x
WINDOW whole AS (PARTITION BY x.department, x.period, x.from_date)
ORDER BY x.from_date, x.period, x.department, x.part;
COMMENT ON VIEW bonus IS 'What the bonus of each department comes to, part by part (bonus_part) and period by period, as known at leadflow.clock(). A part pays nothing below its threshold, else what was reached, up to its cap: paid = 0 where reached < pays_from, else least(reached, cap); the bonus is the sum of weight x paid. What was reached is delivered / promised of joint_goals. Periods begin with the first goal. A running period shows what it would be now.';
COMMENT ON COLUMN bonus.department IS 'who is paid: marketing or sales';
COMMENT ON COLUMN bonus.period IS 'month, quarter or year';
COMMENT ON COLUMN bonus.from_date IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN bonus.until_date IS 'last day of it';
COMMENT ON COLUMN bonus.state IS 'running or complete';
COMMENT ON COLUMN bonus.part IS 'code of the part';
COMMENT ON COLUMN bonus.agreement IS 'agreement that it rests on; null for a target';
COMMENT ON COLUMN bonus.target_metric IS 'metric of the target that it rests on; null for an agreement';
COMMENT ON COLUMN bonus.weight IS 'share of the whole bonus, 0..1';
COMMENT ON COLUMN bonus.pays_from IS 'share of the goal below which nothing is paid, 0..1';
COMMENT ON COLUMN bonus.cap IS 'share of the goal above which no more is paid, 1 for the goal itself';
COMMENT ON COLUMN bonus.periods IS 'number of periods of the agreement, or targets, that count';
COMMENT ON COLUMN bonus.reached_share IS 'delivered / promised, on average over these; null where there is nothing to measure it by';
COMMENT ON COLUMN bonus.paid_share IS 'what the part comes to, 0..cap, 1 for the whole part';
COMMENT ON COLUMN bonus.weighted_share IS 'weight x paid_share: its share in the bonus';
COMMENT ON COLUMN bonus.department_share IS 'sum of weighted_share over the parts of the department in the period: the bonus, 1 for the whole';
COMMENT ON COLUMN bonus.most_share IS 'the most that it can come to: sum of weight x cap';
COMMENT ON COLUMN bonus.weights_share IS 'sum of the weights; should be 1';
COMMENT ON COLUMN bonus.fault IS 'what is wrong with the part: weights that do not sum to 1, a goal that is missing, or nothing to measure it by; null where nothing is';
COMMENT ON COLUMN bonus.meaning IS 'the part in words';
