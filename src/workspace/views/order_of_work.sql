/*
 * Bands as in work_queue, at the instant of the reaction.  So that a reaction
 * meets only what may have waited then, both are sorted into weeks: a promise
 * into every week in which it waited.
 */
CREATE OR REPLACE VIEW order_of_work AS
WITH clock AS NOT MATERIALIZED (
    SELECT c.id, c.policy, c.metric, c.lead_id, c.owner, c.team, c.started_at, c.due_at, c.stopped_at, c.cancelled_at, c.stop_touch_id,
           -- from when on it is soon, and within a day
           LEAST(c.warn_at, c.due_at - interval '1 hour') AS soon_at,
           LEAST(c.warn_at, c.due_at - interval '24 hours') AS day_at,
           l.score_in_force AS score,
           COALESCE(l.score_in_force::float8, '-Infinity') AS weight
    FROM sla_clock c
    JOIN lead_scores l ON l.lead_id = c.lead_id
    WHERE c.opportunity_id IS NULL AND c.attempts IS NULL AND c.stops_on_touch <> '{}'
        AND c.started_at <= (SELECT leadflow.clock())
), reaction AS NOT MATERIALIZED (
    -- of what one touch answered, what was due first
    SELECT DISTINCT ON (c.owner, c.stop_touch_id) c.owner, c.stop_touch_id AS touch_id, c.stopped_at AS at, c.id, c.policy, c.metric, c.lead_id,
           c.team, c.started_at, c.due_at, c.score, c.weight,
           pg_catalog.floor(pg_catalog.date_part('epoch', c.stopped_at) / 604800)::integer AS week,
           1 + (c.stopped_at <= c.due_at)::integer + (c.stopped_at < c.soon_at)::integer + (c.stopped_at < c.day_at)::integer AS band
    FROM clock c
    WHERE c.stop_touch_id IS NOT NULL AND c.owner IS NOT NULL AND c.stopped_at <= (SELECT leadflow.clock())
    ORDER BY c.owner, c.stop_touch_id, c.due_at, c.id
), wait AS NOT MATERIALIZED (
    SELECT c.owner, c.lead_id, c.started_at, c.due_at, c.soon_at, c.day_at, c.weight, c.until_at, c.pauses,
           pg_catalog.generate_series(pg_catalog.floor(pg_catalog.date_part('epoch', c.started_at) / 604800)::integer,
                                      pg_catalog.floor(pg_catalog.date_part('epoch', c.until_at) / 604800)::integer) AS week
    FROM (SELECT c.*, p.pauses,
                 -- what was left for longer has been given up
                 LEAST(c.stopped_at, c.cancelled_at, c.started_at + interval '30 days') AS until_at
          FROM clock c
          LEFT JOIN (SELECT p.clock_id, pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at)) AS pauses
                     FROM sla_pause p
                     GROUP BY p.clock_id) p ON p.clock_id = c.id
          WHERE c.owner IS NOT NULL) c
)
SELECT r.touch_id,
       r.owner,
       r.team,
       r.lead_id,
       r.id AS clock_id,
       r.policy,
       r.metric,
       r.started_at,
       r.due_at,
       r.at AS reaction_at,
       (ARRAY['overdue', 'soon', 'day', 'later'])[r.band] AS band,
       r.score::numeric(15,4) AS score,
       COALESCE(w.waiting, 0) AS waiting,
       COALESCE(w.due_before, 0) + 1 AS rank_by_due,
       COALESCE(w.scored_higher, 0) + 1 AS rank_by_score,
       COALESCE(w.more_urgent + w.same_band_higher + w.same_score_before, 0) + 1 AS rank_in_queue,
       COALESCE(w.more_urgent, 0) AS more_urgent,
       COALESCE(w.same_band_higher, 0) AS same_band_higher,
       COALESCE(w.same_band_lower, 0) AS same_band_lower,
       COALESCE(w.more_urgent, 0) > 0 AS out_of_order,
       COALESCE(w.same_band_higher, 0) > 0 AS score_ignored
FROM reaction r
LEFT JOIN (SELECT r.owner, r.touch_id,
                  pg_catalog.count(*) AS waiting,
                  pg_catalog.count(*) FILTER (WHERE w.due_at < r.due_at) AS due_before,
                  pg_catalog.count(*) FILTER (WHERE w.weight > r.weight) AS scored_higher,
                  pg_catalog.count(*) FILTER (WHERE b.band < r.band) AS more_urgent,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight > r.weight) AS same_band_higher,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight < r.weight) AS same_band_lower,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight = r.weight AND w.due_at < r.due_at) AS same_score_before
           FROM reaction r
           JOIN wait w ON w.owner = r.owner AND w.week = r.week
               AND w.started_at <= r.at AND w.until_at > r.at AND w.lead_id <> r.lead_id
               AND (w.pauses IS NULL OR NOT w.pauses @> r.at)
           CROSS JOIN LATERAL (SELECT 1 + (r.at <= w.due_at)::integer + (r.at < w.soon_at)::integer + (r.at < w.day_at)::integer AS band) b
           GROUP BY r.owner, r.touch_id) w ON w.owner = r.owner AND w.touch_id = r.touch_id;
COMMENT ON VIEW order_of_work IS 'Whether the order of work was followed: every reaction by which an owner answered a lead that waited, compared with the other promises to leads that waited for the same owner at that instant, in the order of work_queue. As known at leadflow.clock(); the score is the one in force (lead_scores.score_in_force), as it is now: what it was at that instant is not kept, and an answer may have raised it since. What had waited for more than 30 days, or stood still, is not compared with. Cadences are not among the promises. Leads in lead_outside are left out.';
COMMENT ON COLUMN order_of_work.touch_id IS 'the touch that was the reaction (touch.id)';
COMMENT ON COLUMN order_of_work.owner IS 'who owed it';
COMMENT ON COLUMN order_of_work.team IS 'the owner''s team';
COMMENT ON COLUMN order_of_work.lead_id IS 'the lead that was answered';
COMMENT ON COLUMN order_of_work.clock_id IS 'the promise that was kept by it; of several the one due first';
COMMENT ON COLUMN order_of_work.policy IS 'policy that started it';
COMMENT ON COLUMN order_of_work.metric IS 'what it measures';
COMMENT ON COLUMN order_of_work.started_at IS 'since when the lead had waited';
COMMENT ON COLUMN order_of_work.due_at IS 'when the promise was due';
COMMENT ON COLUMN order_of_work.reaction_at IS 'when the lead was answered';
COMMENT ON COLUMN order_of_work.band IS 'how urgent it was then: overdue; soon (in warning, or due within an hour); day (due within 24 hours); later';
COMMENT ON COLUMN order_of_work.score IS 'score in force of the lead, the present one; null for none, which is the lowest';
COMMENT ON COLUMN order_of_work.waiting IS 'number of other promises that waited for the owner then';
COMMENT ON COLUMN order_of_work.rank_by_due IS 'place of the lead among all that waited, by due time: 1 was due first';
COMMENT ON COLUMN order_of_work.rank_by_score IS 'place of the lead among all that waited, by score: 1 has the highest';
COMMENT ON COLUMN order_of_work.rank_in_queue IS 'place of the lead in the order of work_queue then: 1 was to be done next';
COMMENT ON COLUMN order_of_work.more_urgent IS 'how many of a more urgent band waited';
COMMENT ON COLUMN order_of_work.same_band_higher IS 'how many of the same band with a higher score waited';
COMMENT ON COLUMN order_of_work.same_band_lower IS 'how many of the same band with a lower score waited';
COMMENT ON COLUMN order_of_work.out_of_order IS 'whether something more urgent waited';
COMMENT ON COLUMN order_of_work.score_ignored IS 'whether something as urgent with a higher score waited';
