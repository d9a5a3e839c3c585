/*
 * handbook.sql: what a newcomer reads, written from what is in force.
 *
 * Every text of the company goes through leadflow.markdown, so that it reads
 * as it was written and breaks no table.
 */

CREATE FUNCTION leadflow.markdown(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
    -- what stands for itself, underscores beside a space, and what would begin a list
    SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
               pg_catalog.btrim(pg_catalog.regexp_replace(content, '[\s\u0001-\u001f\u007f]+', ' ', 'g')),
               '([\\`*\[\]<>|#&~])', '\\\1', 'g'),
               '(?<![[:alnum:]])_|_(?![[:alnum:]])', '\\_', 'g'),
               '^([-+=])', '\\\1'),
               '^(\d+)([.)])(?=\s|$)', '\1\\\2')
$$;
COMMENT ON FUNCTION leadflow.markdown(text) IS
    'a text as Markdown that shows it as it is, in one line: white space is one space, and what would be markup, or end a cell of a table, is escaped; null for null';

CREATE FUNCTION leadflow.markdown_row(VARIADIC cells text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT '| ' || pg_catalog.string_agg(COALESCE(leadflow.markdown(c.cell), ''), ' | ' ORDER BY c.place) || ' |'
    FROM pg_catalog.unnest(cells) WITH ORDINALITY c (cell, place)
$$;
COMMENT ON FUNCTION leadflow.markdown_row(text[]) IS
    'texts as a row of a Markdown table; null is an empty cell';

CREATE FUNCTION leadflow.handbook_table(words jsonb, section text, rows text, level text DEFAULT '##') RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT level || ' ' || (words ->> section) || E'\n\n' || COALESCE((words ->> (section || '_note')) || E'\n\n', '')
        || CASE WHEN rows IS NULL THEN words ->> 'nothing'
           ELSE (SELECT leadflow.markdown_row(VARIADIC pg_catalog.array_agg(c.name ORDER BY c.place)) || E'\n' || pg_catalog.repeat('|---', pg_catalog.count(*)::integer) || E'|\n' || rows
                 FROM pg_catalog.jsonb_array_elements_text(words -> 'columns' -> section) WITH ORDINALITY c (name, place)) END
        || E'\n\n'
$$;
COMMENT ON FUNCTION leadflow.handbook_table(jsonb, text, text, text) IS
    'part of leadflow.handbook: a section with its heading and a table of these rows; null for none, which is said';

CREATE FUNCTION leadflow.span_words(span interval, words jsonb) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.string_agg(pg_catalog.trim_scale(p.n) || ' ' || (words -> 'words' ->> p.unit), ' ' ORDER BY p.place)
    FROM (VALUES (1, 'y', EXTRACT(year FROM span)::numeric), (2, 'mo', EXTRACT(month FROM span)::numeric), (3, 'd', EXTRACT(day FROM span)::numeric),
                 (4, 'h', EXTRACT(hour FROM span)::numeric), (5, 'min', EXTRACT(minute FROM span)::numeric), (6, 's', EXTRACT(second FROM span)::numeric)) p (place, unit, n)
    WHERE p.n <> 0
$$;
COMMENT ON FUNCTION leadflow.span_words(interval, jsonb) IS
    'part of leadflow.handbook: an interval in short units of a language (2 h 30 min); null for none, or of no length';

CREATE FUNCTION leadflow.stage_words(stages leadflow.stage[], labels jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.string_agg(COALESCE(labels ->> s.stage::text, s.stage::text), ', ' ORDER BY s.place)
    FROM pg_catalog.unnest(stages) WITH ORDINALITY s (stage, place)
$$;
COMMENT ON FUNCTION leadflow.stage_words(leadflow.stage[], jsonb) IS
    'part of leadflow.handbook: the names of stages; labels: {stage: name}, what is not in it is called by its code; null for no stage';

CREATE FUNCTION leadflow.handbook(workspace text, language text DEFAULT 'en') RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    SET jit = off
    AS $$
#variable_conflict use_column
DECLARE
    words constant jsonb := leadflow.handbook_words(language);
    w constant jsonb := words -> 'words';
    ws constant text := pg_catalog.quote_ident(workspace);
    labels jsonb;
    book text;
    rows text;
    n bigint;
    changed timestamptz;
    score text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    EXECUTE pg_catalog.format('SELECT pg_catalog.jsonb_object_agg(d.stage, COALESCE(pg_catalog.to_jsonb(d) ->> (''label_'' || $1), d.label_en, d.stage)) FROM %s.stage_dictionary d WHERE d.variant = ''*''', ws)
        INTO labels USING language;

    EXECUTE pg_catalog.format('SELECT c.version, c.changed_at FROM %s.definition_change c ORDER BY c.version DESC LIMIT 1', ws) INTO n, changed;
    book := '# ' || pg_catalog.format(words ->> 'title', leadflow.markdown(workspace)) || E'\n\n'
        || pg_catalog.format(words ->> 'version', COALESCE(n, 0), COALESCE(pg_catalog.to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), '-'))
        || ' ' || (words ->> 'intro') || E'\n\n';

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   COALESCE(d.labels ->> $3, $2 ->> s.stage, s.label_en) || CASE s.variant WHEN '*' THEN '' ELSE ' (' || s.variant || ')' END,
                   s.stage, s.team, s.meaning, s.entry_evidence, s.exit_criteria, leadflow.span_words(d.norm, $1)),
                   E'\n' ORDER BY s.ordinal < 0, s.stage::leadflow.stage, s.variant COLLATE pg_catalog."C")
        FROM %1$s.stage_dictionary s
        LEFT JOIN %1$s.stage_definition d ON d.stage = s.stage::leadflow.stage AND d.variant = s.variant
        $q$, ws) INTO rows USING words, labels, language;
    book := book || leadflow.handbook_table(words, 'stages', rows);

    -- a list for each stage
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg('### ' || leadflow.markdown(leadflow.stage_words(ARRAY[g.stage], $2)) || ' (' || leadflow.markdown(g.stage::text) || E')\n\n' || g.items,
                                     E'\n\n' ORDER BY leadflow.is_exit(g.stage), g.stage)
        FROM (SELECT s.stage,
                     pg_catalog.string_agg('- ' || pg_catalog.concat_ws(' ', leadflow.markdown(s.requirement),
                         '*' || NULLIF(leadflow.markdown(s.how_to_fix), '') || '*',
                         '(' || NULLIF(pg_catalog.concat_ws(', ', CASE WHEN s.object <> 'lead' THEN $1 -> 'words' ->> s.object END,
                             CASE WHEN s.variant <> '*' THEN leadflow.markdown(s.variant) END, CASE WHEN s.mode = 'warn' THEN $1 -> 'words' ->> 'warn' END), '') || ')'),
                         E'\n' ORDER BY s.object COLLATE pg_catalog."C", s.variant COLLATE pg_catalog."C", s.position, s.criterion COLLATE pg_catalog."C") AS items
              FROM %1$s.standard s
              GROUP BY s.stage) g
        $q$, ws) INTO rows USING words, labels;
    book := book || '## ' || (words ->> 'standard') || E'\n\n' || CASE WHEN rows IS NULL THEN words ->> 'nothing' ELSE (words ->> 'standard_note') || E'\n\n' || rows END || E'\n\n';

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   ($1 -> 'words' ->> t.object) || CASE t.variant WHEN '*' THEN '' ELSE ' (' || t.variant || ')' END,
                   COALESCE(leadflow.stage_words(ARRAY[t.from_stage], $2), $1 -> 'words' ->> 'any'), leadflow.stage_words(ARRAY[t.to_stage], $2),
                   $1 -> 'words' ->> CASE WHEN t.reason_required THEN 'yes' ELSE 'no' END, t.meaning),
                   E'\n' ORDER BY t.object COLLATE pg_catalog."C", t.variant COLLATE pg_catalog."C", t.from_stage NULLS FIRST, t.to_stage, t.id)
        FROM %1$s.transition t
        $q$, ws) INTO rows USING words, labels;
    book := book || leadflow.handbook_table(words, 'transitions', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   COALESCE(r.labels ->> $3, r.labels ->> 'en', r.code), r.code, r.category,
                   COALESCE(leadflow.stage_words(r.applies_to, $2), $1 -> 'words' ->> 'any'),
                   $1 -> 'words' ->> CASE WHEN r.needs_note THEN 'yes' ELSE 'no' END, r.next_step),
                   E'\n' ORDER BY r.category COLLATE pg_catalog."C", r.code COLLATE pg_catalog."C")
        FROM %1$s.reason r
        WHERE r.active
        $q$, ws) INTO rows USING words, labels, language;
    book := book || leadflow.handbook_table(words, 'reasons', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.concat_ws(E'\n',
            (SELECT '- ' || pg_catalog.format($1 ->> 'verdict_promises', pg_catalog.string_agg(leadflow.markdown(p.promise), ' ' ORDER BY p.metric COLLATE pg_catalog."C", p.position, p.policy COLLATE pg_catalog."C", p.variant COLLATE pg_catalog."C"))
             FROM %1$s.sla_policy p WHERE p.active AND p.stops_on_verdict HAVING pg_catalog.count(*) > 0),
            (SELECT '- ' || pg_catalog.format($1 ->> 'verdict_reasons', pg_catalog.string_agg(leadflow.markdown(COALESCE(r.labels ->> $2, r.labels ->> 'en', r.code)), '; ' ORDER BY r.code COLLATE pg_catalog."C"))
             FROM %1$s.reason r
             WHERE r.active AND (r.applies_to = '{}' OR EXISTS (SELECT FROM pg_catalog.unnest(r.applies_to) s WHERE leadflow.is_exit(s) AND leadflow.base(s) <> 'churned'))
             HAVING pg_catalog.count(*) > 0),
            (SELECT '- ' || pg_catalog.format($1 ->> 'verdict_objections', pg_catalog.string_agg(leadflow.markdown(COALESCE(o.labels ->> $2, o.labels ->> 'en', o.code)), '; ' ORDER BY o.code COLLATE pg_catalog."C"))
             FROM %1$s.objection o WHERE o.active HAVING pg_catalog.count(*) > 0))
        $q$, ws) INTO rows USING words, language;
    book := book || '## ' || (words ->> 'verdicts') || E'\n\n' || (words ->> 'verdicts_note') || E'\n\n' || COALESCE(NULLIF(rows, ''), words ->> 'nothing') || E'\n\n';

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   p.promise, p.policy, ($1 -> 'words' ->> p.object) || CASE p.variant WHEN '*' THEN '' ELSE ' (' || p.variant || ')' END,
                   pg_catalog.concat_ws(', ', leadflow.stage_words(ARRAY[p.starts_on_stage], $2), pg_catalog.array_to_string(p.starts_on_touch, ', ')),
                   pg_catalog.concat_ws(', ', p.attempts || ' ' || ($1 -> 'words' ->> 'attempts'), p.channels || ' ' || ($1 -> 'words' ->> 'channels'),
                       pg_catalog.array_to_string(p.stops_on_touch, ', '), leadflow.stage_words(ARRAY[p.stops_on_stage], $2),
                       CASE WHEN p.stops_on_verdict THEN $1 -> 'words' ->> 'verdict' END, CASE WHEN p.stops_on_inbound IS NOT NULL THEN $1 -> 'words' ->> 'answer' END,
                       CASE WHEN p.stops_on_leaving THEN $1 -> 'words' ->> 'leaving' END),
                   leadflow.span_words(p.target, $1), ($1 -> 'words' ->> p.measure) || COALESCE(' (' || p.calendar || ')', '')),
                   E'\n' ORDER BY p.object COLLATE pg_catalog."C", p.metric COLLATE pg_catalog."C", p.position, p.policy COLLATE pg_catalog."C", p.variant COLLATE pg_catalog."C")
        FROM %1$s.sla_policy p
        WHERE p.active
        $q$, ws) INTO rows USING words, labels;
    book := book || leadflow.handbook_table(words, 'promises', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(c.code, c.calendar::text, c.description), E'\n' ORDER BY c.code <> 'default', c.code COLLATE pg_catalog."C")
        FROM %1$s.business_calendar c
        $q$, ws) INTO rows;
    book := book || leadflow.handbook_table(words, 'calendars', rows, '###');

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(t.track, t.meaning, t.content, leadflow.span_words(t.wake_after, $1), leadflow.span_words(t.cool_down, $1)),
                   E'\n' ORDER BY t.position, t.track COLLATE pg_catalog."C")
        FROM %1$s.nurture_track t
        WHERE t.active
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'tracks', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   i.profile || CASE i.variant WHEN '*' THEN '' ELSE ' (' || i.variant || ')' END, pg_catalog.array_to_string(i.industries, ', '), pg_catalog.array_to_string(i.segments, ', '),
                   NULLIF(pg_catalog.concat_ws(' .. ', CASE WHEN i.employees_to IS NOT NULL THEN COALESCE(i.employees_from, 0) ELSE i.employees_from END,
                       CASE WHEN i.employees_from IS NOT NULL AND i.employees_to IS NULL THEN '' ELSE i.employees_to::text END), ''),
                   NULLIF(pg_catalog.concat_ws(', ', pg_catalog.array_to_string(i.countries, ', '), pg_catalog.array_to_string(i.territories, ', ')), ''), i.meaning),
                   E'\n' ORDER BY i.position, i.profile COLLATE pg_catalog."C")
        FROM %1$s.icp i
        WHERE i.active
        $q$, ws) INTO rows;
    book := book || leadflow.handbook_table(words, 'profiles', rows);
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(p.name, $1 -> 'words' ->> p.decides, p.pain, p.uses_instead, p.criteria), E'\n' ORDER BY p.position, p.persona COLLATE pg_catalog."C")
        FROM %1$s.persona p
        WHERE p.active
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'personas', rows);
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(c.phrase, $1 -> 'words' ->> c.kind, c.instead_of, pg_catalog.array_to_string(c.segments, ', '), c.approved_by, c.valid_until::text),
                   E'\n' ORDER BY c.kind COLLATE pg_catalog."C", c.claim COLLATE pg_catalog."C")
        FROM %1$s.claim c
        WHERE c.active AND (c.valid_until IS NULL OR c.valid_until >= (leadflow.clock() AT TIME ZONE 'UTC')::date)
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'claims', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   r.rule, leadflow.stage_words(ARRAY[r.on_stage], $2),
                   COALESCE(NULLIF(pg_catalog.concat_ws('; ', NULLIF(r.variant, '*'), pg_catalog.array_to_string(r.territory, ', '), pg_catalog.array_to_string(r.industry, ', '),
                       pg_catalog.array_to_string(r.segment, ', '), r.condition), ''), $1 -> 'words' ->> 'all'),
                   CASE WHEN r.to_account_owner THEN $1 -> 'words' ->> 'account_owner' ELSE r.pool END, r.meaning),
                   E'\n' ORDER BY r.on_stage, r.position, r.rule COLLATE pg_catalog."C")
        FROM %1$s.routing_rule r
        WHERE r.active
        $q$, ws) INTO rows USING words, labels;
    book := book || leadflow.handbook_table(words, 'routing', rows);
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   p.pool,
                   (SELECT pg_catalog.string_agg(m.member || CASE m.weight WHEN 1 THEN '' ELSE ' (' || m.weight || ')' END, ', ' ORDER BY m.member COLLATE pg_catalog."C")
                    FROM %1$s.pool_member m JOIN %1$s.team_member t ON t.member = m.member AND t.active WHERE m.pool = p.pool),
                   p.fallback_owner, p.meaning), E'\n' ORDER BY p.pool COLLATE pg_catalog."C")
        FROM %1$s.pool p
        $q$, ws) INTO rows;
    IF rows IS NOT NULL THEN
        book := book || leadflow.handbook_table(words, 'pools', rows, '###');
    END IF;

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(r.rule || CASE r.variant WHEN '*' THEN '' ELSE ' (' || r.variant || ')' END,
                   $1 -> 'words' ->> r.component, pg_catalog.trim_scale(r.points)::text, leadflow.span_words(r.half_life, $1), r.meaning),
                   E'\n' ORDER BY r.component DESC, r.position, r.rule COLLATE pg_catalog."C")
        FROM %1$s.score_rule r
        WHERE r.active
        $q$, ws) INTO rows USING words;
    EXECUTE pg_catalog.format('SELECT w.score_in_force FROM %s.workspace w', ws) INTO score;
    book := book || leadflow.handbook_table(words || pg_catalog.jsonb_build_object('score_rules_note', pg_catalog.format(words ->> 'score_in_force', w ->> score)), 'score_rules', rows);
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row($1 -> 'words' ->> g.component, g.grade, pg_catalog.trim_scale(g.at_least)::text, g.meaning), E'\n' ORDER BY g.component DESC, g.at_least DESC)
        FROM %1$s.score_grade g
        $q$, ws) INTO rows USING words;
    IF rows IS NOT NULL THEN
        book := book || leadflow.handbook_table(words, 'grades', rows, '###');
    END IF;
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(m.code, leadflow.stage_words(ARRAY[m.from_stage], $2), leadflow.stage_words(ARRAY[m.to_stage], $2), m.meaning),
                   E'\n' ORDER BY m.position, m.code COLLATE pg_catalog."C")
        FROM %1$s.score_move m
        WHERE m.active
        $q$, ws) INTO rows USING words, labels;
    IF rows IS NOT NULL THEN
        book := book || leadflow.handbook_table(words, 'moves', rows, '###');
    END IF;

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   $1 -> 'words' ->> a.department, a.promise, a.measure, pg_catalog.trim_scale(a.at_least)::text, $1 -> 'words' ->> a.period,
                   NULLIF(pg_catalog.concat_ws(', ', a.variant, a.segment, a.origin), '')),
                   E'\n' ORDER BY a.department COLLATE pg_catalog."C", a.agreement COLLATE pg_catalog."C")
        FROM %1$s.agreement a
        WHERE a.active AND (a.ends_on IS NULL OR a.ends_on >= (leadflow.clock() AT TIME ZONE 'UTC')::date)
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'agreements', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   t.metric, t.starts_on || ' .. ' || t.ends_on, COALESCE(NULLIF(pg_catalog.concat_ws(', ', t.segment, t.team, t.owner), ''), $1 -> 'words' ->> 'all'),
                   pg_catalog.trim_scale(t.value)::text || CASE WHEN t.metric IN ('revenue', 'new_revenue', 'pipeline') THEN ' ' || w.currency ELSE '' END, t.agreed_on::text),
                   E'\n' ORDER BY t.starts_on, t.ends_on, t.metric COLLATE pg_catalog."C", t.segment COLLATE pg_catalog."C", t.team COLLATE pg_catalog."C", t.owner COLLATE pg_catalog."C")
        FROM %1$s.target t
        CROSS JOIN %1$s.workspace w
        WHERE t.ends_on >= (leadflow.clock() AT TIME ZONE 'UTC')::date
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'targets', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(m.name, m.metric, m.formula, m.unit, COALESCE($1 -> 'words' ->> m.owner, m.owner), m.report), E'\n' ORDER BY m.position, m.metric COLLATE pg_catalog."C")
        FROM %1$s.metric m
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'metrics', rows);
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   $1 -> 'words' ->> b.department, b.meaning, pg_catalog.trim_scale(100 * b.weight) || ' %%', pg_catalog.trim_scale(100 * b.pays_from) || ' %%', pg_catalog.trim_scale(100 * b.cap) || ' %%', $1 -> 'words' ->> b.period),
                   E'\n' ORDER BY b.department COLLATE pg_catalog."C", b.weight DESC, b.part COLLATE pg_catalog."C")
        FROM %1$s.bonus_part b
        WHERE b.ends_on IS NULL OR b.ends_on >= (leadflow.clock() AT TIME ZONE 'UTC')::date
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'bonus', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(p.purpose, p.meaning, p.model, m.meaning), E'\n' ORDER BY p.purpose COLLATE pg_catalog."C")
        FROM %1$s.attribution_purpose p
        JOIN %1$s.attribution_model m ON m.model = p.model
        $q$, ws) INTO rows;
    book := book || leadflow.handbook_table(words, 'purposes', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row($1 -> 'words' ->> f.object, f.field, f.team, leadflow.stage_words(ARRAY[f.owed_from], $2), f.meaning),
                   E'\n' ORDER BY f.object = 'account', f.object = 'opportunity', f.team COLLATE pg_catalog."C", f.owed_from, f.field COLLATE pg_catalog."C")
        FROM %1$s.field_owner f
        $q$, ws) INTO rows USING words, labels;
    book := book || leadflow.handbook_table(words, 'fields', rows);

    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.string_agg(leadflow.markdown_row(
                   r.definition, r.team, (SELECT pg_catalog.string_agg($1 -> 'words' ->> d.department, ', ' ORDER BY d.place) FROM pg_catalog.unnest(r.approved_by) WITH ORDINALITY d (department, place)),
                   leadflow.span_words(r.every, $1)), E'\n' ORDER BY r.definition COLLATE pg_catalog."C")
        FROM %1$s.review_cycle r
        $q$, ws) INTO rows USING words;
    book := book || leadflow.handbook_table(words, 'reviews', rows);
    RETURN pg_catalog.rtrim(book, E'\n') || E'\n';
END;
$$;
COMMENT ON FUNCTION leadflow.handbook(text, text) IS
    'the definitions of a workspace as they are in force, as a Markdown document that a newcomer reads: stages, the standard in words, moves, reasons, verdicts, promises with calendars, nurture, whom the company looks for and what may be promised, routing, scoring, agreements, targets and parts of the bonus that have not ended by leadflow.clock(), the numbers to steer by, attribution, who answers for which field, and how definitions are changed; on top their version and its date. language: en, pl, ru or zh, for the headings and the names of stages, reasons and objections, which are in English where there is no other; what the company wrote in one language only stays in it. The same definitions give the same text. Needs SELECT on the definitions, as read access gives. Errors: not a workspace (42704), another language (22023), letters that the encoding of the database does not have (22P05)';
