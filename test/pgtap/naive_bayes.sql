-- The naive Bayes model: against the worked vector of Odoo's frequency model,
-- hand-computed values, and the same counted and computed in plain SQL
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET timezone = 'UTC';
SET jit = off;

SELECT no_plan();

\ir common/summaries.sql

CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

SET LOCAL max_parallel_workers_per_gather = 0;

-- the worked vector of Odoo's model: 6 won, 4 lost, 3 of these in S1 and 1 in S2
CREATE TEMPORARY TABLE closed (won boolean, country text, stages text[]);
INSERT INTO closed
SELECT true, country, ARRAY['S1', 'S2'] FROM unnest(ARRAY['PL', 'PL', 'PL', 'PL', 'DE', 'DE']) country
UNION ALL
SELECT false, country, CASE WHEN country = 'PL' THEN ARRAY['S1', 'S2'] ELSE ARRAY['S1'] END
  FROM unnest(ARRAY['PL', 'DE', 'DE', 'DE']) country;
CREATE TEMPORARY TABLE odoo AS
SELECT leadflow.naive_bayes_fit(won, jsonb_build_object('country', country, 'stage', stages)) AS model FROM closed;

SELECT is(model::text,
          '{"won": 6, "lost": 4, "attributes": {"country": {"DE": [2, 3], "PL": [4, 1]}}, "sets": {"stage": {"S1": [6, 4], "S2": [6, 1]}}}',
          'the frequency table')
  FROM odoo;
SELECT is(round(100 * leadflow.predict(model, jsonb_build_object('stage', stage, 'country', country))::numeric, 2), p,
          format('Odoo: stage %s, country %s', stage, coalesce(country, 'missing')))
  FROM odoo,
       (VALUES ('S1', 'PL', 78.98), ('S1', 'DE', 40.57), ('S1', NULL, 59.80), ('S1', 'FR', 59.80),
               ('S2', 'PL', 93.33), ('S2', 'DE', 71.79), ('S2', NULL, 84.72), ('S2', 'FR', 84.72)) v(stage, country, p);
SELECT ok(near(leadflow.log_odds(model, '{"stage": "S1", "country": "PL"}'::jsonb),
                       ln(6.1::float8 / 4.1 * (4.1 / 6.2) / (1.1 / 4.2))), 'its log odds')
  FROM odoo;
SELECT ok(near(leadflow.predict(model, '{}'::jsonb), 6.1 / 10.2), 'a lead of which nothing is known has the prior') FROM odoo;
SELECT ok(near(leadflow.predict(model, '{"stage": ["S2", "S1", "S2", null]}'::jsonb), leadflow.predict(model, '{"stage": ["S1", "S2"]}'::jsonb)),
          'an element of a set counts once') FROM odoo;
SELECT is(leadflow.predict(model, '{"planet": "Mars", "moons": [1, 2]}'::jsonb), leadflow.predict(model, '{}'::jsonb),
          'an attribute that the model does not know is neutral') FROM odoo;

-- missing as a level, by hand: of 10 rows, 3 won a, 1 won b, 1 won missing; 1 lost a, 4 lost missing
SELECT ok(near(leadflow.predict(m, f, 1, 'level'), p), 'level, alpha 1: ' || label)
  FROM (SELECT '{"won": 5, "lost": 5, "attributes": {"x": {"a": [3, 1], "b": [1, 0]}}}'::leadflow.naive_bayes) v(m),
       (VALUES ('{"x": "a"}'::jsonb, 4 / 6.0, 'a value'), ('{"x": "b"}', 2 / 3.0, 'a value that was never lost'),
               ('{"x": null}', 2 / 7.0, 'missing'), ('{}', 2 / 7.0, 'absent is missing'),
               ('{"x": "c"}', 0.5, 'a value that was never seen is neutral')) w(f, p, label);
SELECT ok(near(leadflow.predict('{"won": 2, "lost": 1, "attributes": {"x": {"a": [2, 1]}}}', '{}'::jsonb, 1, 'level'), 2 / 3.0),
          'missing is neutral where nothing was');
SELECT ok(near(leadflow.predict('{"won": 3, "lost": 2, "sets": {"t": {"a": [2, 0]}}}', '{"t": ["a"]}'::jsonb, 1, 'level'),
                       1 / (1 + (2.0 / 3) * (1 / 4.0) / (3 / 5.0))), 'level: an element of a set, which a row has or has not');
SELECT ok(near(leadflow.predict('{"won": 3, "lost": 2, "sets": {"t": {"a": [2, 0]}}}', f, 1, 'level'), 0.6),
          'level: a set that is missing or empty is neutral')
  FROM (VALUES ('{}'::jsonb), ('{"t": []}'), ('{"t": null}')) v(f);

-- never 0 or 1 by accident
SELECT is(leadflow.predict(m::leadflow.naive_bayes, '{}'::jsonb, 1, p), NULL, format('%s cannot be computed from %s', p, m))
  FROM unnest(ARRAY['skip', 'level']) p,
       unnest(ARRAY['{"won": 0, "lost": 0}', '{"won": 3, "lost": 0}', '{"won": 0, "lost": 3}']) m;
CREATE TEMPORARY TABLE sure AS
SELECT leadflow.naive_bayes_fit(i % 2 = 0, array_fill((i % 2)::text, ARRAY[200])) AS model FROM generate_series(1, 1000) i;
SELECT ok(p > 0 AND p < 1 AND abs(l) > 1000, format('two hundred sure signs of %s do not say that it has happened', x))
  FROM sure, unnest(ARRAY['0', '1']) x,
       LATERAL (SELECT leadflow.predict(model, array_fill(x, ARRAY[200])), leadflow.log_odds(model, array_fill(x, ARRAY[200]))) v(p, l);

-- counted and computed in plain SQL
CREATE TABLE lead AS
SELECT i, (i * 7919) % 101 < 30 + (i % 5) * 8 AS outcome,
       (ARRAY['web', 'fair', 'call', NULL, 'ZoÃ« "q" \'])[1 + i % 5] AS source,
       CASE WHEN i % 11 < 9 THEN (i * 31 % 97)::text END AS city,
       CASE WHEN i % 3 > 0 THEN 'size ' || i % 7 END AS size,
       ARRAY(SELECT 't' || t FROM generate_series(1, 6) t WHERE i % (t + 1) = 0) AS tags
  FROM generate_series(1, 2000) i;
ALTER TABLE lead SET (parallel_workers = 2);
ANALYZE lead;
CREATE VIEW pg_temp.counted AS
SELECT attribute, value, count(*) FILTER (WHERE outcome) AS won, count(*) FILTER (WHERE NOT outcome) AS lost, attribute = 'tags' AS is_set
  FROM lead,
       LATERAL (VALUES ('source', source), ('city', city), ('size', size)
                UNION ALL SELECT 'tags', t FROM unnest(tags) t) v(attribute, value)
 WHERE value IS NOT NULL
 GROUP BY attribute, value;
CREATE TEMPORARY TABLE fitted AS
SELECT leadflow.naive_bayes_fit(outcome, jsonb_build_object('source', source, 'city', city, 'size', size, 'tags', tags)) AS model,
       leadflow.naive_bayes_fit(outcome, ARRAY[source, city, size], ARRAY['source', 'city', 'size']) AS named,
       leadflow.naive_bayes_fit(outcome, ARRAY[source, city, size]) AS positional
  FROM lead;

SELECT set_eq(
    $$SELECT attribute, value, (count ->> 0)::bigint AS won, (count ->> 1)::bigint AS lost, section = 'sets' AS is_set
        FROM fitted, jsonb_each(model::text::jsonb - 'won' - 'lost') s(section, attributes),
             jsonb_each(attributes) a(attribute, "values"), jsonb_each("values") v(value, count)$$,
    $$SELECT * FROM pg_temp.counted$$,
    'the counts are those of GROUP BY');
SELECT results_eq(
    $$SELECT (model::text::jsonb ->> 'won')::bigint, (model::text::jsonb ->> 'lost')::bigint FROM fitted$$,
    $$SELECT count(*) FILTER (WHERE outcome), count(*) FILTER (WHERE NOT outcome) FROM lead$$,
    'and so are the rows');
SELECT is(named::text::jsonb -> 'attributes', model::text::jsonb -> 'attributes', 'arrays with names count the same') FROM fitted;
SELECT is(positional::text::jsonb #> '{attributes,2}', model::text::jsonb #> '{attributes,city}', 'without names, they are the positions')
  FROM fitted;

-- alpha 0.1 and 0.7, both policies, each row by ln and exp
CREATE FUNCTION pg_temp.expected(alpha float8, level boolean) RETURNS TABLE (i int, p float8) LANGUAGE sql AS $$
WITH n AS (
    SELECT count(*) FILTER (WHERE outcome)::float8 AS won, count(*) FILTER (WHERE NOT outcome)::float8 AS lost FROM lead
), filled AS (
    SELECT attribute, value, c.won, c.lost, is_set FROM pg_temp.counted c
     UNION ALL
    SELECT attribute, NULL, n.won - sum(c.won), n.lost - sum(c.lost), false
      FROM pg_temp.counted c, n WHERE level AND NOT is_set GROUP BY attribute, n.won, n.lost
    HAVING sum(c.won + c.lost) < n.won + n.lost
), factor AS (
    SELECT attribute, value,
           CASE WHEN is_set THEN ln((f.won + alpha) / (n.won + alpha * CASE WHEN level THEN 2 ELSE 1 END))
                                 - ln((f.lost + alpha) / (n.lost + alpha * CASE WHEN level THEN 2 ELSE 1 END))
                ELSE ln((f.won + alpha) / sum(f.won + alpha) OVER (PARTITION BY attribute))
                     - ln((f.lost + alpha) / sum(f.lost + alpha) OVER (PARTITION BY attribute)) END AS term
      FROM filled f, n
), held AS (
    SELECT i, attribute, value
      FROM lead, LATERAL (VALUES ('source', source), ('city', city), ('size', size)
                          UNION ALL SELECT 'tags', t FROM unnest(tags) t) v(attribute, value)
)
SELECT i, 1 / (1 + exp(-(CASE WHEN level THEN ln(n.won / n.lost) ELSE ln((n.won + alpha) / (n.lost + alpha)) END + coalesce(sum(term), 0))))
  FROM n, held LEFT JOIN factor ON factor.attribute = held.attribute AND factor.value IS NOT DISTINCT FROM held.value
 GROUP BY i, n.won, n.lost
$$;
SELECT ok(count(*) = 2000 AND bool_and(near(p, leadflow.predict(model, jsonb_build_object('source', source, 'city', city, 'size', size, 'tags', tags),
                                                                  alpha, CASE WHEN level THEN 'level' ELSE 'skip' END))),
          format('predict equals plain SQL, alpha %s, %s', alpha, CASE WHEN level THEN 'level' ELSE 'skip' END))
  FROM (VALUES (0.1::float8, false), (0.7, false), (0.1, true), (1, true)) v(alpha, level),
       LATERAL pg_temp.expected(alpha, level) JOIN lead USING (i), fitted
 GROUP BY alpha, level;
SELECT ok(bool_and(leadflow.predict(named, ARRAY[source, city, size], ARRAY['source', 'city', 'size'], 1, 'level')
                   = leadflow.predict(named, jsonb_build_object('city', city, 'size', size, 'source', source), 1, 'level')
                   AND leadflow.predict(positional, ARRAY[source, city, size]) = leadflow.predict(positional, jsonb_build_object('1', source, '2', city, '3', size))
                   AND near(leadflow.predict(positional, ARRAY[source, city, size]), leadflow.predict(named, ARRAY[source, city, size], ARRAY['source', 'city', 'size']))
                   AND leadflow.predict(named, ARRAY[size, source], ARRAY['size', 'source']) = leadflow.predict(named, ARRAY[source, NULL, size], ARRAY['source', 'city', 'size'])),
          'arrays and objects predict the same')
  FROM lead, fitted;

-- a call site keeps what it worked out, and knows when it has to work anew
CREATE TEMPORARY TABLE several AS
SELECT k, leadflow.naive_bayes_fit(outcome, ARRAY[source, CASE WHEN k % 2 = 0 THEN repeat(md5(city), 30) ELSE city END]) AS model
  FROM lead, generate_series(1, 40) k WHERE i % 41 <> k GROUP BY k;
CREATE TEMPORARY TABLE apart (k int, p float8);
DO $$
BEGIN
    FOR number IN 1 .. 40 LOOP
        INSERT INTO apart SELECT k, leadflow.predict(model, ARRAY['web', '5']) FROM several WHERE k = number;
    END LOOP;
END $$;
SELECT ok(bool_and(p = leadflow.predict(model, ARRAY['web', '5'])), 'forty models by turns')
  FROM generate_series(1, 3) r, several JOIN apart USING (k);
SELECT is((SELECT count(DISTINCT p) FROM apart) > 20, true, 'which are not all the same');
SELECT ok(bool_and(leadflow.predict(model, ARRAY['web', '5'], a, m) = CASE WHEN a = 0.1 THEN p ELSE leadflow.predict(model, '{"1": "web", "2": "5"}'::jsonb, a, m) END),
          'smoothing and treatment of missing values by turns')
  FROM several JOIN apart USING (k), (VALUES (0.1, 'skip'), (1, 'level'), (1, 'skip')) v(a, m);
SELECT ok(near(max(running) FILTER (WHERE i = 100), leadflow.predict((SELECT leadflow.naive_bayes_fit(outcome, ARRAY[source]) FROM lead WHERE i <= 100), ARRAY['web'])),
          'a model that grows row by row, in a window')
  FROM (SELECT i, leadflow.predict(leadflow.naive_bayes_fit(outcome, ARRAY[source]) OVER (ORDER BY i), ARRAY['web']) AS running FROM lead WHERE i <= 200) w;
SELECT ok(bool_and(a = b), 'a model fresh from its aggregate')
  FROM (SELECT leadflow.predict(x.model, ARRAY['web', i::text]) AS a, leadflow.predict(x.model::text::leadflow.naive_bayes, ARRAY['web', i::text]) AS b
          FROM (SELECT outcome, leadflow.naive_bayes_fit(outcome OR i % 3 = 0, ARRAY[source, city]) AS model FROM lead GROUP BY outcome OFFSET 0) x, generate_series(1, 50) i) y
 WHERE a IS NOT NULL;

-- the order of rows, parts, workers
SELECT is(leadflow.naive_bayes_fit(outcome, jsonb_build_object('tags', tags, 'size', size, 'city', city, 'source', source) ORDER BY i DESC)::text,
          (SELECT model::text FROM fitted), 'rows in another order make the same text') FROM lead;
SELECT is(leadflow.naive_bayes_fit(outcome, ARRAY[size, source, city], ARRAY['size', 'source', 'city'] ORDER BY md5(i::text)),
          (SELECT named FROM fitted), 'and the same bytes') FROM lead;
SELECT is(leadflow.rollup(part), (SELECT model FROM fitted), 'the rollup of parts is the fit of the whole')
  FROM (SELECT leadflow.naive_bayes_fit(outcome, jsonb_build_object('source', source, 'city', city, 'size', size, 'tags', tags)) AS part
          FROM lead GROUP BY i % 13
         UNION ALL SELECT NULL) p;
SELECT is(in_parallel($$SELECT leadflow.naive_bayes_fit(outcome, jsonb_build_object('source', source, 'city', city, 'size', size, 'tags', tags)) FROM lead$$),
          (SELECT model::text FROM fitted), 'in parallel, from objects');
SELECT is(in_parallel($$SELECT leadflow.naive_bayes_fit(outcome, ARRAY[source, city, size]) FROM lead$$),
          (SELECT positional::text FROM fitted), 'in parallel, from arrays');
SELECT is(in_parallel($$SELECT leadflow.naive_bayes_fit(outcome, ARRAY[source, city, size], ARRAY['source', 'city', 'size']) FROM lead$$),
          (SELECT named::text FROM fitted), 'in parallel, with names');
SELECT is(in_parallel($$SELECT sum((leadflow.predict(m, ARRAY[source]) * 1e6)::bigint) FROM lead, (SELECT '{"won": 1, "lost": 2, "attributes": {"1": {"web": [1, 0]}}}'::leadflow.naive_bayes) v(m)$$),
          (SELECT sum((leadflow.predict('{"won": 1, "lost": 2, "attributes": {"1": {"web": [1, 0]}}}', ARRAY[source]) * 1e6)::bigint) FROM lead)::text,
          'workers predict');
CREATE TABLE part AS
SELECT leadflow.naive_bayes_fit(outcome, jsonb_build_object('source', source, 'city', city, 'size', size, 'tags', tags)) AS part FROM lead GROUP BY i % 50;
ALTER TABLE part SET (parallel_workers = 2);
SELECT is(in_parallel('SELECT leadflow.rollup(part) FROM part'), (SELECT model::text FROM fitted), 'the rollup in parallel');
SELECT is(leadflow.rollup(m), NULL, 'the rollup of nothing is null') FROM (SELECT NULL::leadflow.naive_bayes) v(m);
CREATE AGGREGATE pg_temp.combined(leadflow.naive_bayes) (SFUNC = leadflow.naive_bayes_combine, STYPE = leadflow.naive_bayes);
SELECT is((SELECT pg_temp.combined(m::leadflow.naive_bayes ORDER BY n) FROM unnest(models) WITH ORDINALITY u(m, n))::text, expected, 'combine: ' || label)
  FROM (VALUES (ARRAY[NULL, NULL], NULL, 'null and null'), (ARRAY[NULL, '{"won": 1, "lost": 0}'], '{"won": 1, "lost": 0}', 'null and a model'),
               (ARRAY['{"won": 1, "lost": 0}', NULL], '{"won": 1, "lost": 0}', 'a model and null'),
               (ARRAY['{"won": 1, "lost": 0, "sets": {"a": {"x": [1, 0]}}}', '{"won": 0, "lost": 2, "sets": {"a": {"x": [0, 1], "y": [0, 2]}}}'],
                '{"won": 1, "lost": 2, "sets": {"a": {"x": [1, 1], "y": [0, 2]}}}', 'two models')) v(models, expected, label);

-- what counts
SELECT is(leadflow.naive_bayes_fit(w, f)::text, expected, label)
  FROM (VALUES (1, NULL::boolean, '{"a": 1}'::jsonb, NULL, 'a row without an outcome does not count'),
               (2, true, NULL, '{"won": 1, "lost": 1, "attributes": {"a": {"x": [0, 1]}}}', 'a row without features counts for its class'),
               (2, false, '{"a": "x"}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [0, 1]}}}', 'a row without features counts for its class'),
               (3, true, '{"a": null, "b": [], "c": [null]}', '{"won": 1, "lost": 0}', 'null, an empty array and an array of nulls are missing'),
               (4, true, '{"a": 1, "b": 1.0, "c": true, "d": "", "e": ["1", 1, "1"]}',
                '{"won": 1, "lost": 0, "attributes": {"a": {"1": [1, 0]}, "b": {"1.0": [1, 0]}, "c": {"true": [1, 0]}, "d": {"": [1, 0]}}, "sets": {"e": {"1": [1, 0]}}}',
                'values are texts, an empty one too, and elements count once'),
               (5, true, '{"a": []}', '{"won": 2, "lost": 0, "attributes": {"a": {"x": [1, 0]}}}', 'an empty array is of either kind'),
               (5, true, '{"a": "x"}', '{"won": 2, "lost": 0, "attributes": {"a": {"x": [1, 0]}}}', 'an empty array is of either kind')) v(n, w, f, expected, label)
 GROUP BY n, expected, label ORDER BY n;
SELECT is(leadflow.naive_bayes_fit(true, f)::text, '{"won": 5, "lost": 0, "attributes": {"1": {"x": [1, 0]}, "3": {"": [1, 0], "y": [1, 0]}}}',
          'arrays of any length, with nulls')
  FROM (VALUES (ARRAY['x', NULL, 'y']), (ARRAY[NULL, NULL, '']), (ARRAY[NULL]), ('{}'), (NULL)) v(f);
SELECT is(leadflow.naive_bayes_fit(true, '[5:6]={a,b}'::text[])::text, '{"won": 1, "lost": 0, "attributes": {"1": {"a": [1, 0]}, "2": {"b": [1, 0]}}}',
          'positions are counted from 1, whatever the subscripts');

-- text and binary forms
SELECT is(model::text::leadflow.naive_bayes, model, 'the text form says all') FROM fitted;
SELECT is((model::text::jsonb)::text::leadflow.naive_bayes, model, 'in any order of keys') FROM fitted;
CREATE FUNCTION pg_temp.wire(t text) RETURNS bytea LANGUAGE sql AS 'SELECT int4send(octet_length(convert_to(t, ''UTF8''))) || convert_to(t, ''UTF8'')';
SELECT is(leadflow.naive_bayes_send('{"won": 2, "lost": 1, "attributes": {"a": {"x": [2, 0]}}, "sets": {"b": {"y": [1, 1]}}}'),
          '\x01'::bytea || int8send(2) || int8send(1) || int8send(2)
          || pg_temp.wire('a') || '\x00' || int8send(1) || pg_temp.wire('x') || int8send(2) || int8send(0)
          || pg_temp.wire('b') || '\x01' || int8send(1) || pg_temp.wire('y') || int8send(1) || int8send(1), 'the binary form');
SELECT is(received('leadflow.naive_bayes', leadflow.naive_bayes_send(model)), model::text, 'says all') FROM fitted;
SELECT is(received('leadflow.naive_bayes',
                   '\x01'::bytea || int8send(1) || int8send(1) || int8send(2)
                   || pg_temp.wire('b') || '\x00' || int8send(2) || pg_temp.wire('y') || int8send(1) || int8send(0) || pg_temp.wire('x') || int8send(0) || int8send(1)
                   || pg_temp.wire('a') || '\x00' || int8send(1) || pg_temp.wire('x') || int8send(1) || int8send(0)),
          '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 0]}, "b": {"x": [0, 1], "y": [1, 0]}}}', 'in any order');
SELECT is(received('leadflow.naive_bayes', value), state, 'binary, refused: ' || label)
  FROM (VALUES
    (''::bytea, '08P01', 'nothing'), ('\x02'::bytea || int8send(1) || int8send(1) || int8send(0), '22P03', 'another version'),
    ('\x01'::bytea || int8send(-1) || int8send(1) || int8send(0), '22P03', 'a negative count'),
    ('\x01'::bytea || int8send(9007199254740992) || int8send(1) || int8send(0), '22P03', 'too large a count'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1601), '22P03', 'too many attributes'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1), '08P01', 'an attribute that does not come'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || int4send(-1), '08P01', 'a negative length'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || pg_temp.wire('a') || '\x02', '22P03', 'neither a set nor not'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || pg_temp.wire('a') || '\x00' || int8send(0), '22P03', 'an attribute without values'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || pg_temp.wire('a') || '\x00' || int8send(1000001), '22P03', 'too many values'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || pg_temp.wire('a') || '\x00' || int8send(1) || pg_temp.wire('x') || int8send(2) || int8send(0), '22P03', 'more rows than there are'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(1) || pg_temp.wire('a') || '\x00' || int8send(2) || pg_temp.wire('x') || int8send(1) || int8send(0) || pg_temp.wire('x') || int8send(0) || int8send(1), '22P03', 'a value twice'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(2) || pg_temp.wire('a') || '\x00' || int8send(1) || pg_temp.wire('x') || int8send(1) || int8send(0) || pg_temp.wire('a') || '\x00' || int8send(1) || pg_temp.wire('x') || int8send(0) || int8send(1), '22P03', 'an attribute twice'),
    ('\x01'::bytea || int8send(1) || int8send(1) || int8send(0) || '\x00', '22P03', 'more than a model')) v(value, state, label);
SELECT is(get_byte(leadflow.naive_bayes_send(model), 0), 1, 'which begins with its version') FROM odoo;
SELECT ok('{"won": 1, "lost": 2}'::leadflow.naive_bayes = '{"lost": 2, "won": 1}' AND '{"won": 1, "lost": 2}'::leadflow.naive_bayes <> '{"won": 2, "lost": 1}'
          AND '{"won": 1, "lost": 2}'::leadflow.naive_bayes IS DISTINCT FROM '{"won": 1, "lost": 2, "attributes": {"a": {"b": [1, 0]}}}', 'equality');

SELECT is(left(pg_temp.error_of(format('SELECT %L::leadflow.naive_bayes', t)), 5), '22P02', 'refused: ' || t)
  FROM unnest(ARRAY[
    '', '1', '[]', 'null', '"won"', '{', '{}', '{"won": 1}', '{"lost": 1}', '{"won": 1, "lost": 1} x', '{"won": 1, "lost": 1}{}',
    '{"won": -1, "lost": 1}', '{"won": 1.0, "lost": 1}', '{"won": 1e2, "lost": 1}', '{"won": "1", "lost": 1}', '{"won": null, "lost": 1}',
    '{"won": [1, 2], "lost": 1}', '{"won": {}, "lost": 1}', '{"won": 9007199254740992, "lost": 1}', '{"won": 99999999999999999999999, "lost": 1}',
    '{"won": 1, "won": 1, "lost": 1}', '{"won": 1, "lost": 1, "other": 1}', '{"won": 1, "lost": 1, "attributes": 1}', '{"won": 1, "lost": 1, "attributes": []}',
    '{"won": 1, "lost": 1, "attributes": {"a": 1}}', '{"won": 1, "lost": 1, "attributes": {"a": []}}', '{"won": 1, "lost": 1, "attributes": {"a": {}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": 1}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": {}}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": []}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 1, 1]}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [[1], 1]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, {}]}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, null]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [0, 0]}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [2, 0]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [0, 2]}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 0], "y": [1, 0]}}}',
    '{"won": 1, "lost": 1, "sets": {"a": {"x": [1, 2]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 0], "x": [0, 1]}}}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 0]}, "a": {"y": [0, 1]}}}',
    '{"won": 1, "lost": 1, "attributes": {"a": {"x": [1, 0]}}, "sets": {"a": {"y": [0, 1]}}}',
    '{"won": 1, "lost": 1, "sets": {"a": {"x": [1, 0]}}, "sets": {"b": {"y": [0, 1]}}}']) t;
SELECT is('{"won": 9007199254740991, "lost": 0}'::leadflow.naive_bayes::text, '{"won": 9007199254740991, "lost": 0}', 'the largest count');
SELECT ok(pg_temp.error_of($$SELECT leadflow.rollup(m) FROM (VALUES ('{"won": 9007199254740991, "lost": 0}'::leadflow.naive_bayes), ('{"won": 1, "lost": 0}')) v(m)$$) LIKE '22003 %',
          'and no larger');
SELECT :SERVER_VERSION_NUM >= 160000 AS has_soft_errors \gset
\if :has_soft_errors
SELECT ok(NOT pg_input_is_valid(t, 'leadflow.naive_bayes'), 'asked whether it is valid, says no: ' || t)
  FROM unnest(ARRAY['x', '{}', '{"won": 1, "lost": -1}', '{"won": 1, "lost": 1, "attributes": {"a": {"x": [2, 0]}}}']) t;
\endif

-- refusals while learning and asking
SELECT ok(pg_temp.error_of(query) LIKE state || ' %', state || ': ' || query)
  FROM (VALUES
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '[1]'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '1'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '{"a": {"b": 1}}'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '{"a": {}}'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '{"a": [1, [2]]}'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, '{"a": [1, {}]}'::jsonb)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, f) FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": [1]}')) v(f)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, f) FROM (VALUES ('{"a": [1]}'::jsonb), ('{"a": 1}')) v(f)$$),
    ('22023', $$SELECT leadflow.rollup(m) FROM (VALUES ('{"won": 1, "lost": 0, "sets": {"a": {"x": [1, 0]}}}'::leadflow.naive_bayes), ('{"won": 1, "lost": 0, "attributes": {"a": {"x": [1, 0]}}}')) v(m)$$),
    ('2202E', $$SELECT leadflow.naive_bayes_fit(true, ARRAY[['a'], ['b']])$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, ARRAY['a', 'b'], ARRAY['x'])$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, f, ARRAY['x']) FROM (VALUES (ARRAY['a']), (ARRAY['a', 'b'])) v(f)$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, ARRAY['a', 'b'], ARRAY['x', 'x'])$$),
    ('22004', $$SELECT leadflow.naive_bayes_fit(true, ARRAY['a', 'b'], ARRAY['x', NULL])$$),
    ('22004', $$SELECT leadflow.naive_bayes_fit(true, ARRAY['a', 'b'], NULL::text[])$$),
    ('22023', $$SELECT leadflow.naive_bayes_fit(true, ARRAY['a'], ARRAY[n]) FROM (VALUES ('x'), ('y')) v(n)$$),
    ('54000', $$SELECT leadflow.naive_bayes_fit(true, array_fill('a'::text, ARRAY[1601]))$$),
    ('54000', $$SELECT leadflow.naive_bayes_fit(true, jsonb_build_object('a' || i, 1)) FROM generate_series(1, 1601) i$$),
    ('54000', $$SELECT leadflow.naive_bayes_fit(true, jsonb_build_object('a', repeat('x', 1025)))$$),
    ('54000', $$SELECT leadflow.naive_bayes_fit(true, jsonb_build_object(repeat('x', 257), 1))$$),
    ('42809', $$SELECT leadflow.naive_bayes_add(NULL, true, '{}'::jsonb)$$),
    ('42809', $$SELECT leadflow.naive_bayes_add(NULL, true, '{}'::text[])$$),
    ('42809', $$SELECT leadflow.naive_bayes_add(NULL, true, '{}'::text[], '{}')$$),
    ('42809', $$SELECT leadflow.naive_bayes_add(NULL, NULL, '{}'::jsonb)$$),
    ('42809', $$SELECT leadflow.naive_bayes_combine(model, model) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '[]'::jsonb) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{"country": ["PL"]}'::jsonb) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{"stage": {"S1": 1}}'::jsonb) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{}'::jsonb, 0) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{}'::jsonb, -1) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{}'::jsonb, 'NaN') FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{}'::jsonb, 'Infinity') FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{}'::jsonb, 1, 'Skip') FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{a}'::text[], '{}'::text[]) FROM odoo$$),
    ('22023', $$SELECT leadflow.predict(model, '{a,b}'::text[], '{x,x}'::text[]) FROM odoo$$),
    ('22004', $$SELECT leadflow.predict(model, '{a}'::text[], '{NULL}'::text[]) FROM odoo$$),
    ('2202E', $$SELECT leadflow.predict(model, '{{a}}'::text[]) FROM odoo$$),
    ('22023', $$SELECT * FROM odoo, leadflow.weight_of_evidence(model, -0.5)$$),
    ('22023', $$SELECT * FROM odoo, leadflow.information_value(model, 'NaN')$$)) v(state, query);
SELECT ok(pg_temp.error_of($$SELECT leadflow.naive_bayes_fit(true, ARRAY['x', i::text], ARRAY['country', 'lead id']) FROM generate_series(1, 1000001) i$$)
          = '54000 attribute "lead id" has too many distinct values', 'an identifier is no attribute, and it is said which');
SELECT is(leadflow.predict(model, f), NULL, 'nothing asked, nothing answered') FROM odoo, (SELECT NULL::jsonb) v(f);

-- weight of evidence, by hand: won 4 of 6 PL, 2 DE; lost 1 of 4 PL, 2 DE, 1 missing
CREATE TEMPORARY TABLE woe AS
SELECT w.* FROM leadflow.weight_of_evidence('{"won": 6, "lost": 4, "attributes": {"c": {"PL": [4, 1], "DE": [2, 2]}}, "sets": {"t": {"a": [3, 1]}}}', 0) w;
SELECT results_eq('SELECT attribute, value, won, lost FROM woe',
                  $$VALUES ('c', 'DE', 2::bigint, 2::bigint), ('c', 'PL', 4, 1), ('c', NULL, 0, 1), ('t', 'a', 3, 1)$$, 'evidence: the values, and missing last');
SELECT ok(near(share_won, 4 / 6.0) AND near(share_lost, 1 / 4.0) AND near(weight_of_evidence, ln(8 / 3.0::float8))
          AND near(information_value, (4 / 6.0 - 1 / 4.0) * ln(8 / 3.0::float8)), 'evidence of a value') FROM woe WHERE value = 'PL';
SELECT ok(share_won = 0 AND share_lost = 0.25 AND weight_of_evidence IS NULL AND information_value IS NULL, 'without smoothing, none where a share is 0')
  FROM woe WHERE value IS NULL;
SELECT ok(near(weight_of_evidence, ln(2::float8)) AND near(information_value, 0.25 * ln(2::float8) - 0.25 * ln(2 / 3.0::float8)),
          'an element of a set, which a row has or has not') FROM woe WHERE attribute = 't';
SELECT ok(bool_and(near(w.share_won, (w.won + 0.5) / (6 + 1.5)) AND near(w.share_lost, (w.lost + 0.5) / (4 + 1.5))
                   AND near(w.weight_of_evidence, ln(w.share_won / w.share_lost))
                   AND near(w.information_value, (w.share_won - w.share_lost) * w.weight_of_evidence)),
          'with half a row for each level')
  FROM leadflow.weight_of_evidence('{"won": 6, "lost": 4, "attributes": {"c": {"PL": [4, 1], "DE": [2, 2]}}}') w;
SELECT ok(bool_and(near(iv.information_value, e.information) AND iv.distinct_values = e.n), 'the information of an attribute is the sum of its values''')
  FROM fitted, leadflow.information_value(model) iv
  JOIN LATERAL (SELECT attribute, sum(w.information_value) AS information, count(w.value) AS n
                  FROM fitted, leadflow.weight_of_evidence(model) w GROUP BY attribute) e USING (attribute);
SELECT results_eq('SELECT attribute, round(missing_share::numeric, 6) FROM fitted, leadflow.information_value(model)',
                  $$SELECT 'city', round(avg((city IS NULL)::int), 6) FROM lead UNION ALL SELECT 'size', round(avg((size IS NULL)::int), 6) FROM lead
                    UNION ALL SELECT 'source', round(avg((source IS NULL)::int), 6) FROM lead UNION ALL SELECT 'tags', NULL$$, 'and how much of it is missing');
SELECT results_eq($$SELECT w.won, w.share_won IS NULL, w.weight_of_evidence IS NULL, w.information_value IS NULL FROM leadflow.weight_of_evidence('{"won": 2, "lost": 0, "attributes": {"a": {"x": [2, 0]}}}') w$$,
                  'VALUES (2::bigint, true, true, true)', 'no evidence without both outcomes');
SELECT is_empty($$SELECT * FROM leadflow.weight_of_evidence('{"won": 0, "lost": 0}')$$, 'nor without attributes');

-- groups of numbers
SELECT is(leadflow.bin(x, edges), label, format('bin %s of %s', x, edges))
  FROM (VALUES (0.5::float8, '{1,5,20}'::float8[], '< 1'), (1, '{1,5,20}', '[1, 5)'), (4.999, '{1,5,20}', '[1, 5)'), (5, '{1,5,20}', '[5, 20)'),
               (20, '{1,5,20}', '>= 20'), ('Infinity', '{1,5,20}', '>= 20'), ('-Infinity', '{1,5,20}', '< 1'), ('NaN', '{1,5,20}', NULL), (NULL, '{1}', NULL), (1, NULL, NULL),
               (0, '{-0}', '>= 0'), (-1, '{-0}', '< 0'), (0.3, '{0.1,0.30000000000000004}', '[0.1, 0.30000000000000004)'), (3, '{2,2,4,4,4}', '[2, 4)'),
               (1e300, '{1e-300,1e300}', '>= 1e+300'), (7, '{7}', '>= 7'), (6, '{7}', '< 7')) v(x, edges, label);
SET extra_float_digits = -10;
SELECT is(leadflow.bin(1, '{0.1234567890123}'), '>= 0.1234567890123', 'edges are exact whatever the setting');
RESET extra_float_digits;
CREATE TEMPORARY TABLE grouped AS
SELECT x, percentiles, leadflow.bin(x, percentiles) AS label, width_bucket(x, percentiles) AS bucket
  FROM (SELECT (i * 7919 % 1009) % 60 / 7.0::float8 AS x FROM generate_series(1, 3000) i) v,
       (SELECT percentile_cont(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY ((i * 7919 % 1009) % 60 / 7.0::float8)) AS percentiles
          FROM generate_series(1, 3000) i) p;
SELECT is(count(DISTINCT label), count(DISTINCT bucket), 'as many groups as width_bucket') FROM grouped;
SELECT is(count(DISTINCT (label, bucket)), count(DISTINCT bucket), 'and the same') FROM grouped;
SELECT ok(bool_and(leadflow.bin(5, ARRAY[i % 9, 10]::float8[]) = format('[%s, 10)', i % 9)), 'edges by turns') FROM generate_series(1, 50) i WHERE i % 9 <= 5;
SELECT ok(pg_temp.error_of(format('SELECT leadflow.bin(1, %L)', edges)) LIKE state || ' %', format('%s: edges %s', state, edges))
  FROM (VALUES ('22023', '{}'), ('22023', '{2,1}'), ('22023', '{1,3,2}'), ('22023', '{NaN}'), ('22023', '{1,NaN}'), ('22023', '{1,Infinity}'),
               ('22023', '{-Infinity,1}'), ('22004', '{1,NULL}'), ('2202E', '{{1,2},{3,4}}')) v(state, edges);

SELECT * FROM finish();
ROLLBACK;
