-- The verdicts that the moves of the history say, where that was written past the recorder: the first answer
-- of sales to the first handover of each lead.  The workspace is on the search path.
ALTER TABLE verdict DISABLE TRIGGER USER;
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, stage, reason, variant, owner, team)
SELECT DISTINCT ON (e.lead_id) e.lead_id, CASE WHEN e.to_stage >= 'sal' THEN 'accepted' ELSE 'rejected' END, e.at, h.at, e.to_stage, e.reason, e.variant, l.owner, m.team
FROM (SELECT DISTINCT ON (lead_id) lead_id, at, id
      FROM stage_event
      WHERE opportunity_id IS NULL AND to_stage >= 'mql' AND to_stage < 'contacted'
      ORDER BY lead_id, at, id) h
JOIN stage_event e ON e.lead_id = h.lead_id AND (e.at, e.id) > (h.at, h.id)
JOIN lead l ON l.id = e.lead_id
LEFT JOIN team_member m ON m.member = l.owner
WHERE e.opportunity_id IS NULL
    AND (e.to_stage >= 'sal' OR e.to_stage < 'visitor' OR e.reason IS NOT NULL AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage))
ORDER BY e.lead_id, e.at, e.id;
ALTER TABLE verdict ENABLE TRIGGER USER;
