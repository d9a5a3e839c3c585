CREATE OR REPLACE VIEW content_catalogue AS
SELECT COALESCE(c.title, u.content) AS title,
       c.kind,
       c.url,
       c.stage::text AS stage,
       c.persona,
       c.segment,
       c.language,
       c.owner,
       c.updated_on,
       f.review_on,
       CASE WHEN c.title IS NULL THEN 'not_catalogued'
            WHEN NOT c.active THEN 'retired'
            WHEN f.review_on <= (SELECT leadflow.clock())::date THEN 'review_due'
            ELSE 'fresh' END AS state,
       COALESCE(u.touches, 0) AS touches,
       COALESCE(e.leads, 0) AS leads,
       u.last_used_at,
       COALESCE(r.delivered, 0) AS delivered,
       e.used_at_stage,
       e.sal_of,
       e.sal_share,
       e.sal_share_others,
       e.won_of,
       e.won_share,
       e.won_share_low,
       e.won_share_high,
       e.won_share_others
FROM content c
FULL JOIN (SELECT t.content, pg_catalog.count(*) AS touches, pg_catalog.max(t.at) AS last_used_at
           FROM touch t
           WHERE t.content IS NOT NULL AND t.at <= (SELECT leadflow.clock())
               AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
           GROUP BY t.content) u ON u.content = c.title
LEFT JOIN content_effect e ON e.level = 'content' AND e.name = COALESCE(c.title, u.content)
LEFT JOIN (SELECT q.content, pg_catalog.count(*) AS delivered
           FROM content_request q
           LEFT JOIN opportunity o ON o.id = q.opportunity_id
           WHERE q.content IS NOT NULL AND q.answered_at <= (SELECT leadflow.clock())
               AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(q.lead_id, o.lead_id))
           GROUP BY q.content) r ON r.content = c.title
LEFT JOIN LATERAL (SELECT (LEAST(c.updated_on, '9999-12-31'::date) + c.review_after)::date AS review_on WHERE c.title IS NOT NULL) f ON true;
COMMENT ON VIEW content_catalogue IS 'Every content that is in the catalogue or was used: whether it is fresh, how often it is used, and what became of those who were in touch with it beside others of their origins (content_effect), as known at leadflow.clock(). It compares, and does not prove. Leads in lead_outside are left out.';
COMMENT ON COLUMN content_catalogue.title IS 'title of the content';
COMMENT ON COLUMN content_catalogue.kind IS 'kind; null, as what follows up to review_on, where it is not in the catalogue';
COMMENT ON COLUMN content_catalogue.url IS 'where it is';
COMMENT ON COLUMN content_catalogue.stage IS 'stage that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.persona IS 'persona that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.segment IS 'segment that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.language IS 'its language';
COMMENT ON COLUMN content_catalogue.owner IS 'team member who keeps it';
COMMENT ON COLUMN content_catalogue.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN content_catalogue.review_on IS 'from which day on it is to be reviewed';
COMMENT ON COLUMN content_catalogue.state IS 'fresh, review_due, retired, or not_catalogued';
COMMENT ON COLUMN content_catalogue.touches IS 'number of touches with it';
COMMENT ON COLUMN content_catalogue.leads IS 'number of leads that were in touch with it; 0 for what nobody uses';
COMMENT ON COLUMN content_catalogue.last_used_at IS 'the latest touch with it; null for none';
COMMENT ON COLUMN content_catalogue.delivered IS 'how often it answered a content_request';
COMMENT ON COLUMN content_catalogue.used_at_stage IS 'furthest stage that most leads had reached at the first touch; null, here and below, where there are no leads';
COMMENT ON COLUMN content_catalogue.sal_of IS 'leads of 90 days ago or longer that sales had not accepted before';
COMMENT ON COLUMN content_catalogue.sal_share IS 'share of these that were accepted within 90 days, 0..1';
COMMENT ON COLUMN content_catalogue.sal_share_others IS 'the same of leads of their origins that never were in touch with it';
COMMENT ON COLUMN content_catalogue.won_of IS 'leads of 90 days ago or longer that had not been won before';
COMMENT ON COLUMN content_catalogue.won_share IS 'share of these that were won within 90 days, 0..1';
COMMENT ON COLUMN content_catalogue.won_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN content_catalogue.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN content_catalogue.won_share_others IS 'the same of leads of their origins that never were in touch with it';
