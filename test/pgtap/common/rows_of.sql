-- rows_of(query): each row of a query as one text
CREATE FUNCTION rows_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format('SELECT pg_catalog.btrim(r::text, ''()'') FROM (%s) r', query);
END;
$$;
