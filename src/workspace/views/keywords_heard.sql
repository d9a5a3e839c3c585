CREATE OR REPLACE VIEW keywords_heard AS
WITH said AS MATERIALIZED (
    SELECT s.touch_id, t.at, t.lead_id, pg_catalog.date_trunc('month', t.at)::date AS month, t.kind, l.segment,
           CASE WHEN h.won THEN 'won' WHEN h.stage <@ 'nurture' OR h.stage >= 'visitor' THEN 'open' WHEN h.stage IS NOT NULL THEN 'lost' END AS result
    FROM transcript s
    JOIN touch t ON t.id = s.touch_id
    LEFT JOIN lead l ON l.id = t.lead_id
    LEFT JOIN LATERAL (SELECT pg_catalog.bool_or(e.to_stage >= 'won') AS won, (pg_catalog.array_agg(e.to_stage ORDER BY e.at DESC, e.id DESC))[1] AS stage
                       FROM stage_event e
                       WHERE e.lead_id = t.lead_id AND e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())) h ON true
    WHERE t.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
        AND t.id IN (SELECT v.id FROM visible_touch v)
), listened AS (
    SELECT s.month, g.dimension, g.dimension_value, pg_catalog.count(*) AS transcripts
    FROM said s
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', s.kind), ('segment', s.segment), ('result', s.result)) g (dimension, dimension_value)
    GROUP BY s.month, g.dimension, g.dimension_value
), heard AS (
    SELECT k.keyword, s.month, g.dimension, g.dimension_value,
           pg_catalog.count(*) AS heard, pg_catalog.count(DISTINCT s.lead_id) AS leads, pg_catalog.max(s.at) AS last_heard_at
    FROM keyword k
    JOIN transcript c ON c.search @@ leadflow.phrase_query(k.phrases)
    JOIN said s ON s.touch_id = c.touch_id
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', s.kind), ('segment', s.segment), ('result', s.result)) g (dimension, dimension_value)
    WHERE k.active
    GROUP BY k.keyword, s.month, g.dimension, g.dimension_value
)
SELECT l.month,
       l.dimension,
       l.dimension_value,
       k.keyword,
       k.meaning,
       k.objection,
       l.transcripts,
       COALESCE(h.heard, 0) AS heard,
       (COALESCE(h.heard, 0)::numeric / l.transcripts)::numeric(9,6) AS heard_share,
       COALESCE(h.leads, 0) AS leads,
       h.last_heard_at
FROM listened l
CROSS JOIN keyword k
LEFT JOIN heard h ON h.keyword = k.keyword AND h.month = l.month AND h.dimension = l.dimension AND h.dimension_value IS NOT DISTINCT FROM l.dimension_value
WHERE k.active
ORDER BY l.month, CASE l.dimension WHEN 'total' THEN 1 WHEN 'kind' THEN 2 WHEN 'segment' THEN 3 ELSE 4 END, l.dimension_value, k.keyword;
COMMENT ON VIEW keywords_heard IS 'In how many transcripts of a month each keyword was heard, in all, by kind of touch, by segment and by what became of the lead, as known at leadflow.clock(). Counts may be added up over months, but leads may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN keywords_heard.month IS 'first day of the month of the touches, in the session''s time zone';
COMMENT ON COLUMN keywords_heard.dimension IS 'total, kind (of the touch), segment (of the lead) or result';
COMMENT ON COLUMN keywords_heard.dimension_value IS 'which one: of results won (the lead ever was), lost (it was sent off) or open; * for the total, null where there is none';
COMMENT ON COLUMN keywords_heard.keyword IS 'code of the keyword';
COMMENT ON COLUMN keywords_heard.meaning IS 'what it tells';
COMMENT ON COLUMN keywords_heard.objection IS 'objection that it is a sign of; null for none';
COMMENT ON COLUMN keywords_heard.transcripts IS 'number of transcripts';
COMMENT ON COLUMN keywords_heard.heard IS 'in how many of them it was heard, once or more';
COMMENT ON COLUMN keywords_heard.heard_share IS 'heard / transcripts, 0..1';
COMMENT ON COLUMN keywords_heard.leads IS 'number of leads that it was heard from';
COMMENT ON COLUMN keywords_heard.last_heard_at IS 'when it was last heard; null for never';
