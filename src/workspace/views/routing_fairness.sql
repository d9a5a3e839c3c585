CREATE OR REPLACE VIEW routing_fairness AS
SELECT m.pool,
       m.member,
       t.full_name AS member_name,
       t.active,
       m.weight::bigint AS weight,
       (m.weight::numeric / pg_catalog.sum(m.weight) OVER w)::numeric(9,6) AS weight_share,
       m.assigned,
       (m.assigned + m.credit)::numeric(15,3) AS earned,
       (m.assigned / CASE WHEN pg_catalog.sum(m.assigned) OVER w > 0 THEN pg_catalog.sum(m.assigned) OVER w END)::numeric(9,6) AS assigned_share,
       (- m.credit)::numeric(15,3) AS leads_off,
       m.last_assigned_at
FROM (SELECT p.pool, p.member, p.weight,
             COALESCE(g.assigned, 0) AS assigned,
             COALESCE(c.credits[pg_catalog.array_position(c.members, p.member)], 0) AS credit,
             g.last_assigned_at
      FROM pool_member p
      LEFT JOIN (SELECT a.pool, a.owner, pg_catalog.count(*) AS assigned, pg_catalog.max(a.at) AS last_assigned_at
                 FROM assignment a
                 WHERE a.turn IS NOT NULL
                 GROUP BY a.pool, a.owner) g ON g.pool = p.pool AND g.owner = p.member
      LEFT JOIN LATERAL (SELECT a.members, a.credits
                         FROM assignment a
                         -- who has left a pool and come back has earned what he had
                         WHERE a.pool = p.pool AND a.turn IS NOT NULL AND p.member = ANY (a.members)
                         ORDER BY a.turn DESC
                         LIMIT 1) c ON true) m
JOIN team_member t ON t.member = m.member
WINDOW w AS (PARTITION BY m.pool)
ORDER BY m.pool, m.member;
COMMENT ON VIEW routing_fairness IS 'The members of pools: what share of the leads was promised to them, and what they got by turns. Leads that an account''s owner or a fallback got are not among them.';
COMMENT ON COLUMN routing_fairness.pool IS 'the pool';
COMMENT ON COLUMN routing_fairness.member IS 'the member';
COMMENT ON COLUMN routing_fairness.member_name IS 'the member''s name';
COMMENT ON COLUMN routing_fairness.active IS 'false once the member has left';
COMMENT ON COLUMN routing_fairness.weight IS 'the member''s weight, as it is now';
COMMENT ON COLUMN routing_fairness.weight_share IS 'the weight in all weights of the pool, 0 to 1: the share while every member is eligible';
COMMENT ON COLUMN routing_fairness.assigned IS 'leads that the member was given';
COMMENT ON COLUMN routing_fairness.earned IS 'leads that were promised: the share, by the weights of then, of every lead for which the member was eligible';
COMMENT ON COLUMN routing_fairness.assigned_share IS 'the member''s part of the leads that the present members were given, 0 to 1; null while there were none';
COMMENT ON COLUMN routing_fairness.leads_off IS 'assigned less earned: leads that the member got too many, or, negative, too few. Less than 1 either way as long as the same members are eligible';
COMMENT ON COLUMN routing_fairness.last_assigned_at IS 'when the member was last given one';
