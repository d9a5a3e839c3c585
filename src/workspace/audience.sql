/*
 * audience.sql: whom the company wants to reach, what moves them to buy and
 * what stands in the way, and who decides.
 */

CREATE TABLE icp (
    profile         text PRIMARY KEY CHECK (profile ~ '^[a-z][a-z0-9_]{0,62}$'),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    position        integer NOT NULL DEFAULT 100,
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    industries      text[] CHECK (pg_catalog.cardinality(industries) > 0),
    countries       text[] CHECK (pg_catalog.cardinality(countries) > 0),
    territories     text[] CHECK (pg_catalog.cardinality(territories) > 0),
    employees_from  integer CHECK (employees_from >= 0),
    employees_to    integer CHECK (employees_to >= 0),
    meaning         text NOT NULL,
    agreed_on       date,
    active          boolean NOT NULL DEFAULT true,
    CHECK (employees_to >= employees_from),
    CONSTRAINT profile_asks_something CHECK (pg_catalog.num_nonnulls(segments, industries, countries, territories, employees_from, employees_to) > 0)
);
COMMENT ON TABLE icp IS 'The ideal customer: which companies the offer is made for. A lead fits where everything that the profile asks is met. What moves such a company is in icp_trigger, what holds it back in icp_barrier.';
COMMENT ON COLUMN icp.profile IS 'code of the profile';
COMMENT ON COLUMN icp.variant IS 'only leads of this product line or region are held against it; * for all';
COMMENT ON COLUMN icp.position IS 'order in which profiles are shown';
COMMENT ON COLUMN icp.segments IS 'market segments (of the lead, else of its account); null for any, here and below';
COMMENT ON COLUMN icp.industries IS 'industries (of the lead, else of its account)';
COMMENT ON COLUMN icp.countries IS 'countries of the account';
COMMENT ON COLUMN icp.territories IS 'sales territories (of the lead, else of its account)';
COMMENT ON COLUMN icp.employees_from IS 'fewest employees of the account; null for no limit';
COMMENT ON COLUMN icp.employees_to IS 'most employees of the account; null for no limit';
COMMENT ON COLUMN icp.meaning IS 'the profile in words: who they are and why the offer is for them';
COMMENT ON COLUMN icp.agreed_on IS 'when both departments agreed on it';
COMMENT ON COLUMN icp.active IS 'whether reports hold leads against it';

CREATE TABLE icp_trigger (
    profile         text NOT NULL REFERENCES icp ON UPDATE CASCADE ON DELETE CASCADE,
    code            text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    meaning         text NOT NULL,
    how_seen        text,
    topic           text REFERENCES intent_topic ON UPDATE CASCADE,
    PRIMARY KEY (profile, code)
);
COMMENT ON TABLE icp_trigger IS 'The context of change: events that start a project at a company of the profile.';
COMMENT ON COLUMN icp_trigger.profile IS 'the profile';
COMMENT ON COLUMN icp_trigger.code IS 'code of the event: audit, merger, new_system';
COMMENT ON COLUMN icp_trigger.meaning IS 'the event in words, and what it makes them do';
COMMENT ON COLUMN icp_trigger.how_seen IS 'how we learn of it';
COMMENT ON COLUMN icp_trigger.topic IS 'topic of the signals of intent that show it (intent_signal); null where none do';

CREATE TABLE icp_barrier (
    profile         text NOT NULL REFERENCES icp ON UPDATE CASCADE ON DELETE CASCADE,
    code            text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    meaning         text NOT NULL,
    stage           leadflow.stage,
    objection       text REFERENCES objection ON UPDATE CASCADE,
    way_around      text,
    PRIMARY KEY (profile, code)
);
COMMENT ON TABLE icp_barrier IS 'What stands in the way of a company of the profile once the project has begun.';
COMMENT ON COLUMN icp_barrier.profile IS 'the profile';
COMMENT ON COLUMN icp_barrier.code IS 'code of the barrier';
COMMENT ON COLUMN icp_barrier.meaning IS 'the barrier in words';
COMMENT ON COLUMN icp_barrier.stage IS 'stage in which it shows; null for any';
COMMENT ON COLUMN icp_barrier.objection IS 'objection by which it is heard; null where there is none';
COMMENT ON COLUMN icp_barrier.way_around IS 'what has helped';

CREATE TABLE persona (
    persona         text PRIMARY KEY CHECK (persona ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    name            text NOT NULL CHECK (name <> ''),
    role_words      text[] NOT NULL CHECK (pg_catalog.cardinality(role_words) > 0 AND pg_catalog.lower(role_words::text) = role_words::text),
    decides         text NOT NULL CHECK (decides IN ('decides', 'prepares', 'influences', 'uses')),
    budget          text,
    pain            text NOT NULL CHECK (pain <> ''),
    awareness       text NOT NULL CHECK (awareness IN ('unaware', 'problem', 'solution', 'product', 'ready')),
    uses_instead    text,
    criteria        text NOT NULL CHECK (criteria <> ''),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE persona IS 'The people whom the company wants to reach, each with what they decide, what hurts them and how they judge.';
COMMENT ON COLUMN persona.persona IS 'code of the persona';
COMMENT ON COLUMN persona.position IS 'of several that a role fits, the active one with the smallest position is the lead''s';
COMMENT ON COLUMN persona.name IS 'name that people read';
COMMENT ON COLUMN persona.role_words IS 'words, in small letters, any of which in lead.role makes a lead this persona';
COMMENT ON COLUMN persona.decides IS 'decides, prepares (the decision), influences or uses';
COMMENT ON COLUMN persona.budget IS 'what budget they dispose of, in words';
COMMENT ON COLUMN persona.pain IS 'what hurts them, in their words';
COMMENT ON COLUMN persona.awareness IS 'what they know when they meet us: unaware, problem, solution, product or ready (to buy)';
COMMENT ON COLUMN persona.uses_instead IS 'what they use instead of us';
COMMENT ON COLUMN persona.criteria IS 'the criteria by which they judge';
COMMENT ON COLUMN persona.active IS 'whether reports use it';

CREATE TABLE committee_role (
    committee_role  text PRIMARY KEY CHECK (committee_role ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    needed_from     leadflow.stage NOT NULL DEFAULT 'opportunity' CHECK (needed_from >= 'opportunity'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    meaning         text NOT NULL,
    criteria        text,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE committee_role IS 'The roles that take part in a decision to buy, and which deals need them.';
COMMENT ON COLUMN committee_role.committee_role IS 'code of the role';
COMMENT ON COLUMN committee_role.position IS 'order in which roles are shown';
COMMENT ON COLUMN committee_role.segments IS 'deals of these segments need it; null for every deal';
COMMENT ON COLUMN committee_role.needed_from IS 'from which stage of the deal on it is needed';
COMMENT ON COLUMN committee_role.persona IS 'persona that usually has it; null for none';
COMMENT ON COLUMN committee_role.meaning IS 'what the role does in the decision';
COMMENT ON COLUMN committee_role.criteria IS 'the criteria by which it judges';
COMMENT ON COLUMN committee_role.active IS 'whether deals need it';

CREATE TABLE committee_member (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES account,
    committee_role  text NOT NULL REFERENCES committee_role ON UPDATE CASCADE,
    lead_id         bigint REFERENCES lead,
    who             text CHECK (who <> ''),
    stance          text NOT NULL DEFAULT 'unknown' CHECK (stance IN ('supports', 'neutral', 'opposes', 'unknown')),
    since           timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(since)),
    until           timestamptz CHECK (until > since AND pg_catalog.isfinite(until)),
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    who_key         bigint GENERATED ALWAYS AS (pg_catalog.hashtextextended(pg_catalog.lower(pg_catalog.btrim(who)), 0)) STORED,
    CONSTRAINT lead_or_title CHECK (lead_id IS NOT NULL OR who IS NOT NULL)
);
CREATE INDEX ON committee_member (account_id);
CREATE INDEX ON committee_member (lead_id);
COMMENT ON TABLE committee_member IS 'Who has which role in the decisions of an account, from when to when. A change of stance is a new row: of one person in one role the latest counts.';
COMMENT ON COLUMN committee_member.id IS 'number of the row';
COMMENT ON COLUMN committee_member.account_id IS 'the account';
COMMENT ON COLUMN committee_member.committee_role IS 'role in the decision';
COMMENT ON COLUMN committee_member.lead_id IS 'the person, as a lead; null where it is none yet';
COMMENT ON COLUMN committee_member.who IS 'title of a person who is no lead: head of purchasing. No names: a person with a name is a lead';
COMMENT ON COLUMN committee_member.stance IS 'supports, neutral, opposes or unknown';
COMMENT ON COLUMN committee_member.since IS 'from when';
COMMENT ON COLUMN committee_member.until IS 'until when; null for still';
COMMENT ON COLUMN committee_member.note IS 'remark';
COMMENT ON COLUMN committee_member.actor IS 'role that wrote it';
COMMENT ON COLUMN committee_member.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN committee_member.who_key IS 'hash of who without regard to case: tells one title from another to those who may not read it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp_trigger
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp_trigger
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp_trigger ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp_barrier
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp_barrier
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp_barrier ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON persona
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON persona
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE persona ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON committee_role
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON committee_role
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE committee_role ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
