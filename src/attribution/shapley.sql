/* coalitions: paths by the set of channels on them */

CREATE TYPE leadflow.coalitions;

CREATE FUNCTION leadflow.coalitions_in(cstring) RETURNS leadflow.coalitions
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_in';
COMMENT ON FUNCTION leadflow.coalitions_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.coalitions_out(leadflow.coalitions) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_out';
COMMENT ON FUNCTION leadflow.coalitions_out(leadflow.coalitions) IS 'I/O';

CREATE FUNCTION leadflow.coalitions_recv(internal) RETURNS leadflow.coalitions
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_recv';
COMMENT ON FUNCTION leadflow.coalitions_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.coalitions_send(leadflow.coalitions) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_send';
COMMENT ON FUNCTION leadflow.coalitions_send(leadflow.coalitions) IS 'I/O';

CREATE TYPE leadflow.coalitions (
    INPUT = leadflow.coalitions_in,
    OUTPUT = leadflow.coalitions_out,
    RECEIVE = leadflow.coalitions_recv,
    SEND = leadflow.coalitions_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.coalitions IS
    'paths counted by the set of their channels, for example ''{"channels": ["ads", "web"], "coalitions": [[[0], [[1], [40], [3]]], [[0, 1], [[2], [90], [0]]]]}'': a set of channels by their places in channels, and its conversions, their value, and nulls (paths without a conversion). A total is [sum], or [sum, rest] where more digits are known. Made by shapley_agg(), asked by shapley_attribution() and untouched(); 64 bytes of memory for each distinct set';

CREATE FUNCTION leadflow.coalitions_add(leadflow.coalitions, text[], double precision, double precision) RETURNS leadflow.coalitions
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_add';
COMMENT ON FUNCTION leadflow.coalitions_add(leadflow.coalitions, text[], double precision, double precision) IS 'transition function of shapley_agg';

CREATE FUNCTION leadflow.coalitions_add(leadflow.coalitions, text[], double precision, double precision, double precision) RETURNS leadflow.coalitions
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_add';
COMMENT ON FUNCTION leadflow.coalitions_add(leadflow.coalitions, text[], double precision, double precision, double precision) IS 'transition function of shapley_agg';

CREATE FUNCTION leadflow.coalitions_combine(leadflow.coalitions, leadflow.coalitions) RETURNS leadflow.coalitions
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_combine';
COMMENT ON FUNCTION leadflow.coalitions_combine(leadflow.coalitions, leadflow.coalitions) IS 'combine function of shapley_agg, transition function of rollup';

CREATE AGGREGATE leadflow.shapley_agg(path text[], conversions double precision, nulls double precision) (
    SFUNC = leadflow.coalitions_add,
    STYPE = leadflow.coalitions,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.coalitions_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.shapley_agg(text[], double precision, double precision) IS
    'the coalitions of paths: each row is a path of channels that led to so many conversions and ended so many times without one (nulls); neither the order of the channels nor repeats matter. Rows with a null path do not count; nulls in a path are left out; a null weight is 0; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: a weight is negative, infinite or NaN, or a total out of range (22003); a path has several dimensions (2202E); more than 64 channels or 10,000,000 distinct sets, or a channel of more than 1,024 bytes (54000)';

CREATE AGGREGATE leadflow.shapley_agg(path text[], conversions double precision, value double precision, nulls double precision) (
    SFUNC = leadflow.coalitions_add,
    STYPE = leadflow.coalitions,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.coalitions_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.shapley_agg(text[], double precision, double precision, double precision) IS
    'the coalitions of paths, with the value that the conversions of each row brought together. Rows with a null path do not count; nulls in a path are left out; a null weight is 0; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: a weight is negative, infinite or NaN, or a total out of range (22003); a path has several dimensions (2202E); more than 64 channels or 10,000,000 distinct sets, or a channel of more than 1,024 bytes (54000)';

CREATE AGGREGATE leadflow.rollup(coalitions leadflow.coalitions) (
    SFUNC = leadflow.coalitions_combine,
    STYPE = leadflow.coalitions,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.coalitions_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.coalitions) IS
    'several coalitions as one, as if made of all their rows at once; nulls do not count; null when there is nothing else. Errors: a total out of range (22003); too many channels or sets (54000)';

CREATE FUNCTION leadflow.shapley_attribution(coalitions leadflow.coalitions, game text DEFAULT 'rate',
        samples integer DEFAULT 0, seed bigint DEFAULT 1)
    RETURNS TABLE (channel text, share double precision, conversions double precision,
        value double precision, exact boolean)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 20
    AS 'MODULE_PATHNAME', 'leadflow_shapley_attribution';
COMMENT ON FUNCTION leadflow.shapley_attribution(leadflow.coalitions, text, integer, bigint) IS
    'who earned the conversions, a row for each channel in the order of its bytes: share (its Shapley value over the sum of all, together 1), conversions and value (that share of the totals), and exact (false where it is an estimate). With game ''rate'' a set of channels is worth conversions / (conversions + nulls) of the paths that use no other channel, 0 where there are none; a channel that makes paths fail can have a negative share. With ''sum'' it is worth the conversions of these paths, so that each path is shared equally among its channels. samples is the number of random orders that ''rate'' is estimated from, each taken forward and backward, the same for the same seed; 0 means exactly up to 20 channels and 10,000 above. share, conversions and value are null when nothing converts. Source: Shapley, "A value for n-person games" (1953). Errors: an unknown game, or samples not from 0 to 10,000,000 (22023)';

CREATE FUNCTION leadflow.untouched(coalitions leadflow.coalitions, OUT conversions double precision,
        OUT value double precision, OUT nulls double precision)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1
    AS 'MODULE_PATHNAME', 'leadflow_coalitions_untouched';
COMMENT ON FUNCTION leadflow.untouched(leadflow.coalitions) IS
    'what happened without any channel: conversions, their value, and nulls of the paths that were empty; no channel is given credit for it. One row';
