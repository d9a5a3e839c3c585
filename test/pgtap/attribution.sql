-- Who gets the credit: paths of touches, models, credit and money dealt out
-- exactly. Against hand-computed values, a second implementation in plain SQL
-- and, where it is there, the published data of ChannelAttribution.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET timezone = 'UTC';
SET jit = off;

SELECT no_plan();
\ir common/summaries.sql

SET LOCAL max_parallel_workers_per_gather = 0;

-- a path from text: touches and marks, '<day> <channel or -> [<mark> [<amount>]]'
CREATE FUNCTION pg_temp.path(rows text) RETURNS leadflow.touch_path LANGUAGE sql AS $$
    SELECT leadflow.attribution_agg(timestamptz '2024-01-01' + f[1]::numeric * interval '1 day', nullif(f[2], '-'), nullif(f[3], '-'), f[4]::numeric, n)
      FROM regexp_split_to_table(rows, ', ') WITH ORDINALITY r(line, n), LATERAL regexp_split_to_array(line, ' ') f
$$;
-- what the touches get, in order, of the first conversion
CREATE FUNCTION pg_temp.credits(rows text, model text, lookback interval DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(round(credit, 6)::text, ' ' ORDER BY position) FROM leadflow.credits(pg_temp.path(rows), model, lookback) WHERE conversion = 1
$$;
CREATE FUNCTION pg_temp.money(rows text, model text, digits int DEFAULT 2) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(value::text, ' ' ORDER BY position) FROM leadflow.credits(pg_temp.path(rows), model, digits => digits) WHERE conversion = 1
$$;

-- text form
SELECT is(pg_temp.path('0 web, 4 ads lead, 5 - opportunity, 9 web conversion 12.50')::text,
          '{"words": ["ads", "web"], "moments": [["2024-01-01 00:00:00+00", 1, 1, 4], ["2024-01-05 00:00:00+00", 0, 2, 5], ["2024-01-06 00:00:00+00", -1, 3, 2], ["2024-01-10 00:00:00+00", 1, 4, 4]], "conversions": [["2024-01-10 00:00:00+00", 4, 125, 1]]}',
          'text form of a path');
SELECT is(leadflow.attribution_agg(at, channel, mark)::text, NULL, 'null when no row counts')
  FROM (VALUES (NULL::timestamptz, 'web', NULL), ('2024-01-01', NULL, NULL), (NULL, NULL, 'conversion')) v(at, channel, mark);
SELECT is((SELECT leadflow.attribution_agg('2024-01-01', 'web', NULL)::text FROM generate_series(1, 0)), NULL, 'null of no rows');
SELECT is(leadflow.attribution_agg(at, 'web', 'conversion', amount)::text, leadflow.attribution_agg(at, 'web', 'conversion', trim_scale(amount))::text,
          'an amount is its value, not its digits')
  FROM (VALUES (timestamptz '2024-01-01', 12.5000), ('2024-01-02', 100), ('2024-01-03', 0.00), ('2024-01-04', -3.10)) v(at, amount);
SELECT is(leadflow.attribution_agg('2024-01-01', 'web', NULL, 'NaN')::text, leadflow.attribution_agg('2024-01-01', 'web', NULL)::text,
          'an amount counts only with a conversion');
CREATE TEMP TABLE same_instant AS
SELECT n, timestamptz '2024-01-01' AS at, c AS channel, m AS mark, a AS amount, t::bigint AS touch
  FROM (VALUES (1, 'b', NULL, NULL::numeric, 2), (2, 'a', NULL, NULL, 2), (3, 'c', NULL, NULL, 1), (4, 'z', NULL, NULL, NULL), (5, NULL, 'lead', NULL, NULL),
               (6, 'c', 'conversion', 5, 1), (7, NULL, 'conversion', 4.5, 1), (8, NULL, 'conversion', NULL, 1), (9, 'ab', NULL, NULL, 2), (10, 'c', 'lead', NULL, 1)) v(n, c, m, a, t);
SELECT is((SELECT leadflow.attribution_agg(at, channel, mark, amount, touch)::text FROM (SELECT * FROM same_instant ORDER BY n OFFSET 0) o),
          (SELECT leadflow.attribution_agg(at, channel, mark, amount, touch)::text FROM (SELECT * FROM same_instant ORDER BY n DESC OFFSET 0) o),
          'the order of rows does not matter, at one instant either');
SELECT is(leadflow.channel_path(leadflow.attribution_agg(at, channel, mark, amount, touch)), '{z,c,c,c,a,ab,b}',
          'ties: by the identifier of the touch, then by channel') FROM same_instant;
SELECT results_eq($$SELECT conversion, value FROM leadflow.credits((SELECT leadflow.attribution_agg(at, channel, mark, amount, touch) FROM same_instant), 'first') WHERE position = 1$$,
                  $$VALUES (1, NULL::numeric), (2, 5.00), (3, 4.50)$$, 'conversions of one instant have an order too');

-- accessors
SELECT is(leadflow.touches(p) || ' ' || leadflow.conversions(p), '4 2', 'touches and conversions are counted')
  FROM pg_temp.path('0 a, 1 b lead, 2 - conversion, 3 c conversion, 4 d') p;
SELECT is(leadflow.channel_path(p), '{a,b}', 'the path to the first conversion') FROM pg_temp.path('0 a, 1 b lead, 2 - conversion, 3 c conversion, 4 d') p;
SELECT is(leadflow.channel_path(p, 2), '{a,b,c}', 'the path to the second, the touch at its instant too') FROM pg_temp.path('0 a, 1 b lead, 2 - conversion, 3 c conversion, 4 d') p;
SELECT is(leadflow.channel_path(p, 3), NULL, 'no third conversion') FROM pg_temp.path('0 a, 1 b lead, 2 - conversion, 3 c conversion, 4 d') p;
SELECT is(leadflow.channel_path(p), '{b,a,b}', 'without conversions: all') FROM pg_temp.path('0 b, 3 b, 1 a, 2 - lead') p;
SELECT is(leadflow.channel_path(p), '{}', 'a conversion before every touch') FROM pg_temp.path('0 - conversion, 3 b') p;
SELECT is(leadflow.channel_path(p, 2), NULL, 'no second conversion where there is none') FROM pg_temp.path('0 b') p;

-- the models, by hand
SELECT is(pg_temp.credits(rows, model), expected, model || ': ' || label)
  FROM (VALUES
    ('first', '0 a, 1 b, 2 c, 3 - conversion', '1.000000 0.000000 0.000000', 'the first touch'),
    ('last', '0 a, 1 b, 2 c, 3 - conversion', '0.000000 0.000000 1.000000', 'the last touch'),
    ('last', '0 a, 1 b conversion, 2 c', '0.000000 1.000000', 'a touch at the conversion counts, a later one does not'),
    ('first', '0 - conversion', '1.000000', 'no touch: one row'),
    ('first', '0 a conversion', '1.000000', 'one touch'),
    ('linear', '0 a, 1 b, 2 c, 3 - conversion', '0.333333 0.333333 0.333333', 'all alike'),
    ('first_non_direct', '0 direct, 1 b, 2 c, 3 - conversion', '0.000000 1.000000 0.000000', 'direct is skipped'),
    ('last_non_direct', '0 a, 1 b, 2 direct, 3 - conversion', '0.000000 1.000000 0.000000', 'direct is skipped'),
    ('last_non_direct', '0 direct, 1 direct, 2 - conversion', '0.000000 1.000000', 'all direct: the last'),
    ('first_non_direct', '0 direct, 1 direct, 2 - conversion', '1.000000 0.000000', 'all direct: the first'),
    ('last_non_direct b', '0 a, 1 direct, 2 b, 3 - conversion', '0.000000 1.000000 0.000000', 'what is named is skipped instead'),
    ('last_non_direct "b" c', '0 a, 1 b, 2 c, 3 - conversion', '1.000000 0.000000 0.000000', 'names in quotes'),
    ('position', '0 a, 1 b, 2 c, 3 d, 4 - conversion', '0.400000 0.100000 0.100000 0.400000', '40 20 40'),
    ('position', '0 a, 1 b, 2 - conversion', '0.500000 0.500000', 'two touches'),
    ('position', '0 a, 1 - conversion', '1.000000', 'one touch: weights merge'),
    ('position 30 40 30', '0 a, 1 b, 2 c, 3 d, 4 - conversion', '0.300000 0.200000 0.200000 0.300000', 'other weights'),
    ('position 1 0 3', '0 a, 1 b, 2 c, 3 - conversion', '0.250000 0.000000 0.750000', 'weights need not add up to 100'),
    ('position 0 1 0', '0 a, 1 b, 2 - conversion', '0.500000 0.500000', 'no weight is left: all alike'),
    ('u_shaped', '0 a, 1 b, 2 c lead, 3 d, 4 - conversion', '0.400000 0.100000 0.400000 0.100000', 'first, lead and rest'),
    ('u_shaped', '0 a lead, 1 b, 2 c, 3 - conversion', '0.800000 0.100000 0.100000', 'first is the lead''s: weights merge'),
    ('u_shaped', '0 a, 1 b lead, 2 - conversion', '0.500000 0.500000', 'no rest'),
    ('u_shaped', '0 a, 1 b, 2 c, 3 - conversion', '0.666667 0.166667 0.166667', 'no lead conversion: 40 to 20'),
    ('u_shaped', '0 a, 1 b, 1.5 - lead, 2 c, 3 - conversion', '0.400000 0.400000 0.200000', 'the last touch before the milestone'),
    ('u_shaped', '0 - lead, 1 b, 2 c, 3 - conversion', '0.800000 0.200000', 'no touch before the milestone: the first'),
    ('u_shaped', '0 a, 1 b, 2 - conversion, 3 - lead', '0.666667 0.333333', 'a milestone after the conversion'),
    ('u_shaped', '0 a, 1 b, 2 c, 2 - lead, 2 d lead, 3 e, 4 - conversion', '0.400000 0.066667 0.066667 0.400000 0.066667', 'a milestone is its own touch'),
    ('u_shaped', '0 a, 1 b lead, 2 c, 3 d lead, 4 - conversion', '0.400000 0.100000 0.100000 0.400000', 'of several milestones the last'),
    ('w_shaped', '0 a, 1 b lead, 2 c, 3 d opportunity, 4 e, 5 - conversion', '0.300000 0.300000 0.050000 0.300000 0.050000', '30 30 30 10'),
    ('w_shaped', '0 a, 1 b lead, 2 c opportunity, 3 - conversion', '0.333333 0.333333 0.333333', 'no rest'),
    ('w_shaped', '0 a lead, 1 b opportunity, 2 c, 3 - conversion', '0.600000 0.300000 0.100000', 'first is the lead''s'),
    ('w_shaped', '0 a, 1 b, 2 c opportunity, 3 - conversion', '0.428571 0.142857 0.428571', 'no lead conversion'),
    ('w_shaped', '0 a, 1 b, 2 c, 3 - conversion', '0.750000 0.125000 0.125000', 'no milestone'),
    ('w_shaped 0 50 50 0', '0 a, 1 b, 2 - conversion', '0.500000 0.500000', 'no weight is left: all alike'),
    ('full_path', '0 a, 1 b lead, 2 c opportunity, 3 d, 4 e, 5 - conversion', '0.225000 0.225000 0.225000 0.100000 0.225000', '22.5 each and 10'),
    ('full_path', '0 a, 1 b lead, 2 c opportunity, 3 d, 4 - conversion', '0.250000 0.250000 0.250000 0.250000', 'no rest'),
    ('full_path', '0 a lead, 1 b, 2 c, 3 - conversion', '0.580645 0.129032 0.290323', 'no opportunity: 45, 10 and 22.5'),
    ('full_path 20 20 20 20 20', '0 a, 1 b, 2 c opportunity, 3 - conversion', '0.250000 0.250000 0.500000', 'other weights'),
    ('time_decay', '0 a, 16 b, 23 c, 30 d, 30 - conversion', '0.028464 0.138791 0.277582 0.555164', 'ages of 30, 14, 7 and 0 days'),
    ('time_decay 7 days', '0 a, 16 b, 23 c, 30 d, 37 - conversion', '0.028464 0.138791 0.277582 0.555164', 'a later conversion does not change the proportion'),
    ('time_decay 1 day', '0 a, 1 b, 1 c, 3 - conversion', '0.200000 0.400000 0.400000', 'by time, not by place'),
    ('time_decay 1 hour', '0 a, 9999 b conversion', '0.000000 1.000000', 'what is long ago'),
    ('custom_first 50 30 20', '0 a, 1 b, 2 c, 3 d, 4 - conversion', '0.500000 0.300000 0.200000 0.000000', 'by place from the first'),
    ('custom_first 3 1', '0 a, 1 - conversion', '1.000000', 'fewer touches than weights'),
    ('custom_last 50 25 12.5 6.25 3.125 1.563', '0 a, 1 b, 2 c, 3 d, 4 e, 5 f, 6 g, 7 - conversion',
     '0.000000 0.015878 0.031746 0.063492 0.126983 0.253967 0.507934', 'the six latest'),
    ('custom_last 0 0 1', '0 a, 1 b, 2 - conversion', '0.500000 0.500000', 'no weight is left: all alike')) v(model, rows, expected, label);
SELECT is(pg_temp.credits('0 a, 1 b, 2 c, 3 d, 4 - conversion', E'\t position   40\n20 40 '), '0.400000 0.100000 0.100000 0.400000', 'space does not matter');
SELECT results_eq(
    $$SELECT channel FROM leadflow.credits((SELECT leadflow.attribution_agg(timestamptz '2024-01-01' + n * interval '1 day', c, CASE WHEN n = 3 THEN 'conversion' END)
                                             FROM unnest(ARRAY['a', 'the "b"', 'c d']) WITH ORDINALITY u(c, n)), 'last_non_direct "c d" "the ""b"""') WHERE credit = 1$$,
    $$VALUES ('a')$$, 'names with spaces and quotes');

-- the look-back window
SELECT is(pg_temp.credits(rows, 'linear', lookback::interval), expected, 'look-back of ' || lookback || ': ' || label)
  FROM (VALUES ('0 a, 1 b, 2 c, 3 - conversion', '2 days', '1.000000', 'a touch just so long ago is out'),
               ('0 a, 1 b, 2 c, 3 - conversion', '48:00:00.000001', '0.500000 0.500000', 'a moment less is in'),
               ('0 a, 1 b, 2 c, 33 - conversion', '1 month 3 days', '0.500000 0.500000', 'a month is 30 days'),
               ('0 a, 1 b, 2 c, 33 - conversion', '1 microsecond', '1.000000', 'no touch'),
               ('0 a, 1 b, 2 c conversion', '1 microsecond', '1.000000', 'a touch at the conversion')) v(rows, lookback, expected, label);
SELECT is(pg_temp.credits('0 a lead, 1 b, 2 c, 3 d, 4 - conversion', 'u_shaped', '3 days 12 hours'), '0.666667 0.166667 0.166667', 'a milestone out of the window did not happen');
SELECT is(pg_temp.credits('0 a, 1 - lead, 2 b, 3 c, 4 d, 5 - conversion', 'u_shaped', '4.5 days'), '0.800000 0.100000 0.100000', 'a milestone whose touch is out of the window: the first touch');
SELECT is(pg_temp.credits('0 a, 1 b, 2 - conversion', 'linear', '290000 years'), '0.500000 0.500000', 'longer than there is time');
SELECT results_eq($$SELECT m, credit FROM (SELECT leadflow.attribution_agg(at, 'a', m) AS p FROM (VALUES (timestamptz '4713-01-01 BC', NULL), ('294276-12-31', 'conversion')) v(at, m)) x,
                            unnest('{time_decay,time_decay 290000 years}'::text[]) m, leadflow.credits(p, m) WHERE position = 1$$,
                  $$VALUES ('time_decay', 0.000000000000), ('time_decay 290000 years', 0.328579307215)$$, 'all of the time there is');
SELECT results_eq($$SELECT * FROM leadflow.credits(pg_temp.path('0 a, 10 - conversion 8.5'), 'first', '1 day')$$,
                  $$VALUES (1, timestamptz '2024-01-11', NULL::int, NULL::timestamptz, NULL::bigint, NULL::text, 1.000000000000, 8.50)$$, 'what no touch had a part in');
SELECT results_eq($$SELECT * FROM leadflow.credits(pg_temp.path('0 a, 5 b, 10 - conversion 8.5'), 'first')$$,
                  $$VALUES (1, timestamptz '2024-01-11', 1, timestamptz '2024-01-01', 1::bigint, 'a', 1.000000000000, 8.50),
                           (1, timestamptz '2024-01-11', 2, timestamptz '2024-01-06', 2::bigint, 'b', 0.000000000000, 0.00)$$, 'the columns of credits()');
SELECT results_eq($$SELECT touch, value, channel FROM leadflow.credits((SELECT leadflow.attribution_agg('2024-01-01', 'a', 'conversion')), 'first')$$,
                  $$VALUES (NULL::bigint, NULL::numeric, 'a')$$, 'without identifier and amount');

-- several conversions
SELECT results_eq($$SELECT conversion, position, channel, credit FROM leadflow.credits(pg_temp.path('0 a, 1 b, 2 - conversion 1, 3 c, 4 - conversion 2'), 'linear') ORDER BY 1, 2$$,
                  $$VALUES (1, 1, 'a', 0.5), (1, 2, 'b', 0.5), (2, 1, 'a', 0.333333333334), (2, 2, 'b', 0.333333333333), (2, 3, 'c', 0.333333333333)$$,
                  'one touch serves several conversions');
SELECT results_eq($$SELECT conversion, position, credit FROM leadflow.credits(pg_temp.path('0 a, 1 b lead, 2 - conversion 1, 3 c opportunity, 4 - conversion 2'), 'w_shaped 1 1 1 0') WHERE credit > 0 ORDER BY 1, 2$$,
                  $$VALUES (1, 1, 0.5), (1, 2, 0.5), (2, 1, 0.333333333334), (2, 2, 0.333333333333), (2, 3, 0.333333333333)$$,
                  'a milestone before an earlier conversion counts for the later one too');

-- money
SELECT is(pg_temp.money(rows, model, digits), expected, label)
  FROM (VALUES ('0 a, 1 b, 2 c, 3 - conversion 100', 'linear', 2, '33.34 33.33 33.33', 'cents by largest remainder, of equal ones to the earlier'),
               ('0 a, 1 b, 2 c, 3 - conversion -100', 'linear', 2, '-33.34 -33.33 -33.33', 'negative amounts'),
               ('0 a, 1 b, 2 c, 3 - conversion 0', 'linear', 2, '0.00 0.00 0.00', 'no money'),
               ('0 a, 1 b, 2 c, 3 - conversion 0.01', 'position', 2, '0.01 0.00 0.00', 'a cent'),
               ('0 a, 1 b, 2 c, 3 - conversion 0.03', 'custom_first 1 1 2', 2, '0.01 0.01 0.01', 'the whole units first, then the largest remainders'),
               ('0 a, 1 b, 2 c, 3 - conversion 100', 'linear', 0, '34 33 33', 'whole units of a currency without cents'),
               ('0 a, 1 b, 2 c, 3 - conversion 1.0001', 'linear', 2, '0.3334 0.3334 0.3333', 'more decimals are kept'),
               ('0 a, 1 b, 2 c, 3 - conversion 100', 'linear', 5, '33.33334 33.33333 33.33333', 'and can be asked for'),
               ('0 a, 1 b, 2 c, 3 - conversion 999999999999999999', 'linear', 0, '333333333333333333 333333333333333333 333333333333333333', '18 digits'),
               ('0 a, 1 b, 2 - conversion 0.000000000000000001', 'linear', 2, '0.000000000000000001 0.000000000000000000', '18 decimals')) v(rows, model, digits, expected, label);

-- a second implementation in plain SQL: weights of roles, or by place, in numeric
SELECT setseed(0.42);
CREATE TABLE step AS
SELECT n AS buyer, i,
       timestamptz '2024-01-01' + floor(random() * 40) * interval '6 hours' AS at,
       CASE WHEN random() < 0.85 THEN (ARRAY['direct', 'ads', 'web', 'événement', 'email'])[1 + floor(random() * 5)::int] END AS channel,
       CASE WHEN random() < 0.4 THEN (ARRAY['lead', 'opportunity', 'conversion'])[1 + floor(random() * 3)::int] END AS mark,
       CASE WHEN random() < 0.9 THEN round((random() * 2000 - 300)::numeric, floor(random() * 4)::int) END AS amount,
       CASE WHEN random() < 0.7 THEN 1 + floor(random() * 30)::bigint END AS touch
  FROM generate_series(1, 1000) n, generate_series(1, 1 + n % 14) i;
ALTER TABLE step SET (parallel_workers = 2);
ANALYZE step;
CREATE TEMP TABLE model (model text, first numeric, lead numeric, opportunity numeric, last numeric, rest numeric, from_first numeric[], from_last numeric[], half_life float8, skip text[], skip_from text);
INSERT INTO model (model, first, lead, opportunity, last, rest) VALUES
    ('first', 1, NULL, NULL, NULL, 0), ('last', NULL, NULL, NULL, 1, 0), ('linear', NULL, NULL, NULL, NULL, 1),
    ('position', 40, NULL, NULL, 40, 20), ('position 37.5 25 30.125', 37.5, NULL, NULL, 30.125, 25), ('position 0 1 2', 0, NULL, NULL, 2, 1),
    ('u_shaped', 40, 40, NULL, NULL, 20), ('u_shaped 30 70 0', 30, 70, NULL, NULL, 0),
    ('w_shaped', 30, 30, 30, NULL, 10), ('w_shaped 0 3 7 0', 0, 3, 7, NULL, 0), ('full_path', 22.5, 22.5, 22.5, 22.5, 10);
INSERT INTO model (model, from_first) VALUES ('custom_first 50 30 20', '{50,30,20}'), ('custom_first 0 0 1 0.333333', '{0,0,1,0.333333}');
INSERT INTO model (model, from_last) VALUES ('custom_last 50 25 12.5 6.25 3.125 1.563', '{50,25,12.5,6.25,3.125,1.563}');
INSERT INTO model (model, half_life) VALUES ('time_decay', 7 * 86400), ('time_decay 36 hours', 36 * 3600);
INSERT INTO model (model, skip, skip_from) VALUES ('first_non_direct', '{direct}', 'first'), ('last_non_direct', '{direct}', 'last'), ('last_non_direct ads web', '{ads,web}', 'last');

CREATE FUNCTION pg_temp.expected(lookback interval) RETURNS TABLE (buyer int, conversion int, model text, "position" int, at timestamptz, touch bigint, channel text, credit numeric, value numeric)
    LANGUAGE sql AS $$
WITH c AS (
    SELECT s.buyer, s.at, s.amount, greatest(scale(trim_scale(s.amount)), 2) AS digits,
           row_number() OVER (PARTITION BY s.buyer ORDER BY s.at, coalesce(s.touch, 0), s.amount IS NOT NULL, scale(trim_scale(s.amount)), s.amount)::int AS conversion
      FROM step s WHERE s.mark = 'conversion'
), m AS ( -- moments in order; ordinal tells equal ones apart
    SELECT s.buyer, s.at, s.channel, s.touch, CASE s.mark WHEN 'lead' THEN 1 WHEN 'opportunity' THEN 2 ELSE 0 END AS mark,
           row_number() OVER (PARTITION BY s.buyer ORDER BY s.at, coalesce(s.touch, 0), s.channel COLLATE "C" NULLS FIRST,
                              CASE s.mark WHEN 'lead' THEN 1 WHEN 'opportunity' THEN 2 ELSE 0 END
                              + CASE WHEN s.touch IS NOT NULL AND s.channel IS NOT NULL THEN 4 ELSE 0 END) AS ordinal
      FROM step s WHERE s.channel IS NOT NULL OR s.mark IN ('lead', 'opportunity')
), t AS ( -- touches of each conversion
    SELECT c.buyer, c.conversion, c.at AS converted_at, c.amount, c.digits, m.at, m.channel, m.touch, m.ordinal,
           row_number() OVER w AS r, count(*) OVER (PARTITION BY c.buyer, c.conversion) AS n
      FROM c JOIN m ON m.buyer = c.buyer AND m.channel IS NOT NULL AND m.at <= c.at AND (lookback IS NULL OR m.at > c.at - lookback)
    WINDOW w AS (PARTITION BY c.buyer, c.conversion ORDER BY m.ordinal)
), k AS ( -- the last milestone of each kind before each conversion
    SELECT DISTINCT ON (c.buyer, c.conversion, m.mark) c.buyer, c.conversion, m.mark, m.at, m.ordinal, m.channel IS NOT NULL AS own
      FROM c JOIN m ON m.buyer = c.buyer AND m.mark > 0 AND m.at <= c.at AND (lookback IS NULL OR m.at > c.at - lookback)
     ORDER BY c.buyer, c.conversion, m.mark, m.ordinal DESC
), s AS ( -- and its touch
    SELECT k.buyer, k.conversion, k.mark, coalesce(max(t.r) FILTER (WHERE CASE WHEN k.own THEN t.ordinal = k.ordinal ELSE t.at <= k.at END), 1) AS r
      FROM k JOIN t ON t.buyer = k.buyer AND t.conversion = k.conversion GROUP BY k.buyer, k.conversion, k.mark
), p AS (
    SELECT t.*, l.r AS lead_r, o.r AS opportunity_r
      FROM t LEFT JOIN s l ON l.buyer = t.buyer AND l.conversion = t.conversion AND l.mark = 1
             LEFT JOIN s o ON o.buyer = t.buyer AND o.conversion = t.conversion AND o.mark = 2
), roles AS (
    SELECT p.*, d.model, d.half_life, d.from_first, d.from_last, d.skip, d.skip_from,
           CASE WHEN r = 1 THEN d.first END AS w1, CASE WHEN r = lead_r THEN d.lead END AS w2,
           CASE WHEN r = opportunity_r THEN d.opportunity END AS w3, CASE WHEN r = n THEN d.last END AS w4, d.rest
      FROM p CROSS JOIN model d
), counted AS (
    SELECT *, coalesce(w1, w2, w3, w4) IS NULL AS is_rest,
           count(*) FILTER (WHERE coalesce(w1, w2, w3, w4) IS NULL) OVER (PARTITION BY buyer, conversion, model) AS rests,
           CASE skip_from WHEN 'first' THEN coalesce(min(r) FILTER (WHERE channel <> ALL (skip)) OVER (PARTITION BY buyer, conversion, model), 1)
                          WHEN 'last' THEN coalesce(max(r) FILTER (WHERE channel <> ALL (skip)) OVER (PARTITION BY buyer, conversion, model), n) END AS picked
      FROM roles
), weighed AS (
    SELECT *, CASE WHEN half_life IS NOT NULL THEN power(0.5::float8, extract(epoch FROM converted_at - at)::float8 / half_life)::numeric
                   WHEN skip IS NOT NULL THEN (r = picked)::int
                   WHEN from_first IS NOT NULL THEN coalesce(from_first[r::int], 0)
                   WHEN from_last IS NOT NULL THEN coalesce(from_last[(n - r + 1)::int], 0)
                   WHEN is_rest THEN rest
                   ELSE (coalesce(w1, 0) + coalesce(w2, 0) + coalesce(w3, 0) + coalesce(w4, 0)) * greatest(rests, 1) END AS w
      FROM counted
), summed AS (
    SELECT *, sum(w) OVER (PARTITION BY buyer, conversion, model) AS total FROM weighed
), shared AS (
    SELECT *, CASE WHEN total = 0 THEN 1 ELSE w END AS weight, CASE WHEN total = 0 THEN n ELSE total END AS weights, abs(amount) * 10::numeric ^ digits AS cents FROM summed
), dealt AS (
    SELECT *, div(weight * 1e12, weights) AS units, mod(weight * 1e12, weights) AS left_over,
           div(weight * cents, weights) AS money, mod(weight * cents, weights) AS money_left FROM shared
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY buyer, conversion, model ORDER BY left_over DESC, r) AS place, 1e12 - sum(units) OVER (PARTITION BY buyer, conversion, model) AS spare,
           row_number() OVER (PARTITION BY buyer, conversion, model ORDER BY money_left DESC, r) AS money_place, cents - sum(money) OVER (PARTITION BY buyer, conversion, model) AS money_spare
      FROM dealt
)
SELECT buyer, conversion, model, r::int, at, touch, channel, (units + (place <= spare)::int) / 1e12, sign(amount) * (money + (money_place <= money_spare)::int) / 10::numeric ^ digits FROM ranked
UNION ALL
SELECT c.buyer, c.conversion, d.model, NULL, NULL, NULL, NULL, 1, c.amount FROM c CROSS JOIN model d
 WHERE NOT EXISTS (SELECT FROM t WHERE (t.buyer, t.conversion) = (c.buyer, c.conversion))
$$;
CREATE TEMP TABLE path AS SELECT buyer, leadflow.attribution_agg(at, channel, mark, amount, touch) AS p FROM step GROUP BY buyer;
CREATE FUNCTION pg_temp.differences(lookback interval) RETURNS TABLE (rows bigint, missing bigint, wrong bigint, off bigint, not_one bigint, not_all bigint) LANGUAGE sql AS $$
    WITH e AS MATERIALIZED (SELECT * FROM pg_temp.expected(lookback)),
    g AS MATERIALIZED (SELECT p.buyer, d.model, c.* FROM path p CROSS JOIN model d CROSS JOIN LATERAL leadflow.credits(p.p, d.model, lookback) c),
    both_sides AS (
        SELECT e.buyer IS NULL OR g.buyer IS NULL AS missing,
               (e.at, e.touch, e.channel) IS DISTINCT FROM (g.touched_at, g.touch, g.channel) AS wrong,
               CASE WHEN g.model LIKE 'time%' THEN abs(e.credit - g.credit) > 2e-12 OR abs(e.value - g.value) > 0.01
                    ELSE (e.credit, e.value) IS DISTINCT FROM (g.credit, g.value) END AS off
          FROM e FULL JOIN g ON (e.buyer, e.conversion, e.model, coalesce(e.position, 0)) = (g.buyer, g.conversion, g.model, coalesce(g.position, 0))
    ), sums AS (
        SELECT sum(g.credit) AS credit, sum(g.value) AS value, max(c.amount) AS amount
          FROM g JOIN (SELECT s.buyer, s.amount, row_number() OVER (PARTITION BY s.buyer ORDER BY s.at, coalesce(s.touch, 0), s.amount IS NOT NULL, scale(trim_scale(s.amount)), s.amount) AS conversion
                         FROM step s WHERE s.mark = 'conversion') c USING (buyer, conversion)
         GROUP BY g.buyer, g.model, g.conversion
    )
    SELECT (SELECT count(*) FROM e), (SELECT count(*) FILTER (WHERE missing) FROM both_sides), (SELECT count(*) FILTER (WHERE wrong) FROM both_sides),
           (SELECT count(*) FILTER (WHERE off) FROM both_sides), (SELECT count(*) FILTER (WHERE credit <> 1) FROM sums),
           (SELECT count(*) FILTER (WHERE value IS DISTINCT FROM amount) FROM sums)
$$;
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE difference AS
SELECT l AS lookback, d.* FROM (VALUES (NULL::interval), ('3 days')) v(l) CROSS JOIN LATERAL pg_temp.differences(l) d;
RESET enable_nestloop;
SELECT ok(bool_and(rows > 50000), 'the second implementation has many rows') FROM difference;
SELECT results_eq('SELECT missing, wrong, off, not_one, not_all FROM difference WHERE lookback IS NULL', 'VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint)',
                  'all touches: as in plain SQL, and the sums are exact');
SELECT results_eq('SELECT missing, wrong, off, not_one, not_all FROM difference WHERE lookback IS NOT NULL', 'VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint)',
                  'within a window: as in plain SQL, and the sums are exact');

-- totals over buyers
CREATE FUNCTION pg_temp.models() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$SELECT ARRAY['first', 'linear', 'position', 'w_shaped', 'time_decay', 'last_non_direct']$$;
CREATE FUNCTION pg_temp.total(lookback interval, count text) RETURNS TABLE (model text, channel text, touches bigint, conversions numeric, value numeric, share numeric) LANGUAGE sql AS $$
    WITH c AS (SELECT p.buyer, m.model, m.n, c.* FROM path p CROSS JOIN unnest(pg_temp.models()) WITH ORDINALITY m(model, n) CROSS JOIN LATERAL leadflow.credits(p.p, m.model, lookback) c
                WHERE count = 'every' OR c.conversion = 1)
    SELECT model, channel, count(position), sum(credit), trim_scale(coalesce(sum(value), 0)), round(sum(credit) / sum(sum(credit)) OVER (PARTITION BY model), 6)
      FROM c GROUP BY model, n, channel ORDER BY n, channel COLLATE "C" NULLS LAST
$$;
SELECT results_eq($$SELECT model, channel, touches, conversions, trim_scale(value), share FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, pg_temp.models()) FROM path))$$,
                  $$SELECT * FROM pg_temp.total(NULL, 'every')$$, 'totals are the sums of credits');
SELECT results_eq($$SELECT model, channel, touches, conversions, trim_scale(value), share FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, pg_temp.models(), '4 days') FROM path))$$,
                  $$SELECT * FROM pg_temp.total('4 days', 'every')$$, 'within a window');
SELECT results_eq($$SELECT model, channel, touches, conversions, trim_scale(value), share FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, pg_temp.models(), '4 days', 'first') FROM path))$$,
                  $$SELECT * FROM pg_temp.total('4 days', 'first')$$, 'of the first conversion of each buyer');
SELECT results_eq($$SELECT leadflow.conversions(leadflow.attribution_total(p, pg_temp.models(), NULL, 'every')), leadflow.conversions(leadflow.attribution_total(p, pg_temp.models(), NULL, 'first')) FROM path$$,
                  $$SELECT count(*), count(DISTINCT buyer) FROM step WHERE mark = 'conversion'$$, 'conversions are counted');
SELECT results_eq($$SELECT DISTINCT sum(conversions), sum(value) FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, pg_temp.models(), '4 days') FROM path)) GROUP BY model$$,
                  $$SELECT count(*)::numeric, sum(amount) FROM step WHERE mark = 'conversion'$$, 'every model sums to all conversions and all the money');
SELECT is(leadflow.attribution_total(p, '{linear}', NULL, 'every', 0)::text,
          '{"models": ["linear"], "lookback": -1, "every": 1, "digits": 0, "conversions": 1, "untouched": 0, "untouched_whole": 0, "untouched_part": 0, "channels": [["a", 1, 0, 500000000000000000, 6, 0], ["b", 1, 0, 500000000000000000, 5, 0]]}',
          'text form of a summary, money in whole units') FROM pg_temp.path('0 a, 1 b, 2 - conversion 11') p;
SELECT results_eq($$SELECT value FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, '{last}') FROM pg_temp.path('0 a, 1 b, 2 - conversion, 3 - conversion -0.25, 4 a, 5 - conversion -1.125') p))$$,
                  $$VALUES (-1.125), (-0.25)$$, 'negative sums, and decimals as many as there are');
SELECT is_empty($$SELECT * FROM leadflow.attribution_table((SELECT leadflow.attribution_total(p, '{last}') FROM pg_temp.path('0 a') p))$$, 'no conversions: no rows');
SELECT is(leadflow.attribution_total(NULL, '{last}')::text, NULL, 'null of null paths');
SELECT is(leadflow.conversions(leadflow.attribution_total(p, '{last}')), 0::bigint, 'a path without conversions counts none') FROM pg_temp.path('0 a') p;
SELECT results_eq($$SELECT g, model FROM (SELECT n AS g, leadflow.attribution_total(pg_temp.path('0 a conversion'), CASE n % 2 WHEN 0 THEN '{first}' ELSE '{last}' END::text[]) AS s FROM generate_series(1, 4) n GROUP BY n) x, leadflow.attribution_table(s) ORDER BY 1$$,
                  $$VALUES (1, 'last'), (2, 'first'), (3, 'last'), (4, 'first')$$, 'groups may have models of their own');

CREATE TABLE fortune AS SELECT leadflow.attribution_total(p, '{first,linear}', NULL, 'every', 0) AS s
  FROM (SELECT leadflow.attribution_agg('2024-01-01', n::text, 'conversion', 9e18) AS p FROM generate_series(1, 3) n GROUP BY n) x;
SELECT results_eq('SELECT model, sum(value) FROM fortune, leadflow.attribution_table(s) GROUP BY 1 ORDER BY 1', $$VALUES ('first', 27e18), ('linear', 27e18)$$,
                  'what all channels have together may be beyond what one can have');
SELECT is(s::text::leadflow.attribution_summary::text, s::text, 'and is read back') FROM fortune;

SELECT results_eq($$SELECT model, count(*), sum(conversions) FROM (SELECT s FROM (SELECT leadflow.attribution_total(pg_temp.path('0 a conversion, 1 b conversion'), ARRAY['custom_first 1 ' || n % 100]) AS s
                             FROM generate_series(1, 300) n GROUP BY n) x) y, leadflow.attribution_table(s) GROUP BY 1 ORDER BY 1$$,
                  $$SELECT 'custom_first 1 ' || n, 6::bigint, 6::numeric FROM generate_series(0, 99) n ORDER BY 1$$, 'more models than a call site keeps');
SELECT results_eq($$SELECT model, count(*), sum(touches) FROM (SELECT leadflow.rollup(s) AS s FROM (SELECT n, leadflow.attribution_total(pg_temp.path('0 a conversion, 1 b conversion'), ARRAY['custom_first 1 ' || n % 100]) AS s
                             FROM generate_series(1, 300) n GROUP BY n OFFSET 0) x GROUP BY n % 100) y, leadflow.attribution_table(s) GROUP BY 1 ORDER BY 1$$,
                  $$SELECT 'custom_first 1 ' || n, 2::bigint, 9::numeric FROM generate_series(0, 99) n ORDER BY 1$$, 'rolled up too');

-- kept in a column, rolled up, sent as text and binary
CREATE TABLE part AS SELECT buyer, i % 4 AS day, leadflow.attribution_agg(at, channel, mark, amount, touch) AS p FROM step GROUP BY 1, 2;
ALTER TABLE part SET (parallel_workers = 2);
ANALYZE part;
SELECT bag_eq('SELECT buyer, leadflow.rollup(p)::text FROM part GROUP BY buyer', 'SELECT buyer, p::text FROM path', 'parts of paths are rolled up');
SELECT is(count(*), 0::bigint, 'text round trip of paths') FROM path WHERE p::text <> p::text::leadflow.touch_path::text;
CREATE TABLE total AS SELECT buyer % 7 AS team, leadflow.attribution_total(p, pg_temp.models(), '4 days') AS s FROM path GROUP BY 1;
INSERT INTO total VALUES (7, NULL);
ALTER TABLE total SET (parallel_workers = 2);
SELECT is((SELECT leadflow.rollup(s)::text FROM total), (SELECT leadflow.attribution_total(p, pg_temp.models(), '4 days')::text FROM path), 'summaries are rolled up');
SELECT is(count(*), 0::bigint, 'text round trip of summaries') FROM total WHERE s::text <> s::text::leadflow.attribution_summary::text;
CREATE FUNCTION pg_temp.copied(source text, kind text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('data_directory') || '/leadflow_attribution_test.copy';
    differing bigint;
BEGIN
    EXECUTE format('CREATE TEMP TABLE copied (id int, v leadflow.%I)', kind);
    EXECUTE format('COPY (%s) TO %L (FORMAT binary)', source, path);
    EXECUTE format('COPY copied FROM %L (FORMAT binary)', path);
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
    EXECUTE format('SELECT count(*) FROM (%s) a(id, v) FULL JOIN copied b USING (id) WHERE a.v::text IS DISTINCT FROM b.v::text', source) INTO differing;
    DROP TABLE copied;
    RETURN differing;
END $$;
SELECT is(pg_temp.copied('SELECT buyer, p FROM path', 'touch_path'), 0::bigint, 'binary round trip of paths');
SELECT is(pg_temp.copied('SELECT team, s FROM total', 'attribution_summary'), 0::bigint, 'binary round trip of summaries');
SELECT is(leadflow.rollup(p)::text, (SELECT pg_temp.path('0 a, 1 b')::text), 'rollup of ' || label)
  FROM (VALUES ('a null and a path', 1, NULL), ('a null and a path', 2, pg_temp.path('0 a, 1 b')), ('a path and a null', 1, pg_temp.path('0 a, 1 b')), ('a path and a null', 2, NULL)) v(label, n, p) GROUP BY label;
SELECT is(leadflow.rollup(NULL::leadflow.touch_path)::text, NULL, 'rollup of null and null') FROM generate_series(1, 2);
SELECT is(leadflow.rollup(s)::text, (SELECT s::text FROM total WHERE team = 1), 'rollup of a summary and a null') FROM total WHERE team IN (1, 7);
SELECT is(leadflow.rollup(s)::text, NULL, 'rollup of null summaries') FROM total WHERE team = 7;

-- every way of running the aggregates
SELECT is(in_parallel('SELECT md5(string_agg(k || p::text, '' '' ORDER BY k)) FROM (SELECT i AS k, leadflow.attribution_agg(at, channel, mark, amount, touch) AS p FROM step GROUP BY 1 OFFSET 0) x'),
          (SELECT md5(string_agg(k || p::text, ' ' ORDER BY k)) FROM (SELECT i AS k, leadflow.attribution_agg(at, channel, mark, amount, touch) AS p FROM step GROUP BY 1 OFFSET 0) x), 'paths in parallel');
SELECT is(in_parallel('SELECT md5(string_agg(buyer || p::text, '' '' ORDER BY buyer)) FROM (SELECT day AS buyer, leadflow.rollup(p) AS p FROM part GROUP BY day OFFSET 0) x'),
          (SELECT md5(string_agg(buyer || p::text, ' ' ORDER BY buyer)) FROM (SELECT day AS buyer, leadflow.rollup(p) AS p FROM part GROUP BY day OFFSET 0) x), 'rollup of paths in parallel');
SELECT is(in_parallel('SELECT leadflow.attribution_total(p, ''{first,linear,w_shaped}'', ''4 days'', ''first'')::text FROM part'),
          (SELECT leadflow.attribution_total(p, '{first,linear,w_shaped}', '4 days', 'first')::text FROM part), 'totals in parallel');
SELECT is(in_parallel('SELECT leadflow.rollup(s)::text FROM total'), (SELECT leadflow.rollup(s)::text FROM total), 'rollup of totals in parallel');
CREATE TABLE step_by_part (LIKE step) PARTITION BY HASH (i);
CREATE TABLE step_by_part_0 PARTITION OF step_by_part FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE step_by_part_1 PARTITION OF step_by_part FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE step_by_part_2 PARTITION OF step_by_part FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO step_by_part SELECT * FROM step;
ANALYZE step_by_part;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(plan_of('SELECT mark, leadflow.attribution_agg(at, channel, mark, amount, touch) FROM step_by_part GROUP BY 1'), 'Finalize.*Partial', 'each partition has its own part of a path');
SELECT bag_eq('SELECT mark, md5(leadflow.attribution_agg(at, channel, mark, amount, touch)::text) FROM step_by_part GROUP BY 1',
              'SELECT mark, md5(leadflow.attribution_agg(at, channel, mark, amount, touch)::text) FROM step GROUP BY 1', 'partition-wise');
SET LOCAL enable_partitionwise_aggregate = off;
SET LOCAL enable_hashagg = off;
SELECT bag_eq('SELECT buyer, leadflow.attribution_agg(at, channel, mark, amount, touch)::text FROM step GROUP BY buyer', 'SELECT buyer, p::text FROM path', 'groups by sort');
SET LOCAL enable_hashagg = on;
SELECT bag_eq('SELECT buyer, i % 2, md5(leadflow.attribution_agg(at, channel, mark, amount, touch)::text) FROM step GROUP BY GROUPING SETS ((buyer), (i % 2))',
              'SELECT buyer, NULL::int, md5(leadflow.attribution_agg(at, channel, mark, amount, touch)::text) FROM step GROUP BY 1 UNION ALL SELECT NULL, i % 2, md5(leadflow.attribution_agg(at, channel, mark, amount, touch)::text) FROM step GROUP BY 2', 'grouping sets');
SELECT results_eq('SELECT i, leadflow.attribution_agg(at, channel, mark, amount, touch) OVER (ORDER BY i ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)::text FROM step WHERE buyer = 13 ORDER BY i',
                  'SELECT i, (SELECT leadflow.attribution_agg(at, channel, mark, amount, touch)::text FROM step b WHERE b.buyer = 13 AND b.i BETWEEN a.i - 3 AND a.i) FROM step a WHERE buyer = 13 ORDER BY i',
                  'as a window aggregate');
SELECT results_eq('SELECT i, leadflow.channel_path(leadflow.attribution_agg(at, channel, mark, amount, touch) OVER (ORDER BY i)) FROM step WHERE buyer = 13 ORDER BY i',
                  'SELECT i, (SELECT leadflow.channel_path(leadflow.attribution_agg(at, channel, mark, amount, touch)) FROM step b WHERE b.buyer = 13 AND b.i <= a.i) FROM step a WHERE buyer = 13 ORDER BY i',
                  'a running path, read while it grows');
SET LOCAL work_mem = '64kB';
SELECT is(count(DISTINCT p::text), 6000::bigint, 'many groups, over what fits the memory for hashing')
  FROM (SELECT leadflow.attribution_agg('2024-01-01'::timestamptz + i * interval '1 hour', 'c' || i, NULL) AS p FROM generate_series(1, 18000) i GROUP BY i % 6000) x;
RESET work_mem;
-- bytes of memory for each group of a hash aggregate
CREATE FUNCTION pg_temp.memory_of(query text) RETURNS bigint LANGUAGE plpgsql SET work_mem = '1GB' SET enable_sort = off AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
    RETURN 1024 * (plan -> 0 -> 'Plan' ->> 'Peak Memory Usage')::bigint / (plan -> 0 -> 'Plan' ->> 'Actual Rows')::numeric;
END $$;
CREATE TABLE alike AS SELECT n, leadflow.attribution_total(pg_temp.path('0 a conversion'), ARRAY['last_non_direct', 'custom_first' || repeat(' 1', 500)]) AS s FROM generate_series(1, 2000) n GROUP BY n;
SELECT cmp_ok(pg_temp.memory_of('SELECT n, leadflow.rollup(s) FROM alike GROUP BY n'), '<', 2000::bigint, 'groups that are rolled up share their models');
SELECT is(round(sum(credit), 12) || ' ' || count(*) || ' ' || sum(value), '1.000000000000 30000 1000.00', 'a path of 30,000 touches: ' || model)
  FROM (SELECT leadflow.attribution_agg('2024-01-01'::timestamptz + i * interval '1 minute', 'c' || i % 10, CASE i WHEN 30000 THEN 'conversion' END, 1000) AS p FROM generate_series(1, 30000) i) x
  CROSS JOIN unnest('{linear,time_decay,full_path,custom_last 1 2 3}'::text[]) model CROSS JOIN LATERAL leadflow.credits(p, model) GROUP BY model;

-- what is refused
SELECT is(state_of(query), state, state || ': ' || query)
  FROM (VALUES
    ('22023', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', 'Lead')$$),
    ('22023', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', '')$$),
    ('22008', $$SELECT leadflow.attribution_agg('infinity', 'a', NULL)$$),
    ('22008', $$SELECT leadflow.attribution_agg('-infinity', NULL, 'conversion')$$),
    ('54000', $$SELECT leadflow.attribution_agg('2024-01-01', repeat('x', 1025), NULL)$$),
    ('22003', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', 'conversion', 'NaN')$$),
    ('22003', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', 'conversion', 1e19)$$),
    ('22003', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', 'conversion', 1e-19)$$),
    ('22003', $$SELECT leadflow.attribution_agg('2024-01-01', 'a', 'conversion', 12345678901.234567891)$$),
    ('42809', $$SELECT leadflow.touch_path_add(NULL, '2024-01-01', 'a', NULL)$$),
    ('42809', $$SELECT leadflow.touch_path_combine(NULL, NULL)$$),
    ('42809', $$SELECT leadflow.attribution_add(NULL, pg_temp.path('0 a'), '{first}')$$),
    ('42809', $$SELECT leadflow.attribution_combine(NULL, NULL)$$),
    ('22023', $$SELECT leadflow.channel_path(pg_temp.path('0 a'), 0)$$),
    ('22023', $$SELECT leadflow.credits(pg_temp.path('0 a'), 'first', '0')$$),
    ('22023', $$SELECT leadflow.credits(pg_temp.path('0 a'), 'first', '-1 day')$$),
    ('22023', $$SELECT leadflow.credits(pg_temp.path('0 a'), 'first', '300000 years')$$),
    ('22023', $$SELECT leadflow.credits(pg_temp.path('0 a'), 'first', NULL, -1)$$),
    ('22023', $$SELECT leadflow.credits(pg_temp.path('0 a'), 'first', NULL, 13)$$),
    ('22003', $$SELECT leadflow.credits(pg_temp.path('0 a conversion 99999999999'), 'first', NULL, 12)$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{}')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first,NULL}')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{{first},{last}}')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first,last,first}')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first,second}')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), (SELECT array_agg('custom_first ' || i) FROM generate_series(1, 65) i))$$),
    ('22004', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), NULL)$$),
    ('22004', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', NULL, NULL)$$),
    ('22004', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', NULL, 'every', NULL)$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', NULL, 'all')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', '-1 day')$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), CASE n WHEN 1 THEN '{first}' ELSE '{last}' END::text[]) FROM generate_series(1, 2) n$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', n * interval '1 day') FROM generate_series(1, 2) n$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', NULL, CASE n WHEN 1 THEN 'first' ELSE 'every' END) FROM generate_series(1, 2) n$$),
    ('22023', $$SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', NULL, 'every', n) FROM generate_series(1, 2) n$$),
    ('22023', $$SELECT leadflow.rollup(s) FROM (SELECT leadflow.attribution_total(pg_temp.path('0 a'), ARRAY[m]) AS s FROM unnest('{first,last}'::text[]) m GROUP BY m) x$$),
    ('22023', $$SELECT leadflow.rollup(s) FROM (SELECT leadflow.attribution_total(pg_temp.path('0 a'), '{first}', l) AS s FROM unnest('{1 day,2 days}'::interval[]) l GROUP BY l) x$$),
    ('22003', $$SELECT leadflow.attribution_total(pg_temp.path('0 a conversion 9000000000000000000'), '{first}', NULL, 'every', 0) FROM generate_series(1, 2)$$)) v(state, query);
SELECT is(state_of(format('SELECT leadflow.credits(pg_temp.path(''0 a''), %L)', model)), state, state || ' for the model ' || left(quote_literal(model), 40))
  FROM (VALUES ('', '22023'), (' ', '22023'), ('First', '22023'), ('second', '22023'), ('first x', '22023'), ('linear 1', '22023'), ('position 40', '22023'), ('position 40 20', '22023'),
               ('position 40 20 40 1', '22023'), ('position a b c', '22023'), ('position -1 1 1', '22023'), ('position 0 0 0', '22023'), ('position 1e2 1 1', '22023'),
               ('position 1 1 .', '22023'), ('position 1 1 1.', '00000'), ('position .5 1 .5', '00000'), ('position 1.2.3 1 1', '22023'), ('position 10001 1 1', '22023'),
               ('position 10000 1 1', '00000'), ('position 0.0000001 1 1', '22023'), ('position 0.000001 1 1', '00000'), ('position 99999999999999999999 1 1', '22023'),
               ('u_shaped 1 2', '22023'), ('w_shaped 1 2 3', '22023'), ('full_path 1 2 3 4', '22023'), ('custom_first', '22023'), ('custom_last', '22023'), ('custom_last 0', '22023'),
               ('time_decay soon', '22007'), ('time_decay 0', '22023'), ('time_decay -7 days', '22023'), ('time_decay -1 hour 3 days', '22023'), ('time_decay 3 days -1 hour', '00000'), ('time_decay 300000 years', '22023'),
               ('"', '22023'), ('"first', '22023'), ('"first"x', '22023'), ('last_non_direct "a', '22023'), ('last_non_direct "a"b', '22023'), ('last_non_direct ""', '00000'), ('"first"', '00000'),
               ('custom_first' || repeat(' 1', 1000), '00000'), ('custom_first' || repeat(' 1', 1001), '22023'), ('last_non_direct' || repeat(' a', 1001), '22023'),
               ('last_non_direct ' || repeat('a', 10000), '54000')) v(model, state);
SELECT throws_ok($$SELECT leadflow.credits(pg_temp.path('0 a'), 'middle')$$, '22023', 'unknown attribution model: "middle"', 'an unknown model is named');
SELECT is_empty($$SELECT * FROM leadflow.credits(NULL, 'first')$$, 'no rows of a null path');
SELECT is_empty($$SELECT * FROM leadflow.credits(pg_temp.path('0 a conversion'), NULL)$$, 'no rows of a null model');
SELECT is_empty($$SELECT * FROM leadflow.credits(pg_temp.path('0 a conversion'), 'first', NULL, NULL)$$, 'no rows of null digits');

-- texts that nothing could have made
SELECT is(state_of(format('SELECT %L::leadflow.touch_path', given)), '22P02', 'no path: ' || given)
  FROM unnest(ARRAY['', '{}', '{"words": [], "moments": []}', '{"words": [], "moments": [], "conversions": []} x',
    '{"words": [], "moments": [["2024-01-01 00:00:00+00", -1, 0, 0]], "conversions": []}',
    '{"words": [], "moments": [["2024-01-01 00:00:00+00", -1, 0, 6]], "conversions": []}',
    '{"words": [], "moments": [["2024-01-01 00:00:00+00", 0, 0, 0]], "conversions": []}',
    '{"words": ["a"], "moments": [["2024-01-01 00:00:00+00", 1, 0, 0]], "conversions": []}',
    '{"words": ["a"], "moments": [["2024-01-01 00:00:00+00", 0, 0, 8]], "conversions": []}',
    '{"words": ["a"], "moments": [["2024-01-01 00:00:00+00", 0, 0, 3]], "conversions": []}',
    '{"words": ["a"], "moments": [["2024-01-01 00:00:00+00", 0, 7, 0]], "conversions": []}',
    '{"words": ["a"], "moments": [["infinity", 0, 0, 0]], "conversions": []}',
    '{"words": ["a", "a"], "moments": [], "conversions": []}',
    '{"words": [], "moments": [], "conversions": [["2024-01-01 00:00:00+00", 0, 1, -1]]}',
    '{"words": [], "moments": [], "conversions": [["2024-01-01 00:00:00+00", 0, 10, 1]]}',
    '{"words": [], "moments": [], "conversions": [["2024-01-01 00:00:00+00", 0, 1, 19]]}',
    '{"words": [], "moments": [], "conversions": [["2024-01-01 00:00:00+00", 0, -9223372036854775808, 0]]}']) given;
SELECT is(p::leadflow.touch_path::text, '{"words": ["a", "b"], "moments": [["2024-01-01 00:00:00+00", 0, 0, 0], ["2024-01-02 00:00:00+00", 1, 0, 0]], "conversions": []}', 'a text need not be in order')
  FROM (VALUES ('{"words":["b","x","a"],"moments":[["2024-01-02 01:00:00+01",0,0,0],["2024-01-01 00:00:00+00",2,0,0]],"conversions":[]}')) v(p);
CREATE FUNCTION pg_temp.summary(models text DEFAULT '"first"', lookback text DEFAULT '-1', counted text DEFAULT '1, "digits": 2', conversions text DEFAULT '2', untouched text DEFAULT '1',
                                untouched_value text DEFAULT '"untouched_whole": 3, "untouched_part": 0', channels text DEFAULT '["a", 1, 1, 0, 5, 0]') RETURNS text LANGUAGE sql AS $$
    SELECT format('{"models": [%s], "lookback": %s, "every": %s, "conversions": %s, "untouched": %s, %s, "channels": [%s]}', models, lookback, counted, conversions, untouched, untouched_value, channels)
$$;
SELECT is(pg_temp.summary()::leadflow.attribution_summary::text, pg_temp.summary(), 'a summary as text');
SELECT is(state_of(format('SELECT %L::leadflow.attribution_summary', given)), state, 'no summary: ' || label)
  FROM (VALUES (pg_temp.summary(models => ''), '22P02', 'no models'), (pg_temp.summary(models => '"second"'), '22023', 'an unknown model'),
               (pg_temp.summary(models => '"first", "first"'), '22023', 'a model twice'), (pg_temp.summary(models => '"first", "last"'), '22P02', 'too few sums'),
               (pg_temp.summary(lookback => '-2'), '22P02', 'a negative look-back'), (pg_temp.summary(counted => '2, "digits": 2'), '22P02', 'another choice'),
               (pg_temp.summary(counted => '1, "digits": 13'), '22P02', 'too many digits'), (pg_temp.summary(conversions => '3'), '22P02', 'more conversions than credit'),
               (pg_temp.summary(untouched => '3'), '22P02', 'more untouched than there are'), (pg_temp.summary(untouched => '0', conversions => '1'), '22P02', 'money of nothing'),
               (pg_temp.summary(conversions => '1'), '22P02', 'credit without conversions'), (pg_temp.summary(channels => ''), '22P02', 'conversions without channels'),
               (pg_temp.summary(channels => '["a", 0, 1, 0, 5, 0]'), '22P02', 'a channel without touches'),
               (pg_temp.summary(channels => '["a", 1, 0, 500000000000000001, 5, 0], ["b", 1, 0, 499999999999999999, 5, 0]'), '22P02', 'too fine a credit'),
               (pg_temp.summary(channels => '["a", 1, 2, 0, 5, 0], ["b", 1, -1, 0, 5, 0]'), '22P02', 'negative credit'),
               (pg_temp.summary(channels => '["a", 1, 0, 500000000000000000, 5, 0], ["a", 1, 0, 500000000000000000, 5, 0]'), '22P02', 'a channel twice'),
               (pg_temp.summary(channels => '["a", 1, 1, 1000000000000000000, 5, 0]'), '22P02', 'a fraction of one'),
               (pg_temp.summary(models => '"first", "last"', channels => '["a", 1, 1, 0, 5, 0, 1, 0, 6, 0]'), '22P02', 'different money')) v(given, state, label);
SELECT is(state_of(format('SELECT leadflow.rollup(%L::leadflow.attribution_summary) FROM generate_series(1, 2)', pg_temp.summary(channels => format('["a", %s, 1, 0, 5, 0]', 9223372036854775807)))),
          '22003', 'counts beyond their range');

-- the published data of ChannelAttribution: instants one second apart, so that
-- a half-life of so many seconds is one of so many touches
\if :{?shared}
\set here `pwd`
\set dir :shared '/data/channelattribution'
CREATE TEMP TABLE published (n int GENERATED ALWAYS AS IDENTITY, path text, conversions bigint, value numeric, nulls bigint);
\cd :dir
\copy published (path, conversions, value, nulls) FROM paths.csv WITH (FORMAT csv, HEADER true, DELIMITER ';')
\cd :here
CREATE TEMP TABLE real_path AS
SELECT n, conversions, leadflow.attribution_agg(timestamptz '2024-01-01' + i * interval '1 second', channel, CASE WHEN i = steps THEN 'conversion' END, value) AS p
  FROM (SELECT n, conversions, value, string_to_array(path, ' > ') AS channels, cardinality(string_to_array(path, ' > ')) AS steps FROM published WHERE conversions > 0) d,
       unnest(channels) WITH ORDINALITY u(channel, i) GROUP BY n, conversions;
CREATE TEMP TABLE figure (channel text, first numeric, last numeric, linear numeric, position numeric, h1 numeric, h7 numeric);
INSERT INTO figure VALUES
    ('alpha', 6308, 8447, 7574.718594, 7444.823759, 8046.628115, 7667.043830), ('beta', 2831, 989, 2083.500145, 1969.766179, 1599.388346, 2003.978868),
    ('delta', 1, 5, 1.725000, 2.586667, 2.955756, 1.875293), ('epsilon', 99, 531, 272.170438, 301.050233, 402.682628, 295.333505),
    ('eta', 3164, 4167, 3539.951157, 3618.796149, 3796.251946, 3580.496475), ('gamma', 165, 92, 121.041639, 125.240911, 105.885513, 118.389374),
    ('iota', 4606, 3355, 3857.096221, 3944.948166, 3522.450780, 3785.964034), ('kappa', 74, 230, 137.964078, 147.459557, 186.427757, 145.965792),
    ('lambda', 902, 1207, 1035.257572, 1046.903901, 1126.505321, 1053.167573), ('mi', 2, 2, 2.222222, 2.057143, 2.500978, 2.289534),
    ('theta', 1606, 653, 1022.801394, 1092.744472, 864.872374, 993.903655), ('zeta', 27, 107, 136.551540, 88.622864, 128.450485, 136.592066);
CREATE TEMP TABLE real_credit AS
SELECT c.channel, m.model, round(sum(c.credit * r.conversions), 6) AS conversions, sum(c.value) AS value
  FROM real_path r CROSS JOIN unnest('{first,last,linear,position,time_decay 1 second,time_decay 7 seconds}'::text[]) m(model) CROSS JOIN LATERAL leadflow.credits(r.p, m.model, NULL, 9) c
 GROUP BY 1, 2;
SELECT bag_eq(format('SELECT channel, conversions FROM real_credit WHERE model = %L', model), format('SELECT channel, round(%I, 6) FROM figure', col), 'ChannelAttribution, conversions: ' || model)
  FROM (VALUES ('first', 'first'), ('last', 'last'), ('linear', 'linear'), ('position', 'position'), ('time_decay 1 second', 'h1'), ('time_decay 7 seconds', 'h7')) v(model, col);
CREATE TEMP TABLE money (channel text, first numeric, last numeric, linear numeric, position numeric, h1 numeric, h7 numeric);
INSERT INTO money VALUES
    ('alpha', 19121.2724, 28414.2143, 24524.7096, 24025.6302, 26626.1789, 24936.1914), ('beta', 12235.5917, 3850.0210, 8954.2667, 8361.5085, 6699.9372, 8587.3469),
    ('delta', 6.1190, 10.9720, 4.4040, 7.2641, 6.4079, 4.5546), ('epsilon', 412.3012, 2202.6123, 1106.2701, 1243.7303, 1657.3221, 1203.8744),
    ('eta', 11909.4762, 16754.2038, 13783.4971, 14117.9534, 14946.7154, 13964.9149), ('gamma', 718.9780, 506.0140, 569.4174, 595.6292, 523.8315, 559.5663),
    ('iota', 19597.2613, 13487.9743, 15988.9890, 16388.2528, 14417.5413, 15652.4121), ('kappa', 305.7432, 1069.3843, 599.7478, 660.5697, 853.4016, 643.8527),
    ('lambda', 3735.6022, 5249.9500, 4430.3162, 4462.9303, 4891.5084, 4526.0246), ('mi', 5.2730, 5.2730, 6.0814, 5.4809, 7.0956, 6.3263),
    ('theta', 6652.3493, 2799.0920, 4295.7436, 4575.0339, 3654.2147, 4177.2892), ('zeta', 103.0040, 453.2607, 539.5288, 358.9883, 518.8171, 540.6182);
SELECT is(count(*) || ' ' || count(*) FILTER (WHERE abs(c.value - (to_jsonb(m) ->> col)::numeric) < 0.00006), '12 12', 'ChannelAttribution, value: ' || model)
  FROM (VALUES ('first', 'first'), ('last', 'last'), ('linear', 'linear'), ('position', 'position'), ('time_decay 1 second', 'h1'), ('time_decay 7 seconds', 'h7')) v(model, col)
  JOIN real_credit c USING (model) JOIN money m USING (channel) GROUP BY model;
\else
SELECT skip('the data of ChannelAttribution are not there', 12);
\endif

SELECT * FROM finish();
ROLLBACK;
