/*
 * economics.sql: what campaigns cost, what money is worth, what is to be
 * reached, and how credit for a deal is shared.
 */

CREATE TABLE campaign_cost (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES campaign,
    spent_on    date NOT NULL CHECK (pg_catalog.isfinite(spent_on)),
    cost        numeric(15,2) NOT NULL CHECK (cost <> 'NaN'),
    currency    text CHECK (currency ~ '^[A-Z]{3}$'),
    kind        text NOT NULL DEFAULT 'media' CHECK (kind <> ''),
    note        text,
    source      text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id text CHECK (external_id <> ''),
    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
CREATE INDEX ON campaign_cost (campaign_id, spent_on);
COMMENT ON TABLE campaign_cost IS 'What campaigns cost, line by line. Where a campaign has lines, they are its cost, else campaign.cost is.';
COMMENT ON COLUMN campaign_cost.id IS 'number of the line';
COMMENT ON COLUMN campaign_cost.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_cost.spent_on IS 'day on which it was spent; what lies after leadflow.clock() is not spent yet';
COMMENT ON COLUMN campaign_cost.cost IS 'the amount, in currency; below 0 for what came back';
COMMENT ON COLUMN campaign_cost.currency IS 'ISO 4217 code; null for the currency of the workspace';
COMMENT ON COLUMN campaign_cost.kind IS 'what for: media, agency, event, content, people, other';
COMMENT ON COLUMN campaign_cost.note IS 'remark';
COMMENT ON COLUMN campaign_cost.source IS 'tool that the line comes from';
COMMENT ON COLUMN campaign_cost.external_id IS 'its key in that tool';
COMMENT ON COLUMN campaign_cost.recorded_at IS 'when we learnt it';

CREATE TABLE exchange_rate (
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from  date NOT NULL CHECK (pg_catalog.isfinite(valid_from)),
    rate        numeric NOT NULL CHECK (rate > 0 AND rate < 'Infinity'),
    PRIMARY KEY (currency, valid_from)
);
COMMENT ON TABLE exchange_rate IS 'What other currencies are worth in the currency of the workspace, from a day on. An amount without a rate of its day or before is left out of sums of money, and counted.';
COMMENT ON COLUMN exchange_rate.currency IS 'ISO 4217 code';
COMMENT ON COLUMN exchange_rate.valid_from IS 'first day of the rate; it holds until the next one';
COMMENT ON COLUMN exchange_rate.rate IS 'units of the currency of the workspace (workspace.currency) for one unit of this one';

CREATE TABLE target (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric      text NOT NULL CHECK (metric IN ('revenue', 'new_revenue', 'deals', 'pipeline', 'opportunities', 'sql', 'sal', 'mql', 'leads')),
    starts_on   date NOT NULL CHECK (pg_catalog.isfinite(starts_on)),
    ends_on     date NOT NULL CHECK (pg_catalog.isfinite(ends_on)),
    segment     text CHECK (segment <> ''),
    team        text CHECK (team <> ''),
    owner       text CHECK (owner <> ''),
    value       numeric(15,2) NOT NULL CHECK (value >= 0 AND value <> 'NaN'),
    agreed_on   date,
    note        text,
    CHECK (ends_on >= starts_on)
);
CREATE UNIQUE INDEX target_key ON target (metric, starts_on, ends_on, (COALESCE(segment, '')), (COALESCE(team, '')), (COALESCE(owner, '')));
COMMENT ON TABLE target IS 'What is to be reached in a period: by everybody, or by a segment, a team or an owner.';
COMMENT ON COLUMN target.id IS 'number of the target';
COMMENT ON COLUMN target.metric IS 'what is counted: revenue (value of deals won), new_revenue (of new customers), deals (won), pipeline (value of opportunities opened), opportunities (opened), or leads that reach sql, sal, mql, or come in (leads)';
COMMENT ON COLUMN target.starts_on IS 'first day of the period';
COMMENT ON COLUMN target.ends_on IS 'last day of the period';
COMMENT ON COLUMN target.segment IS 'segment it is for; null for all';
COMMENT ON COLUMN target.team IS 'team it is for; null for all';
COMMENT ON COLUMN target.owner IS 'person it is for; null for all';
COMMENT ON COLUMN target.value IS 'what is to be reached: money in the currency of the workspace, or a number';
COMMENT ON COLUMN target.agreed_on IS 'when both departments agreed on it';
COMMENT ON COLUMN target.note IS 'remark';

CREATE TABLE attribution_model (
    model       text PRIMARY KEY CHECK (model ~ '^[a-z][a-z0-9_]{0,62}$'),
    position    integer NOT NULL DEFAULT 100,
    rule        text NOT NULL CHECK (leadflow.check_attribution_rule(rule)),
    lookback    interval CHECK (lookback > interval '0' AND lookback <= interval '36500 days'),
    touches     text NOT NULL DEFAULT 'all' CHECK (touches IN ('all', 'inbound', 'campaign')),
    meaning     text NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    CONSTRAINT lookback_in_days CHECK (pg_catalog.date_part('month', lookback) = 0 AND pg_catalog.date_part('year', lookback) = 0)
);
COMMENT ON TABLE attribution_model IS 'Ways of sharing the credit for a deal among the touches that led to it.';
COMMENT ON COLUMN attribution_model.model IS 'name';
COMMENT ON COLUMN attribution_model.position IS 'order in which models are shown';
COMMENT ON COLUMN attribution_model.rule IS 'how the credit is shared, as leadflow.credits reads it: w_shaped, time_decay 7 days, position 40 20 40';
COMMENT ON COLUMN attribution_model.lookback IS 'how long before the deal was won a touch counts; null for as long as there are touches';
COMMENT ON COLUMN attribution_model.touches IS 'which touches count: all, inbound, or campaign (those of a campaign)';
COMMENT ON COLUMN attribution_model.meaning IS 'in words, and what it is good for';
COMMENT ON COLUMN attribution_model.active IS 'whether reports show it';

CREATE TABLE attribution_purpose (
    purpose     text PRIMARY KEY CHECK (purpose ~ '^[a-z][a-z0-9_]{0,62}$'),
    model       text NOT NULL REFERENCES attribution_model ON UPDATE CASCADE,
    meaning     text NOT NULL,
    agreed_on   date
);
COMMENT ON TABLE attribution_purpose IS 'Which model is official for which decision. There is one for each purpose, and no second truth beside it.';
COMMENT ON COLUMN attribution_purpose.purpose IS 'what is decided: budget, new_business, renewal';
COMMENT ON COLUMN attribution_purpose.model IS 'the model whose numbers count for it';
COMMENT ON COLUMN attribution_purpose.meaning IS 'the decision in words';
COMMENT ON COLUMN attribution_purpose.agreed_on IS 'when both departments agreed on it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON exchange_rate
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON exchange_rate
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE exchange_rate ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON target
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON target
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE target ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON attribution_model
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON attribution_model
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE attribution_model ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON attribution_purpose
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON attribution_purpose
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE attribution_purpose ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
