-- Sizes and repetition: large values, many touches and criteria, and memory that stays flat
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT no_plan();
INSERT INTO crm.lead (source, external_id, email, role, verified) VALUES ('t', 'a', 'a@b.c', 'CEO', true), ('t', 'bad', NULL, NULL, false);

-- large values
SELECT lives_ok($$UPDATE crm.lead SET stage = 'lost', reason = 'other', reason_note = repeat('długi ', 1700000) WHERE external_id = 'a'$$, 'a note of 10 MB');
SELECT is((SELECT length(reason_note) FROM crm.stage_event ORDER BY id DESC LIMIT 1), 10200000, 'is in the history');
SELECT lives_ok($$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'a'$$, 'and can be left');
SELECT throws_ok($$UPDATE crm.lead SET stage = 'mql', role = repeat('ż', 5000000) WHERE external_id = 'a'$$, '23514', NULL, 'a criterion over 10 MB');
CREATE FUNCTION detail_length(statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN length(detail);
END $$;
SELECT cmp_ok(detail_length($$UPDATE crm.lead SET stage = 'mql', role = repeat('ż', 5000000) WHERE external_id = 'a'$$), '<', 2000, 'what was seen is cut short, between characters');
BEGIN;
SET LOCAL leadflow.on_violation = park;
UPDATE crm.lead SET stage = 'mql', role = repeat('"\', 5000000) WHERE external_id = 'a';
SELECT is((SELECT length(parked_row ->> 'role') FROM crm.quarantine), 10000000, 'a large row is parked whole');
ROLLBACK;
SELECT lives_ok(format($$UPDATE crm.lead SET stage = 'lead.%s' WHERE external_id = 'a'$$, repeat('x', 63)), 'the longest label');
SELECT throws_ok(format($$UPDATE crm.lead SET stage = 'lead.%s' WHERE external_id = 'a'$$, repeat('x', 64)), NULL, NULL, 'one longer');
SELECT throws_ok($$INSERT INTO crm.lead (source, status) VALUES (NULL, NULL)$$, '23502', NULL, 'nulls');
SELECT throws_ok($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, NULL, NULL)$$, '23502', NULL, 'nulls in a touch');
SELECT throws_ok($$UPDATE crm.lead SET variant = NULL, stage = 'lead.y'$$, '23502', NULL, 'no variant');
SELECT throws_ok($$UPDATE crm.lead SET source = NULL$$, '23514', NULL, 'no source');

-- many touches
INSERT INTO crm.touch (lead_id, kind, direction, channel, at)
SELECT 1, CASE i % 2 WHEN 0 THEN 'web_visit' ELSE 'email' END, CASE i % 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END, 'c' || i, now() - i * interval '1 minute'
  FROM generate_series(1, 10000) i;
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'two_signals'), 'signal_kinds = 1', 'evidence of 10,000 touches');
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('mql', 'counted', 'x', 'signals = 5000 AND attempts = 5000 AND channels_tried >= 32 AND last_signal_at - first_signal_at = interval ''9998 minutes''');
SELECT is((SELECT met FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'counted'), true, 'each of them counts');
DELETE FROM crm.standard WHERE criterion = 'counted';
SELECT lives_ok($$INSERT INTO crm.touch (lead_id, kind, direction) SELECT 1, CASE i % 2 WHEN 0 THEN 'demo_request' ELSE 'call' END, CASE i % 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END
                    FROM generate_series(1, 1000) i$$, 'many touches that start and stop clocks in one statement');
SELECT cmp_ok((SELECT count(*) FROM crm.sla_clock WHERE stopped_at IS NULL AND cancelled_at IS NULL), '<=', 1::bigint, 'one clock of a metric at most is left');

-- many criteria
BEGIN;
INSERT INTO crm.standard (stage, criterion, requirement, expression, position) SELECT 'mql', 'c' || i, 'x', format('id > %s - %s', i, i), i + 100 FROM generate_series(1, 5000) i;
SELECT throws_ok($$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$, '23514', NULL, '5,000 criteria');
SELECT is((SELECT count(*) FROM leadflow.explain('crm', 2, 'mql')), 5005::bigint, 'each of them is explained, with the transition');
UPDATE crm.standard SET expression = 'id < 0' WHERE criterion ~ '^c\d+$';
CREATE FUNCTION pg_temp.lines() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad';
    RETURN 0;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN cardinality(string_to_array(detail, E'\n'));
END $$;
SELECT is(pg_temp.lines(), 5003::bigint, 'all that are not met are reported at once');
ROLLBACK;

-- memory: what a session keeps must not grow with what it does
CREATE FUNCTION kept(OUT contexts bigint, OUT bytes bigint) LANGUAGE sql AS $$
    SELECT count(*), sum(total_bytes)::bigint FROM pg_catalog.pg_backend_memory_contexts
     WHERE name ~ 'CachedPlan|CachedExpression|leadflow|SPI Plan|ExecutorState' AND ident IS DISTINCT FROM 'pgTAP' $$;
CREATE PROCEDURE fire(times integer, what text, guarded boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..times LOOP
        IF guarded THEN
            BEGIN
                EXECUTE replace(what, '%i', i::text);
            EXCEPTION WHEN check_violation OR division_by_zero OR syntax_error OR undefined_column THEN
                NULL;
            END;
        ELSE
            EXECUTE replace(what, '%i', i::text);
        END IF;
    END LOOP;
END $$;
CREATE TABLE measured (label text, n integer, contexts bigint, bytes bigint);
CREATE TABLE firing AS SELECT * FROM (VALUES
    (1, 'moves', 20000, $$UPDATE crm.lead SET stage = 'lead.n%i' WHERE external_id = 'm' || %i % 2000$$, false),
    (2, 'moves in subtransactions', 20000, $$UPDATE crm.lead SET stage = 'lead.n%i' WHERE external_id = 'm' || %i % 2000$$, true),
    (3, 'refusals', 3000, $$UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'bad'$$, true),
    (4, 'violations and parked rows', 2000, $$SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'bad'; SET LOCAL leadflow.on_violation = raise$$, true),
    (5, 'touches', 3000, $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (2, (ARRAY['demo_request', 'call'])[%i % 2 + 1], (ARRAY['inbound', 'outbound'])[%i % 2 + 1])$$, false),
    (6, 'explanations', 1000, $$SELECT count(*) FROM leadflow.explain('crm', 2, 'won')$$, false),
    (7, 'definitions', 300, $$UPDATE crm.standard SET position = 10 + %i % 2 WHERE criterion = 'target_role'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$, true),
    (8, 'definitions refused', 1000, $$UPDATE crm.standard SET expression = 'nothing > 1' WHERE criterion = 'target_role'$$, true),
    (9, 'criteria that fail', 1000, $$UPDATE crm.lead SET stage = 'lead', budget = 0 WHERE external_id = 'c'$$, true),
    (10, 'alterations', 100, $$ALTER TABLE crm.lead ADD COLUMN x integer; UPDATE crm.lead SET stage = 'lead.x%i' WHERE external_id = 'a'; ALTER TABLE crm.lead DROP COLUMN x$$, true),
    (12, 'operators', 200, $$CREATE OPERATOR public.+| (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl); SELECT count(*) FROM leadflow.explain('crm', 2, 'won'); DROP OPERATOR public.+| (integer, integer)$$, false)
) AS f (n, label, times, statement, guarded);
INSERT INTO crm.lead (source, external_id) SELECT 't', 'm' || i FROM generate_series(0, 1999) i;
INSERT INTO crm.standard (stage, criterion, requirement, expression, variant) VALUES ('lead', 'ratio', 'x', '1 / budget > 1', 'ratio');
INSERT INTO crm.lead (source, external_id, variant, stage) VALUES ('t', 'c', 'ratio', 'visitor');
SELECT format($$CALL fire(%1$s, %2$L, %3$L); INSERT INTO measured SELECT %4$L, 1, k.* FROM kept() k; CALL fire(%5$s, %2$L, %3$L); INSERT INTO measured SELECT %4$L, 2, k.* FROM kept() k$$,
              least(times, 20), statement, guarded, label, times) FROM firing ORDER BY n \gexec
-- each in a transaction of its own
SELECT q FROM (SELECT i, o, q FROM generate_series(1, 12) i, unnest(ARRAY[$$DO 'BEGIN PERFORM leadflow.create_workspace(''brief''); END'$$,
    $$INSERT INTO brief.lead (source, stage) VALUES ('t', 'lead')$$, $$UPDATE brief.lead SET stage = 'lost', reason = 'no_need'$$, 'DROP SCHEMA brief CASCADE',
    format($$INSERT INTO measured SELECT 'workspaces', CASE %s WHEN 2 THEN 1 ELSE 2 END, k.* FROM kept() k WHERE %s IN (2, 12)$$, i, i)]) WITH ORDINALITY u (q, o)) x
ORDER BY i, o \gexec
INSERT INTO firing VALUES (11, 'workspaces', 10);
-- PostgreSQL itself keeps the plan of a foreign key's check when its table is gone, PL/pgSQL the function of a
-- trigger, and, until the transaction ends, the expressions that it prepares anew when an operator changes
SELECT cmp_ok(b.contexts, '<=', a.contexts + 5 + CASE f.label WHEN 'workspaces' THEN 60 * f.times ELSE 0 END, format('%s times %s: %s contexts before, %s after', f.times, f.label, a.contexts, b.contexts))
  FROM firing f JOIN measured a ON a.label = f.label AND a.n = 1 JOIN measured b ON b.label = f.label AND b.n = 2 ORDER BY f.n;
SELECT cmp_ok(b.bytes, '<=', a.bytes + 100000 + CASE f.label WHEN 'workspaces' THEN 184320 * f.times WHEN 'operators' THEN 12288 * f.times ELSE 0 END, format('%s times %s: %s bytes before, %s after', f.times, f.label, a.bytes, b.bytes))
  FROM firing f JOIN measured a ON a.label = f.label AND a.n = 1 JOIN measured b ON b.label = f.label AND b.n = 2 ORDER BY f.n;
SELECT is((SELECT count(*) FROM (SELECT from_stage, lag(to_stage) OVER (PARTITION BY lead_id ORDER BY id) AS was FROM crm.stage_event) e WHERE was IS DISTINCT FROM from_stage), 0::bigint, 'the history of each lead is one unbroken chain');
-- many leads in the transaction that writes the first ones: what is planned while a table is empty serves when it is full
SELECT leadflow.create_workspace('fresh') \g /dev/null
DELETE FROM fresh.standard;
BEGIN;
INSERT INTO fresh.lead (source, external_id, stage) SELECT 't', n::text, 'mql' FROM generate_series(1, 300) n;
INSERT INTO fresh.touch (lead_id, kind, direction) SELECT id, 'demo_request', 'inbound' FROM fresh.lead;
INSERT INTO fresh.opportunity (source, lead_id, stage, amount, expected_close) SELECT 't', id, 'proposal.deal_desk', 1, '2027-01-01' FROM fresh.lead;
UPDATE fresh.lead SET owner = 'anna', owner_reason = 'x';
UPDATE fresh.opportunity SET owner = 'anna';
UPDATE fresh.opportunity SET stage = 'decision';
INSERT INTO fresh.touch (lead_id, kind, direction) SELECT id, 'call', 'outbound' FROM fresh.lead;
SELECT ok(sum(searches) > 0 AND bool_and(entries <= 10 * searches), 'a lead''s clocks are found without reading those of all leads')
FROM (SELECT pg_catalog.pg_stat_get_xact_numscans(indexrelid) AS searches, pg_catalog.pg_stat_get_xact_tuples_returned(indexrelid) AS entries
        FROM pg_catalog.pg_stat_user_indexes WHERE schemaname = 'fresh' AND relname = 'sla_clock') i;
COMMIT;
DROP SCHEMA fresh CASCADE;

SELECT * FROM finish();
