-- What bench/views.sh reads the reports of goals and lessons on, beside what
-- bench/views.sql fills, which comes first: 8,424 targets, 8,000 accounts with
-- committees, 60 contents and where they were used, 40 experiments, what was
-- heard, promised, asked for, planned and learnt, and what was said in calls.  The same rows at every run; what leads
-- bring with them is in proportion to them.
\set ON_ERROR_STOP on
SELECT count(*) * 8 / 100 AS accounts FROM lead \gset
SET client_min_messages = warning;

BEGIN;
-- a number from 0 up to 1 that depends on nothing but its arguments
CREATE FUNCTION pg_temp.fraction(n bigint, salt bigint) RETURNS float8
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT (pg_catalog.hashint8extended(n, salt) & 1048575) / 1048576.0::float8 $$;

ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;

INSERT INTO account (source, external_id, name, industry, segment, country, employees)
SELECT 'bench', n::text, 'Company ' || n, (ARRAY['software', 'retail', 'logistics', 'finance'])[1 + n % 4], (ARRAY['small', 'middle', 'large'])[1 + n % 3],
       (ARRAY['PL', 'DE', 'CN'])[1 + n % 3], floor(2000 * pg_temp.fraction(n, 40))::int
FROM generate_series(1, :accounts) n;
UPDATE lead l
SET account_id = CASE WHEN l.furthest_stage >= 'sal' THEN 1 + l.id % :accounts END,
    role = CASE WHEN l.id % 4 > 0 THEN (ARRAY['CEO', 'Head of Finance', 'IT Operations', 'Sales manager', 'Founder & owner', 'Controller', 'Assistant'])[1 + l.id % 7] END,
    promised = CASE WHEN l.furthest_stage >= 'mql' THEN (ARRAY['a demonstration', 'an offer within a week', 'nothing', 'A call within one working day.', 'a free year; a demonstration'])[1 + l.id % 5] END;
UPDATE opportunity o
SET account_id = l.account_id, expected_close = (o.created_at + (10 + 80 * pg_temp.fraction(o.id, 41)) * interval '1 day')::date
FROM lead l
WHERE l.id = o.lead_id;
INSERT INTO committee_member (account_id, committee_role, lead_id, who, stance, since)
SELECT o.account_id, r.committee_role, CASE WHEN o.id % 2 = 0 THEN o.lead_id END, 'the ' || r.committee_role,
       (ARRAY['supports', 'neutral', 'opposes', 'unknown'])[1 + (o.id + r.position) % 4], o.created_at
FROM opportunity o
JOIN committee_role r ON pg_temp.fraction(o.id * 16 + r.position, 42) < 0.6
WHERE o.account_id IS NOT NULL;
INSERT INTO intent_signal (account_id, topic, strength, source, at)
SELECT 1 + n % :accounts, 'implementation', 10, 'bench', timestamptz '2025-01-01 00:00+00' + pg_temp.fraction(n, 43) * interval '540 days'
FROM generate_series(1, :accounts / 2) n;

INSERT INTO target (metric, starts_on, ends_on, segment, team, owner, value, agreed_on)
SELECT m.metric, d::date, (d + interval '1 month')::date - 1, w.segment, w.team, w.owner, m.value * w.share, '2024-12-15'
FROM (VALUES ('revenue', 3000000), ('new_revenue', 2500000), ('deals', 60), ('pipeline', 20000000), ('opportunities', 400),
             ('sql', 800), ('sal', 1800), ('mql', 2700), ('leads', 5500)) m (metric, value)
CROSS JOIN generate_series(timestamp '2025-01-01', '2026-06-01', '1 month') d
CROSS JOIN (SELECT NULL AS segment, NULL AS team, NULL AS owner, 1.0 AS share
            UNION ALL SELECT unnest(ARRAY['small', 'middle', 'large']), NULL, NULL, 1 / 3.0
            UNION ALL SELECT NULL, 'team' || n, NULL, 1 / 8.0 FROM generate_series(0, 7) n
            UNION ALL SELECT NULL, NULL, 'rep' || n, 1 / 40.0 FROM generate_series(1, 40) n) w;

INSERT INTO content (title, kind, stage, owner, updated_on)
SELECT 'Content ' || n, (ARRAY['article', 'case_study', 'guide', 'video'])[1 + n % 4], (ARRAY['lead', 'mql', 'sql', 'opportunity'])[1 + n % 4]::leadflow.stage,
       'rep' || 1 + n % 40, date '2025-01-01' + 9 * n
FROM generate_series(1, 60) n;
UPDATE touch t SET content = 'Content ' || 1 + floor(66 * pg_temp.fraction(t.id, 44))::int
WHERE t.kind = 'content_download' OR t.kind = 'email' AND t.id % 3 = 0;
INSERT INTO content_request (asked_at, asked_by, lead_id, kind, wanted, needed_by, answered_at, content, outcome)
SELECT l.stage_since, l.owner, l.id, 'case_study', 'One of a company like theirs', (l.stage_since + interval '10 days')::date,
       CASE WHEN l.id % 4 > 0 THEN l.stage_since + l.id % 14 * interval '1 day' END, CASE WHEN l.id % 4 > 0 THEN 'Content ' || 1 + l.id % 60 END,
       CASE l.id % 4 WHEN 1 THEN 'used' WHEN 2 THEN 'not_used' END
FROM lead l
WHERE l.furthest_stage >= 'sql' AND l.id % 4 > 0;
INSERT INTO battlecard (battlecard, scenario, objection, argument, owner, updated_on)
SELECT 'card_' || o.code, 'A buyer says so.', o.code, 'What they gain by it.', 'rep1', '2026-01-01' FROM objection o;
INSERT INTO battlecard_feedback (battlecard, at, lead_id, helped)
SELECT 'card_' || o.code, t.at, t.lead_id, t.id % 3 > 0
FROM touch t
JOIN (SELECT o.code, row_number() OVER (ORDER BY o.code) - 1 AS n, count(*) OVER () AS of FROM objection o) o ON o.n = t.id % o.of
WHERE t.kind = 'meeting' AND t.id % 3 = 0;
INSERT INTO objection_heard (at, objection, lead_id, battlecard, answer, overcome)
SELECT t.at, o.code, t.lead_id, CASE WHEN t.id % 3 > 0 THEN 'card_' || o.code END, CASE WHEN t.id % 2 = 0 THEN 'What it costs to leave it as it is' END,
       CASE WHEN t.id % 5 > 0 THEN t.id % 2 = 0 END
FROM touch t
JOIN (SELECT o.code, row_number() OVER (ORDER BY o.code) - 1 AS n, count(*) OVER () AS of FROM objection o) o ON o.n = t.id % o.of
WHERE t.kind = 'call';
INSERT INTO transcript (touch_id, words, language)
SELECT t.id, repeat('We lose orders between two systems, and returns take a week. ', 40)
           || (ARRAY['Is there a discount?', 'Do you have references in our trade?', 'I have to ask my boss.', 'Show us more.'])[1 + t.id % 4], 'en'
FROM touch t
WHERE t.kind = 'call';
INSERT INTO opinion (lead_id, at, score, source, external_id)
SELECT DISTINCT ON (t.lead_id) t.lead_id, t.at + interval '1 day', 1 + (t.lead_id % 5)::int, 'bench', t.id::text
FROM touch t
WHERE t.direction = 'outbound' AND t.lead_id % 2 = 0
ORDER BY t.lead_id, t.at;

INSERT INTO hypothesis (hypothesis, question, owner, segment, starts_on, ends_on, measure)
SELECT 'h' || n, 'Does it help?', 'rep' || n, CASE WHEN n % 2 = 0 THEN 'small' END, date '2025-02-01' + 15 * n, date '2025-05-01' + 15 * n, 'won share'
FROM generate_series(1, 30) n;
INSERT INTO hypothesis_talk (hypothesis, lead_id, at, supports)
SELECT 'h' || 1 + l.id % 30, l.id, l.stage_since, l.id % 3 > 0 FROM lead l WHERE l.furthest_stage >= 'sql';
INSERT INTO experiment (experiment, hypothesis, variant_a, variant_b, campaign_a, campaign_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, segment, of_stage, reaches)
SELECT 'e' || n, 'h' || 1 + n % 30, 'as it was', 'as it is now', c.a, c.a + 1, d.day, d.day + 60, CASE WHEN c.a IS NULL THEN d.day + 61 ELSE d.day END,
       CASE WHEN c.a IS NULL THEN d.day + 121 ELSE d.day + 60 END, CASE WHEN n % 3 = 0 THEN 'small' END,
       (ARRAY['visitor', 'lead', 'mql', 'sal'])[1 + n % 4], (ARRAY['mql', 'sal', 'sql', 'won'])[1 + n % 4]
FROM generate_series(1, 40) n
CROSS JOIN LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 1 + n % 23 END AS a) c
CROSS JOIN LATERAL (SELECT date '2025-01-15' + 8 * n AS day) d;
INSERT INTO deal_plan (opportunity_id, priority, obstacle, next_step, next_step_on, reviewed_on)
SELECT o.id, o.id % 5 = 0, 'The budget is not released.', 'Call the controller', (o.created_at + interval '20 days')::date, o.created_at::date
FROM opportunity o
WHERE o.stage >= 'visitor' AND o.id % 3 > 0;
INSERT INTO debrief (at, opportunity_id, held_by, conclusions)
SELECT o.stage_since + interval '3 days', o.id, '{rep1,rep2}', 'They had nobody to run it.' FROM opportunity o WHERE o.stage < 'visitor' OR o.stage >= 'won';
INSERT INTO lesson (debrief_id, works, lesson, action, owner, due, done_at)
SELECT d.id, d.id % 2 = 0, 'Ask early who will run it.', 'Add it to the first call', 'rep' || 1 + d.id % 40, (d.at + interval '30 days')::date,
       CASE WHEN d.id % 3 > 0 THEN d.at + interval '20 days' END
FROM debrief d;

ALTER TABLE lead ENABLE TRIGGER USER;
ALTER TABLE opportunity ENABLE TRIGGER USER;
ALTER TABLE touch ENABLE TRIGGER USER;
COMMIT;

VACUUM ANALYZE;
