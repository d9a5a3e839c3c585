/*
 * exceptions.sql: what does not keep to the standard. Nothing of it is lost:
 * rows are set aside, or let in with a note that something is missing.
 */

-- After the fair somebody loads the list of badges as if all were qualified.
SET leadflow.on_violation = 'park';
INSERT INTO lead (source, external_id, stage, stage_since, created_at, account_id, campaign_id, full_name, email, role, origin, owner, verified)
SELECT 'badges', 'B' || n,
       CASE WHEN chance.even('as mql', n) < 0.75 THEN 'mql' ELSE 'lead' END::stage,
       timestamptz '2026-09-18 15:00+00' + n * interval '7 seconds', timestamptz '2026-09-18 15:00+00' + n * interval '7 seconds',
       a.id, c.id, 'Badge ' || n,
       CASE WHEN chance.even('badge email', n) < 0.7 THEN 'badge' || n || '@' || a.domain END,
       chance.pick('badge role', n, '{Visitor,Student,CTO,Head of Production,Press}'),
       'event', 'd.kim', false
FROM generate_series(1, 240) n
JOIN account a ON a.source = 'crm' AND a.external_id = format('A%s', lpad((1 + n * 13)::text, 5, '0'))
JOIN campaign c ON c.external_id = 'F004';

-- At the end of the quarter somebody hands over whoever is left.
UPDATE lead l
SET stage = 'mql', stage_since = timestamptz '2026-09-30 15:00+00' + l.id * interval '1 millisecond', owner = NULL
FROM chance.person p
WHERE l.source = 'crm' AND l.external_id = format('L%s', lpad(p.n::text, 6, '0'))
    AND l.stage = 'lead' AND l.created_at >= '2026-09-21' AND l.stage_since < '2026-09-30 15:00+00' AND p.origin IN ('email', 'social');
SELECT pg_catalog.count(*) AS parked FROM quarantine \gset
\echo :parked 'rows set aside'

-- Deals taken over from an older tool lack what an offer needs: let in, and noted.
SET leadflow.on_violation = 'warn';
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, account_id, name, amount, origin, segment, territory, owner)
SELECT 'old_crm', 'X' || n, 'proposal',
       timestamptz '2026-08-03 09:00+00' + n * interval '5 hours', timestamptz '2026-06-01 09:00+00' + n * interval '5 hours',
       a.id, a.name || ': taken over',
       CASE WHEN n % 3 > 0 THEN 4000 + 500 * n END, 'partner', a.segment, a.territory,
       CASE a.territory WHEN 'Europe' THEN 'e.schulz' ELSE 'l.ortiz' END
FROM generate_series(1, 30) n
JOIN account a ON a.source = 'crm' AND a.external_id = format('A%s', lpad((2 + n * 101)::text, 5, '0'));
RESET leadflow.on_violation;
SELECT pg_catalog.count(*) AS noted FROM violation \gset
\echo :noted 'violations noted'

-- Some verdicts had to wait for the prospect.
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason, actor)
SELECT c.id, c.started_at + interval '2 hours', c.started_at + interval '26 hours', 'waiting for the prospect', c.owner
FROM sla_clock c
WHERE c.policy = 'verdict' AND c.started_at + interval '26 hours' < COALESCE(c.stopped_at, clock()) AND chance.even('pause', c.lead_id) < 0.05;
\echo :ROW_COUNT 'pauses'
