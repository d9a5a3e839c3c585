-- Only sales gives verdicts, by a row or by a move, and only marketing answers them
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

-- roles are shared by the databases of a server: names of this run's own
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set owner :p _owner
\set reader :p _reader
\set marketer :p _marketer
\set seller :p _seller
\set revops :p _revops
\set service :p _service
\set mover :p _mover
\set speaker :p _speaker
CREATE ROLE :owner; CREATE ROLE :reader; CREATE ROLE :marketer; CREATE ROLE :seller; CREATE ROLE :revops; CREATE ROLE :service; CREATE ROLE :mover; CREATE ROLE :speaker;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec

SET ROLE :owner;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.grant_workspace('crm', r.role, r.access)
FROM (VALUES (:'reader', 'read'), (:'marketer', 'marketing'), (:'seller', 'sales'), (:'revops', 'revops'), (:'service', 'marketing'), (:'service', 'sales')) r (role, access) \g /dev/null
-- mover may write leads and nothing else; speaker may give verdicts, and has no right to move leads
GRANT USAGE ON SCHEMA crm TO :mover, :speaker;
GRANT SELECT, INSERT, UPDATE ON crm.lead TO :mover;
GRANT INSERT ON crm.verdict TO :speaker;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO :speaker;
DELETE FROM crm.standard WHERE criterion NOT IN ('why_now');
INSERT INTO crm.lead (source, external_id, stage, why_now, stage_since) SELECT 't', s, s::leadflow.stage, 'now', '2026-03-02 08:00+00' FROM unnest('{lead,mql,contacted,sal,sql}'::text[]) s;
SELECT leadflow.give_verdict('crm', 3, 'rejected', 'not_target') \g /dev/null
RESET ROLE;

-- tried_as(who, statement): SQLSTATE and message; done or not, it is taken back
CREATE FUNCTION tried_as(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        told := CASE SQLSTATE WHEN 'ZZ000' THEN '00000' ELSE SQLSTATE || ' ' || SQLERRM END;
    END;
    RETURN told;
END $$;

-- a letter for each who may: o(wner) r(ead) m(arketing) s(ales) revo(p)s, ser(v)ice that has both rights
SELECT is((SELECT string_agg(CASE WHEN tried_as(a.who, c.statement) = '00000' THEN a.letter ELSE '-' END, '' ORDER BY a.n)
             FROM (VALUES (1, :'owner', 'o'), (2, :'reader', 'r'), (3, :'marketer', 'm'), (4, :'seller', 's'), (5, :'revops', 'p'), (6, :'service', 'v')) a (n, who, letter)),
          c.expected, c.expected || ' ' || c.statement)
FROM (VALUES
    ($$INSERT INTO crm.verdict (lead_id, verdict) VALUES (2, 'accepted')$$, 'o--s-v'),
    ($$SELECT leadflow.give_verdict('crm', 2, 'rejected', 'not_target')$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE id = 2$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'disqualified', reason = 'duplicate' WHERE id = 2$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 2$$, 'o-mspv'),
    ($$UPDATE crm.lead SET stage = 'mql', reason = 'not_target' WHERE id = 4$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'sal' WHERE id = 1$$, 'o--s-v'),
    ($$UPDATE crm.lead SET stage = 'sal', reason = 'other', reason_note = 'x' WHERE id = 3$$, 'o--s-v'),
    ($$INSERT INTO crm.lead (source, stage, why_now) VALUES ('x', 'sal', 'now')$$, 'o--s-v'),
    ($$INSERT INTO crm.opportunity (source, lead_id) VALUES ('x', 2)$$, 'o--s-v'),
    -- what says nothing anew
    ($$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$, 'o-mspv'),
    ($$UPDATE crm.lead SET stage = 'contacted' WHERE id = 2$$, 'o-mspv'),
    ($$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE id = 1$$, 'o-mspv'),
    ($$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE id = 3$$, 'o-mspv'),
    ($$UPDATE crm.lead SET stage = 'opportunity' WHERE id = 5$$, 'o-mspv'),
    ($$INSERT INTO crm.opportunity (source, lead_id) VALUES ('x', 5)$$, 'o--spv'),
    ($$INSERT INTO crm.lead (source, stage) VALUES ('x', 'contacted')$$, 'o-mspv'),
    -- answers
    ($$INSERT INTO crm.verdict_answer (verdict_id, answer) SELECT max(id), 'agrees' FROM crm.verdict WHERE verdict = 'rejected'$$, 'o-m--v'),
    -- reading
    ($$SELECT count(*) FROM crm.verdicts, crm.verdict_coverage, crm.rejections, crm.disputes, crm.false_rejections, crm.verdict_quality, crm.objection$$, 'ormspv'),
    ($$SELECT count(narrative) FROM crm.verdict, crm.verdict_answer$$, 'o-mspv'),
    ($$INSERT INTO crm.objection (code) VALUES ('dull')$$, 'o---p-'),
    -- nobody takes anything back
    ($$UPDATE crm.verdict SET note = 'x'$$, '------'),
    ($$DELETE FROM crm.verdict$$, '------'),
    ($$TRUNCATE crm.verdict CASCADE$$, '------'),
    ($$UPDATE crm.verdict_answer SET note = 'x' WHERE id = -1; INSERT INTO crm.verdict_answer (verdict_id, answer) SELECT max(id), 'agrees' FROM crm.verdict WHERE verdict = 'rejected'; UPDATE crm.verdict_answer SET note = 'x'$$, '------'),
    ($$INSERT INTO crm.verdict_answer (verdict_id, answer) SELECT max(id), 'agrees' FROM crm.verdict WHERE verdict = 'rejected'; DELETE FROM crm.verdict_answer$$, '------')
) AS c (statement, expected);

SELECT is(tried_as(:'marketer', c.statement), '42501 ' || c.message, 'marketing: ' || c.statement)
FROM (VALUES ($$INSERT INTO crm.verdict (lead_id, verdict) VALUES (2, 'accepted')$$, 'permission denied for table verdict'),
             ($$UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$, 'only sales gives verdicts')) c (statement, message);
SELECT is(tried_as(:'seller', $$INSERT INTO crm.verdict_answer (verdict_id, answer) VALUES (1, 'agrees')$$), '42501 permission denied for table verdict_answer', 'sales does not answer itself');
SELECT is(tried_as(:'mover', $$UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$), '42501 only sales gives verdicts', 'the right to write leads is none to decide about them');
SELECT is(tried_as(:'mover', $$SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$), '42501 only sales gives verdicts', 'a bulk load has it no easier');
SELECT is(tried_as(:'speaker', $$INSERT INTO crm.verdict (lead_id, verdict) VALUES (2, 'accepted')$$), '42501 permission denied for table lead', 'nor is the right to decide one to move leads');
CREATE FUNCTION said_to(who text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', who);
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws('|', SQLSTATE, SQLERRM, detail, hint);
END $$;
SELECT is(said_to(:'marketer', $$UPDATE crm.lead SET stage = 'sal' WHERE id = 2$$),
          '42501|only sales gives verdicts|To move lead 2 from mql to sal says that sales has accepted it.|The owner of the workspace gives the right with leadflow.grant_workspace(..., ''sales'').',
          'the error names the move and what to do');
SELECT is(said_to(:'marketer', $$INSERT INTO crm.lead (source, stage, why_now) VALUES ('x', 'sal', 'now')$$),
          '42501|only sales gives verdicts|To add a lead in stage sal says that sales has accepted it.|The owner of the workspace gives the right with leadflow.grant_workspace(..., ''sales'').',
          'so does that of a new lead');

-- a row that was parked waits for somebody who may say so
BEGIN;
SET LOCAL ROLE :seller;
SET LOCAL leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, stage) VALUES ('p', 'x', 'sal');
RESET leadflow.on_violation;
RESET ROLE;
DELETE FROM crm.standard;
SELECT format('SELECT * FROM leadflow.retry_quarantine(%L)', 'crm') AS retry \gset
SET LOCAL ROLE :revops;
SELECT results_eq(:'retry', 'VALUES (1::bigint, 0::bigint, 0::bigint, 1::bigint)', 'revops tries again, and may not say that sales has accepted it');
SELECT is((SELECT concat_ws('|', unmet -> 0 ->> 'criterion', unmet -> 0 ->> 'requirement') FROM crm.quarantine), 'verdict|only sales gives verdicts', 'the row says what it waits for');
RESET ROLE;
SET LOCAL ROLE :owner;
SELECT results_eq(:'retry', 'VALUES (1::bigint, 1::bigint, 0::bigint, 0::bigint)', 'the owner may');
RESET ROLE;
ROLLBACK;

-- who said it
BEGIN;
SET LOCAL SESSION AUTHORIZATION :seller;
INSERT INTO crm.verdict (lead_id, verdict, actor, session_actor) VALUES (2, 'accepted', 'x', 'x');
UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE id = 4;
RESET SESSION AUTHORIZATION;
SET LOCAL ROLE :marketer;
INSERT INTO crm.verdict_answer (verdict_id, answer, actor, session_actor) SELECT max(id), 'agrees', 'x', 'x' FROM crm.verdict;
RESET ROLE;
SELECT is((SELECT string_agg(concat_ws('/', lead_id, verdict, session_actor, actor), ' ' ORDER BY id) FROM crm.verdict WHERE lead_id IN (2, 4) AND recorded_at = now() AND actor <> :'owner'),
          '2/accepted/' || :'seller' || '/' || :'seller' || ' 4/rejected/' || :'seller' || '/' || :'seller', 'who gave it, by either way');
SELECT is((SELECT session_actor || '/' || actor FROM crm.verdict_answer), session_user || '/' || :'marketer', 'who answered');
ROLLBACK;

-- a tool whose service role has both rights
BEGIN;
GRANT USAGE, CREATE ON SCHEMA public TO :owner;
CREATE TABLE public.prospect (id integer PRIMARY KEY, name text, state text, why text);
SELECT format('ALTER TABLE public.prospect OWNER TO %I', :'owner') \gexec
SET LOCAL ROLE :owner;
INSERT INTO crm.stage_alias (source, status, stage) VALUES ('shop', 'new', 'lead'), ('shop', 'hot', 'mql'), ('shop', 'taken', 'sal'), ('shop', 'off', 'lost');
SELECT leadflow.attach('crm', 'public.prospect', 'lead', '{"external_id": "new.id", "full_name": "new.name", "status": "new.state", "reason": "new.why", "why_now": "''now''"}', '{"source": "shop"}') \g /dev/null
GRANT SELECT, INSERT, UPDATE ON public.prospect TO :service, :marketer;
RESET ROLE;
SET LOCAL ROLE :service;
INSERT INTO public.prospect VALUES (1, 'a', 'hot'), (2, 'b', 'hot'), (3, 'c', 'taken'), (4, 'd', 'hot');
UPDATE public.prospect SET state = 'taken' WHERE id = 1;
UPDATE public.prospect SET state = 'off', why = 'no_need' WHERE id = 2;
RESET ROLE;
SELECT is((SELECT string_agg(concat_ws('/', l.external_id, v.verdict, v.reason, v.actor = :'service'), ' ' ORDER BY l.external_id) FROM crm.verdict v JOIN crm.lead l ON l.id = v.lead_id WHERE l.source = 'shop'),
          '1/accepted/t 2/rejected/no_need/t 3/accepted/t', 'its words are verdicts');
SELECT is(tried_as(:'marketer', $$UPDATE public.prospect SET state = 'taken' WHERE id = 4$$), '42501 only sales gives verdicts', 'from another role they are none');
SELECT is(tried_as(:'marketer', $$UPDATE public.prospect SET name = 'e' WHERE id = 1$$), '00000', 'which may write the rest');
ROLLBACK;

-- the flag by which the recorder knows its own rows is nobody else's
SELECT is(leadflow.verdict_by_move(), false, 'outside of a move it is down');
SELECT is(tried_as(:'seller', $$UPDATE crm.lead SET stage = 'sal' WHERE id = 2; INSERT INTO crm.verdict (lead_id, verdict, handed_over_at, variant) VALUES (1, 'accepted', now(), '*')$$),
          '55000 lead 1 is not handed over', 'and so after one');

DROP SCHEMA crm CASCADE;
DROP OWNED BY :owner, :reader, :marketer, :seller, :revops, :service, :mover, :speaker CASCADE;
DROP ROLE :owner, :reader, :marketer, :seller, :revops, :service, :mover, :speaker;
SELECT * FROM finish();
