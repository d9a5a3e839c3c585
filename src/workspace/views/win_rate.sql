CREATE OR REPLACE VIEW win_rate AS
WITH counted AS (
    SELECT d.month, k.dimension, k.dimension_value,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'won'), 0) AS won_value,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'lost'), 0) AS lost_value,
           pg_catalog.avg(d.value) FILTER (WHERE d.outcome = 'won') AS average_value,
           COALESCE(pg_catalog.sum(GREATEST(d.value, 0)) FILTER (WHERE d.outcome = 'won'), 0) AS positive_won,
           COALESCE(pg_catalog.sum(GREATEST(d.value, 0)), 0) AS positive,
           pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS amounts_unknown
    FROM (SELECT d.*, pg_catalog.date_trunc('month', d.closed_at)::date AS month
          FROM deal d
          WHERE d.outcome IN ('won', 'lost')) d
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('owner', d.owner), ('team', d.team), ('segment', d.segment), ('origin', d.origin), ('kind', d.kind),
                               ('campaign', d.campaign_id::text)) k (dimension, dimension_value)
    GROUP BY d.month, k.dimension, k.dimension_value
)
SELECT c.month,
       c.dimension,
       c.dimension_value,
       CASE c.dimension WHEN 'campaign' THEN g.name WHEN 'owner' THEN COALESCE(m.full_name, c.dimension_value) ELSE c.dimension_value END AS label,
       c.won,
       c.lost,
       (c.won::numeric / (c.won + c.lost))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       (c.positive_won / NULLIF(c.positive, 0))::numeric(9,6) AS value_win_rate,
       c.won_value::numeric(24,2) AS won_value,
       c.lost_value::numeric(24,2) AS lost_value,
       c.average_value::numeric(15,2) AS won_value_average,
       (c.positive_won / NULLIF(pg_catalog.sum(c.positive_won) OVER (PARTITION BY c.month, c.dimension), 0))::numeric(9,6) AS won_value_share,
       c.amounts_unknown
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.won + c.lost) i ON true
LEFT JOIN campaign g ON c.dimension = 'campaign' AND g.id::text = c.dimension_value
LEFT JOIN team_member m ON c.dimension = 'owner' AND m.member = c.dimension_value;
COMMENT ON VIEW win_rate IS 'What part of the deals that were decided in a month were won, in number and in value, as known at leadflow.clock(): of all, and of each owner, team, segment, origin, kind and campaign, as the deal has them now. Counts and values may be added up over months, rates may not. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN win_rate.month IS 'first day of the month in which the deals were won or lost, in the session''s time zone';
COMMENT ON COLUMN win_rate.dimension IS 'total, owner, team, segment, origin, kind or campaign';
COMMENT ON COLUMN win_rate.dimension_value IS 'which one; the number of a campaign as text; * for the total, null for the deals that have none';
COMMENT ON COLUMN win_rate.label IS 'the same as people read it: the full name of an owner, the name of a campaign';
COMMENT ON COLUMN win_rate.won IS 'number of deals won';
COMMENT ON COLUMN win_rate.lost IS 'number of deals lost, and not open again';
COMMENT ON COLUMN win_rate.win_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN win_rate.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval)';
COMMENT ON COLUMN win_rate.win_rate_high IS 'upper end of it';
COMMENT ON COLUMN win_rate.value_win_rate IS 'value won / value won or lost, 0..1; null where there is none. A value below 0 counts as 0 in the shares';
COMMENT ON COLUMN win_rate.won_value IS 'what was won, in the currency of the workspace, without deals of unknown value';
COMMENT ON COLUMN win_rate.lost_value IS 'what was lost, likewise';
COMMENT ON COLUMN win_rate.won_value_average IS 'average value of the deals won; null for none of known value';
COMMENT ON COLUMN win_rate.won_value_share IS 'share of all value won in the month, 0..1; null where nothing was won';
COMMENT ON COLUMN win_rate.amounts_unknown IS 'number of the deals, won or lost, whose value is not known';
