/*
 * versions.sql: the definitions as they were, and what changed between two
 * versions of them.
 *
 * definition_change has every row before and after each change.  The last
 * change of a key says what its row was; a change of the key itself takes one
 * row away and puts another; TRUNCATE takes away all that was there before.
 */

CREATE FUNCTION leadflow.check_expression(object regclass, expression text, type regtype) RETURNS void
    LANGUAGE C STABLE STRICT COST 1000
    AS 'MODULE_PATHNAME', 'leadflow_check_expression';
COMMENT ON FUNCTION leadflow.check_expression(regclass, text, regtype) IS
    'raises an error where an expression over the rows of a table, and their evidence, does not compile as that type (42703 and others), or is not allowed in a criterion (42P17)';

CREATE FUNCTION leadflow.expression_fault(object regclass, expression text, type regtype DEFAULT 'boolean') RETURNS text
    LANGUAGE plpgsql STABLE STRICT COST 1000
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM leadflow.check_expression(object, expression, type);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END;
$$;
COMMENT ON FUNCTION leadflow.expression_fault(regclass, text, regtype) IS
    'what is wrong with an expression over the rows of a table, as in the standard: the error''s message; null for nothing. object: lead, opportunity or account of a workspace; type: what it must yield';

CREATE FUNCTION leadflow.feature_type(kind text) RETURNS regtype
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT CASE kind WHEN 'number' THEN 'numeric'::regtype WHEN 'set' THEN 'text[]'::regtype ELSE 'text'::regtype END $$;
COMMENT ON FUNCTION leadflow.feature_type(text) IS
    'the type that the expression of a feature yields. kind: score_feature.kind';

CREATE FUNCTION leadflow.may_loosen(general text, special text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
    SELECT NOT (g.text = s.text
        OR pg_catalog.left(s.text, pg_catalog.length(g.text) + 7) = '(' || g.text || ') AND ' AND pg_catalog.substr(s.text, pg_catalog.length(g.text) + 8) !~* '\mor\M'
        OR pg_catalog.left(s.text, pg_catalog.length(g.text) + 5) = g.text || ' AND ' AND s.text !~* '\mor\M')
    FROM pg_catalog.regexp_replace(pg_catalog.btrim(general, E' \t\n\r'), '\s+', ' ', 'g') g (text)
    CROSS JOIN pg_catalog.regexp_replace(pg_catalog.btrim(special, E' \t\n\r'), '\s+', ' ', 'g') s (text)
$$;
COMMENT ON FUNCTION leadflow.may_loosen(text, text) IS
    'whether a variant''s expression may be true where the general one is not: it is neither the same nor the general one, in parentheses if it has an OR, with AND and more';

CREATE FUNCTION leadflow.definition_key(workspace text, definition text) RETURNS text[]
    LANGUAGE sql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indisprimary AND i.indrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, definition))
$$;
COMMENT ON FUNCTION leadflow.definition_key(text, text) IS
    'the columns of the primary key of a table of a workspace; null where there is no such table, or no key';

CREATE FUNCTION leadflow.definition_last(workspace text, upto_version bigint, upto_at timestamptz)
    RETURNS TABLE (definition text, key jsonb, "row" jsonb, version bigint, changed_at timestamptz, changed_by text)
    LANGUAGE plpgsql STABLE
    ROWS 500
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    RETURN QUERY EXECUTE pg_catalog.format($query$
        WITH change AS MATERIALIZED (
            SELECT c.*
            FROM %1$I.definition_change c
            WHERE ($2 IS NULL OR c.version <= $2) AND ($3 IS NULL OR c.changed_at <= $3)
        ), shape AS MATERIALIZED (
            SELECT d.definition, leadflow.definition_key($1, d.definition) AS columns
            FROM (SELECT DISTINCT c.definition FROM change c) d
        ), keyed AS (
            -- a table that is gone had a key that nobody knows any more: the whole row stands for it
            SELECT c.*, o.key AS old_key, n.key AS new_key
            FROM change c
            JOIN shape s ON s.definition = c.definition
            CROSS JOIN LATERAL (SELECT COALESCE(pg_catalog.jsonb_object_agg(k.name, c.old_row -> k.name), c.old_row) AS key
                                FROM pg_catalog.unnest(s.columns) k (name) WHERE c.old_row IS NOT NULL) o
            CROSS JOIN LATERAL (SELECT COALESCE(pg_catalog.jsonb_object_agg(k.name, c.new_row -> k.name), c.new_row) AS key
                                FROM pg_catalog.unnest(s.columns) k (name) WHERE c.new_row IS NOT NULL) n
        ), happened AS (
            SELECT k.definition, k.new_key AS key, k.new_row AS row, k.version, k.changed_at, k.actor
            FROM keyed k
            WHERE k.new_row IS NOT NULL
            UNION ALL
            SELECT k.definition, k.old_key, NULL, k.version, k.changed_at, k.actor
            FROM keyed k
            WHERE k.old_row IS NOT NULL AND (k.new_row IS NULL OR k.new_key <> k.old_key)
        ), emptied AS (
            SELECT DISTINCT ON (c.definition) c.definition, c.version, c.changed_at, c.actor
            FROM change c
            WHERE c.operation = 'TRUNCATE'
            ORDER BY c.definition, c.version DESC
        ), latest AS (
            SELECT DISTINCT ON (h.definition, h.key) h.*
            FROM happened h
            ORDER BY h.definition, h.key, h.version DESC
        )
        SELECT l.definition, l.key,
               CASE WHEN t.version IS NULL THEN l.row END,
               COALESCE(t.version, l.version), COALESCE(t.changed_at, l.changed_at), COALESCE(t.actor, l.actor)
        FROM latest l
        LEFT JOIN emptied t ON t.definition = l.definition AND t.version > l.version AND l.row IS NOT NULL
        $query$, workspace)
        USING workspace, upto_version, upto_at;
END;
$$;
COMMENT ON FUNCTION leadflow.definition_last(text, bigint, timestamptz) IS
    'part of leadflow.definitions_at and leadflow.definition_diff: for every key that a definition ever had, its row after the last change up to a version and an instant (null for whatever), null where it was taken away, and that change. Errors: not a workspace (42704)';

CREATE FUNCTION leadflow.definitions_at(workspace text, at timestamptz)
    RETURNS TABLE (definition text, key jsonb, "row" jsonb, version bigint, changed_at timestamptz, changed_by text)
    LANGUAGE plpgsql STABLE
    ROWS 500
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    IF at IS NULL THEN
        RAISE EXCEPTION 'an instant must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    RETURN QUERY
    SELECT l.definition, l.key, l."row", l.version, l.changed_at, l.changed_by
    FROM leadflow.definition_last(workspace, NULL, at) l
    WHERE l."row" IS NOT NULL
    ORDER BY l.definition COLLATE pg_catalog."C", l.key;
END;
$$;
COMMENT ON FUNCTION leadflow.definitions_at(text, timestamptz) IS
    'every definition as it was in force at an instant, from definition_change. definition: name of its table; key: its primary key; row: all of it, instants in UTC; version, changed_at, changed_by: the change that made it so. infinity is what is in force now, and equals the tables. Rows have the columns that the table had when they were written. The points of a model (score_model_point) are not recorded one by one and are left out. By the actual time of the changes, whatever leadflow.clock says. Needs SELECT on definition_change. Errors: not a workspace (42704), a null instant (22004)';

CREATE FUNCTION leadflow.definition_diff(workspace text, version_from bigint, version_to bigint)
    RETURNS TABLE (definition text, key jsonb, what text, field text, old jsonb, new jsonb, changed_at timestamptz, changed_by text)
    LANGUAGE plpgsql STABLE
    ROWS 100
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    IF version_from IS NULL OR version_to IS NULL THEN
        RAISE EXCEPTION 'two versions must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF version_from > version_to THEN
        RAISE EXCEPTION 'version % comes after version %', version_from, version_to
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the earlier version first.';
    END IF;
    RETURN QUERY
    WITH before AS MATERIALIZED (
        SELECT * FROM leadflow.definition_last(workspace, version_from, NULL)
    ), after AS MATERIALIZED (
        SELECT * FROM leadflow.definition_last(workspace, version_to, NULL)
    )
    SELECT a.definition, a.key,
           CASE WHEN b."row" IS NULL THEN 'added' WHEN a."row" IS NULL THEN 'removed' ELSE 'changed' END,
           f.field,
           NULLIF(b."row" -> f.field, 'null'),
           NULLIF(a."row" -> f.field, 'null'),
           a.changed_at, a.changed_by
    FROM after a
    LEFT JOIN before b ON b.definition = a.definition AND b.key = a.key
    CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(COALESCE(b."row", '{}') || COALESCE(a."row", '{}')) f (field)
    WHERE a."row" IS DISTINCT FROM b."row"
        AND COALESCE(b."row" -> f.field, 'null') <> COALESCE(a."row" -> f.field, 'null')
    ORDER BY a.definition COLLATE pg_catalog."C", a.key, f.field COLLATE pg_catalog."C";
END;
$$;
COMMENT ON FUNCTION leadflow.definition_diff(text, bigint, bigint) IS
    'what differs between two versions of the definitions, a row for each field: what came and went between them is not told. version_from, version_to: versions of definition_change; 0 is before everything, and a version beyond the last is the last. what: added, removed or changed is the row of that key (a change of the key takes one row away and adds another); field: its column; old, new: its value, null for none; changed_at, changed_by: the last change of the row by version_to. Needs SELECT on definition_change. Errors: not a workspace (42704), a null version (22004), version_from after version_to (22023)';
