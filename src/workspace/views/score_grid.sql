CREATE OR REPLACE VIEW score_grid AS
SELECT x.grade,
       pg_catalog."substring"(x.grade, '[A-Z]') AS fit_grade,
       pg_catalog."substring"(x.grade, '[1-9]') AS behaviour_grade,
       x.leads,
       (x.leads / NULLIF(pg_catalog.sum(x.leads) OVER (), 0))::numeric(9,6) AS share,
       x.qualified,
       x.accepted,
       x.rejected,
       x.won,
       x.lost,
       x.qualified - x.won - x.lost AS open,
       (x.accepted::numeric / NULLIF(x.accepted + x.rejected, 0))::numeric(9,6) AS acceptance_rate,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate
FROM (SELECT COALESCE(n.grade, q.grade) AS grade,
             COALESCE(n.leads, 0) AS leads,
             COALESCE(q.qualified, 0) AS qualified,
             COALESCE(q.accepted, 0) AS accepted,
             COALESCE(q.rejected, 0) AS rejected,
             COALESCE(q.won, 0) AS won,
             COALESCE(q.lost, 0) AS lost
      FROM (SELECT s.grade, pg_catalog.count(*) AS leads
            FROM lead_scores s
            WHERE s.grade IS NOT NULL
            GROUP BY s.grade) n
      FULL JOIN (SELECT q.grade,
                        pg_catalog.count(*) AS qualified,
                        pg_catalog.count(*) FILTER (WHERE q.verdict = 'accepted') AS accepted,
                        pg_catalog.count(*) FILTER (WHERE q.verdict = 'rejected') AS rejected,
                        pg_catalog.count(*) FILTER (WHERE q.outcome = 'won') AS won,
                        pg_catalog.count(*) FILTER (WHERE q.outcome = 'lost') AS lost
                 FROM qualification q
                 WHERE q.grade IS NOT NULL
                 GROUP BY q.grade) q ON q.grade = n.grade) x
ORDER BY x.grade;
COMMENT ON VIEW score_grid IS 'The leads by grade as last scored, and what became of the MQLs by the grade that they had when they became MQLs (qualification), as known at leadflow.clock(): whether a better grade stands for a better lead. A lead that became an MQL twice counts twice there. Counts may be added up, rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_grid.grade IS 'grade of fit and grade of behaviour: A1 to D4';
COMMENT ON COLUMN score_grid.fit_grade IS 'grade of the fit: A is the best';
COMMENT ON COLUMN score_grid.behaviour_grade IS 'grade of the behaviour: 1 is the best';
COMMENT ON COLUMN score_grid.leads IS 'number of leads that have the grade now, in whatever stage';
COMMENT ON COLUMN score_grid.share IS 'leads / all leads that have a grade, 0..1';
COMMENT ON COLUMN score_grid.qualified IS 'number of MQLs that had the grade when they became MQLs: won, lost and open together';
COMMENT ON COLUMN score_grid.accepted IS 'how many of them sales accepted';
COMMENT ON COLUMN score_grid.rejected IS 'how many of them sales rejected';
COMMENT ON COLUMN score_grid.won IS 'how many of them were won';
COMMENT ON COLUMN score_grid.lost IS 'how many of them came to nothing';
COMMENT ON COLUMN score_grid.open IS 'how many of them are undecided';
COMMENT ON COLUMN score_grid.acceptance_rate IS 'accepted / (accepted + rejected), 0..1; null where there is no verdict';
COMMENT ON COLUMN score_grid.win_rate IS 'won / (won + lost), 0..1; null where none is decided';
