/*
 * Rows meet by an equal key, never each with each. Each rule has its keys. Those
 * of a wide rule (the company's domain, the first word of its name) join rows only
 * where their names are alike.
 */
CREATE OR REPLACE VIEW duplicate_candidates AS
WITH keyed AS MATERIALIZED (
    SELECT k.rule, k.key COLLATE pg_catalog."C" AS key, p.id, p.full_name, p.name
    FROM (SELECT l.id, l.full_name,
                 leadflow.normal_name(l.full_name) AS name,
                 leadflow.normal_email(l.email) AS email,
                 leadflow.normal_phone(l.phone) AS phone,
                 leadflow.email_domain(l.email) AS domain
          FROM lead l
          WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
              AND l.id IN (SELECT s.id FROM visible_lead s)
          OFFSET 0) p
    LEFT JOIN free_mail_domain f ON f.domain = p.domain
    CROSS JOIN LATERAL (VALUES
        (1, p.email),
        (2, p.phone),
        (3, CASE WHEN f.domain IS NULL THEN p.domain END),
        (4, CASE WHEN f.domain IS NULL THEN p.domain || ' ' || p.name END)) k (rule, key)
    WHERE k.key IS NOT NULL
    UNION ALL
    SELECT k.rule, k.key, c.id, c.full_name, c.name
    FROM (SELECT a.id, a.name AS full_name,
                 leadflow.normal_name(a.name) AS name,
                 leadflow.normal_domain(a.domain) AS domain
          FROM account a
          WHERE a.id IN (SELECT s.id FROM visible_account s)
          OFFSET 0) c
    LEFT JOIN free_mail_domain f ON f.domain = c.domain
    CROSS JOIN LATERAL (VALUES
        (5, CASE WHEN f.domain IS NULL THEN c.domain END),
        (6, pg_catalog.split_part(c.name, ' ', 1)),
        (7, c.name)) k (rule, key)
    WHERE k.key IS NOT NULL
), shared AS MATERIALIZED (
    SELECT k.*
    FROM (SELECT k.rule, k.key
          FROM keyed k
          GROUP BY k.key, k.rule
          HAVING pg_catalog.count(*) BETWEEN 2 AND 20) s
    JOIN keyed k ON k.key = s.key AND k.rule = s.rule
)
SELECT DISTINCT ON (p.object, p.id_1, p.id_2, p.matched_on)
       p.object,
       p.id_1,
       p.id_2,
       p.matched_on,
       p.key COLLATE pg_catalog."default" AS key,
       p.similarity,
       p.name_1,
       p.name_2
FROM (SELECT CASE WHEN a.rule <= 4 THEN 'lead' ELSE 'account' END AS object,
             CASE a.rule WHEN 1 THEN 'email' WHEN 2 THEN 'phone' WHEN 3 THEN 'domain_and_name' WHEN 4 THEN 'domain_and_name'
                 WHEN 5 THEN 'domain' ELSE 'name' END AS matched_on,
             a.rule IN (3, 6) AS is_wide,
             a.key,
             a.id AS id_1,
             b.id AS id_2,
             leadflow.name_similarity(a.name, b.name)::numeric(4,3) AS similarity,
             a.full_name AS name_1,
             b.full_name AS name_2
      FROM shared a
      JOIN shared b ON b.key = a.key AND b.rule = a.rule AND b.id > a.id
      OFFSET 0) p
WHERE NOT p.is_wide OR p.similarity >= 0.6
ORDER BY p.object, p.id_1, p.id_2, p.matched_on, p.is_wide DESC;
COMMENT ON VIEW duplicate_candidates IS 'Pairs of leads, and of accounts, that may be one. A pair has a row for every rule that found it. A key that more than 20 rows share, such as a switchboard, says nothing and is left out. Names are compared by the extension pg_trgm where it is installed, else they are alike only when equal. Leads of lead_outside are left out.';
COMMENT ON COLUMN duplicate_candidates.object IS 'lead or account';
COMMENT ON COLUMN duplicate_candidates.id_1 IS 'number of the first, the lesser of the two';
COMMENT ON COLUMN duplicate_candidates.id_2 IS 'number of the second';
COMMENT ON COLUMN duplicate_candidates.matched_on IS 'the rule. Leads: email (equal by normal_email), phone (equal by normal_phone) or domain_and_name (addresses of one company, and a similarity of 0.6 or more). Accounts: domain (equal by normal_domain) or name (equal by normal_name, or the same first word and a similarity of 0.6 or more). The domains of free_mail_domain are those of no company';
COMMENT ON COLUMN duplicate_candidates.key IS 'what the two have in common, in the form in which it is compared';
COMMENT ON COLUMN duplicate_candidates.similarity IS 'how alike the two names are, 0 to 1, compared by normal_name; null where one has none';
COMMENT ON COLUMN duplicate_candidates.name_1 IS 'name of the first';
COMMENT ON COLUMN duplicate_candidates.name_2 IS 'name of the second';
