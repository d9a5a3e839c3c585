/*
 * feedback.sql: what sales says about each lead that marketing handed over,
 * and what marketing answers.
 */

CREATE TABLE objection (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    labels      jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE objection IS 'The objections that buyers raise, as sales hears them.';
COMMENT ON COLUMN objection.code IS 'code that writers give';
COMMENT ON COLUMN objection.labels IS 'the objection in the buyer''s words, by language: {"en": "Too expensive"}';
COMMENT ON COLUMN objection.active IS 'whether it may still be given';

CREATE TABLE verdict (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    verdict         text NOT NULL CHECK (verdict IN ('accepted', 'rejected')),
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    handed_over_at  timestamptz NOT NULL,
    stage           leadflow.stage,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    note            text,
    objections      text[] NOT NULL DEFAULT '{}',
    narrative       text,
    wake_at         timestamptz,
    owner           text,
    team            text,
    campaign_id     bigint,
    origin          text,
    segment         text,
    variant         text NOT NULL,
    score           numeric,
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER
);
CREATE INDEX verdict_lead ON verdict (lead_id, handed_over_at, at, id);
COMMENT ON TABLE verdict IS 'What sales said about a lead that was handed over: by a row here, which moves the lead, or by moving it, which writes the row. Of a handover the latest verdict counts. Append-only.';
COMMENT ON COLUMN verdict.id IS 'number of the verdict';
COMMENT ON COLUMN verdict.lead_id IS 'the lead';
COMMENT ON COLUMN verdict.verdict IS 'accepted or rejected';
COMMENT ON COLUMN verdict.at IS 'when it was given; the lead is moved as of then';
COMMENT ON COLUMN verdict.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN verdict.handed_over_at IS 'the handover that it is about: when the lead last entered mql. Filled by leadflow';
COMMENT ON COLUMN verdict.stage IS 'where the lead goes by it, or is already; filled where the writer gives none: sal, or of the reason''s applies_to the first exit or stage before the present one, or nurture';
COMMENT ON COLUMN verdict.reason IS 'why it was rejected; owed for a rejection. With an acceptance, why it comes back from an exit';
COMMENT ON COLUMN verdict.note IS 'the reason in words; owed where the reason asks for it';
COMMENT ON COLUMN verdict.objections IS 'codes of the objections that were heard';
COMMENT ON COLUMN verdict.narrative IS 'what marketing should know and tell, where the lead goes into nurture';
COMMENT ON COLUMN verdict.wake_at IS 'when it should come back, where the lead goes into nurture';
COMMENT ON COLUMN verdict.owner IS 'owner of the lead at that moment. This and what follows is filled by leadflow';
COMMENT ON COLUMN verdict.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN verdict.campaign_id IS 'campaign of the lead at that moment';
COMMENT ON COLUMN verdict.origin IS 'origin of the lead at that moment';
COMMENT ON COLUMN verdict.segment IS 'segment of the lead at that moment';
COMMENT ON COLUMN verdict.variant IS 'variant of the lead at that moment';
COMMENT ON COLUMN verdict.score IS 'the tool''s score of the lead at that moment; what leadflow''s own was when the lead qualified is in stage_event.facts';
COMMENT ON COLUMN verdict.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdict.actor IS 'role in whose name it was given';

CREATE TABLE verdict_answer (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verdict_id      bigint NOT NULL REFERENCES verdict,
    answer          text NOT NULL CHECK (answer IN ('agrees', 'disputes', 'mends')),
    note            text,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    CONSTRAINT dispute_says_why CHECK (answer = 'agrees' OR COALESCE(pg_catalog.btrim(note), '') <> '')
);
CREATE INDEX ON verdict_answer (verdict_id, at);
COMMENT ON TABLE verdict_answer IS 'What marketing answered to a rejection; the latest answer counts. Append-only.';
COMMENT ON COLUMN verdict_answer.id IS 'number of the answer';
COMMENT ON COLUMN verdict_answer.verdict_id IS 'the rejection';
COMMENT ON COLUMN verdict_answer.answer IS 'agrees, disputes (the lead was good), or mends (the campaign, the audience or the score is being changed)';
COMMENT ON COLUMN verdict_answer.note IS 'why it is disputed, or what is being mended';
COMMENT ON COLUMN verdict_answer.at IS 'when it was given';
COMMENT ON COLUMN verdict_answer.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN verdict_answer.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdict_answer.actor IS 'role in whose name it was given';

CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.verdict_guard();
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.verdict_recorder();
CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT ON verdict_answer
    FOR EACH ROW EXECUTE FUNCTION leadflow.answer_guard();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON verdict
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON verdict_answer
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON verdict_answer
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON objection
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON objection
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE objection ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
