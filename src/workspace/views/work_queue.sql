/*
 * The order of work, the same as in order_of_work: first by band (overdue; soon:
 * in warning, or due within an hour; day: due within 24 hours, or waiting with
 * nothing promised; later), in a band the highest score first, then the earliest
 * due time.  So what is urgent comes first, and among what is equally urgent the
 * score decides.
 */
CREATE OR REPLACE VIEW work_queue AS
SELECT w.owner,
       m.team,
       pg_catalog.row_number() OVER (PARTITION BY w.owner
           ORDER BY w.band, f.score DESC NULLS LAST, w.due_at NULLS LAST, w.lead_id, w.opportunity_id, w.task, w.account_id, w.what) AS position,
       (ARRAY['overdue', 'soon', 'day', 'later'])[w.band] AS band,
       w.task,
       w.lead_id,
       w.opportunity_id,
       w.full_name,
       a.name AS account,
       w.stage::text AS stage,
       w.clock_id,
       w.due_at,
       w.remaining_seconds,
       w.state,
       f.score::numeric(15,4) AS score,
       z.grade,
       w.urgency,
       w.attempts_left,
       w.channel,
       CASE w.task
           WHEN 'wake' THEN 'rested in nurture until now: decide whether it comes back'
           WHEN 'assign' THEN 'in ' || w.stage::text || ' without an owner'
           WHEN 'verdict' THEN 'accept or reject'
           WHEN 'attempt' THEN w.what
           WHEN 'intent' THEN w.what
           ELSE pg_catalog.replace(w.policy, '_', ' ') END
       || CASE WHEN w.remaining_seconds IS NULL THEN ''
               ELSE CASE WHEN w.state = 'breached' THEN ', overdue by ' ELSE ', due in ' END
                   || CASE WHEN t.seconds < 60 THEN 'less than a minute'
                           WHEN t.seconds < 120 THEN '1 minute'
                           WHEN t.seconds < 7200 THEN t.seconds / 60 || ' minutes'
                           WHEN w.measure = 'working' OR t.seconds < 172800 THEN t.seconds / 3600 || ' hours'
                           ELSE t.seconds / 86400 || ' days' END
                   || CASE WHEN w.measure = 'working' THEN ' of working time' ELSE '' END END AS why,
       COALESCE(v.promise, g.promise) AS promise
FROM (SELECT d.*,
             -- who calls answers all that waits for an answer, and makes an attempt
             pg_catalog.row_number() OVER (PARTITION BY d.owner, d.lead_id, d.opportunity_id,
                     CASE WHEN d.task IN ('answer', 'attempt', 'assign') THEN 0 ELSE d.clock_id END,
                     CASE WHEN d.task = 'intent' THEN d.account_id END, CASE WHEN d.task = 'intent' THEN d.what END
                 ORDER BY d.band, d.due_at NULLS LAST, d.clock_id) AS nth
      FROM (SELECT s.owner, l.id AS lead_id, NULL::bigint AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   CASE WHEN s.owner IS NULL THEN 'assign' ELSE s.owes END AS task,
                   s.clock_id, s.policy, s.variant, s.measure, s.due_at, s.remaining_seconds, s.state,
                   NULL::bigint AS attempts_left, NULL AS channel,
                   CASE WHEN s.state = 'breached' THEN 1
                        WHEN s.state = 'warning' OR s.due_at <= (SELECT leadflow.clock()) + interval '1 hour' THEN 2
                        WHEN s.due_at <= (SELECT leadflow.clock()) + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   NULL AS what, NULL::numeric AS account_score
            FROM sla_open s
            JOIN lead l ON l.id = s.lead_id
            WHERE s.opportunity_id IS NULL AND s.state <> 'paused' AND s.owes <> 'attempts'
            UNION ALL
            -- a row for the next attempt, due in time of the wall clock
            SELECT s.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   CASE WHEN s.owner IS NULL THEN 'assign' ELSE 'attempt' END AS task,
                   s.clock_id, s.policy, s.variant, 'elapsed' AS measure, u.due_at, leadflow.seconds(u.due_at - u.at) AS remaining_seconds,
                   CASE WHEN u.due_at < u.at THEN 'breached' ELSE 'running' END AS state,
                   p.attempts_left, k.channel,
                   CASE WHEN u.due_at < u.at THEN 1
                        WHEN p.next_attempt_at > u.at THEN 4
                        WHEN u.due_at <= u.at + interval '1 hour' THEN 2
                        WHEN u.due_at <= u.at + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   'attempt ' || p.attempts_made + 1 || ' of ' || p.attempts_made + p.attempts_left
                       || CASE WHEN p.channels_tried < p.channels_wanted THEN ', ' || k.channel || ' not tried yet' ELSE ', ' || k.channel END
                       || CASE WHEN p.next_attempt_at > u.at
                               THEN ', not before ' || pg_catalog.to_char(p.next_attempt_at, 'YYYY-MM-DD HH24:MI') ELSE '' END AS what,
                   NULL AS account_score
            FROM sla_open s
            JOIN lead l ON l.id = s.lead_id
            -- OFFSET 0: each by its number
            CROSS JOIN LATERAL (SELECT p.state, p.attempts_made, p.attempts_left, p.channels_wanted, p.channels_tried, p.window_ends_at,
                                       p.next_attempt_at, p.next_attempt_due_at, p.next_kind
                                FROM cadence_progress p
                                WHERE p.clock_id = s.clock_id
                                OFFSET 0) p
            CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS at, COALESCE(p.next_attempt_due_at, p.window_ends_at) AS due_at) u
            -- a channel that is still owed, else the one over which the lead last spoke, else the one used longest ago
            CROSS JOIN LATERAL (
                SELECT COALESCE(CASE WHEN p.channels_tried >= p.channels_wanted THEN
                           (SELECT t.kind
                            FROM touch t
                            JOIN touch_kind i ON i.kind = t.kind AND i.is_contact
                            WHERE t.lead_id = s.lead_id AND t.direction = 'inbound' AND t.at <= (SELECT leadflow.clock())
                            ORDER BY t.at DESC, t.id DESC LIMIT 1) END, p.next_kind) AS channel) k
            WHERE s.owes = 'attempts' AND s.state <> 'paused' AND p.state IN ('running', 'overdue')
            UNION ALL
            SELECT s.owner, s.lead_id, o.id, COALESCE(l.full_name, o.name), COALESCE(o.account_id, l.account_id), o.stage, l.urgency,
                   'approve' AS task, s.clock_id, s.policy, s.variant, s.measure, s.due_at, s.remaining_seconds, s.state,
                   NULL AS attempts_left, NULL AS channel,
                   CASE WHEN s.state = 'breached' THEN 1
                        WHEN s.state = 'warning' OR s.due_at <= (SELECT leadflow.clock()) + interval '1 hour' THEN 2
                        WHEN s.due_at <= (SELECT leadflow.clock()) + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   NULL AS what, NULL AS account_score
            FROM sla_open s
            JOIN opportunity o ON o.id = s.opportunity_id
            LEFT JOIN lead l ON l.id = s.lead_id
            WHERE s.opportunity_id IS NOT NULL AND s.state <> 'paused'
            UNION ALL
            SELECT l.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   'wake' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, l.wake_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, NULL AS what, NULL AS account_score
            FROM lead l
            WHERE l.wake_at <= (SELECT leadflow.clock()) AND l.stage <@ 'nurture'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            UNION ALL
            SELECT l.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   'assign' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, NULL AS due_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, NULL AS what, NULL AS account_score
            FROM lead l
            WHERE l.owner IS NULL AND l.stage >= 'mql' AND l.stage < 'won'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            UNION ALL
            SELECT i.owner, NULL AS lead_id, NULL AS opportunity_id, i.account, i.account_id, NULL AS stage, NULL AS urgency,
                   'intent' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, NULL AS due_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, 'interest in ' || i.topic || ': ' || i.sales_task AS what, i.score AS account_score
            FROM intent_tasks i
            WHERE i.done_at IS NULL) d) w
CROSS JOIN LATERAL (SELECT pg_catalog.abs(w.remaining_seconds) AS seconds) t
LEFT JOIN lead_scores z ON z.lead_id = w.lead_id
CROSS JOIN LATERAL (SELECT COALESCE(z.score_in_force, w.account_score) AS score) f
LEFT JOIN team_member m ON m.member = w.owner
LEFT JOIN account a ON a.id = w.account_id
LEFT JOIN sla_policy v ON v.policy = w.policy AND v.variant = w.variant
LEFT JOIN sla_policy g ON g.policy = w.policy AND g.variant = '*'
WHERE w.nth = 1;
COMMENT ON VIEW work_queue IS 'What every owner has to do now or next, and why, in the order in which it should be done: by band, then the highest score in force, then the earliest due time. What waits for one lead and is done by one touch is one row: the most urgent. Promises are as known at leadflow.clock(); owner, stage, score and urgency are the present ones in the data. Promises that stand still and leads in lead_outside are left out.';
COMMENT ON COLUMN work_queue.owner IS 'who has to do it; null for nobody yet';
COMMENT ON COLUMN work_queue.team IS 'the owner''s team';
COMMENT ON COLUMN work_queue.position IS 'order within the owner''s work: 1 comes first';
COMMENT ON COLUMN work_queue.band IS 'how urgent it is: overdue; soon (in warning, or due within an hour); day (due within 24 hours, or waiting with nothing promised); later';
COMMENT ON COLUMN work_queue.task IS 'answer (the lead waits for a touch), attempt (the next attempt of a cadence), verdict (accept or reject), move (another stage is owed), approve (an opportunity waits), wake (its time in nurture is over), assign (it was handed over and has no owner), or intent (a company shows interest in a topic, and nobody has spoken to it since: intent_tasks)';
COMMENT ON COLUMN work_queue.lead_id IS 'the lead, or the lead of the opportunity; null for intent';
COMMENT ON COLUMN work_queue.opportunity_id IS 'the opportunity; null where it is about a lead';
COMMENT ON COLUMN work_queue.full_name IS 'name of the person, or of the deal; for intent, of the company';
COMMENT ON COLUMN work_queue.account IS 'name of the company';
COMMENT ON COLUMN work_queue.stage IS 'where the lead or opportunity is; null for intent';
COMMENT ON COLUMN work_queue.clock_id IS 'the promise (sla_open.clock_id); null where nothing was promised';
COMMENT ON COLUMN work_queue.due_at IS 'when it is due, for attempts the next one; for wake, when the lead was to come back; null where nothing was promised';
COMMENT ON COLUMN work_queue.remaining_seconds IS 'time left in the clock''s own time, for attempts of the wall clock: whole seconds, below 0 when late; null where nothing was promised';
COMMENT ON COLUMN work_queue.state IS 'running, warning or breached, as in sla_open, of an attempt running or breached; waiting where nothing was promised';
COMMENT ON COLUMN work_queue.score IS 'score in force of the lead (lead_scores.score_in_force); for intent, of the company (account_scores.score_in_force); null for none, which comes last';
COMMENT ON COLUMN work_queue.grade IS 'grade of the lead: B2; null for none';
COMMENT ON COLUMN work_queue.urgency IS 'how urgent the lead''s request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN work_queue.attempts_left IS 'attempt: how many attempts the cadence still asks for; else null';
COMMENT ON COLUMN work_queue.channel IS 'attempt: kind of touch to make it by: one not tried yet while the cadence asks for more channels, else that by which the lead last spoke, else that used longest ago; else null';
COMMENT ON COLUMN work_queue.why IS 'why it is to be done, in words';
COMMENT ON COLUMN work_queue.promise IS 'the policy in words, as now in force';
