CREATE OR REPLACE VIEW cohort_conversion AS
WITH entered AS (
    SELECT pg_catalog.date_trunc('month', m.mql_at)::date AS month,
           m.mql_at,
           m.won_at,
           m.won_at - m.mql_at AS took,
           (SELECT leadflow.clock()) - m.mql_at AS followed,
           m.ordinal_now < 0 AS is_exit
    FROM lead_milestone m
    WHERE m.mql_at IS NOT NULL
)
SELECT c.month,
       c.days,
       c.leads = c.followed AS complete,
       c.leads,
       c.won,
       (c.won::numeric / c.leads)::numeric(9,6) AS won_share,
       c.followed,
       (c.followed_won::numeric / NULLIF(c.followed, 0))::numeric(9,6) AS followed_won_share,
       c.still_open,
       -- nothing is known beyond the time of the lead that was followed longest
       (CASE WHEN c.followed > 0 THEN leadflow.km_conversion(k.km, c.within) END)::numeric(9,6) AS expected_share,
       (CASE WHEN c.followed > 0 THEN i.low END)::numeric(9,6) AS expected_share_low,
       (CASE WHEN c.followed > 0 THEN i.high END)::numeric(9,6) AS expected_share_high
FROM (SELECT e.month,
             g.days::bigint AS days,
             g.within,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE e.took <= g.within) AS won,
             pg_catalog.count(*) FILTER (WHERE e.followed >= g.within) AS followed,
             pg_catalog.count(*) FILTER (WHERE e.took <= g.within AND e.followed >= g.within) AS followed_won,
             pg_catalog.count(*) FILTER (WHERE e.took IS NULL AND NOT e.is_exit AND e.followed < g.within) AS still_open
      FROM entered e
      CROSS JOIN (SELECT v.days, pg_catalog.make_interval(days => v.days) AS within
                  FROM (VALUES (7), (30), (60), (90), (180), (365)) v (days)) g
      GROUP BY e.month, g.days, g.within) c
JOIN (SELECT e.month, leadflow.km_agg(e.mql_at, e.won_at, (SELECT leadflow.clock())) AS km
      FROM entered e
      GROUP BY e.month) k ON k.month = c.month
CROSS JOIN LATERAL leadflow.km_interval(k.km, c.within) i
ORDER BY c.month, c.days;
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
COMMENT ON COLUMN cohort_conversion.expected_share IS 'share that is won within the days when leads that have not had them yet are counted for as long as they are known, 0..1 (Kaplan and Meier; a lead in an exit is known not to be won up to the clock); null where none has had so many days';
COMMENT ON COLUMN cohort_conversion.expected_share_low IS 'lower end of the interval that holds expected_share with 95 % confidence, 0..1; null for null, and while nobody or everybody is won';
COMMENT ON COLUMN cohort_conversion.expected_share_high IS 'upper end of it';
