-- tried(statement, query): runs them and takes them back. Gives what the query saw,
-- '00000' without one, or the error's SQLSTATE and the constraint that it names.
CREATE FUNCTION tried(statement text, query text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; con text; seen text;
BEGIN
    BEGIN
        EXECUTE statement;
        IF query IS NOT NULL THEN
            EXECUTE query INTO seen;
        END IF;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, con = CONSTRAINT_NAME;
    END;
    IF state = 'ZZ000' THEN
        RETURN CASE WHEN query IS NULL THEN '00000' ELSE seen END;
    END IF;
    RETURN concat_ws(' ', state, nullif(con, ''));
END $$;
