/*
 * enforce_setup.sql: the lead table of a workspace with the guard, and the
 * same table with what one would write today.  Five conditions and a history
 * row for each move; the move is mql -> contacted -> mql, both allowed.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS crm CASCADE;
DROP SCHEMA IF EXISTS bench CASCADE;
DROP EXTENSION IF EXISTS leadflow CASCADE;
CREATE EXTENSION leadflow;
CREATE SCHEMA bench;
SELECT leadflow.create_workspace('crm', 'empty');

INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'mql', false);
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES
    ('mql', 'owner', 'owner', 'owner IS NOT NULL'),
    ('mql', 'budget', 'budget', 'budget >= 0 AND budget < 1000000000'),
    ('mql', 'contact', 'contact', 'email <> '''' OR phone <> '''''),
    ('mql', 'role', 'role', 'length(role) > 0'),
    ('mql', 'verified', 'verified', 'verified');

-- The leads, first in a bare copy of the table: same columns, keys and indexes.
CREATE TABLE bench.bare (LIKE crm.lead INCLUDING ALL)
    WITH (fillfactor = 60);
INSERT INTO bench.bare OVERRIDING SYSTEM VALUE
SELECT i, '2026-01-01', '2026-01-01', '2026-01-01', 'mql', 'mql', true, 'web', i::text, NULL, NULL, NULL,
       'Lead ' || i, 'lead' || i || '@example.com', NULL, 'cto', NULL, i % 1000, 'EUR', NULL, NULL,
       'organic', '*', 'smb', 'software', 'emea', 'owner' || i % 50, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}'
FROM generate_series(1, 100000) i;
CREATE TABLE bench.peer_check (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
CREATE TABLE bench.peer_plpgsql (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
CREATE TABLE bench.peer_plpgsql_guard (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
CREATE TABLE bench.guard_only (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
INSERT INTO bench.peer_check OVERRIDING SYSTEM VALUE TABLE bench.bare;
INSERT INTO bench.peer_plpgsql OVERRIDING SYSTEM VALUE TABLE bench.bare;
INSERT INTO bench.peer_plpgsql_guard OVERRIDING SYSTEM VALUE TABLE bench.bare;
ALTER TABLE crm.lead SET (fillfactor = 60);
INSERT INTO crm.lead OVERRIDING SYSTEM VALUE TABLE bench.bare;

-- a second workspace whose recorder is off: the guard alone
SELECT leadflow.create_workspace('crm_guard', 'empty');
INSERT INTO crm_guard.transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'mql', false);
INSERT INTO crm_guard.standard SELECT * FROM crm.standard;
ALTER TABLE crm_guard.lead SET (fillfactor = 60);
ALTER TABLE crm_guard.lead DISABLE TRIGGER "000_leadflow_recorder";
INSERT INTO crm_guard.lead OVERRIDING SYSTEM VALUE TABLE bench.bare;
DROP TABLE bench.guard_only;

-- five CHECK constraints
ALTER TABLE bench.peer_check
    ADD CHECK (stage < 'mql' OR owner IS NOT NULL),
    ADD CHECK (stage < 'mql' OR (budget >= 0 AND budget < 1000000000)),
    ADD CHECK (stage < 'mql' OR email <> '' OR phone <> ''),
    ADD CHECK (stage < 'mql' OR length(role) > 0),
    ADD CHECK (stage < 'mql' OR verified);

-- PL/pgSQL: look up the transition, judge five conditions, keep the stamps; write the history
CREATE TABLE bench.transition (from_stage leadflow.stage, to_stage leadflow.stage, PRIMARY KEY (from_stage, to_stage));
INSERT INTO bench.transition VALUES ('mql', 'contacted'), ('contacted', 'mql'), ('contacted', 'sal'), ('sal', 'sql');
CREATE TABLE bench.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), lead_id bigint NOT NULL,
    from_stage leadflow.stage, to_stage leadflow.stage NOT NULL,
    session_actor text NOT NULL DEFAULT session_user, actor text NOT NULL DEFAULT current_user,
    reason text, reason_note text, owner text, origin text, campaign_id bigint, variant text, segment text,
    amount numeric, currency text);
CREATE INDEX ON bench.history (lead_id, at);
CREATE FUNCTION bench.guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id OR NEW.source IS DISTINCT FROM OLD.source
       OR NEW.external_id IS DISTINCT FROM OLD.external_id THEN
        RAISE EXCEPTION 'identity' USING ERRCODE = '23514';
    END IF;
    IF NEW.stage IS DISTINCT FROM OLD.stage THEN
        IF NOT EXISTS (SELECT FROM bench.transition t WHERE t.from_stage = OLD.stage AND t.to_stage = NEW.stage) THEN
            RAISE EXCEPTION 'transition' USING ERRCODE = '23514';
        END IF;
        IF NEW.stage >= 'mql' THEN
            IF NEW.owner IS NULL THEN RAISE EXCEPTION 'owner' USING ERRCODE = '23514'; END IF;
            IF NEW.budget IS NULL OR NEW.budget < 0 OR NEW.budget >= 1000000000 THEN RAISE EXCEPTION 'budget' USING ERRCODE = '23514'; END IF;
            IF (NEW.email <> '' OR NEW.phone <> '') IS NOT TRUE THEN RAISE EXCEPTION 'contact' USING ERRCODE = '23514'; END IF;
            IF (length(NEW.role) > 0) IS NOT TRUE THEN RAISE EXCEPTION 'role' USING ERRCODE = '23514'; END IF;
            IF NEW.verified IS NOT TRUE THEN RAISE EXCEPTION 'verified' USING ERRCODE = '23514'; END IF;
        END IF;
        NEW.stage_since := now();
        NEW.furthest_stage := GREATEST(OLD.furthest_stage, NEW.stage);
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE FUNCTION bench.record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage IS DISTINCT FROM OLD.stage THEN
        INSERT INTO bench.history (at, lead_id, from_stage, to_stage, reason, reason_note, owner, origin, campaign_id, variant, segment, amount, currency)
        VALUES (NEW.stage_since, NEW.id, OLD.stage, NEW.stage, NEW.reason, NEW.reason_note, NEW.owner, NEW.origin,
                NEW.campaign_id, NEW.variant, NEW.segment, NEW.budget, NEW.currency);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON bench.peer_plpgsql FOR EACH ROW EXECUTE FUNCTION bench.guard();
CREATE TRIGGER record AFTER UPDATE ON bench.peer_plpgsql FOR EACH ROW EXECUTE FUNCTION bench.record();
CREATE TRIGGER guard BEFORE UPDATE ON bench.peer_plpgsql_guard FOR EACH ROW EXECUTE FUNCTION bench.guard();

-- the least that a trigger in C can do: one time stamp, by the contrib module
CREATE EXTENSION moddatetime SCHEMA bench;
CREATE TABLE bench.peer_moddatetime (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
INSERT INTO bench.peer_moddatetime OVERRIDING SYSTEM VALUE TABLE bench.bare;
CREATE TRIGGER stamp BEFORE UPDATE ON bench.peer_moddatetime
    FOR EACH ROW EXECUTE FUNCTION bench.moddatetime(updated_at);

-- table_log: history by a C trigger, where Debian's package is installed
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'table_log') THEN
        CREATE EXTENSION IF NOT EXISTS table_log SCHEMA public;
        CREATE TABLE bench.peer_table_log (LIKE bench.bare INCLUDING ALL) WITH (fillfactor = 60);
        INSERT INTO bench.peer_table_log OVERRIDING SYSTEM VALUE TABLE bench.bare;
        PERFORM public.table_log_init(5, 'bench', 'peer_table_log', 'bench', 'peer_table_log_log', 'SINGLE', true, '{UPDATE}');
    END IF;
END $$;

-- CPU nanoseconds this backend has used
CREATE FUNCTION bench.cpu() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
CREATE TABLE bench.result (variant text, shape text, round int, us_per_row numeric);
CREATE FUNCTION bench.bulk(variant text, target regclass, round int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
    n bigint;
    one leadflow.stage := CASE WHEN round % 2 = 0 THEN 'contacted' ELSE 'mql' END;
BEGIN
    before := bench.cpu();
    EXECUTE format('UPDATE %s SET stage = $1 WHERE id %% 3 = 0', target) USING one;
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO bench.result VALUES (variant, 'bulk', round, (bench.cpu() - before) / 1000.0 / n);
END $$;
VACUUM ANALYZE;
