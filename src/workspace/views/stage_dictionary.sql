CREATE OR REPLACE VIEW stage_dictionary AS
SELECT s.ordinal,
       COALESCE(d.stage, s.stage)::text AS stage,
       s.stage::text AS spine_stage,
       s.phase,
       COALESCE(d.variant, '*') AS variant,
       COALESCE(d.labels ->> 'en', s.label_en) AS label_en,
       COALESCE(d.labels ->> 'pl', s.label_pl) AS label_pl,
       COALESCE(d.labels ->> 'ru', s.label_ru) AS label_ru,
       COALESCE(d.labels ->> 'zh', s.label_zh) AS label_zh,
       COALESCE(d.meaning, s.meaning) AS meaning,
       d.team,
       d.kind,
       d.entry_evidence,
       d.exit_criteria,
       EXTRACT(epoch FROM d.norm)::bigint AS norm_seconds,
       (SELECT pg_catalog.string_agg(c.requirement, ' ' ORDER BY c.position, c.criterion)
        FROM standard c
        WHERE c.object = 'lead' AND c.variant = COALESCE(d.variant, '*') AND c.stage = COALESCE(d.stage, s.stage)
       ) AS lead_standard
FROM leadflow.spine() s
LEFT JOIN stage_definition d ON leadflow.base(d.stage) = s.stage;
COMMENT ON VIEW stage_dictionary IS 'What each stage means: one answer to "what exactly is an SQL?"';
