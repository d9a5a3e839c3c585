CREATE OR REPLACE VIEW objection_answers AS
SELECT c.objection,
       c.battlecard,
       c.answer,
       c.used,
       c.judged,
       c.overcome,
       (c.overcome::numeric / NULLIF(c.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high,
       c.others_judged,
       c.others_overcome,
       (c.others_overcome::numeric / NULLIF(c.others_judged, 0))::numeric(9,6) AS others_overcome_share,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       CASE WHEN LEAST(c.judged, c.others_judged) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'works_better'
            WHEN d.high < 0 THEN 'works_worse'
            ELSE 'no_difference_shown' END AS finding
FROM (SELECT c.objection, c.battlecard, c.answer, c.used, c.judged, c.overcome,
             (pg_catalog.sum(c.judged) OVER same - c.judged)::bigint AS others_judged,
             (pg_catalog.sum(c.overcome) OVER same - c.overcome)::bigint AS others_overcome
      FROM (SELECT h.objection, h.battlecard, h.answer,
                   pg_catalog.count(*) AS used,
                   pg_catalog.count(h.overcome) AS judged,
                   pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome
            FROM (SELECT h.objection, h.battlecard, CASE WHEN h.battlecard IS NULL THEN h.answer END AS answer, h.overcome
                  FROM objection_heard h
                  LEFT JOIN opportunity o ON o.id = h.opportunity_id
                  WHERE h.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(h.lead_id, o.lead_id))) h
            GROUP BY h.objection, h.battlecard, h.answer) c
      WINDOW same AS (PARTITION BY c.objection)) c
LEFT JOIN LATERAL leadflow.share_interval(c.overcome, c.judged) i ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.overcome, c.judged, c.others_overcome, c.others_judged) d ON true;
COMMENT ON VIEW objection_answers IS 'Which answers to an objection worked: how often the buyer went on after each, beside all other answers to the same objection, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN objection_answers.objection IS 'code of the objection';
COMMENT ON COLUMN objection_answers.battlecard IS 'battlecard that was used; null for none';
COMMENT ON COLUMN objection_answers.answer IS 'answer that was given without a battlecard; null, with battlecard, where none was noted';
COMMENT ON COLUMN objection_answers.used IS 'how often';
COMMENT ON COLUMN objection_answers.judged IS 'how often it is known what came after';
COMMENT ON COLUMN objection_answers.overcome IS 'how often the buyer went on';
COMMENT ON COLUMN objection_answers.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN objection_answers.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN objection_answers.overcome_share_high IS 'upper limit of it';
COMMENT ON COLUMN objection_answers.others_judged IS 'judged of all other answers to the objection';
COMMENT ON COLUMN objection_answers.others_overcome IS 'overcome of all other answers to the objection';
COMMENT ON COLUMN objection_answers.others_overcome_share IS 'others_overcome / others_judged, 0..1; null where none is judged';
COMMENT ON COLUMN objection_answers.difference_low IS 'lower limit of the difference of both shares (leadflow.difference_interval)';
COMMENT ON COLUMN objection_answers.difference_high IS 'upper limit of it';
COMMENT ON COLUMN objection_answers.finding IS 'works_better or works_worse (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 are judged on either side';
