/* quarantine.sql: the way out of quarantine */

CREATE FUNCTION leadflow.retry_parked(workspace name, parked_id bigint) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    parked record;
    relation regclass;
    present jsonb;
    present_stage leadflow.stage;
    stage leadflow.stage;
    is_move boolean;
    superseded boolean;
    collides boolean;
    columns text;
    wanted text[] := '{}';
    done bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT q.* FROM %I.quarantine q WHERE q.id = $1', workspace) INTO parked USING parked_id;
    IF parked.attachment IS NOT NULL THEN
        RETURN leadflow.take_again(workspace, parked.attachment::name, parked.parked_row);
    END IF;
    stage := parked.target_stage;
    relation := pg_catalog.format('%I.%I', workspace, parked.object)::pg_catalog.regclass;

    IF parked.operation = 'INSERT' THEN
        -- what was added to the table since has its default
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
            AND parked.parked_row ? a.attname::text;
        EXECUTE pg_catalog.format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM pg_catalog.jsonb_to_record($1) AS p (%3$s)
                                   ON CONFLICT DO NOTHING', relation, columns, leadflow.typed_columns(relation, parked.parked_row)) USING parked.parked_row;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done > 0 THEN
            RETURN 'accepted';
        END IF;
        EXECUTE pg_catalog.format('SELECT leadflow.row_json(o), o.stage FROM %I.%I o WHERE o.source = $1 AND o.external_id = $2 FOR NO KEY UPDATE',
                                  workspace, parked.object) INTO present, present_stage USING parked.source, parked.external_id;
        is_move := true;
    ELSE
        EXECUTE pg_catalog.format('SELECT leadflow.row_json(o), o.stage FROM %I.%I o WHERE o.id = $1 FOR NO KEY UPDATE',
                                  workspace, parked.object) INTO present, present_stage USING (parked.parked_row ->> 'id')::bigint;
        -- the row was in that stage already where only its status or its variant was to change
        EXECUTE pg_catalog.format('SELECT NOT EXISTS (SELECT FROM %I.stage_event e WHERE e.%I = $1 AND e.subject = $2 AND e.to_stage = $3 AND e.at = $4)',
                                  workspace, parked.object || '_id') INTO is_move
            USING (parked.parked_row ->> 'id')::bigint, parked.object, stage, (parked.parked_row ->> 'stage_since')::timestamptz;
    END IF;
    IF present IS NULL THEN
        RAISE EXCEPTION 'the row that was parked as % is not there, and another one stands in its way', parked_id
            USING ERRCODE = 'unique_violation';
    END IF;

    IF is_move THEN
        superseded := present_stage OPERATOR(pg_catalog.=) stage OR present_stage OPERATOR(pg_catalog.<@) stage
            OR NOT leadflow.is_exit(stage) AND present_stage OPERATOR(pg_catalog.>=) stage;
    ELSE
        -- what nobody but its owner was to be given
        collides := parked.unmet @> '[{"criterion": "collision"}]';
        superseded := parked.parked_row -> 'status' = present -> 'status' AND parked.parked_row -> 'variant' = present -> 'variant'
            AND NOT (collides AND parked.parked_row -> 'owner' IS DISTINCT FROM present -> 'owner');
    END IF;
    SELECT pg_catalog.array_agg(f) INTO wanted
    FROM pg_catalog.unnest(leadflow.descriptive_fields(relation)) f
    WHERE leadflow.is_empty(present -> f) AND NOT leadflow.is_empty(parked.parked_row -> f);
    IF NOT superseded THEN
        IF NOT leadflow.is_empty(parked.parked_row -> 'status') THEN
            wanted := wanted || '{status}';
        END IF;
        IF is_move THEN
            wanted := wanted || '{stage,reason_note}';
            IF parked.object = 'lead' THEN
                wanted := wanted || '{narrative,nurture_track,wake_at,owner_reason}';
            END IF;
        ELSE
            wanted := wanted || '{variant}';
            IF collides THEN
                wanted := wanted || '{owner,owner_reason}';
            END IF;
        END IF;
        -- a reason of an earlier move does not become one of this move
        IF is_move AND NOT parked.unmet @> '[{"criterion": "reason", "seen": "no reason was given with this move"}]' THEN
            wanted := wanted || '{reason}';
        END IF;
    END IF;
    IF wanted IS NOT NULL THEN
        -- an owner may be both what was asked for and a field that is empty
        EXECUTE pg_catalog.format('UPDATE %s o SET %s FROM pg_catalog.jsonb_to_record($2) AS p (%s) WHERE o.id = $1', relation,
                                  (SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = p.%1$I', w), ', ') FROM (SELECT DISTINCT u AS w FROM pg_catalog.unnest(wanted) u) d),
                                  leadflow.typed_columns(relation, (SELECT pg_catalog.jsonb_object_agg(u, NULL) FROM pg_catalog.unnest(wanted) u)))
            USING (present ->> 'id')::bigint, parked.parked_row;
    END IF;
    RETURN CASE WHEN superseded THEN 'superseded' ELSE 'accepted' END;
END;
$$;
COMMENT ON FUNCTION leadflow.retry_parked(name, bigint) IS
    'part of leadflow.retry_quarantine: puts one parked row through the guard. Gives accepted or superseded';

CREATE FUNCTION leadflow.is_fault_of_row(state text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT state !~ '^(08|25|40|53|54|55P03|57|58|XX)'$$;
COMMENT ON FUNCTION leadflow.is_fault_of_row(text) IS
    'is an error with this SQLSTATE the row''s own, so that the row can be parked and the others go on? Not a lost connection, a lock, a cancel or a lack of resources';

CREATE FUNCTION leadflow.retry_quarantine(workspace name, ids bigint[] DEFAULT NULL,
        OUT retried bigint, OUT accepted bigint, OUT superseded bigint, OUT still_parked bigint)
    RETURNS SETOF record
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET leadflow.on_violation = raise
    AS $$
DECLARE
    parked record;
    last_id bigint;
    mode text;
    outcome text;
    unmet jsonb;
    state text;
    message text;
    hint text;
    criterion text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    retried := 0;
    accepted := 0;
    superseded := 0;
    still_parked := 0;
    FOR parked IN EXECUTE pg_catalog.format('SELECT q.id, q.object, q.source, q.external_id, q.target_stage, q.attachment FROM %I.quarantine q
                                             WHERE $1 IS NULL OR q.id = ANY ($1) ORDER BY q.id FOR UPDATE', workspace) USING ids
    LOOP
        retried := retried + 1;
        -- refused, it is tried once more as a row to park: that says what is missing, and is undone
        FOREACH mode IN ARRAY ARRAY['raise', 'park'] LOOP
            unmet := NULL;
            BEGIN
                PERFORM pg_catalog.set_config('leadflow.on_violation', mode, true);
                EXECUTE pg_catalog.format('SELECT pg_catalog.max(q.id) FROM %I.quarantine q', workspace) INTO last_id;
                outcome := leadflow.retry_parked(workspace, parked.id);
                EXECUTE pg_catalog.format('SELECT q.unmet FROM %I.quarantine q WHERE q.id > $1 AND q.recorded_at = pg_catalog.now() ORDER BY q.id LIMIT 1',
                                          workspace) INTO unmet USING last_id;
                EXIT WHEN mode = 'raise' AND unmet IS NULL;
                RAISE EXCEPTION USING ERRCODE = 'LF000';
            EXCEPTION
                WHEN SQLSTATE 'LF000' THEN
                    outcome := NULL;
                WHEN OTHERS THEN
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, criterion = CONSTRAINT_NAME;
                    -- a row may wait for somebody who may give the verdict that it is, or read the table that it is of
                    IF NOT leadflow.is_fault_of_row(state) OR (state = '42501' AND criterion <> 'verdict' AND parked.attachment IS NULL) THEN
                        RAISE;
                    END IF;
                    outcome := NULL;
            END;
            EXIT WHEN unmet IS NOT NULL;
        END LOOP;

        IF outcome IS NULL THEN
            unmet := COALESCE(unmet, pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
                'criterion', COALESCE(NULLIF(criterion, ''), state), 'object', parked.object, 'stage', parked.target_stage::text,
                'requirement', message, 'seen', '', 'how_to_fix', NULLIF(hint, ''))));
            EXECUTE pg_catalog.format('UPDATE %I.quarantine SET unmet = $2 WHERE id = $1', workspace) USING parked.id, unmet;
            still_parked := still_parked + 1;
        ELSE
            EXECUTE pg_catalog.format('DELETE FROM %I.quarantine WHERE id = $1', workspace) USING parked.id;
            IF outcome = 'accepted' THEN
                accepted := accepted + 1;
            ELSE
                superseded := superseded + 1;
            END IF;
        END IF;
    END LOOP;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION leadflow.retry_quarantine(name, bigint[]) IS
    'puts parked rows through the guard again, in the order in which they were parked: all, or those with these numbers. A row that was to be added is added; where it is there meanwhile, and for a row that was to be changed, stage, status and reason of the parked row are written and the fields that are empty are filled. One row: how many were retried, accepted, superseded (the row is in that stage already, or past it) and still parked (unmet says what is missing now). What is accepted or superseded leaves the quarantine. Needs SELECT, UPDATE and DELETE on quarantine, SELECT on stage_event, INSERT and UPDATE on lead and opportunity: the owner, or access revops; rows of attached tables wait for the owner, who may read them. Errors: no such right (42501), no such workspace (42704)';
