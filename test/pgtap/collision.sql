-- Two who work on one lead, or on one company: a lead changes hands only with a reason. 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql

-- anna, ben and cleo sell, dan has left, zoe is unknown
INSERT INTO crm.team_member (member, team, department, active) VALUES ('anna', 'inbound', 'sales', true), ('ben', 'outbound', 'sales', true), ('cleo', 'outbound', 'sales', true), ('dan', 'inbound', 'sales', false);
INSERT INTO crm.account (source, external_id, name, owner) VALUES ('t', 'free', 'Free', NULL), ('t', 'anna', 'Annas', 'anna'), ('t', 'dan', 'Dans', 'dan'), ('t', 'zoe', 'Zoes', 'zoe');
-- one lead in each of these stages, anna's, without a company
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since, owner, stage)
SELECT 't', s, 'a@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20', 'anna', CASE s WHEN 'visitor' THEN 'visitor' ELSE 'lead' END FROM unnest('{visitor,lead,mql,contacted,sal,decision,won,active,nurture,lost,disqualified}'::text[]) s;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-02-20' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k;
UPDATE crm.lead SET stage = external_id::leadflow.stage, stage_since = '2026-02-20', reason = CASE WHEN external_id IN ('nurture', 'lost', 'disqualified') THEN 'other' END, reason_note = 'x', narrative = 'n';
CREATE FUNCTION owns(who text) RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', COALESCE(owner, 'nobody'), owner_reason) FROM crm.lead WHERE external_id = $1 $$;
CREATE FUNCTION give(who text, owner text, more text DEFAULT '') RETURNS text LANGUAGE sql AS $$ SELECT format('UPDATE crm.lead SET owner = %L %s WHERE external_id = %L', $2, $3, $1) $$;

-- marketing hands over, it does not work on leads
SELECT is(tried($$INSERT INTO crm.team_member (member, team, department) VALUES ('mia', 'demand', 'marketing');
                  UPDATE crm.lead SET owner = 'mia', owner_reason = 'x' WHERE external_id = 'mql'; UPDATE crm.lead SET owner = 'ben' WHERE external_id = 'mql'$$, $$SELECT owns('mql')$$), 'ben', 'marketing gives a lead to sales');
SELECT is(tried($$INSERT INTO crm.team_member (member, team, department) VALUES ('mia', 'demand', 'marketing');
                  UPDATE crm.lead SET owner = 'mia', account_id = (SELECT id FROM crm.account WHERE external_id = 'anna') WHERE external_id = 'lead';
                  UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'lead'$$, $$SELECT stage || ' ' || owns('lead') FROM crm.lead WHERE external_id = 'lead'$$), 'mql mia', 'marketing hands over a lead of a company that sales works on');
SELECT is(tried($$UPDATE crm.team_member SET department = 'marketing' WHERE member = 'anna'; UPDATE crm.lead SET owner = 'ben', account_id = (SELECT id FROM crm.account WHERE external_id = 'anna') WHERE external_id = 'mql'$$),
          '00000', 'nor is a company marketing''s');

-- which stages
SELECT is(tried(give(c.stage, 'ben')), c.expected, 'a lead in ' || c.stage)
FROM (VALUES ('visitor', '00000'), ('lead', '00000'), ('mql', '23514 collision'), ('contacted', '23514 collision'), ('sal', '23514 collision'), ('decision', '23514 collision'), ('won', '00000'), ('active', '00000'),
             ('nurture', '00000'), ('lost', '00000'), ('disqualified', '00000')) AS c (stage, expected);
SELECT is(tried($$UPDATE crm.lead SET stage = 'mql.hot' WHERE external_id = 'mql'; $$ || give('mql', 'ben')), '23514 collision', 'a lead in a leaf');
SELECT is(tried($$UPDATE crm.lead SET stage = 'won.trial' WHERE external_id = 'won'; $$ || give('won', 'ben')), '00000', 'a lead in a leaf of won');
-- from whom, to whom
SELECT is(tried(format('UPDATE crm.lead SET owner = %L, owner_reason = ''first'' WHERE external_id = ''sal''; ', c.from_owner) || format('UPDATE crm.lead SET owner = %L WHERE external_id = ''sal''', c.to_owner), $$SELECT owns('sal')$$), c.expected, 'from ' || c.label)
FROM (VALUES
    ('one to another', 'anna', 'ben', '23514 collision'),
    ('one to somebody unknown', 'anna', 'zoe', '23514 collision'),
    ('one to somebody who has left', 'anna', 'dan', '23514 collision'),
    ('one to nobody', 'anna', NULL, 'nobody'),
    ('one to herself', 'anna', 'anna', 'anna first'),
    ('nobody', NULL, 'ben', 'ben'),
    ('somebody unknown', 'zoe', 'ben', 'ben'),
    ('somebody who has left', 'dan', 'ben', 'ben'),
    ('one to a name of blanks', 'anna', ' ', '23514 collision')
) AS c (label, from_owner, to_owner, expected);
SELECT is(tried($$UPDATE crm.team_member SET active = false WHERE member = 'anna'; $$ || give('sal', 'ben'), $$SELECT owns('sal')$$), 'ben', 'from one who leaves');
SELECT is(tried($$DELETE FROM crm.team_member WHERE member = 'anna'; $$ || give('sal', 'ben'), $$SELECT owns('sal')$$), 'ben', 'from one who is deleted');
SELECT is(tried($$UPDATE crm.team_member SET active = true WHERE member = 'dan'; UPDATE crm.lead SET owner = 'dan', owner_reason = 'x' WHERE external_id = 'sal'; $$ || give('sal', 'ben')), '23514 collision', 'from one who comes back');
-- by way of nobody the guard is not passed by in one statement, but two are two decisions
SELECT is(tried(give('sal', NULL) || '; ' || give('sal', 'ben'), $$SELECT owns('sal')$$), 'ben', 'given up, then taken');

-- the reason
SELECT is(tried(c.statements, $$SELECT owns('sal')$$), c.expected, 'the reason: ' || c.label)
FROM (VALUES
    ('given', give('sal', 'ben', $$, owner_reason = 'anna is on leave'$$), 'ben anna is on leave'),
    ('empty', give('sal', 'ben', $$, owner_reason = ''$$), '23514 collision'),
    ('blank', give('sal', 'ben', $$, owner_reason = '   '$$), '23514 collision'),
    ('null', give('sal', 'ben', $$, owner_reason = NULL$$), '23514 collision'),
    ('the same words for another change', give('sal', 'ben', $$, owner_reason = 'x'$$) || '; ' || give('sal', 'anna', $$, owner_reason = 'x'$$), 'anna x'),
    ('given beforehand', $$UPDATE crm.lead SET owner_reason = 'x' WHERE external_id = 'sal'; $$ || give('sal', 'ben'), '23514 collision'),
    ('given afterwards', give('sal', 'ben') || $$; UPDATE crm.lead SET owner_reason = 'x' WHERE external_id = 'sal'$$, '23514 collision'),
    ('of an earlier change', give('sal', 'ben', $$, owner_reason = 'x'$$) || '; ' || give('sal', 'anna'), '23514 collision'),
    ('another for another change', give('sal', 'ben', $$, owner_reason = 'x'$$) || '; ' || give('sal', 'anna', $$, owner_reason = 'y'$$), 'anna y'),
    ('of an earlier change, to nobody', give('sal', 'ben', $$, owner_reason = 'x'$$) || '; ' || give('sal', NULL), 'nobody'),
    ('of an earlier change, other columns change', give('sal', 'ben', $$, owner_reason = 'x'$$) || $$; UPDATE crm.lead SET need = 'm' WHERE external_id = 'sal'$$, 'ben x'),
    ('of an earlier change, the stage changes', give('sal', 'ben', $$, owner_reason = 'x'$$) || $$; UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'sal'$$, 'ben x'),
    ('mended', give('sal', 'ben', $$, owner_reason = 'x'$$) || $$; UPDATE crm.lead SET owner_reason = 'y' WHERE external_id = 'sal'$$, 'ben y'),
    ('the same owner again', give('sal', 'anna'), 'anna'),
    ('the same owner again keeps it', give('sal', 'ben', $$, owner_reason = 'x'$$) || '; ' || give('sal', 'ben'), 'ben x'),
    ('where none is owed it is kept', give('sal', NULL, $$, owner_reason = 'x'$$), 'nobody x')
) AS c (label, statements, expected);
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben', owner_reason = 'x' WHERE external_id = 'lead'; $$ || give('lead', 'anna'), $$SELECT owns('lead')$$), 'anna', 'the reason: cleared by the next change, also where none is owed');
SELECT is(tried(give('mql', 'ben', $$, stage = 'contacted'$$)), '23514 collision', 'with a move on');
SELECT is(tried(give('mql', 'ben', $$, stage = 'nurture', reason = 'not_now'$$), $$SELECT owns('mql')$$), 'ben', 'with a move into an exit: nobody works on it any more');
SELECT is(tried(give('nurture', 'ben', $$, stage = 'lead'$$), $$SELECT owns('nurture')$$), 'ben', 'with a move out of one');
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben' WHERE external_id IN ('lead', 'mql')$$), '23514 collision', 'one of several');
SELECT is(tried($$INSERT INTO crm.lead (source, external_id, owner) VALUES ('t', 'sal', 'ben') ON CONFLICT (source, external_id) DO UPDATE SET owner = excluded.owner$$), '23514 collision', 'an upsert');
SELECT is(tried($$UPDATE crm.workspace SET owner_reason_required = false; $$ || give('sal', 'ben'), $$SELECT owns('sal')$$), 'ben', 'nobody need say why, where that was agreed');
SELECT is(tried($$UPDATE crm.workspace SET owner_reason_required = false; UPDATE crm.lead SET owner = 'ben', owner_reason = 'x' WHERE external_id = 'sal'; UPDATE crm.lead SET owner = 'cleo' WHERE external_id = 'sal'$$, $$SELECT owns('sal')$$), 'cleo', 'and an old reason goes all the same');

-- what the writer sees
CREATE FUNCTION said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; tab text; col text; con text; detail text; hint text;
BEGIN
    BEGIN
        EXECUTE statement;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, tab = TABLE_NAME, col = COLUMN_NAME, con = CONSTRAINT_NAME, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    END;
    RETURN concat_ws(' | ', state, tab, col, con, detail, hint);
END $$;
SELECT matches(said(give('sal', 'ben')), '^23514 \| lead \| .*collision \| collision.*anna', 'the error names the table, the constraint and who works on it');
SELECT matches(said($$UPDATE crm.lead SET owner = 'ben', stage = 'sql', need = NULL WHERE external_id = 'sal'$$), 'confirmed_need', 'what else is missing is said with it');
SELECT matches(said($$UPDATE crm.lead SET owner = 'ben', stage = 'sql', need = NULL WHERE external_id = 'sal'$$), 'collision', 'and it with what else is missing');

-- companies. Leads of sal and mql are anna's; those that are added are ben's.
CREATE FUNCTION company(name text) RETURNS text LANGUAGE sql AS $$ SELECT format('(SELECT id FROM crm.account WHERE external_id = %L)', name) $$;
CREATE FUNCTION joins(who text, name text) RETURNS text LANGUAGE sql AS $$ SELECT format('UPDATE crm.lead SET account_id = %s WHERE external_id = %L; ', company(name), $1) $$;
-- a new lead of a company, in a stage, of an owner; its signs come in the same statement
CREATE FUNCTION adds(name text, stage text, owner text, reason text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('WITH l AS (INSERT INTO crm.lead (source, external_id, account_id, stage, owner, owner_reason, email, role, verified, why_now, promised, evidence, need, budget, decision_by, reason, stage_since)
                   VALUES (''t'', ''new'', %s, %L, %L, %L, ''x'', ''CEO'', true, ''w'', ''p'', ''e'', ''n'', 1, ''2026-06-01'', %L, ''2026-03-01'') RETURNING id) INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT id, k, ''inbound'', ''2026-02-20'' FROM l, unnest(''{web_visit,form_submit}''::text[]) k; ',
                  company(name), stage, owner, reason, CASE WHEN leadflow.is_exit(stage::leadflow.stage) THEN 'not_now' END) $$;
SELECT is(tried(c.statements), c.expected, 'a company: ' || c.label)
FROM (VALUES
    ('new, of nobody''s company', adds('free', 'mql', 'ben'), '00000'),
    ('new, of another''s', adds('anna', 'mql', 'ben'), '23514 collision'),
    ('new, of another''s, further on', adds('anna', 'sql', 'ben'), '23514 collision'),
    ('new, of one''s own', adds('anna', 'mql', 'anna'), '00000'),
    ('new, of another''s, of nobody', adds('anna', 'mql', NULL), '00000'),
    ('new, of another''s, with a reason', adds('anna', 'mql', 'ben', 'the branch in Lodz'), '00000'),
    ('new, of another''s, with a blank', adds('anna', 'mql', 'ben', ' '), '23514 collision'),
    ('new, of another''s, before the handover', adds('anna', 'lead', 'ben'), '00000'),
    ('new, of another''s, in an exit', adds('anna', 'nurture', 'ben'), '00000'),
    ('new, of another''s, won', adds('anna', 'won', 'ben'), '00000'),
    ('new, of one who has left', adds('dan', 'mql', 'ben'), '00000'),
    ('new, of one who is unknown', adds('zoe', 'mql', 'ben'), '00000'),
    ('new, of another''s, of one who is unknown', adds('anna', 'mql', 'zoe'), '23514 collision'),
    ('new, where another works', joins('sal', 'free') || adds('free', 'mql', 'ben'), '23514 collision'),
    ('new, where one works oneself', joins('sal', 'free') || adds('free', 'mql', 'anna'), '00000'),
    ('new, where another''s lead is not handed over', joins('lead', 'free') || adds('free', 'mql', 'ben'), '00000'),
    ('new, where another''s lead has gone', joins('lost', 'free') || adds('free', 'mql', 'ben'), '00000'),
    ('new, where another has won', joins('won', 'free') || adds('free', 'mql', 'ben'), '00000'),
    ('new, where one who has left worked', joins('sal', 'free') || $$UPDATE crm.team_member SET active = false WHERE member = 'anna'; $$ || adds('free', 'mql', 'ben'), '00000'),
    ('new, of another''s, where one works already', $$UPDATE crm.lead SET owner = 'ben', owner_reason = 'x' WHERE external_id = 'sal'; UPDATE crm.lead SET owner_reason = 'y', account_id = $$ || company('anna') || $$ WHERE external_id = 'sal'; $$ || adds('anna', 'mql', 'ben'), '00000'),
    ('new, one''s own, where another works', joins('sal', 'free') || $$UPDATE crm.account SET owner = 'ben' WHERE external_id = 'free'; $$ || adds('free', 'mql', 'ben'), '00000'),
    ('handed over, of nobody''s', adds('free', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'new'$$, '00000'),
    ('handed over, of another''s', adds('anna', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'new'$$, '23514 collision'),
    ('handed over, of another''s, further on', adds('anna', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'sal' WHERE external_id = 'new'$$, '23514 collision'),
    ('handed over, of another''s, with a reason', adds('anna', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'mql', owner_reason = 'x' WHERE external_id = 'new'$$, '00000'),
    ('handed over, of another''s, to her', adds('anna', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'mql', owner = 'anna' WHERE external_id = 'new'$$, '00000'),
    ('handed over, where another works', joins('sal', 'free') || adds('free', 'lead', 'ben') || $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'new'$$, '23514 collision'),
    ('back from nurture, where another works now', adds('free', 'nurture', 'ben') || joins('sal', 'free') || $$UPDATE crm.lead SET stage = 'mql', urgency = 'hot' WHERE external_id = 'new'$$, '23514 collision'),
    ('it goes on, in another''s company', adds('anna', 'mql', 'ben', 'x') || $$UPDATE crm.lead SET stage = 'sal' WHERE external_id = 'new'$$, '00000'),
    ('a field of it changes', adds('anna', 'mql', 'ben', 'x') || $$UPDATE crm.lead SET need = 'y' WHERE external_id = 'new'$$, '00000'),
    ('it joins another''s', adds('free', 'mql', 'ben') || joins('new', 'anna'), '23514 collision'),
    ('it joins another''s with a reason', adds('free', 'mql', 'ben') || $$UPDATE crm.lead SET owner_reason = 'x', account_id = $$ || company('anna') || $$ WHERE external_id = 'new'$$, '00000'),
    ('it joins nobody''s', adds('anna', 'mql', 'ben', 'x') || joins('new', 'free'), '00000'),
    ('it joins where another works', joins('sal', 'dan') || adds('free', 'mql', 'ben') || joins('new', 'dan'), '23514 collision'),
    ('it joins one''s own', joins('sal', 'anna'), '00000'),
    ('it leaves its company', adds('anna', 'mql', 'ben', 'x') || $$UPDATE crm.lead SET account_id = NULL WHERE external_id = 'new'$$, '00000'),
    ('before the handover it may join', adds('free', 'lead', 'ben') || joins('new', 'anna'), '00000'),
    ('it is taken by one who works there', adds('anna', 'mql', NULL) || give('new', 'anna'), '00000'),
    ('it is taken by another', adds('anna', 'mql', NULL) || give('new', 'ben'), '23514 collision'),
    ('without a reason where none is required', $$UPDATE crm.workspace SET owner_reason_required = false; $$ || adds('anna', 'mql', 'ben') || joins('sal', 'free') || adds('free', 'lead', 'ben'), '23505 lead_source_external_id_key'),
    ('two new ones of two owners, in one statement', $$INSERT INTO crm.lead (source, external_id, account_id, owner) SELECT 't', o, $$ || company('free') || $$, o FROM unnest('{ben,cleo}'::text[]) o; INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k;
        UPDATE crm.lead SET stage = 'mql', role = 'CEO', verified = true, email = 'x' WHERE external_id IN ('ben', 'cleo')$$, '23514 collision')
) AS c (label, statements, expected);
SELECT is(tried(adds('anna', 'mql', 'ben', 'the branch'), $$SELECT owns('new')$$), 'ben the branch', 'a company: the reason is kept');
SELECT matches(said(adds('anna', 'mql', 'ben')), 'collision.*anna', 'a company: the error says whose it is');

-- park and warn
SELECT is(tried('SET LOCAL leadflow.on_violation = park; ' || c.statements, c.query), c.expected, 'park: ' || c.label)
FROM (VALUES
    ('a change of owner', give('sal', 'ben', $$, need = 'm'$$), $$SELECT concat_ws(' ', owns('sal'), (SELECT need FROM crm.lead WHERE external_id = 'sal'), operation, target_stage, unmet -> 0 ->> 'criterion', parked_row ->> 'owner') FROM crm.quarantine$$, 'anna n UPDATE sal collision ben'),
    ('a new lead of another''s company', adds('anna', 'mql', 'ben'), $$SELECT 1$$, '23503 touch_lead_id_fkey'),
    ('one of several', $$UPDATE crm.lead SET owner = 'ben' WHERE external_id IN ('lead', 'sal')$$, $$SELECT concat_ws(' ', owns('lead'), owns('sal'), (SELECT count(*) FROM crm.quarantine))$$, 'ben anna 1'),
    ('its clocks stay', give('mql', 'ben'), $$SELECT string_agg(DISTINCT c.owner, ',') FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE l.external_id = 'mql'$$, 'anna')
) AS c (label, statements, query, expected);
SELECT is(tried('SET LOCAL leadflow.on_violation = park; ' || give('sal', 'ben') || '; RESET leadflow.on_violation; ' || c.meanwhile || '; CREATE TEMP TABLE retried AS SELECT * FROM leadflow.retry_quarantine(''crm'')',
                $$SELECT concat_ws(' ', retried, accepted, superseded, still_parked, '-', owns('sal')) FROM retried$$), c.expected, 'retried: ' || c.label)
FROM (VALUES
    ('nothing has changed', 'SELECT 1', '1 0 0 1 - anna'),
    ('she has left', $$UPDATE crm.team_member SET active = false WHERE member = 'anna'$$, '1 1 0 0 - ben'),
    ('nobody need say why any more', 'UPDATE crm.workspace SET owner_reason_required = false', '1 1 0 0 - ben'),
    ('it was given to him meanwhile', give('sal', 'ben', $$, owner_reason = 'x'$$), '1 0 1 0 - ben x'),
    ('it was given to another meanwhile', give('sal', 'cleo', $$, owner_reason = 'x'$$), '1 0 0 1 - cleo x'),
    ('it is nobody''s meanwhile', give('sal', NULL), '1 1 0 0 - ben'),
    ('it was lost meanwhile', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'sal'$$, '1 1 0 0 - ben')
) AS c (label, meanwhile, expected);
SELECT is(tried('SET LOCAL leadflow.on_violation = warn; ' || give('sal', 'ben'), $$SELECT concat_ws(' ', owns('sal'), object, l.external_id, v.from_stage, v.to_stage, criterion) FROM crm.violation v JOIN crm.lead l ON l.id = v.lead_id$$), 'ben lead sal sal sal collision', 'warn: it is given, and recorded');
SELECT is(tried('SET LOCAL leadflow.on_violation = warn; ' || adds('anna', 'mql', 'ben'), $$SELECT owns('new') || ' ' || (SELECT string_agg(criterion, ',') FROM crm.violation)$$), 'ben collision', 'warn: a new lead too');

-- clocks go with the lead
SELECT is(tried(give('mql', 'ben', $$, owner_reason = 'x'$$), $$SELECT string_agg(concat_ws('/', c.metric, c.owner, c.team), ' ' ORDER BY metric) FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE l.external_id = 'mql' AND stopped_at IS NULL AND cancelled_at IS NULL$$),
          'cadence/ben/outbound first_response/ben/outbound', 'running clocks change hands with the lead');
SELECT is(tried(give('mql', NULL), $$SELECT string_agg(concat_ws('/', c.metric, c.owner, c.team), ' ' ORDER BY metric) FROM crm.sla_clock c JOIN crm.lead l ON l.id = c.lead_id WHERE l.external_id = 'mql' AND stopped_at IS NULL AND cancelled_at IS NULL$$),
          'cadence first_response', 'nobody''s lead, nobody''s clocks');
SELECT is(tried(give('mql', 'ben'), $$SELECT 1$$), '23514 collision', 'what is refused moves no clock');
-- definitions bind at once
SELECT is(tried(give('sal', 'zoe', $$, owner_reason = 'x'$$) || $$; INSERT INTO crm.team_member (member, team, department) VALUES ('zoe', 'x', 'sales'); $$ || give('sal', 'ben')), '23514 collision', 'who joins the team is guarded at once');
-- rights: who may not read the team
CREATE ROLE collision_writer;
GRANT USAGE ON SCHEMA crm TO collision_writer; GRANT SELECT (id, owner, external_id, stage), UPDATE (owner, owner_reason) ON crm.lead TO collision_writer;
SELECT is(tried('SET LOCAL ROLE collision_writer; ' || give('sal', 'ben')), '23514 collision', 'the guard sees what the writer may not');
SELECT is(tried('SET LOCAL ROLE collision_writer; ' || give('sal', 'ben', $$, owner_reason = 'x'$$)), '00000', 'and lets pass what has a reason');
DROP OWNED BY collision_writer; DROP ROLE collision_writer;
-- an opportunity's owner is not guarded
SELECT is(tried($$INSERT INTO crm.opportunity (source, lead_id, owner) SELECT 't', id, 'anna' FROM crm.lead WHERE external_id = 'sal'; UPDATE crm.opportunity SET owner = 'ben'$$), '00000', 'an opportunity''s owner is free');
-- merging
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben' WHERE external_id = 'lead'; SELECT leadflow.merge('crm', (SELECT id FROM crm.lead WHERE external_id = 'sal'), (SELECT id FROM crm.lead WHERE external_id = 'lead'))$$, $$SELECT owns('sal')$$), 'anna', 'a merge is no change of hands');

-- a CRM that is attached
CREATE SCHEMA shop;
CREATE TABLE shop.prospect (id integer PRIMARY KEY, name text, email text, title text, rep text, state text, why text);
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES ('lead', 'shop', 'new', 'lead'), ('lead', 'shop', 'hot', 'mql');
SELECT leadflow.attach('crm', 'shop.prospect', 'lead', '{"external_id": "new.id", "full_name": "new.name", "email": "new.email", "role": "new.title", "verified": "new.email <> ''''", "status": "new.state", "owner": "new.rep", "owner_reason": "new.why"}', '{"source": "shop"}') \g /dev/null
INSERT INTO shop.prospect VALUES (1, 'Ada', 'a@b.c', 'CEO', 'anna', 'new');
INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k WHERE source = 'shop';
UPDATE shop.prospect SET state = 'hot';
SELECT is(tried($$UPDATE shop.prospect SET rep = 'ben'$$), '23514 collision', 'attached: the CRM''s own write is refused');
SELECT is((SELECT rep FROM shop.prospect), 'anna', 'attached: and its row stays');
SELECT is(tried($$UPDATE shop.prospect SET rep = 'ben', why = 'anna is on leave'$$, $$SELECT concat_ws(' ', owner, owner_reason) FROM crm.lead WHERE source = 'shop'$$), 'ben anna is on leave', 'attached: it may say why');
SELECT is(tried($$UPDATE shop.prospect SET rep = 'ben', why = 'x'; UPDATE shop.prospect SET rep = 'cleo'$$), '00000', 'attached: a reason that the CRM''s row still has goes with every write of it');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; UPDATE shop.prospect SET rep = 'ben'$$, $$SELECT concat_ws(' ', (SELECT rep FROM shop.prospect), l.owner, (SELECT count(*) FROM crm.quarantine)) FROM crm.lead l WHERE source = 'shop'$$), 'ben anna 1', 'attached: parked, the CRM goes its way');
SELECT is((SELECT count(*) FROM crm.quarantine) + (SELECT count(*) FROM crm.violation), 0::bigint, 'every case was undone');

SELECT * FROM finish();
