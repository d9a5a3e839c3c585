-- Who gets a lead: rules, pools and turns; what is kept, and what is explained.
-- 2 October 2026 is a Friday; in Warsaw the clocks are changed on 25 October.
SET client_min_messages = warning;
SET TIME ZONE 'Europe/Warsaw';
SET leadflow.clock = '2026-10-02 16:30+02';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SELECT no_plan();

\ir common/tried.sql
UPDATE crm.business_calendar SET calendar = 'Europe/Warsaw; Mo-Fr 09:00-17:00' WHERE code = 'default';
INSERT INTO crm.business_calendar VALUES ('late', 'Europe/Warsaw; Mo-Sa 12:00-20:00'), ('never', 'Europe/Warsaw; off');
INSERT INTO crm.team_member (member, team, department, calendar, active) VALUES
    ('anna', 'sdr', 'sales', NULL, true), ('ben', 'sdr', 'sales', 'late', true), ('cid', 'sdr', 'sales', NULL, true), ('fred', 'sdr', 'sales', NULL, true),
    ('alex', 'ae', 'sales', NULL, true), ('alma', 'ae', 'sales', NULL, true), ('eva', 'key', 'sales', NULL, true), ('mia', 'demand', 'marketing', NULL, true),
    ('max', 'sdr', 'marketing', NULL, true), ('gone', 'sdr', 'sales', NULL, false);
INSERT INTO crm.pool VALUES ('default', 'fred'), ('p', 'fred'), ('ae', 'alma'), ('empty', 'eva');
INSERT INTO crm.pool_member VALUES ('default', 'anna'), ('p', 'ben'), ('ae', 'alex');
INSERT INTO crm.reason VALUES ('back', '{}', 'other');
INSERT INTO crm.transition (from_stage, to_stage, reason_required) VALUES (NULL, 'nurture', false), ('nurture', 'lead', false), (NULL, 'mql', false);
INSERT INTO crm.free_mail_domain VALUES ('gmail.com');
INSERT INTO crm.account (source, external_id, name, domain, owner, territory, industry, segment) VALUES
    ('t', '1', 'Acme', 'https://www.acme.com/', 'eva', 'pl', 'steel', 'large'), ('t', '2', 'Twin', 'twin.com', 'eva', NULL, NULL, NULL), ('t', '3', 'Twin too', 'twin.com', 'eva', NULL, NULL, NULL),
    ('t', '4', 'Orphan', 'orphan.com', NULL, 'de', NULL, NULL), ('t', '5', 'Left', 'left.com', 'gone', NULL, NULL, NULL), ('t', '6', 'Stranger', 'stranger.com', 'nobody', NULL, NULL, NULL),
    ('t', '7', 'Mail', 'gmail.com', 'eva', NULL, NULL, NULL);
-- what a lead's owner is by, in a line
CREATE VIEW owned AS
SELECT l.id, concat_ws(' ', coalesce(l.owner, 'nobody'), 'by ' || a.how, 'of ' || coalesce(a.rule, 'no rule') || '/' || a.pool, 'at ' || a.stage) AS owned
FROM crm.lead l LEFT JOIN LATERAL (SELECT * FROM crm.assignment a WHERE a.lead_id = l.id ORDER BY a.id DESC LIMIT 1) a ON true;
CREATE FUNCTION owned() RETURNS text LANGUAGE sql AS $$ SELECT owned FROM owned ORDER BY id DESC LIMIT 1 $$;

SELECT is(tried($$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', NULL)$$, 'SELECT owned()'), 'nobody', 'without rules nobody is given a lead');
SELECT is(tried($$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, $$SELECT leadflow.route('crm', max(id)) IS NULL FROM crm.lead$$), 'true', 'nor by hand');

-- what a rule asks of the lead: rule r names pool p, where ben is
SELECT is(tried(format($$INSERT INTO crm.routing_rule (rule, pool, %s) VALUES ('r', 'p', %s); INSERT INTO crm.lead (source, stage, %s) VALUES ('t', 'mql', %s)$$,
                       c.columns, c.rule, c.asked, c.lead), 'SELECT owned()'),
          CASE WHEN c.matches THEN 'ben by turn of r/p at mql' ELSE 'anna by turn of no rule/default at mql' END, c.label)
FROM (VALUES
    ('no condition', 'meaning', $$'all'$$, 'role', 'NULL', true),
    ('its variant', 'variant', $$'smb'$$, 'variant', $$'smb'$$, true),
    ('another variant', 'variant', $$'smb'$$, 'variant', $$'cloud'$$, false),
    ('a variant, and a lead of none', 'variant', $$'smb'$$, 'role', 'NULL', false),
    ('all variants', 'variant', $$'*'$$, 'variant', $$'cloud'$$, true),
    ('its territory', 'territory', $$'{de,pl}'$$, 'territory', $$'pl'$$, true),
    ('another territory', 'territory', $$'{de,pl}'$$, 'territory', $$'fr'$$, false),
    ('no territory', 'territory', $$'{de,pl}'$$, 'territory', 'NULL', false),
    ('a null in the list matches nothing', 'territory', $$'{NULL}'$$, 'territory', 'NULL', false),
    ('the territory of the account', 'territory', $$'{de,pl}'$$, 'account_id', '1', true),
    ('the lead''s own territory beats that of the account', 'territory', $$'{de,pl}'$$, 'account_id, territory', $$1, 'fr'$$, false),
    ('a blank territory is none', 'territory', $$'{de,pl}'$$, 'account_id, territory', $$1, ' '$$, true),
    ('the territory of the account by the e-mail''s domain', 'territory', $$'{de,pl}'$$, 'email', $$'Jan@ACME.com'$$, true),
    ('its industry', 'industry', $$'{steel}'$$, 'industry', $$'steel'$$, true),
    ('another industry', 'industry', $$'{steel}'$$, 'industry', $$'wood'$$, false),
    ('the industry of the account', 'industry', $$'{steel}'$$, 'account_id', '1', true),
    ('its segment', 'segment', $$'{large}'$$, 'segment', $$'large'$$, true),
    ('another segment', 'segment', $$'{large}'$$, 'segment', $$'small'$$, false),
    ('the segment of the account', 'segment', $$'{large}'$$, 'account_id', '1', true),
    ('a condition that is met', 'condition', $$'budget >= 5000'$$, 'budget', '5000', true),
    ('a condition that is not', 'condition', $$'budget >= 5000'$$, 'budget', '4999', false),
    ('a condition that is null', 'condition', $$'budget >= 5000'$$, 'budget', 'NULL', false),
    ('a condition over evidence', 'condition', $$'signals = 0'$$, 'role', 'NULL', true),
    ('all of several', 'territory, industry, segment, variant, condition', $$'{pl}', '{steel}', '{large}', 'smb', 'budget > 1'$$, 'account_id, variant, budget', $$1, 'smb', 2$$, true),
    ('all but one of several', 'territory, industry, segment, variant, condition', $$'{pl}', '{steel}', '{small}', 'smb', 'budget > 1'$$, 'account_id, variant, budget', $$1, 'smb', 2$$, false)
) AS c (label, columns, rule, asked, lead, matches);
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('r', 'p', 'sql'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, 'SELECT owned()'), 'nobody', 'a rule of a later stage is not in force');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, active) VALUES ('r', 'p', false); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, 'SELECT owned()'), 'nobody', 'nor is one that is not in use');
SELECT is(tried(format($$INSERT INTO crm.routing_rule (rule, position, pool, territory) VALUES ('a', %s, 'p', '{pl}'), ('b', %s, 'ae', '{pl}'); INSERT INTO crm.lead (source, stage, territory) VALUES ('t', 'mql', 'pl')$$, c.a, c.b),
                'SELECT owned()'), c.expected, 'positions ' || c.a || ' and ' || c.b)
FROM (VALUES (1, 2, 'ben by turn of a/p at mql'), (2, 1, 'alex by turn of b/ae at mql'), (1, 1, 'ben by turn of a/p at mql')) AS c (a, b, expected);

-- the stages whose entry hands over: mql to pool p, sql to the pool ae
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); $$ || c.writes, 'SELECT owned()'), c.expected, c.label)
FROM (VALUES
    ('before the first', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'lead')$$, 'nobody'),
    ('a new lead', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, 'ben by turn of first/p at mql'),
    ('a lead that moves', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of first/p at mql'),
    ('into a leaf', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'mql.hot'$$, 'ben by turn of first/p at mql'),
    ('past it', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'sal'$$, 'ben by turn of first/p at mql'),
    ('past both', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'opportunity'$$, 'alex by turn of second/ae at sql'),
    ('imported past both', $$INSERT INTO crm.lead (source, stage, stage_since) VALUES ('t', 'proposal', '2025-01-01')$$, 'alex by turn of second/ae at sql'),
    ('one after the other', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET stage = 'sql'$$, 'alex by turn of second/ae at sql'),
    ('within a stage nothing is handed over', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET owner = NULL; UPDATE crm.lead SET stage = 'mql.hot'$$, 'nobody by turn of first/p at mql'),
    ('nor between stages without rules', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET owner = NULL; UPDATE crm.lead SET stage = 'sal'$$, 'nobody by turn of first/p at mql'),
    ('an exit', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'nurture'$$, 'nobody'),
    ('back from an exit, past the first', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'nurture'; UPDATE crm.lead SET stage = 'contacted'$$, 'ben by turn of first/p at mql'),
    ('back to the stage', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET stage = 'sal', owner = NULL; UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of first/p at mql'),
    ('a customer who is imported', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'active')$$, 'nobody'),
    ('a lead that is won at once', $$INSERT INTO crm.lead (source) VALUES ('t'); UPDATE crm.lead SET stage = 'won'$$, 'nobody'),
    ('a customer, where a rule is for customers', $$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('third', 'default', 'won'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'active')$$, 'anna by turn of third/default at won'),
    ('an opportunity takes its lead along', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); INSERT INTO crm.opportunity (source, lead_id) SELECT 't', max(id) FROM crm.lead$$, 'alex by turn of second/ae at sql')
) AS c (label, writes, expected);

-- who keeps the lead, and who does not
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); INSERT INTO crm.routing_rule (rule, pool, on_stage, territory) VALUES ('third', 'ae', 'decision', '{pl}'); $$ || c.writes, 'SELECT owned()'), c.expected, c.label)
FROM (VALUES
    ('a member of the pool keeps it', $$INSERT INTO crm.pool_member VALUES ('p', 'cid'); INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'cid')$$, 'cid'),
    ('even if he is absent', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('ben', '2026-10-01', '2026-11-01'); INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'ben')$$, 'ben'),
    ('the fallback of the pool keeps it', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'fred')$$, 'fred'),
    ('a member of marketing hands it over', $$INSERT INTO crm.lead (source, owner) VALUES ('t', 'mia'); UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of first/p at mql'),
    ('unless he is in the pool', $$INSERT INTO crm.pool_member VALUES ('p', 'max'); INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'max')$$, 'max'),
    ('who has left does not keep it', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'gone')$$, 'ben by turn of first/p at mql'),
    ('not even in the pool', $$INSERT INTO crm.pool_member VALUES ('p', 'gone'); INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'gone')$$, 'ben by turn of first/p at mql'),
    ('nor does a stranger', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'nobody')$$, 'ben by turn of first/p at mql'),
    ('one of another pool hands it over', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'alex')$$, 'ben by turn of first/p at mql'),
    ('SDR to AE', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET stage = 'sal'; UPDATE crm.lead SET stage = 'sql'$$, 'alex by turn of second/ae at sql'),
    ('the AE keeps it', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'sql'); UPDATE crm.lead SET stage = 'nurture'; UPDATE crm.lead SET stage = 'sql'$$, 'alex by turn of second/ae at sql'),
    ('where no rule matches an active owner keeps it', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'decision', 'cid')$$, 'cid'),
    ('where no rule matches marketing hands it over', $$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'decision', 'mia')$$, 'anna by turn of no rule/default at decision'),
    ('where no rule matches a lead of nobody is handed over', $$INSERT INTO crm.lead (source, stage) VALUES ('t', 'decision')$$, 'anna by turn of no rule/default at decision')
) AS c (label, writes, expected);
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET stage = 'sql'$$,
                $$SELECT string_agg(concat_ws(' ', to_stage, owner, team), ', ' ORDER BY id) FROM crm.stage_event WHERE NOT implied$$), 'mql ben sdr, sql alex ae', 'the history names the new owners');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'mia'); UPDATE crm.lead SET stage = 'sql'$$,
                $$SELECT string_agg(concat_ws('>', old_owner, owner) || ' ' || at, ', ' ORDER BY id) || ' ' || (SELECT owner_reason FROM crm.lead) FROM crm.assignment$$),
          'mia>ben 2026-10-02 16:30:00+02, ben>alex 2026-10-02 16:30:00+02 routed: second', 'the assignments, and the reason');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'); INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_stage, target, promise) VALUES ('x', 'x', 'mql', 'sal', '02:00', 'x');
                  INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, $$SELECT concat_ws(' ', owner, team, due_at) FROM crm.sla_clock$$),
          'ben sdr 2026-10-02 18:30:00+02', 'a clock is the new owner''s, in his time');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('second', 'ae', 'sql'); INSERT INTO crm.sla_policy (policy, metric, starts_on_stage, stops_on_stage, target, promise) VALUES ('x', 'x', 'mql', 'won', '02:00', 'x');
                  INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'anna'); UPDATE crm.lead SET stage = 'sql'$$, $$SELECT concat_ws(' ', owner, team, due_at) FROM crm.sla_clock$$),
          'alex ae 2026-10-05 10:30:00+02', 'a clock that runs goes with the lead');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool) VALUES ('first', 'p'); INSERT INTO crm.lead (source, stage, stage_since) VALUES ('t', 'sal', '2024-02-03 10:00+01')$$,
                $$SELECT concat_ws(' ', e.owner, e.at, a.at) FROM crm.stage_event e, crm.assignment a WHERE NOT e.implied$$), 'ben 2024-02-03 10:00:00+01 2026-10-02 16:30:00+02',
          'imported history: the event is of then, the assignment of now');

-- named accounts
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, position, pool, to_account_owner) VALUES ('named', 1, 'p', true); INSERT INTO crm.routing_rule (rule, pool) VALUES ('rest', 'ae'); $$ || c.writes, 'SELECT owned()'), c.expected, c.label)
FROM (VALUES
    ('by the account', $$INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 1)$$, 'eva by account_owner of named/p at mql'),
    ('by the domain', $$INSERT INTO crm.lead (source, stage, email) VALUES ('t', 'mql', 'jan@acme.com')$$, 'eva by account_owner of named/p at mql'),
    ('the account before the domain', $$INSERT INTO crm.lead (source, stage, account_id, email) VALUES ('t', 'mql', 4, 'jan@acme.com')$$, 'alex by turn of rest/ae at mql'),
    ('a domain of two accounts', $$INSERT INTO crm.lead (source, stage, email) VALUES ('t', 'mql', 'jan@twin.com')$$, 'alex by turn of rest/ae at mql'),
    ('a domain of none', $$INSERT INTO crm.lead (source, stage, email) VALUES ('t', 'mql', 'jan@other.com')$$, 'alex by turn of rest/ae at mql'),
    ('a free mailbox', $$INSERT INTO crm.lead (source, stage, email) VALUES ('t', 'mql', 'jan@gmail.com')$$, 'alex by turn of rest/ae at mql'),
    ('no address', $$INSERT INTO crm.lead (source, stage, email) VALUES ('t', 'mql', 'jan')$$, 'alex by turn of rest/ae at mql'),
    ('an account of nobody', $$INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 4)$$, 'alex by turn of rest/ae at mql'),
    ('an account of one who has left', $$INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 5)$$, 'alex by turn of rest/ae at mql'),
    ('an account of a stranger', $$INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 6)$$, 'alex by turn of rest/ae at mql'),
    ('its owner is absent', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('eva', '2026-10-01', '2026-10-03'); INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 1)$$, 'alex by turn of rest/ae at mql'),
    ('its owner has it already', $$INSERT INTO crm.lead (source, stage, account_id, owner) VALUES ('t', 'mql', 1, 'eva')$$, 'eva'),
    ('it goes to its owner even from the pool', $$INSERT INTO crm.lead (source, stage, account_id, owner, owner_reason) VALUES ('t', 'mql', 1, 'ben', 'x')$$, 'eva by account_owner of named/p at mql'),
    ('together with a territory', $$UPDATE crm.routing_rule SET territory = '{fr}' WHERE rule = 'named'; INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 1)$$, 'alex by turn of rest/ae at mql')
) AS c (label, writes, expected);
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, to_account_owner) VALUES ('named', 'p', true); INSERT INTO crm.lead (source, stage, account_id) VALUES ('t', 'mql', 1)$$, 'SELECT count(*) || '' '' || count(turn) FROM crm.assignment'), '1 0', 'it is nobody''s turn');

-- who may have a lead: pool p of ben (late hours) and cid
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('p', 'cid'); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); $$ || c.writes
                || $$; INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, $$SELECT owned || ' ' || skipped FROM owned, crm.assignment WHERE lead_id = owned.id ORDER BY owned.id DESC LIMIT 1$$), c.expected, c.label)
FROM (VALUES
    ('everybody', 'SELECT', 'ben by turn of r/p at mql []'),
    ('not who has left', $$UPDATE crm.team_member SET active = false WHERE member = 'ben'$$, 'cid by turn of r/p at mql [{"why": "is not active", "member": "ben"}]'),
    ('not who is absent', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('ben', '2026-10-02 16:30+02', '2026-10-05')$$,
        'cid by turn of r/p at mql [{"why": "is absent until 2026-10-05 00:00:00+02", "member": "ben"}]'),
    ('until the end of the absence', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('ben', '2026-10-01', '2026-10-02 16:30+02')$$, 'ben by turn of r/p at mql []'),
    ('before the absence', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('ben', '2026-10-02 16:30:01+02', '2026-10-05')$$, 'ben by turn of r/p at mql []'),
    ('absent twice at once', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('ben', '2026-10-01', '2026-10-03'), ('ben', '2026-10-02', '2026-10-25 03:00+01')$$,
        'cid by turn of r/p at mql [{"why": "is absent until 2026-10-25 03:00:00+01", "member": "ben"}]'),
    ('hours do not matter unless the rule says so', $$SET LOCAL leadflow.clock = '2026-10-04 10:00+02'$$, 'ben by turn of r/p at mql []'),
    ('in hours: both at work', $$UPDATE crm.routing_rule SET in_hours = true$$, 'ben by turn of r/p at mql []'),
    ('in hours: in the morning', $$UPDATE crm.routing_rule SET in_hours = true; SET LOCAL leadflow.clock = '2026-10-02 09:00+02'$$,
        'cid by turn of r/p at mql [{"why": "does not work until 2026-10-02 12:00:00+02", "member": "ben"}]'),
    ('in hours: in the evening', $$UPDATE crm.routing_rule SET in_hours = true; SET LOCAL leadflow.clock = '2026-10-02 17:00+02'$$,
        'ben by turn of r/p at mql [{"why": "does not work until 2026-10-05 09:00:00+02", "member": "cid"}]'),
    ('in hours: on Saturday', $$UPDATE crm.routing_rule SET in_hours = true; SET LOCAL leadflow.clock = '2026-10-03 19:59+02'$$,
        'ben by turn of r/p at mql [{"why": "does not work until 2026-10-05 09:00:00+02", "member": "cid"}]'),
    ('in hours: on Sunday, when the clocks are changed', $$UPDATE crm.routing_rule SET in_hours = true; SET LOCAL leadflow.clock = '2026-10-25 10:00+01'$$,
        'fred by fallback of r/p at mql [{"why": "does not work until 2026-10-26 12:00:00+01", "member": "ben"}, {"why": "does not work until 2026-10-26 09:00:00+01", "member": "cid"}]'),
    ('in hours: who never works', $$UPDATE crm.routing_rule SET in_hours = true; UPDATE crm.team_member SET calendar = 'never' WHERE member = 'ben'$$,
        'cid by turn of r/p at mql [{"why": "never works", "member": "ben"}]'),
    ('not who is full', $$UPDATE crm.pool_member SET capacity = 1 WHERE member = 'ben'; INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'ben')$$, 'cid by turn of r/p at mql [{"why": "is full: 1 of 1", "member": "ben"}]'),
    ('who has room', $$UPDATE crm.pool_member SET capacity = 2 WHERE member = 'ben'; INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'ben')$$, 'ben by turn of r/p at mql []'),
    ('leads of other pools fill, too', $$UPDATE crm.pool_member SET capacity = 1 WHERE member = 'ben'; INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'lead', 'ben'); UPDATE crm.lead SET stage = 'decision'$$,
        'cid by turn of r/p at mql [{"why": "is full: 1 of 1", "member": "ben"}]'),
    ('capacity 0', $$UPDATE crm.pool_member SET capacity = 0$$, 'fred by fallback of r/p at mql [{"why": "is full: 0 of 0", "member": "ben"}, {"why": "is full: 0 of 0", "member": "cid"}]'),
    ('a pool of nobody', $$UPDATE crm.routing_rule SET pool = 'empty'$$, 'eva by fallback of r/empty at mql []'),
    ('a fallback that is away gets it all the same', $$UPDATE crm.routing_rule SET pool = 'empty'; UPDATE crm.team_member SET active = false WHERE member = 'eva'$$, 'eva by fallback of r/empty at mql []')
) AS c (label, writes, expected);
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); UPDATE crm.pool_member SET capacity = 1 WHERE member = 'ben'; INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'lead', 'ben'), ('t', 'won', 'ben');
                  SET LOCAL leadflow.on_violation = warn; INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'nurture', 'ben'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, 'SELECT owned()'),
          'ben by turn of r/p at mql', 'leads that are not open leave room');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); UPDATE crm.pool_member SET capacity = 3 WHERE member = 'ben'; INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 5)$$,
                $$SELECT string_agg(owner, ' ' ORDER BY id) FROM crm.lead$$), 'ben ben ben fred fred', 'the leads of one statement fill, too');

-- turns: at every step of 200 leads nobody is a whole lead off the share that his weight promises
CREATE FUNCTION farthest(of_pool text) RETURNS double precision LANGUAGE sql AS $$
    SELECT max(abs(count_of.n - count_of.k * w.weight / count_of.total::double precision))
      FROM (SELECT m.member, a.k, count(*) FILTER (WHERE a.owner = m.member) OVER (PARTITION BY m.member ORDER BY a.k) AS n,
                   (SELECT sum(x.weight) FROM crm.pool_member x WHERE x.pool = $1) AS total
              FROM (SELECT a.owner, row_number() OVER (ORDER BY a.id) AS k FROM crm.assignment a WHERE a.pool = $1) a, crm.pool_member m WHERE m.pool = $1) count_of
      JOIN crm.pool_member w ON w.pool = $1 AND w.member = count_of.member
$$;
INSERT INTO crm.team_member (member, team, department) SELECT 'm' || to_char(i, 'FM00'), 'sdr', 'sales' FROM generate_series(1, 40) i;
INSERT INTO crm.pool VALUES ('fair', 'fred');
SELECT cmp_ok(tried(format($$INSERT INTO crm.pool_member SELECT 'fair', 'm' || to_char(i, 'FM00'), w FROM unnest(%L::integer[]) WITH ORDINALITY u (w, i); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'fair');
                    INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 200)$$, c.weights), $$SELECT farthest('fair')$$)::numeric, '<=',
              CASE WHEN cardinality(c.weights) = 1 THEN 0 ELSE 1 - 1.0 / (2 * cardinality(c.weights) - 2) + 1e-6 END, 'weights ' || c.weights::text)
FROM (VALUES ('{1}'::integer[]), ('{1,1}'), ('{1,1,1}'), ('{2,1,1}'), ('{3,2,1}'), ('{5,1}'), ('{1,5}'), ('{7,3,2,1,1}'), ('{1000,1,1}'), ('{999,1000,998}'), ('{1,1,1,1,1,1,1,100}'), ('{1,2,3,4,5,6,7,8,9,10}'),
             ((SELECT array_agg(1 + i * 37 % 11) FROM generate_series(1, 40) i))) AS c (weights);
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('fair', 'm01', 2), ('fair', 'm02', 1), ('fair', 'm03', 1); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'fair'); INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 8)$$,
                $$SELECT string_agg(right(owner, 1), '' ORDER BY id) FROM crm.lead$$), '12311231', 'the order of turns, weights 2, 1, 1');
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('fair', 'm03', 1), ('fair', 'm02', 1), ('fair', 'm01', 2); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'fair');
                  INSERT INTO crm.lead (source) SELECT 't' FROM generate_series(1, 8); UPDATE crm.lead SET stage = 'mql' WHERE id % 2 = 0; UPDATE crm.lead SET stage = 'mql'$$,
                $$SELECT string_agg(right(owner, 1), '' ORDER BY id) FROM crm.assignment$$), '12311231', 'it does not depend on the order of members or the way of leads');
-- who was away earns nothing meanwhile, and does not catch up
SELECT is(tried($$INSERT INTO crm.pool_member SELECT 'fair', 'm0' || i FROM generate_series(1, 3) i; INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'fair'); INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 30);
                  UPDATE crm.team_member SET active = false WHERE member = 'm02'; INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 30);
                  UPDATE crm.team_member SET active = true WHERE member = 'm02'; INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 30)$$,
                $$SELECT string_agg(n::text, ' ' ORDER BY part, owner) FROM (SELECT (a.k - 1) / 30 AS part, owner, count(*) AS n FROM (SELECT owner, row_number() OVER (ORDER BY id) AS k FROM crm.assignment) a GROUP BY 1, 2) x$$),
          '10 10 10 15 15 10 10 10', 'an absence is not caught up');
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('fair', 'm01', 3), ('fair', 'm02', 1); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'fair'); INSERT INTO crm.lead (source, stage) SELECT 't', 'mql' FROM generate_series(1, 10)$$,
                $$SELECT string_agg(concat_ws(' ', member, weight, weight_share, assigned, earned, assigned_share, leads_off), '; ' ORDER BY member) FROM crm.routing_fairness WHERE pool = 'fair'$$),
          'm01 3 0.750000 8 7.500 0.800000 0.500; m02 1 0.250000 2 2.500 0.200000 -0.500', 'routing_fairness');
SELECT is((SELECT count(*) FROM crm.routing_fairness WHERE assigned = 0 AND assigned_share IS NULL AND earned = 0 AND leads_off = 0), 3::bigint, 'routing_fairness before the first lead');

-- who refused the lead before, and who is to be passed over
ALTER TABLE crm.verdict DISABLE TRIGGER USER;
CREATE FUNCTION refused(who text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.verdict (lead_id, verdict, handed_over_at, reason, owner, variant) SELECT max(id), 'rejected', '2026-10-01'::timestamptz + count(*) * interval '1 second' + (SELECT count(*) FROM crm.verdict) * interval '1 minute', 'back', $1, '*' FROM crm.lead $$;
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('p', 'cid'); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); $$ || c.writes, 'SELECT owned()'), c.expected, c.label)
FROM (VALUES
    ('he who refused it does not get it again', $$SELECT refused('ben'); UPDATE crm.lead SET stage = 'nurture'; UPDATE crm.lead SET stage = 'mql'$$, 'cid by turn of r/p at mql'),
    ('also where nobody has it', $$SELECT refused('ben'); UPDATE crm.lead SET stage = 'nurture', owner = NULL; UPDATE crm.lead SET stage = 'mql'$$, 'cid by turn of r/p at mql'),
    ('unless there is nobody else', $$SELECT refused('ben'), refused('cid'); UPDATE crm.lead SET stage = 'nurture', owner = NULL; UPDATE crm.lead SET stage = 'mql'$$, 'cid by turn of r/p at mql'),
    ('then whoever has it keeps it at his turn', $$UPDATE crm.team_member SET active = false WHERE member = 'cid'; SELECT refused('ben'); UPDATE crm.lead SET stage = 'nurture'; UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of r/p at mql'),
    ('before the fallback', $$UPDATE crm.team_member SET active = false WHERE member = 'cid'; SELECT refused('ben'); UPDATE crm.lead SET stage = 'nurture', owner = NULL; UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of r/p at mql'),
    ('the owner of the account who refused it', $$UPDATE crm.routing_rule SET to_account_owner = true; UPDATE crm.lead SET account_id = 1; SELECT refused('eva'); UPDATE crm.lead SET stage = 'nurture', owner = NULL; UPDATE crm.lead SET stage = 'mql'$$, 'anna by turn of no rule/default at mql'),
    ('he who hands it back with a reason does not get it again', $$UPDATE crm.lead SET stage = 'contacted'; UPDATE crm.lead SET stage = 'mql', reason = 'back'$$, 'cid by turn of r/p at mql'),
    ('he who accepted it keeps it', $$UPDATE crm.lead SET stage = 'sal'; UPDATE crm.lead SET stage = 'mql'$$, 'ben by turn of r/p at mql'),
    ('route: who has it rightly keeps it', $$SELECT leadflow.route('crm', max(id)), leadflow.route('crm', max(id)) FROM crm.lead$$, 'ben by turn of r/p at mql'),
    ('route: he gives it up', $$SELECT leadflow.route('crm', max(id), avoid => '{ben}') FROM crm.lead$$, 'cid by turn of r/p at mql'),
    ('route: unless there is nobody else', $$SELECT leadflow.route('crm', max(id), avoid => '{ben,cid,NULL}') FROM crm.lead$$, 'cid by turn of r/p at mql'),
    ('route: twice', $$SELECT leadflow.route('crm', max(id), avoid => '{ben}') FROM crm.lead; SELECT leadflow.route('crm', max(id), avoid => '{ben}') FROM crm.lead$$, 'cid by turn of r/p at mql'),
    ('route: by the rules of another stage', $$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('s', 'ae', 'sql'); SELECT leadflow.route('crm', max(id), 'sql') FROM crm.lead$$, 'alex by turn of s/ae at sql'),
    ('route: by those of the last stage with rules', $$UPDATE crm.lead SET stage = 'sal', owner = NULL; SELECT leadflow.route('crm', max(id)) FROM crm.lead$$, 'cid by turn of r/p at mql'),
    ('route: not in an exit', $$UPDATE crm.lead SET stage = 'nurture', owner = NULL; SELECT leadflow.route('crm', max(id)) FROM crm.lead$$, 'nobody by turn of r/p at mql')
) AS c (label, writes, expected);
ALTER TABLE crm.verdict ENABLE TRIGGER USER;
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET stage = 'sql'$$,
                $$SELECT string_agg(concat_ws(' ', verdict, owner, team), ', ') FROM crm.verdict$$), 'accepted ben sdr', 'the verdict is of him who passes the lead on');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('first', 'p', 'mql'), ('second', 'ae', 'sql'); INSERT INTO crm.lead (source, owner) VALUES ('t', 'mia'); UPDATE crm.lead SET stage = 'sql'$$,
                $$SELECT string_agg(concat_ws(' ', verdict, owner, team), ', ') FROM crm.verdict$$), 'accepted alex ae', 'or of him who gets it, where the move is the handover');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); UPDATE crm.lead SET owner = 'mia', owner_reason = 'x'; SELECT leadflow.route('crm', id, reason => 'no answer for a day') FROM crm.lead$$,
                $$SELECT concat_ws(' ', owner, owner_reason) FROM crm.lead$$), 'ben no answer for a day', 'route: the caller''s reason');
SELECT is(tried(c.statement), c.expected, c.label)
FROM (VALUES
    ('route: no such lead', $$SELECT leadflow.route('crm', -1)$$, 'P0002'),
    ('route: no such workspace', $$SELECT leadflow.route('public', 1)$$, '42704'),
    ('route: a lead that was merged', $$INSERT INTO crm.lead (source) VALUES ('t'), ('t'); SELECT leadflow.merge('crm', max(id), min(id)) FROM crm.lead; SELECT leadflow.route('crm', min(id)) FROM crm.lead$$, '55000'),
    ('explain_routing: no such lead', $$SELECT * FROM leadflow.explain_routing('crm', -1)$$, 'P0002'),
    ('explain_routing: no such workspace', $$SELECT * FROM leadflow.explain_routing('public', 1)$$, '42704')
) AS c (label, statement, expected);
SELECT is(leadflow.route(NULL, 1) IS NULL AND leadflow.route('crm', NULL) IS NULL AND NOT EXISTS (SELECT FROM leadflow.explain_routing('crm', NULL)), true, 'nothing of nothing');

-- definitions
SELECT is(tried(c.statement), c.expected, c.label)
FROM (VALUES
    ('a rule while there is no pool default', $$DELETE FROM crm.pool_member WHERE pool = 'default'; DELETE FROM crm.pool WHERE pool = 'default'; INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p')$$, '23503 pool_default_is_there'),
    ('one that is not in use may be there', $$DELETE FROM crm.pool_member WHERE pool = 'default'; DELETE FROM crm.pool WHERE pool = 'default'; INSERT INTO crm.routing_rule (rule, pool, active) VALUES ('r', 'p', false)$$, '00000'),
    ('but not taken into use', $$DELETE FROM crm.pool_member WHERE pool = 'default'; DELETE FROM crm.pool WHERE pool = 'default'; INSERT INTO crm.routing_rule (rule, pool, active) VALUES ('r', 'p', false); UPDATE crm.routing_rule SET active = true$$, '23503 pool_default_is_there'),
    ('the pool default cannot go', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); DELETE FROM crm.pool_member WHERE pool = 'default'; DELETE FROM crm.pool WHERE pool = 'default'$$, '23503 pool_default_is_there'),
    ('nor be renamed', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); UPDATE crm.pool SET pool = 'x' WHERE pool = 'default'$$, '23503 pool_default_is_there'),
    ('another pool may be', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); UPDATE crm.pool SET pool = 'x' WHERE pool = 'p'; INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql')$$, '00000'),
    ('a leaf', $$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('r', 'p', 'mql.hot')$$, '23514 routing_rule_on_stage_check'),
    ('an exit', $$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('r', 'p', 'nurture')$$, '23514 routing_rule_on_stage_check'),
    ('no territory at all', $$INSERT INTO crm.routing_rule (rule, pool, territory) VALUES ('r', 'p', '{}')$$, '23514 routing_rule_territory_check'),
    ('a condition that does not compile', $$INSERT INTO crm.routing_rule (rule, pool, condition) VALUES ('r', 'p', 'no_such_column')$$, '42703'),
    ('a pool without a fallback', $$INSERT INTO crm.pool VALUES ('x', NULL)$$, '23502'),
    ('a fallback who is nobody', $$INSERT INTO crm.pool VALUES ('x', 'nobody')$$, '23503 pool_fallback_owner_fkey'),
    ('an assignment stays', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p'); INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'); DELETE FROM crm.assignment$$, '23514 append_only')
) AS c (label, statement, expected);
SELECT isnt(tried($$INSERT INTO crm.routing_rule (rule, pool, condition) VALUES ('r', 'p', 'pg_read_file(''x'') = ''''')$$), '00000', 'a condition that reads files');

-- faults
SELECT is((SELECT count(*) FROM crm.routing_faults), 0::bigint, 'no rule, no fault');
SELECT is(tried(c.writes, $$SELECT string_agg(concat_ws(' ', fault, rule, pool, member, account_id), '; ' ORDER BY fault, pool, rule, account_id) FROM crm.routing_faults$$), c.expected, c.label)
FROM (VALUES
    ('all is well', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p')$$, NULL),
    ('a member who has left', $$INSERT INTO crm.pool_member VALUES ('p', 'gone')$$, 'member_inactive p gone'),
    ('a fallback who has left', $$UPDATE crm.pool SET fallback_owner = 'gone' WHERE pool = 'p'$$, 'fallback_inactive p gone'),
    ('a fallback who is absent', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('alma', '2026-10-02', '2026-10-03')$$, 'fallback_absent ae alma'),
    ('one whose absence is over', $$INSERT INTO crm.absence (member, from_at, until_at) VALUES ('alma', '2026-10-01', '2026-10-02 16:30+02')$$, NULL),
    ('a pool of nobody', $$INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'empty')$$, 'pool_without_members r empty'),
    ('a pool of those who have left', $$INSERT INTO crm.pool_member VALUES ('empty', 'gone'); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'empty')$$, 'member_inactive empty gone; pool_without_members r empty'),
    ('a pool of those who take nothing', $$INSERT INTO crm.pool_member VALUES ('empty', 'eva', 1, 0); INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'empty')$$, 'pool_without_members r empty'),
    ('a pool that no rule uses', $$INSERT INTO crm.routing_rule (rule, pool, active) VALUES ('r', 'empty', false)$$, NULL),
    ('the default pool', $$DELETE FROM crm.pool_member WHERE pool = 'default'; INSERT INTO crm.routing_rule (rule, pool) VALUES ('r', 'p')$$, 'pool_without_members default'),
    ('a rule that is never reached', $$INSERT INTO crm.routing_rule (rule, position, pool, territory) VALUES ('b', 2, 'p', '{pl}'); INSERT INTO crm.routing_rule (rule, position, pool) VALUES ('a', 1, 'p'), ('c', 1, 'p')$$, 'rule_never_matches b p; rule_never_matches c p'),
    ('one of another stage is', $$INSERT INTO crm.routing_rule (rule, pool, on_stage) VALUES ('a', 'p', 'mql'), ('b', 'p', 'sql')$$, NULL),
    ('so is one after a variant', $$INSERT INTO crm.routing_rule (rule, pool, variant) VALUES ('a', 'p', 'smb'), ('b', 'p', '*')$$, NULL),
    ('but not one of the same variant', $$INSERT INTO crm.routing_rule (rule, pool, variant) VALUES ('a', 'p', 'smb'), ('b', 'p', 'smb')$$, 'rule_never_matches b p'),
    ('owners of accounts who have left', $$INSERT INTO crm.routing_rule (rule, pool, to_account_owner) VALUES ('a', 'p', true)$$, 'account_owner_inactive gone 5; account_owner_inactive nobody 6')
) AS c (label, writes, expected);

-- every step, for a sales manager to read
SELECT is(tried($$INSERT INTO crm.pool_member VALUES ('p', 'cid', 2, 1), ('p', 'anna', 1, NULL), ('p', 'gone', 1, NULL); INSERT INTO crm.routing_rule (rule, position, pool, variant) VALUES ('smb', 1, 'ae', 'smb');
                  INSERT INTO crm.routing_rule (rule, position, pool, territory) VALUES ('north', 2, 'ae', '{se,no}'); INSERT INTO crm.routing_rule (rule, position, pool, to_account_owner) VALUES ('named', 3, 'ae', true);
                  INSERT INTO crm.routing_rule (rule, position, pool, condition) VALUES ('big', 4, 'ae', 'budget > 1000'); INSERT INTO crm.routing_rule (rule, position, pool, in_hours) VALUES ('rest', 5, 'p', true), ('never', 6, 'ae', true);
                  SET LOCAL leadflow.clock = '2026-10-02 09:30+02'; INSERT INTO crm.lead (source, stage) VALUES ('t', 'mql'), ('t', 'mql'), ('t', 'mql'); INSERT INTO crm.lead (source, territory, account_id, budget) VALUES ('t', 'pl', 4, 10)$$,
                $$SELECT string_agg(concat_ws('|', what, name, coalesce(fits::text, '-'), why, CASE WHEN chosen THEN 'chosen' END, open_leads, capacity, weight, credit), E'\n' ORDER BY step)
                  FROM leadflow.explain_routing('crm', (SELECT max(id) FROM crm.lead), 'mql')$$),
          'rule|smb|false|the lead''s variant is *, the rule''s: smb
rule|north|false|the lead''s territory is pl, the rule''s: se, no
rule|named|false|account Orphan has no owner
rule|big|false|its condition is not met: budget > 1000
rule|rest|true|all that it asks for holds
rule|never|-|not asked: rest comes first
member|anna|true|may have it|chosen|2|1|0.333333
member|ben|false|does not work until 2026-10-02 12:00:00+02|0|1|0.000000
member|cid|false|is full: 1 of 1|1|1|2|-0.333333
member|gone|false|is not active|0|1|0.000000
fallback|fred|false|not needed
owner|anna|true|it is the turn of anna|chosen', 'explain_routing');
SELECT is(tried($$INSERT INTO crm.routing_rule (rule, pool, territory) VALUES ('r', 'p', '{pl}'); INSERT INTO crm.lead (source) VALUES ('t')$$,
                $$SELECT string_agg(concat_ws('|', what, name, coalesce(fits::text, '-'), why, CASE WHEN chosen THEN 'chosen' END), E'\n' ORDER BY step) FROM leadflow.explain_routing('crm', (SELECT max(id) FROM crm.lead), 'mql')$$),
          'rule|r|false|the lead has no territory
rule|true|no rule is for the lead: pool default
member|anna|true|may have it|chosen
fallback|fred|false|not needed
owner|anna|true|it is the turn of anna|chosen', 'explain_routing: no rule matches');
SELECT is(tried($$INSERT INTO crm.lead (source, stage, owner) VALUES ('t', 'mql', 'anna')$$, $$SELECT concat_ws('|', what, name, coalesce(fits::text, '-'), why, chosen) FROM leadflow.explain_routing('crm', (SELECT max(id) FROM crm.lead))$$),
          'owner|anna|-|no rule is in force|f', 'explain_routing: no rule');

-- what is explained is what then happens, and explaining changes nothing
CREATE FUNCTION agreements() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    explained text; got text; of_lead bigint; before text; after text; differ text := ''; n integer := 0; hows text;
BEGIN
    INSERT INTO crm.pool_member SELECT 'fair', 'm' || to_char(i, 'FM00'), 1 + i % 3, CASE WHEN i % 2 = 0 THEN i * 2 END FROM generate_series(1, 7) i;
    INSERT INTO crm.routing_rule (rule, position, pool, to_account_owner) VALUES ('named', 1, 'p', true);
    INSERT INTO crm.routing_rule (rule, position, pool, territory, in_hours) VALUES ('pl', 2, 'fair', '{pl}', true);
    INSERT INTO crm.routing_rule (rule, position, pool, condition, on_stage) VALUES ('big', 3, 'ae', 'budget > 100', 'mql'), ('late', 3, 'ae', 'budget > 50', 'sql');
    FOR i IN 1..240 LOOP
        PERFORM set_config('leadflow.clock', ('2026-10-02 06:00+02'::timestamptz + i * interval '37 minutes')::text, true);
        IF i % 9 = 0 THEN
            INSERT INTO crm.absence (member, from_at, until_at) VALUES ('m0' || 1 + i % 7, leadflow.clock(), leadflow.clock() + interval '5 hours');
        END IF;
        INSERT INTO crm.lead (source, stage, owner, territory, email, budget) VALUES ('t', CASE i % 5 WHEN 0 THEN 'contacted' ELSE 'lead' END, (ARRAY['anna', 'gone', 'mia', 'm03', NULL, NULL, NULL])[1 + i % 7],
            CASE WHEN i % 3 > 0 THEN 'pl' END, CASE WHEN i % 11 = 0 THEN 'a@acme.com' END, i % 160) RETURNING id INTO of_lead;
        IF i % 4 = 0 THEN
            INSERT INTO crm.verdict (lead_id, verdict, handed_over_at, reason, owner, variant) VALUES (of_lead, 'rejected', leadflow.clock(), 'back', 'm0' || 1 + i % 7, '*');
        END IF;
        SELECT count(*) || coalesce(max(turn), 0)::text INTO before FROM crm.assignment;
        SELECT name INTO explained FROM leadflow.explain_routing('crm', of_lead, CASE i % 3 WHEN 0 THEN 'opportunity'::leadflow.stage ELSE 'mql' END) WHERE what = 'owner';
        SELECT count(*) || coalesce(max(turn), 0)::text INTO after FROM crm.assignment;
        CONTINUE WHEN i % 5 = 0 AND i % 3 > 0;
        UPDATE crm.lead SET stage = CASE i % 3 WHEN 0 THEN 'opportunity'::leadflow.stage ELSE 'mql' END WHERE id = of_lead;
        SELECT owner INTO got FROM crm.lead WHERE id = of_lead;
        n := n + 1;
        IF got IS DISTINCT FROM explained OR before IS DISTINCT FROM after THEN
            differ := differ || format(' %s:%s/%s', i, explained, got);
        END IF;
    END LOOP;
    SELECT string_agg(DISTINCT how, ' ' ORDER BY how) INTO hows FROM crm.assignment;
    RETURN n || ' ' || hows || differ;
END $$;
SELECT is(tried('ALTER TABLE crm.verdict DISABLE TRIGGER USER', 'SELECT agreements()'), '208 account_owner fallback turn', 'explain_routing says what then happens, and changes nothing');

-- every way in
INSERT INTO crm.routing_rule (rule, pool, territory) VALUES ('r', 'fair', '{pl}');
INSERT INTO crm.pool_member SELECT 'fair', 'm0' || i FROM generate_series(1, 3) i;
COPY crm.lead (source, external_id, stage, territory) FROM stdin;
t	c1	mql	pl
t	c2	sal	pl
t	c3	lead	pl
t	c4	mql	pl
\.
SELECT is((SELECT string_agg(concat_ws(' ', external_id, owner), ', ' ORDER BY id) FROM crm.lead), 'c1 m01, c2 m02, c3, c4 m03', 'COPY');
INSERT INTO crm.lead (source, external_id, stage, territory) VALUES ('t', 'c3', 'mql', 'pl'), ('t', 'c1', 'sal', 'pl'), ('t', 'c5', 'mql', 'pl')
ON CONFLICT (source, external_id) DO UPDATE SET stage = excluded.stage;
SELECT is((SELECT string_agg(concat_ws(' ', external_id, owner), ', ' ORDER BY external_id) FROM crm.lead), 'c1 m01, c2 m02, c3 m01, c4 m03, c5 m02', 'ON CONFLICT DO UPDATE');
SELECT is((SELECT count(*) FROM crm.assignment), 5::bigint, 'a lead that was not inserted is nobody''s turn');
CREATE TABLE deal (id integer PRIMARY KEY, status text, land text);
INSERT INTO crm.stage_alias (source, status, stage) VALUES ('espo', 'New', 'lead'), ('espo', 'Assigned', 'mql');
SELECT leadflow.attach('crm', 'deal', 'lead', '{"external_id": "new.id", "status": "new.status", "territory": "new.land"}', '{"source": "espo"}') \g /dev/null
INSERT INTO deal VALUES (1, 'Assigned', 'pl'), (2, 'New', 'pl'), (3, 'Assigned', 'de');
UPDATE deal SET status = 'Assigned';
SELECT is((SELECT string_agg(concat_ws(' ', external_id, owner, owner_reason), ', ' ORDER BY external_id) FROM crm.lead WHERE source = 'espo'),
          '1 m03 routed: r, 2 m01 routed: r, 3 anna routed: pool default', 'an attached table');
SELECT is(tried($$SET LOCAL leadflow.on_violation = park; INSERT INTO crm.lead (source, stage, territory) VALUES ('t', 'lost', 'pl'), ('t', 'mql', 'pl')$$, $$SELECT string_agg(owner, ' ') || (SELECT count(*) FROM crm.assignment) FROM crm.lead WHERE external_id IS NULL$$),
          'm029', 'a row that is parked is nobody''s turn');
SELECT is(tried($$INSERT INTO crm.overwrite_rule (field, rule, sources) VALUES ('owner', 'ranked', '{crm,t}'); SET LOCAL leadflow.source = 'crm'; INSERT INTO crm.lead (source, external_id, owner, territory) VALUES ('t', 'x', 'mia', 'pl'); SET LOCAL leadflow.source = 't';
                  UPDATE crm.lead SET stage = 'mql' WHERE external_id = 'x'$$, $$SELECT owner || (SELECT count(*) FROM crm.overwrite_refused) FROM crm.lead WHERE external_id = 'x'$$), 'm020', 'a rule about tools does not keep the owner');
CREATE FUNCTION keep_mia() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 'mia' THEN NEW.owner := 'mia'; END IF; RETURN NEW; END $$;
SELECT is(tried($$CREATE TRIGGER keep_mia BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION keep_mia(); INSERT INTO crm.lead (source, external_id, stage, owner, territory) VALUES ('t', 'x', 'mql', 'mia', 'pl')$$,
                $$SELECT (SELECT owner FROM crm.lead WHERE external_id = 'x') || ' ' || (SELECT count(*) FROM crm.assignment)$$), 'mia 8', 'where somebody''s trigger keeps the owner it is nobody''s turn');
SELECT is((SELECT count(*) FROM crm.lead l JOIN LATERAL (SELECT * FROM crm.stage_event e WHERE e.lead_id = l.id ORDER BY e.id DESC LIMIT 1) e ON true WHERE l.owner IS DISTINCT FROM e.owner), 0::bigint, 'the history ends with the owner that each lead has');

-- rights: the writer needs none on pools and turns; what a caller may not see or change stays so
SELECT 'lf_routing_' || pg_backend_pid() AS p \gset
\set writer :p _writer
\set reader :p _reader
CREATE ROLE :writer;
CREATE ROLE :reader;
GRANT USAGE ON SCHEMA crm TO :writer;
GRANT INSERT ON crm.lead TO :writer;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
CREATE FUNCTION as_role(who text, statement text, query text) RETURNS text LANGUAGE sql AS $$ SELECT tried(format('SET LOCAL ROLE %I; %s; RESET ROLE', who, statement), query) $$;
SELECT is(as_role(:'writer', $$INSERT INTO crm.lead (source, external_id, stage, territory) VALUES ('t', 'x', 'mql', 'pl')$$, $$SELECT owner FROM crm.lead WHERE external_id = 'x'$$), 'm02', 'who may only insert leads');
SELECT is(as_role(c.who, c.statement, NULL), c.expected, c.label)
FROM (VALUES
    (:'writer', 'reads no pools', 'SELECT FROM crm.pool', '42501'),
    (:'writer', 'writes no turns', 'INSERT INTO crm.assignment DEFAULT VALUES', '42501'),
    (:'writer', 'route without UPDATE', $$SELECT leadflow.route('crm', 1)$$, '42501'),
    (:'reader', 'route without UPDATE, with reports', $$SELECT leadflow.route('crm', 1)$$, '42501'),
    (:'reader', 'explain_routing without SELECT on lead', $$SELECT * FROM leadflow.explain_routing('crm', 1)$$, '42501'),
    (:'reader', 'the reports', $$SELECT * FROM crm.routing_faults, crm.routing_fairness$$, '00000')
) AS c (who, label, statement, expected);
GRANT SELECT, UPDATE ON crm.lead TO :writer;
SELECT is(as_role(:'writer', $$SELECT leadflow.route('crm', (SELECT id FROM crm.lead WHERE external_id = 'c1'), avoid => '{m01}')$$, $$SELECT owner FROM crm.lead WHERE external_id = 'c1'$$), 'm02', 'route with UPDATE');
SELECT is(as_role(:'writer', $$SELECT * FROM leadflow.explain_routing('crm', (SELECT min(id) FROM crm.lead))$$, NULL), '00000', 'explain_routing with SELECT');
CREATE TABLE ids AS SELECT id FROM crm.lead WHERE external_id = 'c1';
GRANT SELECT ON ids TO :writer;
ALTER TABLE crm.lead ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON crm.lead TO :writer USING (territory = 'de');
SELECT is(as_role(:'writer', $$SELECT leadflow.route('crm', id) FROM ids$$, NULL), 'P0002', 'route: a row that is not for the caller');
SELECT is(as_role(:'writer', $$SELECT leadflow.explain_routing('crm', id) FROM ids$$, NULL), 'P0002', 'explain_routing: neither');
ALTER TABLE crm.lead DISABLE ROW LEVEL SECURITY;
DROP OWNED BY :writer, :reader;
DROP ROLE :writer, :reader;

SELECT * FROM finish();
