/* merge.sql: two records of one person */

CREATE FUNCTION leadflow.merge(workspace name, winner bigint, loser bigint) RETURNS bigint
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_merge';
COMMENT ON FUNCTION leadflow.merge(name, bigint, bigint) IS
    'says that the lead loser is the lead winner: its fields fill those of the winner that are empty (overwrite_rule may say otherwise), its touches, opportunities and running clocks become the winner''s, its history stays with it. Gives the number of the merge (lead_merge.id). The winner stays in its stage; a NOTICE says so where the loser was further. Errors: not the owner of the workspace (42501), a lead with itself (22023), no such lead (P0002), one of them was merged already (55000), no such workspace (42704)';

CREATE FUNCTION leadflow.unmerge(workspace name, merge_id bigint) RETURNS void
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_unmerge';
COMMENT ON FUNCTION leadflow.unmerge(name, bigint) IS
    'undoes a merge: the loser is a lead of its own again, with its touches, opportunities and clocks, also those written for it since. A field of the winner that was changed since stays, and a NOTICE names it. Errors: not the owner of the workspace (42501), no such merge (P0002), it was undone, or the winner was merged itself (55000), no such workspace (42704)';

CREATE FUNCTION leadflow.follow_merge() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_follow_merge';
COMMENT ON FUNCTION leadflow.follow_merge() IS
    'BEFORE INSERT OR UPDATE trigger of touch and opportunity, also AFTER of touch: what is written for a lead that was merged into another becomes the other''s';

CREATE FUNCTION leadflow.is_empty(value jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT value IS NULL OR value IN ('null', 'false', '{}', '[]')
        OR pg_catalog.btrim(value #>> '{}', E' \t\r\n') = ''
$$;
COMMENT ON FUNCTION leadflow.is_empty(jsonb) IS
    'whether a field says nothing: null, blank, false, {} or []. So what another record knows may take its place';

CREATE FUNCTION leadflow.descriptive_fields(relation regclass) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
        AND a.attname <> ALL ('{id,source,external_id,stage,stage_since,furthest_stage,status,variant,reason,reason_note,
                                created_at,updated_at,closed_at,merged_into,merged_from,field_sources,
                                owner_reason,narrative,nurture_track,wake_at,rests_until}')
$$;
COMMENT ON FUNCTION leadflow.descriptive_fields(regclass) IS
    'the columns of lead or opportunity that describe, in their order: not those that identify a row, belong to its stage or are kept by leadflow. Columns that were added are among them';

CREATE FUNCTION leadflow.row_json(anyelement) RETURNS jsonb
    LANGUAGE C STABLE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_row_json';
COMMENT ON FUNCTION leadflow.row_json(anyelement) IS
    'a row of a table as pg_catalog.to_jsonb gives it, but whatever the session''s settings are, and so that jsonb_populate_record can take it back: a value of a type that has a JSON form of its own, such as hstore''s, as the text that the type reads. Errors: no row (42804)';

CREATE FUNCTION leadflow.typed_columns(relation regclass, names jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND names ? a.attname
$$;
COMMENT ON FUNCTION leadflow.typed_columns(regclass, jsonb) IS
    'those columns of a table that are keys of a JSON object, with their types, as a column definition list for pg_catalog.jsonb_to_record: the others need no value, as a domain may not be null';

CREATE FUNCTION leadflow.merged_fields(relation regclass) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(d.field ORDER BY d.place), '{}')
    FROM pg_catalog.unnest(leadflow.descriptive_fields(relation)) WITH ORDINALITY d (field, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attname = d.field
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = relation AND i.indisunique
            AND (a.attnum = ANY (i.indkey::smallint[])
                 OR EXISTS (SELECT FROM pg_catalog.pg_depend x
                            WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = i.indexrelid
                                AND x.refobjid = relation AND x.refobjsubid = a.attnum)))
$$;
COMMENT ON FUNCTION leadflow.merged_fields(regclass) IS
    'the descriptive fields of which two rows may have the same value: not those of a unique index, as a merged lead keeps its own';

CREATE FUNCTION leadflow.merge_fields(workspace name, winner bigint, loser bigint, known jsonb DEFAULT '{}', changed text[] DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    SET intervalstyle = 'postgres'
    AS $$
DECLARE
    won jsonb;
    lost jsonb;
    rules jsonb := '{}';
    field text;
    mine jsonb;
    theirs jsonb;
    follows boolean;
    take boolean;
    taken text[] := '{}';
    survivors jsonb := '{}';
BEGIN
    EXECUTE pg_catalog.format('SELECT leadflow.row_json(l) FROM %I.lead l WHERE l.id = $1', workspace) INTO won USING winner;
    EXECUTE pg_catalog.format('SELECT leadflow.row_json(l) FROM %I.lead l WHERE l.id = $1', workspace) INTO lost USING loser;
    IF pg_catalog.to_regclass(pg_catalog.format('%I.overwrite_rule', workspace)) IS NOT NULL THEN
        EXECUTE pg_catalog.format('SELECT COALESCE(pg_catalog.jsonb_object_agg(r.field, pg_catalog.to_jsonb(r)), ''{}'') FROM %I.overwrite_rule r WHERE r.object = ''lead''',
                       workspace) INTO rules;
    END IF;

    FOREACH field IN ARRAY leadflow.merged_fields(pg_catalog.format('%I.lead', workspace)::pg_catalog.regclass) LOOP
        mine := won -> field;
        theirs := lost -> field;
        CONTINUE WHEN mine = theirs OR leadflow.is_empty(mine) AND leadflow.is_empty(theirs);
        CONTINUE WHEN field <> ALL (changed) AND NOT (field = 'currency' AND 'budget' = ANY (taken));

        -- the winner's value came from this loser, whose tool has corrected it since
        follows := COALESCE(known #>> ARRAY[field, 'from'] = 'loser' AND known #> ARRAY[field, 'kept'] = mine, false);
        take := NOT leadflow.is_empty(theirs) AND (leadflow.is_empty(mine) OR follows OR CASE rules #>> ARRAY[field, 'rule']
            WHEN 'newest' THEN (lost ->> 'updated_at')::timestamptz > (won ->> 'updated_at')::timestamptz
            WHEN 'ranked' THEN (
                SELECT COALESCE(pg_catalog.min(s.rank) FILTER (WHERE s.source = COALESCE(lost #>> ARRAY['field_sources', field], lost ->> 'source')), 2147483647)
                     < COALESCE(pg_catalog.min(s.rank) FILTER (WHERE s.source = COALESCE(won #>> ARRAY['field_sources', field], won ->> 'source')), 2147483647)
                FROM pg_catalog.jsonb_array_elements_text(rules #> ARRAY[field, 'sources']) WITH ORDINALITY s (source, rank))
            ELSE false END);
        -- an amount goes with its currency
        IF field = 'currency' AND 'budget' = ANY (taken) THEN
            take := true;
        ELSIF field = 'currency' AND NOT leadflow.is_empty(won -> 'budget') THEN
            take := COALESCE(take AND known #>> '{budget,from}' = 'loser' AND known #> '{budget,kept}' = won -> 'budget', false);
        END IF;

        CONTINUE WHEN NOT take AND leadflow.is_empty(theirs);
        survivors := survivors || pg_catalog.jsonb_build_object(field, CASE
            WHEN take THEN pg_catalog.jsonb_build_object('kept', theirs, 'from', 'loser',
                                              'lost', CASE WHEN follows THEN known #> ARRAY[field, 'lost'] ELSE mine END)
            ELSE pg_catalog.jsonb_build_object('kept', mine, 'from', 'winner', 'lost', theirs) END);
        IF take THEN
            taken := taken || field;
        END IF;
    END LOOP;

    IF taken <> '{}' THEN
        EXECUTE pg_catalog.format('UPDATE %1$I.lead w SET %2$s FROM %1$I.lead l WHERE w.id = $1 AND l.id = $2', workspace,
                       (SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = l.%1$I', f), ', ') FROM pg_catalog.unnest(taken) f))
            USING winner, loser;
    END IF;
    RETURN survivors;
END;
$$;
COMMENT ON FUNCTION leadflow.merge_fields(name, bigint, bigint, jsonb, text[]) IS
    'part of leadflow.merge: decides field by field whose value stays, and writes it to the winner. known: what an earlier call gave; changed: only these fields, null for all. Gives {field: {"kept", "from": winner or loser, "lost"}} for those that differ';

CREATE FUNCTION leadflow.answer_clocks(workspace name, leads bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    clock record;
BEGIN
    FOR clock IN EXECUTE pg_catalog.format(
        'SELECT c.id, a.id AS touch_id, a.at, ''touch '' || a.kind AS stopped_by
         FROM %1$I.sla_clock c
         LEFT JOIN LATERAL (SELECT t.id, t.at, t.kind FROM %1$I.touch t
                            WHERE t.lead_id = c.lead_id AND t.at >= c.started_at AND t.direction = ''outbound''
                                AND t.kind = ANY (c.stops_on_touch)
                            ORDER BY t.at, t.id LIMIT 1) a ON true
         WHERE c.lead_id = ANY ($1) AND c.attempts IS NULL AND c.stops_on_inbound IS NULL AND c.cancelled_at IS NULL
             -- what a touch stopped that was archived since stays
             AND (c.stopped_at IS NULL OR EXISTS (SELECT FROM %1$I.touch s WHERE s.id = c.stop_touch_id))
             AND a.id IS DISTINCT FROM c.stop_touch_id
         ORDER BY c.started_at, c.id', workspace) USING leads
    LOOP
        -- a lead has one running clock of a metric at most
        EXECUTE pg_catalog.format(
            'UPDATE %1$I.sla_clock c SET stopped_at = $2, stop_touch_id = $3, stopped_by = $4
             WHERE c.id = $1 AND ($3 IS NOT NULL OR NOT EXISTS (
                 SELECT FROM %1$I.sla_clock r
                 WHERE r.lead_id = c.lead_id AND r.metric = c.metric AND r.opportunity_id IS NOT DISTINCT FROM c.opportunity_id
                     AND r.stopped_at IS NULL AND r.cancelled_at IS NULL))', workspace)
            USING clock.id, clock.at, clock.touch_id, clock.stopped_by;
    END LOOP;
    PERFORM leadflow.reckon_cadences(workspace, l) FROM pg_catalog.unnest(leads) l;
END;
$$;
COMMENT ON FUNCTION leadflow.answer_clocks(name, bigint[]) IS
    'part of leadflow.merge, and of the guard where an opportunity is given another lead: makes the clocks of some leads agree with the touches and stages that the leads now have: ended by the first answer, or the first stage that ends them, running where there is none any more';

CREATE FUNCTION leadflow.merge_rows(workspace name, winner bigint, loser bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    won record;
    lost record;
    found record;
    merge_id bigint;
    survivors jsonb;
    touches bigint[];
    opportunities bigint[];
    clocks bigint[];
    cancelled bigint[];
BEGIN
    IF winner = loser THEN
        RAISE EXCEPTION 'lead % cannot be merged into itself', winner
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- in the order of their numbers, so that two merges never wait for each other in a circle
    FOR found IN EXECUTE pg_catalog.format('SELECT l.id, l.stage, l.merged_into, l.owner FROM %I.lead l WHERE l.id IN ($1, $2) ORDER BY l.id FOR UPDATE',
                                workspace) USING winner, loser
    LOOP
        IF found.merged_into IS NOT NULL THEN
            RAISE EXCEPTION 'lead % was merged into lead % already', found.id, found.merged_into
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = pg_catalog.format('Name lead %s in its place, or undo that merge with leadflow.unmerge.', found.merged_into);
        END IF;
        IF found.id = winner THEN
            won := found;
        ELSE
            lost := found;
        END IF;
    END LOOP;
    IF won IS NULL OR lost IS NULL THEN
        RAISE EXCEPTION 'workspace % has no lead %', workspace, CASE WHEN won IS NULL THEN winner ELSE loser END
            USING ERRCODE = 'no_data_found';
    END IF;

    survivors := leadflow.merge_fields(workspace, winner, loser);
    EXECUTE pg_catalog.format('INSERT INTO %I.lead_merge (winner_id, loser_id, winner_stage, loser_stage, survivors) VALUES ($1, $2, $3, $4, $5) RETURNING id',
                   workspace) INTO merge_id USING winner, loser, won.stage, lost.stage, survivors;

    EXECUTE pg_catalog.format('WITH moved AS (UPDATE %I.opportunity SET lead_id = $1, merged_from = COALESCE(merged_from, $2) WHERE lead_id = $2 RETURNING id)
                    SELECT COALESCE(pg_catalog.array_agg(id ORDER BY id), ''{}'') FROM moved', workspace) INTO opportunities USING winner, loser;
    EXECUTE pg_catalog.format('WITH moved AS (UPDATE %I.touch SET lead_id = $1, merged_from = COALESCE(merged_from, $2) WHERE lead_id = $2 RETURNING id)
                    SELECT COALESCE(pg_catalog.array_agg(id ORDER BY id), ''{}'') FROM moved', workspace) INTO touches USING winner, loser;

    -- of two promises of one kind the one that is due first stays
    EXECUTE pg_catalog.format('WITH twice AS (
                        SELECT CASE WHEN w.due_at <= l.due_at THEN l.id ELSE w.id END AS id
                        FROM %1$I.sla_clock w
                        JOIN %1$I.sla_clock l ON l.metric = w.metric
                        WHERE w.lead_id = $1 AND w.opportunity_id IS NULL AND w.stopped_at IS NULL AND w.cancelled_at IS NULL
                            AND l.lead_id = $2 AND l.opportunity_id IS NULL AND l.stopped_at IS NULL AND l.cancelled_at IS NULL),
                    cancelled AS (
                        UPDATE %1$I.sla_clock c SET cancelled_at = GREATEST(leadflow.clock(), c.started_at), stopped_by = ''merge '' || $3
                        FROM twice t WHERE c.id = t.id RETURNING c.id)
                    SELECT COALESCE(pg_catalog.array_agg(id ORDER BY id), ''{}'') FROM cancelled', workspace)
        INTO cancelled USING winner, loser, merge_id;
    EXECUTE pg_catalog.format('WITH moved AS (
                        UPDATE %1$I.sla_clock c SET lead_id = $1, owner = w.owner, team = m.team
                        FROM %1$I.lead w LEFT JOIN %1$I.team_member m ON m.member = w.owner
                        WHERE w.id = $1 AND c.lead_id = $2 AND c.opportunity_id IS NULL AND c.stopped_at IS NULL AND c.cancelled_at IS NULL
                        RETURNING c.id)
                    SELECT COALESCE(pg_catalog.array_agg(id ORDER BY id), ''{}'') FROM moved', workspace)
        INTO clocks USING winner, loser;
    EXECUTE pg_catalog.format('UPDATE %I.sla_clock SET lead_id = $1 WHERE opportunity_id = ANY ($2)', workspace) USING winner, opportunities;
    PERFORM leadflow.answer_clocks(workspace, ARRAY[winner]);

    EXECUTE pg_catalog.format('UPDATE %I.lead SET merged_into = $1 WHERE id = $2', workspace) USING winner, loser;
    EXECUTE pg_catalog.format('UPDATE %I.lead_merge SET moved = $2 WHERE id = $1', workspace)
        USING merge_id, pg_catalog.jsonb_build_object('touches', touches, 'opportunities', opportunities, 'clocks', clocks, 'cancelled_clocks', cancelled);

    IF lost.stage > won.stage THEN
        RAISE NOTICE 'lead % was further (%) than lead %, which stays in stage %', loser, lost.stage, winner, won.stage
            USING HINT = pg_catalog.format('Move lead %s, if it meets the standard.', winner);
    END IF;
    RETURN merge_id;
END;
$$;
COMMENT ON FUNCTION leadflow.merge_rows(name, bigint, bigint) IS
    'part of leadflow.merge, which lets it amend what happened: called alone it is refused (23514)';

CREATE FUNCTION leadflow.unmerge_rows(workspace name, merge_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    SET intervalstyle = 'postgres'
    AS $$
DECLARE
    merge record;
    gone_to bigint;
    won jsonb;
    family bigint[];
    touches bigint[];
    opportunities bigint[];
    restored text[];
    former jsonb;
    changed text;
BEGIN
    EXECUTE pg_catalog.format('SELECT m.winner_id, m.loser_id FROM %I.lead_merge m WHERE m.id = $1', workspace) INTO merge USING merge_id;
    IF merge.winner_id IS NULL THEN
        RAISE EXCEPTION 'workspace % has no merge %', workspace, merge_id
            USING ERRCODE = 'no_data_found';
    END IF;
    -- locked as in leadflow.merge, and read as they then are
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM (SELECT FROM %I.lead l WHERE l.id IN ($1, $2) ORDER BY l.id FOR UPDATE) locked', workspace)
        USING merge.winner_id, merge.loser_id;
    EXECUTE pg_catalog.format('SELECT m.* FROM %I.lead_merge m WHERE m.id = $1 FOR UPDATE', workspace) INTO merge USING merge_id;
    IF merge.undone_at IS NOT NULL THEN
        RAISE EXCEPTION 'merge % was undone already', merge_id
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = pg_catalog.format('%s undid it at %s.', merge.undone_by, merge.undone_at);
    END IF;
    EXECUTE pg_catalog.format('SELECT l.merged_into, leadflow.row_json(l) FROM %I.lead l WHERE l.id = $1', workspace) INTO gone_to, won USING merge.winner_id;
    IF gone_to IS NOT NULL THEN
        RAISE EXCEPTION 'lead % was itself merged into lead %', merge.winner_id, gone_to
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Undo that merge first.';
    END IF;

    EXECUTE pg_catalog.format('UPDATE %I.lead SET merged_into = NULL WHERE id = $1', workspace) USING merge.loser_id;
    EXECUTE pg_catalog.format('WITH RECURSIVE family AS (SELECT $1 AS id UNION SELECT l.id FROM %I.lead l JOIN family f ON l.merged_into = f.id)
                    SELECT pg_catalog.array_agg(id) FROM family', workspace) INTO family USING merge.loser_id;
    EXECUTE pg_catalog.format('WITH back AS (UPDATE %I.opportunity SET lead_id = $2, merged_from = NULLIF(merged_from, $2)
                                  WHERE lead_id = $1 AND merged_from = ANY ($3) RETURNING id)
                    SELECT COALESCE(pg_catalog.array_agg(id), ''{}'') FROM back', workspace)
        INTO opportunities USING merge.winner_id, merge.loser_id, family;
    EXECUTE pg_catalog.format('WITH back AS (UPDATE %I.touch SET lead_id = $2, merged_from = NULLIF(merged_from, $2)
                                  WHERE lead_id = $1 AND merged_from = ANY ($3) RETURNING id)
                    SELECT COALESCE(pg_catalog.array_agg(id), ''{}'') FROM back', workspace)
        INTO touches USING merge.winner_id, merge.loser_id, family;

    -- the clocks that were moved, and those that the loser's touches have started since
    EXECUTE pg_catalog.format('UPDATE %I.sla_clock SET lead_id = $1 WHERE opportunity_id = ANY ($2)', workspace)
        USING merge.loser_id, opportunities;
    EXECUTE pg_catalog.format('UPDATE %1$I.sla_clock c SET lead_id = $2
                    WHERE c.lead_id = $1 AND c.opportunity_id IS NULL
                        AND (c.id IN (SELECT x::bigint FROM pg_catalog.jsonb_array_elements_text($3) x) OR c.start_touch_id = ANY ($4))', workspace)
        USING merge.winner_id, merge.loser_id, merge.moved -> 'clocks', touches;
    -- what the winner did has not ended what the loser was promised
    EXECUTE pg_catalog.format('UPDATE %1$I.sla_clock c SET stopped_at = NULL, cancelled_at = NULL, stopped_by = NULL
                    WHERE c.lead_id = $1 AND c.id IN (SELECT x::bigint FROM pg_catalog.jsonb_array_elements_text($2) x)
                        AND c.stop_touch_id IS NULL AND c.stopped_by NOT LIKE ''merge %%''
                        AND NOT EXISTS (SELECT FROM %1$I.sla_clock r
                                        WHERE r.lead_id = c.lead_id AND r.metric = c.metric AND r.opportunity_id IS NULL
                                            AND r.stopped_at IS NULL AND r.cancelled_at IS NULL)', workspace)
        USING merge.loser_id, merge.moved -> 'clocks';
    EXECUTE pg_catalog.format('UPDATE %1$I.sla_clock c SET owner = l.owner, team = m.team
                    FROM %1$I.lead l LEFT JOIN %1$I.team_member m ON m.member = l.owner
                    WHERE l.id = $1 AND c.lead_id = $1 AND c.opportunity_id IS NULL AND c.stopped_at IS NULL AND c.cancelled_at IS NULL', workspace)
        USING merge.loser_id;
    EXECUTE pg_catalog.format('UPDATE %1$I.sla_clock c SET cancelled_at = NULL, stopped_by = NULL
                    WHERE c.id IN (SELECT x::bigint FROM pg_catalog.jsonb_array_elements_text($1) x) AND c.stopped_by = ''merge '' || $2
                        AND NOT EXISTS (SELECT FROM %1$I.sla_clock r
                                        WHERE r.lead_id = c.lead_id AND r.metric = c.metric AND r.opportunity_id IS NULL
                                            AND r.stopped_at IS NULL AND r.cancelled_at IS NULL)', workspace)
        USING merge.moved -> 'cancelled_clocks', merge_id;
    PERFORM leadflow.answer_clocks(workspace, ARRAY[merge.winner_id, merge.loser_id]);

    -- the winner's fields, where they still hold what came from the loser
    SELECT pg_catalog.array_agg(s.key) FILTER (WHERE won -> s.key = s.value -> 'kept'),
           pg_catalog.string_agg(pg_catalog.quote_ident(s.key), ', ') FILTER (WHERE won -> s.key IS DISTINCT FROM s.value -> 'kept')
    INTO restored, changed
    FROM pg_catalog.jsonb_each(merge.survivors) s
    WHERE s.value ->> 'from' = 'loser';
    IF restored IS NOT NULL THEN
        former := (SELECT pg_catalog.jsonb_object_agg(f, merge.survivors #> ARRAY[f, 'lost']) FROM pg_catalog.unnest(restored) f);
        EXECUTE pg_catalog.format('UPDATE %1$I.lead w SET %2$s FROM pg_catalog.jsonb_to_record($2) AS b (%3$s) WHERE w.id = $1', workspace,
                       (SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = b.%1$I', f), ', ') FROM pg_catalog.unnest(restored) f),
                       leadflow.typed_columns(pg_catalog.format('%I.lead', workspace)::pg_catalog.regclass, former))
            USING merge.winner_id, former;
    END IF;
    EXECUTE pg_catalog.format('UPDATE %I.lead_merge SET undone_at = leadflow.clock(), undone_by = CURRENT_USER WHERE id = $1', workspace)
        USING merge_id;
    IF changed IS NOT NULL THEN
        RAISE NOTICE 'lead % keeps what was changed since the merge: %', merge.winner_id, changed;
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.unmerge_rows(name, bigint) IS
    'part of leadflow.unmerge, which lets it amend what happened: called alone it is refused (23514)';

CREATE FUNCTION leadflow.carry_over(workspace name, loser bigint, old_row jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    SET intervalstyle = 'postgres'
    AS $$
DECLARE
    merge record;
    changed text[];
    winner_row jsonb;
    survivors jsonb;
BEGIN
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(f) FROM %1$I.lead l, pg_catalog.unnest(leadflow.merged_fields(''%1$I.lead'')) f
                    WHERE l.id = $1 AND leadflow.row_json(l) -> f IS DISTINCT FROM $2 -> f', workspace) INTO changed USING loser, old_row;
    IF changed IS NULL THEN
        RETURN;
    END IF;
    EXECUTE pg_catalog.format('SELECT m.id, m.winner_id, m.survivors FROM %I.lead_merge m WHERE m.loser_id = $1 AND m.undone_at IS NULL FOR UPDATE',
                   workspace) INTO merge USING loser;
    EXECUTE pg_catalog.format('SELECT leadflow.row_json(l) FROM %I.lead l WHERE l.id = $1', workspace) INTO winner_row USING merge.winner_id;
    survivors := leadflow.merge_fields(workspace, merge.winner_id, loser, merge.survivors, changed);
    IF survivors <> '{}' THEN
        EXECUTE pg_catalog.format('UPDATE %I.lead_merge SET survivors = survivors || $2 WHERE id = $1', workspace) USING merge.id, survivors;
    END IF;
    IF winner_row ->> 'merged_into' IS NOT NULL THEN
        PERFORM leadflow.carry_over(workspace, merge.winner_id, winner_row);
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.carry_over(name, bigint, jsonb) IS
    'part of the guard: a field of a merged lead was written; where the winner''s is empty, or holds this lead''s former value, it is written there too. old_row: the lead before the write';
