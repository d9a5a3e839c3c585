-- Points that fade, scored outcomes and what they tell of a score's quality:
-- against hand-computed values, plain SQL and constants of scikit-learn 1.2.1
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET timezone = 'UTC';
SET jit = off;

SELECT no_plan();

\ir common/summaries.sql

-- 1,000 leads of a known, uneven kind; scores of 997 values, and the same of ten
CREATE TABLE lead AS
SELECT i, s AS score, floor(s * 10) / 10 AS rough, u < s * s * 0.6 + 0.1 AS outcome, i % 7 AS team
  FROM generate_series(1, 1000) i,
       LATERAL (SELECT ((i * 7919) % 997) / 1000::float8 AS s, ((i * 104729) % 1009) / 1009::float8 AS u) x;
ALTER TABLE lead SET (parallel_workers = 2);
ANALYZE lead;

SET LOCAL max_parallel_workers_per_gather = 0;

-- decayed: by hand
SELECT is(round(leadflow.decayed(points, at::timestamptz, half_life::interval, as_of::timestamptz)::numeric, 12), round(left_over::numeric, 12), label)
  FROM (VALUES (8, '2026-01-01', '7 days', '2026-01-01', 8, 'points just earned are whole'),
               (8, '2026-01-01', '7 days', '2026-01-08', 4, 'half is left after a half-life'),
               (8, '2026-01-01', '7 days', '2026-01-22', 1, 'an eighth after three'),
               (8, '2026-01-01', '7 days', '2026-01-04 12:00', 8 / sqrt(2::float8), 'and in between'),
               (-8, '2026-01-01', '7 days', '2026-01-08', -4, 'negative points fade as well'),
               (0, '2026-01-01', '7 days', '2026-01-08', 0, 'no points'),
               (8, '2026-01-01', '1 month', '2026-01-31', 4, 'a month is 30 days'),
               (8, '2026-01-01', '1 year', '2027-01-01 06:00', 4, 'a year is 365.25 days'),
               (8, '2026-03-28 12:00', '24 hours', '2026-03-29 12:00', 4, 'a half-life in hours'),
               (8, '2026-01-01', '1 month -29 days', '2026-01-02', 4, 'units of a half-life add up'),
               (8, '2026-01-01', NULL, '2036-01-01', 8, 'without a half-life points stay'),
               (8, '2026-01-02', '7 days', '2026-01-01', NULL, 'a touch that comes later does not count'),
               (8, '2026-01-02', NULL, '2026-01-01', NULL, 'nor without a half-life'),
               (NULL, '2026-01-01', '7 days', '2026-01-08', NULL, 'no points to count'),
               (8, NULL, '7 days', '2026-01-08', NULL, 'no instant of the touch'),
               (8, '2026-01-01', '7 days', NULL, NULL, 'no instant to count at'),
               (8, '-infinity', '7 days', '2026-01-08', 0, 'earned at -infinity: gone'),
               (8, '-infinity', NULL, '2026-01-08', 8, 'unless they do not fade'),
               (8, 'infinity', '7 days', 'infinity', NULL, 'a touch at infinity never happens'),
               (8, 'infinity', NULL, 'infinity', NULL, 'nor without a half-life'),
               (8, '2026-01-01', '7 days', 'infinity', 0, 'all is gone in the end'),
               (8, '-infinity', '7 days', '-infinity', 0, 'two instants at -infinity'),
               (8, '4713-01-01 BC', '1 microsecond', '294276-01-01', 0, 'the longest time'),
               (8, '4713-01-01 BC', NULL, '294276-01-01', 8, 'the longest time without a half-life'))
       AS v(points, at, half_life, as_of, left_over, label);

SELECT is(state_of(format('SELECT leadflow.decayed(%L, %L, %L, %L)', points, '2026-01-01', half_life, '2026-02-01')),
          state, format('decayed(%s, half-life %s)', points, half_life))
  FROM (VALUES ('1', '0', '22023'), ('1', '-1 day', '22023'), ('1', '1 month -31 days', '22023'),
               ('NaN', '1 day', '22003'), ('Infinity', '1 day', '22003'), ('-Infinity', NULL, '22003')) v(points, half_life, state);
SELECT is(state_of('SELECT leadflow.decayed(1, ''2026-01-02'', ''0'', ''2026-01-01'')'), '22023',
          'a wrong half-life is told of a touch to come as well');
SELECT :SERVER_VERSION_NUM >= 170000 AS has_infinite_intervals \gset
\if :has_infinite_intervals
SELECT is(state_of('SELECT leadflow.decayed(1, ''2026-01-01'', ''infinity'', ''2026-02-01'')'), '22023', 'an infinite half-life');
\endif

-- decayed_sum: against the expression
CREATE TABLE touch AS
SELECT i % 50 AS lead, (i * 7919) % 41 - 5::float8 AS points,
       timestamptz '2026-01-01' + (i * 104729) % 8640000 * interval '1 second' AS at,
       CASE i % 4 WHEN 0 THEN NULL ELSE (i % 4) * interval '9 days' END AS half_life
  FROM generate_series(1, 5000) i;
ALTER TABLE touch SET (parallel_workers = 2);
ANALYZE touch;
CREATE FUNCTION pg_temp.expected(lead int) RETURNS float8 LANGUAGE sql AS $$
    SELECT sum(points * coalesce(power(2, -extract(epoch FROM '2026-03-01' - at)::float8 / extract(epoch FROM half_life)::float8), 1))
      FROM touch t WHERE t.lead = $1 AND at <= '2026-03-01'
$$;
SELECT ok(count(*) = 50 AND bool_and(near(is_now, pg_temp.expected(lead))), 'decayed_sum of every lead is that of the expression')
  FROM (SELECT lead, leadflow.decayed_sum(points, at, half_life, '2026-03-01') AS is_now FROM touch GROUP BY lead) s;
SELECT ok(near(
          in_parallel('SELECT leadflow.decayed_sum(points, at, half_life, ''2026-03-01'') FROM touch')::float8,
          (SELECT sum(pg_temp.expected(lead)) FROM generate_series(0, 49) lead)),
          'and in parallel, with a partial aggregate');
SELECT ok(near(leadflow.decayed_sum(points, at, half_life, '2026-03-01'), sum(leadflow.decayed(points, at, half_life, '2026-03-01'))),
          'decayed_sum is the sum of decayed') FROM touch;
SELECT is(leadflow.decayed_sum(points, at, half_life, '2020-01-01'), NULL, 'null when no touch counts') FROM touch;
SELECT is(leadflow.decayed_sum(1, '2026-01-01', '1 day', '2026-01-02'), NULL, 'null without rows') FROM touch WHERE false;
SELECT is(leadflow.decayed_sum(points, '2026-01-01', '1 day', '2026-01-02'), 3.5::float8, 'nulls among touches do not count')
  FROM unnest('{NULL,3,NULL,4,NULL}'::float8[]) points;
SELECT is(state_of('SELECT leadflow.decayed_sum(x, ''2026-01-01'', NULL, ''2026-01-01'') FROM unnest(''{1.7e308,1.7e308}''::float8[]) x'),
          '22003', 'a sum out of range');
SELECT is((SELECT aggtranstype::regtype::text FROM pg_aggregate WHERE aggfnoid = 'leadflow.decayed_sum'::regproc),
          'double precision', 'its state is a number');

-- scored: text form
SELECT is(given::leadflow.scored::text, shown, 'scored from ' || given)
  FROM (VALUES ('{won: 0.7 0.9, lost: 0.2}', '{won: 0.7 0.9, lost: 0.2}'),
               ('{won: 0.9 0.7, lost: 0.2 0.2 0.1}', '{won: 0.7 0.9, lost: 0.1 0.2 0.2}'),
               (E' {won:1,lost:2}\t', '{won: 1, lost: 2}'),
               (E'\t{ won : 1 \t2 , lost : }', '{won: 1 2, lost:}'),
               ('{won:, lost:}', '{won:, lost:}'),
               ('{won: -0 0, lost: -0.0}', '{won: 0 0, lost: 0}'),
               ('{won: -inf Infinity, lost: 1e308 -1e308}', '{won: -Infinity Infinity, lost: -1e+308 1e+308}'),
               ('{won: 0.1 0.30000000000000004 5e-324, lost: 1.7976931348623157e308}',
                '{won: 5e-324 0.1 0.30000000000000004, lost: 1.7976931348623157e+308}')) v(given, shown);
SET extra_float_digits = -10;
SELECT is('{won: 0.30000000000000004, lost:}'::leadflow.scored::text, '{won: 0.30000000000000004, lost:}', 'always exact');
RESET extra_float_digits;
SELECT is(state_of(format('SELECT %L::leadflow.scored', given)), '22P02', 'refused: ' || given)
  FROM unnest('{"","{","{}","{won}","{won:","{won: 1","{won: 1,","{won: 1, lost","{won: 1, lost:","{won: 1, lost: 2","{won: 1 lost: 2}","{lost: 1, won: 2}",
                "{won: 1, lost: 2}x","{won: 1, lost: 2}}","{won: NaN, lost:}","{won: 1e999, lost:}","{won: 1e-999, lost:}","{won: x, lost:}",
                "{won: 1;2, lost:}","{won: 1 2 , lost: 1,2}","{Won: 1, Lost: 2}","{won: 1-2, lost:}","{won: --1, lost:}"}'::text[]) given;

-- binary form
SELECT is(leadflow.scored_send('{won: 1 2, lost: 0.5}'),
          '\x01'::bytea || int8send(2) || int8send(1) || float8send(1) || float8send(2) || float8send(0.5), 'binary form');
SELECT is(received('leadflow.scored', value), expected, 'receive: ' || label)
  FROM (VALUES (leadflow.scored_send('{won: 1 2, lost: 0.5 Infinity}'), '{won: 1 2, lost: 0.5 Infinity}', 'what was sent'),
               ('\x01'::bytea || int8send(0) || int8send(0), '{won:, lost:}', 'nothing scored'),
               ('\x01'::bytea || int8send(2) || int8send(1) || float8send(3) || float8send(2) || float8send('-0'), '{won: 2 3, lost: 0}', 'not in order'),
               ('', '08P01', 'no version'),
               ('\x01', '08P01', 'no counts'),
               ('\x02'::bytea || int8send(0) || int8send(0), '22P03', 'another version'),
               ('\x01'::bytea || int8send(0) || int8send(0) || '\x00', '22P03', 'a byte too many'),
               ('\x01'::bytea || int8send(1) || int8send(0), '22P03', 'a score too few'),
               ('\x01'::bytea || int8send(-1) || int8send(1), '22P03', 'a negative count'),
               ('\x01'::bytea || int8send(2305843009213693952) || int8send(0), '22P03', 'a count whose size overflows'),
               ('\x01'::bytea || int8send(9223372036854775807) || int8send(1), '22P03', 'counts whose sum overflows'),
               ('\x01'::bytea || int8send(1) || int8send(0) || float8send('NaN'), '22P03', 'not a number')) v(value, expected, label);

-- scored_outcomes and rollup
SELECT is(leadflow.scored_outcomes(score, outcome)::text, '{won: 0.7 0.9, lost: -Infinity 0}', 'scored outcomes of rows')
  FROM (VALUES (0.9::float8, true), (NULL, true), ('-0', false), (0.7, true), (0.5, NULL), ('-Infinity', false), (NULL, NULL)) v(score, outcome);
SELECT is(leadflow.scored_outcomes(1, NULL)::text, NULL, 'null when no row counts') FROM lead;
SELECT is(leadflow.scored_outcomes(1, true)::text, NULL, 'null without rows') FROM lead WHERE false;
SELECT is(state_of('SELECT leadflow.scored_outcomes(''NaN'', true)'), '22003', 'a score that is NaN');
SELECT is(state_of('SELECT leadflow.scored_add(NULL, 1, true)'), '42809', 'scored_add outside of an aggregate');
SELECT is(state_of('SELECT leadflow.scored_combine(''{won:, lost:}'', NULL)'), '42809', 'scored_combine outside of an aggregate');
SELECT is(leadflow.rollup(s::leadflow.scored)::text, expected, label)
  FROM (VALUES ('rollup of nulls', NULL, 1, NULL), ('rollup of nulls', NULL, 2, NULL),
               ('rollup of null and a value', '{won: 1, lost:}', 1, NULL), ('rollup of null and a value', '{won: 1, lost:}', 2, '{won: 1, lost:}'),
               ('rollup of a value and null', '{won: 2 3, lost: 1}', 1, '{won: 2 3, lost: 1}'), ('rollup of a value and null', '{won: 2 3, lost: 1}', 2, NULL),
               ('rollup of two values', '{won: 0.5 2 3, lost: 1 7}', 1, '{won: 2 3, lost: 1}'), ('rollup of two values', '{won: 0.5 2 3, lost: 1 7}', 2, '{won: 0.5, lost: 7}'),
               ('rollup of values without leads', '{won:, lost:}', 1, '{won:, lost:}'), ('rollup of values without leads', '{won:, lost:}', 2, '{won:, lost:}'))
       v(label, expected, n, s)
 GROUP BY label, expected;
SELECT is((SELECT md5(leadflow.rollup(s)::text) FROM (SELECT leadflow.scored_outcomes(score, outcome) AS s FROM lead GROUP BY team) t),
          (SELECT md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead), 'a rollup of teams is that of all leads');
SELECT is((SELECT leadflow.won(s) || ' ' || leadflow.lost(s) FROM (SELECT leadflow.scored_outcomes(score, outcome) AS s FROM lead) t),
          (SELECT count(*) FILTER (WHERE outcome) || ' ' || count(*) FILTER (WHERE NOT outcome) FROM lead), 'won and lost count');
SELECT is((SELECT leadflow.scored_outcomes(score, outcome)::text FROM (SELECT * FROM lead ORDER BY md5(i::text)) t),
          (SELECT '{won: ' || string_agg(score::text, ' ' ORDER BY score) FILTER (WHERE outcome)
                  || ', lost: ' || string_agg(score::text, ' ' ORDER BY score) FILTER (WHERE NOT outcome) || '}' FROM lead),
          'sorted, whatever the order of rows');

-- numbers of every size and sign sort as PostgreSQL sorts them
CREATE TABLE number AS
SELECT x, i % 3 = 0 AS outcome
  FROM generate_series(1, 3000) i,
       LATERAL (SELECT CASE WHEN i % 100 = 0 THEN 0 ELSE (i % 2 * 2 - 1) * ((i * 7919) % 1009 + 1) * power(10::float8, (i * 104729) % 600 - 300) END AS x) v;
SELECT is((SELECT leadflow.scored_outcomes(x, outcome)::text FROM number),
          (SELECT '{won: ' || string_agg(x::text, ' ' ORDER BY x) FILTER (WHERE outcome)
                  || ', lost: ' || string_agg(x::text, ' ' ORDER BY x) FILTER (WHERE NOT outcome) || '}' FROM number),
          'numbers of all sizes in order');

-- kept in a column, compressed and out of line, and taken up again
CREATE TABLE kept AS SELECT team, leadflow.scored_outcomes(score, outcome) AS s FROM lead GROUP BY team;
INSERT INTO kept SELECT 99, leadflow.scored_outcomes(i / 7::float8, i % 2 = 0) FROM generate_series(1, 20000) i;
INSERT INTO kept SELECT 100, leadflow.scored_outcomes(1, true) FROM generate_series(1, 20000) i;
INSERT INTO kept VALUES (101, '{won: 1, lost:}');
ALTER TABLE kept SET (parallel_workers = 2);
SELECT results_eq('SELECT team, s::text::leadflow.scored::text, leadflow.won(s), leadflow.auc(s) FROM kept ORDER BY 1',
                  'SELECT team, s::text, leadflow.won(s::text::leadflow.scored), leadflow.auc(s::text::leadflow.scored) FROM kept ORDER BY 1',
                  'text round trip of stored values');
CREATE TEMP TABLE copied (LIKE kept);
DO $$
DECLARE
    path text := current_setting('data_directory') || '/leadflow_scored_test.copy';
BEGIN
    EXECUTE format('COPY kept TO %L (FORMAT binary)', path);
    EXECUTE format('COPY copied FROM %L (FORMAT binary)', path);
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
END $$;
SELECT bag_eq('SELECT team, s::text FROM copied', 'SELECT team, s::text FROM kept', 'COPY BINARY round trip');
SELECT is(leadflow.won(leadflow.rollup(s)), (SELECT sum(leadflow.won(s))::bigint FROM kept), 'rollup of stored values') FROM kept;

-- every way of running the aggregate
SELECT is(in_parallel('SELECT md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead'),
          (SELECT md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead), 'the same in parallel, with a partial aggregate');
SELECT is(in_parallel('SELECT leadflow.scored_outcomes(score, outcome)::text FROM lead WHERE abs(i) > 999'),
          (SELECT leadflow.scored_outcomes(score, outcome)::text FROM lead WHERE abs(i) > 999), 'in parallel where most workers have nothing');
SELECT is(in_parallel('SELECT leadflow.scored_outcomes(score, outcome)::text FROM lead WHERE abs(i) > 1000'), NULL, 'in parallel without rows');
SELECT is(in_parallel('SELECT md5(string_agg(team || s::text, '' '' ORDER BY team)) FROM (SELECT team, leadflow.scored_outcomes(score, outcome) AS s FROM lead GROUP BY team OFFSET 0) t'),
          (SELECT md5(string_agg(team || s::text, ' ' ORDER BY team)) FROM (SELECT team, leadflow.scored_outcomes(score, outcome) AS s FROM lead GROUP BY team OFFSET 0) t),
          'the same by groups in parallel');
SELECT is(in_parallel('SELECT md5(leadflow.rollup(s)::text) FROM kept'), (SELECT md5(leadflow.rollup(s)::text) FROM kept), 'rollup in parallel');
CREATE FUNCTION pg_temp.by_team() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(concat(team, a, s), ' ' ORDER BY team))
      FROM (SELECT team, leadflow.auc(score, outcome) AS a, leadflow.scored_outcomes(score, outcome)::text AS s FROM lead GROUP BY team) t
$$;
SET LOCAL enable_hashagg = off;
CREATE TEMP TABLE sorted AS SELECT pg_temp.by_team() AS all_teams;
SET LOCAL enable_hashagg = on;
SET LOCAL enable_sort = off;
SELECT is(pg_temp.by_team(), (SELECT all_teams FROM sorted), 'groups by hash and by sort are the same');
SET LOCAL enable_sort = on;
SELECT bag_eq('SELECT team, outcome, md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead GROUP BY GROUPING SETS ((team), (outcome), ())',
              'SELECT team, NULL::boolean, md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead GROUP BY team
               UNION ALL SELECT NULL, outcome, md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead GROUP BY outcome
               UNION ALL SELECT NULL, NULL, md5(leadflow.scored_outcomes(score, outcome)::text) FROM lead', 'grouping sets');
SELECT results_eq($$SELECT i, leadflow.scored_outcomes(score, outcome) OVER (ORDER BY i ROWS BETWEEN 20 PRECEDING AND CURRENT ROW)::text FROM lead WHERE i <= 60 ORDER BY i$$,
                  $$SELECT i, (SELECT leadflow.scored_outcomes(score, outcome)::text FROM lead b WHERE b.i BETWEEN a.i - 20 AND a.i) FROM lead a WHERE i <= 60 ORDER BY i$$,
                  'as a window aggregate');
SELECT results_eq($$SELECT i, leadflow.auc(score, outcome) OVER (ORDER BY i) FROM lead WHERE i <= 60 ORDER BY i$$,
                  $$SELECT i, (SELECT leadflow.auc(score, outcome) FROM lead b WHERE b.i <= a.i) FROM lead a WHERE i <= 60 ORDER BY i$$,
                  'a running auc');
SELECT is(count(DISTINCT s::text), 20000::bigint, 'many small groups, over what fits the memory for hashing')
  FROM (SELECT leadflow.scored_outcomes(i, i % 3 = 0) AS s FROM generate_series(1, 60000) i GROUP BY i % 20000) t;

-- auc
SELECT is(leadflow.auc(s::leadflow.scored), expected::float8, 'auc of ' || s)
  FROM (VALUES ('{won: 0.35 0.8, lost: 0.1 0.4}', 0.75), -- the example of scikit-learn's roc_auc_score
               ('{won: 2, lost: 1}', 1), ('{won: 1, lost: 2}', 0), ('{won: 1, lost: 1}', 0.5),
               ('{won: 1 2 2, lost: 2 0}', 4.0 / 6), ('{won: 1 1, lost: 1 1 1}', 0.5),
               ('{won: Infinity, lost: Infinity -Infinity}', 0.75), ('{won: 0, lost: -0}', 0.5),
               ('{won: 1, lost:}', NULL), ('{won:, lost: 1}', NULL), ('{won:, lost:}', NULL)) v(s, expected);
CREATE FUNCTION pg_temp.auc_by_rank(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    result float8;
BEGIN
    EXECUTE format('
        WITH l AS (%s), ranked AS (SELECT outcome, rank() OVER (ORDER BY score) + (count(*) OVER (PARTITION BY score) - 1) / 2::numeric AS r FROM l)
        SELECT (sum(r) FILTER (WHERE outcome) - w * (w + 1) / 2) / (w * (n - w))
          FROM ranked, (SELECT count(*)::numeric AS n, count(*) FILTER (WHERE outcome)::numeric AS w FROM l) c GROUP BY n, w', query) INTO result;
    RETURN result;
END $$;
SELECT ok(near(leadflow.auc(score, outcome), pg_temp.auc_by_rank('SELECT score, outcome FROM lead')), 'auc is the rank statistic') FROM lead;
SELECT ok(near(leadflow.auc(rough, outcome), pg_temp.auc_by_rank('SELECT rough AS score, outcome FROM lead')), 'with ties as well') FROM lead;
SELECT ok(near(leadflow.auc(x, outcome), pg_temp.auc_by_rank('SELECT x AS score, outcome FROM number')), 'for numbers of all sizes') FROM number;
SELECT is(leadflow.auc(rough, outcome),
          (SELECT avg(CASE WHEN w.rough > l.rough THEN 1 WHEN w.rough = l.rough THEN 0.5 ELSE 0 END)::float8 FROM lead w JOIN lead l ON w.outcome AND NOT l.outcome),
          'auc is the share of pairs in order') FROM lead;
-- roc_auc_score(outcome, score) of scikit-learn 1.2.1 for the table lead
SELECT ok(abs(leadflow.auc(score, outcome) - 0.7365861281404015) < 1e-14, 'auc of scikit-learn') FROM lead;
SELECT ok(abs(leadflow.auc(rough, outcome) - 0.7335184517369876) < 1e-14, 'auc of scikit-learn with ties') FROM lead;
SELECT is(leadflow.auc(-score, outcome) + leadflow.auc(score, outcome), 1::float8, 'the opposite score has the rest') FROM lead;
SELECT is(leadflow.auc(exp(score), outcome), leadflow.auc(score, outcome), 'only the order of scores matters') FROM lead;
SELECT is(leadflow.auc(score, outcome), (SELECT leadflow.auc(score, outcome) FROM (SELECT * FROM lead UNION ALL SELECT NULL, NULL, NULL, true, 1 UNION ALL SELECT 1, 1, 1, NULL, 1) l),
          'rows with nulls do not count') FROM lead;
SELECT is(leadflow.auc(score, true), NULL, 'null when none was lost') FROM lead;
SELECT is(leadflow.auc(score, outcome), NULL, 'null without rows') FROM lead WHERE false;
SELECT is(in_parallel('SELECT leadflow.auc(score, outcome) FROM lead'), (SELECT leadflow.auc(score, outcome)::text FROM lead), 'auc in parallel');
SELECT is(leadflow.auc(leadflow.scored_outcomes(score, outcome)), leadflow.auc(score, outcome), 'in one step as in two') FROM lead;

-- gains
CREATE FUNCTION pg_temp.gains_of(query text, groups int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('
        WITH tiled AS (SELECT score, outcome, ntile(%s) OVER (ORDER BY score DESC) AS tile FROM (%s) l),
        grouped AS (SELECT score, outcome, min(tile) OVER (PARTITION BY score) AS grp FROM tiled),
        counted AS (SELECT grp, count(*) AS n, count(*) FILTER (WHERE outcome) AS won, min(score) AS score_from, max(score) AS score_to FROM grouped GROUP BY grp),
        summed AS (SELECT *, sum(won) OVER u AS won_so_far, sum(n) OVER u AS n_so_far, sum(won) OVER () AS all_won, sum(n) OVER () AS all_n
                     FROM counted WINDOW u AS (ORDER BY grp))
        SELECT concat_ws('' '', grp, n, won, n - won, score_from, score_to, round(won / n::numeric, 9), round(won_so_far / all_won, 9),
                         round(won / n::numeric / (all_won / all_n), 9), round(won_so_far / n_so_far / (all_won / all_n), 9))
          FROM summed ORDER BY grp', groups, query);
END $$;
CREATE FUNCTION pg_temp.gains_told(s leadflow.scored, groups int) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', grp, n, won, lost, score_from, score_to, round(conversion::numeric, 9), round(cumulative_share_of_won::numeric, 9),
                     round(lift::numeric, 9), round(cumulative_lift::numeric, 9))
      FROM leadflow.gains(s, groups)
$$;
SELECT results_eq(format('SELECT pg_temp.gains_told(leadflow.scored_outcomes(%s, outcome), %s) FROM lead', score, groups),
                  format('SELECT pg_temp.gains_of(%L, %s)', 'SELECT ' || score || ' AS score, outcome FROM lead', groups),
                  format('gains by %s in %s groups', score, groups))
  FROM unnest('{score,rough,i,team}'::text[]) score, unnest('{1,3,10,100,999,1000,5000}'::int[]) groups;
SELECT results_eq($$SELECT grp, n, won, lost, score_from, score_to FROM leadflow.gains('{won: 1 2 3 3, lost: 3 0 0 1}', 4)$$,
                  $$VALUES (1, 3::bigint, 2::bigint, 1::bigint, 3::float8, 3::float8), (2, 1, 1, 0, 2, 2), (3, 2, 1, 1, 1, 1), (4, 2, 0, 2, 0, 0)$$,
                  'a tie over a cut belongs to the better group');
SELECT results_eq($$SELECT grp, n FROM leadflow.gains('{won: 1 1, lost: 1 1}', 4)$$, 'VALUES (1, 4::bigint)', 'a group that is left without leads has no row');
SELECT is(count(*), 10::bigint, 'ten groups by default') FROM leadflow.gains((SELECT leadflow.scored_outcomes(score, outcome) FROM lead));
SELECT is_empty($$SELECT * FROM leadflow.gains('{won:, lost:}')$$, 'no gains of nothing');
SELECT results_eq($$SELECT grp, conversion, cumulative_share_of_won, lift, cumulative_lift FROM leadflow.gains('{won:, lost: 1 2}', 2)$$,
                  'VALUES (1, 0::float8, NULL::float8, NULL::float8, NULL::float8), (2, 0, NULL, NULL, NULL)', 'no lift when none was won');
SELECT is(state_of('SELECT leadflow.gains(''{won: 1, lost:}'', 0)'), '22023', 'no groups');
SELECT is(state_of('SELECT leadflow.gains(''{won: 1, lost:}'', -1)'), '22023', 'fewer than no groups');
SELECT is_empty('SELECT * FROM leadflow.gains(NULL)', 'gains of null');

-- lift
SELECT is(leadflow.lift(s::leadflow.scored, share), expected::float8, format('lift of the best %s of %s', share, s))
  FROM (VALUES ('{won: 4 3, lost: 2 1}', 0.5, 2), ('{won: 4 3, lost: 2 1}', 0.25, 2), ('{won: 4 3, lost: 2 1}', 1, 1),
               ('{won: 4 3, lost: 2 1}', 0.75, 4.0 / 3), ('{won: 4 3, lost: 2 1}', 0.125, 2), ('{won: 4 3, lost: 2 1}', 0.625, 1.6),
               ('{won: 1 2, lost: 3 4}', 0.5, 0), ('{won: 1, lost: 1 1 1}', 0.25, 1),
               ('{won: 1 2 3 3, lost: 3 0 0 1}', 0.25, 4.0 / 3), ('{won:, lost: 1}', 0.5, NULL), ('{won:, lost:}', 0.5, NULL)) v(s, share, expected);
SELECT ok(bool_and(abs(leadflow.lift(s, (cumulated / 1000)::float8) - cumulative_lift) < 1e-12), 'lift at the end of each group is its cumulative lift')
  FROM (SELECT leadflow.scored_outcomes(rough, outcome) AS s FROM lead) l,
       LATERAL (SELECT cumulative_lift, sum(n) OVER (ORDER BY grp) AS cumulated FROM leadflow.gains(s)) g;
SELECT is(state_of(format('SELECT leadflow.lift(''{won: 1, lost:}'', %L)', share)), '22023', 'lift of a share of ' || share)
  FROM unnest('{0,-0.1,1.01,NaN,Infinity}'::text[]) share;

-- calibration
CREATE FUNCTION pg_temp.calibration_of(bins int) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', bin, round((bin - 1) / bins::numeric, 9), round(bin / bins::numeric, 9), count(i), count(i) FILTER (WHERE outcome),
                     round(avg(score)::numeric, 9), round(count(i) FILTER (WHERE outcome) / nullif(count(i), 0)::numeric, 9))
      FROM generate_series(1, bins) bin
      LEFT JOIN lead ON score >= (bin - 1)::float8 / bins AND (score < bin::float8 / bins OR bin = bins)
     GROUP BY bin ORDER BY bin
$$;
SELECT results_eq(format('SELECT concat_ws('' '', bin, round(score_from::numeric, 9), round(score_to::numeric, 9), n, won, round(mean_score::numeric, 9), round(conversion::numeric, 9))
                            FROM leadflow.calibration((SELECT leadflow.scored_outcomes(score, outcome) FROM lead), %s)', bins),
                  format('SELECT pg_temp.calibration_of(%s)', bins), format('calibration in %s bins', bins))
  FROM unnest('{1,2,7,10,100,1000}'::int[]) bins;
SELECT results_eq($$SELECT bin, n, won, mean_score, conversion FROM leadflow.calibration('{won: 0.5 1, lost: 0 0.25 1}', 4)$$,
                  $$VALUES (1, 1::bigint, 0::bigint, 0::float8, 0::float8), (2, 1, 0, 0.25, 0), (3, 1, 1, 0.5, 1), (4, 2, 1, 1, 0.5)$$,
                  'an edge belongs to the bin that begins there, one to the last');
SELECT results_eq($$SELECT bin, n, won, mean_score, conversion FROM leadflow.calibration('{won:, lost:}', 2)$$,
                  'VALUES (1, 0::bigint, 0::bigint, NULL::float8, NULL::float8), (2, 0, 0, NULL, NULL)', 'bins without leads');
SELECT is(count(*), 10::bigint, 'ten bins by default') FROM leadflow.calibration('{won: 0.5, lost:}');
SELECT is(state_of(format('SELECT leadflow.calibration(%L, %s)', s, bins)), '22023', format('calibration(%s, %s)', s, bins))
  FROM (VALUES ('{won: 0.5, lost:}', 0), ('{won: 0.5, lost:}', -1), ('{won: 0.5, lost:}', 1001), ('{won: 1.1, lost:}', 10),
               ('{won: 0.5, lost: -0.1 0.5}', 10), ('{won: Infinity, lost:}', 10)) v(s, bins);

-- log_loss and brier
SELECT ok(near(leadflow.log_loss(p, o), -(ln(0.9::float8) + ln(0.6::float8) + ln(0.5::float8)) / 3), 'log_loss by hand')
  FROM (VALUES (0.9, true), (0.4, false), (0.5, true)) v(p, o);
SELECT ok(near(leadflow.brier(p, o), (0.01 + 0.16 + 0.25) / 3), 'brier by hand')
  FROM (VALUES (0.9, true), (0.4, false), (0.5, true)) v(p, o);
SELECT ok(near(leadflow.log_loss(score, outcome), -avg(ln(CASE WHEN outcome THEN score ELSE 1 - score END))), 'log_loss is the mean of the logarithms')
  FROM lead WHERE score > 0;
SELECT ok(near(leadflow.brier(score, outcome), avg((score - outcome::int) ^ 2)), 'brier is the mean of the squares') FROM lead;
-- log_loss(outcome, p) and brier_score_loss(outcome, p) of scikit-learn 1.2.1 for the table lead
SELECT ok(abs(leadflow.log_loss(score, outcome) - 0.700300495719149) < 1e-13, 'log_loss of scikit-learn') FROM lead;
SELECT ok(abs(leadflow.log_loss(rough, outcome) - 0.9573275181609704) < 1e-13, 'log_loss of scikit-learn where some are certain and wrong') FROM lead;
SELECT ok(abs(leadflow.brier(score, outcome) - 0.234503051) < 1e-13, 'brier of scikit-learn') FROM lead;
SELECT ok(abs(leadflow.brier(rough, outcome) - 0.21725999999999998) < 1e-13, 'brier of scikit-learn, rough') FROM lead;
-- log_loss([1, 0], [0.0, 1.0]) and log_loss([1, 0, 0, 1], [1, 0, .3, 0]) of scikit-learn 1.2.1
SELECT ok(abs(leadflow.log_loss(p, o) - 36.04365338911715) < 1e-13, 'what certain failures cost') FROM (VALUES (0, true), (1, false)) v(p, o);
SELECT ok(abs(leadflow.log_loss(p, o) - 9.100082083263972) < 1e-13, 'and among others') FROM (VALUES (1, true), (0, false), (0.3, false), (0, true)) v(p, o);
SELECT ok(near(in_parallel('SELECT leadflow.log_loss(score, outcome) FROM lead')::float8, leadflow.log_loss(score, outcome)), 'log_loss in parallel') FROM lead;
SELECT ok(near(in_parallel('SELECT leadflow.brier(score, outcome) FROM lead')::float8, leadflow.brier(score, outcome)), 'brier in parallel') FROM lead;
SELECT ok(near(in_parallel('SELECT leadflow.brier(score, outcome) FROM lead WHERE abs(i) > 999')::float8, leadflow.brier(score, outcome)),
          'in parallel where most workers have nothing') FROM lead WHERE abs(i) > 999;
SELECT is(leadflow.log_loss(p, o)::text || leadflow.brier(p, o), ln(2::float8)::text || 0.25, 'rows with nulls do not count')
  FROM (VALUES (NULL, true), (0.5, true), (0.1, NULL), (NULL, NULL)) v(p, o);
SELECT is(concat(leadflow.log_loss(0.5, NULL), leadflow.brier(NULL, true)), '', 'null when none counts') FROM lead;
SELECT is(concat(leadflow.log_loss(0.5, true), leadflow.brier(0.5, true)), '', 'null without rows') FROM lead WHERE false;
SELECT is(state_of(format('SELECT leadflow.%s(%L, %s)', loss, p, o)), '22023', format('%s of a probability of %s', loss, p))
  FROM unnest('{log_loss,brier}'::text[]) loss, unnest('{-0.001,1.001,NaN,Infinity,-Infinity}'::text[]) p, unnest('{true,false}'::text[]) o;
SELECT is(state_of(query), state, query)
  FROM (VALUES ('SELECT leadflow.log_loss_add(''{0,0}'', 0.5, true)', '42809'), ('SELECT leadflow.brier_add(''{0,0}'', 0.5, true)', '42809'),
               ('SELECT leadflow.mean_combine(''{0,0}'', ''{0,0}'')', '42809'), ('SELECT leadflow.decayed_add(1, 1, now(), NULL, now())', '42809'),
               ('SELECT leadflow.mean_combine(''{0,0}'', ''{0}'')', '22023'), ('SELECT leadflow.mean_final(''{}'')', '22023'),
               ('SELECT leadflow.mean_final(''{1,NULL}'')', '22023'), ('SELECT leadflow.mean_final(''{{1,2},{3,4}}'')', '22023'),
               ('SELECT leadflow.mean_final(''{1,2,3}'')', '22023'), ('SELECT leadflow.mean_final(''{0,0}'')', '00000')) v(query, state);

-- one pass over the rows serves the aggregates of one kind, whose state is a type that can be sent
SELECT is_empty($$SELECT a.aggfnoid::regprocedure FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
                   WHERE p.pronamespace = 'leadflow'::regnamespace AND (a.aggtranstype = 'internal'::regtype OR a.aggcombinefn = 0 OR p.proparallel <> 's')$$,
                'every aggregate has a real state, a combine function and is parallel safe');
SELECT is(count(DISTINCT (aggtransfn, aggtranstype, coalesce(agginitval, ''))), 1::bigint, 'auc and scored_outcomes share their state')
  FROM pg_aggregate WHERE aggfnoid IN ('leadflow.auc(double precision, boolean)'::regprocedure, 'leadflow.scored_outcomes(double precision, boolean)'::regprocedure);

SELECT * FROM finish();
ROLLBACK;
