-- score.sql
--   What score.sh works on: touches of leads whose points fade, and leads with
--   a score, attributes or features and an outcome.  psql variables: touches, leads, rows.
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
CREATE SCHEMA bench_score;
SET search_path = bench_score;
SELECT setseed(0.5);

-- decayed_sum: touches of the last year, in the order in which they came
CREATE UNLOGGED TABLE touch AS
SELECT 1 + floor(random() * :leads)::int AS lead, (1 + floor(random() * 20))::float8 AS points,
       timestamptz '2026-01-01' - (:touches - i) * (interval '365 days' / :touches) AS at
  FROM generate_series(1, :touches) i;
CREATE UNLOGGED TABLE few_touches AS SELECT * FROM touch LIMIT :touches / 50;

-- auc: a score with as many values as rows, the same in 101 whole points, and
-- an outcome that it tells something of
CREATE UNLOGGED TABLE closed AS
SELECT score, round(score * 100)::float8 AS points, random() < 0.05 + 0.5 * score ^ 2 AS outcome
  FROM (SELECT random() AS score FROM generate_series(1, :rows) OFFSET 0) s;

-- naive_bayes_fit and predict: eight attributes of 2 to 1,000 values, one often missing
CREATE UNLOGGED TABLE described AS
SELECT random() < 0.4 AS outcome,
       'source ' || floor(random() * 20) AS source, 'country ' || floor(random() * random() * 100) AS country,
       'city ' || floor(random() * 1000) AS city, (ARRAY['small', 'medium', 'large'])[1 + floor(random() * 3)::int] AS size,
       CASE WHEN random() < 0.7 THEN 'industry ' || floor(random() * 30) END AS industry,
       (random() < 0.5)::text AS opted_in, floor(random() * 10)::text AS visits, 'campaign ' || floor(random() * 200) AS campaign
  FROM generate_series(1, :rows);
CREATE TABLE model AS
SELECT leadflow.naive_bayes_fit(outcome, ARRAY[source, country, city, size, industry, opted_in, visits, campaign]) AS model FROM described;

-- logistic_fit: 20 features, nearly normal with deviation 1, of which some tell
CREATE FUNCTION feature() RETURNS double precision LANGUAGE sql AS 'SELECT 2 * (random() + random() + random() - 1.5)';
CREATE UNLOGGED TABLE featured AS
SELECT random() < 1 / (1 + exp(1 - x[1] - 0.4 * x[2] + 0.1 * x[3] - 0.5 * x[10] + 0.3 * x[20])) AS outcome, x
  FROM (SELECT ARRAY[feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature(),
                     feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature(), feature()] AS x
          FROM generate_series(1, :rows) OFFSET 0) f;

VACUUM ANALYZE featured;
VACUUM ANALYZE described;
VACUUM ANALYZE touch;
VACUUM ANALYZE few_touches;
VACUUM ANALYZE closed;
