-- Every part is found by lead_id in an index.
CREATE OR REPLACE VIEW lead_card AS
SELECT l.id AS lead_id,
       l.full_name,
       l.role,
       l.email,
       l.phone,
       a.name AS account,
       COALESCE(l.industry, a.industry) AS industry,
       COALESCE(l.segment, a.segment) AS segment,
       l.stage::text AS stage,
       l.stage_since AS stage_since_at,
       l.owner,
       l.need,
       l.budget::numeric(15,2) AS budget,
       l.currency,
       l.decision_by,
       l.why_now,
       l.promised,
       l.evidence,
       l.urgency,
       z.score_in_force AS score,
       z.grade,
       z.probability,
       l.origin,
       COALESCE(g.name, t.first_campaign) AS first_campaign,
       COALESCE(t.last_campaign, g.name) AS last_campaign,
       t.inbound_touches,
       t.inbound_kinds,
       t.last_inbound_at,
       n.last_content,
       t.attempts,
       t.channels_tried,
       t.last_attempt_at,
       s.promises AS open_promises,
       s.due_at AS next_due_at,
       v.verdict AS last_verdict,
       v.at AS last_verdict_at,
       v.reason AS last_reason,
       v.note AS last_note,
       u.narrative AS last_narrative,
       u.entered_at AS last_nurture_at,
       o.heard AS objections
FROM lead l
LEFT JOIN lead_scores z ON z.lead_id = l.id
LEFT JOIN account a ON a.id = l.account_id
LEFT JOIN campaign g ON g.id = l.campaign_id
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) FILTER (WHERE t.direction = 'inbound') AS inbound_touches,
           pg_catalog.string_agg(DISTINCT t.kind, ', ') FILTER (WHERE t.direction = 'inbound') AS inbound_kinds,
           pg_catalog.max(t.at) FILTER (WHERE t.direction = 'inbound') AS last_inbound_at,
           pg_catalog.count(DISTINCT pg_catalog.date_trunc('minute', t.at)) FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS attempts,
           pg_catalog.string_agg(DISTINCT COALESCE(t.channel, t.kind), ', ') FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS channels_tried,
           pg_catalog.max(t.at) FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS last_attempt_at,
           (pg_catalog.array_agg(c.name ORDER BY t.at, t.id) FILTER (WHERE c.name IS NOT NULL))[1] AS first_campaign,
           (pg_catalog.array_agg(c.name ORDER BY t.at DESC, t.id DESC) FILTER (WHERE c.name IS NOT NULL))[1] AS last_campaign
    FROM touch t
    JOIN touch_kind k ON k.kind = t.kind
    LEFT JOIN campaign c ON c.id = t.campaign_id
    WHERE t.lead_id = l.id AND t.at <= (SELECT leadflow.clock())) t
CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(t.content, ', ' ORDER BY t.at DESC) AS last_content
    FROM (SELECT t.content, pg_catalog.max(t.at) AS at
          FROM touch t
          WHERE t.lead_id = l.id AND t.direction = 'inbound' AND t.content IS NOT NULL AND t.at <= (SELECT leadflow.clock())
          GROUP BY t.content
          ORDER BY pg_catalog.max(t.at) DESC, t.content LIMIT 3) t) n
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS promises, pg_catalog.min(s.due_at) AS due_at
    FROM sla_open s
    WHERE s.lead_id = l.id) s
LEFT JOIN LATERAL (
    SELECT v.verdict, v.at, v.reason, v.note
    FROM verdict v
    WHERE v.lead_id = l.id AND v.at <= (SELECT leadflow.clock())
    ORDER BY v.at DESC, v.id DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT u.narrative, u.entered_at
    FROM nurture_stay u
    WHERE u.lead_id = l.id AND u.entered_at <= (SELECT leadflow.clock())
    ORDER BY u.entered_at DESC, u.id DESC LIMIT 1) u ON true
CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(DISTINCT o.code, ', ') AS heard
    FROM verdict v
    CROSS JOIN LATERAL pg_catalog.unnest(v.objections) o (code)
    WHERE v.lead_id = l.id AND v.at <= (SELECT leadflow.clock())) o
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id);
COMMENT ON VIEW lead_card IS 'What a rep should know before calling: who the lead is, why it was handed over, what it did, what was tried and promised, and what sales and nurture said of it. Read it for one lead. Touches, promises, verdicts and nurture are as known at leadflow.clock(), the lead itself is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_card.lead_id IS 'the lead';
COMMENT ON COLUMN lead_card.full_name IS 'name of the person';
COMMENT ON COLUMN lead_card.role IS 'role in the company';
COMMENT ON COLUMN lead_card.email IS 'e-mail address';
COMMENT ON COLUMN lead_card.phone IS 'telephone number';
COMMENT ON COLUMN lead_card.account IS 'name of the company';
COMMENT ON COLUMN lead_card.industry IS 'industry of the lead, else of the company';
COMMENT ON COLUMN lead_card.segment IS 'market segment of the lead, else of the company';
COMMENT ON COLUMN lead_card.stage IS 'where the lead is';
COMMENT ON COLUMN lead_card.stage_since_at IS 'since when';
COMMENT ON COLUMN lead_card.owner IS 'team member who owns it';
COMMENT ON COLUMN lead_card.need IS 'the confirmed need, in words';
COMMENT ON COLUMN lead_card.budget IS 'budget, in currency';
COMMENT ON COLUMN lead_card.currency IS 'ISO 4217 code of the budget; null for the workspace''s currency';
COMMENT ON COLUMN lead_card.decision_by IS 'date by which the buyer wants to decide';
COMMENT ON COLUMN lead_card.why_now IS 'handoff packet: why now';
COMMENT ON COLUMN lead_card.promised IS 'handoff packet: what was promised to the lead';
COMMENT ON COLUMN lead_card.evidence IS 'handoff packet: what the lead did that shows interest';
COMMENT ON COLUMN lead_card.urgency IS 'how urgent the request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN lead_card.score IS 'score in force (lead_scores.score_in_force); null for none. leadflow.explain_score says why';
COMMENT ON COLUMN lead_card.grade IS 'grade of fit and grade of behaviour: B2; null for none';
COMMENT ON COLUMN lead_card.probability IS 'probability of winning, 0..1, by the model that was active; null for none';
COMMENT ON COLUMN lead_card.origin IS 'where the lead came from';
COMMENT ON COLUMN lead_card.first_campaign IS 'campaign that brought the lead, else that of its first touch that names one';
COMMENT ON COLUMN lead_card.last_campaign IS 'campaign of the last touch that names one, else that which brought the lead';
COMMENT ON COLUMN lead_card.inbound_touches IS 'number of touches from the lead';
COMMENT ON COLUMN lead_card.inbound_kinds IS 'the kinds of them, separated by commas';
COMMENT ON COLUMN lead_card.last_inbound_at IS 'last touch from the lead; null for none';
COMMENT ON COLUMN lead_card.last_content IS 'the last three contents that it consumed, the latest first';
COMMENT ON COLUMN lead_card.attempts IS 'number of attempts to reach it (outbound touches that count as contact; in the same minute of the clock once)';
COMMENT ON COLUMN lead_card.channels_tried IS 'the channels of them, separated by commas; the kind of touch where a touch names no channel';
COMMENT ON COLUMN lead_card.last_attempt_at IS 'the last of them; null for none';
COMMENT ON COLUMN lead_card.open_promises IS 'number of promises that are still owed to it, or to its opportunities';
COMMENT ON COLUMN lead_card.next_due_at IS 'when the first of them is due';
COMMENT ON COLUMN lead_card.last_verdict IS 'last verdict of sales: accepted or rejected; null for none';
COMMENT ON COLUMN lead_card.last_verdict_at IS 'when it was given';
COMMENT ON COLUMN lead_card.last_reason IS 'code of its reason';
COMMENT ON COLUMN lead_card.last_note IS 'its note';
COMMENT ON COLUMN lead_card.last_narrative IS 'what marketing was told when it last went into nurture';
COMMENT ON COLUMN lead_card.last_nurture_at IS 'when that was';
COMMENT ON COLUMN lead_card.objections IS 'codes of the objections that were heard, separated by commas';
