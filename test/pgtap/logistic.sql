-- Logistic regression: against published fits, scikit-learn 1.2.1, and the
-- equations that a fit must solve, in plain SQL
BEGIN;
SET client_min_messages = warning;
SET jit = off;
SELECT no_plan();

\ir common/plan_of.sql
\ir common/received.sql

CREATE FUNCTION pg_temp.near(a double precision[], b double precision[], tolerance double precision) RETURNS boolean LANGUAGE sql AS
    'SELECT cardinality(a) = cardinality(b) AND bool_and(abs(x - y) <= tolerance * greatest(abs(x), abs(y), 1)) FROM unnest(a, b) AS u (x, y)';
-- intercept and coefficients
CREATE FUNCTION pg_temp.fitted(model leadflow.logistic) RETURNS double precision[] LANGUAGE sql AS
    'SELECT array_agg(coefficient ORDER BY "position") FROM leadflow.coefficients(model)';
CREATE FUNCTION pg_temp.errors(model leadflow.logistic) RETURNS double precision[] LANGUAGE sql AS
    'SELECT array_agg(standard_error ORDER BY "position") FROM leadflow.coefficients(model)';
CREATE FUNCTION pg_temp.state(model leadflow.logistic) RETURNS text LANGUAGE sql AS
    'SELECT concat_ws('' '', state, aliased, separating) FROM leadflow.fit_report(model)';

-- Motor Trend 1974 as in R's mtcars (Henderson and Velleman, Biometrics 37, 1981);
-- glm(am ~ wt, binomial): 12.040 (4.510), -4.024 (1.436), residual deviance 19.176
CREATE TABLE car (wt double precision, am integer);
INSERT INTO car VALUES (2.62, 1), (2.875, 1), (2.32, 1), (3.215, 0), (3.44, 0), (3.46, 0), (3.57, 0), (3.19, 0),
    (3.15, 0), (3.44, 0), (3.44, 0), (4.07, 0), (3.73, 0), (3.78, 0), (5.25, 0), (5.424, 0), (5.345, 0), (2.2, 1),
    (1.615, 1), (1.835, 1), (2.465, 0), (3.52, 0), (3.435, 0), (3.84, 0), (3.845, 0), (1.935, 1), (2.14, 1),
    (1.513, 1), (3.17, 1), (2.77, 1), (3.57, 1), (2.78, 1);
CREATE TEMPORARY TABLE car_fit AS SELECT leadflow.logistic_fit(am = 1, ARRAY[wt]) AS m FROM car;
SELECT results_eq(
    $$SELECT name, round(coefficient::numeric, 3), round(standard_error::numeric, 2) FROM car_fit, leadflow.coefficients(m, ARRAY['wt'])$$,
    $$VALUES ('(intercept)', 12.040, 4.51), ('wt', -4.024, 1.44)$$, 'R''s fit of mtcars');
SELECT is(round((-2 * (leadflow.fit_report(m)).log_likelihood)::numeric, 3), 19.176, 'and its deviance') FROM car_fit;

-- Finney's vasoconstriction (Biometrika 34, 1947; Pregibon, Annals of Statistics 9, 1981); the SAS manual of
-- LOGISTIC gives -2.8754 (1.3208), 5.1793 (1.8648), 4.5617 (1.8380), p 0.0295, 0.0055, 0.0131, deviance 29.227
CREATE TABLE breath (volume double precision, rate double precision, response integer);
INSERT INTO breath VALUES (3.7, .825, 1), (3.5, 1.09, 1), (1.25, 2.5, 1), (.75, 1.5, 1), (.8, 3.2, 1), (.7, 3.5, 1),
    (.6, .75, 0), (1.1, 1.7, 0), (.9, .75, 0), (.9, .45, 0), (.8, .57, 0), (.55, 2.75, 0), (.6, 3.0, 0), (1.4, 2.33, 1),
    (.75, 3.75, 1), (2.3, 1.64, 1), (3.2, 1.6, 1), (.85, 1.415, 1), (1.7, 1.06, 0), (1.8, 1.8, 1), (.4, 2.0, 0),
    (.95, 1.36, 0), (1.35, 1.35, 0), (1.5, 1.36, 0), (1.6, 1.78, 1), (.6, 1.5, 0), (1.8, 1.5, 1), (.95, 1.9, 0),
    (1.9, .95, 1), (1.6, .4, 0), (2.7, .75, 1), (2.35, .03, 0), (1.1, 1.83, 0), (1.1, 2.2, 1), (1.2, 2.0, 1),
    (.8, 3.33, 1), (.95, 1.9, 0), (.75, 1.9, 0), (1.3, 1.625, 1);
CREATE TEMPORARY TABLE breath_fit AS SELECT leadflow.logistic_fit(response = 1, ARRAY[ln(volume), ln(rate)]) AS m FROM breath;
SELECT results_eq(
    $$SELECT "position", name, round(coefficient::numeric, 4), round(standard_error::numeric, 4), round(p_value::numeric, 4), aliased, separating
      FROM breath_fit, leadflow.coefficients(m, ARRAY['log volume', 'log rate'])$$,
    $$VALUES (0, '(intercept)', -2.8754, 1.3208, 0.0295, false, false), (1, 'log volume', 5.1793, 1.8648, 0.0055, false, false),
             (2, 'log rate', 4.5617, 1.8380, 0.0131, false, false)$$, 'the published fit of Finney''s data');
SELECT is(round((-2 * (leadflow.fit_report(m)).log_likelihood)::numeric, 3), 29.227, 'and its deviance') FROM breath_fit;
SELECT ok(bool_and(abs(z - coefficient / standard_error) < 1e-12), 'z is coefficient over standard error')
  FROM breath_fit, leadflow.coefficients(m);

-- 300 rows made by a rule that Python follows as well:
--   i = np.arange(1, 301); x1 = (i*37%101)/10; x2 = (i*i*17%89)/8; x3 = 1000 + i*53%211; d = i%5 == 0
--   y = (i*7919%1000)/1000 < 1/(1 + np.exp(-(0.3*x1 - 0.2*x2 + 0.01*(x3 - 1100) + d - 1)))
--   LogisticRegression(C=1/l2, solver='newton-cholesky', tol=1e-15); l2 = 1e-12 stands for none
CREATE TABLE lead AS
SELECT i, x, (i * 7919 % 1000) / 1000.0 < 1 / (1 + exp(-(0.3 * x[1] - 0.2 * x[2] + 0.01 * (x[3] - 1100) + x[4] - 1))) AS won
  FROM generate_series(1, 300) i,
       LATERAL (SELECT ARRAY[(i * 37 % 101) / 10.0, (i * i * 17 % 89) / 8.0, 1000 + i * 53 % 211, (i % 5 = 0)::int]::float8[]) v (x);
ALTER TABLE lead SET (parallel_workers = 2);
ANALYZE lead;
CREATE TABLE expected (l2 double precision, b double precision[]);
INSERT INTO expected VALUES
    (0, '{-14.24023222, 0.352786512, -0.1797374346, 0.01171017017, 0.7106692399}'),
    (0.1, '{-14.23264599, 0.3526228243, -0.1796230589, 0.01170509429, 0.7023756831}'),
    (1, '{-14.17242886, 0.3512690961, -0.1786915136, 0.01166509185, 0.6358312902}'),
    (10, '{-13.87071738, 0.3416405309, -0.1729720858, 0.01146837309, 0.3288837835}');
CREATE TABLE model AS SELECT l2, leadflow.logistic_fit(won, x, l2) AS m FROM lead, expected GROUP BY l2;
SELECT ok(pg_temp.near(pg_temp.fitted(m), b, 1e-8), 'the coefficients of scikit-learn, l2 ' || l2) FROM model JOIN expected USING (l2) ORDER BY l2;
-- in one order: sums of numbers with a point depend on it
SELECT is(leadflow.logistic_fit(won, x ORDER BY x, won)::text, leadflow.logistic_fit(won, x, 0 ORDER BY x, won)::text, 'without l2 there is no penalty') FROM lead;
SELECT ok((r.state, r.n, r.won, r.features, r.l2) = ('converged', 300, 127, 4, 1) AND r.iterations BETWEEN 3 AND 8, 'the report of a fit')
  FROM model, leadflow.fit_report(m) r WHERE model.l2 = 1;

-- what any best fit must solve: sum of x (won - p) = l2 * coefficient, and sum of (won - p) = 0
SELECT ok(max(abs(rest)) < 1e-8, 'the score equations hold, l2 ' || l2) FROM (
    SELECT l2, j, sum(CASE j WHEN 0 THEN 1 ELSE x[j] END * (won::int - leadflow.predict(m, x)))
                  - CASE j WHEN 0 THEN 0 ELSE l2 * min((pg_temp.fitted(m))[j + 1]) END AS rest
      FROM model, lead, generate_series(0, 4) j GROUP BY l2, j) s
 GROUP BY l2 ORDER BY l2;
SELECT ok(abs(sum(ln(CASE WHEN won THEN p ELSE 1 - p END)) - min((leadflow.fit_report(m)).log_likelihood)) < 1e-9, 'the log-likelihood is the sum of the logarithms')
  FROM (SELECT m, won, leadflow.predict(m, x) AS p FROM lead, model WHERE l2 = 1) s;
SELECT ok(bool_and(abs(leadflow.predict(m, x) - 1 / (1 + exp(-(b[1] + b[2] * x[1] + b[3] * x[2] + b[4] * x[3] + b[5] * x[4])))) < 1e-14), 'a prediction is the logistic function of the sum')
  FROM lead, (SELECT m, pg_temp.fitted(m) AS b FROM model WHERE l2 = 1) s;

-- standard errors: the inverse of [[A, B], [B, C]] written out, for one feature and a penalty of 2
CREATE TEMPORARY TABLE car_penalised AS SELECT leadflow.logistic_fit(am = 1, ARRAY[wt], 2) AS m FROM car;
SELECT ok(pg_temp.near(pg_temp.errors(m), ARRAY[sqrt(c / (a * c - b * b)), sqrt(a / (a * c - b * b))], 1e-8), 'penalised standard errors, from the inverse Hessian')
  FROM car_penalised, (SELECT sum(p * (1 - p)) AS a, sum(wt * p * (1 - p)) AS b, sum(wt * wt * p * (1 - p)) + 2 AS c
                         FROM car, car_penalised, leadflow.predict(m, ARRAY[wt]) p) s;

-- the order of rows, units, and where the rows are
SELECT ok(pg_temp.near(pg_temp.fitted(a) || pg_temp.errors(a), pg_temp.fitted(m) || pg_temp.errors(m), 1e-12), 'the order of rows does not matter')
  FROM (SELECT leadflow.logistic_fit(won, x, 1 ORDER BY md5(i::text)) AS a FROM lead) s, model WHERE l2 = 1;
SELECT ok(pg_temp.near(ARRAY[b[2], b[3]], ARRAY[c[2] * 1e9, c[3] / 1e9], 1e-9), 'without a penalty units do not matter')
  FROM (SELECT pg_temp.fitted(leadflow.logistic_fit(won, x[1:2])) AS b, pg_temp.fitted(leadflow.logistic_fit(won, ARRAY[x[1] * 1e9, x[2] / 1e9])) AS c FROM lead) s;
SELECT ok(pg_temp.near(pg_temp.fitted(a), pg_temp.fitted(m), 1e-12), 'a window aggregate can slide over it')
  FROM (SELECT leadflow.logistic_fit(won, x, 1) OVER (ORDER BY i) AS a, i FROM lead) s, model WHERE l2 = 1 AND i = 300;

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT matches(plan_of('SELECT leadflow.logistic_fit(won, x, 1) FROM lead'), 'Partial Aggregate', 'a fit is planned in parallel');
SELECT ok(pg_temp.near(pg_temp.fitted(a), pg_temp.fitted(m), 1e-12), 'and gives the same')
  FROM (SELECT leadflow.logistic_fit(won, x, 1) AS a FROM lead) s, model WHERE l2 = 1;
SELECT matches(plan_of('SELECT leadflow.logistic_fit(won, x) FROM lead'), 'Partial Aggregate', 'a fit without a penalty is planned in parallel');
SELECT is(a, 300::bigint, 'workers without rows do no harm')
  FROM (SELECT (leadflow.fit_report(leadflow.logistic_fit(won, x, 1))).n AS a FROM lead WHERE i > 0) s;
SELECT matches(plan_of('SELECT leadflow.observations(won, x) FROM lead'), 'Partial Aggregate', 'rows are kept in parallel');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET LOCAL max_parallel_workers_per_gather = 0;

-- rows that are kept
CREATE TABLE kept (part integer, o leadflow.observations);
INSERT INTO kept SELECT i % 3, leadflow.observations(won, x) FROM lead GROUP BY 1;
INSERT INTO kept VALUES (9, NULL);
SELECT ok(pg_temp.near(pg_temp.fitted(leadflow.logistic_fit(leadflow.rollup(o), 1)), (SELECT pg_temp.fitted(m) FROM model WHERE l2 = 1), 1e-12),
    'a fit of kept rows that were rolled up') FROM kept;
SELECT ok(pg_temp.near(pg_temp.fitted(leadflow.logistic_fit(leadflow.rollup(o))), (SELECT pg_temp.fitted(m) FROM model WHERE l2 = 0), 1e-12),
    'and another one with no penalty') FROM kept;
SELECT is(leadflow.rollup(o)::text, NULL, 'nothing rolled up is null') FROM kept WHERE o IS NULL;
SELECT is(count(*), 0::bigint, 'rows are the same after text, and text after rows') FROM kept
 WHERE o::text::leadflow.observations::text <> o::text OR leadflow.observations_send(o::text::leadflow.observations) <> leadflow.observations_send(o);
SELECT is(leadflow.observations(a, b)::text, '[2, 0, [1, 0.1, null], [0, -1e+300, 5e-324]]', 'the text of rows is exact')
  FROM (VALUES (1, true, '{0.1,null}'::float8[]), (2, false, '{-1e300,5e-324}'), (3, NULL, '{1}'), (4, true, NULL)) v (i, a, b);
SELECT is('  [ 1,0.5 ,[1 ,2],[0,null ] ] '::leadflow.observations::text, '[1, 0.5, [1, 2], [0, null]]', 'white space does not matter');
SELECT throws_ok(format('SELECT %L::leadflow.observations', t), '22P02', NULL, 'no rows: ' || t)
  FROM unnest(ARRAY['', '[', '[1]', '[1, 0]', '[1, 0, []]', '[1, 0, [1]]', '[1, 0, [1, 2, 3]]', '[1, 0, [2, 1]]', '[1, 0, [1, NaN]]', '[1, 0, [1, 1e999]]',
                    '[1.5, 0, [1, 2]]', '[-1, 0, [1]]', '[1601, 0, [1]]', '[1, 0, [null, 1]]', '[1, 0, [1, 2]] x', '[1, 0, [1, 2],]', '[1, 0, [1, 0x10]]']) t;
SELECT throws_ok(format('SELECT %L::leadflow.observations', '[1, -1, [1, 2]]'), '22023', NULL, 'no rows with a negative penalty');
SELECT throws_ok('SELECT leadflow.rollup(o) FROM (VALUES (''[1, 0, [1, 2]]''::leadflow.observations), (''[2, 0, [1, 2, 3]]'')) v (o)', '2202E',
    'wrong number of features: 2 instead of 1', 'rows of different kinds do not add up');
SELECT throws_ok('SELECT leadflow.rollup(o) FROM (VALUES (''[1, 0, [1, 2]]''::leadflow.observations), (''[1, 1, [1, 2]]'')) v (o)', '22023',
    'l2 must be the same for all rows', 'nor do penalties');

-- combining by hand, as a partial aggregate does
CREATE AGGREGATE pg_temp.combined(leadflow.observations) (SFUNC = leadflow.observations_combine, STYPE = leadflow.observations);
SELECT is(pg_temp.combined(o)::text, NULL, 'null and null') FROM (VALUES (NULL::leadflow.observations), (NULL)) v (o);
SELECT is(pg_temp.combined(o)::text, '[1, 0, [1, 2]]', 'null and rows') FROM (VALUES (NULL::leadflow.observations), ('[1, 0, [1, 2]]')) v (o);
SELECT is(pg_temp.combined(o)::text, '[1, 0, [1, 2]]', 'rows and null') FROM (VALUES ('[1, 0, [1, 2]]'::leadflow.observations), (NULL)) v (o);
SELECT is(pg_temp.combined(o)::text, '[1, 0, [1, 2], [0, 3]]', 'rows and rows') FROM (VALUES ('[1, 0, [1, 2]]'::leadflow.observations), ('[1, 0, [0, 3]]')) v (o);
SELECT throws_ok('SELECT leadflow.observations_add(NULL, true, ARRAY[1]::float8[])', '42809', NULL, 'a transition function is for aggregates');
SELECT throws_ok('SELECT leadflow.observations_combine(NULL, ''[1, 0, [1, 2]]'')', '42809', NULL, 'and so is a combine function');

-- separation
SELECT is(pg_temp.state(m), 'separated {} {1}', 'a feature that tells all apart is reported') FROM (
    SELECT leadflow.logistic_fit(i > 0, ARRAY[i]::float8[]) AS m FROM generate_series(-4, 4) i WHERE i <> 0) s;
SELECT is(pg_temp.errors(m), '{NULL,NULL}', 'then there are no standard errors') FROM (
    SELECT leadflow.logistic_fit(i > 4, ARRAY[i]::float8[]) AS m FROM generate_series(1, 8) i) s;
SELECT is(pg_temp.state(m), 'separated {} {1}', 'and errors on the border only are separation, too') FROM (
    SELECT leadflow.logistic_fit(y, ARRAY[x]::float8[]) AS m FROM (VALUES (-2, false), (-1, false), (0, false), (0, true), (1, true), (2, true)) v (x, y)) s;
-- a level that was always won, among features that have a best fit: the other
-- coefficients are those of a fit without that level
SELECT is(pg_temp.state(m), 'separated {} {5}', 'a level that was always won is reported alone') FROM (
    SELECT leadflow.logistic_fit(won OR i % 7 = 0, x || (i % 7 = 0)::int::float8) AS m FROM lead) s;
SELECT ok(pg_temp.near((pg_temp.fitted(m))[1:5], pg_temp.fitted(n), 1e-3), 'and does not disturb the others') FROM (
    SELECT leadflow.logistic_fit(won OR i % 7 = 0, x || (i % 7 = 0)::int::float8) AS m, leadflow.logistic_fit(won, x) FILTER (WHERE i % 7 <> 0) AS n FROM lead) s;
SELECT is(pg_temp.state(m), 'converged {} {}', 'a penalty keeps it in bounds') FROM (
    SELECT leadflow.logistic_fit(won OR i % 7 = 0, x || (i % 7 = 0)::int::float8, 0.01) AS m FROM lead) s;
-- 49,999 of 50,000 won with the feature, half without it: log(49999) - log(1)
SELECT ok(pg_temp.state(m) = 'converged {} {}' AND pg_temp.near(pg_temp.fitted(m), ARRAY[0, ln(49999::float8)], 1e-10), 'all but one is not separation') FROM (
    SELECT leadflow.logistic_fit(CASE i % 2 WHEN 1 THEN i <> 1 ELSE i % 4 = 0 END, ARRAY[i % 2]::float8[]) AS m FROM generate_series(1, 100000) i) s;
SELECT is(m::text, '{"state": "separated", "n": 3, "won": 3, "iterations": 0, "log_likelihood": ' || (3 * ln(3.5::float8 / 4)) || ', "l2": 1, "intercept": ' || ln(7::float8)
    || ', "intercept_error": null, "coefficients": [0], "standard_errors": [null], "means": [2], "aliased": [], "separating": [0]}', 'one outcome only') FROM (
    SELECT leadflow.logistic_fit(true, ARRAY[i]::float8[], 1) AS m FROM generate_series(1, 3) i) s;
SELECT is(leadflow.logistic_fit(true, ARRAY[i]::float8[])::text, NULL, 'no rows, no model') FROM generate_series(1, 0) i;
SELECT is(leadflow.logistic_fit(o, f)::text, NULL, 'no rows that count, no model') FROM (VALUES (NULL::boolean, '{1}'::float8[]), (true, NULL)) v (o, f);
SELECT ok(pg_temp.near(pg_temp.fitted(m) || pg_temp.errors(m), ARRAY[ln(3::float8 / 7), sqrt(1 / 2.1)], 1e-12), 'without features there is the intercept') FROM (
    SELECT leadflow.logistic_fit(i <= 3, '{}') AS m FROM generate_series(1, 10) i) s;

-- redundant features
SELECT is(pg_temp.state(m), 'converged {5,6,7} {}', 'the sum of earlier features, a constant, and one never known, are aliased') FROM (
    SELECT leadflow.logistic_fit(won, x || ARRAY[x[1] + 2 * x[2] - 7, 42, NULL]) AS m FROM lead) s;
SELECT ok(pg_temp.near((pg_temp.fitted(m))[1:5] || (pg_temp.errors(m))[1:5], pg_temp.fitted(n) || pg_temp.errors(n), 1e-9)
    AND (pg_temp.fitted(m))[6:8] = '{0,0,0}' AND (pg_temp.errors(m))[6:8] = '{NULL,NULL,NULL}', 'and the others are fitted as without them') FROM (
    SELECT leadflow.logistic_fit(won, x || ARRAY[x[1] + 2 * x[2] - 7, 42, NULL]) AS m, leadflow.logistic_fit(won, x) AS n FROM lead) s;
SELECT is(pg_temp.state(m), 'converged {3} {}', 'the last of all levels is aliased') FROM (
    SELECT leadflow.logistic_fit(won, leadflow.one_hot((i % 3)::text, '{0,1,2}')) AS m FROM lead) s;
SELECT ok(abs((pg_temp.fitted(m))[2] - (pg_temp.fitted(m))[3]) < 1e-9 AND pg_temp.state(m) = 'converged {} {}', 'with a penalty twins share') FROM (
    SELECT leadflow.logistic_fit(won, ARRAY[x[1], x[1]], 1) AS m FROM lead) s;
SELECT ok((pg_temp.fitted(m))[3] = 0 AND (pg_temp.errors(m))[3] = 0.5 AND pg_temp.state(m) = 'converged {} {}', 'and of a constant only the penalty speaks') FROM (
    SELECT leadflow.logistic_fit(won, ARRAY[x[1], 7], 4) AS m FROM lead) s;

-- missing values are the mean of the known ones
SELECT ok(pg_temp.near(pg_temp.fitted(m) || pg_temp.errors(m), pg_temp.fitted(n) || pg_temp.errors(n), 1e-10), 'a missing value is the mean') FROM (
    SELECT leadflow.logistic_fit(won, ARRAY[CASE WHEN i % 4 > 0 THEN x[1] END, x[2]], 1) AS m,
           leadflow.logistic_fit(won, ARRAY[CASE WHEN i % 4 > 0 THEN x[1] ELSE mean END, x[2]], 1) AS n
      FROM lead, (SELECT avg(x[1]) AS mean FROM lead WHERE i % 4 > 0) s) s;
SELECT ok(leadflow.predict(m, ARRAY[NULL, 3]::float8[]) = leadflow.predict(m, ARRAY[(m::text::jsonb #>> '{means,0}')::float8, 3]), 'in a prediction as well') FROM (
    SELECT leadflow.logistic_fit(won, x[1:2], 1) AS m FROM lead) s;

-- many rows: the fit starts from a sample, and ends where it must
CREATE TABLE many AS
SELECT x || (j % 1000)::float8 || (j % 4001 = 0)::int::float8 AS x, won FROM generate_series(1, 90000) j JOIN lead ON i = 1 + j % 300;
CREATE TABLE many_fit AS SELECT leadflow.logistic_fit(won, x, 1) AS m FROM many;
SELECT ok(pg_temp.near(ARRAY[sum(r), sum(r * x[1]), sum(r * x[2]), sum(r * x[3]), sum(r * x[4]), sum(r * x[5]), sum(r * x[6])],
                       (SELECT 0::float8 || (pg_temp.fitted(m))[2:] FROM many_fit), 1e-6), 'the score equations hold for 90,000 rows')
  FROM (SELECT x, won::int - leadflow.predict(m, x) AS r FROM many, many_fit) s;
-- 300 rows 300 times: the same coefficients, errors smaller by the root of it
SELECT ok(pg_temp.near(pg_temp.fitted(leadflow.logistic_fit(won, x)), (SELECT pg_temp.fitted(m) FROM model WHERE l2 = 0), 1e-9)
    AND pg_temp.near(pg_temp.errors(leadflow.logistic_fit(won, x)), (SELECT array_agg(e / sqrt(300.0) ORDER BY o) FROM model, unnest(pg_temp.errors(m)) WITH ORDINALITY u (e, o) WHERE l2 = 0), 1e-9),
    'rows that are repeated')
  FROM lead, generate_series(1, 300);

-- refusals
SELECT throws_ok('SELECT leadflow.logistic_fit(true, a) FROM (VALUES (''{1,2}''::float8[]), (''{1,2,3}'')) v (a)', '2202E', 'wrong number of features: 3 instead of 2', 'arrays of different lengths');
SELECT throws_ok('SELECT leadflow.logistic_fit(true, ''{{1,2},{3,4}}''::float8[])', '2202E', NULL, 'arrays of several dimensions');
SELECT throws_ok(format('SELECT leadflow.logistic_fit(true, ''{1,null,%s}''::float8[])', v), '22003', 'feature 3 must not be NaN or infinite', 'no ' || v) FROM unnest('{NaN,Infinity,-Infinity}'::text[]) v;
SELECT throws_ok('SELECT leadflow.logistic_fit(true, ''{1,NaN}''::float8[])', '22003', 'feature 2 must not be NaN or infinite', 'no NaN where nothing is missing');
SELECT throws_ok('SELECT leadflow.logistic_fit(i > 2, ARRAY[i * 1e300]) FROM generate_series(1, 4) i', '22003', 'values of feature 1 are too far apart', 'values that cannot be squared');
SELECT throws_ok(format('SELECT leadflow.logistic_fit(true, ''{1}'', %L::float8)', l), '22023', NULL, 'l2 of ' || l) FROM unnest('{-1,NaN,Infinity,1e101}'::text[]) l;
SELECT throws_ok('SELECT leadflow.logistic_fit(true, ''{1}'', NULL)', '22004', NULL, 'l2 of null');
SELECT throws_ok('SELECT leadflow.logistic_fit(true, ''{1}'', l) FROM (VALUES (1::float8), (2)) v (l)', '22023', 'l2 must be the same for all rows', 'l2 that changes');
SELECT throws_ok('SELECT leadflow.logistic_fit(true, array_fill(1::float8, ARRAY[1601]))', '54000', 'too many features', 'more features than a model can have');
SELECT is(length(leadflow.observations_send(leadflow.observations(true, array_fill(1::float8, ARRAY[1600])))), 21 + 1601 * 8, 'as many features as a model can have');
SELECT throws_ok('SELECT leadflow.predict(m, ''{1,2}'') FROM car_fit', '2202E', 'wrong number of features: 2 instead of 1', 'a prediction from too many features');
SELECT throws_ok('SELECT leadflow.predict(m, ''{{1},{2}}'') FROM car_fit', '2202E', NULL, 'a prediction from several dimensions');
SELECT throws_ok('SELECT leadflow.predict(m, ''{Infinity}'') FROM car_fit', '22003', NULL, 'a prediction from infinity');
SELECT throws_ok('SELECT leadflow.coefficients(m, ''{a,b}'') FROM car_fit', '2202E', 'wrong number of names: 2 instead of 1', 'names of other features');

-- predictions
SELECT ok(leadflow.predict(m, ARRAY[1e300]) > 0 AND leadflow.predict(m, ARRAY[-1e300]) < 1, 'a prediction is never certain') FROM car_fit;
SELECT is(leadflow.predict(m, NULL), NULL, 'nothing is predicted of nothing') FROM car_fit;
SELECT is(leadflow.predict(NULL::leadflow.logistic, '{1}'), NULL, 'nor by nothing');
SELECT is(count(*), 0::bigint, 'models that change from row to row are told apart') FROM (
    SELECT leadflow.predict(k, x[1:n]) AS p, leadflow.predict(k::text::leadflow.logistic, x[1:n]) AS q FROM (
        SELECT n, k FROM generate_series(1, 4) n, LATERAL (SELECT leadflow.logistic_fit(won, x[1:n], 1) AS k FROM lead) f) s, lead ORDER BY i, n) s
 WHERE p <> q;
SELECT is(count(*), 0::bigint, 'a model without rows has no coefficients') FROM leadflow.coefficients(NULL);
SELECT is(array_agg(name ORDER BY "position"), '{(intercept),a,NULL}', 'names are passed on')
  FROM breath_fit, leadflow.coefficients(m, ARRAY['a', NULL]);
SELECT is(array_agg(name ORDER BY "position"), '{(intercept),x1,x2}', 'features without a name are numbered') FROM breath_fit, leadflow.coefficients(m);

-- the type
SELECT is(count(*), 0::bigint, 'a model is the same after text and after jsonb') FROM model
 WHERE m::text::leadflow.logistic::text <> m::text OR m::text::jsonb::text::leadflow.logistic::text <> m::text
    OR leadflow.logistic_send(m::text::leadflow.logistic) <> leadflow.logistic_send(m);
CREATE TEMPORARY TABLE big AS SELECT leadflow.logistic_fit(i % 3 = 0, array_agg_x, 1) AS m
  FROM (SELECT i, array_agg(((i * j * 31) % 97)::float8 ORDER BY j) AS array_agg_x FROM generate_series(1, 150) i, generate_series(1, 300) j GROUP BY i) s;
SELECT is(m::text::leadflow.logistic::text, m::text, 'a model of 300 features, stored out of line') FROM big;
SELECT is(received('leadflow.logistic', leadflow.logistic_send(m)), m::text, 'a model is received as it was sent') FROM model ORDER BY l2;
SELECT is(received('leadflow.logistic', leadflow.logistic_send(m)), m::text, 'so is a large one') FROM big;
SELECT is(received('leadflow.observations', leadflow.observations_send(o)), o::text, 'and so are rows')
  FROM (VALUES ('[2, 0.1, [1, 0.1, null], [0, -1e+300, 5e-324]]'::leadflow.observations), ('[0, 0, [1], [0], [1]]')) v (o);
-- version, number of features, state, iterations, n, won, log-likelihood, penalty; coefficient, error, mean, flags of each
SELECT is(received('leadflow.logistic', b), expected, 'received model ' || encode(b, 'hex')) FROM (
    VALUES ('\x0100000000'::bytea, '\x00'::bytea, int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00',
            '{"state": "converged", "n": 10, "won": 4, "iterations": 3, "log_likelihood": -2, "l2": 0, "intercept": 1, "intercept_error": null, "coefficients": [], "standard_errors": [], "means": [], "aliased": [], "separating": []}'),
           ('\x0200000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x01ffffffff', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000641', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x03', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(-3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(0) || int8send(0) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(11) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send('NaN') || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send('NaN'), float8send(1) || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send('NaN') || float8send('NaN') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('Infinity') || float8send(0) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(1) || '\x00', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x01', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x04', '22P03'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0), '08P01'),
           ('\x0100000000', '\x00', int4send(3) || int8send(10) || int8send(4) || float8send(-2) || float8send(0), float8send(1) || float8send('NaN') || float8send(0) || '\x0000', '22P03')) v (h, s, f, t, expected),
    LATERAL (SELECT h || s || f || t AS b) c;
SELECT is(received('leadflow.observations', b), expected, 'received rows ' || encode(b, 'hex')) FROM (
    VALUES ('\x01'::bytea || int4send(1) || float8send(2) || int8send(1) || float8send(1) || float8send('NaN'), '[1, 2, [1, null]]'),
           ('\x02'::bytea || int4send(1) || float8send(2) || int8send(1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(-1) || float8send(2) || int8send(1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1601) || float8send(2) || int8send(1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(-2) || int8send(1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send('NaN') || int8send(1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(2) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(0), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(-1) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(1152921504606846977) || float8send(1) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(1) || float8send(0.5) || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(1) || float8send('NaN') || float8send('NaN'), '22P03'),
           ('\x01'::bytea || int4send(1) || float8send(2) || int8send(1) || float8send(1) || float8send('Infinity'), '22P03'),
           ('\x01'::bytea || int4send(1), '08P01'), (''::bytea, '08P01')) v (b, expected);
SELECT throws_ok(format('SELECT %L::leadflow.logistic', car_fit.m::text::jsonb || t), '22P02', NULL, 'no model with ' || t::text)
  FROM car_fit, unnest(ARRAY['{"state": "good"}', '{"n": 0}', '{"n": 1.5}', '{"won": 33}', '{"won": -1}', '{"iterations": -1}', '{"log_likelihood": 1}', '{"l2": -1}',
    '{"intercept": null}', '{"intercept": "1"}', '{"coefficients": [1, 2]}', '{"coefficients": [null]}', '{"coefficients": {}}', '{"standard_errors": [-1]}', '{"standard_errors": []}',
    '{"intercept_error": -1}', '{"means": ["a"]}', '{"aliased": [1]}', '{"aliased": [2]}', '{"separating": [-1]}', '{"separating": [0.5]}', '{"more": 1}']::jsonb[]) t;
SELECT throws_ok(format('SELECT %L::leadflow.logistic', m::text::jsonb - k), '22P02', NULL, 'no model without ' || k) FROM car_fit, jsonb_object_keys(m::text::jsonb) k;
SELECT throws_ok(format('SELECT %L::leadflow.logistic', t), '22P02', NULL, 'no model: ' || t) FROM unnest(ARRAY['', '1', '[]', '{}', 'null', '{']) t;
SELECT throws_ok(format('SELECT %L::leadflow.logistic', m::text::jsonb || '{"coefficients": [1e999]}'), '22003', NULL, 'no model with a number too large') FROM car_fit;

-- categories
SELECT is(leadflow.one_hot('b', '{a,b,c}'), '{0,1,0}', 'one where the level is');
SELECT is(leadflow.one_hot('z', '{a,b,c}'), '{0,0,0}', 'a value that was never seen is nothing');
SELECT is(leadflow.one_hot('A', '{a,b,c}'), '{0,0,0}', 'case matters');
SELECT is(leadflow.one_hot(NULL, '{a,b,c}'), '{0,0,0}', 'nor is a missing one anything');
SELECT is(leadflow.one_hot(NULL, '{a,NULL,c}'), '{0,1,0}', 'unless null is a level');
SELECT is(leadflow.one_hot('c', '{a,NULL,c}'), '{0,0,1}', 'which others pass');
SELECT is(leadflow.one_hot('a', '{a,a}'), '{1,0}', 'a level that is there twice counts once');
SELECT is(leadflow.one_hot('a', '{}'), '{}', 'no levels, no features');
SELECT is(leadflow.one_hot('a', NULL), NULL, 'no array, none either');
SELECT is(leadflow.one_hot('', '{"",a}'), '{1,0}', 'an empty text is a value');
SELECT is(leadflow.one_hot(repeat('x', 100000), ARRAY['a', repeat('x', 100000)]), '{0,1}', 'long values');
SELECT throws_ok('SELECT leadflow.one_hot(''a'', ''{{a},{b}}'')', '2202E', NULL, 'levels of several dimensions');
SELECT is(leadflow.one_hot('b', '{a,b}') || leadflow.one_hot('x', '{x,y}') || 7::float8, '{0,1,1,0,7}', 'joined to a row of features');

SELECT * FROM finish();
ROLLBACK;
