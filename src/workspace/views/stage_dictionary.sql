CREATE OR REPLACE VIEW stage_dictionary AS
SELECT leadflow.ordinal(k.stage)::bigint AS ordinal,
       k.stage::text AS stage,
       s.stage::text AS spine_stage,
       s.phase,
       k.variant,
       COALESCE(d.labels ->> 'en', CASE WHEN k.stage = s.stage THEN s.label_en ELSE k.stage::text END) AS label_en,
       COALESCE(d.labels ->> 'pl', CASE WHEN k.stage = s.stage THEN s.label_pl ELSE k.stage::text END) AS label_pl,
       COALESCE(d.labels ->> 'ru', CASE WHEN k.stage = s.stage THEN s.label_ru ELSE k.stage::text END) AS label_ru,
       COALESCE(d.labels ->> 'zh', CASE WHEN k.stage = s.stage THEN s.label_zh ELSE k.stage::text END) AS label_zh,
       COALESCE(d.meaning, s.meaning) AS meaning,
       d.team,
       d.kind,
       d.entry_evidence,
       d.exit_criteria,
       leadflow.seconds(d.norm) AS norm_seconds,
       (SELECT pg_catalog.string_agg(c.requirement, ' ' ORDER BY c.position, c.criterion)
        FROM standard c
        WHERE c.object = 'lead' AND c.stage = k.stage AND (c.variant = k.variant OR c.variant = '*' AND NOT EXISTS
            (SELECT FROM standard o
             WHERE o.object = c.object AND o.stage = c.stage AND o.criterion = c.criterion AND o.variant = k.variant))
       ) AS lead_standard,
       (SELECT pg_catalog.string_agg(c.requirement, ' ' ORDER BY c.position, c.criterion)
        FROM standard c
        WHERE c.object = 'opportunity' AND c.stage = k.stage AND (c.variant = k.variant OR c.variant = '*' AND NOT EXISTS
            (SELECT FROM standard o
             WHERE o.object = c.object AND o.stage = c.stage AND o.criterion = c.criterion AND o.variant = k.variant))
       ) AS opportunity_standard
FROM (SELECT p.stage, '*' AS variant FROM leadflow.spine() p
      UNION
      SELECT f.stage, f.variant FROM stage_definition f) k
JOIN leadflow.spine() s ON s.stage = leadflow.base(k.stage)
LEFT JOIN stage_definition d ON d.stage = k.stage AND d.variant = k.variant
ORDER BY leadflow.ordinal(k.stage) < 0, k.stage, k.variant;
COMMENT ON VIEW stage_dictionary IS 'What each stage means: one answer to "what exactly is an SQL?" A row for every stage of the spine, every exit, and every leaf and variant that has a definition.';
COMMENT ON COLUMN stage_dictionary.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_dictionary.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_dictionary.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_dictionary.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN stage_dictionary.variant IS 'product line or region; * for all';
COMMENT ON COLUMN stage_dictionary.label_en IS 'name in English';
COMMENT ON COLUMN stage_dictionary.label_pl IS 'name in Polish';
COMMENT ON COLUMN stage_dictionary.label_ru IS 'name in Russian';
COMMENT ON COLUMN stage_dictionary.label_zh IS 'name in Chinese';
COMMENT ON COLUMN stage_dictionary.meaning IS 'the definition in words';
COMMENT ON COLUMN stage_dictionary.team IS 'team responsible for a lead in this stage; null where no contract is written';
COMMENT ON COLUMN stage_dictionary.kind IS 'inventory (may wait), sla (on a clock), gate (decide now), detour or terminal';
COMMENT ON COLUMN stage_dictionary.entry_evidence IS 'the input: what must stand behind entering the stage';
COMMENT ON COLUMN stage_dictionary.exit_criteria IS 'the output: what is known or done when it is left';
COMMENT ON COLUMN stage_dictionary.norm_seconds IS 'longest time that a lead should stay, elapsed, in seconds; null for no norm of its own';
COMMENT ON COLUMN stage_dictionary.lead_standard IS 'the criteria that a lead meets to enter the stage, in words, as they hold for the variant; those of earlier stages hold too';
COMMENT ON COLUMN stage_dictionary.opportunity_standard IS 'the criteria that an opportunity meets to enter the stage, in words, as they hold for the variant';
