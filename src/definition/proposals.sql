/*
 * proposals.sql: a change of a definition is proposed, tried, approved and
 * applied.
 *
 * A proposal is tried when it is made: it is written and taken back, so that
 * PostgreSQL's own errors say what is wrong with it.  Who may not write the
 * definition tries it on a copy, which has its constraints but neither its
 * triggers nor its foreign keys.  While it is written the back-test sees it.
 */

CREATE FUNCTION leadflow.write_definition(target text, type text, key_columns text[], operation text, key jsonb, new_row jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    columns text;
    new_columns text;
    condition text;
    written jsonb;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k), ', ' ORDER BY k COLLATE pg_catalog."C"),
           pg_catalog.string_agg('n.' || pg_catalog.quote_ident(k), ', ' ORDER BY k COLLATE pg_catalog."C") INTO columns, new_columns
    FROM pg_catalog.jsonb_object_keys(new_row) k;
    SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I = k.%1$I', c), ' AND ') INTO condition
    FROM pg_catalog.unnest(key_columns) c;
    IF operation = 'insert' AND columns IS NULL THEN
        EXECUTE pg_catalog.format('INSERT INTO %s AS t DEFAULT VALUES RETURNING pg_catalog.to_jsonb(t)', target) INTO written;
    ELSIF operation = 'insert' THEN
        EXECUTE pg_catalog.format('INSERT INTO %1$s AS t (%2$s) SELECT %2$s FROM pg_catalog.jsonb_to_record($1) AS n (%3$s) RETURNING pg_catalog.to_jsonb(t)', target, columns, leadflow.typed_columns(type::regclass, new_row))
            INTO written USING new_row;
    ELSIF operation = 'update' THEN
        EXECUTE pg_catalog.format('UPDATE %1$s t SET (%2$s) = ROW (%3$s) FROM pg_catalog.jsonb_to_record($1) AS n (%4$s), pg_catalog.jsonb_to_record($2) AS k (%5$s) WHERE %6$s RETURNING pg_catalog.to_jsonb(t)',
            target, columns, new_columns, leadflow.typed_columns(type::regclass, new_row), leadflow.typed_columns(type::regclass, key), condition)
            INTO written USING new_row, key;
    ELSE
        EXECUTE pg_catalog.format('DELETE FROM %s t USING pg_catalog.jsonb_to_record($1) AS k (%s) WHERE %s RETURNING pg_catalog.to_jsonb(t)', target, leadflow.typed_columns(type::regclass, key), condition)
            INTO written USING key;
    END IF;
    RETURN written;
END;
$$;
COMMENT ON FUNCTION leadflow.write_definition(text, text, text[], text, jsonb, jsonb) IS
    'part of leadflow.propose and leadflow.apply_proposals: writes a change to target, a definition table or a copy of it, whose rows have that type, with the caller''s rights, and gives the row that was written, or deleted; null where there is no row of that key. Errors: those of PostgreSQL';

CREATE FUNCTION leadflow.proposed_rule(workspace text, standards text, definition text, changed jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    rule text;
BEGIN
    IF definition = 'standard' THEN
        -- what a lead of the variant must meet to become an MQL
        IF changed ->> 'object' = 'lead' AND leadflow.ordinal((changed ->> 'stage')::leadflow.stage) BETWEEN 1 AND leadflow.ordinal('mql'::leadflow.stage) THEN
            EXECUTE pg_catalog.format($query$
                SELECT COALESCE(pg_catalog.string_agg('(' || s.expression || E'\n)', ' AND ' ORDER BY s.stage, s.position, s.criterion COLLATE pg_catalog."C"), 'true')
                FROM %1$s s
                WHERE s.object = 'lead' AND s.mode = 'enforce' AND s.stage = leadflow.base(s.stage)
                    AND leadflow.ordinal(s.stage) BETWEEN 1 AND leadflow.ordinal('mql'::leadflow.stage)
                    AND (s.variant = $1 OR s.variant = '*' AND NOT EXISTS
                        (SELECT FROM %1$s o WHERE o.object = 'lead' AND o.stage = s.stage AND o.criterion = s.criterion AND o.variant = $1))
                $query$, standards) INTO rule USING changed ->> 'variant';
        END IF;
    ELSE
        EXECUTE pg_catalog.format($query$
            SELECT pg_catalog.string_agg('(' || m.condition || E'\n)', ' OR ' ORDER BY m.position, m.code COLLATE pg_catalog."C")
            FROM %s m
            WHERE m.active AND m.to_stage >= 'mql' AND m.from_stage < 'mql'
            $query$, CASE definition WHEN 'score_move' THEN standards ELSE pg_catalog.format('%I.score_move', workspace) END) INTO rule;
    END IF;
    RETURN rule;
END;
$$;
COMMENT ON FUNCTION leadflow.proposed_rule(text, text, text, jsonb) IS
    'part of leadflow.propose: the rule by which leads become MQLs once a change of a definition is written. standards: the table that it was written to; changed: the row. For the standard it is every criterion that is enforced up to mql, for scores every active score_move to mql; null where the change has no say in it';

CREATE FUNCTION leadflow.held_up(workspace text, standards text, definition text, operation text, changed jsonb) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
DECLARE
    leads bigint;
BEGIN
    IF definition <> 'standard' OR operation = 'delete' OR changed ->> 'object' <> 'lead' OR changed ->> 'mode' <> 'enforce' THEN
        RETURN NULL;
    END IF;
    -- as the guard will see each of them when it takes the next step
    EXECUTE pg_catalog.format($query$
        SELECT pg_catalog.count(*)
        FROM %1$I.lead l
        JOIN leadflow.spine() s ON s.ordinal = leadflow.ordinal(l.stage) + 1
        CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(l, pg_catalog.jsonb_build_object('stage', s.stage, 'stage_since', $3)) w
        WHERE l.stage >= $4 AND l.stage < 'won'
            AND ($5 = l.variant OR $5 = '*' AND NOT EXISTS
                (SELECT FROM %2$s o WHERE o.object = 'lead' AND o.stage = $4 AND o.criterion = $6 AND o.variant = l.variant))
            AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = l.id)
            AND leadflow.meets($1, w, $2, $3) IS NOT TRUE
        $query$, workspace, standards)
        INTO leads USING workspace, changed ->> 'expression', leadflow.clock(), (changed ->> 'stage')::leadflow.stage, changed ->> 'variant', changed ->> 'criterion';
    RETURN leads;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION leadflow.held_up(text, text, text, text, jsonb) IS
    'part of leadflow.propose: number of leads between the stage of a criterion and won that could not take their next step once it is written. standards: the table that it was written to; changed: the row. Null for anything but a criterion of leads that is enforced, and for who may not read the leads';

CREATE FUNCTION leadflow.proposal_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET intervalstyle = 'postgres'
    AS $$
DECLARE
    table_name constant text := pg_catalog.format('%I.%I', TG_TABLE_SCHEMA, NEW.definition);
    target text := table_name;
    key_columns constant text[] := leadflow.definition_key(TG_TABLE_SCHEMA, NEW.definition);
    present constant timestamptz := leadflow.clock();
    columns text;
    counter text;
    whole_rule text;
    changed jsonb;
    unknown text;
BEGIN
    NEW.proposed_at := present;
    NEW.proposed_by := CURRENT_USER;
    NEW.session_actor := SESSION_USER;
    NEW.old_row := NULL;
    NEW.backtest := NULL;
    NEW.backtest_note := NULL;
    NEW.held_up := NULL;
    NEW.applied_at := NULL;
    NEW.applied_by := NULL;
    NEW.applied_version := NULL;
    NEW.fault := NULL;
    EXECUTE pg_catalog.format('SELECT m.department FROM %I.team_member m WHERE m.member = $1 AND m.active', TG_TABLE_SCHEMA)
        INTO NEW.department USING NEW.proposed_by;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                   WHERE t.tgrelid = pg_catalog.to_regclass(table_name) AND t.tgname = 'leadflow_definition_recorder' AND t.tgtype & 1 = 1) THEN
        RAISE EXCEPTION '"%" is not a definition that can be proposed', NEW.definition
            USING ERRCODE = 'undefined_table', HINT = 'Name one of the tables in definition_reviews.';
    END IF;
    -- constraints will say what is wrong with the rest
    IF NEW.operation IS NULL OR NEW.operation NOT IN ('insert', 'update', 'delete') OR NEW.reason IS NULL OR NEW.in_force_from IS NULL
        OR (NEW.operation = 'insert') <> (NEW.key IS NULL) OR (NEW.operation = 'delete') <> (NEW.new_row IS NULL)
        OR pg_catalog.jsonb_typeof(NEW.key) <> 'object' OR pg_catalog.jsonb_typeof(NEW.new_row) <> 'object' THEN
        RETURN NEW;
    END IF;

    SELECT k INTO unknown
    FROM pg_catalog.jsonb_object_keys(COALESCE(NEW.new_row, '{}') || COALESCE(NEW.key, '{}')) k
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = pg_catalog.to_regclass(table_name) AND a.attname = k AND a.attnum > 0 AND NOT a.attisdropped)
    ORDER BY k COLLATE pg_catalog."C" LIMIT 1;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'column "%" of definition "%" does not exist', unknown, NEW.definition
            USING ERRCODE = 'undefined_column';
    END IF;
    IF NEW.definition = 'workspace' AND (NEW.operation <> 'update' OR NEW.new_row ?| '{only_row,version}') THEN
        RAISE EXCEPTION 'the workspace''s one row, and its version, are kept by leadflow'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NEW.operation = 'update' AND NEW.new_row = '{}' THEN
        RAISE EXCEPTION 'the proposal changes no column'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the columns and their new values in "row".';
    END IF;
    IF NEW.key IS NOT NULL THEN
        IF (SELECT pg_catalog.array_agg(k ORDER BY k COLLATE pg_catalog."C") FROM pg_catalog.jsonb_object_keys(NEW.key) k)
            IS DISTINCT FROM (SELECT pg_catalog.array_agg(k ORDER BY k COLLATE pg_catalog."C") FROM pg_catalog.unnest(key_columns) k) THEN
            RAISE EXCEPTION 'the key of definition "%" has other columns', NEW.definition
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = pg_catalog.format('Give these: %s.', pg_catalog.array_to_string(key_columns, ', '));
        END IF;
        EXECUTE pg_catalog.format('SELECT pg_catalog.to_jsonb(t) FROM %s t, pg_catalog.jsonb_to_record($1) AS k (%s) WHERE %s', table_name, leadflow.typed_columns(table_name::regclass, NEW.key),
                (SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I = k.%1$I', c), ' AND ') FROM pg_catalog.unnest(key_columns) c))
            INTO NEW.old_row USING NEW.key;
        IF NEW.old_row IS NULL THEN
            RAISE EXCEPTION 'definition "%" has no row %', NEW.definition, NEW.key
                USING ERRCODE = 'no_data_found';
        END IF;
    END IF;

    BEGIN
        -- who may not write the definition tries it on a copy
        IF NOT (CASE NEW.operation WHEN 'update' THEN pg_catalog.has_any_column_privilege(table_name, 'UPDATE')
                ELSE pg_catalog.has_table_privilege(table_name, pg_catalog.upper(NEW.operation)) END) THEN
            target := 'pg_temp.leadflow_trial';
            EXECUTE pg_catalog.format('CREATE TEMP TABLE leadflow_trial (LIKE %s INCLUDING ALL)', table_name);
            SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '), pg_catalog.max(a.attname) FILTER (WHERE a.attidentity <> '')
                INTO columns, counter
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = pg_catalog.to_regclass(table_name) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
            EXECUTE pg_catalog.format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s', target, columns, columns, table_name);
            IF counter IS NOT NULL THEN
                EXECUTE pg_catalog.format('SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%L, %L), COALESCE(pg_catalog.max(%I), 0) + 1, false) FROM %s',
                    target, counter, counter, target);
            END IF;
        END IF;
        changed := leadflow.write_definition(target, table_name, key_columns, NEW.operation, NEW.key, NEW.new_row);
        -- what the triggers of the definition would have read
        IF target <> table_name AND NEW.definition IN ('standard', 'sla_policy', 'routing_rule', 'score_rule', 'score_move', 'score_feature') AND NEW.operation <> 'delete' THEN
            PERFORM leadflow.check_expression(pg_catalog.format('%I.%I', TG_TABLE_SCHEMA, changed ->> 'object')::regclass, e.expression,
                        CASE NEW.definition WHEN 'score_feature' THEN leadflow.feature_type(changed ->> 'kind') ELSE 'boolean'::regtype END)
            FROM (VALUES (changed ->> 'expression'), (changed ->> 'condition')) e (expression)
            WHERE e.expression IS NOT NULL;
        END IF;

        NEW.backtest_note := CASE
            WHEN NEW.backtest_over IS NULL THEN 'none was asked for'
            WHEN NEW.definition NOT IN ('standard', 'score_move', 'score_rule', 'score_group', 'score_grade')
                OR NEW.definition = 'standard' AND changed ->> 'object' <> 'lead' THEN 'it does not say which leads become MQLs'
            WHEN target <> table_name AND NEW.definition NOT IN ('standard', 'score_move') THEN 'only who may write the definition can try it on the scores' END;
        IF NEW.backtest_note IS NULL THEN
            whole_rule := leadflow.proposed_rule(TG_TABLE_SCHEMA, target, NEW.definition, changed);
            IF whole_rule IS NULL THEN
                NEW.backtest_note := CASE NEW.definition WHEN 'standard' THEN 'it does not say which leads become MQLs'
                                     ELSE 'no active score_move makes MQLs' END;
            ELSE
                BEGIN
                    SELECT pg_catalog.jsonb_build_object('rule', whole_rule, 'from', present - NEW.backtest_over, 'to', present, 'rows', pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)))
                        INTO NEW.backtest
                    FROM leadflow.backtest(TG_TABLE_SCHEMA, whole_rule, present - NEW.backtest_over, present, COALESCE(changed ->> 'variant', '*')) b;
                EXCEPTION WHEN insufficient_privilege THEN
                    NEW.backtest_note := 'who proposed it may not read the leads';
                END;
            END IF;
        END IF;
        NEW.held_up := leadflow.held_up(TG_TABLE_SCHEMA, target, NEW.definition, NEW.operation, changed);
        RAISE EXCEPTION USING ERRCODE = 'LF001', MESSAGE = 'taken back';
    EXCEPTION WHEN SQLSTATE 'LF001' THEN
        NULL;
    END;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.proposal_guard() IS
    'BEFORE INSERT trigger of proposal: says who proposes, writes the change and takes it back, and tries it on the past. Errors: not a definition (42P01), a column that there is not (42703), another key than the table''s, no change, or one of what leadflow keeps (22023), no such row (P0002), and whatever PostgreSQL says of the row and its expression';

CREATE FUNCTION leadflow.propose(workspace text, definition text, change jsonb, reason text,
        in_force_from timestamptz DEFAULT leadflow.clock(), backtest_over interval DEFAULT '90 days') RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF change IS NULL OR pg_catalog.jsonb_typeof(change) <> 'object'
        OR NOT COALESCE(change ->> 'operation' IN ('insert', 'update', 'delete'), false)
        OR EXISTS (SELECT FROM pg_catalog.jsonb_object_keys(change) k WHERE k NOT IN ('operation', 'key', 'row')) THEN
        RAISE EXCEPTION 'a change is {"operation": "insert", "row": ...}, {"operation": "update", "key": ..., "row": ...} or {"operation": "delete", "key": ...}'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE pg_catalog.format('INSERT INTO %I.proposal (definition, operation, key, new_row, reason, in_force_from, backtest_over)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id', workspace)
        INTO id USING definition, change ->> 'operation', change -> 'key', change -> 'row', reason, in_force_from, backtest_over;
    RETURN id;
END;
$$;
COMMENT ON FUNCTION leadflow.propose(text, text, jsonb, text, timestamptz, interval) IS
    'proposes a change of a definition, and gives its number. definition: name of the table; change: {"operation": "insert", "row": {column: value}}, {"operation": "update", "key": {...}, "row": {the columns that change}} or {"operation": "delete", "key": {...}}, key being the primary key, instants without a zone in UTC; reason: why; in_force_from: from when it is to be in force, at once if that has passed; backtest_over: how much of the past up to leadflow.clock() it is tried on with leadflow.backtest, where it says which leads become MQLs: a criterion of the standard up to mql, a score_move to mql, and points, groups and grades while an active score_move reads them; null for no back-test. Of a criterion of leads it is counted whom it would hold up (held_up). The change is written and taken back at once; whoever may not write the definition tries it on a copy, without its triggers and foreign keys, but compiles its expressions. Needs INSERT and SELECT on proposal, and for the copy TEMP on the database. Errors: not a workspace (42704), a change of another form (22023), those of leadflow.proposal_guard and of the constraints of proposal';

CREATE FUNCTION leadflow.decision_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    p record;
BEGIN
    NEW.actor := CURRENT_USER;
    NEW.session_actor := SESSION_USER;
    NEW.decided_at := leadflow.clock();
    NEW.department := NULL;
    EXECUTE pg_catalog.format('SELECT m.department FROM %I.team_member m WHERE m.member = $1 AND m.active', TG_TABLE_SCHEMA)
        INTO NEW.department USING NEW.actor;
    EXECUTE pg_catalog.format(
        'SELECT p.id, p.proposed_by, p.status, COALESCE(c.approved_by, ''{marketing,sales}'') AS approved_by
         FROM %1$I.proposals p LEFT JOIN %1$I.review_cycle c ON c.definition = p.definition WHERE p.id = $1', TG_TABLE_SCHEMA)
        INTO p USING NEW.proposal_id;
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'workspace % has no proposal %', TG_TABLE_SCHEMA, NEW.proposal_id
            USING ERRCODE = 'no_data_found';
    END IF;
    IF p.status IN ('applied', 'rejected', 'withdrawn') THEN
        RAISE EXCEPTION 'proposal % was % before', p.id, p.status
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF NEW.decision = 'withdraw' THEN
        IF NEW.actor <> p.proposed_by THEN
            RAISE EXCEPTION 'only % may withdraw proposal %', p.proposed_by, p.id
                USING ERRCODE = 'insufficient_privilege', HINT = 'Reject it.';
        END IF;
    ELSIF NEW.actor = p.proposed_by THEN
        RAISE EXCEPTION '% proposed this and cannot decide on it alone', NEW.actor
            USING ERRCODE = 'insufficient_privilege', HINT = 'Ask somebody else, or withdraw it.';
    ELSIF NEW.department IS NULL OR NEW.department <> ALL (p.approved_by || 'revops'::text) THEN
        RAISE EXCEPTION '% may not decide on proposal %', NEW.actor, p.id
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = pg_catalog.format('Active members of these departments may: %s.', pg_catalog.array_to_string(p.approved_by, ', ') || CASE WHEN 'revops' = ANY (p.approved_by) THEN '' ELSE ', revops' END);
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.decision_guard() IS
    'BEFORE INSERT trigger of proposal_decision: says who decides, and for which department. Errors: no such proposal (P0002), it is applied, rejected or withdrawn (55000), the caller may not decide on it (42501)';

CREATE FUNCTION leadflow.decision_check() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    is_applied boolean;
BEGIN
    EXECUTE pg_catalog.format('SELECT p.applied_at IS NOT NULL FROM %I.proposal p WHERE p.id = $1', TG_TABLE_SCHEMA)
        INTO is_applied USING NEW.proposal_id;
    IF is_applied THEN
        RAISE EXCEPTION 'proposal % was applied before', NEW.proposal_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION leadflow.decision_check() IS
    'AFTER INSERT trigger of proposal_decision, after its foreign key has waited for whoever was just applying the proposal. Errors: it is applied (55000)';

CREATE FUNCTION leadflow.decide_proposal(workspace text, id bigint, decision text, note text) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    status text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    EXECUTE pg_catalog.format('INSERT INTO %I.proposal_decision (proposal_id, decision, note) VALUES ($1, $2, $3)', workspace) USING id, decision, note;
    EXECUTE pg_catalog.format('SELECT p.status FROM %I.proposals p WHERE p.id = $1', workspace) INTO status USING id;
    RETURN status;
END;
$$;
COMMENT ON FUNCTION leadflow.decide_proposal(text, bigint, text, text) IS
    'part of leadflow.approve, leadflow.reject and leadflow.withdraw: writes the decision and gives the status of the proposal';

CREATE FUNCTION leadflow.approve(workspace text, id bigint, note text DEFAULT NULL) RETURNS text
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT leadflow.decide_proposal(workspace, id, 'approve', note) $$;
COMMENT ON FUNCTION leadflow.approve(text, bigint, text) IS
    'approves a proposal in the name of the current role, a team_member, and its department, and gives what became of it: proposed (others must agree: see proposals.waits_for) or approved. Approved ones are written by leadflow.apply_proposals. Needs INSERT on proposal_decision. Errors: not a workspace (42704), no such proposal (P0002), it is applied, rejected or withdrawn (55000), the caller proposed it or is not an active member of a department that decides (42501), decided before (23505)';

CREATE FUNCTION leadflow.reject(workspace text, id bigint, reason text) RETURNS text
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT leadflow.decide_proposal(workspace, id, 'reject', reason) $$;
COMMENT ON FUNCTION leadflow.reject(text, bigint, text) IS
    'rejects a proposal in the name of the current role, as leadflow.approve approves it. reason: why. Gives rejected. Errors: as there, and no reason (23514, constraint rejection_says_why)';

CREATE FUNCTION leadflow.withdraw(workspace text, id bigint, reason text DEFAULT NULL) RETURNS text
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT leadflow.decide_proposal(workspace, id, 'withdraw', reason) $$;
COMMENT ON FUNCTION leadflow.withdraw(text, bigint, text) IS
    'takes a proposal back that the current role made. Gives withdrawn. Errors: as leadflow.approve; somebody else made it (42501)';

CREATE FUNCTION leadflow.apply_proposals(workspace text) RETURNS TABLE (id bigint, version bigint, fault text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET intervalstyle = 'postgres'
    SET leadflow.change_reason = ''
    AS $$
#variable_conflict use_column
DECLARE
    p record;
    table_name text;
    key_columns text[];
    present jsonb;
    written jsonb;
    status text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    FOR p IN EXECUTE pg_catalog.format(
        'SELECT p.* FROM %1$I.proposal p
         WHERE p.applied_at IS NULL AND p.in_force_from <= leadflow.clock()
             AND p.id IN (SELECT v.id FROM %1$I.proposals v WHERE v.status IN (''approved'', ''failed''))
         ORDER BY p.in_force_from, p.id FOR UPDATE OF p SKIP LOCKED', workspace)
    LOOP
        -- it may have been rejected while an earlier one was written
        EXECUTE pg_catalog.format('SELECT v.status FROM %I.proposals v WHERE v.id = $1', workspace) INTO status USING p.id;
        CONTINUE WHEN status NOT IN ('approved', 'failed');
        id := p.id;
        version := NULL;
        fault := NULL;
        table_name := pg_catalog.format('%I.%I', workspace, p.definition);
        key_columns := leadflow.definition_key(workspace, p.definition);
        BEGIN
            PERFORM pg_catalog.set_config('leadflow.change_reason', pg_catalog.format('proposal %s of %s: %s', p.id, p.proposed_by, p.reason), true);
            IF p.key IS NOT NULL THEN
                EXECUTE pg_catalog.format('SELECT pg_catalog.to_jsonb(t) FROM %s t, pg_catalog.jsonb_to_record($1) AS k (%s) WHERE %s FOR UPDATE OF t', table_name, leadflow.typed_columns(table_name::regclass, p.key),
                        (SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I = k.%1$I', c), ' AND ') FROM pg_catalog.unnest(key_columns) c))
                    INTO present USING p.key;
                IF present IS DISTINCT FROM p.old_row THEN
                    RAISE EXCEPTION 'the row has changed since it was proposed'
                        USING ERRCODE = 'object_not_in_prerequisite_state';
                END IF;
            END IF;
            written := leadflow.write_definition(table_name, table_name, key_columns, p.operation, p.key, p.new_row);
            IF p.operation <> 'update' OR written <> p.old_row THEN
                EXECUTE pg_catalog.format('SELECT pg_catalog.max(c.version) FROM %I.definition_change c WHERE c.definition = $1 AND COALESCE(c.new_row, c.old_row) = $2', workspace)
                    INTO version USING p.definition, written;
            END IF;
        EXCEPTION
            WHEN serialization_failure OR deadlock_detected THEN
                RAISE;
            WHEN OTHERS THEN
                fault := SQLSTATE || ' ' || SQLERRM;
        END;
        EXECUTE pg_catalog.format('UPDATE %I.proposal SET applied_at = CASE WHEN $3 IS NULL THEN leadflow.clock() END, applied_by = CASE WHEN $3 IS NULL THEN CURRENT_USER END,
                applied_version = $2, fault = $3 WHERE id = $1 AND ($3 IS NULL OR fault IS DISTINCT FROM $3)', workspace)
            USING id, version, fault;
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.apply_proposals(text) IS
    'writes what was approved and is in force by leadflow.clock(), in the order of its dates, as ordinary writes with the caller''s rights: definition_change.reason says which proposal it was. Gives each proposal with the version that it made, or with why it could not be written: it stays approved then, and is tried again. An update or delete of a row that has changed since it was proposed is not written. Called by leadflow.sweep. Needs the rights of revops or the owner. Errors: not a workspace (42704), no right (42501)';
