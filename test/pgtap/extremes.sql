-- The reports, with the most absurd values that the columns of a workspace
-- take.  A class of values goes into every column of every table that people
-- and tools write, as they write it, with all constraints and triggers; then
-- everything is read.  No report may fail, whatever one row says.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;

SELECT no_plan();

\o /dev/null
\ir ../t/filled_workspace.sql
-- what the company built around it is not of interest here
DROP MATERIALIZED VIEW crm.my_counts;
DROP VIEW crm.my_leads;
DROP TRIGGER note_move ON crm.lead;
DROP TRIGGER note_always ON crm.lead;
DROP TRIGGER note_never ON crm.lead;
ALTER TABLE crm.lead DROP COLUMN outcome, DROP COLUMN moved;

-- more of what is added up
SET client_min_messages = error;
SET leadflow.on_violation = warn;
SET leadflow.clock = '2026-02-05 08:00+00';
INSERT INTO crm.campaign (source, external_id, name, channel, starts_on, budget, cost, currency)
SELECT 'ads', 'D-' || i, 'D' || i, 'paid_search', '2026-01-01', 10, 10, 'EUR' FROM generate_series(1, 8) i;
INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost) SELECT 1 + i % 5, '2026-01-05', 5 FROM generate_series(1, 20) i;
INSERT INTO crm.lead (source, external_id, full_name, campaign_id, account_id, stage, origin, owner)
SELECT 'web', 'Z-' || i, 'Z' || i, 1 + i % 9, 1 + i % 2, 'mql', 'web', 'ann' FROM generate_series(1, 45) i;
INSERT INTO crm.opportunity (source, external_id, lead_id, name, amount, recurring, currency, stage, owner, expected_close)
SELECT 'web', 'Z-' || id, id, 'Z', 10, 10, CASE id % 3 WHEN 0 THEN 'USD' WHEN 1 THEN 'EUR' END,
       (ARRAY['won', 'opportunity', 'lost', 'proposal']::leadflow.stage[])[1 + id % 4], 'bob', '2026-03-01'
FROM crm.lead WHERE external_id LIKE 'Z-%';
INSERT INTO crm.target (metric, starts_on, ends_on, value) VALUES
    ('revenue', '2026-02-01', '2026-02-28', 5), ('pipeline', '2026-01-01', '2026-12-31', 7), ('new_revenue', '2026-02-01', '2026-02-28', 7);
UPDATE crm.campaign SET currency = 'USD' WHERE id % 2 = 0;
RESET leadflow.on_violation;
\o

CREATE TABLE class_of (class text, type text, value text);
INSERT INTO class_of VALUES
    ('the greatest', 'numeric', 'greatest'), ('the greatest', 'integer', '2147483647'), ('the greatest', 'bigint', '9223372036854775807'),
    ('the least', 'numeric', 'least'), ('the least', 'integer', '-2147483648'), ('the least', 'bigint', '-9223372036854775808'),
    ('the least above zero', 'numeric', '0.01'), ('the least above zero', 'integer', '1'), ('the least above zero', 'interval', '1 microsecond'),
    ('the least above zero', 'double precision', '5e-324'),
    ('NaN, in the last year', 'numeric', 'NaN'), ('NaN, in the last year', 'double precision', 'NaN'), ('NaN, in the last year', 'date', '5874897-12-31'),
    ('NaN, in the last year', 'timestamp with time zone', '294276-12-31 23:59:59.999999+00'), ('NaN, in the last year', 'interval', '178000000 years'),
    ('infinity, odd words', 'numeric', 'Infinity'), ('infinity, odd words', 'double precision', 'Infinity'), ('infinity, odd words', 'date', 'infinity'),
    ('infinity, odd words', 'timestamp with time zone', 'infinity'), ('infinity, odd words', 'text', E'\x01 <b>&"''\\\n$$%I%s;--\u017C\U0001F600{}[],'),
    ('infinity, odd words', 'text[]', '{NULL}'), ('infinity, odd words', 'jsonb', '{"a": 1e1000, "row": null, "": [1]}'),
    ('-infinity, no words', 'numeric', '-Infinity'), ('-infinity, no words', 'double precision', '-Infinity'), ('-infinity, no words', 'date', '-infinity'),
    ('-infinity, no words', 'timestamp with time zone', '-infinity'), ('-infinity, no words', 'text', ''), ('-infinity, no words', 'text[]', '{}'),
    ('-infinity, no words', 'jsonb', '{}'),
    ('beyond money, in 9999', 'numeric', '1e1000'), ('beyond money, in 9999', 'double precision', '1.7e308'), ('beyond money, in 9999', 'date', '9999-12-31'),
    ('beyond money, in 9999', 'timestamp with time zone', '9999-12-31 00:00+00'), ('beyond money, in 9999', 'interval', '100 years'),
    ('0, in the year 1', 'numeric', '0'), ('0, in the year 1', 'integer', '0'), ('0, in the year 1', 'interval', '0'), ('0, in the year 1', 'double precision', '0'),
    ('0, in the year 1', 'boolean', 'f'), ('0, in the year 1', 'date', '0001-01-01'), ('0, in the year 1', 'timestamp with time zone', '0001-01-01 00:00+00'),
    ('long words, in the first year', 'text', repeat('x', 1000000)), ('long words, in the first year', 'text[]', (SELECT array_agg('w' || i)::text FROM generate_series(1, 10000) i)),
    ('long words, in the first year', 'jsonb', repeat('[', 3000) || repeat(']', 3000)), ('long words, in the first year', 'interval', '2147483647 days'),
    ('long words, in the first year', 'date', '4713-11-24 BC'), ('long words, in the first year', 'timestamp with time zone', '4713-11-24 00:00+00 BC'),
    ('nothing', 'text', NULL), ('nothing', 'text[]', NULL), ('nothing', 'jsonb', NULL), ('nothing', 'numeric', NULL), ('nothing', 'integer', NULL),
    ('nothing', 'date', NULL), ('nothing', 'timestamp with time zone', NULL), ('nothing', 'interval', NULL), ('nothing', 'boolean', NULL);

-- What leadflow keeps itself is not written by anybody else.
CREATE FUNCTION written() RETURNS TABLE (relation regclass, "column" text, type text) LANGUAGE sql AS $$
    SELECT c.oid::regclass, a.attname::text, format_type(a.atttypid, a.atttypmod)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
    WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname <> ALL ('{id,lead_id,account_id,opportunity_id,campaign_id}')
        AND c.relname <> ALL ('{stage_event,sla_clock,lead_score,score_run,definition_change,quarantine,rejected_write,book,archived_part,nurture_stay,
                                assignment,alert,workspace,attachment,backfill_progress,opportunity_change,lead_merge,routing_turn,score_model,score_model_point}')
    ORDER BY c.relname, a.attnum $$;

-- Writes the value into a column of all rows, else of one; what is refused is not there.
CREATE FUNCTION is_taken(relation regclass, "column" text, type text, value text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    digits integer[] := string_to_array(substring(type FROM '\((.*)\)'), ',');
    one boolean;
BEGIN
    IF value IN ('greatest', 'least') THEN
        value := CASE value WHEN 'least' THEN '-' ELSE '' END
            || COALESCE(repeat('9', digits[1] - digits[2]) || '.' || repeat('9', digits[2]), '1e130');
    END IF;
    FOREACH one IN ARRAY CASE WHEN length(value) > 1000 THEN '{t}' ELSE '{f,t}'::boolean[] END LOOP
        BEGIN
            EXECUTE format('UPDATE %1$s SET %2$I = CAST($1 AS %3$s) WHERE NOT $2 OR ctid = (SELECT min(ctid) FROM %1$s)', relation, "column", type)
                USING value, one;
            RETURN true;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
    END LOOP;
    RETURN false;
END;
$$;

-- What is read, and why it cannot be; nothing where all can.
CREATE FUNCTION unreadable() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    what text;
BEGIN
    FOR what IN
        SELECT format('SELECT max(length(r::text)) FROM crm.%I r', r) FROM unnest(leadflow.workspace_reports()) r
        UNION ALL SELECT format('SELECT leadflow.metric(''crm'', %L, ''[2026-01-01,2026-04-01)'')', m.metric) FROM crm.metric m WHERE m.aggregate <> 'only'
        UNION ALL VALUES ('SELECT leadflow.panel(''crm'')'), ('SELECT leadflow.handbook(''crm'')'),
            ('SELECT leadflow.score_some(''crm'')'), ('SELECT count(*) FROM leadflow.pipeline_asof(''crm'', ''2026-02-04'')'),
            ('SELECT count(*) FROM leadflow.sample(''crm'', ''deals'', ''2026-01-01'', ''2026-03-01'')'),
            ('SELECT count(*) FROM leadflow.sweep(''crm'', ''2026-02-05 10:00+00'')')
    LOOP
        BEGIN
            EXECUTE what;
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT format('%s: %s %s', what, SQLSTATE, left(SQLERRM, 200));
        END;
    END LOOP;
END;
$$;

-- Writes a class everywhere, with the history that it makes, reads, and takes it back.
CREATE FUNCTION faults_of(class text) RETURNS TABLE (taken bigint, faults text[]) LANGUAGE plpgsql AS $$
DECLARE
    instant timestamptz := (SELECT value::timestamptz FROM class_of c WHERE c.class = faults_of.class AND c.type = 'timestamp with time zone');
BEGIN
    taken := 0;
    FOR taken IN
        SELECT count(*) FILTER (WHERE is_taken(w.relation, w."column", w.type, c.value))
        FROM written() w
        JOIN class_of c ON c.class = faults_of.class AND c.type = regexp_replace(w.type, '\(.*\)', '')
    LOOP
        NULL;
    END LOOP;
    IF isfinite(instant) THEN
        BEGIN
            INSERT INTO crm.lead (source, external_id, stage, stage_since, created_at, owner, origin)
            VALUES ('extreme', '1', 'mql', instant, instant, 'ann', 'web');
            INSERT INTO crm.touch (lead_id, kind, direction, at)
            SELECT l.id, k.kind, k.direction, instant FROM crm.lead l, (VALUES ('demo_request', 'inbound'), ('call', 'outbound')) k (kind, direction)
            WHERE l.source = 'extreme';
            INSERT INTO crm.opportunity (source, external_id, lead_id, amount, stage, stage_since, created_at)
            SELECT 'extreme', s::text, l.id, 10, s, instant, instant FROM crm.lead l, unnest('{proposal,won,lost}'::leadflow.stage[]) s WHERE l.source = 'extreme';
        EXCEPTION WHEN datetime_field_overflow OR check_violation THEN
            NULL;
        END;
    END IF;
    -- the ends of time, a day further from UTC
    PERFORM set_config('timezone', CASE WHEN class ~ 'first' THEN 'Pacific/Kiritimati' WHEN class ~ 'last' THEN 'Pacific/Niue' ELSE 'UTC' END, true);
    SELECT array_agg(u) INTO faults FROM unreadable() u;
    IF class = 'the greatest' THEN
        PERFORM leadflow.close_books('crm');
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = taken::text, DETAIL = COALESCE(faults, '{}')::text;
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    DECLARE
        found text;
    BEGIN
        GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
        taken := SQLERRM::bigint;
        faults := found::text[];
        RETURN NEXT;
    END;
END;
$$;

SELECT is(f.faults, '{}', 'everything can be read before') FROM faults_of('none') f;
SELECT is(f.faults, '{}', c.class || ': everything can be read') || E'\n' || cmp_ok(f.taken, '>', 0::bigint, c.class || ': columns took it')
FROM (SELECT DISTINCT class FROM class_of ORDER BY class) c
CROSS JOIN LATERAL faults_of(c.class) f;

-- roles are shared by the databases of a server
DROP OWNED BY analyst, seller, operations;
DROP ROLE analyst, seller, operations;

SELECT * FROM finish();
