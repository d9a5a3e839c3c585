-- A workspace whose tables are altered: in the middle of a transaction that has written through the guard, and for good
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.create_workspace('Brand "X" it''s 100%s') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql
CREATE FUNCTION fill(workspace text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($f$INSERT INTO %1$I.lead (source, external_id, email, role, verified, owner, need, budget, decision_by, why_now, promised, evidence)
        VALUES ('t', 'a', 'a@b.c', 'CEO', true, 'anna', 'n', 7, '2026-06-01', 'w', 'p', 'e')$f$, workspace);
    EXECUTE format($f$INSERT INTO %1$I.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM %1$I.lead, unnest('{web_visit,demo_request}'::text[]) k$f$, workspace);
    EXECUTE format($f$INSERT INTO %I.overwrite_rule (field, rule, sources) VALUES ('email', 'ranked', '{t}')$f$, workspace);
    EXECUTE format($f$INSERT INTO %I.source (source, stage_sync) VALUES ('t', 'forward')$f$, workspace);
END $$;
-- every way through the module: guard, recorder, touches, clocks, pauses, quarantine, opportunities, explain, definitions
CREATE FUNCTION exercise(workspace text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    part text;
    result text;
BEGIN
    FOREACH part IN ARRAY string_to_array($f$UPDATE @.lead SET stage = 'mql', email = NULL;
        INSERT INTO @.touch (lead_id, kind, direction) SELECT id, 'call', 'outbound' FROM @.lead;
        SET LOCAL leadflow.on_violation = park;
        INSERT INTO @.lead (source, stage) VALUES ('u', 'sal');
        UPDATE @.lead SET stage = 'visitor';
        SET LOCAL leadflow.on_violation = warn;
        UPDATE @.lead SET stage = 'engaged';
        SET LOCAL leadflow.on_violation = raise;
        UPDATE @.lead SET stage = 'mql';
        INSERT INTO @.touch (lead_id, kind, direction, at) SELECT id, 'demo_request', 'inbound', leadflow.clock() + interval '1 minute' FROM @.lead;
        UPDATE @.lead SET stage = 'contacted', owner = 'ben';
        INSERT INTO @.sla_pause (clock_id, reason, resumed_at) SELECT max(id), 'x', leadflow.clock() FROM @.sla_clock;
        INSERT INTO @.opportunity (source, lead_id, amount, expected_close) SELECT 't', id, 1, '2026-06-01' FROM @.lead;
        UPDATE @.opportunity SET stage = 'lost', reason = 'no_budget';
        UPDATE @.standard SET position = position + 1$f$, ';') LOOP
        EXECUTE replace(part, '@', quote_ident(workspace));
    END LOOP;
    EXECUTE replace($f$SELECT (SELECT stage || ' ' || furthest_stage FROM @.lead) || (SELECT ' ' || stage FROM @.opportunity) || (SELECT ' events ' || count(*) FROM @.stage_event)
            || (SELECT ' clocks ' || count(*) FROM @.sla_clock) || (SELECT ' parked ' || count(*) FROM @.quarantine) || (SELECT ' violations ' || count(*) FROM @.violation) || (SELECT ' kept ' || count(*) FROM @.overwrite_refused)
            || (SELECT ' explained ' || count(*) FROM @.lead l, leadflow.explain($1, l.id, 'won'))$f$, '@', quote_ident(workspace)) INTO result USING workspace;
    RETURN result;
END $$;
-- reports stand in the way of altering what they read
SELECT format('DROP VIEW IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace IN (SELECT relnamespace FROM pg_class WHERE relname = 'sla_clock') \gexec
SELECT fill('crm') \g /dev/null
SELECT fill('Brand "X" it''s 100%s') \g /dev/null
SELECT tried('SELECT 1', $$SELECT exercise('crm')$$) AS usual \gset
SELECT matches(:'usual'::text, '^opportunity opportunity lost events \d+ clocks \d parked 2 violations 1 kept 1 explained 11$', 'the usual');
SELECT is(tried('SELECT 1', $$SELECT exercise('Brand "X" it''s 100%s')$$), :'usual'::text, 'a workspace may have any name');

-- alterations that change nothing for the module, after a first write and before the next
SELECT is(tried(format($$UPDATE crm.lead SET stage = 'lead.warm'; UPDATE crm.lead SET stage = 'lead'; %s$$, c.ddl), 'SELECT regexp_replace(exercise(''crm''), ''events \d+'', ''events'')'),
          regexp_replace(:'usual', 'events \d+', 'events'), 'still the usual: ' || left(c.ddl, 110))
FROM (VALUES
    ('ALTER TABLE crm.lead ADD COLUMN x integer'), ('ALTER TABLE crm.lead ADD COLUMN x integer NOT NULL DEFAULT 7'), ('ALTER TABLE crm.lead ADD COLUMN x text DEFAULT clock_timestamp()::text'),
    ('ALTER TABLE crm.lead ADD COLUMN x numeric GENERATED ALWAYS AS (budget * 2) STORED'),
    ('ALTER TABLE crm.lead DROP COLUMN score'), ('ALTER TABLE crm.lead DROP COLUMN phone, ADD COLUMN phone text'), ('ALTER TABLE crm.lead RENAME COLUMN industry TO trade'),
    ('ALTER TABLE crm.lead ALTER email TYPE varchar(200)'), ('ALTER TABLE crm.lead ALTER status TYPE varchar(200), ALTER source TYPE varchar(99), ALTER reason_note TYPE varchar(99)'),
    ('ALTER TABLE crm.lead ALTER budget TYPE numeric'), ('ALTER TABLE crm.touch ALTER note TYPE varchar(9), DROP COLUMN content, ADD COLUMN weight float8 NOT NULL DEFAULT 1'),
    ('ALTER TABLE crm.touch ALTER kind TYPE varchar(40), ALTER channel TYPE varchar(40)'), ('ALTER TABLE crm.touch DROP COLUMN channel, ADD COLUMN channel text'),
    ('ALTER TABLE crm.stage_event ADD COLUMN x integer DEFAULT 5'), ('ALTER TABLE crm.stage_event ADD COLUMN x integer NOT NULL DEFAULT 5'), ('ALTER TABLE crm.stage_event ADD COLUMN x timestamptz DEFAULT clock_timestamp() NOT NULL'),
    ('ALTER TABLE crm.stage_event ADD COLUMN x integer GENERATED ALWAYS AS (1) STORED'), ('ALTER TABLE crm.stage_event ADD COLUMN x bigint GENERATED ALWAYS AS IDENTITY'),
    ('ALTER TABLE crm.stage_event DROP COLUMN segment, ADD COLUMN segment text'), ('ALTER TABLE crm.stage_event ALTER actor TYPE varchar(99), ALTER amount TYPE numeric(20, 4)'), ('ALTER TABLE crm.stage_event ALTER actor TYPE name'),
    ('ALTER TABLE crm.stage_event ADD CHECK (variant <> ''none'')'), ('CREATE INDEX ON crm.stage_event (recorded_at); CREATE INDEX ON crm.stage_event ((lower(actor))) WHERE implied'), ('DROP INDEX crm.stage_event_lead'),
    ('CREATE UNIQUE INDEX ON crm.stage_event (id, at)'), ('ALTER TABLE crm.stage_event ADD EXCLUDE (id WITH =)'), ('ALTER TABLE crm.stage_event ADD UNIQUE (id, at) DEFERRABLE INITIALLY DEFERRED'), ('ALTER TABLE crm.stage_event DROP CONSTRAINT stage_event_pkey'),
    ('ALTER TABLE crm.stage_event SET UNLOGGED'), ('ALTER TABLE crm.stage_event ALTER at SET STATISTICS 5'), ('ALTER TABLE crm.stage_event ENABLE ROW LEVEL SECURITY'), ('ALTER TABLE crm.stage_event FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY'),
    ('CREATE RULE r AS ON INSERT TO crm.stage_event DO ALSO NOTIFY x'), ('CLUSTER crm.stage_event USING stage_event_lead'), ('CREATE TABLE old_events () INHERITS (crm.stage_event)'),
    ('ALTER TABLE crm.stage_event RENAME TO e; ALTER TABLE crm.e RENAME TO stage_event'),
    ('DROP INDEX crm.touch_lead'), ('CREATE INDEX ON crm.touch (lead_id)'), ('CREATE INDEX ON crm.touch (lead_id) WHERE direction = ''inbound''; DROP INDEX crm.touch_lead'), ('CREATE INDEX ON crm.touch USING hash (lead_id); DROP INDEX crm.touch_lead'),
    ('CLUSTER crm.touch USING touch_lead'), ('ALTER TABLE crm.sla_clock ADD COLUMN x integer NOT NULL DEFAULT 1'), ('ALTER TABLE crm.quarantine ADD COLUMN x integer NOT NULL DEFAULT 1'), ('ALTER TABLE crm.standard ADD COLUMN x integer NOT NULL DEFAULT 1'),
    ('DROP TRIGGER leadflow_definition_guard ON crm.standard; ALTER TABLE crm.standard ALTER criterion TYPE varchar(63), ALTER requirement TYPE varchar(500), ALTER expression TYPE varchar(9999)'), ('ALTER TABLE crm.reason ALTER category TYPE varchar(500)'), ('ALTER TABLE crm.team_member ADD COLUMN x integer'),
    ('ALTER TABLE crm.overwrite_refused ADD COLUMN x integer NOT NULL DEFAULT 1, ALTER kept TYPE varchar(2000)'), ('ALTER TABLE crm.overwrite_rule ADD COLUMN x integer, ALTER field TYPE varchar(63)'), ('ALTER TABLE crm.source ADD COLUMN x integer, ALTER source TYPE varchar(63)'),
    ('ALTER TABLE crm.sla_policy ALTER policy TYPE varchar(50), ALTER stops_on_touch TYPE varchar(50)[]'), ('ANALYZE crm.lead; ANALYZE crm.touch; ANALYZE crm.stage_event'), ('REINDEX TABLE crm.touch; REINDEX TABLE crm.lead; REINDEX TABLE crm.stage_event'),
    ('CREATE TRIGGER zzzz AFTER UPDATE ON crm.lead FOR EACH ROW WHEN (false) EXECUTE FUNCTION leadflow.append_only()'), ('CREATE SCHEMA unrelated; CREATE OPERATOR unrelated.+| (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl)'),
    ('CREATE ROLE lf_ddl; ALTER ROLE lf_ddl RENAME TO lf_ddl2'), ('DISCARD PLANS'), ('DISCARD TEMP'), ('SET LOCAL TIME ZONE ''Pacific/Chatham''; SET LOCAL DateStyle = ''SQL, DMY''; SET LOCAL IntervalStyle = ''sql_standard'''),
    ('SET LOCAL transform_null_equals = on'), ('SET LOCAL enable_seqscan = off'), ('SET LOCAL row_security = off'), ('SET LOCAL default_transaction_read_only = on'), ('SET LOCAL plan_cache_mode = force_generic_plan'),
    ('SET LOCAL jit = on; SET LOCAL jit_above_cost = 0; SET LOCAL jit_inline_above_cost = 0; SET LOCAL jit_optimize_above_cost = 0'), ('SET LOCAL work_mem = ''64kB''')
) AS c (ddl);

-- what the module needs and does not find: an error that says so, and the session goes on
SELECT is(tried(format($$UPDATE crm.lead SET stage = 'lead.warm'; UPDATE crm.lead SET stage = 'lead'; %s$$, c.ddl), 'SELECT exercise(''crm'')'), c.expected, format('%s: %s', c.expected, c.ddl))
FROM (VALUES
    ('ALTER TABLE crm.lead DROP COLUMN stage CASCADE', '42703'), ('ALTER TABLE crm.lead DROP COLUMN owner CASCADE', '42703'), ('ALTER TABLE crm.lead RENAME COLUMN stage_since TO since', '42703'),
    ('ALTER TABLE crm.lead DROP COLUMN role CASCADE', '42703'), ('ALTER TABLE crm.lead RENAME COLUMN need TO needs', '42703'), ('ALTER TABLE crm.lead ALTER role TYPE integer USING 1', '42883'),
    ('ALTER TABLE crm.lead ALTER owner TYPE integer USING 1', '42804'), ('ALTER TABLE crm.touch RENAME COLUMN at TO happened_at', '42703'), ('ALTER TABLE crm.touch ALTER channel TYPE integer USING 1', '42804'),
    ('ALTER TABLE crm.lead RENAME COLUMN field_sources TO sources', '42703'), ('ALTER TABLE crm.opportunity ALTER field_sources TYPE json', '42804'), ('DROP TABLE crm.overwrite_rule CASCADE', '42P01'), ('DROP TABLE crm.source CASCADE', '42P01'),
    ('ALTER TABLE crm.overwrite_refused DROP COLUMN rule', '42703'), ('DROP TABLE crm.overwrite_refused', '42P01'),
    ('DROP TABLE crm.touch CASCADE', '42P01'), ('ALTER TABLE crm.lead RENAME TO leads', '42P01'), ('DROP TABLE crm.stage_event CASCADE', '42P01'), ('DROP TABLE crm.sla_clock CASCADE', '42P01'), ('DROP TABLE crm.transition CASCADE', '42P01'),
    ('DROP TABLE crm.stage_alias CASCADE; CREATE VIEW crm.stage_alias AS SELECT 1 AS x', '42809'), ('ALTER TABLE crm.stage_event DROP COLUMN actor CASCADE', '42703'), ('ALTER TABLE crm.stage_event ALTER segment TYPE integer USING 1', '42804'),
    ('ALTER TABLE crm.stage_event ADD COLUMN x integer NOT NULL DEFAULT 1; ALTER TABLE crm.stage_event ALTER x DROP DEFAULT', '23502'),
    ('ALTER TABLE crm.lead SET SCHEMA public', '42P01'), ('ALTER SCHEMA crm RENAME TO crm2', '42P01'), ('DROP SCHEMA crm CASCADE', '42P01'),
    ('ALTER TABLE crm.touch SET SCHEMA public', '42P01'), ('DROP FUNCTION leadflow.guard()', '2BP01'), ('DROP TYPE leadflow.stage', '2BP01'), ('DROP EXTENSION leadflow', '2BP01')
) AS c (ddl, expected);
SELECT is(tried('ALTER SCHEMA crm RENAME TO crm2', 'SELECT exercise(''crm2'')'), :'usual'::text, 'a workspace may be renamed');
SELECT is(tried('DROP SCHEMA crm CASCADE; SELECT leadflow.create_workspace(''crm''); SELECT fill(''crm'')', 'SELECT exercise(''crm'')'), :'usual'::text, 'and built again in the same transaction');
SELECT is(tried('SELECT 1', $$SELECT exercise('crm')$$), :'usual'::text, 'after all that the workspace is as it was');

-- for good, in the same session
DROP SCHEMA crm CASCADE;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT fill('crm') \g /dev/null
SELECT is(tried('SELECT 1', $$SELECT exercise('crm')$$), :'usual'::text, 'a workspace built again in the same session');

-- reports stand in the way of altering what they read
SELECT format('DROP VIEW IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace IN (SELECT relnamespace FROM pg_class WHERE relname = 'sla_clock') \gexec
-- triggers of the owner's that do such things while the module is at work
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('test.meddled', true) IS DISTINCT FROM 'yes' THEN
        PERFORM set_config('test.meddled', 'yes', true);
        EXECUTE tg_argv[0];
    END IF;
    RETURN NULL;
END $$;
SELECT matches(tried(format('CREATE TRIGGER meddle AFTER INSERT OR UPDATE ON crm.%I FOR EACH ROW EXECUTE FUNCTION meddle(%L)', c.tab, c.ddl), 'SELECT exercise(''crm'')'), c.expected, format('a trigger on %s: %s', c.tab, c.ddl))
FROM (VALUES
    ('stage_event', 'UPDATE crm.standard SET position = position + 1', '^opportunity opportunity'),
    ('stage_event', 'DELETE FROM crm.standard; DELETE FROM crm.sla_policy; DELETE FROM crm.transition', '^(opportunity|23|55000)'),
    ('stage_event', 'CREATE INDEX ON crm.stage_event (actor)', '^(opportunity|55006)'),
    ('stage_event', 'ALTER TABLE crm.touch RENAME COLUMN at TO t', '^42703'),
    ('stage_event', 'ALTER TABLE crm.sla_clock RENAME COLUMN owner TO t', '^42703'),
    ('stage_event', 'ALTER SCHEMA crm RENAME TO crm2', '^(42P01|3F000)'),
    ('stage_event', 'DROP SCHEMA crm CASCADE', '^55006'),
    ('sla_clock', 'ALTER TABLE crm.stage_event ALTER segment TYPE integer USING 1', '^(42804|55006)'),
    ('sla_clock', 'ALTER TABLE crm.stage_event DROP COLUMN segment, ADD COLUMN segment text; DROP INDEX crm.stage_event_lead; CREATE INDEX ON crm.stage_event (lead_id)', '^(opportunity opportunity|55006)'),
    ('sla_clock', 'UPDATE crm.lead SET stage = ''mql.from_clock''', '^opportunity|^23514'),
    ('sla_clock', 'ALTER TABLE crm.lead ADD COLUMN x integer', '^(opportunity|55006)'),
    ('sla_clock', 'UPDATE crm.business_calendar SET calendar = ''UTC; 24/7''', '^opportunity opportunity'),
    ('violation', 'ALTER TABLE crm.stage_event ALTER segment TYPE integer USING 1', '^42804'),
    ('violation', 'ALTER TABLE crm.stage_event DROP COLUMN segment, ADD COLUMN segment text; DROP INDEX crm.stage_event_lead; CREATE INDEX ON crm.stage_event (lead_id)', '^opportunity opportunity'),
    ('violation', 'ALTER TABLE crm.touch ALTER channel TYPE integer USING 1', '^42804'),
    ('quarantine', 'ALTER TABLE crm.stage_event ALTER segment TYPE integer USING 1', '^42804'),
    ('quarantine', 'UPDATE crm.standard SET mode = ''warn''', '^(opportunity|23514)'),
    ('quarantine', 'ALTER SCHEMA crm RENAME TO crm2', '^(42P01|3F000)'),
    ('definition_change', 'UPDATE crm.lead SET owner = ''anna''', '^opportunity opportunity'),
    ('overwrite_refused', 'DELETE FROM crm.overwrite_rule', '^opportunity opportunity'),
    ('overwrite_refused', 'ALTER TABLE crm.lead RENAME COLUMN email TO mail', '^(42703|55006)')
) AS c (tab, ddl, expected);
SELECT is(tried('SELECT 1', $$SELECT exercise('crm')$$), :'usual'::text, 'after that too the workspace is as it was');

SELECT * FROM finish();
