CREATE OR REPLACE VIEW content_request_effect AS
WITH asked AS (
    -- a deal was served where any of its requests was, before the deal was decided
    SELECT g.kind, d.opportunity_id, d.outcome = 'won' AS won, pg_catalog.bool_or(q.content IS NOT NULL AND q.answered_at <= d.closed_at) AS met
    FROM (SELECT q.kind, q.content, q.asked_at, q.answered_at, q.opportunity_id
          FROM content_request q
          WHERE q.opportunity_id IS NOT NULL
          UNION ALL
          SELECT q.kind, q.content, q.asked_at, q.answered_at, o.id AS opportunity_id
          FROM content_request q
          JOIN opportunity o ON o.lead_id = q.lead_id
          WHERE q.opportunity_id IS NULL) q
    JOIN deal d ON d.opportunity_id = q.opportunity_id AND d.outcome IN ('won', 'lost') AND q.asked_at <= d.closed_at
    CROSS JOIN LATERAL (VALUES (q.kind), ('*'::text)) g (kind)
    GROUP BY g.kind, d.opportunity_id, d.outcome
), counted AS (
    SELECT a.kind,
           pg_catalog.count(*) FILTER (WHERE a.met) AS met,
           pg_catalog.count(*) FILTER (WHERE a.met AND a.won) AS met_won,
           pg_catalog.count(*) FILTER (WHERE a.met IS NOT TRUE) AS unmet,
           pg_catalog.count(*) FILTER (WHERE a.met IS NOT TRUE AND a.won) AS unmet_won
    FROM asked a
    GROUP BY a.kind
)
SELECT c.kind,
       c.met,
       c.met_won,
       (c.met_won::numeric / NULLIF(c.met, 0))::numeric(9,6) AS met_win_rate,
       m.low::numeric(9,6) AS met_win_rate_low,
       m.high::numeric(9,6) AS met_win_rate_high,
       c.unmet,
       c.unmet_won,
       (c.unmet_won::numeric / NULLIF(c.unmet, 0))::numeric(9,6) AS unmet_win_rate,
       u.low::numeric(9,6) AS unmet_win_rate_low,
       u.high::numeric(9,6) AS unmet_win_rate_high,
       (c.met_won::numeric / NULLIF(c.met, 0) - c.unmet_won::numeric / NULLIF(c.unmet, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       CASE WHEN LEAST(c.met, c.unmet) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'won_more_often'
            WHEN d.high < 0 THEN 'won_less_often'
            ELSE 'no_difference_shown' END AS finding
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.met_won, c.met) m ON true
LEFT JOIN LATERAL leadflow.share_interval(c.unmet_won, c.unmet) u ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.met_won, c.met, c.unmet_won, c.unmet) d ON true;
COMMENT ON VIEW content_request_effect IS 'Whether deals for which sales got the content that it asked for were won more often than those for which it did not, as known at leadflow.clock(). A deal''s requests are its own and those of its lead that were made before it was decided. It compares, and does not prove. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN content_request_effect.kind IS 'kind of content; * for all';
COMMENT ON COLUMN content_request_effect.met IS 'number of decided deals with a request that was met before the decision';
COMMENT ON COLUMN content_request_effect.met_won IS 'how many of them were won';
COMMENT ON COLUMN content_request_effect.met_win_rate IS 'met_won / met, 0..1; null where there are none';
COMMENT ON COLUMN content_request_effect.met_win_rate_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN content_request_effect.met_win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.unmet IS 'number of decided deals with requests none of which was met in time';
COMMENT ON COLUMN content_request_effect.unmet_won IS 'how many of them were won';
COMMENT ON COLUMN content_request_effect.unmet_win_rate IS 'unmet_won / unmet, 0..1; null where there are none';
COMMENT ON COLUMN content_request_effect.unmet_win_rate_low IS 'lower limit of it';
COMMENT ON COLUMN content_request_effect.unmet_win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.difference IS 'met_win_rate - unmet_win_rate, -1..1; null where either is';
COMMENT ON COLUMN content_request_effect.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN content_request_effect.difference_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.finding IS 'won_more_often or won_less_often (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 deals on either side';
