/*
 * chance.sql: numbers that look random and are the same every time. They are
 * taken from the MD5 sum of what they are for and of the number of a row.
 */
CREATE SCHEMA chance;

-- Evenly spread, from 0 to less than 1.
CREATE FUNCTION chance.even(purpose text, n bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ('x' || substr(md5(purpose || n::text), 1, 8))::bit(32)::bigint / 4294967296::double precision $$;

-- Around 1: half of the numbers are below, a few are far above. Durations and
-- amounts of money are spread like that; the spread is that of the logarithm.
CREATE FUNCTION chance.skewed(purpose text, n bigint, spread double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT round(exp(spread * sqrt(-2 * ln(1 - chance.even(purpose || ':1', n)))
                           * cos(2 * pi() * chance.even(purpose || ':2', n)))::numeric, 6)::double precision $$;

-- One of several, all equally likely.
CREATE FUNCTION chance.pick(purpose text, n bigint, choices text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT choices[1 + floor(chance.even(purpose, n) * cardinality(choices))::integer] $$;
