/* timeline: when one lead came into which state */

CREATE TYPE leadflow.timeline;

CREATE FUNCTION leadflow.timeline_in(cstring) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_in';
COMMENT ON FUNCTION leadflow.timeline_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.timeline_out(leadflow.timeline) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_out';
COMMENT ON FUNCTION leadflow.timeline_out(leadflow.timeline) IS 'I/O';

CREATE FUNCTION leadflow.timeline_recv(internal) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_recv';
COMMENT ON FUNCTION leadflow.timeline_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.timeline_send(leadflow.timeline) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_send';
COMMENT ON FUNCTION leadflow.timeline_send(leadflow.timeline) IS 'I/O';

CREATE TYPE leadflow.timeline (
    INPUT = leadflow.timeline_in,
    OUTPUT = leadflow.timeline_out,
    RECEIVE = leadflow.timeline_recv,
    SEND = leadflow.timeline_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.timeline IS
    'a timeline: the moments at which one lead came into a state, which is a stage or any text; made by stage_timeline_agg() or timeline_agg(), merged by rollup(), asked by duration_in(), entries(), first_reached(), last_reached(), as_of(), path() and stays(). In the order of instants, then of the number that breaks ties, then of the states: stages in stage order, texts by their bytes. A stay is the time from coming into a state until the next moment with another one; moments with the same state in a row are one stay, and the last stay goes on. At most 40,000,000 moments; 24 bytes each in memory, about a third of that when stored';

CREATE FUNCTION leadflow.timeline_add(leadflow.timeline, timestamptz, text) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_add';
COMMENT ON FUNCTION leadflow.timeline_add(leadflow.timeline, timestamptz, text) IS 'transition function of timeline_agg';

CREATE FUNCTION leadflow.timeline_add(leadflow.timeline, timestamptz, text, bigint) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_add';
COMMENT ON FUNCTION leadflow.timeline_add(leadflow.timeline, timestamptz, text, bigint) IS 'transition function of timeline_agg';

CREATE FUNCTION leadflow.timeline_add_stage(leadflow.timeline, timestamptz, leadflow.stage) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_add_stage';
COMMENT ON FUNCTION leadflow.timeline_add_stage(leadflow.timeline, timestamptz, leadflow.stage) IS 'transition function of stage_timeline_agg';

CREATE FUNCTION leadflow.timeline_add_stage(leadflow.timeline, timestamptz, leadflow.stage, bigint) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_add_stage';
COMMENT ON FUNCTION leadflow.timeline_add_stage(leadflow.timeline, timestamptz, leadflow.stage, bigint) IS 'transition function of stage_timeline_agg';

CREATE FUNCTION leadflow.timeline_combine(leadflow.timeline, leadflow.timeline) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_timeline_combine';
COMMENT ON FUNCTION leadflow.timeline_combine(leadflow.timeline, leadflow.timeline) IS 'combine function of timeline_agg and stage_timeline_agg, transition function of rollup';

CREATE FUNCTION leadflow.timeline_final(leadflow.timeline) RETURNS leadflow.timeline
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_summary_final';
COMMENT ON FUNCTION leadflow.timeline_final(leadflow.timeline) IS 'final function of timeline_agg, stage_timeline_agg and rollup: the value as it is';

CREATE AGGREGATE leadflow.stage_timeline_agg(at timestamptz, stage leadflow.stage) (
    SFUNC = leadflow.timeline_add_stage,
    STYPE = leadflow.timeline,
    SSPACE = 512,
    FINALFUNC = leadflow.timeline_final,
    COMBINEFUNC = leadflow.timeline_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.stage_timeline_agg(timestamptz, leadflow.stage) IS
    'the timeline of a lead from the instants at which it came into a stage; of the same instant the stage that comes later in stage order is the later one. Stages are told apart with their local labels: use base(stage) to merge leaves. Rows with a null instant or stage do not count; null when none counts; rows may come in any order. Errors: an infinite instant (22008); more than 40,000,000 moments (54000)';

CREATE AGGREGATE leadflow.stage_timeline_agg(at timestamptz, stage leadflow.stage, tie bigint) (
    SFUNC = leadflow.timeline_add_stage,
    STYPE = leadflow.timeline,
    SSPACE = 512,
    FINALFUNC = leadflow.timeline_final,
    COMBINEFUNC = leadflow.timeline_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.stage_timeline_agg(timestamptz, leadflow.stage, bigint) IS
    'the same with a number that orders rows of the same instant, such as the number of the event; null is 0';

CREATE AGGREGATE leadflow.timeline_agg(at timestamptz, state text) (
    SFUNC = leadflow.timeline_add,
    STYPE = leadflow.timeline,
    SSPACE = 512,
    FINALFUNC = leadflow.timeline_final,
    COMBINEFUNC = leadflow.timeline_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.timeline_agg(timestamptz, text) IS
    'the timeline of a lead, a case or anything from the instants at which it came into a state; of the same instant the state with the greater bytes is the later one. Rows with a null instant or state do not count; null when none counts; rows may come in any order. Errors: an infinite instant (22008); a state of more than 1024 bytes, or more than 40,000,000 moments (54000)';

CREATE AGGREGATE leadflow.timeline_agg(at timestamptz, state text, tie bigint) (
    SFUNC = leadflow.timeline_add,
    STYPE = leadflow.timeline,
    SSPACE = 512,
    FINALFUNC = leadflow.timeline_final,
    COMBINEFUNC = leadflow.timeline_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.timeline_agg(timestamptz, text, bigint) IS
    'the same with a number that orders rows of the same instant, such as the number of the event; null is 0';

CREATE AGGREGATE leadflow.rollup(timeline leadflow.timeline) (
    SFUNC = leadflow.timeline_combine,
    STYPE = leadflow.timeline,
    SSPACE = 512,
    FINALFUNC = leadflow.timeline_final,
    COMBINEFUNC = leadflow.timeline_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.timeline) IS
    'several timelines of one lead as one, as if made of all their rows at once; parts may overlap, and the same moment in two parts is one; nulls do not count; null when there is nothing else. Errors: timelines of stages and of texts together (22023); more than 40,000,000 moments (54000)';

CREATE FUNCTION leadflow.duration_in(timeline leadflow.timeline, state text, upto timestamptz DEFAULT NULL, calendar leadflow.calendar DEFAULT NULL) RETURNS interval
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_duration_in';
COMMENT ON FUNCTION leadflow.duration_in(leadflow.timeline, text, timestamptz, leadflow.calendar) IS
    'time spent in a state, in hours, minutes and seconds, over all its stays: elapsed, or working time by the calendar where one is given. Moments after upto do not exist, and the last stay counts until upto; without upto, or with null, until the last moment. 0 for a state that was never entered; null where the timeline or the state is null. Errors: an infinite upto, or a time of more than 292,271 years (22008)';

CREATE FUNCTION leadflow.entries(timeline leadflow.timeline, state text) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_entries';
COMMENT ON FUNCTION leadflow.entries(leadflow.timeline, text) IS
    'how many times a state was entered, which is the number of its stays; 0 for one that never was';

CREATE FUNCTION leadflow.first_reached(timeline leadflow.timeline, state text) RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_first_reached';
COMMENT ON FUNCTION leadflow.first_reached(leadflow.timeline, text) IS
    'when a state was first entered; null if never';

CREATE FUNCTION leadflow.last_reached(timeline leadflow.timeline, state text) RETURNS timestamptz
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_last_reached';
COMMENT ON FUNCTION leadflow.last_reached(leadflow.timeline, text) IS
    'when a state was last entered, which is the beginning of its last stay; null if never';

CREATE FUNCTION leadflow.as_of(timeline leadflow.timeline, at timestamptz) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_as_of';
COMMENT ON FUNCTION leadflow.as_of(leadflow.timeline, timestamptz) IS
    'the state at an instant, which is that of the last moment at or before it; null before the first';

CREATE FUNCTION leadflow.path(timeline leadflow.timeline) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_path';
COMMENT ON FUNCTION leadflow.path(leadflow.timeline) IS
    'the states in the order of their stays; a state stands there once for each of its stays';

CREATE FUNCTION leadflow.stays(timeline leadflow.timeline, upto timestamptz DEFAULT NULL, calendar leadflow.calendar DEFAULT NULL)
    RETURNS TABLE ("position" integer, state text, entered_at timestamptz, left_at timestamptz,
        elapsed_seconds double precision, working_seconds double precision)
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 ROWS 10
    AS 'MODULE_PATHNAME', 'leadflow_timeline_stays';
COMMENT ON FUNCTION leadflow.stays(leadflow.timeline, timestamptz, leadflow.calendar) IS
    'the stays in order: position from 1, state, entered_at, left_at (null for the last, which goes on), elapsed_seconds, and working_seconds by the calendar (null without one). Moments after upto do not exist, and the last stay counts until upto; without upto, or with null, until the last moment. No rows for null. Errors: an infinite upto, or a time of more than 292,271 years (22008)';

/* durations: how long the stays of many leads were */

CREATE TYPE leadflow.durations;

CREATE FUNCTION leadflow.durations_in(cstring) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_in';
COMMENT ON FUNCTION leadflow.durations_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.durations_out(leadflow.durations) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_out';
COMMENT ON FUNCTION leadflow.durations_out(leadflow.durations) IS 'I/O';

CREATE FUNCTION leadflow.durations_recv(internal) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_recv';
COMMENT ON FUNCTION leadflow.durations_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.durations_send(leadflow.durations) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_send';
COMMENT ON FUNCTION leadflow.durations_send(leadflow.durations) IS 'I/O';

CREATE TYPE leadflow.durations (
    INPUT = leadflow.durations_in,
    OUTPUT = leadflow.durations_out,
    RECEIVE = leadflow.durations_recv,
    SEND = leadflow.durations_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.durations IS
    'durations: for each state the lengths of all stays that have ended and of all that go on, elapsed or working time; made by stage_durations(), merged by rollup(), asked by duration_table(), duration_quantile() and stay_survival(). All lengths are kept, 8 bytes each, so that every quantile is exact; at most 1 GB';

CREATE FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_add';
COMMENT ON FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline) IS 'transition function of stage_durations';

CREATE FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline, timestamptz) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_add';
COMMENT ON FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline, timestamptz) IS 'transition function of stage_durations';

CREATE FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline, timestamptz, leadflow.calendar) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_add';
COMMENT ON FUNCTION leadflow.durations_add(leadflow.durations, leadflow.timeline, timestamptz, leadflow.calendar) IS 'transition function of stage_durations';

CREATE FUNCTION leadflow.durations_combine(leadflow.durations, leadflow.durations) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_durations_combine';
COMMENT ON FUNCTION leadflow.durations_combine(leadflow.durations, leadflow.durations) IS 'combine function of stage_durations, transition function of rollup';

CREATE FUNCTION leadflow.durations_final(leadflow.durations) RETURNS leadflow.durations
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_summary_final';
COMMENT ON FUNCTION leadflow.durations_final(leadflow.durations) IS 'final function of stage_durations and rollup: the value as it is';

CREATE AGGREGATE leadflow.stage_durations(timeline leadflow.timeline) (
    SFUNC = leadflow.durations_add,
    STYPE = leadflow.durations,
    SSPACE = 512,
    FINALFUNC = leadflow.durations_final,
    COMBINEFUNC = leadflow.durations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.stage_durations(leadflow.timeline) IS
    'the durations of the stays of many leads, elapsed. The last stay of a lead has not ended; it goes on with its length until the last moment. Null timelines do not count; null when none counts. Errors: timelines of stages and of texts together (22023); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.stage_durations(timeline leadflow.timeline, upto timestamptz) (
    SFUNC = leadflow.durations_add,
    STYPE = leadflow.durations,
    SSPACE = 512,
    FINALFUNC = leadflow.durations_final,
    COMBINEFUNC = leadflow.durations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.stage_durations(leadflow.timeline, timestamptz) IS
    'the durations of the stays of many leads, elapsed, as known at upto: later moments do not exist, and the last stay of a lead goes on with its length until upto. Upto may differ between leads; null is the last moment of each. Timelines that are null or begin after upto do not count; null when none counts. Errors: timelines of stages and of texts together (22023); an infinite upto, or a time of more than 292,271 years (22008); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.stage_durations(timeline leadflow.timeline, upto timestamptz, calendar leadflow.calendar) (
    SFUNC = leadflow.durations_add,
    STYPE = leadflow.durations,
    SSPACE = 512,
    FINALFUNC = leadflow.durations_final,
    COMBINEFUNC = leadflow.durations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.stage_durations(leadflow.timeline, timestamptz, leadflow.calendar) IS
    'the same in working time by the calendar, which may differ between leads, as their teams do; null is elapsed time. Errors: besides, working and elapsed time together (22023)';

CREATE AGGREGATE leadflow.rollup(durations leadflow.durations) (
    SFUNC = leadflow.durations_combine,
    STYPE = leadflow.durations,
    SSPACE = 512,
    FINALFUNC = leadflow.durations_final,
    COMBINEFUNC = leadflow.durations_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.durations) IS
    'several durations as one, as if made of all their leads at once; nulls do not count; null when there is nothing else. Errors: working and elapsed time, or stages and texts, together (22023); more than 1 GB (54000)';

CREATE FUNCTION leadflow.duration_table(durations leadflow.durations)
    RETURNS TABLE (state text, entries bigint, completed bigint, open bigint,
        total_seconds double precision, mean_seconds double precision, median_seconds double precision,
        p90_seconds double precision, mean_open_seconds double precision, working boolean)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20
    AS 'MODULE_PATHNAME', 'leadflow_durations_table';
COMMENT ON FUNCTION leadflow.duration_table(leadflow.durations) IS
    'how long the stays were, a row for each state, in the order of stages or of bytes: entries (all stays), completed (those that have ended), open (those that go on), total_seconds, mean_seconds, median_seconds and p90_seconds of completed stays (quantiles as percentile_cont(); the last three null where none is completed), mean_open_seconds (how long open stays have lasted; null where none is open), and working: whether lengths are working time, or elapsed';

CREATE FUNCTION leadflow.duration_quantile(durations leadflow.durations, state text, fraction double precision) RETURNS interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'leadflow_durations_quantile';
COMMENT ON FUNCTION leadflow.duration_quantile(leadflow.durations, text, double precision) IS
    'a quantile of the lengths of completed stays in a state, in hours, minutes and seconds, as percentile_cont() interpolates it; 0.5 is the median. Null where none is completed. Errors: a fraction that is not from 0 to 1 (22023)';
