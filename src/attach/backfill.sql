/*
 * backfill.sql: the rows that a table had before it was attached.
 */

CREATE FUNCTION leadflow.attachment_batch(workspace name, attachment name, rows text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    s record;
BEGIN
    -- rows that were there before have not moved
    SELECT * INTO s FROM leadflow.attachment_statements(workspace, attachment, 'm', NULL);
    RETURN 'WITH m AS (' || rows || ')' || COALESCE(', removed AS (' || s.removal || ')', '')
        || COALESCE(', changed AS (' || s.change || ') ' || s.insertion, ' ' || s.change);
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_batch(name, name, text) IS
    'one statement by which an attachment writes many rows: those that the query rows gives, rows of its mapping function';

CREATE FUNCTION leadflow.attachment_key_terms(view regclass, target regclass, key text[],
        OUT ordering text, OUT texts text, OUT after text, OUT upto text, OUT same text, OUT again text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    k record;
BEGIN
    FOR k IN
        WITH RECURSIVE column_type AS (
            SELECT i.position, c.attname, c.atttypid AS type, i.opclass
            FROM (SELECT o.opclass, o.position FROM pg_catalog.pg_index x
                  CROSS JOIN LATERAL pg_catalog.unnest(x.indclass::oid[]) WITH ORDINALITY AS o (opclass, position)
                  WHERE x.indrelid = target AND x.indisprimary) i
            JOIN pg_catalog.pg_attribute c ON c.attrelid = view AND c.attname = key[i.position]
            UNION ALL
            -- the checks of a domain are code of whoever made it
            SELECT d.position, d.attname, t.typbasetype, d.opclass FROM column_type d JOIN pg_catalog.pg_type t ON t.oid = d.type WHERE t.typtype = 'd'
        )
        SELECT pg_catalog.format('r.%I', d.attname) AS name,
               pg_catalog.format('($1 ->> %s)::%s', d.position - 1, pg_catalog.format_type(t.oid, NULL)) AS earlier,
               pg_catalog.format('($2 ->> %s)::%s', d.position - 1, pg_catalog.format_type(t.oid, NULL)) AS later,
               pg_catalog.format('($1 ->> %L)::%s', d.attname, pg_catalog.format_type(t.oid, NULL)) AS parked,
               o.names[1] AS lt, o.names[2] AS le, o.names[3] AS eq, o.names[4] AS ge, o.names[5] AS gt
        FROM column_type d
        JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype <> 'd'
        JOIN pg_catalog.pg_opclass c ON c.oid = d.opclass
        CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(pg_catalog.format('OPERATOR(%I.%s)', n.nspname, p.oprname) ORDER BY w.amopstrategy) AS names
                            FROM pg_catalog.pg_amop w
                            JOIN pg_catalog.pg_operator p ON p.oid = w.amopopr
                            JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
                            WHERE w.amopfamily = c.opcfamily AND w.amoplefttype = c.opcintype AND w.amoprighttype = c.opcintype AND w.amoppurpose = 's') o
        ORDER BY d.position DESC
    LOOP
        ordering := pg_catalog.concat_ws(', ', pg_catalog.format('%s USING %s', k.name, k.lt), ordering);
        -- by the type's own output, as a cast to text may be somebody's function
        texts := pg_catalog.concat_ws(', ', pg_catalog.format('pg_catalog.concat(%s)', k.name), texts);
        after := CASE WHEN after IS NULL THEN pg_catalog.concat_ws(' ', k.name, k.gt, k.earlier)
                      ELSE pg_catalog.format('%1$s %2$s %4$s AND (%1$s %3$s %4$s OR %5$s)', k.name, k.ge, k.gt, k.earlier, after) END;
        upto := CASE WHEN upto IS NULL THEN pg_catalog.concat_ws(' ', k.name, k.le, k.later)
                     ELSE pg_catalog.format('%1$s %2$s %4$s AND (%1$s %3$s %4$s OR %5$s)', k.name, k.le, k.lt, k.later, upto) END;
        same := pg_catalog.concat_ws(' AND ', pg_catalog.concat_ws(' ', k.name, k.eq, k.later), same);
        again := pg_catalog.concat_ws(' AND ', pg_catalog.concat_ws(' ', k.name, k.eq, k.parked), again);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.attachment_key_terms(regclass, regclass, text[]) IS
    'what a backfill says of the primary key of an attached table, whose rows are r of the attachment''s view, by the operators of its index: how to order by it, its columns as texts; that it comes after the key in the JSON array $1, not after the one in $2, is the one in $2, or is that of the parked row $1. Nulls where the table has no primary key, or had none when it was attached';

CREATE FUNCTION leadflow.next_keys(query text, after jsonb, batch integer) RETURNS jsonb[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    -- so that what is written here is read as the same value by whatever session goes on
    SET datestyle = 'ISO'
    SET intervalstyle = 'postgres'
    SET extra_float_digits = 1
    AS $$
DECLARE
    keys jsonb[];
BEGIN
    EXECUTE query INTO keys USING after, batch;
    RETURN keys;
END;
$$;
COMMENT ON FUNCTION leadflow.next_keys(text, jsonb, integer) IS
    'part of leadflow.backfill_batch: the keys that a query over $1 and $2 gives, as texts that do not depend on the session''s settings';

CREATE FUNCTION leadflow.backfill_batch(workspace name, attachment name, batch integer, anew boolean DEFAULT false) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET leadflow.on_violation = park
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a record;
    progress record;
    view regclass;
    target regclass;
    terms record;
    keys jsonb[];
    key jsonb;
    rows text;
    one_row text;
    newest bigint;
    parked bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO a USING attachment;
    view := pg_catalog.to_regclass(pg_catalog.format('%s.%I', ws, attachment || '_row'));
    IF a.attachment IS NULL OR view IS NULL THEN
        RAISE EXCEPTION 'workspace % has no attachment "%" of a table', workspace, attachment
            USING ERRCODE = 'undefined_object', HINT = 'See leadflow.attachments.';
    END IF;
    target := leadflow.attachment_target(workspace, attachment);
    SELECT * INTO terms FROM leadflow.attachment_key_terms(view, target, a.key);
    IF terms.same IS NULL THEN
        RAISE EXCEPTION '% has no primary key', target
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Rows are taken in the order of the primary key, so that a run can be resumed.',
                  HINT = 'Give it one, and attach it again.';
    END IF;
    -- the view reads with the rights of its owner
    IF NOT (SELECT pg_catalog.has_any_column_privilege(v.relowner, target, 'UPDATE') FROM pg_catalog.pg_class v WHERE v.oid = view) THEN
        RAISE EXCEPTION 'permission denied for table %', target
            USING ERRCODE = 'insufficient_privilege', DETAIL = 'A backfill locks the rows that it takes, so that none changes meanwhile.',
                  HINT = 'Grant the owner of the workspace UPDATE on the table, or on one of its columns.';
    END IF;

    EXECUTE pg_catalog.format('INSERT INTO %s.backfill_progress (attachment) VALUES ($1) ON CONFLICT DO NOTHING', ws) USING attachment;
    EXECUTE pg_catalog.format('SELECT * FROM %s.backfill_progress p WHERE p.attachment = $1 FOR UPDATE', ws) INTO progress USING attachment;
    IF progress.finished_at IS NOT NULL THEN
        IF NOT anew THEN
            RETURN 0;
        END IF;
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET started_at = pg_catalog.now(), finished_at = NULL, last_key = NULL, rows_read = 0, rows_parked = 0
            WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment;
    END IF;

    keys := leadflow.next_keys(pg_catalog.format('SELECT pg_catalog.array_agg(q.key) FROM (
        SELECT pg_catalog.jsonb_build_array(%s) AS key FROM %s AS r WHERE $1 IS NULL OR %s ORDER BY %s LIMIT $2) q', terms.texts, view,
        terms.after, terms.ordering), progress.last_key, batch);
    IF keys IS NULL THEN
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET finished_at = pg_catalog.now(), updated_at = pg_catalog.now() WHERE attachment = $1', ws)
            USING attachment;
        RAISE NOTICE '%: finished after % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
        RETURN 0;
    END IF;

    EXECUTE pg_catalog.format('SELECT COALESCE(pg_catalog.max(q.id), 0) FROM %s.quarantine q', ws) INTO newest;
    -- FOR SHARE: a row that is being changed is taken as it will be
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    rows := pg_catalog.format('SELECT m.* FROM %s AS r CROSS JOIN LATERAL %s.%I(r.*) AS m WHERE ', view, ws, attachment);
    BEGIN
        EXECUTE leadflow.attachment_batch(workspace, attachment, rows || CASE WHEN progress.last_key IS NULL THEN '' ELSE terms.after || ' AND ' END
                                          || terms.upto || ' FOR SHARE OF r')
            USING progress.last_key, keys[pg_catalog.cardinality(keys)];
    EXCEPTION WHEN OTHERS THEN
        IF NOT leadflow.is_fault_of_row(SQLSTATE) THEN
            RAISE;
        END IF;
        one_row := leadflow.attachment_batch(workspace, attachment, rows || terms.same || ' FOR SHARE OF r');
        FOREACH key IN ARRAY keys LOOP
            BEGIN
                EXECUTE one_row USING NULL::jsonb, key;
            EXCEPTION WHEN OTHERS THEN
                IF NOT leadflow.is_fault_of_row(SQLSTATE) THEN
                    RAISE;
                END IF;
                EXECUTE pg_catalog.format('INSERT INTO %s.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment)
                    SELECT $3, ''INSERT'', $4, (SELECT pg_catalog.string_agg(k, ''/'') FROM pg_catalog.jsonb_array_elements_text($2) k), pg_catalog.to_jsonb(r.*),
                        pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(''criterion'', ''error'', ''object'', $3, ''stage'', NULL, ''requirement'', $5,
                            ''seen'', $6, ''how_to_fix'', ''Mend the row or the mapping.'')), SESSION_USER, CURRENT_USER, $7
                    FROM %s AS r WHERE %s', ws, view, terms.same)
                    USING NULL::jsonb, key, a.object, a.source, SQLERRM, SQLSTATE, attachment;
            END;
        END LOOP;
    END;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);

    -- of a row that is parked again the new record stays
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s.quarantine q WHERE q.recorded_at = pg_catalog.now() AND q.object = $1 AND q.source = $2 AND q.id > $3 AND COALESCE(q.attachment, $4) = $4', ws)
        INTO parked USING a.object, a.source, newest, attachment::text;
    IF parked > 0 THEN
        EXECUTE pg_catalog.format('DELETE FROM %1$s.quarantine q USING %1$s.quarantine n WHERE n.id > $3 AND n.object = $1 AND n.source = $2
            AND q.object = $1 AND q.source = $2 AND q.external_id = n.external_id AND q.id <= $3
            AND COALESCE(q.attachment, $4) = $4 AND COALESCE(n.attachment, $4) = $4', ws) USING a.object, a.source, newest, attachment::text;
    END IF;

    EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET updated_at = pg_catalog.now(), last_key = $2, rows_read = rows_read + $3, rows_parked = rows_parked + $4
        WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment, keys[pg_catalog.cardinality(keys)], pg_catalog.cardinality(keys), parked;
    RAISE NOTICE '%: % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
    RETURN pg_catalog.cardinality(keys);
END;
$$;
COMMENT ON FUNCTION leadflow.backfill_batch(name, name, integer, boolean) IS
    'takes the next rows of an attached table, in the order of its primary key, into the workspace, as its trigger would; gives how many, 0 when there are no more. Rows that fail are parked in quarantine. anew: begin again if it had ended. What leadflow.backfill repeats; of use where a transaction must not be ended. Errors: no such attachment (42704), no primary key (55000), not the owner, or the owner of the workspace may not lock rows of the table (42501)';

CREATE FUNCTION leadflow.take_again(workspace name, attachment name, parked_row jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    a record;
    view constant regclass := pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, attachment || '_row'));
    key text;
    rows text;
    found_rows bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %I.attachment t WHERE t.attachment = $1', workspace) INTO a USING attachment;
    IF a.attachment IS NULL THEN
        RAISE EXCEPTION 'workspace % has no attachment "%" any more', workspace, attachment
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach the table again under that name, or delete the parked row.';
    END IF;
    SELECT t.again INTO key FROM leadflow.attachment_key_terms(view, leadflow.attachment_target(workspace, attachment), a.key) t;
    IF key IS NULL THEN
        RAISE EXCEPTION 'the row cannot be found again, as the table has no primary key or is not there any more'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Write it again in its table, or delete the parked row.';
    END IF;
    rows := pg_catalog.format('SELECT m.* FROM %s AS r CROSS JOIN LATERAL %I.%I(r.*) AS m WHERE %s', view, workspace, attachment, key);
    EXECUTE 'SELECT pg_catalog.count(*) FROM (' || rows || ') AS t' INTO found_rows USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    EXECUTE leadflow.attachment_batch(workspace, attachment, rows || ' FOR SHARE OF r') USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);
    RETURN CASE found_rows WHEN 0 THEN 'superseded' ELSE 'accepted' END;
END;
$$;
COMMENT ON FUNCTION leadflow.take_again(name, name, jsonb) IS
    'part of leadflow.retry_quarantine: takes a row that a backfill has parked, as it is in its table now, into the workspace. Gives accepted, or superseded where it is not there any more. Errors: the attachment, its table or its primary key is gone (55000), and whatever the row fails for';

CREATE PROCEDURE leadflow.backfill(workspace name, target regclass, batch integer DEFAULT 1000, attachment text DEFAULT NULL)
    LANGUAGE plpgsql
    AS $$
DECLARE
    present text;
    anew boolean;
BEGIN
    COMMIT;		-- to fail at once where it cannot be done
    IF batch IS NULL OR batch OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'a batch has at least one row'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH present IN ARRAY leadflow.attachments_of(workspace, target, attachment) LOOP
        anew := true;
        WHILE leadflow.backfill_batch(workspace, present::name, batch, anew) OPERATOR(pg_catalog.>) 0 LOOP
            COMMIT;
            anew := false;
        END LOOP;
        COMMIT;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE leadflow.backfill(name, regclass, integer, text) IS
    'takes the rows that an attached table has into the workspace (of all its attachments, or of the one named), batch rows a transaction; goes on where an interrupted run stopped, begins anew after one that ended. Shows its progress in notices and in the table backfill_progress. Rows that fail are parked in quarantine. Errors: in a transaction (2D000), an empty batch (22023), no such attachment (42704), no primary key (55000), not the owner (42501)';
