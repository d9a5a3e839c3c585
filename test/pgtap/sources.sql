-- What a source may do: whose value stays, whose word moves a row, and what becomes of a word nobody knows
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql

-- What was logged: field: kept (source) / refused (source) rule
CREATE FUNCTION logged() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s: %s (%s) / %s (%s) %s', field, coalesce(kept, '-'), coalesce(kept_source, '-'), coalesce(refused, '-'), coalesce(refused_source, '-'), rule), '; ' ORDER BY id), 'nothing')
    FROM crm.overwrite_refused
$$;

-- every rule against every value before and after, every holder and every writer, and what must come of it
CREATE FUNCTION overwritten(rule text, old text, new text, holder text, writer text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    BEGIN
        IF rule <> 'none' THEN
            INSERT INTO crm.overwrite_rule (field, rule, sources) SELECT 'phone', overwritten.rule, CASE WHEN overwritten.rule = 'ranked' THEN '{best,good}'::text[] END;
        END IF;
        PERFORM set_config('leadflow.source', holder, true);
        INSERT INTO crm.lead (source, phone) VALUES ('row', old);
        PERFORM set_config('leadflow.source', writer, true);
        UPDATE crm.lead SET phone = new;
        SELECT format('%L %L %s', phone, field_sources, (SELECT string_agg(format('%L %L %L %L', kept, refused, kept_source, refused_source), ';') FROM crm.overwrite_refused))
          INTO result FROM crm.lead;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN result;
    END;
END $$;
CREATE FUNCTION expected(rule text, old text, new text, holder text, writer text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%L %L %s', final, CASE WHEN f.rule = 'ranked' AND btrim(final, E' \t\r\n') <> '' THEN jsonb_build_object('phone',
                  CASE WHEN kept OR (old IS NOT DISTINCT FROM new AND writer_rank >= holder_rank) THEN f.holder ELSE f.writer END) END,
                  CASE WHEN kept THEN format('%L %L %L %L', old, new, CASE WHEN f.rule = 'ranked' THEN f.holder END, f.writer) END)
    FROM (SELECT expected.rule, CASE WHEN expected.holder = '' THEN 'row' ELSE expected.holder END AS holder, CASE WHEN expected.writer = '' THEN 'row' ELSE expected.writer END AS writer) f,
         LATERAL (SELECT coalesce(array_position('{best,good}', f.holder), 3) AS holder_rank, coalesce(array_position('{best,good}', f.writer), 3) AS writer_rank) r,
         LATERAL (SELECT f.rule <> 'none' AND coalesce(btrim(old, E' \t\r\n'), '') <> '' AND old IS DISTINCT FROM new
                         AND (coalesce(btrim(new, E' \t\r\n'), '') = '' OR (f.rule = 'ranked' AND writer_rank > holder_rank)) AS kept) k,
         LATERAL (SELECT CASE WHEN kept THEN old ELSE new END AS final) v
$$;
CREATE TABLE matrix AS
SELECT r.rule, o.old, n.new, h.holder, w.writer, overwritten(r.rule, o.old, n.new, h.holder, w.writer) AS found, expected(r.rule, o.old, n.new, h.holder, w.writer) AS expected
FROM unnest('{none,keep_filled,newest,ranked}'::text[]) r (rule), unnest(ARRAY[NULL, '', E' \t\n', '1']) o (old), unnest(ARRAY[NULL, '', E'\r ', '1', '2']) n (new),
     unnest('{"",best,good,other}'::text[]) h (holder), unnest('{"",best,good,other}'::text[]) w (writer);
SELECT is_empty('SELECT * FROM matrix WHERE found IS DISTINCT FROM expected', 'every rule, value, holder and writer');
SELECT is((SELECT string_agg(format('%s %s', rule, n), ', ' ORDER BY rule) FROM (SELECT rule, count(*) FILTER (WHERE found <> format('%L %L ', new, NULL)) AS n FROM matrix GROUP BY rule) m),
          'keep_filled 48, newest 48, none 0, ranked 176', 'of 320 each so many come out otherwise than without a rule');

INSERT INTO crm.overwrite_rule (object, field, rule, sources) VALUES
    ('lead', 'phone', 'ranked', '{sales,web}'), ('lead', 'email', 'keep_filled', NULL), ('lead', 'role', 'newest', NULL), ('lead', 'budget', 'ranked', '{sales}'),
    ('lead', 'decision_by', 'keep_filled', NULL), ('lead', 'verified', 'ranked', '{sales}'), ('lead', 'attributes', 'keep_filled', NULL),
    ('opportunity', 'amount', 'ranked', '{sales,web}'), ('opportunity', 'name', 'keep_filled', NULL);
INSERT INTO crm.lead (source, external_id, email, phone, role, budget, decision_by, stage_since) VALUES ('web', 'a', 'a@b.c', '1', 'CEO', 5000, '2026-06-01', '2026-03-01 09:00+00');
INSERT INTO crm.account (source, name) VALUES ('web', 'Acme');
INSERT INTO crm.opportunity (source, external_id, account_id, name, amount, stage_since) SELECT 'web', 'o', id, 'Deal', 100, '2026-03-01 09:00+00' FROM crm.account;
SELECT is((SELECT l.field_sources || o.field_sources FROM crm.lead l, crm.opportunity o), '{"phone": "web", "budget": "web", "amount": "web", "verified": "web"}', 'a new row notes whose every ranked value is, not what has no value or another rule');

SELECT is(tried(c.statement, $$SELECT (SELECT concat_ws(' ', email, phone, role, budget, decision_by, stage) FROM crm.lead WHERE external_id = 'a') || ' | ' || logged()$$), c.expected, c.label)
FROM (VALUES
    ('nothing happens where nothing is emptied', $$UPDATE crm.lead SET email = 'x', role = 'CFO', decision_by = '2026-07-01'$$, 'x 1 CFO 5000.00 2026-07-01 lead | nothing'),
    ('several fields, one write', $$UPDATE crm.lead SET email = '', phone = NULL, role = NULL, budget = NULL, decision_by = NULL$$,
        'a@b.c 1 CEO 5000.00 2026-06-01 lead | budget: 5000.00 (web) / - (web) ranked; decision_by: 2026-06-01 (-) / - (web) keep_filled; email: a@b.c (-) /  (web) keep_filled; phone: 1 (web) / - (web) ranked; role: CEO (-) / - (web) newest'),
    ('a better source, and then a worse one', $$SET LOCAL leadflow.source = sales; UPDATE crm.lead SET phone = '2', budget = 1; SET LOCAL leadflow.source = web; UPDATE crm.lead SET phone = '3', budget = 2, email = 'new'$$,
        'new 2 CEO 1.00 2026-06-01 lead | budget: 1.00 (sales) / 2.00 (web) ranked; phone: 2 (sales) / 3 (web) ranked'),
    ('a source that is not listed', $$SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = '3', budget = 2$$, 'a@b.c 1 CEO 2.00 2026-06-01 lead | phone: 1 (web) / 3 (other) ranked'),
    ('a better source that writes the same stands behind it', $$SET LOCAL leadflow.source = sales; UPDATE crm.lead SET phone = '1'; RESET leadflow.source; UPDATE crm.lead SET phone = '3'$$,
        'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (sales) / 3 (web) ranked'),
    ('but not for a field it has not written', $$SET LOCAL leadflow.source = sales; UPDATE crm.lead SET email = 'x'; RESET leadflow.source; UPDATE crm.lead SET phone = '3'$$, 'x 3 CEO 5000.00 2026-06-01 lead | nothing'),
    ('a worse one that writes the same does not take it over', $$SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = '1'; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 3 (other) ranked'),
    ('a value from before the rule is its row''s own source''s', $$DELETE FROM crm.overwrite_rule; UPDATE crm.lead SET field_sources = NULL; INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('phone', 'ranked', '{web}');
        SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 3 (other) ranked'),
    ('whatever field_sources holds', $$DELETE FROM crm.overwrite_rule; UPDATE crm.lead SET field_sources = '["phone", 7]'; INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('phone', 'ranked', '{web}');
        SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 3 (other) ranked'),
    ('whatever its members are', $$DELETE FROM crm.overwrite_rule; UPDATE crm.lead SET field_sources = '{"phone": {"x": 1}}'; INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('phone', 'ranked', '{web}');
        SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 3 (other) ranked'),
    ('ON CONFLICT', $$SET LOCAL leadflow.source = other; INSERT INTO crm.lead (source, external_id, phone, email) VALUES ('web', 'a', '9', NULL)
        ON CONFLICT (source, external_id) DO UPDATE SET phone = excluded.phone, email = excluded.email, role = 'CTO'$$, 'a@b.c 1 CTO 5000.00 2026-06-01 lead | email: a@b.c (-) / - (other) keep_filled; phone: 1 (web) / 9 (other) ranked'),
    ('ON CONFLICT with the whole row', $$SET LOCAL leadflow.source = other; INSERT INTO crm.lead (source, external_id, phone) VALUES ('web', 'a', '9')
        ON CONFLICT (source, external_id) DO UPDATE SET (phone, field_sources) = (excluded.phone, excluded.field_sources)$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 9 (other) ranked'),
    ('ON CONFLICT DO NOTHING', $$INSERT INTO crm.lead (source, external_id) VALUES ('web', 'a') ON CONFLICT DO NOTHING$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | nothing'),
    ('what a trigger writes counts as written', $$CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.email := NULL; RETURN NEW; END';
        CREATE TRIGGER own BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION own(); UPDATE crm.lead SET role = 'CFO'$$, 'a@b.c 1 CFO 5000.00 2026-06-01 lead | email: a@b.c (-) / - (web) keep_filled'),
    ('a move and a refused value in one write', $$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', email = ''$$, 'a@b.c 1 CEO 5000.00 2026-06-01 nurture | email: a@b.c (-) /  (web) keep_filled'),
    ('NOT NULL hears only of what is written', $$UPDATE crm.lead SET attributes = NULL$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | attributes: {} (-) / - (web) keep_filled'),
    ('field_sources is kept', $$UPDATE crm.lead SET field_sources = '{"phone": "sales"}'; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 3 CEO 5000.00 2026-06-01 lead | nothing'),
    ('field_sources of a new row is kept', $$INSERT INTO crm.lead (source, external_id, phone, field_sources) VALUES ('web', 'n', '1', '{"phone": "sales"}'); UPDATE crm.lead SET phone = '3' WHERE external_id = 'n'$$,
        'a@b.c 1 CEO 5000.00 2026-06-01 lead | nothing'),
    ('a failed statement leaves no log', $$DO 'BEGIN UPDATE crm.lead SET email = '''', currency = ''x''; EXCEPTION WHEN check_violation THEN NULL; END'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | nothing'),
    ('nor does a row that the guard refuses', $$DO 'BEGIN UPDATE crm.lead SET email = '''', stage = ''mql''; EXCEPTION WHEN check_violation THEN NULL; END'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | nothing'),
    ('nor does a parked one', $$SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET email = '', stage = 'mql'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | nothing'),
    ('an accepted violation does', $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET email = '', stage = 'mql'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 mql | email: a@b.c (-) /  (web) keep_filled'),
    ('dates are logged alike in every session', $$SET LOCAL DateStyle = 'German'; UPDATE crm.lead SET decision_by = NULL; SET LOCAL DateStyle = 'ISO'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | decision_by: 2026-06-01 (-) / - (web) keep_filled'),
    ('a setting of blanks is a source like others', $$SET LOCAL leadflow.source = ' '; UPDATE crm.lead SET phone = '3'$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | phone: 1 (web) / 3 ( ) ranked'),
    ('a rule binds the next statement', $$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('full_name', 'keep_filled'); UPDATE crm.lead SET full_name = 'Ada'; UPDATE crm.lead SET full_name = NULL;
        UPDATE crm.overwrite_rule SET rule = 'newest' WHERE field = 'full_name'; UPDATE crm.lead SET full_name = ' '; DELETE FROM crm.overwrite_rule WHERE field = 'full_name'; UPDATE crm.lead SET full_name = NULL$$,
        'a@b.c 1 CEO 5000.00 2026-06-01 lead | full_name: Ada (-) / - (web) keep_filled; full_name: Ada (-) /   (web) newest'),
    ('so does the end of all rules', $$TRUNCATE crm.overwrite_rule; UPDATE crm.lead SET email = NULL, phone = NULL$$, 'CEO 5000.00 2026-06-01 lead | nothing'),
    ('a column of the user''s own', $$ALTER TABLE crm.lead ADD COLUMN "Größe" varchar(20), ADD COLUMN code char(5); INSERT INTO crm.overwrite_rule (field, rule) VALUES ('Größe', 'keep_filled'), ('code', 'newest');
        UPDATE crm.lead SET "Größe" = 'XL', code = 'x'; UPDATE crm.lead SET "Größe" = ' ', code = ''$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | Größe: XL (-) /   (web) keep_filled; code: x     (-) /       (web) newest'),
    ('a domain over text', $$CREATE DOMAIN word AS text; ALTER TABLE crm.lead ADD COLUMN w word; INSERT INTO crm.overwrite_rule (field, rule) VALUES ('w', 'keep_filled');
        UPDATE crm.lead SET w = 'x'; UPDATE crm.lead SET w = ''$$, 'a@b.c 1 CEO 5000.00 2026-06-01 lead | w: x (-) /  (web) keep_filled'),
    ('a replica does not judge, nor keep', $$SET LOCAL session_replication_role = replica; UPDATE crm.lead SET email = NULL$$, '1 CEO 5000.00 2026-06-01 lead | nothing')
) AS c (label, statement, expected);

SELECT is(tried(c.statement, c.query), c.expected, c.label)
FROM (VALUES
    ('criteria see the row as it will be written', $$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('engaged', 'has_email', 'x', 'email <> ''''');
        UPDATE crm.lead SET stage = 'lead.x', email = ''$$, 'SELECT stage || email FROM crm.lead', 'lead.xa@b.c'),
    ('also where a better value is refused', $$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('engaged', 'rich', 'x', 'budget > 9000');
        SET LOCAL leadflow.source = sales; UPDATE crm.lead SET budget = 1; SET LOCAL leadflow.source = web; UPDATE crm.lead SET stage = 'lead.x', budget = 10000$$, NULL, '23514 rich'),
    ('what is parked has what the writer wrote', $$SET LOCAL leadflow.on_violation = park; SET LOCAL leadflow.source = other; UPDATE crm.lead SET stage = 'mql', phone = '3', email = ' ', role = 'CFO'$$,
        $$SELECT concat_ws(',', parked_row ->> 'phone', parked_row ->> 'email', parked_row ->> 'role', parked_row ->> 'stage', logged()) FROM crm.quarantine$$, '3, ,CFO,mql,nothing'),
    ('RETURNING shows what was written', $$WITH u AS (UPDATE crm.lead SET email = '', role = 'CFO' RETURNING *) SELECT 1 FROM u$$, $$SELECT email || role FROM crm.lead$$, 'a@b.cCFO'),
    ('long values are shortened in the log, not in the row', $$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('need', 'keep_filled'); UPDATE crm.lead SET need = repeat('ż', 100000); UPDATE crm.lead SET need = NULL$$,
        $$SELECT (SELECT length(need) FROM crm.lead) || ' ' || length(kept) || right(kept, 4) FROM crm.overwrite_refused$$, '100000 503ż...'),
    ('incompressible ones stay whole as well', $$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('need', 'keep_filled'); UPDATE crm.lead SET need = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i); UPDATE crm.lead SET need = ''$$,
        $$SELECT (need = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i))::text FROM crm.lead$$, 'true'),
    ('an erasure is not undone by a rule', $$SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = 'secret', email = ''; SELECT leadflow.forget('crm', id) FROM crm.lead$$,
        $$SELECT format('%s|%s|%s|%s', email, phone, field_sources, logged()) FROM crm.lead$$, '||{"budget": "web", "verified": "web"}|email: - (-) / - (other) keep_filled; phone: - (web) / - (other) ranked'),
    ('an opportunity', $$SET LOCAL leadflow.source = other; UPDATE crm.opportunity SET amount = 5, name = NULL, kind = 'upsell'$$,
        $$SELECT concat_ws(' ', name, amount, kind, field_sources, '|', logged(), '|', (SELECT string_agg(concat_ws(' ', object, opportunity_id = o.id, lead_id), ',') FROM crm.overwrite_refused)) FROM crm.opportunity o$$,
        'Deal 100.00 upsell {"amount": "web"} | amount: 100.00 (web) / 5.00 (other) ranked; name: Deal (-) / - (other) keep_filled | opportunity t,opportunity t'),
    ('an opportunity and its lead', $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.opportunity SET lead_id = (SELECT id FROM crm.lead), name = ''; UPDATE crm.opportunity SET stage = 'budget', name = ''$$,
        $$SELECT (SELECT stage::text FROM crm.lead) || ' ' || string_agg(concat_ws(' ', object, (SELECT id FROM crm.lead) = lead_id), ',') FROM crm.overwrite_refused$$, 'budget opportunity t,opportunity t'),
    ('the log says who', $$UPDATE crm.lead SET email = ''$$, $$SELECT concat_ws(' ', object, lead_id = (SELECT id FROM crm.lead), opportunity_id, recorded_at = now(), session_actor = session_user, actor = current_user) FROM crm.overwrite_refused$$, 'lead t t t t'),
    ('the log is append-only', $$UPDATE crm.lead SET email = ''; UPDATE crm.overwrite_refused SET kept = 'x'$$, NULL, '23514 append_only'),
    ('nothing is deleted from it', $$UPDATE crm.lead SET email = ''; DELETE FROM crm.overwrite_refused$$, NULL, '23514 append_only'),
    ('nor truncated', 'TRUNCATE crm.overwrite_refused', NULL, '23514 append_only'),
    ('rules are definitions', $$UPDATE crm.overwrite_rule SET rule = 'newest' WHERE field = 'email'$$, $$SELECT definition || ' ' || (old_row ->> 'rule') || ' ' || (new_row ->> 'rule') FROM crm.definition_change ORDER BY version DESC LIMIT 1$$, 'overwrite_rule keep_filled newest'),
    ('sources are', $$INSERT INTO crm.source (source) VALUES ('x')$$, $$SELECT definition || ' ' || new_row FROM crm.definition_change ORDER BY version DESC LIMIT 1$$,
        'source {"label": null, "source": "x", "stage_sync": "mirror", "unknown_status": "refuse"}'),
    ('a log of another shape is an error', $$ALTER TABLE crm.overwrite_refused RENAME COLUMN kept TO k; UPDATE crm.lead SET email = ''$$, NULL, '42703'),
    ('which a write that is kept whole does not meet', $$ALTER TABLE crm.overwrite_refused RENAME COLUMN kept TO k; UPDATE crm.lead SET email = 'x'$$, NULL, '00000'),
    ('a trigger on the log that changes the setting', $$CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''leadflow.source'', ''else'', true); RETURN NULL; END';
        CREATE TRIGGER own AFTER INSERT ON crm.overwrite_refused FOR EACH ROW EXECUTE FUNCTION own(); SET LOCAL leadflow.source = other; UPDATE crm.lead SET email = '', phone = '3'$$, 'SELECT logged()',
        'email: a@b.c (-) /  (other) keep_filled; phone: 1 (web) / 3 (other) ranked')
) AS c (label, statement, query, expected);

BEGIN;
COPY crm.lead (source, external_id, email, phone) FROM stdin;
web	c1	c@b.c	1
\.
SELECT is((SELECT field_sources::text FROM crm.lead WHERE external_id = 'c1'), '{"phone": "web", "verified": "web"}', 'COPY notes whose values are');
SET LOCAL leadflow.source = 'sales';
COPY crm.lead (source, external_id, phone) FROM stdin;
web	c2	2
\.
SELECT is((SELECT field_sources::text FROM crm.lead WHERE external_id = 'c2'), '{"phone": "sales", "verified": "sales"}', 'in the name of the session''s source');
ROLLBACK;

-- rules that are none
SELECT is(tried(c.statement), c.expected, c.expected || ' ' || c.statement)
FROM (VALUES
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('nothing', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('closed_at', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('Email', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('opportunity', 'email', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('opportunity', 'amounts', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('opportunity', 'closed_at', 'newest')$$, '23514 overwrite_rule_field'),
    ($$INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('account', 'name', 'newest')$$, '23514 overwrite_rule_object_check'),
    ($$INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('nothing', 'name', 'newest')$$, '23514 overwrite_rule_object_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES (NULL, 'newest')$$, '23502'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('ctid', 'newest')$$, '42703'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('full_name', 'oldest')$$, '23514 overwrite_rule_rule_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('full_name', 'ranked')$$, '23514 ranked_by_sources'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'newest', '{a}')$$, '23514 ranked_by_sources'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{}')$$, '23514 overwrite_rule_sources_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{a,NULL}')$$, '23514 overwrite_rule_sources_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{a,""}')$$, '23514 overwrite_rule_sources_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{a,*}')$$, '23514 overwrite_rule_sources_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{{a},{b}}')$$, '23514 overwrite_rule_sources_check'),
    ($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('full_name', 'ranked', '{a,a}')$$, '00000'),
    ($$INSERT INTO crm.overwrite_rule (field, rule) VALUES ('email', 'newest')$$, '23505 overwrite_rule_pkey'),
    ($$UPDATE crm.overwrite_rule SET field = 'stage' WHERE field = 'email'$$, '23514 overwrite_rule_field'),
    ($$ALTER TABLE crm.lead ADD COLUMN g text GENERATED ALWAYS AS (lower(email)) STORED; INSERT INTO crm.overwrite_rule (field, rule) VALUES ('g', 'newest')$$, '23514 overwrite_rule_field'),
    ($$INSERT INTO crm.source (source) VALUES ('')$$, '23514 source_source_check'),
    ($$INSERT INTO crm.source (source) VALUES ('*')$$, '23514 source_source_check'),
    ($$INSERT INTO crm.source (source) VALUES (NULL)$$, '23502'),
    ($$INSERT INTO crm.source (source, stage_sync) VALUES ('x', 'backward')$$, '23514 source_stage_sync_check'),
    ($$INSERT INTO crm.source (source, unknown_status) VALUES ('x', 'nonsense')$$, '22P02'),
    ($$INSERT INTO crm.source (source, unknown_status) VALUES ('x', 'Refuse')$$, '22P02'),
    ($$INSERT INTO crm.source (source, unknown_status) VALUES ('x', '')$$, '22P02'),
    ($$INSERT INTO crm.source (source, unknown_status) VALUES ('x', NULL)$$, '23502'),
    ($$INSERT INTO crm.source (source, unknown_status) VALUES ('x', 'nurture'), ('y', 'MQL'), ('z', 'lead.unknown')$$, '00000')
) AS c (statement, expected);
SELECT is(tried(format($$INSERT INTO crm.overwrite_rule (field, rule) VALUES (%L, 'newest')$$, f)), '23514 overwrite_rule_field', 'no rule for ' || f)
FROM unnest('{id,source,external_id,stage,stage_since,furthest_stage,created_at,updated_at,status,reason,reason_note,field_sources}'::text[]) f;

-- columns that a rule names, and that are gone
SELECT is(tried(c.statement, $$SELECT string_agg(concat_ws(' ', external_id, email, phone), ',' ORDER BY id) FROM crm.lead$$), c.expected, c.label)
FROM (VALUES
    ('renamed', $$ALTER TABLE crm.lead RENAME COLUMN decision_by TO decide_by; UPDATE crm.lead SET email = 'x'$$, '42703'),
    ('renamed, and a new row', $$ALTER TABLE crm.lead RENAME COLUMN decision_by TO decide_by; INSERT INTO crm.lead (source) VALUES ('x')$$, '42703'),
    ('renamed, and the rule with it', $$ALTER TABLE crm.lead RENAME COLUMN phone TO telephone; UPDATE crm.overwrite_rule SET field = 'telephone' WHERE field = 'phone'; SET LOCAL leadflow.source = other; UPDATE crm.lead SET telephone = '3';
        ALTER TABLE crm.lead RENAME COLUMN telephone TO phone$$, 'a a@b.c 1'),
    ('dropped', $$ALTER TABLE crm.lead DROP COLUMN decision_by CASCADE; UPDATE crm.lead SET email = 'x'$$, '42703'),
    ('dropped, and the rule with it', $$ALTER TABLE crm.lead DROP COLUMN decision_by CASCADE; DELETE FROM crm.overwrite_rule WHERE field = 'decision_by'; UPDATE crm.lead SET email = 'x', phone = NULL$$, 'a x 1'),
    ('dropped and made again', $$ALTER TABLE crm.lead DROP COLUMN decision_by CASCADE; ALTER TABLE crm.lead ADD COLUMN decision_by text; UPDATE crm.lead SET decision_by = 'soon'; UPDATE crm.lead SET decision_by = ' ', email = decision_by$$, 'a soon 1'),
    ('of another type', $$DROP VIEW crm.completeness, crm.data_quality, crm.duplicate_candidates, crm.lead_card CASCADE; ALTER TABLE crm.lead ALTER phone TYPE bigint USING phone::bigint; UPDATE crm.lead SET phone = 7; SET LOCAL leadflow.source = other; UPDATE crm.lead SET phone = 8$$, 'a a@b.c 7'),
    ('renamed in opportunity', $$ALTER TABLE crm.opportunity RENAME COLUMN name TO title; UPDATE crm.opportunity SET kind = 'upsell'$$, '42703'),
    ('opportunity''s rules do not bind leads', $$ALTER TABLE crm.opportunity RENAME COLUMN name TO title; UPDATE crm.lead SET email = 'x'$$, 'a x 1'),
    ('field_sources is needed', $$ALTER TABLE crm.lead DROP COLUMN field_sources; UPDATE crm.lead SET email = 'x'$$, '42703'),
    ('and must be jsonb', $$ALTER TABLE crm.lead ALTER field_sources TYPE text; UPDATE crm.lead SET email = 'x'$$, '42804'),
    ('the table of rules is needed', $$DROP TABLE crm.overwrite_rule CASCADE; UPDATE crm.lead SET email = 'x'$$, '42P01'),
    ('the table of sources is needed', $$DROP TABLE crm.source; UPDATE crm.lead SET email = 'x'$$, '42P01'),
    ('both belong to the owner of the others', $$CREATE ROLE lf_sources; GRANT ALL ON SCHEMA crm TO lf_sources; ALTER TABLE crm.source OWNER TO lf_sources; UPDATE crm.lead SET email = 'x'$$, '42501')
) AS c (label, statement, expected);

-- a tool's own word: the rows stand at mql, at lead, in nurture, disqualified
INSERT INTO crm.stage_alias (source, status, stage) VALUES
    ('tool', 'New', 'lead'), ('tool', 'Old', 'visitor'), ('tool', 'Warm', 'mql.warm'), ('tool', 'Ready', 'mql'), ('tool', 'Call', 'contacted'), ('tool', 'Later', 'nurture'), ('tool', 'Junk', 'disqualified'),
    ('*', 'Everywhere', 'engaged'), ('*', 'New', 'engaged');
INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES ('mql', 'lead', false);
SET leadflow.on_violation = warn;
INSERT INTO crm.lead (source, external_id, stage, stage_since, reason, status) VALUES
    ('tool', 'mql', 'mql', '2026-03-01 09:00+00', NULL, 'Ready'), ('tool', 'lead', 'lead', '2026-03-01 09:00+00', NULL, NULL),
    ('tool', 'nurture', 'nurture', '2026-03-01 09:00+00', 'not_now', 'Later'), ('tool', 'junk', 'disqualified', '2026-03-01 09:00+00', 'spam', 'Junk');
RESET leadflow.on_violation;
DELETE FROM crm.standard;
CREATE FUNCTION said(status text, external_id text, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT format('UPDATE crm.lead SET status = %L%s WHERE external_id = %L', status, more, external_id)
$$;
SELECT is(tried(format($$INSERT INTO crm.source (source, stage_sync) VALUES ('tool', %L); %s$$, m.sync, c.statement),
                $$SELECT string_agg(concat_ws('/', stage, status), ' ' ORDER BY stage) FROM crm.lead WHERE external_id = ANY ('{mql,lead,nurture,junk,new}') AND updated_at = '2026-03-03 10:00+00'$$),
          CASE m.sync WHEN 'mirror' THEN c.mirror ELSE c.forward END, m.sync || ': ' || c.label)
FROM (VALUES ('mirror'), ('forward')) m (sync),
     (SELECT v.label, 'SET LOCAL leadflow.clock = ''2026-03-03 10:00+00''; ' || v.statement, v.mirror, coalesce(v.forward, v.mirror) FROM (VALUES
    ('forward along the spine', said('Call', 'mql'), 'contacted/Call', NULL),
    ('within the stage, to a leaf', said('Warm', 'mql'), 'mql.warm/Warm', NULL),
    ('within the stage, from a leaf', said('Warm', 'mql') || ';' || said('Ready', 'mql'), 'mql/Ready', NULL),
    ('back, as listed', said('New', 'mql'), 'lead/New', 'mql/New'),
    ('back, as not listed', said('Old', 'mql'), '23514 transition', 'mql/Old'),
    ('back by a word for every tool', said('Everywhere', 'mql'), '23514 transition', 'mql/Everywhere'),
    ('back from a leaf', said('Warm', 'mql') || ';' || said('New', 'mql'), 'lead/New', 'mql.warm/New'),
    ('back, and then the word of the stage it is in', said('New', 'lead') || ';' || said('Old', 'mql', ', stage = ''contacted''') || ';' || said('Ready', 'mql', ', reason = ''not_target'''), 'lead/New mql/Ready', 'lead/New contacted/Ready'),
    ('into an exit, without a reason', said('Later', 'mql'), '23514 reason', NULL),
    ('into an exit', said('Later', 'mql', ', reason = ''not_now'''), 'nurture/Later', NULL),
    ('out of an exit', said('New', 'nurture'), 'lead/New', NULL),
    ('out of an exit, as not listed', said('Old', 'nurture'), '23514 transition', NULL),
    ('out of an exit, past the stage listed', said('Call', 'nurture'), 'contacted/Call', NULL),
    ('from one exit into another', said('Junk', 'nurture', ', reason = ''spam'''), 'disqualified/Junk', NULL),
    ('out of disqualified without a reason', said('New', 'junk'), '23514 reason', NULL),
    ('a word and a stage: the stage decides', said('Old', 'mql', ', stage = ''contacted'''), 'contacted/Old', NULL),
    ('a word and a stage back: the stage is no word', said('Call', 'mql', ', stage = ''lead'''), 'lead/Call', NULL),
    ('a word and a stage back, as not listed', said('Call', 'mql', ', stage = ''visitor'''), '23514 transition', NULL),
    ('a word and the stage as it is: the word moves', said('New', 'mql', ', stage = ''mql'''), 'lead/New', 'mql/New'),
    ('the same word again moves nothing', said('Ready', 'mql'), 'mql/Ready', NULL),
    ('no word', said(NULL, 'mql'), 'mql', NULL),
    ('a new row with a word', $$INSERT INTO crm.lead (source, external_id, status) VALUES ('tool', 'new', 'Call')$$, 'contacted/Call', NULL),
    ('ON CONFLICT with an earlier word', $$INSERT INTO crm.lead (source, external_id, status) VALUES ('tool', 'mql', 'New') ON CONFLICT (source, external_id) DO UPDATE SET status = excluded.status$$, 'lead/New', 'mql/New'),
    ('a variant that changes with the word is judged', $$INSERT INTO crm.standard (variant, stage, criterion, requirement, expression) VALUES ('pro', 'engaged', 'never', 'x', 'false'); $$ || said('New', 'mql', ', variant = ''pro'''), '23514 never', NULL)
    ) v (label, statement, mirror, forward)) c (label, statement, mirror, forward);
SELECT is(tried($$INSERT INTO crm.source (source, stage_sync) VALUES ('tool', 'forward'), ('other', 'mirror'); $$ || c.statement, $$SELECT concat_ws('/', stage, status) FROM crm.lead WHERE external_id = 'mql'$$), c.expected, c.label)
FROM (VALUES
    ('a definition binds the next statement', $$UPDATE crm.source SET stage_sync = 'mirror'; UPDATE crm.lead SET status = 'New' WHERE external_id = 'mql'$$, 'lead/New'),
    ('so does its removal', $$DELETE FROM crm.source; UPDATE crm.lead SET status = 'New' WHERE external_id = 'mql'$$, 'lead/New'),
    ('and that of all', $$TRUNCATE crm.source; UPDATE crm.lead SET status = 'New' WHERE external_id = 'mql'$$, 'lead/New'),
    ('the session''s source brings its own words', $$SET LOCAL leadflow.source = other; UPDATE crm.lead SET status = 'Call' WHERE external_id = 'mql'$$, '23514 status_alias'),
    ('and its own way of moving', $$INSERT INTO crm.stage_alias (source, status, stage) VALUES ('other', 'Back', 'lead'); SET LOCAL leadflow.source = other; UPDATE crm.lead SET status = 'Back' WHERE external_id = 'mql'$$, 'lead/Back'),
    ('a word of all tools, said by one that only moves forward', $$INSERT INTO crm.stage_alias (source, status, stage) VALUES ('*', 'Back', 'lead'); UPDATE crm.lead SET status = 'Back' WHERE external_id = 'mql'$$, 'mql/Back'),
    ('an earlier word and a refused value', $$UPDATE crm.lead SET email = 'x' WHERE external_id = 'mql'; UPDATE crm.lead SET status = 'New', email = '' WHERE external_id = 'mql'$$, 'mql/New')
) AS c (label, statement, expected);

-- words that nobody knows, by what is to become of them
SELECT is(tried(format($$INSERT INTO crm.source (source, stage_sync, unknown_status) SELECT 'tool', %L, %L WHERE %L <> 'unlisted'; SET LOCAL leadflow.clock = '2026-03-03 10:00+00'; SET LOCAL leadflow.on_violation = %L; %s$$,
                       m.sync, m.unknown, m.unknown, m.on_violation, c.statement),
                $$SELECT concat_ws(' ', (SELECT string_agg(concat_ws('/', stage, status), ' ') FROM crm.lead WHERE external_id IN ('mql', 'nurture', 'new') AND updated_at = '2026-03-03 10:00+00'),
                    (SELECT 'parked ' || string_agg(concat_ws('/', operation, parked_row ->> 'status', target_stage, unmet -> 0 ->> 'criterion', jsonb_array_length(unmet)), ' ') FROM crm.quarantine),
                    (SELECT 'violations ' || string_agg(criterion, ',') FROM crm.violation WHERE recorded_at = now() AND to_stage <> 'mql' AND criterion = 'status_alias'))$$),
          (ARRAY[c.unlisted, c.refuse, c.park, c.lead, c.nurture, c.park_warn, c.forward])[m.n], m.label || ': ' || c.label)
FROM (VALUES (1, 'a source that is not listed', 'unlisted', 'mirror', 'raise'), (2, 'refuse', 'refuse', 'mirror', 'raise'), (3, 'park', 'park', 'mirror', 'raise'), (4, 'lead', 'lead', 'mirror', 'raise'),
             (5, 'nurture', 'nurture', 'mirror', 'raise'), (6, 'park, whatever the owner asks for', 'park', 'mirror', 'warn'), (7, 'lead, forward only', 'lead', 'forward', 'raise')) m (n, label, unknown, sync, on_violation),
     (VALUES
    ('update', said('Huh', 'mql'), '23514 status_alias', '23514 status_alias', 'parked UPDATE/Huh/mql/status_alias/1', 'lead/Huh', '23514 reason', 'parked UPDATE/Huh/mql/status_alias/1', 'mql/Huh'),
    ('update with a reason', said('Huh', 'mql', ', reason = ''not_now'''), '23514 status_alias', '23514 status_alias', 'parked UPDATE/Huh/mql/status_alias/1', 'lead/Huh', 'nurture/Huh', 'parked UPDATE/Huh/mql/status_alias/1', 'mql/Huh'),
    ('update with a stage', said('Huh', 'mql', ', stage = ''contacted'''), '23514 status_alias', '23514 status_alias', 'parked UPDATE/Huh/contacted/status_alias/1', 'contacted/Huh', 'contacted/Huh', 'parked UPDATE/Huh/contacted/status_alias/1', 'contacted/Huh'),
    ('update with a stage that may not be', said('Huh', 'mql', ', stage = ''visitor'''), '23514 transition', '23514 transition', 'parked UPDATE/Huh/visitor/transition/2', '23514 transition', '23514 transition', 'parked UPDATE/Huh/visitor/transition/2', '23514 transition'),
    ('out of an exit', said('Huh', 'nurture'), '23514 status_alias', '23514 status_alias', 'parked UPDATE/Huh/nurture/status_alias/1', 'lead/Huh', 'nurture/Huh', 'parked UPDATE/Huh/nurture/status_alias/1', 'lead/Huh'),
    ('insert', $$INSERT INTO crm.lead (source, external_id, status) VALUES ('tool', 'new', 'Huh')$$, '23514 status_alias', '23514 status_alias', 'parked INSERT/Huh/lead/status_alias/1', 'lead/Huh', '23514 reason', 'parked INSERT/Huh/lead/status_alias/1', 'lead/Huh'),
    ('insert with a stage', $$INSERT INTO crm.lead (source, external_id, status, stage) VALUES ('tool', 'new', 'Huh', 'sal')$$, '23514 status_alias', '23514 status_alias', 'parked INSERT/Huh/sal/status_alias/1', 'sal/Huh', 'sal/Huh', 'parked INSERT/Huh/sal/status_alias/1', 'sal/Huh'),
    ('one of two rows', $$INSERT INTO crm.lead (source, external_id, status) VALUES ('tool', 'x', 'Huh'), ('tool', 'new', 'Call')$$, '23514 status_alias', '23514 status_alias', 'contacted/Call parked INSERT/Huh/lead/status_alias/1', 'contacted/Call', '23514 reason', 'contacted/Call parked INSERT/Huh/lead/status_alias/1', 'contacted/Call'),
    ('a known word', said('Call', 'mql'), 'contacted/Call', 'contacted/Call', 'contacted/Call', 'contacted/Call', 'contacted/Call', 'contacted/Call', 'contacted/Call'),
    ('a tool without a vocabulary', $$DELETE FROM crm.stage_alias; $$ || said('Huh', 'mql'), 'mql/Huh', 'mql/Huh', 'mql/Huh', 'mql/Huh', 'mql/Huh', 'mql/Huh', 'mql/Huh')
    ) c (label, statement, unlisted, refuse, park, lead, nurture, park_warn, forward);
SELECT is(tried($$INSERT INTO crm.source (source, unknown_status) VALUES ('tool', 'refuse'); SET LOCAL leadflow.on_violation = park; $$ || said('Huh', 'mql'), 'SELECT count(*)::text FROM crm.quarantine'), '1', 'refuse parks where the session asks for it');
SELECT is(tried($$INSERT INTO crm.source (source, unknown_status) VALUES ('tool', 'refuse'); SET LOCAL leadflow.on_violation = warn; $$ || said('Huh', 'mql'),
                $$SELECT status || (SELECT count(*) FROM crm.violation WHERE criterion = 'status_alias') FROM crm.lead WHERE external_id = 'mql'$$), 'Huh1', 'and accepts and records for the owner');
SELECT is(tried($$INSERT INTO crm.source (source, unknown_status) VALUES ('tool', 'park');
                  CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.status := ''Huh''; NEW.stage := ''contacted''; NEW.furthest_stage := ''contacted''; RETURN NEW; END';
                  CREATE TRIGGER zzzz BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION own(); SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET role = 'x' WHERE external_id = 'mql'$$),
          '23514 status_alias', 'what a later trigger says can no longer be parked');
SELECT is(tried($$INSERT INTO crm.source (source, unknown_status) VALUES ('tool', 'park'); UPDATE crm.lead SET email = 'x', phone = '5' WHERE external_id = 'mql'; SET LOCAL leadflow.on_violation = raise; $$ || said('Huh', 'mql', ', email = NULL, role = ''CFO'''),
                $$SELECT concat_ws(' ', parked_row ->> 'email', parked_row ->> 'role', logged(), (SELECT email FROM crm.lead WHERE external_id = 'mql')) FROM crm.quarantine$$), 'CFO nothing x', 'a row that is parked for its word has what its writer wrote');

-- the words that are known are told
CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$ SELECT unmet -> 0 ->> 'how_to_fix' FROM crm.quarantine $$;
SELECT is(tried('SET LOCAL leadflow.on_violation = park; ' || c.statement || said('Huh', 'mql'), 'SELECT told()'), c.expected, 'told: ' || c.label)
FROM (VALUES
    ('a word of its own and of every tool''s once', '', 'Add the word to stage_alias, or write one of its words: Call, Everywhere, Junk, Later, New, Old, Ready, Warm.'),
    ('only those of the source', $$DELETE FROM crm.stage_alias WHERE status <> 'Call'; INSERT INTO crm.stage_alias (source, status, stage) VALUES ('other', 'Theirs', 'lead'); $$, 'Add the word to stage_alias, or write one of its words: Call.'),
    ('only those of the object', $$DELETE FROM crm.stage_alias WHERE status <> 'Call'; INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('opportunity', 'tool', 'Deal', 'value'); $$, 'Add the word to stage_alias, or write one of its words: Call.'),
    ('twelve', $$DELETE FROM crm.stage_alias; INSERT INTO crm.stage_alias (source, status, stage) SELECT 'tool', chr(96 + i), 'lead' FROM generate_series(1, 12) i; $$, 'Add the word to stage_alias, or write one of its words: a, b, c, d, e, f, g, h, i, j, k, l.'),
    ('no more than twelve', $$DELETE FROM crm.stage_alias; INSERT INTO crm.stage_alias (source, status, stage) SELECT 'tool', chr(96 + i), 'lead' FROM generate_series(1, 13) i; $$, 'Add the word to stage_alias, or write one of its words: a, b, c, d, e, f, g, h, i, j, k, l, ...'),
    ('long ones shortened', $$DELETE FROM crm.stage_alias; INSERT INTO crm.stage_alias (source, status, stage) VALUES ('tool', repeat('ä', 50), 'lead'); $$, 'Add the word to stage_alias, or write one of its words: ' || repeat('ä', 30) || '....')
) AS c (label, statement, expected);

-- opportunities
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('opportunity', 'web', 'Money', 'budget'), ('opportunity', 'web', 'Fit', 'opportunity'), ('opportunity', 'web', 'Offer', 'proposal'), ('opportunity', 'web', 'Gone', 'lost');
UPDATE crm.opportunity SET stage = 'value';
SELECT is(tried(format($$INSERT INTO crm.source (source, stage_sync, unknown_status) VALUES ('web', %L, %L); UPDATE crm.opportunity SET status = %L, reason = 'other', reason_note = 'x'$$, c.sync, c.unknown, c.status),
                $$SELECT stage || '/' || coalesce(status, '-') || (SELECT coalesce(' parked ' || string_agg(object || '/' || (parked_row ->> 'status') || '/' || target_stage, ','), '') FROM crm.quarantine) FROM crm.opportunity$$),
          c.expected, format('opportunity, %s, %s: %s', c.sync, c.unknown, c.status))
FROM (VALUES
    ('mirror', 'refuse', 'Money', 'budget/Money'), ('mirror', 'refuse', 'Fit', '23514 transition'), ('mirror', 'refuse', 'Offer', 'proposal/Offer'), ('mirror', 'refuse', 'Gone', 'lost/Gone'), ('mirror', 'refuse', 'Huh', '23514 status_alias'),
    ('forward', 'refuse', 'Money', 'value/Money'), ('forward', 'refuse', 'Fit', 'value/Fit'), ('forward', 'refuse', 'Offer', 'proposal/Offer'), ('forward', 'refuse', 'Gone', 'lost/Gone'), ('forward', 'park', 'Huh', 'value/- parked opportunity/Huh/value'),
    ('forward', 'budget', 'Huh', 'value/Huh'), ('mirror', 'budget', 'Huh', 'budget/Huh'), ('forward', 'proposal.x', 'Huh', 'proposal.x/Huh'), ('mirror', 'lead', 'Huh', '23514 transition')
) AS c (sync, unknown, status, expected);
SELECT is(tried($$INSERT INTO crm.source (source, unknown_status) VALUES ('web', 'lead'); INSERT INTO crm.opportunity (source, account_id, status) SELECT 'web', id, 'Huh' FROM crm.account$$),
          '23514 opportunity_stage_check', 'an opportunity cannot stand where a lead does, whatever its words stand for');

-- asking beforehand is not about words
SELECT is(tried($$INSERT INTO crm.source (source, stage_sync, unknown_status) VALUES ('tool', 'forward', 'park'); UPDATE crm.lead SET status = 'New' WHERE external_id = 'mql'$$,
                $$SELECT string_agg(criterion || ' ' || met, ',') FROM crm.lead l, leadflow.explain('crm', l.id, 'lead') WHERE external_id = 'mql'$$), 'transition true', 'explain asks about the move as a person makes it');

-- a writer needs no right on any of these tables
SELECT 'lf_' || pg_backend_pid() || '_writer' AS writer \gset
CREATE ROLE :writer;
GRANT USAGE ON SCHEMA crm TO :writer;
GRANT INSERT, UPDATE ON crm.lead TO :writer;
GRANT SELECT (external_id) ON crm.lead TO :writer;
SELECT is(tried(format('SET LOCAL ROLE %I; ', :'writer') || c.statement || '; RESET ROLE', c.query), c.expected, 'writer: ' || c.label)
FROM (VALUES
    ('a refused value', $$SET LOCAL leadflow.source = other; UPDATE crm.lead SET email = '', phone = '3' WHERE external_id = 'a'$$, 'SELECT logged() || '' '' || string_agg(DISTINCT (actor = ' || quote_literal(:'writer') || ')::text, '','') FROM crm.overwrite_refused',
        'email: a@b.c (-) /  (other) keep_filled; phone: 1 (web) / 3 (other) ranked true'),
    ('a new row', $$INSERT INTO crm.lead (source, external_id, phone) VALUES ('x', 'x', '1')$$, $$SELECT field_sources ->> 'phone' FROM crm.lead WHERE external_id = 'x'$$, 'x'),
    ('reading the rules', 'SELECT FROM crm.overwrite_rule', NULL, '42501'), ('reading the sources', 'SELECT FROM crm.source', NULL, '42501'), ('reading the log', 'SELECT FROM crm.overwrite_refused', NULL, '42501'),
    ('writing the log', $$INSERT INTO crm.overwrite_refused (object, field, rule, session_actor, actor) VALUES ('lead', 'email', 'newest', 'x', 'x')$$, NULL, '42501')
) AS c (label, statement, query, expected);
SELECT is(tried(format($$INSERT INTO crm.source (source, unknown_status) VALUES ('tool', 'park'); SET LOCAL ROLE %I; $$, :'writer') || said('Huh', 'mql') || '; RESET ROLE', 'SELECT count(*)::text FROM crm.quarantine'), '1', 'writer: an unknown word that is parked');
SELECT leadflow.grant_workspace('crm', :'writer', 'read') \g /dev/null
SELECT is(tried(format('SET LOCAL ROLE %I; SELECT FROM crm.overwrite_rule, crm.source', :'writer')), '00000', 'everybody reads the definitions');
SELECT is(tried(format('SET LOCAL ROLE %I; SELECT FROM crm.overwrite_refused', :'writer')), '42501', 'not the values');
SELECT leadflow.grant_workspace('crm', :'writer', 'sales') \g /dev/null
SELECT is(tried(format('SET LOCAL ROLE %I; SELECT FROM crm.overwrite_refused', :'writer')), '00000', 'sales reads the values');
SELECT is(tried(format('SET LOCAL ROLE %I; DELETE FROM crm.source', :'writer')), '42501', 'sales does not change the definitions');
SELECT leadflow.grant_workspace('crm', :'writer', 'revops') \g /dev/null
SELECT is(tried(format($$SET LOCAL ROLE %I; INSERT INTO crm.source (source) VALUES ('x'); UPDATE crm.overwrite_rule SET rule = 'newest' WHERE field = 'email'; DELETE FROM crm.overwrite_rule; DELETE FROM crm.source$$, :'writer')), '00000', 'revops does');
DROP OWNED BY :writer;
DROP ROLE :writer;

SELECT * FROM finish();
