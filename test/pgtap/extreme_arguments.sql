-- What functions make of arguments that are absurdly large, deep or far away.
SET client_min_messages = warning;
SET timezone = 'UTC';

SELECT plan(18);

SELECT throws_ok($$SELECT leadflow.with_holidays('UTC; Mo-Fr 09:00-17:00', ARRAY(SELECT '2000-01-01'::date + i FROM generate_series(1, 100000) i))$$,
    '54000', 'calendar is too long', 'a calendar of 100,000 holidays');
SELECT throws_ok($$SELECT string_agg(c, '; ')::leadflow.calendar FROM (SELECT 'UTC' UNION ALL SELECT 'Mo 09:00-17:00' FROM generate_series(1, 15000)) r (c)$$,
    '54000', 'calendar has too many rules', 'a calendar of 100,000 rules');
SELECT is(leadflow.worktime('UTC; Mo-Fr 09:00-17:00', '4713-11-24 00:00+00 BC', '294276-12-31 23:59+00'), '624018064:00:00'::interval,
    'all the working time that there is');
SELECT throws_ok($$SELECT leadflow.worktime('UTC; Mo-Fr 09:00-17:00', '-infinity', 'infinity')$$, '22008',
    'cannot count working time up to an infinite timestamp', 'working time without end');
SELECT is(leadflow.add_worktime('UTC; Mo-Fr 09:00-17:00', '2026-01-01', interval '2147483647:00' + '414564141:00:54.775807'), 'infinity', 'the longest working time ends never');
SELECT is(leadflow.add_worktime('UTC; Mo-Fr 09:00-17:00', '2026-01-01', interval '-2147483647:00' - '414564141:00:54.775807'), '-infinity', 'and began never');

SELECT is(length(leadflow.normal_name(repeat('acme ', 1000000))), 9999, 'a name of 5 MB is compared by its beginning');
SELECT is(leadflow.phrase_query(array_agg('w' || i)), NULL, '300,000 phrases are not listened for') FROM generate_series(1, 300000) i;

CREATE FUNCTION pg_temp.message(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT is_empty($$SELECT t.typname, left(m, 200) FROM pg_type t, pg_temp.message(format('SELECT repeat(%L, 50000000)::leadflow.%I', 'x', t.typname)) m
    WHERE t.typnamespace = 'leadflow'::regnamespace AND t.typtype = 'b' AND t.typelem = 0 AND length(m) BETWEEN 20 AND 200 IS NOT TRUE$$,
    'a value of 50 MB is refused by every type, and not quoted at length');
SELECT throws_ok($$SELECT repeat('x', 50000000)::leadflow.stage$$, '22P02', 'invalid input syntax for type stage: "' || repeat('x', 80) || '..."', 'but by its beginning');
SELECT throws_ok($$SELECT repeat('ł', 50)::leadflow.stage$$, '22P02', 'invalid input syntax for type stage: "' || repeat('ł', 40) || '..."', 'of whole letters');
SELECT throws_ok($$SELECT leadflow.funnel_agg(now(), 'a', '{a}', NULL, repeat('x', 50000000))$$, '22023', 'unknown mode of a funnel: "' || repeat('x', 80) || '..."', 'a choice of 50 MB likewise');

\o /dev/null
SELECT leadflow.create_workspace('big', defaults => 'empty');
\o
SELECT throws_ok($$INSERT INTO big.standard (stage, criterion, requirement, expression)
    VALUES ('mql', 'deep', 'x', repeat('(', 10000) || 'true' || repeat(')', 10000))$$, '54000', 'criterion is too long', 'a criterion of 10,000 parentheses');
SELECT lives_ok($$INSERT INTO big.standard (stage, criterion, requirement, expression)
    VALUES ('mql', 'deep', 'x', repeat('(', 4900) || 'true' || repeat(')', 4900)), ('mql', 'not', 'x', repeat('not ', 2400) || 'true')$$, 'criteria as deep as they may be');
SELECT lives_ok($$INSERT INTO big.standard (stage, criterion, requirement, expression)
    SELECT 'mql', 'c' || i, 'x', 'full_name <> ''' || i || '''' FROM generate_series(1, 1000) i$$, 'a thousand criteria');
SELECT lives_ok($$INSERT INTO big.lead (source, external_id, full_name, stage) VALUES ('s', '1', 'x', 'mql')$$, 'are judged');
SELECT throws_ok($$INSERT INTO big.lead (source, external_id, stage, stage_since) VALUES ('s', '2', 'lead', '0001-01-01')$$, '23514',
    NULL, 'a stage of the year 1 is refused');
SELECT lives_ok($$INSERT INTO big.lead (source, external_id, stage, stage_since, created_at) VALUES ('s', '3', 'lead', '1900-01-01', '0001-01-01')$$,
    'one of the year 1900 is not');

SELECT * FROM finish();
