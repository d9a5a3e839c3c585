/*
 * metrics.sql: the numbers that the company steers by, who answers for every
 * report, and what the departments are paid for.
 */

CREATE TABLE metric (
    metric          text PRIMARY KEY CHECK (metric ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    name            text NOT NULL CHECK (name <> ''),
    formula         text NOT NULL CHECK (formula <> ''),
    unit            text NOT NULL CHECK (unit IN ('count', 'share', 'ratio', 'money', 'money a day', 'seconds', 'days')),
    owner           text NOT NULL CHECK (owner <> ''),
    better          text NOT NULL DEFAULT 'higher' CHECK (better IN ('higher', 'lower')),
    report          text NOT NULL CHECK (report <> ''),
    aggregate       text NOT NULL DEFAULT 'total' CHECK (aggregate IN ('total', 'average', 'median', 'only')),
    numerator       text NOT NULL DEFAULT '*' CHECK (numerator <> ''),
    denominator     text CHECK (denominator <> ''),
    period_column   text CHECK (period_column <> ''),
    whole_months    boolean NOT NULL DEFAULT false,
    filter          jsonb NOT NULL DEFAULT '{}',
    numerator_filter jsonb NOT NULL DEFAULT '{}',
    dimensions      text[] NOT NULL DEFAULT '{}',
    shown_in        text[] NOT NULL DEFAULT '{}',
    CONSTRAINT divided CHECK (aggregate = 'total' OR denominator IS NULL AND numerator <> '*'),
    CONSTRAINT months_of_period CHECK (NOT whole_months OR period_column IS NOT NULL)
);
COMMENT ON TABLE metric IS 'The numbers that the company steers by: each has one name, one formula and one owner, and is read from one report. leadflow.metric gives the number.';
COMMENT ON COLUMN metric.metric IS 'code of the number';
COMMENT ON COLUMN metric.position IS 'order in which numbers are shown';
COMMENT ON COLUMN metric.name IS 'name as people say it';
COMMENT ON COLUMN metric.formula IS 'formula in words';
COMMENT ON COLUMN metric.unit IS 'count, share (0..1), ratio, money (in the currency of the workspace), money a day, seconds or days';
COMMENT ON COLUMN metric.owner IS 'department or team that answers for it: marketing, sales, both, or a team';
COMMENT ON COLUMN metric.better IS 'higher or lower: which way is better';
COMMENT ON COLUMN metric.report IS 'view of the workspace that it is read from';
COMMENT ON COLUMN metric.aggregate IS 'total (of the numerator, by that of the denominator where there is one), average or median of the numerator, or only (the numerator of the one row that is left: more rows are an error)';
COMMENT ON COLUMN metric.numerator IS 'column of the report: numbers are summed up, of true and false the true are counted, of anything else the rows that have it; * counts rows';
COMMENT ON COLUMN metric.denominator IS 'what it is divided by, likewise; null for nothing';
COMMENT ON COLUMN metric.period_column IS 'column, a date or an instant, by which rows belong to a period; null for a state, which is read as of the end of the period';
COMMENT ON COLUMN metric.whole_months IS 'whether period_column is the first day of a month, so that only whole months can be asked for';
COMMENT ON COLUMN metric.filter IS 'rows that count, as {"column": value}: equal to a text, number, true or false, any of a list of these, or null';
COMMENT ON COLUMN metric.numerator_filter IS 'rows that count for the numerator, of those of filter, likewise';
COMMENT ON COLUMN metric.dimensions IS 'columns of the report by which the number may be asked for; what is asked of a column takes the place of filter''s';
COMMENT ON COLUMN metric.shown_in IS 'columns that show the number row by row, as report.column';

CREATE TABLE report_owner (
    report      text PRIMARY KEY CHECK (report <> ''),
    owner       text NOT NULL CHECK (owner <> ''),
    purpose     text NOT NULL CHECK (purpose <> '')
);
COMMENT ON TABLE report_owner IS 'Who answers for a report, and what it is for.';
COMMENT ON COLUMN report_owner.report IS 'view of the workspace';
COMMENT ON COLUMN report_owner.owner IS 'department or team that answers for its numbers: marketing, sales, both, or a team';
COMMENT ON COLUMN report_owner.purpose IS 'the question that it answers';

-- What there is not cannot be counted.
CREATE TRIGGER leadflow_metric_guard BEFORE INSERT OR UPDATE ON metric
    FOR EACH ROW EXECUTE FUNCTION leadflow.metric_guard();
CREATE TRIGGER leadflow_metric_guard BEFORE INSERT OR UPDATE ON report_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.metric_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON metric
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON metric
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE metric ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON report_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON report_owner
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE report_owner ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
