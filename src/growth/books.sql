/* books.sql: keep what the reports say, so that the numbers outlive the rows */

CREATE FUNCTION leadflow.counting_reports(workspace text) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.array_agg(r.report ORDER BY r.place)
    FROM pg_catalog.unnest(leadflow.workspace_reports()) WITH ORDINALITY r (report, place)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, r.report))
                          AND a.attname IN ('id', 'id_1', 'lead_id', 'opportunity_id', 'account_id', 'touch_id', 'clock_id', 'alert_id', 'external_id', 'example_external_id'))
$$;
COMMENT ON FUNCTION leadflow.counting_reports(text) IS
    'names of the reports that count, and do not list leads, opportunities, accounts, touches, clocks, alerts or keys one by one: those that leadflow.close_books keeps';

CREATE FUNCTION leadflow.close_books(workspace text, as_of timestamptz DEFAULT leadflow.clock(), reports text[] DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    SET row_security = off
    SET leadflow.clock = ''
    AS $$
DECLARE
    wanted constant text[] := COALESCE(reports, leadflow.counting_reports(workspace));
    report text;
    fault text;
    state text;
    n bigint;
    kept bigint := 0;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    PERFORM leadflow.check_workspace_version(workspace);
    IF as_of IS NULL OR NOT pg_catalog.isfinite(as_of) OR as_of > pg_catalog.now() THEN
        RAISE EXCEPTION 'books are closed as of an instant that has passed'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT r.name INTO report FROM pg_catalog.unnest(wanted) r (name) WHERE r.name IS NULL OR r.name <> ALL (leadflow.counting_reports(workspace)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '"%" is no report that counts', report
            USING ERRCODE = 'undefined_object', HINT = 'leadflow.counting_reports names them.';
    END IF;
    PERFORM pg_catalog.set_config('leadflow.clock', pg_catalog.to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"'), true);
    FOREACH report IN ARRAY wanted LOOP
        BEGIN
            EXECUTE pg_catalog.format(
                'INSERT INTO %1$I.book (as_of, report, row_number, figures)
                 SELECT $1, $2, pg_catalog.row_number() OVER (), pg_catalog.to_jsonb(r) FROM %1$I.%2$I r', workspace, report) USING as_of, report;
            GET DIAGNOSTICS n = ROW_COUNT;
        EXCEPTION
            WHEN unique_violation THEN
                RAISE EXCEPTION 'the books of report "%" as of % are closed already', report, as_of
                    USING ERRCODE = 'unique_violation';
            WHEN data_exception THEN
                GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
                RAISE EXCEPTION 'report "%" cannot be read: %', report, fault
                    USING ERRCODE = state;
        END;
        kept := kept + n;
    END LOOP;
    RETURN kept;
END;
$$;
COMMENT ON FUNCTION leadflow.close_books(text, timestamptz, text[]) IS
    'keeps what the reports say as of an instant in the table book, one row for each of theirs, so that the numbers can be read and compared when rows that they were reckoned from are gone; gives the number of rows. as_of: now, where none is given; reports: null for leadflow.counting_reports. Needs SELECT on the reports and INSERT on book. Errors: not a workspace, or no such report (42704), an instant to come, null or infinite (22023), closed already (23505), the workspace has another version than the extension (55000), what a report says (its own SQLSTATE)';
