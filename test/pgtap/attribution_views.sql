-- Who earned the deals: on five deals whose every figure was worked out by hand, and on many against plain SQL.
SET client_min_messages = warning;
-- large plans over few rows
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();

SELECT leadflow.create_workspace('crm'), leadflow.create_workspace('many') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
SET leadflow.clock = '2026-04-01 00:00+00';

INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales'), ('mia', 'demand', 'marketing'), ('cleo', 'care', 'customer');
INSERT INTO account (source, name) VALUES ('t', 'Acme');
INSERT INTO campaign (source, name, channel) VALUES ('t', 'Fair', 'event'), ('t', 'Ads', 'search');
INSERT INTO exchange_rate VALUES ('USD', '2026-01-01', 0.9);
-- 1 and 2 are of Acme, and so are 6, spam, and 7, which was merged into 1
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, account_id, reason, merged_into)
SELECT timestamptz '2026-01-05', timestamptz '2026-01-05', timestamptz '2026-01-05', CASE WHEN n = 6 THEN 'disqualified' ELSE 'lead' END::leadflow.stage, 't', n, CASE WHEN n IN (1, 2, 6, 7) THEN 1 END,
       CASE WHEN n = 6 THEN 'spam' END, CASE WHEN n = 7 THEN 1 END
FROM generate_series(1, 7) n ORDER BY n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT '2026-01-05', '2026-01-05', n, 1, false, 'lead', 'lead', 'x', 'x', '*' FROM generate_series(1, 7) n;
CREATE FUNCTION deal(lead bigint, account bigint, kind text, amount numeric, currency text, opened timestamptz, ended timestamptz, stage leadflow.stage) RETURNS void LANGUAGE sql AS $$
    INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, external_id, name, lead_id, account_id, kind, amount, currency)
    SELECT ended, opened, ended, deal.stage, 't', 'd' || c.n, 'Deal ' || c.n, lead, account, deal.kind, deal.amount, deal.currency FROM (SELECT count(*) + 1 AS n FROM opportunity) c;
    INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, amount, currency)
    SELECT v.at, v.at, lead, (SELECT max(id) FROM opportunity), 1, false, 'opportunity', v.from_stage, v.to_stage, 'x', 'x', '*', amount, currency
    FROM (VALUES (opened, NULL::leadflow.stage, 'opportunity'::leadflow.stage), (ended, 'opportunity', deal.stage)) v (at, from_stage, to_stage);
$$;
SELECT deal(1, 1, 'new', 1000, NULL, '2026-01-20', '2026-01-31', 'won'), deal(1, NULL, 'renewal', 100.01, 'USD', '2026-02-10', '2026-02-28', 'won'),
       deal(3, NULL, 'new', 500, NULL, '2026-02-20', '2026-03-01', 'won'), deal(4, NULL, 'new', 700, NULL, '2026-02-21', '2026-03-05', 'lost'),
       deal(5, NULL, 'upsell', NULL, NULL, '2026-03-02 12:00', '2026-03-03', 'won'), deal(6, NULL, 'new', 9999, NULL, '2026-03-01', '2026-03-02', 'won') \g /dev/null
INSERT INTO touch (at, lead_id, account_id, campaign_id, kind, channel, direction, actor) VALUES
    ('2026-01-01', 1, NULL, 2, 'web_visit', NULL, 'inbound', NULL),
    ('2026-01-05', 1, 1, NULL, 'form_submit', 'web', 'inbound', NULL),
    ('2026-01-10', 2, NULL, 1, 'event_attended', NULL, 'inbound', 'anna'),
    ('2026-01-19', 1, NULL, NULL, 'call', NULL, 'outbound', 'anna'),
    ('2026-01-25', NULL, 1, NULL, 'meeting', NULL, 'outbound', NULL),
    ('2026-02-05', 1, NULL, NULL, 'email', 'email', 'inbound', NULL),
    -- notes, spam, what is still to come
    ('2026-01-12', 1, NULL, NULL, 'note', NULL, 'outbound', 'anna'), ('2026-01-13', 6, 1, 1, 'web_visit', NULL, 'inbound', NULL), ('2026-05-01', 5, NULL, NULL, 'call', NULL, 'outbound', 'anna'),
    ('2026-02-20', 4, NULL, NULL, 'call', NULL, 'outbound', 'mia'), ('2026-02-22', 4, NULL, 2, 'web_visit', NULL, 'inbound', NULL),
    ('2026-03-02', 5, NULL, NULL, 'web_visit', 'web', 'inbound', NULL);

-- deal_touch

SELECT results_eq('SELECT rows_of(''SELECT opportunity_id, touch_id, channel, campaign, direction, department FROM deal_touch ORDER BY opportunity_id, touched_at'')', ARRAY[
    '1,1,search,Ads,inbound,marketing', '1,2,web,,inbound,marketing', '1,3,event,Fair,inbound,both', '1,4,call,,outbound,sales', '1,5,meeting,,outbound,sales',
    '2,1,search,Ads,inbound,marketing', '2,2,web,,inbound,marketing', '2,3,event,Fair,inbound,both', '2,4,call,,outbound,sales', '2,5,meeting,,outbound,sales', '2,6,email,,inbound,marketing',
    '4,10,call,,outbound,marketing', '4,11,search,Ads,inbound,marketing', '5,12,web,,inbound,marketing'], 'deal_touch: of the lead, its colleagues and the account, up to the win');
SELECT is(tried('UPDATE crm.touch SET actor = ''cleo'' WHERE id = 6', 'SELECT department FROM crm.deal_touch WHERE touch_id = 6'), 'customer', 'an actor that is known says whose work it was');
SELECT is(tried('UPDATE crm.opportunity SET account_id = 1 WHERE id = 3', 'SELECT string_agg(touch_id::text, '','' ORDER BY touched_at) FROM crm.deal_touch WHERE opportunity_id = 3'), '1,2,3,4,5,6', 'an account of its own');
SELECT is(tried('UPDATE crm.opportunity SET account_id = 1 WHERE id = 5', 'SELECT string_agg(touch_id::text, '','' ORDER BY touched_at) FROM crm.deal_touch WHERE opportunity_id = 5'), '1,2,3,4,5,6,12', 'that is not the lead''s: both');
SELECT is(tried('UPDATE crm.touch SET account_id = 1 WHERE id = 12', 'SELECT count(*)::text FROM crm.deal_touch WHERE touch_id = 12 AND opportunity_id IN (2, 5)'), '1', 'a touch of an account after its win is none of it');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-01-20''', 'SELECT string_agg(opportunity_id || '':'' || touch_id, '','' ORDER BY touched_at) FROM crm.deal_touch'), '1:1,1:2,1:3,1:4', 'as known then');

-- attribution: w_shaped gives 30 to the first touch, to the one at the entry of the lead, and to the last before the opportunity

SELECT results_eq($$SELECT rows_of('SELECT opportunity_id, opportunity, kind, touch_id, "position", channel, campaign, department, credit, value FROM attribution WHERE model = ''w_shaped'' ORDER BY opportunity_id, position')$$, ARRAY[
    '1,"Deal 1",new,1,1,search,Ads,marketing,0.300000000000,300.00', '1,"Deal 1",new,2,2,web,,marketing,0.300000000000,300.00', '1,"Deal 1",new,3,3,event,Fair,both,0.050000000000,50.00',
    '1,"Deal 1",new,4,4,call,,sales,0.300000000000,300.00', '1,"Deal 1",new,5,5,meeting,,sales,0.050000000000,50.00',
    '2,"Deal 2",renewal,1,1,search,Ads,marketing,0.300000000000,27.01', '2,"Deal 2",renewal,2,2,web,,marketing,0.300000000000,27.00', '2,"Deal 2",renewal,3,3,event,Fair,both,0.033333333334,3.00',
    '2,"Deal 2",renewal,4,4,call,,sales,0.033333333333,3.00', '2,"Deal 2",renewal,5,5,meeting,,sales,0.033333333333,3.00', '2,"Deal 2",renewal,6,6,email,,marketing,0.300000000000,27.00',
    '3,"Deal 3",new,,,,,,1.000000000000,500.00', '5,"Deal 5",upsell,12,1,web,,marketing,1.000000000000,'], 'attribution: the touches of each deal, also one in dollars, one without touches and one without a value');
SELECT results_eq($$SELECT rows_of('SELECT opportunity_id, touch_id, credit, value FROM attribution WHERE model = ''linear'' AND opportunity_id < 3 ORDER BY opportunity_id, position')$$, ARRAY[
    '1,1,0.200000000000,200.00', '1,2,0.200000000000,200.00', '1,3,0.200000000000,200.00', '1,4,0.200000000000,200.00', '1,5,0.200000000000,200.00',
    '2,1,0.166666666667,15.01', '2,2,0.166666666667,15.00', '2,3,0.166666666667,15.00', '2,4,0.166666666667,15.00', '2,5,0.166666666666,15.00', '2,6,0.166666666666,15.00'], 'the last cent goes to the earliest');
SELECT results_eq($$SELECT rows_of('SELECT model, opportunity_id, touch_id FROM attribution WHERE model IN (''first'', ''last'') ORDER BY model, opportunity_id')$$, ARRAY[
    'first,1,1', 'first,2,1', 'first,3,', 'first,5,12', 'last,1,5', 'last,2,6', 'last,3,', 'last,5,12'], 'what was given nothing has no row');
SELECT is_empty($$SELECT a.model, a.opportunity_id FROM attribution a JOIN deal d USING (opportunity_id) GROUP BY a.model, a.opportunity_id, d.value HAVING sum(a.credit) <> 1 OR sum(a.value) IS DISTINCT FROM d.value$$, 'credits sum to 1, values to the value');
SELECT is(count(DISTINCT model || opportunity_id), 36::bigint, 'nine models of four deals') FROM attribution;
SELECT is(tried('INSERT INTO crm.attribution_model (model, rule, touches, meaning) VALUES (''ads'', ''last'', ''campaign'', ''x''), (''in'', ''last'', ''inbound'', ''x''), (''old'', ''first'', ''all'', ''x''); UPDATE crm.attribution_model SET lookback = ''20 days'' WHERE model = ''old''',
    'SELECT string_agg(concat_ws('':'', model, opportunity_id, touch_id), '' '' ORDER BY model, opportunity_id) FROM crm.attribution WHERE model IN (''ads'', ''in'', ''old'')'),
    'ads:1:3 ads:2:3 ads:3 ads:5 in:1:3 in:2:6 in:3 in:5:12 old:1:4 old:2 old:3 old:5:12', 'touches of campaigns, inbound ones, and those of the last 20 days');
SELECT is(tried('UPDATE crm.attribution_model SET active = false WHERE model <> ''last''', 'SELECT string_agg(DISTINCT model, '','') FROM crm.attribution'), 'last', 'what is not active is not shown');
SELECT is(tried('SET LOCAL leadflow.clock = ''2026-02-01''', 'SELECT string_agg(DISTINCT opportunity_id::text, '','') FROM crm.attribution'), '1', 'the deals won then');

-- which model it is

SELECT results_eq('SELECT DISTINCT model, official_for FROM attribution WHERE official_for IS NOT NULL ORDER BY 1', $$VALUES ('first', 'new_business'), ('w_shaped', 'budget')$$, 'the official ones');
INSERT INTO attribution_purpose (purpose, model, meaning) VALUES ('renewal', 'w_shaped', 'x');
SELECT is((SELECT DISTINCT official_for FROM attribution WHERE model = 'w_shaped'), 'budget, renewal', 'for two decisions');
CREATE TEMP TABLE version AS SELECT DISTINCT model, model_version FROM attribution;
SELECT is_empty('SELECT FROM version WHERE model_version IS NULL', 'every model has a version');
UPDATE attribution_model SET rule = 'w_shaped 20 20 20 40' WHERE model = 'w_shaped';
SELECT results_eq('SELECT DISTINCT a.model, a.model_version FROM attribution a JOIN version v USING (model) WHERE a.model_version <> v.model_version', 'SELECT ''w_shaped'', max(version) FROM definition_change', 'a model that is changed is another version, the others stay');
SELECT is((SELECT credit FROM attribution WHERE model = 'w_shaped' AND opportunity_id = 1 AND touch_id = 3), 0.2, 'and counts at once');
UPDATE attribution_model SET rule = 'w_shaped 30 30 30 10' WHERE model = 'w_shaped';

-- sourced_influenced and influence: a touch of both counts half for each

SELECT results_eq('SELECT rows_of(''SELECT opportunity_id, kind, value, new_customer, sourced_by, sourced_channel, marketing_influenced, sales_influenced, touches, marketing_touches, sales_touches, model, marketing_share, sales_share, other_share
        FROM sourced_influenced ORDER BY opportunity_id'')', ARRAY[
    '1,new,1000.00,t,marketing,search,t,t,5,3,3,w_shaped,0.625000,0.375000,0.000000', '2,renewal,90.01,f,marketing,search,t,t,6,4,3,w_shaped,0.916667,0.083333,0.000000',
    '3,new,500.00,t,,,f,f,0,0,0,w_shaped,0.000000,0.000000,1.000000', '5,upsell,,t,marketing,web,t,f,1,1,0,w_shaped,1.000000,0.000000,0.000000'], 'sourced_influenced');
SELECT results_eq('SELECT rows_of(''SELECT month, kind, deals, revenue, marketing_sourced, marketing_sourced_revenue, sales_sourced, both_sourced, marketing_influenced, marketing_influenced_share, sales_influenced, sales_influenced_revenue, marketing_credit, sales_credit
        FROM influence ORDER BY month, kind = ''''*'''', kind'')', ARRAY[
    '2026-01-01,new,1,1000.00,1,1000.00,0,0,1,1.000000,1,1000.00,625.00,375.00', '2026-01-01,*,1,1000.00,1,1000.00,0,0,1,1.000000,1,1000.00,625.00,375.00',
    '2026-02-01,renewal,1,90.01,1,90.01,0,0,1,1.000000,1,90.01,82.51,7.50', '2026-02-01,*,1,90.01,1,90.01,0,0,1,1.000000,1,90.01,82.51,7.50',
    '2026-03-01,new,1,500.00,0,0.00,0,0,0,0.000000,0,0.00,0.00,0.00', '2026-03-01,upsell,1,0.00,1,0.00,0,0,1,1.000000,0,0.00,,', '2026-03-01,*,2,500.00,1,0.00,0,0,1,0.500000,0,0.00,0.00,0.00'], 'influence, also on renewals');
SELECT is(tried('UPDATE crm.team_member SET department = ''sales'' WHERE member = ''mia''; UPDATE crm.touch SET at = ''2025-12-01'' WHERE id = 3', 'SELECT sourced_by FROM crm.sourced_influenced WHERE opportunity_id = 1'), 'both', 'sales met the lead at a fair that marketing chose: both began it');
SELECT is(tried('DELETE FROM crm.attribution_purpose', 'SELECT concat_ws('','', sourced_by, model, marketing_share) FROM crm.sourced_influenced WHERE opportunity_id = 1'), 'marketing', 'without an official model nobody has a share');

-- won_lost_paths

SELECT results_eq('SELECT rows_of(''SELECT level, name, won, lost, share_of_won, share_of_lost, win_rate, win_rate_all, touches_average_won, touches_average_lost, days_median_won, days_median_lost FROM won_lost_paths'') ORDER BY 1', ARRAY[
    'channel,call,2,1,0.500000,1.000000,0.666667,0.800000,5.50,2.00,44.00,13.00', 'channel,email,1,0,0.250000,0.000000,1.000000,0.800000,6.00,,58.00,', 'channel,event,2,0,0.500000,0.000000,1.000000,0.800000,5.50,,44.00,',
    'channel,meeting,2,0,0.500000,0.000000,1.000000,0.800000,5.50,,44.00,', 'channel,search,2,1,0.500000,1.000000,0.666667,0.800000,5.50,2.00,44.00,13.00', 'channel,web,3,0,0.750000,0.000000,1.000000,0.800000,4.00,,30.00,',
    'path,"(no touch)",1,0,0.250000,0.000000,1.000000,0.800000,0.00,,,', 'path,"call > search",0,1,0.000000,1.000000,0.000000,0.800000,,2.00,,13.00', 'path,"search > web > event > call > meeting > email",1,0,0.250000,0.000000,1.000000,0.800000,6.00,,58.00,',
    'path,"search > web > event > call > meeting",1,0,0.250000,0.000000,1.000000,0.800000,5.00,,30.00,', 'path,web,1,0,0.250000,0.000000,1.000000,0.800000,1.00,,1.00,'], 'won_lost_paths');
SELECT is(tried('UPDATE crm.touch SET channel = ''web'' WHERE id IN (1, 3)', 'SELECT name FROM crm.won_lost_paths WHERE level = ''path'' AND won = 1 AND touches_average_won = 5'), 'web > call > meeting', 'the same channel in a row is told once');

-- attribution_compare: 1 deal and 1,000 of search under first, of meeting under last; w_shaped is official

SELECT results_eq($$SELECT rows_of('SELECT model, deals, share, value, value_rank, share_moves, value_moves FROM attribution_compare WHERE dimension = ''channel'' AND name = ''search'' AND model IN (''first'', ''linear'', ''w_shaped'') ORDER BY model')$$, ARRAY[
    'first,2.000000,0.500000,1090.01,1,0.350000,763.00', 'linear,0.366667,0.091667,215.01,2,-0.058333,-112.00', 'w_shaped,0.600000,0.150000,327.01,2,0.000000,0.00'], 'what moves');
SELECT results_eq($$SELECT rows_of('SELECT campaign_id, name, official_for, deals, value FROM attribution_compare WHERE dimension = ''campaign'' AND model = ''w_shaped'' ORDER BY name')$$, ARRAY[
    ',"(no campaign)","budget, renewal",2.316667,710.00', ',"(no touch)","budget, renewal",1.000000,500.00', '2,Ads,"budget, renewal",0.600000,327.01', '1,Fair,"budget, renewal",0.083333,53.00'], 'by campaign');
CREATE FUNCTION public.differing() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT x::text FROM (
        (SELECT model, dimension, campaign_id, name, deals, value FROM attribution_compare WHERE model NOT IN ('markov', 'shapley')
         EXCEPT ALL SELECT model, v.dimension, v.campaign_id, v.name, sum(credit)::numeric(15,6), coalesce(sum(value), 0)::numeric(15,2) FROM attribution,
            LATERAL (VALUES ('channel', NULL::bigint, coalesce(channel, '(no touch)')), ('campaign', campaign_id, coalesce(campaign, CASE WHEN touch_id IS NULL THEN '(no touch)' ELSE '(no campaign)' END))) v (dimension, campaign_id, name)
            GROUP BY 1, 2, 3, 4)
        UNION ALL
        (SELECT model, v.dimension, v.campaign_id, v.name, sum(credit)::numeric(15,6), coalesce(sum(value), 0)::numeric(15,2) FROM attribution,
            LATERAL (VALUES ('channel', NULL::bigint, coalesce(channel, '(no touch)')), ('campaign', campaign_id, coalesce(campaign, CASE WHEN touch_id IS NULL THEN '(no touch)' ELSE '(no campaign)' END))) v (dimension, campaign_id, name)
            GROUP BY 1, 2, 3, 4
         EXCEPT ALL SELECT model, dimension, campaign_id, name, deals, value FROM attribution_compare WHERE model NOT IN ('markov', 'shapley'))) x $$;
SELECT is_empty('SELECT differing()', 'compares what attribution says');
SELECT is_empty($$SELECT model, dimension FROM attribution_compare GROUP BY model, dimension HAVING abs(sum(deals) - 4) > 0.00001 OR abs(sum(value) - 1590.01) > 0.05$$, 'every model shares out all deals and all the money');
SELECT is_empty($$SELECT a.channel, a.conversions::numeric(15,6) FROM (SELECT leadflow.markov_agg(p, w, 1 - w) AS chain
        FROM (VALUES ('{search,web,event,call,meeting}'::text[], 1), ('{search,web,event,call,meeting,email}', 1), ('{}', 1), ('{web}', 1), ('{call,search}', 0)) v (p, w)) c, leadflow.markov_attribution(c.chain) a
    EXCEPT SELECT name, deals FROM attribution_compare WHERE model = 'markov' AND dimension = 'channel'$$, 'markov: the paths of all closed deals');
SELECT is((SELECT deals FROM attribution_compare WHERE model = 'shapley' AND dimension = 'channel' AND name = '(no touch)'), 1.0, 'what nobody touched nobody earned');
SELECT is(tried('DELETE FROM crm.attribution_purpose', 'SELECT count(*) || '','' || count(value_moves) FROM crm.attribution_compare WHERE model = ''first'''), '6,0', 'without an official model nothing moves');

-- many: three in four leads are of an account, deals have lead, account or both

SET search_path = many, public;
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
SELECT setseed(0.4) \g /dev/null
INSERT INTO account (source, name) SELECT 't', n FROM generate_series(1, 60) n;
INSERT INTO campaign (source, name, channel) SELECT 't', 'C' || n, CASE WHEN n % 2 = 0 THEN 'ads' END FROM generate_series(1, 20) n;
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, account_id)
SELECT timestamptz '2026-01-01', timestamptz '2026-01-01', timestamptz '2026-01-01', 'lead', 't', CASE WHEN random() < 0.75 THEN 1 + floor(60 * random()) END FROM generate_series(1, 200);
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, to_stage, session_actor, actor, variant)
SELECT timestamptz '2026-01-01' + random() * interval '30 days', '2026-01-01', n, 1, false, 'lead', 'lead', 'x', 'x', '*' FROM generate_series(1, 200) n;
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, lead_id, account_id, amount)
SELECT timestamptz '2026-01-01', timestamptz '2026-02-01' + random() * interval '20 days', timestamptz '2026-01-01', CASE WHEN random() < 0.6 THEN 'won' ELSE 'lost' END::leadflow.stage, 't',
       CASE WHEN random() < 0.8 THEN 1 + floor(200 * random()) END, CASE WHEN random() < 0.5 THEN 1 + floor(60 * random()) END, CASE WHEN random() < 0.95 THEN floor(random() * 1000000) / 100 END FROM generate_series(1, 400);
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, amount)
SELECT v.at, v.at, o.lead_id, o.id, 1, false, 'opportunity', v.from_stage, v.to_stage, 'x', 'x', '*', o.amount
FROM opportunity o, LATERAL (VALUES (o.created_at, NULL::leadflow.stage, 'opportunity'::leadflow.stage), (o.created_at + interval '30 days' * random(), 'opportunity', o.stage)) v (at, from_stage, to_stage);
INSERT INTO touch (at, lead_id, account_id, campaign_id, kind, channel, direction)
SELECT date_trunc('day', timestamptz '2026-01-01' + random() * interval '80 days'), CASE WHEN r < 0.9 THEN 1 + floor(200 * random()) END, CASE WHEN r >= 0.9 OR r < 0.2 THEN 1 + floor(60 * random()) END,
       CASE WHEN random() < 0.4 THEN 1 + floor(20 * random()) END, (ARRAY['web_visit', 'call', 'note', 'email'])[1 + floor(4 * random())], CASE WHEN random() < 0.5 THEN (ARRAY['direct', 'search', 'social'])[1 + floor(3 * random())] END,
       CASE WHEN random() < 0.5 THEN 'inbound' ELSE 'outbound' END
FROM (SELECT random() AS r FROM generate_series(1, 4000)) x;
INSERT INTO attribution_model (model, rule, touches, lookback, meaning) VALUES ('named', 'last_non_direct direct search', 'inbound', NULL, 'x'), ('again', 'linear', 'all', '365 days', 'x'), ('ads', 'time_decay 3 days', 'campaign', '30 days', 'x');
ANALYZE;

SELECT cmp_ok(count(DISTINCT opportunity_id), '>', 200::bigint, 'many deals') FROM attribution;
CREATE TEMP TABLE touched AS
SELECT DISTINCT o.id AS opportunity_id, t.id AS touch_id, t.at, d.won_at, d.value
FROM opportunity o
JOIN deal d ON d.opportunity_id = o.id
JOIN touch t ON t.lead_id = o.lead_id OR t.account_id = d.account_id OR EXISTS (SELECT FROM lead l WHERE l.id = t.lead_id AND l.account_id = d.account_id)
WHERE t.at <= d.closed_at AND NOT (t.direction = 'outbound' AND t.kind IN ('note', 'web_visit') AND t.campaign_id IS NULL);
SELECT results_eq('SELECT opportunity_id, touch_id FROM deal_touch ORDER BY 1, 2', 'SELECT opportunity_id, touch_id FROM touched ORDER BY 1, 2', 'each touch of each deal once');
SELECT is_empty($$SELECT a.model, a.opportunity_id FROM attribution a JOIN deal d USING (opportunity_id) GROUP BY a.model, a.opportunity_id, d.value HAVING sum(a.credit) <> 1 OR sum(a.value) IS DISTINCT FROM d.value$$, 'credits sum to 1, values to the value, of every deal under every model');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT model, opportunity_id FROM attribution) x), (SELECT 12 * count(*) FROM deal WHERE won_at IS NOT NULL), 'every deal under every model');
SELECT is_empty($$SELECT opportunity_id, touch_id FROM attribution WHERE model = 'first' AND touch_id IS NOT NULL
    EXCEPT (SELECT DISTINCT ON (opportunity_id) opportunity_id, touch_id FROM touched ORDER BY opportunity_id, at, touch_id)$$, 'first: the first touch');
SELECT is_empty($$SELECT opportunity_id, touch_id, round(credit, 9) FROM attribution WHERE model = 'linear' AND touch_id IS NOT NULL
    EXCEPT SELECT opportunity_id, touch_id, round(1.0 / count(*) OVER (PARTITION BY opportunity_id), 9) FROM touched WHERE won_at IS NOT NULL$$, 'linear: the same to each');
SELECT is_empty($$SELECT opportunity_id, touch_id, round(credit, 6) FROM attribution WHERE model = 'time_decay' AND touch_id IS NOT NULL
    EXCEPT SELECT opportunity_id, touch_id, round((w / sum(w) OVER (PARTITION BY opportunity_id))::numeric, 6)
    FROM (SELECT opportunity_id, touch_id, 0.5 ^ (extract(epoch FROM won_at - at) / 604800) AS w FROM touched WHERE won_at IS NOT NULL) x$$, 'time_decay: half for every week');
SELECT is_empty('SELECT differing()', 'compares what attribution says, also models that look at names');
SELECT is_empty($$SELECT c.model, c.dimension FROM attribution_compare c, (SELECT count(*) AS n, sum(value) AS v FROM deal WHERE won_at IS NOT NULL) d
    GROUP BY c.model, c.dimension, d.n, d.v HAVING abs(sum(c.deals) - d.n) > 0.001 OR abs(sum(c.value) - d.v) > 0.5$$, 'every model shares out all deals and all the money');
SELECT is((SELECT count(*) FROM attribution_compare WHERE model = 'shapley' AND dimension = 'campaign' AND name = '(others)'), 1::bigint, 'many campaigns: the rare ones together');
SELECT is((SELECT concat_ws(' ', sum(won) FILTER (WHERE level = 'path'), sum(lost) FILTER (WHERE level = 'path')) FROM won_lost_paths), (SELECT concat_ws(' ', count(won_at), count(*) FILTER (WHERE outcome = 'lost')) FROM deal), 'every closed deal has one path');
SELECT is((SELECT concat_ws(' ', sum(deals) FILTER (WHERE kind = '*'), sum(revenue) FILTER (WHERE kind <> '*')) FROM influence), (SELECT concat_ws(' ', count(won_at), sum(value) FILTER (WHERE won_at IS NOT NULL)) FROM deal), 'influence: all deals and all the money');
SELECT is_empty('SELECT FROM sourced_influenced WHERE marketing_share + sales_share + other_share NOT BETWEEN 0.999998 AND 1.000002', 'shares of the departments make one');

SELECT is(tried($$INSERT INTO crm.attribution_model (model, rule, meaning) VALUES ('mine', 'best', '-')$$), '22023', 'a rule that there is not is no model');
SELECT is(tried($$UPDATE crm.attribution_model SET rule = 'position 40 -1 40' WHERE model = 'position'$$), '22023', 'nor are weights that cannot be');
SELECT is(tried($$INSERT INTO crm.attribution_model (model, rule, meaning) VALUES ('mine', 'custom_last 50 25 12.5', 'ours')$$), '00000', 'a rule of one''s own is one');

SELECT * FROM finish();
