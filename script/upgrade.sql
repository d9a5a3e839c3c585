-- The statements that make the members of an older leadflow those of the
-- present one.  Run by script/upgrade, with what members.sql says of them in the
-- tables was and present.
SET client_encoding = 'UTF8';
SET search_path = pg_catalog, public;

-- where only a hand can decide
CREATE TABLE public.decision AS
SELECT o.kind, o.identity, CASE
        WHEN o.identity IS NULL THEN 'is new'
        WHEN n.identity IS NULL THEN 'is gone'
        ELSE 'has changed its ' || CASE WHEN n.kind IN ('function', 'procedure', 'aggregate') THEN 'result or the names of its arguments' ELSE 'definition' END
    END AS what,
    CASE WHEN n.identity IS NULL OR n.kind IN ('function', 'procedure', 'aggregate')
         THEN format('DROP %s %s;', upper(o.kind), o.identity) END AS hint
FROM was o
LEFT JOIN present n USING (kind, identity)
WHERE o.kind <> 'column' AND (n.identity IS NULL OR n.shape IS DISTINCT FROM o.shape);
INSERT INTO decision
SELECT n.kind, n.identity, 'is new', NULL
FROM present n
LEFT JOIN was o USING (kind, identity)
WHERE o.identity IS NULL AND n.statement IS NULL AND n.kind <> 'column';
INSERT INTO decision
SELECT n.kind, n.identity, 'gives rights to a role', NULL
FROM present n
LEFT JOIN was o USING (kind, identity)
WHERE o.rights IS DISTINCT FROM n.rights AND EXISTS (SELECT FROM unnest(n.rights || o.rights) r WHERE r !~ '^\w+ TO PUBLIC$');

SELECT count(*) > 0 AS undecided FROM decision \gset
\if :undecided
SELECT format('%s %s %s%s', kind, identity, what, ': ' || hint) FROM decision ORDER BY 1;
\q
\endif

SELECT E'\n' || CASE WHEN o.identity IS NULL THEN regexp_replace(n.statement, '^CREATE OR REPLACE', 'CREATE') ELSE n.statement END || ';'
FROM present n
LEFT JOIN was o USING (kind, identity)
WHERE n.statement IS DISTINCT FROM o.statement AND n.statement IS NOT NULL
ORDER BY n.position;

SELECT format(E'\nCOMMENT ON %s %s IS %L;', upper(n.kind), n.identity, n.comment)
FROM present n
LEFT JOIN was o USING (kind, identity)
WHERE n.comment IS DISTINCT FROM o.comment AND n.kind <> 'extension'
ORDER BY n.position, n.identity;

-- a new member has the rights that its kind begins with
WITH begins (kind, rights) AS (
    VALUES ('function', ARRAY['EXECUTE TO PUBLIC']), ('procedure', ARRAY['EXECUTE TO PUBLIC']), ('aggregate', ARRAY['EXECUTE TO PUBLIC'])
), changed AS (
    SELECT n.position, n.kind, n.identity, COALESCE(n.rights, '{}') AS rights,
           COALESCE(CASE WHEN o.identity IS NULL THEN b.rights ELSE o.rights END, '{}') AS had
    FROM present n
    LEFT JOIN was o USING (kind, identity)
    LEFT JOIN begins b USING (kind)
    WHERE n.kind <> 'column'
)
SELECT format(E'\n%s %s ON %s %s %s PUBLIC;', s.verb, split_part(s.priv, ' ', 1), CASE c.kind WHEN 'aggregate' THEN 'FUNCTION' WHEN 'view' THEN 'TABLE' ELSE upper(c.kind) END,
              c.identity, CASE s.verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END)
FROM changed c
CROSS JOIN LATERAL (
    SELECT 'GRANT' AS verb, r AS priv FROM unnest(c.rights) r WHERE r <> ALL (c.had)
    UNION ALL
    SELECT 'REVOKE', r FROM unnest(c.had) r WHERE r <> ALL (c.rights)) s
ORDER BY c.position, s.verb, s.priv;
