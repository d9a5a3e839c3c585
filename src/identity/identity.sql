/* identity: the forms in which addresses, numbers and names are compared */

CREATE FUNCTION leadflow.normal_email(address text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_normal_email';
COMMENT ON FUNCTION leadflow.normal_email(text) IS
    'the form in which e-mail addresses are compared: ASCII letters in lower case, blanks around it and a +tag before the @ dropped; of Gmail''s addresses also the dots before the @, and googlemail.com is gmail.com. Null for what is no address';

CREATE FUNCTION leadflow.email_domain(address text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_email_domain';
COMMENT ON FUNCTION leadflow.email_domain(text) IS
    'the domain of an e-mail address, ASCII letters in lower case. Null for what is no address';

CREATE FUNCTION leadflow.normal_domain(address text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_normal_domain';
COMMENT ON FUNCTION leadflow.normal_domain(text) IS
    'the form in which web domains are compared: the host of a web address, ASCII letters in lower case and without a leading www. Null for what is neither a domain nor a web address';

CREATE FUNCTION leadflow.normal_phone(number text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_normal_phone';
COMMENT ON FUNCTION leadflow.normal_phone(text) IS
    'the form in which telephone numbers are compared: the last 9 digits without leading zeros, so that a number is the same with and without its country code or trunk zero. What follows a letter, #, comma or semicolon (an extension, a second number) does not count. Null for fewer than 7 digits or more than 15';

CREATE FUNCTION leadflow.normal_name(name text) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_normal_name';
COMMENT ON FUNCTION leadflow.normal_name(text) IS
    'the form in which names of companies and people are compared: lower case, dots and apostrophes dropped, other punctuation and runs of blanks folded into one blank, legal forms such as GmbH, sp. z o.o., Ltd or Inc dropped where something else remains. Accents stay. Of a name of more than 10000 bytes the beginning. Null for a name without a letter or digit';

CREATE FUNCTION leadflow.name_similarity(name_1 text, name_2 text) RETURNS real
    LANGUAGE C STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'leadflow_name_similarity';
COMMENT ON FUNCTION leadflow.name_similarity(text, text) IS
    'how alike two names are, 0 to 1: similarity() of the extension pg_trgm where that is installed, in whatever schema, and the caller may execute it; else 1 for equal names and 0 for others';
