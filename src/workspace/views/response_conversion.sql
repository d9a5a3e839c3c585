CREATE OR REPLACE VIEW response_conversion AS
WITH answer AS (
    SELECT h.origin,
           s.furthest,
           h.first_contact_at IS NOT NULL AS contacted,
           h.first_contact_at < h.mql_at AS before,
           GREATEST(h.first_contact_at - h.mql_at, interval '0') AS elapsed,
           leadflow.worktime(b.calendar, h.mql_at, GREATEST(h.first_contact_at, h.mql_at)) AS working
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    LEFT JOIN team_member m ON m.member = h.owner
    LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default')
), sorted AS (
    SELECT v.measure,
           CASE WHEN NOT a.contacted THEN 9
                WHEN a.before THEN 1
                WHEN v.waited <= interval '5 minutes' THEN 2
                WHEN v.waited <= interval '15 minutes' THEN 3
                WHEN v.waited <= interval '1 hour' THEN 4
                WHEN v.waited <= interval '4 hours' THEN 5
                WHEN v.waited <= interval '24 hours' THEN 6
                WHEN v.waited <= interval '72 hours' THEN 7
                ELSE 8 END AS position,
           a.origin,
           a.furthest,
           CASE WHEN a.contacted THEN pg_catalog.date_part('epoch', a.elapsed) END AS elapsed_seconds,
           CASE WHEN a.contacted THEN pg_catalog.date_part('epoch', a.working) END AS working_seconds
    FROM answer a
    CROSS JOIN LATERAL (VALUES ('elapsed', a.elapsed), ('working', a.working)) v (measure, waited)
    WHERE v.waited IS NOT NULL OR NOT a.contacted
)
SELECT x.measure,
       x.position::bigint AS position,
       (ARRAY['before', '5 minutes', '15 minutes', '1 hour', '4 hours', '24 hours', '3 days', 'later', 'never'])[x.position] AS bucket,
       x.origin,
       x.leads,
       x.reached_sal,
       x.reached_sql,
       x.won,
       (x.reached_sal::numeric / x.leads)::numeric(9,6) AS sal_share,
       (x.reached_sql::numeric / x.leads)::numeric(9,6) AS sql_share,
       (x.won::numeric / x.leads)::numeric(9,6) AS won_share,
       x.elapsed_seconds_median::bigint AS elapsed_seconds_median,
       x.working_seconds_median::bigint AS working_seconds_median
FROM (SELECT s.measure,
             s.position,
             s.origin,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sal') AS reached_sal,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.elapsed_seconds) AS elapsed_seconds_median,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.working_seconds) AS working_seconds_median
      FROM sorted s
      GROUP BY s.position, s.measure, s.origin) x
ORDER BY x.measure, x.position, x.origin;
COMMENT ON VIEW response_conversion IS 'What became of the leads that were handed over, by how long they waited for the first attempt to reach them: the data from which a promise is derived. Every lead of handover is counted once in each measure, as known at leadflow.clock(); also those handed over only now. Counts may be added up within a measure, shares and medians may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN response_conversion.measure IS 'how the wait was measured: elapsed (time of the wall clock) or working (time of the owner''s calendar, or the default one; leads without a calendar are left out unless nobody tried to reach them)';
COMMENT ON COLUMN response_conversion.position IS 'order of the buckets, 1 to 9';
COMMENT ON COLUMN response_conversion.bucket IS 'wait from the handover (first mql) to the first attempt: before (there was an attempt before the handover); up to 5 minutes, 15 minutes, 1 hour, 4 hours, 24 hours or 3 days (72 hours); later; never (nobody has tried)';
COMMENT ON COLUMN response_conversion.origin IS 'where the leads came from';
COMMENT ON COLUMN response_conversion.leads IS 'number of leads';
COMMENT ON COLUMN response_conversion.reached_sal IS 'how many of them reached sal or a later stage';
COMMENT ON COLUMN response_conversion.reached_sql IS 'how many reached sql or a later stage';
COMMENT ON COLUMN response_conversion.won IS 'how many were won';
COMMENT ON COLUMN response_conversion.sal_share IS 'reached_sal / leads, 0..1';
COMMENT ON COLUMN response_conversion.sql_share IS 'reached_sql / leads, 0..1';
COMMENT ON COLUMN response_conversion.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN response_conversion.elapsed_seconds_median IS 'median wait: time of the wall clock, seconds, interpolated; 0 for contacts before the handover, null where nobody has tried';
COMMENT ON COLUMN response_conversion.working_seconds_median IS 'median wait: working time, seconds, interpolated; 0 for contacts before the handover, null where nobody has tried';
