-- Wording is compared in small letters, with spaces and marks taken as one space.
CREATE OR REPLACE VIEW unapproved_promises AS
WITH approved AS (
    SELECT pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.lower(c.phrase), '[^[:alnum:]]+', ' ', 'g')) AS wording,
           c.segments, c.approved_on, c.valid_until
    FROM claim c
    WHERE c.active AND c.kind = 'promise'
), promised AS (
    SELECT l.id AS lead_id, l.owner, l.campaign_id, l.segment, l.stage::text AS stage, pg_catalog.btrim(p.promise) AS promise,
           pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.lower(p.promise), '[^[:alnum:]]+', ' ', 'g')) AS wording
    FROM lead l
    CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(l.promised, '[;\n]+') p (promise)
    WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
), wording AS (
    -- a wording that many packets hold is looked up once
    SELECT w.wording, w.segment,
           pg_catalog.bool_or((a.segments IS NULL OR w.segment = ANY (a.segments)) AND a.now) AS approved,
           pg_catalog.bool_or((a.segments IS NULL OR w.segment = ANY (a.segments)) AND NOT a.now) AS other_time,
           pg_catalog.bool_or(a.now) AS other_audience
    FROM (SELECT DISTINCT p.wording, p.segment FROM promised p WHERE p.wording <> '') w
    LEFT JOIN (SELECT a.wording, a.segments,
                      COALESCE(a.approved_on <= (SELECT leadflow.clock())::date, true) AND COALESCE(a.valid_until >= (SELECT leadflow.clock())::date, true) AS now
               FROM approved a) a ON a.wording = w.wording
    GROUP BY w.wording, w.segment
)
SELECT p.lead_id,
       d.opportunity_id,
       p.owner,
       m.team,
       p.campaign_id,
       p.segment,
       p.stage,
       p.promise,
       CASE WHEN w.other_time THEN 'not_in_force' WHEN w.other_audience THEN 'other_audience' ELSE 'not_approved' END AS finding
FROM promised p
JOIN wording w ON w.wording = p.wording AND w.segment IS NOT DISTINCT FROM p.segment AND w.approved IS NOT TRUE
LEFT JOIN team_member m ON m.member = p.owner
LEFT JOIN deal d ON d.lead_id = p.lead_id AND d.outcome = 'open';
COMMENT ON VIEW unapproved_promises IS 'Promises in the handoff packets of leads on the path (lead.promised) that are no approved claim at leadflow.clock(), with the open deals that they concern. Promises are told apart by ; or a new line; capital letters, spaces and marks make no difference, every word does. Leads in lead_outside are left out.';
COMMENT ON COLUMN unapproved_promises.lead_id IS 'the lead';
COMMENT ON COLUMN unapproved_promises.opportunity_id IS 'an open deal of it; null for none';
COMMENT ON COLUMN unapproved_promises.owner IS 'owner of the lead';
COMMENT ON COLUMN unapproved_promises.team IS 'the owner''s team';
COMMENT ON COLUMN unapproved_promises.campaign_id IS 'campaign of the lead';
COMMENT ON COLUMN unapproved_promises.segment IS 'segment of the lead';
COMMENT ON COLUMN unapproved_promises.stage IS 'the stage that it is in';
COMMENT ON COLUMN unapproved_promises.promise IS 'the promise as it was written';
COMMENT ON COLUMN unapproved_promises.finding IS 'not_in_force (the claim is not valid yet, or no longer), other_audience (it is approved for other segments) or not_approved (no such claim)';
