-- The way out of quarantine: what keeps rows there, and trying them again.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 09:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO crm.lead (source, external_id, full_name, role, verified, email, owner)
VALUES ('t', 'ready', 'Ready', 'CEO', true, 'r@example.com', 'anna'), ('t', 'bare', NULL, NULL, false, NULL, NULL), ('t', 'third', 'Third', 'CEO', true, 't@example.com', NULL);
CREATE FUNCTION touched(who text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k WHERE external_id = who
$$;
SET leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, stage, role, email, stage_since, created_at, attributes)
VALUES ('list', 'n1', 'mql', 'CEO', 'n1@example.com', '2026-02-01', '2026-01-01', '{"a": 1}'), ('list', 'n2', 'mql', 'Student', NULL, NULL, NULL, '{}'), ('list', NULL, 'mql', 'CEO', 'n3@example.com', NULL, NULL, '{}');
UPDATE crm.lead SET stage = 'mql', phone = '1', full_name = 'Other' WHERE external_id = 'ready';
UPDATE crm.lead SET stage = 'mql', verified = true WHERE external_id = 'bare';
UPDATE crm.lead SET stage = 'lost' WHERE external_id = 'third';
INSERT INTO crm.opportunity (source, external_id, lead_id, name) SELECT 't', 'o', id, 'Deal' FROM crm.lead WHERE external_id = 'ready';
RESET leadflow.on_violation;
SELECT is((SELECT string_agg(id || ' ' || object || ' ' || operation || ' ' || target_stage, ', ' ORDER BY id) FROM crm.quarantine),
          '1 lead INSERT mql, 2 lead INSERT mql, 3 lead INSERT mql, 4 lead UPDATE mql, 5 lead UPDATE mql, 6 lead UPDATE lost, 7 opportunity INSERT opportunity', 'what is parked');

-- why
SELECT is((SELECT string_agg(concat_ws(' ', object, source, criterion, parked, COALESCE(example_external_id, '-')), ', ' ORDER BY object, source, criterion) FROM crm.quarantine_reasons WHERE source = 'list' OR criterion = 'reason'),
          'lead list target_role 1 n2, lead list two_signals 3 n2, lead list verified_contact 3 n2, lead t reason 1 third', 'how many rows of each tool lack what, with an example');
SELECT is((SELECT concat_ws('|', requirement, oldest_at = min, latest_at = max) FROM crm.quarantine_reasons, (SELECT min(recorded_at), max(recorded_at) FROM crm.quarantine WHERE source = 'list') m
            WHERE source = 'list' AND criterion = 'two_signals'), 'At least two signs of interest of different kinds.|t|t', 'what it asks, since when');
SELECT is((SELECT string_agg(criterion, ',' ORDER BY criterion) FROM crm.quarantine_reasons WHERE object = 'opportunity'),
          'budget,confirmed_need,decision_timeframe,evidence,promised,two_signals,why_now', 'what an opportunity''s lead lacks is among it');

-- retried(before, ids): the four counts, and what is there afterwards
CREATE FUNCTION retried(statement text, ids bigint[], query text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT tried(format('%s; CREATE TEMP TABLE retried AS SELECT * FROM leadflow.retry_quarantine(''crm'', %L)', statement, ids),
                 format('SELECT concat_ws('' '', (SELECT concat_ws(''/'', retried, accepted, superseded, still_parked) FROM retried), (%s))', COALESCE(query, 'SELECT NULL')))
$$;
SELECT is(retried('SELECT 1', NULL, 'SELECT count(*) FROM crm.quarantine'), '7/0/0/7 7', 'as long as nothing has changed all stay');
SELECT is(retried('SELECT 1', '{}', 'SELECT count(*) FROM crm.quarantine'), '0/0/0/0 7', 'none');
SELECT is(retried('SELECT 1', '{-1,2}', 'SELECT count(*) FROM crm.quarantine'), '1/0/0/1 7', 'those that are there');
CREATE TABLE before AS TABLE crm.quarantine;
SELECT is(retried('SELECT 1', NULL, 'SELECT count(*) FROM (TABLE crm.quarantine EXCEPT TABLE before) d'), '7/0/0/7 0', 'and the rows are as they were');

SELECT is(retried(c.statement, c.ids, c.query), c.expected, c.label) FROM (VALUES
    ('a row that was to be added', $$UPDATE crm.standard SET mode = 'warn'$$, '{1}'::bigint[],
        $$SELECT concat_ws('|', stage, stage_since, created_at, role, email, attributes, (SELECT count(*) FROM crm.violation)) FROM crm.lead WHERE external_id = 'n1'$$,
        '1/1/0/0 mql|2026-02-01 00:00:00+00|2026-01-01 00:00:00+00|CEO|n1@example.com|{"a": 1}|2'),
    ('with its history', $$UPDATE crm.standard SET mode = 'warn'$$, '{1}',
        $$SELECT string_agg(to_stage || ' ' || at::date, ',' ORDER BY e.id) FROM crm.stage_event e JOIN crm.lead l ON l.id = e.lead_id WHERE external_id = 'n1'$$,
        '1/1/0/0 visitor 2026-02-01,engaged 2026-02-01,lead 2026-02-01,mql 2026-02-01'),
    ('it leaves the quarantine', $$UPDATE crm.standard SET mode = 'warn'$$, '{1}', 'SELECT string_agg(id::text, '','' ORDER BY id) FROM crm.quarantine', '1/1/0/0 2,3,4,5,6,7'),
    ('one without a key', $$UPDATE crm.standard SET mode = 'warn'$$, '{3}', $$SELECT stage FROM crm.lead WHERE email = 'n3@example.com'$$, '1/1/0/0 mql'),
    ('a column that was added since has its default', $$UPDATE crm.standard SET mode = 'warn'; ALTER TABLE crm.lead ADD COLUMN seats int NOT NULL DEFAULT 3$$, '{1}', $$SELECT seats FROM crm.lead WHERE external_id = 'n1'$$, '1/1/0/0 3'),
    ('some of several', $$DELETE FROM crm.standard WHERE criterion IN ('two_signals', 'verified_contact')$$, '{1,2,3}', $$SELECT string_agg(u ->> 'criterion', ',') FROM crm.quarantine, jsonb_array_elements(unmet) u WHERE id <= 3$$, '3/2/0/1 target_role'),
    ('what is missing now', $$INSERT INTO crm.standard (stage, criterion, requirement, expression, position) VALUES ('mql', 'industry', 'x', 'industry IS NOT NULL', 1); DELETE FROM crm.standard WHERE criterion = 'two_signals'$$, '{1}',
        $$SELECT string_agg(u ->> 'criterion' || ' ' || (u ->> 'seen'), ',') FROM crm.quarantine, jsonb_array_elements(unmet) u WHERE id = 1$$,
        '1/0/0/1 industry industry = null,verified_contact verified = f, email = n1@example.com, phone = null'),
    ('a row that is there meanwhile is changed', $$INSERT INTO crm.lead (source, external_id, role, verified, phone) VALUES ('list', 'n1', 'Owner', true, '5'); SELECT touched('n1')$$, '{1}',
        $$SELECT concat_ws('|', stage, stage_since, role, email, phone, attributes) FROM crm.lead WHERE external_id = 'n1'$$, '1/1/0/0 mql|2026-03-02 09:00:00+00|Owner|n1@example.com|5|{"a": 1}'),
    ('and is further already', $$INSERT INTO crm.lead (source, external_id, role, verified, phone) VALUES ('list', 'n1', 'Owner', true, '5'); SELECT touched('n1'); UPDATE crm.lead SET stage = 'contacted' WHERE external_id = 'n1'$$, '{1}',
        $$SELECT concat_ws('|', stage, email) FROM crm.lead WHERE external_id = 'n1'$$, '1/0/1/0 contacted|n1@example.com'),
    ('a change whose evidence has come', $$SELECT touched('ready')$$, '{4}', $$SELECT concat_ws('|', stage, stage_since, phone, full_name) FROM crm.lead WHERE external_id = 'ready'$$,
        '1/1/0/0 mql|2026-03-02 09:00:00+00|1|Ready'),
    ('at the time of the retry', $$SELECT touched('ready'); SET LOCAL leadflow.clock = '2026-03-05 09:00+00'$$, '{4}', $$SELECT stage_since FROM crm.lead WHERE external_id = 'ready'$$, '1/1/0/0 2026-03-05 09:00:00+00'),
    ('in that stage already', $$SELECT touched('ready'); UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'ready'$$, '{4}', $$SELECT concat_ws('|', stage, phone, (SELECT count(*) FROM crm.quarantine)) FROM crm.lead WHERE external_id = 'ready'$$, '1/0/1/0 mql|1|6'),
    ('past it', $$SELECT touched('ready'); UPDATE crm.lead SET stage = 'contacted' WHERE external_id = 'ready'$$, '{4}', $$SELECT stage FROM crm.lead WHERE external_id = 'ready'$$, '1/0/1/0 contacted'),
    ('off the path is not past it', $$SELECT touched('ready'); UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = 'ready'$$, '{4}', $$SELECT stage FROM crm.lead WHERE external_id = 'ready'$$, '1/1/0/0 mql'),
    ('a truth of the parked row counts', $$UPDATE crm.lead SET role = 'CEO', email = 'b' WHERE external_id = 'bare'; SELECT touched('bare')$$, '{5}', $$SELECT stage || ' ' || verified FROM crm.lead WHERE external_id = 'bare'$$, '1/1/0/0 mql true'),
    ('a reason that was never given', $$UPDATE crm.lead SET reason = 'no_need' WHERE external_id = 'third'$$, '{6}', $$SELECT stage FROM crm.lead WHERE external_id = 'third'$$, '1/0/0/1 lead'),
    ('a person gave it meanwhile', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'third'$$, '{6}', $$SELECT reason FROM crm.lead WHERE external_id = 'third'$$, '1/0/1/0 no_need'),
    ('in a leaf of the exit', $$UPDATE crm.lead SET stage = 'lost.price', reason = 'no_need' WHERE external_id = 'third'$$, '{6}', $$SELECT stage FROM crm.lead WHERE external_id = 'third'$$, '1/0/1/0 lost.price'),
    ('an opportunity', $$UPDATE crm.standard SET mode = 'warn'$$, '{7}', $$SELECT o.stage || ' ' || l.stage FROM crm.opportunity o JOIN crm.lead l ON l.id = o.lead_id$$, '1/1/0/0 opportunity opportunity'),
    ('one after the other', $$DELETE FROM crm.standard WHERE stage <= 'mql'; UPDATE crm.lead SET why_now = 'x', promised = 'x', evidence = 'x', need = 'x', budget = 1, decision_by = '2026-04-01'$$, NULL, $$SELECT string_agg(stage::text, ',' ORDER BY id) FROM crm.lead$$, '7/6/0/1 opportunity,mql,lead,mql,mql,mql'),
    ('what PostgreSQL refuses stays, and says why', $$UPDATE crm.standard SET mode = 'warn'; ALTER TABLE crm.lead ADD CONSTRAINT no_ceo CHECK (role <> 'CEO') NOT VALID$$, '{1}',
        $$SELECT concat_ws('|', unmet -> 0 ->> 'criterion', unmet -> 0 ->> 'object', unmet -> 0 ->> 'stage', unmet -> 0 ->> 'requirement') FROM crm.quarantine WHERE id = 1$$,
        '1/0/0/1 no_ceo|lead|mql|new row for relation "lead" violates check constraint "no_ceo"'),
    ('what a trigger refuses too', $$CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''never''; END'; UPDATE crm.standard SET mode = 'warn'; CREATE TRIGGER never BEFORE INSERT ON crm.lead FOR EACH ROW EXECUTE FUNCTION never()$$, '{1}',
        $$SELECT concat_ws('|', unmet -> 0 ->> 'criterion', unmet -> 0 ->> 'requirement') FROM crm.quarantine WHERE id = 1$$, '1/0/0/1 P0001|never'),
    ('a lead that was merged meanwhile', $$SELECT touched('ready'); SELECT leadflow.merge('crm', 3, 1)$$, '{4}', $$SELECT unmet -> 0 ->> 'criterion' FROM crm.quarantine WHERE id = 4$$, '1/0/0/1 merged'),
    ('whatever the session does with violations', $$SET LOCAL leadflow.on_violation = warn$$, NULL, $$SELECT current_setting('leadflow.on_violation') || (SELECT count(*) FROM crm.quarantine)$$, '7/0/0/7 warn7')
) AS c (label, statement, ids, query, expected);

-- a status, or a variant, that the row was not to have
SET leadflow.on_violation = park;
INSERT INTO crm.stage_alias (source, status, stage) VALUES ('t', 'Open', 'lead');
UPDATE crm.lead SET status = 'Qualified' WHERE external_id = 'ready';
INSERT INTO crm.standard (variant, stage, criterion, requirement, expression) VALUES ('pro', 'lead', 'owner', 'x', 'owner IS NOT NULL');
UPDATE crm.lead SET variant = 'pro' WHERE external_id = 'third';
RESET leadflow.on_violation;
SELECT max(id) - 1 AS status, max(id) AS variant FROM crm.quarantine \gset
SELECT is(retried(c.statement, c.ids, c.query), c.expected, c.label) FROM (VALUES
    ('an unknown word', 'SELECT 1', ARRAY[:status], $$SELECT status FROM crm.lead WHERE external_id = 'ready'$$, '1/0/0/1'),
    ('that has a meaning now', $$SELECT touched('ready'); INSERT INTO crm.stage_alias (source, status, stage) VALUES ('t', 'Qualified', 'mql')$$, ARRAY[:status],
        $$SELECT stage || ' ' || status FROM crm.lead WHERE external_id = 'ready'$$, '1/1/0/0 mql Qualified'),
    ('that is there already', $$SELECT touched('ready'); INSERT INTO crm.stage_alias (source, status, stage) VALUES ('t', 'Qualified', 'mql'); UPDATE crm.lead SET status = 'Qualified' WHERE external_id = 'ready'$$, ARRAY[:status],
        $$SELECT stage || ' ' || status FROM crm.lead WHERE external_id = 'ready'$$, '1/0/1/0 mql Qualified'),
    ('another variant', $$UPDATE crm.lead SET owner = 'anna' WHERE external_id = 'third'$$, ARRAY[:variant], $$SELECT variant FROM crm.lead WHERE external_id = 'third'$$, '1/1/0/0 pro'),
    ('still not', 'SELECT 1', ARRAY[:variant], $$SELECT variant FROM crm.lead WHERE external_id = 'third'$$, '1/0/0/1 *')
) AS c (label, statement, ids, query, expected);

-- who may
CREATE ROLE parked_revops; CREATE ROLE parked_sales;
SELECT leadflow.grant_workspace('crm', 'parked_revops', 'revops'), leadflow.grant_workspace('crm', 'parked_sales', 'sales') \g /dev/null
SELECT is(tried('SET LOCAL ROLE parked_revops; CREATE TEMP TABLE r AS SELECT * FROM leadflow.retry_quarantine(''crm'', ''{4}''); RESET ROLE', 'SELECT still_parked::text FROM r'), '1', 'revops tries again');
SELECT is(tried($$SELECT touched('ready'); SET LOCAL ROLE parked_revops; SELECT leadflow.retry_quarantine('crm', '{4}'); RESET ROLE$$, $$SELECT actor FROM crm.stage_event WHERE to_stage = 'mql'$$), 'parked_revops', 'in its own name');
SELECT is(tried('SET LOCAL ROLE parked_sales; SELECT leadflow.retry_quarantine(''crm'')'), '42501', 'sales may not');
SELECT is(tried('SET LOCAL ROLE parked_sales; SELECT count(*) FROM crm.quarantine_reasons'), '00000', 'but sees what is missing');
SELECT is(tried('SELECT leadflow.retry_quarantine(''nope'')'), '42704', 'no such workspace');
DROP OWNED BY parked_revops, parked_sales;
DROP ROLE parked_revops, parked_sales;

SELECT * FROM finish();
