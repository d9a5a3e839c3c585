-- What the panel does not draw, after panel_filled.sql: knowledge, disputes,
-- proposals, routing, scores, duplicates and parked rows, so that hardly a
-- report is empty.
INSERT INTO crm.hypothesis (hypothesis, question, owner, starts_on, ends_on, measure) VALUES ('shorter', 'Do shorter letters get more answers?', 'anna', '2026-01-01', '2026-12-31', 'answers');
INSERT INTO crm.hypothesis_talk (hypothesis, lead_id, at, supports) VALUES ('shorter', 1, '2026-02-01 10:00+00', true), ('shorter', 2, '2026-02-02 10:00+00', false);
INSERT INTO crm.experiment (experiment, hypothesis, variant_a, variant_b, campaign_a, campaign_b, a_starts_on, a_ends_on, b_starts_on, b_ends_on, reaches, needed)
    VALUES ('letters', 'shorter', 'long', 'short', 1, 2, '2026-01-01', '2026-05-31', '2026-01-01', '2026-05-31', 'sal', 50);
INSERT INTO crm.content (title, kind, stage, owner, updated_on) VALUES ('Case of a plant', 'case', 'mql', 'anna', '2026-01-01');
INSERT INTO crm.touch (lead_id, at, kind, direction, content) SELECT id, stage_since, 'content_download', 'inbound', 'Case of a plant' FROM crm.lead WHERE id BETWEEN 5 AND 30 ORDER BY id;
INSERT INTO crm.battlecard (battlecard, scenario, objection, argument, owner, updated_on) VALUES ('price', 'They say it is dear', 'too_expensive', 'Count the hours', 'bert', '2026-01-01');
INSERT INTO crm.battlecard_feedback (battlecard, at, helped) VALUES ('price', '2026-06-01 12:00+00', true), ('price', '2026-06-10 12:00+00', false);
INSERT INTO crm.objection_heard (at, objection, lead_id, battlecard, answer, overcome) VALUES ('2026-05-01 10:00+00', 'too_expensive', 10, 'price', 'Count "the" hours \ twice', true), ('2026-05-02 10:00+00', 'too_expensive', 12, 'price', NULL, false);
INSERT INTO crm.content_request (asked_at, asked_by, lead_id, kind, wanted, needed_by) VALUES ('2026-05-01 10:00+00', 'bert', 10, 'case', E'a case\twith a tab\nand a second line', '2026-05-10');
INSERT INTO crm.content_request (asked_at, asked_by, lead_id, kind, wanted, needed_by, answered_at, content) VALUES ('2026-05-01 10:00+00', 'bert', 12, 'case', 'a case', '2026-05-10', '2026-05-05 10:00+00', 'Case of a plant');
INSERT INTO crm.debrief (at, opportunity_id, held_by, conclusions) VALUES ('2026-05-01 10:00+00', 1, '{anna}', 'We were late.');
INSERT INTO crm.lesson (debrief_id, works, lesson, action, owner, due) VALUES (1, false, 'Late offers lose', 'Offer within a week', 'anna', '2026-06-01');
INSERT INTO crm.opinion (lead_id, at, score, words) VALUES (1, '2026-02-03 10:00+00', 5, 'Żółć, 漏斗, ''quoted'''), (2, '2026-02-04 10:00+00', 2, NULL);
INSERT INTO crm.verdict_answer (verdict_id, answer, note, at) SELECT id, 'disputes', 'they asked for a call', at + interval '1 day' FROM crm.verdict WHERE verdict = 'rejected' ORDER BY id LIMIT 2;
UPDATE crm.lead SET stage = 'lead', reason = NULL WHERE id IN (SELECT lead_id FROM crm.verdict WHERE verdict = 'rejected' ORDER BY id LIMIT 1);
SELECT leadflow.propose('crm', 'objection', '{"operation": "insert", "row": {"code": "no_hurry"}}', 'heard often');
INSERT INTO crm.lead (source, external_id, full_name, email, stage) VALUES ('t', 'twin 1', 'Twin', 'twin@example.com', 'lead'), ('u', 'twin 2', 'Twin', 'twin@example.com', 'lead');
SET leadflow.on_violation = park;
INSERT INTO crm.lead (source, external_id, full_name, stage) VALUES ('t', 'parked', 'Parked', 'lost');
RESET leadflow.on_violation;
INSERT INTO crm.score_model (model, as_of, won, lost, intercept, activated_at) VALUES ('logistic', '2026-03-01', 1, 1, 0, '2026-03-01');
INSERT INTO crm.score_model_point (version, feature, value, log_odds, points) SELECT version, 'origin', 'web', 1, 29 FROM crm.score_model;
INSERT INTO crm.pool (pool, fallback_owner) VALUES ('all', 'anna');
INSERT INTO crm.pool_member (pool, member) VALUES ('all', 'bert'), ('all', 'm1');
INSERT INTO crm.account (source, external_id, name, domain, employees, segment) VALUES ('t', 'a', 'Plant "A" & sons', 'a.example', 100, 'mid');
INSERT INTO crm.intent_signal (account_id, topic, at) VALUES (1, 'implementation', '2026-06-14 10:00+00'), (1, 'pricing', '2026-06-14 11:00+00');
UPDATE crm.lead SET account_id = 1 WHERE id IN (5, 10);
UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 15;
SELECT leadflow.sweep('crm');
