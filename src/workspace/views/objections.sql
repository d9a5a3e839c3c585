CREATE OR REPLACE VIEW objections AS
WITH heard AS (
    SELECT h.objection, COALESCE(h.lead_id, o.lead_id) AS lead_id, h.opportunity_id, h.at, h.overcome, COALESCE(o.segment, l.segment) AS segment, false AS moves, NULL::timestamptz AS handed_over_at
    FROM objection_heard h
    LEFT JOIN opportunity o ON o.id = h.opportunity_id
    LEFT JOIN lead l ON l.id = COALESCE(h.lead_id, o.lead_id)
    WHERE h.at <= (SELECT leadflow.clock())
    UNION ALL
    -- a verdict moves the lead at its own instant
    SELECT c.code AS objection, v.lead_id, NULL::bigint AS opportunity_id, v.at, NULL::boolean AS overcome, v.segment, true AS moves, v.handed_over_at
    FROM verdict v
    CROSS JOIN LATERAL pg_catalog.unnest(v.objections) c (code)
    WHERE v.at <= (SELECT leadflow.clock())
), counted AS (
    SELECT g.dimension, g.dimension_value, h.objection,
           pg_catalog.count(*) AS heard,
           pg_catalog.count(DISTINCT COALESCE('lead ' || h.lead_id, 'opportunity ' || h.opportunity_id)) AS leads,
           pg_catalog.count(h.overcome) AS judged,
           pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome,
           pg_catalog.max(h.at) AS last_heard_at
    FROM heard h
    LEFT JOIN LATERAL (SELECT leadflow.base(e.to_stage)::text AS stage
                       FROM stage_event e
                       WHERE e.lead_id = h.lead_id AND e.opportunity_id IS NULL AND (e.at < h.at OR e.at = h.at AND (NOT h.moves OR e.at = h.handed_over_at AND e.to_stage <@ 'mql'))
                       ORDER BY e.at DESC, e.id DESC
                       LIMIT 1) s ON true
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', h.segment), ('stage', s.stage)) g (dimension, dimension_value)
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = h.lead_id)
    GROUP BY g.dimension, g.dimension_value, h.objection
)
SELECT c.dimension,
       c.dimension_value,
       c.objection,
       b.labels ->> 'en' AS label_en,
       c.heard,
       (c.heard / pg_catalog.sum(c.heard) OVER (PARTITION BY c.dimension, c.dimension_value))::numeric(9,6) AS share,
       c.leads,
       c.judged,
       c.overcome,
       (c.overcome::numeric / NULLIF(c.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high,
       c.last_heard_at
FROM counted c
LEFT JOIN objection b ON b.code = c.objection
LEFT JOIN LATERAL leadflow.share_interval(c.overcome, c.judged) i ON true;
COMMENT ON VIEW objections IS 'Which objections are heard most often, by segment and by stage, and how many are overcome, as known at leadflow.clock(): those of objection_heard and those that verdicts name. Leads in lead_outside are left out.';
COMMENT ON COLUMN objections.dimension IS 'total, segment (of the deal, else of the lead) or stage';
COMMENT ON COLUMN objections.dimension_value IS 'which one: the stage of the spine that the lead was in; * for the total, null where it is not known';
COMMENT ON COLUMN objections.objection IS 'code of the objection';
COMMENT ON COLUMN objections.label_en IS 'the same in English, as the catalogue has it';
COMMENT ON COLUMN objections.heard IS 'how often it was heard';
COMMENT ON COLUMN objections.share IS 'share of all that was heard in this dimension_value, 0..1';
COMMENT ON COLUMN objections.leads IS 'number of leads, or of deals without one, that raised it';
COMMENT ON COLUMN objections.judged IS 'how often it is known what came after';
COMMENT ON COLUMN objections.overcome IS 'how often the buyer went on';
COMMENT ON COLUMN objections.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN objections.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN objections.overcome_share_high IS 'upper limit of it';
COMMENT ON COLUMN objections.last_heard_at IS 'when it was last heard';
