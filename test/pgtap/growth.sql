-- Touches and history by month; books that are closed; what is archived
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET jit = off;
SET leadflow.clock = '2026-03-10 12:00+00';
\ir common/tried.sql
SELECT no_plan();

SELECT leadflow.create_workspace('plain') \g /dev/null
SELECT leadflow.create_workspace('crm', partitioned => true) \g /dev/null

-- which partitions
SELECT is((SELECT string_agg(format('%s %s %s', part, to_char(lower_at, 'YYYY-MM-DD'), to_char(upper_at, 'YYYY-MM-DD')), ', ') FROM leadflow.partition_bounds('crm.' || f)),
    format('crm.%1$s_2026_03 2026-03-01 2026-04-01, crm.%1$s_2026_04 2026-04-01 2026-05-01, crm.%1$s_2026_05 2026-05-01 2026-06-01, crm.%1$s_2026_06 2026-06-01 2026-07-01, crm.%1$s_default  ', f),
    f || ': this month, the next three and the rest')
FROM unnest('{touch,stage_event}'::text[]) f;
SELECT is((SELECT array_agg(c.relname ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'p'),
    '{stage_event,touch}'::name[], 'touches and history are partitioned, nothing else');

-- the tables have what plain ones have, but for the instant in their keys
CREATE FUNCTION made_of(workspace text, fact text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('constraint %s %s', k.conname, replace(pg_get_constraintdef(k.oid), workspace || '.', '')) FROM pg_constraint k
    WHERE k.conrelid = format('%I.%I', workspace, fact)::regclass AND k.contype NOT IN ('p', 'u', 't')
    UNION ALL
    SELECT format('trigger %s %s', t.tgenabled, replace(pg_get_triggerdef(t.oid), workspace || '.', '')) FROM pg_trigger t
    WHERE t.tgrelid = format('%I.%I', workspace, fact)::regclass AND NOT t.tgisinternal
    UNION ALL
    SELECT format('index %s', replace(replace(pg_get_indexdef(i.indexrelid), workspace || '.', ''), ' ON ONLY ', ' ON ')) FROM pg_index i
    WHERE i.indrelid = format('%I.%I', workspace, fact)::regclass AND NOT i.indisunique
    UNION ALL
    SELECT format('column %s %s %s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                  pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = format('%I.%I', workspace, fact)::regclass AND a.attnum > 0
    UNION ALL
    SELECT 'comment ' || obj_description(format('%I.%I', workspace, fact)::regclass, 'pg_class')
$$;
SELECT set_eq(format('SELECT made_of(''crm'', %L)', f),
    format('SELECT made_of(''plain'', %1$L) %2$s', f, CASE f WHEN 'touch' THEN
        'UNION ALL SELECT ''trigger O CREATE TRIGGER leadflow_touch_transcript AFTER DELETE ON touch FOR EACH ROW EXECUTE FUNCTION leadflow.touch_transcript()'' UNION ALL SELECT ''trigger O CREATE TRIGGER leadflow_touch_transcript_truncate BEFORE TRUNCATE ON touch FOR EACH STATEMENT EXECUTE FUNCTION leadflow.touch_transcript()''' ELSE '' END),
    f || ' is made as it is elsewhere')
FROM unnest('{touch,stage_event}'::text[]) f;
SELECT set_eq($$SELECT c.conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid IN ('crm.touch'::regclass, 'crm.stage_event'::regclass) AND c.contype IN ('p', 'u')$$,
    $$VALUES ('crm.touch', 'PRIMARY KEY (id, at)'), ('crm.touch', 'UNIQUE (source, external_id, at)'), ('crm.stage_event', 'PRIMARY KEY (id, at)')$$, 'keys take in the instant');

-- a lead's signs of interest lie in several partitions
INSERT INTO crm.lead (source, email, role, verified, stage_since, created_at) SELECT 't', 'a@b.c', 'CEO', true, '2025-01-01', '2025-01-01' FROM generate_series(1, 3);
INSERT INTO crm.touch (lead_id, at, kind, channel, direction) VALUES
    (1, '2025-02-01', 'web_visit', 'web', 'inbound'), (1, '2026-03-31 23:59:59.999999', 'content_download', 'web', 'inbound'), (1, '2026-05-01', 'demo_request', 'web', 'inbound');
SET leadflow.clock = '2026-05-10 12:00+00';
SELECT is((SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY at) FROM crm.touch), 'crm.touch_default crm.touch_2026_03 crm.touch_2026_05', 'touches lie where their instant says');
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'two_signals'), 'signal_kinds = 3', 'evidence is read from all of them');
SELECT lives_ok('UPDATE crm.lead SET stage = ''mql'' WHERE id = 1', 'and meets the standard');
SELECT is(tried('UPDATE crm.lead SET stage = ''mql'' WHERE id = 2'), '23514 two_signals', 'who did nothing does not');

-- a partition with columns in another order, and one that was dropped, in another schema
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.old_touch (gone integer, note text, merged_from bigint, external_id text CHECK (external_id <> ''), source text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    content text, outcome text, actor text, direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')), channel text, kind text NOT NULL,
    campaign_id bigint, account_id bigint, lead_id bigint, recorded_at timestamptz NOT NULL DEFAULT now(), at timestamptz NOT NULL CHECK (isfinite(at)), id bigint NOT NULL,
    CONSTRAINT lead_or_account CHECK (lead_id IS NOT NULL OR account_id IS NOT NULL));
ALTER TABLE elsewhere.old_touch DROP COLUMN gone;
ALTER TABLE elsewhere.old_touch RENAME CONSTRAINT old_touch_at_check TO touch_at_check;
ALTER TABLE elsewhere.old_touch RENAME CONSTRAINT old_touch_direction_check TO touch_direction_check;
ALTER TABLE elsewhere.old_touch RENAME CONSTRAINT old_touch_external_id_check TO touch_external_id_check;
ALTER TABLE elsewhere.old_touch RENAME CONSTRAINT old_touch_source_check TO touch_source_check;
ALTER TABLE crm.touch ATTACH PARTITION elsewhere.old_touch FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2021-01-01 00:00+00');
INSERT INTO crm.touch (lead_id, at, kind, channel, direction) VALUES (2, '2020-02-01', 'web_visit', 'web', 'inbound'), (2, '2020-03-01', 'demo_request', 'web', 'inbound');
SELECT is((SELECT count(*) FROM elsewhere.old_touch), 2::bigint, 'a partition may stand in another schema');
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 2, 'mql') WHERE criterion = 'two_signals'), 'signal_kinds = 2', 'its columns in another order');
SELECT lives_ok('UPDATE crm.lead SET stage = ''mql'' WHERE id = 2', 'and what lies in it counts');
INSERT INTO crm.touch (lead_id, at, kind, channel, direction, source, external_id) VALUES (2, '2020-05-01', 'call', 'phone', 'outbound', 'x', 'call');
DELETE FROM crm.touch WHERE external_id = 'call';
SELECT is((SELECT count(*) FROM crm.touch WHERE external_id = 'call'), 0::bigint, 'a touch in it may be withdrawn');
ALTER TABLE crm.touch DETACH PARTITION elsewhere.old_touch;
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 2, 'mql') WHERE criterion = 'two_signals'), 'signal_kinds = 0', 'what is taken out counts no more, also in a session that knew it');
-- an attempt that moves to another month stops what it stopped
SELECT is((SELECT count(*) FROM crm.sla_clock WHERE lead_id = 1 AND metric = 'first_response' AND stopped_at IS NULL), 1::bigint, 'a reaction is owed');
INSERT INTO crm.touch (lead_id, at, kind, channel, direction, actor) VALUES (1, '2026-05-10 13:00', 'call', 'phone', 'outbound', 'ann');
SELECT is((SELECT stopped_at FROM crm.sla_clock WHERE lead_id = 1 AND metric = 'first_response'), '2026-05-10 13:00+00', 'and given');
UPDATE crm.touch SET at = '2026-06-01 00:00' WHERE kind = 'call';
SELECT is((SELECT tableoid::regclass::text FROM crm.touch WHERE kind = 'call'), 'crm.touch_2026_06', 'it turns out to have been in another month');
SELECT is((SELECT stopped_at FROM crm.sla_clock WHERE lead_id = 1 AND metric = 'first_response'), '2026-06-01 00:00+00', 'and the clock follows');
DELETE FROM crm.touch WHERE kind = 'call';
SELECT is((SELECT stopped_at FROM crm.sla_clock WHERE lead_id = 1 AND metric = 'first_response'), NULL, 'it was withdrawn, and the clock runs');

-- transcripts belong to touches
SELECT is(left(tried('INSERT INTO crm.transcript (touch_id, words) VALUES (999, ''hello'')'), 5), '23503', 'no transcript of a touch that is not there');
INSERT INTO crm.touch (lead_id, at, kind, channel, direction, external_id) VALUES (3, '2026-03-05', 'call', 'phone', 'inbound', 'spoken');
INSERT INTO crm.transcript (touch_id, words) SELECT id, 'hello' FROM crm.touch WHERE external_id = 'spoken';
UPDATE crm.touch SET at = '2026-04-05' WHERE external_id = 'spoken';
SELECT is((SELECT count(*) FROM crm.transcript), 1::bigint, 'it stays when the touch moves to another month');
DELETE FROM crm.touch WHERE external_id = 'spoken';
SELECT is((SELECT count(*) FROM crm.transcript), 0::bigint, 'and goes with it');

-- what happened stays, also where it lies
SELECT is(tried(s), '23514 append_only', s) FROM unnest(ARRAY[
    'UPDATE crm.stage_event SET actor = ''x''', 'DELETE FROM crm.stage_event_2026_05', 'UPDATE crm.stage_event_2026_05 SET actor = ''x''',
    'TRUNCATE crm.stage_event', 'TRUNCATE crm.stage_event_2026_05', 'TRUNCATE crm.stage_event_default']) s;

-- more months; what waits in the default partition moves, and nothing fires
CREATE TEMP TABLE seen_before AS SELECT (SELECT array_agg(c ORDER BY c.id) FROM crm.sla_clock c) AS clocks, (SELECT array_agg(e.id ORDER BY e.id) FROM crm.stage_event e) AS history;
SET leadflow.clock = '2026-07-31 23:00+00';
SELECT is(leadflow.add_partitions('crm', '2026-08-15'), 6::bigint, 'months of which there are rows, and those that come');
SELECT is((SELECT count(*) FROM crm.touch_default) + (SELECT count(*) FROM crm.stage_event_default), 0::bigint, 'nothing is left without a month');
SELECT is((SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY at) FROM crm.touch), 'crm.touch_2025_02 crm.touch_2026_03 crm.touch_2026_05', 'what was written before has moved');
SELECT is((SELECT array_agg(c ORDER BY c.id) FROM crm.sla_clock c), clocks, 'no clock heard of it') FROM seen_before;
SELECT is((SELECT array_agg(e.id ORDER BY e.id) FROM crm.stage_event e), history, 'nor did the history') FROM seen_before;
SELECT is(leadflow.add_partitions('crm', '2026-08-15'), 0::bigint, 'a second time there is nothing to do');
SELECT is(leadflow.add_partitions('crm', '2026-08-15', '2024-12-31'), 28::bigint, 'months may be asked for, whether there are rows or not');
SELECT is(tried('TRUNCATE crm.stage_event_2026_08'), '23514 append_only', 'new partitions are guarded too');
SELECT is(left(tried(c.statement), 5), c.state, c.statement) FROM (VALUES
    ('SELECT leadflow.add_partitions(''plain'')', '55000'), ('SELECT leadflow.add_partitions(''nowhere'')', '42704'), ('SELECT leadflow.add_partitions(NULL)', '42704'),
    ('SELECT leadflow.add_partitions(''crm'', ''9999-01-01'')', '54000'), ('SELECT leadflow.add_partitions(''crm'', ''infinity'')', '54000'),
    ('SELECT leadflow.create_workspace(''x'', partitioned => NULL)', '22023')) c (statement, state);

-- books
SELECT is((SELECT count(*) FROM unnest(leadflow.counting_reports('crm')) r WHERE r IN ('funnel', 'velocity', 'weekly_review', 'lead_card', 'work_queue', 'deal')), 3::bigint,
    'books are kept of reports that count, not of lists');
SELECT cmp_ok(leadflow.close_books('crm', '2026-06-01', '{funnel}'), '>', 5::bigint, 'the books are closed');
CREATE ROLE growth_revops;
SELECT leadflow.grant_workspace('crm', 'growth_revops', 'revops') \g /dev/null
SELECT is(tried($$SET LOCAL ROLE growth_revops; INSERT INTO crm.book (as_of, report, row_number, figures, closed_by, closed_at) VALUES ('2020-01-01', 'funnel', 1, '{}', 'the board', '2020-01-02')$$,
    $$SELECT closed_by || (closed_at = now())::text FROM crm.book WHERE as_of = '2020-01-01'$$), 'growth_revopstrue', 'who closes books, and when, is not for the closer to say');
DROP OWNED BY growth_revops;
DROP ROLE growth_revops;
SELECT set_eq($$SELECT f.stage, f.reached, f.now_in_stage FROM crm.book b, jsonb_populate_record(NULL::crm.funnel, b.figures) f WHERE b.report = 'funnel'$$,
    $$SELECT stage, reached, now_in_stage FROM crm.funnel$$, 'they say what the report said');
SELECT is(left(tried(c.statement), 5), c.state, c.statement) FROM (VALUES
    ('SELECT leadflow.close_books(''crm'', ''2026-06-01'', ''{funnel}'')', '23505'), ('SELECT leadflow.close_books(''crm'', ''infinity'')', '22023'),
    ('SELECT leadflow.close_books(''crm'', NULL)', '22023'), ('SELECT leadflow.close_books(''crm'', now() + interval ''1 day'')', '22023'),
    ('SELECT leadflow.close_books(''crm'', ''2026-01-01'', ''{lead_card}'')', '42704'), ('SELECT leadflow.close_books(''crm'', ''2026-01-01'', ''{NULL}'')', '42704'),
    ('SELECT leadflow.close_books(''nowhere'')', '42704'), ('UPDATE crm.book SET figures = ''{}''', '23514'), ('DELETE FROM crm.book', '23514'), ('TRUNCATE crm.book', '23514')) c (statement, state);

-- the archive takes leads that are at rest
RESET leadflow.clock;
INSERT INTO crm.account (source, name) VALUES ('t', 'with a deal'), ('t', 'forgotten');
INSERT INTO crm.lead (source, email, role, verified, stage_since, created_at, account_id, full_name)
SELECT 't', 'x' || n || '@y.z', 'CEO', true, '2025-03-01', '2025-03-01', CASE n WHEN 5 THEN 1 END, 'Name ' || n FROM generate_series(4, 9) n;
INSERT INTO crm.touch (lead_id, at, kind, channel, direction, content, external_id)
SELECT n, '2025-04-01', k, 'web', 'inbound', 'paper', k || n FROM generate_series(4, 9) n, unnest('{web_visit,content_download}'::text[]) k;
INSERT INTO crm.touch (account_id, at, kind, channel, direction) SELECT n, '2025-04-02', 'web_visit', 'web', 'inbound' FROM generate_series(1, 2) n;
INSERT INTO crm.touch (lead_id, at, kind, channel, direction) VALUES (6, '2026-02-01', 'web_visit', 'web', 'inbound');  -- heard of since
UPDATE crm.lead SET stage = 'mql', stage_since = '2025-05-01' WHERE id = 7;                                              -- worked on
SET leadflow.on_violation = warn;
INSERT INTO crm.opportunity (source, lead_id, account_id, stage, stage_since, created_at) VALUES ('t', 5, 1, 'opportunity', '2025-06-01', '2025-06-01');
RESET leadflow.on_violation;
INSERT INTO crm.transcript (touch_id, words) SELECT id, 'what was said' FROM crm.touch WHERE external_id = 'content_download8';
SELECT leadflow.add_partitions('crm') \g /dev/null
CREATE TEMP TABLE evidence AS SELECT l.id, (SELECT e.value_seen FROM leadflow.explain('crm', l.id, 'mql') e WHERE e.criterion = 'two_signals') AS seen FROM crm.lead l;
SELECT results_eq($$SELECT part, rows, rows_kept FROM leadflow.archive('crm', '2025-12-01')$$, $$VALUES ('touch_2025_04_archived', 6::bigint, 8::bigint)$$, 'two leads at rest and a half, and an account');
SELECT is((SELECT string_agg(DISTINCT t.lead_id::text, ' ' ORDER BY t.lead_id::text) FROM crm.touch t WHERE t.at < '2025-12-01'), '1 5 6 7 8', 'what is worked on stays');
SELECT set_eq('SELECT external_id, account_id FROM crm.touch_2025_04_archived', $$VALUES ('web_visit4', NULL::bigint), ('content_download4', NULL), ('web_visit8', NULL), ('web_visit9', NULL), ('content_download9', NULL), (NULL, 2)$$,
    'the rest is a table by itself');
SELECT is((SELECT count(*) FROM pg_constraint WHERE conrelid = 'crm.touch_2025_04_archived'::regclass AND contype = 'f') +
          (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'crm.touch_2025_04_archived'::regclass), 0::bigint, 'which binds nothing');
SELECT is((SELECT count(*) FROM crm.lead l JOIN evidence e USING (id) WHERE l.id IN (1, 5, 6, 7)
             AND e.seen IS DISTINCT FROM (SELECT x.value_seen FROM leadflow.explain('crm', l.id, 'mql') x WHERE x.criterion = 'two_signals')), 0::bigint, 'evidence of leads that are worked on is whole');
SELECT is((SELECT part || ' ' || rows || ' ' || rows_kept || ' ' || (book = (SELECT max(as_of) FROM crm.book))::text FROM crm.archived_part), 'touch_2025_04_archived 6 8 true', 'it is on record, with its books');
SELECT is((SELECT array_agg(DISTINCT report) FROM crm.book WHERE as_of = (SELECT book FROM crm.archived_part) AND report IN ('funnel', 'completeness', 'report_trust')), '{completeness,funnel,report_trust}'::text[], 'of all reports that count');
INSERT INTO crm.touch (lead_id, at, kind, channel, direction) VALUES (9, '2025-04-20', 'web_visit', 'web', 'inbound');
SELECT results_eq($$SELECT part, rows FROM leadflow.archive('crm', '2025-12-01')$$, $$VALUES ('touch_2025_04_archived1', 1::bigint)$$, 'what comes late is archived beside it');
SELECT is_empty($$SELECT * FROM leadflow.archive('crm', '2025-12-01')$$, 'and then there is nothing to do');
SELECT is_empty($$SELECT * FROM leadflow.archive('crm', '2000-01-01')$$, 'nor is there before the first partition');
UPDATE crm.touch_2025_04_archived SET note = 'she said' WHERE lead_id = 9;
SELECT leadflow.forget('crm', 9) \g /dev/null
SELECT is((SELECT count(*) FROM crm.touch_2025_04_archived WHERE lead_id = 9 AND note IS NULL), 2::bigint, 'whoever is forgotten is forgotten in the archive too');
DROP TABLE crm.touch_2025_04_archived1;
SELECT lives_ok($$SELECT leadflow.forget('crm', 4)$$, 'an archive that was dropped is in nobody''s way');
SELECT is(left(tried(c.statement), 5), c.state, c.statement) FROM (VALUES
    ('SELECT * FROM leadflow.archive(''plain'', ''2025-12-01'')', '55000'), ('SELECT * FROM leadflow.archive(''nowhere'', ''2025-12-01'')', '42704'),
    ('SELECT * FROM leadflow.archive(''crm'', NULL)', '22023'), ('SELECT * FROM leadflow.archive(''crm'', now() + interval ''1 day'')', '22023'),
    ('SELECT * FROM leadflow.archive(''crm'', ''-infinity'')', '22023')) c (statement, state);

-- without keys a partition could be a table of another server, which is refused
SELECT format('ALTER TABLE crm.touch DROP CONSTRAINT %I', conname) FROM pg_constraint WHERE conrelid = 'crm.touch'::regclass AND contype IN ('p', 'u', 'f') \gexec
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE elsewhere.far PARTITION OF crm.touch FOR VALUES FROM ('2019-01-01') TO ('2020-01-01') SERVER nowhere;
SELECT throws_ok('UPDATE crm.lead SET full_name = ''x'' WHERE id = 1', '42809', 'partition "far" of crm.touch is not a table', 'a foreign table cannot be a partition of touch');
DROP FOREIGN TABLE elsewhere.far;
SELECT lives_ok('UPDATE crm.lead SET full_name = ''x'' WHERE id = 1', 'until it is gone');

SELECT * FROM finish();
