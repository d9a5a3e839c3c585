/*
 * scoring.sql: what makes a lead good and what shows its interest, in points;
 * what was learnt from the leads that were won and lost; and the scores.
 */

CREATE TABLE score_group (
    score_group     text PRIMARY KEY CHECK (score_group ~ '^[a-z][a-z0-9_]{0,62}$'),
    cap             numeric(12,4) NOT NULL CHECK (cap >= 0 AND cap <> 'NaN'),
    meaning         text NOT NULL
);
COMMENT ON TABLE score_group IS 'Rules that together give no more than so many points.';
COMMENT ON COLUMN score_group.score_group IS 'code of the group';
COMMENT ON COLUMN score_group.cap IS 'most points that the rules of the group give in all, after fading';
COMMENT ON COLUMN score_group.meaning IS 'what the group stands for';

CREATE TABLE score_rule (
    rule            text PRIMARY KEY CHECK (rule ~ '^[a-z][a-z0-9_]{0,62}$'),
    component       text NOT NULL CHECK (component IN ('fit', 'behaviour')),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    position        integer NOT NULL DEFAULT 100,
    points          numeric(12,4) NOT NULL CHECK (points <> 'NaN' AND pg_catalog.abs(points) <= 1000000),
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'account')),
    expression      text,
    touch_kinds     text[] CHECK (pg_catalog.cardinality(touch_kinds) > 0),
    direction       text NOT NULL DEFAULT 'inbound' CHECK (direction IN ('inbound', 'outbound')),
    topics          text[] CHECK (pg_catalog.cardinality(topics) > 0),
    counts          text NOT NULL DEFAULT 'every' CHECK (counts IN ('every', 'day', 'content', 'once')),
    half_life       interval CHECK (half_life > interval '0' AND pg_catalog.date_part('month', half_life) = 0
                                    AND pg_catalog.date_part('year', half_life) = 0),
    day_cap         numeric(12,4) CHECK (day_cap >= 0 AND day_cap <> 'NaN'),
    cap             numeric(12,4) CHECK (cap >= 0 AND cap <> 'NaN'),
    score_group     text REFERENCES score_group ON UPDATE CASCADE,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CONSTRAINT rule_reads_something CHECK (pg_catalog.num_nonnulls(expression, touch_kinds, topics) > 0),
    CONSTRAINT touches_or_topics CHECK (touch_kinds IS NULL OR topics IS NULL),
    CONSTRAINT fit_reads_the_row CHECK (component = 'behaviour' OR touch_kinds IS NULL AND topics IS NULL),
    CONSTRAINT only_touches_fade CHECK (pg_catalog.num_nonnulls(touch_kinds, topics) = 1
                                        OR half_life IS NULL AND day_cap IS NULL AND cap IS NULL AND counts = 'every')
);
COMMENT ON TABLE score_rule IS 'What gives points. Fit rules ask something of the row and are evaluated anew each time; behaviour rules give points for each touch of the lead, or each signal of intent of its account, which fade.';
COMMENT ON COLUMN score_rule.rule IS 'code of the rule';
COMMENT ON COLUMN score_rule.component IS 'fit (who they are) or behaviour (what they do)';
COMMENT ON COLUMN score_rule.variant IS 'product line or region; * for all';
COMMENT ON COLUMN score_rule.position IS 'order in explanations';
COMMENT ON COLUMN score_rule.points IS 'points given; may be negative';
COMMENT ON COLUMN score_rule.object IS 'whose columns the expression reads: of the lead or of its account';
COMMENT ON COLUMN score_rule.expression IS 'a boolean SQL expression, as in the standard: the rule gives points while it is met. Null for always. It may not read scores';
COMMENT ON COLUMN score_rule.touch_kinds IS 'touches of these kinds give points';
COMMENT ON COLUMN score_rule.direction IS 'inbound (what the lead does) or outbound (what is done to it)';
COMMENT ON COLUMN score_rule.topics IS 'signals of intent on these topics give points, times their strength; {*} for every topic';
COMMENT ON COLUMN score_rule.counts IS 'which of them count: every one, or of those of one day, one content (a touch without content is on its own; a signal''s content is its topic) or ever (once) the latest';
COMMENT ON COLUMN score_rule.half_life IS 'after how long points are worth half; null for not at all. No months, which differ in length';
COMMENT ON COLUMN score_rule.day_cap IS 'most points, before fading, that one day gives; the latest of the day count first. A day is one of the default calendar''s zone. Null for no limit';
COMMENT ON COLUMN score_rule.cap IS 'most points that the rule gives, after fading; of points below zero, the fewest. Null for no limit';
COMMENT ON COLUMN score_rule.score_group IS 'group whose cap it shares; null for none';
COMMENT ON COLUMN score_rule.meaning IS 'why this counts, in words';
COMMENT ON COLUMN score_rule.active IS 'whether it gives points';

CREATE TABLE score_grade (
    component       text NOT NULL CHECK (component IN ('fit', 'behaviour')),
    grade           text NOT NULL,
    at_least        numeric(12,4) NOT NULL CHECK (at_least <> 'NaN'),
    meaning         text,
    PRIMARY KEY (component, grade),
    UNIQUE (component, at_least),
    CONSTRAINT letter_or_digit CHECK (grade ~ CASE component WHEN 'fit' THEN '^[A-Z]$' ELSE '^[1-9]$' END)
);
COMMENT ON TABLE score_grade IS 'What the points are called: A to D for fit, 1 to 4 for behaviour. The grade of a lead is both: B2.';
COMMENT ON COLUMN score_grade.component IS 'fit or behaviour';
COMMENT ON COLUMN score_grade.grade IS 'a letter for fit, a digit for behaviour';
COMMENT ON COLUMN score_grade.at_least IS 'from how many points; the lowest grade also stands for fewer';
COMMENT ON COLUMN score_grade.meaning IS 'what the grade means for the work, in words';

CREATE TABLE score_move (
    code            text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    object          text NOT NULL DEFAULT 'lead' CHECK (object = 'lead'),
    from_stage      leadflow.stage NOT NULL,
    to_stage        leadflow.stage NOT NULL CHECK (to_stage >= 'visitor'),
    condition       text NOT NULL,
    position        integer NOT NULL DEFAULT 100,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CHECK (from_stage <> to_stage)
);
COMMENT ON TABLE score_move IS 'Leads that move by themselves when their score asks for it: leadflow.refresh_scores moves them, and the guard judges the move as any other.';
COMMENT ON COLUMN score_move.code IS 'code of the rule';
COMMENT ON COLUMN score_move.variant IS 'product line or region; * for all';
COMMENT ON COLUMN score_move.object IS 'lead';
COMMENT ON COLUMN score_move.from_stage IS 'leads of this stage, or of a leaf of it, are looked at';
COMMENT ON COLUMN score_move.to_stage IS 'where they go';
COMMENT ON COLUMN score_move.condition IS 'a boolean SQL expression, as in the standard: fit_grade <= ''B'' AND behaviour >= 40';
COMMENT ON COLUMN score_move.position IS 'the first that is met moves the lead';
COMMENT ON COLUMN score_move.meaning IS 'why, in words';
COMMENT ON COLUMN score_move.active IS 'whether leads are moved';

CREATE TABLE score_feature (
    feature         text PRIMARY KEY CHECK (feature ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'account')),
    kind            text NOT NULL DEFAULT 'category' CHECK (kind IN ('category', 'number', 'set')),
    expression      text NOT NULL,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE score_feature IS 'What models learn from. What the features of a lead were when it became an MQL is kept in stage_event.facts, so that nothing that was learnt later leaks in. Name nothing that tells who a person is.';
COMMENT ON COLUMN score_feature.feature IS 'code of the feature';
COMMENT ON COLUMN score_feature.position IS 'order in reports';
COMMENT ON COLUMN score_feature.object IS 'whose columns the expression reads: of the lead or of its account';
COMMENT ON COLUMN score_feature.kind IS 'category (one of few words), number (cut into bins by quantiles when a model is learnt) or set (several words at once)';
COMMENT ON COLUMN score_feature.expression IS 'an SQL expression, as in the standard, whose value is the feature: text or anything with a text form, a number, or an array of text. Null is missing. It may not read the probability';
COMMENT ON COLUMN score_feature.meaning IS 'what it tells, in words';
COMMENT ON COLUMN score_feature.active IS 'whether it is kept and learnt from';

CREATE TABLE intent_topic (
    topic           text PRIMARY KEY CHECK (topic <> ''),
    threshold       numeric(12,4) NOT NULL DEFAULT 1 CHECK (threshold > 0 AND threshold <> 'NaN'),
    half_life       interval NOT NULL DEFAULT '14 days' CHECK (half_life > interval '0' AND pg_catalog.date_part('month', half_life) = 0
                                                                AND pg_catalog.date_part('year', half_life) = 0),
    marketing_task  text NOT NULL,
    sales_task      text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE intent_topic IS 'What is done when an account shows interest in a topic: see intent_tasks.';
COMMENT ON COLUMN intent_topic.topic IS 'the topic, as intent_signal names it';
COMMENT ON COLUMN intent_topic.threshold IS 'from which sum of faded strengths on there is something to do';
COMMENT ON COLUMN intent_topic.half_life IS 'after how long a signal is worth half. No months, which differ in length';
COMMENT ON COLUMN intent_topic.marketing_task IS 'what marketing does: the series to send';
COMMENT ON COLUMN intent_topic.sales_task IS 'what the owner does: the talk to start';
COMMENT ON COLUMN intent_topic.active IS 'whether tasks are made of it';

CREATE TABLE intent_signal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    account_id      bigint NOT NULL REFERENCES account,
    topic           text NOT NULL CHECK (topic <> ''),
    strength        numeric(9,4) NOT NULL DEFAULT 1 CHECK (strength >= 0 AND strength <= 1000),
    channel         text,
    note            text,
    source          text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    UNIQUE (source, external_id)
);
CREATE INDEX intent_signal_account ON intent_signal (account_id, at);
CREATE INDEX ON intent_signal (topic, at);
COMMENT ON TABLE intent_signal IS 'Signs that a company is interested in a topic: visits, searches, posts, reviews.';
COMMENT ON COLUMN intent_signal.id IS 'number of the signal';
COMMENT ON COLUMN intent_signal.at IS 'when it was seen';
COMMENT ON COLUMN intent_signal.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN intent_signal.account_id IS 'the company';
COMMENT ON COLUMN intent_signal.topic IS 'what it is interested in';
COMMENT ON COLUMN intent_signal.strength IS 'how strong the sign is; 1 for an ordinary one';
COMMENT ON COLUMN intent_signal.channel IS 'analytics, social, forum, review, and so on';
COMMENT ON COLUMN intent_signal.note IS 'note';
COMMENT ON COLUMN intent_signal.source IS 'tool that wrote the row';
COMMENT ON COLUMN intent_signal.external_id IS 'the tool''s own key, as text';

CREATE TABLE score_model (
    version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model           text NOT NULL CHECK (model IN ('odoo', 'naive_bayes', 'logistic')),
    fitted_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    fitted_by       text NOT NULL DEFAULT CURRENT_USER,
    as_of           timestamptz NOT NULL,
    options         jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
    won             bigint NOT NULL CHECK (won >= 0),
    lost            bigint NOT NULL CHECK (lost >= 0),
    quality         jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(quality) = 'object'),
    intercept       double precision NOT NULL CHECK (intercept <> 'NaN' AND pg_catalog.abs(intercept) < 'Infinity'),
    note            text,
    activated_at    timestamptz,
    retired_at      timestamptz,
    CHECK (retired_at IS NULL OR activated_at IS NOT NULL)
);
CREATE UNIQUE INDEX score_model_active ON score_model ((true)) WHERE activated_at IS NOT NULL AND retired_at IS NULL;
COMMENT ON TABLE score_model IS 'Models that were learnt by leadflow.calibrate, each a version of its own. None takes effect before leadflow.activate_model.';
COMMENT ON COLUMN score_model.version IS 'number of the model';
COMMENT ON COLUMN score_model.model IS 'odoo (the frequency model of Odoo), naive_bayes (with Laplace smoothing) or logistic';
COMMENT ON COLUMN score_model.fitted_at IS 'when it was learnt';
COMMENT ON COLUMN score_model.fitted_by IS 'who had it learnt';
COMMENT ON COLUMN score_model.as_of IS 'what was known then is what it was learnt from';
COMMENT ON COLUMN score_model.options IS 'how it was learnt';
COMMENT ON COLUMN score_model.won IS 'number of won leads that it was learnt from';
COMMENT ON COLUMN score_model.lost IS 'number of lost leads that it was learnt from';
COMMENT ON COLUMN score_model.quality IS 'how well it does on leads that it was not learnt from: {"auc", "log_loss", "brier", "won", "lost", "held_out", "calibration", "gains"}; beside it the rules ("rules": {"auc", "model_auc", "leads"}) and the model that was active ("active"); and what it was learnt from ("base_rate", "without_facts", "features"). See leadflow.calibrate';
COMMENT ON COLUMN score_model.intercept IS 'log-odds of a lead of which nothing is known, to which those of its values are added';
COMMENT ON COLUMN score_model.note IS 'note';
COMMENT ON COLUMN score_model.activated_at IS 'when it took effect; null for not yet';
COMMENT ON COLUMN score_model.retired_at IS 'when another took its place, or it was retired; null while it holds, and before it took effect';

CREATE TABLE score_model_point (
    version         bigint NOT NULL REFERENCES score_model ON DELETE CASCADE,
    feature         text NOT NULL,
    value           text,
    at_least        double precision,
    below           double precision,
    log_odds        double precision NOT NULL CHECK (log_odds <> 'NaN' AND pg_catalog.abs(log_odds) < 'Infinity'),
    standard_error  double precision,
    points          numeric(12,4) NOT NULL CHECK (points <> 'NaN'),
    won             bigint,
    lost            bigint,
    weight_of_evidence double precision,
    information     double precision
);
CREATE UNIQUE INDEX score_model_point_key ON score_model_point (version, feature, (COALESCE(value, '')), (value IS NULL));
-- no primary key: a logical subscriber finds the row by all of it
ALTER TABLE score_model_point REPLICA IDENTITY FULL;
COMMENT ON TABLE score_model_point IS 'What a model gives for each value of each feature: the log-odds of a lead are the intercept and the sum of these. A value that is not listed gives nothing.';
COMMENT ON COLUMN score_model_point.version IS 'number of the model';
COMMENT ON COLUMN score_model_point.feature IS 'the feature';
COMMENT ON COLUMN score_model_point.value IS 'its value, or the label of the bin; null for missing';
COMMENT ON COLUMN score_model_point.at_least IS 'a bin of a number: its lower end, which belongs to it; null for none';
COMMENT ON COLUMN score_model_point.below IS 'a bin of a number: its upper end, which does not belong to it; null for none';
COMMENT ON COLUMN score_model_point.log_odds IS 'what it adds to the natural logarithm of the odds of winning';
COMMENT ON COLUMN score_model_point.standard_error IS 'standard error of log_odds, where the model gives one';
COMMENT ON COLUMN score_model_point.points IS 'the same in whole points that people can read: 20 double the odds, -20 halve them, 0 says nothing';
COMMENT ON COLUMN score_model_point.won IS 'won leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_point.lost IS 'lost leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_point.weight_of_evidence IS 'weight of evidence of the value alone';
COMMENT ON COLUMN score_model_point.information IS 'its part of the information value of the feature';

CREATE TABLE lead_score (
    lead_id         bigint PRIMARY KEY,
    scored_at       timestamptz NOT NULL,
    fit             numeric(15,4) NOT NULL,
    behaviour       numeric(15,4) NOT NULL,
    total           numeric(15,4) NOT NULL,
    grade           text,
    probability     numeric(5,4),
    model_version   bigint,
    definition_version bigint NOT NULL,
    refused_move    text,
    refusal         text
) WITH (fillfactor = 80);
COMMENT ON TABLE lead_score IS 'The scores of the leads, as leadflow.refresh_scores found them. No foreign key: scoring locks no lead.';
COMMENT ON COLUMN lead_score.lead_id IS 'the lead';
COMMENT ON COLUMN lead_score.scored_at IS 'the instant as of which this is its score';
COMMENT ON COLUMN lead_score.fit IS 'points for who they are';
COMMENT ON COLUMN lead_score.behaviour IS 'points for what they do, faded';
COMMENT ON COLUMN lead_score.total IS 'fit and behaviour';
COMMENT ON COLUMN lead_score.grade IS 'grade of fit and grade of behaviour: B2; null where there are no grades';
COMMENT ON COLUMN lead_score.probability IS 'probability of winning by the active model, within 0.0001 and 0.9999; null where no model is active';
COMMENT ON COLUMN lead_score.model_version IS 'the model that gave it';
COMMENT ON COLUMN lead_score.definition_version IS 'version of the definitions that it was scored by';
COMMENT ON COLUMN lead_score.refused_move IS 'score_move that the guard refused when the lead was last scored; null for none';
COMMENT ON COLUMN lead_score.refusal IS 'what the guard said: which criteria are not met, and what was seen, one a line';

CREATE TABLE score_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of           timestamptz NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    last_lead_id    bigint NOT NULL DEFAULT '-9223372036854775808',
    leads           bigint NOT NULL DEFAULT 0,
    moved           bigint NOT NULL DEFAULT 0,
    refused         bigint NOT NULL DEFAULT 0,
    failed          bigint NOT NULL DEFAULT 0,
    finished_at     timestamptz
);
CREATE UNIQUE INDEX score_run_open ON score_run ((true)) WHERE finished_at IS NULL;
COMMENT ON TABLE score_run IS 'Runs of leadflow.refresh_scores, and how far they have come: one that was interrupted goes on from there.';
COMMENT ON COLUMN score_run.id IS 'number of the run';
COMMENT ON COLUMN score_run.as_of IS 'the instant as of which leads are scored';
COMMENT ON COLUMN score_run.started_at IS 'when it began';
COMMENT ON COLUMN score_run.last_lead_id IS 'the last lead that was scored';
COMMENT ON COLUMN score_run.leads IS 'number of leads scored so far';
COMMENT ON COLUMN score_run.moved IS 'number of leads that moved by a score_move';
COMMENT ON COLUMN score_run.refused IS 'number of such moves that were refused';
COMMENT ON COLUMN score_run.failed IS 'number of leads that could not be scored, because an expression failed';
COMMENT ON COLUMN score_run.finished_at IS 'when it was done; null while it is not';

-- An expression that does not compile is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.score_rule_guard();
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_feature
    FOR EACH ROW EXECUTE FUNCTION leadflow.score_feature_guard();
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_move
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_group
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_group
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_group ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_grade
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_grade
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_grade ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_move
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_move
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_move ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_feature
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_feature
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_feature ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON intent_topic
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON intent_topic
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE intent_topic ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_model
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_model
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_model ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

-- A model is told of as a whole, not point by point.
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON score_model_point
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_model_point ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
