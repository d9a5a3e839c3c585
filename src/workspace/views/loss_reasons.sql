CREATE OR REPLACE VIEW loss_reasons AS
WITH lost AS (
    SELECT d.spine_stage AS exit_stage, d.reason, d.value, d.closed_at - d.opened_at AS age,
           -- the last stage of the spine in the order of history
           (SELECT leadflow.ordinal(e.to_stage)
            FROM stage_event e
            WHERE e.opportunity_id = d.opportunity_id AND e.at <= d.entered_at AND e.to_stage >= 'visitor'
            ORDER BY e.at DESC, e.id DESC LIMIT 1) AS ordinal
    FROM deal d
    WHERE d.outcome = 'lost'
)
SELECT x.ordinal::bigint AS last_ordinal,
       s.stage::text AS last_stage,
       x.exit_stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       x.deals,
       (x.deals / pg_catalog.sum(x.deals) OVER ())::numeric(9,6) AS deals_share,
       x.value::numeric(24,2) AS value,
       (x.positive / NULLIF(pg_catalog.sum(x.positive) OVER (), 0))::numeric(9,6) AS value_share,
       x.amounts_unknown,
       leadflow.seconds(x.age) AS age_seconds_average
FROM (SELECT l.ordinal, l.exit_stage, l.reason,
             pg_catalog.count(*) AS deals,
             COALESCE(pg_catalog.sum(l.value), 0) AS value,
             COALESCE(pg_catalog.sum(GREATEST(l.value, 0)), 0) AS positive,
             pg_catalog.count(*) FILTER (WHERE l.value IS NULL) AS amounts_unknown,
             pg_catalog.avg(l.age) AS age
      FROM lost l
      GROUP BY l.ordinal, l.exit_stage, l.reason) x
LEFT JOIN leadflow.spine() s ON s.ordinal = x.ordinal
LEFT JOIN reason r ON r.code = x.reason
ORDER BY x.deals DESC, x.ordinal, x.exit_stage, x.reason;
COMMENT ON VIEW loss_reasons IS 'What deals were lost for, and from where, as known at leadflow.clock(): a deal that is lost counts once, one that is open again not at all (leakage counts every exit). Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN loss_reasons.last_ordinal IS 'place on the spine of the last stage before the loss, 8 to 12; null where the deal was entered as lost';
COMMENT ON COLUMN loss_reasons.last_stage IS 'last stage of the spine before the loss; null likewise';
COMMENT ON COLUMN loss_reasons.exit_stage IS 'where the deals went: lost, nurture or churned';
COMMENT ON COLUMN loss_reasons.reason IS 'code of the reason of the last entry; null for none';
COMMENT ON COLUMN loss_reasons.label_en IS 'the reason in English';
COMMENT ON COLUMN loss_reasons.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN loss_reasons.deals IS 'number of deals';
COMMENT ON COLUMN loss_reasons.deals_share IS 'share of all deals lost, 0..1';
COMMENT ON COLUMN loss_reasons.value IS 'what they were worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN loss_reasons.value_share IS 'share of the value of all deals lost, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN loss_reasons.amounts_unknown IS 'number of them whose value is not known';
COMMENT ON COLUMN loss_reasons.age_seconds_average IS 'average time from opening to the loss: elapsed, seconds';
