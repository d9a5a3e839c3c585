/*
 * governance.sql: who answers for the data, and what good data is.
 */

CREATE TABLE field_owner (
    object      text NOT NULL CHECK (object IN ('lead', 'opportunity', 'account')),
    field       text NOT NULL,
    team        text NOT NULL CHECK (team <> ''),
    owed_from   leadflow.stage CHECK (owed_from >= 'visitor' AND owed_from = leadflow.base(owed_from)),
    meaning     text NOT NULL,
    PRIMARY KEY (object, field)
);
COMMENT ON TABLE field_owner IS 'Who answers for a field, and from which stage on it is owed.';
COMMENT ON COLUMN field_owner.object IS 'lead, opportunity or account';
COMMENT ON COLUMN field_owner.field IS 'column of the table of that name, also one that was added to it';
COMMENT ON COLUMN field_owner.team IS 'team that answers for the field';
COMMENT ON COLUMN field_owner.owed_from IS 'stage of the spine from which on the field is owed; null for never. An account owes it once one of its leads or opportunities has been there';
COMMENT ON COLUMN field_owner.meaning IS 'what belongs into the field, in words';

CREATE TABLE free_mail_domain (
    domain      text PRIMARY KEY CHECK (domain <> '' AND domain = pg_catalog.lower(pg_catalog.btrim(domain)))
);
COMMENT ON TABLE free_mail_domain IS 'Mailbox providers: an address there says nothing about a company.';
COMMENT ON COLUMN free_mail_domain.domain IS 'domain, in lower case';

-- A field that there is not is no definition.
CREATE TRIGGER leadflow_field_guard BEFORE INSERT OR UPDATE ON field_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.field_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON field_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON field_owner
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE field_owner ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON free_mail_domain
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON free_mail_domain
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE free_mail_domain ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
