CREATE OR REPLACE VIEW velocity AS
WITH counted AS (
    SELECT k.dimension, k.dimension_value,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'open') AS open_deals,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won' AND d.value IS NULL) AS amounts_unknown,
           pg_catalog.avg(d.value) FILTER (WHERE d.outcome = 'won') AS average_value,
           pg_catalog.avg(d.cycle) AS cycle,
           pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY d.cycle::double precision) AS median_cycle
    FROM (SELECT d.outcome, d.value, d.segment, d.kind, d.team, d.owner,
                 CASE WHEN d.outcome = 'won' THEN (pg_catalog.date_part('epoch', d.won_at - d.opened_at) / 86400)::numeric END AS cycle
          FROM deal d
          WHERE d.outcome = 'open'
              OR d.outcome IN ('won', 'lost') AND d.closed_at > (SELECT leadflow.clock()) - interval '365 days') d
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', d.segment), ('kind', d.kind), ('team', d.team), ('owner', d.owner)) k (dimension, dimension_value)
    GROUP BY k.dimension, k.dimension_value
)
SELECT c.dimension,
       c.dimension_value,
       c.open_deals,
       c.won,
       c.lost,
       (c.won::numeric / NULLIF(c.won + c.lost, 0))::numeric(9,6) AS win_rate,
       c.average_value::numeric(15,2) AS won_value_average,
       c.amounts_unknown,
       c.cycle::numeric(15,4) AS cycle_days_average,
       c.median_cycle::numeric(15,4) AS cycle_days_median,
       (c.open_deals * c.won * c.average_value / NULLIF((c.won + c.lost) * c.cycle, 0))::numeric(38,2) AS velocity
FROM counted c
ORDER BY CASE c.dimension WHEN 'total' THEN 1 WHEN 'segment' THEN 2 WHEN 'kind' THEN 3 WHEN 'team' THEN 4 ELSE 5 END, c.dimension_value;
COMMENT ON VIEW velocity IS 'How much money the pipeline makes a day, at leadflow.clock(): open deals x win rate x average value of a deal won / days from opening to winning: sales velocity, as Salesforce and HubSpot define it. Rate, value and days are of the deals that were won or lost in the 365 days before the clock. Velocities of groups do not add up to the total. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN velocity.dimension IS 'total, segment, kind, team or owner';
COMMENT ON COLUMN velocity.dimension_value IS 'which one; * for the total, null for the deals that have none';
COMMENT ON COLUMN velocity.open_deals IS 'number of open deals';
COMMENT ON COLUMN velocity.won IS 'number of deals won in the last 365 days';
COMMENT ON COLUMN velocity.lost IS 'number of deals lost in the last 365 days';
COMMENT ON COLUMN velocity.win_rate IS 'won / (won + lost), 0..1; null where none was closed';
COMMENT ON COLUMN velocity.won_value_average IS 'average value of those won, in the currency of the workspace, without those of unknown value; null for none';
COMMENT ON COLUMN velocity.amounts_unknown IS 'number of those won whose value is not known';
COMMENT ON COLUMN velocity.cycle_days_average IS 'average time from opening to winning: elapsed days; null where none was won';
COMMENT ON COLUMN velocity.cycle_days_median IS 'median of it, interpolated';
COMMENT ON COLUMN velocity.velocity IS 'open_deals x win_rate x won_value_average / cycle_days_average: money a day, in the currency of the workspace; null where a part is null, or deals were won as they were opened';
