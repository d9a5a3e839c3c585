-- How conversion falls with the wait, and what can be told of it: shares worked out by hand, intervals as published.
-- 2 March 2026 is a Monday.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT no_plan();

-- the score interval: R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), 857-872, table I, method 3
SELECT is((SELECT round(low, 4) || ' ' || round(high, 4) FROM leadflow.share_interval(hits, trials)), expected, format('share %s of %s', hits, trials))
FROM (VALUES (81, 263, '0.2553 0.3662'), (15, 148, '0.0624 0.1605'), (0, 20, '0.0000 0.1611'), (1, 29, '0.0061 0.1718')) v (hits, trials, expected);
SELECT is((SELECT low || ' ' || high FROM leadflow.share_interval(20, 20)), '0.838875 1.000000', 'all of 20: the mirror of none of 20');
SELECT is((SELECT coalesce(low, high) FROM leadflow.share_interval(hits, trials)), NULL, format('no share %s of %s', hits, trials))
FROM (VALUES (0, 0), (-1, 5), (6, 5), (NULL, 5), (0, -5)) v (hits, trials);
SELECT results_eq('SELECT (leadflow.share_interval(0, 0)).low, (leadflow.share_interval(9, 3)).low, (leadflow.share_interval(-5, -30)).low, (leadflow.difference_interval(1, 0, 1, 2)).low',
                  'SELECT NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric', 'nor of constants that make no share');
SELECT is((SELECT low || ' ' || high FROM leadflow.share_interval(4500000000000000000, 9000000000000000000)), '0.500000 0.500000', 'great numbers');
-- the same, Interval estimation for the difference between independent proportions, table II, method 10
SELECT is((SELECT round(low, 4) || ' ' || round(high, 4) FROM leadflow.difference_interval(a, m, b, n)), expected, format('%s of %s less %s of %s', a, m, b, n))
FROM (VALUES (56, 70, 48, 80, '0.0524 0.3339'), (9, 10, 3, 10, '0.1705 0.8090'), (6, 7, 2, 7, '0.0582 0.8062'), (5, 56, 0, 29, '-0.0381 0.1926'),
             (0, 10, 0, 20, '-0.1611 0.2775'), (0, 10, 0, 10, '-0.2775 0.2775'), (10, 10, 0, 20, '0.6791 1.0000'), (10, 10, 0, 10, '0.6075 1.0000')) v (a, m, b, n, expected);
SELECT is((SELECT coalesce(low, high) FROM leadflow.difference_interval(1, 2, 0, 0)), NULL, 'no difference to nothing');

SELECT leadflow.create_workspace('crm') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
SELECT is(count(*), 0::bigint, 'nothing to suggest in a new workspace') FROM sla_suggestion;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE verdict DISABLE TRIGGER USER;
UPDATE business_calendar SET calendar = 'UTC; Mo-Fr 09:00-17:00' WHERE code = 'default';

-- leads that were handed over on Monday at 9:00 and called after a wait: n of them, of which so many were accepted, and of these so many
-- won and so many lost later; the others were rejected at once. With signals at 8:00.
CREATE FUNCTION leads(n integer, wait interval, accepted integer, won integer, lost integer, segment text, signals integer DEFAULT 1, grade text DEFAULT NULL, decided boolean DEFAULT true)
    RETURNS void LANGUAGE sql AS $$
    WITH l AS (
        INSERT INTO crm.lead (stage_since, created_at, updated_at, stage, source, segment)
        SELECT '2026-03-01', '2026-03-01', '2026-03-01', 'mql', 't', leads.segment FROM generate_series(1, leads.n) RETURNING id
    ), k AS (SELECT l.id, row_number() OVER (ORDER BY l.id) AS k FROM l),
    moves AS (
        SELECT k.id, '2026-03-02 09:00'::timestamptz AS at, 'lead' AS from_stage, 'mql' AS to_stage FROM k
        UNION ALL SELECT k.id, '2026-03-09 09:00', 'mql', CASE WHEN k.k <= leads.accepted THEN 'sal' ELSE 'nurture' END FROM k WHERE leads.decided
        UNION ALL SELECT k.id, '2026-03-10 09:00', 'sal', CASE WHEN k.k <= leads.won THEN 'won' ELSE 'lost' END FROM k WHERE k.k <= leads.won + leads.lost
    ), e AS (
        INSERT INTO crm.stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, facts)
        SELECT m.at, m.at, m.id, 1, false, 'lead', m.from_stage::leadflow.stage, m.to_stage::leadflow.stage, 'x', 'x', '*',
               CASE WHEN m.to_stage = 'mql' AND leads.grade IS NOT NULL THEN jsonb_build_object('score', jsonb_build_object('grade', leads.grade)) END
        FROM moves m ORDER BY m.at, m.id
    ), v AS (
        INSERT INTO crm.verdict (lead_id, verdict, at, handed_over_at, variant)
        SELECT k.id, CASE WHEN k.k <= leads.accepted THEN 'accepted' ELSE 'rejected' END, '2026-03-09 09:00', '2026-03-02 09:00', '*' FROM k WHERE leads.decided
    ), t AS (
        INSERT INTO crm.touch (lead_id, kind, direction, at)
        SELECT k.id, 'call', 'outbound', '2026-03-02 09:00'::timestamptz + leads.wait FROM k WHERE leads.wait IS NOT NULL
        -- who is won calls back
        UNION ALL SELECT k.id, 'call', 'inbound', '2026-03-02 20:00'::timestamptz + leads.wait FROM k WHERE k.k <= leads.won
        UNION ALL SELECT k.id, 'web_visit', 'inbound', '2026-03-02 08:00' FROM k, generate_series(1, leads.signals)
    )
    SELECT $$;
SELECT leads(40, '5 minutes', 20, 10, 0, 'small'), leads(40, '10 minutes', 16, 0, 16, 'small'), leads(10, '20 minutes', 0, 0, 0, NULL), leads(40, '3 hours', 6, 2, 4, 'small'),
       leads(5, NULL, 0, 0, 0, 'large', 0), leads(3, '-30 minutes', 3, 3, 0, 'small'), leads(4, '5 minutes', 0, 0, 0, 'small', decided => false) \g /dev/null

SET leadflow.clock = '2026-03-20 12:00+00';
SELECT results_eq($$SELECT rows_of('SELECT position, bucket, within_seconds, leads, reached, conversion, cumulative_share, lost_by_waiting FROM sla_curve
        WHERE since = ''handover'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment = ''*''')$$, ARRAY[
    '1,before,,3,3,1.000000,0.021739,', '2,"5 minutes",300,40,20,0.500000,0.311594,', '3,"15 minutes",900,40,16,0.400000,0.601449,0.100000',
    '4,"30 minutes",1800,10,0,0.000000,0.673913,0.500000', '7,"4 hours",14400,40,6,0.150000,0.963768,0.350000', '13,never,,5,0,0.000000,1.000000,0.500000'],
    'accepted, by the wait since the handover; of four leads nothing is known yet');
SELECT results_eq($$SELECT rows_of('SELECT position, leads, reached, conversion, cumulative_share, lost_by_waiting FROM sla_curve WHERE since = ''handover'' AND measure = ''working'' AND goal = ''won'' AND segment = ''*''')$$, ARRAY[
    '1,3,3,1.000000,0.023438,', '2,30,10,0.333333,0.257813,', '3,40,0,0.000000,0.570313,0.333333', '4,10,0,0.000000,0.648438,0.333333', '7,40,2,0.050000,0.960938,0.283333', '13,5,0,0.000000,1.000000,0.333333'],
    'won: ten that were accepted are still open');
SELECT results_eq($$SELECT rows_of('SELECT position, bucket, leads, reached FROM sla_curve WHERE since = ''signal'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment = ''*''')$$, ARRAY[
    '4,"30 minutes",3,3', '6,"2 hours",90,36', '7,"4 hours",40,6'], 'by the wait since the first signal, an hour earlier: four hours are within four hours; without a signal there is no wait');
SELECT results_eq($$SELECT rows_of('SELECT position, leads, reached FROM sla_curve WHERE since = ''signal'' AND measure = ''working'' AND goal = ''accepted'' AND segment = ''*''')$$, ARRAY[
    '2,43,23', '3,40,16', '4,10,0', '7,40,6'], 'in working time, which began at nine');
SELECT results_eq($$SELECT rows_of('SELECT segment, position, leads, reached FROM sla_curve WHERE since = ''handover'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment <> ''*''')$$, ARRAY[
    'large,13,5,0', 'small,1,3,3', 'small,2,40,20', 'small,3,40,16', 'small,7,40,6'], 'by segment');
SELECT is(count(*), 0::bigint, 'the interval of every bucket is that of its share')
FROM sla_curve c, leadflow.share_interval(c.reached, c.leads) i WHERE (i.low, i.high) IS DISTINCT FROM (c.conversion_low, c.conversion_high);

-- the rule, by hand: 20 of 40 and 16 of 40 cannot be told apart, 20 of 40 and 6 of 40 can, of ten leads nothing
SELECT results_eq($$SELECT rows_of('SELECT measure, goal, segment, leads, suggested_seconds, suggested, conversion, contacted_share, fastest, fastest_conversion, worse, worse_conversion, worse_by, why
        FROM sla_suggestion WHERE since = ''handover'' AND measure = ''elapsed'' ORDER BY goal, segment')$$, ARRAY[
    'elapsed,accepted,*,130,900,"15 minutes",0.400000,0.601449,"5 minutes",0.500000,"4 hours",0.150000,0.350000,"who waits longer converts worse"',
    'elapsed,accepted,large,,,,,,,,,,,"too few leads: it takes 30 in each of two buckets"',
    'elapsed,accepted,small,120,900,"15 minutes",0.400000,0.674797,"5 minutes",0.500000,"4 hours",0.150000,0.350000,"who waits longer converts worse"',
    'elapsed,won,*,120,300,"5 minutes",0.333333,0.257813,"5 minutes",0.333333,"15 minutes",0.000000,0.333333,"who waits longer converts worse"',
    'elapsed,won,large,,,,,,,,,,,"too few leads: it takes 30 in each of two buckets"',
    'elapsed,won,small,110,300,"5 minutes",0.333333,0.292035,"5 minutes",0.333333,"15 minutes",0.000000,0.333333,"who waits longer converts worse"'], 'what is suggested');
SELECT is((SELECT low > 0 FROM leadflow.difference_interval(20, 40, 16, 40)) || ' ' || (SELECT low > 0 FROM leadflow.difference_interval(20, 40, 6, 40)), 'false true', 'and why');
SELECT is(tried('DELETE FROM crm.touch t USING crm.lead l WHERE l.id = t.lead_id AND t.at = ''2026-03-02 12:00''',
    'SELECT suggested || '': '' || why FROM crm.sla_suggestion WHERE since = ''handover'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment = ''*'''),
    '15 minutes: no longer wait with 30 leads is provably worse than the shortest', 'where nothing is worse, the longest that was judged');
SELECT is(tried('UPDATE crm.touch t SET at = ''2026-03-15 09:00'' WHERE t.at = ''2026-03-02 12:00''',
    'SELECT suggested || '': '' || worse FROM crm.sla_suggestion WHERE since = ''handover'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment = ''*'''),
    '15 minutes: later', 'later may be what is worse');
SELECT is(tried('DELETE FROM crm.touch t WHERE t.at IN (''2026-03-02 12:00'', ''2026-03-02 09:10'')',
    'SELECT concat_ws(''|'', leads, suggested, fastest, why) FROM crm.sla_suggestion WHERE since = ''handover'' AND measure = ''elapsed'' AND goal = ''accepted'' AND segment = ''*'''),
    '50|5 minutes|too few leads: it takes 30 in each of two buckets', 'one bucket alone tells nothing');
SET leadflow.clock = '2026-03-08 12:00+00';
SELECT is(count(*), 0::bigint, 'before the verdicts there is no curve') FROM sla_curve;
SET leadflow.clock = '2026-03-20 12:00+00';

-- the moment of the talk: 137 leads were called after one signal; 40 more after three, by whom sales is delighted
SELECT leads(40, '15 minutes', 36, 1, 0, 'small', 3, 'A1'), leads(31, '15 minutes', 10, 0, 0, 'small', 12, 'B2') \g /dev/null
SELECT results_eq($$SELECT rows_of('SELECT measure, position, band, leads, answered, decided, accepted, won, answered_share, conversion, won_share, best FROM conversation_moment')$$, ARRAY[
    'behaviour,1,1,40,1,40,36,1,0.025000,0.900000,0.025000,t', 'behaviour,2,2,31,0,31,10,0,0.000000,0.322581,0.000000,f',
    'signals,1,1,137,15,133,45,15,0.109489,0.338346,0.109489,f', 'signals,2,3,40,1,40,36,1,0.025000,0.900000,0.025000,t', 'signals,3,"10 or more",31,0,31,10,0,0.000000,0.322581,0.000000,f'],
    'conversation_moment: after three signals');
SELECT is(count(*), 0::bigint, 'the interval of every band is that of its share')
FROM conversation_moment c, leadflow.share_interval(c.accepted, c.decided) i WHERE (i.low, i.high) IS DISTINCT FROM (c.conversion_low, c.conversion_high);
SELECT is(tried('UPDATE crm.verdict v SET verdict = ''accepted'' WHERE EXISTS (SELECT FROM crm.stage_event e WHERE e.lead_id = v.lead_id AND e.facts IS NOT NULL)',
    'SELECT count(*) FROM crm.conversation_moment WHERE best AND measure = ''behaviour'''), '0', 'where the best cannot be told from the next, none is');

CREATE ROLE reader_of_curves;
SELECT leadflow.grant_workspace('crm', 'reader_of_curves', 'read') \g /dev/null
SET ROLE reader_of_curves;
SELECT is(tried(format('SELECT * FROM crm.%I', v)), '00000', 'read access sees ' || v) FROM unnest('{sla_curve,sla_suggestion,conversation_moment}'::text[]) v;
RESET ROLE;
DROP OWNED BY reader_of_curves;
DROP ROLE reader_of_curves;

SELECT * FROM finish();
