-- What a criterion may say, and what is refused when it is written
\ir common/tried.sql
SELECT tried($$CREATE COLLATION x (provider = icu, locale = 'und')$$) = '00000' AND tried($$SELECT '<a/>'::xml$$) = '00000' AS whole \gset
\if :whole
\else
SELECT '1..0 # SKIP needs a PostgreSQL with ICU and libxml';
\quit
\endif
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

-- traps of a hostile user's, on the search_path of everybody who looks
CREATE TABLE trap (sprung text);
CREATE FUNCTION public.spring(what text) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.trap VALUES ($1) $$;
CREATE FUNCTION public.innocent(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('function'); RETURN true; END $$;
CREATE FUNCTION public.length(text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('length'); RETURN 1; END $$;
CREATE FUNCTION public.text_differs(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('operator'); RETURN true; END $$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.text_differs);
CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = public.text_differs);
CREATE FUNCTION public.any_gt(bigint, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('bigint >'); RETURN true; END $$;
CREATE OPERATOR public.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = public.any_gt);
CREATE FUNCTION public.checked(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('domain'); RETURN true; END $$;
CREATE DOMAIN public.dom AS text CHECK (public.checked(VALUE));
CREATE TYPE public.pair AS (a integer, b text);
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
CREATE TYPE public.spread AS RANGE (subtype = text);
CREATE FUNCTION public.to_mood(integer) RETURNS public.mood LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('cast'); RETURN 'sad'; END $$;
CREATE CAST (integer AS public.mood) WITH FUNCTION public.to_mood(integer) AS IMPLICIT;
CREATE AGGREGATE public.every_one(boolean) (SFUNC = booland_statefunc, STYPE = boolean);
CREATE COLLATION public.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE pg_temp.hidden AS ENUM ('x');
CREATE FUNCTION pg_temp.length(varchar) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spring('pg_temp'); RETURN 1; END $$;
ALTER TABLE crm.lead ADD COLUMN twice numeric GENERATED ALWAYS AS (budget * 2) STORED,
    ADD COLUMN d public.dom, ADD COLUMN p public.pair, ADD COLUMN m public.mood, ADD COLUMN ms public.mood[], ADD COLUMN sp public.spread,
    ADD COLUMN tags text[], ADD COLUMN x xml, ADD COLUMN ip inet, ADD COLUMN during tstzrange, ADD COLUMN cal leadflow.calendar,
    ADD COLUMN "Odd name" text, ADD COLUMN attempts bigint, ADD COLUMN js json, ADD COLUMN t time;

-- where public comes before pg_catalog
CREATE FUNCTION written(text) RETURNS text LANGUAGE plpgsql SET search_path = public, crm, pg_catalog AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', $1);
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        RETURN replace(SQLSTATE, 'ZZ000', '00000');
    END;
END $$;

SELECT is(written(c.expression), c.expected, format('refused %s: %s', c.expected, left(c.expression, 60)))
FROM (VALUES
    -- not one expression
    ('', '42601'), (' ', '42601'), ('true;', '42601'), ('true; DROP TABLE crm.lead', '42601'), ('true, true', '42601'), ('true AS x', '42601'),
    ('true x', '42601'), ('true FROM crm.lead', '42601'), ('true WHERE true', '42601'), ('true ORDER BY 1', '42601'), ('true LIMIT 1', '42601'),
    ('true FOR UPDATE', '42601'), ('true UNION SELECT true', '42601'), ('DISTINCT true', '42601'), ('true INTO x', '42601'),
    ('true GROUP BY 1', '42601'), ('true HAVING true', '42601'), ('true WINDOW w AS ()', '42601'), ('true OFFSET 0', '42601'), ('true FETCH FIRST ROW ONLY', '42601'),
    ('SELECT true', '42601'), ('VALUES (true)', '42601'), ('lead.*', '42804'), ('budget >', '42601'), ('-- nothing', '42601'),
    ('true) OR (true', '42601'), ('/* */', '42601'),
    -- queries within
    ('EXISTS (SELECT FROM crm.lead)', '0A000'), ('(SELECT true)', '0A000'), ('budget > ALL (SELECT 1)', '0A000'), ('id IN (SELECT id FROM crm.lead)', '0A000'),
    ('ARRAY(SELECT true) = tags', '0A000'), ('count(*) > 0', '42803'), ('max(budget) > 0', '42803'), ('public.every_one(true)', '42803'),
    ('row_number() OVER () = 1', '42P20'), ('generate_series(1, 2) > 0', '0A000'), ('unnest(tags) = ''a''', '0A000'), ('GROUPING(id) = 0', '42803'),
    ('$1', '42P02'), ('$1 > 0', '42P02'), ('budget > $2', '42P02'), (':x', '42601'), ('CURRENT OF c', '42601'),
    -- not boolean, not there
    ('budget', '42804'), ('1', '42804'), ('''maybe''', '22P02'), ('now()', '42804'), ('nothing_here > 1', '42703'), ('lead.nothing > 1', '42703'),
    ('crm.standard.expression = ''x''', '42P01'), ('new.budget > 1', '42P01'), ('no_function()', '42883'), ('budget > ''x''', '22P02'), ('budget ~ ''x''', '42883'),
    ('stage >= ''nonsense''', '22P02'), ('email = 1', '42883'), ('email = ''b'' COLLATE "nowhere"', '42704'),
    -- what is not of the row
    ('ctid IS NOT NULL', '42P10'), ('xmin IS NOT NULL', '42P10'), ('tableoid > 0', '42P10'), ('lead IS NOT NULL', '42P10'), ('lead.* IS NOT NULL', '42P10'),
    ('lead = lead', '42P10'), ('lead::text = ''x''', '42P17'), ('row_to_json(lead) IS NULL', '42P17'), ('twice > 1', '42P10'), ('twice IS NULL', '42P10'), ('lead.twice > 1', '42P10'),
    -- code that is not PostgreSQL's nor leadflow's
    ('public.innocent(email)', '42P17'), ('innocent(email)', '42883'), ('email.innocent', '42P01'), ('lead.innocent', '42703'), ('public.length(email) > 1', '42P17'),
    ('email OPERATOR(public.=) ''x''', '42P17'), ('email === ''x''', '42883'), ('email OPERATOR(public.===) ''x''', '42P17'),
    ('email OPERATOR(public.=) ANY (tags)', '42P17'), ('email OPERATOR(public.===) ALL (tags)', '42P17'), ('NOT email OPERATOR(public.===) ''x''', '42P17'),
    ('NULLIF(public.innocent(email), true)', '42P17'), ('COALESCE(public.innocent(email), true)', '42P17'), ('CASE WHEN public.innocent(email) THEN true END', '42P17'),
    ('CASE email WHEN public.length(email)::text THEN true END', '42P17'), ('GREATEST(public.length(email), 1) > 0', '42P17'), ('(ARRAY[public.innocent(email)])[1]', '42P17'),
    ('tags[public.length(email)] = ''x''', '42P17'), ('public.innocent(email) IS TRUE', '42P17'), ('public.innocent(email) IS NULL', '42P17'), ('true OR public.innocent(email)', '42P17'),
    ('length(email::varchar) > public.length(''a'')', '42P17'), ('format_type(23, public.length(email)) = ''x''', '42P17'), ('public.innocent(''constant'')', '42P17'),
    ('pg_temp.length(''a''::varchar) > 1', '42P17'), ('crm.no_function()', '42883'), ('tap_funky IS NULL', '42703'), ('public.finish() IS NULL', '0A000'),
    -- types of others
    ('d = ''x''', '42P17'), ('d::text = ''x''', '42P17'), ('email::public.dom = ''x''', '42P17'), ('''x''::public.dom IS NOT NULL', '42P17'), ('''x''::dom IS NOT NULL', '42704'),
    ('p = p', '42P17'), ('(p).a = 1', '42P17'), ('(p).b IS NULL', '42P17'), ('p = ROW(1, ''a'')', '42P17'), ('(budget, id) > (1, 2)', '42P17'),
    ('ROW(1) IS NULL', '42P17'), ('p IS NOT NULL', '42P17'), ('''(1,2)''::public.pair IS NULL', '42P17'), ('m = ''happy''', '42P17'), ('m::text = ''happy''', '42P17'), ('''happy''::public.mood IS NULL', '42P17'),
    ('1::public.mood IS NULL', '42P17'), ('ms = ''{happy}''', '42P17'), ('m = ANY (ms)', '42P17'), ('m > ''sad''', '42P17'), ('ms[1] IS NULL', '42P17'), ('array_length(ms, 1) > 0', '42P17'), ('cardinality(ms) > 0', '42P17'),
    ('sp @> ''a''::text', '42P17'), ('isempty(sp)', '42P17'), ('''x''::pg_temp.hidden IS NULL', '42P17'), ('COALESCE(m, ''sad'') IS NULL', '42P17'), ('GREATEST(m, m) IS NULL', '42P17'), ('(CASE WHEN true THEN m END) IS NULL', '42P17'),
    ('''x''::crm.lead IS NULL', '22P02'), ('''{}''::crm.lead[] IS NULL', '42P17'), ('NULL::record IS NULL', '42P17'), ('''x''::cstring IS NULL', '42P17'), ('NULL::void IS NULL', '42P17'),
    -- what reads tables, settings, files or the session
    ('current_setting(''data_directory'') = ''x''', '42P17'), ('set_config(''a.b'', ''c'', false) = ''c''', '42P17'), ('current_user = ''x''', '42P17'), ('session_user = ''x''', '42P17'),
    ('user = ''x''', '42P17'), ('current_role = ''x''', '42P17'), ('current_catalog = ''x''', '42P17'), ('current_schema = ''x''', '42P17'), ('current_schema() = ''x''', '42P17'), ('current_database() = ''x''', '42P17'),
    ('version() = ''x''', '42P17'), ('pg_backend_pid() = 1', '42P17'), ('inet_server_addr() IS NULL', '42P17'), ('pg_postmaster_start_time() < now()', '42P17'), ('txid_current() > 0', '42P17'), ('pg_is_in_recovery()', '42P17'),
    ('table_to_xml(''crm.lead''::regclass, true, true, '''') IS NULL', '42P17'), ('query_to_xml(''select 1'', true, true, '''') IS NULL', '42P17'), ('pg_read_file(''x'') = ''x''', '42P17'), ('pg_ls_dir(''.'') = ''x''', '0A000'),
    ('nextval(''crm.lead_id_seq'') > 0', '42P17'), ('currval(''crm.lead_id_seq'') > 0', '42P17'), ('lastval() > 0', '42P17'), ('email::regclass IS NULL', '42P17'), ('email::regproc IS NULL', '42P17'), ('role::regrole IS NULL', '42P17'), ('email::regtype IS NULL', '42P17'),
    ('id::oid::regclass::text = ''x''', '42P17'), ('pg_relation_size(''crm.lead'') > 0', '42P17'), ('has_table_privilege(''crm.lead'', ''select'')', '42P17'), ('to_regclass(email) IS NULL', '42P17'), ('pg_get_viewdef(1) = ''x''', '42P17'),
    ('random() > 0', '42P17'), ('gen_random_uuid() IS NULL', '42P17'), ('clock_timestamp() > now()', '42P17'), ('timeofday() = ''x''', '42P17'), ('pg_sleep(1) IS NULL', '42P17'), ('pg_sleep_for(''1s'') IS NULL', '42P17'), ('pg_notify(''a'', ''b'') IS NULL', '42P17'),
    ('pg_advisory_lock(1) IS NULL', '42P17'), ('pg_terminate_backend(1)', '42P17'), ('lo_create(1) > 0', '42P17'), ('dblink(''x'') IS NULL', '42883'), ('obj_description(1) = ''x''', '42P17'), ('ts_rewrite(''a''::tsquery, ''select 1'') IS NULL', '42P17'),
    ('ts_stat(''select 1'') IS NULL', '0A000'), ('query_to_xmlschema(''select 1'', true, true, '''') IS NULL', '42P17'), ('cursor_to_xml(''c'', 1, true, true, '''') IS NULL', '42P17'), ('schema_to_xml(''crm'', true, true, '''') IS NULL', '42P17'),
    ('to_tsvector(email) IS NULL', '42P17'), ('get_current_ts_config() IS NULL', '42P17'), ('to_char(budget, ''999'') = ''x''', '42P17'), ('format(''%s'', email) = ''x''', '42P17'), ('concat(email, ''x'') = ''x''', '42P17'), ('quote_literal(1) = ''x''', '42P17'),
    ('array_to_string(tags, '','') = ''x''', '42P17'), ('to_jsonb(email) IS NULL', '42P17'), ('jsonb_build_object(''a'', email) IS NULL', '42P17'), ('tags::text = ''x''', '42P17'), ('to_timestamp(email, ''YYYY'') > now()', '42P17'), ('pg_typeof(email)::text = ''x''', '42P17'),
    -- XML
    ('x IS DOCUMENT', '42P17'), ('xmlparse(document email) IS NULL', '42P17'), ('xmlelement(name a, email) IS NULL', '42P17'), ('xmlserialize(content x AS text) = ''a''', '42P17'), ('email::xml IS NULL', '42P17'),
    -- leadflow's own that read more than the row
    ('leadflow.explain(''crm'', 1, ''mql'') IS NULL', '0A000'), ('leadflow.version() = ''x''', '42P17'), ('leadflow.forget(''crm'', 1) IS NULL', '42P17'), ('leadflow.create_workspace(''x'') IS NULL', '42P17'),
    ('leadflow.pause_clock(''crm'', 1, ''x'') IS NULL', '42P17'), ('(leadflow.explain_transition(''crm'', ''lead'', ''mql'')).allowed', '42P17'), ('leadflow.guard() IS NULL', '42P17')
) AS c (expression, expected);
SELECT is(written('true' || repeat(' OR false', 1200)), '54000', 'refused 54000: too long');
SELECT is(written(repeat('(', 4000) || 'true' || repeat(')', 4000)), '00000', 'allowed: very deep parentheses that mean nothing');
SELECT is(written(NULL), '23502', 'refused 23502: null');
SELECT is((SELECT count(*) FROM trap), 0::bigint, 'no trap was sprung by looking at the expressions');

SELECT is(written(c.expression), '00000', 'allowed: ' || c.expression)
FROM (VALUES
    ('true'), ('NULL'), ('budget > 5000'), ('budget >= 5000 AND decision_by <= current_date + 90'), ('lead.budget > 1'), ('"Odd name" = ''x'''), ('verified'), ('NOT verified'), ('verified IS NOT TRUE'),
    ('role ~* ''\m(ceo|cto)\M'''), ('email LIKE ''%@%'' AND email NOT ILIKE ''%@gmail.com'''), ('email SIMILAR TO ''_+@_+'''), ('length(email) > 5'), ('lower(btrim(email)) = email'), ('email IN (''a'', ''b'')'), ('origin = ANY (''{web,event}'')'),
    ('budget BETWEEN 1 AND 10'), ('budget BETWEEN SYMMETRIC 10 AND 1'), ('email IS DISTINCT FROM phone'), ('COALESCE(email, phone) IS NOT NULL'), ('NULLIF(email, '''') IS NOT NULL'), ('GREATEST(budget, score) > 10'), ('LEAST(decision_by, current_date) > ''2020-01-01'''),
    ('CASE WHEN segment = ''smb'' THEN budget > 1 ELSE budget > 10 END'), ('CASE segment WHEN ''smb'' THEN true END'), ('CASE stage WHEN ''mql'' THEN true END'), ('budget / NULLIF(score, 0) > 1'), ('round(budget, 0) % 2 = 0'), ('budget::integer > 1'), ('score::text = ''1'''),
    ('''a'' || email = ''ab'''), ('substring(email FROM ''@(.*)$'') = ''x'''), ('split_part(email, ''@'', 2) = ''x'''), ('position(''@'' IN email) > 1'), ('trim(BOTH FROM email) <> '''''), ('overlay(email PLACING ''x'' FROM 1) = ''x'''), ('regexp_replace(phone, ''\D'', '''', ''g'') ~ ''^\d{9,}$'''), ('starts_with(email, ''a'')'), ('email COLLATE "C" < ''b'''), ('email COLLATE public.folded = ''A'''),
    -- dates and times
    ('decision_by <= now() + interval ''90 days'''), ('decision_by - current_date < 90'), ('age(decision_by) < interval ''1 year'''), ('extract(dow FROM decision_by) < 6'), ('date_trunc(''month'', stage_since) = date_trunc(''month'', now())'), ('stage_since AT TIME ZONE ''Europe/Warsaw'' > ''2020-01-01'''),
    ('to_char(decision_by, ''YYYY'') = ''2026'''), ('make_date(2026, 1, 1) < decision_by'), ('make_interval(0, 0, 0, 3) < age(stage_since)'), ('make_interval(days => 3) < age(stage_since)'), ('stage_since::date < decision_by'), ('localtimestamp > stage_since'), ('current_time IS NOT NULL'), ('t < ''17:00'''), ('(stage_since, stage_since + interval ''1 day'') OVERLAPS (now(), now())'),
    ('isfinite(decision_by)'), ('justify_days(age(stage_since)) > interval ''1 month'''), ('during @> now()'), ('upper(during) > now()'), ('date_part(''hour'', stage_since) < 17'), ('(attributes ->> ''when'')::timestamptz < now()'), ('transaction_timestamp() = now()'), ('decision_by::text > ''2026'''),
    -- arrays, json, others
    ('tags @> ''{a}'''), ('tags && ARRAY[''a'', ''b'']'), ('''a'' = ANY (tags)'), ('array_length(tags, 1) > 1'), ('cardinality(tags) > 0'), ('tags[1] = ''a'''), ('tags[1:2] = ''{a,b}'''), ('array_position(tags, ''a'') = 1'), ('attributes ? ''a'''), ('attributes @> ''{"a": 1}'''), ('attributes -> ''a'' ->> ''b'' = ''c'''),
    ('(attributes ->> ''seats'')::integer >= 10'), ('attributes #>> ''{a,b}'' = ''c'''), ('attributes[''a''] = ''1'''), ('jsonb_typeof(attributes -> ''a'') = ''array'''), ('jsonb_array_length(attributes -> ''a'') > 1'), ('attributes @? ''$.a[*] ? (@ > 1)'''), ('js ->> ''a'' = ''b'''), ('ip << inet ''10.0.0.0/8'''), ('email::varchar(3) = ''abc'''),
    ('to_tsvector(''english'', need) @@ to_tsquery(''english'', ''waste'')'), ('md5(email) > ''a'''), ('id % 2 = 0'), ('ROW(budget, id) = ROW(1, 2)'), ('xmlexists(''//a'' PASSING x)'), ('account_id IS NOT NULL'),
    -- columns of any type can be there or not
    ('d IS NOT NULL'), ('m IS NULL'), ('ms IS NOT NULL'), ('sp IS NULL'), ('x IS NOT NULL'),
    -- evidence, leadflow
    ('signals >= 2 AND signal_kinds >= 2'), ('last_signal_at > now() - interval ''30 days'''), ('first_signal_at < last_signal_at'), ('attempts = 0'), ('channels_tried >= 2'), ('last_attempt_at IS NULL'), ('last_inbound_at > last_attempt_at'),
    ('leadflow.clock() > stage_since'), ('leadflow.worktime(''UTC; Mo-Fr 09:00-17:00'', stage_since, leadflow.clock()) < interval ''16 hours'''), ('cal @> now()'), ('leadflow.add_worktime(cal, stage_since, ''02:00'') > now()'), ('stage >= ''mql'''), ('stage < furthest_stage'), ('stage <@ ''proposal'''), ('stage = ''mql''::leadflow.stage'), ('stage::text LIKE ''mql.%'''), ('stage IN (''mql'', ''sal'')'), ('stage IS DISTINCT FROM ''mql''')
) AS c (expression);
SELECT is((SELECT count(*) FROM trap), 0::bigint, 'no trap was sprung');

-- what is written means the same whoever evaluates it, under whatever search_path
INSERT INTO crm.standard (stage, criterion, requirement, expression, position) VALUES
    ('sal', 'same', 'x', 'length(email) > 3 AND email <> ''no'' AND email = ''a@b.c''', 1);
INSERT INTO crm.lead (source, external_id, email) VALUES ('t', 'a', 'a@b.c'), ('t', 'b', 'x@b.c');
TRUNCATE trap;		-- PostgreSQL itself looks at the domain
CREATE FUNCTION moved(of_lead text) RETURNS text LANGUAGE plpgsql SET search_path = public, crm, pg_catalog AS $$
BEGIN
    UPDATE crm.lead SET stage = 'sal' WHERE external_id OPERATOR(pg_catalog.=) $1;
    RETURN '00000 ' || current_setting('search_path');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || current_setting('search_path');
END $$;
SELECT is(moved('a'), '00000 public, crm, pg_catalog', 'operators are those of pg_catalog');
SELECT is(moved('b'), '23514 public, crm, pg_catalog', 'also where they are not met; the search_path is as it was');
SELECT is((SELECT string_agg(DISTINCT sprung, ',') FROM trap), NULL, 'no trap was sprung by judging');

-- a column shadows evidence of the same name
UPDATE crm.lead SET attempts = 7;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sql', 'shadow', 'x', 'attempts = 7');
SELECT lives_ok($$UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'a'$$, 'a column comes before evidence');

-- NULL and errors
CREATE FUNCTION judged(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; con text;
BEGIN
    BEGIN
        INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('opportunity', 'judged', 'x', $1);
        UPDATE crm.lead SET stage = 'opportunity' WHERE external_id = 'a';
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, con = CONSTRAINT_NAME;
    END;
    RETURN replace(state, 'ZZ000', 'met') || coalesce(' ' || nullif(con, ''), '');
END $$;
SELECT is(judged(c.expression), c.expected, c.expression || ': ' || c.expected)
FROM (VALUES ('true', 'met'), ('NULL', '23514 judged'), ('false', '23514 judged'), ('budget > 1', '23514 judged'), ('NOT (budget > 1)', '23514 judged'), ('(budget > 1) IS NOT TRUE', 'met'),
             ('1 / 0 > 1', '22012'), ('phone::integer > 1', '23514 judged'), ('email::integer > 1', '22P02'), ('budget IS NULL AND signals = 0 AND last_signal_at IS NULL', 'met'),
             ('CASE WHEN false THEN 1 / id::integer = 0 ELSE true END', 'met'), ('stage = ''opportunity'' AND furthest_stage = ''opportunity'' AND stage_since = leadflow.clock()', 'met')) c (expression, expected);

-- the settings of the session that compiles it first change nothing of its meaning
CREATE FUNCTION judged_under(settings text, expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        EXECUTE settings;
        INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('opportunity', 'judged', 'x', $2);
        UPDATE crm.lead SET stage = 'opportunity', budget = 5, origin = 'web7', stage_since = '2026-03-02 10:00+00' WHERE external_id = 'a';
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        state := SQLSTATE;
    END;
    RETURN replace(state, 'ZZ000', 'met');
END $$;
SELECT is(judged_under(c.settings, c.expression), judged_under('', c.expression), format('%s: %s', c.settings, c.expression))
FROM (VALUES
    ('SET LOCAL standard_conforming_strings = off', $$origin ~ '^web\d$'$$),
    ('SET LOCAL transform_null_equals = on', 'score = NULL'),
    ('SET LOCAL backslash_quote = off', $$origin <> E'it\'s'$$),
    ('SET LOCAL DateStyle = ''SQL, DMY''', $$stage_since > '05/02/2026'$$),
    ('SET LOCAL TIME ZONE ''Pacific/Chatham''', $$stage_since = '2026-03-02 10:00'$$),
    ('SET LOCAL IntervalStyle = ''sql_standard''', $$interval '-1 2:03:04' < interval '-1 day'$$),
    ('SET LOCAL search_path = pg_temp', 'length(origin) = 4'),
    ('SET LOCAL extra_float_digits = 0; SET LOCAL bytea_output = escape; SET LOCAL lc_numeric = ''C''', 'budget::float8 > 4.9'),
    ('SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off', 'budget > 4')
) AS c (settings, expression);
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('budget', 'digits', 'x', 'origin ~ ''^web\d$''');
UPDATE crm.lead SET origin = 'web7' WHERE external_id = 'a';
BEGIN;
SET LOCAL standard_conforming_strings = off;
UPDATE crm.standard SET requirement = 'y' WHERE criterion = 'digits';
SAVEPOINT s;
UPDATE crm.lead SET stage = 'lead.x' WHERE false;
SELECT leadflow.explain('crm', id, 'budget') FROM crm.lead \g /dev/null
COMMIT;
SELECT lives_ok($$UPDATE crm.lead SET stage = 'budget' WHERE external_id = 'a'$$, 'a setting of the past does not stick to a compiled criterion');

-- conditions of promises are criteria too
CREATE FUNCTION conditioned(text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_verdict, target, promise, condition) VALUES ('c' || $1, 'm', 'mql', true, '1h', 'x', $1);
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT is(conditioned(c.condition), c.expected, 'condition: ' || c.condition)
FROM (VALUES ('budget > 1', '00000'), ('public.innocent(email)', '42P17'), ('nothing', '42703'), ('amount > 1', '42703')) c (condition, expected);
SELECT throws_ok($$INSERT INTO crm.standard (object, stage, criterion, requirement, expression) VALUES ('opportunity', 'won', 'c', 'x', 'budget > 1')$$, '42703', NULL,
                 'the criteria of opportunities are over opportunities');
SELECT throws_ok($$UPDATE crm.standard SET expression = 'random() > 0'$$, '42P17', NULL, 'an update is looked at too');
SELECT throws_ok($$UPDATE crm.standard SET object = 'opportunity' WHERE criterion = 'same'$$, '42703', NULL, 'also one of the object');

-- an error points at its place in the expression
\setenv PGDATABASE :DBNAME
\set place `psql -X -q -A -t -c "INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', 'budget > 1 AND random() > 0')" 2>&1 | tr '\n' '~'`
SELECT matches(:'place'::text, 'function (pg_catalog\.)?random\(\) is not allowed in a criterion~LINE 1: budget > 1 AND random\(\) > 0~ {23}\^', 'a refusal shows the place');
\set place `psql -X -q -A -t -c "INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', 'budget > 1 AND budgett > 0')" 2>&1 | tr '\n' '~'`
SELECT matches(:'place'::text, 'column "budgett" does not exist~LINE 1: budget > 1 AND budgett > 0~ {23}\^', 'an error of the parser shows the place');
\set place `psql -X -q -A -t -c "INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sal', 'c', 'x', 'budget > > 1')" 2>&1 | tr '\n' '~'`
SELECT matches(:'place'::text, 'syntax error at or near ">"~LINE 1: budget > > 1~ {17}\^', 'a syntax error shows the place');

SELECT is(written(c.e), c.expected, c.e) FROM (VALUES ('(lead).*', '0A000'), ('ROW(lead.*) IS NULL', '42P17'), ('*', '42601')) c (e, expected);

SELECT * FROM finish();
