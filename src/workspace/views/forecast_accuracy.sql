-- Each entry stands for its deal on the first days of the months up to the next
-- entry, so that one pass over the history tells what was open on all of them.
CREATE OR REPLACE VIEW forecast_accuracy AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
), deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.expected_close, d.won_at, d.value
    FROM deal d
), entry AS (
    SELECT e.opportunity_id, e.at, e.to_stage,
           pg_catalog.lead(e.at) OVER history AS next_at,
           e.amount,
           e.currency,
           pg_catalog.max(e.to_stage) OVER (history ROWS UNBOUNDED PRECEDING) AS furthest,
           pg_catalog.bool_or(e.to_stage >= 'won' AND e.to_stage < 'onboarding') OVER (history ROWS UNBOUNDED PRECEDING) AS was_won
    FROM stage_event e
    WHERE e.opportunity_id IS NOT NULL
    WINDOW history AS (PARTITION BY e.opportunity_id ORDER BY e.at, e.id)
), standing AS MATERIALIZED (
    SELECT e.opportunity_id,
           m.first_day::date AS day,
           leadflow.ordinal(e.to_stage) AS ordinal,
           GREATEST(leadflow.ordinal(e.furthest), 8) AS furthest_ordinal,
           CASE WHEN e.to_stage <@ 'disqualified' THEN 'void' WHEN e.was_won THEN 'won' WHEN e.to_stage >= 'visitor' THEN 'open' ELSE 'lost' END AS outcome,
           -- as in deal: what was entered, where something was entered since
           CASE WHEN e.next_at IS NOT NULL THEN e.amount ELSE o.amount END AS amount,
           CASE WHEN e.next_at IS NOT NULL THEN e.currency ELSE o.currency END AS currency
    FROM entry e
    JOIN opportunity o ON o.id = e.opportunity_id
    CROSS JOIN LATERAL pg_catalog.generate_series(
        pg_catalog.date_trunc('month', e.at::timestamp) + CASE WHEN e.at::timestamp > pg_catalog.date_trunc('month', e.at::timestamp) THEN interval '1 month' ELSE interval '0' END,
        LEAST(e.next_at - interval '1 microsecond', (SELECT leadflow.clock()))::timestamp, interval '1 month') m (first_day)
    WHERE e.at <= (SELECT leadflow.clock()) AND (e.next_at IS NULL OR e.next_at > e.at)
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
), rate AS (
    -- as in stage_win_rate, of the deals closed by then
    SELECT c.day, s.ordinal, (pg_catalog.sum(c.won) / pg_catalog.sum(c.closed))::numeric(9,6) AS win_rate
    FROM (SELECT h.day, h.furthest_ordinal, pg_catalog.count(*) AS closed, pg_catalog.count(*) FILTER (WHERE h.outcome = 'won') AS won
          FROM standing h
          WHERE h.outcome IN ('won', 'lost')
          GROUP BY h.day, h.furthest_ordinal) c
    JOIN leadflow.spine() s ON s.ordinal >= 8 AND s.ordinal <= 12 AND s.ordinal <= c.furthest_ordinal
    GROUP BY c.day, s.ordinal
), known AS MATERIALIZED (
    SELECT v.opportunity_id, v.day, v.value, (v.value * r.win_rate)::numeric(15,2) AS weighted_value, d.expected_close, d.won_at, d.value AS value_now
    FROM (SELECT h.opportunity_id, h.day, h.ordinal, CASE WHEN pg_catalog.abs(x.value) < 1e13 THEN x.value END::numeric(15,2) AS value
          FROM standing h
          LEFT JOIN money c ON c.currency = h.currency
          CROSS JOIN LATERAL (SELECT pg_catalog.round(
              h.amount * CASE WHEN h.currency <> (SELECT w.currency FROM workspace w) THEN c.rate[pg_catalog.width_bucket(h.day, c.valid_from)] ELSE 1 END,
              (SELECT w.currency_decimals FROM workspace w)) AS value) x
          WHERE h.outcome = 'open') v
    LEFT JOIN rate r ON r.day = v.day AND r.ordinal = v.ordinal
    JOIN deals d ON d.opportunity_id = v.opportunity_id
), forecast AS (
    SELECT p.period, k.day AS from_date, p.until_date,
           pg_catalog.count(*) AS deals,
           pg_catalog.sum(k.value) AS value,
           pg_catalog.sum(k.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE k.expected_close <= p.until_date) AS due_deals,
           pg_catalog.sum(k.weighted_value) FILTER (WHERE k.expected_close <= p.until_date) AS forecast_value,
           pg_catalog.count(*) FILTER (WHERE k.expected_close <= p.until_date AND k.weighted_value IS NULL) AS left_out,
           pg_catalog.count(*) FILTER (WHERE k.won_at::date <= p.until_date) AS won_open,
           pg_catalog.sum(k.value_now) FILTER (WHERE k.won_at::date <= p.until_date) AS won_open_value
    FROM known k
    CROSS JOIN LATERAL (VALUES ('month'::text, (k.day + interval '1 month')::date - 1), ('quarter', (k.day + interval '3 months')::date - 1)) p (period, until_date)
    WHERE p.until_date < (SELECT leadflow.clock())::date AND (p.period = 'month' OR pg_catalog.date_part('month', k.day) IN (1, 4, 7, 10))
    GROUP BY p.period, k.day, p.until_date
), won AS (
    SELECT p.period, pg_catalog.date_trunc(p.period, d.won_at)::date AS from_date, pg_catalog.sum(d.value) AS value
    FROM deals d
    CROSS JOIN (VALUES ('month'::text), ('quarter')) p (period)
    WHERE d.won_at IS NOT NULL
    GROUP BY p.period, pg_catalog.date_trunc(p.period, d.won_at)::date
), compared AS (
    SELECT f.*, COALESCE(w.value, 0) AS won_value, COALESCE(f.forecast_value, 0) - COALESCE(f.won_open_value, 0) AS error
    FROM forecast f
    LEFT JOIN won w ON w.period = f.period AND w.from_date = f.from_date
)
SELECT c.period,
       c.from_date,
       c.until_date,
       c.deals,
       COALESCE(c.value, 0)::numeric(24,2) AS value,
       c.weighted_value::numeric(24,2) AS weighted_value,
       c.due_deals,
       c.left_out,
       COALESCE(c.forecast_value, 0)::numeric(24,2) AS forecast_value,
       c.won_open,
       COALESCE(c.won_open_value, 0)::numeric(24,2) AS won_open_value,
       c.won_value::numeric(24,2) AS won_value,
       c.error::numeric(24,2) AS error_value,
       pg_catalog.round(pg_catalog.abs(c.error) / NULLIF(pg_catalog.abs(c.won_open_value), 0), 6)::numeric(30,6) AS error_share,
       pg_catalog.round(pg_catalog.sum(c.error) OVER so_far / NULLIF(pg_catalog.sum(c.won_open_value) OVER so_far, 0), 6)::numeric(30,6) AS bias_share
FROM compared c
WINDOW so_far AS (PARTITION BY c.period ORDER BY c.from_date ROWS UNBOUNDED PRECEDING)
ORDER BY c.period, c.from_date;
COMMENT ON VIEW forecast_accuracy IS 'What the weighted pipeline said at the beginning of each month and quarter that is over, and what came of it: one row for each at whose beginning deals were open, as known at leadflow.clock(). Stages, amounts, rates of exchange and win rates are those known then (as leadflow.pipeline_asof gives them); nothing of it is stored. Dates of closing are the present ones, since their history is not kept: a date that was moved on makes the forecast look better than it was. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN forecast_accuracy.period IS 'month or quarter';
COMMENT ON COLUMN forecast_accuracy.from_date IS 'first day of it, at whose beginning the forecast was made, in the session''s time zone';
COMMENT ON COLUMN forecast_accuracy.until_date IS 'last day of it';
COMMENT ON COLUMN forecast_accuracy.deals IS 'number of deals that were open then';
COMMENT ON COLUMN forecast_accuracy.value IS 'what they were worth then, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN forecast_accuracy.weighted_value IS 'sum of value x win rate of their stage, as known then; null where no deal had both';
COMMENT ON COLUMN forecast_accuracy.due_deals IS 'number of them expected to close by the end of the period, late ones too';
COMMENT ON COLUMN forecast_accuracy.left_out IS 'how many of those due had no value or no win rate yet, and are not in forecast_value';
COMMENT ON COLUMN forecast_accuracy.forecast_value IS 'weighted value of those due: what was to be won in the period';
COMMENT ON COLUMN forecast_accuracy.won_open IS 'number of the deals open then that were won in the period, due or not';
COMMENT ON COLUMN forecast_accuracy.won_open_value IS 'what these brought';
COMMENT ON COLUMN forecast_accuracy.won_value IS 'what all deals won in the period brought, those opened in it too';
COMMENT ON COLUMN forecast_accuracy.error_value IS 'forecast_value - won_open_value: above 0 where too much was expected';
COMMENT ON COLUMN forecast_accuracy.error_share IS 'its size / won_open_value (absolute percentage error); null where nothing was won';
COMMENT ON COLUMN forecast_accuracy.bias_share IS 'sum of error_value / sum of won_open_value, of this and all earlier periods of the kind: above 0 where forecasts are too high as a rule; null where nothing was won';
