/*
 * The strength on a topic jumps at each signal and fades between them.  So the
 * task began at the last signal by which it came from below the threshold to
 * the threshold: what it is after a signal is the sum of those before, faded up
 * to the present, and that times 2 for every half-life since.
 */
CREATE OR REPLACE VIEW intent_tasks AS
SELECT i.account_id,
       a.name AS account,
       a.owner,
       m.team,
       i.topic,
       i.intensity::numeric(18,4) AS intensity,
       i.threshold,
       i.signals,
       i.first_signal_at,
       i.last_signal_at,
       i.crossed_at,
       i.marketing_task,
       i.sales_task,
       (SELECT pg_catalog.count(*)
        FROM lead l
        WHERE l.account_id = i.account_id AND l.stage >= 'visitor' AND l.stage < 'won'
            AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) AS open_leads,
       s.score_in_force AS score,
       LEAST(t.at, u.at) AS done_at
FROM (SELECT g.account_id, g.topic, g.threshold, g.marketing_task, g.sales_task,
             pg_catalog.count(*) AS signals,
             pg_catalog.sum(g.left_now) AS intensity,
             pg_catalog.min(g.at) AS first_signal_at,
             pg_catalog.max(g.at) AS last_signal_at,
             COALESCE(pg_catalog.max(g.at) FILTER (WHERE g.reached >= g.enough AND g.reached - g.strength < g.enough), pg_catalog.min(g.at)) AS crossed_at
      FROM (SELECT g.account_id, g.topic, g.at, g.strength, g.threshold, g.enough, g.marketing_task, g.sales_task, g.left_now,
                   pg_catalog.sum(g.left_now) OVER (PARTITION BY g.account_id, g.topic ORDER BY g.at, g.id) * pg_catalog.power(2::float8, g.half_lives) AS reached
            FROM (SELECT g.id, g.account_id, g.topic, g.at, g.strength::float8 AS strength, t.threshold, t.marketing_task, t.sales_task, f.half_lives,
                         -- a little less, for what is lost by rounding
                         t.threshold::float8 * (1 - 1e-9::float8) AS enough,
                         leadflow.decayed(g.strength::float8, g.at, t.half_life, (SELECT leadflow.clock())) AS left_now
                  FROM intent_signal g
                  JOIN intent_topic t ON t.topic = g.topic AND t.active
                  CROSS JOIN LATERAL (SELECT pg_catalog.date_part('epoch', (SELECT leadflow.clock()) - g.at) / pg_catalog.date_part('epoch', t.half_life) AS half_lives) f
                  -- what has faded a hundred times over is nothing; OFFSET 0: before the power, which would overflow
                  WHERE g.at <= (SELECT leadflow.clock()) AND g.strength > 0 AND f.half_lives <= 100
                  OFFSET 0) g) g
      GROUP BY g.account_id, g.topic, g.threshold, g.enough, g.marketing_task, g.sales_task
      HAVING pg_catalog.sum(g.left_now) >= g.enough) i
JOIN account a ON a.id = i.account_id
LEFT JOIN team_member m ON m.member = a.owner
-- OFFSET 0: each by its number
LEFT JOIN LATERAL (SELECT s.score_in_force FROM account_scores s WHERE s.account_id = i.account_id OFFSET 0) s ON true
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM lead l
                   JOIN touch t ON t.lead_id = l.id AND t.at >= i.crossed_at AND t.at <= (SELECT leadflow.clock())
                   JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
                   WHERE l.account_id = i.account_id AND t.direction = 'outbound') t ON true
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM touch t
                   JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
                   WHERE t.account_id = i.account_id AND t.direction = 'outbound' AND t.at >= i.crossed_at AND t.at <= (SELECT leadflow.clock())) u ON true;
COMMENT ON VIEW intent_tasks IS 'What to do about the companies that show interest in a topic now: those whose signals on an active topic (intent_topic), each faded by its half-life, add up to its threshold at leadflow.clock(). A task goes when the interest has faded, and is new when more signals bring it back. Signals and touches are as known at leadflow.clock(), company, owner and leads the present ones.';
COMMENT ON COLUMN intent_tasks.account_id IS 'the company';
COMMENT ON COLUMN intent_tasks.account IS 'name of the company';
COMMENT ON COLUMN intent_tasks.owner IS 'team member who owns the account; null for nobody';
COMMENT ON COLUMN intent_tasks.team IS 'the owner''s team';
COMMENT ON COLUMN intent_tasks.topic IS 'what it is interested in';
COMMENT ON COLUMN intent_tasks.intensity IS 'sum of the strengths of its signals, faded up to now';
COMMENT ON COLUMN intent_tasks.threshold IS 'from where on there is something to do';
COMMENT ON COLUMN intent_tasks.signals IS 'number of signals that still count, however little';
COMMENT ON COLUMN intent_tasks.first_signal_at IS 'the first of them';
COMMENT ON COLUMN intent_tasks.last_signal_at IS 'the last of them';
COMMENT ON COLUMN intent_tasks.crossed_at IS 'the signal that brought it up to the threshold: since then there is something to do';
COMMENT ON COLUMN intent_tasks.marketing_task IS 'what marketing does: the series to send';
COMMENT ON COLUMN intent_tasks.sales_task IS 'what the owner does: the talk to start';
COMMENT ON COLUMN intent_tasks.open_leads IS 'number of leads of the company that are on the path and not won yet';
COMMENT ON COLUMN intent_tasks.score IS 'score of the company (account_scores.score_in_force); null for none';
COMMENT ON COLUMN intent_tasks.done_at IS 'first attempt to reach the company, or a lead of it, since crossed_at (an outbound touch that counts as contact, whoever made it); null while nobody did';
