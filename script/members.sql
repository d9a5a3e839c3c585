-- members.sql: what the catalogs say about the members of the extension
-- leadflow, a row a member, as COPY writes it.  Two installations are alike
-- when their rows are, but for the first column, which only orders them as they
-- were made.  Rows of kind "column" are those of the members that are views.
SET search_path = '';
SET client_encoding = 'UTF8';

COPY (
WITH member AS (
    SELECT d.classid, d.objid, i.type, i.identity
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    WHERE e.extname = 'leadflow' AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
), definition (classid, objid, shape, statement, owner, acl) AS (
    -- shape: what CREATE OR REPLACE cannot change
    SELECT 'pg_catalog.pg_proc'::regclass, p.oid,
           pg_catalog.concat_ws(' ', p.prokind, p.prorettype::regtype, p.proretset, p.provariadic::regtype, p.proargmodes,
                                p.proargnames, p.proallargtypes::regtype[]),
           CASE WHEN p.prokind <> 'a' THEN
               CASE WHEN p.probin IS NULL THEN pg_catalog.pg_get_functiondef(p.oid)
                    ELSE pg_catalog.replace(pg_catalog.pg_get_functiondef(p.oid), pg_catalog.quote_literal(p.probin), '''MODULE_PATHNAME''') END
           ELSE pg_catalog.format(E'CREATE OR REPLACE AGGREGATE %s(%s) (\n    %s\n)', p.oid::regproc, pg_catalog.pg_get_function_arguments(p.oid),
               pg_catalog.concat_ws(E',\n    ',
                   'SFUNC = ' || a.aggtransfn, 'STYPE = ' || a.aggtranstype::regtype,
                   'SSPACE = ' || NULLIF(a.aggtransspace, 0),
                   'FINALFUNC = ' || NULLIF(a.aggfinalfn, 0)::regproc, CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
                   CASE WHEN a.aggfinalfn <> 0::regproc THEN 'FINALFUNC_MODIFY = ' ||
                       CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
                   'COMBINEFUNC = ' || NULLIF(a.aggcombinefn, 0)::regproc,
                   'SERIALFUNC = ' || NULLIF(a.aggserialfn, 0)::regproc, 'DESERIALFUNC = ' || NULLIF(a.aggdeserialfn, 0)::regproc,
                   'INITCOND = ' || pg_catalog.quote_literal(a.agginitval),
                   'MSFUNC = ' || NULLIF(a.aggmtransfn, 0)::regproc, 'MINVFUNC = ' || NULLIF(a.aggminvtransfn, 0)::regproc,
                   'MSTYPE = ' || NULLIF(a.aggmtranstype, 0::oid)::regtype, 'MSSPACE = ' || NULLIF(a.aggmtransspace, 0),
                   'MFINALFUNC = ' || NULLIF(a.aggmfinalfn, 0)::regproc, CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
                   'MINITCOND = ' || pg_catalog.quote_literal(a.aggminitval),
                   'SORTOP = ' || CASE WHEN a.aggsortop <> 0 THEN 'OPERATOR(' || a.aggsortop::regoper || ')' END,
                   CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END,
                   'PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE' END)) END,
           p.proowner, COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))
    FROM pg_catalog.pg_proc p
    LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, t.oid, pg_catalog.concat_ws(' ', t.typtype, t.typcategory, t.typispreferred, t.typlen, t.typbyval,
               t.typalign, t.typstorage, t.typdelim, t.typelem::regtype, t.typarray::regtype, t.typbasetype::regtype, t.typtypmod, t.typnotnull,
               t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typsubscript,
               t.typcollation <> 0, t.typdefault),
           NULL, t.typowner, COALESCE(t.typacl, pg_catalog.acldefault('T', t.typowner))
    FROM pg_catalog.pg_type t
    UNION ALL
    SELECT 'pg_catalog.pg_operator'::regclass, o.oid, pg_catalog.concat_ws(' ', o.oprresult::regtype, o.oprcode::regprocedure, o.oprcom::regoperator,
               o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash), NULL, o.oprowner, NULL
    FROM pg_catalog.pg_operator o
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::regclass, c.oid, pg_catalog.concat_ws(' ', c.opcintype::regtype, c.opckeytype::regtype, c.opcdefault,
               pg_catalog.pg_describe_object('pg_catalog.pg_opfamily'::regclass, c.opcfamily, 0)), NULL, c.opcowner, NULL
    FROM pg_catalog.pg_opclass c
    UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::regclass, f.oid, pg_catalog.concat_ws('; ',
               (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', o.amopstrategy, o.amoppurpose, o.amopopr::regoperator), '; '
                                             ORDER BY o.amopstrategy, o.amopopr::regoperator::text)
                FROM pg_catalog.pg_amop o WHERE o.amopfamily = f.oid),
               (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', p.amprocnum, p.amproclefttype::regtype, p.amprocrighttype::regtype,
                                                                  p.amproc::regprocedure), '; ' ORDER BY p.amprocnum, p.amproc::regprocedure::text)
                FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = f.oid)), NULL, f.opfowner, NULL
    FROM pg_catalog.pg_opfamily f
    UNION ALL
    SELECT 'pg_catalog.pg_cast'::regclass, c.oid, pg_catalog.concat_ws(' ', c.castfunc::regprocedure, c.castcontext, c.castmethod), NULL, NULL, NULL
    FROM pg_catalog.pg_cast c
    UNION ALL
    SELECT 'pg_catalog.pg_namespace'::regclass, n.oid, NULL, NULL, n.nspowner, COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner))
    FROM pg_catalog.pg_namespace n
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, c.oid, pg_catalog.concat_ws(' ', c.relkind, c.relpersistence, c.reloptions,
               (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull), ', '
                                             ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)),
           CASE WHEN c.relkind = 'v' THEN pg_catalog.format(E'CREATE OR REPLACE VIEW %s AS\n%s', c.oid::regclass,
               pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';')) END,
           c.relowner, COALESCE(c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))
    FROM pg_catalog.pg_class c
)
SELECT m.objid::bigint AS position, m.type AS kind, m.identity, d.shape, d.statement,
       pg_catalog.obj_description(m.objid, (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = m.classid)) AS comment,
       (SELECT pg_catalog.array_agg(r.granted ORDER BY r.granted)
        FROM pg_catalog.aclexplode(d.acl) x
        CROSS JOIN LATERAL (SELECT pg_catalog.concat_ws(' ', x.privilege_type, CASE WHEN x.is_grantable THEN 'grantable' END, 'TO',
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END) AS granted) r
        WHERE x.grantee <> d.owner) AS rights,
       pg_catalog.concat_ws('; ', 'initial rights ' || (SELECT r.initprivs::text FROM pg_catalog.pg_init_privs r
               WHERE r.classoid = m.classid AND r.objoid = m.objid AND r.objsubid = 0),
           (SELECT pg_catalog.string_agg(y.what, '; ' ORDER BY y.what)
            FROM (SELECT DISTINCT y.deptype::text || ' ' || COALESCE(pg_catalog.pg_describe_object(y.refclassid, y.refobjid, y.refobjsubid), '') AS what
                  FROM pg_catalog.pg_depend y WHERE y.classid = m.classid AND y.objid = m.objid) y)) AS depends
FROM member m
LEFT JOIN definition d ON d.classid = m.classid AND d.objid = m.objid
UNION ALL
SELECT m.objid::bigint, 'column', m.identity || '.' || pg_catalog.quote_ident(a.attname), NULL, NULL,
       pg_catalog.col_description(a.attrelid, a.attnum), NULL, NULL
FROM member m
JOIN pg_catalog.pg_attribute a ON a.attrelid = m.objid AND a.attnum > 0 AND NOT a.attisdropped
WHERE m.classid = 'pg_catalog.pg_class'::regclass
UNION ALL
SELECT 0, 'extension', e.extname, pg_catalog.concat_ws(' ', e.extrelocatable, e.extconfig::regclass[], e.extcondition, n.nspname), NULL, pg_catalog.obj_description(e.oid, 'pg_extension'), NULL, NULL
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'leadflow'
ORDER BY 2, 3
) TO STDOUT;
