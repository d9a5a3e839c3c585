CREATE OR REPLACE VIEW pipeline_stages AS
WITH open AS MATERIALIZED (
    SELECT p.ordinal,
           pg_catalog.count(*) AS deals,
           pg_catalog.sum(p.value) AS value,
           pg_catalog.sum(GREATEST(p.value, 0)) AS positive,
           pg_catalog.sum(p.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE p.without_value) AS amounts_unknown,
           pg_catalog.avg(p.stage_seconds) AS average,
           pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY p.stage_seconds) AS median,
           pg_catalog.count(*) FILTER (WHERE p.stalled) AS over_norm,
           pg_catalog.count(*) FILTER (WHERE p.slipped) AS slipped
    FROM pipeline_deals p
    GROUP BY p.ordinal
)
SELECT r.ordinal,
       r.stage,
       COALESCE(o.deals, 0) AS deals,
       COALESCE(o.value, 0)::numeric(24,2) AS value,
       COALESCE(o.amounts_unknown, 0) AS amounts_unknown,
       (COALESCE(o.deals, 0) / NULLIF(pg_catalog.sum(o.deals) OVER (), 0))::numeric(9,6) AS deals_share,
       (COALESCE(o.positive, 0) / NULLIF(pg_catalog.sum(o.positive) OVER (), 0))::numeric(9,6) AS value_share,
       o.average::bigint AS stage_seconds_average,
       o.median::bigint AS stage_seconds_median,
       leadflow.seconds(n.norm) AS norm_seconds,
       COALESCE(o.over_norm, 0) AS over_norm,
       COALESCE(o.slipped, 0) AS slipped,
       r.closed,
       r.won,
       r.win_rate,
       r.win_rate_low,
       r.win_rate_high,
       (CASE WHEN r.win_rate IS NOT NULL THEN COALESCE(o.weighted_value, 0) END)::numeric(24,2) AS weighted_value
FROM stage_win_rate r
LEFT JOIN open o ON o.ordinal = r.ordinal
LEFT JOIN stage_definition n ON n.stage = r.stage::leadflow.stage AND n.variant = '*'
ORDER BY r.ordinal;
COMMENT ON VIEW pipeline_stages IS 'How the pipeline is spread over its stages, opportunity to decision, at leadflow.clock(), and what deals in each stage have come to so far. Leaves count for their stage. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_stages.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN pipeline_stages.stage IS 'stage of the spine';
COMMENT ON COLUMN pipeline_stages.deals IS 'number of open deals';
COMMENT ON COLUMN pipeline_stages.value IS 'what they are worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN pipeline_stages.amounts_unknown IS 'number of them whose value is not known';
COMMENT ON COLUMN pipeline_stages.deals_share IS 'share of all open deals, 0..1; null where there are none';
COMMENT ON COLUMN pipeline_stages.value_share IS 'share of the value of the pipeline, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN pipeline_stages.stage_seconds_average IS 'average time that they are in their stage: elapsed, seconds; null for none';
COMMENT ON COLUMN pipeline_stages.stage_seconds_median IS 'median of it, interpolated; null for none';
COMMENT ON COLUMN pipeline_stages.norm_seconds IS 'the general norm of the stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN pipeline_stages.over_norm IS 'number of open deals that are in their stage for longer than its norm';
COMMENT ON COLUMN pipeline_stages.slipped IS 'number of open deals that should have closed by now';
COMMENT ON COLUMN pipeline_stages.closed IS 'number of deals that ever reached the stage or a later one, and are won or lost';
COMMENT ON COLUMN pipeline_stages.won IS 'how many of them are won';
COMMENT ON COLUMN pipeline_stages.win_rate IS 'won / closed, 0..1: the probability of winning that open deals in the stage are given; null where none is closed';
COMMENT ON COLUMN pipeline_stages.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval); null where none is closed';
COMMENT ON COLUMN pipeline_stages.win_rate_high IS 'upper end of it; null where none is closed';
COMMENT ON COLUMN pipeline_stages.weighted_value IS 'sum of value x win_rate over the open deals; null where the rate is';
