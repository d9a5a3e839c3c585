/* books.sql: what the numbers were, and what was taken out.  Run after facts.sql. */

CREATE TABLE book (
    as_of       timestamptz NOT NULL,
    report      text NOT NULL,
    row_number  integer NOT NULL CHECK (row_number > 0),
    figures     jsonb NOT NULL,
    closed_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    closed_by   text NOT NULL DEFAULT CURRENT_USER,
    PRIMARY KEY (as_of, report, row_number)
);
COMMENT ON TABLE book IS 'What the reports said when their books were closed, by leadflow.close_books: the numbers stay when rows that they were reckoned from are archived. Append-only.';
COMMENT ON COLUMN book.as_of IS 'the instant that the reports were read as of';
COMMENT ON COLUMN book.report IS 'the report';
COMMENT ON COLUMN book.row_number IS 'place of the row in the report';
COMMENT ON COLUMN book.figures IS 'the row, {column: value}; jsonb_populate_record gives it its types back';
COMMENT ON COLUMN book.closed_at IS 'when the books were closed';
COMMENT ON COLUMN book.closed_by IS 'role that closed them';

CREATE TABLE archived_part (
    part        text PRIMARY KEY CHECK (part <> ''),
    before      timestamptz NOT NULL,
    book        timestamptz NOT NULL,
    rows        bigint NOT NULL CHECK (rows >= 0),
    rows_kept   bigint NOT NULL CHECK (rows_kept >= 0),
    archived_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    archived_by text NOT NULL DEFAULT CURRENT_USER
);
COMMENT ON TABLE archived_part IS 'Partitions of touch that leadflow.archive took out. Each is a table of the workspace until it is dropped.';
COMMENT ON COLUMN archived_part.part IS 'name of the table that holds what was taken out';
COMMENT ON COLUMN archived_part.before IS 'the instant before which it was taken out';
COMMENT ON COLUMN archived_part.book IS 'book.as_of of the reports as they were just before';
COMMENT ON COLUMN archived_part.rows IS 'touches that were taken out';
COMMENT ON COLUMN archived_part.rows_kept IS 'touches of the same time that stayed, as their leads are not at rest';
COMMENT ON COLUMN archived_part.archived_at IS 'when it was taken out';
COMMENT ON COLUMN archived_part.archived_by IS 'role that took it out';

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON book
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON book
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON book
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('closed_at', 'closed_by');
