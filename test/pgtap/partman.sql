-- The months of touch in the care of pg_partman
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SET jit = off;
SELECT no_plan();
SELECT EXISTS (SELECT FROM pg_available_extension_versions WHERE name = 'pg_partman' AND version LIKE '4.%') AS found \gset
\if :found
\else
SELECT skip('pg_partman 4 is not installed');
SELECT * FROM finish();
\q
\endif

CREATE SCHEMA partman;
CREATE EXTENSION pg_partman SCHEMA partman;
SELECT leadflow.create_workspace('crm', partitioned => true) \g /dev/null
SELECT format('DROP TABLE %s', inhrelid::regclass) FROM pg_inherits WHERE inhparent = 'crm.touch'::regclass \gexec
SELECT ok(partman.create_parent('crm.touch', 'at', 'native', 'monthly'), 'pg_partman takes touch over');
CREATE VIEW months AS SELECT p.part, p.lower_at, p.upper_at FROM leadflow.partition_bounds('crm.touch') p;
SELECT is((SELECT count(*) FROM months m WHERE m.lower_at <= now() AND m.upper_at > now()), 1::bigint, 'this month is one of its');
SELECT is((SELECT count(*) FROM months m WHERE m.lower_at IS NULL), 1::bigint, 'and the rest');
SELECT is(leadflow.add_partitions('crm'), 0::bigint, 'leadflow has nothing to add');
SELECT is((SELECT count(*) FROM months), 10::bigint, 'four months before, four after');

-- rows, a promise and a move
INSERT INTO crm.lead (source, email, role, verified, stage_since, created_at) SELECT 't', 'a@b.c', 'CEO', true, now() - interval '3 years', now() - interval '3 years' FROM generate_series(1, 2);
INSERT INTO crm.touch (lead_id, at, kind, channel, direction) SELECT 1, now() + d, k, 'web', 'inbound'
FROM (VALUES (interval '-3 years', 'web_visit'), ('-40 days', 'content_download'), ('-1 hour', 'demo_request')) t (d, k);
SELECT is((SELECT count(DISTINCT t.tableoid) FROM crm.touch t), 3::bigint, 'each row goes where it belongs');
SELECT lives_ok($$UPDATE crm.lead SET stage = 'mql' WHERE id = 1$$, 'evidence is read from all of them');
SELECT throws_ok($$UPDATE crm.lead SET stage = 'mql' WHERE id = 2$$, '23514', NULL, 'and is asked for');
SELECT cmp_ok((SELECT count(*) FROM crm.sla_clock), '>', 0::bigint, 'promises are kept in time');
SELECT is((SELECT count(*) FROM crm.touch_default), 1::bigint, 'what has no month is in the default partition');

-- a month for it
CREATE TEMP TABLE clocks AS SELECT * FROM crm.sla_clock;
SELECT cmp_ok(leadflow.add_partitions('crm', since => (now() - interval '3 years')::date), '>', 25::bigint, 'leadflow adds the months before');
SELECT is((SELECT count(*) FROM crm.touch_default), 0::bigint, 'the row has moved');
SELECT results_eq('SELECT * FROM crm.sla_clock ORDER BY id', 'SELECT * FROM clocks ORDER BY id', 'and no clock with it');
SELECT is((SELECT count(*) FROM months a JOIN months b ON a.part <> b.part AND a.lower_at < b.upper_at AND b.lower_at < a.upper_at), 0::bigint, 'no month is there twice');
UPDATE partman.part_config SET premake = 6 WHERE parent_table = 'crm.touch';
SELECT lives_ok($$SELECT partman.run_maintenance('crm.touch')$$, 'pg_partman goes on');
SELECT is((SELECT count(*) FROM months m WHERE m.lower_at > now()), 6::bigint, 'with the months to come');
SELECT lives_ok($$INSERT INTO crm.touch (lead_id, at, kind, direction) VALUES (1, now() + interval '5 months', 'call', 'outbound')$$, 'which take rows');

-- and drops old ones
UPDATE partman.part_config SET retention = '2 years', retention_keep_table = false WHERE parent_table = 'crm.touch';
SELECT lives_ok($$SELECT partman.run_maintenance('crm.touch')$$, 'it may drop old months');
SELECT is((SELECT count(*) FROM crm.touch), 3::bigint, 'with what is in them');
SELECT is((SELECT l.stage FROM crm.lead l WHERE l.id = 1), 'mql'::leadflow.stage, 'what they were evidence for stays');
SELECT * FROM finish();
