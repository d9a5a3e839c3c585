/* forget.sql: a person who wants to be forgotten */

CREATE FUNCTION leadflow.forget(workspace name, lead_id bigint) RETURNS void
    LANGUAGE C VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_forget';
COMMENT ON FUNCTION leadflow.forget(name, bigint) IS
    'forgets a person: the personal data leaves the lead and those that were merged into it, their touches, opportunities, pauses, alerts, history, stays in nurture, verdicts with their answers, merges, refused values and moves, parked rows, transcripts, opinions, objections, requests, plans of deals, debriefs and lessons; what happened stays without the person, and so does every figure of the reports but those that are about such data (doc/people.md lists them). Columns that were added, accounts and definition_change are left alone. Errors: not the owner of the workspace (42501), no such lead (P0002), the lead was merged into another, which is to be forgotten, or the workspace has another version than the extension (55000), no such workspace (42704)';

CREATE FUNCTION leadflow.json_says(value jsonb, pattern text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT EXISTS (SELECT FROM pg_catalog.jsonb_path_query(value, 'strict $.**') v
                   WHERE pg_catalog.jsonb_typeof(v) IN ('string', 'number') AND v #>> '{}' ~* pattern)
$$;
COMMENT ON FUNCTION leadflow.json_says(jsonb, text) IS
    'whether a regular expression, whatever the capitals, matches a text or a number anywhere in a JSON value, as it is and not as JSON writes it; keys are not looked at';

CREATE FUNCTION leadflow.forget_rows(workspace name, lead_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    found boolean;
    part text;
    winner bigint;
    leads bigint[];
    person text;
    identity text;
    deals constant text := pg_catalog.format('(SELECT o.id FROM %I.opportunity o WHERE o.lead_id = ANY ($1))', workspace);
BEGIN
    PERFORM leadflow.check_workspace_version(workspace);
    EXECUTE pg_catalog.format('SELECT true, l.merged_into FROM %I.lead l WHERE l.id = $1', workspace) INTO found, winner USING lead_id;
    IF found IS NULL THEN
        RAISE EXCEPTION 'workspace % has no lead %', workspace, lead_id
            USING ERRCODE = 'no_data_found';
    ELSIF winner IS NOT NULL THEN
        RAISE EXCEPTION 'lead % was merged into lead %', lead_id, winner
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = pg_catalog.format('Forget lead %s: that forgets both.', winner);
    END IF;
    EXECUTE pg_catalog.format('WITH RECURSIVE person AS (SELECT $1 AS id UNION SELECT l.id FROM %I.lead l JOIN person p ON l.merged_into = p.id)
                               SELECT pg_catalog.array_agg(id ORDER BY id) FROM person', workspace) INTO leads USING lead_id;
    EXECUTE pg_catalog.format('SELECT FROM %I.lead l WHERE l.id = ANY ($1) ORDER BY l.id FOR UPDATE', workspace) USING leads;

    -- what the person is called, as an expression that finds it as whole words; and what nobody else is called,
    -- for rows that are not known to be hers
    EXECUTE pg_catalog.format(
        'SELECT ''(^|[^[:alnum:]])('' || pg_catalog.string_agg(DISTINCT w.words, ''|'') || '')([^[:alnum:]]|$)'',
                ''(^|[^[:alnum:]])('' || pg_catalog.string_agg(DISTINCT w.words, ''|'') FILTER (WHERE w.identifies) || '')([^[:alnum:]]|$)''
         FROM (SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(t.name, ''([^[:alnum:][:space:]])'', ''\\\1'', ''g''), ''\s+'', ''\\s+'', ''g'') AS words,
                      CASE n.field WHEN ''full_name'' THEN t.name ~ ''[[:alnum:]]\s.*[[:alnum:]]'' AND pg_catalog.length(t.name) >= 5
                                   WHEN ''email'' THEN t.name ~ ''.@.''
                                   ELSE pg_catalog.length(pg_catalog.regexp_replace(t.name, ''[^[:digit:]]'', '''', ''g'')) >= 6 END AS identifies
               FROM (SELECT v.field, v.name FROM %1$I.lead l, LATERAL (VALUES (''full_name'', l.full_name), (''email'', l.email), (''phone'', l.phone)) v (field, name)
                     WHERE l.id = ANY ($1)
                     UNION
                     -- what another tool called her
                     SELECT x.field, v.name FROM %1$I.overwrite_refused x, LATERAL (VALUES (x.kept), (x.refused)) v (name)
                     WHERE x.lead_id = ANY ($1) AND x.object = ''lead'' AND x.field IN (''full_name'', ''email'', ''phone'')) n
               CROSS JOIN LATERAL (SELECT pg_catalog.btrim(n.name, E'' \t\r\n'') AS name) t
               -- what is longer is not a name
               WHERE t.name <> '''' AND pg_catalog.length(t.name) <= 200) w', workspace) INTO person, identity USING leads;

    EXECUTE pg_catalog.format(
        'DELETE FROM %1$I.quarantine q USING %1$I.lead l
         WHERE l.id = ANY ($1)
             AND (q.object = ''lead'' AND (q.operation = ''UPDATE'' AND q.parked_row ->> ''id'' = l.id::text
                                           OR q.source = l.source AND q.external_id = l.external_id
                                           OR q.parked_row ->> ''email'' = l.email OR q.parked_row ->> ''phone'' = l.phone
                                           OR leadflow.normal_email(q.parked_row ->> ''email'') = leadflow.normal_email(l.email)
                                           OR leadflow.normal_phone(q.parked_row ->> ''phone'') = leadflow.normal_phone(l.phone))
                  OR q.object = ''opportunity'' AND (q.parked_row ->> ''lead_id'' = l.id::text
                                                  OR q.operation = ''UPDATE'' AND q.parked_row ->> ''id'' IN (SELECT d.id::text FROM %2$s d))
                  -- a row of an attached table, which has columns of its own, tells whose it is by the key of its lead, or by its words
                  OR (q.attachment IS NOT NULL OR q.object NOT IN (''lead'', ''opportunity''))
                     AND (leadflow.json_says(q.parked_row, $2) OR q.external_id ~* $2
                          OR EXISTS (SELECT FROM %1$I.attachment a
                                     WHERE a.attachment = q.attachment AND COALESCE(a.options ->> ''parent_source'', a.source) = l.source
                                         AND q.parked_row ->> pg_catalog.substring(a.mapping ->> ''lead'', ''^new\."?([^".:]+)"?(?:::[a-z]+)?$'') = l.external_id)))',
        workspace, deals) USING leads, identity;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.stage_event SET reason_note = NULL, facts = facts - ''features''
         WHERE (reason_note IS NOT NULL OR facts IS NOT NULL)
             AND (lead_id = ANY ($1) OR opportunity_id IN %2$s)', workspace, deals) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.nurture_stay SET narrative = NULL WHERE lead_id = ANY ($1) AND narrative IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.verdict SET note = NULL, narrative = NULL WHERE lead_id = ANY ($1) AND (note IS NOT NULL OR narrative IS NOT NULL)', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.verdict_answer SET note = CASE WHEN answer <> ''agrees'' THEN ''forgotten'' END
         WHERE note IS NOT NULL AND verdict_id IN (SELECT v.id FROM %1$I.verdict v WHERE v.lead_id = ANY ($1))', workspace) USING leads;
    FOR part IN EXECUTE pg_catalog.format(
        'SELECT ''touch'' UNION ALL SELECT a.part FROM %1$I.archived_part a WHERE pg_catalog.to_regclass(pg_catalog.format(''%%I.%%I'', %1$L, a.part)) IS NOT NULL', workspace)
    LOOP
        EXECUTE pg_catalog.format(
            'UPDATE %1$I.%2$I t SET note = NULL, outcome = NULL, external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END,
                 actor = CASE WHEN actor ~* $2 THEN NULL ELSE actor END,
                 content = CASE WHEN content ~* $2 OR EXISTS (SELECT FROM %1$I.touch_kind k WHERE k.kind = t.kind AND k.is_contact) THEN NULL
                                ELSE content END
             WHERE lead_id = ANY ($1)', workspace, part) USING leads, person;
    END LOOP;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.transcript SET words = ''forgotten'', recording_url = NULL
         WHERE touch_id IN (SELECT t.id FROM %1$I.touch t WHERE t.lead_id = ANY ($1))', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.sla_pause SET reason = ''forgotten''
         WHERE reason ~* $2 AND clock_id IN (SELECT c.id FROM %1$I.sla_clock c WHERE c.lead_id = ANY ($1) OR c.opportunity_id IN %2$s)', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.opportunity SET reason_note = NULL,
             name = CASE WHEN name ~* $2 THEN NULL ELSE name END,
             external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END,
             attributes = CASE WHEN leadflow.json_says(attributes, $2) THEN ''{}'' ELSE attributes END
         WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    -- what was learnt stays, without what she said and what names her
    EXECUTE pg_catalog.format(
        'UPDATE %I.committee_member SET note = NULL, who = CASE WHEN who ~* $2 THEN NULL ELSE who END WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    EXECUTE pg_catalog.format('UPDATE %I.hypothesis_talk SET note = NULL WHERE lead_id = ANY ($1) AND note IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format('UPDATE %I.battlecard_feedback SET note = NULL WHERE lead_id = ANY ($1) AND note IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format('UPDATE %I.opinion SET words = NULL, external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.objection_heard SET note = NULL, answer = CASE WHEN answer ~* $2 THEN ''forgotten'' ELSE answer END
         WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.content_request SET note = NULL, wanted = CASE WHEN wanted ~* $2 THEN ''forgotten'' ELSE wanted END
         WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.lesson SET lesson = CASE WHEN lesson ~* $2 THEN ''forgotten'' ELSE lesson END,
             action = CASE WHEN action ~* $2 THEN ''forgotten'' ELSE action END
         WHERE debrief_id IN (SELECT d.id FROM %1$I.debrief d JOIN %1$I.opportunity o ON o.id = d.opportunity_id WHERE o.lead_id = ANY ($1))
             AND (lesson ~* $2 OR action ~* $2)', workspace) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.debrief SET conclusions = ''forgotten''
         WHERE conclusions ~* $2 AND opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.deal_plan SET obstacle = CASE WHEN obstacle ~* $2 THEN ''forgotten'' ELSE obstacle END,
             closing_plan = CASE WHEN closing_plan ~* $2 THEN ''forgotten'' ELSE closing_plan END,
             next_step = CASE WHEN next_step ~* $2 THEN ''forgotten'' ELSE next_step END,
             needs_note = CASE WHEN needs_note ~* $2 THEN ''forgotten'' ELSE needs_note END
         WHERE opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.alert SET message = CASE WHEN message ~* $2 THEN ''forgotten'' ELSE message END,
             details = CASE WHEN leadflow.json_says(details, $2) THEN ''{}'' ELSE details END, fault = CASE WHEN fault ~* $2 THEN ''forgotten'' ELSE fault END
         WHERE (lead_id = ANY ($1) OR opportunity_id IN %2$s) AND (message ~* $2 OR leadflow.json_says(details, $2) OR fault ~* $2)', workspace, deals) USING leads, person;
    -- where the key of an attached table is an address: the next run begins at the beginning
    EXECUTE pg_catalog.format('UPDATE %I.backfill_progress SET last_key = NULL WHERE leadflow.json_says(last_key, $1)', workspace) USING identity;
    -- books that were closed before she was forgotten
    EXECUTE pg_catalog.format(
        'UPDATE %I.book SET figures = (SELECT pg_catalog.jsonb_object_agg(f.key, CASE WHEN leadflow.json_says(f.value, $1)
                 THEN CASE pg_catalog.jsonb_typeof(f.value) WHEN ''array'' THEN ''[]'' ELSE ''"forgotten"'' END::jsonb ELSE f.value END)
             FROM pg_catalog.jsonb_each(figures) f)
         WHERE leadflow.json_says(figures, $1)', workspace) USING identity;
    EXECUTE pg_catalog.format('UPDATE %I.lead_score SET refusal = ''forgotten'' WHERE lead_id = ANY ($1) AND refusal IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.lead_merge SET survivors = ''{}'' WHERE winner_id = ANY ($1) OR loser_id = ANY ($1)', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.overwrite_refused SET kept = NULL, refused = NULL WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.lead SET full_name = NULL, email = NULL, phone = NULL, need = NULL, reason_note = NULL, why_now = NULL,
             promised = NULL, evidence = NULL, narrative = NULL, owner_reason = NULL, attributes = ''{}'', verified = false,
             external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END
         WHERE id = ANY ($1)', workspace) USING leads, person;
END;
$$;
COMMENT ON FUNCTION leadflow.forget_rows(name, bigint) IS
    'part of leadflow.forget, which lets it amend what happened: called alone it is refused (23514)';

CREATE FUNCTION leadflow.mentions(workspace name, words text)
    RETURNS TABLE (relation text, key jsonb, fields text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
DECLARE
    key_columns text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF pg_catalog.btrim(words) = '' THEN
        RAISE EXCEPTION 'no words to look for'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation, key_columns IN
        SELECT c.relname, COALESCE(k.columns, pg_catalog.format('%L, r.ctid::text', 'ctid'))
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.format('%L, r.%I', a.attname, a.attname), ', ' ORDER BY a.attnum) AS columns
                           FROM pg_catalog.pg_index i
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                           WHERE i.indrelid = c.oid AND i.indisprimary) k ON true
        WHERE n.nspname = workspace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        ORDER BY c.relname
    LOOP
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %1$L::text, f.key, f.fields FROM (SELECT pg_catalog.jsonb_build_object(%2$s) AS key,
                    ARRAY(SELECT f.key FROM pg_catalog.jsonb_each(pg_catalog.to_jsonb(r.*)) f
                          WHERE pg_catalog.strpos(pg_catalog.lower(f.value #>> ''{}''), pg_catalog.lower($1)) > 0
                              -- as it is, where JSON writes it otherwise
                              OR EXISTS (SELECT FROM pg_catalog.jsonb_path_query(f.value, ''strict $.**'') v
                                         WHERE pg_catalog.jsonb_typeof(v) = ''string'' AND pg_catalog.strpos(pg_catalog.lower(v #>> ''{}''), pg_catalog.lower($1)) > 0)
                          ORDER BY f.key COLLATE pg_catalog."C") AS fields
             FROM %3$I.%1$I r) f
             WHERE f.fields <> ''{}''', relation, key_columns, workspace) USING words;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.mentions(name, text) IS
    'where in the tables of a workspace some words stand, whatever their capitals: the table, the primary key of the row (its ctid where there is none) and the columns, those that were added to the workspace too. For a person who asks what is known of her, and for what leadflow.forget leaves to you. Reads every row of every table that the caller may read whole. Errors: not a workspace (42704), nothing to look for (22023)';
