CREATE OR REPLACE VIEW cost_per_stage AS
WITH one AS (
    SELECT COALESCE(l.campaign_id, s.campaign_id) AS campaign_id, s.spend, l.reached
    FROM (SELECT m.campaign_id,
                 ARRAY[pg_catalog.count(m.lead_at), pg_catalog.count(*) FILTER (WHERE m.assigned AND m.lead_at IS NOT NULL), pg_catalog.count(m.mql_at),
                       pg_catalog.count(m.sal_at), pg_catalog.count(m.sql_at), pg_catalog.count(m.opportunity_at), pg_catalog.count(m.won_at)] AS reached
          FROM lead_milestone m
          GROUP BY m.campaign_id) l
    FULL JOIN (SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend
               FROM campaign_spend s
               GROUP BY s.campaign_id) s ON s.campaign_id = l.campaign_id
), scoped AS (
    SELECT v.scope,
           v.campaign_id,
           pg_catalog.sum(o.spend) AS spend,
           ARRAY[pg_catalog.sum(o.reached[1]), pg_catalog.sum(o.reached[2]), pg_catalog.sum(o.reached[3]), pg_catalog.sum(o.reached[4]),
                 pg_catalog.sum(o.reached[5]), pg_catalog.sum(o.reached[6]), pg_catalog.sum(o.reached[7])] AS reached
    FROM one o
    CROSS JOIN LATERAL (VALUES ('campaign', o.campaign_id), ('no_campaign', NULL::bigint), ('all_campaigns', NULL), ('everything', NULL)) v (scope, campaign_id)
    WHERE v.scope = 'everything' OR (v.scope = 'no_campaign') = (o.campaign_id IS NULL)
    GROUP BY v.scope, v.campaign_id
)
SELECT s.scope,
       s.campaign_id,
       c.name AS campaign,
       c.channel,
       t.position,
       (ARRAY['lead', 'assigned', 'mql', 'sal', 'sql', 'opportunity', 'customer'])[t.position] AS stage,
       COALESCE(t.reached, 0)::bigint AS leads,
       s.spend::numeric(24,2) AS spend,
       (s.spend / NULLIF(t.reached, 0))::numeric(24,2) AS cost_each
FROM scoped s
CROSS JOIN LATERAL pg_catalog.unnest(s.reached) WITH ORDINALITY t (reached, position)
LEFT JOIN campaign c ON c.id = s.campaign_id;
COMMENT ON VIEW cost_per_stage IS 'What a lead cost on each step: spend up to now by the number of leads that got there by now, as known at leadflow.clock(), a row for each campaign and stage, and for their sums. A lead belongs to the campaign of its first entry. Leads and spend may be added up over campaigns of one stage, cost_each may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN cost_per_stage.scope IS 'campaign (one campaign), no_campaign (leads without one), all_campaigns (their sum) or everything (all leads: what a lead costs with those that came by themselves)';
COMMENT ON COLUMN cost_per_stage.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN cost_per_stage.campaign IS 'its name';
COMMENT ON COLUMN cost_per_stage.channel IS 'its channel';
COMMENT ON COLUMN cost_per_stage.position IS 'order of the stages, 1 to 7';
COMMENT ON COLUMN cost_per_stage.stage IS 'lead, assigned (a lead that has or had an owner), mql, sal, sql, opportunity, or customer (won)';
COMMENT ON COLUMN cost_per_stage.leads IS 'number of leads that reached the stage or a later one';
COMMENT ON COLUMN cost_per_stage.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN cost_per_stage.cost_each IS 'spend / leads: cost per lead, per assigned lead, and so on to the cost of winning a customer; null where no cost is known or no lead got there';
