-- With n leads of a group, N of all, x of them converted, in this month (1) and
-- the one before (0): the change of sum(x) / sum(n) is the sum over the groups
-- of  mean(s) * (r1 - r0)  and  (s1 - s0) * (mean(r) - mean(C)),  where
-- s = n / N, r = x / n, and C is the conversion of all.  A group that is in one
-- month only has the rate of that month in both.  What is rounded is the sum
-- up to each group, so that the rows add up to the last digit.
CREATE OR REPLACE VIEW mix_rate AS
WITH cell AS MATERIALIZED (
    SELECT s.position, pg_catalog.date_trunc('month', s.from_at::timestamp) AS month, m.origin, m.segment,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE s.to_at - s.from_at <= interval '30 days') AS within_30,
           pg_catalog.count(*) FILTER (WHERE s.to_at - s.from_at <= interval '90 days') AS within_90,
           pg_catalog.max(s.from_at) AS latest
    FROM lead_milestone m
    CROSS JOIN LATERAL (VALUES (1, m.lead_at, m.mql_at), (2, m.mql_at, m.sal_at), (3, m.sal_at, m.sql_at), (4, m.sql_at, m.opportunity_at),
                               (5, m.opportunity_at, m.won_at), (6, m.mql_at, m.won_at)) s (position, from_at, to_at)
    WHERE s.from_at IS NOT NULL
    GROUP BY s.position, pg_catalog.date_trunc('month', s.from_at::timestamp), m.origin, m.segment
), pair AS (
    -- each month beside the one before; groups of either
    SELECT c.position, t.month, w.days, k.dimension, k.dimension_value,
           pg_catalog.sum(c.leads) FILTER (WHERE t.now) AS n1,
           pg_catalog.sum(CASE w.days WHEN 30 THEN c.within_30 ELSE c.within_90 END) FILTER (WHERE t.now) AS x1,
           pg_catalog.sum(c.leads) FILTER (WHERE NOT t.now) AS n0,
           pg_catalog.sum(CASE w.days WHEN 30 THEN c.within_30 ELSE c.within_90 END) FILTER (WHERE NOT t.now) AS x0,
           pg_catalog.max(c.latest) AS latest
    FROM cell c
    CROSS JOIN LATERAL (VALUES (true, c.month), (false, c.month + interval '1 month')) t (now, month)
    CROSS JOIN (VALUES (30), (90)) w (days)
    CROSS JOIN LATERAL (VALUES ('origin'::text, c.origin), ('segment', c.segment)) k (dimension, dimension_value)
    GROUP BY c.position, t.month, w.days, k.dimension, k.dimension_value
), counted AS (
    SELECT p.position, p.month, p.days, p.dimension, p.dimension_value,
           COALESCE(p.n1, 0) AS n1, COALESCE(p.x1, 0) AS x1, COALESCE(p.n0, 0) AS n0, COALESCE(p.x0, 0) AS x0,
           pg_catalog.sum(p.n1) OVER whole AS m1, pg_catalog.sum(p.x1) OVER whole AS y1,
           pg_catalog.sum(p.n0) OVER whole AS m0, pg_catalog.sum(p.x0) OVER whole AS y0,
           pg_catalog.max(p.latest) OVER whole AS latest
    FROM pair p
    WINDOW whole AS (PARTITION BY p.position, p.month, p.days, p.dimension)
), effect AS (
    SELECT c.*,
           pg_catalog.round(pg_catalog.sum((c.n1 / c.m1 - c.n0 / c.m0)
               * (COALESCE(c.x1 / NULLIF(c.n1, 0), c.x0 / c.n0) + COALESCE(c.x0 / NULLIF(c.n0, 0), c.x1 / c.n1) - c.y1 / c.m1 - c.y0 / c.m0) / 2) OVER walked, 6) AS mix_so_far,
           pg_catalog.round(pg_catalog.sum(c.x1) OVER walked / c.m1, 6) - pg_catalog.round(pg_catalog.sum(c.x0) OVER walked / c.m0, 6)
               - pg_catalog.round((c.y1 / c.m1 + c.y0 / c.m0) / 2 * (pg_catalog.sum(c.n1) OVER walked / c.m1 - pg_catalog.sum(c.n0) OVER walked / c.m0), 6) AS change_so_far
    FROM counted c
    WHERE c.m1 > 0
    WINDOW walked AS (PARTITION BY c.position, c.month, c.days, c.dimension ORDER BY c.dimension_value ROWS UNBOUNDED PRECEDING)
), told AS (
    SELECT e.position, e.month, e.days, e.dimension, false AS is_total, e.dimension_value, e.latest, e.n1, e.x1, e.n0, e.x0, e.m1, e.m0,
           e.mix_so_far - COALESCE(pg_catalog.lag(e.mix_so_far) OVER walked, 0) AS mix_effect,
           e.change_so_far - COALESCE(pg_catalog.lag(e.change_so_far) OVER walked, 0) AS effect
    FROM effect e
    WINDOW walked AS (PARTITION BY e.position, e.month, e.days, e.dimension ORDER BY e.dimension_value)
), shown AS (
    SELECT t.position, t.month, t.days, t.dimension, t.is_total, t.dimension_value, t.latest, t.n1, t.x1, t.n0, t.x0, t.m1, t.m0, t.mix_effect, t.effect
    FROM told t
    UNION ALL
    SELECT t.position, t.month, t.days, t.dimension, true AS is_total, '*'::text AS dimension_value, t.latest,
           pg_catalog.sum(t.n1), pg_catalog.sum(t.x1), pg_catalog.sum(t.n0), pg_catalog.sum(t.x0), t.m1, t.m0, pg_catalog.sum(t.mix_effect), pg_catalog.sum(t.effect)
    FROM told t
    GROUP BY t.position, t.month, t.days, t.dimension, t.latest, t.m1, t.m0
)
SELECT s.position::bigint AS position,
       (ARRAY['lead', 'mql', 'sal', 'sql', 'opportunity', 'mql'])[s.position] AS from_stage,
       (ARRAY['mql', 'sal', 'sql', 'opportunity', 'won', 'won'])[s.position] AS to_stage,
       s.days::bigint AS days,
       s.month::date AS month,
       (SELECT leadflow.clock()) - s.latest >= pg_catalog.make_interval(days => s.days) AS complete,
       s.dimension,
       s.is_total,
       s.dimension_value,
       s.n1::bigint AS leads,
       s.n0::bigint AS leads_before,
       s.x1::bigint AS converted,
       s.x0::bigint AS converted_before,
       (s.n1 / s.m1)::numeric(9,6) AS share,
       (s.n0 / s.m0)::numeric(9,6) AS share_before,
       (s.x1 / NULLIF(s.n1, 0))::numeric(9,6) AS conversion,
       (s.x0 / NULLIF(s.n0, 0))::numeric(9,6) AS conversion_before,
       s.mix_effect::numeric(9,6) AS mix_effect,
       (s.effect - s.mix_effect)::numeric(9,6) AS rate_effect,
       s.effect::numeric(9,6) AS effect
FROM shown s
ORDER BY s.position, s.days, s.month, s.dimension, s.is_total DESC, s.dimension_value;
COMMENT ON VIEW mix_rate IS 'Why a conversion changed from one month to the next, as known at leadflow.clock(): because other leads came (mix: the work of marketing) or because like leads converted otherwise (rate: the work of sales). Both are counted at the mean of the two months, so that nothing is left over: the parts of each row add up to its effect, those of the groups to the total, and the total is the change of the conversion (the mean-weighted form of E. M. Kitagawa, Components of a difference between two rates, Journal of the American Statistical Association 50 (1955), 1168-1194, mix about the mean conversion). Leads belong to the month in which they first reached the stage or a later one, and to the group that they had at their first entry. Leads in lead_outside are left out.';
COMMENT ON COLUMN mix_rate.position IS 'order of the conversions: 1 to 5 along the funnel, 6 from mql to won';
COMMENT ON COLUMN mix_rate.from_stage IS 'stage that the leads reached in the month';
COMMENT ON COLUMN mix_rate.to_stage IS 'stage that those converted reached, or a later one';
COMMENT ON COLUMN mix_rate.days IS 'within how many days of 24 hours: 30 or 90';
COMMENT ON COLUMN mix_rate.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN mix_rate.complete IS 'whether all leads of both months have had so many days; where not, the conversion is still to rise';
COMMENT ON COLUMN mix_rate.dimension IS 'what the leads are grouped by: origin or segment';
COMMENT ON COLUMN mix_rate.is_total IS 'true for the row of all groups together';
COMMENT ON COLUMN mix_rate.dimension_value IS 'the group; null for the leads that have none, * for all';
COMMENT ON COLUMN mix_rate.leads IS 'number of leads of the month';
COMMENT ON COLUMN mix_rate.leads_before IS 'number of leads of the month before';
COMMENT ON COLUMN mix_rate.converted IS 'how many of leads converted';
COMMENT ON COLUMN mix_rate.converted_before IS 'how many of leads_before converted';
COMMENT ON COLUMN mix_rate.share IS 'share of the group in the leads of the month, 0..1';
COMMENT ON COLUMN mix_rate.share_before IS 'the same of the month before; null where there were no leads';
COMMENT ON COLUMN mix_rate.conversion IS 'converted / leads, 0..1; null for no leads';
COMMENT ON COLUMN mix_rate.conversion_before IS 'the same of the month before; null for no leads';
COMMENT ON COLUMN mix_rate.mix_effect IS 'how much of the change comes from the share of the group, -1..1: above 0 where a group that converts better than all grew; null where there were no leads before';
COMMENT ON COLUMN mix_rate.rate_effect IS 'how much of the change comes from the conversion within the group, -1..1; null likewise';
COMMENT ON COLUMN mix_rate.effect IS 'mix_effect + rate_effect; in the total, conversion - conversion_before; null likewise';
