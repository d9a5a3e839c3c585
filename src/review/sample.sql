/* sample.sql: what to look at together: drawn by lot, so that nobody chooses, and the same for everybody */

CREATE FUNCTION leadflow.lot(seed text, subject text) RETURNS bytea
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT pg_catalog.sha256(pg_catalog.convert_to(seed || '/' || subject, 'UTF8')) $$;
COMMENT ON FUNCTION leadflow.lot(text, text) IS
    'where a subject stands in an order that is drawn by lot: by nothing but the seed and itself. Order by it. Errors: text that UTF-8 cannot write (22P05)';

CREATE FUNCTION leadflow.sample(workspace text, what text, from_at timestamptz, to_at timestamptz, size integer DEFAULT 5, seed text DEFAULT '')
    RETURNS TABLE (place bigint, stratum text, lead_id bigint, opportunity_id bigint, touch_id bigint, name text, at timestamptz,
                   owner text, about text)
    LANGUAGE plpgsql STABLE
    ROWS 5
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
DECLARE
    population text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF what IS NULL OR from_at IS NULL OR to_at IS NULL OR size IS NULL OR seed IS NULL THEN
        RAISE EXCEPTION 'what is drawn, a period, a size and a seed must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF from_at >= to_at OR size < 1 THEN
        RAISE EXCEPTION 'the period must have a beginning and a later end, and the sample at least one place'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- each as (stratum, lead_id, opportunity_id, touch_id, name, at, owner, about)
    population := CASE what
        WHEN 'calls' THEN
            'SELECT COALESCE(t.actor, ''nobody named''), t.lead_id, NULL::bigint, t.id, l.full_name, t.at, t.actor,
                    pg_catalog.concat_ws('', '', t.direction, t.outcome, t.note)
             FROM %1$I.touch t
             JOIN %1$I.lead l ON l.id = t.lead_id
             WHERE t.kind = ''call'' AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = t.lead_id)'
        WHEN 'deals' THEN
            'SELECT d.outcome, d.lead_id, d.opportunity_id, NULL::bigint, d.name, d.closed_at, d.owner,
                    pg_catalog.concat_ws('', '', d.value || '' '' || w.currency, d.reason)
             FROM %1$I.deal d
             CROSS JOIN %1$I.workspace w
             WHERE d.outcome IN (''won'', ''lost'')'
        WHEN 'rejections' THEN
            'SELECT COALESCE(v.reason, ''no reason''), v.lead_id, NULL::bigint, NULL::bigint, l.full_name, v.at, v.owner,
                    pg_catalog.concat_ws('': '', v.reason, v.note)
             FROM %1$I.verdict v
             JOIN %1$I.lead l ON l.id = v.lead_id
             WHERE v.verdict = ''rejected'' AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = v.lead_id)'
        WHEN 'breaches' THEN
            'SELECT b.policy, b.lead_id, b.opportunity_id, NULL::bigint, COALESCE(o.name, l.full_name), b.due_at, b.owner,
                    b.metric || '' was due within '' || pg_catalog.make_interval(secs => b.target_seconds)
             FROM %1$I.sla_breach b
             LEFT JOIN %1$I.lead l ON l.id = b.lead_id
             LEFT JOIN %1$I.opportunity o ON o.id = b.opportunity_id'
        END;
    IF population IS NULL THEN
        RAISE EXCEPTION 'nothing is drawn of "%"', what
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose calls, deals, rejections or breaches; leads are drawn by leadflow.review_sample.';
    END IF;

    -- One of each stratum in turn.  Strata and what is in them come in an order that only they and the seed make.
    RETURN QUERY EXECUTE pg_catalog.format('
        WITH population (stratum, lead_id, opportunity_id, touch_id, name, at, owner, about) AS (' || population || '),
             lots AS (
                 SELECT p.*, pg_catalog.row_number() OVER (PARTITION BY p.stratum ORDER BY k.lot, p.lead_id, p.opportunity_id, p.touch_id, p.at) AS turn,
                        leadflow.lot($4, p.stratum) AS stratum_lot
                 FROM population p
                 CROSS JOIN LATERAL (SELECT leadflow.lot($4, pg_catalog.concat_ws(''/'', p.stratum, p.lead_id, p.opportunity_id, p.touch_id,
                                                              pg_catalog.date_part(''epoch'', p.at)::numeric)) AS lot) k
                 WHERE p.at >= $1 AND p.at < $2 AND p.at <= (SELECT leadflow.clock()))
        SELECT pg_catalog.row_number() OVER (ORDER BY s.turn, s.stratum_lot, s.stratum), s.stratum, s.lead_id, s.opportunity_id, s.touch_id,
               s.name, s.at, s.owner, s.about
        FROM lots s
        ORDER BY s.turn, s.stratum_lot, s.stratum
        LIMIT $3', workspace)
        USING from_at, to_at, size, seed;
END;
$$;
COMMENT ON FUNCTION leadflow.sample(text, text, timestamptz, timestamptz, integer, text) IS
    'what to look at together, of what happened from from_at (inclusive) to to_at (exclusive), by lot. what: calls (telephone calls, one of each actor in turn), deals (won and lost in turn), rejections (one of each reason in turn) or breaches (of promises, one of each policy in turn). The same seed draws the same for everybody, in whatever order rows lie; a row that is added to the period may take a place but changes the order of no others. stratum: what it is drawn in turn from; touch_id: the call; at: when it happened, or was due; about: what it was, in words. Leads in lead_outside are left out. As known at leadflow.clock(). Needs SELECT on what is read. Errors: not a workspace (42704), a null argument (22004), no period, less than one place or an unknown what (22023)';
