CREATE OR REPLACE VIEW lead_milestone AS
SELECT p.lead_id,
       l.account_id,
       p.campaign_id,
       p.origin,
       p.segment,
       p.entered_at,
       p.lead_at,
       p.mql_at,
       p.sal_at,
       p.sql_at,
       p.opportunity_at,
       p.won_at,
       p.ordinal_now,
       p.owned OR l.owner IS NOT NULL AS assigned
FROM (SELECT e.lead_id,
             pg_catalog.min(e.at) AS entered_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'lead') AS lead_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'mql') AS mql_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'sal') AS sal_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'sql') AS sql_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'opportunity') AS opportunity_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'won') AS won_at,
             -- the last entry in the order of history
             (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now,
             pg_catalog.bool_or(e.owner IS NOT NULL) AS owned,
             pg_catalog.max(e.campaign_id) FILTER (WHERE e.from_stage IS NULL) AS campaign_id,
             pg_catalog.max(e.origin) FILTER (WHERE e.from_stage IS NULL) AS origin,
             pg_catalog.max(e.segment) FILTER (WHERE e.from_stage IS NULL) AS segment
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
      GROUP BY e.lead_id) p
-- every entry has its lead, which is looked up only where it is asked for
LEFT JOIN lead l ON l.id = p.lead_id
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id);
COMMENT ON VIEW lead_milestone IS 'When each lead first reached the stages that are counted, as known at leadflow.clock(). Who passed a stage over has reached it with the next one. Campaign, origin and segment are those of the first entry. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_milestone.lead_id IS 'the lead';
COMMENT ON COLUMN lead_milestone.account_id IS 'its account now';
COMMENT ON COLUMN lead_milestone.campaign_id IS 'campaign at the first entry';
COMMENT ON COLUMN lead_milestone.origin IS 'origin at the first entry';
COMMENT ON COLUMN lead_milestone.segment IS 'segment at the first entry';
COMMENT ON COLUMN lead_milestone.entered_at IS 'first entry into whatever stage';
COMMENT ON COLUMN lead_milestone.lead_at IS 'when it first reached lead or a later stage; null for not yet, here and below';
COMMENT ON COLUMN lead_milestone.mql_at IS 'when it first reached mql or a later stage';
COMMENT ON COLUMN lead_milestone.sal_at IS 'when it first reached sal or a later stage';
COMMENT ON COLUMN lead_milestone.sql_at IS 'when it first reached sql or a later stage';
COMMENT ON COLUMN lead_milestone.opportunity_at IS 'when it first reached opportunity or a later stage';
COMMENT ON COLUMN lead_milestone.won_at IS 'when it first reached won or a later stage';
COMMENT ON COLUMN lead_milestone.ordinal_now IS 'place on the spine of the stage that it is in, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN lead_milestone.assigned IS 'whether it had an owner at an entry by then, or has one now';
