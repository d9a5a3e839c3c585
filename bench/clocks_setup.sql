/*
 * clocks_setup.sql: the touches of workspaces with and without promises, and a
 * table with what one would write today.
 */
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION leadflow;
CREATE SCHEMA bench;
SELECT leadflow.create_workspace('none', 'empty');
INSERT INTO none.touch_kind (kind, is_signal, is_contact, meaning) VALUES ('contact_request', true, false, 'asks'), ('call', true, true, 'calls');
SELECT leadflow.create_workspace(w) FROM unnest('{idle,crm,cadence}'::text[]) w;

-- leads that sales works on, so that no other promise is concerned; in one workspace each has a cadence
CREATE PROCEDURE bench.fill(workspace name) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.lead (source, external_id) SELECT ''web'', i::text FROM generate_series(1, 100000) i', workspace);
END $$;
CALL bench.fill('none');
CALL bench.fill('idle');
CALL bench.fill('crm');
CALL bench.fill('cadence');
INSERT INTO cadence.sla_clock (policy, metric, lead_id, variant, started_at, due_at, target, started_by, stops_on_touch, attempts, channels, definition_version)
SELECT 'cadence', 'cadence', id, '*', now(), now() + interval '10 days', '10 days', 'stage mql', '{call,email,social_message,meeting}', 1000000, 3, 1
FROM cadence.lead;

-- the same table without triggers
CREATE TABLE bench.lead AS SELECT id FROM none.lead;
ALTER TABLE bench.lead ADD PRIMARY KEY (id);
CREATE TABLE bench.touch (LIKE none.touch INCLUDING ALL);
ALTER TABLE bench.touch ADD FOREIGN KEY (lead_id) REFERENCES bench.lead, ADD FOREIGN KEY (kind) REFERENCES none.touch_kind;

-- PL/pgSQL: a question starts a clock unless one runs, an answer stops it
CREATE TABLE bench.peer_touch (LIKE none.touch INCLUDING ALL);
ALTER TABLE bench.peer_touch ADD FOREIGN KEY (lead_id) REFERENCES bench.lead, ADD FOREIGN KEY (kind) REFERENCES none.touch_kind;
CREATE TABLE bench.peer_clock (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id bigint NOT NULL, started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL, stopped_at timestamptz, start_touch_id bigint, stop_touch_id bigint);
CREATE UNIQUE INDEX ON bench.peer_clock (lead_id) WHERE stopped_at IS NULL;
CREATE INDEX ON bench.peer_clock (lead_id, started_at);
CREATE INDEX ON bench.peer_clock (due_at) WHERE stopped_at IS NULL;
CREATE FUNCTION bench.peer_clocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.direction = 'inbound' AND NEW.kind IN ('contact_request', 'demo_request', 'pricing_request') THEN
        INSERT INTO bench.peer_clock (lead_id, started_at, due_at, start_touch_id)
        VALUES (NEW.lead_id, NEW.at, NEW.at + interval '2 hours', NEW.id) ON CONFLICT DO NOTHING;
    ELSIF NEW.direction = 'outbound' AND NEW.kind IN ('call', 'email', 'social_message', 'meeting') THEN
        UPDATE bench.peer_clock SET stopped_at = NEW.at, stop_touch_id = NEW.id
        WHERE lead_id = NEW.lead_id AND stopped_at IS NULL AND started_at <= NEW.at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER peer_clocks AFTER INSERT ON bench.peer_touch FOR EACH ROW EXECUTE FUNCTION bench.peer_clocks();
VACUUM ANALYZE;
