CREATE OR REPLACE VIEW sla_curve AS
WITH answer AS (
    SELECT h.segment,
           h.first_contact_at,
           h.mql_at,
           s.signal_at,
           b.calendar,
           q.accepted,
           q.accepted OR q.answered AS accepted_known,
           q.won,
           q.won OR q.over AS won_known
    FROM handover h
    JOIN (SELECT q.lead_id,
                 pg_catalog.bool_or(q.verdict IS NOT DISTINCT FROM 'accepted') AS accepted,
                 pg_catalog.bool_and(q.outcome <> 'open' OR q.verdict IS NOT NULL) AS answered,
                 pg_catalog.bool_or(q.outcome = 'won') AS won,
                 pg_catalog.bool_and(q.outcome <> 'open') AS over
          FROM qualification q
          GROUP BY q.lead_id) q ON q.lead_id = h.lead_id
    LEFT JOIN (SELECT t.lead_id, pg_catalog.min(t.at) AS signal_at
               FROM touch t
               JOIN touch_kind k ON k.kind = t.kind AND k.is_signal
               WHERE t.direction = 'inbound' AND t.at <= (SELECT leadflow.clock())
               GROUP BY t.lead_id) s ON s.lead_id = h.lead_id
    LEFT JOIN team_member m ON m.member = h.owner
    LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default')
    WHERE q.accepted OR q.answered OR q.won OR q.over
), sorted AS (
    SELECT v.since,
           v.measure,
           a.segment,
           CASE WHEN a.first_contact_at IS NULL THEN 13
                WHEN a.first_contact_at < v.from_at THEN 1
                WHEN v.waited <= interval '5 minutes' THEN 2
                WHEN v.waited <= interval '15 minutes' THEN 3
                WHEN v.waited <= interval '30 minutes' THEN 4
                WHEN v.waited <= interval '1 hour' THEN 5
                WHEN v.waited <= interval '2 hours' THEN 6
                WHEN v.waited <= interval '4 hours' THEN 7
                WHEN v.waited <= interval '8 hours' THEN 8
                WHEN v.waited <= interval '24 hours' THEN 9
                WHEN v.waited <= interval '48 hours' THEN 10
                WHEN v.waited <= interval '168 hours' THEN 11
                ELSE 12 END AS position,
           a.accepted, a.accepted_known, a.won, a.won_known
    FROM answer a
    CROSS JOIN LATERAL (VALUES
        ('handover', 'elapsed', a.mql_at, a.first_contact_at - a.mql_at),
        ('handover', 'working', a.mql_at, leadflow.worktime(a.calendar, a.mql_at, GREATEST(a.first_contact_at, a.mql_at))),
        ('signal', 'elapsed', a.signal_at, a.first_contact_at - a.signal_at),
        ('signal', 'working', a.signal_at, leadflow.worktime(a.calendar, a.signal_at, GREATEST(a.first_contact_at, a.signal_at)))) v (since, measure, from_at, waited)
    WHERE v.from_at IS NOT NULL AND (v.waited IS NOT NULL OR a.first_contact_at IS NULL)
), bucket AS (
    SELECT s.since,
           s.measure,
           CASE WHEN GROUPING(s.segment) = 1 THEN '*' ELSE s.segment END AS segment,
           s.position,
           pg_catalog.count(*) FILTER (WHERE s.accepted_known) AS of_accepted,
           pg_catalog.count(*) FILTER (WHERE s.accepted) AS accepted,
           pg_catalog.count(*) FILTER (WHERE s.won_known) AS of_won,
           pg_catalog.count(*) FILTER (WHERE s.won) AS won
    FROM sorted s
    GROUP BY GROUPING SETS ((s.since, s.measure, s.position), (s.since, s.measure, s.position, s.segment))
    HAVING GROUPING(s.segment) = 1 OR s.segment IS NOT NULL
)
SELECT c.since,
       c.measure,
       c.goal,
       c.segment,
       c.position::bigint AS position,
       (ARRAY['before', '5 minutes', '15 minutes', '30 minutes', '1 hour', '2 hours', '4 hours', '8 hours', '24 hours', '48 hours', '7 days', 'later', 'never'])[c.position] AS bucket,
       (ARRAY[NULL, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800])[c.position]::bigint AS within_seconds,
       c.leads,
       c.reached,
       c.conversion::numeric(9,6) AS conversion,
       i.low::numeric(9,6) AS conversion_low,
       i.high::numeric(9,6) AS conversion_high,
       (pg_catalog.sum(c.leads) OVER walked / pg_catalog.sum(c.leads) OVER (PARTITION BY c.since, c.measure, c.goal, c.segment))::numeric(9,6) AS cumulative_share,
       CASE WHEN c.position > 1
            THEN pg_catalog.max(c.conversion) FILTER (WHERE c.position > 1) OVER (walked ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - c.conversion
            END::numeric(9,6) AS lost_by_waiting
FROM (SELECT b.since, b.measure, v.goal, b.segment, b.position, v.leads, v.reached, v.reached::numeric / v.leads AS conversion
      FROM bucket b
      CROSS JOIN LATERAL (VALUES ('accepted', b.of_accepted, b.accepted), ('won', b.of_won, b.won)) v (goal, leads, reached)
      WHERE v.leads > 0) c
CROSS JOIN LATERAL leadflow.share_interval(c.reached, c.leads) i
WINDOW walked AS (PARTITION BY c.since, c.measure, c.goal, c.segment ORDER BY c.position)
ORDER BY c.since, c.measure, c.goal, c.segment, c.position;
COMMENT ON VIEW sla_curve IS 'How conversion falls with the wait for the first attempt to reach a lead: what a promise (sla_policy) is derived from. Leads of handover of which is known what became of them at leadflow.clock(); each is counted once for each since, measure and goal, and again in its segment. It shows what happened, not why: where urgent leads are called first, they also convert better because they are urgent. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_curve.since IS 'from when the wait is measured: handover (the lead first reached mql) or signal (its first inbound touch that is a signal; leads without one are left out)';
COMMENT ON COLUMN sla_curve.measure IS 'how: elapsed (time of the wall clock) or working (time of the owner''s calendar, or the default one; leads without a calendar are left out unless nobody tried to reach them)';
COMMENT ON COLUMN sla_curve.goal IS 'what conversion means: accepted (by sales) or won';
COMMENT ON COLUMN sla_curve.segment IS 'market segment; * for all leads together';
COMMENT ON COLUMN sla_curve.position IS 'order of the buckets, 1 to 13';
COMMENT ON COLUMN sla_curve.bucket IS 'the wait: before (there was an attempt before), up to 5, 15 or 30 minutes, 1, 2, 4, 8, 24 or 48 hours, 7 days (168 hours), later, or never (nobody has tried)';
COMMENT ON COLUMN sla_curve.within_seconds IS 'the longest wait of the bucket, in seconds; null for before, later and never';
COMMENT ON COLUMN sla_curve.leads IS 'number of leads of which the goal is decided: accepted or rejected, or it has ended; won, or it has ended';
COMMENT ON COLUMN sla_curve.reached IS 'how many of them reached the goal';
COMMENT ON COLUMN sla_curve.conversion IS 'reached / leads, 0..1';
COMMENT ON COLUMN sla_curve.conversion_low IS 'where the true share lies with 95 % confidence: from here (leadflow.share_interval)';
COMMENT ON COLUMN sla_curve.conversion_high IS 'to here';
COMMENT ON COLUMN sla_curve.cumulative_share IS 'share of all these leads that waited no longer, 0..1; 1 for never';
COMMENT ON COLUMN sla_curve.lost_by_waiting IS 'conversion of the best bucket with a shorter wait less that of this one, as a share of the leads; below 0 where this one is better, null for before and for the shortest wait. Of few leads it says little: see the interval';
