/*
 * attachments.sql: the tables of the company that feed the workspace.  Written
 * by leadflow.attach, leadflow.detach and leadflow.backfill.
 */

CREATE TABLE attachment (
    attachment  text PRIMARY KEY,
    object      text NOT NULL CHECK (object IN ('lead', 'opportunity', 'account', 'touch', 'campaign')),
    source      text NOT NULL,
    mapping     jsonb NOT NULL,
    options     jsonb NOT NULL,
    key         text[],
    attached_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    attached_by text NOT NULL DEFAULT CURRENT_USER
);
COMMENT ON TABLE attachment IS 'What leadflow.attach was told. leadflow.attachments shows it with the tables and their columns by their present names.';
COMMENT ON COLUMN attachment.attachment IS 'name of its mapping function in this schema, and in those of its view (_row), its writing function (_write) and its triggers';
COMMENT ON COLUMN attachment.object IS 'what the rows become';
COMMENT ON COLUMN attachment.source IS 'source under which they stand in the workspace';
COMMENT ON COLUMN attachment.mapping IS 'column -> expression, as it was given';
COMMENT ON COLUMN attachment.options IS 'the options, as they were given, with the source';
COMMENT ON COLUMN attachment.key IS 'columns of the attachment''s view that are the primary key of the table; null for none';
COMMENT ON COLUMN attachment.attached_at IS 'since when';
COMMENT ON COLUMN attachment.attached_by IS 'role that attached it';

CREATE TABLE backfill_progress (
    attachment  text PRIMARY KEY REFERENCES attachment,
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at timestamptz,
    last_key    jsonb,
    rows_read   bigint NOT NULL DEFAULT 0,
    rows_parked bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE backfill_progress IS 'How far leadflow.backfill has come with the rows that were there before their table was attached.';
COMMENT ON COLUMN backfill_progress.attachment IS 'the attachment';
COMMENT ON COLUMN backfill_progress.started_at IS 'when the run began';
COMMENT ON COLUMN backfill_progress.updated_at IS 'when its last batch began';
COMMENT ON COLUMN backfill_progress.finished_at IS 'when it ended; null while there is more to do';
COMMENT ON COLUMN backfill_progress.last_key IS 'primary key of the last row taken, its columns as texts; null before the first';
COMMENT ON COLUMN backfill_progress.rows_read IS 'rows taken so far';
COMMENT ON COLUMN backfill_progress.rows_parked IS 'those of them that went to quarantine';
