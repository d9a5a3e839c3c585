CREATE OR REPLACE VIEW campaign_contact_effect AS
WITH handed AS (
    SELECT m.lead_id,
           m.campaign_id,
           m.sal_at,
           m.sql_at,
           m.won_at,
           m.won_at IS NULL AND m.ordinal_now < 0 AS lost,
           a.answered,
           pg_catalog.date_part('epoch', m.won_at - m.mql_at) / 86400 AS cycle_days,
           CASE WHEN p.state IN ('running', 'warning', 'paused') THEN 'waiting'
                WHEN p.state = 'met' THEN 'in time'
                WHEN a.lead_id IS NULL THEN 'not worked'
                WHEN p.state IS NULL THEN 'no promise'
                ELSE 'late' END AS worked
    FROM lead_milestone m
    -- those of handover: its first contact is an attempt
    JOIN (SELECT e.lead_id
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock()) AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
          GROUP BY e.lead_id) h ON h.lead_id = m.lead_id
    LEFT JOIN (SELECT a.lead_id, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
               FROM contact_attempt a
               GROUP BY a.lead_id) a ON a.lead_id = m.lead_id
    -- the first promise of an answer that was not taken back
    LEFT JOIN (SELECT DISTINCT ON (s.lead_id) s.lead_id, s.state
               FROM sla_status s
               WHERE s.metric = 'first_response' AND s.opportunity_id IS NULL AND s.state <> 'cancelled'
               ORDER BY s.lead_id, s.started_at, s.clock_id) p ON p.lead_id = m.lead_id
)
SELECT x.scope,
       x.campaign_id,
       c.name AS campaign,
       x.worked,
       x.leads,
       x.answered,
       x.reached_sal,
       x.reached_sql,
       x.won,
       x.lost,
       (x.reached_sql::numeric / x.leads)::numeric(9,6) AS sql_share,
       (x.won::numeric / x.leads)::numeric(9,6) AS won_share,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       x.cycle_days::numeric(12,2) AS cycle_days_median
FROM (SELECT v.scope,
             v.campaign_id,
             h.worked,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE h.answered) AS answered,
             pg_catalog.count(h.sal_at) AS reached_sal,
             pg_catalog.count(h.sql_at) AS reached_sql,
             pg_catalog.count(h.won_at) AS won,
             pg_catalog.count(*) FILTER (WHERE h.lost) AS lost,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY h.cycle_days) AS cycle_days
      FROM handed h
      CROSS JOIN LATERAL (VALUES ('campaign', h.campaign_id), ('no_campaign', NULL::bigint), ('all_campaigns', NULL)) v (scope, campaign_id)
      WHERE (v.scope = 'no_campaign') = (h.campaign_id IS NULL)
      GROUP BY v.scope, v.campaign_id, h.worked) x
LEFT JOIN campaign c ON c.id = x.campaign_id
LEFT JOIN LATERAL leadflow.share_interval(x.won, x.won + x.lost) i ON true;
COMMENT ON VIEW campaign_contact_effect IS 'What became of the leads that campaigns handed over, by whether sales answered them as promised, as known at leadflow.clock(). It compares, and does not prove: who looks promising may be called first. A lead belongs to the campaign of its first entry. Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN campaign_contact_effect.scope IS 'campaign (one campaign), no_campaign (leads without one) or all_campaigns (their sum)';
COMMENT ON COLUMN campaign_contact_effect.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN campaign_contact_effect.campaign IS 'its name';
COMMENT ON COLUMN campaign_contact_effect.worked IS 'in time (the lead''s first promise of the metric first_response was met), late (contacted, but not so), no promise (contacted, and none was owed), waiting (the promise still runs) or not worked';
COMMENT ON COLUMN campaign_contact_effect.leads IS 'number of leads that were handed over (that reached mql)';
COMMENT ON COLUMN campaign_contact_effect.answered IS 'how many of them answered an attempt to reach them (contact_attempt)';
COMMENT ON COLUMN campaign_contact_effect.reached_sal IS 'how many reached sal or a later stage';
COMMENT ON COLUMN campaign_contact_effect.reached_sql IS 'how many reached sql or a later stage';
COMMENT ON COLUMN campaign_contact_effect.won IS 'how many were won';
COMMENT ON COLUMN campaign_contact_effect.lost IS 'how many were not, and are in an exit';
COMMENT ON COLUMN campaign_contact_effect.sql_share IS 'reached_sql / leads, 0..1';
COMMENT ON COLUMN campaign_contact_effect.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN campaign_contact_effect.win_rate IS 'won / (won + lost), 0..1; null where none is decided';
COMMENT ON COLUMN campaign_contact_effect.win_rate_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN campaign_contact_effect.win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN campaign_contact_effect.cycle_days_median IS 'median time from the handover (first mql) to the win, elapsed, in days, interpolated; null where none was won';
