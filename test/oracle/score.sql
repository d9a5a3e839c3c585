/*
 * score.sql: the score of a lead in plain SQL, for the workspace that is first
 * on the search path.  Slow, and written from the comments of score_rule,
 * score_grade and score_model_point alone.
 */

-- what a lead did until an instant
CREATE FUNCTION oracle_evidence(of_lead bigint, upto timestamptz,
        OUT signals bigint, OUT signal_kinds bigint, OUT last_signal_at timestamptz, OUT attempts bigint, OUT channels_tried bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT count(*) FILTER (WHERE t.direction = 'inbound' AND k.is_signal),
           count(DISTINCT t.kind) FILTER (WHERE t.direction = 'inbound' AND k.is_signal),
           max(t.at) FILTER (WHERE t.direction = 'inbound' AND k.is_signal),
           count(*) FILTER (WHERE t.direction = 'outbound' AND k.is_contact),
           count(DISTINCT t.channel) FILTER (WHERE t.direction = 'outbound' AND k.is_contact)
    FROM touch t JOIN touch_kind k USING (kind)
    WHERE t.lead_id = of_lead AND t.at <= upto
$$;

-- what an expression over the lead or its account gives, as text
CREATE FUNCTION oracle_value(object text, expression text, of_lead bigint, upto timestamptz) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    value text;
BEGIN
    IF object = 'account' THEN
        EXECUTE format('SELECT (%s)::text FROM account WHERE id = (SELECT account_id FROM lead WHERE id = $1)', expression)
            INTO value USING of_lead;
    ELSE
        EXECUTE format('SELECT (%s)::text FROM (SELECT l.*, e.* FROM lead l, oracle_evidence(l.id, $2) e WHERE l.id = $1) x', expression)
            INTO value USING of_lead, upto;
    END IF;
    RETURN value;
END;
$$;

CREATE FUNCTION oracle_lines(of_lead bigint, upto timestamptz)
    RETURNS TABLE (rule text, component text, points_now numeric, points_earned numeric, counted bigint, repeated bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH zone AS (SELECT COALESCE((SELECT split_part(calendar::text, ';', 1) FROM business_calendar WHERE code = 'default'), 'UTC') AS name),
    holds AS (
        SELECT r.*, l.account_id
        FROM score_rule r, lead l
        WHERE l.id = of_lead AND r.active AND r.variant IN ('*', l.variant)
            AND (r.expression IS NULL OR COALESCE(oracle_value(r.object, r.expression, l.id, upto)::boolean, false))),
    happened AS (
        SELECT r.rule, r.counts, r.half_life, r.day_cap, t.id, t.at, t.content, r.points
        FROM holds r JOIN touch t ON t.lead_id = of_lead AND t.kind = ANY (r.touch_kinds) AND t.direction = r.direction
        WHERE t.at <= upto
        UNION ALL
        SELECT r.rule, r.counts, r.half_life, r.day_cap, s.id, s.at, s.topic, r.points * s.strength
        FROM holds r JOIN intent_signal s ON s.account_id = r.account_id AND r.topics && ARRAY[s.topic, '*']
        WHERE s.at <= upto),
    dated AS (SELECT h.*, (h.at AT TIME ZONE z.name)::date AS day FROM happened h, zone z),
    numbered AS (
        SELECT d.*, row_number() OVER (PARTITION BY d.rule, CASE d.counts WHEN 'every' THEN d.id::text WHEN 'day' THEN d.day::text
                                                                     WHEN 'content' THEN COALESCE('of ' || d.content, d.id::text) END
                                       ORDER BY d.at DESC, d.id DESC) AS place
        FROM dated d),
    latest AS (
        SELECT n.*, sum(abs(n.points)) OVER (PARTITION BY n.rule, n.day ORDER BY n.at DESC, n.id DESC ROWS UNBOUNDED PRECEDING) AS of_day
        FROM numbered n WHERE n.place = 1),
    given AS (
        SELECT l.*, CASE WHEN l.day_cap IS NULL THEN l.points
                    ELSE sign(l.points) * LEAST(abs(l.points), GREATEST(l.day_cap - (l.of_day - abs(l.points)), 0)) END AS in_day
        FROM latest l),
    summed AS (
        SELECT g.rule, sum(g.in_day) AS earned, count(*) AS counted,
               sum(CASE WHEN g.half_life IS NULL THEN g.in_day
                   ELSE g.in_day * power(2::float8, -LEAST(extract(epoch FROM upto - g.at) / extract(epoch FROM g.half_life), 1000)::float8)::numeric END) AS faded
        FROM given g GROUP BY g.rule),
    lines AS (
        SELECT r.rule, r.component, r.score_group,
               round(CASE WHEN num_nonnulls(r.touch_kinds, r.topics) = 0 THEN r.points
                     ELSE GREATEST(LEAST(s.faded, r.cap), -r.cap) END, 4) AS points_now,
               CASE WHEN num_nonnulls(r.touch_kinds, r.topics) = 0 THEN r.points ELSE s.earned END AS points_earned,
               s.counted, (SELECT count(*) FROM numbered n WHERE n.rule = r.rule AND n.place > 1) AS repeated
        FROM holds r LEFT JOIN summed s USING (rule)
        WHERE num_nonnulls(r.touch_kinds, r.topics) = 0 OR s.rule IS NOT NULL),
    taken AS (
        SELECT g.score_group, l.component, g.cap - sum(l.points_now) AS points_now
        FROM lines l JOIN score_group g USING (score_group) GROUP BY g.score_group, l.component)
    SELECT l.rule, l.component, l.points_now, l.points_earned, l.counted, l.repeated FROM lines l
    UNION ALL
    SELECT t.score_group, t.component, t.points_now, NULL, NULL, NULL FROM taken t WHERE t.points_now < 0
$$;

CREATE FUNCTION oracle_grade(of_component text, points numeric) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT g.grade FROM score_grade g WHERE g.component = of_component
    ORDER BY g.at_least <= points DESC, CASE WHEN g.at_least <= points THEN -g.at_least ELSE g.at_least END LIMIT 1
$$;

CREATE FUNCTION oracle_score(of_lead bigint, upto timestamptz, OUT fit numeric, OUT behaviour numeric, OUT total numeric, OUT grade text)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.fit, s.behaviour, s.fit + s.behaviour, NULLIF(concat(oracle_grade('fit', s.fit), oracle_grade('behaviour', s.behaviour)), '')
    FROM (SELECT COALESCE(sum(l.points_now) FILTER (WHERE l.component = 'fit'), 0) AS fit,
                 COALESCE(sum(l.points_now) FILTER (WHERE l.component = 'behaviour'), 0) AS behaviour
          FROM oracle_lines(of_lead, upto) l) s
$$;

-- the log-odds that the active model gives for the value of each feature; the first row is the intercept
CREATE FUNCTION oracle_odds(of_lead bigint, upto timestamptz) RETURNS TABLE (feature text, value text, log_odds double precision)
    LANGUAGE sql STABLE
    AS $$
    WITH model AS (SELECT * FROM score_model WHERE activated_at IS NOT NULL AND retired_at IS NULL),
    seen AS (SELECT f.feature, f.kind, NULLIF(NULLIF(oracle_value(f.object, f.expression, of_lead, upto), ''), '{}') AS value FROM score_feature f
             WHERE EXISTS (SELECT FROM model m JOIN score_model_point p USING (version) WHERE p.feature = f.feature)),
    parts AS (
        SELECT s.feature, s.kind, s.value FROM seen s WHERE s.kind <> 'set' OR s.value IS NULL
        UNION
        SELECT s.feature, s.kind, u.word FROM seen s, unnest(CASE WHEN s.kind = 'set' THEN s.value END::text[]) u (word) WHERE u.word <> '')
    SELECT NULL, NULL, m.intercept FROM model m
    UNION ALL
    SELECT p.feature, p.value, COALESCE(x.log_odds, 0)
    FROM parts p CROSS JOIN model m
    LEFT JOIN score_model_point x ON x.version = m.version AND x.feature = p.feature
        AND CASE WHEN p.value IS NULL THEN x.value IS NULL AND num_nonnulls(x.at_least, x.below) = 0
                 WHEN p.kind = 'number' THEN x.value IS NOT NULL
                      AND COALESCE(p.value::double precision >= x.at_least, true) AND COALESCE(p.value::double precision < x.below, true)
                 ELSE x.value = p.value END
$$;

CREATE FUNCTION oracle_probability(of_lead bigint, upto timestamptz) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT round(LEAST(GREATEST(1 / (1 + exp(-sum(o.log_odds))), 0.0001), 0.9999)::numeric, 4) FROM oracle_odds(of_lead, upto) o
$$;
