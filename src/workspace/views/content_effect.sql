-- Leads that were in touch with a content count from their first touch with it;
-- the others of their origin from their first entry.
CREATE OR REPLACE VIEW content_effect AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id,
           COALESCE(m.origin, '') AS origin,
           m.entered_at, m.lead_at, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at,
           v.at AS verdict_at, v.verdict,
           m.until <= (SELECT leadflow.clock()) AS old,
           m.until <= (SELECT leadflow.clock()) AND m.mql_at <= m.until AS old_mql,
           m.until <= (SELECT leadflow.clock()) AND m.sal_at <= m.until AS old_sal,
           m.until <= (SELECT leadflow.clock()) AND m.won_at <= m.until AS old_won
    -- OFFSET 0: add the days once
    FROM (SELECT m.*, m.entered_at + interval '90 days' AS until FROM lead_milestone m OFFSET 0) m
    -- the first answer of sales
    LEFT JOIN (SELECT DISTINCT ON (v.lead_id) v.lead_id, v.at, v.verdict
               FROM verdict v
               WHERE v.at <= (SELECT leadflow.clock())
               ORDER BY v.lead_id, v.at, v.id) v ON v.lead_id = m.lead_id
), origin AS (
    SELECT m.origin,
           pg_catalog.count(*) FILTER (WHERE m.old) AS old,
           pg_catalog.count(*) FILTER (WHERE m.old_mql) AS old_mql,
           pg_catalog.count(*) FILTER (WHERE m.old_sal) AS old_sal,
           pg_catalog.count(*) FILTER (WHERE m.old_won) AS old_won
    FROM milestone m
    GROUP BY m.origin
), touched AS MATERIALIZED (
    SELECT t.lead_id, t.kind, t.content, pg_catalog.min(t.at) AS at
    FROM touch t
    WHERE t.lead_id IS NOT NULL AND (t.direction = 'inbound' OR t.content IS NOT NULL) AND t.at <= (SELECT leadflow.clock())
    GROUP BY t.lead_id, t.kind, t.content
), used AS MATERIALIZED (
    SELECT g.level, g.name, g.lead_id, g.at, g.at + interval '90 days' AS until
    FROM (SELECT 'content'::text AS level, t.content AS name, t.lead_id, pg_catalog.min(t.at) AS at
          FROM touched t
          WHERE t.content IS NOT NULL
          GROUP BY t.content, t.lead_id
          UNION ALL
          SELECT 'kind'::text AS level, t.kind AS name, t.lead_id, pg_catalog.min(t.at) AS at
          FROM touched t
          GROUP BY t.kind, t.lead_id
          UNION ALL
          SELECT 'depth'::text AS level, d.name, d.lead_id, pg_catalog.min(d.at) AS at
          FROM (SELECT CASE WHEN t.kind IN ('contact_request', 'pricing_request', 'demo_request', 'trial_started') THEN 'deep'
                            WHEN t.kind IN ('web_visit', 'content_download', 'ad_click', 'email_open', 'email_click', 'form_submit', 'webinar_attended', 'event_attended') THEN 'top' END AS name,
                       t.lead_id, t.at
                FROM touched t) d
          WHERE d.name IS NOT NULL
          GROUP BY d.name, d.lead_id) g
), counted AS MATERIALIZED (
    SELECT u.level, u.name, m.origin,
           CASE WHEN m.won_at <= u.at THEN 7 WHEN m.opportunity_at <= u.at THEN 6 WHEN m.sql_at <= u.at THEN 5 WHEN m.sal_at <= u.at THEN 4
                WHEN m.mql_at <= u.at THEN 3 WHEN m.lead_at <= u.at THEN 2 ELSE 1 END AS reached,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.mql_at < u.at) IS NOT TRUE) AS mql_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.mql_at >= u.at AND m.mql_at <= u.until) AS mql,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.sal_at < u.at) IS NOT TRUE) AS sal_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.sal_at >= u.at AND m.sal_at <= u.until) AS sal,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.won_at < u.at) IS NOT TRUE) AS won_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.won_at >= u.at AND m.won_at <= u.until) AS won,
           pg_catalog.count(*) FILTER (WHERE m.verdict_at >= u.at AND m.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE m.verdict_at >= u.at AND m.verdict = 'rejected') AS rejected,
           pg_catalog.count(*) FILTER (WHERE m.old) AS old,
           pg_catalog.count(*) FILTER (WHERE m.old_mql) AS old_mql,
           pg_catalog.count(*) FILTER (WHERE m.old_sal) AS old_sal,
           pg_catalog.count(*) FILTER (WHERE m.old_won) AS old_won
    FROM used u
    -- one row a lead, as PostgreSQL cannot see of itself
    JOIN (SELECT DISTINCT ON (m.lead_id) m.* FROM milestone m ORDER BY m.lead_id) m ON m.lead_id = u.lead_id
    GROUP BY u.level, u.name, m.origin, reached
), summed AS (
    SELECT n.level, n.name, n.origin, pg_catalog.sum(n.leads) AS leads, pg_catalog.sum(n.judged) AS judged,
           pg_catalog.sum(n.mql_of) AS mql_of, pg_catalog.sum(n.mql) AS mql, pg_catalog.sum(n.sal_of) AS sal_of, pg_catalog.sum(n.sal) AS sal,
           pg_catalog.sum(n.won_of) AS won_of, pg_catalog.sum(n.won) AS won, pg_catalog.sum(n.accepted) AS accepted, pg_catalog.sum(n.rejected) AS rejected,
           pg_catalog.sum(n.old) AS old, pg_catalog.sum(n.old_mql) AS old_mql, pg_catalog.sum(n.old_sal) AS old_sal, pg_catalog.sum(n.old_won) AS old_won
    FROM counted n
    GROUP BY n.level, n.name, n.origin
), compared AS (
    SELECT n.level, n.name,
           pg_catalog.sum(n.leads)::bigint AS leads,
           pg_catalog.sum(n.judged)::bigint AS judged,
           pg_catalog.sum(n.mql_of)::bigint AS mql_of,
           pg_catalog.sum(n.mql)::bigint AS mql,
           pg_catalog.sum(n.sal_of)::bigint AS sal_of,
           pg_catalog.sum(n.sal)::bigint AS sal,
           pg_catalog.sum(n.won_of)::bigint AS won_of,
           pg_catalog.sum(n.won)::bigint AS won,
           pg_catalog.sum(n.accepted)::bigint AS accepted,
           pg_catalog.sum(n.rejected)::bigint AS rejected,
           pg_catalog.sum(o.old - n.old)::bigint AS others,
           -- origins that have no others say nothing
           pg_catalog.sum(n.mql_of * (o.old_mql - n.old_mql) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.mql_of) FILTER (WHERE o.old > n.old), 0) AS mql_others,
           pg_catalog.sum(n.sal_of * (o.old_sal - n.old_sal) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.sal_of) FILTER (WHERE o.old > n.old), 0) AS sal_others,
           pg_catalog.sum(n.won_of * (o.old_won - n.old_won) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.won_of) FILTER (WHERE o.old > n.old), 0) AS won_others
    FROM summed n
    JOIN origin o ON o.origin = n.origin
    GROUP BY n.level, n.name
), staged AS (
    SELECT DISTINCT ON (n.level, n.name) n.level, n.name, n.reached
    FROM counted n
    GROUP BY n.level, n.name, n.reached
    ORDER BY n.level, n.name, pg_catalog.sum(n.leads) DESC, n.reached
), bought AS (
    SELECT u.level, u.name, pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', m.won_at - u.at) / 86400) AS cycle_days
    FROM used u
    JOIN (SELECT m.lead_id, m.won_at FROM milestone m WHERE m.won_at IS NOT NULL) m ON m.lead_id = u.lead_id AND m.won_at >= u.at
    GROUP BY u.level, u.name
)
SELECT c.level,
       c.name,
       (ARRAY['visitor', 'lead', 'mql', 'sal', 'sql', 'opportunity', 'won'])[g.reached] AS used_at_stage,
       c.leads,
       c.judged,
       c.mql_of,
       c.mql,
       (c.mql::numeric / NULLIF(c.mql_of, 0))::numeric(9,6) AS mql_share,
       c.mql_others::numeric(9,6) AS mql_share_others,
       c.sal_of,
       c.sal,
       (c.sal::numeric / NULLIF(c.sal_of, 0))::numeric(9,6) AS sal_share,
       c.sal_others::numeric(9,6) AS sal_share_others,
       c.won_of,
       c.won,
       (c.won::numeric / NULLIF(c.won_of, 0))::numeric(9,6) AS won_share,
       i.low::numeric(9,6) AS won_share_low,
       i.high::numeric(9,6) AS won_share_high,
       c.won_others::numeric(9,6) AS won_share_others,
       c.others,
       c.accepted,
       c.rejected,
       (c.accepted::numeric / NULLIF(c.accepted + c.rejected, 0))::numeric(9,6) AS acceptance_rate,
       b.cycle_days::numeric(12,2) AS cycle_days_median
FROM compared c
JOIN staged g ON g.level = c.level AND g.name = c.name
LEFT JOIN bought b ON b.level = c.level AND b.name = c.name
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.won_of) i ON true;
COMMENT ON VIEW content_effect IS 'What became of the leads that were in touch with a content, a kind of touch, or the offers deep in the funnel against those at its top, as known at leadflow.clock(): within 90 days of the first such touch, beside the leads of the same origins that never were, within 90 days of their first entry. It compares, and does not prove: who asks for a demonstration was going to buy more often before he asked. Only what was not reached before the touch counts. Leads in lead_outside are left out.';
COMMENT ON COLUMN content_effect.level IS 'content (touch.content), kind (touch.kind, inbound or with a content), or depth';
COMMENT ON COLUMN content_effect.name IS 'which one; of level depth: deep (contact_request, pricing_request, demo_request, trial_started) or top (web_visit, content_download, ad_click, email_open, email_click, form_submit, webinar_attended, event_attended)';
COMMENT ON COLUMN content_effect.used_at_stage IS 'furthest stage that most leads had reached at the first touch: visitor (or engaged), lead, mql, sal, sql, opportunity or won';
COMMENT ON COLUMN content_effect.leads IS 'number of leads that were in touch with it';
COMMENT ON COLUMN content_effect.judged IS 'how many of them were for the first time 90 days ago or longer; only these count up to won_share_others';
COMMENT ON COLUMN content_effect.mql_of IS 'how many of those had not reached mql before';
COMMENT ON COLUMN content_effect.mql IS 'how many of these reached it within 90 days';
COMMENT ON COLUMN content_effect.mql_share IS 'mql / mql_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.mql_share_others IS 'share of the other leads of their origins that did within 90 days, weighted as the origins are in mql_of; null where there are no others';
COMMENT ON COLUMN content_effect.sal_of IS 'how many had not reached sal before';
COMMENT ON COLUMN content_effect.sal IS 'how many of these reached it within 90 days: accepted by sales';
COMMENT ON COLUMN content_effect.sal_share IS 'sal / sal_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.sal_share_others IS 'the same of the others, as mql_share_others';
COMMENT ON COLUMN content_effect.won_of IS 'how many had not been won before';
COMMENT ON COLUMN content_effect.won IS 'how many of these were within 90 days';
COMMENT ON COLUMN content_effect.won_share IS 'won / won_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.won_share_low IS 'lower limit of it (leadflow.share_interval): an effect is likely where won_share_others lies outside the limits';
COMMENT ON COLUMN content_effect.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN content_effect.won_share_others IS 'the same of the others, as mql_share_others';
COMMENT ON COLUMN content_effect.others IS 'number of the others: leads of the same origins, that entered 90 days ago or longer';
COMMENT ON COLUMN content_effect.accepted IS 'how many of the leads sales accepted with its first verdict, after the touch';
COMMENT ON COLUMN content_effect.rejected IS 'how many it rejected';
COMMENT ON COLUMN content_effect.acceptance_rate IS 'accepted / (accepted + rejected), 0..1; null where there is no verdict';
COMMENT ON COLUMN content_effect.cycle_days_median IS 'median time from the first touch to the win, elapsed, in days, interpolated; null where none was won after it';
