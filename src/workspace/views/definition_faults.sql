CREATE OR REPLACE VIEW definition_faults AS
WITH expression AS (
    SELECT 'standard' AS definition, pg_catalog.jsonb_build_object('object', s.object, 'variant', s.variant, 'stage', s.stage::text, 'criterion', s.criterion) AS key,
           s.object, s.expression, 'boolean'::pg_catalog.regtype AS type
    FROM standard s
    UNION ALL
    SELECT 'sla_policy' AS definition, pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant) AS key, p.object, p.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM sla_policy p
    UNION ALL
    SELECT 'routing_rule' AS definition, pg_catalog.jsonb_build_object('rule', r.rule) AS key, r.object, r.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM routing_rule r
    UNION ALL
    SELECT 'score_rule' AS definition, pg_catalog.jsonb_build_object('rule', r.rule) AS key, r.object, r.expression AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM score_rule r
    UNION ALL
    SELECT 'score_move' AS definition, pg_catalog.jsonb_build_object('code', m.code) AS key, m.object, m.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM score_move m
    UNION ALL
    SELECT 'score_feature' AS definition, pg_catalog.jsonb_build_object('feature', f.feature) AS key, f.object, f.expression, leadflow.feature_type(f.kind) AS type
    FROM score_feature f
), field AS (
    SELECT 'field_owner' AS definition, o.object, o.field
    FROM field_owner o
    UNION ALL
    SELECT 'overwrite_rule' AS definition, r.object, r.field
    FROM overwrite_rule r
), table_of AS (
    SELECT c.relname::text AS object, c.oid
    FROM pg_catalog.pg_class c
    WHERE c.oid IN ('lead'::pg_catalog.regclass, 'opportunity'::pg_catalog.regclass, 'account'::pg_catalog.regclass)
), looser AS (
    SELECT 'standard' AS definition,
           pg_catalog.jsonb_build_object('object', v.object, 'variant', v.variant, 'stage', v.stage::text, 'criterion', v.criterion) AS key,
           pg_catalog.jsonb_build_object('expression', v.expression, 'mode', v.mode) AS written,
           NULL::text AS span_of, NULL::interval AS span,
           pg_catalog.concat_ws(' and ', CASE WHEN g.mode = 'enforce' AND v.mode = 'warn' THEN 'only warns' END,
               CASE WHEN leadflow.may_loosen(g.expression, v.expression) THEN 'may let through what the general one does not' END) AS how
    FROM standard v
    JOIN standard g ON g.object = v.object AND g.stage = v.stage AND g.criterion = v.criterion AND g.variant = '*'
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'stage_definition' AS definition,
           pg_catalog.jsonb_build_object('stage', v.stage::text, 'variant', v.variant) AS key,
           '{}'::jsonb AS written,
           'norm' AS span_of, v.norm AS span,
           CASE WHEN v.norm IS NULL THEN 'has no norm' WHEN v.norm > g.norm THEN 'has a longer norm' ELSE '' END AS how
    FROM stage_definition v
    JOIN stage_definition g ON g.stage = v.stage AND g.variant = '*' AND g.norm IS NOT NULL
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'sla_policy' AS definition,
           pg_catalog.jsonb_build_object('policy', v.policy, 'variant', v.variant) AS key,
           pg_catalog.jsonb_build_object('measure', v.measure, 'attempts', v.attempts, 'channels', v.channels, 'active', v.active, 'condition', v.condition) AS written,
           'target' AS span_of, v.target AS span,
           pg_catalog.concat_ws(' and ', CASE WHEN v.target > g.target THEN 'promises less' END,
               CASE WHEN v.measure = 'working' AND g.measure = 'elapsed' THEN 'counts working time only' END,
               CASE WHEN COALESCE(v.attempts, 1) < COALESCE(g.attempts, 1) OR COALESCE(v.channels, 1) < COALESCE(g.channels, 1) THEN 'asks for fewer attempts' END,
               CASE WHEN v.condition IS NOT NULL AND v.condition IS DISTINCT FROM g.condition THEN 'holds only for some' END,
               CASE WHEN NOT v.active THEN 'is not in use' END) AS how
    FROM sla_policy v
    JOIN sla_policy g ON g.policy = v.policy AND g.variant = '*' AND g.active
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'transition' AS definition,
           pg_catalog.jsonb_build_object('id', v.id) AS key,
           pg_catalog.jsonb_build_object('variant', v.variant, 'from_stage', v.from_stage::text, 'to_stage', v.to_stage::text, 'reason_required', v.reason_required) AS written,
           NULL::text AS span_of, NULL::interval AS span,
           CASE WHEN g.id IS NULL THEN 'allows a move that is not allowed in general' WHEN g.reason_required AND NOT v.reason_required THEN 'asks for no reason' ELSE '' END AS how
    FROM transition v
    LEFT JOIN LATERAL (SELECT g.id, g.reason_required
                       FROM transition g
                       WHERE g.object = v.object AND g.variant = '*' AND g.to_stage = v.to_stage AND (g.from_stage = v.from_stage OR g.from_stage IS NULL)
                       ORDER BY g.from_stage NULLS LAST, g.id
                       LIMIT 1) g ON true
    WHERE v.variant <> '*'
), history AS (
    SELECT pg_catalog.min(e.at) AS since
    FROM stage_event e
    WHERE e.at <= (SELECT leadflow.clock())
), started AS MATERIALIZED (
    SELECT c.policy, c.variant, pg_catalog.max(c.started_at) AS last_at
    FROM sla_clock c
    WHERE c.started_at <= (SELECT leadflow.clock())
    GROUP BY c.policy, c.variant
), used AS (
    SELECT DISTINCT e.reason
    FROM stage_event e
    WHERE e.reason IS NOT NULL AND e.at <= (SELECT leadflow.clock())
    UNION
    SELECT v.reason
    FROM verdict v
    WHERE v.reason IS NOT NULL AND v.at <= (SELECT leadflow.clock())
)
SELECT f.fault,
       f.definition,
       f.key,
       f.explanation
FROM (
    SELECT 'broken_expression' AS fault, b.definition, b.key,
           pg_catalog.format('%s %s cannot be read any more: %s', b.definition, b.key, b.why) AS explanation
    FROM (SELECT e.definition, e.key, leadflow.expression_fault(t.oid::pg_catalog.regclass, e.expression, e.type) AS why
          FROM expression e
          JOIN table_of t ON t.object = e.object
          WHERE e.expression IS NOT NULL) b
    WHERE b.why IS NOT NULL
    UNION ALL
    SELECT 'field_is_gone' AS fault, d.definition, pg_catalog.jsonb_build_object('object', d.object, 'field', d.field) AS key,
           pg_catalog.format('%s speaks of column %s of %s, which does not exist', d.definition, d.field, d.object) AS explanation
    FROM field d
    JOIN table_of t ON t.object = d.object
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = t.oid AND a.attname = d.field AND a.attnum > 0 AND NOT a.attisdropped)
    UNION ALL
    SELECT 'looser_without_reason' AS fault, l.definition, l.key,
           pg_catalog.format('%s %s %s, and nobody has said why', l.definition, l.key, l.how) AS explanation
    FROM looser l
    WHERE l.how <> '' AND NOT EXISTS (SELECT FROM definition_change c
                                      WHERE c.definition = l.definition AND c.reason IS NOT NULL AND c.new_row @> (l.key || l.written)
                                          -- as a span: how it is written depends on the session
                                          AND (c.new_row ->> l.span_of)::interval IS NOT DISTINCT FROM l.span)
    UNION ALL
    SELECT 'promise_never_starts' AS fault, 'sla_policy' AS definition, pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant) AS key,
           CASE WHEN s.policy IS NOT NULL THEN pg_catalog.format('policy %s is never reached: %s comes first and starts wherever it would', p.policy, s.policy)
                WHEN p.starts_on_stage IS NULL AND NOT k.known THEN pg_catalog.format('policy %s starts on touches of kinds that touch_kind does not have: %s', p.policy, pg_catalog.array_to_string(p.starts_on_touch, ', '))
                ELSE pg_catalog.format('policy %s has not started for 90 days or more', p.policy) END AS explanation
    FROM sla_policy p
    CROSS JOIN history h
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM touch_kind t WHERE t.kind = ANY (p.starts_on_touch)) AS known) k
    LEFT JOIN LATERAL (SELECT e.policy
                       FROM sla_policy e
                       WHERE e.active AND e.object = p.object AND e.metric = p.metric AND e.policy <> p.policy AND e.condition IS NULL
                           AND e.variant = '*' AND NOT EXISTS (SELECT FROM sla_policy o WHERE o.policy = e.policy AND o.variant <> '*')
                           AND (e.position, e.policy COLLATE pg_catalog."C") < (p.position, p.policy COLLATE pg_catalog."C")
                           AND (p.starts_on_stage IS NULL OR p.starts_on_stage = e.starts_on_stage)
                           AND (p.starts_on_touch IS NULL OR p.starts_on_touch <@ e.starts_on_touch)
                       ORDER BY e.position, e.policy COLLATE pg_catalog."C"
                       LIMIT 1) s ON true
    WHERE p.active AND (s.policy IS NOT NULL OR p.starts_on_stage IS NULL AND NOT k.known
        OR h.since <= (SELECT leadflow.clock()) - interval '90 days'
           AND NOT EXISTS (SELECT FROM started c
                           WHERE c.policy = p.policy AND p.variant IN ('*', c.variant) AND c.last_at > (SELECT leadflow.clock()) - interval '90 days')
           AND NOT EXISTS (SELECT FROM definition_change d
                           WHERE d.definition = 'sla_policy' AND d.new_row @> pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant)
                               AND d.changed_at > (SELECT leadflow.clock()) - interval '90 days' AND d.changed_at <= (SELECT leadflow.clock())))
    UNION ALL
    SELECT 'reason_never_used' AS fault, 'reason' AS definition, pg_catalog.jsonb_build_object('code', r.code) AS key,
           pg_catalog.format('nobody has ever given reason %s', r.code) AS explanation
    FROM reason r
    CROSS JOIN history h
    WHERE r.active AND h.since <= (SELECT leadflow.clock()) - interval '180 days'
        AND NOT EXISTS (SELECT FROM used u WHERE u.reason = r.code)
        AND NOT EXISTS (SELECT FROM definition_change d
                        WHERE d.definition = 'reason' AND d.new_row @> pg_catalog.jsonb_build_object('code', r.code)
                            AND d.changed_at > (SELECT leadflow.clock()) - interval '180 days' AND d.changed_at <= (SELECT leadflow.clock()))
) f
ORDER BY f.fault, f.definition, f.key;
COMMENT ON VIEW definition_faults IS 'Definitions that contradict each other, or do nothing. Routing and scores have reports of their own: routing_faults, score_faults.';
COMMENT ON COLUMN definition_faults.fault IS 'broken_expression (it names what no longer exists), field_is_gone, looser_without_reason (a variant asks for less than the general definition, or may, and no definition_change that wrote it gives a reason), promise_never_starts (another policy always comes first, its kinds of touch are unknown, or it has started no clock for 90 days), reason_never_used (for 180 days)';
COMMENT ON COLUMN definition_faults.definition IS 'name of the definition table';
COMMENT ON COLUMN definition_faults.key IS 'primary key of the row';
COMMENT ON COLUMN definition_faults.explanation IS 'the fault in words';
