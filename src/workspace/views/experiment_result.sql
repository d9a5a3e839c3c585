-- The days of all groups cut time into slots.  Leads are counted by slot, once for
-- each measure, however many experiments share it.  30 days equal 720 hours, and
-- are another length where a clock changes: their texts tell them apart.
CREATE OR REPLACE VIEW experiment_result AS
WITH milestone AS MATERIALIZED (
    SELECT m.campaign_id, m.segment, m.entered_at, m.lead_at, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at
    FROM lead_milestone m
    WHERE EXISTS (SELECT FROM experiment)
), term AS MATERIALIZED (
    SELECT e.experiment, e.campaign_a, e.campaign_b, e.segment, e.of_stage, e.reaches, e.within,
           GREATEST(LEAST(e.a_starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS a_from, (GREATEST(LEAST(e.a_ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS a_to,
           GREATEST(LEAST(e.b_starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS b_from, (GREATEST(LEAST(e.b_ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS b_to
    FROM experiment e
), cut AS MATERIALIZED (
    SELECT pg_catalog.array_agg(DISTINCT c.at ORDER BY c.at) AS instants
    FROM term e
    CROSS JOIN LATERAL (VALUES (e.a_from), (e.a_to), (e.b_from), (e.b_to)) c (at)
), counted AS MATERIALIZED (
    SELECT s.of_stage, s.reaches, s.within_text, s.campaign_id, s.segment, (SELECT c.instants FROM cut c)[s.slot] AS slot_at,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE s.until <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(*) FILTER (WHERE s.until <= (SELECT leadflow.clock()) AND s.reached_at <= s.until) AS reached
    FROM (SELECT e.of_stage, e.reaches, e.within_text, m.campaign_id, m.segment,
                 pg_catalog.width_bucket(f.from_at, (SELECT c.instants FROM cut c)) AS slot,
                 f.from_at + e.within AS until,
                 CASE e.reaches WHEN 'lead' THEN m.lead_at WHEN 'mql' THEN m.mql_at WHEN 'sal' THEN m.sal_at WHEN 'sql' THEN m.sql_at
                                WHEN 'opportunity' THEN m.opportunity_at ELSE m.won_at END AS reached_at
          FROM (SELECT DISTINCT e.of_stage, e.reaches, e.within, e.within::text AS within_text FROM term e) e
          CROSS JOIN milestone m
          CROSS JOIN LATERAL (SELECT CASE e.of_stage WHEN 'visitor' THEN m.entered_at WHEN 'lead' THEN m.lead_at WHEN 'mql' THEN m.mql_at WHEN 'sal' THEN m.sal_at
                                                     WHEN 'sql' THEN m.sql_at ELSE m.opportunity_at END AS from_at) f
          -- OFFSET 0: compute each once
          WHERE f.from_at IS NOT NULL
          OFFSET 0) s
    GROUP BY s.of_stage, s.reaches, s.within_text, s.campaign_id, s.segment, s.slot
), grouped AS (
    SELECT g.experiment,
           COALESCE(pg_catalog.sum(g.leads) FILTER (WHERE g.is_a), 0)::bigint AS a_leads,
           COALESCE(pg_catalog.sum(g.judged) FILTER (WHERE g.is_a), 0)::bigint AS a_judged,
           COALESCE(pg_catalog.sum(g.reached) FILTER (WHERE g.is_a), 0)::bigint AS a_reached,
           COALESCE(pg_catalog.sum(g.leads) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_leads,
           COALESCE(pg_catalog.sum(g.judged) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_judged,
           COALESCE(pg_catalog.sum(g.reached) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_reached
    FROM (SELECT e.experiment, c.leads, c.judged, c.reached,
                 CASE WHEN c.slot_at >= e.a_from AND c.slot_at < e.a_to AND (e.campaign_a IS NULL OR c.campaign_id = e.campaign_a) THEN true
                      WHEN c.slot_at >= e.b_from AND c.slot_at < e.b_to AND (e.campaign_b IS NULL OR c.campaign_id = e.campaign_b) THEN false END AS is_a
          FROM term e
          LEFT JOIN counted c ON c.of_stage = e.of_stage AND c.reaches = e.reaches AND c.within_text = e.within::text
              AND (e.segment IS NULL OR c.segment = e.segment)) g
    GROUP BY g.experiment
)
SELECT e.experiment,
       e.hypothesis,
       CASE WHEN e.campaign_a IS NULL THEN 'period' ELSE 'campaign' END AS compares,
       e.variant_a,
       e.variant_b,
       e.of_stage,
       e.reaches,
       c.a_leads,
       c.a_judged,
       c.a_reached,
       (c.a_reached::numeric / NULLIF(c.a_judged, 0))::numeric(9,6) AS a_share,
       a.low::numeric(9,6) AS a_share_low,
       a.high::numeric(9,6) AS a_share_high,
       c.b_leads,
       c.b_judged,
       c.b_reached,
       (c.b_reached::numeric / NULLIF(c.b_judged, 0))::numeric(9,6) AS b_share,
       b.low::numeric(9,6) AS b_share_low,
       b.high::numeric(9,6) AS b_share_high,
       (c.b_reached::numeric / NULLIF(c.b_judged, 0) - c.a_reached::numeric / NULLIF(c.a_judged, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       e.needed::bigint AS needed,
       f.final_at,
       CASE WHEN f.final_at > (SELECT leadflow.clock()) OR LEAST(c.a_judged, c.b_judged) < e.needed THEN 'too_early'
            WHEN d.low > 0 THEN 'b_better'
            WHEN d.high < 0 THEN 'a_better'
            ELSE 'no_difference_shown' END AS finding
FROM experiment e
JOIN grouped c ON c.experiment = e.experiment
CROSS JOIN LATERAL (SELECT (GREATEST(LEAST(GREATEST(e.a_ends_on, e.b_ends_on), '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz + e.within AS final_at) f
LEFT JOIN LATERAL leadflow.share_interval(c.a_reached, c.a_judged) a ON true
LEFT JOIN LATERAL leadflow.share_interval(c.b_reached, c.b_judged) b ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.b_reached, c.b_judged, c.a_reached, c.a_judged) d ON true;
COMMENT ON VIEW experiment_result IS 'What came out of each experiment, as known at leadflow.clock(). There is no finding before its last day and the time to reach the stage are over and both groups have the size that was set: who looks every day, and stops when it looks good, finds differences that are none. Before and after may differ for other reasons too. Leads in lead_outside are left out.';
COMMENT ON COLUMN experiment_result.experiment IS 'code of the experiment';
COMMENT ON COLUMN experiment_result.hypothesis IS 'hypothesis that it tests';
COMMENT ON COLUMN experiment_result.compares IS 'period (before and after) or campaign (side by side)';
COMMENT ON COLUMN experiment_result.variant_a IS 'what group A gets';
COMMENT ON COLUMN experiment_result.variant_b IS 'what group B gets';
COMMENT ON COLUMN experiment_result.of_stage IS 'leads that reached this stage on the days of their group are counted';
COMMENT ON COLUMN experiment_result.reaches IS 'stage that they are to reach';
COMMENT ON COLUMN experiment_result.a_leads IS 'number of leads of group A';
COMMENT ON COLUMN experiment_result.a_judged IS 'how many of them have had their time to reach it';
COMMENT ON COLUMN experiment_result.a_reached IS 'how many of those reached it in time';
COMMENT ON COLUMN experiment_result.a_share IS 'a_reached / a_judged, 0..1; null where none is judged';
COMMENT ON COLUMN experiment_result.a_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN experiment_result.a_share_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.b_leads IS 'number of leads of group B';
COMMENT ON COLUMN experiment_result.b_judged IS 'how many of them have had their time to reach it';
COMMENT ON COLUMN experiment_result.b_reached IS 'how many of those reached it in time';
COMMENT ON COLUMN experiment_result.b_share IS 'b_reached / b_judged, 0..1; null where none is judged';
COMMENT ON COLUMN experiment_result.b_share_low IS 'lower limit of it';
COMMENT ON COLUMN experiment_result.b_share_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.difference IS 'b_share - a_share, -1..1; null where either is';
COMMENT ON COLUMN experiment_result.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN experiment_result.difference_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.needed IS 'leads of each group that must be judged';
COMMENT ON COLUMN experiment_result.final_at IS 'when the last lead has had its time';
COMMENT ON COLUMN experiment_result.finding IS 'too_early (final_at is to come, or a group has fewer than needed), a_better or b_better (the limits of the difference leave out 0), or no_difference_shown';
