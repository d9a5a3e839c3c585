-- A workspace crm in which every chart of the panel has something to show, as of
-- 15 June 2026.  What its people typed is hostile, or appears twice.
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-06-15 12:00+00';
DELETE FROM crm.standard WHERE criterion <> 'reason';
INSERT INTO crm.team_member (member, full_name, team, department) VALUES
    ('anna', 'Anna </script><script>window.hacked=1</script>', 'north', 'sales'), ('bert', 'Bert', 'south', 'sales'), ('bert2', 'Bert', 'south', 'sales');
INSERT INTO crm.team_member (member, team, department) SELECT 'm' || n, 'north', 'sales' FROM generate_series(1, 20) n;
INSERT INTO crm.campaign (source, external_id, name)
    SELECT 't', n::text, CASE WHEN n = 1 THEN '</script><img src=x onerror="window.hacked=1">' WHEN n = 2 THEN '"<!--\'' ${1} {{x}} @won_share' WHEN n < 5 THEN 'Fair' ELSE 'Campaign ' || n END
    FROM generate_series(1, 14) n;
INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost) SELECT n, '2026-01-10', 1000 * (15 - n) FROM generate_series(1, 13) n;
INSERT INTO crm.target (metric, starts_on, ends_on, value) VALUES ('revenue', '2026-04-01', '2026-06-30', 50000);

INSERT INTO crm.lead (source, external_id, full_name, stage, stage_since, created_at, owner, campaign_id, origin, segment)
    SELECT 't', n::text, 'Secret ' || n, 'lead', t.at, t.at, CASE n % 4 WHEN 0 THEN 'anna' WHEN 1 THEN 'bert' WHEN 2 THEN 'bert2' ELSE 'm' || (n / 4) % 20 + 1 END, n % 14 + 1, 'web', 'small'
    FROM generate_series(1, 160) n, LATERAL (SELECT timestamptz '2026-01-05 09:00+00' + n * interval '1 day') t (at)
    ORDER BY n;
UPDATE crm.lead SET stage = 'mql', stage_since = stage_since + interval '1 hour' WHERE id % 5 > 0;
INSERT INTO crm.touch (lead_id, at, kind, channel, direction)
    SELECT l.id, l.stage_since + l.id * interval '7 minutes', 'call', 'phone', 'outbound' FROM crm.lead l WHERE l.stage = 'mql' AND l.id % 3 > 0 ORDER BY l.id;
UPDATE crm.lead SET stage = 'sal', stage_since = stage_since + interval '2 days' WHERE stage = 'mql' AND id % 5 > 1 AND id < 150;
UPDATE crm.lead SET stage = 'nurture', reason = CASE WHEN id % 2 = 0 THEN 'not_now' ELSE 'no_budget' END, stage_since = stage_since + interval '3 days' WHERE stage = 'mql' AND id % 10 = 1;
INSERT INTO crm.opportunity (source, external_id, name, lead_id, stage, stage_since, created_at, amount, owner, campaign_id)
    SELECT 't', l.id::text, 'Deal ' || l.id, l.id, 'opportunity', l.stage_since, l.stage_since, 1000 * (l.id % 7 + 1), 'bert', l.campaign_id
    FROM crm.lead l WHERE l.stage = 'sal' AND l.id % 2 = 0 ORDER BY l.id;
UPDATE crm.opportunity SET stage = 'won', stage_since = stage_since + interval '5 days' WHERE id % 3 = 0;
UPDATE crm.opportunity SET stage = 'lost', reason = CASE WHEN id % 2 = 0 THEN 'too_expensive' ELSE 'no_need' END, stage_since = stage_since + interval '6 days' WHERE id % 3 = 1 AND id % 4 < 2;
UPDATE crm.opportunity SET stage = 'proposal', stage_since = stage_since + interval '1 day' WHERE stage = 'opportunity' AND id % 4 = 3;
UPDATE crm.lead SET stage = 'won', stage_since = stage_since + interval '20 days' WHERE id IN (SELECT o.lead_id FROM crm.opportunity o WHERE o.stage = 'won');
-- more owners than the panel has bars for
INSERT INTO crm.lead (source, external_id, full_name, stage, stage_since, created_at, owner)
    SELECT 'u', n::text, 'Secret ' || n, 'mql', timestamptz '2026-06-12 09:00+00', timestamptz '2026-06-12 09:00+00', 'm' || n FROM generate_series(1, 20) n ORDER BY n;
