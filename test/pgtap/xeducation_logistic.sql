-- Logistic regression on the real leads of an online school, five folds: the
-- figures were computed from the file outside PostgreSQL, with scikit-learn's
-- LogisticRegression(C = 1) of all levels, a missing value being one.
\if :{?shared}
SET client_min_messages = warning;
SET jit = off;
SELECT plan(17);
\ir common/xeducation.sql

-- the levels that the training rows of a fold have, and every row by them; the
-- last activities come last, so that a narrow row is the start of a wide one
CREATE TEMPORARY TABLE level AS
SELECT k, a, array_agg(value ORDER BY value) AS levels
  FROM (SELECT DISTINCT k, a, value FROM feature, unnest(features) WITH ORDINALITY u(value, a) WHERE wide AND NOT is_test) d
 GROUP BY k, a;
CREATE AGGREGATE pg_temp.join_arrays(double precision[]) (SFUNC = array_cat, STYPE = double precision[]);
CREATE TEMPORARY TABLE hot AS
SELECT f.k, w.wide, is_test, outcome, CASE WHEN w.wide THEN x ELSE x[1:n] END AS x
  FROM (SELECT k, is_test, outcome, pg_temp.join_arrays(leadflow.one_hot(features[a], levels) ORDER BY a) AS x
          FROM (SELECT *, row_number() OVER () AS id FROM feature WHERE wide) f JOIN level USING (k) GROUP BY k, id, is_test, outcome) f
  JOIN (SELECT k, sum(cardinality(levels)) AS n FROM level WHERE a <= 25 GROUP BY k) l USING (k),
       (VALUES (false), (true)) w(wide);
ANALYZE hot;

CREATE TEMPORARY TABLE model AS
SELECT k, wide, leadflow.logistic_fit(outcome, x, 1) AS m FROM hot WHERE NOT is_test GROUP BY k, wide;
SELECT is(string_agg(DISTINCT (leadflow.fit_report(m)).state, ' '), 'converged', 'every fit has converged') FROM model;
CREATE TEMPORARY TABLE scored AS
SELECT k, wide, outcome, leadflow.predict(m, x) AS p FROM hot JOIN model USING (k, wide) WHERE is_test;

CREATE TEMPORARY TABLE expected (wide boolean, mean float8, min float8, max float8, pooled float8, log_loss float8, brier float8);
INSERT INTO expected VALUES
    (false, 0.873451, 0.859202, 0.892900, 0.872340, 0.429294, 0.137047),
    (true, 0.901873, 0.889777, 0.917559, 0.901071, 0.384908, 0.121146);
SELECT ok(abs(avg(auc) - e.mean) < 5e-5, 'AUC over five folds: ' || avg(auc)),
       ok(abs(min(auc) - e.min) < 5e-5, 'the worst fold: ' || min(auc)),
       ok(abs(max(auc) - e.max) < 5e-5, 'the best fold: ' || max(auc))
  FROM (SELECT wide, leadflow.auc(p, outcome) AS auc FROM scored GROUP BY wide, k) f JOIN expected e USING (wide)
 GROUP BY wide, e.mean, e.min, e.max ORDER BY wide;
SELECT ok(abs(leadflow.auc(p, outcome) - e.pooled) < 5e-5, 'AUC of all: ' || leadflow.auc(p, outcome)),
       ok(abs(leadflow.log_loss(p, outcome) - e.log_loss) < 5e-5, 'log-loss: ' || leadflow.log_loss(p, outcome)),
       ok(abs(leadflow.brier(p, outcome) - e.brier) < 5e-5, 'Brier score: ' || leadflow.brier(p, outcome))
  FROM scored JOIN expected e USING (wide)
 GROUP BY wide, e.pooled, e.log_loss, e.brier ORDER BY wide;
SELECT ok(bool_and(p > 0 AND p < 1), 'no lead is certain') FROM scored;

-- the equations that the best fit solves, for every level of the first fold
SELECT ok(max(abs(rest)) < 1e-8, 'the score equations hold for each of ' || count(*) || ' features') FROM (
    SELECT j, sum(x[j] * (outcome::int - p)) - min(coefficient) AS rest
      FROM (SELECT x, outcome, leadflow.predict(m, x) AS p FROM hot JOIN model USING (k, wide) WHERE k = 0 AND NOT wide AND NOT is_test) h,
           (SELECT c."position" AS j, c.coefficient FROM model, leadflow.coefficients(m) c WHERE k = 0 AND NOT wide AND c."position" > 0) c
     GROUP BY j) s;

-- without a penalty: levels that are redundant, or that tell all they have apart
SELECT ok((r).state = 'separated' AND cardinality((r).aliased) >= 22 AND cardinality((r).separating) > 0, 'without a penalty redundant and separating levels are reported')
  FROM (SELECT leadflow.fit_report(leadflow.logistic_fit(outcome, x)) AS r FROM hot WHERE k = 0 AND NOT wide AND NOT is_test) s;

-- rows kept by fold, rolled up: the same model from the whole
SELECT ok(max(abs(a.coefficient - b.coefficient)) < 1e-12, 'kept rows that are rolled up give the same model')
  FROM (SELECT leadflow.logistic_fit(leadflow.rollup(o), 1) AS u FROM (
            SELECT leadflow.observations(outcome, x) AS o FROM hot WHERE k = 0 AND NOT wide AND NOT is_test GROUP BY outcome) p) r,
       model, leadflow.coefficients(u) a JOIN leadflow.coefficients(m) b USING ("position")
 WHERE k = 0 AND NOT wide;
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
