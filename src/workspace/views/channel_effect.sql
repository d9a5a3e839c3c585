CREATE OR REPLACE VIEW channel_effect AS
SELECT x.channel,
       x.team,
       x.month,
       x.attempts,
       x.answered,
       (x.answered::numeric / x.attempts)::numeric(9,6) AS answered_share,
       x.first_attempts,
       x.first_answered,
       (x.first_answered::numeric / NULLIF(x.first_attempts, 0))::numeric(9,6) AS first_answered_share,
       x.answer_hours_median::numeric(12,2) AS answer_hours_median
FROM (SELECT a.channel,
             m.team,
             pg_catalog.date_trunc('month', a.attempt_at)::date AS month,
             pg_catalog.count(*) AS attempts,
             pg_catalog.count(a.answered_at) AS answered,
             pg_catalog.count(*) FILTER (WHERE a.attempt = 1) AS first_attempts,
             pg_catalog.count(a.answered_at) FILTER (WHERE a.attempt = 1) AS first_answered,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', a.answered_at - a.attempt_at) / 3600)
                 AS answer_hours_median
      FROM contact_attempt a
      LEFT JOIN team_member m ON m.member = a.actor
      GROUP BY pg_catalog.date_trunc('month', a.attempt_at)::date, a.channel, m.team) x;
COMMENT ON VIEW channel_effect IS 'Over which channels leads answer, by channel, team and month, as known at leadflow.clock(). Counts may be added up, shares may not. See contact_attempt for what an attempt and an answer is. Leads in lead_outside are left out.';
COMMENT ON COLUMN channel_effect.channel IS 'channel of the attempt, or its kind where the touch names none';
COMMENT ON COLUMN channel_effect.team IS 'team of the member who made it; null where the touch names none';
COMMENT ON COLUMN channel_effect.month IS 'first day of the month in which it was made, in the session''s time zone';
COMMENT ON COLUMN channel_effect.attempts IS 'number of attempts';
COMMENT ON COLUMN channel_effect.answered IS 'how many of them the lead answered before the next attempt, over whatever channel';
COMMENT ON COLUMN channel_effect.answered_share IS 'answered / attempts, 0..1';
COMMENT ON COLUMN channel_effect.first_attempts IS 'how many of the attempts were the first with their lead';
COMMENT ON COLUMN channel_effect.first_answered IS 'how many of those the lead answered';
COMMENT ON COLUMN channel_effect.first_answered_share IS 'first_answered / first_attempts, 0..1; null where there are none';
COMMENT ON COLUMN channel_effect.answer_hours_median IS 'median time from the attempt to its answer, elapsed, in hours, interpolated; null where there are none';
