-- Who is told, and what follows, when a promise is not kept: once, at the right time, and only while it is owed
SET client_min_messages = error;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-10-01 08:00+00';		-- Thursday
SELECT no_plan();

\ir common/tried.sql
-- swept(instants): what the sweeps as of these instants said, a line each
CREATE FUNCTION swept(VARIADIC instants timestamptz[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(coalesce(s.said, '-'), ' | ' ORDER BY i.n)
      FROM unnest(instants) WITH ORDINALITY i (at, n),
           LATERAL (SELECT string_agg(concat_ws(' ', kind, nullif(raised, 0) || ' raised', nullif(acted, 0) || ' acted', nullif(failed, 0) || ' failed', nullif(sent, 0) || ' sent'), ', ') AS said
                      FROM leadflow.sweep('crm', i.at)) s
$$;
-- every alert in a line: kind>receiver, the instant that it is about and the one at which it may be told, and whether it was
CREATE FUNCTION told() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(concat_ws(' ', kind || '>' || coalesce(receiver, 'nobody'), 'l' || lead_id, to_char(at, 'DD HH24:MI'), to_char(send_at, 'DD HH24:MI'),
                                CASE WHEN sent_at IS NOT NULL THEN 'sent' END, CASE WHEN done_at IS NOT NULL THEN 'done' END,
                                CASE WHEN dropped_at IS NOT NULL THEN 'dropped' END, fault), '; ' ORDER BY id)
      FROM crm.alert
$$;
CREATE FUNCTION lead_now(id bigint) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT concat_ws(' ', l.stage, coalesce(l.owner, '-')) FROM crm.lead l WHERE l.id = $1 $$;
CREATE FUNCTION messages() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(concat_ws(' ', coalesce(receiver, 'nobody'), message), '; ' ORDER BY id) FROM crm.alert $$;
CREATE FUNCTION touched(kind text, at text, direction text DEFAULT 'inbound', lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, kind, direction, channel, at) VALUES ($4, $1, $3, CASE WHEN $3 = 'outbound' THEN $1 || '_channel' END, $2::timestamptz) $$;
CREATE FUNCTION paused(at text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.sla_pause (clock_id, paused_at, reason) SELECT max(id), $1::timestamptz, 'x' FROM crm.sla_clock $$;

INSERT INTO crm.business_calendar VALUES
    ('warsaw', 'Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Nov 11 off'), ('daily', 'Europe/Warsaw; Mo-Su 07:00-22:00'), ('never', 'UTC; off');
INSERT INTO crm.team_member (member, team, department, calendar, alert_calendar, manager, active) VALUES
    ('zoe', 'board', 'sales', NULL, 'daily', NULL, true), ('maria', 'inbound', 'sales', 'warsaw', 'daily', 'zoe', true),
    ('anna', 'inbound', 'sales', 'warsaw', NULL, 'maria', true), ('ben', 'inbound', 'sales', 'warsaw', NULL, 'maria', true),
    ('left', 'inbound', 'sales', NULL, NULL, 'zoe', false), ('carl', 'inbound', 'sales', 'warsaw', NULL, 'left', true),
    ('mute', 'inbound', 'sales', 'warsaw', 'never', NULL, true);
INSERT INTO crm.team_member (member, team, department, active, manager) VALUES ('x', 't', 'sales', false, NULL), ('y', 't', 'sales', false, 'x');
UPDATE crm.team_member SET manager = 'y' WHERE member = 'x';
UPDATE crm.alert_rule SET after = '2 days' WHERE kind = 'never_contacted';
INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, owner, stage_since, created_at)
SELECT 't', n::text, 'Ada Lovelace', 'ada' || n || '@example.com', 'CEO', true, 'anna', '2026-09-01', '2026-09-01' FROM generate_series(1, 4) n;
INSERT INTO crm.touch (lead_id, kind, direction, at) SELECT n, k, 'inbound', '2026-09-01' FROM generate_series(1, 4) n, unnest('{web_visit,form_submit}'::text[]) k;
DELETE FROM crm.consequence;
UPDATE crm.sla_policy SET active = policy IN ('hot_request', 'event_follow_up');
UPDATE crm.alert_rule SET active = kind IN ('warning', 'breach');

-- warning and breach. Anna works from 07:00 to 15:00 UTC until the clocks change, then from 08:00
SELECT is(tried('SELECT ' || c.calls, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'')'), c.expected, c.label)
FROM (VALUES
    ('nothing is promised', $$1$$, '{2026-10-02 10:00}', '- / -'),
    ('not yet', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 09:09}', '- / -'),
    ('a warning', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 09:10}',
        'warning 1 raised 1 sent / warning>anna l1 02 09:10 02 09:10 sent'),
    ('twice', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 09:10,2026-10-02 09:10,2026-10-02 09:11}',
        'warning 1 raised 1 sent | - | - / warning>anna l1 02 09:10 02 09:10 sent'),
    ('at the last moment it is a warning still', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 09:15}',
        'warning 1 raised 1 sent / warning>anna l1 02 09:10 02 09:15 sent'),
    ('then a breach', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 09:11,2026-10-02 09:15:00.000001}',
        'warning 1 raised 1 sent | breach 1 raised 1 sent / warning>anna l1 02 09:10 02 09:11 sent; breach>anna l1 02 09:15 02 09:15 sent'),
    ('a broken promise needs no warning', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 12:00,2026-10-02 12:01}',
        'breach 1 raised 1 sent | - / breach>anna l1 02 09:15 02 12:00 sent'),
    ('the clock goes back', $$touched('demo_request', '2026-10-02 09:00')$$, '{2026-10-02 12:00,2026-10-02 09:12,2026-10-01 12:00,2026-10-02 12:00}',
        'breach 1 raised 1 sent | warning 1 raised 1 sent | - | - / breach>anna l1 02 09:15 02 12:00 sent; warning>anna l1 02 09:10 02 09:12 sent'),
    ('over a weekend: told on Monday', $$touched('demo_request', '2026-10-02 14:40')$$, '{2026-10-02 15:30,2026-10-04 12:00,2026-10-05 06:59,2026-10-05 07:00,2026-10-05 07:01}',
        'breach 1 raised | - | - | breach 1 sent | - / breach>anna l1 02 14:55 05 07:00 sent'),
    ('over a weekend on which the clocks change', $$touched('demo_request', '2026-10-23 14:40')$$, '{2026-10-23 15:30,2026-10-26 07:30,2026-10-26 08:00}',
        'breach 1 raised | - | breach 1 sent / breach>anna l1 23 14:55 26 08:00 sent'),
    ('over a holiday', $$touched('demo_request', '2026-11-10 15:40')$$, '{2026-11-10 16:30,2026-11-11 12:00,2026-11-12 08:00}',
        'breach 1 raised | - | breach 1 sent / breach>anna l1 10 15:55 12 08:00 sent'),
    ('in elapsed time it is broken at night, and told in the morning', $$touched('webinar_attended', '2026-10-05 20:00')$$, '{2026-10-07 21:00,2026-10-08 07:00}',
        'breach 1 raised | breach 1 sent / breach>anna l1 07 20:00 08 07:00 sent'),
    ('answered in time', $$touched('demo_request', '2026-10-02 09:00'), touched('call', '2026-10-02 09:05', 'outbound')$$, '{2026-10-02 12:00}', '- / -'),
    ('answered late, before anybody looked', $$touched('demo_request', '2026-10-02 09:00'), touched('call', '2026-10-02 11:00', 'outbound')$$, '{2026-10-02 12:00}', '- / -'),
    ('first sweep over history: what is older than the horizon stays quiet', $$touched('demo_request', '2026-10-02 09:00'), touched('demo_request', '2026-10-07 09:00', lead => 2)$$, '{2026-10-12 12:00}',
        'breach 1 raised 1 sent / breach>anna l2 07 09:15 12 12:00 sent')
) AS c (label, calls, sweeps, expected);

SELECT is(tried('SELECT touched(''demo_request'', ''2026-10-02 09:00''); ' || c.statement, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'')'), c.expected, c.label)
FROM (VALUES
    ('a promise that stands still is not broken', $$SELECT paused('2026-10-02 09:05')$$, '{2026-10-02 12:00}', '- / -'),
    ('one that was late before is', $$SELECT paused('2026-10-02 09:16')$$, '{2026-10-02 12:00}',
        'breach 1 raised 1 sent / breach>anna l1 02 09:15 02 12:00 sent'),
    ('a pause moves what is due; the warning was before it', $$SELECT swept('2026-10-02 09:11'); SELECT paused('2026-10-02 09:12');
        SELECT swept('2026-10-02 09:30'); UPDATE crm.sla_pause SET resumed_at = '2026-10-02 10:12'$$, '{2026-10-02 10:12,2026-10-02 10:14,2026-10-02 11:00,2026-10-02 11:01}',
        '- | - | breach 1 raised 1 sent | - / warning>anna l1 02 09:10 02 09:11 sent; breach>anna l1 02 10:15 02 11:00 sent'),
    ('a new time is alerted again, once', $$SELECT swept('2026-10-02 09:16'), paused('2026-10-02 09:10'); UPDATE crm.sla_pause SET resumed_at = '2026-10-02 10:10'$$, '{2026-10-02 10:14,2026-10-02 10:16,2026-10-02 10:17}',
        'warning 1 raised 1 sent | breach 1 raised 1 sent | - / breach>anna l1 02 09:15 02 09:16 sent; warning>anna l1 02 09:10 02 10:14 sent; breach>anna l1 02 10:15 02 10:16 sent'),
    ('a lead that turns out to be a test', $$UPDATE crm.lead SET stage = 'disqualified', reason = 'test' WHERE id = 1$$, '{2026-10-02 12:00}', '- / -'),
    ('the manager is told', $$UPDATE crm.alert_rule SET receiver = 'manager'$$, '{2026-10-03 12:00}', 'breach 1 raised 1 sent / breach>maria l1 02 09:15 03 12:00 sent'),
    ('somebody by name', $$UPDATE crm.alert_rule SET receiver = 'zoe'$$, '{2026-10-03 23:00}', 'breach 1 raised / breach>zoe l1 02 09:15 04 05:00'),
    ('a name that nobody has', $$UPDATE crm.alert_rule SET receiver = 'revops'$$, '{2026-10-02 12:00}', 'breach 1 raised 1 sent / breach>nobody l1 02 09:15 02 12:00 sent'),
    ('nobody owns the lead', $$UPDATE crm.lead SET owner = NULL, owner_reason = 'x' WHERE id = 1$$, '{2026-10-02 20:00}', 'breach 1 raised / breach>nobody l1 02 09:15 05 09:00'),
    ('an owner who is no member', $$UPDATE crm.lead SET owner = 'bot', owner_reason = 'x' WHERE id = 1$$, '{2026-10-02 12:00}', 'breach 1 raised 1 sent / breach>bot l1 02 09:15 02 12:00 sent'),
    ('an owner who has left: the manager', $$UPDATE crm.team_member SET active = false WHERE member = 'anna'$$, '{2026-10-02 12:00}', 'breach 1 raised 1 sent / breach>maria l1 02 09:15 02 12:00 sent'),
    ('and the next one up', $$UPDATE crm.team_member SET active = false WHERE member IN ('anna', 'maria')$$, '{2026-10-02 12:00}', 'breach 1 raised 1 sent / breach>zoe l1 02 09:15 02 12:00 sent'),
    ('managers in a circle who have all left', $$UPDATE crm.lead SET owner = 'x', owner_reason = 'x' WHERE id = 1$$, '{2026-10-02 12:00}', 'breach 1 raised 1 sent / breach>nobody l1 02 09:15 02 12:00 sent'),
    ('an alert calendar that never opens does not swallow it', $$UPDATE crm.alert_rule SET receiver = 'mute'$$, '{2026-10-04 12:00}', 'breach 1 raised 1 sent / breach>mute l1 02 09:15 04 12:00 sent'),
    ('no calendar at all', $$UPDATE crm.team_member SET calendar = NULL; DELETE FROM crm.business_calendar WHERE code = 'default'$$, '{2026-10-04 12:00}', 'breach 1 raised 1 sent / breach>anna l1 02 09:15 04 12:00 sent'),
    ('a rule that is not active', $$UPDATE crm.alert_rule SET active = false$$, '{2026-10-02 12:00}', '- / -'),
    ('a wider horizon', $$UPDATE crm.alert_rule SET horizon = '30 days'$$, '{2026-10-30 12:00}', 'breach 1 raised 1 sent / breach>anna l1 02 09:15 30 12:00 sent'),
    ('taken note of before it could be told', $$SELECT swept('2026-10-02 20:00'); SELECT leadflow.acknowledge('crm', (SELECT max(id) FROM crm.alert))$$, '{2026-10-05 08:00}', '- / breach>anna l1 02 09:15 05 07:00')
) AS c (label, statement, sweeps, expected);

SELECT is(tried($$SELECT touched('demo_request', '2026-10-02 09:00'); SELECT swept('2026-10-02 12:00')$$,
        $$SELECT concat_ws(' | ', alert_key = 'breach ' || clock_id || ' 1790932500.000000', message, details - 'due_at') FROM crm.alert$$),
    't | hot_request: lead 1 was due at 2026-10-02 09:15 UTC | {"team": "inbound", "owner": "anna", "metric": "first_response", "policy": "hot_request"}', 'what an alert says');
SELECT is(tried($$ALTER TABLE crm.opportunity DISABLE TRIGGER USER;
        INSERT INTO crm.opportunity (id, source, stage, lead_id, owner, stage_since, created_at, updated_at) OVERRIDING SYSTEM VALUE VALUES (7, 't', 'opportunity', 1, 'ben', '2026-10-01', '2026-10-01', '2026-10-01');
        ALTER TABLE crm.opportunity ENABLE TRIGGER USER;
        INSERT INTO crm.sla_clock (policy, metric, lead_id, opportunity_id, owner, variant, started_at, due_at, target, started_by, definition_version)
        VALUES ('desk', 'desk', 1, 7, 'ben', '*', '2026-10-02 08:00', '2026-10-02 09:00', '1 hour', 'stage proposal', 1);
        INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_leaving, target, promise) VALUES ('desk', 'opportunity', 'desk', 'proposal', true, '1 hour', 'x');
        INSERT INTO crm.consequence (policy, event, action, reason) VALUES ('*', 'breach', 'escalate', NULL), ('desk', 'breach', 'reassign', NULL), ('desk', 'breach', 'return_to_nurture', 'no_response')$$,
        $$SELECT swept('2026-10-02 12:00') || ' / ' || told() || ' / ' || messages()$$),
    'breach 1 raised 1 sent, escalate 1 raised 1 acted 1 sent / breach>ben l1 02 09:00 02 12:00 sent; escalate>maria l1 02 09:00 02 12:00 sent done / ben desk: opportunity 7 was due at 2026-10-02 09:00 UTC; maria desk: opportunity 7, due at 2026-10-02 09:00 UTC',
    'the promise of an opportunity is escalated, and its lead left alone');

-- the setting leadflow.clock is the sweep's own while it lasts
SELECT is(tried($$SELECT swept('2026-10-02 12:00')$$, 'SELECT leadflow.clock()::text'), '2026-10-01 08:00:00+00', 'the clock is as before after a sweep');
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-10-02 12:00+00'; SELECT touched('demo_request', '2026-10-02 09:00'); SELECT leadflow.sweep('crm')$$,
        $$SELECT kind || raised_at FROM crm.alert$$), 'breach2026-10-02 12:00:00+00', 'a sweep as of the clock');
SELECT is(tried($$SET LOCAL datestyle = 'SQL, DMY'; SET LOCAL timezone = 'Asia/Kolkata'; SELECT touched('demo_request', '2026-10-02 09:00+00'); SELECT swept('2026-10-02 12:00+00')$$,
        $$SELECT extract(epoch FROM raised_at)::bigint || message FROM crm.alert$$),
    extract(epoch FROM timestamptz '2026-10-02 12:00+00')::bigint || 'hot_request: lead 1 was due at 2026-10-02 09:15 UTC', 'whatever the session''s zone and style of dates');

-- exhausted: the attempts were all made, and the lead has not answered
CREATE FUNCTION exhausted(at text DEFAULT '2026-10-08 10:00', lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    SELECT touched('call', '2026-10-05 10:00', 'outbound', $2), touched('call', '2026-10-05 10:00:20', 'outbound', $2),
           touched('email', '2026-10-06 10:00', 'outbound', $2), touched('call', $1, 'outbound', $2);
    INSERT INTO crm.sla_clock (policy, metric, lead_id, owner, team, variant, started_at, due_at, stopped_at, stopped_by, target, started_by, definition_version,
                               stops_on_touch, stops_on_inbound, attempts, channels)
    VALUES ('cadence', 'cadence', $2, 'anna', 'inbound', '*', '2026-10-01 10:00', '2026-10-12 10:00', $1::timestamptz, 'attempts', '11 days', 'stage mql', 1,
            '{call,email,social_message}', '{call,email,form_submit}', 3, 2) $$;
UPDATE crm.alert_rule SET active = kind = 'exhausted';
UPDATE crm.lead SET stage = 'mql', stage_since = '2026-10-01 10:00';
SELECT is(tried('SELECT exhausted(); ' || c.statement, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'')'), c.expected, c.label)
FROM (VALUES
    ('an exhausted cadence', '', '{2026-10-08 09:59,2026-10-08 10:00,2026-10-08 10:01}', '- | exhausted 1 raised 1 sent | - / exhausted>anna l1 08 10:00 08 10:00 sent'),
    ('long ago', '', '{2026-10-16 10:00}', '- / -'),
    ('the lead answered afterwards', $$SELECT touched('email', '2026-10-08 11:00')$$, '{2026-10-08 12:00}', '- / -'),
    ('what does not count as an answer', $$SELECT touched('web_visit', '2026-10-08 11:00')$$, '{2026-10-08 12:00}', 'exhausted 1 raised 1 sent / exhausted>anna l1 08 10:00 08 12:00 sent'),
    ('the lead was rejected', $$UPDATE crm.lead SET stage = 'disqualified', reason = 'not_target' WHERE id = 1$$, '{2026-10-08 12:00}', '- / -'),
    ('the lead was accepted', $$UPDATE crm.lead SET stage = 'sal', why_now = 'w', promised = 'p', evidence = 'e' WHERE id = 1$$, '{2026-10-08 12:00}', '- / -'),
    ('it was stopped by something else', $$UPDATE crm.sla_clock SET stopped_by = 'answer email' WHERE policy = 'cadence'$$, '{2026-10-08 12:00}', '- / -')
) AS c (label, statement, sweeps, expected);

-- and goes back to marketing, with the story
INSERT INTO crm.consequence (policy, event, action, reason) VALUES ('cadence', 'exhausted', 'return_to_nurture', 'no_response');
SELECT is(tried($$SELECT exhausted(); SELECT swept('2026-10-08 10:00', '2026-10-08 10:01')$$,
        $$SELECT concat_ws(' | ', told(), (SELECT string_agg(concat_ws(' ', stage, reason, narrative, to_char(stage_since, 'DD HH24:MI')), ';') FROM crm.lead WHERE id = 1))$$),
    'exhausted>anna l1 08 10:00 08 10:00 sent; return_to_nurture>nobody l1 08 10:00 08 10:00 sent done | nurture no_response 3 attempts by call_channel, email_channel between 2026-10-05 and 2026-10-08. 08 10:00',
    'an exhausted cadence returns the lead to nurture, and says what was tried');
SELECT is(tried($$DELETE FROM crm.transition WHERE to_stage = 'nurture'; SELECT exhausted(); SELECT swept('2026-10-08 10:00', '2026-10-08 10:01')$$,
        $$SELECT concat_ws(' | ', told(), (SELECT tries FROM crm.alert WHERE action IS NOT NULL), (SELECT stage FROM crm.lead WHERE id = 1))$$),
    'exhausted>anna l1 08 10:00 08 10:00 sent; return_to_nurture>nobody l1 08 10:00 08 10:00 23514 transition | 2 | mql',
    'what the guard refuses is kept and tried again; the rest of the sweep stands');
SELECT is(tried($$DELETE FROM crm.transition WHERE to_stage = 'nurture'; SELECT exhausted(); SELECT swept('2026-10-08 10:00');
        INSERT INTO crm.transition (to_stage) VALUES ('nurture'); SELECT swept('2026-10-08 10:05')$$, 'SELECT told()'),
    'exhausted>anna l1 08 10:00 08 10:00 sent; return_to_nurture>nobody l1 08 10:00 08 10:05 sent done', 'once it is allowed it is done');
SELECT is(tried($$DELETE FROM crm.transition WHERE to_stage = 'nurture'; SELECT exhausted(); SELECT swept('2026-10-08 10:00');
        SELECT touched('email', '2026-10-08 10:02'); SELECT swept('2026-10-08 10:05', '2026-10-08 10:06')$$, 'SELECT told()'),
    'exhausted>anna l1 08 10:00 08 10:00 sent; return_to_nurture>nobody l1 08 10:00 08 10:00 dropped 23514 transition', 'an answer meanwhile: it is dropped');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; DELETE FROM crm.transition WHERE to_stage = 'nurture'; SELECT exhausted(), exhausted(lead => 2);
        INSERT INTO crm.transition (to_stage, variant) VALUES ('nurture', 'v'); ALTER TABLE crm.lead DISABLE TRIGGER USER; UPDATE crm.lead SET variant = 'v' WHERE id = 2; ALTER TABLE crm.lead ENABLE TRIGGER USER;
        SELECT swept('2026-10-08 10:00')$$, $$SELECT (SELECT count(*) FROM crm.quarantine) || (SELECT string_agg(stage || ' ', '' ORDER BY id) FROM crm.lead WHERE id < 3)$$),
    '0mql nurture ', 'one lead''s refusal is not another''s, and nothing is parked');
SELECT is(tried($$CREATE FUNCTION crm.stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER stays BEFORE UPDATE ON crm.lead FOR EACH ROW WHEN (NEW.stage = 'nurture') EXECUTE FUNCTION crm.stays();
        SELECT exhausted(); SELECT swept('2026-10-08 10:00')$$, $$SELECT fault || tries FROM crm.alert WHERE action IS NOT NULL$$),
    'the lead was not moved1', 'a company''s trigger that keeps the lead where it is is no success');
SELECT is(tried($$CREATE FUNCTION crm.fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no, % '', NEW.email USING ERRCODE = ''P0001''; END';
        CREATE TRIGGER fails BEFORE UPDATE ON crm.lead FOR EACH ROW WHEN (NEW.stage = 'nurture') EXECUTE FUNCTION crm.fails();
        SELECT exhausted(); SELECT swept('2026-10-08 10:00')$$, $$SELECT fault || (SELECT count(*) FROM crm.alert a WHERE a::text ~* 'ada|example') FROM crm.alert WHERE action IS NOT NULL$$),
    'P00010', 'an error''s text, which may name the person, is not kept');

-- consequences of a breach
DELETE FROM crm.consequence;
UPDATE crm.alert_rule SET active = false;
INSERT INTO crm.pool (pool, fallback_owner) VALUES ('default', 'ben');
INSERT INTO crm.pool_member (pool, member) VALUES ('default', 'anna'), ('default', 'ben');
INSERT INTO crm.routing_rule (rule, pool) VALUES ('all', 'default');
SELECT is(tried(c.setup || $$; SELECT touched('demo_request', '2026-10-02 09:00')$$, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'') || '' / '' || lead_now(1)'), c.expected, c.label)
FROM (VALUES
    ('escalated to the manager, in the manager''s hours', $$INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'escalate')$$, '{2026-10-02 09:15,2026-10-02 19:59,2026-10-02 20:30}',
        '- | escalate 1 raised 1 acted 1 sent | - / escalate>maria l1 02 09:15 02 19:59 sent done / mql anna'),
    ('over one who has left', $$UPDATE crm.lead SET owner = 'carl', owner_reason = 'x' WHERE id = 1; INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'escalate')$$, '{2026-10-02 20:30}',
        'escalate 1 raised 1 acted / escalate>zoe l1 02 09:15 03 05:00 done / mql carl'),
    ('where there is no manager it is nobody''s, and shown', $$UPDATE crm.lead SET owner = 'zoe', owner_reason = 'x' WHERE id = 1; INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'escalate')$$, '{2026-10-02 12:00}',
        'escalate 1 raised 1 acted 1 sent / escalate>nobody l1 02 09:15 02 12:00 sent done / mql zoe'),
    ('only some time after the event', $$INSERT INTO crm.consequence (policy, event, action, after) VALUES ('*', 'breach', 'escalate', '4 hours')$$, '{2026-10-02 13:15,2026-10-02 13:16}',
        '- | escalate 1 raised 1 acted 1 sent / escalate>maria l1 02 09:15 02 13:16 sent done / mql anna'),
    ('of a warning', $$INSERT INTO crm.consequence (policy, event, action) VALUES ('*', 'warning', 'escalate')$$, '{2026-10-02 09:09,2026-10-02 09:10,2026-10-02 12:00}',
        '- | escalate 1 raised 1 acted 1 sent | - / escalate>maria l1 02 09:10 02 09:10 sent done / mql anna'),
    ('what a policy says of itself holds', $$INSERT INTO crm.consequence (policy, event, action, after) VALUES ('*', 'breach', 'escalate', '0'), ('hot_request', 'breach', 'escalate', '4 hours')$$, '{2026-10-02 12:00}',
        '- / - / mql anna'),
    ('also that nothing follows', $$INSERT INTO crm.consequence (policy, event, action, active) VALUES ('*', 'breach', 'escalate', true), ('hot_request', 'breach', 'escalate', false)$$, '{2026-10-02 12:00}',
        '- / - / mql anna'),
    ('where nobody else may have the lead that is tried until the horizon has passed', $$DELETE FROM crm.pool_member WHERE member = 'ben'; UPDATE crm.pool SET fallback_owner = 'anna'; INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'reassign')$$,
        '{2026-10-02 12:00,2026-10-05 12:00,2026-10-09 12:00,2026-10-10 12:00}',
        'reassign 1 raised 1 failed | reassign 1 failed | - | - / reassign>nobody l1 02 09:15 02 12:00 dropped nobody else may have the lead / mql anna'),
    ('given to another', $$INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'reassign')$$, '{2026-10-02 12:00,2026-10-02 12:01}',
        'reassign 1 raised 1 acted 1 sent | - / reassign>ben l1 02 09:15 02 12:00 sent done / mql ben'),
    ('several at once', $$INSERT INTO crm.consequence (policy, event, action, reason) VALUES ('hot_request', 'breach', 'reassign', NULL), ('hot_request', 'breach', 'escalate', NULL)$$, '{2026-10-02 12:00}',
        'escalate 1 raised 1 acted 1 sent, reassign 1 raised 1 acted 1 sent / escalate>maria l1 02 09:15 02 12:00 sent done; reassign>ben l1 02 09:15 02 12:00 sent done / mql ben'),
    ('long ago: left to the reports', $$INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'reassign')$$, '{2026-10-10 12:00}', '- / - / mql anna')
) AS c (label, setup, sweeps, expected);
SELECT is(tried($$INSERT INTO crm.consequence (policy, event, action) VALUES ('hot_request', 'breach', 'reassign'); SELECT touched('demo_request', '2026-10-02 09:00'); SELECT swept('2026-10-02 12:00')$$,
        $$SELECT concat_ws(' | ', l.owner_reason, a.details ->> 'owner', a.details ->> 'new_owner', c.owner) FROM crm.lead l, crm.alert a, crm.sla_clock c WHERE l.id = 1 AND c.id = a.clock_id$$),
    'promise broken: hot_request | anna | ben | ben', 'a reassigned lead says why, and its promise goes along');
SELECT is(tried($$INSERT INTO crm.consequence (policy, event, action, reason) VALUES ('*', 'breach', 'return_to_nurture', 'not_now'); SELECT touched('webinar_attended', '2026-10-02 09:00'); SELECT swept('2026-10-04 12:00')$$,
        $$SELECT concat_ws(' ', stage, reason, narrative) FROM crm.lead WHERE id = 1$$),
    'nurture not_now No attempt between 2026-10-02 and 2026-10-04.', 'a lead that nobody tried to reach says so');

-- woken: leads come back when it is time
UPDATE crm.alert_rule SET active = kind = 'woken';
CREATE FUNCTION sleeps(wake_at text, rests_until text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = 'later' WHERE id = 2;
    ALTER TABLE crm.lead DISABLE TRIGGER USER;
    EXECUTE 'UPDATE crm.lead SET wake_at = $1::timestamptz, rests_until = $2::timestamptz, nurture_track = NULL WHERE id = 2' USING wake_at, rests_until;
    ALTER TABLE crm.lead ENABLE TRIGGER USER;
END $$;
INSERT INTO crm.nurture_track (track, meaning, wakes_at) VALUES ('slow', 'x', 'engaged');
SELECT is(tried(c.setup, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'') || '' / '' || lead_now(2)'), c.expected, c.label)
FROM (VALUES
    ('a lead wakes', $$SELECT sleeps('2026-10-04 10:00')$$, '{2026-10-04 09:59,2026-10-04 10:00,2026-10-05 09:00,2026-10-05 09:01}',
        '- | woken 1 raised 1 acted | woken 1 sent | - / woken>nobody l2 04 10:00 05 09:00 sent done / lead -'),
    ('not before it has rested', $$SELECT sleeps('2026-10-02 10:00', '2026-10-07 10:00')$$, '{2026-10-05 10:00,2026-10-07 10:00}',
        '- | woken 1 raised 1 acted 1 sent / woken>nobody l2 02 10:00 07 10:00 sent done / lead -'),
    ('however late', $$SELECT sleeps('2026-01-02 10:00')$$, '{2026-10-05 10:00}', 'woken 1 raised 1 acted 1 sent / woken>nobody l2 02 10:00 05 10:00 sent done / lead -'),
    ('not by itself', $$SELECT sleeps(NULL)$$, '{2027-10-05 10:00}', '- / - / nurture anna'),
    ('in the stage of its track', $$SELECT sleeps('2026-10-05 10:00'); ALTER TABLE crm.lead DISABLE TRIGGER USER; UPDATE crm.lead SET nurture_track = 'slow' WHERE id = 2; ALTER TABLE crm.lead ENABLE TRIGGER USER$$, '{2026-10-05 10:00}',
        'woken 1 raised 1 acted 1 sent / woken>nobody l2 05 10:00 05 10:00 sent done / engaged -'),
    ('refused, it is tried again and told once', $$SELECT sleeps('2026-10-05 10:00'); DELETE FROM crm.transition WHERE from_stage = 'nurture'$$, '{2026-10-05 10:00,2026-10-05 10:01}',
        'woken 1 raised 1 failed | woken 1 failed / woken>nobody l2 05 10:00 05 10:00 23514 transition / nurture anna'),
    ('not while waking is not agreed', $$SELECT sleeps('2026-10-05 10:00'); UPDATE crm.alert_rule SET active = false$$, '{2026-10-05 10:00}', '- / - / nurture anna')
) AS c (label, setup, sweeps, expected);
SELECT is(tried($$SELECT sleeps('2026-10-05 10:00'); DELETE FROM crm.transition WHERE from_stage = 'nurture'; SELECT swept('2026-10-05 10:00');
        ALTER TABLE crm.lead DISABLE TRIGGER USER; UPDATE crm.lead SET wake_at = '2026-12-01' WHERE id = 2; ALTER TABLE crm.lead ENABLE TRIGGER USER; SELECT swept('2026-10-05 10:01')$$, 'SELECT told()'),
    'woken>nobody l2 05 10:00 05 10:00 dropped 23514 transition', 'put off meanwhile, it is dropped');

-- never contacted
UPDATE crm.alert_rule SET active = kind = 'never_contacted';
SELECT is(tried(c.setup, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(told(), ''-'')'), c.expected, c.label)
FROM (VALUES
    ('handed over and not contacted: the manager is told', $$SELECT touched('call', '2026-10-02 09:00', 'outbound', n) FROM generate_series(2, 4) n$$, '{2026-10-03 09:59,2026-10-03 10:00,2026-10-03 10:01}',
        '- | never_contacted 1 raised 1 sent | - / never_contacted>maria l1 03 10:00 03 10:00 sent'),
    ('long ago', 'SELECT 1', '{2026-10-11 10:00}', '- / -'),
    ('not who has left the path', $$SELECT touched('call', '2026-10-02 09:00', 'outbound', n) FROM generate_series(2, 4) n; UPDATE crm.lead SET stage = 'disqualified', reason = 'not_target' WHERE id = 1$$, '{2026-10-04 10:00}', '- / -')
) AS c (label, setup, sweeps, expected);
SELECT is(tried($$SELECT touched('call', '2026-10-02 09:00', 'outbound', 3); SELECT touched('sequence_email', '2026-10-02 09:00', 'outbound', 4); SELECT swept('2026-10-05 10:00')$$,
        $$SELECT string_agg(lead_id::text, ',' ORDER BY lead_id) FROM crm.alert$$), '1,2,4', 'the leads that nobody tried to reach');
SELECT is(tried($$SELECT touched('call', '2026-10-02 09:00', 'outbound', 3); SELECT swept('2026-10-05 10:00'); SET LOCAL leadflow.clock = '2026-10-05 10:00+00'$$,
        $$SELECT count(*)::text FROM crm.alert a FULL JOIN crm.never_contacted n ON n.lead_id = a.lead_id WHERE a.id IS NULL OR n.lead_id IS NULL$$), '0', 'they are those of the report');

-- from the handover to nurture and back, by the agreement of a new workspace
SELECT is(tried($$UPDATE crm.sla_policy SET active = true; UPDATE crm.alert_rule SET active = true; DELETE FROM crm.consequence;
        INSERT INTO crm.consequence (policy, event, action, reason) VALUES ('cadence', 'exhausted', 'return_to_nurture', 'no_response');
        INSERT INTO crm.lead (id, source, email, role, verified, owner, stage_since) OVERRIDING SYSTEM VALUE VALUES (99, 't', 'x@y.z', 'CEO', true, 'anna', '2026-10-05 08:00');
        SELECT touched('web_visit', '2026-10-05 08:00', lead => 99), touched('form_submit', '2026-10-05 08:00', lead => 99);
        UPDATE crm.lead SET stage = 'mql', stage_since = '2026-10-05 09:00' WHERE id = 99;
        SELECT touched((ARRAY['call', 'email', 'social_message'])[1 + n % 3], ('2026-10-0' || 5 + n || ' 10:00'), 'outbound', 99) FROM generate_series(0, 4) n;
        SELECT swept('2026-10-09 12:00'), touched('call', '2026-10-10 10:00', 'outbound', 99), swept('2026-10-12 08:00', '2026-10-12 08:01')$$,
        $$SELECT concat_ws(' | ', (SELECT concat_ws(' ', stage, reason, nurture_track, to_char(wake_at, 'MM-DD'), to_char(rests_until, 'MM-DD'), narrative) FROM crm.lead WHERE id = 99),
                                  (SELECT string_agg(kind, ',' ORDER BY id) FROM crm.alert WHERE lead_id = 99 AND kind NOT IN ('warning', 'breach')))$$),
    'nurture no_response not_reached 11-11 10-26 6 attempts by call_channel, email_channel, social_message_channel between 2026-10-05 and 2026-10-10. | exhausted,return_to_nurture',
    'a cadence that nobody answered');
SELECT is(tried($$UPDATE crm.alert_rule SET active = kind = 'woken'; UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = 'later', stage_since = '2026-10-05' WHERE id = 1; SELECT swept('2027-01-02 23:59')$$,
        $$SELECT swept('2027-01-03 00:00') || ' ' || lead_now(1)$$), 'woken 1 raised 1 acted lead -', 'wakes when its track says');

-- volume without sales, data gaps: looked at once a day
UPDATE crm.alert_rule SET active = kind = 'volume_without_sales', after = '30 days', threshold = 3 WHERE kind = 'volume_without_sales';
UPDATE crm.alert_rule SET active = false WHERE kind <> 'volume_without_sales';
INSERT INTO crm.campaign (source, external_id, name, owner) VALUES ('t', '1', 'Freebies', 'mona'), ('t', '2', 'Fair', 'mona'), ('t', '3', 'Few', NULL);
INSERT INTO crm.lead (source, external_id, stage_since, created_at, campaign_id)
SELECT 't', 'c' || n, '2026-10-02', '2026-10-02', CASE WHEN n < 4 THEN 1 WHEN n < 8 THEN 2 ELSE 3 END FROM generate_series(1, 9) n;
CREATE FUNCTION sold(campaign bigint, lead bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE crm.opportunity DISABLE TRIGGER USER;
    INSERT INTO crm.opportunity (source, stage, furthest_stage, campaign_id, lead_id, stage_since, created_at, updated_at, closed_at) VALUES ('t', 'won', 'won', $1, NULL, '2026-10-05', '2026-10-05', '2026-10-05', '2026-10-05');
    ALTER TABLE crm.opportunity ENABLE TRIGGER USER;
END $$;
SELECT is(tried(c.setup, 'SELECT swept(VARIADIC ' || quote_literal(c.sweeps) || ') || '' / '' || coalesce(messages(), ''-'')'), c.expected, c.label)
FROM (VALUES
    ('many leads and no sale', 'SELECT 1', '{2026-10-20 12:00,2026-10-20 12:01,2026-10-21 12:01}',
        'volume_without_sales 2 raised 2 sent | - | - / mona campaign 1: 3 leads since 2026-09-20 12:00 UTC, and none was won; mona campaign 2: 4 leads since 2026-09-20 12:00 UTC, and none was won'),
    ('a sale of the campaign', 'SELECT sold(1, NULL)', '{2026-10-20 12:00}', 'volume_without_sales 1 raised 1 sent / mona campaign 2: 4 leads since 2026-09-20 12:00 UTC, and none was won'),
    ('a lead that was won', $$ALTER TABLE crm.lead DISABLE TRIGGER USER; UPDATE crm.lead SET furthest_stage = 'won' WHERE external_id = 'c1'; ALTER TABLE crm.lead ENABLE TRIGGER USER$$, '{2026-10-20 12:00}',
        'volume_without_sales 1 raised 1 sent / mona campaign 2: 4 leads since 2026-09-20 12:00 UTC, and none was won'),
    ('looked at once a day', $$SELECT swept('2026-10-20 11:00'); DELETE FROM crm.alert$$, '{2026-10-20 12:00,2026-10-21 10:59,2026-10-21 11:00}',
        '- | - | volume_without_sales 2 raised 2 sent / mona campaign 1: 3 leads since 2026-09-21 11:00 UTC, and none was won; mona campaign 2: 4 leads since 2026-09-21 11:00 UTC, and none was won'),
    ('and when the agreement changes', $$SELECT swept('2026-10-20 11:00'); DELETE FROM crm.alert; UPDATE crm.alert_rule SET threshold = 4 WHERE kind = 'volume_without_sales'$$, '{2026-10-20 11:01}',
        'volume_without_sales 1 raised 1 sent / mona campaign 2: 4 leads since 2026-09-20 11:01 UTC, and none was won'),
    ('leads of an earlier period', 'SELECT 1', '{2026-11-20 12:00}', '- / -')
) AS c (label, setup, sweeps, expected);

UPDATE crm.alert_rule SET active = kind = 'data_gap', threshold = CASE kind WHEN 'data_gap' THEN 0.8 ELSE threshold END;
DELETE FROM crm.field_owner WHERE object <> 'lead' OR field NOT IN ('email', 'origin', 'why_now');
UPDATE crm.lead SET origin = 'event' WHERE id < 3;
SELECT is(tried('SELECT 1', $$SELECT swept('2026-10-20 12:00', '2026-10-22 12:00', '2026-11-01 12:00') || ' / ' || messages()$$),
    'data_gap 1 raised 1 sent | - | data_gap 1 raised / nobody lead.origin: 11 of 13 rows that owe it lack it; nobody lead.origin: 11 of 13 rows that owe it lack it',
    'a field that many rows lack, once a month, for the team that owes it');
SELECT is(tried($$UPDATE crm.alert_rule SET threshold = 0.1 WHERE kind = 'data_gap'$$, $$SELECT swept('2026-10-20 12:00')$$), '-', 'few do');

-- taking note
UPDATE crm.alert_rule SET active = kind = 'breach';
SELECT touched('demo_request', '2026-10-02 09:00') \g /dev/null
SELECT is(swept('2026-10-02 12:00'), 'breach 1 raised 1 sent', 'a breach');
SELECT max(id) AS alert FROM crm.alert \gset
SET leadflow.clock = '2026-10-02 12:30+00';
SELECT is((SELECT concat_ws(' ', kind, policy, receiver, team, full_name, age_seconds, happened_at) FROM crm.alerts_open), 'breach hot_request anna inbound Ada Lovelace 1800 2026-10-02 09:15:00+00', 'alerts_open');
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-10-02 11:59+00'$$, 'SELECT count(*)::text FROM crm.alerts_open'), '0', 'alerts_open before it may be told');
SELECT leadflow.acknowledge('crm', :alert) \g /dev/null
SELECT is((SELECT acknowledged_by = current_user AND acknowledged_at = leadflow.clock() FROM crm.alert WHERE id = :alert), true, 'who took note, and when');
SELECT is_empty('SELECT FROM crm.alerts_open', 'it is open no more');
SELECT is(tried(c.statement), c.expected, c.label)
FROM (VALUES
    (format('SELECT leadflow.acknowledge(''crm'', %s)', :alert), '55000', 'only one takes note'),
    ('SELECT leadflow.acknowledge(''crm'', -1)', 'P0002', 'an alert that is not there'),
    ('SELECT leadflow.acknowledge(''nowhere'', 1)', '42P01', 'a workspace that is not there'),
    ('UPDATE crm.alert SET acknowledged_at = NULL, acknowledged_by = NULL', '23514 acknowledged_once', 'nobody takes it back'),
    ('UPDATE crm.alert SET acknowledged_by = ''zoe''', '23514 acknowledged_once', 'nor gives it to another'),
    ('UPDATE crm.alert SET acknowledged_at = ''2020-01-01''', '23514 acknowledged_once', 'nor changes when'),
    ('SELECT leadflow.sweep(''nowhere'')', '42704', 'a sweep of no workspace'),
    ('SELECT leadflow.sweep(''pg_catalog'')', '42704', 'a schema that is none'),
    ('SELECT leadflow.sweep(NULL)', '22023', 'no name'),
    ('SELECT leadflow.sweep(''crm'', NULL)', '22023', 'no instant'),
    ('SELECT leadflow.sweep(''crm'', ''infinity'')', '22023', 'no end of time'),
    ('SELECT leadflow.schedule(''crm'')', '0A000', 'no pg_cron here'),
    ('SELECT leadflow.unschedule(''crm'')', '0A000', 'none to end either'),
    ('SELECT leadflow.schedule(''nowhere'')', '42704', 'no workspace to schedule'),
    ('SELECT leadflow.schedule(''crm'', NULL)', '22023', 'no time to schedule'),
    ('SELECT leadflow.schedule(''crm'', ''0 * * * *'', ''tea'')', '22023', 'no such task'),
    ('INSERT INTO crm.alert_rule (kind, meaning) VALUES (''gossip'', ''x'')', '23514 alert_rule_kind_check', 'a kind that is not there'),
    ('UPDATE crm.alert_rule SET threshold = NULL WHERE kind = ''data_gap''', '23514 threshold_of_gap', 'a gap needs a threshold'),
    ('INSERT INTO crm.consequence (policy, event, action) VALUES (''*'', ''breach'', ''return_to_nurture'')', '23514 return_has_reason', 'a return needs a reason'),
    ('INSERT INTO crm.consequence (policy, event, action) VALUES (''hot_requset'', ''breach'', ''escalate'')', '23503 policy_is_known', 'a policy that is not there'),
    ('INSERT INTO crm.consequence (policy, event, action) VALUES (''hot_request'', ''exhausted'', ''escalate'')', '23514 exhausted_has_attempts', 'attempts that nobody promised'),
    ('INSERT INTO crm.consequence (policy, event, action, reason) VALUES (''*'', ''breach'', ''return_to_nurture'', ''not_target'')', '23514 reason_for_nurture', 'a reason that is not for nurture'),
    ('UPDATE crm.alert_rule SET horizon = ''10000 years''', '23514 alert_rule_horizon_check', 'a horizon before the calendar begins, with which no sweep could reckon'),
    ('UPDATE crm.alert_rule SET after = ''10000 years''', '23514 alert_rule_after_check', 'nor a period as long'),
    ('UPDATE crm.consequence SET after = ''10000 years''; INSERT INTO crm.consequence (policy, event, action, after) VALUES (''*'', ''breach'', ''escalate'', ''10000 years'')', '23514 consequence_after_check', 'nor a consequence as late')
) AS c (statement, expected, label);
SELECT is(tried($$UPDATE crm.alert_rule SET receiver = 'zoe'$$, $$SELECT count(*)::text FROM crm.definition_change WHERE definition = 'alert_rule' AND new_row ->> 'receiver' = 'zoe'$$), '7', 'a change of the rules is kept');

-- the agreement of a new workspace is complete
SELECT leadflow.create_workspace('fresh'), leadflow.create_workspace('bare', 'empty') \g /dev/null
SELECT is((SELECT count(*) FROM fresh.alert_rule WHERE active), 7::bigint, 'a new workspace has a rule for each kind');
SELECT is((SELECT count(*) FROM leadflow.sweep('fresh')), 0::bigint, 'a sweep of an empty workspace');
SELECT is((SELECT count(*) FROM leadflow.sweep('bare')), 0::bigint, 'and of one without an agreement');

-- a person who is forgotten: the alerts never named her
SELECT is_empty($$SELECT FROM crm.alert a WHERE a::text ~* 'ada|lovelace|example'$$, 'alerts name nobody');
SELECT leadflow.forget('crm', 1) \g /dev/null
SELECT is((SELECT count(*) FROM crm.alert), 1::bigint, 'they stay when the person is forgotten');

-- rights
SELECT 'lf_' || pg_backend_pid() AS p \gset
\set seller :p _seller
\set ops :p _ops
CREATE ROLE :seller; CREATE ROLE :ops;
SELECT leadflow.grant_workspace('crm', :'seller', 'sales'), leadflow.grant_workspace('crm', :'ops', 'revops') \g /dev/null
SELECT touched('demo_request', '2026-10-06 09:00', lead => 2), swept('2026-10-06 10:00') \g /dev/null
SELECT max(id) AS alert FROM crm.alert \gset
SELECT is(tried(format('SET LOCAL ROLE %I; %s', :'seller', c.statement)), c.expected, 'sales: ' || c.label)
FROM (VALUES
    ('SELECT leadflow.sweep(''crm'')', '42501', 'no sweep'), ('SELECT leadflow.schedule(''crm'')', '42501', 'no schedule'),
    ('SELECT FROM crm.alerts_open', '00000', 'sees the alerts'), (format('SELECT leadflow.acknowledge(''crm'', %s)', :alert), '00000', 'takes note'),
    ('UPDATE crm.alert SET receiver = NULL', '42501', 'changes nothing else'), ('UPDATE crm.alert SET fault = NULL', '42501', 'not what stood in the way'),
    ('INSERT INTO crm.alert (alert_key, kind, at, raised_at, send_at, message) VALUES (''x'', ''breach'', now(), now(), now(), ''x'')', '42501', 'raises none'),
    ('UPDATE crm.alert_rule SET active = false', '42501', 'agrees on nothing')
) AS c (statement, expected, label);
SELECT is(tried(format('SET LOCAL ROLE %I; UPDATE crm.alert SET acknowledged_at = ''2020-01-01'', acknowledged_by = ''boss'' WHERE id = %s', :'seller', :alert),
        format('SELECT (acknowledged_by = %L) || '' '' || (acknowledged_at = leadflow.clock()) FROM crm.alert WHERE id = %s', :'seller', :alert)), 'true true', 'whoever takes note is who did');
SELECT is(tried(format('SET LOCAL ROLE %I; UPDATE crm.alert_rule SET active = false', :'ops')), '00000', 'revops edits the rules');
DROP OWNED BY :seller, :ops;
DROP ROLE :seller; DROP ROLE :ops;

SELECT * FROM finish();
