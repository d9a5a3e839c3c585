/*
 * agreements.sql: what the two departments promised each other in numbers.
 */

CREATE TABLE agreement (
    agreement       text PRIMARY KEY CHECK (agreement <> ''),
    department      text NOT NULL CHECK (department IN ('marketing', 'sales')),
    measure         text NOT NULL CHECK (measure IN ('handed_over', 'accepted', 'accepted_share', 'qualified_share',
                        'contacted_share', 'verdict_share', 'sla_met_share', 'deal_share')),
    period          text NOT NULL DEFAULT 'month' CHECK (period IN ('week', 'month', 'quarter')),
    variant         text,
    segment         text,
    origin          text,
    at_least        numeric NOT NULL CHECK (at_least >= 0 AND at_least < 1000000000),
    starts_on       date CHECK (pg_catalog.isfinite(starts_on)),
    ends_on         date CHECK (pg_catalog.isfinite(ends_on)),
    promise         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CHECK (ends_on >= starts_on),
    CONSTRAINT share_of_one CHECK (measure NOT LIKE '%\_share' OR at_least <= 1)
);
COMMENT ON TABLE agreement IS 'What marketing and sales promised each other in numbers: volume and quality on one side, reaction and answers on the other.';
COMMENT ON COLUMN agreement.agreement IS 'code of the promise';
COMMENT ON COLUMN agreement.department IS 'who made it: marketing or sales';
COMMENT ON COLUMN agreement.measure IS 'what is promised: handed_over (leads that reached mql) or accepted (those that sales accepted), numbers; accepted_share (of those with a verdict), qualified_share (of those handed over, that reached sql), contacted_share (of those handed over), verdict_share (of those too, but those that nobody reached after all attempts), sla_met_share (of the clocks of leads), deal_share (of those that reached sql, that were won), 0..1';
COMMENT ON COLUMN agreement.period IS 'week, month or quarter, in the session''s time zone';
COMMENT ON COLUMN agreement.variant IS 'only leads of this product line or region; null for all';
COMMENT ON COLUMN agreement.segment IS 'only leads of this segment; null for all';
COMMENT ON COLUMN agreement.origin IS 'only leads of this origin; null for all';
COMMENT ON COLUMN agreement.at_least IS 'the promise, a number or a share';
COMMENT ON COLUMN agreement.starts_on IS 'first day on which it holds; null for always';
COMMENT ON COLUMN agreement.ends_on IS 'last day; null for no end';
COMMENT ON COLUMN agreement.promise IS 'the promise in words';
COMMENT ON COLUMN agreement.active IS 'whether it is in force';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON agreement
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON agreement
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE agreement ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
