-- The numbers that have names: the dictionary covers every number of every
-- report, and each number is the one that the reports show.
SET client_min_messages = warning;
SET jit = off;
SET timezone = 'UTC';

SELECT no_plan();

SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT leadflow.create_workspace('bare', 'empty') \g /dev/null
\ir common/rows_of.sql
\ir common/tried.sql

SET search_path = crm, public;
\ir common/deals.sql

-- the dictionary

SELECT is_empty($$SELECT report, report_column FROM metric_dictionary WHERE btrim(COALESCE(meaning, '')) = ''$$, 'every number has a meaning');
SELECT is_empty($$SELECT report, report_column FROM metric_dictionary WHERE COALESCE(unit, '') = '' OR COALESCE(owner, '') = '' OR COALESCE(purpose, '') = ''$$, 'and a unit, an owner and a purpose');
SELECT results_eq($$SELECT report, report_column FROM metric_dictionary ORDER BY 1, 2$$,
    $$SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND format_type(a.atttypid, NULL) IN ('bigint', 'integer', 'numeric', 'double precision', 'real', 'smallint') ORDER BY 1, 2$$,
    'it has every number of every report');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v'
                  AND NOT EXISTS (SELECT FROM report_owner o WHERE o.report = c.relname)$$, 'every report has an owner');
SELECT results_eq($$SELECT rows_of('SELECT report, report_column, unit, owner, metric FROM metric_dictionary WHERE (report, report_column) IN ((''deal'', ''lead_id''), (''deal'', ''value''), (''velocity'', ''velocity''),
        (''spend_efficiency'', ''win_rate''), (''stage_duration'', ''working_seconds_p90''), (''lead_scores'', ''total''), (''win_rate'', ''won''), (''customer_value'', ''age_months''), (''funnel'', ''position''),
        (''campaign_return'', ''roi''), (''volume_and_quality'', ''accepted_share''), (''score_models'', ''active_version''), (''channel_effect'', ''answer_hours_median''), (''score_models'', ''log_loss'')) ORDER BY 1, 2')$$, ARRAY[
    'campaign_return,roi,ratio,marketing,roi', 'channel_effect,answer_hours_median,hours,sales,', 'customer_value,age_months,months,both,', 'deal,lead_id,key,sales,', 'deal,value,money,sales,',
    'funnel,position,place,both,', 'lead_scores,total,points,marketing,', 'score_models,active_version,version,marketing,', 'score_models,log_loss,number,marketing,',
    'spend_efficiency,win_rate,share,sales,win_rate', 'stage_duration,working_seconds_p90,seconds,both,', 'velocity,velocity,"money a day",sales,velocity', 'volume_and_quality,accepted_share,share,marketing,acceptance_rate',
    'win_rate,won,count,sales,deals_won'], 'units by name and type, and of the named number where there is one');
SELECT is_empty($$SELECT report, report_column, d.unit, format_type(a.atttypid, a.atttypmod) FROM metric_dictionary d
    JOIN pg_attribute a ON a.attrelid = format('crm.%I', report)::regclass AND a.attname = report_column
    WHERE d.unit = 'share' AND format_type(a.atttypid, NULL) = 'bigint' OR d.unit = 'money' AND format_type(a.atttypid, NULL) = 'bigint' OR d.unit = 'share' AND d.meaning ~ 'seconds'$$, 'no share or money is a whole number');
SELECT cmp_ok(count(*), '>', 0::bigint, 'a workspace without definitions has meanings and units, and nobody who answers') FROM bare.metric_dictionary WHERE meaning <> '' AND unit <> '' AND owner IS NULL;
SELECT is(tried('CREATE VIEW crm.mine AS SELECT 1::bigint AS leads', 'SELECT unit || COALESCE(owner, '' nobody'') FROM crm.metric_dictionary WHERE report = ''mine'''), 'count nobody', 'a view of one''s own is seen');

-- definitions are checked

CREATE FUNCTION named(field text, value text) RETURNS text LANGUAGE sql AS $$
    SELECT public.tried(format('UPDATE crm.metric SET %I = %L WHERE metric = ''win_rate''', field, value)) $$;
SELECT is(named('report', 'nothing'), '42P01', 'no such report');
SELECT is(named('report', 'lead'), '42P01', 'a table is no report');
SELECT is(named('numerator', 'nothing'), '42703', 'no such numerator');
SELECT is(named('denominator', 'nothing'), '42703', 'no such denominator');
SELECT is(named('period_column', 'nothing'), '42703', 'no such period');
SELECT is(named('period_column', 'amount'), '42804', 'a period that is no time');
SELECT is(named('whole_months', 'true'), '42804', 'an instant is no month');
SELECT is(named('dimensions', '{owner,nothing}'), '42703', 'no such dimension');
SELECT is(named('filter', '{"nothing": 1}'), '42703', 'a filter of no such column');
SELECT is(named('numerator_filter', '{"nothing": 1}'), '42703', 'a filter of the numerator likewise');
SELECT is(named('filter', '[1]'), '22023', 'a filter is an object');
SELECT is(named('filter', '{"outcome": {"a": 1}}'), '22023', 'of plain values');
SELECT is(named('filter', '{"outcome": []}'), '22023', 'and no empty list');
SELECT is(named('shown_in', '{win_rate.nothing}'), '42703', 'shown nowhere');
SELECT is(named('shown_in', '{win_rate}'), '42703', 'a report is no column');
SELECT is(named('aggregate', 'median'), '23514 divided', 'a median is divided by nothing');
SELECT is(named('unit', 'apples'), '23514 metric_unit_check', 'an unknown unit');
SELECT is(tried('INSERT INTO crm.report_owner VALUES (''nothing'', ''sales'', ''x'')'), '42P01', 'no owner of what there is not');
SELECT is(tried('UPDATE crm.metric SET numerator = ''owner'' WHERE metric = ''deal_value'''), '42804', 'an average of no number');
SELECT is(named('position', '5'), '00000', 'any other change is one');
SELECT is(leadflow.metric_filter('{"a''b": "c''d\\", "e\"f": [1, null, true]}'), $$x."a'b" = E'c''d\\' AND (x."e""f" = '1' OR x."e""f" IS NULL OR x."e""f" = 'true')$$, 'names and values are quoted');
SELECT is(leadflow.metric_filter('{}'), NULL, 'no condition');

-- numbers: of April, with one deal of the year lost on the last day of March

CREATE FUNCTION m(metric text, from_day date, to_day date, dimensions jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', round(value, 4)::text, COALESCE(numerator::text, '-') || '/' || COALESCE(denominator::text, '-')) FROM leadflow.metric('crm', metric, daterange(from_day, to_day), dimensions) $$;
SELECT is(m('revenue', '2026-01-01', '2026-04-01'), '4000.0000 4000.00/-', 'A and B');
SELECT is(m('revenue', '2026-01-01', '2026-05-01'), '4500.0000 4500.00/-', 'and E');
SELECT is(m('revenue', NULL, NULL), '4500.0000 4500.00/-', 'of all time');
SELECT is(m('revenue', '2026-03-11', '2026-03-12'), '3000.0000 3000.00/-', 'of a day');
SELECT is(m('revenue', '2026-01-01', '2026-05-01', '{"owner": "anna"}'), '1500.0000 1500.00/-', 'of an owner');
SELECT is(m('revenue', '2026-01-01', '2026-05-01', '{"owner": ["anna", "bert"], "segment": "large"}'), '3000.0000 3000.00/-', 'of two, in a segment');
SELECT is(m('revenue', '2026-01-01', '2026-05-01', '{"new_customer": false}'), '500.0000 500.00/-', 'of those who had bought before');
SELECT is(m('revenue', '2027-01-01', '2027-02-01'), '0.0000 0/-', 'of what is to come');
SELECT is(m('new_revenue', '2026-01-01', '2026-05-01'), '4000.0000 4000.00/-', 'new revenue');
SELECT is(m('new_customers', '2026-01-01', '2026-05-01'), '2.0000 2/-', 'new customers');
SELECT is(m('win_rate', '2026-03-01', '2026-03-15'), '0.3333 1/3', 'as it was then: K was lost');
SELECT is(m('win_rate', '2026-03-01', '2026-04-01'), '0.5000 1/2', 'and open again at the end of the month');
SELECT is(m('win_rate', '2026-02-01', '2026-05-01'), '0.6000 3/5', 'now K is open again');
SELECT is(m('win_rate', '2026-01-01', '2026-02-01'), '0/0', 'null where nothing was decided');
SELECT is(m('deal_value', '2026-01-01', '2026-05-01'), '1500.0000 4500.00/3', 'average');
SELECT is(m('opportunities', '2026-01-01', '2026-05-01', '{"segment": null}'), '1.0000 1/-', 'of no segment: J');
SELECT is(m('pipeline_value', '2026-01-01', '2026-03-01'), '5150.0000 5150.00/-', 'a state is read at the end of the period: B, D, E, and H to K were not open');
SELECT is(m('velocity', '2026-04-01', '2026-05-01'), '69.2300 -/-', 'velocity');
SELECT is(m('coverage', '2026-04-01', '2026-05-01'), '6000.00/0', 'no target, no coverage');
SELECT is(m('weighted_pipeline', '2026-04-01', '2026-05-01', '{"owner": "bert"}'), '1200.0000 1200.00/-', 'I and K');
SELECT is(m('stalled_deals', '2026-04-01', '2026-05-01'), '2.0000 2/-', 'true ones are counted');

-- they are the reports' numbers

SELECT results_eq($$SELECT (leadflow.metric('crm', 'revenue', daterange(s.month, (s.month + interval '1 month')::date))).value FROM spend_efficiency s WHERE scope = 'everything' ORDER BY s.month$$,
    $$SELECT revenue FROM spend_efficiency WHERE scope = 'everything' ORDER BY month$$, 'revenue by month');
SELECT results_eq($$SELECT (leadflow.metric('crm', 'opportunities', daterange(s.month, (s.month + interval '1 month')::date))).value FROM pipeline_movement s ORDER BY s.month$$,
    $$SELECT opened::numeric FROM pipeline_movement ORDER BY month$$, 'deals opened by month');
SELECT results_eq($$SELECT (leadflow.metric('crm', 'open_deals', daterange(s.month, (s.month + interval '1 month')::date))).value FROM pipeline_movement s ORDER BY s.month$$,
    $$SELECT closing::numeric FROM pipeline_movement ORDER BY month$$, 'the deals that are open at the end of every month');
SELECT results_eq($$SELECT (leadflow.metric('crm', 'pipeline_value', daterange('2026-01-01', t::date))).value FROM generate_series(date '2026-01-15', '2026-04-15', '10 days') t ORDER BY t$$,
    $$SELECT COALESCE(sum(a.value), 0) FROM generate_series(date '2026-01-15', '2026-04-15', '10 days') d LEFT JOIN LATERAL leadflow.pipeline_asof('crm', d - interval '1 microsecond') a ON true GROUP BY d ORDER BY d$$,
    'the pipeline is that of pipeline_asof');
SELECT is((leadflow.metric('crm', 'win_rate', '[2026-04-01,2026-05-01)')).value, (SELECT win_rate FROM win_rate WHERE dimension = 'total' AND month = '2026-04-01'), 'the win rate of a month');
SELECT results_eq($$SELECT (leadflow.metric('crm', k.metric, '(,)')).value::numeric(15,2) FROM unnest('{open_deals,pipeline_value,weighted_pipeline}'::text[]) WITH ORDINALITY k (metric, n) ORDER BY n$$,
    $$SELECT v::numeric(15,2) FROM pipeline_health h CROSS JOIN LATERAL (VALUES (1, h.deals::numeric), (2, h.value), (3, h.weighted_value)) w (n, v) WHERE dimension = 'total' ORDER BY n$$, 'pipeline_health');
SELECT is_empty($$SELECT m.metric FROM metric m CROSS JOIN LATERAL leadflow.metric('crm', m.metric, '[2026-01-01,2026-05-01)', CASE m.metric WHEN 'roi' THEN '{"campaign_id": 1}' ELSE '{}' END::jsonb) x
    WHERE x.unit <> m.unit OR x.query IS NULL OR x.definition_version IS NULL$$, 'every named number can be asked for');

-- two responses of 10 and 20 minutes, one of 24 hours to a duplicate

INSERT INTO lead (source, full_name, stage, stage_since, created_at) SELECT 't', 'L' || n, 'lead', '2026-02-02', '2026-02-02' FROM generate_series(1, 3) n;
ALTER TABLE lead DISABLE TRIGGER USER;
UPDATE lead SET merged_into = 1 WHERE id = 3;
ALTER TABLE lead ENABLE TRIGGER USER;
INSERT INTO sla_clock (policy, metric, lead_id, variant, started_at, due_at, stopped_at, target, started_by, definition_version)
SELECT 'hot', 'first_response', n, '*', '2026-02-02 10:00', '2026-02-02 12:00', '2026-02-02 10:00'::timestamptz + CASE n WHEN 3 THEN interval '24 hours' ELSE n * interval '10 minutes' END, '2:00', 'stage lead', 1
FROM generate_series(1, 3) n;
SELECT is(m('first_response', '2026-02-01', '2026-03-01'), '900.0000 -/2', 'the median first response, without leads that are outside');
SELECT is((leadflow.metric('crm', 'first_response', '[2026-02-01,2026-03-01)')).value, (SELECT elapsed_seconds_median::numeric FROM response_time), 'as response_time has it');
SELECT is(m('leads', '2026-02-01', '2026-03-01'), '2.0000 2/-', 'nor do they count as leads');
SELECT is(m('sla_met_share', '2026-02-01', '2026-03-01'), '1.0000 2/2', 'or promises');

-- the same number, whoever asks from wherever

CREATE TEMP TABLE seen AS SELECT m.metric, x.* FROM metric m CROSS JOIN LATERAL leadflow.metric('crm', m.metric, '[2026-02-01,2026-04-01)', CASE m.metric WHEN 'roi' THEN '{"campaign_id": 1}' ELSE '{}' END::jsonb) x;
SELECT is(current_setting('leadflow.clock') || ' ' || current_setting('timezone'), '2026-04-16 00:00+00 UTC', 'the clock and the time zone of the session are as they were');
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SET search_path = public;
SELECT public.is_empty($$SELECT s.metric FROM pg_temp.seen s CROSS JOIN LATERAL leadflow.metric('crm', s.metric, '[2026-02-01,2026-04-01)', CASE s.metric WHEN 'roi' THEN '{"campaign_id": 1}' ELSE '{}' END::jsonb) x
    WHERE (s.value, s.numerator, s.denominator, s.as_of, s.time_zone, s.query) IS DISTINCT FROM (x.value, x.numerator, x.denominator, x.as_of, x.time_zone, x.query)$$, 'the same from another time zone, date style and search_path');
RESET datestyle;
SET timezone = 'UTC';
SET search_path = crm, public;
UPDATE metric SET position = position WHERE metric = 'revenue';
SELECT is((SELECT definition_version FROM seen WHERE metric = 'revenue') < (leadflow.metric('crm', 'revenue', '(,)')).definition_version, true, 'the version of the definitions that it rests on');
SELECT is((leadflow.metric('crm', 'revenue', '(,)')).definition_version, max(version), 'is the present one') FROM definition_change;
-- the query is what was asked
CREATE FUNCTION asked(metric text, period daterange) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    m record; v numeric;
BEGIN
    SELECT * INTO m FROM leadflow.metric('crm', metric, period);
    PERFORM set_config('leadflow.clock', m.as_of::text, true), set_config('timezone', m.time_zone, true);
    EXECUTE 'SELECT value FROM (' || m.query || ') q' INTO v;
    PERFORM set_config('leadflow.clock', '2026-04-16 00:00+00', true), set_config('timezone', 'UTC', true);
    RETURN v IS NOT DISTINCT FROM m.value;
END $$;
SELECT ok(asked(metric, '[2026-02-01,2026-04-01)'), metric || ': the query gives the value') FROM unnest('{revenue,win_rate,deal_value,first_response,velocity,pipeline_value,spend}'::text[]) metric;

-- days are those of the default calendar: 2026-04-01 00:00 UTC is March in New York

UPDATE business_calendar SET calendar = 'America/New_York; Mo-Fr 09:00-17:00' WHERE code = 'default';
SELECT is(m('revenue', '2026-04-01', '2026-05-01'), '0.0000 0/-', 'E was won in March');
SELECT is(m('revenue', '2026-03-01', '2026-04-01'), '3500.0000 3500.00/-', 'there');
SELECT is(time_zone || ' ' || as_of, 'America/New_York 2026-04-01 03:59:59.999999+00', 'as the answer says') FROM leadflow.metric('crm', 'revenue', '[2026-03-01,2026-04-01)');
DELETE FROM business_calendar;
SELECT is((leadflow.metric('crm', 'revenue', '[2026-03-01,2026-04-01)')).time_zone, 'UTC', 'without a calendar UTC');

-- what is wrong is said

SELECT throws_ok($$SELECT leadflow.metric('public', 'revenue', '(,)')$$, '42704', NULL, 'not a workspace');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'nothing', '(,)')$$, '42704', NULL, 'no such metric');
SELECT throws_ok($$SELECT leadflow.metric('crm', NULL, '(,)')$$, '22004', NULL, 'no metric');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', NULL)$$, '22004', NULL, 'no period');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', NULL)$$, '22004', NULL, 'null dimensions');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', 'empty')$$, '22023', NULL, 'an empty period');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '[2026-01-01,infinity)')$$, '22023', NULL, 'a period without end');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', '{"amount": 1}')$$, '22023', 'metric "revenue" cannot be asked for by "amount"', 'a dimension that is not allowed');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', '[]')$$, '22023', NULL, 'a list is no dimensions');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', '"owner"')$$, '22023', NULL, 'nor is a text');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', '{"owner": {"a": 1}}')$$, '22023', NULL, 'nor is an object a value');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)', '{"campaign_id": "x"}')$$, '22P02', NULL, 'a text is no number of a campaign');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'spend', '[2026-01-15,2026-02-01)')$$, '22023', 'metric "spend" is counted by whole months', 'half a month of what is counted by months');
SELECT throws_ok($$SELECT leadflow.metric('crm', 'velocity', '(,)', '{"dimension_value": ["*", "small"], "dimension": ["total", "segment"]}')$$, '21000', NULL, 'velocities do not add up');
SELECT is(m('revenue', NULL, NULL, '{"owner": "x'' OR true --"}'), '0.0000 0/-', 'a value is a value');
SELECT is(current_setting('leadflow.clock'), '2026-04-16 00:00+00', 'errors leave the clock alone');

-- rights

SELECT 'metrics_' || pg_backend_pid() AS reader, 'metrics_other_' || pg_backend_pid() AS other \gset
CREATE ROLE :reader;
CREATE ROLE :other;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
GRANT USAGE ON SCHEMA public TO :reader, :other;
SET ROLE :reader;
SELECT is((leadflow.metric('crm', 'revenue', '(,)')).value, 4500.00, 'a reader may ask');
SELECT cmp_ok(count(*), '>', 500::bigint, 'and read the dictionary') FROM crm.metric_dictionary;
SELECT throws_ok('UPDATE crm.metric SET position = 1', '42501', NULL, 'but defines nothing');
RESET ROLE;
REVOKE SELECT ON crm.deal FROM :reader;
SET ROLE :reader;
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)')$$, '42501', NULL, 'who may not read the report gets no number');
SET ROLE :other;
SELECT throws_ok($$SELECT leadflow.metric('crm', 'revenue', '(,)')$$, '42501', NULL, 'nor does a stranger');
RESET ROLE;
DROP OWNED BY :reader, :other;
DROP ROLE :reader, :other;

SELECT * FROM finish();
