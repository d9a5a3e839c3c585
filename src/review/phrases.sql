/*
 * phrases.sql: phrases to listen for, as PostgreSQL's text search looks for
 * them.
 */

CREATE FUNCTION leadflow.phrase_query(phrases text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN pg_catalog.bool_and(s.query IS NOT NULL)
                THEN pg_catalog.string_agg('(' || s.query || ')', ' | ')::tsquery END
    FROM (SELECT p.phrase LIKE '%*' AS is_open, pg_catalog.string_to_array(pg_catalog.phraseto_tsquery('pg_catalog.simple'::regconfig, p.phrase)::text, ' <-> ') AS words
          FROM pg_catalog.unnest(phrases) p (phrase)
          WHERE pg_catalog.cardinality(phrases) <= 1000) q
    CROSS JOIN LATERAL (SELECT q.words[pg_catalog.cardinality(q.words)] AS word) last
    -- of 'follow-up' <-> 'follow' <-> 'up' the first goes on as the last does
    CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(w.word || CASE WHEN q.is_open AND (w.place = pg_catalog.cardinality(q.words)
                                                                     OR pg_catalog.right(w.word, pg_catalog.length(last.word)) = '-' || pg_catalog.substr(last.word, 2))
                                                               THEN ':*' ELSE '' END, ' <-> ' ORDER BY w.place) AS query
                        FROM pg_catalog.unnest(q.words) WITH ORDINALITY w (word, place)) s
$$;
COMMENT ON FUNCTION leadflow.phrase_query(text[]) IS
    'what finds any of these phrases in a text of the configuration simple: the words of a phrase one after the other, in any case and as they are written; one that ends with * finds words that begin with its last one. Everything else in a phrase that is not a word is passed over. Null for no phrase, for more than 1000, and for one without a word';
