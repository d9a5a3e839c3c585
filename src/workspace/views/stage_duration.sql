CREATE OR REPLACE VIEW stage_duration AS
WITH norm AS MATERIALIZED (
    -- a row for each stage: its general norm, and those of the variants that have their own
    SELECT f.stage,
           pg_catalog.max(f.norm) FILTER (WHERE f.variant = '*') AS norm,
           pg_catalog.array_agg(f.variant) FILTER (WHERE f.variant <> '*' AND f.norm IS NOT NULL) AS variants,
           pg_catalog.array_agg(f.norm) FILTER (WHERE f.variant <> '*' AND f.norm IS NOT NULL) AS norms
    FROM stage_definition f
    GROUP BY f.stage
)
SELECT d.subject,
       d.stage::text AS stage,
       leadflow.base(d.stage)::text AS spine_stage,
       leadflow.ordinal(d.stage)::bigint AS ordinal,
       d.entries,
       d.completed,
       d.elapsed_average::bigint AS elapsed_seconds_average,
       d.elapsed[1]::bigint AS elapsed_seconds_median,
       d.elapsed[2]::bigint AS elapsed_seconds_p90,
       d.working_average::bigint AS working_seconds_average,
       d.working[1]::bigint AS working_seconds_median,
       d.working[2]::bigint AS working_seconds_p90,
       leadflow.seconds(COALESCE(n.norm, s.norm)) AS norm_seconds,
       (d.within_norm::numeric / NULLIF(d.completed_with_norm, 0))::numeric(9,6) AS within_norm_share,
       d.entries - d.completed AS in_stage_now,
       d.oldest AS oldest_age_seconds,
       d.over_norm_now
FROM (SELECT h.subject,
             h.stage,
             pg_catalog.count(*) AS entries,
             pg_catalog.count(*) FILTER (WHERE h.completed) AS completed,
             pg_catalog.avg(h.elapsed_seconds) FILTER (WHERE h.completed) AS elapsed_average,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY h.elapsed_seconds) FILTER (WHERE h.completed) AS elapsed,
             pg_catalog.avg(h.working_seconds) FILTER (WHERE h.completed) AS working_average,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY h.working_seconds) FILTER (WHERE h.completed) AS working,
             pg_catalog.count(*) FILTER (WHERE h.completed AND NOT h.over_norm) AS within_norm,
             pg_catalog.count(h.over_norm) FILTER (WHERE h.completed) AS completed_with_norm,
             pg_catalog.max(h.elapsed_seconds) FILTER (WHERE NOT h.completed) AS oldest,
             pg_catalog.count(*) FILTER (WHERE NOT h.completed AND h.over_norm) AS over_norm_now
      FROM (SELECT h.subject,
                   h.to_stage AS stage,
                   h.left_at IS NOT NULL AS completed,
                   leadflow.seconds(COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at) AS elapsed_seconds,
                   leadflow.seconds(leadflow.worktime(COALESCE(m.calendar, (SELECT b.calendar FROM business_calendar b WHERE b.code = 'default')),
                                                      h.at, COALESCE(h.left_at, (SELECT leadflow.clock())))) AS working_seconds,
                   COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at > COALESCE(l.norms[pg_catalog.array_position(l.variants, h.variant)], l.norm,
                                                                                       s.norms[pg_catalog.array_position(s.variants, h.variant)], s.norm) AS over_norm
            -- as in stage_history; what was passed through ends with the move that passed it
            FROM (SELECT e.subject, e.to_stage, e.at, e.owner, e.variant,
                         pg_catalog.lead(e.at) OVER (PARTITION BY e.lead_id ORDER BY e.at, e.id) AS left_at
                  FROM stage_event e
                  WHERE e.opportunity_id IS NULL AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
                  UNION ALL
                  SELECT e.subject, e.to_stage, e.at, e.owner, e.variant,
                         pg_catalog.lead(e.at) OVER (PARTITION BY e.opportunity_id ORDER BY e.at, e.id)
                  FROM stage_event e
                  WHERE e.opportunity_id IS NOT NULL AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x JOIN opportunity o ON o.lead_id = x.lead_id WHERE o.id = e.opportunity_id)) h
            LEFT JOIN (SELECT t.member, c.calendar
                       FROM team_member t
                       JOIN business_calendar c ON c.code = t.calendar) m ON m.member = h.owner
            LEFT JOIN norm l ON l.stage = h.to_stage
            LEFT JOIN norm s ON s.stage = leadflow.base(h.to_stage)
            -- so that these few columns are sorted, not those they are computed from
            OFFSET 0) h
      GROUP BY h.subject, h.stage) d
LEFT JOIN norm n ON n.stage = d.stage
LEFT JOIN norm s ON s.stage = leadflow.base(d.stage)
ORDER BY d.subject, leadflow.ordinal(d.stage) < 0, d.stage;
COMMENT ON VIEW stage_duration IS 'How long stages last, and how that compares with the norm, as known at leadflow.clock(). Times are of completed stays; a stage that was only passed through is not a stay. A leaf has a row of its own. Leads in lead_outside are left out.';
COMMENT ON COLUMN stage_duration.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_duration.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_duration.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_duration.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_duration.entries IS 'number of stays; a lead that comes back counts again';
COMMENT ON COLUMN stage_duration.completed IS 'number of stays that have ended';
COMMENT ON COLUMN stage_duration.elapsed_seconds_average IS 'average length of completed stays: elapsed, seconds';
COMMENT ON COLUMN stage_duration.elapsed_seconds_median IS 'median length of completed stays: elapsed, seconds, interpolated';
COMMENT ON COLUMN stage_duration.elapsed_seconds_p90 IS '90 in 100 completed stays were no longer than this: elapsed, seconds, interpolated';
COMMENT ON COLUMN stage_duration.working_seconds_average IS 'average length of completed stays: working time of the owner''s calendar, seconds';
COMMENT ON COLUMN stage_duration.working_seconds_median IS 'median length of completed stays: working time, seconds, interpolated';
COMMENT ON COLUMN stage_duration.working_seconds_p90 IS '90 in 100 completed stays were no longer than this: working time, seconds, interpolated';
COMMENT ON COLUMN stage_duration.norm_seconds IS 'the general norm of the stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN stage_duration.within_norm_share IS 'share of completed stays that kept to the norm of their variant, 0..1; null where none has a norm';
COMMENT ON COLUMN stage_duration.in_stage_now IS 'number of stays that last';
COMMENT ON COLUMN stage_duration.oldest_age_seconds IS 'longest of the stays that last: elapsed so far, seconds';
COMMENT ON COLUMN stage_duration.over_norm_now IS 'number of stays that last and are longer than their norm';
