CREATE OR REPLACE VIEW content_requests AS
SELECT q.id AS request_id,
       q.asked_at,
       q.asked_by,
       q.lead_id,
       q.opportunity_id,
       q.persona,
       q.stage::text AS stage,
       q.kind,
       q.needed_by,
       CASE WHEN a.answered_at IS NULL THEN CASE WHEN q.needed_by < (SELECT leadflow.clock())::date THEN 'late' ELSE 'open' END
            WHEN q.content IS NULL THEN 'declined'
            WHEN a.answered_at >= q.needed_by + 1 THEN 'delivered_late'
            ELSE 'delivered' END AS state,
       leadflow.seconds(COALESCE(a.answered_at, (SELECT leadflow.clock())) - q.asked_at) AS waited_seconds,
       a.answered_at,
       CASE WHEN a.answered_at IS NOT NULL THEN q.content END AS content,
       CASE WHEN a.answered_at IS NOT NULL THEN q.outcome END AS outcome
FROM content_request q
LEFT JOIN opportunity o ON o.id = q.opportunity_id
CROSS JOIN LATERAL (SELECT CASE WHEN q.answered_at <= (SELECT leadflow.clock()) THEN q.answered_at END AS answered_at) a
WHERE q.asked_at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(q.lead_id, o.lead_id));
COMMENT ON VIEW content_requests IS 'Contents that sales asked for, and what became of it, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN content_requests.request_id IS 'number of the request (content_request.id)';
COMMENT ON COLUMN content_requests.asked_at IS 'when it was asked for';
COMMENT ON COLUMN content_requests.asked_by IS 'who asked';
COMMENT ON COLUMN content_requests.lead_id IS 'lead that it is for';
COMMENT ON COLUMN content_requests.opportunity_id IS 'deal that it is for';
COMMENT ON COLUMN content_requests.persona IS 'type of the buyer';
COMMENT ON COLUMN content_requests.stage IS 'where the buyer is';
COMMENT ON COLUMN content_requests.kind IS 'kind of content';
COMMENT ON COLUMN content_requests.needed_by IS 'day by which it is needed; null for none';
COMMENT ON COLUMN content_requests.state IS 'open, late (not answered, and needed_by is over), delivered, delivered_late or declined';
COMMENT ON COLUMN content_requests.waited_seconds IS 'time until the answer, or so far: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN content_requests.answered_at IS 'when marketing answered; null for not yet';
COMMENT ON COLUMN content_requests.content IS 'content that was delivered; null for none';
COMMENT ON COLUMN content_requests.outcome IS 'used or not_used; null for not known';
