/*
 * olist.sql: a published marketing funnel in a workspace.
 *
 * Olist, a Brazilian marketplace, has published 8,000 of its
 * marketing-qualified leads (June 2017 to May 2018) and the 842 sellers it won
 * from them: "Marketing Funnel by Olist", on Kaggle, CC BY-NC-SA 4.0. The data
 * are not part of leadflow. Download the files and run
 *
 *	psql -v dir=/path/to/the/files -f doc/examples/olist.sql
 *
 * in a database that has the extension. The script creates the workspace
 * olist, agrees on Olist's own definitions, lets leads and deals in through the
 * guard with their own dates, and asks the reports.
 */
\set ON_ERROR_STOP on

-- The files say dates and times without a zone. In a zone with daylight saving
-- time some durations would change by an hour; in UTC they are what they say.
SET TimeZone = 'UTC';

-- \copy cannot take a variable, but \cd can.
\set here `pwd`
\cd :dir

CREATE TEMPORARY TABLE olist_mql (
    mql_id              text PRIMARY KEY,
    first_contact_date  date NOT NULL,
    landing_page_id     text NOT NULL,
    origin              text
);
\copy olist_mql FROM 'olist_marketing_qualified_leads_dataset.csv' WITH (FORMAT csv, HEADER)

CREATE TEMPORARY TABLE olist_deal (
    mql_id                          text PRIMARY KEY REFERENCES olist_mql,
    seller_id                       text NOT NULL,
    sdr_id                          text,
    sr_id                           text,
    won_date                        timestamptz NOT NULL,
    business_segment                text,
    lead_type                       text,
    lead_behaviour_profile          text,
    has_company                     boolean,
    has_gtin                        boolean,
    average_stock                   text,
    business_type                   text,
    declared_product_catalog_size   numeric,
    declared_monthly_revenue        numeric
);
\copy olist_deal FROM 'olist_closed_deals_dataset.csv' WITH (FORMAT csv, HEADER)
\cd :here

SELECT leadflow.create_workspace('olist') \g /dev/null
SET search_path = olist, leadflow, pg_catalog;

/*
 * What Olist agreed on is not what a new workspace brings along. An MQL of
 * Olist is somebody who asked to sell on the marketplace and left contact data
 * on a landing page. Neither role nor need nor budget is published, and of a
 * deal only the day it was won: to ask for more would refuse every row, and to
 * fill it in would be invention. So the standard says what Olist's says.
 */
BEGIN;
DELETE FROM standard WHERE object = 'lead' OR criterion <> 'buyer';
INSERT INTO standard (object, stage, criterion, requirement, expression, how_to_fix) VALUES
    ('lead', 'mql', 'contact_data', 'Contact data were left on a landing page.',
        'attributes ->> ''landing_page_id'' <> ''''', 'Set landing_page_id in attributes.'),
    ('opportunity', 'won', 'seller', 'The seller''s account is known.',
        'account_id IS NOT NULL', 'Set account_id.');
UPDATE stage_definition SET meaning = 'A seller who left contact data on a landing page.' WHERE stage = 'mql';

-- No conversation is published, so no promise about answers can be measured.
UPDATE sla_policy SET active = false;
UPDATE workspace SET currency = 'BRL';
INSERT INTO team_member (member, team, department)
SELECT DISTINCT m.member, m.team, m.department
FROM olist_deal d
CROSS JOIN LATERAL (VALUES ('sdr ' || d.sdr_id, 'SDR', 'marketing'), ('sr ' || d.sr_id, 'Sales', 'sales')) m (member, team, department)
WHERE m.member IS NOT NULL;
COMMIT;

-- The first contact is a date: it counts from the first moment of the day.
INSERT INTO lead (source, external_id, stage, stage_since, created_at, origin, owner, attributes)
SELECT 'olist', m.mql_id, 'mql', m.first_contact_date, m.first_contact_date, m.origin, 'sdr ' || d.sdr_id,
       pg_catalog.jsonb_build_object('landing_page_id', m.landing_page_id)
FROM olist_mql m
LEFT JOIN olist_deal d USING (mql_id)
ORDER BY m.first_contact_date, m.mql_id;

-- A seller was won: a customer, and a deal that takes its lead along. Of the
-- stages between MQL and won nothing is known; the history says so (implied).
INSERT INTO account (source, external_id, segment, attributes, created_at)
SELECT 'olist', d.seller_id, d.business_segment,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('business_type', d.business_type, 'lead_type', d.lead_type)), d.won_date
FROM olist_deal d;

/*
 * One deal was won 28 hours before the first moment of its first contact. A
 * lead cannot be won before it is one, and the guard would refuse a lead that
 * goes back in time; but a deal is an object of its own and may have any date.
 * So the deal keeps its published date, from which all durations are taken
 * below, the negative one included, while the lead moves no earlier than its
 * present stage allows.
 */
INSERT INTO opportunity (source, external_id, stage, stage_since, created_at, lead_id, account_id, origin, segment, owner)
SELECT 'olist', d.seller_id, 'won', d.won_date, d.won_date, l.id, a.id, l.origin, d.business_segment, 'sr ' || d.sr_id
FROM olist_deal d
JOIN lead l ON l.source = 'olist' AND l.external_id = d.mql_id
JOIN account a ON a.source = 'olist' AND a.external_id = d.seller_id
ORDER BY d.won_date, d.mql_id;

-- After a bulk load, as always, the planner should know the tables.
ANALYZE;

-- The funnel.
SELECT stage, reached, reached_implied, now_in_stage, conversion_from_previous
FROM funnel
WHERE stage IN ('mql', 'won');

-- From first contact to won: entries of leads into mql, of their deals into won.
CREATE TEMPORARY VIEW olist_path AS
SELECT m.lead_id, m.origin, m.entered_at AS mql_at, w.entered_at AS won_at,
       pg_catalog.date_part('epoch', w.entered_at - m.entered_at) / 86400 AS days
FROM stage_history m
LEFT JOIN stage_history w ON w.lead_id = m.lead_id AND w.subject = 'opportunity' AND w.stage = 'won'
WHERE m.subject = 'lead' AND m.stage = 'mql';

SELECT pg_catalog.count(*) AS mql,
       pg_catalog.count(days) AS won,
       pg_catalog.round(pg_catalog.count(days)::numeric / pg_catalog.count(*), 6) AS conversion,
       pg_catalog.round((pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 6) AS median_days,
       pg_catalog.round(pg_catalog.avg(days)::numeric, 6) AS mean_days,
       pg_catalog.round(pg_catalog.min(days)::numeric, 4) AS shortest_days,
       pg_catalog.round(pg_catalog.max(days)::numeric, 4) AS longest_days,
       pg_catalog.count(*) FILTER (WHERE days < 0) AS won_before_contact
FROM olist_path;

-- Conversion by origin. A lead of no origin and one of an unknown origin are
-- two things in the data.
SELECT f.origin,
       pg_catalog.max(f.reached) FILTER (WHERE f.stage = 'mql') AS mql,
       COALESCE(pg_catalog.max(f.reached) FILTER (WHERE f.stage = 'won'), 0) AS won,
       pg_catalog.round(COALESCE(pg_catalog.max(f.reached) FILTER (WHERE f.stage = 'won'), 0)::numeric
           / pg_catalog.max(f.reached) FILTER (WHERE f.stage = 'mql'), 6) AS conversion,
       p.median_days
FROM funnel_segmented f
JOIN (SELECT origin, pg_catalog.round((pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 6) AS median_days
      FROM olist_path
      GROUP BY origin) p ON p.origin IS NOT DISTINCT FROM f.origin
GROUP BY f.origin, p.median_days
ORDER BY conversion DESC;
