-- Data governance: who answers for a field, what is missing, what is wrong, what is there twice
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.create_workspace('bare', 'empty') \g /dev/null

\ir common/tried.sql
\ir common/rows_of.sql
\ir common/plan_of.sql

-- the forms in which things are compared

SELECT is(leadflow.normal_email(c.given), c.expected, format('normal_email of %s', to_json(c.given)))
FROM (VALUES
    ('jan@firma.pl', 'jan@firma.pl'), ('  Jan.Kowalski@Firma.PL ', 'jan.kowalski@firma.pl'), (E'\tjan@firma.pl\r\n', 'jan@firma.pl'),
    ('jan+promo@firma.pl', 'jan@firma.pl'), ('jan+a+b@firma.pl', 'jan@firma.pl'), ('+jan@firma.pl', '+jan@firma.pl'), ('jan-a_b%c=d@firma.pl', 'jan-a_b%c=d@firma.pl'),
    ('J.a.n+x@gmail.com', 'jan@gmail.com'), ('j.an@googlemail.com', 'jan@gmail.com'), ('j.an@notgmail.com', 'j.an@notgmail.com'), ('j.an@gmail.com.pl', 'j.an@gmail.com.pl'),
    ('jan@a.b-c.co.uk', 'jan@a.b-c.co.uk'), ('jan@firma.xn--p1ai', 'jan@firma.xn--p1ai'), ('jan@müller.de', 'jan@müller.de'), ('jan@b.museum', 'jan@b.museum'),
    ('o''brien@x.ie', 'o''brien@x.ie'), ('1@2.pl', '1@2.pl'),
    ('', NULL), ('   ', NULL), ('n/a', NULL), ('jan', NULL), ('@firma.pl', NULL), ('jan@', NULL), ('jan@firma', NULL), ('jan@firma.', NULL), ('jan@.pl', NULL),
    ('jan@firma..pl', NULL), ('jan@firma.p', NULL), ('jan@@firma.pl', NULL), ('jan@firma.pl@x.pl', NULL), ('jan kowalski@firma.pl', NULL), ('jan@fir ma.pl', NULL),
    ('Jan <jan@firma.pl>', NULL), ('jan@firma.pl, ola@firma.pl', NULL), ('jan@127.0.0.10', NULL), ('jan@firma,pl', NULL), ('...@gmail.com', NULL), (NULL, NULL)
) AS c (given, expected);

SELECT is(leadflow.email_domain(c.given), c.expected, format('email_domain of %L', c.given))
FROM (VALUES ('Jan@Firma.PL ', 'firma.pl'), ('a+b@x.co.uk', 'x.co.uk'), ('jan@googlemail.com', 'googlemail.com'), ('firma.pl', NULL), ('jan@firma', NULL), ('', NULL), (NULL, NULL)) AS c (given, expected);

SELECT is(leadflow.normal_domain(c.given), c.expected, format('normal_domain of %L', c.given))
FROM (VALUES
    ('acme.com', 'acme.com'), (' ACME.com ', 'acme.com'), ('www.acme.com', 'acme.com'), ('https://www.acme.com/contact?x=1', 'acme.com'), ('http://acme.com:8080', 'acme.com'),
    ('acme.com.', 'acme.com'), ('acme.com/pl', 'acme.com'), ('shop.acme.co.uk', 'shop.acme.co.uk'), ('www.pl', 'www.pl'), ('https://', NULL), ('acme', NULL),
    ('info@acme.com', NULL), ('Acme Inc', NULL), ('10.0.0.1', NULL), ('', NULL), (NULL, NULL)
) AS c (given, expected);

SELECT is(leadflow.normal_phone(c.given), c.expected, format('normal_phone of %L', c.given))
FROM (VALUES
    ('601234567', '601234567'), ('+48 601 234 567', '601234567'), ('0048601234567', '601234567'), ('48-601-234-567', '601234567'), ('0601.234.567', '601234567'),
    ('(+48) 601/234/567', '601234567'), ('tel. 601 234 567', '601234567'), ('601–234–567', '601234567'), ('+1 (555) 123-4567', '551234567'), ('555 123 4567', '551234567'),
    ('+49 (0)89 1234567', '891234567'), ('089/1234567', '891234567'), ('+39 06 1234567', '61234567'), ('06 1234567', '61234567'), ('1234567', '1234567'),
    ('22 123 45 67 wew. 12', '221234567'), ('22 123 45 67 ext 12', '221234567'), ('22 123 45 67 #12', '221234567'), ('601234567, 602345678', '601234567'), ('601234567;x', '601234567'),
    ('123456', NULL), ('0000000', NULL), ('000 000 000', NULL), ('48000000000', NULL), ('1234567890123456', NULL), ('601234567 602345678', NULL), ('none', NULL), ('-', NULL), ('', NULL), (NULL, NULL)
) AS c (given, expected);

SELECT is(leadflow.normal_name(c.given), c.expected, format('normal_name of %L', c.given))
FROM (VALUES
    ('Acme', 'acme'), ('  ACME   Polska ', 'acme polska'), ('Acme Sp. z o.o.', 'acme'), ('Acme sp.z o.o.', 'acme'), ('Acme Sp. zo.o.', 'acme'), ('ACME SPÓŁKA Z O.O.', 'acme'),
    ('Acme Spółka z ograniczoną odpowiedzialnością', 'acme'), ('Acme Sp. z o.o. sp. k.', 'acme'), ('Acme S.A.', 'acme'), ('Acme SA', 'acme'), ('Acme Spółka Akcyjna', 'acme'),
    ('Acme GmbH', 'acme'), ('Acme G.m.b.H.', 'acme'), ('Acme GmbH & Co. KG', 'acme'), ('Acme AG', 'acme'), ('Acme, Inc.', 'acme'), ('Acme Co., Ltd.', 'acme'), ('Acme Corporation', 'acme'),
    ('Acme Pty Ltd', 'acme'), ('Acme L.L.C.', 'acme'), ('Acme S.r.l.', 'acme'), ('Acme S.p.A.', 'acme'), ('Acme B.V.', 'acme'), ('Acme A/S', 'acme'), ('Acme s. r. o.', 'acme'), ('Acme d.o.o.', 'acme'),
    ('ООО «Ромашка»', 'ромашка'), ('Ромашка, ООО', 'ромашка'), ('ПАО "Газ"', 'газ'), ('PT Acme', 'acme'), ('北京数据科技有限公司', '北京数据科技'), ('中国石化股份有限公司', '中国石化'),
    ('AG', 'ag'), ('GmbH & Co. KG', 'gmbh'), ('Co-operative Bank', 'co operative bank'), ('Sage Group', 'sage group'), ('Nasa', 'nasa'), ('有限公司', '有限公司'),
    ('O''Brien', 'obrien'), ('O’Brien', 'obrien'), ('Nowak-Kowalska, Anna', 'nowak kowalska anna'), ('J. Kowalski', 'j kowalski'), ('Łódź', 'łódź'), ('A&B', 'a b'), ('Acme – Polska', 'acme polska'),
    (E'Acme\u00a0Polska', 'acme polska'), ('3M', '3m'), ('„Acme”', 'acme'), ('...', NULL), ('', NULL), (' - ', NULL), (NULL, NULL)
) AS c (given, expected);
SELECT ok(leadflow.normal_name(repeat('Xy GmbH ', 20000)) = repeat('xy gmbh ', 1249) || 'xy' AND leadflow.normal_name('Xy' || repeat(' GmbH', 1999)) = 'xy', 'normal_name of a long text');

SELECT results_eq($$SELECT rows_of('SELECT p.provolatile, p.proisstrict, p.proparallel, string_agg(p.proname, '' '' ORDER BY p.proname) FROM pg_proc p
        WHERE p.pronamespace = ''leadflow''::regnamespace AND p.proname ~ ''^(normal_|email_domain|name_similarity)'' GROUP BY 1, 2, 3 ORDER BY 1')$$, ARRAY[
    'i,t,s,"email_domain normal_domain normal_email normal_name normal_phone"', 's,t,s,name_similarity'], 'what may stand in an index');
CREATE INDEX lead_mail ON crm.lead (leadflow.normal_email(email));
SET enable_seqscan = off;
SELECT matches(plan_of($$SELECT id FROM crm.lead WHERE leadflow.normal_email(email) = leadflow.normal_email('J.An+x@gmail.com')$$), 'lead_mail', 'an index on a normal form is used');
RESET enable_seqscan;

-- definitions

SELECT is(tried('INSERT INTO crm.field_owner (object, field, team, owed_from, meaning) VALUES ' || c.row), c.expected, 'field_owner: ' || c.label)
FROM (VALUES
    ('a field that is there', $$('lead', 'score', 'marketing', 'mql', 'x')$$, '00000'),
    ('never owed', $$('opportunity', 'name', 'sales', NULL, 'x')$$, '00000'),
    ('one that is not', $$('lead', 'e_mail', 'marketing', 'mql', 'x')$$, '42703'),
    ('one of another object', $$('account', 'email', 'marketing', 'mql', 'x')$$, '42703'),
    ('a system column', $$('lead', 'ctid', 'marketing', 'mql', 'x')$$, '42703'),
    ('a name too long for a column', format($$('lead', %L, 'marketing', 'mql', 'x')$$, repeat('x', 100)), '42703'),
    ('an object of another kind', $$('touch', 'note', 'marketing', 'mql', 'x')$$, '23514 field_owner_object_check'),
    ('an object that is none', $$('nothing', 'note', 'marketing', 'mql', 'x')$$, '23514 field_owner_object_check'),
    ('no object', $$(NULL, 'note', 'marketing', 'mql', 'x')$$, '23502'),
    ('no field', $$('lead', NULL, 'marketing', 'mql', 'x')$$, '23502'),
    ('no team', $$('lead', 'score', '', 'mql', 'x')$$, '23514 field_owner_team_check'),
    ('owed from an exit', $$('lead', 'score', 'marketing', 'lost', 'x')$$, '23514 field_owner_owed_from_check'),
    ('owed from a leaf', $$('lead', 'score', 'marketing', 'mql.hot', 'x')$$, '23514 field_owner_owed_from_check'),
    ('owed from nowhere', $$('lead', 'score', 'marketing', 'soon', 'x')$$, '22P02'),
    ('twice', $$('lead', 'email', 'sales', 'mql', 'x')$$, '23505 field_owner_pkey')
) AS c (label, row, expected);
SELECT throws_ok($$UPDATE crm.field_owner SET field = 'e_mail' WHERE object = 'lead' AND field = 'email'$$, '42703', 'column "e_mail" of table "lead" does not exist', 'nor may a field become one that is not there');
SELECT is(tried($$ALTER TABLE crm.lead ADD COLUMN tax_id text; INSERT INTO crm.field_owner VALUES ('lead', 'tax_id', 'sales', 'sql', 'x')$$), '00000', 'a column of one''s own');
SELECT is(tried($$ALTER SCHEMA crm RENAME TO crm2; INSERT INTO crm2.field_owner VALUES ('lead', 'score', 'sales', 'sql', 'x')$$), '00000', 'in a schema that was renamed');
SELECT is(tried('INSERT INTO crm.free_mail_domain VALUES (' || quote_literal(c.domain) || ')'), c.expected, format('free_mail_domain: %L', c.domain))
FROM (VALUES ('x.org', '00000'), ('gmail.com', '23505 free_mail_domain_pkey'), ('X.org', '23514 free_mail_domain_domain_check'), (' x.org', '23514 free_mail_domain_domain_check'), ('', '23514 free_mail_domain_domain_check')) AS c (domain, expected);
SELECT is(tried($$DELETE FROM crm.field_owner WHERE field = 'email'; UPDATE crm.free_mail_domain SET domain = 'x.org' WHERE domain = 'gmail.com'; TRUNCATE crm.free_mail_domain$$,
    $$SELECT string_agg(d.definition || ' ' || d.operation, ', ' ORDER BY d.version) FROM (SELECT * FROM crm.definition_change ORDER BY version DESC LIMIT 3) d$$),
    'field_owner DELETE, free_mail_domain UPDATE, free_mail_domain TRUNCATE', 'what changes is kept');
SELECT is((SELECT count(*) FROM bare.field_owner) + (SELECT count(*) FROM bare.free_mail_domain), 0::bigint, 'an empty workspace agrees on nothing');
SELECT is_empty($$SELECT f.field FROM crm.field_owner f JOIN crm.standard s ON s.object = f.object
    AND f.field = CASE s.criterion WHEN 'confirmed_need' THEN 'need' WHEN 'decision_timeframe' THEN 'decision_by' WHEN 'target_role' THEN 'role' ELSE s.criterion END
    WHERE f.owed_from IS DISTINCT FROM s.stage$$, 'by default a field is owed from the stage whose criterion asks for it');

-- facts: what they say is worked out by hand below. The present is 1 June 2026; 90 days before it is 3 March.

SET search_path = crm, public;
SET leadflow.clock = '2026-06-01 00:00+00';
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
DELETE FROM field_owner;
INSERT INTO field_owner (object, field, team, owed_from, meaning) VALUES
    ('lead', 'email', 'marketing', 'mql', 'x'), ('lead', 'need', 'sales', 'sql', 'x'), ('lead', 'owner', 'revops', 'mql', 'x'), ('lead', 'campaign_id', 'marketing', NULL, 'x'),
    ('opportunity', 'amount', 'sales', 'proposal', 'x'), ('account', 'domain', 'data', 'sql', 'x');
INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('bert', 'field', 'sales');
INSERT INTO campaign (source, external_id, name) VALUES ('t', '1', 'Fair');
INSERT INTO account (source, external_id, name, domain, owner) VALUES
    ('t', 'a1', 'Acme', ' ', 'anna'), ('t', 'a2', 'Beta', NULL, NULL), ('t', 'a3', 'Gamma', 'gamma.com', 'bert'), ('t', 'a4', 'Delta', '', 'bert');
INSERT INTO lead (id, stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, account_id, campaign_id, full_name, email, phone, need, origin, owner)
OVERRIDING SYSTEM VALUE VALUES
    (1, '2026-05-01', '2026-04-01', '2026-05-20', 'sql', 'sql', 't', 'l1', 1, 1, 'One', 'one@acme.com', '+48 601 000 001', E' ', 'event', 'anna'),
    (2, '2026-05-02', '2026-04-02', '2026-05-21', 'sql.tender', 'sql', 't', 'l2', 1, NULL, 'Two', NULL, '12', 'a need', 'event', 'anna'),
    (3, '2026-05-03', '2026-04-03', '2026-05-22', 'mql', 'mql', 't', 'l3', 2, NULL, 'Three', 'three at beta.com', NULL, NULL, ' ', ' '),
    -- was sql, is back at mql
    (4, '2026-05-04', '2026-04-04', '2026-03-03', 'mql', 'sql', 't', 'l4', NULL, 1, 'Four', '  ', NULL, NULL, NULL, 'bert'),
    -- left the path
    (5, '2026-05-05', '2026-04-05', '2026-01-01', 'lost', 'sql', 't', 'l5', 3, NULL, 'Five', 'five@', NULL, NULL, NULL, NULL),
    -- not touched since 2 March, not touched since 2 March either, touched on 3 March, touched tomorrow
    (6, '2026-01-01', '2026-01-01', '2026-03-02 23:59:59', 'lead', 'lead', 't', 'l6', NULL, 1, 'Six', NULL, NULL, NULL, 'web', 'anna'),
    (7, '2026-01-01', '2026-01-01', '2026-01-01', 'lead', 'lead', 't', 'l7', NULL, 1, 'Seven', NULL, NULL, NULL, 'web', NULL),
    (8, '2026-01-01', '2026-01-01', '2026-01-01', 'lead', 'lead', 't', 'l8', NULL, 1, 'Eight', NULL, NULL, NULL, 'web', 'anna'),
    (9, '2026-01-01', '2026-01-01', '2026-01-01', 'visitor', 'visitor', 't', 'l9', NULL, 1, 'Nine', NULL, NULL, NULL, 'web', 'anna');
INSERT INTO touch (at, lead_id, kind, direction) VALUES
    ('2026-02-01', 7, 'call', 'outbound'), ('2026-03-02', 7, 'call', 'outbound'), ('2026-03-03', 8, 'email_open', 'inbound'), ('2026-06-02', 9, 'call', 'outbound');
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, account_id, lead_id, amount, origin, owner) VALUES
    ('2026-05-10', '2026-05-10', '2026-05-10', 'decision', 'decision', 't', 'o1', 1, 1, NULL, 'event', 'anna'),
    ('2026-05-10', '2026-05-10', '2026-05-10', 'proposal', 'proposal', 't', 'o2', 3, NULL, 5, NULL, 'bert'),
    ('2026-05-10', '2026-05-10', '2026-05-10', 'lost', 'proposal', 't', 'o3', 4, NULL, NULL, NULL, 'bert'),
    ('2026-05-10', '2026-05-10', '2026-05-10', 'value', 'value', 't', 'o4', NULL, 2, NULL, 'event', 'anna');
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT h.at::timestamptz, h.at::timestamptz, h.lead_id, h.opportunity_id, 1, false, 'x', h.stage::leadflow.stage, 'x', 'x', '*'
FROM (VALUES
    ('2026-04-10', 1, NULL, 'mql'), ('2026-05-01', 1, NULL, 'sql'), ('2026-05-09', 1, NULL, 'sql'),
    ('2026-04-12', 2, NULL, 'mql'), ('2026-05-02', 2, NULL, 'sql.tender'),
    ('2026-05-03', 3, NULL, 'mql'),
    ('2026-04-14', 4, NULL, 'mql'), ('2026-04-24', 4, NULL, 'sql'), ('2026-05-04', 4, NULL, 'mql'),
    ('2026-05-11', 1, 1, 'proposal'), ('2026-05-12', 1, 1, 'decision'),
    ('2026-05-13', NULL, 3, 'proposal'), ('2026-05-14', NULL, 3, 'lost')) AS h (at, lead_id, opportunity_id, stage);

-- completeness

SELECT results_eq($$SELECT rows_of('SELECT object, field, team, stage, ordinal, origin, owner, rows, filled, filled_share, owed, missing FROM completeness
        WHERE field IN (''email'', ''need'', ''amount'', ''domain'') ORDER BY object, field, ordinal, origin, owner')$$, ARRAY[
    'account,domain,data,,,,anna,1,0,0.000000,1,1',
    'account,domain,data,,,,bert,2,1,0.500000,2,1',
    'account,domain,data,,,,,1,0,0.000000,0,0',
    'lead,email,marketing,lost,-2,,,1,1,1.000000,1,0',
    'lead,email,marketing,visitor,1,web,anna,1,0,0.000000,0,0',
    'lead,email,marketing,lead,3,web,anna,2,0,0.000000,0,0',
    'lead,email,marketing,lead,3,web,,1,0,0.000000,0,0',
    'lead,email,marketing,mql,4," "," ",1,1,1.000000,1,0',
    'lead,email,marketing,mql,4,,bert,1,0,0.000000,1,1',
    'lead,email,marketing,sql,7,event,anna,2,1,0.500000,2,1',
    'lead,need,sales,lost,-2,,,1,0,0.000000,1,1',
    'lead,need,sales,visitor,1,web,anna,1,0,0.000000,0,0',
    'lead,need,sales,lead,3,web,anna,2,0,0.000000,0,0',
    'lead,need,sales,lead,3,web,,1,0,0.000000,0,0',
    'lead,need,sales,mql,4," "," ",1,0,0.000000,0,0',
    'lead,need,sales,mql,4,,bert,1,0,0.000000,1,1',
    'lead,need,sales,sql,7,event,anna,2,1,0.500000,2,1',
    'opportunity,amount,sales,lost,-2,,bert,1,0,0.000000,1,1',
    'opportunity,amount,sales,value,10,event,anna,1,0,0.000000,0,0',
    'opportunity,amount,sales,proposal,11,,bert,1,1,1.000000,1,0',
    'opportunity,amount,sales,decision,12,event,anna,1,0,0.000000,1,1'], 'completeness');
SELECT results_eq($$SELECT rows_of('SELECT field, sum(rows), sum(filled), sum(owed), sum(missing) FROM completeness WHERE object = ''lead'' GROUP BY field ORDER BY field')$$, ARRAY[
    'campaign_id,9,6,0,0', 'email,9,3,5,2', 'need,9,1,4,3', 'owner,9,6,5,2'], 'completeness in all; what is owed by nobody is not missing');
-- every column of the tables, and one of the company's own: counted as by jsonb, whichever way the report takes
BEGIN;
ALTER TABLE lead ADD COLUMN n integer;
UPDATE lead SET n = 7 WHERE id < 4;
ALTER TABLE account ADD COLUMN tax_id text;
UPDATE account SET tax_id = CASE id WHEN 1 THEN 'x' ELSE ' ' END;
DELETE FROM field_owner;
INSERT INTO field_owner
SELECT c.relname, a.attname, 'x', 'mql', 'x' FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'crm'::regnamespace AND c.relname IN ('lead', 'opportunity', 'account');
SELECT results_eq($$SELECT object, field, sum(rows)::bigint, sum(filled)::bigint FROM completeness GROUP BY object, field ORDER BY object, field$$,
    $$SELECT r.object, f.field, count(*), count(NULLIF(btrim(r.fields ->> f.field), ''))
      FROM (SELECT 'lead' AS object, to_jsonb(l) AS fields FROM lead l UNION ALL SELECT 'opportunity', to_jsonb(o) FROM opportunity o
            UNION ALL SELECT 'account', to_jsonb(a) FROM account a) r
      JOIN field_owner f ON f.object = r.object GROUP BY r.object, f.field ORDER BY r.object, f.field$$, 'every column can be asked for');
SELECT is((SELECT sum(filled)::int || ' ' || sum(missing) FROM completeness WHERE object = 'lead' AND field = 'n'), '3 2', 'a column of the company''s own');
SELECT is((SELECT sum(rows) FROM completeness WHERE object = 'lead' AND field = 'full_name'), 9::numeric, 'no row is counted twice');
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM data_quality WHERE object = 'lead' AND fault = 'missing_owed' AND field = 'n'), '4', 'data_quality knows it too');
ROLLBACK;

-- data_quality

SELECT results_eq($$SELECT rows_of('SELECT object, id, external_id, owner, team, fault, field, value, since_at AT TIME ZONE ''UTC'' FROM data_quality ORDER BY object DESC, id, fault, field')$$, ARRAY[
    'opportunity,1,o1,anna,sales,missing_owed,amount,,"2026-05-11 00:00:00"',
    'lead,1,l1,anna,sales,missing_owed,need,,"2026-05-01 00:00:00"',
    'lead,2,l2,anna,inbound,invalid_phone,phone,12,"2026-05-21 00:00:00"',
    'lead,2,l2,anna,marketing,missing_owed,email,,"2026-04-12 00:00:00"',
    'lead,3,l3," ",marketing,invalid_email,email,"three at beta.com","2026-05-22 00:00:00"',
    'lead,3,l3," ",revops,no_owner,owner,,"2026-05-03 00:00:00"',
    'lead,3,l3," ",,untagged_source,origin,,"2026-04-03 00:00:00"',
    'lead,4,l4,bert,marketing,missing_owed,email,,"2026-04-14 00:00:00"',
    'lead,4,l4,bert,sales,missing_owed,need,,"2026-04-24 00:00:00"',
    'lead,5,l5,,marketing,invalid_email,email,five@,"2026-01-01 00:00:00"',
    'lead,5,l5,,,untagged_source,origin,,"2026-04-05 00:00:00"',
    'lead,6,l6,anna,inbound,stale,,,"2026-03-02 23:59:59"',
    'lead,7,l7,,,stale,,,"2026-03-02 00:00:00"',
    'lead,9,l9,anna,inbound,stale,,,"2026-01-01 00:00:00"',
    'account,1,a1,anna,data,missing_owed,domain,,"2026-05-01 00:00:00"',
    'account,4,a4,bert,data,missing_owed,domain,,"2026-05-13 00:00:00"'], 'data_quality');
SET leadflow.clock = '2026-05-31 23:59:59+00';
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM data_quality WHERE fault = 'stale'), '7 9', 'stale: after 90 days, and not before');
SET leadflow.clock = '2026-06-02 00:00+00';
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM data_quality WHERE fault = 'stale'), '4 6 7 8', 'stale: what a day more and a touch make of it');
SET leadflow.clock = '2026-06-01 00:00+00';
SELECT is(tried($$INSERT INTO field_owner VALUES ('lead', 'origin', 'marketing', 'lead', 'x')$$, $$SELECT string_agg(id || ' ' || fault || ' ' || team, ', ' ORDER BY id) FROM data_quality WHERE field = 'origin'$$),
    '3 untagged_source marketing, 4 missing_owed marketing, 5 untagged_source marketing', 'an origin that is owed is missed once');
SELECT is(tried($$UPDATE lead SET need = 'x', origin = 'web', email = 'x@y.pl', phone = '601 234 567', owner = 'anna', updated_at = leadflow.clock();
                  UPDATE opportunity SET amount = 1; UPDATE account SET domain = 'x.pl'$$, 'SELECT count(*)::text FROM data_quality'), '0', 'what is mended is no longer reported');

-- duplicates

ALTER TABLE lead DISABLE TRIGGER ALL;
DELETE FROM opportunity; DELETE FROM touch; DELETE FROM lead; DELETE FROM account;
INSERT INTO lead (id, stage_since, created_at, updated_at, stage, source, full_name, email, phone)
OVERRIDING SYSTEM VALUE
SELECT n, '2026-01-01', '2026-01-01', '2026-01-01', 'lead', 't', full_name, email, phone
FROM (VALUES
    (1, 'Jan Kowalski', 'Jan@acme.com', '+48 601 234 567'),
    (2, 'J. Kowalski', ' jan+fair@ACME.com', NULL),
    (3, 'Ola Nowak', 'ola@acme.com', '601234567'),
    (4, 'KOWALSKI, JAN', 'kowalski@acme.com', '000'),
    (5, 'jan  kowalski', 'j.kowalski@beta.com', NULL),
    (6, 'John Smith', 'smith@gamma.com', NULL),
    (7, 'Jon Smith', 'js@gamma.com', NULL),
    (8, 'Ann Lee', 'ann@gmail.com', NULL),
    (9, 'Ann Lee', 'lee@gmail.com', NULL),
    (10, 'Ann Lee', 'a.n.n@googlemail.com', NULL),
    (11, NULL, 'x@delta.com', '0048 22 123 45 67'),
    (12, NULL, 'y@delta.com', '22 1234567 wew. 4'),
    (13, 'Nobody', '', ''),
    (14, 'Nobody', '', ''),
    (15, 'Nobody', NULL, '12345'),
    (16, 'Nobody', 'n/a', '12345')) AS l (n, full_name, email, phone);
CREATE VIEW found AS
SELECT format('%s %s-%s %s %s %s', object, id_1, id_2, matched_on, key, coalesce(similarity::text, '-')) AS pair
FROM duplicate_candidates ORDER BY object, id_1, id_2, matched_on;

SELECT is((SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'), 0::bigint, 'without pg_trgm');
SELECT results_eq('SELECT pair FROM found', ARRAY[
    'lead 1-2 email jan@acme.com 0.000',
    'lead 1-3 phone 601234567 0.000',
    'lead 8-10 email ann@gmail.com 1.000',
    'lead 11-12 phone 221234567 -'], 'leads, without pg_trgm');
SELECT is(tried($$UPDATE lead SET full_name = 'JAN  KOWALSKI.' WHERE id = 3$$, $$SELECT string_agg(pair, ', ') FROM found WHERE pair LIKE '%domain_and_name%'$$),
    'lead 1-3 domain_and_name acme.com 1.000', 'names alike are equal names, without pg_trgm');
SELECT is(leadflow.name_similarity('a b', 'a b')::text || leadflow.name_similarity('a b', 'a c') || coalesce(leadflow.name_similarity('a', NULL)::text, '-'), '10-', 'name_similarity without pg_trgm');

CREATE SCHEMA "Tri Gram";
CREATE EXTENSION pg_trgm SCHEMA "Tri Gram";
-- trigrams, of "jan kowalski" (13) and "j kowalski" (11) 10 in common of 14; "john smith" (11) and
-- "jon smith" (10) 8 of 13; "jan kowalski" and "ola nowak" (10) 1 of 22; "global systems" (15) and "global system" (14) 13 of 16
SELECT results_eq('SELECT pair FROM found', ARRAY[
    'lead 1-2 domain_and_name acme.com 0.714',
    'lead 1-2 email jan@acme.com 0.714',
    'lead 1-3 phone 601234567 0.045',
    'lead 1-4 domain_and_name acme.com 1.000',
    'lead 2-4 domain_and_name acme.com 0.714',
    'lead 6-7 domain_and_name gamma.com 0.615',
    'lead 8-10 email ann@gmail.com 1.000',
    'lead 11-12 phone 221234567 -'], 'leads, with pg_trgm');
SELECT results_eq($$SELECT name_1, name_2 FROM duplicate_candidates WHERE id_1 = 1 AND id_2 = 4$$, $$VALUES ('Jan Kowalski', 'KOWALSKI, JAN')$$, 'names are shown as they are');
SELECT is(tried('DELETE FROM free_mail_domain', $$SELECT count(*)::text FROM found WHERE pair LIKE '%domain_and_name%gmail.com%'$$), '1', 'the list of mailbox providers keeps strangers apart');

-- a key of 20 rows counts, one of 21 does not
SELECT is(tried(format($$DELETE FROM lead; INSERT INTO lead (stage_since, created_at, updated_at, stage, source, full_name, email, phone)
        SELECT now(), now(), now(), 'lead', 't', 'Person ' || %2$s, %3$L, %4$L FROM generate_series(1, %1$s) i$$, c.rows, c.name, c.email, c.phone),
        'SELECT count(*)::text FROM duplicate_candidates'), c.expected, format('%s rows: %s', c.rows, c.label))
FROM (VALUES
    (20, $$md5(i::text)$$, 'info@acme.com', NULL, '190', 'one address'), (21, $$md5(i::text)$$, 'info@acme.com', NULL, '0', 'one address'),
    (20, $$md5(i::text)$$, NULL, '22 123 45 67', '190', 'one number'), (21, $$md5(i::text)$$, NULL, '22 123 45 67', '0', 'one number')) AS c (rows, name, email, phone, expected, label);
SELECT is(tried($$DELETE FROM lead; INSERT INTO lead (stage_since, created_at, updated_at, stage, source, full_name, email)
        SELECT now(), now(), now(), 'lead', 't', chr(64 + i) || chr(65 + i) || ' ' || chr(70 + i), i || '@acme.com' FROM generate_series(1, 19) i;
        INSERT INTO lead (id, stage_since, created_at, updated_at, stage, source, full_name, email) OVERRIDING SYSTEM VALUE VALUES
        (1001, now(), now(), now(), 'lead', 't', 'Jan Kowalski', 'a@acme.com'), (1002, now(), now(), now(), 'lead', 't', 'Jan Kowalski', 'b@acme.com'), (1003, now(), now(), now(), 'lead', 't', 'Jan Kowalsk', 'c@acme.com')$$,
        $$SELECT string_agg(pair, ', ') FROM found$$), 'lead 1001-1002 domain_and_name acme.com jan kowalski 1.000', 'in a company of many only equal names count');

-- accounts
INSERT INTO account (id, source, name, domain) OVERRIDING SYSTEM VALUE VALUES
    (1, 't', 'Acme Sp. z o.o.', 'https://www.acme.com/'), (2, 't', 'ACME S.A.', NULL), (3, 't', 'Something else', 'acme.com'),
    (4, 't', 'Global Systems', NULL), (5, 't', 'Global System Ltd', NULL), (6, 't', 'Global Foods', NULL),
    (7, 't', 'Free One', 'gmail.com'), (8, 't', 'Two Free', 'gmail.com'), (9, 't', NULL, NULL), (10, 't', NULL, ''), (11, 't', '...', 'n/a');
SELECT results_eq($$SELECT pair FROM found WHERE pair LIKE 'account%'$$, ARRAY[
    'account 1-2 name acme 1.000',
    'account 1-3 domain acme.com 0.000',
    'account 4-5 name global 0.813'], 'accounts, with pg_trgm');
DROP EXTENSION pg_trgm;
SELECT results_eq($$SELECT pair FROM found WHERE pair LIKE 'account%'$$, ARRAY[
    'account 1-2 name acme 1.000',
    'account 1-3 domain acme.com 0.000'], 'accounts, without pg_trgm again');
SELECT is(tried('ALTER SCHEMA crm RENAME TO crm2', 'SELECT count(*)::text FROM crm2.duplicate_candidates'), '6', 'in a schema that was renamed');
DROP VIEW found;

-- rights, an empty workspace

SELECT 'lf_' || pg_backend_pid() AS p \gset
\set reader :p _reader
\set marketer :p _marketer
\set revops :p _revops
CREATE ROLE :reader; CREATE ROLE :marketer; CREATE ROLE :revops;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'marketer', 'marketing') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'revops', 'revops') \g /dev/null
CREATE EXTENSION pg_trgm SCHEMA "Tri Gram";
SELECT is(tried(format('SET LOCAL ROLE %I; %s', r.role, c.statement)), CASE WHEN r.role = :'revops' OR c.statement ~ '^SELECT' THEN '00000' ELSE '42501' END, r.label || ': ' || c.statement)
FROM (VALUES (:'reader', 'reader'), (:'marketer', 'marketer'), (:'revops', 'operations')) AS r (role, label),
     (VALUES ('SELECT count(*) FROM crm.field_owner, crm.free_mail_domain, crm.completeness, crm.data_quality, crm.duplicate_candidates'),
             ($$INSERT INTO crm.free_mail_domain VALUES ('x.org')$$), ($$INSERT INTO crm.field_owner VALUES ('lead', 'score', 'sales', 'sql', 'x')$$),
             ($$UPDATE crm.field_owner SET owed_from = 'sal'$$), ('DELETE FROM crm.field_owner')) AS c (statement);
SELECT is(tried(format('SET LOCAL ROLE %I', :'reader'), $$SELECT max(similarity)::text || ' ' || count(*) FROM crm.duplicate_candidates WHERE object = 'account' AND id_1 = 4$$), '0.813 1',
    'a reader with no right on the schema of pg_trgm sees the same');
DROP OWNED BY :reader, :marketer, :revops;
DROP ROLE :reader, :marketer, :revops;

SELECT is((SELECT count(*) FROM bare.completeness) + (SELECT count(*) FROM bare.data_quality) + (SELECT count(*) FROM bare.duplicate_candidates), 0::bigint, 'an empty workspace has no gaps, faults or duplicates');
INSERT INTO bare.lead (source, full_name, email) VALUES ('t', 'Jan', 'jan@acme.com'), ('t', 'Jan', 'jan@acme.com');
SELECT results_eq('SELECT fault, count(*) FROM bare.data_quality GROUP BY 1', $$VALUES ('untagged_source', 2::bigint)$$, 'where nothing was agreed, nothing is owed');
SELECT is((SELECT count(*) FROM bare.duplicate_candidates), 2::bigint, 'duplicates are found all the same');

SELECT * FROM finish();
