/* cadence.sql: promises that more than one touch keeps */

CREATE FUNCTION leadflow.count_attempts(at timestamptz[], channel text[], spacing interval, attempts integer, channels integer,
        OUT made bigint, OUT channels_used text[], OUT last_at timestamptz, OUT complete_at timestamptz)
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_count_attempts';
COMMENT ON FUNCTION leadflow.count_attempts(timestamptz[], text[], interval, integer, integer) IS
    'how many of the attempts at those instants, over those channels, count: an attempt counts that long after the last one that counted (elapsed; a day is 24 hours), and never in the same minute of the clock. Gives their number, the channels used in the order of first use, the last one, and the one by which that many attempts over that many channels were made (null where they were not, or attempts is null). Null arrays are empty. Errors: a null instant (22004), an infinite one (22008), other than one channel for each instant (2202E), a spacing with months (22023)';

CREATE FUNCTION leadflow.reckon_cadences(workspace name, lead_id bigint) RETURNS void
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_reckon_cadences';
COMMENT ON FUNCTION leadflow.reckon_cadences(name, bigint) IS
    'part of leadflow.merge: ends the clocks of a lead by the stages that it has entered, and its cadences by the touches that it now has, or lets them run again. Errors: not the owner of the workspace (42501), no such workspace (42704)';
