-- What the clients of test/check/clients are to ask, and what psql gets for it.
--
-- Run as the analyst.  Leaves two tables: client_case (what to do) and
-- client_expected (name of the case, one row of its result).  A result row is
-- '=' and its cells, joined by '|': text as it is, numbers as psql writes
-- them, instants in milliseconds since 1970, json as the word; '.' ends a
-- result, '!' and a SQLSTATE is an error.
CREATE TEMP TABLE client_case (
    no bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,                 -- read: a whole report; query: with parameters; often: one that is run again and again
    name text NOT NULL UNIQUE,
    path text NOT NULL DEFAULT '',      -- search_path to set before
    sql text NOT NULL,                  -- each ? is a parameter
    types text NOT NULL DEFAULT '',     -- of the parameters: text, list (of texts), time, date, num, bool
    params text[] NOT NULL DEFAULT '{}' -- a list is joined by E'\x1e'
);
CREATE TEMP TABLE client_expected (no bigint GENERATED ALWAYS AS IDENTITY, name text, line text);

CREATE FUNCTION pg_temp.family(type oid) RETURNS text LANGUAGE sql AS
$$
    SELECT CASE pg_catalog.format_type($1, NULL) WHEN 'text' THEN 'text' WHEN 'bigint' THEN 'int' WHEN 'integer' THEN 'int' WHEN 'numeric' THEN 'num'
        WHEN 'timestamp with time zone' THEN 'time' WHEN 'date' THEN 'date' WHEN 'boolean' THEN 'bool' WHEN 'jsonb' THEN 'json'
        ELSE pg_catalog.format_type($1, NULL) END
$$;

-- a line as the clients write it
CREATE FUNCTION pg_temp.escaped(said text) RETURNS text LANGUAGE sql AS
$$
    SELECT replace(replace(replace(replace($1, '\', '\\'), E'\t', '\t'), E'\n', '\n'), E'\r', '\r')
$$;

-- Runs a query and keeps its result.
CREATE FUNCTION pg_temp.expect(label text, query text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    cells text;
BEGIN
    EXECUTE 'CREATE TEMP VIEW looked AS ' || query;
    SELECT string_agg(format(CASE pg_temp.family(a.atttypid)
                                 WHEN 'time' THEN '(floor(extract(epoch FROM %I) * 1000))::bigint::text'
                                 WHEN 'json' THEN 'CASE WHEN %I IS NOT NULL THEN ''json'' END'
                                 ELSE '%I::text' END, a.attname), ', ' ORDER BY a.attnum)
        INTO cells FROM pg_attribute a WHERE a.attrelid = 'looked'::regclass AND a.attnum > 0;
    EXECUTE format('INSERT INTO client_expected (name, line)
                    SELECT $1, ''='' || array_to_string(ARRAY(SELECT pg_temp.escaped(c) FROM unnest(ARRAY[%s]) WITH ORDINALITY u (c, i) ORDER BY i), ''|'', ''\N'') FROM looked', cells)
        USING label;
    DROP VIEW looked;
    INSERT INTO client_expected (name, line) VALUES (label, '.');
EXCEPTION WHEN OTHERS THEN
    INSERT INTO client_expected (name, line) VALUES (label, '!' || SQLSTATE);
END
$$;

-- The query with its parameters written out.
CREATE FUNCTION pg_temp.filled(query text, types text, params text[]) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    kinds text[] := string_to_array(types, ',');
    parts text[] := string_to_array(query, '?');
    found text := parts[1];
BEGIN
    FOR i IN 1 .. cardinality(params) LOOP
        found := found || CASE kinds[i] WHEN 'list' THEN quote_literal(string_to_array(params[i], E'\x1e')) || '::text[]'
                                        WHEN 'time' THEN quote_literal(params[i]) || '::timestamptz' WHEN 'date' THEN quote_literal(params[i]) || '::date'
                                        WHEN 'num' THEN params[i] || '::numeric' WHEN 'bool' THEN params[i]
                                        ELSE quote_literal(params[i]) END || parts[i + 1];
    END LOOP;
    RETURN found;
END
$$;

CREATE TEMP VIEW report AS
    SELECT c.oid, c.relname, obj_description(c.oid, 'pg_class') AS said
    FROM pg_class c
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'v' AND has_table_privilege(c.oid, 'SELECT');

INSERT INTO client_case (kind, name, sql) SELECT 'read', 'read ' || relname, format('SELECT * FROM crm.%I', relname) FROM report ORDER BY relname;

-- filters on texts, stages among them, as tools write them
CREATE TEMP TABLE textual (report text, col text);
INSERT INTO textual VALUES ('funnel', 'stage'), ('funnel', 'phase'), ('pipeline_stages', 'stage'), ('work_queue', 'stage'), ('sla_status', 'state'),
    ('sla_compliance', 'owner'), ('rejections', 'reason'), ('loss_reasons', 'last_stage'), ('campaign_return', 'campaign'),
    ('plan_vs_actual', 'metric'), ('deal', 'stage'), ('stage_history', 'previous_stage'), ('stalled', 'stage'), ('mix_rate', 'to_stage');
CREATE FUNCTION pg_temp.common(report text, col text, place bigint) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    found text;
BEGIN
    EXECUTE format('SELECT %2$I FROM crm.%1$I WHERE %2$I <> '''' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET LEAST(%3$s, (SELECT count(DISTINCT %2$I) - 1 FROM crm.%1$I))', report, col, place)
        INTO found;
    RETURN found;
END
$$;
INSERT INTO client_case (kind, name, sql, types, params)
    SELECT CASE f.name WHEN 'equal' THEN 'often' ELSE 'query' END, format('%s %s.%s', f.name, t.report, t.col), format('SELECT count(*) AS n, min(%2$I) AS least FROM crm.%1$I WHERE ' || f.filter, t.report, t.col), f.types,
           CASE f.types WHEN 'text' THEN ARRAY[CASE f.name WHEN 'equal' THEN v.a WHEN 'ilike' THEN '%' || upper(substr(v.a, 2, 3)) || '%' ELSE '%' || lower(substr(v.a, 2, 3)) || '%' END]
                        WHEN 'list' THEN ARRAY[v.a || E'\x1e' || v.b] ELSE ARRAY[v.a, v.b] END
    FROM textual t
    CROSS JOIN LATERAL (VALUES (pg_temp.common(t.report, t.col, 0), pg_temp.common(t.report, t.col, 1))) v (a, b)
    CROSS JOIN (VALUES ('equal', '%2$I = ?', 'text'), ('in', '%2$I IN (?, ?)', 'text,text'), ('any', '%2$I = ANY (?)', 'list'),
                       ('ilike', '%2$I ILIKE ?', 'text'), ('contains', 'lower(%2$I) LIKE ?', 'text')) f (name, filter, types);

-- ranges of time, numbers, truth, sums
INSERT INTO client_case (kind, name, sql, types, params) VALUES
    ('often', 'time sla_status', 'SELECT count(*) AS n, min(started_at) AS first_at FROM crm.sla_status WHERE started_at >= ? AND started_at < ?', 'time,time', '{2026-02-01 00:00+00,2026-05-01 00:00+00}'),
    ('often', 'time deal', 'SELECT count(*) AS n, sum(value) AS value FROM crm.deal WHERE opened_at BETWEEN ? AND ?', 'time,time', '{2026-02-01 00:00+00,2026-05-01 00:00+00}'),
    ('often', 'date sla_compliance', 'SELECT month, sum(met) AS met, sum(clocks) AS clocks FROM crm.sla_compliance WHERE month >= ? AND month < ? GROUP BY month', 'date,date', '{2026-02-01,2026-05-01}'),
    ('often', 'date cohort_conversion', 'SELECT month, won_share, expected_share FROM crm.cohort_conversion WHERE month BETWEEN ? AND ? AND days = 90', 'date,date', '{2026-01-01,2026-04-30}'),
    ('often', 'number campaign_return', 'SELECT campaign_id, spend, roi FROM crm.campaign_return WHERE spend >= ?', 'num', '{5000.50}'),
    ('often', 'truth funnel', 'SELECT stage, reached, conversion_from_previous FROM crm.funnel WHERE is_exit = ?', 'bool', '{false}'),
    ('often', 'sum pipeline_stages', 'SELECT sum(value) AS value, round(avg(stage_seconds_average), 3) AS seconds, max(win_rate) AS best FROM crm.pipeline_stages WHERE stage <> ?', 'text', '{won}'),
    ('often', 'sum rejections', 'SELECT reason, sum(rejected) AS rejected, sum(share) AS share FROM crm.rejections WHERE reason IN (?, ?) GROUP BY reason', 'text,text', '{not_now,no_budget}'),
    ('often', 'month deal', 'SELECT date_trunc(''month'', opened_at) AS month, count(*) AS n FROM crm.deal WHERE stage <> ? GROUP BY 1', 'text', '{lost}'),
    ('often', 'clock', 'SELECT leadflow.clock() AS at', '', '{}'),
    ('often', 'zone', 'SELECT current_setting(''TimeZone'') AS zone', '', '{}');

-- the type stage, in the definitions
INSERT INTO client_case (kind, name, sql, types, params) VALUES
    ('often', 'stage equal', 'SELECT count(*) AS n FROM crm.stage_definition WHERE stage = ?', 'text', '{mql}'),
    ('often', 'stage in', 'SELECT count(*) AS n FROM crm.stage_alias WHERE stage IN (?, ?)', 'text,text', '{mql,sql}'),
    ('often', 'stage any', 'SELECT count(*) AS n FROM crm.transition WHERE to_stage = ANY (?)', 'list', ARRAY[E'lost\x1enurture']),
    ('often', 'stage at or past', 'SELECT count(*) AS n FROM crm.stage_definition WHERE stage >= ?', 'text', '{mql}'),
    ('often', 'stage unequal', 'SELECT count(*) AS n FROM crm.stage_definition WHERE stage <> ?', 'text', '{mql}'),
    ('often', 'stage as text', 'SELECT count(*) AS n FROM crm.stage_definition WHERE stage::text ILIKE ?', 'text', '{%QL%}'),
    ('often', 'stage ilike', 'SELECT count(*) AS n FROM crm.stage_definition WHERE stage ILIKE ?', 'text', '{%QL%}');

-- what an analyst may not read
INSERT INTO client_case (kind, name, sql) SELECT 'query', 'refused ' || v, format('SELECT count(r) AS n FROM crm.%I r', v) FROM unnest(ARRAY['lead', 'lead_card', 'touch']) v;

-- with the schema of the workspace as the whole search path
INSERT INTO client_case (kind, name, path, sql, types, params) VALUES
    ('often', 'path funnel', '"crm"', 'SELECT stage, sum(reached) AS reached FROM funnel WHERE stage IN (?, ?) GROUP BY stage', 'text,text', '{mql,sal}'),
    ('often', 'path sla_status', '"crm"', 'SELECT date_trunc(''month'', started_at) AS month, count(*) AS n FROM sla_status WHERE started_at >= ? AND state ILIKE ? GROUP BY 1', 'time,text', '{2026-02-01 00:00+00,%MET%}'),
    ('often', 'path work_queue', '"crm"', 'SELECT band, count(*) AS n, max(score) AS score FROM work_queue WHERE stage = ? GROUP BY band', 'text', '{mql}'),
    ('often', 'path plan_vs_actual', '"crm"', 'SELECT metric, target_value, actual, forecast FROM plan_vs_actual WHERE metric = ?', 'text', '{revenue}'),
    ('often', 'path stage', '"crm"', 'SELECT count(*) AS n FROM stage_definition WHERE stage >= ?', 'text', '{mql}'),
    ('often', 'path elsewhere', 'pg_catalog', 'SELECT count(*) AS n FROM crm.sla_breach WHERE promise = ? OR overdue_seconds > 0', 'text', '{no such promise}');

-- one number by its name
INSERT INTO client_case (kind, name, sql, types, params) VALUES
    ('often', 'metric', 'SELECT value, numerator, denominator, unit, as_of FROM leadflow.metric(?, ?, CAST(? AS daterange), CAST(? AS jsonb))', 'text,text,text,text',
     ARRAY['crm', 'win_rate', '[2026-01-01,2026-06-01)', '{"owner": "bert"}']),
    ('often', 'metric bare', 'SELECT value, numerator, denominator, unit, as_of FROM leadflow.metric(?, ?, ?, ?)', 'text,text,text,text',
     ARRAY['crm', 'win_rate', '[2026-01-01,2026-06-01)', '{"owner": "bert"}']);

SELECT pg_temp.expect(name, pg_temp.filled(sql, types, params)) FROM client_case WHERE path = '' ORDER BY no \g /dev/null
SET search_path = crm;
SELECT pg_temp.expect(name, pg_temp.filled(sql, types, params)) FROM pg_temp.client_case WHERE path <> '' ORDER BY no \g /dev/null
RESET search_path;

-- JDBC calls a text varchar, and no function takes that for a daterange or jsonb.
INSERT INTO client_expected (name, line) VALUES ('metric bare@jdbc-extended', '!42883');

-- JDBC also brings the time zone of its own machine.
INSERT INTO client_expected (name, line) VALUES ('zone@jdbc-zone', '=Europe/Warsaw'), ('zone@jdbc-zone', '.');

-- what a client says of the columns
INSERT INTO client_expected (name, line)
    SELECT 'describe ' || relname, d.line
    FROM report r CROSS JOIN LATERAL (
        SELECT 0 AS last, a.attnum, '=' || a.attname || ' ' || pg_temp.family(a.atttypid) AS line FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0
        UNION ALL SELECT 1, 0, '.') d
    ORDER BY relname, last, attnum;
INSERT INTO client_expected (name, line)
    SELECT 'comment ' || relname, d.line
    FROM report r CROSS JOIN LATERAL (
        SELECT 0 AS last, 0::smallint AS attnum, '=' || pg_temp.escaped(r.said) AS line
        UNION ALL SELECT 0, a.attnum, '=' || a.attname || ' ' || pg_temp.escaped(col_description(r.oid, a.attnum)) FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0
        UNION ALL SELECT 1, 0, '.') d
    ORDER BY relname, last, attnum;

\copy (SELECT kind, name, path, sql, types, array_to_string(params, E'\x1f') FROM client_case ORDER BY no) TO 'cases.tsv'
\copy (SELECT name, line FROM client_expected ORDER BY no) TO PROGRAM 'sed "s/\\\\\\\\/\\\\/g" > expected.tsv'
