-- Partitioning and archiving of workspaces to which a company has added things, with stray
-- dates and odd settings: what cannot be carried is named, and nothing is lost or laid open.
SET client_min_messages = warning;
SET TIME ZONE 'Europe/Warsaw';
SELECT no_plan();
\ir common/tried.sql
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set sales :p _sales
CREATE ROLE :sales;
SET leadflow.clock = '2026-07-15 12:00+02';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'sales', 'sales') \g /dev/null
INSERT INTO crm.lead (source, external_id) VALUES ('t', '1'), ('t', '2');
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2026-05-02'), (2, 'web_visit', 'inbound', '2026-06-30 23:30+00');

-- what belongs to a table and is not carried over is named
CREATE TABLE public.bill (touch_id bigint);
CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SELECT is(tried(s, $$SELECT leadflow.partition_workspace('crm')$$), '55000', s) FROM unnest(ARRAY[
    'CREATE VIEW public.mine AS SELECT count(*) FROM crm.touch', 'CREATE MATERIALIZED VIEW public.mine AS SELECT count(*) FROM crm.stage_event',
    'CREATE FUNCTION public.mine() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM crm.touch; END', 'CREATE FUNCTION public.mine(t crm.touch) RETURNS bigint LANGUAGE sql AS ''SELECT $1.id''',
    'CREATE POLICY mine ON crm.transcript USING (touch_id IN (SELECT t.id FROM crm.touch t))', 'ALTER TABLE crm.touch ENABLE ROW LEVEL SECURITY',
    'CREATE UNIQUE INDEX ON crm.touch (lead_id, kind, at)', 'ALTER TABLE crm.touch ADD UNIQUE (lead_id, kind, at) DEFERRABLE', 'ALTER TABLE crm.touch ADD UNIQUE (lead_id, at) INCLUDE (kind)',
    'ALTER TABLE crm.touch ADD EXCLUDE USING btree (external_id WITH =)', 'ALTER TABLE crm.touch ADD nr bigint GENERATED ALWAYS AS IDENTITY',
    'ALTER TABLE crm.touch ALTER kind SET STATISTICS 500', 'ALTER TABLE crm.stage_event SET (fillfactor = 70)', 'ALTER TABLE crm.touch REPLICA IDENTITY FULL',
    'ALTER TABLE crm.touch ALTER kind SET (n_distinct = 7)', 'COMMENT ON INDEX crm.touch_lead IS ''mine''', 'COMMENT ON TRIGGER "000_leadflow_recorder" ON crm.touch IS ''mine''',
    'ALTER TABLE crm.touch ADD CONSTRAINT mine CHECK (kind <> '''') NOT VALID', 'ALTER TABLE crm.touch ADD CONSTRAINT mine CHECK (kind <> '''') NO INHERIT',
    'CREATE TABLE public.mine () INHERITS (crm.touch)', 'CREATE TABLE public.mine (lead_id bigint); ALTER TABLE crm.touch INHERIT public.mine',
    'CREATE TRIGGER mine AFTER DELETE ON crm.touch REFERENCING OLD TABLE AS o FOR EACH ROW EXECUTE FUNCTION public.nothing()',
    'CREATE PUBLICATION mine FOR TABLE crm.touch', 'CREATE STATISTICS crm.mine ON lead_id, kind FROM crm.touch']) s;
SELECT is(left(tried($$SET LOCAL default_statistics_target = 10; SELECT leadflow.partition_workspace('crm')$$), 5), '00000', 'without it goes through');
SELECT is(tried($$ALTER TABLE crm.touch ADD nr serial; ALTER TABLE crm.touch ALTER note SET COMPRESSION pglz; SET LOCAL default_tablespace = pg_default; SELECT leadflow.partition_workspace('crm');
        INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '2026-08-02'); ALTER TABLE crm.touch DETACH PARTITION crm.touch_earlier; DROP TABLE crm.touch_earlier$$,
    $$SELECT pg_get_serial_sequence('crm.touch', 'nr') || (SELECT string_agg(DISTINCT a.attcompression::text, '') FROM pg_attribute a WHERE a.attname = 'note' AND a.attrelid::regclass::text ~ '^crm.touch') || count(*) || max(nr) FROM crm.touch$$),
    'crm.touch_nr_seqp13', 'a sequence goes on with the table, compression is carried over');
SELECT is(left(tried($$SET LOCAL default_tablespace = pg_default; SELECT leadflow.create_workspace('months', partitioned => true)$$), 5), '00000', 'a tablespace that is the default is named');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok($$SELECT leadflow.partition_workspace('crm')$$, '55000', 'this needs isolation level READ COMMITTED', 'what a transaction may not see it might lose');
ROLLBACK;

-- short names of indexes, keys with the instant, generated columns, triggers of statements, rights by default
CREATE INDEX ix1 ON crm.touch (kind);
CREATE INDEX my_01_kind ON crm.touch (kind);
CREATE INDEX ix_01_kind ON crm.touch (kind);
ALTER TABLE crm.touch ADD CONSTRAINT once UNIQUE (lead_id, kind, at), ADD COLUMN day date GENERATED ALWAYS AS ((at AT TIME ZONE 'UTC')::date) STORED;
CREATE FUNCTION public.never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
CREATE TRIGGER never BEFORE DELETE ON crm.touch FOR EACH STATEMENT EXECUTE FUNCTION public.never();
CREATE TRIGGER not_now BEFORE TRUNCATE ON crm.touch FOR EACH STATEMENT EXECUTE FUNCTION public.never();
ALTER TABLE crm.touch DISABLE TRIGGER not_now;
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2926-02-01');
\set everybody :p _everybody
CREATE ROLE :everybody;
SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA crm GRANT SELECT ON TABLES TO %I', :'everybody') \gexec
SET standard_conforming_strings = off;
SELECT leadflow.partition_workspace('crm') \g /dev/null
SELECT is((SELECT string_agg(tableoid::regclass || ' ' || day, ', ' ORDER BY at) FROM crm.touch), 'crm.touch_earlier 2026-05-01, crm.touch_earlier 2026-06-30, crm.touch_default 2926-01-31', 'a stray date is not what _earlier reaches to');
SELECT is((SELECT count(*) FROM pg_inherits WHERE inhparent = 'crm.touch'::regclass), 5::bigint, 'earlier, three months, and the rest');
SELECT is(left(tried($$INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT 1, 'web_visit', 'inbound', '2026-08-02' FROM generate_series(1, 2)$$), 5), '23505', 'a key that had the instant stays as it was');
SELECT is((SELECT string_agg(DISTINCT c.relname || ' ' || r.rolname, ', ') FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
           WHERE c.relnamespace = 'crm'::regnamespace AND c.relispartition AND a.grantee <> c.relowner), NULL, 'nobody has rights on a partition');
SELECT is((SELECT string_agg(r.rolname, ', ') FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE c.oid = 'crm.touch'::regclass AND r.rolname = :'everybody'), NULL, 'nor by default on what it had none on');
SELECT ok(has_table_privilege(:'sales', 'crm.touch', 'INSERT'), 'but who had some on the table has them');
SELECT is((SELECT string_agg(c.relname || ' ' || t.tgname || ' ' || t.tgenabled::text, ', ') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relispartition AND t.tgname IN ('never', 'not_now') AND t.tgenabled <> 'D'), NULL, 'a trigger that is off stays off, one of statements is the table''s');

-- stray dates: a month for each, and none between
SET leadflow.clock = '2026-11-15 12:00+01';
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2926-03-01'), (1, 'web_visit', 'inbound', '2026-11-30 23:30+00');
SELECT is(leadflow.add_partitions('crm'), 8::bigint, 'four months of each');
SELECT is((SELECT string_agg(tableoid::regclass::text || ' ' || day, ', ' ORDER BY at) FROM crm.touch WHERE at > '2026-11-01'), 'crm.touch_2026_11 2026-11-30, crm.touch_default 2926-01-31, crm.touch_default 2926-02-28', 'months are those of UTC, generated columns are generated');

-- archived again after what was archived has been dropped
UPDATE crm.touch SET at = '2026-05-03' WHERE lead_id = 2;
SELECT is((SELECT string_agg(part || ' ' || rows, ', ') FROM leadflow.archive('crm', '2026-09-01')), 'touch_earlier_archived 1', 'archived');
DROP TABLE crm.touch_earlier_archived;
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'web_visit', 'inbound', '2026-05-04');
SELECT pg_sleep(0.01) \g /dev/null
SELECT is((SELECT string_agg(part || ' ' || rows, ', ') FROM leadflow.archive('crm', '2026-09-01')), 'touch_earlier_archived1 1', 'and again, under a name that was never used');
SELECT is((SELECT count(*) FROM crm.book b JOIN crm.archived_part a ON a.book = b.as_of WHERE b.report = 'cohort' AND b.figures ->> 'cohort' <> '2026-07-01'), 0::bigint, 'its books have the months of the session');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT throws_ok($$SELECT leadflow.archive('crm', '2026-09-01')$$, '55000', 'this needs isolation level READ COMMITTED', 'nor is anything archived that others may write');
ROLLBACK;

-- a view of the company is not for whoever may read the reports
CREATE TABLE public.salary (who text);
CREATE VIEW crm.team_pay AS SELECT * FROM public.salary;
SELECT leadflow.grant_workspace('crm', :'sales', 'read') \g /dev/null
SELECT ok(NOT has_table_privilege(:'sales', 'crm.team_pay', 'SELECT'), 'a view of the company is nobody''s by a grant of the workspace');
-- nor are its tables followed by what they cannot follow
CREATE TABLE crm.import (lead_id text);
SELECT lives_ok($$SELECT leadflow.follow_leads('crm')$$, 'a table of the company with a lead_id of another type');
SELECT is((SELECT relrowsecurity FROM pg_class WHERE oid = 'crm.import'::regclass), false, 'is left alone');

-- transcripts go with their touches, whoever deletes them, and stay with those that move
\set ops :p _ops
CREATE ROLE :ops;
SELECT leadflow.create_workspace('talk', partitioned => true) \g /dev/null
SELECT leadflow.grant_workspace('talk', :'ops', 'revops'), leadflow.grant_workspace('talk', :'sales', 'sales') \g /dev/null
INSERT INTO talk.lead (source, external_id) VALUES ('t', '1');
INSERT INTO talk.touch (id, lead_id, kind, direction, at) OVERRIDING SYSTEM VALUE SELECT n, 1, 'call', 'outbound', '2026-11-02' FROM generate_series(1, 4) n;
SELECT leadflow.follow_leads('talk') \g /dev/null
CREATE POLICY all_of_it ON talk.lead USING (true);
SET ROLE :sales;
INSERT INTO talk.transcript (touch_id, words) SELECT n, 'w' FROM generate_series(1, 3) n;
SELECT is(left(tried('INSERT INTO talk.transcript (touch_id, words) VALUES (4711, ''x'')'), 5), '42501', 'a transcript of nothing is not hers');
SELECT lives_ok($$UPDATE talk.touch SET at = '2026-10-30' WHERE id = 1$$, 'who may not delete transcripts corrects a touch into another month');
RESET ROLE;
SELECT is(tried('INSERT INTO talk.transcript (touch_id, words) VALUES (4711, ''x'')'), '23503 transcript_touch_id_fkey', 'nor is there one of nothing');
SET ROLE :ops;
DELETE FROM talk.touch WHERE id = 2;
RESET ROLE;
SELECT is((SELECT string_agg(touch_id::text, ',' ORDER BY touch_id) FROM talk.transcript), '1,3', 'a transcript goes with its touch, whatever row security hides by then');
SELECT is(tried(s), '0A000', s) FROM unnest('{TRUNCATE talk.touch,TRUNCATE talk.touch_2026_11}'::text[]) s;
SELECT is(tried('DELETE FROM talk.transcript; TRUNCATE talk.touch'), '00000', 'without transcripts it may be truncated');
CREATE TABLE public.touch (id bigint);
CREATE TRIGGER mine AFTER DELETE ON public.touch FOR EACH ROW EXECUTE FUNCTION leadflow.touch_transcript();
INSERT INTO public.touch VALUES (1);
SELECT is(tried('DELETE FROM public.touch'), '55000', 'it is for a workspace');
DROP OWNED BY :ops;
DROP ROLE :ops;

-- a superuser does all of it as the owner: what is made is the owner's, and the owner's code runs as the owner
\set owner :p _owner
CREATE ROLE :owner;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
SET ROLE :owner;
SELECT leadflow.create_workspace('own') \g /dev/null
CREATE TABLE own.ran (who text);
CREATE FUNCTION own.look(kind text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.ran VALUES (current_user); RETURN true; END $$;
ALTER TABLE own.touch ADD CHECK (own.look(kind));
INSERT INTO own.lead (source, external_id, stage_since) VALUES ('t', '1', '2025-12-01');
RESET ROLE;
SELECT leadflow.partition_workspace('own') \g /dev/null
SET ROLE :owner;
INSERT INTO own.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2026-01-02'), (1, 'web_visit', 'inbound', '2026-02-02');
RESET ROLE;
SELECT is(leadflow.add_partitions('own'), 2::bigint, 'by a superuser');
SELECT is(tried($$INSERT INTO own.touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '4714-11-24 00:00+00 BC'), (1, 'call', 'outbound', '0001-05-05 BC'), (1, 'call', 'outbound', '0001-05-05'); SELECT leadflow.add_partitions('own')$$,
    $$SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY at) FROM own.touch WHERE at < '0002-01-01'$$), 'own.touch_default own.touch_default own.touch_0001_05', 'what is dated before Christ is in nobody''s way');
SELECT is(count(*), 2::bigint, 'and archived') FROM leadflow.archive('own', '2026-10-01');
SELECT is((SELECT string_agg(c.relname, ', ') FROM pg_class c WHERE c.relnamespace = 'own'::regnamespace AND pg_get_userbyid(c.relowner) <> :'owner'), NULL, 'all is the owner''s');
SELECT is((SELECT string_agg(DISTINCT who, ', ') FROM own.ran), :'owner'::text, 'whose checks run as the owner');
SELECT is(current_setting('role'), 'none', 'the session is what it was');
SET ROLE :owner;
SELECT lives_ok($$SELECT leadflow.upgrade_workspace('own'); SELECT leadflow.add_partitions('own', '2027-01-01'); SELECT count(*) FROM own.funnel$$, 'who goes on alone');
RESET ROLE;
DROP SCHEMA own CASCADE;
DROP OWNED BY :owner;
DROP ROLE :owner;
SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA crm REVOKE SELECT ON TABLES FROM %I', :'everybody') \gexec
DROP OWNED BY :sales, :everybody;
DROP ROLE :sales, :everybody;
SELECT * FROM finish();
