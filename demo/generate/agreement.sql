/*
 * agreement.sql: what this company agreed on, beyond what a new workspace
 * brings along: when its offices work, who works in them, one stage of its own
 * and one criterion that only warns.
 */
INSERT INTO business_calendar (code, calendar, description) VALUES
    ('warsaw', 'Europe/Warsaw; Mo-Fr 09:00-17:00; Jan 01,06 off; May 01,03 off; Aug 15 off; Nov 01,11 off; Dec 24 09:00-13:00; Dec 25-26 off; 2026 Apr 06 off; 2026 Jun 04 off',
        'the Warsaw office'),
    ('new_york', 'America/New_York; Mo-Fr 09:00-18:00; Jan 01 off; Jul 04 off; Dec 25 off; 2025 Nov 27-28 off; 2026 Jan 19 off; 2026 May 25 off; 2026 Sep 07 off',
        'the New York office');

INSERT INTO team_member (member, full_name, team, department, role, calendar) VALUES
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

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm) VALUES
    ('proposal.legal_review', '{"en": "Legal review"}', 'The buyer''s lawyers read the contract.', 'sales', 'sla',
        'the contract was sent to the buyer''s lawyers', 'the lawyers have no objection', '10 days');

INSERT INTO standard (object, stage, criterion, requirement, expression, how_to_fix, mode, position) VALUES
    ('lead', 'sal', 'known_account', 'The company is known.', 'account_id IS NOT NULL', 'Set account_id.', 'warn', 40);

UPDATE workspace SET currency = 'EUR';
