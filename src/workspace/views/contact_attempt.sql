-- One pass over the touches of a lead in the order of time: an attempt is
-- answered where the next thing that happens is that the lead speaks.
CREATE OR REPLACE VIEW contact_attempt AS
SELECT w.lead_id,
       w.attempt,
       w.touch_id,
       w.at AS attempt_at,
       w.kind,
       w.channel,
       w.actor,
       CASE WHEN w.next_direction = 'inbound' THEN w.next_at END AS answered_at
FROM (SELECT s.lead_id, s.touch_id, s.at, s.kind, s.channel, s.actor, s.direction,
             pg_catalog.count(*) FILTER (WHERE s.direction = 'outbound') OVER walked AS attempt,
             pg_catalog.lead(s.direction) OVER walked AS next_direction,
             pg_catalog.lead(s.at) OVER walked AS next_at
      FROM (SELECT t.lead_id,
                   t.id AS touch_id,
                   t.at,
                   t.kind,
                   COALESCE(t.channel, t.kind) AS channel,
                   t.actor,
                   t.direction,
                   -- logged twice in the same minute
                   t.direction = 'outbound' AND pg_catalog.date_trunc('minute', t.at) = pg_catalog.date_trunc('minute',
                       pg_catalog.max(CASE WHEN t.direction = 'outbound' THEN t.at END) OVER logged) AS again
            FROM touch t
            JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
            WHERE t.lead_id IS NOT NULL AND t.at <= (SELECT leadflow.clock())
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
            WINDOW logged AS (PARTITION BY t.lead_id ORDER BY t.at, t.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) s
      WHERE s.again IS NOT TRUE
      WINDOW walked AS (PARTITION BY s.lead_id ORDER BY s.at, s.touch_id)) w
WHERE w.direction = 'outbound';
COMMENT ON VIEW contact_attempt IS 'Every attempt to reach a lead, as known at leadflow.clock(), and whether the lead answered before the next one. Attempts are outbound touches of a kind that counts as contact, answers inbound ones; what was logged again in the same minute counts once. Leads in lead_outside are left out.';
COMMENT ON COLUMN contact_attempt.lead_id IS 'the lead';
COMMENT ON COLUMN contact_attempt.attempt IS 'number of the attempt: the first is 1';
COMMENT ON COLUMN contact_attempt.touch_id IS 'the touch (touch.id); of a double log the first';
COMMENT ON COLUMN contact_attempt.attempt_at IS 'when it was made';
COMMENT ON COLUMN contact_attempt.kind IS 'kind of touch';
COMMENT ON COLUMN contact_attempt.channel IS 'channel, or the kind where the touch names none';
COMMENT ON COLUMN contact_attempt.actor IS 'team member who made it';
COMMENT ON COLUMN contact_attempt.answered_at IS 'when the lead first called, wrote or met after it and before the next attempt; null where it did not';
