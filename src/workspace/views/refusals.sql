CREATE OR REPLACE VIEW refusals AS
SELECT x.subject,
       x.kind,
       x.stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       r.next_step,
       x.origin,
       x.campaign_id,
       c.name AS campaign,
       x.segment,
       x.team,
       x.refusals,
       x.leads,
       (x.refusals / pg_catalog.sum(x.refusals) OVER (PARTITION BY x.subject))::numeric(9,6) AS share
FROM (SELECT e.subject,
             CASE WHEN leadflow.is_exit(e.to_stage) THEN 'exit' ELSE 'back' END AS kind,
             leadflow.base(e.to_stage)::text AS stage,
             e.reason,
             e.origin,
             e.campaign_id,
             e.segment,
             e.team,
             pg_catalog.count(*) AS refusals,
             pg_catalog.count(DISTINCT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END) AS leads
      FROM stage_event e
      LEFT JOIN opportunity o ON o.id = e.opportunity_id
      WHERE e.at <= (SELECT leadflow.clock()) AND NOT e.implied
          AND (e.to_stage < 'visitor'
               OR e.reason IS NOT NULL AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage))
          AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END)
      GROUP BY e.subject, leadflow.is_exit(e.to_stage), leadflow.base(e.to_stage), e.reason, e.origin, e.campaign_id, e.segment, e.team) x
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW refusals IS 'Why leads and opportunities are refused, and where they came from, as known at leadflow.clock(): every move into an exit, and every move back that has a reason. Leads in lead_outside are left out.';
COMMENT ON COLUMN refusals.subject IS 'lead or opportunity';
COMMENT ON COLUMN refusals.kind IS 'exit (left the path) or back (sent back to an earlier stage)';
COMMENT ON COLUMN refusals.stage IS 'exit, or stage that it was sent back to';
COMMENT ON COLUMN refusals.reason IS 'code of the reason given; null where an exit has none';
COMMENT ON COLUMN refusals.label_en IS 'the reason in English';
COMMENT ON COLUMN refusals.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN refusals.next_step IS 'what happens next after this reason';
COMMENT ON COLUMN refusals.origin IS 'origin at that moment';
COMMENT ON COLUMN refusals.campaign_id IS 'campaign at that moment';
COMMENT ON COLUMN refusals.campaign IS 'name of the campaign';
COMMENT ON COLUMN refusals.segment IS 'segment at that moment';
COMMENT ON COLUMN refusals.team IS 'team of the owner at that moment';
COMMENT ON COLUMN refusals.refusals IS 'number of refusals';
COMMENT ON COLUMN refusals.leads IS 'number of different leads among them';
COMMENT ON COLUMN refusals.share IS 'share of all refusals of leads, or of opportunities, 0..1';
