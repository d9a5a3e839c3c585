-- filled_workspace.sql: a workspace "crm" with all kinds of rows in it, and
-- with what a company may have built around it.  Every instant is given.

SET timezone = 'UTC';
SET leadflow.clock = '2026-02-02 08:00+00';

SELECT format('CREATE ROLE %I', r) FROM unnest('{analyst,seller,operations}'::name[]) r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \gexec

CREATE EXTENSION IF NOT EXISTS leadflow;
SELECT leadflow.create_workspace('crm');
SELECT leadflow.grant_workspace('crm', 'analyst', 'read');
SELECT leadflow.grant_workspace('crm', 'seller', 'sales');
SELECT leadflow.grant_workspace('crm', 'operations', 'revops');

-- definitions: leaves, variants, calendars, words, sources, a criterion that only warns
INSERT INTO crm.stage_definition (stage, meaning, team) VALUES
    ('proposal.legal_review', 'the lawyers read it', 'sales'),
    ('lost.price', 'lost to the price', 'sales');
INSERT INTO crm.stage_alias (object, source, status, stage) VALUES
    ('lead', 'suite', 'Qualified', 'mql'), ('lead', 'suite', 'New', 'lead'),
    ('opportunity', '*', 'Legal', 'proposal.legal_review');
INSERT INTO crm.business_calendar (code, calendar, description) VALUES
    ('warsaw', leadflow.with_holidays('Europe/Warsaw; Mo-Fr 09:00-17:00; Sa 10:00-14:00', '{2026-01-06,2026-12-25}'), 'Warsaw');
INSERT INTO crm.team_member (member, full_name, team, department, role, calendar) VALUES
    ('ann', 'Ann A.', 'north', 'sales', 'SDR', 'warsaw'), ('bob', 'Bob B.', 'south', 'sales', 'AE', NULL);
INSERT INTO crm.standard (object, variant, stage, criterion, requirement, expression, mode) VALUES
    ('lead', 'pro', 'mql', 'two_signals', 'One sign of interest is enough.', 'signals >= 1', 'enforce'),
    ('lead', '*', 'mql', 'industry', 'The industry is known.', 'industry IS NOT NULL', 'warn');
INSERT INTO crm.source (source, label, stage_sync, unknown_status) VALUES
    ('suite', 'The suite', 'forward', 'lead.unknown'), ('web', 'The site', 'mirror', 'park');
INSERT INTO crm.overwrite_rule (object, field, rule, sources) VALUES
    ('lead', 'email', 'ranked', '{suite,web}'), ('lead', 'owner', 'keep_filled', NULL), ('opportunity', 'amount', 'ranked', '{suite}');
UPDATE crm.reason SET needs_note = true WHERE code = 'no_decision';
DELETE FROM crm.sla_policy WHERE policy = 'verdict';
UPDATE crm.sla_policy SET condition = 'urgency IS DISTINCT FROM ''low''' WHERE policy = 'contact_request';

-- facts
INSERT INTO crm.account (source, external_id, name, country, employees) VALUES
    ('suite', 'A-1', 'Acme', 'PL', 120), ('suite', 'A-2', E'Żółć "quoted" \\ and\ttab', 'DE', NULL);
INSERT INTO crm.campaign (source, external_id, name, channel, starts_on, ends_on, budget, cost, currency) VALUES
    ('ads', 'C-1', 'Spring', 'paid_search', '2026-01-01', '2026-03-31', 1000, 812.50, 'EUR');
INSERT INTO crm.lead (source, external_id, full_name, email, role, verified, owner, account_id, campaign_id, industry, stage_since)
SELECT 'web', 'L-' || i, 'Lead ' || i, 'lead' || i || '@example.com', 'Head of Sales', true,
       CASE WHEN i % 2 = 0 THEN 'ann' ELSE 'bob' END, 1 + i % 2, 1,
       CASE WHEN i % 3 > 0 THEN 'retail' END, '2026-02-02 08:00+00'::timestamptz + i * interval '1 minute'
FROM generate_series(1, 20) i;
INSERT INTO crm.lead (source, external_id, status, email, variant) VALUES ('suite', 'S-1', 'New', 's1@example.com', 'pro');

SET leadflow.clock = '2026-02-02 10:00+00';
INSERT INTO crm.touch (lead_id, kind, channel, direction, at, content)
SELECT i, k.kind, 'web', 'inbound', '2026-02-02 09:00+00'::timestamptz + i * interval '1 minute', 'x'
FROM generate_series(1, 20) i, (VALUES ('form_submit'), ('demo_request')) k (kind);
INSERT INTO crm.touch (lead_id, kind, channel, direction, at, actor, external_id, source)
SELECT i, 'call', 'phone', 'outbound', '2026-02-02 09:25+00'::timestamptz, 'ann', 'T-' || i, 'phone'
FROM generate_series(1, 5) i;

UPDATE crm.lead SET stage = 'mql' WHERE id BETWEEN 1 AND 15;
SET leadflow.clock = '2026-02-03 10:00+00';
INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason)
SELECT id, due_at - interval '10 minutes', due_at + interval '1 hour', 'waits for the prospect'
FROM crm.sla_clock WHERE stopped_at IS NULL AND cancelled_at IS NULL ORDER BY id LIMIT 3;
INSERT INTO crm.sla_pause (clock_id, paused_at, reason)
SELECT id, '2026-02-03 09:00+00', 'still waits'
FROM crm.sla_clock WHERE stopped_at IS NULL AND cancelled_at IS NULL ORDER BY id DESC LIMIT 2;
UPDATE crm.lead SET stage = 'contacted' WHERE id <= 10;
UPDATE crm.lead SET stage = 'sal', why_now = 'new plant', promised = 'nothing', evidence = 'asked for a price' WHERE id <= 8;
UPDATE crm.lead SET stage = 'sql', need = 'fewer lost leads', budget = 5000 + id, currency = 'EUR', decision_by = '2026-06-30'
WHERE id <= 6;
UPDATE crm.lead SET stage = 'lost.price', reason = 'too_expensive' WHERE id = 6;
UPDATE crm.lead SET stage = 'nurture', reason = 'not_now', reason_note = 'in autumn', narrative = 'ask again in autumn' WHERE id IN (9, 10);
UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 20;
SET leadflow.clock = '2026-02-04 10:00+00';
UPDATE crm.lead SET stage = 'engaged' WHERE id = 9;
INSERT INTO crm.opportunity (source, external_id, lead_id, account_id, name, amount, currency, expected_close, owner)
SELECT 'suite', 'O-' || i, i, 1, 'Deal ' || i, 1000 * i, 'EUR', '2026-05-31', 'bob' FROM generate_series(1, 5) i;
UPDATE crm.opportunity SET stage = 'proposal' WHERE id <= 4;
UPDATE crm.opportunity SET status = 'Legal' WHERE id = 1;
UPDATE crm.opportunity SET stage = 'won' WHERE id = 2;
UPDATE crm.opportunity SET stage = 'lost', reason = 'competitor', reason_note = 'the cheaper one' WHERE id = 3;

SET leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, stage, email) VALUES ('list', 'P-1', 'sql', 'p@example.com');
UPDATE crm.lead SET stage = 'sql' WHERE id = 17;
SET leadflow.on_violation = warn;
UPDATE crm.lead SET stage = 'sal' WHERE id = 16;
RESET leadflow.on_violation;
SET leadflow.source = 'web';
UPDATE crm.lead SET owner = NULL, email = 'web@example.com' WHERE id IN (11, 21);
UPDATE crm.opportunity SET amount = 0 WHERE id = 1;
RESET leadflow.source;
SELECT leadflow.forget('crm', 19);
SELECT leadflow.merge('crm', 15, 21);
INSERT INTO crm.touch (lead_id, kind, channel, direction, at) VALUES (21, 'web_visit', 'web', 'inbound', '2026-02-04 09:00+00');

-- scores: signals of intent, rules of its own, a model, and a run
INSERT INTO crm.score_group (score_group, cap, meaning) VALUES ('calls', 12.5, 'talks');
INSERT INTO crm.score_rule (rule, component, variant, points, object, expression, score_group, meaning) VALUES
    ('abroad', 'fit', 'pro', -5.25, 'account', 'country <> ''PL''', NULL, E'far, "quoted" \\ away');
INSERT INTO crm.score_rule (rule, component, points, touch_kinds, direction, counts, half_life, day_cap, cap, score_group, meaning) VALUES
    ('tried', 'behaviour', 2.5, '{call,email}', 'outbound', 'content', '36:30', 5, 20, 'calls', 'was called');
UPDATE crm.score_move SET active = true, condition = 'total >= 15 AND urgency IS NULL';
INSERT INTO crm.score_feature (feature, kind, expression, meaning, active) VALUES ('tags', 'set', 'ARRAY[urgency, segment]', 'words', true), ('old', 'category', 'origin', 'unused', false);
INSERT INTO crm.intent_topic (topic, marketing_task, sales_task) VALUES ('żółć', 'x', 'x');
INSERT INTO crm.intent_signal (at, account_id, topic, strength, external_id) VALUES ('2026-02-03 08:00+00', 1, 'pricing', 2.5, 'I-1'), ('2026-02-01 08:00+00', 2, 'żółć', 0, NULL);
INSERT INTO crm.score_model (model, as_of, options, won, lost, quality, intercept, activated_at, retired_at) VALUES
    ('odoo', '2026-02-01 08:00+00', '{"folds": 5}', 100, 200, '{"auc": 0.71}', -0.1, '2026-02-01 08:00+00', '2026-02-02 08:00+00'), ('logistic', '2026-02-02 08:00+00', '{}', 100, 200, '{}', -0.7, NULL, NULL);
INSERT INTO crm.score_model_point (version, feature, value, at_least, below, log_odds, standard_error, points) VALUES
    (1, 'origin', NULL, NULL, NULL, 0.5, NULL, 14.427), (2, 'signals', '..2', NULL, 2, -0.30000000000000004, 0.1, -8.6562), (2, 'signals', '2..', 2, NULL, 1e-300, NULL, 0), (2, 'industry', 'retail', NULL, NULL, 0.4, 0.2, 11.5416);
UPDATE crm.score_model SET activated_at = '2026-02-02 09:00+00' WHERE version = 2;
SELECT leadflow.score_some('crm');
SELECT leadflow.score_some('crm', 7);

-- money in two currencies, what comes again, targets and what is paid for them
INSERT INTO crm.exchange_rate (currency, valid_from, rate) VALUES ('USD', '2026-01-01', 0.8512345), ('JPY', '2026-01-01', 0.0061);
INSERT INTO crm.campaign_cost (campaign_id, spent_on, cost, currency, kind, note) VALUES (1, '2026-01-15', 100.25, 'USD', 'media', E'\\ "x"');
UPDATE crm.opportunity SET recurring = 600 WHERE id IN (1, 2);
INSERT INTO crm.target (metric, starts_on, ends_on, segment, team, owner, value, agreed_on, note) VALUES
    ('revenue', '2026-01-01', '2026-03-31', NULL, NULL, NULL, 5000, '2025-12-15', 'żółć'), ('mql', '2026-02-01', '2026-02-28', 'small', 'north', 'ann', 12, NULL, NULL);
INSERT INTO crm.bonus_part (department, part, period, target_metric, weight, meaning) VALUES ('sales', 'mine', 'month', 'deals', 0.125, 'x');
INSERT INTO crm.metric (metric, name, formula, unit, owner, report, numerator, period_column, filter, dimensions) VALUES
    ('own_deals', 'Own "deals"', 'deals won', 'count', 'sales', 'deal', '*', 'won_at', '{"outcome": "won", "segment": ["a", null]}', '{owner}');

-- what both departments know
INSERT INTO crm.icp (profile, industries, employees_from, meaning) VALUES ('retailers', '{retail,"e, commerce"}', 50, 'shops');
INSERT INTO crm.persona (persona, name, role_words, decides, pain, awareness, criteria) VALUES ('buyer', 'Żaneta', '{buyer,purchasing}', 'prepares', 'too many offers', 'solution', 'price');
INSERT INTO crm.committee_member (account_id, committee_role, who, stance, since) VALUES (1, 'champion', 'the plant manager', 'supports', '2026-02-03');
INSERT INTO crm.content (title, kind, stage, owner, updated_on, review_after) VALUES ('x', 'guide', 'mql', 'ann', '2026-01-01', '1 mon 2 days');
INSERT INTO crm.battlecard (battlecard, persona, scenario, objection, argument, content, owner, updated_on) VALUES ('dear', 'buyer', 'says it is dear', 'too_expensive', 'it pays', 'x', 'ann', '2026-01-01');
INSERT INTO crm.battlecard_feedback (battlecard, at, lead_id, helped, note) VALUES ('dear', '2026-02-03', 1, true, NULL);
INSERT INTO crm.objection_heard (at, objection, lead_id, battlecard, answer, overcome) VALUES ('2026-02-03', 'too_expensive', 1, 'dear', E'it\tpays', true);
INSERT INTO crm.content_request (asked_at, lead_id, persona, stage, kind, wanted, answered_at, content, outcome) VALUES
    ('2026-02-03', 1, 'buyer', 'sal', 'case', 'of a shop', '2026-02-04', 'x', 'used'), ('2026-02-03', 2, NULL, NULL, 'sheet', 'x', NULL, NULL, NULL);
INSERT INTO crm.opinion (lead_id, at, score, words, external_id) VALUES (1, '2026-02-03', 4, 'fine', 'S-1');
INSERT INTO crm.hypothesis (hypothesis, question, owner, measure, starts_on, ends_on, closed_on, verdict, conclusion) VALUES ('short', 'a short form', 'ann', 'share', '2026-01-01', '2026-02-01', '2026-02-02', 'refuted', 'no');
INSERT INTO crm.hypothesis_talk (hypothesis, lead_id, at, supports) VALUES ('short', 1, '2026-01-05', false);
INSERT INTO crm.experiment (experiment, hypothesis, variant_a, variant_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, reaches, within) VALUES
    ('forms', 'short', 'long', 'short', '2026-01-01', '2026-01-10', '2026-01-11', '2026-01-20', 'mql', '10 days 2 hours');
INSERT INTO crm.debrief (at, opportunity_id, held_by, conclusions) VALUES ('2026-02-04', 2, '{ann,"bob, b"}', 'why it was won');
INSERT INTO crm.lesson (debrief_id, persona, stage, works, lesson, action, owner, due) VALUES (1, 'buyer', 'proposal.legal_review', true, 'a case', 'write one', 'ann', '2026-03-01');
INSERT INTO crm.keyword (keyword, phrases, meaning, objection) VALUES ('pl', '{za drog*,"a \\ \"b"}', 'żółć', 'too_expensive');
INSERT INTO crm.transcript (touch_id, words, language) VALUES (1, E'to jest za drogie\n\\ "x"', 'pl');
INSERT INTO crm.claim (claim, kind, phrase, segments, approved_by) VALUES ('week', 'promise', 'offer within a week', '{small}', 'ann');
INSERT INTO crm.deal_plan (opportunity_id, priority, obstacle, needs, next_step, next_step_on, reviewed_on) VALUES (1, true, 'price', '{reference,legal}', 'call', '2026-02-10', '2026-02-04');

-- proposals: open, approved for later, applied, rejected and withdrawn
INSERT INTO crm.team_member (member, full_name, team, department) VALUES ('operations', 'Operations', 'revops', 'revops');
SELECT leadflow.propose('crm', 'free_mail_domain', pg_catalog.format('{"operation": "insert", "row": {"domain": "%s.example"}}', d)::jsonb, E'why\t"x"', f::timestamptz)
FROM (VALUES ('open', '2026-02-03'), ('later', '2026-09-01'), ('applied', '2026-02-03'), ('rejected', '2026-02-03'), ('withdrawn', '2026-02-03')) v (d, f);
SELECT leadflow.withdraw('crm', 5);
SET ROLE operations;
SELECT leadflow.approve('crm', 2), leadflow.approve('crm', 3, 'żółć'), leadflow.reject('crm', 4, 'no');
RESET ROLE;
SELECT * FROM leadflow.apply_proposals('crm');

-- what the company has built around it
ALTER TABLE crm.lead ADD COLUMN seats integer;
ALTER TABLE crm.lead ADD COLUMN outcome text GENERATED ALWAYS AS (
    CASE stage WHEN 'won' THEN 'customer' WHEN 'lost' THEN 'gone' ELSE 'open' END) STORED;
ALTER TABLE crm.lead ADD COLUMN moved boolean GENERATED ALWAYS AS (NULLIF(stage, furthest_stage) IS NOT NULL) STORED;
COMMENT ON COLUMN crm.lead.seats IS 'seats asked for';
UPDATE crm.lead SET seats = id WHERE id < 10;
CREATE INDEX lead_outcome ON crm.lead (outcome, stage);
CREATE INDEX lead_open ON crm.lead (owner) WHERE stage IS DISTINCT FROM 'won' AND stage >= 'mql';
ALTER TABLE crm.lead ADD CONSTRAINT customers_have_seats CHECK (NULLIF(stage, 'expansion') IS NOT NULL OR seats IS NOT NULL) NOT VALID;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('expansion', 'seats', 'Seats are known.', 'seats > 0');

CREATE VIEW crm.my_leads AS
SELECT id, stage::text AS stage,
       stage IS DISTINCT FROM furthest_stage AS has_gone_back,
       NULLIF(stage, 'mql'::leadflow.stage)::text AS not_mql,
       CASE stage WHEN 'won' THEN 1 WHEN 'proposal' THEN 0.5 ELSE 0 END AS weight,
       stage <@ 'lost' AS lost, leadflow.base(stage)::text AS spine_stage,
       stage IN ('mql', 'sal') AS handed_over, greatest(stage, 'sal'::leadflow.stage)::text AS at_least
FROM crm.lead;
COMMENT ON VIEW crm.my_leads IS 'the company''s own view';
COMMENT ON COLUMN crm.my_leads.weight IS 'expected share, 0..1';
CREATE MATERIALIZED VIEW crm.my_counts AS
SELECT stage, count(*) AS leads, max(stage_since) AS latest FROM crm.lead GROUP BY stage ORDER BY stage;
CREATE UNIQUE INDEX ON crm.my_counts (stage);
GRANT SELECT ON crm.my_leads TO analyst WITH GRANT OPTION;
GRANT UPDATE (seats) ON crm.lead TO seller;
REVOKE SELECT ON crm.stage_dictionary FROM analyst;

CREATE TABLE crm.moves (lead_id bigint, was text, became text);
CREATE FUNCTION crm.note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crm.moves VALUES (new.id, old.stage::text, new.stage::text);
    RETURN NULL;
END;
$$;
CREATE TRIGGER note_move AFTER UPDATE ON crm.lead
    FOR EACH ROW WHEN (old.stage IS DISTINCT FROM new.stage AND NULLIF(new.stage, 'visitor') IS NOT NULL)
    EXECUTE FUNCTION crm.note_move();
CREATE TRIGGER note_always AFTER UPDATE ON crm.lead
    FOR EACH ROW WHEN (CASE new.stage WHEN 'won' THEN true ELSE false END) EXECUTE FUNCTION crm.note_move();
ALTER TABLE crm.lead ENABLE ALWAYS TRIGGER note_always;
CREATE TRIGGER note_never AFTER UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION crm.note_move();
ALTER TABLE crm.lead DISABLE TRIGGER note_never;
COMMENT ON TRIGGER note_move ON crm.lead IS 'keeps a list of moves';
ALTER TABLE crm.touch ENABLE ALWAYS TRIGGER "000_leadflow_recorder";
UPDATE crm.lead SET stage = 'mql' WHERE id = 18;
CREATE POLICY own_leads ON crm.account FOR SELECT TO seller USING (country IS DISTINCT FROM 'XX');
REFRESH MATERIALIZED VIEW crm.my_counts;
