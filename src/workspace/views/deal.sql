-- The columns of an opportunity are as they are now.  Its amount is that of its
-- last entry by the clock where something was entered since.
CREATE OR REPLACE VIEW deal AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           -- what costs more is beyond all money anyway
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
)
SELECT d.opportunity_id,
       d.name,
       d.lead_id,
       d.account_id,
       d.buyer,
       d.campaign_id,
       d.origin,
       d.kind,
       d.segment,
       d.territory,
       d.variant,
       d.owner,
       m.team,
       d.opened_at,
       d.stage,
       d.spine_stage,
       d.ordinal,
       d.furthest_ordinal,
       d.entered_at,
       d.outcome,
       d.won_at,
       d.closed_at,
       d.expected_close,
       d.reason,
       d.amount,
       COALESCE(d.currency, (SELECT w.currency FROM workspace w)) AS currency,
       (CASE WHEN pg_catalog.abs(v.value) < 1e13 THEN v.value END)::numeric(15,2) AS value,
       CASE WHEN d.won_at IS NOT NULL THEN d.won_number = 1 END AS new_customer,
       (CASE WHEN pg_catalog.abs(v.recurring) < 1e13 THEN v.recurring END)::numeric(15,2) AS recurring_value
FROM (SELECT o.id AS opportunity_id,
             o.name,
             o.lead_id,
             COALESCE(o.account_id, l.account_id) AS account_id,
             COALESCE('account ' || COALESCE(o.account_id, l.account_id), 'lead ' || o.lead_id, 'opportunity ' || o.id) AS buyer,
             COALESCE(o.campaign_id, l.campaign_id) AS campaign_id,
             COALESCE(o.origin, l.origin) AS origin,
             o.kind,
             COALESCE(o.segment, l.segment) AS segment,
             COALESCE(o.territory, l.territory) AS territory,
             o.variant,
             o.owner,
             h.opened_at,
             s.to_stage::text AS stage,
             leadflow.base(s.to_stage)::text AS spine_stage,
             leadflow.ordinal(s.to_stage)::bigint AS ordinal,
             -- one that was entered as lost was an opportunity all the same
             GREATEST(leadflow.ordinal(g.furthest), 8)::bigint AS furthest_ordinal,
             s.at AS entered_at,
             CASE WHEN h.won_at IS NOT NULL THEN 'won'
                  WHEN s.to_stage >= 'visitor' THEN 'open'
                  WHEN s.to_stage >= 'disqualified' AND s.to_stage < 'lost' THEN 'void'
                  ELSE 'lost' END AS outcome,
             h.won_at,
             COALESCE(h.won_at, CASE WHEN s.to_stage < 'visitor' THEN s.at END) AS closed_at,
             CASE WHEN pg_catalog.isfinite(o.expected_close) THEN o.expected_close END AS expected_close,
             s.reason,
             CASE WHEN h.ahead THEN s.amount::numeric(15,2) ELSE o.amount END AS amount,
             CASE WHEN h.ahead THEN s.currency ELSE o.currency END AS currency,
             o.recurring,
             pg_catalog.row_number() OVER (
                 PARTITION BY h.won_at IS NULL,
                              COALESCE('account ' || COALESCE(o.account_id, l.account_id), 'lead ' || o.lead_id, 'opportunity ' || o.id)
                 ORDER BY h.won_at, o.id) AS won_number
      FROM (SELECT e.opportunity_id,
                   pg_catalog.min(e.at) AS opened_at,
                   pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding') AS won_at,
                   pg_catalog.max(e.to_stage) FILTER (WHERE e.at <= (SELECT leadflow.clock())) AS furthest,
                   -- the last entry in the order of history
                   (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id]) FILTER (WHERE e.at <= (SELECT leadflow.clock())))[2] AS last_event,
                   pg_catalog.bool_or(e.at > (SELECT leadflow.clock())) AS ahead
            FROM stage_event e
            WHERE e.opportunity_id IS NOT NULL
            GROUP BY e.opportunity_id) g
      JOIN stage_event s ON s.id = g.last_event AND s.opportunity_id IS NOT NULL
      -- one that was opened in error was not won either
      CROSS JOIN LATERAL (SELECT g.opened_at, g.ahead,
                                 CASE WHEN g.won_at <= (SELECT leadflow.clock()) AND NOT s.to_stage <@ 'disqualified' THEN g.won_at END AS won_at) h
      JOIN opportunity o ON o.id = g.opportunity_id
      LEFT JOIN lead l ON l.id = o.lead_id
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) d
LEFT JOIN team_member m ON m.member = d.owner
LEFT JOIN money c ON c.currency = d.currency
CROSS JOIN LATERAL (SELECT CASE WHEN d.currency <> (SELECT w.currency FROM workspace w)
                                THEN c.rate[pg_catalog.width_bucket(COALESCE(d.closed_at, (SELECT leadflow.clock()))::date, c.valid_from)]
                                ELSE 1 END AS rate) r
CROSS JOIN LATERAL (SELECT pg_catalog.round(d.amount * r.rate, w.currency_decimals) AS value, pg_catalog.round(d.recurring * r.rate, w.currency_decimals) AS recurring
                    FROM workspace w) v;
COMMENT ON VIEW deal IS 'Every opportunity as known at leadflow.clock(): where it is, how it ended, what it is worth. Opportunities of leads in lead_outside are left out. Reports on pipeline and revenue count these rows.';
COMMENT ON COLUMN deal.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN deal.name IS 'name of the deal';
COMMENT ON COLUMN deal.lead_id IS 'its lead; null where there is none';
COMMENT ON COLUMN deal.account_id IS 'its account, or that of its lead';
COMMENT ON COLUMN deal.buyer IS 'who buys: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN deal.campaign_id IS 'its campaign, or that of its lead';
COMMENT ON COLUMN deal.origin IS 'its origin, or that of its lead';
COMMENT ON COLUMN deal.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN deal.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN deal.territory IS 'its territory, or that of its lead';
COMMENT ON COLUMN deal.variant IS 'product line or region';
COMMENT ON COLUMN deal.owner IS 'who owns it now';
COMMENT ON COLUMN deal.team IS 'the owner''s team now';
COMMENT ON COLUMN deal.opened_at IS 'when it was opened: its first entry';
COMMENT ON COLUMN deal.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN deal.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN deal.ordinal IS 'place on the spine, 8 to 16; below 0 for an exit';
COMMENT ON COLUMN deal.furthest_ordinal IS 'place on the spine of the furthest stage that it ever reached, 8 to 16';
COMMENT ON COLUMN deal.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN deal.outcome IS 'void (it is disqualified: opened in error, even where it was won), won (it was, whatever else came after), open, or lost (in the exit nurture, lost or churned)';
COMMENT ON COLUMN deal.won_at IS 'when it was first won; null for not, and for one opened in error';
COMMENT ON COLUMN deal.closed_at IS 'when it was won, lost or void; null while it is open';
COMMENT ON COLUMN deal.expected_close IS 'day on which it is expected to close; null where that is not known, or infinite';
COMMENT ON COLUMN deal.reason IS 'code of the reason given on the last entry';
COMMENT ON COLUMN deal.amount IS 'amount, in currency; null where it is not known';
COMMENT ON COLUMN deal.currency IS 'ISO 4217 code of the amount';
COMMENT ON COLUMN deal.value IS 'the amount in the currency of the workspace, at the rate of the day on which it closed, or of the clock''s, rounded to its decimals (workspace.currency_decimals); null where amount or rate are not known, or it is 10^13 or more';
COMMENT ON COLUMN deal.new_customer IS 'whether it is the first deal won from this buyer; null where it was not won';
COMMENT ON COLUMN deal.recurring_value IS 'what comes again every year, as written now, converted as value; null where that or the rate are not known';
