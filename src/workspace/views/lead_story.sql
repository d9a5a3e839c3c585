-- Every branch is found by lead_id in an index, so that one lead's story costs what it has lived.
CREATE OR REPLACE VIEW lead_story AS
SELECT s.lead_id,
       s.happened_at,
       s.what,
       s.summary,
       s.direction,
       s.channel,
       s.content,
       s.by_whom,
       s.campaign_id,
       c.name AS campaign,
       s.details
FROM (SELECT t.lead_id,
             t.at AS happened_at,
             'touch' AS what,
             t.direction || ' ' || pg_catalog.replace(t.kind, '_', ' ')
                 || COALESCE(': ' || t.content, '') || COALESCE(', ' || t.outcome, '') || COALESCE(' (' || t.note || ')', '') AS summary,
             t.direction,
             t.channel,
             t.content,
             t.actor AS by_whom,
             t.campaign_id,
             pg_catalog.jsonb_build_object('touch_id', t.id, 'kind', t.kind, 'outcome', t.outcome, 'note', t.note, 'merged_from', t.merged_from) AS details
      FROM touch t
      WHERE t.lead_id IS NOT NULL
      UNION ALL
      SELECT e.lead_id, e.at, 'stage' AS what,
             CASE WHEN e.opportunity_id IS NOT NULL THEN 'opportunity ' ELSE '' END
                 || CASE WHEN e.implied THEN 'passed through ' ELSE 'entered ' END || e.to_stage::text
                 || COALESCE(': ' || e.reason, '') || COALESCE(' (' || e.reason_note || ')', '') AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, COALESCE(e.owner, e.actor) AS by_whom, e.campaign_id,
             pg_catalog.jsonb_build_object('stage_event_id', e.id, 'opportunity_id', e.opportunity_id, 'from_stage', e.from_stage::text,
                 'to_stage', e.to_stage::text, 'implied', e.implied, 'reason', e.reason, 'actor', e.actor)
      FROM (SELECT v.lead_id, v.opportunity_id, v.id, v.at, v.from_stage, v.to_stage, v.implied, v.reason, v.reason_note, v.owner, v.actor, v.campaign_id
            FROM stage_event v
            WHERE v.lead_id IS NOT NULL AND v.opportunity_id IS NULL
            UNION ALL
            SELECT o.lead_id, v.opportunity_id, v.id, v.at, v.from_stage, v.to_stage, v.implied, v.reason, v.reason_note, v.owner, v.actor, v.campaign_id
            FROM opportunity o
            JOIN stage_event v ON v.opportunity_id = o.id
            WHERE o.lead_id IS NOT NULL) e
      UNION ALL
      SELECT k.lead_id, p.at, 'promise' AS what,
             pg_catalog.replace(k.policy, '_', ' ') || p.said AS summary, NULL AS direction, NULL AS channel, NULL AS content, k.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('clock_id', k.id, 'opportunity_id', k.opportunity_id, 'metric', k.metric, 'due_at', k.due_at, 'by', p.by_what)
      FROM sla_clock k
      CROSS JOIN LATERAL (VALUES
          (k.started_at, ' promised, due ' || pg_catalog.to_char(k.due_at, 'YYYY-MM-DD HH24:MI'), k.started_by),
          (k.stopped_at, CASE WHEN k.stopped_at <= k.due_at THEN ' kept' ELSE ' kept late' END, k.stopped_by),
          (CASE WHEN k.due_at < COALESCE(k.stopped_at, k.cancelled_at, 'infinity') THEN k.due_at END, ' broken', NULL),
          (k.cancelled_at, ' no longer owed', k.stopped_by)) p (at, said, by_what)
      WHERE k.lead_id IS NOT NULL AND p.at IS NOT NULL
      UNION ALL
      SELECT k.lead_id, p.at, 'promise' AS what,
             pg_catalog.replace(k.policy, '_', ' ') || p.said AS summary, NULL AS direction, NULL AS channel, NULL AS content, u.actor AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('clock_id', k.id, 'opportunity_id', k.opportunity_id, 'metric', k.metric, 'pause_id', u.id)
      FROM sla_clock k
      JOIN sla_pause u ON u.clock_id = k.id
      CROSS JOIN LATERAL (VALUES (u.paused_at, ' paused: ' || u.reason), (u.resumed_at, ' resumed')) p (at, said)
      WHERE k.lead_id IS NOT NULL AND p.at IS NOT NULL
      UNION ALL
      SELECT v.lead_id, v.at, 'verdict' AS what,
             v.verdict || COALESCE(': ' || v.reason, '') || COALESCE(' (' || v.note || ')', '')
                 || CASE WHEN v.objections <> '{}' THEN ', heard: ' || pg_catalog.array_to_string(v.objections, ', ') ELSE '' END AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, COALESCE(v.owner, v.actor) AS by_whom, v.campaign_id,
             pg_catalog.jsonb_build_object('verdict_id', v.id, 'verdict', v.verdict, 'reason', v.reason, 'note', v.note,
                 'objections', pg_catalog.to_jsonb(v.objections), 'actor', v.actor)
      FROM verdict v
      UNION ALL
      SELECT v.lead_id, a.at, 'verdict' AS what,
             'marketing ' || a.answer || COALESCE(': ' || a.note, '') AS summary, NULL AS direction, NULL AS channel, NULL AS content, a.actor AS by_whom, v.campaign_id,
             pg_catalog.jsonb_build_object('verdict_id', v.id, 'verdict_answer_id', a.id, 'answer', a.answer, 'note', a.note)
      FROM verdict v
      JOIN verdict_answer a ON a.verdict_id = v.id
      UNION ALL
      SELECT n.lead_id, n.entered_at, 'nurture' AS what,
             'back to nurture' || COALESCE(': ' || n.reason, '') || COALESCE(', ' || n.narrative, '')
                 || COALESCE(', to wake ' || pg_catalog.to_char(n.wake_at, 'YYYY-MM-DD'), '') AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, n.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('nurture_stay_id', n.id, 'reason', n.reason, 'narrative', n.narrative,
                 'nurture_track', n.nurture_track, 'wake_at', n.wake_at, 'rests_until', n.rests_until)
      FROM nurture_stay n
      UNION ALL
      SELECT g.lead_id, g.at, 'owner' AS what,
             'given to ' || g.owner || COALESCE(', before ' || g.old_owner, '') || ' (' || pg_catalog.replace(g.how, '_', ' ') || ')' AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, g.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('assignment_id', g.id, 'owner', g.owner, 'old_owner', g.old_owner, 'how', g.how,
                 'rule', g.rule, 'pool', g.pool, 'stage', g.stage::text)
      FROM assignment g
      UNION ALL
      -- the packet as it is now, at the handover
      SELECT l.id, COALESCE(h.at, l.created_at), 'packet' AS what,
             pg_catalog.concat_ws('; ', 'why now: ' || l.why_now, 'promised: ' || l.promised, 'evidence: ' || l.evidence) AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, NULL AS by_whom, l.campaign_id,
             pg_catalog.jsonb_build_object('why_now', l.why_now, 'promised', l.promised, 'evidence', l.evidence)
      FROM lead l
      LEFT JOIN LATERAL (SELECT pg_catalog.min(e.at) AS at
                         FROM stage_event e
                         WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= 'mql') h ON true
      WHERE COALESCE(l.why_now, l.promised, l.evidence) IS NOT NULL
      UNION ALL
      SELECT l.id, l.created_at, 'campaign' AS what,
             'came by ' || COALESCE(g.name, l.origin) || CASE WHEN g.name IS NOT NULL THEN COALESCE(' (' || l.origin || ')', '') ELSE '' END AS summary,
             NULL AS direction, g.channel, NULL AS content, NULL AS by_whom, l.campaign_id,
             pg_catalog.jsonb_build_object('origin', l.origin, 'source', l.source, 'external_id', l.external_id)
      FROM lead l
      LEFT JOIN campaign g ON g.id = l.campaign_id
      WHERE g.id IS NOT NULL OR l.origin IS NOT NULL
      UNION ALL
      SELECT m.winner_id, m.merged_at, 'merge' AS what,
             'merged with lead ' || m.loser_id AS summary, NULL AS direction, NULL AS channel, NULL AS content, m.actor AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('lead_merge_id', m.id, 'loser_id', m.loser_id, 'survivors', m.survivors)
      FROM lead_merge m
      WHERE m.undone_at IS NULL) s
LEFT JOIN campaign c ON c.id = s.campaign_id
WHERE s.happened_at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id);
COMMENT ON VIEW lead_story IS 'What happened to a lead and was said to it, one row for each happening up to leadflow.clock(): read it for one lead, ordered by happened_at. Of a merged lead the touches and promises are in the story of the lead that goes on. The packet and the campaign are those now in the data, limits of promises too. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_story.lead_id IS 'the lead';
COMMENT ON COLUMN lead_story.happened_at IS 'when it happened; of the packet, when the lead was first handed over, or created';
COMMENT ON COLUMN lead_story.what IS 'touch, stage (of the lead or its opportunities), promise (made, paused, resumed, kept, broken or no longer owed), verdict (and marketing''s answer), nurture, owner (given by a rule), packet (of the handover), campaign (that brought it) or merge';
COMMENT ON COLUMN lead_story.summary IS 'what happened, in one line';
COMMENT ON COLUMN lead_story.direction IS 'of a touch: inbound or outbound; else null';
COMMENT ON COLUMN lead_story.channel IS 'of a touch or campaign: its channel; else null';
COMMENT ON COLUMN lead_story.content IS 'of a touch: content consumed or sent; else null';
COMMENT ON COLUMN lead_story.by_whom IS 'team member or role who did it, or owned the lead then; null where that is not known';
COMMENT ON COLUMN lead_story.campaign_id IS 'campaign that it belongs to';
COMMENT ON COLUMN lead_story.campaign IS 'name of the campaign';
COMMENT ON COLUMN lead_story.details IS 'the same as data, with the number of the row that it comes from';
