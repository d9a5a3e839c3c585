/*
 * merges.sql: records of one person that were found to be two.
 */

CREATE TABLE lead_merge (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    winner_id       bigint NOT NULL REFERENCES lead,
    loser_id        bigint NOT NULL REFERENCES lead CHECK (loser_id <> winner_id),
    merged_at       timestamptz NOT NULL DEFAULT leadflow.clock(),
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    winner_stage    leadflow.stage NOT NULL,
    loser_stage     leadflow.stage NOT NULL,
    survivors       jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(survivors) = 'object'),
    moved           jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(moved) = 'object'),
    undone_at       timestamptz,
    undone_by       text,
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX ON lead_merge (winner_id);
CREATE UNIQUE INDEX lead_merge_once ON lead_merge (loser_id) WHERE undone_at IS NULL;
CREATE INDEX ON lead_merge (loser_id);
COMMENT ON TABLE lead_merge IS 'Leads that were found to be other leads. Written by leadflow.merge and leadflow.unmerge, else append-only.';
COMMENT ON COLUMN lead_merge.id IS 'number of the merge';
COMMENT ON COLUMN lead_merge.winner_id IS 'the lead that goes on';
COMMENT ON COLUMN lead_merge.loser_id IS 'the lead that it was found to be';
COMMENT ON COLUMN lead_merge.merged_at IS 'when they were merged';
COMMENT ON COLUMN lead_merge.session_actor IS 'role that opened the session';
COMMENT ON COLUMN lead_merge.actor IS 'role in whose name they were merged';
COMMENT ON COLUMN lead_merge.winner_stage IS 'stage of the winner then; a merge leaves it there';
COMMENT ON COLUMN lead_merge.loser_stage IS 'stage of the loser then, in which it stays';
COMMENT ON COLUMN lead_merge.survivors IS 'the fields in which they differed: {"phone": {"kept": "1", "from": "winner" or "loser", "lost": "2"}}; also of what the loser''s tool wrote since. Empty once the person was forgotten';
COMMENT ON COLUMN lead_merge.moved IS 'numbers of what became the winner''s, and of the clocks that were cancelled: {"touches": [], "opportunities": [], "clocks": [], "cancelled_clocks": []}';
COMMENT ON COLUMN lead_merge.undone_at IS 'when the merge was undone; null while it holds';
COMMENT ON COLUMN lead_merge.undone_by IS 'role that undid it';

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON lead_merge
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON lead_merge
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

-- What is written for the loser becomes the winner's.  AFTER: the name sorts
-- behind that of the foreign key, which locks the lead.
CREATE TRIGGER leadflow_follow_merge BEFORE INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
CREATE TRIGGER leadflow_follow_merge BEFORE INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
CREATE TRIGGER zzz_leadflow_follow_merge AFTER INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
