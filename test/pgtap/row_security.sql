-- Row security holds through every report and function: a seller reads there what she would read
-- if the rows of others did not exist, and the guard still judges by all of them.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
SELECT no_plan();

\ir common/tried.sql

\set doc `cat doc/rights.md 2>/dev/null || cat ../../doc/rights.md`
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set owner :p _owner
\set anna :p _anna
\set bert :p _bert
\set head :p _head
\set reader :p _reader
\set group :p _sellers
CREATE ROLE :owner; CREATE ROLE :anna; CREATE ROLE :bert; CREATE ROLE :head; CREATE ROLE :reader; CREATE ROLE :group ROLE :anna, :bert;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec

SET leadflow.clock = '2026-03-02 09:00+00';
SET ROLE :owner;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', :'group', 'sales'), leadflow.grant_workspace('crm', :'head', 'sales'), leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null

-- half of everything is anna's; what is bert's says so
DELETE FROM crm.standard WHERE criterion <> 'reason';
INSERT INTO crm.team_member (member, full_name, team, department) VALUES (:'anna', 'Anna', 'north', 'sales'), (:'bert', 'Bert', 'south', 'sales');
INSERT INTO crm.account (source, external_id, name, domain, territory, employees, country) SELECT 't', i::text, 'Company ' || i, 'c' || i || '.example', CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END, 100, 'PL' FROM generate_series(1, 4) i;
INSERT INTO crm.campaign (source, external_id, name, channel, starts_on, cost, currency) VALUES ('t', '1', 'Fair', 'event', '2026-01-01', 1000, 'EUR');
INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost) VALUES (1, '2026-01-10', 500);
INSERT INTO crm.lead (source, external_id, full_name, email, phone, role, origin, segment, territory, owner, account_id, campaign_id, stage, stage_since, created_at, budget, why_now, promised, evidence, need)
SELECT 't', x.tag || i, x.tag || ' ' || i, CASE WHEN i % 7 = 0 THEN x.tag || 'broken' ELSE 'p' || i / 8 || '@' || x.tag || '.example' END, '+48 600 100 2' || 10 + i / 4, 'CEO', 'web', 'small', x.territory, x.owner,
       1 + i % 4, 1, 'lead', t.at, t.at, 100 * i, x.tag || ' asked', x.tag || ' was promised', x.tag || ' came', x.tag || ' needs'
FROM generate_series(1, 48) i, LATERAL (SELECT timestamptz '2026-01-12 09:00+00' + i * interval '7 hours') t (at),
     LATERAL (SELECT CASE i % 2 WHEN 0 THEN 'mine' ELSE 'zzq' END, CASE i % 2 WHEN 0 THEN :'anna' ELSE :'bert' END, CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END) x (tag, owner, territory)
ORDER BY i;
INSERT INTO crm.touch (lead_id, at, kind, channel, direction, actor, content, note, source, external_id)
SELECT l.id, l.stage_since + k.n * interval '40 minutes', k.kind, 'web', k.direction, l.owner, left(l.full_name, 4) || ' ' || k.kind, l.full_name || ' note', 't', l.external_id || '-' || k.n
FROM crm.lead l, (VALUES (1, 'web_visit', 'inbound'), (2, 'demo_request', 'inbound'), (5, 'call', 'outbound'), (9, 'email', 'outbound'), (11, 'web_visit', 'inbound')) k (n, kind, direction) WHERE l.id % 3 > 0 OR k.n < 3 ORDER BY l.id, k.n;
UPDATE crm.lead SET stage = 'mql', stage_since = stage_since + interval '2 hours' WHERE id > 4;
UPDATE crm.lead SET stage = 'contacted', stage_since = stage_since + interval '5 hours' WHERE id > 10;
UPDATE crm.lead SET stage = 'sal', stage_since = stage_since + interval '9 hours' WHERE id > 16;
UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = left(full_name, 4) || ' waits', stage_since = stage_since + interval '10 hours' WHERE id IN (11, 12);
INSERT INTO crm.verdict (lead_id, verdict, reason, note, at) SELECT id, 'rejected', 'not_target', left(full_name, 4) || ' is small', '2026-02-10' FROM crm.lead WHERE id IN (13, 14, 15, 16) ORDER BY id;
INSERT INTO crm.verdict_answer (verdict_id, answer, note) SELECT v.id, 'disputes', left(l.full_name, 4) || ' is not' FROM crm.verdict v JOIN crm.lead l ON l.id = v.lead_id WHERE v.verdict = 'rejected' ORDER BY v.id;
INSERT INTO crm.opportunity (source, external_id, name, lead_id, account_id, stage, stage_since, created_at, amount, currency, owner, campaign_id, expected_close, territory)
SELECT 't', l.external_id, left(l.full_name, 4) || ' deal ' || l.id, l.id, l.account_id, 'opportunity', l.stage_since, l.stage_since, 1000 * l.id, 'EUR', l.owner, 1, '2026-04-01', l.territory FROM crm.lead l WHERE l.id > 24 ORDER BY l.id;
UPDATE crm.opportunity SET stage = 'proposal', stage_since = stage_since + interval '3 days' WHERE id % 4 > 0;
UPDATE crm.opportunity SET stage = 'won', stage_since = stage_since + interval '5 days' WHERE id % 5 = 0;
UPDATE crm.opportunity SET stage = 'lost', reason = 'too_expensive', reason_note = left(name, 4), stage_since = stage_since + interval '6 days' WHERE id % 7 = 0 AND stage <> 'won';
INSERT INTO crm.transcript (touch_id, words) SELECT t.id, left(l.full_name, 4) || ' finds the price too high, za drogo' FROM crm.touch t JOIN crm.lead l ON l.id = t.lead_id WHERE t.kind = 'call';
INSERT INTO crm.opinion (lead_id, score, words, at) SELECT id, 1 + id % 5, full_name, '2026-02-20' FROM crm.lead WHERE id % 5 < 2;
INSERT INTO crm.objection_heard (at, objection, lead_id, answer, overcome) SELECT '2026-02-20', 'too_expensive', id, left(full_name, 4) || ' heard', true FROM crm.lead WHERE id % 6 < 2;
INSERT INTO crm.content_request (asked_at, lead_id, kind, wanted) SELECT '2026-02-20', id, 'case', left(full_name, 4) || ' wants' FROM crm.lead WHERE id % 6 < 2;
INSERT INTO crm.deal_plan (opportunity_id, obstacle, reviewed_on) SELECT id, left(name, 4) || ' stands in the way', '2026-02-20' FROM crm.opportunity;
INSERT INTO crm.debrief (at, opportunity_id, held_by, conclusions) SELECT '2026-02-25', id, ARRAY[owner], left(name, 4) || ' was so' FROM crm.opportunity WHERE stage < 'visitor' OR stage >= 'won';
INSERT INTO crm.lesson (debrief_id, works, lesson, action, owner, due) SELECT id, true, left(conclusions, 4) || ' is learnt', 'write', held_by[1], '2026-04-01' FROM crm.debrief;
INSERT INTO crm.committee_member (account_id, lead_id, committee_role, who, since, stance) SELECT l.account_id, l.id, (SELECT min(committee_role) FROM crm.committee_role), l.full_name, '2026-02-20', 'supports' FROM crm.lead l WHERE l.id IN (25, 26);
INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT c.id, '2026-03-01 09:00', left(l.full_name, 4) || ' waits' FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE c.stopped_at IS NULL AND c.cancelled_at IS NULL AND l.id % 8 < 2;
INSERT INTO crm.overwrite_rule (field, rule) VALUES ('need', 'keep_filled');
SET leadflow.source = 'web';
UPDATE crm.lead SET need = NULL WHERE id < 9;
RESET leadflow.source;
SET leadflow.on_violation = park;
UPDATE crm.lead SET stage = 'lead', reason = NULL WHERE id IN (17, 18);
RESET leadflow.on_violation;
SELECT leadflow.merge('crm', 1, 3), leadflow.merge('crm', 2, 4) \g /dev/null
SELECT leadflow.score_some('crm') \g /dev/null
SELECT leadflow.sweep('crm') \g /dev/null
INSERT INTO crm.alert (alert_key, kind, at, raised_at, send_at, receiver, lead_id, message) SELECT 'x' || id, 'breach', '2026-03-01', '2026-03-01', '2026-03-01', owner, id, left(full_name, 4) || ' waits' FROM crm.lead WHERE id IN (25, 26);
RESET ROLE;
SELECT is((SELECT string_agg(t, ', ') FROM unnest('{lead,opportunity,touch,stage_event,sla_clock,sla_pause,verdict,verdict_answer,nurture_stay,quarantine,overwrite_refused,lead_merge,lead_score,alert,transcript,opinion,objection_heard,content_request,deal_plan,debrief,lesson,committee_member}'::text[]) t
           WHERE tried('', format('SELECT count(*) FROM crm.%I', t))::bigint < 2), NULL, 'there are rows of every kind');

-- the policies of the document
SELECT replace(replace(replace(replace((regexp_match(:'doc', '```sql\n(-- by owner.*?)```'))[1], 'crm_owner', :'owner'), 'sellers', :'group'), 'heads', :'head'), 'analyst', :'reader') AS policies \gset
SET ROLE :owner;
:policies
RESET ROLE;

CREATE FUNCTION figures_as(who text, report name) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    RETURN QUERY EXECUTE format('SELECT to_jsonb(r)::text FROM crm.%I r', report);
    RESET ROLE;
END;
$$;
CREATE VIEW report AS SELECT relname FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'v';
CREATE TABLE hers AS SELECT r.relname, f FROM report r, figures_as(:'anna', r.relname) f;
CREATE TABLE everything AS SELECT r.relname, f FROM report r, figures_as(:'head', r.relname) f;
CREATE TABLE all_of_it AS SELECT r.relname, f FROM report r, figures_as(:'owner', r.relname) f;
SELECT current_setting('server_version_num')::integer < 150000 AS too_old \gset
\if :too_old
SELECT skip('views read with their owner''s rights before PostgreSQL 15');
\else
SELECT is((SELECT string_agg(DISTINCT relname, ', ' ORDER BY relname) FROM hers WHERE f ~* 'zzq'), NULL, 'no report shows her a person, key, deal or word of another''s');
SELECT cmp_ok((SELECT count(DISTINCT relname) FROM everything WHERE f ~* 'zzq'), '>', 20::bigint, 'there is something to hide in many of them');
SELECT is((SELECT string_agg(DISTINCT relname, ', ') FROM ((SELECT * FROM everything EXCEPT ALL SELECT * FROM all_of_it) UNION ALL (SELECT * FROM all_of_it EXCEPT ALL SELECT * FROM everything)) d), NULL, 'who sees all reads what the owner reads');
SELECT is((SELECT string_agg(relname, ', ') FROM report r WHERE relname NOT IN ('lead_story', 'lead_card', 'unapproved_promises')
           AND EXISTS ((SELECT f FROM figures_as(:'reader', r.relname) f EXCEPT ALL SELECT f FROM all_of_it a WHERE a.relname = r.relname))), NULL, 'so does a reader who sees all');

-- the functions that read leads
SELECT set_config('my.clock', (SELECT min(c.id) FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE l.owner = :'bert' AND c.stopped_at IS NULL AND c.cancelled_at IS NULL)::text, false) AS clock,
       set_config('my.alert', (SELECT min(a.id) FROM crm.alert a JOIN crm.lead l ON l.id = a.lead_id WHERE l.owner = :'bert')::text, false) AS alert \gset
CREATE FUNCTION told_as(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE statement INTO told;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION
        WHEN SQLSTATE 'ZZ000' THEN
            RETURN told;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
            RETURN concat_ws(' ', SQLSTATE, SQLERRM, told);
    END;
END;
$$;
SELECT matches(told_as(:'anna', statement), '^(P0002|42501)', 'of a hidden lead: ' || statement) FROM (VALUES
    ($$SELECT leadflow.explain('crm', 25, 'sql')$$), ($$SELECT leadflow.explain_score('crm', 25)$$), ($$SELECT leadflow.score('crm', 25)$$), ($$SELECT leadflow.explain_probability('crm', 25)$$),
    ($$SELECT leadflow.explain_routing('crm', 25)$$), ($$SELECT leadflow.route('crm', 25)$$), ($$SELECT leadflow.give_verdict('crm', 5, 'accepted')$$),
    ($$SELECT leadflow.explain_due('crm', current_setting('my.clock')::bigint)$$),
    ($$SELECT leadflow.pause_clock('crm', current_setting('my.clock')::bigint, 'x')$$), ($$SELECT leadflow.acknowledge('crm', current_setting('my.alert')::bigint)$$),
    ($$INSERT INTO crm.touch (lead_id, kind, direction) VALUES (25, 'call', 'outbound') RETURNING id$$), ($$INSERT INTO crm.opinion (lead_id, score) VALUES (25, 1) RETURNING id$$)) s (statement);
SELECT is((SELECT string_agg(statement, '; ') FROM (VALUES ($$SELECT leadflow.panel('crm')$$), ($$SELECT leadflow.handbook('crm', 'en')$$), ($$SELECT string_agg(s::text, ' ') FROM leadflow.review_sample('crm', '2026-01-01', '2026-03-02', 100) s$$),
    ($$SELECT string_agg(s::text, ' ') FROM leadflow.sample('crm', w, '2026-01-01', '2026-03-02', 100) s, unnest('{calls,handovers}'::text[]) w$$),
    ($$SELECT string_agg(s::text, ' ') FROM leadflow.backtest_leads('crm', 'email IS NOT NULL', '2026-01-01', '2026-03-02') s$$), ($$SELECT string_agg(s::text, ' ') FROM leadflow.pipeline_asof('crm', '2026-03-02') s$$),
    ($$SELECT string_agg(s::text, ' ') FROM leadflow.mentions('crm', 'zzq') s$$)) s (statement) WHERE told_as(:'anna', statement) ~* 'zzq'), NULL, 'no function tells of them');
SELECT is(told_as(:'anna', $$SELECT value FROM leadflow.metric('crm', 'handed_over', '[2026-01-01,2026-03-02)')$$), told_as(:'owner', format($$SELECT count(DISTINCT lead_id) FROM crm.stage_event WHERE to_stage = 'mql' AND owner = %L AND at < '2026-03-02' AND lead_id NOT IN (SELECT lead_id FROM crm.lead_outside)$$, :'anna')),
          'a named number counts hers');

-- writing
SELECT is(left(told_as(:'anna', statement), 5), expected, statement) FROM (VALUES
    ($$UPDATE crm.lead SET urgency = 'hot' WHERE id = 25 RETURNING id$$, NULL), ($$UPDATE crm.lead SET urgency = 'hot' WHERE id = 26 RETURNING id$$, '26'), ($$DELETE FROM crm.stage_event RETURNING id$$, '42501'),
    ($$WITH w AS (INSERT INTO crm.lead (source, external_id, owner) VALUES ('t', 'new', CURRENT_USER) RETURNING id) SELECT 'done' FROM w$$, 'done'),
    ($$INSERT INTO crm.lead (source, external_id, owner) VALUES ('t', 'zzq1', CURRENT_USER) RETURNING id$$, '23505'),
    ($$UPDATE crm.lead SET stage = 'sql' WHERE id = 22 RETURNING stage::text$$, 'sql')) s (statement, expected);
CREATE FUNCTION history_by(who text, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE statement;
        RESET ROLE;
        SELECT count(*) INTO n FROM crm.stage_event WHERE recorded_at = now();
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN n;
    END;
END;
$$;
SELECT is(history_by(:'anna', $$UPDATE crm.lead SET stage = 'sql' WHERE id = 22$$), 1::bigint, 'a move that she makes is in the history');
-- evidence that she does not see counts: the policies hide the touches of her lead, not from the guard
BEGIN;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('sql', 'evidence', 'Signs of interest.', 'signals > 0');
SET LOCAL ROLE :owner;
DROP POLICY leadflow_follows_lead ON crm.touch;
RESET ROLE;
SELECT is(told_as(:'anna', 'SELECT count(*) FROM crm.touch'), '0', 'touches that nobody shows her');
SELECT is(history_by(:'anna', $$UPDATE crm.lead SET stage = 'sql' WHERE id = 22$$), 1::bigint, 'are evidence all the same');
ROLLBACK;
-- a refusal tells whose the account is, and nothing else of the others
BEGIN;
UPDATE crm.workspace SET owner_reason_required = true;
SELECT unalike(told_as(:'anna', $$INSERT INTO crm.lead (source, owner, account_id, stage) SELECT 't', CURRENT_USER, a, 'mql' FROM generate_series(1, 4) a RETURNING id$$), '%zzq%', 'a collision names a colleague, no lead');
ROLLBACK;
-- forced on the owner, too
BEGIN;
SELECT format('ALTER TABLE crm.%I FORCE ROW LEVEL SECURITY', relname) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relrowsecurity \gexec
SELECT is(history_by(:'anna', $$UPDATE crm.lead SET stage = 'sql' WHERE id = 22$$), 1::bigint, 'forced row security does not hide the history from the recorder');
SELECT is(told_as(:'anna', $$WITH w AS (INSERT INTO crm.touch (lead_id, kind, direction) VALUES (26, 'demo_request', 'inbound') RETURNING id) SELECT 'done' FROM w$$), 'done', 'nor clocks from the guard');
SELECT is(told_as(:'owner', 'SELECT count(*) FROM crm.lead'), '0', 'though the owner sees nothing then');
ROLLBACK;

-- all of it is what it would be if the others' rows were not there
CREATE TABLE visible (relation regclass, id tid);
GRANT INSERT, SELECT ON visible TO :anna;
SET ROLE :anna;
SELECT format('INSERT INTO public.visible SELECT %L::regclass, ctid FROM %s', c.oid::regclass, c.oid::regclass) FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relrowsecurity \gexec
RESET ROLE;
SET session_replication_role = replica;
SELECT format('DELETE FROM %s t WHERE NOT EXISTS (SELECT FROM public.visible v WHERE v.relation = %L::regclass AND v.id = t.ctid)', c.oid::regclass, c.oid::regclass) FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relrowsecurity \gexec
RESET session_replication_role;
SELECT is((SELECT string_agg(d.f, E'\n') FROM ((SELECT 'seen: ' || f AS f FROM hers h WHERE h.relname = r.relname EXCEPT ALL SELECT 'seen: ' || f FROM figures_as(:'owner', r.relname) f)
                                             UNION ALL (SELECT 'real: ' || f FROM figures_as(:'owner', r.relname) f EXCEPT ALL SELECT 'real: ' || f FROM hers h WHERE h.relname = r.relname)) d), NULL, r.relname || ' counts hers alone')
FROM report r ORDER BY r.relname;
\endif

-- by territory
BEGIN;
SELECT replace(replace(replace(replace((regexp_match(:'doc', '```sql\n(-- by territory.*?)```'))[1], 'crm_owner', :'owner'), 'sellers', :'group'), 'heads', :'head'), 'analyst', :'reader') AS policies \gset
DROP POLICY own ON crm.lead;
DROP POLICY own ON crm.opportunity;
SET LOCAL ROLE :owner;
:policies
INSERT INTO crm.lead (source, external_id, territory, account_id) VALUES ('t', 'n1', 'north', NULL), ('t', 'n2', NULL, 2), ('t', 's1', 'south', 2), ('t', 's2', NULL, 1), ('t', 'x', NULL, NULL);
SET LOCAL ROLE :anna;
SELECT is((SELECT string_agg(external_id, ',' ORDER BY id) FROM crm.lead WHERE id > 48), 'n1,n2', 'by the lead''s territory, or the company''s');
SET LOCAL ROLE :bert;
SELECT is((SELECT string_agg(external_id, ',' ORDER BY id) FROM crm.lead WHERE id > 48), 's1,s2', 'each her own');
SELECT is((SELECT string_agg(DISTINCT lead_id::text, ',') FROM crm.stage_event e WHERE lead_id NOT IN (SELECT id FROM crm.lead)), NULL, 'and no more of the history');
ROLLBACK;
SELECT throws_ok($$SELECT leadflow.follow_leads('nope')$$, '42704', NULL, 'follow_leads: no workspace');
SELECT throws_ok($$SELECT leadflow.follow_leads('crm', '{nobody_of_that_name}')$$, '42704', NULL, 'follow_leads: no role');
SET ROLE :anna;
SELECT throws_ok($$SELECT leadflow.follow_leads('crm')$$, '42501', NULL, 'follow_leads: not the owner');
RESET ROLE;

DROP SCHEMA crm CASCADE;
DROP OWNED BY :owner, :anna, :bert, :head, :reader, :group CASCADE;
DROP ROLE :owner, :anna, :bert, :head, :reader, :group;
SELECT * FROM finish();
