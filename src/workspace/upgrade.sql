/*
 * upgrade.sql: workspaces of older versions.  What changed in the tables from
 * one version to the next is a step, a file in upgrades; the reports are made
 * anew from their present text.
 */

CREATE FUNCTION leadflow.is_report(relation regclass) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL)
    FROM pg_class c
    WHERE c.oid = relation $$;
COMMENT ON FUNCTION leadflow.is_report(regclass) IS
    'whether what bears the name of a report is one: a view with a comment on itself and on each of its columns, which a view that the company put in its place has not; null if there is none';

CREATE FUNCTION leadflow.drop_reports(workspace name, reports text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ours constant text[] := leadflow.workspace_reports() || reports;
    views oid[];
    fault text;
BEGIN
    WITH RECURSIVE reader (view) AS (
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = workspace AND c.relkind = 'v' AND c.relname = ANY (reports)
        UNION
        SELECT c.oid FROM reader r
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.view
        JOIN pg_rewrite w ON w.oid = d.objid
        JOIN pg_class c ON c.oid = w.ev_class AND c.relkind = 'v' AND c.relname = ANY (ours)
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = workspace
    )
    SELECT array_agg(r.view) INTO views FROM reader r;
    IF views IS NULL THEN
        RETURN;
    END IF;

    SELECT min(c.relname) INTO fault FROM pg_class c WHERE c.oid = ANY (views) AND NOT leadflow.is_report(c.oid);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'report "%" of workspace "%" was replaced by something else', fault, workspace
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Rename or drop it, and upgrade the workspace again.';
    END IF;

    -- what goes with a view without a word
    SELECT string_agg(b.what, E'\n' ORDER BY b.what) INTO fault
    FROM (SELECT format('trigger %I on view %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t WHERE t.tgrelid = ANY (views)
          UNION ALL
          SELECT format('rule %I on view %s', w.rulename, w.ev_class::regclass) FROM pg_rewrite w
          WHERE w.ev_class = ANY (views) AND w.rulename <> '_RETURN') b (what);
    IF fault IS NULL THEN
        BEGIN
            EXECUTE 'DROP VIEW ' || (SELECT string_agg(v::regclass::text, ', ') FROM unnest(views) v);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL;
        END;
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'report "%" of workspace "%" cannot be made anew because something was built on it', reports[1], workspace
            USING ERRCODE = 'dependent_objects_still_exist', DETAIL = fault,
                  HINT = 'Keep the text of what is named (pg_get_viewdef gives that of a view), drop it, upgrade the workspace, and make it again.';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.drop_reports(name, text[]) IS
    'drops reports of a workspace, and the reports that read them, for a step of an upgrade that changes what they read: upgrade_workspace makes them anew with the rights that they had. Reports that are not there are passed over. Errors: something else stands in the place of one (55000), something else was built on one of them (2BP01), not the owner (42501)';

CREATE FUNCTION leadflow.report_state(workspace name) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT COALESCE(jsonb_object_agg(c.relname, jsonb_build_object(
        'oid', c.oid, 'options', to_jsonb(c.reloptions),
        'rights', (
            SELECT jsonb_agg(jsonb_build_object('column', g.attname, 'right', a.privilege_type, 'grantable', a.is_grantable,
                'role', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END))
            FROM (SELECT NULL::name, c.relacl
                  UNION ALL
                  SELECT t.attname, t.attacl FROM pg_attribute t
                  WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped) g (attname, acl)
            CROSS JOIN LATERAL aclexplode(g.acl) a
            WHERE a.grantee <> c.relowner))), '{}')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = workspace AND c.relkind = 'v' $$;
COMMENT ON FUNCTION leadflow.report_state(name) IS
    'of each view of a workspace, by its name, what goes when it is made anew: oid (by which to see whether it was), options, and the rights of others than its owner';

CREATE FUNCTION leadflow.restore_report_state(workspace name, state jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    now_has constant jsonb := leadflow.report_state(workspace);
    report record;
    statement text;
BEGIN
    FOR report IN
        SELECT b.key AS name, format('%I.%I', workspace, b.key) AS view, b.value AS before, a.value AS after
        FROM jsonb_each(state) b
        JOIN jsonb_each(now_has) a ON a.key = b.key
        WHERE a.value <> b.value
    LOOP
        -- CREATE OR REPLACE VIEW takes back options that the company has set
        FOR statement IN
            SELECT format('ALTER VIEW %s SET (%s = %L)', report.view, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
            FROM jsonb_array_elements_text(NULLIF(report.before -> 'options', 'null')) o
            WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(NULLIF(report.after -> 'options', 'null')) n
                              WHERE split_part(n, '=', 1) = split_part(o, '=', 1))
        LOOP
            EXECUTE statement;
        END LOOP;
        CONTINUE WHEN report.before -> 'oid' = report.after -> 'oid';
        -- not what default privileges gave to the new view
        FOR statement IN
            SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', report.view, r ->> 'role')
            FROM jsonb_array_elements(NULLIF(report.after -> 'rights', 'null')) r
        LOOP
            EXECUTE statement;
        END LOOP;
        FOR statement IN
            SELECT format('GRANT %s%s ON %s TO %s%s', r ->> 'right', ' (' || quote_ident(r ->> 'column') || ')', report.view, r ->> 'role',
                CASE WHEN (r ->> 'grantable')::boolean THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM jsonb_array_elements(NULLIF(report.before -> 'rights', 'null')) r
            WHERE r ->> 'column' IS NULL OR EXISTS (
                SELECT FROM pg_attribute t
                WHERE t.attrelid = (report.after ->> 'oid')::oid AND t.attname = r ->> 'column' AND NOT t.attisdropped)
        LOOP
            EXECUTE statement;
        END LOOP;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.restore_report_state(name, jsonb) IS
    'gives views of a workspace that were made anew the options and rights that report_state found before. Rights come from the owner then, whoever granted them; those on a column that is no more are gone. Errors: not the owner (42501)';

CREATE FUNCTION leadflow.restore_report(workspace name, report text, remake boolean) RETURNS void
    LANGUAGE plpgsql
    SET standard_conforming_strings = on
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    fault text;
BEGIN
    PERFORM set_config('search_path', quote_ident(workspace) || ', leadflow, pg_catalog, pg_temp', true);
    EXECUTE leadflow.workspace_script(report);
EXCEPTION WHEN invalid_table_definition OR wrong_object_type THEN
    GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT;
    IF NOT remake OR NOT leadflow.is_report(to_regclass(format('%I.%I', workspace, report))) THEN
        RAISE EXCEPTION 'report "%" of workspace "%" was replaced by something else', report, workspace
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('PostgreSQL says: %s.', fault),
                  HINT = 'Rename or drop it, and upgrade the workspace again.';
    END IF;
    PERFORM leadflow.drop_reports(workspace, ARRAY[report]);
    PERFORM set_config('search_path', quote_ident(workspace) || ', leadflow, pg_catalog, pg_temp', true);
    EXECUTE leadflow.workspace_script(report);
END;
$$;
COMMENT ON FUNCTION leadflow.restore_report(name, text, boolean) IS
    'makes or replaces a report of a workspace; with remake, one whose columns have changed is dropped first, with the reports that read it, if is_report says that it is one. Errors: something else stands in its place (55000), something was built on one that has to be dropped (2BP01), not the owner (42501)';

CREATE FUNCTION leadflow.upgrade_path(name text, was text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    numbers constant text := '^\d{1,9}(\.\d{1,9})*$';
    present constant text := leadflow.version();
    reached text := was;
    path text[] := '{}';
    step text;
BEGIN
    FOREACH step IN ARRAY leadflow.workspace_steps() LOOP
        IF split_part(step, '--', 1) = reached THEN
            path := path || step;
            reached := split_part(step, '--', 2);
        END IF;
    END LOOP;
    IF reached = present THEN
        RETURN path;
    END IF;
    IF was ~ numbers AND present ~ numbers AND string_to_array(was, '.')::int[] > string_to_array(present, '.')::int[] THEN
        RAISE EXCEPTION 'workspace "%" has version %, and this leadflow is older (%)', name, was, present
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install that version or a later one, and run ALTER EXTENSION leadflow UPDATE.';
    END IF;
    RAISE EXCEPTION 'workspace "%" has version %, which this leadflow (%) cannot upgrade', name, COALESCE(was, 'null'), present
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Upgrade it with the leadflow version that made it or one between the two first.';
END;
$$;
COMMENT ON FUNCTION leadflow.upgrade_path(text, text) IS
    'the steps that bring a workspace of that name from version was to that of the extension, none if it is there. Errors: was is newer, or there is no way from it (55000)';

CREATE FUNCTION leadflow.upgrade_objects_as_owner(name text) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    reason constant text := pg_catalog.current_setting('leadflow.change_reason', true);
    was text;
    path text[];
    state jsonb;
    item text;
    definition regclass;
    functions text[];
BEGIN
    EXECUTE pg_catalog.format('SELECT version FROM %I.workspace FOR UPDATE', name) INTO was;
    path := leadflow.upgrade_path(name, was);

    state := leadflow.report_state(name::pg_catalog.name);
    FOREACH item IN ARRAY path LOOP
        PERFORM pg_catalog.set_config('search_path',
            pg_catalog.quote_ident(name) || ', leadflow, pg_catalog, pg_temp', true);
        EXECUTE leadflow.workspace_script(item);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END LOOP;
    FOREACH item IN ARRAY leadflow.workspace_reports() LOOP
        PERFORM leadflow.restore_report(name::pg_catalog.name, item, path <> '{}');
    END LOOP;
    PERFORM leadflow.secure_reports(name);
    PERFORM leadflow.restore_report_state(name::pg_catalog.name, state);
    IF path <> '{}' THEN
        PERFORM leadflow.grant_report_columns(name::pg_catalog.name);
    END IF;

    -- pg_restore --disable-triggers leaves triggers that fire always as ordinary ones
    FOR definition IN
        SELECT t.tgrelid::pg_catalog.regclass FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = upgrade_objects_as_owner.name AND t.tgname = 'leadflow_definition_recorder' AND t.tgenabled <> 'A'
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER leadflow_definition_recorder', definition);
    END LOOP;

    IF path <> '{}' THEN
        PERFORM pg_catalog.set_config('leadflow.change_reason', pg_catalog.format('upgrade from leadflow %s', was), true);
        EXECUTE pg_catalog.format('UPDATE %I.workspace SET version = $1', name) USING leadflow.version();
        PERFORM pg_catalog.set_config('leadflow.change_reason', COALESCE(reason, ''), true);
    END IF;

    -- they name the schema, which may have been renamed
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(leadflow.attachment_function($1, a.attachment::pg_catalog.name)) FROM %I.attachment a', name)
        INTO functions USING name::pg_catalog.name;
    RETURN COALESCE(functions, '{}');
END;
$$;
COMMENT ON FUNCTION leadflow.upgrade_objects_as_owner(text) IS
    'does the work of leadflow.upgrade_objects, which calls it as the owner of the workspace';

CREATE FUNCTION leadflow.upgrade_objects(name text) RETURNS text[]
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_as_owner';
COMMENT ON FUNCTION leadflow.upgrade_objects(text) IS
    'part of leadflow.upgrade_workspace: brings what belongs to the owner of a workspace to the version of the installed extension, acting as the owner; gives the statements that write the functions of attachments anew, which belong to whoever attached';

CREATE FUNCTION leadflow.upgrade_workspace(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY leadflow.upgrade_objects(name) LOOP
        EXECUTE statement;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.upgrade_workspace(text) IS
    'brings a workspace to the version of the installed extension, acting as its owner; but for what the company added the result equals a fresh one. The version is changed as a definition is, and recorded. A report whose columns changed is dropped and made anew with its rights and options. Reports that were dropped or replaced (by views with the same columns) are restored, and so is the state of triggers that a data-only restore has changed; the writing functions of attachments are made anew. Errors: not a workspace (42704); of a later version, or of one that cannot be upgraded, or a report was replaced by one with other columns (55000); something was built on a report that has to be dropped (2BP01); not its owner (42501)';
