/*
 * months_setup.sql: 100,000 leads that sales works on, with eight touches each in
 * the three years up to June 2026: in one table, by month, and both once more
 * with a standard that asks for evidence.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace(w, 'empty', w LIKE 'months%') FROM unnest('{crm,months,crm_evidence,months_evidence}'::text[]) w;
SELECT leadflow.add_partitions(w, since => '2023-07-01') FROM unnest('{months,months_evidence}'::text[]) w;

CREATE PROCEDURE pg_temp.fill(workspace name) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', quote_ident(workspace), true);
    INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('web_visit', true, false, 'visits'), ('call', true, true, 'calls');
    INSERT INTO transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'mql', false);
    INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'owner', 'owner', 'owner IS NOT NULL');
    IF workspace LIKE '%evidence' THEN
        INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'signals', 'two signals', 'signals >= 2');
    END IF;

    PERFORM set_config('session_replication_role', 'replica', true);
    INSERT INTO lead (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, owner)
    SELECT '2023-07-01', '2023-07-01', '2023-07-01', 'mql', 'mql', 'web', i::text, 'rep' || i % 40 FROM generate_series(1, 100000) i;
    INSERT INTO touch (lead_id, at, recorded_at, kind, direction)
    SELECT 1 + i % 100000, t.at, t.at, (ARRAY['web_visit', 'call'])[1 + i / 100000 % 2], (ARRAY['inbound', 'outbound'])[1 + i / 100000 % 2]
    FROM generate_series(1, 800000) i
    CROSS JOIN LATERAL (SELECT '2023-07-01'::timestamptz + (hashint8(i) & 65535) / 65536.0::float8 * interval '1060 days' AS at) t;
    INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant)
    SELECT l.created_at + s.ordinal * interval '300 days', now(), l.id, 1, false, 'lead', s.from_stage, s.stage, 'crm', 'crm', '*'
    FROM lead l
    CROSS JOIN (SELECT ordinal, stage, lag(stage) OVER (ORDER BY ordinal) AS from_stage FROM leadflow.spine() WHERE ordinal BETWEEN 1 AND 3) s;
    PERFORM set_config('session_replication_role', 'origin', true);
END $$;
CALL pg_temp.fill('crm');
CALL pg_temp.fill('months');
CALL pg_temp.fill('crm_evidence');
CALL pg_temp.fill('months_evidence');
VACUUM ANALYZE;
