-- score.sql
--   What score.sh works on: touches of leads whose points fade, and leads with
--   a score and an outcome.  psql variables: touches, leads, rows.
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

VACUUM ANALYZE touch;
VACUUM ANALYZE few_touches;
VACUUM ANALYZE closed;
