-- What becomes of running clocks when something around them changes: owner, policy, calendar, variant, stage, lead
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-20 10:00+00';
SELECT no_plan();

\ir common/tried.sql
\ir ../oracle/worktime.sql

UPDATE crm.sla_policy SET active = false WHERE policy = 'cadence';
INSERT INTO crm.business_calendar VALUES ('six', 'UTC; Mo-Sa 12:00-18:00');
INSERT INTO crm.team_member (member, team, department, calendar) VALUES ('anna', 'inbound', 'sales', 'six'), ('ben', 'outbound', 'sales', NULL), ('cora', 'field', 'sales', NULL);
INSERT INTO crm.account (source) VALUES ('t');
-- lead 1 may go everywhere; lead 2 asks as well
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since, owner, urgency)
SELECT 't', n, n || '@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20', 'ben', 'hot' FROM generate_series(1, 2) n;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT l, k, 'inbound', '2026-02-20' FROM generate_series(1, 2) l, unnest('{web_visit,form_submit}'::text[]) k;

-- all of March 2026; the 2nd, 9th and 16th are Mondays
CREATE FUNCTION march(at text) RETURNS timestamptz LANGUAGE sql AS $$ SELECT ('2026-03-' || $1 || '+00')::timestamptz $$;
CREATE FUNCTION inbound(kind text, at text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES ($3, $1, 'inbound', march($2)) $$;
CREATE FUNCTION outbound(kind text, at text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES ($3, $1, 'outbound', march($2)) $$;
CREATE FUNCTION give(owner text) RETURNS void LANGUAGE sql AS $$ UPDATE crm.lead l SET owner = $1, owner_reason = 'holiday' WHERE id = 1 $$;
CREATE FUNCTION move(stage text, at text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = $1::leadflow.stage, stage_since = march($2), reason = $3, reason_note = 'x', narrative = 'n' WHERE id = 1 $$;
CREATE FUNCTION pause(from_at text, to_at text, policy text DEFAULT 'hot_request') RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) SELECT max(id), march($1), march($2), 'x' FROM crm.sla_clock c WHERE c.policy = $3 $$;
CREATE FUNCTION resume(at text) RETURNS void LANGUAGE sql AS $$ UPDATE crm.sla_pause SET resumed_at = march($1) WHERE resumed_at IS NULL $$;
CREATE FUNCTION deal(stage text, at text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.opportunity (source, external_id, stage, stage_since, account_id, reason, reason_note, amount, expected_close, owner)
    VALUES ('t', 'd', $1::leadflow.stage, march($2), 1, $3, 'x', 1000, '2026-05-01', 'ben')
    ON CONFLICT (source, external_id) DO UPDATE SET stage = EXCLUDED.stage, stage_since = EXCLUDED.stage_since, reason = EXCLUDED.reason, reason_note = EXCLUDED.reason_note $$;
-- all clocks in a line: policy started>due of whom, and what became of it
CREATE FUNCTION clocks() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', policy, to_char(started_at, 'DD HH24:MI') || '>' || to_char(due_at, 'DD HH24:MI'), coalesce(owner || '/' || team, owner),
                                'met ' || to_char(stopped_at, 'DD HH24:MI'), 'cancelled ' || to_char(cancelled_at, 'DD HH24:MI')), '; ' ORDER BY id)
      FROM crm.sla_clock
$$;
SELECT is(tried(c.calls, 'SELECT clocks()'), c.expected, c.section || ': ' || c.label)
FROM (VALUES
    ('another owner', 'the new owner answers for it, in the time of the old one', $$SELECT give('anna'), inbound('demo_request', '02 10:00'), give('ben')$$,
        'hot_request 02 10:00>02 12:15 ben/outbound'),
    ('another owner', 'the next promise is in the time of the new owner', $$SELECT give('anna'), inbound('demo_request', '02 10:00'), give('ben'), outbound('call', '02 12:10'), inbound('demo_request', '02 13:00')$$,
        'hot_request 02 10:00>02 12:15 ben/outbound met 02 12:10; hot_request 02 13:00>02 13:15 ben/outbound'),
    ('another owner', 'what is over stays with who did it', $$SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 10:05'), give('anna')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05'),
    ('another owner', 'what was cancelled too', $$SELECT inbound('demo_request', '02 10:00'), move('nurture', '02 10:10', 'not_now'), give('anna')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound cancelled 02 10:10'),
    ('another owner', 'given twice, the last one answers', $$SELECT inbound('demo_request', '02 10:00'), give('anna'), give('cora'), outbound('call', '02 10:30')$$,
        'hot_request 02 10:00>02 10:15 cora/field met 02 10:30'),
    ('another owner', 'given to nobody, and from nobody to somebody', $$SELECT inbound('demo_request', '02 10:00'), give(NULL), give('cora')$$,
        'hot_request 02 10:00>02 10:15 cora/field'),
    ('another owner', 'given while it is paused', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', NULL), give('anna'), resume('02 13:00')$$,
        'hot_request 02 10:00>02 13:10 anna/inbound'),
    ('another owner', 'the answer of a colleague counts for the owner', $$SELECT inbound('demo_request', '02 10:00'); INSERT INTO crm.touch (lead_id, kind, direction, actor, at) VALUES (1, 'call', 'outbound', 'cora', march('02 10:05'))$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05'),
    ('another owner', 'an owner whose team changes: what runs keeps the team it was started in', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.team_member SET team = 'elsewhere' WHERE member = 'ben'; SELECT inbound('webinar_attended', '02 11:00')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound; event_follow_up 02 11:00>04 11:00 ben/elsewhere'),
    ('another owner', 'an owner who leaves still owes it', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.team_member SET active = false WHERE member = 'ben'$$,
        'hot_request 02 10:00>02 10:15 ben/outbound'),
    ('another owner', 'an owner whose calendar changes', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.team_member SET calendar = 'six' WHERE member = 'ben'; SELECT outbound('call', '02 10:05'), inbound('demo_request', '02 10:10')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05; hot_request 02 10:10>02 12:15 ben/outbound'),
    ('another policy', 'stricter: what runs keeps its target', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET target = '00:05', warn_after = NULL WHERE policy = 'hot_request'$$,
        'hot_request 02 10:00>02 10:15 ben/outbound'),
    ('another policy', 'stricter: the next question is due earlier, and takes its place', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET target = '00:05', warn_after = NULL WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:01')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound cancelled 02 10:01; hot_request 02 10:01>02 10:06 ben/outbound'),
    ('another policy', 'laxer: the next question does not put off what runs', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET target = '08:00' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:01')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound'),
    ('another policy', 'in elapsed time from now on', $$SELECT inbound('demo_request', '06 16:55'); UPDATE crm.sla_policy SET measure = 'elapsed' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '06 16:55', 2)$$,
        'hot_request 06 16:55>09 09:10 ben/outbound; hot_request 06 16:55>06 17:10 ben/outbound'),
    ('another policy', 'with another answer: what runs waits for the one that was promised', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET stops_on_touch = '{meeting}' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:00', 2), outbound('call', '02 10:05'), outbound('call', '02 10:05', 2)$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05; hot_request 02 10:00>02 10:15 ben/outbound'),
    ('another policy', 'renamed: what runs keeps the name', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET policy = 'burning' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:00', 2)$$,
        'hot_request 02 10:00>02 10:15 ben/outbound; burning 02 10:00>02 10:15 ben/outbound'),
    ('another policy', 'renamed: it is the same promise still', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET policy = 'burning' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:05')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound'),
    ('another policy', 'of another metric: a promise of its own', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET metric = 'hot' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:05'), outbound('call', '02 10:10')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:10; hot_request 02 10:05>02 10:20 ben/outbound met 02 10:10'),
    ('another policy', 'set inactive: met late', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET active = false WHERE policy = 'hot_request'; SELECT outbound('call', '03 10:00')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 03 10:00'),
    ('another policy', 'set inactive: the next of the metric takes over', $$SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 10:05'); UPDATE crm.sla_policy SET active = false WHERE policy = 'hot_request'; UPDATE crm.sla_policy SET starts_on_touch = '{demo_request,contact_request}' WHERE policy = 'contact_request'; SELECT inbound('demo_request', '02 11:00')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05; contact_request 02 11:00>02 13:00 ben/outbound'),
    ('another policy', 'deleted: an exit cancels it', $$SELECT inbound('demo_request', '02 10:00'); DELETE FROM crm.sla_policy WHERE policy = 'hot_request'; SELECT move('nurture', '02 10:10', 'not_now')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound cancelled 02 10:10'),
    ('another policy', 'deleted: another owner answers for it', $$SELECT inbound('demo_request', '02 10:00'); DELETE FROM crm.sla_policy WHERE policy = 'hot_request'; SELECT give('anna')$$,
        'hot_request 02 10:00>02 10:15 anna/inbound'),
    ('another policy', 'deleted and made again', $$SELECT inbound('demo_request', '02 10:00'); CREATE TEMP TABLE kept AS SELECT * FROM crm.sla_policy WHERE policy = 'hot_request'; DELETE FROM crm.sla_policy WHERE policy = 'hot_request'; INSERT INTO crm.sla_policy SELECT * FROM kept; SELECT inbound('demo_request', '02 10:05'), outbound('call', '02 10:10')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:10'),
    ('another policy', 'everything deleted, with a pause', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', NULL); DELETE FROM crm.sla_policy; SELECT resume('02 11:05'), outbound('call', '02 11:10')$$,
        'hot_request 02 10:00>02 11:15 ben/outbound met 02 11:10'),
    ('pauses survive', 'a policy that changes while it is paused', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', NULL); UPDATE crm.sla_policy SET target = '00:05', warn_after = NULL, measure = 'elapsed' WHERE policy = 'hot_request'; SELECT resume('02 11:05')$$,
        'hot_request 02 10:00>02 11:15 ben/outbound'),
    ('pauses survive', 'two pauses around a change', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', '02 10:35'); UPDATE crm.sla_policy SET target = '04:00' WHERE policy = 'hot_request'; SELECT pause('02 10:40', '02 10:50')$$,
        'hot_request 02 10:00>02 10:55 ben/outbound'),
    ('pauses survive', 'a calendar that changes: the pause is reckoned in the clocks own time', $$SELECT inbound('contact_request', '02 10:00'), pause('02 11:00', NULL, 'contact_request'); UPDATE crm.business_calendar SET calendar = 'UTC; 24/7' WHERE code = 'default'; SELECT resume('03 09:30')$$,
        'contact_request 02 10:00>03 10:30 ben/outbound'),
    ('pauses survive', 'a calendar that is gone', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', NULL); DELETE FROM crm.business_calendar WHERE code = 'default'; SELECT resume('02 10:35')$$,
        'hot_request 02 10:00>02 10:45 ben/outbound'),
    ('pauses survive', 'a pause over the weekend', $$SELECT inbound('contact_request', '06 16:00'), pause('06 16:30', '09 09:30', 'contact_request')$$,
        'contact_request 06 16:00>09 11:00 ben/outbound'),
    ('pauses survive', 'a pause that is put right', $$SELECT inbound('demo_request', '02 10:00'), pause('02 10:05', '02 11:05'); UPDATE crm.sla_pause SET resumed_at = march('02 10:10')$$,
        'hot_request 02 10:00>02 10:20 ben/outbound'),
    ('another calendar', 'what runs keeps its time', $$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.business_calendar SET calendar = 'UTC; Mo-Fr 14:00-18:00' WHERE code = 'default'; SELECT inbound('demo_request', '02 10:00', 2)$$,
        'hot_request 02 10:00>02 10:15 ben/outbound; hot_request 02 10:00>02 14:15 ben/outbound'),
    ('another calendar', 'a holiday that is found out about', $$SELECT inbound('demo_request', '06 16:50'); UPDATE crm.business_calendar SET calendar = leadflow.with_holidays(calendar, '{2026-03-09}') WHERE code = 'default'; SELECT inbound('demo_request', '06 16:50', 2)$$,
        'hot_request 06 16:50>09 09:05 ben/outbound; hot_request 06 16:50>10 09:05 ben/outbound'),
    ('another calendar', 'one that is renamed', $$UPDATE crm.sla_policy SET calendar = 'six' WHERE policy = 'hot_request'; SELECT inbound('demo_request', '02 10:00'); UPDATE crm.business_calendar SET code = 'south' WHERE code = 'six'; SELECT inbound('demo_request', '02 10:00', 2)$$,
        'hot_request 02 10:00>02 12:15 ben/outbound; hot_request 02 10:00>02 12:15 ben/outbound'),
    ('another variant', 'what runs keeps its terms, the next is of the variant', $$INSERT INTO crm.sla_policy (policy, variant, metric, starts_on_touch, stops_on_touch, target, promise) VALUES ('hot_request', 'smb', 'first_response', '{demo_request}', '{call}', '03:00', 'x'); SELECT inbound('demo_request', '02 10:00'); UPDATE crm.lead SET variant = 'smb' WHERE id = 1; SELECT outbound('email', '02 10:05'), inbound('demo_request', '02 10:10'), outbound('email', '02 10:15')$$,
        'hot_request 02 10:00>02 10:15 ben/outbound met 02 10:05; hot_request 02 10:10>02 13:10 ben/outbound'),
    ('stages', 'into nurture and back: nothing runs until something is promised again', $$SELECT move('mql', '02 09:00'), inbound('demo_request', '02 10:00'), move('nurture', '02 10:10', 'not_now'), move('lead', '09 09:00')$$,
        'new_mql 02 09:00>03 09:00 ben/outbound cancelled 02 10:00; hot_request 02 10:00>02 10:15 ben/outbound cancelled 02 10:10'),
    ('stages', 'and then anew', $$SELECT move('mql', '02 09:00'), move('nurture', '02 10:10', 'not_now'), move('lead', '09 09:00'), move('mql', '09 10:00'), outbound('call', '09 11:00')$$,
        'new_mql 02 09:00>03 09:00 ben/outbound cancelled 02 10:10; new_mql 09 10:00>10 10:00 ben/outbound met 09 11:00'),
    ('stages', 'a pause of what was cancelled does not weigh on the new one', $$SELECT move('mql', '02 09:00'), pause('02 09:10', '02 10:00', 'new_mql'), move('nurture', '02 10:10', 'not_now'), move('mql', '09 10:00')$$,
        'new_mql 02 09:00>03 09:50 ben/outbound cancelled 02 10:10; new_mql 09 10:00>10 10:00 ben/outbound'),
    ('stages', 'straight from nurture to where it was', $$SELECT move('mql', '02 09:00'), move('nurture', '02 10:10', 'not_now'), move('mql', '09 10:00')$$,
        'new_mql 02 09:00>03 09:00 ben/outbound cancelled 02 10:10; new_mql 09 10:00>10 10:00 ben/outbound'),
    ('stages', 'lost, and found again', $$SELECT move('contacted', '02 09:00'), move('lost', '02 10:00', 'no_need'), move('contacted', '09 09:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound met 02 10:00; verdict 09 09:00>10 17:00 ben/outbound'),
    ('stages', 'handed back, what was promised first stays', $$SELECT move('mql', '02 09:00'), move('contacted', '02 10:00'), move('mql', '02 12:00', 'other')$$,
        'new_mql 02 09:00>03 09:00 ben/outbound; verdict 02 10:00>04 10:00 ben/outbound met 02 12:00'),
    ('stages', 'handed back after an answer: promised again', $$SELECT move('mql', '02 09:00'), outbound('call', '02 09:30'), move('contacted', '02 10:00'), move('mql', '02 12:00', 'other')$$,
        'new_mql 02 09:00>03 09:00 ben/outbound met 02 09:30; verdict 02 10:00>04 10:00 ben/outbound met 02 12:00; new_mql 02 12:00>03 12:00 ben/outbound'),
    ('stages', 'contacted again: another verdict is owed', $$SELECT move('contacted', '02 09:00'), move('mql', '02 12:00', 'other'), move('contacted', '03 09:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound met 02 12:00; new_mql 02 12:00>03 12:00 ben/outbound; verdict 03 09:00>04 17:00 ben/outbound'),
    ('stages', 'accepted, back, and accepted again', $$SELECT move('contacted', '02 09:00'), move('sal', '02 12:00'), move('mql', '02 13:00', 'other'), move('contacted', '03 09:00'), move('sal', '03 10:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound met 02 12:00; new_mql 02 13:00>03 13:00 ben/outbound met 03 10:00; verdict 03 09:00>04 17:00 ben/outbound met 03 10:00'),
    ('opportunities', 'a deal desk that answers', $$SELECT deal('proposal', '06 09:00'), deal('proposal.deal_desk', '06 16:00'), deal('proposal', '09 10:00')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound met 09 10:00'),
    ('opportunities', 'an offer that goes on has been decided', $$SELECT deal('proposal.deal_desk', '06 16:00'), deal('decision', '09 10:00')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound met 09 10:00'),
    ('opportunities', 'a deal that is lost is no longer asked about', $$SELECT deal('proposal.deal_desk', '06 16:00'), deal('lost', '09 10:00', 'too_expensive')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound met 09 10:00'),
    ('opportunities', 're-opened after it was lost: promised anew where it is entered again', $$SELECT deal('proposal.deal_desk', '06 16:00'), deal('lost', '09 10:00', 'too_expensive'), deal('opportunity', '16 09:00', 'other'), deal('proposal.deal_desk', '17 09:00')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound met 09 10:00; deal_desk 17 09:00>17 17:00 ben/outbound'),
    ('opportunities', 'to the deal desk twice', $$SELECT deal('proposal.deal_desk', '06 16:00'), deal('proposal', '09 10:00'), deal('proposal.deal_desk', '09 12:00')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound met 09 10:00; deal_desk 09 12:00>10 12:00 ben/outbound'),
    ('opportunities', 'another owner of the deal', $$SELECT deal('proposal.deal_desk', '06 16:00'); UPDATE crm.opportunity SET owner = 'cora'$$,
        'deal_desk 06 16:00>09 16:00 cora/field'),
    ('opportunities', 'another owner of the lead is none of the deal', $$SELECT deal('proposal.deal_desk', '06 16:00'), give('anna')$$,
        'deal_desk 06 16:00>09 16:00 ben/outbound'),
    ('next responses', 'each message starts the time anew', $$SELECT move('contacted', '02 09:00'), outbound('call', '02 09:00'), inbound('email', '02 10:00'), inbound('email', '02 12:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound; next_response 02 10:00>03 10:00 ben/outbound cancelled 02 12:00; next_response 02 12:00>03 12:00 ben/outbound'),
    ('next responses', 'answered, and asked again', $$SELECT move('contacted', '02 09:00'), inbound('email', '02 10:00'), outbound('email', '02 11:00'), inbound('email', '02 12:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound; next_response 02 10:00>03 10:00 ben/outbound met 02 11:00; next_response 02 12:00>03 12:00 ben/outbound'),
    ('next responses', 'what is late already stays late', $$SELECT move('contacted', '02 09:00'), inbound('email', '02 10:00'), inbound('email', '05 12:00')$$,
        'verdict 02 09:00>03 17:00 ben/outbound; next_response 02 10:00>03 10:00 ben/outbound'),
    ('merged leads', 'the clock goes along with its pause, to the owner of the lead', $$SELECT give('anna'), inbound('demo_request', '02 10:00', 2), pause('02 10:05', '02 10:35'), leadflow.merge('crm', 1, 2)$$,
        'hot_request 02 10:00>02 10:45 anna/inbound'),
    ('merged leads', 'resumed after the merge', $$SELECT inbound('demo_request', '02 10:00', 2), pause('02 10:05', NULL), leadflow.merge('crm', 1, 2), resume('02 10:35')$$,
        'hot_request 02 10:00>02 10:45 ben/outbound'),
    ('merged leads', 'of two of a metric the stricter stays', $$SELECT inbound('contact_request', '02 09:30'), inbound('demo_request', '02 10:00', 2), leadflow.merge('crm', 1, 2)$$,
        'contact_request 02 09:30>02 11:30 ben/outbound cancelled 20 10:00; hot_request 02 10:00>02 10:15 ben/outbound')
) AS c (section, label, calls, expected);

-- who kept the promise, as the reports say it
SELECT is(tried($$SELECT give('anna'), inbound('demo_request', '02 10:00'), give('ben'), outbound('call', '02 10:05'), give('cora')$$,
                $$SELECT string_agg(concat_ws(' ', owner, clocks, met), '; ') FROM crm.sla_compliance$$), 'ben 1 1', 'the report credits who owned the lead when it was answered');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET policy = 'burning' WHERE policy = 'hot_request'; SELECT outbound('call', '02 10:05'), inbound('demo_request', '02 11:00')$$,
                $$SELECT string_agg(concat_ws(' ', policy, clocks, met), '; ' ORDER BY policy) FROM crm.sla_compliance$$), 'burning 1 0; hot_request 1 1', 'and the policy as it was called then');
SELECT is(tried('SELECT ' || c.calls || '; CREATE TEMP TABLE before AS SELECT e.* FROM crm.sla_clock, leadflow.explain_due(''crm'', id) e; ' || c.change,
                $$SELECT count(*) || ' ' || (SELECT count(*) FROM (TABLE before EXCEPT SELECT e.* FROM crm.sla_clock, leadflow.explain_due('crm', id) e) d) FROM before$$),
          c.expected, 'the explanation stays as it is: ' || c.label)
FROM (VALUES
    ('another calendar', $$inbound('contact_request', '06 16:00'), pause('06 16:30', '09 09:30', 'contact_request')$$, $$UPDATE crm.business_calendar SET calendar = 'UTC; off'$$, '28 0'),
    ('another policy', $$inbound('contact_request', '06 16:00'), pause('06 16:30', '09 09:30', 'contact_request')$$, $$UPDATE crm.sla_policy SET target = '00:01', warn_after = NULL$$, '28 0'),
    ('another owner', $$inbound('contact_request', '06 16:00'), pause('06 16:30', '09 09:30', 'contact_request')$$, $$SELECT give('anna')$$, '28 0'),
    ('merged', $$inbound('contact_request', '06 16:00', 2), pause('06 16:30', '09 09:30', 'contact_request')$$, $$SELECT leadflow.merge('crm', 1, 2)$$, '28 0')
) AS c (label, calls, change, expected);

-- the warning comes in the clock's own time, whatever the target
INSERT INTO crm.business_calendar VALUES ('warsaw', 'Europe/Warsaw; Mo-Fr 08:00-18:00');
INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, warn_after, calendar, promise)
VALUES ('four', 'four', '{trial_started}', '{meeting}', '04:00', '03:00', 'warsaw', 'x');
SELECT is(tried('SELECT inbound(''trial_started'', ''' || c.start || '''); SELECT ' || coalesce(c.calls, '1') || '; SET LOCAL leadflow.clock = ''' || c.present || '''',
                'SELECT state FROM crm.sla_status WHERE policy = ''four'''), c.state, format('%s, seen at %s: %s', c.start, c.present, c.label))
FROM (VALUES
    ('02 16:00', NULL, '2026-03-03 09:59:59+01', 'running', 'Monday 17:00 of the calendar, before the warning'),
    ('02 16:00', NULL, '2026-03-03 10:00+01', 'warning', 'an hour before Tuesday 11:00, not before midnight'),
    ('02 16:00', NULL, '2026-03-03 11:00+01', 'warning', 'due, and not late'),
    ('02 16:00', NULL, '2026-03-03 11:00:01+01', 'breached', 'late'),
    ('06 16:30', NULL, '2026-03-07 12:00+01', 'running', 'no warning at the weekend'),
    ('06 16:30', NULL, '2026-03-09 10:29:59+01', 'running', 'Friday 17:30, before the warning on Monday'),
    ('06 16:30', NULL, '2026-03-09 10:30+01', 'warning', 'on Monday'),
    ('27 16:30', NULL, '2026-03-30 10:29:59+02', 'running', 'the same over the weekend on which the clocks change'),
    ('27 16:30', NULL, '2026-03-30 10:30+02', 'warning', 'at the same local time'),
    ('02 16:00', $$pause('02 16:30', '03 08:00', 'four')$$, '2026-03-03 11:29:59+01', 'running', 'a pause of an hour and a half puts the warning off'),
    ('02 16:00', $$pause('02 16:30', '03 08:00', 'four')$$, '2026-03-03 11:30+01', 'warning', 'by as much'),
    ('02 16:00', $$pause('02 16:30', NULL, 'four')$$, '2026-03-03 17:00+01', 'paused', 'no warning while it stands still')
) AS c (start, calls, present, state, label);

-- any subset of weekdays, any start: the oracle's due and warning instants, in the week before the clocks change
INSERT INTO crm.lead (source, external_id, stage_since) SELECT 's', n, '2026-02-20' FROM generate_series(0, 6) n;
CREATE FUNCTION wrong(subset integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    cal constant jsonb := jsonb_build_object('zone', 'Europe/Warsaw', 'rules', jsonb_build_array(jsonb_build_object('kind', 'weekday', 'spans', '[["08:30", "12:00"], ["13:00", "17:15"]]'::jsonb,
        'ranges', (SELECT jsonb_agg(jsonb_build_array((d + 1)::text, (d + 1)::text)) FROM generate_series(0, 6) d WHERE subset & (1 << d) <> 0))));
BEGIN
    UPDATE crm.business_calendar SET calendar = (SELECT 'Europe/Warsaw; ' || string_agg(substr('MoTuWeThFrSaSu', 2 * d + 1, 2), ',') || ' 08:30-12:00,13:00-17:15'
                                                 FROM generate_series(0, 6) d WHERE subset & (1 << d) <> 0)::leadflow.calendar WHERE code = 'warsaw';
    UPDATE crm.sla_policy SET target = make_interval(mins => 1 + subset * 7), warn_after = make_interval(mins => 1 + subset * 4) WHERE policy = 'four';
    INSERT INTO crm.touch (lead_id, kind, direction, at)
    SELECT id, 'trial_started', 'inbound', '2026-03-23 00:10+01'::timestamptz + make_interval(hours => 24 * external_id::int + (subset * 5 + external_id::int * 7) % 24) FROM crm.lead WHERE source = 's';
    RETURN (SELECT count(*) FROM crm.sla_clock WHERE policy = 'four') || ' clocks' || coalesce((
        SELECT string_agg(concat_ws(' ', ', wrong:', c.started_at, c.due_at, c.warn_at), '') FROM crm.sla_clock c WHERE c.policy = 'four'
        AND (c.due_at <> oracle.add_worktime(cal, c.started_at, c.target) OR c.warn_at <> oracle.add_worktime(cal, c.started_at, c.warn_after))), '');
END $$;
SELECT is(tried('', format('SELECT wrong(%s)', subset)), '7 clocks', 'weekdays ' || subset || ', seven starts') FROM generate_series(1, 127) subset;
SELECT is((SELECT count(*) FROM crm.sla_clock), 0::bigint, 'every case was undone');

SELECT * FROM finish();
