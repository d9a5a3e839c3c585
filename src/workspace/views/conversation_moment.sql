CREATE OR REPLACE VIEW conversation_moment AS
WITH contact AS (
    SELECT a.lead_id, pg_catalog.min(a.attempt_at) AS at, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
    FROM contact_attempt a
    GROUP BY a.lead_id
), signal AS (
    SELECT c.lead_id, pg_catalog.count(*) AS signals
    FROM contact c
    JOIN touch t ON t.lead_id = c.lead_id AND t.at <= c.at AND t.direction = 'inbound'
    JOIN touch_kind k ON k.kind = t.kind AND k.is_signal
    GROUP BY c.lead_id
), qualified AS MATERIALIZED (
    SELECT q.lead_id, q.qualified_at, q.grade, q.verdict, q.outcome FROM qualification q
), known AS (
    SELECT q.lead_id,
           pg_catalog.bool_or(q.verdict IS NOT DISTINCT FROM 'accepted') AS accepted,
           pg_catalog.bool_and(q.outcome <> 'open' OR q.verdict IS NOT NULL) AS answered,
           pg_catalog.bool_or(q.outcome = 'won') AS won
    FROM qualified q
    GROUP BY q.lead_id
), grade AS (
    SELECT DISTINCT ON (c.lead_id) c.lead_id, NULLIF(pg_catalog.substr(q.grade, 2), '') AS grade
    FROM contact c
    JOIN qualified q ON q.lead_id = c.lead_id AND q.qualified_at <= c.at
    ORDER BY c.lead_id, q.qualified_at DESC
), moment AS (
    SELECT c.answered,
           COALESCE(k.accepted, false) AS accepted,
           COALESCE(k.won, false) AS won,
           COALESCE(k.accepted OR k.answered, s.is_exit, false) AS decided,
           COALESCE(n.signals, 0) AS signals,
           g.grade
    FROM contact c
    LEFT JOIN known k ON k.lead_id = c.lead_id
    LEFT JOIN current_stage s ON s.lead_id = c.lead_id AND s.subject = 'lead'
    LEFT JOIN signal n ON n.lead_id = c.lead_id
    LEFT JOIN grade g ON g.lead_id = c.lead_id
), band AS (
    SELECT v.measure,
           v.position,
           v.band,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE m.answered) AS answered,
           pg_catalog.count(*) FILTER (WHERE m.decided) AS decided,
           pg_catalog.count(*) FILTER (WHERE m.decided AND m.accepted) AS accepted,
           pg_catalog.count(*) FILTER (WHERE m.won) AS won
    FROM moment m
    CROSS JOIN LATERAL (VALUES
        ('signals', CASE WHEN m.signals < 5 THEN m.signals + 1 WHEN m.signals < 10 THEN 6 ELSE 7 END,
                    CASE WHEN m.signals < 5 THEN m.signals::text WHEN m.signals < 10 THEN '5 to 9' ELSE '10 or more' END),
        ('behaviour', pg_catalog.ascii(m.grade)::bigint, m.grade)) v (measure, position, band)
    WHERE v.band IS NOT NULL
    GROUP BY v.measure, v.position, v.band
), ranked AS (
    -- the best of those with enough leads, and the next best
    SELECT b.measure, b.band, b.accepted, b.decided,
           pg_catalog.row_number() OVER walked AS rank,
           pg_catalog.lead(b.accepted) OVER walked AS next_accepted,
           pg_catalog.lead(b.decided) OVER walked AS next_decided
    FROM band b
    WHERE b.decided >= 30
    WINDOW walked AS (PARTITION BY b.measure ORDER BY b.accepted::numeric / b.decided DESC, b.position)
)
SELECT b.measure,
       pg_catalog.row_number() OVER (PARTITION BY b.measure ORDER BY b.position) AS position,
       b.band,
       b.leads,
       b.answered,
       b.decided,
       b.accepted,
       b.won,
       (b.answered::numeric / b.leads)::numeric(9,6) AS answered_share,
       (b.accepted::numeric / NULLIF(b.decided, 0))::numeric(9,6) AS conversion,
       i.low::numeric(9,6) AS conversion_low,
       i.high::numeric(9,6) AS conversion_high,
       (b.won::numeric / b.leads)::numeric(9,6) AS won_share,
       COALESCE(d.low > 0, false) AS best
FROM band b
LEFT JOIN LATERAL leadflow.share_interval(b.accepted, b.decided) i ON true
LEFT JOIN ranked r ON r.measure = b.measure AND r.band = b.band AND r.rank = 1
LEFT JOIN LATERAL leadflow.difference_interval(r.accepted, r.decided, r.next_accepted, r.next_decided) d ON true
ORDER BY b.measure, b.position;
COMMENT ON VIEW conversation_moment IS 'When it is best to move to a talk: what became of leads by how much interest they had shown when somebody first tried to reach them, as known at leadflow.clock(). First attempts as in contact_attempt. It shows what happened, not why. Leads in lead_outside are left out.';
COMMENT ON COLUMN conversation_moment.measure IS 'by what leads are grouped: signals (how many inbound touches that are signals they had made by then) or behaviour (grade of behaviour when they last became MQLs before; leads without are left out)';
COMMENT ON COLUMN conversation_moment.position IS 'order of the bands within the measure';
COMMENT ON COLUMN conversation_moment.band IS 'number of signals: 0 to 4, 5 to 9, 10 or more; or the grade: 1 is the most active';
COMMENT ON COLUMN conversation_moment.leads IS 'number of leads that somebody tried to reach';
COMMENT ON COLUMN conversation_moment.answered IS 'how many of them answered, to the first attempt or a later one';
COMMENT ON COLUMN conversation_moment.decided IS 'how many of them sales has accepted or rejected, or have ended';
COMMENT ON COLUMN conversation_moment.accepted IS 'how many of those sales accepted';
COMMENT ON COLUMN conversation_moment.won IS 'how many of the leads were won so far';
COMMENT ON COLUMN conversation_moment.answered_share IS 'answered / leads, 0..1';
COMMENT ON COLUMN conversation_moment.conversion IS 'accepted / decided, 0..1; null where none is decided';
COMMENT ON COLUMN conversation_moment.conversion_low IS 'where the true share lies with 95 % confidence: from here (leadflow.share_interval)';
COMMENT ON COLUMN conversation_moment.conversion_high IS 'to here';
COMMENT ON COLUMN conversation_moment.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN conversation_moment.best IS 'whether it converts best and that is no accident: of the bands with 30 decided leads or more it has the highest conversion, and the 95 % interval of the difference to the next best (leadflow.difference_interval) is above 0';
