
/* calendar: working time as a value */

CREATE TYPE leadflow.calendar;

CREATE FUNCTION leadflow.calendar_in(cstring) RETURNS leadflow.calendar
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.calendar_out(leadflow.calendar) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_out(leadflow.calendar) IS 'I/O';

CREATE FUNCTION leadflow.calendar_recv(internal) RETURNS leadflow.calendar
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.calendar_send(leadflow.calendar) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_send(leadflow.calendar) IS 'I/O';

CREATE TYPE leadflow.calendar (
    INPUT = leadflow.calendar_in,
    OUTPUT = leadflow.calendar_out,
    RECEIVE = leadflow.calendar_recv,
    SEND = leadflow.calendar_send,
    INTERNALLENGTH = VARIABLE,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.calendar IS
    'working time: an IANA time zone and opening hours, for example ''Europe/Warsaw; Mo-Fr 09:00-17:00; Dec 25-26 off''; a date of one year beats a day of every year, which beats a weekday, and a later rule an earlier one of its kind';

CREATE CAST (text AS leadflow.calendar) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS leadflow.calendar) IS 'read a calendar';

CREATE CAST (varchar AS leadflow.calendar) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS leadflow.calendar) IS 'read a calendar';

CREATE CAST (leadflow.calendar AS text) WITH INOUT;
COMMENT ON CAST (leadflow.calendar AS text) IS 'the canonical text of a calendar';

CREATE CAST (leadflow.calendar AS varchar) WITH INOUT;
COMMENT ON CAST (leadflow.calendar AS varchar) IS 'the canonical text of a calendar';

/* comparison: bytewise on the canonical text, for grouping and keys */

CREATE FUNCTION leadflow.calendar_eq(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_eq(leadflow.calendar, leadflow.calendar) IS 'implementation of = operator';

CREATE FUNCTION leadflow.calendar_ne(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_ne(leadflow.calendar, leadflow.calendar) IS 'implementation of <> operator';

CREATE FUNCTION leadflow.calendar_lt(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_lt(leadflow.calendar, leadflow.calendar) IS 'implementation of < operator';

CREATE FUNCTION leadflow.calendar_le(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_le(leadflow.calendar, leadflow.calendar) IS 'implementation of <= operator';

CREATE FUNCTION leadflow.calendar_gt(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_gt(leadflow.calendar, leadflow.calendar) IS 'implementation of > operator';

CREATE FUNCTION leadflow.calendar_ge(leadflow.calendar, leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_ge(leadflow.calendar, leadflow.calendar) IS 'implementation of >= operator';

CREATE OPERATOR pg_catalog.= (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_eq,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR pg_catalog.= (leadflow.calendar, leadflow.calendar) IS 'equal: the same zone, and the same hours for the same days';

CREATE OPERATOR pg_catalog.<> (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_ne,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (leadflow.calendar, leadflow.calendar) IS 'not equal';

CREATE OPERATOR pg_catalog.< (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_lt,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR pg_catalog.< (leadflow.calendar, leadflow.calendar) IS 'sorts before';

CREATE OPERATOR pg_catalog.<= (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_le,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR pg_catalog.<= (leadflow.calendar, leadflow.calendar) IS 'sorts before, or equal';

CREATE OPERATOR pg_catalog.> (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_gt,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR pg_catalog.> (leadflow.calendar, leadflow.calendar) IS 'sorts after';

CREATE OPERATOR pg_catalog.>= (
    LEFTARG = leadflow.calendar, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_ge,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR pg_catalog.>= (leadflow.calendar, leadflow.calendar) IS 'sorts after, or equal';

CREATE FUNCTION leadflow.calendar_cmp(leadflow.calendar, leadflow.calendar) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_cmp(leadflow.calendar, leadflow.calendar) IS 'less-equal-greater';

CREATE FUNCTION leadflow.calendar_hash(leadflow.calendar) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_hash(leadflow.calendar) IS 'hash';

CREATE FUNCTION leadflow.calendar_hash_extended(leadflow.calendar, bigint) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_hash_extended(leadflow.calendar, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS leadflow.calendar_ops
    DEFAULT FOR TYPE leadflow.calendar USING btree AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=,
    OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
    FUNCTION 1 leadflow.calendar_cmp(leadflow.calendar, leadflow.calendar);
COMMENT ON OPERATOR CLASS leadflow.calendar_ops USING btree IS 'btree index support for calendars';

CREATE OPERATOR CLASS leadflow.calendar_hash_ops
    DEFAULT FOR TYPE leadflow.calendar USING hash AS
    OPERATOR 1 pg_catalog.=,
    FUNCTION 1 leadflow.calendar_hash(leadflow.calendar),
    FUNCTION 2 leadflow.calendar_hash_extended(leadflow.calendar, bigint);
COMMENT ON OPERATOR CLASS leadflow.calendar_hash_ops USING hash IS 'hash index support for calendars';

/* working time */

CREATE FUNCTION leadflow.worktime(cal leadflow.calendar, from_at timestamptz, to_at timestamptz)
    RETURNS interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_worktime_sql';
COMMENT ON FUNCTION leadflow.worktime(leadflow.calendar, timestamptz, timestamptz) IS
    'working time from one instant to another, in hours and smaller units; negative when to_at is before from_at; an infinite bound is an error (22008)';

CREATE FUNCTION leadflow.worktime(cal leadflow.calendar, from_at timestamptz, to_at timestamptz, pauses tstzmultirange)
    RETURNS interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_worktime_pauses';
COMMENT ON FUNCTION leadflow.worktime(leadflow.calendar, timestamptz, timestamptz, tstzmultirange) IS
    'working time from one instant to another without the time inside a pause, whatever the bounds of the pauses; negative when to_at is before from_at; an infinite from_at or to_at is an error (22008)';

CREATE FUNCTION leadflow.add_worktime(cal leadflow.calendar, from_at timestamptz, work interval)
    RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_add_worktime';
COMMENT ON FUNCTION leadflow.add_worktime(leadflow.calendar, timestamptz, interval) IS
    'the earliest instant by which that much working time has passed; for negative working time the latest instant since which it has; infinity or -infinity when there is none; days and months are refused (22023)';

CREATE FUNCTION leadflow.add_worktime(cal leadflow.calendar, from_at timestamptz, work interval, pauses tstzmultirange)
    RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_add_worktime_pauses';
COMMENT ON FUNCTION leadflow.add_worktime(leadflow.calendar, timestamptz, interval, tstzmultirange) IS
    'the earliest instant by which that much working time has passed when time inside a pause does not count; for negative working time the latest instant since which it has; infinity or -infinity when there is none; days and months are refused (22023)';

CREATE FUNCTION leadflow.seconds(length interval) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'interval_seconds';
COMMENT ON FUNCTION leadflow.seconds(interval) IS
    'length of an interval in whole seconds, rounded down; a day counts 24 hours, a month 30 days and a year 365.25 days, as in date_part(''epoch''); an infinite interval is an error (22008)';

CREATE FUNCTION leadflow.calendar_contains(cal leadflow.calendar, at timestamptz) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_contains(leadflow.calendar, timestamptz) IS 'implementation of @> operator';

CREATE FUNCTION leadflow.calendar_contained(at timestamptz, cal leadflow.calendar) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION leadflow.calendar_contained(timestamptz, leadflow.calendar) IS 'implementation of <@ operator';

CREATE OPERATOR pg_catalog.@> (
    LEFTARG = leadflow.calendar, RIGHTARG = timestamptz,
    FUNCTION = leadflow.calendar_contains,
    COMMUTATOR = OPERATOR(pg_catalog.<@),
    RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR pg_catalog.@> (leadflow.calendar, timestamptz) IS
    'is open at that instant; false at an infinite one';

CREATE OPERATOR pg_catalog.<@ (
    LEFTARG = timestamptz, RIGHTARG = leadflow.calendar,
    FUNCTION = leadflow.calendar_contained,
    COMMUTATOR = OPERATOR(pg_catalog.@>),
    RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR pg_catalog.<@ (timestamptz, leadflow.calendar) IS
    'lies in working time; false for an infinite instant';

CREATE FUNCTION leadflow.next_open(cal leadflow.calendar, at timestamptz) RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_next_open_sql';
COMMENT ON FUNCTION leadflow.next_open(leadflow.calendar, timestamptz) IS
    'the earliest open instant at or after that one, which is the instant itself when it is open; infinity when there is none; an infinite instant gives itself';

CREATE FUNCTION leadflow.next_close(cal leadflow.calendar, at timestamptz) RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_next_close';
COMMENT ON FUNCTION leadflow.next_close(leadflow.calendar, timestamptz) IS
    'the end of the time that is open now, or of the next open time; infinity when it never closes or never opens; an infinite instant gives itself';

CREATE FUNCTION leadflow.open_spans(cal leadflow.calendar, from_at timestamptz, to_at timestamptz)
    RETURNS SETOF tstzrange
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100
    AS 'MODULE_PATHNAME', 'calendar_open_spans';
COMMENT ON FUNCTION leadflow.open_spans(leadflow.calendar, timestamptz, timestamptz) IS
    'the open times between two instants, in order, each as long as possible and cut at the two instants; none when to_at is not after from_at; infinite bounds are an error (22008)';

CREATE FUNCTION leadflow.with_holidays(cal leadflow.calendar, holidays date[]) RETURNS leadflow.calendar
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_with_holidays';
COMMENT ON FUNCTION leadflow.with_holidays(leadflow.calendar, date[]) IS
    'the calendar with these dates off, as if its text ended with a rule that says so. Errors: a date is null (22004), infinite or outside of the years 1 to 9999 (22008); the calendar gets too long (54000)';

CREATE FUNCTION leadflow.day_rule(cal leadflow.calendar, day date) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'calendar_day_rule';
COMMENT ON FUNCTION leadflow.day_rule(leadflow.calendar, date) IS
    'the rule that decides a day of the calendar''s zone, as the calendar''s text writes it: ''Mo-Fr 09:00-17:00'', ''Dec 25-26 off'', ''24/7''. Of a rule that lists dates, or days of every year, only those in a row with the day are given. Null where no rule names the day: it is off. An infinite date is an error (22008)';
