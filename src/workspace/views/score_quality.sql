CREATE OR REPLACE VIEW score_quality AS
SELECT x.month,
       x.closed,
       x.won,
       x.closed - x.won AS lost,
       x.scored,
       x.auc_total::numeric(9,6) AS auc_total,
       x.auc_fit::numeric(9,6) AS auc_fit,
       x.auc_behaviour::numeric(9,6) AS auc_behaviour,
       leadflow.lift(x.totals, 0.2)::numeric(9,4) AS lift_of_best_fifth,
       x.with_probability,
       x.auc_probability::numeric(9,6) AS auc_probability,
       x.brier_probability::numeric(9,6) AS brier_probability
FROM (SELECT q.month,
             pg_catalog.count(*) AS closed,
             pg_catalog.count(*) FILTER (WHERE q.won) AS won,
             pg_catalog.count(q.total) AS scored,
             leadflow.auc(q.total::float8, q.won) AS auc_total,
             leadflow.auc(q.fit::float8, q.won) AS auc_fit,
             leadflow.auc(q.behaviour::float8, q.won) AS auc_behaviour,
             leadflow.scored_outcomes(q.total::float8, q.won) AS totals,
             pg_catalog.count(q.probability) AS with_probability,
             leadflow.auc(q.probability::float8, q.won) AS auc_probability,
             leadflow.brier(q.probability::float8, q.won) AS brier_probability
      FROM (SELECT pg_catalog.date_trunc('month', q.qualified_at)::date AS month, q.outcome = 'won' AS won, q.total, q.fit, q.behaviour, q.probability
            FROM qualification q
            WHERE q.outcome <> 'open') q
      GROUP BY GROUPING SETS ((q.month), ())
      HAVING pg_catalog.count(*) > 0) x
ORDER BY x.month NULLS FIRST;
COMMENT ON VIEW score_quality IS 'How well the score at the moment when a lead became an MQL told which would be won, by month of that moment and for all of them, as known at leadflow.clock(): from qualification, without those that are open. AUC is the share of pairs of a won and a lost lead in which the won one had the higher score, a tie counting half: 0.5 tells nothing, 1 everything, below 0.5 the score is upside down. Of the latest months there are mostly losses, which are known sooner than wins. Counts may be added up, the rest may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_quality.month IS 'first day of the month, in the session''s time zone; null for all months together';
COMMENT ON COLUMN score_quality.closed IS 'number of MQLs of which the outcome is known: won and lost';
COMMENT ON COLUMN score_quality.won IS 'how many of them were won';
COMMENT ON COLUMN score_quality.lost IS 'how many of them came to nothing';
COMMENT ON COLUMN score_quality.scored IS 'how many of them had a score then: what follows is of these';
COMMENT ON COLUMN score_quality.auc_total IS 'AUC of fit and behaviour together; null where none was won or none lost';
COMMENT ON COLUMN score_quality.auc_fit IS 'AUC of the fit alone';
COMMENT ON COLUMN score_quality.auc_behaviour IS 'AUC of the behaviour alone';
COMMENT ON COLUMN score_quality.lift_of_best_fifth IS 'how many times as many were won among the fifth with the highest total as among all; null where none was won';
COMMENT ON COLUMN score_quality.with_probability IS 'how many of them had a probability then: what follows is of these';
COMMENT ON COLUMN score_quality.auc_probability IS 'AUC of the probability; null where none was kept, none was won or none lost';
COMMENT ON COLUMN score_quality.brier_probability IS 'Brier score of the probability: its mean squared distance from the outcome (1 won, 0 lost); 0 is perfect, null where none was kept';
