/*
 * generate.sql: a year of business for the workspace crm, made up.
 *
 * Everything is written as a CRM would write it: into the workspace's tables,
 * with the times at which it happened, past the guard, the recorder and the
 * clocks. Nothing is left to chance: what looks random is computed from the
 * numbers of the rows, so the year is the same every time. It ends at an
 * instant that the database keeps as its leadflow.clock.
 */
\set present '2026-10-01 14:00+00'
\set departure '2026-05-15 15:00+00'
\set leads 20000
\set accounts 4000

SET TimeZone = 'UTC';
SET leadflow.clock = :'present';
SELECT pg_catalog.format('ALTER DATABASE %I SET leadflow.clock = %L', pg_catalog.current_database(), :'present') \gexec
SET search_path = crm, leadflow, pg_catalog;
-- Thousands of small statements are run inside the big ones,
SET jit = off;
-- and a small sample tells enough of tables that grow.
SET default_statistics_target = 10;

\ir generate/chance.sql
\ir generate/agreement.sql
\ir generate/behaviour.sql
\ir generate/market.sql
\ir generate/leads.sql

-- Everybody takes one step, then another one, until nobody moves any more: up
-- to the day on which a seller leaves, and from then on.
\set step 1
\set written 0
\set until :departure
\ir generate/step.sql
\ir generate/departure.sql
\set until :present
\ir generate/step.sql

\ir generate/answers.sql
\ir generate/exceptions.sql
\ir generate/knowledge.sql

-- What leadflow.schedule would run every few minutes.
SELECT pg_catalog.sum(raised) AS raised, pg_catalog.sum(acted) AS acted FROM leadflow.sweep('crm') \gset
\echo :raised 'alerts raised,' :acted 'acted on'

SET client_min_messages = warning;
DROP SCHEMA chance CASCADE;
RESET default_statistics_target;
ANALYZE;

-- What revops does every quarter, and leadflow.schedule would every quarter of
-- an hour: learn from the leads that were closed, and score all of them.
SELECT calibrate('crm', 'logistic') AS model \gset
SELECT activate_model('crm', :model) \g /dev/null
CALL refresh_scores('crm');
ANALYZE lead_score;
SELECT pg_catalog.count(*) AS scored FROM lead_score \gset
\echo :scored 'leads scored, by rules and by model' :model

SELECT (SELECT pg_catalog.count(*) FROM lead) AS n_leads,
       (SELECT pg_catalog.count(*) FROM touch) AS n_touches,
       (SELECT pg_catalog.count(*) FROM opportunity) AS n_opportunities,
       (SELECT pg_catalog.count(*) FROM stage_event) AS n_events,
       (SELECT pg_catalog.count(*) FROM sla_clock) AS n_clocks \gset
\echo 'The workspace holds' :n_leads 'leads,' :n_touches 'touches,' :n_opportunities 'opportunities,' :n_events 'stage events and' :n_clocks 'clocks.'
