CREATE OR REPLACE VIEW sla_compliance AS
SELECT x.policy,
       x.metric,
       x.team,
       x.owner,
       x.month,
       x.clocks,
       x.met,
       x.met_late,
       x.breached,
       x.running,
       x.paused,
       x.cancelled,
       x.cancelled_late,
       (x.met::numeric / NULLIF(x.met + x.met_late + x.breached, 0))::numeric(9,6) AS met_share
FROM (SELECT s.policy,
             s.metric,
             s.team,
             s.owner,
             pg_catalog.date_trunc('month', s.started_at)::date AS month,
             pg_catalog.count(*) AS clocks,
             pg_catalog.count(*) FILTER (WHERE s.state = 'met') AS met,
             pg_catalog.count(*) FILTER (WHERE s.state = 'met_late') AS met_late,
             pg_catalog.count(*) FILTER (WHERE s.state = 'breached') AS breached,
             pg_catalog.count(*) FILTER (WHERE s.state IN ('running', 'warning')) AS running,
             pg_catalog.count(*) FILTER (WHERE s.state = 'paused') AS paused,
             pg_catalog.count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled,
             pg_catalog.count(*) FILTER (WHERE s.state = 'cancelled' AND s.cancelled_at > s.due_at) AS cancelled_late
      FROM sla_status s
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
      GROUP BY s.policy, s.metric, s.team, s.owner, pg_catalog.date_trunc('month', s.started_at)::date) x;
COMMENT ON VIEW sla_compliance IS 'How promises were kept, by policy, team, owner and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_compliance.policy IS 'policy that started the clocks';
COMMENT ON COLUMN sla_compliance.metric IS 'what they measure';
COMMENT ON COLUMN sla_compliance.team IS 'team of the owner';
COMMENT ON COLUMN sla_compliance.owner IS 'who owes or owed the reaction';
COMMENT ON COLUMN sla_compliance.month IS 'first day of the month in which the clocks started, in the session''s time zone';
COMMENT ON COLUMN sla_compliance.clocks IS 'number of clocks: met, met_late, breached, running, paused and cancelled together';
COMMENT ON COLUMN sla_compliance.met IS 'number that were stopped in time';
COMMENT ON COLUMN sla_compliance.met_late IS 'number that were stopped too late';
COMMENT ON COLUMN sla_compliance.breached IS 'number that are late and still owed';
COMMENT ON COLUMN sla_compliance.running IS 'number that run and are not late, those in warning among them';
COMMENT ON COLUMN sla_compliance.paused IS 'number that stand still and were not late before';
COMMENT ON COLUMN sla_compliance.cancelled IS 'number that lost their meaning';
COMMENT ON COLUMN sla_compliance.cancelled_late IS 'how many of the cancelled were late by then';
COMMENT ON COLUMN sla_compliance.met_share IS 'met / (met + met_late + breached), 0..1; null where there are none';
