-- Changes of definitions that are proposed, tried, approved and applied; faults and reviews of definitions
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql
SET search_path = crm, public;

-- roles are shared by the databases of a server: names of this run's own
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set marta :p _marta
\set mila :p _mila
\set sara :p _sara
\set rita :p _rita
\set rob :p _rob
\set cleo :p _cleo
\set gone :p _gone
\set reader :p _reader
CREATE ROLE :marta; CREATE ROLE :mila; CREATE ROLE :sara; CREATE ROLE :rita; CREATE ROLE :rob; CREATE ROLE :cleo; CREATE ROLE :gone; CREATE ROLE :reader;
SELECT format('GRANT TEMP ON DATABASE %I TO %I, %I, %I', current_database(), :'marta', :'mila', :'sara') \gexec
SELECT leadflow.grant_workspace('crm', r, a) FROM (VALUES (:'marta'::name, 'marketing'), (:'mila', 'marketing'), (:'sara', 'sales'), (:'rita', 'revops'),
    (:'rob', 'revops'), (:'cleo', 'sales'), (:'gone', 'sales'), (:'reader', 'read')) t (r, a) \g /dev/null
INSERT INTO team_member (member, team, department, active) VALUES (:'marta', 'demand', 'marketing', true), (:'mila', 'demand', 'marketing', true),
    (:'sara', 'inbound', 'sales', true), (:'rita', 'ops', 'revops', true), (:'rob', 'ops', 'revops', true), (:'cleo', 'care', 'customer', true), (:'gone', 'inbound', 'sales', false);

-- as_role(role, statement, query): runs a statement as a role and gives the result of the last of both, or the state and constraint of its error, and then undoes it
CREATE FUNCTION as_role(who text, statement text, query text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; con text; seen text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE statement INTO seen;
        IF query IS NOT NULL THEN
            EXECUTE query INTO seen;
        END IF;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, con = CONSTRAINT_NAME;
    END;
    RETURN CASE WHEN state = 'ZZ000' THEN seen ELSE concat_ws(' ', state, nullif(con, '')) END;
END $$;

SET leadflow.clock = '2026-07-01 00:00+00';

-- leads: ten with two signs of interest, five of them became MQLs, two were won; ten with one sign
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, full_name, role, email, verified)
SELECT timestamptz '2026-05-01', timestamptz '2026-05-01', timestamptz '2026-05-01', CASE WHEN n <= 2 THEN 'won' WHEN n <= 5 THEN 'mql' ELSE 'lead' END::leadflow.stage, 't', n, 'L ' || n, 'CEO', 'l' || n || '@x.example', true
FROM generate_series(1, 20) n ORDER BY n;
INSERT INTO touch (at, recorded_at, lead_id, kind, direction) SELECT timestamptz '2026-05-02', timestamptz '2026-05-02', n, 'web_visit', 'inbound' FROM generate_series(1, 20) n;
INSERT INTO touch (at, recorded_at, lead_id, kind, direction) SELECT timestamptz '2026-05-03', timestamptz '2026-05-03', n, 'form_submit', 'inbound' FROM generate_series(1, 10) n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant)
SELECT timestamptz '2026-05-01', timestamptz '2026-05-01', n, 1, false, 'lead', NULL, 'lead'::leadflow.stage, 'x', 'x', '*' FROM generate_series(1, 20) n
UNION ALL SELECT timestamptz '2026-05-04', timestamptz '2026-05-04', n, 1, false, 'lead', 'lead', 'mql'::leadflow.stage, 'x', 'x', '*' FROM generate_series(1, 5) n
UNION ALL SELECT timestamptz '2026-06-04', timestamptz '2026-06-04', n, 1, false, 'lead', 'mql', 'won'::leadflow.stage, 'x', 'x', '*' FROM generate_series(1, 2) n ORDER BY 1;
ALTER TABLE lead ENABLE TRIGGER USER;
ALTER TABLE touch ENABLE TRIGGER USER;
ALTER TABLE stage_event ENABLE TRIGGER USER;

\set one_signal '''{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}, "row": {"expression": "signals >= 1"}}'''

-- proposed by marketing, which may not write the standard
SET ROLE :marta;
SELECT leadflow.propose('crm', 'standard', :one_signal, 'we send too few', '2026-07-10') AS id \gset
SELECT is((SELECT concat_ws('|', operation, old_row ->> 'expression', new_row ->> 'expression', proposed_at, department, status, in_force_at, waits_for, backtest_note) FROM proposals WHERE id = :id),
          'update|signal_kinds >= 2|signals >= 1|2026-07-01 00:00:00+00|marketing|proposed|2026-07-10 00:00:00+00|sales', 'a proposal waits for the other department');
SELECT is((SELECT proposed_by FROM proposals WHERE id = :id), :'marta', 'who proposed it');
SELECT is((SELECT backtest ->> 'from' || ' ' || (backtest ->> 'to') FROM proposals WHERE id = :id), '2026-04-02T00:00:00+00:00 2026-07-01T00:00:00+00:00', 'it was tried on 90 days');
SELECT is((SELECT string_agg(concat_ws(' ', r ->> 'rule', r ->> 'mqls', r ->> 'won'), ', ') FROM proposals, jsonb_array_elements(backtest -> 'rows') r WHERE id = :id),
          'in force 5 2, proposed 20 2, both 5 2, only in force 0 0, only proposed 15 0', 'every lead with a sign would have been handed over');
RESET ROLE;
SELECT is((SELECT expression FROM standard WHERE criterion = 'two_signals'), 'signal_kinds >= 2', 'it was taken back');
SELECT is((SELECT count(*) FROM definition_change WHERE definition = 'standard' AND operation = 'UPDATE'), 0::bigint, 'and left no version');
SELECT ok(to_regclass('pg_temp.leadflow_trial') IS NULL, 'nor a copy');
SELECT is((SELECT backtest -> 'rows' FROM proposals WHERE id = :id),
    (SELECT jsonb_agg(to_jsonb(b)) FROM leadflow.backtest('crm', (SELECT backtest ->> 'rule' FROM proposals WHERE id = :id), '2026-04-02', '2026-07-01') b), 'the back-test is that of its rule');

-- who may decide
SELECT is(as_role(who, format('SELECT leadflow.approve(''crm'', %s)', :id)), expected, label) FROM (VALUES
    (:'marta', '42501', 'not who proposed it'), (:'mila', 'proposed', 'her department has agreed by that already'), (:'sara', 'approved', 'sales has'),
    (:'rita', 'approved', 'revops alone has'), (:'cleo', '42501', 'not a department that has no say'), (:'gone', '42501', 'not who has left'), (:'reader', '42501', 'not a reader')) t (who, expected, label);
SELECT is(as_role(:'sara', format('SELECT leadflow.reject(''crm'', %s, ''no'')', :id)), 'rejected', 'it may be rejected');
SELECT is(as_role(:'sara', format('SELECT leadflow.reject(''crm'', %s, r)', :id) || ' FROM (VALUES (NULL)) t (r)'), '23514 rejection_says_why', 'not without a reason');
SELECT is(as_role(:'marta', format('SELECT leadflow.withdraw(''crm'', %s)', :id)), 'withdrawn', 'who proposed it may withdraw it');
SELECT is(as_role(:'mila', format('SELECT leadflow.withdraw(''crm'', %s)', :id)), '42501', 'nobody else');
SELECT is(as_role(:'sara', 'SELECT leadflow.approve(''crm'', 4711)'), 'P0002', 'a proposal that there is not');
SELECT is(as_role(:'sara', 'INSERT INTO crm.proposal_decision (proposal_id, actor, decision, department, decided_at) VALUES (1, ''mallory'', ''approve'', ''revops'', ''1999-01-01'') RETURNING concat_ws('' '', actor, department, decided_at)'),
          :'sara' || ' sales 2026-07-01 00:00:00+00', 'nobody decides in another''s name');
SELECT is(as_role(:'rita', 'INSERT INTO crm.proposal (definition, operation, new_row, reason, in_force_from, proposed_by, proposed_at, department, applied_at, backtest)
    VALUES (''free_mail_domain'', ''insert'', ''{"domain": "a.example"}'', ''x'', now(), ''mallory'', now(), ''sales'', now(), ''{}'') RETURNING concat_ws('' '', proposed_by, department, applied_at, backtest)'),
    :'rita' || ' revops', 'nor proposes in one');
SELECT is(as_role(:'sara', 'UPDATE crm.proposal SET new_row = ''{}'''), '42501', 'a proposal stays what it is');

-- approved, in force from a date
SELECT is((SELECT count(*) FROM leadflow.apply_proposals('crm')), 0::bigint, 'what is not approved is not applied');
SET ROLE :sara;
SELECT is(leadflow.approve('crm', :id, 'for a quarter'), 'approved', 'sales agrees');
SELECT is(as_role(:'sara', format('SELECT leadflow.approve(''crm'', %s)', :id)), '23505 proposal_decision_pkey', 'once');
RESET ROLE;
SELECT is((SELECT concat_ws('|', status, approved_by, waits_for, decided_at, note) FROM proposals WHERE id = :id), 'approved|' || :'sara' || ' (sales)|2026-07-01 00:00:00+00|for a quarter', 'it is approved');
SELECT is(tried('UPDATE proposal_decision SET decision = ''reject'', note = ''x'''), '23514 append_only', 'what was decided stays');
SELECT is((SELECT count(*) FROM leadflow.apply_proposals('crm')), 0::bigint, 'it is not in force yet');
SET leadflow.clock = '2026-07-10 00:00+00';
SELECT is(as_role(:'sara', 'SELECT leadflow.apply_proposals(''crm'')'), '42501', 'sales cannot apply it');
SELECT is(as_role(:'rita', 'SELECT a.id || '' '' || COALESCE(a.fault, ''-'') FROM leadflow.apply_proposals(''crm'') a'), :id || ' -', 'revops can');
SELECT leadflow.sweep('crm') \g /dev/null
SELECT is((SELECT expression FROM standard WHERE criterion = 'two_signals'), 'signals >= 1', 'a sweep applies it');
SELECT is((SELECT concat_ws('|', status, applied_at, applied_version = (SELECT max(version) FROM definition_change WHERE definition = 'standard'), fault) FROM proposals WHERE id = :id),
          'applied|2026-07-10 00:00:00+00|t', 'and says so');
SELECT is((SELECT reason FROM definition_change WHERE version = (SELECT applied_version FROM proposals WHERE id = :id)), format('proposal %s of %s: we send too few', :id, :'marta'), 'the recorder knows why');
SELECT is(current_setting('leadflow.change_reason'), '', 'which is forgotten afterwards');
SELECT is((SELECT count(*) FROM leadflow.apply_proposals('crm')), 0::bigint, 'once');
SELECT is(as_role(:'rita', format('SELECT leadflow.reject(''crm'', %s, ''late'')', :id)), '55000', 'what is applied is not decided on any more');

-- what is refused at once: by who may write the definition with its own error, by others as far as a copy tells
SELECT is(as_role(r.who, format('SELECT leadflow.propose(''crm'', %L, %L, ''x'')', t.definition, t.change)), CASE r.n WHEN 1 THEN t.writer ELSE t.other END, t.label || ', ' || r.n)
FROM (VALUES (1, :'rita'), (2, :'marta')) r (n, who) CROSS JOIN (VALUES
    ('standard', '{"operation": "insert", "row": {"stage": "sql", "criterion": "Bad Name", "requirement": "x", "expression": "true"}}', '23514 standard_criterion_check', '23514 standard_criterion_check', 'a check'),
    ('standard', '{"operation": "insert", "row": {"stage": "sql", "criterion": "x", "expression": "true"}}', '23502', '23502', 'a column that is owed'),
    ('standard', '{"operation": "insert", "row": {"stage": "nonsense", "criterion": "x", "requirement": "x", "expression": "true"}}', '22P02', '22P02', 'a stage that there is not'),
    ('standard', '{"operation": "insert", "row": {"stage": "sql", "criterion": "budget", "requirement": "x", "expression": "true"}}', '23505 standard_pkey', '23505 leadflow_trial_pkey', 'a key that is taken'),
    ('standard', '{"operation": "insert", "row": {"stage": "sql", "criterion": "x", "requirement": "x", "expression": "no_such_column > 1"}}', '42703', '42703', 'an expression that does not compile'),
    ('standard', '{"operation": "insert", "row": {"stage": "mql", "criterion": "x", "requirement": "x", "expression": "no_such_column > 1"}}', '42703', '42703', 'one that the back-test reads'),
    ('standard', '{"operation": "insert", "row": {"stage": "mql", "criterion": "x", "requirement": "x", "expression": "true) OR (true"}}', '42601', '42601', 'one that would open the others'),
    ('score_feature', '{"operation": "insert", "row": {"feature": "x", "object": "lead", "kind": "number", "expression": "role", "meaning": "x"}}', '42804', '42804', 'one of another type'),
    ('routing_rule', '{"operation": "insert", "row": {"rule": "x", "pool": "y", "condition": "nonsense"}}', '42703', '42703', 'a condition'),
    ('standard', '{"operation": "insert", "row": {"colour": "red"}}', '42703', '42703', 'a column that there is not'),
    ('standard', '{"operation": "update", "key": {"criterion": "budget"}, "row": {"position": 1}}', '22023', '22023', 'a part of the key'),
    ('standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "sql", "criterion": "gone"}, "row": {"position": 1}}', 'P0002', 'P0002', 'a row that there is not'),
    ('standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "sql", "criterion": "budget"}, "row": {}}', '22023', '22023', 'no change'),
    ('standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "sql", "criterion": "budget"}}', '23514 row_to_write', '23514 row_to_write', 'no row'),
    ('standard', '{"operation": "insert", "key": {}, "row": {}}', '23514 key_of_a_row', '23514 key_of_a_row', 'a key of what is new'),
    ('standard', '{"operation": "delete", "key": "budget"}', '23514 proposal_key_check', '23514 proposal_key_check', 'a key that is none'),
    ('standard', '{"operation": "drop"}', '22023', '22023', 'another operation'),
    ('standard', '{"operation": "delete", "key": {}, "sql": "x"}', '22023', '22023', 'another member'),
    ('standard', '[]', '22023', '22023', 'not an object'),
    ('nurture_track', '{"operation": "delete", "key": {"track": "stay_in_touch"}}', NULL, NULL, 'a track that no reason names'),
    ('nurture_track', '{"operation": "delete", "key": {"track": "not_reached"}}', '23503 reason_nurture_track_fkey', NULL, 'one that a reason names'),
    ('transition', '{"operation": "insert", "row": {"from_stage": "sql", "to_stage": "mql"}}', NULL, NULL, 'a number that PostgreSQL gives'),
    ('transition', '{"operation": "insert", "row": {"id": 5, "from_stage": "sql", "to_stage": "mql"}}', '428C9', '428C9', 'one that it does not let give'),
    ('routing_rule', '{"operation": "insert", "row": {"rule": "x", "pool": "y", "catch_all": "z"}}', '428C9', '428C9', 'a column that it fills'),
    ('lead', '{"operation": "insert", "row": {}}', '42P01', '42P01', 'not a definition'),
    ('score_model_point', '{"operation": "insert", "row": {}}', '42P01', '42P01', 'what is learnt is not proposed'),
    ('pg_class', '{"operation": "insert", "row": {}}', '42P01', '42P01', 'a table of another schema')) t (definition, change, writer, other, label)
WHERE CASE r.n WHEN 1 THEN t.writer ELSE t.other END IS NOT NULL;
SELECT is(split_part(as_role(r.who, format('SELECT leadflow.propose(''crm'', %L, %L, ''x'') > 0', t.definition, t.change)), ' ', 1), 'true', t.label || ', ' || r.n)
FROM (VALUES (1, :'rita'), (2, :'marta')) r (n, who) CROSS JOIN (VALUES
    ('nurture_track', '{"operation": "delete", "key": {"track": "stay_in_touch"}}', 'a track that no reason names may go'),
    ('transition', '{"operation": "insert", "row": {"from_stage": "sql", "to_stage": "mql"}}', 'PostgreSQL gives a number'),
    ('stage_definition', '{"operation": "update", "key": {"stage": "sql", "variant": "*"}, "row": {"norm": "10 days", "labels": {"en": "SQL"}}}', 'spans and labels')) t (definition, change, label);
SELECT is(tried(statement), expected, label) FROM (VALUES
    ($$SELECT leadflow.propose('public', 'standard', '{}', 'x')$$, '42704', 'no workspace'),
    ($$SELECT leadflow.propose('crm', 'standard', NULL, 'x')$$, '22023', 'no change'),
    ($$SELECT leadflow.propose('crm', NULL, '{"operation": "insert", "row": {}}', 'x')$$, '22004', 'no definition'),
    ($$SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.y"}}', ' ')$$, '23514 proposal_reason_check', 'no reason'),
    ($$SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.y"}}', 'x', 'infinity')$$, '23514 proposal_in_force_from_check', 'never in force'),
    ($$SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.y"}}', 'x', now(), '-1 day')$$, '23514 proposal_backtest_over_check', 'a back-test over less than nothing'),
    ($$SELECT leadflow.apply_proposals(NULL)$$, '42704', 'of no workspace')) t (statement, expected, label);
SELECT is(as_role(:'reader', $$SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.y"}}', 'x')$$), '42501', 'a reader proposes nothing');

-- what is tried on the past, and what is not
UPDATE score_move SET active = true;
SELECT is(as_role(t.who, format($$SELECT leadflow.propose('crm', %L, %L, 'x', now(), %L)$$, t.definition, t.change, t.past),
    $$SELECT COALESCE(p.backtest_note, (SELECT string_agg(b ->> 'mqls', ' ') FROM jsonb_array_elements(p.backtest -> 'rows') b WHERE b ->> 'rule' IN ('in force', 'proposed'))) FROM crm.proposals p ORDER BY p.id DESC LIMIT 1$$), t.expected, t.label)
FROM (VALUES
    (:'rita', 'score_grade', '{"operation": "update", "key": {"component": "fit", "grade": "B"}, "row": {"at_least": 30}}', '90 days', '5 0', 'a threshold'),
    (:'rita', 'score_rule', '{"operation": "insert", "row": {"rule": "visits", "component": "behaviour", "points": 90, "touch_kinds": ["web_visit"], "meaning": "x"}}', '90 days', '5 0', 'points'),
    (:'marta', 'score_move', '{"operation": "update", "key": {"code": "ready_for_sales"}, "row": {"condition": "signals >= 2"}}', '90 days', '5 10', 'a move'),
    (:'rita', 'score_move', '{"operation": "update", "key": {"code": "ready_for_sales"}, "row": {"active": false}}', '90 days', 'no active score_move makes MQLs', 'no move'),
    (:'marta', 'score_grade', '{"operation": "update", "key": {"component": "fit", "grade": "B"}, "row": {"at_least": 30}}', '90 days', 'only who may write the definition can try it on the scores', 'a threshold that only others may write'),
    (:'rita', 'standard', '{"operation": "delete", "key": {"object": "lead", "variant": "*", "stage": "sql", "criterion": "budget"}}', '90 days', 'it does not say which leads become MQLs', 'a later stage'),
    (:'rita', 'standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}, "row": {"mode": "warn"}}', '90 days', '5 20', 'what only warns keeps nobody back'),
    (:'rita', 'standard', '{"operation": "insert", "row": {"variant": "cloud", "stage": "lead", "criterion": "x", "requirement": "x", "expression": "true -- always"}}', '90 days', '0 0', 'a variant that no lead has'),
    (:'rita', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.y"}}', '90 days', 'it does not say which leads become MQLs', 'something else'),
    (:'rita', 'standard', '{"operation": "delete", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}}', NULL, 'none was asked for', 'not wanted')) t (who, definition, change, past, expected, label);

-- whom a criterion would hold up: three leads are MQLs with two signs of interest, and go on to be contacted
SELECT is(as_role(t.who, format($$SELECT leadflow.propose('crm', 'standard', %L, 'x', now(), NULL)$$, t.change), $$SELECT held_up FROM crm.proposals ORDER BY id DESC LIMIT 1$$), t.expected, t.label || ', ' || (t.who = :'rita'))
FROM (SELECT r.who, format('{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}, "row": %s}', c.change) AS change, c.expected, c.label
      FROM (VALUES (:'rita'), (:'marta')) r (who) CROSS JOIN (VALUES
          ('{"expression": "signals >= 3"}', '3', 'a stricter criterion'), ('{"expression": "signals >= 1"}', '0', 'a looser one'),
          ('{"expression": "signals >= 3 OR stage > ''mql''"}', '0', 'one that lets go on who was handed over'), ('{"expression": "NULL::boolean"}', '3', 'what is not known is not met'),
          ('{"expression": "signals >= 3", "mode": "warn"}', NULL, 'one that only warns'), ('{"requirement": "x"}', '0', 'other words')) c (change, expected, label)
      UNION ALL
      SELECT :'rita', c.change, c.expected, c.label
      FROM (VALUES
          ('{"operation": "insert", "row": {"variant": "cloud", "stage": "mql", "criterion": "x", "requirement": "x", "expression": "false"}}', '0', 'of a variant that no lead has'),
          ('{"operation": "insert", "row": {"stage": "contacted", "criterion": "x", "requirement": "x", "expression": "false"}}', '0', 'of a stage that none has reached'),
          ('{"operation": "insert", "row": {"stage": "lead", "criterion": "x", "requirement": "x", "expression": "false"}}', '18', 'of all that are not won'),
          ('{"operation": "insert", "row": {"object": "opportunity", "stage": "proposal", "criterion": "x", "requirement": "x", "expression": "false"}}', NULL, 'of deals'),
          ('{"operation": "delete", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}}', NULL, 'one that is dropped')) c (change, expected, label)) t;
SELECT is((SELECT string_agg(DISTINCT session_actor, ',') FROM (SELECT session_actor FROM proposal UNION ALL SELECT session_actor FROM proposal_decision) s), SESSION_USER::text, 'the login behind the role is known');

-- the other ways to an agreement: revops proposes, one department of its own, somebody else than the proposer
SET ROLE :rita;
SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "x.example"}}', 'a new one') AS mail,
       leadflow.propose('crm', 'objection', '{"operation": "delete", "key": {"code": "just_looking"}}', 'never heard') AS objection,
       leadflow.propose('crm', 'exchange_rate', '{"operation": "insert", "row": {"currency": "USD", "valid_from": "2026-07-01", "rate": 0.9}}', 'the month') AS rate \gset
RESET ROLE;
SELECT is(as_role(t.who, format('SELECT leadflow.approve(''crm'', %s)', t.proposal)), t.expected, t.label) FROM (VALUES
    (:'rita', :mail, '42501', 'revops does not approve what it proposed by the same person'), (:'rob', :mail, 'approved', 'another one of revops may'), (:'marta', :mail, 'proposed', 'one department is not enough'),
    (:'sara', :objection, 'approved', 'what is that of one department only'), (:'marta', :objection, '42501', 'is not that of the other'),
    (:'rob', :rate, 'approved', 'revops among itself'), (:'sara', :rate, '42501', 'where it alone has a say')) t (who, proposal, expected, label);
SELECT is((SELECT string_agg(waits_for, '; ' ORDER BY id) FROM proposals WHERE id >= :mail), 'marketing, sales; sales; somebody else', 'whom they wait for');

-- what stands in the way when it is to be applied
SET ROLE :rob;
SELECT leadflow.approve('crm', :mail), leadflow.approve('crm', :objection), leadflow.approve('crm', :rate) \g /dev/null
RESET ROLE;
INSERT INTO free_mail_domain VALUES ('x.example');
UPDATE objection SET active = false WHERE code = 'just_looking';
SELECT results_eq($$SELECT id, version IS NOT NULL, left(fault, 5) FROM leadflow.apply_proposals('crm')$$,
    format($$VALUES (%s::bigint, false, '23505'), (%s, false, '55000'), (%s, true, NULL)$$, :mail, :objection, :rate), 'one fault does not stop the others');
SELECT is((SELECT string_agg(status, ' ' ORDER BY id) FROM proposals WHERE id >= :mail), 'failed failed applied', 'they failed');
DELETE FROM free_mail_domain WHERE domain = 'x.example';
UPDATE objection SET active = true WHERE code = 'just_looking';
SELECT is((SELECT count(fault) || ' ' || count(version) FROM leadflow.apply_proposals('crm')), '0 2', 'and are tried again');
SELECT is((SELECT string_agg(definition || ' ' || operation, ', ' ORDER BY version) FROM definition_change WHERE version IN (SELECT applied_version FROM proposals WHERE id >= :mail)),
          'exchange_rate INSERT, free_mail_domain INSERT, objection DELETE', 'each in its version');
SET ROLE :rita;
SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "update", "key": {"domain": "x.example"}, "row": {"domain": "x.example"}}', 'the same') AS same \gset
SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "update", "key": {"domain": "x.example"}, "row": {"domain": "y.example"}}', 'another key') AS other \gset
RESET ROLE;
SET ROLE :rob;
SELECT leadflow.approve('crm', :same), leadflow.approve('crm', :other) \g /dev/null
SELECT is((SELECT string_agg(id || ' ' || COALESCE(fault, '-'), ', ' ORDER BY id) FROM leadflow.apply_proposals('crm')), :same || ' -, ' || :other || ' -', 'a new key');
RESET ROLE;
SELECT is((SELECT string_agg(domain, ',') FROM free_mail_domain WHERE domain LIKE '%.example'), 'y.example', 'is written');
SELECT is((SELECT applied_by FROM proposals WHERE id = :other), :'rob', 'by whoever applied it');

-- definitions that contradict each other, or do nothing
SET leadflow.clock = '2026-07-01 00:00+00';
SELECT is_empty($$SELECT * FROM definition_faults WHERE fault NOT IN ('promise_never_starts', 'reason_never_used')$$, 'what a workspace begins with has no contradictions');
CREATE FUNCTION faults(kinds text DEFAULT 'broken_expression,field_is_gone,looser_without_reason') RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE(string_agg(concat_ws(' ', fault, definition, key ->> 'variant', key ->> 'policy', key ->> 'criterion', key ->> 'field', key ->> 'rule', key ->> 'code'), ', ' ORDER BY fault, definition, key), 'none')
    FROM crm.definition_faults WHERE fault = ANY (string_to_array(kinds, ','))
$$;
SELECT is(tried(statement, 'SELECT faults()'), expected, label) FROM (VALUES
    ($$INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'budget', 'x', 'budget > 0 AND budget < 1000')$$, 'none', 'a variant may ask for more'),
    ($$INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'budget', 'x', 'budget IS NULL')$$, 'looser_without_reason standard cloud budget', 'or for something else, with a reason'),
    ($$INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'budget', 'x', 'budget > 0 AND budget < 1000 OR true')$$, 'looser_without_reason standard cloud budget', 'OR lets others in'),
    ($$SET LOCAL leadflow.change_reason = 'small deals'; INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'budget', 'x', 'true')$$, 'none', 'which is given here'),
    ($$SET LOCAL leadflow.change_reason = 'small deals'; INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'budget', 'x', 'true');
       SET LOCAL leadflow.change_reason = ''; UPDATE standard SET mode = 'warn' WHERE variant = 'cloud'$$, 'looser_without_reason standard cloud budget', 'but not for what was loosened after it'),
    ($$INSERT INTO standard (variant, stage, criterion, requirement, expression, mode) VALUES ('cloud', 'sql', 'budget', 'x', 'budget > 0', 'warn')$$, 'looser_without_reason standard cloud budget', 'a criterion that only warns'),
    ($$INSERT INTO standard (variant, stage, criterion, requirement, expression) VALUES ('cloud', 'sql', 'another', 'x', 'true')$$, 'none', 'a criterion of its own'),
    ($$INSERT INTO stage_definition (stage, variant, meaning, team, norm) VALUES ('sql', 'cloud', 'x', 'sales', '13 days')$$, 'none', 'a shorter norm'),
    ($$INSERT INTO stage_definition (stage, variant, meaning, team, norm) VALUES ('sql', 'cloud', 'x', 'sales', '15 days')$$, 'looser_without_reason stage_definition cloud', 'a longer norm'),
    ($$INSERT INTO stage_definition (stage, variant, meaning, team) VALUES ('sql', 'cloud', 'x', 'sales')$$, 'looser_without_reason stage_definition cloud', 'no norm'),
    ($$SET LOCAL leadflow.change_reason = 'big deals'; INSERT INTO stage_definition (stage, variant, meaning, team, norm) VALUES ('sql', 'cloud', 'x', 'sales', '20 days'); SET LOCAL intervalstyle = 'iso_8601'$$, 'none', 'with a reason, however spans are written'),
    ($$SET LOCAL leadflow.change_reason = 'big deals'; INSERT INTO stage_definition (stage, variant, meaning, team, norm) VALUES ('sql', 'cloud', 'x', 'sales', '20 days'); SET LOCAL leadflow.change_reason = ''; UPDATE stage_definition SET norm = '30 days' WHERE variant = 'cloud'$$, 'looser_without_reason stage_definition cloud', 'which was for a shorter one'),
    ($$SET LOCAL leadflow.change_reason = 'far away'; INSERT INTO sla_policy (policy, variant, metric, starts_on_stage, stops_on_stage, target, measure, promise) VALUES ('new_mql', 'cloud', 'first_response', 'mql', 'sal', '36:00', 'elapsed', 'x'); SET LOCAL intervalstyle = 'sql_standard'$$, 'none', 'a longer promise with a reason'),
    ($$INSERT INTO sla_policy (policy, variant, metric, starts_on_stage, stops_on_stage, target, measure, promise) VALUES ('new_mql', 'cloud', 'first_response', 'mql', 'sal', '12:00', 'elapsed', 'x')$$, 'none', 'a shorter promise'),
    ($$INSERT INTO sla_policy (policy, variant, metric, starts_on_stage, stops_on_stage, target, measure, promise) VALUES ('new_mql', 'cloud', 'first_response', 'mql', 'sal', '25:00', 'elapsed', 'x')$$, 'looser_without_reason sla_policy cloud new_mql', 'a longer one'),
    ($$INSERT INTO transition (variant, from_stage, to_stage) VALUES ('cloud', 'sql', 'contacted')$$, 'looser_without_reason transition', 'a move of a variant'),
    ($$INSERT INTO transition (variant, from_stage, to_stage, reason_required) VALUES ('cloud', 'sql', 'nurture', true)$$, 'none', 'one that all may'),
    ($$INSERT INTO transition (variant, from_stage, to_stage, reason_required) VALUES ('cloud', 'sql', 'nurture', false)$$, 'looser_without_reason transition', 'without a reason'),
    ($$ALTER TABLE lead RENAME urgency TO hurry$$, 'broken_expression score_feature, broken_expression standard * rested', 'criteria whose column has another name')) t (statement, expected, label);
ALTER TABLE lead ADD COLUMN fleet integer;
INSERT INTO field_owner (object, field, team, meaning) VALUES ('lead', 'fleet', 'sales', 'cars');
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('cars', 'fit', 5, 'fleet > 3', 'x');
INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('fleet', 'number', 'fleet', 'x');
SELECT is(faults(), 'none', 'a column of the company');
ALTER TABLE lead DROP COLUMN fleet;
SELECT is(faults(), 'broken_expression score_feature, broken_expression score_rule cars, field_is_gone field_owner fleet', 'that is gone');
DELETE FROM field_owner WHERE field = 'fleet'; DELETE FROM score_rule WHERE rule = 'cars'; DELETE FROM score_feature WHERE feature = 'fleet';

-- promises that are not owed, reasons that are not given
SELECT is(tried('UPDATE sla_policy SET active = policy = ''new_mql''', 'SELECT faults(''promise_never_starts'')'), 'none', 'history is too short to say');
SELECT is(tried('UPDATE sla_policy SET active = policy = ''new_mql''; SET LOCAL leadflow.clock = ''2100-01-01 00:00+00''', 'SELECT faults(''promise_never_starts'')'), 'promise_never_starts sla_policy * new_mql', 'a promise that was never owed for 90 days');
SELECT is(tried($$UPDATE sla_policy SET active = policy IN ('new_mql', 'cadence'); INSERT INTO sla_policy (policy, metric, position, starts_on_stage, stops_on_stage, target, measure, promise) VALUES ('late', 'first_response', 99, 'mql', 'sal', '1:00', 'elapsed', 'x')$$,
    $$SELECT faults('promise_never_starts')$$), 'promise_never_starts sla_policy * late', 'a promise that another comes before');
SELECT is(tried($$UPDATE sla_policy SET active = false; INSERT INTO sla_policy (policy, metric, starts_on_touch, stops_on_stage, target, measure, promise) VALUES ('fax', 'fax', '{fax}', 'sal', '1:00', 'elapsed', 'x')$$,
    $$SELECT faults('promise_never_starts')$$), 'promise_never_starts sla_policy * fax', 'a promise on a kind of touch that there is not');
SELECT is(tried($$UPDATE reason SET active = code IN ('no_need', 'spam'); SET LOCAL leadflow.clock = '2100-01-01 00:00+00'$$, $$SELECT faults('reason_never_used') || '; ' || (SELECT min(explanation) FROM crm.definition_faults WHERE fault = 'reason_never_used')$$),
          'reason_never_used reason no_need, reason_never_used reason spam; nobody has ever given reason no_need', 'reasons that nobody gives');

-- reviews
SELECT is((SELECT created_at FROM workspace) IS NOT NULL, true, 'a workspace has a beginning');
SELECT is(tried($$UPDATE workspace SET created_at = '2026-01-01 00:00+00'$$, $$SELECT concat_ws('|', approved_by, last_version, every_seconds, due_at, overdue) FROM crm.definition_reviews WHERE definition = 'pool'$$),
          'marketing, sales|15552000|2026-07-01 00:00:00+00|t', 'what nobody has looked at for half a year is due');
SELECT is(tried($$UPDATE workspace SET created_at = '2026-01-01 00:00+00'; INSERT INTO review_cycle (definition, every, team, confirmed_on, confirmed_by) VALUES ('pool', '3 months', 'sales', '2026-06-01', 'sara')$$,
          $$SELECT concat_ws('|', team, confirmed_on, confirmed_by, every_seconds, due_at, overdue) FROM crm.definition_reviews WHERE definition = 'pool'$$),
          'sales|2026-06-01|sara|7776000|2026-09-01 00:00:00+00|f', 'to confirm it is to look at it');
SELECT is((SELECT count(*) FROM definition_reviews WHERE definition = 'lead_merge'), 0::bigint, 'duplicates are looked for when somebody says how often');
SELECT is(tried($$UPDATE workspace SET created_at = '2026-01-01 00:00+00'; INSERT INTO review_cycle (definition, every, team) VALUES ('lead_merge', '1 month', 'sales')$$,
          $$SELECT concat_ws('|', team, every_seconds, due_at, overdue) FROM crm.definition_reviews WHERE definition = 'lead_merge'$$),
          'sales|2592000|2026-02-01 00:00:00+00|t', 'then it is due');
SELECT is(tried($$INSERT INTO review_cycle (definition, every, team) VALUES ('lead_merge', '1 month', 'sales');
                  INSERT INTO lead (source, external_id) VALUES ('t', 'twin'), ('t', 'other'); SELECT leadflow.merge('crm', a.id, b.id) FROM lead a, lead b WHERE a.external_id = 'twin' AND b.external_id = 'other'$$,
          $$SELECT concat_ws('|', last_changed_at = leadflow.clock(), last_changed_by, last_version, due_at = leadflow.clock() + interval '1 month', overdue) FROM crm.definition_reviews WHERE definition = 'lead_merge'$$),
          't|' || current_user || '|t|f', 'and a merge is a look');
SET leadflow.clock = '2100-01-01 00:00+00';
SELECT is((SELECT concat_ws('|', last_version = (SELECT max(version) FROM definition_change WHERE definition = 'standard'), due_at = last_changed_at + interval '6 months', overdue) FROM definition_reviews WHERE definition = 'standard'), 't|t|t', 'and so is to change it');
SELECT is((SELECT count(*) FROM definition_reviews WHERE NOT overdue), 0::bigint, 'in the end everything is overdue');
SELECT is(tried(statement), expected, expected) FROM (VALUES
    ($$INSERT INTO review_cycle (definition, every) VALUES ('x', '0')$$, '23514 review_cycle_every_check'),
    ($$INSERT INTO review_cycle (definition, approved_by) VALUES ('x', '{}')$$, '23514 review_cycle_approved_by_check'),
    ($$INSERT INTO review_cycle (definition, approved_by) VALUES ('x', '{legal}')$$, '23514 review_cycle_approved_by_check'),
    ($$INSERT INTO review_cycle (definition, confirmed_on) VALUES ('x', '2026-01-01')$$, '23514 confirmed_by_somebody'),
    ($$INSERT INTO review_cycle (definition, confirmed_on, confirmed_by) VALUES ('x', 'infinity', 'x')$$, '23514 review_cycle_confirmed_on_check')) t (statement, expected);

RESET ROLE;
DROP OWNED BY :marta, :mila, :sara, :rita, :rob, :cleo, :gone, :reader;
DROP ROLE :marta, :mila, :sara, :rita, :rob, :cleo, :gone, :reader;
SELECT * FROM finish();
