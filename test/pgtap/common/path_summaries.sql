-- What the tests of attribution over paths share.

-- the SQLSTATE that a query ends with
CREATE FUNCTION pg_temp.state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END $$;

-- the one result of a query that is planned with partial aggregates
CREATE FUNCTION pg_temp.in_parts(query text, pattern text) RETURNS text LANGUAGE plpgsql
    SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0
    SET max_parallel_workers_per_gather = 2 SET enable_partitionwise_aggregate = on AS $$
DECLARE
    plan text := pg_temp.plan_of(query);
    result text;
BEGIN
    EXECUTE query INTO result;
    RETURN CASE WHEN plan ~ pattern THEN result ELSE 'not so planned: ' || plan END;
END $$;

-- what comes of a value's binary form when it is received
CREATE FUNCTION pg_temp.receive(type regtype, value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('data_directory') || '/leadflow_path_test.copy';
    file oid := lo_from_bytea(0, convert_to(E'PGCOPY\n', 'UTF8') || '\xff0d0a00'::bytea || '\x0000000000000000'::bytea
                                 || '\x0001'::bytea || int4send(length(value)) || value || '\xffff'::bytea);
    received text;
BEGIN
    PERFORM lo_export(file, path);
    PERFORM lo_unlink(file);
    EXECUTE format('CREATE TEMP TABLE received (s %s)', type);
    EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
    SELECT s::text INTO received FROM received;
    DROP TABLE received;
    RETURN received;
EXCEPTION WHEN OTHERS THEN
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
    RETURN SQLSTATE;
END $$;

CREATE FUNCTION pg_temp.near(a double precision, b double precision) RETURNS boolean LANGUAGE sql AS
    'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b), 1)';
