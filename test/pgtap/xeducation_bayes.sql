-- Naive Bayes on the real leads of an online school, five folds: the figures
-- were computed from the file outside PostgreSQL.
\if :{?shared}
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SELECT plan(24);

\ir common/xeducation.sql
SELECT results_eq('SELECT count(*), count(*) FILTER (WHERE outcome) FROM lead', 'VALUES (9240::bigint, 3561::bigint)', 'the leads, and those converted');

CREATE TEMPORARY TABLE model AS
SELECT k, wide, leadflow.naive_bayes_fit(outcome, features) AS model FROM feature WHERE NOT is_test GROUP BY k, wide;
CREATE TEMPORARY TABLE scored AS
SELECT k, wide, kind, outcome, leadflow.predict(model, features, alpha, missing) AS p
  FROM feature JOIN model USING (k, wide),
       (VALUES ('NB-odoo', 0.1, 'skip'), ('NB-laplace', 1, 'level')) v(kind, alpha, missing)
 WHERE is_test;
CREATE TEMPORARY TABLE quality AS
SELECT kind, wide, round(avg(auc)::numeric, 6) AS mean, round(min(auc)::numeric, 6) AS min, round(max(auc)::numeric, 6) AS max
  FROM (SELECT kind, wide, k, leadflow.auc(p, outcome) AS auc FROM scored GROUP BY kind, wide, k) f
 GROUP BY kind, wide;
CREATE TEMPORARY TABLE pooled AS
SELECT kind, wide, round(leadflow.auc(p, outcome)::numeric, 6) AS auc, round(leadflow.log_loss(p, outcome)::numeric, 6) AS log_loss,
       round(leadflow.brier(p, outcome)::numeric, 6) AS brier
  FROM scored GROUP BY kind, wide;

CREATE TEMPORARY TABLE expected (kind text, wide boolean, mean numeric, min numeric, max numeric, pooled numeric, log_loss numeric, brier numeric);
INSERT INTO expected VALUES
    ('NB-odoo', false, 0.824755, 0.814826, 0.845984, 0.824163, 0.494007, 0.155170),
    ('NB-laplace', false, 0.843299, 0.836866, 0.864698, 0.842777, 0.519019, 0.155196),
    ('NB-odoo', true, 0.871844, 0.866591, 0.886252, 0.871348, 0.462231, 0.140843),
    ('NB-laplace', true, 0.876103, 0.870380, 0.896148, 0.875766, 0.502050, 0.146237);
SELECT is((q.mean, q.min, q.max), (e.mean, e.min, e.max), format('%s, intake%s: AUC over five folds', kind, CASE WHEN wide THEN ' and last activity' ELSE '' END)),
       is(p.auc, e.pooled, format('%s, intake%s: AUC of all', kind, CASE WHEN wide THEN ' and last activity' ELSE '' END)),
       is(p.log_loss, e.log_loss, format('%s, intake%s: log-loss', kind, CASE WHEN wide THEN ' and last activity' ELSE '' END)),
       is(p.brier, e.brier, format('%s, intake%s: Brier score', kind, CASE WHEN wide THEN ' and last activity' ELSE '' END))
  FROM expected e JOIN quality q USING (kind, wide) JOIN pooled p USING (kind, wide);

-- the same AUC by ranks
SELECT ok(bool_and(abs(leadflow - ranks) < 1e-12), format('%s: AUC by ranks', kind))
  FROM (SELECT kind, wide, k, leadflow.auc(p, outcome),
               (sum(rank) FILTER (WHERE outcome) - count(*) FILTER (WHERE outcome) * (count(*) FILTER (WHERE outcome) + 1) / 2.0)
               / (count(*) FILTER (WHERE outcome) * count(*) FILTER (WHERE NOT outcome)::float8)
          FROM (SELECT *, rank() OVER w + (count(*) OVER (PARTITION BY kind, wide, k, p) - 1) / 2.0 AS rank
                  FROM scored WINDOW w AS (PARTITION BY kind, wide, k ORDER BY p)) r
         GROUP BY kind, wide, k) f(kind, wide, k, leadflow, ranks)
 GROUP BY kind;
SELECT is(count(*), 0::bigint, 'no lead is certain') FROM scored WHERE NOT (p > 0 AND p < 1);
SELECT set_eq('SELECT DISTINCT model FROM (SELECT leadflow.rollup(part)::text AS model FROM (SELECT leadflow.naive_bayes_fit(outcome, features) AS part FROM feature WHERE k = 0 AND wide GROUP BY is_test) p) r',
              'SELECT leadflow.naive_bayes_fit(outcome, features)::text FROM feature WHERE k = 0 AND wide', 'training and test part roll up to the whole');
SELECT set_eq('SELECT DISTINCT model::text FROM model WHERE k = 0 AND wide',
              $$SELECT leadflow.naive_bayes_fit(outcome, (SELECT jsonb_object_agg(n, f) FROM unnest(features) WITH ORDINALITY u(f, n)))::text FROM feature WHERE NOT is_test AND k = 0 AND wide$$,
              'objects teach the same as arrays');
-- groups by width_bucket, as the reference has them
SELECT is((SELECT count(*) FROM (SELECT DISTINCT k, b, label FROM (
               SELECT e.fold AS k, width_bucket(total_visits, visits) AS b, leadflow.bin(total_visits, visits) AS label FROM lead, edge e) x) y),
          (SELECT count(*) FROM (SELECT DISTINCT e.fold, width_bucket(total_visits, visits) FROM lead, edge e) x), 'bins are the groups of width_bucket');
SELECT is((SELECT attribute FROM model, leadflow.information_value(model) WHERE k = 0 AND NOT wide ORDER BY information_value DESC LIMIT 1), '2',
          'time on the website tells most');
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
