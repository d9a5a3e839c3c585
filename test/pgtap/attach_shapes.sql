-- leadflow.attach on tables shaped as those of real CRMs: a move made in the CRM leaves the history that a
-- direct write leaves, one that the standard forbids fails in the CRM's own statement, other columns cost nothing
SET client_min_messages = warning;
SET TIME ZONE 'America/New_York';
SELECT no_plan();

\ir common/tried.sql
\ir common/attached.sql

-- Odoo: meaning in a foreign table under a translated name, lost is not a stage, naive UTC, scores rewritten in bulk
CREATE SCHEMA odoo;
CREATE TABLE odoo.res_users (id serial PRIMARY KEY, login varchar NOT NULL);
CREATE TABLE odoo.crm_stage (id serial PRIMARY KEY, name jsonb NOT NULL, sequence integer, is_won boolean);
CREATE TABLE odoo.crm_lost_reason (id serial PRIMARY KEY, name jsonb NOT NULL);
CREATE TABLE odoo.crm_lead (
    id serial PRIMARY KEY, name varchar NOT NULL, contact_name varchar, email_from varchar, function varchar,
    stage_id integer REFERENCES odoo.crm_stage, user_id integer REFERENCES odoo.res_users, lost_reason_id integer REFERENCES odoo.crm_lost_reason,
    active boolean DEFAULT true, probability double precision DEFAULT 0, score integer DEFAULT 0, expected_revenue numeric,
    date_last_stage_update timestamp, create_date timestamp, write_date timestamp, description text);
INSERT INTO odoo.res_users (login) VALUES ('admin'), ('ann'), ('bob');
INSERT INTO odoo.crm_stage (name, sequence, is_won) VALUES
    ('{"en_US": "New", "pl_PL": "Nowy"}', 1, false), ('{"en_US": "Qualified", "pl_PL": "Zakwalifikowany"}', 2, false),
    ('{"en_US": "Proposition"}', 3, false), ('{"en_US": "Won"}', 4, true);
INSERT INTO odoo.crm_lost_reason (name) VALUES ('{"en_US": "Too expensive"}'), ('{"en_US": "Not now"}');
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'odoo', 'New', 'lead'), ('lead', 'odoo', 'Qualified', 'mql'), ('lead', 'odoo', 'Proposition', 'proposal'), ('lead', 'odoo', 'Won', 'won');
SELECT is(leadflow.attach('crm', 'odoo.crm_lead', 'lead', $${
    "external_id": "new.id",
    "full_name": "coalesce(new.contact_name, new.name)",
    "email": "new.email_from",
    "role": "new.function",
    "verified": "new.email_from IS NOT NULL",
    "budget": "new.expected_revenue",
    "owner": "(SELECT u.login FROM odoo.res_users u WHERE u.id = new.user_id)",
    "status": "(SELECT s.name ->> 'en_US' FROM odoo.crm_stage s WHERE s.id = new.stage_id)",
    "outcome": "CASE WHEN NOT new.active AND new.probability = 0 THEN 'lost' WHEN (SELECT s.is_won FROM odoo.crm_stage s WHERE s.id = new.stage_id) THEN 'won' END",
    "reason": "CASE (SELECT r.name ->> 'en_US' FROM odoo.crm_lost_reason r WHERE r.id = new.lost_reason_id) WHEN 'Too expensive' THEN 'too_expensive' WHEN 'Not now' THEN 'not_now' END",
    "stage_since": "new.date_last_stage_update",
    "created_at": "new.create_date"}$$, '{"source": "odoo", "time_zone": "UTC"}'),
    'lead_from_crm_lead', 'Odoo: attached');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO odoo.crm_lead (name, contact_name, email_from, function, stage_id, user_id, date_last_stage_update, create_date) VALUES
    ('Deal', 'Ada', 'ada@example.com', 'CEO', 1, 2, '2026-03-02 09:00', '2026-03-01 23:00'),
    ('Bare', '', NULL, 'Student', 1, NULL, '2026-03-02 09:00', '2026-03-01 23:00');
INSERT INTO twin.lead (source, external_id, full_name, email, role, verified, stage, owner, stage_since, created_at) VALUES
    ('odoo', '1', 'Ada', 'ada@example.com', 'CEO', true, 'lead', 'ann', '2026-03-02 09:00+00', '2026-03-01 23:00+00'),
    ('odoo', '2', NULL, NULL, 'Student', false, 'lead', NULL, '2026-03-02 09:00+00', '2026-03-01 23:00+00');
SELECT is(history('crm', 'odoo'), history('twin', 'odoo'), 'Odoo: a new row has the history of a direct write');
SELECT is(path('odoo', '1'), 'visitor* engaged* lead', 'Odoo: a new row is a lead');
SELECT is((SELECT format('%s %s %s', full_name, email, created_at AT TIME ZONE 'UTC') FROM crm.lead WHERE source = 'odoo' AND external_id = '1'),
          'Ada ada@example.com 2026-03-01 23:00:00', 'Odoo: naive times are in the declared zone, not in the session''s');
SELECT is((SELECT full_name FROM crm.lead WHERE source = 'odoo' AND external_id = '2'), NULL, 'Odoo: an empty string is no name');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE odoo.crm_lead SET stage_id = 2, date_last_stage_update = '2026-03-03 09:30', expected_revenue = 900 WHERE id = 1;
UPDATE twin.lead SET stage = 'mql', stage_since = '2026-03-03 09:30+00', budget = 900 WHERE source = 'odoo' AND external_id = '1';
SELECT is(history('crm', 'odoo'), history('twin', 'odoo'), 'Odoo: a move has the history of a direct write');
SELECT is(tried('UPDATE odoo.crm_lead SET stage_id = 2 WHERE id = 2'), '23514 target_role', 'Odoo: a move that may not fails in Odoo''s statement');
SELECT is((SELECT stage_id FROM odoo.crm_lead WHERE id = 2), 1, 'Odoo: and leaves Odoo''s row as it was');
SELECT is(tried('UPDATE odoo.crm_lead SET active = false, probability = 0 WHERE id = 1'), '23514 reason', 'Odoo: lost without a reason may not');
SET leadflow.clock = '2026-03-04 10:00+00';
UPDATE odoo.crm_lead SET active = false, probability = 0, lost_reason_id = 1, date_last_stage_update = '2026-03-04 10:00' WHERE id = 1;
UPDATE twin.lead SET stage = 'lost', reason = 'too_expensive', stage_since = '2026-03-04 10:00+00' WHERE source = 'odoo' AND external_id = '1';
SELECT is(history('crm', 'odoo'), history('twin', 'odoo'), 'Odoo: lost, which is no stage there');
SELECT is(path('odoo', '1'), 'visitor* engaged* lead mql lost/too_expensive', 'Odoo: lost with its reason');
SELECT picture() AS before \gset
SELECT is(firings('UPDATE odoo.crm_lead SET score = score + 1, write_date = now()'), 0::bigint, 'Odoo: scores rewritten in bulk fire nothing');
SELECT is(picture(), :'before', 'Odoo: and change nothing');
SELECT is(firings('UPDATE odoo.crm_lead SET stage_id = stage_id, name = name'), 0::bigint, 'Odoo: an update that changes nothing fires nothing');
SELECT cmp_ok(firings('UPDATE odoo.crm_lead SET contact_name = ''Grace'' WHERE id = 2'), '>', 0::bigint, 'Odoo: a mapped column does fire');
SELECT is((SELECT full_name FROM crm.lead WHERE source = 'odoo' AND external_id = '2'), 'Grace', 'Odoo: and is written');
INSERT INTO odoo.crm_lead (name, email_from, function, stage_id, date_last_stage_update) VALUES ('Sold', 's@example.com', 'Owner', 4, '2026-03-04 10:00');
SELECT is((SELECT stage::text FROM crm.lead WHERE source = 'odoo' AND external_id = '3'), 'won', 'Odoo: is_won is won');

-- Twenty: a schema for each tenant, quoted names, uuid, enum, generated column, soft delete
CREATE SCHEMA "workspace_1wgvd1";
SET search_path = "workspace_1wgvd1", public;
CREATE TYPE "opportunity_stage_enum" AS ENUM ('NEW', 'SCREENING', 'PROPOSAL', 'CUSTOMER', 'GONE');
CREATE TABLE "company" ("id" uuid PRIMARY KEY, "name" text, "domainNamePrimaryLinkUrl" text, "employees" double precision, "deletedAt" timestamptz);
CREATE TABLE "person" ("id" uuid PRIMARY KEY, "nameFirstName" text, "nameLastName" text, "emailsPrimaryEmail" text, "jobTitle" text,
    "companyId" uuid, "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz,
    "searchVector" tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce("nameFirstName", ''))) STORED);
CREATE TABLE "opportunity" ("id" uuid PRIMARY KEY, "name" text, "amountAmountMicros" numeric, "amountCurrencyCode" text, "closeDate" timestamptz,
    "stage" "opportunity_stage_enum" NOT NULL DEFAULT 'NEW', "ownerId" uuid, "companyId" uuid, "pointOfContactId" uuid, "position" double precision,
    "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz,
    "searchVector" tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce("name", ''))) STORED);
RESET search_path;
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('opportunity', 'twenty', 'NEW', 'opportunity'), ('opportunity', 'twenty', 'SCREENING', 'budget'), ('opportunity', 'twenty', 'PROPOSAL', 'proposal'),
    ('opportunity', 'twenty', 'CUSTOMER', 'won'), ('opportunity', 'twenty', 'GONE', 'lost');
SELECT is(leadflow.attach('crm', '"workspace_1wgvd1"."company"', 'account', $${
    "external_id": "new.id", "name": "new.name", "domain": "new.\"domainNamePrimaryLinkUrl\"", "employees": "new.employees"}$$, '{"source": "twenty"}'),
    'account_from_company', 'Twenty: companies are accounts');
SELECT is(leadflow.attach('crm', '"workspace_1wgvd1"."person"', 'lead', $${
    "external_id": "new.id", "full_name": "concat_ws(' ', nullif(new.\"nameFirstName\", ''), nullif(new.\"nameLastName\", ''))",
    "email": "new.\"emailsPrimaryEmail\"", "role": "new.\"jobTitle\"", "verified": "true", "account": "new.\"companyId\"",
    "created_at": "new.\"createdAt\""}$$, '{"source": "twenty", "deleted": "new.\"deletedAt\" IS NOT NULL"}'),
    'lead_from_person', 'Twenty: persons are leads');
SELECT is(leadflow.attach('crm', '"workspace_1wgvd1"."opportunity"', 'opportunity', $${
    "external_id": "new.id", "name": "new.name", "amount": "new.\"amountAmountMicros\" / 1000000", "currency": "new.\"amountCurrencyCode\"",
    "expected_close": "new.\"closeDate\"", "status": "new.stage", "outcome": "CASE WHEN new.stage = 'CUSTOMER' THEN 'won' WHEN new.stage = 'GONE' THEN 'lost' END",
    "owner": "new.\"ownerId\"", "account": "new.\"companyId\"", "lead": "new.\"pointOfContactId\"", "created_at": "new.\"createdAt\""}$$,
    '{"source": "twenty", "deleted": "new.\"deletedAt\" IS NOT NULL"}'),
    'opportunity_from_opportunity', 'Twenty: opportunities');
\set company '11111111-1111-4111-8111-111111111111'
\set person '22222222-2222-4222-8222-222222222222'
\set deal '33333333-3333-4333-8333-333333333333'
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO "workspace_1wgvd1"."company" VALUES (:'company', 'Acme', 'acme.example', 50);
INSERT INTO "workspace_1wgvd1"."person" ("id", "nameFirstName", "nameLastName", "emailsPrimaryEmail", "jobTitle", "companyId", "createdAt")
    VALUES (:'person', 'Ada', '', 'ada@acme.example', 'CTO', :'company', '2026-03-01 00:00+00');
INSERT INTO "workspace_1wgvd1"."opportunity" ("id", "name", "amountAmountMicros", "amountCurrencyCode", "closeDate", "pointOfContactId", "companyId", "ownerId", "createdAt")
    VALUES (:'deal', 'Plant', 5000000000, 'EUR', '2026-06-01 00:00+00', :'person', :'company', :'person', '2026-03-01 00:00+00');
INSERT INTO twin.lead (source, external_id, email, role, verified, created_at) VALUES ('twenty', :'person', 'ada@acme.example', 'CTO', true, '2026-03-01 00:00+00');
INSERT INTO twin.opportunity (source, external_id, lead_id, amount, currency, owner, created_at)
    SELECT 'twenty', :'deal', id, 5000, 'EUR', :'person', '2026-03-01 00:00+00' FROM twin.lead WHERE source = 'twenty';
SELECT is(history('crm', 'twenty'), history('twin', 'twenty'), 'Twenty: an opportunity and its lead have the history of direct writes');
SELECT is((SELECT format('%s %s %s %s', o.amount, o.expected_close IS NOT NULL, l.full_name, a.employees) FROM crm.opportunity o
             JOIN crm.lead l ON l.id = o.lead_id JOIN crm.account a ON a.id = o.account_id AND a.id = l.account_id WHERE o.source = 'twenty'),
          '5000.00 t Ada 50', 'Twenty: lead and account are found by their keys');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE "workspace_1wgvd1"."opportunity" SET "stage" = 'PROPOSAL';
UPDATE twin.opportunity SET stage = 'proposal' WHERE source = 'twenty';
SELECT is(history('crm', 'twenty'), history('twin', 'twenty'), 'Twenty: an enum moves the opportunity and its lead');
SELECT is(path('twenty', :'deal', 'opportunity'), 'opportunity budget* value* proposal', 'Twenty: through the stages in between');
SELECT is(tried(format($$INSERT INTO "workspace_1wgvd1"."opportunity" ("id", "stage", "companyId") VALUES (%L, 'PROPOSAL', %L)$$, :'person', :'company')),
          '23514 amount', 'Twenty: a proposal without an amount fails in Twenty''s statement');
SELECT is(tried(format($$UPDATE "workspace_1wgvd1"."opportunity" SET "stage" = 'GONE'$$)), '23514 reason', 'Twenty: lost without a reason');
SELECT is((SELECT "stage"::text FROM "workspace_1wgvd1"."opportunity"), 'PROPOSAL', 'Twenty: and leaves the row as it was');
SELECT picture() AS before \gset
SELECT is(firings($$UPDATE "workspace_1wgvd1"."opportunity" SET "position" = 2$$) + firings($$UPDATE "workspace_1wgvd1"."person" SET "searchVector" = DEFAULT$$),
          0::bigint, 'Twenty: other columns and generated ones fire nothing');
SELECT is(picture(), :'before', 'Twenty: and change nothing');
UPDATE "workspace_1wgvd1"."opportunity" SET "deletedAt" = '2026-03-03 10:00+00';
SELECT is(path('twenty', :'deal', 'opportunity'), 'opportunity budget* value* proposal disqualified/deleted_in_source', 'Twenty: what is deleted there is disqualified');
INSERT INTO "workspace_1wgvd1"."person" ("id", "deletedAt") VALUES (:'deal', now());
SELECT is((SELECT count(*) FROM crm.lead WHERE external_id = :'deal'), 0::bigint, 'Twenty: what was deleted before it was ever seen is not taken in');

-- EspoCRM: short text keys, a deleted flag, the e-mail in a side table
CREATE SCHEMA espo;
CREATE TABLE espo.lead (id varchar(17) PRIMARY KEY, deleted boolean DEFAULT false, first_name varchar(100), last_name varchar(100), title varchar(100),
    status varchar(255) DEFAULT 'New', source varchar(255), opportunity_amount double precision, opportunity_amount_currency varchar(3),
    assigned_user_id varchar(17), created_at timestamp(0), modified_at timestamp(0), description text);
CREATE TABLE espo.email_address (id varchar(17) PRIMARY KEY, name varchar(255), deleted boolean DEFAULT false);
CREATE TABLE espo.entity_email_address (id bigserial PRIMARY KEY, entity_id varchar(17), email_address_id varchar(17), entity_type varchar(100),
    "primary" boolean DEFAULT false, deleted boolean DEFAULT false);
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'espo', 'New', 'lead'), ('lead', 'espo', 'Assigned', 'mql'), ('lead', 'espo', 'In Process', 'contacted'), ('lead', 'espo', 'Recycled', 'nurture'), ('lead', 'espo', 'Dead', 'lost'), ('lead', 'espo', 'Converted', 'opportunity');
SELECT is(leadflow.attach('crm', 'espo.lead', 'lead', $${
    "external_id": "new.id", "full_name": "concat_ws(' ', new.first_name, new.last_name)", "role": "new.title", "status": "new.status",
    "outcome": "CASE new.status WHEN 'Dead' THEN 'lost' WHEN 'Converted' THEN 'opportunity' END",
    "reason": "CASE new.status WHEN 'Dead' THEN 'no_response' WHEN 'Recycled' THEN 'not_now' END",
    "origin": "new.source", "owner": "new.assigned_user_id", "budget": "new.opportunity_amount", "currency": "new.opportunity_amount_currency",
    "created_at": "new.created_at"}$$, '{"source": "espo", "time_zone": "UTC", "deleted": "new.deleted"}'),
    'lead_from_lead', 'EspoCRM: leads');
SELECT is(leadflow.attach('crm', 'espo.entity_email_address', 'lead', $${
    "external_id": "new.entity_id", "verified": "true",
    "email": "(SELECT e.name FROM espo.email_address e WHERE e.id = new.email_address_id)"}$$,
    '{"source": "espo", "create": false, "filter": "new.entity_type = ''Lead'' AND new.\"primary\" AND NOT new.deleted", "name": "lead_email"}'),
    'lead_email', 'EspoCRM: their e-mail addresses');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO espo.lead (id, first_name, last_name, title, source, assigned_user_id, opportunity_amount, opportunity_amount_currency, created_at) VALUES
    ('65f1a2b3c4d5e6f70', 'Ada', 'L', 'Head of Ops', 'Web Site', 'u1', 12.5, 'EUR', '2026-03-01 12:00'), ('65f1a2b3c4d5e6f71', 'Bob', NULL, 'Owner', '', '', NULL, NULL, '2026-03-01 12:00');
INSERT INTO twin.lead (source, external_id, role, origin, owner, budget, currency, created_at) VALUES
    ('espo', '65f1a2b3c4d5e6f70', 'Head of Ops', 'Web Site', 'u1', 12.5, 'EUR', '2026-03-01 12:00+00'), ('espo', '65f1a2b3c4d5e6f71', 'Owner', NULL, NULL, NULL, NULL, '2026-03-01 12:00+00');
INSERT INTO espo.email_address VALUES ('e1', 'ada@example.com'), ('e2', 'other@example.com');
INSERT INTO espo.entity_email_address (entity_id, email_address_id, entity_type, "primary") VALUES
    ('65f1a2b3c4d5e6f70', 'e1', 'Lead', true), ('65f1a2b3c4d5e6f70', 'e2', 'Lead', false), ('65f1a2b3c4d5e6f70', 'e2', 'Contact', true), ('nosuchlead', 'e2', 'Lead', true);
UPDATE twin.lead SET email = 'ada@example.com', verified = true WHERE external_id = '65f1a2b3c4d5e6f70';
SELECT is((SELECT format('%s %s %s', full_name, email, verified) FROM crm.lead WHERE external_id = '65f1a2b3c4d5e6f70'), 'Ada L ada@example.com t',
          'EspoCRM: the side table fills its columns, and the filter chooses the row');
SELECT is((SELECT count(*) FROM crm.lead WHERE source = 'espo'), 2::bigint, 'EspoCRM: the side table creates no lead');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE espo.lead SET status = 'Assigned' WHERE id = '65f1a2b3c4d5e6f70';
UPDATE twin.lead SET stage = 'mql' WHERE external_id = '65f1a2b3c4d5e6f70';
SELECT is((SELECT email FROM crm.lead WHERE external_id = '65f1a2b3c4d5e6f70'), 'ada@example.com', 'EspoCRM: the main table leaves what it does not map');
SELECT is(tried($$UPDATE espo.lead SET status = 'Assigned' WHERE id = '65f1a2b3c4d5e6f71'$$), '23514 verified_contact', 'EspoCRM: without an address there is no MQL');
SELECT is((SELECT status FROM espo.lead WHERE id = '65f1a2b3c4d5e6f71'), 'New'::varchar, 'EspoCRM: and the row is as it was');
UPDATE espo.lead SET status = 'Recycled' WHERE id = '65f1a2b3c4d5e6f70';
UPDATE twin.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = '65f1a2b3c4d5e6f70';
UPDATE espo.lead SET deleted = true WHERE id LIKE '65f1a2b3c4d5e6f7_';
UPDATE twin.lead SET stage = 'disqualified', reason = 'deleted_in_source' WHERE external_id = '65f1a2b3c4d5e6f71';
SELECT is(history('crm', 'espo'), history('twin', 'espo'), 'EspoCRM: the history is that of direct writes');
SELECT is(path('espo', '65f1a2b3c4d5e6f70'), 'visitor* engaged* lead mql nurture/not_now', 'EspoCRM: a deleted lead that is in an exit stays there');
SELECT is(path('espo', '65f1a2b3c4d5e6f71'), 'visitor* engaged* lead disqualified/deleted_in_source', 'EspoCRM: another one is disqualified');
SELECT picture() AS before \gset
SELECT is(firings($$UPDATE espo.lead SET description = 'x', modified_at = now()$$), 0::bigint, 'EspoCRM: other columns fire nothing');
SELECT is(picture(), :'before', 'EspoCRM: and change nothing');

-- Frappe: a table name with a space, columns that are key words, booleans as numbers, naive times of the server's zone
CREATE SCHEMA frappe;
CREATE TABLE frappe."tabCRM Lead" (name varchar(140) PRIMARY KEY, creation timestamp(6), modified timestamp(6), docstatus smallint NOT NULL DEFAULT 0,
    lead_name varchar(140), email varchar(140), job_title varchar(140), status varchar(140) DEFAULT 'New', lead_owner varchar(140), converted smallint NOT NULL DEFAULT 0,
    "from" varchar(140), "to" varchar(140), lost_reason varchar(140), lost_notes text, _seen text);
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'tabCRM Lead', 'New', 'lead'), ('lead', 'tabCRM Lead', 'Contacted', 'lead.contacted'), ('lead', 'tabCRM Lead', 'Qualified', 'mql'),
    ('lead', 'tabCRM Lead', 'Lost', 'lost'), ('lead', 'tabCRM Lead', 'Junk', 'disqualified');
SELECT is(leadflow.attach('crm', 'frappe."tabCRM Lead"', 'lead', $${
    "external_id": "new.name", "full_name": "new.lead_name", "email": "new.email", "role": "new.job_title", "verified": "new.docstatus = 0",
    "status": "new.status", "outcome": "CASE WHEN new.converted <> 0 THEN 'opportunity' WHEN new.status = 'Junk' THEN 'disqualified' WHEN new.status = 'Lost' THEN 'lost' END",
    "reason": "CASE WHEN new.status = 'Junk' THEN 'spam' ELSE new.lost_reason END", "reason_note": "new.lost_notes",
    "owner": "new.lead_owner", "origin": "new.\"from\"", "segment": "new.\"to\"", "created_at": "new.creation", "stage_since": "null::timestamptz"}$$,
    '{"time_zone": "Asia/Kolkata", "nobody": ["Administrator", "Guest"]}'),
    'lead_from_tabcrm_lead', 'Frappe: the name of the attachment is an identifier');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO frappe."tabCRM Lead" (name, creation, lead_name, email, job_title, lead_owner, "from", "to") VALUES
    ('CRM-LEAD-2026-00001', '2026-03-02 00:00:00.5', 'Ada', 'ada@example.com', 'VP', 'ann@example.com', 'event', 'smb'),
    ('CRM-LEAD-2026-00002', '2026-03-02 00:00', 'Bob', 'bob@example.com', '', 'Administrator', NULL, NULL);
INSERT INTO twin.lead (source, external_id, email, role, verified, owner, origin, segment, created_at) VALUES
    ('tabCRM Lead', 'CRM-LEAD-2026-00001', 'ada@example.com', 'VP', true, 'ann@example.com', 'event', 'smb', '2026-03-01 18:30:00.5+00'),
    ('tabCRM Lead', 'CRM-LEAD-2026-00002', 'bob@example.com', NULL, true, NULL, NULL, NULL, '2026-03-01 18:30+00');
SELECT is((SELECT created_at FROM crm.lead WHERE external_id = 'CRM-LEAD-2026-00001'), '2026-03-01 18:30:00.5+00', 'Frappe: midnight in India');
SELECT is((SELECT source FROM crm.lead WHERE external_id = 'CRM-LEAD-2026-00001'), 'tabCRM Lead', 'Frappe: the source is the name of the table');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE frappe."tabCRM Lead" SET status = 'Contacted';
UPDATE twin.lead SET stage = 'lead.contacted' WHERE source = 'tabCRM Lead';
UPDATE frappe."tabCRM Lead" SET status = 'Qualified' WHERE lead_name = 'Ada';
UPDATE twin.lead SET stage = 'mql' WHERE external_id = 'CRM-LEAD-2026-00001';
SELECT is(tried($$UPDATE frappe."tabCRM Lead" SET converted = 1 WHERE lead_name = 'Bob'$$), '23514 target_role', 'Frappe: a conversion that may not fails there');
SELECT is((SELECT converted FROM frappe."tabCRM Lead" WHERE lead_name = 'Bob'), 0::smallint, 'Frappe: and the row is as it was');
UPDATE frappe."tabCRM Lead" SET converted = 1 WHERE lead_name = 'Ada';
UPDATE twin.lead SET stage = 'opportunity' WHERE external_id = 'CRM-LEAD-2026-00001';
UPDATE frappe."tabCRM Lead" SET status = 'Lost', lost_reason = 'other', lost_notes = 'moved away' WHERE lead_name = 'Bob';
UPDATE twin.lead SET stage = 'lost', reason = 'other', reason_note = 'moved away' WHERE external_id = 'CRM-LEAD-2026-00002';
SELECT is(history('crm', 'tabCRM Lead'), history('twin', 'tabCRM Lead'), 'Frappe: the history is that of direct writes');
SELECT is(path('tabCRM Lead', 'CRM-LEAD-2026-00001'), 'visitor* engaged* lead lead.contacted mql contacted* sal* sql* opportunity', 'Frappe: converted is an opportunity');
SELECT picture() AS before \gset
SELECT is(firings($$UPDATE frappe."tabCRM Lead" SET _seen = '[]', modified = now()$$), 0::bigint, 'Frappe: other columns fire nothing');
SELECT is(picture(), :'before', 'Frappe: and change nothing');

-- Corteza: one table for everything, its columns in jsonb
CREATE SCHEMA corteza;
CREATE TABLE corteza.compose_record (id bigint PRIMARY KEY, rel_namespace bigint NOT NULL DEFAULT 1, rel_module bigint NOT NULL, "values" jsonb,
    meta jsonb, owned_by bigint NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT '2026-03-01 00:00+00', deleted_at timestamptz);
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'compose_record', 'Open', 'lead'), ('lead', 'compose_record', 'Working', 'mql'), ('opportunity', 'compose_record', 'Prospecting', 'opportunity'), ('opportunity', 'compose_record', 'Offer', 'proposal');
SELECT is(leadflow.attach('crm', 'corteza.compose_record', 'lead', $${
    "external_id": "new.id", "full_name": "new.values -> 'Name' ->> 0", "email": "new.values -> 'Email' ->> 0", "role": "new.values -> 'Title' ->> 0",
    "verified": "new.values -> 'Email' ->> 0 LIKE '%@%'", "status": "new.values -> 'Status' ->> 0", "owner": "new.owned_by", "created_at": "new.created_at"}$$,
    '{"filter": "new.rel_module = 101", "nobody": "0", "deleted": "new.deleted_at IS NOT NULL"}'), 'lead_from_compose_record', 'Corteza: leads');
SELECT is(leadflow.attach('crm', 'corteza.compose_record', 'opportunity', $${
    "external_id": "new.id", "name": "new.values -> 'Name' ->> 0", "amount": "(new.values -> 'Amount' ->> 0)::numeric", "lead": "new.values -> 'Lead' ->> 0",
    "status": "new.values -> 'Stage' ->> 0", "owner": "new.owned_by", "created_at": "new.created_at"}$$,
    '{"filter": "new.rel_module = 102", "nobody": "0"}'), 'opportunity_from_compose_record', 'Corteza: opportunities');
SELECT is(leadflow.attach('crm', 'corteza.compose_record', 'touch', $${
    "external_id": "new.id", "lead": "new.values -> 'Lead' ->> 0", "kind": "lower(new.values -> 'Type' ->> 0)", "direction": "'outbound'", "channel": "'phone'",
    "at": "new.created_at", "actor": "new.owned_by", "outcome": "new.values -> 'Result' ->> 0"}$$,
    '{"filter": "new.rel_module = 103", "deleted": "new.deleted_at IS NOT NULL"}'), 'touch_from_compose_record', 'Corteza: touches');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO corteza.compose_record (id, rel_module, "values", owned_by) VALUES
    (354321098765432101, 101, '{"Name": ["Ada"], "Email": ["ada@example.com"], "Title": ["CEO"], "Status": ["Open"]}', 7),
    (354321098765432102, 101, '{"Name": ["Bob"], "Status": ["Open"]}', 0),
    (354321098765432103, 999, '{"Name": ["a product"], "Status": ["Working"]}', 7);
INSERT INTO twin.lead (source, external_id, email, role, verified, owner, created_at) VALUES
    ('compose_record', '354321098765432101', 'ada@example.com', 'CEO', true, '7', '2026-03-01 00:00+00'), ('compose_record', '354321098765432102', NULL, NULL, false, NULL, '2026-03-01 00:00+00');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE corteza.compose_record SET "values" = jsonb_set("values", '{Status}', '["Working"]') WHERE id = 354321098765432101;
UPDATE twin.lead SET stage = 'mql' WHERE external_id = '354321098765432101';
INSERT INTO corteza.compose_record (id, rel_module, "values", owned_by, created_at) VALUES
    (354321098765432104, 103, '{"Type": ["Call"], "Lead": ["354321098765432101"], "Result": ["reached"]}', 7, '2026-03-03 09:00+00'),
    (354321098765432105, 102, '{"Name": ["Plant"], "Lead": ["354321098765432101"], "Stage": ["Prospecting"]}', 7, '2026-03-03 09:00+00');
INSERT INTO twin.touch (source, external_id, lead_id, kind, direction, channel, at) SELECT 'x', 'x', id, 'call', 'outbound', 'phone', '2026-03-03 09:00+00' FROM twin.lead WHERE external_id = '354321098765432101';
INSERT INTO twin.opportunity (source, external_id, lead_id, owner, created_at) SELECT 'compose_record', '354321098765432105', id, '7', '2026-03-03 09:00+00' FROM twin.lead WHERE external_id = '354321098765432101';
SELECT is(history('crm', 'compose_record'), history('twin', 'compose_record'), 'Corteza: the history is that of direct writes');
SELECT is((SELECT string_agg(format('%s %s %s %s %s', t.kind, t.outcome, t.actor, t.at AT TIME ZONE 'UTC', l.full_name), ',') FROM crm.touch t JOIN crm.lead l ON l.id = t.lead_id WHERE t.source = 'compose_record'),
          'call reached 7 2026-03-03 09:00:00 Ada', 'Corteza: a record is a touch of its lead');
SELECT is((SELECT format('%s/%s/%s', count(*) FILTER (WHERE source = 'compose_record'), (SELECT count(*) FROM crm.opportunity WHERE source = 'compose_record'), (SELECT count(*) FROM crm.touch WHERE source = 'compose_record')) FROM crm.lead),
          '2/1/1', 'Corteza: each record goes where its module belongs, others nowhere');
SELECT is(tried($$UPDATE corteza.compose_record SET "values" = jsonb_set("values", '{Status}', '["Working"]') WHERE id = 354321098765432102$$), '23514 target_role', 'Corteza: a move that may not');
SELECT is(tried($$UPDATE corteza.compose_record SET "values" = jsonb_set("values", '{Stage}', '["Offer"]') WHERE id = 354321098765432105$$), '23514 amount', 'Corteza: an offer without an amount');
SELECT is((SELECT "values" -> 'Stage' ->> 0 FROM corteza.compose_record WHERE id = 354321098765432105), 'Prospecting', 'Corteza: and the record is as it was');
SELECT picture() AS before \gset
SELECT is(firings($$UPDATE corteza.compose_record SET meta = '{"a": 1}'$$), 0::bigint, 'Corteza: other columns fire nothing');
UPDATE corteza.compose_record SET "values" = "values" || '{"Note": ["x"]}';
SELECT is(picture(), :'before', 'Corteza: another field of the same jsonb changes nothing');
UPDATE corteza.compose_record SET deleted_at = now() WHERE id = 354321098765432104;
SELECT is((SELECT count(*) FROM crm.touch WHERE source = 'compose_record'), 0::bigint, 'Corteza: a deleted touch is removed');

-- Chatwoot: a number for a status, and a trigger of its own that sets a column
CREATE SCHEMA chatwoot;
CREATE TABLE chatwoot.conversations (id serial PRIMARY KEY, account_id integer NOT NULL DEFAULT 1, display_id integer NOT NULL, status integer NOT NULL DEFAULT 0, assignee_id integer,
    created_at timestamp(6) NOT NULL, last_activity_at timestamp(6), custom_attributes jsonb DEFAULT '{}');
CREATE FUNCTION chatwoot.conversations_before_insert_row_tr() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.display_id := 1000 + NEW.id;
    RETURN NEW;
END $$;
CREATE TRIGGER conversations_before_insert_row_tr BEFORE INSERT ON chatwoot.conversations FOR EACH ROW EXECUTE FUNCTION chatwoot.conversations_before_insert_row_tr();
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', 'chatwoot', '0', 'lead'), ('lead', 'chatwoot', '2', 'lead.pending'), ('lead', 'chatwoot', '1', 'mql');
SELECT is(leadflow.attach('crm', 'chatwoot.conversations', 'lead', $${
    "external_id": "new.display_id", "status": "new.status", "owner": "new.assignee_id", "created_at": "new.created_at",
    "role": "new.custom_attributes ->> 'role'", "email": "new.custom_attributes ->> 'email'", "verified": "new.custom_attributes ? 'email'"}$$,
    '{"source": "chatwoot", "time_zone": "UTC"}'), 'lead_from_conversations', 'Chatwoot: attached');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO chatwoot.conversations (created_at, assignee_id, custom_attributes) VALUES
    ('2026-03-02 09:00', 5, '{"role": "CEO", "email": "a@example.com"}'), ('2026-03-02 09:00', NULL, '{}');
INSERT INTO twin.lead (source, external_id, role, email, verified, owner, created_at) VALUES
    ('chatwoot', '1001', 'CEO', 'a@example.com', true, '5', '2026-03-02 09:00+00'), ('chatwoot', '1002', NULL, NULL, false, NULL, '2026-03-02 09:00+00');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE chatwoot.conversations SET status = 2;
UPDATE chatwoot.conversations SET status = 1 WHERE id = 1;
UPDATE twin.lead SET stage = 'lead.pending' WHERE source = 'chatwoot';
UPDATE twin.lead SET stage = 'mql' WHERE external_id = '1001';
SELECT is(history('crm', 'chatwoot'), history('twin', 'chatwoot'), 'Chatwoot: the history is that of direct writes, by the key that its own trigger sets');
SELECT is(path('chatwoot', '1001'), 'visitor* engaged* lead lead.pending mql', 'Chatwoot: numbers are words too');
SELECT is(tried('UPDATE chatwoot.conversations SET status = 1 WHERE id = 2'), '23514 target_role', 'Chatwoot: a move that may not');
SELECT is((SELECT status FROM chatwoot.conversations WHERE id = 2), 2, 'Chatwoot: and the row is as it was');
SELECT picture() AS before \gset
SELECT is(firings('UPDATE chatwoot.conversations SET last_activity_at = now()'), 0::bigint, 'Chatwoot: other columns fire nothing');
SELECT is(picture(), :'before', 'Chatwoot: and change nothing');

-- Zammad: the meaning two joins away, and a user who is nobody
CREATE SCHEMA zammad;
CREATE TABLE zammad.ticket_state_types (id serial PRIMARY KEY, name varchar(250));
CREATE TABLE zammad.ticket_states (id serial PRIMARY KEY, state_type_id integer REFERENCES zammad.ticket_state_types, name varchar(250));
CREATE TABLE zammad.users (id serial PRIMARY KEY, login varchar(255), email varchar(255), department varchar(255));
CREATE TABLE zammad.tickets (id serial PRIMARY KEY, title varchar(250), owner_id integer NOT NULL DEFAULT 1 REFERENCES zammad.users, customer_id integer REFERENCES zammad.users,
    state_id integer NOT NULL REFERENCES zammad.ticket_states, created_at timestamp(3), updated_at timestamp(3), article_count integer);
INSERT INTO zammad.ticket_state_types (name) VALUES ('new'), ('open'), ('closed');
INSERT INTO zammad.ticket_states (state_type_id, name) VALUES (1, 'neu'), (2, 'offen'), (2, 'offen, wartet'), (3, 'erledigt');
INSERT INTO zammad.users (login, email, department) VALUES ('-', '', NULL), ('agent', 'agent@example.com', NULL), ('ada', 'ada@example.com', 'Director'), ('bob', 'bob@example.com', NULL);
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', 'zammad', 'new', 'lead'), ('lead', 'zammad', 'open', 'mql'), ('lead', 'zammad', 'closed', 'contacted');
SELECT is(leadflow.attach('crm', 'zammad.tickets', 'lead', $${
    "external_id": "new.id", "full_name": "new.title", "owner": "new.owner_id", "created_at": "new.created_at", "verified": "true",
    "role": "(SELECT u.department FROM zammad.users u WHERE u.id = new.customer_id)", "email": "(SELECT u.email FROM zammad.users u WHERE u.id = new.customer_id)",
    "status": "(SELECT t.name FROM zammad.ticket_states s JOIN zammad.ticket_state_types t ON t.id = s.state_type_id WHERE s.id = new.state_id)"}$$,
    '{"source": "zammad", "time_zone": "UTC", "nobody": "1"}'), 'lead_from_tickets', 'Zammad: attached');
SET leadflow.clock = '2026-03-02 10:00+00';
INSERT INTO zammad.tickets (title, customer_id, state_id, created_at) VALUES ('Ask', 3, 1, '2026-03-02 09:00'), ('Ask too', 4, 1, '2026-03-02 09:00');
INSERT INTO twin.lead (source, external_id, role, email, verified, created_at) VALUES
    ('zammad', '1', 'Director', 'ada@example.com', true, '2026-03-02 09:00+00'), ('zammad', '2', NULL, 'bob@example.com', true, '2026-03-02 09:00+00');
SELECT is((SELECT string_agg(coalesce(owner, 'nobody'), ',') FROM crm.lead WHERE source = 'zammad'), 'nobody,nobody', 'Zammad: user 1 is nobody');
SET leadflow.clock = '2026-03-03 10:00+00';
UPDATE zammad.tickets SET state_id = 2, owner_id = 2 WHERE id = 1;
UPDATE twin.lead SET stage = 'mql', owner = '2' WHERE source = 'zammad' AND external_id = '1';
UPDATE zammad.tickets SET state_id = 3 WHERE id = 1;
UPDATE zammad.tickets SET state_id = 4, owner_id = 1 WHERE id = 1;
UPDATE twin.lead SET stage = 'contacted', owner = NULL WHERE source = 'zammad' AND external_id = '1';
SELECT is(history('crm', 'zammad'), history('twin', 'zammad'), 'Zammad: the history is that of direct writes; a state of the same type is no move');
SELECT is(path('zammad', '1'), 'visitor* engaged* lead mql contacted', 'Zammad: by the type of the state');
SELECT is(tried('UPDATE zammad.tickets SET state_id = 2 WHERE id = 2'), '23514 target_role', 'Zammad: a move that may not');
SELECT is((SELECT state_id FROM zammad.tickets WHERE id = 2), 1, 'Zammad: and the ticket is as it was');
SELECT picture() AS before \gset
SELECT is(firings('UPDATE zammad.tickets SET article_count = 3, updated_at = now()'), 0::bigint, 'Zammad: other columns fire nothing');
SELECT is(picture(), :'before', 'Zammad: and change nothing');

-- Written again as it is, everything stays as it is.
SELECT picture() AS before \gset
UPDATE odoo.crm_lead SET contact_name = contact_name || 'x';
UPDATE odoo.crm_lead SET contact_name = left(contact_name, -1);
SELECT isnt(picture(), :'before', 'a change of a mapped column is written, and its time with it');
SELECT picture() AS before \gset
INSERT INTO odoo.crm_lead TABLE odoo.crm_lead ON CONFLICT (id) DO UPDATE SET stage_id = excluded.stage_id, contact_name = excluded.contact_name, active = excluded.active;
INSERT INTO zammad.tickets TABLE zammad.tickets ON CONFLICT (id) DO UPDATE SET state_id = excluded.state_id, owner_id = excluded.owner_id;
SELECT is(picture(), :'before', 'written again as it is, nothing changes');
SELECT is((SELECT count(*) FROM crm.quarantine) + (SELECT count(*) FROM crm.violation), 0::bigint, 'nothing was parked or let in on the way');

SELECT * FROM finish();
