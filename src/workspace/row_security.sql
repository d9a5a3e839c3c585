/*
 * row_security.sql: whoever sees a lead sees what belongs to it.
 */

CREATE FUNCTION leadflow.follow_leads(workspace text, sees_all name[] DEFAULT '{}') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    fact text;
    condition text;
    roles text;
BEGIN
    PERFORM leadflow.check_workspace_owner(workspace);
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ') INTO roles FROM pg_catalog.unnest(sees_all) r;
    FOR fact, condition IN
        SELECT c.relname,
               CASE WHEN c.relname = 'quarantine' THEN pg_catalog.format(
                        'CASE WHEN operation = ''INSERT'' THEN actor = CURRENT_USER
                              WHEN object = ''lead'' THEN (parked_row ->> ''id'')::pg_catalog.int8 IN (SELECT p.id FROM %1$s.lead p)
                              WHEN object = ''opportunity'' THEN (parked_row ->> ''id'')::pg_catalog.int8 IN (SELECT p.id FROM %1$s.opportunity p)
                              ELSE false END', ws)
                    WHEN c.relname NOT IN ('lead', 'opportunity') THEN (
                        SELECT pg_catalog.string_agg(pg_catalog.format('(%1$I.%2$I IS NULL OR %1$I.%2$I IN (SELECT p.id FROM %3$s.%4$I p))', c.relname, a.attname, ws, k.parent), ' AND ' ORDER BY a.attnum)
                        FROM (VALUES ('lead_id', 'lead'), ('winner_id', 'lead'), ('loser_id', 'lead'), ('opportunity_id', 'opportunity'),
                                     ('touch_id', 'touch'), ('clock_id', 'sla_clock'), ('verdict_id', 'verdict'), ('debrief_id', 'debrief')) k (key, parent)
                        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = k.key AND a.atttypid = 'bigint'::pg_catalog.regtype)
               END
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = workspace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN condition IS NULL AND fact NOT IN ('lead', 'opportunity');
        EXECUTE pg_catalog.format('ALTER TABLE %s.%I ENABLE ROW LEVEL SECURITY', ws, fact);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS leadflow_follows_lead ON %s.%I', ws, fact);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS leadflow_sees_all ON %s.%I', ws, fact);
        IF condition IS NOT NULL THEN
            EXECUTE pg_catalog.format('CREATE POLICY leadflow_follows_lead ON %s.%I USING (%s)', ws, fact, condition);
        END IF;
        IF roles IS NOT NULL THEN
            EXECUTE pg_catalog.format('CREATE POLICY leadflow_sees_all ON %s.%I TO %s USING (true)', ws, fact, roles);
        END IF;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.follow_leads(text, name[]) IS
    'turns row security on for the facts of a workspace: a row that belongs to a lead, opportunity, touch, clock, verdict or debrief is seen and written by whoever sees those; a parked row by whoever sees its lead or wrote it. Which leads and opportunities a role sees is for policies of your own on these two tables. sees_all: roles that see and write every row of every one of them. Called again, as after an upgrade, it makes its policies (leadflow_follows_lead, leadflow_sees_all) anew. Errors: not the owner (42501), not a workspace, or no such role (42704)';
