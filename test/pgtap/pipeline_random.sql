-- What holds of the reports on pipeline and conversion whatever the history is:
-- thousands of random leads and deals, and the same figures by plain SQL.
SET client_min_messages = warning;
-- large plans over few rows
SET jit = off;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SET leadflow.clock = '2026-07-16 12:00+00';
SELECT setseed(0.42) \g /dev/null

-- leads that go forward by chance, some not at all; groups come, go and have no name
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, origin, segment)
SELECT s.at, s.at, s.id, 1, false, 'lead', lag(s.stage) OVER w, s.stage, 'x', 'x', '*', s.origin, s.segment
FROM (SELECT l.id, l.at + (k.n - 1) * l.pace AS at, k.stage::leadflow.stage, l.origin, l.segment, k.n
      FROM (SELECT id, '2026-01-01'::timestamptz + random() * interval '190 days' AS at, random() * interval '40 days' AS pace, floor(1 + 6.99 * random() ^ 2) AS steps,
                   (ARRAY['web', 'event', NULL, 'paid' || (id % 7), 'referral'])[1 + floor(4.99 * random())::int] AS origin, (ARRAY['small', 'large', NULL])[1 + floor(2.99 * random())::int] AS segment
            FROM generate_series(1, 3000) id) l
      CROSS JOIN LATERAL (VALUES (1, 'lead'), (2, 'mql'), (3, 'sal'), (4, 'sql'), (5, 'opportunity'), (6, 'won')) k (n, stage)
      WHERE k.n <= l.steps) s
WHERE s.at <= '2026-07-16'
WINDOW w AS (PARTITION BY s.id ORDER BY s.n);

CREATE TEMP TABLE mix AS SELECT * FROM mix_rate;
SELECT cmp_ok(count(*), '>', 500::bigint, 'there is something to split') FROM mix WHERE effect IS NOT NULL AND mix_effect <> 0 AND rate_effect <> 0 AND NOT is_total;
SELECT is_empty('SELECT * FROM mix WHERE effect IS DISTINCT FROM mix_effect + rate_effect', 'mix and rate add up to the effect, in every row');
SELECT is_empty('SELECT * FROM mix WHERE is_total AND effect IS DISTINCT FROM conversion - conversion_before', 'the total is the change of the conversion');
SELECT is_empty($$SELECT position, days, month, dimension FROM mix GROUP BY position, days, month, dimension
    HAVING sum(mix_effect) FILTER (WHERE is_total) <> sum(mix_effect) FILTER (WHERE NOT is_total) OR sum(rate_effect) FILTER (WHERE is_total) <> sum(rate_effect) FILTER (WHERE NOT is_total)
        OR sum(leads) FILTER (WHERE is_total) <> sum(leads) FILTER (WHERE NOT is_total)$$, 'the groups add up to the total, part by part');
SELECT is_empty($$SELECT * FROM mix o JOIN mix s USING (position, days, month) WHERE o.is_total AND s.is_total AND o.dimension = 'origin' AND s.dimension = 'segment'
    AND (o.leads, o.converted, o.effect) IS DISTINCT FROM (s.leads, s.converted, s.effect)$$, 'whatever the leads are grouped by');
-- each part of each group from the counts alone, by the formula of the head of mix_rate.sql
SELECT is_empty($$
    SELECT g.* FROM mix g JOIN mix t USING (position, days, month, dimension)
    WHERE t.is_total AND NOT g.is_total AND t.leads_before > 0
        AND abs(g.mix_effect - (g.leads::float8 / t.leads - g.leads_before::float8 / t.leads_before) *
                ((coalesce(g.converted::float8 / nullif(g.leads, 0), g.converted_before::float8 / g.leads_before) + coalesce(g.converted_before::float8 / nullif(g.leads_before, 0), g.converted::float8 / g.leads)) / 2
                 - (t.converted::float8 / t.leads + t.converted_before::float8 / t.leads_before) / 2)) > 2e-6
    $$, 'the mix by the formula, but for the last digit');
SELECT is_empty($$
    SELECT g.* FROM mix g JOIN mix t USING (position, days, month, dimension)
    WHERE t.is_total AND NOT g.is_total AND t.leads_before > 0
        AND abs(g.rate_effect - (g.leads::float8 / t.leads + g.leads_before::float8 / t.leads_before) / 2
            * coalesce(g.converted::float8 / nullif(g.leads, 0) - g.converted_before::float8 / nullif(g.leads_before, 0), 0)) > 3e-6
    $$, 'the rate by the formula, but for the last digit');
SELECT results_eq($$SELECT month, leads, converted FROM mix WHERE position = 2 AND days = 30 AND is_total AND dimension = 'origin' ORDER BY month$$,
    $$SELECT date_trunc('month', m.at)::date, count(*), count(*) FILTER (WHERE s.at <= m.at + interval '720 hours')
      FROM (SELECT lead_id, min(at) AS at FROM stage_event WHERE to_stage >= 'mql' GROUP BY 1) m LEFT JOIN (SELECT lead_id, min(at) AS at FROM stage_event WHERE to_stage >= 'sal' GROUP BY 1) s USING (lead_id)
      GROUP BY 1 ORDER BY 1$$, 'its counts by plain SQL');
SELECT results_eq('SELECT month, days, leads, won, followed FROM cohort_conversion',
    $$SELECT date_trunc('month', m.at)::date, d.n, count(*), count(*) FILTER (WHERE EXTRACT(epoch FROM w.at - m.at) <= d.n * 86400), count(*) FILTER (WHERE EXTRACT(epoch FROM '2026-07-16 12:00+00' - m.at) >= d.n * 86400)
      FROM (SELECT lead_id, min(at) AS at FROM stage_event WHERE to_stage >= 'mql' GROUP BY 1) m LEFT JOIN (SELECT lead_id, min(at) AS at FROM stage_event WHERE to_stage >= 'won' GROUP BY 1) w USING (lead_id)
      CROSS JOIN unnest('{7,30,60,90,180,365}'::bigint[]) d (n) GROUP BY 1, 2 ORDER BY 1, 2$$, 'cohort_conversion by plain SQL');
SELECT results_eq('SELECT month, age_months, leads, mql, sal, won FROM cohort',
    $$WITH f AS (SELECT lead_id, min(at) AS at FROM stage_event GROUP BY 1),
           r AS (SELECT lead_id, min(at) FILTER (WHERE to_stage >= 'mql') AS mql, min(at) FILTER (WHERE to_stage >= 'sal') AS sal, min(at) FILTER (WHERE to_stage >= 'won') AS won FROM stage_event GROUP BY 1)
      SELECT date_trunc('month', f.at)::date, a.n, count(*), count(*) FILTER (WHERE r.mql < e.ends), count(*) FILTER (WHERE r.sal < e.ends), count(*) FILTER (WHERE r.won < e.ends)
      FROM f JOIN r USING (lead_id) CROSS JOIN generate_series(0::bigint, 6) a (n) CROSS JOIN LATERAL (SELECT date_trunc('month', f.at) + make_interval(months => a.n::int + 1) AS ends) e
      WHERE e.ends <= '2026-08-01' GROUP BY 1, 2 ORDER BY 1, 2$$, 'cohort by plain SQL');

-- deals that walk about by chance, out and in again, and may be won
SELECT leadflow.create_workspace('deals', 'empty') \g /dev/null
SET search_path = deals, public;
ALTER TABLE opportunity DISABLE TRIGGER USER;
INSERT INTO opportunity (source, stage, stage_since, created_at, updated_at, amount, segment, owner, expected_close)
SELECT 't', 'opportunity', '2026-01-01', '2026-01-01', '2026-01-01', CASE WHEN random() < 0.9 THEN round((random() * 10000)::numeric, 2) END, (ARRAY['small', 'large', NULL])[1 + floor(2.99 * random())::int],
       'o' || n % 5, CASE WHEN random() < 0.8 THEN '2026-01-10'::date + floor(random() * 300)::int END
FROM generate_series(1, 2000) n;
CREATE TEMP TABLE walk AS
SELECT d.id, k.n, d.at + (k.n - 1) * d.pace AS at,
       (CASE WHEN k.n = 1 THEN 'opportunity' ELSE (ARRAY['opportunity', 'budget', 'value', 'proposal', 'proposal.legal', 'decision', 'lost', 'nurture', 'won', 'disqualified'])[1 + floor(9.2 * random())::int] END)::leadflow.stage AS stage
FROM (SELECT id, '2026-01-01'::timestamptz + random() * interval '180 days' AS at, random() * interval '30 days' AS pace, 1 + floor(random() * 6)::int AS moves FROM opportunity) d
CROSS JOIN LATERAL generate_series(1, d.moves) k (n);
INSERT INTO stage_event (at, recorded_at, opportunity_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, amount, currency)
SELECT w.at, w.at, w.id, 1, false, 'opportunity', lag(w.stage) OVER (PARTITION BY w.id ORDER BY w.n), w.stage, 'x', 'x', '*', o.amount, 'EUR'
FROM walk w
JOIN opportunity o USING (id)
WHERE w.at <= '2026-07-16'
ORDER BY w.at;
SELECT cmp_ok(count(*), '>', 30::bigint, 'deals that are ' || outcome) FROM deal GROUP BY outcome ORDER BY outcome;

CREATE TEMP TABLE bridge AS SELECT * FROM pipeline_movement;
SELECT is(count(*), 7::bigint, 'a row for every month') FROM bridge;
SELECT is_empty('SELECT * FROM bridge WHERE closing <> opening + opened + reopened - won - lost OR closing_value <> opening_value + opened_value + reopened_value - won_value - lost_value', 'the bridge adds up');
SELECT is_empty('SELECT * FROM (SELECT b.*, lag(closing, 1, 0::bigint) OVER w AS before, lag(closing_value, 1, 0.00) OVER w AS value_before FROM bridge b WINDOW w AS (ORDER BY month)) b
    WHERE opening <> before OR opening_value <> value_before', 'each month begins where the one before ended');
SELECT results_eq('SELECT closing, closing_value FROM bridge ORDER BY month DESC LIMIT 1', 'SELECT deals, value FROM pipeline_health WHERE dimension = ''total''', 'and the last one ends at the clock');
SELECT is(b.closing, (SELECT count(*) FROM leadflow.pipeline_asof('deals', (b.month + interval '1 month')::timestamptz - interval '1 microsecond') p
    WHERE NOT EXISTS (SELECT FROM deal d WHERE d.opportunity_id = p.opportunity_id AND d.outcome = 'void')), 'what is open after ' || b.month || ' by the bridge and as of then')
FROM bridge b WHERE b.month < '2026-07-01' ORDER BY b.month;
SELECT results_eq('SELECT sum(won)::bigint, sum(won_value) FROM bridge', 'SELECT sum(won)::bigint, sum(won_value) FROM win_rate WHERE dimension = ''total''', 'as many won as by win_rate');

-- by the history alone
SELECT results_eq('SELECT stage, closed, won FROM stage_win_rate',
    $$SELECT s.stage::text, count(*) FILTER (WHERE d.outcome IN ('won', 'lost')), count(*) FILTER (WHERE d.outcome = 'won')
      FROM leadflow.spine() s JOIN deal d ON EXISTS (SELECT FROM stage_event e WHERE e.opportunity_id = d.opportunity_id AND leadflow.ordinal(e.to_stage) >= s.ordinal)
      WHERE s.ordinal BETWEEN 8 AND 12 GROUP BY s.ordinal, s.stage ORDER BY s.ordinal$$, 'stage_win_rate by plain SQL');
SELECT is_empty('SELECT p.ordinal FROM pipeline_deals p JOIN stage_win_rate s USING (ordinal) WHERE s.win_rate IS DISTINCT FROM p.win_probability', 'a deal has the probability of its stage');
SELECT is_empty($$SELECT dimension FROM pipeline_health GROUP BY dimension HAVING sum(deals) <> (SELECT count(*) FROM pipeline_deals) OR sum(value) <> (SELECT sum(value) FROM pipeline_deals)
    OR sum(weighted_value) <> (SELECT sum(weighted_value) FROM pipeline_deals)$$, 'every dimension of pipeline_health adds up to the pipeline');
SELECT results_eq('SELECT sum(deals)::bigint, sum(value), sum(weighted_value), sum(over_norm)::bigint, sum(slipped)::bigint FROM pipeline_stages',
    'SELECT count(*), sum(value), sum(weighted_value), count(*) FILTER (WHERE stalled), count(*) FILTER (WHERE slipped) FROM pipeline_deals', 'and so do the stages');
SELECT results_eq('SELECT herfindahl FROM pipeline_health WHERE dimension = ''total''', 'SELECT round(sum((value / (SELECT sum(value) FROM pipeline_deals)) ^ 2), 6) FROM pipeline_deals', 'herfindahl by its definition');
SELECT results_eq('SELECT sum(deals)::bigint, sum(value) FROM revenue_structure WHERE dimension = ''segment''', 'SELECT count(*), sum(value) FROM deal WHERE won_at IS NOT NULL', 'all revenue is in revenue_structure');
SELECT results_eq('SELECT sum(customers)::bigint, sum(revenue_so_far) FROM (SELECT DISTINCT ON (month) * FROM customer_value ORDER BY month, age_months DESC) c', 'SELECT count(DISTINCT buyer), sum(value) FROM deal WHERE won_at IS NOT NULL',
    'and in customer_value');
SELECT results_eq('SELECT sum(deals)::bigint, sum(value) FROM loss_reasons', 'SELECT count(*), sum(value) FROM deal WHERE outcome = ''lost''', 'all losses in loss_reasons');

SELECT * FROM finish();
