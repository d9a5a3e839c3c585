CREATE OR REPLACE VIEW cohort_conversion AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'mql') AS mql_at,
           pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'won') AS won_at,
           -- the last entry in the order of history
           (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] < 0 AS is_exit
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
    GROUP BY e.lead_id
)
SELECT pg_catalog.date_trunc('month', p.mql_at)::date AS month,
       g.days::bigint AS days,
       pg_catalog.bool_and(p.followed >= pg_catalog.make_interval(days => g.days)) AS complete,
       pg_catalog.count(*) AS leads,
       pg_catalog.count(*) FILTER (WHERE p.took <= pg_catalog.make_interval(days => g.days)) AS won,
       (pg_catalog.count(*) FILTER (WHERE p.took <= pg_catalog.make_interval(days => g.days))::numeric / pg_catalog.count(*))::numeric(9,6) AS won_share,
       pg_catalog.count(*) FILTER (WHERE p.followed >= pg_catalog.make_interval(days => g.days)) AS followed,
       (pg_catalog.count(*) FILTER (WHERE p.took <= pg_catalog.make_interval(days => g.days) AND p.followed >= pg_catalog.make_interval(days => g.days))::numeric
           / NULLIF(pg_catalog.count(*) FILTER (WHERE p.followed >= pg_catalog.make_interval(days => g.days)), 0))::numeric(9,6) AS followed_won_share,
       pg_catalog.count(*) FILTER (WHERE p.took IS NULL AND NOT p.is_exit AND p.followed < pg_catalog.make_interval(days => g.days)) AS still_open
FROM (SELECT p.mql_at, p.won_at - p.mql_at AS took, (SELECT leadflow.clock()) - p.mql_at AS followed, p.is_exit
      FROM path p
      WHERE p.mql_at IS NOT NULL AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)) p
CROSS JOIN (VALUES (7), (30), (60), (90), (180), (365)) g (days)
GROUP BY pg_catalog.date_trunc('month', p.mql_at)::date, g.days
ORDER BY 1, 2;
COMMENT ON VIEW cohort_conversion IS 'What part of the leads that became MQLs in a month was won within so many days of it, as known at leadflow.clock(). A lead counts in the month in which it first reached mql or a later stage. Leads in lead_outside are left out.';
COMMENT ON COLUMN cohort_conversion.month IS 'first day of the month in which they first reached mql, in the session''s time zone';
COMMENT ON COLUMN cohort_conversion.days IS 'within how many days of 24 hours: 7, 30, 60, 90, 180 or 365';
COMMENT ON COLUMN cohort_conversion.complete IS 'whether all of them have had so many days';
COMMENT ON COLUMN cohort_conversion.leads IS 'number of leads';
COMMENT ON COLUMN cohort_conversion.won IS 'how many of them were won within these days';
COMMENT ON COLUMN cohort_conversion.won_share IS 'won / leads, 0..1: the naive share, too low as long as the month is not complete';
COMMENT ON COLUMN cohort_conversion.followed IS 'how many of them have had so many days';
COMMENT ON COLUMN cohort_conversion.followed_won_share IS 'share of these that was won within the days, 0..1; null for none';
COMMENT ON COLUMN cohort_conversion.still_open IS 'how many are not won, not in an exit, and have not had so many days: they may still be won in time';
