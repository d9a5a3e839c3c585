CREATE OR REPLACE VIEW data_quality AS
SELECT q.object,
       q.id,
       q.external_id,
       q.owner,
       COALESCE(f.team, m.team) AS team,
       q.fault,
       q.field,
       q.value,
       q.since_at
FROM (-- an empty owner is reported as no_owner, an empty origin without a campaign as untagged_source
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= f.owed_from) AS since_at
      FROM lead l
      JOIN field_owner f ON f.object = 'lead' AND f.field <> 'owner' AND f.owed_from <= l.furthest_stage
      WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
          AND (f.field <> 'origin' OR l.campaign_id IS NOT NULL)
          AND COALESCE(pg_catalog.btrim(CASE f.field
                  WHEN 'full_name' THEN l.full_name
                  WHEN 'email' THEN l.email
                  WHEN 'phone' THEN l.phone
                  WHEN 'role' THEN l.role
                  WHEN 'need' THEN l.need
                  WHEN 'budget' THEN l.budget::text
                  WHEN 'decision_by' THEN l.decision_by::text
                  WHEN 'origin' THEN l.origin
                  WHEN 'account_id' THEN l.account_id::text
                  WHEN 'segment' THEN l.segment
                  WHEN 'industry' THEN l.industry
                  WHEN 'why_now' THEN l.why_now
                  WHEN 'promised' THEN l.promised
                  WHEN 'evidence' THEN l.evidence
                  ELSE pg_catalog.to_jsonb(l) ->> f.field END), '') = ''
      UNION ALL
      SELECT 'opportunity'::text AS object, o.id, o.external_id, o.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.opportunity_id = o.id AND e.to_stage >= f.owed_from) AS since_at
      FROM (SELECT o.id, o.external_id, o.owner, o.furthest_stage, pg_catalog.to_jsonb(o) AS fields
            FROM opportunity o
            WHERE o.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
                AND o.id IN (SELECT s.id FROM visible_opportunity s)
            OFFSET 0) o
      JOIN field_owner f ON f.object = 'opportunity' AND f.owed_from <= o.furthest_stage
      WHERE COALESCE(pg_catalog.btrim(o.fields ->> f.field), '') = ''
      UNION ALL
      SELECT 'account'::text AS object, a.id, a.external_id, a.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             LEAST((SELECT pg_catalog.min(e.at) FROM lead l JOIN stage_event e ON e.lead_id = l.id AND e.opportunity_id IS NULL
                    WHERE l.account_id = a.id AND l.id IN (SELECT s.id FROM visible_lead s) AND e.to_stage >= f.owed_from
                        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)),
                   (SELECT pg_catalog.min(e.at) FROM opportunity o JOIN stage_event e ON e.opportunity_id = o.id
                    WHERE o.account_id = a.id AND o.id IN (SELECT s.id FROM visible_opportunity s) AND e.to_stage >= f.owed_from
                        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id))) AS since_at
      FROM (SELECT a.id, a.external_id, a.owner, s.furthest_stage, pg_catalog.to_jsonb(a) AS fields
            FROM account a
            JOIN (SELECT x.account_id, pg_catalog.max(x.furthest_stage) AS furthest_stage
                  FROM (SELECT l.account_id, l.furthest_stage FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
                        UNION ALL
                        SELECT o.account_id, o.furthest_stage FROM opportunity o
                        WHERE o.id IN (SELECT s.id FROM visible_opportunity s)
                            AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) x
                  GROUP BY x.account_id) s ON s.account_id = a.id
            WHERE a.id IN (SELECT s.id FROM visible_account s)
            OFFSET 0) a
      JOIN field_owner f ON f.object = 'account' AND f.owed_from <= a.furthest_stage
      WHERE COALESCE(pg_catalog.btrim(a.fields ->> f.field), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'no_owner'::text AS fault, 'owner'::text AS field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= 'mql') AS since_at
      FROM lead l
      WHERE l.stage >= 'mql' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND COALESCE(pg_catalog.btrim(l.owner), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'void_win'::text AS fault, 'stage'::text AS field, l.stage::text AS value,
             (SELECT pg_catalog.max(e.at) FROM opportunity o JOIN stage_event e ON e.opportunity_id = o.id
              WHERE o.lead_id = l.id AND e.to_stage <@ 'disqualified') AS since_at
      FROM lead l
      JOIN (SELECT o.lead_id, pg_catalog.bool_and(o.stage <@ 'disqualified') AS void
            FROM opportunity o
            WHERE o.furthest_stage >= 'won'
            GROUP BY o.lead_id) w ON w.lead_id = l.id AND w.void
      WHERE l.stage >= 'won' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'invalid_email'::text AS fault, 'email'::text AS field, l.email AS value, l.updated_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND pg_catalog.btrim(l.email) <> '' AND leadflow.normal_email(l.email) IS NULL
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'invalid_phone'::text AS fault, 'phone'::text AS field, l.phone AS value, l.updated_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND pg_catalog.btrim(l.phone) <> '' AND leadflow.normal_phone(l.phone) IS NULL
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'untagged_source'::text AS fault, 'origin'::text AS field, NULL::text AS value, l.created_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND l.campaign_id IS NULL AND COALESCE(pg_catalog.btrim(l.origin), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'stale'::text AS fault, NULL::text AS field, NULL::text AS value, GREATEST(l.updated_at, t.at) AS since_at
      FROM lead l
      LEFT JOIN LATERAL (SELECT pg_catalog.max(t.at) AS at FROM touch t
                         WHERE t.lead_id = l.id AND t.at <= (SELECT leadflow.clock())) t ON true
      WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
          AND l.updated_at < (SELECT leadflow.clock()) - interval '90 days'
          AND (t.at IS NULL OR t.at < (SELECT leadflow.clock()) - interval '90 days')) q
LEFT JOIN field_owner f ON f.object = q.object AND f.field = q.field
LEFT JOIN team_member m ON m.member = q.owner;
COMMENT ON VIEW data_quality IS 'What is wrong with the data: a row for every fault of a lead, opportunity or account as it is now. Of those that have left the path only the faults of address, number and source are told. Leads of lead_outside are left out.';
COMMENT ON COLUMN data_quality.object IS 'lead, opportunity or account';
COMMENT ON COLUMN data_quality.id IS 'its number';
COMMENT ON COLUMN data_quality.external_id IS 'the tool''s own key';
COMMENT ON COLUMN data_quality.owner IS 'who owns it now';
COMMENT ON COLUMN data_quality.team IS 'team that answers for the field; the owner''s team where no field is at fault, or nobody answers for it';
COMMENT ON COLUMN data_quality.fault IS 'missing_owed (empty, and field_owner says that it is owed; not told again of what no_owner or untagged_source tells), no_owner (a lead at mql or further that nobody owns), void_win (a lead at won or further of which every deal that was won is disqualified: it still counts as a customer), invalid_email (no address), invalid_phone (fewer than 7 digits, or more than 15), untagged_source (a lead with neither origin nor campaign) or stale (a lead on the path that was neither changed nor touched in the 90 days before leadflow.clock())';
COMMENT ON COLUMN data_quality.field IS 'field at fault; null for stale';
COMMENT ON COLUMN data_quality.value IS 'what stands in the field; null where it is empty';
COMMENT ON COLUMN data_quality.since_at IS 'since when, as far as the rows tell: when the row reached the stage that owes the field (missing_owed, no_owner), was last changed (invalid_email, invalid_phone), its last deal was disqualified (void_win), was created (untagged_source), was last changed or touched (stale); null where the history says nothing';
