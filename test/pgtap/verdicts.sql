-- What sales says about a lead that was handed over, by a row or by a move; what marketing answers; and what the reports make of it.
-- 2 March 2026 is a Monday; summer time begins on 29 March; 6 April is Easter Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';
SELECT no_plan();

\ir common/tried.sql

INSERT INTO crm.team_member (member, full_name, team, department) VALUES ('anna', 'Anna', 'inbound', 'sales'), ('bert', 'Bert', 'field', 'sales');
INSERT INTO crm.campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO crm.business_calendar VALUES ('always', 'UTC; 24/7', 'every hour');
-- a lead for every stage from which sales speaks, with the handoff packet, and one without it
INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, need, budget, currency, decision_by, why_now, promised, evidence,
                      owner, origin, segment, campaign_id, score, stage_since)
SELECT 't', e, 'Lead ' || e, e || '@example.com', 'CEO', true, 'less waste', 5000, 'EUR', '2026-06-01',
       CASE WHEN e <> 'bare' THEN 'new plant' END, CASE WHEN e <> 'bare' THEN 'a price' END, CASE WHEN e <> 'bare' THEN 'two visits' END,
       'anna', 'event', 'small', 1, 7.5, '2026-03-01 09:00+00'
FROM unnest('{lead,mql,contacted,sal,sql,opportunity,bare}'::text[]) e;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-03-01 09:00+00' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k;
UPDATE crm.lead SET stage = 'mql', stage_since = '2026-03-02 08:00+00' WHERE external_id <> 'lead';
UPDATE crm.lead SET stage = 'contacted', stage_since = '2026-03-02 09:00+00' WHERE external_id NOT IN ('lead', 'mql');
CREATE TABLE ids AS SELECT external_id AS e, id FROM crm.lead;
SELECT is((SELECT count(*) FROM crm.verdict), 0::bigint, 'up to contacted nobody has said anything');

-- said(lead): the verdicts on it, in their order
CREATE FUNCTION said(e text) RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE(string_agg(concat_ws('/', v.verdict, v.stage, v.reason, v.note, v.narrative), ' ' ORDER BY v.id), '-')
           || ', ' || (SELECT l.stage FROM crm.lead l JOIN ids USING (id) WHERE ids.e = said.e)
    FROM crm.verdict v JOIN ids ON ids.id = v.lead_id WHERE ids.e = said.e
$$;
-- told(statement): SQLSTATE, message and detail of its error
CREATE FUNCTION told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws('|', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
-- move(lead, set): an UPDATE; give(lead, columns, values): a row of verdict
CREATE FUNCTION move(e text, set text) RETURNS text LANGUAGE sql AS $$ SELECT format('UPDATE crm.lead SET %s WHERE external_id = %L; ', set, e) $$;
CREATE FUNCTION give(e text, columns text, vals text) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO crm.verdict (lead_id, verdict%s) SELECT id, %s FROM ids WHERE e = %L; ', columns, vals, e)
$$;

-- a move says it
UPDATE crm.lead SET stage = 'sal', stage_since = '2026-03-02 09:30+00' WHERE external_id IN ('sal', 'sql', 'opportunity');
UPDATE crm.lead SET stage = 'sql', stage_since = '2026-03-02 09:40+00' WHERE external_id IN ('sql', 'opportunity');
UPDATE crm.lead SET stage = 'opportunity', stage_since = '2026-03-02 09:50+00' WHERE external_id = 'opportunity';
SELECT is((SELECT string_agg(ids.e || ' ' || v.verdict, ', ' ORDER BY v.id) FROM crm.verdict v JOIN ids ON ids.id = v.lead_id),
          'sal accepted, sql accepted, opportunity accepted', 'sal accepts, and whatever follows says nothing more');
SELECT is((SELECT concat_ws('|', verdict, at, handed_over_at, stage, reason, note, objections, owner, team, campaign_id, origin, segment, variant, score, session_actor = session_user, actor = current_user)
             FROM crm.verdict v JOIN ids ON ids.id = v.lead_id WHERE ids.e = 'sal'),
          'accepted|2026-03-02 09:30:00+00|2026-03-02 08:00:00+00|sal|{}|anna|inbound|1|event|small|*|7.5|t|t', 'a verdict tells what the lead was');

SELECT is(tried(move(c.e, c.set), format('SELECT said(%L)', c.e)), c.expected, c.e || ': ' || c.set)
FROM (VALUES
    ('lead', $$stage = 'mql'$$, '-, mql'),
    ('lead', $$stage = 'contacted'$$, '-, contacted'),
    ('lead', $$stage = 'nurture', reason = 'not_now'$$, '-, nurture'),
    ('lead', $$stage = 'sal'$$, 'accepted/sal, sal'),
    ('lead', $$stage = 'sql.checked'$$, 'accepted/sql.checked, sql.checked'),
    ('mql', $$stage = 'mql.hot'$$, '-, mql.hot'),
    ('mql', $$stage = 'contacted'$$, '-, contacted'),
    ('mql', $$stage = 'sal'$$, 'accepted/sal, sal'),
    ('mql', $$stage = 'sal.first_call'$$, 'accepted/sal.first_call, sal.first_call'),
    ('mql', $$stage = 'opportunity'$$, 'accepted/opportunity, opportunity'),
    ('mql', $$stage = 'disqualified', reason = 'not_target'$$, 'rejected/disqualified/not_target, disqualified'),
    ('contacted', $$stage = 'sal'$$, 'accepted/sal, sal'),
    ('contacted', $$stage = 'nurture', reason = 'not_now', narrative = 'in autumn'$$, 'rejected/nurture/not_now/in autumn, nurture'),
    ('contacted', $$stage = 'nurture.quiet', reason = 'not_now', narrative = 'in autumn'$$, 'rejected/nurture.quiet/not_now/in autumn, nurture.quiet'),
    ('contacted', $$stage = 'lost', reason = 'other', reason_note = 'odd'$$, 'rejected/lost/other/odd, lost'),
    ('contacted', $$stage = 'mql', reason = 'not_target'$$, 'rejected/mql/not_target, mql'),
    ('contacted', $$stage = 'mql', reason = 'no_response'$$, '23514 attempts'),
    ('sal', $$stage = 'sql'$$, 'accepted/sal, sql'),
    ('sal', $$stage = 'mql', reason = 'not_target'$$, 'accepted/sal rejected/mql/not_target, mql'),
    ('sal', $$stage = 'lost', reason = 'no_need'$$, 'accepted/sal rejected/lost/no_need, lost'),
    ('sql', $$stage = 'sal', reason = 'no_need'$$, 'accepted/sal, sal'),
    ('sql', $$stage = 'lost', reason = 'no_need'$$, 'accepted/sal rejected/lost/no_need, lost'),
    ('opportunity', $$stage = 'sql', reason = 'no_budget'$$, 'accepted/sal, sql'),
    ('opportunity', $$stage = 'lost', reason = 'no_budget'$$, 'accepted/sal, lost'),
    ('contacted', $$stage = 'nurture'$$, '23514 reason'),
    ('bare', $$stage = 'sal'$$, '23514 why_now')
) AS c (e, set, expected);
SELECT is(tried(move('sal', $$stage = 'lost', reason = 'no_need'$$) || move('sal', $$stage = 'nurture', reason = 'no_need', narrative = 'n'$$), $$SELECT said('sal')$$),
          'accepted/sal rejected/lost/no_need, nurture', 'from one exit into another says nothing new');
SELECT is(tried($$INSERT INTO crm.opportunity (source, lead_id) SELECT 't', id FROM ids WHERE e = 'contacted'$$, $$SELECT said('contacted')$$),
          'accepted/opportunity, opportunity', 'an opportunity accepts the lead that it takes along');
SELECT is(tried($$INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES ('contacted', 'lead', false), ('contacted', 'engaged', true);$$ || c.statement, $$SELECT said('contacted')$$), c.expected, c.label)
FROM (VALUES ('back without a reason', move('contacted', $$stage = 'lead'$$), '-, lead'),
             ('back with one', move('contacted', $$stage = 'lead', reason = 'other', reason_note = 'x'$$), 'rejected/lead/other/x, lead'),
             ('further back', move('contacted', $$stage = 'engaged', reason = 'other', reason_note = 'x'$$), 'rejected/engaged/other/x, engaged')) c (label, statement, expected);

-- nobody was reached
CREATE FUNCTION exhausted(e text) RETURNS text LANGUAGE sql AS $$
    SELECT format($q$UPDATE crm.sla_policy SET attempts = 2, channels = 2 WHERE policy = 'cadence';
        UPDATE crm.lead SET stage = 'mql', reason = 'not_target', stage_since = '2026-03-02 09:05+00' WHERE external_id = %1$L;
        UPDATE crm.lead SET stage = 'contacted', stage_since = '2026-03-02 09:06+00' WHERE external_id = %1$L;
        INSERT INTO crm.touch (lead_id, kind, channel, direction, at) SELECT id, t.kind, t.kind, 'outbound', t.at FROM ids,
            (VALUES ('call', timestamptz '2026-03-02 09:10+00'), ('email', '2026-03-02 11:20+00')) t (kind, at) WHERE e = %1$L;
        SET LOCAL leadflow.clock = '2026-03-02 12:00+00'; $q$, e)
$$;
SELECT is(tried(exhausted('contacted') || c.statement, $$SELECT said('contacted')$$), 'rejected/mql/not_target' || c.expected, 'after all attempts: ' || c.label)
FROM (VALUES
    ('into nurture', move('contacted', $$stage = 'nurture', reason = 'no_response', narrative = 'n'$$), ', nurture'),
    ('into nurture, for whatever reason', move('contacted', $$stage = 'nurture', reason = 'not_now', narrative = 'n'$$), ', nurture'),
    ('back to mql', move('contacted', $$stage = 'mql', reason = 'no_response'$$), ', mql'),
    ('into another exit', move('contacted', $$stage = 'lost', reason = 'no_response'$$), ' rejected/lost/no_response, lost'),
    ('back for another reason', move('contacted', $$stage = 'mql', reason = 'not_target'$$), ' rejected/mql/not_target, mql'),
    ('accepted after all', move('contacted', $$stage = 'sal'$$), ' accepted/sal, sal'),
    ('accepted, then given up', move('contacted', $$stage = 'sal'$$) || move('contacted', $$stage = 'nurture', reason = 'not_now', narrative = 'n'$$), ' accepted/sal rejected/nurture/not_now/n, nurture'),
    ('said all the same', give('contacted', ', reason, narrative', $$'rejected', 'no_response', 'n'$$), ' rejected/nurture/no_response/n, nurture')
) AS c (label, statement, expected);
SELECT is(tried(move('contacted', $$stage = 'nurture', reason = 'no_response', narrative = 'n'$$)), '23514 attempts', 'who has not tried has not reached nobody');

-- new leads
BEGIN;
DELETE FROM crm.standard WHERE criterion = 'two_signals';
SELECT is(tried(format($$INSERT INTO crm.lead (source, external_id, role, verified, email, why_now, promised, evidence, stage, reason, stage_since)
                          VALUES ('old', 'x', 'CEO', true, 'x', 'x', 'x', 'x', %L, %L, '2026-02-01 09:00+00')$$, c.stage, c.reason),
                $$SELECT coalesce(string_agg(concat_ws('/', v.verdict, v.at, v.handed_over_at, v.stage), ' '), '-') FROM crm.verdict v JOIN crm.lead l ON l.id = v.lead_id WHERE l.source = 'old'$$),
          c.expected, 'imported as ' || c.stage)
FROM (VALUES ('mql', NULL, '-'), ('contacted', NULL, '-'), ('nurture', 'not_now', '-'),
             ('sal', NULL, 'accepted/2026-02-01 09:00:00+00/2026-02-01 09:00:00+00/sal'),
             ('sal.demo', NULL, 'accepted/2026-02-01 09:00:00+00/2026-02-01 09:00:00+00/sal.demo')) c (stage, reason, expected);
SELECT is((SELECT count(*) FROM crm.stage_event e WHERE e.to_stage = 'mql' AND e.implied), 0::bigint, 'nothing of it is left');
ROLLBACK;

-- a row says it
SELECT is(tried(c.statement, format('SELECT said(%L)', c.e)), c.expected, c.label)
FROM (VALUES
    ('accepted in mql', 'mql', give('mql', '', $$'accepted'$$), 'accepted/sal, sal'),
    ('accepted in contacted', 'contacted', give('contacted', '', $$'accepted'$$), 'accepted/sal, sal'),
    ('accepted, with a note', 'contacted', give('contacted', ', note', $$'accepted', 'at last'$$), 'accepted/sal/at last, sal'),
    ('accepted as sql', 'contacted', give('contacted', ', stage', $$'accepted', 'sql'$$), 'accepted/sql, sql'),
    ('accepted as a leaf', 'contacted', give('contacted', ', stage', $$'accepted', 'sal.demo'$$), 'accepted/sal.demo, sal.demo'),
    ('the reason says where to: the first exit', 'contacted', give('contacted', ', reason', $$'rejected', 'not_target'$$), 'rejected/disqualified/not_target, disqualified'),
    ('the reason says where to: not into churned', 'contacted', give('contacted', ', reason', $$'rejected', 'closed_business'$$), 'rejected/disqualified/closed_business, disqualified'),
    ('the reason says where to: nurture', 'contacted', give('contacted', ', reason, narrative, wake_at', $$'rejected', 'not_now', 'in May', timestamptz '2026-05-04 08:00+00'$$), 'rejected/nurture/not_now/in May, nurture'),
    ('a reason for every stage', 'contacted', give('contacted', ', reason, note, narrative', $$'rejected', 'other', 'odd', 'n'$$), 'rejected/nurture/other/odd/n, nurture'),
    ('back, where the writer says so', 'contacted', give('contacted', ', reason, stage', $$'rejected', 'not_target', 'mql'$$), 'rejected/mql/not_target, mql'),
    ('into an exit, where the writer says so', 'contacted', give('contacted', ', reason, stage', $$'rejected', 'no_need', 'lost'$$), 'rejected/lost/no_need, lost'),
    ('rejected in sal', 'sal', give('sal', ', reason, stage', $$'rejected', 'not_target', 'mql'$$), 'accepted/sal rejected/mql/not_target, mql'),
    ('the packet is missing', 'bare', give('bare', '', $$'accepted'$$), '23514 why_now'),
    ('no narrative for nurture', 'contacted', give('contacted', ', reason', $$'rejected', 'not_now'$$), '23514 narrative'),
    ('a reason that does not go with the stage', 'contacted', give('contacted', ', reason, stage', $$'rejected', 'not_target', 'lost'$$), '23514 reason'),
    ('an unknown reason', 'contacted', give('contacted', ', reason, narrative', $$'rejected', 'boredom', 'n'$$), '23514 reason'),
    ('a reason that is not given any more', 'contacted', $$UPDATE crm.reason SET active = false WHERE code = 'not_target'; $$ || give('contacted', ', reason', $$'rejected', 'not_target'$$), '23514 reason'),
    ('no reason', 'contacted', give('contacted', '', $$'rejected'$$), '23514 reason'),
    ('a blank reason', 'contacted', give('contacted', ', reason', $$'rejected', ' '$$), '23514 reason'),
    ('a reason that asks for a note', 'contacted', give('contacted', ', reason', $$'rejected', 'competitor'$$), '23514 reason_note'),
    ('attempts that were not made', 'contacted', give('contacted', ', reason, narrative', $$'rejected', 'no_response', 'n'$$), '23514 attempts'),
    ('neither accepted nor rejected', 'contacted', give('contacted', '', $$'maybe'$$), '22023'),
    ('nothing', 'contacted', give('contacted', '', $$NULL$$), '22023'),
    ('a lead that is with marketing', 'lead', give('lead', '', $$'accepted'$$), '55000'),
    ('no lead', 'contacted', $$INSERT INTO crm.verdict (lead_id, verdict) VALUES (-1, 'accepted')$$, 'P0002'),
    ('accepted into an earlier stage', 'contacted', give('contacted', ', stage', $$'accepted', 'contacted'$$), '22023'),
    ('accepted into an exit', 'contacted', give('contacted', ', stage', $$'accepted', 'nurture'$$), '22023'),
    ('rejected forward', 'mql', give('mql', ', reason, stage', $$'rejected', 'not_target', 'contacted'$$), '22023'),
    ('rejected where it is', 'mql', give('mql', ', reason, stage', $$'rejected', 'not_target', 'mql'$$), '22023'),
    ('rejected into sal', 'sql', give('sql', ', reason, stage', $$'rejected', 'no_need', 'sal'$$), '22023'),
    ('too far to be rejected', 'opportunity', give('opportunity', ', reason', $$'rejected', 'no_need'$$), '55000'),
    ('a narrative for another exit', 'contacted', give('contacted', ', reason, narrative', $$'rejected', 'not_target', 'n'$$), '22023'),
    ('a date for another stage', 'contacted', give('contacted', ', wake_at', $$'accepted', timestamptz '2026-05-04 08:00+00'$$), '22023'),
    ('accepted twice', 'contacted', give('contacted', '', $$'accepted'$$) || give('contacted', '', $$'accepted'$$), '55000'),
    ('accepted after a move that said so', 'sal', give('sal', '', $$'accepted'$$), '55000'),
    ('in the future', 'contacted', give('contacted', ', at', $$'accepted', timestamptz '2226-01-01'$$), '22023'),
    ('in no time', 'contacted', give('contacted', ', at', $$'accepted', timestamptz 'infinity'$$), '22023'),
    ('before the handover', 'contacted', give('contacted', ', at', $$'accepted', timestamptz '2026-03-02 07:59+00'$$), '55000'),
    ('before the stage that it ends', 'contacted', give('contacted', ', at', $$'accepted', timestamptz '2026-03-02 08:30+00'$$), '23514 stage_since'),
    ('for history', 'contacted', give('contacted', ', at', $$'accepted', timestamptz '2026-03-02 09:15+00'$$), 'accepted/sal, sal'),
    ('by a function', 'contacted', $$SELECT leadflow.give_verdict('crm', id, 'rejected', 'not_now', 'wait', '{too_expensive}', 'nurture', 'in May', '2026-05-04') FROM ids WHERE e = 'contacted'$$, 'rejected/nurture/not_now/wait/in May, nurture'),
    ('by a function, in few words', 'contacted', $$SELECT leadflow.give_verdict('crm', id, 'accepted') FROM ids WHERE e = 'contacted'$$, 'accepted/sal, sal'),
    ('by a function, in no workspace', 'contacted', $$SELECT leadflow.give_verdict('none', 1, 'accepted')$$, '42P01'),
    ('by a function, objections of null', 'contacted', $$SELECT leadflow.give_verdict('crm', id, 'accepted', objections => NULL) FROM ids WHERE e = 'contacted'$$, 'accepted/sal, sal')
) AS c (label, e, statement, expected);

-- what the writer says for himself does not count
SELECT is(tried(give('contacted', ', handed_over_at, recorded_at, owner, team, campaign_id, origin, segment, variant, score, session_actor, actor',
                     $$'accepted', '2020-01-01', '2020-01-01', 'x', 'x', 99, 'x', 'x', 'x', 99, 'x', 'x'$$),
                $$SELECT concat_ws('|', at, handed_over_at, recorded_at = now(), owner, team, campaign_id, origin, segment, variant, score, session_actor = session_user, actor = current_user)
                    FROM crm.verdict ORDER BY id DESC LIMIT 1$$),
          '2026-03-02 10:00:00+00|2026-03-02 08:00:00+00|t|anna|inbound|1|event|small|*|7.5|t|t', 'what the lead was, who says it and the handover are leadflow''s to tell');
SELECT is(tried(give('contacted', ', reason, note, narrative, wake_at', $$'rejected', 'not_now', 'no money', 'in May', timestamptz '2026-05-04 08:00+00'$$),
                $$SELECT concat_ws('|', l.stage, l.stage_since, l.reason, l.reason_note, l.narrative, l.wake_at, n.narrative, n.wake_at)
                    FROM crm.lead l JOIN ids USING (id) JOIN crm.nurture_stay n ON n.lead_id = l.id WHERE e = 'contacted'$$),
          'nurture|2026-03-02 10:00:00+00|not_now|no money|in May|2026-05-04 08:00:00+00|in May|2026-05-04 08:00:00+00', 'the lead moves with reason, note, narrative and date');
SELECT is(tried(give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'in May'$$),
                $$SELECT concat_ws('|', l.nurture_track, l.wake_at) FROM crm.lead l JOIN ids USING (id) WHERE e = 'contacted'$$),
          'stay_in_touch|2026-05-31 10:00:00+00', 'what is not given comes from the track');
SELECT is(tried(give('contacted', '', $$'accepted'$$),
                $$SELECT string_agg(concat_ws('>', from_stage, to_stage, actor = current_user), ' ' ORDER BY e.id) FROM crm.stage_event e JOIN ids ON ids.id = e.lead_id WHERE ids.e = 'contacted' AND at > '2026-03-02 09:00+00'$$),
          'contacted>sal>t', 'it is one move');

-- objections
SELECT is(tried(give('contacted', ', objections', $$'accepted', '{too_expensive,just_looking,too_expensive}'::text[]$$), $$SELECT objections::text FROM crm.verdict ORDER BY id DESC LIMIT 1$$),
          '{too_expensive,just_looking}', 'objections, each once');
SELECT is(told(give('contacted', ', objections', $$'accepted', '{dull,too_expensive,"too far"}'::text[]$$)),
          '22023|unknown objection: dull, "too far"|Known: ask_partner, bad_timing, have_a_supplier, just_looking, think_about_it, too_expensive, unclear_offer.|Add it to objection, or give a known one.',
          'those that are not known are named, with those that are');
SELECT is(tried(give('contacted', ', objections', $$'accepted', ARRAY[NULL]::text[]$$)), '22023', 'null is no objection');
SELECT is(tried($$UPDATE crm.objection SET active = false WHERE code = 'too_expensive'; $$ || give('contacted', ', objections', $$'accepted', '{too_expensive}'::text[]$$)), '22023', 'nor is one that is given no more');
SELECT is((SELECT string_agg(code, ',' ORDER BY code) FROM crm.objection WHERE (SELECT count(*) FROM jsonb_object_keys(labels)) = 4 AND labels ->> 'ru' ~ '[а-я]'),
          'ask_partner,bad_timing,have_a_supplier,just_looking,think_about_it,too_expensive,unclear_offer', 'what buyers say, in four languages');
SELECT is((SELECT count(*) FROM crm.definition_change WHERE definition = 'objection'), 7::bigint, 'they are definitions');

-- what is said: errors that help
SELECT is(told(give('lead', '', $$'accepted'$$)), '55000|lead 1 is not handed over|It is in stage lead.|Marketing hands a lead over by moving it to mql.', 'not handed over');
SELECT matches(told(give('mql', ', at', $$'accepted', '2020-01-01'$$)), '^55000.lead 2 is not handed over.It is in stage mql since .*; the verdict is of 2020-01-01', 'nor was it then');
SELECT is(told(give('sal', '', $$'accepted'$$)), '55000|lead 4 was accepted already|postgres did so at 2026-03-02 09:30:00+00.', 'decided already');
SELECT is(told(give('opportunity', ', reason', $$'rejected', 'no_need'$$)), '55000|lead 6 is in stage opportunity, too far to be rejected|Move it to lost, with a reason.', 'too far');
SELECT is(told($$SET LOCAL leadflow.on_violation = park; $$ || give('bare', '', $$'accepted'$$)),
          '55000|the verdict on lead 7 cannot stand: its move to sal was not made|The move was to be parked, or a trigger or policy has prevented it.|SELECT * FROM leadflow.explain(''crm'', 7, ''sal'') shows what is missing.',
          'a move that is parked leaves no verdict');
RESET leadflow.on_violation;
SELECT is((SELECT count(*) FROM crm.quarantine) || ' ' || said('bare'), '0 -, contacted', 'neither remains');
SELECT is(tried($$SET LOCAL leadflow.on_violation = warn; $$ || give('bare', '', $$'accepted'$$), $$SELECT said('bare') || (SELECT count(*) FROM crm.violation)$$), 'accepted/sal, sal3', 'the owner may let it stand, with the violations');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; $$ || move('bare', $$stage = 'sal'$$), $$SELECT said('bare')$$), '-, contacted', 'a parked move says nothing');

-- a lead that is there already
BEGIN;
SELECT format('ALTER TABLE crm.lead DISABLE TRIGGER "000_leadflow_recorder"') \gexec
UPDATE crm.lead SET stage = 'sal' WHERE external_id = 'contacted';
UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', narrative = 'n' WHERE external_id = 'mql';
SELECT format('ALTER TABLE crm.lead ENABLE TRIGGER "000_leadflow_recorder"') \gexec
SELECT is(tried(c.statement, format('SELECT said(%L) || (SELECT '' '' || count(*) FROM crm.stage_event)', c.e)), c.expected || (SELECT ' ' || count(*) FROM crm.stage_event), c.label)
FROM (VALUES
    ('accepted where it is', 'contacted', give('contacted', '', $$'accepted'$$), 'accepted/sal, sal'),
    ('rejected where it is', 'mql', give('mql', ', reason', $$'rejected', 'not_now'$$), 'rejected/nurture/not_now, nurture'),
    ('rejected where it is, with a note', 'mql', give('mql', ', reason, note', $$'rejected', 'other', 'odd'$$), 'rejected/nurture/other/odd, nurture')
) AS c (label, e, statement, expected);
SELECT is(tried(give('mql', ', reason', $$'rejected', 'other'$$)), '23514 reason_note', 'the note is owed here too');
SELECT is(tried(give('mql', ', reason, narrative', $$'rejected', 'not_now', 'in May'$$), $$SELECT narrative FROM crm.lead WHERE external_id = 'mql'$$), 'in May', 'marketing hears the narrative');
SELECT is(tried(give('mql', ', reason', $$'rejected', 'not_target'$$), $$SELECT said('mql')$$), 'rejected/disqualified/not_target, disqualified', 'or it goes into another exit');
ROLLBACK;

-- sales changes its mind, in one handover and in the next
CREATE FUNCTION handovers(e text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s', to_char(v.handed_over_at, 'HH24:MI'), v.verdict, v.stage), ', ' ORDER BY v.id) FROM crm.verdict v JOIN ids ON ids.id = v.lead_id WHERE ids.e = handovers.e
$$;
SELECT is(tried(c.statement, $$SELECT handovers('contacted')$$), c.expected, c.label)
FROM (VALUES
    ('rejected, then accepted', give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'n'$$) || give('contacted', '', $$'accepted'$$), '08:00 rejected nurture, 08:00 accepted sal'),
    ('the same by moves', move('contacted', $$stage = 'nurture', reason = 'not_now', narrative = 'n'$$) || move('contacted', $$stage = 'sal'$$), '08:00 rejected nurture, 08:00 accepted sal'),
    ('disqualified in error', give('contacted', ', reason', $$'rejected', 'not_target'$$) || give('contacted', ', reason', $$'accepted', 'entered_in_error'$$), '08:00 rejected disqualified, 08:00 accepted sal'),
    ('disqualified in error, without saying so', give('contacted', ', reason', $$'rejected', 'not_target'$$) || give('contacted', '', $$'accepted'$$), '23514 reason'),
    ('accepted, then rejected', give('contacted', '', $$'accepted'$$) || give('contacted', ', reason, stage', $$'rejected', 'no_need', 'lost'$$), '08:00 accepted sal, 08:00 rejected lost'),
    ('and once more', move('contacted', $$stage = 'sal'$$) || move('contacted', $$stage = 'lost', reason = 'no_need'$$) || move('contacted', $$stage = 'sal'$$), '08:00 accepted sal, 08:00 rejected lost, 08:00 accepted sal'),
    ('handed back, which hands it over anew', give('contacted', ', reason, stage', $$'rejected', 'not_target', 'mql'$$) || $$SET LOCAL leadflow.clock = '2026-03-02 11:00+00'; $$ || give('contacted', '', $$'accepted'$$), '08:00 rejected mql, 10:00 accepted sal'),
    ('a second handover after nurture', give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'n'$$)
        || move('contacted', $$stage = 'lead'$$) || $$SET LOCAL leadflow.clock = '2026-03-02 11:00+00'; $$ || move('contacted', $$stage = 'mql', urgency = 'hot'$$)
        || $$SET LOCAL leadflow.clock = '2026-03-02 12:00+00'; $$ || give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'n'$$), '08:00 rejected nurture, 11:00 rejected nurture'),
    ('between two handovers', give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'n'$$) || move('contacted', $$stage = 'lead'$$) || give('contacted', '', $$'accepted'$$), '55000'),
    ('a leaf of mql is the same handover', move('mql', $$stage = 'mql.hot', stage_since = '2026-03-02 09:55+00'$$) || move('contacted', $$stage = 'sal'$$), '08:00 accepted sal')
) AS c (label, statement, expected);
SELECT is(tried(move('mql', $$stage = 'mql.hot', stage_since = '2026-03-02 09:55+00'$$) || move('mql', $$stage = 'sal'$$), $$SELECT handovers('mql')$$), '08:00 accepted sal', 'entering a leaf of mql from mql hands nothing over');
SELECT is(tried(move('lead', $$stage = 'mql.hot'$$) || move('lead', $$stage = 'sal'$$), $$SELECT handovers('lead')$$), '10:00 accepted sal', 'entering it from elsewhere does');

-- the clock of the verdict
SELECT is(tried(c.statement, $$SELECT string_agg(concat_ws(' ', s.stopped_by, s.state), ', ') FROM crm.sla_status s JOIN ids ON ids.id = s.lead_id WHERE ids.e = 'contacted' AND s.metric = 'verdict'$$), c.expected, c.label)
FROM (VALUES ('accepted', give('contacted', '', $$'accepted'$$), 'stage sal met'),
             ('rejected', give('contacted', ', reason', $$'rejected', 'not_target'$$), 'stage disqualified met'),
             ('handed back', move('contacted', $$stage = 'mql', reason = 'not_target'$$), 'verdict rejected met'),
             ('handed back without a reason', $$UPDATE crm.transition SET reason_required = false WHERE to_stage = 'mql'; $$ || move('contacted', $$stage = 'mql'$$), 'running')) c (label, statement, expected);

-- nobody changes it
SELECT is(tried(give('contacted', ', reason', $$'rejected', 'not_target'$$) || $$INSERT INTO crm.verdict_answer (verdict_id, answer, note) SELECT max(id), 'disputes', 'no' FROM crm.verdict; $$ || c.statement), '23514 append_only', c.statement)
FROM (VALUES ($$UPDATE crm.verdict SET note = 'x'$$), ($$DELETE FROM crm.verdict$$), ($$TRUNCATE crm.verdict CASCADE$$),
             ($$UPDATE crm.verdict_answer SET note = 'x'$$), ($$DELETE FROM crm.verdict_answer$$), ($$TRUNCATE crm.verdict_answer$$)) c (statement);

-- marketing answers
SELECT is(tried(give('contacted', ', reason', $$'rejected', 'not_target'$$) || 'INSERT INTO crm.verdict_answer (verdict_id, answer, note, session_actor, actor, recorded_at, at) SELECT max(id), ' || c.vals || ' FROM crm.verdict',
                $$SELECT concat_ws('|', answer, note, at, session_actor = session_user, actor = current_user, recorded_at = now()) FROM crm.verdict_answer$$), c.expected, c.label)
FROM (VALUES
    ('agrees', $$'agrees', NULL, 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, 'agrees|2026-03-02 10:30:00+00|t|t|t'),
    ('disputes', $$'disputes', 'it was good', 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, 'disputes|it was good|2026-03-02 10:30:00+00|t|t|t'),
    ('mends', $$'mends', 'other words', 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, 'mends|other words|2026-03-02 10:30:00+00|t|t|t'),
    ('disputes without a word', $$'disputes', NULL, 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, '23514 dispute_says_why'),
    ('mends with a blank', $$'mends', ' ', 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, '23514 dispute_says_why'),
    ('shrugs', $$'shrugs', 'x', 'x', 'x', '2020-01-01', '2026-03-02 10:30+00'$$, '22023'),
    ('answers before the verdict', $$'agrees', NULL, 'x', 'x', '2020-01-01', '2026-03-02 09:59+00'$$, '22023')
) AS c (label, vals, expected);
SELECT is(told($$INSERT INTO crm.verdict_answer (verdict_id, answer) VALUES (1, 'agrees')$$), '55000|verdict 1 did not reject the lead|Only rejections are answered.', 'an acceptance needs no answer');
SELECT is(tried($$INSERT INTO crm.verdict_answer (verdict_id, answer) VALUES (-1, 'agrees')$$), '23503 verdict_answer_verdict_id_fkey', 'nor does what was not said');

-- merged leads
SELECT is(tried($$SELECT leadflow.merge('crm', a.id, b.id) FROM ids a, ids b WHERE a.e = 'lead' AND b.e = 'contacted'; $$ || give('contacted', '', $$'accepted'$$)), '55000', 'a merged lead is not decided');
SELECT is(tried(give('contacted', ', reason', $$'rejected', 'not_target'$$) || $$CREATE TABLE was AS TABLE crm.verdict; SELECT leadflow.merge('crm', a.id, b.id) FROM ids a, ids b WHERE a.e = 'mql' AND b.e = 'contacted'; $$
                || give('mql', '', $$'accepted'$$),
                $$SELECT concat_ws(' ', said('mql'), said('contacted'), (SELECT count(*) FROM crm.verdicts v JOIN ids ON ids.id = v.lead_id WHERE ids.e IN ('mql', 'contacted')))$$),
          'accepted/sal, sal rejected/disqualified/not_target, disqualified 1', 'verdicts stay with the lead that they were given on');
SELECT is(tried(give('contacted', ', reason, narrative', $$'rejected', 'not_now', 'n'$$) || $$SELECT leadflow.merge('crm', a.id, b.id) FROM ids a, ids b WHERE a.e = 'mql' AND b.e = 'contacted';
                  SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge; $$ || give('contacted', '', $$'accepted'$$), $$SELECT said('contacted')$$),
          'rejected/nurture/not_now/n accepted/sal, sal', 'parted again, sales may change its mind');

-- a trigger of the owner's that writes a verdict while a move's is written: the move has not said that one
CREATE FUNCTION says_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crm.verdict (lead_id, verdict, handed_over_at, owner, variant) VALUES (NEW.lead_id, NEW.verdict, '2020-01-01', 'zoe', 'x');
    RETURN NULL;
END $$;
SELECT is(tried($$CREATE TRIGGER says_more AFTER INSERT ON crm.verdict FOR EACH ROW WHEN (NEW.owner <> 'zoe') EXECUTE FUNCTION says_more();
                  UPDATE crm.lead SET stage = 'sal' WHERE external_id = 'contacted'$$), '55000', 'what a trigger says during a move is looked at like any other verdict');

SELECT * FROM finish();
