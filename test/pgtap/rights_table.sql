-- doc/rights.md is true: every action of its first table is tried as every role, every
-- privilege is one of its second, and nothing that exists is missing there.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

-- from the top of the checkout, or from beside this file
\set doc `cat doc/rights.md 2>/dev/null || cat ../../doc/rights.md`
\set switches `cd "$(test -d src || echo ../../)." && grep -lE 'become_owner\(|SetUserId' -r src --include=*.c | sort | tr '\n' ' '`
CREATE TABLE doc_row AS
SELECT n, (SELECT array_agg(btrim(c) ORDER BY i) FROM unnest(string_to_array(btrim(line, '|'), '|')) WITH ORDINALITY x (c, i)) AS cells
FROM unnest(string_to_array(:'doc', E'\n')) WITH ORDINALITY l (line, n)
WHERE line LIKE '|%|' AND line NOT LIKE '|--%';

-- roles are shared by the databases of a server: names of this run's own
SELECT 'lf_' || pg_backend_pid() AS p \gset
CREATE TABLE cast_of (n integer, who text, role name);
INSERT INTO cast_of SELECT n, who, :'p' || '_' || who FROM unnest('{read,marketing,sales,revops,owner,stranger}'::text[]) WITH ORDINALITY w (who, n);
SELECT format('CREATE ROLE %I', role) FROM cast_of \gexec
\set owner :p _owner
\set colleague :p _colleague
CREATE ROLE :colleague;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
CREATE TABLE public.deals (id bigint PRIMARY KEY, title text);
ALTER TABLE public.deals OWNER TO :owner;
CREATE TABLE public.visits (id bigint PRIMARY KEY, title text);
ALTER TABLE public.visits OWNER TO :owner;
GRANT SELECT ON cast_of TO PUBLIC;

SET ROLE :owner;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', role, who) FROM cast_of WHERE who IN ('read', 'marketing', 'sales', 'revops') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'colleague', 'marketing') \g /dev/null
SELECT leadflow.create_workspace('months', partitioned => true) \g /dev/null
SELECT leadflow.grant_workspace('months', role, who) FROM cast_of WHERE who IN ('read', 'marketing', 'sales', 'revops') \g /dev/null
INSERT INTO crm.team_member (member, full_name, team, department) SELECT role, who, who, who FROM cast_of WHERE who IN ('marketing', 'sales', 'revops');
DELETE FROM crm.standard WHERE criterion <> 'why_now';
INSERT INTO crm.lead (source, external_id, full_name, stage, stage_since, why_now) SELECT 't', i::text, 'P ' || i, CASE i WHEN 2 THEN 'mql' WHEN 3 THEN 'mql' ELSE 'lead' END, '2026-03-02 08:00', 'now' FROM generate_series(1, 6) i;
INSERT INTO crm.account (source, name) VALUES ('t', 'Acme');
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'web_visit', 'inbound', '2026-03-02 09:00'), (1, 'demo_request', 'inbound', '2026-03-02 09:59');
SELECT leadflow.give_verdict('crm', 3, 'rejected', 'not_target') \g /dev/null
SELECT leadflow.merge('crm', 4, 5) \g /dev/null
SET leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'parked', 'sal');
RESET leadflow.on_violation;
INSERT INTO crm.alert (alert_key, kind, at, raised_at, send_at, receiver, message) VALUES ('x', 'breach', '2026-03-02 09:00', '2026-03-02 09:00', '2026-03-02 09:00', 'x', 'x');
INSERT INTO crm.score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, 0);
INSERT INTO public.visits VALUES (1, 'x');
SELECT leadflow.close_books('crm', '2026-01-01', '{funnel}') \g /dev/null
SELECT leadflow.attach('crm', 'public.visits', 'campaign', '{"external_id": "new.id", "name": "new.title"}', '{"name": "visits"}') \g /dev/null
RESET ROLE;
SET ROLE :colleague;
INSERT INTO crm.verdict_answer (verdict_id, answer) SELECT max(id), 'agrees' FROM crm.verdict;
INSERT INTO crm.campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO crm.debrief (campaign_id, held_by, conclusions) SELECT min(id), '{x}', 'x' FROM crm.campaign;
SELECT leadflow.propose('crm', 'standard', '{"operation": "insert", "row": {"stage": "sql", "criterion": "x", "requirement": "x", "expression": "budget > 1"}}', 'x') AS proposal \gset
RESET ROLE;

-- Runs a statement as a role, gives the state of its error and undoes it.
CREATE FUNCTION tried_as(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        SET LOCAL client_min_messages = error;
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        state := SQLSTATE;
    END;
    RETURN CASE state WHEN 'ZZ000' THEN 'yes' WHEN '42501' THEN 'no' WHEN '23514' THEN 'refused' ELSE state END;
END $$;

-- each statement of an action is tried alone
CREATE TABLE tried (action text, statement text);
INSERT INTO tried VALUES
    ('read a person''s story (`lead_story`, `lead_card`, `unapproved_promises`)', 'SELECT count(*) FROM crm.lead_story'),
    ('read a person''s story (`lead_story`, `lead_card`, `unapproved_promises`)', 'SELECT count(*) FROM crm.lead_card'),
    ('read a person''s story (`lead_story`, `lead_card`, `unapproved_promises`)', 'SELECT count(*) FROM crm.unapproved_promises'),
    ('read the definitions, and how they changed', 'SELECT FROM crm.standard, crm.sla_policy, crm.routing_rule, crm.score_rule, crm.agreement'),
    ('read the definitions, and how they changed', 'SELECT FROM crm.definition_change'),
    ('ask for a named number (`metric`)', $$SELECT leadflow.metric('crm', (SELECT min(metric) FROM crm.metric), '[2026-01-01,2026-04-01)')$$),
    ('read the panel and the handbook', $$SELECT leadflow.panel('crm')$$),
    ('read the panel and the handbook', $$SELECT leadflow.handbook('crm', 'en')$$),
    ('read the key columns of leads, touches and history', 'SELECT id, stage, owner, full_name FROM crm.lead'),
    ('read the key columns of leads, touches and history', 'SELECT lead_id, at, kind FROM crm.touch'),
    ('read the key columns of leads, touches and history', 'SELECT lead_id, at, to_stage FROM crm.stage_event'),
    ('read e-mail addresses, notes and transcripts', 'SELECT email FROM crm.lead'),
    ('read e-mail addresses, notes and transcripts', 'SELECT phone FROM crm.lead'),
    ('read e-mail addresses, notes and transcripts', 'SELECT attributes FROM crm.lead'),
    ('read e-mail addresses, notes and transcripts', 'SELECT need FROM crm.lead'),
    ('read e-mail addresses, notes and transcripts', 'SELECT lead FROM crm.lead'),
    ('read e-mail addresses, notes and transcripts', 'SELECT note FROM crm.touch'),
    ('read e-mail addresses, notes and transcripts', 'SELECT words FROM crm.transcript'),
    ('read e-mail addresses, notes and transcripts', 'SELECT search FROM crm.transcript'),
    ('read e-mail addresses, notes and transcripts', 'SELECT words FROM crm.opinion'),
    ('read e-mail addresses, notes and transcripts', 'SELECT kept, refused FROM crm.overwrite_refused'),
    ('read parked rows', 'SELECT parked_row FROM crm.quarantine'),
    ('ask what a lead lacks (`explain`)', $$SELECT leadflow.explain('crm', 1, 'mql')$$),
    ('ask what a stage demands (`explain_transition`)', $$SELECT leadflow.explain_transition('crm', 'lead', 'mql')$$),
    ('ask for the score of a lead (`score`)', $$SELECT leadflow.score('crm', 1)$$),
    ('ask for the score of a lead (`score`)', $$SELECT leadflow.explain_score('crm', 1)$$),
    ('write leads', $$INSERT INTO crm.lead (source) VALUES ('x')$$),
    ('write leads', $$UPDATE crm.lead SET urgency = 'hot'$$),
    ('move leads', $$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$),
    ('have a routing rule choose the owner (`route`)', $$SELECT leadflow.route('crm', 1)$$),
    ('write touches', $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound')$$),
    ('write touches', $$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound')$$),
    ('write touches', $$UPDATE crm.touch SET note = 'x'$$),
    ('write accounts', $$INSERT INTO crm.account (source, name) VALUES ('x', 'x')$$),
    ('write campaigns and their costs', $$INSERT INTO crm.campaign (source, name) VALUES ('x', 'x')$$),
    ('write campaigns and their costs', $$UPDATE crm.campaign SET name = 'y'$$),
    ('write campaigns and their costs', $$INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost) SELECT id, '2026-03-01', 1 FROM crm.campaign LIMIT 1$$),
    ('write opportunities', $$INSERT INTO crm.opportunity (source, account_id) VALUES ('x', 1)$$),
    ('accept or reject a lead (`give_verdict`, or the move)', $$SELECT leadflow.give_verdict('crm', 2, 'accepted')$$),
    ('accept or reject a lead (`give_verdict`, or the move)', $$SELECT leadflow.give_verdict('crm', 2, 'rejected', 'not_target')$$),
    ('accept or reject a lead (`give_verdict`, or the move)', $$UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$),
    ('accept or reject a lead (`give_verdict`, or the move)', $$UPDATE crm.lead SET stage = 'disqualified', reason = 'not_target' WHERE id = 2$$),
    ('answer a rejection', $$INSERT INTO crm.verdict_answer (verdict_id, answer) SELECT max(id), 'agrees' FROM crm.verdict$$),
    ('pause and resume clocks', $$SELECT leadflow.pause_clock('crm', max(id), 'x'), leadflow.resume_clock('crm', max(id)) FROM crm.sla_clock WHERE lead_id = 1$$),
    ('write absences', $$INSERT INTO crm.absence (member, from_at, until_at) SELECT min(member), now(), now() + interval '1 day' FROM crm.team_member$$),
    ('acknowledge an alert', $$SELECT leadflow.acknowledge('crm', 1)$$),
    ('write transcripts, opinions, lessons, objections heard', $$INSERT INTO crm.transcript (touch_id, words) VALUES (1, 'x')$$),
    ('write transcripts, opinions, lessons, objections heard', $$INSERT INTO crm.opinion (lead_id, score) VALUES (1, 5)$$),
    ('write transcripts, opinions, lessons, objections heard', $$INSERT INTO crm.objection_heard (lead_id, objection) SELECT 1, min(code) FROM crm.objection$$),
    ('write transcripts, opinions, lessons, objections heard', $$INSERT INTO crm.lesson (debrief_id, works, lesson, action, owner, due) VALUES (1, true, 'x', 'x', 'x', '2026-03-02')$$),
    ('write hypotheses, contents, battlecards', $$UPDATE crm.hypothesis SET hypothesis = hypothesis; UPDATE crm.content SET title = title; UPDATE crm.battlecard SET battlecard = battlecard$$),
    ('edit the standard and other definitions', $$UPDATE crm.standard SET mode = 'warn'$$),
    ('edit the standard and other definitions', $$INSERT INTO crm.transition (from_stage, to_stage) VALUES ('mql', 'lead')$$),
    ('edit the standard and other definitions', $$UPDATE crm.workspace SET currency = 'PLN'$$),
    ('edit the standard and other definitions', $$DELETE FROM crm.keyword$$),
    ('edit scores, routing and promises', $$UPDATE crm.score_rule SET points = points + 1$$),
    ('edit scores, routing and promises', $$DELETE FROM crm.routing_rule$$),
    ('edit scores, routing and promises', $$UPDATE crm.sla_policy SET promise = 'y'$$),
    ('propose a change of a definition (`propose`)', $$SELECT leadflow.propose('crm', 'keyword', '{"operation": "insert", "row": {"keyword": "haste", "phrases": ["haste"], "meaning": "x"}}', 'x')$$),
    ('approve a proposal (`approve`)', format('SELECT leadflow.approve(''crm'', %s)', :proposal)),
    ('write approved proposals (`apply_proposals`)', $$SELECT leadflow.apply_proposals('crm')$$),
    ('write approved proposals (`apply_proposals`)', $$UPDATE crm.proposal SET applied_at = now()$$),
    ('keep a model that was learnt (a row of `score_model`, as `calibrate` writes)', $$INSERT INTO crm.score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, 0)$$),
    ('put a model into force (`activate_model`)', $$SELECT leadflow.activate_model('crm', 1)$$),
    ('take parked rows in again (`retry_quarantine`)', $$SELECT leadflow.retry_quarantine('crm')$$),
    ('delete parked rows', 'DELETE FROM crm.quarantine'),
    ('delete touches', 'DELETE FROM crm.touch WHERE id = 1'),
    ('write a move without its standard (`on_violation = warn`)', NULL),
    ('sweep (`sweep`)', $$SELECT leadflow.sweep('crm')$$),
    ('refresh scores (`score_some`, which `refresh_scores` repeats)', $$SELECT leadflow.score_some('crm')$$),
    ('merge leads (`merge`)', $$SELECT leadflow.merge('crm', 1, 6)$$),
    ('undo a merge (`unmerge`)', $$SELECT leadflow.unmerge('crm', 1)$$),
    ('forget a person (`forget`)', $$SELECT leadflow.forget('crm', 1)$$),
    ('attach a table of the company (`attach`)', $$SELECT leadflow.attach('crm', 'public.deals', 'campaign', '{"external_id": "new.id", "name": "new.title"}')$$),
    ('backfill an attached table (`backfill_batch`, which `backfill` repeats)', $$SELECT leadflow.backfill_batch('crm', 'visits', 10)$$),
    ('upgrade the workspace (`upgrade_workspace`)', $$SELECT leadflow.upgrade_workspace('crm')$$),
    ('close the books (`close_books`)', $$SELECT leadflow.close_books('crm', '2026-02-01', '{funnel}')$$),
    ('keep facts by month, make months, archive (`partition_workspace`, `add_partitions`, `archive`)', $$SELECT leadflow.partition_workspace('crm')$$),
    ('keep facts by month, make months, archive (`partition_workspace`, `add_partitions`, `archive`)', $$SELECT leadflow.add_partitions('months')$$),
    ('keep facts by month, make months, archive (`partition_workspace`, `add_partitions`, `archive`)', $$SELECT leadflow.archive('months', '2020-01-01')$$),
    ('edit or delete books that were closed', 'DELETE FROM crm.book'), ('edit or delete books that were closed', 'UPDATE crm.book SET report = ''x'''),
    ('grant rights (`grant_workspace`)', $$SELECT leadflow.grant_workspace('crm', current_user, 'revops')$$),
    ('make a workspace (`create_workspace`)', $$SELECT leadflow.create_workspace('other')$$),
    ('delete leads', 'DELETE FROM crm.lead'),
    ('edit or delete history', 'DELETE FROM crm.stage_event'),
    ('edit or delete history', $$UPDATE crm.stage_event SET actor = 'x'$$),
    ('edit or delete history', 'DELETE FROM crm.lead_merge'),
    ('edit or delete verdicts and answers', $$UPDATE crm.verdict SET verdict = 'accepted'$$),
    ('edit or delete verdicts and answers', 'DELETE FROM crm.verdict'),
    ('edit or delete verdicts and answers', $$UPDATE crm.verdict_answer SET answer = 'agrees'$$),
    ('edit or delete verdicts and answers', 'DELETE FROM crm.verdict_answer'),
    ('edit or delete the log of definitions', 'DELETE FROM crm.definition_change'),
    ('edit or delete the log of definitions', $$UPDATE crm.definition_change SET actor = 'x'$$),
    ('write history directly', $$INSERT INTO crm.stage_event (at, recorded_at, definition_version, implied, subject, lead_id, to_stage, session_actor, actor, variant) VALUES (now(), now(), 1, false, 'lead', 1, 'won', 'x', 'x', '*')$$),
    ('truncate leads or history', 'TRUNCATE crm.lead CASCADE'),
    ('truncate leads or history', 'TRUNCATE crm.stage_event'),
    ('truncate touches', 'TRUNCATE crm.touch CASCADE'),
    ('change or delete clocks', $$UPDATE crm.sla_clock SET due_at = due_at + interval '1 day'$$),
    ('change or delete clocks', $$DELETE FROM crm.sla_clock$$),
    ('disable triggers', 'ALTER TABLE crm.lead DISABLE TRIGGER USER'),
    ('disable triggers', 'ALTER TABLE crm.lead DISABLE TRIGGER zzz_leadflow_guard'),
    ('disable triggers', 'DROP TRIGGER zzz_leadflow_guard ON crm.lead'),
    ('add tables and columns', 'CREATE TABLE crm.mine ()'),
    ('add tables and columns', 'ALTER TABLE crm.lead ADD COLUMN mine text'),
    ('switch triggers off for a session (`session_replication_role`)', 'SET session_replication_role = replica');
-- every report on its own
INSERT INTO tried SELECT 'read the reports', 'SELECT count(r) FROM ' || c.oid::regclass || ' r' FROM pg_class c
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('lead_story', 'lead_card', 'unapproved_promises', 'visits_row');
-- only the owner is let through; for others the guard refuses, as it does without the setting
UPDATE tried SET statement = $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET stage = 'sql', why_now = NULL WHERE id = 6;
    DO 'BEGIN IF NOT EXISTS (SELECT FROM crm.violation WHERE to_stage = ''sql'') THEN RAISE insufficient_privilege; END IF; END'$$
WHERE action LIKE 'write a move without%';

CREATE TABLE expected AS SELECT d.n, d.cells[1] AS action, c.who, c.role, d.cells[c.n + 1] AS answer
FROM doc_row d CROSS JOIN cast_of c WHERE cardinality(d.cells) = 7 AND d.cells[1] <> 'action';
SELECT cmp_ok((SELECT count(DISTINCT action) FROM expected), '>', 50::bigint, 'the table of the document is read');
SELECT is((SELECT string_agg(DISTINCT action, '; ') FROM expected WHERE action NOT IN (SELECT action FROM tried)), NULL, 'every action of the document is tried');
SELECT is((SELECT string_agg(DISTINCT action, '; ') FROM tried WHERE action NOT IN (SELECT action FROM expected)), NULL, 'every action that is tried stands in the document');
SELECT is((SELECT string_agg(DISTINCT answer, ', ' ORDER BY answer) FROM expected), 'no, refused, yes', 'the answers are yes, no and refused');
CREATE TABLE answer AS
SELECT e.n, e.action, t.statement, e.who, e.answer AS said, tried_as(e.role, t.statement) AS got FROM expected e JOIN tried t USING (action);
SELECT is(string_agg(format('%s: %s (%s)', who, got, statement), E'\n' ORDER BY who, statement) FILTER (WHERE got <> said), NULL, action)
FROM answer GROUP BY n, action ORDER BY n;
DROP TABLE answer;

-- the privileges
CREATE TABLE privilege AS
SELECT c.relname::text AS relation, c.relkind, r.who,
       COALESCE((SELECT string_agg(p.letter, '' ORDER BY p.n) FROM (VALUES (1, 'S', 'SELECT'), (2, 'I', 'INSERT'), (3, 'U', 'UPDATE'), (4, 'D', 'DELETE'), (5, 'T', 'TRUNCATE'), (6, 'R', 'REFERENCES'), (7, 'G', 'TRIGGER')) p (n, letter, name)
                 WHERE has_table_privilege(r.role, c.oid, p.name)), '')
           || CASE WHEN has_any_column_privilege(r.role, c.oid, 'SELECT') AND NOT has_table_privilege(r.role, c.oid, 'SELECT') THEN 'columns' ELSE '' END
           || COALESCE((SELECT ', U of `' || string_agg(a.attname, '`, `' ORDER BY a.attname COLLATE "C") || '`' FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(r.role, c.oid, a.attnum, 'UPDATE') AND NOT has_table_privilege(r.role, c.oid, 'UPDATE')), '')
           || CASE WHEN has_any_column_privilege(r.role, c.oid, 'INSERT') AND NOT has_table_privilege(r.role, c.oid, 'INSERT') THEN ' I of columns' ELSE '' END AS privileges
FROM pg_class c CROSS JOIN cast_of r
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND r.who <> 'owner';
CREATE TABLE listed AS
SELECT btrim(t, '` ') AS relation, x.who, d.cells[x.n] AS privileges
FROM doc_row d CROSS JOIN unnest(string_to_array(d.cells[1], ', ')) t CROSS JOIN (VALUES (2, 'read'), (3, 'marketing'), (4, 'sales'), (5, 'revops')) x (n, who)
WHERE cardinality(d.cells) = 5 AND d.cells[1] LIKE '`%';
SELECT is((SELECT string_agg(DISTINCT relation, ', ') FROM privilege WHERE relkind <> 'v' AND relation NOT IN (SELECT relation FROM listed)), NULL, 'a table that is not listed was not decided on');
SELECT is((SELECT string_agg(DISTINCT relation, ', ') FROM listed WHERE relation NOT IN (SELECT relation FROM privilege)), NULL, 'what is listed is there');
SELECT is((SELECT string_agg(format('%s %s: %s, listed %s', p.relation, p.who, p.privileges, l.privileges), '; ' ORDER BY p.relation, p.who)
             FROM privilege p JOIN listed l USING (relation, who) WHERE p.privileges <> l.privileges), NULL, 'every privilege on a table is as listed');
SELECT is((SELECT string_agg(format('%s %s: %s', relation, who, privileges), '; ' ORDER BY relation, who) FROM privilege
           WHERE relkind = 'v' AND who <> 'stranger' AND privileges <> CASE WHEN relation = 'visits_row' OR who = 'read' AND relation IN ('lead_story', 'lead_card', 'unapproved_promises') THEN '' ELSE 'S' END), NULL,
          'every access reads every report, but read no person''s story');
SELECT is((SELECT string_agg(relation || ': ' || privileges, '; ') FROM privilege WHERE who = 'stranger' AND privileges <> ''), NULL, 'a stranger has nothing');
-- the columns that tell more of a person than her name
SELECT is((SELECT string_agg(c.relname || '.' || a.attname, ', ') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
           WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' AND has_column_privilege(:'p' || '_read', c.oid, a.attnum, 'SELECT') AND NOT has_table_privilege(:'p' || '_read', c.oid, 'SELECT')
               AND (c.relname, a.attname) IN (('lead', 'email'), ('lead', 'phone'), ('lead', 'need'), ('lead', 'why_now'), ('lead', 'promised'), ('lead', 'evidence'), ('lead', 'narrative'), ('lead', 'reason_note'), ('lead', 'attributes'),
                   ('lead', 'field_sources'), ('touch', 'note'), ('touch', 'outcome'), ('transcript', 'words'), ('transcript', 'search'), ('transcript', 'recording_url'), ('opinion', 'words'), ('quarantine', 'parked_row'),
                   ('overwrite_refused', 'kept'), ('overwrite_refused', 'refused'), ('lead_merge', 'survivors'), ('committee_member', 'note'), ('committee_member', 'who'), ('opportunity', 'attributes'), ('nurture_stay', 'narrative'), ('verdict', 'narrative'))), NULL,
          'a reader has no right on these');

-- sequences, functions, types, the schema
SELECT is((SELECT count(*) FROM pg_class c CROSS JOIN cast_of r WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'S' AND r.who <> 'owner'
           AND has_sequence_privilege(r.role, c.oid, 'USAGE, SELECT, UPDATE')), 0::bigint, 'nobody but the owner turns a sequence');
SELECT is((SELECT string_agg(r.who, ',') FROM cast_of r WHERE r.who <> 'owner' AND has_schema_privilege(r.role, 'crm', 'CREATE')), NULL, 'nor makes anything in the schema');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'leadflow'::regnamespace AND p.prosecdef), NULL, 'no function is SECURITY DEFINER');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'leadflow'::regnamespace AND NOT has_function_privilege(:'p' || '_stranger', p.oid, 'EXECUTE')), NULL, 'PUBLIC may execute every function');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE p.pronamespace = 'crm'::regnamespace AND p.prosecdef), NULL, 'nor is any that an attachment makes');
SELECT is(has_schema_privilege(:'p' || '_stranger', 'leadflow', 'CREATE'), false, 'nobody adds to the schema leadflow');
SELECT is(:'switches'::text, (SELECT string_agg(m, ' ' ORDER BY m COLLATE "C") || ' ' FROM (SELECT btrim(cells[1], '`') AS m FROM doc_row WHERE cardinality(cells) = 3 AND cells[1] LIKE '`src/%') x),
          'C code becomes another role where the document says so');

-- the reports read with the rights of whoever asks
SELECT CASE WHEN current_setting('server_version_num')::integer < 150000 THEN skip('no security_invoker before PostgreSQL 15') ELSE
    is((SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'v' AND relname <> 'visits_row' AND NOT COALESCE('security_invoker=true' = ANY (reloptions), false)),
       array_to_string(leadflow.sealed_reports(), ','), 'every report but those that are sealed') END;
SELECT is((SELECT count(*) FROM unnest(leadflow.sealed_reports()) r WHERE strpos(:'doc', '`' || r || '`') = 0), 0::bigint, 'these are in the document');
SET ROLE :owner;
SELECT format('ALTER VIEW crm.%I RESET (security_invoker)', r) FROM unnest('{funnel,sla_status}'::text[]) r WHERE current_setting('server_version_num')::integer >= 150000 \gexec
SELECT leadflow.upgrade_workspace('crm') \g /dev/null
RESET ROLE;
SELECT CASE WHEN current_setting('server_version_num')::integer < 150000 THEN skip('no security_invoker before PostgreSQL 15') ELSE
    is((SELECT count(*) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relname IN ('funnel', 'sla_status') AND 'security_invoker=true' = ANY (reloptions)), 2::bigint, 'an upgrade makes it so') END;

-- put the roles away
DROP SCHEMA crm CASCADE;
SELECT format('DROP OWNED BY %I CASCADE', role) FROM (SELECT role FROM cast_of UNION ALL SELECT :'colleague') r \gexec
SELECT format('DROP ROLE %I', role) FROM (SELECT role FROM cast_of UNION ALL SELECT :'colleague') r \gexec
SELECT * FROM finish();
