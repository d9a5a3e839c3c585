-- What reports make of rare histories: deals that come back, or were opened in error, leads that
-- are merged or found to be spam, groups of one name, and months that begin without a midnight.
SET client_min_messages = warning;
SET jit = off;
SET TIME ZONE 'UTC';
SELECT no_plan();
\ir common/rows_of.sql

SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
SET leadflow.clock = '2026-07-16 12:00+00';
DELETE FROM standard WHERE criterion <> 'reason';
DELETE FROM bonus_part;
DELETE FROM agreement;
UPDATE sla_policy SET active = false;
INSERT INTO team_member (member, team, department) VALUES ('anna', 'north', 'sales'), ('bert', 'south', 'sales');
INSERT INTO account (source, external_id, owner) SELECT 't', a, a FROM unnest('{void,shell,late,other,haunted,ghost}'::text[]) a;

CREATE FUNCTION lead_of(which text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM lead WHERE external_id = which $$;
CREATE FUNCTION account_of(which text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM account WHERE external_id = which $$;
CREATE FUNCTION deal_of(which text) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM opportunity WHERE external_id = which $$;
CREATE FUNCTION new_lead(name text, at timestamptz, stage text, account text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO lead (source, external_id, stage, stage_since, created_at, account_id, owner) VALUES ('t', name, stage::leadflow.stage, at, at, account_of(account), 'anna') $$;
CREATE FUNCTION move_lead(which text, at timestamptz, stage text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE lead SET stage = move_lead.stage::leadflow.stage, stage_since = move_lead.at, reason = move_lead.reason, reason_note = 'x' WHERE external_id = which $$;
CREATE FUNCTION deal(name text, at timestamptz, stage text, amount numeric, lead text DEFAULT NULL, account text DEFAULT NULL, owner text DEFAULT 'anna', segment text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO opportunity (source, external_id, name, stage, stage_since, created_at, amount, lead_id, account_id, owner, segment)
    VALUES ('t', name, name, stage::leadflow.stage, at, at, amount, lead_of(lead), account_of(account), owner, segment) $$;
CREATE FUNCTION move(which text, at timestamptz, stage text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE opportunity SET stage = move.stage::leadflow.stage, stage_since = move.at, reason = move.reason, reason_note = 'x' WHERE external_id = which $$;
-- as_of(clock, query): its one value, as known then
CREATE FUNCTION as_of(clock text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    PERFORM set_config('leadflow.clock', clock, true);
    EXECUTE query INTO seen;
    RETURN seen;
END $$;

-- an agreement without a first day begins with what it counts
INSERT INTO agreement (agreement, department, measure, at_least, promise) VALUES ('leads', 'marketing', 'handed_over', 5, 'x'), ('reply', 'sales', 'sla_met_share', 0.9, 'x');
INSERT INTO sla_policy (policy, metric, starts_on_stage, stops_on_stage, target, measure, promise) VALUES ('reply', 'reply', 'lead', 'mql', '1 hour', 'elapsed', 'x');
CREATE FUNCTION begins(which text) RETURNS text LANGUAGE sql AS $$ SELECT min(from_date) || ' ' || count(*) FROM agreement_kept WHERE agreement = which $$;
SELECT new_lead('asked', '2026-01-10', 'lead') \g /dev/null
SELECT is(begins('leads'), NULL, 'a promised reaction is no handover');
SELECT new_lead('asked later', '2026-05-10', 'lead') \g /dev/null
UPDATE sla_policy SET active = false;
SELECT new_lead('handed', '2026-03-05', 'mql') \g /dev/null
SELECT is(begins('leads'), '2026-03-01 5', 'periods begin with the first lead handed over');
SELECT move_lead('asked', '2026-01-11', 'disqualified', 'spam') \g /dev/null
SELECT is(begins('reply'), '2026-05-01 3', 'those of promised reactions with the first that came due');

-- deals that come back
\o /dev/null
SELECT deal('back', '2026-01-10', 'opportunity', 7000), move('back', '2026-02-20', 'lost', 'no_budget'), move('back', '2026-05-05', 'opportunity', 'no_budget');
SELECT deal('again', '2026-01-15', 'opportunity', 500), move('again', '2026-02-25', 'lost', 'no_budget'), move('again', '2026-05-06', 'opportunity', 'no_budget'), move('again', '2026-06-01', 'lost', 'no_budget');
SELECT deal('north', '2026-04-03', 'opportunity', 1000, segment => 'north'), move('north', '2026-05-10', 'won');
SELECT deal('instant', '2026-06-05', 'opportunity', 5000, owner => 'bert'), move('instant', '2026-06-10', 'proposal'), move('instant', '2026-06-10', 'won');
SELECT move('instant', '2026-06-10', 'lost', 'no_budget'), move('instant', '2026-06-10', 'opportunity', 'no_budget');
\o
INSERT INTO target (metric, starts_on, ends_on, segment, team, value) VALUES ('revenue', '2026-04-01', '2026-06-30', NULL, NULL, 14000), ('revenue', '2026-07-01', '2026-09-30', NULL, NULL, 14000),
    ('revenue', '2026-04-01', '2026-06-30', 'north', NULL, 5000), ('revenue', '2026-04-01', '2026-06-30', NULL, 'north', 3000);
SELECT results_eq($$SELECT rows_of('SELECT quarter_starts_on, value::float8 FROM quarterly_review WHERE position = 230 AND quarter_starts_on >= ''2026-01-01'' ORDER BY 1')$$,
    ARRAY['2026-01-01,0', '2026-04-01,7000'], 'what was lost then was not open on the last day, whatever became of it');
SELECT results_eq($$SELECT rows_of('SELECT quarter_starts_on, value::float8 FROM quarterly_review WHERE position = 240 AND quarter_starts_on >= ''2026-01-01'' ORDER BY 1')$$,
    ARRAY['2026-01-01,0', '2026-04-01,0.5'], 'nor did it cover the next quarter');
SELECT results_eq($$SELECT rows_of('SELECT detail, value::float8, planned::float8 FROM quarterly_review WHERE position = 10 AND quarter_starts_on = ''2026-04-01'' ORDER BY 1')$$,
    ARRAY['revenue,6000,14000', '"revenue, segment north",1000,5000', '"revenue, team north",1000,3000'], 'a segment and a team of one name have each its target');
SELECT results_eq($$SELECT rows_of('SELECT opening, opened, reopened, won, lost, closing, advanced, closing_value::float8 FROM pipeline_movement WHERE month = ''2026-06-01''')$$,
    ARRAY['2,1,0,1,1,1,1,7000'], 'what follows a win, be it at its instant, is no longer the pipeline');
SELECT is((SELECT string_agg(as_of(c, $$SELECT string_agg(owner || ' ' || open_opportunities, ' ' ORDER BY owner) FROM owner_load WHERE owner IN ('anna', 'bert')$$), ', ' ORDER BY c)
           FROM unnest('{2026-03-01,2026-06-07,2026-07-16}'::text[]) c), 'anna 0 bert 0, anna 1 bert 1, anna 1 bert 0', 'an owner has the deals that are open at the clock: lost, not yet opened or won they are not');

-- deals that were opened in error, even won
\o /dev/null
SELECT new_lead('rejected', '2026-04-01', 'mql', 'void'), move_lead('rejected', '2026-04-02', 'disqualified', 'no_need');
SELECT deal('V1', '2026-05-01', 'won', 7777, account => 'void'), move('V1', '2026-05-02', 'disqualified', 'spam');
SELECT new_lead('accepted', '2026-04-01', 'mql'), move_lead('accepted', '2026-04-03', 'sal');
SELECT deal('V2', '2026-05-01', 'won', 100), move('V2', '2026-05-02', 'disqualified', 'spam');
-- its lead is known afterwards, and did not move along with it
UPDATE opportunity SET lead_id = lead_of('accepted') WHERE external_id = 'V2';
SELECT new_lead('along', '2026-04-01', 'mql'), move_lead('along', '2026-04-03', 'sal');
SELECT deal('V3', '2026-05-01', 'won', 100, 'along'), move('V3', '2026-05-02', 'disqualified', 'spam');
\o
SELECT is(as_of('2026-05-01 12:00+00', c.query) || ', ' || as_of('2026-07-16', c.query), c.expected, c.label) FROM (VALUES
    ('SELECT count(*) FROM false_rejections', '1, 0', 'a deal opened in error proves no rejection wrong once that is known'),
    ('SELECT outcome || COALESCE('' '' || won_at::date, '''') FROM qualification WHERE lead_id = lead_of(''accepted'')', 'won 2026-05-01, lost', 'nor a score right'),
    ('SELECT outcome || COALESCE('' '' || won_at::date, '''') FROM qualification WHERE lead_id = lead_of(''along'')', 'won 2026-05-01, lost', 'be it that it took its lead along'),
    ('SELECT concat_ws(''/'', sum(accepted), sum(accepted_won), sum(accepted_lost), sum(rejected), sum(rejected_won)) FROM verdict_quality', '2/2/0/1/1, 2/0/2/1/0', 'nor a verdict')) c (query, expected, label);

-- of two leads that are one the deals are one lead's
\o /dev/null
UPDATE stage_definition SET norm = '1 day' WHERE stage = 'lost';
SELECT new_lead('winner', '2026-04-01', 'lead'), new_lead('loser', '2026-04-01', 'lead'), new_lead('giver', '2026-04-01', 'lead'), new_lead('taker', '2026-04-01', 'lead');
SELECT deal('M1', '2026-04-03', 'opportunity', 100, 'winner'), move('M1', '2026-04-05', 'lost', 'no_need');
SELECT deal('M2', '2026-04-03', 'opportunity', 100, 'loser'), move('M2', '2026-04-06', 'lost', 'no_need');
SELECT deal('given', '2026-04-03', 'opportunity', 100, 'giver');
SELECT leadflow.merge('crm', lead_of('winner'), lead_of('loser'));
UPDATE opportunity SET lead_id = lead_of('taker') WHERE external_id = 'given';
\o
CREATE FUNCTION told(which text) RETURNS text LANGUAGE sql AS $$
    SELECT COALESCE(string_agg(o.name || ' ' || (s.details ->> 'to_stage'), ', ' ORDER BY s.happened_at, o.name), '') FROM lead_story s JOIN opportunity o ON o.id = (s.details ->> 'opportunity_id')::bigint
    WHERE s.what = 'stage' AND s.lead_id = lead_of(which) $$;
SELECT is((SELECT exits || ' ' || leads FROM leakage WHERE subject = 'opportunity' AND exit_stage = 'lost' AND reason = 'no_need'), '2 1', 'two deals lost, of one lead');
SELECT is((SELECT refusals || ' ' || leads FROM refusals WHERE subject = 'opportunity' AND stage = 'lost' AND reason = 'no_need'), '2 1', 'and refused by one');
SELECT is((SELECT lead_id FROM stalled WHERE opportunity_id = deal_of('M2')), lead_of('winner'), 'a stalled deal is the present lead''s');
SELECT is(told('winner'), 'M1 opportunity, M2 opportunity, M1 lost, M2 lost', 'the story of who goes on tells of both');
SELECT is(told('giver') || ' / ' || told('taker'), ' / given opportunity', 'that of who is given a deal tells of it');

-- accounts owe nothing for spam
\o /dev/null
SELECT new_lead('spam', '2026-03-01', 'sql', 'haunted'), new_lead('spam of a shell', '2026-03-01', 'lead'), new_lead('real', '2026-04-01', 'lead');
SELECT deal('S1', '2026-04-03', 'decision', 100, 'spam of a shell', 'shell'), deal('S2', '2026-03-05', 'decision', 100, 'spam', 'ghost'), deal('D1', '2026-04-03', 'opportunity', 100, 'real');
SELECT move_lead(l, '2026-04-06', 'disqualified', 'spam') FROM unnest('{spam,spam of a shell}'::text[]) l;
SELECT new_lead('of ' || a, '2026-04-01', 'lead', a), move_lead('of ' || a, '2026-05-20', 'sql') FROM unnest('{late,haunted,ghost}'::text[]) a;
SELECT deal('elsewhere', '2026-04-10', 'opportunity', 100, 'of late', 'other');
\o
SELECT is((SELECT sum(owed) FROM completeness WHERE object = 'account' AND owner = 'shell'), 0::numeric, 'a deal of spam makes an account owe nothing');
SELECT is((SELECT string_agg(field, ',') FROM data_quality WHERE object = 'account' AND fault = 'missing_owed' AND id = account_of('shell')), NULL, 'and miss nothing');
SELECT is((SELECT since_at::date FROM data_quality WHERE object = 'account' AND field = 'domain' AND fault = 'missing_owed' AND id = account_of(c.account)), '2026-05-20'::date, c.label) FROM (VALUES
    ('late', 'what is owed is owed since the lead was there, not its deal with another account'), ('haunted', 'nor a lead that is spam'), ('ghost', 'nor its deal')) c (account, label);

-- a lead that is a customer by nothing but a deal that was opened in error
\o /dev/null
SELECT new_lead(l, '2026-04-01', 'lead'), move_lead(l, '2026-04-20', 'won') FROM unnest('{bought nothing,bought again,bought by word}'::text[]) l;
SELECT deal(d, '2026-04-10', 'decision', 100, l), move(d, '2026-04-20', 'won') FROM (VALUES ('W1', 'bought nothing'), ('W2', 'bought again'), ('W3', 'bought again')) v (d, l);
SELECT move(d, '2026-05-02', 'disqualified', 'duplicate') FROM unnest('{W1,W2}'::text[]) d;
\o
SELECT is((SELECT string_agg(concat_ws(' ', external_id, object, field, value, since_at::date), ', ') FROM data_quality WHERE fault = 'void_win' AND external_id LIKE 'bought%'),
    'bought nothing lead stage won 2026-05-02', 'is told');
SELECT move_lead('bought nothing', '2026-05-03', 'disqualified', 'duplicate') \g /dev/null
SELECT is((SELECT count(*) FROM data_quality WHERE fault = 'void_win' AND id = lead_of('bought nothing')), 0::bigint, 'until the lead is none either');

-- nor is anything else counted that is about it
INSERT INTO content (title, kind, owner, updated_on) VALUES ('Paper', 'article', 'mia', '2026-01-01');
INSERT INTO content_request (asked_at, lead_id, opportunity_id, kind, wanted, answered_at, content) SELECT '2026-04-02', l, o, 'article', 'x', '2026-04-04', 'Paper'
FROM (VALUES (lead_of('spam'), NULL), (NULL, deal_of('S1')), (lead_of('real'), NULL), (NULL, deal_of('back')), (lead_of('loser'), deal_of('M2'))) v (l, o);
SELECT is((SELECT delivered FROM content_catalogue WHERE title = 'Paper'), 2::bigint, 'contents delivered for it');
INSERT INTO violation (recorded_at, object, lead_id, opportunity_id, to_stage, criterion, requirement, definition_version, session_actor, actor)
SELECT '2026-07-08', CASE WHEN o IS NULL THEN 'lead' ELSE 'opportunity' END, l, o, 'sql', 'role', 'x', 1, 'x', 'x'
FROM (VALUES (lead_of('spam'), NULL), (lead_of('spam of a shell'), deal_of('S1')), (lead_of('real'), NULL), (NULL, deal_of('back')), (lead_of('loser'), deal_of('M2'))) v (l, o);
SELECT is((SELECT value FROM weekly_review WHERE position = 420 AND detail = 'role' AND week_starts_on = '2026-07-06'), 3::numeric, 'what was let in with something missing');
INSERT INTO campaign (source, external_id, name) VALUES ('t', 'fair', 'Fair');
INSERT INTO debrief (at, opportunity_id, campaign_id, held_by, conclusions) SELECT '2026-06-01', o, c, '{anna}', 'x'
FROM (SELECT deal_of('S1'), NULL::bigint UNION ALL SELECT deal_of('back'), NULL UNION ALL SELECT NULL, id FROM campaign) v (o, c);
INSERT INTO lesson (debrief_id, works, lesson, action, owner, due, done_at) SELECT id, true, 'x', 'x', 'anna', '2026-07-01', '2026-06-20' FROM debrief;
SELECT is((SELECT value FROM quarterly_review WHERE position = p AND quarter_starts_on = '2026-04-01'), 2::numeric, label) FROM (VALUES (630, 'debriefs'), (640, 'and their lessons')) v (p, label);

-- a third of a large deal
\o /dev/null
UPDATE attribution_purpose SET model = 'linear' WHERE purpose = 'budget';
SELECT new_lead('credited', '2026-06-01', 'lead');
INSERT INTO touch (lead_id, at, kind, direction, actor) VALUES (lead_of('credited'), '2026-06-01', 'web_visit', 'inbound', NULL),
    (lead_of('credited'), '2026-06-02', 'call', 'outbound', 'anna'), (lead_of('credited'), '2026-06-03', 'call', 'outbound', 'anna');
SELECT deal('large', '2026-06-04', 'opportunity', 10000000, 'credited'), move('large', '2026-06-20', 'won');
\o
SELECT results_eq($$SELECT rows_of('SELECT marketing_credit, sales_credit FROM influence WHERE month = ''2026-06-01'' AND kind = ''*''')$$,
    $$SELECT rows_of('SELECT sum(value) FILTER (WHERE department = ''marketing'')::numeric(24,2), sum(value) FILTER (WHERE department = ''sales'')::numeric(24,2) FROM attribution WHERE model = ''linear''')$$,
    'is what its credits say, to the cent');

-- in Asunción October 2023 began at one o'clock
SET TIME ZONE 'America/Asuncion';
SELECT new_lead(d, d::timestamptz, 'lead') FROM unnest('{2023-09-15,2023-10-15,2023-11-15}'::text[]) d \g /dev/null
SELECT results_eq($$SELECT rows_of('SELECT month, leads, leads_before FROM mix_rate WHERE position = 1 AND days = 30 AND dimension = ''origin'' AND is_total AND month < ''2024-01-01'' ORDER BY 1')$$,
    ARRAY['2023-09-01,1,0', '2023-10-01,1,1', '2023-11-01,1,1'], 'a month without a midnight is followed by the next all the same');
SELECT * FROM finish();
