-- Promises that end when a stage is left, such as the deal desk's, and promises that begin anew with every touch, such as the next response. 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-16 10:00+00';
SELECT no_plan();

\ir common/tried.sql

UPDATE crm.sla_policy SET active = false WHERE metric NOT IN ('deal_desk', 'next_response');
INSERT INTO crm.business_calendar VALUES ('late', 'UTC; Mo-Sa 12:00-18:00');
INSERT INTO crm.team_member (member, team, department, calendar) VALUES ('ben', 'outbound', 'sales', 'late');
-- leads 1 and 2 are contacted, lead 3 is an MQL, lead 4 has a deal
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since)
SELECT 't', v, 'a@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20' FROM unnest('{1,2,3,4}'::text[]) v;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT l, k, 'inbound', '2026-02-20' FROM generate_series(1, 4) l, unnest('{web_visit,form_submit}'::text[]) k;
UPDATE crm.lead SET stage = CASE id WHEN 3 THEN 'mql' ELSE 'contacted' END, stage_since = '2026-02-20';
INSERT INTO crm.opportunity (source, external_id, lead_id, stage, stage_since, amount, expected_close) VALUES ('t', 'deal', 4, 'value', '2026-02-20', 100, '2026-06-01');
CREATE FUNCTION at(day text) RETURNS timestamptz LANGUAGE sql AS $$ SELECT ('2026-03-' || $1 || '+00')::timestamptz $$;
CREATE FUNCTION deal(stage text, day text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.opportunity SET stage = $1::leadflow.stage, stage_since = at($2), reason = $3, reason_note = 'x' WHERE external_id = 'deal' $$;
CREATE FUNCTION move(stage text, day text, lead bigint DEFAULT 1, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = $1::leadflow.stage, stage_since = at($2), reason = $4, reason_note = 'x', narrative = 'n', urgency = 'hot' WHERE id = $3 $$;
-- touches(what): '02 10:00 call' goes out, '02 10:00 <call' comes in; one statement for each
CREATE FUNCTION touches(what text, lead bigint DEFAULT 1) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t text[];
BEGIN
    FOR t IN SELECT regexp_split_to_array(a, ' ') FROM regexp_split_to_table($1, ', ') WITH ORDINALITY s (a, n) ORDER BY n LOOP
        INSERT INTO crm.touch (lead_id, at, direction, kind) VALUES (lead, at(t[1] || ' ' || t[2]), CASE WHEN t[3] LIKE '<%' THEN 'inbound' ELSE 'outbound' END, ltrim(t[3], '<'));
    END LOOP;
END $$;
CREATE FUNCTION opens(day text) RETURNS void LANGUAGE sql AS $$ INSERT INTO crm.opportunity (source, lead_id, stage, stage_since, amount, expected_close) VALUES ('t', 1, 'proposal', at($1), 1, '2026-06-01') $$;
-- clocks of a metric that count for something, in a line
CREATE FUNCTION clocks(of_metric text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s>%s%s', to_char(started_at, 'DD HH24:MI'), to_char(due_at, 'DD HH24:MI'), ' stopped ' || to_char(stopped_at, 'DD HH24:MI') || ' by ' || stopped_by), '; ' ORDER BY started_at, id)
      FROM crm.sla_clock WHERE metric = $1 AND cancelled_at IS NULL $$;
CREATE FUNCTION cancelled(of_metric text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s cancelled %s by %s', to_char(started_at, 'DD HH24:MI'), to_char(cancelled_at, 'DD HH24:MI'), stopped_by), '; ' ORDER BY started_at, id) FROM crm.sla_clock WHERE metric = $1 AND cancelled_at IS NOT NULL $$;

-- leaving: the deal desk
SELECT is(tried('SELECT ' || c.calls, $$SELECT clocks('deal_desk')$$), c.expected, 'deal desk: ' || c.label)
FROM (VALUES
    ('an offer goes out without it', $$deal('proposal', '02 10:00')$$, NULL),
    ('a question is put', $$deal('proposal.deal_desk', '02 10:00')$$, '02 10:00>03 10:00'),
    ('on a Friday', $$deal('proposal.deal_desk', '06 16:00')$$, '06 16:00>09 16:00'),
    ('answered: back to the offer', $$deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage proposal'),
    ('from the offer and back', $$deal('proposal', '02 09:00'), deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage proposal'),
    ('answered late', $$deal('proposal.deal_desk', '02 10:00'), deal('proposal', '04 15:00')$$, '02 10:00>03 10:00 stopped 04 15:00 by stage proposal'),
    ('on to another leaf', $$deal('proposal.deal_desk', '02 10:00'), deal('proposal.legal_review', '02 15:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage proposal.legal_review'),
    ('on', $$deal('proposal.deal_desk', '02 10:00'), deal('decision', '02 15:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage decision'),
    ('won at once', $$deal('proposal.deal_desk', '02 10:00'), deal('won', '02 15:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage won'),
    ('back', $$deal('proposal.deal_desk', '02 10:00'), deal('value', '02 15:00', 'missing_feature')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage value'),
    ('lost', $$deal('proposal.deal_desk', '02 10:00'), deal('lost', '02 15:00', 'no_decision')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage lost'),
    ('asked again', $$deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00'), deal('proposal.deal_desk', '03 09:00')$$, '02 10:00>03 10:00 stopped 02 15:00 by stage proposal; 03 09:00>03 17:00'),
    ('and answered again', $$deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00'), deal('proposal.deal_desk', '03 09:00'), deal('decision', '03 12:00')$$,
        '02 10:00>03 10:00 stopped 02 15:00 by stage proposal; 03 09:00>03 17:00 stopped 03 12:00 by stage decision'),
    ('passed through it starts nothing', $$deal('decision', '02 10:00')$$, NULL),
    ('a touch is no answer', $$deal('proposal.deal_desk', '02 10:00'), touches('02 11:00 call, 02 12:00 <call', 4)$$, '02 10:00>03 10:00'),
    ('the lead''s own moves are not its', $$deal('proposal.deal_desk', '02 10:00'), move('decision', '02 11:00', 4)$$, '02 10:00>03 10:00')
) AS c (label, calls, expected);
SELECT is(tried($$SELECT deal('proposal.deal_desk', '02 10:00'); $$ || c.statements, $$SELECT clocks('deal_desk')$$), '02 10:00>' || c.expected, 'deal desk: ' || c.label)
FROM (VALUES
    ('other columns change', $$UPDATE crm.opportunity SET amount = 90, owner = 'zoe'$$, '03 10:00'),
    ('the same stage again', $$UPDATE crm.opportunity SET stage = 'proposal.deal_desk'$$, '03 10:00'),
    ('the policy is gone', $$DELETE FROM crm.sla_policy; SELECT deal('proposal', '02 15:00')$$, '03 10:00 stopped 02 15:00 by stage proposal'),
    ('the policy ends otherwise now', $$UPDATE crm.sla_policy SET stops_on_leaving = false, stops_on_stage = 'won' WHERE policy = 'deal_desk'; SELECT deal('proposal', '02 15:00')$$, '03 10:00 stopped 02 15:00 by stage proposal'),
    ('the policy begins elsewhere now', $$UPDATE crm.sla_policy SET starts_on_stage = 'budget' WHERE policy = 'deal_desk'; SELECT deal('proposal', '02 15:00')$$, '03 10:00 stopped 02 15:00 by stage proposal'),
    ('it waits for the seller', $$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) SELECT id, at('02 11:00'), at('02 13:00'), 'x' FROM crm.sla_clock WHERE metric = 'deal_desk'; SELECT deal('proposal', '02 15:00')$$, '03 12:00 stopped 02 15:00 by stage proposal'),
    ('answered while it waits', $$INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, at('02 11:00'), 'x' FROM crm.sla_clock WHERE metric = 'deal_desk'; SELECT deal('proposal', '02 15:00')$$, '03 10:00 stopped 02 15:00 by stage proposal'),
    ('refused, it has not left', $$DO 'BEGIN PERFORM deal(''value'', ''02 15:00''); EXCEPTION WHEN check_violation THEN NULL; END'$$, '03 10:00'),
    ('parked, it has not left', $$SET LOCAL leadflow.on_violation = park; SELECT deal('value', '02 15:00')$$, '03 10:00')
) AS c (label, statements, expected);
SELECT is(tried($$INSERT INTO crm.opportunity (source, external_id, lead_id, stage, stage_since, amount, expected_close, owner) VALUES ('t', 'new', 2, 'proposal.deal_desk', at('02 10:00'), 1, '2026-06-01', 'ben')$$, $$SELECT clocks('deal_desk')$$), '02 10:00>03 14:00', 'deal desk: a new row, in the time of its owner');
SELECT is(tried($$SELECT deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00')$$, $$SELECT state FROM crm.sla_status WHERE metric = 'deal_desk'$$), 'met', 'deal desk: left in time is met');
SELECT is(tried($$SELECT deal('proposal.deal_desk', '02 10:00'), deal('lost', '02 15:00', 'no_decision')$$, $$SELECT state FROM crm.sla_status WHERE metric = 'deal_desk'$$), 'met', 'deal desk: also for an exit');
-- a stage and what is in it
SELECT is(tried(format($$INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_leaving, target, measure, promise) VALUES ('offer', 'opportunity', 'offer', 'proposal', true, '5 days', 'elapsed', 'x'); SELECT %s$$, c.calls), $$SELECT clocks('offer')$$), '02 10:00>07 10:00' || c.expected, 'a whole stage: ' || c.label)
FROM (VALUES
    ('into a leaf of it', $$deal('proposal', '02 10:00'), deal('proposal.deal_desk', '02 15:00')$$, ''),
    ('from leaf to leaf', $$deal('proposal.legal_review', '02 10:00'), deal('proposal.deal_desk', '02 15:00')$$, ''),
    ('back from a leaf', $$deal('proposal.legal_review', '02 10:00'), deal('proposal', '02 15:00')$$, ''),
    ('out of it from a leaf', $$deal('proposal', '02 10:00'), deal('proposal.deal_desk', '02 15:00'), deal('decision', '02 16:00')$$, ' stopped 02 16:00 by stage decision'),
    ('out of it', $$deal('proposal', '02 10:00'), deal('decision', '02 16:00')$$, ' stopped 02 16:00 by stage decision')
) AS c (label, calls, expected);
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_leaving, target, measure, promise) VALUES ('offer', 'opportunity', 'offer', 'proposal', true, '5 days', 'elapsed', 'x'); SELECT deal('proposal.deal_desk', '02 10:00'), deal('proposal', '02 15:00')$$,
                $$SELECT clocks('offer') || ' ~ ' || clocks('deal_desk')$$), '02 10:00>07 10:00 ~ 02 10:00>03 10:00 stopped 02 15:00 by stage proposal', 'a stage and a leaf of it, each by itself');
SELECT is(tried(format($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_leaving, target, measure, promise) VALUES ('wait', 'wait', 'mql', true, '5 days', 'elapsed', 'x'); SELECT move('mql', '02 10:00', 1, 'other'); SELECT %s$$, c.calls), $$SELECT concat_ws(' ', clocks('wait'), cancelled('wait'))$$), '02 10:00>07 10:00' || c.expected, 'of a lead: ' || c.label)
FROM (VALUES
    ('it stays', $$touches('02 11:00 call')$$, ''),
    ('on', $$move('contacted', '02 11:00')$$, ' stopped 02 11:00 by stage contacted'),
    ('into nurture', $$move('nurture', '02 11:00', 1, 'not_now')$$, ' stopped 02 11:00 by stage nurture'),
    ('by an opportunity that takes it on', $$opens('02 11:00')$$, ' stopped 02 11:00 by stage proposal'),
    ('a leaf', $$move('mql.hot', '02 11:00')$$, '')
) AS c (label, calls, expected);
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_touch, stops_on_leaving, target, measure, promise) VALUES ('offer', 'opportunity', 'offer', 'proposal', '{call}', true, '5 days', 'elapsed', 'x'); SELECT deal('proposal', '02 10:00'), touches('02 11:00 call', 4), deal('decision', '02 12:00')$$, $$SELECT clocks('offer')$$),
          '02 10:00>07 10:00 stopped 02 11:00 by touch call', 'a touch or leaving, whichever comes first');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_leaving, target, promise) VALUES ('x', 'x', '{call}', true, '5:00', 'x')$$), '23514 leaves_where_it_started', 'what did not begin with a stage cannot end by leaving it');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, target, promise) VALUES ('x', 'x', 'mql', '5:00', 'x')$$), '23514 sla_policy_check3', 'what nothing ends is no promise');

-- beginning anew: the next response, within 8 working hours
SELECT is(tried('SELECT ' || c.calls, $$SELECT clocks('next_response')$$), c.expected, 'next response: ' || c.label)
FROM (VALUES
    ('nobody wrote', $$touches('02 10:00 call')$$, NULL),
    ('one', $$touches('02 10:00 <email')$$, '02 10:00>03 10:00'),
    ('on a Friday', $$touches('06 16:00 <email')$$, '06 16:00>09 16:00'),
    ('two: from the second', $$touches('02 10:00 <email, 02 12:00 <call')$$, '02 12:00>03 12:00'),
    ('three: from the third', $$touches('02 10:00 <email, 02 12:00 <call, 03 09:00 <email')$$, '03 09:00>03 17:00'),
    ('as long as it is not late', $$touches('02 10:00 <email, 03 10:00 <email')$$, '03 10:00>04 10:00'),
    ('a late one is not forgiven', $$touches('02 10:00 <email, 03 10:01 <email')$$, '02 10:00>03 10:00'),
    ('however often they ask', $$touches('02 10:00 <email, 03 10:01 <email, 04 10:00 <email, 05 10:00 <call')$$, '02 10:00>03 10:00'),
    ('late, answered, and asked again', $$touches('02 10:00 <email, 03 10:01 <email, 04 10:00 email, 05 10:00 <call')$$, '02 10:00>03 10:00 stopped 04 10:00 by touch email; 05 10:00>06 10:00'),
    ('anew, then late', $$touches('02 10:00 <email, 02 12:00 <email, 03 14:00 <email')$$, '02 12:00>03 12:00'),
    ('answered', $$touches('02 10:00 <email, 02 12:00 email')$$, '02 10:00>03 10:00 stopped 02 12:00 by touch email'),
    ('anew, then answered', $$touches('02 10:00 <email, 02 11:00 <email, 02 12:00 call')$$, '02 11:00>03 11:00 stopped 02 12:00 by touch call'),
    ('answered, and asked again', $$touches('02 10:00 <email, 02 12:00 email, 02 13:00 <email')$$, '02 10:00>03 10:00 stopped 02 12:00 by touch email; 02 13:00>03 13:00'),
    ('and answered again', $$touches('02 10:00 <email, 02 12:00 email, 02 13:00 <email, 02 14:00 call')$$, '02 10:00>03 10:00 stopped 02 12:00 by touch email; 02 13:00>03 13:00 stopped 02 14:00 by touch call'),
    ('what is no such touch', $$touches('02 10:00 <email, 02 12:00 <web_visit, 02 13:00 <form_submit')$$, '02 10:00>03 10:00'),
    ('an automatic e-mail is no answer', $$touches('02 10:00 <email, 02 12:00 sequence_email')$$, '02 10:00>03 10:00'),
    ('before the first contact', $$touches('02 10:00 <email', 3)$$, NULL),
    ('of another lead', $$touches('02 10:00 <email'), touches('02 12:00 <email', 2)$$, '02 10:00>03 10:00; 02 12:00>03 12:00'),
    ('an older one that was written later', $$touches('02 12:00 <email, 02 10:00 <email')$$, '02 12:00>03 12:00'),
    ('an older one that was late by then', $$touches('04 12:00 <email, 02 10:00 <email')$$, '02 10:00>03 10:00'),
    ('an older one, and the answer', $$touches('02 12:00 <email, 02 10:00 <email, 02 13:00 call')$$, '02 12:00>03 12:00 stopped 02 13:00 by touch call'),
    ('the answer was written first', $$touches('02 12:00 email, 02 10:00 <email')$$, '02 10:00>03 10:00 stopped 02 12:00 by touch email'),
    ('the answer to the first was written last', $$touches('02 10:00 <email, 02 12:00 <email, 02 11:00 email')$$, '02 12:00>03 12:00'),
    ('accepted meanwhile', $$touches('02 10:00 <email'), move('sal', '02 11:00'), touches('02 12:00 <email')$$, '02 12:00>03 12:00'),
    ('given back', $$touches('02 10:00 <email'), move('nurture', '02 11:00', 1, 'not_now')$$, NULL),
    ('in nurture nobody promised it', $$move('nurture', '02 11:00', 1, 'not_now'), touches('02 12:00 <email')$$, NULL)
) AS c (label, calls, expected);
SELECT is(tried($$INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT 1, 'email', 'inbound', at('02 10:00') + i * interval '10 minutes' FROM generate_series(0, 5) i$$, $$SELECT clocks('next_response')$$), '02 10:50>03 10:50', 'next response: several in one statement');
SELECT is(tried($$SELECT touches('02 10:00 <email, 02 12:00 <email')$$, $$SELECT count(*) || ' ' || count(*) FILTER (WHERE state = 'running' OR state = 'breached') FROM crm.sla_status WHERE metric = 'next_response' AND state <> 'cancelled'$$), '1 1', 'next response: begun anew there is one promise');
SELECT is(tried($$SELECT touches('02 10:00 <email, 02 12:00 <email')$$, $$SELECT start_touch_id = (SELECT max(id) FROM crm.touch) FROM crm.sla_clock WHERE metric = 'next_response' AND cancelled_at IS NULL$$), 'true', 'next response: by the touch that began it anew');
SELECT is(tried($$SELECT touches('02 10:00 <email, 02 12:00 <email')$$, $$SELECT to_char(warn_at, 'DD HH24:MI') FROM crm.sla_clock WHERE metric = 'next_response' AND cancelled_at IS NULL$$), '03 10:00', 'next response: the warning moves too');
SELECT is(tried('SELECT ' || c.calls || '; ' || c.change, $$SELECT clocks('next_response')$$), c.expected, 'next response, corrected: ' || c.label)
FROM (VALUES
    ('the only one is deleted', $$touches('02 10:00 <email')$$, $$DELETE FROM crm.touch WHERE at = at('02 10:00')$$, NULL),
    ('the one that began it anew is deleted: what it cancelled stays so', $$touches('02 10:00 <email, 02 12:00 <email')$$, $$DELETE FROM crm.touch WHERE at = at('02 12:00')$$, NULL),
    ('the first of two is deleted', $$touches('02 10:00 <email, 02 12:00 <email')$$, $$DELETE FROM crm.touch WHERE at = at('02 10:00')$$, '02 12:00>03 12:00'),
    ('the answer is deleted', $$touches('02 10:00 <email, 02 12:00 email')$$, $$DELETE FROM crm.touch WHERE at = at('02 12:00')$$, '02 10:00>03 10:00'),
    ('the time of the second', $$touches('02 10:00 <email, 02 12:00 <email')$$, $$UPDATE crm.touch SET at = at('02 13:00') WHERE at = at('02 12:00')$$, '02 13:00>03 13:00')
) AS c (label, calls, change, expected);
SELECT is(tried($$SELECT touches('02 10:00 <email'); INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT id, at('02 10:30'), 'x' FROM crm.sla_clock WHERE metric = 'next_response'; SELECT touches('02 12:00 <email')$$, $$SELECT left(clocks('next_response'), 8)$$), '02 12:00', 'next response: who was waited for has written');
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben' WHERE id = 1; SELECT touches('02 10:00 <email, 02 13:00 <email')$$, $$SELECT clocks('next_response')$$), '02 13:00>03 15:00', 'next response: in the time of the owner');
SELECT is(tried($$SELECT touches('02 10:00 <email'); UPDATE crm.lead SET owner = 'ben' WHERE id = 1; SELECT touches('02 13:00 <email')$$, $$SELECT clocks('next_response') || (SELECT string_agg(owner, ',') FROM crm.sla_clock WHERE metric = 'next_response' AND cancelled_at IS NULL)$$), '02 13:00>03 15:00ben', 'next response: anew on the terms of then');
-- not anew
SELECT is(tried('UPDATE crm.sla_policy SET restarts = false WHERE policy = ''next_response''; SELECT ' || c.calls, $$SELECT clocks('next_response')$$), c.expected, 'from the first that waits: ' || c.label)
FROM (VALUES
    ('two', $$touches('02 10:00 <email, 02 12:00 <call')$$, '02 10:00>03 10:00'),
    ('an older one that was written later', $$touches('02 12:00 <email, 02 10:00 <email')$$, '02 10:00>03 10:00'),
    ('answered, and asked again', $$touches('02 10:00 <email, 02 12:00 email, 02 13:00 <email')$$, '02 10:00>03 10:00 stopped 02 12:00 by touch email; 02 13:00>03 13:00'),
    ('late', $$touches('02 10:00 <email, 03 12:00 <call')$$, '02 10:00>03 10:00')
) AS c (label, calls, expected);
SELECT is(tried($$SELECT touches('02 10:00 <email'); UPDATE crm.sla_policy SET restarts = false WHERE policy = 'next_response'; SELECT touches('02 12:00 <email')$$, $$SELECT clocks('next_response')$$), '02 10:00>03 10:00', 'no longer anew, from the next touch on');
SELECT is(tried($$UPDATE crm.sla_policy SET restarts = false WHERE policy = 'next_response'; SELECT touches('02 10:00 <email'); UPDATE crm.sla_policy SET restarts = true WHERE policy = 'next_response'; SELECT touches('02 12:00 <email')$$, $$SELECT clocks('next_response')$$), '02 12:00>03 12:00', 'anew, from the next touch on');
-- a stage that is entered again
SELECT is(tried(format($$INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_stage, restarts, target, measure, promise) VALUES ('try', 'try', 'contacted', 'sal', %L, '2 days', 'elapsed', 'x'); SELECT %s$$, c.restarts, c.calls), $$SELECT clocks('try')$$), c.expected, 'a stage, again: ' || c.label)
FROM (VALUES
    ('anew', true, $$move('contacted', '02 09:00', 3), move('mql', '02 10:00', 3, 'other'), move('contacted', '02 11:00', 3)$$, '02 11:00>04 11:00'),
    ('not when it is late', true, $$move('contacted', '02 09:00', 3), move('mql', '02 10:00', 3, 'other'), move('contacted', '05 11:00', 3)$$, '02 09:00>04 09:00'),
    ('not anew', false, $$move('contacted', '02 09:00', 3), move('mql', '02 10:00', 3, 'other'), move('contacted', '02 11:00', 3)$$, '02 09:00>04 09:00')
) AS c (label, restarts, calls, expected);
SELECT is((SELECT count(*) FROM crm.sla_clock), 0::bigint, 'every case was undone');

SELECT * FROM finish();
