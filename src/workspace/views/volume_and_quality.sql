CREATE OR REPLACE VIEW volume_and_quality AS
WITH handed AS (
    SELECT pg_catalog.date_trunc('month', h.mql_at)::date AS month,
           pg_catalog.count(*) AS handed_over,
           pg_catalog.count(h.first_contact_at) AS contacted,
           pg_catalog.count(h.verdict) AS with_verdict,
           pg_catalog.count(*) FILTER (WHERE NOT h.returned_unreached) AS owed_verdict,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'rejected') AS rejected,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    GROUP BY pg_catalog.date_trunc('month', h.mql_at)::date
), promised AS (
    SELECT pg_catalog.date_trunc('month', s.started_at)::date AS month,
           pg_catalog.count(*) FILTER (WHERE s.state IN ('met', 'met_late', 'breached')) AS judged,
           pg_catalog.count(*) FILTER (WHERE s.state = 'met') AS met
    FROM sla_status s
    WHERE s.opportunity_id IS NULL
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    GROUP BY pg_catalog.date_trunc('month', s.started_at)::date
)
SELECT month,
       COALESCE(h.handed_over, 0) AS handed_over,
       COALESCE(h.accepted, 0) AS accepted,
       COALESCE(h.rejected, 0) AS rejected,
       COALESCE(h.reached_sql, 0) AS reached_sql,
       COALESCE(h.won, 0) AS won,
       (h.accepted::numeric / NULLIF(h.with_verdict, 0))::numeric(9,6) AS accepted_share,
       (h.reached_sql::numeric / h.handed_over)::numeric(9,6) AS qualified_share,
       COALESCE(h.contacted, 0) AS contacted,
       COALESCE(h.with_verdict, 0) AS with_verdict,
       COALESCE(p.judged, 0) AS promises,
       COALESCE(p.met, 0) AS promises_met,
       (h.contacted::numeric / h.handed_over)::numeric(9,6) AS contacted_share,
       (h.with_verdict::numeric / NULLIF(h.owed_verdict, 0))::numeric(9,6) AS verdict_share,
       (p.met::numeric / NULLIF(p.judged, 0))::numeric(9,6) AS sla_met_share,
       (h.won::numeric / NULLIF(h.reached_sql, 0))::numeric(9,6) AS deal_share
FROM handed h
FULL JOIN promised p USING (month);
COMMENT ON VIEW volume_and_quality IS 'What the two departments delivered to each other, by month: how many leads marketing handed over and how good they were, how sales reacted and answered, as known at leadflow.clock(). Leads belong to the month in which they first reached mql, promises to the month in which they started. What was agreed on is in agreement_kept. Leads in lead_outside are left out.';
COMMENT ON COLUMN volume_and_quality.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN volume_and_quality.handed_over IS 'marketing: number of leads that were handed over';
COMMENT ON COLUMN volume_and_quality.accepted IS 'marketing: how many of them sales accepted first';
COMMENT ON COLUMN volume_and_quality.rejected IS 'marketing: how many of them sales rejected first';
COMMENT ON COLUMN volume_and_quality.reached_sql IS 'both: how many of them reached sql or a later stage, by now';
COMMENT ON COLUMN volume_and_quality.won IS 'both: how many of them were won, by now';
COMMENT ON COLUMN volume_and_quality.accepted_share IS 'marketing: accepted / with_verdict, 0..1; null where there is no verdict';
COMMENT ON COLUMN volume_and_quality.qualified_share IS 'marketing: reached_sql / handed_over, 0..1; null where no lead was handed over';
COMMENT ON COLUMN volume_and_quality.contacted IS 'sales: how many of the leads that were handed over somebody tried to reach';
COMMENT ON COLUMN volume_and_quality.with_verdict IS 'sales: how many of them were accepted or rejected';
COMMENT ON COLUMN volume_and_quality.promises IS 'sales: number of promises to leads that started in the month and were kept, kept late or broken (met, met_late, breached in sla_status)';
COMMENT ON COLUMN volume_and_quality.promises_met IS 'sales: how many of them were kept in time';
COMMENT ON COLUMN volume_and_quality.contacted_share IS 'sales: contacted / handed_over, 0..1; null where no lead was handed over';
COMMENT ON COLUMN volume_and_quality.verdict_share IS 'sales: with_verdict / those handed over but the ones that nobody reached after all attempts (see handover.returned_unreached), 0..1; null where no verdict was owed';
COMMENT ON COLUMN volume_and_quality.sla_met_share IS 'sales: promises_met / promises, 0..1; null where there are none';
COMMENT ON COLUMN volume_and_quality.deal_share IS 'sales: won / reached_sql, 0..1; null where none reached sql';
