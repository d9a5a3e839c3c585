CREATE OR REPLACE VIEW score_faults AS
WITH changed AS (
    SELECT pg_catalog.max(c.version) AS version
    FROM definition_change c
    WHERE c.definition IN ('score_rule', 'score_group', 'score_grade', 'score_feature', 'score_model')
)
SELECT f.fault,
       f.code,
       f.leads,
       f.explanation
FROM (
    SELECT 'unknown_kind' AS fault, r.rule AS code, NULL::bigint AS leads,
           pg_catalog.format('score_rule %s gives points for touches of kind %s, which touch_kind does not have', r.rule, k.kind) AS explanation
    FROM score_rule r
    CROSS JOIN LATERAL pg_catalog.unnest(r.touch_kinds) k (kind)
    WHERE r.active AND NOT EXISTS (SELECT FROM touch_kind t WHERE t.kind = k.kind)
    UNION ALL
    SELECT 'unknown_topic' AS fault, s.topic AS code, NULL::bigint AS leads,
           pg_catalog.format('%s signals of intent are on topic %s, of which no active rule and no topic speaks', s.n, s.topic) AS explanation
    FROM (SELECT i.topic, pg_catalog.count(*) AS n FROM intent_signal i GROUP BY i.topic) s
    WHERE NOT EXISTS (SELECT FROM intent_topic t WHERE t.topic = s.topic)
        AND NOT EXISTS (SELECT FROM score_rule r WHERE r.active AND r.topics && ARRAY[s.topic, '*'])
    UNION ALL
    SELECT 'feature_not_kept' AS fault, p.feature AS code, NULL::bigint AS leads,
           pg_catalog.format('model %s, which is active, knows feature %s, which is no longer kept', m.version, p.feature) AS explanation
    FROM score_model m
    JOIN (SELECT DISTINCT p.version, p.feature FROM score_model_point p) p ON p.version = m.version
    WHERE m.activated_at IS NOT NULL AND m.retired_at IS NULL
        AND NOT EXISTS (SELECT FROM score_feature f WHERE f.feature = p.feature AND f.active)
    UNION ALL
    SELECT 'feature_of_another_kind' AS fault, f.feature AS code, NULL::bigint AS leads,
           pg_catalog.format('model %s, which is active, knows feature %s as %s, and not as %s: call leadflow.calibrate', m.version, f.feature, k.kind, f.kind) AS explanation
    FROM score_model m
    CROSS JOIN score_feature f
    CROSS JOIN LATERAL (SELECT m.quality #>> ARRAY['features', f.feature, 'kind']) k (kind)
    WHERE m.activated_at IS NOT NULL AND m.retired_at IS NULL AND f.active AND k.kind <> f.kind
    UNION ALL
    SELECT 'outdated' AS fault, NULL::text AS code, pg_catalog.count(*) AS leads,
           pg_catalog.format('%s leads have scores by rules that have changed since: call leadflow.refresh_scores', pg_catalog.count(*)) AS explanation
    FROM lead_score s
    WHERE s.definition_version < (SELECT c.version FROM changed c)
    HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT 'refused' AS fault, s.refused_move AS code, pg_catalog.count(*) AS leads,
           pg_catalog.format('%s leads that score_move %s would move were refused: see lead_scores.refusal', pg_catalog.count(*), s.refused_move) AS explanation
    FROM lead_score s
    WHERE s.refused_move IS NOT NULL
    GROUP BY s.refused_move
    UNION ALL
    SELECT 'failed' AS fault, NULL::text AS code, r.failed AS leads,
           pg_catalog.format('%s leads could not be scored in the last run, because an expression failed', r.failed) AS explanation
    FROM (SELECT r.failed FROM score_run r ORDER BY r.id DESC LIMIT 1) r
    WHERE r.failed > 0
) f
ORDER BY f.fault, f.code;
COMMENT ON VIEW score_faults IS 'What is wrong with the rules and the scores, so that it does not stay silent; no row means nothing.';
COMMENT ON COLUMN score_faults.fault IS 'unknown_kind, unknown_topic, feature_not_kept, feature_of_another_kind, outdated, refused or failed';
COMMENT ON COLUMN score_faults.code IS 'the rule, topic, feature or move; null where it is about all';
COMMENT ON COLUMN score_faults.leads IS 'number of leads concerned; null where it is about none in particular';
COMMENT ON COLUMN score_faults.explanation IS 'what is wrong, in words';
