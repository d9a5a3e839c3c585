-- Which moves are allowed, what each owes, and what the guard stamps and the recorder writes
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm') \g /dev/null
SET leadflow.clock = '2026-03-02 10:00+00';		-- a Monday
SELECT no_plan();

-- Runs a statement and gives '00000', or SQLSTATE, constraint and column of its
-- error; then, while its effects are there, what the query yields. Undoes all.
CREATE FUNCTION tried(statement text, query text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; con text; col text; seen text;
BEGIN
    BEGIN
        EXECUTE statement;
        IF query IS NOT NULL THEN
            EXECUTE query INTO seen;
        END IF;
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, con = CONSTRAINT_NAME, col = COLUMN_NAME;
    END;
    IF state = 'ZZ000' THEN
        RETURN CASE WHEN query IS NULL THEN '00000' ELSE seen END;
    END IF;
    RETURN concat_ws(' ', state, nullif(con, ''), nullif(col, ''));
END $$;
CREATE FUNCTION detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END $$;

-- a lead that meets everything, and one that meets nothing
INSERT INTO crm.account (source, name) VALUES ('t', 'Acme');
INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, need, budget, currency, decision_by,
                      why_now, promised, evidence, stage_since)
VALUES ('t', 'full', 'Ada', 'ada@example.com', 'CEO', true, 'less waste', 5000, 'EUR', '2026-06-01',
        'new plant', 'a price', 'two visits', '2026-03-01 09:00+00'),
       ('t', 'bare', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-03-01 09:00+00');
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', '2026-03-01 09:00+00' FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k
 WHERE external_id = 'full';

-- puts the full lead where a case begins, past the guard, and without a trace
CREATE FUNCTION placed(at_stage text, furthest text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format($f$SET LOCAL session_replication_role = replica;
        UPDATE crm.lead SET stage = %L, furthest_stage = %L WHERE external_id = 'full';
        SET LOCAL session_replication_role = origin;$f$, at_stage,
        coalesce(furthest, CASE WHEN at_stage::leadflow.stage >= 'visitor' THEN split_part(at_stage, '.', 1) ELSE 'mql' END))
$$;
CREATE FUNCTION moved(from_stage text, assignments text, query text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT tried(placed(from_stage) || ' UPDATE crm.lead SET ' || assignments || $f$ WHERE external_id = 'full'$f$, query)
$$;

-- moves of a lead
SELECT is(moved(c.from_stage, format('stage = %L, reason = %L, reason_note = %L', c.to_stage, c.reason, c.note)),
          c.expected, format('lead %s to %s, reason %s: %s', c.from_stage, c.to_stage, coalesce(c.reason, 'none'), c.expected))
FROM (VALUES
    ('lead', 'mql', NULL, NULL, '00000'),
    ('lead', 'sql', NULL, NULL, '00000'),
    ('visitor', 'won', NULL, NULL, '00000'),
    ('visitor', 'expansion', NULL, NULL, '00000'),
    ('lead', 'lead.new_one', NULL, NULL, '00000'),
    ('lead.new_one', 'lead', NULL, NULL, '00000'),
    ('lead.b', 'lead.a', NULL, NULL, '00000'),
    ('lead.b', 'mql.a', NULL, NULL, '00000'),
    ('sql', 'sql', NULL, NULL, '00000'),
    -- back: only as listed
    ('mql', 'lead', NULL, NULL, '23514 transition'),
    ('mql', 'lead', 'other', 'because', '23514 transition'),
    ('mql.x', 'lead', NULL, NULL, '23514 transition'),
    ('sal', 'contacted', 'not_target', NULL, '23514 transition'),
    ('contacted', 'mql', NULL, NULL, '23514 reason reason'),
    ('contacted', 'mql', 'no_response', NULL, '00000'),
    ('contacted.second_call', 'mql', 'no_response', NULL, '00000'),
    ('contacted', 'mql.again', 'no_response', NULL, '00000'),
    ('sal', 'mql', 'not_target', NULL, '00000'),
    ('sql', 'sal', 'no_budget', NULL, '00000'),
    ('opportunity', 'sql', 'no_budget', NULL, '00000'),
    ('won', 'decision', 'other', 'x', '23514 transition'),
    ('expansion', 'active', NULL, NULL, '00000'),
    -- into exits
    ('visitor', 'nurture', NULL, NULL, '23514 reason reason'),
    ('visitor', 'nurture', 'not_now', NULL, '00000'),
    ('won', 'nurture', 'not_now', NULL, '23514 narrative furthest_stage'),
    ('lead', 'churned', 'service', 'x', '23514 transition'),
    ('decision', 'churned', 'service', 'x', '23514 transition'),
    ('won', 'churned', 'service', 'slow', '00000'),
    ('expansion', 'churned', 'service', 'slow', '00000'),
    ('lead', 'lost.to_rival', 'competitor', 'Globex', '00000'),
    -- reasons
    ('lead', 'lost', 'spam', NULL, '23514 reason reason'),
    ('lead', 'lost', 'no_such_reason', NULL, '23514 reason reason'),
    ('lead', 'lost', '', NULL, '23514 reason reason'),
    ('lead', 'lost', ' ', NULL, '23514 reason reason'),
    ('lead', 'lost', 'competitor', NULL, '23514 reason_note reason_note'),
    ('lead', 'lost', 'competitor', E' \t\n', '23514 reason_note reason_note'),
    ('lead', 'lost', 'competitor', 'Globex', '00000'),
    ('lead', 'lost', 'other', NULL, '23514 reason_note reason_note'),
    ('lead', 'lost', 'entered_in_error', NULL, '00000'),
    -- out of exits
    ('nurture', 'visitor', NULL, NULL, '23514 transition'),
    ('nurture', 'engaged', NULL, NULL, '00000'),
    ('nurture', 'lead', NULL, NULL, '00000'),
    ('nurture', 'sal', NULL, NULL, '00000'),
    ('nurture.q3', 'lead', NULL, NULL, '00000'),
    ('lost', 'won', NULL, NULL, '00000'),
    ('churned', 'engaged', NULL, NULL, '23514 transition'),
    ('churned', 'lead', NULL, NULL, '00000'),
    ('disqualified', 'lead', NULL, NULL, '23514 reason reason'),
    ('disqualified', 'lead', 'entered_in_error', NULL, '00000'),
    ('disqualified', 'mql', 'entered_in_error', NULL, '00000'),
    -- between exits
    ('nurture', 'lost', 'no_need', NULL, '00000'),
    ('lost', 'nurture', NULL, NULL, '23514 reason reason'),
    ('lost.a', 'lost.b', NULL, NULL, '23514 reason reason'),
    ('churned', 'lost', 'no_need', NULL, '00000'),
    ('lost', 'churned', 'service', 'x', '23514 transition')
) AS c (from_stage, to_stage, reason, note, expected);

-- an unknown reason where none is owed is the foreign key's affair
SELECT is(moved('lead', $$stage = 'mql', reason = 'nonsense'$$), '23503 lead_reason_fkey',
          'a reason outside the catalogue is refused also where none is owed');
SELECT is(tried($$UPDATE crm.reason SET active = false WHERE code = 'no_need';
                  UPDATE crm.lead SET stage = 'lost', reason = 'no_need' WHERE external_id = 'full'$$),
          '23514 reason reason', 'a reason that is no longer active may not be given');
SELECT is(tried($$UPDATE crm.lead SET stage = 'lost', reason = 'competitor', reason_note = 'Globex' WHERE external_id = 'full';
                  UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'full'$$,
                $$SELECT concat_ws('/', coalesce(reason, 'none'), coalesce(reason_note, 'none')) FROM crm.lead WHERE external_id = 'full'$$),
          'none/none', 'reason and note are cleared together');
SELECT is(tried($$UPDATE crm.lead SET stage = 'lost', reason = 'no_budget' WHERE external_id = 'full';
                  UPDATE crm.lead SET stage = 'nurture' WHERE external_id = 'full'$$),
          '23514 reason reason', 'a second move that owes a reason is not paid with that of the first');

-- everything that is missing is reported at once, the first as the constraint
SELECT is(tried($$UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'bare'$$), '23514 target_role role',
          'the first unmet criterion names constraint and column');
SELECT is((SELECT string_agg(split_part(l, ' ', 1), ',') FROM regexp_split_to_table(
              detail_of($$UPDATE crm.lead SET stage = 'sql' WHERE external_id = 'bare'$$), E'\n') l),
          'target_role,verified_contact,two_signals,why_now,promised,evidence,confirmed_need,budget,decision_timeframe',
          'the detail lists every unmet criterion, in the order of stage and position');
SELECT is((SELECT string_agg(split_part(l, ' ', 1), ',') FROM regexp_split_to_table(
              detail_of($$UPDATE crm.lead SET stage = 'churned' WHERE external_id = 'bare'$$), E'\n') l),
          'transition,reason', 'a forbidden exit and a missing reason are reported together');
SELECT matches(detail_of($$UPDATE crm.lead SET stage = 'mql', role = 'intern' WHERE external_id = 'bare'$$),
               'target_role \(mql\): .* Seen: role = intern\.', 'the detail quotes what was seen');
SELECT is(detail_of($$INSERT INTO crm.lead (source, stage) VALUES ('t', 'lost')$$) ~ '^reason \(lost\)', true,
          'a new row that starts in an exit owes a reason');
SELECT is(detail_of($$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'bare'$$) ~ 'signal_kinds = 0', true,
          'evidence that was looked at is quoted');

-- NULL is not met, and neither is what is blank
SELECT is(tried(format('UPDATE crm.lead SET %s, stage = %L WHERE external_id = ''full''', c.set, c.to_stage)), c.expected,
          format('%s to %s: %s', c.set, c.to_stage, c.expected))
FROM (VALUES
    ('role = NULL', 'mql', '23514 target_role role'),
    ('verified = false', 'mql', '23514 verified_contact verified'),
    ('email = NULL', 'mql', '23514 verified_contact verified'),
    ('email = NULL, phone = ''+48''', 'mql', '00000'),
    ('email = ''  ''', 'mql', '23514 verified_contact verified'),
    ('why_now = '' ''', 'mql', '00000'),
    ('why_now = '' ''', 'sal', '23514 why_now why_now'),
    ('budget = NULL', 'sql', '23514 budget budget'),
    ('budget = 0', 'sql', '23514 budget budget'),
    ('budget = NULL', 'won', '23514 budget budget'),
    ('decision_by = NULL', 'sql', '23514 decision_timeframe stage_since'),
    ('decision_by = ''infinity''', 'sql', '23514 decision_timeframe stage_since'),
    ('decision_by = ''2026-03-01''', 'sql', '00000'),
    ('decision_by = ''2026-02-28''', 'sql', '00000'),
    ('decision_by = ''2027-03-03''', 'sql', '00000'),
    ('decision_by = ''2027-03-04''', 'sql', '23514 decision_timeframe stage_since')
) AS c (set, to_stage, expected);

-- since when the stage holds
SELECT is(tried(format('UPDATE crm.lead SET %s WHERE external_id = ''full''', c.set),
                $$SELECT stage_since::text FROM crm.lead WHERE external_id = 'full'$$), c.expected, c.label)
FROM (VALUES
    ($$stage = 'mql'$$, '2026-03-02 10:00:00+00', 'a move happens now'),
    ($$stage = 'mql', stage_since = '2026-03-01 12:00+00'$$, '2026-03-01 12:00:00+00', 'a move of history happens when the writer says'),
    ($$stage = 'mql', stage_since = '2026-02-27 12:00+00'$$, '23514 stage_since stage_since', 'not before the stage that it follows'),
    ($$stage = 'mql', stage_since = '-infinity'$$, '23514 stage_since stage_since', 'not before all time'),
    ($$stage = 'mql', stage_since = 'infinity'$$, '23514 stage_since stage_since', 'not after all time'),
    ($$stage = 'mql', stage_since = NULL$$, '2026-03-02 10:00:00+00', 'a null means now'),
    ($$stage_since = '2025-01-01'$$, '2026-03-01 09:00:00+00', 'it does not change while the stage does not'),
    ($$stage = stage, stage_since = NULL$$, '2026-03-01 09:00:00+00', 'nor can it be taken away')
) AS c (set, expected, label);

-- evidence counts as of then
INSERT INTO crm.lead (source, external_id, email, role, verified, stage_since)
VALUES ('t', 'then', 'b@example.com', 'CEO', true, '2026-01-01');
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', a FROM crm.lead,
    (VALUES ('web_visit', '2026-01-05'::timestamptz), ('form_submit', '2026-01-10')) v (k, a) WHERE external_id = 'then';
SELECT is(tried(format($$UPDATE crm.lead SET stage = 'mql', stage_since = %L WHERE external_id = 'then'$$, c.at)), c.expected,
          'evidence as of ' || c.at)
FROM (VALUES ('2026-01-09 23:59:59+00', '23514 two_signals'), ('2026-01-10 00:00+00', '00000'), ('2026-01-11', '00000')) c (at, expected);

-- the columns that are the guard's own
SELECT is(moved(c.from_stage, c.set, $$SELECT stage || ' ' || furthest_stage FROM crm.lead WHERE external_id = 'full'$$),
          c.expected, format('%s, %s: %s', c.from_stage, c.set, c.expected))
FROM (VALUES
    ('lead', $$stage = 'sal.x'$$, 'sal.x sal'),
    ('sal', $$stage = 'mql', reason = 'not_target'$$, 'mql sal'),
    ('sal', $$stage = 'lost', reason = 'no_need'$$, 'lost sal'),
    ('nurture', $$stage = 'lead'$$, 'lead mql'),
    ('nurture', $$stage = 'sal'$$, 'sal sal'),
    ('sal', $$furthest_stage = 'visitor'$$, 'sal sal'),
    ('sal', $$furthest_stage = 'won'$$, 'sal sal'),
    ('sal', $$furthest_stage = NULL$$, 'sal sal'),
    ('sal', $$stage = 'sql', furthest_stage = 'won'$$, 'sql sql')
) AS c (from_stage, set, expected);
SELECT is(tried($$UPDATE crm.lead SET created_at = '1999-01-01', updated_at = '1999-01-01' WHERE external_id = 'full'$$,
                $$SELECT created_at || ' ' || updated_at FROM crm.lead WHERE external_id = 'full'$$),
          '2026-03-01 09:00:00+00 2026-03-02 10:00:00+00', 'created_at holds, updated_at is kept');

-- who a row is does not change
SELECT is(tried(format('UPDATE crm.lead SET %s WHERE external_id = ''full''', c.set)), c.expected, c.set)
FROM (VALUES
    ('source = ''u''', '23514 identity source'),
    ('external_id = ''other''', '23514 identity external_id'),
    ('external_id = NULL', '23514 identity external_id'),
    ('source = source, external_id = external_id', '00000'),
    ('id = DEFAULT', '23514 identity id')
) AS c (set, expected);
INSERT INTO crm.lead (source) VALUES ('nameless');
SELECT is(tried($$UPDATE crm.lead SET external_id = 'n1' WHERE source = 'nameless'$$), '00000', 'an external_id may be given once');
SELECT is(tried($$UPDATE crm.lead SET external_id = 'n1' WHERE source = 'nameless';
                  UPDATE crm.lead SET external_id = 'n2' WHERE source = 'nameless'$$), '23514 identity external_id', 'and no second time');

-- the history of a move: an unbroken chain, the stages passed through implied
CREATE SEQUENCE mark;
SELECT setval('mark', max(id)) FROM crm.stage_event \g /dev/null
CREATE FUNCTION chain(of_lead text DEFAULT 'full') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(e.from_stage::text, '-') || '>' || e.to_stage || CASE WHEN e.implied THEN '*' ELSE '' END, ' ' ORDER BY e.id)
      FROM crm.stage_event e JOIN crm.lead l ON l.id = e.lead_id
     WHERE l.external_id = of_lead AND e.subject = 'lead'
       AND e.id > (SELECT last_value FROM mark)
$$;
SELECT is(chain('nobody'), NULL, 'no history of nobody');
SELECT is(moved(c.from_stage, c.set, 'SELECT chain()'), c.expected, format('%s, %s', c.from_stage, c.set))
FROM (VALUES
    ('lead', $$stage = 'mql'$$, 'lead>mql'),
    ('lead', $$stage = 'sql'$$, 'lead>mql* mql>contacted* contacted>sal* sal>sql'),
    ('lead.a', $$stage = 'contacted.b'$$, 'lead.a>mql* mql>contacted.b'),
    ('lead.a', $$stage = 'lead.b'$$, 'lead.a>lead.b'),
    ('sal', $$stage = 'mql', reason = 'not_target'$$, 'sal>mql'),
    ('mql', $$stage = 'lost', reason = 'no_need'$$, 'mql>lost'),
    ('lost', $$stage = 'lead'$$, 'lost>lead'),
    ('lost', $$stage = 'sal'$$, 'lost>contacted* contacted>sal'),
    ('lost', $$stage = 'nurture', reason = 'no_need', narrative = 'n'$$, 'lost>nurture'),
    ('lead', $$stage = stage, full_name = 'x'$$, NULL)
) AS c (from_stage, set, expected);
SELECT is(tried($$INSERT INTO crm.lead (source, external_id) VALUES ('t', 'new')$$, $$SELECT chain('new')$$),
          '->visitor* visitor>engaged* engaged>lead', 'a new lead has passed what stands before');
SELECT is(tried($$INSERT INTO crm.lead (source, external_id, stage) VALUES ('t', 'new', 'visitor')$$, $$SELECT chain('new')$$),
          '->visitor', 'a new visitor has passed nothing');
SELECT is(tried($$INSERT INTO crm.lead (source, external_id, stage, reason) VALUES ('t', 'new', 'disqualified', 'spam')$$,
                $$SELECT chain('new')$$), '->disqualified', 'a new row in an exit has passed nothing');
SELECT is(tried($$UPDATE crm.lead SET stage = 'sal', stage_since = '2026-03-01 10:00+00' WHERE external_id = 'full'$$,
                $$SELECT string_agg(DISTINCT at || ' ' || definition_version::text, ',') FROM crm.stage_event WHERE id > (SELECT last_value FROM mark)$$),
          (SELECT '2026-03-01 10:00:00+00 ' || max(version) FROM crm.definition_change),
          'all events of a move carry its instant and the version of the definitions');

-- variants
INSERT INTO crm.standard (variant, stage, criterion, requirement, expression) VALUES
    ('smb', 'mql', 'two_signals', 'One sign is enough.', 'signals >= 1'),
    ('smb', 'mql', 'own', 'A phone.', 'phone IS NOT NULL');
INSERT INTO crm.transition (variant, from_stage, to_stage, reason_required) VALUES ('smb', 'mql', 'lead', false), ('smb', 'contacted', 'mql', false);
INSERT INTO crm.lead (source, external_id, email, role, verified, variant)
SELECT 't', v, 'c@example.com', 'CEO', true, v FROM unnest('{smb,ent}'::text[]) v;
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, 'web_visit', 'inbound', '2026-03-01' FROM crm.lead WHERE external_id IN ('smb', 'ent');
SELECT is(tried(format('UPDATE crm.lead SET %s, stage = ''mql'' WHERE external_id = %L', c.set, c.variant)), c.expected, c.label)
FROM (VALUES
    ('smb', 'phone = NULL', '23514 own phone', 'a variant adds a criterion'),
    ('smb', 'phone = ''1''', '00000', 'a variant''s criterion replaces the general one of the same code'),
    ('smb', 'phone = ''1'', role = NULL', '23514 target_role role', 'the other general criteria hold for a variant too'),
    ('ent', 'phone = NULL', '23514 two_signals', 'the criteria of one variant do not concern another'),
    ('smb', 'phone = ''1'', variant = ''*''', '23514 two_signals', 'the variant that is written counts')
) AS c (variant, set, expected, label);
SELECT is(tried($$UPDATE crm.lead SET phone = '1', stage = 'contacted' WHERE external_id = 'smb';
                  UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'smb';
                  UPDATE crm.lead SET stage = 'lead' WHERE external_id = 'smb'$$), '00000', 'transitions of a variant');

-- the words of tools
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', '*', 'open', 'lead'), ('lead', 'sfdc', 'open', 'lead.sfdc'), ('lead', 'sfdc', 'Dead', 'disqualified'),
    ('lead', 'sfdc', 'Ready', 'mql'), ('opportunity', 'sfdc', 'Ready', 'proposal');
SELECT is(tried(format('INSERT INTO crm.lead (source, external_id, status%s) VALUES (%L, ''a'', %L%s)',
                       CASE WHEN c.stage IS NULL THEN '' ELSE ', stage' END, c.source, c.status, ', ' || quote_literal(c.stage)),
                $$SELECT stage::text FROM crm.lead WHERE external_id = 'a'$$), c.expected,
          format('%s of %s, stage %s: %s', c.status, c.source, coalesce(c.stage, 'not given'), c.expected))
FROM (VALUES
    ('hubspot', 'open', NULL, 'lead'),
    ('sfdc', 'open', NULL, 'lead.sfdc'),
    ('sfdc', 'open', 'visitor', 'visitor'),
    ('sfdc', 'OPEN', NULL, '23514 status_alias status'),
    ('hubspot', 'Dead', NULL, '23514 status_alias status'),
    ('sfdc', 'nonsense', 'lead', '23514 status_alias status'),
    ('sfdc', NULL, NULL, 'lead'),
    ('sfdc', 'Dead', NULL, '23514 reason reason'),
    ('sfdc', 'Ready', NULL, '23514 target_role role')
) AS c (source, status, stage, expected);
INSERT INTO crm.lead (source, external_id, status) VALUES ('sfdc', 's', 'open');
SELECT is(tried(format($$UPDATE crm.lead SET %s WHERE external_id = 's'$$, c.set),
                $$SELECT stage::text FROM crm.lead WHERE external_id = 's'$$), c.expected, c.set)
FROM (VALUES
    ($$status = 'Ready'$$, '23514 target_role role'),
    ($$status = 'Dead', reason = 'spam'$$, 'disqualified'),
    ($$status = 'what'$$, '23514 status_alias status'),
    ($$status = 'what', stage = 'lead.x'$$, '23514 status_alias status'),
    ($$status = 'Ready', stage = 'lead.x'$$, 'lead.x'),
    ($$status = NULL$$, 'lead.sfdc'),
    ($$status = 'open', full_name = 'x'$$, 'lead.sfdc')
) AS c (set, expected);

-- what was recorded earlier in the transaction is evidence, by whatever clock the writer dates it
RESET leadflow.clock;
BEGIN;
INSERT INTO crm.lead (source, external_id, email, role, verified) VALUES ('t', 'own', 'o@example.com', 'CEO', true);
INSERT INTO crm.touch (lead_id, kind, direction, at)
SELECT id, k, 'inbound', clock_timestamp() FROM crm.lead, unnest('{web_visit,form_submit}'::text[]) k WHERE external_id = 'own';
SELECT is(tried($$UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'own'$$), '00000', 'touches dated after the start of the transaction count');
COMMIT;
SET leadflow.clock = '2026-03-02 10:00+00';

-- leadflow.explain says the same as the guard
SELECT is((SELECT string_agg(criterion, ',') FROM leadflow.explain('crm', id, 'sql') WHERE NOT met),
          'target_role,verified_contact,two_signals,why_now,promised,evidence,confirmed_need,budget,decision_timeframe',
          'explain lists what is not met')
  FROM crm.lead WHERE external_id = 'bare';
SELECT is((SELECT bool_and(met) FROM leadflow.explain('crm', id, 'sql')), true, 'explain says that all is met')
  FROM crm.lead WHERE external_id = 'full';
SELECT is((SELECT value_seen || ': ' || how_to_fix FROM leadflow.explain('crm', id, 'sql') WHERE criterion = 'budget'),
          'budget = null: Set budget and currency.', 'explain shows the value and the remedy')
  FROM crm.lead WHERE external_id = 'bare';
SELECT is((SELECT string_agg(criterion || met::text, ',') FROM leadflow.explain('crm', id, 'churned')), 'transitionfalse,reasonfalse',
          'explain of a forbidden exit') FROM crm.lead WHERE external_id = 'bare';
SELECT is((SELECT t.allowed || ' ' || t.reason_required FROM leadflow.explain_transition('crm', c.f::leadflow.stage, c.t::leadflow.stage) t),
          c.expected, format('explain_transition %s to %s', coalesce(c.f, 'nothing'), c.t))
FROM (VALUES (NULL, 'mql', 'true false'), (NULL, 'lost', 'true true'), ('lead', 'mql', 'true false'), ('mql', 'lead', 'false false'),
             ('sal', 'mql', 'true true'), ('nurture', 'won', 'true false'), ('nurture', 'visitor', 'false false')) c (f, t, expected);
SELECT throws_ok($$SELECT leadflow.explain('nowhere', 1, 'mql')$$, '42704', NULL, 'explain needs a workspace');
SELECT throws_ok($$SELECT leadflow.explain('crm', -1, 'mql')$$, 'P0002', NULL, 'explain needs a row');
SELECT throws_ok($$SELECT leadflow.explain('crm', 1, 'mql', 'deal')$$, '22023', NULL, 'explain needs a kind of object');
SELECT is((SELECT count(*) FROM leadflow.explain(NULL, 1, 'mql')), 0::bigint, 'explain of nothing is nothing');

-- long values that are stored out of line are compared by what they hold
INSERT INTO crm.lead (source, external_id, stage, reason, reason_note)
SELECT 't', 'long', 'lost', 'other', string_agg(md5(i::text), '') FROM generate_series(1, 400) i;
UPDATE crm.lead SET stage = 'lead', reason_note = (SELECT string_agg(md5((-i)::text), '') FROM generate_series(1, 400) i)
 WHERE external_id = 'long';
SELECT is((SELECT concat_ws(' ', stage, reason, left(reason_note, 32)) FROM crm.lead WHERE external_id = 'long'), 'lead ' || md5('-1'),
          'a long note that is written with the move stays, the old reason goes');

-- what is read without asking must not be null
SELECT is(tried(c.statement), c.expected, c.statement)
FROM (VALUES
    ($$ALTER TABLE crm.lead ALTER stage DROP NOT NULL, ALTER stage_since DROP NOT NULL; UPDATE crm.lead SET stage = NULL$$, '55000'),
    ($$ALTER TABLE crm.lead ALTER stage_since DROP NOT NULL; UPDATE crm.lead SET stage_since = NULL$$, '55000'),
    ($$ALTER TABLE crm.touch ALTER direction DROP NOT NULL; INSERT INTO crm.touch (lead_id, kind) SELECT id, 'call' FROM crm.lead$$, '55000'),
    ($$ALTER TABLE crm.touch ALTER kind DROP NOT NULL; INSERT INTO crm.touch (lead_id, direction) SELECT id, 'inbound' FROM crm.lead$$, '55000'),
    ($$ALTER TABLE crm.standard DROP CONSTRAINT standard_pkey, ALTER variant DROP NOT NULL; UPDATE crm.standard SET variant = NULL;
       UPDATE crm.lead SET stage = 'mql'$$, '22004'),
    ($$ALTER TABLE crm.reason ALTER applies_to DROP NOT NULL; UPDATE crm.reason SET applies_to = NULL; UPDATE crm.lead SET stage = 'mql'$$, '22004')
) c (statement, expected);

SELECT * FROM finish();
