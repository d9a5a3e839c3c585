/* leadflow: the install script, assembled from the parts that the Makefile lists */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION leadflow" to load this file. \quit

CREATE SCHEMA leadflow;
COMMENT ON SCHEMA leadflow IS 'leadflow: types, operators, functions and trigger functions; holds no tables';
GRANT USAGE ON SCHEMA leadflow TO PUBLIC;

CREATE FUNCTION leadflow.clock() RETURNS timestamptz
    LANGUAGE C STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_clock';
COMMENT ON FUNCTION leadflow.clock() IS
    'the instant that every report is read at, and the time of writes that give none: now(), unless the setting leadflow.clock names another one';
