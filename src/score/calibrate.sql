
/*
 * calibrate: a model of what wins, learnt from the leads that were won and lost
 * as they were when they were qualified.
 *
 * The leads go into a temporary table, leadflow_calibration, for as long as it
 * takes, and counts of their words into another.  A design says how a lead's
 * features become the input of a model: which values of each feature count, and
 * where its numbers are cut.  It is made of the leads that are learnt from
 * alone, anew for every part that is held out.
 */

CREATE FUNCTION leadflow.calibration_options(workspace text, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    given constant jsonb := COALESCE(options, '{}');
    defaults constant jsonb := '{"bins": 10, "l2": 1, "folds": 5, "held_out": "folds", "share": 0.3, "min_won": 30, "min_lost": 30,
                                 "min_count": 5, "without_facts": "skip", "unchanging": []}';
    used jsonb;
    fault text;
    names text;
BEGIN
    IF pg_catalog.jsonb_typeof(given) <> 'object' THEN
        RAISE EXCEPTION 'options must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k), ', ' ORDER BY k) INTO names
    FROM pg_catalog.jsonb_object_keys(given) k
    WHERE NOT defaults ? k AND k NOT IN ('features', 'variant');
    IF names IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option: %', names
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Options are features, bins, l2, folds, held_out, share, min_won, min_lost, min_count, variant, without_facts and unchanging.';
    END IF;

    used := defaults || given;
    SELECT CASE
        WHEN r.kind = 'whole' AND (pg_catalog.jsonb_typeof(used -> r.option) <> 'number'
                OR (used ->> r.option)::numeric NOT BETWEEN r.least AND r.most OR (used ->> r.option)::numeric % 1 <> 0)
            THEN pg_catalog.format('option "%s" must be a whole number from %s to %s', r.option, r.least, r.most)
        WHEN r.kind = 'number' AND (pg_catalog.jsonb_typeof(used -> r.option) <> 'number'
                OR (used ->> r.option)::numeric NOT BETWEEN r.least AND r.most)
            THEN pg_catalog.format('option "%s" must be a number from %s to %s', r.option, r.least, r.most)
        WHEN r.kind = 'word' AND (used -> r.option) <> ALL (r.words)
            THEN pg_catalog.format('option "%s" must be one of %s', r.option, pg_catalog.array_to_string(r.words, ', '))
        WHEN r.kind = 'name' AND (pg_catalog.jsonb_typeof(used -> r.option) <> 'string' OR used ->> r.option = '')
            THEN pg_catalog.format('option "%s" must be a name', r.option)
        WHEN r.kind = 'names' AND (pg_catalog.jsonb_typeof(used -> r.option) <> 'array'
                OR pg_catalog.jsonb_path_exists(used -> r.option, 'strict $[*] ? (@.type() != "string")'))
            THEN pg_catalog.format('option "%s" must be a list of names', r.option)
        END INTO fault
    FROM (VALUES ('bins', 'whole', 2, 100, NULL::jsonb[]), ('folds', 'whole', 2, 100, NULL),
                 ('min_won', 'whole', 1, 1000000000, NULL), ('min_lost', 'whole', 1, 1000000000, NULL),
                 ('min_count', 'whole', 1, 1000000000, NULL),
                 ('l2', 'number', 0.000001, 1000000, NULL), ('share', 'number', 0.01, 0.99, NULL),
                 ('held_out', 'word', NULL, NULL, ARRAY['"folds"', '"time"']::jsonb[]),
                 ('without_facts', 'word', NULL, NULL, ARRAY['"skip"', '"evidence"']::jsonb[]),
                 ('variant', 'name', NULL, NULL, NULL),
                 ('features', 'names', NULL, NULL, NULL), ('unchanging', 'names', NULL, NULL, NULL)) r (option, kind, least, most, words)
    WHERE used ? r.option
    ORDER BY 1
    LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION '%', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF used ? 'features' THEN
        EXECUTE pg_catalog.format(
            'SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(k), '', '')
             FROM pg_catalog.jsonb_array_elements_text($1) k WHERE NOT EXISTS (SELECT FROM %I.score_feature f WHERE f.feature = k)', workspace)
            INTO names USING used -> 'features';
        IF used -> 'features' = '[]' THEN
            RAISE EXCEPTION 'option "features" must name a feature' USING ERRCODE = 'invalid_parameter_value';
        ELSIF names IS NOT NULL THEN
            RAISE EXCEPTION 'unknown feature: %', names
                USING ERRCODE = 'invalid_parameter_value', HINT = pg_catalog.format('Choose from %I.score_feature.', workspace);
        END IF;
    END IF;
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(k), ', ') INTO names
    FROM pg_catalog.jsonb_array_elements_text(used -> 'unchanging') k
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.lead', workspace))
                          AND a.attname::text = k AND a.attnum > 0 AND NOT a.attisdropped)
        -- what leadflow keeps, or sales writes, of the way that the lead went
        OR k IN ('stage', 'stage_since', 'furthest_stage', 'updated_at', 'status', 'reason', 'reason_note', 'narrative', 'nurture_track',
                 'wake_at', 'rests_until', 'score', 'merged_into', 'field_sources');
    IF names IS NOT NULL THEN
        RAISE EXCEPTION 'no column of lead that can stay unchanged: %', names
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'A column must exist, and must not say what became of the lead.';
    END IF;
    RETURN used;
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_options(text, jsonb) IS
    'part of leadflow.calibrate: the options, checked, with the defaults in the place of those that are not given. Errors: an unknown option, a value that cannot be, an unknown feature or column (22023)';

CREATE FUNCTION leadflow.calibration_leads(workspace text, as_of timestamptz, options jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    counts jsonb;
BEGIN
    CREATE TEMPORARY TABLE leadflow_calibration (
        lead_id         bigint NOT NULL,
        event_id        bigint NOT NULL,
        qualified_at    timestamptz NOT NULL,
        won             boolean NOT NULL,
        features        jsonb,
        rules_score     double precision,
        rebuilt         boolean NOT NULL,
        part            integer,
        probability     double precision
    ) ON COMMIT DROP;

    EXECUTE pg_catalog.format($q$
        WITH qualified AS (
            SELECT DISTINCT ON (e.lead_id) e.lead_id, e.id
            FROM %1$I.stage_event e
            WHERE e.opportunity_id IS NULL AND e.at <= $1
                AND e.to_stage >= 'mql'::leadflow.stage AND e.to_stage < 'contacted'::leadflow.stage
            ORDER BY e.lead_id, e.at, e.id
        ), won AS (
            SELECT x.lead_id, pg_catalog.max(x.at) AS at
            FROM (SELECT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id, e.at
                  FROM %1$I.stage_event e
                  LEFT JOIN %1$I.opportunity o ON o.id = e.opportunity_id
                  WHERE e.to_stage >= 'won'::leadflow.stage AND e.to_stage < 'onboarding'::leadflow.stage AND e.at <= $1) x
            GROUP BY x.lead_id
        ), now_in AS (
            SELECT DISTINCT ON (e.lead_id) e.lead_id, e.to_stage AS stage
            FROM %1$I.stage_event e
            WHERE e.opportunity_id IS NULL AND e.at <= $1
            ORDER BY e.lead_id DESC, e.at DESC, e.id DESC
        ), deal AS (
            SELECT o.lead_id, pg_catalog.bool_or(s.stage >= 'visitor'::leadflow.stage OR s.stage <@ 'nurture'::leadflow.stage) AS is_open
            FROM (SELECT DISTINCT ON (e.opportunity_id) e.opportunity_id, e.to_stage AS stage
                  FROM %1$I.stage_event e
                  WHERE e.opportunity_id IS NOT NULL AND e.at <= $1
                  ORDER BY e.opportunity_id DESC, e.at DESC, e.id DESC) s
            JOIN %1$I.opportunity o ON o.id = s.opportunity_id
            GROUP BY o.lead_id
        )
        INSERT INTO pg_temp.leadflow_calibration (lead_id, event_id, qualified_at, won, features, rules_score, rebuilt)
        SELECT e.lead_id, e.id, e.at, x.is_won,
               -- of a lead nothing may have been known; or nothing was asked
               CASE WHEN e.facts -> 'features' <> '{}' OR e.definition_version >= f.version THEN e.facts -> 'features' END,
               (e.facts #>> '{score,total}')::double precision, false
        FROM qualified q
        JOIN %1$I.stage_event e ON e.id = q.id
        JOIN now_in n ON n.lead_id = q.lead_id
        LEFT JOIN won w ON w.lead_id = q.lead_id
        LEFT JOIN deal d ON d.lead_id = q.lead_id
        CROSS JOIN LATERAL (SELECT COALESCE(w.at >= e.at, false) AS is_won) x
        CROSS JOIN (SELECT pg_catalog.min(c.version) AS version FROM %1$I.definition_change c WHERE c.definition = 'score_feature') f
        WHERE NOT EXISTS (SELECT FROM %1$I.lead_outside o WHERE o.lead_id = q.lead_id)
            AND ($2 IS NULL OR e.variant = $2)
            AND (x.is_won
                 OR d.is_open IS NOT TRUE
                    AND (n.stage <@ 'disqualified'::leadflow.stage OR n.stage <@ 'lost'::leadflow.stage
                         OR n.stage >= 'opportunity'::leadflow.stage AND d.lead_id IS NOT NULL))$q$, workspace)
        USING as_of, options ->> 'variant';

    IF options ->> 'without_facts' = 'evidence' THEN
        EXECUTE pg_catalog.format($q$
            UPDATE pg_temp.leadflow_calibration c SET features = b.features, rebuilt = b.features IS NOT NULL
            FROM (SELECT t.lead_id,
                         leadflow.facts($1, pg_catalog.jsonb_populate_record(NULL::%1$I.lead,
                             COALESCE((SELECT pg_catalog.jsonb_object_agg(k, pg_catalog.to_jsonb(l) -> k)
                                       FROM pg_catalog.jsonb_array_elements_text($2) k), '{}')
                             || pg_catalog.jsonb_build_object(
                                    'id', l.id, 'source', l.source, 'external_id', l.external_id, 'created_at', l.created_at,
                                    'stage', e.to_stage, 'stage_since', e.at, 'origin', e.origin, 'variant', e.variant, 'segment', e.segment,
                                    'campaign_id', e.campaign_id, 'owner', e.owner, 'budget', e.amount, 'currency', e.currency)),
                             e.at) -> 'features' AS features
                  FROM pg_temp.leadflow_calibration t
                  JOIN %1$I.stage_event e ON e.id = t.event_id
                  JOIN %1$I.lead l ON l.id = t.lead_id
                  WHERE t.features IS NULL) b
            WHERE b.lead_id = c.lead_id$q$, workspace)
            USING workspace, options -> 'unchanging';
    END IF;

    SELECT pg_catalog.jsonb_build_object('skipped', pg_catalog.count(*) FILTER (WHERE c.features IS NULL),
                                         'rebuilt', pg_catalog.count(*) FILTER (WHERE c.rebuilt)) INTO counts
    FROM pg_temp.leadflow_calibration c;
    DELETE FROM pg_temp.leadflow_calibration c WHERE c.features IS NULL;

    UPDATE pg_temp.leadflow_calibration c SET part = p.part
    FROM (SELECT t.lead_id,
                 CASE options ->> 'held_out'
                     WHEN 'folds' THEN ('x' || pg_catalog.substr(pg_catalog.md5(t.lead_id::text), 1, 8))::bit(32)::bigint % (options ->> 'folds')::bigint
                     ELSE (pg_catalog.row_number() OVER (ORDER BY t.qualified_at, t.lead_id)
                           > (1 - (options ->> 'share')::numeric) * pg_catalog.count(*) OVER ())::integer END AS part
          FROM pg_temp.leadflow_calibration t) p
    WHERE p.lead_id = c.lead_id;
    RETURN counts;
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_leads(text, timestamptz, jsonb) IS
    'part of leadflow.calibrate: puts the leads to learn from into the temporary table leadflow_calibration, each with its features at its first entry into mql and the part in which it is held out: its fold, from the MD5 of its number, or 1 for the last ones by time and 0 for the others. Gives how many leads without facts were skipped and how many had theirs rebuilt';

CREATE FUNCTION leadflow.calibration_value(feature text, kind text, edges double precision[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE
        WHEN kind <> 'number' THEN pg_catalog.format('NULLIF(c.features ->> %L, %L)', feature, '')
        WHEN edges IS NULL THEN 'NULL::text'
        ELSE pg_catalog.format('leadflow.bin(CASE WHEN pg_catalog.jsonb_typeof(c.features -> %1$L) = ''number'' THEN (c.features ->> %1$L)::double precision END, %2$L)',
                               feature, edges)
        END
$$;
COMMENT ON FUNCTION leadflow.calibration_value(text, text, double precision[]) IS
    'part of leadflow.calibrate: an SQL expression for the value that a lead c has of a feature, null where it is missing; of a number, the label of the bin between edges that it is in';

CREATE FUNCTION leadflow.calibration_elements(feature text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.format('CASE WHEN pg_catalog.jsonb_typeof(c.features -> %1$L) = ''array'' THEN c.features -> %1$L ELSE ''[]'' END', feature)
$$;
COMMENT ON FUNCTION leadflow.calibration_elements(text) IS
    'part of leadflow.calibrate: an SQL expression for the elements that a lead c has of a feature that is a set, as a JSON array';

CREATE FUNCTION leadflow.calibration_edges(item jsonb) RETURNS double precision[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.array_agg(e.value::double precision ORDER BY e.n)
    FROM pg_catalog.jsonb_array_elements_text(NULLIF(item -> 'edges', 'null')) WITH ORDINALITY e (value, n)
$$;
COMMENT ON FUNCTION leadflow.calibration_edges(jsonb) IS
    'part of leadflow.calibrate: the edges of the bins of a feature of a design, in ascending order; null where there are none';

CREATE FUNCTION leadflow.calibration_features(workspace text, options jsonb) RETURNS TABLE (feature text, kind text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT f.feature, f.kind FROM %I.score_feature f
         WHERE CASE WHEN $1 IS NULL THEN f.active ELSE $1 ? f.feature END ORDER BY f.position, f.feature', workspace) USING options -> 'features';
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_features(text, jsonb) IS
    'part of leadflow.calibrate: the features to learn from, in order';

CREATE FUNCTION leadflow.calibration_words(workspace text, options jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    f record;
BEGIN
    CREATE TEMPORARY TABLE leadflow_calibration_word (
        feature         text NOT NULL,
        value           text,
        part            integer NOT NULL,
        leads           bigint NOT NULL,
        won             bigint NOT NULL
    ) ON COMMIT DROP;
    FOR f IN SELECT x.feature, x.kind FROM leadflow.calibration_features(workspace, options) x WHERE x.kind <> 'number' LOOP
        EXECUTE pg_catalog.format(
            'INSERT INTO pg_temp.leadflow_calibration_word (feature, value, part, leads, won)
             SELECT %L, v.value, c.part, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE c.won)
             FROM pg_temp.leadflow_calibration c %s
             GROUP BY v.value, c.part', f.feature,
            CASE f.kind WHEN 'set'
                THEN pg_catalog.format('LEFT JOIN LATERAL (SELECT DISTINCT e.value FROM pg_catalog.jsonb_array_elements_text(%s) e) v ON true', leadflow.calibration_elements(f.feature))
                ELSE pg_catalog.format('CROSS JOIN LATERAL (SELECT %s) v (value)', leadflow.calibration_value(f.feature, f.kind, NULL)) END);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_words(text, jsonb) IS
    'part of leadflow.calibrate: counts the leads of each part, and the won ones, by the values of the features that are words, into the temporary table leadflow_calibration_word';

CREATE FUNCTION leadflow.calibration_design(workspace text, options jsonb, held_out integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    quantiles constant double precision[] := ARRAY(SELECT i / (options ->> 'bins')::double precision
                                                   FROM pg_catalog.generate_series(1, (options ->> 'bins')::integer - 1) i);
    f record;
    edges double precision[];
    item jsonb;
    design jsonb := '[]';
BEGIN
    FOR f IN SELECT x.feature, x.kind FROM leadflow.calibration_features(workspace, options) x LOOP
        edges := NULL;
        IF f.kind = 'number' THEN
            -- to 15 digits, and no edge at or below the least value, which would cut nothing off, unless all are equal
            SELECT COALESCE((SELECT pg_catalog.array_agg(DISTINCT q.edge ORDER BY q.edge)
                             FROM (SELECT CASE WHEN pg_catalog.abs(e) < 1e308 THEN e::numeric::double precision ELSE e END AS edge
                                   FROM pg_catalog.unnest(x.quantile) e) q
                             WHERE q.edge > x.least),
                            ARRAY[x.least]) INTO edges
            FROM (SELECT pg_catalog.percentile_cont(quantiles) WITHIN GROUP (ORDER BY n.x) AS quantile, pg_catalog.min(n.x) AS least
                  FROM (SELECT (c.features ->> f.feature)::double precision AS x FROM pg_temp.leadflow_calibration c
                        WHERE pg_catalog.jsonb_typeof(c.features -> f.feature) = 'number' AND c.part IS DISTINCT FROM held_out) n) x
            WHERE x.least IS NOT NULL;
        END IF;
        EXECUTE pg_catalog.format($q$
            SELECT pg_catalog.jsonb_build_object(
                'levels', COALESCE(pg_catalog.jsonb_agg(v.value ORDER BY v.value COLLATE "C") FILTER (WHERE v.value IS NOT NULL AND v.counts), '[]'),
                'left_out', pg_catalog.count(*) FILTER (WHERE v.value IS NOT NULL AND NOT v.counts),
                'missing_is_level', pg_catalog.count(*) FILTER (WHERE v.value IS NULL AND v.counts) > 0,
                'missing', COALESCE(pg_catalog.sum(v.leads) FILTER (WHERE v.value IS NULL), 0),
                'missing_won', COALESCE(pg_catalog.sum(v.won) FILTER (WHERE v.value IS NULL), 0))
            FROM (SELECT x.value, x.leads, x.won, $2 AND x.value IS NOT NULL OR x.leads >= $1 AS counts FROM (%s) x) v$q$,
            CASE f.kind WHEN 'number'
                THEN pg_catalog.format('SELECT %s AS value, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE c.won) AS won
                                        FROM pg_temp.leadflow_calibration c WHERE c.part IS DISTINCT FROM $3 GROUP BY 1', leadflow.calibration_value(f.feature, f.kind, edges))
                ELSE pg_catalog.format('SELECT w.value, pg_catalog.sum(w.leads) AS leads, pg_catalog.sum(w.won) AS won
                                        FROM pg_temp.leadflow_calibration_word w WHERE w.feature = %L AND w.part IS DISTINCT FROM $3 GROUP BY w.value', f.feature) END)
            INTO item USING (options ->> 'min_count')::bigint, f.kind = 'number', held_out;
        design := design || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('feature', f.feature, 'kind', f.kind, 'edges', edges) || item);
    END LOOP;
    RETURN design;
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_design(text, jsonb, integer) IS
    'part of leadflow.calibrate: how features become the input of a model, by the leads that are not in the part held out (null: by all): [{"feature", "kind", "edges": of the bins of a number, null for others, "levels": the values with min_count leads or more, "left_out": how many values have fewer, "missing_is_level": whether missing has so many, "missing", "missing_won": leads without the feature}]';

CREATE FUNCTION leadflow.calibration_points(design jsonb)
    RETURNS TABLE (place bigint, feature text, kind text, value text, at_least double precision, below double precision, won bigint, lost bigint)
    LANGUAGE sql IMMUTABLE ROWS 100
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.row_number() OVER (ORDER BY d.n, v.n), d.item ->> 'feature', d.item ->> 'kind', v.value, b.at_least, b.below,
           CASE WHEN v.value IS NULL THEN (d.item ->> 'missing_won')::bigint END,
           CASE WHEN v.value IS NULL THEN (d.item ->> 'missing')::bigint - (d.item ->> 'missing_won')::bigint END
    FROM pg_catalog.jsonb_array_elements(design) WITH ORDINALITY d (item, n)
    CROSS JOIN LATERAL (SELECT l.value, l.n FROM pg_catalog.jsonb_array_elements_text(d.item -> 'levels') WITH ORDINALITY l (value, n)
                        UNION ALL
                        SELECT NULL, 1 + pg_catalog.jsonb_array_length(d.item -> 'levels') WHERE (d.item ->> 'missing_is_level')::boolean) v
    LEFT JOIN LATERAL (SELECT x.edges[i] AS at_least, x.edges[i + 1] AS below
                       FROM (SELECT leadflow.calibration_edges(d.item)) x (edges), pg_catalog.generate_series(0, pg_catalog.cardinality(x.edges)) i
                       WHERE leadflow.bin(COALESCE(x.edges[i], '-Infinity'), x.edges) = v.value) b
        ON d.item ->> 'kind' = 'number'
$$;
COMMENT ON FUNCTION leadflow.calibration_points(jsonb) IS
    'part of leadflow.calibrate: the values of a design that a model gives points for, in the order of the input of logistic regression: place in it, feature, kind, value (null for missing), the bin''s ends; and, of missing, the leads won and lost';

CREATE FUNCTION leadflow.calibration_input(design jsonb, model text, unlisted text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    item jsonb;
    levels text[];
    missing_counts boolean;
    value text;
    names text[] := '{}';
    words text[] := '{}';
    sets text := '';
    columns text := '''{}''::double precision[]';
BEGIN
    FOR item IN SELECT e FROM pg_catalog.jsonb_array_elements(design) e LOOP
        levels := ARRAY(SELECT l FROM pg_catalog.jsonb_array_elements_text(item -> 'levels') l);
        missing_counts := (item ->> 'missing_is_level')::boolean;
        value := CASE item ->> 'kind' WHEN 'set' THEN leadflow.calibration_elements(item ->> 'feature')
                      ELSE leadflow.calibration_value(item ->> 'feature', item ->> 'kind', leadflow.calibration_edges(item)) END;
        IF model = 'logistic' AND item ->> 'kind' = 'set' THEN
            columns := columns || pg_catalog.format(
                ' || ARRAY(SELECT (%s ? l.level)::integer::double precision FROM pg_catalog.unnest(%L::text[]) WITH ORDINALITY l (level, n) ORDER BY l.n)',
                value, levels)
                || CASE WHEN missing_counts THEN pg_catalog.format(' || (%s = ''[]'')::integer::double precision', value) ELSE '' END;
        ELSIF model = 'logistic' THEN
            columns := columns || pg_catalog.format(' || leadflow.one_hot(%s, %L::text[])', value,
                levels || CASE WHEN missing_counts THEN ARRAY[NULL::text] ELSE '{}' END);
        ELSIF item ->> 'kind' = 'set' THEN
            sets := sets || pg_catalog.format(
                ' || pg_catalog.jsonb_build_object(%L, (SELECT pg_catalog.jsonb_agg(''='' || e.value) FROM pg_catalog.jsonb_array_elements_text(%s) e WHERE e.value = ANY (%L::text[])))',
                item ->> 'feature', value, levels);
        ELSE
            names := names || (item ->> 'feature');
            words := words || pg_catalog.format('CASE WHEN %1$s IS NULL THEN %2$L WHEN %1$s = ANY (%3$L::text[]) THEN ''='' || %1$s ELSE %4$L END',
                value, CASE WHEN model = 'naive_bayes' AND NOT missing_counts THEN unlisted END, levels, unlisted);
        END IF;
    END LOOP;
    IF model = 'logistic' THEN
        RETURN columns;
    END IF;
    RETURN pg_catalog.format('pg_catalog.jsonb_object(%L::text[], ARRAY[%s]::text[])%s', names, pg_catalog.array_to_string(words, ', '), sets);
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_input(jsonb, text, text) IS
    'part of leadflow.calibrate: an SQL expression for what a model reads of a lead c: for naive Bayes an object of features, each value after the sign =, and the word unlisted in the place of what is too rare to count; for logistic regression an array of ones and zeros in the order of leadflow.calibration_points';

CREATE FUNCTION leadflow.calibration_log_odds(design jsonb, model leadflow.naive_bayes, alpha double precision, missing text, won bigint, lost bigint)
    RETURNS TABLE (place bigint, log_odds double precision)
    LANGUAGE sql IMMUTABLE ROWS 100
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH level AS (
        SELECT w.attribute, w.value, w.won, w.lost
        FROM leadflow.weight_of_evidence(model, alpha) w
        WHERE missing = 'level' OR w.value IS NOT NULL
    ), whole AS (
        SELECT l.attribute, pg_catalog.sum(l.won) AS won, pg_catalog.sum(l.lost) AS lost, pg_catalog.count(*) AS n
        FROM level l
        GROUP BY l.attribute
    )
    SELECT p.place,
           pg_catalog.ln((l.won + alpha) / (w.won::double precision + alpha * w.n)) - pg_catalog.ln((l.lost + alpha) / (w.lost::double precision + alpha * w.n))
    FROM level l
    JOIN leadflow.calibration_points(design) p ON p.feature = l.attribute AND l.value IS NOT DISTINCT FROM '=' || p.value
    CROSS JOIN LATERAL (
        SELECT s.won, s.lost, s.n FROM whole s WHERE p.kind <> 'set' AND s.attribute = l.attribute
        UNION ALL
        -- a lead has an element of a set or has it not
        SELECT calibration_log_odds.won, calibration_log_odds.lost, CASE missing WHEN 'level' THEN 2 ELSE 1 END WHERE p.kind = 'set') w
$$;
COMMENT ON FUNCTION leadflow.calibration_log_odds(jsonb, leadflow.naive_bayes, double precision, text, bigint, bigint) IS
    'part of leadflow.calibrate: what each value of a design adds to the log-odds of a naive Bayes model of so many leads won and lost, by the formula of predict(model, features, alpha, missing): ln(P(value | won) / P(value | lost))';

CREATE FUNCTION leadflow.calibration_quality(only_part integer) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN (SELECT pg_catalog.jsonb_build_object(
                'won', pg_catalog.count(*) FILTER (WHERE c.won), 'lost', pg_catalog.count(*) FILTER (WHERE NOT c.won),
                'auc', pg_catalog.round(leadflow.auc(c.probability, c.won)::numeric, 6),
                'log_loss', pg_catalog.round(leadflow.log_loss(c.probability, c.won)::numeric, 6),
                'brier', pg_catalog.round(leadflow.brier(c.probability, c.won)::numeric, 6))
            FROM pg_temp.leadflow_calibration c
            WHERE c.probability IS NOT NULL AND (only_part IS NULL OR c.part = only_part));
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_quality(integer) IS
    'part of leadflow.calibrate: {"won", "lost", "auc", "log_loss", "brier"} of the leads of a part that was held out; null for all';

CREATE FUNCTION leadflow.calibration_of_active(workspace text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    quality jsonb;
BEGIN
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.jsonb_build_object(
            'version', s.version,
            'leads', pg_catalog.count(*),
            'auc_beside', pg_catalog.round(leadflow.auc(s.beside, s.won)::numeric, 6),
            'auc', pg_catalog.round(leadflow.auc(s.probability, s.won)::numeric, 6),
            'log_loss', pg_catalog.round(leadflow.log_loss(s.probability, s.won)::numeric, 6),
            'brier', pg_catalog.round(leadflow.brier(s.probability, s.won)::numeric, 6))
        FROM (SELECT m.version, c.won, c.probability AS beside, -- the same sum whatever the order
                     1 / (1 + pg_catalog.exp(LEAST(-pg_catalog.round((m.intercept + pg_catalog.sum(COALESCE(p.log_odds, 0)))::numeric, 12)::double precision, 700))) AS probability
              FROM %1$I.score_model m
              CROSS JOIN pg_temp.leadflow_calibration c
              LEFT JOIN (SELECT f.feature, f.kind, c.lead_id, v.value
                         FROM %1$I.score_feature f
                         CROSS JOIN pg_temp.leadflow_calibration c
                         CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(
                             -- what was kept while the feature was of another kind is missing
                             CASE WHEN f.kind = 'category' THEN pg_catalog.jsonb_build_array(c.features ->> f.feature)
                                  WHEN f.kind = 'number' AND pg_catalog.jsonb_typeof(c.features -> f.feature) = 'number' THEN pg_catalog.jsonb_build_array(c.features -> f.feature)
                                  WHEN f.kind = 'set' AND pg_catalog.jsonb_typeof(c.features -> f.feature) = 'array' AND c.features -> f.feature <> '[]' THEN c.features -> f.feature
                                  ELSE '[null]' END) v
                         WHERE f.active AND c.probability IS NOT NULL) x ON x.lead_id = c.lead_id
              LEFT JOIN %1$I.score_model_point p ON p.version = m.version AND p.feature = x.feature
                  AND (m.quality #>> ARRAY['features', x.feature, 'kind'] <> x.kind) IS NOT TRUE
                  AND CASE WHEN x.value IS NULL OR x.kind <> 'number' THEN p.value IS NOT DISTINCT FROM x.value
                           ELSE p.value IS NOT NULL AND x.value::double precision >= COALESCE(p.at_least, '-Infinity')
                               AND x.value::double precision < COALESCE(p.below, 'Infinity') END
              -- what it cannot have been learnt from
              WHERE m.activated_at IS NOT NULL AND m.retired_at IS NULL AND c.probability IS NOT NULL AND c.qualified_at > m.as_of
              GROUP BY m.version, m.intercept, c.lead_id, c.won, c.probability) s
        GROUP BY s.version$q$, workspace) INTO quality;
    RETURN quality;
END;
$$;
COMMENT ON FUNCTION leadflow.calibration_of_active(text) IS
    'part of leadflow.calibrate: {"version", "leads", "auc", "log_loss", "brier"} of the active model on those of the held-out leads that qualified after what it was learnt from, and "auc_beside" of the new model on the same; null where none is active or there are no such leads';

CREATE FUNCTION leadflow.calibrate(workspace text, model text, as_of timestamptz DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET array_nulls = on
    SET extra_float_digits = 1
    SET jit = off
    AS $$
DECLARE
    known_at constant timestamptz := COALESCE(as_of, leadflow.clock());
    is_bayes constant boolean := model IN ('odoo', 'naive_bayes');
    alpha constant double precision := CASE model WHEN 'odoo' THEN 0.1 WHEN 'naive_bayes' THEN 1 ELSE 0.5 END;
    missing constant text := CASE model WHEN 'naive_bayes' THEN 'level' ELSE 'skip' END;
    used jsonb;
    has_features boolean;
    counts jsonb;
    n_won bigint;
    n_lost bigint;
    parts integer[];
    held_out integer;
    design jsonb;
    bayes leadflow.naive_bayes;
    regression leadflow.logistic;
    folds jsonb := '[]';
    quality jsonb;
    number bigint;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF model IS NULL OR model NOT IN ('odoo', 'naive_bayes', 'logistic') THEN
        RAISE EXCEPTION 'unknown model "%"', COALESCE(model, 'null')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose odoo, naive_bayes or logistic.';
    END IF;
    IF NOT pg_catalog.isfinite(known_at) THEN
        RAISE EXCEPTION 'a model is learnt from what was known at a finite instant' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    used := leadflow.calibration_options(workspace, options);
    -- before the work, not after it
    IF NOT pg_catalog.has_table_privilege(pg_catalog.format('%I.score_model', workspace), 'INSERT') THEN
        RAISE EXCEPTION 'permission denied for table score_model' USING ERRCODE = 'insufficient_privilege';
    END IF;

    EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %I.score_feature f WHERE f.active)', workspace) INTO has_features;
    IF NOT has_features AND NOT used ? 'features' THEN
        RAISE EXCEPTION 'workspace % has no active feature to learn from', workspace
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Say in score_feature what is to be kept of a lead when it becomes an MQL.';
    END IF;

    counts := leadflow.calibration_leads(workspace, known_at, used);
    SELECT pg_catalog.count(*) FILTER (WHERE c.won), pg_catalog.count(*) FILTER (WHERE NOT c.won),
           pg_catalog.array_agg(DISTINCT c.part) FILTER (WHERE used ->> 'held_out' = 'folds' OR c.part = 1)
        INTO n_won, n_lost, parts
    FROM pg_temp.leadflow_calibration c;
    IF n_won < (used ->> 'min_won')::bigint OR n_lost < (used ->> 'min_lost')::bigint THEN
        RAISE EXCEPTION 'insufficient data (% won, % lost)', n_won, n_lost
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('Needed are %s won and %s lost leads that had become an MQL, whose features were kept then%s.',
                      used ->> 'min_won', used ->> 'min_lost',
                      CASE WHEN (counts ->> 'skipped')::bigint > 0 THEN pg_catalog.format('; of %s closed leads they were not', counts ->> 'skipped') ELSE '' END);
    END IF;

    PERFORM leadflow.calibration_words(workspace, used);

    -- each part by a model that has not seen it
    FOREACH held_out IN ARRAY parts LOOP
        IF (SELECT pg_catalog.count(DISTINCT c.won) FROM pg_temp.leadflow_calibration c WHERE c.part <> held_out) < 2 THEN
            RAISE EXCEPTION 'insufficient data (% won, % lost)', n_won, n_lost
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'Without the leads that are held out to test the model, none that was won or none that was lost is left.';
        END IF;
        design := leadflow.calibration_design(workspace, used, held_out);
        IF is_bayes THEN
            EXECUTE pg_catalog.format('SELECT leadflow.naive_bayes_fit(c.won, %s) FROM pg_temp.leadflow_calibration c WHERE c.part <> $1',
                                      leadflow.calibration_input(design, model, '*')) INTO bayes USING held_out;
            EXECUTE pg_catalog.format('UPDATE pg_temp.leadflow_calibration c SET probability = leadflow.predict($2, %s, $3, $4) WHERE c.part = $1',
                                      leadflow.calibration_input(design, model, '?')) USING held_out, bayes, alpha, missing;
        ELSE
            EXECUTE pg_catalog.format('SELECT leadflow.logistic_fit(c.won, %s, $2) FROM pg_temp.leadflow_calibration c WHERE c.part <> $1',
                                      leadflow.calibration_input(design, model, '*')) INTO regression USING held_out, (used ->> 'l2')::double precision;
            EXECUTE pg_catalog.format('UPDATE pg_temp.leadflow_calibration c SET probability = leadflow.predict($2, %s) WHERE c.part = $1',
                                      leadflow.calibration_input(design, model, '?')) USING held_out, regression;
        END IF;
        folds := folds || (pg_catalog.jsonb_build_object('part', held_out) || leadflow.calibration_quality(held_out));
    END LOOP;

    quality := leadflow.calibration_quality(NULL) || pg_catalog.jsonb_build_object(
        'held_out', CASE used ->> 'held_out' WHEN 'folds' THEN pg_catalog.jsonb_build_object('by', 'folds', 'folds', used -> 'folds', 'parts', folds)
                         ELSE pg_catalog.jsonb_build_object('by', 'time', 'share', used -> 'share',
                             'from', (SELECT pg_catalog.min(c.qualified_at) FROM pg_temp.leadflow_calibration c WHERE c.part = 1)) END,
        'base_rate', pg_catalog.round(n_won::numeric / (n_won + n_lost), 6),
        'without_facts', counts,
        'active', leadflow.calibration_of_active(workspace),
        -- beside the points of the rules, where there were any
        'rules', (SELECT pg_catalog.jsonb_build_object('leads', pg_catalog.count(*),
                             'auc', pg_catalog.round(leadflow.auc(c.rules_score, c.won)::numeric, 6),
                             'model_auc', pg_catalog.round(leadflow.auc(c.probability, c.won)::numeric, 6))
                  FROM pg_temp.leadflow_calibration c WHERE c.probability IS NOT NULL AND c.rules_score IS NOT NULL),
        'calibration', (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b) ORDER BY b.bin)
                        FROM leadflow.calibration((SELECT leadflow.scored_outcomes(c.probability, c.won) FROM pg_temp.leadflow_calibration c)) b),
        'gains', (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(g) ORDER BY g.grp)
                  FROM leadflow.gains((SELECT leadflow.scored_outcomes(c.probability, c.won) FROM pg_temp.leadflow_calibration c)) g));

    -- the model itself learns from all
    design := leadflow.calibration_design(workspace, used, NULL);
    EXECUTE pg_catalog.format('SELECT leadflow.naive_bayes_fit(c.won, %s) FROM pg_temp.leadflow_calibration c',
                              leadflow.calibration_input(design, CASE WHEN is_bayes THEN model ELSE 'naive_bayes' END, '*')) INTO bayes;
    IF NOT is_bayes THEN
        EXECUTE pg_catalog.format('SELECT leadflow.logistic_fit(c.won, %s, $1) FROM pg_temp.leadflow_calibration c',
                                  leadflow.calibration_input(design, model, '*')) INTO regression USING (used ->> 'l2')::double precision;
    END IF;
    quality := quality || pg_catalog.jsonb_build_object('features',
        (SELECT pg_catalog.jsonb_object_agg(d ->> 'feature', pg_catalog.jsonb_build_object(
             'kind', d -> 'kind', 'missing', d -> 'missing', 'missing_won', d -> 'missing_won', 'left_out', d -> 'left_out',
             'information', pg_catalog.round(i.information_value::numeric, 6)))
         FROM pg_catalog.jsonb_array_elements(design) d
         LEFT JOIN leadflow.information_value(bayes, alpha) i ON i.attribute = d ->> 'feature'));

    EXECUTE pg_catalog.format('INSERT INTO %I.score_model (model, as_of, options, won, lost, quality, intercept)
                               VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING version', workspace)
        INTO number
        USING model, known_at, used, n_won, n_lost, quality,
              CASE model WHEN 'odoo' THEN pg_catalog.ln((n_won + alpha) / (n_lost + alpha))
                         WHEN 'naive_bayes' THEN pg_catalog.ln(n_won::double precision / n_lost)
                         ELSE (SELECT t.coefficient FROM leadflow.coefficients(regression) t WHERE t.position = 0) END;
    EXECUTE pg_catalog.format($q$
        INSERT INTO %I.score_model_point (version, feature, value, at_least, below, log_odds, standard_error, points, won, lost, weight_of_evidence, information)
        SELECT $1, p.feature, p.value, p.at_least, p.below, x.log_odds, x.standard_error, pg_catalog.round((20 / pg_catalog.ln(2::double precision) * x.log_odds)::numeric),
               COALESCE(w.won, p.won), COALESCE(w.lost, p.lost), w.weight_of_evidence, w.information_value
        FROM leadflow.calibration_points($2) p
        JOIN (SELECT b.place, b.log_odds, NULL::double precision AS standard_error FROM leadflow.calibration_log_odds($2, $3, $4, $5, $7, $8) b WHERE $6 IS NULL
              UNION ALL
              SELECT t.position, t.coefficient, t.standard_error FROM leadflow.coefficients($6) t WHERE t.position > 0) x ON x.place = p.place
        LEFT JOIN leadflow.weight_of_evidence($3, $4) w ON w.attribute = p.feature AND w.value IS NOT DISTINCT FROM '=' || p.value$q$, workspace)
        USING number, design, bayes, alpha, missing, regression, n_won, n_lost;
    DROP TABLE pg_temp.leadflow_calibration, pg_temp.leadflow_calibration_word;
    RETURN number;
END;
$$;
COMMENT ON FUNCTION leadflow.calibrate(text, text, timestamptz, jsonb) IS
    'learns a model of what wins from the leads that had become an MQL by as_of (null: leadflow.clock()) and were won or lost by then, as they were when they first became one (stage_event.facts), and keeps it in score_model and score_model_point; it has no effect before leadflow.activate_model. Gives its version. model: odoo (the frequency model of Odoo''s predictive lead scoring: alpha 0.1, what is missing does not count), naive_bayes (alpha 1, missing is a value) or logistic (logistic regression on every value of every feature, missing included, with the penalty l2 / 2 times the sum of squares of all coefficients but the intercept). Won: a later entry of the lead, or of an opportunity of it, into won. Lost: not won, without an open opportunity, and in disqualified or lost, or in opportunity or further with no opportunity left; leads in nurture and in lead_outside do not count. options: features (codes; all active ones), variant (of the lead when it became an MQL; all), bins (of a number, by quantiles; 10), min_count (a value of fewer leads gives nothing; 5), l2 (1), held_out (how the quality is measured: folds, each by a model of the others, or time, the last share of leads; folds), folds (5), share (0..1; 0.3), min_won, min_lost (30), without_facts (leads whose features were not kept: skip, or evidence, which rebuilds them from what the event, the key of the lead and its touches until then tell; skip), unchanging (columns of lead that never change, for which the caller vouches, to rebuild from as well; none). Points are 20 / ln 2 times the log-odds, rounded: 20 points double the odds, and 0 says nothing for or against (the scale of N. Siddiqi, Credit Risk Scorecards (2006), chapter 6). quality: won, lost, base_rate, auc, log_loss, brier, of the held-out leads; held_out (and of each part), calibration and gains as from the functions, rules (the area under the curve of the rules'' total points, and of the model for the same leads), active (the same measures of the active model), without_facts, features. Needs INSERT on score_model and score_model_point, SELECT on what it reads, and TEMPORARY on the database. Errors: not a workspace (42704); unknown model, option or feature, a value that cannot be (22023); too few won or lost leads, or no feature (55000), in which case nothing is written; no right (42501)';

CREATE FUNCTION leadflow.activate_model(workspace text, version bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    m record;
    idle text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    -- who activates another waits
    EXECUTE pg_catalog.format('LOCK TABLE %I.score_model IN SHARE ROW EXCLUSIVE MODE', workspace);
    EXECUTE pg_catalog.format('SELECT m.version, m.activated_at IS NOT NULL AND m.retired_at IS NULL AS active FROM %I.score_model m WHERE m.version = $1', workspace)
        INTO m USING version;
    IF m.version IS NULL THEN
        RAISE EXCEPTION 'workspace % has no model %', workspace, version
            USING ERRCODE = 'no_data_found';
    ELSIF m.active THEN
        RAISE EXCEPTION 'model % is active already', version
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.string_agg(DISTINCT p.feature, '', '') FROM %1$I.score_model_point p
         WHERE p.version = $1 AND NOT EXISTS (SELECT FROM %1$I.score_feature f WHERE f.feature = p.feature AND f.active)', workspace)
        INTO idle USING version;
    IF idle IS NOT NULL THEN
        RAISE EXCEPTION 'model % reads features that are not active', version
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = pg_catalog.format('Features: %s.', idle),
                  HINT = 'Activate them in score_feature, or learn a model without them.';
    END IF;
    EXECUTE pg_catalog.format('UPDATE %I.score_model SET retired_at = pg_catalog.clock_timestamp() WHERE activated_at IS NOT NULL AND retired_at IS NULL', workspace);
    EXECUTE pg_catalog.format('UPDATE %I.score_model SET activated_at = pg_catalog.clock_timestamp(), retired_at = NULL WHERE version = $1', workspace)
        USING version;
END;
$$;
COMMENT ON FUNCTION leadflow.activate_model(text, bigint) IS
    'lets a model take effect, in the place of the active one, which is retired; also one that was retired before. From now on it gives lead_score.probability. Needs SELECT and UPDATE on score_model. Errors: not a workspace (42704), no such model (P0002), it is active already, or reads a feature that is not active (55000), no right (42501)';

CREATE FUNCTION leadflow.retire_model(workspace text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    retired bigint;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    EXECUTE pg_catalog.format('UPDATE %I.score_model SET retired_at = pg_catalog.clock_timestamp()
                               WHERE activated_at IS NOT NULL AND retired_at IS NULL RETURNING version', workspace) INTO retired;
    IF retired IS NULL THEN
        RAISE EXCEPTION 'workspace % has no active model', workspace
            USING ERRCODE = 'no_data_found';
    END IF;
    RETURN retired;
END;
$$;
COMMENT ON FUNCTION leadflow.retire_model(text) IS
    'ends the effect of the active model: there is no probability until another is activated. Gives its version. Needs SELECT and UPDATE on score_model. Errors: not a workspace (42704), no model is active (P0002), no right (42501)';
