-- Shapley attribution: a worked example, the axioms, and all permutations gone
-- through in plain SQL
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT no_plan();
\ir common/summaries.sql

-- by hand: a alone converts 1 of 10, b alone 1 of 5, both together 5 of 10; so
-- v(a) = 0.1, v(b) = 0.2, v(ab) = 7 / 25 = 0.28, and a is worth (0.1 + 0.08) / 2,
-- b (0.2 + 0.18) / 2
CREATE TABLE example (path text[], conversions int, value int, nulls int);
INSERT INTO example VALUES ('{a}', 1, 100, 9), ('{b,b}', 1, 40, 4), ('{a,b}', 2, 60, 3), ('{b,a,b}', 3, 80, 2);
CREATE TABLE example_coalitions AS SELECT leadflow.shapley_agg(path, conversions, value, nulls) AS s FROM example;
SELECT is(s::text, '{"channels": ["a", "b"], "coalitions": [[[0], [[1], [100], [9]]], [[1], [[1], [40], [4]]], [[0, 1], [[5], [140], [5]]]]}',
          'neither order nor repeats matter') FROM example_coalitions;
SELECT results_eq($$SELECT channel, round(share::numeric, 12), round(a.conversions::numeric, 12), round(a.value::numeric, 12), exact FROM example_coalitions, leadflow.shapley_attribution(s) a$$,
                  $$VALUES ('a', round(0.09 / 0.28, 12), 2.25, 90.0, true), ('b', round(0.19 / 0.28, 12), 4.75, 190.0, true)$$, 'rate, by hand');
SELECT results_eq($$SELECT a.* FROM example_coalitions, leadflow.shapley_attribution(s, 'sum') a$$,
                  $$VALUES ('a', 0.5::float8, 3.5::float8, 140::float8, true), ('b', 0.5, 3.5, 140, true)$$, 'sum, by hand: a path is shared equally');

-- random games of up to 6 channels, and the mean over all permutations
SELECT setseed(0.42);
CREATE TABLE walk AS
SELECT i AS game, i % 20 AS k, p AS id,
       ARRAY(SELECT chr(97 + floor(random() * (1 + i % 6))::int) FROM generate_series(1, 1 + floor(random() * 4)::int + 0 * p)) AS path,
       floor(random() * 4)::float8 AS c, floor(random() * 400) / 100 AS n, (random() * 100)::numeric(9,2) AS v
  FROM generate_series(1, 120) i, generate_series(1, 12) p;
ALTER TABLE walk SET (parallel_workers = 2);
ANALYZE walk;
CREATE TABLE game AS SELECT game, sum(c) AS c, sum(v) AS v, sum(n) AS n, leadflow.shapley_agg(path, c, v, n) AS s FROM walk GROUP BY game;
CREATE TABLE player AS SELECT DISTINCT game, channel FROM walk, unnest(path) channel WHERE c + v + n > 0;
CREATE TABLE worth AS
WITH RECURSIVE coalition AS (
    SELECT DISTINCT game, '{}'::text[] AS members FROM player
    UNION ALL
    SELECT game, members || channel FROM coalition JOIN player USING (game) WHERE channel > ALL (members))
SELECT c.game, members, coalesce(sum(w.c), 0) AS sum, coalesce(sum(w.c) / nullif(sum(w.c + w.n), 0), 0) AS rate
  FROM coalition c LEFT JOIN walk w ON w.game = c.game AND w.path <@ members GROUP BY c.game, members;
CREATE TABLE by_permutation AS
WITH RECURSIVE permutation AS (
    SELECT DISTINCT game, '{}'::text[] AS came FROM player
    UNION ALL
    SELECT game, came || channel FROM permutation JOIN player USING (game) WHERE channel <> ALL (came)),
whole AS (SELECT game, came FROM permutation p WHERE cardinality(came) = (SELECT count(*) FROM player WHERE player.game = p.game)),
step AS (SELECT game, channel, ARRAY(SELECT c FROM unnest(came[:i - 1]) c ORDER BY 1) AS before, ARRAY(SELECT c FROM unnest(came[:i]) c ORDER BY 1) AS after
           FROM whole, unnest(came) WITH ORDINALITY u(channel, i)),
counted AS (SELECT game, channel, before, after, count(*) FROM step GROUP BY 1, 2, 3, 4)
SELECT game, channel,
       sum(count * (a.rate - b.rate)) / sum(count) AS rate, sum(count * (a.sum - b.sum)) / sum(count) AS sum
  FROM counted JOIN worth a USING (game) JOIN worth b USING (game)
 WHERE a.members = after AND b.members = before GROUP BY game, channel;
SELECT is(count(DISTINCT game), 120::bigint, 'the games') FROM by_permutation;
SELECT ok(count(*) > 300 AND count(*) = (SELECT count(*) FROM player p JOIN game USING (game) WHERE game.c > 0) AND max(abs(a.share - p.rate / p.all_rate)) < 1e-12,
          'rate: equal to the mean over all permutations: ' || count(*))
  FROM game, leadflow.shapley_attribution(s) a
       JOIN (SELECT *, sum(rate) OVER (PARTITION BY game) AS all_rate FROM by_permutation) p USING (channel) WHERE p.game = game.game AND game.c > 0;
SELECT ok(count(*) > 300 AND max(abs(a.conversions - p.sum)) < 1e-12, 'sum: equal to the mean over all permutations')
  FROM game, leadflow.shapley_attribution(s, 'sum') a JOIN by_permutation p USING (channel) WHERE p.game = game.game AND game.c > 0;
SELECT ok(bool_or(share < 0), 'a channel that spoils a path has a negative share') FROM game, leadflow.shapley_attribution(s) WHERE c > 0;

-- the axioms
SELECT ok(count(*) > 200 AND bool_and(near(share, 1) AND near(conversions, c) AND near(value, v::float8)), 'efficiency: shares sum up to 1, conversions and value to the totals')
  FROM (SELECT g.c, g.v, sum(a.share) AS share, sum(a.conversions) AS conversions, sum(a.value) AS value
          FROM game g, unnest('{rate,sum}'::text[]) how, leadflow.shapley_attribution(s, how) a WHERE c > 0 GROUP BY game, how, g.c, g.v) t;
SELECT is(count(DISTINCT share), 2::bigint, 'symmetry: channels that do the same get the same') FROM leadflow.shapley_attribution(
    (SELECT leadflow.shapley_agg(path, c, n) FROM (VALUES ('{a}'::text[], 1, 5), ('{b}', 1, 5), ('{x}', 3, 3), ('{a,x}', 2, 2), ('{b,x}', 2, 2), ('{a,b}', 4, 1)) v(path, c, n)));
SELECT ok(bool_and(abs(share - expected) < 1e-15), 'dummy: a channel whose paths convert like those without it gets nothing of the rate')
  FROM leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, n)
       FROM (VALUES ('{a}'::text[], 1, 1), ('{b}', 1, 1), ('{d,a}', 1, 1), ('{d,b}', 2, 2), ('{a,b}', 2, 2)) v(path, c, n)))
       JOIN (VALUES ('a', 0.5), ('b', 0.5), ('d', 0)) e(channel, expected) USING (channel);
SELECT is(array_agg(share ORDER BY channel), '{0.5,0.5,0}', 'dummy: a channel that never converts gets nothing of the sum')
  FROM leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, n)
       FROM (VALUES ('{a}'::text[], 1, 1), ('{b}', 1, 1), ('{d}', 0, 9), ('{a,b}', 2, 2)) v(path, c, n)), 'sum');
SELECT ok(bool_and(near(whole.conversions, coalesce(one.conversions, 0) + coalesce(two.conversions, 0))), 'additivity: two months of the sum are the sum of two months')
  FROM leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, n) FROM walk WHERE k = 5), 'sum') whole
       LEFT JOIN leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, n) FROM walk WHERE k = 5 AND id <= 6), 'sum') one USING (channel)
       LEFT JOIN leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, n) FROM walk WHERE k = 5 AND id > 6), 'sum') two USING (channel);

-- more channels
CREATE FUNCTION pg_temp.wide(channels int) RETURNS leadflow.coalitions LANGUAGE sql AS $$
    SELECT leadflow.shapley_agg(ARRAY(SELECT format('c%s', lpad(((i * 11 + j * j * (i % 3)) % channels)::text, 2, '0')) FROM generate_series(1, 1 + i % 4) j), (i * 7919) % 5, (i * 31) % 97, 1 + (i * 104729) % 11)
      FROM generate_series(1, 2000) i
$$;
CREATE TABLE wide AS SELECT n, pg_temp.wide(n) AS s FROM unnest('{10,20,21,64}'::int[]) n;
SELECT is(array_agg(bool_and ORDER BY n), '{t,t,f,f}', 'exact up to 20 channels')
  FROM (SELECT n, bool_and(exact) FROM wide, leadflow.shapley_attribution(s) GROUP BY n HAVING count(*) = n) t;
SELECT ok(max(abs(e.share - a.share)) < 0.003 AND max(abs(e.share - a.share)) > 0, 'many samples are close to exact: ' || max(abs(e.share - a.share)))
  FROM wide, leadflow.shapley_attribution(s) e JOIN leadflow.shapley_attribution(s, 'rate', 50000, 7) a USING (channel) WHERE n = 10;
SELECT ok(max(abs(e.share - a.share)) < 0.02, 'the usual number is fairly close: ' || max(abs(e.share - a.share)))
  FROM wide, leadflow.shapley_attribution(s) e JOIN leadflow.shapley_attribution(s, 'rate', 10000) a USING (channel) WHERE n = 20;
SELECT results_eq('SELECT a.* FROM wide, leadflow.shapley_attribution(s, ''rate'', 500, 7) a WHERE n = 64', 'SELECT a.* FROM wide, leadflow.shapley_attribution(s::text::leadflow.coalitions, ''rate'', 500, 7) a WHERE n = 64',
                  'the same seed, the same result');
SELECT results_eq('SELECT a.* FROM wide, leadflow.shapley_attribution(s) a WHERE n = 64', 'SELECT a.* FROM wide, leadflow.shapley_attribution(s, ''rate'', 10000, 1) a WHERE n = 64',
                  'by default 10,000 samples and seed 1');
SELECT results_ne('SELECT a.* FROM wide, leadflow.shapley_attribution(s, ''rate'', 500, 7) a WHERE n = 64', 'SELECT a.* FROM wide, leadflow.shapley_attribution(s, ''rate'', 500, 8) a WHERE n = 64',
                  'another seed, another estimate');
SELECT ok(near(sum(share), 1), 'an estimate is efficient as well') FROM wide, leadflow.shapley_attribution(s, 'rate', 3) WHERE n = 64;
SELECT ok(bool_and(exact) AND near(sum(share), 1), 'the sum is always exact') FROM wide, leadflow.shapley_attribution(s, 'sum', 3) WHERE n = 64;
SELECT is(state_of($$SELECT pg_temp.wide(65)$$), '54000', 'at most 64 channels');
SELECT is(state_of($$SELECT leadflow.rollup(s) FROM (SELECT leadflow.shapley_agg(ARRAY['c' || i], 1, 1) AS s FROM generate_series(1, 65) i GROUP BY i) p$$), '54000', 'also of a rollup');

-- what counts
SELECT is(leadflow.shapley_agg(path, c, n)::text, expected, label)
  FROM (VALUES ('{a}'::text[], 1::float8, 0::float8, '{"channels": ["a"], "coalitions": [[[0], [[1], [0], [0]]]]}', 'a path of one'),
               (NULL, 1, 1, NULL, 'a null path does not count'),
               ('{}', 2, 3, '{"channels": [], "coalitions": [[[], [[2], [0], [3]]]]}', 'an empty path is the empty set'),
               ('{NULL}', 2, NULL, '{"channels": [], "coalitions": [[[], [[2], [0], [0]]]]}', 'so is one of nulls, and a null weight is 0'),
               ('{NULL,a,NULL}', 0, 0.5, '{"channels": ["a"], "coalitions": [[[0], [[0], [0], [0.5]]]]}', 'nulls in a path are left out'),
               ('{a}', 0, 0, '{"channels": [], "coalitions": []}', 'a path of no weight')) v(path, c, n, expected, label) GROUP BY label, expected;
SELECT is((SELECT leadflow.shapley_agg('{a}'::text[], 1, 1)::text FROM generate_series(1, 0)), NULL, 'null without rows');
SELECT results_eq($$SELECT u.* FROM leadflow.untouched((SELECT leadflow.shapley_agg(path, c, v, 1) FROM (VALUES ('{}'::text[], 2, 30), ('{}', 1, 5), ('{a}', 7, 7)) w(path, c, v))) u$$,
                  'VALUES (3::float8, 35::float8, 2::float8)', 'what came without a channel');
SELECT results_eq('SELECT u.* FROM example_coalitions, leadflow.untouched(s) u', 'VALUES (0::float8, 0::float8, 0::float8)', 'nothing did');
SELECT results_eq($$SELECT * FROM leadflow.shapley_attribution((SELECT leadflow.shapley_agg(path, c, 1) FROM (VALUES ('{}'::text[], 2), ('{a}', 7)) w(path, c)))$$,
                  $$VALUES ('a', 1::float8, 7::float8, 0::float8, true)$$, 'is attributed to none');
SELECT is((SELECT count(*) FROM unnest('{rate,sum}'::text[]) how, leadflow.shapley_attribution('{"channels": [], "coalitions": []}', how)), 0::bigint, 'nobody, no rows');
SELECT ok(count(*) = 4 AND bool_and(share IS NULL AND conversions IS NULL AND value IS NULL), 'where nothing converts there is nothing to share')
  FROM unnest('{rate,sum}'::text[]) how, leadflow.shapley_attribution((SELECT leadflow.shapley_agg('{a,b}', 0, 3)), how);
SELECT is(state_of(format('SELECT leadflow.shapley_agg(%s)', args)), state, format('%s: %s', state, args))
  FROM (VALUES ($$'{a}', -1, 0$$, '22003'), ($$'{a}', 0, -1$$, '22003'), ($$'{a}', 1, -1, 0$$, '22003'), ($$'{a}', 'NaN', 0$$, '22003'), ($$'{a}', 1, 'Infinity'$$, '22003'),
               ($$'{{a,b}}', 1, 0$$, '2202E'), ($$ARRAY[repeat('a', 1025)], 1, 0$$, '54000')) v(args, state);
SELECT is(state_of(format('SELECT a.* FROM example_coalitions, leadflow.shapley_attribution(s, %s) a', args)), state, format('%s: %s', state, args))
  FROM (VALUES ($$'mean'$$, '22023'), ($$'rate', -1$$, '22023'), ($$'rate', 10000001$$, '22023'), ($$'rate', 1, -5$$, '00000'), ($$'rate', 1, -9223372036854775808$$, '00000')) v(args, state);
SELECT is(state_of($$SELECT leadflow.shapley_agg('{a}', 1.7e308, 0) FROM generate_series(1, 2)$$), '22003', 'a total out of range');
SELECT is(state_of($$SELECT leadflow.shapley_attribution((SELECT leadflow.shapley_agg(ARRAY[i::text], 1e308, 0) FROM generate_series(1, 2) i))$$), '22003', 'also of all sets');
SELECT is(state_of($$SELECT leadflow.coalitions_add(NULL, '{a}', 1, 0)$$), '42809', 'the transition function is for aggregates');

-- all forms
SELECT is(state_of(format('SELECT %L::leadflow.coalitions', value)), state, format('%s: %s', state, value))
  FROM (VALUES ('{"channels": ["a"], "coalitions": [[[0], [[1], [0], [0]]]]}', '00000'), ('{"channels": ["a"], "coalitions": [[[0], [[0], [0], [0]]]]}', '22P02'),
               ('{"channels": ["a", "a"], "coalitions": []}', '22P02'), ('{"channels": ["a"], "coalitions": []}', '22P02'), ('{"channels": ["a"], "coalitions": [[[1], [[1], [0], [0]]]]}', '22P02'),
               ('{"channels": ["a"], "coalitions": [[[0, 0], [[1], [0], [0]]]]}', '22P02'), ('{"channels": [], "coalitions": [[[0], [[1], [0], [0]]]]}', '22P02'),
               ('{"channels": ["a"], "coalitions": [[[0], [[1], [0], [0]]], [[0], [[1], [0], [0]]]]}', '22P02'), ('{"channels": ["a"], "coalitions": [[[0], [[1], [0]]]]}', '22P02'),
               ('{"channels": ["a"], "coalitions": [[[0], [[-1], [0], [0]]]]}', '22P02'), ('{"channels": ["a"], "coalitions": [[[0], [["NaN"], [0], [0]]]]}', '22P02'), ('', '22P02'),
               ('{"channels": ["b", "a"], "coalitions": [[[1, 0], [[1], [0.5], [0]]]]}', '00000')) v(value, state);
SELECT is('{"channels": ["b", "a"], "coalitions": [[[1, 0], [[1], [0.5], [0]]], [[0], [[1], [0], [0]]]]}'::leadflow.coalitions::text,
          '{"channels": ["a", "b"], "coalitions": [[[1], [[1], [0], [0]]], [[0, 1], [[1], [0.5], [0]]]]}', 'one form for one meaning');
SELECT is(state_of(format('SELECT %L::leadflow.coalitions', '{"channels": [' || string_agg(format('"%s"', i), ', ') || '], "coalitions": []}')), '22P02', '65 channels as text') FROM generate_series(1, 65) i;
SELECT ok(bool_and(s::text::leadflow.coalitions::text = s::text), 'text round trip') FROM (SELECT s FROM game UNION ALL SELECT s FROM wide) t;
SELECT is(received('leadflow.coalitions', leadflow.coalitions_send(s)), s::text, 'binary round trip') FROM wide;
SELECT is(count(received('leadflow.coalitions', set_byte(b, i, get_byte(b, i) # 129))), length(b)::bigint, 'binary, every byte wrong in turn')
  FROM (SELECT leadflow.coalitions_send(s) AS b FROM example_coalitions) t, generate_series(0, length(b) - 1) i GROUP BY b;

-- one value, however it was made
CREATE TABLE split (LIKE walk) PARTITION BY LIST (id);
-- the first and the last have nothing that counts: states to combine that are null
CREATE TABLE split_0 PARTITION OF split FOR VALUES IN (0);
CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1, 2, 3, 4, 5);
CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (6, 7, 8, 9, 10, 11, 12);
CREATE TABLE split_99 PARTITION OF split FOR VALUES IN (99);
INSERT INTO split SELECT * FROM walk;
INSERT INTO split SELECT game, k, x, NULL, c, n, v FROM walk, unnest('{0,99}'::int[]) x;
INSERT INTO split SELECT game, -1, x, NULL, c, n, v FROM walk, unnest('{0,1,6,99}'::int[]) x;
ANALYZE split;
CREATE FUNCTION pg_temp.digest(source text, call text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT md5(string_agg(k || m, '','' ORDER BY k)) FROM (SELECT k, %s::text AS m FROM %s GROUP BY k) s', call, source)
$$;
CREATE FUNCTION pg_temp.run(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE result text; BEGIN EXECUTE query INTO result; RETURN result; END $$;
SELECT pg_temp.run(pg_temp.digest('walk', 'leadflow.shapley_agg(path, c, v, n)')) AS whole \gset
SELECT is(CASE way WHEN 'in parallel' THEN in_parallel(q) WHEN 'by partitions' THEN by_partition(q) ELSE pg_temp.run(q) END, :'whole', 'the same ' || way)
  FROM (VALUES ('walk', 'leadflow.shapley_agg(path, c, v, n)', 'in parallel'),
               ('split', 'leadflow.shapley_agg(path, c, v, n)', 'by partitions'),
               ('(SELECT k, leadflow.shapley_agg(path, c, v, n) AS s FROM walk GROUP BY k, id % 3) p', 'leadflow.rollup(s)', 'rolled up from pieces')) v(source, call, way),
       pg_temp.digest(source, call) q;
SELECT is((SELECT leadflow.shapley_agg(path, c, v, n)::text FROM (SELECT * FROM walk ORDER BY random()) t), leadflow.shapley_agg(path, c, v, n)::text, 'the order of rows does not matter') FROM walk;
SELECT is(leadflow.rollup(s)::text, (SELECT leadflow.shapley_agg(path, c, v, n)::text FROM walk), 'kept in a table and rolled up') FROM game;
SELECT is(leadflow.rollup(s)::text, (SELECT s::text FROM example_coalitions), 'nulls do not count in a rollup') FROM (SELECT NULL AS s UNION ALL SELECT s FROM example_coalitions UNION ALL SELECT NULL) v;
SELECT is(leadflow.rollup(s)::text, NULL, 'nor is anything made of nulls') FROM (VALUES (NULL::leadflow.coalitions), (NULL)) v(s);

SELECT * FROM finish();
ROLLBACK;
