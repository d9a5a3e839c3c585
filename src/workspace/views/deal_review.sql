CREATE OR REPLACE VIEW deal_review AS
WITH past AS (
    -- where each deal was thirty days ago: its last entry by then
    SELECT DISTINCT ON (e.opportunity_id) e.opportunity_id, e.to_stage, e.amount, e.currency
    FROM stage_event e
    WHERE e.opportunity_id IS NOT NULL AND e.at <= (SELECT leadflow.clock()) - interval '30 days'
    ORDER BY e.opportunity_id DESC, e.at DESC, e.id DESC
)
SELECT d.opportunity_id,
       d.name,
       d.buyer,
       d.segment,
       d.owner,
       d.team,
       COALESCE(p.priority, false) AS priority,
       d.stage,
       o.to_stage::text AS stage_month_ago,
       d.value,
       d.weighted_value,
       (CASE WHEN d.currency = COALESCE(o.currency, (SELECT w.currency FROM workspace w)) THEN d.amount - o.amount END)::numeric(24,2) AS amount_moved,
       d.expected_close,
       d.slipped_days,
       d.stage_seconds,
       d.norm_seconds,
       d.stalled,
       t.last_touch_at,
       p.obstacle,
       p.closing_plan,
       p.next_step,
       p.next_step_on,
       COALESCE(p.next_step_on < (SELECT leadflow.clock())::date, false) AS step_overdue,
       pg_catalog.array_to_string(p.needs, ', ') AS needs,
       p.needs_note,
       p.reviewed_on,
       COALESCE(p.reviewed_on < (SELECT leadflow.clock())::date - 31, true) AS review_due
FROM pipeline_deals d
LEFT JOIN deal_plan p ON p.opportunity_id = d.opportunity_id
LEFT JOIN past o ON o.opportunity_id = d.opportunity_id
LEFT JOIN (SELECT t.opportunity_id, pg_catalog.max(t.touched_at) AS last_touch_at
           FROM deal_touch t
           GROUP BY t.opportunity_id) t ON t.opportunity_id = d.opportunity_id
ORDER BY COALESCE(p.priority, false) DESC, d.weighted_value DESC NULLS LAST, d.value DESC NULLS LAST, d.opportunity_id;
COMMENT ON VIEW deal_review IS 'The agenda of the monthly review of deals: every open deal as pipeline_deals shows it at leadflow.clock(), those of priority first, then by weighted value and value, with what was said of it last (deal_plan), what has moved in thirty days, and what is due.';
COMMENT ON COLUMN deal_review.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_review.name IS 'its name';
COMMENT ON COLUMN deal_review.buyer IS 'who would buy: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN deal_review.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN deal_review.owner IS 'who owns it now';
COMMENT ON COLUMN deal_review.team IS 'the owner''s team now';
COMMENT ON COLUMN deal_review.priority IS 'whether it is one of those that are looked at first';
COMMENT ON COLUMN deal_review.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN deal_review.stage_month_ago IS 'the stage thirty days ago; null where it was not there yet';
COMMENT ON COLUMN deal_review.value IS 'what it is worth, in the currency of the workspace; null where that is not known';
COMMENT ON COLUMN deal_review.weighted_value IS 'value by the share of such deals that were won';
COMMENT ON COLUMN deal_review.amount_moved IS 'amount less that of its last entry thirty days ago, in its own currency; null where one is not known';
COMMENT ON COLUMN deal_review.expected_close IS 'day on which it is expected to close';
COMMENT ON COLUMN deal_review.slipped_days IS 'days since that day has passed; 0 for not yet';
COMMENT ON COLUMN deal_review.stage_seconds IS 'time in the stage: elapsed, whole seconds';
COMMENT ON COLUMN deal_review.norm_seconds IS 'longest time that the stage should last, in seconds; null for no norm';
COMMENT ON COLUMN deal_review.stalled IS 'whether it is in its stage for longer than the norm';
COMMENT ON COLUMN deal_review.last_touch_at IS 'last touch of the deal (deal_touch); null for none';
COMMENT ON COLUMN deal_review.obstacle IS 'what stands in the way, as said at the last review';
COMMENT ON COLUMN deal_review.closing_plan IS 'how it is to be closed';
COMMENT ON COLUMN deal_review.next_step IS 'what is done next';
COMMENT ON COLUMN deal_review.next_step_on IS 'by which day';
COMMENT ON COLUMN deal_review.step_overdue IS 'whether that day has passed, in the session''s time zone';
COMMENT ON COLUMN deal_review.needs IS 'what sales needs for it, with commas between: content, reference, presales, pricing, legal, management';
COMMENT ON COLUMN deal_review.needs_note IS 'what exactly';
COMMENT ON COLUMN deal_review.reviewed_on IS 'when it was last looked at; null for never';
COMMENT ON COLUMN deal_review.review_due IS 'whether that was never, or more than 31 days ago';
