-- Markov attribution: a worked example, a second solution in plain SQL, and the
-- published example data of R's ChannelAttribution
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT no_plan();
\ir common/summaries.sql

-- three leads: C1, C2, C3 and bought; C1 and lost; C2, C3 and lost. The example
-- and its figures (0.5, 1, 1 and 0.2, 0.4, 0.4) are those of "Channel Attribution
-- modeling using Markov chains in R", Analytics Vidhya, 2018.
CREATE TABLE example (path text[], conversions int, value numeric, nulls int);
INSERT INTO example VALUES ('{C1,C2,C3}', 1, 90.5, 0), ('{C1}', 0, 0, 1), ('{C2,C3}', 0, 0, 1);
CREATE TABLE example_chain AS SELECT leadflow.markov_agg(path, conversions, value, nulls) AS m FROM example;
SELECT results_eq(
    'SELECT a.* FROM example_chain, leadflow.markov_attribution(m) a',
    $$VALUES ('C1', 0.5::float8, 0.2::float8, 0.2::float8, 18.1::float8),
             ('C2', 1, 0.4, 0.4, 36.2), ('C3', 1, 0.4, 0.4, 36.2)$$,
    'removal effects, shares, conversions and value by hand');
SELECT ok(near(leadflow.conversion_probability(m), 1 / 3.0), 'the probability of a conversion') FROM example_chain;
SELECT results_eq(
    'SELECT t.* FROM example_chain, leadflow.transitions(m) t',
    $$VALUES ('{(start)}'::text[], 'C1', 2::float8, 2 / 3.0::float8), ('{(start)}', 'C2', 1, 1 / 3.0::float8),
             ('{C1}', '(null)', 1, 0.5), ('{C1}', 'C2', 1, 0.5), ('{C2}', 'C3', 2, 1),
             ('{C3}', '(null)', 1, 0.5), ('{C3}', '(conversion)', 1, 0.5)$$,
    'the transitions by hand');
SELECT is(m::text, '{"order": 1, "channels": ["C1", "C2", "C3"], "transitions": [[[], 0, [2]], [[], 1, [1]], [[0], -2, [1]], [[0], 1, [1]], [[1], 2, [2]], [[2], -2, [1]], [[2], -1, [1]]], "value": [90.5], "untouched": [[0], [0], [0]]}',
          'the text form') FROM example_chain;
SELECT results_eq(
    $$SELECT t.* FROM leadflow.transitions((SELECT leadflow.markov_agg(path, 1, 0, 1, 2) FROM (VALUES ('{a,b,a,b,c}'::text[])) v(path))) t$$,
    $$VALUES ('{(start)}'::text[], 'a', 2::float8, 1::float8), ('{a}', 'b', 2, 1), ('{a,b}', 'a', 2, 0.5), ('{a,b}', 'c', 2, 0.5),
             ('{b,a}', 'b', 2, 1), ('{b,c}', '(null)', 1, 0.5), ('{b,c}', '(conversion)', 1, 0.5)$$,
    'order 2 remembers two channels, and at the start what there is');

-- thousands of random chains, solved once more: the transitions are counted by
-- joins, and for every channel its transitions are led to nowhere and the
-- equations of the rest solved by Gauss
SELECT setseed(0.42);
CREATE TABLE walk AS
SELECT i AS chain, i % 20 AS k, 1 + i % 4 AS ord, p AS id,
       ARRAY(SELECT chr(97 + floor(random() * (1 + (i / 4) % 4))::int) FROM generate_series(1, 1 + floor(random() * 6)::int + 0 * p)) AS path,
       floor(random() * 4)::float8 AS c, (1 + floor(random() * 400)) / 100 AS n, (random() * 100)::numeric(9,2) AS v
  FROM generate_series(1, 1200) i, generate_series(1, 4) p;
ALTER TABLE walk SET (parallel_workers = 2);
ANALYZE walk;
CREATE TABLE arc AS
SELECT chain, ord, path[greatest(i - ord + 1, 1):i] AS from_state, path[i + 1] AS channel,
       CASE WHEN i < cardinality(path) THEN path[greatest(i - ord + 2, 1):i + 1] END AS to_state,
       e AS ending, sum(CASE e WHEN 'c' THEN c WHEN 'n' THEN n ELSE c + n END) AS w
  FROM walk, generate_series(0, cardinality(path)) i,
       unnest(CASE WHEN i < cardinality(path) THEN '{step}' ELSE '{c,n}'::text[] END) e
 GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(CASE e WHEN 'c' THEN c WHEN 'n' THEN n ELSE c + n END) > 0;
CREATE TABLE node AS
SELECT chain, from_state, row_number() OVER (PARTITION BY chain ORDER BY cardinality(from_state), from_state) AS s
  FROM arc GROUP BY chain, from_state;
CREATE TABLE edge AS
SELECT a.chain, f.s AS f, t.s AS t, a.channel, a.ending, a.w / sum(a.w) OVER (PARTITION BY a.chain, f.s) AS p
  FROM arc a JOIN node f ON f.chain = a.chain AND f.from_state = a.from_state
       LEFT JOIN node t ON t.chain = a.chain AND t.from_state = a.to_state;
CREATE INDEX ON edge (chain);
ANALYZE edge;
CREATE FUNCTION pg_temp.converts_without(chain int, removed text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    n int := (SELECT max(f) FROM edge e WHERE e.chain = $1);
    w int := n + 1;
    a float8[] := array_fill(0::float8, ARRAY[n * (n + 1)]);    -- rows of I - Q and the right side
    x float8[] := array_fill(0::float8, ARRAY[n]);
    e record;
    share float8;
BEGIN
    FOR i IN 1..n LOOP
        a[(i - 1) * w + i] := 1;
    END LOOP;
    FOR e IN SELECT * FROM edge WHERE edge.chain = $1 LOOP
        IF e.ending = 'c' THEN
            a[(e.f - 1) * w + w] := a[(e.f - 1) * w + w] + e.p;
        ELSIF e.ending = 'step' AND e.channel IS DISTINCT FROM removed THEN
            a[(e.f - 1) * w + e.t] := a[(e.f - 1) * w + e.t] - e.p;
        END IF;
    END LOOP;
    FOR k IN 1..n LOOP
        FOR i IN k + 1..n LOOP
            share := a[(i - 1) * w + k] / a[(k - 1) * w + k];
            CONTINUE WHEN share = 0;
            FOR j IN k..w LOOP
                a[(i - 1) * w + j] := a[(i - 1) * w + j] - share * a[(k - 1) * w + j];
            END LOOP;
        END LOOP;
    END LOOP;
    FOR i IN REVERSE n..1 LOOP
        x[i] := a[(i - 1) * w + w];
        FOR j IN i + 1..n LOOP
            x[i] := x[i] - a[(i - 1) * w + j] * x[j];
        END LOOP;
        x[i] := x[i] / a[(i - 1) * w + i];
    END LOOP;
    RETURN x[1];
END $$;
CREATE TABLE chain AS
SELECT chain, ord, leadflow.markov_agg(path, c, v, n, ord) AS m, sum(c) AS c, sum(v) AS v, sum(n) AS n FROM walk GROUP BY 1, 2;
CREATE TABLE answer AS SELECT chain, ord, c, v, n, m, a.* FROM chain, leadflow.markov_attribution(m) a;

SELECT set_eq(
    $$SELECT chain, t.from_state, t.to_state, round(weight::numeric, 9) FROM chain, leadflow.transitions(m) t$$,
    $$SELECT chain, CASE WHEN from_state = '{}' THEN '{(start)}' ELSE from_state END,
             coalesce(channel, CASE ending WHEN 'c' THEN '(conversion)' ELSE '(null)' END), round(w::numeric, 9) FROM arc$$,
    'the transitions of 1,200 chains of all orders are those of joins');
SELECT ok(bool_and(abs(sum - 1) < 1e-14), 'the probabilities of a state sum up to 1')
  FROM (SELECT sum(probability) FROM chain, leadflow.transitions(m) t GROUP BY chain, t.from_state) s;
SELECT ok(count(*) = 1200 AND bool_and(abs(leadflow.conversion_probability(m) - pg_temp.converts_without(chain, NULL)) < 1e-13),
          'the probability of a conversion is that by Gauss') FROM chain;
SELECT ok(bool_and(near(leadflow.conversion_probability(m), c / (c + n::float8))), 'and the share of the paths that converted') FROM chain;
SELECT ok(count(DISTINCT ord) = 4 AND count(*) > 2500 AND max(abs(removal_effect - (1 - pg_temp.converts_without(chain, channel) / pg_temp.converts_without(chain, NULL)))) < 1e-12,
          'the removal effects are those of cutting out each channel: ' || count(*))
  FROM answer WHERE c > 0;
SELECT ok(bool_and(near(s, 1) AND near(conversions, c) AND near(value, v::float8)), 'shares sum up to 1, conversions and value to the totals')
  FROM (SELECT c, v, sum(share) AS s, sum(conversions) AS conversions, sum(value) AS value FROM answer WHERE c > 0 GROUP BY chain, c, v) t;
SELECT ok(count(*) > 0 AND bool_and(removal_effect IS NULL AND share IS NULL AND conversions IS NULL AND value IS NULL AND leadflow.conversion_probability(m) = 0),
          'where nothing converts there is nothing to attribute') FROM answer WHERE c = 0;
SELECT results_eq('SELECT channel FROM answer WHERE chain = 16', 'SELECT channel FROM answer WHERE chain = 16 ORDER BY channel COLLATE "C"', 'channels in the order of their bytes');

-- a channel again and again changes nothing in a chain of order 1
SELECT results_eq($$SELECT * FROM leadflow.markov_attribution((SELECT leadflow.markov_agg(path, 1, 2) FROM (VALUES ('{a,a,a,b}'::text[]), ('{a,a}'), ('{b,b}')) v(path)))$$,
                  $$SELECT * FROM leadflow.markov_attribution((SELECT leadflow.markov_agg(path, 1, 2) FROM (VALUES ('{a,b}'::text[]), ('{a}'), ('{b}')) v(path)))$$,
                  'a channel that follows itself');
-- a path of k channels c.., and a way out that is rare: 1 in 2^40
SELECT ok(near(removal_effect, 1), 'a chain that nearly stands still: ' || channel)
  FROM leadflow.markov_attribution('{"order": 1, "channels": ["a", "b"], "transitions": [[[], 0, [1]], [[0], 0, [1099511627776]], [[0], 1, [1099511627776]], [[1], 0, [1099511627776]], [[1], -1, [1]], [[1], -2, [3]]], "value": [0], "untouched": [[0], [0], [0]]}');
SELECT ok(abs(removal_effect / 1e-18 - 1) < 1e-12, 'a tiny effect has all its digits')
  FROM leadflow.markov_attribution('{"order": 1, "channels": ["a", "b"], "transitions": [[[], 0, [1e18]], [[], 1, [1]], [[0], -1, [1e18]], [[1], -1, [1]]], "value": [0], "untouched": [[0], [0], [0]]}') WHERE channel = 'b';

-- channels that are called like the markers, or nothing
SELECT results_eq($$SELECT channel, removal_effect FROM leadflow.markov_attribution((SELECT leadflow.markov_agg(path, 1, 1) FROM (VALUES ('{(start),(null)}'::text[]), ('{(conversion),""}')) v(path)))$$,
                  $$VALUES ('', 0.5::float8), ('(conversion)', 0.5), ('(null)', 0.5), ('(start)', 0.5)$$, 'markers are no channels');

-- what counts
SELECT is(leadflow.markov_agg(path, c, n)::text, expected, label)
  FROM (VALUES ('{a}'::text[], 1::float8, 0::float8, '{"order": 1, "channels": ["a"], "transitions": [[[], 0, [1]], [[0], -1, [1]]], "value": [0], "untouched": [[0], [0], [0]]}', 'a path of one'),
               (NULL, 1, 1, NULL, 'a null path does not count'),
               ('{}', 2, 3, '{"order": 1, "channels": [], "transitions": [], "value": [0], "untouched": [[2], [0], [3]]}', 'an empty path is kept apart'),
               ('{NULL}', 2, NULL, '{"order": 1, "channels": [], "transitions": [], "value": [0], "untouched": [[2], [0], [0]]}', 'so is one of nulls, and a null weight is 0'),
               ('{NULL,a,NULL}', 0, 0.5, '{"order": 1, "channels": ["a"], "transitions": [[[], 0, [0.5]], [[0], -2, [0.5]]], "value": [0], "untouched": [[0], [0], [0]]}', 'nulls in a path are left out'),
               ('{a}', 0, 0, '{"order": 1, "channels": [], "transitions": [], "value": [0], "untouched": [[0], [0], [0]]}', 'a path of no weight'),
               ('[5:6]={a,b}', 0, 1, '{"order": 1, "channels": ["a", "b"], "transitions": [[[], 0, [1]], [[0], 1, [1]], [[1], -2, [1]]], "value": [0], "untouched": [[0], [0], [0]]}', 'other subscripts'))
       v(path, c, n, expected, label) GROUP BY label, expected;
SELECT is((SELECT leadflow.markov_agg('{a}'::text[], 1, 1)::text FROM generate_series(1, 0)), NULL, 'null without rows');
SELECT results_eq($$SELECT u.* FROM leadflow.untouched((SELECT leadflow.markov_agg(path, c, v, 1) FROM (VALUES ('{}'::text[], 2, 30), ('{}', 1, 5), ('{a}', 7, 7)) w(path, c, v))) u$$,
                  'VALUES (3::float8, 35::float8, 2::float8)', 'what came without a channel');
SELECT is((SELECT count(*) FROM leadflow.markov_attribution((SELECT leadflow.markov_agg('{}', 2, 3)))), 0::bigint, 'and is attributed to none');
SELECT is((SELECT leadflow.conversion_probability(leadflow.markov_agg('{}', 2, 3))), NULL, 'nor has a probability');
SELECT is(state_of(format('SELECT leadflow.markov_agg(%s)', args)), state, format('%s: %s', state, args))
  FROM (VALUES ($$'{a}', -1, 0$$, '22003'), ($$'{a}', 0, -1$$, '22003'), ($$'{a}', 1, -1, 0$$, '22003'), ($$'{a}', 'NaN', 0$$, '22003'), ($$'{a}', 1, 'Infinity'$$, '22003'),
               ($$'{}', '-Infinity', 0$$, '22003'), ($$'{a}', 1, 'NaN', 0$$, '22003'), ($$'{a}', 1.7e308, 1.7e308$$, '22003'), ($$'{{a,b}}', 1, 0$$, '2202E'),
               ($$'{a}', 1, 0, 1, 0$$, '22023'), ($$'{a}', 1, 0, 1, 5$$, '22023'), ($$'{a}', 1, 0, 1, NULL$$, '22023'),
               ($$ARRAY[repeat('a', 1025)], 1, 0$$, '54000'), ($$ARRAY[repeat('a', 1024)], 1, 0$$, '00000'),
               ($$(SELECT array_agg(i::text) FROM generate_series(1, 65536) i), 1, 0$$, '54000')) v(args, state);
SELECT is(state_of($$SELECT leadflow.markov_agg('{a}', 1, 0, 1, i) FROM generate_series(1, 2) i$$), '22023', 'one order for all rows');
SELECT is(state_of($$SELECT leadflow.rollup(m) FROM (SELECT leadflow.markov_agg('{a}', 1, 0, 1, i) AS m FROM generate_series(1, 2) i GROUP BY i) s$$), '22023', 'and for all chains');
SELECT is(state_of($$SELECT leadflow.markov_agg('{a}', 1.7e308, 0) FROM generate_series(1, 2)$$), '22003', 'a total out of range');
SELECT is(state_of($$SELECT leadflow.rollup(m) FROM (SELECT leadflow.markov_agg('{a}', 1.7e308, 0) AS m FROM generate_series(1, 2) i GROUP BY i) s$$), '22003', 'also of chains');
SELECT is(state_of($$SELECT leadflow.markov_add(NULL, '{a}', 1, 0)$$), '42809', 'the transition function is for aggregates');
SELECT is(state_of($$SELECT leadflow.markov_combine(m, m) FROM example_chain$$), '42809', 'so is the combine function');
SELECT is(state_of(format('SELECT leadflow.markov_attribution(leadflow.markov_agg((SELECT array_agg(i::text) FROM generate_series(1, %s) i), 1, 1))', n)), state, format('%s states', n + 1))
  FROM (VALUES (20000, '54000'), (1000, '00000')) v(n, state);
-- a and b lead to each other, and once in 1e309 times elsewhere
SELECT ok(near(removal_effect, 1) AND near(share, 0.5) AND near(leadflow.conversion_probability(m), 0.5), 'a way out that is very rare: ' || channel)
  FROM (VALUES ('{"order": 1, "channels": ["a", "b"], "transitions": [[[], 0, [1]], [[0], 0, [1e300]], [[0], 1, [1e300]], [[0], -1, [1e-9]], [[1], 0, [1e300]], [[1], -2, [1e-9]]], "value": [0], "untouched": [[0], [0], [0]]}'::leadflow.markov_chain)) v(m),
       leadflow.markov_attribution(m);
SELECT is(state_of(format('SELECT leadflow.%s(%L)', name, chain)), '22003', format('%s: %s', name, label))
  FROM (VALUES ('{"order": 1, "channels": ["a", "b"], "transitions": [[[], 0, [1]], [[0], 1, [1e308]], [[0], -1, [1e-308]], [[1], 0, [1e308]], [[1], -2, [1e-308]]], "value": [0], "untouched": [[0], [0], [0]]}', 'a way out that is too rare for a number'),
               ('{"order": 1, "channels": ["a"], "transitions": [[[], 0, [1e300]], [[0], -1, [1e-300]], [[0], -2, [1e300]]], "value": [0], "untouched": [[0], [0], [0]]}', 'a conversion that is')) v(chain, label),
       unnest('{markov_attribution,conversion_probability}'::text[]) name;
SELECT is(state_of($$SELECT leadflow.transitions((SELECT leadflow.markov_agg(path, 1.7e308, 0) FROM (VALUES ('{a}'::text[]), ('{b}')) v(path)))$$), '22003', 'weights that are out of range together');

-- many channels, each followed by the next; then a path of nulls alone
SELECT set_config('statement_timeout', 5 * :patience || 's', true) AS within \gset
SELECT ok((leadflow.markov_agg(ARRAY[i::text, (i + 1)::text], 1, 0))::text LIKE '{"order": 1, %', 'moves between neighbours are found as fast as others') FROM generate_series(1, 60000) i;
RESET statement_timeout;
SELECT is(leadflow.markov_agg(array_fill(NULL::text, '{70000000}'), 1, 0)::text, leadflow.markov_agg('{}', 1, 0)::text, 'a long path of nulls');

-- text form: what no paths could make is refused
SELECT is(state_of(format('SELECT %L::leadflow.markov_chain', replace(replace('{"order": 1, "channels": ["a", "b"], "transitions": [TRANSITIONS], "value": [0], "untouched": UNTOUCHED}',
                                  'TRANSITIONS', transitions), 'UNTOUCHED', untouched))), state, format('%s: %s', state, label))
  FROM (VALUES ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [1]]', '[[0], [0], [0]]', '00000', 'a chain'),
               ('[[1], -1, [1]], [[0], 1, [1, 1e-20]], [[], 0, [1]]', '[[1], [3.5], [0]]', '00000', 'in any order'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [1]]', '[[0], [0]]', '22P02', 'two outcomes'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [1]]', '[[0], [0], [-1]]', '22P02', 'a negative outcome'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [1, 1]]', '[[0], [0], [0]]', '22P02', 'a rest that is no rest'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, []]', '[[0], [0], [0]]', '22P02', 'no weight'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [0]]', '[[0], [0], [0]]', '22P02', 'weight 0'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, ["NaN"]]', '[[0], [0], [0]]', '22P02', 'weight NaN'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, ["Infinity"]]', '[[0], [0], [0]]', '22P02', 'an infinite weight'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -1, [1]], [[1], -1, [1]]', '[[0], [0], [0]]', '22P02', 'a transition twice'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], -3, [1]]', '[[0], [0], [0]]', '22P02', 'no such end'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], 2, [1]]', '[[0], [0], [0]]', '22P02', 'no such channel'),
               ('[[], 0, [1]], [[0], 1, [1]], [[2], -1, [1]]', '[[0], [0], [0]]', '22P02', 'no such state'),
               ('[[], 0, [1]], [[0], 1, [1]], [[0, 1], -1, [1]]', '[[0], [0], [0]]', '22P02', 'more channels than the order'),
               ('[[], 0, [1]], [[0], -1, [1]]', '[[0], [0], [0]]', '22P02', 'a channel that is not used'),
               ('', '[[0], [0], [0]]', '22P02', 'channels without transitions'),
               ('[[], 0, [1]], [[0], 1, [1]]', '[[0], [0], [0]]', '22P02', 'a state that is not left'),
               ('[[], 0, [1]], [[0], 1, [1]], [[1], 0, [1]]', '[[0], [0], [0]]', '22P02', 'a circle'),
               ('[[], 0, [1]], [[0], -1, [1]], [[1], -1, [1]]', '[[0], [0], [0]]', '22P02', 'a state that is not reached'),
               ('[[0], 1, [1]], [[1], 0, [1]], [[1], -1, [1]]', '[[0], [0], [0]]', '22P02', 'no start'),
               ('[[], 0, [1]], [[], -1, [1]], [[0], 1, [1]], [[1], -1, [1]]', '[[0], [0], [0]]', '22P02', 'an end at the start')) v(transitions, untouched, state, label);
SELECT is(state_of(format('SELECT %L::leadflow.markov_chain', value)), '22P02', 'refused: ' || value)
  FROM unnest(ARRAY['', '{}', '{"order": 0, "channels": [], "transitions": [], "value": [0], "untouched": [[0], [0], [0]]}',
                    '{"order": 5, "channels": [], "transitions": [], "value": [0], "untouched": [[0], [0], [0]]}',
                    '{"order": 1, "channels": ["a", "a"], "transitions": [], "value": [0], "untouched": [[0], [0], [0]]}',
                    '{"order": 1, "channels": [], "transitions": [], "value": [0], "untouched": [[0], [0], [0]]} x']) value;

-- all forms
CREATE FUNCTION pg_temp.mangled(value bytea) RETURNS bigint LANGUAGE sql AS $$
    -- every byte changed in turn: an error or another chain, never a crash
    SELECT count(received('leadflow.markov_chain', set_byte(value, i, get_byte(value, i) # b)))
      FROM generate_series(0, length(value) - 1) i, unnest('{1,128}'::int[]) b
$$;
SELECT ok(bool_and(m::text::leadflow.markov_chain::text = m::text), 'text round trip') FROM chain;
SELECT is(received('leadflow.markov_chain', leadflow.markov_chain_send(m)), m::text, 'binary round trip') FROM chain WHERE chain IN (3, 13, 16);
SELECT is(pg_temp.mangled(leadflow.markov_chain_send(m)), 2 * length(leadflow.markov_chain_send(m))::bigint, 'binary, every byte wrong in turn') FROM example_chain;
SELECT is(received('leadflow.markov_chain', '\x02'), '22P03', 'another version of the binary form');

-- one value, however it was made
CREATE TABLE split (LIKE walk) PARTITION BY LIST (id);
-- the first and the last have nothing that counts: states to combine that are null
CREATE TABLE split_0 PARTITION OF split FOR VALUES IN (0);
CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1) WITH (parallel_workers = 2);
CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (2, 3) WITH (parallel_workers = 2);
CREATE TABLE split_4 PARTITION OF split FOR VALUES IN (4) WITH (parallel_workers = 2);
CREATE TABLE split_9 PARTITION OF split FOR VALUES IN (9);
INSERT INTO split SELECT * FROM walk;
INSERT INTO split SELECT chain, k, ord, x, NULL, c, n, v FROM walk, unnest('{0,9}'::int[]) x;
INSERT INTO split SELECT chain, -1, ord, x, NULL, c, n, v FROM walk, unnest('{0,1,2,9}'::int[]) x;
ANALYZE split;
CREATE FUNCTION pg_temp.digest(source text, call text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT md5(string_agg(k || m, '','' ORDER BY k, ord)) FROM (SELECT k, ord, %s::text AS m FROM %s GROUP BY k, ord) s', call, source)
$$;
CREATE FUNCTION pg_temp.run(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE result text; BEGIN EXECUTE query INTO result; RETURN result; END $$;
SELECT pg_temp.run(pg_temp.digest('walk', 'leadflow.markov_agg(path, c, v, n, ord)')) AS whole \gset
SELECT is(CASE way WHEN 'in parallel' THEN in_parallel(q) WHEN 'by partitions' THEN by_partition(q) ELSE pg_temp.run(q) END, :'whole', 'the same ' || way)
  FROM (VALUES ('walk', 'leadflow.markov_agg(path, c, v, n, ord)', 'in parallel'),
               ('split', 'leadflow.markov_agg(path, c, v, n, ord)', 'by partitions'),
               ('(SELECT k, ord, leadflow.markov_agg(path, c, v, n, ord) AS m FROM walk GROUP BY k, ord, id % 3) p', 'leadflow.rollup(m)', 'rolled up from pieces')) v(source, call, way),
       pg_temp.digest(source, call) q;
CREATE TABLE kept AS SELECT k, id, leadflow.markov_agg(path, c, v, n, 3) AS m FROM walk GROUP BY k, id;
SELECT is(leadflow.rollup(m)::text, (SELECT leadflow.markov_agg(path, c, v, n, 3)::text FROM walk), 'and from a table') FROM kept;
SELECT is((SELECT leadflow.markov_agg(path, c, v, n, 2)::text FROM (SELECT * FROM walk ORDER BY random()) s), leadflow.markov_agg(path, c, v, n, 2)::text, 'the order of rows does not matter') FROM walk;
SELECT is(leadflow.rollup(m)::text, (SELECT leadflow.markov_agg('{a}', 3, 0)::text), 'nulls do not count in a rollup') FROM (VALUES (NULL), ('{"order": 1, "channels": ["a"], "transitions": [[[], 0, [3]], [[0], -1, [3]]], "value": [0], "untouched": [[0], [0], [0]]}'::leadflow.markov_chain), (NULL)) v(m);
SELECT is(leadflow.rollup(m)::text, NULL, 'nor is anything made of nulls') FROM (VALUES (NULL::leadflow.markov_chain), (NULL)) v(m);

-- the example data of R's ChannelAttribution (10,000 paths); the figures were
-- computed from the file outside PostgreSQL, and agree with the package's matrix
\if :{?shared}
CREATE TABLE data (path text, c float8, v float8, n float8);
\set file :shared '/data/channelattribution/paths.csv'
COPY data FROM :'file' (FORMAT csv, DELIMITER ';', HEADER);
CREATE TABLE reference (from_state text, to_state text, count float8, p float8);
\set file :shared '/data/channelattribution/transitions_reference.csv'
COPY reference FROM :'file' (FORMAT csv, HEADER);
CREATE TABLE real AS SELECT leadflow.markov_agg(string_to_array(path, ' > '), c, v, n) AS m,
       leadflow.markov_agg(string_to_array(path, ' > '), c, v, 0) FILTER (WHERE c > 0) AS nonull FROM data;
CREATE TABLE published (channel text, effect float8, conversions float8, value float8, effect_nonull float8, conversions_nonull float8);
INSERT INTO published VALUES
    ('alpha', 0.558399, 5344.947682, 20208.1359, 0.561719, 5260.069561), ('beta', 0.264039, 2527.352167, 9555.3931, 0.276094, 2585.406272),
    ('delta', 0.000482, 4.613618, 17.4431, 0.000455, 4.258673), ('epsilon', 0.062639, 599.570650, 2266.8520, 0.064590, 604.831524),
    ('eta', 0.349026, 3340.847402, 12631.0494, 0.357505, 3347.765891), ('gamma', 0.017880, 171.145443, 647.0653, 0.018798, 176.028054),
    ('iota', 0.405835, 3884.614702, 14686.9206, 0.416398, 3899.246228), ('kappa', 0.028663, 274.363256, 1037.3104, 0.029543, 276.651119),
    ('lambda', 0.134022, 1282.847223, 4850.1786, 0.138344, 1295.482152), ('mi', 0.000180, 1.722425, 6.5121, 0.000202, 1.892970),
    ('theta', 0.206010, 1971.912880, 7455.3926, 0.207048, 1938.846090), ('zeta', 0.039811, 381.062553, 1440.7183, 0.042131, 394.521465);
SELECT ok(count(*) = 12 AND bool_and(abs(removal_effect - effect) <= 5.01e-7 AND abs(a.conversions - p.conversions) <= 5.01e-7 AND abs(a.value - p.value) <= 5.01e-5),
          'ChannelAttribution''s example: effects, conversions and value, to every published digit')
  FROM real, leadflow.markov_attribution(m) a JOIN published p USING (channel);
SELECT ok(count(*) = 12 AND bool_and(abs(removal_effect - effect_nonull) <= 5.01e-7 AND abs(a.conversions - conversions_nonull) <= 5.01e-7), 'and without null paths')
  FROM real, leadflow.markov_attribution(nonull) a JOIN published p USING (channel);
SELECT ok(abs(leadflow.conversion_probability(m) - 0.223845135597) < 1e-12 AND leadflow.conversion_probability(nonull) = 1, 'its probability of a conversion') FROM real;
SELECT ok(abs(sum(removal_effect) - 2.066986349921) < 1e-12, 'the sum of its removal effects') FROM real, leadflow.markov_attribution(m);
SELECT ok(count(*) = 148 AND bool_and(t.weight = r.count AND abs(t.probability - r.p) <= 5.1e-13), 'its transitions')
  FROM real, leadflow.transitions(m) t FULL JOIN reference r ON r.from_state = t.from_state[1] AND r.to_state = t.to_state;
SELECT ok(bool_and(abs(p - 19785 / (19785 + 68602.0)) < 1e-12 AND abs(s - 19785) < 1e-8), 'orders 2 to 4 attribute the same conversions')
  FROM (SELECT leadflow.conversion_probability(m) AS p, (SELECT sum(conversions) FROM leadflow.markov_attribution(m)) AS s
          FROM (SELECT leadflow.markov_agg(string_to_array(path, ' > '), c, v, n, k) AS m FROM data, generate_series(2, 4) k GROUP BY k) o) t;
\else
SELECT skip('needs ../shared/data', 6);
\endif

SELECT * FROM finish();
ROLLBACK;
