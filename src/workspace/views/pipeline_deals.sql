CREATE OR REPLACE VIEW pipeline_deals AS
WITH deals AS MATERIALIZED (
    SELECT * FROM deal
), rate AS MATERIALIZED (
    -- as in stage_win_rate, but from the same rows
    SELECT p.ordinal, (pg_catalog.count(*) FILTER (WHERE c.outcome = 'won')::numeric / pg_catalog.count(*))::numeric(9,6) AS win_rate
    FROM leadflow.spine() p
    JOIN deals c ON c.furthest_ordinal >= p.ordinal AND c.outcome IN ('won', 'lost')
    WHERE p.ordinal >= 8 AND p.ordinal <= 12
    GROUP BY p.ordinal
)
SELECT d.opportunity_id,
       d.name,
       d.lead_id,
       d.account_id,
       d.buyer,
       d.campaign_id,
       d.origin,
       d.kind,
       d.segment,
       d.territory,
       d.variant,
       d.owner,
       d.team,
       d.opened_at,
       leadflow.seconds((SELECT leadflow.clock()) - d.opened_at) AS age_seconds,
       d.stage,
       d.spine_stage,
       d.ordinal,
       d.entered_at,
       leadflow.seconds((SELECT leadflow.clock()) - d.entered_at) AS stage_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       d.expected_close,
       (CASE WHEN d.expected_close IS NOT NULL THEN GREATEST((SELECT leadflow.clock())::date - d.expected_close, 0) END)::bigint AS slipped_days,
       d.amount,
       d.currency,
       d.value,
       r.win_rate AS win_probability,
       (d.value * r.win_rate)::numeric(15,2) AS weighted_value,
       (CASE WHEN d.value IS NOT NULL THEN GREATEST(d.value, 0) END / NULLIF(pg_catalog.sum(GREATEST(d.value, 0)) OVER (), 0))::numeric(9,6) AS value_share,
       COALESCE((SELECT leadflow.clock()) - d.entered_at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm), false) AS stalled,
       COALESCE(d.expected_close < (SELECT leadflow.clock())::date, false) AS slipped,
       d.expected_close IS NULL AS without_date,
       d.value IS NULL AS without_value,
       d.owner IS NULL AS without_owner
FROM deals d
LEFT JOIN rate r ON r.ordinal = d.ordinal
LEFT JOIN stage_definition n1 ON n1.stage = d.stage::leadflow.stage AND n1.variant = d.variant
LEFT JOIN stage_definition n2 ON n2.stage = d.stage::leadflow.stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = d.spine_stage::leadflow.stage AND n3.variant = d.variant
LEFT JOIN stage_definition n4 ON n4.stage = d.spine_stage::leadflow.stage AND n4.variant = '*'
WHERE d.outcome = 'open';
COMMENT ON VIEW pipeline_deals IS 'The pipeline: every deal that is open at leadflow.clock(), what it is worth, and what is wrong with it. leadflow.pipeline_asof gives the same of another instant. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_deals.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN pipeline_deals.name IS 'name of the deal';
COMMENT ON COLUMN pipeline_deals.lead_id IS 'its lead; null where there is none';
COMMENT ON COLUMN pipeline_deals.account_id IS 'its account, or that of its lead';
COMMENT ON COLUMN pipeline_deals.buyer IS 'who would buy: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN pipeline_deals.campaign_id IS 'its campaign, or that of its lead';
COMMENT ON COLUMN pipeline_deals.origin IS 'its origin, or that of its lead';
COMMENT ON COLUMN pipeline_deals.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN pipeline_deals.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN pipeline_deals.territory IS 'its territory, or that of its lead';
COMMENT ON COLUMN pipeline_deals.variant IS 'product line or region';
COMMENT ON COLUMN pipeline_deals.owner IS 'who owns it now';
COMMENT ON COLUMN pipeline_deals.team IS 'the owner''s team now';
COMMENT ON COLUMN pipeline_deals.opened_at IS 'when it was opened';
COMMENT ON COLUMN pipeline_deals.age_seconds IS 'time since then: elapsed, whole seconds';
COMMENT ON COLUMN pipeline_deals.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN pipeline_deals.spine_stage IS 'stage of the spine that it belongs to';
COMMENT ON COLUMN pipeline_deals.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN pipeline_deals.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN pipeline_deals.stage_seconds IS 'time in the stage: elapsed, whole seconds';
COMMENT ON COLUMN pipeline_deals.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force; null for no norm';
COMMENT ON COLUMN pipeline_deals.expected_close IS 'day on which it is expected to close, as written now';
COMMENT ON COLUMN pipeline_deals.slipped_days IS 'days since that day has passed, in the session''s time zone; 0 for not yet, null where there is none';
COMMENT ON COLUMN pipeline_deals.amount IS 'amount, in currency; null where it is not known';
COMMENT ON COLUMN pipeline_deals.currency IS 'ISO 4217 code of the amount';
COMMENT ON COLUMN pipeline_deals.value IS 'the amount in the currency of the workspace, as in deal; null where amount or rate are not known';
COMMENT ON COLUMN pipeline_deals.win_probability IS 'share of the deals that got to this stage and were won in the end, 0..1 (stage_win_rate); null where none is closed';
COMMENT ON COLUMN pipeline_deals.weighted_value IS 'value x win_probability; null where one of them is';
COMMENT ON COLUMN pipeline_deals.value_share IS 'share of the value of the pipeline, 0..1; null where value is, or no deal is worth anything. A value below 0 counts as 0';
COMMENT ON COLUMN pipeline_deals.stalled IS 'risk: it is in its stage for longer than the norm';
COMMENT ON COLUMN pipeline_deals.slipped IS 'risk: the day on which it was expected to close has passed';
COMMENT ON COLUMN pipeline_deals.without_date IS 'risk: nobody says when it will close';
COMMENT ON COLUMN pipeline_deals.without_value IS 'risk: what it is worth is not known, so sums of money leave it out';
COMMENT ON COLUMN pipeline_deals.without_owner IS 'risk: nobody owns it';
