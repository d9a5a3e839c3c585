/*
 * alerts.sql: who is told what, and what follows from a promise that was not
 * kept.  Alerts are raised by leadflow.sweep.
 */

CREATE TABLE consequence (
    policy          text NOT NULL CHECK (policy <> ''),
    event           text NOT NULL CHECK (event IN ('warning', 'breach', 'exhausted')),
    action          text NOT NULL CHECK (action IN ('escalate', 'reassign', 'return_to_nurture')),
    after           interval NOT NULL DEFAULT '0' CHECK (after >= interval '0' AND after <= interval '100 years'),
    reason          text REFERENCES reason ON UPDATE CASCADE,
    active          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (policy, event, action),
    CONSTRAINT return_has_reason CHECK (action <> 'return_to_nurture' OR reason IS NOT NULL)
);
COMMENT ON TABLE consequence IS 'What leadflow.sweep does about a promise, beside raising the alert.';
COMMENT ON COLUMN consequence.policy IS 'policy of the promise (sla_policy); * for all that have no row of their own with the same event and action, active or not';
COMMENT ON COLUMN consequence.event IS 'warning, breach or exhausted (a cadence whose attempts were all made)';
COMMENT ON COLUMN consequence.action IS 'escalate (alert the owner''s manager, or in the place of one who has left, the next manager up), reassign (give the lead to the next member of the pool, not to the present owner) or return_to_nurture; the promise of an opportunity is only escalated';
COMMENT ON COLUMN consequence.after IS 'how long after the event, elapsed: done if the promise is still owed then';
COMMENT ON COLUMN consequence.reason IS 'return_to_nurture: the reason that is given';
COMMENT ON COLUMN consequence.active IS 'whether it is agreed';

CREATE TABLE alert_rule (
    kind            text PRIMARY KEY CHECK (kind IN ('warning', 'breach', 'exhausted', 'never_contacted', 'volume_without_sales', 'data_gap', 'woken')),
    receiver        text NOT NULL DEFAULT 'owner' CHECK (receiver <> ''),
    after           interval CHECK (after >= interval '0' AND after <= interval '100 years'),
    threshold       numeric CHECK (threshold >= 0),
    horizon         interval NOT NULL DEFAULT '7 days' CHECK (horizon > interval '0' AND horizon <= interval '100 years'),
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CONSTRAINT period_of_volume CHECK (kind <> 'volume_without_sales' OR after IS NULL OR after > interval '0'),
    CONSTRAINT threshold_of_gap CHECK (kind <> 'data_gap' OR threshold IS NOT NULL AND threshold <= 1)
);
COMMENT ON TABLE alert_rule IS 'Which alerts leadflow.sweep raises, and for whom.';
COMMENT ON COLUMN alert_rule.kind IS 'kind of alert';
COMMENT ON COLUMN alert_rule.receiver IS 'owner, manager (the owner''s), or the name of a team_member; in the place of one who has left, the manager';
COMMENT ON COLUMN alert_rule.after IS 'never_contacted: how long after the handover; volume_without_sales: the period before the sweep that is looked at, null for 90 days; elapsed';
COMMENT ON COLUMN alert_rule.threshold IS 'volume_without_sales: number of leads of a campaign in the period; data_gap: share of the rows owing a field that have it, below which it is a gap, 0..1';
COMMENT ON COLUMN alert_rule.horizon IS 'warning, breach, exhausted, never_contacted, and the consequences of these: what came due longer ago is left to the reports, so that the first sweep over years of history stays quiet';
COMMENT ON COLUMN alert_rule.meaning IS 'the alert in words';
COMMENT ON COLUMN alert_rule.active IS 'whether it is raised; leads wake from nurture only while woken is';

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
    action          text CHECK (action IN ('escalate', 'reassign', 'return_to_nurture', 'wake')),
    done_at         timestamptz,
    dropped_at      timestamptz,
    fault           text,
    tries           integer NOT NULL DEFAULT 0,
    acknowledged_at timestamptz,
    acknowledged_by text,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX alert_open ON alert (receiver, send_at) WHERE acknowledged_at IS NULL;
CREATE INDEX alert_unsent ON alert (send_at) WHERE sent_at IS NULL AND acknowledged_at IS NULL AND dropped_at IS NULL;
CREATE INDEX alert_undone ON alert (id) WHERE action IS NOT NULL AND done_at IS NULL AND dropped_at IS NULL;
CREATE INDEX ON alert (lead_id);
CREATE INDEX ON alert (clock_id);
CREATE INDEX ON alert (campaign_id) WHERE campaign_id IS NOT NULL;
COMMENT ON TABLE alert IS 'What leadflow.sweep told whom, each exactly once: an outbox to be read by whatever sends messages. Numbers and codes only, no personal data. Rows older than the horizon of their alert_rule may be deleted; younger ones would be raised again.';
COMMENT ON COLUMN alert.id IS 'number of the alert';
COMMENT ON COLUMN alert.alert_key IS 'what it is about: raised once for each key';
COMMENT ON COLUMN alert.kind IS 'warning, breach, exhausted, never_contacted, volume_without_sales, data_gap, woken, or the action that was performed: escalate, reassign, return_to_nurture';
COMMENT ON COLUMN alert.at IS 'instant that it is about: when the promise was broken, for example';
COMMENT ON COLUMN alert.raised_at IS 'instant as of which the sweep raised it';
COMMENT ON COLUMN alert.send_at IS 'when the receiver may be told: raised_at (done_at for an action), or the next opening of the receiver''s alert calendar';
COMMENT ON COLUMN alert.sent_at IS 'when it was notified; null while it waits for send_at, or for the action to be done, and where somebody took note before';
COMMENT ON COLUMN alert.receiver IS 'team member who is told: escalate tells the manager, reassign the new owner; null for nobody in particular (details may name a team)';
COMMENT ON COLUMN alert.clock_id IS 'promise that it is about';
COMMENT ON COLUMN alert.lead_id IS 'lead that it is about';
COMMENT ON COLUMN alert.opportunity_id IS 'opportunity that it is about';
COMMENT ON COLUMN alert.campaign_id IS 'campaign that it is about';
COMMENT ON COLUMN alert.message IS 'the alert in words';
COMMENT ON COLUMN alert.details IS 'the same as data';
COMMENT ON COLUMN alert.action IS 'what was to be done: escalate, reassign, return_to_nurture or wake; null for an alert alone';
COMMENT ON COLUMN alert.done_at IS 'when it was done; null while it was not';
COMMENT ON COLUMN alert.dropped_at IS 'when it was given up, because the promise was kept or the lead had moved before it could be done';
COMMENT ON COLUMN alert.fault IS 'what stood in the way at the last try: in words, or an SQLSTATE and a constraint or criterion; null where nothing did. Every sweep tries again';
COMMENT ON COLUMN alert.tries IS 'how often it was tried in vain';
COMMENT ON COLUMN alert.acknowledged_at IS 'when the receiver, or a program, took note; null while nobody did';
COMMENT ON COLUMN alert.acknowledged_by IS 'role that took note';

CREATE TABLE daily_look (
    kind                text PRIMARY KEY,
    at                  timestamptz NOT NULL,
    definition_version  bigint NOT NULL
);
COMMENT ON TABLE daily_look IS 'When leadflow.sweep last looked for what it looks for once a day. Kept by leadflow.';
COMMENT ON COLUMN daily_look.kind IS 'kind of alert: volume_without_sales or data_gap';
COMMENT ON COLUMN daily_look.at IS 'instant as of which it looked';
COMMENT ON COLUMN daily_look.definition_version IS 'version of the definitions at that time; once they change it looks again';

-- What a sweep, and the list of broken promises, look for.
CREATE INDEX sla_clock_exhausted ON sla_clock (stopped_at) WHERE stopped_by = 'attempts';
CREATE INDEX sla_clock_stopped ON sla_clock (stopped_at) WHERE stopped_at IS NOT NULL;
CREATE INDEX sla_clock_cancelled ON sla_clock (cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX stage_event_at ON stage_event (at) WHERE opportunity_id IS NULL;

CREATE TRIGGER leadflow_consequence_guard BEFORE INSERT OR UPDATE ON consequence
    FOR EACH ROW EXECUTE FUNCTION leadflow.consequence_guard();
CREATE TRIGGER leadflow_alert_guard BEFORE UPDATE ON alert
    FOR EACH ROW WHEN (OLD.acknowledged_at IS DISTINCT FROM NEW.acknowledged_at OR OLD.acknowledged_by IS DISTINCT FROM NEW.acknowledged_by)
    EXECUTE FUNCTION leadflow.alert_guard();
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
