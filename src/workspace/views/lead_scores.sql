-- Only left joins by a key: a report that asks for little pays for little.
CREATE OR REPLACE VIEW lead_scores AS
SELECT l.id AS lead_id,
       l.full_name,
       l.account_id,
       a.name AS account,
       l.campaign_id,
       g.name AS campaign,
       l.stage::text AS stage,
       l.owner,
       m.team,
       l.segment,
       l.variant,
       s.fit,
       s.behaviour,
       s.total,
       pg_catalog."substring"(s.grade, '[A-Z]') AS fit_grade,
       pg_catalog."substring"(s.grade, '[1-9]') AS behaviour_grade,
       s.grade,
       s.probability,
       s.model_version,
       t.score::numeric(15,4) AS tool_score,
       f.score_in_force::numeric(15,4) AS score_in_force,
       CASE WHEN f.score_in_force IS NULL OR w.force = 'tool' THEN 'tool'
            WHEN w.force = 'model' AND s.probability IS NOT NULL THEN 'model'
            WHEN w.force = 'rules' AND s.total IS NOT NULL THEN 'rules'
            ELSE 'tool' END AS in_force,
       s.scored_at,
       leadflow.seconds(GREATEST((SELECT leadflow.clock()), s.scored_at) - s.scored_at) AS stale_seconds,
       s.refused_move,
       s.refusal
FROM lead l
LEFT JOIN lead_score s ON s.lead_id = l.id
LEFT JOIN account a ON a.id = l.account_id
LEFT JOIN campaign g ON g.id = l.campaign_id
LEFT JOIN team_member m ON m.member = l.owner
CROSS JOIN LATERAL (SELECT (SELECT w.score_in_force FROM workspace w) AS force) w
CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.abs(l.score) < 10000000000 THEN l.score END AS score) t
CROSS JOIN LATERAL (SELECT COALESCE(CASE w.force WHEN 'rules' THEN s.total WHEN 'model' THEN 100 * s.probability END, t.score) AS score_in_force) f
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id);
COMMENT ON VIEW lead_scores IS 'The scores of every lead: what leadflow gives, what the tool gives, and which of them orders the work. Scores are those of the last leadflow.refresh_scores, whatever leadflow.clock() is; the lead is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_scores.lead_id IS 'the lead';
COMMENT ON COLUMN lead_scores.full_name IS 'name of the person';
COMMENT ON COLUMN lead_scores.account_id IS 'company';
COMMENT ON COLUMN lead_scores.account IS 'name of the company';
COMMENT ON COLUMN lead_scores.campaign_id IS 'campaign that brought the lead';
COMMENT ON COLUMN lead_scores.campaign IS 'name of the campaign';
COMMENT ON COLUMN lead_scores.stage IS 'where the lead is';
COMMENT ON COLUMN lead_scores.owner IS 'team member who owns it';
COMMENT ON COLUMN lead_scores.team IS 'the owner''s team';
COMMENT ON COLUMN lead_scores.segment IS 'market segment';
COMMENT ON COLUMN lead_scores.variant IS 'product line or region; * for the general ones';
COMMENT ON COLUMN lead_scores.fit IS 'points for who they are; this and what follows is null where leadflow has not scored the lead yet';
COMMENT ON COLUMN lead_scores.behaviour IS 'points for what they do, faded up to scored_at';
COMMENT ON COLUMN lead_scores.total IS 'fit and behaviour';
COMMENT ON COLUMN lead_scores.fit_grade IS 'grade of the fit: A is the best; null where there are no grades';
COMMENT ON COLUMN lead_scores.behaviour_grade IS 'grade of the behaviour: 1 is the best; null where there are no grades';
COMMENT ON COLUMN lead_scores.grade IS 'both grades: B2';
COMMENT ON COLUMN lead_scores.probability IS 'probability of winning, 0..1, by the model that was active; null for none';
COMMENT ON COLUMN lead_scores.model_version IS 'that model (score_model.version)';
COMMENT ON COLUMN lead_scores.tool_score IS 'score given by the tool (lead.score); null for none, and for one of 10^10 or more';
COMMENT ON COLUMN lead_scores.score_in_force IS 'the score that orders the work, as workspace.score_in_force asks: total (rules), 100 times the probability (model) or the tool''s; where leadflow has not scored the lead by it yet, the tool''s; null for none';
COMMENT ON COLUMN lead_scores.in_force IS 'which one that is: rules, model or tool';
COMMENT ON COLUMN lead_scores.scored_at IS 'the instant as of which leadflow scored it; null for not yet';
COMMENT ON COLUMN lead_scores.stale_seconds IS 'how long ago that was: elapsed, whole seconds';
COMMENT ON COLUMN lead_scores.refused_move IS 'move by score (score_move.code) that the guard refused when it was last scored; null for none';
COMMENT ON COLUMN lead_scores.refusal IS 'what the guard said: which criteria are not met, and what was seen, one a line';
