/* survival: what share has converted after how long, when some may still convert */

CREATE TYPE leadflow.survival;

CREATE FUNCTION leadflow.survival_in(cstring) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_survival_in';
COMMENT ON FUNCTION leadflow.survival_in(cstring) IS 'I/O';

CREATE FUNCTION leadflow.survival_out(leadflow.survival) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_survival_out';
COMMENT ON FUNCTION leadflow.survival_out(leadflow.survival) IS 'I/O';

CREATE FUNCTION leadflow.survival_recv(internal) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_survival_recv';
COMMENT ON FUNCTION leadflow.survival_recv(internal) IS 'I/O';

CREATE FUNCTION leadflow.survival_send(leadflow.survival) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_survival_send';
COMMENT ON FUNCTION leadflow.survival_send(leadflow.survival) IS 'I/O';

CREATE TYPE leadflow.survival (
    INPUT = leadflow.survival_in,
    OUTPUT = leadflow.survival_out,
    RECEIVE = leadflow.survival_recv,
    SEND = leadflow.survival_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE leadflow.survival IS
    'how long it took each lead that converted, and how long each other one has been waiting; made by km_agg() or stay_survival(), merged by rollup(), asked by km_conversion(), km_interval(), km_time(), km_curve(), km_subjects() and km_converted(). 8 bytes a lead; at most 1 GB';

CREATE FUNCTION leadflow.km_add(leadflow.survival, timestamptz, timestamptz, timestamptz) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_km_add';
COMMENT ON FUNCTION leadflow.km_add(leadflow.survival, timestamptz, timestamptz, timestamptz) IS 'transition function of km_agg';

CREATE FUNCTION leadflow.km_add(leadflow.survival, interval, boolean) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_km_add_length';
COMMENT ON FUNCTION leadflow.km_add(leadflow.survival, interval, boolean) IS 'transition function of km_agg';

CREATE FUNCTION leadflow.survival_combine(leadflow.survival, leadflow.survival) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_survival_combine';
COMMENT ON FUNCTION leadflow.survival_combine(leadflow.survival, leadflow.survival) IS 'combine function of km_agg, transition function of rollup';

CREATE FUNCTION leadflow.survival_final(leadflow.survival) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_summary_final';
COMMENT ON FUNCTION leadflow.survival_final(leadflow.survival) IS 'final function of km_agg and rollup: the value as it is';

CREATE AGGREGATE leadflow.km_agg(entered_at timestamptz, converted_at timestamptz, as_of timestamptz) (
    SFUNC = leadflow.km_add,
    STYPE = leadflow.survival,
    SSPACE = 256,
    FINALFUNC = leadflow.survival_final,
    COMBINEFUNC = leadflow.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.km_agg(timestamptz, timestamptz, timestamptz) IS
    'what is known at as_of of leads that entered and may convert. Who has not converted, or only after as_of, is censored: waiting since entered_at, and not a failure. Who converted before entering counts as converted at once. Rows with a null entered_at or as_of, or that entered after as_of, do not count; null when none counts. Errors: an infinite entered_at or as_of, or one more than 292,271 years after the other (22008); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.km_agg(duration interval, converted boolean) (
    SFUNC = leadflow.km_add,
    STYPE = leadflow.survival,
    SSPACE = 256,
    FINALFUNC = leadflow.survival_final,
    COMBINEFUNC = leadflow.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.km_agg(interval, boolean) IS
    'the same from how long it took or has been; a day is 24 hours. A negative duration of one who converted is 0, one of another does not count. Rows with a null do not count; null when none counts. Errors: a duration with months or years (22023), or of more than 292,271 years (22008); more than 1 GB (54000)';

CREATE AGGREGATE leadflow.rollup(survival leadflow.survival) (
    SFUNC = leadflow.survival_combine,
    STYPE = leadflow.survival,
    SSPACE = 256,
    FINALFUNC = leadflow.survival_final,
    COMBINEFUNC = leadflow.survival_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.rollup(leadflow.survival) IS
    'several of them as one, as if made of all their leads at once; nulls do not count; null when there is nothing else. Errors: more than 1 GB (54000)';

CREATE FUNCTION leadflow.km_conversion(survival leadflow.survival, after interval) RETURNS double precision
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_km_conversion';
COMMENT ON FUNCTION leadflow.km_conversion(leadflow.survival, interval) IS
    'share, 0..1, that has converted within a time (inclusive) from entering: 1 - S(t) of Kaplan and Meier, where who is censored at t was at risk at t. After the longest time that is known it stays as it is. Null when nobody is counted. Errors: an interval with months or years (22023), or of more than 292,271 years (22008). E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, Journal of the American Statistical Association 53 (1958), 457-481';

CREATE FUNCTION leadflow.km_interval(survival leadflow.survival, after interval, confidence double precision DEFAULT 0.95,
    OUT low double precision, OUT high double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_km_interval';
COMMENT ON FUNCTION leadflow.km_interval(leadflow.survival, interval, double precision) IS
    'confidence limits, 0..1, of km_conversion(survival, after), with Greenwood''s variance on the scale of log(-log S), as Stata and SAS give them. Null where the formula gives none: nobody has converted yet, or everybody has. Errors: an interval with months or years, or a confidence that is not between 0 and 1 (22023); an interval of more than 292,271 years (22008). J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data (1980), section 1.3';

CREATE FUNCTION leadflow.km_time(survival leadflow.survival, share double precision) RETURNS interval
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'leadflow_km_time';
COMMENT ON FUNCTION leadflow.km_time(leadflow.survival, double precision) IS
    'the time, in hours, minutes and seconds, after which a share has converted: the first at which km_conversion() is at least the share, to within 1e-9; 0.5 is the median. Null when so many never have. Errors: a share that is not above 0 and at most 1 (22023)';

CREATE FUNCTION leadflow.km_curve(survival leadflow.survival, confidence double precision DEFAULT 0.95)
    RETURNS TABLE (after_seconds double precision, at_risk bigint, converted bigint, censored bigint,
        conversion double precision, low double precision, high double precision)
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 100
    AS 'MODULE_PATHNAME', 'leadflow_km_curve';
COMMENT ON FUNCTION leadflow.km_curve(leadflow.survival, double precision) IS
    'conversion over time, a row for each time at which somebody converted or was censored: after_seconds, at_risk (who had neither converted nor been censored before), converted and censored then, conversion (share, 0..1, just after) and its confidence limits low and high, as km_interval() gives them. Errors: a confidence that is not between 0 and 1 (22023)';

CREATE FUNCTION leadflow.km_subjects(survival leadflow.survival) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_km_subjects';
COMMENT ON FUNCTION leadflow.km_subjects(leadflow.survival) IS
    'number of leads that are counted';

CREATE FUNCTION leadflow.km_converted(survival leadflow.survival) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_km_converted';
COMMENT ON FUNCTION leadflow.km_converted(leadflow.survival) IS
    'number of leads that have converted';

CREATE FUNCTION leadflow.stay_survival(durations leadflow.durations, state text) RETURNS leadflow.survival
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'leadflow_durations_survival';
COMMENT ON FUNCTION leadflow.stay_survival(leadflow.durations, text) IS
    'how long stays in a state last when those that go on are not left out: a stay that has ended counts as converted, one that goes on as censored. Null for a state that was never entered';
