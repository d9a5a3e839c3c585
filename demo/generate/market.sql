/*
 * market.sql: the companies, what they are seen to look for, and the campaigns
 * of the year.
 */
INSERT INTO account (source, external_id, name, domain, industry, segment, territory, country, employees, owner, created_at, updated_at)
SELECT 'crm',
       format('A%s', lpad(n::text, 5, '0')),
       x.name,
       lower(replace(x.name, ' ', '-')) || '.example',
       chance.pick('industry', n, '{Manufacturing,Manufacturing,Logistics,Retail,Software,Finance,Health,Energy,Education}'),
       CASE WHEN x.employees < 100 THEN 'small' WHEN x.employees < 1000 THEN 'middle' ELSE 'large' END,
       x.territory,
       CASE x.territory
            WHEN 'Europe' THEN chance.pick('country', n, '{PL,PL,PL,DE,DE,CZ,FR,GB,NL,SE}')
            ELSE chance.pick('country', n, '{US,US,US,US,CA,MX}') END,
       x.employees,
       -- the larger ones have had their seller for long
       CASE WHEN x.employees < 100 THEN NULL
            WHEN x.territory = 'Europe' THEN chance.pick('seller', n, '{k.wojcik,m.lewandowski,e.schulz,t.novotny,j.kaminska}')
            ELSE chance.pick('seller', n, '{r.bennett,l.ortiz,s.patel,b.walsh}') END,
       x.created_at,
       x.created_at
FROM (SELECT n,
             chance.pick('name 1', n, '{Amber,Baltic,Cobalt,Delta,Elm,Falcon,Granite,Harbor,Iris,Jasper,Kestrel,Linden,Meridian,Nimbus,Onyx,Pioneer,Quartz,River,Summit,Tundra,Umbra,Vertex,Willow,Zenith}')
                 || ' ' || chance.pick('name 2', n, '{Works,Logistics,Systems,Foods,Energy,Partners,Labs,Motors,Textiles,Clinics,Press,Tools,Freight,Glass,Paper,Steel}')
                 || ' ' || n AS name,
             CASE WHEN chance.even('territory', n) < 0.6 THEN 'Europe' ELSE 'Americas' END AS territory,
             5 + floor(120 * chance.skewed('employees', n, 1.5))::integer AS employees,
             timestamptz '2025-09-30' - floor(chance.even('account age', n) * 900) * interval '1 day' AS created_at
      FROM generate_series(1, :accounts) n) x
ORDER BY n;
\echo :ROW_COUNT 'accounts'

-- Some companies compare what is on offer: a few signs within a few weeks.
INSERT INTO intent_signal (source, external_id, at, recorded_at, account_id, topic, strength, channel)
SELECT 'analytics', format('I%s-%s', lpad(c.n::text, 5, '0'), g.n), x.at, x.at, c.id,
       chance.pick('topic', c.n, '{pricing,pricing,competitor,implementation}'),
       chance.pick('strength' || g.n, c.n, '{0.5,1,1,1,2}')::numeric,
       chance.pick('seen in' || g.n, c.n, '{analytics,analytics,review,social,forum}')
FROM (SELECT a.id, substr(a.external_id, 2)::integer AS n, a.employees FROM account a) c
CROSS JOIN generate_series(1, 6) g (n)
CROSS JOIN LATERAL (SELECT timestamptz '2025-10-01' + interval '1 day' * (365 * chance.even('looks', c.n) + 25 * chance.even('looks at' || g.n, c.n)) AS at) x
WHERE chance.even('interested', c.n) < CASE WHEN c.employees < 50 THEN 0.05 WHEN c.employees < 500 THEN 0.12 ELSE 0.25 END
    AND g.n <= 2 + 5 * chance.even('signs', c.n) AND x.at <= clock()
ORDER BY x.at, c.n;
\echo :ROW_COUNT 'signals of intent'

INSERT INTO campaign (source, external_id, name, channel, starts_on, ends_on, budget, cost, currency, owner, attributes, created_at)
SELECT 'ads', format('C%s', lpad(row_number() OVER (ORDER BY q.starts_on, o.origin)::text, 3, '0')),
       format('%s %s Q%s', o.label, date_part('year', q.starts_on), date_part('quarter', q.starts_on)),
       o.channel, q.starts_on::date, (q.starts_on + interval '3 months - 1 day')::date, o.cost,
       round((o.cost * (0.85 + 0.3 * chance.even('cost' || o.origin, q.n)))::numeric, 2), 'EUR', o.owner,
       jsonb_build_object('origin', o.origin), q.starts_on - interval '14 days'
FROM (VALUES ('paid_search', 'Paid search', 'paid_search', 45000, 'p.zielinski'),
             ('social', 'Social', 'social', 28000, 'g.ross'),
             ('email', 'Newsletter', 'email', 6000, 'p.zielinski'),
             ('webinar', 'Webinars', 'webinar', 9000, 'd.kim')) o (origin, label, channel, cost, owner)
CROSS JOIN (SELECT n, timestamptz '2025-10-01' + n * interval '3 months' AS starts_on FROM generate_series(0, 3) n) q
UNION ALL
SELECT 'ads', f.external_id, f.name, 'event', f.starts_on, f.starts_on + 2, f.cost, f.cost, 'EUR', 'd.kim',
       '{"origin": "event"}', f.starts_on - 60 + time '09:00' AT TIME ZONE 'UTC'
FROM (VALUES ('F001', 'Trade fair Berlin', date '2025-11-18', 60000),
             ('F002', 'Trade fair Boston', date '2026-03-10', 72000),
             ('F003', 'Trade fair Warsaw', date '2026-05-19', 38000),
             ('F004', 'Trade fair Chicago', date '2026-09-15', 70000)) f (external_id, name, starts_on, cost);
\echo :ROW_COUNT 'campaigns'

-- What they cost, week by week, as the invoices say: the fairs in America in dollars.
INSERT INTO exchange_rate (currency, valid_from, rate) VALUES
    ('USD', '2025-10-01', 0.86), ('USD', '2026-01-01', 0.85), ('USD', '2026-04-01', 0.87), ('USD', '2026-07-01', 0.86);
INSERT INTO campaign_cost (campaign_id, spent_on, cost, currency, kind, source, external_id)
SELECT c.id, w.day::date, round(c.cost / w.weeks / CASE WHEN c.name ~ 'Boston|Chicago' THEN 0.86 ELSE 1 END, 2),
       CASE WHEN c.name ~ 'Boston|Chicago' THEN 'USD' ELSE c.currency END,
       CASE WHEN c.channel = 'event' THEN 'event' ELSE 'media' END, 'ads', format('%s-%s', c.external_id, to_char(w.day, 'YYYYMMDD'))
FROM campaign c
CROSS JOIN LATERAL (SELECT day, pg_catalog.count(*) OVER () AS weeks
                    FROM generate_series(c.starts_on - CASE c.channel WHEN 'event' THEN 28 ELSE 0 END, c.ends_on, interval '7 days') day) w
ORDER BY w.day, c.id;
\echo :ROW_COUNT 'lines of cost'

-- What both departments agreed to reach, quarter by quarter; and what the teams
-- take upon themselves of it.
INSERT INTO target (metric, starts_on, ends_on, value, agreed_on, note)
SELECT t.metric, q.starts_on, (q.starts_on + interval '3 months - 1 day')::date, t.value * q.growth, q.starts_on - 16, t.note
FROM (VALUES (date '2026-01-01', 0.6), ('2026-04-01', 0.8), ('2026-07-01', 1.0), ('2026-10-01', 1.1)) q (starts_on, growth)
CROSS JOIN (VALUES ('revenue', 7000000, 'both departments, after the review of the quarter'), ('new_revenue', 4500000, 'of new customers'),
                   ('sal', 1000, 'marketing, as far as sales accepts them')) t (metric, value, note);
INSERT INTO target (metric, starts_on, ends_on, team, value, agreed_on) VALUES
    ('revenue', '2026-10-01', '2026-12-31', 'Sales Warsaw', 4400000, '2026-09-15'),
    ('revenue', '2026-10-01', '2026-12-31', 'Sales New York', 3300000, '2026-09-15');
