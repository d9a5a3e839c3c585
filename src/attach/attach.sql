/*
 * attach.sql: the company's own tables feed a workspace.
 *
 * An attachment is two functions in the workspace and the triggers that call
 * them.  crm.lead_from_x(new public.x) says what a row of the CRM means: a
 * plain SQL function whose body PostgreSQL has parsed, so that it follows
 * renames, and that can be read, tried and planned into a query.
 * crm.lead_from_x() is the trigger function that writes what the first one
 * gives.  The backfill writes it by the same statement.  An UPDATE comes to it
 * through leadflow.attached(), which lets pass what the mapping does not read.
 */

CREATE FUNCTION leadflow.attached() RETURNS trigger
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_attached';
COMMENT ON FUNCTION leadflow.attached() IS
    'AFTER UPDATE trigger of attached tables: calls the trigger function of the attachment that its argument names if a column that the mapping reads has changed';

CREATE FUNCTION leadflow.attachment_key(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF key IS NULL OR key = '' THEN
        RAISE EXCEPTION 'a row without a key cannot be attached'
            USING ERRCODE = 'not_null_violation', HINT = 'external_id must be mapped to what identifies the row; see leadflow.attachments.';
    END IF;
    RETURN key;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_key(text) IS
    'the key itself; what attachments call for external_id. Errors: null or empty (23502)';

CREATE FUNCTION leadflow.further(present leadflow.stage, wanted leadflow.stage) RETURNS leadflow.stage
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN wanted IS NULL OR 0 OPERATOR(pg_catalog.<) leadflow.ordinal(wanted)
                       AND leadflow.ordinal(wanted) OPERATOR(pg_catalog.<) leadflow.ordinal(present)
                  THEN present ELSE wanted END $$;
COMMENT ON FUNCTION leadflow.further(leadflow.stage, leadflow.stage) IS
    'where a row goes that is moved forward only: the stage wanted, but the present one where none is wanted or the wanted one is earlier on the spine; exits, and ways out of them, are not earlier';

CREATE FUNCTION leadflow.attachment_columns(target regclass, object_table regclass, mapping jsonb, options jsonb)
    RETURNS TABLE (name text, expression text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    object constant text := (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = object_table);
    workspace constant text := (SELECT c.relnamespace::regnamespace::text FROM pg_catalog.pg_class c WHERE c.oid = object_table);
    parent_source constant text := COALESCE(options ->> 'parent_source', options ->> 'source');
    key text;
    parent text;
    wanted text;
    given regtype;
    basis text;
    fallback text;
    nobody text;
BEGIN
    FOR key, expression IN
        SELECT m.key, m.value #>> '{}' FROM pg_catalog.jsonb_each(mapping) m
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = object_table AND a.attname = m.key AND a.attnum > 0
        ORDER BY a.attnum, m.key
    LOOP
        parent := NULL;
        name := key;
        IF key = 'outcome' AND object IN ('lead', 'opportunity') THEN
            wanted := 'leadflow.stage';
        ELSIF key IN ('lead', 'account', 'campaign') THEN
            parent := key;
            name := key || '_id';
            wanted := 'text';
        END IF;
        SELECT CASE WHEN name IN (key, 'outcome') THEN pg_catalog.format_type(a.atttypid, a.atttypmod) ELSE wanted END,
               CASE WHEN a.attnotnull THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
        INTO basis, fallback
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = object_table AND a.attname = attachment_columns.name AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attidentity = '' AND a.attgenerated = '';
        IF key <> 'outcome' OR object NOT IN ('lead', 'opportunity') THEN
            IF NOT FOUND OR key IN ('source', 'furthest_stage', 'updated_at', 'recorded_at', 'merged_into', 'field_sources') THEN
                RAISE EXCEPTION 'a row of % has no column "%" to map', object, key
                    USING ERRCODE = 'undefined_column',
                          HINT = pg_catalog.format('Map columns of %s.%s that a writer may set.', workspace, object);
            END IF;
            wanted := basis;
        END IF;

        -- what does the expression give?
        BEGIN
            -- in WHERE too, where PostgreSQL refuses what may give other than one value: sets and aggregates
            EXECUTE pg_catalog.format('SELECT pg_catalog.pg_typeof((SELECT %1$s FROM %2$s AS new WHERE (%1$s) IS NULL LIMIT 0))', expression, target) INTO given;
        EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported OR cardinality_violation THEN
            RAISE EXCEPTION 'the mapping of "%" does not compile: %', key, SQLERRM
                USING ERRCODE = SQLSTATE, DETAIL = pg_catalog.format('Expression: %s', expression),
                      HINT = 'Write the columns of the row as new.column, and the names of other tables with their schemas.';
        END;
        IF wanted = 'timestamp with time zone' AND given IN ('timestamp'::regtype, 'date'::regtype) THEN
            IF options ->> 'time_zone' IS NULL THEN
                RAISE EXCEPTION 'the mapping of "%" gives a time without a time zone', key
                    USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('Expression: %s', expression),
                          HINT = 'Name the zone in which the source writes its times in the option time_zone.';
            END IF;
            expression := pg_catalog.format('pg_catalog.timezone(%L, (%s)::pg_catalog.timestamp)', options ->> 'time_zone', expression);
        ELSIF wanted = 'text' THEN
            expression := pg_catalog.format('NULLIF((%s)::pg_catalog.text, '''')', expression);
            IF key = 'owner' AND options ? 'nobody' THEN
                FOR nobody IN SELECT n FROM pg_catalog.jsonb_array_elements_text(
                    CASE pg_catalog.jsonb_typeof(options -> 'nobody') WHEN 'array' THEN options -> 'nobody'
                         ELSE pg_catalog.jsonb_build_array(options -> 'nobody') END) n
                LOOP
                    expression := pg_catalog.format('NULLIF(%s, %L)', expression, nobody);
                END LOOP;
            END IF;
        ELSIF wanted = 'boolean' AND given IN ('smallint'::regtype, 'bigint'::regtype, 'numeric'::regtype) THEN
            expression := pg_catalog.format('(%s) <> 0', expression);
        ELSIF wanted IN ('leadflow.stage', 'jsonb', 'date', 'boolean') OR given NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype,
                'numeric'::regtype, 'real'::regtype, 'double precision'::regtype, wanted::regtype) THEN
            IF given IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) OR wanted = 'leadflow.stage' THEN
                expression := pg_catalog.format('NULLIF((%s)::pg_catalog.text, '''')', expression);
            END IF;
            expression := pg_catalog.format('(%s)::%s', expression, wanted);
        ELSE
            expression := pg_catalog.format('(%s)::%s', expression, wanted);
        END IF;

        IF key = 'external_id' THEN
            expression := pg_catalog.format('leadflow.attachment_key(%s)', expression);
        ELSIF parent IS NOT NULL THEN
            expression := pg_catalog.format('(SELECT p.id FROM %s.%I p WHERE p.source = %L AND p.external_id = %s)',
                workspace, parent, parent_source, expression);
        ELSIF fallback IS NOT NULL THEN
            expression := pg_catalog.format('COALESCE(%s, %s)', expression, fallback);
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_columns(regclass, regclass, jsonb, jsonb) IS
    'the columns of a table of the workspace that a mapping fills, each with the expression over a row "new" of the target that gives it in the column''s type. Errors: no such column (42703), an expression that does not compile (its own SQLSTATE), a time without time zone (22023)';

CREATE FUNCTION leadflow.attachment_statement(workspace name, attachment name, from_clause text, stage_unchanged text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a record;
    moves boolean;
    gone boolean;
    wanted text;
    change text;
    columns text[];
    sets text[] := '{}';
    pairs_old text[] := '{}';
    pairs_new text[] := '{}';
    c text;
    value text;
    result text;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO STRICT a USING attachment;
    moves := a.object IN ('lead', 'opportunity');
    gone := a.options ? 'deleted';

    SELECT pg_catalog.array_agg(n.name ORDER BY n.position) INTO columns
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes)) WITH ORDINALITY AS n (name, mode, position)
    WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment AND p.pronargs = 1 AND n.mode = 't' AND n.name <> 'gone';

    FOREACH c IN ARRAY columns LOOP
        CONTINUE WHEN c IN ('external_id', 'stage', 'stage_since', 'reason', 'created_at');
        sets := sets || pg_catalog.format('%1$I = m.%1$I', c);
        pairs_old := pairs_old || pg_catalog.format('t.%I', c);
        pairs_new := pairs_new || pg_catalog.format('m.%I', c);
    END LOOP;
    IF moves AND 'stage' = ANY (columns) THEN
        -- who is in an exit already is not moved by a deletion
        wanted := CASE WHEN gone THEN 'CASE WHEN m.gone AND leadflow.is_exit(t.stage) THEN NULL ELSE m.stage END' ELSE 'm.stage' END;
        IF a.options ->> 'stage_sync' = 'mirror' THEN
            wanted := pg_catalog.format('COALESCE(%s, t.stage)', wanted);
        ELSE
            -- who was put into an exit here comes back when the tool moves it, not when the tool changes something else
            wanted := pg_catalog.format('leadflow.further(t.stage, CASE WHEN leadflow.is_exit(t.stage) AND NOT leadflow.is_exit(m.stage) AND %s%s THEN NULL ELSE %s END)',
                stage_unchanged, CASE WHEN gone THEN ' AND t.reason IS DISTINCT FROM ''deleted_in_source''' ELSE '' END, wanted);
        END IF;
        sets := sets || pg_catalog.format('stage = %s', wanted);
        pairs_old := pairs_old || 't.stage'::text;
        pairs_new := pairs_new || wanted;
        IF 'stage_since' = ANY (columns) THEN
            sets := sets || pg_catalog.format(
                'stage_since = CASE WHEN %s <> t.stage THEN GREATEST(COALESCE(m.stage_since, leadflow.clock()), t.stage_since) ELSE t.stage_since END', wanted);
        END IF;
        IF 'reason' = ANY (columns) THEN
            value := 'COALESCE(m.reason, t.reason)';
            IF gone THEN
                value := 'CASE WHEN t.reason = ''deleted_in_source'' AND NOT m.gone AND NOT leadflow.is_exit(m.stage) THEN COALESCE(m.reason, ''entered_in_error'')'
                    ' WHEN m.gone AND leadflow.is_exit(t.stage) THEN t.reason ELSE COALESCE(m.reason, t.reason) END';
            END IF;
            sets := sets || pg_catalog.format('reason = %s', value);
            pairs_old := pairs_old || 't.reason'::text;
            pairs_new := pairs_new || value;
        END IF;
    END IF;
    IF a.object = 'account' THEN
        sets := sets || 'updated_at = pg_catalog.now()'::text;
    END IF;

    result := pg_catalog.format(E'WITH m AS (\n    %s\n)', from_clause);
    IF gone AND a.object = 'touch' THEN
        result := result || pg_catalog.format(
            E', removed AS (\n    DELETE FROM %s.touch AS t\n    USING m\n    WHERE t.source = %L AND t.external_id = m.external_id AND m.gone)', ws, a.source);
    END IF;
    -- without a column to compare there is nothing to change
    change := pg_catalog.format(
        E'UPDATE %s.%I AS t\n    SET %s\n    FROM m\n    WHERE t.source = %L AND t.external_id = m.external_id%s\n        AND ROW(%s)\n            IS DISTINCT FROM ROW(%s)',
        ws, a.object, COALESCE(NULLIF(pg_catalog.array_to_string(sets, E',\n        '), ''), 'external_id = m.external_id'), a.source,
        CASE WHEN gone AND NOT moves THEN ' AND NOT m.gone' ELSE '' END,
        pg_catalog.array_to_string(pairs_old || 't.external_id'::text, ', '), pg_catalog.array_to_string(pairs_new || 'm.external_id'::text, ', '));
    IF (a.options ->> 'create')::boolean IS FALSE THEN
        RETURN result || E'\n' || change;
    END IF;
    RETURN result || pg_catalog.format(
        E', changed AS (\n    %7$s)\nINSERT INTO %1$s.%2$I (source, %3$s)\nSELECT %4$L, %5$s\nFROM m\nWHERE %6$sNOT EXISTS (SELECT FROM %1$s.%2$I t WHERE t.source = %4$L AND t.external_id = m.external_id)',
        ws, a.object,
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u), ', ') FROM pg_catalog.unnest(columns) u), a.source,
        (SELECT pg_catalog.string_agg('m.' || pg_catalog.quote_ident(u), ', ') FROM pg_catalog.unnest(columns) u),
        CASE WHEN gone THEN 'NOT m.gone AND ' ELSE '' END, change);
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_statement(name, name, text, text) IS
    'the statement by which an attachment writes: what from_clause (a query) gives, rows of the attachment''s mapping function, goes into the table of its object, each by source and external_id, and nothing is written that is there already. stage_unchanged: a condition that tells whether the tool has left the stage as it was; then nothing leaves an exit where stages go forward only';

CREATE FUNCTION leadflow.write_attachment_trigger(workspace name, attachment name) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a record;
    mapping regprocedure;
    deleted text := '';
    before text := '';
    unchanged text := 'true';
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO STRICT a USING attachment;
    IF a.object IN ('lead', 'opportunity') AND a.options ->> 'stage_sync' IS DISTINCT FROM 'mirror' AND a.mapping ?| '{stage,status,outcome}' THEN
        before := pg_catalog.format(E'    IF TG_OP = ''UPDATE'' THEN\n        previous.stage := (SELECT m.stage FROM %s.%I(OLD) AS m);\n    END IF;\n', ws, attachment);
        unchanged := 'm.stage IS NOT DISTINCT FROM previous.stage';
    END IF;
    SELECT p.oid INTO STRICT mapping FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment AND p.pronargs = 1;

    IF a.options ->> 'on_delete' = 'follow' THEN
        deleted := pg_catalog.format(CASE a.object
            WHEN 'touch' THEN E'        DELETE FROM %1$s.touch AS t USING %1$s.%2$I(OLD) AS m\n        WHERE t.source = %3$L AND t.external_id = m.external_id;\n'
            ELSE E'        UPDATE %1$s.%4$I AS t SET stage = ''disqualified'', reason = ''deleted_in_source'' FROM %1$s.%2$I(OLD) AS m\n'
                 '        WHERE t.source = %3$L AND t.external_id = m.external_id AND NOT leadflow.is_exit(t.stage);\n' END,
            ws, attachment, a.source, a.object);
        deleted := E'    IF TG_OP = ''DELETE'' THEN\n' || deleted || E'        RETURN NULL;\n    END IF;\n\n';
    END IF;
    EXECUTE pg_catalog.format($function$
CREATE OR REPLACE FUNCTION %1$s.%2$I() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET leadflow.source = %3$L
    AS %4$L$function$, ws, attachment, COALESCE(a.options ->> 'writer', a.source), pg_catalog.format($body$
-- Written by leadflow.attach, removed by leadflow.detach.
-- What a row means says %1$s.
%4$sBEGIN
%2$s    %3$s;
    RETURN NULL;
END;
$body$, mapping, deleted || before, pg_catalog.replace(
        leadflow.attachment_statement(workspace, attachment, pg_catalog.format('SELECT m.* FROM %s.%I(NEW) AS m', ws, attachment), unchanged),
        E'\n', E'\n    '), CASE before WHEN '' THEN '' ELSE E'<<previous>>\nDECLARE\n    stage leadflow.stage;		-- what the row meant before\n' END));
    EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s.%I() IS %L', ws, attachment,
        pg_catalog.format('trigger function of the attachment: writes what %s gives into %s.%s, as source %s', mapping, ws, a.object, a.source));
END;
$$;
COMMENT ON FUNCTION leadflow.write_attachment_trigger(name, name) IS
    'writes the trigger function of an attachment anew, from its row in the table attachment and its mapping function';

CREATE FUNCTION leadflow.attach(workspace name, target regclass, object text, mapping jsonb, options jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    known constant text[] := '{source,name,writer,parent_source,time_zone,nobody,filter,deleted,stage_sync,unknown_status,create,on_delete,always,aliases}';
    relation record;
    object_table regclass;
    attachment text;
    source text;
    writer text;		-- whose words the status is written in
    moves boolean;
    fault text;
    columns text[];
    expressions text[];
    outputs text[];
    results text[];
    gone text;
    stage text;
    reason text;
    signature text;
    whole boolean;
    filter text;
BEGIN
    IF workspace IS NULL OR pg_catalog.to_regclass(ws || '.workspace') IS NULL THEN
        RAISE EXCEPTION 'schema "%" is not a workspace', workspace
            USING ERRCODE = 'undefined_object', HINT = 'Create one with leadflow.create_workspace.';
    END IF;
    IF NOT pg_catalog.pg_has_role((SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = workspace), 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of workspace %', workspace
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF object IS NULL OR object NOT IN ('lead', 'opportunity', 'account', 'touch', 'campaign') THEN
        RAISE EXCEPTION 'unknown object "%"', object
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose lead, opportunity, account, touch or campaign.';
    END IF;
    object_table := (ws || '.' || object)::regclass;
    moves := object IN ('lead', 'opportunity');

    SELECT c.relname, c.relkind, c.relpersistence, c.relnamespace::regnamespace::text AS schema INTO relation
    FROM pg_catalog.pg_class c WHERE c.oid = target;
    IF target IS NULL OR relation.relname IS NULL OR relation.relkind NOT IN ('r', 'p') OR relation.relpersistence = 't' OR relation.schema = ws THEN
        RAISE EXCEPTION '% cannot be attached', COALESCE(target::text, 'nothing')
            USING ERRCODE = 'wrong_object_type',
                  DETAIL = 'A table of the company is attached: not a view, a temporary or foreign table, or a table of the workspace itself.';
    END IF;
    IF pg_catalog.jsonb_typeof(mapping) IS DISTINCT FROM 'object' OR pg_catalog.jsonb_typeof(options) IS DISTINCT FROM 'object'
        OR EXISTS (SELECT FROM pg_catalog.jsonb_each(mapping) m WHERE pg_catalog.jsonb_typeof(m.value) <> 'string') THEN
        RAISE EXCEPTION 'mapping and options must be JSON objects, and each mapping an expression in a string'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT o.key INTO fault FROM pg_catalog.jsonb_object_keys(options) o (key) WHERE o.key <> ALL (known) ORDER BY 1 LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option "%"', fault
            USING ERRCODE = 'invalid_parameter_value', HINT = pg_catalog.format('Options are %s.', pg_catalog.array_to_string(known, ', '));
    END IF;
    IF COALESCE(options ->> 'stage_sync', 'forward') NOT IN ('forward', 'mirror') OR COALESCE(options ->> 'on_delete', 'keep') NOT IN ('keep', 'follow')
        OR COALESCE(options ->> 'create', 'true') NOT IN ('true', 'false') OR COALESCE(options ->> 'always', 'false') NOT IN ('true', 'false') THEN
        RAISE EXCEPTION 'an option has a value that it cannot have'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'stage_sync is forward or mirror, on_delete keep or follow, create and always true or false.';
    END IF;
    IF options ->> 'on_delete' = 'follow' AND object IN ('account', 'campaign') THEN
        RAISE EXCEPTION 'a deleted % is kept', object
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave out on_delete.';
    END IF;
    IF NOT mapping ? 'external_id' THEN
        RAISE EXCEPTION 'the mapping lacks external_id'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Map external_id to what identifies the row in the source, for instance new.id.';
    END IF;

    IF (options ->> 'create')::boolean IS NOT FALSE THEN
        -- what a new row must have, and neither a default nor the guard gives
        SELECT a.attname INTO fault FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = object_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
            AND a.attname <> ALL ('{source,stage,stage_since,created_at,updated_at}') AND NOT mapping ? a.attname::text
        ORDER BY a.attnum LIMIT 1;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION 'the mapping lacks %', fault
                USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('A new row of %s.%s must have it.', ws, object);
        END IF;
    END IF;
    PERFORM pg_catalog.timezone(options ->> 'time_zone', pg_catalog.now());		-- is there such a zone?

    source := COALESCE(NULLIF(options ->> 'source', ''), relation.relname);
    attachment := COALESCE(NULLIF(options ->> 'name', ''),
        pg_catalog.left(object || '_from_' || pg_catalog.regexp_replace(pg_catalog.lower(relation.relname), '[^a-z0-9_]+', '_', 'g'), 40));
    IF attachment !~ '^[a-z_][a-z0-9_]{0,39}$' THEN
        RAISE EXCEPTION 'invalid name of an attachment: "%"', attachment
            USING ERRCODE = 'invalid_name', HINT = 'Up to 40 lower-case letters, digits and underscores, in the option name.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment) THEN
        RAISE EXCEPTION 'workspace % has an attachment "%" already', workspace, attachment
            USING ERRCODE = 'duplicate_object', HINT = 'Detach it first, or give this one another name in the option name.';
    END IF;
    options := options || pg_catalog.jsonb_build_object('source', source);
    writer := COALESCE(options ->> 'writer', source);

    -- what the mapping function gives
    SELECT pg_catalog.array_agg(m.name), pg_catalog.array_agg(m.expression) INTO columns, expressions
    FROM leadflow.attachment_columns(target, object_table, mapping, options) m;
    FOREACH fault IN ARRAY ARRAY['filter', 'deleted'] LOOP
        BEGIN
            EXECUTE pg_catalog.format('SELECT FROM %s AS new WHERE %s LIMIT 0', target, COALESCE(options ->> fault, 'true'));
        EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported THEN
            RAISE EXCEPTION 'the option "%" does not compile: %', fault, SQLERRM
                USING ERRCODE = SQLSTATE, DETAIL = pg_catalog.format('Expression: %s', options ->> fault),
                      HINT = 'It is a condition on the row: write its columns as new.column.';
        END;
    END LOOP;
    gone := 'COALESCE((' || (options ->> 'deleted') || '), false)';
    IF moves THEN
        SELECT 'COALESCE(' || pg_catalog.string_agg(s.expression, ', ' ORDER BY s.position) || ')' INTO stage
        FROM (VALUES (1, 'outcome', 's.outcome'), (2, 'stage', 's.stage'), (3, 'status', 'own.stage'), (4, 'status', 'general.stage')) s (position, name, expression)
        WHERE s.name = ANY (columns);
        reason := CASE WHEN 'reason' = ANY (columns) THEN 's.reason' END;
        IF gone IS NOT NULL THEN
            stage := pg_catalog.format('CASE WHEN s.gone THEN ''disqualified''::leadflow.stage ELSE %s END', COALESCE(stage, 'NULL'));
            reason := pg_catalog.format('CASE WHEN s.gone THEN ''deleted_in_source'' ELSE %s END', COALESCE(reason, 'NULL'));
        END IF;
    END IF;
    SELECT pg_catalog.array_agg(pg_catalog.format('%I %s', c.name, pg_catalog.format_type(t.atttypid, NULL)) ORDER BY t.attnum),
           pg_catalog.array_agg(pg_catalog.format('%s AS %I', CASE WHEN moves AND c.name = 'stage' THEN stage
               WHEN moves AND c.name = 'reason' THEN reason ELSE pg_catalog.format('s.%I', c.name) END, c.name) ORDER BY t.attnum)
    INTO outputs, results
    FROM (SELECT DISTINCT u.name FROM pg_catalog.unnest(columns || CASE WHEN stage IS NOT NULL THEN '{stage}'::text[] ELSE '{}' END
              || CASE WHEN reason IS NOT NULL THEN '{reason}'::text[] ELSE '{}' END) u (name)) c
    JOIN pg_catalog.pg_attribute t ON t.attrelid = object_table AND t.attname = c.name;
    IF gone IS NOT NULL THEN
        outputs := outputs || 'gone boolean'::text;
        results := results || 's.gone'::text;
    END IF;

    signature := pg_catalog.format('%s.%I(%s)', ws, attachment, target);
    EXECUTE pg_catalog.format(E'CREATE FUNCTION %s.%I(new %s) RETURNS TABLE (%s)\nLANGUAGE sql STABLE\nBEGIN ATOMIC\nSELECT %s\nFROM (SELECT %s) AS s%s%s;\nEND',
        ws, attachment, target, pg_catalog.array_to_string(outputs, ', '), pg_catalog.array_to_string(results, E',\n    '),
        (SELECT pg_catalog.string_agg(pg_catalog.format('%s AS %I', e.expression, e.name), E',\n    ')
         FROM ROWS FROM (pg_catalog.unnest(columns || 'gone'::text), pg_catalog.unnest(expressions || gone)) e (name, expression)
         WHERE e.expression IS NOT NULL),
        CASE WHEN moves AND 'status' = ANY (columns) THEN pg_catalog.format(
            E'\nLEFT JOIN %1$s.stage_alias own ON own.object = %2$L AND own.source = %3$L AND own.status = s.status'
            '\nLEFT JOIN %1$s.stage_alias general ON general.object = %2$L AND general.source = ''*'' AND general.status = s.status', ws, object, writer) ELSE '' END,
        COALESCE(E'\nWHERE ' || (options ->> 'filter'), ''));
    EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', signature,
        pg_catalog.format('attachment: what a row of %s means, as a row of %s.%s of source %s', target, ws, object, source));

    EXECUTE pg_catalog.format('INSERT INTO %s.attachment (attachment, object, source, mapping, options) VALUES ($1, $2, $3, $4, $5)', ws)
        USING attachment, object, source, mapping, options;
    IF moves THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.source (source, stage_sync, unknown_status) VALUES ($1, COALESCE($2, ''forward''), COALESCE($3, ''refuse''))
            ON CONFLICT (source) DO UPDATE SET stage_sync = COALESCE($2, source.stage_sync), unknown_status = COALESCE($3, source.unknown_status)
            WHERE (source.stage_sync, source.unknown_status) <> (COALESCE($2, source.stage_sync), COALESCE($3, source.unknown_status))', ws)
            USING writer, options ->> 'stage_sync', options ->> 'unknown_status';
    END IF;
    IF options ? 'aliases' AND moves THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.stage_alias (object, source, status, stage) SELECT $1, $2, w.key, w.value::leadflow.stage
            FROM pg_catalog.jsonb_each_text($3) w ON CONFLICT (object, source, status) DO UPDATE SET stage = EXCLUDED.stage
            WHERE stage_alias.stage <> EXCLUDED.stage', ws) USING object, writer, options -> 'aliases';
    END IF;
    IF moves AND (gone IS NOT NULL OR options ->> 'on_delete' = 'follow') THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.reason (code, applies_to, category, labels) VALUES
            (''deleted_in_source'', ''{disqualified}'', ''data'', ''{"en": "Deleted in the source"}''),
            (''entered_in_error'', ''{}'', ''data'', ''{"en": "Entered in error"}'') ON CONFLICT (code) DO NOTHING', ws);
    END IF;
    PERFORM leadflow.write_attachment_trigger(workspace, attachment);

    -- a mapping that reads the row as a whole is to see every change
    SELECT pg_catalog.replace(p.prosqlbody::text, '{FIELDSELECT :arg {PARAM :paramkind 0 :paramid 1 ', '') LIKE '%{PARAM :paramkind 0 :paramid 1 %' INTO whole
    FROM pg_catalog.pg_proc p WHERE p.oid = signature::regprocedure;
    filter := '(' || (options ->> 'filter') || ')';
    BEGIN
        EXECUTE pg_catalog.format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW%s EXECUTE FUNCTION %s.%I()',
            'leadflow_' || attachment, target, COALESCE(' WHEN (' || filter || ')', ''), ws, attachment);
    EXCEPTION WHEN feature_not_supported THEN
        -- a sub-select is not for a trigger: the mapping function filters alone
        EXECUTE pg_catalog.format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s.%I()',
            'leadflow_' || attachment, target, ws, attachment);
    END;
    EXECUTE pg_catalog.format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s',
        'leadflow_' || attachment || '_update', target,
        CASE WHEN whole THEN pg_catalog.format('%s.%I()', ws, attachment) ELSE pg_catalog.format('leadflow.attached(%L)', attachment) END);
    IF options ->> 'on_delete' = 'follow' THEN
        EXECUTE pg_catalog.format('CREATE TRIGGER %I AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s.%I()',
            'leadflow_' || attachment || '_delete', target, ws, attachment);
    END IF;
    IF (options ->> 'always')::boolean THEN
        FOR fault IN SELECT t.tgname FROM pg_catalog.pg_trigger t
            WHERE t.tgrelid = target AND t.tgname ~ ('^leadflow_' || attachment || '(_update|_delete)?$') LOOP
            EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, fault);
        END LOOP;
    END IF;
    RETURN attachment;
END;
$$;
COMMENT ON FUNCTION leadflow.attach(name, regclass, text, jsonb, jsonb) IS
    'from now on a table of the company feeds the workspace: each row written to target becomes a row of object (lead, opportunity, account, touch or campaign), as mapping says (column -> SQL expression over the row "new"), in the same transaction and with the writer''s rights; gives the name of the attachment. Options and keys: doc/attach.md. Errors: not the owner (42501), not a table (42809), unknown object, option or value, external_id or another column that a new row must have not mapped, a time without time zone (22023), no such column (42703), an expression that does not compile (its own SQLSTATE), attached already (42710)';

CREATE FUNCTION leadflow.attachments_of(workspace name, target regclass, attachment text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    result text[];
BEGIN
    IF workspace IS NULL OR pg_catalog.to_regclass(ws || '.workspace') IS NULL THEN
        RAISE EXCEPTION 'schema "%" is not a workspace', workspace
            USING ERRCODE = 'undefined_object';
    END IF;
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(a.attachment ORDER BY a.attachment) FROM %s.attachment a
        WHERE a.attachment = COALESCE($2, a.attachment) AND ($1 IS NULL AND $2 IS NOT NULL OR EXISTS (
            SELECT FROM pg_catalog.pg_trigger t
            WHERE t.tgrelid = $1 AND t.tgfoid = pg_catalog.to_regprocedure(pg_catalog.format(''%%s.%%I()'', $3, a.attachment))))', ws)
        INTO result USING target, attachment, ws;
    IF result IS NULL THEN
        RAISE EXCEPTION '% is not attached to workspace %', COALESCE(target::text, attachment, 'nothing'), workspace
            USING ERRCODE = 'undefined_object', HINT = 'See leadflow.attachments.';
    END IF;
    RETURN result;
END;
$$;
COMMENT ON FUNCTION leadflow.attachments_of(name, regclass, text) IS
    'names of the attachments of a table, or the one named (then target may be null, if the table has been dropped). Errors: not a workspace, not attached (42704)';

CREATE FUNCTION leadflow.detach(workspace name, target regclass, attachment text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a text;
    t record;
    f regprocedure;
    detached text[] := leadflow.attachments_of(workspace, target, attachment);
BEGIN
    FOREACH a IN ARRAY detached LOOP
        FOR t IN SELECT g.tgname, g.tgrelid::regclass AS relation FROM pg_catalog.pg_trigger f
            JOIN pg_catalog.pg_trigger g ON g.tgrelid = f.tgrelid AND g.tgname ~ ('^leadflow_' || a || '(_update|_delete)?$')
            WHERE f.tgparentid = 0 AND f.tgname = 'leadflow_' || a AND f.tgfoid = pg_catalog.to_regprocedure(pg_catalog.format('%s.%I()', ws, a)) LOOP
            EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
        END LOOP;
        FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname = a LOOP
            EXECUTE pg_catalog.format('DROP FUNCTION %s', f);
        END LOOP;
        EXECUTE pg_catalog.format('DELETE FROM %s.backfill_progress b WHERE b.attachment = $1', ws) USING a;
        EXECUTE pg_catalog.format('DELETE FROM %s.attachment b WHERE b.attachment = $1', ws) USING a;
    END LOOP;
    RETURN pg_catalog.cardinality(detached);
END;
$$;
COMMENT ON FUNCTION leadflow.detach(name, regclass, text) IS
    'ends the attachments of a table (or the one named; target may be null if it is named): triggers and functions go, what they have written stays; gives how many. Errors: not a workspace, not attached (42704), not the owner (42501)';

CREATE FUNCTION leadflow.attachment_list(OUT workspace text, OUT attachment text, OUT target text, OUT object text, OUT source text,
        OUT columns text[], OUT enabled boolean, OUT mapping jsonb, OUT options jsonb, OUT attached_at timestamptz, OUT attached_by text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    FOR workspace IN
        SELECT DISTINCT n.nspname FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgfoid = 'leadflow.guard()'::regprocedure
        ORDER BY 1
    LOOP
        CONTINUE WHEN NOT pg_catalog.has_schema_privilege(workspace, 'USAGE')
            OR NOT pg_catalog.has_table_privilege(pg_catalog.to_regclass(pg_catalog.format('%I.attachment', workspace)), 'SELECT');
        RETURN QUERY EXECUTE pg_catalog.format($query$
            SELECT %1$L::text, a.attachment, g.target, a.object, a.source, k.columns, COALESCE(g.enabled, false), a.mapping, a.options, a.attached_at, a.attached_by
            FROM %1$I.attachment a
            LEFT JOIN LATERAL (
                SELECT pg_catalog.min(t.tgrelid::pg_catalog.regclass::text) AS target, pg_catalog.bool_and(t.tgenabled <> 'D') AS enabled
                FROM pg_catalog.pg_trigger t
                WHERE t.tgparentid = 0 AND t.tgfoid = pg_catalog.to_regprocedure(pg_catalog.format('%%I.%%I()', %1$L, a.attachment))) g ON true
            LEFT JOIN LATERAL (
                SELECT pg_catalog.array_agg(c.attname::text ORDER BY c.attnum) AS columns
                FROM pg_catalog.pg_depend d
                JOIN pg_catalog.pg_attribute c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid
                JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.pronargs = 1
                WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND p.proname = a.attachment AND p.pronamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(%1$L))
                    AND d.refobjid = g.target::pg_catalog.regclass AND d.refobjsubid > 0) k ON true
            ORDER BY a.attachment$query$, workspace);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_list() IS 'the rows of leadflow.attachments';

CREATE VIEW leadflow.attachments AS SELECT a.* FROM leadflow.attachment_list() a;
GRANT SELECT ON leadflow.attachments TO PUBLIC;
COMMENT ON VIEW leadflow.attachments IS 'The tables that feed the workspaces of this database, of the workspaces that the reader may read.';
COMMENT ON COLUMN leadflow.attachments.workspace IS 'the workspace';
COMMENT ON COLUMN leadflow.attachments.attachment IS 'name of the attachment: of its two functions in the workspace, and in those of its triggers';
COMMENT ON COLUMN leadflow.attachments.target IS 'the table, by its present name; null if it has been dropped';
COMMENT ON COLUMN leadflow.attachments.object IS 'what its rows become: lead, opportunity, account, touch or campaign';
COMMENT ON COLUMN leadflow.attachments.source IS 'source under which they stand in the workspace';
COMMENT ON COLUMN leadflow.attachments.columns IS 'columns of the table that the mapping reads, by their present names; null for none, or if the row is read as a whole';
COMMENT ON COLUMN leadflow.attachments.enabled IS 'whether the triggers fire';
COMMENT ON COLUMN leadflow.attachments.mapping IS 'the mapping, as it was given';
COMMENT ON COLUMN leadflow.attachments.options IS 'the options, as they were given, with the source';
COMMENT ON COLUMN leadflow.attachments.attached_at IS 'since when';
COMMENT ON COLUMN leadflow.attachments.attached_by IS 'role that attached it';
