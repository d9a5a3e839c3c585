-- Backfills and parked rows where keys, names, owners and settings are not what one expects:
-- no row is lost, none is somebody else's, and nobody's code runs for another.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();
\ir common/tried.sql
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
CREATE SCHEMA shop;
SELECT 'lf_' || pg_backend_pid() AS p \gset

-- what the tables of a test hold, and what came of it: in leads, in quarantine, in neither
CREATE FUNCTION came(source text) RETURNS text LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM crm.lead l WHERE l.source = $1) || ' leads, ' || (SELECT count(*) FROM crm.quarantine q WHERE q.source = $1) || ' parked' $$;

-- an order of its own: the batch that fails is the range that its index gives
SELECT count(*) > 0 AS citext FROM pg_available_extensions WHERE name = 'citext' \gset
\if :citext
CREATE EXTENSION citext;
CREATE TABLE shop.folk (mail citext PRIMARY KEY, name text, amount text);
INSERT INTO shop.folk VALUES ('alice', '1', 'bad'), ('Bob', '2', '1'), ('carol', '3', '1'), ('Dave', '4', '1');
SELECT leadflow.attach('crm', 'shop.folk', 'lead', '{"external_id": "new.mail", "full_name": "new.name", "budget": "new.amount::numeric"}', '{"source": "folk"}') \g /dev/null
CALL leadflow.backfill('crm', 'shop.folk', 1);
SELECT is(came('folk'), '3 leads, 1 parked', 'a key that does not tell capitals apart');
CALL leadflow.backfill('crm', 'shop.folk', 3);
SELECT is(came('folk'), '3 leads, 1 parked', 'in larger batches too');
\else
SELECT skip('needs citext', 2);
\endif

-- a key that sessions write in different ways
CREATE TABLE shop.visit (day date, id interval, amount double precision, PRIMARY KEY (day, id, amount));
INSERT INTO shop.visit SELECT '2026-01-01'::date + 3 * n, n * interval '1 day -1 hour', n / 3.0 FROM generate_series(1, 60) n;
SELECT leadflow.attach('crm', 'shop.visit', 'lead', '{"external_id": "new.day || new.id::text || new.amount"}', '{"source": "visits"}') \g /dev/null
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -5;
SELECT leadflow.backfill_batch('crm', 'lead_from_visit', 12) \g /dev/null
RESET datestyle;
RESET intervalstyle;
RESET extra_float_digits;
CALL leadflow.backfill('crm', 'shop.visit', 7);
SELECT is(came('visits'), '60 leads, 0 parked', 'a run that another session goes on with');
SELECT is((SELECT rows_read FROM crm.backfill_progress WHERE attachment = 'lead_from_visit'), 60::bigint, 'each row once');

-- columns of the key in any order, with others beside it in the index, and called like what leadflow writes
CREATE TABLE shop.odd (r integer, "a b" text, m integer, "new" text, v text, PRIMARY KEY ("a b", r) INCLUDE (v));
INSERT INTO shop.odd SELECT n % 7, chr(97 + n % 5), n, CASE WHEN n % 10 = 0 THEN 'bad' ELSE '1' END, 'x' FROM generate_series(1, 35) n;
SELECT leadflow.attach('crm', 'shop.odd', 'lead', '{"external_id": "new.\"a b\" || new.r", "budget": "new.\"new\"::numeric"}', '{"source": "odd"}') \g /dev/null
CALL leadflow.backfill('crm', 'shop.odd', 4);
SELECT is(came('odd'), '32 leads, 3 parked', 'a column r, and a key of two columns');
UPDATE shop.odd SET "new" = '2' WHERE "new" = 'bad' AND m = 10;
SELECT leadflow.retry_quarantine('crm') \g /dev/null
SELECT is(came('odd'), '33 leads, 2 parked', 'taken again');

-- two tables of one tool, whose numbers meet
CREATE TABLE shop.one (id integer PRIMARY KEY, amount text);
CREATE TABLE shop.two (id integer PRIMARY KEY, flag text);
INSERT INTO crm.lead (source, external_id) VALUES ('both', '5');
INSERT INTO shop.one VALUES (5, 'bad');
INSERT INTO shop.two VALUES (5, 'bad');
SELECT leadflow.attach('crm', 'shop.one', 'lead', '{"external_id": "new.id", "budget": "new.amount::numeric"}', '{"source": "both"}') \g /dev/null
SELECT leadflow.attach('crm', 'shop.two', 'lead', '{"external_id": "new.id", "verified": "new.flag::boolean"}', '{"source": "both", "create": false}') \g /dev/null
CALL leadflow.backfill('crm', 'shop.one');
CALL leadflow.backfill('crm', 'shop.two');
CALL leadflow.backfill('crm', 'shop.two');
SELECT is((SELECT string_agg(attachment, ', ' ORDER BY attachment) FROM crm.quarantine WHERE source = 'both'), 'lead_from_one, lead_from_two', 'a parked row is not taken for that of another table');

-- one that cannot be taken again does not keep the others
CREATE TABLE shop.person (id integer PRIMARY KEY, amount text);
CREATE TABLE shop.mail (person integer, address text);
INSERT INTO shop.person VALUES (1, '1'), (2, 'bad');
INSERT INTO shop.mail VALUES (1, 'a@x.example'), (1, 'b@x.example');
SELECT leadflow.attach('crm', 'shop.person', 'lead', '{"external_id": "new.id", "budget": "new.amount::numeric", "email": "(SELECT m.address FROM shop.mail m WHERE m.person = new.id)"}', '{"source": "persons"}') \g /dev/null
CALL leadflow.backfill('crm', 'shop.person');
CREATE TABLE shop.call (id text, parent text, at timestamptz);
SELECT leadflow.attach('crm', 'shop.call', 'touch', '{"external_id": "new.id", "lead": "new.parent", "kind": "''call''", "direction": "''outbound''", "at": "new.at"}', '{"source": "persons", "unknown_lead": "park"}') \g /dev/null
INSERT INTO shop.call VALUES ('c1', '99', now());
CREATE TABLE shop.gone (id integer PRIMARY KEY, amount text);
INSERT INTO shop.gone VALUES (1, 'bad');
SELECT leadflow.attach('crm', 'shop.gone', 'lead', '{"external_id": "new.id", "budget": "new.amount::numeric"}', '{"source": "gone"}') \g /dev/null
CALL leadflow.backfill('crm', 'shop.gone');
DROP TABLE shop.gone CASCADE;
UPDATE shop.person SET amount = '7' WHERE id = 2;
SELECT lives_ok($$SELECT leadflow.retry_quarantine('crm')$$, 'two rows where there may be one, a table without a key, a table that is gone');
SELECT is(came('persons') || '; ' || came('gone'), '1 leads, 2 parked; 0 leads, 1 parked', 'they stay parked, the mended one comes in');
SELECT is((SELECT unmet -> 0 ->> 'criterion' FROM crm.quarantine WHERE source = 'gone'), '55000', 'each says why');

-- who may not read the table leaves its rows parked
\set ops :p _ops
CREATE ROLE :ops;
SELECT leadflow.grant_workspace('crm', :'ops', 'revops') \g /dev/null
SET ROLE :ops;
SELECT lives_ok($$SELECT leadflow.retry_quarantine('crm')$$, 'revops tries all again');
RESET ROLE;
SELECT is(came('persons') || '; ' || came('gone'), '1 leads, 2 parked; 0 leads, 1 parked', 'and leaves what only the owner may read');
DROP OWNED BY :ops;
DROP ROLE :ops;

-- the checks of somebody else's domain do not run for who backfills
\set crm :p _crm
CREATE ROLE :crm;
SELECT format('CREATE SCHEMA spy AUTHORIZATION %I', :'crm') \gexec
SET ROLE :crm;
CREATE TABLE spy.ran (who text);
GRANT INSERT ON spy.ran TO PUBLIC;
CREATE FUNCTION spy.look(value text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO spy.ran VALUES (current_user); RETURN true; END $$;
CREATE DOMAIN spy.id AS text CHECK (spy.look(VALUE));
CREATE DOMAIN spy.id2 AS spy.id;
CREATE TABLE spy.lead (id spy.id2 PRIMARY KEY, amount text);
INSERT INTO spy.lead VALUES ('1', '1'), ('2', 'bad'), ('3', '1');
TRUNCATE spy.ran;
RESET ROLE;
SELECT leadflow.attach('crm', 'spy.lead', 'lead', '{"external_id": "new.id", "budget": "new.amount::numeric"}', '{"source": "spy"}') \g /dev/null
CALL leadflow.backfill('crm', 'spy.lead', 1);
SELECT leadflow.retry_quarantine('crm') \g /dev/null
SELECT is(came('spy'), '2 leads, 1 parked', 'a key of a domain');
SELECT is_empty('TABLE spy.ran', 'whose checks nobody ran');

-- whose rows may not be locked: said once, and nothing is parked
\set owner :p _owner
CREATE ROLE :owner;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner'), format('GRANT USAGE ON SCHEMA shop TO %I', :'owner'), format('GRANT SELECT, TRIGGER ON shop.one TO %I', :'owner') \gexec
SET ROLE :owner;
SELECT leadflow.create_workspace('own') \g /dev/null
SELECT leadflow.attach('own', 'shop.one', 'lead', '{"external_id": "new.id"}', '{"source": "x", "name": "own_one"}') \g /dev/null
SELECT throws_ok($$SELECT leadflow.backfill_batch('own', 'own_one', 10)$$, '42501', 'permission denied for table shop.one', 'rows that may not be locked');
SELECT is_empty('TABLE own.quarantine', 'are not parked');
RESET ROLE;
DROP SCHEMA own CASCADE;
DROP OWNED BY :owner;
DROP ROLE :owner;
DROP SCHEMA spy CASCADE;
DROP OWNED BY :crm;
DROP ROLE :crm;

-- a workspace that is made again
SELECT leadflow.create_workspace('Mój "x"') \g /dev/null
CREATE TABLE shop.again (id integer PRIMARY KEY);
SELECT leadflow.attach('Mój "x"', 'shop.again', 'lead', '{"external_id": "new.id"}', '{"source": "x", "on_delete": "follow"}') \g /dev/null
SELECT throws_ok($$SELECT leadflow.attach('Mój "x"', 'shop.again', 'lead', '{"external_id": "new.id"}', '{"source": "x"}')$$, '42710', NULL, 'attached already');
SELECT throws_ok($$SELECT leadflow.attach('crm', 'shop.again', 'lead', '{"external_id": "new.id"}', '{"source": "x"}')$$, '42710', NULL, 'by another workspace under that name');
DROP SCHEMA "Mój ""x""" CASCADE;
SELECT leadflow.create_workspace('Mój "x"') \g /dev/null
SELECT throws_ok('INSERT INTO shop.again VALUES (1)', '55000', NULL, 'the triggers of the former one are in the way');
SELECT lives_ok($$SELECT leadflow.attach('Mój "x"', 'shop.again', 'lead', '{"external_id": "new.id"}', '{"source": "x"}')$$, 'attached again');
INSERT INTO shop.again VALUES (1);
SELECT is((SELECT string_agg(external_id, ',') FROM "Mój ""x""".lead), '1', 'it goes on');
DELETE FROM shop.again;
SELECT is((SELECT string_agg(tgname, ',' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'shop.again'::regclass), 'leadflow_lead_from_again_insert,leadflow_lead_from_again_update', 'without what is left of the former one');

-- a column that cannot be compared is refused when it is mapped, and not with every row
ALTER TABLE crm.lead ADD COLUMN place point, ADD COLUMN more json;
CREATE TABLE shop.place (id integer PRIMARY KEY, p point, j json);
SELECT throws_ok($$SELECT leadflow.attach('crm', 'shop.place', 'lead', '{"external_id": "new.id", "more": "new.j"}')$$, '0A000', 'values of column "more" cannot be compared', 'json');
SELECT * FROM finish();
