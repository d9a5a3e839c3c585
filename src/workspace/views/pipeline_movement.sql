CREATE OR REPLACE VIEW pipeline_movement AS
WITH deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.opened_at, d.won_at, d.closed_at, d.expected_close, COALESCE(d.value, 0) AS value, d.value IS NULL AS unknown
    FROM deal d
    WHERE d.outcome <> 'void'
), move AS (
    SELECT pg_catalog.date_trunc('month', e.at)::date AS month, d.value, d.unknown,
           e.from_stage IS NULL AS opened,
           e.from_stage < 'visitor' AND e.to_stage >= 'visitor' AS reopened,
           e.to_stage >= 'won' AS won,
           e.to_stage < 'visitor' AND (e.from_stage < 'visitor') IS NOT TRUE AS lost,
           NOT e.implied AND e.from_stage >= 'visitor' AND e.to_stage < 'won' AND leadflow.ordinal(e.to_stage) > leadflow.ordinal(e.from_stage) AS advanced,
           e.from_stage >= 'visitor' AND e.to_stage >= 'visitor' AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage) AS moved_back
    FROM stage_event e
    JOIN deals d ON d.opportunity_id = e.opportunity_id
    LEFT JOIN (SELECT w.opportunity_id, w.at, pg_catalog.min(w.id) AS id
               FROM stage_event w
               WHERE w.opportunity_id IS NOT NULL AND w.to_stage >= 'won'
               GROUP BY w.opportunity_id, w.at) w ON w.opportunity_id = d.opportunity_id AND w.at = d.won_at
    WHERE e.at <= (SELECT leadflow.clock())
        -- until it was won: what comes after is no longer the pipeline
        AND (d.won_at IS NULL OR e.at < d.won_at OR e.at = d.won_at AND e.id <= w.id)
), moved AS (
    SELECT m.month,
           pg_catalog.count(*) FILTER (WHERE m.opened) AS opened,
           pg_catalog.sum(m.value) FILTER (WHERE m.opened) AS opened_value,
           pg_catalog.count(*) FILTER (WHERE m.reopened) AS reopened,
           pg_catalog.sum(m.value) FILTER (WHERE m.reopened) AS reopened_value,
           pg_catalog.count(*) FILTER (WHERE m.won) AS won,
           pg_catalog.sum(m.value) FILTER (WHERE m.won) AS won_value,
           pg_catalog.count(*) FILTER (WHERE m.lost) AS lost,
           pg_catalog.sum(m.value) FILTER (WHERE m.lost) AS lost_value,
           pg_catalog.count(*) FILTER (WHERE m.advanced) AS advanced,
           pg_catalog.sum(m.value) FILTER (WHERE m.advanced) AS advanced_value,
           pg_catalog.count(*) FILTER (WHERE m.moved_back) AS moved_back,
           pg_catalog.sum(m.value) FILTER (WHERE m.moved_back) AS moved_back_value,
           pg_catalog.count(*) FILTER (WHERE m.opened AND m.unknown) AS amounts_unknown
    FROM move m
    GROUP BY m.month
), slip AS (
    SELECT pg_catalog.date_trunc('month', d.expected_close::timestamp)::date AS month, pg_catalog.count(*) AS slipped, pg_catalog.sum(d.value) AS slipped_value
    FROM deals d
    WHERE d.expected_close < (SELECT leadflow.clock())::date AND d.opened_at::date <= d.expected_close
        AND (d.closed_at::date <= d.expected_close) IS NOT TRUE
    GROUP BY pg_catalog.date_trunc('month', d.expected_close::timestamp)::date
), calendar AS (
    SELECT g.month::date AS month
    FROM pg_catalog.generate_series((SELECT pg_catalog.min(m.month) FROM moved m)::timestamp,
                                    pg_catalog.date_trunc('month', (SELECT leadflow.clock())::timestamp), interval '1 month') g (month)
), bridge AS (
    SELECT c.month,
           COALESCE(m.opened, 0) AS opened, COALESCE(m.opened_value, 0) AS opened_value,
           COALESCE(m.reopened, 0) AS reopened, COALESCE(m.reopened_value, 0) AS reopened_value,
           COALESCE(m.won, 0) AS won, COALESCE(m.won_value, 0) AS won_value,
           COALESCE(m.lost, 0) AS lost, COALESCE(m.lost_value, 0) AS lost_value,
           COALESCE(m.advanced, 0) AS advanced, COALESCE(m.advanced_value, 0) AS advanced_value,
           COALESCE(m.moved_back, 0) AS moved_back, COALESCE(m.moved_back_value, 0) AS moved_back_value,
           COALESCE(s.slipped, 0) AS slipped, COALESCE(s.slipped_value, 0) AS slipped_value,
           COALESCE(m.amounts_unknown, 0) AS amounts_unknown,
           pg_catalog.sum(COALESCE(m.opened + m.reopened - m.won - m.lost, 0)) OVER walked AS closing,
           pg_catalog.sum(COALESCE(m.opened_value, 0) + COALESCE(m.reopened_value, 0) - COALESCE(m.won_value, 0) - COALESCE(m.lost_value, 0)) OVER walked AS closing_value
    FROM calendar c
    LEFT JOIN moved m ON m.month = c.month
    LEFT JOIN slip s ON s.month = c.month
    WINDOW walked AS (ORDER BY c.month)
)
SELECT b.month,
       (b.closing - b.opened - b.reopened + b.won + b.lost)::bigint AS opening,
       b.opened,
       b.reopened,
       b.won,
       b.lost,
       b.closing::bigint AS closing,
       b.advanced,
       b.moved_back,
       b.slipped,
       (b.closing_value - b.opened_value - b.reopened_value + b.won_value + b.lost_value)::numeric(24,2) AS opening_value,
       b.opened_value::numeric(24,2) AS opened_value,
       b.reopened_value::numeric(24,2) AS reopened_value,
       b.won_value::numeric(24,2) AS won_value,
       b.lost_value::numeric(24,2) AS lost_value,
       b.closing_value::numeric(24,2) AS closing_value,
       b.advanced_value::numeric(24,2) AS advanced_value,
       b.moved_back_value::numeric(24,2) AS moved_back_value,
       b.slipped_value::numeric(24,2) AS slipped_value,
       b.amounts_unknown
FROM bridge b
ORDER BY b.month;
COMMENT ON VIEW pipeline_movement IS 'How the pipeline of one month became that of the next, as known at leadflow.clock(): opening + opened + reopened - won - lost = closing, in number and in value. Values are those that the deals have at the clock, in every month, so that no row is explained by a changed amount; leadflow.pipeline_asof gives what was known then. Deals void now and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_movement.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN pipeline_movement.opening IS 'number of deals open when it began';
COMMENT ON COLUMN pipeline_movement.opened IS 'number of deals that were opened, also those that were won or lost at once';
COMMENT ON COLUMN pipeline_movement.reopened IS 'number of returns of lost deals';
COMMENT ON COLUMN pipeline_movement.won IS 'number of deals that were won, for the first time';
COMMENT ON COLUMN pipeline_movement.lost IS 'number of losses, also of deals that came back later';
COMMENT ON COLUMN pipeline_movement.closing IS 'number of deals open when it ended, or at the clock';
COMMENT ON COLUMN pipeline_movement.advanced IS 'number of moves to a later stage before won, without those passed through; no part of the sum';
COMMENT ON COLUMN pipeline_movement.moved_back IS 'number of moves to an earlier stage; no part of the sum';
COMMENT ON COLUMN pipeline_movement.slipped IS 'number of deals that were to close on a day of the month (expected_close as written now) and were not closed by the end of it; no part of the sum';
COMMENT ON COLUMN pipeline_movement.opening_value IS 'value of opening, in the currency of the workspace, as are the others, without deals of unknown value';
COMMENT ON COLUMN pipeline_movement.opened_value IS 'value of opened';
COMMENT ON COLUMN pipeline_movement.reopened_value IS 'value of reopened';
COMMENT ON COLUMN pipeline_movement.won_value IS 'value of won';
COMMENT ON COLUMN pipeline_movement.lost_value IS 'value of lost';
COMMENT ON COLUMN pipeline_movement.closing_value IS 'value of closing';
COMMENT ON COLUMN pipeline_movement.advanced_value IS 'value of the deals moved, once for each move';
COMMENT ON COLUMN pipeline_movement.moved_back_value IS 'likewise';
COMMENT ON COLUMN pipeline_movement.slipped_value IS 'value of slipped';
COMMENT ON COLUMN pipeline_movement.amounts_unknown IS 'number of the deals opened whose value is not known';
