-- The example of scoring, run as a user would run it. The expected figures were
-- computed from the file outside PostgreSQL.
\if :{?shared}
\set dir :shared '/data/xeducation'
\o /dev/null
\ir ../../doc/examples/scoring.sql
\o
\set QUIET on
SET search_path = public, leadflow, pg_catalog;
SELECT plan(9);

SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE won) FROM closed_lead', 'VALUES (9240::bigint, 3561::bigint)', 'the leads, and those won');
SELECT results_eq('SELECT use, count(*) FROM attribute GROUP BY use ORDER BY use', $$VALUES ('number', 3::bigint), ('word', 22), (NULL, 12)$$, 'what is learnt from');
SELECT results_eq(
    $$SELECT model, auc_mean, auc_min, auc_max, auc_all, log_loss, brier FROM quality WHERE model LIKE 'naive%' ORDER BY model$$,
    $$VALUES ('naive Bayes, as Odoo has it', 0.824755, 0.814826, 0.845984, 0.824163, 0.494007, 0.155170),
             ('naive Bayes, missing is a value', 0.843299, 0.836866, 0.864698, 0.842777, 0.519019, 0.155196)$$, 'naive Bayes');
SELECT ok(abs(auc_mean - 0.873451) < 5e-5 AND abs(auc_min - 0.859202) < 5e-5 AND abs(auc_max - 0.892900) < 5e-5 AND abs(auc_all - 0.872340) < 5e-5
      AND abs(log_loss - 0.429294) < 5e-5 AND abs(brier - 0.137047) < 5e-5, 'logistic regression')
  FROM quality WHERE model = 'logistic regression';
SELECT is(:'best'::text, 'logistic regression', 'the best is named');
SELECT is(string_agg(DISTINCT (fit_report(model)).state, ' '), 'converged', 'every fit has converged') FROM regression;
SELECT is((SELECT attribute FROM telling WHERE place = 1), 'Total Time Spent on Website', 'the attribute that tells most');
-- the points of all attributes, with what the intercept and the worst values
-- make, are the log-odds, apart from rounding
SELECT ok(stddev(ln(p / (1 - p)) * 20 / ln(2) - total) < 3, 'points add up to the log-odds of ' || count(*) || ' leads') FROM (
    SELECT predict(r.model, x) AS p, (SELECT sum(points) FROM unnest(features) WITH ORDINALITY u (value, a)
                                      JOIN points ON points.a = u.a AND points.value IS NOT DISTINCT FROM u.value) AS total,
           (SELECT count(*) FROM unnest(features) WITH ORDINALITY u (value, a)
                                      JOIN points ON points.a = u.a AND points.value IS NOT DISTINCT FROM u.value) AS n
      FROM seen JOIN hot USING (fold, lead) JOIN regression r USING (fold) WHERE fold = 5) s
 WHERE n = 25;
SELECT is(count(*), 0::bigint, 'nothing is left behind but temporary tables') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
 WHERE relkind = 'r' AND relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema');
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
