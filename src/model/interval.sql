/* interval.sql: how far a share of few leads can be trusted */

CREATE FUNCTION leadflow.share_interval(hits bigint, trials bigint, OUT low numeric, OUT high numeric)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    -- where the arguments are constants, PostgreSQL reckons before it asks whether they make sense
    AS $$
    SELECT pg_catalog.round(GREATEST(w.centre - w.half, 0)::numeric, 6), pg_catalog.round(LEAST(w.centre + w.half, 1)::numeric, 6)
    FROM (SELECT (z.hits + z.square / 2) / (z.trials + z.square) AS centre,
                 pg_catalog.sqrt(GREATEST(z.square * (z.hits * (z.trials - z.hits) / NULLIF(z.trials, 0) + z.square / 4), 0)) / (z.trials + z.square) AS half
          FROM (SELECT hits::float8 AS hits, trials::float8 AS trials, 1.959963984540054::float8 ^ 2 AS square
                WHERE hits BETWEEN 0 AND trials AND trials > 0) z) w $$;
COMMENT ON FUNCTION leadflow.share_interval(bigint, bigint) IS
    'the score interval of Wilson, with 95 % confidence, of the share hits / trials: where the true share lies. Within 0 and 1, to 6 decimals; null where trials is not above 0, or hits is not between 0 and trials. E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American Statistical Association 22 (1927), 209-212';

CREATE FUNCTION leadflow.difference_interval(hits bigint, trials bigint, other_hits bigint, other_trials bigint, OUT low numeric, OUT high numeric)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.round(d.share - d.other - pg_catalog.sqrt((d.share - a.low) ^ 2 + (b.high - d.other) ^ 2), 6),
           pg_catalog.round(d.share - d.other + pg_catalog.sqrt((a.high - d.share) ^ 2 + (d.other - b.low) ^ 2), 6)
    FROM leadflow.share_interval(hits, trials) a
    CROSS JOIN leadflow.share_interval(other_hits, other_trials) b
    CROSS JOIN LATERAL (SELECT hits::numeric / NULLIF(trials, 0) AS share, other_hits::numeric / NULLIF(other_trials, 0) AS other
                        WHERE a.low IS NOT NULL AND b.low IS NOT NULL) d $$;
COMMENT ON FUNCTION leadflow.difference_interval(bigint, bigint, bigint, bigint) IS
    'the interval, with 95 % confidence, of the difference hits / trials - other_hits / other_trials of two independent shares: one that does not hold 0 tells them apart. To 6 decimals; null where either share has no share_interval. R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998), 873-890, method 10';
