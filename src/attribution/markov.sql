/* markov_chain: paths of channels as a Markov chain */

CREATE TYPE leadflow.markov_chain;

CREATE FUNCTION leadflow.markov_chain_in(cstring) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_in';
COMMENT ON FUNCTION leadflow.markov_chain_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.markov_chain_out(leadflow.markov_chain) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_out';
COMMENT ON FUNCTION leadflow.markov_chain_out(leadflow.markov_chain) IS 'I/O';

CREATE FUNCTION leadflow.markov_chain_recv(internal) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_recv';
COMMENT ON FUNCTION leadflow.markov_chain_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.markov_chain_send(leadflow.markov_chain) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_send';
COMMENT ON FUNCTION leadflow.markov_chain_send(leadflow.markov_chain) IS 'I/O';

CREATE TYPE leadflow.markov_chain (
    INPUT = leadflow.markov_chain_in,
    OUTPUT = leadflow.markov_chain_out,
    RECEIVE = leadflow.markov_chain_recv,
    SEND = leadflow.markov_chain_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.markov_chain IS
    'paths of channels, counted as the transitions of a Markov chain that remembers the last 1 to 4 channels, for example ''{"order": 1, "channels": ["ads", "web"], "transitions": [[[], 0, [5]], [[0], 1, [5]], [[1], -2, [3]], [[1], -1, [2]]], "value": [90], "untouched": [[0], [0], [0]]}'': a transition is the last channels by their places in channels (none at the start), the next one (-1 conversion, -2 null: the lead went away), and its weight; value is what the conversions brought; untouched are conversions, value and nulls of paths without a channel. A total is [sum], or [sum, rest] where more digits are known. Made by markov_agg(), asked by markov_attribution(), conversion_probability(), transitions() and untouched(); 40 bytes of memory for each distinct transition';

CREATE FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_add';
COMMENT ON FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision) IS 'transition function of markov_agg';

CREATE FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision, double precision) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_add';
COMMENT ON FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision, double precision) IS 'transition function of markov_agg';

CREATE FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision, double precision, integer) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_add';
COMMENT ON FUNCTION leadflow.markov_add(leadflow.markov_chain, text[], double precision, double precision, double precision, integer) IS 'transition function of markov_agg';

CREATE FUNCTION leadflow.markov_add(leadflow.markov_chain, leadflow.touch_path) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_add_journey';
COMMENT ON FUNCTION leadflow.markov_add(leadflow.markov_chain, leadflow.touch_path) IS 'transition function of markov_agg';

CREATE FUNCTION leadflow.markov_add(leadflow.markov_chain, leadflow.touch_path, integer) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_add_journey';
COMMENT ON FUNCTION leadflow.markov_add(leadflow.markov_chain, leadflow.touch_path, integer) IS 'transition function of markov_agg';

CREATE FUNCTION leadflow.markov_combine(leadflow.markov_chain, leadflow.markov_chain) RETURNS leadflow.markov_chain
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_markov_combine';
COMMENT ON FUNCTION leadflow.markov_combine(leadflow.markov_chain, leadflow.markov_chain) IS 'combine function of markov_agg, transition function of rollup';

CREATE AGGREGATE leadflow.markov_agg(path text[], conversions double precision, nulls double precision) (
    SFUNC = leadflow.markov_add,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.markov_agg(text[], double precision, double precision) IS
    'the Markov chain of order 1 of paths: each row is a path of channels, the earliest first, that led to so many conversions and ended so many times without one (nulls). Rows with a null path do not count; nulls in a path are left out; a null weight is 0; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: a weight is negative, infinite or NaN, or a total out of range (22003); a path has several dimensions (2202E); more than 65,535 channels or 10,000,000 distinct transitions, or a channel of more than 1,024 bytes (54000)';

CREATE AGGREGATE leadflow.markov_agg(path text[], conversions double precision, value double precision, nulls double precision) (
    SFUNC = leadflow.markov_add,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.markov_agg(text[], double precision, double precision, double precision) IS
    'the Markov chain of order 1 of paths, with the value that the conversions of each row brought together. Rows with a null path do not count; nulls in a path are left out; a null weight is 0; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: a weight is negative, infinite or NaN, or a total out of range (22003); a path has several dimensions (2202E); more than 65,535 channels or 10,000,000 distinct transitions, or a channel of more than 1,024 bytes (54000)';

CREATE AGGREGATE leadflow.markov_agg(path text[], conversions double precision, value double precision, nulls double precision, ord integer) (
    SFUNC = leadflow.markov_add,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.markov_agg(text[], double precision, double precision, double precision, integer) IS
    'the Markov chain of paths that remembers the last ord channels, from 1 to 4: what comes next depends on these, and at the start of a path on the fewer there are. Rows with a null path do not count; nulls in a path are left out; a null weight is 0; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: ord is null, not from 1 to 4 or not the same for all rows (22023); a weight is negative, infinite or NaN, or a total out of range (22003); a path has several dimensions (2202E); more than 65,535 channels or 10,000,000 distinct transitions, or a channel of more than 1,024 bytes (54000)';

CREATE AGGREGATE leadflow.markov_agg(path leadflow.touch_path) (
    SFUNC = leadflow.markov_add,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.markov_agg(leadflow.touch_path) IS
    'the Markov chain of order 1 of buyers, a row each: the channels of the touches up to the first conversion, that instant included, lead to that conversion and its money; a buyer without a conversion went all its touches, and ends in a null. Rows with a null path do not count; a path without channels is kept apart, see untouched(). Null when no row counts. Errors: an amount below 0, or a total out of range (22003); more than 65,535 channels or 10,000,000 distinct transitions (54000)';

CREATE AGGREGATE leadflow.markov_agg(path leadflow.touch_path, ord integer) (
    SFUNC = leadflow.markov_add,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.markov_agg(leadflow.touch_path, integer) IS
    'the same with a memory of the last ord channels, from 1 to 4. Errors: ord is null, not from 1 to 4 or not the same for all rows (22023); an amount below 0, or a total out of range (22003); more than 65,535 channels or 10,000,000 distinct transitions (54000)';

CREATE AGGREGATE leadflow.rollup(chain leadflow.markov_chain) (
    SFUNC = leadflow.markov_combine,
    STYPE = leadflow.markov_chain,
    SSPACE = 1024,
    COMBINEFUNC = leadflow.markov_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.markov_chain) IS
    'several Markov chains as one, as if made of all their rows at once; nulls do not count; null when there is nothing else. Errors: chains of different orders (22023); a total out of range (22003); too many channels or transitions (54000)';

CREATE FUNCTION leadflow.markov_attribution(chain leadflow.markov_chain)
    RETURNS TABLE (channel text, removal_effect double precision, share double precision,
        conversions double precision, value double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20
    AS 'MODULE_PATHNAME', 'leadflow_markov_attribution';
COMMENT ON FUNCTION leadflow.markov_attribution(leadflow.markov_chain) IS
    'who earned the conversions, a row for each channel in the order of its bytes: removal_effect (the share of the conversions that would be lost if all leads that come to the channel went away there, 0..1: 1 - P(c) / P, where P is the probability of coming from (start) to (conversion) and P(c) the same when every transition into the channel leads to (null) instead), share (removal_effect over the sum of all, 0..1), conversions and value (that share of the totals). All but channel are null when nothing converts. Computed exactly, by elimination without subtraction (Grassmann, Taksar and Heyman 1985); the effects are those of Anderl et al., "Mapping the customer journey" (2016). Errors: more than 20,000 states, or more than 10,000,000 transitions while they are taken out (54000); weights so different that a probability is below the range of floats (22003)';

CREATE FUNCTION leadflow.conversion_probability(chain leadflow.markov_chain) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500
    AS 'MODULE_PATHNAME', 'leadflow_markov_probability';
COMMENT ON FUNCTION leadflow.conversion_probability(leadflow.markov_chain) IS
    'the probability of coming from (start) to (conversion), 0..1; for a chain that was made of paths, whatever its order, it is the share of these paths that converted; null when there is no path with a channel. Errors: as those of markov_attribution()';

CREATE FUNCTION leadflow.transitions(chain leadflow.markov_chain)
    RETURNS TABLE (from_state text[], to_state text, weight double precision, probability double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100
    AS 'MODULE_PATHNAME', 'leadflow_markov_transitions';
COMMENT ON FUNCTION leadflow.transitions(leadflow.markov_chain) IS
    'what a Markov chain consists of: from_state (the last channels, the earliest first, as many as the order or, at the start of a path, fewer; {(start)} before the first), to_state (the next channel, or (conversion) or (null), where the path ends), weight (how many paths went that way) and probability (weight over that of all that leave from_state, 0..1). A channel that is called like one of the three looks the same here, but is told apart in every calculation. Errors: the weights that leave a state are out of range together (22003)';

CREATE FUNCTION leadflow.untouched(chain leadflow.markov_chain, OUT conversions double precision,
        OUT value double precision, OUT nulls double precision)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1
    AS 'MODULE_PATHNAME', 'leadflow_markov_untouched';
COMMENT ON FUNCTION leadflow.untouched(leadflow.markov_chain) IS
    'what happened without any channel: conversions, their value, and nulls of the paths that were empty; no channel is given credit for it. One row';
