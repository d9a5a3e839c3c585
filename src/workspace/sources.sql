/*
 * sources.sql: the tools that write, and whose word counts.
 */

CREATE TABLE source (
    source          text PRIMARY KEY CHECK (source NOT IN ('', '*')),
    label           text,
    stage_sync      text NOT NULL DEFAULT 'mirror' CHECK (stage_sync IN ('forward', 'mirror')),
    unknown_status  text NOT NULL DEFAULT 'refuse'
        CHECK (unknown_status IN ('refuse', 'park') OR unknown_status::leadflow.stage IS NOT NULL)
);
COMMENT ON TABLE source IS 'What a tool that writes may do. A tool that is not listed mirrors, and its unknown words are refused.';
COMMENT ON COLUMN source.source IS 'the tool, as it is called in source columns and in the setting leadflow.source';
COMMENT ON COLUMN source.label IS 'name people read';
COMMENT ON COLUMN source.stage_sync IS 'where its own word moves a row: mirror (wherever the standard allows) or forward (not back along the spine: an earlier word is kept as status and moves nothing)';
COMMENT ON COLUMN source.unknown_status IS 'what becomes of a word that stage_alias does not list, where the tool has a vocabulary: refuse, park (the row goes to quarantine, whatever leadflow.on_violation says), or a stage that it then stands for';

CREATE TABLE overwrite_rule (
    object  text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    field   text NOT NULL,
    rule    text NOT NULL CHECK (rule IN ('keep_filled', 'newest', 'ranked')),
    sources text[] CHECK (pg_catalog.cardinality(sources) > 0 AND pg_catalog.array_ndims(sources) = 1
        AND pg_catalog.array_position(sources, NULL) IS NULL AND NOT sources && '{"",*}'),
    PRIMARY KEY (object, field),
    CONSTRAINT ranked_by_sources CHECK ((rule = 'ranked') = (sources IS NOT NULL))
);
COMMENT ON TABLE overwrite_rule IS 'Which value of a field stays when a tool writes another. A field without a rule takes whatever is written.';
COMMENT ON COLUMN overwrite_rule.object IS 'lead or opportunity';
COMMENT ON COLUMN overwrite_rule.field IS 'column of the table; not one that identifies the row or that leadflow keeps';
COMMENT ON COLUMN overwrite_rule.rule IS 'keep_filled (an empty value, null or blank, never replaces a filled one), newest (the last filled value; at a plain write the same) or ranked (as keep_filled, and a source that ranks lower never replaces the value of one that ranks higher)';
COMMENT ON COLUMN overwrite_rule.sources IS 'ranked only: the sources, best first. Those that are not listed rank below them, and of equals the last writer wins';

CREATE TABLE overwrite_refused (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object          text NOT NULL,
    lead_id         bigint,
    opportunity_id  bigint,
    field           text NOT NULL,
    kept            text,
    refused         text,
    kept_source     text,
    refused_source  text,
    rule            text NOT NULL,
    session_actor   text NOT NULL,
    actor           text NOT NULL
);
CREATE INDEX ON overwrite_refused (lead_id);
COMMENT ON TABLE overwrite_refused IS 'Values that were not written because an overwrite_rule kept the old one. The rest of the row was written. Append-only.';
COMMENT ON COLUMN overwrite_refused.id IS 'number in the order of recording';
COMMENT ON COLUMN overwrite_refused.recorded_at IS 'when the value was refused';
COMMENT ON COLUMN overwrite_refused.object IS 'lead or opportunity';
COMMENT ON COLUMN overwrite_refused.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN overwrite_refused.opportunity_id IS 'the opportunity; null for a lead';
COMMENT ON COLUMN overwrite_refused.field IS 'column that was to be overwritten';
COMMENT ON COLUMN overwrite_refused.kept IS 'the value that stays, shortened to 1000 bytes; null once the person was erased';
COMMENT ON COLUMN overwrite_refused.refused IS 'the value that was refused, shortened to 1000 bytes; null where it was null or the person was erased';
COMMENT ON COLUMN overwrite_refused.kept_source IS 'source of the value that stays; null where it is not known';
COMMENT ON COLUMN overwrite_refused.refused_source IS 'source of the value that was refused';
COMMENT ON COLUMN overwrite_refused.rule IS 'the rule: keep_filled, newest or ranked';
COMMENT ON COLUMN overwrite_refused.session_actor IS 'role that opened the session';
COMMENT ON COLUMN overwrite_refused.actor IS 'role in whose name the write was made';

-- A rule for a field that is not there, or that is not to be had, is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON overwrite_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.overwrite_rule_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON source
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON source
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE source ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON overwrite_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON overwrite_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE overwrite_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON overwrite_refused
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON overwrite_refused
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
