-- The real leads of an online school, as they are in the file: the table raw,
-- with the numbers of the lines.
\set here `pwd`
CREATE TEMPORARY TABLE raw (
    rn integer GENERATED ALWAYS AS IDENTITY, prospect_id text, lead_number text, lead_origin text, lead_source text, do_not_email text, do_not_call text,
    converted integer, total_visits float8, time_on_website float8, page_views float8, last_activity text, country text, specialization text,
    heard_from text, occupation text, matters_most text, search text, magazine text, newspaper_article text, forums text, newspaper text,
    digital_advertisement text, recommendations text, updates_courses text, tags text, lead_quality text, updates_supply_chain text, updates_dm text,
    lead_profile text, city text, activity_index text, profile_index text, activity_score text, profile_score text, pay_by_cheque text,
    free_copy text, last_notable_activity text);
\set columns 'prospect_id, lead_number, lead_origin, lead_source, do_not_email, do_not_call, converted, total_visits, time_on_website, page_views, last_activity, country, specialization, heard_from, occupation, matters_most, search, magazine, newspaper_article, forums, newspaper, digital_advertisement, recommendations, updates_courses, tags, lead_quality, updates_supply_chain, updates_dm, lead_profile, city, activity_index, profile_index, activity_score, profile_score, pay_by_cheque, free_copy, last_notable_activity'
\set dir :shared '/data/xeducation'
\cd :dir
SELECT format('\copy raw (%s) FROM lead_scoring.csv WITH (FORMAT csv, HEADER true)', :'columns') AS copy \gset
:copy
\cd :here
