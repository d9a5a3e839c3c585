CREATE OR REPLACE VIEW routing_faults AS
WITH rule AS (
    SELECT r.rule,
           r.position,
           r.on_stage,
           r.variant,
           r.to_account_owner,
           r.pool,
           r.territory IS NULL AND r.industry IS NULL AND r.segment IS NULL AND r.condition IS NULL
               AND NOT r.to_account_owner AS takes_all
    FROM routing_rule r
    WHERE r.active
), used AS (
    SELECT DISTINCT p.pool, p.fallback_owner
    FROM pool p
    WHERE p.pool IN (SELECT r.pool FROM rule r WHERE NOT r.to_account_owner)
        OR (p.pool = 'default' AND EXISTS (SELECT FROM rule))
)
SELECT f.fault,
       f.rule,
       f.pool,
       f.member,
       f.account_id,
       f.explanation
FROM (
    SELECT 'member_inactive' AS fault, NULL::text AS rule, m.pool, m.member, NULL::bigint AS account_id,
           pg_catalog.format('%s is a member of pool %s and has left', m.member, m.pool) AS explanation
    FROM pool_member m
    JOIN team_member t ON t.member = m.member AND NOT t.active
    UNION ALL
    SELECT 'fallback_inactive' AS fault, NULL::text AS rule, p.pool, p.fallback_owner AS member, NULL::bigint AS account_id,
           pg_catalog.format('%s is the fallback of pool %s and has left', p.fallback_owner, p.pool) AS explanation
    FROM pool p
    JOIN team_member t ON t.member = p.fallback_owner AND NOT t.active
    UNION ALL
    SELECT 'fallback_absent' AS fault, NULL::text AS rule, p.pool, p.fallback_owner AS member, NULL::bigint AS account_id,
           pg_catalog.format('%s is the fallback of pool %s and is absent', p.fallback_owner, p.pool) AS explanation
    FROM pool p
    JOIN team_member t ON t.member = p.fallback_owner AND t.active
    WHERE EXISTS (SELECT FROM absence a
                  WHERE a.member = p.fallback_owner AND a.from_at <= (SELECT leadflow.clock()) AND a.until_at > (SELECT leadflow.clock()))
    UNION ALL
    SELECT 'pool_without_members' AS fault, r.rule, u.pool, NULL::text AS member, NULL::bigint AS account_id,
           pg_catalog.format('nobody in pool %s can have a lead: all of them go to %s', u.pool, u.fallback_owner) AS explanation
    FROM used u
    LEFT JOIN rule r ON r.pool = u.pool AND NOT r.to_account_owner
    WHERE NOT EXISTS (SELECT FROM pool_member m
                      JOIN team_member t ON t.member = m.member AND t.active
                      WHERE m.pool = u.pool AND m.capacity IS DISTINCT FROM 0)
    UNION ALL
    SELECT 'rule_never_matches' AS fault, r.rule, r.pool, NULL::text AS member, NULL::bigint AS account_id,
           pg_catalog.format('rule %s is never reached: %s comes first and takes every lead', r.rule, e.rule) AS explanation
    FROM rule r
    CROSS JOIN LATERAL (
        SELECT e.rule
        FROM rule e
        WHERE e.takes_all AND e.on_stage = r.on_stage AND e.variant IN ('*', r.variant)
            AND (e.position, e.rule COLLATE pg_catalog."C") < (r.position, r.rule COLLATE pg_catalog."C")
        ORDER BY e.position, e.rule COLLATE pg_catalog."C"
        LIMIT 1) e
    UNION ALL
    SELECT 'account_owner_inactive' AS fault, NULL::text AS rule, NULL::text AS pool, a.owner AS member, a.id AS account_id,
           pg_catalog.format('account %s belongs to %s, who %s', COALESCE(a.name, a.id::text), a.owner,
                             CASE WHEN t.member IS NULL THEN 'is not a member of a team' ELSE 'has left' END) AS explanation
    FROM account a
    LEFT JOIN team_member t ON t.member = a.owner
    WHERE pg_catalog.btrim(a.owner) <> '' AND t.active IS NOT TRUE
        AND EXISTS (SELECT FROM rule r WHERE r.to_account_owner)
) f
ORDER BY f.fault, f.pool, f.rule, f.member, f.account_id;
COMMENT ON VIEW routing_faults IS 'Routing rules and pools that point at somebody who cannot have the lead, and rules that are never reached, at leadflow.clock(). Empty is right.';
COMMENT ON COLUMN routing_faults.fault IS 'member_inactive, fallback_inactive, fallback_absent, pool_without_members (none that is active and may have a lead, in a pool that rules use), rule_never_matches (an earlier rule without conditions takes all) or account_owner_inactive (while a rule gives leads to the owners of accounts)';
COMMENT ON COLUMN routing_faults.rule IS 'the active rule that meets it; null where it is not about one, or about leads that no rule matches';
COMMENT ON COLUMN routing_faults.pool IS 'the pool; null where it is about an account';
COMMENT ON COLUMN routing_faults.member IS 'who is named and cannot have the lead; null where nobody is';
COMMENT ON COLUMN routing_faults.account_id IS 'the account; null where it is about a pool';
COMMENT ON COLUMN routing_faults.explanation IS 'the fault in words';
