/*
 * agreement.sql: what this company agreed on, beyond what a new workspace
 * brings along: when its offices work, who works in them and gets which leads,
 * one stage of its own and one criterion that only warns.
 */
INSERT INTO business_calendar (code, calendar, description) VALUES
    ('warsaw', 'Europe/Warsaw; Mo-Fr 09:00-17:00; Jan 01,06 off; May 01,03 off; Aug 15 off; Nov 01,11 off; Dec 24 09:00-13:00; Dec 25-26 off; 2026 Apr 06 off; 2026 Jun 04 off',
        'the Warsaw office'),
    ('new_york', 'America/New_York; Mo-Fr 09:00-18:00; Jan 01 off; Jul 04 off; Dec 25 off; 2025 Nov 27-28 off; 2026 Jan 19 off; 2026 May 25 off; 2026 Sep 07 off',
        'the New York office');

INSERT INTO team_member (member, full_name, team, department, role, calendar) VALUES
    ('h.mazur',     'Helena Mazur',     'Sales Warsaw',   'sales', 'head of sales',    'warsaw'),
    ('c.reed',      'Charles Reed',     'Sales New York', 'sales', 'head of sales',    'new_york'),
    ('i.sowa',      'Irena Sowa',       'RevOps',         'revops', 'head of revenue operations', 'warsaw'),
    ('a.nowak',     'Anna Nowak',       'Marketing',      'marketing', 'head of demand',   'warsaw'),
    ('p.zielinski', 'Piotr Zielinski',  'Marketing',      'marketing', 'campaign manager', 'warsaw'),
    ('g.ross',      'Grace Ross',       'Marketing',      'marketing', 'campaign manager', 'new_york'),
    ('d.kim',       'David Kim',        'Marketing',      'marketing', 'event manager',    'new_york'),
    ('k.wojcik',    'Karolina Wojcik',  'Sales Warsaw',   'sales', 'account executive', 'warsaw'),
    ('m.lewandowski', 'Marek Lewandowski', 'Sales Warsaw', 'sales', 'account executive', 'warsaw'),
    ('e.schulz',    'Eva Schulz',       'Sales Warsaw',   'sales', 'account executive', 'warsaw'),
    ('t.novotny',   'Tomas Novotny',    'Sales Warsaw',   'sales', 'account executive', 'warsaw'),
    ('j.kaminska',  'Julia Kaminska',   'Sales Warsaw',   'sales', 'account executive', 'warsaw'),
    ('r.bennett',   'Rachel Bennett',   'Sales New York', 'sales', 'account executive', 'new_york'),
    ('l.ortiz',     'Luis Ortiz',       'Sales New York', 'sales', 'account executive', 'new_york'),
    ('s.patel',     'Sunita Patel',     'Sales New York', 'sales', 'account executive', 'new_york'),
    ('b.walsh',     'Brian Walsh',      'Sales New York', 'sales', 'account executive', 'new_york');

UPDATE team_member SET manager = CASE team WHEN 'Sales Warsaw' THEN 'h.mazur' WHEN 'Sales New York' THEN 'c.reed' ELSE 'a.nowak' END
WHERE member NOT IN ('h.mazur', 'c.reed', 'a.nowak', 'i.sowa');

-- Who gets the leads that marketing hands over: whoever knows the company, else
-- whose turn it is.
INSERT INTO pool (pool, fallback_owner, meaning) VALUES
    ('default', 'h.mazur', 'leads of nowhere in particular'),
    ('warsaw', 'h.mazur', 'Europe'),
    ('new_york', 'c.reed', 'the Americas');
INSERT INTO pool_member (pool, member, weight) VALUES
    ('warsaw', 'k.wojcik', 3), ('warsaw', 'e.schulz', 3), ('warsaw', 'm.lewandowski', 2), ('warsaw', 't.novotny', 2), ('warsaw', 'j.kaminska', 2),
    ('new_york', 'r.bennett', 2), ('new_york', 'l.ortiz', 2), ('new_york', 's.patel', 3), ('new_york', 'b.walsh', 2);
INSERT INTO routing_rule (rule, position, territory, to_account_owner, pool, meaning) VALUES
    ('known_account', 10, NULL, true, 'default', 'A company has one seller, who gets its leads.'),
    ('europe', 20, '{Europe}', false, 'warsaw', 'Leads from Europe go to Warsaw.'),
    ('americas', 30, '{Americas}', false, 'new_york', 'Leads from the Americas go to New York.');
INSERT INTO absence (member, from_at, until_at, reason) VALUES
    ('k.wojcik', '2026-07-13 00:00+02', '2026-07-27 00:00+02', 'holidays'),
    ('e.schulz', '2026-08-03 00:00+02', '2026-08-24 00:00+02', 'holidays'),
    ('b.walsh', '2026-07-02 00:00-04', '2026-07-13 00:00-04', 'holidays'),
    ('s.patel', '2026-08-10 00:00-04', '2026-08-22 00:00-04', 'holidays'),
    ('r.bennett', '2026-11-23 00:00-05', '2026-11-30 00:00-05', 'holidays');

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm) VALUES
    ('proposal.legal_review', '{"en": "Legal review"}', 'The buyer''s lawyers read the contract.', 'sales', 'sla',
        'the contract was sent to the buyer''s lawyers', 'the lawyers have no objection', '10 days');

INSERT INTO standard (object, stage, criterion, requirement, expression, how_to_fix, mode, position) VALUES
    ('lead', 'sal', 'known_account', 'The company is known.', 'account_id IS NOT NULL', 'Set account_id.', 'warn', 40);

UPDATE workspace SET currency = 'EUR';
UPDATE agreement SET at_least = 600, promise = 'Marketing hands over 600 leads a month.' WHERE agreement = 'volume';
