-- The clocks of promised reactions: what starts, stops, supersedes, cancels and pauses them, and when they are due
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';		-- Monday
SELECT no_plan();

\ir common/tried.sql
-- all clocks in a line: policy started>due, and what became of it
CREATE FUNCTION clocks() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s>%s%s%s', policy, to_char(started_at, 'DD HH24:MI'), to_char(due_at, 'DD HH24:MI'),
                             ' met ' || to_char(stopped_at, 'DD HH24:MI'), ' cancelled ' || to_char(cancelled_at, 'DD HH24:MI')), '; ' ORDER BY id)
      FROM crm.sla_clock
$$;

UPDATE crm.sla_policy SET active = false WHERE policy IN ('cadence', 'next_response');		-- they have a test of their own
INSERT INTO crm.business_calendar VALUES ('six', 'UTC; Mo-Sa 12:00-18:00');
INSERT INTO crm.team_member (member, team, department, calendar) VALUES ('anna', 'inbound', 'sales', 'six'), ('ben', 'outbound', 'sales', NULL);
-- lead 1 may go everywhere; lead 2 is of another variant
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since, variant)
SELECT 't', v, 'a@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20', v FROM unnest('{*,smb}'::text[]) v;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT l, k, 'inbound', '2026-02-20' FROM generate_series(1, 2) l, unnest('{web_visit,form_submit}'::text[]) k;
CREATE FUNCTION inbound(kind text, at text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES ($3, $1, 'inbound', ('2026-03-' || $2 || '+00')::timestamptz) $$;
CREATE FUNCTION outbound(kind text, at text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES ($3, $1, 'outbound', ('2026-03-' || $2 || '+00')::timestamptz) $$;
CREATE FUNCTION move(stage text, at text, lead bigint DEFAULT 1, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = $1::leadflow.stage, stage_since = ('2026-03-' || $2 || '+00')::timestamptz, reason = $4, narrative = 'n', urgency = 'hot' WHERE id = $3 $$;

SELECT is(tried('SELECT ' || c.calls, 'SELECT clocks()'), c.expected, c.label)
FROM (VALUES
    -- start and stop
    ('a hot request', $$inbound('demo_request', '02 10:00')$$, 'hot_request 02 10:00>02 10:15'),
    ('a hot request before closing time', $$inbound('pricing_request', '06 16:50')$$, 'hot_request 06 16:50>09 09:05'),
    ('a hot request at night', $$inbound('demo_request', '03 23:00')$$, 'hot_request 03 23:00>04 09:15'),
    ('a hot request at the weekend', $$inbound('demo_request', '07 12:00')$$, 'hot_request 07 12:00>09 09:15'),
    ('a target that ends with the day', $$inbound('contact_request', '06 15:00')$$, 'contact_request 06 15:00>06 17:00'),
    ('a request to talk', $$inbound('contact_request', '06 16:30')$$, 'contact_request 06 16:30>09 10:30'),
    ('an MQL, in elapsed time', $$move('mql', '06 16:30')$$, 'new_mql 06 16:30>07 16:30'),
    ('an event, in elapsed time', $$inbound('webinar_attended', '06 16:30')$$, 'event_follow_up 06 16:30>08 16:30'),
    ('a verdict within two working days', $$move('contacted', '06 16:30')$$, 'verdict 06 16:30>10 16:30'),
    ('answered', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:07')$$, 'hot_request 02 10:00>02 10:15 met 02 10:07'),
    ('answered late', $$inbound('demo_request', '02 10:00'), outbound('call', '02 13:00')$$, 'hot_request 02 10:00>02 10:15 met 02 13:00'),
    ('answered at once', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:00')$$, 'hot_request 02 10:00>02 10:15 met 02 10:00'),
    ('a sequence is no answer', $$inbound('demo_request', '02 10:00'), outbound('sequence_email', '02 10:07')$$, 'hot_request 02 10:00>02 10:15'),
    ('an inbound call is no answer', $$inbound('demo_request', '02 10:00'), inbound('call', '02 10:07')$$, 'hot_request 02 10:00>02 10:15'),
    ('an answer to another lead is none', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:07', 2)$$, 'hot_request 02 10:00>02 10:15'),
    ('outbound demo requests start nothing', $$outbound('demo_request', '02 10:00')$$, NULL),
    ('what nobody promised starts nothing', $$inbound('web_visit', '02 10:00'), outbound('call', '02 10:00')$$, NULL),
    -- late and out of order
    ('the answer was recorded first', $$outbound('call', '02 10:07'), inbound('demo_request', '02 10:00')$$, 'hot_request 02 10:00>02 10:15 met 02 10:07'),
    ('an answer before the question is none', $$outbound('call', '02 09:59'), inbound('demo_request', '02 10:00')$$, 'hot_request 02 10:00>02 10:15'),
    ('also where the question was recorded first', $$inbound('demo_request', '02 10:00'), outbound('call', '02 09:59')$$, 'hot_request 02 10:00>02 10:15'),
    ('an earlier answer that arrives late counts', $$inbound('demo_request', '02 10:00'), outbound('call', '02 13:00'), outbound('email', '02 10:05')$$, 'hot_request 02 10:00>02 10:15 met 02 10:05'),
    ('a later one does not', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:05'), outbound('email', '02 13:00')$$, 'hot_request 02 10:00>02 10:15 met 02 10:05'),
    ('the earliest of several answers', $$outbound('call', '02 13:00'), outbound('email', '02 10:05'), outbound('call', '02 09:00'), inbound('demo_request', '02 10:00')$$, 'hot_request 02 10:00>02 10:15 met 02 10:05'),
    -- one promise of a metric at a time
    ('a stricter promise supersedes', $$move('mql', '02 09:00'), inbound('demo_request', '02 10:00')$$, 'new_mql 02 09:00>03 09:00 cancelled 02 10:00; hot_request 02 10:00>02 10:15'),
    ('a laxer one does not start', $$inbound('demo_request', '02 10:00'), inbound('contact_request', '02 10:01')$$, 'hot_request 02 10:00>02 10:15'),
    ('nor the same again', $$inbound('demo_request', '02 10:00'), inbound('demo_request', '02 10:10')$$, 'hot_request 02 10:00>02 10:15'),
    ('after an answer it starts again', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:05'), inbound('demo_request', '02 11:00')$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; hot_request 02 11:00>02 11:15'),
    ('metrics do not touch each other', $$inbound('demo_request', '02 10:00'), inbound('webinar_attended', '02 09:00')$$, 'hot_request 02 10:00>02 10:15; event_follow_up 02 09:00>04 09:00'),
    ('one answer stops all that wait for it', $$inbound('demo_request', '02 10:00'), inbound('webinar_attended', '02 09:00'), outbound('call', '02 10:05')$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; event_follow_up 02 09:00>04 09:00 met 02 10:05'),
    ('a request of long ago that was answered then leaves the present promise alone', $$move('mql', '03 09:00'), outbound('call', '02 10:05'), inbound('demo_request', '02 10:00')$$,
        'new_mql 03 09:00>04 09:00; hot_request 02 10:00>02 10:15 met 02 10:05'),
    -- verdicts and exits
    ('accepted', $$move('contacted', '02 09:00'), move('sal', '02 11:00')$$, 'verdict 02 09:00>03 17:00 met 02 11:00'),
    ('accepted and more', $$move('contacted', '02 09:00'), move('sql', '02 11:00')$$, 'verdict 02 09:00>03 17:00 met 02 11:00'),
    ('rejected', $$move('contacted', '02 09:00'), move('disqualified', '02 11:00', 1, 'spam')$$, 'verdict 02 09:00>03 17:00 met 02 11:00'),
    ('handed back is no verdict', $$move('contacted', '02 09:00'), move('mql', '02 11:00', 1, 'no_response')$$, 'verdict 02 09:00>03 17:00; new_mql 02 11:00>03 11:00'),
    ('a leaf of the stage does not start it again', $$move('contacted', '02 09:00'), move('contacted.second', '02 11:00')$$, 'verdict 02 09:00>03 17:00'),
    ('an exit cancels', $$inbound('demo_request', '02 10:00'), move('nurture', '02 10:10', 1, 'not_now')$$, 'hot_request 02 10:00>02 10:15 cancelled 02 10:10'),
    ('an exit cancels some and meets others', $$move('contacted', '02 09:00'), inbound('demo_request', '02 10:00'), move('lost', '02 10:10', 1, 'no_need')$$,
        'verdict 02 09:00>03 17:00 met 02 10:10; hot_request 02 10:00>02 10:15 cancelled 02 10:10'),
    ('what was cancelled stays so', $$inbound('demo_request', '02 10:00'), move('nurture', '02 10:10', 1, 'not_now'), outbound('call', '02 10:12')$$, 'hot_request 02 10:00>02 10:15 cancelled 02 10:10'),
    ('back again it starts again', $$move('mql', '02 09:00'), move('nurture', '02 10:10', 1, 'not_now'), move('mql', '03 09:00')$$, 'new_mql 02 09:00>03 09:00 cancelled 02 10:10; new_mql 03 09:00>04 09:00'),
    ('skipping a stage does not start what it starts', $$move('sal', '02 09:00')$$, NULL)
) AS c (label, calls, expected);
SELECT is(tried($$INSERT INTO crm.lead (source, stage, stage_since, email, role, verified) VALUES ('t', 'mql', '2026-03-02 08:00+00', 'x', 'CEO', true)$$), '23514 two_signals', 'a new lead without signs');
SELECT is(tried($$WITH l AS (INSERT INTO crm.lead (source, stage, stage_since, email, role, verified) VALUES ('t', 'mql', '2026-03-02 08:00+00', 'x', 'CEO', true) RETURNING id)
                  INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT id, k, d, a FROM l, (VALUES ('web_visit', 'inbound', '2026-03-02 07:00+00'::timestamptz),
                      ('form_submit', 'inbound', '2026-03-02 07:30+00'), ('call', 'outbound', '2026-03-02 09:00+00')) v (k, d, a)$$, 'SELECT clocks()'),
          'new_mql 02 08:00>03 08:00 met 02 09:00', 'lead, signs and answer in one statement');

-- what a clock remembers
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben'; SELECT inbound('demo_request', '02 10:00')$$,
                $$SELECT format('%s %s %s %s %s %s %s %s %s', owner, team, variant, to_char(warn_at, 'HH24:MI'), target, warn_after, started_by, stopped_by IS NULL,
                    start_touch_id = (SELECT max(id) FROM crm.touch)) FROM crm.sla_clock$$),
          'ben outbound * 10:10 00:15:00 00:10:00 touch demo_request t t', 'owner, team, variant, warning and cause');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET target = '01:00', stops_on_touch = '{meeting}', condition = 'false' WHERE policy = 'hot_request';
                  SELECT inbound('demo_request', '02 10:00', 2)$$, 'SELECT clocks()'), 'hot_request 02 10:00>02 10:15', 'a policy that changes leaves running clocks alone');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.business_calendar SET calendar = 'UTC; off' WHERE code = 'default'; SELECT outbound('call', '02 11:00')$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 10:15 met 02 11:00', 'so does a calendar');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'); UPDATE crm.sla_policy SET active = false; SELECT outbound('call', '02 11:00'), inbound('demo_request', '03 10:00')$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 10:15 met 02 11:00', 'what is no longer promised does not start, and what runs can be met');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'); DELETE FROM crm.sla_policy; SELECT outbound('call', '02 11:00')$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 10:15 met 02 11:00', 'also when the policy is gone');

-- the owner's calendar, and another owner
SELECT is(tried($$UPDATE crm.lead SET owner = 'anna'; SELECT inbound('demo_request', '02 10:00')$$, 'SELECT clocks()'), 'hot_request 02 10:00>02 12:15', 'the time is that of the owner');
SELECT is(tried($$UPDATE crm.lead SET owner = 'anna'; UPDATE crm.sla_policy SET calendar = 'default'; SELECT inbound('demo_request', '02 10:00')$$, 'SELECT clocks()'), 'hot_request 02 10:00>02 10:15', 'unless the policy names one');
SELECT is(tried($$UPDATE crm.lead SET owner = 'nobody'; SELECT inbound('demo_request', '02 10:00')$$, $$SELECT clocks() || ' ' || owner || coalesce(team, ' no team') FROM crm.sla_clock$$),
          'hot_request 02 10:00>02 10:15 nobody no team', 'an owner who is no member has the default calendar');
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben'; SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 10:01'), inbound('demo_request', '02 11:00'); UPDATE crm.lead SET owner = 'anna'$$,
                $$SELECT string_agg(owner || '/' || team || to_char(due_at, ' HH24:MI'), '; ' ORDER BY id) FROM crm.sla_clock$$), 'ben/outbound 10:15; anna/inbound 11:15',
          'a running clock goes to the new owner with its time, what is over stays');
SELECT is(tried($$UPDATE crm.lead SET owner = 'ben'; SELECT inbound('demo_request', '02 10:00'); UPDATE crm.lead SET owner = NULL$$,
                $$SELECT coalesce(owner, 'none') || coalesce(team, 'none') FROM crm.sla_clock$$), 'nonenone', 'nobody owns it');
SELECT is(tried($$DELETE FROM crm.business_calendar WHERE code = 'default'; SELECT inbound('demo_request', '02 10:00')$$), '42704', 'without a calendar there is no working time');

-- conditions and variants
SELECT is(tried(c.setup || $$; SELECT inbound('demo_request', '02 10:00'), inbound('demo_request', '02 10:00', 2), outbound('call', '02 10:05'), outbound('call', '02 10:05', 2)$$, 'SELECT clocks()'), c.expected, c.label)
FROM (VALUES
    ('condition', $$UPDATE crm.sla_policy SET condition = 'variant = ''smb''' WHERE policy = 'hot_request'$$, 'hot_request 02 10:00>02 10:15 met 02 10:05'),
    ('condition that is null', $$UPDATE crm.sla_policy SET condition = 'score > 5' WHERE policy = 'hot_request'$$, NULL),
    ('condition over evidence', $$UPDATE crm.sla_policy SET condition = 'signals >= 3 AND last_signal_at = ''2026-03-02 10:00+00''' WHERE policy = 'hot_request'$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; hot_request 02 10:00>02 10:15 met 02 10:05'),
    ('the first that matches', $$INSERT INTO crm.sla_policy (policy, metric, position, starts_on_touch, stops_on_touch, target, promise, condition) VALUES ('vip', 'first_response', 5, '{demo_request}', '{call}', '00:05', 'x', 'variant = ''smb''')$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; vip 02 10:00>02 10:05 met 02 10:05'),
    ('a variant''s policy replaces the general one', $$INSERT INTO crm.sla_policy (policy, variant, metric, starts_on_touch, stops_on_touch, target, promise) VALUES ('hot_request', 'smb', 'first_response', '{demo_request}', '{call}', '03:00', 'x')$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; hot_request 02 10:00>02 13:00 met 02 10:05'),
    ('also what stops it', $$INSERT INTO crm.sla_policy (policy, variant, metric, starts_on_touch, stops_on_touch, target, promise) VALUES ('hot_request', 'smb', 'first_response', '{demo_request}', '{meeting}', '03:00', 'x')$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05; hot_request 02 10:00>02 13:00'),
    ('an inactive policy of the variant takes the promise away', $$INSERT INTO crm.sla_policy (policy, variant, metric, starts_on_touch, stops_on_touch, target, promise, active) VALUES ('hot_request', 'smb', 'first_response', '{demo_request}', '{meeting}', '03:00', 'x', false)$$,
        'hot_request 02 10:00>02 10:15 met 02 10:05')
) AS c (label, setup, expected);

-- a touch that is corrected: the promise follows what happened
SELECT is(tried('SELECT ' || c.calls || '; UPDATE crm.touch SET ' || c.correction || ' WHERE at >= ''2026-03-01''', 'SELECT clocks()'), c.expected, c.label)
FROM (VALUES
    ('nothing that matters', $$inbound('demo_request', '02 10:00')$$, $$note = 'x'$$, 'hot_request 02 10:00>02 10:15'),
    ('the time of an answered request', $$inbound('demo_request', '02 10:00'), outbound('call', '02 10:05')$$, $$at = at - interval '1 minute'$$, 'hot_request 02 09:59>02 10:14 met 02 10:04'),
    ('the time of a request', $$inbound('demo_request', '02 10:00')$$, $$at = at + interval '1 hour'$$, 'hot_request 02 11:00>02 11:15')
) AS c (label, calls, correction, expected);

SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 10:05'); UPDATE crm.touch SET kind = 'note' WHERE kind = 'call'$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 10:15', 'an answer that turns out to be none');
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 10:05', 2); UPDATE crm.touch SET lead_id = 1 WHERE kind = 'call'$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 10:15 met 02 10:05', 'an answer that turns out to be this lead''s');

-- pauses, in the clock's own time
INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, warn_after, promise) VALUES ('erp', 'erp', '{trial_started}', '{meeting}', '04:00', '03:00', 'x');
INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, warn_after, measure, promise) VALUES ('days', 'days', '{trial_started}', '{meeting}', '2 days', '1 day', 'elapsed', 'x');
CREATE FUNCTION pause(of_policy text, from_at text, to_at text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason)
    SELECT max(id), ('2026-03-' || $2 || '+00')::timestamptz, ('2026-03-' || $3 || '+00')::timestamptz, 'x' FROM crm.sla_clock WHERE policy = $1 $$;
SELECT is(tried($$SELECT inbound('trial_started', '06 15:00'); SELECT $$ || c.calls, format($$SELECT to_char(due_at, 'DD HH24:MI') || ' ' || to_char(warn_at, 'DD HH24:MI') FROM crm.sla_clock WHERE policy = %L$$, c.policy)), c.expected, c.label)
FROM (VALUES
    ('erp', 'no pause', 'NULL', '09 11:00 09 10:00'),
    ('erp', 'held Friday 16:00 to Monday 10:00', $$pause('erp', '06 16:00', '09 10:00')$$, '09 13:00 09 12:00'),
    ('erp', 'held at night', $$pause('erp', '06 18:00', '08 10:00')$$, '09 11:00 09 10:00'),
    ('erp', 'held twice', $$pause('erp', '06 15:00', '06 16:00'), pause('erp', '06 16:00', '06 16:30')$$, '09 12:30 09 11:30'),
    ('erp', 'two that overlap count once', $$pause('erp', '06 15:00', '06 16:00'), pause('erp', '06 15:30', '06 16:00')$$, '09 12:00 09 11:00'),
    ('erp', 'a pause of no time', $$pause('erp', '06 15:00', '06 15:00')$$, '09 11:00 09 10:00'),
    ('erp', 'a pause that goes on', $$pause('erp', '06 15:00', NULL)$$, '09 11:00 09 10:00'),
    ('erp', 'a pause after the due time', $$pause('erp', '10 10:00', '10 11:00')$$, '09 11:00 09 10:00'),
    ('erp', 'a pause before the start', $$pause('erp', '06 10:00', '06 11:00')$$, '09 11:00 09 10:00'),
    ('erp', 'a pause across the start', $$pause('erp', '06 14:00', '06 15:30')$$, '09 11:30 09 10:30'),
    ('days', 'elapsed days', 'NULL', '08 15:00 07 15:00'),
    ('days', 'a pause of elapsed time', $$pause('days', '06 20:00', '07 20:00')$$, '09 15:00 08 15:00')
) AS c (policy, label, calls, expected);
SELECT is(tried(c.statement), c.expected, c.label)
FROM (VALUES
    ('twice at once', $$SELECT inbound('trial_started', '06 15:00'); SELECT leadflow.pause_clock('crm', max(id), 'x'), leadflow.pause_clock('crm', max(id), 'x') FROM crm.sla_clock$$, '23505 sla_pause_open'),
    ('resume what is not paused', $$SELECT inbound('trial_started', '06 15:00'); SELECT leadflow.resume_clock('crm', max(id)) FROM crm.sla_clock$$, '55000'),
    ('a clock that is not', $$SELECT leadflow.pause_clock('crm', -1, 'x')$$, '23503 sla_pause_clock_id_fkey'),
    ('without a reason', $$SELECT inbound('trial_started', '06 15:00'); SELECT leadflow.pause_clock('crm', max(id), '') FROM crm.sla_clock$$, '23514 sla_pause_reason_check'),
    ('backwards', $$SELECT inbound('trial_started', '06 15:00'); SELECT pause('erp', '06 16:00', '06 15:00')$$, '23514 sla_pause_check'),
    ('for ever', $$SELECT inbound('trial_started', '06 15:00'); INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT max(id), 'infinity', 'x' FROM crm.sla_clock$$, '23514 sla_pause_paused_at_check')
) AS c (label, statement, expected);
SELECT is(tried($$SELECT inbound('demo_request', '02 10:00'), outbound('call', '02 12:00'); SELECT pause('hot_request', '02 10:00', '02 12:00')$$, 'SELECT clocks()'),
          'hot_request 02 10:00>02 12:15 met 02 12:00', 'the owner, who loads history, records what paused a clock that has ended');
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-03-06 15:00+00'; SELECT inbound('trial_started', '06 15:00'); SET LOCAL leadflow.clock = '2026-03-06 16:00+00';
                  SELECT leadflow.pause_clock('crm', id, 'waiting') FROM crm.sla_clock WHERE policy = 'erp'; SET LOCAL leadflow.clock = '2026-03-09 10:00+00';
                  SELECT leadflow.resume_clock('crm', id) FROM crm.sla_clock WHERE policy = 'erp'$$, $$SELECT to_char(due_at, 'DD HH24:MI') FROM crm.sla_clock WHERE policy = 'erp'$$), '09 13:00',
          'pause_clock and resume_clock');

-- due instants of published cases (policies with a calendar of their own)
CREATE FUNCTION due(calendar text, start text, target text) RETURNS text LANGUAGE sql AS $$
    SELECT tried(format($f$INSERT INTO crm.business_calendar VALUES ('c', %L);
        INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, promise, calendar) VALUES ('v', 'v', '{trial_started}', '{meeting}', %L, 'x', 'c');
        INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'trial_started', 'inbound', %L::timestamp AT TIME ZONE %L)$f$,
        calendar, target, start, split_part(calendar, ';', 1)),
        format($f$SELECT to_char(due_at AT TIME ZONE %L, 'YYYY-MM-DD HH24:MI') FROM crm.sla_clock WHERE policy = 'v'$f$, split_part(calendar, ';', 1))) $$;
SELECT is(due(c.calendar, c.start, c.target), c.expected, format('%s, %s, %s', c.calendar, c.start, c.target))
FROM (VALUES
    ('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-03-06 16:30', '01:00', '2026-03-09 09:30'),
    ('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-03-05 16:00', '04:00', '2026-03-06 12:00'),
    ('Europe/Warsaw; Mo-Fr 08:00-18:00', '2026-03-02 17:00', '04:00', '2026-03-03 11:00'),
    ('Europe/Berlin; Mo-Su 09:00-21:00; 2016 Nov 11 off; 2016 Nov 13 off', '2016-11-09 23:00', '48:00', '2016-11-15 21:00'),
    ('Europe/Warsaw; 24/7', '2026-03-02 23:30', '01:00', '2026-03-03 00:30'),
    ('Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', '2026-03-02 11:45', '02:00', '2026-03-02 15:15'),
    ('Europe/Warsaw; Mo-Fr 08:00-12:00,13:30-18:00', '2026-03-02 12:30', '00:15', '2026-03-02 13:45'),
    ('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-03-06 16:50', '00:15', '2026-03-09 09:05'),
    ('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-10-02 16:30', '02:00', '2026-10-05 10:30'),
    ('Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Oct 5 off', '2026-10-02 16:30', '02:00', '2026-10-06 10:30'),
    ('Europe/Warsaw; Mo-Fr 09:00-17:00', '2026-03-06 15:00', '02:00', '2026-03-06 17:00'),
    ('Europe/Warsaw; 24/7', '2026-03-28 20:00', '08:00', '2026-03-29 05:00'),
    ('Europe/Warsaw; 24/7', '2026-10-25 00:00', '25:00', '2026-10-26 00:00')
) AS c (calendar, start, target, expected);
SELECT isnt(due('UTC; off', '2026-03-06 15:00', '02:00'), '00000', 'where nobody ever works nothing is due');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES ('m', 'm', '{trial_started}', '{meeting}', '1 month', 'elapsed', 'x');
                  SELECT inbound('trial_started', '06 15:00')$$, NULL), '23514 target_without_months', 'a promise of a month, which has no length');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES ('m', 'm', '{trial_started}', '{meeting}', '2000000 days', 'elapsed', 'x');
                  SELECT inbound('trial_started', '06 15:00')$$, $$SELECT date_part('year', due_at)::text FROM crm.sla_clock WHERE policy = 'm'$$), '7501', 'a promise of ages');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES ('m', 'm', '{trial_started}', '{meeting}', '200000000 days', 'elapsed', 'x');
                  SELECT inbound('trial_started', '06 15:00')$$), '22015', 'a promise beyond all time');
SELECT is(tried($$INSERT INTO crm.touch (lead_id, kind, direction, at) VALUES (1, 'demo_request', 'inbound', 'infinity')$$), '23514 touch_at_check', 'a touch at no time');
SELECT is((SELECT count(*) FROM crm.sla_clock), 0::bigint, 'every case was undone');

-- the clocks of one lead are found by the lead, also by plans that were made while there were none
SELECT leadflow.create_workspace('fresh') \g /dev/null
INSERT INTO fresh.lead (source, email, role, verified) VALUES ('t', 'a@b.c', 'CEO', true);
INSERT INTO fresh.account (source, name) VALUES ('t', 'Acme');
BEGIN;
INSERT INTO fresh.touch (lead_id, kind, direction) VALUES (1, 'demo_request', 'inbound'), (1, 'form_submit', 'inbound'), (1, 'call', 'outbound');
UPDATE fresh.lead SET stage = 'mql', owner = 'anna';
UPDATE fresh.lead SET owner = 'ben', owner_reason = 'x';
INSERT INTO fresh.touch (lead_id, kind, direction) VALUES (1, 'email', 'outbound'), (1, 'call', 'inbound');
DELETE FROM fresh.touch WHERE kind = 'call';
UPDATE fresh.lead SET stage = 'disqualified', reason = 'not_target';
INSERT INTO fresh.opportunity (source, account_id, amount, expected_close) VALUES ('t', 1, 1, '2026-12-01');
UPDATE fresh.opportunity SET stage = 'proposal.deal_desk';
UPDATE fresh.opportunity SET stage = 'proposal', owner = 'ben';
SELECT is(string_agg(c.relname, ' ' ORDER BY c.relname) FILTER (WHERE c.relname ~ '_(due|warn|owner|exhausted|stopped|cancelled)$' AND pg_stat_get_xact_numscans(c.oid) > 0),
          NULL, 'no touch or move walks through all that runs'),
       cmp_ok(min(pg_stat_get_xact_numscans(c.oid)) FILTER (WHERE c.relname ~ '_(lead|opportunity)$'), '>', 0::bigint, 'they are found by the lead, or the opportunity')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'fresh.sla_clock'::regclass;
COMMIT;

SELECT * FROM finish();
