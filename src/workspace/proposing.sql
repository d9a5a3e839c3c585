/*
 * proposing.sql: how a definition is changed by agreement: proposed, tried on
 * the past, approved by both departments, in force from a date; and how often
 * each kind of definition is looked at again.
 */

CREATE TABLE review_cycle (
    definition      text PRIMARY KEY CHECK (definition <> ''),
    every           interval NOT NULL DEFAULT '6 months' CHECK (every > interval '0' AND every <= interval '100 years'),
    team            text CHECK (team <> ''),
    approved_by     text[] NOT NULL DEFAULT '{marketing,sales}'
        CHECK (pg_catalog.cardinality(approved_by) > 0 AND approved_by <@ '{marketing,sales,customer,revops}'),
    confirmed_on    date CHECK (pg_catalog.isfinite(confirmed_on)),
    confirmed_by    text,
    CONSTRAINT confirmed_by_somebody CHECK ((confirmed_on IS NULL) = (confirmed_by IS NULL))
);
COMMENT ON TABLE review_cycle IS 'How often a kind of definition is looked at again, and who must approve a change of it. A definition without a row is looked at every 6 months, and marketing and sales approve its changes.';
COMMENT ON COLUMN review_cycle.definition IS 'name of the definition table; lead_merge for the search for duplicates';
COMMENT ON COLUMN review_cycle.every IS 'longest time between two looks';
COMMENT ON COLUMN review_cycle.team IS 'team that calls the review; null for both departments';
COMMENT ON COLUMN review_cycle.approved_by IS 'departments that must all agree to a proposal: marketing, sales, customer, revops. A member of revops who did not propose it may approve it alone';
COMMENT ON COLUMN review_cycle.confirmed_on IS 'when it was last looked at and left as it is; null for never';
COMMENT ON COLUMN review_cycle.confirmed_by IS 'who said so';

CREATE TABLE proposal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    definition      text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    key             jsonb CHECK (pg_catalog.jsonb_typeof(key) = 'object'),
    new_row         jsonb CHECK (pg_catalog.jsonb_typeof(new_row) = 'object'),
    old_row         jsonb,
    reason          text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
    in_force_from   timestamptz NOT NULL CHECK (pg_catalog.isfinite(in_force_from)),
    proposed_at     timestamptz NOT NULL,
    proposed_by     text NOT NULL,
    session_actor   text NOT NULL,
    department      text,
    backtest_over   interval DEFAULT '90 days' CHECK (backtest_over > interval '0' AND backtest_over <= interval '100 years'),
    backtest        jsonb,
    backtest_note   text,
    held_up         bigint,
    applied_at      timestamptz,
    applied_by      text,
    applied_version bigint,
    fault           text,
    CONSTRAINT key_of_a_row CHECK ((operation = 'insert') = (key IS NULL)),
    CONSTRAINT row_to_write CHECK ((operation = 'delete') = (new_row IS NULL))
);
CREATE INDEX ON proposal (in_force_from) WHERE applied_at IS NULL;
COMMENT ON TABLE proposal IS 'Changes of definitions that somebody proposed. Written by leadflow.propose; the decisions are in proposal_decision, the report is proposals.';
COMMENT ON COLUMN proposal.id IS 'number of the proposal';
COMMENT ON COLUMN proposal.definition IS 'name of the definition table';
COMMENT ON COLUMN proposal.operation IS 'insert, update or delete';
COMMENT ON COLUMN proposal.key IS 'primary key of the row that is changed; null for insert';
COMMENT ON COLUMN proposal.new_row IS 'the columns that are written, with their values; null for delete';
COMMENT ON COLUMN proposal.old_row IS 'the row as it was when the change was proposed: if it has changed since, the proposal is not applied; null for insert. Filled by leadflow';
COMMENT ON COLUMN proposal.reason IS 'why, in words';
COMMENT ON COLUMN proposal.in_force_from IS 'from when the change is to be in force';
COMMENT ON COLUMN proposal.proposed_at IS 'when it was proposed. Filled by leadflow';
COMMENT ON COLUMN proposal.proposed_by IS 'role that proposed it. Filled by leadflow';
COMMENT ON COLUMN proposal.session_actor IS 'role that had logged in';
COMMENT ON COLUMN proposal.department IS 'its department; null where it is no active team_member. Filled by leadflow';
COMMENT ON COLUMN proposal.backtest_over IS 'how much of the past it is tried on; null for no back-test';
COMMENT ON COLUMN proposal.backtest IS 'what it would have made of that past: {"rule", "from", "to", "rows"}, rows as leadflow.backtest gives them; null where there is none. Filled by leadflow';
COMMENT ON COLUMN proposal.backtest_note IS 'why there is no back-test; null where there is one. Filled by leadflow';
COMMENT ON COLUMN proposal.held_up IS 'leads in hand that could not take their next step with a criterion as proposed; null for anything but a criterion of leads that is enforced, and where the proposer may not read the leads';
COMMENT ON COLUMN proposal.applied_at IS 'when it was written to the definition; null while it was not';
COMMENT ON COLUMN proposal.applied_by IS 'role that wrote it';
COMMENT ON COLUMN proposal.applied_version IS 'version of the definitions that it made; null where it changed nothing';
COMMENT ON COLUMN proposal.fault IS 'why it could not be written at the last try, SQLSTATE first; null where nothing stood in the way';

CREATE TABLE proposal_decision (
    proposal_id     bigint NOT NULL REFERENCES proposal,
    actor           text NOT NULL,
    session_actor   text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('approve', 'reject', 'withdraw')),
    department      text,
    decided_at      timestamptz NOT NULL,
    note            text,
    PRIMARY KEY (proposal_id, actor),
    CONSTRAINT rejection_says_why CHECK (decision <> 'reject' OR COALESCE(pg_catalog.btrim(note), '') <> '')
);
COMMENT ON TABLE proposal_decision IS 'What members of the departments decided on proposals; one word each. Append-only.';
COMMENT ON COLUMN proposal_decision.proposal_id IS 'the proposal';
COMMENT ON COLUMN proposal_decision.actor IS 'role that decided, a team_member. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.session_actor IS 'role that had logged in';
COMMENT ON COLUMN proposal_decision.decision IS 'approve, reject (it is dead then), or withdraw (by whoever proposed it)';
COMMENT ON COLUMN proposal_decision.department IS 'department in whose name. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.decided_at IS 'when. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.note IS 'why; owed where it is rejected';

-- What could not be written is no proposal; nobody decides in another's name.
CREATE TRIGGER leadflow_proposal_guard BEFORE INSERT ON proposal
    FOR EACH ROW EXECUTE FUNCTION leadflow.proposal_guard();
CREATE TRIGGER leadflow_decision_guard BEFORE INSERT ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.decision_guard();
CREATE TRIGGER leadflow_decision_check AFTER INSERT ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.decision_check();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON proposal_decision
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON review_cycle
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON review_cycle
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE review_cycle ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
