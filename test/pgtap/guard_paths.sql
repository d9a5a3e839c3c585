-- The guard holds whatever way a row is written, and writes no history of what did not happen
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql
-- where the leads are, and how many events there are since the start
CREATE SEQUENCE mark MINVALUE 0 START 0;
CREATE FUNCTION picture() RETURNS text LANGUAGE sql AS $$
    SELECT (SELECT string_agg(external_id || '=' || stage, ' ' ORDER BY external_id) FROM crm.lead)
           || '; ' || (SELECT count(*) FROM crm.stage_event WHERE id > (SELECT last_value FROM mark)) || ' events'
           || (SELECT coalesce('; parked ' || nullif(count(*), 0), '') FROM crm.quarantine)
           || (SELECT coalesce('; violations ' || nullif(count(*), 0), '') FROM crm.violation)
$$;

-- good may become an MQL, bad may not
INSERT INTO crm.lead (source, external_id, email, role, verified, stage_since)
VALUES ('t', 'good', 'g@example.com', 'CEO', true, '2026-03-01 09:00+00'), ('t', 'bad', NULL, NULL, false, '2026-03-01 09:00+00');
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-03-01 09:00+00' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k
 WHERE external_id = 'good';
CREATE TABLE incoming (external_id text, stage leadflow.stage, role text);
CREATE VIEW open_lead AS SELECT * FROM crm.lead WHERE stage >= 'visitor' WITH CHECK OPTION;
SELECT setval('mark', max(id)) FROM crm.stage_event \g /dev/null

SELECT is(tried(c.statement, 'SELECT picture()'), c.expected, c.label)
FROM (VALUES
    -- UPDATE
    ('UPDATE', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, 'bad=lead good=mql; 1 events'),
    ('UPDATE that may not', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$, '23514 target_role'),
    ('UPDATE of several rows, one of which may not', $$UPDATE crm.lead SET stage = 'mql'$$, '23514 target_role'),
    ('UPDATE with FROM', $$UPDATE crm.lead l SET stage = v.stage FROM (VALUES ('good', 'mql'::leadflow.stage)) v (e, stage) WHERE v.e = l.external_id$$,
        'bad=lead good=mql; 1 events'),
    ('UPDATE that changes nothing', $$UPDATE crm.lead SET stage = stage, role = role$$, 'bad=lead good=lead; 0 events'),
    ('UPDATE of no row', $$UPDATE crm.lead SET stage = 'mql' WHERE false$$, 'bad=lead good=lead; 0 events'),
    ('UPDATE to null', $$UPDATE crm.lead SET stage = NULL$$, '23502'),
    ('UPDATE twice in one transaction', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'; UPDATE crm.lead SET stage = 'contacted' WHERE external_id = 'good'$$,
        'bad=lead good=contacted; 2 events'),
    ('UPDATE that mends the row and moves it', $$UPDATE crm.lead SET stage = 'mql', role = NULL WHERE external_id = 'good'$$, '23514 target_role'),
    -- INSERT
    ('INSERT', $$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'new')$$, 'bad=lead good=lead new=lead; 3 events'),
    ('INSERT that may not', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'mql')$$, '23514 target_role'),
    ('INSERT of several rows, one of which may not', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'lead'), ('t', 'n2', 'mql')$$, '23514 target_role'),
    ('INSERT ... SELECT', $$INSERT INTO crm.lead (source, external_id, stage) SELECT 't', 'n' || i, 'visitor' FROM generate_series(1, 3) i$$,
        'bad=lead good=lead n1=visitor n2=visitor n3=visitor; 3 events'),
    ('INSERT without a source', $$INSERT INTO crm.lead (external_id) VALUES ('new')$$, '23502'),
    ('INSERT of an id', $$INSERT INTO crm.lead (id, source) VALUES (77, 't')$$, '428C9'),
    -- INSERT ... ON CONFLICT
    ('DO NOTHING with a row that may not', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql') ON CONFLICT DO NOTHING$$,
        'bad=lead good=lead; 0 events'),
    ('DO UPDATE of something else', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql')
        ON CONFLICT (source, external_id) DO UPDATE SET full_name = 'x'$$, 'bad=lead good=lead; 0 events'),
    ('DO UPDATE of the stage', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql')
        ON CONFLICT (source, external_id) DO UPDATE SET stage = excluded.stage$$, 'bad=lead good=mql; 1 events'),
    ('DO UPDATE of the stage that may not', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'bad', 'mql')
        ON CONFLICT (source, external_id) DO UPDATE SET stage = excluded.stage$$, '23514 target_role'),
    ('DO UPDATE that does not', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'bad', 'mql')
        ON CONFLICT (source, external_id) DO UPDATE SET stage = excluded.stage WHERE false$$, 'bad=lead good=lead; 0 events'),
    ('ON CONFLICT of some', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql'), ('t', 'new', 'engaged') ON CONFLICT DO NOTHING$$,
        'bad=lead good=lead new=engaged; 2 events'),
    ('DO NOTHING in mode park', $$SET LOCAL leadflow.on_violation = park;
        INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql') ON CONFLICT DO NOTHING$$, 'bad=lead good=lead; 0 events'),
    ('DO UPDATE in mode park', $$SET LOCAL leadflow.on_violation = park; INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'bad', 'mql'), ('t', 'good', 'mql')
        ON CONFLICT (source, external_id) DO UPDATE SET stage = excluded.stage$$, 'bad=lead good=mql; 1 events; parked 1'),
    ('DO NOTHING in mode warn', $$SET LOCAL leadflow.on_violation = warn;
        INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'good', 'mql') ON CONFLICT DO NOTHING$$, 'bad=lead good=lead; 0 events'),
    -- writable CTEs
    ('lead and touches in one statement', $$WITH l AS (INSERT INTO crm.lead (source, external_id, email, role, verified, stage)
            VALUES ('t', 'new', 'n@example.com', 'CEO', true, 'mql') RETURNING id)
        INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM l, unnest('{web_visit,form_submit}'::text[]) k$$,
        'bad=lead good=lead new=mql; 4 events'),
    ('lead and too few touches in one statement', $$WITH l AS (INSERT INTO crm.lead (source, external_id, email, role, verified, stage)
            VALUES ('t', 'new', 'n@example.com', 'CEO', true, 'mql') RETURNING id)
        INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, 'web_visit', 'inbound' FROM l$$, '23514 two_signals'),
    ('two rows by two parts of a statement', $$WITH g AS (UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good' RETURNING id)
        UPDATE crm.lead SET stage = 'engaged.x' WHERE external_id = 'bad' AND false$$, 'bad=lead good=mql; 1 events'),
    ('one row by two parts of a statement', $$WITH g AS (UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good' RETURNING id)
        UPDATE crm.lead SET stage = 'lead.x' WHERE external_id = 'good' AND EXISTS (SELECT FROM g)$$, 'bad=lead good=mql; 1 events'),
    ('UPDATE in an unused CTE', $$WITH g AS (UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad') SELECT 1$$, '23514 target_role'),
    -- through a view
    ('UPDATE of a view', $$UPDATE open_lead SET stage = 'mql' WHERE external_id = 'good'$$, 'bad=lead good=mql; 1 events'),
    ('UPDATE of a view that may not', $$UPDATE open_lead SET stage = 'mql' WHERE external_id = 'bad'$$, '23514 target_role'),
    ('UPDATE out of a view', $$UPDATE open_lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'bad'$$, '44000'),
    ('INSERT into a view', $$INSERT INTO open_lead (source, external_id, stage) VALUES ('t', 'new', 'mql')$$, '23514 target_role'),
    -- from a function, in blocks, in loops
    ('an error that a block catches', $$DO 'BEGIN BEGIN UPDATE crm.lead SET stage = ''mql'' WHERE external_id = ''bad''; EXCEPTION WHEN check_violation THEN NULL; END;
        UPDATE crm.lead SET stage = ''mql'' WHERE external_id = ''good''; END'$$, 'bad=lead good=mql; 1 events'),
    ('a block that is undone', $$DO 'BEGIN BEGIN UPDATE crm.lead SET stage = ''mql'' WHERE external_id = ''good''; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; END'$$,
        'bad=lead good=lead; 0 events'),
    ('nested blocks', $$DO 'BEGIN FOR i IN 1..20 LOOP BEGIN UPDATE crm.lead SET stage = (CASE WHEN i % 2 = 0 THEN ''mql'' ELSE ''lead.x'' END)::leadflow.stage WHERE external_id = ''bad'';
        EXCEPTION WHEN check_violation THEN NULL; END; END LOOP; END'$$, 'bad=lead.x good=lead; 1 events'),
    ('WHERE CURRENT OF', $$DO 'DECLARE c CURSOR FOR SELECT * FROM crm.lead WHERE external_id = ''good'' FOR UPDATE; r record; BEGIN OPEN c; FETCH c INTO r;
        UPDATE crm.lead SET stage = ''mql'' WHERE CURRENT OF c; END'$$, 'bad=lead good=mql; 1 events'),
    -- what stays
    ('DELETE', $$DELETE FROM crm.lead$$, '23514 append_only'),
    ('TRUNCATE', $$TRUNCATE crm.lead CASCADE$$, '23514 append_only'),
    ('TRUNCATE that reaches leads', $$TRUNCATE crm.account CASCADE$$, '23514 append_only'),
    ('UPDATE of history', $$UPDATE crm.stage_event SET actor = 'x'$$, '23514 append_only'),
    ('UPDATE of no history', $$UPDATE crm.stage_event SET actor = 'x' WHERE false$$, 'bad=lead good=lead; 0 events'),
    ('DELETE of history', $$DELETE FROM crm.stage_event$$, '23514 append_only'),
    ('TRUNCATE of history', $$TRUNCATE crm.stage_event$$, '23514 append_only'),
    ('DELETE of violations', $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'; DELETE FROM crm.violation$$, '23514 append_only'),
    ('DELETE of changes of definitions', $$DELETE FROM crm.definition_change$$, '23514 append_only')
) AS c (label, statement, expected);

SELECT current_setting('server_version_num')::int >= 150000 AS has_merge \gset
\if :has_merge
SELECT is(tried(c.statement, 'SELECT picture()'), c.expected, 'MERGE: ' || c.label)
FROM (VALUES
    ('both actions', $$INSERT INTO incoming VALUES ('good', 'mql', 'CEO'), ('new', 'lead', NULL);
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN MATCHED THEN UPDATE SET stage = i.stage
        WHEN NOT MATCHED THEN INSERT (source, external_id, stage) VALUES ('t', i.external_id, i.stage)$$, 'bad=lead good=mql new=lead; 4 events'),
    ('an update that may not', $$INSERT INTO incoming VALUES ('bad', 'mql');
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN MATCHED THEN UPDATE SET stage = i.stage$$, '23514 target_role'),
    ('an insert that may not', $$INSERT INTO incoming VALUES ('new', 'mql');
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN NOT MATCHED THEN INSERT (source, external_id, stage) VALUES ('t', i.external_id, i.stage)$$, '23514 target_role'),
    ('nothing to do', $$INSERT INTO incoming VALUES ('bad', 'mql');
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN MATCHED THEN DO NOTHING$$, 'bad=lead good=lead; 0 events'),
    ('a deletion', $$INSERT INTO incoming VALUES ('bad', 'mql');
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN MATCHED THEN DELETE$$, '23514 append_only'),
    ('parked', $$SET LOCAL leadflow.on_violation = park; INSERT INTO incoming VALUES ('bad', 'mql'), ('good', 'mql'), ('new', 'mql'), ('n2', 'visitor');
        MERGE INTO crm.lead l USING incoming i ON l.external_id = i.external_id WHEN MATCHED THEN UPDATE SET stage = i.stage
        WHEN NOT MATCHED THEN INSERT (source, external_id, stage) VALUES ('t', i.external_id, i.stage)$$, 'bad=lead good=mql n2=visitor; 2 events; parked 2')
) AS c (label, statement, expected);
\endif

-- COPY
BEGIN;
COPY crm.lead (source, external_id, stage) FROM stdin;
c	c1	visitor
c	c2	engaged
\.
SELECT is(picture(), 'bad=lead c1=visitor c2=engaged good=lead; 3 events', 'COPY');
ROLLBACK;
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
COPY crm.lead (source, external_id, stage) FROM stdin;
c	c1	visitor
c	c2	mql
\.
\set ON_ERROR_STOP on
SELECT is(picture(), 'bad=lead good=lead; 0 events', 'COPY of a row that may not');
BEGIN;
SET LOCAL leadflow.on_violation = park;
COPY crm.lead (source, external_id, stage) FROM stdin;
c	c1	visitor
c	c2	mql
c	c3	visitor
\.
SELECT is(picture(), 'bad=lead c1=visitor c3=visitor good=lead; 2 events; parked 1', 'COPY in mode park');
ROLLBACK;

-- savepoints
BEGIN;
UPDATE crm.lead SET full_name = 'x';
SAVEPOINT s;
UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good';
SELECT is(picture(), 'bad=lead good=mql; 1 events', 'within the savepoint the move stands');
ROLLBACK TO s;
SELECT is(picture(), 'bad=lead good=lead; 0 events', 'the history vanishes with the savepoint');
UPDATE crm.lead SET stage = 'lead.x' WHERE external_id = 'good';
RELEASE s;
SELECT is(picture(), 'bad=lead good=lead.x; 1 events', 'and goes on after it');
ROLLBACK;

-- prepared statements follow the definitions
PREPARE move(text, leadflow.stage) AS UPDATE crm.lead SET stage = $2 WHERE external_id = $1;
BEGIN;
EXECUTE move('good', 'mql');
SELECT is(picture(), 'bad=lead good=mql; 1 events', 'a prepared statement is judged');
ROLLBACK;
SELECT is(tried($$EXECUTE move('bad', 'mql')$$), '23514 target_role', 'a prepared statement that may not');
BEGIN;
SELECT is(tried($$DELETE FROM crm.standard WHERE criterion = 'target_role'; EXECUTE move('bad', 'mql')$$), '23514 verified_contact',
          'a change of a definition binds the next statement of the same transaction');
SELECT is(tried($$EXECUTE move('bad', 'mql')$$), '23514 target_role', 'and is undone with it');
SAVEPOINT s;
TRUNCATE crm.standard;
SELECT is(tried($$EXECUTE move('bad', 'mql')$$), '00000', 'an empty standard asks for nothing');
ROLLBACK TO s;
SELECT is(tried($$EXECUTE move('bad', 'mql')$$), '23514 target_role', 'a savepoint brings the standard back');
ROLLBACK;
SELECT is((SELECT max(version) FROM crm.definition_change),
          tried($$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$,
                'SELECT definition_version FROM crm.stage_event ORDER BY id DESC LIMIT 1')::bigint, 'events name the version in force');

-- triggers of the user's own
CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF tg_argv[0] = 'skip' THEN
        RETURN NULL;
    ELSIF tg_argv[0] = 'back' THEN
        NEW.stage := OLD.stage;
    ELSIF tg_argv[0] = 'name' THEN
        NEW.full_name := 'by trigger';
    ELSIF tg_argv[0] = 'source' THEN
        NEW.source := 'by trigger';
    ELSIF tg_argv[0] = 'furthest' THEN
        NEW.furthest_stage := 'won';
    ELSIF tg_argv[0] = 'unset' THEN
        NEW.role := NULL;
    ELSE
        NEW.stage := tg_argv[0];
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION with_trigger(name text, event text, argument text) RETURNS text LANGUAGE sql AS $$
    SELECT format('CREATE TRIGGER %I BEFORE %s ON crm.lead FOR EACH ROW EXECUTE FUNCTION own(%L);', name, event, argument)
$$;
SELECT is(tried(with_trigger(c.name, c.event, c.argument) || c.statement, 'SELECT picture() || (SELECT '' '' || string_agg(furthest_stage::text, '','' ORDER BY external_id) FROM crm.lead)'),
          c.expected, format('trigger %s %s %s: %s', c.name, c.event, c.argument, c.expected))
FROM (VALUES
    ('aaa', 'UPDATE', 'mql', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'good'$$, 'bad=lead good=mql; 1 events lead,mql'),
    ('aaa', 'UPDATE', 'mql', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'bad'$$, '23514 target_role'),
    ('aaa', 'UPDATE', 'back', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$, 'bad=lead good=lead; 0 events lead,lead'),
    ('aaa', 'INSERT', 'mql', $$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'new')$$, '23514 target_role'),
    ('aaa', 'UPDATE', 'skip', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$, 'bad=lead good=lead; 0 events lead,lead'),
    ('zzzz', 'UPDATE', 'name', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, 'bad=lead good=mql; 1 events lead,mql'),
    ('zzzz', 'UPDATE', 'mql', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'bad'$$, '23514 target_role'),
    ('zzzz', 'UPDATE OF full_name', 'mql', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'bad'$$, '23514 target_role'),
    ('zzzz', 'UPDATE', 'mql', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'good'$$, '23514 guard'),
    ('zzzz', 'UPDATE', 'unset', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, '23514 target_role'),
    ('zzzz', 'UPDATE', 'back', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, '23514 guard'),
    ('zzzz', 'UPDATE', 'skip', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, 'bad=lead good=lead; 0 events lead,lead'),
    ('zzzz', 'UPDATE', 'furthest', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, '23514 guard'),
    ('zzzz', 'UPDATE', 'furthest', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'good'$$, '23514 guard'),
    ('zzzz', 'UPDATE', 'source', $$UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'good'$$, '23514 identity'),
    ('zzzz', 'INSERT', 'mql', $$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'new')$$, '23514 target_role'),
    ('zzzz', 'INSERT', 'visitor', $$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'new')$$, '23514 guard'),
    ('zzzz', 'INSERT', 'skip', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'mql')$$, 'bad=lead good=lead; 0 events lead,lead')
) AS c (name, event, argument, statement, expected);
SELECT is(tried($$ALTER TABLE crm.lead DISABLE TRIGGER zzz_leadflow_guard; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$),
          '23514 target_role', 'with the guard disabled the recorder judges');
SELECT is(tried($$ALTER TABLE crm.lead ENABLE REPLICA TRIGGER zzz_leadflow_guard; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bad'$$),
          '23514 target_role', 'and where it fires in replicas only');
SELECT is(tried($$CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON crm.lead DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own('name');
                  UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'; SET CONSTRAINTS ALL IMMEDIATE$$, 'SELECT picture()'),
          'bad=lead good=mql; 1 events', 'a deferred trigger of the user''s own does no harm');

-- a trigger that writes the lead again: the history stays one chain in the order of its numbers
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage::text = 'mql' THEN
        UPDATE crm.lead SET stage = 'contacted' WHERE id = NEW.id;
    ELSIF NEW.stage::text = 'engaged' THEN
        UPDATE crm.lead SET stage = 'lead' WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION again_by_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.to_stage::text = 'mql' AND NOT NEW.implied THEN
        UPDATE crm.lead SET stage = 'contacted' WHERE id = NEW.lead_id;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION chain(of_lead text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(e.from_stage::text, '-') || '>' || e.to_stage, ' ' ORDER BY e.id)
      FROM crm.stage_event e JOIN crm.lead l ON l.id = e.lead_id
     WHERE l.external_id = of_lead AND e.id > (SELECT last_value FROM mark)
$$;
SELECT is(tried(format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION again();', c.name) || c.statement,
                format('SELECT chain(%L)', c.lead)), c.expected, format('trigger %s writes the lead again: %s', c.name, c.expected))
FROM (VALUES
    ('zzz', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, 'good', 'lead>mql mql>contacted'),
    ('AAA', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, 'good', 'lead>mql mql>contacted'),
    ('zzz', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'engaged')$$, 'new', '->visitor visitor>engaged engaged>lead'),
    ('AAA', $$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'engaged')$$, 'new', '->visitor visitor>engaged engaged>lead')
) AS c (name, statement, lead, expected);
SELECT is(tried($$CREATE TRIGGER again AFTER INSERT ON crm.stage_event FOR EACH ROW EXECUTE FUNCTION again_by_event();
                  UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'good'$$, $$SELECT chain('good')$$),
          'lead>mql mql>contacted', 'a trigger on the history may write the lead');

CREATE FUNCTION endless() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crm.lead SET stage = CASE WHEN NEW.stage::text = 'lead.a' THEN 'lead.b' ELSE 'lead.a' END::leadflow.stage WHERE id = NEW.id;
    RETURN NULL;
END $$;
SELECT is(tried($$CREATE TRIGGER endless AFTER UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION endless(); UPDATE crm.lead SET stage = 'lead.b' WHERE external_id = 'good'$$),
          '54001', 'endless recursion ends in an error');
SELECT is(picture(), 'bad=lead good=lead; 0 events', 'and the session goes on');

-- the trigger functions keep to the trigger protocol
SELECT throws_ok(format('SELECT leadflow.%s()', f), '39P01', NULL, f || ' is not called but by a trigger')
FROM unnest('{guard,recorder,touch_recorder,pause_recorder,definition_guard,overwrite_rule_guard,definition_recorder,append_only}'::text[]) f;
CREATE TABLE other (id bigint, stage leadflow.stage, object text, expression text);
SELECT is(tried(format('CREATE TRIGGER t %s ON %s EXECUTE FUNCTION leadflow.%s; %s', c.event, c.tab, c.func, c.statement)), c.expected,
          format('%s %s on %s: %s', c.func, c.event, c.tab, c.expected))
FROM (VALUES
    ('BEFORE INSERT', 'other FOR EACH ROW', $$guard('lead')$$, 'INSERT INTO other VALUES (1)', '42P01'),
    ('BEFORE INSERT', 'other FOR EACH ROW', $$guard()$$, 'INSERT INTO other VALUES (1)', '39P01'),
    ('BEFORE INSERT', 'other FOR EACH ROW', $$guard('deal')$$, 'INSERT INTO other VALUES (1)', '39P01'),
    ('AFTER INSERT', 'other FOR EACH ROW', $$guard('lead')$$, 'INSERT INTO other VALUES (1)', '39P01'),
    ('BEFORE INSERT', 'other FOR EACH STATEMENT', $$guard('lead')$$, 'INSERT INTO other VALUES (1)', '39P01'),
    ('BEFORE DELETE', 'crm.touch FOR EACH ROW', $$guard('lead')$$, 'DELETE FROM crm.touch', '39P01'),
    ('BEFORE INSERT', 'crm.touch FOR EACH ROW', $$guard('lead')$$, $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound')$$, '39P01'),
    ('AFTER INSERT', 'crm.touch FOR EACH ROW', $$recorder('lead')$$, $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound')$$, '39P01'),
    ('AFTER INSERT', 'crm.account FOR EACH ROW', 'touch_recorder()', $$INSERT INTO crm.account (source, name) VALUES ('t', 'x')$$, '39P01'),
    ('BEFORE DELETE', 'crm.touch FOR EACH ROW', 'touch_recorder()', 'DELETE FROM crm.touch', '39P01'),
    ('AFTER INSERT', 'crm.account FOR EACH ROW', 'pause_recorder()', $$INSERT INTO crm.account (source, name) VALUES ('t', 'x')$$, '39P01'),
    ('BEFORE INSERT', 'other FOR EACH ROW', 'definition_guard()', 'INSERT INTO other VALUES (1)', '39P01'),
    ('BEFORE INSERT', 'other FOR EACH ROW', 'overwrite_rule_guard()', 'INSERT INTO other VALUES (1)', '42703'),
    ('BEFORE INSERT', 'other FOR EACH ROW', $$definition_guard('stage')$$, 'INSERT INTO other VALUES (1)', '42703'),
    ('BEFORE INSERT', 'other FOR EACH ROW', $$definition_guard('stage', 'nothing')$$, 'INSERT INTO other VALUES (1)', '39P01'),
    ('AFTER INSERT', 'other FOR EACH ROW', 'definition_recorder()', 'INSERT INTO other VALUES (1)', '55000'),
    ('AFTER DELETE', 'other FOR EACH ROW', 'append_only()', 'INSERT INTO other VALUES (1); DELETE FROM other', '39P01')
) AS c (event, tab, func, statement, expected);

-- events go straight into the table only if no index on it computes anything
SELECT is_empty($$SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                  WHERE i.indrelid = 'crm.stage_event'::regclass
                      AND (i.indexprs IS NOT NULL OR pg_get_expr(i.indpred, i.indrelid) !~ '^\(\w+ IS (NOT )?NULL\)$')$$,
                'the indexes of the history let events in directly');

SELECT * FROM finish();
