-- Who may know a score, who may keep scores, and names that are no words.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir common/tried.sql

DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY '{read,marketing,sales,revops,nobody,owner}'::text[] LOOP
        EXECUTE format('DROP ROLE IF EXISTS scoretest_%s', r);
        EXECUTE format('CREATE ROLE scoretest_%s', r);
        IF r NOT IN ('nobody', 'owner') THEN
            PERFORM leadflow.grant_workspace('crm', 'scoretest_' || r, r);
        END IF;
    END LOOP;
END;
$$;
GRANT USAGE ON SCHEMA crm TO scoretest_nobody;
INSERT INTO crm.account (source, name, employees, country) VALUES ('t', 'Acme', 600, 'PL'), ('t', 'Secret', 601, 'XX');
INSERT INTO crm.lead (source, external_id, role, account_id) VALUES ('t', '1', 'CEO', 1), ('t', '2', 'CEO', 2);
INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT i, 'web_visit', 'inbound', '2026-03-20 12:00' FROM generate_series(1, 2) i;
INSERT INTO crm.score_model (model, as_of, won, lost, intercept, activated_at) VALUES ('logistic', now(), 1, 1, 0, now());
SELECT leadflow.score_some('crm') \g /dev/null

-- as_role(role, statement): what it gives, or its SQLSTATE
CREATE FUNCTION as_role(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text; state text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE scoretest_%s', who);
        EXECUTE statement INTO seen;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
    END;
    RETURN CASE state WHEN 'ZZ000' THEN seen ELSE state END;
END;
$$;
SELECT is(as_role(who, s), expected, who || ': ' || s) FROM (VALUES
    ('SELECT total FROM leadflow.score(''crm'', 1)', '42501', '52.0000'),
    ('SELECT count(*) FROM leadflow.explain_score(''crm'', 1)', '42501', '3'),
    ('SELECT count(*) FROM leadflow.explain_probability(''crm'', 1)', '42501', '1'),
    ('SELECT leadflow.facts(''crm'', jsonb_populate_record(NULL::crm.lead, ''{"id": 1}''), now()) #>> ''{features,signals}''', '42501', '1'),
    ('SELECT leadflow.meets(''crm'', jsonb_populate_record(NULL::crm.lead, ''{"id": 1}''), ''signals = 1'', now())', '42501', 'true'),
    ('SELECT count(*) FROM leadflow.check_scores(''crm'')', '42501', '0'),
    ('SELECT leadflow.score_some(''crm'')', '42501', '42501'),
    ('CALL leadflow.refresh_scores(''crm'')', '42501', '42501'),
    ('SELECT count(*) FROM leadflow.score_leads(''crm'', 0, 10, now())', '42501', '42501'),
    ('INSERT INTO crm.lead_score SELECT lead_id + 10, scored_at, fit, behaviour, total, grade, probability, model_version, definition_version FROM crm.lead_score RETURNING 1', '42501', '42501'),
    ('UPDATE crm.lead_score SET fit = 1 RETURNING 1', '42501', '42501'),
    ('DELETE FROM crm.score_run RETURNING 1', '42501', '42501')) v (s, outside, inside),
    LATERAL (VALUES ('nobody', outside), ('read', outside), ('sales', inside), ('marketing', inside), ('revops', inside)) w (who, expected);
SELECT is(as_role(who, s), expected, who || ': ' || s) FROM (VALUES
    ('revops', 'UPDATE crm.score_rule SET points = 30 WHERE rule = ''role_decides'' RETURNING 1', '1'), ('revops', 'INSERT INTO crm.score_move (code, from_stage, to_stage, condition, meaning) VALUES (''x'', ''lead'', ''mql'', ''total > 1'', ''x'') RETURNING 1', '1'),
    ('sales', 'UPDATE crm.score_rule SET points = 30 WHERE rule = ''role_decides'' RETURNING 1', '42501'), ('marketing', 'DELETE FROM crm.score_grade RETURNING 1', '42501'), ('read', 'SELECT count(*) FROM crm.score_rule', '19'),
    ('sales', 'INSERT INTO crm.intent_signal (account_id, topic) VALUES (1, ''pricing'') RETURNING strength', '1.0000'), ('read', 'SELECT count(s) FROM crm.intent_signal s', '42501')) v (who, s, expected);
-- each of the four tables is asked for
SELECT is(as_role('nobody', 'SELECT total FROM leadflow.score(''crm'', 1)'), '42501', 'no table');
GRANT SELECT ON crm.lead, crm.account, crm.touch, crm.intent_signal TO scoretest_nobody;
SELECT is(as_role('nobody', 'SELECT total FROM leadflow.score(''crm'', 1)'), '52.0000', 'all four: a role that may read the facts needs no more');
CREATE FUNCTION without(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    BEGIN
        EXECUTE format('REVOKE SELECT ON crm.%I FROM scoretest_nobody', what);
        seen := as_role('nobody', 'SELECT total FROM leadflow.score(''crm'', 1)') || ' ' || as_role('nobody', 'SELECT count(*) FROM leadflow.explain_score(''crm'', 1)') || ' '
            || as_role('nobody', 'SELECT leadflow.facts(''crm'', jsonb_populate_record(NULL::crm.lead, ''{}''), now())');
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN seen;
    END;
END;
$$;
SELECT is(without(t), '42501 42501 42501', 'without SELECT on ' || t) FROM unnest('{lead,account,touch,intent_signal}'::text[]) t;
REVOKE SELECT ON crm.lead FROM scoretest_nobody;
GRANT SELECT (id) ON crm.lead TO scoretest_nobody;
SELECT is(as_role('nobody', 'SELECT total FROM leadflow.score(''crm'', 1)'), '42501', 'one column is not enough');

-- row security
ALTER TABLE crm.lead ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.lead TO scoretest_sales USING (id = 1);
SELECT is(as_role('sales', s), expected, 'row security of lead: ' || s) FROM (VALUES
    ('SELECT total FROM leadflow.score(''crm'', 1)', '52.0000'), ('SELECT total FROM leadflow.score(''crm'', 2)', 'P0002'), ('SELECT count(*) FROM leadflow.explain_score(''crm'', 2)', 'P0002'),
    ('SELECT count(*) FROM leadflow.explain_probability(''crm'', 2)', 'P0002'), ('SELECT count(*) FROM leadflow.check_scores(''crm'')', '0'),
    ('SELECT leadflow.meets(''crm'', l, ''total > 1'', leadflow.clock()) FROM crm.lead l', 'true')) v (s, expected);
SELECT is(as_role('sales', 'SELECT leadflow.facts(''crm'', jsonb_populate_record(NULL::crm.lead, ''{"id": 2}''), leadflow.clock()) #>> ''{features,signals}'''), '0', 'what a hidden lead did is not told of a row that bears its number');
SELECT is(as_role('marketing', 'SELECT total FROM leadflow.score(''crm'', 1)'), 'P0002', 'no policy, no row');
SELECT is((SELECT total FROM leadflow.score('crm', 2)), 52.0, 'the owner sees all');
ALTER TABLE crm.lead DISABLE ROW LEVEL SECURITY;
ALTER TABLE crm.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY open ON crm.account TO scoretest_sales USING (country <> 'XX');
SELECT is(as_role('sales', 'SELECT evidence #>> ''{seen,employees}'' FROM leadflow.explain_score(''crm'', 2) WHERE rule = ''company_large'''), NULL, 'columns of an account that row security hides are not shown');
SELECT is(as_role('sales', 'SELECT leadflow.facts(''crm'', l, leadflow.clock()) #>> ''{features,employees}'' FROM crm.lead l WHERE id = 2'), NULL, 'nor among the facts');
ALTER TABLE crm.account DISABLE ROW LEVEL SECURITY;
ALTER TABLE crm.touch ENABLE ROW LEVEL SECURITY;
SELECT is(as_role('sales', 'SELECT count(*) FROM leadflow.explain_score(''crm'', 2) WHERE evidence ? ''touches'''), '0', 'touches that row security hides are not named');
SELECT is(as_role('sales', 'SELECT sum(points_now) FROM leadflow.explain_score(''crm'', 2)'), (SELECT total::text FROM leadflow.score('crm', 2)), 'but they count');
ALTER TABLE crm.touch DISABLE ROW LEVEL SECURITY;

-- an owner that is no superuser, and members of it
SELECT format('GRANT CREATE ON DATABASE %I TO scoretest_owner', current_database()) \gexec
SET ROLE scoretest_owner;
SELECT leadflow.create_workspace('mine') \g /dev/null
INSERT INTO mine.lead (source, role) VALUES ('t', 'CEO');
CALL leadflow.refresh_scores('mine');
SELECT count(*) = 1 AS kept FROM mine.lead_score \gset
RESET ROLE;
SELECT ok(:'kept', 'the owner of a workspace keeps its scores');
SELECT is(as_role('owner', 'SELECT total FROM leadflow.score(''crm'', 1)'), '42501', 'not those of another');
GRANT scoretest_owner TO scoretest_sales;
SELECT is(as_role('sales', 'SELECT leadflow.score_some(''mine'')'), '0', 'a member of the owner may as well');
-- a rule of the owner runs as whoever asks, in the sandbox
SELECT is(as_role('owner', $$INSERT INTO mine.score_rule (rule, component, points, expression, meaning) VALUES ('x', 'fit', 1, 'pg_catalog.current_setting(''x'') = ''y''', 'x') RETURNING 1$$), '42P17', 'and may not read settings');
CREATE FUNCTION mine.steals(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
SELECT is(as_role('owner', $$INSERT INTO mine.score_rule (rule, component, points, expression, meaning) VALUES ('x', 'fit', 1, 'mine.steals(role)', 'x') RETURNING 1$$), '42P17', 'nor call functions of the company');
SELECT is(as_role('owner', $$INSERT INTO mine.score_feature (feature, expression, meaning) VALUES ('x', 'mine.steals(role)', 'x') RETURNING 1$$), '42P17', 'in a feature');
SELECT is(as_role('owner', $$SELECT leadflow.meets('mine', l, 'mine.steals(role)', now()) FROM mine.lead l$$), '42P17', 'in a question');

-- odd names
SELECT leadflow.create_workspace(n) FROM unnest(ARRAY['my crm', 'Müller''s "x"', 'a.b', E'back\\slash', '%s %1$I']) n \g /dev/null
SELECT format(s, nspname) FROM pg_namespace, unnest(ARRAY[$$INSERT INTO %1$I.lead (source, role) VALUES ('t', 'CEO')$$, $$INSERT INTO %1$I.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2026-03-20 12:00')$$,
    $$UPDATE %1$I.score_move SET condition = 'fit > 0', active = true$$, 'CALL leadflow.refresh_scores(%1$L, 1)', 'CALL leadflow.refresh_scores(%1$L, 5)']) WITH ORDINALITY u (s, o)
WHERE nspname IN ('my crm', 'Müller''s "x"', 'a.b', E'back\\slash', '%s %1$I') ORDER BY nspname, o \gexec
SELECT is(tried('SELECT 1', format($q$SELECT concat_ws(' ', (SELECT total FROM leadflow.score(%1$L, 1)), (SELECT count(*) FROM leadflow.explain_score(%1$L, 1)), (SELECT count(*) FROM leadflow.check_scores(%1$L)),
    (SELECT leadflow.facts(%1$L, l, leadflow.clock()) #>> '{score,total}' FROM %1$I.lead l), (SELECT leadflow.meets(%1$L, l, 'total = 27', leadflow.clock()) FROM %1$I.lead l),
    (SELECT total FROM %1$I.lead_score), (SELECT refused_move FROM %1$I.lead_score), (SELECT sum(leads) FROM %1$I.score_run))$q$, n)), '27.0000 2 0 27.0000 t 27.0000 ready_for_sales 2', 'a workspace of the name ' || n)
FROM unnest(ARRAY['my crm', 'Müller''s "x"', 'a.b', E'back\\slash', '%s %1$I']) n;
SELECT is(tried(format('SELECT leadflow.%s(%L%s)', f, n, a)), '42704', f || ': no workspace ' || n) FROM (VALUES ('score', ', 1'), ('score_some', '')) f (f, a), unnest(ARRAY['crm.lead', '"crm"', 'crm; DROP SCHEMA crm', 'crm"."lead', 'CRM', E'crm\t', 'pg_catalog', repeat('x', 100)]) n;
SELECT is(tried(format('SELECT * FROM leadflow.check_scores(%L)', n)), '42P01', 'check_scores: no workspace ' || n) FROM unnest(ARRAY['crm.lead', '"crm"', 'crm; DROP SCHEMA crm']) n;

-- whatever the caller has set
SET search_path = public;
CREATE FUNCTION public.clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''2000-01-01''::timestamptz';
CREATE FUNCTION public.score(text, bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE OPERATOR public.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = int84lt);
SET search_path = public, pg_catalog;
CALL leadflow.refresh_scores('crm', 1);
SELECT is((SELECT leads FROM crm.score_run WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1), 2::bigint, 'operators that stand first on the search path do not matter');
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'nor does how strings are read');
CALL leadflow.refresh_scores('crm', 1);
RESET standard_conforming_strings;
SET extra_float_digits = -15;
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SELECT is((SELECT total FROM leadflow.score('crm', 1)), 52.0, 'nor how numbers and dates are written');
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'also of the explanation');
RESET ALL;

SET client_min_messages = error;
DROP SCHEMA crm, mine CASCADE;
DROP OWNED BY scoretest_read, scoretest_marketing, scoretest_sales, scoretest_revops, scoretest_nobody, scoretest_owner;
DROP ROLE scoretest_read, scoretest_marketing, scoretest_sales, scoretest_revops, scoretest_nobody, scoretest_owner;
SELECT * FROM finish();
