CREATE OR REPLACE VIEW icp_fit AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.account_id, m.entered_at, m.won_at IS NOT NULL AS won, m.won_at IS NOT NULL OR m.ordinal_now < 0 AS decided
    FROM lead_milestone m
), fitting AS MATERIALIZED (
    SELECT i.lead_id, i.profile, i.fits, i.persona, i.role_known, m.decided, m.won
    FROM icp_leads i
    JOIN milestone m ON m.lead_id = i.lead_id
), compared AS (
    -- counted before they are held against each persona and trigger
    SELECT 'profile'::text AS kind, f.profile AS name, f.fits AS belongs, f.decided, f.won, pg_catalog.count(*) AS leads
    FROM fitting f
    WHERE f.profile IS NOT NULL
    GROUP BY f.profile, f.fits, f.decided, f.won
    UNION ALL
    SELECT 'persona'::text AS kind, p.persona AS name, CASE WHEN f.role_known THEN f.persona IS NOT DISTINCT FROM p.persona END AS belongs, f.decided, f.won, f.leads
    FROM (SELECT f.persona, f.role_known, f.decided, f.won, pg_catalog.count(DISTINCT f.lead_id) AS leads
          FROM fitting f
          GROUP BY f.persona, f.role_known, f.decided, f.won) f
    CROSS JOIN persona p
    WHERE p.active
    UNION ALL
    SELECT 'trigger'::text AS kind, t.profile || '.' || t.code AS name, CASE WHEN m.account_id IS NOT NULL THEN s.first_at <= m.entered_at IS TRUE END AS belongs,
           m.decided, m.won, pg_catalog.count(*) AS leads
    FROM icp_trigger t
    JOIN icp i ON i.profile = t.profile AND i.active
    CROSS JOIN milestone m
    LEFT JOIN (SELECT s.account_id, s.topic, pg_catalog.min(s.at) AS first_at
               FROM intent_signal s
               GROUP BY s.account_id, s.topic) s ON s.account_id = m.account_id AND s.topic = t.topic
    WHERE t.topic IS NOT NULL
    GROUP BY t.profile, t.code, belongs, m.decided, m.won
), counted AS (
    SELECT c.kind, c.name,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs), 0)::bigint AS leads,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs AND c.decided), 0)::bigint AS decided,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs AND c.won), 0)::bigint AS won,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs), 0)::bigint AS others,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs AND c.decided), 0)::bigint AS others_decided,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs AND c.won), 0)::bigint AS others_won,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs IS NULL), 0)::bigint AS not_known
    FROM compared c
    GROUP BY c.kind, c.name
)
SELECT c.kind,
       c.name,
       c.leads,
       c.decided,
       c.won,
       (c.won::numeric / NULLIF(c.decided, 0))::numeric(9,6) AS won_share,
       i.low::numeric(9,6) AS won_share_low,
       i.high::numeric(9,6) AS won_share_high,
       c.others,
       c.others_decided,
       c.others_won,
       (c.others_won::numeric / NULLIF(c.others_decided, 0))::numeric(9,6) AS others_won_share,
       o.low::numeric(9,6) AS others_won_share_low,
       o.high::numeric(9,6) AS others_won_share_high,
       (c.won::numeric / NULLIF(c.decided, 0) - c.others_won::numeric / NULLIF(c.others_decided, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       c.not_known,
       CASE WHEN LEAST(c.decided, c.others_decided) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'won_more_often'
            WHEN d.high < 0 THEN 'won_less_often'
            ELSE 'no_difference_shown' END AS finding
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.decided) i ON true
LEFT JOIN LATERAL leadflow.share_interval(c.others_won, c.others_decided) o ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.won, c.decided, c.others_won, c.others_decided) d ON true;
COMMENT ON VIEW icp_fit IS 'Whether those whom the company wants to reach are won more often than the others, as known at leadflow.clock(): leads that fit a profile against those that do not, leads of a persona against other roles, leads whose account showed a trigger before they came against the others. Profile and role are those of now. Leads in lead_outside are left out.';
COMMENT ON COLUMN icp_fit.kind IS 'profile, persona or trigger (one that has a topic)';
COMMENT ON COLUMN icp_fit.name IS 'which one; profile.code of a trigger';
COMMENT ON COLUMN icp_fit.leads IS 'number of leads that belong to it';
COMMENT ON COLUMN icp_fit.decided IS 'how many of them were won or are off the path';
COMMENT ON COLUMN icp_fit.won IS 'how many were won';
COMMENT ON COLUMN icp_fit.won_share IS 'won / decided, 0..1; null where none is decided';
COMMENT ON COLUMN icp_fit.won_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN icp_fit.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.others IS 'number of leads that do not belong to it';
COMMENT ON COLUMN icp_fit.others_decided IS 'how many of them were won or are off the path';
COMMENT ON COLUMN icp_fit.others_won IS 'how many were won';
COMMENT ON COLUMN icp_fit.others_won_share IS 'others_won / others_decided, 0..1; null where none is decided';
COMMENT ON COLUMN icp_fit.others_won_share_low IS 'lower limit of it';
COMMENT ON COLUMN icp_fit.others_won_share_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.difference IS 'won_share - others_won_share, -1..1; null where either is';
COMMENT ON COLUMN icp_fit.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN icp_fit.difference_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.not_known IS 'leads of which nobody knows: data of the account or role are missing, or there is no account';
COMMENT ON COLUMN icp_fit.finding IS 'won_more_often or won_less_often (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 are decided on either side';
