/*
 * Reports keep to their speed where work_mem is small.  A list of leads or
 * deals that a report looks things up in, and that does not fit into memory as a
 * hash table, must not be read from its beginning for every row.
 */
SET client_min_messages = warning;
SET jit = off;
SELECT no_plan();
SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public;

SET session_replication_role = replica;
INSERT INTO account (source, external_id, name) SELECT 'web', n::text, 'Company ' || n FROM generate_series(1, 3000) n;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, origin, account_id, email)
SELECT '2026-03-02', '2026-03-02', '2026-03-02', 'mql', 'web', n::text, 'web', 1 + n % 3000, 'person' || n || '@example.com' FROM generate_series(1, 6000) n;
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, external_id, lead_id, name, amount)
SELECT '2026-03-02', '2026-03-02', '2026-03-02', 'opportunity', 'web', n::text, n, 'Deal ' || n, 1000 FROM generate_series(1, 3000) n;
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT timestamptz '2026-03-02', now(), l.id, NULL::bigint, 1, false, 'lead', s.stage, 'x', 'x', '*' FROM lead l, unnest('{lead,mql,won}'::leadflow.stage[]) s (stage)
UNION ALL
SELECT '2026-03-02', now(), o.lead_id, o.id, 1, false, 'opportunity', s.stage, 'x', 'x', '*' FROM opportunity o, unnest('{opportunity,won}'::leadflow.stage[]) s (stage);
INSERT INTO touch (lead_id, at, kind, direction)
SELECT 1 + n % 6000, '2026-03-02', k.kind, k.direction FROM generate_series(1, 12000) n, (VALUES ('call', 'outbound'), ('web_visit', 'inbound')) k (kind, direction);
INSERT INTO verdict (lead_id, verdict, handed_over_at, variant) SELECT l.id, 'rejected', '2026-03-02', '*' FROM lead l;
INSERT INTO sla_clock (policy, metric, lead_id, variant, started_at, due_at, target, started_by, definition_version)
SELECT 'p', 'm', l.id, '*', '2026-03-02', '2026-03-03', '1:00', 'x', 1 FROM lead l;
SET session_replication_role = origin;
VACUUM ANALYZE account, lead, opportunity, stage_event, touch, verdict, sla_clock;

CREATE FUNCTION lists_read_again(report text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT json) SELECT count(v) FROM crm.%I v', report) INTO plan;
    RETURN (SELECT count(*) FROM jsonb_path_query(plan::jsonb, '$.** ? (@."Node Type" == "Materialize" && @."Subplan Name" starts with "SubPlan")'));
END;
$$;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT is(lists_read_again(c.relname), 0::bigint, c.relname || ' reads no list once for every row')
FROM pg_class c
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v'
ORDER BY c.relname;

-- Entries of deals are spread over all of the history: their index answers.
CREATE FUNCTION scans_of_history(report text) RETURNS SETOF text
    LANGUAGE plpgsql
    AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT json) SELECT count(v) FROM crm.%I v', report) INTO plan;
    RETURN QUERY SELECT DISTINCT concat_ws(' ', n ->> 'Node Type', n ->> 'Index Name')
                 FROM jsonb_path_query(plan::jsonb, 'strict $.** ? (@."Relation Name" == "stage_event")') n;
END;
$$;
SELECT results_eq(format('SELECT scans_of_history(%L)', r), ARRAY['Index Only Scan stage_event_opportunity'], r || ' reads the history of deals in its index')
FROM unnest('{deal,deal_review,pipeline_deals}'::text[]) r;

SELECT * FROM finish();
