-- A person who wants to be forgotten: nothing names her any more, and every figure stays.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 09:00+00';
SELECT no_plan();

\ir common/tried.sql

SELECT to_regclass('crm.overwrite_refused') IS NULL AS no_log \gset
\if :no_log
CREATE TABLE crm.overwrite_refused (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, object text, lead_id bigint, field text, kept text, refused text, rule text, session_actor text, actor text);
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON crm.overwrite_refused FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
\endif

INSERT INTO crm.account (source, external_id, name) VALUES ('t', '1', 'Acme');
INSERT INTO crm.lead (source, external_id, full_name, email, phone, role, verified, need, budget, why_now, promised, evidence, attributes, owner, decision_by)
VALUES ('web', 'ada@example.com', 'Ada Lovelace', 'ada@example.com', '+48 (600) 100', 'CEO', true, 'Ada wants less waste', 100, 'Ada says so', 'a call to +48 (600) 100', 'Ada Lovelace came twice',
        '{"mail": "ada@example.com"}', 'anna', '2026-06-01'),
       ('suite', 'L-2', 'Augusta Ada King', 'countess@example.org', NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, '{"x": "Ada Lovelace"}', 'anna', NULL),
       ('suite', 'L-3', 'A. A. K.', 'aak@example.net', '0048 5', NULL, false, NULL, NULL, NULL, NULL, NULL, '{}', 'anna', NULL),
       ('suite', 'L-4', 'Charles Babbage', 'charles@example.com', '7', 'CEO', true, 'an engine', 9, NULL, NULL, NULL, '{"who": "Charles"}', 'anna', NULL),
       ('suite', 'L-5', 'Adam Nobody', 'adam@example.com', NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, '{}', 'anna', NULL);
INSERT INTO crm.touch (lead_id, kind, direction, at, note, outcome, content, source, external_id) VALUES
    (1, 'web_visit', 'inbound', '2026-03-02 08:00', NULL, NULL, 'price list', 't', '1'),
    (1, 'demo_request', 'inbound', '2026-03-02 08:30', 'from ada@example.com', NULL, 'asked by ADA LOVELACE', 't', '2'),
    (1, 'email', 'outbound', '2026-03-02 08:40', 'Ada answered', 'liked', 'Dear Ada', 't', 'ada@example.com/3'),
    (2, 'call', 'inbound', '2026-03-02 08:45', 'countess@example.org', NULL, NULL, 't', '4'),
    (4, 'web_visit', 'inbound', '2026-03-02 08:44', NULL, NULL, 'price list', 't', '6'),
    (4, 'email', 'inbound', '2026-03-02 08:45', 'knows Ada Lovelace', 'liked', 'Dear Charles', 't', '5');
SELECT leadflow.merge('crm', 1, 2) \g /dev/null
SELECT leadflow.merge('crm', 2 + 1, 4) \g /dev/null
SELECT leadflow.unmerge('crm', 2) \g /dev/null
SELECT leadflow.merge('crm', 1, 3) \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
UPDATE crm.lead SET phone = '0048 6' WHERE id = 3;
UPDATE crm.lead SET stage = 'mql' WHERE id IN (1, 4);
SELECT leadflow.give_verdict('crm', 1, 'rejected', 'other', 'Ada Lovelace is away', narrative => 'Write to Ada Lovelace in May') \g /dev/null
INSERT INTO crm.verdict_answer (verdict_id, answer, note) SELECT id, a, 'Ada Lovelace is never away' FROM crm.verdict, unnest('{agrees,disputes}'::text[]) a;
UPDATE crm.lead SET urgency = 'hot' WHERE id = 1;
UPDATE crm.lead SET stage = 'lead' WHERE id = 1;
INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'demo_request', 'inbound', '2026-03-02 09:50'), (1, 'form_submit', 'inbound', '2026-03-02 09:50');
INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) SELECT id, '2026-03-02 09:55', '2026-03-02 10:05', 'Ada Lovelace asked for it' FROM crm.sla_clock WHERE lead_id = 1 AND stopped_at IS NULL LIMIT 1;
INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, '2026-03-02 10:10', 'waits' FROM crm.sla_clock WHERE lead_id = 1 AND stopped_at IS NULL LIMIT 1;
UPDATE crm.lead SET stage = 'sql' WHERE id = 1;
INSERT INTO crm.opportunity (source, external_id, lead_id, name, amount, owner, expected_close, attributes) VALUES
    ('t', '1', 1, 'Engine for Ada Lovelace', 500, 'anna', '2026-05-01', '{"to": "countess@example.org"}'), ('t', '2', 1, 'Engine for Adamant', 500, 'anna', '2026-05-01', '{"a": 1}');
UPDATE crm.opportunity SET stage = 'lost', reason = 'other', reason_note = 'Ada said no' WHERE external_id = '1';
SET leadflow.on_violation = park;
UPDATE crm.lead SET stage = 'mql', full_name = 'Ada Lovelace' WHERE id = 3;
INSERT INTO crm.lead (source, external_id, stage, full_name, email) VALUES ('list', 'P-1', 'mql', 'Lovelace', 'Ada@Example.com'), ('suite', 'L-2', 'mql', 'x', 'x') ON CONFLICT DO NOTHING;
INSERT INTO crm.lead (source, external_id, stage, full_name, phone) VALUES ('list', 'P-2', 'mql', 'Ada L.', '0048 6'), ('list', 'P-3', 'mql', 'Charles Babbage', '7');
INSERT INTO crm.opportunity (source, lead_id, stage, name) VALUES ('t', 1, 'proposal', 'Ada Lovelace''s'), ('t', 4, 'proposal', 'Charles''s');
RESET leadflow.on_violation;
INSERT INTO crm.overwrite_refused (object, lead_id, field, kept, refused, rule, session_actor, actor) VALUES
    ('lead', 2, 'full_name', 'Ada Lovelace', 'Augusta Ada King', 'x', 'x', 'x'), ('lead', 4, 'full_name', 'Charles', 'Babbage', 'x', 'x', 'x');

-- where in the tables of the workspace a word occurs
CREATE FUNCTION places(word text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    places text[] := '{}';
    found text;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname LOOP
        EXECUTE format('SELECT string_agg(DISTINCT f.key, ''+'' ORDER BY f.key) FROM %s t, jsonb_each_text(to_jsonb(t)) f WHERE f.value ILIKE %L', relation, '%' || word || '%') INTO found;
        IF found IS NOT NULL THEN
            places := places || (relation || ' ' || found);
        END IF;
    END LOOP;
    RETURN array_to_string(places, ', ');
END;
$$;
SELECT is(places('ada lovelace'), 'crm.lead attributes+evidence+full_name, crm.lead_merge survivors, crm.nurture_stay narrative, crm.opportunity name, crm.overwrite_refused kept, crm.quarantine parked_row, crm.sla_pause reason, crm.stage_event reason_note, crm.touch content+note, crm.verdict narrative+note, crm.verdict_answer note',
          'the name is in all these places');

-- every report, but for the names in it
CREATE FUNCTION figures(report name) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT to_jsonb(r) - ''{name,full_name,opportunity,reason_note,pause_reason,note,answer_note}''::text[] FROM crm.%I r', report);
END;
$$;
CREATE TABLE before AS SELECT c.relname, f FROM pg_class c, figures(c.relname) f WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v';
CREATE TABLE clocks AS TABLE crm.sla_clock;
CREATE TABLE others AS SELECT to_jsonb(l) AS r FROM crm.lead l WHERE id > 3 UNION ALL SELECT to_jsonb(t) FROM crm.touch t WHERE lead_id > 3;
CREATE TABLE changes AS TABLE crm.definition_change;
SELECT cmp_ok((SELECT count(DISTINCT relname) FROM before), '>=', 16::bigint, 'there are reports to compare');

SELECT is(tried(c.statement), c.expected, c.label) FROM (VALUES
    ('there must be such a lead', $$SELECT leadflow.forget('crm', -1)$$, 'P0002'),
    ('and such a workspace', $$SELECT leadflow.forget('nope', 1)$$, '42704'),
    ('a merged lead is forgotten with the one that it is', $$SELECT leadflow.forget('crm', 2)$$, '55000'),
    ('the parts alone', $$SELECT leadflow.forget_rows('crm', 1)$$, '23514 append_only')
) AS c (label, statement, expected);
SELECT throws_like($$SELECT leadflow.forget('crm', 2)$$, 'lead 2 was merged into lead 1', 'the error names the lead');
SELECT lives_ok($$SELECT leadflow.forget('crm', 1)$$, 'forget');

SELECT is(places(w), CASE w WHEN 'ada lovelace' THEN 'crm.touch note' ELSE '' END, 'nothing of ' || w || CASE w WHEN 'ada lovelace' THEN ' but what is written of another person' ELSE '' END)
FROM unnest('{ada lovelace,ada@example.com,+48 (600) 100,augusta,countess,A. A. K.,aak@example.net,0048 5,0048 6}'::text[]) w;
SELECT is((SELECT string_agg(concat_ws('|', external_id, full_name, email, phone, verified, need, why_now, promised, evidence, reason_note, attributes, role, budget, stage), '; ' ORDER BY id) FROM crm.lead WHERE id <= 3),
          'forgotten 1|f|{}|CEO|100.00|opportunity; L-2|f|{}|lead; L-3|f|{}|lead', 'what reports group by stays; a key that named her goes');
SELECT is((SELECT string_agg(concat_ws('|', kind, content, note, outcome, external_id), '; ' ORDER BY id) FROM crm.touch WHERE lead_id = 1), 'web_visit|price list|1; demo_request|2; email|forgotten 3; call|4; demo_request; form_submit',
          'touches stay; what passed between people goes, as does what names her');
SELECT is((SELECT string_agg(concat_ws('|', name, reason_note, attributes), '; ' ORDER BY id) FROM crm.opportunity), '{}; Engine for Adamant|{"a": 1}', 'opportunities lose what names her, by whole words');
SELECT is((SELECT string_agg(reason, ',' ORDER BY id) FROM crm.sla_pause), 'forgotten,waits', 'so do pauses');
SELECT is((SELECT string_agg(external_id || '/' || object, ',' ORDER BY id) FROM crm.quarantine WHERE external_id IS NOT NULL), 'P-3/lead', 'her parked rows are gone, by number, key, e-mail or phone');
SELECT is((SELECT string_agg(parked_row ->> 'name', ',') FROM crm.quarantine WHERE object = 'opportunity'), 'Charles''s', 'those of her opportunities too');
SELECT is((SELECT string_agg(format('%s %s>%s %s', id, loser_id, winner_id, survivors = '{}'), ', ' ORDER BY id) FROM crm.lead_merge), '1 2>1 t, 2 4>3 t, 3 3>1 t', 'merges stay, without the values, also those that were undone');
SELECT is((SELECT string_agg(concat_ws('|', lead_id, kept, refused), ', ' ORDER BY id) FROM crm.overwrite_refused), '2, 4|Charles|Babbage', 'refused values are gone');
SELECT is((SELECT count(*) FROM ((SELECT to_jsonb(l) AS r FROM crm.lead l WHERE id > 3 UNION ALL SELECT to_jsonb(t) FROM crm.touch t WHERE lead_id > 3) EXCEPT ALL SELECT * FROM others) d), 0::bigint, 'other people are left alone');
SELECT is((SELECT count(*) FROM (TABLE crm.definition_change EXCEPT ALL TABLE changes) d), 0::bigint, 'so are definitions');
SELECT is((SELECT count(*) FROM (TABLE crm.sla_clock EXCEPT ALL TABLE clocks) d), 0::bigint, 'and clocks');

-- the figures; those about the data themselves say what is empty now
SELECT is((SELECT count(*) FROM (
              (SELECT f FROM figures(c.relname) f EXCEPT ALL SELECT b.f FROM before b WHERE b.relname = c.relname)
              UNION ALL (SELECT b.f FROM before b WHERE b.relname = c.relname EXCEPT ALL SELECT f FROM figures(c.relname) f)) d), 0::bigint, c.relname || ' says the same')
FROM pg_class c
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('quarantine_reasons', 'qualification', 'completeness', 'data_quality', 'duplicate_candidates', 'lead_story', 'lead_card', 'volume_without_sales', 'content_effect', 'content_catalogue', 'unapproved_promises', 'report_trust')
ORDER BY c.relname;
SELECT is((SELECT count(*) FROM crm.lead_story WHERE lead_id = 1 AND what <> 'packet'), (SELECT count(*) FROM before WHERE relname = 'lead_story' AND f ->> 'lead_id' = '1' AND f ->> 'what' <> 'packet'),
          'what happened to her is still told');
SELECT is((SELECT count(*) FROM (SELECT to_jsonb(s)::text AS told FROM crm.lead_story s WHERE lead_id = 1 UNION ALL SELECT to_jsonb(c)::text FROM crm.lead_card c WHERE lead_id = 1) t WHERE told ~* 'ada lovelace|ada@'), 0::bigint, 'without her name');

-- afterwards
SELECT throws_ok('DELETE FROM crm.lead', '23514', NULL, 'history is append-only again');
SELECT throws_ok('UPDATE crm.stage_event SET reason_note = NULL', '23514', NULL, 'all of it');
SELECT throws_ok($$UPDATE crm.lead SET external_id = 'y' WHERE id = 1$$, '23514', NULL, 'a key does not change');
SELECT lives_ok($$SELECT leadflow.forget('crm', 1)$$, 'forgetting twice does no harm');
SELECT lives_ok($$SELECT leadflow.unmerge('crm', 3)$$, 'a merge can still be undone');
SELECT is((SELECT concat_ws('|', full_name, email, phone, merged_into) FROM crm.lead WHERE id = 1), '', 'and brings nothing back');
SELECT is(tried($$UPDATE crm.lead SET full_name = NULL, email = NULL, phone = NULL WHERE id = 5; SELECT leadflow.forget('crm', 5)$$, 'SELECT external_id FROM crm.lead WHERE id = 5'), 'L-5', 'a lead without a name');
SELECT is(tried($$UPDATE crm.lead SET full_name = '(' WHERE id = 5; SELECT leadflow.forget('crm', 5)$$), '00000', 'a name of signs only');
SELECT is(tried($$UPDATE crm.lead SET full_name = 'a\b*[c' WHERE id = 5; SET LOCAL leadflow.on_violation = warn; UPDATE crm.opportunity SET lead_id = 5, name = 'for A\B*[C!'; SELECT leadflow.forget('crm', 5)$$, 'SELECT count(name)::text FROM crm.opportunity'), '0',
          'a name is looked for as it is written');
SELECT is(tried($$UPDATE crm.lead SET full_name = 'Grace Hopper' WHERE id = 5; SET LOCAL leadflow.on_violation = warn; UPDATE crm.opportunity SET lead_id = 5 WHERE id = 2;
                  INSERT INTO crm.deal_plan (opportunity_id, obstacle, closing_plan, next_step, next_step_on, needs_note, reviewed_on) VALUES
                      (1, 'Grace Hopper objects', NULL, NULL, NULL, NULL, '2026-03-02'), (2, 'Grace Hopper doubts', 'win GRACE HOPPER', 'call Grace Hopper', '2026-03-09', 'a case', '2026-03-02');
                  SELECT leadflow.forget('crm', 5)$$, $$SELECT string_agg(concat_ws('|', opportunity_id, obstacle, closing_plan, next_step, next_step_on, needs_note), '; ' ORDER BY opportunity_id) FROM crm.deal_plan$$),
          '1|Grace Hopper objects; 2|forgotten|forgotten|forgotten|2026-03-09|a case', 'the plan of her deal does not name her, that of another deal is left alone');
SELECT is(tried($$INSERT INTO crm.lead_score (lead_id, scored_at, fit, behaviour, total, definition_version, refused_move, refusal) VALUES (5, '2026-03-02', 0, 0, 0, 1, 'mql', 'email is adam@example.com'); SELECT leadflow.forget('crm', 5)$$,
                'SELECT refused_move || '' '' || refusal FROM crm.lead_score WHERE lead_id = 5'), 'mql forgotten', 'what a refused move had seen is gone');

SELECT * FROM finish();
