CREATE OR REPLACE VIEW false_rejections AS
WITH rejected AS MATERIALIZED (
    SELECT v.verdict_id, v.lead_id, v.full_name, v.given_at, v.reason, v.category, v.owner, v.team, v.campaign_id, v.origin, v.segment, v.variant,
           l.account_id, leadflow.normal_email(l.email) AS email
    FROM verdicts v
    JOIN lead l ON l.id = v.lead_id
    WHERE v.in_force AND v.verdict = 'rejected'
), won AS MATERIALIZED (
    SELECT w.lead_id, w.opportunity_id, w.account_id, leadflow.normal_email(w.email) AS email, w.at, w.amount, w.currency
    FROM (SELECT v.*, pg_catalog.bool_or(v.is_void) OVER (PARTITION BY v.lead_id, v.at) AS took_along
          FROM (SELECT l.id AS lead_id,
                       e.opportunity_id,
                       COALESCE(o.account_id, l.account_id) AS account_id,
                       l.email,
                       e.at,
                       CASE WHEN e.opportunity_id IS NOT NULL THEN e.amount END AS amount,
                       CASE WHEN e.opportunity_id IS NOT NULL THEN e.currency END AS currency,
                       -- one that was opened in error was not won either, nor was the lead that it took along
                       (SELECT p.to_stage <@ 'disqualified' FROM stage_event p WHERE p.opportunity_id = e.opportunity_id AND p.at <= (SELECT leadflow.clock())
                        ORDER BY p.at DESC, p.id DESC LIMIT 1) AS is_void
                FROM stage_event e
                LEFT JOIN opportunity o ON o.id = e.opportunity_id
                LEFT JOIN lead l ON l.id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END
                WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())
                    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
                    AND (e.opportunity_id IS NULL OR EXISTS (SELECT FROM visible_opportunity s WHERE s.id = o.id))
                    AND (l.id IS NULL OR EXISTS (SELECT FROM visible_lead s WHERE s.id = l.id))) v) w
    WHERE NOT COALESCE(w.is_void, w.took_along, false)
)
SELECT DISTINCT ON (h.verdict_id)
       h.verdict_id,
       h.lead_id,
       h.full_name,
       h.given_at AS rejected_at,
       h.reason,
       h.category,
       h.owner,
       h.team,
       h.campaign_id,
       h.origin,
       h.segment,
       h.variant,
       h.how,
       h.won_lead_id,
       h.opportunity_id,
       h.won_at,
       (pg_catalog.date_part('epoch', h.won_at - h.given_at) / 86400)::numeric(12,2) AS days_to_win,
       h.amount::numeric(15,2) AS amount,
       h.currency
FROM (SELECT r.*, 1 AS rank, 'same_lead' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.lead_id = r.lead_id AND w.at >= r.given_at
      UNION ALL
      SELECT r.*, 2 AS rank, 'same_person' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.email = r.email AND w.lead_id <> r.lead_id AND w.at >= r.given_at
      UNION ALL
      SELECT r.*, 3 AS rank, 'same_account' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.account_id = r.account_id AND w.lead_id IS DISTINCT FROM r.lead_id AND w.at >= r.given_at) h
ORDER BY h.verdict_id, h.rank, h.won_at, h.opportunity_id;
COMMENT ON VIEW false_rejections IS 'Leads that sales rejected and that were won later all the same: by the lead itself, the person or the company, as known at leadflow.clock(). One row for each rejection in force: the nearest of the three, its first win. Leads in lead_outside are left out.';
COMMENT ON COLUMN false_rejections.verdict_id IS 'the rejection';
COMMENT ON COLUMN false_rejections.lead_id IS 'the lead that was rejected';
COMMENT ON COLUMN false_rejections.full_name IS 'name of the person';
COMMENT ON COLUMN false_rejections.rejected_at IS 'when it was rejected';
COMMENT ON COLUMN false_rejections.reason IS 'code of the reason given then';
COMMENT ON COLUMN false_rejections.category IS 'category of the reason';
COMMENT ON COLUMN false_rejections.owner IS 'owner of the lead then';
COMMENT ON COLUMN false_rejections.team IS 'the owner''s team then';
COMMENT ON COLUMN false_rejections.campaign_id IS 'campaign of the lead then';
COMMENT ON COLUMN false_rejections.origin IS 'origin of the lead then';
COMMENT ON COLUMN false_rejections.segment IS 'segment of the lead then';
COMMENT ON COLUMN false_rejections.variant IS 'product line or region of the lead then; * for the general ones';
COMMENT ON COLUMN false_rejections.how IS 'same_lead (the lead, or an opportunity of it), same_person (another lead with the same address by normal_email) or same_account (another lead, or an opportunity, of the same company)';
COMMENT ON COLUMN false_rejections.won_lead_id IS 'the lead that reached won; null for an opportunity without a lead';
COMMENT ON COLUMN false_rejections.opportunity_id IS 'the opportunity that was won; null where a lead reached won by itself';
COMMENT ON COLUMN false_rejections.won_at IS 'when it was won';
COMMENT ON COLUMN false_rejections.days_to_win IS 'from the rejection to the win, elapsed, in days';
COMMENT ON COLUMN false_rejections.amount IS 'amount of the opportunity when it was won; null where there is none';
COMMENT ON COLUMN false_rejections.currency IS 'ISO 4217 code of the amount; null for the workspace''s currency';
