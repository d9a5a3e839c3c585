/* verdict.sql: what sales says about a lead that was handed over, and what marketing answers */

CREATE FUNCTION leadflow.verdict_by_move() RETURNS boolean
    LANGUAGE C VOLATILE
    AS 'MODULE_PATHNAME', 'leadflow_verdict_by_move';
COMMENT ON FUNCTION leadflow.verdict_by_move() IS
    'part of the verdict''s triggers: whether the verdict that is being inserted was said by a move of the lead';

CREATE FUNCTION leadflow.verdict_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    lead record;
    last record;
    why record;
    unknown text;
    known text;
BEGIN
    IF leadflow.verdict_by_move() THEN
        RETURN NEW;
    END IF;
    IF NEW.verdict IS NULL OR NEW.verdict NOT IN ('accepted', 'rejected') THEN
        RAISE EXCEPTION 'unknown verdict "%"', NEW.verdict
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose accepted or rejected.';
    END IF;

    -- who decides about the same lead waits
    EXECUTE pg_catalog.format('SELECT l.id, l.stage, l.stage_since, l.owner, l.campaign_id, l.origin, l.segment, l.variant, l.merged_into,
                                      pg_catalog.to_jsonb(l) -> ''score'' AS score
                               FROM %I.lead l WHERE l.id = $1 FOR NO KEY UPDATE', TG_TABLE_SCHEMA) INTO lead USING NEW.lead_id;
    IF lead.id IS NULL THEN
        RAISE EXCEPTION 'workspace % has no lead %', TG_TABLE_SCHEMA, NEW.lead_id
            USING ERRCODE = 'no_data_found';
    ELSIF lead.merged_into IS NOT NULL THEN
        RAISE EXCEPTION 'lead % was merged into lead %', lead.id, lead.merged_into
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = pg_catalog.format('Give the verdict on lead %s.', lead.merged_into);
    END IF;

    NEW.at := COALESCE(NEW.at, leadflow.clock());
    IF NEW.at = leadflow.clock() THEN
        NEW.at := GREATEST(NEW.at, lead.stage_since);
    ELSIF NEW.at > GREATEST(leadflow.clock(), pg_catalog.clock_timestamp()) + interval '5 minutes' THEN
        RAISE EXCEPTION 'a verdict must not be given in the future'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('at = %s.', NEW.at);
    END IF;

    NEW.handed_over_at := NULL;
    IF lead.stage < 'visitor'::leadflow.stage OR lead.stage >= 'mql'::leadflow.stage THEN
        EXECUTE pg_catalog.format(
            'SELECT e.at FROM %I.stage_event e
             WHERE e.lead_id = $1 AND e.subject = ''lead'' AND e.to_stage <@ ''mql''::leadflow.stage
                 AND (e.from_stage <@ ''mql''::leadflow.stage) IS NOT TRUE AND e.at <= $2
             ORDER BY e.at DESC, e.id DESC LIMIT 1', TG_TABLE_SCHEMA) INTO NEW.handed_over_at USING lead.id, NEW.at;
    END IF;
    IF NEW.handed_over_at IS NULL THEN
        RAISE EXCEPTION 'lead % is not handed over', lead.id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = CASE WHEN NEW.at < lead.stage_since THEN pg_catalog.format('It is in stage %s since %s; the verdict is of %s.', lead.stage, lead.stage_since, NEW.at)
                                ELSE pg_catalog.format('It is in stage %s.', lead.stage) END,
                  HINT = 'Marketing hands a lead over by moving it to mql.';
    END IF;
    EXECUTE pg_catalog.format('SELECT v.verdict, v.at, v.actor FROM %I.verdict v WHERE v.lead_id = $1 AND v.handed_over_at = $2
                               ORDER BY v.at DESC, v.id DESC LIMIT 1', TG_TABLE_SCHEMA) INTO last USING lead.id, NEW.handed_over_at;
    IF last.verdict = NEW.verdict THEN
        RAISE EXCEPTION 'lead % was % already', lead.id, NEW.verdict
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = pg_catalog.format('%s did so at %s.', last.actor, last.at);
    END IF;

    -- each objection once, in the order in which they were heard
    SELECT COALESCE(pg_catalog.array_agg(o.code ORDER BY o.n), '{}') INTO NEW.objections
    FROM (SELECT u.code, pg_catalog.min(u.n) AS n FROM pg_catalog.unnest(NEW.objections) WITH ORDINALITY u (code, n) GROUP BY u.code) o;
    EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(COALESCE(pg_catalog.quote_ident(u.code), ''null''), '', '' ORDER BY u.n),
                                      (SELECT pg_catalog.string_agg(o.code, '', '' ORDER BY o.code) FROM %1$I.objection o WHERE o.active)
                               FROM pg_catalog.unnest($1) WITH ORDINALITY u (code, n)
                               WHERE NOT EXISTS (SELECT FROM %1$I.objection o WHERE o.code = u.code AND o.active)', TG_TABLE_SCHEMA)
        INTO unknown, known USING NEW.objections;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown objection: %', unknown
            USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('Known: %s.', COALESCE(known, 'none')),
                  HINT = 'Add it to objection, or give a known one.';
    END IF;

    IF NEW.verdict = 'accepted' THEN
        IF NEW.stage < 'sal'::leadflow.stage THEN
            RAISE EXCEPTION 'an accepted lead goes to sal or further, not to %', NEW.stage
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        NEW.stage := CASE WHEN lead.stage >= COALESCE(NEW.stage, 'sal'::leadflow.stage) THEN lead.stage
                          ELSE COALESCE(NEW.stage, 'sal'::leadflow.stage) END;
    ELSE
        IF lead.stage >= 'opportunity'::leadflow.stage THEN
            RAISE EXCEPTION 'lead % is in stage %, too far to be rejected', lead.id, lead.stage
                USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Move it to lost, with a reason.';
        ELSIF NEW.stage >= 'sal'::leadflow.stage
            OR NEW.stage >= 'visitor'::leadflow.stage AND lead.stage >= 'visitor'::leadflow.stage AND leadflow.base(NEW.stage) >= leadflow.base(lead.stage)
        THEN
            RAISE EXCEPTION 'a rejected lead goes into an exit, or back from %, not to %', lead.stage, NEW.stage
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF COALESCE(pg_catalog.btrim(NEW.reason), '') = '' THEN
            RAISE EXCEPTION 'a rejection needs a reason'
                USING ERRCODE = 'check_violation', HINT = 'Give a code of the table reason.',
                      SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'reason', CONSTRAINT = 'reason';
        END IF;
        EXECUTE pg_catalog.format('SELECT r.applies_to, r.needs_note FROM %I.reason r WHERE r.code = $1', TG_TABLE_SCHEMA) INTO why USING NEW.reason;
        IF NEW.stage IS NULL AND lead.stage < 'visitor'::leadflow.stage
            AND (why.applies_to = '{}' OR leadflow.base(lead.stage) = ANY (why.applies_to) OR lead.stage = ANY (why.applies_to))
        THEN
            NEW.stage := lead.stage;
        ELSIF NEW.stage IS NULL THEN
            SELECT a.stage INTO NEW.stage
            FROM pg_catalog.unnest(why.applies_to) WITH ORDINALITY a (stage, n)
            WHERE a.stage < 'visitor'::leadflow.stage AND NOT a.stage <@ 'churned'::leadflow.stage
                OR a.stage >= 'visitor'::leadflow.stage AND a.stage < 'sal'::leadflow.stage AND leadflow.base(a.stage) < leadflow.base(lead.stage)
            ORDER BY a.n LIMIT 1;
            NEW.stage := COALESCE(NEW.stage, 'nurture'::leadflow.stage);
        END IF;
        -- the guard sees to it where the lead moves
        IF NEW.stage = lead.stage AND why.needs_note AND COALESCE(pg_catalog.btrim(NEW.note), '') = '' THEN
            RAISE EXCEPTION 'reason % must come with a note', NEW.reason
                USING ERRCODE = 'check_violation',
                      SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'note', CONSTRAINT = 'reason_note';
        END IF;
    END IF;
    IF NOT NEW.stage <@ 'nurture'::leadflow.stage AND (NEW.narrative IS NOT NULL OR NEW.wake_at IS NOT NULL) THEN
        RAISE EXCEPTION 'narrative and wake_at are for a lead that goes into nurture, not into %', NEW.stage
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    EXECUTE pg_catalog.format('SELECT m.team FROM %I.team_member m WHERE m.member = $1', TG_TABLE_SCHEMA) INTO NEW.team USING lead.owner;
    NEW.recorded_at := pg_catalog.now();
    NEW.owner := lead.owner;
    NEW.campaign_id := lead.campaign_id;
    NEW.origin := lead.origin;
    NEW.segment := lead.segment;
    NEW.variant := lead.variant;
    NEW.score := CASE WHEN pg_catalog.jsonb_typeof(lead.score) = 'number' THEN lead.score::numeric END;
    NEW.session_actor := SESSION_USER;
    NEW.actor := CURRENT_USER;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.verdict_guard() IS
    'BEFORE INSERT trigger of verdict: fills in the handover and what the lead was at that moment, and refuses a verdict on a lead that is not handed over, was decided so already, is merged or too far (55000), or does not exist (P0002), an unknown verdict or objection, a stage that does not go with it, and a time to come (22023), and a rejection without a reason (23514)';

CREATE FUNCTION leadflow.verdict_recorder() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    present leadflow.stage;
    moves boolean;
    moved bigint;
BEGIN
    IF leadflow.verdict_by_move() THEN
        RETURN NULL;
    END IF;
    EXECUTE pg_catalog.format('SELECT l.stage FROM %I.lead l WHERE l.id = $1', TG_TABLE_SCHEMA) INTO present USING NEW.lead_id;
    moves := NEW.stage IS DISTINCT FROM present;
    IF NOT moves AND NEW.narrative IS NULL AND NEW.wake_at IS NULL THEN
        RETURN NULL;
    END IF;

    -- only what was given: the guard fills in the rest
    EXECUTE pg_catalog.format('UPDATE %I.lead SET ', TG_TABLE_SCHEMA)
        || pg_catalog.concat_ws(', ',
            CASE WHEN moves THEN 'stage = $2, stage_since = $3' END,
            CASE WHEN moves AND NEW.reason IS NOT NULL THEN 'reason = $4, reason_note = $5' END,
            CASE WHEN NEW.narrative IS NOT NULL THEN 'narrative = $6' END,
            CASE WHEN NEW.wake_at IS NOT NULL THEN 'wake_at = $7' END)
        || ' WHERE id = $1'
        USING NEW.lead_id, NEW.stage, NEW.at, NEW.reason, NEW.note, NEW.narrative, NEW.wake_at;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved = 0 THEN
        RAISE EXCEPTION 'the verdict on lead % cannot stand: its move to % was not made', NEW.lead_id, NEW.stage
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'The move was to be parked, or a trigger or policy has prevented it.',
                  HINT = pg_catalog.format('SELECT * FROM leadflow.explain(%L, %s, %L) shows what is missing.', TG_TABLE_SCHEMA, NEW.lead_id, NEW.stage);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION leadflow.verdict_recorder() IS
    'AFTER INSERT trigger of verdict: moves the lead where the verdict says, as whoever gives it; the guard judges the move, and a verdict whose move is parked is refused (55000)';

CREATE FUNCTION leadflow.answer_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    given record;
BEGIN
    EXECUTE pg_catalog.format('SELECT v.verdict, v.at FROM %I.verdict v WHERE v.id = $1', TG_TABLE_SCHEMA) INTO given USING NEW.verdict_id;
    IF given.verdict <> 'rejected' THEN
        RAISE EXCEPTION 'verdict % did not reject the lead', NEW.verdict_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Only rejections are answered.';
    ELSIF NEW.answer NOT IN ('agrees', 'disputes', 'mends') THEN
        RAISE EXCEPTION 'unknown answer "%"', NEW.answer
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose agrees, disputes or mends.';
    ELSIF NEW.answer <> 'agrees' AND COALESCE(pg_catalog.btrim(NEW.note), '') = '' THEN
        RAISE EXCEPTION 'the answer "%" needs a note', NEW.answer
            USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_says_why', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'note',
                  HINT = 'Say in note why it is disputed, or what is being mended.';
    ELSIF NEW.at < given.at THEN
        RAISE EXCEPTION 'an answer must not be given before the verdict'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('at = %s, the verdict was given at %s.', NEW.at, given.at);
    END IF;
    NEW.recorded_at := pg_catalog.now();
    NEW.session_actor := SESSION_USER;
    NEW.actor := CURRENT_USER;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.answer_guard() IS
    'BEFORE INSERT trigger of verdict_answer: fills in who answers, and refuses an answer to an acceptance (55000), an unknown one or one before the verdict (22023), and a dispute or a mending without a note (23514, constraint dispute_says_why)';

CREATE FUNCTION leadflow.give_verdict(workspace name, lead_id bigint, verdict text, reason text DEFAULT NULL, note text DEFAULT NULL,
        objections text[] DEFAULT '{}', stage leadflow.stage DEFAULT NULL, narrative text DEFAULT NULL, wake_at timestamptz DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    id bigint;
BEGIN
    EXECUTE pg_catalog.format('INSERT INTO %I.verdict (lead_id, verdict, reason, note, objections, stage, narrative, wake_at)
                               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id', workspace)
        INTO id USING lead_id, verdict, reason, note, objections, stage, narrative, wake_at;
    RETURN id;
END;
$$;
COMMENT ON FUNCTION leadflow.give_verdict(name, bigint, text, text, text, text[], leadflow.stage, text, timestamptz) IS
    'sales accepts or rejects a lead that was handed over, and the lead moves: to stage, else to sal or to where the reason says. verdict: accepted or rejected; reason, note: why, owed as for the move; objections: codes of those heard; narrative, wake_at: for marketing, where the lead goes into nurture. Gives verdict.id. Needs INSERT on verdict and UPDATE on lead. Errors: the lead is not handed over, was decided so already, or its move is parked (55000), no such lead (P0002), an unknown verdict or objection, or a stage that does not go with the verdict (22023), what the lead''s move is refused for (23514), no right (42501), no such workspace (42P01)';
