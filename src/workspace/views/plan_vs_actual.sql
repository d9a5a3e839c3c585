-- The days of all periods cut time into slots.  What happened is summed up by
-- slot for what targets single out, then from the first slot on; so a target is
-- the difference of two sums, however many targets there are.
CREATE OR REPLACE VIEW plan_vs_actual AS
WITH deals AS MATERIALIZED (
    SELECT d.segment, d.team, d.owner, d.buyer, d.opened_at, d.won_at, d.value, d.new_customer
    FROM deal d
    WHERE d.outcome <> 'void'
), cut AS MATERIALIZED (
    SELECT pg_catalog.array_agg(DISTINCT c.day ORDER BY c.day) AS days
    FROM target t
    CROSS JOIN LATERAL (VALUES (t.starts_on), (LEAST(t.ends_on, '9999-12-31'::date) + 1)) c (day)
), fact AS (
    -- of open deals the weighted value falls due when they are expected to close
    SELECT k.metric, pg_catalog.width_bucket(k.at::date, (SELECT c.days FROM cut c)) AS slot, d.segment, d.team, d.owner,
           pg_catalog.sum(k.amount) AS amount, NULL::numeric AS due, NULL::bigint AS left_out
    FROM deals d
    CROSS JOIN LATERAL (VALUES ('revenue'::text, d.won_at, d.value), ('new_revenue', CASE WHEN d.new_customer THEN d.won_at END, d.value), ('deals', d.won_at, 1),
                               ('pipeline', d.opened_at, d.value), ('opportunities', d.opened_at, 1)) k (metric, at, amount)
    WHERE k.at IS NOT NULL
    GROUP BY k.metric, slot, d.segment, d.team, d.owner
    UNION ALL
    SELECT k.metric, pg_catalog.width_bucket(k.at::date, (SELECT c.days FROM cut c)) AS slot, m.segment, t.team, l.owner,
           pg_catalog.count(*)::numeric AS amount, NULL::numeric AS due, NULL::bigint AS left_out
    FROM lead_milestone m
    JOIN lead l ON l.id = m.lead_id
    LEFT JOIN team_member t ON t.member = l.owner
    CROSS JOIN LATERAL (VALUES ('leads'::text, m.lead_at), ('mql', m.mql_at), ('sal', m.sal_at), ('sql', m.sql_at)) k (metric, at)
    WHERE k.at IS NOT NULL AND EXISTS (SELECT FROM target p WHERE p.metric IN ('leads', 'mql', 'sal', 'sql'))
    GROUP BY k.metric, slot, m.segment, t.team, l.owner
    UNION ALL
    SELECT k.metric, pg_catalog.width_bucket(p.expected_close, (SELECT c.days FROM cut c)) AS slot, p.segment, p.team, p.owner,
           NULL::numeric AS amount, pg_catalog.sum(p.weighted_value) AS due, pg_catalog.count(*) FILTER (WHERE p.weighted_value IS NULL) AS left_out
    FROM pipeline_deals p
    LEFT JOIN (SELECT DISTINCT d.buyer FROM deals d WHERE d.won_at IS NOT NULL) b ON b.buyer = p.buyer
    CROSS JOIN LATERAL (VALUES ('revenue'::text, true), ('new_revenue', b.buyer IS NULL)) k (metric, counts)
    WHERE k.counts AND p.expected_close IS NOT NULL
        AND EXISTS (SELECT FROM target t WHERE t.metric IN ('revenue', 'new_revenue') AND t.ends_on >= (SELECT leadflow.clock())::date)
    GROUP BY k.metric, slot, p.segment, p.team, p.owner
), summed AS MATERIALIZED (
    SELECT s.goal,
           pg_catalog.array_agg(s.slot ORDER BY s.slot) AS slots,
           pg_catalog.array_agg(s.amount ORDER BY s.slot) AS amounts,
           pg_catalog.array_agg(s.due ORDER BY s.slot) AS dues,
           pg_catalog.array_agg(s.left_out ORDER BY s.slot) AS lefts_out
    FROM (SELECT k.goal, f.slot,
                 pg_catalog.sum(pg_catalog.sum(f.amount)) OVER so_far AS amount,
                 pg_catalog.sum(pg_catalog.sum(f.due)) OVER so_far AS due,
                 pg_catalog.sum(pg_catalog.sum(f.left_out)) OVER so_far AS left_out
          FROM fact f
          -- what is singled out: null for anything
          JOIN (SELECT DISTINCT t.metric, t.segment IS NOT NULL AS by_segment, t.team IS NOT NULL AS by_team, t.owner IS NOT NULL AS by_owner
                FROM target t) b ON b.metric = f.metric
              AND (NOT b.by_segment OR f.segment IS NOT NULL) AND (NOT b.by_team OR f.team IS NOT NULL) AND (NOT b.by_owner OR f.owner IS NOT NULL)
          CROSS JOIN LATERAL (SELECT ARRAY[f.metric, CASE WHEN b.by_segment THEN f.segment END, CASE WHEN b.by_team THEN f.team END,
                                           CASE WHEN b.by_owner THEN f.owner END] AS goal) k
          GROUP BY k.goal, f.slot
          WINDOW so_far AS (PARTITION BY k.goal ORDER BY f.slot)) s
    GROUP BY s.goal
), term AS MATERIALIZED (
    -- many targets share a period
    SELECT t.starts_on, t.ends_on,
           n.present >= n.ends_at AS over,
           n.present >= n.starts_at AS begun,
           pg_catalog.date_part('epoch', LEAST(GREATEST(n.present, n.starts_at), n.ends_at) - n.starts_at)::numeric
               / pg_catalog.date_part('epoch', n.ends_at - n.starts_at)::numeric AS gone,
           leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, LEAST(GREATEST(n.present, n.starts_at), n.ends_at)))
               / NULLIF(leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, n.ends_at)), 0)::numeric AS worked,
           -- the slots before its first and after its last day
           pg_catalog.width_bucket(t.starts_on, (SELECT c.days FROM cut c)) - 1 AS slot_before,
           pg_catalog.width_bucket(LEAST(t.ends_on, '9999-12-31'::date) + 1, (SELECT c.days FROM cut c)) - 1 AS slot_last
    FROM (SELECT DISTINCT t.starts_on, t.ends_on FROM target t) t
    CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS present, GREATEST(LEAST(t.starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS starts_at,
                               (GREATEST(LEAST(t.ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS ends_at) n
    LEFT JOIN business_calendar c ON c.code = 'default'
), period AS (
    SELECT t.*, n.over, n.begun, n.gone, n.worked,
           COALESCE(s.amounts[i.last], 0) - COALESCE(s.amounts[i.before], 0) AS actual,
           COALESCE(s.dues[i.last], 0) - CASE WHEN n.begun THEN 0 ELSE COALESCE(s.dues[i.before], 0) END AS due,
           COALESCE(s.lefts_out[i.last], 0) - CASE WHEN n.begun THEN 0 ELSE COALESCE(s.lefts_out[i.before], 0) END AS left_out
    FROM target t
    JOIN term n ON n.starts_on = t.starts_on AND n.ends_on = t.ends_on
    LEFT JOIN summed s ON s.goal = ARRAY[t.metric, t.segment, t.team, t.owner]
    -- what should have closed before the period is due in the one that runs
    CROSS JOIN LATERAL (SELECT pg_catalog.width_bucket(n.slot_before, s.slots) AS before, pg_catalog.width_bucket(n.slot_last, s.slots) AS last) i
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
       x.actual::numeric(24,2) AS actual,
       GREATEST(x.value - x.actual, 0)::numeric(24,2) AS gap,
       pg_catalog.round(x.actual / NULLIF(x.value, 0), 6)::numeric(30,6) AS reached_share,
       x.gone::numeric(9,6) AS time_share,
       x.worked::numeric(9,6) AS working_time_share,
       (x.value * COALESCE(x.worked, x.gone))::numeric(24,2) AS expected,
       pg_catalog.round(x.actual / NULLIF(x.value * COALESCE(x.worked, x.gone), 0), 4)::numeric(30,4) AS pace,
       x.basis AS forecast_basis,
       x.forecast::numeric(24,2) AS forecast,
       pg_catalog.round(x.forecast / NULLIF(x.value, 0), 6)::numeric(30,6) AS forecast_share,
       (CASE WHEN x.basis = 'weighted pipeline' THEN x.left_out END)::bigint AS left_out,
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
