/*
 * library.sql: what marketing and sales say: contents and battlecards, what is
 * asked for, what buyers object to, which promises may be made, and what was
 * said, word for word.
 */

CREATE TABLE content (
    title           text PRIMARY KEY CHECK (title <> ''),
    kind            text NOT NULL CHECK (kind <> ''),
    url             text CHECK (url <> ''),
    stage           leadflow.stage CHECK (stage >= 'visitor'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    segment         text CHECK (segment <> ''),
    language        text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    owner           text NOT NULL CHECK (owner <> ''),
    updated_on      date NOT NULL CHECK (pg_catalog.isfinite(updated_on)),
    review_after    interval NOT NULL DEFAULT '180 days' CHECK (review_after > interval '0' AND review_after <= interval '100 years'),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE content IS 'The contents that there are. Their use is in touch.content, which names them by title.';
COMMENT ON COLUMN content.title IS 'title, as touch.content has it';
COMMENT ON COLUMN content.kind IS 'case, report, calculator, webinar, and so on';
COMMENT ON COLUMN content.url IS 'where it is';
COMMENT ON COLUMN content.stage IS 'stage that it is made for; null for any';
COMMENT ON COLUMN content.persona IS 'persona that it is made for; null for any';
COMMENT ON COLUMN content.segment IS 'segment that it is made for; null for any';
COMMENT ON COLUMN content.language IS 'its language, as BCP 47 writes it: en, pl, zh-Hant; null for none';
COMMENT ON COLUMN content.owner IS 'team member who keeps it';
COMMENT ON COLUMN content.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN content.review_after IS 'how long it stays fresh after that';
COMMENT ON COLUMN content.active IS 'false for what may not be used any more';

CREATE TABLE battlecard (
    battlecard      text PRIMARY KEY CHECK (battlecard ~ '^[a-z][a-z0-9_]{0,62}$'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    scenario        text NOT NULL CHECK (scenario <> ''),
    competitor      text CHECK (competitor <> ''),
    objection       text REFERENCES objection ON UPDATE CASCADE,
    argument        text NOT NULL CHECK (argument <> ''),
    proof           text,
    content         text REFERENCES content ON UPDATE CASCADE,
    owner           text NOT NULL CHECK (owner <> ''),
    updated_on      date NOT NULL CHECK (pg_catalog.isfinite(updated_on)),
    review_after    interval NOT NULL DEFAULT '90 days' CHECK (review_after > interval '0' AND review_after <= interval '100 years'),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE battlecard IS 'What to say to whom in which scenario, with its proof.';
COMMENT ON COLUMN battlecard.battlecard IS 'code of the card';
COMMENT ON COLUMN battlecard.persona IS 'persona that it is for; null for any';
COMMENT ON COLUMN battlecard.scenario IS 'the situation';
COMMENT ON COLUMN battlecard.competitor IS 'competitor that it is about; null for none';
COMMENT ON COLUMN battlecard.objection IS 'objection that it answers; null for none';
COMMENT ON COLUMN battlecard.argument IS 'what to say';
COMMENT ON COLUMN battlecard.proof IS 'what proves it';
COMMENT ON COLUMN battlecard.content IS 'content that holds the proof';
COMMENT ON COLUMN battlecard.owner IS 'team member who keeps it';
COMMENT ON COLUMN battlecard.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN battlecard.review_after IS 'how long it stays fresh after that';
COMMENT ON COLUMN battlecard.active IS 'false for one that may not be used any more';

CREATE TABLE battlecard_feedback (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    battlecard      text NOT NULL REFERENCES battlecard ON UPDATE CASCADE,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    lead_id         bigint REFERENCES lead,
    helped          boolean NOT NULL,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ON battlecard_feedback (battlecard, at);
CREATE INDEX ON battlecard_feedback (lead_id);
COMMENT ON TABLE battlecard_feedback IS 'What those who use a battlecard say about it.';
COMMENT ON COLUMN battlecard_feedback.id IS 'number of the row';
COMMENT ON COLUMN battlecard_feedback.battlecard IS 'the card';
COMMENT ON COLUMN battlecard_feedback.at IS 'when it was said';
COMMENT ON COLUMN battlecard_feedback.lead_id IS 'lead with whom it was used; null for none in particular';
COMMENT ON COLUMN battlecard_feedback.helped IS 'whether the card helped';
COMMENT ON COLUMN battlecard_feedback.note IS 'what should change';
COMMENT ON COLUMN battlecard_feedback.actor IS 'role that wrote it';
COMMENT ON COLUMN battlecard_feedback.recorded_at IS 'when we learnt it';

CREATE TABLE content_request (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at        timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(asked_at)),
    asked_by        text NOT NULL DEFAULT CURRENT_USER CHECK (asked_by <> ''),
    lead_id         bigint REFERENCES lead,
    opportunity_id  bigint REFERENCES opportunity,
    persona         text REFERENCES persona ON UPDATE CASCADE,
    stage           leadflow.stage,
    kind            text NOT NULL CHECK (kind <> ''),
    wanted          text NOT NULL CHECK (wanted <> ''),
    needed_by       date CHECK (pg_catalog.isfinite(needed_by)),
    answered_at     timestamptz CHECK (answered_at >= asked_at AND pg_catalog.isfinite(answered_at)),
    content         text REFERENCES content ON UPDATE CASCADE,
    outcome         text CHECK (outcome IN ('used', 'not_used')),
    note            text,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT lead_or_deal CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL),
    CONSTRAINT delivered_when CHECK (answered_at IS NOT NULL OR content IS NULL AND outcome IS NULL),
    CONSTRAINT outcome_of_content CHECK (outcome IS NULL OR content IS NOT NULL)
);
CREATE INDEX ON content_request (lead_id);
CREATE INDEX ON content_request (opportunity_id);
COMMENT ON TABLE content_request IS 'Contents that sales asked marketing for, for whom and when, and what became of it.';
COMMENT ON COLUMN content_request.id IS 'number of the request';
COMMENT ON COLUMN content_request.asked_at IS 'when it was asked for';
COMMENT ON COLUMN content_request.asked_by IS 'team member who asked';
COMMENT ON COLUMN content_request.lead_id IS 'lead that it is for';
COMMENT ON COLUMN content_request.opportunity_id IS 'deal that it is for';
COMMENT ON COLUMN content_request.persona IS 'type of the buyer';
COMMENT ON COLUMN content_request.stage IS 'where the buyer is';
COMMENT ON COLUMN content_request.kind IS 'kind of content: case, report, calculator';
COMMENT ON COLUMN content_request.wanted IS 'what is asked for, in words';
COMMENT ON COLUMN content_request.needed_by IS 'day by which it is needed; null for none';
COMMENT ON COLUMN content_request.answered_at IS 'when marketing answered; null for not yet';
COMMENT ON COLUMN content_request.content IS 'content that was delivered; null, once answered, where the request was declined';
COMMENT ON COLUMN content_request.outcome IS 'whether it was used with the buyer: used or not_used; null for not known';
COMMENT ON COLUMN content_request.note IS 'remark, of either side';
COMMENT ON COLUMN content_request.recorded_at IS 'when we learnt it';

CREATE TABLE objection_heard (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    objection       text NOT NULL REFERENCES objection ON UPDATE CASCADE,
    lead_id         bigint REFERENCES lead,
    opportunity_id  bigint REFERENCES opportunity,
    touch_id        bigint,
    battlecard      text REFERENCES battlecard ON UPDATE CASCADE,
    answer          text CHECK (answer <> ''),
    overcome        boolean,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT lead_or_deal CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL)
);
CREATE INDEX ON objection_heard (lead_id);
CREATE INDEX ON objection_heard (opportunity_id);
COMMENT ON TABLE objection_heard IS 'Objections as they were heard, and what was answered. Those of a verdict are in verdict.objections and are counted with them.';
COMMENT ON COLUMN objection_heard.id IS 'number of the row';
COMMENT ON COLUMN objection_heard.at IS 'when it was heard';
COMMENT ON COLUMN objection_heard.objection IS 'the objection';
COMMENT ON COLUMN objection_heard.lead_id IS 'lead that raised it';
COMMENT ON COLUMN objection_heard.opportunity_id IS 'deal in which it was raised';
COMMENT ON COLUMN objection_heard.touch_id IS 'call or meeting in which it was heard (touch.id), which may be gone';
COMMENT ON COLUMN objection_heard.battlecard IS 'battlecard that was used; null for none';
COMMENT ON COLUMN objection_heard.answer IS 'what was answered, in few words that repeat: reports count equal answers together';
COMMENT ON COLUMN objection_heard.overcome IS 'whether the buyer went on after it; null for not known';
COMMENT ON COLUMN objection_heard.note IS 'remark';
COMMENT ON COLUMN objection_heard.actor IS 'role that wrote it';
COMMENT ON COLUMN objection_heard.recorded_at IS 'when we learnt it';

CREATE TABLE claim (
    claim           text PRIMARY KEY CHECK (claim ~ '^[a-z][a-z0-9_]{0,62}$'),
    kind            text NOT NULL CHECK (kind IN ('promise', 'term')),
    phrase          text NOT NULL CHECK (phrase <> ''),
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    instead_of      text,
    approved_by     text NOT NULL CHECK (approved_by <> ''),
    approved_on     date,
    valid_until     date,
    active          boolean NOT NULL DEFAULT true,
    CHECK (valid_until >= approved_on)
);
COMMENT ON TABLE claim IS 'Approved wording, from the advertisement to the contract: what may be promised, and what things are called.';
COMMENT ON COLUMN claim.claim IS 'code of the wording';
COMMENT ON COLUMN claim.kind IS 'promise (may stand in lead.promised) or term';
COMMENT ON COLUMN claim.phrase IS 'the wording';
COMMENT ON COLUMN claim.segments IS 'audience: leads of these segments; null for all';
COMMENT ON COLUMN claim.instead_of IS 'wording that it replaces';
COMMENT ON COLUMN claim.approved_by IS 'department that approved it';
COMMENT ON COLUMN claim.approved_on IS 'first day on which it holds; null for always';
COMMENT ON COLUMN claim.valid_until IS 'last day on which it holds; null for no end';
COMMENT ON COLUMN claim.active IS 'whether it is in force';

CREATE TABLE keyword (
    keyword         text PRIMARY KEY CHECK (keyword ~ '^[a-z][a-z0-9_]{0,62}$'),
    phrases         text[] NOT NULL CONSTRAINT words_in_phrases CHECK (leadflow.phrase_query(phrases) IS NOT NULL),
    meaning         text NOT NULL,
    objection       text REFERENCES objection ON UPDATE CASCADE,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE keyword IS 'What to listen for in what was said: the report keywords_heard counts it in transcripts.';
COMMENT ON COLUMN keyword.keyword IS 'code';
COMMENT ON COLUMN keyword.phrases IS 'any of these phrases, as it is said: words in their order, in any case; one that ends with * also finds longer words: {too expensive,discount*}';
COMMENT ON COLUMN keyword.meaning IS 'what it tells whoever reads it';
COMMENT ON COLUMN keyword.objection IS 'objection that it is a sign of; null for none';
COMMENT ON COLUMN keyword.active IS 'whether it is counted';

CREATE TABLE transcript (
    touch_id        bigint PRIMARY KEY REFERENCES touch ON DELETE CASCADE,
    words           text NOT NULL CHECK (pg_catalog.btrim(words) <> ''),
    language        text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    recording_url   text CHECK (recording_url <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    search          tsvector GENERATED ALWAYS AS (pg_catalog.to_tsvector('pg_catalog.simple'::regconfig, words)) STORED
);
CREATE INDEX ON transcript USING gin (search);
COMMENT ON TABLE transcript IS 'What was said or written in a touch, word for word: a call, a meeting, a letter.';
COMMENT ON COLUMN transcript.touch_id IS 'the touch; its transcript goes with it';
COMMENT ON COLUMN transcript.words IS 'what was said; its distinct words may take a megabyte (PostgreSQL''s limit of tsvector, 54000)';
COMMENT ON COLUMN transcript.language IS 'its language (BCP 47)';
COMMENT ON COLUMN transcript.recording_url IS 'where the recording is';
COMMENT ON COLUMN transcript.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN transcript.search IS 'the same for text search, in the configuration simple';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON content
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON content
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE content ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON battlecard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON battlecard
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE battlecard ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON claim
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE claim ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON keyword
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON keyword
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE keyword ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
