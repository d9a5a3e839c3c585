/* stage_ops: comparing stages with stages and with texts; index support; min and max */

-- stage and stage

CREATE FUNCTION leadflow.stage_cmp(leadflow.stage, leadflow.stage) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_cmp';
COMMENT ON FUNCTION leadflow.stage_cmp(leadflow.stage, leadflow.stage) IS 'less-equal-greater';

CREATE FUNCTION leadflow.stage_lt(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_lt';
COMMENT ON FUNCTION leadflow.stage_lt(leadflow.stage, leadflow.stage) IS 'implementation of < operator';

CREATE OPERATOR pg_catalog.< (
    FUNCTION = leadflow.stage_lt, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR pg_catalog.< (leadflow.stage, leadflow.stage) IS 'is less than';

CREATE FUNCTION leadflow.stage_le(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_le';
COMMENT ON FUNCTION leadflow.stage_le(leadflow.stage, leadflow.stage) IS 'implementation of <= operator';

CREATE OPERATOR pg_catalog.<= (
    FUNCTION = leadflow.stage_le, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR pg_catalog.<= (leadflow.stage, leadflow.stage) IS 'is less than or equal to';

CREATE FUNCTION leadflow.stage_eq(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_eq';
COMMENT ON FUNCTION leadflow.stage_eq(leadflow.stage, leadflow.stage) IS 'implementation of = operator';

CREATE OPERATOR pg_catalog.= (
    FUNCTION = leadflow.stage_eq, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel,
    HASHES, MERGES
);
COMMENT ON OPERATOR pg_catalog.= (leadflow.stage, leadflow.stage) IS 'is equal to';

CREATE FUNCTION leadflow.stage_ne(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_ne';
COMMENT ON FUNCTION leadflow.stage_ne(leadflow.stage, leadflow.stage) IS 'implementation of <> operator';

CREATE OPERATOR pg_catalog.<> (
    FUNCTION = leadflow.stage_ne, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (leadflow.stage, leadflow.stage) IS 'is not equal to';

CREATE FUNCTION leadflow.stage_ge(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_ge';
COMMENT ON FUNCTION leadflow.stage_ge(leadflow.stage, leadflow.stage) IS 'implementation of >= operator';

CREATE OPERATOR pg_catalog.>= (
    FUNCTION = leadflow.stage_ge, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR pg_catalog.>= (leadflow.stage, leadflow.stage) IS 'is greater than or equal to';

CREATE FUNCTION leadflow.stage_gt(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_gt';
COMMENT ON FUNCTION leadflow.stage_gt(leadflow.stage, leadflow.stage) IS 'implementation of > operator';

CREATE OPERATOR pg_catalog.> (
    FUNCTION = leadflow.stage_gt, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR pg_catalog.> (leadflow.stage, leadflow.stage) IS 'is greater than';

CREATE FUNCTION leadflow.stage_contained(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_contained';
COMMENT ON FUNCTION leadflow.stage_contained(leadflow.stage, leadflow.stage) IS 'implementation of <@ operator';

CREATE OPERATOR pg_catalog.<@ (
    FUNCTION = leadflow.stage_contained, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.@>),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.<@ (leadflow.stage, leadflow.stage) IS 'is contained in: the same stage, or a leaf of it';

CREATE FUNCTION leadflow.stage_contains(leadflow.stage, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_contains';
COMMENT ON FUNCTION leadflow.stage_contains(leadflow.stage, leadflow.stage) IS 'implementation of @> operator';

CREATE OPERATOR pg_catalog.@> (
    FUNCTION = leadflow.stage_contains, LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<@),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.@> (leadflow.stage, leadflow.stage) IS 'contains: the same stage, or a leaf of this one';

-- stage and text

CREATE FUNCTION leadflow.stage_cmp(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_cmp';
COMMENT ON FUNCTION leadflow.stage_cmp(leadflow.stage, pg_catalog.text) IS 'less-equal-greater';

CREATE FUNCTION leadflow.stage_lt(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_lt';
COMMENT ON FUNCTION leadflow.stage_lt(leadflow.stage, pg_catalog.text) IS 'implementation of < operator';

CREATE OPERATOR pg_catalog.< (
    FUNCTION = leadflow.stage_lt, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR pg_catalog.< (leadflow.stage, pg_catalog.text) IS 'is less than';

CREATE FUNCTION leadflow.stage_le(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_le';
COMMENT ON FUNCTION leadflow.stage_le(leadflow.stage, pg_catalog.text) IS 'implementation of <= operator';

CREATE OPERATOR pg_catalog.<= (
    FUNCTION = leadflow.stage_le, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR pg_catalog.<= (leadflow.stage, pg_catalog.text) IS 'is less than or equal to';

CREATE FUNCTION leadflow.stage_eq(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_eq';
COMMENT ON FUNCTION leadflow.stage_eq(leadflow.stage, pg_catalog.text) IS 'implementation of = operator';

CREATE OPERATOR pg_catalog.= (
    FUNCTION = leadflow.stage_eq, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR pg_catalog.= (leadflow.stage, pg_catalog.text) IS 'is equal to';

CREATE FUNCTION leadflow.stage_ne(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_ne';
COMMENT ON FUNCTION leadflow.stage_ne(leadflow.stage, pg_catalog.text) IS 'implementation of <> operator';

CREATE OPERATOR pg_catalog.<> (
    FUNCTION = leadflow.stage_ne, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (leadflow.stage, pg_catalog.text) IS 'is not equal to';

CREATE FUNCTION leadflow.stage_ge(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_ge';
COMMENT ON FUNCTION leadflow.stage_ge(leadflow.stage, pg_catalog.text) IS 'implementation of >= operator';

CREATE OPERATOR pg_catalog.>= (
    FUNCTION = leadflow.stage_ge, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR pg_catalog.>= (leadflow.stage, pg_catalog.text) IS 'is greater than or equal to';

CREATE FUNCTION leadflow.stage_gt(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_gt';
COMMENT ON FUNCTION leadflow.stage_gt(leadflow.stage, pg_catalog.text) IS 'implementation of > operator';

CREATE OPERATOR pg_catalog.> (
    FUNCTION = leadflow.stage_gt, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR pg_catalog.> (leadflow.stage, pg_catalog.text) IS 'is greater than';

CREATE FUNCTION leadflow.stage_contained(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_contained';
COMMENT ON FUNCTION leadflow.stage_contained(leadflow.stage, pg_catalog.text) IS 'implementation of <@ operator';

CREATE OPERATOR pg_catalog.<@ (
    FUNCTION = leadflow.stage_contained, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.@>),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.<@ (leadflow.stage, pg_catalog.text) IS 'is contained in: the same stage, or a leaf of it';

CREATE FUNCTION leadflow.stage_contains(leadflow.stage, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_text_contains';
COMMENT ON FUNCTION leadflow.stage_contains(leadflow.stage, pg_catalog.text) IS 'implementation of @> operator';

CREATE OPERATOR pg_catalog.@> (
    FUNCTION = leadflow.stage_contains, LEFTARG = leadflow.stage, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(pg_catalog.<@),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.@> (leadflow.stage, pg_catalog.text) IS 'contains: the same stage, or a leaf of this one';

-- text and stage

CREATE FUNCTION leadflow.stage_cmp(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_cmp';
COMMENT ON FUNCTION leadflow.stage_cmp(pg_catalog.text, leadflow.stage) IS 'less-equal-greater';

CREATE FUNCTION leadflow.stage_lt(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_lt';
COMMENT ON FUNCTION leadflow.stage_lt(pg_catalog.text, leadflow.stage) IS 'implementation of < operator';

CREATE OPERATOR pg_catalog.< (
    FUNCTION = leadflow.stage_lt, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR pg_catalog.< (pg_catalog.text, leadflow.stage) IS 'is less than';

CREATE FUNCTION leadflow.stage_le(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_le';
COMMENT ON FUNCTION leadflow.stage_le(pg_catalog.text, leadflow.stage) IS 'implementation of <= operator';

CREATE OPERATOR pg_catalog.<= (
    FUNCTION = leadflow.stage_le, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR pg_catalog.<= (pg_catalog.text, leadflow.stage) IS 'is less than or equal to';

CREATE FUNCTION leadflow.stage_eq(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_eq';
COMMENT ON FUNCTION leadflow.stage_eq(pg_catalog.text, leadflow.stage) IS 'implementation of = operator';

CREATE OPERATOR pg_catalog.= (
    FUNCTION = leadflow.stage_eq, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR pg_catalog.= (pg_catalog.text, leadflow.stage) IS 'is equal to';

CREATE FUNCTION leadflow.stage_ne(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_ne';
COMMENT ON FUNCTION leadflow.stage_ne(pg_catalog.text, leadflow.stage) IS 'implementation of <> operator';

CREATE OPERATOR pg_catalog.<> (
    FUNCTION = leadflow.stage_ne, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
    RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (pg_catalog.text, leadflow.stage) IS 'is not equal to';

CREATE FUNCTION leadflow.stage_ge(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_ge';
COMMENT ON FUNCTION leadflow.stage_ge(pg_catalog.text, leadflow.stage) IS 'implementation of >= operator';

CREATE OPERATOR pg_catalog.>= (
    FUNCTION = leadflow.stage_ge, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR pg_catalog.>= (pg_catalog.text, leadflow.stage) IS 'is greater than or equal to';

CREATE FUNCTION leadflow.stage_gt(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_gt';
COMMENT ON FUNCTION leadflow.stage_gt(pg_catalog.text, leadflow.stage) IS 'implementation of > operator';

CREATE OPERATOR pg_catalog.> (
    FUNCTION = leadflow.stage_gt, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR pg_catalog.> (pg_catalog.text, leadflow.stage) IS 'is greater than';

CREATE FUNCTION leadflow.stage_contained(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_contained';
COMMENT ON FUNCTION leadflow.stage_contained(pg_catalog.text, leadflow.stage) IS 'implementation of <@ operator';

CREATE OPERATOR pg_catalog.<@ (
    FUNCTION = leadflow.stage_contained, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.@>),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.<@ (pg_catalog.text, leadflow.stage) IS 'is contained in: the same stage, or a leaf of it';

CREATE FUNCTION leadflow.stage_contains(pg_catalog.text, leadflow.stage) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_stage_contains';
COMMENT ON FUNCTION leadflow.stage_contains(pg_catalog.text, leadflow.stage) IS 'implementation of @> operator';

CREATE OPERATOR pg_catalog.@> (
    FUNCTION = leadflow.stage_contains, LEFTARG = pg_catalog.text, RIGHTARG = leadflow.stage,
    COMMUTATOR = OPERATOR(pg_catalog.<@),
    RESTRICT = pg_catalog.matchingsel, JOIN = pg_catalog.matchingjoinsel
);
COMMENT ON OPERATOR pg_catalog.@> (pg_catalog.text, leadflow.stage) IS 'contains: the same stage, or a leaf of this one';

-- text and text, both read as stages: to look up stage = ANY (text[]) in an
-- index, a btree sorts the texts as its family orders them; the names stay out
-- of the way of the operators of text

CREATE FUNCTION leadflow.stage_cmp(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_cmp';
COMMENT ON FUNCTION leadflow.stage_cmp(pg_catalog.text, pg_catalog.text) IS 'less-equal-greater, both texts read as stages';

CREATE FUNCTION leadflow.stage_lt(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_lt';
COMMENT ON FUNCTION leadflow.stage_lt(pg_catalog.text, pg_catalog.text) IS 'implementation of <# operator';

CREATE OPERATOR leadflow.<# (
    FUNCTION = leadflow.stage_lt, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(leadflow.>#), NEGATOR = OPERATOR(leadflow.>=#),
    RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
COMMENT ON OPERATOR leadflow.<# (pg_catalog.text, pg_catalog.text) IS 'is less than, both texts read as stages';

CREATE FUNCTION leadflow.stage_le(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_le';
COMMENT ON FUNCTION leadflow.stage_le(pg_catalog.text, pg_catalog.text) IS 'implementation of <=# operator';

CREATE OPERATOR leadflow.<=# (
    FUNCTION = leadflow.stage_le, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(leadflow.>=#), NEGATOR = OPERATOR(leadflow.>#),
    RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
COMMENT ON OPERATOR leadflow.<=# (pg_catalog.text, pg_catalog.text) IS 'is less than or equal to, both texts read as stages';

CREATE FUNCTION leadflow.stage_eq(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_eq';
COMMENT ON FUNCTION leadflow.stage_eq(pg_catalog.text, pg_catalog.text) IS 'implementation of =# operator';

CREATE OPERATOR leadflow.=# (
    FUNCTION = leadflow.stage_eq, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(leadflow.=#),
    RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel
);
COMMENT ON OPERATOR leadflow.=# (pg_catalog.text, pg_catalog.text) IS 'is equal to, both texts read as stages';

CREATE FUNCTION leadflow.stage_ge(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_ge';
COMMENT ON FUNCTION leadflow.stage_ge(pg_catalog.text, pg_catalog.text) IS 'implementation of >=# operator';

CREATE OPERATOR leadflow.>=# (
    FUNCTION = leadflow.stage_ge, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(leadflow.<=#), NEGATOR = OPERATOR(leadflow.<#),
    RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
COMMENT ON OPERATOR leadflow.>=# (pg_catalog.text, pg_catalog.text) IS 'is greater than or equal to, both texts read as stages';

CREATE FUNCTION leadflow.stage_gt(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.bool
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_text_text_gt';
COMMENT ON FUNCTION leadflow.stage_gt(pg_catalog.text, pg_catalog.text) IS 'implementation of ># operator';

CREATE OPERATOR leadflow.># (
    FUNCTION = leadflow.stage_gt, LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    COMMUTATOR = OPERATOR(leadflow.<#), NEGATOR = OPERATOR(leadflow.<=#),
    RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);
COMMENT ON OPERATOR leadflow.># (pg_catalog.text, pg_catalog.text) IS 'is greater than, both texts read as stages';

-- index support

CREATE FUNCTION leadflow.stage_sortsupport(internal) RETURNS void
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_sortsupport';
COMMENT ON FUNCTION leadflow.stage_sortsupport(internal) IS 'sort support';

CREATE FUNCTION leadflow.stage_hash(leadflow.stage) RETURNS pg_catalog.int4
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_hash';
COMMENT ON FUNCTION leadflow.stage_hash(leadflow.stage) IS 'hash';

CREATE FUNCTION leadflow.stage_hash_extended(leadflow.stage, pg_catalog.int8) RETURNS pg_catalog.int8
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_hash_extended';
COMMENT ON FUNCTION leadflow.stage_hash_extended(leadflow.stage, pg_catalog.int8) IS 'hash';

CREATE OPERATOR FAMILY leadflow.stage_ops USING btree;
COMMENT ON OPERATOR FAMILY leadflow.stage_ops USING btree IS 'stages in order, also compared with texts';

CREATE OPERATOR CLASS leadflow.stage_ops DEFAULT FOR TYPE leadflow.stage
    USING btree FAMILY leadflow.stage_ops AS
    OPERATOR 1 pg_catalog.< (leadflow.stage, leadflow.stage),
    OPERATOR 2 pg_catalog.<= (leadflow.stage, leadflow.stage),
    OPERATOR 3 pg_catalog.= (leadflow.stage, leadflow.stage),
    OPERATOR 4 pg_catalog.>= (leadflow.stage, leadflow.stage),
    OPERATOR 5 pg_catalog.> (leadflow.stage, leadflow.stage),
    FUNCTION 1 (leadflow.stage, leadflow.stage) leadflow.stage_cmp(leadflow.stage, leadflow.stage),
    OPERATOR 1 pg_catalog.< (leadflow.stage, pg_catalog.text),
    OPERATOR 2 pg_catalog.<= (leadflow.stage, pg_catalog.text),
    OPERATOR 3 pg_catalog.= (leadflow.stage, pg_catalog.text),
    OPERATOR 4 pg_catalog.>= (leadflow.stage, pg_catalog.text),
    OPERATOR 5 pg_catalog.> (leadflow.stage, pg_catalog.text),
    FUNCTION 1 (leadflow.stage, pg_catalog.text) leadflow.stage_cmp(leadflow.stage, pg_catalog.text),
    OPERATOR 1 pg_catalog.< (pg_catalog.text, leadflow.stage),
    OPERATOR 2 pg_catalog.<= (pg_catalog.text, leadflow.stage),
    OPERATOR 3 pg_catalog.= (pg_catalog.text, leadflow.stage),
    OPERATOR 4 pg_catalog.>= (pg_catalog.text, leadflow.stage),
    OPERATOR 5 pg_catalog.> (pg_catalog.text, leadflow.stage),
    FUNCTION 1 (pg_catalog.text, leadflow.stage) leadflow.stage_cmp(pg_catalog.text, leadflow.stage),
    OPERATOR 1 leadflow.<# (pg_catalog.text, pg_catalog.text),
    OPERATOR 2 leadflow.<=# (pg_catalog.text, pg_catalog.text),
    OPERATOR 3 leadflow.=# (pg_catalog.text, pg_catalog.text),
    OPERATOR 4 leadflow.>=# (pg_catalog.text, pg_catalog.text),
    OPERATOR 5 leadflow.># (pg_catalog.text, pg_catalog.text),
    FUNCTION 1 (pg_catalog.text, pg_catalog.text) leadflow.stage_cmp(pg_catalog.text, pg_catalog.text),
    FUNCTION 2 (leadflow.stage, leadflow.stage) leadflow.stage_sortsupport(internal),
    FUNCTION 4 (leadflow.stage, leadflow.stage) pg_catalog.btequalimage(pg_catalog.oid);
COMMENT ON OPERATOR CLASS leadflow.stage_ops USING btree IS 'stages in order';

CREATE OPERATOR FAMILY leadflow.stage_ops USING hash;
COMMENT ON OPERATOR FAMILY leadflow.stage_ops USING hash IS 'stages by equality';

CREATE OPERATOR CLASS leadflow.stage_ops DEFAULT FOR TYPE leadflow.stage
    USING hash FAMILY leadflow.stage_ops AS
    OPERATOR 1 pg_catalog.= (leadflow.stage, leadflow.stage),
    FUNCTION 1 (leadflow.stage, leadflow.stage) leadflow.stage_hash(leadflow.stage),
    FUNCTION 2 (leadflow.stage, leadflow.stage) leadflow.stage_hash_extended(leadflow.stage, pg_catalog.int8);
COMMENT ON OPERATOR CLASS leadflow.stage_ops USING hash IS 'stages by equality';

-- aggregates, in pg_catalog with the operators, so that max(stage) is found
-- whatever the search_path

CREATE FUNCTION leadflow.stage_larger(leadflow.stage, leadflow.stage) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_larger';
COMMENT ON FUNCTION leadflow.stage_larger(leadflow.stage, leadflow.stage) IS 'larger of two';

CREATE AGGREGATE pg_catalog.max(leadflow.stage) (
    SFUNC = leadflow.stage_larger,
    STYPE = leadflow.stage,
    COMBINEFUNC = leadflow.stage_larger,
    SORTOP = OPERATOR(pg_catalog.>),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE pg_catalog.max(leadflow.stage) IS 'furthest stage of all input values, exits before visitor';

CREATE FUNCTION leadflow.stage_smaller(leadflow.stage, leadflow.stage) RETURNS leadflow.stage
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_stage_smaller';
COMMENT ON FUNCTION leadflow.stage_smaller(leadflow.stage, leadflow.stage) IS 'smaller of two';

CREATE AGGREGATE pg_catalog.min(leadflow.stage) (
    SFUNC = leadflow.stage_smaller,
    STYPE = leadflow.stage,
    COMBINEFUNC = leadflow.stage_smaller,
    SORTOP = OPERATOR(pg_catalog.<),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE pg_catalog.min(leadflow.stage) IS 'earliest stage of all input values, exits before visitor';
