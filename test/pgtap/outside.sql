-- What never was a lead is outside every count: two workspaces with the same history, and in one of them spam, tests
-- and duplicates beside it.  2 March 2026 is a Monday.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT no_plan();
SELECT leadflow.create_workspace('clean'), leadflow.create_workspace('noisy') \g /dev/null

\ir common/tried.sql

-- leads n to m, as they come in, are handed over, answered or not, lost and won
CREATE FUNCTION fill(workspace name, n int, m int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', workspace || ', public', true);
    PERFORM set_config('leadflow.clock', '2026-03-02 09:00+00', true);
    INSERT INTO lead (source, external_id, full_name, email, role, verified, why_now, promised, evidence, need, budget, currency, decision_by, owner, origin)
    SELECT 't', i::text, 'P ' || i, 'p' || i || '@example.com', 'CEO', true, 'x', 'x', 'x', 'x', 100, 'EUR', '2026-06-01', 'anna', 'web'
    FROM generate_series(n, m) i;
    INSERT INTO touch (lead_id, kind, direction, at) SELECT l.id, k, 'inbound', leadflow.clock() FROM lead l, unnest('{demo_request,form_submit}'::text[]) k
    WHERE l.external_id::int BETWEEN n AND m;
    PERFORM set_config('leadflow.clock', '2026-03-02 10:00+00', true);
    UPDATE lead SET stage = 'mql' WHERE external_id::int BETWEEN n AND m;
    INSERT INTO touch (lead_id, kind, direction, at) SELECT l.id, 'call', 'outbound', leadflow.clock() FROM lead l
    WHERE l.external_id::int BETWEEN n AND m AND l.external_id::int % 3 <> 0;
    PERFORM set_config('leadflow.clock', '2026-03-03 10:00+00', true);
    UPDATE lead SET stage = 'contacted' WHERE external_id::int BETWEEN n AND m AND external_id::int % 3 <> 0;
    UPDATE lead SET stage = 'mql', reason = 'not_target' WHERE external_id::int BETWEEN n AND m AND external_id::int % 4 = 1 AND stage = 'contacted';
    INSERT INTO opportunity (source, external_id, lead_id, name, amount, owner, expected_close) SELECT 't', l.external_id, l.id, 'Deal', 1000, 'anna', '2026-05-01' FROM lead l
    WHERE l.external_id::int BETWEEN n AND m AND l.external_id::int % 2 = 0;
    PERFORM set_config('leadflow.clock', '2026-03-09 10:00+00', true);
    UPDATE opportunity SET stage = 'proposal' WHERE external_id::int BETWEEN n AND m;
    UPDATE opportunity SET stage = 'lost', reason = 'no_budget' WHERE external_id::int BETWEEN n AND m AND external_id::int % 4 = 0;
    UPDATE lead SET stage = 'nurture', reason = 'not_now', narrative = 'in autumn' WHERE external_id::int BETWEEN n AND m AND external_id::int % 5 = 0;
END;
$$;
SELECT fill('clean', 1, 12), fill('noisy', 1, 12), fill('noisy', 13, 24) \g /dev/null
SET leadflow.clock = '2026-03-10 10:00+00';

-- all reports of a workspace, but for the lists of what there is
CREATE FUNCTION reports() RETURNS SETOF name LANGUAGE sql AS $$
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'clean'::regnamespace AND c.relkind = 'v'
        AND c.relname NOT IN ('stage_history', 'current_stage', 'sla_status', 'lead_outside')
        AND c.relname NOT LIKE 'visible\_%'
$$;
CREATE FUNCTION differences(report name, OUT is bigint, OUT was bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM noisy.%1$I EXCEPT ALL SELECT * FROM clean.%1$I) d', report) INTO is;
    EXECUTE format('SELECT count(*) FROM (SELECT * FROM clean.%1$I EXCEPT ALL SELECT * FROM noisy.%1$I) d', report) INTO was;
END;
$$;
SELECT cmp_ok((SELECT count(*) FROM reports() r, differences(r) d WHERE d.is > 0), '>=', 12::bigint, 'before they are known for what they are they count');
SELECT is((SELECT string_agg(why, ',') FROM noisy.lead_outside), NULL, 'nobody is outside');

-- a third is spam, a third are tests, the rest are the spam once more
UPDATE noisy.lead SET stage = 'disqualified', reason = CASE WHEN id % 2 = 0 THEN 'spam' ELSE 'test' END WHERE id BETWEEN 13 AND 20;
SELECT leadflow.merge('noisy', 13, 21), leadflow.merge('noisy', 14, 22), leadflow.merge('noisy', 23, 24) \g /dev/null
UPDATE noisy.lead SET stage = 'disqualified', reason = 'test' WHERE id = 23;
SELECT is((SELECT string_agg(lead_id || ' ' || why, ', ' ORDER BY lead_id) FROM noisy.lead_outside),
          '13 test, 14 spam, 15 test, 16 spam, 17 test, 18 spam, 19 test, 20 spam, 21 merged, 22 merged, 23 test, 24 merged', 'who is outside, and why');
SELECT cmp_ok((SELECT count(*) FROM reports()), '>=', 15::bigint, 'there are reports to compare');
SELECT is((SELECT d FROM differences(r) d), ROW(0::bigint, 0::bigint), r || ' leaves them out') FROM reports() r ORDER BY r;
SET leadflow.clock = '2026-03-05 10:00+00';
SELECT is((SELECT d FROM differences(r) d), ROW(0::bigint, 0::bigint), r || ' leaves them out also as of before that was known') FROM reports() r ORDER BY r;
SET leadflow.clock = '2026-03-10 10:00+00';
SELECT cmp_ok((SELECT count(*) FROM clean.sla_breach), '>', 0::bigint, 'there are breaches to compare');
SELECT cmp_ok((SELECT count(*) FROM clean.stalled), '>', 0::bigint, 'and stalled leads');
SELECT is((SELECT count(DISTINCT lead_id) FROM noisy.stage_history), 24::bigint, 'stage_history lists them');
SELECT is((SELECT count(DISTINCT lead_id) FROM noisy.current_stage), 24::bigint, 'current_stage lists them');
SELECT cmp_ok((SELECT count(*) FROM noisy.sla_status), '>', (SELECT count(*) FROM clean.sla_status), 'sla_status lists them');

-- in and out
SET search_path = noisy, public;
CREATE FUNCTION leads() RETURNS text LANGUAGE sql AS $$ SELECT reached::text FROM noisy.funnel WHERE stage = 'lead' $$;
CREATE FUNCTION exits() RETURNS text LANGUAGE sql AS $$ SELECT COALESCE(sum(exits), 0)::text FROM noisy.leakage WHERE subject = 'lead' AND reason IN ('spam', 'test', 'duplicate') $$;
SELECT is(tried(c.statement, 'SELECT leads() || ''/'' || exits()'), c.expected, c.label) FROM (VALUES
    ('as it is', 'SELECT 1', '12/0'),
    ('disqualified in error', $$UPDATE lead SET stage = 'lead', reason = 'entered_in_error' WHERE id = 14$$, '13/1'),
    ('another reason counts', $$UPDATE lead SET stage = 'disqualified', reason = 'duplicate' WHERE id = 1$$, '12/1'),
    ('a leaf of the exit', $$UPDATE lead SET stage = 'disqualified.robot', reason = 'spam' WHERE id = 1$$, '11/0'),
    ('what the company does not count', $$UPDATE reason SET counts = false WHERE code = 'duplicate'; UPDATE lead SET stage = 'disqualified', reason = 'duplicate' WHERE id = 1$$, '11/0'),
    ('what it does', $$UPDATE reason SET counts = true WHERE code = 'spam'$$, '16/4'),
    ('such a reason for going back is none for being outside', $$INSERT INTO transition (from_stage, to_stage) VALUES ('mql', 'lead'); UPDATE reason SET applies_to = '{}' WHERE code = 'test';
        UPDATE lead SET stage = 'lead', reason = 'test' WHERE id = 3$$, '12/0')
) AS c (label, statement, expected);
SELECT is(tried($$INSERT INTO account (source) VALUES ('x'); INSERT INTO opportunity (source, account_id, stage, reason) SELECT 'x', id, 'lost', 'no_budget' FROM account$$,
                $$SELECT sum(exits)::text FROM leakage WHERE subject = 'opportunity'$$), '4', 'an opportunity without a lead counts');
SELECT is(tried($$SELECT leadflow.merge('noisy', 1, 4)$$,
                $$SELECT leads() || ' ' || (SELECT sum(exits) FROM leakage WHERE subject = 'opportunity') || ' ' || (SELECT sum(refusals) FROM refusals WHERE subject = 'opportunity')
                    || (SELECT ' ' || count(*) FROM stalled WHERE subject = 'opportunity' AND lead_id IN (1, 4))$$), '11 3 3 0', 'the opportunity of a merged lead counts, as the winner''s');
SELECT is((SELECT string_agg(code || ' ' || counts || ' ' || category || ' ' || applies_to::text, ', ' ORDER BY code) FROM reason WHERE NOT counts OR code = 'deleted_in_source'),
          'deleted_in_source true data {disqualified}, spam false data {disqualified}, test false data {disqualified}', 'the reasons that do not count');

SELECT * FROM finish();
