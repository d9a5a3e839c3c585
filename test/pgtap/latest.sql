-- The last and the first state of a lead: against values computed by hand, against
-- plain SQL on random histories, and in every form and plan
\ir common/summaries.sql
SET search_path = leadflow, public;
SET timezone = 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT no_plan();

CREATE TABLE hand (id bigint, at timestamptz, state text);
INSERT INTO hand VALUES (1, '2026-01-01', 'new'), (3, '2026-01-03', 'won'), (2, '2026-01-02', 'open'), (4, '2026-01-03', 'lost'), (5, NULL, 'x'), (6, '2026-01-09', NULL), (0, '2026-01-01', 'ad');

SELECT is(last_state(at, state), 'won', 'the last; of the same instant the greatest bytes') FROM hand;
SELECT is(last_state(at, state, id, NULL), 'lost', 'the tie decides first') FROM hand;
SELECT is(last_state(at, state, -id, NULL), 'won', 'the tie the other way') FROM hand;
SELECT is(first_state(at, state), 'ad', 'the first; of the same instant the least bytes') FROM hand;
SELECT is(first_state(at, state, -id), 'new', 'the first by the tie') FROM hand;
SELECT is(last_state(at, state, as_of::timestamptz), expected, 'as of ' || coalesce(as_of, 'no limit'))
  FROM hand, (VALUES ('-infinity', NULL), ('2025-12-31', NULL), ('2026-01-01', 'new'), ('2026-01-02 23:59:59.999999', 'open'), ('2026-01-03', 'won'), ('infinity', 'won'), (NULL, 'won')) v(as_of, expected)
 GROUP BY as_of, expected;
SELECT is(last_state('2026-01-01', s, tie, NULL), 'c', 'a null tie is 0') FROM (VALUES ('a', -1), ('c', NULL), ('b', 0)) v(s, tie);
SELECT is(last_state('2026-01-01', s), 'ärger', 'bytes, not the collation') FROM unnest('{Zeta,alpha,ärger,zoo,""}'::text[]) s;
SELECT is(last_state('2026-01-01', s), 'aa', 'what begins the same and is longer is greater') FROM unnest('{"",a,aa}'::text[]) s;
SELECT is(first_state('2026-01-01', s), '', 'an empty state is a state') FROM unnest('{a,"",aa}'::text[]) s;
SELECT is(last_state(at, state), NULL, 'null where no row counts') FROM hand WHERE id > 4;
SELECT is(last_state(at, state), NULL, 'null without rows') FROM hand WHERE false;
SELECT is(latest_agg(at, state)::text, '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 0, "state": "won"}', 'the value') FROM hand;
SELECT is(latest_state(l) || ' ' || latest_at(l), 'lost 2026-01-03 00:00:00+00', 'its parts') FROM (SELECT latest_agg(at, state, id, '2026-01-05') AS l FROM hand) x;
SELECT is(rollup(l)::text, expected, label)
  FROM (VALUES ('rollup of nulls', NULL, NULL, NULL),
               ('rollup of null and a value', NULL, '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a\"b"}', '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a\"b"}'),
               ('rollup of a value and null', '{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": ""}', NULL, '{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": ""}'),
               ('rollup of two last ones', '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}', '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 8, "state": "0"}', '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 8, "state": "0"}'),
               ('rollup of two first ones', '{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}', '{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 8, "state": "0"}', '{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}')) v(label, a, b, expected),
       LATERAL (VALUES (a::latest), (b::latest)) u(l) GROUP BY label, expected;
SELECT is(state_of(query), state, query)
  FROM (VALUES ($$SELECT leadflow.last_state('infinity', 'x')$$, '22008'), ($$SELECT leadflow.first_state('-infinity', 'x')$$, '22008'),
               ($$SELECT leadflow.last_state(now(), repeat('x', 1025))$$, '54000'), ($$SELECT leadflow.last_add(NULL, now(), 'x')$$, '42809'), ($$SELECT leadflow.latest_combine(NULL, NULL)$$, '42809'),
               ($$SELECT leadflow.rollup(l::leadflow.latest) FROM (VALUES ('{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}'), ('{"first": 1, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}')) v(l)$$, '22023'),
               ($$SELECT ''::leadflow.latest$$, '22P02'), ($$SELECT '{"first": 2, "at": "2026-01-03 00:00:00+00", "tie": 7, "state": "a"}'::leadflow.latest$$, '22P02'),
               ($$SELECT '{"first": 0, "at": "2026-01-03", "tie": 7, "state": "a"}'::leadflow.latest$$, '22P02'),
               ($$SELECT '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 9223372036854775808, "state": "a"}'::leadflow.latest$$, '22P02'),
               ($$SELECT '{"first": 0, "at": "2026-01-03 00:00:00+00", "tie": 7}'::leadflow.latest$$, '22P02')) v(query, state);

-- 2,000 random histories with many equal instants
SELECT setseed(0.17);
CREATE TABLE ev (lead integer, team integer, n bigint, at timestamptz, state text) PARTITION BY HASH (lead);
CREATE TABLE ev_0 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE ev_0 SET (parallel_workers = 2);
ALTER TABLE ev_1 SET (parallel_workers = 2);
INSERT INTO ev
SELECT l, l % 20, nullif(floor(random() * 4), 0), '2026-01-01'::timestamptz + floor(random() * 20) * interval '1 day', (ARRAY['a', 'B', 'ab', 'ż', 'won', 'Won', ''])[1 + floor(random() * 7)::int]
  FROM generate_series(1, 2000) l, generate_series(1, 1 + l % 12) i;
INSERT INTO ev VALUES (1, 1, 1, NULL, 'won'), (2, 2, 1, '2026-02-01', NULL), (3001, 1, 1, NULL, 'won');
ANALYZE ev;
CREATE FUNCTION digest(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(x::text, '' '' ORDER BY lead)) FROM (%s) x', query) INTO r;
    RETURN r;
END $$;
CREATE TABLE truth AS
SELECT 'last' AS what, digest($$SELECT lead, (array_agg(state ORDER BY at DESC, coalesce(n, 0) DESC, state COLLATE "C" DESC) FILTER (WHERE at IS NOT NULL AND state IS NOT NULL))[1] FROM ev GROUP BY lead$$) AS v
UNION ALL SELECT 'as of', digest($$SELECT lead, (array_agg(state ORDER BY at DESC, coalesce(n, 0) DESC, state COLLATE "C" DESC) FILTER (WHERE at <= '2026-01-10' AND state IS NOT NULL))[1] FROM ev GROUP BY lead$$)
UNION ALL SELECT 'first', digest($$SELECT lead, (array_agg(state ORDER BY at, coalesce(n, 0), state COLLATE "C") FILTER (WHERE at IS NOT NULL AND state IS NOT NULL))[1] FROM ev GROUP BY lead$$);
CREATE TABLE form (what text, query text);
INSERT INTO form VALUES ('last', 'SELECT lead, leadflow.last_state(at, state, n, NULL) FROM ev GROUP BY lead'), ('as of', $$SELECT lead, leadflow.last_state(at, state, n, '2026-01-10') FROM ev GROUP BY lead$$),
                        ('first', 'SELECT lead, leadflow.first_state(at, state, n) FROM ev GROUP BY lead');
SELECT is(digest(query), v, what || ' is that of plain SQL') FROM form JOIN truth USING (what);
SELECT is(in_parallel(format('SELECT md5(string_agg(x::text, '' '' ORDER BY lead)) FROM (%s) x', q)), digest(q), what || ' in parallel')
  FROM form, replace(replace(query, 'SELECT lead,', 'SELECT team AS lead,'), 'GROUP BY lead', 'GROUP BY 1') q;
SELECT is(by_partition('SELECT string_agg(k || s, '' '' ORDER BY k) FROM (SELECT team AS k, leadflow.last_state(at, state, n, NULL) AS s FROM ev GROUP BY 1) x'),
          (SELECT string_agg(k || s, ' ' ORDER BY k) FROM (SELECT team AS k, (array_agg(state ORDER BY at DESC, coalesce(n, 0) DESC, state COLLATE "C" DESC) FILTER (WHERE at IS NOT NULL AND state IS NOT NULL))[1] AS s FROM ev GROUP BY 1) x), 'by partition');
CREATE TABLE kept AS SELECT lead, team, n % 2 AS part, latest_agg(at, state, n, NULL) AS l FROM ev GROUP BY 1, 2, 3;
ALTER TABLE kept SET (parallel_workers = 2);
ANALYZE kept;
SELECT is(digest('SELECT lead, latest_state(rollup(l)) FROM kept GROUP BY lead'), v, 'stored parts, rolled up') FROM truth WHERE what = 'last';
SELECT is(in_parallel('SELECT md5(string_agg(x::text, '' '' ORDER BY lead)) FROM (SELECT team AS lead, leadflow.latest_state(leadflow.rollup(l)) FROM kept GROUP BY 1) x'),
          digest('SELECT team AS lead, last_state(at, state, n, NULL) FROM ev GROUP BY 1'), 'rollup in parallel');
SELECT bag_eq('SELECT lead, part, l::text::latest::text, latest_at(l::text::latest) FROM kept', 'SELECT lead, part, l::text, latest_at(l) FROM kept', 'text round trip');
SELECT is(received('latest', latest_send(l)), l::text, 'binary round trip') FROM (SELECT l FROM kept WHERE latest_state(l) = 'ż' LIMIT 1) x;
SELECT is(received('latest', substr(latest_send(l), 1, 5)), '22P03', 'binary cut off') FROM (SELECT l FROM kept LIMIT 1) x WHERE l IS NOT NULL;
SELECT is((SELECT array_agg(s ORDER BY id) FROM (SELECT id, last_state(at, state) OVER (ORDER BY id) AS s FROM hand WHERE id <= 4) x), '{ad,new,open,won,won}', 'as it grows, in a window');
SELECT is((SELECT last_state('2026-01-01'::timestamptz + i * interval '1 s', 'state ' || i) FROM generate_series(1, 20000) i), 'state 20000', 'as many states as rows');
SELECT is(state_of(format('SELECT leadflow.%s(at::timestamptz, s) FROM (VALUES (''2026-01-02'', ''x''), (%L, repeat(''x'', 1025))) v(at, s)', f, at)), '54000', f || ': a state that is too long, on ' || at)
  FROM unnest('{last_state,first_state}'::text[]) f, unnest('{2026-01-01,2026-01-03}'::text[]) at;
-- more states than a call site keeps
CREATE TABLE told AS SELECT i % 1000 AS lead, '2026-01-01'::timestamptz + i * interval '1 s' AS at, 'state ' || i || repeat('.', i % 23) AS state FROM generate_series(1, 90000) i;
SELECT is_empty(format($$SELECT * FROM (%s) x (lead, state) EXCEPT (SELECT DISTINCT ON (lead) lead, state FROM told ORDER BY lead, at DESC)$$, query), 'states without end: ' || query)
  FROM unnest(ARRAY['SELECT lead, leadflow.last_state(at, state) FROM told GROUP BY lead',
                    'SELECT lead, leadflow.latest_state(leadflow.rollup(l)) FROM (SELECT lead, leadflow.latest_agg(at, state) AS l FROM told GROUP BY lead, extract(minute FROM at)) x GROUP BY lead',
                    'SELECT DISTINCT ON (lead) lead, leadflow.last_state(at, state) OVER (PARTITION BY lead ORDER BY at) FROM told ORDER BY lead, at DESC']) query;
SELECT cmp_ok(executor_memory('SELECT lead, leadflow.last_state(at, state || n) FROM (SELECT * FROM told, generate_series(1, 3) n ORDER BY lead, at, n OFFSET 0) x GROUP BY lead', 990), '<', 16000000::bigint, 'and they are not all kept');
SELECT * FROM finish();
