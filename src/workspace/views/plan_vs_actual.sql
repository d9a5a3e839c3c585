CREATE OR REPLACE VIEW plan_vs_actual AS
WITH deals AS MATERIALIZED (
    SELECT d.segment, d.team, d.owner, d.buyer, d.opened_at, d.won_at, d.value, d.new_customer
    FROM deal d
    WHERE d.outcome <> 'void'
), fact AS (
    -- what happened in a day, by what a target may single out
    SELECT k.metric, k.at::date AS day, d.segment, d.team, d.owner, pg_catalog.sum(k.amount) AS amount
    FROM deals d
    CROSS JOIN LATERAL (VALUES ('revenue'::text, d.won_at, d.value), ('new_revenue', CASE WHEN d.new_customer THEN d.won_at END, d.value), ('deals', d.won_at, 1),
                               ('pipeline', d.opened_at, d.value), ('opportunities', d.opened_at, 1)) k (metric, at, amount)
    WHERE k.at IS NOT NULL
    GROUP BY k.metric, k.at::date, d.segment, d.team, d.owner
    UNION ALL
    SELECT k.metric, k.at::date AS day, m.segment, t.team, l.owner, pg_catalog.count(*)::numeric AS amount
    FROM lead_milestone m
    JOIN lead l ON l.id = m.lead_id
    LEFT JOIN team_member t ON t.member = l.owner
    CROSS JOIN LATERAL (VALUES ('leads'::text, m.lead_at), ('mql', m.mql_at), ('sal', m.sal_at), ('sql', m.sql_at)) k (metric, at)
    WHERE k.at IS NOT NULL AND EXISTS (SELECT FROM target p WHERE p.metric IN ('leads', 'mql', 'sal', 'sql'))
    GROUP BY k.metric, k.at::date, m.segment, t.team, l.owner
), reached AS (
    SELECT t.id, pg_catalog.sum(f.amount) AS actual
    FROM target t
    JOIN fact f ON f.metric = t.metric AND f.day >= t.starts_on AND f.day <= t.ends_on
        AND (t.segment IS NULL OR f.segment = t.segment) AND (t.team IS NULL OR f.team = t.team) AND (t.owner IS NULL OR f.owner = t.owner)
    GROUP BY t.id
), due AS (
    SELECT t.id, pg_catalog.sum(p.weighted_value) AS value, pg_catalog.count(*) FILTER (WHERE p.weighted_value IS NULL) AS left_out
    FROM target t
    JOIN pipeline_deals p ON p.expected_close <= t.ends_on
        -- what should have closed before the period is due in the one that runs
        AND (p.expected_close >= t.starts_on OR t.starts_on <= (SELECT leadflow.clock())::date)
        AND (t.segment IS NULL OR p.segment = t.segment) AND (t.team IS NULL OR p.team = t.team) AND (t.owner IS NULL OR p.owner = t.owner)
    WHERE t.metric IN ('revenue', 'new_revenue') AND t.ends_on >= (SELECT leadflow.clock())::date
        AND (t.metric = 'revenue' OR NOT EXISTS (SELECT FROM deals d WHERE d.buyer = p.buyer AND d.won_at IS NOT NULL))
    GROUP BY t.id
), period AS (
    SELECT t.*,
           COALESCE(r.actual, 0) AS actual,
           COALESCE(e.value, 0) AS due,
           COALESCE(e.left_out, 0) AS left_out,
           n.present >= n.ends_at AS over,
           n.present >= n.starts_at AS begun,
           pg_catalog.date_part('epoch', LEAST(GREATEST(n.present, n.starts_at), n.ends_at) - n.starts_at)::numeric
               / pg_catalog.date_part('epoch', n.ends_at - n.starts_at)::numeric AS gone,
           leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, LEAST(GREATEST(n.present, n.starts_at), n.ends_at)))
               / NULLIF(leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, n.ends_at)), 0)::numeric AS worked
    FROM target t
    CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS present, t.starts_on::timestamptz AS starts_at, (t.ends_on + 1)::timestamptz AS ends_at) n
    LEFT JOIN business_calendar c ON c.code = 'default'
    LEFT JOIN reached r ON r.id = t.id
    LEFT JOIN due e ON e.id = t.id
)
SELECT x.id AS target_id,
       x.metric,
       CASE WHEN x.metric IN ('leads', 'mql') THEN 'marketing' WHEN x.metric IN ('deals', 'opportunities') THEN 'sales' ELSE 'both' END AS department,
       x.starts_on,
       x.ends_on,
       x.segment,
       x.team,
       x.owner,
       CASE WHEN x.over THEN 'over' WHEN x.begun THEN 'running' ELSE 'to come' END AS state,
       x.value AS target_value,
       x.actual::numeric(15,2) AS actual,
       GREATEST(x.value - x.actual, 0)::numeric(15,2) AS gap,
       pg_catalog.round(x.actual / NULLIF(x.value, 0), 6)::numeric(24,6) AS reached_share,
       x.gone::numeric(9,6) AS time_share,
       x.worked::numeric(9,6) AS working_time_share,
       (x.value * COALESCE(x.worked, x.gone))::numeric(15,2) AS expected,
       pg_catalog.round(x.actual / NULLIF(x.value * COALESCE(x.worked, x.gone), 0), 4)::numeric(24,4) AS pace,
       x.basis AS forecast_basis,
       x.forecast::numeric(24,2) AS forecast,
       pg_catalog.round(x.forecast / NULLIF(x.value, 0), 6)::numeric(24,6) AS forecast_share,
       CASE WHEN x.basis = 'weighted pipeline' THEN x.left_out END AS left_out,
       CASE WHEN x.begun AND x.actual >= x.value THEN 'reached'
            WHEN x.over THEN 'missed'
            WHEN x.forecast >= x.value THEN 'on track'
            WHEN x.forecast < x.value THEN 'behind' END AS standing,
       x.agreed_on
FROM (SELECT p.*, b.basis,
             CASE b.basis WHEN 'actual' THEN p.actual
                          WHEN 'weighted pipeline' THEN p.actual + p.due
                          ELSE p.actual / NULLIF(COALESCE(p.worked, p.gone), 0) END AS forecast
      FROM period p
      CROSS JOIN LATERAL (SELECT CASE WHEN p.over THEN 'actual' WHEN p.metric IN ('revenue', 'new_revenue') THEN 'weighted pipeline' ELSE 'run rate' END AS basis) b) x
ORDER BY x.starts_on, x.ends_on, x.metric, x.segment, x.team, x.owner, x.id;
COMMENT ON VIEW plan_vs_actual IS 'Where each target stands, as known at leadflow.clock(): what was reached, what should have been by now, and what the end of the period will bring. Deals have their present segment, owner and team (deal); leads the segment of their first entry (lead_milestone), and their present owner and team. Void deals, deals of unknown value (in money) and leads in lead_outside are left out.';
COMMENT ON COLUMN plan_vs_actual.target_id IS 'the target (target.id)';
COMMENT ON COLUMN plan_vs_actual.metric IS 'what is counted (see target.metric)';
COMMENT ON COLUMN plan_vs_actual.department IS 'who owes it: marketing (leads, mql), sales (opportunities, deals) or both';
COMMENT ON COLUMN plan_vs_actual.starts_on IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN plan_vs_actual.ends_on IS 'last day of it';
COMMENT ON COLUMN plan_vs_actual.segment IS 'segment it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.team IS 'team it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.owner IS 'person it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.state IS 'to come, running or over';
COMMENT ON COLUMN plan_vs_actual.target_value IS 'what is to be reached: money in the currency of the workspace, or a number';
COMMENT ON COLUMN plan_vs_actual.actual IS 'what was reached so far';
COMMENT ON COLUMN plan_vs_actual.gap IS 'what is left; 0 where the target is reached';
COMMENT ON COLUMN plan_vs_actual.reached_share IS 'actual / target, 1 where it is just reached; null for a target of 0';
COMMENT ON COLUMN plan_vs_actual.time_share IS 'share of the period that is gone, by the wall clock, 0..1';
COMMENT ON COLUMN plan_vs_actual.working_time_share IS 'the same in working time of the default business calendar; null without one, or where the period has none';
COMMENT ON COLUMN plan_vs_actual.expected IS 'what should have been reached by now: target x working_time_share, or time_share where that is null';
COMMENT ON COLUMN plan_vs_actual.pace IS 'actual / expected: 1 is as planned; null where nothing is expected yet';
COMMENT ON COLUMN plan_vs_actual.forecast_basis IS 'what forecast rests on: weighted pipeline (revenue, new_revenue), run rate (all else), or actual where the period is over';
COMMENT ON COLUMN plan_vs_actual.forecast IS 'what the end of the period will bring. weighted pipeline: actual + value x win probability of the open deals (pipeline_deals) expected to close by its end, those late too (for new_revenue, of buyers that never bought; two deals of one such buyer both count). run rate: actual / share of the working time that is gone; null before the period begins';
COMMENT ON COLUMN plan_vs_actual.forecast_share IS 'forecast / target; null for a target of 0';
COMMENT ON COLUMN plan_vs_actual.left_out IS 'open deals expected by the end that are not in forecast, for want of a value or a probability; null for the other bases';
COMMENT ON COLUMN plan_vs_actual.standing IS 'reached, missed (it is over), on track (forecast reaches the target) or behind; null where there is no forecast';
COMMENT ON COLUMN plan_vs_actual.agreed_on IS 'when both departments agreed on it';
