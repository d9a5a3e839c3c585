CREATE OR REPLACE VIEW stage_history AS
SELECT h.id AS event_id,
       h.subject,
       h.lead_id,
       h.opportunity_id,
       h.to_stage::text AS stage,
       leadflow.base(h.to_stage)::text AS spine_stage,
       leadflow.ordinal(h.to_stage)::bigint AS ordinal,
       leadflow.is_exit(h.to_stage) AS is_exit,
       h.at AS entered_at,
       h.left_at,
       h.from_stage::text AS previous_stage,
       h.next_stage::text AS next_stage,
       CASE WHEN h.from_stage IS NULL THEN 'first'
            WHEN leadflow.is_exit(h.to_stage) THEN 'exit'
            WHEN leadflow.is_exit(h.from_stage) THEN 'return'
            WHEN leadflow.ordinal(h.to_stage) > leadflow.ordinal(h.from_stage) THEN 'forward'
            WHEN leadflow.ordinal(h.to_stage) < leadflow.ordinal(h.from_stage) THEN 'back'
            ELSE 'within' END AS move,
       h.implied,
       leadflow.seconds(COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at) AS elapsed_seconds,
       leadflow.seconds(leadflow.worktime(COALESCE(m.calendar, (SELECT b.calendar FROM business_calendar b WHERE b.code = 'default')),
                                          h.at, COALESCE(h.left_at, (SELECT leadflow.clock())))) AS working_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm) AS over_norm,
       h.reason,
       h.reason_note,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.variant,
       h.segment,
       h.amount::numeric(15,2) AS amount,
       h.currency,
       h.definition_version,
       h.actor,
       h.session_actor,
       h.recorded_at
-- partitioned by what a reader may look for, so that his condition reaches the index
FROM (SELECT e.lead_id, e.opportunity_id, e.id, e.at, e.recorded_at, e.definition_version, e.campaign_id, e.implied, e.subject, e.from_stage, e.to_stage,
             e.session_actor, e.actor, e.reason, e.reason_note, e.owner, e.team, e.origin, e.variant, e.segment, e.amount, e.currency,
             pg_catalog.lead(e.at) OVER w AS left_at,
             pg_catalog.lead(e.to_stage) OVER w AS next_stage
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
      WINDOW w AS (PARTITION BY e.lead_id, e.opportunity_id ORDER BY e.at, e.id)
      UNION ALL
      SELECT o.lead_id, e.opportunity_id, e.id, e.at, e.recorded_at, e.definition_version, e.campaign_id, e.implied, e.subject, e.from_stage, e.to_stage,
             e.session_actor, e.actor, e.reason, e.reason_note, e.owner, e.team, e.origin, e.variant, e.segment, e.amount, e.currency,
             pg_catalog.lead(e.at) OVER w,
             pg_catalog.lead(e.to_stage) OVER w
      FROM stage_event e
      JOIN opportunity o ON o.id = e.opportunity_id
      WHERE e.at <= (SELECT leadflow.clock())
      WINDOW w AS (PARTITION BY o.lead_id, e.opportunity_id ORDER BY e.at, e.id)) h
LEFT JOIN (SELECT t.member, c.calendar
           FROM team_member t
           JOIN business_calendar c ON c.code = t.calendar) m ON m.member = h.owner
LEFT JOIN stage_definition n1 ON n1.stage = h.to_stage AND n1.variant = h.variant
LEFT JOIN stage_definition n2 ON n2.stage = h.to_stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = leadflow.base(h.to_stage) AND n3.variant = h.variant
LEFT JOIN stage_definition n4 ON n4.stage = leadflow.base(h.to_stage) AND n4.variant = '*';
COMMENT ON VIEW stage_history IS 'Every stay in a stage, of every lead and opportunity, as known at leadflow.clock().';
COMMENT ON COLUMN stage_history.event_id IS 'entry that began the stay (stage_event.id)';
COMMENT ON COLUMN stage_history.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_history.lead_id IS 'the lead, or the lead that the opportunity belongs to now';
COMMENT ON COLUMN stage_history.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stage_history.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_history.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_history.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_history.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN stage_history.entered_at IS 'when the stay began';
COMMENT ON COLUMN stage_history.left_at IS 'when it ended; null while it lasts';
COMMENT ON COLUMN stage_history.previous_stage IS 'stage before; null for the first';
COMMENT ON COLUMN stage_history.next_stage IS 'stage after; null while the stay lasts';
COMMENT ON COLUMN stage_history.move IS 'how the stage was entered: first, forward, back, within (between leaves of one stage), exit, or return from an exit';
COMMENT ON COLUMN stage_history.implied IS 'true for a stage that was passed through by a move further on';
COMMENT ON COLUMN stage_history.elapsed_seconds IS 'length of the stay, so far where it lasts: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN stage_history.working_seconds IS 'the same in working time of the owner''s calendar, else of the default one: whole seconds, rounded down; null where there is no calendar';
COMMENT ON COLUMN stage_history.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force: of the leaf and variant, else of the leaf, else of the spine stage; null for no norm';
COMMENT ON COLUMN stage_history.over_norm IS 'whether the stay is longer than its norm, so far where it lasts; null for no norm';
COMMENT ON COLUMN stage_history.reason IS 'reason given on entry';
COMMENT ON COLUMN stage_history.reason_note IS 'note given on entry';
COMMENT ON COLUMN stage_history.owner IS 'owner on entry';
COMMENT ON COLUMN stage_history.team IS 'the owner''s team on entry';
COMMENT ON COLUMN stage_history.origin IS 'origin on entry';
COMMENT ON COLUMN stage_history.campaign_id IS 'campaign on entry';
COMMENT ON COLUMN stage_history.variant IS 'variant on entry';
COMMENT ON COLUMN stage_history.segment IS 'segment on entry';
COMMENT ON COLUMN stage_history.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN stage_history.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
COMMENT ON COLUMN stage_history.definition_version IS 'version of the definitions that judged the move';
COMMENT ON COLUMN stage_history.actor IS 'role in whose name the move was made';
COMMENT ON COLUMN stage_history.session_actor IS 'role that opened the session';
COMMENT ON COLUMN stage_history.recorded_at IS 'when the move became known';
