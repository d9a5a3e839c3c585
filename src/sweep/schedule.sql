/* schedule.sql: sweeps and scores by themselves, where pg_cron is */

CREATE FUNCTION leadflow.schedule(workspace name, cron text DEFAULT '* * * * *', task text DEFAULT 'sweep') RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    job bigint;
BEGIN
    IF workspace IS NULL OR cron IS NULL THEN
        RAISE EXCEPTION 'a schedule needs a workspace and a time'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF task IS NULL OR task NOT IN ('sweep', 'scores', 'partitions') THEN
        RAISE EXCEPTION 'unknown task "%"', task
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose sweep, scores or partitions.';
    END IF;
    PERFORM leadflow.check_workspace_owner(workspace);
    PERFORM leadflow.require_pg_cron();
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job
        USING pg_catalog.format('leadflow %s %s', task, workspace), cron,
              pg_catalog.format(CASE task WHEN 'sweep' THEN 'SELECT * FROM leadflow.sweep(%L)' WHEN 'scores' THEN 'CALL leadflow.refresh_scores(%L)'
                                     ELSE 'SELECT leadflow.add_partitions(%L)' END, workspace);
    RETURN job;
END;
$$;
COMMENT ON FUNCTION leadflow.schedule(name, text, text) IS
    'has pg_cron do a task in the workspace at the times that the cron expression names (every minute, where none is given), in the name of the current role. task: sweep (leadflow.sweep), scores (leadflow.refresh_scores) or partitions (leadflow.add_partitions). Gives the number of the job, which is called "leadflow <task> <workspace>"; scheduling again changes the times. Needs USAGE on the schema cron. Errors: this database has no pg_cron (0A000), not the owner of the workspace (42501), not a workspace (42704), no time or another task (22023), what pg_cron says of a wrong expression';

CREATE FUNCTION leadflow.unschedule(workspace name, task text DEFAULT 'sweep') RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    job bigint;
BEGIN
    PERFORM leadflow.require_pg_cron();
    EXECUTE 'SELECT j.jobid FROM cron.job j WHERE j.jobname OPERATOR(pg_catalog.=) $1 AND j.username OPERATOR(pg_catalog.=) CURRENT_USER'
        INTO job USING pg_catalog.format('leadflow %s %s', task, workspace);
    IF job IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT cron.unschedule($1)' USING job;
    RETURN true;
END;
$$;
COMMENT ON FUNCTION leadflow.unschedule(name, text) IS
    'ends what leadflow.schedule began in the name of the current role, also of a workspace that was dropped. Gives whether there was anything to end. Errors: this database has no pg_cron (0A000)';

CREATE FUNCTION leadflow.require_pg_cron() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- null also to those who may not see it
    home constant text := (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'cron.database_name');
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_cron') THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'this database has no pg_cron'
        USING ERRCODE = 'feature_not_supported',
              DETAIL = 'pg_cron lives in one database of a cluster: '
                  || COALESCE('here in "' || home || '".', 'the one that cron.database_name names.'),
              HINT = CASE WHEN home IS NULL THEN 'Add pg_cron to shared_preload_libraries, set cron.database_name to this database, restart, and CREATE EXTENSION pg_cron.'
                          WHEN home = pg_catalog.current_database() THEN 'CREATE EXTENSION pg_cron.'
                          ELSE pg_catalog.format('From that one, cron.schedule_in_database can run SELECT * FROM leadflow.sweep(...) here, in "%s". So can any other scheduler.',
                                                 pg_catalog.current_database()) END;
END;
$$;
COMMENT ON FUNCTION leadflow.require_pg_cron() IS
    'part of leadflow.schedule. Errors: this database has no pg_cron (0A000), with a hint at what is missing';
