/* decay.sql: points that fade */

CREATE FUNCTION leadflow.decayed(points double precision, at timestamptz, half_life interval, as_of timestamptz)
    RETURNS double precision
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_decayed';
COMMENT ON FUNCTION leadflow.decayed(double precision, timestamptz, interval, timestamptz) IS
    'what is left at as_of of points earned at an instant: points * 2^-((as_of - at) / half_life). half_life: the time in which half is gone, of which a day counts 24 hours, a month 30 days and a year 365.25 days, as in date_part(''epoch''); null for points that do not fade. At -infinity, or as of infinity, points with a half-life are gone. Null where there is nothing to count: points, at or as_of is null, or the touch comes after as_of or at infinity. Errors: a half-life that is not positive and finite (22023); points that are NaN or infinite (22003). Source: the decay of behaviour scores by half-life';

CREATE FUNCTION leadflow.decayed_add(double precision, double precision, timestamptz, interval, timestamptz)
    RETURNS double precision
    LANGUAGE C IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_decayed_add';
COMMENT ON FUNCTION leadflow.decayed_add(double precision, double precision, timestamptz, interval, timestamptz) IS 'transition function of decayed_sum';

CREATE AGGREGATE leadflow.decayed_sum(points double precision, at timestamptz, half_life interval, as_of timestamptz) (
    SFUNC = leadflow.decayed_add,
    STYPE = double precision,
    COMBINEFUNC = pg_catalog.float8pl,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE leadflow.decayed_sum(double precision, timestamptz, interval, timestamptz) IS
    'what is left at as_of of the points of all touches: the sum of decayed(points, at, half_life, as_of); rows for which that is null do not count; null when none counts. Errors: as decayed; a sum beyond the range of double precision (22003)';
