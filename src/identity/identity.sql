/*
 * identity.sql: the forms in which addresses, numbers and names are compared.
 * Plain expressions, so that the planner sees through them and an index on one
 * is used. Patterns are dollar-quoted: they mean the same whatever the
 * session's settings are. \u escapes stand for letters that this file cannot
 * write; in a database of another encoding they match nothing.
 */

CREATE FUNCTION leadflow.normal_email(address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(
                pg_catalog.substring(
                    pg_catalog.lower(pg_catalog.btrim(address, E' \t\r\n')),
                    $re$^[^\s@"(),:;<>[\\\]\u00a0]+@(?:[^\s!-,./:-@[-`{-\u00a0]+\.)+[^\s!-@[-`{-\u00a0][^\s!-,./:-@[-`{-\u00a0]+$$re$),
                $re$^([^+]+)\+[^@]*$re$, $re$\1$re$),
            $re$@googlemail\.com$$re$, '@gmail.com'),
        $re$\.(?=[^@]*@gmail\.com$)$re$, '', 'g');
COMMENT ON FUNCTION leadflow.normal_email(text) IS
    'the form in which e-mail addresses are compared: lower case, blanks around it and a +tag before the @ dropped; of Gmail''s addresses also the dots before the @, and googlemail.com is gmail.com. Null for what is no address';

CREATE FUNCTION leadflow.email_domain(address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring(
        pg_catalog.lower(pg_catalog.btrim(address, E' \t\r\n')),
        $re$^[^\s@"(),:;<>[\\\]\u00a0]+@((?:[^\s!-,./:-@[-`{-\u00a0]+\.)+[^\s!-@[-`{-\u00a0][^\s!-,./:-@[-`{-\u00a0]+)$$re$);
COMMENT ON FUNCTION leadflow.email_domain(text) IS
    'the domain of an e-mail address, in lower case. Null for what is no address';

CREATE FUNCTION leadflow.normal_domain(address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring(
        pg_catalog.lower(pg_catalog.btrim(address, E' \t\r\n')),
        $re$^(?:[a-z]+://)?(?:www\.)?((?:[^\s!-,./:-@[-`{-\u00a0]+\.)+[^\s!-@[-`{-\u00a0][^\s!-,./:-@[-`{-\u00a0]+)\.?(?:[:/?#].*)?$$re$);
COMMENT ON FUNCTION leadflow.normal_domain(text) IS
    'the form in which web domains are compared: the host of a web address, in lower case and without a leading www. Null for what is neither a domain nor a web address';

CREATE FUNCTION leadflow.normal_phone(number text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring(
        pg_catalog."right"(
            pg_catalog.regexp_replace(
                pg_catalog.substring(pg_catalog.translate(number, ' ()-./+', ''), $re$[0-9][^A-Za-z#;,]*$re$),
                $re$[^0-9]+$re$, '', 'g'),
            9),
        $re$[1-9]......+$re$);
COMMENT ON FUNCTION leadflow.normal_phone(text) IS
    'the form in which telephone numbers are compared: the last 9 digits without leading zeros, so that a number is the same with and without its country code or trunk zero. What follows a letter, #, comma or semicolon (an extension, a second number) does not count. Null for fewer than 7 digits';

CREATE FUNCTION leadflow.normal_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring(
        pg_catalog.regexp_replace(
            pg_catalog.btrim(pg_catalog.regexp_replace(
                pg_catalog.translate(pg_catalog.lower(name), $$.'$$, ''),
                $re$[\u0001-\u001f!-/:-@[-`{-\u007f\u00a0\u00ab\u00bb\u2000-\u206f\u3000-\u3003\u3008-\u301f\uff08\uff09][\u0001-/:-@[-`{-\u007f\u00a0\u00ab\u00bb\u2000-\u206f\u3000-\u3003\u3008-\u301f\uff08\uff09]*|  +$re$,
                ' ', 'g')),
            $re$^(?:ooo|oao|zao|pao|\u043e\u043e\u043e|\u043e\u0430\u043e|\u0437\u0430\u043e|\u043f\u0430\u043e|\u0430\u043e|\u0438\u043f|\u0442\u043e\u043e|\u0442\u043e\u0432|pt|uab) |(?: (?:ab|ag|aps|a ?s|bhd|b ?v|co|company|corp|corporation|d ?o ?o|e ?k|gbr|gmbh|inc|incorporated|kft|kg|kgaa|kk|limited|llc|llp|ltd|ltda|mbh|n ?v|ohg|oy|oyj|plc|private|psa|pte|pty|pvt|sarl|sas|sasu|sdn|se|s ?a|s ?l|s ?r ?l|s ?r ?o|ska|slu|snc|spa|spol|sp ?[jk]|(?:sp|sp\u00f3\u0142ka|spolka) ?z ?o ?o|(?:sp\u00f3\u0142ka|spolka) akcyjna|ug|zrt|\u043e\u043e\u043e|\u043e\u0430\u043e|\u0437\u0430\u043e|\u043f\u0430\u043e|\u0430\u043e))+$|(?:\u80a1\u4efd)?\u6709\u9650(?:\u8d23\u4efb|\u8cac\u4efb)?\u516c\u53f8$$re$,
            '', 'g'),
        '.+');
COMMENT ON FUNCTION leadflow.normal_name(text) IS
    'the form in which names of companies and people are compared: lower case, dots and apostrophes dropped, other punctuation and runs of blanks folded into one blank, legal forms such as GmbH, sp. z o.o., Ltd or Inc dropped where something else remains. Accents stay. Null for a name without a letter or digit';

CREATE FUNCTION leadflow.name_similarity(names_1 text[], names_2 text[]) RETURNS real[]
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    trigrams text := (SELECT pg_catalog.quote_ident(n.nspname) || '.similarity(p.a, p.b)'
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'));
    similarity real[];
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.array_agg((CASE WHEN p.a = p.b THEN 1 WHEN p.a <> p.b THEN %s END)::real ORDER BY p.n)
         FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) WITH ORDINALITY p (a, b, n)',
        COALESCE(trigrams, '0'))
        INTO similarity USING names_1, names_2;
    RETURN similarity;
END;
$$;
COMMENT ON FUNCTION leadflow.name_similarity(text[], text[]) IS
    'how alike the names of two lists are, pair by pair, 0 to 1; null where one is null. similarity() of the extension pg_trgm where that is installed and the caller may use its schema, else 1 for equal and 0 for other names';
