-- What happened is laid out once, by day; a row of it counts n, of so many,
-- where so much was planned.
CREATE OR REPLACE VIEW quarterly_review AS
WITH quarter AS (
    SELECT q.starts_at::date AS starts_on, (q.starts_at + interval '3 months')::date AS next_on
    FROM pg_catalog.generate_series(pg_catalog.date_trunc('quarter', (SELECT leadflow.clock())::timestamp) - interval '3 years',
                                    pg_catalog.date_trunc('quarter', (SELECT leadflow.clock())::timestamp) - interval '3 months', interval '3 months') q (starts_at)
), deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.campaign_id, d.segment, d.opened_at::date AS opened_on, d.won_at, d.won_at::date AS won_on, d.closed_at::date AS closed_on,
           d.outcome, d.value, d.new_customer, (pg_catalog.date_part('epoch', d.won_at - d.opened_at) / 86400)::numeric AS cycle, c.channel
    FROM deal d
    LEFT JOIN campaign c ON c.id = d.campaign_id
    WHERE d.outcome <> 'void'
), happened AS (
    -- what was promised for the quarter, or for a month or week of it
    SELECT 10 AS position, p.starts_on AS day, pg_catalog.concat_ws(', ', p.metric, 'segment ' || p.segment, 'team ' || p.team, 'owner ' || p.owner) AS detail,
           p.actual AS n, NULL::numeric AS of, p.target_value AS planned
    FROM plan_vs_actual p
    WHERE p.starts_on = pg_catalog.date_trunc('quarter', p.starts_on::timestamp)::date
        AND p.ends_on = (pg_catalog.date_trunc('quarter', p.starts_on::timestamp) + interval '3 months - 1 day')::date
    UNION ALL
    SELECT CASE WHEN a.out_of IS NULL THEN 20 ELSE 30 END, a.from_date, a.agreement, COALESCE(a.counted, a.delivered), a.out_of,
           CASE WHEN a.out_of IS NULL THEN a.promised ELSE a.promised * a.out_of END
    FROM agreement_kept a
    WHERE pg_catalog.date_trunc('quarter', a.from_date::timestamp) = pg_catalog.date_trunc('quarter', a.until_date::timestamp)
    UNION ALL
    SELECT v.position, d.won_on, v.detail, v.n, v.of, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (110, NULL::text, COALESCE(d.value, 0), NULL::numeric),
                               (120, NULL::text, CASE WHEN d.new_customer THEN COALESCE(d.value, 0) ELSE 0 END, NULL::numeric),
                               (130, NULL::text, 1, NULL::numeric),
                               (150, NULL::text, d.value, (d.value IS NOT NULL)::integer::numeric),
                               (160, NULL::text, d.cycle, 1),
                               (320, d.channel, COALESCE(d.value, 0), NULL::numeric),
                               (410, d.segment, COALESCE(d.value, 0), NULL::numeric)) v (position, detail, n, of)
    WHERE d.won_on IS NOT NULL
    UNION ALL
    SELECT v.position, d.closed_on, v.detail, (d.outcome = 'won')::integer::numeric, 1::numeric, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (140, NULL::text), (420, d.segment)) v (position, detail)
    WHERE d.outcome IN ('won', 'lost')
    UNION ALL
    SELECT v.position, d.opened_on, NULL::text, v.n, NULL::numeric, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (210, 1::numeric), (220, COALESCE(d.value, 0))) v (position, n)
    UNION ALL
    -- what was open on the last day, beside what the next quarter was to bring
    SELECT v.position, q.starts_on, NULL::text, v.n, v.of, NULL::numeric
    FROM (SELECT q.starts_on, q.next_on, COALESCE(m.closing_value, 0) AS value
          FROM quarter q
          LEFT JOIN pipeline_movement m ON m.month = (q.next_on - interval '1 month')::date) q
    LEFT JOIN target t ON t.metric = 'revenue' AND pg_catalog.num_nonnulls(t.segment, t.team, t.owner) = 0
        AND t.starts_on = q.next_on AND t.ends_on = (q.next_on + interval '3 months - 1 day')::date
    CROSS JOIN LATERAL (VALUES (230, q.value, NULL::numeric), (240, CASE WHEN t.value > 0 THEN q.value ELSE 0 END, COALESCE(t.value, 0))) v (position, n, of)
    UNION ALL
    SELECT v.position, s.month, v.detail, v.n, v.of, NULL::numeric
    FROM campaign_spend s
    CROSS JOIN LATERAL (VALUES (310, s.channel, s.spend, NULL::numeric), (320, s.channel, 0, s.spend), (340, s.channel, s.spend, 0), (710, NULL::text, s.spend, NULL::numeric)) v (position, detail, n, of)
    WHERE s.spend IS NOT NULL
    UNION ALL
    SELECT v.position, m.sql_at::date, v.detail, v.n, v.of, NULL::numeric
    FROM lead_milestone m
    LEFT JOIN campaign c ON c.id = m.campaign_id
    CROSS JOIN LATERAL (VALUES (330, c.channel, 1::numeric, NULL::numeric), (340, c.channel, NULL::numeric, 1), (430, m.segment, 1, NULL::numeric)) v (position, detail, n, of)
    WHERE m.sql_at IS NOT NULL
    UNION ALL
    SELECT 510, u.won_on, u.content, 1::numeric, NULL::numeric, NULL::numeric
    FROM (SELECT DISTINCT d.opportunity_id, d.won_on, t.content
          FROM deals d
          JOIN touch t ON t.lead_id = d.lead_id AND t.at <= d.won_at
          WHERE d.won_on IS NOT NULL AND t.content IS NOT NULL) u
    UNION ALL
    SELECT 610, h.closed_on, h.verdict, 1::numeric, NULL::numeric, NULL::numeric
    FROM hypothesis h
    WHERE h.closed_on <= (SELECT leadflow.clock())::date
    UNION ALL
    -- a test belongs to the quarter before the one in which it ends
    SELECT 620, (LEAST(GREATEST(e.b_ends_on, '0001-01-01'::date), '9999-12-31'::date) - interval '3 months')::date, e.experiment, 1::numeric, NULL::numeric, NULL::numeric
    FROM experiment e
    UNION ALL
    SELECT 630, b.at::date, NULL::text, 1::numeric, NULL::numeric, NULL::numeric
    FROM debrief b
    LEFT JOIN opportunity o ON o.id = b.opportunity_id
    WHERE b.at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
    UNION ALL
    SELECT 640, l.done_at::date, NULL::text, 1::numeric, NULL::numeric, NULL::numeric
    FROM lesson l
    JOIN debrief b ON b.id = l.debrief_id
    LEFT JOIN opportunity o ON o.id = b.opportunity_id
    WHERE l.done_at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
    UNION ALL
    SELECT 720, (LEAST(GREATEST(c.starts_on, '0001-01-01'::date), '9999-12-31'::date) - interval '3 months')::date, c.channel,
           CASE WHEN pg_catalog.abs(v.budget) < 1e13 THEN pg_catalog.round(v.budget, w.currency_decimals) END, NULL::numeric, NULL::numeric
    FROM campaign c
    CROSS JOIN workspace w
    LEFT JOIN LATERAL (SELECT LEAST(x.rate, 1e15) AS rate
                       FROM exchange_rate x
                       WHERE x.currency = c.currency AND x.valid_from <= (SELECT leadflow.clock())::date
                       ORDER BY x.valid_from DESC
                       LIMIT 1) r ON true
    CROSS JOIN LATERAL (SELECT c.budget * CASE WHEN c.currency <> w.currency THEN r.rate ELSE 1 END AS budget) v
    WHERE c.budget IS NOT NULL
    UNION ALL
    SELECT 810, c.changed_at::date, c.definition, 1::numeric, NULL::numeric, NULL::numeric
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
), counted AS (
    SELECT pg_catalog.date_trunc('quarter', h.day::timestamp)::date AS starts_on, h.position, h.detail,
           pg_catalog.sum(h.n) AS n, pg_catalog.sum(h.of) AS of, pg_catalog.sum(h.planned) AS planned
    FROM happened h
    WHERE h.day >= (SELECT pg_catalog.min(q.starts_on) FROM quarter q) AND h.day < (SELECT pg_catalog.max(q.next_on) FROM quarter q)
    GROUP BY pg_catalog.date_trunc('quarter', h.day::timestamp)::date, h.position, h.detail
), item AS (
    SELECT i.position, i.topic, i.item, i.unit, i.divided, d.detail
    FROM (VALUES (10, 'plan', 'target', 'number', true, false), (20, 'plan', 'agreement on a number', 'number', true, false), (30, 'plan', 'agreement on a share', 'share', true, true),
                 (110, 'results', 'revenue', 'money', false, false), (120, 'results', 'revenue of new customers', 'money', false, false), (130, 'results', 'deals won', 'number', false, false),
                 (140, 'results', 'win rate', 'share', false, true), (150, 'results', 'average value of a deal won', 'money', false, true),
                 (160, 'results', 'days from opening to winning', 'days', false, true),
                 (210, 'coverage', 'opportunities opened', 'number', false, false), (220, 'coverage', 'pipeline opened', 'money', false, false),
                 (230, 'coverage', 'pipeline open on the last day', 'money', false, false), (240, 'coverage', 'the same by the next quarter''s revenue target', 'ratio', false, true),
                 (310, 'channels', 'spend, by channel', 'money', true, false), (320, 'channels', 'revenue by spend, by channel', 'ratio', true, true),
                 (330, 'channels', 'qualified (SQL), by channel', 'number', true, false), (340, 'channels', 'cost of an SQL, by channel', 'money', true, true),
                 (410, 'segments', 'revenue, by segment', 'money', true, false), (420, 'segments', 'win rate, by segment', 'share', true, true),
                 (430, 'segments', 'qualified (SQL), by segment', 'number', true, false),
                 (510, 'content', 'deals won after it, by content', 'number', true, false),
                 (610, 'tests', 'hypotheses closed, by verdict', 'number', true, false), (620, 'tests', 'experiments that end in the next quarter', 'number', true, false),
                 (630, 'tests', 'debriefs held', 'number', false, false), (640, 'tests', 'lessons acted upon', 'number', false, false),
                 (710, 'budget', 'spend', 'money', false, false), (720, 'budget', 'budget of campaigns that start in the next quarter, by channel', 'money', true, false),
                 (810, 'corrections', 'definitions changed', 'number', true, false)) i (position, topic, item, unit, by_detail, divided)
    LEFT JOIN (SELECT DISTINCT c.position, c.detail FROM counted c) d ON d.position = i.position
    WHERE NOT i.by_detail OR d.position IS NOT NULL
), told AS (
    SELECT q.starts_on, i.position, i.topic, i.item, i.detail, i.unit,
           -- of nothing there is neither share, nor average, nor ratio; what was not agreed on was not missed
           CASE WHEN i.divided THEN c.n / NULLIF(c.of, 0)
                WHEN i.topic = 'plan' THEN c.n
                ELSE COALESCE(c.n, 0) END AS value,
           CASE WHEN i.divided THEN c.planned / NULLIF(c.of, 0) ELSE c.planned END AS planned
    FROM quarter q
    CROSS JOIN item i
    LEFT JOIN counted c ON c.starts_on = q.starts_on AND c.position = i.position AND c.detail IS NOT DISTINCT FROM i.detail
)
SELECT t.starts_on AS quarter_starts_on,
       t.position::bigint AS position,
       t.topic,
       t.item,
       t.detail,
       t.unit,
       t.value::numeric(30,6) AS value,
       t.planned::numeric(30,6) AS planned,
       t.quarter_before::numeric(30,6) AS quarter_before,
       (t.value - t.quarter_before)::numeric(30,6) AS change,
       t.year_before::numeric(30,6) AS year_before
FROM (SELECT t.*,
             pg_catalog.lag(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS quarter_before,
             pg_catalog.lag(t.value, 4) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS year_before
      FROM told t) t
WHERE t.starts_on >= (SELECT pg_catalog.min(q.starts_on) FROM quarter q) + interval '1 year';
COMMENT ON VIEW quarterly_review IS 'The agenda of the quarterly review of both departments: what was reached beside what was planned, what the next quarter can count on, what channels, segments and content brought, what was tested and is to be tested, what was spent and is to be spent, and which definitions were changed: for each of the last eight whole quarters, in the session''s time zone, beside the quarter and the year before, as known at leadflow.clock(). Last quarter: WHERE quarter_starts_on = (SELECT max(quarter_starts_on) FROM quarterly_review). Won and lost deals to read together are drawn by leadflow.sample. Void deals, and those and the leads in lead_outside, are left out.';
COMMENT ON COLUMN quarterly_review.quarter_starts_on IS 'first day of the quarter';
COMMENT ON COLUMN quarterly_review.position IS 'order of the agenda';
COMMENT ON COLUMN quarterly_review.topic IS 'plan, results, coverage, channels, segments, content, tests, budget or corrections';
COMMENT ON COLUMN quarterly_review.item IS 'what is counted. Deals belong to the quarter in which they were won, closed or opened, leads to that in which they qualified; campaigns and experiments of the next quarter to the one before it, in which they are talked about';
COMMENT ON COLUMN quarterly_review.detail IS 'metric and whose target it is, agreement, channel (of the campaign), segment, content, verdict, experiment or definition, where the item says so; null for none of them';
COMMENT ON COLUMN quarterly_review.unit IS 'number, share (0..1), money (in the currency of the workspace), days, or ratio';
COMMENT ON COLUMN quarterly_review.value IS 'that of the quarter, that of shorter periods taken together; null for a share, an average or a ratio of nothing, and where nothing was agreed';
COMMENT ON COLUMN quarterly_review.planned IS 'what was promised, where the topic is plan: the target of exactly the quarter, or the agreement over its periods in the quarter';
COMMENT ON COLUMN quarterly_review.quarter_before IS 'value of the quarter before';
COMMENT ON COLUMN quarterly_review.change IS 'value less quarter_before';
COMMENT ON COLUMN quarterly_review.year_before IS 'value of the same quarter of the year before';
