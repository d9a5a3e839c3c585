-- The deals A to K of a small company, in workspace crm, at 16 April 2026; they go through the guard.
SET leadflow.clock = '2026-04-16 00:00+00';
DELETE FROM standard WHERE criterion <> 'reason';
UPDATE sla_policy SET active = false;

INSERT INTO exchange_rate VALUES ('USD', '2026-01-01', 0.5);
INSERT INTO team_member (member, full_name, team, department) VALUES ('anna', 'Anna A', 'north', 'sales'), ('bert', NULL, 'south', 'sales');
INSERT INTO campaign (source, name) VALUES ('t', 'Fair');
INSERT INTO account (source, name) SELECT 't', 'Account ' || n FROM generate_series(1, 7) n;

-- deal(name, at, stage): a new one; move(name, at, stage): a move of it
CREATE FUNCTION deal(name text, at timestamptz, stage text, amount numeric, currency text, owner text, segment text, account_id bigint, expected_close date DEFAULT NULL, kind text DEFAULT 'new') RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.opportunity (source, name, stage, stage_since, created_at, amount, currency, owner, segment, account_id, expected_close, kind, origin, campaign_id)
    VALUES ('t', name, stage::leadflow.stage, at, at, amount, currency, owner, segment, account_id, expected_close, kind, CASE owner WHEN 'anna' THEN 'web' WHEN 'bert' THEN 'event' END, CASE owner WHEN 'bert' THEN 1 END) $$;
CREATE FUNCTION move(which text, at timestamptz, stage text, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.opportunity SET stage = move.stage::leadflow.stage, stage_since = move.at, reason = move.reason, reason_note = CASE WHEN move.reason IS NOT NULL THEN 'x' END WHERE name = which $$;
\o /dev/null
SELECT deal('A', '2026-01-10', 'opportunity', 1000, NULL, 'anna', 'small', 1), move('A', '2026-02-09', 'won');
SELECT deal('B', '2026-01-20', 'opportunity', 3000, NULL, 'bert', 'large', 2), move('B', '2026-03-11', 'won'), move('B', '2026-04-10', 'churned', 'missing_feature');
SELECT deal('C', '2026-02-01', 'opportunity', 2000, NULL, 'anna', 'small', 3), move('C', '2026-02-10', 'proposal'), move('C', '2026-02-20', 'lost', 'no_budget');
SELECT deal('D', '2026-02-05', 'opportunity', 500, 'USD', 'bert', 'large', 4), move('D', '2026-03-07', 'lost', 'no_need');
SELECT deal('E', '2026-01-15', 'opportunity', 400, NULL, 'anna', 'small', 1, NULL, 'upsell');
UPDATE opportunity SET amount = 500 WHERE name = 'E';
SELECT move('E', '2026-04-01', 'won');
-- opened in error, one of them even won
SELECT deal('F', '2026-02-01', 'opportunity', 9999, NULL, 'anna', 'small', 6), move('F', '2026-02-03', 'disqualified', 'spam');
SELECT deal('G', '2026-03-01', 'won', 7777, NULL, 'anna', 'small', 7), move('G', '2026-03-02', 'disqualified', 'spam');
-- open
SELECT deal('H', '2026-03-17', 'opportunity', 4000, NULL, 'anna', 'small', 5, '2026-04-10'), move('H', '2026-03-20', 'proposal');
SELECT deal('I', '2026-04-06', 'opportunity', 1000, 'USD', 'bert', 'large', 6, '2026-07-10');
SELECT deal('J', '2026-03-27', 'opportunity', NULL, NULL, NULL, NULL, NULL), move('J', '2026-04-01', 'proposal'), move('J', '2026-04-11', 'value', 'missing_feature');
SELECT deal('K', '2026-02-15', 'opportunity', 1500, NULL, 'bert', 'large', 7, '2026-05-01'), move('K', '2026-03-01', 'lost', 'no_budget'), move('K', '2026-03-20', 'opportunity', 'no_budget');
\o
