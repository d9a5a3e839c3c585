-- Definition tables whose columns are of another type: an error that names the column, never more
SET client_min_messages = warning;
SELECT leadflow.create_workspace('crm') \g /dev/null
SELECT no_plan();
-- reports stand in the way of altering what they read
SELECT format('DROP VIEW IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace IN (SELECT relnamespace FROM pg_class WHERE relname = 'sla_clock') \gexec

-- Alters a column, with whatever depends on it out of the way, and exercises what reads it.
CREATE FUNCTION altered(tab text, col text, type text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
    state text;
    detail text;
BEGIN
    BEGIN
        INSERT INTO crm.team_member (member, team, department) VALUES ('anna', 'x', 'sales');
        INSERT INTO crm.stage_alias (status, stage) VALUES ('zz', 'nurture');
        INSERT INTO crm.source (source, unknown_status) VALUES ('t', 'nurture');
        INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('email', 'ranked', '{t}');
        FOR r IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint
                  WHERE (confrelid = ('crm.' || tab)::regclass OR conrelid = ('crm.' || tab)::regclass) AND contype IN ('c', 'f', 'p', 'u')
                  ORDER BY contype <> 'f' LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', r.tab, r.conname);
        END LOOP;
        DROP INDEX IF EXISTS crm.transition_key;
        EXECUTE format('DROP TRIGGER IF EXISTS leadflow_definition_guard ON crm.%I', tab);
        EXECUTE format('ALTER TABLE crm.%1$I ALTER %2$I DROP DEFAULT, ALTER %2$I DROP NOT NULL', tab, col);
        EXECUTE format('ALTER TABLE crm.%I ALTER %I TYPE %s USING %s', tab, col, type, value);
        INSERT INTO crm.lead (source, owner, role, email, verified) VALUES ('t', 'anna', 'CEO', 'x', true);
        INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, k, 'inbound' FROM crm.lead, unnest('{web_visit,demo_request}'::text[]) k;
        INSERT INTO crm.touch (lead_id, kind, direction) SELECT id, 'call', 'outbound' FROM crm.lead;
        UPDATE crm.lead SET stage = 'mql';
        UPDATE crm.lead SET stage = 'lost', reason = 'no_need';
        PERFORM leadflow.explain('crm', max(id), 'sal') FROM crm.lead;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN replace(state, 'ZZ000', '00000') || CASE WHEN state = '42804' AND strpos(detail, col) > 0 THEN ' ' || col ELSE '' END;
END $$;

SELECT is(altered(c.tab, c.col, c.type, c.value), '42804 ' || c.col, format('%s.%s as %s', c.tab, c.col, c.type))
FROM (VALUES
    ('standard', 'stage', 'bigint', '5'),
    ('transition', 'from_stage', 'integer', '5'), ('transition', 'to_stage', 'bigint', '5'), ('transition', 'reason_required', 'text', '''no'''),
    ('stage_alias', 'stage', 'integer', '5'),
    ('reason', 'applies_to', 'integer', '5'), ('reason', 'applies_to', 'text', '''abc'''), ('reason', 'applies_to', 'bigint[]', '''{1,2}'''), ('reason', 'needs_note', 'text', '''x'''), ('reason', 'active', 'bigint', '77'),
    ('business_calendar', 'calendar', 'bigint', '5'), ('business_calendar', 'calendar', 'text', '''UTC; 24/7'''), ('business_calendar', 'calendar', 'bytea', '''\x00000000000000000000'''),
    ('touch_kind', 'is_signal', 'integer', '1'), ('touch_kind', 'is_contact', 'text', '''x'''),
    ('sla_policy', 'target', 'bigint', '5'), ('sla_policy', 'target', 'text', '''1h'''), ('sla_policy', 'warn_after', 'bigint', '5'), ('sla_policy', 'starts_on_stage', 'bigint', '5'), ('sla_policy', 'stops_on_stage', 'integer', '5'),
    ('sla_policy', 'stops_on_verdict', 'text', '''x'''), ('sla_policy', 'active', 'text', '''x''')
) AS c (tab, col, type, value);
-- text that is text by another name will do
SELECT is(altered(c.tab, c.col, c.type, c.value), '00000', format('%s.%s as %s', c.tab, c.col, c.type))
FROM (VALUES ('standard', 'criterion', 'varchar(63)', 'criterion'), ('touch_kind', 'kind', 'varchar(63)', 'kind'), ('sla_policy', 'stops_on_touch', 'varchar(63)[]', 'stops_on_touch'),
             ('team_member', 'team', 'varchar(63)', 'team'), ('reason', 'code', 'varchar(63)', 'code'),
             ('source', 'source', 'varchar(63)', 'source'), ('source', 'unknown_status', 'varchar(63)', 'unknown_status'), ('overwrite_rule', 'field', 'varchar(63)', 'field'), ('overwrite_rule', 'sources', 'varchar(63)[]', 'sources')) AS c (tab, col, type, value);
SELECT * FROM finish();
