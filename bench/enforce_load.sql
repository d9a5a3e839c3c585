/*
 * enforce_load.sql: 200,000 leads by COPY through the guard, and through the
 * same judging and recording in PL/pgSQL.  Prints name|rows per second of CPU.
 */
SET client_min_messages = warning;
SET jit = off;
\set file `mktemp -u /tmp/leadflow_bench_XXXXXX`

CREATE TABLE bench.load_source AS
SELECT '2026-01-01'::timestamptz AS stage_since, '2026-01-01'::timestamptz AS created_at, 'mql'::text AS stage,
       true AS verified, 'load'::text AS source, i::text AS external_id, 'Lead ' || i AS full_name,
       'lead' || i || '@example.com' AS email, 'cto'::text AS role, i % 1000 AS budget, 'EUR'::text AS currency,
       'organic'::text AS origin, 'smb'::text AS segment, 'owner' || i % 50 AS owner
FROM generate_series(1, 200000) i;

CREATE TABLE bench.load_bare (LIKE crm.lead INCLUDING ALL);
ALTER TABLE bench.load_bare ALTER updated_at SET DEFAULT now(), ALTER furthest_stage SET DEFAULT 'mql';
CREATE TABLE bench.load_plpgsql (LIKE bench.load_bare INCLUDING ALL);
CREATE FUNCTION bench.guard_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage >= 'mql' THEN
        IF NEW.owner IS NULL THEN RAISE EXCEPTION 'owner' USING ERRCODE = '23514'; END IF;
        IF NEW.budget IS NULL OR NEW.budget < 0 OR NEW.budget >= 1000000000 THEN RAISE EXCEPTION 'budget' USING ERRCODE = '23514'; END IF;
        IF (NEW.email <> '' OR NEW.phone <> '') IS NOT TRUE THEN RAISE EXCEPTION 'contact' USING ERRCODE = '23514'; END IF;
        IF (length(NEW.role) > 0) IS NOT TRUE THEN RAISE EXCEPTION 'role' USING ERRCODE = '23514'; END IF;
        IF NEW.verified IS NOT TRUE THEN RAISE EXCEPTION 'verified' USING ERRCODE = '23514'; END IF;
    END IF;
    NEW.updated_at := now();
    NEW.furthest_stage := NEW.stage;
    RETURN NEW;
END $$;
-- as the recorder does: an entry for each stage that was passed through
CREATE FUNCTION bench.record_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench.history (at, lead_id, from_stage, to_stage, reason, reason_note, owner, origin, campaign_id, variant, segment, amount, currency)
    SELECT NEW.stage_since, NEW.id, s.from_stage::leadflow.stage, s.to_stage::leadflow.stage, NEW.reason, NEW.reason_note,
           NEW.owner, NEW.origin, NEW.campaign_id, NEW.variant, NEW.segment, NEW.budget, NEW.currency
    FROM (VALUES (NULL, 'visitor'), ('visitor', 'engaged'), ('engaged', 'lead'), ('lead', 'mql')) s (from_stage, to_stage);
    RETURN NULL;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON bench.load_plpgsql FOR EACH ROW EXECUTE FUNCTION bench.guard_insert();
CREATE TRIGGER record AFTER INSERT ON bench.load_plpgsql FOR EACH ROW EXECUTE FUNCTION bench.record_insert();
-- the guard alone, and the guard with the recorder, in workspaces of their own
SELECT leadflow.create_workspace('crm_load', 'empty') \g /dev/null
INSERT INTO crm_load.standard SELECT * FROM crm.standard;

CREATE FUNCTION bench.load(variant text, target text, file text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before bigint := bench.cpu();
BEGIN
    EXECUTE format('COPY %s (stage_since, created_at, stage, verified, source, external_id, full_name, email, role,
                             budget, currency, origin, segment, owner) FROM %L', target, file);
    RETURN variant || '|' || round(200000 / ((bench.cpu() - before) / 1e9));
END $$;
SELECT format('COPY bench.load_source TO %L', :'file') \gexec
SELECT bench.load('bare', 'bench.load_bare', :'file');
SELECT bench.load('PL/pgSQL guard and history', 'bench.load_plpgsql', :'file');
SELECT bench.load('leadflow guard and recorder', 'crm_load.lead', :'file');
\setenv LEADFLOW_BENCH_FILE :file
\! rm -f "$LEADFLOW_BENCH_FILE"
