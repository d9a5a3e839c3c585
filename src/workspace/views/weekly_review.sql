-- What happened is laid out once, by day; a row of it counts n, of so many.
CREATE OR REPLACE VIEW weekly_review AS
WITH week AS (
    SELECT w.starts_on::date AS starts_on
    FROM pg_catalog.generate_series(pg_catalog.date_trunc('week', (SELECT leadflow.clock())::timestamp) - interval '13 weeks',
                                    pg_catalog.date_trunc('week', (SELECT leadflow.clock())::timestamp) - interval '1 week', interval '1 week') w (starts_on)
), handed AS MATERIALIZED (
    SELECT h.mql_at, h.segment, h.first_contact_at, h.verdict, h.verdict_at, h.verdict_reason, h.returned_unreached
    FROM handover h
), milestone AS MATERIALIZED (
    SELECT m.lead_at, m.sql_at, m.segment
    FROM lead_milestone m
), deals AS MATERIALIZED (
    SELECT d.opened_at, d.won_at, d.closed_at, d.outcome, d.reason, d.value
    FROM deal d
), happened AS (
    SELECT 10 AS position, m.lead_at::date AS day, NULL::text AS detail, 1::numeric AS n, NULL::numeric AS of
    FROM milestone m
    UNION ALL
    SELECT 20, h.mql_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM handed h
    UNION ALL
    SELECT 30, h.mql_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM handed h
    WHERE h.first_contact_at IS NULL
    UNION ALL
    SELECT v.position, s.due_at::date, NULL::text, v.n, v.of
    FROM sla_status s
    CROSS JOIN LATERAL (VALUES (110, (s.state = 'met')::integer::numeric, 1::numeric), (120, (s.state <> 'met')::integer::numeric, NULL::numeric)) v (position, n, of)
    WHERE s.metric = 'first_response' AND s.state IN ('met', 'met_late', 'breached') AND s.due_at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    UNION ALL
    SELECT 210, h.verdict_at::date, NULL::text, (h.verdict = 'accepted')::integer::numeric, 1::numeric
    FROM handed h
    WHERE h.verdict IS NOT NULL
    UNION ALL
    SELECT 220, h.verdict_at::date, h.verdict_reason, 1::numeric, NULL::numeric
    FROM handed h
    WHERE h.verdict = 'rejected'
    UNION ALL
    SELECT 230, m.sql_at::date, m.segment, 1::numeric, NULL::numeric
    FROM milestone m
    UNION ALL
    SELECT 310, d.opened_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM deals d
    WHERE d.outcome <> 'void'
    UNION ALL
    SELECT v.position, d.won_at::date, NULL::text, v.n, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (320, 1::numeric), (330, COALESCE(d.value, 0))) v (position, n)
    WHERE d.won_at IS NOT NULL
    UNION ALL
    SELECT 340, d.closed_at::date, d.reason, 1::numeric, NULL::numeric
    FROM deals d
    WHERE d.outcome = 'lost'
    UNION ALL
    SELECT 410, q.recorded_at::date, q.source, 1::numeric, NULL::numeric
    FROM quarantine q
    WHERE q.recorded_at <= (SELECT leadflow.clock())
    UNION ALL
    SELECT 420, v.recorded_at::date, v.criterion, 1::numeric, NULL::numeric
    FROM violation v
    LEFT JOIN opportunity o ON o.id = v.opportunity_id
    WHERE v.recorded_at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN v.opportunity_id IS NULL THEN v.lead_id ELSE o.lead_id END)
    UNION ALL
    SELECT 430, g.merged_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM lead_merge g
    WHERE g.merged_at <= (SELECT leadflow.clock()) AND (g.undone_at > (SELECT leadflow.clock())) IS NOT FALSE
        AND g.winner_id IN (SELECT s.id FROM visible_lead s)
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = g.winner_id AND x.why <> 'merged')
    UNION ALL
    SELECT 510, c.changed_at::date, c.definition, 1::numeric, NULL::numeric
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
), counted AS (
    SELECT f.starts_on + (h.day - f.starts_on) / 7 * 7 AS starts_on, h.position, h.detail, pg_catalog.sum(h.n) AS n, pg_catalog.sum(h.of) AS of
    FROM (SELECT pg_catalog.min(w.starts_on) AS starts_on, pg_catalog.max(w.starts_on) + 7 AS ends_before FROM week w) f
    JOIN happened h ON h.day >= f.starts_on AND h.day < f.ends_before
    GROUP BY f.starts_on + (h.day - f.starts_on) / 7 * 7, h.position, h.detail
), item AS (
    SELECT i.position, i.topic, i.item, i.unit, d.detail
    FROM (VALUES (10, 'contacts', 'new leads', 'count', false), (20, 'contacts', 'handed over (MQL)', 'count', false),
                 (30, 'contacts', 'handed over and never contacted', 'count', false),
                 (110, 'reaction', 'first responses in time', 'share', false), (120, 'reaction', 'first responses late or owed', 'count', false),
                 (210, 'quality', 'accepted by sales', 'share', false), (220, 'quality', 'rejected, by reason', 'count', true),
                 (230, 'quality', 'qualified (SQL), by segment', 'count', true),
                 (310, 'results', 'opportunities opened', 'count', false), (320, 'results', 'deals won', 'count', false), (330, 'results', 'revenue', 'money', false),
                 (340, 'results', 'deals lost, by reason', 'count', true),
                 (410, 'data', 'rows set aside, by source', 'count', true), (420, 'data', 'let in with something missing, by criterion', 'count', true),
                 (430, 'data', 'duplicates merged', 'count', false),
                 (510, 'corrections', 'definitions changed', 'count', true)) i (position, topic, item, unit, by_detail)
    LEFT JOIN (SELECT DISTINCT c.position, c.detail FROM counted c) d ON d.position = i.position
    WHERE NOT i.by_detail OR d.position IS NOT NULL
), told AS (
    SELECT w.starts_on, i.position, i.topic, i.item, i.detail, i.unit,
           CASE WHEN i.unit = 'share' THEN c.n / NULLIF(c.of, 0) ELSE COALESCE(c.n, 0) END AS value
    FROM week w
    CROSS JOIN item i
    LEFT JOIN counted c ON c.starts_on = w.starts_on AND c.position = i.position AND c.detail IS NOT DISTINCT FROM i.detail
)
SELECT t.starts_on AS week_starts_on,
       t.position::bigint AS position,
       t.topic,
       t.item,
       t.detail,
       t.unit,
       t.value::numeric(24,6) AS value,
       t.week_before::numeric(24,6) AS week_before,
       (t.value - t.week_before)::numeric(24,6) AS change,
       t.usual::numeric(24,6) AS usual
FROM (SELECT t.*,
             pg_catalog.lag(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS week_before,
             pg_catalog.avg(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS usual
      FROM told t) t
WHERE t.starts_on > (SELECT pg_catalog.min(w.starts_on) FROM week w);
COMMENT ON VIEW weekly_review IS 'The agenda of the weekly meeting of both departments: what came in, how fast it was answered, what sales said of it, what came of it, what was wrong with the data, and which definitions were changed, for each of the last 12 whole weeks (Monday to Sunday, in the session''s time zone) beside the week before, as known at leadflow.clock(). Last week: WHERE week_starts_on = (SELECT max(week_starts_on) FROM weekly_review). What to look at together is drawn by leadflow.sample. Leads in lead_outside are left out.';
COMMENT ON COLUMN weekly_review.week_starts_on IS 'Monday of the week';
COMMENT ON COLUMN weekly_review.position IS 'order of the agenda';
COMMENT ON COLUMN weekly_review.topic IS 'contacts, reaction, quality, results, data or corrections';
COMMENT ON COLUMN weekly_review.item IS 'what is counted. First responses belong to the week in which they were due, never contacted to that of the handover, rows set aside and what was let in to that in which they were recorded; a merge that was undone is none';
COMMENT ON COLUMN weekly_review.detail IS 'reason, segment, source, criterion or definition, where the item says so; null for none of them';
COMMENT ON COLUMN weekly_review.unit IS 'count, share (0..1) or money, in the currency of the workspace';
COMMENT ON COLUMN weekly_review.value IS 'that of the week; null for a share of nothing';
COMMENT ON COLUMN weekly_review.week_before IS 'that of the week before';
COMMENT ON COLUMN weekly_review.change IS 'value less week_before';
COMMENT ON COLUMN weekly_review.usual IS 'mean of the four weeks before, of those of the last 13 weeks';
