-- Two records of one person: merging, undoing it, and what is written for the merged lead afterwards.
-- 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 09:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO crm.team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('bert', 'field', 'sales');
INSERT INTO crm.account (source, name) VALUES ('t', 'Acme');
ALTER TABLE crm.lead ADD COLUMN seats integer, ADD COLUMN opted_out boolean NOT NULL DEFAULT false, ADD COLUMN seen_at timestamptz;
INSERT INTO crm.lead (source, external_id, full_name, email, phone, role, verified, need, budget, currency, owner, attributes, decision_by)
VALUES ('web', 'w', 'Ada Lovelace', 'ada@example.com', ' ', 'CEO', true, NULL, NULL, 'PLN', 'anna', '{}', '2026-06-01'),
       ('suite', 'l', 'A. Lovelace', NULL, '+48 600 100 200', 'CEO', false, 'less waste', 500, NULL, 'bert', '{"a": 1}', '2026-06-01'),
       ('suite', 'x', 'Charles', 'charles@example.com', NULL, NULL, false, NULL, NULL, NULL, NULL, '{}', NULL),
       ('suite', 'y', 'Grace', NULL, '5', NULL, false, NULL, NULL, NULL, NULL, '{}', NULL);
UPDATE crm.lead SET seats = 7, opted_out = true, account_id = 1, seen_at = '2026-03-01 10:00+01' WHERE external_id = 'l';
CREATE VIEW w AS SELECT * FROM crm.lead WHERE external_id = 'w';
CREATE VIEW l AS SELECT * FROM crm.lead WHERE external_id = 'l';

-- w: two signs of interest at 9; l: a hot request at 9:05, due 9:20
INSERT INTO crm.touch (lead_id, kind, direction, at, source, external_id) VALUES
    (1, 'web_visit', 'inbound', '2026-03-02 08:58+00', 't', '1'), (1, 'form_submit', 'inbound', '2026-03-02 08:59+00', 't', '2'),
    (1, 'contact_request', 'inbound', '2026-03-02 09:00+00', 't', '3');
SET leadflow.clock = '2026-03-02 09:05+00';
INSERT INTO crm.touch (lead_id, kind, direction, at, source, external_id) VALUES
    (2, 'demo_request', 'inbound', '2026-03-02 09:05+00', 't', '4'), (2, 'webinar_attended', 'inbound', '2026-03-02 09:05+00', 't', '5');
INSERT INTO crm.opportunity (source, external_id, account_id, name, owner) VALUES ('suite', 'o', 1, 'Deal', 'bert');
-- the opportunity becomes the loser's without taking it along: it is won by another way
UPDATE crm.opportunity SET stage = 'lost', reason = 'no_budget' WHERE id = 1;
UPDATE crm.opportunity SET lead_id = 2 WHERE id = 1;
UPDATE crm.lead SET stage = 'mql' WHERE id = 1;
UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE id = 4;

CREATE FUNCTION clocks() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s of %s %s %s', c.policy, c.lead_id, COALESCE(c.owner, '-') || '/' || COALESCE(c.team, '-'),
                             CASE WHEN c.cancelled_at IS NOT NULL THEN 'cancelled' WHEN c.stopped_at IS NOT NULL THEN 'stopped ' || c.stopped_at::time ELSE 'running' END), ', ' ORDER BY c.id)
    FROM crm.sla_clock c
$$;
CREATE FUNCTION contents() RETURNS TABLE (relation text, r jsonb) LANGUAGE sql AS $$
    SELECT 'lead', to_jsonb(l) - 'updated_at' FROM crm.lead l
    UNION ALL SELECT 'touch', to_jsonb(t) FROM crm.touch t
    UNION ALL SELECT 'opportunity', to_jsonb(o) - 'updated_at' FROM crm.opportunity o
    UNION ALL SELECT 'sla_clock', to_jsonb(c) FROM crm.sla_clock c
    UNION ALL SELECT 'stage_event', to_jsonb(e) FROM crm.stage_event e
$$;
CREATE TABLE before AS SELECT * FROM contents();
CREATE FUNCTION all_as_before() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(c.relation || ' ' || c.r, E'\n') FROM (
        (SELECT * FROM contents() EXCEPT SELECT * FROM before) UNION ALL (SELECT * FROM before EXCEPT SELECT * FROM contents())) c
$$;
SELECT is(clocks(), 'contact_request of 1 anna/inbound running, hot_request of 2 bert/field running, event_follow_up of 2 bert/field running, cadence of 1 anna/inbound running',
          'what was promised before');
SELECT is((SELECT count(*) FROM crm.funnel WHERE reached > 0 AND stage = 'lead' AND reached = 4), 1::bigint, 'four leads are counted');

-- merge
SELECT is(leadflow.merge('crm', 1, 2), 1::bigint, 'merge gives the number of the merge');
SELECT is((SELECT concat_ws('|', full_name, email, phone, verified, need, budget, COALESCE(currency, '-'), owner, attributes, decision_by, seats, opted_out, account_id, seen_at) FROM w),
          'Ada Lovelace|ada@example.com|+48 600 100 200|t|less waste|500.00|-|anna|{"a": 1}|2026-06-01|7|t|1|2026-03-01 09:00:00+00',
          'what is empty is filled, also in columns that were added; an amount comes with its currency');
SELECT is((SELECT concat_ws('|', id, source, external_id, stage, stage_since) FROM w), '1|web|w|mql|2026-03-02 09:05:00+00', 'identity and stage of the winner stay');
SELECT is((SELECT concat_ws('|', merged_into, full_name, COALESCE(email, '-'), stage) FROM l), '1|A. Lovelace|-|lead', 'the loser stays as it was, and says where it went');
SELECT is((SELECT string_agg(format('%s:%s/%s', id, lead_id, COALESCE(merged_from::text, '-')), ' ' ORDER BY id) FROM crm.touch), '1:1/- 2:1/- 3:1/- 4:1/2 5:1/2', 'touches are the winner''s, and know whose they were');
SELECT is((SELECT concat_ws('/', lead_id, merged_from, stage) FROM crm.opportunity), '1/2/lost', 'so are opportunities');
SELECT is(clocks(), 'contact_request of 1 anna/inbound cancelled, hot_request of 1 anna/inbound running, event_follow_up of 1 anna/inbound running, cadence of 1 anna/inbound running',
          'of two promises of one kind the stricter stays; they are the winner''s owner''s now');
SELECT is((SELECT string_agg(DISTINCT lead_id::text, ',') FROM crm.stage_event WHERE opportunity_id IS NULL AND to_stage = 'lead'), '1,2,3,4', 'history stays with whom it happened to');
SELECT is((SELECT concat_ws('|', winner_id, loser_id, winner_stage, loser_stage, merged_at, session_actor = session_user, actor = current_user, undone_at IS NULL) FROM crm.lead_merge),
          '1|2|mql|lead|2026-03-02 09:05:00+00|t|t|t', 'the merge is kept: who, when, where they were');
SELECT is((SELECT moved FROM crm.lead_merge), '{"touches": [4, 5], "opportunities": [1], "clocks": [2, 3], "cancelled_clocks": [1]}', 'and what it moved');
SELECT is((SELECT string_agg(format('%s %s %s %s', s.key, s.value ->> 'from', s.value -> 'kept', s.value -> 'lost'), ', ' ORDER BY s.key) FROM crm.lead_merge, jsonb_each(survivors) s
            WHERE s.key IN ('phone', 'owner', 'budget', 'currency', 'role', 'opted_out')),
          'budget loser 500.00 null, currency loser null "PLN", opted_out loser true false, owner winner "anna" "bert", phone loser "+48 600 100 200" " "',
          'and of each field in which they differed, whose value was kept, and which was lost');
SELECT is((SELECT why FROM crm.lead_outside WHERE lead_id = 2), 'merged', 'the loser is outside the count');
SELECT is((SELECT concat_ws('/', count(*) FILTER (WHERE stage = 'lead' AND reached = 3), sum(now_in_stage)) FROM crm.funnel), '1/3', 'three leads are counted');
SELECT is((SELECT signal_kinds FROM (SELECT count(DISTINCT t.kind) AS signal_kinds FROM crm.touch t WHERE t.lead_id = 1) t), 5::bigint, 'the winner''s evidence is that of both');

-- what is not to be
SELECT is(tried(c.statement), c.expected, c.label) FROM (VALUES
    ('a lead with itself', $$SELECT leadflow.merge('crm', 3, 3)$$, '22023'),
    ('the winner is not there', $$SELECT leadflow.merge('crm', -3, 3)$$, 'P0002'),
    ('the loser is not there', $$SELECT leadflow.merge('crm', 3, -3)$$, 'P0002'),
    ('the loser was merged already', $$SELECT leadflow.merge('crm', 3, 2)$$, '55000'),
    ('the winner was merged already', $$SELECT leadflow.merge('crm', 2, 3)$$, '55000'),
    ('the same again', $$SELECT leadflow.merge('crm', 1, 2)$$, '55000'),
    ('no such workspace', $$SELECT leadflow.merge('nope', 1, 2)$$, '42704'),
    ('no such workspace to undo in', $$SELECT leadflow.unmerge('nope', 1)$$, '42704'),
    ('no such merge', $$SELECT leadflow.unmerge('crm', -1)$$, 'P0002'),
    ('merged_into by hand', $$UPDATE crm.lead SET merged_into = 1 WHERE id = 3$$, '23514 merged_into'),
    ('merged_into taken away by hand', $$UPDATE crm.lead SET merged_into = NULL WHERE id = 2$$, '23514 merged_into'),
    ('a new lead that is another one', $$INSERT INTO crm.lead (source, merged_into) VALUES ('x', 1)$$, '23514 merged_into'),
    ('the parts alone', $$SELECT leadflow.merge_rows('crm', 3, 4)$$, '23514 merged_into'),
    ('undoing by its parts alone', $$SELECT leadflow.unmerge_rows('crm', 1)$$, '23514 merged_into'),
    ('a merge that is changed', 'UPDATE crm.lead_merge SET survivors = ''{}''', '23514 append_only'),
    ('a merge that is deleted', 'DELETE FROM crm.lead_merge', '23514 append_only'),
    ('merges that are truncated', 'TRUNCATE crm.lead_merge', '23514 append_only'),
    ('after an error history is closed again', $$DO 'BEGIN BEGIN PERFORM leadflow.merge(''crm'', 3, -3); EXCEPTION WHEN OTHERS THEN NULL; END; UPDATE crm.lead_merge SET moved = ''{}''; END'$$, '23514 append_only')
) AS c (label, statement, expected);
SELECT throws_like($$SELECT leadflow.merge('crm', 2, 3)$$, 'lead 2 was merged into lead 1 already', 'the error says where it went');
SELECT is(leadflow.merge('crm', NULL, 3), NULL, 'null in, null out');

-- stages of the merged lead
SELECT is(tried(c.statement), c.expected, c.label) FROM (VALUES
    ('it does not move', $$UPDATE crm.lead SET stage = 'engaged' WHERE id = 2$$, '55000 merged'),
    ('nor forward', $$UPDATE crm.lead SET stage = 'mql' WHERE id = 2$$, '55000 merged'),
    ('nor out', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE id = 2$$, '55000 merged'),
    ('nor by its tool''s word', $$INSERT INTO crm.stage_alias (source, status, stage) VALUES ('suite', 'Won', 'won'); UPDATE crm.lead SET status = 'Won' WHERE id = 2$$, '55000 merged'),
    ('nor for who may let rows in', $$SET LOCAL leadflow.on_violation = warn; UPDATE crm.lead SET stage = 'mql' WHERE id = 2$$, '55000 merged')
) AS c (label, statement, expected);
SELECT throws_like($$UPDATE crm.lead SET stage = 'mql' WHERE id = 2$$, 'lead 2 was merged into lead 1 and does not move any more', 'the error names the winner');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = 'mql' WHERE id IN (2, 3)$$,
                $$SELECT string_agg((parked_row ->> 'id') || ' ' || (unmet -> 0 ->> 'criterion'), ', ' ORDER BY parked_row ->> 'id') FROM crm.quarantine$$), '2 merged, 3 target_role',
          'a bulk load sets the move aside with the others');
SELECT is((SELECT count(*) FROM leadflow.explain('crm', 2, 'mql') WHERE criterion = 'merged' AND NOT met), 1::bigint, 'explain says so beforehand');
SELECT is((SELECT count(*) FROM leadflow.explain('crm', 1, 'sal') WHERE criterion = 'merged'), 0::bigint, 'and of no other lead');

-- what is written for the merged lead arrives
SELECT is(tried(c.statement, c.query), c.expected, c.label) FROM (VALUES
    ('a touch', $$INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'web_visit', 'inbound', '2026-03-02 09:06+00')$$,
        'SELECT lead_id || ''/'' || merged_from FROM crm.touch ORDER BY id DESC LIMIT 1', '1/2'),
    ('an answer stops the winner''s clock', $$INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'call', 'outbound', '2026-03-02 09:07+00')$$,
        'SELECT string_agg(policy || '' '' || stopped_at::time, '', '' ORDER BY id) FROM crm.sla_clock', 'hot_request 09:07:00, event_follow_up 09:07:00'),
    ('a touch that is moved to it', $$UPDATE crm.touch SET lead_id = 2 WHERE id = 1$$, 'SELECT lead_id || ''/'' || merged_from FROM crm.touch WHERE id = 1', '1/2'),
    ('a tool that writes its touch again', $$INSERT INTO crm.touch (lead_id, kind, direction, at, source, external_id) VALUES (2, 'demo_request', 'inbound', '2026-03-02 09:05+00', 't', '4')
        ON CONFLICT (source, external_id) DO UPDATE SET lead_id = EXCLUDED.lead_id$$, 'SELECT clocks()',
        'contact_request of 1 anna/inbound cancelled, hot_request of 1 anna/inbound running, event_follow_up of 1 anna/inbound running, cadence of 1 anna/inbound running'),
    ('an opportunity', $$INSERT INTO crm.opportunity (source, lead_id, stage, reason) VALUES ('t', 2, 'lost', 'no_budget')$$,
        'SELECT lead_id || ''/'' || merged_from FROM crm.opportunity ORDER BY id DESC LIMIT 1', '1/2'),
    ('an opportunity that is moved to it', $$INSERT INTO crm.opportunity (source, account_id, stage, reason) VALUES ('t', 1, 'lost', 'no_budget'); UPDATE crm.opportunity SET lead_id = 2 WHERE source = 't'$$,
        'SELECT lead_id || ''/'' || merged_from FROM crm.opportunity WHERE source = ''t''', '1/2'),
    ('whose a touch was is not for its writer', $$UPDATE crm.touch SET merged_from = 3 WHERE id = 4; INSERT INTO crm.touch (lead_id, kind, direction, merged_from) VALUES (3, 'web_visit', 'inbound', 2)$$,
        'SELECT string_agg(lead_id || ''/'' || COALESCE(merged_from::text, ''-''), '' '' ORDER BY id) FROM crm.touch WHERE id = 4 OR lead_id = 3', '1/2 3/-'),
    ('a touch that is moved away belongs there', $$UPDATE crm.touch SET lead_id = 3 WHERE id = 4; SELECT leadflow.unmerge('crm', 1)$$, 'SELECT lead_id || COALESCE(''/'' || merged_from, '''') FROM crm.touch WHERE id = 4', '3'),
    ('a tool that writes all columns', $$UPDATE crm.touch SET lead_id = lead_id, note = 'x' WHERE id = 4; UPDATE crm.opportunity SET lead_id = 1$$,
        'SELECT lead_id || ''/'' || merged_from || (SELECT merged_from FROM crm.opportunity) FROM crm.touch WHERE id = 4', '1/22'),
    ('an opportunity is judged by the winner', $$INSERT INTO crm.opportunity (source, lead_id) VALUES ('t', 2)$$, NULL, '23514 why_now'),
    ('a field that is empty in the winner', $$UPDATE crm.lead SET industry = 'steel' WHERE id = 2$$,
        'SELECT industry || (SELECT survivors -> ''industry'' FROM crm.lead_merge) FROM w', 'steel{"from": "loser", "kept": "steel", "lost": null}'),
    ('a correction of what came from the loser', $$UPDATE crm.lead SET phone = '+48 1' WHERE id = 2$$,
        'SELECT phone || (SELECT survivors -> ''phone'' FROM crm.lead_merge) FROM w', '+48 1{"from": "loser", "kept": "+48 1", "lost": " "}'),
    ('not where the winner was changed since', $$UPDATE crm.lead SET phone = '7' WHERE id = 1; UPDATE crm.lead SET phone = '+48 1' WHERE id = 2$$, 'SELECT phone FROM w', '7'),
    ('not over what the winner knew', $$UPDATE crm.lead SET full_name = 'Ada King' WHERE id = 2$$,
        'SELECT full_name || (SELECT survivors #>> ''{full_name,lost}'' FROM crm.lead_merge) FROM w', 'Ada LovelaceAda King'),
    ('not what is emptied', $$UPDATE crm.lead SET phone = NULL WHERE id = 2$$, 'SELECT phone FROM w', '+48 600 100 200'),
    ('not what was emptied in the winner, by another write', $$UPDATE crm.lead SET phone = NULL WHERE id = 1; UPDATE crm.lead SET industry = 'x' WHERE id = 2$$, 'SELECT COALESCE(phone, ''-'') || industry FROM w', '-x'),
    ('a budget with its currency', $$UPDATE crm.lead SET budget = 900, currency = 'USD' WHERE id = 2$$, 'SELECT budget || currency FROM w', '900.00USD'),
    ('the currency of a budget that came from the loser', $$UPDATE crm.lead SET currency = 'USD' WHERE id = 2$$, 'SELECT budget || currency FROM w', '500.00USD'),
    ('not the currency of the winner''s own budget', $$UPDATE crm.lead SET budget = 1 WHERE id = 1; UPDATE crm.lead SET currency = 'USD' WHERE id = 2$$, 'SELECT budget || COALESCE(currency, ''-'') FROM w', '1.00-'),
    ('a write that changes nothing', $$UPDATE crm.lead SET phone = phone WHERE id = 2$$, 'SELECT phone FROM w', '+48 600 100 200')
) AS c (label, statement, query, expected);

-- and undone
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1)$$, 'SELECT COALESCE(all_as_before(), ''as before'')'), 'as before', 'unmerge: everything is as it was');
SELECT is(tried($$INSERT INTO crm.touch (lead_id, kind, direction, at, source, external_id) VALUES (2, 'call', 'outbound', '2026-03-02 09:07+00', 't', 'late'), (2, 'trial_started', 'inbound', '2026-03-02 09:08+00', 't', 'later');
                  INSERT INTO crm.opportunity (source, lead_id, stage, reason) VALUES ('t', 2, 'lost', 'no_budget');
                  UPDATE crm.lead SET industry = 'steel', phone = '8' WHERE id = 2;
                  SELECT leadflow.unmerge('crm', 1)$$,
                $$SELECT concat_ws('; ', clocks(), (SELECT string_agg(external_id || ':' || lead_id || COALESCE('/' || merged_from, ''), ' ' ORDER BY id) FROM crm.touch WHERE lead_id = 2),
                    (SELECT string_agg(lead_id::text, ' ' ORDER BY id) FROM crm.opportunity), (SELECT concat_ws('/', phone, industry) FROM w), (SELECT concat_ws('/', phone, industry) FROM l)) $$),
          'contact_request of 1 anna/inbound running, hot_request of 2 anna/inbound stopped 09:07:00, event_follow_up of 2 anna/inbound stopped 09:07:00, cadence of 1 anna/inbound running; '
              || '4:2 5:2 late:2 later:2; 2 2;  ; 8/steel', 'what was written for the loser since goes back with it');
SELECT is(tried($$UPDATE crm.lead SET phone = '7', owner = 'bert', owner_reason = 'anna is away' WHERE id = 1; SELECT leadflow.unmerge('crm', 1)$$,
                $$SELECT concat_ws('|', phone, COALESCE(need, '-'), owner) FROM w$$), '7|-|bert', 'a field that was changed since stays, the others go back');
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1); SELECT leadflow.unmerge('crm', 1)$$), '55000', 'a merge is undone once');
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1)$$, $$SELECT concat_ws('|', undone_at, undone_by = current_user) FROM crm.lead_merge$$), '2026-03-02 09:05:00+00|t', 'the merge stays, and says who undid it when');
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1); SELECT leadflow.merge('crm', 2, 1)$$, $$SELECT concat_ws('|', merged_into, (SELECT concat_ws('|', full_name, phone, email, budget, COALESCE(currency, '-')) FROM l)) FROM w$$),
          '2|A. Lovelace|+48 600 100 200|ada@example.com|500.00|-', 'and the other way round');
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1); UPDATE crm.lead SET stage = 'engaged' WHERE id = 2$$), '23514 transition', 'the lead moves again, as the standard lets it');

-- answers of one record to promises of the other
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1);
                  INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'call', 'outbound', '2026-03-02 09:06+00'); SELECT leadflow.merge('crm', 1, 2)$$, 'SELECT clocks()'),
          'contact_request of 1 anna/inbound stopped 09:06:00, hot_request of 2 bert/field stopped 09:06:00, event_follow_up of 2 bert/field stopped 09:06:00, cadence of 1 anna/inbound running',
          'a call to the one was a call to the other');
SELECT is(tried($$SELECT leadflow.unmerge('crm', 1);
                  INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (2, 'call', 'outbound', '2026-03-02 09:06+00'), (1, 'call', 'outbound', '2026-03-02 09:10+00'); CREATE TABLE c AS TABLE crm.sla_clock;
                  SELECT leadflow.merge('crm', 1, 2); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$,
                $$SELECT clocks() || '; ' || (SELECT count(*) FROM (TABLE c EXCEPT TABLE crm.sla_clock) d)$$),
          'contact_request of 1 anna/inbound stopped 09:10:00, hot_request of 2 bert/field stopped 09:06:00, event_follow_up of 2 bert/field stopped 09:06:00, cadence of 1 anna/inbound running; 0',
          'undone, each is answered by its own calls');

-- chains: 4 into 1, whose loser is 2; then 1 into 3
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 1)$$,
                $$SELECT concat_ws('; ', (SELECT string_agg(id || '>' || merged_into, ' ' ORDER BY id) FROM crm.lead), (SELECT string_agg(DISTINCT lead_id || '/' || merged_from, ' ') FROM crm.touch),
                    (SELECT string_agg(DISTINCT lead_id::text, ' ') FROM crm.sla_clock WHERE cancelled_at IS NULL), (SELECT phone FROM crm.lead WHERE id = 3))$$),
          '1>3 2>1; 3/1 3/2; 3; +48 600 100 200', 'a winner may itself be found to be another lead');
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 1); INSERT INTO crm.touch (lead_id, kind, direction) VALUES (2, 'web_visit', 'inbound'); UPDATE crm.lead SET industry = 'steel' WHERE id = 2$$,
                $$SELECT concat_ws(' ', (SELECT lead_id || '/' || merged_from FROM crm.touch ORDER BY id DESC LIMIT 1), (SELECT string_agg(industry, ' ') FROM crm.lead))$$),
          '3/2 steel steel steel', 'what is written for the first arrives at the last');
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 1); SELECT leadflow.unmerge('crm', 1)$$), '55000', 'merges are undone in their order');
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 1); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge; SELECT leadflow.unmerge('crm', 1)$$,
                'SELECT COALESCE(all_as_before(), ''as before'')'), 'as before', 'then everything is as it was');
SELECT is(tried($$SELECT leadflow.merge('crm', 1, 4); SELECT leadflow.unmerge('crm', 1); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$,
                'SELECT COALESCE(all_as_before(), ''as before'')'), 'as before', 'two merges into one lead, in any order');
SELECT is(tried($$SELECT leadflow.merge('crm', 4, 3)$$, $$SELECT stage || ' ' || (SELECT winner_stage || '<' || loser_stage FROM crm.lead_merge ORDER BY id DESC LIMIT 1) FROM crm.lead WHERE id = 4$$),
          'nurture nurture<lead', 'the winner stays where it is, also where the loser was further');

-- whose value survives, where a rule says so
SELECT to_regclass('crm.overwrite_rule') IS NULL AS no_rules \gset
\if :no_rules
CREATE TABLE crm.overwrite_rule (object text DEFAULT 'lead', field text, rule text, sources text[]);
\endif
SELECT leadflow.unmerge('crm', 1) \g /dev/null
UPDATE crm.lead SET phone = '1', industry = 'a', segment = 'a', territory = 'a', full_name = 'a' WHERE id = 3;
SET leadflow.clock = '2026-03-02 09:10+00';
UPDATE crm.lead SET phone = '2', industry = 'b', segment = 'b', territory = NULL, full_name = 'b' WHERE id = 4;
UPDATE crm.lead SET segment = 'w' WHERE id = 1;
INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('phone', 'newest', NULL), ('territory', 'newest', NULL), ('industry', 'keep_filled', NULL), ('segment', 'ranked', '{web,suite}');
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 4)$$, $$SELECT concat_ws('|', phone, industry, segment, territory, full_name) FROM crm.lead WHERE id = 3$$),
          '2|a|a|a|a', 'newest: the value of the row that was written last, if it has one');
SELECT is(tried($$SELECT leadflow.merge('crm', 4, 3)$$, $$SELECT concat_ws('|', phone, industry, segment, territory, full_name) FROM crm.lead WHERE id = 4$$),
          '2|b|b|a|b', 'whichever wins');
SELECT is(tried($$SELECT leadflow.merge('crm', 4, 1)$$, 'SELECT segment FROM crm.lead WHERE id = 4'), 'w', 'ranked: the value of the source that ranks higher');
SELECT is(tried($$SELECT leadflow.merge('crm', 1, 4)$$, 'SELECT segment FROM crm.lead WHERE id = 1'), 'w', 'also where that is the winner');
SELECT is(tried($$UPDATE crm.overwrite_rule SET sources = '{other}' WHERE field = 'segment'; SELECT leadflow.merge('crm', 4, 1)$$, 'SELECT segment FROM crm.lead WHERE id = 4'), 'b',
          'of sources that are not listed the winner''s');
SELECT is(tried($$SELECT leadflow.merge('crm', 3, 4); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, $$SELECT concat_ws('|', phone, industry, segment, territory, full_name) FROM crm.lead WHERE id = 3$$),
          '1|a|a|a|a', 'and undone');
DELETE FROM crm.overwrite_rule;

-- who may
CREATE ROLE merge_revops;
SELECT leadflow.grant_workspace('crm', 'merge_revops', 'revops') \g /dev/null
SELECT is(tried('SET LOCAL ROLE merge_revops; ' || c.statement, c.query), c.expected, c.label) FROM (VALUES
    ('to merge is for the owner', $$SELECT leadflow.merge('crm', 3, 4)$$, NULL, '42501'),
    ('so is to undo it', $$SELECT leadflow.unmerge('crm', 1)$$, NULL, '42501'),
    ('not even revops writes a merge', $$INSERT INTO crm.lead_merge (winner_id, loser_id, winner_stage, loser_stage) VALUES (3, 4, 'lead', 'lead')$$, NULL, '42501'),
    ('but reads them', 'SELECT 1', 'SELECT count(*)::text FROM crm.lead_merge', '1')
) AS c (label, statement, query, expected);
SELECT leadflow.merge('crm', 1, 2) \g /dev/null
CREATE ROLE merge_writer;
GRANT USAGE ON SCHEMA crm TO merge_writer;
GRANT INSERT ON crm.touch TO merge_writer;
GRANT SELECT (id), UPDATE (industry) ON crm.lead TO merge_writer;
SELECT is(tried($$SET LOCAL ROLE merge_writer; INSERT INTO crm.touch (lead_id, kind, direction, source) VALUES (2, 'web_visit', 'inbound', 'writer'); UPDATE crm.lead SET industry = 'late' WHERE id = 2; RESET ROLE$$,
                $$SELECT (SELECT lead_id FROM crm.touch WHERE source = 'writer') || (SELECT industry FROM w)$$), '1late', 'who writes the loser needs no right on the winner');
REVOKE ALL ON SCHEMA crm FROM merge_writer, merge_revops;
DROP OWNED BY merge_revops, merge_writer;
DROP ROLE merge_revops, merge_writer;

-- many touches in one statement, and none where nothing was merged
INSERT INTO crm.touch (lead_id, kind, direction, source, external_id) SELECT 1 + i % 4, 'email_open', 'inbound', 'bulk', i::text FROM generate_series(1, 400) i;
SELECT is((SELECT string_agg(lead_id || ' ' || n, ', ' ORDER BY lead_id) FROM (SELECT lead_id, count(*) AS n FROM crm.touch WHERE source = 'bulk' GROUP BY lead_id) t), '1 200, 3 100, 4 100', 'many at once');

-- other places
SELECT is(tried('SELECT leadflow.follow_merge()'), '39P01', 'follow_merge is a trigger');
SELECT is(tried(c.statement), '39P01', 'its trigger belongs where it is: ' || c.statement) FROM (VALUES
    ('CREATE TRIGGER f BEFORE INSERT ON crm.lead FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge(); INSERT INTO crm.lead (source) VALUES (''x'')'),
    ('CREATE TRIGGER f AFTER INSERT ON crm.opportunity FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge(); INSERT INTO crm.opportunity (source, account_id) VALUES (''x'', 1)'),
    ('CREATE TRIGGER f BEFORE DELETE ON crm.touch FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge(); DELETE FROM crm.touch'),
    ('CREATE TRIGGER f BEFORE INSERT ON crm.touch EXECUTE FUNCTION leadflow.follow_merge(); INSERT INTO crm.touch (lead_id, kind, direction) VALUES (1, ''note'', ''inbound'')')) AS c (statement);

SELECT * FROM finish();
