/*
 * knowledge.sql: what the departments owe each other beside leads: contents and
 * answers to objections, tests, debriefs, plans for deals, opinions of buyers,
 * and a change of a definition that waits for a decision.
 */
INSERT INTO content (title, kind, stage, persona, segment, language, owner, updated_on) VALUES
    ('Guide to returns', 'guide', 'lead', 'head_of_operations', NULL, 'en', 'p.zielinski', '2026-06-10'),
    ('What an error costs', 'study', 'mql', 'finance', NULL, 'en', 'p.zielinski', '2025-11-03'),
    ('Case of a factory', 'case', 'value', 'managing_director', 'large', 'en', 'g.ross', '2026-05-20'),
    ('Closing the books in three days', 'webinar', 'mql', 'finance', NULL, 'en', 'd.kim', '2026-08-12'),
    ('Orders on one screen', 'webinar', 'lead', 'head_of_operations', NULL, 'en', 'd.kim', '2026-02-05'),
    ('Return on investment, a sheet', 'calculator', 'budget', 'finance', NULL, 'en', 'a.nowak', '2026-09-01');
INSERT INTO battlecard (battlecard, persona, scenario, objection, argument, proof, content, owner, updated_on) VALUES
    ('return_of_money', 'finance', 'the price is above that of others', 'too_expensive', 'It pays for itself in nine months.', 'the study', 'What an error costs', 'a.nowak', '2026-08-20'),
    ('beside_the_supplier', 'head_of_operations', 'there is a supplier already', 'have_a_supplier', 'It runs beside what there is.', NULL, 'Case of a factory', 'g.ross', '2026-03-02');

-- What buyers object to, whether the answer worked, and which card was at hand.
INSERT INTO objection_heard (at, recorded_at, objection, lead_id, battlecard, overcome, actor)
SELECT h.at, h.at, h.objection, h.lead_id, c.battlecard,
       chance.even('overcome', h.lead_id) < CASE c.battlecard WHEN 'return_of_money' THEN 0.55 WHEN 'beside_the_supplier' THEN 0.3 ELSE 0.2 END,
       h.owner
FROM (SELECT t.at, t.lead_id, l.owner, chance.pick('objects', t.lead_id, '{too_expensive,too_expensive,have_a_supplier,have_a_supplier,think_about_it,ask_partner,unclear_offer}') AS objection
      FROM (SELECT DISTINCT ON (t.lead_id) t.lead_id, t.at FROM touch t WHERE t.kind = 'meeting' ORDER BY t.lead_id, t.at) t
      JOIN lead l ON l.id = t.lead_id
      WHERE chance.even('objects at all', t.lead_id) < 0.4) h
LEFT JOIN battlecard c ON c.objection = h.objection AND chance.even('card', h.lead_id) < 0.6
ORDER BY h.at, h.lead_id;
\echo :ROW_COUNT 'objections'

-- The recorder of calls writes down what is said in some of the meetings.
INSERT INTO transcript (touch_id, words, language, recording_url, recorded_at)
SELECT t.id,
       chance.pick('said', t.id, '{We lose orders between two systems.,Returns take a week and nobody knows why.,Closing the books takes us eight days.}') || ' '
           || CASE WHEN chance.even('price', t.id) < CASE WHEN l.stage >= 'won' THEN 0.2 ELSE 0.45 END
                   THEN chance.pick('price words', t.id, '{That is too expensive for us.,Is there a discount?,What is the price of ten users?}') ELSE 'Show us more.' END || ' '
           || CASE WHEN chance.even('proof', t.id) < CASE WHEN l.stage >= 'won' THEN 0.5 ELSE 0.25 END
                   THEN chance.pick('proof words', t.id, '{Do you have references in our trade?,I would like to see a case study.}') ELSE 'I have to ask my boss.' END,
       'en', format('https://calls.example/%s', t.id), t.at + interval '10 minutes'
FROM touch t
JOIN lead l ON l.id = t.lead_id
WHERE t.kind = 'meeting' AND chance.even('recorded', t.id) < 0.5
ORDER BY t.id;
\echo :ROW_COUNT 'transcripts'

-- Who buys answers, on a scale from 1 to 5, how the first talk was: the longer they waited, the worse.
INSERT INTO opinion (lead_id, at, score, source, external_id, recorded_at)
SELECT c.lead_id, c.stopped_at + interval '3 days', GREATEST(1, LEAST(5, round((5 - 0.6 * ln(1 + c.hours) + chance.even('mood', c.lead_id))::numeric)))::integer,
       'survey', c.lead_id::text, c.stopped_at + interval '3 days'
FROM (SELECT DISTINCT ON (s.lead_id) s.lead_id, s.stopped_at, date_part('epoch', s.stopped_at - s.started_at) / 3600 AS hours
      FROM sla_clock s
      WHERE s.policy = 'hot_request' AND s.stopped_at IS NOT NULL
      ORDER BY s.lead_id, s.stopped_at) c
WHERE chance.even('answers the survey', c.lead_id) < 0.25 AND c.stopped_at + interval '3 days' <= clock()
ORDER BY c.stopped_at, c.lead_id;
\echo :ROW_COUNT 'opinions'

INSERT INTO content_request (asked_at, recorded_at, asked_by, opportunity_id, persona, stage, kind, wanted, needed_by, answered_at, content, outcome)
SELECT r.at, r.at, o.owner, o.id, 'finance', o.stage, 'calculator', 'what it saves a company of this size', r.at::date + 7,
       CASE WHEN r.at < clock() - interval '10 days' THEN r.at + interval '4 days' END,
       CASE WHEN r.at < clock() - interval '10 days' THEN 'Return on investment, a sheet' END,
       CASE WHEN r.at < clock() - interval '30 days' THEN CASE WHEN chance.even('sheet used', o.id) < 0.7 THEN 'used' ELSE 'not_used' END END
FROM opportunity o
CROSS JOIN LATERAL (SELECT o.created_at + interval '8 days' AS at) r
WHERE o.segment = 'large' AND chance.even('asks for a sheet', o.id) < 0.3 AND r.at <= clock()
ORDER BY r.at, o.id;

-- A question, and the change of a campaign that was to answer it.
INSERT INTO hypothesis (hypothesis, question, owner, segment, measure, starts_on, ends_on, closed_on, verdict, conclusion) VALUES
    ('search_or_social', 'Who searches is closer to buying than whom we show advertisements.', 'a.nowak', NULL, 'share of leads that are handed over within 30 days', '2026-04-01', '2026-08-31', '2026-09-02', 'confirmed',
        'Money moves from social media to search as of the fourth quarter.'),
    ('summer_is_slow', 'In August sales answers so late that leads of July are lost.', 'h.mazur', NULL, 'share of MQLs that sales accepts within 30 days', '2026-06-01', '2026-10-31', NULL, NULL, NULL);
INSERT INTO experiment (experiment, hypothesis, variant_a, variant_b, campaign_a, campaign_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, of_stage, reaches, within)
SELECT 'two_channels', 'search_or_social', 'shown on social media', 'found by search', a.id, b.id, '2026-04-01', '2026-06-30', '2026-04-01', '2026-06-30', 'lead', 'mql', '30 days'
FROM campaign a, campaign b
WHERE a.name = 'Social 2026 Q2' AND b.name = 'Paid search 2026 Q2';
INSERT INTO experiment (experiment, hypothesis, variant_a, variant_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, of_stage, reaches, within) VALUES
    ('august', 'summer_is_slow', 'MQLs of June', 'MQLs of August', '2026-06-01', '2026-06-30', '2026-08-01', '2026-08-31', 'mql', 'sal', '30 days');

-- The three largest deals won and lost of the third quarter were talked about.
INSERT INTO debrief (at, recorded_at, opportunity_id, held_by, conclusions)
SELECT d.closed_at + interval '6 days', d.closed_at + interval '6 days', d.opportunity_id, ARRAY[d.owner, 'a.nowak'],
       CASE d.outcome WHEN 'won' THEN 'The case of a like company decided.' ELSE 'Finance saw no return: nobody had spoken with finance.' END
FROM (SELECT d.*, row_number() OVER (PARTITION BY d.outcome ORDER BY d.value DESC, d.opportunity_id) AS nth
      FROM deal d
      WHERE d.outcome IN ('won', 'lost') AND d.closed_at >= '2026-07-01' AND d.closed_at < '2026-09-20' AND d.value IS NOT NULL) d
WHERE d.nth <= 3
ORDER BY d.closed_at, d.opportunity_id;
INSERT INTO lesson (debrief_id, segment, persona, works, lesson, action, owner, due, done_at)
SELECT b.id, d.segment, CASE d.outcome WHEN 'lost' THEN 'finance' END, d.outcome = 'won',
       CASE d.outcome WHEN 'won' THEN 'a case of the same industry' ELSE 'talking to operations alone' END,
       CASE d.outcome WHEN 'won' THEN 'write one for each industry' ELSE 'ask for finance before the offer' END,
       CASE d.outcome WHEN 'won' THEN 'g.ross' ELSE 'h.mazur' END, b.at::date + 21,
       CASE WHEN b.at < clock() - interval '30 days' THEN b.at + interval '18 days' END
FROM debrief b
JOIN deal d ON d.opportunity_id = b.opportunity_id
ORDER BY b.id;

-- What the last review said of the largest open deals.
INSERT INTO deal_plan (opportunity_id, priority, obstacle, closing_plan, next_step, next_step_on, needs, reviewed_on)
SELECT p.opportunity_id, true, chance.pick('obstacle', p.opportunity_id, '{no reference in their trade,finance was not asked,the lawyers are slow}'),
       'signature before the year ends', chance.pick('next step', p.opportunity_id, '{send the case,meet finance,ask for the lawyers'' list}'),
       clock()::date - 3 + (p.opportunity_id % 14)::integer, chance.pick('needs', p.opportunity_id, '{"{reference}","{content,presales}","{legal}"}')::text[], '2026-09-03'
FROM (SELECT p.opportunity_id FROM pipeline_deals p WHERE p.stage <> 'opportunity' ORDER BY p.value DESC NULLS LAST, p.opportunity_id LIMIT 8) p;

-- Marketing asks for a stricter MQL; sales has not said yes yet.
SELECT propose('crm', 'standard',
               '{"operation": "update", "key": {"object": "lead", "variant": "*", "stage": "mql", "criterion": "two_signals"}, "row": {"expression": "signals >= 3", "requirement": "At least three signs of interest."}}',
               'sales says that two clicks are not interest', '2026-10-15 00:00+02') \g /dev/null
