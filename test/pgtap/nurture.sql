-- Nurture: why a lead went there, on which track, until when it rests and when it wakes; what marketing was told. 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql

-- one lead in each of these stages since 20 February
INSERT INTO crm.lead (source, external_id, email, role, verified, need, budget, decision_by, why_now, promised, evidence, stage_since, owner)
SELECT 't', s, 'a@b.c', 'CEO', true, 'n', 1, '2026-06-01', 'w', 'p', 'e', '2026-02-20', 'anna' FROM unnest('{engaged,lead,mql,contacted,sql,won}'::text[]) s;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-02-20' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k;
UPDATE crm.lead SET stage = external_id::leadflow.stage, stage_since = '2026-02-20' WHERE external_id NOT IN ('engaged');
-- nurtured(who, more): into nurture, by a statement that writes more besides
CREATE FUNCTION nurtured(who text, more text DEFAULT $$reason = 'not_now', narrative = 'n'$$, stage text DEFAULT 'nurture') RETURNS text LANGUAGE sql AS $$
    SELECT format('UPDATE crm.lead SET stage = %L, %s WHERE external_id = %L', $3, $2, $1) $$;
CREATE FUNCTION nurture(who text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', stage, reason, narrative, nurture_track, 'wakes ' || wake_at::date, 'rests ' || rests_until::date) FROM crm.lead WHERE external_id = $1 $$;
-- stays(): every entry into nurture
CREATE FUNCTION stays() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', l.external_id, to_char(entered_at, 'MM-DD HH24:MI'), 'from ' || from_stage, 'of ' || s.owner, s.reason, s.narrative, s.nurture_track, 'wakes ' || s.wake_at::date, 'rests ' || s.rests_until::date), '; ' ORDER BY s.id)
      FROM crm.nurture_stay s JOIN crm.lead l ON l.id = s.lead_id $$;

SELECT is((SELECT string_agg(concat_ws('/', track, wake_after, cool_down, wakes_at), ' ' ORDER BY position) FROM crm.nurture_track), 'stay_in_touch/90 days/30 days/lead not_reached/30 days/14 days/lead budget_cycle/180 days/60 days/lead', 'the tracks that a workspace comes with');
SELECT is((SELECT string_agg(concat_ws('=', code, nurture_track), ' ' ORDER BY code) FROM crm.reason WHERE nurture_track IS NOT NULL), 'no_budget=budget_cycle no_response=not_reached too_expensive=budget_cycle', 'and the reasons that lead to them');

-- what is filled: 90 days after 2 March are 31 May, 180 are 29 August
SELECT is(tried(nurtured(c.who, c.more), format('SELECT nurture(%L)', c.who)), c.expected, 'filled: ' || c.label)
FROM (VALUES
    ('the first track', 'mql', $$reason = 'not_now', narrative = 'n'$$, 'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('the track of the reason', 'mql', $$reason = 'no_budget', narrative = 'n'$$, 'nurture no_budget n budget_cycle wakes 2026-08-29 rests 2026-05-01'),
    ('the writer''s track', 'mql', $$reason = 'no_budget', narrative = 'n', nurture_track = 'not_reached'$$, 'nurture no_budget n not_reached wakes 2026-04-01 rests 2026-03-16'),
    ('the writer''s time', 'mql', $$reason = 'not_now', narrative = 'n', wake_at = '2026-12-01'$$, 'nurture not_now n stay_in_touch wakes 2026-12-01 rests 2026-04-01'),
    ('both are the writer''s', 'mql', $$reason = 'not_now', narrative = 'n', nurture_track = 'budget_cycle', wake_at = '2026-12-01'$$, 'nurture not_now n budget_cycle wakes 2026-12-01 rests 2026-05-01'),
    ('how long it rests is not the writer''s', 'mql', $$reason = 'not_now', narrative = 'n', rests_until = '2030-01-01'$$, 'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('nor that it does not', 'mql', $$reason = 'not_now', narrative = 'n', rests_until = NULL$$, 'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('from contacted', 'contacted', $$reason = 'not_now', narrative = 'n'$$, 'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('from sql', 'sql', $$reason = 'not_now', narrative = 'n'$$, 'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('from before the handover it does not rest', 'lead', $$reason = 'not_now'$$, 'nurture not_now stay_in_touch wakes 2026-05-31'),
    ('nor from engaged', 'engaged', $$reason = 'not_now'$$, 'nurture not_now stay_in_touch wakes 2026-05-31'),
    ('nor if the writer says so', 'lead', $$reason = 'not_now', rests_until = '2030-01-01'$$, 'nurture not_now stay_in_touch wakes 2026-05-31'),
    ('in the past', 'mql', $$reason = 'not_now', narrative = 'n', stage_since = '2026-02-21'$$, 'nurture not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23')
) AS c (label, who, more, expected);
SELECT is(tried(nurtured('mql', stage => 'nurture.spring'), $$SELECT nurture('mql')$$), 'nurture.spring not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01', 'filled: a leaf of nurture');
SELECT is(tried(c.definitions || '; ' || nurtured('mql', $$reason = 'no_budget', narrative = 'n'$$), $$SELECT nurture('mql')$$), c.expected, 'filled: ' || c.label)
FROM (VALUES
    ('the smallest position', $$UPDATE crm.reason SET nurture_track = NULL; UPDATE crm.nurture_track SET position = 1 WHERE track = 'not_reached'$$, 'nurture no_budget n not_reached wakes 2026-04-01 rests 2026-03-16'),
    ('of the active ones', $$UPDATE crm.reason SET nurture_track = NULL; UPDATE crm.nurture_track SET active = false WHERE track = 'stay_in_touch'$$, 'nurture no_budget n not_reached wakes 2026-04-01 rests 2026-03-16'),
    ('the reason''s track is no longer active', $$UPDATE crm.nurture_track SET active = false WHERE track = 'budget_cycle'$$, 'nurture no_budget n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('no track is active', $$UPDATE crm.nurture_track SET active = false$$, 'nurture no_budget n'),
    ('there are no tracks', $$UPDATE crm.reason SET nurture_track = NULL; DELETE FROM crm.nurture_track$$, 'nurture no_budget n'),
    ('a track that never wakes', $$UPDATE crm.nurture_track SET wake_after = NULL WHERE track = 'budget_cycle'$$, 'nurture no_budget n budget_cycle rests 2026-05-01'),
    ('a track without rest', $$UPDATE crm.nurture_track SET cool_down = '0' WHERE track = 'budget_cycle'$$, 'nurture no_budget n budget_cycle wakes 2026-08-29 rests 2026-03-02'),
    ('months', $$UPDATE crm.nurture_track SET wake_after = '6 months', cool_down = '1 month' WHERE track = 'budget_cycle'$$, 'nurture no_budget n budget_cycle wakes 2026-09-02 rests 2026-04-02'),
    ('it does not wake while it rests', $$UPDATE crm.nurture_track SET wake_after = '10 days', cool_down = '20 days' WHERE track = 'budget_cycle'$$, 'nurture no_budget n budget_cycle wakes 2026-03-22 rests 2026-03-22'),
    ('hours', $$UPDATE crm.nurture_track SET wake_after = '36 hours', cool_down = '12 hours' WHERE track = 'budget_cycle'$$, 'nurture no_budget n budget_cycle wakes 2026-03-03 rests 2026-03-02')
) AS c (label, definitions, expected);
SELECT is(tried($$SET LOCAL leadflow.clock = '2026-01-31 10:00+00'; UPDATE crm.nurture_track SET wake_after = '1 month'; INSERT INTO crm.lead (source, external_id, stage, reason) VALUES ('t', 'new', 'nurture', 'not_now')$$, $$SELECT nurture('new')$$),
          'nurture not_now stay_in_touch wakes 2026-02-28', 'filled: a month from the end of January');

-- rows that begin there
SELECT is(tried(format('INSERT INTO crm.lead (source, external_id, stage, reason, %s) VALUES (''t'', ''new'', ''nurture'', ''not_now'', %s)', c.columns, c.vals), $$SELECT nurture('new') || ' ~ ' || stays()$$), c.expected, 'a new row: ' || c.label)
FROM (VALUES
    ('filled', 'need', 'NULL', 'nurture not_now stay_in_touch wakes 2026-05-31 ~ new 03-02 10:00 not_now stay_in_touch wakes 2026-05-31'),
    ('imported', 'stage_since, created_at', $$'2025-11-03 09:00+00', '2025-01-01'$$, 'nurture not_now stay_in_touch wakes 2026-02-01 ~ new 11-03 09:00 not_now stay_in_touch wakes 2026-02-01'),
    ('with its own', 'nurture_track, wake_at, narrative, owner', $$'not_reached', '2026-12-01', 'x', 'ben'$$, 'nurture not_now x not_reached wakes 2026-12-01 ~ new 03-02 10:00 of ben not_now x not_reached wakes 2026-12-01'),
    ('it never rested', 'rests_until', $$'2030-01-01'$$, 'nurture not_now stay_in_touch wakes 2026-05-31 ~ new 03-02 10:00 not_now stay_in_touch wakes 2026-05-31')
) AS c (label, columns, vals, expected);
SELECT is(tried($$INSERT INTO crm.lead (source, external_id, stage, narrative, nurture_track, wake_at, rests_until) VALUES ('t', 'new', 'lead', 'x', 'not_reached', '2026-12-01', '2026-12-01')$$, $$SELECT nurture('new')$$), 'lead x not_reached wakes 2026-12-01',
          'a new row elsewhere: how long it rests is leadflow''s, the rest is the writer''s');

-- bad input
SELECT is(tried(nurtured('mql', c.more)), c.expected, 'refused: ' || c.label)
FROM (VALUES
    ('an unknown track', $$reason = 'not_now', narrative = 'n', nurture_track = 'nonsense'$$, '23503 lead_nurture_track_fkey'),
    ('nothing for marketing', $$reason = 'not_now'$$, '23514 narrative'),
    ('a blank for marketing', $$reason = 'not_now', narrative = '  '$$, '23514 narrative'),
    ('no reason', $$narrative = 'n'$$, '23514 reason'),
    ('no reason and nothing for marketing', $$need = 'x'$$, '23514 reason')
) AS c (label, more, expected);
SELECT is(tried('UPDATE crm.nurture_track SET active = false WHERE track = ''not_reached''; ' || nurtured('mql', $$reason = 'not_now', narrative = 'n', nurture_track = 'not_reached'$$)), '23514 nurture_track', 'refused: a track on which no lead is put any more');
SELECT is(tried(format('INSERT INTO crm.nurture_track (track, meaning, %s) VALUES (''x'', ''x'', %s)', c.columns, c.vals)), c.expected, 'a track: ' || c.label)
FROM (VALUES
    ('that never wakes', 'content', 'NULL', '00000'),
    ('that wakes at once', 'wake_after', $$'0'$$, '23514 nurture_track_wake_after_check'),
    ('that wakes before', 'wake_after', $$'-1 day'$$, '23514 nurture_track_wake_after_check'),
    ('that rests backwards', 'cool_down', $$'-1 day'$$, '23514 nurture_track_cool_down_check'),
    ('that wakes after the end of the calendar', 'wake_after', $$'1000000 years'$$, '23514 nurture_track_wake_after_check'),
    ('that rests until then', 'cool_down', $$'1000000 years'$$, '23514 nurture_track_cool_down_check'),
    ('that wakes in an exit', 'wakes_at', $$'lost'$$, '23514 nurture_track_wakes_at_check'),
    ('that is there', 'position, track', $$1, 'y'$$, '42701')
) AS c (label, columns, vals, expected);
SELECT is(tried(nurtured('mql') || $$; DELETE FROM crm.nurture_track WHERE track = 'stay_in_touch'$$), '23503 lead_nurture_track_fkey', 'a track with leads is not deleted');
SELECT is(tried(nurtured('mql') || $$; UPDATE crm.nurture_track SET track = 'touch' WHERE track = 'stay_in_touch'$$, $$SELECT nurture('mql')$$), 'nurture not_now n touch wakes 2026-05-31 rests 2026-04-01', 'but it may be renamed');

-- who owes a narrative
SELECT is(tried(nurtured(c.who, $$reason = 'not_now'$$)), c.expected, 'a narrative: ' || c.who)
FROM (VALUES ('engaged', '00000'), ('lead', '00000'), ('mql', '23514 narrative'), ('contacted', '23514 narrative'), ('sql', '23514 narrative'), ('won', '23514 narrative')) AS c (who, expected);
SELECT is(tried(nurtured('mql') || '; ' || c.statements), c.expected, 'a narrative: ' || c.label)
FROM (VALUES
    ('once handed over it is owed at every return', $$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'; UPDATE crm.lead SET stage = 'nurture', reason = 'not_now' WHERE external_id = 'mql'$$, '23514 narrative'),
    ('nobody need repeat it within nurture', $$UPDATE crm.lead SET stage = 'nurture.spring', reason = 'not_now' WHERE external_id = 'mql'$$, '00000'),
    ('it may be mended there', $$UPDATE crm.lead SET narrative = 'm' WHERE external_id = 'mql'$$, '00000')
) AS c (label, statements, expected);

-- leaving and coming back
SELECT is(tried(nurtured('mql', $$reason = 'not_now', narrative = 'n', stage_since = '2026-02-21'$$) || '; ' || c.statement, $$SELECT nurture('mql')$$), c.expected, 'leaving: ' || c.label)
FROM (VALUES
    ('for lead', $$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'$$, 'lead rests 2026-03-23'),
    ('for engaged', $$UPDATE crm.lead SET stage = 'engaged' WHERE external_id = 'mql'$$, 'engaged rests 2026-03-23'),
    ('for another exit', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'mql'$$, 'lost no_need rests 2026-03-23'),
    ('for another leaf: it has not left', $$UPDATE crm.lead SET stage = 'nurture.spring', reason = 'not_now' WHERE external_id = 'mql'$$, 'nurture.spring not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23'),
    ('with what the statement writes', $$UPDATE crm.lead SET stage = 'lead', narrative = 'm', nurture_track = 'not_reached', wake_at = '2026-12-01' WHERE external_id = 'mql'$$, 'lead m not_reached wakes 2026-12-01 rests 2026-03-23'),
    ('with one of them', $$UPDATE crm.lead SET stage = 'lead', wake_at = '2026-12-01' WHERE external_id = 'mql'$$, 'lead wakes 2026-12-01 rests 2026-03-23'),
    ('and back', $$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'; UPDATE crm.lead SET stage = 'nurture', reason = 'no_budget', narrative = 'm' WHERE external_id = 'mql'$$, 'nurture no_budget m budget_cycle wakes 2026-08-29 rests 2026-03-23'),
    ('staying, a field changes', $$UPDATE crm.lead SET need = 'x' WHERE external_id = 'mql'$$, 'nurture not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23'),
    ('staying, put off', $$UPDATE crm.lead SET wake_at = '2026-12-01' WHERE external_id = 'mql'$$, 'nurture not_now n stay_in_touch wakes 2026-12-01 rests 2026-03-23'),
    ('staying, never to wake', $$UPDATE crm.lead SET wake_at = NULL WHERE external_id = 'mql'$$, 'nurture not_now n stay_in_touch rests 2026-03-23'),
    ('staying, on another track', $$UPDATE crm.lead SET nurture_track = 'not_reached' WHERE external_id = 'mql'$$, 'nurture not_now n not_reached wakes 2026-05-22 rests 2026-03-23'),
    ('staying, no rest is written', $$UPDATE crm.lead SET rests_until = NULL WHERE external_id = 'mql'$$, 'nurture not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23'),
    ('nor a longer one', $$UPDATE crm.lead SET rests_until = 'infinity' WHERE external_id = 'mql'$$, 'nurture not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23')
) AS c (label, statement, expected);

-- nurture_stay
SELECT is(tried(c.statements, 'SELECT stays()'), c.expected, 'stays: ' || c.label)
FROM (VALUES
    ('none', 'SELECT 1', NULL),
    ('one', nurtured('mql'), 'mql 03-02 10:00 from mql of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('in the past', nurtured('mql', $$reason = 'not_now', narrative = 'n', stage_since = '2026-02-21 12:00+00'$$), 'mql 02-21 12:00 from mql of anna not_now n stay_in_touch wakes 2026-05-22 rests 2026-03-23'),
    ('from a leaf', $$UPDATE crm.lead SET stage = 'mql.hot' WHERE external_id = 'mql'; $$ || nurtured('mql'), 'mql 03-02 10:00 from mql.hot of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('from lost', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'mql'; $$ || nurtured('mql'), 'mql 03-02 10:00 from lost of anna not_now n stay_in_touch wakes 2026-05-31'),
    ('the owner of that statement', nurtured('mql', $$reason = 'not_now', narrative = 'n', owner = NULL$$), 'mql 03-02 10:00 from mql not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('between leaves there is no new one', nurtured('mql') || $$; UPDATE crm.lead SET stage = 'nurture.spring', reason = 'not_now' WHERE external_id = 'mql'; UPDATE crm.lead SET stage = 'nurture.summer', reason = 'not_now', wake_at = '2026-12-01' WHERE external_id = 'mql'$$,
        'mql 03-02 10:00 from mql of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('what changes later is not in it', nurtured('mql') || $$; UPDATE crm.lead SET narrative = 'm', wake_at = '2026-12-01', owner = 'ben' WHERE external_id = 'mql'$$, 'mql 03-02 10:00 from mql of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01'),
    ('twice', nurtured('mql') || $$; UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'; $$ || nurtured('mql', $$reason = 'no_budget', narrative = 'm'$$),
        'mql 03-02 10:00 from mql of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01; mql 03-02 10:00 from lead of anna no_budget m budget_cycle wakes 2026-08-29 rests 2026-04-01'),
    ('what is refused leaves none', 'DO ''BEGIN UPDATE crm.lead SET stage = ''''nurture''''; EXCEPTION WHEN check_violation THEN NULL; END''', NULL),
    ('what is parked leaves none', 'SET LOCAL leadflow.on_violation = park; UPDATE crm.lead SET stage = ''nurture''', NULL),
    ('lost is no stay', $$UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'mql'$$, NULL)
) AS c (label, statements, expected);
SELECT is(tried($$UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = external_id WHERE external_id IN ('mql', 'lead')$$, $$SELECT string_agg(narrative, ' ' ORDER BY narrative) FROM crm.nurture_stay$$), 'lead mql', 'stays: two leads in one statement');
SELECT is(tried(nurtured('mql') || '; ' || c.statement), c.expected, 'stays: ' || c.label)
FROM (VALUES
    ('nobody changes them', $$UPDATE crm.nurture_stay SET narrative = 'x'$$, '23514 append_only'),
    ('nor deletes', 'DELETE FROM crm.nurture_stay', '23514 append_only'),
    ('nor truncates', 'TRUNCATE crm.nurture_stay', '23514 append_only')
) AS c (label, statement, expected);
SELECT is(tried(nurtured('mql', $$reason = 'not_now', narrative = 'Ada is on leave', owner_reason = 'Ada asked for her'$$) || $$; SELECT leadflow.forget('crm', id) FROM crm.lead WHERE external_id = 'mql'$$,
                $$SELECT concat_ws('|', (SELECT count(*) FROM crm.nurture_stay WHERE narrative IS NULL), (SELECT count(*) FROM crm.nurture_stay s WHERE s::text LIKE '%Ada%'), (SELECT count(*) FROM crm.lead l WHERE l::text LIKE '%Ada%'), (SELECT nurture_track FROM crm.nurture_stay))$$),
          '1|0|0|stay_in_touch', 'forgetting a person forgets what marketing was told, and that alone');

-- resting
-- given back on 21 February, it rests until 23 March
SELECT is(tried(nurtured('mql', $$reason = 'not_now', narrative = 'n', stage_since = '2026-02-21'$$) || '; ' || c.statements), c.expected, 'rested: ' || c.label)
FROM (VALUES
    ('too soon', $$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'mql'$$, '23514 rested'),
    ('too soon, by way of lead', $$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'mql'$$, '23514 rested'),
    ('too soon for contacted', $$UPDATE crm.lead SET stage = 'contacted' WHERE external_id = 'mql'$$, '23514 rested'),
    ('a hot request', $$UPDATE crm.lead SET stage = 'mql', urgency = 'hot' WHERE external_id = 'mql'$$, '00000'),
    ('a normal one', $$UPDATE crm.lead SET stage = 'mql', urgency = 'normal' WHERE external_id = 'mql'$$, '23514 rested'),
    ('it has rested', $$SET LOCAL leadflow.clock = '2026-03-23 00:00+00'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'mql'$$, '00000'),
    ('nearly', $$SET LOCAL leadflow.clock = '2026-03-22 23:59:59+00'; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'mql'$$, '23514 rested'),
    ('the writer ends no rest', $$UPDATE crm.lead SET stage = 'mql', rests_until = NULL WHERE external_id = 'mql'$$, '23514 rested'),
    ('lead may be entered at any time', $$UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'mql'$$, '00000')
) AS c (label, statements, expected);
SELECT is(tried(nurtured('lead', $$reason = 'not_now', stage_since = '2026-02-21'$$) || $$; UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'lead'$$), '00000', 'rested: who never was with sales need not rest');
SELECT is(tried($$UPDATE crm.lead SET stage = 'mql', reason = 'other', reason_note = 'x' WHERE external_id = 'contacted'$$), '00000', 'rested: handed back is not given back');

-- COPY, upserts, park, warn
SELECT is(tried($$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'mql') ON CONFLICT (source, external_id) DO UPDATE SET stage = 'nurture', reason = 'not_now', narrative = 'n'$$, 'SELECT nurture(''mql'') || '' ~ '' || stays()'),
          'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01 ~ mql 03-02 10:00 from mql of anna not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01', 'an upsert');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; $$ || nurtured('mql', $$reason = 'not_now', nurture_track = 'not_reached'$$), $$SELECT concat_ws(' ', nurture('mql'), unmet -> 0 ->> 'criterion', parked_row ->> 'nurture_track') FROM crm.quarantine$$), 'mql narrative not_reached', 'parked for want of a narrative');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; $$ || nurtured('mql', $$reason = 'not_now', wake_at = '2026-12-01'$$) || $$; UPDATE crm.standard SET mode = 'warn' WHERE criterion = 'narrative'; SELECT leadflow.retry_quarantine('crm')$$, $$SELECT nurture('mql')$$),
          'nurture not_now stay_in_touch wakes 2026-12-01 rests 2026-04-01', 'parked, and let in with what its writer wrote');
SELECT is(tried($$SET LOCAL leadflow.on_violation = warn; $$ || nurtured('mql', $$need = 'x'$$), $$SELECT nurture('mql') || ' ' || (SELECT string_agg(criterion, ',' ORDER BY criterion) FROM crm.violation)$$), 'nurture stay_in_touch wakes 2026-05-31 rests 2026-04-01 narrative,reason', 'warned of, and filled all the same');
SELECT is(tried($$INSERT INTO crm.stage_alias (source, status, stage) VALUES ('t', 'later', 'nurture'); UPDATE crm.lead SET status = 'later', reason = 'not_now', narrative = 'n' WHERE external_id = 'mql'$$, $$SELECT nurture('mql')$$),
          'nurture not_now n stay_in_touch wakes 2026-05-31 rests 2026-04-01', 'by a tool''s own word');

-- rights
CREATE ROLE nurture_marketing; CREATE ROLE nurture_read;
SELECT leadflow.grant_workspace('crm', 'nurture_marketing', 'marketing'), leadflow.grant_workspace('crm', 'nurture_read', 'read') \g /dev/null
SELECT is(tried('SET LOCAL ROLE nurture_marketing; ' || nurtured('lead'), 'SELECT stays()'), 'lead 03-02 10:00 from lead of anna not_now n stay_in_touch wakes 2026-05-31', 'whoever may write leads leaves a stay');
SELECT is(tried('SET LOCAL ROLE nurture_marketing; ' || c.statement), c.expected, 'rights: ' || c.label)
FROM (VALUES
    ('no stay is written by hand', $$INSERT INTO crm.nurture_stay (lead_id, entered_at) VALUES (1, now())$$, '42501'),
    ('tracks are revops''', $$UPDATE crm.nurture_track SET wake_after = '1 day'$$, '42501'),
    ('stays are read', 'SELECT * FROM crm.nurture_stay', '00000'),
    ('so are tracks', 'SELECT * FROM crm.nurture_track', '00000')
) AS c (label, statement, expected);
SELECT is(tried('SET LOCAL ROLE nurture_read; SELECT * FROM crm.nurture_stay'), '42501', 'rights: what marketing was told is not for everybody');
SELECT is((SELECT count(*) FROM crm.nurture_stay), 0::bigint, 'every case was undone');
DROP OWNED BY nurture_marketing, nurture_read; DROP ROLE nurture_marketing, nurture_read;

SELECT * FROM finish();
