/*
 * triggers.sql: what watches the tables.  The guard's name sorts last among
 * BEFORE triggers, so that it sees the row as it will be written; the
 * recorder's sorts first among AFTER triggers, so that others see the history and
 * what they write in turn is recorded after it.
 */

CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT OR UPDATE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.guard('lead');
CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.guard('opportunity');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.recorder('lead');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.recorder('opportunity');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE OR DELETE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.touch_recorder();
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON sla_pause
    FOR EACH ROW EXECUTE FUNCTION leadflow.pause_recorder();
CREATE TRIGGER leadflow_kind_recorder AFTER UPDATE ON touch_kind
    FOR EACH ROW EXECUTE FUNCTION leadflow.kind_recorder();

-- When a row was recorded, and by whom, is not for its writer to say.
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON intent_signal
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON campaign_cost
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON transcript
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON content_request
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON debrief
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON opinion
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON committee_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON hypothesis_talk
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON battlecard_feedback
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON objection_heard
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON sla_pause
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('actor');

-- What happened stays.
CREATE TRIGGER leadflow_append_only BEFORE DELETE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON lead
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE DELETE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON opportunity
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON stage_event
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON stage_event
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON violation
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON violation
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON definition_change
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON definition_change
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON nurture_stay
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON nurture_stay
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

-- An expression that does not compile is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON standard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('expression');
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON sla_policy
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');

-- A change of a definition is kept, and binds the next statement of every session.
-- ALWAYS: where definitions arrive by replication the sessions must hear of it too.
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON stage_definition
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON stage_definition
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE stage_definition ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON stage_alias
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON stage_alias
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE stage_alias ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON transition
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON transition
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE transition ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON standard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON standard
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE standard ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON reason
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON reason
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE reason ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON business_calendar
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON business_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE business_calendar ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON team_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON team_member
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE team_member ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON touch_kind
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON touch_kind
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE touch_kind ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON sla_policy
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON sla_policy
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE sla_policy ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON workspace
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON workspace
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE workspace ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON nurture_track
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON nurture_track
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE nurture_track ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
