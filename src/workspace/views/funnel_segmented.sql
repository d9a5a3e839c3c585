-- See funnel.sql for the bits.
CREATE OR REPLACE VIEW funnel_segmented AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.bit_or(1::bigint << leadflow.ordinal(e.to_stage) + 4) AS reached,
           pg_catalog.bit_or(CASE WHEN e.implied THEN 0 ELSE 1::bigint << leadflow.ordinal(e.to_stage) + 4 END) AS entered,
           (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
    GROUP BY e.lead_id
), shape AS (
    SELECT f.origin, f.campaign_id, f.segment, f.variant, p.reached, p.entered, p.ordinal_now, pg_catalog.count(*) AS leads
    FROM path p
    JOIN stage_event f ON f.lead_id = p.lead_id AND f.opportunity_id IS NULL AND f.from_stage IS NULL
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)
    GROUP BY f.origin, f.campaign_id, f.segment, f.variant, p.reached, p.entered, p.ordinal_now
), step AS (
    SELECT h.origin,
           h.campaign_id,
           h.segment,
           h.variant,
           s.ordinal,
           s.stage,
           s.phase,
           pg_catalog.sum(h.leads)::bigint AS reached,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.entered & s.bit = 0), 0)::bigint AS reached_implied,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.ordinal_now = s.ordinal), 0)::bigint AS now_in_stage
    FROM shape h
    JOIN (SELECT p.*, 1::bigint << p.ordinal + 4 AS bit FROM leadflow.spine() p) s ON h.reached & s.bit <> 0
    GROUP BY h.origin, h.campaign_id, h.segment, h.variant, s.ordinal, s.stage, s.phase
)
SELECT t.origin,
       t.campaign_id,
       c.name AS campaign,
       t.segment,
       t.variant,
       t.ordinal::bigint AS ordinal,
       t.stage::text AS stage,
       t.phase,
       t.ordinal < 0 AS is_exit,
       t.reached,
       t.reached_implied,
       t.now_in_stage,
       CASE WHEN t.ordinal > 0 THEN pg_catalog.lag(t.reached) OVER path_order - t.reached END AS drop_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.lag(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.first_value(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_first
FROM step t
LEFT JOIN campaign c ON c.id = t.campaign_id
WINDOW path_order AS (PARTITION BY t.origin, t.campaign_id, t.segment, t.variant, t.ordinal < 0 ORDER BY t.ordinal);
COMMENT ON VIEW funnel_segmented IS 'The funnel of each group of leads as known at leadflow.clock(). A lead belongs to the group that it had at its first entry. A stage that no lead of a group reached has no row. Counts may be added up over groups, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN funnel_segmented.origin IS 'origin at the first entry';
COMMENT ON COLUMN funnel_segmented.campaign_id IS 'campaign at the first entry';
COMMENT ON COLUMN funnel_segmented.campaign IS 'name of the campaign';
COMMENT ON COLUMN funnel_segmented.segment IS 'segment at the first entry';
COMMENT ON COLUMN funnel_segmented.variant IS 'product line or region at the first entry';
COMMENT ON COLUMN funnel_segmented.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN funnel_segmented.stage IS 'stage of the spine, or exit';
COMMENT ON COLUMN funnel_segmented.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN funnel_segmented.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN funnel_segmented.reached IS 'number of leads that ever entered the stage; a lead counts once';
COMMENT ON COLUMN funnel_segmented.reached_implied IS 'how many of them only passed through it by a move further on';
COMMENT ON COLUMN funnel_segmented.now_in_stage IS 'number of leads that are in the stage';
COMMENT ON COLUMN funnel_segmented.drop_from_previous IS 'number of leads that reached the stage before but not this one; null for the first stage and for exits';
COMMENT ON COLUMN funnel_segmented.conversion_from_previous IS 'share of the leads that reached the stage before, 0..1; null for the first stage and for exits';
COMMENT ON COLUMN funnel_segmented.conversion_from_first IS 'share of the leads that reached the first stage, 0..1; null for exits';
