/*
 * leads.sql: who comes, when, from where and with what in mind.
 */

-- How busy each day is: weekends, seasons, growth, and the trade fairs.
CREATE TABLE chance.day AS
SELECT d.day::date AS day,
       f.id AS fair_id,
       date_part('isodow', d.day) = 4 AND date_part('week', d.day)::integer % 2 = 0 AS is_webinar,
       sum(d.weight + CASE WHEN f.id IS NULL THEN 0 ELSE 2.5 END) OVER (ORDER BY d.day) AS up_to
FROM (SELECT day,
             CASE date_part('isodow', day) WHEN 6 THEN 0.35 WHEN 7 THEN 0.3 ELSE 1 END
             * (ARRAY[1.0, 1.05, 1.2, 1.1, 1.05, 0.95, 0.75, 0.7, 1.25, 1.05, 1.2, 0.75])[date_part('month', day)::integer]
             * (1 + 0.3 * (day::date - date '2025-10-01') / 365) AS weight
      FROM generate_series(timestamp '2025-10-01', timestamp '2026-09-30', interval '1 day') day) d
LEFT JOIN campaign f ON f.channel = 'event' AND d.day BETWEEN f.starts_on AND f.ends_on;

CREATE TABLE chance.person AS
WITH arrival AS (
    SELECT n, d.day, d.fair_id, d.is_webinar,
           chance.even('day part', n) AS day_part,
           chance.even('origin', n) AS origin,
           CASE WHEN chance.even('no account', n) >= 0.04
                THEN 1 + floor(:accounts * power(chance.even('account', n), 1.7))::integer END AS account
    FROM (SELECT array_agg(up_to ORDER BY day) AS up_to, max(up_to) AS whole FROM chance.day) y
    CROSS JOIN generate_series(1, :leads) n
    JOIN chance.day d ON d.day = date '2025-10-01' + width_bucket((n - 0.5) / :leads * y.whole, y.up_to)
), known AS (
    SELECT a.*,
           c.id AS account_id, c.segment, c.industry, c.domain, c.employees,
           COALESCE(c.territory, chance.pick('territory of lead', a.n, '{Europe,Europe,Americas}')) AS territory,
           CASE WHEN a.fair_id IS NOT NULL AND chance.even('at the fair', a.n) < 0.7 THEN 'event'
                WHEN a.is_webinar AND chance.even('at the webinar', a.n) < 0.4 THEN 'webinar'
                WHEN a.origin < 0.30 THEN 'organic_search'
                WHEN a.origin < 0.53 THEN 'paid_search'
                WHEN a.origin < 0.72 THEN 'social'
                WHEN a.origin < 0.83 THEN 'email'
                WHEN a.origin < 0.93 THEN 'referral'
                ELSE 'partner' END AS came_from
    FROM arrival a
    LEFT JOIN account c ON c.source = 'crm' AND c.external_id = format('A%s', lpad(a.account::text, 5, '0'))
), told AS (
    SELECT k.*,
           -- most people write while their offices work, some at night
           timezone(CASE k.territory WHEN 'Europe' THEN 'Europe/Warsaw' ELSE 'America/New_York' END,
                    k.day + time '00:00:00' + interval '1 second' * floor(3600 *
                        CASE WHEN k.day_part < 0.8
                             THEN 8 + 10 * (chance.even('hour 1', k.n) + chance.even('hour 2', k.n)) / 2
                             ELSE 24 * chance.even('hour 3', k.n) END)) AS came_at,
           chance.even('role', k.n) < 0.77 AS in_target,
           chance.pick('target role', k.n, '{CEO,CTO,Head of Operations,Purchasing Manager,IT Director,Founder,VP Sales,Plant Manager}') AS target_role,
           CASE WHEN k.came_from IN ('event', 'webinar') THEN NULL
                WHEN chance.even('request', k.n) < 0.06 THEN 'demo_request'
                WHEN chance.even('request', k.n) < 0.10 THEN 'pricing_request'
                WHEN chance.even('request', k.n) < 0.19 THEN 'contact_request' END AS request
    FROM known k
)
SELECT t.n, t.account_id, t.segment, t.industry, t.territory, t.came_from AS origin, t.came_at, t.in_target, t.request,
       CASE WHEN t.in_target THEN t.target_role
            ELSE chance.pick('other role', t.n, '{Student,Intern,Assistant,Consultant,Developer,Journalist}') END AS role,
       t.fair_id, f.first_name, f.last_name,
       COALESCE(t.domain, lower(f.last_name) || '.example') AS domain,
       -- how well those from there fit, with that title, in a company of that size:
       -- the share of each way is multiplied by it
       (CASE t.came_from WHEN 'referral' THEN 1.45 WHEN 'partner' THEN 1.3 WHEN 'event' THEN 1.1 WHEN 'organic_search' THEN 1.1
                        WHEN 'webinar' THEN 1.0 WHEN 'paid_search' THEN 0.95 WHEN 'email' THEN 0.85 ELSE 0.7 END
           * CASE WHEN t.request IS NOT NULL THEN 1.5 ELSE 1 END
           * CASE WHEN NOT t.in_target THEN 1 WHEN t.target_role LIKE '%Manager' THEN 0.6 ELSE 1.15 END
           * CASE WHEN t.employees < 50 THEN 0.65 WHEN t.employees >= 500 THEN 1.4 ELSE 1 END)::double precision AS fit,
       CASE t.territory WHEN 'Europe' THEN chance.pick('marketer', t.n, '{a.nowak,p.zielinski}')
                        ELSE chance.pick('marketer', t.n, '{g.ross,d.kim}') END AS marketer,
       c.calendar,
       CASE t.came_from WHEN 'event' THEN 'event_attended'
                        WHEN 'webinar' THEN 'webinar_attended'
                        WHEN 'social' THEN chance.pick('first', t.n, '{content_download,social_message,ad_click,form_submit}')
                        WHEN 'email' THEN chance.pick('first', t.n, '{email_click,email_click,content_download}')
                        WHEN 'paid_search' THEN chance.pick('first', t.n, '{ad_click,form_submit,content_download}')
                        WHEN 'organic_search' THEN chance.pick('first', t.n, '{form_submit,content_download,trial_started}')
                        ELSE chance.pick('first', t.n, '{email,call,form_submit}') END AS first_kind
FROM told t
CROSS JOIN LATERAL (SELECT chance.pick('first name', t.n, '{Adam,Agata,Alan,Beata,Carla,Celine,Daniel,Dorota,Elena,Filip,Grace,Hanna,Igor,Jana,Karol,Laura,Maria,Nadia,Oskar,Paula,Quentin,Rosa,Simon,Tamara,Ulla,Victor,Wanda,Yann,Zofia}') AS first_name,
                           chance.pick('last name', t.n, '{Adler,Baker,Cruz,Dudek,Evans,Fischer,Garcia,Horvat,Ivanov,Jensen,Kowal,Lang,Meyer,Novak,Olsen,Pereira,Quinn,Rossi,Sikora,Turner,Urban,Vega,Weber,Young,Zimmer}') AS last_name) f
JOIN business_calendar c ON c.code = CASE t.territory WHEN 'Europe' THEN 'warsaw' ELSE 'new_york' END;
CREATE UNIQUE INDEX ON chance.person (n);
ANALYZE chance.person;

-- A request goes to sales at once; all else waits with marketing.
INSERT INTO lead (source, external_id, stage, stage_since, created_at, account_id, campaign_id, full_name, email, phone, role,
                  origin, segment, industry, territory, owner, urgency, score)
SELECT 'crm',
       format('L%s', lpad(p.n::text, 6, '0')),
       CASE WHEN p.request IS NULL AND p.origin IN ('social', 'email', 'organic_search') AND chance.even('engaged', p.n) < 0.3
            THEN 'engaged' ELSE 'lead' END::stage,
       p.came_at, p.came_at, p.account_id,
       COALESCE(CASE WHEN p.origin = 'event' THEN p.fair_id END, c.id),
       p.first_name || ' ' || p.last_name,
       CASE WHEN chance.even('email', p.n) < 0.97 THEN lower(p.first_name || '.' || p.last_name || p.n || '@' || p.domain) END,
       CASE WHEN chance.even('phone', p.n) < 0.6 THEN format('+%s 555 %s', CASE p.territory WHEN 'Europe' THEN 48 ELSE 1 END, lpad(p.n::text, 6, '0')) END,
       p.role,
       p.origin, p.segment, p.industry, p.territory,
       p.marketer,
       CASE WHEN p.request IN ('demo_request', 'pricing_request') THEN 'hot' ELSE 'normal' END,
       LEAST(100, round((30 * p.fit + 40 * chance.even('score', p.n))::numeric))
FROM chance.person p
LEFT JOIN campaign c ON c.attributes ->> 'origin' = p.origin AND c.channel <> 'event' AND p.came_at::date BETWEEN c.starts_on AND c.ends_on
ORDER BY p.came_at, p.n;
\echo :ROW_COUNT 'leads'

-- Where everybody stands: at first, at the beginning. steps: how many it took;
-- next_at: it takes none before.
CREATE TABLE chance.walk AS
SELECT l.id AS lead_id, substr(l.external_id, 2)::integer AS n, NULL::bigint AS opportunity_id,
       l.stage::text AS stage, false AS woken, 1 AS steps, l.stage_since AS at, l.stage_since AS next_at, true AS moving
FROM lead l;
CREATE UNIQUE INDEX ON chance.walk (lead_id);
ANALYZE lead, chance.walk;

-- What brought them; some had looked around before. The tables of touches and
-- clocks are empty yet, and what is planned for empty tables is slow in full
-- ones: a few come first.
CREATE TABLE chance.beginning AS
SELECT t.at, l.id AS lead_id, l.account_id, l.campaign_id, t.kind, c.channel, chance.content(t.kind, w.n) AS content, w.n <= 500 AS is_first
FROM chance.walk w
JOIN chance.person p ON p.n = w.n
JOIN lead l ON l.id = w.lead_id
CROSS JOIN LATERAL (
    SELECT p.came_at AS at, COALESCE(p.request, p.first_kind) AS kind
    UNION ALL
    SELECT p.came_at - interval '1 second' * floor(40000 * chance.skewed('before', p.n, 1.5)), 'web_visit'
    WHERE p.request IS NOT NULL OR chance.even('looked', p.n) < 0.35) t
JOIN chance.channel c ON c.kind = t.kind;

INSERT INTO touch (at, recorded_at, lead_id, account_id, campaign_id, kind, channel, content, direction, source)
SELECT at, at, lead_id, account_id, campaign_id, kind, channel, content, 'inbound', 'web' FROM chance.beginning WHERE is_first ORDER BY at;
ANALYZE touch, stage_event, sla_clock;
INSERT INTO touch (at, recorded_at, lead_id, account_id, campaign_id, kind, channel, content, direction, source)
SELECT at, at, lead_id, account_id, campaign_id, kind, channel, content, 'inbound', 'web' FROM chance.beginning WHERE NOT is_first ORDER BY at;
\echo :ROW_COUNT 'first touches'
ANALYZE touch, stage_event, sla_clock;
