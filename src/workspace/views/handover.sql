CREATE OR REPLACE VIEW handover AS
SELECT q.lead_id,
       l.full_name,
       CASE WHEN v.verdict IS NULL THEN l.owner ELSE v.owner END AS owner,
       CASE WHEN v.verdict IS NULL THEN m.team ELSE v.team END AS team,
       l.origin,
       l.campaign_id,
       l.segment,
       l.variant,
       q.at AS mql_at,
       q.implied AS mql_implied,
       t.contact_at AS first_contact_at,
       v.verdict,
       v.at AS verdict_at,
       v.reason AS verdict_reason,
       v.verdict IS NULL AND EXISTS (SELECT FROM nurture_stay n
                                     WHERE n.lead_id = q.lead_id AND n.entered_at >= q.at AND n.entered_at <= (SELECT leadflow.clock())
                                         AND n.from_stage >= 'mql' AND n.from_stage < 'sal') AS returned_unreached
FROM (SELECT DISTINCT ON (e.lead_id) e.lead_id, e.at, e.implied
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock()) AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
      ORDER BY e.lead_id, e.at, e.id) q
JOIN lead l ON l.id = q.lead_id
LEFT JOIN team_member m ON m.member = l.owner
LEFT JOIN (SELECT t.lead_id, pg_catalog.min(t.at) AS contact_at
           FROM touch t
           JOIN touch_kind k ON k.kind = t.kind
           WHERE k.is_contact AND t.direction = 'outbound' AND t.at <= (SELECT leadflow.clock())
           GROUP BY t.lead_id) t ON t.lead_id = q.lead_id
-- the first answer of sales
LEFT JOIN (SELECT DISTINCT ON (v.lead_id) v.lead_id, v.at, v.reason, v.verdict, v.owner, v.team
           FROM verdict v
           WHERE v.at <= (SELECT leadflow.clock())
           ORDER BY v.lead_id, v.at, v.id) v ON v.lead_id = q.lead_id
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = q.lead_id);
COMMENT ON VIEW handover IS 'Every lead that marketing handed over (it reached mql, or passed through it), and what sales made of it, as known at leadflow.clock(). Owner and team are those of the verdict, without one the present ones; origin, campaign, segment and variant are the present ones. Leads in lead_outside are left out.';
COMMENT ON COLUMN handover.lead_id IS 'the lead';
COMMENT ON COLUMN handover.full_name IS 'name of the person';
COMMENT ON COLUMN handover.owner IS 'who owned the lead when it got its verdict; without one, its present owner';
COMMENT ON COLUMN handover.team IS 'the owner''s team then';
COMMENT ON COLUMN handover.origin IS 'where the lead came from';
COMMENT ON COLUMN handover.campaign_id IS 'campaign that brought it';
COMMENT ON COLUMN handover.segment IS 'market segment';
COMMENT ON COLUMN handover.variant IS 'product line or region; * for the general ones';
COMMENT ON COLUMN handover.mql_at IS 'when it first reached mql';
COMMENT ON COLUMN handover.mql_implied IS 'whether it only passed through mql by a move further on';
COMMENT ON COLUMN handover.first_contact_at IS 'first attempt to reach the lead (an outbound touch that counts as contact), also before the handover; null for none';
COMMENT ON COLUMN handover.verdict IS 'first answer of sales (verdict): accepted, rejected, or null for none; a lead that nobody reached after all attempts has none';
COMMENT ON COLUMN handover.verdict_at IS 'when it was given';
COMMENT ON COLUMN handover.verdict_reason IS 'code of the reason given';
COMMENT ON COLUMN handover.returned_unreached IS 'whether it went to nurture without a verdict, as all attempts to reach it were made';
