-- What happens late, is undone, renamed or changed by the way: promises and the standard hold all the same.
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT no_plan();
SELECT leadflow.create_workspace('crm') \g /dev/null
CREATE FUNCTION tried(statements text, question text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    BEGIN
        EXECUTE statements;
        result := '00000';
        IF question IS NOT NULL THEN EXECUTE question INTO result; END IF;
        RAISE EXCEPTION USING ERRCODE = 'LF999';
    EXCEPTION
        WHEN SQLSTATE 'LF999' THEN NULL;
        WHEN OTHERS THEN result := SQLSTATE;
    END;
    RETURN result;
END $$;
DELETE FROM crm.standard;
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('opportunity', 'a_need', 'x', 'need <> ''''');
INSERT INTO crm.team_member (member, team, department) VALUES ('olga', 'sdr', 'sales'), ('piotr', 'sdr', 'sales');
-- 2 March 2026 is a Monday
SET leadflow.clock = '2026-03-02 16:00+00';
CREATE FUNCTION at(clock text) RETURNS timestamptz LANGUAGE sql AS $$ SELECT ('2026-03-02 ' || $1 || '+00')::timestamptz $$;
CREATE FUNCTION touch(clock text, kind text, lead bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO crm.touch (lead_id, at, kind, direction) VALUES (lead, at(clock), ltrim(kind, '<'), CASE WHEN kind LIKE '<%' THEN 'inbound' ELSE 'outbound' END) $$;
CREATE FUNCTION move(clock text, stage text, lead bigint DEFAULT 1, reason text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    UPDATE crm.lead SET stage = $2::leadflow.stage, stage_since = at($1), reason = $4, narrative = 'n' WHERE id = $3 $$;
-- the clocks of a metric, in a line
CREATE FUNCTION clocks(of_metric text, lead bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', to_char(started_at, 'HH24:MI'), CASE WHEN stopped_at IS NOT NULL THEN 'met ' || to_char(stopped_at, 'HH24:MI') WHEN cancelled_at IS NOT NULL THEN 'cancelled ' || to_char(cancelled_at, 'HH24:MI') ELSE 'runs' END, stopped_by), '; ' ORDER BY started_at, id)
      FROM crm.sla_clock WHERE metric = $1 AND lead_id = $2 $$;

INSERT INTO crm.lead (source, external_id, owner, stage_since) VALUES ('t', '1', 'olga', at('08:00')), ('t', '2', 'piotr', at('08:00'));
SELECT string_agg(DISTINCT metric, ',') AS request FROM crm.sla_policy WHERE 'contact_request' = ANY (starts_on_touch) \gset

-- a stage ends a promise, in whatever order the two are recorded
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('09:30', 'call'); SELECT move('10:00', 'disqualified', 1, 'not_target'); DELETE FROM crm.touch WHERE kind = 'call'$$, format('SELECT clocks(%L)', :'request')),
          '09:00 cancelled 10:00 stage disqualified', 'an answer is removed after the lead has left the path');
SELECT is(tried($$SELECT move('12:00', 'sal'); SELECT touch('10:00', '<contact_request')$$, format('SELECT clocks(%L)', :'request')),
          '10:00 met 12:00 stage sal', 'a request is recorded after the lead was accepted');
SELECT is(tried($$SELECT move('12:00', 'sal'); SELECT touch('15:00', 'call'); SELECT touch('10:00', '<contact_request')$$, format('SELECT clocks(%L)', :'request')),
          '10:00 met 12:00 stage sal', 'the earlier of stage and answer counts');
SELECT is(tried($$SELECT move('12:00', 'disqualified', 1, 'not_target'); SELECT touch('10:00', '<contact_request')$$, format('SELECT clocks(%L)', :'request')),
          '10:00 cancelled 12:00 stage disqualified', 'or after it has left the path');
SELECT is(tried($$SELECT move('10:00', 'nurture', 1, 'not_now'); SELECT move('11:00', 'mql', 1, 'not_now'); SELECT touch('12:00', '<contact_request'); SELECT touch('09:00', '<contact_request')$$, format('SELECT clocks(%L)', :'request')),
          '09:00 cancelled 10:00 stage nurture; 11:00 cancelled 12:00 superseded by contact_request; 12:00 runs', 'a promise that ended in the past takes no other''s place');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('15:00', 'call'); SELECT move('10:00', 'sal')$$, format('SELECT clocks(%L)', :'request')),
          '09:00 met 10:00 stage sal', 'a stage is recorded after an answer that came later');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('09:30', 'call'); SELECT move('10:00', 'sal')$$, format('SELECT clocks(%L)', :'request')),
          '09:00 met 09:30 touch call', 'an answer before the stage stays');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT move('10:00', 'sal', 2); SELECT leadflow.merge('crm', 2, 1)$$, format('SELECT clocks(%L, 2)', :'request')),
          '09:00 met 10:00 stage sal', 'a promise comes by a merge to a lead that has moved on since');

-- what a merge did to promises is undone with it
SELECT is(tried($$SELECT move('09:00', 'mql'); SELECT move('09:10', 'mql', 2); SELECT leadflow.merge('crm', 2, 1); SELECT move('10:00', 'sal', 2); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$,
                $$SELECT concat_ws(' | ', clocks('cadence'), clocks('cadence', 2), (SELECT string_agg(DISTINCT owner, ',') FROM crm.sla_clock WHERE lead_id = 1))$$),
          '09:00 runs | 09:10 met 10:00 stage sal | olga', 'the winner''s move has not answered what the loser was promised, and has ended the winner''s own');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT leadflow.merge('crm', 2, 1); SELECT move('10:00', 'disqualified', 2, 'not_target'); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$, format('SELECT clocks(%L)', :'request')),
          '09:00 runs', 'nor cancelled it');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('09:30', 'call'); SELECT leadflow.merge('crm', 2, 1); SELECT touch('09:40', 'email', 2); DELETE FROM crm.touch WHERE kind = 'call'$$, format('SELECT clocks(%L)', :'request')),
          '09:00 met 09:40 touch email', 'a touch that came by a merge is removed: the answers of both count');

-- what was answered by touches that were archived stays answered
CREATE FUNCTION archive_touches() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    ALTER TABLE crm.touch DISABLE TRIGGER USER; DELETE FROM crm.touch; ALTER TABLE crm.touch ENABLE TRIGGER USER; END $$;
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('09:30', 'call'); SELECT archive_touches(); SELECT leadflow.merge('crm', 1, 2)$$, format('SELECT clocks(%L)', :'request')),
          '09:00 met 09:30 touch call', 'whatever is merged with the lead');
SELECT is(tried($$UPDATE crm.sla_policy SET active = false; INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, attempts, target, measure, promise) VALUES ('c', 'c', '{web_visit}', '{call}', 2, '2 hours', 'elapsed', 'x');
                  SELECT touch('09:00', '<web_visit'); SELECT touch('09:30', 'call'); SELECT touch('10:00', 'call'); SELECT archive_touches(); SELECT touch('11:00', '<web_visit'); SELECT touch('11:30', 'call'); SELECT touch('12:00', 'call')$$, $$SELECT clocks('c')$$),
          '09:00 met 10:00 attempts; 11:00 met 12:00 attempts', 'whatever happens to it next');
SELECT is(tried($$INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, attempts, target, measure, promise) VALUES ('c', 'c', '{web_visit}', '{call}', 2, '2 hours', 'elapsed', 'x');
                  SELECT touch('09:00', '<web_visit'); SELECT touch('09:30', 'call'); SELECT touch('10:00', 'call'); DELETE FROM crm.touch WHERE kind = 'call'$$, $$SELECT clocks('c')$$),
          '09:00 runs', 'what is deleted never was');

-- a kind of touch is called otherwise
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); SELECT touch('10:00', 'call'); SELECT touch('11:00', '<contact_request');
                  UPDATE crm.touch_kind SET kind = 'talk_request' WHERE kind = 'contact_request'; UPDATE crm.touch_kind SET kind = 'phone_call' WHERE kind = 'call';
                  SELECT touch('12:00', 'phone_call'); SELECT touch('13:00', '<talk_request')$$, format('SELECT clocks(%L)', :'request')),
          '09:00 met 10:00 touch call; 11:00 met 12:00 touch phone_call; 13:00 runs', 'promises and clocks follow');
SELECT is(tried($$UPDATE crm.touch_kind SET kind = 'renamed' WHERE kind = 'webinar'; UPDATE crm.touch_kind SET kind = 'phone_call' WHERE kind = 'call'$$,
                $$SELECT concat_ws(', ', (SELECT count(*) FROM crm.definition_faults), (SELECT count(*) FROM crm.score_faults WHERE fault = 'unknown_kind'))$$), '0, 0', 'so do rules of the score');
SELECT is(tried($$SELECT touch('09:00', '<contact_request'); UPDATE crm.touch SET kind = 'web_visit'$$, format('SELECT clocks(%L)', :'request')), NULL, 'a touch of another kind is a correction');
SELECT is(tried($$SELECT move('09:00', 'mql'); SELECT move('10:00', 'nurture', 1, 'not_now'); UPDATE crm.reason SET code = 'not_yet' WHERE code = 'not_now'$$,
                $$SELECT concat_ws(' ', (SELECT reason FROM crm.verdict), (SELECT reason FROM crm.lead WHERE id = 1))$$), 'not_yet not_yet', 'a reason that verdicts have can be called otherwise');
SELECT is(tried($$SELECT move('09:00', 'mql'); SELECT move('10:00', 'nurture', 1, 'not_now'); UPDATE crm.verdict SET reason = 'no_fit'$$), '23514', 'but no verdict another reason');

-- pauses
INSERT INTO crm.sla_policy (policy, metric, starts_on_touch, stops_on_touch, target, measure, promise) VALUES ('p', 'p', '{web_visit}', '{call}', '2 hours', 'elapsed', 'x');
SELECT 'lf_' || pg_backend_pid() || '_seller' AS seller \gset
CREATE ROLE :seller;
SELECT leadflow.grant_workspace('crm', :'seller', 'sales') \g /dev/null
SELECT touch('09:00', '<web_visit'), touch('15:00', '<web_visit', 2) \g /dev/null
SELECT id AS late FROM crm.sla_clock WHERE metric = 'p' AND lead_id = 1 \gset
SELECT id AS running FROM crm.sla_clock WHERE metric = 'p' AND lead_id = 2 \gset
CREATE FUNCTION by_seller(statements text, question text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$ SELECT tried('SET LOCAL ROLE ' || current_setting('my.seller') || '; ' || statements, question) $$;
SELECT set_config('my.seller', :'seller', false) \g /dev/null
SELECT is(by_seller(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (%s, at('09:01'), at('15:59'), 'lunch')$$, :late)), '55000', 'a broken promise is not made good by a pause made up afterwards');
SELECT is(by_seller(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, reason) VALUES (%s, at('09:01'), 'lunch')$$, :late)), '55000', 'nor by one that is left open');
SELECT is(by_seller(format($$SELECT leadflow.pause_clock('crm', %s, 'from now on')$$, :late)), '00000', 'what is late may stand still from now on');
SELECT is(tried(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (%s, at('09:01'), at('15:59'), 'lunch')$$, :late), format('SELECT due_at::text FROM crm.sla_clock WHERE id = %s', :late)), '2026-03-02 17:58:00+00', 'the owner may record it');
SELECT is(tried(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, reason) VALUES (%1$s, at('10:00'), 'lunch'); SET LOCAL ROLE %2$s; SELECT leadflow.resume_clock('crm', %1$s)$$, :late, :'seller'), format('SELECT due_at::text FROM crm.sla_clock WHERE id = %s', :late)),
          '2026-03-02 17:00:00+00', 'a pause that was open when the time was over is ended by whoever may');
SELECT is(tried(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (%s, at('10:00'), at('10:10'), 'lunch'); SET LOCAL ROLE %s; UPDATE crm.sla_pause SET resumed_at = at('15:30')$$, :late, :'seller')), '55000', 'one that was over is not made longer');
SELECT is(by_seller(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (%s, at('15:10'), at('15:40'), 'lunch')$$, :running), format('SELECT due_at::text FROM crm.sla_clock WHERE id = %s', :running)), '2026-03-02 17:30:00+00', 'before the time is over a pause may be entered afterwards');
SELECT is(tried(format($$INSERT INTO crm.sla_pause (clock_id, paused_at, resumed_at, reason) VALUES (%s, at('10:00'), at('15:30'), 'lunch'); UPDATE crm.sla_pause SET clock_id = %s$$, :late, :running),
                $$SELECT string_agg(to_char(due_at, 'HH24:MI'), ' ' ORDER BY id) FROM crm.sla_clock WHERE metric = 'p'$$), '11:00 17:30', 'a pause that was entered for another clock is given back');
SELECT throws_ok($$UPDATE crm.sla_policy SET target = '60 days', warn_after = '1 month' WHERE policy = 'p'$$, '23514', NULL, 'a warning has no months either');
DELETE FROM crm.sla_policy WHERE policy = 'p';

-- an opportunity is given another lead
SELECT is(tried($$INSERT INTO crm.opportunity (source, external_id, lead_id, stage, amount, expected_close) VALUES ('t', 'o', 1, 'proposal', 5, '2030-01-01')$$), '23514', 'a deal takes its lead along, which does not meet the standard');
SELECT is(tried($$INSERT INTO crm.account (source, name) VALUES ('t', 'y'); INSERT INTO crm.opportunity (source, external_id, account_id, stage, amount, expected_close) VALUES ('t', 'o', (SELECT max(id) FROM crm.account), 'proposal', 5, '2030-01-01');
                  UPDATE crm.opportunity SET lead_id = 1$$), '23514', 'the lead that it is given later is judged as well');
DELETE FROM crm.standard;
INSERT INTO crm.sla_policy (policy, object, metric, starts_on_stage, stops_on_touch, target, measure, promise) VALUES ('q', 'opportunity', 'q', 'proposal', '{call}', '24:00', 'elapsed', 'x');
SELECT is(tried($$INSERT INTO crm.opportunity (source, external_id, stage, stage_since) VALUES ('t', 'o', 'proposal', at('10:00')); UPDATE crm.opportunity SET lead_id = 1; SELECT touch('12:00', 'call')$$,
                $$SELECT concat_ws(' | ', clocks('q'), (SELECT stage FROM crm.lead WHERE id = 1))$$), '10:00 met 12:00 touch call | proposal', 'its promises are answered to that lead, which it takes along');
SELECT is(tried($$INSERT INTO crm.opportunity (source, external_id, lead_id, stage, stage_since) VALUES ('t', 'o', 2, 'proposal', at('10:00')); SELECT touch('11:00', 'call', 2); SELECT touch('12:00', 'call'); UPDATE crm.opportunity SET lead_id = 1$$,
                $$SELECT clocks('q')$$), '10:00 met 12:00 touch call', 'and no longer to the one before');
SELECT is(tried($$INSERT INTO crm.opportunity (source, external_id, lead_id, stage, stage_since) VALUES ('t', 'o', 2, 'proposal', at('10:00')); UPDATE crm.opportunity SET lead_id = NULL$$,
                $$SELECT count(*) FROM crm.sla_clock WHERE metric = 'q' AND lead_id IS NULL$$), '1', 'nor to any');

-- another variant
INSERT INTO crm.standard (variant, stage, criterion, requirement, expression, mode) VALUES ('us', 'lead', 'needs_need', 'x', 'need <> ''''', 'warn'), ('eu', 'lead', 'needs_budget', 'x', 'budget > 0', 'enforce');
SELECT is(tried($$UPDATE crm.lead SET variant = 'us' WHERE id = 1$$, $$SELECT string_agg(criterion, ',') FROM crm.violation$$), 'needs_need', 'what it only warns of is recorded');
SELECT is(tried($$SELECT move('10:00', 'nurture', 1, 'not_now'); UPDATE crm.reason SET active = false WHERE code = 'not_now'; UPDATE crm.lead SET variant = 'us' WHERE id = 1$$), '00000', 'the reason of an exit is not asked for again');
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.status = 'v' THEN NEW.variant := 'eu'; ELSIF NEW.status = 'o' THEN NEW.owner := 'piotr'; END IF; RETURN NEW; END $$;
CREATE TRIGGER zzzz BEFORE UPDATE ON crm.lead FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT is(tried($$UPDATE crm.lead SET status = 'v' WHERE id = 1$$), '23514', 'a trigger after the guard gives the row another variant: it is judged once more');
SELECT is(tried($$SELECT move('09:00', 'mql'); UPDATE crm.lead SET status = 'o' WHERE id = 1$$), '23514', 'or another owner');
SELECT is(tried($$UPDATE crm.lead SET status = 'o' WHERE id = 1$$), '00000', 'which may be where nobody works on the lead');
DROP TRIGGER zzzz ON crm.lead;

-- columns of the company's own
-- of a type that JSON has its own form of
CREATE TYPE props AS ENUM ('none', 'a=>1', 'a=>1, b=>NULL');
CREATE FUNCTION props_json(props) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object('is', $1::text) $$;
CREATE CAST (props AS json) WITH FUNCTION props_json(props);
SELECT is(to_jsonb('a=>1'::props)::text, '{"is": "a=>1"}', 'a type with a cast to json');
CREATE DOMAIN kept AS text DEFAULT 'x' NOT NULL;
ALTER TABLE crm.lead ADD props props, ADD crm_no text UNIQUE, ADD seen daterange;
ALTER TABLE crm.stage_event ADD note kept;
INSERT INTO crm.overwrite_rule (object, field, rule) VALUES ('lead', 'props', 'newest');
SELECT is(tried($$UPDATE crm.lead SET props = 'none'; UPDATE crm.lead SET props = 'a=>1', crm_no = 'C-7', seen = '[2026-01-02,2026-01-05)' WHERE id = 2; SELECT leadflow.merge('crm', 1, 2); SET LOCAL datestyle = 'German, DMY'; SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge; SET LOCAL datestyle = 'ISO, YMD'$$,
                $$SELECT string_agg(concat_ws('/', props, crm_no, seen), ' ' ORDER BY id) FROM crm.lead$$), 'none a=>1/C-7/[2026-01-02,2026-01-05)', 'a merge is undone with them; what is unique is not taken over');
SELECT is(tried($$SELECT leadflow.merge('crm', 1, 2); UPDATE crm.lead SET crm_no = 'C-9' WHERE id = 2$$), '00000', 'and stays writable');
SELECT is(tried($$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('lead', 'a_need', 'x', 'need <> '''''); SET LOCAL leadflow.on_violation = park;
                  INSERT INTO crm.lead (source, external_id, props) VALUES ('t', '3', 'a=>1, b=>NULL'); DELETE FROM crm.standard; SELECT leadflow.retry_quarantine('crm')$$,
                $$SELECT props::text FROM crm.lead WHERE external_id = '3'$$), 'a=>1, b=>NULL', 'what was parked comes back with them');
SELECT is(tried($$INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('lead', 'a_need', 'x', 'need <> '''''); SET LOCAL leadflow.on_violation = park;
                  INSERT INTO crm.lead (source, external_id) VALUES ('t', '3'); UPDATE crm.lead SET variant = 'us' WHERE id = 1; SET LOCAL leadflow.on_violation = raise;
                  DELETE FROM crm.standard; ALTER TABLE crm.lead ADD billing kept; SELECT leadflow.retry_quarantine('crm')$$,
                $$SELECT concat_ws(' ', (SELECT billing FROM crm.lead WHERE external_id = '3'), (SELECT count(*) FROM crm.quarantine))$$), 'x 0', 'with a column of a domain that may not be null, too, which was added since');
SELECT is(tried($$UPDATE crm.lead SET phone = '1' WHERE id = 2; ALTER TABLE crm.lead ADD billing kept; SELECT leadflow.merge('crm', 1, 2); SELECT leadflow.unmerge('crm', max(id)) FROM crm.lead_merge$$,
                $$SELECT string_agg(concat_ws('/', billing, phone), ' ' ORDER BY id) FROM crm.lead$$), 'x x/1', 'and a merge is undone with it');
SELECT is(tried($$INSERT INTO crm.lead (source, external_id) VALUES ('t', '4')$$, $$SELECT note FROM crm.stage_event ORDER BY id DESC LIMIT 1$$), 'x', 'the default of a domain in the history holds');

-- row security: what is said of the lead of a deal
INSERT INTO crm.standard (stage, criterion, requirement, expression) VALUES ('opportunity', 'a_need', 'x', 'need = ''no secret''');
UPDATE crm.lead SET need = 'SECRET' WHERE id = 1;
SELECT format('CREATE POLICY own ON crm.%s TO %I USING (owner = CURRENT_USER) WITH CHECK (true)', t, :'seller') FROM unnest('{lead,opportunity}'::text[]) t \gexec
ALTER TABLE crm.lead ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.opportunity ENABLE ROW LEVEL SECURITY;
INSERT INTO crm.opportunity (source, external_id, owner) VALUES ('t', 'mine', :'seller');
SELECT is(by_seller($$SET LOCAL leadflow.on_violation = park; UPDATE crm.opportunity SET lead_id = 1$$, $$SELECT string_agg(u ->> 'criterion' || ':' || (u ->> 'seen'), ',') FROM crm.quarantine, jsonb_array_elements(unmet) u$$),
          'a_need:', 'nothing of what is hidden');
UPDATE crm.lead SET owner = :'seller', owner_reason = 'x' WHERE id = 1;
SELECT is(by_seller($$SET LOCAL leadflow.on_violation = park; UPDATE crm.opportunity SET lead_id = 1$$, $$SELECT string_agg(u ->> 'criterion' || ':' || (u ->> 'seen'), ',') FROM crm.quarantine, jsonb_array_elements(unmet) u$$),
          'a_need:need = SECRET', 'what may be read is told');

-- a clock that somebody forgot to reset, years ahead
SELECT is(by_seller($$UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 1$$, 'SELECT stage FROM crm.lead WHERE id = 1'), 'disqualified', 'a lead is disqualified');
SELECT is(by_seller($$SET LOCAL leadflow.clock = '2999-01-01'; UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 1$$), '23514', 'not as of an instant to come');
SELECT is(by_seller($$SET LOCAL leadflow.clock = '2999-01-01'; UPDATE crm.lead SET stage = 'disqualified', reason = 'spam', stage_since = '2026-03-03' WHERE id = 1$$), '00000', 'but since one that has come');
SELECT is(tried($$SET LOCAL leadflow.clock = '2999-01-01'; UPDATE crm.lead SET stage = 'disqualified', reason = 'spam' WHERE id = 1$$, 'SELECT stage_since::date FROM crm.lead WHERE id = 1'), '2999-01-01', 'the owner may rehearse');
SELECT is(tried($$SET LOCAL leadflow.clock = '2999-01-01'; UPDATE crm.lead SET stage = 'disqualified', reason = 'spam', stage_since = '2999-01-02' WHERE id = 1$$), '23514', 'to that instant');

DROP OWNED BY :seller;
DROP ROLE :seller;
SELECT * FROM finish();
