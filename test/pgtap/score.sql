-- Scores: each feature of the rules by hand, then many leads at many instants against plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir ../oracle/score.sql
\ir common/tried.sql

UPDATE business_calendar SET calendar = 'Europe/Warsaw; Mo-Fr 09:00-17:00' WHERE code = 'default';
INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES
    ('visit', true, false, 'x'), ('paper', true, false, 'x'), ('form', true, false, 'x'), ('call', true, true, 'x');
INSERT INTO account (source, name, employees, country) VALUES ('t', 'Acme', 600, 'PL'), ('t', 'Small', NULL, 'DE');
INSERT INTO lead (source, external_id, role, account_id, variant) VALUES
    ('t', 'one', 'CEO', 1, '*'), ('t', 'alone', NULL, NULL, '*'), ('t', 'small', 'clerk', 2, 'north');
INSERT INTO score_group (score_group, cap, meaning) VALUES ('web', 10, 'x'), ('none', 0, 'x');

-- now_of(rules, touches, …): the lines of lead 1 under these rules alone, taken back again
CREATE FUNCTION now_of(rules text, touches text DEFAULT NULL, of_lead bigint DEFAULT 1, as_of timestamptz DEFAULT NULL, more text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text; checked text;
BEGIN
    BEGIN
        EXECUTE 'INSERT INTO score_rule ' || rules;
        IF touches IS NOT NULL THEN
            EXECUTE 'INSERT INTO touch (lead_id, kind, direction, at, content) SELECT 1, k, ''inbound'', v.at::timestamptz, v.content FROM (VALUES ' || touches || ') v (k, at, content)';
        END IF;
        IF more IS NOT NULL THEN
            EXECUTE more;
        END IF;
        SELECT string_agg(e.rule || ' ' || trim_scale(e.points_now), ', ') INTO seen FROM leadflow.explain_score('crm', of_lead, as_of) e;
        SELECT string_agg(concat_ws(' ', a.rule, a.component, a.points_now, 'not', b.points_now), ', ') INTO checked
        FROM (SELECT * FROM leadflow.explain_score('crm', of_lead, as_of)) a FULL JOIN
             (SELECT * FROM oracle_lines(of_lead, COALESCE(as_of, leadflow.clock()))) b USING (rule, component)
        WHERE a.points_now IS DISTINCT FROM b.points_now;
        SELECT concat_ws('; ', checked, CASE WHEN (s.fit, s.behaviour, s.total) IS DISTINCT FROM (o.fit, o.behaviour, o.total) THEN format('%s not %s', s, o) END) INTO checked
        FROM leadflow.score('crm', of_lead, as_of) s, oracle_score(of_lead, COALESCE(as_of, leadflow.clock())) o;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN COALESCE(seen, '') || COALESCE(' oracle: ' || NULLIF(checked, ''), '');
    END;
END;
$$;

SELECT is((s.fit, s.behaviour, s.total, s.grade, s.probability)::text, '(0.0000,0.0000,0.0000,,)', 'no rules, no grades, no model: nothing but noughts') FROM leadflow.score('crm', 1) s;

-- fit: the row, evaluated anew
SELECT is(now_of($$(rule, component, points, expression, meaning, position) VALUES ('a', 'fit', 7, 'role = ''CEO''', 'x', 2), ('b', 'fit', 2.5, 'role IS NOT NULL', 'x', 1)$$), 'b 2.5, a 7', 'fit rules that are met, by position');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', 7, 'role = ''CEO''', 'x')$$, of_lead => 3), '', 'one that is not met');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', 7, 'role = ''CEO''', 'x')$$, of_lead => 2), '', 'one whose result is null');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', -7, 'role = ''CEO''', 'x')$$), 'a -7', 'points below zero');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', 0, 'role = ''CEO''', 'x'), ('b', 'fit', 1, 'true', 'x')$$), 'a 0, b 1', 'a rule of no points is told of when it is met');
SELECT is(now_of($$(rule, component, points, expression, meaning, active) VALUES ('a', 'fit', 7, 'role = ''CEO''', 'x', false)$$), '', 'one that is not active');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'behaviour', 7, 'role = ''CEO''', 'x')$$), 'a 7', 'a behaviour rule may ask something of the row');
SELECT is(now_of($$(rule, component, points, object, expression, meaning) VALUES ('a', 'fit', 7, 'account', 'employees >= 500', 'x')$$), 'a 7', 'of the account');
SELECT is(now_of($$(rule, component, points, object, expression, meaning) VALUES ('a', 'fit', 7, 'account', 'employees IS NULL', 'x')$$, of_lead => 3), 'a 7', 'whose column may be null');
SELECT is(now_of($$(rule, component, points, object, expression, meaning) VALUES ('a', 'fit', 7, 'account', 'employees IS NULL', 'x'), ('b', 'fit', 1, 'account', 'true', 'x')$$, of_lead => 2), '', 'no account, no points of it');
SELECT is(now_of($$(rule, component, points, expression, meaning, variant) VALUES ('a', 'fit', 7, 'true', 'x', 'north'), ('b', 'fit', 1, 'true', 'x', '*'), ('c', 'fit', 2, 'true', 'x', 'south')$$, of_lead => 3), 'a 7, b 1', 'rules of the variant and general ones');
SELECT is(now_of($$(rule, component, points, expression, meaning, variant) VALUES ('a', 'fit', 7, 'true', 'x', 'north'), ('b', 'fit', 1, 'true', 'x', '*')$$), 'b 1', 'a lead of no variant has the general ones alone');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', 7, 'signals = 2', 'x')$$, $$('visit', '2026-03-01', NULL), ('visit', '2026-03-02', NULL), ('visit', '2026-03-19', NULL)$$, as_of => '2026-03-05'), 'a 7', 'evidence in an expression is that of then');
SELECT is(now_of($$(rule, component, points, expression, meaning) VALUES ('a', 'fit', 7, 'signals = 3', 'x')$$, $$('visit', '2026-03-01', NULL), ('visit', '2026-03-02', NULL), ('visit', '2026-03-19', NULL)$$), 'a 7', 'and without an instant that of now');

-- touches: which kinds, which direction, until when
SELECT is(now_of($$(rule, component, points, touch_kinds, meaning) VALUES ('a', 'behaviour', 2, '{visit,paper}', 'x')$$, $$('visit', '2026-03-01', NULL), ('paper', '2026-03-02', NULL), ('form', '2026-03-03', NULL)$$), 'a 4', 'each touch of the kinds');
SELECT is(now_of($$(rule, component, points, touch_kinds, direction, meaning) VALUES ('in', 'behaviour', 2, '{call}', 'inbound', 'x'), ('out', 'behaviour', 3, '{call}', 'outbound', 'x')$$, $$('call', '2026-03-01', NULL)$$, more => $$INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'call', 'outbound', '2026-03-02'), (1, 'call', 'outbound', '2026-03-03')$$), 'in 2, out 6', 'each direction for itself');
SELECT is(now_of($$(rule, component, points, touch_kinds, meaning) VALUES ('a', 'behaviour', 2, '{visit}', 'x')$$, $$('visit', '2026-03-10', NULL), ('visit', '2026-03-10 00:00:00.000001', NULL), ('visit', '2026-03-09', NULL)$$, as_of => '2026-03-10'), 'a 4', 'touches until the instant, and that of the instant itself');
SELECT is(now_of($$(rule, component, points, touch_kinds, meaning) VALUES ('a', 'behaviour', 2, '{visit}', 'x')$$, more => $$INSERT INTO touch (account_id, kind, direction, at) VALUES (1, 'visit', 'inbound', '2026-03-02')$$), '', 'touches of the company alone do not count');
SELECT is(now_of($$(rule, component, points, touch_kinds, meaning) VALUES ('a', 'behaviour', 2, '{visit,nothing}', 'x')$$, $$('visit', '2026-03-02', NULL)$$), 'a 2', 'kinds that do not exist harm nobody');
SELECT is(now_of($$(rule, component, points, touch_kinds, expression, meaning) VALUES ('a', 'behaviour', 2, '{visit}', 'role = ''CEO''', 'x'), ('b', 'behaviour', 2, '{visit}', 'role = ''clerk''', 'x'), ('c', 'behaviour', 2, '{visit}', 'budget > 1', 'x')$$, $$('visit', '2026-03-02', NULL)$$), 'a 2', 'while an expression is met');
SELECT is(now_of($$(rule, component, points, touch_kinds, object, expression, meaning) VALUES ('a', 'behaviour', 2, '{visit}', 'account', 'employees > 1', 'x')$$, $$('visit', '2026-03-02', NULL)$$), 'a 2', 'or one over the account');

-- counts
SELECT is(now_of($$(rule, component, points, touch_kinds, counts, meaning) VALUES ('every_one', 'behaviour', 1, '{visit,paper}', 'every', 'x'), ('one_a_day', 'behaviour', 1, '{visit,paper}', 'day', 'x'), ('one_a_thing', 'behaviour', 1, '{visit,paper}', 'content', 'x'), ('one_ever', 'behaviour', 1, '{visit,paper}', 'once', 'x')$$,
    $$('visit', '2026-03-01 10:00', 'p'), ('paper', '2026-03-01 11:00', 'p'), ('visit', '2026-03-01 22:59', NULL), ('visit', '2026-03-01 23:00', NULL), ('visit', '2026-03-02 10:00', 'q'), ('visit', '2026-03-03 10:00', 'P')$$), 'every_one 6, one_a_day 3, one_a_thing 5, one_ever 1', 'every, day (in Warsaw), content and once');
SELECT is(now_of($$(rule, component, points, touch_kinds, counts, half_life, meaning) VALUES ('d', 'behaviour', 8, '{visit}', 'day', '1 day', 'x'), ('c', 'behaviour', 8, '{visit}', 'content', '1 day', 'x'), ('o', 'behaviour', 8, '{visit}', 'once', '1 day', 'x')$$,
    $$('visit', '2026-03-18 12:00', 'p'), ('visit', '2026-03-18 00:00', 'p'), ('visit', '2026-03-17 12:00', 'q')$$), 'c 3, d 3, o 2', 'the latest is the one that counts');
SELECT is(now_of($$(rule, component, points, touch_kinds, counts, half_life, meaning) VALUES ('o', 'behaviour', 8, '{visit}', 'once', '1 day', 'x')$$, $$('visit', '2026-03-18 12:00', 'p'), ('visit', '2026-03-20 12:00', 'p')$$, as_of => '2026-03-19 12:00'), 'o 4', 'the latest that had happened');
SELECT is(now_of($$(rule, component, points, touch_kinds, counts, meaning) VALUES ('a', 'behaviour', 1, '{visit}', 'content', 'x')$$, $$('visit', '2026-03-01', ''), ('visit', '2026-03-02', ''), ('visit', '2026-03-02', NULL)$$), 'a 2', 'an empty word is a content, none is not');

-- half-life
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 10, '{visit}', '10 days', 'x')$$, $$('visit', '2026-03-10 12:00', NULL)$$), 'a 5', 'half is left after the half-life');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 10, '{visit}', '10 days', 'x')$$, $$('visit', '2026-03-15 12:00', NULL)$$), 'a 7.0711', '1/sqrt(2) of it after half of that');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 10, '{visit}', '36:00', 'x')$$, $$('visit', '2026-03-20 12:00', NULL), ('visit', '2026-03-19 00:00', NULL), ('visit', '2026-03-17 12:00', NULL)$$), 'a 17.5', 'each fades from its own instant');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', -8, '{visit}', '1 day', 'x')$$, $$('visit', '2026-03-18 12:00', NULL)$$), 'a -2', 'what was bad is forgotten too');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 8, '{visit}', '1 day', 'x')$$, $$('visit', '2026-03-28 12:00', NULL), ('visit', '2026-03-29 12:00', NULL)$$, as_of => '2026-03-29 12:00'), 'a 12', 'a day of a half-life is 24 hours, also where clocks change');

-- caps
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, meaning) VALUES ('a', 'behaviour', 2, '{visit}', 5, 'x')$$, $$('visit', '2026-03-10 10:00', NULL), ('visit', '2026-03-10 11:00', NULL), ('visit', '2026-03-10 12:00', NULL), ('visit', '2026-03-11 12:00', NULL)$$), 'a 7', 'a day gives no more than its cap');
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, half_life, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 6, '6:00', 'x')$$, $$('visit', '2026-03-20 12:00', NULL), ('visit', '2026-03-20 06:00', NULL), ('visit', '2026-03-20 00:00', NULL)$$), 'a 5', 'the latest of the day count first, before fading');
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 4, 'x')$$, $$('visit', '2026-03-10 22:30', NULL), ('visit', '2026-03-10 23:30', NULL), ('visit', '2026-03-11 22:30', NULL)$$), 'a 8', 'a day is one of the default calendar''s zone');
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 4, 'x')$$, $$('visit', '2026-03-28 23:00', NULL), ('visit', '2026-03-29 00:59', NULL), ('visit', '2026-03-29 21:59', NULL), ('visit', '2026-03-29 22:00', NULL)$$, as_of => '2026-03-31'), 'a 8', 'also the one of 23 hours');
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 0, 'x')$$, $$('visit', '2026-03-10 22:30', NULL)$$), 'a 0', 'a cap of nothing a day');
SELECT is(now_of($$(rule, component, points, touch_kinds, cap, half_life, meaning) VALUES ('a', 'behaviour', 16, '{visit}', 10, '1 day', 'x')$$, $$('visit', '2026-03-19 12:00', NULL), ('visit', '2026-03-18 12:00', NULL)$$), 'a 10', 'the rule''s cap holds after fading');
SELECT is(now_of($$(rule, component, points, touch_kinds, cap, half_life, meaning) VALUES ('a', 'behaviour', 16, '{visit}', 10, '1 day', 'x')$$, $$('visit', '2026-03-18 12:00', NULL), ('visit', '2026-03-18 12:00', NULL)$$), 'a 8', 'so that it does not take from what has faded below it');
SELECT is(now_of($$(rule, component, points, touch_kinds, cap, meaning) VALUES ('a', 'behaviour', -4, '{visit}', 10, 'x')$$, $$('visit', '2026-03-18', NULL), ('visit', '2026-03-17', NULL), ('visit', '2026-03-17', NULL)$$), 'a -10', 'of points below zero the fewest');
SELECT is(now_of($$(rule, component, points, touch_kinds, cap, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 0, 'x')$$, $$('visit', '2026-03-18', NULL)$$), 'a 0', 'a cap of nothing');
SELECT is(now_of($$(rule, component, points, touch_kinds, day_cap, counts, meaning) VALUES ('a', 'behaviour', 4, '{visit}', 6, 'content', 'x')$$, $$('visit', '2026-03-18 09:00', 'p'), ('visit', '2026-03-18 10:00', 'p'), ('visit', '2026-03-17', 'p'), ('visit', '2026-03-18 11:00', 'q')$$), 'a 6', 'what is repeated takes no room in the day');

-- groups
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, meaning) VALUES ('a', 'behaviour', 8, '{visit}', 'web', 'x'), ('b', 'behaviour', 5, '{paper}', 'web', 'x'), ('c', 'behaviour', 5, '{paper}', NULL, 'x')$$, $$('visit', '2026-03-18', NULL), ('paper', '2026-03-18', NULL)$$), 'a 8, b 5, c 5, web -3', 'a group takes away what is above its cap');
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, meaning) VALUES ('a', 'behaviour', 8, '{visit}', 'web', 'x'), ('b', 'behaviour', 2, '{paper}', 'web', 'x')$$, $$('visit', '2026-03-18', NULL), ('paper', '2026-03-18', NULL)$$), 'a 8, b 2', 'nothing of what just reaches it');
SELECT is(now_of($$(rule, component, points, touch_kinds, expression, score_group, meaning) VALUES ('a', 'behaviour', 8, '{visit}', NULL, 'web', 'x'), ('b', 'behaviour', 5, '{paper}', NULL, 'web', 'x'), ('d', 'fit', 12, NULL, 'true', 'web', 'x')$$, $$('visit', '2026-03-18', NULL), ('paper', '2026-03-18', NULL)$$) LIKE '%web -2%', true, 'fit and behaviour of a group are capped each for itself');
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, meaning) VALUES ('a', 'behaviour', 14, '{visit}', 'web', 'x'), ('b', 'behaviour', -2, '{paper}', 'web', 'x')$$, $$('visit', '2026-03-18', NULL), ('paper', '2026-03-18', NULL)$$), 'a 14, b -2, web -2', 'points below zero make room');
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, meaning) VALUES ('a', 'behaviour', 14, '{visit}', 'none', 'x')$$, $$('visit', '2026-03-18', NULL)$$), 'a 14, none -14', 'a group that gives nothing');
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, meaning) VALUES ('a', 'behaviour', -14, '{visit}', 'none', 'x')$$, $$('visit', '2026-03-18', NULL)$$), 'a -14', 'does not give back what was taken');
SELECT is(now_of($$(rule, component, points, touch_kinds, score_group, half_life, meaning) VALUES ('a', 'behaviour', 16, '{visit}', 'web', '1 day', 'x')$$, $$('visit', '2026-03-19 12:00', NULL)$$), 'a 8', 'its cap holds after fading');

-- signals of intent
CREATE FUNCTION signals(line text) RETURNS text LANGUAGE sql AS $$ SELECT 'INSERT INTO intent_signal (account_id, topic, strength, at) VALUES ' || line $$;
SELECT is(now_of($$(rule, component, points, topics, meaning) VALUES ('a', 'behaviour', 4, '{price}', 'x'), ('b', 'behaviour', 1, '{*}', 'x'), ('c', 'behaviour', 1, '{crm,price}', 'x')$$, more => signals($$(1, 'price', 2, '2026-03-01'), (1, 'other', 0.25, '2026-03-02'), (2, 'price', 100, '2026-03-02'), (1, 'crm', 1, '2026-03-21'), (1, 'Price', 7, '2026-03-02')$$)),
    'a 8, b 9.25, c 2', 'points times strength, of the topics, of the account, until the instant');
SELECT is(now_of($$(rule, component, points, topics, meaning) VALUES ('a', 'behaviour', 4, '{price}', 'x')$$, of_lead => 2, more => signals($$(1, 'price', 2, '2026-03-01')$$)), '', 'no account, no intent');
SELECT is(now_of($$(rule, component, points, topics, counts, half_life, meaning) VALUES ('d', 'behaviour', 4, '{*}', 'day', '1 day', 'x'), ('c', 'behaviour', 4, '{*}', 'content', '1 day', 'x'), ('o', 'behaviour', 4, '{*}', 'once', '1 day', 'x')$$,
    more => signals($$(1, 'p', 8, '2026-03-20 11:00'), (1, 'q', 1, '2026-03-20 12:00'), (1, 'p', 2, '2026-03-19 12:00'), (1, 'q', 9, '2026-03-18 12:00')$$)), 'c 35.089, d 17, o 4', 'the latest, not the strongest; a signal''s content is its topic');
SELECT is(now_of($$(rule, component, points, topics, day_cap, cap, meaning) VALUES ('a', 'behaviour', 4, '{*}', 10, 15, 'x')$$, more => signals($$(1, 'p', 2, '2026-03-18 11:00'), (1, 'q', 1.5, '2026-03-18 12:00'), (1, 'p', 1, '2026-03-17'), (1, 'p', 1, '2026-03-16')$$)), 'a 15', 'with caps of the day and of the rule');
SELECT is(now_of($$(rule, component, points, topics, meaning) VALUES ('a', 'behaviour', 4, '{*}', 'x')$$, more => signals($$(1, 'p', 0, '2026-03-18')$$)), 'a 0', 'a signal of no strength');
SELECT is(now_of($$(rule, component, points, topics, expression, meaning) VALUES ('a', 'behaviour', 4, '{*}', 'role = ''CEO''', 'x'), ('b', 'behaviour', 4, '{*}', 'role = ''clerk''', 'x')$$, more => signals($$(1, 'p', 1, '2026-03-18')$$)), 'a 4', 'while an expression is met, too');

-- rounding: each line to 4 decimals, and the score is the sum of the lines
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) SELECT 'r' || i, 'behaviour', 1, '{visit}', '3 days', 'x' FROM generate_series(1, 3) i$$, $$('visit', '2026-03-19 12:00', NULL)$$), 'r1 0.7937, r2 0.7937, r3 0.7937', 'to 4 decimals, by line');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 3, '{visit}', '1 day', 'x'), ('b', 'behaviour', -3, '{visit}', '1 day', 'x')$$, $$('visit', '2026-03-15 12:00', NULL)$$), 'a 0.0938, b -0.0938', 'halves are rounded away from zero');
SELECT is(now_of($$(rule, component, points, touch_kinds, half_life, meaning) VALUES ('a', 'behaviour', 0.0001, '{visit}', '1 day', 'x'), ('b', 'behaviour', 1, '{visit}', '1 day', 'x')$$, $$('visit', '2026-03-01 12:00', NULL)$$), 'a 0, b 0', 'what has faded to nothing is told of, too');

-- what is said of it
BEGIN;
INSERT INTO score_rule (rule, component, points, touch_kinds, counts, half_life, day_cap, cap, score_group, meaning) VALUES ('v', 'behaviour', 4, '{visit}', 'content', '5 days', 6, 20, 'web', 'x');
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('f', 'fit', 7, 'role = ''CEO'' AND budget IS NULL', 'x');
INSERT INTO touch (lead_id, kind, direction, at, content) SELECT 1, 'visit', 'inbound', '2026-03-20 11:00'::timestamptz - i * interval '12 hours', CASE WHEN i < 30 THEN 'c' || i ELSE 'c1' END FROM generate_series(0, 39) i;
SELECT is(e.evidence, '{"seen": {"role": "CEO", "budget": null}}', 'the values that an expression has seen') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'f';
SELECT is((e.evidence -> 'counted')::text || ' ' || (e.evidence -> 'repeated')::text, '30 10', 'how many count and how many were repeated') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'v';
SELECT is(e.evidence -> 'touches', (SELECT jsonb_agg(id) FROM (SELECT id FROM touch WHERE lead_id = 1 ORDER BY at DESC LIMIT 20) t), 'the latest 20 of them') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'v';
SELECT is((e.evidence ->> 'last_at')::timestamptz, '2026-03-20 11:00+00', 'the latest') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'v';
SELECT is((e.evidence ->> 'first_at')::timestamptz, '2026-03-20 11:00+00'::timestamptz - 29 * interval '12 hours', 'and the first') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'v';
SELECT is(e.points_earned, o.points_earned, 'points_earned is what the days gave, before fading and the cap of the rule') FROM leadflow.explain_score('crm', 1) e JOIN oracle_lines(1, leadflow.clock()) o USING (rule) WHERE rule = 'v';
SELECT is((e.points_now, e.component)::text, '(-10.0000,behaviour)', 'the line of the group') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'web';
SET LOCAL timezone = 'Asia/Tokyo';
SELECT is((e.evidence ->> 'last_at')::timestamptz, '2026-03-20 11:00+00', 'instants are told with their offset') FROM leadflow.explain_score('crm', 1) e WHERE rule = 'v';
SELECT is(leadflow.score('crm', 1)::text, s, 'the session''s zone does not matter') FROM (SELECT oracle_score(1, leadflow.clock())::text) x (t), LATERAL (SELECT rtrim(t, ')') || ',)') y (s);
ROLLBACK;

-- grades
CREATE FUNCTION grade_of(fit numeric, behaviour numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    BEGIN
        INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('f', 'fit', fit, 'true', 'x'), ('b', 'behaviour', behaviour, 'true', 'x');
        seen := (SELECT CASE WHEN s.grade IS NOT DISTINCT FROM o.grade THEN s.grade ELSE format('%s not %s', s.grade, o.grade) END FROM leadflow.score('crm', 1) s, oracle_score(1, leadflow.clock()) o);
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN seen;
    END;
END;
$$;
INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'A', 60), ('fit', 'C', 20), ('fit', 'B', 40);
SELECT is(grade_of(50, 50), 'B', 'one letter where the other component has no grades');
INSERT INTO score_grade (component, grade, at_least) VALUES ('behaviour', '3', -5), ('behaviour', '1', 60), ('behaviour', '2', 15.5);
SELECT is(grade_of(60, 60), 'A1', 'from so many points on');
SELECT is(grade_of(59.9999, 15.5), 'B2', 'one below, and just there');
SELECT is(grade_of(20, 15.4999), 'C3', 'the lowest');
SELECT is(grade_of(-1000, -1000), 'C3', 'stands for fewer as well');
DELETE FROM score_grade;

-- numbers, instants, names
SELECT is(tried($$SELECT leadflow.score('crm', 99)$$), 'P0002', 'no such lead');
SELECT is(tried($$SELECT * FROM leadflow.explain_score('crm', 99)$$), 'P0002', 'no such lead to explain');
SELECT is(tried($$SELECT * FROM leadflow.explain_probability('crm', 99)$$), 'P0002', 'nor its probability');
SELECT is(tried($$SELECT leadflow.score('nothing', 1)$$), '42704', 'no such schema');
SELECT is(tried($$SELECT leadflow.score('public', 1)$$), '42704', 'a schema that is no workspace');
SELECT is(tried($$SELECT leadflow.score('', 1)$$), '42704', 'an empty name');
SELECT is(tried($$SELECT * FROM leadflow.explain_score('public', 1)$$), '42704', 'to explain');
SELECT is(tried($$SELECT leadflow.score('crm', 1, 'infinity')$$), '22008', 'an infinite instant');
SELECT is(tried($$SELECT * FROM leadflow.explain_score('crm', 1, '-infinity')$$), '22008', 'also long ago');
SELECT is(tried($$SELECT * FROM leadflow.explain_probability('crm', 1, '-infinity')$$), '22008', 'also of the probability');
SELECT is(leadflow.score(NULL, 1)::text, NULL, 'null for a null workspace');
SELECT is(leadflow.score('crm', NULL)::text, NULL, 'and for a null lead');
SELECT is((SELECT count(*) FROM leadflow.explain_score(NULL, 1)), 0::bigint, 'no rows for a null workspace');
SELECT is((SELECT count(*) FROM leadflow.explain_score('crm', NULL)), 0::bigint, 'and for a null lead');
SELECT is(leadflow.score('crm', 1, NULL)::text, leadflow.score('crm', 1, leadflow.clock())::text, 'null stands for the clock');

-- many leads at many instants: what is drawn is drawn from hashes
CREATE FUNCTION drawn(what text, of_these anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$
    SELECT of_these[1 + ('x' || substr(md5(what), 1, 8))::bit(32)::bigint % cardinality(of_these)] $$;
DELETE FROM score_group;
INSERT INTO score_group (score_group, cap, meaning) SELECT 'g' || i, 7.5 * i, 'x' FROM generate_series(0, 4) i;
INSERT INTO score_grade (component, grade, at_least) VALUES ('fit', 'A', 30), ('fit', 'B', 12.5), ('fit', 'C', 0), ('fit', 'D', -20),
    ('behaviour', '1', 60), ('behaviour', '2', 30.25), ('behaviour', '3', 5), ('behaviour', '4', 0);
INSERT INTO account (source, name, employees, country)
SELECT 'r', 'A' || i, drawn('e' || i, '{NULL,3,80,500,1200}'::integer[]), drawn('c' || i, '{PL,DE,NULL}'::text[]) FROM generate_series(1, 60) i;
INSERT INTO lead (source, external_id, role, account_id, variant, budget, verified)
SELECT 'r', 'r' || i, drawn('r' || i, '{CEO,clerk,NULL}'::text[]), drawn('a' || i, array_agg(a.id) || '{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}'::bigint[]), drawn('v' || i, '{*,*,north,south}'::text[]),
       drawn('b' || i, '{NULL,0,500,9000}'::numeric[]), drawn('f' || i, '{t,f}'::boolean[])
FROM generate_series(1, 200) i, account a GROUP BY i ORDER BY i;
INSERT INTO touch (lead_id, kind, direction, at, content, channel)
SELECT l.id, drawn('k' || n, '{visit,paper,form,call}'::text[]), drawn('d' || n, '{inbound,inbound,inbound,outbound}'::text[]),
       '2026-01-01 00:00+00'::timestamptz + drawn('t' || n, ARRAY(SELECT i FROM generate_series(0, 95) i)) * interval '1 day' + drawn('h' || n, '{00:00,07:30,12:00,21:59:59.999999,22:00,22:30,23:00,23:30}'::interval[]),
       drawn('o' || n, '{NULL,p,q,"",r,s,t}'::text[]), drawn('w' || n, '{web,phone,NULL}'::text[])
FROM lead l, generate_series(1, 40) i, LATERAL (SELECT l.id || '-' || i) x (n)
WHERE l.source = 'r' AND i <= drawn('n' || l.id, '{0,1,3,10,40}'::integer[]);
INSERT INTO intent_signal (account_id, topic, strength, at)
SELECT a.id, drawn('k' || n, '{price,crm,other}'::text[]), drawn('s' || n, '{0,0.25,1,2.5,40.125}'::numeric[]), '2026-01-01 00:00+00'::timestamptz + drawn('t' || n, ARRAY(SELECT i FROM generate_series(0, 190) i)) * interval '11:30'
FROM account a, generate_series(1, 12) i, LATERAL (SELECT a.id || '-' || i) x (n)
WHERE a.source = 'r' AND i <= drawn('n' || a.id, '{0,1,4,12}'::integer[]);
INSERT INTO score_rule (rule, component, position, points, object, expression, variant, score_group, meaning, active) VALUES
    ('role', 'fit', 1, 12.5, 'lead', 'role = ''CEO''', '*', 'g1', 'x', true), ('large', 'fit', 2, 25.3333, 'account', 'employees >= 500', '*', 'g4', 'x', true),
    ('abroad', 'fit', 3, -8.25, 'account', 'country <> ''PL''', 'north', NULL, 'x', true), ('rich', 'fit', 4, 11, 'lead', 'budget > 100 AND verified', '*', 'g1', 'x', true),
    ('often', 'behaviour', 5, 9, 'lead', 'signals >= 5 AND attempts > 0', '*', NULL, 'x', true), ('two_ways', 'fit', 6, 1.0001, 'lead', 'channels_tried >= 2', 'south', 'g0', 'x', true),
    ('off', 'fit', 7, 1000, 'lead', 'true', '*', NULL, 'x', false), ('unknown', 'fit', 8, -1, 'account', 'employees IS NULL', '*', NULL, 'x', true);
INSERT INTO score_rule (rule, component, position, points, touch_kinds, direction, topics, expression, counts, half_life, day_cap, cap, score_group, variant, meaning)
SELECT 't' || i, 'behaviour', drawn('p' || i, '{10,20,30}'::integer[]), drawn('s' || i, '{1,2.5,4,-3,10,0.0625}'::numeric[]),
       CASE WHEN i % 4 > 0 THEN drawn('k' || i, '{"{visit}","{visit,paper}","{call}","{form,call,paper}"}'::text[])::text[] END, drawn('d' || i, '{inbound,inbound,outbound}'::text[]),
       CASE WHEN i % 4 = 0 THEN drawn('k' || i, '{"{*}","{price}","{crm,other}"}'::text[])::text[] END, drawn('e' || i, '{NULL,NULL,"role IS NOT NULL","signals < 20"}'::text[]),
       drawn('c' || i, '{every,day,content,once}'::text[]), drawn('h' || i, '{NULL,"7 days","36:00","10 days 03:07","00:45"}'::interval[]),
       drawn('y' || i, '{NULL,NULL,3,7.77}'::numeric[]), drawn('m' || i, '{NULL,NULL,5,22.5}'::numeric[]), drawn('g' || i, '{NULL,g2,g3,g4}'::text[]), drawn('v' || i, '{*,*,*,north,south}'::text[]), 'x'
FROM generate_series(1, 40) i;

CREATE TABLE instants AS SELECT at::timestamptz FROM unnest('{2026-01-01 00:00,2026-02-03 22:00,2026-03-20 12:00,2026-04-05 22:30:00.000001}'::text[]) at;
CREATE TABLE told AS SELECT l.id, i.at, e.* FROM lead l, instants i, leadflow.explain_score('crm', l.id, i.at) e;
CREATE TABLE reckoned AS SELECT l.id, i.at, o.* FROM lead l, instants i, oracle_lines(l.id, i.at) o;
CREATE TABLE scored AS SELECT l.id, i.at, s.* FROM lead l, instants i, leadflow.score('crm', l.id, i.at) s;
CREATE TABLE summed AS SELECT l.id, i.at, COALESCE(sum(r.points_now) FILTER (WHERE r.component = 'fit'), 0) AS fit, COALESCE(sum(r.points_now) FILTER (WHERE r.component = 'behaviour'), 0) AS behaviour
    FROM lead l CROSS JOIN instants i LEFT JOIN reckoned r ON r.id = l.id AND r.at = i.at GROUP BY l.id, i.at;
SELECT cmp_ok(count(*), '>', 5000::bigint, 'there are many lines') FROM reckoned;
SELECT cmp_ok(count(DISTINCT rule), '>=', 45::bigint, 'nearly every rule has given points, and groups have taken some') FROM reckoned;
SELECT is_empty($$SELECT id, at, rule, component, t.points_now, r.points_now AS expected FROM told t FULL JOIN reckoned r USING (id, at, rule, component)
    WHERE t.points_now IS DISTINCT FROM r.points_now$$, 'every line of every explanation is what plain SQL makes of it');
SELECT is_empty($$SELECT id, at, rule, t.evidence, r.counted, r.repeated FROM told t JOIN reckoned r USING (id, at, rule)
    WHERE r.counted IS NOT NULL AND ((t.evidence ->> 'counted')::bigint, COALESCE((t.evidence ->> 'repeated')::bigint, 0)) IS DISTINCT FROM (r.counted, r.repeated)$$, 'and so are the numbers of touches that count and that are repeated');
SELECT is_empty($$SELECT s.*, o.* FROM scored s JOIN summed o USING (id, at)
    WHERE (s.fit, s.behaviour, s.total, s.grade) IS DISTINCT FROM (o.fit, o.behaviour, o.fit + o.behaviour, oracle_grade('fit', o.fit) || oracle_grade('behaviour', o.behaviour))$$, 'and so are score and grade');
SELECT is_empty($$SELECT s.id, s.at FROM scored s LEFT JOIN (SELECT id, at, sum(points_now) FILTER (WHERE component = 'fit') AS fit, sum(points_now) FILTER (WHERE component = 'behaviour') AS behaviour FROM told GROUP BY id, at) t USING (id, at)
    WHERE s.fit <> COALESCE(t.fit, 0) OR s.behaviour <> COALESCE(t.behaviour, 0) OR s.total <> s.fit + s.behaviour$$, 'the sum of the explanation is the score');
SELECT is_empty($$SELECT l.id, f FROM lead l, leadflow.facts('crm', l, '2026-03-20 12:00') f, leadflow.score('crm', l.id, '2026-03-20 12:00') s
    WHERE f -> 'score' IS DISTINCT FROM jsonb_strip_nulls(to_jsonb(s))$$, 'the score among the facts is the score');
SELECT is_empty($$SELECT id, at, rule, t.points_earned, r.points_earned AS expected FROM told t JOIN reckoned r USING (id, at, rule) JOIN score_rule s USING (rule) WHERE s.day_cap IS NULL AND t.points_earned IS DISTINCT FROM round(r.points_earned, 4)$$, 'points_earned of rules without a cap of the day');

-- check_scores
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'every score is explained');
INSERT INTO lead_score (lead_id, scored_at, fit, behaviour, total, grade, definition_version) SELECT id, at, fit, behaviour, total, grade, 1 FROM scored WHERE at = '2026-03-20 12:00';
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'also those that were kept');
UPDATE lead_score SET behaviour = behaviour + 0.0001 WHERE lead_id = 5;
UPDATE lead_score SET fit = fit - 1 WHERE lead_id = 6;
SELECT results_eq($$SELECT lead_id, component, (score - explained)::text, found_in FROM leadflow.check_scores('crm')$$, $$VALUES (5::bigint, 'behaviour', '0.0001', 'lead_score'), (6, 'fit', '-1.0000', 'lead_score')$$, 'what was written past the engine is found');
DELETE FROM lead_score WHERE lead_id IN (5, 6);
UPDATE score_rule SET points = 26 WHERE rule = 'large';
SELECT ok(count(*) > 5 AND bool_and(found_in = 'lead_score' AND component = 'fit'), 'and what a rule that has changed makes of the kept ones') FROM leadflow.check_scores('crm');
UPDATE score_rule SET points = 25.3333 WHERE rule = 'large';
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'changed back, they agree again');
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'visit', 'inbound', '2026-03-20 12:00:01');
SELECT is((SELECT count(*) FROM leadflow.check_scores('crm')), 0::bigint, 'a touch after it was scored changes nothing');
INSERT INTO touch (lead_id, kind, direction, at, content) SELECT 1, k, 'inbound', '2026-03-19 12:00', 'new' FROM unnest('{visit,form,paper,call}'::text[]) k;
SELECT is((SELECT string_agg(lead_id || ' ' || found_in, ', ') FROM leadflow.check_scores('crm') WHERE component = 'behaviour'), '1 lead_score', 'a late one of before does');
SELECT is(tried($$SELECT * FROM leadflow.check_scores('nothing')$$), '42P01', 'not a workspace');

SELECT * FROM finish();
