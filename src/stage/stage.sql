/* stage: a lifecycle stage, its text and binary forms, its parts */

CREATE TYPE leadflow.stage;

CREATE FUNCTION leadflow.stage_in(cstring) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_in';
COMMENT ON FUNCTION leadflow.stage_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.stage_out(leadflow.stage) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_out';
COMMENT ON FUNCTION leadflow.stage_out(leadflow.stage) IS 'I/O';

CREATE FUNCTION leadflow.stage_recv(internal) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_recv';
COMMENT ON FUNCTION leadflow.stage_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.stage_send(leadflow.stage) RETURNS pg_catalog.bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_send';
COMMENT ON FUNCTION leadflow.stage_send(leadflow.stage) IS 'I/O';

CREATE TYPE leadflow.stage (
    INPUT = leadflow.stage_in,
    OUTPUT = leadflow.stage_out,
    RECEIVE = leadflow.stage_recv,
    SEND = leadflow.stage_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = main
);
COMMENT ON TYPE leadflow.stage IS
    'a lifecycle stage: a stage of the spine (visitor to expansion), an exit (nurture, disqualified, lost, churned), or a local leaf of one of them, such as proposal.legal_review; leadflow.spine() lists them in order';

-- casts

CREATE FUNCTION leadflow.stage(pg_catalog.text) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_from_text';
COMMENT ON FUNCTION leadflow.stage(pg_catalog.text) IS 'the stage that a text names, in any case; SQLSTATE 22P02 where it names none';

CREATE FUNCTION leadflow.stage_to_text(leadflow.stage) RETURNS pg_catalog.text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_to_text';
COMMENT ON FUNCTION leadflow.stage_to_text(leadflow.stage) IS 'the canonical, lower-case name of a stage';

CREATE CAST (pg_catalog.text AS leadflow.stage)
    WITH FUNCTION leadflow.stage(pg_catalog.text) AS ASSIGNMENT;
COMMENT ON CAST (pg_catalog.text AS leadflow.stage) IS 'the stage that a text names';

CREATE CAST (pg_catalog.varchar AS leadflow.stage)
    WITH FUNCTION leadflow.stage(pg_catalog.text) AS ASSIGNMENT;
COMMENT ON CAST (pg_catalog.varchar AS leadflow.stage) IS 'the stage that a text names';

CREATE CAST (leadflow.stage AS pg_catalog.text)
    WITH FUNCTION leadflow.stage_to_text(leadflow.stage);
COMMENT ON CAST (leadflow.stage AS pg_catalog.text) IS 'the canonical name of a stage; explicit only, so that no comparison silently compares texts';

-- parts

CREATE FUNCTION leadflow.base(leadflow.stage) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_base';
COMMENT ON FUNCTION leadflow.base(leadflow.stage) IS 'the stage of the spine, or the exit, that a stage belongs to: proposal for proposal.legal_review';

CREATE FUNCTION leadflow.ordinal(leadflow.stage) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_ordinal';
COMMENT ON FUNCTION leadflow.ordinal(leadflow.stage) IS 'the place on the spine, 1 (visitor) to 16 (expansion), or -4 to -1 for an exit; a leaf has the ordinal of its base';

CREATE FUNCTION leadflow.phase(leadflow.stage) RETURNS pg_catalog.text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_phase';
COMMENT ON FUNCTION leadflow.phase(leadflow.stage) IS 'whose work a stage is: marketing, handoff, sales, customer or exit';

CREATE FUNCTION leadflow.is_exit(leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_is_exit';
COMMENT ON FUNCTION leadflow.is_exit(leadflow.stage) IS 'whether a lead has left the path: nurture, disqualified, lost, churned, and their leaves';

CREATE FUNCTION leadflow.further(present leadflow.stage, wanted leadflow.stage, forward pg_catalog.bool) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_further';
COMMENT ON FUNCTION leadflow.further(leadflow.stage, leadflow.stage, pg_catalog.bool) IS
    'where a row goes that is in the stage present: the stage wanted, but the present one where the row moves forward only and the wanted stage is earlier on the spine; exits, and ways out of them, are not earlier';

CREATE FUNCTION leadflow.spine(
    OUT ordinal pg_catalog.int4,
    OUT stage leadflow.stage,
    OUT phase pg_catalog.text,
    OUT label_en pg_catalog.text,
    OUT label_pl pg_catalog.text,
    OUT label_ru pg_catalog.text,
    OUT label_zh pg_catalog.text,
    OUT meaning pg_catalog.text)
    RETURNS SETOF record
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    AS 'MODULE_PATHNAME', 'leadflow_spine';
COMMENT ON FUNCTION leadflow.spine() IS
    'the closed vocabulary in stage order, exits first: ordinal, stage, phase, labels (English, Polish, Russian, simplified Chinese; null where the encoding of the database cannot write one) and meaning';
