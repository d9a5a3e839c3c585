CREATE OR REPLACE VIEW joint_goals AS
SELECT g.from_date,
       g.until_date,
       g.department,
       g.kind,
       g.goal,
       g.variant,
       g.segment,
       g.origin,
       g.team,
       g.owner,
       g.state,
       g.promised::numeric(30,6) AS promised,
       g.delivered::numeric(30,6) AS delivered,
       pg_catalog.round(g.delivered / NULLIF(g.promised, 0), 6)::numeric(30,6) AS reached_share,
       g.kept,
       g.missing::numeric(24,2) AS missing,
       g.meaning
FROM (SELECT a.from_date, a.until_date, a.department, 'agreement'::text AS kind, a.agreement AS goal, a.variant, a.segment, a.origin,
             NULL::text AS team, NULL::text AS owner, a.state, a.promised, a.delivered, a.kept, a.missing::numeric AS missing, a.promise AS meaning
      FROM agreement_kept a
      UNION ALL
      SELECT p.starts_on AS from_date, p.ends_on AS until_date, p.department, 'target'::text AS kind, p.metric AS goal, NULL::text AS variant, p.segment, NULL::text AS origin,
             p.team, p.owner, CASE p.state WHEN 'over' THEN 'complete' ELSE p.state END AS state, p.target_value AS promised, p.actual AS delivered,
             CASE p.standing WHEN 'reached' THEN true WHEN 'missed' THEN false END AS kept, p.gap AS missing, t.note AS meaning
      FROM plan_vs_actual p
      JOIN target t ON t.id = p.target_id) g
ORDER BY g.from_date, g.until_date, g.department, g.kind DESC, g.goal, g.variant, g.segment, g.origin, g.team, g.owner;
COMMENT ON VIEW joint_goals IS 'What both departments owe each other and the company, side by side, period by period: the agreements (agreement_kept: the share of leads that marketing gets to a confirmed need, and the share of these that sales wins) and the targets (plan_vs_actual), as known at leadflow.clock().';
COMMENT ON COLUMN joint_goals.from_date IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN joint_goals.until_date IS 'last day of it';
COMMENT ON COLUMN joint_goals.department IS 'who owes it: marketing, sales or both';
COMMENT ON COLUMN joint_goals.kind IS 'agreement or target';
COMMENT ON COLUMN joint_goals.goal IS 'code of the agreement, or metric of the target';
COMMENT ON COLUMN joint_goals.variant IS 'only this product line or region; null for all';
COMMENT ON COLUMN joint_goals.segment IS 'only this segment; null for all';
COMMENT ON COLUMN joint_goals.origin IS 'only this origin; null for all';
COMMENT ON COLUMN joint_goals.team IS 'only this team; null for all';
COMMENT ON COLUMN joint_goals.owner IS 'only this person; null for all';
COMMENT ON COLUMN joint_goals.state IS 'to come, running or complete';
COMMENT ON COLUMN joint_goals.promised IS 'what is owed: a number, a share 0..1, or money in the currency of the workspace';
COMMENT ON COLUMN joint_goals.delivered IS 'what was delivered so far; null for a share of nothing';
COMMENT ON COLUMN joint_goals.reached_share IS 'delivered / promised; null where either is nothing';
COMMENT ON COLUMN joint_goals.kept IS 'whether delivered reaches promised; null while the period runs and it does not';
COMMENT ON COLUMN joint_goals.missing IS 'how much more would have kept it: leads or reactions of an agreement, else in the unit of promised';
COMMENT ON COLUMN joint_goals.meaning IS 'the goal in words';
