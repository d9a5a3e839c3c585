-- The monthly review of deals: what is open, what was said of it, what moved and what is due.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();
\ir common/rows_of.sql
\ir common/tried.sql

SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
DELETE FROM standard;
SET leadflow.clock = '2026-03-01 09:00';
INSERT INTO lead (source, external_id, stage) SELECT 't', n::text, 'sql' FROM generate_series(1, 4) n;
INSERT INTO opportunity (source, external_id, name, lead_id, stage, amount, expected_close, owner)
SELECT 't', id::text, chr(64 + id::int), id, 'opportunity', 1000 * id, '2026-04-20', 'anna' FROM lead l WHERE id < 4 ORDER BY l.id;
SET leadflow.clock = '2026-04-01 09:00';
UPDATE opportunity SET stage = 'proposal', amount = 2500 WHERE name = 'B';
INSERT INTO touch (lead_id, at, kind, direction) VALUES (2, '2026-04-02', 'call', 'outbound'), (2, '2026-04-12', 'meeting', 'outbound');
SET leadflow.clock = '2026-04-05 09:00';
INSERT INTO opportunity (source, external_id, name, lead_id, stage, amount, owner) SELECT 't', '4', 'D', id, 'opportunity', 50, 'bert' FROM lead WHERE id = 4;
INSERT INTO deal_plan (opportunity_id, priority, obstacle, next_step, next_step_on, needs) SELECT id, true, 'no reference in their trade', 'send the case', '2026-04-10', '{content,reference}' FROM opportunity WHERE name = 'D';
INSERT INTO deal_plan (opportunity_id, closing_plan, reviewed_on) SELECT id, 'two visits', '2026-03-10' FROM opportunity WHERE name = 'A';
UPDATE opportunity SET stage = 'lost', reason = 'no_budget' WHERE name = 'C';

SET leadflow.clock = '2026-04-25 09:00';
SELECT results_eq($$SELECT rows_of('SELECT name, priority, stage, stage_month_ago, amount_moved, slipped_days, last_touch_at::date, needs, next_step_on, step_overdue, reviewed_on, review_due FROM deal_review ORDER BY name')$$, ARRAY[
    'A,f,opportunity,opportunity,0.00,5,,"",,f,2026-03-10,t', 'B,f,proposal,opportunity,500.00,5,2026-04-12,,,f,,t',
    'D,t,opportunity,,,,,"content, reference",2026-04-10,t,2026-04-05,f'], 'open deals');
SELECT is((SELECT string_agg(name, '' ) FROM deal_review), 'DAB', 'priority first, then by weighted value, where there is one');
SELECT results_eq('SELECT opportunity_id, value, weighted_value FROM deal_review ORDER BY 1', 'SELECT opportunity_id, value, weighted_value FROM pipeline_deals ORDER BY 1', 'as in pipeline_deals');
SET leadflow.clock = '2026-04-10 23:59:59';
SELECT results_eq($$SELECT rows_of('SELECT name, step_overdue, last_touch_at::date FROM deal_review WHERE name IN (''B'', ''D'') ORDER BY name')$$, ARRAY['B,f,2026-04-02', 'D,f,'], 'a step is not overdue on its day');
SELECT is(tried(format('INSERT INTO deal_plan (opportunity_id, %s) SELECT id, %s FROM opportunity WHERE name = ''B''', columns, given)), state, label)
  FROM (VALUES ('needs', $$'{money}'$$, '23514 needs_known', 'a need that nobody knows'), ('next_step', $$'call'$$, '23514 step_with_a_day', 'a step without a day'),
               ('next_step_on', $$'2026-05-01'$$, '23514 step_with_a_day', 'a day without a step'), ('obstacle', $$''$$, '23514 deal_plan_obstacle_check', 'an empty obstacle'),
               ('priority', 'true', '00000', 'a plan')) v (columns, given, state, label);
CREATE ROLE review_sales;
CREATE ROLE review_reader;
SELECT leadflow.grant_workspace('crm', 'review_sales', 'sales'), leadflow.grant_workspace('crm', 'review_reader', 'read') \g /dev/null
SELECT is(has_table_privilege('review_sales', 'crm.deal_plan', 'INSERT, UPDATE') AND NOT has_table_privilege('review_sales', 'crm.deal_plan', 'DELETE'), true, 'sales writes plans');
SELECT is(has_table_privilege('review_reader', 'crm.deal_plan', 'SELECT') OR NOT has_table_privilege('review_reader', 'crm.deal_review', 'SELECT'), false, 'who reads reports reads the review, not the table');
SELECT * FROM finish();
ROLLBACK;
