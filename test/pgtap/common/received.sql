-- received(type, value): the text form of what a binary COPY reads as a value of the
-- type, or the error's SQLSTATE
CREATE FUNCTION received(type regtype, value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text := format('%s/leadflow_received_%s.copy', current_setting('data_directory'), pg_backend_pid());
    file oid := lo_from_bytea(0, convert_to(E'PGCOPY\n', 'UTF8') || '\xff0d0a00'::bytea || '\x0000000000000000'::bytea
                                 || '\x0001'::bytea || int4send(length(value)) || value || '\xffff'::bytea);
    seen text;
BEGIN
    PERFORM lo_export(file, path);
    PERFORM lo_unlink(file);
    BEGIN
        EXECUTE format('CREATE TEMPORARY TABLE received (value %s)', type);
        EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
        EXECUTE 'SELECT value::text FROM received' INTO seen;
        DROP TABLE received;
    EXCEPTION WHEN OTHERS THEN
        seen := SQLSTATE;
    END;
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
    RETURN seen;
END $$;
