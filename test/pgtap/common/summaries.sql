-- What tests of aggregates and their summaries share.
\ir state_of.sql
\ir plan_of.sql
\ir received.sql

-- in_parallel(query), by_partition(query): the one value that a query gives when its aggregate
-- is made in parts; where it is not, the plan.
CREATE FUNCTION in_parts(query text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan text := plan_of(query);
    result text;
BEGIN
    EXECUTE query INTO result;
    RETURN CASE WHEN plan ~ pattern THEN result ELSE 'not in parts: ' || plan END;
END $$;
CREATE FUNCTION in_parallel(query text, pattern text DEFAULT 'Gather.*Partial (Hash|Group)?Aggregate') RETURNS text LANGUAGE sql
    SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0
    SET max_parallel_workers_per_gather = 2 SET enable_partitionwise_aggregate = off
    AS $$ SELECT in_parts(query, pattern) $$;
CREATE FUNCTION by_partition(query text, pattern text DEFAULT 'Append.*Partial (Hash|Group)?Aggregate') RETURNS text LANGUAGE sql
    SET enable_partitionwise_aggregate = on SET max_parallel_workers_per_gather = 0
    AS $$ SELECT in_parts(query, pattern) $$;

CREATE FUNCTION near(a double precision, b double precision) RETURNS boolean LANGUAGE sql AS
    'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b), 1)';

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
