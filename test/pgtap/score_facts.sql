-- What was known of a lead when it qualified: when it is kept, what of it, and that nothing later gets in.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('visit', true, false, 'x'), ('call', true, true, 'x');
INSERT INTO transition (object, from_stage, to_stage, reason_required) VALUES ('lead', NULL, 'nurture', false), ('lead', 'nurture', 'lead', false), ('lead', 'contacted', 'mql', false), ('lead', 'mql', 'lead', false), ('lead', NULL, 'disqualified', false);
INSERT INTO team_member (member, team, department) VALUES (current_user, 't', 'sales');
INSERT INTO account (source, name, employees, country) VALUES ('t', 'Acme', 600, 'PL'), ('t', 'Beta', 5, 'DE');

-- facts_of(external_id): what is kept of the entries of a lead, in their order; - for nothing
CREATE FUNCTION facts_of(id text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e.to_stage || CASE WHEN e.implied THEN '*' ELSE '' END || CASE WHEN e.facts IS NULL THEN ' -' ELSE ' ' || COALESCE(e.facts #>> '{features,role}', 'none') END, ', ' ORDER BY e.id)
    FROM stage_event e JOIN lead l ON l.id = e.lead_id WHERE l.external_id = facts_of.id AND e.subject = 'lead' $$;

-- neither features nor rules
INSERT INTO lead (source, external_id, stage) VALUES ('t', 'nothing', 'mql');
SELECT is(facts_of('nothing'), 'visitor* -, engaged* -, lead* -, mql -', 'nothing to keep where there are neither features nor rules');
INSERT INTO score_feature (feature, kind, expression, meaning, active) VALUES ('off', 'category', 'role', 'x', false);
INSERT INTO score_rule (rule, component, points, expression, meaning, active) VALUES ('off', 'fit', 1, 'true', 'x', false);
INSERT INTO lead (source, external_id, stage) VALUES ('t', 'inactive', 'mql');
SELECT is(facts_of('inactive'), 'visitor* -, engaged* -, lead* -, mql -', 'nor where none of them is active');
SELECT is(leadflow.facts('crm', l, leadflow.clock()), NULL, 'and null from the function') FROM lead l WHERE external_id = 'nothing';
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('buyer', 'fit', 12.5, 'role = ''CEO''', 'x');
SELECT is(leadflow.facts('crm', l, leadflow.clock()), '{"score": {"fit": 0, "behaviour": 0, "total": 0}}', 'rules alone: the score') FROM lead l WHERE external_id = 'nothing';
UPDATE score_rule SET active = false;
INSERT INTO score_feature (feature, position, object, kind, expression, meaning) VALUES
    ('role', 1, 'lead', 'category', 'role', 'x'), ('signals', 2, 'lead', 'number', 'signals', 'x'), ('attempts', 3, 'lead', 'number', 'NULLIF(attempts, 0)', 'x'),
    ('budget', 4, 'lead', 'number', 'budget', 'x'), ('tags', 5, 'lead', 'set', 'string_to_array(urgency, '','')', 'x'), ('country', 6, 'account', 'category', 'country', 'x'),
    ('large', 7, 'account', 'category', 'employees >= 500', 'x');
INSERT INTO lead (source, external_id, role, stage) VALUES ('t', 'features', 'CEO', 'mql');
SELECT is((SELECT facts FROM stage_event e JOIN lead l ON l.id = e.lead_id AND external_id = 'features' WHERE e.facts IS NOT NULL), '{"features": {"role": "CEO", "signals": 0}}', 'features alone; what is missing is left out');
UPDATE score_rule SET active = true WHERE rule = 'buyer';
INSERT INTO score_rule (rule, component, points, touch_kinds, half_life, meaning) VALUES ('visit', 'behaviour', 8, '{visit}', '2 days', 'x');
INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'A', 10), ('fit', 'B', 0), ('behaviour', '1', 5), ('behaviour', '2', 0);

-- where it is kept
INSERT INTO reason (code, applies_to, category) VALUES ('later', '{}', 'timing');
INSERT INTO lead (source, external_id, role, stage, reason) VALUES ('t', 'direct', 'a', 'mql', NULL), ('t', 'beyond', 'a', 'sql', NULL), ('t', 'below', 'a', 'lead', NULL), ('t', 'leaf', 'a', 'mql.hot', NULL), ('t', 'exit', 'a', 'nurture', 'later');
SELECT is(facts_of('direct'), 'visitor* -, engaged* -, lead* -, mql a', 'a lead that begins as an MQL');
SELECT is(facts_of('beyond'), 'visitor* -, engaged* -, lead* -, mql* a, contacted* -, sal* -, sql -', 'one that begins further on');
SELECT is(facts_of('below'), 'visitor* -, engaged* -, lead -', 'one that has not qualified');
SELECT is(facts_of('leaf'), 'visitor* -, engaged* -, lead* -, mql.hot a', 'one that begins in a leaf');
SELECT is(facts_of('exit'), 'nurture -', 'one that begins outside');
UPDATE lead SET stage = 'mql', role = 'b' WHERE external_id = 'below';
UPDATE lead SET stage = 'mql.hot', role = 'c' WHERE external_id = 'below';
UPDATE lead SET stage = 'mql', role = 'd' WHERE external_id = 'below';
UPDATE lead SET stage = 'contacted', role = 'e' WHERE external_id = 'below';
UPDATE lead SET stage = 'mql', role = 'f' WHERE external_id = 'below';
UPDATE lead SET stage = 'lead', role = 'g' WHERE external_id = 'below';
UPDATE lead SET stage = 'mql.hot', role = 'h' WHERE external_id = 'below';
SELECT is(facts_of('below'), 'visitor* -, engaged* -, lead -, mql b, mql.hot -, mql -, contacted -, mql f, lead -, mql.hot h', 'each entry, with the values of its own statement; a move among its leaves is none');
UPDATE lead SET role = 'late', budget = 5 WHERE external_id IN ('below', 'direct');
INSERT INTO touch (lead_id, kind, direction, at) SELECT id, 'visit', 'inbound', '2026-03-20 11:00' FROM lead;
SELECT is(facts_of('direct'), 'visitor* -, engaged* -, lead* -, mql a', 'what is edited later stays out');
SELECT is((SELECT e.facts #>> '{features,signals}' FROM stage_event e JOIN lead l ON l.id = e.lead_id AND external_id = 'direct' WHERE e.facts IS NOT NULL), '0', 'and so do touches that are added later');
SELECT is(tried($$UPDATE stage_event SET facts = NULL$$), '23514 append_only', 'nobody mends them');

INSERT INTO lead (source, external_id, role) VALUES ('t', 'skips', 'a'), ('t', 'nurtured', 'a'), ('t', 'sold', 'a'), ('t', 'moved', 'CEO'), ('t', 'judged', 'a');
UPDATE lead SET stage = 'sal' WHERE external_id = 'skips';
SELECT is(facts_of('skips'), 'visitor* -, engaged* -, lead -, mql* a, contacted* -, sal -', 'a move that passes it');
UPDATE lead SET stage = 'nurture' WHERE external_id = 'nurtured';
UPDATE lead SET stage = 'lead' WHERE external_id = 'nurtured';
UPDATE lead SET stage = 'mql', role = 'z' WHERE external_id = 'nurtured';
SELECT is(facts_of('nurtured'), 'visitor* -, engaged* -, lead -, nurture -, lead -, mql z', 'after a rest');
INSERT INTO opportunity (source, external_id, lead_id, stage) SELECT 't', '1', id, 'opportunity' FROM lead WHERE external_id = 'sold';
SELECT is(facts_of('sold'), 'visitor* -, engaged* -, lead -, mql* a, contacted* -, sal* -, sql* -, opportunity -', 'a lead that its opportunity takes along');
SELECT is((SELECT count(*) FROM stage_event WHERE subject = 'opportunity' AND facts IS NOT NULL), 0::bigint, 'an opportunity itself has none');
INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('buyers', 'lead', 'mql', 'fit_grade = ''A''', 'x');
SELECT is(leadflow.score_some('crm'), 0::bigint, 'the leads are scored');
SELECT is(facts_of('moved'), 'visitor* -, engaged* -, lead -, mql CEO', 'and one moves by its score');
INSERT INTO lead (source, external_id, role, stage, owner) VALUES ('t', 'judge', 'a', 'lead', current_user);
UPDATE lead SET stage = 'mql' WHERE external_id = 'judge';
UPDATE lead SET role = 'b' WHERE external_id = 'judge';
SELECT leadflow.give_verdict('crm', id, 'accepted') FROM lead WHERE external_id = 'judge' \g /dev/null
SELECT is(facts_of('judge'), 'visitor* -, engaged* -, lead -, mql a, contacted* -, sal -', 'a verdict after it adds none');
CREATE TABLE public.people (id integer PRIMARY KEY, job text, state text);
INSERT INTO stage_alias (object, source, status, stage) VALUES ('lead', 'people', 'ready', 'mql');
SELECT leadflow.attach('crm', 'public.people', 'lead', '{"external_id": "new.id", "role": "new.job", "status": "new.state"}') \g /dev/null
INSERT INTO public.people VALUES (7001, 'from elsewhere', 'ready');
SELECT is(facts_of('7001'), 'visitor* -, engaged* -, lead* -, mql from elsewhere', 'through an attachment');

-- as of then
INSERT INTO lead (source, external_id, role, account_id, stage, stage_since, created_at) VALUES ('t', 'past', 'CEO', 1, 'lead', '2026-02-01', '2026-02-01');
INSERT INTO touch (lead_id, kind, direction, at) SELECT id, k, d, at::timestamptz FROM lead, (VALUES ('visit', 'inbound', '2026-03-01'), ('visit', 'inbound', '2026-03-03'), ('visit', 'inbound', '2026-03-05 00:00:00.000001'), ('call', 'outbound', '2026-03-04'), ('visit', 'inbound', '2026-03-19')) v (k, d, at) WHERE external_id = 'past';
UPDATE lead SET stage = 'mql', stage_since = '2026-03-05', urgency = 'hot,,cold,hot' WHERE external_id = 'past';
SELECT is((SELECT facts FROM stage_event e JOIN lead l ON l.id = e.lead_id AND external_id = 'past' WHERE e.facts IS NOT NULL),
    '{"score": {"fit": 12.5000, "grade": "A1", "total": 18.5000, "behaviour": 6.0000}, "features": {"role": "CEO", "tags": ["hot", "cold"], "signals": 2, "attempts": 1, "country": "PL", "large": "true"}}', 'history: touches until stage_since, and points as they had faded by then');
SELECT is(e.facts, leadflow.facts('crm', l, '2026-03-05'), 'the same as leadflow.facts gives') FROM stage_event e JOIN lead l ON l.id = e.lead_id AND external_id = 'past' WHERE e.facts IS NOT NULL;

-- values
CREATE FUNCTION feature(kind text, expression text, made jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen jsonb; state text;
BEGIN
    BEGIN
        EXECUTE format('UPDATE score_feature SET active = false');
        EXECUTE format('INSERT INTO score_feature (feature, kind, expression, meaning) VALUES (''f'', %L, %L, ''x'')', kind, expression);
        seen := leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"id": 1, "variant": "*"}' || made), leadflow.clock());
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
    END;
    RETURN CASE WHEN state = 'ZZ000' THEN COALESCE(seen #>> '{features,f}', CASE WHEN seen ? 'features' AND NOT seen -> 'features' ? 'f' THEN 'missing' ELSE seen::text END) ELSE state END;
END;
$$;
SELECT is(feature(kind, expression, COALESCE(made, '{}')::jsonb), expected, label) FROM (VALUES
    ('category', 'role', '{"role": "CEO"}', 'CEO', 'a word'),
    ('category', 'role', '{"role": "  a \"b\" \\ \n "}', E'  a "b" \\ \n ', 'a word of odd characters'),
    ('category', 'role', NULL, 'missing', 'no word'),
    ('category', 'role', '{"role": ""}', 'missing', 'an empty one'),
    ('category', 'verified', '{"verified": true}', 'true', 'a boolean'),
    ('category', 'decision_by', '{"decision_by": "2026-05-01"}', '2026-05-01', 'a date'),
    ('category', 'stage', '{"stage": "proposal.legal"}', 'proposal.legal', 'a stage'),
    ('category', 'attributes -> ''a''', '{"attributes": {"a": [1, 2]}}', '[1, 2]', 'json'),
    ('category', 'budget', '{"budget": 5}', '5.00', 'a number as a word'),
    ('number', 'budget', '{"budget": 5}', '5.00', 'a number'),
    ('number', '1e300', NULL, '1' || repeat('0', 300), 'a large one'),
    ('number', '''1e400''::numeric', NULL, 'missing', 'one that no double precision holds'),
    ('number', '''1e-400''::numeric', NULL, '0', 'one that is nearer to 0 than any double precision'),
    ('number', '''NaN''::numeric', NULL, 'missing', 'NaN is missing'),
    ('number', '''NaN''::double precision', NULL, 'missing', 'NaN of double precision'),
    ('number', '''Infinity''::double precision', NULL, 'missing', 'infinity'),
    ('number', 'budget', NULL, 'missing', 'no number'),
    ('number', '-0.5', NULL, '-0.5', 'one below zero'),
    ('number', 'length(role)', '{"role": "abc"}', '3', 'an integer'),
    ('number', 'extract(year FROM decision_by)', '{"decision_by": "2026-05-01"}', '2026', 'a year'),
    ('number', 'role', NULL, '42804', 'a word is no number'),
    ('number', 'verified', NULL, '42804', 'nor is a boolean'),
    ('number', 'decision_by', NULL, '42804', 'nor a date'),
    ('set', 'string_to_array(role, '','')', '{"role": "b,a,b"}', '["b", "a"]', 'several words, each once'),
    ('set', 'string_to_array(role, '','')', '{"role": ""}', 'missing', 'no words'),
    ('set', 'string_to_array(role, '','', ''x'')', '{"role": "x,x"}', 'missing', 'words that are all null'),
    ('set', 'string_to_array(role, '','', ''x'')', '{"role": "x,y,,z"}', '["y", "z"]', 'null and empty words among others'),
    ('set', 'ARRAY[budget, 2]', '{"budget": 5}', '["5.00", "2"]', 'an array of numbers, as words'),
    ('set', 'role', NULL, '42804', 'a word is no array'),
    ('set', 'ARRAY[[''a'', ''b''], [''c'', ''b'']]', NULL, '["a", "b", "c"]', 'an array of two dimensions'),
    ('category', 'nothing', NULL, '42703', 'no such column'),
    ('category', '(SELECT 1)', NULL, '0A000', 'a subselect'),
    ('category', 'version()', NULL, '42P17', 'a function that is not allowed'),
    ('category', 'fit_grade', NULL, 'B', 'a feature may read the score'),
    ('number', 'total', NULL, '7.8853', 'and its points'),
    ('number', 'probability', NULL, '42P17', 'but not the probability, which is learnt from the features'),
    ('odd', 'role', NULL, '23514', 'another kind')
) v (kind, expression, made, expected, label);
SELECT cmp_ok(octet_length(w), '<=', 1000, 'a long word is clipped') FROM feature('category', 'role', jsonb_build_object('role', repeat('ł', 100000))) w;
SELECT ok(w ~ '^ł+$' AND length(w) > 20, 'between characters') FROM feature('category', 'role', jsonb_build_object('role', repeat('ł', 100000))) w;
SELECT ok(length(w) < 1000, 'so is each of a set') FROM feature('set', 'ARRAY[role]', jsonb_build_object('role', repeat('x', 100000))) w;
SELECT is(w, '["' || rtrim(ltrim(x, '["'), ']"') || '"]', 'and two that are then the same are one') FROM feature('set', 'ARRAY[role, role || ''y'']', jsonb_build_object('role', repeat('x', 100000))) w, feature('set', 'ARRAY[role]', jsonb_build_object('role', repeat('x', 100000))) x;

-- rows that were made up
SELECT is(leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"role": "CEO", "account_id": 2}'), leadflow.clock()),
    '{"score": {"fit": 12.5000, "grade": "A2", "total": 12.5000, "behaviour": 0.0000}, "features": {"role": "CEO", "large": "false", "country": "DE", "signals": 0}}', 'a lead that nobody has written, of a company');
SELECT is(leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"role": "CEO", "account_id": 99999}'), leadflow.clock()) -> 'features', '{"role": "CEO", "signals": 0}', 'of a company that is not there');
SELECT is(leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"id": 99999}'), leadflow.clock()) -> 'features', '{"signals": 0}', 'with a number that no lead has');
SELECT is(leadflow.facts('crm', jsonb_populate_record(l, '{"role": "other", "account_id": null}'), leadflow.clock()) -> 'features', '{"role": "other", "tags": ["hot", "cold"], "signals": 4, "attempts": 1}', 'a stored lead as it might be: its touches, without its company') FROM lead l WHERE external_id = 'past';
SELECT is(leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{}'), leadflow.clock()) -> 'features', '{"signals": 0}', 'a row of nulls');
SELECT is(leadflow.facts('crm', NULL::lead, leadflow.clock()), NULL, 'null for no row');
SELECT is(leadflow.facts('crm', l, NULL), NULL, 'for no instant') FROM lead l WHERE id = 1;
SELECT is(leadflow.facts(NULL, l, leadflow.clock()), NULL, 'and for no workspace') FROM lead l WHERE id = 1;
SELECT leadflow.create_workspace('twin', 'empty') \g /dev/null
SELECT is(tried(s), state, label) FROM (VALUES
    ($$SELECT leadflow.facts('crm', ROW(1, 2), leadflow.clock())$$, '42804', 'a row of no type'),
    ($$SELECT leadflow.facts('crm', a, leadflow.clock()) FROM account a$$, '42804', 'a row of another table'),
    ($$SELECT leadflow.facts('crm', jsonb_populate_record(NULL::twin.lead, '{}'), leadflow.clock())$$, '42804', 'a lead of another workspace'),
    ($$SELECT leadflow.facts('crm', x, leadflow.clock()) FROM (SELECT id, role FROM lead) x$$, '42804', 'part of a lead'),
    ($$SELECT leadflow.facts('nothing', l, leadflow.clock()) FROM lead l$$, '42704', 'no workspace'),
    ($$SELECT leadflow.facts('crm', l, 'infinity') FROM lead l$$, '22008', 'an infinite instant'),
    ($$SELECT leadflow.meets('crm', l, 'true', '-infinity') FROM lead l$$, '22008', 'an infinite instant to meet something'),
    ($$SELECT leadflow.meets('crm', a, 'true', leadflow.clock()) FROM account a$$, '42804', 'a row of another table'),
    ($$SELECT leadflow.meets('crm', l, '(SELECT true)', leadflow.clock()) FROM lead l$$, '0A000', 'a subselect'),
    ($$SELECT leadflow.meets('crm', l, 'nothing', leadflow.clock()) FROM lead l$$, '42703', 'no such column'),
    ($$SELECT leadflow.meets('crm', l, 'budget', leadflow.clock()) FROM lead l$$, '42804', 'not a condition'),
    ($$SELECT leadflow.meets('crm', l, 'pg_read_file(''x'') IS NULL', leadflow.clock()) FROM lead l$$, '42P17', 'not allowed in a criterion'),
    ($$SELECT leadflow.meets('crm', l, '1 / 0 = 1', leadflow.clock()) FROM lead l$$, '22012', 'one that fails')) v (s, state, label);
SELECT is((SELECT string_agg(leadflow.meets('crm', l, x, '2026-03-05')::text, ' ' ORDER BY o) FROM lead l, unnest(ARRAY['fit_grade = ''A''', 'fit_grade = ''A'' AND behaviour >= 6', 'behaviour > 6', 'signals = 2 AND attempts = 1', 'need = ''x''', 'total = 18.5 AND grade = ''A1'' AND probability IS NULL', 'leadflow.clock() = ''2026-03-05 00:00+00''']) WITH ORDINALITY u (x, o) WHERE external_id = 'past'),
    'true true false true false true true', 'meets: with evidence, scores and the clock as of then; null is false');
SELECT is(leadflow.meets('crm', l, NULL, leadflow.clock()), NULL, 'null for no expression') FROM lead l WHERE id = 1;
SELECT is((SELECT array_agg(leadflow.meets('crm', l, CASE WHEN l.id % 2 = 0 THEN 'id % 2 = 0' ELSE 'id % 2 <> 1' END, leadflow.clock()) = (l.id % 2 = 0) ORDER BY id) @> '{f}' FROM lead l), false, 'one call site may ask by turns');

-- columns that are added, under a name of the evidence, too
ALTER TABLE lead ADD COLUMN seats integer, ADD COLUMN total integer;
INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('seats', 'number', 'seats', 'x'), ('own_total', 'number', 'total', 'x');
SELECT is(leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"seats": 5, "total": 3}'), leadflow.clock()) -> 'features', '{"seats": 5, "signals": 0, "own_total": 3}', 'an added column is a feature; one of the name of evidence takes its place');
SELECT is(tried($$INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('own', 'fit', 1, 'total > 1', 'x')$$), '00000', 'and a rule may read it');

-- what fails costs the facts, never the lead
INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('ratio', 'number', '100 / budget', 'x');
SET client_min_messages = error;
SELECT is(tried($$INSERT INTO lead (source, external_id, role, stage, budget) VALUES ('t', 'zero', 'a', 'mql', 0)$$, $$SELECT facts_of('zero')$$), 'visitor* -, engaged* -, lead* -, mql -', 'an expression that fails costs the facts, not the lead');
SELECT is(tried($$INSERT INTO lead (source, external_id, role, stage, budget) VALUES ('t', 'y1', 'a', 'sql', 5), ('t', 'y2', 'b', 'sql', 0), ('t', 'y3', 'c', 'sql', 5)$$,
    $$SELECT concat_ws('; ', facts_of('y1'), facts_of('y2'), facts_of('y3'))$$), 'visitor* -, engaged* -, lead* -, mql* a, contacted* -, sal* -, sql -; visitor* -, engaged* -, lead* -, mql* -, contacted* -, sal* -, sql -; visitor* -, engaged* -, lead* -, mql* c, contacted* -, sal* -, sql -', 'of the one lead alone');
SELECT is(tried($$SELECT leadflow.facts('crm', jsonb_populate_record(NULL::lead, '{"budget": 0}'), leadflow.clock())$$), '22012', 'the function says so');
RESET client_min_messages;
DELETE FROM score_feature WHERE feature IN ('ratio', 'seats', 'own_total');
INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('seats', 'number', 'seats', 'x');
INSERT INTO lead (source, external_id, role, seats) VALUES ('t', 'renamed', 'a', 7), ('t', 'dropped', 'a', 7);
ALTER TABLE lead RENAME COLUMN seats TO chairs;
SET client_min_messages = error;
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'renamed'$$, $$SELECT facts_of('renamed')$$), 'visitor* -, engaged* -, lead -, mql -', 'nor does a column that was renamed');
ALTER TABLE lead DROP COLUMN chairs;
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE external_id = 'dropped'$$, $$SELECT facts_of('dropped')$$), 'visitor* -, engaged* -, lead -, mql -', 'or dropped');
DELETE FROM score_feature WHERE feature = 'seats';
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('failing', 'fit', 1, '100 / budget > 1', 'x');
SELECT is(tried($$UPDATE lead SET stage = 'mql', budget = 0 WHERE external_id = 'dropped'$$, $$SELECT facts_of('dropped')$$), 'visitor* -, engaged* -, lead -, mql -', 'or a rule that fails');
SELECT is(tried($$UPDATE lead SET stage = 'mql', budget = 5 WHERE external_id = 'dropped'$$, $$SELECT facts_of('dropped')$$), 'visitor* -, engaged* -, lead -, mql a', 'which otherwise costs nothing');
DELETE FROM score_rule WHERE rule = 'failing';
RESET client_min_messages;

-- a set of very many words
SELECT is(leadflow.facts('crm', jsonb_populate_record(l, '{"urgency": "b,a,b,,a,c"}'), leadflow.clock()) #> '{features,tags}', '["b", "a", "c"]', 'each word of a set once, where it is first') FROM lead l WHERE external_id = 'direct';
SELECT set_config('statement_timeout', 20 * :patience || 's', false) AS within \gset
SELECT is(jsonb_array_length(leadflow.facts('crm', jsonb_populate_record(l, jsonb_build_object('urgency', (SELECT string_agg(i::text, ',') FROM generate_series(1, 100000) i))), leadflow.clock()) #> '{features,tags}'),
    100000, 'a hundred thousand words take no minutes') FROM lead l WHERE external_id = 'direct';
RESET statement_timeout;

-- forgotten
UPDATE lead SET stage = 'mql' WHERE external_id = 'dropped';
SELECT leadflow.forget('crm', id) FROM lead WHERE external_id = 'dropped' \g /dev/null
SELECT is((SELECT facts FROM stage_event e JOIN lead l ON l.id = e.lead_id AND external_id = 'dropped' WHERE facts IS NOT NULL), '{"score": {"fit": 0.0000, "grade": "B2", "total": 0.0000, "behaviour": 0.0000}}', 'who is forgotten keeps the points, not the features');
SELECT is(facts_of('direct'), 'visitor* -, engaged* -, lead* -, mql a', 'nobody else loses anything');

SELECT * FROM finish();
