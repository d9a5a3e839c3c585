-- prepare.sql: what sqlsmith plays with: the filled workspace "crm", a
-- partitioned one "m", and a value or more of every type of the extension.
-- Its role "smith" owns the workspaces; it is no superuser.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';

\ir ../t/filled_workspace.sql

SELECT leadflow.create_workspace('m', partitioned => true);
INSERT INTO m.account (source, external_id, name) VALUES ('s', 'A', 'Acme');
INSERT INTO m.lead (source, external_id, full_name, email, account_id, created_at, stage_since)
SELECT 's', 'L-' || i, 'Lead ' || i, i || '@example.com', 1, at, at
FROM generate_series(1, 30) i, LATERAL (SELECT '2025-11-01'::timestamptz + i * interval '3 days') t (at);
INSERT INTO m.touch (lead_id, kind, channel, direction, at)
SELECT id, 'form_submit', 'web', 'inbound', created_at + interval '1 hour' FROM m.lead;
SET leadflow.on_violation = warn;
UPDATE m.lead SET stage = 'mql' WHERE id <= 20;
INSERT INTO m.opportunity (source, external_id, lead_id, name, amount, currency)
SELECT 's', 'O-' || id, id, 'Deal', 1000 * id, 'EUR' FROM m.lead WHERE id <= 5;

CREATE SCHEMA kinds;
CREATE TABLE kinds.plain AS
SELECT i, '2026-01-05 09:00+00'::timestamptz + i * interval '7 hours' AS at, 'UTC'::text AS zone, i % 3 = 0 AS won,
       i * 0.5::double precision AS x, (ARRAY['web', 'mail', 'call'])[1 + i % 3] AS kind, i * interval '1 hour' AS length,
       i::numeric AS amount, ('2026-01-01'::date + i) AS day, 'UTC; Mo-Fr 09:00-17:00'::leadflow.calendar AS calendar,
       (ARRAY['mql', 'sal', 'won', 'lost.price', 'nurture']::leadflow.stage[])[1 + i % 5] AS stage,
       jsonb_build_object('kind', i % 3, 'x', i) AS features, ARRAY['web', 'mail'] AS kinds, 'crm'::name AS workspace, 'crm'::text AS name,
       ARRAY[i, 1]::double precision[] AS row
FROM generate_series(1, 30) i;
CREATE TABLE kinds.summary AS
SELECT kind, leadflow.scored_outcomes(x, won) AS scored, leadflow.naive_bayes_fit(won, features) AS naive_bayes,
       leadflow.observations(won, row) AS observations, leadflow.logistic_fit(won, row, 1) AS logistic,
       leadflow.funnel_agg(at, kind, ARRAY['web', 'mail']) AS funnel_path, leadflow.timeline_agg(at, kind) AS timeline,
       leadflow.stage_timeline_agg(at, stage) AS stage_timeline, leadflow.latest_agg(at, kind) AS latest,
       leadflow.km_agg(length, won) AS survival, leadflow.attribution_agg(at, kind, CASE WHEN won THEN 'conversion' END, amount) AS touch_path,
       leadflow.markov_agg(kinds, 1, 1) AS markov_chain, leadflow.shapley_agg(kinds, 1, 1) AS coalitions
FROM kinds.plain
GROUP BY kind;
CREATE TABLE kinds.total AS
SELECT leadflow.funnel_total(funnel_path) AS funnel_summary, leadflow.stage_durations(timeline) AS durations,
       leadflow.attribution_total(touch_path, ARRAY['linear', 'first']) AS attribution_summary
FROM kinds.summary
GROUP BY kind;

CREATE ROLE smith LOGIN NOINHERIT;
GRANT CREATE ON DATABASE :"DBNAME" TO smith;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA leadflow TO smith;
DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class c
        WHERE c.relnamespace IN ('crm'::regnamespace, 'm'::regnamespace, 'kinds'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO smith',
            CASE relation.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, relation.name);
    END LOOP;
END;
$$;
ALTER SCHEMA crm OWNER TO smith;
ALTER SCHEMA m OWNER TO smith;
ALTER SCHEMA kinds OWNER TO smith;
ALTER ROLE smith SET statement_timeout = '30s';
ALTER ROLE smith SET lock_timeout = '10s';
ALTER ROLE smith SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE smith SET jit = off;
