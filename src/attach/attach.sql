/*
 * attach.sql: the company's own tables feed a workspace.
 *
 * An attachment x of a table consists of, in the workspace,
 *	 x_row			a view: the columns of the table that are read,
 *	 x(x_row)		what such a row means, as a row of lead, touch, ...
 *	 x_write(x_row, x_row)
 *					the function that writes what the row means,
 * and of triggers on the table that call leadflow.attached('x', ...), which takes
 * the row of x_row out of the row written and calls x_write.  View and meaning
 * have been parsed by PostgreSQL, so that they follow renames, and can be read,
 * tried and planned into a query.  The backfill writes by the same expressions.
 */

CREATE FUNCTION leadflow.attached() RETURNS trigger
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_attached';
COMMENT ON FUNCTION leadflow.attached() IS
    'AFTER INSERT, UPDATE or DELETE trigger of attached tables: gives the columns that an attachment reads to its function that writes them; after an UPDATE only if one of them has changed. Arguments: the attachment and its workspace. Errors: the attachment has lost a part of it while its workspace stands (55000; a warning where that has been dropped)';

-- without SET, which would cost more than all the rest
CREATE FUNCTION leadflow.attachment_key(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
    IF key IS NULL OR key OPERATOR(pg_catalog.=) '' THEN
        RAISE EXCEPTION 'a row without a key cannot be attached'
            USING ERRCODE = 'not_null_violation', HINT = 'external_id must be mapped to what identifies the row; see leadflow.attachments.';
    END IF;
    RETURN key;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_key(text) IS
    'the key itself; what attachments call for external_id. Errors: null or empty (23502)';

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
    fallback text;
    nobody text;
BEGIN
    FOR key, expression IN
        SELECT m.key, m.value #>> '{}' FROM pg_catalog.jsonb_each(mapping) m
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = object_table AND a.attname = m.key AND a.attnum > 0
        ORDER BY a.attnum, m.key
    LOOP
        parent := CASE WHEN key IN ('lead', 'account', 'campaign') THEN key END;
        name := COALESCE(parent || '_id', key);
        fallback := NULL;
        IF key = 'outcome' AND object IN ('lead', 'opportunity') THEN
            wanted := 'leadflow.stage';
        ELSE
            SELECT CASE WHEN parent IS NULL THEN pg_catalog.format_type(a.atttypid, a.atttypmod) ELSE 'text' END,
                   CASE WHEN a.attnotnull THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
            INTO wanted, fallback
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = object_table AND a.attname = attachment_columns.name AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attidentity = '' AND a.attgenerated = '';
            IF NOT FOUND OR key IN ('source', 'furthest_stage', 'updated_at', 'recorded_at', 'merged_into', 'field_sources', 'rests_until') THEN
                RAISE EXCEPTION 'a row of % has no column "%" to map', object, key
                    USING ERRCODE = 'undefined_column',
                          HINT = pg_catalog.format('Map columns of %s.%s that a writer may set.', workspace, object);
            END IF;
        END IF;

        -- a row is written where it differs from what is there
        BEGIN
            EXECUTE pg_catalog.format('SELECT NULL::%1$s = NULL::%1$s', wanted);
        EXCEPTION WHEN undefined_function THEN
            RAISE EXCEPTION 'values of column "%" cannot be compared', key
                USING ERRCODE = 'feature_not_supported', DETAIL = pg_catalog.format('PostgreSQL itself has no operator = of type %s.', wanted),
                      HINT = 'Make it a column of type text or jsonb.';
        END;
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
        ELSE
            IF wanted = 'leadflow.stage' OR given IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND given <> wanted::regtype THEN
                expression := pg_catalog.format('NULLIF((%s)::pg_catalog.text, '''')', expression);
            END IF;
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

CREATE FUNCTION leadflow.attachment_statements(workspace name, attachment name, meaning text, before text,
        OUT change text, OUT insertion text, OUT removal text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a record;
    gone boolean;
    known text;
    forward text;
    stage_before text;
    wanted text;
    columns text[];
    sets text[] := '{}';
    present text[] := '{t.external_id}';
    meant text[] := '{m.external_id}';
    c text;
    value text;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO STRICT a USING attachment;
    gone := a.options ? 'deleted' OR a.options ->> 'on_delete' = 'follow';
    known := pg_catalog.format('t.source = %L AND t.external_id = m.external_id', a.source);

    SELECT pg_catalog.array_agg(n.name ORDER BY n.position) INTO columns
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes)) WITH ORDINALITY AS n (name, mode, position)
    WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment AND p.pronargs = 1 AND n.mode = 't' AND n.name <> 'gone';

    stage_before := CASE WHEN before IS NULL THEN 'm.stage' ELSE pg_catalog.format(before, 'o.stage') END;

    -- where the row is to go
    IF a.object IN ('lead', 'opportunity') AND 'stage' = ANY (columns) THEN
        wanted := 'm.stage';
        IF gone THEN
            -- who is in an exit already is not moved by a deletion
            wanted := pg_catalog.format('CASE WHEN m.gone AND leadflow.is_exit(t.stage) THEN NULL ELSE %s END', wanted);
        END IF;
        IF a.object = 'lead' THEN
            -- what was merged into another does not move
            wanted := pg_catalog.format('CASE WHEN t.merged_into IS NULL THEN %s END', wanted);
        END IF;
        -- who was put into an exit here comes back when the tool moves it, not when the tool changes something else;
        -- who was taken out of one here (woken, for example) does not go back on the word that we have already
        forward := pg_catalog.format('COALESCE((SELECT s.stage_sync = ''forward'' FROM %s.source AS s WHERE s.source = %L), false)', ws, COALESCE(a.options ->> 'writer', a.source));
        wanted := pg_catalog.format('COALESCE(leadflow.further(t.stage, CASE WHEN (leadflow.is_exit(t.stage) AND NOT leadflow.is_exit(m.stage)%s%s) AND %s AND m.stage IS NOT DISTINCT FROM %s THEN NULL ELSE %s END, %s), t.stage)',
            CASE WHEN gone THEN ' AND t.reason IS DISTINCT FROM ''deleted_in_source''' ELSE '' END,
            CASE WHEN before IS NOT NULL AND a.mapping ? 'status' AND NOT a.mapping ?| '{stage,outcome}'
                 THEN ' OR leadflow.is_exit(m.stage) AND NOT leadflow.is_exit(t.stage) AND m.status IS NOT DISTINCT FROM t.status' || CASE WHEN gone THEN ' AND NOT m.gone' ELSE '' END
                 ELSE '' END,
            forward, stage_before, wanted, forward);
    END IF;

    FOREACH c IN ARRAY columns LOOP
        CONTINUE WHEN c IN ('external_id', 'created_at');
        value := pg_catalog.format('m.%I', c);
        IF wanted IS NOT NULL THEN
            value := CASE c
                WHEN 'stage' THEN wanted
                WHEN 'stage_since' THEN pg_catalog.format('CASE WHEN %s <> t.stage THEN GREATEST(COALESCE(m.stage_since, leadflow.clock()), t.stage_since) ELSE t.stage_since END', wanted)
                WHEN 'status' THEN CASE a.object WHEN 'lead' THEN 'CASE WHEN t.merged_into IS NULL THEN m.status ELSE t.status END' ELSE value END
                WHEN 'reason' THEN CASE WHEN gone THEN 'CASE WHEN t.reason = ''deleted_in_source'' AND NOT m.gone AND NOT leadflow.is_exit(m.stage) THEN COALESCE(m.reason, ''entered_in_error'')'
                                                       ' WHEN m.gone AND leadflow.is_exit(t.stage) THEN t.reason ELSE COALESCE(m.reason, t.reason) END'
                                   ELSE 'COALESCE(m.reason, t.reason)' END
                ELSE value END;
        END IF;
        -- whom the routing rules gave the lead keeps it until the tool gives it to somebody itself
        IF a.object = 'lead' AND c IN ('owner', 'owner_reason') THEN
            value := CASE WHEN before IS NULL THEN pg_catalog.format('COALESCE(m.%1$I, t.%1$I)', c)
                          ELSE pg_catalog.format('CASE WHEN %s THEN t.%I ELSE m.%2$I END',
                                   (SELECT pg_catalog.string_agg(pg_catalog.format('m.%I IS NOT DISTINCT FROM ', u) || pg_catalog.format(before, 'o.' || u), ' AND ')
                                    FROM pg_catalog.unnest(columns) u WHERE u IN ('owner', 'owner_reason')), c) END;
        END IF;
        sets := sets || pg_catalog.format('%I = %s', c, value);
        CONTINUE WHEN c = 'stage_since' AND wanted IS NOT NULL;
        present := present || pg_catalog.format('t.%I', c);
        meant := meant || value;
    END LOOP;
    IF a.object = 'account' THEN
        sets := sets || 'updated_at = pg_catalog.now()'::text;
    END IF;

    -- without a column to compare there is nothing to change
    change := pg_catalog.format(E'UPDATE %s.%I AS t\nSET %s\nFROM %s\nWHERE %s%s\n    AND ROW(%s)\n        IS DISTINCT FROM ROW(%s)',
        ws, a.object, COALESCE(NULLIF(pg_catalog.array_to_string(sets, E',\n    '), ''), 'external_id = m.external_id'), meaning, known,
        CASE WHEN gone AND wanted IS NULL THEN ' AND NOT m.gone' ELSE '' END,
        pg_catalog.array_to_string(present, ', '), pg_catalog.array_to_string(meant, ', '));
    IF (a.options ->> 'create')::boolean IS NOT FALSE THEN
        insertion := pg_catalog.format(E'INSERT INTO %1$s.%2$I (source, %3$s)\nSELECT %4$L, %5$s\nFROM %8$s\nWHERE %6$sNOT EXISTS (SELECT FROM %1$s.%2$I AS t WHERE %7$s)', ws, a.object,
            (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u), ', ') FROM pg_catalog.unnest(columns) u), a.source,
            (SELECT pg_catalog.string_agg('m.' || pg_catalog.quote_ident(u), ', ') FROM pg_catalog.unnest(columns) u),
            CASE WHEN gone THEN 'NOT m.gone AND ' ELSE '' END, known, meaning);
    END IF;
    IF gone AND a.object = 'touch' THEN
        removal := pg_catalog.format(E'DELETE FROM %s.touch AS t\nUSING %s\nWHERE %s AND m.gone', ws, meaning, known);
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_statements(name, name, text, text) IS
    'how an attachment writes rows of its mapping function, which meaning (an item of a FROM clause) calls m, into the table of its object, each by source and external_id: an UPDATE of those that differ, an INSERT of those that are not there (null if it makes none), a DELETE of those that the tool has deleted (null but for touches). before: an expression that gives a column (%s, of o) of what the row meant before, null where that is not known: a row that did not change its owner takes the lead from nobody, and where stages go forward only, one that did not change its stage leaves no exit, and goes back into none';

CREATE FUNCTION leadflow.attachment_function(workspace name, attachment name) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    meaning constant text := pg_catalog.format('%s.%I(new) AS m', ws, attachment);
    before constant text := pg_catalog.format('(CASE WHEN NOT (old IS NULL) THEN (SELECT %%s FROM %s.%I(old) AS o) END)', pg_catalog.replace(ws, '%', '%%'), attachment);
    a record;
    statements record;
    moves_lead boolean;
    body text := '';
    absent text := '';
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO STRICT a USING attachment;
    SELECT * INTO statements FROM leadflow.attachment_statements(workspace, attachment, meaning, before);
    moves_lead := a.object = 'lead' AND (a.mapping ?| '{stage,status,outcome}' OR a.options ? 'deleted' OR a.options ->> 'on_delete' = 'follow');

    IF a.options ->> 'on_delete' = 'follow' THEN
        body := pg_catalog.format(E'IF new IS NULL THEN\n    %s;\n    RETURN;\nEND IF;\n', pg_catalog.format(CASE a.object
            WHEN 'touch' THEN 'DELETE FROM %1$s.touch AS t USING %1$s.%2$I(old) AS o WHERE t.source = %3$L AND t.external_id = o.external_id'
            ELSE E'UPDATE %1$s.%4$I AS t SET stage = ''disqualified'', reason = ''deleted_in_source'' FROM %1$s.%2$I(old) AS o\n'
                 '    WHERE t.source = %3$L AND t.external_id = o.external_id AND NOT leadflow.is_exit(t.stage)%5$s' END,
            ws, attachment, a.source, a.object, CASE WHEN a.object = 'lead' THEN ' AND t.merged_into IS NULL' ELSE '' END));
    END IF;
    IF a.object = 'touch' AND a.options ->> 'unknown_lead' = 'park' THEN
        body := body || pg_catalog.format(
            E'INSERT INTO %s.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment)\n'
            'SELECT ''touch'', ''INSERT'', %L, m.external_id, pg_catalog.to_jsonb(new),\n'
            '    ''[{"criterion": "lead_or_account", "object": "touch", "stage": null, "requirement": "A touch must belong to a lead or an account of the workspace.", "seen": "", "how_to_fix": "Retry when the lead is there."}]'',\n'
            '    SESSION_USER, CURRENT_USER, %L\nFROM %s\nWHERE %s%s;\nIF FOUND THEN\n    RETURN;\nEND IF;\n',
            ws, a.source, attachment, meaning,
            (SELECT pg_catalog.string_agg(pg_catalog.format('m.%I IS NULL', n), ' AND ') FROM pg_catalog.unnest('{lead_id,account_id}'::text[]) n
             WHERE a.mapping ?| ARRAY[n, pg_catalog.replace(n, '_id', '')]),
            CASE WHEN statements.removal IS NOT NULL THEN ' AND NOT m.gone' ELSE '' END);
    END IF;

    body := body || statements.change;
    IF moves_lead THEN
        body := body || E'\nRETURNING t.merged_into, m.stage INTO winner, stage_now';
        absent := pg_catalog.format(E'    SELECT t.merged_into, m.stage INTO winner, stage_now\n    FROM %s JOIN %s.lead AS t ON t.source = %L AND t.external_id = m.external_id;\n',
            meaning, ws, a.source);
    END IF;
    IF statements.removal IS NOT NULL THEN
        absent := absent || '    ' || pg_catalog.replace(statements.removal, E'\n', E'\n    ') || E';\n';
    END IF;
    IF statements.insertion IS NOT NULL THEN
        absent := absent || '    ' || pg_catalog.replace(statements.insertion, E'\n', E'\n    ') || E';\n';
    END IF;
    body := body || COALESCE(E';\nIF NOT FOUND THEN\n' || NULLIF(absent, '') || E'END IF;\n', E';\n');
    IF moves_lead THEN
        body := body || pg_catalog.format(
            E'-- a step forward of a record that was merged into another is a step of that one\n'
            'IF winner IS NOT NULL AND NOT leadflow.is_exit(stage_now) AND stage_now IS DISTINCT FROM %s THEN\n'
            '    UPDATE %s.lead AS t SET stage = stage_now\n'
            '    WHERE t.id = winner AND NOT leadflow.is_exit(t.stage) AND leadflow.ordinal(t.stage) < leadflow.ordinal(stage_now);\nEND IF;\n', pg_catalog.format(before, 'o.stage'), ws);
    END IF;

    RETURN pg_catalog.format(E'CREATE OR REPLACE FUNCTION %1$s.%2$I(new %1$s.%3$I, old %1$s.%3$I) RETURNS void\n'
        'LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET leadflow.source = %4$L AS %5$L',
        ws, attachment || '_write', attachment || '_row', COALESCE(a.options ->> 'writer', a.source),
        E'\n-- Written by leadflow.attach, removed by leadflow.detach.\n'
        || CASE WHEN moves_lead THEN E'DECLARE\n    winner bigint;		-- the lead that this one was merged into\n    stage_now leadflow.stage;\n' ELSE '' END
        || E'BEGIN\n    ' || pg_catalog.replace(pg_catalog.rtrim(body, E'\n'), E'\n', E'\n    ') || E'\nEND;\n')
        || pg_catalog.format(E';\nCOMMENT ON FUNCTION %1$s.%2$I(%1$s.%3$I, %1$s.%3$I) IS %4$L', ws, attachment || '_write', attachment || '_row',
        pg_catalog.format('attachment: writes what a row means into %s.%s, as source %s. Arguments: the row as it is, null if it was deleted, and as it was, null if it is new', ws, a.object, a.source));
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_function(name, name) IS
    'the statements that make the function x_write of an attachment x, from its row in the table attachment and its mapping function';

CREATE FUNCTION leadflow.attach(workspace name, target regclass, object text, mapping jsonb, options jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    known constant text[] := '{source,name,writer,parent_source,time_zone,nobody,filter,deleted,stage_sync,unknown_status,unknown_lead,create,on_delete,always,aliases}';
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
    body text;
    mapping_function oid;
    whole boolean;
    keys text[];
    reads text;
    event text;
    trigger text;
    call text;
BEGIN
    PERFORM leadflow.check_workspace_owner(workspace);
    IF object IS NULL OR object NOT IN ('lead', 'opportunity', 'account', 'touch', 'campaign') THEN
        RAISE EXCEPTION 'unknown object "%"', object
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose lead, opportunity, account, touch or campaign.';
    END IF;
    object_table := (ws || '.' || object)::regclass;
    moves := object IN ('lead', 'opportunity');

    SELECT c.relname, c.relkind, c.relpersistence, c.relnamespace::regnamespace::text AS schema INTO relation
    FROM pg_catalog.pg_class c WHERE c.oid = target;
    IF target IS NULL OR relation.relname IS NULL OR relation.relkind NOT IN ('r', 'p') OR relation.relpersistence = 't'
        OR relation.schema IN (ws, 'pg_catalog', 'information_schema') THEN
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
        OR COALESCE(options ->> 'unknown_lead', 'refuse') NOT IN ('refuse', 'park')
        OR COALESCE(options ->> 'create', 'true') NOT IN ('true', 'false') OR COALESCE(options ->> 'always', 'false') NOT IN ('true', 'false') THEN
        RAISE EXCEPTION 'an option has a value that it cannot have'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'stage_sync is forward or mirror, on_delete keep or follow, unknown_lead refuse or park, create and always true or false.';
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
    -- what an attachment of a former workspace of that name has left on the table
    FOR trigger IN
        EXECUTE pg_catalog.format('SELECT t.tgname FROM pg_catalog.pg_trigger t
            WHERE t.tgrelid = $1 AND t.tgfoid = ''leadflow.attached()''::pg_catalog.regprocedure AND NOT EXISTS (SELECT FROM %s.attachment a WHERE a.attachment = $2)
                AND pg_catalog.encode(t.tgargs, ''escape'') = pg_catalog.encode(pg_catalog.convert_to($2, $4), ''escape'') || ''\000''
                    || pg_catalog.encode(pg_catalog.convert_to($3, $4), ''escape'') || ''\000''', ws)
        USING target, attachment, workspace::text, pg_catalog.getdatabaseencoding()
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', trigger, target);
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname IN (attachment, attachment || '_write'))
        OR pg_catalog.to_regclass(pg_catalog.format('%s.%I', ws, attachment || '_row')) IS NOT NULL
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = target AND t.tgname = 'leadflow_' || attachment || '_insert') THEN
        RAISE EXCEPTION 'workspace % or table % has an attachment "%" already', workspace, target, attachment
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
    -- a row that is there is not deleted, and takes back what its deletion did
    gone := COALESCE('COALESCE((' || (options ->> 'deleted') || '), false)', CASE WHEN options ->> 'on_delete' = 'follow' THEN 'false' END);
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

    body := pg_catalog.format(E'RETURNS TABLE (%s)\nLANGUAGE sql STABLE\nBEGIN ATOMIC\nSELECT %s\nFROM (SELECT %s) AS s%s%s;\nEND',
        pg_catalog.array_to_string(outputs, ', '), pg_catalog.array_to_string(results, E',\n    '),
        (SELECT pg_catalog.string_agg(pg_catalog.format('%s AS %I', e.expression, e.name), E',\n    ')
         FROM ROWS FROM (pg_catalog.unnest(columns || 'gone'::text), pg_catalog.unnest(expressions || gone)) e (name, expression)
         WHERE e.expression IS NOT NULL),
        CASE WHEN moves AND 'status' = ANY (columns) THEN pg_catalog.format(
            E'\nLEFT JOIN %1$s.stage_alias own ON own.object = %2$L AND own.source = %3$L AND own.status = s.status'
            '\nLEFT JOIN %1$s.stage_alias general ON general.object = %2$L AND general.source = ''*'' AND general.status = s.status', ws, object, writer) ELSE '' END,
        COALESCE(E'\nWHERE ' || (options ->> 'filter'), ''));

    -- PostgreSQL says which columns the mapping reads; one that reads the row as a whole reads them all
    EXECUTE pg_catalog.format('CREATE FUNCTION %s.%I(new %s) %s', ws, attachment, target, body);
    SELECT p.oid, pg_catalog.replace(p.prosqlbody::text, '{FIELDSELECT :arg {PARAM :paramkind 0 :paramid 1 ', '') LIKE '%{PARAM :paramkind 0 :paramid 1 %'
    INTO mapping_function, whole
    FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment;
    SELECT pg_catalog.array_agg(c.attname::text ORDER BY k.position) INTO keys
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_catalog.pg_attribute c ON c.attrelid = i.indrelid AND c.attnum = k.attnum
    WHERE i.indrelid = target AND i.indisprimary;
    SELECT pg_catalog.string_agg(pg_catalog.format('r.%I', c.attname), ', ' ORDER BY c.attnum) INTO reads
    FROM pg_catalog.pg_attribute c
    WHERE c.attrelid = target AND c.attnum > 0 AND NOT c.attisdropped AND (whole OR c.attname = ANY (keys) OR EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = mapping_function
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = target AND d.refobjsubid = c.attnum));
    EXECUTE pg_catalog.format('DROP FUNCTION %s.%I(%s)', ws, attachment, target);
    IF reads IS NULL THEN
        RAISE EXCEPTION 'the mapping reads no column of %', target
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write the columns of the row as new.column.';
    END IF;

    EXECUTE pg_catalog.format('CREATE VIEW %s.%I AS SELECT %s FROM %s AS r', ws, attachment || '_row', reads, target);
    EXECUTE pg_catalog.format('COMMENT ON VIEW %s.%I IS %L', ws, attachment || '_row',
        pg_catalog.format('attachment: the columns of %s that it reads', target));
    signature := pg_catalog.format('%s.%I(%s.%I)', ws, attachment, ws, attachment || '_row');
    EXECUTE pg_catalog.format('CREATE FUNCTION %1$s.%2$I(new %1$s.%3$I) %4$s', ws, attachment, attachment || '_row', body);
    EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', signature,
        pg_catalog.format('attachment: what a row of %s means, as a row of %s.%s of source %s', target, ws, object, source));

    EXECUTE pg_catalog.format('INSERT INTO %s.attachment (attachment, object, source, mapping, options, key) VALUES ($1, $2, $3, $4, $5, $6)', ws)
        USING attachment, object, source, mapping, options, keys;
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
    IF moves AND gone IS NOT NULL THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.reason (code, applies_to, category, labels) VALUES
            (''deleted_in_source'', ''{disqualified}'', ''data'', ''{"en": "Deleted in the source"}''),
            (''entered_in_error'', ''{}'', ''data'', ''{"en": "Entered in error"}'') ON CONFLICT (code) DO NOTHING', ws);
    END IF;
    EXECUTE leadflow.attachment_function(workspace, attachment);

    FOREACH event IN ARRAY CASE WHEN options ->> 'on_delete' = 'follow' THEN '{insert,update,delete}'::text[] ELSE '{insert,update}' END LOOP
        trigger := pg_catalog.format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH ROW', 'leadflow_' || attachment || '_' || event, pg_catalog.upper(event), target);
        call := pg_catalog.format(' EXECUTE FUNCTION leadflow.attached(%L, %L)', attachment, workspace);
        BEGIN
            EXECUTE trigger || COALESCE(CASE WHEN event = 'insert' THEN ' WHEN (' || (options ->> 'filter') || ')' END, '') || call;
        EXCEPTION WHEN feature_not_supported THEN
            -- a sub-select is not for a trigger: the mapping function filters alone
            EXECUTE trigger || call;
        END;
        IF (options ->> 'always')::boolean THEN
            EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, 'leadflow_' || attachment || '_' || event);
        END IF;
    END LOOP;
    RETURN attachment;
END;
$$;
COMMENT ON FUNCTION leadflow.attach(name, regclass, text, jsonb, jsonb) IS
    'from now on a table of the company feeds the workspace: each row written to target becomes a row of object (lead, opportunity, account, touch or campaign), as mapping says (column -> SQL expression over the row "new"), in the same transaction and with the writer''s rights; gives the name of the attachment. Options and keys: doc/attach.md. Errors: not the owner (42501), not a table (42809), unknown object, option or value, external_id or another column that a new row must have not mapped, a time without time zone (22023), no such column (42703), one whose type cannot be compared (0A000), an expression that does not compile (its own SQLSTATE), attached already (42710)';

CREATE FUNCTION leadflow.attachment_target(workspace name, attachment name) RETURNS regclass
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT d.refobjid::pg_catalog.regclass
    FROM pg_catalog.pg_rewrite w
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> w.ev_class
    WHERE w.ev_class = pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, attachment || '_row'))
    LIMIT 1 $$;
COMMENT ON FUNCTION leadflow.attachment_target(name, name) IS
    'the table that an attachment reads; null if it has been dropped';

CREATE FUNCTION leadflow.attachments_of(workspace name, target regclass, attachment text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    result text[];
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(a.attachment ORDER BY a.attachment) FROM %I.attachment a
        WHERE a.attachment = COALESCE($2, a.attachment) AND ($1 IS NULL AND $2 IS NOT NULL OR leadflow.attachment_target($3, a.attachment::name) = $1)', workspace)
        INTO result USING target, attachment, workspace;
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
    detached constant text[] := leadflow.attachments_of(workspace, target, attachment);
    a text;
    t name;
    f regprocedure;
BEGIN
    FOREACH a IN ARRAY detached LOOP
        FOR t IN SELECT g.tgname FROM pg_catalog.pg_trigger g
            WHERE g.tgrelid = leadflow.attachment_target(workspace, a::name)
                AND g.tgname IN ('leadflow_' || a || '_insert', 'leadflow_' || a || '_update', 'leadflow_' || a || '_delete') LOOP
            EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', t, leadflow.attachment_target(workspace, a::name));
        END LOOP;
        FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = workspace AND p.proname IN (a, a || '_write') LOOP
            EXECUTE pg_catalog.format('DROP FUNCTION %s', f);
        END LOOP;
        EXECUTE pg_catalog.format('DROP VIEW IF EXISTS %I.%I', workspace, a || '_row');
        EXECUTE pg_catalog.format('DELETE FROM %I.backfill_progress b WHERE b.attachment = $1', workspace) USING a;
        EXECUTE pg_catalog.format('DELETE FROM %I.attachment b WHERE b.attachment = $1', workspace) USING a;
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
            SELECT %1$L::text, a.attachment, b.target::text, a.object, a.source, k.columns, COALESCE(g.enabled, false), a.mapping, a.options, a.attached_at, a.attached_by
            FROM %1$I.attachment a
            CROSS JOIN LATERAL (SELECT leadflow.attachment_target(%1$L, a.attachment::pg_catalog.name) AS target) b
            LEFT JOIN LATERAL (
                SELECT pg_catalog.bool_and(t.tgenabled <> 'D') AS enabled
                FROM pg_catalog.pg_trigger t
                WHERE t.tgrelid = b.target AND t.tgname ~ ('^leadflow_' || a.attachment || '_(insert|update|delete)$')) g ON true
            LEFT JOIN LATERAL (
                SELECT pg_catalog.array_agg(DISTINCT c.attname::text) AS columns
                FROM pg_catalog.pg_rewrite w
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
                    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = b.target
                JOIN pg_catalog.pg_attribute c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid AND c.attnum > 0
                WHERE w.ev_class = pg_catalog.to_regclass(pg_catalog.format('%%I.%%I', %1$L, a.attachment || '_row'))) k ON true
            ORDER BY a.attachment$query$, workspace);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_list() IS 'the rows of leadflow.attachments';

CREATE VIEW leadflow.attachments AS SELECT a.* FROM leadflow.attachment_list() a;
GRANT SELECT ON leadflow.attachments TO PUBLIC;
COMMENT ON VIEW leadflow.attachments IS 'The tables that feed the workspaces of this database, of the workspaces that the reader may read.';
COMMENT ON COLUMN leadflow.attachments.workspace IS 'the workspace';
COMMENT ON COLUMN leadflow.attachments.attachment IS 'name of the attachment: of its mapping function in the workspace, and in those of its view, its writing function and its triggers';
COMMENT ON COLUMN leadflow.attachments.target IS 'the table, by its present name; null if it has been dropped';
COMMENT ON COLUMN leadflow.attachments.object IS 'what its rows become: lead, opportunity, account, touch or campaign';
COMMENT ON COLUMN leadflow.attachments.source IS 'source under which they stand in the workspace';
COMMENT ON COLUMN leadflow.attachments.columns IS 'columns of the table that are read, its key among them, by their present names';
COMMENT ON COLUMN leadflow.attachments.enabled IS 'whether the triggers fire';
COMMENT ON COLUMN leadflow.attachments.mapping IS 'the mapping, as it was given';
COMMENT ON COLUMN leadflow.attachments.options IS 'the options, as they were given, with the source';
COMMENT ON COLUMN leadflow.attachments.attached_at IS 'since when';
COMMENT ON COLUMN leadflow.attachments.attached_by IS 'role that attached it';
