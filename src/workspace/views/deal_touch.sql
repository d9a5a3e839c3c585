-- A touch comes to a deal by one way only: with a lead of its account, else
-- with the account itself, else with its own lead.
CREATE OR REPLACE VIEW deal_touch AS
WITH bought AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.account_id, COALESCE(d.closed_at, (SELECT leadflow.clock())) AS until
    FROM deal d
), met AS (
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN lead l ON l.account_id = b.account_id AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
    JOIN touch t ON t.lead_id = l.id
    UNION ALL
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN touch t ON t.account_id = b.account_id
    LEFT JOIN lead l ON l.id = t.lead_id
    WHERE l.account_id IS DISTINCT FROM b.account_id AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
    UNION ALL
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN lead l ON l.id = b.lead_id AND (l.account_id = b.account_id) IS NOT TRUE
    JOIN touch t ON t.lead_id = l.id AND (t.account_id = b.account_id) IS NOT TRUE
)
SELECT t.opportunity_id,
       t.id AS touch_id,
       t.at AS touched_at,
       t.kind,
       pg_catalog.substr(COALESCE(t.channel, c.channel, t.kind), 1, 200) AS channel,
       t.campaign_id,
       c.name AS campaign,
       t.direction,
       t.actor,
       CASE WHEN t.campaign_id IS NOT NULL AND w.department = 'sales' THEN 'both'
            WHEN t.campaign_id IS NOT NULL THEN 'marketing'
            WHEN w.department IS NOT NULL THEN w.department
            WHEN t.direction = 'inbound' THEN 'marketing'
            ELSE 'sales' END AS department
FROM met t
JOIN touch_kind k ON k.kind = t.kind
LEFT JOIN campaign c ON c.id = t.campaign_id
LEFT JOIN team_member w ON w.member = t.actor
WHERE t.at <= t.until
    -- an internal note touches nobody
    AND (t.direction = 'inbound' OR k.is_contact OR t.campaign_id IS NOT NULL);
COMMENT ON VIEW deal_touch IS 'The touches that led to each deal, each once: those of its lead, of the other leads of its account, and of the account itself, up to the instant at which it was won or closed, or to leadflow.clock(). Outbound touches of no campaign, of a kind that is no attempt to reach anybody (touch_kind.is_contact), such as notes, are none. Touches of leads in lead_outside are left out. A touch may lead to several deals.';
COMMENT ON COLUMN deal_touch.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_touch.touch_id IS 'the touch (touch.id)';
COMMENT ON COLUMN deal_touch.touched_at IS 'when it happened';
COMMENT ON COLUMN deal_touch.kind IS 'kind of touch';
COMMENT ON COLUMN deal_touch.channel IS 'its channel, else that of its campaign, else its kind: the first 200 characters';
COMMENT ON COLUMN deal_touch.campaign_id IS 'campaign that it belongs to';
COMMENT ON COLUMN deal_touch.campaign IS 'name of the campaign';
COMMENT ON COLUMN deal_touch.direction IS 'inbound or outbound';
COMMENT ON COLUMN deal_touch.actor IS 'team member who made it';
COMMENT ON COLUMN deal_touch.department IS 'whose work it was: both (of a campaign, by somebody of sales), marketing (of a campaign else), else the department of its actor (team_member), else marketing for inbound and sales for outbound touches';
