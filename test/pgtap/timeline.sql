-- Timelines of leads and the durations of their stays: against values computed by
-- hand, against plain SQL on random histories, and in every form and plan
\ir common/summaries.sql
SET search_path = leadflow, public;
SET timezone = 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT no_plan();

-- by hand: lead, mql (told twice), back to lead, mql for no time, a leaf of proposal
CREATE TABLE hand (id bigint, at timestamptz, stage stage);
INSERT INTO hand VALUES
    (4, '2026-01-07 12:00', 'lead'), (1, '2026-01-05 09:00', 'lead'), (3, '2026-01-06 12:00', 'mql'), (2, '2026-01-05 12:00', 'mql'),
    (6, '2026-01-08 12:00', 'proposal.legal_review'), (5, '2026-01-08 12:00', 'mql'), (7, NULL, 'won'), (8, '2026-01-09', NULL);
CREATE TABLE one AS SELECT stage_timeline_agg(at, stage) AS t FROM hand;

SELECT is(path(t), '{lead,mql,lead,mql,proposal.legal_review}', 'the path: moments in order, equal states in a row merged, nulls left out') FROM one;
SELECT results_eq('SELECT s.* FROM one, stays(t) s',
    $$VALUES (1, 'lead', '2026-01-05 09:00'::timestamptz, '2026-01-05 12:00'::timestamptz, 10800::float8, NULL::float8),
             (2, 'mql', '2026-01-05 12:00', '2026-01-07 12:00', 172800, NULL), (3, 'lead', '2026-01-07 12:00', '2026-01-08 12:00', 86400, NULL),
             (4, 'mql', '2026-01-08 12:00', '2026-01-08 12:00', 0, NULL), (5, 'proposal.legal_review', '2026-01-08 12:00', NULL, 0, NULL)$$,
    'stays; without an end the last counts until the last moment');
SELECT results_eq($$SELECT s.* FROM one, stays(t, '2026-01-07 15:00', 'UTC; Mo-Fr 09:00-17:00') s$$,
    $$VALUES (1, 'lead', '2026-01-05 09:00'::timestamptz, '2026-01-05 12:00'::timestamptz, 10800::float8, 10800::float8),
             (2, 'mql', '2026-01-05 12:00', '2026-01-07 12:00', 172800, 57600), (3, 'lead', '2026-01-07 12:00', NULL, 10800, 10800)$$,
    'stays as known at an instant, with working time');
SELECT is((duration_in(t, state, upto::timestamptz, cal::calendar))::text, expected, label)
  FROM one, (VALUES ('lead', NULL, NULL, '27:00:00', 'time over all stays, in hours'),
                    ('mql', NULL, NULL, '48:00:00', 'a stay of no length adds nothing'),
                    ('proposal.legal_review', NULL, NULL, '00:00:00', 'without an end the last stay counts until the last moment'),
                    ('proposal.legal_review', '2026-01-09', NULL, '12:00:00', 'and one with an end'),
                    ('proposal.legal_review', '2026-01-08 12:00', NULL, '00:00:00', 'a moment at the end exists'),
                    ('proposal.legal_review', '2026-01-08 11:59:59.999999', NULL, '00:00:00', 'one after it does not'),
                    ('lead', '2026-01-08 11:59:59.999999', NULL, '26:59:59.999999', 'so the state before goes on'),
                    ('lead', NULL, 'UTC; Mo-Fr 09:00-17:00', '11:00:00', 'working time'),
                    ('lead', '2026-01-07 15:00', 'UTC; Mo-Fr 09:00-17:00', '06:00:00', 'working time as known at an instant'),
                    ('lead', '2026-01-01', NULL, '00:00:00', 'before the first moment'),
                    ('proposal', NULL, NULL, '00:00:00', 'a leaf is a state of its own'),
                    ('LEAD', NULL, NULL, '00:00:00', 'states are told by their exact names'),
                    ('nonsense', NULL, NULL, '00:00:00', 'a state that there is not'),
                    (NULL, NULL, NULL, NULL, 'a null state')) v(state, upto, cal, expected, label);
SELECT is(entries(t, 'mql'), 2::bigint, 'entries are stays') FROM one;
SELECT is(entries(t, 'won'), 0::bigint, 'entries of a state never entered') FROM one;
SELECT is(first_reached(t, 'mql'), '2026-01-05 12:00', 'first reached') FROM one;
SELECT is(last_reached(t, 'mql'), '2026-01-08 12:00', 'last reached') FROM one;
SELECT is(last_reached(stage_timeline_agg(at, stage), 'mql'), '2026-01-05 12:00', 'last reached is when the last stay began, not its last moment') FROM hand WHERE id <= 3;
SELECT is(first_reached(t, 'won'), NULL, 'first reached: never') FROM one;
SELECT is(last_reached(t, 'won'), NULL, 'last reached: never') FROM one;
SELECT is(as_of(t, at::timestamptz), expected, 'as of ' || at)
  FROM one, (VALUES ('-infinity', NULL), ('2026-01-05 08:59:59.999999', NULL), ('2026-01-05 09:00', 'lead'), ('2026-01-06', 'mql'),
                    ('2026-01-08 12:00', 'proposal.legal_review'), ('infinity', 'proposal.legal_review')) v(at, expected);
SELECT is(duration_in(NULL::timeline, 'mql'), NULL, 'time of a null timeline');
SELECT is_empty('SELECT * FROM stays(NULL)', 'stays of a null timeline');
SELECT is(path(stage_timeline_agg(at, base(stage))), '{lead,mql,lead,mql,proposal}', 'leaves are merged by base()') FROM hand;

-- ties
SELECT is(path(stage_timeline_agg('2026-01-01', s::stage)), '{lost,lead,mql,won,won.late}', 'of the same instant: in stage order') FROM unnest('{won,mql,lost,won.late,lead}'::text[]) s;
SELECT is(path(timeline_agg('2026-01-01', s)), '{"",Zeta,alpha,lead,ärger}', 'of the same instant: by bytes') FROM unnest('{lead,alpha,ärger,Zeta,""}'::text[]) s;
SELECT is(path(timeline_agg('2026-01-01', s, tie)), '{d,c,a,b}', 'the tie orders rows of the same instant; null is 0') FROM (VALUES ('a', 1), ('b', 2), ('c', NULL), ('d', -1)) v(s, tie);
SELECT is(path(stage_timeline_agg('2026-01-01', s::stage, tie)), '{won,lead}', 'a tie goes before the order of stages') FROM (VALUES ('won', 1), ('lead', 9223372036854775807)) v(s, tie);

-- nothing, and errors
SELECT is(timeline_agg(at, 'x')::text, NULL, 'null without an instant') FROM hand WHERE at IS NULL;
SELECT is(stage_timeline_agg(at, stage)::text, NULL, 'null without rows') FROM hand WHERE false;
SELECT is(stage_durations(t)::text, NULL, 'no durations without timelines') FROM one WHERE false;
SELECT is(stage_durations(t, '2026-01-01')::text, NULL, 'no durations of timelines that begin later') FROM one;
SELECT is(rollup(NULL::timeline)::text, NULL, 'rollup of nulls') FROM hand;
SELECT is(rollup(NULL::durations)::text, NULL, 'rollup of null durations') FROM hand;
SELECT is(state_of(query), state, query)
  FROM (VALUES ($$SELECT leadflow.timeline_agg('infinity', 'x')$$, '22008'),
               ($$SELECT leadflow.stage_timeline_agg('-infinity', 'mql')$$, '22008'),
               ($$SELECT leadflow.timeline_agg(now(), repeat('x', 1025))$$, '54000'),
               ($$SELECT leadflow.timeline_agg(now(), repeat('x', 1024))$$, '00000'),
               ($$SELECT leadflow.duration_in(t, 'mql', 'infinity') FROM one$$, '22008'),
               ($$SELECT * FROM one, leadflow.stays(t, '-infinity')$$, '22008'),
               ($$SELECT leadflow.stage_durations(t, 'infinity') FROM one$$, '22008'),
               ($$SELECT leadflow.timeline_add(NULL, now(), 'x')$$, '42809'),
               ($$SELECT leadflow.timeline_combine(NULL, NULL)$$, '42809'),
               ($$SELECT leadflow.rollup(t) FROM (SELECT t FROM one UNION ALL SELECT leadflow.timeline_agg(now(), 'mql')) x$$, '22023'),
               ($$SELECT leadflow.stage_durations(t) FROM (SELECT t FROM one UNION ALL SELECT leadflow.timeline_agg(now(), 'mql')) x$$, '22023'),
               ($$SELECT leadflow.stage_durations(t, '2026-02-01', c) FROM one, (VALUES ('UTC; 24/7'::leadflow.calendar), (NULL)) v(c)$$, '22023'),
               ($$SELECT leadflow.stage_durations(t, '2026-02-01', c) FROM one, (VALUES ('UTC; 24/7'::leadflow.calendar), ('UTC; Mo 09:00-10:00')) v(c)$$, '00000'),
               ($$SELECT leadflow.rollup(d) FROM (SELECT leadflow.stage_durations(t) d FROM one UNION ALL SELECT leadflow.stage_durations(t, NULL, 'UTC; 24/7') FROM one) x$$, '22023'),
               ($$SELECT leadflow.duration_quantile(leadflow.stage_durations(t), 'mql', 1.5) FROM one$$, '22023'),
               ($$SELECT leadflow.duration_quantile(leadflow.stage_durations(t), 'mql', 'NaN') FROM one$$, '22023'),
               ($$SELECT leadflow.duration_in(leadflow.timeline_agg(at, 'x', i), 'x', '294276-12-31 23:59:59') FROM (VALUES ('4713-01-01 BC'::timestamptz, 1)) v(at, i)$$, '22008')) v(query, state);

-- durations by hand
SELECT results_eq($$SELECT d.* FROM (SELECT stage_durations(t, '2026-01-10') AS s FROM one) x, duration_table(s) d$$,
    $$VALUES ('lead', 2::bigint, 2::bigint, 0::bigint, 97200::float8, 48600::float8, 48600::float8, 78840::float8, NULL::float8, false),
             ('mql', 2, 2, 0, 172800, 86400, 86400, 155520, NULL, false),
             ('proposal.legal_review', 1, 0, 1, 0, NULL, NULL, NULL, 129600, false)$$, 'durations by hand');
SELECT is(duration_quantile(s, 'lead', 0.5)::text, '13:30:00', 'a quantile as an interval') FROM (SELECT stage_durations(t) AS s FROM one) x;
SELECT is(duration_quantile(s, 'lead', 1)::text, '24:00:00', 'in hours only') FROM (SELECT stage_durations(t) AS s FROM one) x;
SELECT is(duration_quantile(s, 'proposal.legal_review', 0.5), NULL, 'no quantile where no stay is completed') FROM (SELECT stage_durations(t) AS s FROM one) x;
SELECT is(duration_quantile(s, 'won', 0.5), NULL, 'no quantile of an unknown state') FROM (SELECT stage_durations(t) AS s FROM one) x;
SELECT is(s::text, '{"stages": 1, "working": 1, "states": [["lead", [10800000000, 28800000000], []], ["mql", [0, 57600000000], []], ["proposal.legal_review", [], [18000000000]]]}',
          'durations in working time, with what goes on') FROM (SELECT stage_durations(t, '2026-01-09', 'UTC; Mo-Fr 09:00-17:00') AS s FROM one) x;

-- 2,000 random histories with many equal instants, and the same told by plain SQL
SELECT setseed(0.42);
CREATE TABLE ev (lead integer, team integer, n bigint, at timestamptz, stage stage) PARTITION BY HASH (lead);
CREATE TABLE ev_0 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE ev_1 PARTITION OF ev FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE ev_0 SET (parallel_workers = 2);
ALTER TABLE ev_1 SET (parallel_workers = 2);
INSERT INTO ev
SELECT l, l % 20, nullif(floor(random() * 4), 0), '2026-01-01'::timestamptz + floor(random() * 60) * interval '7 hours 1.000001 seconds',
       (ARRAY['lead', 'mql', 'sal', 'proposal', 'proposal.legal', 'lost', 'won'])[1 + floor(random() * 7)::int]::stage
  FROM generate_series(1, 2000) l, generate_series(1, 1 + l % 12) i;
INSERT INTO ev VALUES (1, 1, 1, NULL, 'won'), (2, 2, 1, '2026-01-01', NULL), (3001, 1, 1, NULL, 'won');
ANALYZE ev;
CREATE TABLE person AS
SELECT DISTINCT ON (lead) lead, '2025-12-31'::timestamptz + random() * interval '22 days' AS upto,
       (ARRAY['Europe/Warsaw; Mo-Fr 09:00-17:00', 'UTC; Sa-Su 10:00-11:30']::calendar[])[1 + lead % 2] AS cal FROM ev;

-- the oracle: moments known at upto, gaps and islands
CREATE VIEW island AS
WITH known AS (
    SELECT lead, at, coalesce(n, 0) AS tie, stage, upto, cal,
           lag(stage) OVER w IS DISTINCT FROM stage AS enters, row_number() OVER w AS place
      FROM ev JOIN person USING (lead) WHERE stage IS NOT NULL AND at <= upto
    WINDOW w AS (PARTITION BY lead ORDER BY at, coalesce(n, 0), stage)),
entered AS (SELECT lead, upto, cal, stage, at AS entered_at, lead(at) OVER (PARTITION BY lead ORDER BY place) AS left_at,
                   row_number() OVER (PARTITION BY lead ORDER BY place)::int AS position FROM known WHERE enters)
SELECT lead, position, stage::text AS state, entered_at, left_at, extract(epoch FROM coalesce(left_at, upto) - entered_at) AS elapsed,
       extract(epoch FROM worktime(cal, entered_at, coalesce(left_at, upto))) AS working FROM entered;
CREATE TABLE kept (lead integer, upto timestamptz, cal calendar, t timeline) PARTITION BY HASH (lead);
CREATE TABLE kept_0 PARTITION OF kept FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE kept_1 PARTITION OF kept FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE kept_0 SET (parallel_workers = 2);
ALTER TABLE kept_1 SET (parallel_workers = 2);
INSERT INTO kept SELECT lead, upto, cal, stage_timeline_agg(at, stage, n) FROM ev JOIN person USING (lead) GROUP BY lead, upto, cal;
CREATE TABLE texts AS SELECT lead, timeline_agg(at, ordinal(stage) + 200 || stage::text, n) AS t FROM ev GROUP BY lead;
ANALYZE kept;

SELECT cmp_ok((SELECT count(*) FROM island), '>', 4000::bigint, 'the oracle has stays to compare');
SELECT cmp_ok((SELECT count(*) FROM island WHERE left_at = entered_at), '>', 100::bigint, 'some of no length');
SELECT bag_eq('SELECT lead, s.* FROM kept, stays(t, upto, cal) s', 'SELECT lead, position, state, entered_at, left_at, elapsed::float8, working::float8 FROM island', 'stays are those of plain SQL');
SELECT bag_eq($$SELECT lead, state, entries, first, last, elapsed, working FROM (SELECT lead, st AS state, extract(epoch FROM duration_in(t, st, upto)) AS elapsed,
                extract(epoch FROM duration_in(t, st, upto, cal)) AS working FROM kept, unnest('{lead,mql,sal,proposal,proposal.legal,lost,won}'::text[]) st) a
                JOIN (SELECT lead, state, count(*) AS entries, min(entered_at) AS first, max(entered_at) AS last FROM island GROUP BY lead, state) b USING (lead, state)$$,
              'SELECT lead, state, count(*), min(entered_at), max(entered_at), sum(elapsed) AS elapsed, sum(working) AS working FROM island GROUP BY lead, state',
              'time in each state is that of plain SQL');
SELECT bag_eq($$SELECT lead, st, duration_in(t, st) AS length FROM kept, unnest('{lead,mql,sal,proposal,proposal.legal,lost,won}'::text[]) st WHERE duration_in(t, st) > '0'$$,
              $$SELECT lead, stage::text, sum(d) AS length FROM (SELECT lead, stage, lead(at) OVER (PARTITION BY lead ORDER BY at, coalesce(n, 0), stage) - at AS d
                   FROM ev WHERE at IS NOT NULL AND stage IS NOT NULL) x GROUP BY lead, stage HAVING sum(d) > '0'$$, 'without an end it is the time until the last moment');
SELECT bag_eq('SELECT lead, path(t) FROM kept WHERE t IS NOT NULL',
              $$WITH known AS (SELECT lead, stage, lag(stage) OVER w IS DISTINCT FROM stage AS enters, row_number() OVER w AS place
                                 FROM ev WHERE at IS NOT NULL AND stage IS NOT NULL WINDOW w AS (PARTITION BY lead ORDER BY at, coalesce(n, 0), stage))
                SELECT lead, array_agg(stage::text ORDER BY place) FROM known WHERE enters GROUP BY lead$$, 'paths are those of plain SQL');
SELECT bag_eq($$SELECT lead, st, entries(t, st), first_reached(t, st), last_reached(t, st) FROM kept, unnest('{lead,mql,sal,proposal,proposal.legal,lost,won}'::text[]) st WHERE entries(t, st) > 0$$,
              $$WITH known AS (SELECT lead, at, stage, lag(stage) OVER w IS DISTINCT FROM stage AS enters
                                 FROM ev WHERE at IS NOT NULL AND stage IS NOT NULL WINDOW w AS (PARTITION BY lead ORDER BY at, coalesce(n, 0), stage))
                SELECT lead, stage::text, count(*), min(at), max(at) FROM known WHERE enters GROUP BY lead, stage$$, 'entries and their instants are those of plain SQL');
SELECT bag_eq('SELECT lead, as_of(t, upto) FROM kept WHERE as_of(t, upto) IS NOT NULL',
              $$SELECT DISTINCT ON (lead) lead, stage::text AS state FROM ev JOIN person USING (lead) WHERE at <= upto AND stage IS NOT NULL ORDER BY lead, at DESC, coalesce(n, 0) DESC, stage DESC$$,
              'the state as of an instant is that of plain SQL');
SELECT bag_eq('SELECT lead, path(t) FROM kept', $$SELECT lead, (SELECT array_agg(ltrim(p, '0123456789') ORDER BY i) FROM unnest(path(t)) WITH ORDINALITY u (p, i)) FROM texts$$,
              'stages and texts that sort as stages go the same way');
SELECT bag_eq('SELECT state, entries, completed, open, round(total_seconds::numeric, 5) AS total, round(mean_seconds::numeric, 5) AS mean, round(median_seconds::numeric, 5) AS median,
                     round(p90_seconds::numeric, 5) AS p90, round(mean_open_seconds::numeric, 5) AS mean_open, working FROM (SELECT stage_durations(t, upto, cal) AS s FROM kept) x, duration_table(s)',
              $$SELECT state, count(*) AS a, count(left_at) AS b, count(*) - count(left_at) AS c, round(coalesce(sum(working) FILTER (WHERE left_at IS NOT NULL), 0), 5) AS d, round(avg(working) FILTER (WHERE left_at IS NOT NULL), 5) AS e,
                       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY working) FILTER (WHERE left_at IS NOT NULL))::numeric, 5) AS f,
                       round((percentile_cont(0.9) WITHIN GROUP (ORDER BY working) FILTER (WHERE left_at IS NOT NULL))::numeric, 5) AS g,
                       round(avg(working) FILTER (WHERE left_at IS NULL), 5) AS h, true FROM island GROUP BY state$$,
              'durations are those of plain SQL');
SELECT results_eq('SELECT state FROM (SELECT stage_durations(t) AS s FROM kept) x, duration_table(s) d', $$VALUES ('lost'), ('lead'), ('mql'), ('sal'), ('proposal'), ('proposal.legal'), ('won')$$,
                  'states of stages are in stage order');
SELECT bag_eq($$SELECT st, round(extract(epoch FROM duration_quantile(s, st, f)) * 1000000) FROM (SELECT stage_durations(t, upto) AS s FROM kept) x, unnest('{lead,mql,proposal.legal}'::text[]) st, unnest('{0,0.25,0.333,1}'::float8[]) f$$,
              $$SELECT state, round(v::numeric * 1000000) FROM (SELECT state, percentile_cont('{0,0.25,0.333,1}'::float8[]) WITHIN GROUP (ORDER BY elapsed) p FROM island
                 WHERE left_at IS NOT NULL AND state IN ('lead', 'mql', 'proposal.legal') GROUP BY state) q, unnest(p) v$$, 'quantiles are those of plain SQL');

-- the same whatever the order of rows, the parts and the plan
CREATE VIEW whole AS SELECT md5(string_agg(lead || t::text, ' ' ORDER BY lead)) AS v FROM kept;
SELECT is((SELECT md5(string_agg(lead || t::text, ' ' ORDER BY lead)) FROM (SELECT lead, stage_timeline_agg(at, stage, n) AS t FROM (SELECT * FROM ev ORDER BY md5(lead || at::text || stage || coalesce(n, 0))) e GROUP BY lead) x),
          (SELECT v FROM whole), 'whatever the order of rows');
CREATE TABLE part AS
    SELECT lead, team, n % 2 AS k, stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1, 2, 3
    UNION ALL SELECT lead, team, 9, stage_timeline_agg(at, stage, n) FROM ev WHERE at < '2026-01-08' GROUP BY 1, 2
    UNION ALL SELECT lead, lead % 20, 9, NULL FROM person;
ALTER TABLE part SET (parallel_workers = 2);
ANALYZE part;
SELECT is((SELECT md5(string_agg(lead || t::text, ' ' ORDER BY lead)) FROM (SELECT lead, rollup(t) AS t FROM part GROUP BY lead) x), (SELECT v FROM whole), 'stored parts that overlap, rolled up');
SELECT is((SELECT md5(string_agg(lead || t::text, ' ' ORDER BY lead)) FROM (SELECT lead, rollup(t) AS t FROM (SELECT * FROM part ORDER BY md5(t::text)) p GROUP BY lead) x),
          (SELECT v FROM whole), 'in another order');
SELECT is(in_parallel('SELECT md5(string_agg(k || t::text, '' '' ORDER BY k)) FROM (SELECT team AS k, leadflow.stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1) x'),
          (SELECT md5(string_agg(k || t::text, ' ' ORDER BY k)) FROM (SELECT team AS k, stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1) x), 'in parallel');
SELECT is(in_parallel('SELECT md5(string_agg(k || t::text, '' '' ORDER BY k)) FROM (SELECT team AS k, leadflow.timeline_agg(at, stage::text, n) AS t FROM ev GROUP BY 1) x'),
          (SELECT md5(string_agg(k || t::text, ' ' ORDER BY k)) FROM (SELECT team AS k, timeline_agg(at, stage::text, n) AS t FROM ev GROUP BY 1) x), 'of texts, in parallel');
SELECT is(in_parallel('SELECT md5(string_agg(k || t::text, '' '' ORDER BY k)) FROM (SELECT team AS k, leadflow.rollup(t) AS t FROM part GROUP BY 1) x'),
          (SELECT md5(string_agg(k || t::text, ' ' ORDER BY k)) FROM (SELECT team AS k, stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1) x), 'rollup in parallel');
SELECT is(by_partition('SELECT md5(string_agg(k || path(t)::text, '' '' ORDER BY k)) FROM (SELECT team AS k, leadflow.stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1) x'),
          (SELECT md5(string_agg(k || path(t)::text, ' ' ORDER BY k)) FROM (SELECT team AS k, stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY 1) x), 'by partition');
SELECT is(in_parallel('SELECT leadflow.stage_durations(t, upto, cal)::text FROM kept'), (SELECT stage_durations(t, upto, cal)::text FROM kept), 'durations in parallel');
SELECT is(by_partition('SELECT leadflow.stage_durations(t, upto, cal)::text FROM kept'), (SELECT stage_durations(t, upto, cal)::text FROM kept), 'durations by partition');
SELECT is(in_parallel('SELECT leadflow.stage_durations(t)::text FROM kept WHERE abs(lead) > 1998'), (SELECT stage_durations(t)::text FROM kept WHERE abs(lead) > 1998), 'in parallel where most workers have nothing');
SELECT is((SELECT rollup(d)::text FROM (SELECT stage_durations(t, upto) AS d FROM kept GROUP BY lead % 5 UNION ALL SELECT NULL) x), (SELECT stage_durations(t, upto)::text FROM kept), 'durations of parts, rolled up');
SELECT is((SELECT rollup(t)::text FROM (VALUES (1, NULL::timeline), (2, (SELECT t FROM one))) v(i, t)), (SELECT t::text FROM one), 'rollup of null and a value');
SELECT is((SELECT rollup(t)::text FROM (VALUES (1, (SELECT t FROM one)), (2, NULL::timeline)) v(i, t)), (SELECT t::text FROM one), 'rollup of a value and null');
SELECT is((SELECT array_agg(path(t)::text ORDER BY id) FROM (SELECT id, stage_timeline_agg(at, stage) OVER (ORDER BY id) AS t FROM hand WHERE id <= 4) x),
          '{"{lead}","{lead,mql}","{lead,mql}","{lead,mql,lead}"}', 'as it grows, in a window');
SET enable_hashagg = off;
SELECT is((SELECT md5(string_agg(lead || t::text, ' ' ORDER BY lead)) FROM (SELECT lead, stage_timeline_agg(at, stage, n) AS t FROM ev GROUP BY lead OFFSET 0) x), (SELECT v FROM whole), 'groups by sort');
RESET enable_hashagg;

-- forms
SELECT is(t::text, '{"stages": 1, "words": ["lead", "mql", "proposal.legal_review"], "moments": [["2026-01-05 09:00:00+00", 0, 0, 0], ["2026-01-05 12:00:00+00", 1, 0, 0], '
    '["2026-01-06 12:00:00+00", 1, 0, 0], ["2026-01-07 12:00:00+00", 0, 0, 0], ["2026-01-08 12:00:00+00", 1, 0, 0], ["2026-01-08 12:00:00+00", 2, 0, 0]]}', 'text form') FROM one;
SELECT bag_eq('SELECT lead, t::text::timeline::text, path(t::text::timeline) FROM kept', 'SELECT lead, t::text, path(t) FROM kept', 'text round trip');
SELECT bag_eq('SELECT lead, t::text::timeline::text FROM texts', 'SELECT lead, t::text FROM texts', 'text round trip of texts');
SELECT is(path(timeline_agg('2026-01-01', s, i)::text::timeline), ARRAY['a"b', 'c\d', 'e''f', 'ą', E'g\nh'], 'states of any characters') FROM unnest(ARRAY['a"b', 'c\d', 'e''f', 'ą', E'g\nh']) WITH ORDINALITY u (s, i);
SELECT is(received('timeline', timeline_send(t)), t::text, 'binary round trip') FROM one;
SELECT is(received('timeline', timeline_send(t)), t::text, 'binary round trip of texts') FROM texts WHERE lead = 11;
SELECT is(received('durations', durations_send(s)), s::text, 'binary round trip of durations') FROM (SELECT stage_durations(t, upto, cal) AS s FROM kept) x;
SELECT is(s::text::durations::text, s::text, 'text round trip of durations') FROM (SELECT stage_durations(t, upto) AS s FROM kept) x;
SELECT is(path(v::timeline), expected::text[], 'read: ' || v)
  FROM (VALUES ('{"stages": 0, "words": [], "moments": []}', '{}'),
               (' { "stages" : 0 , "words" : ["b", "unused", "a"], "moments":[["2026-01-01 00:00:00+01",0,5,0], ["2025-12-31 23:00:00+00",2,4,0]] } ', '{a,b}'),
               ('{"stages": 1, "words": ["won", "lead"], "moments": [["2026-01-01 00:00:00+00", 0, 0, 0], ["2026-01-01 00:00:00+00", 1, 0, 0]]}', '{lead,won}')) v(v, expected);
SELECT is(v::timeline::text, '{"stages": 0, "words": ["a"], "moments": [["2026-01-01 00:00:00+00", 0, 0, 0]]}', 'read and put right')
  FROM (VALUES ('{"stages": 0, "words": ["b", "a"], "moments": [["2026-01-01 00:00:00+00", 1, 0, 0], ["2026-01-01 02:00:00+02", 1, 0, 0]]}')) v(v);
SELECT is(state_of(format('SELECT %L::leadflow.%s', v, type)), '22P02', 'refused: ' || v)
  FROM (VALUES ('timeline', ''), ('timeline', '{}'), ('timeline', '{"stages": 2, "words": [], "moments": []}'),
               ('timeline', '{"stages": 0, "words": ["a"], "moments": [["2026-01-01 00:00:00+00", 1, 0, 0]]}'),
               ('timeline', '{"stages": 0, "words": ["a"], "moments": [["2026-01-01 00:00:00+00", -1, 0, 0]]}'),
               ('timeline', '{"stages": 0, "words": ["a"], "moments": [["2026-01-01 00:00:00+00", 0, 0, 1]]}'),
               ('timeline', '{"stages": 0, "words": ["a", "a"], "moments": []}'),
               ('timeline', '{"stages": 0, "words": ["a"], "moments": [["2026-01-01 00:00:00", 0, 0, 0]]}'),
               ('timeline', '{"stages": 1, "words": ["nonsense"], "moments": []}'), ('timeline', '{"stages": 1, "words": ["MQL"], "moments": []}'),
               ('timeline', '{"stages": 1, "words": [""], "moments": []}'), ('timeline', '{"stages": 0, "words": [], "moments": []} x'),
               ('durations', '{"stages": 0, "working": 0, "states": [["a", [1], []], ["a", [1], []]]}'),
               ('durations', '{"stages": 0, "working": 0, "states": [["a", [-1], []]]}'), ('durations', '{"stages": 0, "working": 0, "states": [["a", [], []]]}'),
               ('durations', '{"stages": 1, "working": 0, "states": [["a", [1], []]]}'), ('durations', '{"stages": 0, "working": 3, "states": []}'),
               ('durations', '{"stages": 0, "working": 0, "states": [["a", [1]]]}')) v(type, v);
SELECT is(received('timeline', v), '22P03', 'binary refused: ' || label)
  FROM (VALUES ('\x02'::bytea || substr(timeline_send((SELECT t FROM one)), 2), 'another version'),
               (substr(timeline_send((SELECT t FROM one)), 1, 30), 'cut off'), (timeline_send((SELECT t FROM one)) || '\x00', 'a byte too many'),
               ('\x0100ffffffffffffffff7f', 'a list beyond its end')) v(v, label);
SELECT is_empty($$SELECT duration_table('{"stages": 0, "working": 0, "states": []}')$$, 'empty durations have no rows');
SELECT is(state_of(format('SELECT %L::leadflow.timeline', format('{"stages": 0, "words": ["a"], "moments": [["%s", 0, 0, 0]]}', at))), state, 'refused: the instant ' || at)
  FROM (VALUES ('infinity+', '22P02'), ('today +00', '22P02'), ('epoch +00', '22P02'), ('01-02-2026 00:00+00', '22P02'), ('2026-02-30 00:00:00+00', '22008')) v(at, state);
SELECT is(total_seconds, 3 * 9223372036854.775807::float8, 'sums beyond the range of an interval')
  FROM duration_table('{"stages": 0, "working": 0, "states": [["a", [9223372036854775807, 9223372036854775807, 9223372036854775807], []]]}');

-- many states: more than are remembered while two timelines are merged, or than a call site keeps
CREATE TABLE told AS SELECT i % 500 AS lead, '2026-01-01'::timestamptz + i * interval '1 s' AS at, 'state ' || i AS state FROM generate_series(1, 80000) i;
SELECT is_empty($$SELECT lead, path(timeline_agg(at, state)) FROM told GROUP BY lead EXCEPT SELECT lead, array_agg(state ORDER BY at) FROM told GROUP BY lead$$, 'states without end');
SELECT is_empty($$SELECT lead, path(rollup(t)) FROM (SELECT lead, timeline_agg(at, state) AS t FROM told GROUP BY lead, extract(minute FROM at)) x GROUP BY lead
                  EXCEPT SELECT lead, array_agg(state ORDER BY at) FROM told GROUP BY lead$$, 'rolled up');
SELECT is(path(rollup(t)), (SELECT array_agg('s' || i % 50 ORDER BY i) FROM generate_series(1, 400) i), 'states that come again and again, rolled up')
  FROM (SELECT timeline_agg('2026-01-01'::timestamptz + i * interval '1 s', 's' || i % 50) AS t FROM generate_series(1, 400) i GROUP BY i % 3) x;
SELECT cmp_ok(executor_memory('SELECT lead, leadflow.path(leadflow.timeline_agg(at, state || at || n)) FROM told, generate_series(1, 3) n GROUP BY lead', 495), '<', 16000000::bigint, 'and they are not all kept');

-- as a state that is read while it grows, or begins anew
CREATE TABLE grown AS SELECT i % 5 AS lead, i AS id, '2026-01-01'::timestamptz + i * 7919 % 100 * interval '1 hour' AS at, (ARRAY['lead', 'mql', 'sal'])[1 + i * i % 7 % 3] AS state FROM generate_series(1, 300) i;
SELECT is_empty(format($$SELECT id, path(timeline_agg(at, state) OVER (PARTITION BY lead ORDER BY id %s)) FROM grown
                         EXCEPT SELECT id, (SELECT path(timeline_agg(at, state)) FROM grown g WHERE g.lead = o.lead AND (g.id - o.id) / 5 BETWEEN %s) FROM grown o$$, frame, between), 'in a window: ' || frame)
  FROM (VALUES ('', '-1000 AND 0'), ('DESC', '0 AND 1000'), ('ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING', '-3 AND 2')) v(frame, between);
SELECT results_eq('SELECT t::text FROM (SELECT lead, timeline_agg(at, state) AS t FROM grown GROUP BY lead ORDER BY lead DESC) x', 'SELECT timeline_agg(at, state)::text FROM grown GROUP BY lead ORDER BY lead DESC', 'sorted as values');
SELECT results_eq('SELECT d::text FROM (SELECT lead, stage_durations(t) AS d FROM (SELECT lead, timeline_agg(at, state) AS t FROM grown GROUP BY lead, id % 2) x GROUP BY lead ORDER BY count(*), lead) y',
                  'SELECT stage_durations(t)::text FROM (SELECT lead, timeline_agg(at, state)::text::timeline AS t FROM grown GROUP BY lead, id % 2) x GROUP BY lead ORDER BY lead', 'and so are durations');

-- stages and texts in one value
SELECT format($$CREATE AGGREGATE onto_texts (timestamptz, stage) (SFUNC = timeline_add_stage, STYPE = timeline, INITCOND = %1$L);
                CREATE AGGREGATE onto_stages (timestamptz, text) (SFUNC = timeline_add, STYPE = timeline, INITCOND = %2$L)$$,
              timeline_agg(at, stage::text), stage_timeline_agg(at, stage)) FROM hand \gexec
SELECT throws_ok(mixed, '22023', 'cannot mix states that are stages with states that are texts', mixed)
  FROM unnest(ARRAY['SELECT rollup(t) FROM (SELECT timeline_agg(at, stage::text) AS t FROM hand UNION ALL TABLE one) x',
                    'SELECT onto_texts(at, stage) FROM hand', 'SELECT onto_stages(at, stage::text) FROM hand',
                    'SELECT stage_durations(t) FROM (SELECT timeline_agg(at, stage::text) AS t FROM hand UNION ALL TABLE one) x']) mixed;
SELECT is(rollup(t)::text, '{"stages": 0, "words": ["lead"], "moments": [["2026-01-01 00:00:00+00", 0, 0, 0]]}', 'but what is empty goes with either')
  FROM (SELECT timeline_agg('2026-01-01', 'lead') AS t UNION ALL SELECT '{"stages": 1, "words": [], "moments": []}'::timeline) x;
SELECT is('{"stages": 1, "words": [], "moments": []}'::timeline::text, '{"stages": 0, "words": [], "moments": []}', 'and has one form');

-- a published event log: hours from an event to the next one of its case
\if :{?shared}
CREATE TABLE desk (case_id text, activity text, at timestamp);
\set here `pwd`
\set dir :shared '/data/helpdesk'
\cd :dir
\copy desk FROM helpdesk.csv WITH (FORMAT csv, HEADER true)
\cd :here
-- here equal activities in a row are not one stay: with its number each event is a state of its own, whose one stay is its mean
SELECT results_eq($$SELECT split_part(state, ' ', 1), sum(completed)::bigint, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY mean_seconds) FILTER (WHERE completed > 0) / 3600)::numeric, 6),
                           round((sum(total_seconds) / sum(completed) / 3600)::numeric, 6)
                    FROM (SELECT stage_durations(t) AS s FROM (SELECT timeline_agg(at, activity || ' ' || n, n) AS t FROM (SELECT *, row_number() OVER (ORDER BY case_id, at, line) AS n FROM
                          (SELECT *, row_number() OVER () AS line FROM desk) d) d GROUP BY case_id) x) y, duration_table(s) GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('1', 4144::bigint, 2.078472, 62.575916), ('2', 45, 214.033333, 361.449333), ('3', 108, 0.054167, 14.106412), ('4', 14, 183.308750, 263.251349), ('5', 5, 431.610000, 419.279111),
             ('6', 346, 0.002500, 47.882496), ('7', 4, 214.937778, 172.222431), ('8', 4278, 2.785694, 71.702518), ('9', 962, 123.545972, 204.107877)$$, 'time to the next event of a help desk');
\else
SELECT skip('needs ../shared/data', 1);
\endif
SELECT * FROM finish();
