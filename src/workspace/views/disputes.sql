CREATE OR REPLACE VIEW disputes AS
SELECT v.verdict_id,
       v.lead_id,
       v.full_name,
       v.given_at AS rejected_at,
       v.actor AS rejected_by,
       v.owner,
       v.team,
       v.campaign_id,
       v.reason,
       v.category,
       v.note,
       v.answered_at AS disputed_at,
       v.answered_by AS disputed_by,
       v.answer_note,
       s.stage,
       s.entered_at AS stage_since_at,
       f.how AS won_how,
       f.won_at
FROM verdicts v
LEFT JOIN current_stage s ON s.lead_id = v.lead_id AND s.subject = 'lead'
LEFT JOIN false_rejections f ON f.verdict_id = v.verdict_id
WHERE v.in_force AND v.verdict = 'rejected' AND v.answer = 'disputes'
ORDER BY v.answered_at, v.verdict_id;
COMMENT ON VIEW disputes IS 'Rejections that stand and that marketing disputes, the oldest dispute first, with what both sides say and what became of the lead, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN disputes.verdict_id IS 'the rejection';
COMMENT ON COLUMN disputes.lead_id IS 'the lead';
COMMENT ON COLUMN disputes.full_name IS 'name of the person';
COMMENT ON COLUMN disputes.rejected_at IS 'when it was rejected';
COMMENT ON COLUMN disputes.rejected_by IS 'role in whose name it was rejected';
COMMENT ON COLUMN disputes.owner IS 'owner of the lead then';
COMMENT ON COLUMN disputes.team IS 'the owner''s team then';
COMMENT ON COLUMN disputes.campaign_id IS 'campaign of the lead then';
COMMENT ON COLUMN disputes.reason IS 'code of the reason given';
COMMENT ON COLUMN disputes.category IS 'category of the reason';
COMMENT ON COLUMN disputes.note IS 'what sales says';
COMMENT ON COLUMN disputes.disputed_at IS 'when marketing disputed it';
COMMENT ON COLUMN disputes.disputed_by IS 'role in whose name it did';
COMMENT ON COLUMN disputes.answer_note IS 'what marketing says';
COMMENT ON COLUMN disputes.stage IS 'where the lead is now';
COMMENT ON COLUMN disputes.stage_since_at IS 'since when it is there';
COMMENT ON COLUMN disputes.won_how IS 'how it was won later all the same: see false_rejections; null where it was not';
COMMENT ON COLUMN disputes.won_at IS 'when it was won later';
