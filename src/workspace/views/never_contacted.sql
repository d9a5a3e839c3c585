CREATE OR REPLACE VIEW never_contacted AS
SELECT h.lead_id,
       h.full_name,
       l.stage::text AS stage,
       leadflow.is_exit(l.stage) AS is_exit,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.mql_at,
       leadflow.seconds((SELECT leadflow.clock()) - h.mql_at) AS waiting_seconds
FROM handover h
JOIN lead l ON l.id = h.lead_id
WHERE h.first_contact_at IS NULL
ORDER BY h.mql_at, h.lead_id;
COMMENT ON VIEW never_contacted IS 'Leads that were handed over and that nobody has tried to reach at leadflow.clock(), the longest waiting first. Leads that have left the path since are among them. Leads in lead_outside are left out.';
COMMENT ON COLUMN never_contacted.lead_id IS 'the lead';
COMMENT ON COLUMN never_contacted.full_name IS 'name of the person';
COMMENT ON COLUMN never_contacted.stage IS 'where the lead is now';
COMMENT ON COLUMN never_contacted.is_exit IS 'whether it has left the path now';
COMMENT ON COLUMN never_contacted.owner IS 'who owned the lead when it got its verdict; without one, its present owner';
COMMENT ON COLUMN never_contacted.team IS 'the owner''s team then';
COMMENT ON COLUMN never_contacted.origin IS 'where the lead came from';
COMMENT ON COLUMN never_contacted.campaign_id IS 'campaign that brought it';
COMMENT ON COLUMN never_contacted.mql_at IS 'when it first reached mql';
COMMENT ON COLUMN never_contacted.waiting_seconds IS 'time since then: elapsed, whole seconds';
