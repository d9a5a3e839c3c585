/* touch_path: the touches and the milestones of one buyer */

CREATE TYPE leadflow.touch_path;

CREATE FUNCTION leadflow.touch_path_in(cstring) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_in';
COMMENT ON FUNCTION leadflow.touch_path_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.touch_path_out(leadflow.touch_path) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_out';
COMMENT ON FUNCTION leadflow.touch_path_out(leadflow.touch_path) IS 'I/O';

CREATE FUNCTION leadflow.touch_path_recv(internal) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_recv';
COMMENT ON FUNCTION leadflow.touch_path_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.touch_path_send(leadflow.touch_path) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_send';
COMMENT ON FUNCTION leadflow.touch_path_send(leadflow.touch_path) IS 'I/O';

CREATE TYPE leadflow.touch_path (
    INPUT = leadflow.touch_path_in,
    OUTPUT = leadflow.touch_path_out,
    RECEIVE = leadflow.touch_path_recv,
    SEND = leadflow.touch_path_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.touch_path IS
    'the path of one buyer (a lead, an account or a deal): its touches by channel, the instants at which it became a lead and an opportunity, and its conversions with their money; made by attribution_agg(), asked by credits(), channel_path(), touches() and conversions(), added up by attribution_total(). 24 bytes of memory a touch';

CREATE FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_add';
COMMENT ON FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text) IS 'transition function of attribution_agg';

CREATE FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text, numeric) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_add';
COMMENT ON FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text, numeric) IS 'transition function of attribution_agg';

CREATE FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text, numeric, bigint) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_add';
COMMENT ON FUNCTION leadflow.touch_path_add(leadflow.touch_path, timestamptz, text, text, numeric, bigint) IS 'transition function of attribution_agg';

CREATE FUNCTION leadflow.touch_path_combine(leadflow.touch_path, leadflow.touch_path) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_combine';
COMMENT ON FUNCTION leadflow.touch_path_combine(leadflow.touch_path, leadflow.touch_path) IS 'combine function of attribution_agg, transition function of rollup';

CREATE FUNCTION leadflow.touch_path_final(leadflow.touch_path) RETURNS leadflow.touch_path
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_summary_final';
COMMENT ON FUNCTION leadflow.touch_path_final(leadflow.touch_path) IS 'final function of attribution_agg and rollup';

CREATE AGGREGATE leadflow.attribution_agg(at timestamptz, channel text, mark text) (
    SFUNC = leadflow.touch_path_add,
    STYPE = leadflow.touch_path,
    SSPACE = 512,
    FINALFUNC = leadflow.touch_path_final,
    COMBINEFUNC = leadflow.touch_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_agg(timestamptz, text, text) IS
    'the path of a buyer from its rows, in any order. at: when; channel: what touched it, null if the row is no touch; mark: null, or what happened then: lead (it became a lead), opportunity (one was opened) or conversion (it bought). A row may be a touch and a mark at once. Rows with a null instant, and those with neither channel nor mark, do not count; null when none counts. Touches are ordered by instant and, at the same instant, by the bytes of the channel. Errors: an unknown mark (22023); an infinite instant (22008); a channel of more than 1,024 bytes, more than 40,000,000 touches or conversions, or more than 1 GB (54000)';

CREATE AGGREGATE leadflow.attribution_agg(at timestamptz, channel text, mark text, amount numeric) (
    SFUNC = leadflow.touch_path_add,
    STYPE = leadflow.touch_path,
    SSPACE = 512,
    FINALFUNC = leadflow.touch_path_final,
    COMBINEFUNC = leadflow.touch_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_agg(timestamptz, text, text, numeric) IS
    'as attribution_agg(at, channel, mark), with money. amount: what the conversion brought, null if that is not known; it counts only in rows with the mark conversion. Errors: as there; an amount that is NaN, infinite or has more than 18 digits (22003)';

CREATE AGGREGATE leadflow.attribution_agg(at timestamptz, channel text, mark text, amount numeric, touch bigint) (
    SFUNC = leadflow.touch_path_add,
    STYPE = leadflow.touch_path,
    SSPACE = 512,
    FINALFUNC = leadflow.touch_path_final,
    COMBINEFUNC = leadflow.touch_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_agg(timestamptz, text, text, numeric, bigint) IS
    'as attribution_agg(at, channel, mark, amount), with identifiers. touch: tells touches of the same instant apart, whose order it decides before the channel does, and comes back from credits(); null counts as 0 in that order. Errors: as there';

CREATE AGGREGATE leadflow.rollup(path leadflow.touch_path) (
    SFUNC = leadflow.touch_path_combine,
    STYPE = leadflow.touch_path,
    SSPACE = 512,
    FINALFUNC = leadflow.touch_path_final,
    COMBINEFUNC = leadflow.touch_path_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.touch_path) IS
    'several parts of the path of one buyer as one, as if made of all their rows at once; nulls do not count; null when there is nothing else. Errors: more than 40,000,000 touches or conversions, or more than 1 GB (54000)';

CREATE FUNCTION leadflow.conversions(path leadflow.touch_path) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_conversions';
COMMENT ON FUNCTION leadflow.conversions(leadflow.touch_path) IS 'number of conversions of the buyer';

CREATE FUNCTION leadflow.touches(path leadflow.touch_path) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_touches';
COMMENT ON FUNCTION leadflow.touches(leadflow.touch_path) IS 'number of touches of the buyer, those after its conversions too';

CREATE FUNCTION leadflow.channel_path(path leadflow.touch_path, conversion integer DEFAULT 1) RETURNS text[]
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_channels';
COMMENT ON FUNCTION leadflow.channel_path(leadflow.touch_path, integer) IS
    'the channels of the touches at or before a conversion (counted from 1), the earliest first, repeats kept; of all touches where the buyer did not convert; null when there is no such conversion. Errors: a conversion below 1 (22023)';

CREATE FUNCTION leadflow.check_attribution_rule(rule text) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_check_attribution_rule';
COMMENT ON FUNCTION leadflow.check_attribution_rule(text) IS
    'true if a rule of sharing credit can be read by credits(); else its error: unknown rule or weights (22023), a half-life that is no interval (22007), too long (54000). For CHECK constraints';

CREATE FUNCTION leadflow.credits(path leadflow.touch_path, model text, lookback interval DEFAULT NULL, digits integer DEFAULT 2)
    RETURNS TABLE (conversion integer, converted_at timestamptz, "position" integer, touched_at timestamptz,
        touch bigint, channel text, credit numeric, value numeric)
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 ROWS 5
    AS 'MODULE_PATHNAME', 'leadflow_touch_path_credits';
COMMENT ON FUNCTION leadflow.credits(leadflow.touch_path, text, interval, integer) IS
    'who gets how much of each conversion: one row for every touch in its look-back window, those without credit too. model: first, last, linear, first_non_direct [channel ...], last_non_direct [channel ...] (direct unless channels are named; where all are of those: the first, the last), position [first middle last] (40 20 40), u_shaped [first lead rest] (40 40 20), w_shaped [first lead opportunity rest] (30 30 30 10), full_path [first lead opportunity close rest] (22.5 22.5 22.5 22.5 10), time_decay [half-life] (7 days; 2^-((converted_at - touched_at) / half-life)), custom_first weight ..., custom_last weight ... (by place from the first or the last touch). Weights are taken in proportion; of one touch they add up, what has no touch leaves its weight to the others, and where none is left all touches are alike. The touch of a milestone (lead, opportunity: the last one that is not later than the conversion) is its own row, else the last touch at or before it, else the first; outside of the window it did not happen. lookback: a touch counts when it is later than converted_at - lookback and not later than converted_at; null: all; a month counts 30 days, a day 24 hours. digits: money is split in units of so many decimals (0 to 12), or of as many as the amount has. Result: conversion (from 1, by instant), converted_at, position (of the touch in the window, from 1), touched_at, touch (its identifier, null if none was given), channel, credit (0..1 in 12 decimals; the credits of a conversion sum to exactly 1), value (its part of the amount; sums to exactly the amount; null if there was none). What is left by rounding goes to the largest remainders, of equal ones to the earlier touch. A conversion without a touch in its window is one row with a null position, touch and channel, and credit 1. No rows where path, model or digits are null. Errors: an unknown or malformed model, a look-back or half-life that is not positive, or digits out of range (22023); a half-life that is no interval (22007), or one out of range (22008, 22015); an amount that does not fit 18 digits in those units (22003)';

/* attribution_summary: what the paths of many buyers say of the channels */

CREATE TYPE leadflow.attribution_summary;

CREATE FUNCTION leadflow.attribution_summary_in(cstring) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_in';
COMMENT ON FUNCTION leadflow.attribution_summary_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.attribution_summary_out(leadflow.attribution_summary) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_out';
COMMENT ON FUNCTION leadflow.attribution_summary_out(leadflow.attribution_summary) IS 'I/O';

CREATE FUNCTION leadflow.attribution_summary_recv(internal) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_recv';
COMMENT ON FUNCTION leadflow.attribution_summary_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.attribution_summary_send(leadflow.attribution_summary) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_send';
COMMENT ON FUNCTION leadflow.attribution_summary_send(leadflow.attribution_summary) IS 'I/O';

CREATE TYPE leadflow.attribution_summary (
    INPUT = leadflow.attribution_summary_in,
    OUTPUT = leadflow.attribution_summary_out,
    RECEIVE = leadflow.attribution_summary_recv,
    SEND = leadflow.attribution_summary_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.attribution_summary IS
    'conversions and money by channel and attribution model, counted over many buyers; made by attribution_total(), asked by attribution_table() and conversions(), added up by rollup(). 32 bytes of memory for every model of every channel';

CREATE FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[]) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_add';
COMMENT ON FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[]) IS 'transition function of attribution_total';

CREATE FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_add';
COMMENT ON FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval) IS 'transition function of attribution_total';

CREATE FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval, text) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_add';
COMMENT ON FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval, text) IS 'transition function of attribution_total';

CREATE FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval, text, integer) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_add';
COMMENT ON FUNCTION leadflow.attribution_add(leadflow.attribution_summary, leadflow.touch_path, text[], interval, text, integer) IS 'transition function of attribution_total';

CREATE FUNCTION leadflow.attribution_combine(leadflow.attribution_summary, leadflow.attribution_summary) RETURNS leadflow.attribution_summary
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_combine';
COMMENT ON FUNCTION leadflow.attribution_combine(leadflow.attribution_summary, leadflow.attribution_summary) IS 'combine function of attribution_total, transition function of rollup';

CREATE AGGREGATE leadflow.attribution_total(path leadflow.touch_path, models text[]) (
    SFUNC = leadflow.attribution_add,
    STYPE = leadflow.attribution_summary,
    SSPACE = 2048,
    COMBINEFUNC = leadflow.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_total(leadflow.touch_path, text[]) IS
    'credit and money by channel and model over the paths of many buyers, in one pass. models: 1 to 64 models as in credits(), none twice; every conversion counts, with all touches before it. Null paths do not count; null when there is nothing else. Errors: models that are not such an array, or differ between the rows of a group (22023); a model that credits() would refuse, as there; models are null (22004); a sum of money beyond 9,223,372,036,854,775,807 (22003)';

CREATE AGGREGATE leadflow.attribution_total(path leadflow.touch_path, models text[], lookback interval) (
    SFUNC = leadflow.attribution_add,
    STYPE = leadflow.attribution_summary,
    SSPACE = 2048,
    COMBINEFUNC = leadflow.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_total(leadflow.touch_path, text[], interval) IS
    'as attribution_total(path, models), for touches in the look-back window, as in credits(); null: all. Errors: as there';

CREATE AGGREGATE leadflow.attribution_total(path leadflow.touch_path, models text[], lookback interval, count text) (
    SFUNC = leadflow.attribution_add,
    STYPE = leadflow.attribution_summary,
    SSPACE = 2048,
    COMBINEFUNC = leadflow.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_total(leadflow.touch_path, text[], interval, text) IS
    'as attribution_total(path, models, lookback). count: every (each conversion), or first (only the first conversion of each buyer). Errors: as there; another choice (22023), or null (22004)';

CREATE AGGREGATE leadflow.attribution_total(path leadflow.touch_path, models text[], lookback interval, count text, digits integer) (
    SFUNC = leadflow.attribution_add,
    STYPE = leadflow.attribution_summary,
    SSPACE = 2048,
    COMBINEFUNC = leadflow.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.attribution_total(leadflow.touch_path, text[], interval, text, integer) IS
    'as attribution_total(path, models, lookback, count), with money split in units of so many decimals (0 to 12, else 2), or of as many as an amount has. Errors: as there; digits out of range (22023), or null (22004)';

CREATE AGGREGATE leadflow.rollup(summary leadflow.attribution_summary) (
    SFUNC = leadflow.attribution_combine,
    STYPE = leadflow.attribution_summary,
    SSPACE = 2048,
    COMBINEFUNC = leadflow.attribution_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.attribution_summary) IS
    'several summaries of different buyers as one, as if made of all their paths at once; nulls do not count; null when there is nothing else. Errors: models, look-back, choice of conversions or decimals of money differ (22023); a sum is out of range (22003)';

CREATE FUNCTION leadflow.conversions(summary leadflow.attribution_summary) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_attribution_conversions';
COMMENT ON FUNCTION leadflow.conversions(leadflow.attribution_summary) IS 'number of conversions that were counted';

CREATE FUNCTION leadflow.attribution_table(summary leadflow.attribution_summary)
    RETURNS TABLE (model text, channel text, touches bigint, conversions numeric, value numeric, share numeric)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 50
    AS 'MODULE_PATHNAME', 'leadflow_attribution_table';
COMMENT ON FUNCTION leadflow.attribution_table(leadflow.attribution_summary) IS
    'one row for each model and channel, models in the order in which they were given, channels by their bytes: model, channel, touches (of the channel in the windows of the conversions, whether or not the model gives them credit; one that stands in two windows counts twice), conversions (the sum of its credits, exact in 12 decimals), value (the money that went to it, exact; amounts that are not known count 0) and share (conversions over all of the model, 0..1 in 6 decimals). A last row of each model, with a null channel, holds the conversions that no touch had a part in, if there are any: so every model sums to all conversions and all the money';
