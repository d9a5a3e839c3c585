CREATE OR REPLACE VIEW owner_load AS
SELECT x.owner,
       m.full_name,
       m.team,
       m.active,
       x.open_leads,
       x.open_opportunities,
       x.running,
       x.warning,
       x.breached,
       x.paused,
       x.attempts,
       (x.attempts / 30.0)::numeric(12,4) AS attempts_per_day,
       x.handed_over,
       x.contacted,
       x.with_verdict,
       x.accepted,
       x.reached_sql,
       x.won,
       (x.contacted::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS contacted_share,
       (x.accepted::numeric / NULLIF(x.with_verdict, 0))::numeric(9,6) AS acceptance_rate,
       (x.reached_sql::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS qualified_share,
       (x.won::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS won_share
FROM (SELECT v.owner,
             pg_catalog.sum(v.open_leads)::bigint AS open_leads,
             pg_catalog.sum(v.open_opportunities)::bigint AS open_opportunities,
             pg_catalog.sum(v.running)::bigint AS running,
             pg_catalog.sum(v.warning)::bigint AS warning,
             pg_catalog.sum(v.breached)::bigint AS breached,
             pg_catalog.sum(v.paused)::bigint AS paused,
             pg_catalog.sum(v.attempts)::bigint AS attempts,
             pg_catalog.sum(v.handed_over)::bigint AS handed_over,
             pg_catalog.sum(v.contacted)::bigint AS contacted,
             pg_catalog.sum(v.with_verdict)::bigint AS with_verdict,
             pg_catalog.sum(v.accepted)::bigint AS accepted,
             pg_catalog.sum(v.reached_sql)::bigint AS reached_sql,
             pg_catalog.sum(v.won)::bigint AS won
      FROM (SELECT m.member AS owner, 0 AS open_leads, 0 AS open_opportunities, 0 AS running, 0 AS warning, 0 AS breached, 0 AS paused,
                   0 AS attempts, 0 AS handed_over, 0 AS contacted, 0 AS with_verdict, 0 AS accepted, 0 AS reached_sql, 0 AS won
            FROM team_member m
            WHERE m.department = 'sales' AND m.active
            UNION ALL
            SELECT l.owner, pg_catalog.count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            FROM lead l
            WHERE l.stage >= 'mql' AND l.stage < 'won'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            GROUP BY l.owner
            UNION ALL
            SELECT d.owner, 0, pg_catalog.count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            FROM deal d
            WHERE d.outcome = 'open'
            GROUP BY d.owner
            UNION ALL
            SELECT s.owner, 0, 0,
                   pg_catalog.count(*) FILTER (WHERE s.state IN ('running', 'warning')),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'warning'),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'breached'),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'paused'), 0, 0, 0, 0, 0, 0, 0
            FROM sla_open s
            GROUP BY s.owner
            UNION ALL
            SELECT COALESCE(a.actor, l.owner), 0, 0, 0, 0, 0, 0, pg_catalog.count(*), 0, 0, 0, 0, 0, 0
            FROM contact_attempt a
            JOIN lead l ON l.id = a.lead_id
            WHERE a.attempt_at > (SELECT leadflow.clock()) - interval '30 days'
            GROUP BY COALESCE(a.actor, l.owner)
            UNION ALL
            SELECT h.owner, 0, 0, 0, 0, 0, 0, 0,
                   pg_catalog.count(*), pg_catalog.count(h.first_contact_at), pg_catalog.count(h.verdict),
                   pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted'),
                   pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql'),
                   pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won')
            FROM handover h
            JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
                  FROM stage_event e
                  WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
                  GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
            GROUP BY h.owner) v
      GROUP BY v.owner) x
LEFT JOIN team_member m ON m.member = x.owner;
COMMENT ON VIEW owner_load IS 'What every owner carries and makes of it: open work, promises, attempts and conversion. Active sales members are listed also with nothing to do; the row without an owner is what nobody owns. Open leads and opportunities, and who owns what, are the present ones in the data; promises, attempts and conversion are as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN owner_load.owner IS 'the owner; null for what nobody owns';
COMMENT ON COLUMN owner_load.full_name IS 'the owner''s name';
COMMENT ON COLUMN owner_load.team IS 'the owner''s team';
COMMENT ON COLUMN owner_load.active IS 'false once the owner has left; null for who is no team member';
COMMENT ON COLUMN owner_load.open_leads IS 'number of leads from mql up to won';
COMMENT ON COLUMN owner_load.open_opportunities IS 'number of opportunities that are not closed';
COMMENT ON COLUMN owner_load.running IS 'number of promises that run and are not late, those in warning among them';
COMMENT ON COLUMN owner_load.warning IS 'how many of the running ones are in warning';
COMMENT ON COLUMN owner_load.breached IS 'number of promises that are late and still owed';
COMMENT ON COLUMN owner_load.paused IS 'number of promises that stand still and were not late before';
COMMENT ON COLUMN owner_load.attempts IS 'number of attempts in the last 30 days (see contact_attempt), by whom made them or, where the touch does not say, by the lead''s owner';
COMMENT ON COLUMN owner_load.attempts_per_day IS 'attempts / 30';
COMMENT ON COLUMN owner_load.handed_over IS 'number of leads that were ever handed over';
COMMENT ON COLUMN owner_load.contacted IS 'how many of them somebody tried to reach';
COMMENT ON COLUMN owner_load.with_verdict IS 'how many of them were accepted or rejected';
COMMENT ON COLUMN owner_load.accepted IS 'how many of them were accepted first';
COMMENT ON COLUMN owner_load.reached_sql IS 'how many of them reached sql or a later stage';
COMMENT ON COLUMN owner_load.won IS 'how many of them were won';
COMMENT ON COLUMN owner_load.contacted_share IS 'contacted / handed_over, 0..1; null where there are none';
COMMENT ON COLUMN owner_load.acceptance_rate IS 'accepted / with_verdict, 0..1; null where there is none';
COMMENT ON COLUMN owner_load.qualified_share IS 'reached_sql / handed_over, 0..1; null where there are none';
COMMENT ON COLUMN owner_load.won_share IS 'won / handed_over: the owner''s conversion, 0..1; null where there are none';
