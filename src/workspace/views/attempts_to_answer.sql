CREATE OR REPLACE VIEW attempts_to_answer AS
WITH tried AS (
    SELECT a.lead_id, a.attempt, a.channel,
           pg_catalog.min(CASE WHEN a.answered_at IS NOT NULL THEN a.attempt END) OVER (PARTITION BY a.lead_id) AS answered
    FROM contact_attempt a
), step AS (
    SELECT t.attempt, t.channel, pg_catalog.count(*) AS made, pg_catalog.count(*) FILTER (WHERE t.attempt = t.answered) AS leads
    FROM tried t
    WHERE t.answered IS NULL OR t.attempt <= t.answered
    GROUP BY t.attempt, t.channel
    UNION ALL
    SELECT NULL AS attempt, NULL AS channel, NULL AS made, pg_catalog.count(*) AS leads
    FROM tried t
    WHERE t.answered IS NULL AND t.attempt = 1
    HAVING pg_catalog.count(*) > 0
)
SELECT s.attempt,
       s.channel,
       s.made,
       s.leads,
       (s.leads::numeric / NULLIF(s.made, 0))::numeric(9,6) AS answered_share,
       (s.leads / pg_catalog.sum(s.leads) OVER ())::numeric(9,6) AS share,
       (CASE WHEN s.attempt IS NOT NULL THEN pg_catalog.sum(s.leads) OVER (ORDER BY s.attempt) END
           / pg_catalog.sum(s.leads) OVER ())::numeric(9,6) AS cumulative_share
FROM step s
ORDER BY s.attempt, s.channel;
COMMENT ON VIEW attempts_to_answer IS 'How many attempts it takes until a lead first answers, and over which channel the successful one went, of all leads that somebody tried to reach, as known at leadflow.clock(). The row without an attempt counts those that have never answered. Attempts after the first answer do not count. Counts may be added up, shares may not. See contact_attempt for what an attempt and an answer is. Leads in lead_outside are left out.';
COMMENT ON COLUMN attempts_to_answer.attempt IS 'number of the attempt; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.channel IS 'channel of this attempt; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.made IS 'number of leads with which this attempt was made over this channel; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.leads IS 'number of leads that first answered to this attempt, or never';
COMMENT ON COLUMN attempts_to_answer.answered_share IS 'leads / made: how far such an attempt is worth while, 0..1; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.share IS 'leads / all leads that somebody tried to reach, 0..1';
COMMENT ON COLUMN attempts_to_answer.cumulative_share IS 'share of all leads that somebody tried to reach that had answered by this attempt, over whatever channel, 0..1; null for leads that have never answered';
