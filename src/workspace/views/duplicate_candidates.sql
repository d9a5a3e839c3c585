/*
 * Rows meet by an equal key, never each with each. Each rule has its keys. Those
 * of a wide rule (the company's domain, the first word of its name) join rows only
 * where their names are alike.
 */
CREATE OR REPLACE VIEW duplicate_candidates AS
WITH party AS MATERIALIZED (
    SELECT 'lead' AS object, p.id, p.full_name, p.name, p.email, p.phone,
           CASE WHEN f.domain IS NULL THEN pg_catalog.split_part(p.email, '@', 2) END AS domain
    FROM (SELECT l.id, l.full_name,
                 leadflow.normal_name(l.full_name) AS name,
                 leadflow.normal_email(l.email) AS email,
                 leadflow.normal_phone(l.phone) AS phone
          FROM lead l
          OFFSET 0) p
    LEFT JOIN free_mail_domain f ON f.domain = pg_catalog.split_part(p.email, '@', 2)
    UNION ALL
    SELECT 'account', c.id, c.full_name, c.name, NULL, NULL,
           CASE WHEN f.domain IS NULL THEN c.domain END
    FROM (SELECT a.id, a.name AS full_name,
                 leadflow.normal_name(a.name) AS name,
                 leadflow.normal_domain(a.domain) AS domain
          FROM account a
          OFFSET 0) c
    LEFT JOIN free_mail_domain f ON f.domain = c.domain
), keyed AS (
    SELECT r.rule, r.key COLLATE pg_catalog."C" AS key, p.id
    FROM party p
    CROSS JOIN LATERAL (VALUES
        (1, p.email),
        (2, p.phone),
        (3, p.domain),
        (4, p.domain || ' ' || p.name)) r (rule, key)
    WHERE p.object = 'lead' AND r.key IS NOT NULL
    UNION ALL
    SELECT r.rule, r.key, p.id
    FROM party p
    CROSS JOIN LATERAL (VALUES
        (5, p.domain),
        (6, pg_catalog.split_part(p.name, ' ', 1)),
        (7, p.name)) r (rule, key)
    WHERE p.object = 'account' AND r.key IS NOT NULL
), pair AS (
    SELECT r.object, r.matched_on, r.is_wide, s.key, a.id AS id_1, b.id AS id_2,
           a.full_name AS name_1, b.full_name AS name_2, a.name AS normal_1, b.name AS normal_2
    FROM (SELECT k.rule, k.key, pg_catalog.array_agg(k.id) AS ids
          FROM keyed k
          GROUP BY k.key, k.rule
          HAVING pg_catalog.count(*) BETWEEN 2 AND 20) s
    JOIN (VALUES
        (1, 'lead', 'email', false),
        (2, 'lead', 'phone', false),
        (3, 'lead', 'domain_and_name', true),
        (4, 'lead', 'domain_and_name', false),
        (5, 'account', 'domain', false),
        (6, 'account', 'name', true),
        (7, 'account', 'name', false)) r (rule, object, matched_on, is_wide) ON r.rule = s.rule
    CROSS JOIN LATERAL pg_catalog.unnest(s.ids) i (id)
    CROSS JOIN LATERAL pg_catalog.unnest(s.ids) j (id)
    JOIN party a ON a.object = r.object AND a.id = i.id
    JOIN party b ON b.object = r.object AND b.id = j.id
    WHERE i.id < j.id
)
SELECT DISTINCT ON (c.object, c.id_1, c.id_2, c.matched_on)
       c.object,
       c.id_1,
       c.id_2,
       c.matched_on,
       c.key,
       c.similarity::numeric(4,3) AS similarity,
       c.name_1,
       c.name_2
FROM (SELECT pg_catalog.array_agg(p.object) AS object, pg_catalog.array_agg(p.id_1) AS id_1, pg_catalog.array_agg(p.id_2) AS id_2,
             pg_catalog.array_agg(p.matched_on) AS matched_on, pg_catalog.array_agg(p.key) AS key, pg_catalog.array_agg(p.is_wide) AS is_wide,
             pg_catalog.array_agg(p.name_1) AS name_1, pg_catalog.array_agg(p.name_2) AS name_2,
             leadflow.name_similarity(pg_catalog.array_agg(p.normal_1), pg_catalog.array_agg(p.normal_2)) AS similarity
      FROM pair p) g
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(g.object), pg_catalog.unnest(g.id_1), pg_catalog.unnest(g.id_2), pg_catalog.unnest(g.matched_on),
    pg_catalog.unnest(g.key), pg_catalog.unnest(g.is_wide), pg_catalog.unnest(g.name_1), pg_catalog.unnest(g.name_2),
    pg_catalog.unnest(g.similarity)) c (object, id_1, id_2, matched_on, key, is_wide, name_1, name_2, similarity)
WHERE NOT c.is_wide OR c.similarity::numeric(4,3) >= 0.6
ORDER BY c.object, c.id_1, c.id_2, c.matched_on, c.is_wide DESC;
COMMENT ON VIEW duplicate_candidates IS 'Pairs of leads, and of accounts, that may be one. A pair has a row for every rule that found it. A key that more than 20 rows share, such as a switchboard, says nothing and is left out. Names are compared by the extension pg_trgm where it is installed, else they are alike only when equal.';
COMMENT ON COLUMN duplicate_candidates.object IS 'lead or account';
COMMENT ON COLUMN duplicate_candidates.id_1 IS 'number of the first, the lesser of the two';
COMMENT ON COLUMN duplicate_candidates.id_2 IS 'number of the second';
COMMENT ON COLUMN duplicate_candidates.matched_on IS 'the rule. Leads: email (equal by normal_email), phone (equal by normal_phone) or domain_and_name (addresses of one company, and a similarity of 0.6 or more). Accounts: domain (equal by normal_domain) or name (equal by normal_name, or the same first word and a similarity of 0.6 or more). The domains of free_mail_domain are those of no company';
COMMENT ON COLUMN duplicate_candidates.key IS 'what the two have in common, in the form in which it is compared';
COMMENT ON COLUMN duplicate_candidates.similarity IS 'how alike the two names are, 0 to 1, compared by normal_name; null where one has none';
COMMENT ON COLUMN duplicate_candidates.name_1 IS 'name of the first';
COMMENT ON COLUMN duplicate_candidates.name_2 IS 'name of the second';
