-- What was reached of each target of won deals and of leads handed over, as one
-- would write it without the report plan_vs_actual: by looking it up for each
-- target.  The search path names the workspace of bench/goals.sql.
SELECT count(*) AS targets, sum(x.actual) AS reached
FROM (SELECT t.id,
             CASE t.metric
                 WHEN 'deals' THEN (SELECT count(*) FROM deal d
                                    WHERE d.won_at::date BETWEEN t.starts_on AND t.ends_on
                                        AND (t.segment IS NULL OR d.segment = t.segment) AND (t.team IS NULL OR d.team = t.team)
                                        AND (t.owner IS NULL OR d.owner = t.owner))
                 ELSE (SELECT count(*) FROM lead_milestone m JOIN lead l ON l.id = m.lead_id LEFT JOIN team_member w ON w.member = l.owner
                       WHERE m.mql_at::date BETWEEN t.starts_on AND t.ends_on
                           AND (t.segment IS NULL OR m.segment = t.segment) AND (t.team IS NULL OR w.team = t.team)
                           AND (t.owner IS NULL OR l.owner = t.owner)) END AS actual
      FROM target t
      WHERE t.metric IN ('deals', 'mql')) x;
