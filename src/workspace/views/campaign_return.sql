-- How long a sale takes, at most, is what 90 in 100 took: a younger lead says
-- nothing yet.
CREATE OR REPLACE VIEW campaign_return AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.entered_at, m.lead_at, m.mql_at, m.won_at, m.assigned
    FROM lead_milestone m
), cycle AS (
    SELECT pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY m.won_at - m.entered_at) AS longest
    FROM milestone m
    WHERE m.won_at IS NOT NULL
), answer AS (
    SELECT a.lead_id, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
    FROM contact_attempt a
    GROUP BY a.lead_id
), brought AS (
    SELECT m.campaign_id,
           pg_catalog.count(m.lead_at) AS leads,
           pg_catalog.count(*) FILTER (WHERE m.assigned AND m.lead_at IS NOT NULL) AS assigned,
           pg_catalog.count(m.mql_at) AS handed_over,
           pg_catalog.count(a.lead_id) FILTER (WHERE m.mql_at IS NOT NULL) AS contacted,
           pg_catalog.count(*) FILTER (WHERE m.mql_at IS NOT NULL AND a.answered) AS answered,
           pg_catalog.count(*) FILTER (WHERE m.lead_at IS NOT NULL AND m.entered_at + c.longest <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(m.won_at) FILTER (WHERE m.entered_at + c.longest <= (SELECT leadflow.clock())) AS judged_won
    FROM milestone m
    CROSS JOIN cycle c
    LEFT JOIN answer a ON a.lead_id = m.lead_id
    WHERE m.campaign_id IS NOT NULL
    GROUP BY m.campaign_id
), spent AS (
    SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend, pg_catalog.sum(s.budget) AS budget, pg_catalog.sum(s.without_rate)::bigint AS without_rate
    FROM campaign_spend s
    GROUP BY s.campaign_id
), dealt AS (
    SELECT d.campaign_id,
           pg_catalog.count(*) AS opportunities,
           COALESCE(pg_catalog.sum(d.value), 0) AS pipeline,
           pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS without_value,
           pg_catalog.count(d.won_at) AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'won'), 0) AS revenue,
           pg_catalog.count(*) FILTER (WHERE d.new_customer) AS new_customers,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.new_customer), 0) AS new_revenue,
           pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', d.won_at - LEAST(m.entered_at, d.opened_at)) / 86400) AS cycle_days
    FROM deal d
    LEFT JOIN milestone m ON m.lead_id = d.lead_id
    WHERE d.outcome <> 'void' AND d.campaign_id IS NOT NULL
    GROUP BY d.campaign_id
), known AS (
    SELECT c.id AS campaign_id, c.name AS campaign, c.channel, c.starts_on, c.ends_on, s.budget, s.spend, COALESCE(s.without_rate, 0) AS without_rate,
           COALESCE(b.leads, 0) AS leads, COALESCE(b.assigned, 0) AS assigned, COALESCE(b.handed_over, 0) AS handed_over,
           COALESCE(b.contacted, 0) AS contacted, COALESCE(b.answered, 0) AS answered, COALESCE(b.judged, 0) AS judged, COALESCE(b.judged_won, 0) AS judged_won,
           COALESCE(d.opportunities, 0) AS opportunities, COALESCE(d.pipeline, 0) AS pipeline, COALESCE(d.without_value, 0) AS without_value,
           COALESCE(d.won, 0) AS won, COALESCE(d.lost, 0) AS lost, COALESCE(d.revenue, 0) AS revenue, COALESCE(d.new_customers, 0) AS new_customers,
           COALESCE(d.new_revenue, 0) AS new_revenue, d.cycle_days
    FROM campaign c
    LEFT JOIN spent s ON s.campaign_id = c.id
    LEFT JOIN brought b ON b.campaign_id = c.id
    LEFT JOIN dealt d ON d.campaign_id = c.id
    WHERE s.campaign_id IS NOT NULL OR b.campaign_id IS NOT NULL OR d.campaign_id IS NOT NULL
), compared AS (
    SELECT k.*,
           pg_catalog.count(*) OVER () AS campaigns,
           pg_catalog.rank() OVER (ORDER BY k.pipeline DESC) AS pipeline_rank,
           pg_catalog.rank() OVER (ORDER BY k.new_revenue DESC) AS new_revenue_rank,
           (pg_catalog.sum(k.judged_won) OVER ())::numeric / NULLIF(pg_catalog.sum(k.judged) OVER (), 0) AS won_share_all,
           i.high
    FROM known k
    LEFT JOIN LATERAL leadflow.share_interval(k.judged_won, k.judged) i ON true
), marked AS (
    SELECT p.*,
           CASE WHEN p.pipeline_rank * 2 <= p.campaigns AND p.pipeline > 0 AND (p.new_revenue_rank * 2 > p.campaigns OR p.new_revenue <= 0)
                THEN 'pipeline without new revenue'
                WHEN p.new_revenue_rank * 2 <= p.campaigns AND p.new_revenue > 0 AND (p.pipeline_rank * 2 > p.campaigns OR p.pipeline <= 0)
                THEN 'new revenue from little pipeline' END AS mismatch,
           CASE WHEN p.spend IS NULL THEN 'look closer'
                WHEN p.new_revenue >= p.spend AND p.new_customers >= 3 THEN 'repeat'
                WHEN p.judged * 2 < p.leads OR p.leads = 0 THEN 'too early'
                WHEN p.new_revenue < p.spend AND p.high < p.won_share_all THEN 'stop'
                ELSE 'look closer' END AS advice
    FROM compared p
)
SELECT p.campaign_id,
       p.campaign,
       p.channel,
       p.starts_on,
       p.ends_on,
       p.budget::numeric(24,2) AS budget,
       p.spend::numeric(24,2) AS spend,
       p.without_rate,
       p.leads,
       p.assigned,
       (p.spend / NULLIF(p.leads, 0))::numeric(24,2) AS cost_per_lead,
       (p.spend / NULLIF(p.assigned, 0))::numeric(24,2) AS cost_per_assigned_lead,
       p.handed_over,
       p.contacted,
       p.answered,
       (p.answered::numeric / NULLIF(p.contacted, 0))::numeric(9,6) AS answered_share,
       p.opportunities,
       p.pipeline::numeric(24,2) AS pipeline,
       p.won,
       p.lost,
       p.without_value,
       (p.won::numeric / NULLIF(p.won + p.lost, 0))::numeric(9,6) AS win_rate,
       p.revenue::numeric(24,2) AS revenue,
       p.new_customers,
       p.new_revenue::numeric(24,2) AS new_revenue,
       (p.revenue - p.new_revenue)::numeric(24,2) AS returning_revenue,
       (p.spend / NULLIF(p.new_customers, 0))::numeric(24,2) AS cost_per_new_customer,
       ((p.revenue - p.spend) / NULLIF(p.spend, 0))::numeric(30,4) AS roi,
       ((p.new_revenue - p.spend) / NULLIF(p.spend, 0))::numeric(30,4) AS new_roi,
       p.cycle_days::numeric(12,2) AS cycle_days_median,
       p.pipeline_rank,
       p.new_revenue_rank,
       p.mismatch,
       p.judged,
       p.judged_won,
       (p.judged_won::numeric / NULLIF(p.judged, 0))::numeric(9,6) AS judged_won_share,
       p.high::numeric(9,6) AS judged_won_share_high,
       p.won_share_all::numeric(9,6) AS won_share_all,
       p.advice,
       pg_catalog.format('%s leads, %s of them old enough to judge and %s of those won (at best a share of %s; all campaigns: %s); %s assigned at %s each; %s of %s contacted answered; pipeline %s; %s new customers, new revenue %s for %s spent',
           p.leads, p.judged, p.judged_won, COALESCE(pg_catalog.round(p.high, 4)::text, 'unknown'), COALESCE(pg_catalog.round(p.won_share_all, 4)::text, 'unknown'),
           p.assigned, COALESCE(pg_catalog.round(p.spend / NULLIF(p.assigned, 0), 2)::text, 'unknown'), p.answered, p.contacted,
           pg_catalog.round(p.pipeline, 2), p.new_customers, pg_catalog.round(p.new_revenue, 2), COALESCE(pg_catalog.round(p.spend, 2)::text, 'unknown')) AS evidence
FROM marked p;
COMMENT ON VIEW campaign_return IS 'What each campaign cost and what came of it, as known at leadflow.clock(), in the currency of the workspace, and whether to repeat it. Leads belong to the campaign of their first entry, deals to their own (deal.campaign_id). Opportunities opened in error and leads in lead_outside are left out. A campaign without cost, leads or deals so far has no row.';
COMMENT ON COLUMN campaign_return.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_return.campaign IS 'its name';
COMMENT ON COLUMN campaign_return.channel IS 'its channel';
COMMENT ON COLUMN campaign_return.starts_on IS 'first day';
COMMENT ON COLUMN campaign_return.ends_on IS 'last day';
COMMENT ON COLUMN campaign_return.budget IS 'what was planned; null where it is not known';
COMMENT ON COLUMN campaign_return.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN campaign_return.without_rate IS 'number of amounts that are left out of it for want of an exchange rate';
COMMENT ON COLUMN campaign_return.leads IS 'number of leads that it brought (that reached lead)';
COMMENT ON COLUMN campaign_return.assigned IS 'how many of them have or had an owner';
COMMENT ON COLUMN campaign_return.cost_per_lead IS 'spend / leads; null where no cost is known or there are none';
COMMENT ON COLUMN campaign_return.cost_per_assigned_lead IS 'spend / assigned; null where no cost is known or there are none';
COMMENT ON COLUMN campaign_return.handed_over IS 'how many reached mql';
COMMENT ON COLUMN campaign_return.contacted IS 'how many of those sales tried to reach (contact_attempt)';
COMMENT ON COLUMN campaign_return.answered IS 'how many of those answered';
COMMENT ON COLUMN campaign_return.answered_share IS 'answered / contacted, 0..1: response to outreach; null where nobody was contacted';
COMMENT ON COLUMN campaign_return.opportunities IS 'number of opportunities opened';
COMMENT ON COLUMN campaign_return.pipeline IS 'value of all of them, open and closed, as known now';
COMMENT ON COLUMN campaign_return.won IS 'number of deals won';
COMMENT ON COLUMN campaign_return.lost IS 'number of deals lost';
COMMENT ON COLUMN campaign_return.without_value IS 'number of opportunities whose value is not known, or has no exchange rate: they count as deals, but not as money';
COMMENT ON COLUMN campaign_return.win_rate IS 'won / (won + lost), 0..1; null where none is closed';
COMMENT ON COLUMN campaign_return.revenue IS 'value of the deals won';
COMMENT ON COLUMN campaign_return.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN campaign_return.new_revenue IS 'value of those';
COMMENT ON COLUMN campaign_return.returning_revenue IS 'value of the other deals won: buyers that had bought before';
COMMENT ON COLUMN campaign_return.cost_per_new_customer IS 'spend / new_customers; null where no cost is known or there is none';
COMMENT ON COLUMN campaign_return.roi IS '(revenue - spend) / spend: 0 where it earned what it cost; null where nothing was spent';
COMMENT ON COLUMN campaign_return.new_roi IS '(new_revenue - spend) / spend; null where nothing was spent';
COMMENT ON COLUMN campaign_return.cycle_days_median IS 'median time from the first entry of the lead, or of the deal where that was earlier, to the win, elapsed, in days, interpolated; null where none was won';
COMMENT ON COLUMN campaign_return.pipeline_rank IS 'place by pipeline, 1 for the greatest; equals share a place';
COMMENT ON COLUMN campaign_return.new_revenue_rank IS 'place by new_revenue';
COMMENT ON COLUMN campaign_return.mismatch IS 'pipeline without new revenue: in the upper half (place * 2 at most the number of campaigns, and above 0) by pipeline, but not by new revenue; new revenue from little pipeline: the other way round; null for neither';
COMMENT ON COLUMN campaign_return.judged IS 'number of its leads that are old enough to judge: 90 in 100 of the leads ever won took no longer; 0 where none was won';
COMMENT ON COLUMN campaign_return.judged_won IS 'how many of them were won';
COMMENT ON COLUMN campaign_return.judged_won_share IS 'judged_won / judged, 0..1';
COMMENT ON COLUMN campaign_return.judged_won_share_high IS 'what that share is at best: upper limit of leadflow.share_interval';
COMMENT ON COLUMN campaign_return.won_share_all IS 'the same share of the leads of all campaigns';
COMMENT ON COLUMN campaign_return.advice IS 'by the first rule that holds: look closer (no cost is known), repeat (new_revenue is at least spend, from at least 3 new customers), too early (fewer than half of its leads are old enough to judge), stop (new_revenue is below spend, and judged_won_share_high below won_share_all: not by chance), else look closer';
COMMENT ON COLUMN campaign_return.evidence IS 'the figures behind the advice, in words';
