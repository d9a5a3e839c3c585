/* named_number.sql: the numbers that the table metric of a workspace names */

CREATE FUNCTION leadflow.metric_filter(filter jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    field text;
    wanted jsonb;
    one jsonb;
    choices text[];
    conditions text[] := '{}';
BEGIN
    IF pg_catalog.jsonb_typeof(filter) <> 'object' THEN
        RAISE EXCEPTION 'a filter must be a JSON object'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('This is %s: %s', pg_catalog.jsonb_typeof(filter), pg_catalog.left(filter::text, 200)),
                  HINT = 'Write {"column": value}.';
    END IF;
    FOR field, wanted IN SELECT f.key, f.value FROM pg_catalog.jsonb_each(filter) f ORDER BY f.key LOOP
        choices := '{}';
        FOR one IN SELECT v.value FROM pg_catalog.jsonb_array_elements(
                CASE WHEN pg_catalog.jsonb_typeof(wanted) = 'array' THEN wanted ELSE pg_catalog.jsonb_build_array(wanted) END) v LOOP
            IF pg_catalog.jsonb_typeof(one) IN ('object', 'array') THEN
                RAISE EXCEPTION 'column "%" cannot be compared with %', field, pg_catalog.left(one::text, 200)
                    USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a text, a number, true, false, null, or a list of these.';
            END IF;
            choices := choices || CASE WHEN pg_catalog.jsonb_typeof(one) = 'null' THEN pg_catalog.format('x.%I IS NULL', field)
                                       ELSE pg_catalog.format('x.%I = %L', field, one #>> '{}') END;
        END LOOP;
        IF choices = '{}' THEN
            RAISE EXCEPTION 'column "%" is compared with an empty list', field
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave the column out for all rows.';
        END IF;
        conditions := conditions || CASE WHEN pg_catalog.cardinality(choices) = 1 THEN choices[1]
                                         ELSE '(' || pg_catalog.array_to_string(choices, ' OR ') || ')' END;
    END LOOP;
    RETURN NULLIF(pg_catalog.array_to_string(conditions, ' AND '), '');
END;
$$;
COMMENT ON FUNCTION leadflow.metric_filter(jsonb) IS
    'the condition, as SQL over a row x, that a filter of a metric stands for: {"column": value} with a text, number, true, false, null or a list of these. Names and values are quoted. Null for no condition. Errors: not an object, an empty list, an object or list as a value (22023)';

CREATE FUNCTION leadflow.check_report(workspace text, report text) RETURNS oid
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    view_id oid;
BEGIN
    SELECT c.oid INTO view_id FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = workspace) AND c.relname = report AND c.relkind = 'v';
    IF view_id IS NULL THEN
        RAISE EXCEPTION 'report "%" does not exist in workspace "%"', report, workspace
            USING ERRCODE = 'undefined_table', HINT = 'Name a view of the workspace.';
    END IF;
    RETURN view_id;
END;
$$;
COMMENT ON FUNCTION leadflow.check_report(text, text) IS
    'part of leadflow.metric_guard: the view of a workspace that is called so. Errors: there is none (42P01)';

CREATE FUNCTION leadflow.check_metric(workspace text, metric text, report text, aggregate text, numerator text, denominator text, period_column text,
        whole_months boolean, filter jsonb, numerator_filter jsonb, dimensions text[], shown_in text[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    view_id constant oid := leadflow.check_report(workspace, report);
    wanted text;
    kind text;
    shown text[];
BEGIN
    PERFORM leadflow.metric_filter(filter), leadflow.metric_filter(numerator_filter);
    FOR wanted IN
        SELECT w.field FROM (SELECT pg_catalog.unnest(ARRAY[NULLIF(numerator, '*'), NULLIF(denominator, '*'), period_column] || dimensions) AS field
                             UNION SELECT pg_catalog.jsonb_object_keys(filter)
                             UNION SELECT pg_catalog.jsonb_object_keys(numerator_filter)) w
        WHERE w.field IS NOT NULL ORDER BY w.field
    LOOP
        SELECT t.typname INTO kind FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = view_id AND a.attname = wanted AND a.attnum > 0 AND NOT a.attisdropped;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'column "%" of report "%" does not exist', wanted, report
                USING ERRCODE = 'undefined_column', DETAIL = pg_catalog.format('Metric "%s" names it.', metric);
        END IF;
        IF wanted = period_column AND kind NOT IN ('date', 'timestamptz') OR whole_months AND wanted = period_column AND kind <> 'date' THEN
            RAISE EXCEPTION 'column "%" of report "%" cannot say the period of metric "%"', wanted, report, metric
                USING ERRCODE = 'datatype_mismatch', DETAIL = pg_catalog.format('It is of type %s.', kind),
                      HINT = 'Name a column that is a date, or, unless it stands for whole months, an instant.';
        END IF;
        IF wanted = numerator AND aggregate <> 'total' AND kind NOT IN ('numeric', 'int8', 'int4', 'float8') THEN
            RAISE EXCEPTION 'column "%" of report "%" is not a number', wanted, report
                USING ERRCODE = 'datatype_mismatch', DETAIL = pg_catalog.format('Metric "%s" asks for the %s of it.', metric, aggregate);
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY shown_in LOOP
        shown := pg_catalog.string_to_array(wanted, '.');
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                       WHERE c.relnamespace = (SELECT v.relnamespace FROM pg_catalog.pg_class v WHERE v.oid = view_id) AND c.relkind = 'v'
                           AND c.relname = shown[1] AND a.attname = shown[2] AND a.attnum > 0 AND pg_catalog.cardinality(shown) = 2) THEN
            RAISE EXCEPTION 'there is no column "%" in the reports of workspace "%"', wanted, workspace
                USING ERRCODE = 'undefined_column', HINT = 'Write report.column.';
        END IF;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.check_metric(text, text, text, text, text, text, text, boolean, jsonb, jsonb, text[], text[]) IS
    'part of leadflow.metric_guard: whether a row of metric can be counted. Errors: there is no such report (42P01), it does not have a column that is named (42703), one is of a type that does not do (42804), a bad filter (22023)';

-- PostgreSQL keeps a trigger's function for each table, so this one is short.
CREATE FUNCTION leadflow.metric_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'metric' THEN
        PERFORM leadflow.check_metric(TG_TABLE_SCHEMA, NEW.metric, NEW.report, NEW.aggregate, NEW.numerator, NEW.denominator, NEW.period_column,
                                      NEW.whole_months, NEW.filter, NEW.numerator_filter, NEW.dimensions, NEW.shown_in);
    ELSE
        PERFORM leadflow.check_report(TG_TABLE_SCHEMA, NEW.report);
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.metric_guard() IS
    'BEFORE INSERT OR UPDATE trigger of definitions that name a report: refuses a report that the workspace does not have (42P01), and of metric a column that the report does not have (42703), one of a type that does not do (42804) and a bad filter (22023)';

CREATE FUNCTION leadflow.metric_term(report regclass, field text, filter jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN field = '*' THEN 'pg_catalog.count(*)'
                WHEN t.typcategory = 'N' THEN pg_catalog.format('pg_catalog.sum(x.%I)', field)
                WHEN t.typname = 'bool' THEN pg_catalog.format('pg_catalog.count(NULLIF(x.%I, false))', field)
                ELSE pg_catalog.format('pg_catalog.count(x.%I)', field) END
        || COALESCE(' FILTER (WHERE ' || leadflow.metric_filter(filter) || ')', '')
    FROM (SELECT 1) one
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = report AND a.attname = field
    LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    $$;
COMMENT ON FUNCTION leadflow.metric_term(regclass, text, jsonb) IS
    'the aggregate, as SQL over rows x, that a numerator or denominator of a metric stands for: the sum of numbers, how many are true, how many rows have it, or for * how many rows; of those of a filter. Errors: as leadflow.metric_filter';

CREATE FUNCTION leadflow.metric(workspace text, metric text, period daterange, dimensions jsonb DEFAULT '{}',
        OUT value numeric, OUT numerator numeric, OUT denominator numeric, OUT unit text, OUT as_of timestamptz, OUT time_zone text,
        OUT definition_version bigint, OUT leadflow_version text, OUT query text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
    SET jit = off
    AS $$
DECLARE
    present constant text := pg_catalog.current_setting('leadflow.clock', true);
    from_day constant date := pg_catalog.lower(period);
    to_day constant date := pg_catalog.upper(period);
    d record;
    report regclass;
    asked text;
    conditions text[];
    source text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF metric IS NULL OR period IS NULL OR dimensions IS NULL THEN
        RAISE EXCEPTION 'metric, period and dimensions must not be null'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF pg_catalog.isempty(period) OR NOT COALESCE(pg_catalog.isfinite(from_day), true) OR NOT COALESCE(pg_catalog.isfinite(to_day), true) THEN
        RAISE EXCEPTION 'the period % is empty or has an infinite end', period
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write [2026-01-01,2026-04-01), or leave an end out for all there is.';
    END IF;
    EXECUTE pg_catalog.format('SELECT m.* FROM %I.metric m WHERE m.metric = $1', workspace) INTO d USING metric;
    IF d.metric IS NULL THEN
        RAISE EXCEPTION 'metric "%" does not exist in workspace "%"', metric, workspace
            USING ERRCODE = 'undefined_object', HINT = 'The table metric lists what there is.';
    END IF;
    PERFORM leadflow.metric_filter(dimensions);
    SELECT k INTO asked FROM pg_catalog.jsonb_object_keys(dimensions) k WHERE k <> ALL (d.dimensions) ORDER BY k LIMIT 1;
    IF asked IS NOT NULL THEN
        RAISE EXCEPTION 'metric "%" cannot be asked for by "%"', metric, asked
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN d.dimensions = '{}' THEN 'It has no dimensions.'
                              ELSE pg_catalog.format('Its dimensions are %s.', pg_catalog.array_to_string(d.dimensions, ', ')) END;
    END IF;
    IF d.whole_months AND (pg_catalog.date_part('day', from_day) <> 1 OR pg_catalog.date_part('day', to_day) <> 1) THEN
        RAISE EXCEPTION 'metric "%" is counted by whole months', metric
            USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('The period is %s.', period),
                  HINT = 'Begin on the first day of a month and end on the last.';
    END IF;

    EXECUTE pg_catalog.format('SELECT pg_catalog.split_part(b.calendar::text, '';'', 1) FROM %I.business_calendar b WHERE b.code = ''default''', workspace) INTO time_zone;
    time_zone := COALESCE(time_zone, 'UTC');
    PERFORM pg_catalog.set_config('TimeZone', time_zone, true);
    as_of := LEAST(to_day::timestamptz - interval '1 microsecond', leadflow.clock());
    EXECUTE pg_catalog.format('SELECT pg_catalog.max(c.version) FROM %I.definition_change c', workspace) INTO definition_version;
    leadflow_version := leadflow.version();
    unit := d.unit;

    report := pg_catalog.format('%I.%I', workspace, d.report)::regclass;
    -- a day begins where the time zone says
    SELECT pg_catalog.array_agg(pg_catalog.format('x.%I %s %s %L', d.period_column, b.sign, a.atttypid::regtype,
               CASE WHEN a.atttypid = 'date'::regtype THEN b.day::text ELSE b.day::timestamptz::text END) ORDER BY b.day)
    INTO conditions
    FROM pg_catalog.pg_attribute a
    CROSS JOIN (VALUES ('>='::text, from_day), ('<', to_day)) b (sign, day)
    WHERE a.attrelid = report AND a.attname = d.period_column AND b.day IS NOT NULL;
    conditions := conditions || leadflow.metric_filter(d.filter || dimensions);
    -- reports that list rather than count have such leads too
    IF EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = report AND a.attname = 'lead_id') AND d.report <> 'lead_outside' THEN
        conditions := conditions || pg_catalog.format('NOT EXISTS (SELECT FROM %I.lead_outside o WHERE o.lead_id = x.lead_id)', workspace);
    END IF;
    source := pg_catalog.format('%I.%I x', workspace, d.report)
        || COALESCE(' WHERE ' || NULLIF(pg_catalog.array_to_string(conditions, ' AND '), ''), '');

    query := CASE d.aggregate
        WHEN 'only' THEN pg_catalog.format('SELECT (SELECT x.%I FROM %s)::numeric AS value, NULL::numeric AS numerator, NULL::numeric AS denominator',
                                           d.numerator, source)
        WHEN 'median' THEN pg_catalog.format('SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY x.%1$I::double precision)::numeric AS value, NULL::numeric AS numerator, pg_catalog.count(x.%1$I)::numeric AS denominator FROM %2$s',
                                             d.numerator, source)
        ELSE pg_catalog.format('SELECT %s AS value, n.numerator, n.denominator FROM (SELECT COALESCE(%s, 0)::numeric AS numerator, %s::numeric AS denominator FROM %s) n',
                               CASE WHEN d.aggregate = 'average' OR d.denominator IS NOT NULL THEN 'n.numerator / NULLIF(n.denominator, 0)' ELSE 'n.numerator' END,
                               leadflow.metric_term(report, d.numerator, d.numerator_filter),
                               CASE WHEN d.aggregate = 'average' THEN pg_catalog.format('pg_catalog.count(x.%I)', d.numerator)
                                    WHEN d.denominator IS NULL THEN 'NULL'
                                    ELSE pg_catalog.format('COALESCE(%s, 0)', leadflow.metric_term(report, d.denominator, '{}')) END,
                               source) END;

    -- the present of the query, and then again that of the caller
    PERFORM pg_catalog.set_config('leadflow.clock', pg_catalog.to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"'), true);
    EXECUTE query INTO value, numerator, denominator;
    PERFORM pg_catalog.set_config('leadflow.clock', COALESCE(present, ''), true);
END;
$$;
COMMENT ON FUNCTION leadflow.metric(text, text, daterange, jsonb) IS
    'one number that the table metric names, with all that it takes to get it again. period: its days, in the time zone of the default business calendar (UTC where there is none), whatever the session''s is; an end left out is open. dimensions: {"column": value} with a text, number, true, false, null or a list of these. value is what is known at the last instant of the period, or at leadflow.clock() where that is earlier (as_of); null for a share of nothing. Rows of leads in lead_outside do not count, whatever the report. numerator and denominator: what it is made of, where it is a total or average; of a median the denominator is the number of values. definition_version and leadflow_version: what the number rests on. query: what was asked, to be run with leadflow.clock at as_of and TimeZone at time_zone. Needs SELECT on the report, lead_outside, metric, business_calendar and definition_change. Errors: not a workspace or no such metric (42704), a null argument (22004), an empty or infinite period, a part of a month of what is counted by months, a dimension that is not allowed, JSON of another shape (22023), more than one row for an only value (21000)';
