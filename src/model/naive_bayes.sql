
/* naive_bayes: how often each value of each attribute was won and was lost */

CREATE TYPE leadflow.naive_bayes;

CREATE FUNCTION leadflow.naive_bayes_in(cstring) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.naive_bayes_out(leadflow.naive_bayes) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_out(leadflow.naive_bayes) IS 'I/O';

CREATE FUNCTION leadflow.naive_bayes_recv(internal) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.naive_bayes_send(leadflow.naive_bayes) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_send(leadflow.naive_bayes) IS 'I/O';

CREATE TYPE leadflow.naive_bayes (
    INPUT = leadflow.naive_bayes_in,
    OUTPUT = leadflow.naive_bayes_out,
    RECEIVE = leadflow.naive_bayes_recv,
    SEND = leadflow.naive_bayes_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.naive_bayes IS
    'a naive Bayes model, counts only: the rows won and lost, in all and of each value of each attribute, for example ''{"won": 6, "lost": 4, "attributes": {"country": {"DE": [2, 3], "PL": [4, 1]}}, "sets": {"stage": {"S1": [6, 4], "S2": [6, 1]}}}''; an attribute of "sets" has several values in a row. Made by naive_bayes_fit(), added up by rollup(), asked by predict(), weight_of_evidence() and information_value(). The same rows make the same bytes in whatever order they came. At most 1600 attributes with names of 256 bytes, 1000000 distinct values of an attribute with 1024 bytes each, and 1 GB';

-- equality

CREATE FUNCTION leadflow.naive_bayes_eq(leadflow.naive_bayes, leadflow.naive_bayes) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_eq(leadflow.naive_bayes, leadflow.naive_bayes) IS 'implementation of = operator';

CREATE FUNCTION leadflow.naive_bayes_ne(leadflow.naive_bayes, leadflow.naive_bayes) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_ne(leadflow.naive_bayes, leadflow.naive_bayes) IS 'implementation of <> operator';

CREATE OPERATOR pg_catalog.= (
    LEFTARG = leadflow.naive_bayes, RIGHTARG = leadflow.naive_bayes,
    FUNCTION = leadflow.naive_bayes_eq,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR pg_catalog.= (leadflow.naive_bayes, leadflow.naive_bayes) IS 'the same counts';

CREATE OPERATOR pg_catalog.<> (
    LEFTARG = leadflow.naive_bayes, RIGHTARG = leadflow.naive_bayes,
    FUNCTION = leadflow.naive_bayes_ne,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (leadflow.naive_bayes, leadflow.naive_bayes) IS 'other counts';

-- learning

CREATE FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, jsonb) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'naive_bayes_fit_jsonb';
COMMENT ON FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, jsonb) IS 'transition function of naive_bayes_fit';

CREATE FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, text[]) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'naive_bayes_fit_array';
COMMENT ON FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, text[]) IS 'transition function of naive_bayes_fit';

CREATE FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, text[], text[]) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'naive_bayes_fit_named';
COMMENT ON FUNCTION leadflow.naive_bayes_add(leadflow.naive_bayes, boolean, text[], text[]) IS 'transition function of naive_bayes_fit';

CREATE FUNCTION leadflow.naive_bayes_combine(leadflow.naive_bayes, leadflow.naive_bayes) RETURNS leadflow.naive_bayes
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.naive_bayes_combine(leadflow.naive_bayes, leadflow.naive_bayes) IS 'combine function of naive_bayes_fit, transition and combine function of rollup';

CREATE AGGREGATE leadflow.naive_bayes_fit(outcome boolean, features jsonb) (
    SFUNC = leadflow.naive_bayes_add,
    STYPE = leadflow.naive_bayes,
    COMBINEFUNC = leadflow.naive_bayes_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.naive_bayes_fit(boolean, jsonb) IS
    'the naive Bayes model of closed leads, a row each. outcome: whether it was won; a row without one (null) does not count. features: an object, whose keys are the attributes; a scalar is a value, in its text form (1 and 1.0 are two values: put numbers into groups with bin()); an array is a set of values (tags, stages reached), each of which counts once for the row; null, an empty array and an attribute that is not there are missing; where features is null all are. Null where no row counts. Errors: features that are no object, a nested object or array, an attribute that is a single value in one row and an array in another (22023); a limit of the type, which names the attribute (54000)';

CREATE AGGREGATE leadflow.naive_bayes_fit(outcome boolean, features text[]) (
    SFUNC = leadflow.naive_bayes_add,
    STYPE = leadflow.naive_bayes,
    COMBINEFUNC = leadflow.naive_bayes_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.naive_bayes_fit(boolean, text[]) IS
    'the naive Bayes model of closed leads, a row each, from arrays, which is faster than from jsonb. outcome: whether it was won; a row without one (null) does not count. features: a value for each attribute, which are called 1, 2 and so on; a null element is missing, as are elements beyond the array''s end; where features is null all are. Null where no row counts. Errors: an array of several dimensions (2202E); a limit of the type, which names the attribute (54000)';

CREATE AGGREGATE leadflow.naive_bayes_fit(outcome boolean, features text[], names text[]) (
    SFUNC = leadflow.naive_bayes_add,
    STYPE = leadflow.naive_bayes,
    COMBINEFUNC = leadflow.naive_bayes_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.naive_bayes_fit(boolean, text[], text[]) IS
    'naive_bayes_fit(outcome, features) with names for the attributes: as many as there are features, and the same for every row. Errors: as there; another number of names than of features, a name that appears twice, names that change from row to row (22023); a name that is null (22004)';

CREATE AGGREGATE leadflow.rollup(leadflow.naive_bayes) (
    SFUNC = leadflow.naive_bayes_combine,
    STYPE = leadflow.naive_bayes,
    COMBINEFUNC = leadflow.naive_bayes_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.naive_bayes) IS
    'the model of all rows of several models, the same as fitting them together: keep one a month, and add up the months in question; nulls do not count, null where there is nothing else. Errors: an attribute that is a set in one and not in another (22023); a limit of the type (54000)';

-- asking

CREATE FUNCTION leadflow.predict(model leadflow.naive_bayes, features jsonb, alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'naive_bayes_predict_jsonb';
COMMENT ON FUNCTION leadflow.predict(leadflow.naive_bayes, jsonb, double precision, text) IS
    'the probability of winning, given a naive Bayes model and a lead''s features (an object, as for naive_bayes_fit; of a set, a scalar is its one element). W, L: the counts of a value; nW, nL: the rows won and lost; a: alpha, the smoothing. missing ''skip'', with alpha 0.1 the frequency model of Odoo''s predictive lead scoring (crm_lead.py, _pls_get_naive_bayes_probabilities): prior (nW + a) / (n + 2 a); a value counts (W + a) / sum of (W'' + a) over the attribute''s values, an element of a set (W + a) / (nW + a), and the same with L; what is missing does not count. missing ''level'': where an attribute was missing, missing is a value like its V - 1 others; prior nW / n, a value counts (W + a) / (nW + a V), an element of a set (W + a) / (nW + 2 a); with alpha 1, Laplace''s rule. In both, values and attributes that the model has not seen do not count. The result is strictly between 0 and 1: it never says that a lead is won or lost. Null where an argument is null, or the model has no rows won or no rows lost, and so cannot tell. Errors: features as for naive_bayes_fit, an array for an attribute of single values, alpha not between 1e-9 and 1e9, another word for missing (22023)';

CREATE FUNCTION leadflow.predict(model leadflow.naive_bayes, features text[], alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'naive_bayes_predict_array';
COMMENT ON FUNCTION leadflow.predict(leadflow.naive_bayes, text[], double precision, text) IS
    'predict(model, features, alpha, missing) with the features as an array: an element is the value of the attribute that is called by its position, 1, 2 and so on; a null element is missing. Errors: as there; an array of several dimensions (2202E)';

CREATE FUNCTION leadflow.predict(model leadflow.naive_bayes, features text[], names text[], alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'naive_bayes_predict_named';
COMMENT ON FUNCTION leadflow.predict(leadflow.naive_bayes, text[], text[], double precision, text) IS
    'predict(model, features, alpha, missing) with the features as an array, and names for them, as many as there are features. Errors: as there; another number of names than of features, a name that appears twice (22023); a name that is null (22004)';

CREATE FUNCTION leadflow.log_odds(model leadflow.naive_bayes, features jsonb, alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20
    AS 'MODULE_PATHNAME', 'naive_bayes_log_odds_jsonb';
COMMENT ON FUNCTION leadflow.log_odds(leadflow.naive_bayes, jsonb, double precision, text) IS
    'ln(p / (1 - p)) of the probability p that predict(model, features, alpha, missing) gives: it orders leads even where p has no more digits, and each attribute adds to it. Null and errors: as there';

CREATE FUNCTION leadflow.log_odds(model leadflow.naive_bayes, features text[], alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'naive_bayes_log_odds_array';
COMMENT ON FUNCTION leadflow.log_odds(leadflow.naive_bayes, text[], double precision, text) IS
    'ln(p / (1 - p)) of the probability p that predict(model, features, alpha, missing) gives. Null and errors: as there';

CREATE FUNCTION leadflow.log_odds(model leadflow.naive_bayes, features text[], names text[], alpha double precision DEFAULT 0.1, missing text DEFAULT 'skip')
    RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'naive_bayes_log_odds_named';
COMMENT ON FUNCTION leadflow.log_odds(leadflow.naive_bayes, text[], text[], double precision, text) IS
    'ln(p / (1 - p)) of the probability p that predict(model, features, names, alpha, missing) gives. Null and errors: as there';

CREATE FUNCTION leadflow.weight_of_evidence(
    model leadflow.naive_bayes,
    alpha double precision DEFAULT 0.5,
    OUT attribute text,
    OUT value text,
    OUT won bigint,
    OUT lost bigint,
    OUT share_won double precision,
    OUT share_lost double precision,
    OUT weight_of_evidence double precision,
    OUT information_value double precision)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100
    AS 'MODULE_PATHNAME', 'naive_bayes_weight_of_evidence';
COMMENT ON FUNCTION leadflow.weight_of_evidence(leadflow.naive_bayes, double precision) IS
    'how much each value of each attribute speaks for winning: attribute; value (null for missing, where some rows lack the attribute); rows won and lost with it; share_won and share_lost, its shares of all rows won and lost (0..1), with alpha added to the count of each value; weight_of_evidence, ln(share_won / share_lost), above 0 where the value speaks for winning; information_value, (share_won - share_lost) * weight_of_evidence. An element of a set is an attribute of its own that a row has or has not: its information value is of both together. Shares are null where the model has no rows won or none lost; weights and information values also where, with alpha 0, a share is 0. A value that was never seen has no row and no weight: it is neutral. In the order of the bytes of attribute and value, missing last. Errors: alpha not between 0 and 1e9 (22023). Source: N. Siddiqi, Credit Risk Scorecards (2006), chapter 6';

CREATE FUNCTION leadflow.information_value(
    model leadflow.naive_bayes,
    alpha double precision DEFAULT 0.5,
    OUT attribute text,
    OUT information_value double precision,
    OUT distinct_values bigint,
    OUT missing_share double precision)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'naive_bayes_information_value';
COMMENT ON FUNCTION leadflow.information_value(leadflow.naive_bayes, double precision) IS
    'how much each attribute tells about winning: attribute; information_value, the sum of those of weight_of_evidence(model, alpha), null where one is null; distinct_values, without missing; missing_share, the share of rows (0..1) that lack it, null for a set, of which that is not kept. Siddiqi calls less than 0.02 unpredictive, 0.02 to 0.1 weak, 0.1 to 0.3 medium, above 0.3 strong, and above 0.5 suspicious: it may know the outcome. Errors: as weight_of_evidence. Source: N. Siddiqi, Credit Risk Scorecards (2006), chapter 6';

CREATE FUNCTION leadflow.bin(x double precision, edges double precision[]) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_bin';
COMMENT ON FUNCTION leadflow.bin(double precision, double precision[]) IS
    'the group of a number, as text, so that it can be the value of an attribute: with edges {1, 5, 20} one of ''< 1'', ''[1, 5)'', ''[5, 20)'', ''>= 20''; the groups are those of width_bucket(x, edges). edges: in ascending order; an edge that is given twice counts once, as quantiles may coincide. Edges in deciles of what was learnt from: percentile_cont(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY x). Null where x is null or NaN, or edges is null; infinite numbers are in the first or last group. Errors: no edge, edges out of order or not finite (22023); an edge that is null (22004); edges of several dimensions (2202E); more than 100000 edges (54000)';
