/*
 * partitions.sql: touches and history by month.
 *
 * A fact table that is partitioned has a partition for each month of UTC, one
 * for everything else (_default), so that no write is ever refused for want of
 * a partition, and, where it was partitioned later, one for all that went
 * before (_earlier).
 */

CREATE FUNCTION leadflow.check_partitionable(workspace text, fact text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    relid constant regclass := pg_catalog.format('%I.%I', workspace, fact)::pg_catalog.regclass;
    others text;
BEGIN
    SELECT pg_catalog.string_agg(o.what, ', ' ORDER BY o.what) INTO others
    FROM (SELECT pg_catalog.format('foreign key %s of %s', k.conname, k.conrelid::pg_catalog.regclass)
          FROM pg_catalog.pg_constraint k
          WHERE k.confrelid = relid AND k.contype = 'f'
              AND NOT (k.conname = 'transcript_touch_id_fkey' AND k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.transcript', workspace)))
          UNION ALL
          SELECT pg_catalog.format('policy %s', p.polname) FROM pg_catalog.pg_policy p WHERE p.polrelid = relid
          UNION ALL
          SELECT pg_catalog.format('publication %s', p.pubname)
          FROM pg_catalog.pg_publication_tables t JOIN pg_catalog.pg_publication p ON p.pubname = t.pubname
          JOIN pg_catalog.pg_class c ON c.relname = t.tablename AND c.relnamespace = t.schemaname::pg_catalog.regnamespace
          WHERE c.oid = relid
          UNION ALL
          SELECT pg_catalog.format('statistics %s', s.stxname) FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = relid
          UNION ALL
          SELECT pg_catalog.format('rule %s', r.rulename) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = relid
          UNION ALL
          SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class c ON c.oid = relid
          LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
          LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
          WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = relid
                    AND (r.ev_class <> relid OR p.polrelid <> relid OR d.classid = 'pg_catalog.pg_proc'::regclass)
                 OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = c.reltype
                    AND d.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_class'::regclass))
          UNION ALL
          SELECT pg_catalog.format('constraint %s', k.conname) FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid
          WHERE k.conrelid = relid AND (k.contype = 'x' OR k.contype IN ('p', 'u')
              AND (k.condeferrable OR i.indnatts > i.indnkeyatts OR pg_catalog.pg_get_constraintdef(k.oid) LIKE '%NULLS NOT DISTINCT%'))
          UNION ALL
          SELECT pg_catalog.format('unique index %s', i.indexrelid::regclass) FROM pg_catalog.pg_index i
          WHERE i.indrelid = relid AND i.indisunique AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = relid)
          UNION ALL
          SELECT pg_catalog.format('identity of column %s', a.attname) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = relid AND NOT a.attisdropped AND a.attidentity <> '' AND (a.attname <> 'id' OR a.attidentity <> 'a')
          UNION ALL
          SELECT pg_catalog.format('%s of column %s of %s', p.what, a.attname, a.attrelid::pg_catalog.regclass)
          FROM pg_catalog.pg_attribute a
          JOIN (VALUES ('statistics target'), ('n_distinct')) p (what)
              ON CASE p.what WHEN 'n_distinct' THEN pg_catalog.array_to_string(a.attoptions, ',') LIKE '%n_distinct%' ELSE a.attstattarget > 0 END
          WHERE (a.attrelid = relid OR a.attrelid IN (SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = relid))
              AND a.attnum > 0 AND NOT a.attisdropped
          UNION ALL
          SELECT pg_catalog.format('parent %s', i.inhparent::pg_catalog.regclass) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = relid
          UNION ALL
          SELECT pg_catalog.format('child %s', i.inhrelid::pg_catalog.regclass) FROM pg_catalog.pg_inherits i WHERE i.inhparent = relid
          UNION ALL
          SELECT pg_catalog.format('constraint %s', k.conname) FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = relid AND (NOT k.convalidated OR k.contype = 'c' AND k.connoinherit)
          UNION ALL
          SELECT pg_catalog.format('trigger %s', t.tgname) FROM pg_catalog.pg_trigger t
          WHERE t.tgrelid = relid AND (t.tgtype & 1) <> 0 AND (t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL)
          UNION ALL
          SELECT pg_catalog.format('comment on %s', pg_catalog.pg_describe_object(d.classoid, d.objoid, 0)) FROM pg_catalog.pg_description d
          WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid IN (SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = relid)
              OR d.classoid = 'pg_catalog.pg_trigger'::regclass AND d.objoid IN (SELECT t.oid FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relid)
              OR d.classoid = 'pg_catalog.pg_constraint'::regclass AND d.objoid IN (SELECT k.oid FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype <> 'c')
          UNION ALL
          SELECT 'row security' FROM pg_catalog.pg_class c WHERE c.oid = relid AND (c.relrowsecurity OR c.relforcerowsecurity)
          UNION ALL
          SELECT 'storage parameters' FROM pg_catalog.pg_class c WHERE c.oid = relid AND c.reloptions IS NOT NULL
          UNION ALL
          SELECT 'replica identity' FROM pg_catalog.pg_class c WHERE c.oid = relid AND c.relreplident <> 'd') o (what);
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'table % cannot be partitioned', relid
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('These belong to it: %s.', others),
                  HINT = 'Drop or reset them, and make them anew afterwards; a unique key of a partitioned table has its instant in it.';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_partitionable(text, text) IS
    'raises an error where something belongs to a fact table that leadflow.partition_fact would not carry over (55000)';

CREATE FUNCTION leadflow.withdraw_rights(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %s FROM %s CASCADE', relation,
                   CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
        FROM (SELECT e.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) e WHERE c.oid = relation
              UNION ALL
              SELECT e.grantee FROM pg_catalog.pg_attribute t, pg_catalog.aclexplode(t.attacl) e WHERE t.attrelid = relation) a
        JOIN pg_catalog.pg_class c ON c.oid = relation
        WHERE a.grantee <> c.relowner
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.withdraw_rights(regclass) IS
    'takes every right on a table and its columns from everybody but its owner: a partition is read through its table, whose policies it does not have; and a new table may have got rights by default';

CREATE FUNCTION leadflow.create_partition(fact regclass, part text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE pg_catalog.format('CREATE TABLE %s (LIKE %s INCLUDING COMPRESSION INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE)', part, fact);
    EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO %I', part,
        (SELECT pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = fact));
    PERFORM leadflow.withdraw_rights(part::pg_catalog.regclass);
END;
$$;
COMMENT ON FUNCTION leadflow.create_partition(regclass, text) IS
    'makes a table (its name, quoted and with its schema) that can become a partition of a fact table: with its columns, of its owner, with rights for nobody else';

CREATE FUNCTION leadflow.written_columns(relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$$;
COMMENT ON FUNCTION leadflow.written_columns(regclass) IS
    'the columns of a table that are not generated, quoted, with commas between';

CREATE FUNCTION leadflow.check_read_committed() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'this needs isolation level READ COMMITTED'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Rows that were committed before the tables were locked would not be seen, and be lost.';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_read_committed() IS
    'raises an error in a transaction that does not see what was committed since it began (55000)';

CREATE FUNCTION leadflow.trigger_statement(trigger oid, relation text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.replace(pg_catalog.pg_get_triggerdef(t.oid), pg_catalog.format(' ON %I.%I ', n.nspname, c.relname), ' ON ' || relation || ' ')
           || CASE t.tgenabled WHEN 'O' THEN '' ELSE
                  pg_catalog.format('; ALTER TABLE %s %s TRIGGER %I', relation,
                      CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END, t.tgname) END
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.oid = trigger
$$;
COMMENT ON FUNCTION leadflow.trigger_statement(oid, text) IS
    'what gives another table (its name, quoted and with its schema) the trigger with this oid, enabled as it is';

CREATE FUNCTION leadflow.partition_fact(workspace text, fact text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    SET row_security = off
    AS $$
DECLARE
    name constant text := pg_catalog.format('%I.%I', workspace, fact);
    earlier constant text := pg_catalog.format('%I.%I', workspace, fact || '_earlier');
    relid constant regclass := name::pg_catalog.regclass;
    owner constant text := (SELECT pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = relid);
    comment constant text := pg_catalog.obj_description(relid, 'pg_class');
    carried text[];
    dropped text[];
    last_id bigint;
    filled boolean;
    boundary timestamptz;
    columns text;
    rest constant text := pg_catalog.format('%I.%I', workspace, fact || '_default');
    statement text;
BEGIN
    PERFORM leadflow.check_partitionable(workspace, fact);
    EXECUTE pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s)', name) INTO filled;
    EXECUTE pg_catalog.format('SELECT CASE WHEN s.is_called THEN s.last_value END FROM %s s', pg_catalog.pg_get_serial_sequence(name, 'id')) INTO last_id;

    -- what the new table has of the old one, in this order; keys take the instant in
    SELECT pg_catalog.array_agg(c.statement ORDER BY c.turn, c.name) INTO carried
    FROM (SELECT 1 AS turn, k.conname, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s (%s)', name, k.conname,
                     CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END,
                     (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.place)
                      FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, place)
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = relid AND a.attnum = u.attnum)
                     || CASE WHEN (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = relid AND a.attname = 'at') = ANY (k.conkey) THEN '' ELSE ', at' END)
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype IN ('p', 'u')
          UNION ALL
          SELECT 2, k.conname, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype = 'f'
          UNION ALL
          SELECT 3, i.indexrelid::pg_catalog.regclass::text::pg_catalog.name, pg_catalog.pg_get_indexdef(i.indexrelid)
          FROM pg_catalog.pg_index i WHERE i.indrelid = relid AND NOT i.indisunique
          UNION ALL
          SELECT 4, t.tgname, leadflow.trigger_statement(t.oid, name)
          FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relid AND NOT t.tgisinternal
          UNION ALL
          SELECT 5, 'owner', pg_catalog.format('ALTER TABLE %s OWNER TO %I', name, owner)
          UNION ALL
          SELECT 6, 'rights', pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, name,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = relid AND a.grantee <> c.relowner
          UNION ALL
          SELECT 7, 'rights of columns', pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname, name,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM pg_catalog.pg_attribute c, pg_catalog.aclexplode(c.attacl) a WHERE c.attrelid = relid
          UNION ALL
          SELECT 8, 'sequences', pg_catalog.format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::pg_catalog.regclass, name, a.attname)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = relid AND d.deptype = 'a') c (turn, name, statement);

    -- what the old one must not have as a partition
    SELECT pg_catalog.array_agg(d.statement ORDER BY d.turn, d.statement) INTO dropped
    FROM (SELECT 1, pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, earlier)
          FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relid AND NOT t.tgisinternal
          UNION ALL
          SELECT 2, pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', earlier, k.conname)
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype IN ('p', 'u')
          UNION ALL
          SELECT 3, pg_catalog.format('ALTER INDEX %I.%I RENAME TO %I', workspace, c.relname,
              pg_catalog.format('%s_earlier_%s', fact, i.indexrelid))
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          WHERE i.indrelid = relid AND NOT i.indisunique) d (turn, statement);

    IF fact = 'touch' AND pg_catalog.to_regclass(pg_catalog.format('%I.transcript', workspace)) IS NOT NULL THEN
        EXECUTE pg_catalog.format('ALTER TABLE %I.transcript DROP CONSTRAINT IF EXISTS transcript_touch_id_fkey', workspace);
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', name, fact || '_earlier');
    EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN id DROP IDENTITY', earlier);
    FOREACH statement IN ARRAY dropped LOOP
        EXECUTE statement;
    END LOOP;

    -- PostgreSQL refuses to be told so of a partitioned table
    IF pg_catalog.current_setting('default_tablespace') = (SELECT t.spcname FROM pg_catalog.pg_database d
            JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = pg_catalog.current_database()) THEN
        PERFORM pg_catalog.set_config('default_tablespace', '', true);
    END IF;
    EXECUTE pg_catalog.format(
        'CREATE TABLE %s (LIKE %s INCLUDING COMMENTS INCLUDING COMPRESSION INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE) PARTITION BY RANGE (at)',
        name, earlier);
    PERFORM leadflow.withdraw_rights(earlier::pg_catalog.regclass);
    PERFORM leadflow.withdraw_rights(name::pg_catalog.regclass);
    EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY', name);
    IF last_id IS NOT NULL THEN
        PERFORM pg_catalog.setval(pg_catalog.pg_get_serial_sequence(name, 'id')::pg_catalog.regclass, last_id);
    END IF;
    EXECUTE pg_catalog.format('COMMENT ON TABLE %s IS %L', name, comment);
    FOREACH statement IN ARRAY carried LOOP
        EXECUTE statement;
    END LOOP;
    IF fact = 'touch' THEN
        EXECUTE pg_catalog.format(
            'CREATE TRIGGER leadflow_touch_transcript AFTER DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION leadflow.touch_transcript();
             CREATE TRIGGER leadflow_touch_transcript_truncate BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION leadflow.touch_transcript();
             CREATE TRIGGER leadflow_transcript_touch AFTER INSERT OR UPDATE ON %2$I.transcript FOR EACH ROW EXECUTE FUNCTION leadflow.transcript_touch()',
            name, workspace);
    END IF;

    PERFORM leadflow.create_partition(name::pg_catalog.regclass, rest);
    IF filled THEN
        -- what is dated later waits for its months: as a table of its own the default partition has no triggers yet
        boundary := pg_catalog.date_trunc('month', leadflow.clock()) + interval '1 month';
        columns := leadflow.written_columns(name::pg_catalog.regclass);
        EXECUTE pg_catalog.format('WITH moved AS (DELETE FROM %1$s WHERE at >= $1 RETURNING *) INSERT INTO %2$s (%3$s) SELECT %3$s FROM moved', earlier, rest, columns)
            USING boundary;
        EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%L)', name, earlier, boundary);
        PERFORM leadflow.protect_partition(name::pg_catalog.regclass, earlier::pg_catalog.regclass);
    ELSE
        EXECUTE pg_catalog.format('DROP TABLE %s', earlier);
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', name, rest);
    PERFORM leadflow.protect_partition(name::pg_catalog.regclass, rest::pg_catalog.regclass);
END;
$$;
COMMENT ON FUNCTION leadflow.partition_fact(text, text) IS
    'part of leadflow.partition_workspace and create_workspace: makes touch or stage_event a table partitioned by at, with the triggers, keys (which take in at), foreign keys, indexes, rights and comments that it has; what it holds becomes the partition _earlier, to the end of the month of leadflow.clock(), and rows that are dated later go to the default partition. Views that read the table must be gone. Errors: something belongs to it that is not carried over (55000), what PostgreSQL says';

CREATE FUNCTION leadflow.partition_workspace_as_owner(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    state jsonb;
    report text;
BEGIN
    PERFORM leadflow.check_workspace_version(name);
    PERFORM leadflow.check_read_committed();
    EXECUTE pg_catalog.format('LOCK TABLE %1$I.stage_event, %1$I.touch IN ACCESS EXCLUSIVE MODE', name);
    IF EXISTS (SELECT FROM pg_catalog.pg_class c
               WHERE c.oid IN (pg_catalog.to_regclass(pg_catalog.format('%I.touch', name)), pg_catalog.to_regclass(pg_catalog.format('%I.stage_event', name))) AND c.relkind = 'p') THEN
        RAISE EXCEPTION 'workspace % is partitioned already', name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    state := leadflow.report_state(name::pg_catalog.name);
    PERFORM leadflow.drop_reports(name::pg_catalog.name, leadflow.workspace_reports());
    PERFORM leadflow.partition_fact(name, 'stage_event');
    PERFORM leadflow.partition_fact(name, 'touch');
    FOREACH report IN ARRAY leadflow.workspace_reports() LOOP
        PERFORM leadflow.restore_report(name::pg_catalog.name, report, false);
    END LOOP;
    PERFORM leadflow.restore_report_state(name::pg_catalog.name, state);
    PERFORM leadflow.add_partitions(name);
END;
$$;
COMMENT ON FUNCTION leadflow.partition_workspace_as_owner(text) IS
    'does the work of leadflow.partition_workspace, which calls it as the owner of the workspace';

CREATE FUNCTION leadflow.partition_workspace(name text) RETURNS void
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_as_owner';
COMMENT ON FUNCTION leadflow.partition_workspace(text) IS
    'keeps touches and history of a workspace by month from now on: what there is becomes one partition (touch_earlier, stage_event_earlier) without being copied, but for its keys, which are built anew; the reports are made anew with the rights that they had. Nobody reads or writes the tables meanwhile. Only for the owner. Errors: not the owner (42501), not a workspace (42704), partitioned already, of another version than the extension, or a policy, a publication, statistics, a rule or a foreign key belongs to one of the tables, which is named (55000), something was built on a report (2BP01)';

CREATE FUNCTION leadflow.protect_partition(fact regclass, part regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    statement text;
BEGIN
    -- TRUNCATE of a partition fires no trigger of the table
    FOR statement IN
        SELECT leadflow.trigger_statement(t.oid, (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                                                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = part))
        FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = fact AND NOT t.tgisinternal AND (t.tgtype & 32) <> 0
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.protect_partition(regclass, regclass) IS
    'gives a partition the TRUNCATE triggers of its table, which PostgreSQL does not inherit: what happened may not be truncated partition by partition either';

CREATE FUNCTION leadflow.partition_bounds(fact regclass)
    RETURNS TABLE (part regclass, is_default boolean, lower_at timestamptz, upper_at timestamptz)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    AS $$
    SELECT i.inhrelid::regclass, b.bound = 'DEFAULT',
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(pg_catalog.substring(b.bound, 'FROM \(''([^'']*)''\)'), '-infinity')::timestamptz END,
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(pg_catalog.substring(b.bound, 'TO \(''([^'']*)''\)'), 'infinity')::timestamptz END
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid)) b (bound)
    WHERE i.inhparent = fact AND c.relpartbound IS NOT NULL
    ORDER BY 3 NULLS LAST
$$;
COMMENT ON FUNCTION leadflow.partition_bounds(regclass) IS
    'the partitions of a fact table, by time: each with its first instant and the first one after it (infinite where it has none); both null for the default partition';

CREATE FUNCTION leadflow.add_partitions_as_owner(workspace text, until date, since date) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO'
    SET row_security = off
    AS $$
DECLARE
    max_months constant integer := 1200;
    -- a partition's name tells no year from one before Christ
    first_named constant timestamptz := '0001-01-01 00:00+00';
    last_month constant date := pg_catalog.date_trunc('month', COALESCE(until, leadflow.clock() + interval '3 months'));
    first_month date;
    fact text;
    name text;
    rest text;
    part text;
    columns text;
    month date;
    months date[];
    month_begin timestamptz;
    month_end timestamptz;
    waiting boolean;
    made bigint := 0;
BEGIN
    FOREACH fact IN ARRAY ARRAY['stage_event', 'touch'] LOOP
        name := pg_catalog.format('%I.%I', workspace, fact);
        rest := NULL;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = name::pg_catalog.regclass AND c.relkind = 'p') THEN
            RAISE EXCEPTION 'table % is not partitioned', name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'leadflow.partition_workspace partitions the facts of a workspace.';
        END IF;
        SELECT b.part::text INTO rest FROM leadflow.partition_bounds(name::pg_catalog.regclass) b WHERE b.is_default;
        columns := leadflow.written_columns(name::pg_catalog.regclass);
        first_month := pg_catalog.date_trunc('month', COALESCE(LEAST(since, leadflow.clock()::date), leadflow.clock()::date));
        IF last_month > first_month + pg_catalog.make_interval(months => max_months) THEN
            RAISE EXCEPTION 'partitions from % to % are more than % months', first_month, last_month, max_months
                USING ERRCODE = 'program_limit_exceeded', HINT = 'Give since and until, or make partitions of another width yourself.';
        END IF;
        months := ARRAY(SELECT m::date FROM pg_catalog.generate_series(first_month::timestamp, last_month::timestamp, interval '1 month') m);
        -- earlier ones that hold rows, and none between: a tool's stray date is one month, not a hundred
        IF since IS NULL AND rest IS NOT NULL THEN
            EXECUTE pg_catalog.format('SELECT ARRAY(SELECT DISTINCT pg_catalog.date_trunc(''month'', r.at)::date FROM %s r WHERE r.at >= $4 AND r.at < $1 ORDER BY 1 DESC LIMIT $2) || $3', rest)
                INTO months USING first_month::timestamptz, max_months, months, first_named;
        END IF;

        FOREACH month IN ARRAY months LOOP
            month_begin := month::timestamptz;
            month_end := month_begin + interval '1 month';
            CONTINUE WHEN EXISTS (SELECT FROM leadflow.partition_bounds(name::pg_catalog.regclass) b
                                  WHERE b.lower_at < month_end AND b.upper_at > month_begin);
            waiting := false;
            IF rest IS NOT NULL THEN
                -- who has written a row of the month is waited for
                EXECUTE pg_catalog.format('LOCK TABLE ONLY %s, ONLY %s IN ACCESS EXCLUSIVE MODE', name, rest);
                EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s WHERE at >= $1 AND at < $2)', rest) INTO waiting USING month_begin, month_end;
            END IF;
            part := pg_catalog.format('%I.%I', workspace, fact || pg_catalog.to_char(month, '_YYYY_MM'));
            PERFORM leadflow.create_partition(name::pg_catalog.regclass, part);
            -- what the default partition holds of the month moves: as a table of its own it has no triggers
            IF waiting THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s', name, rest);
                EXECUTE pg_catalog.format('WITH moved AS (DELETE FROM %1$s WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO %2$s (%3$s) SELECT %3$s FROM moved', rest, part, columns)
                    USING month_begin, month_end;
            END IF;
            EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', name, part, month_begin, month_end);
            PERFORM leadflow.protect_partition(name::pg_catalog.regclass, part::pg_catalog.regclass);
            IF waiting THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', name, rest);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END;
$$;
COMMENT ON FUNCTION leadflow.add_partitions_as_owner(text, date, date) IS
    'does the work of leadflow.add_partitions, which calls it as the owner of the workspace';

CREATE FUNCTION leadflow.add_partitions(workspace text, until date DEFAULT NULL, since date DEFAULT NULL) RETURNS bigint
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_as_owner';
COMMENT ON FUNCTION leadflow.add_partitions(text, date, date) IS
    'gives touch and stage_event of a partitioned workspace a partition for every month (of UTC) that has none, from the month of since to that of until; gives how many were made. until: null for three months from leadflow.clock() on; since: null for this month, and the earlier ones of which the default partition holds rows. Rows of the default partition move into the new ones, for which their table is locked. Only for the owner. Errors: not the owner (42501), not a workspace (42704), not partitioned (55000), more than 1200 months (54000)';

CREATE FUNCTION leadflow.transcript_touch() RETURNS trigger
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_transcript_touch';
COMMENT ON FUNCTION leadflow.transcript_touch() IS
    'AFTER INSERT or UPDATE trigger of transcript where touch is partitioned, in place of its foreign key: the touch must be there (23503). Looks as the owner of the tables, as a foreign key does';

CREATE FUNCTION leadflow.touch_transcript() RETURNS trigger
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_touch_transcript';
COMMENT ON FUNCTION leadflow.touch_transcript() IS
    'AFTER DELETE, and BEFORE TRUNCATE, trigger of touch where it is partitioned, in place of a foreign key: a transcript goes with its touch, as the owner of the tables; TRUNCATE is refused while there are transcripts (0A000). A touch that moves to another month keeps its own. Errors: transcripts that a transaction does not see, in REPEATABLE READ (40001)';
