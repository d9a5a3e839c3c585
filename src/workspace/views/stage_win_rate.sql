CREATE OR REPLACE VIEW stage_win_rate AS
WITH closed AS (
    SELECT d.furthest_ordinal AS ordinal, pg_catalog.count(*) AS closed, pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
    GROUP BY d.furthest_ordinal
)
SELECT s.ordinal::bigint AS ordinal,
       s.stage::text AS stage,
       s.closed,
       s.won,
       (s.won::numeric / NULLIF(s.closed, 0))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high
FROM (SELECT p.ordinal, p.stage, COALESCE(pg_catalog.sum(c.closed), 0)::bigint AS closed, COALESCE(pg_catalog.sum(c.won), 0)::bigint AS won
      FROM leadflow.spine() p
      LEFT JOIN closed c ON c.ordinal >= p.ordinal
      WHERE p.ordinal >= 8 AND p.ordinal <= 12
      GROUP BY p.ordinal, p.stage) s
LEFT JOIN LATERAL leadflow.share_interval(s.won, s.closed) i ON true
ORDER BY s.ordinal;
COMMENT ON VIEW stage_win_rate IS 'How many of the deals that got to a stage were won in the end, as known at leadflow.clock(): opportunity to decision. Of all deals that are won or lost, also those that only passed through the stage. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN stage_win_rate.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN stage_win_rate.stage IS 'stage of the spine';
COMMENT ON COLUMN stage_win_rate.closed IS 'number of deals that reached the stage or a later one, and are won or lost';
COMMENT ON COLUMN stage_win_rate.won IS 'how many of them are won';
COMMENT ON COLUMN stage_win_rate.win_rate IS 'won / closed, 0..1; null where none is closed';
COMMENT ON COLUMN stage_win_rate.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval); null where none is closed';
COMMENT ON COLUMN stage_win_rate.win_rate_high IS 'upper end of it; null where none is closed';
