-- Buyers' touches as Markov chains and coalitions: the same as of the paths of
-- channels that plain SQL makes of them.
BEGIN;
\ir common/tried.sql
SELECT plan(17);
SELECT setseed(0.41);

CREATE TABLE event AS
SELECT 1 + floor(random() * 400)::int AS buyer, i::bigint AS id,
       timestamptz '2026-01-01' + floor(random() * 60) * interval '1 day' AS at,
       CASE WHEN random() < 0.9 THEN (ARRAY['ads', 'web', 'mail', 'fair', 'direct'])[1 + floor(random() * 5)::int] END AS channel,
       CASE WHEN random() < 0.12 THEN 'conversion' WHEN random() < 0.1 THEN 'lead' END AS mark,
       floor(random() * 10000)::numeric / 100 AS amount
  FROM generate_series(1, 3000) i;
CREATE TABLE buyer AS
SELECT buyer, leadflow.attribution_agg(at, channel, mark, CASE WHEN mark = 'conversion' THEN amount END, id) AS p FROM event GROUP BY buyer;
-- in plain SQL: the touches up to the first conversion
CREATE TABLE journey AS
SELECT e.buyer, array_agg(e.channel ORDER BY e.at, e.id) FILTER (WHERE e.channel IS NOT NULL AND (c.at IS NULL OR e.at <= c.at)) AS path,
       (c.at IS NOT NULL)::int AS conversions, coalesce(c.amount, 0)::float8 AS value, (c.at IS NULL)::int AS nulls
  FROM event e LEFT JOIN (SELECT DISTINCT ON (buyer) buyer, at, amount FROM event WHERE mark = 'conversion' ORDER BY buyer, at, id) c USING (buyer)
 WHERE e.channel IS NOT NULL OR e.mark IS NOT NULL
 GROUP BY e.buyer, c.at, c.amount;

SELECT ok(count(*) > 350 AND bool_or(path IS NULL) AND bool_or(conversions = 1 AND cardinality(path) > 3) AND bool_or(nulls = 1), 'all kinds of journeys are there') FROM journey;
SELECT is((SELECT leadflow.markov_agg(p, k) FROM buyer)::text,
          (SELECT leadflow.markov_agg(coalesce(path, '{}'), conversions, value, nulls, k) FROM journey)::text, format('the chain of order %s', k))
  FROM generate_series(1, 4) k;
SELECT is((SELECT leadflow.markov_agg(p) FROM buyer)::text, (SELECT leadflow.markov_agg(p, 1) FROM buyer)::text, 'the order is 1 where none is given');
SELECT is((SELECT leadflow.shapley_agg(p) FROM buyer)::text,
          (SELECT leadflow.shapley_agg(coalesce(path, '{}'), conversions, value, nulls) FROM journey)::text, 'the coalitions');
SELECT is((SELECT leadflow.markov_agg(coalesce(leadflow.channel_path(p), '{}'), (leadflow.conversions(p) > 0)::int, 0, (leadflow.conversions(p) = 0)::int)
             FROM buyer)::text,
          (SELECT leadflow.markov_agg(coalesce(path, '{}'), conversions, 0, nulls) FROM journey)::text, 'channel_path() goes the same way');
SELECT is((SELECT sum(conversions) FROM leadflow.markov_attribution((SELECT leadflow.markov_agg(p) FROM buyer)))::numeric(9,6),
          (SELECT count(*) FROM journey WHERE conversions = 1 AND path IS NOT NULL)::numeric(9,6), 'every conversion with a touch is given to channels');

-- in parts, in parallel, from flat values
CREATE TABLE kept AS SELECT buyer % 7 AS part, leadflow.markov_agg(p) AS m, leadflow.shapley_agg(p) AS s FROM buyer GROUP BY 1;
SELECT is(leadflow.rollup(m)::text, (SELECT leadflow.markov_agg(p)::text FROM buyer), 'chains rolled up') FROM kept;
SELECT is(leadflow.rollup(s)::text, (SELECT leadflow.shapley_agg(p)::text FROM buyer), 'coalitions rolled up') FROM kept;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
\ir common/plan_of.sql
SELECT matches(plan_of('SELECT leadflow.markov_agg(p), leadflow.shapley_agg(p) FROM buyer'), 'Partial Aggregate', 'it runs in parallel');
CREATE TABLE at_once AS SELECT leadflow.markov_agg(p) AS m, leadflow.shapley_agg(p) AS s FROM buyer;
SELECT is(o.m::text, (SELECT leadflow.rollup(m)::text FROM kept), 'with the same chain') FROM at_once o;
SELECT is(o.s::text, (SELECT leadflow.rollup(s)::text FROM kept), 'and the same coalitions') FROM at_once o;

SELECT is(leadflow.markov_agg(NULL::leadflow.touch_path)::text, NULL, 'nothing comes of nothing');
SELECT is(tried('SELECT leadflow.markov_agg(p, NULL) FROM buyer'), '22023', 'an order must be given');
SELECT is(tried($$SELECT leadflow.markov_agg(p) FROM (SELECT leadflow.attribution_agg(timestamptz '2026-01-01', 'web', 'conversion', -1) AS p) b$$), '22003', 'a conversion that costs money has no value to share');

SELECT * FROM finish();
ROLLBACK;
