CREATE OR REPLACE VIEW score_model_card AS
SELECT m.version,
       m.activated_at IS NOT NULL AND m.retired_at IS NULL AS active,
       p.feature,
       f.meaning,
       p.value,
       CASE WHEN COALESCE(p.at_least, p.below) IS NOT NULL
            THEN pg_catalog.rank() OVER (PARTITION BY p.version, p.feature, COALESCE(p.at_least, p.below) IS NULL ORDER BY p.at_least NULLS FIRST) END AS bin,
       p.points::bigint AS points,
       (p.points - pg_catalog.min(p.points) OVER (PARTITION BY p.version, p.feature))::bigint AS above_lowest,
       pg_catalog.rank() OVER (PARTITION BY p.version ORDER BY p.points DESC) AS rank,
       p.log_odds::numeric(15,9) AS log_odds,
       p.standard_error::numeric(15,9) AS standard_error,
       p.won,
       p.lost,
       (p.won::numeric / NULLIF(p.won + p.lost, 0))::numeric(9,6) AS won_share,
       p.weight_of_evidence::numeric(15,9) AS weight_of_evidence,
       p.information::numeric(15,9) AS information
FROM score_model m
JOIN score_model_point p ON p.version = m.version
LEFT JOIN score_feature f ON f.feature = p.feature;
COMMENT ON VIEW score_model_card IS 'What each model gives for each value of each feature, in points that people can read. A value that is not listed gives 0.';
COMMENT ON COLUMN score_model_card.version IS 'number of the model';
COMMENT ON COLUMN score_model_card.active IS 'whether the model gives the probabilities now';
COMMENT ON COLUMN score_model_card.feature IS 'the feature';
COMMENT ON COLUMN score_model_card.meaning IS 'what it tells, by its present definition; null where it was deleted';
COMMENT ON COLUMN score_model_card.value IS 'its value, or the label of the bin; null for missing';
COMMENT ON COLUMN score_model_card.bin IS 'of a number: place of the bin, the lowest first; null for others';
COMMENT ON COLUMN score_model_card.points IS 'points for or, below 0, against: 20 double the odds, -20 halve them. Those of a lead, and score_models.base_points, add up';
COMMENT ON COLUMN score_model_card.above_lowest IS 'points more than the value of the feature with the fewest';
COMMENT ON COLUMN score_model_card.rank IS 'place among the values of the model, the most points first';
COMMENT ON COLUMN score_model_card.log_odds IS 'the same, not rounded, in natural logarithms of odds';
COMMENT ON COLUMN score_model_card.standard_error IS 'standard error of log_odds; null where the model gives none';
COMMENT ON COLUMN score_model_card.won IS 'won leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_card.lost IS 'lost leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_card.won_share IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN score_model_card.weight_of_evidence IS 'weight of evidence of the value by itself: above 0 where it speaks for winning, whatever the other features say';
COMMENT ON COLUMN score_model_card.information IS 'its part of the information value of the feature';
