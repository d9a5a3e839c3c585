/* routing: who gets a lead */

CREATE FUNCTION leadflow.route(workspace name, lead_id bigint, stage leadflow.stage DEFAULT NULL,
        avoid text[] DEFAULT '{}', reason text DEFAULT NULL) RETURNS text
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'leadflow_route';
COMMENT ON FUNCTION leadflow.route(name, bigint, leadflow.stage, text[], text) IS
    'hands a lead over by the routing rules of a stage (null: of the last stage with rules that it has reached), as entering the stage does; gives its owner, or null where no rule is in force. Who has it rightly keeps it, so it may run twice. avoid: members who are passed over if anybody else is eligible; the present owner, so that he gives it up. reason becomes owner_reason (null: the rule). Needs UPDATE on lead. Errors: no such lead (P0002), it was merged into another (55000), no such workspace (42704)';

CREATE FUNCTION leadflow.take_turn(workspace name) RETURNS void
    LANGUAGE C STRICT
    SET lock_timeout = '1s'
    AS 'MODULE_PATHNAME', 'leadflow_take_turn';
COMMENT ON FUNCTION leadflow.take_turn(name) IS
    'part of leadflow.sweep: waits for the turn to hand leads over, and keeps it to the end of the transaction. Errors: somebody else has it for longer than a second (55P03), not the owner (42501), no such workspace (42704)';

CREATE FUNCTION leadflow.explain_routing(workspace name, lead_id bigint, stage leadflow.stage DEFAULT NULL)
    RETURNS TABLE (step integer, what text, name text, fits boolean, why text, chosen boolean,
        open_leads bigint, capacity bigint, weight bigint, credit numeric)
    LANGUAGE C STABLE
    AS 'MODULE_PATHNAME', 'leadflow_explain_routing';
COMMENT ON FUNCTION leadflow.explain_routing(name, bigint, leadflow.stage) IS
    'who would get a lead now by the routing rules of a stage (null: of the last stage with rules that it has reached), step by step. what: rule (in their order; fits is null for those after the first that matches), member (of the pool: whether he may have the lead, his open leads without this one, capacity, weight, and the credit by which turns are taken), fallback, and in the last row owner (name: who would have the lead, chosen: whether a rule is in force). Changes nothing. Needs SELECT on lead. Errors: no such lead (P0002), it was merged into another (55000), no such workspace (42704)';
