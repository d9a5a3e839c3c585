-- Definitions as of an instant, and what differs between two versions
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql
SET search_path = crm, public;

-- every definition table whose rows are recorded
CREATE FUNCTION definitions() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c.relname::text FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid
     WHERE c.relnamespace = 'crm'::regnamespace AND t.tgname = 'leadflow_definition_recorder' AND t.tgtype & 1 = 1 ORDER BY 1
$$;
-- differs(): rows of the tables that definitions_at does not have, or has beside them
CREATE FUNCTION differs() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    d text; n bigint; seen text;
BEGIN
    CREATE TEMP TABLE now_at AS SELECT * FROM leadflow.definitions_at('crm', 'infinity');
    FOR d IN SELECT * FROM definitions() LOOP
        EXECUTE format($q$SELECT count(*) FROM (SELECT to_jsonb(t) AS r FROM crm.%1$I t) a
            FULL JOIN (SELECT "row" AS r FROM now_at WHERE definition = %1$L) b USING (r) WHERE a.* IS NULL OR b.* IS NULL$q$, d) INTO n;
        IF n > 0 THEN
            seen := concat_ws(' ', seen, d, n);
        END IF;
    END LOOP;
    SELECT concat_ws(' ', seen, 'twice ' || count(*)) INTO seen FROM (SELECT FROM now_at GROUP BY definition, key HAVING count(*) > 1) t HAVING count(*) > 0;
    DROP TABLE now_at;
    RETURN COALESCE(seen, 'equal');
END $$;

SELECT cmp_ok((SELECT count(*) FROM definitions()), '>', 30::bigint, 'there are many kinds of definition');
SELECT is(differs(), 'equal', 'the definitions of now are the tables');

-- by hand: three changes of one row, one of its key, one removal
SELECT max(version) AS v0 FROM definition_change \gset
SET leadflow.change_reason = 'talked about it on Monday';
INSERT INTO score_group VALUES ('calls', 10, 'talks');
RESET leadflow.change_reason;
SELECT max(version) AS v1, clock_timestamp() AS at1 FROM definition_change \gset
UPDATE score_group SET cap = 20 WHERE score_group = 'calls';
UPDATE score_group SET cap = 30, meaning = 'long talks' WHERE score_group = 'calls';
SELECT max(version) AS v3, clock_timestamp() AS at3 FROM definition_change \gset
UPDATE score_group SET score_group = 'talks' WHERE score_group = 'calls';
SELECT max(version) AS v4, clock_timestamp() AS at4 FROM definition_change \gset
DELETE FROM score_group WHERE score_group = 'talks';
SELECT max(version) AS v5 FROM definition_change \gset

SELECT is((SELECT string_agg(key ->> 'score_group' || ' ' || ("row" ->> 'cap') || ' ' || (version - :v0), ', ')
           FROM leadflow.definitions_at('crm', t.at) WHERE definition = 'score_group' AND key ->> 'score_group' IN ('calls', 'talks')), t.expected, t.label)
FROM (VALUES (:'at1'::timestamptz, 'calls 10.0000 1', 'as it was written'), (:'at3', 'calls 30.0000 3', 'as it was changed twice'),
             (:'at4', 'talks 30.0000 4', 'under its new key'), ('infinity', NULL, 'gone'), ('2000-01-01', NULL, 'not yet there')) t (at, expected, label);
SELECT is_empty($$SELECT * FROM leadflow.definitions_at('crm', '-infinity')$$, 'before everything there was nothing');
SELECT is((SELECT changed_by FROM leadflow.definitions_at('crm', :'at3') WHERE key = '{"score_group": "calls"}' AND definition = 'score_group'), current_user::text, 'who made it so');
SELECT is((SELECT string_agg(COALESCE(reason, '-'), ',' ORDER BY version) FROM definition_change WHERE version > :v0), 'talked about it on Monday,-,-,-,-', 'why, where somebody said so');

SELECT is((SELECT COALESCE(array_agg(concat_ws('|', d.what, d.key ->> 'score_group', d.field, d.old #>> '{}', d.new #>> '{}')), '{}')
           FROM leadflow.definition_diff('crm', t.a, t.b) d), t.expected, t.label)
FROM (VALUES
    (:v0, :v0, '{}'::text[], 'a version and itself'),
    (:v0, :v1, '{added|calls|cap|10.0000,added|calls|meaning|talks,added|calls|score_group|calls}', 'added'),
    (:v1, :v3, '{changed|calls|cap|10.0000|30.0000,changed|calls|meaning|talks|long talks}', 'changed; the steps between are not told'),
    (:v3, :v4, '{removed|calls|cap|30.0000,removed|calls|meaning|long talks,removed|calls|score_group|calls,added|talks|cap|30.0000,added|talks|meaning|long talks,added|talks|score_group|talks}', 'another key is another row'),
    (:v0, :v5, '{}', 'what came and went is not told'),
    (:v4, 9223372036854775807, '{removed|talks|cap|30.0000,removed|talks|meaning|long talks,removed|talks|score_group|talks}', 'removed, up to the last version')
) t (a, b, expected, label);
SELECT is((SELECT count(DISTINCT (definition, key)) FROM leadflow.definition_diff('crm', 0, :v0)),
          (SELECT count(*) FROM leadflow.definition_last('crm', :v0, NULL) WHERE "row" IS NOT NULL), 'from nothing on, every row is added');

-- TRUNCATE takes all away, and what is written after it stays
TRUNCATE free_mail_domain, intent_topic, icp_trigger;
INSERT INTO free_mail_domain VALUES ('gmail.com'), ('new.example');
SELECT is(differs(), 'equal', 'after TRUNCATE');
SELECT is((SELECT string_agg(d.what || ' ' || n, ', ' ORDER BY d.what) FROM (SELECT what, count(*) AS n FROM leadflow.definition_diff('crm', :v5, 9223372036854775807) WHERE definition = 'free_mail_domain' GROUP BY 1) d),
          'added 1, removed 53', 'what was there before and is there again has not changed');
SELECT is((SELECT count(*) FROM leadflow.definitions_at('crm', :'at4') WHERE definition = 'free_mail_domain'), 54::bigint, 'before it they were there');

-- rows whose spans and instants were written under other settings are the same rows
BEGIN;
SET LOCAL timezone = 'Asia/Kolkata'; SET LOCAL intervalstyle = 'iso_8601';
UPDATE sla_policy SET position = position + 1 WHERE policy = 'cadence';
UPDATE workspace SET currency = 'PLN';
COMMIT;
SELECT is(differs(), 'equal', 'whatever the settings of whoever writes');
SELECT is((SELECT string_agg(field, ',') FROM leadflow.definition_diff('crm', (SELECT max(version) - 2 FROM definition_change), 9223372036854775807)), 'position,currency',
          'only what was changed differs');

-- a thousand random changes: of values, of keys, removals, and a few times all
SELECT setseed(0.4711) \g /dev/null
CREATE TEMP TABLE remembered (n integer, at timestamptz, version bigint, picture text);
CREATE FUNCTION picture() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat((SELECT string_agg(t::text, ';' ORDER BY t::text) FROM reason t), (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM exchange_rate t),
                      (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM team_member t), (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM transition t)))
$$;
CREATE FUNCTION picture_at(at timestamptz) RETURNS text LANGUAGE sql AS $$
    WITH d AS MATERIALIZED (SELECT * FROM leadflow.definitions_at('crm', at))
    SELECT md5(concat((SELECT string_agg(t::text, ';' ORDER BY t::text) FROM d, jsonb_populate_record(NULL::reason, d."row") t WHERE d.definition = 'reason'),
                      (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM d, jsonb_populate_record(NULL::exchange_rate, d."row") t WHERE d.definition = 'exchange_rate'),
                      (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM d, jsonb_populate_record(NULL::team_member, d."row") t WHERE d.definition = 'team_member'),
                      (SELECT string_agg(t::text, ';' ORDER BY t::text) FROM d, jsonb_populate_record(NULL::transition, d."row") t WHERE d.definition = 'transition')))
$$;
CREATE FUNCTION shuffle() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    k integer; a text; b text; done bigint := 0;
BEGIN
    FOR i IN 1..1000 LOOP
        k := floor(random() * 12); a := 'k' || floor(random() * 9); b := 'k' || floor(random() * 9);
        BEGIN
            CASE k
                WHEN 0 THEN INSERT INTO reason (code, applies_to, category) VALUES (a, '{lost}', b);
                WHEN 1 THEN UPDATE reason SET code = b, needs_note = NOT needs_note WHERE code = a;
                WHEN 2 THEN DELETE FROM reason WHERE code = a;
                WHEN 3 THEN UPDATE nurture_track SET track = b WHERE track = a;
                WHEN 4 THEN INSERT INTO nurture_track (track, meaning) VALUES (a, 'x') ON CONFLICT (track) DO UPDATE SET position = i;
                WHEN 5 THEN INSERT INTO exchange_rate VALUES ('USD', date '2026-01-01' + floor(random() * 20)::integer, random() + 1);
                WHEN 6 THEN UPDATE exchange_rate SET valid_from = valid_from + 1 WHERE random() < 0.3;
                WHEN 7 THEN INSERT INTO team_member (member, team, department, manager) VALUES (a, 't', 'sales', NULLIF(b, a));
                WHEN 8 THEN UPDATE team_member SET member = b WHERE member = a;
                WHEN 9 THEN UPDATE reason SET nurture_track = b WHERE code = a;
                WHEN 10 THEN UPDATE transition SET reason_required = NOT reason_required WHERE id % 7 = i % 7;
                ELSE IF random() < 0.1 THEN TRUNCATE exchange_rate; ELSE DELETE FROM exchange_rate WHERE random() < 0.2; END IF;
            END CASE;
            done := done + 1;
        EXCEPTION WHEN integrity_constraint_violation THEN NULL;
        END;
        IF i % 50 = 0 THEN
            INSERT INTO remembered SELECT i, clock_timestamp(), (SELECT max(version) FROM definition_change), picture();
        END IF;
    END LOOP;
    RETURN done;
END $$;
SELECT cmp_ok(shuffle(), '>', 600::bigint, 'most of the changes were made');
SELECT is(differs(), 'equal', 'after random changes of values and keys, removals and truncations');
SELECT is((SELECT string_agg(n::text, ',') FROM remembered WHERE picture_at(at) <> picture), NULL, 'and at each of twenty instants between');
SELECT is((SELECT count(*) FROM remembered), 20::bigint, 'which there are');
-- a diff carries one version into another
SELECT is_empty($$
    WITH a AS (SELECT * FROM leadflow.definition_last('crm', (SELECT version FROM remembered WHERE n = 300), NULL) WHERE "row" IS NOT NULL),
         b AS (SELECT * FROM leadflow.definition_last('crm', (SELECT version FROM remembered WHERE n = 900), NULL) WHERE "row" IS NOT NULL),
         d AS (SELECT definition, key, what, jsonb_object_agg(field, new) AS new
               FROM leadflow.definition_diff('crm', (SELECT version FROM remembered WHERE n = 300), (SELECT version FROM remembered WHERE n = 900)) GROUP BY 1, 2, 3),
         carried AS (SELECT COALESCE(a.definition, d.definition) AS definition, COALESCE(a.key, d.key) AS key, jsonb_strip_nulls(COALESCE(a."row", '{}') || COALESCE(d.new, '{}')) AS r
                     FROM a FULL JOIN d ON d.definition = a.definition AND d.key = a.key WHERE d.what IS DISTINCT FROM 'removed')
    (SELECT * FROM carried EXCEPT SELECT definition, key, jsonb_strip_nulls("row") FROM b)
    UNION ALL (SELECT definition, key, jsonb_strip_nulls("row") FROM b EXCEPT SELECT * FROM carried)$$, 'a version and the difference give the other version');

-- every kind of definition, changed in place
SELECT tried(format('UPDATE crm.%I SET %I = %I', d, a.attname, a.attname), 'SELECT differs()') AS seen, d INTO TEMP TABLE rewritten
FROM definitions() d JOIN pg_attribute a ON a.attrelid = format('crm.%I', d)::regclass AND a.attnum = (SELECT max(attnum) FROM pg_attribute x WHERE x.attrelid = a.attrelid AND x.attgenerated = '' AND x.attidentity = '');
SELECT is((SELECT string_agg(d || ' ' || seen, ',') FROM rewritten WHERE seen <> 'equal'), NULL, 'every definition table can be written and read back');

-- models are told of as a whole
INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', '2026-01-01', 1, 1, 0);
INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', 'web', 0, 0);
SELECT is(differs(), 'equal', 'a model is a definition');
SELECT is((SELECT count(*) FROM leadflow.definitions_at('crm', 'infinity') WHERE definition = 'score_model_point'), 0::bigint, 'its points are not told one by one');

-- a table that is gone, and columns that came later
CREATE TABLE house_rule (rule text PRIMARY KEY, text text);
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON house_rule FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
INSERT INTO house_rule VALUES ('a', 'one'), ('b', 'two');
UPDATE house_rule SET text = 'three' WHERE rule = 'a';
ALTER TABLE house_rule ADD COLUMN note text;
SELECT is((SELECT string_agg("row"::text, ' ' ORDER BY key) FROM leadflow.definitions_at('crm', 'infinity') WHERE definition = 'house_rule'),
          '{"rule": "a", "text": "three"} {"rule": "b", "text": "two"}', 'a row has the columns that the table had');
DROP TABLE house_rule;
SELECT is((SELECT string_agg("row" ->> 'text', ' ' ORDER BY "row" ->> 'text') FROM leadflow.definitions_at('crm', 'infinity') WHERE definition = 'house_rule'), 'three two', 'a table that is gone is remembered');

-- bad input
SELECT is(tried(statement), expected, statement) FROM (VALUES
    ($$SELECT leadflow.definitions_at('public', now())$$, '42704'),
    ($$SELECT leadflow.definitions_at(NULL, now())$$, '42704'),
    ($$SELECT leadflow.definitions_at('crm', NULL)$$, '22004'),
    ($$SELECT leadflow.definition_diff('crm', 2, 1)$$, '22023'),
    ($$SELECT leadflow.definition_diff('crm', NULL, 1)$$, '22004'),
    ($$SELECT leadflow.definition_diff('nowhere', 0, 1)$$, '42704'),
    ($$SELECT leadflow.definition_diff('crm', -5, -1)$$, '00000')) t (statement, expected);

-- rights: who may read the definitions may read their past
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set reader :p _reader
\set stranger :p _stranger
CREATE ROLE :reader; CREATE ROLE :stranger;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SET ROLE :reader;
SELECT cmp_ok((SELECT count(*) FROM leadflow.definitions_at('crm', 'infinity')), '>', 200::bigint, 'a reader reads them');
SELECT cmp_ok((SELECT count(*) FROM leadflow.definition_diff('crm', 1, 9)), '>', 5::bigint, 'and what changed');
RESET ROLE;
GRANT USAGE ON SCHEMA crm TO :stranger;
SET ROLE :stranger;
SELECT throws_ok($$SELECT * FROM leadflow.definitions_at('crm', 'infinity')$$, '42501', NULL, 'a stranger does not');
RESET ROLE;
REVOKE ALL ON SCHEMA crm FROM :stranger;
DROP OWNED BY :reader, :stranger; DROP ROLE :reader, :stranger;

SELECT * FROM finish();
