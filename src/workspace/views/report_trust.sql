CREATE OR REPLACE VIEW report_trust AS
WITH RECURSIVE space AS (
    SELECT w.relnamespace AS id FROM workspace x JOIN pg_catalog.pg_class w ON w.oid = x.tableoid
), reads AS (
    -- what a view reads, and what the views read that it reads
    SELECT c.oid AS report, c.oid AS relation
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT s.id FROM space s) AND c.relkind = 'v'
    UNION
    SELECT v.report, d.refobjid AS relation
    FROM reads v
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.relation
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.relation
), source AS MATERIALIZED (
    SELECT f.source, f.rows, f.newest_at, f.entries, f.implied, f.norm_days, q.parked, c.owed, c.missing
    FROM (SELECT e.subject AS source,
                 CASE e.subject WHEN 'lead' THEN (SELECT pg_catalog.count(*) FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) ELSE (SELECT pg_catalog.count(*) FROM opportunity o WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) END AS rows,
                 pg_catalog.max(e.at) AS newest_at, pg_catalog.count(*) AS entries, pg_catalog.count(*) FILTER (WHERE e.implied) AS implied, 7 AS norm_days
          FROM stage_event e
          LEFT JOIN opportunity p ON p.id = e.opportunity_id
          -- what lies before the first move was not passed over
          LEFT JOIN stage_event f ON e.implied AND f.from_stage IS NULL AND f.subject = e.subject AND COALESCE(f.opportunity_id, f.lead_id) = COALESCE(e.opportunity_id, e.lead_id) AND f.at = e.at
          WHERE f.id IS NULL AND e.at <= (SELECT leadflow.clock())
              AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE p.lead_id END)
          GROUP BY e.subject
          UNION ALL
          SELECT 'account'::text AS source, pg_catalog.count(*) AS rows, NULL::timestamptz AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days FROM account a
          UNION ALL
          SELECT 'touch'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(t.at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM touch t WHERE t.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
          UNION ALL
          SELECT 'verdict'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(v.at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM verdict v WHERE v.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = v.lead_id)
          UNION ALL
          SELECT 'sla_clock'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(k.started_at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM sla_clock k LEFT JOIN opportunity p ON p.id = k.opportunity_id
          WHERE k.started_at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(k.lead_id, p.lead_id))
          UNION ALL
          SELECT 'campaign_cost'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(m.spent_on)::timestamptz AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 31 AS norm_days
          FROM campaign_cost m WHERE m.spent_on <= (SELECT leadflow.clock())::date) f
    LEFT JOIN (SELECT q.object, pg_catalog.count(*) AS parked FROM quarantine q WHERE q.recorded_at <= (SELECT leadflow.clock()) GROUP BY q.object) q ON q.object = f.source
    LEFT JOIN (SELECT c.object, pg_catalog.sum(c.owed) AS owed, pg_catalog.sum(c.missing) AS missing FROM completeness c GROUP BY c.object) c ON c.object = f.source
    WHERE f.rows > 0
), measured AS (
    SELECT v.report,
           pg_catalog.array_agg(s.source ORDER BY s.source) AS sources,
           1 - pg_catalog.sum(s.missing) / NULLIF(pg_catalog.sum(s.owed), 0) AS complete,
           pg_catalog.min(LEAST(1, s.norm_days / NULLIF(GREATEST((pg_catalog.date_part('epoch', (SELECT leadflow.clock()) - s.newest_at) / 86400)::numeric, s.norm_days), 0))) AS fresh,
           pg_catalog.max((SELECT leadflow.clock()) - s.newest_at) AS age,
           pg_catalog.sum(s.implied) / NULLIF(pg_catalog.sum(s.entries), 0) AS implied,
           pg_catalog.sum(s.parked) / (pg_catalog.sum(s.rows) + pg_catalog.sum(s.parked)) AS parked
    FROM reads v
    JOIN pg_catalog.pg_class t ON t.oid = v.relation AND t.relkind IN ('r', 'p') AND t.relnamespace = (SELECT s.id FROM space s)
    JOIN source s ON s.source = t.relname
    GROUP BY v.report
)
SELECT c.relname::text AS report,
       o.owner,
       pg_catalog.array_to_string(m.sources, ', ') AS sources,
       x.complete::numeric(9,6) AS complete_share,
       leadflow.seconds(m.age) AS oldest_source_seconds,
       x.fresh::numeric(9,6) AS fresh_share,
       x.implied::numeric(9,6) AS implied_share,
       x.parked::numeric(9,6) AS parked_share,
       (x.complete * x.fresh * (1 - x.implied) * (1 - x.parked))::numeric(9,6) AS trust_share,
       CASE LEAST(x.complete, x.fresh, 1 - x.implied, 1 - x.parked)
           WHEN 1 THEN NULL
           WHEN x.fresh THEN 'no news'
           WHEN x.complete THEN 'empty fields'
           WHEN 1 - x.implied THEN 'stages passed over'
           ELSE 'parked rows' END AS weakest
FROM measured m
JOIN pg_catalog.pg_class c ON c.oid = m.report
CROSS JOIN LATERAL (SELECT COALESCE(m.complete, 1) AS complete, COALESCE(m.fresh, 1) AS fresh, COALESCE(m.implied, 0) AS implied, COALESCE(m.parked, 0) AS parked) x
LEFT JOIN report_owner o ON o.report = c.relname
ORDER BY (x.complete * x.fresh * (1 - x.implied) * (1 - x.parked))::numeric(9,6), c.relname;
COMMENT ON VIEW report_trust IS 'How far each report can be trusted, by the facts that it reads, itself or through other reports: leads, opportunities, accounts, touches, verdicts, promises (sla_clock) and costs. trust = complete x fresh x (1 - implied) x (1 - parked): each of them alone can spoil a report. A source without rows, and a part that there is nothing to judge by, takes nothing away. Reports on definitions alone are not listed.';
COMMENT ON COLUMN report_trust.report IS 'view of the workspace';
COMMENT ON COLUMN report_trust.owner IS 'who answers for it (report_owner); null where nobody is named';
COMMENT ON COLUMN report_trust.sources IS 'facts that it reads, those that have rows';
COMMENT ON COLUMN report_trust.complete_share IS 'of the fields that the leads, opportunities and accounts behind it owe (completeness), as they are now, the share that is filled, 0..1';
COMMENT ON COLUMN report_trust.oldest_source_seconds IS 'time since the newest entry of that of its sources which has been silent for longest: elapsed, seconds; null for accounts alone';
COMMENT ON COLUMN report_trust.fresh_share IS '1 while the newest entry of every source is no older than 7 days (costs: 31 days), else that many days / its age, of the source that is worst';
COMMENT ON COLUMN report_trust.implied_share IS 'share of the entries into stages that were passed over by a move further on, and so have no time of their own, 0..1; stages below the one in which a lead or deal came in are not counted';
COMMENT ON COLUMN report_trust.parked_share IS 'rows in quarantine now of all rows of its sources, those in quarantine too, 0..1';
COMMENT ON COLUMN report_trust.trust_share IS 'complete x fresh x (1 - implied) x (1 - parked), 0..1';
COMMENT ON COLUMN report_trust.weakest IS 'what takes most away: no news, empty fields, stages passed over or parked rows; null where nothing does';
