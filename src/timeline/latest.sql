/* latest: the last, or the first, that is known of a lead */

CREATE TYPE leadflow.latest;

CREATE FUNCTION leadflow.latest_in(cstring) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_in';
COMMENT ON FUNCTION leadflow.latest_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.latest_out(leadflow.latest) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_out';
COMMENT ON FUNCTION leadflow.latest_out(leadflow.latest) IS 'I/O';

CREATE FUNCTION leadflow.latest_recv(internal) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_recv';
COMMENT ON FUNCTION leadflow.latest_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.latest_send(leadflow.latest) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_send';
COMMENT ON FUNCTION leadflow.latest_send(leadflow.latest) IS 'I/O';

CREATE TYPE leadflow.latest (
    INPUT = leadflow.latest_in,
    OUTPUT = leadflow.latest_out,
    RECEIVE = leadflow.latest_recv,
    SEND = leadflow.latest_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.latest IS
    'the last state that is known of a lead, or the first, with its instant; made by latest_agg(), merged by rollup(), asked by latest_state() and latest_at(); state of the aggregates last_state() and first_state(). The last is that of the greatest instant, then of the greatest number that breaks ties, then of the greatest bytes; the first that of the least';

CREATE FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_last_add';
COMMENT ON FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text) IS 'transition function of latest_agg and last_state';

CREATE FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text, timestamptz) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_last_add';
COMMENT ON FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text, timestamptz) IS 'transition function of latest_agg and last_state';

CREATE FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text, bigint, timestamptz) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_last_add_tie';
COMMENT ON FUNCTION leadflow.last_add(leadflow.latest, timestamptz, text, bigint, timestamptz) IS 'transition function of latest_agg and last_state';

CREATE FUNCTION leadflow.first_add(leadflow.latest, timestamptz, text) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_first_add';
COMMENT ON FUNCTION leadflow.first_add(leadflow.latest, timestamptz, text) IS 'transition function of first_state';

CREATE FUNCTION leadflow.first_add(leadflow.latest, timestamptz, text, bigint) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_first_add';
COMMENT ON FUNCTION leadflow.first_add(leadflow.latest, timestamptz, text, bigint) IS 'transition function of first_state';

CREATE FUNCTION leadflow.latest_combine(leadflow.latest, leadflow.latest) RETURNS leadflow.latest
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_combine';
COMMENT ON FUNCTION leadflow.latest_combine(leadflow.latest, leadflow.latest) IS 'combine function of latest_agg, last_state and first_state, transition function of rollup';

CREATE FUNCTION leadflow.latest_state(latest leadflow.latest) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_state';
COMMENT ON FUNCTION leadflow.latest_state(leadflow.latest) IS
    'the last state, or the first if that was asked for';

CREATE FUNCTION leadflow.latest_at(latest leadflow.latest) RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_latest_at';
COMMENT ON FUNCTION leadflow.latest_at(leadflow.latest) IS
    'the instant of the last state, or of the first if that was asked for';

CREATE AGGREGATE leadflow.latest_agg(at timestamptz, state text) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.latest_agg(timestamptz, text) IS
    'the last state of the rows, with its instant. Of the same instant the greatest tie counts, where one is given (null is 0), then the greatest bytes. Rows with a null instant or state do not count; null when none counts. Errors: an infinite instant (22008); a state of more than 1024 bytes (54000)';

CREATE AGGREGATE leadflow.latest_agg(at timestamptz, state text, as_of timestamptz) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.latest_agg(timestamptz, text, timestamptz) IS
    'the last state of the rows as of an instant: later rows do not count; null is no limit, with its instant. Otherwise as latest_agg(at, state)';

CREATE AGGREGATE leadflow.latest_agg(at timestamptz, state text, tie bigint, as_of timestamptz) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.latest_agg(timestamptz, text, bigint, timestamptz) IS
    'the last state of the rows as of an instant, with a number that orders rows of the same instant, such as the number of the event, with its instant. Otherwise as latest_agg(at, state)';

CREATE AGGREGATE leadflow.last_state(at timestamptz, state text) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    FINALFUNC = leadflow.latest_state,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.last_state(timestamptz, text) IS
    'the last state of the rows, which is latest_state(latest_agg(...)). Of the same instant the greatest tie counts, where one is given (null is 0), then the greatest bytes. Rows with a null instant or state do not count; null when none counts. Errors: an infinite instant (22008); a state of more than 1024 bytes (54000)';

CREATE AGGREGATE leadflow.last_state(at timestamptz, state text, as_of timestamptz) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    FINALFUNC = leadflow.latest_state,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.last_state(timestamptz, text, timestamptz) IS
    'the last state of the rows as of an instant: later rows do not count; null is no limit. Otherwise as last_state(at, state)';

CREATE AGGREGATE leadflow.last_state(at timestamptz, state text, tie bigint, as_of timestamptz) (
    SFUNC = leadflow.last_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    FINALFUNC = leadflow.latest_state,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.last_state(timestamptz, text, bigint, timestamptz) IS
    'the last state of the rows as of an instant, with a number that orders rows of the same instant, such as the number of the event. Otherwise as last_state(at, state)';

CREATE AGGREGATE leadflow.first_state(at timestamptz, state text) (
    SFUNC = leadflow.first_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    FINALFUNC = leadflow.latest_state,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.first_state(timestamptz, text) IS
    'the first state of the rows. Of the same instant the least tie counts, where one is given (null is 0), then the least bytes. Rows with a null instant or state do not count; null when none counts. Errors: an infinite instant (22008); a state of more than 1024 bytes (54000)';

CREATE AGGREGATE leadflow.first_state(at timestamptz, state text, tie bigint) (
    SFUNC = leadflow.first_add,
    STYPE = leadflow.latest,
    SSPACE = 128,
    FINALFUNC = leadflow.latest_state,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.first_state(timestamptz, text, bigint) IS
    'the first state of the rows, with a number that orders rows of the same instant, such as the number of the event. Otherwise as first_state(at, state)';

CREATE AGGREGATE leadflow.rollup(latest leadflow.latest) (
    SFUNC = leadflow.latest_combine,
    STYPE = leadflow.latest,
    SSPACE = 128,
    COMBINEFUNC = leadflow.latest_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.latest) IS
    'the last of several last states, or the first of several first states; nulls do not count; null when there is nothing else. Errors: first and last states together (22023)';
