/*
 * step.sql: every lead that still moves takes its next step, if it does so
 * before :until: it chooses a way, the touches on the way happen, and the stage
 * changes. It calls itself until nobody moves any more.
 */
CREATE TABLE chance.move AS
SELECT w.lead_id, w.n, w.opportunity_id, w.steps, p.calendar, p.request, p.first_kind, p.origin,
       w.stage AS from_stage,
       w.at AS from_at,
       g.from_stage AS stands,
       v.to_stage,
       v.to_at,
       v.wakes,
       y.reason,
       y.note,
       s.is_silent,
       s.pace,
       b.has_objections,
       w.opportunity_id IS NOT NULL OR v.to_stage IS NOT DISTINCT FROM 'opportunity' AS is_deal
FROM chance.walk w
JOIN chance.person p ON p.n = w.n
JOIN lead l ON l.id = w.lead_id
CROSS JOIN LATERAL (SELECT CASE WHEN w.woken THEN 'woken' ELSE w.stage END AS from_stage) g
-- who fits better goes forward more often, above all at first
CROSS JOIN LATERAL (
    SELECT chance.even('way' || w.steps, w.n) / power(p.fit, CASE WHEN g.from_stage IN ('engaged', 'lead') THEN 1 WHEN w.opportunity_id IS NULL THEN 0.4 ELSE 0.15 END) AS chance) f
LEFT JOIN LATERAL (
    SELECT h.*
    FROM chance.path h
    WHERE h.from_stage = g.from_stage
        AND (h.to_stage <> 'mql' OR p.in_target)
        AND f.chance >= h.low AND f.chance < h.low + h.share) way ON true
LEFT JOIN LATERAL (
    SELECT r.reason, r.note
    FROM chance.why r
    WHERE r.from_stage = CASE WHEN w.opportunity_id IS NULL THEN g.from_stage ELSE 'deal' END AND r.to_stage = way.to_stage
        AND r.low <= chance.even('why' || w.steps, w.n)
    ORDER BY r.position DESC
    LIMIT 1) y ON true
LEFT JOIN LATERAL (
    -- requests are answered faster, all answers become faster by and by,
    -- except that there are August and December
    SELECT interval '1 second' * (30 + floor(3600 * chance.skewed('hours' || w.steps, w.n, way.spread)
        * CASE WHEN way.to_stage = 'mql' AND p.request IS NOT NULL AND way.from_stage = 'lead' THEN 0.06
               WHEN way.to_stage <> 'contacted' THEN way.hours
               ELSE CASE WHEN p.request IN ('demo_request', 'pricing_request') THEN 0.12
                         WHEN p.request IS NOT NULL THEN 0.9
                         ELSE way.hours END
                    * CASE date_part('month', w.at) WHEN 8 THEN 1.7 WHEN 12 THEN 1.6 ELSE 1 END
                    * (1.3 - 0.5 * date_part('epoch', w.at - '2025-10-01') / 31536000)
                    * CASE l.owner WHEN 'm.lewandowski' THEN 1.9 WHEN 'b.walsh' THEN 1.6 WHEN 's.patel' THEN 0.6 WHEN 'e.schulz' THEN 0.7 ELSE 1 END
               END)) AS length
    WHERE way.to_stage IS NOT NULL) t ON true
-- whoever never answers is tried six times, at the pace of the seller
LEFT JOIN LATERAL (
    SELECT y.reason = 'no_response' AND w.opportunity_id IS NULL AS is_silent,
           interval '1 second' * floor(3600 * GREATEST(2.5, 6 * chance.skewed('pace' || w.steps, w.n, 0.35))
               * CASE l.owner WHEN 'm.lewandowski' THEN 1.5 WHEN 's.patel' THEN 0.8 ELSE 1 END) AS pace) s ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN s.is_silent THEN add_worktime(p.calendar, w.at, 6 * s.pace)
                WHEN way.to_stage = 'mql' AND p.request IS NOT NULL AND g.from_stage = 'lead'
                THEN GREATEST(w.at + t.length, CASE WHEN l.urgency <> 'hot' THEN l.rests_until END)
                -- who was in the hands of sales rests before it is handed over again
                WHEN way.to_stage = 'mql' THEN GREATEST(add_worktime(p.calendar, w.at, t.length), next_open(p.calendar, l.rests_until))
                WHEN way.working THEN add_worktime(p.calendar, w.at, t.length)
                ELSE w.at + t.length END AS to_at) x ON true
-- whoever does not come back by itself is woken
CROSS JOIN LATERAL (
    SELECT i.wakes,
           CASE WHEN i.wakes THEN 'lead' ELSE way.to_stage END AS to_stage,
           CASE WHEN i.wakes THEN l.wake_at ELSE x.to_at END AS to_at
    FROM (SELECT w.stage = 'nurture' AND l.wake_at IS NOT NULL AND l.wake_at < x.to_at IS NOT FALSE AS wakes) i) v
-- some sellers write down what they heard when they reject a lead
CROSS JOIN LATERAL (
    SELECT COALESCE(w.opportunity_id IS NULL AND v.to_stage IN ('nurture', 'lost') AND w.stage IN ('contacted', 'sal', 'sql')
                    AND NOT s.is_silent AND chance.even('objections' || w.steps, w.n) < 0.5, false) AS has_objections) b
WHERE w.moving AND w.next_at <= :'until';

-- What would happen later is not written yet, and what would happen after the
-- present has not happened.
UPDATE chance.walk w SET next_at = m.to_at FROM chance.move m WHERE m.lead_id = w.lead_id AND m.to_at > :'until' AND :'until' < clock();
DELETE FROM chance.move WHERE to_at > :'until' AND :'until' < clock();
UPDATE chance.move SET to_stage = NULL, reason = NULL, note = NULL WHERE to_at > clock();
CREATE UNIQUE INDEX ON chance.move (lead_id);
ANALYZE chance.move;

INSERT INTO touch (at, recorded_at, lead_id, account_id, campaign_id, kind, channel, content, direction, actor, source)
SELECT t.at, t.at, m.lead_id, l.account_id, CASE WHEN t.direction = 'inbound' THEN l.campaign_id END,
       t.kind, c.channel, chance.content(t.kind, m.n), t.direction, CASE WHEN t.direction = 'outbound' THEN l.owner END,
       CASE WHEN c.channel IN ('web', 'event') THEN 'web' ELSE 'crm' END
FROM chance.move m
JOIN lead l ON l.id = m.lead_id
CROSS JOIN LATERAL (
    WITH said AS (
        SELECT CASE WHEN k.direction = 'outbound' AND k.place < 1 THEN LEAST(next_open(m.calendar, i.at), i.until_at) ELSE i.at END AS at,
               k.direction, k.kind, k.position
        FROM (SELECT a.direction, a.place, a.position, chance.pick('kind' || m.steps || ':' || a.position, m.n, a.kinds) AS kind
              FROM chance.talk a
              WHERE a.from_stage = m.stands AND a.to_stage IS NOT DISTINCT FROM CASE WHEN m.wakes THEN 'woken' ELSE m.to_stage END
                  AND m.is_silent IS NOT TRUE
                  AND chance.even('talk' || m.steps || ':' || a.position, m.n) < a.share) k
        CROSS JOIN LATERAL (
            SELECT date_trunc('second', m.from_at + (z.until_at - m.from_at) * k.place) AS at, z.until_at
            FROM (SELECT COALESCE(CASE WHEN m.to_stage IS NOT NULL THEN m.to_at END, m.from_at + interval '21 days') AS until_at) z) i
    )
    -- on the way
    SELECT s.at, s.direction, s.kind
    FROM said s
    UNION ALL
    -- whoever calls or writes is answered, mostly
    SELECT add_worktime(m.calendar, s.at, interval '1 second' * floor(9000 * chance.skewed('reply' || m.steps || ':' || s.position, m.n, 0.9))), 'outbound', 'email'
    FROM said s
    WHERE s.direction = 'inbound' AND s.kind IN ('call', 'email', 'meeting') AND m.stands NOT IN ('engaged', 'lead', 'nurture', 'lost', 'mql')
        AND chance.even('replied' || m.steps || ':' || s.position, m.n) < 0.86
    UNION ALL
    -- the attempts to reach somebody who never answers, after the first one
    SELECT add_worktime(m.calendar, m.from_at, g.n * m.pace), 'outbound', ('{social_message,call,social_message,email,call}'::text[])[g.n]
    FROM generate_series(1, 5) g (n)
    WHERE m.is_silent
    UNION ALL
    -- the signs of interest that make an MQL
    SELECT m.to_at - interval '5 seconds' * g.n, 'inbound', g.kind
    FROM (VALUES (1, 'form_submit'), (2, 'content_download')) g (n, kind)
    WHERE m.from_stage = 'lead' AND m.to_stage = 'mql' AND m.request IS NULL AND g.kind <> m.first_kind
    UNION ALL
    -- after an event most are called, whatever comes of it
    SELECT add_worktime(m.calendar, m.from_at, interval '1 second' * floor(30000 * chance.skewed('follow up', m.n, 0.9))), 'outbound', 'email'
    WHERE m.steps = 1 AND m.origin IN ('event', 'webinar') AND chance.even('followed up', m.n) < 0.88
    UNION ALL
    -- those who asked and will not buy get an answer too, mostly
    SELECT add_worktime(m.calendar, m.from_at, interval '1 second' * floor(CASE m.request WHEN 'contact_request' THEN 3000 ELSE 800 END * chance.skewed('answer', m.n, 1.2))), 'outbound', 'email'
    WHERE m.steps = 1 AND m.request IS NOT NULL AND m.to_stage IS DISTINCT FROM 'mql' AND chance.even('answered', m.n) < 0.8) t
JOIN chance.channel c ON c.kind = t.kind
WHERE t.at <= clock()
ORDER BY t.at;
\set touches :ROW_COUNT

-- Leads on their own.
UPDATE lead l
SET stage = m.to_stage::stage,
    stage_since = m.to_at,
    reason = m.reason,
    reason_note = m.note,
    narrative = CASE WHEN m.to_stage = 'nurture' AND l.furthest_stage >= 'mql'
                     THEN chance.narrative(m.reason, l.need) ELSE l.narrative END,
    why_now = CASE WHEN m.to_stage = 'sal' THEN chance.pick('why now', m.n, '{A contract ends this quarter.,A new plant opens.,The auditors asked for it.,The team doubles next year.}') ELSE l.why_now END,
    promised = CASE WHEN m.to_stage = 'sal' THEN chance.pick('promised', m.n, '{Nothing.,A reference call.,An offer within a week.,A trial for ten users.}') ELSE l.promised END,
    evidence = CASE WHEN m.to_stage = 'sal' THEN format('Came by %s, then %s.', m.origin, replace(COALESCE(m.request, m.first_kind), '_', ' ')) ELSE l.evidence END,
    need = CASE WHEN m.to_stage = 'sql' THEN chance.pick('need', m.n, '{One picture of all orders.,Less work with returns.,Prices that differ by region.,A faster close of the books.}') ELSE l.need END,
    budget = CASE WHEN m.to_stage = 'sql' THEN round((CASE l.segment WHEN 'large' THEN 60000 WHEN 'middle' THEN 25000 ELSE 9000 END * chance.skewed('budget', m.n, 0.6))::numeric, -2) ELSE l.budget END,
    currency = CASE WHEN m.to_stage = 'sql' THEN 'EUR' ELSE l.currency END,
    decision_by = CASE WHEN m.to_stage = 'sql' THEN m.to_at::date + 20 + floor(200 * chance.even('decision', m.n))::integer ELSE l.decision_by END
FROM chance.move m
WHERE l.id = m.lead_id AND m.to_stage <> 'mql' AND NOT m.is_deal AND NOT m.has_objections;

-- Leads that are handed over, one after the other, each at its time: marketing
-- lets go, the routing rules say whose it is, and whoever gets the first lead
-- of a company answers for the company.
DO $$
DECLARE
    m record;
    present text := pg_catalog.current_setting('leadflow.clock');
BEGIN
    FOR m IN SELECT * FROM chance.move WHERE to_stage = 'mql' ORDER BY to_at, n LOOP
        PERFORM pg_catalog.set_config('leadflow.clock', m.to_at::text, false);
        UPDATE lead l
        SET stage = 'mql',
            stage_since = m.to_at,
            reason = m.reason,
            reason_note = m.note,
            owner = CASE WHEN m.from_stage <> 'lead' THEN l.owner END,
            verified = true,
            email = COALESCE(l.email, lower(replace(l.full_name, ' ', '.')) || m.n || '@mail.example')
        WHERE l.id = m.lead_id;
        UPDATE account a
        SET owner = l.owner
        FROM lead l
        WHERE l.id = m.lead_id AND a.id = l.account_id AND a.owner IS NULL;
    END LOOP;
    PERFORM pg_catalog.set_config('leadflow.clock', present, false);
END $$;

-- A verdict in words moves its lead by itself.
INSERT INTO verdict (lead_id, verdict, at, stage, reason, note, narrative, objections)
SELECT m.lead_id, 'rejected', m.to_at, m.to_stage::stage, m.reason, m.note,
       CASE WHEN m.to_stage = 'nurture' THEN chance.narrative(m.reason, l.need) END,
       ARRAY[chance.pick('objection 1' || m.steps, m.n, o.objections), chance.pick('objection 2' || m.steps, m.n, o.objections)]
FROM chance.move m
JOIN lead l ON l.id = m.lead_id
JOIN chance.objection o ON o.reason = m.reason
WHERE m.has_objections AND m.to_stage IS NOT NULL
ORDER BY m.to_at, m.n;

-- Whoever goes on later than planned decides later than planned.
UPDATE lead l
SET decision_by = m.to_at::date + 60
FROM chance.move m
WHERE l.id = m.lead_id AND m.is_deal AND m.to_stage NOT IN ('lost', 'churned') AND l.decision_by < m.to_at::date;

-- A deal that begins, and takes its lead along.
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, account_id, lead_id, campaign_id, name,
                         amount, recurring, currency, origin, segment, territory, owner)
SELECT 'crm', format('O%s-%s', lpad(m.n::text, 6, '0'), m.steps), 'opportunity', m.to_at, m.to_at, l.account_id, l.id, l.campaign_id,
       COALESCE(a.name, l.full_name) || ': ' || lower(l.need),
       x.amount,
       -- most is a subscription, some is work that is done once
       CASE WHEN chance.even('subscribes', m.n) < 0.7 THEN round(x.amount * 0.6, -2) ELSE 0 END,
       'EUR', l.origin, l.segment, l.territory, l.owner
FROM chance.move m
JOIN lead l ON l.id = m.lead_id
LEFT JOIN account a ON a.id = l.account_id
CROSS JOIN LATERAL (SELECT round((l.budget * (0.7 + 0.5 * chance.even('amount', m.n)::numeric)), -2) AS amount) x
WHERE m.to_stage = 'opportunity'
ORDER BY m.to_at, m.n;

-- A deal that goes on.
UPDATE opportunity o
SET stage = m.to_stage::stage,
    stage_since = m.to_at,
    reason = m.reason,
    reason_note = m.note,
    expected_close = CASE WHEN m.to_stage = 'proposal' THEN m.to_at::date + 45 ELSE o.expected_close END
FROM chance.move m
WHERE o.id = m.opportunity_id AND m.to_stage IS NOT NULL;

-- A deal does not take its lead out of the path: whoever closes it says so.
UPDATE lead l
SET stage = m.to_stage::stage, stage_since = GREATEST(m.to_at, l.stage_since + interval '1 second'), reason = m.reason, reason_note = m.note
FROM chance.move m
WHERE l.id = m.lead_id AND m.opportunity_id IS NOT NULL AND m.to_stage IN ('lost', 'churned');

UPDATE chance.walk w
SET moving = m.to_stage IS NOT NULL,
    stage = COALESCE(m.to_stage, w.stage),
    woken = m.wakes IS TRUE,
    steps = w.steps + 1,
    at = CASE WHEN m.to_stage IS NULL THEN w.at ELSE m.to_at END,
    next_at = m.to_at,
    opportunity_id = CASE WHEN m.to_stage IN ('lost', 'churned') THEN NULL
                          WHEN m.to_stage = 'opportunity' THEN o.id
                          ELSE w.opportunity_id END
FROM chance.move m
LEFT JOIN opportunity o ON m.to_stage = 'opportunity' AND o.source = 'crm' AND o.external_id = format('O%s-%s', lpad(m.n::text, 6, '0'), m.steps)
WHERE w.lead_id = m.lead_id;

SELECT :step + 1 AS step, :written + :touches AS written, :written + :touches > 15000 AS is_time_to_count,
       pg_catalog.bool_or(to_stage IS NOT NULL) IS TRUE AS goes_on
FROM chance.move \gset
DROP TABLE chance.move;
\if :is_time_to_count
\set written 0
ANALYZE lead, touch, opportunity, sla_clock, stage_event, verdict, assignment;
\endif
\if :goes_on
\ir step.sql
\endif
