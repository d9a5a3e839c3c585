CREATE OR REPLACE VIEW pipeline_health AS
WITH today AS MATERIALIZED (
    SELECT (SELECT leadflow.clock())::date AS day
), wanted AS MATERIALIZED (
    -- the target of each that runs now; of several the shortest, then the latest
    SELECT DISTINCT ON (k.dimension, k.dimension_value) k.dimension, k.dimension_value, t.starts_on, t.ends_on, t.value
    FROM target t
    CROSS JOIN LATERAL (SELECT CASE WHEN t.segment IS NOT NULL THEN 'segment' WHEN t.team IS NOT NULL THEN 'team' WHEN t.owner IS NOT NULL THEN 'owner' ELSE 'total' END AS dimension,
                               COALESCE(t.segment, t.team, t.owner, '*') AS dimension_value) k
    WHERE t.metric = 'revenue' AND t.starts_on <= (SELECT y.day FROM today y) AND t.ends_on >= (SELECT y.day FROM today y)
        AND pg_catalog.num_nonnulls(t.segment, t.team, t.owner) <= 1
    ORDER BY k.dimension, k.dimension_value, t.ends_on - t.starts_on, t.starts_on DESC
), open AS (
    SELECT k.dimension, k.dimension_value, p.value, p.win_probability, p.weighted_value, p.age_seconds, p.norm_seconds, p.expected_close,
           p.stalled, p.slipped, p.without_date, p.without_value,
           pg_catalog.row_number() OVER (PARTITION BY k.dimension, k.dimension_value ORDER BY p.value DESC NULLS LAST, p.opportunity_id) AS place
    FROM pipeline_deals p
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', p.segment), ('team', p.team), ('owner', p.owner)) k (dimension, dimension_value)
), pipeline AS (
    SELECT o.dimension, o.dimension_value,
           pg_catalog.count(*) AS deals,
           COALESCE(pg_catalog.sum(o.value), 0) AS value,
           pg_catalog.count(*) FILTER (WHERE o.without_value) AS amounts_unknown,
           pg_catalog.sum(o.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE o.value IS NOT NULL AND o.win_probability IS NULL) AS unweighted,
           pg_catalog.avg(o.age_seconds) AS age,
           pg_catalog.count(*) FILTER (WHERE o.stalled) AS stalled,
           pg_catalog.sum(o.value) FILTER (WHERE o.stalled) AS stalled_value,
           pg_catalog.count(o.norm_seconds) AS with_norm,
           pg_catalog.count(*) FILTER (WHERE o.slipped) AS slipped,
           pg_catalog.sum(o.value) FILTER (WHERE o.slipped) AS slipped_value,
           pg_catalog.count(*) FILTER (WHERE o.without_date) AS without_date,
           pg_catalog.sum(GREATEST(o.value, 0)) AS positive,
           pg_catalog.max(GREATEST(o.value, 0)) AS largest,
           pg_catalog.sum(GREATEST(o.value, 0)) FILTER (WHERE o.place <= 5) AS largest_five,
           pg_catalog.sum(GREATEST(o.value, 0) * GREATEST(o.value, 0)) AS squares
    FROM open o
    GROUP BY o.dimension, o.dimension_value
), won AS (
    SELECT t.dimension, t.dimension_value, COALESCE(pg_catalog.sum(d.value), 0) AS value
    FROM wanted t
    LEFT JOIN deal d ON d.won_at IS NOT NULL AND d.won_at::date >= t.starts_on AND d.won_at::date <= t.ends_on
        AND t.dimension_value = CASE t.dimension WHEN 'total' THEN '*' WHEN 'segment' THEN d.segment WHEN 'team' THEN d.team ELSE d.owner END
    GROUP BY t.dimension, t.dimension_value
), due AS (
    SELECT t.dimension, t.dimension_value, pg_catalog.sum(o.value) AS value
    FROM wanted t
    JOIN open o ON o.dimension = t.dimension AND o.dimension_value = t.dimension_value AND o.expected_close <= t.ends_on
    GROUP BY t.dimension, t.dimension_value
), goal AS (
    SELECT t.dimension, t.dimension_value, t.starts_on, t.ends_on, t.value AS target, w.value AS won, GREATEST(t.value - w.value, 0) AS gap,
           COALESCE(e.value, 0) AS due
    FROM wanted t
    JOIN won w ON w.dimension = t.dimension AND w.dimension_value = t.dimension_value
    LEFT JOIN due e ON e.dimension = t.dimension AND e.dimension_value = t.dimension_value
)
SELECT k.dimension,
       k.dimension_value,
       COALESCE(p.deals, 0) AS deals,
       COALESCE(p.value, 0)::numeric(24,2) AS value,
       COALESCE(p.amounts_unknown, 0) AS amounts_unknown,
       p.weighted_value::numeric(24,2) AS weighted_value,
       COALESCE(p.unweighted, 0) AS unweighted,
       g.starts_on AS target_starts_on,
       g.ends_on AS target_ends_on,
       g.target AS target_value,
       g.won::numeric(24,2) AS won_value,
       g.gap::numeric(24,2) AS gap,
       pg_catalog.round(COALESCE(p.value, 0) / NULLIF(g.gap, 0), 4)::numeric(24,4) AS coverage,
       pg_catalog.round(p.weighted_value / NULLIF(g.gap, 0), 4)::numeric(24,4) AS weighted_coverage,
       g.due::numeric(24,2) AS due_value,
       pg_catalog.round(g.due / NULLIF(g.gap, 0), 4)::numeric(24,4) AS due_coverage,
       p.age::bigint AS age_seconds_average,
       COALESCE(p.stalled, 0) AS stalled,
       COALESCE(p.stalled_value, 0)::numeric(24,2) AS stalled_value,
       (p.stalled::numeric / NULLIF(p.with_norm, 0))::numeric(9,6) AS over_norm_share,
       COALESCE(p.slipped, 0) AS slipped,
       COALESCE(p.slipped_value, 0)::numeric(24,2) AS slipped_value,
       COALESCE(p.without_date, 0) AS without_date,
       (p.largest / NULLIF(p.positive, 0))::numeric(9,6) AS largest_share,
       (p.largest_five / NULLIF(p.positive, 0))::numeric(9,6) AS largest_five_share,
       (p.squares / NULLIF(p.positive * p.positive, 0))::numeric(9,6) AS herfindahl
FROM (SELECT p.dimension, p.dimension_value FROM pipeline p
      UNION
      SELECT t.dimension, t.dimension_value FROM wanted t
      UNION
      SELECT 'total'::text AS dimension, '*'::text AS dimension_value) k
LEFT JOIN pipeline p ON p.dimension = k.dimension AND p.dimension_value IS NOT DISTINCT FROM k.dimension_value
LEFT JOIN goal g ON g.dimension = k.dimension AND g.dimension_value = k.dimension_value
ORDER BY CASE k.dimension WHEN 'total' THEN 1 WHEN 'segment' THEN 2 WHEN 'team' THEN 3 ELSE 4 END, k.dimension_value;
COMMENT ON VIEW pipeline_health IS 'Whether the pipeline is enough, and how sound it is, at leadflow.clock(): of everybody, and of each segment, team and owner. Values of the rows of one dimension add up to the total. The target is that of revenue whose period runs now: of several the shortest, and of these the one that began last; one that names both a segment and a team or owner belongs to no row. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_health.dimension IS 'total, segment, team or owner';
COMMENT ON COLUMN pipeline_health.dimension_value IS 'which one; * for the total, null for the deals that have none';
COMMENT ON COLUMN pipeline_health.deals IS 'number of open deals';
COMMENT ON COLUMN pipeline_health.value IS 'what they are worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN pipeline_health.amounts_unknown IS 'number of them whose value is not known, in no sum of money';
COMMENT ON COLUMN pipeline_health.weighted_value IS 'sum of value x win probability of the stage (stage_win_rate); null where no deal has both';
COMMENT ON COLUMN pipeline_health.unweighted IS 'number of them with a value but no probability, because no deal that reached the stage is closed: in value, not in weighted_value';
COMMENT ON COLUMN pipeline_health.target_starts_on IS 'first day of the period of the target; this and what follows up to due_coverage is null where there is none';
COMMENT ON COLUMN pipeline_health.target_ends_on IS 'last day of it';
COMMENT ON COLUMN pipeline_health.target_value IS 'revenue to be reached in the period';
COMMENT ON COLUMN pipeline_health.won_value IS 'value of the deals won in it so far';
COMMENT ON COLUMN pipeline_health.gap IS 'what is left to be won; 0 where the target is reached';
COMMENT ON COLUMN pipeline_health.coverage IS 'value / gap: 3 says that one deal in three must be won; null where nothing is left';
COMMENT ON COLUMN pipeline_health.weighted_coverage IS 'weighted_value / gap: below 1 the target will be missed if deals end as they used to; null where nothing is left or nothing is weighted';
COMMENT ON COLUMN pipeline_health.due_value IS 'value of the open deals that are expected to close by the end of the period, those that should have closed already too';
COMMENT ON COLUMN pipeline_health.due_coverage IS 'due_value / gap; null where nothing is left';
COMMENT ON COLUMN pipeline_health.age_seconds_average IS 'average time since they were opened: elapsed, seconds; null for no deals';
COMMENT ON COLUMN pipeline_health.stalled IS 'number of open deals that are in their stage for longer than its norm';
COMMENT ON COLUMN pipeline_health.stalled_value IS 'what they are worth';
COMMENT ON COLUMN pipeline_health.over_norm_share IS 'stalled / open deals in a stage that has a norm, 0..1; null for none';
COMMENT ON COLUMN pipeline_health.slipped IS 'number of open deals whose expected_close is before the day of the clock';
COMMENT ON COLUMN pipeline_health.slipped_value IS 'what they are worth';
COMMENT ON COLUMN pipeline_health.without_date IS 'number of open deals without expected_close';
COMMENT ON COLUMN pipeline_health.largest_share IS 'share of the largest deal in the value, 0..1; null where there is none. A value below 0 counts as 0 in the shares';
COMMENT ON COLUMN pipeline_health.largest_five_share IS 'share of the five largest';
COMMENT ON COLUMN pipeline_health.herfindahl IS 'sum of the squares of the shares of all deals, 0..1: 1 / it deals of equal size would be as concentrated (O. C. Herfindahl, Concentration in the Steel Industry, 1950)';
