-- catalog.sql: what the catalogs say about a workspace, one line a fact, in an
-- order that does not depend on how it came about.  Two workspaces are built
-- alike when the two results are equal.  The schema's own name is left out of
-- the definitions, so that workspaces of different names can be compared.
--
-- Run with the schema's name in the psql variable "workspace".

SET search_path = pg_catalog, pg_temp;

WITH workspace AS (
    SELECT n.oid, n.nspowner, n.nspacl, quote_ident(n.nspname) || '.' AS own
    FROM pg_namespace n
    WHERE n.nspname = :'workspace'
), relation AS (
    SELECT c.*
    FROM pg_class c
    JOIN workspace w ON w.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I')
), granted AS (
    SELECT 'schema' AS what, w.oid AS object, COALESCE(w.nspacl, acldefault('n', w.nspowner)) AS acl
    FROM workspace w
    UNION ALL
    SELECT 'relation', c.oid, COALESCE(c.relacl,
        acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))
    FROM relation c
    WHERE c.relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT 'function', p.oid, COALESCE(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p
    JOIN workspace w ON w.oid = p.pronamespace
), rights AS (
    SELECT g.what, g.object,
           string_agg(format('%s %s%s by %s',
               CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type,
               CASE WHEN a.is_grantable THEN ' (may grant)' ELSE '' END, pg_get_userbyid(a.grantor)), ', '
               ORDER BY pg_get_userbyid(a.grantee), a.privilege_type) AS rights
    FROM granted g, aclexplode(g.acl) a
    GROUP BY g.what, g.object
), fact (kind, object, fact) AS (
    SELECT 'schema', '', format('owner %s; rights %s; comment %s', pg_get_userbyid(w.nspowner), r.rights,
        obj_description(w.oid, 'pg_namespace'))
    FROM workspace w
    LEFT JOIN rights r ON r.what = 'schema' AND r.object = w.oid

    UNION ALL
    SELECT 'relation', c.relname,
        format('kind %s; owner %s; persistence %s; options %s; access method %s; row security %s %s; replica identity %s; rights %s; comment %s',
            c.relkind, pg_get_userbyid(c.relowner), c.relpersistence, c.reloptions, am.amname,
            c.relrowsecurity, c.relforcerowsecurity, c.relreplident, r.rights, obj_description(c.oid, 'pg_class'))
    FROM relation c
    LEFT JOIN pg_am am ON am.oid = c.relam
    LEFT JOIN rights r ON r.what = 'relation' AND r.object = c.oid

    UNION ALL
    SELECT 'column', format('%s %s', c.relname, to_char(row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), '000')),
        format('%s %s; not null %s; default %s; identity %s; generated %s; collation %s; statistics %s; storage %s; rights %s; comment %s',
            a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
            a.attidentity, a.attgenerated, co.collname, NULLIF(a.attstattarget, -1), a.attstorage,
            (SELECT string_agg(acl::text, ', ' ORDER BY acl::text) FROM unnest(a.attacl) acl),
            col_description(c.oid, a.attnum))
    FROM relation c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation co ON co.oid = a.attcollation
    WHERE c.relkind NOT IN ('i', 'I', 'S')

    UNION ALL
    SELECT 'constraint', format('%s %s', c.relname, n.conname),
        format('%s; validated %s; comment %s', pg_get_constraintdef(n.oid), n.convalidated,
            obj_description(n.oid, 'pg_constraint'))
    FROM relation c
    JOIN pg_constraint n ON n.conrelid = c.oid
    WHERE n.contype <> 't'

    UNION ALL
    SELECT 'index', c.relname, format('%s; valid %s; clustered %s; replica identity %s; comment %s',
        pg_get_indexdef(c.oid), i.indisvalid, i.indisclustered, i.indisreplident, obj_description(c.oid, 'pg_class'))
    FROM relation c
    JOIN pg_index i ON i.indexrelid = c.oid

    UNION ALL
    SELECT 'trigger', format('%s %s', c.relname, t.tgname),
        format('%s; enabled %s; comment %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
    FROM relation c
    JOIN pg_trigger t ON t.tgrelid = c.oid
    WHERE NOT t.tgisinternal

    UNION ALL
    SELECT 'view', c.relname, pg_get_viewdef(c.oid)
    FROM relation c
    WHERE c.relkind IN ('v', 'm')

    UNION ALL
    SELECT 'rule', format('%s %s', c.relname, r.rulename), pg_get_ruledef(r.oid)
    FROM relation c
    JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE r.rulename <> '_RETURN'

    UNION ALL
    SELECT 'policy', format('%s %s', c.relname, p.polname), format('%s %s; using %s; check %s; roles %s',
        p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
        (SELECT string_agg(pg_get_userbyid(role), ', ' ORDER BY pg_get_userbyid(role)) FROM unnest(p.polroles) role))
    FROM relation c
    JOIN pg_policy p ON p.polrelid = c.oid

    UNION ALL
    SELECT 'sequence', c.relname, format('%s start %s step %s range %s %s cache %s cycle %s; of %s',
        format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
        (SELECT format('%s column %s (%s)', d.refobjid::regclass, a.attname, d.deptype)
         FROM pg_depend d
         JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass))
    FROM relation c
    JOIN pg_sequence s ON s.seqrelid = c.oid

    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, format('%s; owner %s; rights %s; comment %s',
        CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END, pg_get_userbyid(p.proowner), r.rights,
        obj_description(p.oid, 'pg_proc'))
    FROM pg_proc p
    JOIN workspace w ON w.oid = p.pronamespace
    LEFT JOIN rights r ON r.what = 'function' AND r.object = p.oid

    UNION ALL
    SELECT 'type', t.typname, format('%s; comment %s', t.typtype, obj_description(t.oid, 'pg_type'))
    FROM pg_type t
    JOIN workspace w ON w.oid = t.typnamespace
    WHERE t.typelem = 0 AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))

    UNION ALL
    SELECT 'statistics', x.stxname, pg_get_statisticsobjdef(x.oid)
    FROM pg_statistic_ext x
    JOIN workspace w ON w.oid = x.stxnamespace

    UNION ALL
    SELECT 'default rights', format('%s %s', pg_get_userbyid(d.defaclrole), d.defaclobjtype), d.defaclacl::text
    FROM pg_default_acl d
    JOIN workspace w ON w.oid = d.defaclnamespace
)
SELECT f.kind, replace(f.object, w.own, ''), replace(replace(f.fact, w.own, ''), E'\n', ' ')
FROM fact f
CROSS JOIN workspace w
ORDER BY f.kind COLLATE "C", f.object COLLATE "C";
