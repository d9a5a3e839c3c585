-- Wherever in a workspace a word may stand that is hers: it goes, or doc/people.md says that it stays.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 09:00+00';
SELECT no_plan();
\set doc `cat doc/people.md 2>/dev/null || cat ../../doc/people.md`

-- Any column may hold any word, as if every constraint and guard had been off when it was written.
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE connamespace = 'crm'::regnamespace AND contype = 'c' AND coninhcount = 0 \gexec

-- the columns by which a row belongs to a lead
CREATE TABLE belongs (key name, number bigint);
INSERT INTO belongs VALUES ('lead_id', 1), ('opportunity_id', 11), ('touch_id', 21), ('clock_id', 31), ('verdict_id', 41), ('debrief_id', 51), ('winner_id', 1), ('loser_id', 2);
CREATE VIEW hers AS
SELECT DISTINCT c.oid::regclass AS relation, c.relname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p') AND (a.attname IN (SELECT key FROM belongs) OR c.relname IN ('lead', 'quarantine'))
-- what refers to those by a foreign key, too
UNION
SELECT k.conrelid::regclass, c.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND k.confrelid IN ('crm.lead'::regclass, 'crm.opportunity'::regclass, 'crm.touch'::regclass, 'crm.sla_clock'::regclass, 'crm.verdict'::regclass, 'crm.debrief'::regclass);
SELECT cmp_ok((SELECT count(*) FROM hers), '>=', 26::bigint, 'the tables of a person are found');
SELECT is((SELECT string_agg(relname, ',') FROM hers WHERE relation NOT IN (SELECT attrelid FROM pg_attribute WHERE attname IN (SELECT key FROM belongs)) AND relname NOT IN ('lead', 'quarantine')), NULL,
          'each has one of the columns that the test fills');

-- write_words(word, offset): a row of each such table, the word in every column that takes words
CREATE FUNCTION write_words(word text, delta bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    h record;
    filled jsonb;
BEGIN
    FOR h IN SELECT * FROM hers ORDER BY relname LOOP
        SELECT jsonb_object_agg(a.attname, CASE
            WHEN a.attname = 'id' THEN to_jsonb(delta + CASE h.relname WHEN 'lead' THEN 1 WHEN 'opportunity' THEN 11 WHEN 'touch' THEN 21 WHEN 'sla_clock' THEN 31 WHEN 'verdict' THEN 41 WHEN 'debrief' THEN 51 ELSE 61 END)
            WHEN a.attname IN (SELECT key FROM belongs) THEN to_jsonb(delta + (SELECT number FROM belongs WHERE key = a.attname))
            WHEN a.attname = 'object' AND h.relname = 'quarantine' THEN to_jsonb('lead'::text)
            WHEN a.attname = 'operation' AND h.relname = 'quarantine' THEN to_jsonb('UPDATE'::text)
            WHEN a.attname = 'parked_row' THEN jsonb_build_object('id', (delta + 1)::text, word, word)
            WHEN a.atttypid IN ('text'::regtype, 'varchar'::regtype) THEN to_jsonb(word || ' ' || delta)
            WHEN a.atttypid = 'jsonb'::regtype THEN jsonb_build_object(word, word)
            WHEN a.atttypid = 'text[]'::regtype THEN jsonb_build_array(word)
            WHEN a.atttypid IN ('timestamptz'::regtype, 'date'::regtype) THEN to_jsonb('2026-03-02'::text)
            WHEN a.atttypid = 'boolean'::regtype THEN to_jsonb(false)
            WHEN a.atttypid = 'interval'::regtype THEN to_jsonb('01:00'::text)
            WHEN a.atttypid = 'leadflow.stage'::regtype THEN to_jsonb('opportunity'::text)
            WHEN a.atttypid IN ('integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'smallint'::regtype, 'real'::regtype, 'float8'::regtype) AND (a.attnotnull OR a.attname NOT LIKE '%\_id' AND a.attname NOT LIKE 'merged%') THEN to_jsonb(1)
            END) FILTER (WHERE a.attgenerated = '') INTO filled
        FROM pg_attribute a WHERE a.attrelid = h.relation AND a.attnum > 0 AND NOT a.attisdropped;
        filled := jsonb_strip_nulls(filled);
        EXECUTE format('INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, $1)', h.relation,
            (SELECT string_agg(quote_ident(k), ', ') FROM jsonb_object_keys(filled) k)) USING filled;
    END LOOP;
END;
$$;

-- table.column of every column of the workspace in which a word stands
CREATE FUNCTION places(word text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p') LOOP
        RETURN QUERY EXECUTE format('SELECT DISTINCT c.relname || ''.'' || f.key FROM %s t CROSS JOIN jsonb_each_text(to_jsonb(t)) f JOIN pg_class c ON c.oid = %L::regclass WHERE strpos(lower(f.value), lower(%L)) > 0', relation, relation, word);
    END LOOP;
END;
$$;

SET session_replication_role = replica;
SELECT write_words('Zoraida Quux', 0) \g /dev/null
SELECT write_words('Zoraida Quux', 1000) \g /dev/null
SELECT write_words('blatherskite', 2000) \g /dev/null
-- 1 was merged with 1001; words of the third are not her name
UPDATE crm.lead SET full_name = 'Zoraida Quux', email = 'zoraida@example.com', phone = NULL, merged_into = CASE id WHEN 1001 THEN 1 END WHERE id < 2000;
UPDATE crm.lead SET full_name = 'Ada', email = NULL, phone = NULL WHERE id = 2001;
-- another person, whose rows stay
INSERT INTO crm.lead (id, source, stage, stage_since, created_at, updated_at, full_name, need) OVERRIDING SYSTEM VALUE VALUES (9001, 't', 'lead', now(), now(), now(), 'Somebody', 'hornswoggle');
RESET session_replication_role;
SELECT cmp_ok((SELECT count(*) FROM places('zoraida')), '>', 170::bigint, 'her name stands everywhere');
SELECT is((SELECT string_agg(h.relname || '.' || a.attname, ', ' ORDER BY h.relname, a.attname) FROM hers h JOIN pg_attribute a ON a.attrelid = h.relation AND a.attnum > 0 AND NOT a.attisdropped
           WHERE a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype, 'tsvector'::regtype) AND a.attname NOT IN ('object', 'operation') AND h.relname || '.' || a.attname <> 'lead.phone'
               AND h.relname || '.' || a.attname NOT IN (SELECT places('zoraida'))), NULL, 'no column that takes words was left out');
SELECT is((SELECT string_agg(format('%s %s %s', relation, key, fields), '; ' ORDER BY relation, key::text) FROM leadflow.mentions('crm', 'HORNSWOGGLE')), 'lead {"id": 9001} {need}', 'mentions finds words');
SELECT is((SELECT array_agg(DISTINCT m.relation || '.' || f ORDER BY m.relation || '.' || f) FROM leadflow.mentions('crm', 'Zoraida') m, unnest(m.fields) f),
          (SELECT array_agg(p ORDER BY p) FROM places('zoraida') p), 'wherever they stand');

SELECT lives_ok($$SELECT leadflow.forget('crm', 1)$$, 'forget');
SELECT lives_ok($$SELECT leadflow.forget('crm', 2001)$$, 'forget');

-- what stays is what the document says
CREATE TABLE said AS
SELECT part.n, btrim(name, '` ') AS name, '^' || replace(replace(btrim(name, '` '), '.', '\.'), '*', '[a-z_]+') || '$' AS pattern
FROM (VALUES (1, '### What stays'), (2, '### What goes only where it names her')) part (n, title)
CROSS JOIN unnest(string_to_array(split_part(split_part(:'doc', part.title || E'\n', 2), E'\n#', 1), E'\n')) line
CROSS JOIN unnest(string_to_array(split_part(line, '|', 2), ', ')) name
WHERE line LIKE '| `%';
CREATE TABLE kept AS SELECT 1 AS n, p AS place FROM places('zoraida') p;
INSERT INTO kept SELECT 2, p FROM places('blatherskite') p WHERE p NOT IN (SELECT place FROM kept);
SELECT cmp_ok((SELECT count(*) FROM said), '>', 50::bigint, 'the document is read');
SELECT is((SELECT string_agg(k.place, ', ' ORDER BY k.place) FROM kept k WHERE k.n = x.n AND NOT EXISTS (SELECT FROM said s WHERE s.n = x.n AND k.place ~ s.pattern)), NULL, x.label || ': the document names it')
FROM (VALUES (1, 'what stays'), (2, 'what stays unless it names her')) x (n, label);
SELECT is((SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM said s WHERE s.n = x.n AND NOT EXISTS (SELECT FROM kept k WHERE k.n = x.n AND k.place ~ s.pattern)), NULL, x.label || ': it is so')
FROM (VALUES (1, 'what stays'), (2, 'what stays unless it names her')) x (n, label);
SELECT is((SELECT string_agg(p, ', ') FROM places('hornswoggle') p), 'lead.need', 'another person is left alone');

-- what an attached table has of her: parked, or as the key at which the backfill stands
SET session_replication_role = replica;
INSERT INTO crm.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment) VALUES
    ('touch', 'INSERT', 't', '1', '{"from": "grace@example.com"}', '[]', 'x', 'x', 'mails'), ('touch', 'INSERT', 't', '2', '{"from": "disgrace@example.com"}', '[]', 'x', 'x', 'mails'),
    ('lead', 'INSERT', 'other', '3', '{"mail": "grace@example.com"}', '[]', 'x', 'x', 'contacts'), ('opportunity', 'INSERT', 'other', '4', '{"contact": "grace@example.com"}', '[]', 'x', 'x', 'deals');
INSERT INTO crm.backfill_progress (attachment, last_key) VALUES ('mails', '["grace@example.com"]'), ('calls', '["7"]');
INSERT INTO crm.overwrite_refused (object, lead_id, field, kept, refused, rule, session_actor, actor) VALUES ('lead', 9002, 'email', 'grace@example.com', 'grace@elsewhere.org', 'newest', 'x', 'x');
INSERT INTO crm.lead (id, source, stage, stage_since, created_at, updated_at, full_name, email) OVERRIDING SYSTEM VALUE VALUES (9002, 't', 'lead', now(), now(), now(), 'Grace', 'grace@example.com');
INSERT INTO crm.touch (lead_id, kind, direction, content) VALUES (9002, 'web_visit', 'inbound', 'as grace@elsewhere.org'), (9002, 'web_visit', 'inbound', 'price list');
RESET session_replication_role;
SELECT lives_ok($$SELECT leadflow.forget('crm', 9002)$$, 'forget');
SELECT is((SELECT string_agg(parked_row ->> 'from', ', ') FROM crm.quarantine), 'disgrace@example.com', 'what was parked of an attached table and names her is gone');
SELECT is((SELECT string_agg(attachment || ' ' || COALESCE(last_key::text, '-'), ', ' ORDER BY attachment) FROM crm.backfill_progress), 'calls ["7"], mails -', 'a key that names her too');
SELECT is((SELECT string_agg(COALESCE(content, '-'), ', ' ORDER BY id) FROM crm.touch WHERE lead_id = 9002), '-, price list', 'she is known by what another tool called her');
SELECT is((SELECT count(*) FROM leadflow.mentions('crm', 'grace@elsewhere.org')), 0::bigint, 'and that is gone');
SELECT ok('jit=off' = ANY (p.proconfig), 'a search through many small tables compiles nothing') FROM pg_proc p WHERE p.oid = 'leadflow.mentions(name, text)'::regprocedure;
SELECT throws_ok($$SELECT leadflow.mentions('crm', ' ')$$, '22023', NULL, 'something must be looked for');
SELECT throws_ok($$SELECT leadflow.mentions('nope', 'x')$$, '42704', NULL, 'in a workspace');

-- as JSON writes it otherwise than it is; and nobody else's, who only shares a word with her
SET session_replication_role = replica;
INSERT INTO crm.lead (id, source, external_id, stage, stage_since, created_at, updated_at, full_name, email, phone) OVERRIDING SYSTEM VALUE VALUES
    (9101, 's', 'K7', 'lead', now(), now(), now(), E'Ada "Countess"  Lovelace\n', 'ada@x.example', '+48 600 100 200'),
    (9102, 's', 'K8', 'lead', now(), now(), now(), 'Phone', 'nobody', '12'), (9103, 's', 'K9', 'lead', now(), now(), now(), '-', NULL, NULL),
    (9104, 's', 'K10', 'lead', now(), now(), now(), repeat('spam ', 20000), 'spam@x.example', NULL);
INSERT INTO crm.opportunity (id, source, lead_id, stage, furthest_stage, stage_since, created_at, updated_at, attributes) OVERRIDING SYSTEM VALUE
SELECT 9200 + n, 's', 9101, 'opportunity', 'opportunity', now(), now(), now(), a::jsonb
FROM unnest(ARRAY['{"contact": "Ada \"Countess\" Lovelace"}', '{"contact": "Call\nada@x.example"}', '{"of": {"contact": ["tel:\t+48 600 100 200"]}}', '{"contact": "Babbage"}']) WITH ORDINALITY x (a, n);
INSERT INTO crm.attachment (attachment, object, source, mapping, options) VALUES ('calls', 'touch', 's', '{"lead": "new.parent", "external_id": "new.id"}', '{}');
INSERT INTO crm.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment) VALUES
    ('touch', 'INSERT', 's', '1', '{"note": "Dear\nada \"countess\" lovelace wrote"}', '[]', 'x', 'x', 'calls'), ('touch', 'INSERT', 's', '2', '{"parent": "K7", "note": "is ill"}', '[]', 'x', 'x', 'calls'),
    ('lead', 'INSERT', 'u', '3', '{"phone": "+48600100200"}', '[]', 'x', 'x', NULL), ('lead', 'INSERT', 'u', '4', '{"email": "ADA+fair@x.example"}', '[]', 'x', 'x', NULL),
    ('opportunity', 'UPDATE', 's', '5', '{"id": 9201}', '[]', 'x', 'x', NULL),
    ('touch', 'INSERT', 's', '6', '{"parent": "K70", "phone": null, "note": "phone call - back, 12"}', '[]', 'x', 'x', 'calls'), ('lead', 'INSERT', 'u', '7', '{"phone": "+48600100201"}', '[]', 'x', 'x', NULL);
-- a deal that was linked to her later
INSERT INTO crm.sla_clock (id, policy, metric, opportunity_id, variant, started_at, due_at, warn_at, target, warn_after, calendar, started_by, definition_version) OVERRIDING SYSTEM VALUE VALUES (9301, 'x', 'x', 9201, '*', now(), now(), now(), '1 day', '1 hour', 'UTC; Mo-Su 00:00-24:00', 'x', 1);
INSERT INTO crm.sla_pause (clock_id, paused_at, reason, actor) VALUES (9301, now(), 'ada@x.example is ill', 'x');
INSERT INTO crm.overwrite_refused (object, opportunity_id, field, kept, refused, rule, session_actor, actor) VALUES ('opportunity', 9201, 'name', 'Deal of Ada', 'x', 'newest', 'x', 'x');
INSERT INTO crm.alert (alert_key, kind, at, raised_at, send_at, receiver, message, opportunity_id) VALUES ('z', 'breach', now(), now(), now(), 'x', 'call ada@x.example', 9201);
INSERT INTO crm.touch (id, lead_id, source, external_id, kind, direction, at, actor) OVERRIDING SYSTEM VALUE VALUES
    (9401, 9101, 's', 'T1', 'call', 'outbound', now(), 'Ada "Countess" Lovelace'), (9402, 9101, 's', 'mail ada@x.example', 'call', 'outbound', now(), 'rep');
INSERT INTO crm.book (as_of, report, row_number, figures) VALUES ('2026-01-01', 'content_effect', 1, '{"name": "letter to ada@x.example", "contents": ["ada@x.example"], "leads": 3}');
RESET session_replication_role;
SELECT is((SELECT array_agg(DISTINCT f ORDER BY f) FROM leadflow.mentions('crm', 'Ada "Countess"') m, unnest(m.fields) f), '{actor,attributes,full_name,parked_row}'::text[], 'mentions looks at texts, and not at how JSON writes them');
SELECT lives_ok($$SELECT leadflow.forget('crm', 9102); SELECT leadflow.forget('crm', 9103); SELECT leadflow.forget('crm', 9104)$$, 'names that are none');
SELECT is((SELECT string_agg(external_id, ',' ORDER BY external_id) FROM crm.quarantine WHERE source IN ('s', 'u')), '1,2,3,4,5,6,7', 'which take nobody else''s rows with them');
SELECT lives_ok($$SELECT leadflow.forget('crm', 9101)$$, 'a name with a quote, white space and a line''s end');
SELECT is((SELECT string_agg(external_id, ',' ORDER BY external_id) FROM crm.quarantine WHERE source IN ('s', 'u')), '6,7', 'her parked rows: by words, her key, her number and address in another spelling, her deal');
SELECT is((SELECT string_agg(attributes::text, ' ' ORDER BY id) FROM crm.opportunity WHERE lead_id = 9101), '{} {} {} {"contact": "Babbage"}', 'her deals');
SELECT is((SELECT concat_ws('|', (SELECT reason FROM crm.sla_pause WHERE clock_id = 9301), (SELECT kept FROM crm.overwrite_refused WHERE opportunity_id = 9201), (SELECT message FROM crm.alert WHERE alert_key = 'z'))), 'forgotten|forgotten', 'what belongs to her deals');
SELECT is((SELECT string_agg(external_id || '|' || COALESCE(actor, '-'), ' ' ORDER BY id) FROM crm.touch WHERE lead_id = 9101), 'T1|- forgotten 9402|rep', 'keys of touches stay, so that the tool finds them');
SELECT is((SELECT figures FROM crm.book WHERE report = 'content_effect'), '{"name": "forgotten", "leads": 3, "contents": []}'::jsonb, 'books that were closed');
SELECT is((SELECT string_agg(r, ', ') FROM unnest(leadflow.counting_reports('crm')) r WHERE r IN ('duplicate_candidates', 'data_quality', 'quarantine_reasons')), NULL, 'which keep no report that shows keys and addresses');

-- replicas: every table tells by a key which row has changed
SELECT is((SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r'
           AND c.relreplident <> 'f' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)), NULL, 'a subscriber finds the row that was changed');
SELECT * FROM finish();
