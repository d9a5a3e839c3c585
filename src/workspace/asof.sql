/* asof.sql: reports of a workspace as of another instant, for whoever cannot set leadflow.clock */

CREATE FUNCTION leadflow.pipeline_asof(workspace text, at timestamptz)
    RETURNS TABLE (opportunity_id bigint, name text, lead_id bigint, account_id bigint, buyer text, campaign_id bigint, origin text, kind text,
                   segment text, territory text, variant text, owner text, team text, opened_at timestamptz, age_seconds bigint,
                   stage text, spine_stage text, ordinal bigint, entered_at timestamptz, stage_seconds bigint, norm_seconds bigint,
                   expected_close date, slipped_days bigint, amount numeric, currency text, value numeric, win_probability numeric,
                   weighted_value numeric, value_share numeric, stalled boolean, slipped boolean, without_date boolean,
                   without_value boolean, without_owner boolean)
    LANGUAGE plpgsql STABLE
    ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    SET leadflow.clock = ''
    AS $$
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF at IS NULL THEN
        RAISE EXCEPTION 'an instant must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT pg_catalog.isfinite(at) THEN
        RAISE EXCEPTION 'the instant must be finite'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- the present of the query below; it ends with the function, which sets it
    PERFORM pg_catalog.set_config('leadflow.clock', pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"'), true);
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT p.opportunity_id, p.name, p.lead_id, p.account_id, p.buyer, p.campaign_id, p.origin, p.kind,
                p.segment, p.territory, p.variant, p.owner, p.team, p.opened_at, p.age_seconds,
                p.stage, p.spine_stage, p.ordinal, p.entered_at, p.stage_seconds, p.norm_seconds,
                p.expected_close, p.slipped_days, p.amount, p.currency, p.value, p.win_probability,
                p.weighted_value, p.value_share, p.stalled, p.slipped, p.without_date, p.without_value, p.without_owner
         FROM %I.pipeline_deals p', workspace);
END;
$$;
COMMENT ON FUNCTION leadflow.pipeline_asof(text, timestamptz) IS
    'the pipeline as it was at an instant: the rows of pipeline_deals with leadflow.clock at it, whatever the clock of the session is. A deal that was won or lost later is open then, with the amount of its entry then, and the probabilities are those of the deals closed by then. Name, owner, kind, segment and expected_close are the present ones, and what is void or in lead_outside by now is judged as those views say. An instant to come is allowed: then the deals are as they are, and older. Needs SELECT on pipeline_deals. Errors: not a workspace (42704), a null instant (22004), an infinite one (22023)';
