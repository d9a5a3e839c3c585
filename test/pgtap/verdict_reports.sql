-- The reports about verdicts, on a small history whose every figure was worked out by hand.
-- Summer time begins on 29 March 2026, a Sunday; 6 April is Easter Monday.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT no_plan();

SET search_path = crm, public;
DELETE FROM standard;
UPDATE business_calendar SET calendar = 'Europe/Warsaw; Mo-Fr 09:00-17:00; 2026 Apr 6 off' WHERE code = 'default';
UPDATE sla_policy SET attempts = 2, channels = 2 WHERE policy = 'cadence';
INSERT INTO team_member (member, full_name, team, department) VALUES
    ('anna', 'Anna', 'inbound', 'sales'), ('bert', 'Bert', 'field', 'sales'), ('dora', 'Dora', 'inbound', 'sales');
INSERT INTO campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO account (source, name) VALUES ('t', 'Acme');

-- the numbers of the leads are those of their keys
SET leadflow.clock = '2026-03-01 08:00+00';
INSERT INTO lead (source, external_id, full_name, email, owner, campaign_id, origin, segment, account_id, score)
SELECT 't', n, 'Lead ' || n,
       CASE n WHEN 3 THEN 'Jo.Doe+fair@gmail.com' WHEN 8 THEN 'jodoe@googlemail.com' ELSE n || '@example.com' END,
       CASE WHEN n IN (1, 3, 4, 7, 10, 12) THEN 'anna' WHEN n IN (8, 9, 14) THEN 'dora' ELSE 'bert' END,
       CASE WHEN n NOT IN (6, 8, 9, 14) THEN 1 END, CASE WHEN n IN (6, 8, 9, 14) THEN 'web' ELSE 'event' END,
       CASE WHEN n IN (6, 8, 9) THEN 'large' WHEN n <> 14 THEN 'small' END, CASE WHEN n IN (6, 9) THEN 1 END, n
FROM generate_series(1, 14) n;

CREATE TABLE steps (n integer GENERATED ALWAYS AS IDENTITY, at timestamptz, what text);
-- stage(at, lead, stage), touch(at, lead, kind)
CREATE FUNCTION stage(at timestamptz, id bigint, stage text, more text DEFAULT '') RETURNS void LANGUAGE sql AS $$
    INSERT INTO steps (at, what) VALUES (at, format('UPDATE lead SET stage = %L%s WHERE id = %s', stage, more, id)) $$;
CREATE FUNCTION touch(at timestamptz, id bigint, kind text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO steps (at, what) VALUES (at, format('INSERT INTO touch (lead_id, kind, channel, direction, at) VALUES (%s, %L, %L, ''outbound'', %L)', id, kind, kind, at)) $$;
CREATE FUNCTION deal(at timestamptz, id bigint, amount numeric) RETURNS void LANGUAGE sql AS $$
    INSERT INTO steps (at, what) VALUES (at, format('INSERT INTO opportunity (source, external_id, lead_id, account_id, amount, currency) SELECT ''t'', l.id, l.id, l.account_id, %s, ''EUR'' FROM lead l WHERE id = %s', amount, id)) $$;

SELECT stage('2026-03-02 08:00+00', n, 'mql'), stage('2026-03-27 14:00+00', n, 'contacted') FROM unnest('{1,2}'::int[]) n \g /dev/null
-- 1: 16 working hours from Friday 15:00 in winter end on Tuesday 15:00 in summer
SELECT stage('2026-03-31 13:00+00', 1, 'sal'), deal('2026-04-15 08:00+00', 1, 500) \g /dev/null
INSERT INTO steps (at, what) VALUES
    ('2026-05-01 10:00+00', $$UPDATE opportunity SET stage = 'won' WHERE lead_id = 1$$),
    -- 2: a second too late, disputed, and won the second time
    ('2026-03-31 13:00:01+00', $$SELECT leadflow.give_verdict('crm', 2, 'rejected', 'not_now', 'no time', narrative => 'in summer')$$),
    ('2026-04-01 09:00+00', $$INSERT INTO verdict_answer (verdict_id, answer) SELECT id, 'agrees' FROM verdict WHERE lead_id = 2$$),
    ('2026-04-02 09:00+00', $$INSERT INTO verdict_answer (verdict_id, answer, note) SELECT id, 'disputes', 'asked for a price' FROM verdict WHERE lead_id = 2$$);
SELECT stage('2026-05-01 09:00+00', 2, 'lead'), stage('2026-05-04 08:00+00', 2, 'mql'), stage('2026-05-04 09:00+00', 2, 'contacted'),
       stage('2026-05-05 09:00+00', 2, 'sal'), deal('2026-05-20 08:00+00', 2, 1000) \g /dev/null
INSERT INTO steps (at, what) VALUES ('2026-06-01 10:00+00', $$UPDATE opportunity SET stage = 'won' WHERE lead_id = 2$$);
-- 3: rejected in time, past a weekend and Easter Monday, after three attempts; the same person is won elsewhere
SELECT touch('2026-03-29 08:00+00', 3, 'call'), stage('2026-03-30 08:00+00', 3, 'mql'), stage('2026-04-02 13:00+00', 3, 'contacted'),
       touch('2026-04-02 13:00+00', 3, 'call'), touch('2026-04-03 10:00+00', 3, 'call'), touch('2026-04-03 11:00+00', 3, 'note'), touch('2026-04-07 10:00+00', 3, 'email') \g /dev/null
INSERT INTO steps (at, what) VALUES
    ('2026-04-07 12:59+00', $$SELECT leadflow.give_verdict('crm', 3, 'rejected', 'too_expensive', stage => 'lost', objections => '{too_expensive}')$$),
    ('2026-04-08 07:00+00', $$INSERT INTO verdict_answer (verdict_id, answer, note) SELECT id, 'mends', 'new prices' FROM verdict WHERE lead_id = 3$$);
-- 4: nobody says anything
SELECT stage('2026-04-01 08:00+00', 4, 'mql'), stage('2026-04-02 13:00+00', 4, 'contacted') \g /dev/null
-- 5: nobody is reached
SELECT stage('2026-04-03 08:00+00', 5, 'mql'), stage('2026-04-03 08:30+00', 5, 'contacted'), touch('2026-04-03 09:00+00', 5, 'call'), touch('2026-04-03 12:00+00', 5, 'email'),
       stage('2026-04-09 09:00+00', 5, 'nurture', $$, reason = 'no_response'$$) \g /dev/null
-- 6: rejected without being contacted, and the company buys from another lead
SELECT stage('2026-04-03 08:00+00', 6, 'mql'), touch('2026-04-03 08:30+00', 6, 'call') \g /dev/null
INSERT INTO steps (at, what) VALUES
    ('2026-04-03 09:00+00', $$SELECT leadflow.give_verdict('crm', 6, 'rejected', 'not_target')$$),
    ('2026-04-03 10:00+00', $$INSERT INTO verdict_answer (verdict_id, answer) SELECT id, 'agrees' FROM verdict WHERE lead_id = 6$$);
-- 7: accepted, and its deal is lost; 8, 9: accepted and won; 10: accepted and open
SELECT stage('2026-04-07 08:00+00', 7, 'mql'), stage('2026-04-08 08:00+00', 7, 'sal'), deal('2026-04-09 08:00+00', 7, 300) \g /dev/null
SELECT stage('2026-04-08 08:00+00', n, 'mql'), stage('2026-04-08 09:00+00', n, 'sal') FROM unnest('{8,9}'::int[]) n \g /dev/null
SELECT stage('2026-05-10 09:00+00', 8, 'won'), deal('2026-04-10 08:00+00', 9, 700), stage('2026-04-13 08:00+00', 10, 'mql'), stage('2026-04-14 08:00+00', 10, 'sal') \g /dev/null
INSERT INTO steps (at, what) VALUES
    ('2026-04-30 08:00+00', $$UPDATE opportunity SET stage = 'lost', reason = 'no_budget' WHERE lead_id = 7$$),
    ('2026-04-20 12:00+00', $$UPDATE opportunity SET stage = 'won' WHERE lead_id = 9$$);
-- 11: spam; 12: new; 13: rejected, then accepted; 14: rejected for good
SELECT stage('2026-04-13 08:00+00', 11, 'mql'), stage('2026-04-13 09:00+00', 11, 'disqualified', $$, reason = 'spam'$$), stage('2026-06-12 08:00+00', 12, 'mql'),
       stage('2026-04-13 08:00+00', 13, 'mql'), stage('2026-04-14 08:00+00', 13, 'lost', $$, reason = 'no_need'$$), stage('2026-04-15 08:00+00', 13, 'sal'),
       stage('2026-04-08 08:00+00', 14, 'mql'), stage('2026-04-08 10:00+00', 14, 'lost', $$, reason = 'no_budget'$$) \g /dev/null
DO $$
DECLARE
    s record;
BEGIN
    FOR s IN SELECT * FROM steps ORDER BY at, n LOOP
        PERFORM set_config('leadflow.clock', s.at::text, false);
        EXECUTE s.what;
    END LOOP;
END $$;

\ir common/rows_of.sql

SET leadflow.clock = '2026-06-15 08:00+00';
SELECT results_eq($$SELECT rows_of('SELECT lead_id, full_name, verdict, given_at, handed_over_at, waiting_seconds, in_force, in_time, stage, reason, category, next_step, attempts, owner, team, campaign_id, origin, segment, variant, score, answer, answer_note, answered_at
        FROM verdicts ORDER BY lead_id, given_at')$$, ARRAY[
    '1,"Lead 1",accepted,"2026-03-31 13:00:00+00","2026-03-02 08:00:00+00",2523600,t,t,sal,,,,0,anna,inbound,1,event,small,*,1.0000,,,',
    '2,"Lead 2",rejected,"2026-03-31 13:00:01+00","2026-03-02 08:00:00+00",2523601,t,f,nurture,not_now,timing,nurture,0,bert,field,1,event,small,*,2.0000,disputes,"asked for a price","2026-04-02 09:00:00+00"',
    '2,"Lead 2",accepted,"2026-05-05 09:00:00+00","2026-05-04 08:00:00+00",90000,t,t,sal,,,,0,bert,field,1,event,small,*,2.0000,,,',
    '3,"Lead 3",rejected,"2026-04-07 12:59:00+00","2026-03-30 08:00:00+00",709140,t,t,lost,too_expensive,budget,"mend the offer",3,anna,inbound,1,event,small,*,3.0000,mends,"new prices","2026-04-08 07:00:00+00"',
    '6,"Lead 6",rejected,"2026-04-03 09:00:00+00","2026-04-03 08:00:00+00",3600,t,,disqualified,not_target,fit,"mend the audience",1,bert,field,,web,large,*,6.0000,agrees,,"2026-04-03 10:00:00+00"',
    '7,"Lead 7",accepted,"2026-04-08 08:00:00+00","2026-04-07 08:00:00+00",86400,t,,sal,,,,0,anna,inbound,1,event,small,*,7.0000,,,',
    '8,"Lead 8",accepted,"2026-04-08 09:00:00+00","2026-04-08 08:00:00+00",3600,t,,sal,,,,0,dora,inbound,,web,large,*,8.0000,,,',
    '9,"Lead 9",accepted,"2026-04-08 09:00:00+00","2026-04-08 08:00:00+00",3600,t,,sal,,,,0,dora,inbound,,web,large,*,9.0000,,,',
    '10,"Lead 10",accepted,"2026-04-14 08:00:00+00","2026-04-13 08:00:00+00",86400,t,,sal,,,,0,anna,inbound,1,event,small,*,10.0000,,,',
    '13,"Lead 13",rejected,"2026-04-14 08:00:00+00","2026-04-13 08:00:00+00",86400,f,,lost,no_need,need,"mend the score",0,bert,field,1,event,small,*,13.0000,,,',
    '13,"Lead 13",accepted,"2026-04-15 08:00:00+00","2026-04-13 08:00:00+00",172800,t,,sal,,,,0,bert,field,1,event,small,*,13.0000,,,',
    '14,"Lead 14",rejected,"2026-04-08 10:00:00+00","2026-04-08 08:00:00+00",7200,t,,lost,no_budget,budget,nurture,0,dora,inbound,,web,,*,14.0000,,,'], 'verdicts');
SELECT is((SELECT concat_ws('|', note, objections, session_actor = session_user, actor = current_user, answered_by = current_user) FROM verdicts WHERE lead_id = 3), '["too_expensive"]|t|t|t', 'verdicts: objections, and who speaks');
SELECT is((SELECT count(*) FROM verdict WHERE lead_id = 11), 1::bigint, 'spam was rejected too, though no report counts it');
SELECT results_eq($$SELECT rows_of('SELECT team, owner, month, handed_over, with_verdict, in_time, late, undecided, undecided_late, returned_unreached, coverage_share, in_time_share FROM verdict_coverage ORDER BY owner, month')$$, ARRAY[
    'inbound,anna,2026-03-01,2,2,2,0,0,0,0,1.000000,1.000000',
    'inbound,anna,2026-04-01,3,2,0,0,1,1,0,0.666667,0.000000',
    'inbound,anna,2026-06-01,1,0,0,0,1,0,0,0.000000,',
    'field,bert,2026-03-01,1,1,0,1,0,0,0,1.000000,0.000000',
    'field,bert,2026-04-01,3,2,0,0,0,0,1,1.000000,',
    'field,bert,2026-05-01,1,1,1,0,0,0,0,1.000000,1.000000',
    'inbound,dora,2026-04-01,3,3,0,0,0,0,0,1.000000,'], 'verdict_coverage');
SELECT results_eq($$SELECT rows_of('SELECT reason, category, next_step, campaign_id, campaign, origin, segment, month, rejected, share, answered, agreed, disputed, mended, attempts FROM rejections ORDER BY month, reason')$$, ARRAY[
    'not_now,timing,nurture,1,Fair,event,small,2026-03-01,1,0.500000,1,0,1,0,0',
    'no_budget,budget,nurture,,,web,,2026-04-01,1,1.000000,0,0,0,0,0',
    'not_target,fit,"mend the audience",,,web,large,2026-04-01,1,0.333333,1,1,0,0,1',
    'too_expensive,budget,"mend the offer",1,Fair,event,small,2026-04-01,1,0.250000,1,0,0,1,3'], 'rejections: what sales took back is none');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, full_name, rejected_at, reason, category, owner, team, campaign_id, origin, segment, how, won_lead_id, opportunity_id IS NOT NULL, won_at, days_to_win, amount, currency FROM false_rejections ORDER BY lead_id')$$, ARRAY[
    '2,"Lead 2","2026-03-31 13:00:01+00",not_now,timing,bert,field,1,event,small,same_lead,2,t,"2026-06-01 10:00:00+00",61.87,1000.00,EUR',
    '3,"Lead 3","2026-04-07 12:59:00+00",too_expensive,budget,anna,inbound,1,event,small,same_person,8,f,"2026-05-10 09:00:00+00",32.83,,',
    '6,"Lead 6","2026-04-03 09:00:00+00",not_target,fit,bert,field,,web,large,same_account,9,t,"2026-04-20 12:00:00+00",17.13,700.00,EUR'], 'false_rejections');
SELECT results_eq($$SELECT rows_of('SELECT lead_id, full_name, rejected_at, owner, team, campaign_id, reason, category, note, disputed_at, answer_note, stage, stage_since_at, won_how, won_at FROM disputes')$$, ARRAY[
    '2,"Lead 2","2026-03-31 13:00:01+00",bert,field,1,not_now,timing,"no time","2026-04-02 09:00:00+00","asked for a price",won,"2026-06-01 10:00:00+00",same_lead,"2026-06-01 10:00:00+00"'], 'disputes');
SELECT results_eq($$SELECT rows_of('SELECT team, owner, month, accepted, accepted_won, accepted_lost, accepted_open, rejected, rejected_won, acceptance_rate, win_rate, false_rejection_rate, lift FROM verdict_quality ORDER BY owner, month')$$, ARRAY[
    'inbound,anna,2026-03-01,1,1,0,0,0,0,1.000000,1.000000,,1.0000',
    'inbound,anna,2026-04-01,2,0,1,1,1,1,0.666667,0.000000,1.000000,0.0000',
    'field,bert,2026-03-01,0,0,0,0,1,1,0.000000,,1.000000,',
    'field,bert,2026-04-01,1,0,0,1,1,1,0.500000,,1.000000,',
    'field,bert,2026-05-01,1,1,0,0,0,0,1.000000,1.000000,,1.0000',
    'inbound,dora,2026-04-01,2,2,0,0,1,0,0.666667,1.000000,0.000000,1.5000'], 'verdict_quality');
SELECT results_eq($$SELECT rows_of('SELECT handed_over, with_verdict, verdict_share FROM volume_and_quality WHERE month = ''2026-04-01''')$$, ARRAY['9,7,0.875000'], 'volume_and_quality: no verdict is owed for whom nobody reached');

-- as it was known earlier
SET leadflow.clock = '2026-04-07 13:00+00';
SELECT results_eq($$SELECT rows_of('SELECT handed_over, with_verdict, undecided, undecided_late, in_time_share FROM verdict_coverage WHERE owner = ''anna'' AND month = ''2026-04-01''')$$, ARRAY['2,0,2,0,'], 'on the last instant of the promise nothing is late');
SET leadflow.clock = '2026-04-07 13:00:01+00';
SELECT results_eq($$SELECT rows_of('SELECT handed_over, with_verdict, undecided, undecided_late, in_time_share FROM verdict_coverage WHERE owner = ''anna'' AND month = ''2026-04-01''')$$, ARRAY['2,0,2,1,0.000000'], 'a second later one is');
SELECT results_eq($$SELECT rows_of('SELECT handed_over, with_verdict, undecided, returned_unreached FROM verdict_coverage WHERE owner = ''bert'' AND month = ''2026-04-01''')$$, ARRAY['2,1,1,0'], 'and one is still with sales, before it came back');
SET leadflow.clock = '2026-04-01 10:00+00';
SELECT results_eq('SELECT lead_id, answer FROM verdicts ORDER BY lead_id', $$VALUES (1::bigint, NULL::text), (2, 'agrees')$$, 'verdicts: the answer of then');
SELECT is_empty('SELECT * FROM disputes', 'nothing is disputed yet');
SELECT is_empty('SELECT * FROM false_rejections', 'nothing is won yet');
SET leadflow.clock = '2026-04-14 09:00+00';
SELECT results_eq($$SELECT rows_of('SELECT stage, stage_since_at, won_how, won_at FROM disputes')$$, ARRAY['nurture,"2026-03-31 13:00:01+00",,'], 'disputes: where the lead was then');
SELECT is((SELECT string_agg(concat_ws(' ', verdict, in_force), ', ') FROM verdicts WHERE lead_id = 13), 'rejected t', 'before sales changed its mind the rejection stood');
SELECT results_eq($$SELECT rows_of('SELECT accepted, accepted_won, accepted_lost, accepted_open, rejected, rejected_won FROM verdict_quality WHERE owner = ''dora''')$$, ARRAY['2,0,0,2,1,0'], 'verdict_quality: nothing was decided yet');

-- a lead that is handed over again has not been won by the first verdict
SET leadflow.clock = '2026-06-20 08:00+00';
UPDATE lead SET stage = 'lost', reason = 'no_budget' WHERE id = 7;
SELECT is((SELECT accepted_lost FROM verdict_quality WHERE owner = 'anna' AND month = '2026-04-01'), 1::bigint, 'a lead in an exit is lost');
SET leadflow.clock = '2026-06-21 08:00+00';
UPDATE lead SET stage = 'lead' WHERE id = 7;
UPDATE lead SET stage = 'mql' WHERE id = 7;
UPDATE lead SET stage = 'won' WHERE id = 7;
SELECT results_eq($$SELECT rows_of('SELECT month, accepted, accepted_won, accepted_lost, accepted_open FROM verdict_quality WHERE owner = ''anna'' ORDER BY month')$$,
    ARRAY['2026-03-01,1,1,0,0', '2026-04-01,2,0,1,1', '2026-06-01,1,1,0,0'], 'the win belongs to the handover that led to it');
SELECT is((SELECT handed_over FROM verdict_coverage WHERE owner = 'anna' AND month = '2026-06-01'), 2::bigint, 'each entry into mql is a handover');

-- an acceptance stays that of who accepted, whoever has the lead later
UPDATE lead SET owner = 'bert', owner_reason = 'ready for a deal' WHERE id = 7 AND owner = 'anna';
SELECT is((SELECT owner || ' ' || (SELECT owner FROM lead WHERE id = 7) FROM handover WHERE lead_id = 7), 'anna bert', 'the answer is hers, the lead is his');

SELECT * FROM finish();
