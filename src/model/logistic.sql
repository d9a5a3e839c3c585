
/* observations: rows that a logistic regression is fitted to */

CREATE TYPE leadflow.observations;

CREATE FUNCTION leadflow.observations_in(cstring) RETURNS leadflow.observations
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.observations_out(leadflow.observations) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_out(leadflow.observations) IS 'I/O';

CREATE FUNCTION leadflow.observations_recv(internal) RETURNS leadflow.observations
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.observations_send(leadflow.observations) RETURNS pg_catalog.bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_send(leadflow.observations) IS 'I/O';

CREATE TYPE leadflow.observations (
    INPUT = leadflow.observations_in,
    OUTPUT = leadflow.observations_out,
    RECEIVE = leadflow.observations_recv,
    SEND = leadflow.observations_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.observations IS
    'outcomes and features of closed leads, kept for a fit: the number of features, the penalty, and an array for each row, the outcome (1 won, 0 lost) before the features, for example ''[2, 0, [1, 3.25, null], [0, 1, 7]]''. Made by observations(), added up by rollup(), fitted by logistic_fit(). At most 1600 features and 1 GB: 8 bytes for each number, that is 6.3 million rows of 20 features';

CREATE FUNCTION leadflow.observations_add(leadflow.observations, boolean, double precision[]) RETURNS leadflow.observations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_add(leadflow.observations, boolean, double precision[]) IS 'transition function of observations and logistic_fit';

CREATE FUNCTION leadflow.observations_add(leadflow.observations, boolean, double precision[], double precision) RETURNS leadflow.observations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_add(leadflow.observations, boolean, double precision[], double precision) IS 'transition function of logistic_fit';

CREATE FUNCTION leadflow.observations_combine(leadflow.observations, leadflow.observations) RETURNS leadflow.observations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.observations_combine(leadflow.observations, leadflow.observations) IS 'combine function of observations and logistic_fit, transition function of rollup';

CREATE AGGREGATE leadflow.observations(outcome boolean, features double precision[]) (
    SFUNC = leadflow.observations_add,
    STYPE = leadflow.observations,
    COMBINEFUNC = leadflow.observations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.observations(boolean, double precision[]) IS
    'the rows themselves, to be fitted later, with several penalties, or together with others (rollup): outcome is true for won and false for lost; a null element of features is a missing value. Rows with a null outcome or without features do not count; null when none counts. Errors: arrays of different lengths or of several dimensions (2202E); a feature that is NaN or infinite (22003); too many features or more than 1 GB (54000)';

CREATE AGGREGATE leadflow.rollup(observations leadflow.observations) (
    SFUNC = leadflow.observations_combine,
    STYPE = leadflow.observations,
    COMBINEFUNC = leadflow.observations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.observations) IS
    'several sets of rows as one; nulls do not count; null when there is nothing else. Errors: different numbers of features (2202E) or penalties (22023); more than 1 GB (54000)';

/* logistic: a fitted logistic regression */

CREATE TYPE leadflow.logistic;

CREATE FUNCTION leadflow.logistic_in(cstring) RETURNS leadflow.logistic
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.logistic_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.logistic_out(leadflow.logistic) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.logistic_out(leadflow.logistic) IS 'I/O';

CREATE FUNCTION leadflow.logistic_recv(internal) RETURNS leadflow.logistic
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.logistic_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.logistic_send(leadflow.logistic) RETURNS pg_catalog.bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.logistic_send(leadflow.logistic) IS 'I/O';

CREATE TYPE leadflow.logistic (
    INPUT = leadflow.logistic_in,
    OUTPUT = leadflow.logistic_out,
    RECEIVE = leadflow.logistic_recv,
    SEND = leadflow.logistic_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.logistic IS
    'a logistic regression, written as JSON: state (how the fit ended: converged; separated, where some coefficients have no best value; not converged), n and won (rows), iterations, log_likelihood (without the penalty), l2 (the penalty), intercept and intercept_error, and for each feature coefficients, standard_errors (null where there is none) and means (of the known values, which stand for missing ones); aliased and separating list positions of features, 0 being the intercept. Made by logistic_fit(), asked by predict(), coefficients() and fit_report()';

CREATE FUNCTION leadflow.logistic_fit_final(leadflow.observations) RETURNS leadflow.logistic
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.logistic_fit_final(leadflow.observations) IS 'final function of logistic_fit';

CREATE AGGREGATE leadflow.logistic_fit(outcome boolean, features double precision[], l2 double precision) (
    SFUNC = leadflow.observations_add,
    STYPE = leadflow.observations,
    FINALFUNC = leadflow.logistic_fit_final,
    COMBINEFUNC = leadflow.observations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.logistic_fit(boolean, double precision[], double precision) IS
    'the logistic regression of closed leads, a row each: the intercept and the coefficients that minimise l2/2 * (sum of squared coefficients) + sum of log-losses, the intercept free, as scikit-learn''s LogisticRegression(C = 1/l2), found by Newton''s method until a step moves no log-odds by more than 1e-8 (and that step is taken, too). outcome: true for won, false for lost. features: as many numbers in every row; a null one is missing and counts as the mean of the known ones. l2: 0 for the fit of maximum likelihood (1 is scikit-learn''s default), the same for every row. Rows with a null outcome or without features do not count; null when none counts. Standard errors are square roots of the diagonal of the inverse Hessian of what is minimised, penalty included. A feature that is constant or a combination of earlier ones, without a penalty, is aliased: coefficient 0, no standard error. Where the features tell won from lost without an error, or with errors on the border only, l2 being 0, the state is separated: the coefficients are those at which the fit was stopped, there are no standard errors, and the features whose coefficients would grow without end are listed; a penalty helps. With one outcome only it is separated by the intercept, which is then given for half a row more of each outcome, and all coefficients are 0. Errors: arrays of different lengths or of several dimensions (2202E); a feature that is NaN or infinite, or whose values are more than 1e100 apart (22003); l2 that is negative, NaN, above 1e100 or not the same for all rows (22023) or null (22004); more than 1600 features or 1 GB of rows, which is 6.3 million rows of 20 features (54000). Source: McCullagh and Nelder, Generalized Linear Models, 1989';

CREATE AGGREGATE leadflow.logistic_fit(outcome boolean, features double precision[]) (
    SFUNC = leadflow.observations_add,
    STYPE = leadflow.observations,
    FINALFUNC = leadflow.logistic_fit_final,
    COMBINEFUNC = leadflow.observations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.logistic_fit(boolean, double precision[]) IS
    'logistic_fit(outcome, features, 0): the fit of maximum likelihood, without a penalty';

CREATE FUNCTION leadflow.logistic_fit(observations leadflow.observations, l2 double precision DEFAULT 0) RETURNS leadflow.logistic
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000
    AS 'MODULE_PATHNAME', 'logistic_fit_observations';
COMMENT ON FUNCTION leadflow.logistic_fit(leadflow.observations, double precision) IS
    'the logistic regression of rows that were kept, with the penalty given, as the aggregate logistic_fit(outcome, features, l2) of these rows. Errors: l2 that is negative, NaN or above 1e100 (22023); a feature whose values are more than 1e100 apart (22003)';

CREATE FUNCTION leadflow.predict(model leadflow.logistic, features double precision[]) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'logistic_predict';
COMMENT ON FUNCTION leadflow.predict(leadflow.logistic, double precision[]) IS
    'the probability that a row with these features is won, by a logistic regression: above 0 and below 1. A null feature is missing and counts as the mean of those that the model was fitted to. Errors: another number of features than the model has, or an array of several dimensions (2202E); a feature that is NaN or infinite (22003)';

CREATE FUNCTION leadflow.coefficients(
    model leadflow.logistic,
    names pg_catalog.text[] DEFAULT NULL,
    OUT "position" integer,
    OUT name pg_catalog.text,
    OUT coefficient double precision,
    OUT standard_error double precision,
    OUT z double precision,
    OUT p_value double precision,
    OUT aliased boolean,
    OUT separating boolean)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'logistic_coefficients';
COMMENT ON FUNCTION leadflow.coefficients(leadflow.logistic, pg_catalog.text[]) IS
    'what a logistic regression has learnt, a row for the intercept and for each feature: position (0 is the intercept, 1 the first feature), name (as given; x1, x2 ... where names is null), coefficient (change of the log-odds for one unit of the feature), standard_error, z (coefficient / standard_error), p_value (of no effect: two-sided, normal), aliased (whether the feature adds nothing to earlier ones and was left out) and separating (whether its coefficient has no best value). standard_error, z and p_value are null for an aliased feature and where the fit is not converged. No rows where the model is null. Errors: another number of names than of features, or names of several dimensions (2202E)';

CREATE FUNCTION leadflow.fit_report(
    model leadflow.logistic,
    OUT state pg_catalog.text,
    OUT n bigint,
    OUT won bigint,
    OUT features integer,
    OUT l2 double precision,
    OUT iterations integer,
    OUT log_likelihood double precision,
    OUT aliased integer[],
    OUT separating integer[])
    RETURNS record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'logistic_report';
COMMENT ON FUNCTION leadflow.fit_report(leadflow.logistic) IS
    'how the fit of a logistic regression went: state (converged, separated or not converged), n (rows), won (rows won), features (how many), l2 (the penalty), iterations (Newton steps over all rows), log_likelihood (without the penalty), aliased (positions of the features that were left out) and separating (positions of those whose coefficients have no best value; 0 is the intercept)';

CREATE FUNCTION leadflow.one_hot(value pg_catalog.text, levels pg_catalog.text[]) RETURNS double precision[]
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'logistic_one_hot';
COMMENT ON FUNCTION leadflow.one_hot(pg_catalog.text, pg_catalog.text[]) IS
    'a category as features: for each level 1 where the value is that level, else 0; all 0 for a value that is none of them. A null among the levels stands for a null value; without one, a null value is all 0. Null where levels is null. Join the features of several attributes with ||. Without a penalty one level of each attribute is redundant: leave it out, and coefficients compare with it, or the last one is aliased. Errors: levels of several dimensions (2202E)';
