/*
 * attach_setup.sql: a CRM's table of leads four times: alone; attached to a
 * workspace; with the trigger that one would write by hand for the one table;
 * and a further one of 200,000 rows to be taken in by a backfill.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
CREATE SCHEMA bench;
CREATE SCHEMA suite;

CREATE TABLE suite.alone (
    id varchar(17) PRIMARY KEY, number integer NOT NULL UNIQUE, deleted boolean DEFAULT false, first_name varchar(100), last_name varchar(100),
    title varchar(100), status varchar(255) DEFAULT 'New', origin varchar(255), amount double precision, currency varchar(3), email varchar(255),
    phone varchar(100), street varchar(255), city varchar(100), country varchar(100), description text, owner_id varchar(17), score integer DEFAULT 0,
    created_at timestamp(0), modified_at timestamp(0)) WITH (fillfactor = 60);
INSERT INTO suite.alone
SELECT '65f1a2' || lpad(to_hex(i), 11, '0'), i, false, 'Lead', i::text, 'cto', CASE WHEN i % 2 = 0 THEN 'Assigned' ELSE 'In Process' END, 'organic', i % 1000, 'EUR', 'lead' || i || '@example.com',
       NULL, 'Street ' || i, 'Warsaw', 'PL', repeat('x', 200), 'user' || i % 50, 0, '2026-01-01', '2026-01-01'
FROM generate_series(1, 100000) i;
CREATE TABLE suite.attached (LIKE suite.alone INCLUDING ALL) WITH (fillfactor = 60);
CREATE TABLE suite.by_hand (LIKE suite.alone INCLUDING ALL) WITH (fillfactor = 60);
INSERT INTO suite.attached TABLE suite.alone;
INSERT INTO suite.by_hand TABLE suite.alone;
CREATE TABLE suite.old (LIKE suite.alone INCLUDING ALL);
INSERT INTO suite.old TABLE suite.alone;
INSERT INTO suite.old
SELECT '65f1a2' || lpad(to_hex(number + 100000), 11, '0'), number + 100000, deleted, first_name, last_name, title, status, origin, amount, currency, email, phone, street, city, country,
       description, owner_id, score, created_at, modified_at FROM suite.alone;

-- one agreement for all: five criteria, and the two moves that the benchmark makes
CREATE FUNCTION bench.agree(workspace text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadflow.create_workspace(workspace, 'empty');
    EXECUTE format($q$
        INSERT INTO %1$I.transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'mql', false);
        INSERT INTO %1$I.stage_alias (status, stage) VALUES ('New', 'lead'), ('Assigned', 'mql'), ('In Process', 'contacted');
        INSERT INTO %1$I.standard (stage, criterion, requirement, expression) VALUES
            ('mql', 'owner', 'owner', 'owner IS NOT NULL'),
            ('mql', 'budget', 'budget', 'budget >= 0 AND budget < 1000000000'),
            ('mql', 'contact', 'contact', 'email <> '''' OR phone <> '''''),
            ('mql', 'role', 'role', 'length(role) > 0'),
            ('mql', 'verified', 'verified', 'verified');
        ALTER TABLE %1$I.lead SET (fillfactor = 60)$q$, workspace);
END $$;
CREATE FUNCTION bench.attach(workspace text, target regclass) RETURNS text LANGUAGE sql AS $$
    SELECT leadflow.attach(workspace, target, 'lead', '{
        "external_id": "new.id", "full_name": "new.first_name || '' '' || new.last_name", "email": "new.email", "phone": "new.phone", "role": "new.title", "verified": "true",
        "status": "new.status", "origin": "new.origin", "budget": "new.amount", "currency": "new.currency", "owner": "new.owner_id", "created_at": "new.created_at"}',
        '{"source": "suite", "time_zone": "UTC", "deleted": "new.deleted", "stage_sync": "mirror"}')
$$;
SELECT bench.agree(w) FROM unnest('{crm,hand,load,direct}'::text[]) w;
SELECT bench.attach('crm', 'suite.attached'), bench.attach('load', 'suite.old');
CALL leadflow.backfill('crm', 'suite.attached', 10000);
DO $$
BEGIN
    IF (SELECT count(*) FROM crm.lead) <> 100000 THEN
        RAISE EXCEPTION 'the table was not taken in';
    END IF;
END $$;

-- by hand: the least that does the same for updates of this one table
INSERT INTO hand.lead (source, external_id, full_name, email, phone, role, verified, status, origin, budget, currency, owner, created_at)
SELECT source, external_id, full_name, email, phone, role, verified, status, origin, budget, currency, owner, created_at FROM crm.lead;
CREATE FUNCTION bench.by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hand.lead SET full_name = NEW.first_name || ' ' || NEW.last_name, email = NEW.email, phone = NEW.phone, role = NEW.title, status = NEW.status,
        origin = NEW.origin, budget = NEW.amount, currency = NEW.currency, owner = NEW.owner_id
    WHERE source = 'suite' AND external_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER by_hand AFTER UPDATE OF first_name, last_name, email, phone, title, status, origin, amount, currency, owner_id ON suite.by_hand
    FOR EACH ROW EXECUTE FUNCTION bench.by_hand();

-- CPU nanoseconds this backend has used
CREATE FUNCTION bench.cpu() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
VACUUM ANALYZE;
