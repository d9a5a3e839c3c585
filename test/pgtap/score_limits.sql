-- Sizes, odd instants, altered tables and repetition: scores at the edges.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir ../oracle/score.sql
\ir common/tried.sql

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('visit', true, false, 'x'), ('paper', true, false, 'x');
INSERT INTO account (source, name) VALUES ('t', 'Acme');
INSERT INTO lead (source, external_id, account_id) SELECT 't', i, 1 FROM generate_series(1, 4) i;
ALTER TABLE touch DISABLE TRIGGER USER;

-- points_of(rule): what it gives lead 1 as of an instant
CREATE FUNCTION points_of(of_rule text, upto timestamptz DEFAULT NULL) RETURNS numeric LANGUAGE sql AS $$ SELECT points_now FROM leadflow.explain_score('crm', 1, upto) WHERE rule = of_rule $$;

-- half-lives and instants at the edges
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'visit', 'inbound', '2026-03-20 12:00'), (1, 'visit', 'inbound', '2026-03-20 11:59:59.999999'), (1, 'visit', 'inbound', '2026-03-20 11:59:59.999990'), (1, 'visit', 'inbound', '2026-03-19');
INSERT INTO score_rule (rule, component, points, touch_kinds, half_life, meaning) VALUES ('shortest', 'behaviour', 8, '{visit}', '1 microsecond', 'x'), ('longest', 'behaviour', 8, '{visit}', '2147483647 days', 'x'), ('mixed', 'behaviour', 8, '{visit}', '2 days -24:00', 'x');
SELECT is(points_of('shortest'), 12.0078, 'a half-life of a microsecond');
SELECT is(points_of('longest'), 32.0, 'of all of time');
SELECT is(points_of('mixed'), (SELECT points_now FROM oracle_lines(1, '2026-03-20 12:00') WHERE rule = 'mixed'), 'of parts of both signs');
DELETE FROM score_rule;
INSERT INTO score_rule (rule, component, points, touch_kinds, counts, day_cap, half_life, meaning) VALUES ('every_one', 'behaviour', 1, '{paper}', 'every', NULL, NULL, 'x'), ('fading', 'behaviour', 1, '{paper}', 'every', NULL, '1000 days', 'x'), ('by_day', 'behaviour', 1, '{paper}', 'day', NULL, NULL, 'x'), ('capped', 'behaviour', 1, '{paper}', 'every', 1.5, NULL, 'x');
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'paper', 'inbound', '4713-01-01 00:00+00 BC'), (1, 'paper', 'inbound', '4713-01-01 12:00+00 BC'), (1, 'paper', 'inbound', '1999-12-31 23:59:59.999999+00'), (1, 'paper', 'inbound', '2000-01-01 00:00+00'), (1, 'paper', 'inbound', '294276-12-31 12:00+00'), (1, 'paper', 'inbound', '294276-12-31 23:59:59.999999+00');
SELECT is(concat_ws(' ', trim_scale(points_of('every_one', at)), trim_scale(points_of('fading', at)), trim_scale(points_of('by_day', at)), trim_scale(points_of('capped', at))), expected, 'as of ' || at) FROM (VALUES
    ('4713-01-01 00:00+00 BC'::timestamptz, '1 1 1 1'), ('4713-01-01 12:00+00 BC', '2 1.9997 1 1.5'), ('2000-01-01 00:00+00', '4 2 3 3.5'), ('294276-12-31 23:59:59.999999+00', '6 1.9997 4 5')) v (at, expected);
SELECT is(points_of('every_one', '4714-11-24 00:00+00 BC'), NULL, 'before all of them');
UPDATE business_calendar SET calendar = 'Pacific/Kiritimati; 24/7';
SELECT is(points_of('by_day', '294276-12-31 23:59:59.999999+00'), 4.0, 'days of a zone that is ahead, at the end of time');
UPDATE business_calendar SET calendar = 'Pacific/Pago_Pago; 24/7';
SELECT is(points_of('by_day', '2000-01-01 00:00+00'), (SELECT count(DISTINCT (at AT TIME ZONE 'Pacific/Pago_Pago')::date)::numeric FROM touch WHERE kind = 'paper' AND at <= '2000-01-01 00:00+00'), 'of one that is behind, at its beginning');
UPDATE business_calendar SET calendar = 'UTC; Mo-Fr 09:00-17:00';
DELETE FROM score_rule;
DELETE FROM touch;

-- of one instant: the one that was recorded last is the latest
INSERT INTO score_rule (rule, component, points, topics, counts, meaning) VALUES ('once', 'behaviour', 1, '{*}', 'once', 'x');
INSERT INTO score_rule (rule, component, points, topics, day_cap, meaning) VALUES ('day', 'behaviour', 1, '{*}', 4, 'x');
INSERT INTO intent_signal (account_id, topic, strength, at) VALUES (1, 'a', 3, '2026-03-20'), (1, 'b', 2, '2026-03-20'), (1, 'a', 1.5, '2026-03-20');
SELECT is(points_of('once'), 1.5, 'of signals of one instant the last that was written is the latest');
SELECT is(points_of('day'), 4.0, 'and counts first');
SELECT is((SELECT evidence -> 'signals' FROM leadflow.explain_score('crm', 1) WHERE rule = 'day'), '[3, 2, 1]', 'in that order');
DELETE FROM score_rule;
DELETE FROM intent_signal;

-- the greatest scores
INSERT INTO score_rule (rule, component, points, topics, meaning) VALUES ('huge', 'behaviour', 1000000, '{*}', 'x'), ('hugely_bad', 'behaviour', -1000000, '{*}', 'x');
INSERT INTO intent_signal (account_id, topic, strength, at) SELECT 1, 'x', 1000, '2026-03-20' FROM generate_series(1, 99);
SELECT is(points_of('huge') + points_of('hugely_bad'), 0.0, 'points of 99 of the strongest signals');
INSERT INTO intent_signal (account_id, topic, strength, at) SELECT 1, 'x', 1000, '2026-03-20';
SELECT is(tried($$SELECT leadflow.score('crm', 1)$$), '22003', 'more than lead_score holds are an error');
SELECT is(tried($$SELECT * FROM leadflow.explain_score('crm', 1)$$), '22003', 'to explain, too');
DELETE FROM score_rule;
DELETE FROM intent_signal;

-- many touches, rules, contents and kinds
INSERT INTO score_rule (rule, component, points, touch_kinds, counts, half_life, day_cap, meaning) SELECT 'r' || c, 'behaviour', 0.001, '{visit,paper}', c, '30 days', CASE c WHEN 'every' THEN 0.5 END, 'x' FROM unnest('{every,day,content,once}'::text[]) c;
INSERT INTO touch (lead_id, kind, direction, at, content) SELECT 1, CASE i % 2 WHEN 0 THEN 'visit' ELSE 'paper' END, 'inbound', '2026-03-20 12:00'::timestamptz - i * interval '90 seconds', 'page ' || i % 20011 FROM generate_series(0, 99999) i;
ANALYZE touch;
SELECT set_config('statement_timeout', 20 * :patience || 's', false) AS within \gset
SELECT is(tried($$SELECT leadflow.score('crm', 1)$$), '00000', 'a lead of 100,000 touches has a score');
SELECT is_empty($$SELECT rule, e.points_now, o.points_now FROM leadflow.explain_score('crm', 1) e FULL JOIN oracle_lines(1, '2026-03-20 12:00') o USING (rule) WHERE e.points_now IS DISTINCT FROM o.points_now OR COALESCE((e.evidence ->> 'repeated')::bigint, 0) IS DISTINCT FROM o.repeated$$, 'which plain SQL gives, too');
SELECT is((SELECT max(jsonb_array_length(evidence -> 'touches')) FROM leadflow.explain_score('crm', 1)), 20, 'the latest 20 are shown');
INSERT INTO score_rule (rule, component, points, touch_kinds, counts, half_life, meaning) SELECT 'many' || i, 'behaviour', 0.001, '{visit,paper}', 'content', '30 days', 'x' FROM generate_series(1, 2000) i;
CREATE FUNCTION stopped(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'not stopped';
EXCEPTION WHEN query_canceled THEN
    RETURN 'stopped after ' || CASE WHEN clock_timestamp() - statement_timestamp() < '10 s' THEN 'a while' ELSE 'too long' END;
END;
$$;
SET statement_timeout = '300ms';
SELECT is(stopped($$SELECT leadflow.score('crm', 1)$$), 'stopped after a while', 'with 2,000 rules it stops when it is told to');
SELECT is(stopped($$UPDATE lead SET stage = 'mql' WHERE id = 1$$), 'stopped after a while', 'and so does the write that keeps the facts');
SELECT set_config('statement_timeout', 20 * :patience || 's', false) AS within \gset
SELECT is((SELECT count(*) FROM leadflow.explain_score('crm', 2)), 0::bigint, 'a lead without touches is not concerned');
SELECT is(tried($$INSERT INTO touch (lead_id, kind, direction, at) VALUES (2, 'visit', 'inbound', '2026-03-20 11:00')$$, $$SELECT count(*) FROM leadflow.explain_score('crm', 2)$$), '2004', '2,004 lines of another');
RESET statement_timeout;
DELETE FROM score_rule;
DELETE FROM touch;
INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) SELECT 'kind ' || i, true, false, 'x' FROM generate_series(1, 3000) i;
INSERT INTO score_rule (rule, component, points, touch_kinds, meaning) SELECT 'all', 'behaviour', 1, array_agg(kind), 'x' FROM touch_kind;
INSERT INTO touch (lead_id, kind, direction, at) SELECT 1, 'kind ' || i, 'inbound', '2026-03-20' FROM generate_series(1, 3000, 3) i;
SELECT is(points_of('all'), 1000.0, '3,000 kinds of touch');
DELETE FROM touch;
DELETE FROM touch_kind WHERE kind LIKE 'kind %';
INSERT INTO touch (lead_id, kind, direction, at, content) VALUES (1, 'visit', 'inbound', '2026-03-20', repeat('ł', 5000000)), (1, 'visit', 'inbound', '2026-03-20', repeat('ł', 5000000)), (1, 'visit', 'inbound', '2026-03-20', repeat('ł', 5000000) || 'x');
UPDATE score_rule SET touch_kinds = '{visit}', counts = 'content';
SELECT is(points_of('all'), 2.0, 'contents of 10 MB');
UPDATE lead SET role = repeat('"\', 5000000) WHERE id = 1;
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('long', 'fit', 1, 'role IS NOT NULL', 'x');
SELECT cmp_ok((SELECT length(evidence::text) FROM leadflow.explain_score('crm', 1) WHERE rule = 'long'), '<', 2000, 'values that an expression has seen are cut short');
UPDATE lead SET role = NULL WHERE id = 1;
DELETE FROM score_rule;
DELETE FROM touch;

-- no default calendar: days are UTC's
INSERT INTO score_rule (rule, component, points, touch_kinds, counts, meaning) VALUES ('day', 'behaviour', 1, '{visit}', 'day', 'x'), ('thing', 'behaviour', 1, '{visit}', 'content', 'x');
INSERT INTO touch (lead_id, kind, direction, at, content) VALUES (1, 'visit', 'inbound', '2026-03-19 23:59:59.999999', 'p'), (1, 'visit', 'inbound', '2026-03-20 00:00', 'p'), (1, 'visit', 'inbound', '1990-03-19 23:59:59.999999', 'p'), (1, 'visit', 'inbound', '1990-03-20 00:00', NULL);
UPDATE business_calendar SET calendar = 'Asia/Tokyo; 24/7';
SELECT is(points_of('day'), 2.0, 'days of Tokyo');
DELETE FROM business_calendar;
SELECT is(points_of('day'), 4.0, 'without a default calendar those of UTC');
INSERT INTO business_calendar (code, calendar) VALUES ('default', 'Asia/Tokyo; off');
SELECT is(points_of('day'), 2.0, 'a calendar that is never open has days, too');

-- altered tables
SELECT is(points_of('thing'), 2.0, 'one content, and one without');
BEGIN;
ALTER TABLE touch DROP COLUMN content CASCADE;
SELECT is(points_of('thing'), 4.0, 'where touches have no content each is on its own');
ROLLBACK;
BEGIN;
DROP INDEX touch_lead, intent_signal_account;
SELECT is(points_of('thing'), 2.0, 'without indexes');
ROLLBACK;
BEGIN;
ALTER TABLE intent_signal DROP COLUMN note, ADD COLUMN more text;
ALTER TABLE account ADD COLUMN size text DEFAULT 'big';
INSERT INTO score_rule (rule, component, points, object, expression, meaning) VALUES ('size', 'fit', 3, 'account', 'size = ''big''', 'x');
SELECT is(points_of('size'), 3.0, 'columns that are added to an account');
ALTER TABLE account RENAME COLUMN size TO bulk;
SELECT is(tried($$SELECT leadflow.score('crm', 1)$$), '42703', 'and renamed: a rule that does not compile any more is an error');
ROLLBACK;
SELECT is(tried($$ALTER TABLE intent_signal DROP COLUMN strength CASCADE$$, $$SELECT leadflow.score('crm', 1)$$), '42703', 'a column that has to be there');
SELECT is(tried($$DROP TABLE intent_signal CASCADE$$, $$SELECT leadflow.score('crm', 1)$$), '42P01', 'a table that has to be there');
BEGIN;
ALTER SCHEMA crm RENAME TO renamed;
SET LOCAL search_path = renamed, public;
SELECT is((SELECT behaviour FROM leadflow.score('renamed', 1)), 4.0, 'a renamed workspace');
SELECT is(tried($$SELECT leadflow.score('crm', 1)$$), '42704', 'is not there under its old name');
ROLLBACK;
UPDATE business_calendar SET calendar = 'UTC; Mo-Fr 09:00-17:00';
SELECT is(tried($$SELECT leadflow.upgrade_workspace('crm')$$, $$SELECT behaviour FROM leadflow.score('crm', 1)$$), '6.0000', 'an upgraded workspace scores as before');

-- calls in parallel, in a cursor, in a subtransaction
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is((SELECT sum(s.behaviour) FROM lead l, leadflow.score('crm', l.id) s), 6.0, 'where a plan could be parallel');
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT s.behaviour FROM lead l, leadflow.score('crm', l.id) s ORDER BY l.id;
MOVE 1 FROM c;
UPDATE score_rule SET points = 2;
FETCH 1 FROM c \g /dev/null
CLOSE c;
ROLLBACK;
SELECT is(tried($$DO 'BEGIN BEGIN PERFORM leadflow.score(''crm'', 99); EXCEPTION WHEN OTHERS THEN NULL; END; BEGIN PERFORM leadflow.explain_score(''crm'', 99); EXCEPTION WHEN OTHERS THEN NULL; END; END'$$, $$SELECT behaviour FROM leadflow.score('crm', 1)$$), '6.0000', 'after errors that were caught');
SELECT is(tried($$SELECT leadflow.score('crm', 99, '2020-01-01')$$), 'P0002', 'an error as of another instant');
SELECT is((SELECT leadflow.meets('crm', l, 'leadflow.clock() = ''2026-03-20 12:00+00''', leadflow.clock()) FROM lead l WHERE id = 1), true, 'leaves the clock alone');
SELECT is(leadflow.clock(), '2026-03-20 12:00+00', 'which is the session''s');

-- memory: what a session holds must not grow with what it has asked
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('row', 'fit', 1, 'role IS NULL AND signals >= 0', 'x');
INSERT INTO score_rule (rule, component, points, object, expression, meaning) VALUES ('company', 'fit', 1, 'account', 'name = ''Acme''', 'x');
INSERT INTO score_group (score_group, cap, meaning) VALUES ('g', 1, 'x');
UPDATE score_rule SET score_group = 'g';
INSERT INTO score_feature (feature, kind, object, expression, meaning) VALUES ('signals', 'number', 'lead', 'signals', 'x'), ('name', 'category', 'account', 'name', 'x'), ('tags', 'set', 'lead', 'ARRAY[source, external_id]', 'x');
INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, 0);
INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'name', 'Acme', 1, 1), (1, 'tags', 't', 1, 1);
UPDATE score_model SET activated_at = now();
INSERT INTO touch (lead_id, kind, direction, at, content) SELECT l.id, 'visit', 'inbound', '2026-03-18'::timestamptz + i * interval '1 hour', 'page ' || i FROM lead l, generate_series(1, 30) i;
CREATE FUNCTION held() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name NOT LIKE 'AfterTrigger%' $$;
-- growth(query): by how much memory is more at the end of the rows of a query than at an early one; query calls held() with each
CREATE FUNCTION growth(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    early bigint; late bigint;
BEGIN
    EXECUTE format('SELECT max(h) FILTER (WHERE i = 200), max(h) FILTER (WHERE i = 5000) FROM (%s) x', query) INTO early, late;
    RETURN late - early;
END;
$$;
-- PostgreSQL itself keeps some 400 bytes of each call of a function in FROM until the statement ends
SELECT cmp_ok(growth(q), '<', CASE WHEN q ~ 'explain' THEN 4000000 ELSE 200000 END::bigint, label) FROM (VALUES
    ('leadflow.score', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, s.total FROM generate_series(1, 5000) i, LATERAL leadflow.score('crm', 1 + i % 4, '2026-03-20'::timestamptz - i * interval '1 second') s OFFSET 0$$),
    ('leadflow.score of a list', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, leadflow.score('crm', 1 + i % 4) FROM generate_series(1, 5000) i OFFSET 0$$),
    ('leadflow.explain_score', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, s.n FROM generate_series(1, 5000) i, LATERAL (SELECT count(*) AS n FROM leadflow.explain_score('crm', 1 + i % 4)) s OFFSET 0$$),
    ('leadflow.explain_probability', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, s.n FROM generate_series(1, 5000) i, LATERAL (SELECT count(*) AS n FROM leadflow.explain_probability('crm', 1 + i % 4)) s OFFSET 0$$),
    ('leadflow.facts', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, leadflow.facts('crm', l, '2026-03-20') FROM generate_series(1, 5000) i JOIN lead l ON l.id = 1 + i % 4 ORDER BY i OFFSET 0$$),
    ('leadflow.meets', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, leadflow.meets('crm', l, 'total > 1 AND signals > 1', '2026-03-20') FROM generate_series(1, 5000) i JOIN lead l ON l.id = 1 + i % 4 ORDER BY i OFFSET 0$$),
    ('leadflow.meets, asked something else each time', $$SELECT i, CASE WHEN i IN (200, 5000) THEN held() END AS h, leadflow.meets('crm', l, 'total > ' || i, '2026-03-20') FROM generate_series(1, 5000) i JOIN lead l ON l.id = 1 + i % 4 ORDER BY i OFFSET 0$$)) v (label, q);
INSERT INTO lead (source, external_id) SELECT 'bulk', i FROM generate_series(1, 5000) i;
INSERT INTO touch (lead_id, kind, direction, at, content) SELECT id, 'visit', 'inbound', '2026-03-18', 'p' FROM lead WHERE source = 'bulk';
CREATE TABLE public.measured (n serial, bytes bigint);
CREATE FUNCTION measure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.lead_id % 1000 = 200 THEN
        INSERT INTO public.measured (bytes) VALUES (public.held());
    END IF;
    RETURN NULL;
END;
$$;
ALTER FUNCTION held() SET SCHEMA public;
CREATE TRIGGER measure AFTER INSERT ON stage_event FOR EACH ROW WHEN (new.to_stage = 'mql') EXECUTE FUNCTION measure();
SELECT lives_ok($$UPDATE lead SET stage = 'mql' WHERE source = 'bulk'$$, '5,000 leads qualify in one statement');
SELECT is((SELECT count(*) FROM stage_event WHERE facts IS NOT NULL), 5000::bigint, 'each with its facts');
SELECT cmp_ok((SELECT max(bytes) - min(bytes) FROM public.measured), '<', 200000::bigint, 'which take no more memory for the last than for the first');

SELECT * FROM finish();
