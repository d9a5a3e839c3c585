CREATE OR REPLACE VIEW response_time AS
SELECT x.metric,
       x.policy,
       x.team,
       x.owner,
       x.month,
       x.clocks,
       x.answered,
       x.waiting[1]::bigint AS elapsed_seconds_median,
       x.waiting[2]::bigint AS elapsed_seconds_p90,
       x.working[1]::bigint AS working_seconds_median,
       x.working[2]::bigint AS working_seconds_p90,
       (x.within_5_minutes::numeric / NULLIF(x.of_5_minutes, 0))::numeric(9,6) AS within_5_minutes_share,
       (x.within_15_minutes::numeric / NULLIF(x.of_15_minutes, 0))::numeric(9,6) AS within_15_minutes_share,
       (x.within_1_hour::numeric / NULLIF(x.of_1_hour, 0))::numeric(9,6) AS within_1_hour_share,
       (x.within_24_hours::numeric / NULLIF(x.of_24_hours, 0))::numeric(9,6) AS within_24_hours_share
FROM (SELECT s.metric,
             s.policy,
             s.team,
             s.owner,
             pg_catalog.date_trunc('month', s.started_at)::date AS month,
             pg_catalog.count(*) AS clocks,
             pg_catalog.count(s.stopped_at) AS answered,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY s.waiting_seconds)
                 FILTER (WHERE s.stopped_at IS NOT NULL) AS waiting,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY s.working_seconds)
                 FILTER (WHERE s.stopped_at IS NOT NULL) AS working,
             -- who still waits, and not for that long yet, says nothing
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '5 minutes') AS within_5_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 300) AS of_5_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '15 minutes') AS within_15_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 900) AS of_15_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '1 hour') AS within_1_hour,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 3600) AS of_1_hour,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '24 hours') AS within_24_hours,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 86400) AS of_24_hours
      FROM sla_status s
      WHERE s.state <> 'cancelled'
          AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
      -- the cheap and telling columns first: it is sorted by them
      GROUP BY pg_catalog.date_trunc('month', s.started_at)::date, s.owner, s.policy, s.metric, s.team) x;
COMMENT ON VIEW response_time IS 'How long reactions take, by what is measured, policy, team, owner and month, as known at leadflow.clock(). First responses are the metric first_response. Cancelled clocks do not count. For other groups take the rows of sla_status. Leads in lead_outside are left out.';
COMMENT ON COLUMN response_time.metric IS 'what is measured';
COMMENT ON COLUMN response_time.policy IS 'policy that started the clocks';
COMMENT ON COLUMN response_time.team IS 'team of the owner';
COMMENT ON COLUMN response_time.owner IS 'who owes or owed the reaction';
COMMENT ON COLUMN response_time.month IS 'first day of the month in which the clocks started, in the session''s time zone';
COMMENT ON COLUMN response_time.clocks IS 'number of reactions that were owed';
COMMENT ON COLUMN response_time.answered IS 'how many of them were made, in time or late';
COMMENT ON COLUMN response_time.elapsed_seconds_median IS 'median of those made: time of the wall clock, pauses included, seconds, interpolated';
COMMENT ON COLUMN response_time.elapsed_seconds_p90 IS '90 in 100 of those made took no longer: time of the wall clock, seconds, interpolated';
COMMENT ON COLUMN response_time.working_seconds_median IS 'median of those made: working time, without pauses, seconds, interpolated';
COMMENT ON COLUMN response_time.working_seconds_p90 IS '90 in 100 of those made took no longer: working time, without pauses, seconds, interpolated';
COMMENT ON COLUMN response_time.within_5_minutes_share IS 'share made within 5 minutes of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_15_minutes_share IS 'share made within 15 minutes of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_1_hour_share IS 'share made within an hour of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_24_hours_share IS 'share made within 24 hours of the wall clock, 0..1, of those made or owed for that long; null where there are none';
