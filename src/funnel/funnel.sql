/* funnel_path: how far one lead came in a funnel */

CREATE TYPE leadflow.funnel_path;

CREATE FUNCTION leadflow.funnel_path_in(cstring) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_in';
COMMENT ON FUNCTION leadflow.funnel_path_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.funnel_path_out(leadflow.funnel_path) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_out';
COMMENT ON FUNCTION leadflow.funnel_path_out(leadflow.funnel_path) IS 'I/O';

CREATE FUNCTION leadflow.funnel_path_recv(internal) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_recv';
COMMENT ON FUNCTION leadflow.funnel_path_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.funnel_path_send(leadflow.funnel_path) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_send';
COMMENT ON FUNCTION leadflow.funnel_path_send(leadflow.funnel_path) IS 'I/O';

CREATE TYPE leadflow.funnel_path (
    INPUT = leadflow.funnel_path_in,
    OUTPUT = leadflow.funnel_path_out,
    RECEIVE = leadflow.funnel_path_recv,
    SEND = leadflow.funnel_path_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.funnel_path IS
    'one lead in a funnel: the steps, windows and modes that were asked for, and the moments of its rows that name a step or what is excluded, in order. Made by funnel_agg(), joined by rollup(), asked by funnel_level() and funnel_times(), added up by funnel_total(). As text it is JSON: within and step_within in microseconds (-1: no limit; step_within is empty when no step has one), and events of an instant and the number of its name, from 0, among the different steps and then the excluded names. 16 bytes a row in memory, at most 1 GB';

CREATE FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[]) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_add';
COMMENT ON FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[]) IS 'transition function of funnel_agg';

CREATE FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_add';
COMMENT ON FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval) IS 'transition function of funnel_agg';

CREATE FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval, text) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_add';
COMMENT ON FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval, text) IS 'transition function of funnel_agg';

CREATE FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval, interval[], text[], text) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_add';
COMMENT ON FUNCTION leadflow.funnel_add(leadflow.funnel_path, timestamp with time zone, text, text[], interval, interval[], text[], text) IS 'transition function of funnel_agg';

CREATE FUNCTION leadflow.funnel_path_combine(leadflow.funnel_path, leadflow.funnel_path) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_combine';
COMMENT ON FUNCTION leadflow.funnel_path_combine(leadflow.funnel_path, leadflow.funnel_path) IS
    'combine function of funnel_agg, transition function of rollup';

CREATE FUNCTION leadflow.funnel_path_final(leadflow.funnel_path) RETURNS leadflow.funnel_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_summary_final';
COMMENT ON FUNCTION leadflow.funnel_path_final(leadflow.funnel_path) IS 'final function of funnel_agg and rollup: the path as it is';

CREATE AGGREGATE leadflow.funnel_agg(at timestamp with time zone, step text, steps text[]) (
    SFUNC = leadflow.funnel_add,
    STYPE = leadflow.funnel_path,
    SSPACE = 256,
    FINALFUNC = leadflow.funnel_path_final,
    COMBINEFUNC = leadflow.funnel_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.funnel_agg(timestamp with time zone, text, text[]) IS
    'the path of one lead (group by lead) through steps (1 to 64 names), without a limit of time: the longest chain of rows that name the first step, the second and so on, each at the instant of the one before or later, in whatever order the rows come; each row is used once, and a name can stand several times in steps. A row with a null at or step, or whose step is not in steps, does not count, but a lead of which no row counts has a path as well, of level 0. steps must be the same for all rows of a lead. Null only without rows. Errors: steps is null, empty or has a null, or differs within a lead (22023); an infinite instant of a row that counts (22008); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.funnel_agg(at timestamp with time zone, step text, steps text[], within interval) (
    SFUNC = leadflow.funnel_add,
    STYPE = leadflow.funnel_path,
    SSPACE = 256,
    FINALFUNC = leadflow.funnel_path_final,
    COMBINEFUNC = leadflow.funnel_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.funnel_agg(timestamp with time zone, text, text[], interval) IS
    'as funnel_agg(at, step, steps), with the longest time from the first row of the chain to its last: within counts (a difference that is equal to it is inside), a day is 24 hours, and null is no limit. The chain can begin with any row that names the first step, as windowFunnel of ClickHouse, except that no row stands for two steps. Errors also: within is negative, infinite, has months, or differs within a lead (22023)';

CREATE AGGREGATE leadflow.funnel_agg(at timestamp with time zone, step text, steps text[], within interval, mode text) (
    SFUNC = leadflow.funnel_add,
    STYPE = leadflow.funnel_path,
    SSPACE = 256,
    FINALFUNC = leadflow.funnel_path_final,
    COMBINEFUNC = leadflow.funnel_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.funnel_agg(timestamp with time zone, text, text[], interval, text) IS
    'as funnel_agg(at, step, steps, within); mode is null, empty, or one or several of these with commas. strict_increase: each row of the chain comes later than the one before, not at the same instant. strict_order: between two rows of the chain that follow each other stands no other row that names a step, except repeats of the former one. once: from the first to the last row of the chain no other row names one of the steps that the chain reached. What stands between is settled by instant, and at one instant by the order of steps. Errors also: an unknown mode, a mode that differs within a lead, a name that stands twice in steps with strict_order or once (22023)';

CREATE AGGREGATE leadflow.funnel_agg(at timestamp with time zone, step text, steps text[], within interval, step_within interval[], exclude text[], mode text) (
    SFUNC = leadflow.funnel_add,
    STYPE = leadflow.funnel_path,
    SSPACE = 256,
    FINALFUNC = leadflow.funnel_path_final,
    COMBINEFUNC = leadflow.funnel_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.funnel_agg(timestamp with time zone, text, text[], interval, interval[], text[], text) IS
    'as funnel_agg(at, step, steps, within, mode), with the longest time from each step to the next (one less than there are steps, each as within is; null, or an element that is null: no limit) and names that must not come strictly between the first and the last instant of the chain (at most 64; null: none). Errors also: step_within of another length, an excluded name that is null or a step (22023)';

CREATE AGGREGATE leadflow.rollup(path leadflow.funnel_path) (
    SFUNC = leadflow.funnel_path_combine,
    STYPE = leadflow.funnel_path,
    SSPACE = 256,
    FINALFUNC = leadflow.funnel_path_final,
    COMBINEFUNC = leadflow.funnel_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.funnel_path) IS
    'several paths of one lead as one, as if made of all their rows at once; nulls do not count; null when there is nothing else. Errors: different steps, windows or modes (22023); more than 1 GB (54000)';

CREATE FUNCTION leadflow.funnel_level(path leadflow.funnel_path) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_funnel_level';
COMMENT ON FUNCTION leadflow.funnel_level(leadflow.funnel_path) IS
    'how many steps of the funnel the lead reached: the length of its longest chain, 0 to the number of steps';

CREATE FUNCTION leadflow.funnel_times(path leadflow.funnel_path) RETURNS timestamp with time zone[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_funnel_times';
COMMENT ON FUNCTION leadflow.funnel_times(leadflow.funnel_path) IS
    'the instants of the longest chain, one for each step that was reached; an empty array at level 0. Of several chains of that length it is the one that ends first; of those the one that begins last; of those the one whose last row but one comes first, then the row before it, and so on';

CREATE FUNCTION leadflow.funnel_steps(path leadflow.funnel_path) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_path_steps';
COMMENT ON FUNCTION leadflow.funnel_steps(leadflow.funnel_path) IS
    'the steps of the funnel, in order';

/* funnel_summary: how far many leads came, and how long it took */

CREATE TYPE leadflow.funnel_summary;

CREATE FUNCTION leadflow.funnel_summary_in(cstring) RETURNS leadflow.funnel_summary
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_in';
COMMENT ON FUNCTION leadflow.funnel_summary_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.funnel_summary_out(leadflow.funnel_summary) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_out';
COMMENT ON FUNCTION leadflow.funnel_summary_out(leadflow.funnel_summary) IS 'I/O';

CREATE FUNCTION leadflow.funnel_summary_recv(internal) RETURNS leadflow.funnel_summary
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_recv';
COMMENT ON FUNCTION leadflow.funnel_summary_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.funnel_summary_send(leadflow.funnel_summary) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_send';
COMMENT ON FUNCTION leadflow.funnel_summary_send(leadflow.funnel_summary) IS 'I/O';

CREATE TYPE leadflow.funnel_summary (
    INPUT = leadflow.funnel_summary_in,
    OUTPUT = leadflow.funnel_summary_out,
    RECEIVE = leadflow.funnel_summary_recv,
    SEND = leadflow.funnel_summary_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.funnel_summary IS
    'many leads in one funnel: how many came how far, and of each how long after the first step it reached each other one. Made by funnel_total(), joined by rollup(), asked by subjects(), reached(), dropped(), conversion(), time_between() and funnel_table(). As text it is JSON: what was asked for, as in funnel_path, the leads that are left at level 0 and 1, and for each further level the times of each lead, in microseconds from the first step. 8 bytes a lead and step in memory, at most 1 GB a level';

CREATE FUNCTION leadflow.funnel_total_add(leadflow.funnel_summary, leadflow.funnel_path) RETURNS leadflow.funnel_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_funnel_total_add';
COMMENT ON FUNCTION leadflow.funnel_total_add(leadflow.funnel_summary, leadflow.funnel_path) IS
    'transition function of funnel_total';

CREATE FUNCTION leadflow.funnel_summary_combine(leadflow.funnel_summary, leadflow.funnel_summary) RETURNS leadflow.funnel_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_combine';
COMMENT ON FUNCTION leadflow.funnel_summary_combine(leadflow.funnel_summary, leadflow.funnel_summary) IS
    'combine function of funnel_total, transition function of rollup';

CREATE AGGREGATE leadflow.funnel_total(path leadflow.funnel_path) (
    SFUNC = leadflow.funnel_total_add,
    STYPE = leadflow.funnel_summary,
    SSPACE = 256,
    COMBINEFUNC = leadflow.funnel_summary_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.funnel_total(leadflow.funnel_path) IS
    'the funnel of all leads whose paths are given, one path a lead; nulls do not count; null when there is nothing else. Errors: different steps, windows or modes (22023); two steps of a lead more than 292,271 years apart (22008); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.rollup(summary leadflow.funnel_summary) (
    SFUNC = leadflow.funnel_summary_combine,
    STYPE = leadflow.funnel_summary,
    SSPACE = 256,
    COMBINEFUNC = leadflow.funnel_summary_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.funnel_summary) IS
    'several funnels of different leads as one, as if made of all their paths at once; nulls do not count; null when there is nothing else. Errors: different steps, windows or modes (22023); more than 1 GB (54000)';

CREATE FUNCTION leadflow.funnel_steps(summary leadflow.funnel_summary) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_summary_steps';
COMMENT ON FUNCTION leadflow.funnel_steps(leadflow.funnel_summary) IS
    'the steps of the funnel, in order';

CREATE FUNCTION leadflow.subjects(summary leadflow.funnel_summary) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_subjects';
COMMENT ON FUNCTION leadflow.subjects(leadflow.funnel_summary) IS
    'number of leads, also of those that reached no step';

CREATE FUNCTION leadflow.reached(summary leadflow.funnel_summary, step integer) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_reached';
COMMENT ON FUNCTION leadflow.reached(leadflow.funnel_summary, integer) IS
    'number of leads that reached a step, the first being 1. Errors: a step that the funnel does not have (22023)';

CREATE FUNCTION leadflow.dropped(summary leadflow.funnel_summary, step integer) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_dropped';
COMMENT ON FUNCTION leadflow.dropped(leadflow.funnel_summary, integer) IS
    'number of leads that reached a step, the first being 1, and not the next one; null for the last step. Errors: a step that the funnel does not have (22023)';

CREATE FUNCTION leadflow.conversion(summary leadflow.funnel_summary, step integer) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_conversion';
COMMENT ON FUNCTION leadflow.conversion(leadflow.funnel_summary, integer) IS
    'share, 0..1, of the leads that reached the step before who reached this one too; of the first step, which is 1, the share of all leads. Null when there are none. Errors: a step that the funnel does not have (22023)';

CREATE FUNCTION leadflow.conversion(summary leadflow.funnel_summary, from_step integer, to_step integer) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_funnel_conversion_between';
COMMENT ON FUNCTION leadflow.conversion(leadflow.funnel_summary, integer, integer) IS
    'share, 0..1, of the leads that reached from_step who reached to_step too; null when none reached from_step. Errors: a step that the funnel does not have, or that does not come after the other (22023)';

CREATE FUNCTION leadflow.time_between(summary leadflow.funnel_summary, from_step integer, to_step integer,
        OUT n bigint, OUT mean_seconds double precision, OUT median_seconds double precision,
        OUT p90_seconds double precision, OUT min_seconds double precision, OUT max_seconds double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_funnel_time_between';
COMMENT ON FUNCTION leadflow.time_between(leadflow.funnel_summary, integer, integer) IS
    'how long it took from one step to a later one, of the n leads that reached the later one: mean, median, the time within which nine of ten were there, shortest and longest, in seconds; null when n is 0. Median and p90 are those of percentile_cont. Errors: a step that the funnel does not have, or that does not come after the other (22023)';

CREATE FUNCTION leadflow.time_between(summary leadflow.funnel_summary, from_step integer, to_step integer, fraction double precision) RETURNS interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_funnel_time_quantile';
COMMENT ON FUNCTION leadflow.time_between(leadflow.funnel_summary, integer, integer, double precision) IS
    'the time from one step to a later one within which this fraction (0..1) of the leads that reached the later one was there, as percentile_cont, to the microsecond; a day is 24 hours; null when none reached it. Errors: a step that the funnel does not have, or that does not come after the other (22023); a fraction outside of 0 to 1 (22003)';

CREATE FUNCTION leadflow.funnel_table(summary leadflow.funnel_summary)
    RETURNS TABLE ("position" integer, step text, reached bigint, dropped bigint,
        conversion_from_previous numeric, conversion_from_first numeric,
        mean_seconds double precision, median_seconds double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 5
    AS 'MODULE_PATHNAME', 'leadflow_funnel_table';
COMMENT ON FUNCTION leadflow.funnel_table(leadflow.funnel_summary) IS
    'the funnel as a report, a row a step: position (from 1), step, reached (leads), dropped (leads that reached this step and not the next; null at the last), conversion_from_previous (share of the leads that reached the step before, at the first step of all leads) and conversion_from_first (share of those that reached the first), both 0..1 with 6 digits and null where there are none, and the time from the step before: mean_seconds and median_seconds, null at the first step and where no lead came';
