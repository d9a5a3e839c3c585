CREATE OR REPLACE VIEW icp_leads AS
SELECT c.lead_id,
       c.account_id,
       c.owner,
       c.stage,
       c.profile,
       -- one condition that is not met is enough; else one that is not known leaves it open
       CASE WHEN c.fails <> '' THEN false WHEN c.not_known = '' AND c.profile IS NOT NULL THEN true END AS fits,
       NULLIF(c.fails, '') AS fails,
       NULLIF(c.not_known, '') AS not_known,
       c.role_known,
       c.persona
FROM (SELECT l.id AS lead_id, l.account_id, l.owner, l.stage::text AS stage, l.role_known, l.persona, i.profile,
             pg_catalog.concat_ws(', ', CASE WHEN NOT l.segment = ANY (pg_catalog.array_remove(i.segments, NULL)) THEN 'segment' END,
                                        CASE WHEN NOT l.industry = ANY (pg_catalog.array_remove(i.industries, NULL)) THEN 'industry' END,
                                        CASE WHEN NOT l.country = ANY (pg_catalog.array_remove(i.countries, NULL)) THEN 'country' END,
                                        CASE WHEN NOT l.territory = ANY (pg_catalog.array_remove(i.territories, NULL)) THEN 'territory' END,
                                        CASE WHEN l.employees < i.employees_from OR l.employees > i.employees_to THEN 'employees' END) AS fails,
             pg_catalog.concat_ws(', ', CASE WHEN i.segments IS NOT NULL AND l.segment IS NULL THEN 'segment' END,
                                        CASE WHEN i.industries IS NOT NULL AND l.industry IS NULL THEN 'industry' END,
                                        CASE WHEN i.countries IS NOT NULL AND l.country IS NULL THEN 'country' END,
                                        CASE WHEN i.territories IS NOT NULL AND l.territory IS NULL THEN 'territory' END,
                                        CASE WHEN pg_catalog.num_nonnulls(i.employees_from, i.employees_to) > 0 AND l.employees IS NULL THEN 'employees' END) AS not_known
      FROM (SELECT l.id, l.account_id, l.owner, l.stage, l.variant,
                   COALESCE(NULLIF(pg_catalog.btrim(l.segment), ''), NULLIF(pg_catalog.btrim(a.segment), '')) AS segment,
                   COALESCE(NULLIF(pg_catalog.btrim(l.industry), ''), NULLIF(pg_catalog.btrim(a.industry), '')) AS industry,
                   COALESCE(NULLIF(pg_catalog.btrim(l.territory), ''), NULLIF(pg_catalog.btrim(a.territory), '')) AS territory,
                   NULLIF(pg_catalog.btrim(a.country), '') AS country,
                   a.employees,
                   COALESCE(pg_catalog.btrim(l.role), '') <> '' AS role_known,
                   p.personas[1] AS persona
            FROM lead l
            LEFT JOIN account a ON a.id = l.account_id
            -- the words of each role once
            LEFT JOIN (SELECT r.role, pg_catalog.array_agg(p.persona ORDER BY p.position, p.persona) AS personas
                       FROM (SELECT DISTINCT l.role, pg_catalog.regexp_split_to_array(pg_catalog.lower(l.role), '[[:space:][:punct:]]+') AS words
                             FROM lead l
                             WHERE l.role IS NOT NULL) r
                       JOIN persona p ON p.active AND p.role_words && r.words
                       GROUP BY r.role) p ON p.role = l.role
            WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) l
      LEFT JOIN icp i ON i.active AND i.variant IN ('*', l.variant)) c;
COMMENT ON VIEW icp_leads IS 'Every lead against every active profile of the ideal customer for its variant, as both stand now: fits, does not, or nobody knows yet. Leads in lead_outside are left out.';
COMMENT ON COLUMN icp_leads.lead_id IS 'the lead';
COMMENT ON COLUMN icp_leads.account_id IS 'its account';
COMMENT ON COLUMN icp_leads.owner IS 'its owner';
COMMENT ON COLUMN icp_leads.stage IS 'the stage that it is in';
COMMENT ON COLUMN icp_leads.profile IS 'the profile (icp); null, in the only row of the lead, where there is none for its variant';
COMMENT ON COLUMN icp_leads.fits IS 'whether everything that the profile asks is met; null where nothing speaks against it but not all is known';
COMMENT ON COLUMN icp_leads.fails IS 'what is not met: segment, industry, country, territory, employees; null for nothing';
COMMENT ON COLUMN icp_leads.not_known IS 'what is not known; null for nothing';
COMMENT ON COLUMN icp_leads.role_known IS 'whether the lead has a role';
COMMENT ON COLUMN icp_leads.persona IS 'persona that the role of the lead says; null for none';
