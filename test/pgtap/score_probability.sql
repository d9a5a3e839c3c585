-- The probability of winning by the active model, and why: by hand, and against plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-03-20 12:00+00';
SELECT no_plan();

\ir ../oracle/score.sql
\ir common/tried.sql

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('visit', true, false, 'x');
INSERT INTO account (source, name, employees) VALUES ('t', 'Acme', 100), ('t', 'Beta', NULL);
INSERT INTO lead (source, external_id, origin, budget, urgency, account_id) VALUES ('t', 'known', 'web', 100, 'a,b', 1), ('t', 'blank', NULL, NULL, NULL, NULL);
INSERT INTO score_feature (feature, position, object, kind, expression, meaning) VALUES
    ('origin', 1, 'lead', 'category', 'origin', 'x'), ('budget', 2, 'lead', 'number', 'budget', 'x'), ('tags', 3, 'lead', 'set', 'string_to_array(urgency, '','')', 'x'),
    ('employees', 4, 'account', 'number', 'employees', 'x'), ('signals', 5, 'lead', 'number', 'signals', 'x');

SELECT is((SELECT probability FROM leadflow.score('crm', 1)), NULL, 'no model, no probability');
SELECT is((SELECT count(*) FROM leadflow.explain_probability('crm', 1)), 0::bigint, 'and nothing to explain');
INSERT INTO score_model (model, as_of, won, lost, intercept) VALUES ('logistic', '2026-03-01', 10, 20, -1), ('odoo', '2026-03-01', 10, 20, 5);
INSERT INTO score_model_point (version, feature, value, at_least, below, log_odds, points) VALUES
    (1, 'origin', 'web', NULL, NULL, 0.5, 14.4270), (1, 'origin', 'event', NULL, NULL, 1.25, 36.0674), (1, 'origin', NULL, NULL, NULL, -0.25, -7.2135),
    (1, 'budget', '..100', NULL, 100, -2, -57.7078), (1, 'budget', '100..200', 100, 200, 0.75, 21.6404), (1, 'budget', '200..', 200, NULL, 1.5, 43.2808),
    (1, 'tags', 'a', NULL, NULL, 0.3, 8.6562), (1, 'tags', 'b', NULL, NULL, 0.4, 11.5416), (1, 'tags', NULL, NULL, NULL, -0.1, -2.8854),
    (1, 'employees', 'any', 0, NULL, 0.2, 5.7708), (1, 'employees', NULL, NULL, NULL, -0.2, -5.7708),
    (1, 'gone', 'x', NULL, NULL, 100, 1), (2, 'origin', 'web', NULL, NULL, 100, 1);
SELECT is((SELECT probability FROM leadflow.score('crm', 1)), NULL, 'a model takes no effect before it is activated');
UPDATE score_model SET activated_at = '2026-03-02' WHERE version = 1;

-- by hand: -1 + 0.5 + 0.75 + 0.3 + 0.4 + 0.2 = 1.15
SELECT is((SELECT probability FROM leadflow.score('crm', 1)), round(1 / (1 + exp(-1.15)), 4), 'category, bin, both words of a set, column of the account');
SELECT is((SELECT probability FROM leadflow.score('crm', 1)), 0.7595, 'which is 0.7595');
SELECT results_eq($$SELECT feature, value, log_odds, points FROM leadflow.explain_probability('crm', 1)$$, $$VALUES (NULL, NULL, -1::float8, -29::numeric), ('origin', 'web', 0.5, 14.4270), ('budget', '100.00', 0.75, 21.6404),
    ('tags', 'a', 0.3, 8.6562), ('tags', 'b', 0.4, 11.5416), ('employees', '100', 0.2, 5.7708)$$, 'explained: the intercept first, then by position');
SELECT is((SELECT probability FROM leadflow.score('crm', 2)), round(1 / (1 + exp(1.55)), 4), 'what is missing has points of its own; a missing number without any has none');
SELECT results_eq($$SELECT feature, value, log_odds FROM leadflow.explain_probability('crm', 2)$$, $$VALUES (NULL, NULL, -1::float8), ('origin', NULL, -0.25), ('budget', NULL, 0), ('tags', NULL, -0.1), ('employees', NULL, -0.2)$$, 'null stands for missing');
SELECT is(leadflow.facts('crm', l, leadflow.clock()) #>> '{score}', NULL, 'without rules the facts have no score') FROM lead l WHERE id = 1;

-- odds_of(what is known): the log-odds, less the intercept
CREATE FUNCTION odds_of(feature text, made text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    seen numeric; odds double precision; p numeric; expected double precision;
BEGIN
    BEGIN
        UPDATE lead l SET (origin, budget, urgency, account_id) = (SELECT m.origin, m.budget, m.urgency, m.account_id FROM jsonb_populate_record(NULL::lead, made::jsonb) m) WHERE id = 1;
        SELECT sum(e.log_odds) FILTER (WHERE e.feature = odds_of.feature), sum(e.log_odds) INTO seen, odds FROM leadflow.explain_probability('crm', 1) e;
        SELECT s.probability INTO p FROM leadflow.score('crm', 1) s;
        SELECT sum(o.log_odds) INTO expected FROM oracle_odds(1, leadflow.clock()) o;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        NULL;
    END;
    IF abs(odds - expected) > 1e-9 OR p IS DISTINCT FROM round(least(greatest(1 / (1 + exp(-odds)), 0.0001), 0.9999)::numeric, 4) THEN
        RAISE EXCEPTION 'log-odds % by SQL %, probability %', odds, expected, p;
    END IF;
    RETURN seen;
END;
$$;
SELECT is(odds_of(feature, made), expected, label) FROM (VALUES
    ('origin', '{"origin": "event"}', 1.25, 'another category'), ('origin', '{"origin": "fair"}', 0, 'one that the model does not know'), ('origin', '{"origin": "Web"}', 0, 'another case is another word'),
    ('origin', '{"origin": "we"}', 0, 'part of a word is none'), ('origin', '{"origin": ""}', -0.25, 'an empty word is missing'),
    ('budget', '{"budget": 99.99}', -2, 'a bin that is open below'), ('budget', '{"budget": 0}', -2, 'far below'), ('budget', '{"budget": 100}', 0.75, 'the lower end belongs to the bin'),
    ('budget', '{"budget": 199.99}', 0.75, 'up to'), ('budget', '{"budget": 200}', 1.5, 'not with its upper end'), ('budget', '{"budget": 9999999999999.99}', 1.5, 'a bin that is open above'),
    ('tags', '{"urgency": "b"}', 0.4, 'one word of a set'), ('tags', '{"urgency": "b,b,zzz"}', 0.4, 'each once, and none for what is not known'), ('tags', '{"urgency": "zzz"}', 0, 'unknown words are not missing'),
    ('tags', '{"urgency": ""}', -0.1, 'no words are'), ('employees', '{"account_id": 2}', -0.2, 'an account that does not say'), ('employees', '{"account_id": null}', -0.2, 'no account')) v (feature, made, expected, label);
INSERT INTO touch (lead_id, kind, direction, at) VALUES (1, 'visit', 'inbound', '2026-03-10'), (1, 'visit', 'inbound', '2026-03-12');

-- what changes the model
SELECT is(tried($$UPDATE score_model SET retired_at = now() WHERE version = 1$$, $$SELECT probability::text || (SELECT count(*) FROM leadflow.explain_probability('crm', 1)) FROM leadflow.score('crm', 1)$$), NULL, 'a retired model gives nothing');
SELECT is(tried($$UPDATE score_model SET retired_at = now() WHERE version = 1; UPDATE score_model SET activated_at = now() WHERE version = 2$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), '0.9999', 'another takes its place');
SELECT is(tried($$UPDATE score_model SET activated_at = now() WHERE version = 2$$), '23505 score_model_active', 'never two at once');
SELECT is(tried($$UPDATE score_model SET intercept = 1 WHERE version = 1$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), (SELECT round(1 / (1 + exp(-3.15)), 4)::text), 'a changed intercept binds the next statement');
SELECT is(tried($$SELECT leadflow.score('crm', 1); UPDATE score_model_point SET log_odds = 2.5 WHERE version = 1 AND feature = 'origin' AND value = 'web'$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), (SELECT round(1 / (1 + exp(-3.15)), 4)::text), 'and so does a changed point');
SELECT is(tried($$SELECT leadflow.score('crm', 1); DELETE FROM score_model_point WHERE version = 1$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), (SELECT round(1 / (1 + exp(1.0)), 4)::text), 'a model without points is its intercept');
SELECT is(tried($$DELETE FROM score_model WHERE version = 1$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), NULL, 'a deleted model gives nothing');
SELECT is(tried($$DELETE FROM score_feature WHERE feature = 'origin'$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), (SELECT round(1 / (1 + exp(-0.65)), 4)::text), 'a feature that has gone gives nothing');
SELECT is(tried($$INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', 'web', 1, 1)$$), '23505 score_model_point_key', 'a value has one point');
SELECT is(tried($$INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', NULL, 1, 1)$$), '23505 score_model_point_key', 'and so has a missing one');
SELECT is(tried($$INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', '', 1, 1)$$), '00000', 'which is not the empty word');
SELECT is(tried(format($$INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'origin', 'x', %L, 1)$$, v)), '23514 score_model_point_log_odds_check', 'log-odds of ' || v) FROM unnest('{NaN,Infinity,-Infinity}'::text[]) v;

-- clamps
SELECT is(tried(format($$UPDATE score_model SET intercept = %L WHERE version = 1$$, i), $$SELECT probability FROM leadflow.score('crm', 1)$$), expected, 'intercept ' || i) FROM (VALUES ('1e300', '0.9999'), ('-1e300', '0.0001'), ('800', '0.9999'), ('-800', '0.0001'), ('7.06', '0.9999'), ('-2.15', '0.5000')) v (i, expected);
SELECT is(tried($$UPDATE score_model SET intercept = 1.7e308 WHERE version = 1; UPDATE score_model_point SET log_odds = 1.7e308 WHERE version = 1$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), '0.9999', 'a sum beyond all numbers');
SELECT is(tried($$UPDATE score_model SET intercept = -1.7e308 WHERE version = 1; UPDATE score_model_point SET log_odds = -1.7e308 WHERE version = 1$$, $$SELECT probability FROM leadflow.score('crm', 1)$$), '0.0001', 'and one below');

-- odd models
SELECT is(tried($$DELETE FROM score_model_point WHERE feature = 'budget'; INSERT INTO score_model_point (version, feature, value, log_odds, points) VALUES (1, 'budget', 'all', 1, 1); UPDATE score_model SET note = 'x'$$, $$SELECT log_odds FROM leadflow.explain_probability('crm', 1) WHERE feature = 'budget'$$), '1', 'a single bin that is open at both ends takes every number');
SELECT is(tried($$DELETE FROM score_model_point WHERE feature = 'budget'; INSERT INTO score_model_point (version, feature, value, at_least, log_odds, points) VALUES (1, 'budget', 'all', '-Infinity', 1, 1); UPDATE score_model SET note = 'x'$$, $$SELECT log_odds FROM leadflow.explain_probability('crm', 1) WHERE feature = 'budget'$$), '1', 'an infinite end is open, too');
SELECT is(tried($$UPDATE score_feature SET kind = 'category' WHERE feature = 'budget'$$, $$SELECT log_odds FROM leadflow.explain_probability('crm', 1) WHERE feature = 'budget'$$), '0', 'a feature that has changed its kind since gives nothing');
SELECT is(tried($$INSERT INTO score_model_point (version, feature, value, log_odds, points) SELECT 1, 'origin', 'w' || i, i, 1 FROM generate_series(1, 2000) i; UPDATE lead SET origin = 'w1234' WHERE id = 1; UPDATE score_model SET note = 'x'$$, $$SELECT log_odds FROM leadflow.explain_probability('crm', 1) WHERE feature = 'origin'$$), '1234', 'one of 2,000 values');

-- a feature may read the score; evidence of then
INSERT INTO score_rule (rule, component, points, touch_kinds, meaning) VALUES ('visit', 'behaviour', 8, '{visit}', 'x');
INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('behaviour', 'number', 'behaviour', 'x');
INSERT INTO score_model_point (version, feature, value, at_least, below, log_odds, points) VALUES (1, 'behaviour', '10..', 10, NULL, 2, 1), (1, 'behaviour', '..10', NULL, 10, -2, 1), (1, 'signals', '2..', 2, NULL, 0.0625, 1);
UPDATE score_model SET note = 'read anew';
SELECT is((SELECT probability FROM leadflow.score('crm', 1)), round(1 / (1 + exp(-3.2125)), 4), 'a feature that is the behaviour');
SELECT is((SELECT sum(log_odds)::numeric FROM leadflow.explain_probability('crm', 1)), 3.2125, 'explained');
SELECT is((SELECT probability FROM leadflow.score('crm', 1, '2026-03-11')), round(1 / (1 + exp(0.85)), 4), 'as of then');
SELECT is((SELECT sum(log_odds)::numeric FROM leadflow.explain_probability('crm', 1, '2026-03-11')), -0.85, 'explained as of then');
INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'likely', 'x', 'probability >= 0.9');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE id = 2$$), '23514 likely', 'the standard may ask for a probability');
SELECT is(tried($$UPDATE lead SET stage = 'mql' WHERE id = 1$$, $$SELECT facts #>> '{score,probability}' FROM stage_event WHERE lead_id = 1 ORDER BY id DESC LIMIT 1$$), '0.9613', 'and it is among the facts');
SELECT is(tried($$UPDATE score_model SET retired_at = now() WHERE version = 1; UPDATE lead SET stage = 'mql' WHERE id = 1$$), '23514 likely', 'without a model it is not met');
SELECT is(tried($$SELECT leadflow.score_some('crm')$$, $$SELECT probability || ' ' || model_version FROM lead_score WHERE lead_id = 1$$), '0.9613 1', 'kept with the model that gave it');
-- the probability that explains is the one that is explained, also of a feature that reads it
SELECT is(tried($$INSERT INTO score_feature (feature, kind, expression, meaning) VALUES ('chance', 'number', 'probability', 'x'); INSERT INTO score_model_point (version, feature, value, at_least, log_odds, points) VALUES (1, 'chance', 'any', 0, 3, 1); UPDATE score_model SET note = 'y'$$,
    $$SELECT round((1 / (1 + exp(-(SELECT sum(log_odds) FROM leadflow.explain_probability('crm', 1)))))::numeric, 4) - probability FROM leadflow.score('crm', 1)$$) IN ('0.0000', '42P17'), true, 'a feature that reads the probability is refused, or makes no difference between it and its explanation');

-- many leads
DELETE FROM score_feature WHERE feature = 'behaviour';
CREATE FUNCTION drawn(what text, of_these anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$
    SELECT of_these[1 + ('x' || substr(md5(what), 1, 8))::bit(32)::bigint % cardinality(of_these)] $$;
INSERT INTO lead (source, external_id, origin, budget, urgency, account_id)
SELECT 'r', 'r' || i, drawn('o' || i, '{NULL,web,event,fair,""}'::text[]), drawn('b' || i, '{NULL,0,99.99,100,150,200,5000}'::numeric[]), drawn('u' || i, '{NULL,"","a","b,a","z","a,z,a"}'::text[]), drawn('a' || i, '{1,2,NULL}'::bigint[])
FROM generate_series(1, 300) i;
SELECT is_empty($$(SELECT l.id, e.feature, e.value, e.log_odds FROM lead l, leadflow.explain_probability('crm', l.id) e WHERE e.feature IN ('origin', 'budget', 'tags', 'employees') EXCEPT SELECT l.id, o.feature, o.value, o.log_odds FROM lead l, oracle_odds(l.id, leadflow.clock()) o)
    UNION ALL (SELECT l.id, o.feature, o.value, o.log_odds FROM lead l, oracle_odds(l.id, leadflow.clock()) o WHERE o.feature IN ('origin', 'budget', 'tags', 'employees') EXCEPT SELECT l.id, e.feature, e.value, e.log_odds FROM lead l, leadflow.explain_probability('crm', l.id) e)$$, 'every feature of each adds what plain SQL makes of it');
SELECT is_empty($$SELECT l.id FROM lead l, leadflow.score('crm', l.id) s, LATERAL (SELECT sum(e.log_odds) AS sum FROM leadflow.explain_probability('crm', l.id) e) e WHERE s.probability IS DISTINCT FROM round(least(greatest(1 / (1 + exp(-e.sum)), 0.0001), 0.9999)::numeric, 4)$$, 'and the sum of them gives the probability');
SELECT cmp_ok(count(DISTINCT s.probability), '>', 50::bigint, 'of many different ones') FROM lead l, leadflow.score('crm', l.id) s;

SELECT * FROM finish();
