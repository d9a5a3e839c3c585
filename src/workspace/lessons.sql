/*
 * lessons.sql: what the company wants to know, how it tries to find out, what
 * customers say, and what was learnt and is to be done.
 */

CREATE TABLE hypothesis (
    hypothesis      text PRIMARY KEY CHECK (hypothesis ~ '^[a-z][a-z0-9_]{0,62}$'),
    question        text NOT NULL CHECK (question <> ''),
    owner           text NOT NULL CHECK (owner <> ''),
    segment         text CHECK (segment <> ''),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    starts_on       date NOT NULL CHECK (pg_catalog.isfinite(starts_on)),
    ends_on         date NOT NULL CHECK (pg_catalog.isfinite(ends_on)),
    measure         text NOT NULL CHECK (measure <> ''),
    closed_on       date CHECK (pg_catalog.isfinite(closed_on)),
    verdict         text CHECK (verdict IN ('confirmed', 'refuted', 'undecided')),
    conclusion      text CHECK (pg_catalog.btrim(conclusion) <> ''),
    CHECK (ends_on >= starts_on),
    CHECK (closed_on >= starts_on),
    CONSTRAINT closed_with_verdict CHECK (pg_catalog.num_nonnulls(closed_on, verdict, conclusion) IN (0, 3))
);
COMMENT ON TABLE hypothesis IS 'What both departments want to know. It is closed with a verdict and a conclusion, and not without.';
COMMENT ON COLUMN hypothesis.hypothesis IS 'code of the hypothesis';
COMMENT ON COLUMN hypothesis.question IS 'what is supposed, so that it can turn out wrong';
COMMENT ON COLUMN hypothesis.owner IS 'team member who answers for it';
COMMENT ON COLUMN hypothesis.segment IS 'segment that it is about; null for all';
COMMENT ON COLUMN hypothesis.persona IS 'persona that it is about; null for all';
COMMENT ON COLUMN hypothesis.starts_on IS 'first day on which it is looked at';
COMMENT ON COLUMN hypothesis.ends_on IS 'day by which it is to be closed';
COMMENT ON COLUMN hypothesis.measure IS 'what would decide it, in words, written down beforehand';
COMMENT ON COLUMN hypothesis.closed_on IS 'when it was closed; null while it is open';
COMMENT ON COLUMN hypothesis.verdict IS 'confirmed, refuted or undecided; null while it is open';
COMMENT ON COLUMN hypothesis.conclusion IS 'what follows from it; null while it is open';

CREATE TABLE hypothesis_talk (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hypothesis      text NOT NULL REFERENCES hypothesis ON UPDATE CASCADE,
    lead_id         bigint NOT NULL REFERENCES lead,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    supports        boolean NOT NULL,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ON hypothesis_talk (hypothesis);
CREATE INDEX ON hypothesis_talk (lead_id);
COMMENT ON TABLE hypothesis_talk IS 'What a real talk said about a hypothesis. Of several talks with one lead the latest counts.';
COMMENT ON COLUMN hypothesis_talk.id IS 'number of the row';
COMMENT ON COLUMN hypothesis_talk.hypothesis IS 'the hypothesis';
COMMENT ON COLUMN hypothesis_talk.lead_id IS 'lead that was talked to';
COMMENT ON COLUMN hypothesis_talk.at IS 'when';
COMMENT ON COLUMN hypothesis_talk.supports IS 'whether what the lead said speaks for it';
COMMENT ON COLUMN hypothesis_talk.note IS 'what the lead said';
COMMENT ON COLUMN hypothesis_talk.actor IS 'role that wrote it';
COMMENT ON COLUMN hypothesis_talk.recorded_at IS 'when we learnt it';

CREATE TABLE experiment (
    experiment      text PRIMARY KEY CHECK (experiment ~ '^[a-z][a-z0-9_]{0,62}$'),
    hypothesis      text NOT NULL REFERENCES hypothesis ON UPDATE CASCADE,
    variant_a       text NOT NULL CHECK (variant_a <> ''),
    variant_b       text NOT NULL CHECK (variant_b <> ''),
    campaign_a      bigint REFERENCES campaign,
    campaign_b      bigint REFERENCES campaign,
    a_starts_on     date NOT NULL CHECK (pg_catalog.isfinite(a_starts_on)),
    a_ends_on       date NOT NULL CHECK (pg_catalog.isfinite(a_ends_on)),
    b_starts_on     date NOT NULL CHECK (pg_catalog.isfinite(b_starts_on)),
    b_ends_on       date NOT NULL CHECK (pg_catalog.isfinite(b_ends_on)),
    segment         text CHECK (segment <> ''),
    of_stage        text NOT NULL DEFAULT 'visitor' CHECK (of_stage IN ('visitor', 'lead', 'mql', 'sal', 'sql', 'opportunity')),
    reaches         text NOT NULL CHECK (reaches IN ('lead', 'mql', 'sal', 'sql', 'opportunity', 'won')),
    within          interval NOT NULL DEFAULT '30 days' CHECK (within > interval '0' AND within <= interval '36500 days'),
    needed          integer NOT NULL DEFAULT 100 CHECK (needed >= 30),
    CHECK (a_ends_on >= a_starts_on),
    CHECK (b_ends_on >= b_starts_on),
    CHECK (of_stage::leadflow.stage < reaches::leadflow.stage),
    CONSTRAINT within_in_days CHECK (pg_catalog.date_part('month', within) = 0 AND pg_catalog.date_part('year', within) = 0),
    CONSTRAINT two_groups CHECK (CASE pg_catalog.num_nonnulls(campaign_a, campaign_b)
                                 WHEN 2 THEN campaign_a <> campaign_b OR a_ends_on < b_starts_on OR b_ends_on < a_starts_on
                                 WHEN 0 THEN a_ends_on < b_starts_on OR b_ends_on < a_starts_on
                                 ELSE false END)
);
COMMENT ON TABLE experiment IS 'A test of a hypothesis on two groups of leads: before and after a change, or two campaigns side by side. Groups, measure and size are written down beforehand.';
COMMENT ON COLUMN experiment.experiment IS 'code of the experiment';
COMMENT ON COLUMN experiment.hypothesis IS 'hypothesis that it tests';
COMMENT ON COLUMN experiment.variant_a IS 'what group A gets: how it was before';
COMMENT ON COLUMN experiment.variant_b IS 'what group B gets';
COMMENT ON COLUMN experiment.campaign_a IS 'campaign at the first entry of the leads of A; null, in both, where only the period tells them apart';
COMMENT ON COLUMN experiment.campaign_b IS 'campaign of B';
COMMENT ON COLUMN experiment.a_starts_on IS 'first day on which a lead of A reached of_stage, in the session''s time zone';
COMMENT ON COLUMN experiment.a_ends_on IS 'last such day';
COMMENT ON COLUMN experiment.b_starts_on IS 'first day of B';
COMMENT ON COLUMN experiment.b_ends_on IS 'last day of B';
COMMENT ON COLUMN experiment.segment IS 'only leads of this segment at their first entry; null for all';
COMMENT ON COLUMN experiment.of_stage IS 'leads that reached this stage are counted; visitor for all that entered';
COMMENT ON COLUMN experiment.reaches IS 'what is measured: whether they reached this stage';
COMMENT ON COLUMN experiment.within IS 'within that time after of_stage. No months, which differ in length';
COMMENT ON COLUMN experiment.needed IS 'leads of each group that must be judged before there is a result; set it beforehand';

CREATE TABLE debrief (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    opportunity_id  bigint REFERENCES opportunity,
    campaign_id     bigint REFERENCES campaign,
    held_by         text[] NOT NULL CHECK (pg_catalog.cardinality(held_by) > 0),
    conclusions     text NOT NULL CHECK (pg_catalog.btrim(conclusions) <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT deal_or_campaign CHECK (pg_catalog.num_nonnulls(opportunity_id, campaign_id) = 1)
);
CREATE INDEX ON debrief (opportunity_id);
COMMENT ON TABLE debrief IS 'A talk about a deal or a campaign that is over. Every conclusion becomes a lesson with an action.';
COMMENT ON COLUMN debrief.id IS 'number of the debrief';
COMMENT ON COLUMN debrief.at IS 'when it was held';
COMMENT ON COLUMN debrief.opportunity_id IS 'the deal; null where it is about a campaign';
COMMENT ON COLUMN debrief.campaign_id IS 'the campaign; null where it is about a deal';
COMMENT ON COLUMN debrief.held_by IS 'team members who took part';
COMMENT ON COLUMN debrief.conclusions IS 'what was found, in words';
COMMENT ON COLUMN debrief.recorded_at IS 'when we learnt it';

CREATE TABLE lesson (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    debrief_id      bigint NOT NULL REFERENCES debrief,
    segment         text CHECK (segment <> ''),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    stage           leadflow.stage,
    works           boolean NOT NULL,
    lesson          text NOT NULL CHECK (pg_catalog.btrim(lesson) <> ''),
    action          text NOT NULL CHECK (pg_catalog.btrim(action) <> ''),
    owner           text NOT NULL CHECK (owner <> ''),
    due             date NOT NULL CHECK (pg_catalog.isfinite(due)),
    done_at         timestamptz CHECK (pg_catalog.isfinite(done_at))
);
CREATE INDEX ON lesson (debrief_id);
COMMENT ON TABLE lesson IS 'What works, or does not, for whom and when; and what is done about it.';
COMMENT ON COLUMN lesson.id IS 'number of the lesson';
COMMENT ON COLUMN lesson.debrief_id IS 'debrief that it comes from';
COMMENT ON COLUMN lesson.segment IS 'segment that it holds for; null for all';
COMMENT ON COLUMN lesson.persona IS 'persona that it holds for; null for all';
COMMENT ON COLUMN lesson.stage IS 'stage in which it holds; null for any';
COMMENT ON COLUMN lesson.works IS 'true for what works, false for what does not';
COMMENT ON COLUMN lesson.lesson IS 'the lesson in words';
COMMENT ON COLUMN lesson.action IS 'what is done about it';
COMMENT ON COLUMN lesson.owner IS 'team member who does it';
COMMENT ON COLUMN lesson.due IS 'by which day';
COMMENT ON COLUMN lesson.done_at IS 'when it was done; null while it is not';

CREATE TABLE opinion (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    score           smallint NOT NULL CHECK (score BETWEEN 1 AND 5),
    words           text,
    source          text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
CREATE INDEX ON opinion (lead_id, at);
COMMENT ON TABLE opinion IS 'What leads think of the first contact with us.';
COMMENT ON COLUMN opinion.id IS 'number of the opinion';
COMMENT ON COLUMN opinion.lead_id IS 'the lead';
COMMENT ON COLUMN opinion.at IS 'when it was given';
COMMENT ON COLUMN opinion.score IS '1 (very bad) to 5 (very good)';
COMMENT ON COLUMN opinion.words IS 'the opinion in the lead''s words';
COMMENT ON COLUMN opinion.source IS 'tool that the row comes from';
COMMENT ON COLUMN opinion.external_id IS 'its key in that tool';
COMMENT ON COLUMN opinion.recorded_at IS 'when we learnt it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON hypothesis
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON hypothesis
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE hypothesis ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON experiment
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON experiment
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE experiment ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
