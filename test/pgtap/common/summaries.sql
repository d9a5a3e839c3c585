-- Ways that a summary can take. state_of(query): the error's SQLSTATE, or 00000.
CREATE FUNCTION state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RETURN '00000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;

-- in_parallel(query), by_partition(query): the one value that a query gives when its aggregate
-- is made in parts; where it is not, the plan.
CREATE FUNCTION in_parts(query text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text; plan text := ''; result text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    EXECUTE query INTO result;
    RETURN CASE WHEN plan ~ pattern THEN result ELSE 'not in parts: ' || plan END;
END $$;
CREATE FUNCTION in_parallel(query text) RETURNS text LANGUAGE sql
    SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0
    SET max_parallel_workers_per_gather = 2 SET enable_partitionwise_aggregate = off
    AS $$ SELECT in_parts(query, 'Gather.*Partial (Hash|Group)?Aggregate') $$;
CREATE FUNCTION by_partition(query text) RETURNS text LANGUAGE sql
    SET enable_partitionwise_aggregate = on SET max_parallel_workers_per_gather = 0
    AS $$ SELECT in_parts(query, 'Append.*Partial (Hash|Group)?Aggregate') $$;

-- executor_memory(query): the bytes that a running query keeps for itself, beside its groups
-- and sorts, when most of its rows are read.
CREATE FUNCTION executor_memory(query text, rows integer) RETURNS bigint LANGUAGE plpgsql
    SET enable_hashagg = off SET max_parallel_workers_per_gather = 0
    AS $$
DECLARE
    c refcursor; size bigint;
BEGIN
    OPEN c FOR EXECUTE query;
    MOVE FORWARD rows IN c;
    SELECT sum(total_bytes) INTO size FROM pg_backend_memory_contexts WHERE name = 'ExecutorState';
    CLOSE c;
    RETURN size;
END $$;

-- received(type, value): the text of a value read from its binary form, or the error's SQLSTATE.
CREATE FUNCTION received(type regtype, value bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('data_directory') || '/leadflow_received_test.copy';
    file oid := lo_from_bytea(0, convert_to(E'PGCOPY\n', 'UTF8') || '\xff0d0a00'::bytea || '\x0000000000000000'::bytea
                                 || '\x0001'::bytea || int4send(length(value)) || value || '\xffff'::bytea);
    result text;
BEGIN
    PERFORM lo_export(file, path);
    PERFORM lo_unlink(file);
    BEGIN
        EXECUTE format('CREATE TEMP TABLE received_value (v %s)', type);
        EXECUTE format('COPY received_value FROM %L (FORMAT binary)', path);
        SELECT v::text INTO result FROM received_value;
        DROP TABLE received_value;
    EXCEPTION WHEN OTHERS THEN
        result := SQLSTATE;
    END;
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat > /dev/null; rm -f -- ' || quote_literal(path));
    RETURN result;
END $$;
