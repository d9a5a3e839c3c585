/*
 * scoring.sql: learn from closed leads which ones are won, and see how well.
 *
 * X Education, an online school, has had 9,240 of its leads published with
 * what was known of them and whether they were won: "Lead Scoring Dataset", on
 * Kaggle. The data are not part of leadflow. Download the file and run
 *
 *	psql -v dir=/path/to/the/files -f doc/examples/scoring.sql
 *
 * in a database that has the extension. The script loads the file, fits naive
 * Bayes and logistic regression, tries both on leads that they were not fitted
 * to, and shows what was learnt, as evidence and as points.
 *
 * Other leads can be tried without a change to the script, from any CSV file
 * with a header, a row for each lead:
 *
 *	psql -v dir=... -v file=leads.csv -v outcome=Status -v won=Won -v lost=Lost \
 *	     -v leave_out='Id|Closed On|Lost Reason' -f doc/examples/scoring.sql
 *
 * Everything is kept in temporary tables.
 */
\set ON_ERROR_STOP on
\set QUIET on

/*
 * Where the leads are, and what their columns mean: this is the only place.
 *
 * outcome is the column that says how it ended; won and lost list what it says
 * then, and leads of which it says something else are still open.
 * leave_out lists columns that may not be learnt from. Identifiers are no use;
 * what the sales team wrote down later, or what happened last, knows the
 * outcome: with Tags or Lead Quality a model looks brilliant here, and is of
 * no use on the day when a lead comes in. missing lists what stands for
 * nothing, apart from an empty field. Lists are separated by a bar.
 */
\if :{?file}
\else
\set file lead_scoring.csv
\endif
\if :{?outcome}
\else
\set outcome Converted
\endif
\if :{?won}
\else
\set won '1'
\endif
\if :{?lost}
\else
\set lost '0'
\endif
\if :{?leave_out}
\else
\set leave_out 'Prospect ID|Lead Number|Tags|Lead Quality|Lead Profile|Asymmetrique Activity Index|Asymmetrique Profile Index|Asymmetrique Activity Score|Asymmetrique Profile Score|Last Activity|Last Notable Activity'
\endif
\if :{?missing}
\else
\set missing 'Select'
\endif

-- A column of numbers is cut into tenths, if it has more than so many of them.
\set few_numbers 10
-- A column of words may have so many different ones.
\set many_words 200
\set folds 5
-- A value is shown if so many leads have it.
\set few_leads 20

SET client_min_messages = warning;
SET search_path = pg_catalog, leadflow;
SET jit = off;

-- The columns are those that the header names. \copy cannot take a variable,
-- but psql can read a statement from one.
\set here `pwd`
\cd :dir
\set header `head -n 1 :'file'`
CREATE TEMPORARY TABLE csv_column AS
SELECT place, replace(regexp_replace(field[1], '^"(.*)"$', '\1'), '""', '"')::name::text AS name
FROM regexp_matches(trim(both E'\r\n\uFEFF' FROM :'header'), '("(?:[^"]|"")*"|[^,]*)(?:,|$)', 'g') WITH ORDINALITY h (field, place)
WHERE place <= array_length(regexp_split_to_array(regexp_replace(:'header', '"([^"]|"")*"', '', 'g'), ','), 1);
SELECT format('CREATE TEMPORARY TABLE csv_row (csv_place integer GENERATED ALWAYS AS IDENTITY, %s)', string_agg(format('%I text', name), ', ' ORDER BY place)) AS make,
       format('\copy csv_row (%s) FROM %L WITH (FORMAT csv, HEADER)', string_agg(format('%I', name), ', ' ORDER BY place), :'file') AS load
FROM csv_column \gset
:make;
:load
\cd :here

-- Every field that says something.
CREATE TEMPORARY TABLE known AS
SELECT csv_place, key AS name, value
FROM csv_row, jsonb_each_text(to_jsonb(csv_row) - 'csv_place')
WHERE trim(value) <> '' AND value <> ALL (string_to_array(:'missing', '|'));
ANALYZE known;

-- What can be learnt from: numbers, and words that come often enough.
CREATE TEMPORARY TABLE attribute AS
SELECT row_number() OVER (ORDER BY use IS NULL, place)::int AS a, c.name, use, coalesce(different, 0) AS different_values, coalesce(n, 0) AS leads_known
FROM csv_column c
LEFT JOIN (SELECT name, count(*) AS n, count(DISTINCT value) AS different, bool_and(value ~ '^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?\s*$') AS numbers
           FROM known GROUP BY name) k USING (name)
CROSS JOIN LATERAL (SELECT CASE WHEN c.name = :'outcome' OR c.name = ANY (string_to_array(:'leave_out', '|')) OR n IS NULL THEN NULL
                                WHEN numbers AND different > :few_numbers THEN 'number'
                                WHEN different <= :many_words THEN 'word' END AS use) u;
ANALYZE attribute;
\qecho
\qecho 'What the models may see (use: as a number, as a word, or not at all):'
SELECT name, use, different_values, leads_known FROM attribute ORDER BY a;

-- A lead belongs to a fold by the digest of its place in the file, which is as
-- good as by lot, and the same every time.
CREATE TEMPORARY TABLE closed_lead AS
SELECT csv_place AS lead, value = ANY (string_to_array(:'won', '|')) AS won,
       (('x' || substr(md5(csv_place::text), 1, 8))::bit(32)::bigint % :folds)::int AS fold
FROM known WHERE name = :'outcome' AND value = ANY (string_to_array(:'won' || '|' || :'lost', '|'));
ANALYZE closed_lead;
DO $$
BEGIN
    IF (SELECT count(DISTINCT won) FROM closed_lead) < 2 THEN
        RAISE EXCEPTION 'no lead is won, or none is lost'
            USING HINT = 'See that outcome names a column of the file, and that won and lost list what it says.';
    END IF;
END $$;

-- What is known of each, or not: a row for each attribute of each lead.
CREATE TEMPORARY TABLE fact AS
SELECT lead, won, fold, a, use, value
FROM closed_lead
CROSS JOIN attribute
LEFT JOIN known ON csv_place = lead AND known.name = attribute.name
WHERE use IS NOT NULL;
ANALYZE fact;

-- A model for each fold, from the leads outside of it, and one from all leads.
CREATE TEMPORARY TABLE model_for AS
SELECT fold FROM generate_series(0, :folds) fold;
ANALYZE model_for;

-- Numbers become groups: the tenths of the leads that the model learns from.
CREATE TEMPORARY TABLE edge AS
SELECT m.fold, a, percentile_cont(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY value::double precision) AS edges
FROM fact
JOIN model_for m ON m.fold <> fact.fold
WHERE use = 'number'
GROUP BY m.fold, a;
ANALYZE edge;

-- What a model sees of a lead: a value, or none, for each attribute.
CREATE TEMPORARY TABLE seen AS
SELECT m.fold, lead, won, f.fold = m.fold AS is_test,
       array_agg(CASE use WHEN 'number' THEN bin(value::double precision, edges) ELSE value END ORDER BY f.a) AS features
FROM fact f
CROSS JOIN model_for m
LEFT JOIN edge e ON e.fold = m.fold AND e.a = f.a
GROUP BY m.fold, lead, won, f.fold;
ANALYZE seen;

/*
 * Naive Bayes needs no more than that. A logistic regression is of numbers:
 * each value that the model learns from, and nothing known, is a feature of
 * its own, 1 where a lead has it and 0 elsewhere. A value that comes up later
 * is all zeros: it speaks neither for nor against.
 */
CREATE TEMPORARY TABLE level AS
SELECT fold, a, array_agg(value ORDER BY value) AS levels
FROM (SELECT DISTINCT fold, a, value FROM seen CROSS JOIN unnest(features) WITH ORDINALITY u (value, a) WHERE NOT is_test) d
GROUP BY fold, a;
CREATE AGGREGATE pg_temp.join_arrays(double precision[]) (SFUNC = array_cat, STYPE = double precision[]);
CREATE TEMPORARY TABLE hot AS
SELECT fold, lead, won, is_test, pg_temp.join_arrays(one_hot(features[a], levels) ORDER BY a) AS x
FROM seen
JOIN level USING (fold)
GROUP BY fold, lead, won, is_test;
ANALYZE hot;

-- The fits. A penalty of 1 keeps levels in bounds that hardly any lead has.
SELECT array_agg(name ORDER BY a) AS names FROM attribute WHERE use IS NOT NULL \gset
CREATE TEMPORARY TABLE bayes AS
SELECT fold, naive_bayes_fit(won, features, :'names'::text[]) AS model FROM seen WHERE NOT is_test GROUP BY fold;
CREATE TEMPORARY TABLE regression AS
SELECT fold, logistic_fit(won, x, 1) AS model FROM hot WHERE NOT is_test GROUP BY fold;

-- Every lead, scored by models that have not seen it.
CREATE TEMPORARY TABLE scored_lead AS
SELECT 'naive Bayes, as Odoo has it' AS model, fold, lead, won, predict(b.model, features, :'names'::text[]) AS p
FROM seen JOIN bayes b USING (fold) WHERE is_test
UNION ALL
SELECT 'naive Bayes, missing is a value', fold, lead, won, predict(b.model, features, :'names'::text[], 1, 'level')
FROM seen JOIN bayes b USING (fold) WHERE is_test
UNION ALL
SELECT 'logistic regression', fold, lead, won, predict(r.model, x)
FROM hot JOIN regression r USING (fold) WHERE is_test;

\qecho
\qecho 'How well they tell who is won, on leads that they have not seen (AUC: 0.5 is'
\qecho 'chance, 1 is perfect; log-loss and Brier score: the less the better):'
CREATE TEMPORARY TABLE quality AS
SELECT model, folds.auc_mean, folds.auc_min, folds.auc_max,
       round(auc(p, won)::numeric, 6) AS auc_all, round(log_loss(p, won)::numeric, 6) AS log_loss, round(brier(p, won)::numeric, 6) AS brier
FROM scored_lead
JOIN (SELECT model, round(avg(auc)::numeric, 6) AS auc_mean, round(min(auc)::numeric, 6) AS auc_min, round(max(auc)::numeric, 6) AS auc_max
      FROM (SELECT model, fold, auc(p, won) AS auc FROM scored_lead GROUP BY model, fold) f
      GROUP BY model) folds USING (model)
GROUP BY model, folds.auc_mean, folds.auc_min, folds.auc_max;
SELECT * FROM quality ORDER BY auc_mean DESC;

SELECT model AS best FROM quality ORDER BY auc_mean DESC LIMIT 1 \gset
\qecho 'What comes of working in the order of the best one,' :best '(tenths of all leads):'
SELECT grp AS tenth, n AS leads, won, round(conversion::numeric, 4) AS conversion,
       round(cumulative_share_of_won::numeric, 4) AS share_of_all_won, round(cumulative_lift::numeric, 2) AS times_chance
FROM gains((SELECT scored_outcomes(p, won) FROM scored_lead WHERE model = :'best'));

\qecho 'Whether its probabilities are kept:'
SELECT round(score_from::numeric, 1) AS "from", round(score_to::numeric, 1) AS "to", n AS leads,
       round(mean_score::numeric, 4) AS expected, round(conversion::numeric, 4) AS conversion
FROM calibration((SELECT scored_outcomes(p, won) FROM scored_lead WHERE model = :'best'))
WHERE n > 0;

\qecho 'The attributes that tell most (information value: above 0.02 weak, 0.1 medium,'
\qecho '0.3 strong, 0.5 too good to be true, or a real find):'
CREATE TEMPORARY TABLE telling AS
SELECT row_number() OVER (ORDER BY information_value DESC) AS place, attribute, information_value, distinct_values, missing_share
FROM bayes, information_value(model)
WHERE fold = :folds AND information_value IS NOT NULL;
SELECT attribute, round(information_value::numeric, 4) AS information_value, distinct_values, round(missing_share::numeric, 4) AS missing_share
FROM telling WHERE place <= 10 ORDER BY place;

\qecho 'What the values of the first three say, the ten most frequent ones (weight of'
\qecho 'evidence: above 0 for, below 0 against winning):'
SELECT attribute, coalesce(value, '(missing)') AS value, leads, round(won::numeric / leads, 4) AS conversion,
       round(weight_of_evidence::numeric, 3) AS weight_of_evidence
FROM (SELECT w.*, w.won + w.lost AS leads, row_number() OVER (PARTITION BY w.attribute ORDER BY w.won + w.lost DESC, w.value) AS nth
      FROM bayes, weight_of_evidence(model) w WHERE fold = :folds) w
JOIN telling USING (attribute)
WHERE place <= 3 AND nth <= 10 AND leads >= :few_leads
ORDER BY place, weight_of_evidence DESC;

/*
 * A regression as points: the sum of a lead's points is its score, and 20 more
 * points double the odds. The worst value of an attribute is worth 0.
 */
CREATE TEMPORARY TABLE feature_of_all AS
SELECT row_number() OVER (ORDER BY a, i) AS "position", a, value
FROM level, unnest(levels) WITH ORDINALITY u (value, i)
WHERE fold = :folds;
CREATE TEMPORARY TABLE points AS
SELECT f.a, f.value, leads,
       round((coefficient - min(coefficient) OVER (PARTITION BY f.a)) * 20 / ln(2.0::double precision))::int AS points
FROM regression r
CROSS JOIN coefficients(model) c
JOIN feature_of_all f USING ("position")
JOIN (SELECT a, value, count(*) AS leads
      FROM seen CROSS JOIN unnest(features) WITH ORDINALITY u (value, a)
      WHERE fold = :folds GROUP BY a, value) n ON n.a = f.a AND n.value IS NOT DISTINCT FROM f.value
WHERE r.fold = :folds AND leads >= :few_leads;
\qecho 'The points of the six attributes that move a score most (20 more double the'
\qecho 'odds), for their ten most frequent values:'
SELECT name AS attribute, coalesce(value, '(missing)') AS value, leads, points
FROM (SELECT *, row_number() OVER (PARTITION BY a ORDER BY leads DESC, value) AS nth FROM points) p
JOIN attribute USING (a)
JOIN (SELECT a, row_number() OVER (ORDER BY max(points) DESC, a) AS place FROM points GROUP BY a) m USING (a)
WHERE place <= 6 AND nth <= 10
ORDER BY place, points DESC, value;
