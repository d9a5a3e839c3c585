-- What is done to a workspace as a whole is done with its owner's rights, whoever asks for it:
-- nothing that the owner wrote comes back to the rights of a superuser who calls.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET jit = off;
\ir common/tried.sql
SELECT no_plan();

SELECT current_database() AS db \gset
CREATE ROLE acting_mallory;
CREATE ROLE acting_stranger;
CREATE ROLE acting_deputy NOINHERIT IN ROLE acting_mallory;
GRANT CREATE ON DATABASE :"db" TO acting_mallory;
CREATE TABLE caught (how text, who text, fault text);
GRANT ALL ON caught TO acting_mallory;

SET ROLE acting_mallory;
SELECT leadflow.create_workspace('evil', partitioned => true) \g /dev/null
SELECT leadflow.create_workspace('whole') \g /dev/null
INSERT INTO evil.lead (source, external_id, stage, stage_since) VALUES ('web', '1', 'lead', '2024-01-01');
SELECT leadflow.add_partitions('evil', since => '2024-01-01') \g /dev/null
INSERT INTO evil.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '2024-01-05');

-- writes down with which rights it runs, tries to get others, and leaves traps behind
CREATE FUNCTION evil.spring(how text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    step text;
BEGIN
    IF pg_catalog.current_setting('trap.armed', true) IS DISTINCT FROM 'yes' THEN
        RETURN true;
    END IF;
    INSERT INTO public.caught VALUES (how, CURRENT_USER);
    FOREACH step IN ARRAY '{SET ROLE NONE,RESET ROLE,RESET SESSION AUTHORIZATION,ALTER ROLE acting_mallory SUPERUSER,CREATE TEMP TABLE trap (),DECLARE trap CURSOR WITH HOLD FOR SELECT 1,LISTEN trap}'::text[] LOOP
        BEGIN
            EXECUTE step;
            INSERT INTO public.caught VALUES (how || ': ' || step, CURRENT_USER, 'none');
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO public.caught VALUES (how || ': ' || step, CURRENT_USER, SQLSTATE);
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', 'evil, public', false), pg_catalog.set_config('leadflow.source', 'trap', false);
    RETURN true;
END;
$$;
CREATE FUNCTION evil.sprung() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.spring(TG_NAME); RETURN new; END $$;
CREATE FUNCTION evil.put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS ALL DEFERRED; RETURN new; END $$;
CREATE TRIGGER "by a trigger" BEFORE INSERT ON evil.archived_part FOR EACH ROW EXECUTE FUNCTION evil.sprung();
ALTER TABLE evil.touch ADD CONSTRAINT trap CHECK (COALESCE(note, '') <> 'trap' OR evil.spring('by a check'));
ALTER TABLE evil.attachment RENAME TO attachment_of_before;
CREATE VIEW evil.attachment AS SELECT * FROM evil.attachment_of_before WHERE evil.spring('by a view')
    UNION ALL SELECT a.* FROM (SELECT) s LEFT JOIN evil.attachment_of_before a ON false WHERE NOT evil.spring('by a view');
CREATE TRIGGER "by the version" BEFORE UPDATE ON whole.workspace FOR EACH ROW EXECUTE FUNCTION evil.sprung();
INSERT INTO evil.touch (lead_id, kind, direction, at, note) VALUES (1, 'call', 'outbound', '2023-01-05', 'trap');
RESET ROLE;

SET trap.armed = 'yes';
SET search_path = public;
SET leadflow.source = 'mine';
SELECT lives_ok($$SELECT leadflow.upgrade_workspace('evil')$$, 'a superuser upgrades what somebody laid traps in');
SELECT is(leadflow.add_partitions('evil'), 1::bigint, 'gives it partitions, for which rows move');
SELECT is((SELECT count(*) FROM leadflow.archive('evil', '2024-06-01')), 2::bigint, 'and archives');
SELECT set_eq($$SELECT DISTINCT how FROM caught WHERE fault IS NULL$$, '{by a trigger,by a check,by a view}'::text[], 'all were sprung');
SELECT is((SELECT string_agg(DISTINCT who, ' ') FROM caught), 'acting_mallory', 'with the rights of who laid them');
SELECT is((SELECT array_agg(DISTINCT split_part(how, ': ', 2)) FROM caught WHERE fault = 'none'), NULL, 'and got no others');
SELECT is((SELECT rolsuper FROM pg_roles WHERE rolname = 'acting_mallory'), false, 'nor for later');
SELECT is(current_setting('search_path') || current_setting('leadflow.source'), 'publicmine', 'settings are as they were');
SELECT is(current_user || session_user, session_user || session_user, 'and so is the role');

-- what waits for the end of the transaction does not get there
SET ROLE acting_mallory;
DROP TRIGGER "by a trigger" ON evil.archived_part;
CREATE CONSTRAINT TRIGGER "at the end" AFTER INSERT ON evil.archived_part DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.sprung();
INSERT INTO evil.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '2024-02-05'), (1, 'call', 'outbound', '2024-03-05');
RESET ROLE;
SELECT is(tried($$SELECT * FROM leadflow.archive('evil', '2024-06-01')$$, $$SELECT string_agg(DISTINCT how || ' ' || who, ', ') FROM caught WHERE fault IS NULL AND how = 'at the end'$$),
    'at the end acting_mallory', 'a deferred trigger of the owner''s runs as the owner');
CREATE TRIGGER "put off" BEFORE INSERT ON evil.archived_part FOR EACH ROW EXECUTE FUNCTION evil.put_off();
SELECT is(tried($$SELECT * FROM leadflow.archive('evil', '2024-06-01')$$), '42501', 'one that is put off inside is refused');
CREATE TABLE mine (n integer CONSTRAINT later UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT is(tried($$INSERT INTO mine VALUES (1), (1); SELECT leadflow.add_partitions('evil')$$), '23505 later',
    'what the caller deferred is checked before');

-- who may
SET ROLE acting_stranger;
SELECT throws_ok(s, '42501', 'must be owner of workspace evil', 'a stranger: ' || s) FROM unnest(ARRAY['SELECT leadflow.upgrade_workspace(''evil'')',
    'SELECT leadflow.add_partitions(''evil'')', 'SELECT leadflow.partition_workspace(''evil'')', 'SELECT leadflow.archive(''evil'', ''2024-01-01'')']) s;
SELECT throws_ok(s, '42704', 'schema "<NULL>" is not a workspace', 'nothing: ' || s) FROM unnest(ARRAY['SELECT leadflow.upgrade_workspace(NULL)',
    'SELECT leadflow.add_partitions(NULL)', 'SELECT leadflow.partition_workspace(NULL)', 'SELECT leadflow.archive(NULL, ''2024-01-01'')']) s;
SET ROLE acting_deputy;
SELECT lives_ok($$SELECT leadflow.partition_workspace('whole')$$, 'a member that can become the owner, without inheriting its rights');
SELECT is(current_user::text, 'acting_deputy', 'and is itself afterwards');
RESET ROLE;
SELECT is((SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relnamespace = 'whole'::regnamespace), 'acting_mallory', 'what was made is the owner''s');

-- functions of attachments are written anew, whosever they are
CREATE TABLE fed (id bigint PRIMARY KEY, name text);
SELECT leadflow.attach('whole', 'fed', 'lead', '{"external_id": "new.id", "full_name": "new.name"}') \g /dev/null
ALTER SCHEMA whole RENAME TO renamed;
SELECT lives_ok($$SELECT leadflow.upgrade_workspace('renamed')$$, 'a workspace with another name, to which a superuser attached a table');
SELECT matches(p.prosrc, 'UPDATE renamed.lead', 'its function knows the name') FROM pg_proc p WHERE p.pronamespace = 'renamed'::regnamespace AND p.proname = 'lead_from_fed_write';

SELECT leadflow.detach('renamed', 'fed') \g /dev/null
DROP TABLE fed, mine, caught CASCADE;
DROP OWNED BY acting_mallory CASCADE;
DROP ROLE acting_mallory, acting_stranger, acting_deputy;
SELECT * FROM finish();
