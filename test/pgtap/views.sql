-- The reports, on a small history whose every figure was worked out by hand.
-- 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('empty_ws');
SELECT leadflow.create_workspace('crm');

\ir common/rows_of.sql

SET search_path = crm, public;

ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE sla_pause DISABLE TRIGGER USER;

INSERT INTO business_calendar VALUES ('late', 'UTC; Mo-Fr 12:00-20:00', 'late hours');
INSERT INTO team_member (member, full_name, team, department, calendar) VALUES
    ('anna', 'Anna A', 'inbound', 'sales', NULL),
    ('bert', 'Bert B', 'field', 'sales', 'late');
INSERT INTO campaign (source, external_id, name) VALUES ('t', '1', 'Fair');
INSERT INTO stage_definition (stage, variant, meaning, team, norm) VALUES
    ('proposal.legal_review', '*', 'the lawyers read the offer', 'sales', '3 days'),
    ('sql', 'cloud', 'as sql', 'sales', '12 hours');

INSERT INTO lead (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, campaign_id, full_name, origin, variant, segment, owner)
VALUES ('2026-03-05 10:00', '2026-03-02 10:00', '2026-03-05 10:00', 'sal', 'sal', 't', '1', 1, 'One', 'event', '*', 'small', 'anna'),
       ('2026-03-10 12:00', '2026-03-02 10:00', '2026-03-10 12:00', 'mql', 'mql', 't', '2', NULL, 'Two', 'partner', '*', 'large', 'bert'),
       ('2026-03-06 09:00', '2026-03-04 09:00', '2026-03-06 09:00', 'disqualified', 'sql', 't', '3', 1, 'Three', 'event', 'cloud', 'small', 'anna'),
       ('2026-03-11 12:00', '2026-03-03 09:00', '2026-03-11 12:00', 'proposal.legal_review', 'proposal', 't', '4', NULL, 'Four', 'web', '*', 'large', NULL),
       ('2026-04-01 09:00', '2026-04-01 09:00', '2026-04-01 09:00', 'mql', 'mql', 't', '5', NULL, 'Five', 'web', 'cloud', NULL, 'anna');
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, lead_id, name, amount, currency, owner)
VALUES ('2026-03-12 12:00', '2026-03-10 12:00', '2026-03-12 12:00', 'lost', 'proposal', 't', '1', 4, 'Deal', 5000, 'EUR', 'bert');

-- (lead, deal, at, implied, from, to, reason, owner, team, origin, campaign, segment, variant)
CREATE TEMP TABLE history (n integer GENERATED ALWAYS AS IDENTITY, lead_id bigint, opportunity_id bigint, at timestamptz, implied boolean,
    from_stage text, to_stage text, reason text, owner text, team text, origin text, campaign_id bigint, segment text, variant text);
INSERT INTO history (lead_id, opportunity_id, at, implied, from_stage, to_stage, reason, owner, team, origin, campaign_id, segment, variant) VALUES
    (1, NULL, '2026-03-02 10:00', true,  NULL, 'visitor', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    (1, NULL, '2026-03-02 10:00', true,  'visitor', 'engaged', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    (1, NULL, '2026-03-02 10:00', false, 'engaged', 'lead', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    (1, NULL, '2026-03-03 10:00', false, 'lead', 'mql', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    (1, NULL, '2026-03-04 10:00', false, 'mql', 'contacted', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    (1, NULL, '2026-03-05 10:00', false, 'contacted', 'sal', NULL, 'anna', 'inbound', 'event', 1, 'small', '*'),
    -- leaves the path, and comes back
    (2, NULL, '2026-03-02 10:00', true,  NULL, 'visitor', NULL, 'bert', 'field', 'web', NULL, 'large', '*'),
    (2, NULL, '2026-03-02 10:00', true,  'visitor', 'engaged', NULL, 'bert', 'field', 'web', NULL, 'large', '*'),
    (2, NULL, '2026-03-02 10:00', false, 'engaged', 'lead', NULL, 'bert', 'field', 'web', NULL, 'large', '*'),
    (2, NULL, '2026-03-06 16:00', false, 'lead', 'mql', NULL, 'bert', 'field', 'web', NULL, 'large', '*'),
    (2, NULL, '2026-03-09 16:00', false, 'mql', 'nurture', 'not_now', 'bert', 'field', 'partner', NULL, 'large', '*'),
    (2, NULL, '2026-03-10 10:00', false, 'nurture', 'lead', NULL, 'bert', 'field', 'partner', NULL, 'large', '*'),
    (2, NULL, '2026-03-10 12:00', false, 'lead', 'mql', NULL, 'bert', 'field', 'partner', NULL, 'large', '*'),
    -- comes in as sql, goes from one exit into another
    (3, NULL, '2026-03-04 09:00', true,  NULL, 'visitor', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', true,  'visitor', 'engaged', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', true,  'engaged', 'lead', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', true,  'lead', 'mql', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', true,  'mql', 'contacted', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', true,  'contacted', 'sal', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-04 09:00', false, 'sal', 'sql', NULL, 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-05 09:00', false, 'sql', 'lost', 'no_budget', 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    (3, NULL, '2026-03-06 09:00', false, 'lost', 'disqualified', 'not_target', 'anna', 'inbound', 'event', 1, 'small', 'cloud'),
    -- is sent back, then skips to an offer, which has a leaf
    (4, NULL, '2026-03-03 09:00', true,  NULL, 'visitor', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-03 09:00', true,  'visitor', 'engaged', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-03 09:00', false, 'engaged', 'lead', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-03 12:00', false, 'lead', 'mql', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-04 12:00', false, 'mql', 'contacted', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-05 12:00', false, 'contacted', 'mql', 'no_response', NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'mql', 'contacted', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'contacted', 'sal', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'sal', 'sql', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'sql', 'opportunity', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'opportunity', 'budget', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', true,  'budget', 'value', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-10 12:00', false, 'value', 'proposal', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, NULL, '2026-03-11 12:00', false, 'proposal', 'proposal.legal_review', NULL, NULL, NULL, 'web', NULL, 'large', '*'),
    (4, 1,    '2026-03-10 12:00', true,  NULL, 'opportunity', NULL, 'bert', 'field', NULL, NULL, NULL, '*'),
    (4, 1,    '2026-03-10 12:00', true,  'opportunity', 'budget', NULL, 'bert', 'field', NULL, NULL, NULL, '*'),
    (4, 1,    '2026-03-10 12:00', true,  'budget', 'value', NULL, 'bert', 'field', NULL, NULL, NULL, '*'),
    (4, 1,    '2026-03-10 12:00', false, 'value', 'proposal', NULL, 'bert', 'field', NULL, NULL, NULL, '*'),
    (4, 1,    '2026-03-11 12:00', false, 'proposal', 'proposal.legal_review', NULL, 'bert', 'field', NULL, NULL, NULL, '*'),
    (4, 1,    '2026-03-12 12:00', false, 'proposal.legal_review', 'lost', 'competitor', 'bert', 'field', NULL, NULL, NULL, '*'),
    -- a lead of April; the last move is backward without a reason
    (5, NULL, '2026-04-01 09:00', true,  NULL, 'visitor', NULL, 'anna', 'inbound', 'web', NULL, NULL, 'cloud'),
    (5, NULL, '2026-04-01 09:00', true,  'visitor', 'engaged', NULL, 'anna', 'inbound', 'web', NULL, NULL, 'cloud'),
    (5, NULL, '2026-04-01 09:00', true,  'engaged', 'lead', NULL, 'anna', 'inbound', 'web', NULL, NULL, 'cloud'),
    (5, NULL, '2026-04-01 09:00', false, 'lead', 'mql', NULL, 'anna', 'inbound', 'web', NULL, NULL, 'cloud'),
    (1, NULL, '2026-04-02 10:00', false, 'sal', 'mql', NULL, 'anna', 'inbound', 'event', 1, 'small', '*');

INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, campaign_id, implied, subject, from_stage, to_stage,
                         session_actor, actor, reason, owner, team, origin, variant, segment, amount, currency)
SELECT h.at, h.at, h.lead_id, h.opportunity_id, 7, h.campaign_id, h.implied, CASE WHEN h.opportunity_id IS NULL THEN 'lead' ELSE 'opportunity' END,
       h.from_stage::leadflow.stage, h.to_stage::leadflow.stage, 'login', 'role', h.reason, h.owner, h.team, h.origin, h.variant, h.segment,
       CASE WHEN h.opportunity_id IS NOT NULL THEN 5000 END, CASE WHEN h.opportunity_id IS NOT NULL THEN 'EUR' END
FROM history h
ORDER BY h.n;
\ir common/verdicts_said.sql

INSERT INTO touch (at, lead_id, kind, direction) VALUES
    ('2026-03-04 10:00', 1, 'call', 'outbound'),
    ('2026-03-05 10:00', 1, 'call', 'outbound'),
    ('2026-03-09 10:00', 2, 'sequence_email', 'outbound'),
    ('2026-03-09 11:00', 2, 'call', 'inbound'),
    ('2026-03-14 10:00', 2, 'call', 'outbound'),
    ('2026-03-10 12:30', 4, 'email', 'outbound');

-- clocks: of working time 9 to 17 where there is a calendar
INSERT INTO sla_clock (policy, metric, lead_id, owner, team, variant, started_at, warn_at, due_at, stopped_at, cancelled_at, target, warn_after,
                       calendar, started_by, stopped_by, definition_version) VALUES
    -- 1 stopped at the very instant
    ('hot_request', 'first_response', 1, 'anna', 'inbound', '*', '2026-03-02 10:00', '2026-03-02 11:30', '2026-03-02 12:00', '2026-03-02 12:00', NULL, '02:00', '01:30', 'UTC; Mo-Fr 09:00-17:00', 'demo_request', 'call', 7),
    -- 2 stopped a microsecond later, over night
    ('hot_request', 'first_response', 2, 'bert', 'field', '*', '2026-03-02 16:00', '2026-03-03 09:30', '2026-03-03 10:00', '2026-03-03 10:00:00.000001', NULL, '02:00', '01:30', 'UTC; Mo-Fr 09:00-17:00', 'demo_request', 'call', 7),
    -- 3 cancelled in time
    ('new_mql', 'm3', 3, 'anna', 'inbound', 'cloud', '2026-03-04 09:00', '2026-03-05 05:00', '2026-03-05 09:00', NULL, '2026-03-04 18:00', '24:00', '20:00', NULL, 'mql', 'lost', 7),
    -- 4 late and owed
    ('hot_request', 'first_response', 4, NULL, NULL, '*', '2026-03-12 16:00', '2026-03-13 09:30', '2026-03-13 10:00', NULL, NULL, '02:00', '01:30', 'UTC; Mo-Fr 09:00-17:00', 'demo_request', NULL, 7),
    -- 5 runs
    ('new_mql', 'm5', 1, 'anna', 'inbound', '*', '2026-03-12 20:00', '2026-03-13 16:00', '2026-03-13 20:00', NULL, NULL, '24:00', '20:00', NULL, 'mql', NULL, 7),
    -- 6 stands still since before it was due
    ('hot_request', 'm6', 2, 'bert', 'field', '*', '2026-03-13 09:00', '2026-03-13 10:30', '2026-03-13 11:00', NULL, NULL, '02:00', '01:30', 'UTC; Mo-Fr 09:00-17:00', 'demo_request', NULL, 7),
    -- 7 stands still since it was late
    ('hot_request', 'm7', 3, 'anna', 'inbound', '*', '2026-03-13 09:00', '2026-03-13 10:30', '2026-03-13 11:00', NULL, NULL, '02:00', '01:30', 'UTC; Mo-Fr 09:00-17:00', 'demo_request', NULL, 7),
    -- 8 stood still for 8 working hours, which moved its limits from 10 March, 13:00 and 17:00
    ('verdict', 'verdict', 1, 'anna', 'inbound', '*', '2026-03-09 09:00', '2026-03-11 13:00', '2026-03-11 17:00', '2026-03-11 10:00', NULL, '16:00', '12:00', 'UTC; Mo-Fr 09:00-17:00', 'contacted', 'sal', 7),
    -- 9 stood still for 6 hours of the wall clock, which moved its limit from 11 March, 00:00
    ('other', 'm9', 2, 'bert', 'field', '*', '2026-03-10 00:00', NULL, '2026-03-11 06:00', '2026-03-11 06:00', NULL, '24:00', NULL, NULL, 'mql', 'call', 7),
    -- 10 cancelled too late
    ('new_mql', 'm10', 4, NULL, NULL, '*', '2026-03-02 09:00', NULL, '2026-03-02 10:00', NULL, '2026-03-02 11:00', '01:00', NULL, NULL, 'mql', 'lost', 7),
    -- 11 of April
    ('other', 'm11', 5, 'anna', 'inbound', 'cloud', '2026-04-01 09:00', NULL, '2026-04-02 09:00', NULL, NULL, '24:00', NULL, NULL, 'mql', NULL, 7),
    -- 12 stopped after five minutes
    ('other', 'm9', 1, 'bert', 'field', '*', '2026-03-11 12:00', NULL, '2026-03-12 12:00', '2026-03-11 12:05', NULL, '24:00', NULL, NULL, 'mql', 'call', 7);
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason, actor) VALUES
    (6, '2026-03-13 10:00', NULL, 'waiting for the prospect', 'bert'),
    (7, '2026-03-13 11:30', NULL, 'holiday', 'anna'),
    (8, '2026-03-09 11:00', '2026-03-10 11:00', 'waiting for the prospect', 'anna'),
    (9, '2026-03-10 06:00', '2026-03-10 12:00', 'waiting for the prospect', 'bert');

SET leadflow.clock = '2026-03-13 12:00+00';

-- funnel

SELECT results_eq($$SELECT rows_of('SELECT position, ordinal, stage, phase, is_exit, reached, reached_implied, now_in_stage,
    drop_from_previous, conversion_from_previous, conversion_from_first FROM funnel')$$, ARRAY[
    '1,1,visitor,marketing,f,4,4,0,,,1.000000',
    '2,2,engaged,marketing,f,4,4,0,0,1.000000,1.000000',
    '3,3,lead,marketing,f,4,1,0,0,1.000000,1.000000',
    '4,4,mql,marketing,f,4,1,1,0,1.000000,1.000000',
    '5,5,contacted,handoff,f,3,1,0,1,0.750000,0.750000',
    '6,6,sal,handoff,f,3,2,1,0,1.000000,0.750000',
    '7,7,sql,sales,f,2,1,0,1,0.666667,0.500000',
    '8,8,opportunity,sales,f,1,1,0,1,0.500000,0.250000',
    '9,9,budget,sales,f,1,1,0,0,1.000000,0.250000',
    '10,10,value,sales,f,1,1,0,0,1.000000,0.250000',
    '11,11,proposal,sales,f,1,0,1,0,1.000000,0.250000',
    '12,12,decision,sales,f,0,0,0,1,0.000000,0.000000',
    '13,13,won,customer,f,0,0,0,0,,0.000000',
    '14,14,onboarding,customer,f,0,0,0,0,,0.000000',
    '15,15,active,customer,f,0,0,0,0,,0.000000',
    '16,16,expansion,customer,f,0,0,0,0,,0.000000',
    '17,-4,nurture,exit,t,1,0,0,,,',
    '18,-3,disqualified,exit,t,1,0,1,,,',
    '19,-2,lost,exit,t,1,0,0,,,',
    '20,-1,churned,exit,t,0,0,0,,,'], 'funnel');
SELECT is(label_en, 'Marketing qualified lead', 'funnel names the stages') FROM funnel WHERE stage = 'mql';
UPDATE stage_definition SET labels = '{"en": "MQL"}' WHERE stage = 'mql' AND variant = '*';
SELECT is(label_en, 'MQL', 'funnel names the stages as the company does') FROM funnel WHERE stage = 'mql';

SET leadflow.clock = '2026-03-04 09:00+00';
SELECT results_eq($$SELECT rows_of('SELECT stage, reached, now_in_stage FROM funnel WHERE reached > 0')$$, ARRAY[
    'visitor,4,0', 'engaged,4,0', 'lead,4,1', 'mql,3,2', 'contacted,1,0', 'sal,1,0', 'sql,1,1'], 'funnel as of an entry''s own instant');
SET leadflow.clock = '2026-03-04 08:59:59.999999+00';
SELECT results_eq($$SELECT rows_of('SELECT stage, reached, now_in_stage FROM funnel WHERE reached > 0')$$, ARRAY[
    'visitor,3,0', 'engaged,3,0', 'lead,3,1', 'mql,2,2'], 'funnel as of the instant before');
SET leadflow.clock = '2026-01-01';
SELECT results_eq($$SELECT rows_of('SELECT count(*), sum(reached), sum(now_in_stage), count(conversion_from_first), count(conversion_from_previous) FROM funnel')$$,
    ARRAY['20,0,0,0,0'], 'funnel before everything: every stage, nobody, no shares');
SET leadflow.clock = '2026-03-13 12:00+00';

-- funnel_segmented

SELECT results_eq($$SELECT rows_of('SELECT origin, campaign_id, campaign, segment, variant, stage, reached, reached_implied, now_in_stage, drop_from_previous,
        conversion_from_previous, conversion_from_first FROM funnel_segmented WHERE origin = ''web'' ORDER BY is_exit, ordinal')$$, ARRAY[
    'web,,,large,*,visitor,2,2,0,,,1.000000',
    'web,,,large,*,engaged,2,2,0,0,1.000000,1.000000',
    'web,,,large,*,lead,2,0,0,0,1.000000,1.000000',
    'web,,,large,*,mql,2,0,1,0,1.000000,1.000000',
    'web,,,large,*,contacted,1,0,0,1,0.500000,0.500000',
    'web,,,large,*,sal,1,1,0,0,1.000000,0.500000',
    'web,,,large,*,sql,1,1,0,0,1.000000,0.500000',
    'web,,,large,*,opportunity,1,1,0,0,1.000000,0.500000',
    'web,,,large,*,budget,1,1,0,0,1.000000,0.500000',
    'web,,,large,*,value,1,1,0,0,1.000000,0.500000',
    'web,,,large,*,proposal,1,0,1,0,1.000000,0.500000',
    'web,,,large,*,nurture,1,0,0,,,'], 'funnel_segmented: a lead stays in the group that it came with');
SELECT results_eq($$SELECT rows_of('SELECT DISTINCT origin, campaign, segment, variant FROM funnel_segmented ORDER BY 1, 4')$$, ARRAY[
    'event,Fair,small,*', 'event,Fair,small,cloud', 'web,,large,*'], 'funnel_segmented: the groups');
SELECT is_empty($$SELECT stage, reached, reached_implied, now_in_stage FROM funnel WHERE reached > 0
    EXCEPT SELECT stage, sum(reached)::bigint, sum(reached_implied)::bigint, sum(now_in_stage)::bigint FROM funnel_segmented GROUP BY stage$$,
    'funnel_segmented adds up to funnel');

-- stage_history

SELECT results_eq($$SELECT rows_of('SELECT stage, spine_stage, ordinal, is_exit, entered_at, left_at, previous_stage, next_stage, move, implied, elapsed_seconds,
        working_seconds, norm_seconds, over_norm, reason, owner, team, origin FROM stage_history WHERE lead_id = 2 ORDER BY entered_at, event_id')$$, ARRAY[
    'visitor,visitor,1,f,"2026-03-02 10:00:00+00","2026-03-02 10:00:00+00",,engaged,first,t,0,0,,,,bert,field,web',
    'engaged,engaged,2,f,"2026-03-02 10:00:00+00","2026-03-02 10:00:00+00",visitor,lead,forward,t,0,0,,,,bert,field,web',
    -- four days of 8 hours, and 4 on Friday
    'lead,lead,3,f,"2026-03-02 10:00:00+00","2026-03-06 16:00:00+00",engaged,mql,forward,f,367200,129600,2592000,f,,bert,field,web',
    'mql,mql,4,f,"2026-03-06 16:00:00+00","2026-03-09 16:00:00+00",lead,nurture,forward,f,259200,28800,172800,t,,bert,field,web',
    'nurture,nurture,-4,t,"2026-03-09 16:00:00+00","2026-03-10 10:00:00+00",mql,lead,exit,f,64800,14400,,,not_now,bert,field,partner',
    'lead,lead,3,f,"2026-03-10 10:00:00+00","2026-03-10 12:00:00+00",nurture,mql,return,f,7200,0,2592000,f,,bert,field,partner',
    'mql,mql,4,f,"2026-03-10 12:00:00+00",,lead,,forward,f,259200,86400,172800,t,,bert,field,partner'],
    'stage_history: an exit and the way back, in the owner''s working time');
SELECT results_eq($$SELECT rows_of('SELECT stage, spine_stage, left_at, next_stage, move, implied, elapsed_seconds, working_seconds, norm_seconds, over_norm,
        amount, currency, lead_id FROM stage_history WHERE opportunity_id = 1 AND NOT implied ORDER BY entered_at, event_id')$$, ARRAY[
    'proposal,proposal,"2026-03-11 12:00:00+00",proposal.legal_review,forward,f,86400,28800,1814400,f,5000.00,EUR,4',
    'proposal.legal_review,proposal,"2026-03-12 12:00:00+00",lost,within,f,86400,28800,259200,f,5000.00,EUR,4',
    'lost,lost,,,exit,f,86400,28800,,,5000.00,EUR,4'], 'stage_history: an opportunity and its leaf');
SELECT results_eq($$SELECT rows_of('SELECT stage, norm_seconds, over_norm, campaign_id, variant, segment, definition_version, actor, session_actor, recorded_at
        FROM stage_history WHERE lead_id = 3 AND NOT implied ORDER BY event_id')$$, ARRAY[
    'sql,43200,t,1,cloud,small,7,role,login,"2026-03-04 09:00:00+00"',
    'lost,,,1,cloud,small,7,role,login,"2026-03-05 09:00:00+00"',
    'disqualified,,,1,cloud,small,7,role,login,"2026-03-06 09:00:00+00"'], 'stage_history: a variant''s norm');
SELECT results_eq($$SELECT rows_of('SELECT stage, move, elapsed_seconds, working_seconds FROM stage_history WHERE lead_id = 4 AND opportunity_id IS NULL AND NOT implied ORDER BY event_id')$$, ARRAY[
    'lead,forward,10800,10800', 'mql,forward,86400,28800', 'contacted,forward,86400,28800', 'mql,back,432000,86400',
    'proposal,forward,86400,28800', 'proposal.legal_review,within,172800,57600'], 'stage_history: back, and the default calendar without an owner');
SELECT is(count(*), 42::bigint, 'stage_history: a row for every entry known') FROM stage_history;
SET leadflow.clock = '2026-03-09 15:59+00';
SELECT results_eq($$SELECT rows_of('SELECT stage, left_at, next_stage, elapsed_seconds, working_seconds, over_norm FROM stage_history WHERE lead_id = 2 AND left_at IS NULL')$$,
    ARRAY['mql,,,259140,28740,t'], 'stage_history as of a minute before a stay ended');
SET leadflow.clock = '2026-03-13 12:00+00';
UPDATE business_calendar SET code = 'standard' WHERE code = 'default';
SELECT is(count(working_seconds), 13::bigint, 'stage_history: no calendar, no working time') FROM stage_history;
UPDATE business_calendar SET code = 'default' WHERE code = 'standard';

-- current_stage, stalled

SELECT results_eq($$SELECT rows_of('SELECT subject, lead_id, opportunity_id, stage, spine_stage, ordinal, phase, is_exit, entered_at, age_seconds, norm_seconds, over_norm,
        reason, owner, team, origin, campaign_id, variant, segment, amount, currency FROM current_stage ORDER BY subject, lead_id')$$, ARRAY[
    'lead,1,,sal,sal,6,handoff,f,"2026-03-05 10:00:00+00",698400,604800,t,,anna,inbound,event,1,*,small,,',
    'lead,2,,mql,mql,4,marketing,f,"2026-03-10 12:00:00+00",259200,172800,t,,bert,field,partner,,*,large,,',
    'lead,3,,disqualified,disqualified,-3,exit,t,"2026-03-06 09:00:00+00",615600,,,not_target,anna,inbound,event,1,cloud,small,,',
    'lead,4,,proposal.legal_review,proposal,11,sales,f,"2026-03-11 12:00:00+00",172800,259200,f,,,,web,,*,large,,',
    'opportunity,4,1,lost,lost,-2,exit,t,"2026-03-12 12:00:00+00",86400,,,competitor,bert,field,,,*,,5000.00,EUR'], 'current_stage');
SELECT results_eq($$SELECT rows_of('SELECT c.event_id = e.id, c.stage = e.to_stage::text FROM current_stage c JOIN stage_event e ON e.id = c.event_id WHERE c.lead_id = 2')$$,
    ARRAY['t,t'], 'current_stage names its entry');
SELECT results_eq($$SELECT rows_of('SELECT subject, lead_id, opportunity_id, name, stage, owner, team, age_seconds, norm_seconds, over_norm_seconds FROM stalled')$$, ARRAY[
    'lead,1,,One,sal,anna,inbound,698400,604800,93600',
    'lead,2,,Two,mql,bert,field,259200,172800,86400'], 'stalled, the longest over first');
SET leadflow.clock = '2026-03-12 12:00+00';
SELECT is_empty('SELECT FROM stalled WHERE lead_id = 2', 'stalled: exactly at the norm is within it');
SET leadflow.clock = '2026-03-12 12:00:00.000001+00';
SELECT isnt_empty('SELECT FROM stalled WHERE lead_id = 2', 'stalled: a microsecond over is over it');
SET leadflow.clock = '2026-03-14 12:00:00.000001+00';
SELECT results_eq($$SELECT rows_of('SELECT name, stage, owner FROM stalled WHERE lead_id = 4')$$, ARRAY['Four,proposal.legal_review,'], 'stalled: a leaf has its own norm');
SET leadflow.clock = '2026-04-01 09:00:00+00';
UPDATE stage_definition SET norm = NULL WHERE stage = 'proposal.legal_review';
SELECT is(norm_seconds, 1814400::bigint, 'current_stage: a leaf without a norm has that of its stage') FROM current_stage WHERE lead_id = 4 AND opportunity_id IS NULL;
UPDATE stage_definition SET norm = '3 days' WHERE stage = 'proposal.legal_review';
SET leadflow.clock = '2026-03-13 12:00+00';

-- stage_duration

SELECT results_eq($$SELECT rows_of('SELECT subject, stage, spine_stage, ordinal, entries, completed, elapsed_seconds_average, elapsed_seconds_median, elapsed_seconds_p90,
        working_seconds_average, working_seconds_median, working_seconds_p90, norm_seconds, within_norm_share, in_stage_now, oldest_age_seconds, over_norm_now
        FROM stage_duration')$$, ARRAY[
    'lead,lead,lead,3,4,4,117900,48600,282960,42300,19800,99360,2592000,1.000000,0,,0',
    'lead,mql,mql,4,5,4,216000,172800,380160,43200,28800,69120,172800,0.500000,1,259200,1',
    'lead,contacted,contacted,5,2,2,86400,86400,86400,28800,28800,28800,864000,1.000000,0,,0',
    'lead,sal,sal,6,1,0,,,,,,,604800,,1,698400,1',
    'lead,sql,sql,7,1,1,86400,86400,86400,28800,28800,28800,1209600,0.000000,0,,0',
    'lead,proposal,proposal,11,1,1,86400,86400,86400,28800,28800,28800,1814400,1.000000,0,,0',
    'lead,proposal.legal_review,proposal,11,1,0,,,,,,,259200,,1,172800,0',
    'lead,nurture,nurture,-4,1,1,64800,64800,64800,14400,14400,14400,,,0,,0',
    'lead,disqualified,disqualified,-3,1,0,,,,,,,,,1,615600,0',
    'lead,lost,lost,-2,1,1,86400,86400,86400,28800,28800,28800,,,0,,0',
    'opportunity,proposal,proposal,11,1,1,86400,86400,86400,28800,28800,28800,1814400,1.000000,0,,0',
    'opportunity,proposal.legal_review,proposal,11,1,1,86400,86400,86400,28800,28800,28800,259200,1.000000,0,,0',
    'opportunity,lost,lost,-2,1,0,,,,,,,,,1,86400,0'], 'stage_duration');
SELECT is_empty($$SELECT subject, stage, count(*), count(left_at), sum(elapsed_seconds) FILTER (WHERE left_at IS NOT NULL) FROM stage_history WHERE NOT implied GROUP BY 1, 2
    EXCEPT SELECT subject, stage, entries, completed, (elapsed_seconds_average * NULLIF(completed, 0))::numeric FROM stage_duration$$,
    'stage_duration agrees with stage_history');

-- leakage, refusals

SELECT results_eq($$SELECT rows_of('SELECT subject, last_stage, last_ordinal, exit_stage, reason, label_en, category, exits, leads, still_out, share FROM leakage')$$, ARRAY[
    'lead,mql,4,nurture,not_now,"Not now",timing,1,1,0,0.333333',
    'lead,sql,7,disqualified,not_target,"Not our market",fit,1,1,1,0.333333',
    'lead,sql,7,lost,no_budget,"No budget",budget,1,1,0,0.333333',
    'opportunity,proposal,11,lost,competitor,"Chose a competitor",competitor,1,1,1,1.000000'],
    'leakage: an exit from an exit is put down to the stage before both');
SELECT results_eq($$SELECT rows_of('SELECT subject, kind, stage, reason, label_en, category, next_step, origin, campaign_id, campaign, segment, team, refusals, leads, share
        FROM refusals ORDER BY subject, stage')$$, ARRAY[
    'lead,exit,disqualified,not_target,"Not our market",fit,"mend the audience",event,1,Fair,small,inbound,1,1,0.250000',
    'lead,exit,lost,no_budget,"No budget",budget,nurture,event,1,Fair,small,inbound,1,1,0.250000',
    'lead,back,mql,no_response,"Nobody was reached",timing,nurture,web,,,large,,1,1,0.250000',
    'lead,exit,nurture,not_now,"Not now",timing,nurture,partner,,,large,field,1,1,0.250000',
    'opportunity,exit,lost,competitor,"Chose a competitor",competitor,debrief,,,,,field,1,1,1.000000'], 'refusals');
SET leadflow.clock = '2026-04-03 12:00+00';
SELECT is(sum(refusals), 5::numeric, 'refusals: a move back without a reason is none') FROM refusals;
SET leadflow.clock = '2026-03-05 09:00+00';
SELECT results_eq($$SELECT rows_of('SELECT last_stage, exit_stage, still_out, share FROM leakage')$$, ARRAY['sql,lost,1,1.000000'], 'leakage as of the first exit');
SET leadflow.clock = '2026-03-13 12:00+00';

-- sla_status

SELECT results_eq($$SELECT rows_of('SELECT clock_id, state, measure, warn_at, due_at, stopped_at, cancelled_at, paused_at, pause_reason, target_seconds, elapsed_seconds,
        remaining_seconds, waiting_seconds, working_seconds, stopped_by FROM sla_status ORDER BY clock_id')$$, ARRAY[
    '1,met,working,"2026-03-02 11:30:00+00","2026-03-02 12:00:00+00","2026-03-02 12:00:00+00",,,,7200,7200,0,7200,7200,call',
    '2,met_late,working,"2026-03-03 09:30:00+00","2026-03-03 10:00:00+00","2026-03-03 10:00:00.000001+00",,,,7200,7200,-1,64800,7200,call',
    '3,cancelled,elapsed,"2026-03-05 05:00:00+00","2026-03-05 09:00:00+00",,"2026-03-04 18:00:00+00",,,86400,32400,54000,32400,28800,lost',
    '4,breached,working,"2026-03-13 09:30:00+00","2026-03-13 10:00:00+00",,,,,7200,14400,-7200,72000,14400,',
    '5,running,elapsed,"2026-03-13 16:00:00+00","2026-03-13 20:00:00+00",,,,,86400,57600,28800,57600,10800,',
    '6,paused,working,"2026-03-13 10:30:00+00","2026-03-13 11:00:00+00",,,"2026-03-13 10:00:00+00","waiting for the prospect",7200,3600,3600,10800,3600,',
    '7,breached,working,"2026-03-13 10:30:00+00","2026-03-13 11:00:00+00",,,"2026-03-13 11:30:00+00",holiday,7200,9000,-1800,10800,9000,',
    '8,met,working,"2026-03-11 13:00:00+00","2026-03-11 17:00:00+00","2026-03-11 10:00:00+00",,,,57600,32400,25200,176400,32400,sal',
    '9,met,elapsed,,"2026-03-11 06:00:00+00","2026-03-11 06:00:00+00",,,,86400,86400,0,108000,28800,call',
    '10,cancelled,elapsed,,"2026-03-02 10:00:00+00",,"2026-03-02 11:00:00+00",,,3600,7200,-3600,7200,7200,lost',
    '12,met,elapsed,,"2026-03-12 12:00:00+00","2026-03-11 12:05:00+00",,,,86400,300,86100,300,300,call'], 'sla_status');

-- (clock, as of, state, elapsed, due)
CREATE TEMP TABLE moment (clock_id bigint, at text, state text, elapsed bigint, due_at timestamptz);
GRANT SELECT ON moment TO PUBLIC;
INSERT INTO moment VALUES
    (1, '2026-03-02 09:59:59+00', NULL, NULL, NULL),
    (1, '2026-03-02 10:00+00', 'running', 0, '2026-03-02 12:00'),
    (1, '2026-03-02 11:29:59.999999+00', 'running', 5399, '2026-03-02 12:00'),
    (1, '2026-03-02 11:30+00', 'warning', 5400, '2026-03-02 12:00'),
    (1, '2026-03-02 11:59:59.999999+00', 'warning', 7199, '2026-03-02 12:00'),
    (1, '2026-03-02 12:00+00', 'met', 7200, '2026-03-02 12:00'),
    (2, '2026-03-02 23:00+00', 'running', 3600, '2026-03-03 10:00'),
    (2, '2026-03-03 10:00+00', 'warning', 7200, '2026-03-03 10:00'),
    (2, '2026-03-03 10:00:00.000001+00', 'met_late', 7200, '2026-03-03 10:00'),
    (3, '2026-03-04 17:59:59+00', 'running', 32399, '2026-03-05 09:00'),
    (3, '2026-03-04 18:00+00', 'cancelled', 32400, '2026-03-05 09:00'),
    (4, '2026-03-13 10:00+00', 'warning', 7200, '2026-03-13 10:00'),
    (4, '2026-03-13 10:00:00.000001+00', 'breached', 7200, '2026-03-13 10:00'),
    (4, '2026-03-14 10:00+00', 'breached', 32400, '2026-03-13 10:00'),
    (5, '2026-03-13 15:59:59+00', 'running', 71999, '2026-03-13 20:00'),
    (5, '2026-03-13 16:00+00', 'warning', 72000, '2026-03-13 20:00'),
    (5, '2026-03-13 20:00+00', 'warning', 86400, '2026-03-13 20:00'),
    (5, '2026-03-13 20:00:00.000001+00', 'breached', 86400, '2026-03-13 20:00'),
    (6, '2026-03-13 09:59:59+00', 'running', 3599, '2026-03-13 11:00'),
    (6, '2026-03-13 10:00+00', 'paused', 3600, '2026-03-13 11:00'),
    (6, '2026-03-16 10:00+00', 'paused', 3600, '2026-03-13 11:00'),
    (7, '2026-03-13 11:00+00', 'warning', 7200, '2026-03-13 11:00'),
    (7, '2026-03-13 11:29:59+00', 'breached', 8999, '2026-03-13 11:00'),
    (7, '2026-03-13 11:30+00', 'breached', 9000, '2026-03-13 11:00'),
    (8, '2026-03-09 10:00+00', 'running', 3600, '2026-03-10 17:00'),
    (8, '2026-03-09 11:00+00', 'paused', 7200, '2026-03-10 17:00'),
    (8, '2026-03-10 10:59:59+00', 'paused', 7200, '2026-03-10 17:00'),
    (8, '2026-03-10 11:00+00', 'running', 7200, '2026-03-11 17:00'),
    (8, '2026-03-11 09:59:59+00', 'running', 32399, '2026-03-11 17:00'),
    (8, '2026-03-11 10:00+00', 'met', 32400, '2026-03-11 17:00'),
    (9, '2026-03-10 05:00+00', 'running', 18000, '2026-03-11 00:00'),
    (9, '2026-03-10 08:00+00', 'paused', 21600, '2026-03-11 00:00'),
    (9, '2026-03-10 12:00+00', 'running', 21600, '2026-03-11 06:00'),
    (9, '2026-03-11 05:59:59+00', 'running', 86399, '2026-03-11 06:00'),
    (9, '2026-03-11 06:00+00', 'met', 86400, '2026-03-11 06:00'),
    (10, '2026-03-02 10:30+00', 'breached', 5400, '2026-03-02 10:00');
CREATE FUNCTION seen(clock bigint, at text, OUT state text, OUT elapsed bigint, OUT due_at timestamptz)
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM set_config('leadflow.clock', at, true);
    SELECT s.state, s.elapsed_seconds, s.due_at INTO state, elapsed, due_at FROM sla_status s WHERE s.clock_id = clock;
END;
$$;
SELECT is(s::text, ROW(m.state, m.elapsed, m.due_at)::text, format('sla_status: clock %s as of %s', m.clock_id, m.at))
FROM moment m, LATERAL seen(m.clock_id, m.at) s;
SELECT is(warn_at, '2026-03-10 13:00+00', 'sla_status: a warning that was not moved yet')
FROM set_config('leadflow.clock', '2026-03-09 12:00+00', false), LATERAL (SELECT warn_at FROM sla_status WHERE clock_id = 8 OFFSET 0) s;
SET leadflow.clock = '2026-03-13 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT policy, metric, lead_id, owner, team, variant, started_at, started_by, start_touch_id, stop_touch_id, definition_version
    FROM sla_status WHERE clock_id = 3')$$, ARRAY['new_mql,m3,3,anna,inbound,cloud,"2026-03-04 09:00:00+00",mql,,,7'], 'sla_status: what a clock is about');

-- sla_breach, sla_compliance, response_time

SELECT results_eq($$SELECT rows_of('SELECT clock_id, policy, promise, metric, lead_id, full_name, account, owner, owner_name, team, measure, started_at, due_at,
        target_seconds, elapsed_seconds, overdue_seconds, since_due_seconds FROM sla_breach')$$, ARRAY[
    '4,hot_request,"A hot request is answered within 15 minutes.",first_response,4,Four,,,,,working,"2026-03-12 16:00:00+00","2026-03-13 10:00:00+00",7200,14400,7200,7200',
    '7,hot_request,"A hot request is answered within 15 minutes.",m7,3,Three,,anna,"Anna A",inbound,working,"2026-03-13 09:00:00+00","2026-03-13 11:00:00+00",7200,9000,1800,3600'],
    'sla_breach, the worst first');
SET leadflow.clock = '2026-01-01';
SELECT is_empty('SELECT FROM sla_breach', 'sla_breach before everything');
CREATE FUNCTION broken(at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ids text;
BEGIN
    PERFORM set_config('leadflow.clock', at::text, true);
    SELECT (SELECT coalesce(string_agg(b::text, ' ' ORDER BY clock_id), '-') FROM (
                SELECT clock_id, policy, metric, lead_id, opportunity_id, owner, team, measure, started_at, due_at, target_seconds, elapsed_seconds, - overdue_seconds
                FROM sla_breach) b) || '='
        || (SELECT coalesce(string_agg(s::text, ' ' ORDER BY clock_id), '-') FROM (
                SELECT clock_id, policy, metric, lead_id, opportunity_id, owner, team, measure, started_at, due_at, target_seconds, elapsed_seconds, remaining_seconds
                FROM sla_status s WHERE state = 'breached' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)) s) INTO ids;
    RETURN ids;
END;
$$;
SELECT is(split_part(b, '=', 1), split_part(b, '=', 2), format('sla_breach lists what sla_status calls breached at %s', at))
FROM (SELECT DISTINCT i.at + d AS at FROM (SELECT due_at AS at FROM sla_clock UNION SELECT stopped_at FROM sla_clock UNION SELECT cancelled_at FROM sla_clock
             UNION SELECT paused_at FROM sla_pause UNION SELECT resumed_at FROM sla_pause) i, unnest('{1 second,3 hours}'::interval[]) d WHERE i.at IS NOT NULL) m, LATERAL broken(m.at) b
ORDER BY m.at;
SET leadflow.clock = '2026-03-13 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT policy, metric, team, owner, month, clocks, met, met_late, breached, running, paused, cancelled, cancelled_late, met_share
        FROM sla_compliance ORDER BY policy, metric, team')$$, ARRAY[
    'hot_request,first_response,field,bert,2026-03-01,1,0,1,0,0,0,0,0,0.000000',
    'hot_request,first_response,inbound,anna,2026-03-01,1,1,0,0,0,0,0,0,1.000000',
    'hot_request,first_response,,,2026-03-01,1,0,0,1,0,0,0,0,0.000000',
    'hot_request,m6,field,bert,2026-03-01,1,0,0,0,0,1,0,0,',
    'hot_request,m7,inbound,anna,2026-03-01,1,0,0,1,0,0,0,0,0.000000',
    'new_mql,m10,,,2026-03-01,1,0,0,0,0,0,1,1,',
    'new_mql,m3,inbound,anna,2026-03-01,1,0,0,0,0,0,1,0,',
    'new_mql,m5,inbound,anna,2026-03-01,1,0,0,0,1,0,0,0,',
    'other,m9,field,bert,2026-03-01,2,2,0,0,0,0,0,0,1.000000',
    'verdict,verdict,inbound,anna,2026-03-01,1,1,0,0,0,0,0,0,1.000000'], 'sla_compliance');
SET leadflow.clock = '2026-04-03 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT metric, month, breached, met_share FROM sla_compliance WHERE metric IN (''m5'', ''m11'') ORDER BY month')$$,
    ARRAY['m5,2026-03-01,1,0.000000', 'm11,2026-04-01,1,0.000000'], 'sla_compliance a month later');
SET timezone = 'America/New_York';
SET leadflow.clock = '2026-04-03 12:00+00';
SELECT is(count(*), 2::bigint, 'sla_compliance: months are the session''s') FROM sla_compliance WHERE metric IN ('m5', 'm11');
SET timezone = 'UTC';
SET leadflow.clock = '2026-03-13 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT metric, policy, team, owner, month, clocks, answered, elapsed_seconds_median, elapsed_seconds_p90, working_seconds_median,
        working_seconds_p90, within_5_minutes_share, within_15_minutes_share, within_1_hour_share, within_24_hours_share FROM response_time ORDER BY metric, team')$$, ARRAY[
    'first_response,hot_request,field,bert,2026-03-01,1,1,64800,64800,7200,7200,0.000000,0.000000,0.000000,1.000000',
    'first_response,hot_request,inbound,anna,2026-03-01,1,1,7200,7200,7200,7200,0.000000,0.000000,0.000000,1.000000',
    'first_response,hot_request,,,2026-03-01,1,0,,,,,0.000000,0.000000,0.000000,',
    'm5,new_mql,inbound,anna,2026-03-01,1,0,,,,,0.000000,0.000000,0.000000,',
    'm6,hot_request,field,bert,2026-03-01,1,0,,,,,0.000000,0.000000,0.000000,',
    'm7,hot_request,inbound,anna,2026-03-01,1,0,,,,,0.000000,0.000000,0.000000,',
    'm9,other,field,bert,2026-03-01,2,2,54150,97230,14550,25950,0.500000,0.500000,0.500000,0.500000',
    'verdict,verdict,inbound,anna,2026-03-01,1,1,176400,176400,32400,32400,0.000000,0.000000,0.000000,0.000000'], 'response_time');

INSERT INTO sla_clock (policy, metric, lead_id, opportunity_id, owner, team, variant, started_at, due_at, target, started_by, definition_version) VALUES
    ('other', 'm13', 4, 1, 'bert', 'field', '*', '2026-03-12 11:59', '2026-03-13 11:59', '24:00', 'proposal', 7),
    ('other', 'm14', NULL, 1, 'bert', 'field', '*', '2026-03-12 11:58', '2026-03-13 11:58', '24:00', 'proposal', 7);
SELECT results_eq($$SELECT rows_of('SELECT metric, lead_id, opportunity_id, full_name, opportunity, overdue_seconds FROM sla_breach WHERE opportunity_id = 1')$$,
    ARRAY['m14,,1,,Deal,120', 'm13,4,1,Four,Deal,60'], 'sla_breach of an opportunity, with or without a lead');

-- handover, never_contacted, follow_up_coverage, feedback_coverage

SELECT results_eq($$SELECT rows_of('SELECT lead_id, full_name, owner, team, origin, campaign_id, segment, variant, mql_at, mql_implied, first_contact_at, verdict, verdict_at,
        verdict_reason FROM handover ORDER BY lead_id')$$, ARRAY[
    '1,One,anna,inbound,event,1,small,*,"2026-03-03 10:00:00+00",f,"2026-03-04 10:00:00+00",accepted,"2026-03-05 10:00:00+00",',
    '2,Two,bert,field,partner,,large,*,"2026-03-06 16:00:00+00",f,,rejected,"2026-03-09 16:00:00+00",not_now',
    '3,Three,anna,inbound,event,1,small,cloud,"2026-03-04 09:00:00+00",t,,accepted,"2026-03-04 09:00:00+00",',
    '4,Four,,,web,,large,*,"2026-03-03 12:00:00+00",f,"2026-03-10 12:30:00+00",rejected,"2026-03-05 12:00:00+00",no_response'], 'handover');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, full_name, stage, is_exit, owner, team, origin, campaign_id, mql_at, waiting_seconds FROM never_contacted')$$, ARRAY[
    '3,Three,disqualified,t,anna,inbound,event,1,"2026-03-04 09:00:00+00",788400',
    '2,Two,mql,f,bert,field,partner,,"2026-03-06 16:00:00+00",590400'], 'never_contacted, the longest waiting first');
SELECT results_eq($$SELECT rows_of('SELECT team, owner, month, handed_over, contacted, never_contacted, contacted_share, never_contacted_share FROM follow_up_coverage ORDER BY team')$$, ARRAY[
    'field,bert,2026-03-01,1,0,1,0.000000,1.000000',
    'inbound,anna,2026-03-01,2,1,1,0.500000,0.500000',
    ',,2026-03-01,1,1,0,1.000000,0.000000'], 'follow_up_coverage');
SELECT results_eq($$SELECT rows_of('SELECT team, month, handed_over, with_verdict, accepted, rejected, feedback_share, acceptance_rate, verdict_hours_median FROM feedback_coverage ORDER BY team')$$, ARRAY[
    'field,2026-03-01,1,1,0,1,1.000000,0.000000,72.00',
    'inbound,2026-03-01,2,2,2,0,1.000000,1.000000,24.00',
    ',2026-03-01,1,1,0,1,1.000000,0.000000,48.00'], 'feedback_coverage');
SET leadflow.clock = '2026-03-04 09:59:59+00';
SELECT results_eq($$SELECT rows_of('SELECT lead_id, first_contact_at, verdict FROM handover ORDER BY lead_id')$$, ARRAY['1,,', '3,,accepted', '4,,'], 'handover as of a second before the first contact');
SET leadflow.clock = '2026-03-04 10:00+00';
SELECT results_eq($$SELECT rows_of('SELECT lead_id FROM never_contacted ORDER BY lead_id')$$, ARRAY['3', '4'], 'never_contacted as of the contact''s own instant');
SET leadflow.clock = '2026-03-14 10:00+00';
SELECT results_eq($$SELECT rows_of('SELECT lead_id FROM never_contacted')$$, ARRAY['3'], 'never_contacted: the next call was made');
SET leadflow.clock = '2026-04-03 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT team, month, handed_over, with_verdict, feedback_share, acceptance_rate, verdict_hours_median FROM feedback_coverage WHERE month > ''2026-03-01''')$$,
    ARRAY['inbound,2026-04-01,1,0,0.000000,,'], 'feedback_coverage: no verdict yet');

-- stage_dictionary

SELECT results_eq($$SELECT rows_of('SELECT ordinal, stage, spine_stage, variant, label_en, norm_seconds FROM stage_dictionary WHERE spine_stage IN (''sql'', ''proposal'')')$$, ARRAY[
    '7,sql,sql,*,"Sales qualified lead",1209600',
    '7,sql,sql,cloud,"Sales qualified lead",43200',
    '11,proposal,proposal,*,Proposal,1814400',
    '11,proposal.deal_desk,proposal,*,"Proposal, at the deal desk",172800',
    '11,proposal.legal_review,proposal,*,proposal.legal_review,259200'], 'stage_dictionary: leaves and variants beside their stage');
SELECT is(count(*), 23::bigint, 'stage_dictionary has every stage') FROM stage_dictionary;
SELECT is(lead_standard, 'The need is confirmed, in the buyer''s words. There is a budget. The buyer wants to decide within a year.', 'stage_dictionary tells the standard')
FROM stage_dictionary WHERE stage = 'sql' AND variant = '*';
INSERT INTO standard (object, variant, stage, criterion, requirement, expression) VALUES ('lead', 'cloud', 'sql', 'budget', 'There is a budget of 100.', 'budget > 100');
SELECT is(lead_standard, 'The need is confirmed, in the buyer''s words. The buyer wants to decide within a year. There is a budget of 100.',
    'stage_dictionary tells the standard of a variant: its own criteria, and the general ones that it does not replace')
FROM stage_dictionary WHERE stage = 'sql' AND variant = 'cloud';
SELECT is(opportunity_standard, 'The offer has an amount. The offer has a date on which it should close.', 'stage_dictionary tells the standard of opportunities')
FROM stage_dictionary WHERE stage = 'proposal';

-- what never was a lead, and what is parked: merge.sql, outside.sql and quarantine.sql ask for more
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, reason)
VALUES ('2026-03-05 10:00', '2026-03-05 10:00', '2026-03-05 10:00', 'disqualified', 't', '6', 'spam');
INSERT INTO quarantine (object, operation, source, external_id, target_stage, parked_row, unmet, session_actor, actor)
VALUES ('lead', 'INSERT', 't', '7', 'mql', '{}', '[{"criterion": "two_signals", "requirement": "Two signs."}]', 'x', 'x');

-- a verdict and what came after it: verdicts.sql asks for more
ALTER TABLE verdict DISABLE TRIGGER USER;
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, stage, reason, owner, team, variant)
VALUES (2, 'rejected', '2026-03-09 16:00', '2026-03-06 16:00', 'nurture', 'not_now', 'bert', 'field', '*');
INSERT INTO verdict_answer (verdict_id, answer, note, at) SELECT id, 'disputes', 'it was a good lead', '2026-03-09 17:00' FROM verdict WHERE lead_id = 2 AND note IS NULL ORDER BY id DESC LIMIT 1;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant)
VALUES ('2026-05-04 10:00', '2026-05-04 10:00', 2, 7, false, 'lead', 'mql', 'won', 'login', 'role', '*');

-- scores, what they were, and interest: score_reports.sql asks for more
INSERT INTO account (source, name) VALUES ('t', 'Acme');
UPDATE lead SET account_id = 1 WHERE id IN (1, 2);
INSERT INTO lead_score (lead_id, scored_at, fit, behaviour, total, grade, definition_version) VALUES (1, '2026-03-12', 30, 12, 42, 'B2', 7);
UPDATE stage_event SET facts = '{"features": {"role": "cto"}, "score": {"fit": 30, "behaviour": 12, "total": 42, "grade": "B2"}}' WHERE to_stage = 'mql' AND lead_id <> 4;
INSERT INTO intent_topic (topic, threshold, half_life, marketing_task, sales_task) VALUES ('routing', 0.001, '3650 days', 'send the series', 'start a talk');
INSERT INTO intent_signal (at, account_id, topic) VALUES ('2026-03-10', 1, 'routing');

-- a deal that was won, and what a campaign cost: economics.sql and attribution_views.sql ask for more
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, lead_id, amount) VALUES ('2026-05-04 10:00', '2026-04-04 10:00', '2026-05-04 10:00', 'won', 't', 2, 700);
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant, amount)
VALUES ('2026-05-04 10:00', '2026-05-04 10:00', 2, 2, 7, false, 'opportunity', 'won', 'login', 'role', '*', 700);
INSERT INTO campaign_cost (campaign_id, spent_on, cost) VALUES (1, '2026-03-01', 100);

-- every report: an empty workspace, no search_path, types, comments

RESET leadflow.clock;
UPDATE lead SET phone = '601 234 567' WHERE id IN (1, 2);
CREATE FUNCTION rows_in(relation text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = ''
    AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(v) FROM %s v', relation) INTO n;
    RETURN n;
END;
$$;
SELECT is(rows_in(format('empty_ws.%I', c.relname)), CASE c.relname WHEN 'stage_dictionary' THEN 21 WHEN 'funnel' THEN 20 WHEN 'bottlenecks' THEN 10
          WHEN 'pipeline_stages' THEN 5 WHEN 'stage_win_rate' THEN 5 WHEN 'pipeline_health' THEN 1
          WHEN 'weekly_review' THEN 10 * 12
          WHEN 'quarterly_review' THEN 13 * 8
          WHEN 'definition_reviews' THEN (SELECT count(*) FROM pg_trigger t JOIN pg_class d ON d.oid = t.tgrelid
              WHERE d.relnamespace = 'empty_ws'::regnamespace AND t.tgname = 'leadflow_definition_recorder' AND t.tgtype & 1 = 1)
          WHEN 'metric_dictionary' THEN (SELECT count(*) FROM pg_attribute a JOIN pg_class v ON v.oid = a.attrelid WHERE v.relnamespace = c.relnamespace AND v.relkind = 'v' AND a.attnum > 0 AND a.atttypid IN ('bigint'::regtype, 'numeric'::regtype))
          ELSE 0 END::bigint,
          format('%s of an empty workspace', c.relname))
FROM pg_class c
WHERE c.relnamespace = 'empty_ws'::regnamespace AND c.relkind = 'v'
ORDER BY c.relname;
INSERT INTO crm.alert (alert_key, kind, at, raised_at, send_at, message) VALUES ('x', 'breach', '2026-03-01', '2026-03-01', '2026-03-01', 'x');
INSERT INTO crm.sla_clock (policy, metric, lead_id, variant, started_at, due_at, target, attempts, stops_on_touch, started_by, definition_version)
VALUES ('cadence', 'cadence', 1, '*', '2026-03-02', '2026-03-12', '10 days', 6, '{call}', 'stage mql', 1);
INSERT INTO crm.target (metric, starts_on, ends_on, value) VALUES ('revenue', '2026-03-01', '2026-03-31', 100);
INSERT INTO crm.pool (pool, fallback_owner) VALUES ('default', 'anna');
INSERT INTO crm.pool_member (pool, member) VALUES ('default', 'bert');
UPDATE crm.team_member SET active = false WHERE member = 'bert';
INSERT INTO crm.sla_clock (policy, metric, lead_id, owner, variant, started_at, due_at, stopped_at, target, stops_on_touch, started_by, stop_touch_id, definition_version)
VALUES ('hot_request', 'answered', 1, 'anna', '*', '2026-03-04 09:00', '2026-03-04 11:00', '2026-03-04 10:00', '2:00', '{call}', 'touch demo_request', 1, 1);
INSERT INTO crm.score_model (model, as_of, won, lost, intercept, quality) VALUES ('logistic', '2026-03-01', 2, 1, 0.5, '{"auc": 0.75, "features": {"origin": {"missing": 1, "missing_won": 0}}}');
INSERT INTO crm.score_model_point (version, feature, value, log_odds, points, won, lost) VALUES (1, 'origin', 'web', 1, 29, 2, 1);
INSERT INTO crm.opportunity (stage_since, created_at, updated_at, stage, source, name, amount)
VALUES ('2026-03-02', '2026-03-02', '2026-03-02', 'won', 't', 'Won', 100), ('2026-03-02', '2026-03-02', '2026-03-02', 'proposal', 't', 'Open', 100);
INSERT INTO crm.stage_event (at, recorded_at, opportunity_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT o.stage_since, o.stage_since, o.id, 7, false, 'opportunity', o.stage, 'login', 'role', '*' FROM crm.opportunity o WHERE o.name IN ('Won', 'Open');
INSERT INTO crm.account (source, name, employees) VALUES ('t', 'Known', 100);
UPDATE crm.lead SET promised = 'the moon', account_id = (SELECT max(id) FROM crm.account) WHERE id = 1;
INSERT INTO crm.hypothesis (hypothesis, question, owner, starts_on, ends_on, measure) VALUES ('h', 'x', 'anna', '2026-03-01', '2026-04-01', 'x');
INSERT INTO crm.experiment (experiment, hypothesis, variant_a, variant_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, reaches)
VALUES ('e', 'h', 'a', 'b', '2026-02-01', '2026-02-10', '2026-03-01', '2026-03-10', 'mql');
INSERT INTO crm.content (title, kind, owner, updated_on) VALUES ('c', 'case', 'anna', '2026-03-01');
INSERT INTO crm.battlecard (battlecard, scenario, argument, owner, updated_on) VALUES ('b', 'x', 'x', 'anna', '2026-03-01');
INSERT INTO crm.content_request (asked_at, opportunity_id, kind, wanted) SELECT '2026-03-01', o.id, 'case', 'x' FROM crm.opportunity o WHERE o.name = 'Won';
INSERT INTO crm.objection_heard (at, objection, lead_id) VALUES ('2026-03-03', 'ask_partner', 1);
INSERT INTO crm.transcript (touch_id, words) VALUES (1, 'x');
INSERT INTO crm.debrief (at, campaign_id, held_by, conclusions) VALUES ('2026-03-05', 1, '{anna}', 'x');
INSERT INTO crm.opinion (lead_id, at, score) VALUES (1, '2026-03-05', 4);
INSERT INTO crm.proposal (definition, operation, new_row, reason, in_force_from) VALUES ('free_mail_domain', 'insert', '{"domain": "x.example"}', 'x', '2026-03-02');
SELECT cmp_ok(rows_in(format('crm.%I', c.relname)), '>', 0::bigint, format('%s with no search_path', c.relname))
FROM pg_class c
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v'
ORDER BY c.relname;

SELECT is_empty($$
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v'
        AND format_type(a.atttypid, a.atttypmod) NOT IN ('text', 'bigint', 'boolean', 'date', 'timestamp with time zone', 'jsonb')
        AND format_type(a.atttypid, a.atttypmod) !~ '^numeric\('$$, 'reports have types that every client reads');
SELECT is_empty($$
    SELECT c.relname, a.attname
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v'
        AND (a.atttypid = 'timestamptz'::regtype) <> (a.attname LIKE '%\_at')$$, 'instants, and only instants, end in _at');
SELECT is_empty($$
    SELECT c.relname, a.attname
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL
    UNION ALL
    SELECT c.relname, NULL
    FROM pg_class c
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL$$,
    'every report and every column of it has a comment');

SELECT * FROM finish();
