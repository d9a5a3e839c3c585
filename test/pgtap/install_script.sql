-- What the scripts of the extension make means what they say: whatever stands
-- first on anybody's search_path, and with nobody's rights but the caller's.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();

-- the texts of the scripts, without comments, strings and the bodies of functions
CREATE TEMP TABLE script AS
SELECT s.name, pg_read_file(c.setting || '/extension/leadflow--' || s.versions || '.sql') AS words
FROM pg_config c, pg_extension e, LATERAL (VALUES ('install', e.extversion), ('update', '0.1--' || e.extversion)) s (name, versions)
WHERE c.name = 'SHAREDIR' AND e.extname = 'leadflow';
-- from the outermost quotes inwards
SELECT format('UPDATE script SET words = regexp_replace(words, %L, %L, ''g'')', r, ' ')
FROM (VALUES (1, '\$leadflow_text\$.*?\$leadflow_text\$'), (2, '\$function\$.*?\$function\$'), (3, '\$words\$.*?\$words\$'), (4, '\$\$.*?\$\$'), (5, '/\*([^*]|\*+[^*/])*\*+/|--[^\n]*|''([^'']|'''')*''')) x (n, r) ORDER BY n \gexec
SELECT cmp_ok(length(words), '>', 5000, name || ': the script is there') FROM script;
SELECT is((SELECT string_agg(m[1], ', ') FROM regexp_matches(words, '(IF NOT EXISTS|IF EXISTS|SECURITY DEFINER|CASCADE)', 'gi') m), NULL, name || ': it passes over nothing that is there, and lends no rights') FROM script;
SELECT is((SELECT string_agg(m[1], ', ') FROM script, regexp_matches(words, '(OR REPLACE|search_path TO)', 'gi') m WHERE name = 'install'), NULL, 'install: it replaces nothing');
SELECT is_empty($$SELECT name, m[1] FROM script, regexp_matches(words, '\mCREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|AGGREGATE|TYPE|OPERATOR|VIEW|TABLE|DOMAIN|SEQUENCE)\s+(?:CLASS|FAMILY)?\s*([^\s(]+)', 'g') m
    WHERE m[1] !~ '^(leadflow|pg_catalog)\.'$$, 'every name that it makes has its schema');
SELECT ok(words !~ '[^\x01-\x7f]', name || ': it is ASCII') FROM script;

-- what is in the catalogs
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'leadflow'::regnamespace$$, 'nothing runs with its owner''s rights');
SELECT is((SELECT string_agg(p.proname, ', ' ORDER BY p.proname) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
           WHERE p.pronamespace = 'leadflow'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)),
          'attachment_key, backfill, refresh_scores', 'all functions but three say where they look: two of them commit, which none can that says so, one is called for every row');
SELECT is((SELECT string_agg(p.proname, ', ' ORDER BY p.proname) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
           WHERE p.pronamespace = 'leadflow'::regnamespace AND l.lanname IN ('sql', 'plpgsql')
               AND regexp_replace(p.prosrc, '\mE''([^'']|'''')*''', '', 'g') ~ '''[^'']*\\' AND NOT COALESCE('standard_conforming_strings=on' = ANY (p.proconfig), false)),
          'workspace_script', 'who has a backslash in a plain string says how it is read, but for the text of the workspace''s script');
SELECT is_empty($$SELECT p.proname, m[1] FROM pg_proc p,
        regexp_matches(regexp_replace(regexp_replace(regexp_replace(p.prosrc, '--[^\n]*', ' ', 'g'), '''([^'']|'''')*''', ' ', 'g'), 'OPERATOR\(pg_catalog\.[^)]+\)|:=|(ERRCODE|MESSAGE|DETAIL|HINT|CONSTRAINT) =|\[[0-9]+\]', ' ', 'g'), '([-+*/<>=~!@#%^&|`?]+)', 'g') m
    WHERE p.proname IN ('attachment_key', 'backfill', 'refresh_scores') AND p.pronamespace = 'leadflow'::regnamespace$$, 'these three name the schema of each operator');
SELECT is_empty($$SELECT p.proname, m[1] FROM pg_proc p,
        regexp_matches(regexp_replace(regexp_replace(p.prosrc, '--[^\n]*', ' ', 'g'), '''([^'']|'''')*''', ' ', 'g'), '(?<![.\w])([a-z_]+)\(', 'g') m
    WHERE p.proname IN ('attachment_key', 'backfill', 'refresh_scores') AND p.pronamespace = 'leadflow'::regnamespace AND upper(m[1]) NOT IN ('COALESCE', 'NULLIF', 'GREATEST', 'LEAST')$$, 'and of each function');
SELECT is((SELECT string_agg(o.name || ' ' || a.privilege_type, ', ' ORDER BY o.name)
           FROM (SELECT 'schema ' || nspname AS name, nspacl AS acl FROM pg_namespace WHERE nspname = 'leadflow'
                 UNION ALL SELECT relname, relacl FROM pg_class WHERE relnamespace = 'leadflow'::regnamespace
                 UNION ALL SELECT typname, typacl FROM pg_type WHERE typnamespace = 'leadflow'::regnamespace
                 UNION ALL SELECT proname, proacl FROM pg_proc WHERE pronamespace = 'leadflow'::regnamespace) o, aclexplode(o.acl) a
           WHERE a.grantee = 0), 'attachments SELECT, schema leadflow USAGE', 'what everybody may do, but for what PostgreSQL lets everybody: call functions, use types');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'leadflow'::regnamespace AND relkind IN ('r', 'p', 'm', 'S')), 0::bigint, 'it holds no tables');

-- traps: every operator and function of PostgreSQL over common types, and what would fit better where it has none
DROP EXTENSION leadflow;
CREATE SCHEMA trap;
CREATE TEMP TABLE t (t oid);
INSERT INTO t SELECT ('pg_catalog.' || n)::regtype FROM unnest('{text,varchar,name,"\"char\"",bool,int2,int4,int8,oid,regclass,numeric,float8,date,timestamp,timestamptz,interval,jsonb,text[],int4[],int8[]}'::text[]) n;
SELECT format('CREATE FUNCTION trap.o%s(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION %L; END $f$', row_number() OVER (), concat_ws(', ', l::regtype, r::regtype), ret::regtype, 'the trap ' || concat_ws(' ', l::regtype, op, r::regtype) || ' was sprung'),
       format('CREATE OPERATOR trap.%s (%s RIGHTARG = %s, FUNCTION = trap.o%s)', op, 'LEFTARG = ' || l::regtype || ',', r::regtype, row_number() OVER ())
FROM (SELECT o.op, l.t AS l, r.t AS r, COALESCE(e.oprresult, CASE WHEN o.op ~ '[<=>~@&]' AND o.op <> '->>' THEN 'bool'::regtype ELSE l.t END) AS ret
      FROM unnest('{=,<>,<,>,<=,>=,||,+,-,*,/,~,!~,~*,~~,!~~,->>,->,@>,<@,&&}'::text[]) o (op) CROSS JOIN t l CROSS JOIN t r
      LEFT JOIN pg_operator e ON e.oprname = o.op AND e.oprleft = l.t AND e.oprright = r.t AND e.oprnamespace = 'pg_catalog'::regnamespace) x \gexec
SELECT format('CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION %L; END $f$', f.proname, f.args, f.ret, 'the trap ' || f.proname || '(' || f.args || ') was sprung')
FROM (SELECT DISTINCT p.proname, oidvectortypes(p.proargtypes) AS args, p.prorettype::regtype AS ret FROM pg_proc p
      WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.prorettype IN (SELECT t FROM t)
          AND p.pronargs BETWEEN 1 AND 3 AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a WHERE a NOT IN (SELECT t FROM t))) f \gexec
SELECT cmp_ok((SELECT count(*) FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace), '>', 5000::bigint, 'operators are trapped');
SELECT cmp_ok((SELECT count(*) FROM pg_proc WHERE pronamespace = 'trap'::regnamespace AND proname !~ '^o\d+$'), '>', 700::bigint, 'and functions');
SELECT throws_ok($$SET LOCAL search_path = trap, pg_catalog; SELECT 1 + 1$$, 'P0001', 'the trap integer + integer was sprung', 'a trap that is stepped on springs');

-- the extension, a workspace, and a day's work with traps on the way
SET search_path = trap, pg_catalog;
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO crm.team_member (member, team, department) VALUES ('anna', 'inbound', 'sales');
INSERT INTO crm.pool (pool, fallback_owner) VALUES ('default', 'anna');
INSERT INTO crm.pool_member (pool, member) VALUES ('default', 'anna');
INSERT INTO crm.routing_rule (rule, pool, meaning) VALUES ('all', 'default', 'x');
INSERT INTO crm.account (source, external_id, name, domain, employees, country) VALUES ('t', '1', 'Fit Co', 'fit.example', 100, 'PL');
INSERT INTO crm.campaign (source, external_id, name, channel, starts_on, budget, currency) VALUES ('t', '1', 'Search', 'search', '2026-01-01', 10, 'EUR');
INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, account_id, campaign_id) VALUES
    ('t', '1', 'Ada', 'ada@fit.example', 'CEO', true, 1, 1), ('t', '2', 'Ben', 'ben@fit.example', 'CEO', true, 1, 1), ('t', '3', 'Cleo', 'cleo@fit.example', 'CEO', true, 1, 1);
INSERT INTO crm.touch (lead_id, kind, channel, direction, content) SELECT l.id, k.kind, 'web', 'inbound', 'x' FROM crm.lead l, (VALUES ('web_visit'), ('demo_request')) k (kind);
UPDATE crm.lead SET stage = 'mql';
INSERT INTO crm.touch (lead_id, kind, channel, direction, actor) SELECT l.id, 'call', 'phone', 'outbound', 'anna' FROM crm.lead l;
INSERT INTO crm.transcript (touch_id, words) SELECT t.id, 'too expensive' FROM crm.touch t;
UPDATE crm.lead SET why_now = 'x', promised = 'nothing', evidence = 'x', need = 'x', budget = 5, currency = 'EUR', decision_by = '2026-06-01' WHERE id OPERATOR(pg_catalog.=) 1;
INSERT INTO crm.verdict (lead_id, verdict) VALUES (1, 'accepted');
INSERT INTO crm.verdict (lead_id, verdict, reason, note, narrative) VALUES (2, 'rejected', 'not_now', 'x', 'later');
INSERT INTO crm.opportunity (source, external_id, lead_id, stage, amount, currency, owner) VALUES ('t', '1', 1, 'opportunity', 100, 'EUR', 'anna');
UPDATE crm.opportunity SET stage = 'won', expected_close = '2026-03-02';
INSERT INTO crm.target (metric, starts_on, ends_on, value) VALUES ('revenue', '2026-01-01', '2026-03-31', 100);
INSERT INTO crm.keyword (keyword, phrases, meaning) VALUES ('k', '{too expensive}', 'x');
SELECT leadflow.propose('crm', 'standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}, "row": {"expression": "signals >= 1"}}', 'x'),
       leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.example"}}', 'x') \g /dev/null
SELECT leadflow.withdraw('crm', 2) \g /dev/null
SELECT * FROM leadflow.sweep('crm') \g /dev/null
CALL leadflow.refresh_scores('crm');
SELECT leadflow.merge('crm', 1, 3), leadflow.forget('crm', 2) \g /dev/null
SELECT leadflow.handbook('crm', 'pl'), leadflow.panel('crm', 'zh'), leadflow.metric('crm', 'revenue', '[2026-01-01,2026-04-01)') \g /dev/null
SELECT * FROM leadflow.sample('crm', 'calls', '2026-01-01', '2026-04-01', 2, 'x') \g /dev/null
SELECT * FROM leadflow.explain('crm', 1, 'won') \g /dev/null
SELECT * FROM leadflow.explain_score('crm', 1) \g /dev/null
SELECT * FROM leadflow.definition_diff('crm', 1, 5) \g /dev/null
SELECT * FROM leadflow.pipeline_asof('crm', '2026-03-02 10:00+00') \g /dev/null
SELECT leadflow.upgrade_workspace('crm') \g /dev/null
RESET search_path;
SELECT pass('no trap was sprung by work');
SELECT is((SELECT string_agg(concat_ws(' ', id, stage, merged_into, owner), ', ' ORDER BY id) FROM crm.lead), '1 won anna, 2 nurture anna, 3 mql 1 anna', 'the work was done');
\o /dev/null
SELECT format('SET search_path = trap, pg_catalog; SELECT pg_catalog.count(v) FROM crm.%I v; RESET search_path', c.relname) AS statement
FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' ORDER BY 1 \gexec
\o
SELECT pass('nor by a report');

-- the update from a release, and of a workspace of it
DROP SCHEMA crm CASCADE;
DROP EXTENSION leadflow;
CREATE EXTENSION leadflow VERSION '0.1';
SELECT is_empty($$SELECT m[1] FROM script, regexp_matches(words, '\mOR\s+REPLACE\s+(\w+\s+[\w.]+)', 'g') m
    WHERE name = 'update' AND m[1] NOT IN (SELECT 'FUNCTION ' || p.oid::regproc FROM pg_proc p WHERE p.pronamespace = 'leadflow'::regnamespace)$$, 'update: it replaces only functions of the extension');
SELECT cmp_ok((SELECT count(*) FROM script, regexp_matches(words, '\mOR\s+REPLACE\s', 'g') WHERE name = 'update'), '>', 20::bigint, 'which it does');
SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = trap, pg_catalog;
ALTER EXTENSION leadflow UPDATE;
SELECT leadflow.upgrade_workspace('crm') \g /dev/null
RESET search_path;
SELECT is((SELECT w.version FROM crm.workspace w), leadflow.version(), 'no trap was sprung by the update');
SELECT * FROM finish();
