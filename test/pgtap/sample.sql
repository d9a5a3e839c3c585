-- What is drawn to be looked at together: the same for everybody, one of each kind in turn, and by nothing but the seed.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();
\ir common/tried.sql
\ir common/rows_of.sql

CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08');
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm, public, leadflow;
DELETE FROM standard;
SET leadflow.clock = '2026-06-01';
INSERT INTO lead (source, external_id, full_name, stage, owner) SELECT 't', n::text, 'Lead ' || n, 'mql', 'rep' || n % 3 FROM generate_series(1, 60) n;
INSERT INTO touch (lead_id, at, kind, direction, actor, outcome)
SELECT l.id, '2026-06-01'::timestamptz + (row_number() OVER (ORDER BY l.id) - 1) * interval '1 hour', k, 'outbound', l.owner, 'talked' FROM lead l, unnest('{call,email}'::text[]) k;
SET leadflow.clock = '2026-06-08';

SELECT is((SELECT count(*) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08')), 5::bigint, 'five calls');
SELECT is((SELECT array_agg(DISTINCT t.kind) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 60) s JOIN touch t ON t.id = s.touch_id), '{call}', 'calls only');
SELECT is((SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 6) GROUP BY stratum) x), '2 2 2', 'of each actor as many');
SELECT is((SELECT array_agg(place ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 4)), '{1,2,3,4}', 'in their places');
SELECT is((SELECT array_agg(touch_id ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 4)),
          (SELECT (array_agg(touch_id ORDER BY place))[1:4] FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 40)), 'a smaller sample begins like a larger one');
SELECT isnt((SELECT array_agg(touch_id ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 9, 'a')),
            (SELECT array_agg(touch_id ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 9, 'b')), 'another seed, other calls');
SELECT cmp_ok((SELECT count(DISTINCT stratum) FROM generate_series(1, 20) seed, leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 1, seed::text)), '=', 3::bigint, 'whose turn is first is drawn as well');
-- the lots of known seeds: SHA-256 of seed/subject
SELECT is(leadflow.lot('2026', 'rep1'), sha256('2026/rep1'), 'a lot');
SELECT is((SELECT array_agg(touch_id ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 60, 's')),
          (SELECT array_agg(id ORDER BY turn, sha256(convert_to('s/' || actor, 'UTF8')))
             FROM (SELECT t.*, row_number() OVER (PARTITION BY actor ORDER BY sha256(convert_to('s/' || actor || '/' || lead_id || '/' || id || '/' || date_part('epoch', at), 'UTF8'))) AS turn
                     FROM touch t WHERE kind = 'call') x), 'the order of all, reckoned by hand');
CREATE TEMPORARY TABLE drawn AS SELECT * FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 12);
INSERT INTO touch (lead_id, at, kind, direction, actor, outcome) SELECT min(id), '2026-06-02 12:34', 'call', 'inbound', 'rep0', 'no answer' FROM lead;
SELECT is((SELECT array_agg(touch_id ORDER BY place) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 61) WHERE touch_id IN (SELECT touch_id FROM drawn WHERE stratum = 'rep0')),
          (SELECT array_agg(touch_id ORDER BY place) FROM drawn WHERE stratum = 'rep0'), 'one more call leaves the others in order');
SELECT is(rows_of($$SELECT owner, about, name, at FROM leadflow.sample('crm', 'calls', '2026-06-02 12:34', '2026-06-02 12:35')$$), 'rep0,"inbound, no answer","Lead 1","2026-06-02 12:34:00+00"', 'what a call says');
SET leadflow.clock = '2026-06-01 05:30';
SELECT is((SELECT count(*) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 100)), 3::bigint, 'what was not known yet is not drawn');
SET leadflow.clock = '2026-06-08';
UPDATE lead SET stage = 'disqualified', reason = 'spam' WHERE full_name IN ('Lead 1', 'Lead 2');
SELECT is((SELECT count(*) FROM leadflow.sample('crm', 'calls', '2026-06-01', '2026-06-08', 100)), 58::bigint, 'calls of junk are not drawn');

\o /dev/null
SELECT leadflow.give_verdict('crm', id, 'rejected', (ARRAY['no_budget', 'no_need', 'not_now'])[1 + id % 3], 'so', narrative => 'n', wake_at => '2026-09-01')
  FROM lead WHERE full_name IN ('Lead 10', 'Lead 11', 'Lead 12', 'Lead 13');
\o
SELECT results_eq($$SELECT rows_of('SELECT count(*), count(DISTINCT stratum), bool_and(about = stratum || '': so'') FROM leadflow.sample(''crm'', ''rejections'', ''2026-06-01'', ''2026-06-09'', 3)')$$,
                  ARRAY['3,3,t'], 'one rejection of each reason');
INSERT INTO opportunity (source, external_id, name, lead_id, stage, amount, currency, owner)
SELECT 't', n::text, 'Deal ' || n, 20 + n, 'opportunity', 100 * n, 'EUR', 'rep1' FROM generate_series(1, 8) n;
UPDATE opportunity SET stage = 'won' WHERE external_id::int > 2;
UPDATE opportunity SET stage = 'lost', reason = 'no_budget' WHERE external_id::int = 2;
SELECT results_eq($$SELECT rows_of('SELECT stratum, name, about FROM leadflow.sample(''crm'', ''deals'', ''2026-06-01'', ''2026-06-09'', 2) WHERE stratum = ''lost''')$$, ARRAY['lost,"Deal 2","200.00 EUR, no_budget"'], 'a lost deal among the first two');
SELECT is((SELECT count(*) FROM leadflow.sample('crm', 'deals', '2026-06-01', '2026-06-09', 100)), 7::bigint, 'closed deals only');
SET leadflow.clock = '2026-07-01';
SELECT ok(count(*) > 0 AND bool_and(s.stratum = b.policy AND s.at = b.due_at AND s.about LIKE b.metric || ' was due within %'), 'broken promises')
  FROM leadflow.sample('crm', 'breaches', '2026-06-01', '2026-07-01', 1000) s LEFT JOIN sla_breach b ON b.lead_id = s.lead_id AND b.due_at = s.at AND b.policy = s.stratum;
SELECT is((SELECT count(*) FROM leadflow.sample('crm', 'breaches', '2026-06-01', '2026-07-01', 10000)), (SELECT count(*) FROM sla_breach WHERE due_at >= '2026-06-01' AND due_at < '2026-07-01'), 'all of them, where there is room');

SELECT is(tried(format('SELECT * FROM leadflow.sample(%s)', arguments)), state, format('sample(%s)', arguments))
  FROM (VALUES ($$NULL, 'calls', '2026-06-01', '2026-06-08'$$, '42704'), ($$'nowhere', 'calls', '2026-06-01', '2026-06-08'$$, '42704'),
               ($$'crm', NULL, '2026-06-01', '2026-06-08'$$, '22004'), ($$'crm', 'calls', NULL, '2026-06-08'$$, '22004'), ($$'crm', 'calls', '2026-06-01', '2026-06-08', NULL$$, '22004'),
               ($$'crm', 'calls', '2026-06-01', '2026-06-08', 5, NULL$$, '22004'), ($$'crm', 'calls', '2026-06-08', '2026-06-08'$$, '22023'),
               ($$'crm', 'calls', '2026-06-01', '2026-06-08', 0$$, '22023'), ($$'crm', 'meals', '2026-06-01', '2026-06-08'$$, '22023'),
               ($$'crm', 'calls', '-infinity', 'infinity'$$, '00000')) v (arguments, state);
CREATE ROLE sample_stranger;
GRANT USAGE ON SCHEMA crm TO sample_stranger;
SET ROLE sample_stranger;
SELECT is(pg_temp.state(), '42501', 'who may not read the facts draws nothing');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
