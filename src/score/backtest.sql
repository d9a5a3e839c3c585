/*
 * backtest.sql: which leads another rule would have handed over, and the
 * leads that both departments look at together.
 *
 * When may a rule that was not met become met?  When the lead is created, when
 * it does something, and when its account shows interest: then points are
 * added.  Between these instants points only fade, and the columns are as they
 * are now at every instant.  Points below zero fade too, and dates pass: a rule
 * with such points, or that asks how long ago something was, may become met by
 * time alone.  For those there is every.
 *
 * What a lead does counts while it is with marketing or in nurture, and, where
 * it became an MQL in the period, until sales takes it up or sends it off: what
 * it does then, it does with sales.  A lead that was handed over before the
 * period and has not come back is no news.
 */

CREATE FUNCTION leadflow.backtest_outcomes(workspace text, proposed text, from_at timestamptz, to_at timestamptz,
        variant text, every interval)
    RETURNS TABLE (lead_id bigint, in_force_at timestamptz, proposed_at timestamptz, verdict text, reason text, outcome text, won_at timestamptz,
                   full_name text, owner text, campaign_id bigint, cost numeric)
    LANGUAGE plpgsql STABLE
    ROWS 10000
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
DECLARE
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF proposed IS NULL OR variant IS NULL THEN
        RAISE EXCEPTION 'a rule and a variant must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF (pg_catalog.isfinite(from_at) AND pg_catalog.isfinite(to_at) AND from_at < to_at) IS NOT TRUE THEN
        RAISE EXCEPTION 'the period must have a beginning and a later end'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF every < interval '1 hour' THEN
        RAISE EXCEPTION 'the step must be an hour or more'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- so that what is wrong with the rule shows even where there is no lead to try it on
    PERFORM leadflow.check_expression(pg_catalog.format('%I.lead', workspace)::regclass, proposed, 'boolean');

    RETURN QUERY EXECUTE pg_catalog.format($query$
        WITH qualified AS MATERIALIZED (
            SELECT q.lead_id, q.qualified_at, q.verdict, q.reason, q.outcome, q.won_at
            FROM %1$I.qualification q
            WHERE q.qualified_at >= $3
        ), handed AS MATERIALIZED (
            SELECT q.lead_id, pg_catalog.min(q.qualified_at) AS at
            FROM qualified q
            WHERE q.qualified_at < $4
            GROUP BY q.lead_id
        ), stay AS (
            -- when a lead was where it may become an MQL; what was before its history began counts as well
            SELECT s.lead_id,
                   pg_catalog.tstzmultirange(pg_catalog.tstzrange(NULL, pg_catalog.min(s.at)))
                       + COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(s.at, s.next_at)) FILTER (WHERE s.counts), '{}') AS free
            FROM (SELECT e.lead_id, e.at,
                         e.to_stage >= 'visitor' AND e.to_stage < 'mql' OR e.to_stage <@ 'nurture'
                             OR e.to_stage >= 'mql' AND e.to_stage < 'sal' AND e.at >= h.at IS TRUE AS counts,
                         pg_catalog.lead(e.at) OVER (PARTITION BY e.lead_id ORDER BY e.at, e.id) AS next_at
                  FROM %1$I.stage_event e
                  LEFT JOIN handed h ON h.lead_id = e.lead_id
                  WHERE e.opportunity_id IS NULL AND e.at < $4) s
            GROUP BY s.lead_id
        ), instant AS (
            SELECT i.lead_id, pg_catalog.array_agg(DISTINCT i.at ORDER BY i.at) AS at
            FROM (SELECT l.id AS lead_id, l.created_at AS at FROM %1$I.lead l
                  UNION ALL
                  SELECT h.lead_id, h.at FROM handed h
                  UNION ALL
                  SELECT t.lead_id, t.at FROM %1$I.touch t WHERE t.direction = 'inbound' AND t.lead_id IS NOT NULL
                  UNION ALL
                  SELECT l.id, g.at FROM %1$I.intent_signal g JOIN %1$I.lead l ON l.account_id = g.account_id AND l.created_at <= g.at
                  UNION ALL
                  SELECT l.id, s.at FROM %1$I.lead l CROSS JOIN pg_catalog.generate_series($3, $4, $6) s (at) WHERE l.created_at <= s.at) i
            WHERE i.at >= $3 AND i.at < $4 AND i.at <= (SELECT leadflow.clock())
            GROUP BY i.lead_id
        ), known AS (
            SELECT q.lead_id,
                   (pg_catalog.array_agg(q.verdict ORDER BY q.qualified_at DESC) FILTER (WHERE q.verdict IS NOT NULL))[1] AS verdict,
                   (pg_catalog.array_agg(q.reason ORDER BY q.qualified_at DESC) FILTER (WHERE q.verdict IS NOT NULL))[1] AS reason,
                   (pg_catalog.array_agg(q.outcome ORDER BY q.outcome = 'won' DESC, q.qualified_at DESC))[1] AS outcome,
                   pg_catalog.min(q.won_at) AS won_at
            FROM qualified q
            GROUP BY q.lead_id
        ), ended AS (
            SELECT n.lead_id
            FROM (SELECT DISTINCT ON (e.lead_id) e.lead_id, e.to_stage
                  FROM %1$I.stage_event e
                  WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
                  ORDER BY e.lead_id DESC, e.at DESC, e.id DESC) n
            WHERE n.to_stage <@ 'disqualified' OR n.to_stage <@ 'lost'
        ), each AS (
            -- what one lead of a campaign cost
            SELECT g.id AS campaign_id, g.cost / pg_catalog.count(*) AS cost
            FROM %1$I.campaign g
            JOIN %1$I.lead l ON l.campaign_id = g.id
            WHERE g.cost > 0 AND COALESCE(g.currency, '') IN ('', (SELECT w.currency FROM %1$I.workspace w))
                AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = l.id)
            GROUP BY g.id
        )
        SELECT l.id, h.at, p.at, k.verdict, k.reason,
               COALESCE(k.outcome, CASE WHEN d.lead_id IS NOT NULL THEN 'lost' ELSE 'open' END),
               k.won_at, l.full_name, l.owner, l.campaign_id, e.cost
        FROM %1$I.lead l
        JOIN instant i ON i.lead_id = l.id
        LEFT JOIN stay s ON s.lead_id = l.id
        LEFT JOIN handed h ON h.lead_id = l.id
        LEFT JOIN known k ON k.lead_id = l.id
        LEFT JOIN ended d ON d.lead_id = l.id
        LEFT JOIN each e ON e.campaign_id = l.campaign_id
        LEFT JOIN LATERAL (
            -- in the order of time, and no further than the first
            SELECT a.at
            FROM pg_catalog.unnest(i.at) WITH ORDINALITY a (at, n)
            -- as the guard would have seen it: what a later verdict wrote there was not known
            CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(l, pg_catalog.jsonb_build_object('stage', 'mql', 'stage_since', a.at, 'rests_until',
                CASE WHEN l.rests_until IS NOT NULL THEN (SELECT n.rests_until FROM %1$I.nurture_stay n WHERE n.lead_id = l.id AND n.entered_at < a.at
                                                          ORDER BY n.entered_at DESC, n.id DESC LIMIT 1) END)) w
            WHERE (s.free @> a.at OR a.at = h.at) AND leadflow.meets($1, w, $2, a.at)
            ORDER BY a.n LIMIT 1) p ON true
        WHERE ($5 = '*' OR l.variant = $5)
            AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = l.id)
        $query$, workspace)
        USING workspace, proposed, from_at, to_at, variant, every;
END;
$$;
COMMENT ON FUNCTION leadflow.backtest_outcomes(text, text, timestamptz, timestamptz, text, interval) IS
    'part of leadflow.backtest: the leads at which something happened in the period, when each first became an MQL in it, when it first met the proposed rule in it (null for never), what became of it, and what it cost: the cost of its campaign / the leads of the campaign; null without a campaign whose cost is known in the workspace''s currency. Arguments, rights and errors as leadflow.backtest';

CREATE FUNCTION leadflow.backtest(workspace text, proposed text, from_at timestamptz, to_at timestamptz,
        variant text DEFAULT '*', every interval DEFAULT NULL)
    RETURNS TABLE (rule text, mqls bigint, accepted bigint, rejected bigint, won bigint, lost bigint, open bigint,
                   acceptance_rate numeric, win_rate numeric, won_missed bigint, cost numeric, cost_per_mql numeric, cost_per_won numeric)
    LANGUAGE plpgsql STABLE
    ROWS 5
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH lead AS MATERIALIZED (
        SELECT o.in_force_at IS NOT NULL AS in_force, o.proposed_at IS NOT NULL AS proposed, o.verdict, o.outcome, o.cost
        FROM leadflow.backtest_outcomes(workspace, proposed, from_at, to_at, variant, every) o
    ), counted AS (
        SELECT r.place, r.rule, r.whole,
               pg_catalog.count(l.outcome) AS mqls,
               pg_catalog.count(*) FILTER (WHERE l.verdict = 'accepted') AS accepted,
               pg_catalog.count(*) FILTER (WHERE l.verdict = 'rejected') AS rejected,
               pg_catalog.count(*) FILTER (WHERE l.outcome = 'won') AS won,
               pg_catalog.count(*) FILTER (WHERE l.outcome = 'lost') AS lost,
               pg_catalog.count(*) FILTER (WHERE l.outcome = 'open') AS open
        FROM (VALUES (1, 'in force', true), (2, 'proposed', true), (3, 'both', false), (4, 'only in force', false), (5, 'only proposed', false)) r (place, rule, whole)
        LEFT JOIN lead l ON CASE r.place WHEN 1 THEN l.in_force WHEN 2 THEN l.proposed WHEN 3 THEN l.in_force AND l.proposed
                                         WHEN 4 THEN l.in_force AND NOT l.proposed ELSE l.proposed AND NOT l.in_force END
        GROUP BY r.place, r.rule, r.whole
    ), whole AS (
        SELECT pg_catalog.count(*) FILTER (WHERE (l.in_force OR l.proposed) AND l.outcome = 'won') AS won, pg_catalog.sum(l.cost) AS cost
        FROM lead l
    )
    SELECT c.rule, c.mqls, c.accepted, c.rejected, c.won, c.lost, c.open,
           pg_catalog.round(c.accepted::numeric / NULLIF(c.accepted + c.rejected, 0), 6),
           pg_catalog.round(c.won::numeric / NULLIF(c.won + c.lost, 0), 6),
           CASE WHEN c.whole THEN w.won - c.won END,
           CASE WHEN c.whole THEN pg_catalog.round(w.cost, 2) END,
           CASE WHEN c.whole THEN pg_catalog.round(w.cost / NULLIF(c.mqls, 0), 2) END,
           CASE WHEN c.whole THEN pg_catalog.round(w.cost / NULLIF(c.won, 0), 2) END
    FROM counted c
    CROSS JOIN whole w
    ORDER BY c.place;
END;
$$;
COMMENT ON FUNCTION leadflow.backtest(text, text, timestamptz, timestamptz, text, interval) IS
    'what another rule for MQLs would have made of the period from from_at (inclusive) to to_at (exclusive), beside what was in force. proposed: a boolean expression as in the standard: fit_grade <= ''B'' AND behaviour >= 40; for several criteria, all of them with AND. variant: only leads of it; * for all. every: also ask at every such step of the period, for rules that may become met by time alone; null for only when a lead was created, did something, became an MQL, or its account showed interest. Evidence and scores are those of that instant, by the rules and the model of now; stage, stage_since and rests_until are those that the lead would have had as an MQL of that instant, all other columns of leads and accounts are the present ones, so that a rule on what sales fills in looks better than it was. Rows: in force (leads that became MQLs in the period), proposed (leads that met the rule in it), both, only in force, only proposed. mqls: number of leads; accepted, rejected: by the last verdict of sales since from_at; won, lost, open: what became of them until leadflow.clock(), in truth: a lead that was never handed over is open, or lost where it was disqualified or lost; acceptance_rate: accepted / (accepted + rejected); win_rate: won / (won + lost), both 0..1; won_missed: won leads that the other rule has and this one has not; null for the last three rows, as is cost: what the campaigns of all leads at which something happened in the period spent on these, a campaign''s cost shared equally by its leads, in the workspace''s currency: it is the same whatever the rule; cost_per_mql, cost_per_won: that by mqls, by won; null where there are none. Leads in lead_outside are left out. Needs SELECT on the facts, and the rights of leadflow.score. Errors: not a workspace (42704), no period or a step below an hour (22023), no rule or variant (22004), what the standard refuses in an expression (42P17 and others)';

CREATE FUNCTION leadflow.backtest_leads(workspace text, proposed text, from_at timestamptz, to_at timestamptz,
        variant text DEFAULT '*', every interval DEFAULT NULL)
    RETURNS TABLE (rule text, lead_id bigint, full_name text, in_force_at timestamptz, proposed_at timestamptz,
                   fit numeric, behaviour numeric, total numeric, grade text,
                   verdict text, reason text, outcome text, won_at timestamptz, owner text, campaign_id bigint)
    LANGUAGE plpgsql STABLE
    ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT CASE WHEN o.proposed_at IS NULL THEN 'only in force' WHEN o.in_force_at IS NULL THEN 'only proposed' ELSE 'both' END,
           o.lead_id, o.full_name, o.in_force_at, o.proposed_at, s.fit, s.behaviour, s.total, s.grade,
           o.verdict, o.reason, o.outcome, o.won_at, o.owner, o.campaign_id
    FROM leadflow.backtest_outcomes(workspace, proposed, from_at, to_at, variant, every) o
    CROSS JOIN LATERAL leadflow.score(workspace, o.lead_id, COALESCE(o.proposed_at, o.in_force_at)) s
    WHERE o.proposed_at IS NOT NULL OR o.in_force_at IS NOT NULL
    ORDER BY COALESCE(o.proposed_at, o.in_force_at), o.lead_id;
END;
$$;
COMMENT ON FUNCTION leadflow.backtest_leads(text, text, timestamptz, timestamptz, text, interval) IS
    'the leads behind leadflow.backtest, in the order of time. rule: both, only in force or only proposed; in_force_at: when it first became an MQL in the period; proposed_at: when it first met the proposed rule in it; null for never. fit, behaviour, total, grade: its score as of proposed_at, else of in_force_at, by the rules of now. verdict, reason: the last of sales since from_at; outcome: won, lost or open until leadflow.clock(). owner and campaign_id are the present ones. Arguments, rights and errors as leadflow.backtest';

CREATE FUNCTION leadflow.review_sample(workspace text, from_at timestamptz, to_at timestamptz, leads integer DEFAULT 20, seed text DEFAULT '')
    RETURNS TABLE (place bigint, stratum text, lead_id bigint, full_name text, qualified_at timestamptz, owner text, team text, campaign text, segment text,
                   fit numeric, behaviour numeric, total numeric, grade text, verdict text, reason text, outcome text)
    LANGUAGE plpgsql STABLE
    ROWS 20
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF from_at IS NULL OR to_at IS NULL OR leads IS NULL OR seed IS NULL THEN
        RAISE EXCEPTION 'a period, a number of leads and a seed must be given'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF from_at >= to_at OR leads < 1 THEN
        RAISE EXCEPTION 'the period must have a beginning and a later end, and the sample at least one lead'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- One of each stratum in turn, in an order that only the lead and the seed make.
    RETURN QUERY EXECUTE pg_catalog.format($query$
        SELECT pg_catalog.row_number() OVER (ORDER BY s.turn, s.stratum), s.stratum, s.lead_id, l.full_name, s.qualified_at, s.owner, s.team, g.name, s.segment,
               s.fit::numeric, s.behaviour::numeric, s.total::numeric, s.grade, s.verdict, s.reason, s.outcome
        FROM (SELECT q.*, pg_catalog.row_number() OVER (PARTITION BY q.stratum ORDER BY q.hash, q.lead_id) AS turn
              FROM (SELECT DISTINCT ON (q.lead_id) q.*, COALESCE(q.verdict, 'no verdict') AS stratum,
                           leadflow.lot($4, q.lead_id::text) AS hash
                    FROM %1$I.qualification q
                    WHERE q.qualified_at >= $1 AND q.qualified_at < $2
                    ORDER BY q.lead_id, q.qualified_at) q) s
        JOIN %1$I.lead l ON l.id = s.lead_id
        LEFT JOIN %1$I.campaign g ON g.id = s.campaign_id
        ORDER BY s.turn, s.stratum
        LIMIT $3
        $query$, workspace)
        USING from_at, to_at, leads, seed;
END;
$$;
COMMENT ON FUNCTION leadflow.review_sample(text, timestamptz, timestamptz, integer, text) IS
    'a sample of the leads that became MQLs from from_at (inclusive) to to_at (exclusive), for the review that marketing and sales hold together: as many accepted as rejected as ones without a verdict (stratum), as far as there are as many, and leads of them in all. The same seed gives the same sample in whatever order the rows lie; a lead that is added to the period may take a place but changes the order of no others. A lead that became an MQL several times is taken as of the first time: score, owner, campaign and segment are those of then, verdict and outcome as in qualification, as known at leadflow.clock(). Needs SELECT on qualification, lead and campaign. Errors: not a workspace, or null (42704), another null argument (22004), no period or less than one lead (22023)';
