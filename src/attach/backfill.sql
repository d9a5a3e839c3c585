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
    key_columns text;
    key_texts text;
    after_key text;
    upto_key text;
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
    IF a.key IS NULL THEN
        RAISE EXCEPTION '% has no primary key', leadflow.attachment_target(workspace, attachment)
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Rows are taken in the order of the primary key, so that a run can be resumed.',
                  HINT = 'Give it one, and attach it again.';
    END IF;
    -- the key, as a list of columns, of their texts, and as values to be had from a JSON array
    SELECT pg_catalog.string_agg(pg_catalog.format('r.%I', c.attname), ', ' ORDER BY k.position),
           pg_catalog.string_agg(pg_catalog.format('r.%I::text', c.attname), ', ' ORDER BY k.position),
           pg_catalog.string_agg(pg_catalog.format('($1 ->> %s)::%s', k.position - 1, pg_catalog.format_type(c.atttypid, c.atttypmod)), ', ' ORDER BY k.position),
           pg_catalog.string_agg(pg_catalog.format('($2 ->> %s)::%s', k.position - 1, pg_catalog.format_type(c.atttypid, c.atttypmod)), ', ' ORDER BY k.position)
    INTO key_columns, key_texts, after_key, upto_key
    FROM pg_catalog.unnest(a.key) WITH ORDINALITY AS k (name, position)
    JOIN pg_catalog.pg_attribute c ON c.attrelid = view AND c.attname = k.name;

    EXECUTE pg_catalog.format('INSERT INTO %s.backfill_progress (attachment) VALUES ($1) ON CONFLICT DO NOTHING', ws) USING attachment;
    EXECUTE pg_catalog.format('SELECT * FROM %s.backfill_progress p WHERE p.attachment = $1 FOR UPDATE', ws) INTO progress USING attachment;
    IF progress.finished_at IS NOT NULL THEN
        IF NOT anew THEN
            RETURN 0;
        END IF;
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET started_at = pg_catalog.now(), finished_at = NULL, last_key = NULL, rows_read = 0, rows_parked = 0
            WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment;
    END IF;

    rows := CASE WHEN progress.last_key IS NULL THEN 'true' ELSE pg_catalog.format('(%s) > (%s)', key_columns, after_key) END;
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(q.key) FROM (
        SELECT pg_catalog.jsonb_build_array(%s) AS key FROM %s r WHERE %s ORDER BY %s LIMIT $2) q', key_texts, view, rows, key_columns)
        INTO keys USING progress.last_key, batch;
    IF keys IS NULL THEN
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET finished_at = pg_catalog.now(), updated_at = pg_catalog.now() WHERE attachment = $1', ws)
            USING attachment;
        RAISE NOTICE '%: finished after % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
        RETURN 0;
    END IF;

    EXECUTE pg_catalog.format('SELECT COALESCE(pg_catalog.max(q.id), 0) FROM %s.quarantine q', ws) INTO newest;
    -- FOR SHARE: a row that is being changed is taken as it will be
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    rows := pg_catalog.format('SELECT m.* FROM %s AS r CROSS JOIN LATERAL %s.%I(r) AS m WHERE ', view, ws, attachment);
    BEGIN
        EXECUTE leadflow.attachment_batch(workspace, attachment, rows || pg_catalog.format('%s(%s) <= (%s) FOR SHARE OF r',
            CASE WHEN progress.last_key IS NULL THEN '' ELSE pg_catalog.format('(%s) > (%s) AND ', key_columns, after_key) END,
            key_columns, upto_key))
            USING progress.last_key, keys[pg_catalog.cardinality(keys)];
    EXCEPTION WHEN OTHERS THEN
        -- not the rows' fault: lost connections, locks, lack of resources
        IF SQLSTATE ~ '^(08|25|40|53|54|55P03|57|58|XX)' THEN
            RAISE;
        END IF;
        one_row := leadflow.attachment_batch(workspace, attachment,
            rows || pg_catalog.format('(%s) = (%s) FOR SHARE OF r', key_columns, upto_key));
        FOREACH key IN ARRAY keys LOOP
            BEGIN
                EXECUTE one_row USING NULL::jsonb, key;
            EXCEPTION WHEN OTHERS THEN
                IF SQLSTATE ~ '^(08|25|40|53|54|55P03|57|58|XX)' THEN
                    RAISE;
                END IF;
                EXECUTE pg_catalog.format('INSERT INTO %s.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment)
                    SELECT $3, ''INSERT'', $4, (SELECT pg_catalog.string_agg(k, ''/'') FROM pg_catalog.jsonb_array_elements_text($2) k), pg_catalog.to_jsonb(r),
                        pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(''criterion'', ''error'', ''object'', $3, ''stage'', NULL, ''requirement'', $5,
                            ''seen'', $6, ''how_to_fix'', ''Mend the row or the mapping.'')), SESSION_USER, CURRENT_USER, $7
                    FROM %s r WHERE (%s) = (%s)', ws, view, key_columns, upto_key)
                    USING NULL::jsonb, key, a.object, a.source, SQLERRM, SQLSTATE, attachment;
            END;
        END LOOP;
    END;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);

    -- of a row that is parked again the new record stays
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s.quarantine q WHERE q.recorded_at = pg_catalog.now() AND q.object = $1 AND q.source = $2 AND q.id > $3', ws)
        INTO parked USING a.object, a.source, newest;
    IF parked > 0 THEN
        EXECUTE pg_catalog.format('DELETE FROM %1$s.quarantine q USING %1$s.quarantine n WHERE n.id > $3 AND n.object = $1 AND n.source = $2
            AND q.object = $1 AND q.source = $2 AND q.external_id = n.external_id AND q.id <= $3', ws) USING a.object, a.source, newest;
    END IF;

    EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET updated_at = pg_catalog.now(), last_key = $2, rows_read = rows_read + $3, rows_parked = rows_parked + $4
        WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment, keys[pg_catalog.cardinality(keys)], pg_catalog.cardinality(keys), parked;
    RAISE NOTICE '%: % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
    RETURN pg_catalog.cardinality(keys);
END;
$$;
COMMENT ON FUNCTION leadflow.backfill_batch(name, name, integer, boolean) IS
    'takes the next rows of an attached table, in the order of its primary key, into the workspace, as its trigger would; gives how many, 0 when there are no more. Rows that fail are parked in quarantine. anew: begin again if it had ended. What leadflow.backfill repeats; of use where a transaction must not be ended. Errors: no such attachment (42704), no primary key (55000), not the owner (42501)';

CREATE FUNCTION leadflow.take_again(workspace name, attachment name, parked_row jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    a record;
    key text;
    rows text;
    found_rows bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %I.attachment t WHERE t.attachment = $1', workspace) INTO a USING attachment;
    IF a.attachment IS NULL THEN
        RAISE EXCEPTION 'workspace % has no attachment "%" any more', workspace, attachment
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach the table again under that name, or delete the parked row.';
    END IF;
    SELECT pg_catalog.string_agg(pg_catalog.format('r.%1$I = p.%1$I', k), ' AND ') INTO key FROM pg_catalog.unnest(a.key) k;
    rows := pg_catalog.format('SELECT m.* FROM pg_catalog.jsonb_populate_record(NULL::%1$I.%2$I, $1) AS p JOIN %1$I.%2$I AS r ON %3$s CROSS JOIN LATERAL %1$I.%4$I(r) AS m',
        workspace, attachment || '_row', key, attachment);
    EXECUTE 'SELECT pg_catalog.count(*) FROM (' || rows || ') AS t' INTO found_rows USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    EXECUTE leadflow.attachment_batch(workspace, attachment, rows || ' FOR SHARE OF r') USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);
    RETURN CASE found_rows WHEN 0 THEN 'superseded' ELSE 'accepted' END;
END;
$$;
COMMENT ON FUNCTION leadflow.take_again(name, name, jsonb) IS
    'part of leadflow.retry_quarantine: takes a row that a backfill has parked, as it is in its table now, into the workspace. Gives accepted, or superseded where it is not there any more. Errors: the attachment is gone (55000), and whatever the row fails for';

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
