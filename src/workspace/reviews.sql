/*
 * reviews.sql: what the meetings of both departments write down.
 */

CREATE TABLE deal_plan (
    opportunity_id  bigint PRIMARY KEY REFERENCES opportunity,
    priority        boolean NOT NULL DEFAULT false,
    obstacle        text CHECK (obstacle <> ''),
    closing_plan    text CHECK (closing_plan <> ''),
    next_step       text CHECK (next_step <> ''),
    next_step_on    date CHECK (pg_catalog.isfinite(next_step_on)),
    needs           text[] NOT NULL DEFAULT '{}',
    needs_note      text CHECK (needs_note <> ''),
    reviewed_on     date NOT NULL DEFAULT leadflow.clock()::date CHECK (pg_catalog.isfinite(reviewed_on)),
    CONSTRAINT needs_known CHECK (needs <@ '{content,reference,presales,pricing,legal,management}'::text[]),
    CONSTRAINT step_with_a_day CHECK ((next_step IS NULL) = (next_step_on IS NULL))
);
COMMENT ON TABLE deal_plan IS 'What both departments said of a deal when they last looked at it together: what stands in the way, how it is to be closed, and what is needed for it. One row a deal, written anew at each review.';
COMMENT ON COLUMN deal_plan.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_plan.priority IS 'whether it is one of the deals that are looked at first';
COMMENT ON COLUMN deal_plan.obstacle IS 'what stands in the way; null for nothing known';
COMMENT ON COLUMN deal_plan.closing_plan IS 'how it is to be closed';
COMMENT ON COLUMN deal_plan.next_step IS 'what is done next; it owes a day';
COMMENT ON COLUMN deal_plan.next_step_on IS 'by which day';
COMMENT ON COLUMN deal_plan.needs IS 'what sales needs from others for it: content, reference, presales, pricing, legal, management';
COMMENT ON COLUMN deal_plan.needs_note IS 'what exactly';
COMMENT ON COLUMN deal_plan.reviewed_on IS 'when it was last looked at';
