-- Who may do what, and that nobody gains a right by leadflow's triggers
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();

-- roles are shared by the databases of a server: names of this run's own
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set owner :p _owner
\set reader :p _reader
\set marketer :p _marketer
\set seller :p _seller
\set revops :p _revops
\set writer :p _writer
\set mallory :p _mallory
\set stranger :p _stranger
CREATE ROLE :owner; CREATE ROLE :reader; CREATE ROLE :marketer; CREATE ROLE :seller; CREATE ROLE :revops; CREATE ROLE :writer; CREATE ROLE :mallory; CREATE ROLE :stranger;
SELECT format('GRANT CREATE ON DATABASE %I TO %I, %I', current_database(), :'owner', :'mallory') \gexec

SET ROLE :owner;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'marketer', 'marketing') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'seller', 'sales') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'revops', 'revops') \g /dev/null
GRANT USAGE ON SCHEMA crm TO :writer;
GRANT INSERT, UPDATE ON crm.lead TO :writer;
GRANT SELECT (id, external_id) ON crm.lead TO :writer;
GRANT INSERT ON crm.opportunity, crm.touch, crm.verdict TO :writer;
INSERT INTO crm.lead (source, external_id, email, role, verified, budget) VALUES ('t', 'a', 'a@b.c', 'CEO', true, 1234);
INSERT INTO crm.touch (lead_id, kind, direction) SELECT 1, k, 'inbound' FROM unnest('{web_visit,form_submit}'::text[]) k;
RESET ROLE;

-- Runs a statement as a role, gives the state of its error and undoes it.
CREATE FUNCTION tried_as(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        SET LOCAL client_min_messages = error;
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        state := replace(SQLSTATE, 'ZZ000', '00000');
    END;
    RETURN state;
END $$;

-- what grant_workspace gives: a letter for each access that may, r(ead) m(arketing) s(ales) o(ps)
SELECT is((SELECT string_agg(CASE WHEN tried_as(a.who, c.statement) = '00000' THEN a.letter ELSE '-' END, '' ORDER BY a.n)
             FROM (VALUES (1, :'reader', 'r'), (2, :'marketer', 'm'), (3, :'seller', 's'), (4, :'revops', 'o'), (5, :'stranger', 'x')) a (n, who, letter)),
          c.expected, c.expected || ' ' || c.statement)
FROM (VALUES
    ('SELECT count(*) FROM crm.standard', 'rmso-'),
    ('SELECT count(*) FROM crm.definition_change', 'rmso-'),
    ('SELECT count(*) FROM crm.stage_dictionary', 'rmso-'),
    ('SELECT count(*) FROM crm.field_owner', 'rmso-'),
    ('SELECT count(*) FROM crm.duplicate_candidates', 'rmso-'),
    ('SELECT count(t) FROM crm.lead t', '-mso-'),
    ('SELECT count(t) FROM crm.quarantine t', '-mso-'),
    ('SELECT count(*) FROM crm.overwrite_refused', '-mso-'),
    ('SELECT count(*) FROM crm.source, crm.overwrite_rule', 'rmso-'),
    ('SELECT count(*) FROM crm.stage_event', 'rmso-'),
    ('SELECT count(session_actor) FROM crm.violation', '-mso-'),
    ($$INSERT INTO crm.lead (source) VALUES ('x')$$, '-mso-'),
    ($$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'a'$$, '-mso-'),
    ($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound')$$, '-mso-'),
    ($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound')$$, '-mso-'),
    ($$INSERT INTO crm.account (source, name) VALUES ('x', 'x')$$, '-mso-'),
    ($$INSERT INTO crm.campaign (source, name) VALUES ('x', 'x')$$, '-m-o-'),
    ($$INSERT INTO crm.account (source, name) VALUES ('x', 'x'); INSERT INTO crm.opportunity (source, account_id) SELECT 'x', max(id) FROM crm.account$$, '--so-'),
    ($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound'); SELECT leadflow.pause_clock('crm', max(id), 'x') FROM crm.sla_clock$$, '--so-'),
    ($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound'); SELECT leadflow.pause_clock('crm', max(id), 'x'), leadflow.resume_clock('crm', max(id)) FROM crm.sla_clock$$, '--so-'),
    ($$SELECT * FROM leadflow.explain('crm', 1, 'mql')$$, '-mso-'),
    ($$SELECT * FROM leadflow.explain_transition('crm', 'lead', 'mql')$$, 'rmso-'),
    ($$UPDATE crm.standard SET mode = 'warn'$$, '---o-'),
    ($$DELETE FROM crm.standard$$, '---o-'),
    ($$INSERT INTO crm.source (source) VALUES ('x'); UPDATE crm.source SET stage_sync = 'forward'; DELETE FROM crm.source$$, '---o-'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('email', 'newest'); UPDATE crm.overwrite_rule SET rule = 'keep_filled'; DELETE FROM crm.overwrite_rule$$, '---o-'),
    ($$INSERT INTO crm.transition (from_stage, to_stage) VALUES ('mql', 'lead')$$, '---o-'),
    ($$UPDATE crm.reason SET active = false$$, '---o-'),
    ($$UPDATE crm.reason SET code = 'no_money' WHERE code = 'no_budget'$$, '---o-'),
    ($$UPDATE crm.workspace SET currency = 'PLN'$$, '---o-'),
    ($$UPDATE crm.workspace SET version = 'x'$$, '-----'),
    ($$DELETE FROM crm.touch$$, '---o-'),
    ($$DELETE FROM crm.quarantine$$, '---o-'),
    -- what happened stays, whoever comes
    ($$DELETE FROM crm.lead$$, '-----'),
    ($$TRUNCATE crm.touch$$, '-----'),
    ($$INSERT INTO crm.stage_event (at, recorded_at, definition_version, implied, subject, to_stage, session_actor, actor, variant) VALUES (now(), now(), 1, false, 'lead', 'won', 'x', 'x', '*')$$, '-----'),
    ($$UPDATE crm.stage_event SET actor = 'x'$$, '-----'),
    ($$DELETE FROM crm.stage_event$$, '-----'),
    ($$TRUNCATE crm.stage_event$$, '-----'),
    ($$UPDATE crm.sla_clock SET due_at = 'infinity'$$, '-----'),
    ($$DELETE FROM crm.sla_clock$$, '-----'),
    ($$DELETE FROM crm.sla_pause$$, '-----'),
    ($$DELETE FROM crm.violation$$, '-----'),
    ($$INSERT INTO crm.overwrite_refused (object, field, rule, session_actor, actor) VALUES ('lead', 'email', 'newest', 'x', 'x')$$, '-----'),
    ($$DELETE FROM crm.overwrite_refused$$, '-----'),
    ($$INSERT INTO crm.definition_change (definition, operation, session_actor, actor) VALUES ('x', 'INSERT', 'x', 'x')$$, '-----'),
    ($$ALTER TABLE crm.lead DISABLE TRIGGER ALL$$, '-----'),
    ($$CREATE TABLE crm.mine ()$$, '-----'),
    ($$SELECT leadflow.forget('crm', 1)$$, '-----'),
    ($$SELECT leadflow.grant_workspace('crm', current_user, 'revops')$$, '-----'),
    ($$SELECT leadflow.create_workspace('other')$$, '-----'),
    ($$SET session_replication_role = replica$$, '-----')
) AS c (statement, expected);
SELECT is(tried_as(:'owner', $$SELECT leadflow.forget('crm', 1)$$), '00000', 'the owner may forget a lead');
SELECT is(tried_as(:'stranger', $$SELECT leadflow.forget('crm', 1)$$), '42501', 'a stranger may not');
SELECT is(tried_as(c.who, $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound'), (1, 'call', 'outbound');
                            SELECT leadflow.pause_clock('crm', max(id), 'x') FROM crm.sla_clock$$), c.expected, c.label)
FROM (VALUES (:'seller', '55000', 'a late promise is not made good by a pause made up afterwards'),
             (:'owner', '00000', 'who loads history records what paused a clock that has ended')) c (who, expected, label);
SELECT is(tried_as(:'owner', c.statement), c.expected, 'not even the owner: ' || c.statement)
FROM (VALUES ('DELETE FROM crm.stage_event', '23514'), ('UPDATE crm.stage_event SET actor = ''x''', '23514'), ('TRUNCATE crm.stage_event', '23514'),
             ('DELETE FROM crm.definition_change', '23514'), ('DELETE FROM crm.lead', '23514')) c (statement, expected);

-- a writer without a right on history, clocks and definitions
SELECT is(tried_as(:'writer', 'SELECT 1 FROM ' || t), '42501', 'the writer has no right on ' || t)
FROM unnest('{crm.stage_event,crm.sla_clock,crm.standard,crm.touch,crm.violation,crm.quarantine,crm.source,crm.overwrite_rule,crm.overwrite_refused,crm.definition_change,crm.verdict,crm.verdict_answer}'::text[]) t;
SELECT is(tried_as(:'writer', c.statement), c.expected, format('the writer, %s: %s', c.label, c.expected))
FROM (VALUES
    ('a move', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'a'$$, '00000'),
    ('a move that may not be', $$UPDATE crm.lead SET stage = 'sal' WHERE external_id = 'a'$$, '23514'),
    ('a new lead', $$INSERT INTO crm.lead (source) VALUES ('x')$$, '00000'),
    ('a touch that starts a clock', $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound')$$, '00000'),
    ('parking', $$SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = 'sal'; INSERT INTO crm.lead (source, stage) VALUES ('x', 'sal')$$, '00000'),
    ('violating, which is for the owner', $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET stage = 'sal'$$, '23514'),
    ('explaining', $$SELECT * FROM leadflow.explain('crm', 1, 'sal')$$, '42501')
) AS c (label, statement, expected);

CREATE FUNCTION detail_as(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN detail;
END $$;
INSERT INTO crm.standard (stage, criterion, requirement, expression, position) VALUES ('mql', 'secret', 'x', 'budget > 99999', 1);
SELECT unalike(detail_as(:'writer', $$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$), '%1234%', 'a refusal does not show what the writer may not read');
SELECT alike(detail_as(:'seller', $$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$), '%1234%', 'it shows what he may');
SELECT unalike(detail_as(:'writer', $$INSERT INTO crm.opportunity (source, lead_id) VALUES ('x', 1)$$), '%1234%', 'nor does one of the lead that an opportunity would move');
DELETE FROM crm.standard WHERE criterion = 'secret';

-- who did it
BEGIN;
SET LOCAL SESSION AUTHORIZATION :writer;
UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'a';
RESET SESSION AUTHORIZATION;
SELECT is((SELECT session_actor || '/' || actor FROM crm.stage_event ORDER BY id DESC LIMIT 1), :'writer' || '/' || :'writer', 'session_actor and actor of a session of the writer''s own');
SELECT is((SELECT owner IS NULL FROM crm.sla_clock ORDER BY id DESC LIMIT 1), true, 'the clock runs');
ROLLBACK;
BEGIN;
SET LOCAL ROLE :seller;
UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'a';
RESET ROLE;
SELECT is((SELECT session_actor || '/' || actor FROM crm.stage_event ORDER BY id DESC LIMIT 1), session_user || '/' || :'seller', 'SET ROLE changes the actor only');
ROLLBACK;
BEGIN;
CREATE FUNCTION public.by_service() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'a' $$;
SELECT format('ALTER FUNCTION public.by_service() OWNER TO %I', :'seller') \gexec
SET LOCAL SESSION AUTHORIZATION :stranger;
SELECT public.by_service() \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is((SELECT session_actor || '/' || actor FROM crm.stage_event ORDER BY id DESC LIMIT 1), :'stranger' || '/' || :'seller', 'a SECURITY DEFINER function acts in its owner''s name');
ROLLBACK;
BEGIN;
UPDATE crm.lead SET need = 'x', budget = 5, decision_by = (now() + interval '30 days')::date, why_now = 'x', promised = 'x', evidence = 'x';
SET LOCAL SESSION AUTHORIZATION :writer;
INSERT INTO crm.opportunity (source, lead_id) VALUES ('x', 1);
RESET SESSION AUTHORIZATION;
SELECT is((SELECT string_agg(DISTINCT session_actor || '/' || actor, ' ') FROM crm.stage_event WHERE id > 3), :'writer' || '/' || :'writer', 'the lead of an opportunity moves in the name of the writer');
ROLLBACK;
BEGIN;
SET LOCAL SESSION AUTHORIZATION :revops;
UPDATE crm.standard SET position = position + 1 WHERE criterion = 'budget';
RESET SESSION AUTHORIZATION;
SELECT is((SELECT session_actor || '/' || actor FROM crm.definition_change ORDER BY version DESC LIMIT 1), :'revops' || '/' || :'revops', 'who changed a definition');
ROLLBACK;
SELECT is(current_user::text, session_user::text, 'the role is as it was');

-- row security: explain shows no row that the caller may not see
BEGIN;
ALTER TABLE crm.lead ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.lead USING (false);
SELECT is(tried_as(:'seller', $$SELECT leadflow.explain('crm', 1, 'mql')$$), 'P0002', 'explain keeps to row security');
ROLLBACK;

-- A trigger of the owner's on the history runs as the owner; the writer's search_path must not lend it other functions.
BEGIN;
SET LOCAL ROLE :owner;
CREATE FUNCTION crm.announce() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lower(NEW.subject); RETURN NULL; END $$;
CREATE TRIGGER announce AFTER INSERT ON crm.stage_event FOR EACH ROW EXECUTE FUNCTION crm.announce();
RESET ROLE;
CREATE TABLE public.heard (who text);
GRANT INSERT ON public.heard TO PUBLIC;
GRANT USAGE ON SCHEMA crm TO :mallory;
GRANT INSERT ON crm.lead TO :mallory;
SET LOCAL ROLE :mallory;
CREATE SCHEMA trojan;
GRANT USAGE ON SCHEMA trojan TO PUBLIC;
CREATE FUNCTION trojan.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.heard VALUES (current_user); RETURN $1; END $$;
SET LOCAL search_path = trojan, pg_catalog;
INSERT INTO crm.lead (source) VALUES ('x');
RESET ROLE;
SET LOCAL search_path = public;
SELECT is((SELECT string_agg(DISTINCT who, ',') FROM public.heard WHERE who <> :'mallory'), NULL, 'the writer''s functions do not run with the owner''s rights');
ROLLBACK;

-- Mallory.  Whatever she builds, her code never runs as anybody who did not write to her own tables,
-- and never with more rights than core would give it there.
CREATE TABLE public.seen (what text, who text);
GRANT INSERT ON public.seen TO PUBLIC;
CREATE TABLE public.shared (id bigint, object text, expression text);		-- of the superuser's
GRANT ALL ON public.shared TO :mallory;
GRANT CREATE, USAGE ON SCHEMA public TO :mallory;

SET SESSION AUTHORIZATION :mallory;
CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (tg_table_name, current_user); RETURN NEW; END $$;
CREATE TABLE public.definition_change (version bigint GENERATED ALWAYS AS IDENTITY, definition text, operation text, old_row jsonb, new_row jsonb, session_actor text, actor text);
CREATE TRIGGER spy BEFORE INSERT ON public.definition_change FOR EACH ROW EXECUTE FUNCTION public.spy();
CREATE TRIGGER hook AFTER INSERT ON public.shared FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
INSERT INTO public.shared VALUES (1);
\set ON_ERROR_STOP on
RESET SESSION AUTHORIZATION;
SELECT is((SELECT string_agg(DISTINCT who, ',') FROM public.seen WHERE who NOT IN (:'mallory')), NULL,
          'definition_recorder on another''s table runs nobody''s triggers with that other''s rights');
DROP TABLE public.shared;

-- an imitation of a workspace with traps in it
SET SESSION AUTHORIZATION :mallory;
SELECT leadflow.create_workspace('hers') \g /dev/null
CREATE FUNCTION hers.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (tg_table_name, current_user); RETURN NEW; END $$;
CREATE FUNCTION hers.note(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES ($1, current_user); END $$;
CREATE FUNCTION hers.spy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM hers.note($1); RETURN $1; END $$;
SELECT format('CREATE TRIGGER spy BEFORE INSERT OR UPDATE ON hers.%I FOR EACH ROW EXECUTE FUNCTION hers.spy()', t)
FROM unnest('{stage_event,sla_clock,sla_pause,verdict,violation,quarantine,overwrite_refused,definition_change}'::text[]) t \gexec
INSERT INTO hers.overwrite_rule (field, rule) VALUES ('owner', 'keep_filled');
ALTER TABLE hers.stage_event ALTER reason_note SET DEFAULT hers.spy('default');
CREATE INDEX ON hers.stage_event (hers.spy('event index'));
CREATE INDEX ON hers.standard (hers.spy('standard index'));
CREATE INDEX ON hers.touch (lead_id) WHERE hers.spy('touch index') IS NOT NULL;
ALTER TABLE hers.standard ADD CHECK (hers.spy('standard check') IS NOT NULL);
ALTER TABLE hers.standard ENABLE ROW LEVEL SECURITY; ALTER TABLE hers.standard FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON hers.standard USING (hers.spy('standard policy') IS NOT NULL);
ALTER TABLE hers.overwrite_rule ENABLE ROW LEVEL SECURITY; ALTER TABLE hers.overwrite_rule FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON hers.overwrite_rule USING (hers.spy('rule policy') IS NOT NULL);
GRANT USAGE ON SCHEMA hers TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA hers TO PUBLIC;
RESET SESSION AUTHORIZATION;
TRUNCATE public.seen;
SET leadflow.on_violation = warn;
INSERT INTO hers.lead (source, stage) VALUES ('x', 'mql');
UPDATE hers.lead SET stage = 'sal', owner = 'x';
UPDATE hers.lead SET owner = NULL;
SET leadflow.on_violation = park;
UPDATE hers.lead SET stage = 'sql';
RESET leadflow.on_violation;
INSERT INTO hers.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound');
SELECT count(*) FROM leadflow.explain('hers', 1, 'won') \g /dev/null
SELECT leadflow.pause_clock('hers', max(id), 'x') FROM hers.sla_clock \g /dev/null
UPDATE hers.standard SET position = 7 WHERE criterion = 'budget';
SELECT is((SELECT string_agg(DISTINCT what || ':' || who, ' ' ORDER BY what || ':' || who) FROM public.seen
            WHERE who <> :'mallory' AND what NOT IN ('standard check', 'standard index', 'touch index', 'sla_pause')), NULL,	-- these are core's
          'what leadflow writes in her workspace runs her code as herself');
SELECT cmp_ok((SELECT count(*) FROM public.seen WHERE who = :'mallory'), '>', 0::bigint, 'her traps were there to be sprung');
SELECT is((SELECT count(*) FROM public.seen WHERE what = 'overwrite_refused'), 1::bigint, 'the one of what was refused as well');

-- the trigger functions on tables of her own
SET SESSION AUTHORIZATION :mallory;
CREATE TABLE hers.own (id bigint, stage leadflow.stage, object text, expression text);
RESET SESSION AUTHORIZATION;
SELECT isnt(tried_as(:'mallory', format('CREATE TRIGGER t %s ON hers.own FOR EACH ROW EXECUTE FUNCTION leadflow.%s; INSERT INTO hers.own VALUES (1, ''mql'', ''lead'', ''true''); DELETE FROM crm.stage_event', c.event, c.func)),
            '00000', c.func || ' on her own table gives no right on another''s')
FROM (VALUES ('BEFORE INSERT', $$guard('lead')$$), ('AFTER INSERT', $$recorder('lead')$$), ('AFTER INSERT', 'touch_recorder()'), ('AFTER INSERT', 'pause_recorder()'),
             ('BEFORE INSERT', $$definition_guard('expression')$$), ('AFTER INSERT', 'definition_recorder()'), ('BEFORE INSERT', 'append_only()')) c (event, func);
SELECT is(tried_as(:'mallory', $$ALTER TABLE hers.touch OWNER TO CURRENT_USER; ALTER SCHEMA hers RENAME TO hers2; INSERT INTO hers2.lead (source) VALUES ('x')$$), '00000', 'she may rename what is hers');
SELECT is(tried_as(:'mallory', $$SELECT leadflow.explain('crm', 1, 'mql')$$), '42501', 'she sees nothing of the other workspace');
-- a workspace of several owners is none
ALTER TABLE hers.touch OWNER TO :owner;
SELECT is(tried_as(:'mallory', $$INSERT INTO hers.lead (source) VALUES ('x')$$), '42501', 'tables of different owners are no workspace');
ALTER TABLE hers.touch OWNER TO :mallory;

-- put the roles away
DROP SCHEMA crm, hers CASCADE;
DROP OWNED BY :owner, :reader, :marketer, :seller, :revops, :writer, :mallory, :stranger CASCADE;
DROP ROLE :owner, :reader, :marketer, :seller, :revops, :writer, :mallory, :stranger;
SELECT * FROM finish();
