CREATE OR REPLACE VIEW stalled AS
SELECT c.subject,
       CASE WHEN c.opportunity_id IS NULL THEN c.lead_id ELSE o.lead_id END AS lead_id,
       c.opportunity_id,
       CASE WHEN c.opportunity_id IS NULL THEN l.full_name ELSE o.name END AS name,
       c.stage,
       c.spine_stage,
       c.ordinal,
       CASE WHEN c.opportunity_id IS NULL THEN l.owner ELSE o.owner END AS owner,
       m.team,
       c.entered_at,
       c.age_seconds,
       c.norm_seconds,
       c.age_seconds - c.norm_seconds AS over_norm_seconds,
       c.amount,
       c.currency,
       c.origin,
       c.variant,
       c.segment
FROM current_stage c
LEFT JOIN lead l ON l.id = c.lead_id
LEFT JOIN opportunity o ON o.id = c.opportunity_id
LEFT JOIN team_member m ON m.member = CASE WHEN c.opportunity_id IS NULL THEN l.owner ELSE o.owner END
WHERE c.over_norm
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN c.opportunity_id IS NULL THEN c.lead_id ELSE o.lead_id END)
ORDER BY c.age_seconds - c.norm_seconds DESC, 2, c.opportunity_id;
COMMENT ON VIEW stalled IS 'Leads and opportunities that are in their stage for longer than its norm at leadflow.clock(), the longest over first. Leads in lead_outside are left out.';
COMMENT ON COLUMN stalled.subject IS 'lead or opportunity';
COMMENT ON COLUMN stalled.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN stalled.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stalled.name IS 'name of the person, or of the deal';
COMMENT ON COLUMN stalled.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stalled.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stalled.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stalled.owner IS 'who owns it now';
COMMENT ON COLUMN stalled.team IS 'the owner''s team now';
COMMENT ON COLUMN stalled.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN stalled.age_seconds IS 'time in the stage so far: elapsed, whole seconds';
COMMENT ON COLUMN stalled.norm_seconds IS 'longest time that the stage should last, in seconds';
COMMENT ON COLUMN stalled.over_norm_seconds IS 'how much longer it has lasted, in seconds';
COMMENT ON COLUMN stalled.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN stalled.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
COMMENT ON COLUMN stalled.origin IS 'origin on entry';
COMMENT ON COLUMN stalled.variant IS 'variant on entry';
COMMENT ON COLUMN stalled.segment IS 'segment on entry';
