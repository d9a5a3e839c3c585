CREATE OR REPLACE VIEW rejections AS
SELECT x.reason,
       r.category,
       r.next_step,
       x.campaign_id,
       c.name AS campaign,
       x.origin,
       x.segment,
       x.month,
       x.rejected,
       (x.rejected / x.verdicts)::numeric(9,6) AS share,
       x.answered,
       x.agreed,
       x.disputed,
       x.mended,
       x.attempts::bigint AS attempts
FROM (SELECT v.verdict,
             v.reason,
             v.campaign_id,
             v.origin,
             v.segment,
             v.month,
             pg_catalog.count(*) AS rejected,
             pg_catalog.sum(pg_catalog.count(*)) OVER (PARTITION BY v.campaign_id, v.origin, v.segment, v.month) AS verdicts,
             pg_catalog.count(v.answer) AS answered,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'agrees') AS agreed,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'disputes') AS disputed,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'mends') AS mended,
             pg_catalog.sum(v.attempts) AS attempts
      FROM (SELECT w.*, pg_catalog.date_trunc('month', w.given_at)::date AS month
            FROM verdicts w
            WHERE w.in_force) v
      GROUP BY v.verdict, v.reason, v.campaign_id, v.origin, v.segment, v.month) x
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign c ON c.id = x.campaign_id
WHERE x.verdict = 'rejected';
COMMENT ON VIEW rejections IS 'Why sales rejects leads, by reason, campaign, origin, segment and month of the verdict, what marketing answered and what it cost, as known at leadflow.clock(). Only verdicts in force. Counts may be added up, shares may not, except over the reasons of one campaign, origin, segment and month. Leads in lead_outside are left out.';
COMMENT ON COLUMN rejections.reason IS 'code of the reason; null where none was given';
COMMENT ON COLUMN rejections.category IS 'category of the reason';
COMMENT ON COLUMN rejections.next_step IS 'what the reason asks for next';
COMMENT ON COLUMN rejections.campaign_id IS 'campaign of the leads at the verdict';
COMMENT ON COLUMN rejections.campaign IS 'name of the campaign';
COMMENT ON COLUMN rejections.origin IS 'origin of the leads at the verdict';
COMMENT ON COLUMN rejections.segment IS 'segment of the leads at the verdict';
COMMENT ON COLUMN rejections.month IS 'first day of the month of the verdict, in the session''s time zone';
COMMENT ON COLUMN rejections.rejected IS 'number of rejections';
COMMENT ON COLUMN rejections.share IS 'rejected / all verdicts on leads of this campaign, origin, segment and month, 0..1';
COMMENT ON COLUMN rejections.answered IS 'how many of them marketing has answered';
COMMENT ON COLUMN rejections.agreed IS 'how many it agrees with';
COMMENT ON COLUMN rejections.disputed IS 'how many it disputes';
COMMENT ON COLUMN rejections.mended IS 'to how many it answers that the campaign, the audience or the score is being mended';
COMMENT ON COLUMN rejections.attempts IS 'outbound touches that count as contact which the rejected leads took, from handover to verdict';
