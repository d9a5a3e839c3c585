/*
 * Leads are counted in groups, all their usual fields in one pass, and the
 * groups are then taken apart by field. What is left, such as a column that the
 * company added, is read row by row.
 */
CREATE OR REPLACE VIEW completeness AS
WITH usual AS (
    SELECT '{full_name,email,phone,role,need,budget,currency,decision_by,urgency,origin,campaign_id,account_id,segment,industry,
        territory,owner,why_now,promised,evidence}'::text[] AS fields
), lead_group AS (
    SELECT leadflow.base(l.stage) AS at_stage,
           leadflow.ordinal(l.furthest_stage) AS at_furthest,
           l.origin AS at_origin,
           l.owner AS at_owner,
           pg_catalog.count(*) AS n,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.full_name), '')) AS full_name,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.email), '')) AS email,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.phone), '')) AS phone,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.role), '')) AS role,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.need), '')) AS need,
           pg_catalog.count(l.budget) AS budget,
           pg_catalog.count(l.currency) AS currency,
           pg_catalog.count(l.decision_by) AS decision_by,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.urgency), '')) AS urgency,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.origin), '')) AS origin,
           pg_catalog.count(l.campaign_id) AS campaign_id,
           pg_catalog.count(l.account_id) AS account_id,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.segment), '')) AS segment,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.industry), '')) AS industry,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.territory), '')) AS territory,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.owner), '')) AS owner,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.why_now), '')) AS why_now,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.promised), '')) AS promised,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.evidence), '')) AS evidence
    FROM lead l
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
        AND l.id IN (SELECT s.id FROM visible_lead s)
    GROUP BY leadflow.base(l.stage), leadflow.ordinal(l.furthest_stage), l.origin, l.owner
), counted AS MATERIALIZED (
    SELECT l.at_stage, l.at_furthest, l.at_origin, l.at_owner, l.n, pg_catalog.to_jsonb(l) AS counts FROM lead_group l
), other AS (
    SELECT 'lead'::text AS object, leadflow.base(l.stage) AS stage, leadflow.ordinal(l.furthest_stage) AS furthest, l.origin, l.owner,
           pg_catalog.to_jsonb(l) AS fields
    FROM lead l
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
        AND l.id IN (SELECT s.id FROM visible_lead s)
        AND EXISTS (
        SELECT FROM field_owner f
        WHERE f.object = 'lead' AND f.field <> ALL ((SELECT u.fields FROM usual u)::text[]))
    UNION ALL
    SELECT 'opportunity'::text AS object, leadflow.base(o.stage) AS stage, leadflow.ordinal(o.furthest_stage) AS furthest, o.origin, o.owner,
           pg_catalog.to_jsonb(o) AS fields
    FROM opportunity o
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
        AND o.id IN (SELECT s.id FROM visible_opportunity s)
    UNION ALL
    SELECT 'account'::text AS object, NULL::leadflow.stage AS stage, s.furthest, NULL::text AS origin, a.owner, pg_catalog.to_jsonb(a) AS fields
    FROM account a
    LEFT JOIN (SELECT x.account_id, leadflow.ordinal(pg_catalog.max(x.furthest_stage)) AS furthest
               FROM (SELECT l.account_id, l.furthest_stage FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
                         AND l.id IN (SELECT s.id FROM visible_lead s)
                     UNION ALL
                     SELECT o.account_id, o.furthest_stage FROM opportunity o
                     WHERE o.id IN (SELECT s.id FROM visible_opportunity s)
                         AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) x
               GROUP BY x.account_id) s ON s.account_id = a.id
    WHERE a.id IN (SELECT s.id FROM visible_account s)
)
SELECT f.object,
       f.field,
       f.team,
       c.stage::text AS stage,
       leadflow.ordinal(c.stage)::bigint AS ordinal,
       c.origin,
       c.owner,
       c.rows,
       c.filled,
       (c.filled / c.rows::numeric)::numeric(9,6) AS filled_share,
       c.owed,
       c.missing
FROM (SELECT k.object, k.field, k.stage, k.origin, k.owner,
             pg_catalog.sum(k.n)::bigint AS rows,
             pg_catalog.sum(k.filled)::bigint AS filled,
             pg_catalog.sum(CASE WHEN k.is_owed THEN k.n ELSE 0 END)::bigint AS owed,
             pg_catalog.sum(CASE WHEN k.is_owed THEN k.n - k.filled ELSE 0 END)::bigint AS missing
      FROM (SELECT f.object, f.field, g.at_stage AS stage, g.at_origin AS origin, g.at_owner AS owner, g.n,
                   (g.counts ->> f.field)::bigint AS filled,
                   COALESCE(g.at_furthest >= leadflow.ordinal(f.owed_from), false) AS is_owed
            FROM counted g
            JOIN field_owner f ON f.object = 'lead' AND f.field = ANY ((SELECT u.fields FROM usual u)::text[])
            UNION ALL
            SELECT f.object, f.field, o.stage, o.origin, o.owner, 1 AS n,
                   CASE WHEN pg_catalog.btrim(o.fields ->> f.field) <> '' THEN 1 ELSE 0 END AS filled,
                   COALESCE(o.furthest >= leadflow.ordinal(f.owed_from), false) AS is_owed
            FROM (SELECT * FROM other OFFSET 0) o
            JOIN field_owner f ON f.object = o.object
            WHERE o.object <> 'lead'
                OR f.field <> ALL ((SELECT u.fields FROM usual u)::text[])) k
      GROUP BY k.object, k.field, k.stage, k.origin, k.owner) c
JOIN field_owner f ON f.object = c.object AND f.field = c.field;
COMMENT ON VIEW completeness IS 'How many rows have each field of field_owner, and how many owe it, by stage, origin and owner as they are now. A blank text is not filled. Leads of lead_outside are left out.';
COMMENT ON COLUMN completeness.object IS 'lead, opportunity or account';
COMMENT ON COLUMN completeness.field IS 'the field';
COMMENT ON COLUMN completeness.team IS 'team that answers for the field';
COMMENT ON COLUMN completeness.stage IS 'stage of the spine, or exit, where the rows are now; null for accounts';
COMMENT ON COLUMN completeness.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit; null for accounts';
COMMENT ON COLUMN completeness.origin IS 'where the rows came from; null for accounts, or where none is known';
COMMENT ON COLUMN completeness.owner IS 'who owns the rows; null where nobody does';
COMMENT ON COLUMN completeness.rows IS 'number of rows';
COMMENT ON COLUMN completeness.filled IS 'number of those that have the field';
COMMENT ON COLUMN completeness.filled_share IS 'share of those that have the field, 0..1';
COMMENT ON COLUMN completeness.owed IS 'number of rows that owe the field: the furthest stage that they reached is the one from which on it is owed, or a later one. An account counts by its leads and opportunities';
COMMENT ON COLUMN completeness.missing IS 'number of rows that owe the field and do not have it';
