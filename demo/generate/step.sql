/*
 * step.sql: every lead that still moves takes its next step: it chooses a way,
 * the touches on the way happen, and the stage changes. It calls itself.
 */
CREATE TABLE chance.move AS
SELECT w.lead_id, w.n, w.opportunity_id, p.seller, p.calendar, p.request, p.first_kind, p.origin,
       w.stage AS from_stage,
       w.at AS from_at,
       way.to_stage,
       x.to_at,
       y.reason,
       y.note,
       w.opportunity_id IS NOT NULL OR way.to_stage = 'opportunity' AS is_deal
FROM chance.walk w
JOIN chance.person p ON p.n = w.n
-- who fits better goes forward more often, above all at first
CROSS JOIN LATERAL (
    SELECT chance.even('way' || :step, w.n) / power(p.fit, CASE WHEN w.stage IN ('engaged', 'lead') THEN 1 WHEN w.opportunity_id IS NULL THEN 0.3 ELSE 0 END) AS chance) f
LEFT JOIN LATERAL (
    SELECT h.*
    FROM chance.path h
    WHERE h.from_stage = w.stage
        AND (h.to_stage <> 'mql' OR p.in_target)
        AND f.chance >= h.low AND f.chance < h.low + h.share) way ON true
LEFT JOIN LATERAL (
    -- requests are answered faster, all answers become faster by and by,
    -- except that there are August and December
    SELECT interval '1 second' * (30 + floor(3600 * chance.skewed('hours' || :step, w.n, way.spread)
        * CASE WHEN way.to_stage = 'mql' AND p.request IS NOT NULL AND way.from_stage = 'lead' THEN 0.06
               WHEN way.to_stage <> 'contacted' THEN way.hours
               ELSE CASE WHEN p.request IN ('demo_request', 'pricing_request') THEN 0.12
                         WHEN p.request IS NOT NULL THEN 0.9
                         ELSE way.hours END
                    * CASE date_part('month', w.at) WHEN 8 THEN 1.7 WHEN 12 THEN 1.6 ELSE 1 END
                    * (1.3 - 0.5 * date_part('epoch', w.at - '2025-10-01') / 31536000)
                    * CASE p.seller WHEN 'm.lewandowski' THEN 1.9 WHEN 'b.walsh' THEN 1.6 WHEN 's.patel' THEN 0.6 WHEN 'e.schulz' THEN 0.7 ELSE 1 END
               END)) AS length
    WHERE way.to_stage IS NOT NULL) t ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN way.working AND NOT (way.to_stage = 'mql' AND p.request IS NOT NULL)
                THEN add_worktime(p.calendar, w.at, t.length) ELSE w.at + t.length END AS to_at) x ON true
LEFT JOIN LATERAL (
    SELECT r.reason, r.note
    FROM chance.why r
    WHERE r.from_stage = CASE WHEN w.opportunity_id IS NULL THEN w.stage ELSE 'deal' END AND r.to_stage = way.to_stage
        AND r.low <= chance.even('why' || :step, w.n)
    ORDER BY r.position DESC
    LIMIT 1) y ON true
WHERE w.moving;

-- What would happen after the present has not happened.
UPDATE chance.move SET to_stage = NULL, reason = NULL, note = NULL WHERE to_at > clock();
CREATE UNIQUE INDEX ON chance.move (lead_id);
ANALYZE chance.move;

INSERT INTO touch (at, recorded_at, lead_id, account_id, campaign_id, kind, channel, direction, actor, source)
SELECT t.at, t.at, m.lead_id, l.account_id, CASE WHEN t.direction = 'inbound' THEN l.campaign_id END,
       t.kind, c.channel, t.direction, CASE WHEN t.direction = 'outbound' THEN l.owner END,
       CASE WHEN c.channel IN ('web', 'event') THEN 'web' ELSE 'crm' END
FROM chance.move m
JOIN lead l ON l.id = m.lead_id
CROSS JOIN LATERAL (
    -- on the way
    SELECT CASE WHEN k.direction = 'outbound' AND k.place < 1 THEN LEAST(next_open(m.calendar, i.at), i.until_at) ELSE i.at END AS at,
           k.direction, k.kind
    FROM (SELECT a.direction, a.place, chance.pick('kind' || :step || ':' || a.position, m.n, a.kinds) AS kind
          FROM chance.talk a
          WHERE a.from_stage = m.from_stage AND a.to_stage IS NOT DISTINCT FROM m.to_stage
              AND chance.even('talk' || :step || ':' || a.position, m.n) < a.share) k
    CROSS JOIN LATERAL (
        SELECT date_trunc('second', m.from_at + (z.until_at - m.from_at) * k.place) AS at, z.until_at
        FROM (SELECT COALESCE(CASE WHEN m.to_stage IS NOT NULL THEN m.to_at END, m.from_at + interval '21 days') AS until_at) z) i
    UNION ALL
    -- the signs of interest that make an MQL
    SELECT m.to_at - interval '5 seconds' * g.n, 'inbound', g.kind
    FROM (VALUES (1, 'form_submit'), (2, 'content_download')) g (n, kind)
    WHERE m.from_stage = 'lead' AND m.to_stage = 'mql' AND m.request IS NULL AND g.kind <> m.first_kind
    UNION ALL
    -- after an event most are called, whatever comes of it
    SELECT add_worktime(m.calendar, m.from_at, interval '1 second' * floor(30000 * chance.skewed('follow up', m.n, 0.9))), 'outbound', 'email'
    WHERE :step = 1 AND m.origin IN ('event', 'webinar') AND chance.even('followed up', m.n) < 0.88
    UNION ALL
    -- those who asked and will not buy get an answer too, mostly
    SELECT add_worktime(m.calendar, m.from_at, interval '1 second' * floor(CASE m.request WHEN 'contact_request' THEN 3000 ELSE 800 END * chance.skewed('answer', m.n, 1.2))), 'outbound', 'email'
    WHERE :step = 1 AND m.request IS NOT NULL AND m.to_stage IS DISTINCT FROM 'mql' AND chance.even('answered', m.n) < 0.8) t
JOIN chance.channel c ON c.kind = t.kind
WHERE t.at <= clock()
ORDER BY t.at;
\set touches :ROW_COUNT

-- Leads on their own. With the handover sales takes over.
UPDATE lead l
SET stage = m.to_stage::stage,
    stage_since = m.to_at,
    reason = m.reason,
    reason_note = m.note,
    owner = CASE WHEN m.to_stage = 'mql' THEN m.seller ELSE l.owner END,
    verified = l.verified OR m.to_stage = 'mql',
    email = CASE WHEN m.to_stage = 'mql' THEN COALESCE(l.email, lower(replace(l.full_name, ' ', '.')) || m.n || '@mail.example') ELSE l.email END,
    why_now = CASE WHEN m.to_stage = 'sal' THEN chance.pick('why now', m.n, '{A contract ends this quarter.,A new plant opens.,The auditors asked for it.,The team doubles next year.}') ELSE l.why_now END,
    promised = CASE WHEN m.to_stage = 'sal' THEN chance.pick('promised', m.n, '{Nothing.,A reference call.,An offer within a week.,A trial for ten users.}') ELSE l.promised END,
    evidence = CASE WHEN m.to_stage = 'sal' THEN format('Came by %s, then %s.', m.origin, replace(COALESCE(m.request, m.first_kind), '_', ' ')) ELSE l.evidence END,
    need = CASE WHEN m.to_stage = 'sql' THEN chance.pick('need', m.n, '{One picture of all orders.,Less work with returns.,Prices that differ by region.,A faster close of the books.}') ELSE l.need END,
    budget = CASE WHEN m.to_stage = 'sql' THEN round((CASE l.segment WHEN 'large' THEN 60000 WHEN 'middle' THEN 25000 ELSE 9000 END * chance.skewed('budget', m.n, 0.6))::numeric, -2) ELSE l.budget END,
    currency = CASE WHEN m.to_stage = 'sql' THEN 'EUR' ELSE l.currency END,
    decision_by = CASE WHEN m.to_stage = 'sql' THEN m.to_at::date + 20 + floor(200 * chance.even('decision', m.n))::integer ELSE l.decision_by END
FROM chance.move m
WHERE l.id = m.lead_id AND m.to_stage IS NOT NULL AND NOT m.is_deal;
\set moves :ROW_COUNT

-- Whoever goes on later than planned decides later than planned.
UPDATE lead l
SET decision_by = m.to_at::date + 60
FROM chance.move m
WHERE l.id = m.lead_id AND m.is_deal AND m.to_stage NOT IN ('lost', 'churned') AND l.decision_by < m.to_at::date;

-- A deal that begins, and takes its lead along.
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, account_id, lead_id, campaign_id, name,
                         amount, currency, origin, segment, territory, owner)
SELECT 'crm', format('O%s-%s', lpad(m.n::text, 6, '0'), :step), 'opportunity', m.to_at, m.to_at, l.account_id, l.id, l.campaign_id,
       COALESCE(a.name, l.full_name) || ': ' || lower(l.need),
       round((l.budget * (0.7 + 0.5 * chance.even('amount', m.n)::numeric)), -2), 'EUR', l.origin, l.segment, l.territory, l.owner
FROM chance.move m
JOIN lead l ON l.id = m.lead_id
LEFT JOIN account a ON a.id = l.account_id
WHERE m.to_stage = 'opportunity'
ORDER BY m.to_at, m.n;
\set begun :ROW_COUNT

-- A deal that goes on.
UPDATE opportunity o
SET stage = m.to_stage::stage,
    stage_since = m.to_at,
    reason = m.reason,
    reason_note = m.note,
    expected_close = CASE WHEN m.to_stage = 'proposal' THEN m.to_at::date + 45 ELSE o.expected_close END
FROM chance.move m
WHERE o.id = m.opportunity_id AND m.to_stage IS NOT NULL;
\set deals :ROW_COUNT

-- A deal does not take its lead out of the path: whoever closes it says so.
UPDATE lead l
SET stage = m.to_stage::stage, stage_since = GREATEST(m.to_at, l.stage_since + interval '1 second'), reason = m.reason, reason_note = m.note
FROM chance.move m
WHERE l.id = m.lead_id AND m.opportunity_id IS NOT NULL AND m.to_stage IN ('lost', 'churned');

UPDATE chance.walk w
SET moving = m.to_stage IS NOT NULL,
    stage = COALESCE(m.to_stage, w.stage),
    at = CASE WHEN m.to_stage IS NULL THEN w.at ELSE m.to_at END,
    opportunity_id = CASE WHEN m.to_stage IN ('lost', 'churned') THEN NULL
                          WHEN m.to_stage = 'opportunity' THEN o.id
                          ELSE w.opportunity_id END
FROM chance.move m
LEFT JOIN opportunity o ON m.to_stage = 'opportunity' AND o.source = 'crm' AND o.external_id = format('O%s-%s', lpad(m.n::text, 6, '0'), :step)
WHERE w.lead_id = m.lead_id;

DROP TABLE chance.move;

\echo 'step' :step ':' :touches 'touches,' :moves 'leads moved,' :begun 'deals begun,' :deals 'deals moved'
SELECT :step + 1 AS step, :step % 4 = 0 AS is_time_to_count, pg_catalog.bool_or(moving) AND :step < 20 AS goes_on FROM chance.walk \gset
\if :is_time_to_count
ANALYZE lead, touch, opportunity, sla_clock, stage_event;
\endif
\if :goes_on
\ir step.sql
\endif
