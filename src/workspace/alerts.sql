/*
 * alerts.sql: who is told what, and what follows from a promise that was not
 * kept.  Alerts are raised by leadflow.sweep.
 */

CREATE TABLE consequence (
    policy          text NOT NULL CHECK (policy <> ''),
    event           text NOT NULL CHECK (event IN ('warning', 'breach', 'exhausted')),
    action          text NOT NULL CHECK (action IN ('escalate', 'reassign', 'return_to_nurture')),
    after           interval NOT NULL DEFAULT '0' CHECK (after >= interval '0'),
    reason          text REFERENCES reason ON UPDATE CASCADE,
    active          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (policy, event, action),
    CONSTRAINT return_has_reason CHECK (action <> 'return_to_nurture' OR reason IS NOT NULL)
);
COMMENT ON TABLE consequence IS 'What leadflow.sweep does about a promise, beside raising the alert.';
COMMENT ON COLUMN consequence.policy IS 'policy of the promise (sla_policy); * for all';
COMMENT ON COLUMN consequence.event IS 'warning, breach or exhausted (a cadence whose attempts were all made)';
COMMENT ON COLUMN consequence.action IS 'escalate (alert the owner''s manager), reassign (give the lead to the next member of the pool, not to the present owner) or return_to_nurture';
COMMENT ON COLUMN consequence.after IS 'how long after the event, elapsed';
COMMENT ON COLUMN consequence.reason IS 'return_to_nurture: the reason that is given';
COMMENT ON COLUMN consequence.active IS 'whether it is agreed';

CREATE TABLE alert_rule (
    kind            text PRIMARY KEY CHECK (kind IN ('warning', 'breach', 'exhausted', 'never_contacted', 'volume_without_sales', 'data_gap', 'woken')),
    receiver        text NOT NULL DEFAULT 'owner' CHECK (receiver <> ''),
    after           interval CHECK (after >= interval '0'),
    threshold       numeric CHECK (threshold >= 0),
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE alert_rule IS 'Which alerts leadflow.sweep raises, and for whom.';
COMMENT ON COLUMN alert_rule.kind IS 'kind of alert';
COMMENT ON COLUMN alert_rule.receiver IS 'owner, manager (the owner''s), or the name of a team_member';
COMMENT ON COLUMN alert_rule.after IS 'never_contacted: how long after the handover; volume_without_sales: the period that is looked at; elapsed';
COMMENT ON COLUMN alert_rule.threshold IS 'volume_without_sales: number of leads of a campaign in the period; data_gap: share of rows with the field below which it is a gap, 0..1';
COMMENT ON COLUMN alert_rule.meaning IS 'the alert in words';
COMMENT ON COLUMN alert_rule.active IS 'whether it is raised';

CREATE TABLE alert (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_key       text NOT NULL UNIQUE,
    kind            text NOT NULL,
    at              timestamptz NOT NULL,
    raised_at       timestamptz NOT NULL,
    send_at         timestamptz NOT NULL,
    sent_at         timestamptz,
    receiver        text,
    clock_id        bigint,
    lead_id         bigint,
    opportunity_id  bigint,
    campaign_id     bigint,
    message         text NOT NULL,
    details         jsonb NOT NULL DEFAULT '{}',
    action          text,
    done_at         timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX alert_open ON alert (receiver, send_at) WHERE acknowledged_at IS NULL;
CREATE INDEX alert_unsent ON alert (send_at) WHERE sent_at IS NULL;
CREATE INDEX ON alert (lead_id);
CREATE INDEX ON alert (clock_id);
COMMENT ON TABLE alert IS 'What leadflow.sweep told whom, each exactly once: an outbox to be read by whatever sends messages.';
COMMENT ON COLUMN alert.id IS 'number of the alert';
COMMENT ON COLUMN alert.alert_key IS 'what it is about: raised once for each key';
COMMENT ON COLUMN alert.kind IS 'warning, breach, exhausted, never_contacted, volume_without_sales, data_gap, woken, or the action that was performed: escalate, reassign, return_to_nurture';
COMMENT ON COLUMN alert.at IS 'instant that it is about: when the promise was broken, for example';
COMMENT ON COLUMN alert.raised_at IS 'instant as of which the sweep raised it';
COMMENT ON COLUMN alert.send_at IS 'when the receiver may be told: raised_at, or the next opening of the receiver''s alert calendar';
COMMENT ON COLUMN alert.sent_at IS 'when it was notified; null while it waits for send_at';
COMMENT ON COLUMN alert.receiver IS 'team member who is told; null for nobody in particular';
COMMENT ON COLUMN alert.clock_id IS 'promise that it is about';
COMMENT ON COLUMN alert.lead_id IS 'lead that it is about';
COMMENT ON COLUMN alert.opportunity_id IS 'opportunity that it is about';
COMMENT ON COLUMN alert.campaign_id IS 'campaign that it is about';
COMMENT ON COLUMN alert.message IS 'the alert in words';
COMMENT ON COLUMN alert.details IS 'the same as data';
COMMENT ON COLUMN alert.action IS 'what was done: escalate, reassign or return_to_nurture; null for an alert alone';
COMMENT ON COLUMN alert.done_at IS 'when it was done';
COMMENT ON COLUMN alert.acknowledged_at IS 'when the receiver, or a program, took note; null while nobody did';
COMMENT ON COLUMN alert.acknowledged_by IS 'role that took note';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON consequence
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON consequence
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE consequence ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON alert_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON alert_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE alert_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
