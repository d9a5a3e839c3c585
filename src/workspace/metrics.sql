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

CREATE TABLE bonus_part (
    department  text NOT NULL CHECK (department IN ('marketing', 'sales')),
    part        text NOT NULL CHECK (part ~ '^[a-z][a-z0-9_]{0,62}$'),
    period      text NOT NULL DEFAULT 'quarter' CHECK (period IN ('month', 'quarter', 'year')),
    agreement   text REFERENCES agreement ON UPDATE CASCADE,
    target_metric text CHECK (target_metric IN ('revenue', 'new_revenue', 'deals', 'pipeline', 'opportunities', 'sql', 'sal', 'mql', 'leads')),
    weight      numeric(7,6) NOT NULL CHECK (weight > 0 AND weight <= 1),
    pays_from   numeric(7,6) NOT NULL DEFAULT 0.8 CHECK (pays_from >= 0 AND pays_from <= 1),
    cap         numeric(9,6) NOT NULL DEFAULT 1 CHECK (cap > 0 AND cap <= 100),
    starts_on   date CHECK (pg_catalog.isfinite(starts_on)),
    ends_on     date CHECK (pg_catalog.isfinite(ends_on)),
    meaning     text NOT NULL,
    PRIMARY KEY (department, part),
    CHECK (ends_on >= starts_on),
    CONSTRAINT one_goal CHECK (pg_catalog.num_nonnulls(agreement, target_metric) = 1),
    CONSTRAINT cap_above_threshold CHECK (cap >= pays_from)
);
COMMENT ON TABLE bonus_part IS 'What the departments are paid a bonus for: each part rests on an agreement or on a target. The weights of a department and period should sum to 1; the report bonus says where they do not.';
COMMENT ON COLUMN bonus_part.department IS 'who is paid: marketing or sales; both may have a part on the same revenue';
COMMENT ON COLUMN bonus_part.part IS 'code of the part';
COMMENT ON COLUMN bonus_part.period IS 'month, quarter or year, in the session''s time zone';
COMMENT ON COLUMN bonus_part.agreement IS 'the agreement that it rests on: the average of what was reached in its periods that end in that of the bonus';
COMMENT ON COLUMN bonus_part.target_metric IS 'or the target that it rests on: that of this metric for everybody and exactly the period';
COMMENT ON COLUMN bonus_part.weight IS 'share of the whole bonus, above 0, up to 1';
COMMENT ON COLUMN bonus_part.pays_from IS 'share of the goal below which nothing is paid, 0..1';
COMMENT ON COLUMN bonus_part.cap IS 'share of the goal above which no more is paid: 1 for 100 %';
COMMENT ON COLUMN bonus_part.starts_on IS 'first day of the first period for which it is paid; null for always';
COMMENT ON COLUMN bonus_part.ends_on IS 'last day of the last one; null for no end';
COMMENT ON COLUMN bonus_part.meaning IS 'the part in words';

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
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON bonus_part
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON bonus_part
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE bonus_part ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
