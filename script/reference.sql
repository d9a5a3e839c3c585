-- The text of doc/reference.md.  Run by script/reference in an empty database
-- that it throws away.
SET client_encoding = 'UTF8';
SET bytea_output = 'hex';
SET TIME ZONE 'UTC';
CREATE EXTENSION leadflow;
SELECT leadflow.create_workspace('crm') \g /dev/null
SET search_path = crm;

-- a text as it must be written in a cell of a table
CREATE FUNCTION pg_temp.cell(text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT replace(replace(replace(replace(coalesce($1, ''), '|', '\|'), '*', '\*'), '<', '&lt;'), E'\n', ' ') $$;
-- types by their short names
CREATE FUNCTION pg_temp.short(text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT replace(replace($1, 'timestamp with time zone', 'timestamptz'), 'character varying', 'varchar') $$;
CREATE FUNCTION pg_temp.code(text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT coalesce('`' || nullif(replace(replace(pg_temp.short($1), '|', '\|'), E'\n', ' '), '') || '`', '') $$;
-- the comment as a sentence
CREATE FUNCTION pg_temp.sentence(text) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT replace(replace(upper(left($1, 1)) || substr($1, 2), '*', '\*'), '<', '&lt;') || CASE WHEN $1 ~ '[.?!]$' THEN '' ELSE '.' END $$;

-- leadflow's functions, and what kind of function each is
CREATE TEMPORARY VIEW function AS
SELECT p.oid, p.proname AS name, p.prokind, p.provolatile, p.proisstrict, p.prosecdef,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_identity_arguments(p.oid) AS identity,
       pg_get_function_result(p.oid) AS result,
       obj_description(p.oid, 'pg_proc') AS comment,
       CASE WHEN p.prokind = 'a' THEN 'aggregate'
            WHEN p.prorettype = 'trigger'::regtype THEN 'trigger'
            WHEN EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
              OR EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
              OR EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn, a.aggserialfn, a.aggdeserialfn))
              OR EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
              OR p.proname = 'workspace_script' THEN 'support'
            ELSE 'function' END AS kind
FROM pg_proc p
WHERE EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
              WHERE e.extname = 'leadflow' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                AND d.classid = 'pg_proc'::regclass AND d.objid = p.oid);

-- the tables of a workspace; those that hold definitions are recorded
CREATE TEMPORARY VIEW workspace_table AS
SELECT c.oid, c.relname AS name, c.relkind AS kind, obj_description(c.oid, 'pg_class') AS comment,
       EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'leadflow_definition_recorder') AS is_definition
FROM pg_class c
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'v');

CREATE TEMPORARY VIEW workspace_column AS
SELECT a.attrelid, a.attnum,
       format('| `%s` | %s | %s |', a.attname,
              pg_temp.code(format_type(a.atttypid, a.atttypmod)),
              pg_temp.cell(col_description(a.attrelid, a.attnum))) AS view_row,
       format('| `%s` | %s | %s | %s |', a.attname,
              pg_temp.code(format_type(a.atttypid, a.atttypmod)) || CASE WHEN a.attnotnull THEN ', not null' ELSE '' END,
              CASE WHEN a.attidentity <> '' THEN 'identity' ELSE pg_temp.code(pg_get_expr(d.adbin, d.adrelid)) END,
              pg_temp.cell(col_description(a.attrelid, a.attnum))) AS table_row
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped;

-- keys, checks and the indexes that are not behind a key
CREATE TEMPORARY VIEW workspace_rule AS
SELECT c.conrelid AS relid, strpos('pufc', c.contype::text) AS position, c.conname AS name,
       format('- `%s`', pg_get_constraintdef(c.oid)) AS line
FROM pg_constraint c
WHERE c.contype IN ('p', 'u', 'f', 'c')
UNION ALL
SELECT i.indrelid, 9, x.relname,
       format('- %sindex `%s` on `%s`', CASE WHEN i.indisunique THEN 'unique ' ELSE '' END, x.relname,
              regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING btree ', ''))
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'));

CREATE TEMPORARY VIEW chapter AS
SELECT t.is_definition, t.name,
       format(E'### %s\n\n%s\n\n| column | type | default | meaning |\n|---|---|---|---|\n%s\n%s', t.name, pg_temp.sentence(t.comment),
              (SELECT string_agg(a.table_row, E'\n' ORDER BY a.attnum) FROM workspace_column a WHERE a.attrelid = t.oid),
              (SELECT E'\nKeys, checks and indexes:\n\n' || string_agg(r.line, E'\n' ORDER BY r.position, r.name COLLATE "C") || E'\n' FROM workspace_rule r WHERE r.relid = t.oid)) AS body
FROM workspace_table t
WHERE t.kind = 'r';

\echo '# Reference'
\echo
\echo 'Everything that leadflow puts into a database. This page is made from the'
\echo 'comments in the catalog by `make reference`; in psql, `\\dx+ leadflow`, `\\df+`,'
\echo '`\\d+` and `\\dv+` show the same. How the parts work together is told in'
\echo '[standard.md](standard.md), [working-time.md](working-time.md),'
\echo '[promises.md](promises.md) and [operations.md](operations.md).'
\echo
\echo '- [Settings](#settings)'
\echo '- [Types](#types), [operators](#operators), [casts](#casts), [aggregates](#aggregates)'
\echo '- [Functions](#functions), [support functions](#support-functions)'
\echo '- A workspace: [definitions](#definitions), [facts](#facts), [triggers](#triggers), [reports](#reports)'
\echo

\echo '## Settings'
\echo
\echo 'The module is loaded when a session first uses it. To set a value before that,'
\echo 'in `postgresql.conf` or with `ALTER DATABASE`, is possible too: it is checked'
\echo 'when the module is loaded.'
\echo
\echo '| setting | values | default | may be set by | meaning |'
\echo '|---|---|---|---|---|'
SELECT format('| `%s` | %s | %s | %s | %s %s |', s.name, coalesce(array_to_string(s.enumvals, ', '), s.vartype),
              coalesce(nullif(s.boot_val, ''), 'empty'), CASE s.context WHEN 'user' THEN 'anybody' WHEN 'superuser' THEN 'superusers' ELSE s.context END,
              pg_temp.cell(s.short_desc), pg_temp.cell(s.extra_desc))
FROM pg_settings s WHERE s.name LIKE 'leadflow.%' ORDER BY s.name COLLATE "C";
\echo

\echo '## Types'
\echo
SELECT format(E'### %s\n\n%s\n', t.typname, pg_temp.sentence(obj_description(t.oid, 'pg_type')))
    || CASE t.typname WHEN 'stage' THEN
        E'\n| ordinal | stage | phase | English | Polish | Russian | Chinese | meaning |\n|---|---|---|---|---|---|---|---|\n'
        || (SELECT string_agg(format('| %s | `%s` | %s | %s | %s | %s | %s | %s |', s.ordinal, s.stage, s.phase, s.label_en, s.label_pl, s.label_ru, s.label_zh, s.meaning),
                              E'\n' ORDER BY s.ordinal < 0, s.ordinal) FROM leadflow.spine() s)
        || E'\n'
       ELSE '' END
FROM pg_type t
WHERE t.typnamespace = 'leadflow'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
ORDER BY t.typname COLLATE "C" DESC;

\echo '## Operators'
\echo
\echo 'The operators are in `pg_catalog`, so they are found whatever the `search_path`;'
\echo 'only those that end in `#` are in `leadflow`. Those between `stage` and `text`'
\echo 'are for clients that send their parameters as text or varchar.'
\echo
\echo '| expression | result | meaning |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |', pg_temp.code(replace(format('%s %s %s', o.oprleft::regtype, o.oprname, o.oprright::regtype), 'leadflow.', '')),
              pg_temp.code(o.oprresult::regtype::text), pg_temp.cell(obj_description(o.oid, 'pg_operator')))
FROM pg_operator o
JOIN pg_proc p ON p.oid = o.oprcode
WHERE p.pronamespace = 'leadflow'::regnamespace
ORDER BY o.oprleft::regtype::text COLLATE "C", o.oprright::regtype::text COLLATE "C", o.oprname COLLATE "C";
\echo
\echo 'Operator classes:'
\echo
SELECT format('- `%s` for `%s`, %s%s: %s', c.opcname, c.opcintype::regtype, m.amname, CASE WHEN c.opcdefault THEN ', default' ELSE '' END,
              obj_description(c.oid, 'pg_opclass'))
FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod
WHERE c.opcnamespace = 'leadflow'::regnamespace
ORDER BY c.opcname COLLATE "C", m.amname COLLATE "C";
\echo

\echo '## Casts'
\echo
\echo '| from | to | when | meaning |'
\echo '|---|---|---|---|'
SELECT format('| %s | %s | %s | %s |', pg_temp.code(c.castsource::regtype::text), pg_temp.code(c.casttarget::regtype::text),
              CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'on assignment' ELSE 'implicit' END,
              pg_temp.cell(obj_description(c.oid, 'pg_cast')))
FROM pg_cast c
WHERE EXISTS (SELECT FROM pg_type t WHERE t.oid IN (c.castsource, c.casttarget) AND t.typnamespace = 'leadflow'::regnamespace)
ORDER BY c.castsource::regtype::text COLLATE "C", c.casttarget::regtype::text COLLATE "C";
\echo

\echo '## Aggregates'
\echo
\echo '| aggregate | result | meaning |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |', pg_temp.code(replace(format('%s(%s)', f.name, f.arguments), 'leadflow.', '')), pg_temp.code(replace(f.result, 'leadflow.', '')), pg_temp.cell(f.comment))
FROM function f WHERE f.kind = 'aggregate'
ORDER BY f.name COLLATE "C", f.arguments COLLATE "C";
\echo

\echo '## Functions'
\echo
\echo 'All are in the schema `leadflow`. A strict function gives null for a null'
\echo 'argument.'
\echo
SELECT format(E'### %s\n\n%s\n', f.name,
    string_agg(format(E'```sql\n%s(%s) RETURNS %s\n```\n\n%s (%s%s%s.)\n', f.name, pg_temp.short(f.arguments), pg_temp.short(f.result),
                      pg_temp.sentence(f.comment),
                      CASE f.provolatile WHEN 'i' THEN 'Immutable' WHEN 's' THEN 'Stable' ELSE 'Volatile' END,
                      CASE WHEN f.proisstrict THEN ', strict' ELSE '' END,
                      CASE WHEN f.prosecdef THEN ', security definer' ELSE '' END), E'\n' ORDER BY f.identity COLLATE "C"))
FROM function f WHERE f.kind = 'function'
GROUP BY f.name ORDER BY f.name COLLATE "C";

\echo '## Support functions'
\echo
\echo 'What types, operators, indexes and aggregates are made of, and the text of a'
\echo 'workspace. There is no need to call them.'
\echo
\echo '| function | result | meaning |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |', pg_temp.code(format('%s(%s)', f.name, f.arguments)), pg_temp.code(f.result), pg_temp.cell(f.comment))
FROM function f WHERE f.kind = 'support'
ORDER BY f.name COLLATE "C", f.identity COLLATE "C";
\echo

\echo '## Definitions'
\echo
\echo 'What the company agreed on. `leadflow.create_workspace` makes these tables in'
\echo 'the schema of the workspace; here it is called `crm`. A change of any of them'
\echo 'is kept in [definition_change](#definition_change) and binds the next statement'
\echo 'of every session.'
\echo
SELECT c.body FROM chapter c WHERE c.is_definition ORDER BY c.name COLLATE "C";

\echo '## Facts'
\echo
\echo 'What happened.'
\echo
SELECT c.body FROM chapter c WHERE NOT c.is_definition ORDER BY c.name COLLATE "C";

\echo '## Triggers'
\echo
\echo 'The trigger functions are in the schema `leadflow`.'
\echo
\echo '| trigger function | meaning |'
\echo '|---|---|'
SELECT format('| %s | %s |', pg_temp.code(f.name), pg_temp.cell(f.comment))
FROM function f WHERE f.kind = 'trigger' ORDER BY f.name COLLATE "C";
\echo
\echo 'Always: the trigger fires under `session_replication_role = replica` too, as'
\echo 'where rows arrive by logical replication.'
\echo
\echo '| trigger | table | fires | executes | always |'
\echo '|---|---|---|---|---|'
SELECT format('| `%s` | `%s` | %s | `%s` | %s |', t.tgname, c.relname,
              regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER \S+ (.*) ON \S+ (FOR EACH \S+) .*$', '\1 \2'),
              regexp_replace(pg_get_triggerdef(t.oid), '^.* EXECUTE FUNCTION ', ''),
              CASE t.tgenabled WHEN 'A' THEN 'yes' ELSE '' END)
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'crm'::regnamespace AND NOT t.tgisinternal
ORDER BY c.relname COLLATE "C", t.tgname COLLATE "C";
\echo

\echo '## Reports'
\echo
\echo 'Views of a workspace, made of built-in types only. What they say holds at'
\echo '`leadflow.clock()`: the present, or the instant that the setting names. Stages'
\echo 'are text here, so compare `ordinal`, not `stage`, with `<` and `>`.'
\echo
SELECT format(E'### %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n%s\n', t.name, pg_temp.sentence(t.comment),
              (SELECT string_agg(a.view_row, E'\n' ORDER BY a.attnum) FROM workspace_column a WHERE a.attrelid = t.oid))
FROM workspace_table t WHERE t.kind = 'v' ORDER BY t.name COLLATE "C";
