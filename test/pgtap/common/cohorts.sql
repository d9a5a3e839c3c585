-- Twenty leads of workspace crm, on 16 April 2026: in January 6 of the web (3 became MQLs) and 4 of an event (1), in February 2 (1) and 8 (4).
CREATE FUNCTION lead(name text, at timestamptz, stage text, origin text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.lead (source, full_name, stage, stage_since, created_at, origin) VALUES ('t', name, stage::leadflow.stage, at, at, origin) $$;
CREATE FUNCTION move_lead(which text, at timestamptz, stage text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = move_lead.stage::leadflow.stage, stage_since = move_lead.at, reason = move_lead.reason WHERE full_name = which $$;
\o /dev/null
SELECT lead('web1.' || n, '2026-01-05', 'lead', 'web') FROM generate_series(1, 6) n;
SELECT lead('event1.' || n, '2026-01-05', 'lead', 'event') FROM generate_series(1, 4) n;
SELECT lead('web2.' || n, '2026-02-05', 'lead', 'web') FROM generate_series(1, 2) n;
SELECT lead('event2.' || n, '2026-02-05', 'lead', 'event') FROM generate_series(1, 8) n;
SELECT move_lead(n, '2026-01-15', 'mql') FROM unnest('{web1.1,web1.2,web1.3,event1.1}'::text[]) n;
SELECT move_lead(n, '2026-02-15', 'mql') FROM unnest('{web2.1,event2.1,event2.2,event2.3,event2.4}'::text[]) n;
SELECT move_lead('web1.1', '2026-02-10', 'sal'), move_lead('web1.1', '2026-03-20', 'won'), move_lead('web1.2', '2026-03-01', 'sal'), move_lead('web1.3', '2026-03-01', 'nurture', 'not_now');
\o
