/* score.sql: the score of a lead, and why */

CREATE FUNCTION leadflow.score(workspace text, lead_id bigint, as_of timestamptz DEFAULT NULL,
        OUT fit numeric, OUT behaviour numeric, OUT total numeric, OUT grade text, OUT probability numeric)
    LANGUAGE C STABLE
    AS 'MODULE_PATHNAME', 'leadflow_score';
COMMENT ON FUNCTION leadflow.score(text, bigint, timestamptz) IS
    'the score of a lead as of an instant (null: leadflow.clock()): points of fit and of behaviour, their sum, the grade, and the probability of winning by the active model (null for none). Touches and signals of intent count up to the instant; the columns of the lead and its account are as they are. Null for a null workspace or lead. Needs SELECT on lead, account, touch and intent_signal. Errors: no such lead (P0002), no such workspace (42704), an infinite instant (22008), points out of range (22003)';

CREATE FUNCTION leadflow.explain_score(workspace text, lead_id bigint, as_of timestamptz DEFAULT NULL)
    RETURNS TABLE (rule text, component text, points_now numeric, points_earned numeric, evidence jsonb)
    LANGUAGE C STABLE
    AS 'MODULE_PATHNAME', 'leadflow_explain_score';
COMMENT ON FUNCTION leadflow.explain_score(text, bigint, timestamptz) IS
    'why a lead has its score: one row for each rule whose condition is met or that counts something, and one with points below zero for each group whose cap takes some away; points_now sum to the score. points_earned is before fading and before the caps of the rule and the group. evidence: the touches or signals that count (the latest 20), how many they are, how many more were repeated, whether the cap has cut them; or the values that the expression has seen; or the cap of the group. Touches and signals that row security may hide are counted, but not named. Rights and errors as leadflow.score';

CREATE FUNCTION leadflow.explain_probability(workspace text, lead_id bigint, as_of timestamptz DEFAULT NULL)
    RETURNS TABLE (feature text, value text, log_odds double precision, points numeric)
    LANGUAGE C STABLE
    AS 'MODULE_PATHNAME', 'leadflow_explain_probability';
COMMENT ON FUNCTION leadflow.explain_probability(text, bigint, timestamptz) IS
    'why the active model gives a lead its probability: the intercept (feature is null; in points it is score_models.base_points), and what the value of each feature adds to the log-odds (value null: missing); the probability is 1 / (1 + exp(-sum)), kept within 0.0001 and 0.9999. No rows without an active model. Rights and errors as leadflow.score';

CREATE FUNCTION leadflow.facts(workspace text, lead record, as_of timestamptz) RETURNS jsonb
    LANGUAGE C STABLE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_facts';
COMMENT ON FUNCTION leadflow.facts(text, record, timestamptz) IS
    'what is known of a lead as of an instant: {"features": {feature: value}, "score": {"fit", "behaviour", "total", "grade", "probability"}}; a feature that is missing is left out. lead is a row of the workspace''s type lead, stored or made up: its columns are taken as they are given, its touches and its account''s signals up to the instant. Null where there are neither features nor rules. Needs the rights of leadflow.score. Errors: a row of another type (42804), no such workspace (42704), an infinite instant (22008)';

CREATE FUNCTION leadflow.meets(workspace text, lead record, expression text, as_of timestamptz) RETURNS boolean
    LANGUAGE C STABLE STRICT COST 100
    AS 'MODULE_PATHNAME', 'leadflow_meets';
COMMENT ON FUNCTION leadflow.meets(text, record, text, timestamptz) IS
    'whether a lead meets an expression, as in the standard, as of an instant: a null result is false. lead is as in leadflow.facts. Needs the rights of leadflow.score. Errors: those of leadflow.facts, and what the standard refuses in an expression (42P17 and others)';

CREATE FUNCTION leadflow.score_leads(workspace text, after bigint, leads bigint, as_of timestamptz)
    RETURNS TABLE (lead_id bigint, fit numeric, behaviour numeric, total numeric, grade text, probability numeric,
                   model_version bigint, definition_version bigint, move text, from_stage text, to_stage text, fault text)
    LANGUAGE C STABLE STRICT
    AS 'MODULE_PATHNAME', 'leadflow_score_leads';
COMMENT ON FUNCTION leadflow.score_leads(text, bigint, bigint, timestamptz) IS
    'part of leadflow.score_some: the scores of the next leads after a number, as of an instant, and the score_move that each asks for; a lead that was merged, or of which an expression fails (fault), has null scores. Errors: not the owner of the workspace (42501), no such workspace (42704)';

CREATE FUNCTION leadflow.score_some(workspace text, leads integer DEFAULT 10000) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    SET leadflow.on_violation = raise
    AS $$
DECLARE
    run bigint;
    instant timestamptz;
    last bigint;
    upto bigint;
    n bigint;
    due jsonb;
    n_failed bigint;
    failed text;
    item record;
    n_moved bigint := 0;
    n_refused bigint := 0;
    found boolean;
    fault text;
    detail text;
BEGIN
    IF leads IS NULL OR leads < 1 THEN
        RAISE EXCEPTION 'the number of leads must be 1 or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM leadflow.check_workspace_owner(workspace);
    -- scores of long ago are of no use: a run that was interrupted then is over
    EXECUTE pg_catalog.format('UPDATE %I.score_run SET finished_at = pg_catalog.clock_timestamp()
                               WHERE finished_at IS NULL AND as_of < leadflow.clock() - interval ''1 day''', workspace);
    EXECUTE pg_catalog.format('INSERT INTO %I.score_run (as_of) SELECT leadflow.clock()
                               WHERE NOT EXISTS (SELECT FROM %1$I.score_run WHERE finished_at IS NULL) ON CONFLICT DO NOTHING', workspace);
    EXECUTE pg_catalog.format('SELECT id, as_of, last_lead_id FROM %I.score_run WHERE finished_at IS NULL FOR UPDATE', workspace)
        INTO run, instant, last;
    IF run IS NULL THEN
        RETURN 0;       -- another session has just finished it
    END IF;

    EXECUTE pg_catalog.format(
        'WITH scored AS MATERIALIZED (SELECT * FROM leadflow.score_leads($1, $2, $3, $4)),
              kept AS (
             INSERT INTO %I.lead_score AS k (lead_id, scored_at, fit, behaviour, total, grade, probability, model_version, definition_version)
             SELECT s.lead_id, $4, s.fit, s.behaviour, s.total, s.grade, s.probability, s.model_version, s.definition_version
             FROM scored s WHERE s.fit IS NOT NULL
             ON CONFLICT (lead_id) DO UPDATE SET scored_at = EXCLUDED.scored_at, fit = EXCLUDED.fit, behaviour = EXCLUDED.behaviour,
                 total = EXCLUDED.total, grade = EXCLUDED.grade, probability = EXCLUDED.probability,
                 model_version = EXCLUDED.model_version, definition_version = EXCLUDED.definition_version,
                 refused_move = NULL, refusal = NULL)
         SELECT pg_catalog.count(*), pg_catalog.max(s.lead_id),
                pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(''lead_id'', s.lead_id, ''move'', s.move, ''from'', s.from_stage, ''to'', s.to_stage)
                                     ORDER BY s.lead_id) FILTER (WHERE s.move IS NOT NULL),
                pg_catalog.count(s.fault),
                (pg_catalog.array_agg(pg_catalog.format(''lead %%s: %%s'', s.lead_id, s.fault) ORDER BY s.lead_id) FILTER (WHERE s.fault IS NOT NULL))[1]
         FROM scored s', workspace)
        INTO n, upto, due, n_failed, failed USING workspace, last, leads::bigint, instant;

    IF n_failed > 0 THEN
        RAISE WARNING '% leads of workspace % could not be scored and keep the scores they had', n_failed, workspace
            USING DETAIL = failed, HINT = 'Mend the expression in score_rule, score_feature or score_move.';
    END IF;

    FOR item IN SELECT * FROM pg_catalog.jsonb_to_recordset(COALESCE(due, '[]'))
            AS d (lead_id bigint, move text, "from" text, "to" text) LOOP
        BEGIN
            -- a lead that somebody is writing is left for the next run; what asked for the move must still hold
            EXECUTE pg_catalog.format(
                'UPDATE %1$I.lead l SET stage = $1::leadflow.stage
                 FROM (SELECT x.id FROM %1$I.lead x WHERE x.id = $2 AND x.stage = $3::leadflow.stage FOR NO KEY UPDATE SKIP LOCKED) x,
                      %1$I.score_move m
                 WHERE l.id = x.id AND m.code = $4 AND leadflow.meets($5, l, m.condition, leadflow.clock()) RETURNING true', workspace)
                INTO found USING item."to", item.lead_id, item."from", item.move, workspace;
            IF found THEN
                n_moved := n_moved + 1;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            -- not what concerns the transaction or the whole server
            IF SQLSTATE ~ '^(40|53|57|58|XX)' THEN
                RAISE;
            END IF;
            GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            fault := pg_catalog.concat_ws(E'\n', fault, NULLIF(detail, ''));
            n_refused := n_refused + 1;
            EXECUTE pg_catalog.format('UPDATE %I.lead_score SET refused_move = $1, refusal = $2 WHERE lead_id = $3', workspace)
                USING item.move, fault, item.lead_id;
        END;
    END LOOP;

    EXECUTE pg_catalog.format(
        'UPDATE %I.score_run SET last_lead_id = COALESCE($2, last_lead_id), leads = leads + $3, moved = moved + $4, refused = refused + $5, failed = failed + $7,
             finished_at = CASE WHEN $3 < $6 THEN pg_catalog.clock_timestamp() END WHERE id = $1', workspace)
        USING run, upto, n, n_moved, n_refused, leads, n_failed;
    IF n < leads THEN
        EXECUTE pg_catalog.format('DELETE FROM %1$I.lead_score s USING %1$I.lead l WHERE l.id = s.lead_id AND l.merged_into IS NOT NULL', workspace);
        RETURN 0;
    END IF;
    RETURN n;
END;
$$;
COMMENT ON FUNCTION leadflow.score_some(text, integer) IS
    'scores the next leads of the run that is under way, or of a new one as of leadflow.clock(), into lead_score; then moves those whose score asks for it (score_move): a move that is refused is kept in lead_score.refusal. A lead of which an expression fails keeps the score it had, with a warning. leads: how many. Gives the number scored, or 0 when the run is finished. Locks no lead but those that move, and waits for none. A run that was left a day ago is over. Errors: not the owner (42501), not a workspace (42704), fewer than 1 (22023)';

CREATE PROCEDURE leadflow.refresh_scores(workspace text, batch integer DEFAULT 10000)
    LANGUAGE plpgsql
    AS $$
DECLARE
    scored bigint;
BEGIN
    LOOP
        scored := leadflow.score_some(workspace, batch);
        COMMIT;
        EXIT WHEN scored OPERATOR(pg_catalog.=) 0;
    END LOOP;
END;
$$;
COMMENT ON PROCEDURE leadflow.refresh_scores(text, integer) IS
    'scores all leads, a batch in each transaction; when it is interrupted, the next call goes on where it stopped. To be called outside a transaction block, for instance by pg_cron: SELECT cron.schedule(''scores'', ''*/15 * * * *'', $$CALL leadflow.refresh_scores(''crm'')$$). Errors as leadflow.score_some, and inside a transaction block (2D000)';

CREATE FUNCTION leadflow.check_scores(workspace text)
    RETURNS TABLE (lead_id bigint, component text, score numeric, explained numeric, found_in text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'WITH lead AS (SELECT l.id FROM %1$I.lead l WHERE l.merged_into IS NULL),
              claim (lead_id, as_of, fit, behaviour, found_in) AS (
             SELECT l.id, leadflow.clock(), s.fit, s.behaviour, ''leadflow.score''
             FROM lead l, LATERAL leadflow.score($1, l.id, NULL) s
             UNION ALL
             SELECT s.lead_id, s.scored_at, s.fit, s.behaviour, ''lead_score''
             FROM %1$I.lead_score s JOIN lead l ON l.id = s.lead_id)
         SELECT c.lead_id, v.component, v.score, v.explained, c.found_in
         FROM claim c,
             LATERAL (SELECT COALESCE(pg_catalog.sum(e.points_now) FILTER (WHERE e.component = ''fit''), 0) AS fit,
                             COALESCE(pg_catalog.sum(e.points_now) FILTER (WHERE e.component = ''behaviour''), 0) AS behaviour
                      FROM leadflow.explain_score($1, c.lead_id, c.as_of) e) e,
             LATERAL (VALUES (''fit'', c.fit, e.fit), (''behaviour'', c.behaviour, e.behaviour)) v (component, score, explained)
         WHERE v.score <> v.explained
         ORDER BY c.lead_id, c.found_in, v.component', workspace)
        USING workspace;
END;
$$;
COMMENT ON FUNCTION leadflow.check_scores(text) IS
    'proves that every score is explained: the leads whose score is not the sum of its explanation, for leadflow.score as of leadflow.clock() and for lead_score as of scored_at (found_in). No row means that all agree; rows of lead_score mean that a row, a touch or a rule has changed since. Needs the rights of leadflow.score and SELECT on lead_score. Errors: not a workspace (42P01)';
