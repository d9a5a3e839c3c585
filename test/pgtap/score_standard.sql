-- The score as evidence: in the standard, in promises, in moves by score; and what may not read it.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('visit', true, false, 'x'), ('demo', true, false, 'x');
INSERT INTO transition (object, from_stage, to_stage, reason_required) VALUES ('lead', 'mql', 'lead', false), ('lead', NULL, 'nurture', true), ('lead', 'nurture', 'lead', false);
INSERT INTO reason (code, applies_to, category) VALUES ('later', '{}', 'timing');
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('role', 'fit', 45, 'role = ''CEO''', 'x'), ('budget', 'fit', 20, 'budget > 0', 'x');
INSERT INTO score_rule (rule, component, points, touch_kinds, half_life, meaning) VALUES ('demo', 'behaviour', 40, '{demo}', '14 days', 'x'), ('visit', 'behaviour', 2, '{visit}', '7 days', 'x');
INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'A', 60), ('fit', 'B', 40), ('fit', 'C', 20), ('fit', 'D', 0), ('behaviour', '1', 60), ('behaviour', '2', 40), ('behaviour', '3', 0);
INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'ready', 'Fits and wants something.', 'fit_grade <= ''B'' AND behaviour >= 40');
INSERT INTO lead (source, external_id, role) VALUES ('t', 'ceo', 'CEO'), ('t', 'clerk', 'clerk'), ('t', 'loud', NULL), ('t', 'bulk', 'CEO');
INSERT INTO touch (lead_id, kind, direction, at) SELECT id, 'demo', 'inbound', '2026-03-19 12:00' FROM lead WHERE external_id = 'loud';

SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'ceo'$$), '23514 ready', 'who fits and does nothing is refused');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'loud'$$), '23514 ready', 'who does much and does not fit, too');
SELECT results_eq($$SELECT criterion, met, value_seen FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'ready'$$, $$VALUES ('ready', false, 'fit_grade = B, behaviour = 0.0000')$$, 'explain shows grade and points');
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'demo', 'inbound', '2026-03-19 12:00');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'ceo'$$), '23514 ready', 'points that have faded just below');
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'ready'), 'fit_grade = B, behaviour = 38.0678', 'are shown as they are');
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'visit', 'inbound', '2026-03-20 12:00');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'ceo'$$, $$SELECT stage FROM lead WHERE id = 1$$), 'mql', 'one visit more, and it is accepted');
SELECT is((SELECT met FROM leadflow.explain('crm', 1, 'mql') WHERE criterion = 'ready'), true, 'explain says so, too');

-- the row as it will be, the touches as they are seen
SELECT is(tried($$UPDATE lead SET stage = 'mql', role = 'clerk' WHERE external_id = 'ceo'$$), '23514 ready', 'the score is that of the row as it will be');
SELECT is(tried($$UPDATE lead SET stage = 'mql', role = 'CEO' WHERE external_id = 'loud'$$), '23514 ready', 'fits now, but has faded');
SELECT is(tried($$UPDATE score_rule SET half_life = NULL; UPDATE lead SET stage = 'mql', role = 'CEO' WHERE external_id = 'loud'$$, $$SELECT stage FROM lead WHERE external_id = 'loud'$$), 'mql', 'a changed rule binds the next statement');
SELECT is(tried($$INSERT INTO touch (lead_id, kind, direction) SELECT id, 'demo', 'inbound' FROM lead WHERE external_id = 'bulk'; UPDATE lead SET stage = 'mql' WHERE external_id = 'bulk'$$, $$SELECT stage FROM lead WHERE external_id = 'bulk'$$), 'mql', 'touches of the same transaction count');
SELECT is(tried($$WITH t AS (INSERT INTO touch (lead_id, kind, direction) SELECT id, 'demo', 'inbound' FROM lead WHERE external_id = 'bulk' RETURNING lead_id) UPDATE lead SET stage = 'mql' FROM t WHERE id = t.lead_id$$, $$SELECT stage FROM lead WHERE external_id = 'bulk'$$) = '23514 ready',
          (SELECT tried($$INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'sign', 'x', 'signals >= 1'); DELETE FROM standard WHERE criterion = 'ready';
                          WITH t AS (INSERT INTO touch (lead_id, kind, direction) SELECT id, 'demo', 'inbound' FROM lead WHERE external_id = 'bulk' RETURNING lead_id) UPDATE lead SET stage = 'mql' FROM t WHERE id = t.lead_id$$, $$SELECT stage FROM lead WHERE external_id = 'bulk'$$) = '23514 sign'),
          'of the very statement as for other evidence');
SELECT is(tried($$INSERT INTO lead (source, external_id, role, stage) VALUES ('t', 'new', 'CEO', 'mql')$$), '23514 ready', 'a new lead has done nothing');
SELECT is(tried($$INSERT INTO lead (source, external_id, stage) SELECT 't', 'many' || i, 'lead' FROM generate_series(1, 3) i; UPDATE lead SET stage = 'mql', role = 'CEO' WHERE external_id LIKE 'many%'$$), '23514 ready', 'each row is judged for itself');
SET leadflow.on_violation = warn;
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'clerk'$$, $$SELECT criterion FROM violation$$), 'ready', 'accepted with a violation where the session asks for that');
SET leadflow.on_violation = park;
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'clerk'$$, $$SELECT unmet -> 0 ->> 'seen' FROM quarantine$$), 'fit_grade = D, behaviour = 0.0000', 'parked with what was seen');
RESET leadflow.on_violation;

-- history: as of stage_since
INSERT INTO lead (source, external_id, role, stage, stage_since, created_at) VALUES ('t', 'past', 'CEO', 'lead', '2026-01-01', '2026-01-01');
INSERT INTO touch (lead_id, kind, direction, at) SELECT id, 'demo', 'inbound', '2026-02-01' FROM lead WHERE external_id = 'past';
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'past'$$), '23514 ready', 'today it has faded');
SELECT is(tried($$UPDATE lead SET stage = 'mql', stage_since = '2026-01-31' WHERE external_id = 'past'$$), '23514 ready', 'the day before it had not happened');
SELECT is(tried($$UPDATE lead SET stage = 'mql', stage_since = '2026-02-01' WHERE external_id = 'past'$$, $$SELECT facts #>> '{score,behaviour}' FROM stage_event ORDER BY id DESC LIMIT 1$$), '40.0000', 'at that moment it was enough');

-- opportunities, promises
INSERT INTO standard (object, stage, criterion, requirement, expression) VALUES ('opportunity', 'proposal', 'worth_it', 'x', 'total >= 80 AND grade LIKE ''B%''');
INSERT INTO opportunity (source, external_id, name) VALUES ('t', 'alone', 'x');
SELECT is(tried($$UPDATE opportunity SET stage = 'proposal' WHERE external_id = 'alone'$$), '23514 worth_it', 'an opportunity without a lead has no score');
DELETE FROM standard WHERE criterion = 'ready';
INSERT INTO opportunity (source, external_id, name, lead_id) VALUES ('t', 'of_ceo', 'x', 1), ('t', 'of_clerk', 'x', 2);
SELECT is(tried($$UPDATE opportunity SET stage = 'proposal' WHERE external_id = 'of_ceo'$$, $$SELECT stage FROM opportunity WHERE external_id = 'of_ceo'$$), 'proposal', 'that of its lead counts');
SELECT is(tried($$UPDATE opportunity SET stage = 'proposal' WHERE external_id = 'of_clerk'$$), '23514 worth_it', 'for better or worse');
SELECT is((SELECT value_seen FROM leadflow.explain('crm', 3, 'proposal', 'opportunity') WHERE criterion = 'worth_it'), 'total = 0.0000, grade = D3', 'explained');
INSERT INTO sla_policy (policy, metric, starts_on_touch, condition, stops_on_touch, target, measure, promise) VALUES ('hot', 'response', '{demo}', 'fit_grade <= ''B''', '{visit}', '1 hour', 'elapsed', 'x');
INSERT INTO touch (lead_id, kind, direction) VALUES (1, 'demo', 'inbound'), (2, 'demo', 'inbound');
SELECT is((SELECT string_agg(lead_id::text, ',') FROM sla_clock WHERE policy = 'hot'), '1', 'a promise may ask for a score');

-- what may not read it
SELECT is(tried(format($$INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('x', 'fit', 1, %L, 'x')$$, e)), '42P17', 'a rule that reads the score: ' || e)
FROM unnest('{fit > 1,fit_grade = ''A'',behaviour > 1,behaviour_grade = ''1'',total > 1,grade = ''A1'',probability > 0.5,true OR total > 1,"role = ''x'' AND (signals > 1 OR fit IS NULL)"}'::text[]) e;
SELECT is(tried($$UPDATE score_rule SET expression = 'total > 1' WHERE rule = 'role'$$), '42P17', 'nor by an update');
SELECT is(tried($$INSERT INTO score_rule (rule, component, points, object, expression, meaning) VALUES ('x', 'fit', 1, 'account', 'total > 1', 'x')$$), '42P17', 'nor over the account');
SELECT is(tried($$INSERT INTO score_rule (rule, component, points, touch_kinds, expression, meaning) VALUES ('x', 'behaviour', 1, '{visit}', 'total > 1', 'x')$$), '42P17', 'nor with touches');
SELECT is(tried($$INSERT INTO score_rule (rule, component, points, expression, meaning, active) VALUES ('x', 'fit', 1, 'total > 1', 'x', false)$$), '42P17', 'nor where it is not active');
SELECT is(tried(format('INSERT INTO score_rule (rule, component, points, %s, meaning) VALUES (''x'', %s, ''x'')', c, v)), state, label) FROM (VALUES
    ('expression', $$'fit', 1, 'role'$$, '42804', 'not a condition'),
    ('expression', $$'fit', 1, 'nothing'$$, '42703', 'no such column'),
    ('expression', $$'fit', 1, 'role = '$$, '42601', 'no expression'),
    ('expression', $$'fit', 1, 'EXISTS (SELECT 1)'$$, '0A000', 'a subselect'),
    ('expression', $$'fit', 1, 'random() > 0.5'$$, '42P17', 'chance'),
    ('expression', $$'fit', 1, 'lead IS NULL'$$, '42P10', 'the whole row'),
    ('object, expression', $$'fit', 1, 'account', 'role IS NULL'$$, '42703', 'a column of the lead asked of the account'),
    ('expression', $$'fit', 1, NULL$$, '23514 rule_reads_something', 'nothing to read'),
    ('touch_kinds', $$'fit', 1, '{visit}'$$, '23514 fit_reads_the_row', 'fit by touches'),
    ('topics', $$'fit', 1, '{x}'$$, '23514 fit_reads_the_row', 'fit by intent'),
    ('touch_kinds, topics', $$'behaviour', 1, '{visit}', '{x}'$$, '23514 touches_or_topics', 'both'),
    ('touch_kinds', $$'behaviour', 1, '{}'$$, '23514 score_rule_touch_kinds_check', 'touches of no kind'),
    ('expression, half_life', $$'fit', 1, 'true', '1 day'$$, '23514 only_touches_fade', 'fit does not fade'),
    ('expression, cap', $$'fit', 1, 'true', 5$$, '23514 only_touches_fade', 'and needs no cap'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '1 month'$$, '23514 score_rule_half_life_check', 'half-life of a month'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '1 month -1 hour'$$, '23514 score_rule_half_life_check', 'with months in it'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '1 year'$$, '23514 score_rule_half_life_check', 'of a year'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '0'$$, '23514 score_rule_half_life_check', 'of nothing'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '-1 day'$$, '23514 score_rule_half_life_check', 'below zero'),
    ('touch_kinds, half_life', $$'behaviour', 1, '{visit}', '1 day -25 hours'$$, '23514 score_rule_half_life_check', 'below zero in parts'),
    ('touch_kinds', $$'behaviour', 'NaN', '{visit}'$$, '23514 score_rule_points_check', 'NaN points'),
    ('touch_kinds', $$'behaviour', 1000001, '{visit}'$$, '23514 score_rule_points_check', 'too many points'),
    ('touch_kinds', $$'behaviour', -1000001, '{visit}'$$, '23514 score_rule_points_check', 'too few'),
    ('touch_kinds, cap', $$'behaviour', 1, '{visit}', -1$$, '23514 score_rule_cap_check', 'a cap below zero'),
    ('touch_kinds, cap', $$'behaviour', 1, '{visit}', 'NaN'$$, '23514 score_rule_cap_check', 'a cap that is NaN'),
    ('touch_kinds, day_cap', $$'behaviour', 1, '{visit}', 'NaN'$$, '23514 score_rule_day_cap_check', 'a cap of the day that is NaN'),
    ('touch_kinds, score_group', $$'behaviour', 1, '{visit}', 'nothing'$$, '23503 score_rule_score_group_fkey', 'no such group')) v (c, v, state, label);
SELECT is(tried($$INSERT INTO score_group (score_group, cap, meaning) VALUES ('g', 'NaN', 'x')$$), '23514 score_group_cap_check', 'a group''s cap that is NaN');
SELECT is(split_part(tried($$UPDATE score_grade SET at_least = 'NaN' WHERE grade = 'A'$$), ' ', 1), '23514', 'a grade from NaN points');
SELECT is(tried($$INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'E', 60)$$), '23505 score_grade_component_at_least_key', 'two grades from as many points');
SELECT is(split_part(tried($$INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, 'NaN')$$), ' ', 1), '23514', 'a model''s intercept that is NaN');
SELECT is(split_part(tried($$INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, '-Infinity')$$), ' ', 1), '23514', 'or infinite');
SELECT is(split_part(tried($$INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', now(), 1, 1, 0); INSERT INTO score_model_point (version, feature, value, log_odds, points) SELECT version, 'x', 'y', 0, 'NaN' FROM score_model$$), ' ', 1), '23514', 'a point of a model that is NaN');

-- columns of one's own in place of the evidence
ALTER TABLE lead ADD COLUMN fit numeric;
SELECT is(tried($$INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('own', 'fit', 3, 'fit = 5', 'x'); UPDATE lead SET fit = 5 WHERE id = 2$$, $$SELECT fit FROM leadflow.score('crm', 2)$$), '3.0000', 'a column that is called fit is that column');
ALTER TABLE lead DROP COLUMN fit;
-- a rule that came to read the score because a column went away
ALTER TABLE lead ADD COLUMN total numeric;
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('own', 'fit', 3, 'total IS NULL', 'x');
SELECT is((SELECT fit FROM leadflow.score('crm', 2)), 3.0, 'a rule over an added column');
ALTER TABLE lead DROP COLUMN total;
SELECT is(tried($$SELECT leadflow.score('crm', 2)$$), '55000', 'that has gone: the score does not read itself');
SELECT is(tried($$UPDATE lead SET urgency = 'hot' WHERE id = 2$$), '00000', 'and leads are written as before');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE id = 3$$, $$SELECT count(facts) FROM stage_event WHERE lead_id = 3$$), '0', 'they qualify without facts');
DELETE FROM score_rule WHERE rule = 'own';

-- moves by score
INSERT INTO score_move (code, variant, from_stage, to_stage, condition, position, meaning, active) VALUES
    ('off', '*', 'lead', 'sql', 'true', 1, 'x', false), ('north', 'north', 'lead', 'mql.north', 'total >= 80', 5, 'x', true), ('ready', '*', 'lead', 'mql', 'total >= 80', 10, 'x', true),
    ('warm', '*', 'lead', 'engaged', 'total >= 80', 20, 'x', true), ('leafy', '*', 'engaged.web', 'lead', 'total >= 80', 20, 'x', true);
SELECT is(tried($$INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('x', 'sal', 'sal', 'true', 'x')$$), '23514 score_move_check', 'a move to where it starts');
SELECT is(split_part(tried($$INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('x', 'lead', 'nurture', 'true', 'x')$$), ' ', 1), '23514', 'into an exit');
SELECT is(tried($$INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('x', 'lead', 'mql', 'total', 'x')$$), '42804', 'on no condition');
SELECT is(tried($$INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('x', 'lead', 'mql', 'nothing > 1', 'x')$$), '42703', 'on a column that is not there');
INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'address', 'There is an address.', 'email IS NOT NULL');
DELETE FROM lead_score;
INSERT INTO lead (source, external_id, role, budget, email, variant, stage) VALUES
    ('m', 'moves', 'CEO', 1, 'a@b.c', '*', 'lead'), ('m', 'leaf', 'CEO', 1, 'a@b.c', '*', 'lead.web'), ('m', 'refused', 'CEO', 1, NULL, '*', 'lead'), ('m', 'north', 'CEO', 1, 'a@b.c', 'north', 'lead'),
    ('m', 'engaged', 'CEO', 1, 'a@b.c', '*', 'engaged'), ('m', 'engaged_leaf', 'CEO', 1, 'a@b.c', '*', 'engaged.web'), ('m', 'other_leaf', 'CEO', 1, 'a@b.c', '*', 'engaged.event'), ('m', 'poor', NULL, NULL, 'a@b.c', '*', 'lead');
INSERT INTO touch (lead_id, kind, direction) SELECT id, 'demo', 'inbound' FROM lead WHERE source = 'm';
SELECT is(leadflow.score_some('crm'), 0::bigint, 'a run');
SELECT results_eq($$SELECT external_id, stage::text, refused_move, refusal FROM lead JOIN lead_score ON lead_id = id WHERE source = 'm' ORDER BY id$$, $$VALUES
    ('moves', 'mql', NULL, NULL), ('leaf', 'mql', NULL, NULL), ('refused', 'lead', 'ready', format(E'lead %s does not meet the standard of stage "mql"\naddress (mql): There is an address. Seen: email = null.', (SELECT id FROM lead WHERE external_id = 'refused'))),
    ('north', 'mql.north', NULL, NULL), ('engaged', 'engaged', NULL, NULL), ('engaged_leaf', 'lead', NULL, NULL), ('other_leaf', 'engaged.event', NULL, NULL), ('poor', 'lead', NULL, NULL)$$,
    'the first by position of the variant and the stage or its leaf, active; through the guard');
SELECT results_eq($$SELECT (SELECT count(*) FROM lead), moved, refused, finished_at IS NOT NULL FROM score_run$$, $$SELECT leads, 4::bigint, 1::bigint, true FROM score_run$$, 'the run says how many');
SELECT is((SELECT count(*) FROM stage_event e JOIN lead l ON l.id = e.lead_id AND l.source = 'm' AND l.external_id = 'moves' WHERE to_stage = 'mql'), 1::bigint, 'the move is in the history');
UPDATE lead SET email = 'x@y.z' WHERE external_id = 'refused';
SELECT is(leadflow.score_some('crm'), 0::bigint, 'the next run');
SELECT is((SELECT stage || ' ' || COALESCE(refusal, 'none') FROM lead JOIN lead_score ON lead_id = id WHERE external_id = 'refused'), 'mql none', 'moves who was mended, and forgets the refusal');
SELECT is((SELECT stage::text FROM lead WHERE external_id = 'engaged_leaf'), 'mql', 'one step a run');
SET leadflow.on_violation = warn;
INSERT INTO lead (source, external_id, role, budget, stage) VALUES ('m', 'session', 'CEO', 1, 'lead');
INSERT INTO touch (lead_id, kind, direction) SELECT id, 'demo', 'inbound' FROM lead WHERE external_id = 'session';
SELECT is(leadflow.score_some('crm'), 0::bigint, 'a run of a session that lets violations pass');
RESET leadflow.on_violation;
SELECT is((SELECT stage::text FROM lead WHERE external_id = 'session'), 'lead', 'is judged like any');

-- merged leads
INSERT INTO lead (source, external_id, role) VALUES ('t', 'winner', 'CEO'), ('t', 'loser', 'CEO');
INSERT INTO touch (lead_id, kind, direction) SELECT id, 'visit', 'inbound' FROM lead WHERE external_id IN ('winner', 'loser');
SELECT leadflow.score_some('crm') \g /dev/null
SELECT is((SELECT count(*) FROM lead_score JOIN lead ON lead_id = id WHERE external_id IN ('winner', 'loser')), 2::bigint, 'two have scores');
SELECT leadflow.merge('crm', w.id, l.id) FROM lead w, lead l WHERE w.external_id = 'winner' AND l.external_id = 'loser' \g /dev/null
SELECT is((SELECT s.behaviour FROM lead, leadflow.score('crm', id) s WHERE external_id = 'winner'), 4.0, 'merged, the winner has the touches of both');
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm') WHERE found_in = 'lead_score'), 1::bigint, 'what was kept is out of date for one');
SELECT leadflow.score_some('crm') \g /dev/null
SELECT is((SELECT string_agg(external_id, ',') FROM lead_score JOIN lead ON lead_id = id WHERE external_id IN ('winner', 'loser')), 'winner', 'the loser''s score goes with the next run');
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'and everything is explained');
SELECT leadflow.unmerge('crm', id) FROM lead_merge \g /dev/null
SELECT leadflow.score_some('crm') \g /dev/null
SELECT is((SELECT count(*) FROM lead_score JOIN lead ON lead_id = id WHERE external_id IN ('winner', 'loser') AND behaviour = 2), 2::bigint, 'unmerged, both have their own again');

SELECT * FROM finish();
