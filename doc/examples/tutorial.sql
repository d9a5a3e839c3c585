/*
 * tutorial.sql: the business of doc/tutorial.md, from :from to :until, made up.
 *
 * People come, marketing hands over whoever meets the standard of that day,
 * sales calls, accepts or rejects, and sells. What looks random is computed
 * from the numbers of the leads, so it is the same every time. What the
 * tutorial finds is planted here:
 *
 * - from 4 May on the template pack brings many owners of small companies, who
 *   download it, follow a link in an e-mail, and have no budget;
 * - a seller who got more than 50 leads within seven days calls late, and some
 *   have bought elsewhere by then.
 */
SET client_min_messages = warning;
SET search_path = crm, leadflow, pg_catalog;
SET jit = off;

-- Evenly spread from 0 to less than 1, for a purpose and a number.
CREATE OR REPLACE FUNCTION pg_temp.chance(purpose text, n text) RETURNS numeric LANGUAGE sql IMMUTABLE
    AS $$ SELECT ('x' || substr(md5(purpose || n), 1, 7))::bit(28)::integer / 268435456.0 $$;
CREATE OR REPLACE FUNCTION pg_temp.pick(purpose text, n text, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT choices[1 + floor(pg_temp.chance(purpose, n) * cardinality(choices))::integer] $$;

-- Who comes.
CREATE TEMPORARY TABLE arrival AS
SELECT n, k > 26 AS by_template,
       (day + interval '8 hours' + interval '1 second' * floor(32400 * pg_temp.chance('hour', n)))::timestamptz AS at
FROM generate_series(:'from'::date::timestamp, :'until'::timestamp - interval '1 second', '1 day') day
CROSS JOIN LATERAL generate_series(1, CASE WHEN date_part('isodow', day) > 5 THEN 8 WHEN day < '2026-05-04' THEN 26 ELSE 42 END) k
CROSS JOIN LATERAL (SELECT to_char(day, 'MMDD') || lpad(k::text, 2, '0') AS n) i;

SET leadflow.clock = :'until';
SET tutorial.since = :'from';
INSERT INTO lead (source, external_id, stage, stage_since, created_at, full_name, email, role, verified, origin, campaign_id, segment)
SELECT 'web', a.n, 'lead', a.at, a.at, f.name, lower(replace(f.name, ' ', '.')) || a.n || '@mail.example',
       CASE WHEN a.by_template AND pg_temp.chance('role', a.n) < 0.8 THEN 'Owner'
            WHEN pg_temp.chance('role', a.n) < 0.8 THEN pg_temp.pick('title', a.n, '{CEO,Head of Operations,IT Director,Purchasing Manager}')
            ELSE pg_temp.pick('title', a.n, '{Student,Consultant,Assistant}') END,
       pg_temp.chance('verified', a.n) < 0.9, c.origin, c.id,
       CASE WHEN pg_temp.chance('segment', a.n) < s.small THEN 'small' WHEN pg_temp.chance('segment', a.n) < s.middle THEN 'middle' ELSE 'large' END
FROM arrival a
CROSS JOIN LATERAL (SELECT pg_temp.pick('first', a.n, '{Adam,Beata,Carla,Daniel,Elena,Filip,Grace,Hanna,Igor,Jana}') || ' '
                        || pg_temp.pick('last', a.n, '{Adler,Dudek,Evans,Fischer,Horvat,Kowal,Lang,Novak,Rossi,Zimmer}') AS name) f
CROSS JOIN LATERAL (SELECT CASE WHEN a.by_template THEN 0.85 ELSE 0.30 END AS small, CASE WHEN a.by_template THEN 0.97 ELSE 0.75 END AS middle) s
JOIN (SELECT id, attributes ->> 'origin' AS origin FROM campaign) c
    ON c.origin = CASE WHEN a.by_template THEN 'social' ELSE pg_temp.pick('origin', a.n, '{paid_search,paid_search,referral,email}') END
ORDER BY a.at, a.n;

-- What they do: most give two signs of interest, some try the product.
INSERT INTO touch (lead_id, at, recorded_at, kind, channel, direction, campaign_id)
SELECT l.id, s.at, s.at, s.kind, 'web', 'inbound', l.campaign_id
FROM arrival a
JOIN lead l ON l.source = 'web' AND l.external_id = a.n
CROSS JOIN LATERAL (VALUES
    (1, a.at, CASE WHEN a.by_template THEN 'content_download' ELSE 'web_visit' END, 1.0),
    (2, a.at + interval '1 hour' * (1 + 20 * pg_temp.chance('second', a.n)), CASE WHEN a.by_template THEN 'email_click' ELSE 'form_submit' END, 0.72),
    (3, a.at + interval '1 hour' * (2 + 20 * pg_temp.chance('second', a.n)), 'trial_started', CASE WHEN a.by_template THEN 0.10 ELSE 0.35 END)) s (place, at, kind, share)
WHERE pg_temp.chance('sign' || s.place, a.n) < s.share AND s.at <= clock()
ORDER BY s.at, l.id;
DROP TABLE arrival;
ANALYZE lead, touch;

-- Marketing hands over, after each sign of interest, whoever meets the standard of that day.
CREATE TEMPORARY TABLE sign AS
SELECT t.id, t.lead_id, next_open(b.calendar, t.at + interval '30 minutes') AS at
FROM touch t
JOIN lead l ON l.id = t.lead_id
JOIN business_calendar b ON b.code = 'default'
WHERE l.stage = 'lead' AND t.direction = 'inbound';
DO $$
DECLARE
    present text := current_setting('leadflow.clock');
    sign record;
BEGIN
    FOR sign IN SELECT * FROM sign WHERE at > current_setting('tutorial.since')::timestamptz AND at <= clock() ORDER BY at, id LOOP
        PERFORM set_config('leadflow.clock', sign.at::text, false);
        UPDATE lead
        SET stage = 'mql'
        WHERE id = sign.lead_id AND stage = 'lead' AND NOT EXISTS (SELECT FROM explain('crm', sign.lead_id, 'mql') e WHERE NOT e.met);
    END LOOP;
    PERFORM set_config('leadflow.clock', present, false);
END $$;
DROP TABLE sign;
ANALYZE stage_event, sla_clock, assignment;

-- Sales calls: within hours, or, with too many leads at once, within days.
CREATE TEMPORARY TABLE call AS
SELECT l.id, l.owner, add_worktime(b.calendar, l.stage_since,
           CASE WHEN q.leads > 50 THEN interval '11 hours' + interval '16 hours' * pg_temp.chance('late', l.external_id)
                ELSE interval '10 minutes' + interval '6 hours' * pg_temp.chance('call', l.external_id) END) AS at
FROM lead l
JOIN business_calendar b ON b.code = 'default'
CROSS JOIN LATERAL (SELECT count(*) AS leads FROM assignment a WHERE a.owner = l.owner AND a.at <= l.stage_since AND a.at > l.stage_since - interval '7 days') q
WHERE l.stage = 'mql';
INSERT INTO touch (lead_id, at, recorded_at, kind, channel, direction, actor)
SELECT id, at, at, 'call', 'phone', 'outbound', owner FROM call WHERE at <= clock() ORDER BY at, id;
UPDATE lead l SET stage = 'contacted', stage_since = c.at FROM call c WHERE c.id = l.id AND c.at <= clock();
DROP TABLE call;

-- The verdict: small companies that have not tried the product have no budget,
-- and who was called late may have bought elsewhere.
CREATE TEMPORARY TABLE decision AS
SELECT l.id, l.segment, l.external_id AS n, add_worktime(b.calendar, l.stage_since, interval '2 hours' + interval '12 hours' * pg_temp.chance('verdict', l.external_id)) AS at,
       pg_temp.chance('wish', l.external_id) < w.wants AS wants,
       worktime(b.calendar, e.at, l.stage_since) > '8 hours' AND pg_temp.chance('gone', l.external_id) < 0.4 AS is_gone
FROM lead l
JOIN business_calendar b ON b.code = 'default'
JOIN stage_event e ON e.lead_id = l.id AND e.to_stage = 'mql'
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM touch t WHERE t.lead_id = l.id AND t.kind = 'trial_started') AS tried) t
CROSS JOIN LATERAL (SELECT CASE WHEN l.segment = 'small' AND NOT t.tried THEN 0.15 WHEN l.segment = 'small' THEN 0.65 ELSE 0.75 END AS wants) w
WHERE l.stage = 'contacted';
UPDATE lead l
SET stage = r.stage::stage, stage_since = d.at, reason = r.reason,
    reason_note = CASE r.reason WHEN 'competitor' THEN 'had bought elsewhere before we called' END,
    narrative = CASE r.stage WHEN 'nurture' THEN 'ask again next year' END,
    why_now = 'a contract ends', promised = 'nothing', evidence = 'see the signs of interest'
FROM decision d
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.wants AND d.is_gone THEN 'competitor'
                WHEN d.wants THEN NULL
                WHEN d.segment = 'small' THEN pg_temp.pick('why', d.n, '{no_budget,no_budget,no_budget,not_target}')
                ELSE pg_temp.pick('why', d.n, '{not_now,no_need,wrong_role}') END AS reason) w
CROSS JOIN LATERAL (
    SELECT w.reason, CASE w.reason WHEN 'competitor' THEN 'lost' WHEN 'not_target' THEN 'disqualified' ELSE CASE WHEN w.reason IS NULL THEN 'sal' ELSE 'nurture' END END AS stage) r
WHERE d.id = l.id AND d.at <= clock();
DROP TABLE decision;

-- Two of three that were accepted have a need, a budget and a time frame.
UPDATE lead l
SET stage = 'sql', stage_since = s.at, need = 'Fewer returns.', currency = 'EUR', decision_by = s.at::date + 60,
    budget = CASE l.segment WHEN 'large' THEN 24000 WHEN 'middle' THEN 9000 ELSE 2000 END
FROM (SELECT l.id, add_worktime(b.calendar, l.stage_since, interval '8 hours' + interval '24 hours' * pg_temp.chance('sql', l.external_id)) AS at
      FROM lead l JOIN business_calendar b ON b.code = 'default'
      WHERE l.stage = 'sal' AND pg_temp.chance('is sql', l.external_id) < 0.67) s
WHERE s.id = l.id AND s.at <= clock();

-- Every third of them becomes a customer, two or three weeks later.
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, lead_id, campaign_id, name, amount, currency, expected_close, origin, segment, owner)
SELECT 'crm', l.external_id, 'opportunity', o.at, o.at, l.id, l.campaign_id, l.full_name, l.budget, 'EUR', o.at::date + 21, l.origin, l.segment, l.owner
FROM lead l
JOIN business_calendar b ON b.code = 'default'
CROSS JOIN LATERAL (SELECT add_worktime(b.calendar, l.stage_since, interval '4 hours' + interval '12 hours' * pg_temp.chance('deal', l.external_id)) AS at) o
WHERE l.stage = 'sql' AND o.at <= clock() AND pg_temp.chance('is deal', l.external_id) < 0.75
ORDER BY o.at, l.id;
UPDATE opportunity o
SET stage = CASE WHEN w.reason IS NULL THEN 'won' ELSE 'lost' END::stage, stage_since = w.at, reason = w.reason
FROM (SELECT o.id, add_worktime(b.calendar, o.stage_since, interval '80 hours' + interval '50 hours' * pg_temp.chance('close', o.external_id)) AS at,
             CASE WHEN pg_temp.chance('won', o.external_id) < 0.45 THEN NULL ELSE 'no_decision' END AS reason
      FROM opportunity o JOIN business_calendar b ON b.code = 'default'
      WHERE o.stage = 'opportunity') w
WHERE w.id = o.id AND w.at <= clock();
RESET client_min_messages;
RESET search_path;
ANALYZE;
