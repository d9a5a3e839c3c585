-- The stages of a lead are kept as bits, so that one pass over the history is
-- enough however long it is: bit ordinal + 4 is the stage with that ordinal.
CREATE OR REPLACE VIEW funnel AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.bit_or(1::bigint << leadflow.ordinal(e.to_stage) + 4) AS reached,
           pg_catalog.bit_or(CASE WHEN e.implied THEN 0 ELSE 1::bigint << leadflow.ordinal(e.to_stage) + 4 END) AS entered,
           -- the last entry in the order of history
           (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
    GROUP BY e.lead_id
), shape AS (
    SELECT p.reached, p.entered, p.ordinal_now, pg_catalog.count(*) AS leads
    FROM path p
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)
    GROUP BY p.reached, p.entered, p.ordinal_now
), step AS (
    SELECT s.ordinal,
           s.stage,
           s.phase,
           s.label_en,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.reached & s.bit <> 0), 0)::bigint AS reached,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.reached & ~h.entered & s.bit <> 0), 0)::bigint AS reached_implied,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.ordinal_now = s.ordinal), 0)::bigint AS now_in_stage
    FROM (SELECT p.*, 1::bigint << p.ordinal + 4 AS bit FROM leadflow.spine() p) s
    LEFT JOIN shape h ON true
    GROUP BY s.ordinal, s.stage, s.phase, s.label_en
)
SELECT pg_catalog.row_number() OVER (ORDER BY t.ordinal < 0, t.ordinal) AS position,
       t.ordinal::bigint AS ordinal,
       t.stage::text AS stage,
       COALESCE(d.labels ->> 'en', t.label_en) AS label_en,
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
LEFT JOIN stage_definition d ON d.stage = t.stage AND d.variant = '*'
WINDOW path_order AS (PARTITION BY t.ordinal < 0 ORDER BY t.ordinal)
ORDER BY t.ordinal < 0, t.ordinal;
COMMENT ON VIEW funnel IS 'The funnel of leads as known at leadflow.clock(): the stages of the spine in order, then the exits. Leaves count for their stage. Leads in lead_outside are left out.';
COMMENT ON COLUMN funnel.position IS 'order of the rows: 1 to 16 the spine, 17 to 20 the exits';
COMMENT ON COLUMN funnel.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN funnel.stage IS 'stage of the spine, or exit';
COMMENT ON COLUMN funnel.label_en IS 'name in English';
COMMENT ON COLUMN funnel.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN funnel.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN funnel.reached IS 'number of leads that ever entered the stage; a lead counts once';
COMMENT ON COLUMN funnel.reached_implied IS 'how many of them only passed through it by a move further on';
COMMENT ON COLUMN funnel.now_in_stage IS 'number of leads that are in the stage';
COMMENT ON COLUMN funnel.drop_from_previous IS 'number of leads that reached the stage before but not this one; null for the first stage and for exits';
COMMENT ON COLUMN funnel.conversion_from_previous IS 'share of the leads that reached the stage before, 0..1; null for the first stage, for exits and where there were none';
COMMENT ON COLUMN funnel.conversion_from_first IS 'share of the leads that reached the first stage, 0..1; null for exits and where there were none';
