CREATE OR REPLACE VIEW alerts_open AS
SELECT a.id AS alert_id,
       a.kind,
       a.message,
       a.at AS happened_at,
       a.raised_at,
       a.send_at,
       a.sent_at,
       a.receiver,
       r.full_name AS receiver_name,
       COALESCE(r.team, a.details ->> 'team') AS team,
       a.clock_id,
       c.policy,
       a.lead_id,
       l.full_name,
       a.opportunity_id,
       o.name AS opportunity,
       a.campaign_id,
       g.name AS campaign,
       a.action,
       a.done_at,
       a.fault,
       a.tries::bigint AS tries,
       leadflow.seconds((SELECT leadflow.clock()) - a.send_at) AS age_seconds
FROM alert a
LEFT JOIN team_member r ON r.member = a.receiver
LEFT JOIN sla_clock c ON c.id = a.clock_id
LEFT JOIN lead l ON l.id = a.lead_id
LEFT JOIN opportunity o ON o.id = a.opportunity_id
LEFT JOIN campaign g ON g.id = a.campaign_id
WHERE a.acknowledged_at IS NULL
    AND a.dropped_at IS NULL
    AND a.send_at <= (SELECT leadflow.clock())
ORDER BY a.send_at, a.id;
COMMENT ON VIEW alerts_open IS 'Alerts of which nobody has taken note, and that may be told at leadflow.clock(), the oldest first. leadflow.acknowledge takes note of one.';
COMMENT ON COLUMN alerts_open.alert_id IS 'number of the alert';
COMMENT ON COLUMN alerts_open.kind IS 'warning, breach, exhausted, never_contacted, volume_without_sales, data_gap, woken, or what was done: escalate, reassign, return_to_nurture';
COMMENT ON COLUMN alerts_open.message IS 'the alert in words';
COMMENT ON COLUMN alerts_open.happened_at IS 'instant that it is about: when the promise was broken, for example';
COMMENT ON COLUMN alerts_open.raised_at IS 'instant as of which it was raised';
COMMENT ON COLUMN alerts_open.send_at IS 'since when the receiver may be told';
COMMENT ON COLUMN alerts_open.sent_at IS 'when it was notified; null where it was not, because what was to be done is not done';
COMMENT ON COLUMN alerts_open.receiver IS 'team member who is told; null for nobody in particular';
COMMENT ON COLUMN alerts_open.receiver_name IS 'the receiver''s name';
COMMENT ON COLUMN alerts_open.team IS 'the receiver''s team; without one, the team that owes what the alert is about';
COMMENT ON COLUMN alerts_open.clock_id IS 'promise that it is about';
COMMENT ON COLUMN alerts_open.policy IS 'policy of the promise';
COMMENT ON COLUMN alerts_open.lead_id IS 'lead that it is about';
COMMENT ON COLUMN alerts_open.full_name IS 'name of the person';
COMMENT ON COLUMN alerts_open.opportunity_id IS 'opportunity that it is about';
COMMENT ON COLUMN alerts_open.opportunity IS 'name of the deal';
COMMENT ON COLUMN alerts_open.campaign_id IS 'campaign that it is about';
COMMENT ON COLUMN alerts_open.campaign IS 'name of the campaign';
COMMENT ON COLUMN alerts_open.action IS 'what was to be done: escalate, reassign, return_to_nurture or wake; null for an alert alone';
COMMENT ON COLUMN alerts_open.done_at IS 'when it was done; null while it was not';
COMMENT ON COLUMN alerts_open.fault IS 'what stood in the way at the last try; null where nothing did';
COMMENT ON COLUMN alerts_open.tries IS 'how often it was tried in vain';
COMMENT ON COLUMN alerts_open.age_seconds IS 'time since send_at: elapsed, whole seconds';
