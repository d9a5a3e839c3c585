CREATE OR REPLACE VIEW leakage AS
SELECT x.subject,
       x.last_stage::text AS last_stage,
       leadflow.ordinal(x.last_stage)::bigint AS last_ordinal,
       x.exit_stage::text AS exit_stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       x.exits,
       x.leads,
       x.still_out,
       (x.exits / pg_catalog.sum(x.exits) OVER (PARTITION BY x.subject))::numeric(9,6) AS share
FROM (SELECT h.subject,
             h.last_stage,
             h.exit_stage,
             h.reason,
             pg_catalog.count(*) AS exits,
             pg_catalog.count(DISTINCT h.lead_id) AS leads,
             pg_catalog.count(l.event_id) AS still_out
      FROM (SELECT e.id,
                   e.subject,
                   CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id,
                   leadflow.base(e.to_stage) AS exit_stage,
                   e.reason,
                   -- an exit that is entered from another exit was left for where that one was
                   CASE WHEN e.from_stage < 'visitor' AND e.opportunity_id IS NULL
                        THEN (SELECT leadflow.base(p.to_stage)
                              FROM stage_event p
                              WHERE p.lead_id = e.lead_id AND p.opportunity_id IS NULL AND (p.at, p.id) < (e.at, e.id)
                                  AND p.to_stage >= 'visitor'
                              ORDER BY p.at DESC, p.id DESC LIMIT 1)
                        WHEN e.from_stage < 'visitor'
                        THEN (SELECT leadflow.base(p.to_stage)
                              FROM stage_event p
                              WHERE p.opportunity_id = e.opportunity_id AND (p.at, p.id) < (e.at, e.id)
                                  AND p.to_stage >= 'visitor'
                              ORDER BY p.at DESC, p.id DESC LIMIT 1)
                        ELSE leadflow.base(e.from_stage) END AS last_stage
            FROM stage_event e
            LEFT JOIN opportunity o ON o.id = e.opportunity_id
            WHERE e.to_stage < 'visitor' AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END)) h
      LEFT JOIN current_stage l ON l.event_id = h.id
      GROUP BY h.subject, h.last_stage, h.exit_stage, h.reason) x
LEFT JOIN reason r ON r.code = x.reason
ORDER BY x.subject, x.exits DESC, x.last_stage, x.exit_stage, x.reason;
COMMENT ON VIEW leakage IS 'Where exactly leads and opportunities get lost, and why, as known at leadflow.clock(): from which stage into which exit. Every exit counts, also one that the lead came back from. Leads in lead_outside are left out.';
COMMENT ON COLUMN leakage.subject IS 'lead or opportunity';
COMMENT ON COLUMN leakage.last_stage IS 'last stage of the spine before the exit; null where there was none';
COMMENT ON COLUMN leakage.last_ordinal IS 'its place on the spine, 1 to 16';
COMMENT ON COLUMN leakage.exit_stage IS 'exit that was taken: nurture, disqualified, lost or churned';
COMMENT ON COLUMN leakage.reason IS 'code of the reason given; null for none';
COMMENT ON COLUMN leakage.label_en IS 'the reason in English';
COMMENT ON COLUMN leakage.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN leakage.exits IS 'number of exits';
COMMENT ON COLUMN leakage.leads IS 'number of different leads among them; a lead counts once';
COMMENT ON COLUMN leakage.still_out IS 'number of these exits that were not followed by another move';
COMMENT ON COLUMN leakage.share IS 'share of all exits of leads, or of opportunities, 0..1';
