-- rescore.sql
--   What rescore.sh works on: a workspace with the b2b agreement, its leads,
--   and ten touches of each.  psql variable: leads.
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace('crm');
SET search_path = crm;

-- history is not judged here
SET session_replication_role = replica;
INSERT INTO account (source, name, employees) SELECT 'bench', 'account ' || i, i % 900 FROM generate_series(1, :leads / 10) i;
INSERT INTO lead (stage_since, created_at, updated_at, source, full_name, email, role, budget, account_id, stage, furthest_stage, origin, verified)
SELECT '2026-01-01', '2026-01-01', '2026-01-01', 'bench', 'lead ' || i, 'lead' || i || '@example.com',
       (ARRAY['CTO', 'clerk', 'Head of sales', NULL])[1 + i % 4], i % 1000, 1 + i % (:leads / 10), 'lead', 'lead', 'web', i % 2 = 0
FROM generate_series(1, :leads) i;
INSERT INTO touch (lead_id, kind, direction, at, content)
SELECT 1 + i::bigint * 7919 % :leads, (ARRAY['web_visit', 'web_visit', 'content_download', 'email_click', 'form_submit', 'demo_request', 'web_visit'])[1 + i % 7],
       'inbound', timestamptz '2026-03-01' - (i % 90) * interval '1 day', 'content ' || i % 50
FROM generate_series(1, :leads * 10) i;
SET session_replication_role = origin;
VACUUM ANALYZE account;
VACUUM ANALYZE lead;
VACUUM ANALYZE touch;

-- some that will become MQLs, one by one
CREATE TABLE public.move AS SELECT id FROM lead ORDER BY id LIMIT 20000;
