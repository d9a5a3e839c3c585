-- Definitions, scores and records under odd settings, with odd columns and by odd writers:
-- what is kept does not depend on who writes it, nor on what the session is set to.
SET client_min_messages = error;
SET timezone = 'UTC';
SET jit = off;
SET leadflow.clock = '2026-07-01 12:00+00';
SELECT leadflow.create_workspace('crm'), leadflow.create_workspace('sums') \g /dev/null
SELECT no_plan();

\ir common/tried.sql

-- roles are shared by the databases of a server: names of this run's own
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set marta :p _marta
\set sara :p _sara
\set rita :p _rita
CREATE ROLE :marta; CREATE ROLE :sara; CREATE ROLE :rita;
SELECT format('GRANT TEMP ON DATABASE %I TO %I, %I, %I', current_database(), :'marta', :'sara', :'rita') \gexec
SELECT leadflow.grant_workspace('crm', r, a) FROM (VALUES (:'marta'::name, 'marketing'), (:'sara', 'sales'), (:'rita', 'revops')) t (r, a) \g /dev/null
INSERT INTO crm.team_member (member, team, department) VALUES (:'marta', 'demand', 'marketing'), (:'sara', 'inbound', 'sales'), (:'rita', 'ops', 'revops'), ('eva', 'key', 'sales');
DELETE FROM crm.standard;
DELETE FROM sums.standard; DELETE FROM sums.sla_policy; DELETE FROM sums.score_rule; DELETE FROM sums.score_feature;

-- tried_as(role, statement, query): what tried gives, as a role
CREATE FUNCTION tried_as(who text, statement text, query text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT tried(format('SET LOCAL ROLE %I; %s', who, statement), query) $$;

/* when it was recorded, and by whom */

INSERT INTO crm.account (source, name) VALUES ('t', 'Acme');
INSERT INTO crm.campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO crm.lead (source, external_id, account_id) VALUES ('t', '1', 1), ('t', '2', 1);
INSERT INTO crm.opportunity (source, lead_id) VALUES ('t', 1);
INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, 'call', 'outbound');
UPDATE crm.lead SET stage = 'mql' WHERE id = 2;
INSERT INTO crm.hypothesis (hypothesis, question, owner, starts_on, ends_on, measure) VALUES ('h', 'x', 'x', '2026-01-01', '2026-12-31', 'x');
INSERT INTO crm.battlecard (battlecard, scenario, argument, owner, updated_on) VALUES ('b', 'x', 'x', 'x', '2026-01-01');

-- recorded(role, table, row, columns): what these columns say after the role has written others into a new row, and then again into the same
CREATE FUNCTION recorded(who text, name text, filled jsonb, columns text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    forged jsonb; written jsonb; rewritten jsonb; seen text;
BEGIN
    SELECT jsonb_object_agg(c, CASE c WHEN 'actor' THEN 'mallory' ELSE '1999-01-01' END) INTO forged FROM unnest(columns) c;
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE format('INSERT INTO crm.%1$I AS t (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::crm.%1$I, $1) RETURNING to_jsonb(t)', name, (SELECT string_agg(quote_ident(k), ', ') FROM jsonb_object_keys(filled || forged) k))
            INTO written USING filled || forged;
        EXECUTE format('UPDATE crm.%I t SET %s WHERE to_jsonb(t) = $1 RETURNING to_jsonb(t)', name, (SELECT string_agg(format('%I = %L', c, CASE c WHEN 'actor' THEN 'trudy' ELSE '1998-01-01' END), ', ') FROM unnest(columns) c))
            INTO rewritten USING written;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    END;
    SELECT string_agg(CASE WHEN v = who THEN 'herself' WHEN v = to_jsonb(now()) #>> '{}' THEN 'now' ELSE substring(v FROM '^(199.|[a-z]+)') END, ' ') INTO seen
      FROM unnest(columns) WITH ORDINALITY c (c, n), LATERAL (VALUES (1, written ->> c), (2, rewritten ->> c)) w (turn, v);
    RETURN seen;
END $$;
SELECT is(recorded(who, name, filled, columns) || ', by the owner ' || recorded(current_user, name, filled, columns),
          CASE columns WHEN '{recorded_at}' THEN 'now now, by the owner 1999 1998' WHEN '{actor}' THEN 'herself herself, by the owner mallory trudy'
              ELSE 'now now herself herself, by the owner 1999 1998 mallory trudy' END, 'writing ' || name || ' as ' || substring(who FROM '[a-z]+$') || ': when it was recorded, and by whom')
FROM (VALUES
    (:'sara', 'touch', '{"lead_id": 1, "kind": "call", "direction": "outbound"}'::jsonb, '{recorded_at}'::text[]),
    (:'marta', 'touch', '{"lead_id": 1, "kind": "call", "direction": "outbound", "actor": "x"}', '{recorded_at}'),
    (:'sara', 'intent_signal', '{"account_id": 1, "topic": "x"}', '{recorded_at}'),
    (:'marta', 'campaign_cost', '{"campaign_id": 1, "spent_on": "2026-06-01", "cost": 1}', '{recorded_at}'),
    (:'sara', 'transcript', '{"touch_id": 1, "words": "x"}', '{recorded_at}'),
    (:'sara', 'content_request', '{"lead_id": 1, "kind": "x", "wanted": "x"}', '{recorded_at}'),
    (:'marta', 'debrief', '{"opportunity_id": 1, "held_by": ["x"], "conclusions": "x"}', '{recorded_at}'),
    (:'sara', 'opinion', '{"lead_id": 1, "score": 5}', '{recorded_at}'),
    (:'sara', 'committee_member', '{"account_id": 1, "committee_role": "champion", "who": "x"}', '{recorded_at,actor}'),
    (:'marta', 'hypothesis_talk', '{"hypothesis": "h", "lead_id": 1, "supports": true}', '{recorded_at,actor}'),
    (:'sara', 'battlecard_feedback', '{"battlecard": "b", "helped": true}', '{recorded_at,actor}'),
    (:'sara', 'objection_heard', '{"objection": "too_expensive", "lead_id": 1}', '{recorded_at,actor}'),
    (:'sara', 'sla_pause', '{"clock_id": 1, "reason": "x"}', '{actor}')) t (who, name, filled, columns);

/* settings of the session */

SELECT is(tried('SET LOCAL standard_conforming_strings = off', $$SELECT leadflow.markdown('a|b `c` s y 1.')$$), 'a\|b \`c\` s y 1.', 'Markdown is escaped the same whatever backslashes are in the session''s strings');
SELECT is(tried('SET LOCAL standard_conforming_strings = off', $$SELECT leadflow.may_loosen('a  >   1', 'a > 1')$$), 'false', 'and blanks are blanks to who compares expressions');
SELECT is(leadflow.markdown('the __init__ file'), 'the \_\_init\_\_ file', 'two underscores are no markup');
SELECT is(leadflow.markdown('of_a__row ___ _x'), 'of_a\_\_row \_\_\_ \_x', 'nor are more');

/* numbers of telephones */

SELECT is((SELECT array_agg(leadflow.normal_phone(p)) FROM unnest(ARRAY['+7 495 123-45-67', U&'+7 495 123-45-67 \0434\043e\0431. 12', U&'+7\00a0(495)\00a0123\201145\201167', U&'+7\00a0495\00a0123\201145\201167\00a0\0434\043e\0431.\00a012']) p),
          array_fill(leadflow.normal_phone('74951234567'), '{4}'), 'a Russian extension is not of the number, and blanks and hyphens that do not break a line do not end it');
SELECT is(leadflow.normal_phone(U&'+86 10\2011 6552\00a09988 \8f6c 8001'), leadflow.normal_phone('+86 10 6552 9988'), 'nor is a Chinese one');
SELECT is((SELECT array_agg(DISTINCT leadflow.normal_phone(p)) FROM unnest(ARRAY[U&'+7 495 123\221245\221267', U&'+7 495 123\00ad45\00ad67', U&'+7\00b7495\00b7123\00b745\00b767', U&'+7 495\feff 123-45-67', U&'+7\ff0d495\ff0d123\30fb45\30fc67']) p),
          ARRAY[leadflow.normal_phone('74951234567')], 'no sign, dash or point ends it');

/* the active model, and what a feature was */

INSERT INTO sums.lead (source, external_id, budget, origin, decision_by, created_at) VALUES ('t', 'kept', 5, 'web', '2026-08-03', '2026-06-30 09:00+00');
INSERT INTO sums.score_feature (feature, position, kind, expression, meaning) VALUES ('origin', 1, 'category', 'origin', 'x'), ('asked', 2, 'category', 'budget', 'x');
INSERT INTO sums.score_model (model, as_of, won, lost, intercept, quality, activated_at) VALUES ('logistic', '2026-03-01', 10, 20, -1, '{"features": {"origin": {"kind": "category"}, "asked": {"kind": "category"}}}', '2026-03-02');
INSERT INTO sums.score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', 'web', 0.5, 1), (1, 'asked', 'much', 3, 1);
\set now_a_number '''UPDATE sums.score_feature SET kind = ''''number'''' WHERE feature = ''''asked'''''''
SELECT is(tried(:now_a_number, $$SELECT string_agg(concat_ws(' ', feature, value, log_odds), ', ') FROM leadflow.explain_probability('sums', 1)$$), '-1, origin web 0.5', 'the points of a word are not those of a number');
SELECT is(tried(:now_a_number, $$SELECT probability FROM leadflow.score('sums', 1)$$), round(1 / (1 + exp(0.5)), 4)::text, 'nor in the probability');
SELECT is(tried(:now_a_number, $$SELECT string_agg(concat_ws(' ', fault, code), ', ') FROM sums.score_faults WHERE fault <> 'outdated'$$), 'feature_of_another_kind asked', 'and it is said that the model has to be learnt anew');

/* dates that are read as text */

\set german 'SET LOCAL datestyle = ''German, DMY''; SET LOCAL intervalstyle = ''iso_8601'''
INSERT INTO sums.score_rule (rule, component, points, expression, meaning) VALUES ('new', 'fit', 10, $$created_at::text LIKE '2026-06-30%'$$, 'x'), ('young', 'fit', 100, $$(leadflow.clock() - created_at)::text = '1 day 03:00:00'$$, 'x');
INSERT INTO sums.standard (stage, criterion, requirement, expression) VALUES ('mql', 'recent', 'x', $$created_at::text LIKE '2026%'$$);
INSERT INTO sums.score_feature (feature, position, kind, expression, meaning) VALUES ('by', 3, 'category', 'decision_by', 'x');
INSERT INTO sums.score_model_point (version, feature, value, log_odds, points) VALUES (1, 'by', '2026-08-03', 0.25, 1);
UPDATE sums.score_model SET note = 'x';
SELECT is(tried(:'german', $$SELECT fit FROM leadflow.score('sums', 1)$$), '110.0000', 'rules read instants and spans the same in every session');
SELECT is(tried(:'german' || $$; UPDATE sums.lead SET stage = 'mql' WHERE id = 1$$, $$SELECT facts #>> '{features,by}' FROM sums.stage_event WHERE lead_id = 1 ORDER BY id DESC LIMIT 1$$), '2026-08-03', 'so do criteria, and so are features kept');
SELECT is(tried(:'german', $$SELECT concat_ws(' ', value, log_odds) FROM leadflow.explain_probability('sums', 1) WHERE feature = 'by'$$), '2026-08-03 0.25', 'and known again');
SELECT is(tried(:'german', $$SELECT string_agg(criterion || ' ' || met, ', ') FROM leadflow.explain('sums', 1, 'mql') WHERE criterion = 'recent'$$), 'recent true', 'and explained');

/* leads of every number */

INSERT INTO sums.lead (id, source, external_id) OVERRIDING SYSTEM VALUE VALUES (0, 't', 'zero'), (-7, 't', 'below');
CALL leadflow.refresh_scores('sums');
SELECT is((SELECT string_agg(lead_id::text, ' ' ORDER BY lead_id) FROM sums.lead_score), '-7 0 1', 'leads have a score whatever their number');

/* a model of what is missing */

INSERT INTO sums.transition (from_stage, to_stage, reason_required) VALUES ('mql', 'disqualified', false);
INSERT INTO sums.lead (source, external_id, origin, created_at) SELECT 'm', i::text, CASE WHEN i % 2 = 0 THEN 'fair' END, '2026-06-29 09:00+00' FROM generate_series(1, 40) i;
UPDATE sums.lead SET stage = 'mql' WHERE source = 'm';
UPDATE sums.lead SET stage = CASE WHEN (external_id::integer % 2 = 0) = (external_id::integer % 8 < 6) THEN 'won' ELSE 'disqualified' END::leadflow.stage, reason = 'no_need' WHERE source = 'm';
SELECT leadflow.calibrate('sums', 'logistic', options => '{"min_won": 5, "min_lost": 5}') \g /dev/null
SELECT is(tried($$SET LOCAL array_nulls = off; SELECT leadflow.calibrate('sums', 'logistic', options => '{"min_won": 5, "min_lost": 5}')$$,
                $$SELECT string_agg(concat_ws(' ', feature, coalesce(value, 'null'), round(log_odds::numeric, 9)), ', ' ORDER BY feature, value) FROM sums.score_model_point WHERE version = 3$$),
          (SELECT string_agg(concat_ws(' ', feature, coalesce(value, 'null'), round(log_odds::numeric, 9)), ', ' ORDER BY feature, value) FROM sums.score_model_point WHERE version = 2), 'nothing is learnt from the word NULL in place of what is missing');

/* columns of the company that may not be null */

CREATE DOMAIN public.must AS text DEFAULT 'none' NOT NULL;
ALTER TABLE crm.lead ADD code public.must;
SELECT is(tried($$SELECT * FROM leadflow.backtest('crm', 'budget > 5', '2026-06-01', '2026-07-01')$$), '00000', 'another rule is tried on leads that must have a value');
ALTER TABLE crm.score_rule ADD code public.must;
ALTER TABLE crm.standard ADD code public.must;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('mql', 'rich', 'x', 'budget > 5');
SELECT is(tried_as(:'marta', format('SELECT leadflow.propose(''crm'', %L, %L, ''x''); SET LOCAL ROLE %I; SELECT leadflow.approve(''crm'', max(id)) FROM crm.proposal', definition, change, :'rita'),
                   $$SELECT coalesce(fault, 'applied') FROM leadflow.apply_proposals('crm')$$), 'applied', label)
FROM (VALUES
    ('score_rule', '{"operation": "insert", "row": {"rule": "r", "component": "fit", "points": 1, "expression": "verified", "meaning": "x"}}', 'a row that leaves such a column to its default is proposed, and applied'),
    ('score_rule', '{"operation": "delete", "key": {"rule": "verified"}}', 'and one taken away'),
    ('standard', '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "rich"}, "row": {"expression": "budget > 6"}}', 'and another column changed')) t (definition, change, label);
SELECT is(tried_as(:'rita', $$SELECT leadflow.propose('crm', 'score_rule', '{"operation": "insert", "row": {"rule": "r", "component": "fit", "points": 1, "expression": "verified", "meaning": "x"}}', 'x')$$), '00000', 'who may write the definition may propose it, too');

/* proposals */

SELECT is(tried_as(:'marta', $$SELECT leadflow.propose('crm', 'workspace', '{"operation": "update", "key": {"only_row": true}, "row": {"version": "9.9"}}', 'x')$$), '22023', 'nobody proposes another version of the workspace');
-- what revops may not write stays with its fault, and the rest is applied
SET ROLE :marta;
SELECT leadflow.propose('crm', 'workspace', '{"operation": "update", "key": {"only_row": true}, "row": {"created_at": "2020-01-01"}}', 'x') \g /dev/null
SELECT leadflow.propose('crm', 'free_mail_domain', '{"operation": "insert", "row": {"domain": "mail.example"}}', 'x') \g /dev/null
SET ROLE :rita;
SELECT leadflow.approve('crm', id) FROM crm.proposals \g /dev/null
RESET ROLE;
SELECT is(tried_as(:'rita', 'SELECT', $$SELECT string_agg(coalesce(left(fault, 5), 'none'), ', ' ORDER BY id) FROM leadflow.apply_proposals('crm')$$), '42501, none', 'what revops may not write gets its fault');
SELECT is(tried_as(:'rita', 'SELECT leadflow.apply_proposals(''crm'')', $$SELECT string_agg(concat_ws(' ', definition, status, left(fault, 5)), ', ' ORDER BY id) FROM crm.proposals$$), 'workspace failed 42501, free_mail_domain applied', 'and the next one is applied');

/* who may not read an account */

INSERT INTO crm.pool VALUES ('default', 'eva'), ('p', 'eva');
INSERT INTO crm.routing_rule (rule, pool, to_account_owner) VALUES ('named', 'p', true);
CREATE POLICY own ON crm.account USING (owner = CURRENT_USER);
ALTER TABLE crm.account ENABLE ROW LEVEL SECURITY;
SELECT ok(tried(format('UPDATE crm.account SET owner = ''eva''; SET LOCAL ROLE %I', :'sara'), $$SELECT string_agg(why, '; ' ORDER BY step) FROM leadflow.explain_routing('crm', 1, 'mql')$$) !~ 'Acme', 'nothing that is told names the account');
SELECT is(tried(format('UPDATE crm.account SET owner = %L; SET LOCAL ROLE %I', owner, :'sara'), $$SELECT why FROM leadflow.explain_routing('crm', 1, 'mql') WHERE what = 'rule'$$), 'the lead''s account ' || why, 'its name is not told to who may not read it: ' || why)
FROM (VALUES (NULL, 'has no owner'), ('eva', 'belongs to eva'), ('gone', 'belongs to gone, who is not an active member')) t (owner, why);

/* a lead that was merged before it woke */

INSERT INTO crm.lead (source, external_id, stage, reason, wake_at) VALUES ('t', 'asleep', 'nurture', 'not_now', '2026-07-01 11:00+00');
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('lead', 'never', 'x', 'false');
SELECT leadflow.sweep('crm') \g /dev/null
SELECT leadflow.merge('crm', 1, (SELECT id FROM crm.lead WHERE external_id = 'asleep')) \g /dev/null
DELETE FROM crm.standard WHERE criterion = 'never';
SELECT leadflow.sweep('crm') \g /dev/null
SELECT is((SELECT concat_ws(' ', dropped_at, done_at) FROM crm.alert WHERE action = 'wake'), '2026-07-01 12:00:00+00', 'a lead that was merged is not woken, and nobody tries again');

DROP OWNED BY :marta, :sara, :rita;
DROP ROLE :marta, :sara, :rita;
SELECT throws_ok($$SELECT leadflow.check_expression(0::oid::regclass, 'x', 'text')$$, '42P01', 'relation with OID 0 does not exist', 'an expression of no table');
SELECT throws_ok($$SELECT leadflow.check_expression('crm.lead', 'need', 1::oid::regtype)$$, '42704', 'type with OID 1 does not exist', 'an expression of no type');
SELECT * FROM finish();
