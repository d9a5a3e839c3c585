CREATE OR REPLACE VIEW verdict_quality AS
WITH handed AS (
    SELECT e.lead_id, e.at, pg_catalog.lead(e.at) OVER (PARTITION BY e.lead_id ORDER BY e.at) AS next_at
    FROM (SELECT DISTINCT f.lead_id, f.at
          FROM stage_event f
          WHERE f.opportunity_id IS NULL AND f.at <= (SELECT leadflow.clock())
              AND f.to_stage >= 'mql' AND f.to_stage < 'contacted'
              AND (f.from_stage >= 'mql' AND f.from_stage < 'contacted') IS NOT TRUE) e
), won AS (
    SELECT x.lead_id, pg_catalog.array_agg(x.at) AS at
    FROM (SELECT w.lead_id, w.at, w.is_void, pg_catalog.bool_or(w.is_void) OVER (PARTITION BY w.lead_id, w.at) AS took_along
          FROM (SELECT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id, e.at,
                       -- one that was opened in error was not won either, nor was the lead that it took along
                       (SELECT p.to_stage <@ 'disqualified' FROM stage_event p WHERE p.opportunity_id = e.opportunity_id AND p.at <= (SELECT leadflow.clock())
                        ORDER BY p.at DESC, p.id DESC LIMIT 1) AS is_void
                FROM stage_event e
                LEFT JOIN opportunity o ON o.id = e.opportunity_id
                WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())) w) x
    WHERE NOT COALESCE(x.is_void, x.took_along, false)
    GROUP BY x.lead_id
), closed AS (
    -- leads whose opportunities have all come to nothing
    SELECT o.lead_id
    FROM current_stage s
    JOIN opportunity o ON o.id = s.opportunity_id
    WHERE s.subject = 'opportunity'
    GROUP BY o.lead_id
    HAVING pg_catalog.bool_and(s.is_exit)
)
SELECT x.team,
       x.owner,
       x.month,
       x.accepted,
       x.accepted_won,
       x.accepted_lost,
       x.accepted - x.accepted_won - x.accepted_lost AS accepted_open,
       x.rejected,
       x.rejected_won,
       (x.accepted::numeric / (x.accepted + x.rejected))::numeric(9,6) AS acceptance_rate,
       (x.accepted_won::numeric / NULLIF(x.accepted_won + x.accepted_lost, 0))::numeric(9,6) AS win_rate,
       (x.rejected_won::numeric / NULLIF(x.rejected, 0))::numeric(9,6) AS false_rejection_rate,
       (x.accepted_won::numeric * (x.accepted_won + x.accepted_lost + x.rejected)
           / NULLIF((x.accepted_won + x.accepted_lost) * (x.accepted_won + x.rejected_won), 0))::numeric(12,4) AS lift
FROM (SELECT v.team,
             v.owner,
             pg_catalog.date_trunc('month', v.given_at)::date AS month,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted') AS accepted,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted' AND v.is_won) AS accepted_won,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted' AND NOT v.is_won AND v.is_over) AS accepted_lost,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'rejected') AS rejected,
             pg_catalog.count(v.false_id) AS rejected_won
      FROM (SELECT w.verdict, w.given_at, w.owner, w.team, f.verdict_id AS false_id,
                   EXISTS (SELECT FROM pg_catalog.unnest(o.at) t (at) WHERE t.at >= w.given_at AND (t.at < h.next_at) IS NOT FALSE) AS is_won,
                   h.next_at IS NOT NULL OR COALESCE(s.is_exit, false) OR c.lead_id IS NOT NULL AS is_over
            FROM verdicts w
            LEFT JOIN handed h ON h.lead_id = w.lead_id AND h.at = w.handed_over_at
            LEFT JOIN current_stage s ON s.lead_id = w.lead_id AND s.subject = 'lead'
            LEFT JOIN won o ON o.lead_id = w.lead_id
            LEFT JOIN closed c ON c.lead_id = w.lead_id
            LEFT JOIN false_rejections f ON f.verdict_id = w.verdict_id
            WHERE w.in_force) v
      GROUP BY v.team, v.owner, pg_catalog.date_trunc('month', v.given_at)::date) x;
COMMENT ON VIEW verdict_quality IS 'How the verdicts of sales agree with what became of the leads, by team, owner and month of the verdict, as known at leadflow.clock(). Only verdicts in force. Counts may be added up, rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN verdict_quality.team IS 'team of the lead''s owner at the verdict';
COMMENT ON COLUMN verdict_quality.owner IS 'owner of the lead at the verdict';
COMMENT ON COLUMN verdict_quality.month IS 'first day of the month of the verdict, in the session''s time zone';
COMMENT ON COLUMN verdict_quality.accepted IS 'number of leads that were accepted: won, lost and open together';
COMMENT ON COLUMN verdict_quality.accepted_won IS 'how many of them reached won since, or an opportunity of theirs did, before they were handed over again';
COMMENT ON COLUMN verdict_quality.accepted_lost IS 'how many of them were not won and are in an exit, have lost every opportunity, or were handed over again';
COMMENT ON COLUMN verdict_quality.accepted_open IS 'how many of them are undecided';
COMMENT ON COLUMN verdict_quality.rejected IS 'number of leads that were rejected';
COMMENT ON COLUMN verdict_quality.rejected_won IS 'how many of them are in false_rejections';
COMMENT ON COLUMN verdict_quality.acceptance_rate IS 'accepted / (accepted + rejected), 0..1';
COMMENT ON COLUMN verdict_quality.win_rate IS 'accepted_won / (accepted_won + accepted_lost), 0..1; null where none is decided';
COMMENT ON COLUMN verdict_quality.false_rejection_rate IS 'rejected_won / rejected, 0..1; null where none was rejected';
COMMENT ON COLUMN verdict_quality.lift IS 'win_rate / the share of wins among all that are decided, (accepted_won + rejected_won) / (accepted_won + accepted_lost + rejected): above 1 sales chooses better than chance; null where nothing was won or none of the accepted is decided';
