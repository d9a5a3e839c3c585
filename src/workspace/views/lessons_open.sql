CREATE OR REPLACE VIEW lessons_open AS
SELECT CASE WHEN l.id IS NULL THEN 'debrief_without_lesson' ELSE 'action' END AS what,
       d.id AS debrief_id,
       l.id AS lesson_id,
       d.opportunity_id,
       d.campaign_id,
       d.at AS held_at,
       COALESCE(l.lesson, d.conclusions) AS lesson,
       l.action,
       COALESCE(l.owner, pg_catalog.array_to_string(d.held_by, ', ')) AS owner,
       l.segment,
       l.persona,
       l.due,
       CASE WHEN l.due IS NOT NULL THEN GREATEST((SELECT leadflow.clock())::date - l.due, 0) END::bigint AS days_late
FROM debrief d
LEFT JOIN lesson l ON l.debrief_id = d.id
LEFT JOIN opportunity o ON o.id = d.opportunity_id
WHERE d.at <= (SELECT leadflow.clock())
    AND (l.done_at > (SELECT leadflow.clock()) OR l.done_at IS NULL)
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id);
COMMENT ON VIEW lessons_open IS 'What was learnt and is not done yet, as known at leadflow.clock(), and debriefs of which nothing follows. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN lessons_open.what IS 'action (a lesson whose action is not done) or debrief_without_lesson';
COMMENT ON COLUMN lessons_open.debrief_id IS 'the debrief';
COMMENT ON COLUMN lessons_open.lesson_id IS 'the lesson; null where there is none';
COMMENT ON COLUMN lessons_open.opportunity_id IS 'deal that was talked about';
COMMENT ON COLUMN lessons_open.campaign_id IS 'campaign that was talked about';
COMMENT ON COLUMN lessons_open.held_at IS 'when the debrief was held';
COMMENT ON COLUMN lessons_open.lesson IS 'the lesson, or the conclusions of the debrief';
COMMENT ON COLUMN lessons_open.action IS 'what is to be done; null where nothing was agreed';
COMMENT ON COLUMN lessons_open.owner IS 'who does it, or who took part in the debrief';
COMMENT ON COLUMN lessons_open.segment IS 'segment that the lesson holds for; null for all';
COMMENT ON COLUMN lessons_open.persona IS 'persona that it holds for; null for all';
COMMENT ON COLUMN lessons_open.due IS 'by which day; null where nothing was agreed';
COMMENT ON COLUMN lessons_open.days_late IS 'days since then, 0 for not late; null where nothing was agreed';
