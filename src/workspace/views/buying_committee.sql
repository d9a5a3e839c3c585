CREATE OR REPLACE VIEW buying_committee AS
WITH committee AS (
    SELECT m.account_id,
           pg_catalog.array_agg(DISTINCT m.committee_role) AS roles,
           pg_catalog.count(DISTINCT m.person) AS members,
           pg_catalog.count(DISTINCT m.person) FILTER (WHERE m.stance = 'supports') AS supporters,
           pg_catalog.count(DISTINCT m.person) FILTER (WHERE m.stance = 'opposes') AS opponents,
           pg_catalog.count(DISTINCT m.person) FILTER (WHERE m.stance = 'unknown') AS stance_unknown
    -- the latest word of each person in each role
    FROM (SELECT DISTINCT ON (m.account_id, p.person, m.committee_role) m.account_id, p.person, m.committee_role, m.stance
          FROM committee_member m
          CROSS JOIN LATERAL (SELECT COALESCE('lead ' || m.lead_id, 'title ' || m.who_key) AS person) p
          WHERE m.since <= (SELECT leadflow.clock()) AND (m.until > (SELECT leadflow.clock()) OR m.until IS NULL)
              AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = m.lead_id)
          ORDER BY m.account_id, p.person, m.committee_role, m.since DESC, m.id DESC) m
    GROUP BY m.account_id
)
SELECT d.opportunity_id,
       d.name,
       d.account_id,
       a.name AS account,
       d.segment,
       d.stage,
       d.owner,
       d.value,
       r.roles_needed,
       r.roles_present,
       (r.roles_present::numeric / NULLIF(r.roles_needed, 0))::numeric(9,6) AS present_share,
       r.present,
       r.missing,
       COALESCE(c.members, 0) AS members,
       COALESCE(c.supporters, 0) AS supporters,
       COALESCE(c.opponents, 0) AS opponents,
       COALESCE(c.stance_unknown, 0) AS stance_unknown
FROM deal d
LEFT JOIN account a ON a.id = d.account_id
LEFT JOIN committee c ON c.account_id = d.account_id
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS roles_needed,
           pg_catalog.count(*) FILTER (WHERE n.present) AS roles_present,
           pg_catalog.string_agg(n.committee_role, ', ' ORDER BY n.position, n.committee_role) FILTER (WHERE n.present) AS present,
           pg_catalog.string_agg(n.committee_role, ', ' ORDER BY n.position, n.committee_role) FILTER (WHERE NOT n.present) AS missing
    FROM (SELECT r.committee_role, r.position, COALESCE(r.committee_role = ANY (c.roles), false) AS present
          FROM committee_role r
          WHERE r.active AND (r.segments IS NULL OR d.segment = ANY (r.segments)) AND leadflow.ordinal(r.needed_from) <= d.ordinal) n) r
WHERE d.outcome = 'open';
COMMENT ON VIEW buying_committee IS 'Who takes part in the decision on each open deal, and who is missing, as known at leadflow.clock(). Members are those of the deal''s account. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN buying_committee.opportunity_id IS 'the deal';
COMMENT ON COLUMN buying_committee.name IS 'its name';
COMMENT ON COLUMN buying_committee.account_id IS 'its account; null where none is known: then every role is missing';
COMMENT ON COLUMN buying_committee.account IS 'name of the account';
COMMENT ON COLUMN buying_committee.segment IS 'segment of the deal';
COMMENT ON COLUMN buying_committee.stage IS 'the stage that the deal is in';
COMMENT ON COLUMN buying_committee.owner IS 'its owner';
COMMENT ON COLUMN buying_committee.value IS 'its value, in the currency of the workspace; null where it is not known';
COMMENT ON COLUMN buying_committee.roles_needed IS 'number of roles that a deal of this segment needs at this stage';
COMMENT ON COLUMN buying_committee.roles_present IS 'how many of them somebody has';
COMMENT ON COLUMN buying_committee.present_share IS 'roles_present / roles_needed, 0..1; null where none is needed';
COMMENT ON COLUMN buying_committee.present IS 'roles that somebody has; null for none';
COMMENT ON COLUMN buying_committee.missing IS 'roles that nobody has; null for none';
COMMENT ON COLUMN buying_committee.members IS 'number of members, in whatever role';
COMMENT ON COLUMN buying_committee.supporters IS 'how many of them support it';
COMMENT ON COLUMN buying_committee.opponents IS 'how many oppose it';
COMMENT ON COLUMN buying_committee.stance_unknown IS 'of how many the stance is not known';
