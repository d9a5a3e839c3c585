-- What revops, or somebody who may only propose or write leads, can put into a definition or a row
-- runs no code of theirs as anybody who reads or writes afterwards, not even as a superuser.
SET client_min_messages = error;
SET timezone = 'UTC';
SET jit = off;
SET leadflow.clock = '2026-03-02 09:00+00';
SELECT no_plan();

SELECT 'lf_' || pg_backend_pid() AS p \gset
\set revops :p _revops
\set seller :p _seller
CREATE ROLE :revops; CREATE ROLE :seller;

-- A trap notes that it was sprung in a sequence, which no rollback takes back.
CREATE SEQUENCE public.trap;
GRANT ALL ON SEQUENCE public.trap TO PUBLIC;
CREATE TABLE public.canary AS SELECT 'alive' AS state;
CREATE SCHEMA mallory AUTHORIZATION :revops;
GRANT USAGE ON SCHEMA mallory TO PUBLIC;
SET ROLE :revops;
CREATE FUNCTION mallory.evil(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_catalog.nextval('public.trap'); RETURN true; END $$;
CREATE FUNCTION mallory.evil() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.nextval('public.trap'); RETURN true; END $$;
-- the names that leadflow and its reports use, for every type they are used with
CREATE FUNCTION mallory.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM mallory.evil(); RETURN $1; END $$;
CREATE FUNCTION mallory.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.evil(); RETURN pg_catalog.now(); END $$;
CREATE FUNCTION mallory.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.evil(); RETURN $1; END $$;
CREATE FUNCTION mallory.clock() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.evil(); RETURN pg_catalog.now(); END $$;
CREATE FUNCTION mallory.ordinal(leadflow.stage) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.evil(); RETURN 1; END $$;
CREATE FUNCTION mallory.differs(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM mallory.evil(); RETURN true; END $$;
CREATE OPERATOR mallory.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mallory.differs);
CREATE OPERATOR mallory.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = mallory.differs);
CREATE FUNCTION mallory.joined(text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM mallory.evil(); RETURN $1; END $$;
CREATE OPERATOR mallory.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = mallory.joined);
CREATE FUNCTION mallory.above(bigint, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM mallory.evil(); RETURN true; END $$;
CREATE OPERATOR mallory.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = mallory.above);
CREATE FUNCTION mallory.same_stage(leadflow.stage, leadflow.stage) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM mallory.evil(); RETURN true; END $$;
CREATE OPERATOR mallory.= (LEFTARG = leadflow.stage, RIGHTARG = leadflow.stage, FUNCTION = mallory.same_stage);
CREATE DOMAIN mallory.dom AS text CHECK (mallory.evil(VALUE));
CREATE TYPE mallory.mood AS ENUM ('sad');
CREATE VIEW mallory.funnel AS SELECT mallory.evil() AS reached, pg_catalog.now()::date AS month;
CREATE VIEW mallory.lead AS SELECT mallory.evil() AS id;
CREATE AGGREGATE mallory.total_of(text) (SFUNC = mallory.joined, STYPE = text);
RESET ROLE;

SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'revops', 'revops'), leadflow.grant_workspace('crm', :'seller', 'sales') \g /dev/null
DELETE FROM crm.standard WHERE criterion <> 'reason';
INSERT INTO crm.team_member (member, full_name, team, department) VALUES (:'revops', 'R', 'revops', 'revops'), (:'seller', 'S', 'north', 'sales');
INSERT INTO crm.account (source, name) VALUES ('t', 'Acme');
INSERT INTO crm.campaign (source, external_id, name) VALUES ('t', '1', 'Fair');
INSERT INTO crm.lead (source, external_id, full_name, email, role, owner, account_id, campaign_id, stage, stage_since) SELECT 't', i::text, 'P ' || i, 'p' || i || '@example.com', 'CEO', :'seller', 1, 1, CASE WHEN i > 3 THEN 'mql' ELSE 'lead' END, '2026-02-20' FROM generate_series(1, 8) i;
INSERT INTO crm.touch (lead_id, kind, direction, at, content) SELECT i, k, 'inbound', '2026-02-21', 'x' FROM generate_series(1, 8) i, unnest('{web_visit,demo_request}'::text[]) k;
INSERT INTO crm.transcript (touch_id, words) VALUES (1, 'the price is too high');
INSERT INTO crm.opportunity (source, lead_id, name, amount) VALUES ('t', 8, 'Deal', 5);

-- what the victim does, with the attacker's schema first on her search_path; each step for itself
CREATE TABLE step (n integer GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO step (statement) VALUES
    ($$INSERT INTO crm.lead (source, external_id, full_name, email, owner, account_id) VALUES ('t', 'victim', 'V', 'v@example.com', 'x', 1)$$),
    ($$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$), ($$UPDATE crm.lead SET stage = 'sal' WHERE id = 5$$), ($$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = 'x' WHERE id = 6$$),
    ($$UPDATE crm.lead SET email = NULL, owner = 'y', owner_reason = 'x', status = 'New' WHERE id = 2$$),
    ($$INSERT INTO crm.touch (lead_id, kind, direction, channel) VALUES (1, 'call', 'outbound', 'phone'), (2, 'demo_request', 'inbound', 'web')$$),
    ($$UPDATE crm.opportunity SET stage = 'proposal'$$), ($$SELECT leadflow.give_verdict('crm', 7, 'rejected', 'not_target', 'x')$$),
    ($$SELECT leadflow.explain('crm', 1, 'sql')$$), ($$SELECT leadflow.explain_transition('crm', 'lead', 'sql')$$), ($$SELECT leadflow.explain_routing('crm', 1)$$), ($$SELECT leadflow.route('crm', 1)$$),
    ($$SELECT leadflow.score_some('crm')$$), ($$SELECT leadflow.explain_score('crm', 1)$$), ($$SELECT leadflow.check_scores('crm')$$), ($$SELECT leadflow.backtest('crm', (SELECT condition FROM crm.score_move LIMIT 1), '2026-01-01', '2026-03-01')$$),
    ($$SELECT leadflow.apply_proposals('crm')$$), ($$SELECT leadflow.sweep('crm')$$), ($$SELECT leadflow.retry_quarantine('crm')$$), ($$SELECT leadflow.metric('crm', m.metric, '[2026-01-01,2026-03-01)') FROM crm.metric m WHERE m.report OPERATOR(pg_catalog.=) 'handover'$$),
    ($$SELECT count(r) FROM crm.keywords_heard r$$), ($$SELECT leadflow.merge('crm', 1, 2)$$), ($$SELECT leadflow.forget('crm', 1)$$), ($$SELECT leadflow.forget('crm', 8)$$),
    -- from here on only where it is all gone through
    ($$SELECT leadflow.sweep('crm', '2026-04-01')$$), ($$SELECT leadflow.panel('crm')$$), ($$SELECT leadflow.handbook('crm', 'en')$$), ($$SELECT leadflow.metric('crm', m.metric, '[2026-01-01,2026-03-01)') FROM crm.metric m$$),
    ($$SELECT leadflow.definitions_at('crm', pg_catalog.now())$$), ($$SELECT leadflow.sample('crm', 'calls', '2026-01-01', '2026-03-01')$$), ($$SELECT leadflow.mentions('crm', 'V')$$),
    ($$SELECT leadflow.upgrade_workspace('crm')$$), ($$SELECT leadflow.follow_leads('crm')$$);
INSERT INTO step (statement) SELECT 'SELECT count(r) FROM crm.' || quote_ident(relname) || ' r' FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'v';

-- suffer(all of it?): goes through the steps, or the cheap ones; how many went through
CREATE FUNCTION suffer(whole boolean) RETURNS bigint LANGUAGE plpgsql SET search_path = mallory, public, pg_catalog, leadflow AS $$
DECLARE
    s record;
    done bigint := 0;
BEGIN
    FOR s IN SELECT t.statement FROM public.step t WHERE whole OR t.n OPERATOR(pg_catalog.<) (SELECT u.n FROM public.step u WHERE u.statement OPERATOR(pg_catalog.~~) '%2026-04-01%') ORDER BY t.n LOOP
        BEGIN
            EXECUTE s.statement;
            done := done OPERATOR(pg_catalog.+) 1;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    RETURN done;
END;
$$;
-- attacked(who, statement): the SQLSTATE of the attack, and what the victim suffered of it; all is taken back
CREATE FUNCTION attacked(who text, statement text, whole boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text := '00000';
    n bigint;
    sprung bigint;
    alive text;
BEGIN
    BEGIN
        SELECT last_value INTO sprung FROM public.trap;
        BEGIN
            EXECUTE format('SET LOCAL ROLE %I', who);
            EXECUTE statement;
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE;
        END;
        RESET ROLE;
        SET LOCAL search_path = pg_catalog, public;
        IF state = '00000' THEN
            n := public.suffer(whole);
        END IF;
        SELECT last_value - sprung INTO sprung FROM public.trap;
        SELECT string_agg(c.state, ',') INTO alive FROM public.canary c;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    END;
    RETURN concat_ws(' ', state, CASE WHEN sprung <> 0 THEN 'a trap was sprung' END, CASE WHEN alive IS DISTINCT FROM 'alive' THEN 'the canary is dead' END, CASE WHEN n < 5 THEN 'the victim could do nothing' END);
END;
$$;
SELECT setval('public.trap', 1) \g /dev/null
SELECT is(attacked(:'revops', 'SELECT 1', true), '00000', 'the names in the way do no harm by themselves');
CREATE FUNCTION public.really() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.evil(); RETURN NEW; END $$;
SELECT is(attacked(current_user, 'CREATE TRIGGER t BEFORE INSERT ON crm.lead FOR EACH ROW EXECUTE FUNCTION public.really()'), '00000 a trap was sprung', 'the traps work');

-- expressions
SELECT is(attacked(:'revops', format($$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('mql', 'attack', 'x', %L)$$, e)), expected, 'standard: ' || e) FROM (VALUES
    ('mallory.evil(email)', '42P17'), ('evil(email)', '42883'), ('mallory.evil()', '42P17'), ('lower(email) = ''x''', '00000'), ('email = ''x'' OR email || ''x'' = ''y''', '00000'), ('signals > 1 AND stage = ''mql''', '00000'),
    ('email OPERATOR(mallory.===) ''x''', '42P17'), ('email::mallory.dom IS NOT NULL', '42P17'), ('''x''::mallory.dom IS NOT NULL', '42P17'), ('''sad''::mallory.mood IS NOT NULL', '42P17'),
    ('set_config(''role'', ''none'', false) IS NOT NULL', '42P17'), ('pg_read_file(''PG_VERSION'') IS NOT NULL', '42P17'), ('query_to_xml(''SELECT mallory.evil()'', true, true, '''') IS NOT NULL', '42P17'),
    ('nextval(''public.trap'') > 0', '42P17'), ('pg_sleep(100) IS NULL', '42P17'), ('lo_create(0) > 0', '42P17'), ('pg_terminate_backend(pg_backend_pid())', '42P17'), ('current_setting(''data_directory'') = ''x''', '42P17'),
    ('leadflow.forget(''crm'', id) IS NULL', '42P17'), ('leadflow.expression_fault(''crm.lead'', ''true'') IS NULL', '42P17'), ('(SELECT mallory.evil())', '0A000'), ('mallory.total_of(email) = ''x''', '42803'),
    ('true); DROP TABLE public.canary; --', '42601'), ('true FROM mallory.lead', '42601'), ('$x$; DROP TABLE public.canary; $x$ = email', '00000'), ('E''\'' OR mallory.evil() --'' = email', '00000'),
    ('"email"" OR mallory.evil() --" IS NULL', '42703'), ('U&"\0065mail" = ''x''', '00000'), ('lead.* IS NULL', '42P10'), ('(lead).evil', '42703'), ('lead.evil', '42703'), ('''mallory.above''::regproc IS NOT NULL', '00000'),
    ('xmltable IS NULL', '42703'), ('1 / id = 1', '00000'), ('repeat(email, 1000000000) = ''x''', '00000'), ('lead::text = ''x''', '42P17')) v (e, expected);
SELECT is(attacked(:'revops', s), expected, s) FROM (VALUES
    ($$UPDATE crm.sla_policy SET condition = 'mallory.evil(email)'$$, '42P17'), ($$INSERT INTO crm.routing_rule (rule, pool, condition, position) SELECT 'attack', min(pool), 'mallory.evil(email)', 1 FROM crm.pool$$, '42P17'), ($$UPDATE crm.score_rule SET expression = 'mallory.evil(email)' WHERE expression IS NOT NULL$$, '42P17'),
    ($$UPDATE crm.score_move SET condition = 'mallory.evil()'$$, '42P17'), ($$UPDATE crm.score_feature SET expression = 'mallory.evil(email)::text'$$, '42P17'), ($$UPDATE crm.score_feature SET expression = 'ARRAY(SELECT mallory.evil()::text)'$$, '0A000'),
    ($$UPDATE crm.standard SET stage = 'mql', expression = 'role ~ ''((a+)+)+$''' WHERE criterion = 'reason'$$, '00000')) v (s, expected);

-- words that become parts of queries: names, codes, JSON, format strings
SELECT is(attacked(:'revops', s), expected, s) FROM (VALUES
    ($$INSERT INTO crm.metric (metric, name, formula, unit, report) VALUES ('attack', 'x', 'x', 'count', 'funnel; SELECT mallory.evil()')$$, '42P01'),
    ($$INSERT INTO crm.metric (metric, name, formula, unit, report, numerator) VALUES ('attack', 'x', 'x', 'count', 'handover', '* , mallory.evil()')$$, '42703'),
    ($$UPDATE crm.metric SET filter = '{"owner = mallory.evil()::text OR x.owner": 1}'$$, '42703'),
    ($$UPDATE crm.metric SET filter = '{"owner": "'' OR mallory.evil() --"}' WHERE report = 'handover'$$, '00000'),
    ($a$UPDATE crm.metric SET filter = '{"owner": ["%s", "%1$I", "\\", "$1", "$$"]}', name = '%s %n %1$s', formula = '$$ \' WHERE report = 'handover'$a$, '00000'),
    ($$UPDATE crm.alert_rule SET receiver = '''; SELECT mallory.evil(); --', meaning = '%s %I %L $1'$$, '00000'), ($$UPDATE crm.alert_rule SET receiver = '%1$s'$$, '00000'),
    ($$UPDATE crm.sla_policy SET promise = '%s''); SELECT mallory.evil(); --'$$, '00000'),
    ($$UPDATE crm.keyword SET phrases = '{"'') || mallory.evil() || (''","a | b:*","!","*","\\"}'$$, '23514'), ($$UPDATE crm.keyword SET phrases = '{"price'') || mallory.evil() || (''","a & !b:*"}'$$, '00000'),
    ($$UPDATE crm.reason SET labels = '{"en''); SELECT mallory.evil(); --": "x", "en": "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `|`"}'$$, '00000'),
    ($$INSERT INTO crm.business_calendar VALUES ('attack', 'UTC; Mo-Fr 09:00-17:00; mallory.evil()', 'x')$$, '22P02'),
    ($$UPDATE crm.team_member SET team = ''';--', full_name = E'%s\n| a | b |\n<script>', calendar = NULL$$, '00000'),
    ($$INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', '*', ''' OR mallory.evil() --', 'mql')$$, '00000'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('email = mallory.evil()', 'newest')$$, '42703'), ($$UPDATE crm.field_owner SET field = 'email"; SELECT mallory.evil(); --' WHERE field = 'email'$$, '42703'),
    ($$INSERT INTO crm.report_owner (report, owner) VALUES ('funnel"; SELECT mallory.evil(); --', 'x')$$, '42P01'),
    ($$INSERT INTO crm.source (source, label) VALUES ('s''); SELECT mallory.evil(); --', '%s')$$, '00000'), ($$UPDATE crm.attribution_model SET rule = 'last_touch; mallory.evil()'$$, '22023'),
    ($$UPDATE crm.proposal SET fault = '%s' WHERE false; UPDATE crm.hypothesis SET question = ''';SELECT mallory.evil()--'$$, '00000')) v (s, expected);

-- every text of every definition that revops may write holds the worst, as far as it takes it
CREATE TABLE text_column AS
SELECT format('UPDATE crm.%I SET %I = %s', c.relname, a.attname, CASE a.atttypid WHEN 'jsonb'::regtype THEN quote_literal(jsonb_build_object(w.word, w.word, 'en', w.word)) WHEN 'text[]'::regtype THEN quote_literal(ARRAY[w.word]::text) ELSE quote_literal(w.word) END) AS statement
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
CROSS JOIN (VALUES ($w$'); SELECT mallory.evil(); -- %s %1$I $1 $$ "x" \ {{x}} <script>alert(1)</script> [x](javascript:1) | * $w$)) w (word)
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype) AND has_column_privilege(:'revops', c.oid, a.attnum, 'UPDATE');
SELECT cmp_ok((SELECT count(*) FROM text_column), '>', 250::bigint, 'the columns of definitions and facts that take words');
CREATE FUNCTION write_worst() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    s text;
    taken bigint := 0;
BEGIN
    FOR s IN SELECT statement FROM public.text_column LOOP
        BEGIN
            EXECUTE s;
            taken := taken + 1;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    IF taken < 100 THEN
        RAISE EXCEPTION 'only % columns took it', taken;
    END IF;
    RETURN taken;
END;
$$;
GRANT SELECT ON text_column TO :revops;
SELECT is(attacked(:'revops', 'SELECT write_worst()', true), '00000', 'all of them at once');

-- what readers are shown is text, not markup
BEGIN;
SELECT write_worst() \g /dev/null
SELECT ok(leadflow.handbook('crm', 'en') ~ '\\<script', 'the handbook has words of the attack');
SELECT ok(leadflow.handbook('crm', 'en') !~ '(?<!\\)<script', 'it shows no markup of the company''s');
SELECT ok(leadflow.handbook('crm', 'en') !~ '(?<!\\)\]\(javascript', 'and no link');
ROLLBACK;

-- proposals, which the owner writes when she sweeps
SELECT is(attacked(:'seller', format('SELECT leadflow.propose(''crm'', %L, %L, ''x'')', definition, change)), expected, format('propose: %s %s', definition, change)) FROM (VALUES
    ('standard"; DROP TABLE public.canary; --', '{"operation": "insert", "row": {}}', '42P01'), ('lead', '{"operation": "insert", "row": {"source": "x"}}', '42P01'), ('../pg_authid', '{"operation": "delete", "key": {}}', '42P01'),
    ('definition_change', '{"operation": "delete", "key": {"version": 1}}', '42P01'), ('standard', '{"operation": "insert", "row": {"stage": "mql", "criterion": "attack", "requirement": "x", "expression": "mallory.evil(email)"}}', '42P17'),
    ('standard', '{"operation": "insert", "row": {"expression) SELECT mallory.evil()--": "x"}}', '42703'), ('standard', '{"operation": "update", "key": {"criterion = mallory.evil()::text OR criterion": "x"}, "row": {"mode": "warn"}}', '42703'),
    ('keyword', '{"operation": "insert", "row": {"keyword": "attack", "phrases": ["'');SELECT mallory.evil()--"], "meaning": "%s"}}', '00000')) v (definition, change, expected);

-- rows
SELECT is(attacked(:'seller', s), expected, s) FROM (VALUES
    ($$UPDATE crm.lead SET full_name = '((((a+)+)+)+$', email = '.*', phone = '|'$$, '00000'), ($$UPDATE crm.lead SET full_name = E'\\', email = '%s''); SELECT mallory.evil(); --', attributes = '{"''); SELECT mallory.evil(); --": "%1$s"}'$$, '00000'),
    ($$UPDATE crm.lead SET variant = '''; SELECT mallory.evil(); --'$$, '00000'), ($$UPDATE crm.lead SET status = ''' OR mallory.evil() --'$$, '00000'), ($$UPDATE crm.lead SET owner = '"; SELECT mallory.evil(); --', owner_reason = 'x'$$, '00000'),
    ($$SET LOCAL leadflow.source = '''; SELECT mallory.evil(); --'; UPDATE crm.lead SET phone = '%s'$$, '00000'), ($$SET LOCAL leadflow.change_reason = '''; SELECT mallory.evil(); --'; SET LOCAL leadflow.on_violation = park; INSERT INTO crm.lead (source, external_id, stage) VALUES ('''; SELECT mallory.evil(); --', '%s', 'nurture')$$, '00000'),
    ($$INSERT INTO crm.touch (lead_id, kind, direction, content, channel) VALUES (1, 'call', 'outbound', '%s''); SELECT mallory.evil(); --', '"')$$, '00000'), ($$SET LOCAL search_path = mallory, pg_catalog; INSERT INTO crm.lead (source) VALUES ('x')$$, '00000'),
    ($$SELECT leadflow.grant_workspace('crm"; DROP TABLE public.canary; --', current_user, 'read')$$, '42704'), ($$SELECT leadflow.explain('crm"; DROP TABLE public.canary; --', 1, 'mql')$$, '42704'), ($$SELECT leadflow.score('crm.lead; SELECT mallory.evil()', 1)$$, '42704'),
    ($$SELECT leadflow.metric('crm', 'funnel', '[2026-01-01,2026-02-01)', '{"x": 1}')$$, '42704'), ($$SELECT leadflow.backtest('crm', 'mallory.evil(email)', '2026-01-01', '2026-02-01')$$, '42P17'), ($$SELECT leadflow.sample('crm', 'calls; SELECT mallory.evil()', '2026-01-01', '2026-02-01')$$, '22023'),
    ($$SELECT leadflow.meets('crm', jsonb_populate_record(NULL::crm.lead, '{}'), 'mallory.evil(email)', now())$$, '42P17')) v (s, expected);

-- a criterion can be slow, and no slower than the reader allows
BEGIN;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('mql', 'slow', 'x', $$need ~ '^(a+)(a+)(a+)\1\2\3b$'$$);
UPDATE crm.lead SET need = repeat('a', 1001) || 'b' WHERE id = 1;
SET LOCAL statement_timeout = '300ms';
DO $$
BEGIN
    UPDATE crm.lead SET stage = 'mql' WHERE id = 1;
EXCEPTION WHEN query_canceled THEN
    PERFORM set_config('my.state', SQLSTATE, true);
END;
$$;
SELECT is(current_setting('my.state', true), '57014', 'a regular expression that runs away is ended');
ROLLBACK;

-- names of workspaces and of attached tables
SELECT $w$a"b'c$$d%s\e;-- <x>$w$ AS odd \gset
SELECT leadflow.create_workspace(:'odd') \g /dev/null
SELECT quote_ident(:'odd') AS schema \gset
SELECT is((SELECT string_agg(t.statement || ': ' || l.told, E'\n') FROM (SELECT replace(s, 'ODD', quote_literal(:'odd')) AS statement FROM unnest(ARRAY[
        'SELECT leadflow.panel(ODD)', 'SELECT leadflow.handbook(ODD, ''en'')', 'SELECT leadflow.sweep(ODD)', 'SELECT leadflow.score_some(ODD)', 'SELECT leadflow.upgrade_workspace(ODD)', 'SELECT leadflow.follow_leads(ODD)',
        'SELECT leadflow.grant_workspace(ODD, current_user, ''read'')', 'SELECT leadflow.mentions(ODD, ''x'')', 'SELECT leadflow.metric(ODD, ''handed_over'', ''[2026-01-01,2026-02-01)'')', 'SELECT leadflow.explain_transition(ODD, ''lead'', ''mql'')',
        'SELECT leadflow.retry_quarantine(ODD)', 'SELECT leadflow.apply_proposals(ODD)', 'SELECT leadflow.check_scores(ODD)']) s) t,
    LATERAL (SELECT attacked(current_user, t.statement) AS told) l WHERE l.told <> '00000'), NULL, 'a workspace of an odd name works');
CREATE TABLE public."we'ird $$ %s ""t" ("a""b'; SELECT mallory.evil(); --" bigint PRIMARY KEY, "%s" text);
INSERT INTO public."we'ird $$ %s ""t" VALUES (1, 'x');
SELECT leadflow.attach(:'odd', $n$public."we'ird $$ %s ""t"$n$, 'campaign', $j${"external_id": "new.\"a\"\"b'; SELECT mallory.evil(); --\"", "name": "new.\"%s\""}$j$, $j${"source": "s'; SELECT mallory.evil(); -- %s $$"}$j$) AS attached \gset
INSERT INTO public."we'ird $$ %s ""t" VALUES (2, '%s ''; DROP TABLE public.canary; --');
SELECT is((SELECT count(*) FROM :schema.campaign WHERE name LIKE '%canary%'), 1::bigint, 'an attached table of an odd name, with odd columns, is read');
SELECT throws_ok($q$SELECT leadflow.attach('crm', $n$public."we'ird $$ %s ""t"$n$, 'campaign', '{"external_id": "new.\"%s\"", "name": "new.\"%s\""}', '{"name": "x\"; DROP TABLE public.canary; --"}')$q$, '42602', NULL, 'a name of an attachment is a plain one');
SELECT throws_ok($q$SELECT leadflow.attach('crm', $n$public."we'ird $$ %s ""t"$n$, 'campaign', '{"external_id": "1), (mallory.evil()", "name": "new.\"%s\""}', '{"name": "other"}')$q$, '42601', NULL, 'a mapping is one expression');
SELECT is((SELECT string_agg(state, ',') FROM public.canary), 'alive', 'the canary lives');

DROP SCHEMA :schema CASCADE;
DROP SCHEMA crm, mallory CASCADE;
DROP OWNED BY :revops, :seller CASCADE;
DROP ROLE :revops, :seller;
SELECT * FROM finish();
