-- What becomes of rows that do not meet the standard: refused, parked, accepted with a record; and opportunities with their leads
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, need, budget, currency, decision_by,
                      why_now, promised, evidence, stage_since)
VALUES ('t', 'full', 'Ada', 'ada@example.com', 'CEO', true, 'less waste', 5000, 'EUR', '2026-06-01',
        'new plant', 'a price', 'two visits', '2026-03-01 09:00+00'),
       ('t', 'bare', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-01 09:00+00');
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-03-01 09:00+00' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k
 WHERE external_id = 'full';
CREATE TABLE ids AS SELECT external_id, id FROM crm.lead;

-- park
BEGIN;
SET LOCAL leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, role, stage, attributes)
VALUES ('p', 'p1', 'CEO', 'visitor', '{}'), ('p', 'p2', 'it''s "quoted" \ and long: ' || repeat('x', 100), 'mql', '{"a": [1, null]}'), ('p', NULL, NULL, 'sal', '{}');
SELECT is((SELECT string_agg(external_id, ',') FROM crm.lead WHERE source = 'p'), 'p1', 'the others of the statement go in');
SELECT is((SELECT string_agg(concat_ws(' ', object, operation, source, external_id, target_stage, session_actor = session_user, actor = current_user), ', ' ORDER BY id) FROM crm.quarantine),
          'lead INSERT p p2 mql t t, lead INSERT p sal t t', 'what is parked says what it was to be, and whose');
SELECT is(parked_row ->> 'role', 'it''s "quoted" \ and long: ' || repeat('x', 100), 'the parked row is whole')
  FROM crm.quarantine WHERE external_id = 'p2';
SELECT is(parked_row -> 'attributes', '{"a": [1, null]}', 'json in it stays json') FROM crm.quarantine WHERE external_id = 'p2';
SELECT is((SELECT string_agg(u ->> 'criterion', ',') FROM jsonb_array_elements(unmet) u),
          'target_role,verified_contact,two_signals,why_now,promised,evidence', 'everything that is missing is listed')
  FROM crm.quarantine WHERE external_id IS NULL;
SELECT is((SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(unmet -> 0) k), '{criterion,how_to_fix,object,requirement,seen,stage}'::text[],
          'each with what it asks, what was seen and what to do') FROM crm.quarantine WHERE external_id IS NULL;
SELECT is((SELECT count(*) FROM crm.stage_event e WHERE NOT EXISTS (SELECT FROM crm.lead l WHERE l.id = e.lead_id)), 0::bigint,
          'a parked row leaves no history');
UPDATE crm.lead SET stage = 'mql', full_name = 'changed';
SELECT is((SELECT string_agg(external_id || '=' || stage || coalesce('/' || full_name, ''), ' ' ORDER BY external_id) FROM crm.lead),
          'bare=lead full=mql/changed p1=visitor', 'a parked update changes nothing of its row');
SELECT is((SELECT string_agg(external_id || ' ' || (parked_row ->> 'full_name') || ' ' || (parked_row ->> 'stage'), ',' ORDER BY external_id)
             FROM crm.quarantine WHERE operation = 'UPDATE'),
          'bare changed mql,p1 changed mql', 'the parked update is the row as it would have been');
SELECT is((SELECT count(*) FROM crm.violation), 0::bigint, 'what is parked is no violation');
ROLLBACK;
SELECT is((SELECT count(*) FROM crm.quarantine), 0::bigint, 'the quarantine is undone with the rest');

SELECT is(tried('SET LOCAL leadflow.on_violation = park; ' || c.statement, c.query), c.expected, 'park: ' || c.label)
FROM (VALUES
    ('an update that returns', $$WITH u AS (UPDATE crm.lead SET stage = 'mql' RETURNING external_id) SELECT count(*) FROM u$$,
        $$SELECT count(*)::text FROM crm.quarantine$$, '1'),
    ('a missing reason', $$UPDATE crm.lead SET stage = 'lost' WHERE external_id = 'full'$$,
        $$SELECT unmet -> 0 ->> 'criterion' FROM crm.quarantine$$, 'reason'),
    ('a transition that is not listed', $$UPDATE crm.lead SET stage = 'visitor' WHERE external_id = 'full'$$,
        $$SELECT unmet -> 0 ->> 'criterion' FROM crm.quarantine$$, 'transition'),
    ('a word that stands for no stage', $$INSERT INTO crm.stage_alias (source, status, stage) VALUES ('x', 'open', 'lead');
        INSERT INTO crm.lead (source, external_id, status) VALUES ('x', 'x1', 'nonsense'), ('x', 'x2', 'open')$$,
        $$SELECT (SELECT string_agg(external_id, ',') FROM crm.lead WHERE source = 'x') || ' ' || (SELECT unmet -> 0 ->> 'criterion' FROM crm.quarantine)$$, 'x2 status_alias'),
    ('a lead with touches in one statement', $$WITH l AS (INSERT INTO crm.lead (source, external_id, stage) VALUES ('x', 'x1', 'mql') RETURNING id)
        INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, 'web_visit', 'inbound' FROM l$$, NULL, '23503 touch_lead_id_fkey'),
    ('a criterion that only warns', $$UPDATE crm.standard SET mode = 'warn'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bare'$$,
        $$SELECT (SELECT stage::text FROM crm.lead WHERE external_id = 'bare') || ' ' || (SELECT string_agg(criterion, ',' ORDER BY id) FROM crm.violation)
            || (SELECT count(*) FROM crm.quarantine)$$, 'mql target_role,verified_contact,two_signals0'),
    ('some enforce and some warn', $$UPDATE crm.standard SET mode = 'warn' WHERE criterion = 'target_role'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bare'$$,
        $$SELECT (SELECT string_agg(u ->> 'criterion', ',') FROM crm.quarantine, jsonb_array_elements(unmet) u) || ' ' || (SELECT count(*) FROM crm.violation)$$,
        'verified_contact,two_signals 0'),
    ('identity is not negotiable', $$UPDATE crm.lead SET source = 'u'$$, NULL, '23514 identity')
) AS c (label, statement, query, expected);

-- warn
SELECT is(tried('SET LOCAL leadflow.on_violation = warn; ' || c.statement, $$SELECT string_agg(format('%s %s>%s %s', v.object, coalesce(v.from_stage::text, '-'), v.to_stage, v.criterion), ', ' ORDER BY v.id)
             FROM crm.violation v$$), c.expected, 'warn: ' || c.label)
FROM (VALUES
    ('update', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bare'$$, 'lead lead>mql target_role, lead lead>mql verified_contact, lead lead>mql two_signals'),
    ('insert', $$INSERT INTO crm.lead (source, role, verified, email, stage) VALUES ('x', 'CEO', true, 'x', 'mql')$$, 'lead ->mql two_signals'),
    ('transition', $$UPDATE crm.lead SET stage = 'visitor' WHERE external_id = 'full'$$, 'lead lead>visitor transition'),
    ('nothing to warn of', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'full'$$, NULL),
    ('a stage that a later trigger sets', $$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = 'full';
        CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.stage := ''lead''; NEW.furthest_stage := ''lead''; RETURN NEW; END';
        UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'full';
        INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('lead', 'never', 'x', 'false');
        CREATE TRIGGER zzzz BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION own(); UPDATE crm.lead SET full_name = 'x' WHERE external_id = 'full'$$,
        'lead lost>lead never')
) AS c (label, statement, expected);
SELECT is(tried($$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bare'$$,
                $$SELECT stage || ' ' || furthest_stage || (SELECT ' ' || count(*) FROM crm.stage_event e WHERE e.lead_id = l.id AND e.to_stage = 'mql') FROM crm.lead l WHERE external_id = 'bare'$$),
          'mql mql 1', 'an accepted violation is a move like others');
SELECT throws_ok('SET leadflow.on_violation = ignore', '22023', NULL, 'there is no way to ignore');

-- an error inside a criterion says which one it was
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('engaged', 'ratio', 'x', '10 / budget > 1');
CREATE FUNCTION context_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; context text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, context = PG_EXCEPTION_CONTEXT;
    RETURN state || ' ' || context;
END $$;
SELECT matches(context_of($$INSERT INTO crm.lead (source, budget) VALUES ('x', 0)$$), '22012 .*ratio', 'an error at run time names the criterion');
SELECT is(tried($$INSERT INTO crm.lead (source, budget) VALUES ('x', 2)$$), '00000', 'the session goes on after an error in a criterion');
DELETE FROM crm.standard WHERE criterion = 'ratio';

-- opportunities
SELECT is(tried(c.statement, $$SELECT (SELECT string_agg(o.stage || '/' || coalesce(o.furthest_stage::text, 'never') || coalesce('/' || o.closed_at::date, ''), ' ' ORDER BY o.id) FROM crm.opportunity o)
        || (SELECT '; lead ' || stage || ' ' || stage_since::date FROM crm.lead WHERE external_id = 'full')$$), c.expected, c.label)
FROM (VALUES
    ('a new opportunity takes its lead along', $$INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE external_id = 'full'$$,
        'opportunity/opportunity; lead opportunity 2026-03-02'),
    ('one without lead and account', $$INSERT INTO crm.opportunity (source) VALUES ('t')$$, '23514 buyer'),
    ('one before its time', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'sal' FROM ids WHERE external_id = 'full'$$, '23514 opportunity_stage_check'),
    ('a lead that is not ready', $$INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE external_id = 'bare'$$, '23514 target_role'),
    ('an offer without amount', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'proposal' FROM ids WHERE external_id = 'full'$$, '23514 amount'),
    ('won', $$INSERT INTO crm.opportunity (source, lead_id, stage, amount, expected_close) SELECT 't', id, 'won', 1, '2026-03-09' FROM ids WHERE external_id = 'full'$$,
        'won/won/2026-03-02; lead won 2026-03-02'),
    ('a leaf of an opportunity moves the lead to the spine stage', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'budget.round_b' FROM ids WHERE external_id = 'full'$$,
        'budget.round_b/budget; lead budget 2026-03-02'),
    ('lost does not take the lead along', $$INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET stage = 'lost', reason = 'no_budget'$$, 'lost/opportunity/2026-03-02; lead opportunity 2026-03-02'),
    ('reopened', $$INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET stage = 'lost', reason = 'no_budget'; UPDATE crm.opportunity SET stage = 'opportunity', reason = 'other', reason_note = 'x'$$,
        'opportunity/opportunity; lead opportunity 2026-03-02'),
    ('a second opportunity behind the lead', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'value' FROM ids WHERE external_id = 'full';
        INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE external_id = 'full'$$,
        'value/value opportunity/opportunity; lead value 2026-03-02'),
    ('the writer closes at another time', $$INSERT INTO crm.opportunity (source, lead_id, stage, amount, expected_close, closed_at) SELECT 't', id, 'won', 1, '2026-03-09', '2026-02-20' FROM ids WHERE external_id = 'full'$$,
        'won/won/2026-02-20; lead won 2026-03-02'),
    ('closed_at of an open one', $$INSERT INTO crm.opportunity (source, lead_id, closed_at) SELECT 't', id, '2026-02-20' FROM ids WHERE external_id = 'full'$$,
        'opportunity/opportunity; lead opportunity 2026-03-02'),
    ('closed_at stays while the stage does', $$INSERT INTO crm.opportunity (source, lead_id, stage, amount, expected_close) SELECT 't', id, 'won', 1, '2026-03-09' FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET closed_at = '2020-01-01'$$, 'won/won/2026-03-02; lead won 2026-03-02'),
    ('won to onboarding', $$INSERT INTO crm.opportunity (source, lead_id, stage, amount, expected_close, stage_since) SELECT 't', id, 'won', 1, '2026-03-09', '2026-03-01 12:00+00' FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET stage = 'onboarding'$$, 'onboarding/onboarding/2026-03-01; lead onboarding 2026-03-02'),
    ('history: the lead moves when the opportunity did', $$INSERT INTO crm.opportunity (source, lead_id, stage_since) SELECT 't', id, '2026-03-01 15:00+00' FROM ids WHERE external_id = 'full'$$,
        'opportunity/opportunity; lead opportunity 2026-03-01'),
    ('history: but not before its own stage began', $$INSERT INTO crm.opportunity (source, lead_id, stage_since) SELECT 't', id, '2026-02-20 15:00+00' FROM ids WHERE external_id = 'full'$$,
        'opportunity/opportunity; lead opportunity 2026-03-01'),
    ('history: a lost deal', $$INSERT INTO crm.opportunity (source, lead_id, stage, reason) SELECT 't', id, 'lost', 'no_budget' FROM ids WHERE external_id = 'full'$$,
        'lost/never/2026-03-02; lead lead 2026-03-01'),
    ('in mode park the lead that may not is parked, and with it the opportunity', $$SET LOCAL leadflow.on_violation = park;
        INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids$$, 'opportunity/opportunity; lead opportunity 2026-03-02'),
    ('a lead that was disqualified is not brought back by an opportunity', $$UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE external_id = 'full';
        INSERT INTO crm.opportunity (source, account_id, lead_id) SELECT 't', NULL, id FROM ids WHERE external_id = 'full'$$, '23514 reason'),
    ('a row of another lead', $$INSERT INTO crm.opportunity (source, lead_id) VALUES ('t', -1)$$, '23503 opportunity_lead_id_fkey'),
    ('identity', $$INSERT INTO crm.opportunity (source, external_id, lead_id) SELECT 't', 'o', id FROM ids WHERE external_id = 'full'; UPDATE crm.opportunity SET external_id = 'p'$$, '23514 identity'),
    ('backwards as listed', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'budget' FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET stage = 'opportunity', reason = 'no_budget'$$, 'opportunity/budget; lead budget 2026-03-02'),
    ('backwards as not listed', $$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'value' FROM ids WHERE external_id = 'full';
        UPDATE crm.opportunity SET stage = 'opportunity', reason = 'no_budget'$$, '23514 transition')
) AS c (label, statement, expected);
SELECT is(tried($$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'value' FROM ids WHERE external_id = 'full'$$,
                $$SELECT string_agg(subject || ':' || coalesce(from_stage::text, '-') || '>' || to_stage || CASE WHEN implied THEN '*' ELSE '' END, ' ' ORDER BY id)
                    FROM crm.stage_event WHERE opportunity_id IS NOT NULL$$),
          'opportunity:->opportunity* opportunity:opportunity>budget* opportunity:budget>value', 'history of an opportunity begins where opportunities do');
SELECT is(tried($$INSERT INTO crm.opportunity (source, lead_id, stage) SELECT 't', id, 'value' FROM ids WHERE external_id = 'full'$$,
                $$SELECT count(*)::text FROM crm.stage_event e, ids i WHERE e.opportunity_id IS NOT NULL AND e.lead_id = i.id AND i.external_id = 'full'$$),
          '3', 'and names the lead');

-- forgetting
INSERT INTO crm.touch (lead_id, kind, direction, note, outcome, content, external_id) SELECT id, 'call', 'outbound', 'Ada said', 'will think', 'brochure', 'c1' FROM ids WHERE external_id = 'full';
UPDATE crm.lead SET stage = 'lost', reason = 'competitor', reason_note = 'Ada likes Globex' WHERE external_id = 'full';
SET leadflow.on_violation = park;
UPDATE crm.lead SET stage = 'mql', full_name = 'Ada Bare' WHERE external_id = 'bare';
INSERT INTO crm.lead (source, full_name, stage) VALUES ('noid', 'Nameless Ada', 'lead');
UPDATE crm.lead SET stage = 'mql' WHERE source = 'noid';
RESET leadflow.on_violation;
SELECT lives_ok(format($$SELECT leadflow.forget('crm', %s)$$, id), 'forget a lead') FROM crm.lead;
SELECT is((SELECT count(*) FROM crm.lead l WHERE l::text ~* 'ada|example'), 0::bigint, 'nothing of the person in lead');
SELECT is((SELECT count(*) FROM crm.stage_event e WHERE e::text ~* 'ada '), 0::bigint, 'nor in the history');
SELECT is((SELECT count(*) FROM crm.touch t WHERE t::text ~* 'ada |think'), 0::bigint, 'nor in the touches');
SELECT is((SELECT string_agg(q.parked_row ->> 'full_name', ',') FROM crm.quarantine q), NULL, 'nor in the quarantine');
SELECT is((SELECT count(*) FROM crm.stage_event WHERE to_stage = 'lost'), 1::bigint, 'what happened stays');
SELECT throws_ok($$SELECT leadflow.forget('crm', -1)$$, 'P0002', NULL, 'there must be such a lead');
SELECT throws_ok('DELETE FROM crm.lead', '23514', NULL, 'after a lead was forgotten history is append-only again');
SELECT is(tried($$DO 'BEGIN BEGIN PERFORM leadflow.forget(''crm'', -1); EXCEPTION WHEN OTHERS THEN NULL; END; DELETE FROM crm.stage_event; END'$$),
          '23514 append_only', 'also after one that failed');

SELECT * FROM finish();
