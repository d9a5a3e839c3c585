-- The example of the published Olist funnel, run as a user would run it. The
-- expected figures were computed from the files outside PostgreSQL.
\if :{?shared}
\set dir :shared '/data/olist'
\o /dev/null
\ir ../../doc/examples/olist.sql
\o
SET search_path = olist, leadflow, public, pg_catalog;
SELECT plan(17);

SELECT results_eq(
    $$SELECT reached, now_in_stage FROM funnel WHERE stage = 'mql'$$,
    $$VALUES (8000::bigint, 7158::bigint)$$,
    'every MQL is in the funnel');
SELECT results_eq(
    $$SELECT reached, reached_implied, now_in_stage FROM funnel WHERE stage = 'won'$$,
    $$VALUES (842::bigint, 0::bigint, 842::bigint)$$,
    'every deal took its lead to won');
SELECT results_eq(
    $$SELECT reached, reached_implied FROM funnel WHERE stage = 'sql'$$,
    $$VALUES (842::bigint, 842::bigint)$$,
    'the history says that the stages between are not known, only passed through');
SELECT is(
    (SELECT conversion_from_first FROM funnel WHERE stage = 'won'),
    0.105250, 'conversion from MQL to won');

SELECT results_eq(
    $$SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 6),
             round(avg(days)::numeric, 6),
             round((percentile_cont(0.25) WITHIN GROUP (ORDER BY days))::numeric, 4),
             round((percentile_cont(0.75) WITHIN GROUP (ORDER BY days))::numeric, 4),
             round((percentile_cont(0.9) WITHIN GROUP (ORDER BY days))::numeric, 4),
             round(min(days)::numeric, 4),
             round(max(days)::numeric, 4),
             count(*) FILTER (WHERE days < 0)
      FROM olist_path$$,
    $$VALUES (14.650729, 49.100769, 5.8568, 54.9910, 162.5888, -1.1813, 427.5518, 1::bigint)$$,
    'days from first contact to won, by exact times');
SELECT results_eq(
    $$SELECT n, count(*) FILTER (WHERE days <= n), round(count(*) FILTER (WHERE days <= n)::numeric / count(*), 6)
      FROM olist_path CROSS JOIN unnest(ARRAY[7, 30, 60, 90, 180]) n GROUP BY n ORDER BY n$$,
    $$VALUES (7, 249::bigint, 0.031125), (30, 547, 0.068375), (60, 644, 0.080500), (90, 691, 0.086375), (180, 774, 0.096750)$$,
    'won within so many days');

CREATE TEMPORARY TABLE expected_origin (origin text, mql bigint, won bigint, conversion numeric, median numeric);
INSERT INTO expected_origin VALUES
    (NULL, 60, 14, 0.233333, 8.083953),
    ('direct_traffic', 499, 56, 0.112224, 10.576163),
    ('display', 118, 6, 0.050847, 9.169010),
    ('email', 493, 15, 0.030426, 21.125000),
    ('organic_search', 2296, 271, 0.118031, 14.909352),
    ('other', 150, 4, 0.026667, 9.557355),
    ('other_publicities', 65, 3, 0.046154, 35.791701),
    ('paid_search', 1586, 195, 0.122951, 15.674595),
    ('referral', 284, 24, 0.084507, 19.370770),
    ('social', 1350, 75, 0.055556, 30.556377),
    ('unknown', 1099, 179, 0.162875, 11.827326);
SELECT set_eq(
    $$SELECT m.origin, m.reached AS mql, w.reached AS won, round(w.reached::numeric / m.reached, 6) AS conversion
      FROM funnel_segmented m JOIN funnel_segmented w ON w.origin IS NOT DISTINCT FROM m.origin
      WHERE m.stage = 'mql' AND w.stage = 'won'$$,
    $$SELECT origin, mql, won, conversion FROM expected_origin$$,
    'conversion by origin, from the report');
SELECT set_eq(
    $$SELECT origin, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 6) AS median FROM olist_path GROUP BY origin$$,
    $$SELECT origin, median FROM expected_origin$$,
    'median of days by origin');

SELECT results_eq(
    $$SELECT to_char(mql_at, 'YYYY-MM'), count(*), count(days),
             round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 6), count(*) FILTER (WHERE days <= 90)
      FROM olist_path GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('2017-06', 4::bigint, 0::bigint, NULL::numeric, 0::bigint),
             ('2017-07', 239, 2, 398.701071, 0),
             ('2017-08', 386, 9, 317.769745, 0),
             ('2017-09', 312, 7, 336.743704, 0),
             ('2017-10', 416, 14, 247.241644, 0),
             ('2017-11', 445, 18, 163.756065, 7),
             ('2017-12', 200, 11, 54.581273, 6),
             ('2018-01', 1141, 152, 18.107830, 129),
             ('2018-02', 1028, 149, 16.717639, 128),
             ('2018-03', 1174, 167, 12.125000, 141),
             ('2018-04', 1352, 183, 9.619236, 171),
             ('2018-05', 1303, 130, 10.692899, 109)$$,
    'cohorts by month of first contact');

SELECT results_eq(
    $$SELECT days, sum(leads)::bigint, sum(won)::bigint FROM cohort_conversion WHERE days <= 180 GROUP BY days ORDER BY days$$,
    $$VALUES (7::bigint, 8000::bigint, 249::bigint), (30, 8000, 547), (60, 8000, 644), (90, 8000, 691), (180, 8000, 774)$$,
    'won within so many days, from the report');
SELECT results_eq(
    $$SELECT to_char(c.month, 'YYYY-MM'), c.leads, c.won, max(o.won)
      FROM cohort_conversion c JOIN cohort o ON o.month = c.month
      WHERE c.days = 90 GROUP BY c.month, c.leads, c.won ORDER BY c.month$$,
    $$VALUES ('2017-06', 4::bigint, 0::bigint, 0::bigint), ('2017-07', 239, 0, 2), ('2017-08', 386, 0, 9), ('2017-09', 312, 0, 7),
             ('2017-10', 416, 0, 14), ('2017-11', 445, 7, 18), ('2017-12', 200, 6, 11), ('2018-01', 1141, 129, 152),
             ('2018-02', 1028, 128, 149), ('2018-03', 1174, 141, 167), ('2018-04', 1352, 171, 183), ('2018-05', 1303, 109, 130)$$,
    'cohorts by month, from the reports');
CREATE TABLE km AS
SELECT leadflow.km_agg(mql_at, won_at, (SELECT max(at) FROM stage_event WHERE to_stage = 'won')) AS km
  FROM (SELECT min(at) FILTER (WHERE to_stage = 'mql') AS mql_at, min(at) FILTER (WHERE to_stage = 'won') AS won_at
          FROM stage_event WHERE opportunity_id IS NULL GROUP BY lead_id) l;
SELECT results_eq(
    $$SELECT days, round(km_conversion(km, make_interval(days => days))::numeric, 6) FROM km, unnest('{30,60,90,180,365}'::int[]) days$$,
    $$VALUES (30, 0.068375), (60, 0.080500), (90, 0.086375), (180, 0.096791), (365, 0.113494)$$,
    'conversion when leads that may still be won are no failures');
BEGIN;
SET LOCAL leadflow.clock = '2018-07-01';
SELECT results_eq(
    $$SELECT days, leads, complete, followed, expected_share IS NOT NULL FROM cohort_conversion WHERE month = '2018-05-01' ORDER BY days$$,
    $$SELECT d.days::bigint, 1303::bigint, d.days <= 30, f.n, f.n > 0
        FROM unnest('{7,30,60,90,180,365}'::int[]) d (days),
             LATERAL (SELECT count(*) AS n FROM (SELECT min(at) AS at FROM stage_event WHERE opportunity_id IS NULL GROUP BY lead_id) l
                      WHERE at >= '2018-05-01' AND at < '2018-06-01' AND at <= timestamptz '2018-07-01' - make_interval(days => d.days)) f$$,
    'and what is not known yet is not told');
ROLLBACK;

SELECT is(count(*), 0::bigint, 'nothing was set aside') FROM quarantine;
SELECT is(count(*), 0::bigint, 'nothing was let in against the standard') FROM violation;
SELECT is(count(*), 0::bigint, 'no promise is measured') FROM sla_clock;
SELECT throws_ok(
    $$INSERT INTO lead (source, stage) VALUES ('olist', 'mql')$$,
    '23514', NULL, 'the guard keeps to Olist''s definition of an MQL');
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
