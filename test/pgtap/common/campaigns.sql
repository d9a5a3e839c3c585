-- Five campaigns, 256 leads and 12 deals in workspace crm, on 1 July 2026, written past the guard.
ALTER TABLE lead DISABLE TRIGGER USER;
ALTER TABLE opportunity DISABLE TRIGGER USER;
ALTER TABLE touch DISABLE TRIGGER USER;
ALTER TABLE stage_event DISABLE TRIGGER USER;
ALTER TABLE verdict DISABLE TRIGGER USER;
SET leadflow.clock = '2026-07-01 00:00+00';

INSERT INTO team_member (member, team, department) VALUES ('anna', 'inbound', 'sales');
INSERT INTO account (source, name) VALUES ('t', 'Acme');
INSERT INTO campaign (source, name, channel, starts_on, budget, cost, currency) VALUES
    ('t', 'Fair', 'event', '2026-01-05', 3000, 99999, NULL),
    ('t', 'Search', 'search', '2026-01-01', NULL, 500, 'EUR'),
    ('t', 'Freebies', 'social', '2026-01-15', 2000, NULL, 'USD'),
    ('t', 'Future', 'event', '2026-09-01', 100, 100, NULL),
    ('t', 'Quiet', NULL, NULL, NULL, NULL, NULL);
INSERT INTO exchange_rate VALUES ('USD', '2026-01-01', 0.5), ('USD', '2026-02-01', 0.9);
INSERT INTO campaign_cost (campaign_id, spent_on, cost, currency) VALUES
    (1, '2026-01-10', 1000, NULL), (1, '2026-02-10', 1000, 'USD'), (1, '2026-03-10', 500, 'CHF'), (1, '2026-08-01', 7777, 'EUR'), (3, '2026-01-15', 3000, 'EUR');

-- leads: 1 to 12 of the fair, 13 to 52 of the search, 53 to 252 of the freebies, 253 quiet, 254 without a campaign;
-- 255 is spam of the search, 256 was merged into 13
CREATE TEMP TABLE step (lead_id bigint, stage text, at timestamptz);
INSERT INTO step SELECT n, 'lead', CASE WHEN n = 254 THEN '2025-11-01' WHEN n IN (11, 12) THEN '2026-06-20' ELSE '2026-01-10' END::timestamptz FROM generate_series(1, 256) n;
INSERT INTO step SELECT n, 'mql', timestamptz '2026-01-15' FROM unnest('{1,2,3,4,13,14,15,16,255}'::int[]) n;
INSERT INTO step SELECT n, 'opportunity', timestamptz '2026-01-20' FROM unnest('{1,2,3,4,13,14,15,16,255}'::int[]) n;
INSERT INTO step SELECT n, 'won', timestamptz '2026-02-09' FROM unnest('{3,13,14,15,16,255}'::int[]) n;
INSERT INTO step VALUES (4, 'lost', '2026-02-20'), (254, 'won', '2025-12-01');
INSERT INTO lead (stage_since, created_at, updated_at, stage, source, external_id, full_name, campaign_id, account_id, owner, origin, reason, merged_into)
SELECT timestamptz '2026-01-10', timestamptz '2026-01-10', timestamptz '2026-01-10', CASE WHEN n = 255 THEN 'disqualified' ELSE 'lead' END::leadflow.stage, 't', n, 'L ' || n,
       CASE WHEN n <= 12 THEN 1 WHEN n <= 52 OR n > 254 THEN 2 WHEN n <= 252 THEN 3 WHEN n = 253 THEN 5 END, CASE WHEN n IN (3, 254) THEN 1 END,
       CASE WHEN n = 5 THEN 'anna' END, CASE WHEN n BETWEEN 53 AND 252 THEN 'social' WHEN n <= 12 THEN 'event' ELSE 'web' END,
       CASE WHEN n = 255 THEN 'spam' END, CASE WHEN n = 256 THEN 13 END
FROM generate_series(1, 256) n ORDER BY n;
INSERT INTO stage_event (at, recorded_at, lead_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, campaign_id, origin, owner)
SELECT s.at, s.at, s.lead_id, 1, false, 'lead', lag(s.stage::leadflow.stage) OVER (PARTITION BY s.lead_id ORDER BY s.at), s.stage::leadflow.stage, 'x', 'x', '*', l.campaign_id, l.origin,
       CASE WHEN s.lead_id <= 4 THEN 'anna' END
FROM step s JOIN lead l ON l.id = s.lead_id ORDER BY s.at, s.lead_id;
-- the present campaign of a lead does not change where it came from
UPDATE lead SET campaign_id = 3 WHERE id = 20;

-- deals: 1 and 2 open, 3 of a buyer that bought before, 4 lost, 5 to 8 of the search, 9 the first one of Acme, 10 spam, 11 opened in error, 12 of the freebies without a value
CREATE TEMP TABLE deal_step (id bigint, lead_id bigint, amount numeric, currency text, stage text, at timestamptz);
INSERT INTO deal_step VALUES
    (1, 1, 20000, NULL, 'opportunity', '2026-01-20'), (2, 2, 20000, NULL, 'opportunity', '2026-01-20'),
    (3, 3, 5000, NULL, 'opportunity', '2026-01-20'), (3, 3, 5000, NULL, 'won', '2026-02-09'),
    (4, 4, 3000, NULL, 'opportunity', '2026-01-20'), (4, 4, 3000, NULL, 'lost', '2026-02-20'),
    (5, 13, 1000, NULL, 'opportunity', '2026-01-20'), (5, 13, 1000, NULL, 'won', '2026-02-09'),
    (6, 14, 1000, NULL, 'opportunity', '2026-01-20'), (6, 14, 1000, NULL, 'won', '2026-02-09'),
    (7, 15, 1000, NULL, 'opportunity', '2026-01-20'), (7, 15, 1000, NULL, 'won', '2026-02-09'),
    (8, 16, 1000, 'USD', 'opportunity', '2026-01-20'), (8, 16, 1000, 'USD', 'won', '2026-02-09'),
    (9, 254, 100, NULL, 'opportunity', '2025-11-15'), (9, 254, 100, NULL, 'won', '2025-12-01'),
    (10, 255, 9999, NULL, 'won', '2026-02-09'), (11, 13, 8888, NULL, 'disqualified', '2026-02-01'),
    (12, 60, NULL, NULL, 'opportunity', '2026-03-01');
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, source, external_id, lead_id, name, amount, currency)
SELECT max(at), min(at), max(at), (array_agg(stage ORDER BY at DESC))[1]::leadflow.stage, 't', id, lead_id, 'D ' || id, amount, currency
FROM deal_step GROUP BY id, lead_id, amount, currency ORDER BY id;
INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, implied, subject, from_stage, to_stage, session_actor, actor, variant, amount, currency)
SELECT at, at, lead_id, id, 1, false, 'opportunity', lag(stage::leadflow.stage) OVER (PARTITION BY id ORDER BY at), stage::leadflow.stage, 'x', 'x', '*', amount, currency
FROM deal_step ORDER BY at, id;
INSERT INTO touch (at, lead_id, kind, direction, channel, content) VALUES
    ('2026-01-16', 1, 'call', 'outbound', 'phone', NULL), ('2026-01-17', 1, 'call', 'inbound', 'phone', NULL),
    ('2026-01-16', 2, 'call', 'outbound', 'phone', NULL), ('2026-01-20', 3, 'call', 'outbound', 'phone', NULL),
    ('2026-01-12', 13, 'content_download', 'inbound', 'web', 'Paper'), ('2026-01-12', 20, 'content_download', 'inbound', 'web', 'Paper'),
    ('2026-01-18', 13, 'demo_request', 'inbound', 'web', NULL), ('2026-06-25', 21, 'content_download', 'inbound', 'web', 'Paper'),
    ('2026-01-12', 255, 'content_download', 'inbound', 'web', 'Paper'), ('2026-08-01', 22, 'content_download', 'inbound', 'web', 'Paper');
INSERT INTO touch (at, lead_id, kind, direction, content) SELECT timestamptz '2026-01-11', n, 'content_download', 'inbound', 'Voucher' FROM generate_series(53, 252) n;
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, stage, variant) VALUES
    (13, 'accepted', '2026-01-19', '2026-01-15', 'sal', '*'), (4, 'rejected', '2026-02-20', '2026-01-15', 'lost', '*');
INSERT INTO sla_clock (policy, metric, lead_id, variant, started_at, due_at, stopped_at, target, started_by, definition_version) VALUES
    ('new_mql', 'first_response', 1, '*', '2026-01-15', '2026-01-16', '2026-01-16', '24:00', 'stage mql', 1),
    ('new_mql', 'first_response', 3, '*', '2026-01-15', '2026-01-16', '2026-01-20', '24:00', 'stage mql', 1),
    ('new_mql', 'first_response', 4, '*', '2026-01-15', '2026-01-16', NULL, '24:00', 'stage mql', 1),
    ('new_mql', 'first_response', 14, '*', '2026-06-30 12:00', '2026-07-01 12:00', NULL, '24:00', 'stage mql', 1);
