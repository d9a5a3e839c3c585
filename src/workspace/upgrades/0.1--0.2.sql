-- What the tables of 0.1 lack of those of 0.2.  Run as the owner, with the
-- workspace first on the search path, before the reports are made anew.

-- no primary key: a logical subscriber finds the row by all of it
ALTER TABLE score_model_point REPLICA IDENTITY FULL;

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

CREATE TRIGGER leadflow_kind_recorder AFTER UPDATE ON touch_kind
    FOR EACH ROW EXECUTE FUNCTION leadflow.kind_recorder();
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON intent_signal
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON campaign_cost
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON transcript
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON content_request
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON debrief
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON opinion
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON committee_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON hypothesis_talk
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON battlecard_feedback
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON objection_heard
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('recorded_at', 'actor');
CREATE TRIGGER zzz_leadflow_record_keeper BEFORE INSERT OR UPDATE ON sla_pause
    FOR EACH ROW EXECUTE FUNCTION leadflow.record_keeper('actor');

-- where stage_event was replaced by a table of one's own it may have gone
DROP INDEX IF EXISTS stage_event_opportunity;
CREATE INDEX stage_event_opportunity ON stage_event (opportunity_id, at, id)
    INCLUDE (to_stage, reason, amount, currency) WHERE opportunity_id IS NOT NULL;

ALTER TABLE score_run ALTER last_lead_id SET DEFAULT '-9223372036854775808';

ALTER TABLE committee_member ADD who_key bigint GENERATED ALWAYS AS (pg_catalog.hashtextextended(pg_catalog.lower(pg_catalog.btrim(who)), 0)) STORED;
COMMENT ON COLUMN committee_member.who_key IS 'hash of who without regard to case: tells one title from another to those who may not read it';
COMMENT ON TABLE committee_member IS 'Who has which role in the decisions of an account, from when to when. A change of stance is a new row: of one person in one role the latest counts.';

COMMENT ON COLUMN review_cycle.definition IS 'name of the definition table; lead_merge for the search for duplicates';

-- a warning was reckoned without its months
UPDATE sla_policy SET warn_after = (
    SELECT CASE WHEN r.rest > interval '0' THEN r.rest END
    FROM (SELECT pg_catalog.justify_hours(warn_after - pg_catalog.make_interval(months => (pg_catalog.date_part('year', warn_after) * 12 + pg_catalog.date_part('month', warn_after))::integer))) r (rest))
WHERE pg_catalog.date_part('month', warn_after) <> 0 OR pg_catalog.date_part('year', warn_after) <> 0;
ALTER TABLE sla_policy ADD CONSTRAINT warning_without_months CHECK (pg_catalog.date_part('month', warn_after) = 0 AND pg_catalog.date_part('year', warn_after) = 0);

-- whoever reads the definitions reads the books; whoever writes definitions closes them
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT pg_catalog.format('GRANT %s ON %s TO %s', g.rights, g.tables, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
        FROM (VALUES ('metric'::pg_catalog.regclass, 'SELECT', 'SELECT', 'book, archived_part'), ('standard', 'INSERT', 'INSERT', 'book')) g (of, "right", rights, tables)
        JOIN pg_catalog.pg_class c ON c.oid = g.of
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE a.privilege_type = g."right" AND a.grantee <> c.relowner
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$$;
