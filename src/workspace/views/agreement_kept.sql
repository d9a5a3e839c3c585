CREATE OR REPLACE VIEW agreement_kept AS
WITH fact AS (
    -- what happened in a day, by what an agreement may single out
    SELECT h.mql_at::date AS day, h.variant, h.segment, h.origin,
           pg_catalog.count(*) AS handed_over,
           pg_catalog.count(h.first_contact_at) AS contacted,
           pg_catalog.count(h.verdict) AS with_verdict,
           pg_catalog.count(*) FILTER (WHERE NOT h.returned_unreached) AS owed_verdict,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won,
           0::bigint AS judged,
           0::bigint AS met
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    GROUP BY h.mql_at::date, h.variant, h.segment, h.origin
    UNION ALL
    SELECT s.started_at::date, l.variant, l.segment, l.origin, 0, 0, 0, 0, 0, 0, 0,
           pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE s.state = 'met')
    FROM sla_status s
    JOIN lead l ON l.id = s.lead_id
    WHERE s.opportunity_id IS NULL AND s.state IN ('met', 'met_late', 'breached')
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    GROUP BY s.started_at::date, l.variant, l.segment, l.origin
), delivered AS (
    SELECT a.agreement,
           pg_catalog.date_trunc(a.period, f.day::timestamp)::date AS from_date,
           pg_catalog.sum(CASE a.measure WHEN 'handed_over' THEN f.handed_over
                                         WHEN 'accepted' THEN f.accepted
                                         WHEN 'accepted_share' THEN f.accepted
                                         WHEN 'qualified_share' THEN f.reached_sql
                                         WHEN 'contacted_share' THEN f.contacted
                                         WHEN 'verdict_share' THEN f.with_verdict
                                         WHEN 'sla_met_share' THEN f.met
                                         WHEN 'deal_share' THEN f.won END) AS counted,
           -- null: a number was promised, not a share
           pg_catalog.sum(CASE a.measure WHEN 'accepted_share' THEN f.with_verdict
                                         WHEN 'qualified_share' THEN f.handed_over
                                         WHEN 'contacted_share' THEN f.handed_over
                                         WHEN 'verdict_share' THEN f.owed_verdict
                                         WHEN 'sla_met_share' THEN f.judged
                                         WHEN 'deal_share' THEN f.reached_sql END) AS out_of
    FROM agreement a
    JOIN fact f ON (a.variant IS NULL OR f.variant = a.variant)
        AND (a.segment IS NULL OR f.segment = a.segment)
        AND (a.origin IS NULL OR f.origin = a.origin)
        AND (a.starts_on IS NULL OR f.day >= a.starts_on)
        AND (a.ends_on IS NULL OR f.day <= a.ends_on)
    WHERE a.active
    GROUP BY a.agreement, pg_catalog.date_trunc(a.period, f.day::timestamp)::date
), period AS (
    SELECT a.*,
           p.from_at::date AS from_date,
           LEAST((p.from_at + s.step)::date - 1, a.ends_on) AS until_date,
           n.today
    FROM agreement a
    CROSS JOIN (SELECT (SELECT leadflow.clock())::date AS today, pg_catalog.min(f.day) FILTER (WHERE f.handed_over > 0) AS handed_over_on,
                       pg_catalog.min(f.day) FILTER (WHERE f.judged > 0) AS judged_on
                FROM fact f) n
    CROSS JOIN LATERAL (SELECT CASE a.measure WHEN 'sla_met_share' THEN n.judged_on ELSE n.handed_over_on END AS day) first
    CROSS JOIN LATERAL (SELECT CASE a.period WHEN 'week' THEN interval '7 days'
                                             WHEN 'month' THEN interval '1 month'
                                             WHEN 'quarter' THEN interval '3 months' END AS step) s
    CROSS JOIN LATERAL pg_catalog.generate_series(pg_catalog.date_trunc(a.period, GREATEST(COALESCE(a.starts_on, first.day), '1900-01-01'::date)::timestamp),
                                                  LEAST(a.ends_on, n.today)::timestamp, s.step) p (from_at)
    WHERE a.active AND COALESCE(a.starts_on, first.day) IS NOT NULL AND (a.starts_on IS NULL OR a.starts_on <= n.today)
)
SELECT x.agreement,
       x.department,
       x.measure,
       x.variant,
       x.segment,
       x.origin,
       x.period,
       GREATEST(x.from_date, x.starts_on) AS from_date,
       x.until_date,
       CASE WHEN x.until_date >= x.today THEN 'running' ELSE 'complete' END AS state,
       x.at_least::numeric(15,6) AS promised,
       x.delivered::numeric(15,6) AS delivered,
       x.counted,
       x.out_of,
       CASE WHEN x.delivered >= x.at_least THEN true
            WHEN x.delivered < x.at_least AND x.until_date < x.today THEN false END AS kept,
       GREATEST(pg_catalog.ceil(x.at_least * COALESCE(x.out_of, 1)) - x.counted, 0)::bigint AS missing,
       x.promise
FROM (SELECT p.*, v.counted, v.out_of,
             CASE WHEN v.out_of IS NULL THEN v.counted ELSE v.counted::numeric / NULLIF(v.out_of, 0) END AS delivered
      FROM period p
      LEFT JOIN delivered d ON d.agreement = p.agreement AND d.from_date = p.from_date
      CROSS JOIN LATERAL (SELECT COALESCE(d.counted, 0)::bigint AS counted,
                                 CASE WHEN p.measure LIKE '%\_share' THEN COALESCE(d.out_of, 0)::bigint END AS out_of) v) x
ORDER BY x.department, x.agreement, x.from_date;
COMMENT ON VIEW agreement_kept IS 'Whether the two departments kept what they promised each other in agreement: one row for each promise in force and each period that has begun, as known at leadflow.clock(). Leads belong to the period in which they first reached mql, promised reactions to the one in which they started; what came of them later counts as well, so that a share may still change when its period is over. Groups are by the leads'' present variant, segment and origin. Without a first day, periods begin with the first lead that was handed over, or with the first promise that came due where promises are judged, and none begins before 1900. Leads in lead_outside are left out.';
COMMENT ON COLUMN agreement_kept.agreement IS 'code of the promise';
COMMENT ON COLUMN agreement_kept.department IS 'who made it: marketing or sales';
COMMENT ON COLUMN agreement_kept.measure IS 'what was promised (see agreement.measure)';
COMMENT ON COLUMN agreement_kept.variant IS 'only leads of this product line or region; null for all';
COMMENT ON COLUMN agreement_kept.segment IS 'only leads of this segment; null for all';
COMMENT ON COLUMN agreement_kept.origin IS 'only leads of this origin; null for all';
COMMENT ON COLUMN agreement_kept.period IS 'week, month or quarter';
COMMENT ON COLUMN agreement_kept.from_date IS 'first day of the period, or of the agreement, in the session''s time zone';
COMMENT ON COLUMN agreement_kept.until_date IS 'last day of the period, or of the agreement';
COMMENT ON COLUMN agreement_kept.state IS 'running (the present is in the period) or complete';
COMMENT ON COLUMN agreement_kept.promised IS 'the promise: a number, or a share 0..1';
COMMENT ON COLUMN agreement_kept.delivered IS 'what was delivered so far: a number, or a share 0..1; null for a share of nothing';
COMMENT ON COLUMN agreement_kept.counted IS 'leads or reactions that keep the promise';
COMMENT ON COLUMN agreement_kept.out_of IS 'of how many, where a share was promised; null for a number';
COMMENT ON COLUMN agreement_kept.kept IS 'whether delivered reaches promised; null while the period runs and it does not, and for a share of nothing';
COMMENT ON COLUMN agreement_kept.missing IS 'how many more leads or reactions, of those counted in out_of, would have kept it; 0 where it is kept';
COMMENT ON COLUMN agreement_kept.promise IS 'the promise in words';
