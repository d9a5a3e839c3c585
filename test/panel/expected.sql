-- The numbers that each chart has to draw, straight from the reports.
SET search_path = crm, leadflow, pg_catalog;
SELECT json_build_object(
    'funnel', (SELECT json_agg(reached) FROM funnel),
    'conversion', (SELECT json_agg(expected_share) FROM cohort_conversion WHERE days IN (30, 90, 180) AND expected_share IS NOT NULL),
    'sla_share', (SELECT json_agg(share) FROM (SELECT count(*) FILTER (WHERE state = 'met')::numeric / count(*) AS share FROM sla_status
                  WHERE state IN ('met', 'met_late', 'breached') GROUP BY date_trunc('week', started_at)) s),
    'sla_weeks', (SELECT json_agg(n) FROM (SELECT count(*) AS n FROM sla_status WHERE state <> 'cancelled'
                  GROUP BY date_trunc('week', started_at), CASE WHEN state IN ('running', 'warning', 'paused') THEN 'open' ELSE state END) s),
    'breaches', (SELECT json_agg(n) FROM (SELECT count(*) AS n FROM sla_breach GROUP BY policy) b),
    'curve', (SELECT json_agg(conversion) FROM sla_curve WHERE since = 'handover' AND measure = 'elapsed' AND segment = '*'),
    'campaigns', (SELECT json_agg(v.amount) FROM (SELECT * FROM campaign_return ORDER BY spend DESC NULLS LAST LIMIT 12) c, LATERAL (VALUES (c.spend), (c.new_revenue)) v (amount)),
    'pipeline', (SELECT json_agg(v) FROM (SELECT value FROM pipeline_stages WHERE deals > 0 UNION ALL SELECT weighted_value FROM pipeline_stages WHERE deals > 0
                 UNION ALL SELECT won_value FROM pipeline_health WHERE dimension = 'total') p (v)),
    'rejections', (SELECT json_agg(n) FROM (SELECT sum(rejected) AS n FROM rejections GROUP BY reason) r),
    'losses', (SELECT json_agg(n) FROM (SELECT sum(deals) AS n FROM loss_reasons GROUP BY reason) r),
    'queue', (SELECT json_agg(n) FROM (SELECT sum(w.tasks) AS n FROM (SELECT owner, band, count(*) AS tasks FROM work_queue GROUP BY owner, band) w
              JOIN (SELECT owner, row_number() OVER (ORDER BY count(*) DESC, owner) AS place FROM work_queue GROUP BY owner) o ON o.owner IS NOT DISTINCT FROM w.owner
              GROUP BY LEAST(o.place, 15), w.band) q));
