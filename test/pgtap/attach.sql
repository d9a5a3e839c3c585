-- leadflow.attach and detach: what they make, what they refuse, what survives a change of the table, who may do what
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();

\ir common/tried.sql
\ir common/attached.sql
SET leadflow.clock = '2026-03-02 10:00+00';

CREATE SCHEMA shop;
CREATE TABLE shop.prospect (id integer PRIMARY KEY, name text, email text, title text, state text DEFAULT 'new', why text, rep text,
    made timestamp, seen integer, budget numeric, extra jsonb DEFAULT '{}');
CREATE TABLE shop.activity (id integer PRIMARY KEY, prospect integer, what text, way text DEFAULT 'inbound', at timestamptz, gone boolean DEFAULT false);
CREATE TABLE shop.company (id integer PRIMARY KEY, name text);
CREATE TABLE shop.drive (id integer PRIMARY KEY, name text);
CREATE VIEW shop.view AS SELECT id FROM shop.prospect;
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'shop', 'new', 'lead'), ('lead', 'shop', 'hot', 'mql'), ('lead', 'shop', 'called', 'contacted'), ('lead', 'shop', 'later', 'nurture'), ('lead', 'shop', 'off', 'lost');
-- attach_prospect(options, extra): the prospects, with these options, and these keys besides
CREATE FUNCTION attach_prospect(options jsonb DEFAULT '{}', extra jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT leadflow.attach('crm', 'shop.prospect', 'lead', jsonb_build_object('external_id', 'new.id', 'full_name', 'new.name', 'email', 'new.email', 'role', 'new.title',
               'verified', 'new.email <> ''''', 'status', 'new.state', 'reason', 'new.why', 'owner', 'new.rep') || extra, '{"source": "shop"}'::jsonb || options)
$$;
-- leads(): where the prospects are
CREATE FUNCTION leads() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws('/', external_id || '=' || stage, reason, owner), ' ' ORDER BY external_id) FROM crm.lead WHERE source = 'shop'
$$;
-- said(statement): SQLSTATE, constraint and message of its error
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text; context text;
BEGIN
    BEGIN
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
        RETURN concat_ws(' ', SQLSTATE, SQLERRM, detail, hint, context);
    END;
END $$;

-- what is refused, and leaves nothing behind
SELECT set_config('test.functions', (SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'crm'::regnamespace), false) \g /dev/null
SELECT is(tried(format('SELECT leadflow.attach(%L, %L, %L, %s, %s)', c.ws, c.target, c.object, quote_nullable(c.mapping), quote_nullable(c.options))), c.expected, 'refused: ' || c.label)
FROM (VALUES
    ('an unknown column', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "colour": "new.name"}', '{}', '42703'),
    ('a column that is leadflow''s own', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "furthest_stage": "''won''"}', '{}', '42703'),
    ('the number of the row', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "id": "new.id"}', '{}', '42703'),
    ('a key of another object', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "amount": "new.budget"}', '{}', '42703'),
    ('no external_id', 'crm', 'shop.prospect', 'lead', '{"full_name": "new.name"}', '{}', '22023'),
    ('an empty mapping', 'crm', 'shop.prospect', 'lead', '{}', '{}', '22023'),
    ('a mapping that is no object', 'crm', 'shop.prospect', 'lead', '[]', '{}', '22023'),
    ('a mapping of null', 'crm', 'shop.prospect', 'lead', NULL, '{}', '22023'),
    ('an expression that is no text', 'crm', 'shop.prospect', 'lead', '{"external_id": 1}', '{}', '22023'),
    ('an empty expression', 'crm', 'shop.prospect', 'lead', '{"external_id": ""}', '{}', '42601'),
    ('a column that the table has not', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.nothing"}', '{}', '42703'),
    ('a table that there is not', 'crm', 'shop.prospect', 'lead', '{"external_id": "(SELECT 1 FROM shop.nothing)"}', '{}', '42P01'),
    ('a syntax error', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id +"}', '{}', '42601'),
    ('two statements', 'crm', 'shop.prospect', 'lead', '{"external_id": "1; SELECT 2"}', '{}', '42601'),
    ('a bracket that closes another', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id) , (1"}', '{}', '42601'),
    ('a comment that swallows the rest', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id --"}', '{}', '42601'),
    ('an aggregate', 'crm', 'shop.prospect', 'lead', '{"external_id": "max(new.id)"}', '{}', '42803'),
    ('a set', 'crm', 'shop.prospect', 'lead', '{"external_id": "generate_series(1, 2)"}', '{}', '0A000'),
    ('a type that cannot be cast', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "created_at": "new.seen"}', '{}', '42846'),
    ('a time without a zone', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "created_at": "new.made"}', '{}', '22023'),
    ('a zone that there is not', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "created_at": "new.made"}', '{"time_zone": "Mars/Olympus"}', '22023'),
    ('a view', 'crm', 'shop.view', 'lead', '{"external_id": "new.id"}', '{}', '42809'),
    ('a catalog', 'crm', 'pg_catalog.pg_class', 'lead', '{"external_id": "new.relname"}', '{}', '42809'),
    ('a table of the workspace', 'crm', 'crm.account', 'lead', '{"external_id": "new.id"}', '{}', '42809'),
    ('an unknown object', 'crm', 'shop.prospect', 'person', '{"external_id": "new.id"}', '{}', '22023'),
    ('an unknown option', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"colour": "red"}', '22023'),
    ('options that are no object', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '[]', '22023'),
    ('a filter that is no condition', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"filter": "new.name"}', '42804'),
    ('a filter that does not compile', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"filter": "new.nothing"}', '42703'),
    ('deleted that is no condition', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"deleted": "new.seen"}', '42804'),
    ('create that is neither', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"create": "perhaps"}', '22023'),
    ('on_delete that is neither', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"on_delete": "burn"}', '22023'),
    ('stage_sync that is neither', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"stage_sync": "backward"}', '22023'),
    ('no workspace', 'shop', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{}', '42704'),
    ('no schema', 'nowhere', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{}', '42704'),
    ('no table', 'crm', 'shop.nothing', 'lead', '{"external_id": "new.id"}', '{}', '42P01'),
    ('a touch without a kind', 'crm', 'shop.activity', 'touch', '{"external_id": "new.id", "lead": "new.prospect", "direction": "new.way"}', '{}', '22023'),
    ('a deleted account that is followed', 'crm', 'shop.company', 'account', '{"external_id": "new.id"}', '{"on_delete": "follow"}', '22023'),
    ('a name that is no identifier', 'crm', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"name": "Lead!"}', '42602')
) AS c (label, ws, target, object, mapping, options, expected);
SELECT is((SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'crm'::regnamespace), nullif(current_setting('test.functions'), ''), 'what was refused left no function');
SELECT is((SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'shop.prospect'::regclass), 0::bigint, 'and no trigger');
SELECT is((SELECT count(*) FROM leadflow.attachments), 0::bigint, 'and no attachment');
SELECT matches(said($$SELECT leadflow.attach('crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "email": "new.mail"}')$$), 'email', 'the error of an expression says which key it was');
SELECT matches(said($$SELECT leadflow.attach('crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "created_at": "new.made"}')$$), 'time_zone', 'the error of a naive time names the option');
SELECT matches(said($$SELECT leadflow.attach('crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "colour": "new.name"}')$$), 'colour', 'the error of an unknown key names it');

-- what it makes
SELECT is(attach_prospect(), 'lead_from_prospect', 'attach gives the name');
SELECT is(tried('SELECT attach_prospect()'), '42710', 'attached twice');
SELECT is(tried($$SELECT attach_prospect('{"name": "again"}')$$, $$SELECT string_agg(attachment, ',' ORDER BY attachment) FROM leadflow.attachments$$), 'again,lead_from_prospect', 'a second attachment has a name of its own');
SELECT is((SELECT format('%s %s %s %s %s %s %s', workspace, attachment, target, object, source, enabled, attached_by = current_user) FROM leadflow.attachments),
          'crm lead_from_prospect shop.prospect lead shop t t', 'attachments shows it');
SELECT is((SELECT ARRAY(SELECT c FROM unnest(columns) c ORDER BY c) FROM leadflow.attachments), '{email,id,name,rep,state,title,why}'::text[], 'with the columns that it maps');
SELECT is((SELECT mapping ->> 'external_id' || (options ->> 'source') FROM leadflow.attachments), 'new.idshop', 'with its mapping and options');
SELECT is((SELECT count(*) FROM pg_proc p WHERE pronamespace = 'crm'::regnamespace AND proname IN ('lead_from_prospect', 'lead_from_prospect_write')), 2::bigint, 'a mapping function and a writing function');
SELECT is((SELECT count(*) FROM pg_proc p WHERE pronamespace = 'crm'::regnamespace AND prosecdef), 0::bigint, 'neither is SECURITY DEFINER');
SELECT is((SELECT count(*) FROM pg_proc p WHERE pronamespace = 'crm'::regnamespace AND coalesce(obj_description(oid, 'pg_proc'), '') = ''), 0::bigint, 'both have a comment');
SELECT cmp_ok((SELECT count(*) FROM pg_proc p, regexp_matches(prosrc, '^\s*(--|/\*)', 'gn') WHERE pronamespace = 'crm'::regnamespace AND proname = 'lead_from_prospect_write'), '>=', 1::bigint, 'the writing function says where it comes from');
SELECT is((SELECT string_agg(pg_get_triggerdef(oid) ~ 'AFTER (INSERT|UPDATE) ON shop.prospect FOR EACH ROW' || '', ',') FROM pg_trigger WHERE tgrelid = 'shop.prospect'::regclass AND NOT tgisinternal), 'true,true', 'AFTER row triggers');
INSERT INTO shop.prospect (id, name, title, email) VALUES (1, 'Ada', 'CEO', 'ada@example.com'), (2, 'Bob', 'clerk', '');
SELECT is(leads(), '1=lead 2=lead', 'rows go in');
SELECT results_eq('SELECT m.external_id, m.full_name, m.email, m.verified, m.status FROM crm.lead_from_prospect_row r, crm.lead_from_prospect(r) m ORDER BY r.id',
                  $$VALUES ('1', 'Ada', 'ada@example.com', true, 'new'), ('2', 'Bob', NULL, false, 'new')$$, 'the mapping can be looked at');
SELECT is(tried('SELECT leadflow.attached()'), '39P01', 'the trigger function is not called but by a trigger');
SELECT is((SELECT format('%s %s', email IS NULL, verified) FROM crm.lead WHERE external_id = '2'), 't f', 'an empty string is null');

-- ways to write
SELECT is(tried(c.statement, 'SELECT leads()'), c.expected, c.label)
FROM (VALUES
    ('UPDATE', $$UPDATE shop.prospect SET state = 'hot' WHERE id = 1$$, '1=mql 2=lead'),
    ('UPDATE that may not', $$UPDATE shop.prospect SET state = 'hot' WHERE id = 2$$, '23514 target_role'),
    ('UPDATE of several, one of which may not', $$UPDATE shop.prospect SET state = 'hot'$$, '23514 target_role'),
    ('UPDATE that mends the row and moves it', $$UPDATE shop.prospect SET state = 'hot', title = 'Owner', email = 'b@example.com' WHERE id = 2$$, '1=lead 2=mql'),
    ('INSERT that may not', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'hot')$$, '23514 target_role'),
    ('INSERT ... SELECT', $$INSERT INTO shop.prospect (id) SELECT generate_series(3, 4)$$, '1=lead 2=lead 3=lead 4=lead'),
    ('ON CONFLICT DO NOTHING', $$INSERT INTO shop.prospect (id, state) VALUES (1, 'hot') ON CONFLICT DO NOTHING$$, '1=lead 2=lead'),
    ('ON CONFLICT DO UPDATE', $$INSERT INTO shop.prospect (id, state) VALUES (1, 'hot') ON CONFLICT (id) DO UPDATE SET state = excluded.state$$, '1=mql 2=lead'),
    ('an error that a block catches', $$DO 'BEGIN BEGIN UPDATE shop.prospect SET state = ''hot'' WHERE id = 2; EXCEPTION WHEN check_violation THEN NULL; END;
        UPDATE shop.prospect SET state = ''hot'' WHERE id = 1; END'$$, '1=mql 2=lead'),
    ('an exit with its reason', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('an exit without a reason', $$UPDATE shop.prospect SET state = 'off' WHERE id = 1$$, '23514 reason'),
    ('an exit with a reason that there is not', $$UPDATE shop.prospect SET state = 'off', why = 'whatever' WHERE id = 1$$, '23514 reason'),
    ('the owner given and taken', $$UPDATE shop.prospect SET rep = 'ann'; UPDATE shop.prospect SET rep = NULL WHERE id = 1$$, '1=lead 2=lead/ann'),
    ('DELETE', $$DELETE FROM shop.prospect$$, '1=lead 2=lead'),
    ('deleted and made again', $$UPDATE shop.prospect SET state = 'hot' WHERE id = 1; DELETE FROM shop.prospect WHERE id = 1; INSERT INTO shop.prospect (id, name, title, email, state) VALUES (1, 'Ada', 'CEO', 'ada@example.com', 'hot')$$, '1=mql 2=lead'),
    ('TRUNCATE', $$TRUNCATE shop.prospect$$, '1=lead 2=lead'),
    ('another key', $$UPDATE shop.prospect SET id = 9 WHERE id = 1$$, '1=lead 2=lead 9=lead')
) AS c (label, statement, expected);
BEGIN;
COPY shop.prospect (id, name) FROM stdin;
3	Eve
4	Dan
\.
SELECT is(leads(), '1=lead 2=lead 3=lead 4=lead', 'COPY');
ROLLBACK;
SELECT current_setting('server_version_num')::int >= 150000 AS has_merge \gset
\if :has_merge
SELECT is(tried($$MERGE INTO shop.prospect p USING (VALUES (1, 'hot'), (3, 'new')) v (id, state) ON v.id = p.id WHEN MATCHED THEN UPDATE SET state = v.state WHEN NOT MATCHED THEN INSERT (id, state) VALUES (v.id, v.state)$$, 'SELECT leads()'),
          '1=mql 2=lead 3=lead', 'MERGE');
\endif
SELECT is(tried($$INSERT INTO shop.prospect (id, budget) VALUES (3, 1)$$, $$SELECT format('%s %s %s', id = (SELECT max(id) FROM crm.lead), source, external_id) FROM crm.lead WHERE external_id = '3'$$), 't shop 3', 'the canonical row has its own number');
SELECT is(tried($$UPDATE shop.prospect SET name = 'x', state = 'hot' WHERE id = 1; UPDATE shop.prospect SET name = 'Ada' WHERE id = 1; UPDATE shop.prospect SET state = 'hot' WHERE id = 1$$,
                $$SELECT count(DISTINCT id) || path('shop', '1') FROM crm.lead WHERE external_id = '1'$$), '1visitor* engaged* lead mql', 'it keeps its number, and what is past is not written again');

-- park and warn
SELECT is(tried('SET LOCAL leadflow.on_violation = park; ' || c.statement, c.query), c.expected, 'park: ' || c.label)
FROM (VALUES
    ('an update', $$UPDATE shop.prospect SET state = 'hot'$$, $$SELECT leads() || ' ' || (SELECT string_agg(concat_ws(' ', object, operation, source, external_id, target_stage, unmet -> 0 ->> 'criterion'), ',') FROM crm.quarantine)$$,
        '1=mql 2=lead lead UPDATE shop 2 mql target_role'),
    ('the CRM''s row is written', $$UPDATE shop.prospect SET state = 'hot'$$, $$SELECT string_agg(state, ',' ORDER BY id) FROM shop.prospect$$, 'hot,hot'),
    ('an insert', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'hot'), (4, 'new')$$, $$SELECT leads() || ' ' || (SELECT string_agg(concat_ws(' ', operation, external_id), ',') FROM crm.quarantine)$$,
        '1=lead 2=lead 4=lead INSERT 3'),
    ('mended later', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'hot'); UPDATE shop.prospect SET title = 'Owner', email = 'x@example.com' WHERE id = 3$$, 'SELECT leads()', '1=lead 2=lead 3=mql')
) AS c (label, statement, query, expected);
SELECT is(tried($$SET LOCAL leadflow.on_violation = warn; UPDATE shop.prospect SET state = 'hot'$$, $$SELECT leads() || ' ' || (SELECT string_agg(criterion, ',' ORDER BY id) FROM crm.violation)$$),
          '1=mql 2=mql target_role,verified_contact', 'warn: the move is made and what was missing is recorded');

-- forward and mirror
UPDATE shop.prospect SET state = 'hot' WHERE id = 1;
SELECT is(tried(c.statement, 'SELECT leads()'), c.expected, 'forward: ' || c.label)
FROM (VALUES
    ('a word that is further back does not move the lead back', $$UPDATE shop.prospect SET state = 'new' WHERE id = 1$$, '1=mql 2=lead'),
    ('nor does it keep other columns from being written', $$UPDATE shop.prospect SET state = 'new', rep = 'ann' WHERE id = 1$$, '1=mql/ann 2=lead'),
    ('to and fro', $$UPDATE shop.prospect SET state = 'new' WHERE id = 1; UPDATE shop.prospect SET state = 'hot' WHERE id = 1$$, '1=mql 2=lead')
) AS c (label, statement, expected);
SELECT is(tried(c.statement, 'SELECT leads()'), c.expected, 'forward: ' || c.label)
FROM (VALUES
    ('where the lead has gone on by itself, the tool does not take it back', $$UPDATE crm.lead SET stage = 'contacted' WHERE external_id = '1'; UPDATE shop.prospect SET rep = 'ann' WHERE id = 1$$, '1=contacted/ann 2=lead'),
    ('an exit is not backward', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('out of an exit as listed', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1; UPDATE shop.prospect SET state = 'new', why = NULL WHERE id = 1$$, '1=lead 2=lead'),
    ('the lead that a person has put into an exit stays there when other columns change', $$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = '1'; UPDATE shop.prospect SET rep = 'ann' WHERE id = 1$$, '1=nurture/not_now/ann 2=lead'),
    ('and comes back when the tool moves it', $$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = '1'; UPDATE shop.prospect SET state = 'called' WHERE id = 1$$, '1=contacted 2=lead'),
    ('the lead that a person has taken out of an exit stays out when other columns change', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1; UPDATE crm.lead SET stage = 'lead' WHERE external_id = '1'; UPDATE shop.prospect SET why = NULL, rep = 'ann' WHERE id = 1$$, '1=lead/ann 2=lead'),
    ('and goes into one again when the tool says so again', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1; UPDATE crm.lead SET stage = 'lead' WHERE external_id = '1'; UPDATE shop.prospect SET state = 'new' WHERE id = 1; UPDATE shop.prospect SET state = 'off' WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('a refused exit is made when its reason comes', $$SET LOCAL leadflow.on_violation = park; UPDATE shop.prospect SET state = 'off' WHERE id = 1; UPDATE shop.prospect SET why = 'no_need' WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('an owner that was given here stays when other columns change', $$UPDATE crm.lead SET owner = 'eve' WHERE external_id = '1'; UPDATE shop.prospect SET title = 'Owner' WHERE id = 1$$, '1=mql/eve 2=lead'),
    ('and changes when the tool changes it', $$UPDATE crm.lead SET owner = 'eve' WHERE external_id = '1'; UPDATE shop.prospect SET rep = 'ann' WHERE id = 1$$, '1=mql/ann 2=lead')
) AS c (label, statement, expected);
SELECT is(leadflow.detach('crm', 'shop.prospect'), 1, 'detached');
SELECT attach_prospect('{"stage_sync": "mirror"}') \g /dev/null
SELECT is((SELECT stage_sync || ' ' || unknown_status FROM crm.source WHERE source = 'shop'), 'mirror refuse', 'what the source may do is kept with the sources');
SELECT is(tried(c.statement, 'SELECT leads()'), c.expected, 'mirror: ' || c.label)
FROM (VALUES
    ('a word that is further back is judged as a move back', $$UPDATE shop.prospect SET state = 'new' WHERE id = 1$$, '23514 transition'),
    ('and goes back where that is listed', $$UPDATE shop.prospect SET state = 'called' WHERE id = 1; UPDATE shop.prospect SET state = 'hot', why = 'not_target' WHERE id = 1$$, '1=mql/not_target 2=lead'),
    ('and owes its reason', $$UPDATE shop.prospect SET state = 'called' WHERE id = 1; UPDATE shop.prospect SET state = 'hot' WHERE id = 1$$, '23514 reason'),
    ('forward as ever', $$UPDATE shop.prospect SET state = 'called' WHERE id = 1$$, '1=contacted 2=lead')
) AS c (label, statement, expected);
SELECT leadflow.detach('crm', 'shop.prospect') \g /dev/null
UPDATE crm.source SET stage_sync = 'forward';

-- words that stand for no stage
SELECT is(tried('SELECT attach_prospect(''{"unknown_status": "somewhere"}'')'), '22P02', 'unknown word: an answer that there is not');
SELECT is(tried(format('SELECT attach_prospect(%L); ', c.options) || c.statement, c.query), c.expected, 'unknown word, ' || c.label)
FROM (VALUES
    ('refused', '{}', $$UPDATE shop.prospect SET state = 'odd' WHERE id = 2$$, 'SELECT leads()', '23514 status_alias'),
    ('refused on INSERT', '{}', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'odd')$$, 'SELECT leads()', '23514 status_alias'),
    ('parked', '{"unknown_status": "park"}', $$UPDATE shop.prospect SET state = 'odd' WHERE id = 2; INSERT INTO shop.prospect (id, state) VALUES (3, 'odd'), (4, 'new')$$,
        $$SELECT leads() || ' ' || (SELECT string_agg(external_id || ' ' || (unmet -> 0 ->> 'criterion'), ',' ORDER BY id) FROM crm.quarantine)$$, '1=mql 2=lead 4=lead 2 status_alias,3 status_alias'),
    ('a stage', '{"unknown_status": "engaged"}', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'odd')$$, 'SELECT leads()', '1=mql 2=lead 3=engaged')
) AS c (label, options, statement, query, expected);

-- stage, outcome, status: which one decides
CREATE FUNCTION decided(extra jsonb, statement text) RETURNS text LANGUAGE sql AS $$
    SELECT tried(format('SELECT attach_prospect(''{}'', %L); ', extra) || statement, 'SELECT leads()')
$$;
SELECT is(decided(c.extra, c.statement), c.expected, c.label)
FROM (VALUES
    ('stage beats status', '{"stage": "''engaged''"}'::jsonb, $$INSERT INTO shop.prospect (id, state) VALUES (3, 'new')$$, '1=mql 2=lead 3=engaged'),
    ('a null stage leaves it to status', '{"stage": "null"}', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'new')$$, '1=mql 2=lead 3=lead'),
    ('outcome beats stage and status', '{"stage": "''engaged''", "outcome": "''lost''"}', $$INSERT INTO shop.prospect (id, state, why) VALUES (3, 'new', 'no_need')$$, '1=mql 2=lead 3=lost/no_need'),
    ('a null outcome leaves it to them', '{"stage": "''engaged''", "outcome": "null"}', $$INSERT INTO shop.prospect (id, state) VALUES (3, 'new')$$, '1=mql 2=lead 3=engaged'),
    ('any stage may be an outcome', '{"outcome": "''disqualified''"}', $$INSERT INTO shop.prospect (id, why) VALUES (3, 'spam')$$, '1=mql 2=lead 3=disqualified/spam'),
    ('an outcome that is no stage', '{"outcome": "new.name"}', $$INSERT INTO shop.prospect (id, name) VALUES (3, 'nonsense')$$, '22P02'),
    ('a leaf', '{"stage": "''lead.asked''"}', $$INSERT INTO shop.prospect (id) VALUES (3)$$, '1=mql 2=lead 3=lead.asked'),
    ('a null key', '{"external_id": "nullif(new.id, 3)"}', $$INSERT INTO shop.prospect (id) VALUES (3)$$, '23502')
) AS c (label, extra, statement, expected);
SELECT is(tried($$SELECT attach_prospect('{}', '{"stage_since": "new.made", "created_at": "new.made"}')$$), '22023', 'naive times want a zone');
SELECT is(tried($$SELECT attach_prospect('{"time_zone": "Europe/Warsaw"}', '{"stage_since": "new.made", "created_at": "new.made"}'); INSERT INTO shop.prospect (id, made) VALUES (3, '2026-03-01 12:00')$$,
                $$SELECT format('%s %s', stage_since, created_at) FROM crm.lead WHERE external_id = '3'$$), '2026-03-01 11:00:00+00 2026-03-01 11:00:00+00', 'and are in it');
SELECT is(tried($$SELECT attach_prospect('{}', '{"budget": "new.budget", "score": "new.seen", "attributes": "new.extra", "decision_by": "new.made", "currency": "''EUR''", "need": "new.extra ->> ''need''", "variant": "''pro''"}');
                  INSERT INTO shop.prospect (id, budget, seen, extra, made) VALUES (3, 1.005, 7, '{"need": ""}', '2026-03-01 23:30')$$,
                $$SELECT concat_ws(' ', budget, score, attributes, decision_by, currency, coalesce(need, 'null'), variant) FROM crm.lead WHERE external_id = '3'$$),
          '1.01 7 {"need": ""} 2026-03-01 EUR null pro', 'each column has its own type');

-- deleted in the tool
SELECT is(tried(format('SELECT attach_prospect(%L); ', c.options) || c.statement, 'SELECT leads()'), c.expected, 'deleted: ' || c.label)
FROM (VALUES
    ('marked', '{"deleted": "new.seen < 0"}', $$UPDATE shop.prospect SET seen = -1 WHERE id = 1$$, '1=disqualified/deleted_in_source 2=lead'),
    ('marked in an exit', '{"deleted": "new.seen < 0"}', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1; UPDATE shop.prospect SET seen = -1 WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('marked and changed', '{"deleted": "new.seen < 0"}', $$UPDATE shop.prospect SET seen = -1, rep = 'x' WHERE id = 1; UPDATE shop.prospect SET rep = 'y' WHERE id = 1$$, '1=disqualified/deleted_in_source/y 2=lead'),
    ('never seen', '{"deleted": "new.seen < 0"}', $$INSERT INTO shop.prospect (id, seen) VALUES (3, -1)$$, '1=mql 2=lead'),
    ('neither', '{"deleted": "new.seen < 0"}', $$UPDATE shop.prospect SET seen = 1$$, '1=mql 2=lead'),
    ('DELETE is kept', '{}', $$DELETE FROM shop.prospect WHERE id = 1$$, '1=mql 2=lead'),
    ('DELETE is followed', '{"on_delete": "follow"}', $$DELETE FROM shop.prospect WHERE id = 1$$, '1=disqualified/deleted_in_source 2=lead'),
    ('DELETE of what is in an exit', '{"on_delete": "follow"}', $$UPDATE shop.prospect SET state = 'off', why = 'no_need' WHERE id = 1; DELETE FROM shop.prospect WHERE id = 1$$, '1=lost/no_need 2=lead'),
    ('DELETE outside the filter', '{"on_delete": "follow", "filter": "new.id <> 1"}', $$DELETE FROM shop.prospect$$, '1=mql 2=disqualified/deleted_in_source'),
    ('filter', '{"filter": "new.seen IS NULL"}', $$UPDATE shop.prospect SET rep = 'x', seen = id WHERE id = 1; UPDATE shop.prospect SET rep = 'x' WHERE id = 2$$, '1=mql 2=lead/x'),
    ('a filter of null leaves the row alone', '{"filter": "new.seen > 0"}', $$UPDATE shop.prospect SET rep = 'x'$$, '1=mql 2=lead'),
    ('no row is made for a side table', '{"create": false}', $$INSERT INTO shop.prospect (id) VALUES (3); UPDATE shop.prospect SET rep = 'x' WHERE id = 1$$, '1=mql/x 2=lead'),
    ('nobody', '{"nobody": ["x", "y"]}', $$UPDATE shop.prospect SET rep = 'x' WHERE id = 1; UPDATE shop.prospect SET rep = 'z' WHERE id = 2$$, '1=mql 2=lead/z')
) AS c (label, options, statement, expected);

-- replication roles
SELECT is(tried($$SELECT attach_prospect(); SET LOCAL session_replication_role = replica; INSERT INTO shop.prospect (id) VALUES (3)$$, $$SELECT leads()$$), '1=mql 2=lead', 'ordinary triggers do not fire for a replica');
SELECT is(tried($$SELECT attach_prospect('{"always": true}'); ALTER TABLE crm.lead ENABLE ALWAYS TRIGGER zzz_leadflow_guard, ENABLE ALWAYS TRIGGER "000_leadflow_recorder"; SET LOCAL session_replication_role = replica;
                  INSERT INTO shop.prospect (id) VALUES (3); UPDATE shop.prospect SET rep = 'x' WHERE id = 3$$, $$SELECT leads() || (SELECT count(*) FROM leadflow.attachments WHERE enabled)$$), '1=mql 2=lead 3=lead/x1', 'always: those of the attachment do, if those of the workspace do');
SELECT is(tried($$SELECT attach_prospect(); ALTER TABLE shop.prospect DISABLE TRIGGER USER; INSERT INTO shop.prospect (id) VALUES (3)$$, $$SELECT leads() || (SELECT count(*) FROM leadflow.attachments WHERE NOT enabled)$$), '1=mql 2=lead1', 'attachments tells of triggers that are disabled');

-- touches, accounts, campaigns
SELECT attach_prospect('{}', '{"account": "new.extra ->> ''company''", "campaign": "new.extra ->> ''drive''"}') \g /dev/null
SELECT leadflow.attach('crm', 'shop.company', 'account', '{"external_id": "new.id", "name": "new.name"}', '{"source": "shop"}') \g /dev/null
SELECT leadflow.attach('crm', 'shop.drive', 'campaign', '{"external_id": "new.id", "name": "new.name"}', '{"source": "shop"}') \g /dev/null
SELECT leadflow.attach('crm', 'shop.activity', 'touch', '{"external_id": "new.id", "lead": "new.prospect", "kind": "new.what", "direction": "new.way", "at": "new.at"}', '{"source": "shop", "deleted": "new.gone", "on_delete": "follow"}') \g /dev/null
INSERT INTO shop.company VALUES (7, 'Acme');
INSERT INTO shop.drive VALUES (8, 'Spring');
CREATE FUNCTION touches() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', t.external_id, t.kind, t.direction, to_char(t.at AT TIME ZONE 'UTC', 'DD HH24:MI'), l.external_id), ', ' ORDER BY t.external_id) FROM crm.touch t LEFT JOIN crm.lead l ON l.id = t.lead_id WHERE t.source = 'shop'
$$;
SELECT is(tried(c.statement, c.query), c.expected, c.label)
FROM (VALUES
    ('account and campaign are found by their keys', $$UPDATE shop.prospect SET extra = '{"company": 7, "drive": 8}' WHERE id = 1$$,
        $$SELECT a.name || c.name FROM crm.lead l JOIN crm.account a ON a.id = l.account_id JOIN crm.campaign c ON c.id = l.campaign_id WHERE l.external_id = '1'$$, 'AcmeSpring'),
    ('an account changes its name', $$UPDATE shop.company SET name = 'Acme Ltd'$$, $$SELECT string_agg(name, ',') FROM crm.account WHERE source = 'shop'$$, 'Acme Ltd'),
    ('a campaign changes its name', $$UPDATE shop.drive SET name = 'Fall'$$, $$SELECT string_agg(name, ',') FROM crm.campaign WHERE source = 'shop'$$, 'Fall'),
    ('a touch', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:00+00')$$, 'SELECT touches()', '1 call outbound 02 09:00 1'),
    ('a touch that comes late', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-02-20 09:00+00')$$, 'SELECT touches()', '1 call outbound 20 09:00 1'),
    ('touches out of order', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:50+00'), (2, 1, 'demo_request', 'inbound', '2026-03-02 09:40+00')$$,
        $$SELECT touches() || ' ' || (SELECT string_agg(metric || ' ' || coalesce(to_char(stopped_at AT TIME ZONE 'UTC', 'HH24:MI'), 'runs'), ',' ORDER BY started_at) FROM crm.sla_clock WHERE policy = 'hot_request')$$,
        '1 call outbound 02 09:50 1, 2 demo_request inbound 02 09:40 1 first_response 09:50'),
    ('a touch that is corrected', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:00+00'); UPDATE shop.activity SET what = 'meeting', at = '2026-03-02 09:10+00'$$, 'SELECT touches()', '1 meeting outbound 02 09:10 1'),
    ('a touch that is marked as deleted', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:00+00'); UPDATE shop.activity SET gone = true$$, 'SELECT touches()', NULL),
    ('a touch that is deleted', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:00+00'); DELETE FROM shop.activity$$, 'SELECT touches()', NULL),
    ('a touch that was deleted before', $$INSERT INTO shop.activity VALUES (1, 1, 'call', 'outbound', '2026-03-02 09:00+00', true)$$, 'SELECT touches()', NULL),
    ('a touch of a kind that there is not', $$INSERT INTO shop.activity VALUES (1, 1, 'seance', 'outbound', '2026-03-02 09:00+00')$$, 'SELECT touches()', '23503 touch_kind_fkey'),
    ('a touch of a lead that there is not is never dropped silently', $$INSERT INTO shop.activity VALUES (1, 77, 'call', 'outbound', '2026-03-02 09:00+00')$$, 'SELECT touches()', '23514 lead_or_account'),
    ('touches are evidence', $$UPDATE crm.standard SET expression = 'signals >= 1' WHERE criterion = 'target_role'; UPDATE shop.prospect SET email = 'b@example.com' WHERE id = 2;
        INSERT INTO shop.activity VALUES (1, 2, 'web_visit', 'inbound', '2026-03-02 09:00+00'); UPDATE shop.prospect SET state = 'hot' WHERE id = 2$$, 'SELECT leads()', '1=mql 2=mql')
) AS c (label, statement, query, expected);

-- the table changes
SELECT is(tried(c.statement || $$; INSERT INTO shop.prospect (id, name) VALUES (3, 'Eve')$$, $$SELECT string_agg(full_name, ',' ORDER BY external_id) || ' ' || (SELECT count(*) FROM leadflow.attachments) FROM crm.lead WHERE source = 'shop'$$), c.expected, 'the table: ' || c.label)
FROM (VALUES
    ('a column is added', 'ALTER TABLE shop.prospect ADD COLUMN colour text', 'Ada,Bob,Eve 4'),
    ('a column that is not mapped is dropped', 'ALTER TABLE shop.prospect DROP COLUMN seen', 'Ada,Bob,Eve 4'),
    ('a column that is not mapped is renamed', 'ALTER TABLE shop.prospect RENAME COLUMN seen TO views', 'Ada,Bob,Eve 4'),
    ('a column that is not mapped gets a default', 'ALTER TABLE shop.prospect ALTER COLUMN seen SET DEFAULT 1', 'Ada,Bob,Eve 4'),
    ('an index and a constraint', 'CREATE INDEX ON shop.prospect (name); ALTER TABLE shop.prospect ADD CHECK (id > 0)', 'Ada,Bob,Eve 4'),
    ('a mapped column is dropped', 'ALTER TABLE shop.prospect DROP COLUMN title', '2BP01'),
    ('the table is dropped', 'DROP TABLE shop.prospect', '2BP01'),
    ('a mapped column changes its type', 'ALTER TABLE shop.prospect ALTER COLUMN title TYPE varchar(50)', '0A000')
) AS c (label, statement, expected);
SELECT is(tried($$DO 'BEGIN FOR i IN 1..5 LOOP ALTER TABLE shop.prospect ADD COLUMN tmp int; ALTER TABLE shop.prospect DROP COLUMN tmp; INSERT INTO shop.prospect (id) VALUES (100 + i); END LOOP; END'$$, 'SELECT leads()'),
          '1=mql 101=lead 102=lead 103=lead 104=lead 105=lead 2=lead', 'the table: columns come and go in one session');
SELECT is(tried(c.statement || $$; INSERT INTO shop.prospect (id, name) VALUES (3, 'Eve')$$, $$SELECT string_agg(full_name, ',' ORDER BY external_id) FROM crm.lead WHERE source = 'shop'$$), 'Ada,Bob,Eve', 'the table: ' || c.label)
FROM (VALUES
    ('a column with a default is added', 'ALTER TABLE shop.prospect ADD COLUMN colour text DEFAULT ''red'' NOT NULL'),
    ('one with a volatile default, which rewrites the rows', 'ALTER TABLE shop.prospect ADD COLUMN token uuid DEFAULT gen_random_uuid() NOT NULL'),
    ('a column that is not mapped changes its type', 'ALTER TABLE shop.prospect ALTER COLUMN seen TYPE text'),
    ('everything may be altered between detach and attach', 'SELECT leadflow.detach(''crm'', ''shop.prospect''); ALTER TABLE shop.prospect ALTER COLUMN title TYPE varchar(50); SELECT attach_prospect()')
) AS c (label, statement);
-- a touch of a lead that is not there yet
CREATE TABLE shop.visit (id int PRIMARY KEY, prospect int, at timestamptz DEFAULT '2026-03-02 09:00+00');
SELECT leadflow.attach('crm', 'shop.visit', 'touch', '{"external_id": "new.id", "lead": "new.prospect", "at": "new.at", "kind": "''web_visit''", "direction": "''inbound''"}', '{"source": "shop", "unknown_lead": "park", "on_delete": "follow"}') \g /dev/null
CREATE FUNCTION visits() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT count(*) FROM crm.touch WHERE source = 'shop'), (SELECT string_agg(concat_ws(':', object, source, external_id, parked_row ->> 'prospect', unmet -> 0 ->> 'criterion'), ',' ORDER BY id) FROM crm.quarantine)) $$;
SELECT is(tried('INSERT INTO shop.visit VALUES (1, 1), (2, 77)', 'SELECT visits()'), '1 touch:shop:2:77:lead_or_account', 'a touch of nobody is parked where that is wanted');
SELECT is(tried($$INSERT INTO shop.visit VALUES (2, 77); SELECT leadflow.retry_quarantine('crm')$$, 'SELECT visits()'), '0 touch:shop:2:77:lead_or_account', 'it stays while its lead is not there');
SELECT is(tried($$INSERT INTO shop.visit VALUES (2, 77); INSERT INTO shop.prospect (id) VALUES (77); SELECT leadflow.retry_quarantine('crm')$$, 'SELECT visits()'), '1', 'and goes in when it is');
SELECT is(tried('INSERT INTO shop.visit VALUES (1, 1); DELETE FROM shop.visit', 'SELECT visits()'), '0', 'a deleted one goes');
SELECT is(tried($$SELECT leadflow.attach('crm', 'shop.visit', 'touch', '{"external_id": "new.id", "kind": "''x''", "direction": "''inbound''"}', '{"unknown_lead": "drop", "name": "x"}')$$), '22023', 'there is no other way to treat it');
CREATE TABLE shop.person (id int PRIMARY KEY, state text);
SELECT leadflow.attach('crm', 'shop.person', 'lead', '{"external_id": "new.id", "status": "new.state"}', '{"source": "person", "on_delete": "follow", "aliases": {"new": "lead"}}') \g /dev/null
SELECT is(tried($$INSERT INTO shop.person VALUES (1, 'new'); DELETE FROM shop.person$$, $$SELECT path('person', '1')$$), 'visitor* engaged* lead disqualified/deleted_in_source', 'a lead that is deleted is disqualified');
SELECT is(tried($$INSERT INTO shop.person VALUES (1, 'new'); DELETE FROM shop.person; INSERT INTO shop.person VALUES (1, 'new')$$, $$SELECT path('person', '1')$$), 'visitor* engaged* lead disqualified/deleted_in_source lead/entered_in_error', 'and taken back when it is written again');
-- who may only read the table cannot slip in a view and a function of his own
SELECT 'attach_reader_' || pg_backend_pid() AS reader \gset
CREATE ROLE :"reader";
GRANT USAGE ON SCHEMA shop TO :"reader";
GRANT SELECT ON shop.person TO :"reader";
CREATE SCHEMA aaa AUTHORIZATION :"reader";
SET ROLE :"reader";
CREATE VIEW aaa.lead_from_person_row AS SELECT id, state FROM shop.person;
CREATE FUNCTION aaa.lead_from_person_write(aaa.lead_from_person_row, aaa.lead_from_person_row) RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'run as %', current_user; END$$;
RESET ROLE;
SELECT is(tried($$INSERT INTO shop.person VALUES (1, 'new')$$, $$SELECT path('person', '1')$$), 'visitor* engaged* lead', 'nobody else''s function runs');
ALTER VIEW crm.lead_from_person_row RENAME TO hidden;
SELECT is(tried($$INSERT INTO shop.person VALUES (1, 'new')$$), '55000', 'not even where the attachment has lost its view');
ALTER VIEW crm.hidden RENAME TO lead_from_person_row;
DROP SCHEMA aaa CASCADE;
REVOKE ALL ON shop.person FROM :"reader";
REVOKE ALL ON SCHEMA shop FROM :"reader";
DROP ROLE :"reader";
-- how far a tool moves a row back is what source says, for all its attachments, whenever they were made, by words and by expressions
CREATE FUNCTION attach_person(meaning text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT leadflow.attach('crm', 'shop.person', 'lead', jsonb_build_object('external_id', 'new.id') ||
        CASE meaning WHEN 'status' THEN '{"status": "new.state"}' ELSE '{"stage": "CASE new.state WHEN ''far'' THEN ''contacted'' ELSE ''lead'' END"}'::jsonb END, '{"source": "person"}' || options) $$;
SELECT is(tried(format($$SELECT leadflow.detach('crm', 'shop.person'), attach_person(%L); INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', 'person', 'far', 'contacted'); DELETE FROM crm.standard;
        INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'lead', false); INSERT INTO shop.person VALUES (1, 'new'); UPDATE shop.person SET state = 'far'; $$, m.meaning) || c.statement,
    $$SELECT stage::text FROM crm.lead WHERE source = 'person'$$), c.expected, format('back by %s: %s', m.meaning, c.label))
FROM unnest('{status,stage}'::text[]) m (meaning), LATERAL (VALUES
    ('as it was attached', $$UPDATE shop.person SET state = 'new'$$, 'contacted'),
    ('source was changed', $$UPDATE crm.source SET stage_sync = 'mirror' WHERE source = 'person'; UPDATE shop.person SET state = 'new'$$, 'lead'),
    ('another attachment of the source said so', $$SELECT leadflow.attach('crm', 'shop.visit', 'opportunity', '{"external_id": "new.id"}', '{"source": "person", "stage_sync": "mirror"}'); UPDATE shop.person SET state = 'new'$$, 'lead'),
    ('attached anew without the option', format($$UPDATE crm.source SET stage_sync = 'mirror' WHERE source = 'person'; SELECT leadflow.detach('crm', 'shop.person'), attach_person(%L); UPDATE shop.person SET state = 'new'$$, m.meaning), 'lead')
) AS c (label, statement, expected);
-- a record that was merged into another one
SELECT is(tried($$INSERT INTO shop.person VALUES (1, 'new'), (2, 'new'); SELECT leadflow.merge('crm', w.id, l.id) FROM crm.lead w, crm.lead l WHERE (w.source, w.external_id, l.source, l.external_id) = ('person', '1', 'person', '2');
        INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', 'person', 'far', 'contacted'), ('lead', 'person', 'gone', 'nurture'); DELETE FROM crm.standard; $$ || c.statement,
    $$SELECT string_agg(concat_ws(' ', external_id, stage, status), ', ' ORDER BY external_id) FROM crm.lead WHERE source = 'person'$$), c.expected, 'merged: ' || c.label)
FROM (VALUES
    ('its steps forward are those of the winner', $$UPDATE shop.person SET state = 'far' WHERE id = 2$$, '1 contacted new, 2 lead new'),
    ('its exit is its own', $$UPDATE shop.person SET state = 'gone' WHERE id = 2$$, '1 lead new, 2 lead new'),
    ('so is its deletion', $$DELETE FROM shop.person WHERE id = 2$$, '1 lead new, 2 lead new'),
    ('the winner goes on', $$UPDATE shop.person SET state = 'far' WHERE id = 1; UPDATE shop.person SET state = 'far' WHERE id = 2$$, '1 contacted far, 2 lead new')
) AS c (label, statement, expected);
SELECT leadflow.detach('crm', 'shop.visit'), leadflow.detach('crm', 'shop.person') \g /dev/null
DROP TABLE shop.visit, shop.person;

SELECT matches(said('ALTER TABLE shop.prospect DROP COLUMN title'), 'lead_from_prospect', 'the error of a dropped column names the attachment');
SELECT is(tried($$ALTER TABLE shop.prospect RENAME COLUMN name TO label; ALTER TABLE shop.prospect RENAME COLUMN id TO key; INSERT INTO shop.prospect (key, label) VALUES (3, 'Eve'); UPDATE shop.prospect SET label = 'Eva' WHERE key = 3$$,
                $$SELECT full_name || (SELECT columns @> '{label,key}' AND NOT columns && '{name,id}' FROM leadflow.attachments WHERE object = 'lead') FROM crm.lead WHERE external_id = '3'$$), 'Evatrue', 'the table: mapped columns are renamed');
SELECT is(tried($$ALTER TABLE shop.prospect RENAME TO client; ALTER SCHEMA shop RENAME TO store; INSERT INTO store.client (id, name) VALUES (3, 'Eve'); UPDATE store.client SET name = 'Eva' WHERE id = 3$$,
                $$SELECT full_name || (SELECT target FROM leadflow.attachments WHERE object = 'lead') FROM crm.lead WHERE external_id = '3'$$), 'Evastore.client', 'the table: it and its schema are renamed');
SELECT is(tried($$ALTER SCHEMA crm RENAME TO sales; SELECT leadflow.upgrade_workspace('sales'); INSERT INTO shop.prospect (id, name) VALUES (3, 'Eve'); UPDATE shop.prospect SET name = 'Eva' WHERE id = 3$$,
                $$SELECT full_name || (SELECT DISTINCT workspace FROM leadflow.attachments) FROM sales.lead WHERE external_id = '3'$$), 'Evasales', 'the workspace is renamed, and upgraded');
SELECT is(tried($$ALTER TABLE crm.lead ADD COLUMN colour text; ALTER TABLE crm.lead RENAME COLUMN colour TO color; INSERT INTO shop.prospect (id, name) VALUES (3, 'Eve')$$, 'SELECT leads()'), '1=mql 2=lead 3=lead', 'the lead table gets columns');

-- a partitioned table
CREATE TABLE shop.part (id integer, region text, name text, noise integer, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE shop.part_pl PARTITION OF shop.part FOR VALUES IN ('pl');
CREATE TABLE shop.part_de (noise integer, name text, junk text, region text NOT NULL, id integer NOT NULL);
ALTER TABLE shop.part_de DROP COLUMN junk;
ALTER TABLE shop.part ATTACH PARTITION shop.part_de FOR VALUES IN ('de');
SELECT leadflow.attach('crm', 'shop.part', 'lead', '{"external_id": "new.id", "full_name": "new.name", "territory": "new.region"}', '{"on_delete": "follow"}') \g /dev/null
CREATE FUNCTION parts() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(concat_ws('/', external_id || '=' || stage, full_name, territory), ' ' ORDER BY external_id) FROM crm.lead WHERE source = 'part' $$;
INSERT INTO shop.part VALUES (1, 'pl', 'Ada', 0), (2, 'de', 'Bob', 0);
SELECT is(parts(), '1=lead/Ada/pl 2=lead/Bob/de', 'rows of every partition go in, whatever the order of its columns');
SELECT is(tried($$UPDATE shop.part SET name = name || '!'$$, 'SELECT parts()'), '1=lead/Ada!/pl 2=lead/Bob!/de', 'and are updated');
SELECT is(tried($$INSERT INTO shop.part_pl VALUES (3, 'pl', 'Eve', 0); CREATE TABLE shop.part_cz PARTITION OF shop.part FOR VALUES IN ('cz'); INSERT INTO shop.part VALUES (4, 'cz', 'Dan', 0)$$, 'SELECT parts()'),
          '1=lead/Ada/pl 2=lead/Bob/de 3=lead/Eve/pl 4=lead/Dan/cz', 'through a partition, and into a new one');
SELECT is(firings('UPDATE shop.part SET noise = 1'), 0::bigint, 'other columns fire nothing');
SELECT is(tried($$UPDATE shop.part SET region = 'de' WHERE id = 1$$, $$SELECT territory FROM crm.lead WHERE source = 'part' AND external_id = '1'$$), 'de', 'a row moves to another partition');
SELECT is(tried($$DELETE FROM shop.part_de$$, 'SELECT parts()'), '1=lead/Ada/pl 2=disqualified/Bob/de', 'a row that is deleted is');
SELECT is(tried($$ALTER TABLE shop.part DETACH PARTITION shop.part_de; INSERT INTO shop.part_de (id, region) VALUES (9, 'de')$$, 'SELECT parts()'), '1=lead/Ada/pl 2=lead/Bob/de', 'a detached partition is on its own');

-- detach
SELECT is(tried($$SELECT leadflow.detach('crm', 'shop.activity', 'touch_from_activity')$$, $$SELECT string_agg(attachment, ',' ORDER BY attachment) FROM leadflow.attachments$$),
          'account_from_company,campaign_from_drive,lead_from_part,lead_from_prospect', 'detached by name');
SELECT is(leadflow.detach('crm', 'shop.activity'), 1, 'detached by table');
SELECT is(tried($$SELECT leadflow.detach('crm', 'shop.activity')$$), '42704', 'there is nothing more to detach');
SELECT is(tried($$SELECT leadflow.detach('crm', 'shop.prospect', 'nothing')$$), '42704', 'a name that there is not');
SELECT is(tried($$SELECT leadflow.detach('nowhere', 'shop.prospect')$$), '42704', 'a workspace that there is not');
SELECT is(leadflow.detach('crm', 'shop.prospect') + leadflow.detach('crm', 'shop.part') + leadflow.detach('crm', 'shop.company') + leadflow.detach('crm', 'shop.drive'), 4, 'all are detached');
SELECT is((SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'crm'::regnamespace), nullif(current_setting('test.functions'), ''), 'no function is left');
SELECT is((SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'shop'::regnamespace AND NOT tgisinternal), 0::bigint, 'no trigger is left');
SELECT is(tried($$INSERT INTO shop.prospect (id) VALUES (3)$$, 'SELECT leads()'), '1=mql 2=lead', 'the rows stay, and no more come');
SELECT is(tried($$SELECT attach_prospect(); INSERT INTO shop.prospect (id) VALUES (3); UPDATE shop.prospect SET name = 'Ada L' WHERE id = 1$$, 'SELECT leads() || (SELECT count(*) FROM crm.lead WHERE full_name = ''Ada L'')'), '1=mql 2=lead 3=lead1', 'attached again, it goes on where it was');
SELECT is(tried($$SELECT leadflow.attach('twin', 'shop.prospect', 'lead', '{"external_id": "new.id"}', '{"name": "twins"}'); SELECT attach_prospect(); INSERT INTO shop.prospect (id) VALUES (3)$$,
                $$SELECT (SELECT count(*) FROM crm.lead WHERE external_id = '3') || ' ' || (SELECT string_agg(source || external_id, ',') FROM twin.lead)$$), '1 prospect3', 'a table may be attached to two workspaces, under two names');
SELECT is(tried($$SELECT attach_prospect(); SET LOCAL client_min_messages = error; DROP SCHEMA crm CASCADE; INSERT INTO shop.prospect (id) VALUES (3)$$, $$SELECT count(*)::text FROM shop.prospect$$), '3', 'a workspace that is dropped leaves the table usable');

-- who may
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set owner :p _owner
\set writer :p _writer
\set stranger :p _stranger
CREATE ROLE :owner; CREATE ROLE :writer; CREATE ROLE :stranger;
CREATE FUNCTION tried_as(who text, statement text, query text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT tried(format('SET LOCAL ROLE %I; %s; RESET ROLE', who, statement), query)
$$;
SELECT attach_prospect() \g /dev/null
SELECT format('GRANT USAGE ON SCHEMA shop TO %1$I, %2$I, %3$I; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO %1$I, %2$I, %3$I', :'owner', :'writer', :'stranger') \gexec
SELECT leadflow.grant_workspace('crm', :'writer', 'sales') \g /dev/null
SELECT is(tried_as(:'writer', c.statement, c.query), c.expected, 'a writer with the rights of sales: ' || c.label)
FROM (VALUES
    ('an insert', 'INSERT INTO shop.prospect (id) VALUES (3)', 'SELECT leads()', '1=mql 2=lead 3=lead'),
    ('a move that may not', $$UPDATE shop.prospect SET state = 'hot' WHERE id = 2$$, NULL, '23514 target_role')
) AS c (label, statement, query, expected);
SELECT is(tried_as(:'writer', $$UPDATE shop.prospect SET state = 'called' WHERE id = 1$$, 'SELECT actor FROM crm.stage_event ORDER BY id DESC LIMIT 1'), :'writer', 'the move is made in the writer''s name');
SELECT is(tried_as(:'stranger', 'INSERT INTO shop.prospect (id) VALUES (3)'), '42501', 'a writer without rights in the workspace is refused');
SELECT is(tried_as(:'stranger', 'UPDATE shop.prospect SET seen = 1', 'SELECT sum(seen)::text FROM shop.prospect'), '2', 'but may write what is not mapped');
SELECT is(tried_as(:'stranger', 'SELECT 1/(count(*) = 0)::int FROM leadflow.attachments'), '00000', 'who may not read the workspace sees no attachment of it');
SELECT is(tried_as(:'writer', 'SELECT 1/(count(*) = 1)::int FROM leadflow.attachments'), '00000', 'who may, does');
SELECT is(tried_as(who, statement), '42501', 'refused to ' || label)
FROM (VALUES (:'stranger', $$SELECT leadflow.attach('crm', 'shop.company', 'account', '{"external_id": "new.id"}')$$, 'a stranger: attach'),
             (:'writer', $$SELECT leadflow.attach('crm', 'shop.company', 'account', '{"external_id": "new.id"}')$$, 'a writer: attach'),
             (:'writer', $$SELECT leadflow.detach('crm', 'shop.prospect')$$, 'a writer: detach'),
             (:'stranger', $$SELECT leadflow.detach('crm', 'shop.prospect')$$, 'a stranger: detach')) c (who, statement, label);
SELECT format('GRANT TRIGGER ON shop.company TO %I', :'stranger') \gexec
SELECT is(tried_as(:'stranger', $$SELECT leadflow.attach('crm', 'shop.company', 'account', '{"external_id": "new.id", "name": "new.name"}')$$), '42501', 'TRIGGER on the table is not enough');
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
SET ROLE :owner;
SELECT leadflow.create_workspace('mine') \g /dev/null
RESET ROLE;
SELECT is(tried_as(:'owner', $$SELECT leadflow.attach('mine', 'shop.company', 'account', '{"external_id": "new.id", "name": "new.name"}')$$), '42501', 'nor is the workspace');
SELECT format('GRANT TRIGGER ON shop.company TO %I', :'owner') \gexec
SELECT is(tried_as(:'owner', $$SELECT leadflow.attach('mine', 'shop.company', 'account', '{"external_id": "new.id", "name": "new.name"}'); INSERT INTO shop.company VALUES (9, 'Nine')$$, 'SELECT string_agg(name, '','') FROM mine.account'),
          'Nine', 'both together are: no superuser is needed');

-- a writer's search_path lends the trigger nothing
SELECT is(tried_as(:'writer', $$CREATE TEMP TABLE lead (id int); CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; SET LOCAL search_path = pg_temp; INSERT INTO shop.prospect (id) VALUES (3); SET LOCAL search_path TO DEFAULT$$, 'SELECT leads()'),
          '1=mql 2=lead 3=lead', 'whatever the writer''s search_path is');
DROP SCHEMA mine CASCADE;
DROP OWNED BY :owner, :writer, :stranger;
DROP ROLE :owner, :writer, :stranger;

SELECT * FROM finish();
