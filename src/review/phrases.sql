/*
 * phrases.sql: phrases to listen for, as PostgreSQL's text search looks for
 * them.
 */

CREATE FUNCTION leadflow.phrase_query(phrases text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN pg_catalog.bool_and(COALESCE(q.words, '') <> '')
                THEN pg_catalog.string_agg('(' || q.words || CASE WHEN q.phrase LIKE '%*' THEN ':*' ELSE '' END || ')', ' | ')::tsquery END
    FROM (SELECT p.phrase, pg_catalog.phraseto_tsquery('pg_catalog.simple'::regconfig, p.phrase)::text AS words
          FROM pg_catalog.unnest(phrases) p (phrase)
          WHERE pg_catalog.cardinality(phrases) <= 1000) q
$$;
COMMENT ON FUNCTION leadflow.phrase_query(text[]) IS
    'what finds any of these phrases in a text of the configuration simple: the words of a phrase one after the other, in any case and as they are written; one that ends with * finds words that begin with its last one. Everything else in a phrase that is not a word is passed over. Null for no phrase, for more than 1000, and for one without a word';
