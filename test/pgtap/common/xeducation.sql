-- The real leads of an online school, for the tests of models: the table lead
-- with the outcome and the fold of each, and the table feature with what a
-- model that is tested on fold k sees of it.
\ir xeducation_raw.sql

-- the columns of the feature sets; Select means that nothing was picked
CREATE TEMPORARY TABLE lead AS
SELECT rn, converted = 1 AS outcome, (('x' || substr(md5(rn::text), 1, 8))::bit(32)::bigint % 5)::int AS fold,
       total_visits, time_on_website, page_views,
       (SELECT array_agg(nullif(v, 'Select') ORDER BY n)
          FROM unnest(ARRAY[lead_origin, lead_source, do_not_email, do_not_call, country, specialization, heard_from, occupation, matters_most,
                            search, magazine, newspaper_article, forums, newspaper, digital_advertisement, recommendations, updates_courses,
                            updates_supply_chain, updates_dm, city, pay_by_cheque, free_copy, last_activity, last_notable_activity]) WITH ORDINALITY u(v, n)) AS picked
  FROM raw;

-- for each fold, deciles of its training rows, and every lead's features by them
CREATE TEMPORARY TABLE edge AS
SELECT k AS fold, percentile_cont(deciles) WITHIN GROUP (ORDER BY total_visits) AS visits,
       percentile_cont(deciles) WITHIN GROUP (ORDER BY time_on_website) AS time,
       percentile_cont(deciles) WITHIN GROUP (ORDER BY page_views) AS views
  FROM lead, generate_series(0, 4) k, (VALUES (ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])) v(deciles)
 WHERE lead.fold <> k GROUP BY k, deciles;
CREATE TEMPORARY TABLE feature AS
SELECT e.fold AS k, lead.fold = e.fold AS is_test, outcome, wide,
       ARRAY[leadflow.bin(total_visits, visits), leadflow.bin(time_on_website, time), leadflow.bin(page_views, views)]
       || CASE WHEN wide THEN picked ELSE picked[1:22] END AS features
  FROM lead, edge e, (VALUES (false), (true)) v(wide);
