CREATE OR REPLACE VIEW verdicts AS
SELECT v.id AS verdict_id,
       v.lead_id,
       l.full_name,
       v.verdict,
       v.at AS given_at,
       v.handed_over_at,
       leadflow.seconds(v.at - v.handed_over_at) AS waiting_seconds,
       pg_catalog.row_number() OVER (PARTITION BY v.lead_id, v.handed_over_at ORDER BY v.at DESC, v.id DESC) = 1 AS in_force,
       -- of the promise that ran for it; what was cancelled was not owed
       (SELECT CASE WHEN c.cancelled_at IS NULL THEN LEAST(c.stopped_at, v.at) <= c.due_at END
        FROM sla_clock c
        WHERE c.lead_id = v.lead_id AND c.opportunity_id IS NULL AND c.metric = 'verdict'
            AND c.started_at >= v.handed_over_at AND c.started_at <= v.at
        ORDER BY c.started_at DESC, c.id DESC LIMIT 1) AS in_time,
       v.stage::text AS stage,
       v.reason,
       r.category,
       r.next_step,
       v.note,
       pg_catalog.to_jsonb(v.objections) AS objections,
       (SELECT pg_catalog.count(*)
        FROM touch t
        JOIN touch_kind k ON k.kind = t.kind
        WHERE t.lead_id = v.lead_id AND t.direction = 'outbound' AND k.is_contact
            AND t.at >= v.handed_over_at AND t.at <= v.at) AS attempts,
       v.owner,
       v.team,
       v.campaign_id,
       v.origin,
       v.segment,
       v.variant,
       (CASE WHEN pg_catalog.abs(v.score) < 10000000000000 THEN v.score END)::numeric(18,4) AS score,
       v.session_actor,
       v.actor,
       a.answer,
       a.note AS answer_note,
       a.at AS answered_at,
       a.actor AS answered_by
FROM verdict v
JOIN lead l ON l.id = v.lead_id
LEFT JOIN reason r ON r.code = v.reason
LEFT JOIN (SELECT DISTINCT ON (w.verdict_id) w.verdict_id, w.answer, w.note, w.at, w.actor
           FROM verdict_answer w
           WHERE w.at <= (SELECT leadflow.clock())
           ORDER BY w.verdict_id, w.at DESC, w.id DESC) a ON a.verdict_id = v.id
WHERE v.at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = v.lead_id);
COMMENT ON VIEW verdicts IS 'What sales said about each lead that was handed over, and the answer of marketing that is in force, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN verdicts.verdict_id IS 'number of the verdict';
COMMENT ON COLUMN verdicts.lead_id IS 'the lead';
COMMENT ON COLUMN verdicts.full_name IS 'name of the person';
COMMENT ON COLUMN verdicts.verdict IS 'accepted or rejected';
COMMENT ON COLUMN verdicts.given_at IS 'when it was given';
COMMENT ON COLUMN verdicts.handed_over_at IS 'the handover that it is about: when the lead entered mql';
COMMENT ON COLUMN verdicts.waiting_seconds IS 'from the handover to the verdict: elapsed, whole seconds';
COMMENT ON COLUMN verdicts.in_force IS 'whether it is the last word about its handover; false where sales has changed its mind';
COMMENT ON COLUMN verdicts.in_time IS 'whether the promised verdict (a clock of the metric verdict) was given in time; null where none ran since the handover, or it was cancelled';
COMMENT ON COLUMN verdicts.stage IS 'where the lead went by it';
COMMENT ON COLUMN verdicts.reason IS 'code of the reason given';
COMMENT ON COLUMN verdicts.category IS 'category of the reason';
COMMENT ON COLUMN verdicts.next_step IS 'what the reason asks for next';
COMMENT ON COLUMN verdicts.note IS 'the reason in words';
COMMENT ON COLUMN verdicts.objections IS 'codes of the objections that were heard: ["too_expensive"]';
COMMENT ON COLUMN verdicts.attempts IS 'outbound touches that count as contact, from the handover to the verdict';
COMMENT ON COLUMN verdicts.owner IS 'owner of the lead at that moment';
COMMENT ON COLUMN verdicts.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN verdicts.campaign_id IS 'campaign of the lead at that moment';
COMMENT ON COLUMN verdicts.origin IS 'origin of the lead at that moment';
COMMENT ON COLUMN verdicts.segment IS 'segment of the lead at that moment';
COMMENT ON COLUMN verdicts.variant IS 'product line or region of the lead at that moment; * for the general ones';
COMMENT ON COLUMN verdicts.score IS 'score of the lead at that moment; null for none, and for one of 10^13 or more';
COMMENT ON COLUMN verdicts.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdicts.actor IS 'role in whose name it was given';
COMMENT ON COLUMN verdicts.answer IS 'latest answer of marketing: agrees, disputes or mends; null for none';
COMMENT ON COLUMN verdicts.answer_note IS 'what it says';
COMMENT ON COLUMN verdicts.answered_at IS 'when it was given';
COMMENT ON COLUMN verdicts.answered_by IS 'role in whose name it was given';
