CREATE OR REPLACE VIEW volume_without_sales AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.origin, m.entered_at, m.won_at
    FROM lead_milestone m
    WHERE m.lead_at IS NOT NULL
), aged AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.origin, m.won_at, m.entered_at + c.longest <= (SELECT leadflow.clock()) AS judged
    FROM milestone m
    CROSS JOIN (SELECT pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY w.won_at - w.entered_at) AS longest
                FROM milestone w
                WHERE w.won_at IS NOT NULL) c
), counted AS (
    SELECT 'campaign' AS dimension, a.campaign_id, NULL::text AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM aged a
    WHERE a.campaign_id IS NOT NULL
    GROUP BY a.campaign_id
    UNION ALL
    SELECT 'origin' AS dimension, NULL::bigint AS campaign_id, a.origin AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM aged a
    WHERE a.origin IS NOT NULL
    GROUP BY a.origin
    UNION ALL
    SELECT 'content' AS dimension, NULL::bigint AS campaign_id, u.content AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM (SELECT DISTINCT t.lead_id, t.content
          FROM touch t
          WHERE t.content IS NOT NULL AND t.lead_id IS NOT NULL AND t.at <= (SELECT leadflow.clock())) u
    JOIN aged a ON a.lead_id = u.lead_id
    GROUP BY u.content
)
SELECT n.dimension,
       n.campaign_id,
       COALESCE(n.name, c.name) AS name,
       s.spend::numeric(24,2) AS spend,
       n.leads,
       n.judged,
       n.won,
       (n.won::numeric / NULLIF(n.judged, 0))::numeric(9,6) AS won_share,
       i.high::numeric(9,6) AS won_share_high,
       o.share::numeric(9,6) AS won_share_all,
       (n.judged * o.share)::numeric(15,2) AS won_expected,
       COALESCE(i.high < o.share, false) AS without_sales
FROM counted n
CROSS JOIN (SELECT pg_catalog.count(a.won_at)::numeric / NULLIF(pg_catalog.count(*), 0) AS share FROM aged a WHERE a.judged) o
LEFT JOIN LATERAL leadflow.share_interval(n.won, n.judged) i ON true
LEFT JOIN campaign c ON c.id = n.campaign_id
LEFT JOIN (SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend
           FROM campaign_spend s
           GROUP BY s.campaign_id) s ON s.campaign_id = n.campaign_id
-- more sales wanting first
ORDER BY COALESCE(i.high < o.share, false) DESC, n.judged * o.share - n.won DESC NULLS LAST, n.dimension, COALESCE(n.name, c.name);
COMMENT ON VIEW volume_without_sales IS 'Which campaigns, origins and contents bring leads that do not buy, as known at leadflow.clock(), the most sales wanting first. Only leads that are old enough to judge are compared: 90 in 100 of the leads ever won took no longer. Campaign and origin are those of the first entry; a lead belongs to every content that it was in touch with. Where nothing was ever won there is nothing to compare with. Leads in lead_outside are left out.';
COMMENT ON COLUMN volume_without_sales.dimension IS 'campaign, origin or content (touch.content)';
COMMENT ON COLUMN volume_without_sales.campaign_id IS 'the campaign; null for the other dimensions';
COMMENT ON COLUMN volume_without_sales.name IS 'name of the campaign, origin or content';
COMMENT ON COLUMN volume_without_sales.spend IS 'what was spent on the campaign; null where no cost is known, and for the other dimensions';
COMMENT ON COLUMN volume_without_sales.leads IS 'number of leads (that reached lead)';
COMMENT ON COLUMN volume_without_sales.judged IS 'how many of them are old enough to judge';
COMMENT ON COLUMN volume_without_sales.won IS 'how many of those were won';
COMMENT ON COLUMN volume_without_sales.won_share IS 'won / judged, 0..1';
COMMENT ON COLUMN volume_without_sales.won_share_high IS 'what that share is at best: upper limit of leadflow.share_interval';
COMMENT ON COLUMN volume_without_sales.won_share_all IS 'share of all leads old enough to judge that were won, 0..1';
COMMENT ON COLUMN volume_without_sales.won_expected IS 'how many would have been won at that share';
COMMENT ON COLUMN volume_without_sales.without_sales IS 'whether won_share_high is below won_share_all: the sales that are wanting are not chance';
