CREATE OR REPLACE VIEW metric_dictionary AS
WITH shown AS (
    -- where two numbers claim a column, the first
    SELECT DISTINCT ON (s.place) s.place, m.metric, m.unit, m.owner
    FROM metric m
    CROSS JOIN LATERAL pg_catalog.unnest(m.shown_in) s (place)
    ORDER BY s.place, m.position, m.metric
), number AS (
    SELECT c.relname::text AS report,
           a.attname::text AS report_column,
           a.attnum AS position,
           pg_catalog.col_description(c.oid, a.attnum) AS meaning,
           t.typname = 'numeric' AS fraction,
           CASE WHEN a.atttypmod > 0 THEN a.atttypmod - 4 & 65535 END AS digits,
           a.attname::text || '_' AS name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace = (SELECT w.relnamespace FROM workspace x JOIN pg_catalog.pg_class w ON w.oid = x.tableoid)
        AND c.relkind = 'v' AND t.typcategory = 'N'
        -- not what attachments read of the company's tables
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = c.relnamespace AND p.pronargs = 1 AND p.proargtypes[0] = c.reltype)
)
SELECT n.report,
       n.report_column,
       n.position::bigint AS position,
       n.meaning,
       COALESCE(s.unit,
           CASE WHEN n.report IN ('plan_vs_actual', 'joint_goals') AND n.digits = 2 OR n.report IN ('weekly_review', 'quarterly_review') AND n.digits = 6 THEN 'number' -- in the unit of the row
                WHEN n.name = 'above_lowest_' THEN 'points'
                WHEN n.name ~ '^won_expected_' THEN 'count'
                WHEN n.name ~ '(^|_)id_([0-9]+_)?$' THEN 'key'
                WHEN n.name ~ '(^|_)version_$' THEN 'version'
                WHEN n.name ~ '(^|_)(position|ordinal|rank|place|number|bin|attempt)_$' OR n.name ~ '^(rank_|ordinal_)' THEN 'place'
                WHEN n.name ~ '(^|_)seconds_' THEN 'seconds'
                WHEN n.name ~ '(^|_)hours_' AND n.fraction AND n.digits = 2 THEN 'hours'
                WHEN n.name ~ '(^|_)days_' AND (NOT n.fraction OR n.digits IN (2, 4)) THEN 'days'
                WHEN n.name ~ '(^|_)months_$' THEN 'months'
                WHEN n.name = 'compared_with_' OR n.name ~ '(^|_)(points|score|behaviour|fit|intent|intensity|threshold|total)_' AND n.name !~ '_(share|agreement|ignored)_$' AND n.digits IS DISTINCT FROM 6 THEN 'points'
                WHEN n.name ~ '(^|_)(share|rate|probability|similarity|credit)_' AND n.digits IN (3, 4, 6, 12) OR n.digits = 6 AND n.name !~ '(delivered|promised|deals|log_loss|information_value|retention)' THEN 'share'
                WHEN n.name ~ '(^|_)(roi|coverage|lift|spend|retention|pace)_' AND n.digits IN (4, 6) THEN 'ratio'
                WHEN n.name ~ '^touches_average_' THEN 'count'
                WHEN n.digits = 2 THEN 'money'
                WHEN NOT n.fraction OR n.name ~ '(^|_)(attempts|leads|deals|customers|won|earned)_' THEN 'count'
                ELSE 'number' END) AS unit,
       COALESCE(s.owner, o.owner) AS owner,
       s.metric,
       o.purpose
FROM number n
LEFT JOIN shown s ON s.place = n.report || '.' || n.report_column
LEFT JOIN report_owner o ON o.report = n.report
ORDER BY n.report, n.position;
COMMENT ON VIEW metric_dictionary IS 'What every number of every report means: a row for each column of a view of the workspace that is a number. The unit is that of the named number (metric) that the column shows; else it follows from name and type: what ends in _id is a key, in _seconds seconds, in _share or _rate a share; of the rest, money has two decimals, and whole numbers are counts. Views that attachments read are left out.';
COMMENT ON COLUMN metric_dictionary.report IS 'view of the workspace';
COMMENT ON COLUMN metric_dictionary.report_column IS 'column of it';
COMMENT ON COLUMN metric_dictionary.position IS 'place of the column in the view, from 1';
COMMENT ON COLUMN metric_dictionary.meaning IS 'what the number is: the comment of the column; null where it has none';
COMMENT ON COLUMN metric_dictionary.unit IS 'count, share (0..1, a difference of two -1..1), ratio, money (in the currency of the workspace, an amount in its own), money a day, seconds, hours, days, months, points (of a score), place (in an order), key (the number of a row), version, or number (without a unit, as the meaning says)';
COMMENT ON COLUMN metric_dictionary.owner IS 'who answers for it: the owner of the named number, else of the report (report_owner); null where nobody is named';
COMMENT ON COLUMN metric_dictionary.metric IS 'code of the named number (metric) that it shows; null for none';
COMMENT ON COLUMN metric_dictionary.purpose IS 'the question that the report answers';
