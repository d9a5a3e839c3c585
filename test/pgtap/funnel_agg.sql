-- Funnels: how far a lead came, against every chain that there is; and many leads, against plain SQL
BEGIN;
\ir common/summaries.sql
SET client_min_messages = warning;
SET jit = off;
SET TIME ZONE 'UTC';
SET extra_float_digits = 1;
SELECT no_plan();

-- a lead as 'A1 B2': what happened, and in which hour
CREATE FUNCTION pg_temp.path(story text, steps text[], within interval DEFAULT NULL, mode text DEFAULT NULL,
                             step_within interval[] DEFAULT NULL, exclude text[] DEFAULT NULL)
RETURNS leadflow.funnel_path LANGUAGE sql AS $$
    SELECT leadflow.funnel_agg('2024-01-01'::timestamptz + substr(e, 2)::int * interval '1 hour', left(e, 1), steps, within, step_within, exclude, mode)
      FROM regexp_split_to_table(story, ' ') e
$$;
-- and its chain, as hours
CREATE FUNCTION pg_temp.hours(path leadflow.funnel_path) RETURNS integer[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg((extract(epoch FROM t - '2024-01-01'::timestamptz) / 3600)::int ORDER BY i), '{}')
      FROM unnest(leadflow.funnel_times(path)) WITH ORDINALITY u (t, i)
$$;

-- by hand
SELECT is(pg_temp.hours(pg_temp.path(story, steps::text[], within::interval, mode, step_within::interval[], exclude::text[])), expected::int[],
          concat_ws(' ', story, steps, within, mode, step_within, exclude)) FROM (VALUES
    ('A1 B2 C3', '{A,B,C}', NULL, NULL, NULL, NULL, '{1,2,3}'),
    ('C1 B2 A3', '{A,B,C}', NULL, NULL, NULL, NULL, '{3}'),
    ('B1 C2', '{A,B,C}', NULL, NULL, NULL, NULL, '{}'),
    ('A1 B11', '{A,B}', '10 hours', NULL, NULL, NULL, '{1,11}'),
    ('A1 B11', '{A,B}', '9:59:59.999999', NULL, NULL, NULL, '{1}'),
    ('A1 A5 B11', '{A,B}', '7 hours', NULL, NULL, NULL, '{5,11}'),
    ('A1 B2 A5 C6', '{A,B,C}', '5 hours', NULL, NULL, NULL, '{1,2,6}'),
    ('A1 B2 A5 B6 C7', '{A,B,C}', '5 hours', NULL, NULL, NULL, '{5,6,7}'),
    ('A1 A1 A1 B1', '{A,B}', '0', NULL, NULL, NULL, '{1,1}'),
    ('A1 B5 B6 C7 B8', '{A,B,C}', NULL, NULL, NULL, NULL, '{1,5,7}'),
    -- a row is used once
    ('A1', '{A,A}', NULL, NULL, NULL, NULL, '{1}'),
    ('A1 A1', '{A,A}', NULL, NULL, NULL, NULL, '{1,1}'),
    ('A1 B1 A1', '{A,B,A}', NULL, NULL, NULL, NULL, '{1,1,1}'),
    ('A1 B1', '{A,B,A}', NULL, NULL, NULL, NULL, '{1,1}'),
    ('A1 B1 A2', '{A,B,A}', NULL, NULL, NULL, NULL, '{1,1,2}'),
    ('A0 A1 B1', '{A,A,B}', NULL, NULL, NULL, NULL, '{0,1,1}'),
    -- windows of steps
    ('A1 B2 B9 C10', '{A,B,C}', NULL, NULL, '{NULL,2:00}', NULL, '{1,9,10}'),
    ('A1 B2 A3 B4 C6', '{A,B,C}', NULL, NULL, '{1:00,2:00}', NULL, '{3,4,6}'),
    ('A1 B2 C5', '{A,B,C}', NULL, NULL, '{1:00,2:00}', NULL, '{1,2}'),
    ('A1 B3 A4 C6', '{A,B,C}', '5 hours', NULL, '{2:00,3:00}', NULL, '{1,3,6}'),
    -- strict_increase
    ('A1 B1', '{A,B}', NULL, 'strict_increase', NULL, NULL, '{1}'),
    ('A1 A2 B2', '{A,B}', NULL, 'strict_increase', NULL, NULL, '{1,2}'),
    ('A1 B2 B3 C3', '{A,B,C}', NULL, 'strict_increase', NULL, NULL, '{1,2,3}'),
    ('A1 A1 A2', '{A,A}', NULL, 'strict_increase', NULL, NULL, '{1,2}'),
    -- strict_order
    ('A1 A2 B3 B4 C5', '{A,B,C}', NULL, 'strict_order', NULL, NULL, '{2,3,5}'),
    ('A1 B2 D3 C4', '{A,B,C,D}', NULL, 'strict_order', NULL, NULL, '{1,2}'),
    ('A1 B2 D3 C4', '{A,B,C}', NULL, 'strict_order', NULL, NULL, '{1,2,4}'),
    ('A1 B2 A3 C4', '{A,B,C}', NULL, 'strict_order', NULL, NULL, '{1,2}'),
    ('A1 B2 A3 B4 C5', '{A,B,C}', NULL, 'strict_order', NULL, NULL, '{3,4,5}'),
    ('B1 A1 C1', '{A,B,C}', NULL, 'strict_order', NULL, NULL, '{1,1,1}'),
    ('A1 A2 B2', '{A,B}', NULL, 'strict_increase,strict_order', NULL, NULL, '{1,2}'),
    ('A1 B1 B2', '{A,B}', NULL, 'strict_order, strict_increase', NULL, NULL, '{1}'),
    -- once
    ('A1 B2 A3 C4', '{A,B,C}', NULL, 'once', NULL, NULL, '{1,2}'),
    ('A1 B2 C3 B4 D5', '{A,B,C,D}', NULL, 'once', NULL, NULL, '{1,2,3}'),
    ('A1 B2 B3 C4', '{A,B,C}', NULL, 'once', NULL, NULL, '{1,2}'),
    ('A1 A2 B3 C4', '{A,B,C}', NULL, 'once', NULL, NULL, '{2,3,4}'),
    ('A1 D2 B3 C4', '{A,B,C,D}', NULL, 'once', NULL, NULL, '{1,3,4}'),
    ('A1 D2 B3 C4', '{A,B,C,D}', NULL, 'once,strict_order', NULL, NULL, '{1}'),
    ('A1 B2 B3 C4', '{A,B,C}', NULL, 'strict_order,once', NULL, NULL, '{1,2}'),
    -- exclude: strictly between
    ('A1 X2 B3', '{A,B}', NULL, NULL, NULL, '{X}', '{1}'),
    ('A1 X1 B3 X3', '{A,B}', NULL, NULL, NULL, '{X}', '{1,3}'),
    ('X0 A1 B3 X4 C5', '{A,B,C}', NULL, NULL, NULL, '{X}', '{1,3}'),
    ('A1 X2 A3 B4', '{A,B}', NULL, NULL, NULL, '{X,Y}', '{3,4}'),
    ('A1 X2 B3', '{A,B}', NULL, 'once', NULL, '{X}', '{1}'),
    ('A1 B3 X4 C5', '{A,B,C}', NULL, 'strict_order', NULL, '{X}', '{1,3}'),
    -- which chain: ends first, begins last, its last row but one comes first
    ('A1 A2 B3 C4 A5 B6 C7', '{A,B,C}', NULL, NULL, NULL, NULL, '{2,3,4}'),
    ('A1 B2 B3 C4', '{A,B,C}', NULL, NULL, NULL, NULL, '{1,2,4}'),
    ('A1 B2 B3 C3 C4 D5', '{A,B,C,D}', NULL, NULL, NULL, NULL, '{1,2,3,5}')
) v (story, steps, within, mode, step_within, exclude, expected);

-- every chain of small random leads
SELECT setseed(0.6);
CREATE TABLE asked AS
SELECT id, steps, within, mode, CASE WHEN r3 < 0.3 THEN '{X}'::text[] WHEN r3 < 0.4 THEN '{X,Y}' END AS exclude,
       CASE WHEN r4 < 0.4 THEN (SELECT array_agg(CASE WHEN random() < 0.7 THEN (random() * 3)::int END) FROM generate_series(2 + id * 0, cardinality(steps))) END AS step_within
  FROM (SELECT id, mode, CASE WHEN random() < 0.5 THEN (random() * 9)::int END AS within, random() AS r3, random() AS r4,
               (CASE WHEN mode ~ 'order|once' OR random() < 0.4
                    THEN (SELECT array_agg(s ORDER BY random()) FROM unnest(CASE WHEN id > 0 THEN '{A,B,C,D}'::text[] END) s)
                    ELSE (SELECT array_agg(substr('AABBC', 1 + floor(random() * 5)::int, 1)) FROM generate_series(1, 4 + id * 0)) END)
               [1:1 + floor(sqrt(random()) * 4)::int] AS steps
          FROM (SELECT id, (ARRAY[NULL, '', 'strict_increase', 'strict_order', 'once', 'strict_order,once', 'once, strict_increase',
                                  'strict_increase,strict_order', ' strict_order ,once,strict_increase'])[1 + id % 9] AS mode
                  FROM generate_series(1, 5400) id) a) b;
CREATE TABLE happened AS
SELECT id, n, (n * (id / 90 % 4) * 0.5 + random() * 2)::int AS at,
       CASE WHEN random() < 0.6 THEN steps[1 + n % cardinality(steps)] ELSE substr('AAABBBCCCDDXZ', 1 + floor(random() * 13)::int, 1) END AS name
  FROM asked, generate_series(0, id / 9 % 10) n;
-- what stands between rows is settled by instant, then by the order of steps
CREATE TABLE ranked AS
SELECT id, n, at, name, rank() OVER (PARTITION BY id ORDER BY at, array_position(steps, name), n) AS place, array_position(steps, name) AS step
  FROM happened JOIN asked USING (id) WHERE name = ANY (steps);
CREATE INDEX ON ranked (id);
CREATE INDEX ON happened (id);
ANALYZE asked, happened, ranked;
CREATE TABLE chain AS
WITH RECURSIVE c (id, k, used, at, place) AS (
    SELECT id, 1, ARRAY[n], ARRAY[r.at], ARRAY[place] FROM ranked r JOIN asked USING (id) WHERE name = steps[1]
    UNION ALL
    SELECT c.id, k + 1, used || r.n, c.at || r.at, c.place || r.place
      FROM c JOIN asked USING (id) JOIN ranked r ON r.id = c.id AND r.name = steps[k + 1] AND r.at >= c.at[k] AND r.n <> ALL (used))
SELECT * FROM c;
CREATE TABLE best AS
SELECT DISTINCT ON (id) id, k, at
  FROM chain c JOIN asked a USING (id)
 WHERE coalesce(at[k] - at[1] <= within, true)
   AND NOT EXISTS (SELECT FROM generate_series(1, k - 1) i WHERE at[i + 1] - at[i] > step_within[i])
   AND NOT (coalesce(mode ~ 'strict_increase', false) AND EXISTS (SELECT FROM generate_series(1, k - 1) i WHERE at[i + 1] = at[i]))
   AND NOT EXISTS (SELECT FROM happened h WHERE h.id = c.id AND h.name = ANY (exclude) AND h.at > c.at[1] AND h.at < c.at[k])
   AND NOT (coalesce(mode ~ 'strict_order', false) AND EXISTS (
           SELECT FROM generate_series(1, k - 1) i, ranked r
            WHERE r.id = c.id AND r.place > c.place[i] AND r.place < c.place[i + 1] AND r.step <> i))
   AND NOT (coalesce(mode ~ 'once', false) AND EXISTS (
           SELECT FROM ranked r
            WHERE r.id = c.id AND r.place BETWEEN c.place[1] AND c.place[k] AND r.step <= k AND r.n <> ALL (used)))
 ORDER BY id, k DESC, at[k], at[1] DESC, (SELECT array_agg(at[i] ORDER BY i DESC) FROM generate_series(1, k) i);
CREATE TABLE found AS
SELECT id, leadflow.funnel_agg('2024-01-01'::timestamptz + h.at * interval '1 hour', name, steps, within * interval '1 hour',
                               (SELECT array_agg(w * interval '1 hour' ORDER BY i) FROM unnest(step_within) WITH ORDINALITY u (w, i)), exclude, mode) AS path
  FROM (SELECT * FROM happened ORDER BY random()) h JOIN asked USING (id) GROUP BY id;
SELECT is(count(*), 5400::bigint, 'every lead has a path') FROM found;
SELECT is(count(*), 0::bigint, 'level and instants are those of the best of all chains, mode ' || coalesce(quote_literal(mode), 'null'))
  FROM asked LEFT JOIN found USING (id) LEFT JOIN best USING (id)
 WHERE (pg_temp.hours(path), leadflow.funnel_level(path)) IS DISTINCT FROM (coalesce(at, '{}'), coalesce(k, 0))
 GROUP BY mode
UNION ALL SELECT is(0::bigint, 0::bigint, 'and there were no others');
SELECT cmp_ok(count(*), '>', 0::bigint, 'with leads of level ' || k || ' in mode ' || coalesce(mode, 'null')) FROM asked JOIN best USING (id)
 WHERE k > 1 GROUP BY k, mode ORDER BY k, mode;
SELECT is(count(*), 0::bigint, 'no order of rows changes a path') FROM found JOIN (
    SELECT id, leadflow.funnel_agg('2024-01-01'::timestamptz + h.at * interval '1 hour', name, steps, within * interval '1 hour',
                                   (SELECT array_agg(w * interval '1 hour' ORDER BY i) FROM unnest(step_within) WITH ORDINALITY u (w, i)), exclude, mode ORDER BY n DESC) AS other
      FROM happened h JOIN asked USING (id) GROUP BY id) s USING (id)
 WHERE leadflow.funnel_path_send(other) <> leadflow.funnel_path_send(path);

-- in pieces, stored, and as text
CREATE TABLE piece AS
SELECT id, n % 3 AS part, leadflow.funnel_agg('2024-01-01'::timestamptz + h.at * interval '1 hour', name, steps, within * interval '1 hour',
                               (SELECT array_agg(w * interval '1 hour' ORDER BY i) FROM unnest(step_within) WITH ORDINALITY u (w, i)), exclude, mode) AS path
  FROM happened h JOIN asked USING (id) GROUP BY id, n % 3;
INSERT INTO piece SELECT id, 7, NULL FROM asked;
SELECT is(count(*), 0::bigint, 'pieces rolled up are the whole, nulls first or last')
  FROM found JOIN (SELECT id, leadflow.rollup(path ORDER BY part) AS up, leadflow.rollup(path ORDER BY part DESC) AS down FROM piece GROUP BY id) p USING (id)
 WHERE leadflow.funnel_path_send(up) <> leadflow.funnel_path_send(path) OR leadflow.funnel_path_send(down) <> leadflow.funnel_path_send(path);
SELECT is(leadflow.rollup(NULL::leadflow.funnel_path)::text, NULL, 'nothing rolled up is null');
SELECT is(leadflow.funnel_agg(now(), 'A', '{A}') FILTER (WHERE false)::text, NULL, 'no rows have no path');
SELECT is(count(*), 0::bigint, 'a path is the same after text') FROM found
 WHERE leadflow.funnel_path_send(path::text::leadflow.funnel_path) <> leadflow.funnel_path_send(path);
SELECT is(count(*), 0::bigint, 'a path is received as it was sent') FROM found
 WHERE id <= 60 AND received('leadflow.funnel_path', leadflow.funnel_path_send(path)) <> path::text;
SELECT is(pg_temp.path('X5 B2 B2 A1', '{B,A}', '1 day', 'once, strict_increase', '{1:00}', '{Y,X,Y}')::text,
    '{"steps": ["B", "A"], "within": 86400000000, "step_within": [3600000000], "exclude": ["X", "Y"], "mode": ["strict_increase", "once"], '
    '"events": [["2024-01-01 01:00:00+00", 1], ["2024-01-01 02:00:00+00", 0], ["2024-01-01 02:00:00+00", 0], ["2024-01-01 05:00:00+00", 2]]}', 'a path as text');
SELECT is(leadflow.funnel_steps(pg_temp.path('A1', '{B,A,B}')), '{B,A,B}', 'the steps of a path');
SELECT throws_ok(format('SELECT %L::leadflow.funnel_path', format('{"steps": %s, "within": %s, "step_within": %s, "exclude": %s, "mode": %s, "events": %s}', s, w, sw, x, m, e)),
                 '22P02', NULL, 'no path: ' || label)
  FROM (VALUES ('without steps', '[]', '-1', '[]', '[]', '[]', '[]'),
               ('a window below none', '["A"]', '-2', '[]', '[]', '[]', '[]'),
               ('too many windows of steps', '["A"]', '-1', '[1]', '[]', '[]', '[]'),
               ('too few windows of steps', '["A", "B", "C"]', '-1', '[1]', '[]', '[]', '[]'),
               ('an excluded step', '["A"]', '-1', '[]', '["A"]', '[]', '[]'),
               ('an unknown mode', '["A"]', '-1', '[]', '[]', '["twice"]', '[]'),
               ('a repeated step in mode once', '["A", "A"]', '-1', '[]', '[]', '["once"]', '[]'),
               ('an unknown name', '["A", "A"]', '-1', '[]', '["X"]', '[]', '[["2024-01-01 01:00:00+00", 2]]'),
               ('a name below 0', '["A"]', '-1', '[]', '[]', '[]', '[["2024-01-01 01:00:00+00", -1]]'),
               ('an infinite instant', '["A"]', '-1', '[]', '[]', '[]', '[["infinity", 0]]'),
               ('65 steps', (SELECT json_agg(i::text)::text FROM generate_series(1, 65) i), '-1', '[]', '[]', '[]', '[]')) v (label, s, w, sw, x, m, e);
SELECT is(received('leadflow.funnel_path', b), CASE b WHEN '' THEN '08P01' WHEN '\x010101000100000000' THEN '22021' ELSE '22P03' END, 'no path: ' || b::text)
  FROM unnest('{"","\\x01","\\x0201014101000000","\\x01010141010000","\\x010101410100000001","\\x0101014101000000ffffffffff7f","\\x01010141010000000000","\\x010101410101000000","\\x010101000100000000"}'::bytea[]) b;
SELECT is(received('leadflow.funnel_path', '\x010101410100000000'),
    '{"steps": ["A"], "within": -1, "step_within": [], "exclude": [], "mode": [], "events": []}', 'the shortest path');

-- rows that do not count, and the shorter forms
SELECT is(array_agg(leadflow.funnel_level(path) ORDER BY id), '{0,0,0,1}', 'a lead without a row that counts has a path of level 0')
  FROM (SELECT id, leadflow.funnel_agg(at, step, '{A,B}') AS path
          FROM (VALUES (1, NULL, 'A'), (2, now(), NULL), (3, now(), 'Z'), (4, now(), 'A'), (4, 'infinity', 'Z'), (4, NULL, NULL)) v (id, at, step) GROUP BY id) s;
SELECT is(leadflow.funnel_times(pg_temp.path('Z1', '{A}')), '{}', 'and no instants');
SELECT is(ARRAY[leadflow.funnel_agg(at, step, '{A,B}'), leadflow.funnel_agg(at, step, '{A,B}', NULL), leadflow.funnel_agg(at, step, '{A,B}', NULL, ' '),
                leadflow.funnel_agg(at, step, '{A,B}', NULL, '{NULL}', '{}', NULL), leadflow.funnel_agg(at, step, '{A,B}', NULL, NULL, NULL, '')]::text,
          array_fill(leadflow.funnel_agg(at, step, '{A,B}'), ARRAY[5])::text, 'all forms without a limit are the same')
  FROM (VALUES ('2024-01-01'::timestamptz, 'A'), ('2024-01-01', 'B')) v (at, step);
SELECT is(leadflow.funnel_level(leadflow.funnel_agg(at, 'A', '{A,A}')), 2, 'no limit is none, from one end of time to the other')
  FROM (VALUES ('4713-01-01 BC'::timestamptz), ('294276-12-31')) v (at);
SELECT is(leadflow.funnel_level(leadflow.funnel_agg(t + i * interval '1 hour', i::text, (SELECT array_agg(j::text ORDER BY j) FROM generate_series(1, 64) j))), 64, '64 steps')
  FROM generate_series(1, 64) i, (VALUES ('2024-01-01'::timestamptz)) v (t);
SELECT is(leadflow.funnel_times(leadflow.funnel_agg(t, 'A', array_fill('A'::text, ARRAY[64]))), array_fill('2024-01-01'::timestamptz, ARRAY[64]), '64 times the same step')
  FROM generate_series(1, 70) i, (VALUES ('2024-01-01'::timestamptz)) v (t);
SELECT is(leadflow.funnel_level(leadflow.funnel_agg(t + (i * 7919 % 20011) * interval '1 second', substr('AB', 1 + (i * 7919 % 20011) % 2, 1), '{A,B,A,B,A}', '4 s')), 5, 'a lead with 20,000 rows')
  FROM generate_series(1, 20000) i, (VALUES ('2024-01-01'::timestamptz)) v (t);

-- parameters
SELECT throws_ok(format('SELECT leadflow.funnel_agg(now(), ''A'', %s)', args), state, message, 'refused: ' || args) FROM (VALUES
    ('NULL::text[]', '22023', 'steps of a funnel must not be null'),
    ('''{}''', '22023', 'a funnel must have at least one step'),
    ('''{A,NULL}''', '22023', 'steps of a funnel must not contain nulls'),
    ('''{{A},{B}}''', '2202E', 'steps of a funnel must be a one-dimensional array'),
    ('array_fill(''A''::text, ARRAY[65])', '22023', 'steps of a funnel has too many names'),
    ('ARRAY[repeat(''x'', 1025)]', '22023', 'a name in steps of a funnel is too long'),
    ('''{A}'', ''1 month''', '22023', 'within of a funnel must not have months'),
    ('''{A}'', ''-1 second''', '22023', 'within of a funnel must not be negative'),
    ('''{A}'', ''2147483647 days''', '22008', 'interval out of range'),
    ('''{A}'', NULL, ''twice''', '22023', 'unknown mode of a funnel: "twice"'),
    ('''{A}'', NULL, ''once,''', '22023', 'unknown mode of a funnel: "once,"'),
    ('''{A,A}'', NULL, ''once''', '22023', 'a name can stand only once among the steps in modes strict_order and once'),
    ('''{A,A}'', NULL, ''strict_order''', '22023', NULL),
    ('''{A,B}'', NULL, ''{}'', NULL, NULL', '22023', 'step_within of a funnel has the wrong length'),
    ('''{A,B}'', NULL, ''{1 month}'', NULL, NULL', '22023', 'step_within of a funnel must not have months'),
    ('''{A,B}'', NULL, ''{-1 s}'', NULL, NULL', '22023', 'step_within of a funnel must not be negative'),
    ('''{A,B}'', NULL, NULL, ''{B}'', NULL', '22023', 'a step cannot be excluded'),
    ('''{A,B}'', NULL, NULL, ''{NULL}'', NULL', '22023', 'exclude of a funnel must not contain nulls'),
    ('(SELECT array_agg(i::text) FROM generate_series(1, 64) i), NULL, NULL, (SELECT array_agg(i::text) FROM generate_series(101, 165) i), NULL', '22023', 'exclude of a funnel has too many names')
) v (args, state, message);
SELECT throws_ok('SELECT leadflow.funnel_agg(''infinity'', ''A'', ''{A}'')', '22008', NULL, 'an infinite instant of a step');
SELECT throws_ok(format('SELECT leadflow.funnel_agg(now(), ''A'', s, w, x, e, m) FROM (VALUES (ARRAY[''A'',''B''], interval ''1 day'', ARRAY[interval ''1 h''], ARRAY[''X''], ''once''), %s) v (s, w, x, e, m)', r),
                 '22023', 'steps, windows and modes must be the same throughout a funnel', 'within a lead another ' || r) FROM (VALUES
    ('(ARRAY[''A'',''C''], interval ''1 day'', ARRAY[interval ''1 h''], ARRAY[''X''], ''once'')'),
    ('(ARRAY[''A'',''B''], interval ''2 days'', ARRAY[interval ''1 h''], ARRAY[''X''], ''once'')'),
    ('(ARRAY[''A'',''B''], interval ''1 day'', NULL, ARRAY[''X''], ''once'')'),
    ('(ARRAY[''A'',''B''], interval ''1 day'', ARRAY[interval ''1 h''], ''{}'', ''once'')'),
    ('(ARRAY[''A'',''B''], interval ''1 day'', ARRAY[interval ''1 h''], ARRAY[''X''], '''')')) v (r);
SELECT is(leadflow.funnel_level(leadflow.funnel_agg(t, 'A', '{A,B}', w, m)), 1, 'the same in other words is the same')
  FROM (VALUES ('2024-01-01'::timestamptz, interval '1 day', 'once,strict_order'), ('2024-01-02', interval '24 hours', 'strict_order, once')) v (t, w, m);
SELECT is(string_agg(leadflow.funnel_level(path)::text, '' ORDER BY k), '123412341234123412341234123412341234123412341234', 'groups may ask differently, in any order of rows')
  FROM (SELECT k, leadflow.funnel_agg('2024-01-01'::timestamptz + i * interval '1 h', substr('ABCD', i, 1), '{A,B,C,D}', (k % 4 * 3600 + k / 4) * interval '1 s') AS path
          FROM generate_series(0, 47) k, generate_series(1, 4) i GROUP BY k) s;
SELECT throws_ok($$SELECT leadflow.rollup(p) FROM (VALUES (pg_temp.path('A1', '{A}')), (pg_temp.path('A1', '{B}'))) v (p)$$, '22023', NULL, 'parts of different funnels');
SELECT throws_ok($$SELECT leadflow.funnel_path_combine(NULL, pg_temp.path('A1', '{A}'))$$, '42809', NULL, 'a combine function outside of an aggregate');

-- many leads
CREATE TABLE ev (lead integer NOT NULL, at timestamptz, step text) PARTITION BY HASH (lead);
CREATE TABLE ev_0 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO ev SELECT i % 1000, '2024-01-01'::timestamptz + random() * interval '40 days', substr('ABCDEZ', 1 + floor(random() * 6)::int, 1) FROM generate_series(1, 9000) i;
ANALYZE ev;
CREATE TABLE path AS SELECT lead, leadflow.funnel_agg(at, step, '{A,B,C,D}', '20 days') AS path FROM ev GROUP BY lead;
-- longest chains in plain SQL: per step the latest start of a chain that reached it
CREATE TABLE reached AS
WITH s1 AS (SELECT lead, at, step, max(at) FILTER (WHERE step = 'A') OVER w AS f1 FROM ev WINDOW w AS (PARTITION BY lead ORDER BY at)),
     s2 AS (SELECT *, max(f1) FILTER (WHERE step = 'B' AND at <= f1 + interval '20 days') OVER w AS f2 FROM s1 WINDOW w AS (PARTITION BY lead ORDER BY at)),
     s3 AS (SELECT *, max(f2) FILTER (WHERE step = 'C' AND at <= f2 + interval '20 days') OVER w AS f3 FROM s2 WINDOW w AS (PARTITION BY lead ORDER BY at)),
     s4 AS (SELECT *, max(f3) FILTER (WHERE step = 'D' AND at <= f3 + interval '20 days') OVER w AS f4 FROM s3 WINDOW w AS (PARTITION BY lead ORDER BY at))
SELECT lead, num_nonnulls(max(f1), max(f2), max(f3), max(f4)) AS level FROM s4 GROUP BY lead;
SELECT is(count(*), 0::bigint, 'levels are those of window functions') FROM path JOIN reached USING (lead) WHERE leadflow.funnel_level(path) <> level;
CREATE TABLE total AS SELECT leadflow.funnel_total(path) AS f FROM path;
SELECT is(leadflow.subjects(f), 1000::bigint, 'every lead is a subject') FROM total;
SELECT is(leadflow.reached(f, k), (SELECT count(*) FROM reached WHERE level >= k), 'reached step ' || k) FROM total, generate_series(1, 4) k;
SELECT is(leadflow.dropped(f, k), CASE WHEN k < 4 THEN (SELECT count(*) FROM reached WHERE level = k) END, 'dropped after step ' || k) FROM total, generate_series(1, 4) k;
SELECT is(leadflow.conversion(f, k), (SELECT count(*) FILTER (WHERE level >= k)::float8 / count(*) FROM reached WHERE level >= k - 1), 'conversion to step ' || k) FROM total, generate_series(1, 4) k;
SELECT is(leadflow.conversion(f, 2, 4), (SELECT count(*) FILTER (WHERE level >= 4)::float8 / count(*) FROM reached WHERE level >= 2), 'conversion from step 2 to 4') FROM total;
SELECT is(leadflow.funnel_steps(f), '{A,B,C,D}', 'the steps of many') FROM total;
CREATE TABLE took AS
SELECT a, b, extract(epoch FROM t[b] - t[a])::float8 AS s, t[b] - t[a] AS i
  FROM (SELECT leadflow.funnel_times(path) AS t FROM path) p, generate_series(1, 3) a, generate_series(2, 4) b WHERE a < b AND t[b] IS NOT NULL;
SELECT ok(n = expected_n AND bool_and(abs(x - y) < 1e-6), format('time from step %s to %s', a, b))
  FROM (SELECT a, b, q.n, e.n AS expected_n, unnest(ARRAY[mean_seconds, median_seconds, p90_seconds, min_seconds, max_seconds]) AS x, unnest(ARRAY[mean, half, most, least, longest]) AS y
          FROM (SELECT a, b, count(*) AS n, avg(s) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS half,
                       percentile_cont(0.9) WITHIN GROUP (ORDER BY s) AS most, min(s) AS least, max(s) AS longest FROM took GROUP BY a, b) e,
               total, LATERAL leadflow.time_between(f, a, b) q) s
 GROUP BY a, b, n, expected_n ORDER BY a, b;
SELECT ok(abs(extract(epoch FROM leadflow.time_between(f, 2, 3, q) - (SELECT percentile_cont(q) WITHIN GROUP (ORDER BY i) FROM took WHERE (a, b) = (2, 3)))) <= 2e-6, 'quantile ' || q)
  FROM total, unnest('{0,0.25,0.5,0.77,1}'::float8[]) q;
SELECT results_eq('SELECT t.* FROM total, leadflow.funnel_table(f) t',
    $$SELECT k, substr('ABCD', k, 1), leadflow.reached(f, k), leadflow.dropped(f, k), round(leadflow.conversion(f, k)::numeric, 6),
             round(leadflow.reached(f, k)::numeric / leadflow.reached(f, 1), 6), mean_seconds, median_seconds
        FROM total, generate_series(1, 4) k LEFT JOIN (SELECT k, (leadflow.time_between(f, k - 1, k)).* FROM total, generate_series(2, 4) k) b USING (k) ORDER BY k$$, 'the table of a funnel');
SELECT is(format('%s', t), expected, 'by hand: ' || expected)
  FROM (SELECT leadflow.funnel_total(pg_temp.path(story, '{A,B,C}', '10 hours')) AS f FROM unnest('{A1 B2 C4,A1 B4,A1,B1,A1 B3}'::text[]) story) s,
       LATERAL leadflow.funnel_table(f) WITH ORDINALITY t ("position", step, reached, dropped, p, q, mean, median, i)
  JOIN (VALUES (1, '(1,A,4,1,0.800000,1.000000,,,1)'), (2, '(2,B,3,2,0.750000,0.750000,7200,7200,2)'), (3, '(3,C,1,,0.333333,0.250000,7200,7200,3)')) e (i, expected) USING (i);
SELECT is(leadflow.funnel_total(pg_temp.path(story, '{A,B,C}', '10 hours'))::text,
    '{"steps": ["A", "B", "C"], "within": 36000000000, "step_within": [], "exclude": [], "mode": [], "left": [1, 1], "times": [[[7200000000], [10800000000]], [[3600000000, 10800000000]]]}',
    'many leads as text') FROM unnest('{A1 B2 C4,A1 B4,A1,B1,A1 B3}'::text[]) story;

-- the same in pieces, in parallel and by partition
SELECT is((SELECT leadflow.rollup(f ORDER BY part) FROM (SELECT lead % 7 AS part, leadflow.funnel_total(path) AS f FROM path GROUP BY 1 UNION ALL SELECT 9, NULL) s)::text, f::text, 'pieces rolled up are the whole') FROM total;
SELECT is((SELECT leadflow.rollup(f ORDER BY part DESC) FROM (SELECT lead % 7 AS part, leadflow.funnel_total(path) AS f FROM path GROUP BY 1 UNION ALL SELECT 9, NULL) s)::text, f::text, 'in any order') FROM total;
SELECT is(leadflow.rollup(NULL::leadflow.funnel_summary)::text, NULL, 'nothing rolled up is null');
SELECT is(leadflow.funnel_total(NULL)::text, NULL, 'no paths have no summary');
SELECT is(f::text::leadflow.funnel_summary::text, f::text, 'the same after text') FROM total;
SELECT is(received('leadflow.funnel_summary', leadflow.funnel_summary_send(f)), f::text, 'received as it was sent') FROM total;
CREATE TABLE kept AS SELECT lead % 7 AS part, leadflow.funnel_total(path) AS f FROM path GROUP BY 1;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE FUNCTION pg_temp.same(query text, label text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    all_equal boolean;
BEGIN
    RETURN NEXT matches(plan_of(query), 'Partial', label || ': planned in parts');
    EXECUTE format('SELECT count(*) = 1000 AND bool_and(a.path::text = b.path::text) FROM (%s) a JOIN path b USING (lead)', query) INTO all_equal;
    RETURN NEXT ok(all_equal, label || ': the same paths');
END $$;
SET LOCAL enable_hashagg = on;
SELECT pg_temp.same('SELECT lead, leadflow.funnel_agg(at, step, ''{A,B,C,D}'', ''20 days'') AS path FROM ev GROUP BY lead', 'in parallel');
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TABLE by_day (LIKE ev) PARTITION BY RANGE (at);
CREATE TABLE by_day_1 PARTITION OF by_day FOR VALUES FROM ('2024-01-01') TO ('2024-01-20');
CREATE TABLE by_day_2 PARTITION OF by_day FOR VALUES FROM ('2024-01-20') TO ('2024-03-01');
INSERT INTO by_day SELECT * FROM ev;
ANALYZE by_day;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT pg_temp.same('SELECT lead, leadflow.funnel_agg(at, step, ''{A,B,C,D}'', ''20 days'') AS path FROM by_day GROUP BY lead', 'by partition');
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT matches(plan_of('SELECT leadflow.funnel_total(path) FROM path'), 'Partial Aggregate', 'many leads in parallel');
SELECT is((SELECT leadflow.funnel_total(path)::text FROM path), f::text, 'give the same') FROM total;
SELECT matches(plan_of('SELECT leadflow.rollup(f) FROM kept'), 'Partial Aggregate', 'pieces are rolled up in parallel');
SELECT is((SELECT leadflow.rollup(f)::text FROM kept), f::text, 'and give the same') FROM total;
SELECT is((SELECT leadflow.funnel_total(path)::text FROM path WHERE lead < 0), NULL, 'workers without rows do no harm');
RESET enable_partitionwise_aggregate;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_hashagg = off;
SELECT is((SELECT leadflow.funnel_total(path)::text FROM (SELECT lead, leadflow.funnel_agg(at, step, '{A,B,C,D}', '20 days') AS path FROM ev GROUP BY lead) s), f::text, 'sorted groups give the same') FROM total;
RESET enable_hashagg;
SELECT is(count(*), 0::bigint, 'as a window function') FROM (
    SELECT leadflow.funnel_level(leadflow.funnel_agg(at, step, '{A,B,C,D}', '20 days') OVER (PARTITION BY lead)) AS level, lead FROM ev) w JOIN reached r USING (lead) WHERE w.level <> r.level;

-- sorted as values, and read while they grow
SELECT results_eq('SELECT path::text FROM (SELECT lead, leadflow.funnel_agg(at, step, ''{A,B,C,D}'', ''20 days'') AS path FROM ev GROUP BY lead ORDER BY count(*), lead) s',
                  'SELECT path::text FROM path JOIN (SELECT lead, count(*) AS n FROM ev GROUP BY lead) s USING (lead) ORDER BY n, lead', 'sorted as values');
SELECT is(count(*), 0::bigint, 'in a window that moves')
  FROM (SELECT lead, at, leadflow.funnel_times(leadflow.funnel_agg(at, step, '{A,B,C}', '20 days') OVER (PARTITION BY lead ORDER BY at DESC ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)) AS times FROM ev WHERE lead < 40) w
 WHERE times <> (SELECT leadflow.funnel_times(leadflow.funnel_agg(at, step, '{A,B,C}', '20 days')) FROM (SELECT * FROM ev WHERE ev.lead = w.lead AND ev.at >= w.at ORDER BY at LIMIT 5) s);

-- more funnels than a call site keeps
CREATE TABLE own AS SELECT lead, (lead % 300 + 1) * interval '1 hour' AS within FROM path;
CREATE TABLE own_path AS SELECT lead, leadflow.funnel_agg(at, step, '{A,B,C}', within) AS path FROM ev JOIN own USING (lead) GROUP BY lead;
SELECT is(count(*), 0::bigint, 'each lead has its own window')
  FROM own_path JOIN (SELECT lead, path::text::json ->> 'within' AS found, extract(epoch FROM within)::bigint * 1000000 AS asked FROM own JOIN own_path USING (lead)) s USING (lead) WHERE found::bigint <> asked;
SELECT is(count(*), 0::bigint, 'and its own chain') FROM own_path JOIN own USING (lead)
 WHERE path::text <> (SELECT leadflow.funnel_agg(at, step, '{A,B,C}', within)::text FROM ev WHERE ev.lead = own.lead);
SELECT is(count(*), 0::bigint, 'also rolled up') FROM own_path o JOIN (
    SELECT lead, leadflow.rollup(path) AS path FROM (SELECT lead, leadflow.funnel_agg(at, step, '{A,B,C}', within) AS path FROM ev JOIN own USING (lead) GROUP BY lead, extract(day FROM at)) s GROUP BY lead) r USING (lead)
 WHERE o.path::text <> r.path::text;
SELECT is(count(*), 300::bigint, 'and added up') FROM (SELECT leadflow.funnel_total(path)::text AS t FROM own_path GROUP BY path::text::json ->> 'within') s;
SELECT cmp_ok(executor_memory($$SELECT leadflow.funnel_level(leadflow.funnel_agg(now(), 'A', '{A,B}', i * interval '1 s')) FROM generate_series(1, 20000) i GROUP BY i$$, 19900),
              '<', 4000000::bigint, 'funnels of leads that are done are not kept');

-- what is asked wrongly of many
SELECT is((leadflow.conversion(f, 1), leadflow.conversion(f, 2), leadflow.conversion(f, 1, 2))::text, '(0,,)', 'a share of nobody is null')
  FROM (SELECT leadflow.funnel_total(pg_temp.path('Z1', '{A,B}')) AS f) s;
SELECT is((leadflow.time_between(f, 1, 2)::text, leadflow.time_between(f, 1, 2, 0.5)), ('(0,,,,,)'::text, NULL::interval), 'and so is a time')
  FROM (SELECT leadflow.funnel_total(pg_temp.path('A1', '{A,B}')) AS f) s;
SELECT results_eq($$SELECT t.* FROM leadflow.funnel_table('{"steps": ["A"], "within": -1, "step_within": [], "exclude": [], "mode": [], "left": [0, 0], "times": []}') t$$,
    $$VALUES (1, 'A', 0::bigint, NULL::bigint, NULL::numeric, NULL::numeric, NULL::float8, NULL::float8)$$, 'a funnel of one step, with nobody in it');
SELECT throws_ok(format('SELECT leadflow.%s FROM total', call), state, message, call) FROM (VALUES
    ('reached(f, 0)', '22023', 'step 0 is not in the funnel'), ('reached(f, 5)', '22023', 'step 5 is not in the funnel'),
    ('dropped(f, 5)', '22023', NULL), ('conversion(f, 0)', '22023', NULL), ('conversion(f, 2, 2)', '22023', 'step 2 does not come before step 2'),
    ('time_between(f, 3, 2)', '22023', NULL), ('time_between(f, 1, 2, 1.1)', '22003', 'fraction must be from 0 to 1'), ('time_between(f, 1, 2, ''NaN'')', '22003', NULL)) v (call, state, message);
SELECT throws_ok($$SELECT leadflow.rollup(leadflow.funnel_total(p)) OVER () FROM (VALUES (pg_temp.path('A1', '{A}')), (pg_temp.path('A1', '{B}'))) v (p) GROUP BY p::text$$, '22023', NULL, 'different funnels');
SELECT throws_ok($$SELECT leadflow.funnel_total(p) FROM (VALUES (pg_temp.path('A1', '{A}')), (pg_temp.path('A1', '{A}', '1 day'))) v (p)$$, '22023', NULL, 'different windows');
SELECT throws_ok(format('SELECT %L::leadflow.funnel_summary', format('{"steps": ["A", "B", "C"], "within": 10, "step_within": [5, -1], "exclude": [], "mode": ["strict_increase"], "left": %s, "times": %s}', l, t)),
                 '22P02', NULL, 'no summary: ' || l || t) FROM (VALUES
    ('[]', '[[], []]'), ('[1]', '[[], []]'), ('[1, 1, 1]', '[[], []]'), ('[-1, 0]', '[[], []]'), ('[0, 1000000000000001]', '[[], []]'),
    ('[0, 0]', '[[]]'), ('[0, 0]', '[[], [], []]'), ('[0, 0]', '[[[]], []]'), ('[0, 0]', '[[[1, 2]], []]'), ('[0, 0]', '[[[0]], []]'), ('[0, 0]', '[[[6]], []]'),
    ('[0, 0]', '[[], [[3, 2]]]'), ('[0, 0]', '[[], [[3, 3]]]'), ('[0, 0]', '[[], [[3, 11]]]'), ('[0, 0]', '[[], [[-1, 2]]]')) v (l, t);
SELECT is(received('leadflow.funnel_summary', overlay(leadflow.funnel_summary_send(f) PLACING '\x' FROM length(leadflow.funnel_summary_send(f)) FOR 1)), '22P03', 'a summary that ends too early') FROM total;
SELECT throws_ok($$SELECT leadflow.rollup(f) FROM generate_series(1, 2), (VALUES ('{"steps": ["A"], "within": -1, "step_within": [], "exclude": [], "mode": [], "left": [1000000000000000, 0], "times": []}'::leadflow.funnel_summary)) v (f)$$,
    '54000', NULL, 'more leads than there can be');
SELECT throws_ok($$SELECT leadflow.funnel_total(p) FROM (SELECT leadflow.funnel_agg(at, 'A', '{A,A}') AS p FROM (VALUES ('4713-01-01 BC'::timestamptz), ('294276-12-31')) v (at)) s$$,
    '22008', NULL, 'two steps further apart than an interval can say');
SELECT is((leadflow.time_between(f, 1, 2, 0.5), leadflow.time_between(f, 1, 2, 0))::text, '("106751991 days 04:00:54.775807","106751991 days 04:00:54.775807")', 'and as far apart as it can')
  FROM (VALUES ('{"steps": ["A", "B"], "within": -1, "step_within": [], "exclude": [], "mode": [], "left": [0, 0], "times": [[[9223372036854775807]]]}'::leadflow.funnel_summary)) v (f);

SELECT * FROM finish();
ROLLBACK;
