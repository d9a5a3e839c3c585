-- The data that bench/views.sh reads the reports on: 100,000 leads, 520,000
-- entries into stages, 300,000 touches, 160,000 clocks, 33,000 verdicts.  The
-- same rows at every run; psql -v leads=N for another number of leads, and all
-- else in proportion, but for the 24 campaigns: a representative has 2,500 leads.
-- Written straight into the tables of the workspace that is first on the search
-- path, with triggers off, which takes a superuser: it must be a workspace of its
-- own.
\set ON_ERROR_STOP on
\if :{?leads}
\else
\set leads 100000
\endif
SELECT GREATEST(:leads / 2500, 1) AS representatives \gset
SET client_min_messages = warning;
SET session_replication_role = replica;

BEGIN;
-- a number from 0 up to 1 that depends on nothing but its arguments
CREATE FUNCTION pg_temp.fraction(n bigint, salt bigint) RETURNS float8
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT (pg_catalog.hashint8extended(n, salt) & 1099511627775) / 1099511627776.0::float8 $$;

INSERT INTO team_member (member, full_name, team, department)
SELECT 'rep' || n, 'Representative ' || n, 'team' || n % 8, CASE WHEN n % 8 < 3 THEN 'marketing' ELSE 'sales' END
FROM generate_series(1, :representatives) n;

INSERT INTO campaign (source, external_id, name, channel, starts_on)
SELECT 'bench', n::text, 'Campaign ' || n, (ARRAY['search', 'social', 'event', 'partner'])[1 + n % 4], '2025-01-01' FROM generate_series(1, 24) n;
INSERT INTO campaign_cost (campaign_id, spent_on, cost)
SELECT c.id, d::date, 500 + pg_temp.fraction(c.id, 15) * 4000 FROM campaign c, generate_series(timestamp '2025-01-01', '2026-06-30', '7 days') d;

-- how far each lead goes, how it ends, and how long it stays in a stage on average
CREATE TEMP TABLE plan AS
SELECT n AS lead_id,
       timestamptz '2025-01-01 00:00+00' + pg_temp.fraction(n, 1) * interval '540 days' AS created_at,
       CASE WHEN f < 0.50 THEN 3 WHEN f < 0.62 THEN 4 WHEN f < 0.78 THEN 5 WHEN f < 0.88 THEN 6 WHEN f < 0.92 THEN 7
            WHEN f < 0.94 THEN 8 WHEN f < 0.95 THEN 9 WHEN f < 0.96 THEN 10 WHEN f < 0.97 THEN 11 WHEN f < 0.98 THEN 12
            WHEN f < 0.99 THEN 13 WHEN f < 0.995 THEN 14 ELSE 15 END AS furthest,
       CASE WHEN pg_temp.fraction(n, 3) < 0.35 THEN 'exit' WHEN pg_temp.fraction(n, 3) < 0.40 THEN 'back' ELSE 'stay' END AS ending,
       (ARRAY['organic_search', 'paid_search', 'event', 'referral', 'social', 'webinar'])[1 + floor(6 * pg_temp.fraction(n, 4))::int] AS origin,
       CASE WHEN pg_temp.fraction(n, 5) < 0.7 THEN 1 + floor(24 * pg_temp.fraction(n, 6))::bigint END AS campaign_id,
       (ARRAY['small', 'middle', 'large'])[1 + floor(3 * pg_temp.fraction(n, 7))::int] AS segment,
       CASE WHEN pg_temp.fraction(n, 8) < 0.8 THEN '*' ELSE 'cloud' END AS variant,
       1 + floor(:representatives * pg_temp.fraction(n, 9))::int AS rep
FROM (SELECT n, pg_temp.fraction(n, 2) AS f FROM generate_series(1, :leads) n) s;

CREATE TEMP TABLE spine AS
SELECT s.ordinal, s.stage FROM leadflow.spine() s;

-- the first three stages come with the lead, the others one by one
CREATE TEMP TABLE walk AS
SELECT p.lead_id, s.ordinal, s.ordinal AS step, s.ordinal < 3 OR (s.ordinal > 4 AND s.ordinal < p.furthest AND pg_temp.fraction(p.lead_id * 32 + s.ordinal, 10) < 0.1) AS implied,
       p.created_at + GREATEST(s.ordinal - 3, 0) * interval '4 days' + CASE WHEN s.ordinal > 3
           THEN pg_temp.fraction(p.lead_id * 32 + s.ordinal, 11) * interval '3 days' ELSE interval '0' END AS at,
       NULL::text AS reason
FROM plan p
JOIN spine s ON s.ordinal BETWEEN 1 AND p.furthest
UNION ALL
SELECT p.lead_id,
       CASE WHEN p.ending = 'back' THEN p.furthest - 1 WHEN p.furthest > 12 THEN -1 WHEN p.furthest > 7 THEN -2
            WHEN pg_temp.fraction(p.lead_id, 12) < 0.5 THEN -4 ELSE -3 END,
       p.furthest + 1, false,
       p.created_at + (p.furthest - 2) * interval '4 days' + pg_temp.fraction(p.lead_id, 13) * interval '30 days',
       (ARRAY['no_need', 'no_budget', 'not_now', 'no_response', 'not_target', 'other'])[1 + floor(6 * pg_temp.fraction(p.lead_id, 14))::int]
FROM plan p
WHERE p.ending <> 'stay' AND (p.ending = 'exit' OR p.furthest > 4);

INSERT INTO lead (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, campaign_id, full_name, email,
                  origin, variant, segment, owner, reason)
SELECT w.at, p.created_at, w.at, s.stage, f.stage, 'bench', p.lead_id::text, p.campaign_id, 'Person ' || p.lead_id,
       'person' || p.lead_id || '@example.com', p.origin, p.variant, p.segment, 'rep' || p.rep, w.reason
FROM plan p
JOIN (SELECT DISTINCT ON (lead_id) * FROM walk ORDER BY lead_id, step DESC) w USING (lead_id)
JOIN spine s ON s.ordinal = w.ordinal
JOIN spine f ON f.ordinal = p.furthest
ORDER BY p.lead_id;

-- a deal for every lead that reached opportunity
INSERT INTO opportunity (stage_since, created_at, updated_at, stage, furthest_stage, source, external_id, lead_id, campaign_id, name,
                         amount, origin, variant, segment, owner)
SELECT l.stage_since, l.stage_since, l.updated_at, CASE WHEN l.stage < 'visitor' THEN l.stage ELSE l.furthest_stage END, l.furthest_stage, 'bench', l.id::text, l.id, l.campaign_id,
       'Deal ' || l.id, 1000 + l.id % 977 * 100, l.origin, l.variant, l.segment, l.owner
FROM lead l
WHERE l.furthest_stage >= 'opportunity'
ORDER BY l.id;

INSERT INTO stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, campaign_id, implied, subject, from_stage, to_stage,
                         session_actor, actor, reason, owner, team, origin, variant, segment, amount, currency)
SELECT w.at, w.at, w.lead_id, o.id, 1, p.campaign_id, w.implied, CASE WHEN o.id IS NULL THEN 'lead' ELSE 'opportunity' END,
       w.from_stage, w.to_stage, 'crm', 'crm', w.reason, 'rep' || p.rep, 'team' || p.rep % 8, p.origin, p.variant, p.segment,
       o.amount, CASE WHEN o.id IS NOT NULL THEN 'EUR' END
FROM (SELECT w.lead_id, w.step, w.at, w.reason, w.implied, s.stage AS to_stage,
             lag(s.stage) OVER (PARTITION BY w.lead_id ORDER BY w.step) AS from_stage, false AS of_deal
      FROM walk w
      JOIN spine s ON s.ordinal = w.ordinal
      UNION ALL
      SELECT w.lead_id, w.step, w.at, w.reason, w.implied, s.stage,
             lag(s.stage) OVER (PARTITION BY w.lead_id ORDER BY w.step), true
      FROM walk w
      JOIN spine s ON s.ordinal = w.ordinal
      JOIN plan p ON p.lead_id = w.lead_id AND p.furthest >= 8
      WHERE w.step >= 8 AND (w.step = w.ordinal OR w.ordinal < 0)) w
JOIN plan p ON p.lead_id = w.lead_id
LEFT JOIN opportunity o ON w.of_deal AND o.lead_id = w.lead_id
ORDER BY w.at, w.lead_id, w.step, o.id NULLS FIRST;

-- three touches a lead on average, two in three of them from it
INSERT INTO touch (at, recorded_at, lead_id, campaign_id, kind, channel, direction, actor, source, external_id)
SELECT t.at, t.at, t.lead_id, t.campaign_id,
       CASE WHEN t.outbound THEN (ARRAY['call', 'email', 'meeting', 'sequence_email'])[1 + t.n % 4]
            ELSE (ARRAY['web_visit', 'form_submit', 'content_download', 'demo_request'])[1 + t.n % 4] END,
       (ARRAY['search', 'social', 'email', 'event', 'partner', 'direct'])[1 + floor(6 * pg_temp.fraction(t.n, 23))::int], CASE WHEN t.outbound THEN 'outbound' ELSE 'inbound' END, CASE WHEN t.outbound THEN 'rep' || t.rep END, 'bench', t.n::text
FROM (SELECT n, p.lead_id, p.campaign_id, p.rep, pg_temp.fraction(n, 22) < 0.33 AND p.lead_id % 5 <> 0 AS outbound,
             p.created_at + pg_temp.fraction(n, 21) * interval '20 days' AS at
      FROM generate_series(1, 3 * :leads) n
      JOIN plan p ON p.lead_id = 1 + floor(:leads * pg_temp.fraction(n, 20))::bigint) t
ORDER BY t.at, t.n;

-- two clocks for every other lead, one for the rest
INSERT INTO sla_clock (policy, metric, lead_id, owner, team, variant, started_at, warn_at, due_at, stopped_at, cancelled_at, target,
                       warn_after, calendar, started_by, stopped_by, definition_version, recorded_at)
SELECT c.policy, c.metric, c.lead_id, c.owner, c.team, c.variant, c.at,
       CASE WHEN b.calendar IS NULL THEN c.at + c.target * 0.75 ELSE leadflow.add_worktime(b.calendar, c.at, c.target * 0.75) END,
       CASE WHEN b.calendar IS NULL THEN c.at + c.target ELSE leadflow.add_worktime(b.calendar, c.at, c.target) END,
       CASE WHEN c.f < 0.80 THEN c.at + c.f * c.f * interval '60 hours' END, CASE WHEN c.f >= 0.97 THEN c.at + interval '3 days' END,
       c.target, c.target * 0.75, b.calendar, 'mql', CASE WHEN c.f < 0.80 THEN 'call' END, 1, c.at
FROM (SELECT p.lead_id, 'new_mql' AS policy, 'first_response' AS metric, p.variant, 'rep' || p.rep AS owner, 'team' || p.rep % 8 AS team,
             p.created_at + interval '1 hour' AS at, interval '24:00' AS target, NULL AS calendar, pg_temp.fraction(p.lead_id, 30) AS f
      FROM plan p
      UNION ALL
      SELECT p.lead_id, 'verdict', 'verdict', p.variant, 'rep' || p.rep, 'team' || p.rep % 8, p.created_at + interval '5 days',
             interval '16:00', 'default', pg_temp.fraction(p.lead_id, 31)
      FROM plan p
      WHERE p.lead_id % 2 = 0) c
LEFT JOIN business_calendar b ON b.code = c.calendar
ORDER BY c.at, c.lead_id;

-- first contacts are the touches that stopped their clocks; of the late ones some have a cadence
UPDATE sla_clock c
SET stops_on_touch = '{call,email,meeting}', stopped_at = t.at, stop_touch_id = t.id
FROM (SELECT DISTINCT ON (t.lead_id) t.lead_id, t.id, t.at FROM touch t WHERE t.direction = 'outbound' AND t.kind <> 'sequence_email' ORDER BY t.lead_id, t.at) t
WHERE c.metric = 'first_response' AND c.stopped_at IS NOT NULL AND t.lead_id = c.lead_id AND t.at >= c.started_at;
INSERT INTO sla_clock (policy, metric, lead_id, owner, team, variant, started_at, due_at, target, attempts, channels, spacing, attempt_every,
                       stops_on_touch, stops_on_inbound, stops_on_verdict, started_by, definition_version, recorded_at)
SELECT 'cadence', 'cadence', c.lead_id, c.owner, c.team, c.variant, c.started_at, c.started_at + interval '10 days', '10 days', 6, 3, '02:00', '08:00',
       '{call,email,meeting}', '{call,email}', true, 'mql', 1, c.recorded_at
FROM sla_clock c
WHERE c.metric = 'first_response' AND c.stopped_at IS NULL AND c.lead_id % 2 = 0;

ANALYZE stage_event;

-- what sales said of the leads that were handed over
INSERT INTO verdict (lead_id, verdict, at, handed_over_at, stage, reason, owner, team, campaign_id, origin, segment, variant)
SELECT DISTINCT ON (e.lead_id) e.lead_id, CASE WHEN e.to_stage >= 'sal' THEN 'accepted' ELSE 'rejected' END, e.at, h.at, e.to_stage, e.reason,
       e.owner, e.team, e.campaign_id, e.origin, e.segment, e.variant
FROM stage_event h
JOIN stage_event e ON e.lead_id = h.lead_id AND (e.at, e.id) > (h.at, h.id)
WHERE h.opportunity_id IS NULL AND e.opportunity_id IS NULL AND h.to_stage = 'mql' AND h.from_stage < 'mql'
    AND (e.to_stage >= 'sal' OR e.to_stage < 'visitor' OR e.reason IS NOT NULL AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage))
ORDER BY e.lead_id, e.at, e.id;

-- some stood still for a while, some do now
INSERT INTO sla_pause (clock_id, paused_at, resumed_at, reason, actor)
SELECT c.id, c.started_at + interval '2 hours', CASE WHEN c.stopped_at IS NOT NULL THEN c.started_at + interval '3 hours' END,
       'waiting for the prospect', c.owner
FROM sla_clock c
WHERE c.id % 20 = 0 AND c.cancelled_at IS NULL AND (c.stopped_at IS NULL OR c.stopped_at > c.started_at + interval '3 hours');

UPDATE sla_clock c
SET warn_at = leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at, c.warn_after, tstzmultirange(tstzrange(p.paused_at, p.resumed_at))),
    due_at = leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at, c.target, tstzmultirange(tstzrange(p.paused_at, p.resumed_at)))
FROM sla_pause p
WHERE p.clock_id = c.id AND p.resumed_at IS NOT NULL;

COMMIT;

VACUUM ANALYZE lead, opportunity, campaign, campaign_cost, touch, stage_event, sla_clock, sla_pause, verdict;
SELECT (SELECT count(*) FROM lead) AS leads, (SELECT count(*) FROM stage_event) AS stage_events,
       (SELECT count(*) FROM touch) AS touches, (SELECT count(*) FROM sla_clock) AS clocks;
