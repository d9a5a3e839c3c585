-- What a rep reads before calling: the story of a lead, and its card.
-- 6 March 2026 is a Friday.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/plan_of.sql
\ir common/rows_of.sql

SET search_path = crm, public;
SELECT is(count(*), 0::bigint, 'no story in a new workspace') FROM lead_story;
SELECT is(count(*), 0::bigint, 'and no card') FROM lead_card;

-- a lead that lived through everything, written as a CRM would, and one that did nothing
INSERT INTO team_member (member, full_name, team, department) VALUES ('anna', 'Anna A', 'inbound', 'sales'), ('mike', 'Mike M', 'demand', 'marketing');
INSERT INTO account (source, name, industry) VALUES ('t', 'Acme', 'steel');
INSERT INTO campaign (source, external_id, name, channel) VALUES ('t', '1', 'Fair', 'event'), ('t', '2', 'Mailing', 'email');
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE sla_pause DISABLE TRIGGER USER;
ALTER TABLE verdict DISABLE TRIGGER USER;
ALTER TABLE verdict_answer DISABLE TRIGGER USER;
ALTER TABLE nurture_stay DISABLE TRIGGER USER;
ALTER TABLE assignment DISABLE TRIGGER USER;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, account_id, campaign_id, full_name, email, phone, role, need, budget, origin, segment, owner, why_now, promised, evidence, urgency, score)
VALUES ('2026-03-09 15:00', '2026-03-02 08:00', '2026-03-09', 'nurture', 't', 1, 1, 'Lea Lead', 'lea@acme.example', '+48 600', 'CEO', 'fewer defects', 5000, 'event', 'large', 'anna', 'audit in May', 'a sample', 'two downloads', 'hot', 42.5),
       ('2026-03-02 08:00', '2026-03-02 08:00', '2026-03-02', 'lead', 't', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO touch (lead_id, at, kind, channel, direction, actor, content, outcome, note, campaign_id) VALUES
    (1, '2026-03-03 09:00', 'content_download', 'web', 'inbound', NULL, 'Guide', NULL, NULL, NULL),
    (1, '2026-03-03 10:00', 'content_download', 'web', 'inbound', NULL, 'Case', NULL, NULL, 2),
    (1, '2026-03-03 11:00', 'content_download', 'web', 'inbound', NULL, 'Prices', NULL, NULL, NULL),
    (1, '2026-03-04 09:00', 'content_download', 'web', 'inbound', NULL, 'Guide', NULL, NULL, NULL),
    (1, '2026-03-06 16:40', 'demo_request', 'web', 'inbound', NULL, NULL, NULL, NULL, NULL),
    (1, '2026-03-09 09:20', 'call', 'phone', 'outbound', 'anna', NULL, 'voice mail', 'calls back', NULL),
    (1, '2026-03-09 09:20:30', 'call', 'phone', 'outbound', 'anna', NULL, NULL, NULL, NULL),
    (1, '2026-03-09 11:00', 'email', NULL, 'outbound', 'anna', NULL, NULL, NULL, NULL),
    (1, '2026-03-10 11:00', 'email', NULL, 'inbound', NULL, NULL, NULL, NULL, NULL);
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, reason, reason_note, owner, variant) VALUES
    ('2026-03-02 08:00', now(), 1, 1, false, 'lead', NULL, 'lead', 'x', 'x', NULL, NULL, NULL, '*'),
    ('2026-03-06 12:00', now(), 1, 1, false, 'lead', 'lead', 'mql', 'x', 'x', NULL, NULL, 'anna', '*'),
    ('2026-03-09 15:00', now(), 1, 1, false, 'lead', 'mql', 'nurture', 'x', 'x', 'not_now', 'after the audit', 'anna', '*');
INSERT INTO assignment (at, lead_id, stage, rule, pool, old_owner, owner, how, turn) VALUES ('2026-03-06 12:00', 1, 'mql', 'north', 'inbound', 'mike', 'anna', 'turn', 1);
INSERT INTO sla_clock (policy, metric, lead_id, owner, variant, started_at, due_at, stopped_at, cancelled_at, target, calendar, stops_on_touch, started_by, stopped_by, definition_version) VALUES
    ('hot_request', 'first_response', 1, 'anna', '*', '2026-03-06 16:40', '2026-03-06 16:55', '2026-03-09 09:20', NULL, '0:15', 'UTC; Mo-Fr 09:00-17:00', '{call}', 'touch demo_request', 'touch call', 1),
    ('verdict', 'verdict', 1, 'anna', '*', '2026-03-06 12:00', '2026-03-10 12:00', NULL, '2026-03-09 15:00', '16:00', 'UTC; Mo-Fr 09:00-17:00', NULL, 'stage contacted', 'stage nurture', 1),
    ('next_response', 'next_response', 1, 'anna', '*', '2026-03-10 11:00', '2026-03-11 11:00', NULL, NULL, '8:00', 'UTC; Mo-Fr 09:00-17:00', '{call}', 'touch email', NULL, 1);
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason, actor) VALUES (2, '2026-03-06 13:00', '2026-03-06 14:00', 'waits for the prospect', 'anna');
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, reason, note, objections, owner, variant) VALUES
    (1, 'rejected', '2026-03-09 15:00', '2026-03-06 12:00', 'not_now', 'after the audit', '{expensive,think}', 'anna', '*');
INSERT INTO verdict_answer (verdict_id, answer, note, at, actor) VALUES (1, 'disputes', 'the audit is the reason', '2026-03-09 16:00', 'mike');
INSERT INTO nurture_stay (lead_id, entered_at, from_stage, owner, reason, narrative, nurture_track, wake_at) VALUES
    (1, '2026-03-09 15:00', 'mql', 'anna', 'not_now', 'ask again in May', 'later', '2026-05-04 08:00');

SET leadflow.clock = '2026-03-10 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT to_char(happened_at, ''DD HH24:MI'') AS at, what, summary FROM lead_story WHERE lead_id = 1 ORDER BY happened_at, what, summary')$$, ARRAY[
    '"02 08:00",campaign,"came by Fair (event)"',
    '"02 08:00",stage,"entered lead"',
    '"03 09:00",touch,"inbound content download: Guide"',
    '"03 10:00",touch,"inbound content download: Case"',
    '"03 11:00",touch,"inbound content download: Prices"',
    '"04 09:00",touch,"inbound content download: Guide"',
    '"06 12:00",owner,"given to anna, before mike (turn)"',
    '"06 12:00",packet,"why now: audit in May; promised: a sample; evidence: two downloads"',
    '"06 12:00",promise,"verdict promised, due 2026-03-10 12:00"',
    '"06 12:00",stage,"entered mql"',
    '"06 13:00",promise,"verdict paused: waits for the prospect"',
    '"06 14:00",promise,"verdict resumed"',
    '"06 16:40",promise,"hot request promised, due 2026-03-06 16:55"',
    '"06 16:40",touch,"inbound demo request"',
    '"06 16:55",promise,"hot request broken"',
    '"09 09:20",promise,"hot request kept late"',
    '"09 09:20",touch,"outbound call, voice mail (calls back)"',
    '"09 09:20",touch,"outbound call"',
    '"09 11:00",touch,"outbound email"',
    '"09 15:00",nurture,"back to nurture: not_now, ask again in May, to wake 2026-05-04"',
    '"09 15:00",promise,"verdict no longer owed"',
    '"09 15:00",stage,"entered nurture: not_now (after the audit)"',
    '"09 15:00",verdict,"rejected: not_now (after the audit), heard: expensive, think"',
    '"09 16:00",verdict,"marketing disputes: the audit is the reason"',
    '"10 11:00",promise,"next response promised, due 2026-03-11 11:00"',
    '"10 11:00",touch,"inbound email"'], 'the whole story');
SELECT results_eq($$SELECT rows_of('SELECT direction, channel, content, by_whom, campaign_id, campaign, details ->> ''kind'' FROM lead_story WHERE lead_id = 1 AND what = ''touch'' AND happened_at IN (''2026-03-03 10:00'', ''2026-03-09 11:00'') ORDER BY happened_at')$$,
    ARRAY['inbound,web,Case,,2,Mailing,content_download', 'outbound,,,anna,,,email'], 'a touch with all that is known of it');
SELECT results_eq($$SELECT rows_of('SELECT by_whom, details ->> ''answer'' FROM lead_story WHERE what = ''verdict'' AND details ? ''answer''')$$, ARRAY['mike,disputes'], 'who answered');
SELECT results_eq($$SELECT rows_of('SELECT * FROM lead_card WHERE lead_id = 1')$$, ARRAY[
    '1,"Lea Lead",CEO,lea@acme.example,"+48 600",Acme,steel,large,nurture,"2026-03-09 15:00:00+00",anna,"fewer defects",5000.00,,,"audit in May","a sample","two downloads",hot,42.5000,,,event,Fair,Mailing,6,"content_download, demo_request, email","2026-03-10 11:00:00+00","Guide, Prices, Case",2,"email, phone","2026-03-09 11:00:00+00",1,"2026-03-11 11:00:00+00",rejected,"2026-03-09 15:00:00+00",not_now,"after the audit","ask again in May","2026-03-09 15:00:00+00","expensive, think"'],
    'the card');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, stage, inbound_touches, last_content, attempts, channels_tried, open_promises, last_verdict, objections FROM lead_card WHERE lead_id = 2')$$, ARRAY['2,lead,0,,0,,0,,'], 'a lead without touches has a card');
SELECT is(count(*), 0::bigint, 'and no story yet') FROM lead_story WHERE lead_id = 2;

-- the past does not know what comes
SET leadflow.clock = '2026-03-06 16:50+00';
SELECT is(count(*), 14::bigint, 'the story ends at the present') FROM lead_story WHERE lead_id = 1;
SELECT results_eq($$SELECT rows_of('SELECT inbound_touches, attempts, open_promises, next_due_at, last_verdict, last_narrative, objections FROM lead_card WHERE lead_id = 1')$$, ARRAY['5,0,2,"2026-03-06 16:55:00+00",,,'], 'so does the card');

-- one lead is read without reading the others
SET leadflow.clock = '2026-03-10 12:00+00';
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, origin) SELECT '2026-03-02', '2026-03-02', '2026-03-02', 'lead', 'g', 'web' FROM generate_series(1, 3000);
INSERT INTO touch (lead_id, at, kind, direction) SELECT 3 + n % 3000, '2026-03-02', 'call', 'inbound' FROM generate_series(1, 9000) n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT '2026-03-02', now(), 3 + n % 3000, 1, false, 'lead', 'lead', 'x', 'x', '*' FROM generate_series(1, 9000) n;
INSERT INTO sla_clock (policy, metric, lead_id, variant, started_at, due_at, target, started_by, definition_version) SELECT 'p', 'm', 3 + n, '*', '2026-03-02', '2026-03-03', '1:00', 'x', 1 FROM generate_series(1, 2900) n;
INSERT INTO verdict (lead_id, verdict, handed_over_at, variant) SELECT 3 + n, 'accepted', '2026-03-02', '*' FROM generate_series(1, 2900) n;
INSERT INTO nurture_stay (lead_id, entered_at) SELECT 3 + n, '2026-03-02' FROM generate_series(1, 2900) n;
INSERT INTO assignment (at, lead_id, stage, pool, owner, how, turn) SELECT '2026-03-02', 3 + n, 'mql', 'x', 'anna', 'turn', n FROM generate_series(1, 2900) n;
INSERT INTO sla_pause (clock_id, paused_at, reason, actor) SELECT c.id, '2026-03-02 00:10', 'holiday', 'x' FROM sla_clock c WHERE c.policy = 'p';
ANALYZE lead, touch, stage_event, sla_clock, sla_pause, verdict, nurture_stay, assignment;
CREATE FUNCTION scanned(query text) RETURNS text
    LANGUAGE sql
    AS $$
    SELECT COALESCE(string_agg(m[1], ', '), '')
    FROM regexp_matches(plan_of(query), 'Seq Scan on (lead|touch|stage_event|sla_clock|sla_pause|verdict|nurture_stay|assignment) ', 'g') m $$;
SELECT is(scanned('SELECT * FROM crm.lead_story WHERE lead_id = 1 ORDER BY happened_at'), '', 'the story of one lead is found by indexes');
SELECT is(scanned('SELECT * FROM crm.lead_card WHERE lead_id = 1'), '', 'so is its card');
SELECT is(scanned('SELECT * FROM crm.sla_open WHERE lead_id = 1'), '', 'and what is owed to it');
SELECT is(scanned('SELECT * FROM crm.sla_status WHERE lead_id = 1'), '', 'and all that was promised to it');
SELECT doesnt_match(plan_of('SELECT * FROM crm.sla_status WHERE lead_id = 1'), 'Group Key', 'without adding up the pauses of others');
SELECT is(scanned('SELECT * FROM crm.contact_attempt WHERE lead_id = 1'), '', 'and what was tried');

-- of a merged lead the touches are the winner's, of spam there is nothing
ALTER TABLE lead ENABLE TRIGGER USER;
ALTER TABLE touch ENABLE TRIGGER USER;
INSERT INTO touch (lead_id, kind, direction, at, content) VALUES (2, 'content_download', 'inbound', '2026-03-10 09:00', 'Paper');
SELECT leadflow.merge('crm', 1, 2) \g /dev/null
SELECT results_eq($$SELECT rows_of('SELECT what, summary, details ->> ''merged_from'' FROM lead_story WHERE lead_id = 1 AND happened_at >= ''2026-03-10'' AND what <> ''promise'' ORDER BY happened_at, what')$$, ARRAY[
    'touch,"inbound content download: Paper",2', 'touch,"inbound email",', 'merge,"merged with lead 2",'], 'the touches of a merged lead are in the story of the other');
SELECT is(count(*), 0::bigint, 'and it has none of its own') FROM lead_story WHERE lead_id = 2;
SELECT is(count(*), 0::bigint, 'nor a card') FROM lead_card WHERE lead_id = 2;
SELECT is(last_content, 'Paper, Guide, Prices', 'what it read is on the other''s card') FROM lead_card WHERE lead_id = 1;

-- what is said of a person is for those who work with it
CREATE ROLE story_reader;
CREATE ROLE story_seller;
SELECT leadflow.grant_workspace('crm', 'story_reader', 'read'), leadflow.grant_workspace('crm', 'story_seller', 'sales') \g /dev/null
SELECT ok(has_table_privilege('story_reader', 'crm.work_queue', 'SELECT') AND has_table_privilege('story_reader', 'crm.agreement_kept', 'SELECT'), 'a reader reads the reports');
SELECT ok(NOT has_table_privilege('story_reader', 'crm.lead_story', 'SELECT') AND NOT has_table_privilege('story_reader', 'crm.lead_card', 'SELECT'), 'not the story and the card of a person');
SELECT ok(has_table_privilege('story_seller', 'crm.lead_story', 'SELECT') AND has_table_privilege('story_seller', 'crm.lead_card', 'SELECT'), 'sales reads them');
DROP OWNED BY story_reader, story_seller;
DROP ROLE story_reader, story_seller;

SELECT * FROM finish();
