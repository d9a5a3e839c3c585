CREATE OR REPLACE VIEW current_stage AS
SELECT h.subject,
       h.lead_id,
       h.opportunity_id,
       h.to_stage::text AS stage,
       leadflow.base(h.to_stage)::text AS spine_stage,
       leadflow.ordinal(h.to_stage)::bigint AS ordinal,
       leadflow.phase(h.to_stage) AS phase,
       leadflow.is_exit(h.to_stage) AS is_exit,
       h.id AS event_id,
       h.at AS entered_at,
       leadflow.seconds((SELECT leadflow.clock()) - h.at) AS age_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       (SELECT leadflow.clock()) - h.at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm) AS over_norm,
       h.reason,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.variant,
       h.segment,
       h.amount::numeric(15,2) AS amount,
       h.currency
FROM (SELECT e.subject, latest.lead_id, e.opportunity_id, e.id, e.at, e.to_stage, e.reason, e.owner, e.team, e.origin, e.campaign_id,
             e.variant, e.segment, e.amount, e.currency
      FROM (SELECT DISTINCT ON (f.lead_id) f.lead_id, f.id
            FROM stage_event f
            WHERE f.opportunity_id IS NULL AND f.at <= (SELECT leadflow.clock())
            ORDER BY f.lead_id DESC, f.at DESC, f.id DESC) latest
      JOIN stage_event e ON e.id = latest.id AND e.opportunity_id IS NULL
      UNION ALL
      SELECT e.subject, e.lead_id, latest.opportunity_id, e.id, e.at, e.to_stage, e.reason, e.owner, e.team, e.origin, e.campaign_id,
             e.variant, e.segment, e.amount, e.currency
      FROM (SELECT DISTINCT ON (f.opportunity_id) f.opportunity_id, f.id
            FROM stage_event f
            WHERE f.opportunity_id IS NOT NULL AND f.at <= (SELECT leadflow.clock())
            ORDER BY f.opportunity_id DESC, f.at DESC, f.id DESC) latest
      JOIN stage_event e ON e.id = latest.id AND e.opportunity_id IS NOT NULL) h
LEFT JOIN stage_definition n1 ON n1.stage = h.to_stage AND n1.variant = h.variant
LEFT JOIN stage_definition n2 ON n2.stage = h.to_stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = leadflow.base(h.to_stage) AND n3.variant = h.variant
LEFT JOIN stage_definition n4 ON n4.stage = leadflow.base(h.to_stage) AND n4.variant = '*';
COMMENT ON VIEW current_stage IS 'Where every lead and opportunity is at leadflow.clock(), and since when. Says what was known on entering the stage; what changed since is in lead and opportunity.';
COMMENT ON COLUMN current_stage.subject IS 'lead or opportunity';
COMMENT ON COLUMN current_stage.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN current_stage.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN current_stage.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN current_stage.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN current_stage.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN current_stage.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN current_stage.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN current_stage.event_id IS 'entry into the stage (stage_event.id)';
COMMENT ON COLUMN current_stage.entered_at IS 'since when';
COMMENT ON COLUMN current_stage.age_seconds IS 'time in the stage so far: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN current_stage.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force; null for no norm';
COMMENT ON COLUMN current_stage.over_norm IS 'whether the norm is exceeded; null for no norm';
COMMENT ON COLUMN current_stage.reason IS 'reason given on entry';
COMMENT ON COLUMN current_stage.owner IS 'owner on entry';
COMMENT ON COLUMN current_stage.team IS 'the owner''s team on entry';
COMMENT ON COLUMN current_stage.origin IS 'origin on entry';
COMMENT ON COLUMN current_stage.campaign_id IS 'campaign on entry';
COMMENT ON COLUMN current_stage.variant IS 'variant on entry';
COMMENT ON COLUMN current_stage.segment IS 'segment on entry';
COMMENT ON COLUMN current_stage.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN current_stage.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
