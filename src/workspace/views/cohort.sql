CREATE OR REPLACE VIEW cohort AS
WITH lead_month AS (
    SELECT m.entered_at, pg_catalog.date_trunc('month', m.entered_at)::date AS month, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at
    FROM lead_milestone m
), size AS (
    SELECT l.month, pg_catalog.count(*) AS leads
    FROM lead_month l
    GROUP BY l.month
), reached AS (
    -- by the number of calendar months after the first entry
    SELECT r.month, r.age,
           pg_catalog.count(*) FILTER (WHERE r.step = 1) AS mql,
           pg_catalog.count(*) FILTER (WHERE r.step = 2) AS sal,
           pg_catalog.count(*) FILTER (WHERE r.step = 3) AS sql,
           pg_catalog.count(*) FILTER (WHERE r.step = 4) AS opportunity,
           pg_catalog.count(*) FILTER (WHERE r.step = 5) AS won
    FROM (SELECT l.month, s.step,
                 ((pg_catalog.date_part('year', s.at) - pg_catalog.date_part('year', l.month)) * 12
                     + pg_catalog.date_part('month', s.at) - pg_catalog.date_part('month', l.month))::integer AS age
          FROM lead_month l
          CROSS JOIN LATERAL (VALUES (1, l.mql_at), (2, l.sal_at), (3, l.sql_at), (4, l.opportunity_at), (5, l.won_at)) s (step, at)
          WHERE s.at IS NOT NULL) r
    GROUP BY r.month, r.age
), grid AS (
    SELECT z.month, z.leads, g.age, (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age + 1) AS complete
    FROM size z
    CROSS JOIN LATERAL pg_catalog.generate_series(0, 60) g (age)
    WHERE (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age)
)
SELECT c.month,
       c.age::bigint AS age_months,
       c.complete,
       c.leads,
       c.mql,
       c.sal,
       c.sql,
       c.opportunity,
       c.won,
       (c.mql::numeric / c.leads)::numeric(9,6) AS mql_share,
       (c.sal::numeric / c.leads)::numeric(9,6) AS sal_share,
       (c.sql::numeric / c.leads)::numeric(9,6) AS sql_share,
       (c.opportunity::numeric / c.leads)::numeric(9,6) AS opportunity_share,
       (c.won::numeric / c.leads)::numeric(9,6) AS won_share
FROM (SELECT g.month, g.age, g.complete, g.leads,
             COALESCE(pg_catalog.sum(r.mql) OVER walked, 0)::bigint AS mql,
             COALESCE(pg_catalog.sum(r.sal) OVER walked, 0)::bigint AS sal,
             COALESCE(pg_catalog.sum(r.sql) OVER walked, 0)::bigint AS sql,
             COALESCE(pg_catalog.sum(r.opportunity) OVER walked, 0)::bigint AS opportunity,
             COALESCE(pg_catalog.sum(r.won) OVER walked, 0)::bigint AS won
      FROM grid g
      LEFT JOIN reached r ON r.month = g.month AND r.age = g.age
      WINDOW walked AS (PARTITION BY g.month ORDER BY g.age)) c
ORDER BY c.month, c.age;
COMMENT ON VIEW cohort IS 'What became of the leads of each month as they grew older, as known at leadflow.clock(): how many had reached each stage, or a later one, by the end of each calendar month after, up to 60. Only rows that are complete can be compared from month to month. Leads in lead_outside are left out.';
COMMENT ON COLUMN cohort.month IS 'first day of the month of the leads'' first entry, in the session''s time zone';
COMMENT ON COLUMN cohort.age_months IS 'calendar months since: 0 is the month itself';
COMMENT ON COLUMN cohort.complete IS 'whether that calendar month is over, so that all leads had it whole';
COMMENT ON COLUMN cohort.leads IS 'number of leads of the month';
COMMENT ON COLUMN cohort.mql IS 'how many of them had reached mql by the end of it, or by the clock';
COMMENT ON COLUMN cohort.sal IS 'how many had reached sal';
COMMENT ON COLUMN cohort.sql IS 'how many had reached sql';
COMMENT ON COLUMN cohort.opportunity IS 'how many had reached opportunity';
COMMENT ON COLUMN cohort.won IS 'how many had reached won';
COMMENT ON COLUMN cohort.mql_share IS 'mql / leads, 0..1';
COMMENT ON COLUMN cohort.sal_share IS 'sal / leads, 0..1';
COMMENT ON COLUMN cohort.sql_share IS 'sql / leads, 0..1';
COMMENT ON COLUMN cohort.opportunity_share IS 'opportunity / leads, 0..1';
COMMENT ON COLUMN cohort.won_share IS 'won / leads, 0..1';
