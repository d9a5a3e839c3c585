CREATE OR REPLACE VIEW battlecard_freshness AS
SELECT b.battlecard,
       b.persona,
       b.scenario,
       b.competitor,
       b.objection,
       b.owner,
       b.updated_on,
       r.review_on,
       CASE WHEN NOT b.active THEN 'retired'
            WHEN f.not_helped > 0 THEN 'feedback_waits'
            WHEN r.review_on <= (SELECT leadflow.clock())::date THEN 'review_due'
            ELSE 'fresh' END AS state,
       f.feedback,
       f.not_helped,
       h.used,
       h.last_used_at,
       h.judged,
       h.overcome,
       (h.overcome::numeric / NULLIF(h.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high
FROM battlecard b
CROSS JOIN LATERAL (SELECT (LEAST(b.updated_on, '9999-12-31'::date) + b.review_after)::date AS review_on) r
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS feedback, pg_catalog.count(*) FILTER (WHERE NOT f.helped) AS not_helped
                    FROM battlecard_feedback f
                    WHERE f.battlecard = b.battlecard AND f.at >= LEAST(b.updated_on, '9999-12-31'::date) + 1 AND f.at <= (SELECT leadflow.clock())
                        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = f.lead_id)) f
LEFT JOIN (SELECT h.battlecard, pg_catalog.count(*) AS uses,
                  pg_catalog.max(h.at) AS last_used_at,
                  pg_catalog.count(h.overcome) AS judged,
                  pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome
           FROM objection_heard h
           LEFT JOIN opportunity o ON o.id = h.opportunity_id
           WHERE h.battlecard IS NOT NULL AND h.at <= (SELECT leadflow.clock())
               AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(h.lead_id, o.lead_id))
           GROUP BY h.battlecard) u ON u.battlecard = b.battlecard
CROSS JOIN LATERAL (SELECT COALESCE(u.uses, 0) AS used, u.last_used_at, COALESCE(u.judged, 0) AS judged, COALESCE(u.overcome, 0) AS overcome) h
LEFT JOIN LATERAL leadflow.share_interval(h.overcome, h.judged) i ON true;
COMMENT ON VIEW battlecard_freshness IS 'Which battlecards are to be brought up to date, because they are old or because they did not help since, and how those that are used do, as known at leadflow.clock(). Leads in lead_outside are left out of the use.';
COMMENT ON COLUMN battlecard_freshness.battlecard IS 'code of the card';
COMMENT ON COLUMN battlecard_freshness.persona IS 'persona that it is for; null for any';
COMMENT ON COLUMN battlecard_freshness.scenario IS 'the situation';
COMMENT ON COLUMN battlecard_freshness.competitor IS 'competitor that it is about; null for none';
COMMENT ON COLUMN battlecard_freshness.objection IS 'objection that it answers; null for none';
COMMENT ON COLUMN battlecard_freshness.owner IS 'team member who keeps it';
COMMENT ON COLUMN battlecard_freshness.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN battlecard_freshness.review_on IS 'from which day on it is to be reviewed';
COMMENT ON COLUMN battlecard_freshness.state IS 'retired, feedback_waits (it did not help since the day of its update), review_due or fresh';
COMMENT ON COLUMN battlecard_freshness.feedback IS 'how much was said about it after the day of its update';
COMMENT ON COLUMN battlecard_freshness.not_helped IS 'how much of that says that it did not help';
COMMENT ON COLUMN battlecard_freshness.used IS 'how often it was used to answer an objection';
COMMENT ON COLUMN battlecard_freshness.last_used_at IS 'when last; null for never';
COMMENT ON COLUMN battlecard_freshness.judged IS 'of how many of these uses it is known what came after';
COMMENT ON COLUMN battlecard_freshness.overcome IS 'after how many of those the buyer went on';
COMMENT ON COLUMN battlecard_freshness.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN battlecard_freshness.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN battlecard_freshness.overcome_share_high IS 'upper limit of it';
