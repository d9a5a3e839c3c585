CREATE OR REPLACE VIEW sla_suggestion AS
WITH curve AS MATERIALIZED (
    SELECT * FROM sla_curve
), judged AS (
    -- where there are enough leads to tell
    SELECT c.*,
           pg_catalog.first_value(c.position) OVER walked AS first_position,
           pg_catalog.first_value(c.reached) OVER walked AS first_reached,
           pg_catalog.first_value(c.leads) OVER walked AS first_leads
    FROM curve c
    WHERE c.position >= 2 AND c.position <= 12 AND c.leads >= 30
    WINDOW walked AS (PARTITION BY c.since, c.measure, c.goal, c.segment ORDER BY c.position)
), told AS (
    SELECT j.*, pg_catalog.min(j.position) FILTER (WHERE j.position > j.first_position AND d.low > 0)
                    OVER (PARTITION BY j.since, j.measure, j.goal, j.segment) AS worse_position
    FROM judged j
    CROSS JOIN LATERAL leadflow.difference_interval(j.first_reached, j.first_leads, j.reached, j.leads) d
), found AS (
    SELECT t.since, t.measure, t.goal, t.segment,
           pg_catalog.count(*) AS buckets,
           pg_catalog.min(t.first_position) AS first_position,
           pg_catalog.min(t.worse_position) AS worse_position,
           pg_catalog.max(t.position) FILTER (WHERE t.position < COALESCE(t.worse_position, 12)) AS position
    FROM told t
    GROUP BY t.since, t.measure, t.goal, t.segment
)
SELECT c.since,
       c.measure,
       c.goal,
       c.segment,
       c.leads::bigint AS leads,
       s.within_seconds AS suggested_seconds,
       s.bucket AS suggested,
       s.conversion,
       s.cumulative_share AS contacted_share,
       b.bucket AS fastest,
       b.conversion AS fastest_conversion,
       w.bucket AS worse,
       w.conversion AS worse_conversion,
       (b.conversion - w.conversion)::numeric(9,6) AS worse_by,
       CASE WHEN s.position IS NULL THEN 'too few leads: it takes 30 in each of two buckets'
            WHEN f.worse_position IS NULL THEN 'no longer wait with 30 leads is provably worse than the shortest'
            ELSE 'who waits longer converts worse' END AS why
FROM (SELECT c.since, c.measure, c.goal, c.segment, pg_catalog.sum(c.leads) FILTER (WHERE c.position >= 2 AND c.position <= 12) AS leads
      FROM curve c
      GROUP BY c.since, c.measure, c.goal, c.segment) c
LEFT JOIN found f ON f.since = c.since AND f.measure = c.measure AND f.goal = c.goal AND f.segment = c.segment
LEFT JOIN told s ON s.since = c.since AND s.measure = c.measure AND s.goal = c.goal AND s.segment = c.segment AND s.position = f.position AND f.buckets > 1
LEFT JOIN told b ON b.since = c.since AND b.measure = c.measure AND b.goal = c.goal AND b.segment = c.segment AND b.position = f.first_position
LEFT JOIN told w ON w.since = c.since AND w.measure = c.measure AND w.goal = c.goal AND w.segment = c.segment AND w.position = f.worse_position;
COMMENT ON VIEW sla_suggestion IS 'The longest wait that costs nothing that can be told, from sla_curve: a promise to choose. The rule: of the waits up to 7 days and later, those with 30 leads or more are judged; the shortest of these is the measure; a longer one is worse where the 95 % interval of the difference to it (leadflow.difference_interval) is above 0; suggested is the longest judged wait, of 7 days at most, that is shorter than the first worse one. As known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_suggestion.since IS 'from when the wait is measured: handover or signal, as in sla_curve';
COMMENT ON COLUMN sla_suggestion.measure IS 'how: elapsed or working';
COMMENT ON COLUMN sla_suggestion.goal IS 'what conversion means: accepted or won';
COMMENT ON COLUMN sla_suggestion.segment IS 'market segment; * for all leads together';
COMMENT ON COLUMN sla_suggestion.leads IS 'number of leads that were contacted after they began to wait, of which the goal is decided; null for none';
COMMENT ON COLUMN sla_suggestion.suggested_seconds IS 'the suggested target, in seconds of that measure; null where there are too few leads';
COMMENT ON COLUMN sla_suggestion.suggested IS 'the same in words';
COMMENT ON COLUMN sla_suggestion.conversion IS 'conversion of the leads in that bucket, 0..1';
COMMENT ON COLUMN sla_suggestion.contacted_share IS 'share of all leads of the curve that were contacted within it, 0..1: how far the promise is kept already';
COMMENT ON COLUMN sla_suggestion.fastest IS 'the shortest wait with 30 leads or more; null for none';
COMMENT ON COLUMN sla_suggestion.fastest_conversion IS 'its conversion, 0..1';
COMMENT ON COLUMN sla_suggestion.worse IS 'the first longer wait that is worse; null for none';
COMMENT ON COLUMN sla_suggestion.worse_conversion IS 'its conversion, 0..1';
COMMENT ON COLUMN sla_suggestion.worse_by IS 'fastest_conversion less worse_conversion, as a share of the leads';
COMMENT ON COLUMN sla_suggestion.why IS 'why it is suggested, or why nothing is, in words';
