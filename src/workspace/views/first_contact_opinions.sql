CREATE OR REPLACE VIEW first_contact_opinions AS
WITH first_contact AS MATERIALIZED (
    SELECT a.lead_id, a.attempt_at, a.actor
    FROM contact_attempt a
    WHERE a.attempt = 1 AND EXISTS (SELECT FROM opinion)
)
SELECT c.month,
       c.dimension,
       c.dimension_value,
       c.contacted,
       c.opinions,
       (c.opinions::numeric / c.contacted)::numeric(9,6) AS answered_share,
       c.score_average::numeric(4,2) AS score_average,
       c.satisfied,
       (c.satisfied::numeric / NULLIF(c.opinions, 0))::numeric(9,6) AS satisfied_share,
       i.low::numeric(9,6) AS satisfied_share_low,
       i.high::numeric(9,6) AS satisfied_share_high,
       c.dissatisfied
FROM (SELECT f.month, g.dimension, g.dimension_value,
             pg_catalog.sum(f.contacted)::bigint AS contacted,
             pg_catalog.sum(f.opinions)::bigint AS opinions,
             pg_catalog.sum(f.score) / NULLIF(pg_catalog.sum(f.opinions), 0) AS score_average,
             pg_catalog.sum(f.satisfied)::bigint AS satisfied,
             pg_catalog.sum(f.dissatisfied)::bigint AS dissatisfied
      FROM (SELECT pg_catalog.date_trunc('month', a.attempt_at)::date AS month, m.team, l.campaign_id,
                   pg_catalog.count(*) AS contacted,
                   pg_catalog.count(p.score) AS opinions,
                   pg_catalog.sum(p.score) AS score,
                   pg_catalog.count(*) FILTER (WHERE p.score >= 4) AS satisfied,
                   pg_catalog.count(*) FILTER (WHERE p.score <= 2) AS dissatisfied
            FROM first_contact a
            JOIN lead l ON l.id = a.lead_id
            LEFT JOIN team_member m ON m.member = COALESCE(a.actor, l.owner)
            -- the first that the lead said after it
            LEFT JOIN (SELECT DISTINCT ON (p.lead_id) p.lead_id, p.score
                       FROM opinion p
                       JOIN first_contact f ON f.lead_id = p.lead_id AND f.attempt_at <= p.at
                       WHERE p.at <= (SELECT leadflow.clock())
                       ORDER BY p.lead_id, p.at, p.id) p ON p.lead_id = a.lead_id
            GROUP BY pg_catalog.date_trunc('month', a.attempt_at)::date, m.team, l.campaign_id) f
      CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('team', f.team), ('campaign', f.campaign_id::text)) g (dimension, dimension_value)
      GROUP BY f.month, g.dimension, g.dimension_value) c
LEFT JOIN LATERAL leadflow.share_interval(c.satisfied, c.opinions) i ON true;
COMMENT ON VIEW first_contact_opinions IS 'What leads think of the first contact with us, by month of that contact, team and campaign, as known at leadflow.clock(). Of each lead its first opinion after the first attempt counts. Empty where opinions are not collected. Leads in lead_outside are left out.';
COMMENT ON COLUMN first_contact_opinions.month IS 'first day of the month of the first attempt, in the session''s time zone';
COMMENT ON COLUMN first_contact_opinions.dimension IS 'total, team (of who made the attempt, else of the owner now) or campaign (of the lead now)';
COMMENT ON COLUMN first_contact_opinions.dimension_value IS 'which one; the number of a campaign as text; * for the total, null where there is none';
COMMENT ON COLUMN first_contact_opinions.contacted IS 'number of leads that were contacted for the first time';
COMMENT ON COLUMN first_contact_opinions.opinions IS 'how many of them gave an opinion';
COMMENT ON COLUMN first_contact_opinions.answered_share IS 'opinions / contacted, 0..1: where it is low, who answers may not be like the others';
COMMENT ON COLUMN first_contact_opinions.score_average IS 'average score, 1..5; null where there are no opinions';
COMMENT ON COLUMN first_contact_opinions.satisfied IS 'how many gave 4 or 5';
COMMENT ON COLUMN first_contact_opinions.satisfied_share IS 'satisfied / opinions, 0..1; null where there are none';
COMMENT ON COLUMN first_contact_opinions.satisfied_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN first_contact_opinions.satisfied_share_high IS 'upper limit of it';
COMMENT ON COLUMN first_contact_opinions.dissatisfied IS 'how many gave 1 or 2';
