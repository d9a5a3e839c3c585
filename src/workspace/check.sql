/* check.sql: what functions that take a workspace ask first */

CREATE FUNCTION leadflow.check_workspace(workspace text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF workspace IS NULL OR pg_catalog.to_regclass(pg_catalog.format('%I.workspace', workspace)) IS NULL THEN
        RAISE EXCEPTION 'schema "%" is not a workspace', workspace
            USING ERRCODE = 'undefined_object', HINT = 'Create one with leadflow.create_workspace.';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_workspace(text) IS
    'raises an error where a schema is not a workspace, or null (42704)';

CREATE FUNCTION leadflow.check_workspace_version(workspace text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    has text;
BEGIN
    EXECUTE pg_catalog.format('SELECT w.version FROM %I.workspace w', workspace) INTO has;
    IF has IS DISTINCT FROM leadflow.version() THEN
        RAISE EXCEPTION 'workspace % has version %, and leadflow has version %', workspace, COALESCE(has, 'null'), leadflow.version()
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = pg_catalog.format('Run SELECT leadflow.upgrade_workspace(%L) first.', workspace);
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_workspace_version(text) IS
    'raises an error where a workspace has not the version of the extension (55000)';

CREATE FUNCTION leadflow.check_workspace_owner(workspace text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF NOT pg_catalog.pg_has_role((SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE n.nspname = workspace), 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of workspace %', workspace
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_workspace_owner(text) IS
    'raises an error where a schema is not a workspace (42704), or the caller does not have the rights of its owner (42501)';
