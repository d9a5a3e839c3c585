CREATE OR REPLACE VIEW won_lost_paths AS
WITH closed AS MATERIALIZED (
    SELECT d.opportunity_id, d.closed_at, d.outcome = 'won' AS won
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, t.channel, t.touched_at, t.touch_id,
           t.channel IS DISTINCT FROM pg_catalog.lag(t.channel) OVER (PARTITION BY t.opportunity_id ORDER BY t.touched_at, t.touch_id) AS changes
    FROM deal_touch t
    WHERE t.opportunity_id IN (SELECT c.opportunity_id FROM closed c)
), walked AS (
    SELECT t.opportunity_id,
           pg_catalog.string_agg(t.channel, ' > ' ORDER BY t.touched_at, t.touch_id) FILTER (WHERE t.changes) AS path,
           pg_catalog.count(*) AS touches,
           pg_catalog.min(t.touched_at) AS began_at
    FROM touched t
    GROUP BY t.opportunity_id
), sorted AS (
    SELECT 'path' AS level, COALESCE(w.path, '(no touch)') AS name, c.won, COALESCE(w.touches, 0) AS touches, c.closed_at - w.began_at AS took
    FROM closed c
    LEFT JOIN walked w ON w.opportunity_id = c.opportunity_id
    UNION ALL
    SELECT 'channel' AS level, p.channel AS name, c.won, w.touches, c.closed_at - w.began_at AS took
    FROM (SELECT DISTINCT t.opportunity_id, t.channel FROM touched t) p
    JOIN closed c ON c.opportunity_id = p.opportunity_id
    JOIN walked w ON w.opportunity_id = p.opportunity_id
)
SELECT x.level,
       x.name,
       x.won,
       x.lost,
       (x.won::numeric / NULLIF(a.won, 0))::numeric(9,6) AS share_of_won,
       (x.lost::numeric / NULLIF(a.lost, 0))::numeric(9,6) AS share_of_lost,
       (x.won::numeric / (x.won + x.lost))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       (a.won::numeric / (a.won + a.lost))::numeric(9,6) AS win_rate_all,
       x.touches_won::numeric(12,2) AS touches_average_won,
       x.touches_lost::numeric(12,2) AS touches_average_lost,
       x.days_won::numeric(12,2) AS days_median_won,
       x.days_lost::numeric(12,2) AS days_median_lost
FROM (SELECT s.level,
             s.name,
             pg_catalog.count(*) FILTER (WHERE s.won) AS won,
             pg_catalog.count(*) FILTER (WHERE NOT s.won) AS lost,
             pg_catalog.avg(s.touches) FILTER (WHERE s.won) AS touches_won,
             pg_catalog.avg(s.touches) FILTER (WHERE NOT s.won) AS touches_lost,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', s.took) / 86400) FILTER (WHERE s.won) AS days_won,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', s.took) / 86400) FILTER (WHERE NOT s.won) AS days_lost
      FROM sorted s
      GROUP BY s.level, s.name) x
CROSS JOIN (SELECT pg_catalog.count(*) FILTER (WHERE c.won) AS won, pg_catalog.count(*) FILTER (WHERE NOT c.won) AS lost FROM closed c) a
LEFT JOIN LATERAL leadflow.share_interval(x.won, x.won + x.lost) i ON true
ORDER BY x.level, x.won + x.lost DESC, x.name;
COMMENT ON VIEW won_lost_paths IS 'Which ways led to deals that were won, and which to deals that were lost, as known at leadflow.clock(), the most frequent first: whole paths of channels, and single channels. Deals that are open, or were opened in error, do not count. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN won_lost_paths.level IS 'path (every closed deal has one) or channel (a deal counts for each channel of its touches)';
COMMENT ON COLUMN won_lost_paths.name IS 'the channels of the touches (deal_touch) in the order of time, the same one in a row once: search > email > phone; (no touch) for none; or one channel';
COMMENT ON COLUMN won_lost_paths.won IS 'number of deals won';
COMMENT ON COLUMN won_lost_paths.lost IS 'number of deals lost';
COMMENT ON COLUMN won_lost_paths.share_of_won IS 'won / all deals won, 0..1';
COMMENT ON COLUMN won_lost_paths.share_of_lost IS 'lost / all deals lost, 0..1';
COMMENT ON COLUMN won_lost_paths.win_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN won_lost_paths.win_rate_low IS 'lower limit of it (leadflow.share_interval): a path is better than chance where it is above win_rate_all';
COMMENT ON COLUMN won_lost_paths.win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN won_lost_paths.win_rate_all IS 'the same of all closed deals';
COMMENT ON COLUMN won_lost_paths.touches_average_won IS 'average number of touches of the deals won; null where there are none';
COMMENT ON COLUMN won_lost_paths.touches_average_lost IS 'the same of the deals lost';
COMMENT ON COLUMN won_lost_paths.days_median_won IS 'median time from the first touch to the win, elapsed, in days, interpolated; null where there are none';
COMMENT ON COLUMN won_lost_paths.days_median_lost IS 'median time from the first touch to the loss';
