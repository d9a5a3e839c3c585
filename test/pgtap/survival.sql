-- Conversion over time: against values computed by hand, published ones, plain SQL on
-- random leads, real funnels, and in every form and plan
\ir common/summaries.sql
SET search_path = leadflow, public;
SET timezone = 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT no_plan();

-- Weeks of remission of leukaemia under 6-mercaptopurine: E. J. Freireich and others, Blood 21
-- (1963), 699-716, as in E. A. Gehan, Biometrika 52 (1965), 203-223. S(t) as in J. P. Klein and
-- M. L. Moeschberger, Survival Analysis (1997), section 4.2; the limits are those that "sts list" of
-- Stata and R's survfit(conf.type = "log-log") print.
CREATE TABLE gehan (weeks integer, relapse boolean);
INSERT INTO gehan VALUES (6, true), (6, true), (6, true), (6, false), (7, true), (9, false), (10, true), (10, false), (11, false), (13, true), (16, true), (17, false),
    (19, false), (20, false), (22, true), (23, true), (25, false), (32, false), (32, false), (34, false), (35, false);
CREATE TABLE remission AS SELECT km_agg(weeks * interval '7 days', relapse) AS k FROM gehan;
SELECT results_eq($$SELECT (after_seconds / 604800)::int, at_risk, converted, censored, round(1 - conversion::numeric, 4), round(1 - high::numeric, 4), round(1 - low::numeric, 4)
                      FROM remission, km_curve(k) WHERE converted > 0$$,
    $$VALUES (6, 21::bigint, 3::bigint, 1::bigint, 0.8571, 0.6197, 0.9516), (7, 17, 1, 0, 0.8067, 0.5631, 0.9228), (10, 15, 1, 1, 0.7529, 0.5032, 0.8894), (13, 12, 1, 0, 0.6902, 0.4316, 0.8491),
             (16, 11, 1, 0, 0.6275, 0.3675, 0.8049), (22, 7, 1, 0, 0.5378, 0.2678, 0.7468), (23, 6, 1, 0, 0.4482, 0.1881, 0.6801)$$, 'published survival and limits');
SELECT is((SELECT string_agg((after_seconds / 604800)::int || ':' || at_risk || ':' || censored, ' ' ORDER BY after_seconds) FROM remission, km_curve(k) WHERE converted = 0),
          '9:16:1 11:13:1 17:10:1 19:9:1 20:8:1 25:5:1 32:4:2 34:2:1 35:1:1', 'who is only censored has rows as well');
SELECT is(round(km_conversion(k, '10 weeks')::numeric, 6), 0.247059, 'conversion at a time at which somebody converts') FROM remission;
SELECT is(km_conversion(k, '10 weeks -1 microsecond'), km_conversion(k, '7 weeks'), 'and just before it') FROM remission;
SELECT is(km_conversion(k, '10 years'::interval - '10 years' + '3650 days'), km_conversion(k, '23 weeks'), 'after the last time it stays') FROM remission;
SELECT is(km_conversion(k, '0'), 0::float8, 'at once: nobody') FROM remission;
SELECT is(km_conversion(k, '-1 day'), 0::float8, 'before: nobody') FROM remission;
SELECT is(round(low::numeric, 6) || ' ' || round(high::numeric, 6), '0.110638 0.496800', 'limits of 95 %') FROM remission, km_interval(k, '10 weeks');
-- z = 1.6448536269514722: V = 3/(21*18) + 1/(17*16) + 1/(15*14), S = 64/85
SELECT ok(abs(low - (1 - power(64/85.0, exp(-h)))) < 1e-12 AND abs(high - (1 - power(64/85.0, exp(h)))) < 1e-12, 'limits of 90 %, from the formula')
  FROM remission, km_interval(k, '10 weeks', 0.9), LATERAL (SELECT 1.6448536269514722::float8 * sqrt(3/378.0 + 1/272.0 + 1/210.0) / abs(ln(64/85.0))::float8 AS h) x;
SELECT is(low, NULL, 'no limits before anybody converts') FROM remission, km_interval(k, '1 day');
SELECT is(low::text || high, NULL, 'nor when everybody has') FROM km_interval('{"converted": [1, 2], "censored": []}', '1 day');
SELECT is(km_conversion('{"converted": [1, 2], "censored": []}', '1 day'), 1::float8, 'everybody');
SELECT is(km_time(k, share)::text, expected, 'time until ' || share)
  FROM remission, (VALUES (0.1, '1008:00:00'), (0.25, '2184:00:00'), (0.5, '3864:00:00'), (0.5518, '3864:00:00'), (0.56, NULL), (1, NULL)) v(share, expected);
SELECT is(km_time(k, 3 / 10.0)::text, '00:00:03', 'a share that doubles only come near') FROM (SELECT km_agg(i * interval '1 s', true) AS k FROM generate_series(1, 10) i) x;
SELECT is(bool_and(km_time(k, i / 1000.0::float8) = i * interval '1 s'), true, 'each of a thousand') FROM (SELECT km_agg(i * interval '1 s', true) AS k FROM generate_series(1, 1000) i) x, generate_series(1, 1000) i;
SELECT is(km_subjects(k) || ' ' || km_converted(k), '21 9', 'how many') FROM remission;

-- by hand: entered on 1 January, known on the 11th. One converts after 2 days; one left after
-- 4 (entered on the 7th); one converts after 6; one goes on. 1/4, then 1/4 + 3/4 * 1/2
SELECT is(array_agg(km_conversion(k, d * interval '1 day') ORDER BY d), '{0,0.25,0.25,0.25,0.25,0.625,0.625}', 'by hand')
  FROM (SELECT km_agg(e::timestamptz, c::timestamptz, '2026-01-11') AS k
          FROM (VALUES ('2026-01-01', '2026-01-03'), ('2026-01-07', '2026-01-12'), ('2026-01-01', '2026-01-07'), ('2026-01-01', NULL), (NULL, '2026-01-03'), ('2026-01-12', NULL), ('2026-01-12', '2026-01-13')) v(e, c)) x, generate_series(1, 7) d;
SELECT is(km_agg(e::timestamptz, c::timestamptz, a::timestamptz)::text, expected, label)
  FROM (VALUES ('2026-01-02', '2026-01-01', '2026-01-03', '{"converted": [0], "censored": []}', 'converted before entering: at once'),
               ('2026-01-01', '2026-01-03', '2026-01-03', '{"converted": [172800000000], "censored": []}', 'converted at as_of'),
               ('2026-01-01', '2026-01-03', '2026-01-02', '{"converted": [], "censored": [86400000000]}', 'converted after it'),
               ('2026-01-01', 'infinity', '2026-01-02', '{"converted": [], "censored": [86400000000]}', 'never'),
               ('2026-01-01', NULL, '2026-01-01', '{"converted": [], "censored": [0]}', 'entered at as_of'),
               ('2026-01-02', NULL, '2026-01-01', NULL, 'entered after it'), ('2026-01-02', '2026-01-01', '2026-01-01', NULL, 'entered after it, though converted'),
               (NULL, '2026-01-01', '2026-01-01', NULL, 'never entered'), ('2026-01-02', NULL, NULL, NULL, 'no as_of')) v(e, c, a, expected, label) GROUP BY expected, label;
SELECT is(km_agg(d::interval, c)::text, expected, label)
  FROM (VALUES ('1 day 1 hour', true, '{"converted": [90000000000], "censored": []}', 'a day has 24 hours'), ('-1 hour', true, '{"converted": [0], "censored": []}', 'a negative time of one who converted'),
               ('-1 hour', false, NULL, 'a negative time of another'), (NULL, true, NULL, 'no time'), ('1 hour', NULL, NULL, 'no outcome')) v(d, c, expected, label) GROUP BY expected, label;
SELECT is(km_agg(now(), NULL, now())::text, NULL, 'null without rows') FROM gehan WHERE false;
SELECT is(km_conversion('{"converted": [], "censored": []}', '1 day'), NULL, 'of nobody');
SELECT is_empty($$SELECT * FROM km_curve('{"converted": [], "censored": []}')$$, 'the curve of nobody');
SELECT is(state_of(query), state, query)
  FROM (VALUES ($$SELECT leadflow.km_conversion(k, '1 month') FROM remission$$, '22023'), ($$SELECT leadflow.km_agg('1 year'::interval, true)$$, '22023'),
               ($$SELECT leadflow.km_agg('infinity', NULL, now())$$, '22008'), ($$SELECT leadflow.km_agg(now(), NULL, 'infinity')$$, '22008'),
               ($$SELECT leadflow.km_agg('4713-01-01 BC', NULL, '294276-12-31')$$, '22008'), ($$SELECT leadflow.km_agg('106751992 days'::interval, true)$$, '22008'), ($$SELECT leadflow.km_agg('2147483647 days'::interval, true)$$, '22008'),
               ($$SELECT leadflow.km_conversion(k, '-2147483648 days') FROM remission$$, '22008'), ($$SELECT leadflow.km_agg('106751991 days 4:00:54.775807'::interval, true)$$, '00000'),
               ($$SELECT leadflow.km_agg('106751991 days 4:00:54.775807'::interval + '0.000001', true)$$, '22008'),
               ($$SELECT leadflow.km_interval(k, '1 day', 1) FROM remission$$, '22023'), ($$SELECT leadflow.km_interval(k, '1 day', 0) FROM remission$$, '22023'),
               ($$SELECT leadflow.km_interval(k, '1 day', 'NaN') FROM remission$$, '22023'), ($$SELECT leadflow.km_curve(k, 95) FROM remission$$, '22023'),
               ($$SELECT leadflow.km_interval(k, '1 year', 0.9) FROM remission$$, '22023'), ($$SELECT leadflow.km_time(k, 0) FROM remission$$, '22023'),
               ($$SELECT leadflow.km_time(k, 1.01) FROM remission$$, '22023'), ($$SELECT leadflow.km_time(k, 'NaN') FROM remission$$, '22023'),
               ($$SELECT leadflow.km_add(NULL, '1 day', true)$$, '42809'), ($$SELECT leadflow.survival_combine(NULL, NULL)$$, '42809'),
               ($$SELECT '{"converted": [-1], "censored": []}'::leadflow.survival$$, '22P02'), ($$SELECT '{"converted": [1]}'::leadflow.survival$$, '22P02'),
               ($$SELECT '{"converted": [9223372036854775808], "censored": []}'::leadflow.survival$$, '22P02')) v(query, state);
SELECT throws_like($$SELECT km_conversion(k, '1 month') FROM remission$$, '%days, hours, minutes and seconds%', 'a month is refused in words');

-- 3,000 random leads in 20 groups, and the estimator in plain SQL
SELECT setseed(0.3);
CREATE TABLE person (grp integer, n integer, entered timestamptz, converted timestamptz) PARTITION BY HASH (n);
CREATE TABLE person_0 PARTITION OF person FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE person_1 PARTITION OF person FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE person_0 SET (parallel_workers = 2);
ALTER TABLE person_1 SET (parallel_workers = 2);
INSERT INTO person SELECT i % 20, i, '2026-01-01'::timestamptz + floor(random() * 100) * interval '1 day', '2026-01-01'::timestamptz + floor(random() * 150 + 5) * interval '1 day'
  FROM generate_series(1, 3000) i;
UPDATE person SET converted = NULL WHERE n % 3 = 0;
ANALYZE person;
CREATE VIEW life AS SELECT grp, greatest(least(converted, '2026-04-01') - entered, '0') AS t, coalesce(converted <= '2026-04-01', false) AS hit FROM (SELECT grp, entered, converted FROM person) p WHERE entered <= '2026-04-01' AND converted IS NOT NULL
    UNION ALL SELECT grp, '2026-04-01' - entered, false FROM person WHERE entered <= '2026-04-01' AND converted IS NULL;
CREATE VIEW oracle AS
SELECT grp, t, n, d, c, 1 - exp(sum(ln(nullif(n - d, 0) / n::float8)) OVER w) AS conversion, sum(d / (n * nullif(n - d, 0))::float8) OVER w AS variance
  FROM (SELECT grp, t, count(*) FILTER (WHERE hit) AS d, count(*) FILTER (WHERE NOT hit) AS c, sum(count(*)) OVER (PARTITION BY grp ORDER BY t DESC) AS n FROM life GROUP BY grp, t) x
WINDOW w AS (PARTITION BY grp ORDER BY t);
CREATE TABLE kept AS SELECT grp, n % 7 AS part, km_agg(entered, converted, '2026-04-01') AS k FROM person GROUP BY 1, 2;
ALTER TABLE kept SET (parallel_workers = 2);
ANALYZE kept;
CREATE TABLE whole AS SELECT grp, rollup(k) AS k FROM kept GROUP BY grp;
SELECT cmp_ok((SELECT count(*) FROM oracle WHERE d > 0 AND c > 0), '>', 100::bigint, 'times at which some convert and some are censored');
SELECT is((SELECT max(n) FROM oracle WHERE n = d), NULL, 'in no group has everybody converted');
SELECT bag_eq('SELECT grp, after_seconds, at_risk, converted, censored, round(conversion::numeric, 9) FROM whole, km_curve(k)',
              'SELECT grp, extract(epoch FROM t)::float8, n::bigint, d, c, round(conversion::numeric, 9) FROM oracle', 'curves are those of plain SQL');
SELECT bag_eq('SELECT grp, after_seconds, round(low::numeric, 8) AS low, round(high::numeric, 8) AS high FROM whole, km_curve(k, 0.8)',
              $$SELECT grp, extract(epoch FROM t)::float8, round((1 - power(1 - conversion, exp(-h)))::numeric, 8) AS low, round((1 - power(1 - conversion, exp(h)))::numeric, 8) AS high
                  FROM oracle, LATERAL (SELECT 1.2815515655446004 * sqrt(variance) / nullif(abs(ln(1 - conversion)), 0) AS h) x$$, 'so are the limits');
SELECT bag_eq($$SELECT grp, d, round(km_conversion(k, d * interval '1 day')::numeric, 9) FROM whole, generate_series(0, 100, 7) d$$,
              $$SELECT grp, day, round(coalesce((SELECT conversion FROM oracle o WHERE o.grp = w.grp AND t <= day * interval '1 day' ORDER BY t DESC LIMIT 1), 0)::numeric, 9) FROM whole w, generate_series(0, 100, 7) day$$,
              'conversion at a time is that of plain SQL');
SELECT bag_eq('SELECT grp, s, km_time(k, s) FROM whole, unnest(ARRAY[0.05, 0.2, 0.4]) s',
              'SELECT grp, s, (SELECT min(t) FROM oracle o WHERE o.grp = w.grp AND conversion >= s) FROM whole w, unnest(ARRAY[0.05, 0.2, 0.4]) s', 'times are those of plain SQL');

-- every plan and form
CREATE TABLE total AS SELECT km_agg(entered, converted, '2026-04-01')::text AS v FROM person;
SELECT is((SELECT km_agg(entered, converted, '2026-04-01')::text FROM (SELECT * FROM person ORDER BY md5(n::text)) p), v, 'whatever the order of rows') FROM total;
SELECT is((SELECT rollup(k)::text FROM kept), v, 'stored parts, rolled up') FROM total;
SELECT is((SELECT rollup(k)::text FROM (SELECT NULL::survival AS k UNION ALL SELECT k FROM kept UNION ALL SELECT NULL) x), v, 'with nulls around') FROM total;
SELECT is((SELECT rollup(NULL::survival)::text FROM kept), NULL, 'rollup of nulls');
SELECT is(in_parallel('SELECT leadflow.km_agg(entered, converted, ''2026-04-01'')::text FROM person'), v, 'in parallel') FROM total;
SELECT is(in_parallel('SELECT leadflow.km_agg(entered, converted, ''2026-04-01'')::text FROM person WHERE abs(n) > 2990'), (SELECT km_agg(entered, converted, '2026-04-01')::text FROM person WHERE abs(n) > 2990), 'in parallel where most workers have nothing');
SELECT is(in_parallel('SELECT leadflow.rollup(k)::text FROM kept'), v, 'rollup in parallel') FROM total;
SELECT is(by_partition('SELECT leadflow.km_agg(entered, converted, ''2026-04-01'')::text FROM person'), v, 'by partition') FROM total;
SELECT is(v::survival::text, v, 'text round trip') FROM total;
SELECT is(received('survival', survival_send(v::survival)), v, 'binary round trip') FROM total;
SELECT is(received('survival', substr(survival_send(v::survival), 1, 100)), '22P03', 'binary cut off') FROM total;
SELECT is('{"converted": [3, 1], "censored": [2, 0]}'::survival::text, '{"converted": [1, 3], "censored": [0, 2]}', 'read and put in order');

-- stays in a stage
SELECT is(stay_survival(stage_durations(t, '2026-01-11'), 'mql')::text, '{"converted": [86400000000], "censored": [864000000000]}', 'stays that end convert, and those that go on are censored')
  FROM (SELECT timeline_agg(at::timestamptz, s) AS t FROM (VALUES (1, '2026-01-01', 'mql'), (1, '2026-01-02', 'sal'), (2, '2026-01-01', 'mql')) v(lead, at, s) GROUP BY lead) x;
SELECT is(stay_survival(stage_durations(t), 'won')::text, NULL, 'of an unknown state') FROM (SELECT timeline_agg(now(), 'x') AS t) x;

-- real funnels
\if :{?shared}
\set here `pwd`
\set dir :shared '/data/olist'
\cd :dir
CREATE TABLE mql (mql_id text, first_contact_date timestamp, landing_page_id text, origin text);
\copy mql FROM olist_marketing_qualified_leads_dataset.csv WITH (FORMAT csv, HEADER true)
CREATE TABLE deal (mql_id text, seller_id text, sdr_id text, sr_id text, won_date timestamp, r1 text, r2 text, r3 text, r4 text, r5 text, r6 text, r7 text, r8 text, r9 text);
\copy deal FROM olist_closed_deals_dataset.csv WITH (FORMAT csv, HEADER true)
\set dir :shared '/data/maven_crm'
\cd :dir
CREATE TABLE opportunity (id text, agent text, product text, account text, stage text, engaged timestamp, closed timestamp, value numeric);
\copy opportunity FROM sales_pipeline.csv WITH (FORMAT csv, HEADER true)
\cd :here
CREATE TABLE olist AS SELECT km_agg(first_contact_date, won_date, (SELECT max(won_date) FROM deal)) AS k FROM mql LEFT JOIN deal USING (mql_id);
SELECT is(km_subjects(k) || ' ' || km_converted(k), '8000 842', 'Olist: leads and deals') FROM olist;
SELECT results_eq($$SELECT d, round(km_conversion(k, d * interval '1 day')::numeric, 6) FROM olist, unnest(ARRAY[30, 60, 90, 180, 365]) d$$,
                  $$VALUES (30, 0.068375), (60, 0.080500), (90, 0.086375), (180, 0.096791), (365, 0.113494)$$, 'Olist: conversion within so many days');
SELECT results_eq($$SELECT state, completed, extract(epoch FROM duration_quantile(s, state, 0.5)) / 86400, round((mean_seconds / 86400)::numeric, 6), p90_seconds / 86400
                      FROM (SELECT stage_durations(t) AS s FROM (SELECT timeline_agg(at, CASE WHEN i = 1 THEN stage ELSE 'closed' END, i) AS t
                              FROM opportunity, LATERAL (VALUES (1, engaged), (2, closed)) v(i, at) WHERE closed IS NOT NULL GROUP BY id) x) y, duration_table(s) WHERE state <> 'closed' ORDER BY state DESC$$,
                  $$VALUES ('Won', 4238::bigint, 57::numeric, 51.781973, 106::float8), ('Lost', 2473, 14, 41.479175, 100)$$, 'Maven: days from engaging to closing');
SELECT results_eq($$SELECT open, round((mean_open_seconds / 86400)::numeric, 6) FROM (SELECT stage_durations(t, '2017-12-31') AS s FROM
                      (SELECT timeline_agg(engaged, stage) AS t FROM opportunity WHERE stage = 'Engaging' GROUP BY id) x) y, duration_table(s)$$,
                  $$VALUES (1589::bigint, 198.816237)$$, 'Maven: age of what is open');
\else
SELECT skip('needs ../shared/data', 4);
\endif
SELECT * FROM finish();
