CREATE OR REPLACE VIEW follow_up_coverage AS
SELECT x.team,
       x.owner,
       x.month,
       x.handed_over,
       x.contacted,
       x.handed_over - x.contacted AS never_contacted,
       (x.contacted::numeric / x.handed_over)::numeric(9,6) AS contacted_share,
       ((x.handed_over - x.contacted)::numeric / x.handed_over)::numeric(9,6) AS never_contacted_share
FROM (SELECT h.team,
             h.owner,
             pg_catalog.date_trunc('month', h.mql_at)::date AS month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.first_contact_at) AS contacted
      FROM handover h
      GROUP BY h.team, h.owner, pg_catalog.date_trunc('month', h.mql_at)::date) x;
COMMENT ON VIEW follow_up_coverage IS 'How many of the leads that were handed over somebody tried to reach, by team, owner and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN follow_up_coverage.team IS 'team of the owner';
COMMENT ON COLUMN follow_up_coverage.owner IS 'who owned the leads when they got their verdict; without one, their present owner';
COMMENT ON COLUMN follow_up_coverage.month IS 'first day of the month in which the leads first reached mql, in the session''s time zone';
COMMENT ON COLUMN follow_up_coverage.handed_over IS 'number of leads that were handed over';
COMMENT ON COLUMN follow_up_coverage.contacted IS 'how many of them somebody tried to reach';
COMMENT ON COLUMN follow_up_coverage.never_contacted IS 'how many of them nobody tried to reach';
COMMENT ON COLUMN follow_up_coverage.contacted_share IS 'contacted / handed_over, 0..1';
COMMENT ON COLUMN follow_up_coverage.never_contacted_share IS 'never_contacted / handed_over, 0..1';
