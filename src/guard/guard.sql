/* guard.sql: judging, recording, explaining */

CREATE FUNCTION leadflow.guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_guard';
COMMENT ON FUNCTION leadflow.guard() IS
    'BEFORE INSERT OR UPDATE trigger of lead and opportunity: judges a change of stage and keeps the columns that are leadflow''s own';

CREATE FUNCTION leadflow.recorder() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_recorder';
COMMENT ON FUNCTION leadflow.recorder() IS
    'AFTER INSERT OR UPDATE trigger of lead and opportunity: writes stage_event, starts and stops clocks';

CREATE FUNCTION leadflow.touch_recorder() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_touch_recorder';
COMMENT ON FUNCTION leadflow.touch_recorder() IS
    'AFTER INSERT OR UPDATE OR DELETE trigger of touch: starts and stops clocks';

CREATE FUNCTION leadflow.pause_recorder() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_pause_recorder';
COMMENT ON FUNCTION leadflow.pause_recorder() IS
    'AFTER INSERT OR UPDATE trigger of sla_pause: moves the warning and due instants of the clock on';

CREATE FUNCTION leadflow.record_keeper() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_record_keeper';
COMMENT ON FUNCTION leadflow.record_keeper() IS
    'BEFORE INSERT OR UPDATE trigger of tables that people write: whatever a writer gives, the columns that it names say when a new row was recorded (now) and by whom (the present role), and stay as they are. The owner of the table may set them, who loads what was recorded elsewhere';

CREATE FUNCTION leadflow.kind_recorder() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_kind_recorder';
COMMENT ON FUNCTION leadflow.kind_recorder() IS
    'AFTER UPDATE trigger of touch_kind: where a kind is called otherwise, promises, clocks and rules of the score that name it follow';

CREATE FUNCTION leadflow.definition_guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_definition_guard';
COMMENT ON FUNCTION leadflow.definition_guard() IS
    'BEFORE INSERT OR UPDATE trigger of definitions with an expression: refuses what does not compile or is not allowed in a criterion';

CREATE FUNCTION leadflow.score_rule_guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_score_rule_guard';
COMMENT ON FUNCTION leadflow.score_rule_guard() IS
    'BEFORE INSERT OR UPDATE trigger of score_rule: refuses an expression that does not compile or is not allowed in a criterion, or that reads the score (42P17)';

CREATE FUNCTION leadflow.score_feature_guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_score_feature_guard';
COMMENT ON FUNCTION leadflow.score_feature_guard() IS
    'BEFORE INSERT OR UPDATE trigger of score_feature: refuses an expression that does not compile, is not allowed in a criterion or reads the probability (42P17 and others), or does not yield what the kind asks for (42804)';

CREATE FUNCTION leadflow.overwrite_rule_guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_overwrite_rule_guard';
COMMENT ON FUNCTION leadflow.overwrite_rule_guard() IS
    'BEFORE INSERT OR UPDATE trigger of overwrite_rule: refuses a field that the table does not have (42703), and one that identifies the row or that leadflow or PostgreSQL keeps (23514, constraint overwrite_rule_field)';

CREATE FUNCTION leadflow.field_guard() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_field_guard';
COMMENT ON FUNCTION leadflow.field_guard() IS
    'BEFORE INSERT OR UPDATE trigger of definitions that name a field of an object: refuses a field that the object''s table does not have (42703)';

CREATE FUNCTION leadflow.definition_recorder() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_definition_recorder';
COMMENT ON FUNCTION leadflow.definition_recorder() IS
    'AFTER trigger of the definition tables: keeps the change in definition_change and tells every session';

CREATE FUNCTION leadflow.append_only() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'leadflow_append_only';
COMMENT ON FUNCTION leadflow.append_only() IS
    'BEFORE trigger that refuses to update, delete or truncate what happened (23514, constraint append_only)';

CREATE FUNCTION leadflow.explain(workspace text, id bigint, target leadflow.stage, object text DEFAULT 'lead')
    RETURNS TABLE (criterion text, stage leadflow.stage, requirement text, met boolean, value_seen text, how_to_fix text)
    LANGUAGE C STABLE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_explain';
COMMENT ON FUNCTION leadflow.explain(text, bigint, leadflow.stage, text) IS
    'what entering the target stage now would ask of a lead (or of an opportunity): each criterion up to the target, whether it is met, by which values (those that the caller may read), and how to meet it. object: lead or opportunity. Needs SELECT on the table. Errors: no such row (P0002), no such workspace (42704), another object (22023)';

CREATE FUNCTION leadflow.explain_transition(workspace text, from_stage leadflow.stage, to_stage leadflow.stage,
        object text DEFAULT 'lead', variant text DEFAULT '*',
        OUT allowed boolean, OUT rule text, OUT reason_required boolean, OUT criteria text[])
    LANGUAGE C STABLE
    AS 'MODULE_PATHNAME', 'leadflow_explain_transition';
COMMENT ON FUNCTION leadflow.explain_transition(text, leadflow.stage, leadflow.stage, text, text) IS
    'whether a move is allowed, which rule says so, whether a reason is owed, and the codes of the criteria that are judged. A null from_stage stands for a new row; null for any other null argument. Needs SELECT on transition. Errors: no such workspace (42704), another object (22023)';

CREATE FUNCTION leadflow.pause_clock(workspace text, clock_id bigint, reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE pg_catalog.format('INSERT INTO %I.sla_pause (clock_id, reason) VALUES ($1, $2)', workspace)
        USING clock_id, reason;
END;
$$;
COMMENT ON FUNCTION leadflow.pause_clock(text, bigint, text) IS
    'stops the time of a clock from leadflow.clock() on, with the reason. Needs INSERT on sla_pause. Errors: it is paused already (23505), it was stopped or cancelled (55000), no such clock (23503), no reason (23502, 23514), no such workspace (42P01)';

CREATE FUNCTION leadflow.resume_clock(workspace text, clock_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    resumed bigint;
BEGIN
    EXECUTE pg_catalog.format(
        'UPDATE %I.sla_pause SET resumed_at = GREATEST(leadflow.clock(), paused_at)
         WHERE clock_id = $1 AND resumed_at IS NULL', workspace)
        USING clock_id;
    GET DIAGNOSTICS resumed = ROW_COUNT;
    IF resumed = 0 THEN
        RAISE EXCEPTION 'clock % is not paused', clock_id
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.resume_clock(text, bigint) IS
    'lets a paused clock go on; its warning and due instants move on by the clock''s own time that was paused. Needs UPDATE on sla_pause. Errors: it is not paused, or there is none (55000), no such workspace (42P01)';
