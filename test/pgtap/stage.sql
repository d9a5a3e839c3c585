-- Properties of leadflow.stage, against tables of known truth and against core
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS leadflow;
SET client_encoding = 'UTF8';

SELECT no_plan();

\ir common/state_of.sql
\ir common/plan_of.sql
\ir common/received.sql

-- the truth: the agreed vocabulary in order, written down once more
CREATE TEMP TABLE truth AS
SELECT name, CASE WHEN n <= 4 THEN n - 5 ELSE n - 4 END::int AS ordinal, n AS place,
       CASE WHEN n <= 4 THEN 'exit' WHEN n <= 8 THEN 'marketing' WHEN n <= 10 THEN 'handoff'
            WHEN n <= 16 THEN 'sales' ELSE 'customer' END AS phase
  FROM unnest('{nurture,disqualified,lost,churned,
                visitor,engaged,lead,mql,contacted,sal,sql,opportunity,budget,value,proposal,decision,
                won,onboarding,active,expansion}'::text[]) WITH ORDINALITY AS u(name, n);

-- every stage with no leaf and with leaves of every length, many of them alike
-- in more bytes than an abbreviated sort key holds
CREATE TABLE sample AS
SELECT row_number() OVER (ORDER BY md5(name || label)) AS id,
       (name || label)::leadflow.stage AS s, name || label AS t, place,
       ltrim(label, '.') COLLATE "C" AS label
  FROM truth,
       LATERAL (SELECT '' AS label
                UNION ALL SELECT '.' || left(md5(name) || md5(i::text), i) FROM generate_series(1, 63) i
                UNION ALL SELECT '.shared_prefix_' || i FROM generate_series(1, 20) i
                UNION ALL SELECT '.' || c FROM unnest('{_,0,9,a,z,a_,a0,aa}'::text[]) c) AS l;

CREATE FUNCTION pg_temp.hint_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE query;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END $$;

-- the spine
SELECT results_eq(
    'SELECT ordinal, stage::text, phase FROM leadflow.spine()',
    'SELECT ordinal, name, phase FROM truth ORDER BY place',
    'spine() lists the vocabulary in order');
SELECT is_empty($$SELECT * FROM leadflow.spine() WHERE NOT (meaning > '' AND (label_en, label_pl, label_ru, label_zh) IS NOT NULL)$$,
    'every stage has labels and a meaning')
 WHERE getdatabaseencoding() IN ('UTF8', 'SQL_ASCII');
SELECT is(label_pl || label_ru || label_zh, 'OfertaКоммерческое предложение方案报价', 'labels arrive in their scripts')
  FROM leadflow.spine() WHERE stage = 'proposal' AND getdatabaseencoding() = 'UTF8';

-- text form and parts
SELECT is_empty('SELECT * FROM sample WHERE s::text <> t OR s::text::leadflow.stage <> s OR format(''%s'', s) <> t',
    'text round trip of every stage and leaf');
SELECT is_empty($$SELECT * FROM sample WHERE upper(t)::leadflow.stage <> s OR (E' \t' || initcap(t) || E'\n ')::leadflow.stage <> s$$,
    'case and surrounding space do not matter on input');
SELECT is_empty(
    $$SELECT * FROM sample JOIN truth USING (place)
       WHERE (leadflow.base(s)::text, leadflow.ordinal(s), leadflow.phase(s), leadflow.is_exit(s))
             IS DISTINCT FROM (name, ordinal, truth.phase, ordinal < 0)$$,
    'base, ordinal, phase and is_exit of every stage and leaf');
SELECT is(pg_column_size(s), 2, 'a stored stage of the spine takes two bytes') FROM sample WHERE t = 'mql';

-- input errors, their SQLSTATE and suggestion; null is the list of all stages
SELECT is(state_of(format('SELECT %L::leadflow.stage', input)), '22P02', format('%s is no stage', quote_literal(input)))
  FROM unnest(ARRAY['', ' ', '.', 'mq', 'mqll', 'mql.', '.mql', 'mql..a', 'mql.a.b', 'mql.a-b', 'mql. a', 'mql .a', 'm ql', 'mql.é', 'żmql',
                    'mql,', 'mql.' || repeat('a', 64), repeat('mql', 1000), '4', 'null']) AS input
 WHERE getdatabaseencoding() = 'UTF8' OR octet_length(input) = length(input);
SELECT is(pg_temp.hint_of(format('SELECT %L::leadflow.stage', input)),
          coalesce('Perhaps you meant the stage "' || meant || '".',
                   (SELECT 'Valid stages are ' || string_agg(name, ', ' ORDER BY ordinal < 0, place) FROM truth)
                   || ', and local ones such as proposal.legal_review.'),
          format('suggestion for %s', quote_literal(input)))
  FROM (VALUES ('mqll', 'mql'), ('MQLL', 'mql'), ('oportunity', 'opportunity'), ('propsal.legal', 'proposal'),
               ('disqualifed', 'disqualified'), ('leads', 'lead'), ('wom', 'won'), ('nurturing', 'nurture'),
               (' Visiter ', 'visitor'), ('customer', NULL), ('', NULL), ('x', NULL), ('.mql', NULL),
               (repeat('mql', 1000), NULL)) AS v(input, meant);
SELECT throws_ok(query, state, NULL, query)
  FROM (VALUES ($$SELECT 'mql'::leadflow.stage = 'x'::text$$, '22P02'),
               ($$SELECT 'x'::varchar <= 'mql'::leadflow.stage$$, '22P02'),
               ($$SELECT 'mql'::leadflow.stage <@ 'x'::text$$, '22P02'),
               ($$SELECT 'x'::text::leadflow.stage$$, '22P02'),
               ($$SELECT upper('mql'::leadflow.stage)$$, '42883'),
               ($$SELECT 'mql'::leadflow.stage = 1$$, '42883'),
               ($$INSERT INTO truth (name) SELECT s FROM sample$$, '42804')) AS v(query, state);
SELECT is('mql'::leadflow.stage || '!', 'mql!', 'a stage is concatenated by its text form');

-- binary form
SELECT is(leadflow.stage_send('proposal.legal'), '\x01'::bytea || convert_to('proposal.legal', 'UTF8'), 'binary form');
SELECT is(received('leadflow.stage', value), expected, 'receive ' || encode(value, 'escape'))
  FROM (VALUES ('\x01'::bytea || 'mql', 'mql'),
               ('\x01'::bytea || 'Won.Big_1', 'won.big_1'),
               ('\x01'::bytea || 'won.' || repeat('a', 63)::bytea, 'won.' || repeat('a', 63)),
               ('', '22P03'),
               ('\x01', '22P03'),
               ('\x00'::bytea || 'mql', '22P03'),
               ('\x02'::bytea || 'mql', '22P03'),
               ('mql', '22P03'),
               ('\x01'::bytea || 'mqll', '22P03'),
               ('\x01'::bytea || 'mql.', '22P03'),
               ('\x01'::bytea || 'mql' || '\x00'::bytea, '22P03'),
               ('\x01'::bytea || 'mql.a' || '\x00'::bytea || 'b', '22P03'),
               ('\x01'::bytea || 'mql.' || '\xc3'::bytea, '22P03'),
               ('\x01'::bytea || 'mql.' || '\xc3a9'::bytea, '22P03'),
               ('\x01'::bytea || 'won.' || repeat('a', 64)::bytea, '22P03'),
               ('\x01'::bytea || repeat('a', 100000)::bytea, '22P03')) AS v(value, expected);
CREATE TEMP TABLE copied (LIKE sample);
DO $$
DECLARE
    path text := current_setting('data_directory') || '/leadflow_stage_test.copy';
BEGIN
    EXECUTE format('COPY sample TO %L (FORMAT binary)', path);
    EXECUTE format('COPY copied FROM %L (FORMAT binary)', path);
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
END $$;
SELECT bag_eq('SELECT id, s::text FROM copied', 'SELECT id, t FROM sample', 'COPY BINARY round trip');

-- order: every pair, by every operator and every pair of types
SELECT is_empty(
    $$SELECT a.t, b.t FROM sample a JOIN sample b ON a.id % 7 = 0 AND b.id % 5 = 0,
             LATERAL (SELECT CASE WHEN (a.place, a.label) < (b.place, b.label) THEN -1
                                  WHEN (a.place, a.label) > (b.place, b.label) THEN 1 ELSE 0 END AS truth) x
       WHERE leadflow.stage_cmp(a.s, b.s) <> truth OR leadflow.stage_cmp(a.s, b.t) <> truth
          OR leadflow.stage_cmp(a.t, b.s) <> truth OR leadflow.stage_cmp(a.t, b.t) <> truth
          OR (a.s < b.s, a.s <= b.s, a.s = b.s, a.s <> b.s, a.s >= b.s, a.s > b.s)
             <> (truth < 0, truth <= 0, truth = 0, truth <> 0, truth >= 0, truth > 0)
          OR (a.s < b.t, a.s <= b.t, a.s = b.t, a.s <> b.t, a.s >= b.t, a.s > b.t)
             <> (truth < 0, truth <= 0, truth = 0, truth <> 0, truth >= 0, truth > 0)
          OR (a.t < b.s, a.t <= b.s, a.t = b.s, a.t <> b.s, a.t >= b.s, a.t > b.s)
             <> (truth < 0, truth <= 0, truth = 0, truth <> 0, truth >= 0, truth > 0)$$,
    'comparison operators agree with (place, label)');
SELECT is_empty(
    $$SELECT a.t, b.t FROM sample a JOIN sample b ON a.id % 7 = 0 AND (b.id % 5 = 0 OR b.label = ''),
             LATERAL (SELECT a.place = b.place AND b.label IN ('', a.label) AS truth) x
       WHERE (a.s <@ b.s, a.s <@ b.t, a.t <@ b.s, b.s @> a.s, b.s @> a.t, b.t @> a.s)
             <> (truth, truth, truth, truth, truth, truth)$$,
    'containment agrees with (place, label)');

-- sorting: the first sort key is abbreviated, the second one is not
SELECT results_eq('SELECT s FROM sample ORDER BY s', 'SELECT s FROM sample ORDER BY place, label', 'sort with abbreviated keys');
SELECT results_eq('SELECT s FROM sample ORDER BY id * 0, s', 'SELECT s FROM sample ORDER BY place, label', 'sort without abbreviated keys');
SELECT results_eq('SELECT s FROM sample ORDER BY s DESC', 'SELECT s FROM sample ORDER BY place DESC, label DESC', 'descending sort');
SELECT results_eq('SELECT s FROM sample ORDER BY s LIMIT 100', 'SELECT s FROM sample ORDER BY place, label LIMIT 100', 'bounded sort');

-- indexes
CREATE INDEX sample_s ON sample (s);
INSERT INTO sample SELECT id + 100000, s, t, place, label FROM sample;
ANALYZE sample;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT matches(plan_of('SELECT s FROM sample WHERE ' || condition), 'Index (Only )?Scan.*Index Cond', 'index serves ' || condition)
  FROM unnest(ARRAY[$$s >= 'mql'$$, $$s >= 'mql'::text$$, $$'mql'::varchar < s$$, $$s = 'mql'::text$$,
                    $$s = ANY ('{mql,won}'::text[])$$, $$s IN ('mql', 'won')$$]) AS condition;
PREPARE from_text (text) AS SELECT s FROM sample WHERE s >= $1;
PREPARE from_varchar (varchar) AS SELECT s FROM sample WHERE s >= $1 AND s < 'decision'::varchar;
PREPARE among_text (text[]) AS SELECT s FROM sample WHERE s = ANY ($1);
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT matches(plan_of($$EXECUTE from_text('sal')$$), 'Index Only Scan.*s >= \$1', 'index serves a text parameter');
SELECT bag_eq($$EXECUTE from_text('SAL.aa')$$, $$SELECT s FROM sample WHERE place > 10 OR place = 10 AND label >= 'aa'$$, 'text parameter');
SELECT bag_eq($$EXECUTE from_varchar('value')$$, $$SELECT s FROM sample WHERE place IN (14, 15)$$, 'varchar parameter');
SELECT bag_eq($$EXECUTE among_text('{won.zzz,won,MQL,mql,lost.a,Won}')$$, $$SELECT s FROM sample WHERE t IN ('won', 'mql', 'lost.a')$$,
    'array of texts: sorted as stages, repeated ones once');
SELECT results_eq('SELECT s FROM sample ORDER BY s', 'SELECT s FROM sample ORDER BY place, label', 'index order');
SET LOCAL enable_seqscan = on;
SET LOCAL enable_bitmapscan = on;
SET LOCAL plan_cache_mode = auto;
SELECT is(amvalidate(c.oid), true, 'operator class of ' || amname || ' is valid')
  FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
 WHERE opcintype = 'leadflow.stage'::regtype AND opcdefault ORDER BY amname;

-- joins, grouping and the constructs that look operators up by name
CREATE TEMP TABLE other AS SELECT s, id AS other_id FROM sample WHERE id % 3 = 0;
ANALYZE other;
CREATE TEMP TABLE pairs AS SELECT id, other_id FROM sample JOIN other ON t = other.s::text;
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
SELECT matches(plan_of('SELECT id, other_id FROM sample JOIN other USING (s)'), 'Hash Join', 'hash join is planned');
SELECT bag_eq('SELECT id, other_id FROM sample JOIN other USING (s)', 'TABLE pairs', 'hash join');
SET LOCAL enable_mergejoin = on;
SET LOCAL enable_hashjoin = off;
SELECT matches(plan_of('SELECT id, other_id FROM sample JOIN other USING (s)'), 'Merge Join', 'merge join is planned');
SELECT bag_eq('SELECT id, other_id FROM sample JOIN other USING (s)', 'TABLE pairs', 'merge join');
SET LOCAL enable_nestloop = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_sort = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SELECT matches(plan_of('SELECT s, count(*) FROM sample GROUP BY s'), 'HashAggregate', 'hash aggregate is planned');
SELECT bag_eq('SELECT s::text, count(*) FROM sample GROUP BY s', 'SELECT t, count(*) FROM sample GROUP BY t', 'hash aggregate');
SELECT is(count(DISTINCT s), count(DISTINCT t), 'DISTINCT') FROM sample;
SET LOCAL enable_sort = on;
SET LOCAL enable_indexscan = on;
SET LOCAL enable_indexonlyscan = on;
SELECT is_empty('SELECT * FROM sample a JOIN sample b USING (t) WHERE leadflow.stage_hash(a.s) <> leadflow.stage_hash(b.t::leadflow.stage)
                    OR leadflow.stage_hash_extended(a.s, 42) <> leadflow.stage_hash_extended(b.t::leadflow.stage, 42)',
    'equal stages hash alike');
SELECT is_empty('SELECT * FROM sample WHERE leadflow.stage_hash_extended(s, 0) & 4294967295 <> leadflow.stage_hash(s)::bigint & 4294967295',
    'the extended hash with seed 0 ends in the hash');

SET LOCAL search_path = '';
SELECT pg_catalog.string_agg(pg_catalog.concat(v.s IS DISTINCT FROM 'mql', NULLIF(v.s, 'mql') IS NULL,
                                               CASE v.s WHEN 'mql' THEN 1 WHEN 'won' THEN 2 ELSE 3 END,
                                               v.s IN ('mql', 'won'), v.s NOT BETWEEN 'mql' AND 'won'::pg_catalog.text),
                             ' ') AS by_name
  FROM (VALUES ('mql'::leadflow.stage), ('won'), ('lost'), (NULL)) AS v(s) \gset
RESET search_path;
SELECT is(:'by_name'::text, 'ft1tf tf2tf tf3ft tt3', 'IS DISTINCT FROM, NULLIF, CASE, IN and BETWEEN with an empty search_path');

-- min and max
SELECT results_eq('SELECT place, max(s), min(s) FROM sample GROUP BY place ORDER BY place',
    $$SELECT place, (array_agg(s ORDER BY label DESC))[1], (array_agg(s ORDER BY label))[1] FROM sample GROUP BY place ORDER BY place$$,
    'max and min by group');
SELECT matches(plan_of('SELECT max(s) FROM sample'), 'Limit.*Index Only Scan Backward', 'max(stage) reads the end of an index');
SELECT is(max(s), NULL, 'max of no rows is null') FROM sample WHERE false;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT matches(plan_of('SELECT max(s), min(s) FROM sample WHERE s < ''won'''), 'Gather.*Partial Aggregate.*Parallel Seq Scan', 'max and min run in parallel');
SELECT results_eq($$SELECT max(s), min(s) FROM sample WHERE s < 'won'$$,
    $$VALUES ((SELECT s FROM sample WHERE place = 16 ORDER BY label DESC LIMIT 1), 'nurture'::leadflow.stage)$$, 'parallel max and min');
RESET enable_indexscan;
RESET enable_indexonlyscan;
RESET enable_bitmapscan;

-- writing
CREATE TEMP TABLE written (s leadflow.stage);
PREPARE put_varchar (varchar) AS INSERT INTO written VALUES ($1);
PREPARE put_text (text) AS INSERT INTO written VALUES ($1);
EXECUTE put_varchar ('Mql');
EXECUTE put_text (' SAL.hot');
SELECT bag_eq('TABLE written', $$VALUES ('mql'::leadflow.stage), ('sal.hot')$$, 'varchar and text parameters are assigned');
SELECT is(state_of($$EXECUTE put_varchar ('mqll')$$), '22P02', 'a bad parameter is refused');

-- the estimate of a comparison looks at the statistics, also for a text
SELECT is(state_of(format('SELECT FROM sample WHERE s %s %L::%s', op, 'sal', type)), '00000', format('estimate of stage %s %s', op, type))
  FROM unnest('{=,<>,<,<=,>=,>,<@,@>}'::text[]) op, unnest('{text,leadflow.stage}'::text[]) type;

-- moving forward only
SELECT is_empty($$SELECT a.stage, b.stage, f.forward FROM leadflow.spine() a, leadflow.spine() b, unnest('{t,f}'::boolean[]) f (forward)
    WHERE leadflow.further(a.stage, b.stage, f.forward) IS DISTINCT FROM CASE WHEN f.forward AND b.ordinal > 0 AND b.ordinal < a.ordinal THEN a.stage ELSE b.stage END$$,
    'forward, no stage goes to an earlier one of the spine; else every one goes where it is to go');
SELECT is(leadflow.further('proposal', 'proposal.legal', true)::text, 'proposal.legal', 'a leaf is no step back');
SELECT is(leadflow.further('proposal.legal', 'proposal', true)::text, 'proposal', 'nor is the way out of it');
SELECT is(leadflow.further('mql', NULL, true)::text, NULL, 'nowhere is nowhere');

-- catalog: what a reviewer of operators would check by eye
CREATE TEMP VIEW operators AS
SELECT o.* FROM pg_operator o
 WHERE EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'leadflow'
                WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
   AND oprcode::text LIKE 'leadflow.stage%';
SELECT is(count(*), 29::bigint, 'operators are members of the extension') FROM operators;
SELECT is_empty('SELECT oid::regoperator FROM operators o WHERE oprcom = 0 OR NOT EXISTS (SELECT FROM operators c
    WHERE c.oid = o.oprcom AND c.oprcom = o.oid AND (c.oprleft, c.oprright) = (o.oprright, o.oprleft))', 'commutators come in pairs');
SELECT is_empty('SELECT oid::regoperator FROM operators o WHERE oprnegate <> 0 AND NOT EXISTS (SELECT FROM operators n
    WHERE n.oid = o.oprnegate AND n.oprnegate = o.oid AND (n.oprleft, n.oprright) = (o.oprleft, o.oprright))', 'negators come in pairs');
SELECT is_empty($$SELECT oid::regoperator FROM operators WHERE oprname IN ('=', '<>', '<', '<=', '>', '>=') AND oprnegate = 0$$, 'comparisons have negators');
SELECT is_empty('SELECT oid::regoperator FROM operators WHERE oprcode = 0 OR oprrest = 0 OR oprjoin = 0', 'no operator is a shell or without estimators');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
     JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'leadflow'
    WHERE p.probin IS NOT NULL AND p.prosrc ~ '^leadflow_(stage|text|spine)' AND (provolatile <> 'i' OR NOT proisstrict OR proparallel <> 's')$$,
    'functions are immutable, strict and parallel safe');
SELECT is_empty($$SELECT pg_describe_object(classid, objid, 0) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'leadflow'
    WHERE deptype = 'e' AND classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_cast'::regclass,
                                        'pg_opclass'::regclass, 'pg_opfamily'::regclass)
      AND (classid <> 'pg_type'::regclass OR objid = 'leadflow.stage'::regtype)
      AND pg_describe_object(classid, objid, 0) ~ 'stage' AND obj_description(objid, classid::regclass::name) IS NULL$$,
    'every object has a comment');
SELECT bag_eq($$SELECT castsource::regtype::text, casttarget::regtype::text, castcontext FROM pg_cast
    WHERE 'leadflow.stage'::regtype IN (castsource, casttarget)$$,
    $$VALUES ('text', 'leadflow.stage', 'a'::"char"), ('character varying', 'leadflow.stage', 'a'), ('leadflow.stage', 'text', 'e')$$,
    'casts: assignment from texts, explicit to text, none implicit');

SELECT * FROM finish();
ROLLBACK;
