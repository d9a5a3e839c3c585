-- Partitioned facts: they work, or are refused with an error that says so
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT no_plan();
-- reports and keys stand in the way
SELECT format('DROP VIEW IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'crm'::regnamespace \gexec
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
 WHERE contype = 'f' AND confrelid IN ('crm.lead'::regclass, 'crm.touch'::regclass) \gexec

CREATE FUNCTION partitioned(tab text, key text) RETURNS text LANGUAGE sql AS $$
    SELECT format('ALTER TABLE crm.%1$I RENAME TO old_%1$s; CREATE TABLE crm.%1$I (LIKE crm.old_%1$s INCLUDING DEFAULTS INCLUDING IDENTITY) PARTITION BY RANGE (%2$s);
        CREATE TABLE crm.part_%1$s PARTITION OF crm.%1$I DEFAULT; DROP TABLE crm.old_%1$s CASCADE', tab, key) $$;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    state text;
BEGIN
    BEGIN
        FOREACH statement IN ARRAY statements LOOP
            EXECUTE statement;
        END LOOP;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        state := replace(SQLSTATE, 'ZZ000', '00000');
    END;
    RETURN state;
END $$;
CREATE FUNCTION triggers(tab text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN $1 = 'touch' THEN 'CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON crm.touch FOR EACH ROW EXECUTE FUNCTION leadflow.touch_recorder()'
           ELSE format('CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT OR UPDATE ON crm.%1$I FOR EACH ROW EXECUTE FUNCTION leadflow.guard(%1$L);
                        CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON crm.%1$I FOR EACH ROW EXECUTE FUNCTION leadflow.recorder(%1$L)', $1) END $$;

SELECT is(tried(partitioned('stage_event', 'at'), $$INSERT INTO crm.lead (source) VALUES ('t')$$, $$UPDATE crm.lead SET stage = 'lead.x'$$), '00000', 'the history may be partitioned');
SELECT is(tried(partitioned('violation', 'recorded_at'), 'SET LOCAL leadflow.on_violation = warn', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'sal')$$), '00000', 'so may violations');
SELECT is(tried(partitioned('quarantine', 'recorded_at'), 'SET LOCAL leadflow.on_violation = park', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'sal')$$), '00000', 'and the quarantine');
SELECT is(tried(partitioned('overwrite_refused', 'recorded_at'), $$INSERT INTO crm.lead (source) VALUES ('t')$$), '00000', 'and refused values');
SELECT is(tried(partitioned('touch', 'at'), triggers('touch'), $$INSERT INTO crm.lead (source, role, email, verified, stage) VALUES ('t', 'CEO', 'x', true, 'lead')$$,
                $$INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM crm.lead, unnest('{web_visit,demo_request}'::text[]) k$$,
                $$UPDATE crm.lead SET stage = 'mql'$$, $$SELECT leadflow.explain('crm', max(id), 'sal') FROM crm.lead$$), '00000', 'touches too');
-- by whatever statement the rules are first needed
SELECT is(tried(partitioned(c.tab, c.key), c.triggers, $$SELECT leadflow.explain_transition('crm', 'lead', 'mql')$$), '42809', c.tab || ' may not be')
FROM (VALUES
    ('lead', 'created_at', triggers('lead')), ('opportunity', 'created_at', triggers('opportunity')), ('account', 'created_at', 'SELECT 1'),
    ('intent_signal', 'at', 'SELECT 1'), ('sla_clock', 'started_at', 'SELECT 1'), ('lead', 'created_at', 'SELECT 1')
) AS c (tab, key, triggers);
SELECT * FROM finish();
