/* archive.sql: take old touches out of the way, of leads that nobody works on */

CREATE FUNCTION leadflow.archive_as_owner(workspace text, before timestamptz)
    RETURNS TABLE (part text, rows bigint, rows_kept bigint)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    SET datestyle = 'ISO'
    SET jit = off
    SET row_security = off
    AS $$
#variable_conflict use_column
DECLARE
    name constant text := pg_catalog.format('%I.touch', workspace);
    live constant text := pg_catalog.format('%I.leadflow_live_lead', workspace);
    as_of constant timestamptz := pg_catalog.now();
    old record;
    partition text;
    kept text;
    columns text;
    n integer;
    free boolean;
    foreign_key name;
BEGIN
    PERFORM leadflow.check_read_committed();
    IF before IS NULL OR NOT pg_catalog.isfinite(before) OR before > pg_catalog.now() THEN
        RAISE EXCEPTION 'what is archived lies before an instant that has passed'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = name::pg_catalog.regclass AND c.relkind = 'p') THEN
        RAISE EXCEPTION 'table % is not partitioned', name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'leadflow.partition_workspace partitions the facts of a workspace.';
    END IF;
    IF NOT EXISTS (SELECT FROM leadflow.partition_bounds(name::pg_catalog.regclass) b WHERE b.upper_at <= before) THEN
        RETURN;
    END IF;

    -- a lock that is taken at once cannot meet somebody who reads first and writes then; what decides who is at rest stands still too
    EXECUTE pg_catalog.format('LOCK TABLE %1$I.lead, %1$I.opportunity, %1$I.sla_clock, %1$I.transcript IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE %1$I.touch IN ACCESS EXCLUSIVE MODE', workspace);
    PERFORM leadflow.close_books(workspace, as_of);
    columns := leadflow.written_columns(name::pg_catalog.regclass);

    -- leads that somebody works on, that became a deal, or of whom something was heard since
    EXECUTE pg_catalog.format('CREATE UNLOGGED TABLE %s (id bigint PRIMARY KEY, account_id bigint)', live);
    EXECUTE pg_catalog.format(
        'INSERT INTO %2$s
         SELECT l.id, l.account_id FROM %1$I.lead l
         WHERE l.stage >= ''mql'' OR l.stage_since >= $1 OR l.wake_at >= $1
             OR EXISTS (SELECT FROM %1$I.opportunity o WHERE o.lead_id = l.id)
             OR EXISTS (SELECT FROM %1$I.sla_clock c WHERE c.lead_id = l.id AND c.stopped_at IS NULL AND c.cancelled_at IS NULL)
             OR EXISTS (SELECT FROM %1$I.touch t WHERE t.lead_id = l.id AND t.at >= $1)', workspace, live) USING before;
    EXECUTE pg_catalog.format('ANALYZE %s', live);

    FOR old IN
        SELECT c.relname, b.lower_at, b.upper_at
        FROM leadflow.partition_bounds(name::pg_catalog.regclass) b
        JOIN pg_catalog.pg_class c ON c.oid = b.part
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE b.upper_at <= before AND c.relkind = 'r' AND n.nspname = workspace
        ORDER BY b.lower_at
    LOOP
        partition := pg_catalog.format('%I.%I', workspace, old.relname);
        kept := pg_catalog.format('%I.%I', workspace, old.relname || '_kept');
        PERFORM leadflow.create_partition(name::pg_catalog.regclass, kept);
        EXECUTE pg_catalog.format(
            'INSERT INTO %2$s (%4$s)
             SELECT %4$s FROM %3$s t
             WHERE t.lead_id IN (SELECT l.id FROM %5$s l)
                 OR (t.lead_id IS NULL AND (t.account_id IN (SELECT l.account_id FROM %5$s l WHERE l.account_id IS NOT NULL)
                                            OR EXISTS (SELECT FROM %1$I.opportunity o WHERE o.account_id = t.account_id)))
                 OR EXISTS (SELECT FROM %1$I.transcript s WHERE s.touch_id = t.id)', workspace, kept, partition, columns, live);
        GET DIAGNOSTICS rows_kept = ROW_COUNT;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) - $1 FROM %s', partition) INTO rows USING rows_kept;
        IF rows = 0 THEN
            EXECUTE pg_catalog.format('DROP TABLE %s', kept);
            CONTINUE;
        END IF;

        -- what is written late of a month that was archived can be archived too
        -- under the first name that no table has, or had when it was archived
        n := 0;
        LOOP
            part := pg_catalog.format('%s_archived%s', old.relname, NULLIF(n, 0));
            EXECUTE pg_catalog.format('SELECT pg_catalog.to_regclass($1) IS NULL AND NOT EXISTS (SELECT FROM %I.archived_part a WHERE a.part = $2)', workspace)
                INTO free USING pg_catalog.format('%I.%I', workspace, part), part;
            EXIT WHEN free;
            n := n + 1;
        END LOOP;
        EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s', name, partition);
        EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', partition, part);
        PERFORM leadflow.withdraw_rights(pg_catalog.format('%I.%I', workspace, part)::pg_catalog.regclass);
        EXECUTE pg_catalog.format('DELETE FROM %1$I.%2$I a USING %3$s k WHERE a.id = k.id AND a.at = k.at', workspace, part, kept);
        -- it binds nothing any more
        FOR foreign_key IN
            SELECT c.conname FROM pg_catalog.pg_constraint c
            WHERE c.conrelid = pg_catalog.format('%I.%I', workspace, part)::pg_catalog.regclass AND c.contype = 'f'
        LOOP
            EXECUTE pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', workspace, part, foreign_key);
        END LOOP;
        EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS leadflow_touch_transcript_truncate ON %I.%I', workspace, part);
        EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', kept, old.relname);
        EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%L)', name, partition,
            CASE WHEN pg_catalog.isfinite(old.lower_at) THEN pg_catalog.quote_literal(old.lower_at) ELSE 'MINVALUE' END, old.upper_at);
        PERFORM leadflow.protect_partition(name::pg_catalog.regclass, partition::pg_catalog.regclass);
        EXECUTE pg_catalog.format('INSERT INTO %I.archived_part (part, before, book, rows, rows_kept) VALUES ($1, $2, $3, $4, $5)', workspace)
            USING part, before, as_of, rows, rows_kept;
        RETURN NEXT;
    END LOOP;
    EXECUTE pg_catalog.format('DROP TABLE %s', live);
END;
$$;
COMMENT ON FUNCTION leadflow.archive_as_owner(text, timestamptz) IS
    'does the work of leadflow.archive, which calls it as the owner of the workspace';

CREATE FUNCTION leadflow.archive(workspace text, before timestamptz)
    RETURNS TABLE (part text, rows bigint, rows_kept bigint)
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_as_owner';
COMMENT ON FUNCTION leadflow.archive(text, timestamptz) IS
    'takes touches that happened before an instant out of a partitioned workspace: of each month (and of _earlier) that ended by then, those of leads that are at rest. Not at rest is a lead at or past mql, one that moved, was touched or is to be woken since, one with an opportunity or a running clock; what was written down word for word (transcript) stays, and touches of accounts with such leads or opportunities. Before, the reports are kept as they are (leadflow.close_books). Each month that lost touches becomes a table of the workspace, which archived_part lists: dump it, move it or drop it. Gives these tables with the number of touches that were taken out and that stayed. Evidence, scores and reports no more count what was taken out. Who reads or writes touch, or writes leads, opportunities, clocks or transcripts, waits meanwhile. Only for the owner. Errors: not the owner, or row security would hide rows from it (42501), not a workspace (42704), not partitioned (55000), an instant to come, null or infinite (22023), what close_books says';
