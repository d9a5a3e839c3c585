/*
 * routing.sql: who gets a lead.
 */

CREATE TABLE pool (
    pool            text PRIMARY KEY CHECK (pool <> ''),
    fallback_owner  text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    meaning         text
);
COMMENT ON TABLE pool IS 'Groups of members among whom leads are dealt out.';
COMMENT ON COLUMN pool.pool IS 'name of the pool; default is where leads go that no rule names';
COMMENT ON COLUMN pool.fallback_owner IS 'who gets the lead when no member of the pool may';
COMMENT ON COLUMN pool.meaning IS 'what the pool is for';

CREATE TABLE pool_member (
    pool            text NOT NULL REFERENCES pool ON UPDATE CASCADE,
    member          text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    weight          integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    capacity        integer CHECK (capacity >= 0),
    PRIMARY KEY (pool, member)
);
COMMENT ON TABLE pool_member IS 'Who is in a pool, and what share of its leads is theirs.';
COMMENT ON COLUMN pool_member.pool IS 'the pool';
COMMENT ON COLUMN pool_member.member IS 'the member';
COMMENT ON COLUMN pool_member.weight IS 'share: twice the weight gets twice the leads';
COMMENT ON COLUMN pool_member.capacity IS 'most open leads that the member takes, whatever pool they came from; null for no limit';

CREATE TABLE absence (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member          text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    from_at         timestamptz NOT NULL,
    until_at        timestamptz NOT NULL CHECK (until_at > from_at),
    reason          text
);
CREATE INDEX ON absence (member, until_at);
COMMENT ON TABLE absence IS 'When members are away: they get no leads.';
COMMENT ON COLUMN absence.id IS 'number of the absence';
COMMENT ON COLUMN absence.member IS 'the member';
COMMENT ON COLUMN absence.from_at IS 'from when';
COMMENT ON COLUMN absence.until_at IS 'until when, exclusive';
COMMENT ON COLUMN absence.reason IS 'why';

CREATE TABLE routing_rule (
    rule            text PRIMARY KEY CHECK (rule <> ''),
    position        integer NOT NULL DEFAULT 100,
    object          text NOT NULL DEFAULT 'lead' CHECK (object = 'lead'),
    on_stage        leadflow.stage NOT NULL DEFAULT 'mql' CHECK (on_stage >= 'visitor' AND on_stage = leadflow.base(on_stage)),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    territory       text[] CHECK (territory <> '{}'),
    industry        text[] CHECK (industry <> '{}'),
    segment         text[] CHECK (segment <> '{}'),
    condition       text,
    to_account_owner boolean NOT NULL DEFAULT false,
    pool            text NOT NULL REFERENCES pool ON UPDATE CASCADE,
    in_hours        boolean NOT NULL DEFAULT false,
    meaning         text,
    active          boolean NOT NULL DEFAULT true,
    catch_all       text GENERATED ALWAYS AS (CASE WHEN active THEN 'default' END) STORED,
    CONSTRAINT pool_default_is_there FOREIGN KEY (catch_all) REFERENCES pool
);
COMMENT ON TABLE routing_rule IS 'Which leads go to which pool when they enter a stage; of the rules that match the first wins. Territory, industry and segment are those of the lead, else of its account.';
COMMENT ON COLUMN routing_rule.rule IS 'code of the rule';
COMMENT ON COLUMN routing_rule.position IS 'order: the smallest that matches wins';
COMMENT ON COLUMN routing_rule.object IS 'lead: what is routed';
COMMENT ON COLUMN routing_rule.on_stage IS 'a stage of the spine; entering it, or a leaf of it, or passing it, hands the lead over: mql to the first, sql to the second pair of hands, for example';
COMMENT ON COLUMN routing_rule.variant IS 'product line or region; * for all';
COMMENT ON COLUMN routing_rule.territory IS 'territories; null for all';
COMMENT ON COLUMN routing_rule.industry IS 'industries; null for all';
COMMENT ON COLUMN routing_rule.segment IS 'segments; null for all';
COMMENT ON COLUMN routing_rule.condition IS 'a criterion over the lead; null for always';
COMMENT ON COLUMN routing_rule.to_account_owner IS 'a named account: the owner of the lead''s account gets the lead; the rule does not match where there is no account with an owner who may have it';
COMMENT ON COLUMN routing_rule.pool IS 'pool whose members take turns';
COMMENT ON COLUMN routing_rule.in_hours IS 'whether members outside their working time are skipped';
COMMENT ON COLUMN routing_rule.meaning IS 'the rule in words';
COMMENT ON COLUMN routing_rule.active IS 'whether it is in use';
COMMENT ON COLUMN routing_rule.catch_all IS 'default while the rule is in use: the pool that must be there for leads that no rule matches. Filled by PostgreSQL';

CREATE TABLE assignment (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    lead_id         bigint NOT NULL REFERENCES lead,
    stage           leadflow.stage NOT NULL,
    rule            text,
    pool            text NOT NULL,
    old_owner       text,
    owner           text NOT NULL,
    how             text NOT NULL CHECK (how IN ('turn', 'account_owner', 'fallback')),
    skipped         jsonb NOT NULL DEFAULT '[]',
    turn            bigint,
    members         text[],
    credits         double precision[],
    CONSTRAINT turns_are_counted CHECK ((how = 'turn') = (turn IS NOT NULL))
);
CREATE INDEX ON assignment (lead_id, at);
CREATE INDEX ON assignment (pool, at);
-- the last turn says whose the next one is
CREATE UNIQUE INDEX assignment_turn ON assignment (pool, turn) WHERE turn IS NOT NULL;
COMMENT ON TABLE assignment IS 'Every lead that a rule gave to an owner, and why. The last turn of a pool says whose the next one is. Append-only.';
COMMENT ON COLUMN assignment.id IS 'number of the assignment';
COMMENT ON COLUMN assignment.at IS 'when it was assigned';
COMMENT ON COLUMN assignment.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN assignment.lead_id IS 'the lead';
COMMENT ON COLUMN assignment.stage IS 'stage by whose entry it was handed over';
COMMENT ON COLUMN assignment.rule IS 'rule that matched; null where none did';
COMMENT ON COLUMN assignment.pool IS 'pool that it named, or default';
COMMENT ON COLUMN assignment.old_owner IS 'owner before';
COMMENT ON COLUMN assignment.owner IS 'owner since';
COMMENT ON COLUMN assignment.how IS 'turn (it was the member''s turn), account_owner or fallback';
COMMENT ON COLUMN assignment.skipped IS 'who was passed over, and why: [{"member", "why"}]';
COMMENT ON COLUMN assignment.turn IS 'number of the turn in the pool; null where it was nobody''s';
COMMENT ON COLUMN assignment.members IS 'the members of the pool then; null where it was nobody''s turn';
COMMENT ON COLUMN assignment.credits IS 'what each of them has to his credit after this turn: the leads that his share has earned less those that he was given';

-- A lead's account is found by its e-mail's domain.
CREATE INDEX account_domain ON account (leadflow.normal_domain(domain));

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON assignment
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON assignment
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON pool
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON pool
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE pool ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON pool_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON pool_member
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE pool_member ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON routing_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON routing_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE routing_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON routing_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');
