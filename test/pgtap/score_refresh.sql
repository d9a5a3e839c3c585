-- Scoring everybody: batches, what an error in the middle leaves behind, and that nobody is written who does not move.
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SET search_path = crm, public;
SELECT no_plan();

\ir common/tried.sql

SELECT is(tried(s), state, label) FROM (VALUES
    ('SELECT leadflow.score_some(''crm'', 0)', '22023', 'a batch of none'), ('SELECT leadflow.score_some(''crm'', -1)', '22023', 'of less'), ('SELECT leadflow.score_some(''crm'', NULL)', '22023', 'of no number'),
    ('SELECT leadflow.score_some(''nothing'')', '42704', 'no such workspace'), ('SELECT leadflow.score_some(''public'')', '42704', 'no workspace'),
    ('SELECT * FROM leadflow.score_leads(''nothing'', 0, 1, now())', '42704', 'no such workspace for the part of it'),
    ('SELECT * FROM leadflow.score_leads(''crm'', 0, 1, ''infinity'')', '22008', 'as of an infinite instant')) v (s, state, label);
SELECT is(leadflow.score_some('crm'), 0::bigint, 'nobody to score');
SELECT is((SELECT leads::text || (finished_at IS NOT NULL) FROM score_run), '0true', 'is a run that is done');
DELETE FROM score_run;

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES ('visit', true, false, 'x');
INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('role', 'fit', 45, 'role = ''CEO''', 'x');
INSERT INTO score_rule (rule, component, points, touch_kinds, half_life, meaning) VALUES ('visit', 'behaviour', 8, '{visit}', '1 day', 'x');
INSERT INTO lead (source, external_id, role) SELECT 't', i::text, CASE WHEN i % 3 = 0 THEN 'CEO' END FROM generate_series(1, 25) i;
SET leadflow.clock = '2026-03-20 12:00+00';
INSERT INTO touch (lead_id, kind, direction, at) SELECT id, 'visit', 'inbound', '2026-03-20 12:00' FROM lead;

-- batches, as of one instant
SELECT is(leadflow.score_some('crm', 10), 10::bigint, 'the first batch');
SET leadflow.clock = '2026-03-21 12:00+00';
SELECT is((SELECT (as_of, last_lead_id, leads, finished_at)::text FROM score_run), '("2026-03-20 12:00:00+00",10,10,)', 'how far it has come');
INSERT INTO lead (source, external_id, role) VALUES ('t', 'meanwhile', 'CEO');
SELECT is(leadflow.score_some('crm', 10), 10::bigint, 'the second');
SELECT is(leadflow.score_some('crm', 10), 0::bigint, 'the last');
SELECT is((SELECT string_agg(DISTINCT scored_at::text || ' ' || behaviour, ', ') FROM lead_score WHERE lead_id <= 25), '2026-03-20 12:00:00+00 8.0000', 'all of them as of the instant at which the run began');
SELECT is((SELECT count(*) FROM lead_score), 26::bigint, 'also who came meanwhile');
SELECT is((SELECT count(*) FROM score_run WHERE finished_at IS NOT NULL AND leads = 26), 1::bigint, 'one run');
SELECT is_empty($$SELECT s.lead_id FROM lead_score s, leadflow.score('crm', s.lead_id, s.scored_at) x WHERE (s.fit, s.behaviour, s.total, s.grade, s.probability) IS DISTINCT FROM (x.fit, x.behaviour, x.total, x.grade, x.probability)$$, 'they are what leadflow.score gives');
SELECT is((SELECT count(*) FROM lead_score WHERE definition_version <> (SELECT max(version) FROM definition_change)), 0::bigint, 'with the version of the definitions');
SELECT is(leadflow.score_some('crm', 26), 26::bigint, 'a batch of just all');
SELECT is(leadflow.score_some('crm', 26), 0::bigint, 'is followed by one of none');
SELECT is((SELECT string_agg(DISTINCT scored_at::text || ' ' || behaviour, ', ') FROM lead_score WHERE lead_id <= 25), '2026-03-21 12:00:00+00 4.0000', 'a new run, as of its own instant');
SELECT is((SELECT string_agg(lead_id || move, ',') FROM leadflow.score_leads('crm', 24, 1, leadflow.clock())), NULL, 'part of it: no move');
SELECT is((SELECT string_agg(lead_id::text, ',') FROM leadflow.score_leads('crm', 23, 2, leadflow.clock())), '24,25', 'the next two after a number');
SELECT is((SELECT count(*) FROM leadflow.score_leads('crm', 23, 0, leadflow.clock())), 0::bigint, 'none of none');

-- who does not move is not written
CREATE TEMP TABLE was AS SELECT id, xmin::text AS writer, xmax::text AS locker, ctid AS place FROM lead;
SELECT leadflow.score_some('crm', 7), leadflow.score_some('crm', 100) \g /dev/null
SELECT is_empty($$SELECT id FROM lead l JOIN was w USING (id) WHERE (l.xmin::text, l.xmax::text, l.ctid) IS DISTINCT FROM (w.writer, w.locker, w.place)$$, 'no lead was written or locked');
INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('up', 'lead', 'mql', 'fit >= 45', 'x');
SELECT leadflow.score_some('crm', 100) \g /dev/null
SELECT results_eq($$SELECT id FROM lead l JOIN was w USING (id) WHERE (l.xmin::text, l.xmax::text, l.ctid) IS DISTINCT FROM (w.writer, w.locker, w.place) ORDER BY id$$, $$SELECT id FROM lead WHERE role = 'CEO' ORDER BY id$$, 'but those that moved');
SELECT is((SELECT count(*) FROM lead WHERE stage = 'mql'), 9::bigint, 'and they did');
TRUNCATE was;
INSERT INTO was SELECT id, xmin::text, xmax::text, ctid FROM lead;
INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('sal', 'never', 'x', 'false');
UPDATE score_move SET from_stage = 'mql', to_stage = 'sal';
SELECT leadflow.score_some('crm', 100) \g /dev/null
SELECT is((SELECT moved || ' ' || refused FROM score_run ORDER BY id DESC LIMIT 1), '0 9', 'moves that are refused');
SELECT is((SELECT count(*) FROM lead_score WHERE refused_move = 'up' AND refusal ~ 'does not meet the standard'), 9::bigint, 'are kept with what the guard said');
SELECT is_empty($$SELECT id FROM lead l JOIN was w USING (id) WHERE l.ctid <> w.place$$, 'and write no lead');
DELETE FROM score_move;
DELETE FROM standard;

-- inside a transaction block
SELECT is(tried($$CALL leadflow.refresh_scores('crm', 5)$$), '2D000', 'refresh_scores inside a transaction block');
SELECT is(tried($$CALL leadflow.refresh_scores('crm', 1000)$$), '2D000', 'also where all are one batch');
CALL leadflow.refresh_scores('crm', 5);
SELECT is((SELECT leads || ' ' || (finished_at IS NOT NULL) FROM score_run ORDER BY id DESC LIMIT 1), '26 true', 'outside of one it does them all');

-- an error in the middle: what was done stays, and the next call goes on from there
CREATE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.lead_id = 13 THEN
        RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full';
    END IF;
    RETURN new;
END;
$$;
CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON lead_score FOR EACH ROW EXECUTE FUNCTION public.fails();
SET leadflow.clock = '2026-03-22 12:00+00';

\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
CALL leadflow.refresh_scores('crm', 5);
\set ON_ERROR_STOP on
\set VERBOSITY default
SELECT is(:'LAST_ERROR_SQLSTATE'::text, '53100', 'an error ends it');
SET client_min_messages = warning;
SELECT is((SELECT last_lead_id || ' ' || leads || ' ' || (finished_at IS NULL) FROM score_run ORDER BY id DESC LIMIT 1), '10 10 true', 'after the batches before it');
SELECT is((SELECT count(*) FROM lead_score WHERE scored_at = '2026-03-22 12:00+00'), 10::bigint, 'which stay');
DROP TRIGGER fails ON lead_score;
SET leadflow.clock = '2026-03-22 13:00+00';
CALL leadflow.refresh_scores('crm', 5);
SELECT is((SELECT count(*) FROM lead_score WHERE scored_at = '2026-03-22 12:00+00'), 26::bigint, 'the next call goes on, as of the same instant');
SELECT is((SELECT count(*) FROM score_run WHERE as_of = '2026-03-22 12:00+00' AND leads = 26 AND finished_at IS NOT NULL), 1::bigint, 'in the same run');

-- what one lead brings about must not keep the others from being scored
-- others_scored(what): after a run, the number of the other leads that have a score of that run
CREATE FUNCTION others_scored(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text; state text; label text;
BEGIN
    BEGIN
        EXECUTE what;
        DELETE FROM crm.lead_score;
        BEGIN
            PERFORM leadflow.score_some('crm', 1000);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
        END;
        seen := (SELECT count(*) FROM crm.lead_score WHERE lead_id <> 13) || COALESCE(' after ' || state, '');
        RAISE EXCEPTION SQLSTATE 'ZZ000';
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
        RETURN seen;
    END;
END;
$$;
SELECT is(others_scored(s), '25', label) FROM (VALUES
    ('SELECT 1', 'all others are scored'),
    ($$UPDATE lead SET budget = 0 WHERE id = 13; INSERT INTO score_rule (rule, component, points, expression, meaning) VALUES ('ratio', 'fit', 1, '1 / budget > 1', 'x')$$, 'also where a rule fails for one'),
    ($$UPDATE lead SET budget = 0 WHERE id = 13; INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('ratio', 'lead', 'mql', '1 / budget > 1', 'x')$$, 'where the condition of a move fails for one'),
    ($$UPDATE lead SET budget = CASE WHEN id = 13 THEN 0 ELSE 5 END; INSERT INTO standard (stage, criterion, requirement, expression) VALUES ('mql', 'ratio', 'x', '1 / budget > 1'); INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('ratio', 'lead', 'mql', 'true', 'x')$$, 'where a criterion of the stage that it moves to fails for one'),
    ($$CREATE FUNCTION public.own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF new.id = 13 THEN RAISE EXCEPTION ''not this one''; END IF; RETURN new; END'; CREATE TRIGGER own BEFORE UPDATE ON lead FOR EACH ROW EXECUTE FUNCTION public.own();
       INSERT INTO score_move (code, from_stage, to_stage, condition, meaning) VALUES ('all', 'lead', 'mql', 'true', 'x')$$, 'where the company''s own trigger refuses the move of one'),
    ($$UPDATE score_rule SET points = 1000000, half_life = NULL WHERE rule = 'visit'; ALTER TABLE touch DISABLE TRIGGER USER; INSERT INTO touch (lead_id, kind, direction, at) SELECT 13, 'visit', 'inbound', '2026-03-01' FROM generate_series(1, 100001)$$, 'where the points of one are more than its column holds')) v (s, label);

-- beside a clock that stands still or goes back
SET leadflow.clock = '2026-03-01 12:00+00';
CALL leadflow.refresh_scores('crm');
SELECT is((SELECT string_agg(DISTINCT behaviour::text, ',') FROM lead_score), '0.0000', 'as of an instant before everything');

-- a run that was left for days is over, and nobody moves by points that have faded since
SET leadflow.clock = '2026-04-01 12:00+00';
SELECT is(leadflow.score_some('crm', 5), 5::bigint, 'a run begins');
SET leadflow.clock = '2026-04-03 12:00+00';
CALL leadflow.refresh_scores('crm', 5);
SELECT is((SELECT string_agg(DISTINCT scored_at::text, ',') FROM lead_score), '2026-04-03 12:00:00+00', 'after days a new one is as of then, for all');
SELECT is((SELECT count(*) FROM score_run WHERE finished_at IS NULL), 0::bigint, 'and no other is open');

SELECT * FROM finish();
