CREATE OR REPLACE VIEW feature_value AS
WITH chosen AS (
    SELECT m.version, m.won, m.lost, m.quality
    FROM score_model m
    ORDER BY m.activated_at IS NOT NULL AND m.retired_at IS NULL DESC, m.version DESC
    LIMIT 1
), given AS (
    SELECT p.feature,
           pg_catalog.count(*) FILTER (WHERE p.value IS NOT NULL) AS n,
           pg_catalog.max(p.points) FILTER (WHERE p.value IS NULL) AS missing_points,
           pg_catalog.max(p.points) AS most,
           pg_catalog.min(p.points) AS fewest,
           pg_catalog.sum(pg_catalog.abs(p.points) * (p.won + p.lost)) FILTER (WHERE p.value IS NOT NULL)
               / NULLIF(pg_catalog.sum(p.won + p.lost) FILTER (WHERE p.value IS NOT NULL), 0) AS moves
    FROM score_model_point p
    WHERE p.version = (SELECT c.version FROM chosen c)
    GROUP BY p.feature
)
SELECT c.version,
       q.feature,
       f.meaning,
       (q.about ->> 'information')::numeric(12,6) AS information_value,
       COALESCE(g.n, 0) AS listed,
       (q.about ->> 'left_out')::bigint AS left_out,
       c.won + c.lost AS leads,
       x.missing,
       (x.missing::numeric / NULLIF(c.won + c.lost, 0))::numeric(9,6) AS missing_share,
       (x.missing_won::numeric / NULLIF(x.missing, 0))::numeric(9,6) AS won_share_missing,
       ((c.won - x.missing_won)::numeric / NULLIF(c.won + c.lost - x.missing, 0))::numeric(9,6) AS won_share_known,
       g.missing_points::bigint AS missing_points,
       g.most::bigint AS most_points,
       g.fewest::bigint AS fewest_points,
       g.moves::numeric(12,2) AS points_moved
FROM chosen c
CROSS JOIN LATERAL pg_catalog.jsonb_each(c.quality -> 'features') q (feature, about)
CROSS JOIN LATERAL (SELECT (q.about ->> 'missing')::bigint AS missing, (q.about ->> 'missing_won')::bigint AS missing_won) x
LEFT JOIN given g ON g.feature = q.feature
LEFT JOIN score_feature f ON f.feature = q.feature;
COMMENT ON VIEW feature_value IS 'What each feature is worth, and what it costs that it is missing, by the leads that the active model was learnt from, else the newest.';
COMMENT ON COLUMN feature_value.version IS 'number of the model';
COMMENT ON COLUMN feature_value.feature IS 'the feature';
COMMENT ON COLUMN feature_value.meaning IS 'what it tells, by its present definition; null where it was deleted';
COMMENT ON COLUMN feature_value.information_value IS 'how much it tells of winning, by itself: below 0.02 nothing, to 0.1 a little, to 0.3 something, above 0.3 much; above 0.5 ask whether it knows the outcome (Siddiqi)';
COMMENT ON COLUMN feature_value.listed IS 'number of its values that have points';
COMMENT ON COLUMN feature_value.left_out IS 'number of its values that too few leads have (option min_count)';
COMMENT ON COLUMN feature_value.leads IS 'number of leads that the model was learnt from';
COMMENT ON COLUMN feature_value.missing IS 'how many of them lacked it when they became MQLs';
COMMENT ON COLUMN feature_value.missing_share IS 'missing / leads, 0..1';
COMMENT ON COLUMN feature_value.won_share_missing IS 'share won of those that lacked it, 0..1; null where none did';
COMMENT ON COLUMN feature_value.won_share_known IS 'share won of those that had it, 0..1; null where none had';
COMMENT ON COLUMN feature_value.missing_points IS 'points of a lead that lacks it; null where the model gives none';
COMMENT ON COLUMN feature_value.most_points IS 'most points that it gives';
COMMENT ON COLUMN feature_value.fewest_points IS 'fewest points that it gives';
COMMENT ON COLUMN feature_value.points_moved IS 'by how many points, up or down, a known value moves a lead on average: that much stays unsaid of each lead that lacks it';
