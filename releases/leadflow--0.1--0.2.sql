/* leadflow--0.1--0.2.sql: made by script/upgrade, not to be edited */

\echo Use "ALTER EXTENSION leadflow UPDATE TO '0.2'" to load this file. \quit

-- create_workspace has another argument
DROP FUNCTION leadflow.create_workspace(text, text);

CREATE FUNCTION leadflow.check_workspace_version(workspace text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    has text;
BEGIN
    EXECUTE pg_catalog.format('SELECT w.version FROM %I.workspace w', workspace) INTO has;
    IF has IS DISTINCT FROM leadflow.version() THEN
        RAISE EXCEPTION 'workspace % has version %, and leadflow has version %', workspace, COALESCE(has, 'null'), leadflow.version()
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = pg_catalog.format('Run SELECT leadflow.upgrade_workspace(%L) first.', workspace);
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.become_workspace_owner(workspace text)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    caller constant text := pg_catalog.current_setting('role');
    owner name;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    SELECT pg_catalog.pg_get_userbyid(c.relowner) INTO owner
    FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.format('%I.workspace', workspace)::pg_catalog.regclass;
    IF NOT pg_catalog.pg_has_role(owner, 'MEMBER') THEN
        RAISE EXCEPTION 'must be owner of workspace %', workspace
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF owner <> current_user THEN
        PERFORM pg_catalog.set_config('role', owner, true);
    END IF;
    RETURN caller;
END;
$function$
;

CREATE FUNCTION leadflow.json_says(value jsonb, pattern text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT EXISTS (SELECT FROM pg_catalog.jsonb_path_query(value, 'strict $.**') v
                   WHERE pg_catalog.jsonb_typeof(v) IN ('string', 'number') AND v #>> '{}' ~* pattern)
$function$
;

CREATE OR REPLACE FUNCTION leadflow.forget_rows(workspace name, lead_id bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
DECLARE
    found boolean;
    part text;
    winner bigint;
    leads bigint[];
    person text;
    identity text;
    deals constant text := pg_catalog.format('(SELECT o.id FROM %I.opportunity o WHERE o.lead_id = ANY ($1))', workspace);
BEGIN
    PERFORM leadflow.check_workspace_version(workspace);
    EXECUTE pg_catalog.format('SELECT true, l.merged_into FROM %I.lead l WHERE l.id = $1', workspace) INTO found, winner USING lead_id;
    IF found IS NULL THEN
        RAISE EXCEPTION 'workspace % has no lead %', workspace, lead_id
            USING ERRCODE = 'no_data_found';
    ELSIF winner IS NOT NULL THEN
        RAISE EXCEPTION 'lead % was merged into lead %', lead_id, winner
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = pg_catalog.format('Forget lead %s: that forgets both.', winner);
    END IF;
    EXECUTE pg_catalog.format('WITH RECURSIVE person AS (SELECT $1 AS id UNION SELECT l.id FROM %I.lead l JOIN person p ON l.merged_into = p.id)
                               SELECT pg_catalog.array_agg(id ORDER BY id) FROM person', workspace) INTO leads USING lead_id;
    EXECUTE pg_catalog.format('SELECT FROM %I.lead l WHERE l.id = ANY ($1) ORDER BY l.id FOR UPDATE', workspace) USING leads;

    -- what the person is called, as an expression that finds it as whole words; and what nobody else is called,
    -- for rows that are not known to be hers
    EXECUTE pg_catalog.format(
        'SELECT ''(^|[^[:alnum:]])('' || pg_catalog.string_agg(DISTINCT w.words, ''|'') || '')([^[:alnum:]]|$)'',
                ''(^|[^[:alnum:]])('' || pg_catalog.string_agg(DISTINCT w.words, ''|'') FILTER (WHERE w.identifies) || '')([^[:alnum:]]|$)''
         FROM (SELECT pg_catalog.regexp_replace(pg_catalog.regexp_replace(t.name, ''([^[:alnum:][:space:]])'', ''\\\1'', ''g''), ''\s+'', ''\\s+'', ''g'') AS words,
                      CASE n.field WHEN ''full_name'' THEN t.name ~ ''[[:alnum:]]\s.*[[:alnum:]]'' AND pg_catalog.length(t.name) >= 5
                                   WHEN ''email'' THEN t.name ~ ''.@.''
                                   ELSE pg_catalog.length(pg_catalog.regexp_replace(t.name, ''[^[:digit:]]'', '''', ''g'')) >= 6 END AS identifies
               FROM (SELECT v.field, v.name FROM %1$I.lead l, LATERAL (VALUES (''full_name'', l.full_name), (''email'', l.email), (''phone'', l.phone)) v (field, name)
                     WHERE l.id = ANY ($1)
                     UNION
                     -- what another tool called her
                     SELECT x.field, v.name FROM %1$I.overwrite_refused x, LATERAL (VALUES (x.kept), (x.refused)) v (name)
                     WHERE x.lead_id = ANY ($1) AND x.object = ''lead'' AND x.field IN (''full_name'', ''email'', ''phone'')) n
               CROSS JOIN LATERAL (SELECT pg_catalog.btrim(n.name, E'' \t\r\n'') AS name) t
               -- what is longer is not a name
               WHERE t.name <> '''' AND pg_catalog.length(t.name) <= 200) w', workspace) INTO person, identity USING leads;

    EXECUTE pg_catalog.format(
        'DELETE FROM %1$I.quarantine q USING %1$I.lead l
         WHERE l.id = ANY ($1)
             AND (q.object = ''lead'' AND (q.operation = ''UPDATE'' AND q.parked_row ->> ''id'' = l.id::text
                                           OR q.source = l.source AND q.external_id = l.external_id
                                           OR q.parked_row ->> ''email'' = l.email OR q.parked_row ->> ''phone'' = l.phone
                                           OR leadflow.normal_email(q.parked_row ->> ''email'') = leadflow.normal_email(l.email)
                                           OR leadflow.normal_phone(q.parked_row ->> ''phone'') = leadflow.normal_phone(l.phone))
                  OR q.object = ''opportunity'' AND (q.parked_row ->> ''lead_id'' = l.id::text
                                                  OR q.operation = ''UPDATE'' AND q.parked_row ->> ''id'' IN (SELECT d.id::text FROM %2$s d))
                  -- a row of an attached table, which has columns of its own, tells whose it is by the key of its lead, or by its words
                  OR (q.attachment IS NOT NULL OR q.object NOT IN (''lead'', ''opportunity''))
                     AND (leadflow.json_says(q.parked_row, $2) OR q.external_id ~* $2
                          OR EXISTS (SELECT FROM %1$I.attachment a
                                     WHERE a.attachment = q.attachment AND COALESCE(a.options ->> ''parent_source'', a.source) = l.source
                                         AND q.parked_row ->> pg_catalog.substring(a.mapping ->> ''lead'', ''^new\."?([^".:]+)"?(?:::[a-z]+)?$'') = l.external_id)))',
        workspace, deals) USING leads, identity;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.stage_event SET reason_note = NULL, facts = facts - ''features''
         WHERE (reason_note IS NOT NULL OR facts IS NOT NULL)
             AND (lead_id = ANY ($1) OR opportunity_id IN %2$s)', workspace, deals) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.nurture_stay SET narrative = NULL WHERE lead_id = ANY ($1) AND narrative IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.verdict SET note = NULL, narrative = NULL WHERE lead_id = ANY ($1) AND (note IS NOT NULL OR narrative IS NOT NULL)', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.verdict_answer SET note = CASE WHEN answer <> ''agrees'' THEN ''forgotten'' END
         WHERE note IS NOT NULL AND verdict_id IN (SELECT v.id FROM %1$I.verdict v WHERE v.lead_id = ANY ($1))', workspace) USING leads;
    FOR part IN EXECUTE pg_catalog.format(
        'SELECT ''touch'' UNION ALL SELECT a.part FROM %1$I.archived_part a WHERE pg_catalog.to_regclass(pg_catalog.format(''%%I.%%I'', %1$L, a.part)) IS NOT NULL', workspace)
    LOOP
        EXECUTE pg_catalog.format(
            'UPDATE %1$I.%2$I t SET note = NULL, outcome = NULL, external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END,
                 actor = CASE WHEN actor ~* $2 THEN NULL ELSE actor END,
                 content = CASE WHEN content ~* $2 OR EXISTS (SELECT FROM %1$I.touch_kind k WHERE k.kind = t.kind AND k.is_contact) THEN NULL
                                ELSE content END
             WHERE lead_id = ANY ($1)', workspace, part) USING leads, person;
    END LOOP;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.transcript SET words = ''forgotten'', recording_url = NULL
         WHERE touch_id IN (SELECT t.id FROM %1$I.touch t WHERE t.lead_id = ANY ($1))', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.sla_pause SET reason = ''forgotten''
         WHERE reason ~* $2 AND clock_id IN (SELECT c.id FROM %1$I.sla_clock c WHERE c.lead_id = ANY ($1) OR c.opportunity_id IN %2$s)', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.opportunity SET reason_note = NULL,
             name = CASE WHEN name ~* $2 THEN NULL ELSE name END,
             external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END,
             attributes = CASE WHEN leadflow.json_says(attributes, $2) THEN ''{}'' ELSE attributes END
         WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    -- what was learnt stays, without what she said and what names her
    EXECUTE pg_catalog.format(
        'UPDATE %I.committee_member SET note = NULL, who = CASE WHEN who ~* $2 THEN NULL ELSE who END WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    EXECUTE pg_catalog.format('UPDATE %I.hypothesis_talk SET note = NULL WHERE lead_id = ANY ($1) AND note IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format('UPDATE %I.battlecard_feedback SET note = NULL WHERE lead_id = ANY ($1) AND note IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format('UPDATE %I.opinion SET words = NULL, external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END WHERE lead_id = ANY ($1)', workspace) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.objection_heard SET note = NULL, answer = CASE WHEN answer ~* $2 THEN ''forgotten'' ELSE answer END
         WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.content_request SET note = NULL, wanted = CASE WHEN wanted ~* $2 THEN ''forgotten'' ELSE wanted END
         WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.lesson SET lesson = CASE WHEN lesson ~* $2 THEN ''forgotten'' ELSE lesson END,
             action = CASE WHEN action ~* $2 THEN ''forgotten'' ELSE action END
         WHERE debrief_id IN (SELECT d.id FROM %1$I.debrief d JOIN %1$I.opportunity o ON o.id = d.opportunity_id WHERE o.lead_id = ANY ($1))
             AND (lesson ~* $2 OR action ~* $2)', workspace) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.debrief SET conclusions = ''forgotten''
         WHERE conclusions ~* $2 AND opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.deal_plan SET obstacle = CASE WHEN obstacle ~* $2 THEN ''forgotten'' ELSE obstacle END,
             closing_plan = CASE WHEN closing_plan ~* $2 THEN ''forgotten'' ELSE closing_plan END,
             next_step = CASE WHEN next_step ~* $2 THEN ''forgotten'' ELSE next_step END,
             needs_note = CASE WHEN needs_note ~* $2 THEN ''forgotten'' ELSE needs_note END
         WHERE opportunity_id IN %2$s', workspace, deals) USING leads, person;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.alert SET message = CASE WHEN message ~* $2 THEN ''forgotten'' ELSE message END,
             details = CASE WHEN leadflow.json_says(details, $2) THEN ''{}'' ELSE details END, fault = CASE WHEN fault ~* $2 THEN ''forgotten'' ELSE fault END
         WHERE (lead_id = ANY ($1) OR opportunity_id IN %2$s) AND (message ~* $2 OR leadflow.json_says(details, $2) OR fault ~* $2)', workspace, deals) USING leads, person;
    -- where the key of an attached table is an address: the next run begins at the beginning
    EXECUTE pg_catalog.format('UPDATE %I.backfill_progress SET last_key = NULL WHERE leadflow.json_says(last_key, $1)', workspace) USING identity;
    -- books that were closed before she was forgotten
    EXECUTE pg_catalog.format(
        'UPDATE %I.book SET figures = (SELECT pg_catalog.jsonb_object_agg(f.key, CASE WHEN leadflow.json_says(f.value, $1)
                 THEN CASE pg_catalog.jsonb_typeof(f.value) WHEN ''array'' THEN ''[]'' ELSE ''"forgotten"'' END::jsonb ELSE f.value END)
             FROM pg_catalog.jsonb_each(figures) f)
         WHERE leadflow.json_says(figures, $1)', workspace) USING identity;
    EXECUTE pg_catalog.format('UPDATE %I.lead_score SET refusal = ''forgotten'' WHERE lead_id = ANY ($1) AND refusal IS NOT NULL', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.lead_merge SET survivors = ''{}'' WHERE winner_id = ANY ($1) OR loser_id = ANY ($1)', workspace) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.overwrite_refused SET kept = NULL, refused = NULL WHERE lead_id = ANY ($1) OR opportunity_id IN %2$s', workspace, deals) USING leads;
    EXECUTE pg_catalog.format(
        'UPDATE %I.lead SET full_name = NULL, email = NULL, phone = NULL, need = NULL, reason_note = NULL, why_now = NULL,
             promised = NULL, evidence = NULL, narrative = NULL, owner_reason = NULL, attributes = ''{}'', verified = false,
             external_id = CASE WHEN external_id ~* $2 THEN ''forgotten '' || id ELSE external_id END
         WHERE id = ANY ($1)', workspace) USING leads, person;
END;
$function$
;

CREATE FUNCTION leadflow.mentions(workspace name, words text)
 RETURNS TABLE(relation text, key jsonb, fields text[])
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    key_columns text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    IF pg_catalog.btrim(words) = '' THEN
        RAISE EXCEPTION 'no words to look for'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR relation, key_columns IN
        SELECT c.relname, COALESCE(k.columns, pg_catalog.format('%L, r.ctid::text', 'ctid'))
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.format('%L, r.%I', a.attname, a.attname), ', ' ORDER BY a.attnum) AS columns
                           FROM pg_catalog.pg_index i
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                           WHERE i.indrelid = c.oid AND i.indisprimary) k ON true
        WHERE n.nspname = workspace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        ORDER BY c.relname
    LOOP
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %1$L::text, f.key, f.fields FROM (SELECT pg_catalog.jsonb_build_object(%2$s) AS key,
                    ARRAY(SELECT f.key FROM pg_catalog.jsonb_each(pg_catalog.to_jsonb(r.*)) f
                          WHERE pg_catalog.strpos(pg_catalog.lower(f.value #>> ''{}''), pg_catalog.lower($1)) > 0
                              -- as it is, where JSON writes it otherwise
                              OR EXISTS (SELECT FROM pg_catalog.jsonb_path_query(f.value, ''strict $.**'') v
                                         WHERE pg_catalog.jsonb_typeof(v) = ''string'' AND pg_catalog.strpos(pg_catalog.lower(v #>> ''{}''), pg_catalog.lower($1)) > 0)
                          ORDER BY f.key COLLATE pg_catalog."C") AS fields
             FROM %3$I.%1$I r) f
             WHERE f.fields <> ''{}''', relation, key_columns, workspace) USING words;
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.is_fault_of_row(state text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$SELECT state !~ '^(08|25|40|53|54|55P03|57|58|XX)'$function$
;

CREATE OR REPLACE FUNCTION leadflow.retry_quarantine(workspace name, ids bigint[] DEFAULT NULL::bigint[], OUT retried bigint, OUT accepted bigint, OUT superseded bigint, OUT still_parked bigint)
 RETURNS SETOF record
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "leadflow.on_violation" TO 'raise'
AS $function$
DECLARE
    parked record;
    last_id bigint;
    mode text;
    outcome text;
    unmet jsonb;
    state text;
    message text;
    hint text;
    criterion text;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    retried := 0;
    accepted := 0;
    superseded := 0;
    still_parked := 0;
    FOR parked IN EXECUTE pg_catalog.format('SELECT q.id, q.object, q.source, q.external_id, q.target_stage, q.attachment FROM %I.quarantine q
                                             WHERE $1 IS NULL OR q.id = ANY ($1) ORDER BY q.id FOR UPDATE', workspace) USING ids
    LOOP
        retried := retried + 1;
        -- refused, it is tried once more as a row to park: that says what is missing, and is undone
        FOREACH mode IN ARRAY ARRAY['raise', 'park'] LOOP
            unmet := NULL;
            BEGIN
                PERFORM pg_catalog.set_config('leadflow.on_violation', mode, true);
                EXECUTE pg_catalog.format('SELECT pg_catalog.max(q.id) FROM %I.quarantine q', workspace) INTO last_id;
                outcome := leadflow.retry_parked(workspace, parked.id);
                EXECUTE pg_catalog.format('SELECT q.unmet FROM %I.quarantine q WHERE q.id > $1 AND q.recorded_at = pg_catalog.now() ORDER BY q.id LIMIT 1',
                                          workspace) INTO unmet USING last_id;
                EXIT WHEN mode = 'raise' AND unmet IS NULL;
                RAISE EXCEPTION USING ERRCODE = 'LF000';
            EXCEPTION
                WHEN SQLSTATE 'LF000' THEN
                    outcome := NULL;
                WHEN OTHERS THEN
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, criterion = CONSTRAINT_NAME;
                    -- a row may wait for somebody who may give the verdict that it is, or read the table that it is of
                    IF NOT leadflow.is_fault_of_row(state) OR (state = '42501' AND criterion <> 'verdict' AND parked.attachment IS NULL) THEN
                        RAISE;
                    END IF;
                    outcome := NULL;
            END;
            EXIT WHEN unmet IS NOT NULL;
        END LOOP;

        IF outcome IS NULL THEN
            unmet := COALESCE(unmet, pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
                'criterion', COALESCE(NULLIF(criterion, ''), state), 'object', parked.object, 'stage', parked.target_stage::text,
                'requirement', message, 'seen', '', 'how_to_fix', NULLIF(hint, ''))));
            EXECUTE pg_catalog.format('UPDATE %I.quarantine SET unmet = $2 WHERE id = $1', workspace) USING parked.id, unmet;
            still_parked := still_parked + 1;
        ELSE
            EXECUTE pg_catalog.format('DELETE FROM %I.quarantine WHERE id = $1', workspace) USING parked.id;
            IF outcome = 'accepted' THEN
                accepted := accepted + 1;
            ELSE
                superseded := superseded + 1;
            END IF;
        END IF;
    END LOOP;
    RETURN NEXT;
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.schedule(workspace name, cron text DEFAULT '* * * * *'::text, task text DEFAULT 'sweep'::text)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
DECLARE
    job bigint;
BEGIN
    IF workspace IS NULL OR cron IS NULL THEN
        RAISE EXCEPTION 'a schedule needs a workspace and a time'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF task IS NULL OR task NOT IN ('sweep', 'scores', 'partitions') THEN
        RAISE EXCEPTION 'unknown task "%"', task
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose sweep, scores or partitions.';
    END IF;
    PERFORM leadflow.check_workspace_owner(workspace);
    PERFORM leadflow.require_pg_cron();
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job
        USING pg_catalog.format('leadflow %s %s', task, workspace), cron,
              pg_catalog.format(CASE task WHEN 'sweep' THEN 'SELECT * FROM leadflow.sweep(%L)' WHEN 'scores' THEN 'CALL leadflow.refresh_scores(%L)'
                                     ELSE 'SELECT leadflow.add_partitions(%L)' END, workspace);
    RETURN job;
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.workspace_reports()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ SELECT pg_catalog.string_to_array('visible_lead visible_opportunity visible_account visible_touch lead_outside stage_dictionary stage_history current_stage deal lead_milestone stage_duration stalled funnel funnel_segmented leakage stage_win_rate pipeline_deals pipeline_stages pipeline_health pipeline_movement velocity win_rate loss_reasons revenue_structure customer_value cohort cohort_conversion mix_rate bottlenecks refusals sla_status sla_breach sla_compliance alerts_open cadence_progress response_time handover weekly_review never_contacted follow_up_coverage feedback_coverage verdicts verdict_coverage rejections false_rejections disputes verdict_quality contact_attempt attempts_to_answer channel_effect wasted_effort response_conversion volume_and_quality agreement_kept sla_open owner_load lead_scores qualification score_grid score_quality score_faults score_errors account_scores intent_tasks sla_curve sla_suggestion conversation_moment work_queue order_of_work work_order_kept lead_story lead_card quarantine_reasons completeness data_quality duplicate_candidates routing_faults routing_fairness score_models score_model_card feature_value campaign_spend cost_per_stage spend_efficiency campaign_return volume_without_sales reallocation content_effect campaign_contact_effect revenue_sources deal_touch deal_review attribution attribution_compare sourced_influenced influence won_lost_paths plan_vs_actual joint_goals quarterly_review forecast_accuracy bonus report_trust icp_leads icp_fit buying_committee hypothesis_board experiment_result content_catalogue battlecard_freshness content_requests content_request_effect objections keywords_heard objection_answers lessons_open unapproved_promises first_contact_opinions proposals definition_faults definition_reviews metric_dictionary', ' ') $function$
;

CREATE FUNCTION leadflow.workspace_steps()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ SELECT pg_catalog.string_to_array('0.1--0.2', ' ') $function$
;

CREATE OR REPLACE FUNCTION leadflow.workspace_script(part text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ SELECT CASE part
WHEN 'definitions' THEN $leadflow_text$/*
 * definitions.sql: what the company agreed on.  Run with the new workspace
 * first on the search path.  A change of any of these tables binds the next
 * statement of every session, and is kept in definition_change.
 */

CREATE TABLE workspace (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version     text NOT NULL,
    currency    text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    currency_decimals integer NOT NULL DEFAULT 2 CHECK (currency_decimals BETWEEN 0 AND 2),
    owner_reason_required boolean NOT NULL DEFAULT true,
    score_in_force text NOT NULL DEFAULT 'rules' CHECK (score_in_force IN ('rules', 'model', 'tool')),
    account_score text NOT NULL DEFAULT 'decayed' CHECK (account_score IN ('sum', 'max', 'top', 'decayed')),
    account_score_top integer NOT NULL DEFAULT 3 CHECK (account_score_top > 0),
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE workspace IS 'The workspace itself: one row.';
COMMENT ON COLUMN workspace.only_row IS 'always true: the table has one row';
COMMENT ON COLUMN workspace.version IS 'version of leadflow whose layout this workspace has';
COMMENT ON COLUMN workspace.currency IS 'ISO 4217 code of the currency that reports use';
COMMENT ON COLUMN workspace.currency_decimals IS 'its decimals, to which amounts are converted and in which they are shared: 2, or 0 for a currency without cents such as JPY';
COMMENT ON COLUMN workspace.owner_reason_required IS 'whether a lead that an active team_member works on, or whose account one does, goes to another only with an owner_reason';
COMMENT ON COLUMN workspace.score_in_force IS 'which score orders the work: rules (lead_score.total), model (lead_score.probability) or tool (lead.score)';
COMMENT ON COLUMN workspace.account_score IS 'how the scores of its leads make that of an account: sum, max, top (sum of the highest) or decayed (each further lead counts half of the one before)';
COMMENT ON COLUMN workspace.account_score_top IS 'how many leads top counts';
COMMENT ON COLUMN workspace.created_at IS 'when the workspace was created';

CREATE TABLE definition_change (
    version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    definition      text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
    old_row         jsonb,
    new_row         jsonb,
    session_actor   text NOT NULL,
    actor           text NOT NULL,
    reason          text DEFAULT NULLIF(pg_catalog.current_setting('leadflow.change_reason', true), '')
);
CREATE INDEX ON definition_change (changed_at);
COMMENT ON TABLE definition_change IS 'Every change of a definition: who, when, what. Append-only; the greatest version is the one in force. Instants in the rows are in UTC.';
COMMENT ON COLUMN definition_change.version IS 'version of the definitions that this change made';
COMMENT ON COLUMN definition_change.changed_at IS 'when the change was made';
COMMENT ON COLUMN definition_change.definition IS 'name of the definition table';
COMMENT ON COLUMN definition_change.operation IS 'INSERT, UPDATE, DELETE or TRUNCATE';
COMMENT ON COLUMN definition_change.old_row IS 'the row before the change, null for INSERT and TRUNCATE, and where rows change by the statement (score_model_point)';
COMMENT ON COLUMN definition_change.new_row IS 'the row after the change, null for DELETE and TRUNCATE, and where rows change by the statement';
COMMENT ON COLUMN definition_change.session_actor IS 'role that opened the session';
COMMENT ON COLUMN definition_change.actor IS 'role in whose name the change was made';
COMMENT ON COLUMN definition_change.reason IS 'why it was changed: the setting leadflow.change_reason, or the proposal that was applied; null where nobody said';

CREATE TABLE stage_definition (
    stage           leadflow.stage NOT NULL,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    labels          jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    meaning         text NOT NULL,
    team            text NOT NULL,
    kind            text NOT NULL DEFAULT 'inventory' CHECK (kind IN ('inventory', 'sla', 'gate', 'detour', 'terminal')),
    entry_evidence  text,
    exit_criteria   text,
    norm            interval CHECK (norm > interval '0'),
    PRIMARY KEY (stage, variant)
);
COMMENT ON TABLE stage_definition IS 'The contract of a stage: what it means, who owns it, what proves entry and exit, how long it may last.';
COMMENT ON COLUMN stage_definition.stage IS 'a spine stage, an exit or a leaf of one';
COMMENT ON COLUMN stage_definition.variant IS 'product line or region; * for all';
COMMENT ON COLUMN stage_definition.labels IS 'names people read, by language: {"en": "Qualified"}';
COMMENT ON COLUMN stage_definition.meaning IS 'the definition in words';
COMMENT ON COLUMN stage_definition.team IS 'team responsible for a lead in this stage';
COMMENT ON COLUMN stage_definition.kind IS 'inventory (may wait), sla (on a clock), gate (decide now), detour or terminal';
COMMENT ON COLUMN stage_definition.entry_evidence IS 'the input: what must stand behind entering the stage';
COMMENT ON COLUMN stage_definition.exit_criteria IS 'the output: what is known or done when it is left';
COMMENT ON COLUMN stage_definition.norm IS 'longest time a lead should stay, elapsed; null for no norm';

CREATE TABLE stage_alias (
    object      text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    source      text NOT NULL DEFAULT '*' CHECK (source <> ''),
    status      text NOT NULL CHECK (status <> ''),
    stage       leadflow.stage NOT NULL,
    PRIMARY KEY (object, source, status)
);
COMMENT ON TABLE stage_alias IS 'What the words of each tool mean: its status is the canonical stage.';
COMMENT ON COLUMN stage_alias.object IS 'lead or opportunity';
COMMENT ON COLUMN stage_alias.source IS 'the tool whose word it is; * for every tool';
COMMENT ON COLUMN stage_alias.status IS 'the tool''s own word, exactly as it writes it';
COMMENT ON COLUMN stage_alias.stage IS 'the stage that the word stands for';

CREATE TABLE transition (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    from_stage      leadflow.stage,
    to_stage        leadflow.stage NOT NULL,
    reason_required boolean NOT NULL DEFAULT true,
    meaning         text
);
CREATE UNIQUE INDEX transition_key ON transition (object, variant, (COALESCE(from_stage::text, '*')), to_stage);
COMMENT ON TABLE transition IS 'The moves that are allowed besides going forward along the spine: back, into an exit, and out of one.';
COMMENT ON COLUMN transition.id IS 'number of the row';
COMMENT ON COLUMN transition.object IS 'lead or opportunity';
COMMENT ON COLUMN transition.variant IS 'product line or region; * for all';
COMMENT ON COLUMN transition.from_stage IS 'where the move starts; null for any stage';
COMMENT ON COLUMN transition.to_stage IS 'where it ends; a move out of an exit may also go past this stage when the criteria allow';
COMMENT ON COLUMN transition.reason_required IS 'whether the writer owes a reason';
COMMENT ON COLUMN transition.meaning IS 'when this move is made, in words';

CREATE TABLE standard (
    object      text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    variant     text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    stage       leadflow.stage NOT NULL,
    criterion   text NOT NULL CHECK (criterion ~ '^[a-z][a-z0-9_]{0,62}$'),
    requirement text NOT NULL,
    expression  text NOT NULL,
    how_to_fix  text,
    mode        text NOT NULL DEFAULT 'enforce' CHECK (mode IN ('enforce', 'warn')),
    position    integer NOT NULL DEFAULT 100,
    PRIMARY KEY (object, variant, stage, criterion)
);
COMMENT ON TABLE standard IS 'The lead standard: the criteria a row meets to enter a stage, or any stage after it.';
COMMENT ON COLUMN standard.object IS 'lead or opportunity';
COMMENT ON COLUMN standard.variant IS 'product line or region; * for all. A variant''s criterion replaces the general one of the same stage and code';
COMMENT ON COLUMN standard.stage IS 'the stage that the criterion guards';
COMMENT ON COLUMN standard.criterion IS 'code of the criterion; the constraint name that a refused writer sees';
COMMENT ON COLUMN standard.requirement IS 'the criterion in words';
COMMENT ON COLUMN standard.expression IS 'a boolean SQL expression over the row''s columns and its evidence; null does not meet it';
COMMENT ON COLUMN standard.how_to_fix IS 'what the writer should do when it is not met';
COMMENT ON COLUMN standard.mode IS 'enforce (the row is refused) or warn (accepted and recorded in violation)';
COMMENT ON COLUMN standard.position IS 'order within the stage';

CREATE TABLE nurture_track (
    track       text PRIMARY KEY CHECK (track ~ '^[a-z][a-z0-9_]{0,62}$'),
    position    integer NOT NULL DEFAULT 100,
    meaning     text NOT NULL,
    content     text,
    wake_after  interval CHECK (wake_after > interval '0' AND wake_after <= interval '100 years'),
    cool_down   interval NOT NULL DEFAULT '0' CHECK (cool_down >= interval '0' AND cool_down <= interval '100 years'),
    wakes_at    leadflow.stage NOT NULL DEFAULT 'lead' CHECK (wakes_at >= 'visitor'),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE nurture_track IS 'What marketing does with a lead that goes into nurture, and when it comes back.';
COMMENT ON COLUMN nurture_track.track IS 'code of the track';
COMMENT ON COLUMN nurture_track.position IS 'the active track with the smallest position is taken where neither the writer nor the reason names one';
COMMENT ON COLUMN nurture_track.meaning IS 'which leads are on this track, in words';
COMMENT ON COLUMN nurture_track.content IS 'the sequence of content that they are sent';
COMMENT ON COLUMN nurture_track.wake_after IS 'how long after it entered nurture a lead wakes, where the writer gives no wake_at; null for never by itself';
COMMENT ON COLUMN nurture_track.cool_down IS 'how long a lead that sales had in hand rests: it does not wake sooner, and the standard may ask it to rest before it is handed over again';
COMMENT ON COLUMN nurture_track.wakes_at IS 'stage in which a lead wakes';
COMMENT ON COLUMN nurture_track.active IS 'whether leads may still be put on it';

CREATE TABLE reason (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    applies_to  leadflow.stage[] NOT NULL,
    category    text NOT NULL,
    labels      jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    needs_note  boolean NOT NULL DEFAULT false,
    next_step   text,
    counts      boolean NOT NULL DEFAULT true,
    needs_attempts boolean NOT NULL DEFAULT false,
    nurture_track text REFERENCES nurture_track ON UPDATE CASCADE,
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE reason IS 'The catalogue of reasons for leaving the path or going back.';
COMMENT ON COLUMN reason.code IS 'code that writers give';
COMMENT ON COLUMN reason.applies_to IS 'stages that may be entered with it; a spine stage stands for its leaves too, an empty array for every stage';
COMMENT ON COLUMN reason.category IS 'group for reports: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN reason.labels IS 'names people read, by language';
COMMENT ON COLUMN reason.needs_note IS 'whether a note is owed as well';
COMMENT ON COLUMN reason.next_step IS 'what happens next: mend the audience, the score or the offer, nurture, nothing';
COMMENT ON COLUMN reason.counts IS 'false for what never was a lead, such as spam and tests: a lead that is in an exit with it is outside every denominator (see lead_outside)';
COMMENT ON COLUMN reason.needs_attempts IS 'whether it claims that nobody was reached: it may be given for a lead only once the attempts that its cadence asks for were made';
COMMENT ON COLUMN reason.nurture_track IS 'track of leads that go into nurture with it; null for the first one';
COMMENT ON COLUMN reason.active IS 'whether it may still be given';

CREATE TABLE business_calendar (
    code        text PRIMARY KEY CHECK (code <> ''),
    calendar    leadflow.calendar NOT NULL,
    description text
);
COMMENT ON TABLE business_calendar IS 'Working time by team or region.';
COMMENT ON COLUMN business_calendar.code IS 'name of the calendar; default is used where none is named';
COMMENT ON COLUMN business_calendar.calendar IS 'time zone and opening hours';
COMMENT ON COLUMN business_calendar.description IS 'whose hours these are';

CREATE TABLE team_member (
    member      text PRIMARY KEY CHECK (member <> ''),
    full_name   text,
    team        text NOT NULL,
    department  text NOT NULL CHECK (department IN ('marketing', 'sales', 'customer', 'revops')),
    role        text,
    calendar    text REFERENCES business_calendar ON UPDATE CASCADE,
    alert_calendar text REFERENCES business_calendar ON UPDATE CASCADE,
    manager     text REFERENCES team_member ON UPDATE CASCADE CHECK (manager <> member),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE team_member IS 'Who belongs to which team; lead.owner names a member.';
COMMENT ON COLUMN team_member.member IS 'name used in owner and actor columns';
COMMENT ON COLUMN team_member.full_name IS 'name people read';
COMMENT ON COLUMN team_member.team IS 'team, as reports group it';
COMMENT ON COLUMN team_member.department IS 'marketing, sales, customer or revops';
COMMENT ON COLUMN team_member.role IS 'SDR, BDR, AE, demand generation, and so on';
COMMENT ON COLUMN team_member.calendar IS 'the member''s working time; null for the default calendar';
COMMENT ON COLUMN team_member.alert_calendar IS 'when the member may be alerted; null for the working time';
COMMENT ON COLUMN team_member.manager IS 'whom alerts go to when the member does not act; null for nobody';
COMMENT ON COLUMN team_member.active IS 'false once the member has left';

CREATE TABLE touch_kind (
    kind        text PRIMARY KEY CHECK (kind <> ''),
    is_signal   boolean NOT NULL DEFAULT false,
    is_contact  boolean NOT NULL DEFAULT false,
    meaning     text NOT NULL
);
COMMENT ON TABLE touch_kind IS 'The kinds of touch, and which of them count.';
COMMENT ON COLUMN touch_kind.kind IS 'code of the kind';
COMMENT ON COLUMN touch_kind.is_signal IS 'inbound, it is a sign of interest';
COMMENT ON COLUMN touch_kind.is_contact IS 'outbound, it is an attempt to reach the lead';
COMMENT ON COLUMN touch_kind.meaning IS 'what the kind stands for';

CREATE TABLE sla_policy (
    policy          text NOT NULL CHECK (policy <> ''),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    metric          text NOT NULL CHECK (metric <> ''),
    position        integer NOT NULL DEFAULT 100,
    starts_on_stage leadflow.stage,
    starts_on_touch text[],
    condition       text,
    stops_on_touch  text[],
    stops_on_stage  leadflow.stage,
    stops_on_verdict boolean NOT NULL DEFAULT false,
    stops_on_inbound text[],
    stops_on_leaving boolean NOT NULL DEFAULT false,
    attempts        integer CHECK (attempts > 0),
    channels        integer CHECK (channels > 0),
    spacing         interval CHECK (spacing > interval '0' AND spacing <= interval '366 days'),
    attempt_every   interval CHECK (attempt_every > interval '0' AND attempt_every <= interval '366 days'),
    restarts        boolean NOT NULL DEFAULT false,
    target          interval NOT NULL CHECK (target > interval '0'),
    warn_after      interval CHECK (warn_after > interval '0' AND warn_after <= target),
    measure         text NOT NULL DEFAULT 'working' CHECK (measure IN ('working', 'elapsed')),
    calendar        text REFERENCES business_calendar ON UPDATE CASCADE,
    promise         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (policy, variant),
    CHECK (starts_on_stage IS NOT NULL OR starts_on_touch IS NOT NULL),
    CHECK (object = 'lead' OR starts_on_touch IS NULL),
    CHECK (stops_on_touch IS NOT NULL OR stops_on_stage IS NOT NULL OR stops_on_verdict OR stops_on_inbound IS NOT NULL OR stops_on_leaving),
    CONSTRAINT leaves_where_it_started CHECK (NOT stops_on_leaving OR starts_on_stage IS NOT NULL),
    CONSTRAINT cadence_of_a_lead CHECK (attempts IS NULL OR object = 'lead' AND stops_on_touch IS NOT NULL),
    CONSTRAINT cadence_terms CHECK (attempts IS NOT NULL OR channels IS NULL AND spacing IS NULL AND attempt_every IS NULL),
    CONSTRAINT channels_within_attempts CHECK (channels <= attempts),
    CONSTRAINT inbound_to_a_lead CHECK (stops_on_inbound IS NULL OR object = 'lead'),
    CONSTRAINT attempts_in_hours CHECK (pg_catalog.date_part('day', COALESCE(attempt_every, interval '0')) = 0
        AND pg_catalog.date_part('month', COALESCE(attempt_every, interval '0') + COALESCE(spacing, interval '0')) = 0
        AND pg_catalog.date_part('year', COALESCE(attempt_every, interval '0') + COALESCE(spacing, interval '0')) = 0),
    CONSTRAINT target_without_months CHECK (pg_catalog.date_part('month', target) = 0 AND pg_catalog.date_part('year', target) = 0),
    CONSTRAINT working_target_in_hours CHECK (measure = 'elapsed' OR (pg_catalog.date_part('day', target) = 0
        AND pg_catalog.date_part('day', COALESCE(warn_after, interval '0')) = 0))
);
COMMENT ON TABLE sla_policy IS 'What was promised: a reaction within a target, on a clock. Within a metric the first policy that matches wins.';
COMMENT ON COLUMN sla_policy.policy IS 'code of the policy';
COMMENT ON COLUMN sla_policy.variant IS 'product line or region; * for all. A variant''s policy replaces the general one of the same code';
COMMENT ON COLUMN sla_policy.object IS 'lead or opportunity: whose stages and touches start and stop the clock';
COMMENT ON COLUMN sla_policy.metric IS 'what is measured; a lead, or an opportunity, has at most one running clock per metric';
COMMENT ON COLUMN sla_policy.position IS 'order within the metric: the smallest that matches wins';
COMMENT ON COLUMN sla_policy.starts_on_stage IS 'entering this stage starts the clock';
COMMENT ON COLUMN sla_policy.starts_on_touch IS 'an inbound touch of one of these kinds starts the clock';
COMMENT ON COLUMN sla_policy.condition IS 'a criterion over the lead or opportunity: the policy matches only where it is true; null for always';
COMMENT ON COLUMN sla_policy.stops_on_touch IS 'an outbound touch of one of these kinds stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_stage IS 'reaching this stage or a later one stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_verdict IS 'accepting (sal or later) or rejecting (an exit) the lead stops the clock';
COMMENT ON COLUMN sla_policy.stops_on_inbound IS 'an inbound touch of one of these kinds stops the clock: the lead has answered';
COMMENT ON COLUMN sla_policy.stops_on_leaving IS 'leaving starts_on_stage, in whatever direction, stops the clock';
COMMENT ON COLUMN sla_policy.attempts IS 'a cadence: not one touch of the kinds in stops_on_touch stops the clock, but that many attempts; null for a plain promise';
COMMENT ON COLUMN sla_policy.channels IS 'over at least that many channels; null for one';
COMMENT ON COLUMN sla_policy.spacing IS 'an attempt counts only that long after the last one that counted, elapsed; null for another minute of the clock, so that a double log counts once';
COMMENT ON COLUMN sla_policy.attempt_every IS 'the next attempt is due that much working time after the last one; hours and smaller units; null for no such promise';
COMMENT ON COLUMN sla_policy.restarts IS 'whether a later touch, or entry into the stage, that would start a clock begins a running one of the metric anew; else the running one stays unless the new one is due earlier';
COMMENT ON COLUMN sla_policy.target IS 'the promise; hours and smaller units where the measure is working time';
COMMENT ON COLUMN sla_policy.warn_after IS 'the clock is in warning after this much of the target; null for no warning';
COMMENT ON COLUMN sla_policy.measure IS 'working (time of the calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_policy.calendar IS 'calendar of the clock; null for the owner''s, then the default';
COMMENT ON COLUMN sla_policy.promise IS 'the policy in words';
COMMENT ON COLUMN sla_policy.active IS 'whether it starts new clocks';
$leadflow_text$
WHEN 'sources' THEN $leadflow_text$/*
 * sources.sql: the tools that write, and whose word counts.
 */

CREATE TABLE source (
    source          text PRIMARY KEY CHECK (source NOT IN ('', '*')),
    label           text,
    stage_sync      text NOT NULL DEFAULT 'mirror' CHECK (stage_sync IN ('forward', 'mirror')),
    unknown_status  text NOT NULL DEFAULT 'refuse'
        CHECK (unknown_status IN ('refuse', 'park') OR unknown_status::leadflow.stage IS NOT NULL)
);
COMMENT ON TABLE source IS 'What a tool that writes may do. A tool that is not listed mirrors, and its unknown words are refused.';
COMMENT ON COLUMN source.source IS 'the tool, as it is called in source columns and in the setting leadflow.source';
COMMENT ON COLUMN source.label IS 'name people read';
COMMENT ON COLUMN source.stage_sync IS 'where its own word moves a row: mirror (wherever the standard allows) or forward (not back along the spine: an earlier word is kept as status and moves nothing)';
COMMENT ON COLUMN source.unknown_status IS 'what becomes of a word that stage_alias does not list, where the tool has a vocabulary: refuse, park (the row goes to quarantine, whatever leadflow.on_violation says), or a stage that it then stands for';

CREATE TABLE overwrite_rule (
    object  text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'opportunity')),
    field   text NOT NULL,
    rule    text NOT NULL CHECK (rule IN ('keep_filled', 'newest', 'ranked')),
    sources text[] CHECK (pg_catalog.cardinality(sources) > 0 AND pg_catalog.array_ndims(sources) = 1
        AND pg_catalog.array_position(sources, NULL) IS NULL AND NOT sources && '{"",*}'),
    PRIMARY KEY (object, field),
    CONSTRAINT ranked_by_sources CHECK ((rule = 'ranked') = (sources IS NOT NULL))
);
COMMENT ON TABLE overwrite_rule IS 'Which value of a field stays when a tool writes another. A field without a rule takes whatever is written.';
COMMENT ON COLUMN overwrite_rule.object IS 'lead or opportunity';
COMMENT ON COLUMN overwrite_rule.field IS 'column of the table; not one that identifies the row or that leadflow keeps';
COMMENT ON COLUMN overwrite_rule.rule IS 'keep_filled (an empty value, null or blank, never replaces a filled one), newest (the last filled value; at a plain write the same) or ranked (as keep_filled, and a source that ranks lower never replaces the value of one that ranks higher)';
COMMENT ON COLUMN overwrite_rule.sources IS 'ranked only: the sources, best first. Those that are not listed rank below them, and of equals the last writer wins';

CREATE TABLE overwrite_refused (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object          text NOT NULL,
    lead_id         bigint,
    opportunity_id  bigint,
    field           text NOT NULL,
    kept            text,
    refused         text,
    kept_source     text,
    refused_source  text,
    rule            text NOT NULL,
    session_actor   text NOT NULL,
    actor           text NOT NULL
);
CREATE INDEX ON overwrite_refused (lead_id);
COMMENT ON TABLE overwrite_refused IS 'Values that were not written because an overwrite_rule kept the old one. The rest of the row was written. Append-only.';
COMMENT ON COLUMN overwrite_refused.id IS 'number in the order of recording';
COMMENT ON COLUMN overwrite_refused.recorded_at IS 'when the value was refused';
COMMENT ON COLUMN overwrite_refused.object IS 'lead or opportunity';
COMMENT ON COLUMN overwrite_refused.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN overwrite_refused.opportunity_id IS 'the opportunity; null for a lead';
COMMENT ON COLUMN overwrite_refused.field IS 'column that was to be overwritten';
COMMENT ON COLUMN overwrite_refused.kept IS 'the value that stays, shortened to 1000 bytes; null once the person was erased';
COMMENT ON COLUMN overwrite_refused.refused IS 'the value that was refused, shortened to 1000 bytes; null where it was null or the person was erased';
COMMENT ON COLUMN overwrite_refused.kept_source IS 'source of the value that stays; null where it is not known';
COMMENT ON COLUMN overwrite_refused.refused_source IS 'source of the value that was refused';
COMMENT ON COLUMN overwrite_refused.rule IS 'the rule: keep_filled, newest or ranked';
COMMENT ON COLUMN overwrite_refused.session_actor IS 'role that opened the session';
COMMENT ON COLUMN overwrite_refused.actor IS 'role in whose name the write was made';

-- A rule for a field that is not there, or that is not to be had, is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON overwrite_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.overwrite_rule_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON source
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON source
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE source ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON overwrite_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON overwrite_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE overwrite_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON overwrite_refused
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON overwrite_refused
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
$leadflow_text$
WHEN 'governance' THEN $leadflow_text$/*
 * governance.sql: who answers for the data, and what good data is.
 */

CREATE TABLE field_owner (
    object      text NOT NULL CHECK (object IN ('lead', 'opportunity', 'account')),
    field       text NOT NULL,
    team        text NOT NULL CHECK (team <> ''),
    owed_from   leadflow.stage CHECK (owed_from >= 'visitor' AND owed_from = leadflow.base(owed_from)),
    meaning     text NOT NULL,
    PRIMARY KEY (object, field)
);
COMMENT ON TABLE field_owner IS 'Who answers for a field, and from which stage on it is owed.';
COMMENT ON COLUMN field_owner.object IS 'lead, opportunity or account';
COMMENT ON COLUMN field_owner.field IS 'column of the table of that name, also one that was added to it';
COMMENT ON COLUMN field_owner.team IS 'team that answers for the field';
COMMENT ON COLUMN field_owner.owed_from IS 'stage of the spine from which on the field is owed; null for never. An account owes it once one of its leads or opportunities has been there';
COMMENT ON COLUMN field_owner.meaning IS 'what belongs into the field, in words';

CREATE TABLE free_mail_domain (
    domain      text PRIMARY KEY CHECK (domain <> '' AND domain = pg_catalog.lower(pg_catalog.btrim(domain)))
);
COMMENT ON TABLE free_mail_domain IS 'Mailbox providers: an address there says nothing about a company.';
COMMENT ON COLUMN free_mail_domain.domain IS 'domain, in lower case';

-- A field that there is not is no definition.
CREATE TRIGGER leadflow_field_guard BEFORE INSERT OR UPDATE ON field_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.field_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON field_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON field_owner
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE field_owner ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON free_mail_domain
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON free_mail_domain
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE free_mail_domain ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'facts' THEN $leadflow_text$/*
 * facts.sql: what happened.  Run with the new workspace first on the search
 * path, after definitions.sql.
 */

CREATE TABLE account (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),
    external_id text,
    name        text,
    domain      text,
    industry    text,
    segment     text,
    territory   text,
    country     text,
    employees   integer CHECK (employees >= 0),
    owner       text,
    attributes  jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
COMMENT ON TABLE account IS 'Companies.';
COMMENT ON COLUMN account.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN account.source IS 'tool that wrote the row';
COMMENT ON COLUMN account.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN account.name IS 'name of the company';
COMMENT ON COLUMN account.domain IS 'web domain';
COMMENT ON COLUMN account.industry IS 'industry';
COMMENT ON COLUMN account.segment IS 'market segment';
COMMENT ON COLUMN account.territory IS 'sales territory';
COMMENT ON COLUMN account.country IS 'country';
COMMENT ON COLUMN account.employees IS 'number of employees';
COMMENT ON COLUMN account.owner IS 'team member who owns the account';
COMMENT ON COLUMN account.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN account.created_at IS 'when the row was created';
COMMENT ON COLUMN account.updated_at IS 'when the row last changed';

CREATE TABLE campaign (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),
    external_id text,
    name        text NOT NULL,
    channel     text,
    starts_on   date,
    ends_on     date,
    budget      numeric(15,2) CHECK (budget >= 0),
    cost        numeric(15,2) CHECK (cost >= 0),
    currency    text CHECK (currency ~ '^[A-Z]{3}$'),
    owner       text,
    attributes  jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id),
    CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE campaign IS 'Campaigns.';
COMMENT ON COLUMN campaign.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN campaign.source IS 'tool that wrote the row';
COMMENT ON COLUMN campaign.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN campaign.name IS 'name of the campaign';
COMMENT ON COLUMN campaign.channel IS 'channel';
COMMENT ON COLUMN campaign.starts_on IS 'first day';
COMMENT ON COLUMN campaign.ends_on IS 'last day';
COMMENT ON COLUMN campaign.budget IS 'planned cost, in currency';
COMMENT ON COLUMN campaign.cost IS 'actual cost so far, in currency';
COMMENT ON COLUMN campaign.currency IS 'ISO 4217 code';
COMMENT ON COLUMN campaign.owner IS 'team member who runs it';
COMMENT ON COLUMN campaign.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN campaign.created_at IS 'when the row was created';

CREATE TABLE lead (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_since     timestamptz NOT NULL CHECK (pg_catalog.isfinite(stage_since)),
    created_at      timestamptz NOT NULL CHECK (pg_catalog.isfinite(created_at)),
    updated_at      timestamptz NOT NULL,
    stage           leadflow.stage NOT NULL,
    furthest_stage  leadflow.stage,
    verified        boolean NOT NULL DEFAULT false,
    source          text NOT NULL CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    status          text,
    account_id      bigint REFERENCES account,
    campaign_id     bigint REFERENCES campaign,
    full_name       text,
    email           text,
    phone           text,
    role            text,
    need            text,
    budget          numeric(15,2) CHECK (budget >= 0 AND budget <> 'NaN'),
    currency        text CHECK (currency ~ '^[A-Z]{3}$'),
    decision_by     date,
    urgency         text,
    origin          text,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    segment         text,
    industry        text,
    territory       text,
    owner           text,
    owner_reason    text,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    reason_note     text,
    narrative       text,
    nurture_track   text REFERENCES nurture_track ON UPDATE CASCADE,
    wake_at         timestamptz,
    rests_until     timestamptz,
    why_now         text,
    promised        text,
    evidence        text,
    score           numeric,
    attributes      jsonb NOT NULL DEFAULT '{}',
    merged_into     bigint REFERENCES lead CHECK (merged_into <> id),
    field_sources   jsonb,
    UNIQUE (source, external_id)
) WITH (fillfactor = 80);
CREATE INDEX ON lead (account_id);
CREATE INDEX ON lead (campaign_id);
CREATE INDEX lead_owner ON lead (owner) WHERE owner IS NOT NULL;
CREATE INDEX lead_wakes ON lead (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX lead_reason ON lead (reason) WHERE reason IS NOT NULL;
CREATE INDEX lead_merged ON lead (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE lead IS 'Leads: people who may buy. Every write is judged against the standard.';
COMMENT ON COLUMN lead.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN lead.stage_since IS 'since when the lead is in its stage; given with the stage for history, else the time of the write. Between moves it stays';
COMMENT ON COLUMN lead.created_at IS 'when the lead was created; given by the writer for history';
COMMENT ON COLUMN lead.updated_at IS 'when the row last changed';
COMMENT ON COLUMN lead.stage IS 'where the lead is; where the writer gives none, what its status stands for, else lead';
COMMENT ON COLUMN lead.furthest_stage IS 'the furthest spine stage it ever reached; never goes back, null while it has only been in exits. Kept by leadflow';
COMMENT ON COLUMN lead.verified IS 'whether identity and contact data were verified';
COMMENT ON COLUMN lead.source IS 'tool that wrote the row; does not change';
COMMENT ON COLUMN lead.external_id IS 'the tool''s own key, as text; does not change once given';
COMMENT ON COLUMN lead.status IS 'the tool''s own word for where the lead is; stage_alias says which stage it means';
COMMENT ON COLUMN lead.account_id IS 'company';
COMMENT ON COLUMN lead.campaign_id IS 'campaign that brought the lead';
COMMENT ON COLUMN lead.full_name IS 'name of the person';
COMMENT ON COLUMN lead.email IS 'e-mail address';
COMMENT ON COLUMN lead.phone IS 'telephone number';
COMMENT ON COLUMN lead.role IS 'role in the company';
COMMENT ON COLUMN lead.need IS 'the confirmed need, in words';
COMMENT ON COLUMN lead.budget IS 'budget, in currency';
COMMENT ON COLUMN lead.currency IS 'ISO 4217 code of the budget; null for the workspace''s currency';
COMMENT ON COLUMN lead.decision_by IS 'date by which the buyer wants to decide';
COMMENT ON COLUMN lead.urgency IS 'how urgent the request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN lead.origin IS 'where the lead came from: organic_search, event, referral, and so on';
COMMENT ON COLUMN lead.variant IS 'product line or region whose definitions hold; * for the general ones';
COMMENT ON COLUMN lead.segment IS 'market segment';
COMMENT ON COLUMN lead.industry IS 'industry';
COMMENT ON COLUMN lead.territory IS 'sales territory';
COMMENT ON COLUMN lead.owner IS 'team member who owns the lead';
COMMENT ON COLUMN lead.owner_reason IS 'why the lead has this owner and not the one before; owed where a lead that somebody works on is given to another';
COMMENT ON COLUMN lead.reason IS 'why the lead left the path or went back; cleared when it moves on';
COMMENT ON COLUMN lead.reason_note IS 'the reason in words';
COMMENT ON COLUMN lead.narrative IS 'nurture: what marketing should know and tell, in words; cleared when it leaves nurture';
COMMENT ON COLUMN lead.nurture_track IS 'nurture: its content track; filled from the reason or the first track where the writer gives none, cleared when it leaves nurture';
COMMENT ON COLUMN lead.wake_at IS 'nurture: when it comes back; filled from the track where the writer gives none, cleared when it leaves nurture';
COMMENT ON COLUMN lead.rests_until IS 'until when a lead that went from sales to nurture rests. Kept by leadflow';
COMMENT ON COLUMN lead.why_now IS 'handoff packet: why now';
COMMENT ON COLUMN lead.promised IS 'handoff packet: what was promised to the lead';
COMMENT ON COLUMN lead.evidence IS 'handoff packet: what the lead did that shows interest';
COMMENT ON COLUMN lead.score IS 'score given by the tool; leadflow''s own is in lead_score';
COMMENT ON COLUMN lead.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN lead.merged_into IS 'the lead that this one was found to be; null for none. Written by leadflow.merge';
COMMENT ON COLUMN lead.field_sources IS 'which source wrote the present value of each field that a ranked overwrite_rule watches: {"email": "crm"}; null for none. Kept by leadflow';

CREATE TABLE opportunity (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_since     timestamptz NOT NULL CHECK (pg_catalog.isfinite(stage_since)),
    created_at      timestamptz NOT NULL CHECK (pg_catalog.isfinite(created_at)),
    updated_at      timestamptz NOT NULL,
    stage           leadflow.stage NOT NULL CHECK (stage >= 'opportunity' OR stage < 'visitor'),
    furthest_stage  leadflow.stage,
    source          text NOT NULL CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    status          text,
    account_id      bigint REFERENCES account,
    lead_id         bigint REFERENCES lead,
    campaign_id     bigint REFERENCES campaign,
    name            text,
    kind            text NOT NULL DEFAULT 'new' CHECK (kind IN ('new', 'cross_sell', 'upsell', 'renewal')),
    amount          numeric(15,2) CHECK (amount <> 'NaN'),
    recurring       numeric(15,2) CHECK (recurring >= 0 AND recurring <> 'NaN'),
    currency        text CHECK (currency ~ '^[A-Z]{3}$'),
    expected_close  date,
    closed_at       timestamptz,
    origin          text,
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    segment         text,
    territory       text,
    owner           text,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    reason_note     text,
    attributes      jsonb NOT NULL DEFAULT '{}',
    merged_from     bigint,
    field_sources   jsonb,
    UNIQUE (source, external_id)
) WITH (fillfactor = 80);
CREATE INDEX ON opportunity (lead_id);
CREATE INDEX ON opportunity (account_id);
COMMENT ON TABLE opportunity IS 'Opportunities: possible deals. Moving one forward moves its lead forward.';
COMMENT ON COLUMN opportunity.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN opportunity.stage_since IS 'since when it is in its stage; given with the stage for history, else the time of the write. Between moves it stays';
COMMENT ON COLUMN opportunity.created_at IS 'when it was created; given by the writer for history';
COMMENT ON COLUMN opportunity.updated_at IS 'when the row last changed';
COMMENT ON COLUMN opportunity.stage IS 'where it is: opportunity or later, or an exit';
COMMENT ON COLUMN opportunity.furthest_stage IS 'the furthest spine stage it ever reached; never goes back, null while it has only been in exits. Kept by leadflow';
COMMENT ON COLUMN opportunity.source IS 'tool that wrote the row; does not change';
COMMENT ON COLUMN opportunity.external_id IS 'the tool''s own key, as text; does not change once given';
COMMENT ON COLUMN opportunity.status IS 'the tool''s own word for where it is; stage_alias says which stage it means';
COMMENT ON COLUMN opportunity.account_id IS 'company';
COMMENT ON COLUMN opportunity.lead_id IS 'lead it grew from';
COMMENT ON COLUMN opportunity.campaign_id IS 'campaign it is credited to by the tool';
COMMENT ON COLUMN opportunity.name IS 'name of the deal';
COMMENT ON COLUMN opportunity.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN opportunity.amount IS 'value, in currency';
COMMENT ON COLUMN opportunity.recurring IS 'what of it comes again every year, in currency; 0 for a sale made once, null for not known';
COMMENT ON COLUMN opportunity.currency IS 'ISO 4217 code; null for the workspace''s currency';
COMMENT ON COLUMN opportunity.expected_close IS 'date on which it is expected to close';
COMMENT ON COLUMN opportunity.closed_at IS 'when it was won, lost or given up; kept by the guard';
COMMENT ON COLUMN opportunity.origin IS 'where it came from';
COMMENT ON COLUMN opportunity.variant IS 'product line or region whose definitions hold; * for the general ones';
COMMENT ON COLUMN opportunity.segment IS 'market segment';
COMMENT ON COLUMN opportunity.territory IS 'sales territory';
COMMENT ON COLUMN opportunity.owner IS 'team member who owns it';
COMMENT ON COLUMN opportunity.reason IS 'why it was lost or went back; cleared when it moves on';
COMMENT ON COLUMN opportunity.reason_note IS 'the reason in words';
COMMENT ON COLUMN opportunity.attributes IS 'anything else the tool knows';
COMMENT ON COLUMN opportunity.merged_from IS 'the lead that it was written for, where that one was merged into lead_id; null for lead_id itself. Kept by leadflow';
COMMENT ON COLUMN opportunity.field_sources IS 'which source wrote the present value of each field that a ranked overwrite_rule watches: {"amount": "crm"}; null for none. Kept by leadflow';

CREATE TABLE touch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    lead_id     bigint REFERENCES lead,
    account_id  bigint REFERENCES account,
    campaign_id bigint REFERENCES campaign,
    kind        text NOT NULL REFERENCES touch_kind ON UPDATE CASCADE,
    channel     text,
    direction   text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    actor       text,
    outcome     text,
    content     text,
    note        text,
    source      text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id text CHECK (external_id <> ''),
    merged_from bigint,
    CONSTRAINT lead_or_account CHECK (lead_id IS NOT NULL OR account_id IS NOT NULL),
    UNIQUE (source, external_id)
);
CREATE INDEX touch_lead ON touch (lead_id, at);
CREATE INDEX ON touch (account_id, at);
COMMENT ON TABLE touch IS 'Everything that passes between a lead and the company.';
COMMENT ON COLUMN touch.id IS 'canonical number; never changes, never reused';
COMMENT ON COLUMN touch.at IS 'when it happened';
COMMENT ON COLUMN touch.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN touch.lead_id IS 'lead; null where only the company is known';
COMMENT ON COLUMN touch.account_id IS 'company';
COMMENT ON COLUMN touch.campaign_id IS 'campaign it belongs to';
COMMENT ON COLUMN touch.kind IS 'what it was; touch_kind says what counts';
COMMENT ON COLUMN touch.channel IS 'web, phone, email, social, event, and so on';
COMMENT ON COLUMN touch.direction IS 'inbound (from the lead) or outbound (to the lead)';
COMMENT ON COLUMN touch.actor IS 'team member who made it';
COMMENT ON COLUMN touch.outcome IS 'what came of it';
COMMENT ON COLUMN touch.content IS 'content consumed or sent';
COMMENT ON COLUMN touch.note IS 'note';
COMMENT ON COLUMN touch.source IS 'tool that wrote the row';
COMMENT ON COLUMN touch.external_id IS 'the tool''s own key, as text';
COMMENT ON COLUMN touch.merged_from IS 'the lead that it was written for, where that one was merged into lead_id; null for lead_id itself. Kept by leadflow';

CREATE TABLE stage_event (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                  timestamptz NOT NULL,
    recorded_at         timestamptz NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    definition_version  bigint NOT NULL,
    campaign_id         bigint,
    implied             boolean NOT NULL,
    subject             text NOT NULL,
    from_stage          leadflow.stage,
    to_stage            leadflow.stage NOT NULL,
    session_actor       text NOT NULL,
    actor               text NOT NULL,
    reason              text,
    reason_note         text,
    owner               text,
    team                text,
    origin              text,
    variant             text NOT NULL,
    segment             text,
    amount              numeric,
    currency            text,
    facts               jsonb
);
-- in the order of history, so that the last entry is found in the index alone
CREATE INDEX stage_event_lead ON stage_event (lead_id, at, id) INCLUDE (opportunity_id);
CREATE INDEX stage_event_opportunity ON stage_event (opportunity_id, at, id) WHERE opportunity_id IS NOT NULL;
COMMENT ON TABLE stage_event IS 'The history of stages: one row for every entry into a stage. Append-only.';
COMMENT ON COLUMN stage_event.id IS 'number in the order of recording';
COMMENT ON COLUMN stage_event.at IS 'when the stage began to hold';
COMMENT ON COLUMN stage_event.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN stage_event.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN stage_event.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stage_event.definition_version IS 'version of the definitions that judged the move (definition_change.version)';
COMMENT ON COLUMN stage_event.campaign_id IS 'campaign at that moment';
COMMENT ON COLUMN stage_event.implied IS 'true for a stage that was passed through by a move further on';
COMMENT ON COLUMN stage_event.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_event.from_stage IS 'stage before; null for the first';
COMMENT ON COLUMN stage_event.to_stage IS 'stage entered';
COMMENT ON COLUMN stage_event.session_actor IS 'role that opened the session';
COMMENT ON COLUMN stage_event.actor IS 'role in whose name the write was made';
COMMENT ON COLUMN stage_event.reason IS 'reason given';
COMMENT ON COLUMN stage_event.reason_note IS 'note given';
COMMENT ON COLUMN stage_event.owner IS 'owner at that moment';
COMMENT ON COLUMN stage_event.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN stage_event.origin IS 'origin at that moment';
COMMENT ON COLUMN stage_event.variant IS 'variant at that moment';
COMMENT ON COLUMN stage_event.segment IS 'segment at that moment';
COMMENT ON COLUMN stage_event.amount IS 'budget of the lead or amount of the opportunity at that moment';
COMMENT ON COLUMN stage_event.currency IS 'currency of the amount';
COMMENT ON COLUMN stage_event.facts IS 'an entry of a lead into mql: what was known then, {"features": {score_feature: value}, "score": {"fit", "behaviour", "total", "grade"}}; null elsewhere, and where there are neither features nor rules';

CREATE TABLE nurture_stay (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    entered_at      timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    from_stage      leadflow.stage,
    owner           text,
    reason          text,
    narrative       text,
    nurture_track   text,
    wake_at         timestamptz,
    rests_until     timestamptz
);
CREATE INDEX ON nurture_stay (lead_id, entered_at);
COMMENT ON TABLE nurture_stay IS 'Every entry of a lead into nurture, with what marketing was told. Append-only.';
COMMENT ON COLUMN nurture_stay.id IS 'number of the stay';
COMMENT ON COLUMN nurture_stay.lead_id IS 'the lead';
COMMENT ON COLUMN nurture_stay.entered_at IS 'when it entered nurture';
COMMENT ON COLUMN nurture_stay.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN nurture_stay.from_stage IS 'stage before; null for a lead that began in nurture';
COMMENT ON COLUMN nurture_stay.owner IS 'owner at that moment';
COMMENT ON COLUMN nurture_stay.reason IS 'reason given';
COMMENT ON COLUMN nurture_stay.narrative IS 'what marketing should know and tell';
COMMENT ON COLUMN nurture_stay.nurture_track IS 'content track';
COMMENT ON COLUMN nurture_stay.wake_at IS 'when it was to come back, as set on entry';
COMMENT ON COLUMN nurture_stay.rests_until IS 'until when it was to rest';

CREATE TABLE sla_clock (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    policy              text NOT NULL,
    metric              text NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    owner               text,
    team                text,
    variant             text NOT NULL,
    started_at          timestamptz NOT NULL,
    warn_at             timestamptz,
    due_at              timestamptz NOT NULL,
    stopped_at          timestamptz,
    cancelled_at        timestamptz,
    target              interval NOT NULL,
    warn_after          interval,
    calendar            leadflow.calendar,
    stops_on_touch      text[],
    stops_on_stage      leadflow.stage,
    stops_on_verdict    boolean NOT NULL DEFAULT false,
    stops_on_inbound    text[],
    stops_on_leaving    leadflow.stage,
    attempts            integer,
    channels            integer,
    spacing             interval,
    attempt_every       interval,
    started_by          text NOT NULL,
    stopped_by          text,
    start_touch_id      bigint,
    stop_touch_id       bigint,
    definition_version  bigint NOT NULL,
    recorded_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL),
    CHECK (stopped_at IS NULL OR cancelled_at IS NULL)
);
CREATE UNIQUE INDEX sla_clock_running ON sla_clock (lead_id, metric)
    WHERE stopped_at IS NULL AND cancelled_at IS NULL AND opportunity_id IS NULL;
CREATE UNIQUE INDEX sla_clock_running_opportunity ON sla_clock (opportunity_id, metric)
    WHERE stopped_at IS NULL AND cancelled_at IS NULL AND opportunity_id IS NOT NULL;
CREATE INDEX sla_clock_lead ON sla_clock (lead_id, started_at);
CREATE INDEX sla_clock_opportunity ON sla_clock (opportunity_id) WHERE opportunity_id IS NOT NULL;
CREATE INDEX sla_clock_touches ON sla_clock (start_touch_id);
CREATE INDEX sla_clock_answers ON sla_clock (stop_touch_id);
CREATE INDEX sla_clock_owner ON sla_clock (owner, due_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX sla_clock_due ON sla_clock (due_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX sla_clock_warn ON sla_clock (warn_at) WHERE stopped_at IS NULL AND cancelled_at IS NULL AND warn_at IS NOT NULL;
COMMENT ON TABLE sla_clock IS 'The promises that were started, on the terms that held then. What state a clock is in is computed when it is read: see sla_status.';
COMMENT ON COLUMN sla_clock.id IS 'number of the clock';
COMMENT ON COLUMN sla_clock.policy IS 'policy that started it';
COMMENT ON COLUMN sla_clock.metric IS 'what it measures';
COMMENT ON COLUMN sla_clock.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_clock.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_clock.owner IS 'who owes the reaction: the owner of the lead or opportunity, as long as the clock runs';
COMMENT ON COLUMN sla_clock.team IS 'the owner''s team';
COMMENT ON COLUMN sla_clock.variant IS 'variant of the lead when it started';
COMMENT ON COLUMN sla_clock.started_at IS 'when it started';
COMMENT ON COLUMN sla_clock.warn_at IS 'when it goes into warning';
COMMENT ON COLUMN sla_clock.due_at IS 'when the promise is broken unless it was stopped';
COMMENT ON COLUMN sla_clock.stopped_at IS 'when what was promised was done';
COMMENT ON COLUMN sla_clock.cancelled_at IS 'when it lost its meaning: the lead left the path, or a stricter promise took its place';
COMMENT ON COLUMN sla_clock.target IS 'the promise that it was started with';
COMMENT ON COLUMN sla_clock.warn_after IS 'how much of the target may pass before the warning';
COMMENT ON COLUMN sla_clock.calendar IS 'the working time that it was started with; null for elapsed time';
COMMENT ON COLUMN sla_clock.stops_on_touch IS 'outbound touch kinds that stop it';
COMMENT ON COLUMN sla_clock.stops_on_stage IS 'stage that stops it, or any later one';
COMMENT ON COLUMN sla_clock.stops_on_verdict IS 'whether accepting or rejecting stops it';
COMMENT ON COLUMN sla_clock.stops_on_inbound IS 'inbound touch kinds that stop it';
COMMENT ON COLUMN sla_clock.stops_on_leaving IS 'stage that stops it when it is left';
COMMENT ON COLUMN sla_clock.attempts IS 'a cadence: number of attempts that stop it; null for a plain promise';
COMMENT ON COLUMN sla_clock.channels IS 'number of channels that they use at least; null for one';
COMMENT ON COLUMN sla_clock.spacing IS 'how far apart attempts must be to count; null for another minute of the clock';
COMMENT ON COLUMN sla_clock.attempt_every IS 'how much working time after the last attempt the next one is due';
COMMENT ON COLUMN sla_clock.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_clock.stopped_by IS 'what stopped or cancelled it';
COMMENT ON COLUMN sla_clock.start_touch_id IS 'touch that started it';
COMMENT ON COLUMN sla_clock.stop_touch_id IS 'touch that stopped it';
COMMENT ON COLUMN sla_clock.definition_version IS 'version of the definitions in force when it started';
COMMENT ON COLUMN sla_clock.recorded_at IS 'when we learnt it';

CREATE TABLE sla_pause (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clock_id    bigint NOT NULL REFERENCES sla_clock,
    paused_at   timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(paused_at)),
    resumed_at  timestamptz CHECK (resumed_at >= paused_at AND pg_catalog.isfinite(resumed_at)),
    reason      text NOT NULL CHECK (reason <> ''),
    actor       text NOT NULL DEFAULT CURRENT_USER
);
CREATE UNIQUE INDEX sla_pause_open ON sla_pause (clock_id) WHERE resumed_at IS NULL;
CREATE INDEX ON sla_pause (clock_id);
COMMENT ON TABLE sla_pause IS 'When a clock stood still, and why. What was paused does not count, in the clock''s own time.';
COMMENT ON COLUMN sla_pause.id IS 'number of the pause';
COMMENT ON COLUMN sla_pause.clock_id IS 'clock that stood still';
COMMENT ON COLUMN sla_pause.paused_at IS 'from when';
COMMENT ON COLUMN sla_pause.resumed_at IS 'until when; null while it stands still';
COMMENT ON COLUMN sla_pause.reason IS 'why: waiting for the prospect, and so on';
COMMENT ON COLUMN sla_pause.actor IS 'who paused it';

CREATE TABLE violation (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object              text NOT NULL,
    lead_id             bigint,
    opportunity_id      bigint,
    from_stage          leadflow.stage,
    to_stage            leadflow.stage NOT NULL,
    criterion           text NOT NULL,
    requirement         text NOT NULL,
    definition_version  bigint NOT NULL,
    session_actor       text NOT NULL,
    actor               text NOT NULL
);
CREATE INDEX ON violation (lead_id);
COMMENT ON TABLE violation IS 'Moves that were accepted although a criterion was not met: the criterion only warns, or the session asked for it.';
COMMENT ON COLUMN violation.id IS 'number of the violation';
COMMENT ON COLUMN violation.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN violation.object IS 'lead or opportunity';
COMMENT ON COLUMN violation.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN violation.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN violation.from_stage IS 'stage before';
COMMENT ON COLUMN violation.to_stage IS 'stage entered';
COMMENT ON COLUMN violation.criterion IS 'code of the criterion that was not met';
COMMENT ON COLUMN violation.requirement IS 'the criterion in words, as it was then';
COMMENT ON COLUMN violation.definition_version IS 'version of the definitions that judged the move';
COMMENT ON COLUMN violation.session_actor IS 'role that opened the session';
COMMENT ON COLUMN violation.actor IS 'role in whose name the write was made';

CREATE TABLE quarantine (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    object          text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE')),
    source          text,
    external_id     text,
    target_stage    leadflow.stage,
    parked_row      jsonb NOT NULL,
    unmet           jsonb NOT NULL,
    session_actor   text NOT NULL,
    actor           text NOT NULL,
    attachment      text
);
CREATE INDEX ON quarantine (source, external_id);
COMMENT ON TABLE quarantine IS 'Rows that were refused while leadflow.on_violation was park, or because their source parks unknown words: nothing is lost, nothing is let in.';
COMMENT ON COLUMN quarantine.id IS 'number of the parked row';
COMMENT ON COLUMN quarantine.recorded_at IS 'when it was parked';
COMMENT ON COLUMN quarantine.object IS 'what the row would have become: lead or opportunity, or another object of an attachment';
COMMENT ON COLUMN quarantine.operation IS 'INSERT (the row was not added) or UPDATE (the row stays as it was)';
COMMENT ON COLUMN quarantine.source IS 'tool that wrote the row';
COMMENT ON COLUMN quarantine.external_id IS 'the tool''s own key';
COMMENT ON COLUMN quarantine.target_stage IS 'stage that it wanted to enter';
COMMENT ON COLUMN quarantine.parked_row IS 'the row as it would have been, but with what its writer wrote where an overwrite_rule would have kept another value';
COMMENT ON COLUMN quarantine.unmet IS 'what is missing: [{"criterion", "object", "stage", "requirement", "seen", "how_to_fix"}]';
COMMENT ON COLUMN quarantine.session_actor IS 'role that opened the session';
COMMENT ON COLUMN quarantine.actor IS 'role in whose name the write was made';
COMMENT ON COLUMN quarantine.attachment IS 'attachment that could not take the row: then parked_row is what it read of its table; else null';
$leadflow_text$
WHEN 'merges' THEN $leadflow_text$/*
 * merges.sql: records of one person that were found to be two.
 */

CREATE TABLE lead_merge (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    winner_id       bigint NOT NULL REFERENCES lead,
    loser_id        bigint NOT NULL REFERENCES lead CHECK (loser_id <> winner_id),
    merged_at       timestamptz NOT NULL DEFAULT leadflow.clock(),
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    winner_stage    leadflow.stage NOT NULL,
    loser_stage     leadflow.stage NOT NULL,
    survivors       jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(survivors) = 'object'),
    moved           jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(moved) = 'object'),
    undone_at       timestamptz,
    undone_by       text,
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX ON lead_merge (winner_id);
CREATE UNIQUE INDEX lead_merge_once ON lead_merge (loser_id) WHERE undone_at IS NULL;
CREATE INDEX ON lead_merge (loser_id);
COMMENT ON TABLE lead_merge IS 'Leads that were found to be other leads. Written by leadflow.merge and leadflow.unmerge, else append-only.';
COMMENT ON COLUMN lead_merge.id IS 'number of the merge';
COMMENT ON COLUMN lead_merge.winner_id IS 'the lead that goes on';
COMMENT ON COLUMN lead_merge.loser_id IS 'the lead that it was found to be';
COMMENT ON COLUMN lead_merge.merged_at IS 'when they were merged';
COMMENT ON COLUMN lead_merge.session_actor IS 'role that opened the session';
COMMENT ON COLUMN lead_merge.actor IS 'role in whose name they were merged';
COMMENT ON COLUMN lead_merge.winner_stage IS 'stage of the winner then; a merge leaves it there';
COMMENT ON COLUMN lead_merge.loser_stage IS 'stage of the loser then, in which it stays';
COMMENT ON COLUMN lead_merge.survivors IS 'the fields in which they differed: {"phone": {"kept": "1", "from": "winner" or "loser", "lost": "2"}}; also of what the loser''s tool wrote since. Empty once the person was forgotten';
COMMENT ON COLUMN lead_merge.moved IS 'numbers of what became the winner''s, and of the clocks that were cancelled: {"touches": [], "opportunities": [], "clocks": [], "cancelled_clocks": []}';
COMMENT ON COLUMN lead_merge.undone_at IS 'when the merge was undone; null while it holds';
COMMENT ON COLUMN lead_merge.undone_by IS 'role that undid it';

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON lead_merge
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON lead_merge
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

-- What is written for the loser becomes the winner's.  AFTER: the name sorts
-- behind that of the foreign key, which locks the lead.
CREATE TRIGGER leadflow_follow_merge BEFORE INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
CREATE TRIGGER leadflow_follow_merge BEFORE INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
CREATE TRIGGER zzz_leadflow_follow_merge AFTER INSERT OR UPDATE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.follow_merge();
$leadflow_text$
WHEN 'attachments' THEN $leadflow_text$/*
 * attachments.sql: the tables of the company that feed the workspace.  Written
 * by leadflow.attach, leadflow.detach and leadflow.backfill.
 */

CREATE TABLE attachment (
    attachment  text PRIMARY KEY,
    object      text NOT NULL CHECK (object IN ('lead', 'opportunity', 'account', 'touch', 'campaign')),
    source      text NOT NULL,
    mapping     jsonb NOT NULL,
    options     jsonb NOT NULL,
    key         text[],
    attached_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    attached_by text NOT NULL DEFAULT CURRENT_USER
);
COMMENT ON TABLE attachment IS 'What leadflow.attach was told. leadflow.attachments shows it with the tables and their columns by their present names.';
COMMENT ON COLUMN attachment.attachment IS 'name of its mapping function in this schema, and in those of its view (_row), its writing function (_write) and its triggers';
COMMENT ON COLUMN attachment.object IS 'what the rows become';
COMMENT ON COLUMN attachment.source IS 'source under which they stand in the workspace';
COMMENT ON COLUMN attachment.mapping IS 'column -> expression, as it was given';
COMMENT ON COLUMN attachment.options IS 'the options, as they were given, with the source';
COMMENT ON COLUMN attachment.key IS 'columns of the attachment''s view that are the primary key of the table; null for none';
COMMENT ON COLUMN attachment.attached_at IS 'since when';
COMMENT ON COLUMN attachment.attached_by IS 'role that attached it';

CREATE TABLE backfill_progress (
    attachment  text PRIMARY KEY REFERENCES attachment,
    started_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at timestamptz,
    last_key    jsonb,
    rows_read   bigint NOT NULL DEFAULT 0,
    rows_parked bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE backfill_progress IS 'How far leadflow.backfill has come with the rows that were there before their table was attached.';
COMMENT ON COLUMN backfill_progress.attachment IS 'the attachment';
COMMENT ON COLUMN backfill_progress.started_at IS 'when the run began';
COMMENT ON COLUMN backfill_progress.updated_at IS 'when its last batch began';
COMMENT ON COLUMN backfill_progress.finished_at IS 'when it ended; null while there is more to do';
COMMENT ON COLUMN backfill_progress.last_key IS 'primary key of the last row taken, its columns as texts; null before the first';
COMMENT ON COLUMN backfill_progress.rows_read IS 'rows taken so far';
COMMENT ON COLUMN backfill_progress.rows_parked IS 'those of them that went to quarantine';
$leadflow_text$
WHEN 'feedback' THEN $leadflow_text$/*
 * feedback.sql: what sales says about each lead that marketing handed over,
 * and what marketing answers.
 */

CREATE TABLE objection (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    labels      jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(labels) = 'object'),
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE objection IS 'The objections that buyers raise, as sales hears them.';
COMMENT ON COLUMN objection.code IS 'code that writers give';
COMMENT ON COLUMN objection.labels IS 'the objection in the buyer''s words, by language: {"en": "Too expensive"}';
COMMENT ON COLUMN objection.active IS 'whether it may still be given';

CREATE TABLE verdict (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    verdict         text NOT NULL CHECK (verdict IN ('accepted', 'rejected')),
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    handed_over_at  timestamptz NOT NULL,
    stage           leadflow.stage,
    reason          text REFERENCES reason ON UPDATE CASCADE,
    note            text,
    objections      text[] NOT NULL DEFAULT '{}',
    narrative       text,
    wake_at         timestamptz,
    owner           text,
    team            text,
    campaign_id     bigint,
    origin          text,
    segment         text,
    variant         text NOT NULL,
    score           numeric,
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER
);
CREATE INDEX verdict_lead ON verdict (lead_id, handed_over_at, at, id);
COMMENT ON TABLE verdict IS 'What sales said about a lead that was handed over: by a row here, which moves the lead, or by moving it, which writes the row. Of a handover the latest verdict counts. Append-only.';
COMMENT ON COLUMN verdict.id IS 'number of the verdict';
COMMENT ON COLUMN verdict.lead_id IS 'the lead';
COMMENT ON COLUMN verdict.verdict IS 'accepted or rejected';
COMMENT ON COLUMN verdict.at IS 'when it was given; the lead is moved as of then';
COMMENT ON COLUMN verdict.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN verdict.handed_over_at IS 'the handover that it is about: when the lead last entered mql. Filled by leadflow';
COMMENT ON COLUMN verdict.stage IS 'where the lead goes by it, or is already; filled where the writer gives none: sal, or of the reason''s applies_to the first exit or stage before the present one, or nurture';
COMMENT ON COLUMN verdict.reason IS 'why it was rejected; owed for a rejection. With an acceptance, why it comes back from an exit';
COMMENT ON COLUMN verdict.note IS 'the reason in words; owed where the reason asks for it';
COMMENT ON COLUMN verdict.objections IS 'codes of the objections that were heard';
COMMENT ON COLUMN verdict.narrative IS 'what marketing should know and tell, where the lead goes into nurture';
COMMENT ON COLUMN verdict.wake_at IS 'when it should come back, where the lead goes into nurture';
COMMENT ON COLUMN verdict.owner IS 'owner of the lead at that moment. This and what follows is filled by leadflow';
COMMENT ON COLUMN verdict.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN verdict.campaign_id IS 'campaign of the lead at that moment';
COMMENT ON COLUMN verdict.origin IS 'origin of the lead at that moment';
COMMENT ON COLUMN verdict.segment IS 'segment of the lead at that moment';
COMMENT ON COLUMN verdict.variant IS 'variant of the lead at that moment';
COMMENT ON COLUMN verdict.score IS 'the tool''s score of the lead at that moment; what leadflow''s own was when the lead qualified is in stage_event.facts';
COMMENT ON COLUMN verdict.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdict.actor IS 'role in whose name it was given';

CREATE TABLE verdict_answer (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verdict_id      bigint NOT NULL REFERENCES verdict,
    answer          text NOT NULL CHECK (answer IN ('agrees', 'disputes', 'mends')),
    note            text,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    session_actor   text NOT NULL DEFAULT SESSION_USER,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    CONSTRAINT dispute_says_why CHECK (answer = 'agrees' OR COALESCE(pg_catalog.btrim(note), '') <> '')
);
CREATE INDEX ON verdict_answer (verdict_id, at);
COMMENT ON TABLE verdict_answer IS 'What marketing answered to a rejection; the latest answer counts. Append-only.';
COMMENT ON COLUMN verdict_answer.id IS 'number of the answer';
COMMENT ON COLUMN verdict_answer.verdict_id IS 'the rejection';
COMMENT ON COLUMN verdict_answer.answer IS 'agrees, disputes (the lead was good), or mends (the campaign, the audience or the score is being changed)';
COMMENT ON COLUMN verdict_answer.note IS 'why it is disputed, or what is being mended';
COMMENT ON COLUMN verdict_answer.at IS 'when it was given';
COMMENT ON COLUMN verdict_answer.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN verdict_answer.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdict_answer.actor IS 'role in whose name it was given';

CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.verdict_guard();
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.verdict_recorder();
CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT ON verdict_answer
    FOR EACH ROW EXECUTE FUNCTION leadflow.answer_guard();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON verdict
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON verdict
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON verdict_answer
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON verdict_answer
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON objection
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON objection
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE objection ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'routing' THEN $leadflow_text$/*
 * routing.sql: who gets a lead.
 */

CREATE TABLE pool (
    pool            text PRIMARY KEY CHECK (pool <> ''),
    fallback_owner  text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    meaning         text
);
COMMENT ON TABLE pool IS 'Groups of members among whom leads are dealt out.';
COMMENT ON COLUMN pool.pool IS 'name of the pool; default is where leads go that no rule names';
COMMENT ON COLUMN pool.fallback_owner IS 'who gets the lead when no member of the pool may';
COMMENT ON COLUMN pool.meaning IS 'what the pool is for';

CREATE TABLE pool_member (
    pool            text NOT NULL REFERENCES pool ON UPDATE CASCADE,
    member          text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    weight          integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    capacity        integer CHECK (capacity >= 0),
    PRIMARY KEY (pool, member)
);
COMMENT ON TABLE pool_member IS 'Who is in a pool, and what share of its leads is theirs.';
COMMENT ON COLUMN pool_member.pool IS 'the pool';
COMMENT ON COLUMN pool_member.member IS 'the member';
COMMENT ON COLUMN pool_member.weight IS 'share: twice the weight gets twice the leads';
COMMENT ON COLUMN pool_member.capacity IS 'most open leads that the member takes, whatever pool they came from; null for no limit';

CREATE TABLE absence (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member          text NOT NULL REFERENCES team_member ON UPDATE CASCADE,
    from_at         timestamptz NOT NULL,
    until_at        timestamptz NOT NULL CHECK (until_at > from_at),
    reason          text
);
CREATE INDEX ON absence (member, until_at);
COMMENT ON TABLE absence IS 'When members are away: they get no leads.';
COMMENT ON COLUMN absence.id IS 'number of the absence';
COMMENT ON COLUMN absence.member IS 'the member';
COMMENT ON COLUMN absence.from_at IS 'from when';
COMMENT ON COLUMN absence.until_at IS 'until when, exclusive';
COMMENT ON COLUMN absence.reason IS 'why';

CREATE TABLE routing_rule (
    rule            text PRIMARY KEY CHECK (rule <> ''),
    position        integer NOT NULL DEFAULT 100,
    object          text NOT NULL DEFAULT 'lead' CHECK (object = 'lead'),
    on_stage        leadflow.stage NOT NULL DEFAULT 'mql' CHECK (on_stage >= 'visitor' AND on_stage = leadflow.base(on_stage)),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    territory       text[] CHECK (territory <> '{}'),
    industry        text[] CHECK (industry <> '{}'),
    segment         text[] CHECK (segment <> '{}'),
    condition       text,
    to_account_owner boolean NOT NULL DEFAULT false,
    pool            text NOT NULL REFERENCES pool ON UPDATE CASCADE,
    in_hours        boolean NOT NULL DEFAULT false,
    meaning         text,
    active          boolean NOT NULL DEFAULT true,
    catch_all       text GENERATED ALWAYS AS (CASE WHEN active THEN 'default' END) STORED,
    CONSTRAINT pool_default_is_there FOREIGN KEY (catch_all) REFERENCES pool
);
COMMENT ON TABLE routing_rule IS 'Which leads go to which pool when they enter a stage; of the rules that match the first wins. Territory, industry and segment are those of the lead, else of its account.';
COMMENT ON COLUMN routing_rule.rule IS 'code of the rule';
COMMENT ON COLUMN routing_rule.position IS 'order: the smallest that matches wins';
COMMENT ON COLUMN routing_rule.object IS 'lead: what is routed';
COMMENT ON COLUMN routing_rule.on_stage IS 'a stage of the spine; entering it, or a leaf of it, or passing it, hands the lead over: mql to the first, sql to the second pair of hands, for example';
COMMENT ON COLUMN routing_rule.variant IS 'product line or region; * for all';
COMMENT ON COLUMN routing_rule.territory IS 'territories; null for all';
COMMENT ON COLUMN routing_rule.industry IS 'industries; null for all';
COMMENT ON COLUMN routing_rule.segment IS 'segments; null for all';
COMMENT ON COLUMN routing_rule.condition IS 'a criterion over the lead; null for always';
COMMENT ON COLUMN routing_rule.to_account_owner IS 'a named account: the owner of the lead''s account gets the lead; the rule does not match where there is no account with an owner who may have it';
COMMENT ON COLUMN routing_rule.pool IS 'pool whose members take turns';
COMMENT ON COLUMN routing_rule.in_hours IS 'whether members outside their working time are skipped';
COMMENT ON COLUMN routing_rule.meaning IS 'the rule in words';
COMMENT ON COLUMN routing_rule.active IS 'whether it is in use';
COMMENT ON COLUMN routing_rule.catch_all IS 'default while the rule is in use: the pool that must be there for leads that no rule matches. Filled by PostgreSQL';

CREATE TABLE assignment (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    lead_id         bigint NOT NULL REFERENCES lead,
    stage           leadflow.stage NOT NULL,
    rule            text,
    pool            text NOT NULL,
    old_owner       text,
    owner           text NOT NULL,
    how             text NOT NULL CHECK (how IN ('turn', 'account_owner', 'fallback')),
    skipped         jsonb NOT NULL DEFAULT '[]',
    turn            bigint,
    members         text[],
    credits         double precision[],
    CONSTRAINT turns_are_counted CHECK ((how = 'turn') = (turn IS NOT NULL))
);
CREATE INDEX ON assignment (lead_id, at);
CREATE INDEX ON assignment (pool, at);
-- the last turn says whose the next one is
CREATE UNIQUE INDEX assignment_turn ON assignment (pool, turn) WHERE turn IS NOT NULL;
COMMENT ON TABLE assignment IS 'Every lead that a rule gave to an owner, and why. The last turn of a pool says whose the next one is. Append-only.';
COMMENT ON COLUMN assignment.id IS 'number of the assignment';
COMMENT ON COLUMN assignment.at IS 'when it was assigned';
COMMENT ON COLUMN assignment.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN assignment.lead_id IS 'the lead';
COMMENT ON COLUMN assignment.stage IS 'stage by whose entry it was handed over';
COMMENT ON COLUMN assignment.rule IS 'rule that matched; null where none did';
COMMENT ON COLUMN assignment.pool IS 'pool that it named, or default';
COMMENT ON COLUMN assignment.old_owner IS 'owner before';
COMMENT ON COLUMN assignment.owner IS 'owner since';
COMMENT ON COLUMN assignment.how IS 'turn (it was the member''s turn), account_owner or fallback';
COMMENT ON COLUMN assignment.skipped IS 'who was passed over, and why: [{"member", "why"}]';
COMMENT ON COLUMN assignment.turn IS 'number of the turn in the pool; null where it was nobody''s';
COMMENT ON COLUMN assignment.members IS 'the members of the pool then; null where it was nobody''s turn';
COMMENT ON COLUMN assignment.credits IS 'what each of them has to his credit after this turn: the leads that his share has earned less those that he was given';

-- A lead's account is found by its e-mail's domain.
CREATE INDEX account_domain ON account (leadflow.normal_domain(domain));

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON assignment
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON assignment
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON pool
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON pool
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE pool ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON pool_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON pool_member
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE pool_member ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON routing_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON routing_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE routing_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON routing_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');
$leadflow_text$
WHEN 'alerts' THEN $leadflow_text$/*
 * alerts.sql: who is told what, and what follows from a promise that was not
 * kept.  Alerts are raised by leadflow.sweep.
 */

CREATE TABLE consequence (
    policy          text NOT NULL CHECK (policy <> ''),
    event           text NOT NULL CHECK (event IN ('warning', 'breach', 'exhausted')),
    action          text NOT NULL CHECK (action IN ('escalate', 'reassign', 'return_to_nurture')),
    after           interval NOT NULL DEFAULT '0' CHECK (after >= interval '0' AND after <= interval '100 years'),
    reason          text REFERENCES reason ON UPDATE CASCADE,
    active          boolean NOT NULL DEFAULT true,
    PRIMARY KEY (policy, event, action),
    CONSTRAINT return_has_reason CHECK (action <> 'return_to_nurture' OR reason IS NOT NULL)
);
COMMENT ON TABLE consequence IS 'What leadflow.sweep does about a promise, beside raising the alert.';
COMMENT ON COLUMN consequence.policy IS 'policy of the promise (sla_policy); * for all that have no row of their own with the same event and action, active or not';
COMMENT ON COLUMN consequence.event IS 'warning, breach or exhausted (a cadence whose attempts were all made)';
COMMENT ON COLUMN consequence.action IS 'escalate (alert the owner''s manager, or in the place of one who has left, the next manager up), reassign (give the lead to the next member of the pool, not to the present owner) or return_to_nurture; the promise of an opportunity is only escalated';
COMMENT ON COLUMN consequence.after IS 'how long after the event, elapsed: done if the promise is still owed then';
COMMENT ON COLUMN consequence.reason IS 'return_to_nurture: the reason that is given';
COMMENT ON COLUMN consequence.active IS 'whether it is agreed';

CREATE TABLE alert_rule (
    kind            text PRIMARY KEY CHECK (kind IN ('warning', 'breach', 'exhausted', 'never_contacted', 'volume_without_sales', 'data_gap', 'woken')),
    receiver        text NOT NULL DEFAULT 'owner' CHECK (receiver <> ''),
    after           interval CHECK (after >= interval '0' AND after <= interval '100 years'),
    threshold       numeric CHECK (threshold >= 0),
    horizon         interval NOT NULL DEFAULT '7 days' CHECK (horizon > interval '0' AND horizon <= interval '100 years'),
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CONSTRAINT period_of_volume CHECK (kind <> 'volume_without_sales' OR after IS NULL OR after > interval '0'),
    CONSTRAINT threshold_of_gap CHECK (kind <> 'data_gap' OR threshold IS NOT NULL AND threshold <= 1)
);
COMMENT ON TABLE alert_rule IS 'Which alerts leadflow.sweep raises, and for whom.';
COMMENT ON COLUMN alert_rule.kind IS 'kind of alert';
COMMENT ON COLUMN alert_rule.receiver IS 'owner, manager (the owner''s), or the name of a team_member; in the place of one who has left, the manager';
COMMENT ON COLUMN alert_rule.after IS 'never_contacted: how long after the handover; volume_without_sales: the period before the sweep that is looked at, null for 90 days; elapsed';
COMMENT ON COLUMN alert_rule.threshold IS 'volume_without_sales: number of leads of a campaign in the period; data_gap: share of the rows owing a field that have it, below which it is a gap, 0..1';
COMMENT ON COLUMN alert_rule.horizon IS 'warning, breach, exhausted, never_contacted, and the consequences of these: what came due longer ago is left to the reports, so that the first sweep over years of history stays quiet';
COMMENT ON COLUMN alert_rule.meaning IS 'the alert in words';
COMMENT ON COLUMN alert_rule.active IS 'whether it is raised; leads wake from nurture only while woken is';

CREATE TABLE alert (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_key       text NOT NULL UNIQUE,
    kind            text NOT NULL,
    at              timestamptz NOT NULL,
    raised_at       timestamptz NOT NULL,
    send_at         timestamptz NOT NULL,
    sent_at         timestamptz,
    receiver        text,
    clock_id        bigint,
    lead_id         bigint,
    opportunity_id  bigint,
    campaign_id     bigint,
    message         text NOT NULL,
    details         jsonb NOT NULL DEFAULT '{}',
    action          text CHECK (action IN ('escalate', 'reassign', 'return_to_nurture', 'wake')),
    done_at         timestamptz,
    dropped_at      timestamptz,
    fault           text,
    tries           integer NOT NULL DEFAULT 0,
    acknowledged_at timestamptz,
    acknowledged_by text,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
CREATE INDEX alert_open ON alert (receiver, send_at) WHERE acknowledged_at IS NULL;
CREATE INDEX alert_unsent ON alert (send_at) WHERE sent_at IS NULL AND acknowledged_at IS NULL AND dropped_at IS NULL;
CREATE INDEX alert_undone ON alert (id) WHERE action IS NOT NULL AND done_at IS NULL AND dropped_at IS NULL;
CREATE INDEX ON alert (lead_id);
CREATE INDEX ON alert (clock_id);
CREATE INDEX ON alert (campaign_id) WHERE campaign_id IS NOT NULL;
COMMENT ON TABLE alert IS 'What leadflow.sweep told whom, each exactly once: an outbox to be read by whatever sends messages. Numbers and codes only, no personal data. Rows older than the horizon of their alert_rule may be deleted; younger ones would be raised again.';
COMMENT ON COLUMN alert.id IS 'number of the alert';
COMMENT ON COLUMN alert.alert_key IS 'what it is about: raised once for each key';
COMMENT ON COLUMN alert.kind IS 'warning, breach, exhausted, never_contacted, volume_without_sales, data_gap, woken, or the action that was performed: escalate, reassign, return_to_nurture';
COMMENT ON COLUMN alert.at IS 'instant that it is about: when the promise was broken, for example';
COMMENT ON COLUMN alert.raised_at IS 'instant as of which the sweep raised it';
COMMENT ON COLUMN alert.send_at IS 'when the receiver may be told: raised_at (done_at for an action), or the next opening of the receiver''s alert calendar';
COMMENT ON COLUMN alert.sent_at IS 'when it was notified; null while it waits for send_at, or for the action to be done, and where somebody took note before';
COMMENT ON COLUMN alert.receiver IS 'team member who is told: escalate tells the manager, reassign the new owner; null for nobody in particular (details may name a team)';
COMMENT ON COLUMN alert.clock_id IS 'promise that it is about';
COMMENT ON COLUMN alert.lead_id IS 'lead that it is about';
COMMENT ON COLUMN alert.opportunity_id IS 'opportunity that it is about';
COMMENT ON COLUMN alert.campaign_id IS 'campaign that it is about';
COMMENT ON COLUMN alert.message IS 'the alert in words';
COMMENT ON COLUMN alert.details IS 'the same as data';
COMMENT ON COLUMN alert.action IS 'what was to be done: escalate, reassign, return_to_nurture or wake; null for an alert alone';
COMMENT ON COLUMN alert.done_at IS 'when it was done; null while it was not';
COMMENT ON COLUMN alert.dropped_at IS 'when it was given up, because the promise was kept or the lead had moved before it could be done';
COMMENT ON COLUMN alert.fault IS 'what stood in the way at the last try: in words, or an SQLSTATE and a constraint or criterion; null where nothing did. Every sweep tries again';
COMMENT ON COLUMN alert.tries IS 'how often it was tried in vain';
COMMENT ON COLUMN alert.acknowledged_at IS 'when the receiver, or a program, took note; null while nobody did';
COMMENT ON COLUMN alert.acknowledged_by IS 'role that took note';

CREATE TABLE daily_look (
    kind                text PRIMARY KEY,
    at                  timestamptz NOT NULL,
    definition_version  bigint NOT NULL
);
COMMENT ON TABLE daily_look IS 'When leadflow.sweep last looked for what it looks for once a day. Kept by leadflow.';
COMMENT ON COLUMN daily_look.kind IS 'kind of alert: volume_without_sales or data_gap';
COMMENT ON COLUMN daily_look.at IS 'instant as of which it looked';
COMMENT ON COLUMN daily_look.definition_version IS 'version of the definitions at that time; once they change it looks again';

-- What a sweep, and the list of broken promises, look for.
CREATE INDEX sla_clock_exhausted ON sla_clock (stopped_at) WHERE stopped_by = 'attempts';
CREATE INDEX sla_clock_stopped ON sla_clock (stopped_at) WHERE stopped_at IS NOT NULL;
CREATE INDEX sla_clock_cancelled ON sla_clock (cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX stage_event_at ON stage_event (at) WHERE opportunity_id IS NULL;

CREATE TRIGGER leadflow_consequence_guard BEFORE INSERT OR UPDATE ON consequence
    FOR EACH ROW EXECUTE FUNCTION leadflow.consequence_guard();
CREATE TRIGGER leadflow_alert_guard BEFORE UPDATE ON alert
    FOR EACH ROW WHEN (OLD.acknowledged_at IS DISTINCT FROM NEW.acknowledged_at OR OLD.acknowledged_by IS DISTINCT FROM NEW.acknowledged_by)
    EXECUTE FUNCTION leadflow.alert_guard();
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON consequence
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON consequence
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE consequence ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON alert_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON alert_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE alert_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'agreements' THEN $leadflow_text$/*
 * agreements.sql: what the two departments promised each other in numbers.
 */

CREATE TABLE agreement (
    agreement       text PRIMARY KEY CHECK (agreement <> ''),
    department      text NOT NULL CHECK (department IN ('marketing', 'sales')),
    measure         text NOT NULL CHECK (measure IN ('handed_over', 'accepted', 'accepted_share', 'qualified_share',
                        'contacted_share', 'verdict_share', 'sla_met_share', 'deal_share')),
    period          text NOT NULL DEFAULT 'month' CHECK (period IN ('week', 'month', 'quarter')),
    variant         text,
    segment         text,
    origin          text,
    at_least        numeric NOT NULL CHECK (at_least >= 0 AND at_least < 1000000000),
    starts_on       date CHECK (pg_catalog.isfinite(starts_on)),
    ends_on         date CHECK (pg_catalog.isfinite(ends_on)),
    promise         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CHECK (ends_on >= starts_on),
    CONSTRAINT share_of_one CHECK (measure NOT LIKE '%\_share' OR at_least <= 1)
);
COMMENT ON TABLE agreement IS 'What marketing and sales promised each other in numbers: volume and quality on one side, reaction and answers on the other.';
COMMENT ON COLUMN agreement.agreement IS 'code of the promise';
COMMENT ON COLUMN agreement.department IS 'who made it: marketing or sales';
COMMENT ON COLUMN agreement.measure IS 'what is promised: handed_over (leads that reached mql) or accepted (those that sales accepted), numbers; accepted_share (of those with a verdict), qualified_share (of those handed over, that reached sql), contacted_share (of those handed over), verdict_share (of those too, but those that nobody reached after all attempts), sla_met_share (of the clocks of leads), deal_share (of those that reached sql, that were won), 0..1';
COMMENT ON COLUMN agreement.period IS 'week, month or quarter, in the session''s time zone';
COMMENT ON COLUMN agreement.variant IS 'only leads of this product line or region; null for all';
COMMENT ON COLUMN agreement.segment IS 'only leads of this segment; null for all';
COMMENT ON COLUMN agreement.origin IS 'only leads of this origin; null for all';
COMMENT ON COLUMN agreement.at_least IS 'the promise, a number or a share';
COMMENT ON COLUMN agreement.starts_on IS 'first day on which it holds; null for always';
COMMENT ON COLUMN agreement.ends_on IS 'last day; null for no end';
COMMENT ON COLUMN agreement.promise IS 'the promise in words';
COMMENT ON COLUMN agreement.active IS 'whether it is in force';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON agreement
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON agreement
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE agreement ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'scoring' THEN $leadflow_text$/*
 * scoring.sql: what makes a lead good and what shows its interest, in points;
 * what was learnt from the leads that were won and lost; and the scores.
 */

CREATE TABLE score_group (
    score_group     text PRIMARY KEY CHECK (score_group ~ '^[a-z][a-z0-9_]{0,62}$'),
    cap             numeric(12,4) NOT NULL CHECK (cap >= 0 AND cap <> 'NaN'),
    meaning         text NOT NULL
);
COMMENT ON TABLE score_group IS 'Rules that together give no more than so many points.';
COMMENT ON COLUMN score_group.score_group IS 'code of the group';
COMMENT ON COLUMN score_group.cap IS 'most points that the rules of the group give in all, after fading';
COMMENT ON COLUMN score_group.meaning IS 'what the group stands for';

CREATE TABLE score_rule (
    rule            text PRIMARY KEY CHECK (rule ~ '^[a-z][a-z0-9_]{0,62}$'),
    component       text NOT NULL CHECK (component IN ('fit', 'behaviour')),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    position        integer NOT NULL DEFAULT 100,
    points          numeric(12,4) NOT NULL CHECK (points <> 'NaN' AND pg_catalog.abs(points) <= 1000000),
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'account')),
    expression      text,
    touch_kinds     text[] CHECK (pg_catalog.cardinality(touch_kinds) > 0),
    direction       text NOT NULL DEFAULT 'inbound' CHECK (direction IN ('inbound', 'outbound')),
    topics          text[] CHECK (pg_catalog.cardinality(topics) > 0),
    counts          text NOT NULL DEFAULT 'every' CHECK (counts IN ('every', 'day', 'content', 'once')),
    half_life       interval CHECK (half_life > interval '0' AND pg_catalog.date_part('month', half_life) = 0
                                    AND pg_catalog.date_part('year', half_life) = 0),
    day_cap         numeric(12,4) CHECK (day_cap >= 0 AND day_cap <> 'NaN'),
    cap             numeric(12,4) CHECK (cap >= 0 AND cap <> 'NaN'),
    score_group     text REFERENCES score_group ON UPDATE CASCADE,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CONSTRAINT rule_reads_something CHECK (pg_catalog.num_nonnulls(expression, touch_kinds, topics) > 0),
    CONSTRAINT touches_or_topics CHECK (touch_kinds IS NULL OR topics IS NULL),
    CONSTRAINT fit_reads_the_row CHECK (component = 'behaviour' OR touch_kinds IS NULL AND topics IS NULL),
    CONSTRAINT only_touches_fade CHECK (pg_catalog.num_nonnulls(touch_kinds, topics) = 1
                                        OR half_life IS NULL AND day_cap IS NULL AND cap IS NULL AND counts = 'every')
);
COMMENT ON TABLE score_rule IS 'What gives points. Fit rules ask something of the row and are evaluated anew each time; behaviour rules give points for each touch of the lead, or each signal of intent of its account, which fade.';
COMMENT ON COLUMN score_rule.rule IS 'code of the rule';
COMMENT ON COLUMN score_rule.component IS 'fit (who they are) or behaviour (what they do)';
COMMENT ON COLUMN score_rule.variant IS 'product line or region; * for all';
COMMENT ON COLUMN score_rule.position IS 'order in explanations';
COMMENT ON COLUMN score_rule.points IS 'points given; may be negative';
COMMENT ON COLUMN score_rule.object IS 'whose columns the expression reads: of the lead or of its account';
COMMENT ON COLUMN score_rule.expression IS 'a boolean SQL expression, as in the standard: the rule gives points while it is met. Null for always. It may not read scores';
COMMENT ON COLUMN score_rule.touch_kinds IS 'touches of these kinds give points';
COMMENT ON COLUMN score_rule.direction IS 'inbound (what the lead does) or outbound (what is done to it)';
COMMENT ON COLUMN score_rule.topics IS 'signals of intent on these topics give points, times their strength; {*} for every topic';
COMMENT ON COLUMN score_rule.counts IS 'which of them count: every one, or of those of one day, one content (a touch without content is on its own; a signal''s content is its topic) or ever (once) the latest';
COMMENT ON COLUMN score_rule.half_life IS 'after how long points are worth half; null for not at all. No months, which differ in length';
COMMENT ON COLUMN score_rule.day_cap IS 'most points, before fading, that one day gives; the latest of the day count first. A day is one of the default calendar''s zone. Null for no limit';
COMMENT ON COLUMN score_rule.cap IS 'most points that the rule gives, after fading; of points below zero, the fewest. Null for no limit';
COMMENT ON COLUMN score_rule.score_group IS 'group whose cap it shares; null for none';
COMMENT ON COLUMN score_rule.meaning IS 'why this counts, in words';
COMMENT ON COLUMN score_rule.active IS 'whether it gives points';

CREATE TABLE score_grade (
    component       text NOT NULL CHECK (component IN ('fit', 'behaviour')),
    grade           text NOT NULL,
    at_least        numeric(12,4) NOT NULL CHECK (at_least <> 'NaN'),
    meaning         text,
    PRIMARY KEY (component, grade),
    UNIQUE (component, at_least),
    CONSTRAINT letter_or_digit CHECK (grade ~ CASE component WHEN 'fit' THEN '^[A-Z]$' ELSE '^[1-9]$' END)
);
COMMENT ON TABLE score_grade IS 'What the points are called: A to D for fit, 1 to 4 for behaviour. The grade of a lead is both: B2.';
COMMENT ON COLUMN score_grade.component IS 'fit or behaviour';
COMMENT ON COLUMN score_grade.grade IS 'a letter for fit, a digit for behaviour';
COMMENT ON COLUMN score_grade.at_least IS 'from how many points; the lowest grade also stands for fewer';
COMMENT ON COLUMN score_grade.meaning IS 'what the grade means for the work, in words';

CREATE TABLE score_move (
    code            text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    object          text NOT NULL DEFAULT 'lead' CHECK (object = 'lead'),
    from_stage      leadflow.stage NOT NULL,
    to_stage        leadflow.stage NOT NULL CHECK (to_stage >= 'visitor'),
    condition       text NOT NULL,
    position        integer NOT NULL DEFAULT 100,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true,
    CHECK (from_stage <> to_stage)
);
COMMENT ON TABLE score_move IS 'Leads that move by themselves when their score asks for it: leadflow.refresh_scores moves them, and the guard judges the move as any other.';
COMMENT ON COLUMN score_move.code IS 'code of the rule';
COMMENT ON COLUMN score_move.variant IS 'product line or region; * for all';
COMMENT ON COLUMN score_move.object IS 'lead';
COMMENT ON COLUMN score_move.from_stage IS 'leads of this stage, or of a leaf of it, are looked at';
COMMENT ON COLUMN score_move.to_stage IS 'where they go';
COMMENT ON COLUMN score_move.condition IS 'a boolean SQL expression, as in the standard: fit_grade <= ''B'' AND behaviour >= 40';
COMMENT ON COLUMN score_move.position IS 'the first that is met moves the lead';
COMMENT ON COLUMN score_move.meaning IS 'why, in words';
COMMENT ON COLUMN score_move.active IS 'whether leads are moved';

CREATE TABLE score_feature (
    feature         text PRIMARY KEY CHECK (feature ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    object          text NOT NULL DEFAULT 'lead' CHECK (object IN ('lead', 'account')),
    kind            text NOT NULL DEFAULT 'category' CHECK (kind IN ('category', 'number', 'set')),
    expression      text NOT NULL,
    meaning         text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE score_feature IS 'What models learn from. What the features of a lead were when it became an MQL is kept in stage_event.facts, so that nothing that was learnt later leaks in. Name nothing that tells who a person is.';
COMMENT ON COLUMN score_feature.feature IS 'code of the feature';
COMMENT ON COLUMN score_feature.position IS 'order in reports';
COMMENT ON COLUMN score_feature.object IS 'whose columns the expression reads: of the lead or of its account';
COMMENT ON COLUMN score_feature.kind IS 'category (one of few words), number (cut into bins by quantiles when a model is learnt) or set (several words at once)';
COMMENT ON COLUMN score_feature.expression IS 'an SQL expression, as in the standard, whose value is the feature: text or anything with a text form, a number, or an array of text. Null is missing. It may not read the probability';
COMMENT ON COLUMN score_feature.meaning IS 'what it tells, in words';
COMMENT ON COLUMN score_feature.active IS 'whether it is kept and learnt from';

CREATE TABLE intent_topic (
    topic           text PRIMARY KEY CHECK (topic <> ''),
    threshold       numeric(12,4) NOT NULL DEFAULT 1 CHECK (threshold > 0 AND threshold <> 'NaN'),
    half_life       interval NOT NULL DEFAULT '14 days' CHECK (half_life > interval '0' AND pg_catalog.date_part('month', half_life) = 0
                                                                AND pg_catalog.date_part('year', half_life) = 0),
    marketing_task  text NOT NULL,
    sales_task      text NOT NULL,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE intent_topic IS 'What is done when an account shows interest in a topic: see intent_tasks.';
COMMENT ON COLUMN intent_topic.topic IS 'the topic, as intent_signal names it';
COMMENT ON COLUMN intent_topic.threshold IS 'from which sum of faded strengths on there is something to do';
COMMENT ON COLUMN intent_topic.half_life IS 'after how long a signal is worth half. No months, which differ in length';
COMMENT ON COLUMN intent_topic.marketing_task IS 'what marketing does: the series to send';
COMMENT ON COLUMN intent_topic.sales_task IS 'what the owner does: the talk to start';
COMMENT ON COLUMN intent_topic.active IS 'whether tasks are made of it';

CREATE TABLE intent_signal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    account_id      bigint NOT NULL REFERENCES account,
    topic           text NOT NULL CHECK (topic <> ''),
    strength        numeric(9,4) NOT NULL DEFAULT 1 CHECK (strength >= 0 AND strength <= 1000),
    channel         text,
    note            text,
    source          text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    UNIQUE (source, external_id)
);
CREATE INDEX intent_signal_account ON intent_signal (account_id, at);
CREATE INDEX ON intent_signal (topic, at);
COMMENT ON TABLE intent_signal IS 'Signs that a company is interested in a topic: visits, searches, posts, reviews.';
COMMENT ON COLUMN intent_signal.id IS 'number of the signal';
COMMENT ON COLUMN intent_signal.at IS 'when it was seen';
COMMENT ON COLUMN intent_signal.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN intent_signal.account_id IS 'the company';
COMMENT ON COLUMN intent_signal.topic IS 'what it is interested in';
COMMENT ON COLUMN intent_signal.strength IS 'how strong the sign is; 1 for an ordinary one';
COMMENT ON COLUMN intent_signal.channel IS 'analytics, social, forum, review, and so on';
COMMENT ON COLUMN intent_signal.note IS 'note';
COMMENT ON COLUMN intent_signal.source IS 'tool that wrote the row';
COMMENT ON COLUMN intent_signal.external_id IS 'the tool''s own key, as text';

CREATE TABLE score_model (
    version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model           text NOT NULL CHECK (model IN ('odoo', 'naive_bayes', 'logistic')),
    fitted_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    fitted_by       text NOT NULL DEFAULT CURRENT_USER,
    as_of           timestamptz NOT NULL,
    options         jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
    won             bigint NOT NULL CHECK (won >= 0),
    lost            bigint NOT NULL CHECK (lost >= 0),
    quality         jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(quality) = 'object'),
    intercept       double precision NOT NULL CHECK (intercept <> 'NaN' AND pg_catalog.abs(intercept) < 'Infinity'),
    note            text,
    activated_at    timestamptz,
    retired_at      timestamptz,
    CHECK (retired_at IS NULL OR activated_at IS NOT NULL)
);
CREATE UNIQUE INDEX score_model_active ON score_model ((true)) WHERE activated_at IS NOT NULL AND retired_at IS NULL;
COMMENT ON TABLE score_model IS 'Models that were learnt by leadflow.calibrate, each a version of its own. None takes effect before leadflow.activate_model.';
COMMENT ON COLUMN score_model.version IS 'number of the model';
COMMENT ON COLUMN score_model.model IS 'odoo (the frequency model of Odoo), naive_bayes (with Laplace smoothing) or logistic';
COMMENT ON COLUMN score_model.fitted_at IS 'when it was learnt';
COMMENT ON COLUMN score_model.fitted_by IS 'who had it learnt';
COMMENT ON COLUMN score_model.as_of IS 'what was known then is what it was learnt from';
COMMENT ON COLUMN score_model.options IS 'how it was learnt';
COMMENT ON COLUMN score_model.won IS 'number of won leads that it was learnt from';
COMMENT ON COLUMN score_model.lost IS 'number of lost leads that it was learnt from';
COMMENT ON COLUMN score_model.quality IS 'how well it does on leads that it was not learnt from: {"auc", "log_loss", "brier", "won", "lost", "held_out", "calibration", "gains"}; beside it the rules ("rules": {"auc", "model_auc", "leads"}) and the model that was active ("active"); and what it was learnt from ("base_rate", "without_facts", "features"). See leadflow.calibrate';
COMMENT ON COLUMN score_model.intercept IS 'log-odds of a lead of which nothing is known, to which those of its values are added';
COMMENT ON COLUMN score_model.note IS 'note';
COMMENT ON COLUMN score_model.activated_at IS 'when it took effect; null for not yet';
COMMENT ON COLUMN score_model.retired_at IS 'when another took its place, or it was retired; null while it holds, and before it took effect';

CREATE TABLE score_model_point (
    version         bigint NOT NULL REFERENCES score_model ON DELETE CASCADE,
    feature         text NOT NULL,
    value           text,
    at_least        double precision,
    below           double precision,
    log_odds        double precision NOT NULL CHECK (log_odds <> 'NaN' AND pg_catalog.abs(log_odds) < 'Infinity'),
    standard_error  double precision,
    points          numeric(12,4) NOT NULL CHECK (points <> 'NaN'),
    won             bigint,
    lost            bigint,
    weight_of_evidence double precision,
    information     double precision
);
CREATE UNIQUE INDEX score_model_point_key ON score_model_point (version, feature, (COALESCE(value, '')), (value IS NULL));
-- no primary key: a logical subscriber finds the row by all of it
ALTER TABLE score_model_point REPLICA IDENTITY FULL;
COMMENT ON TABLE score_model_point IS 'What a model gives for each value of each feature: the log-odds of a lead are the intercept and the sum of these. A value that is not listed gives nothing.';
COMMENT ON COLUMN score_model_point.version IS 'number of the model';
COMMENT ON COLUMN score_model_point.feature IS 'the feature';
COMMENT ON COLUMN score_model_point.value IS 'its value, or the label of the bin; null for missing';
COMMENT ON COLUMN score_model_point.at_least IS 'a bin of a number: its lower end, which belongs to it; null for none';
COMMENT ON COLUMN score_model_point.below IS 'a bin of a number: its upper end, which does not belong to it; null for none';
COMMENT ON COLUMN score_model_point.log_odds IS 'what it adds to the natural logarithm of the odds of winning';
COMMENT ON COLUMN score_model_point.standard_error IS 'standard error of log_odds, where the model gives one';
COMMENT ON COLUMN score_model_point.points IS 'the same in whole points that people can read: 20 double the odds, -20 halve them, 0 says nothing';
COMMENT ON COLUMN score_model_point.won IS 'won leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_point.lost IS 'lost leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_point.weight_of_evidence IS 'weight of evidence of the value alone';
COMMENT ON COLUMN score_model_point.information IS 'its part of the information value of the feature';

CREATE TABLE lead_score (
    lead_id         bigint PRIMARY KEY,
    scored_at       timestamptz NOT NULL,
    fit             numeric(15,4) NOT NULL,
    behaviour       numeric(15,4) NOT NULL,
    total           numeric(15,4) NOT NULL,
    grade           text,
    probability     numeric(5,4),
    model_version   bigint,
    definition_version bigint NOT NULL,
    refused_move    text,
    refusal         text
) WITH (fillfactor = 80);
COMMENT ON TABLE lead_score IS 'The scores of the leads, as leadflow.refresh_scores found them. No foreign key: scoring locks no lead.';
COMMENT ON COLUMN lead_score.lead_id IS 'the lead';
COMMENT ON COLUMN lead_score.scored_at IS 'the instant as of which this is its score';
COMMENT ON COLUMN lead_score.fit IS 'points for who they are';
COMMENT ON COLUMN lead_score.behaviour IS 'points for what they do, faded';
COMMENT ON COLUMN lead_score.total IS 'fit and behaviour';
COMMENT ON COLUMN lead_score.grade IS 'grade of fit and grade of behaviour: B2; null where there are no grades';
COMMENT ON COLUMN lead_score.probability IS 'probability of winning by the active model, within 0.0001 and 0.9999; null where no model is active';
COMMENT ON COLUMN lead_score.model_version IS 'the model that gave it';
COMMENT ON COLUMN lead_score.definition_version IS 'version of the definitions that it was scored by';
COMMENT ON COLUMN lead_score.refused_move IS 'score_move that the guard refused when the lead was last scored; null for none';
COMMENT ON COLUMN lead_score.refusal IS 'what the guard said: which criteria are not met, and what was seen, one a line';

CREATE TABLE score_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of           timestamptz NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    last_lead_id    bigint NOT NULL DEFAULT 0,
    leads           bigint NOT NULL DEFAULT 0,
    moved           bigint NOT NULL DEFAULT 0,
    refused         bigint NOT NULL DEFAULT 0,
    failed          bigint NOT NULL DEFAULT 0,
    finished_at     timestamptz
);
CREATE UNIQUE INDEX score_run_open ON score_run ((true)) WHERE finished_at IS NULL;
COMMENT ON TABLE score_run IS 'Runs of leadflow.refresh_scores, and how far they have come: one that was interrupted goes on from there.';
COMMENT ON COLUMN score_run.id IS 'number of the run';
COMMENT ON COLUMN score_run.as_of IS 'the instant as of which leads are scored';
COMMENT ON COLUMN score_run.started_at IS 'when it began';
COMMENT ON COLUMN score_run.last_lead_id IS 'the last lead that was scored';
COMMENT ON COLUMN score_run.leads IS 'number of leads scored so far';
COMMENT ON COLUMN score_run.moved IS 'number of leads that moved by a score_move';
COMMENT ON COLUMN score_run.refused IS 'number of such moves that were refused';
COMMENT ON COLUMN score_run.failed IS 'number of leads that could not be scored, because an expression failed';
COMMENT ON COLUMN score_run.finished_at IS 'when it was done; null while it is not';

-- An expression that does not compile is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.score_rule_guard();
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_feature
    FOR EACH ROW EXECUTE FUNCTION leadflow.score_feature_guard();
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON score_move
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_group
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_group
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_group ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_rule
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_rule
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_rule ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_grade
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_grade
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_grade ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_move
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_move
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_move ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_feature
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_feature
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_feature ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON intent_topic
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON intent_topic
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE intent_topic ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON score_model
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON score_model
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_model ENABLE ALWAYS TRIGGER leadflow_definition_recorder;

-- A model is told of as a whole, not point by point.
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON score_model_point
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE score_model_point ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'economics' THEN $leadflow_text$/*
 * economics.sql: what campaigns cost, what money is worth, what is to be
 * reached, and how credit for a deal is shared.
 */

CREATE TABLE campaign_cost (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES campaign,
    spent_on    date NOT NULL CHECK (pg_catalog.isfinite(spent_on)),
    cost        numeric(15,2) NOT NULL CHECK (cost <> 'NaN'),
    currency    text CHECK (currency ~ '^[A-Z]{3}$'),
    kind        text NOT NULL DEFAULT 'media' CHECK (kind <> ''),
    note        text,
    source      text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id text CHECK (external_id <> ''),
    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
CREATE INDEX ON campaign_cost (campaign_id, spent_on);
COMMENT ON TABLE campaign_cost IS 'What campaigns cost, line by line. Where a campaign has lines, they are its cost, else campaign.cost is.';
COMMENT ON COLUMN campaign_cost.id IS 'number of the line';
COMMENT ON COLUMN campaign_cost.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_cost.spent_on IS 'day on which it was spent; what lies after leadflow.clock() is not spent yet';
COMMENT ON COLUMN campaign_cost.cost IS 'the amount, in currency; below 0 for what came back';
COMMENT ON COLUMN campaign_cost.currency IS 'ISO 4217 code; null for the currency of the workspace';
COMMENT ON COLUMN campaign_cost.kind IS 'what for: media, agency, event, content, people, other';
COMMENT ON COLUMN campaign_cost.note IS 'remark';
COMMENT ON COLUMN campaign_cost.source IS 'tool that the line comes from';
COMMENT ON COLUMN campaign_cost.external_id IS 'its key in that tool';
COMMENT ON COLUMN campaign_cost.recorded_at IS 'when we learnt it';

CREATE TABLE exchange_rate (
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from  date NOT NULL CHECK (pg_catalog.isfinite(valid_from)),
    rate        numeric NOT NULL CHECK (rate > 0 AND rate < 'Infinity'),
    PRIMARY KEY (currency, valid_from)
);
COMMENT ON TABLE exchange_rate IS 'What other currencies are worth in the currency of the workspace, from a day on. An amount without a rate of its day or before is left out of sums of money, and counted.';
COMMENT ON COLUMN exchange_rate.currency IS 'ISO 4217 code';
COMMENT ON COLUMN exchange_rate.valid_from IS 'first day of the rate; it holds until the next one';
COMMENT ON COLUMN exchange_rate.rate IS 'units of the currency of the workspace (workspace.currency) for one unit of this one';

CREATE TABLE target (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric      text NOT NULL CHECK (metric IN ('revenue', 'new_revenue', 'deals', 'pipeline', 'opportunities', 'sql', 'sal', 'mql', 'leads')),
    starts_on   date NOT NULL CHECK (pg_catalog.isfinite(starts_on)),
    ends_on     date NOT NULL CHECK (pg_catalog.isfinite(ends_on)),
    segment     text CHECK (segment <> ''),
    team        text CHECK (team <> ''),
    owner       text CHECK (owner <> ''),
    value       numeric(15,2) NOT NULL CHECK (value >= 0 AND value <> 'NaN'),
    agreed_on   date,
    note        text,
    CHECK (ends_on >= starts_on)
);
CREATE UNIQUE INDEX target_key ON target (metric, starts_on, ends_on, (COALESCE(segment, '')), (COALESCE(team, '')), (COALESCE(owner, '')));
COMMENT ON TABLE target IS 'What is to be reached in a period: by everybody, or by a segment, a team or an owner.';
COMMENT ON COLUMN target.id IS 'number of the target';
COMMENT ON COLUMN target.metric IS 'what is counted: revenue (value of deals won), new_revenue (of new customers), deals (won), pipeline (value of opportunities opened), opportunities (opened), or leads that reach sql, sal, mql, or come in (leads)';
COMMENT ON COLUMN target.starts_on IS 'first day of the period';
COMMENT ON COLUMN target.ends_on IS 'last day of the period';
COMMENT ON COLUMN target.segment IS 'segment it is for; null for all';
COMMENT ON COLUMN target.team IS 'team it is for; null for all';
COMMENT ON COLUMN target.owner IS 'person it is for; null for all';
COMMENT ON COLUMN target.value IS 'what is to be reached: money in the currency of the workspace, or a number';
COMMENT ON COLUMN target.agreed_on IS 'when both departments agreed on it';
COMMENT ON COLUMN target.note IS 'remark';

CREATE TABLE attribution_model (
    model       text PRIMARY KEY CHECK (model ~ '^[a-z][a-z0-9_]{0,62}$'),
    position    integer NOT NULL DEFAULT 100,
    rule        text NOT NULL CHECK (leadflow.check_attribution_rule(rule)),
    lookback    interval CHECK (lookback > interval '0' AND lookback <= interval '36500 days'),
    touches     text NOT NULL DEFAULT 'all' CHECK (touches IN ('all', 'inbound', 'campaign')),
    meaning     text NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    CONSTRAINT lookback_in_days CHECK (pg_catalog.date_part('month', lookback) = 0 AND pg_catalog.date_part('year', lookback) = 0)
);
COMMENT ON TABLE attribution_model IS 'Ways of sharing the credit for a deal among the touches that led to it.';
COMMENT ON COLUMN attribution_model.model IS 'name';
COMMENT ON COLUMN attribution_model.position IS 'order in which models are shown';
COMMENT ON COLUMN attribution_model.rule IS 'how the credit is shared, as leadflow.credits reads it: w_shaped, time_decay 7 days, position 40 20 40';
COMMENT ON COLUMN attribution_model.lookback IS 'how long before the deal was won a touch counts; null for as long as there are touches';
COMMENT ON COLUMN attribution_model.touches IS 'which touches count: all, inbound, or campaign (those of a campaign)';
COMMENT ON COLUMN attribution_model.meaning IS 'in words, and what it is good for';
COMMENT ON COLUMN attribution_model.active IS 'whether reports show it';

CREATE TABLE attribution_purpose (
    purpose     text PRIMARY KEY CHECK (purpose ~ '^[a-z][a-z0-9_]{0,62}$'),
    model       text NOT NULL REFERENCES attribution_model ON UPDATE CASCADE,
    meaning     text NOT NULL,
    agreed_on   date
);
COMMENT ON TABLE attribution_purpose IS 'Which model is official for which decision. There is one for each purpose, and no second truth beside it.';
COMMENT ON COLUMN attribution_purpose.purpose IS 'what is decided: budget, new_business, renewal';
COMMENT ON COLUMN attribution_purpose.model IS 'the model whose numbers count for it';
COMMENT ON COLUMN attribution_purpose.meaning IS 'the decision in words';
COMMENT ON COLUMN attribution_purpose.agreed_on IS 'when both departments agreed on it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON exchange_rate
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON exchange_rate
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE exchange_rate ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON target
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON target
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE target ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON attribution_model
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON attribution_model
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE attribution_model ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON attribution_purpose
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON attribution_purpose
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE attribution_purpose ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'reviews' THEN $leadflow_text$/*
 * reviews.sql: what the meetings of both departments write down.
 */

CREATE TABLE deal_plan (
    opportunity_id  bigint PRIMARY KEY REFERENCES opportunity,
    priority        boolean NOT NULL DEFAULT false,
    obstacle        text CHECK (obstacle <> ''),
    closing_plan    text CHECK (closing_plan <> ''),
    next_step       text CHECK (next_step <> ''),
    next_step_on    date CHECK (pg_catalog.isfinite(next_step_on)),
    needs           text[] NOT NULL DEFAULT '{}',
    needs_note      text CHECK (needs_note <> ''),
    reviewed_on     date NOT NULL DEFAULT leadflow.clock()::date CHECK (pg_catalog.isfinite(reviewed_on)),
    CONSTRAINT needs_known CHECK (needs <@ '{content,reference,presales,pricing,legal,management}'::text[]),
    CONSTRAINT step_with_a_day CHECK ((next_step IS NULL) = (next_step_on IS NULL))
);
COMMENT ON TABLE deal_plan IS 'What both departments said of a deal when they last looked at it together: what stands in the way, how it is to be closed, and what is needed for it. One row a deal, written anew at each review.';
COMMENT ON COLUMN deal_plan.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_plan.priority IS 'whether it is one of the deals that are looked at first';
COMMENT ON COLUMN deal_plan.obstacle IS 'what stands in the way; null for nothing known';
COMMENT ON COLUMN deal_plan.closing_plan IS 'how it is to be closed';
COMMENT ON COLUMN deal_plan.next_step IS 'what is done next; it owes a day';
COMMENT ON COLUMN deal_plan.next_step_on IS 'by which day';
COMMENT ON COLUMN deal_plan.needs IS 'what sales needs from others for it: content, reference, presales, pricing, legal, management';
COMMENT ON COLUMN deal_plan.needs_note IS 'what exactly';
COMMENT ON COLUMN deal_plan.reviewed_on IS 'when it was last looked at';
$leadflow_text$
WHEN 'metrics' THEN $leadflow_text$/*
 * metrics.sql: the numbers that the company steers by, who answers for every
 * report, and what the departments are paid for.
 */

CREATE TABLE metric (
    metric          text PRIMARY KEY CHECK (metric ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    name            text NOT NULL CHECK (name <> ''),
    formula         text NOT NULL CHECK (formula <> ''),
    unit            text NOT NULL CHECK (unit IN ('count', 'share', 'ratio', 'money', 'money a day', 'seconds', 'days')),
    owner           text NOT NULL CHECK (owner <> ''),
    better          text NOT NULL DEFAULT 'higher' CHECK (better IN ('higher', 'lower')),
    report          text NOT NULL CHECK (report <> ''),
    aggregate       text NOT NULL DEFAULT 'total' CHECK (aggregate IN ('total', 'average', 'median', 'only')),
    numerator       text NOT NULL DEFAULT '*' CHECK (numerator <> ''),
    denominator     text CHECK (denominator <> ''),
    period_column   text CHECK (period_column <> ''),
    whole_months    boolean NOT NULL DEFAULT false,
    filter          jsonb NOT NULL DEFAULT '{}',
    numerator_filter jsonb NOT NULL DEFAULT '{}',
    dimensions      text[] NOT NULL DEFAULT '{}',
    shown_in        text[] NOT NULL DEFAULT '{}',
    CONSTRAINT divided CHECK (aggregate = 'total' OR denominator IS NULL AND numerator <> '*'),
    CONSTRAINT months_of_period CHECK (NOT whole_months OR period_column IS NOT NULL)
);
COMMENT ON TABLE metric IS 'The numbers that the company steers by: each has one name, one formula and one owner, and is read from one report. leadflow.metric gives the number.';
COMMENT ON COLUMN metric.metric IS 'code of the number';
COMMENT ON COLUMN metric.position IS 'order in which numbers are shown';
COMMENT ON COLUMN metric.name IS 'name as people say it';
COMMENT ON COLUMN metric.formula IS 'formula in words';
COMMENT ON COLUMN metric.unit IS 'count, share (0..1), ratio, money (in the currency of the workspace), money a day, seconds or days';
COMMENT ON COLUMN metric.owner IS 'department or team that answers for it: marketing, sales, both, or a team';
COMMENT ON COLUMN metric.better IS 'higher or lower: which way is better';
COMMENT ON COLUMN metric.report IS 'view of the workspace that it is read from';
COMMENT ON COLUMN metric.aggregate IS 'total (of the numerator, by that of the denominator where there is one), average or median of the numerator, or only (the numerator of the one row that is left: more rows are an error)';
COMMENT ON COLUMN metric.numerator IS 'column of the report: numbers are summed up, of true and false the true are counted, of anything else the rows that have it; * counts rows';
COMMENT ON COLUMN metric.denominator IS 'what it is divided by, likewise; null for nothing';
COMMENT ON COLUMN metric.period_column IS 'column, a date or an instant, by which rows belong to a period; null for a state, which is read as of the end of the period';
COMMENT ON COLUMN metric.whole_months IS 'whether period_column is the first day of a month, so that only whole months can be asked for';
COMMENT ON COLUMN metric.filter IS 'rows that count, as {"column": value}: equal to a text, number, true or false, any of a list of these, or null';
COMMENT ON COLUMN metric.numerator_filter IS 'rows that count for the numerator, of those of filter, likewise';
COMMENT ON COLUMN metric.dimensions IS 'columns of the report by which the number may be asked for; what is asked of a column takes the place of filter''s';
COMMENT ON COLUMN metric.shown_in IS 'columns that show the number row by row, as report.column';

CREATE TABLE report_owner (
    report      text PRIMARY KEY CHECK (report <> ''),
    owner       text NOT NULL CHECK (owner <> ''),
    purpose     text NOT NULL CHECK (purpose <> '')
);
COMMENT ON TABLE report_owner IS 'Who answers for a report, and what it is for.';
COMMENT ON COLUMN report_owner.report IS 'view of the workspace';
COMMENT ON COLUMN report_owner.owner IS 'department or team that answers for its numbers: marketing, sales, both, or a team';
COMMENT ON COLUMN report_owner.purpose IS 'the question that it answers';

CREATE TABLE bonus_part (
    department  text NOT NULL CHECK (department IN ('marketing', 'sales')),
    part        text NOT NULL CHECK (part ~ '^[a-z][a-z0-9_]{0,62}$'),
    period      text NOT NULL DEFAULT 'quarter' CHECK (period IN ('month', 'quarter', 'year')),
    agreement   text REFERENCES agreement ON UPDATE CASCADE,
    target_metric text CHECK (target_metric IN ('revenue', 'new_revenue', 'deals', 'pipeline', 'opportunities', 'sql', 'sal', 'mql', 'leads')),
    weight      numeric(7,6) NOT NULL CHECK (weight > 0 AND weight <= 1),
    pays_from   numeric(7,6) NOT NULL DEFAULT 0.8 CHECK (pays_from >= 0 AND pays_from <= 1),
    cap         numeric(9,6) NOT NULL DEFAULT 1 CHECK (cap > 0 AND cap <= 100),
    starts_on   date CHECK (pg_catalog.isfinite(starts_on)),
    ends_on     date CHECK (pg_catalog.isfinite(ends_on)),
    meaning     text NOT NULL,
    PRIMARY KEY (department, part),
    CHECK (ends_on >= starts_on),
    CONSTRAINT one_goal CHECK (pg_catalog.num_nonnulls(agreement, target_metric) = 1),
    CONSTRAINT cap_above_threshold CHECK (cap >= pays_from)
);
COMMENT ON TABLE bonus_part IS 'What the departments are paid a bonus for: each part rests on an agreement or on a target. The weights of a department and period should sum to 1; the report bonus says where they do not.';
COMMENT ON COLUMN bonus_part.department IS 'who is paid: marketing or sales; both may have a part on the same revenue';
COMMENT ON COLUMN bonus_part.part IS 'code of the part';
COMMENT ON COLUMN bonus_part.period IS 'month, quarter or year, in the session''s time zone';
COMMENT ON COLUMN bonus_part.agreement IS 'the agreement that it rests on: the average of what was reached in its periods that end in that of the bonus';
COMMENT ON COLUMN bonus_part.target_metric IS 'or the target that it rests on: that of this metric for everybody and exactly the period';
COMMENT ON COLUMN bonus_part.weight IS 'share of the whole bonus, above 0, up to 1';
COMMENT ON COLUMN bonus_part.pays_from IS 'share of the goal below which nothing is paid, 0..1';
COMMENT ON COLUMN bonus_part.cap IS 'share of the goal above which no more is paid: 1 for 100 %';
COMMENT ON COLUMN bonus_part.starts_on IS 'first day of the first period for which it is paid; null for always';
COMMENT ON COLUMN bonus_part.ends_on IS 'last day of the last one; null for no end';
COMMENT ON COLUMN bonus_part.meaning IS 'the part in words';

-- What there is not cannot be counted.
CREATE TRIGGER leadflow_metric_guard BEFORE INSERT OR UPDATE ON metric
    FOR EACH ROW EXECUTE FUNCTION leadflow.metric_guard();
CREATE TRIGGER leadflow_metric_guard BEFORE INSERT OR UPDATE ON report_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.metric_guard();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON metric
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON metric
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE metric ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON report_owner
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON report_owner
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE report_owner ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON bonus_part
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON bonus_part
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE bonus_part ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'audience' THEN $leadflow_text$/*
 * audience.sql: whom the company wants to reach, what moves them to buy and
 * what stands in the way, and who decides.
 */

CREATE TABLE icp (
    profile         text PRIMARY KEY CHECK (profile ~ '^[a-z][a-z0-9_]{0,62}$'),
    variant         text NOT NULL DEFAULT '*' CHECK (variant <> ''),
    position        integer NOT NULL DEFAULT 100,
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    industries      text[] CHECK (pg_catalog.cardinality(industries) > 0),
    countries       text[] CHECK (pg_catalog.cardinality(countries) > 0),
    territories     text[] CHECK (pg_catalog.cardinality(territories) > 0),
    employees_from  integer CHECK (employees_from >= 0),
    employees_to    integer CHECK (employees_to >= 0),
    meaning         text NOT NULL,
    agreed_on       date,
    active          boolean NOT NULL DEFAULT true,
    CHECK (employees_to >= employees_from),
    CONSTRAINT profile_asks_something CHECK (pg_catalog.num_nonnulls(segments, industries, countries, territories, employees_from, employees_to) > 0)
);
COMMENT ON TABLE icp IS 'The ideal customer: which companies the offer is made for. A lead fits where everything that the profile asks is met. What moves such a company is in icp_trigger, what holds it back in icp_barrier.';
COMMENT ON COLUMN icp.profile IS 'code of the profile';
COMMENT ON COLUMN icp.variant IS 'only leads of this product line or region are held against it; * for all';
COMMENT ON COLUMN icp.position IS 'order in which profiles are shown';
COMMENT ON COLUMN icp.segments IS 'market segments (of the lead, else of its account); null for any, here and below';
COMMENT ON COLUMN icp.industries IS 'industries (of the lead, else of its account)';
COMMENT ON COLUMN icp.countries IS 'countries of the account';
COMMENT ON COLUMN icp.territories IS 'sales territories (of the lead, else of its account)';
COMMENT ON COLUMN icp.employees_from IS 'fewest employees of the account; null for no limit';
COMMENT ON COLUMN icp.employees_to IS 'most employees of the account; null for no limit';
COMMENT ON COLUMN icp.meaning IS 'the profile in words: who they are and why the offer is for them';
COMMENT ON COLUMN icp.agreed_on IS 'when both departments agreed on it';
COMMENT ON COLUMN icp.active IS 'whether reports hold leads against it';

CREATE TABLE icp_trigger (
    profile         text NOT NULL REFERENCES icp ON UPDATE CASCADE ON DELETE CASCADE,
    code            text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    meaning         text NOT NULL,
    how_seen        text,
    topic           text REFERENCES intent_topic ON UPDATE CASCADE,
    PRIMARY KEY (profile, code)
);
COMMENT ON TABLE icp_trigger IS 'The context of change: events that start a project at a company of the profile.';
COMMENT ON COLUMN icp_trigger.profile IS 'the profile';
COMMENT ON COLUMN icp_trigger.code IS 'code of the event: audit, merger, new_system';
COMMENT ON COLUMN icp_trigger.meaning IS 'the event in words, and what it makes them do';
COMMENT ON COLUMN icp_trigger.how_seen IS 'how we learn of it';
COMMENT ON COLUMN icp_trigger.topic IS 'topic of the signals of intent that show it (intent_signal); null where none do';

CREATE TABLE icp_barrier (
    profile         text NOT NULL REFERENCES icp ON UPDATE CASCADE ON DELETE CASCADE,
    code            text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
    meaning         text NOT NULL,
    stage           leadflow.stage,
    objection       text REFERENCES objection ON UPDATE CASCADE,
    way_around      text,
    PRIMARY KEY (profile, code)
);
COMMENT ON TABLE icp_barrier IS 'What stands in the way of a company of the profile once the project has begun.';
COMMENT ON COLUMN icp_barrier.profile IS 'the profile';
COMMENT ON COLUMN icp_barrier.code IS 'code of the barrier';
COMMENT ON COLUMN icp_barrier.meaning IS 'the barrier in words';
COMMENT ON COLUMN icp_barrier.stage IS 'stage in which it shows; null for any';
COMMENT ON COLUMN icp_barrier.objection IS 'objection by which it is heard; null where there is none';
COMMENT ON COLUMN icp_barrier.way_around IS 'what has helped';

CREATE TABLE persona (
    persona         text PRIMARY KEY CHECK (persona ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    name            text NOT NULL CHECK (name <> ''),
    role_words      text[] NOT NULL CHECK (pg_catalog.cardinality(role_words) > 0 AND pg_catalog.lower(role_words::text) = role_words::text),
    decides         text NOT NULL CHECK (decides IN ('decides', 'prepares', 'influences', 'uses')),
    budget          text,
    pain            text NOT NULL CHECK (pain <> ''),
    awareness       text NOT NULL CHECK (awareness IN ('unaware', 'problem', 'solution', 'product', 'ready')),
    uses_instead    text,
    criteria        text NOT NULL CHECK (criteria <> ''),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE persona IS 'The people whom the company wants to reach, each with what they decide, what hurts them and how they judge.';
COMMENT ON COLUMN persona.persona IS 'code of the persona';
COMMENT ON COLUMN persona.position IS 'of several that a role fits, the active one with the smallest position is the lead''s';
COMMENT ON COLUMN persona.name IS 'name that people read';
COMMENT ON COLUMN persona.role_words IS 'words, in small letters, any of which in lead.role makes a lead this persona';
COMMENT ON COLUMN persona.decides IS 'decides, prepares (the decision), influences or uses';
COMMENT ON COLUMN persona.budget IS 'what budget they dispose of, in words';
COMMENT ON COLUMN persona.pain IS 'what hurts them, in their words';
COMMENT ON COLUMN persona.awareness IS 'what they know when they meet us: unaware, problem, solution, product or ready (to buy)';
COMMENT ON COLUMN persona.uses_instead IS 'what they use instead of us';
COMMENT ON COLUMN persona.criteria IS 'the criteria by which they judge';
COMMENT ON COLUMN persona.active IS 'whether reports use it';

CREATE TABLE committee_role (
    committee_role  text PRIMARY KEY CHECK (committee_role ~ '^[a-z][a-z0-9_]{0,62}$'),
    position        integer NOT NULL DEFAULT 100,
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    needed_from     leadflow.stage NOT NULL DEFAULT 'opportunity' CHECK (needed_from >= 'opportunity'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    meaning         text NOT NULL,
    criteria        text,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE committee_role IS 'The roles that take part in a decision to buy, and which deals need them.';
COMMENT ON COLUMN committee_role.committee_role IS 'code of the role';
COMMENT ON COLUMN committee_role.position IS 'order in which roles are shown';
COMMENT ON COLUMN committee_role.segments IS 'deals of these segments need it; null for every deal';
COMMENT ON COLUMN committee_role.needed_from IS 'from which stage of the deal on it is needed';
COMMENT ON COLUMN committee_role.persona IS 'persona that usually has it; null for none';
COMMENT ON COLUMN committee_role.meaning IS 'what the role does in the decision';
COMMENT ON COLUMN committee_role.criteria IS 'the criteria by which it judges';
COMMENT ON COLUMN committee_role.active IS 'whether deals need it';

CREATE TABLE committee_member (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES account,
    committee_role  text NOT NULL REFERENCES committee_role ON UPDATE CASCADE,
    lead_id         bigint REFERENCES lead,
    who             text CHECK (who <> ''),
    stance          text NOT NULL DEFAULT 'unknown' CHECK (stance IN ('supports', 'neutral', 'opposes', 'unknown')),
    since           timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(since)),
    until           timestamptz CHECK (until > since AND pg_catalog.isfinite(until)),
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT lead_or_title CHECK (lead_id IS NOT NULL OR who IS NOT NULL)
);
CREATE INDEX ON committee_member (account_id);
CREATE INDEX ON committee_member (lead_id);
COMMENT ON TABLE committee_member IS 'Who has which role in the decisions of an account, from when to when. A change of stance is a new row.';
COMMENT ON COLUMN committee_member.id IS 'number of the row';
COMMENT ON COLUMN committee_member.account_id IS 'the account';
COMMENT ON COLUMN committee_member.committee_role IS 'role in the decision';
COMMENT ON COLUMN committee_member.lead_id IS 'the person, as a lead; null where it is none yet';
COMMENT ON COLUMN committee_member.who IS 'title of a person who is no lead: head of purchasing. No names: a person with a name is a lead';
COMMENT ON COLUMN committee_member.stance IS 'supports, neutral, opposes or unknown';
COMMENT ON COLUMN committee_member.since IS 'from when';
COMMENT ON COLUMN committee_member.until IS 'until when; null for still';
COMMENT ON COLUMN committee_member.note IS 'remark';
COMMENT ON COLUMN committee_member.actor IS 'role that wrote it';
COMMENT ON COLUMN committee_member.recorded_at IS 'when we learnt it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp_trigger
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp_trigger
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp_trigger ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON icp_barrier
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON icp_barrier
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE icp_barrier ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON persona
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON persona
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE persona ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON committee_role
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON committee_role
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE committee_role ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'library' THEN $leadflow_text$/*
 * library.sql: what marketing and sales say: contents and battlecards, what is
 * asked for, what buyers object to, which promises may be made, and what was
 * said, word for word.
 */

CREATE TABLE content (
    title           text PRIMARY KEY CHECK (title <> ''),
    kind            text NOT NULL CHECK (kind <> ''),
    url             text CHECK (url <> ''),
    stage           leadflow.stage CHECK (stage >= 'visitor'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    segment         text CHECK (segment <> ''),
    language        text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    owner           text NOT NULL CHECK (owner <> ''),
    updated_on      date NOT NULL CHECK (pg_catalog.isfinite(updated_on)),
    review_after    interval NOT NULL DEFAULT '180 days' CHECK (review_after > interval '0' AND review_after <= interval '100 years'),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE content IS 'The contents that there are. Their use is in touch.content, which names them by title.';
COMMENT ON COLUMN content.title IS 'title, as touch.content has it';
COMMENT ON COLUMN content.kind IS 'case, report, calculator, webinar, and so on';
COMMENT ON COLUMN content.url IS 'where it is';
COMMENT ON COLUMN content.stage IS 'stage that it is made for; null for any';
COMMENT ON COLUMN content.persona IS 'persona that it is made for; null for any';
COMMENT ON COLUMN content.segment IS 'segment that it is made for; null for any';
COMMENT ON COLUMN content.language IS 'its language, as BCP 47 writes it: en, pl, zh-Hant; null for none';
COMMENT ON COLUMN content.owner IS 'team member who keeps it';
COMMENT ON COLUMN content.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN content.review_after IS 'how long it stays fresh after that';
COMMENT ON COLUMN content.active IS 'false for what may not be used any more';

CREATE TABLE battlecard (
    battlecard      text PRIMARY KEY CHECK (battlecard ~ '^[a-z][a-z0-9_]{0,62}$'),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    scenario        text NOT NULL CHECK (scenario <> ''),
    competitor      text CHECK (competitor <> ''),
    objection       text REFERENCES objection ON UPDATE CASCADE,
    argument        text NOT NULL CHECK (argument <> ''),
    proof           text,
    content         text REFERENCES content ON UPDATE CASCADE,
    owner           text NOT NULL CHECK (owner <> ''),
    updated_on      date NOT NULL CHECK (pg_catalog.isfinite(updated_on)),
    review_after    interval NOT NULL DEFAULT '90 days' CHECK (review_after > interval '0' AND review_after <= interval '100 years'),
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE battlecard IS 'What to say to whom in which scenario, with its proof.';
COMMENT ON COLUMN battlecard.battlecard IS 'code of the card';
COMMENT ON COLUMN battlecard.persona IS 'persona that it is for; null for any';
COMMENT ON COLUMN battlecard.scenario IS 'the situation';
COMMENT ON COLUMN battlecard.competitor IS 'competitor that it is about; null for none';
COMMENT ON COLUMN battlecard.objection IS 'objection that it answers; null for none';
COMMENT ON COLUMN battlecard.argument IS 'what to say';
COMMENT ON COLUMN battlecard.proof IS 'what proves it';
COMMENT ON COLUMN battlecard.content IS 'content that holds the proof';
COMMENT ON COLUMN battlecard.owner IS 'team member who keeps it';
COMMENT ON COLUMN battlecard.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN battlecard.review_after IS 'how long it stays fresh after that';
COMMENT ON COLUMN battlecard.active IS 'false for one that may not be used any more';

CREATE TABLE battlecard_feedback (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    battlecard      text NOT NULL REFERENCES battlecard ON UPDATE CASCADE,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    lead_id         bigint REFERENCES lead,
    helped          boolean NOT NULL,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ON battlecard_feedback (battlecard, at);
CREATE INDEX ON battlecard_feedback (lead_id);
COMMENT ON TABLE battlecard_feedback IS 'What those who use a battlecard say about it.';
COMMENT ON COLUMN battlecard_feedback.id IS 'number of the row';
COMMENT ON COLUMN battlecard_feedback.battlecard IS 'the card';
COMMENT ON COLUMN battlecard_feedback.at IS 'when it was said';
COMMENT ON COLUMN battlecard_feedback.lead_id IS 'lead with whom it was used; null for none in particular';
COMMENT ON COLUMN battlecard_feedback.helped IS 'whether the card helped';
COMMENT ON COLUMN battlecard_feedback.note IS 'what should change';
COMMENT ON COLUMN battlecard_feedback.actor IS 'role that wrote it';
COMMENT ON COLUMN battlecard_feedback.recorded_at IS 'when we learnt it';

CREATE TABLE content_request (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at        timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(asked_at)),
    asked_by        text NOT NULL DEFAULT CURRENT_USER CHECK (asked_by <> ''),
    lead_id         bigint REFERENCES lead,
    opportunity_id  bigint REFERENCES opportunity,
    persona         text REFERENCES persona ON UPDATE CASCADE,
    stage           leadflow.stage,
    kind            text NOT NULL CHECK (kind <> ''),
    wanted          text NOT NULL CHECK (wanted <> ''),
    needed_by       date CHECK (pg_catalog.isfinite(needed_by)),
    answered_at     timestamptz CHECK (answered_at >= asked_at AND pg_catalog.isfinite(answered_at)),
    content         text REFERENCES content ON UPDATE CASCADE,
    outcome         text CHECK (outcome IN ('used', 'not_used')),
    note            text,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT lead_or_deal CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL),
    CONSTRAINT delivered_when CHECK (answered_at IS NOT NULL OR content IS NULL AND outcome IS NULL),
    CONSTRAINT outcome_of_content CHECK (outcome IS NULL OR content IS NOT NULL)
);
CREATE INDEX ON content_request (lead_id);
CREATE INDEX ON content_request (opportunity_id);
COMMENT ON TABLE content_request IS 'Contents that sales asked marketing for, for whom and when, and what became of it.';
COMMENT ON COLUMN content_request.id IS 'number of the request';
COMMENT ON COLUMN content_request.asked_at IS 'when it was asked for';
COMMENT ON COLUMN content_request.asked_by IS 'team member who asked';
COMMENT ON COLUMN content_request.lead_id IS 'lead that it is for';
COMMENT ON COLUMN content_request.opportunity_id IS 'deal that it is for';
COMMENT ON COLUMN content_request.persona IS 'type of the buyer';
COMMENT ON COLUMN content_request.stage IS 'where the buyer is';
COMMENT ON COLUMN content_request.kind IS 'kind of content: case, report, calculator';
COMMENT ON COLUMN content_request.wanted IS 'what is asked for, in words';
COMMENT ON COLUMN content_request.needed_by IS 'day by which it is needed; null for none';
COMMENT ON COLUMN content_request.answered_at IS 'when marketing answered; null for not yet';
COMMENT ON COLUMN content_request.content IS 'content that was delivered; null, once answered, where the request was declined';
COMMENT ON COLUMN content_request.outcome IS 'whether it was used with the buyer: used or not_used; null for not known';
COMMENT ON COLUMN content_request.note IS 'remark, of either side';
COMMENT ON COLUMN content_request.recorded_at IS 'when we learnt it';

CREATE TABLE objection_heard (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    objection       text NOT NULL REFERENCES objection ON UPDATE CASCADE,
    lead_id         bigint REFERENCES lead,
    opportunity_id  bigint REFERENCES opportunity,
    touch_id        bigint,
    battlecard      text REFERENCES battlecard ON UPDATE CASCADE,
    answer          text CHECK (answer <> ''),
    overcome        boolean,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT lead_or_deal CHECK (lead_id IS NOT NULL OR opportunity_id IS NOT NULL)
);
CREATE INDEX ON objection_heard (lead_id);
CREATE INDEX ON objection_heard (opportunity_id);
COMMENT ON TABLE objection_heard IS 'Objections as they were heard, and what was answered. Those of a verdict are in verdict.objections and are counted with them.';
COMMENT ON COLUMN objection_heard.id IS 'number of the row';
COMMENT ON COLUMN objection_heard.at IS 'when it was heard';
COMMENT ON COLUMN objection_heard.objection IS 'the objection';
COMMENT ON COLUMN objection_heard.lead_id IS 'lead that raised it';
COMMENT ON COLUMN objection_heard.opportunity_id IS 'deal in which it was raised';
COMMENT ON COLUMN objection_heard.touch_id IS 'call or meeting in which it was heard (touch.id), which may be gone';
COMMENT ON COLUMN objection_heard.battlecard IS 'battlecard that was used; null for none';
COMMENT ON COLUMN objection_heard.answer IS 'what was answered, in few words that repeat: reports count equal answers together';
COMMENT ON COLUMN objection_heard.overcome IS 'whether the buyer went on after it; null for not known';
COMMENT ON COLUMN objection_heard.note IS 'remark';
COMMENT ON COLUMN objection_heard.actor IS 'role that wrote it';
COMMENT ON COLUMN objection_heard.recorded_at IS 'when we learnt it';

CREATE TABLE claim (
    claim           text PRIMARY KEY CHECK (claim ~ '^[a-z][a-z0-9_]{0,62}$'),
    kind            text NOT NULL CHECK (kind IN ('promise', 'term')),
    phrase          text NOT NULL CHECK (phrase <> ''),
    segments        text[] CHECK (pg_catalog.cardinality(segments) > 0),
    instead_of      text,
    approved_by     text NOT NULL CHECK (approved_by <> ''),
    approved_on     date,
    valid_until     date,
    active          boolean NOT NULL DEFAULT true,
    CHECK (valid_until >= approved_on)
);
COMMENT ON TABLE claim IS 'Approved wording, from the advertisement to the contract: what may be promised, and what things are called.';
COMMENT ON COLUMN claim.claim IS 'code of the wording';
COMMENT ON COLUMN claim.kind IS 'promise (may stand in lead.promised) or term';
COMMENT ON COLUMN claim.phrase IS 'the wording';
COMMENT ON COLUMN claim.segments IS 'audience: leads of these segments; null for all';
COMMENT ON COLUMN claim.instead_of IS 'wording that it replaces';
COMMENT ON COLUMN claim.approved_by IS 'department that approved it';
COMMENT ON COLUMN claim.approved_on IS 'first day on which it holds; null for always';
COMMENT ON COLUMN claim.valid_until IS 'last day on which it holds; null for no end';
COMMENT ON COLUMN claim.active IS 'whether it is in force';

CREATE TABLE keyword (
    keyword         text PRIMARY KEY CHECK (keyword ~ '^[a-z][a-z0-9_]{0,62}$'),
    phrases         text[] NOT NULL CONSTRAINT words_in_phrases CHECK (leadflow.phrase_query(phrases) IS NOT NULL),
    meaning         text NOT NULL,
    objection       text REFERENCES objection ON UPDATE CASCADE,
    active          boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE keyword IS 'What to listen for in what was said: the report keywords_heard counts it in transcripts.';
COMMENT ON COLUMN keyword.keyword IS 'code';
COMMENT ON COLUMN keyword.phrases IS 'any of these phrases, as it is said: words in their order, in any case; one that ends with * also finds longer words: {too expensive,discount*}';
COMMENT ON COLUMN keyword.meaning IS 'what it tells whoever reads it';
COMMENT ON COLUMN keyword.objection IS 'objection that it is a sign of; null for none';
COMMENT ON COLUMN keyword.active IS 'whether it is counted';

CREATE TABLE transcript (
    touch_id        bigint PRIMARY KEY REFERENCES touch ON DELETE CASCADE,
    words           text NOT NULL CHECK (pg_catalog.btrim(words) <> ''),
    language        text CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    recording_url   text CHECK (recording_url <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    search          tsvector GENERATED ALWAYS AS (pg_catalog.to_tsvector('pg_catalog.simple'::regconfig, words)) STORED
);
CREATE INDEX ON transcript USING gin (search);
COMMENT ON TABLE transcript IS 'What was said or written in a touch, word for word: a call, a meeting, a letter.';
COMMENT ON COLUMN transcript.touch_id IS 'the touch; its transcript goes with it';
COMMENT ON COLUMN transcript.words IS 'what was said; its distinct words may take a megabyte (PostgreSQL''s limit of tsvector, 54000)';
COMMENT ON COLUMN transcript.language IS 'its language (BCP 47)';
COMMENT ON COLUMN transcript.recording_url IS 'where the recording is';
COMMENT ON COLUMN transcript.recorded_at IS 'when we learnt it';
COMMENT ON COLUMN transcript.search IS 'the same for text search, in the configuration simple';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON content
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON content
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE content ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON battlecard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON battlecard
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE battlecard ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON claim
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON claim
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE claim ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON keyword
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON keyword
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE keyword ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'lessons' THEN $leadflow_text$/*
 * lessons.sql: what the company wants to know, how it tries to find out, what
 * customers say, and what was learnt and is to be done.
 */

CREATE TABLE hypothesis (
    hypothesis      text PRIMARY KEY CHECK (hypothesis ~ '^[a-z][a-z0-9_]{0,62}$'),
    question        text NOT NULL CHECK (question <> ''),
    owner           text NOT NULL CHECK (owner <> ''),
    segment         text CHECK (segment <> ''),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    starts_on       date NOT NULL CHECK (pg_catalog.isfinite(starts_on)),
    ends_on         date NOT NULL CHECK (pg_catalog.isfinite(ends_on)),
    measure         text NOT NULL CHECK (measure <> ''),
    closed_on       date CHECK (pg_catalog.isfinite(closed_on)),
    verdict         text CHECK (verdict IN ('confirmed', 'refuted', 'undecided')),
    conclusion      text CHECK (pg_catalog.btrim(conclusion) <> ''),
    CHECK (ends_on >= starts_on),
    CHECK (closed_on >= starts_on),
    CONSTRAINT closed_with_verdict CHECK (pg_catalog.num_nonnulls(closed_on, verdict, conclusion) IN (0, 3))
);
COMMENT ON TABLE hypothesis IS 'What both departments want to know. It is closed with a verdict and a conclusion, and not without.';
COMMENT ON COLUMN hypothesis.hypothesis IS 'code of the hypothesis';
COMMENT ON COLUMN hypothesis.question IS 'what is supposed, so that it can turn out wrong';
COMMENT ON COLUMN hypothesis.owner IS 'team member who answers for it';
COMMENT ON COLUMN hypothesis.segment IS 'segment that it is about; null for all';
COMMENT ON COLUMN hypothesis.persona IS 'persona that it is about; null for all';
COMMENT ON COLUMN hypothesis.starts_on IS 'first day on which it is looked at';
COMMENT ON COLUMN hypothesis.ends_on IS 'day by which it is to be closed';
COMMENT ON COLUMN hypothesis.measure IS 'what would decide it, in words, written down beforehand';
COMMENT ON COLUMN hypothesis.closed_on IS 'when it was closed; null while it is open';
COMMENT ON COLUMN hypothesis.verdict IS 'confirmed, refuted or undecided; null while it is open';
COMMENT ON COLUMN hypothesis.conclusion IS 'what follows from it; null while it is open';

CREATE TABLE hypothesis_talk (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hypothesis      text NOT NULL REFERENCES hypothesis ON UPDATE CASCADE,
    lead_id         bigint NOT NULL REFERENCES lead,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    supports        boolean NOT NULL,
    note            text,
    actor           text NOT NULL DEFAULT CURRENT_USER,
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX ON hypothesis_talk (hypothesis);
CREATE INDEX ON hypothesis_talk (lead_id);
COMMENT ON TABLE hypothesis_talk IS 'What a real talk said about a hypothesis. Of several talks with one lead the latest counts.';
COMMENT ON COLUMN hypothesis_talk.id IS 'number of the row';
COMMENT ON COLUMN hypothesis_talk.hypothesis IS 'the hypothesis';
COMMENT ON COLUMN hypothesis_talk.lead_id IS 'lead that was talked to';
COMMENT ON COLUMN hypothesis_talk.at IS 'when';
COMMENT ON COLUMN hypothesis_talk.supports IS 'whether what the lead said speaks for it';
COMMENT ON COLUMN hypothesis_talk.note IS 'what the lead said';
COMMENT ON COLUMN hypothesis_talk.actor IS 'role that wrote it';
COMMENT ON COLUMN hypothesis_talk.recorded_at IS 'when we learnt it';

CREATE TABLE experiment (
    experiment      text PRIMARY KEY CHECK (experiment ~ '^[a-z][a-z0-9_]{0,62}$'),
    hypothesis      text NOT NULL REFERENCES hypothesis ON UPDATE CASCADE,
    variant_a       text NOT NULL CHECK (variant_a <> ''),
    variant_b       text NOT NULL CHECK (variant_b <> ''),
    campaign_a      bigint REFERENCES campaign,
    campaign_b      bigint REFERENCES campaign,
    a_starts_on     date NOT NULL CHECK (pg_catalog.isfinite(a_starts_on)),
    a_ends_on       date NOT NULL CHECK (pg_catalog.isfinite(a_ends_on)),
    b_starts_on     date NOT NULL CHECK (pg_catalog.isfinite(b_starts_on)),
    b_ends_on       date NOT NULL CHECK (pg_catalog.isfinite(b_ends_on)),
    segment         text CHECK (segment <> ''),
    of_stage        text NOT NULL DEFAULT 'visitor' CHECK (of_stage IN ('visitor', 'lead', 'mql', 'sal', 'sql', 'opportunity')),
    reaches         text NOT NULL CHECK (reaches IN ('lead', 'mql', 'sal', 'sql', 'opportunity', 'won')),
    within          interval NOT NULL DEFAULT '30 days' CHECK (within > interval '0' AND within <= interval '36500 days'),
    needed          integer NOT NULL DEFAULT 100 CHECK (needed >= 30),
    CHECK (a_ends_on >= a_starts_on),
    CHECK (b_ends_on >= b_starts_on),
    CHECK (of_stage::leadflow.stage < reaches::leadflow.stage),
    CONSTRAINT within_in_days CHECK (pg_catalog.date_part('month', within) = 0 AND pg_catalog.date_part('year', within) = 0),
    CONSTRAINT two_groups CHECK (CASE pg_catalog.num_nonnulls(campaign_a, campaign_b)
                                 WHEN 2 THEN campaign_a <> campaign_b OR a_ends_on < b_starts_on OR b_ends_on < a_starts_on
                                 WHEN 0 THEN a_ends_on < b_starts_on OR b_ends_on < a_starts_on
                                 ELSE false END)
);
COMMENT ON TABLE experiment IS 'A test of a hypothesis on two groups of leads: before and after a change, or two campaigns side by side. Groups, measure and size are written down beforehand.';
COMMENT ON COLUMN experiment.experiment IS 'code of the experiment';
COMMENT ON COLUMN experiment.hypothesis IS 'hypothesis that it tests';
COMMENT ON COLUMN experiment.variant_a IS 'what group A gets: how it was before';
COMMENT ON COLUMN experiment.variant_b IS 'what group B gets';
COMMENT ON COLUMN experiment.campaign_a IS 'campaign at the first entry of the leads of A; null, in both, where only the period tells them apart';
COMMENT ON COLUMN experiment.campaign_b IS 'campaign of B';
COMMENT ON COLUMN experiment.a_starts_on IS 'first day on which a lead of A reached of_stage, in the session''s time zone';
COMMENT ON COLUMN experiment.a_ends_on IS 'last such day';
COMMENT ON COLUMN experiment.b_starts_on IS 'first day of B';
COMMENT ON COLUMN experiment.b_ends_on IS 'last day of B';
COMMENT ON COLUMN experiment.segment IS 'only leads of this segment at their first entry; null for all';
COMMENT ON COLUMN experiment.of_stage IS 'leads that reached this stage are counted; visitor for all that entered';
COMMENT ON COLUMN experiment.reaches IS 'what is measured: whether they reached this stage';
COMMENT ON COLUMN experiment.within IS 'within that time after of_stage. No months, which differ in length';
COMMENT ON COLUMN experiment.needed IS 'leads of each group that must be judged before there is a result; set it beforehand';

CREATE TABLE debrief (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    opportunity_id  bigint REFERENCES opportunity,
    campaign_id     bigint REFERENCES campaign,
    held_by         text[] NOT NULL CHECK (pg_catalog.cardinality(held_by) > 0),
    conclusions     text NOT NULL CHECK (pg_catalog.btrim(conclusions) <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT deal_or_campaign CHECK (pg_catalog.num_nonnulls(opportunity_id, campaign_id) = 1)
);
CREATE INDEX ON debrief (opportunity_id);
COMMENT ON TABLE debrief IS 'A talk about a deal or a campaign that is over. Every conclusion becomes a lesson with an action.';
COMMENT ON COLUMN debrief.id IS 'number of the debrief';
COMMENT ON COLUMN debrief.at IS 'when it was held';
COMMENT ON COLUMN debrief.opportunity_id IS 'the deal; null where it is about a campaign';
COMMENT ON COLUMN debrief.campaign_id IS 'the campaign; null where it is about a deal';
COMMENT ON COLUMN debrief.held_by IS 'team members who took part';
COMMENT ON COLUMN debrief.conclusions IS 'what was found, in words';
COMMENT ON COLUMN debrief.recorded_at IS 'when we learnt it';

CREATE TABLE lesson (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    debrief_id      bigint NOT NULL REFERENCES debrief,
    segment         text CHECK (segment <> ''),
    persona         text REFERENCES persona ON UPDATE CASCADE,
    stage           leadflow.stage,
    works           boolean NOT NULL,
    lesson          text NOT NULL CHECK (pg_catalog.btrim(lesson) <> ''),
    action          text NOT NULL CHECK (pg_catalog.btrim(action) <> ''),
    owner           text NOT NULL CHECK (owner <> ''),
    due             date NOT NULL CHECK (pg_catalog.isfinite(due)),
    done_at         timestamptz CHECK (pg_catalog.isfinite(done_at))
);
CREATE INDEX ON lesson (debrief_id);
COMMENT ON TABLE lesson IS 'What works, or does not, for whom and when; and what is done about it.';
COMMENT ON COLUMN lesson.id IS 'number of the lesson';
COMMENT ON COLUMN lesson.debrief_id IS 'debrief that it comes from';
COMMENT ON COLUMN lesson.segment IS 'segment that it holds for; null for all';
COMMENT ON COLUMN lesson.persona IS 'persona that it holds for; null for all';
COMMENT ON COLUMN lesson.stage IS 'stage in which it holds; null for any';
COMMENT ON COLUMN lesson.works IS 'true for what works, false for what does not';
COMMENT ON COLUMN lesson.lesson IS 'the lesson in words';
COMMENT ON COLUMN lesson.action IS 'what is done about it';
COMMENT ON COLUMN lesson.owner IS 'team member who does it';
COMMENT ON COLUMN lesson.due IS 'by which day';
COMMENT ON COLUMN lesson.done_at IS 'when it was done; null while it is not';

CREATE TABLE opinion (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id         bigint NOT NULL REFERENCES lead,
    at              timestamptz NOT NULL DEFAULT leadflow.clock() CHECK (pg_catalog.isfinite(at)),
    score           smallint NOT NULL CHECK (score BETWEEN 1 AND 5),
    words           text,
    source          text NOT NULL DEFAULT 'leadflow' CHECK (source <> ''),
    external_id     text CHECK (external_id <> ''),
    recorded_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (source, external_id)
);
CREATE INDEX ON opinion (lead_id, at);
COMMENT ON TABLE opinion IS 'What leads think of the first contact with us.';
COMMENT ON COLUMN opinion.id IS 'number of the opinion';
COMMENT ON COLUMN opinion.lead_id IS 'the lead';
COMMENT ON COLUMN opinion.at IS 'when it was given';
COMMENT ON COLUMN opinion.score IS '1 (very bad) to 5 (very good)';
COMMENT ON COLUMN opinion.words IS 'the opinion in the lead''s words';
COMMENT ON COLUMN opinion.source IS 'tool that the row comes from';
COMMENT ON COLUMN opinion.external_id IS 'its key in that tool';
COMMENT ON COLUMN opinion.recorded_at IS 'when we learnt it';

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON hypothesis
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON hypothesis
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE hypothesis ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON experiment
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON experiment
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE experiment ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'proposing' THEN $leadflow_text$/*
 * proposing.sql: how a definition is changed by agreement: proposed, tried on
 * the past, approved by both departments, in force from a date; and how often
 * each kind of definition is looked at again.
 */

CREATE TABLE review_cycle (
    definition      text PRIMARY KEY CHECK (definition <> ''),
    every           interval NOT NULL DEFAULT '6 months' CHECK (every > interval '0' AND every <= interval '100 years'),
    team            text CHECK (team <> ''),
    approved_by     text[] NOT NULL DEFAULT '{marketing,sales}'
        CHECK (pg_catalog.cardinality(approved_by) > 0 AND approved_by <@ '{marketing,sales,customer,revops}'),
    confirmed_on    date CHECK (pg_catalog.isfinite(confirmed_on)),
    confirmed_by    text,
    CONSTRAINT confirmed_by_somebody CHECK ((confirmed_on IS NULL) = (confirmed_by IS NULL))
);
COMMENT ON TABLE review_cycle IS 'How often a kind of definition is looked at again, and who must approve a change of it. A definition without a row is looked at every 6 months, and marketing and sales approve its changes.';
COMMENT ON COLUMN review_cycle.definition IS 'name of the definition table';
COMMENT ON COLUMN review_cycle.every IS 'longest time between two looks';
COMMENT ON COLUMN review_cycle.team IS 'team that calls the review; null for both departments';
COMMENT ON COLUMN review_cycle.approved_by IS 'departments that must all agree to a proposal: marketing, sales, customer, revops. A member of revops who did not propose it may approve it alone';
COMMENT ON COLUMN review_cycle.confirmed_on IS 'when it was last looked at and left as it is; null for never';
COMMENT ON COLUMN review_cycle.confirmed_by IS 'who said so';

CREATE TABLE proposal (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    definition      text NOT NULL,
    operation       text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    key             jsonb CHECK (pg_catalog.jsonb_typeof(key) = 'object'),
    new_row         jsonb CHECK (pg_catalog.jsonb_typeof(new_row) = 'object'),
    old_row         jsonb,
    reason          text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
    in_force_from   timestamptz NOT NULL CHECK (pg_catalog.isfinite(in_force_from)),
    proposed_at     timestamptz NOT NULL,
    proposed_by     text NOT NULL,
    session_actor   text NOT NULL,
    department      text,
    backtest_over   interval DEFAULT '90 days' CHECK (backtest_over > interval '0' AND backtest_over <= interval '100 years'),
    backtest        jsonb,
    backtest_note   text,
    held_up         bigint,
    applied_at      timestamptz,
    applied_by      text,
    applied_version bigint,
    fault           text,
    CONSTRAINT key_of_a_row CHECK ((operation = 'insert') = (key IS NULL)),
    CONSTRAINT row_to_write CHECK ((operation = 'delete') = (new_row IS NULL))
);
CREATE INDEX ON proposal (in_force_from) WHERE applied_at IS NULL;
COMMENT ON TABLE proposal IS 'Changes of definitions that somebody proposed. Written by leadflow.propose; the decisions are in proposal_decision, the report is proposals.';
COMMENT ON COLUMN proposal.id IS 'number of the proposal';
COMMENT ON COLUMN proposal.definition IS 'name of the definition table';
COMMENT ON COLUMN proposal.operation IS 'insert, update or delete';
COMMENT ON COLUMN proposal.key IS 'primary key of the row that is changed; null for insert';
COMMENT ON COLUMN proposal.new_row IS 'the columns that are written, with their values; null for delete';
COMMENT ON COLUMN proposal.old_row IS 'the row as it was when the change was proposed: if it has changed since, the proposal is not applied; null for insert. Filled by leadflow';
COMMENT ON COLUMN proposal.reason IS 'why, in words';
COMMENT ON COLUMN proposal.in_force_from IS 'from when the change is to be in force';
COMMENT ON COLUMN proposal.proposed_at IS 'when it was proposed. Filled by leadflow';
COMMENT ON COLUMN proposal.proposed_by IS 'role that proposed it. Filled by leadflow';
COMMENT ON COLUMN proposal.session_actor IS 'role that had logged in';
COMMENT ON COLUMN proposal.department IS 'its department; null where it is no active team_member. Filled by leadflow';
COMMENT ON COLUMN proposal.backtest_over IS 'how much of the past it is tried on; null for no back-test';
COMMENT ON COLUMN proposal.backtest IS 'what it would have made of that past: {"rule", "from", "to", "rows"}, rows as leadflow.backtest gives them; null where there is none. Filled by leadflow';
COMMENT ON COLUMN proposal.backtest_note IS 'why there is no back-test; null where there is one. Filled by leadflow';
COMMENT ON COLUMN proposal.held_up IS 'leads in hand that could not take their next step with a criterion as proposed; null for anything but a criterion of leads that is enforced, and where the proposer may not read the leads';
COMMENT ON COLUMN proposal.applied_at IS 'when it was written to the definition; null while it was not';
COMMENT ON COLUMN proposal.applied_by IS 'role that wrote it';
COMMENT ON COLUMN proposal.applied_version IS 'version of the definitions that it made; null where it changed nothing';
COMMENT ON COLUMN proposal.fault IS 'why it could not be written at the last try, SQLSTATE first; null where nothing stood in the way';

CREATE TABLE proposal_decision (
    proposal_id     bigint NOT NULL REFERENCES proposal,
    actor           text NOT NULL,
    session_actor   text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('approve', 'reject', 'withdraw')),
    department      text,
    decided_at      timestamptz NOT NULL,
    note            text,
    PRIMARY KEY (proposal_id, actor),
    CONSTRAINT rejection_says_why CHECK (decision <> 'reject' OR COALESCE(pg_catalog.btrim(note), '') <> '')
);
COMMENT ON TABLE proposal_decision IS 'What members of the departments decided on proposals; one word each. Append-only.';
COMMENT ON COLUMN proposal_decision.proposal_id IS 'the proposal';
COMMENT ON COLUMN proposal_decision.actor IS 'role that decided, a team_member. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.session_actor IS 'role that had logged in';
COMMENT ON COLUMN proposal_decision.decision IS 'approve, reject (it is dead then), or withdraw (by whoever proposed it)';
COMMENT ON COLUMN proposal_decision.department IS 'department in whose name. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.decided_at IS 'when. Filled by leadflow';
COMMENT ON COLUMN proposal_decision.note IS 'why; owed where it is rejected';

-- What could not be written is no proposal; nobody decides in another's name.
CREATE TRIGGER leadflow_proposal_guard BEFORE INSERT ON proposal
    FOR EACH ROW EXECUTE FUNCTION leadflow.proposal_guard();
CREATE TRIGGER leadflow_decision_guard BEFORE INSERT ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.decision_guard();
CREATE TRIGGER leadflow_decision_check AFTER INSERT ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.decision_check();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON proposal_decision
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON proposal_decision
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON review_cycle
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON review_cycle
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE review_cycle ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'books' THEN $leadflow_text$/* books.sql: what the numbers were, and what was taken out.  Run after facts.sql. */

CREATE TABLE book (
    as_of       timestamptz NOT NULL,
    report      text NOT NULL,
    row_number  integer NOT NULL CHECK (row_number > 0),
    figures     jsonb NOT NULL,
    closed_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    closed_by   text NOT NULL DEFAULT CURRENT_USER,
    PRIMARY KEY (as_of, report, row_number)
);
COMMENT ON TABLE book IS 'What the reports said when their books were closed, by leadflow.close_books: the numbers stay when rows that they were reckoned from are archived. Append-only.';
COMMENT ON COLUMN book.as_of IS 'the instant that the reports were read as of';
COMMENT ON COLUMN book.report IS 'the report';
COMMENT ON COLUMN book.row_number IS 'place of the row in the report';
COMMENT ON COLUMN book.figures IS 'the row, {column: value}; jsonb_populate_record gives it its types back';
COMMENT ON COLUMN book.closed_at IS 'when the books were closed';
COMMENT ON COLUMN book.closed_by IS 'role that closed them';

CREATE TABLE archived_part (
    part        text PRIMARY KEY CHECK (part <> ''),
    before      timestamptz NOT NULL,
    book        timestamptz NOT NULL,
    rows        bigint NOT NULL CHECK (rows >= 0),
    rows_kept   bigint NOT NULL CHECK (rows_kept >= 0),
    archived_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    archived_by text NOT NULL DEFAULT CURRENT_USER
);
COMMENT ON TABLE archived_part IS 'Partitions of touch that leadflow.archive took out. Each is a table of the workspace until it is dropped.';
COMMENT ON COLUMN archived_part.part IS 'name of the table that holds what was taken out';
COMMENT ON COLUMN archived_part.before IS 'the instant before which it was taken out';
COMMENT ON COLUMN archived_part.book IS 'book.as_of of the reports as they were just before';
COMMENT ON COLUMN archived_part.rows IS 'touches that were taken out';
COMMENT ON COLUMN archived_part.rows_kept IS 'touches of the same time that stayed, as their leads are not at rest';
COMMENT ON COLUMN archived_part.archived_at IS 'when it was taken out';
COMMENT ON COLUMN archived_part.archived_by IS 'role that took it out';

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON book
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON book
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
$leadflow_text$
WHEN 'triggers' THEN $leadflow_text$/*
 * triggers.sql: what watches the tables.  The guard's name sorts last among
 * BEFORE triggers, so that it sees the row as it will be written; the
 * recorder's sorts first among AFTER triggers, so that others see the history and
 * what they write in turn is recorded after it.
 */

CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT OR UPDATE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.guard('lead');
CREATE TRIGGER zzz_leadflow_guard BEFORE INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.guard('opportunity');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.recorder('lead');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.recorder('opportunity');
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE OR DELETE ON touch
    FOR EACH ROW EXECUTE FUNCTION leadflow.touch_recorder();
CREATE TRIGGER "000_leadflow_recorder" AFTER INSERT OR UPDATE ON sla_pause
    FOR EACH ROW EXECUTE FUNCTION leadflow.pause_recorder();

-- What happened stays.
CREATE TRIGGER leadflow_append_only BEFORE DELETE ON lead
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON lead
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE DELETE ON opportunity
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON opportunity
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON stage_event
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON stage_event
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON violation
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON violation
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON definition_change
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON definition_change
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON nurture_stay
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON nurture_stay
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

-- An expression that does not compile is no definition.
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON standard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('expression');
CREATE TRIGGER leadflow_definition_guard BEFORE INSERT OR UPDATE ON sla_policy
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_guard('condition');

-- A change of a definition is kept, and binds the next statement of every session.
-- ALWAYS: where definitions arrive by replication the sessions must hear of it too.
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON stage_definition
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON stage_definition
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE stage_definition ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON stage_alias
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON stage_alias
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE stage_alias ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON transition
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON transition
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE transition ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON standard
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON standard
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE standard ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON reason
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON reason
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE reason ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON business_calendar
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON business_calendar
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE business_calendar ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON team_member
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON team_member
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE team_member ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON touch_kind
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON touch_kind
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE touch_kind ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON sla_policy
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON sla_policy
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE sla_policy ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON workspace
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON workspace
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE workspace ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
CREATE TRIGGER leadflow_definition_recorder AFTER INSERT OR UPDATE OR DELETE ON nurture_track
    FOR EACH ROW EXECUTE FUNCTION leadflow.definition_recorder();
CREATE TRIGGER leadflow_definition_truncate AFTER TRUNCATE ON nurture_track
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.definition_recorder();
ALTER TABLE nurture_track ENABLE ALWAYS TRIGGER leadflow_definition_recorder;
$leadflow_text$
WHEN 'empty' THEN $leadflow_text$INSERT INTO business_calendar (code, calendar, description) VALUES
    ('default', 'UTC; Mo-Fr 09:00-17:00', 'office hours; edit the time zone and the holidays');
$leadflow_text$
WHEN 'b2b' THEN $leadflow_text$/*
 * defaults.sql: a complete business-to-business agreement, so that a new
 * workspace works at once.  Every row is meant to be edited.
 */

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm)
SELECT s.stage,
       pg_catalog.jsonb_build_object('en', s.label_en, 'pl', s.label_pl, 'ru', s.label_ru, 'zh', s.label_zh),
       s.meaning, d.team, d.kind, d.entry_evidence, d.exit_criteria, d.norm::interval
FROM leadflow.spine() s
JOIN (VALUES
    ('visitor',      'marketing', 'inventory', 'a visit', 'a target action', NULL),
    ('engaged',      'marketing', 'inventory', 'a target action: content, event, sign-up', 'a name and a way to answer', NULL),
    ('lead',         'marketing', 'inventory', 'a person we can name', 'target role, verified contact, two signs of interest', '30 days'),
    ('mql',          'marketing', 'sla',       'target role, verified contact, two signs of interest of different kinds', 'sales has tried to reach the lead', '2 days'),
    ('contacted',    'sales',     'sla',       'an attempt to reach the lead', 'sales accepts the lead or says why not', '10 days'),
    ('sal',          'sales',     'gate',      'the handoff packet: why now, what was promised, the evidence', 'need, budget and time frame are confirmed', '7 days'),
    ('sql',          'sales',     'gate',      'a confirmed need, a budget and a time frame for the decision', 'problem and solution fit', '14 days'),
    ('opportunity',  'sales',     'inventory', 'problem and solution fit', 'the budget and the decision makers are confirmed', '21 days'),
    ('budget',       'sales',     'inventory', 'budget and decision makers confirmed', 'the value is validated', '21 days'),
    ('value',        'sales',     'inventory', 'value validated by the buyer', 'an offer is asked for', '21 days'),
    ('proposal',     'sales',     'sla',       'an offer with an amount and a date', 'the buyer agrees to implement', '21 days'),
    ('decision',     'sales',     'gate',      'agreement to implement', 'a signature, or a reason why not', '14 days'),
    ('won',          'sales',     'gate',      'a signature', 'work has begun', '7 days'),
    ('onboarding',   'customer',  'sla',       'work has begun', 'the customer uses what was bought', '60 days'),
    ('active',       'customer',  'inventory', 'the customer uses what was bought', 'a further need', NULL),
    ('expansion',    'customer',  'inventory', 'a further need of a customer', 'a further deal', NULL),
    ('nurture',      'marketing', 'detour',    'a reason, and the wish to hear from us', 'a new sign of interest', NULL),
    ('disqualified', 'marketing', 'terminal',  'a reason', 'new facts', NULL),
    ('lost',         'sales',     'terminal',  'a reason', 'a new sign of interest', NULL),
    ('churned',      'customer',  'terminal',  'a reason', 'a new sign of interest', NULL)
) d (stage, team, kind, entry_evidence, exit_criteria, norm) ON s.stage = d.stage::leadflow.stage
ORDER BY s.ordinal;

INSERT INTO stage_definition (stage, labels, meaning, team, kind, entry_evidence, exit_criteria, norm) VALUES
    ('proposal.deal_desk', '{"en": "Proposal, at the deal desk"}',
        'An offer that waits for a decision on a discount, a clause, a technical question or a reference.', 'sales', 'sla',
        'a question that the seller may not decide', 'the answer of the deal desk', '2 days');
-- the other languages only where the database's encoding has their letters
UPDATE stage_definition d
SET labels = d.labels || l.labels::jsonb
FROM pg_catalog.unnest(ARRAY[
    '{"pl": "Oferta, w deal desku", "ru": "\u041f\u0440\u0435\u0434\u043b\u043e\u0436\u0435\u043d\u0438\u0435 \u043d\u0430 \u0441\u043e\u0433\u043b\u0430\u0441\u043e\u0432\u0430\u043d\u0438\u0438", "zh": "\u62a5\u4ef7\u5ba1\u6279\u4e2d"}']) l (labels)
WHERE d.stage = 'proposal.deal_desk' AND pg_catalog.getdatabaseencoding() = 'UTF8';

INSERT INTO transition (object, from_stage, to_stage, reason_required, meaning) VALUES
    ('lead', NULL, 'nurture', true, 'not now: back to marketing'),
    ('lead', NULL, 'disqualified', true, 'never: not a prospect'),
    ('lead', NULL, 'lost', true, 'decided for another way'),
    ('lead', 'won', 'churned', true, 'a customer leaves'),
    ('lead', 'onboarding', 'churned', true, 'a customer leaves'),
    ('lead', 'active', 'churned', true, 'a customer leaves'),
    ('lead', 'expansion', 'churned', true, 'a customer leaves'),
    ('lead', 'nurture', 'engaged', false, 'interested again'),
    ('lead', 'nurture', 'lead', false, 'interested again'),
    ('lead', 'lost', 'engaged', false, 'interested again'),
    ('lead', 'lost', 'lead', false, 'interested again'),
    ('lead', 'churned', 'lead', false, 'interested again'),
    ('lead', 'disqualified', 'lead', true, 'disqualified in error'),
    ('lead', 'contacted', 'mql', true, 'handed back: nobody was reached'),
    ('lead', 'sal', 'mql', true, 'handed back by sales'),
    ('lead', 'sql', 'sal', true, 'a confirmation did not hold'),
    ('lead', 'opportunity', 'sql', true, 'no fit yet'),
    ('lead', 'active', 'onboarding', true, 'set-up has to be repeated'),
    ('lead', 'expansion', 'active', false, 'the further deal is done'),
    ('opportunity', NULL, 'lost', true, 'decided for another way'),
    ('opportunity', NULL, 'disqualified', true, 'opened in error'),
    ('opportunity', 'won', 'churned', true, 'a customer leaves'),
    ('opportunity', 'onboarding', 'churned', true, 'a customer leaves'),
    ('opportunity', 'active', 'churned', true, 'a customer leaves'),
    ('opportunity', 'lost', 'opportunity', true, 'the buyer comes back'),
    ('opportunity', 'budget', 'opportunity', true, 'the fit is in doubt again'),
    ('opportunity', 'value', 'budget', true, 'the budget is in doubt again'),
    ('opportunity', 'proposal', 'value', true, 'the value is in doubt again'),
    ('opportunity', 'decision', 'proposal', true, 'a new offer is needed');

INSERT INTO standard (object, stage, criterion, requirement, expression, how_to_fix, position) VALUES
    ('lead', 'mql', 'target_role', 'The contact has a role that decides or prepares the decision.',
        'role ~* ''\m(c[a-z]o|chief|founder|owner|partner|president|director|head|vp|vice.president|manager|lead|buyer|procurement)\M''',
        'Set role, or edit this criterion to name your target roles.', 10),
    ('lead', 'mql', 'verified_contact', 'Identity is verified and there is a way to answer.',
        'verified AND (pg_catalog.btrim(email) <> '''' OR pg_catalog.btrim(phone) <> '''')',
        'Verify the contact: set email or phone, then verified.', 20),
    ('lead', 'mql', 'two_signals', 'At least two signs of interest of different kinds.',
        'signal_kinds >= 2',
        'Record the inbound touches that show interest.', 30),
    ('lead', 'mql', 'rested', 'A lead that sales gave back rests before it is handed over again, unless its request is hot or sales takes it back.',
        'rests_until <= stage_since IS NOT FALSE OR urgency = ''hot'' OR stage >= ''sal''',
        'Wait until rests_until, or set urgency to hot when the lead asks by itself.', 40),
    ('lead', 'nurture', 'narrative', 'Sales tells marketing what it learnt of a lead that it gives back.',
        'furthest_stage >= ''mql'' IS NOT TRUE OR pg_catalog.btrim(narrative) <> ''''',
        'Set narrative: what the lead needs, and when to ask again.', 10),
    ('lead', 'sal', 'why_now', 'Handoff packet: why now.',
        'pg_catalog.btrim(why_now) <> ''''', 'Set why_now.', 10),
    ('lead', 'sal', 'promised', 'Handoff packet: what was promised to the lead.',
        'pg_catalog.btrim(promised) <> ''''', 'Set promised; write nothing if nothing was promised.', 20),
    ('lead', 'sal', 'evidence', 'Handoff packet: what the lead did that shows interest.',
        'pg_catalog.btrim(evidence) <> ''''', 'Set evidence.', 30),
    ('lead', 'sql', 'confirmed_need', 'The need is confirmed, in the buyer''s words.',
        'pg_catalog.btrim(need) <> ''''', 'Set need.', 10),
    ('lead', 'sql', 'budget', 'There is a budget.',
        'budget > 0', 'Set budget and currency.', 20),
    ('lead', 'sql', 'decision_timeframe', 'The buyer wants to decide within a year.',
        'decision_by <= (stage_since + interval ''366 days'')::date',
        'Set decision_by.', 30),
    ('opportunity', 'opportunity', 'buyer', 'The lead or the account is known.',
        'lead_id IS NOT NULL OR account_id IS NOT NULL', 'Set lead_id or account_id.', 10),
    ('opportunity', 'proposal', 'amount', 'The offer has an amount.',
        'amount > 0', 'Set amount and currency.', 10),
    ('opportunity', 'proposal', 'expected_close', 'The offer has a date on which it should close.',
        'expected_close IS NOT NULL', 'Set expected_close.', 20);

INSERT INTO nurture_track (track, position, meaning, content, wake_after, cool_down) VALUES
    ('stay_in_touch', 10, 'Interested, but not now.', 'a newsletter a month, one case of the same industry', '90 days', '30 days'),
    ('not_reached', 20, 'Nobody was reached.', 'three short e-mails with something useful in each', '30 days', '14 days'),
    ('budget_cycle', 30, 'The budget comes with the next plan.', 'a calculation of the return, the price list before planning begins', '180 days', '60 days');

INSERT INTO reason (code, applies_to, category, labels, needs_note, next_step) VALUES
    ('duplicate', '{disqualified}', 'data', '{"en": "Duplicate"}', false, 'merge'),
    ('bad_contact_data', '{disqualified,nurture}', 'data', '{"en": "Contact data is wrong"}', false, 'mend the data'),
    ('not_target', '{disqualified,mql,sal}', 'fit', '{"en": "Not our market"}', false, 'mend the audience'),
    ('wrong_role', '{disqualified,nurture,mql}', 'fit', '{"en": "Has no say in the decision"}', false, 'find the decision maker'),
    ('no_need', '{nurture,disqualified,lost,sal,sql}', 'need', '{"en": "No need"}', false, 'mend the score'),
    ('no_budget', '{nurture,lost,sal,sql,opportunity}', 'budget', '{"en": "No budget"}', false, 'nurture'),
    ('too_expensive', '{nurture,lost}', 'budget', '{"en": "Too expensive"}', false, 'mend the offer'),
    ('not_now', '{nurture,lost,sal,sql}', 'timing', '{"en": "Not now"}', false, 'nurture'),
    ('no_response', '{nurture,lost,mql}', 'timing', '{"en": "Nobody was reached"}', false, 'nurture'),
    ('competitor', '{lost,churned}', 'competitor', '{"en": "Chose a competitor"}', true, 'debrief'),
    ('no_decision', '{lost,nurture}', 'timing', '{"en": "No decision"}', false, 'nurture'),
    ('missing_feature', '{lost,churned,opportunity,value}', 'fit', '{"en": "Something is missing in the offer"}', true, 'tell the product team'),
    ('service', '{churned,lost,onboarding}', 'other', '{"en": "Dissatisfied with the service"}', true, 'debrief'),
    ('closed_business', '{churned,disqualified,lost}', 'other', '{"en": "Out of business"}', false, 'nothing'),
    ('entered_in_error', '{}', 'data', '{"en": "Entered in error"}', false, 'nothing'),
    ('deleted_in_source', '{disqualified}', 'data', '{"en": "Deleted in the source"}', false, 'nothing'),
    ('other', '{}', 'other', '{"en": "Other"}', true, 'read the note');
INSERT INTO reason (code, applies_to, category, labels, next_step, counts) VALUES
    ('spam', '{disqualified}', 'data', '{"en": "Spam or junk"}', 'nothing', false),
    ('test', '{disqualified}', 'data', '{"en": "Test"}', 'nothing', false);

UPDATE reason SET needs_attempts = true, nurture_track = 'not_reached' WHERE code = 'no_response';
UPDATE reason SET nurture_track = 'budget_cycle' WHERE code IN ('no_budget', 'too_expensive');

INSERT INTO objection (code, labels)
SELECT o.code, pg_catalog.jsonb_build_object('en', o.label_en)
    || CASE WHEN pg_catalog.getdatabaseencoding() = 'UTF8' THEN o.labels::jsonb ELSE '{}' END
FROM (VALUES
    ('think_about_it', 'I will think about it', '{"pl": "Zastanowi\u0119 si\u0119", "ru": "\u042f \u043f\u043e\u0434\u0443\u043c\u0430\u044e", "zh": "\u6211\u518d\u8003\u8651\u4e00\u4e0b"}'),
    ('too_expensive', 'It is too expensive', '{"pl": "To za drogie", "ru": "\u042d\u0442\u043e \u0434\u043e\u0440\u043e\u0433\u043e", "zh": "\u592a\u8d35\u4e86"}'),
    ('ask_partner', 'I must ask my partner', '{"pl": "Musz\u0119 to uzgodni\u0107 ze wsp\u00f3lnikiem", "ru": "\u041c\u043d\u0435 \u043d\u0443\u0436\u043d\u043e \u043f\u043e\u0441\u043e\u0432\u0435\u0442\u043e\u0432\u0430\u0442\u044c\u0441\u044f \u0441 \u043f\u0430\u0440\u0442\u043d\u0451\u0440\u043e\u043c", "zh": "\u6211\u5f97\u548c\u5408\u4f19\u4eba\u5546\u91cf"}'),
    ('unclear_offer', 'I do not understand what you offer', '{"pl": "Nie rozumiem, co oferujecie", "ru": "\u042f \u043d\u0435 \u043f\u043e\u043d\u0438\u043c\u0430\u044e, \u0447\u0442\u043e \u0432\u044b \u043f\u0440\u0435\u0434\u043b\u0430\u0433\u0430\u0435\u0442\u0435", "zh": "\u6211\u4e0d\u660e\u767d\u4f60\u4eec\u63d0\u4f9b\u4ec0\u4e48"}'),
    ('just_looking', 'Can I just look?', '{"pl": "Czy mog\u0119 tylko popatrze\u0107?", "ru": "\u041c\u043e\u0436\u043d\u043e \u044f \u043f\u0440\u043e\u0441\u0442\u043e \u043f\u043e\u0441\u043c\u043e\u0442\u0440\u044e?", "zh": "\u6211\u53ef\u4ee5\u5148\u770b\u770b\u5417"}'),
    ('bad_timing', 'Not at this time', '{"pl": "Nie w tej chwili", "ru": "\u0421\u0435\u0439\u0447\u0430\u0441 \u043d\u0435 \u0432\u0440\u0435\u043c\u044f", "zh": "\u73b0\u5728\u4e0d\u662f\u65f6\u5019"}'),
    ('have_a_supplier', 'We have a supplier', '{"pl": "Mamy ju\u017c dostawc\u0119", "ru": "\u0423 \u043d\u0430\u0441 \u0443\u0436\u0435 \u0435\u0441\u0442\u044c \u043f\u043e\u0441\u0442\u0430\u0432\u0449\u0438\u043a", "zh": "\u6211\u4eec\u5df2\u7ecf\u6709\u4f9b\u5e94\u5546\u4e86"}')
) o (code, label_en, labels);

INSERT INTO touch_kind (kind, is_signal, is_contact, meaning) VALUES
    ('web_visit', true, false, 'visits the site'),
    ('content_download', true, false, 'downloads content'),
    ('ad_click', false, false, 'clicks an advertisement'),
    ('email_open', false, false, 'opens an e-mail'),
    ('email_click', true, false, 'follows a link in an e-mail'),
    ('form_submit', true, false, 'fills in a form'),
    ('webinar_attended', true, false, 'takes part in a webinar'),
    ('event_attended', true, false, 'takes part in an event'),
    ('contact_request', true, false, 'asks to talk'),
    ('demo_request', true, false, 'asks for a demonstration'),
    ('pricing_request', true, false, 'asks for a price'),
    ('trial_started', true, false, 'starts a trial'),
    ('call', true, true, 'a telephone call'),
    ('email', true, true, 'a personal e-mail'),
    ('social_message', true, true, 'a personal message on a social network'),
    ('meeting', true, true, 'a meeting'),
    ('note', false, false, 'an internal note'),
    ('sequence_email', false, false, 'an automatic e-mail');

INSERT INTO sla_policy (policy, metric, position, starts_on_stage, starts_on_touch, condition,
                        stops_on_touch, stops_on_stage, stops_on_verdict, target, warn_after, measure, promise) VALUES
    ('hot_request', 'first_response', 10, NULL, '{demo_request,pricing_request}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '00:15', '00:10', 'working', 'A hot request is answered within 15 minutes.'),
    ('contact_request', 'first_response', 20, NULL, '{contact_request}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '02:00', '01:30', 'working', 'A request to talk is answered within 2 working hours.'),
    ('new_mql', 'first_response', 30, 'mql', NULL, NULL,
        '{call,email,social_message,meeting}', 'sal', false, '24:00', '20:00', 'elapsed', 'A new MQL is contacted within 24 hours.'),
    ('event_follow_up', 'event_follow_up', 10, NULL, '{webinar_attended,event_attended}', NULL,
        '{call,email,social_message,meeting}', 'sal', false, '48:00', '24:00', 'elapsed', 'Whoever took part in an event is contacted within 24 to 48 hours.'),
    ('verdict', 'verdict', 10, 'contacted', NULL, NULL,
        NULL, NULL, true, '16:00', '12:00', 'working', 'Sales accepts or rejects a contacted lead within 2 working days.'),
    ('next_response', 'next_response', 10, NULL, '{call,email,social_message,meeting}', 'stage >= ''contacted''',
        '{call,email,social_message,meeting}', NULL, false, '08:00', '06:00', 'working', 'Whoever writes or calls again is answered within a working day.');
UPDATE sla_policy SET restarts = true WHERE policy = 'next_response';

INSERT INTO sla_policy (policy, metric, starts_on_stage, stops_on_touch, stops_on_inbound, stops_on_verdict,
                        attempts, channels, spacing, attempt_every, target, warn_after, measure, promise) VALUES
    ('cadence', 'cadence', 'mql', '{call,email,social_message,meeting}', '{call,email,social_message,meeting,contact_request,demo_request,pricing_request}', true,
        6, 3, '02:00', '08:00', '10 days', '7 days', 'elapsed', 'A new MQL is tried 6 times over 3 channels within 10 days, until it answers.');

INSERT INTO sla_policy (policy, object, metric, starts_on_stage, stops_on_leaving, target, warn_after, measure, promise) VALUES
    ('deal_desk', 'opportunity', 'deal_desk', 'proposal.deal_desk', true, '08:00', '06:00', 'working',
        'The deal desk decides on discounts, clauses and technical questions within a working day.');

INSERT INTO alert_rule (kind, receiver, after, threshold, meaning) VALUES
    ('warning', 'owner', NULL, NULL, 'A promise is about to be broken.'),
    ('breach', 'owner', NULL, NULL, 'A promise is broken.'),
    ('exhausted', 'owner', NULL, NULL, 'All attempts to reach a lead were made, and it has not answered.'),
    ('never_contacted', 'manager', '3 days', NULL, 'A lead was handed over and nobody has tried to reach it.'),
    ('volume_without_sales', 'owner', '90 days', 100, 'A campaign brings many leads and no sale.'),
    ('data_gap', 'revops', NULL, 0.8, 'Many rows lack a field that is owed.'),
    ('woken', 'owner', NULL, NULL, 'A lead comes back from nurture.');

INSERT INTO consequence (policy, event, action, after, reason) VALUES
    ('hot_request', 'breach', 'escalate', '0', NULL),
    ('contact_request', 'breach', 'escalate', '04:00', NULL),
    ('new_mql', 'breach', 'escalate', '04:00', NULL),
    ('cadence', 'exhausted', 'return_to_nurture', '0', 'no_response');

INSERT INTO field_owner (object, field, team, owed_from, meaning) VALUES
    ('lead', 'full_name', 'marketing', 'lead', 'first and last name of the person'),
    ('lead', 'email', 'marketing', 'mql', 'a business address that reaches the person'),
    ('lead', 'phone', 'marketing', NULL, 'a number that reaches the person, with its country code'),
    ('lead', 'role', 'marketing', 'mql', 'role in the decision, or title'),
    ('lead', 'origin', 'marketing', 'lead', 'where the lead came from'),
    ('lead', 'campaign_id', 'marketing', NULL, 'campaign that brought the lead'),
    ('lead', 'industry', 'marketing', 'sql', 'industry of the company'),
    ('lead', 'segment', 'marketing', 'sql', 'market segment of the company'),
    ('lead', 'why_now', 'marketing', 'sal', 'why the lead asks now'),
    ('lead', 'promised', 'marketing', 'sal', 'what was promised to the lead; nothing, if nothing was'),
    ('lead', 'evidence', 'marketing', 'sal', 'what the lead did that shows interest'),
    ('lead', 'owner', 'sales', 'mql', 'team member who works on the lead'),
    ('lead', 'need', 'sales', 'sql', 'the need, in the buyer''s words'),
    ('lead', 'budget', 'sales', 'sql', 'what the buyer may spend'),
    ('lead', 'currency', 'sales', NULL, 'currency of the budget; empty for that of the workspace'),
    ('lead', 'decision_by', 'sales', 'sql', 'when the buyer wants to decide'),
    ('lead', 'account_id', 'sales', 'opportunity', 'company of the lead'),
    ('opportunity', 'owner', 'sales', 'opportunity', 'team member who works on the deal'),
    ('opportunity', 'account_id', 'sales', 'opportunity', 'company that buys'),
    ('opportunity', 'amount', 'sales', 'proposal', 'value of the offer'),
    ('opportunity', 'currency', 'sales', NULL, 'currency of the amount; empty for that of the workspace'),
    ('opportunity', 'expected_close', 'sales', 'proposal', 'when the deal should close'),
    ('account', 'name', 'marketing', 'lead', 'name of the company, as it writes it'),
    ('account', 'domain', 'marketing', 'sql', 'web domain'),
    ('account', 'industry', 'marketing', 'sql', 'industry'),
    ('account', 'segment', 'marketing', 'sql', 'market segment'),
    ('account', 'country', 'sales', 'opportunity', 'country of its seat'),
    ('account', 'employees', 'marketing', NULL, 'number of employees'),
    ('account', 'owner', 'sales', 'opportunity', 'team member who answers for the company');

INSERT INTO free_mail_domain (domain) VALUES
    ('gmail.com'), ('googlemail.com'), ('outlook.com'), ('hotmail.com'), ('live.com'), ('msn.com'),
    ('yahoo.com'), ('yahoo.co.uk'), ('yahoo.de'), ('yahoo.fr'), ('ymail.com'), ('icloud.com'), ('me.com'), ('mac.com'),
    ('aol.com'), ('proton.me'), ('protonmail.com'), ('zoho.com'), ('hey.com'),
    ('gmx.de'), ('gmx.net'), ('gmx.com'), ('web.de'), ('t-online.de'), ('freenet.de'),
    ('wp.pl'), ('o2.pl'), ('onet.pl'), ('op.pl'), ('interia.pl'), ('gazeta.pl'), ('poczta.fm'), ('tlen.pl'), ('vp.pl'),
    ('orange.fr'), ('free.fr'), ('laposte.net'), ('libero.it'), ('seznam.cz'), ('comcast.net'),
    ('mail.ru'), ('bk.ru'), ('list.ru'), ('inbox.ru'), ('yandex.ru'), ('ya.ru'), ('rambler.ru'), ('ukr.net'),
    ('qq.com'), ('foxmail.com'), ('163.com'), ('126.com'), ('sina.com'), ('naver.com');

INSERT INTO agreement (agreement, department, measure, period, at_least, promise) VALUES
    ('volume', 'marketing', 'handed_over', 'month', 100, 'Marketing hands over 100 leads a month.'),
    ('acceptance', 'marketing', 'accepted_share', 'month', 0.6, 'Sales accepts 60 of 100 leads that it answers for.'),
    ('qualification', 'marketing', 'qualified_share', 'quarter', 0.3, 'Of 100 leads that are handed over 30 have a confirmed need, a budget and a time frame.'),
    ('follow_up', 'sales', 'contacted_share', 'month', 0.95, 'Sales tries to reach 95 of 100 leads that are handed over.'),
    ('feedback', 'sales', 'verdict_share', 'month', 0.9, 'Sales accepts or rejects 90 of 100 leads that are handed over.'),
    ('reaction', 'sales', 'sla_met_share', 'month', 0.9, 'Of 100 promised reactions to leads 90 come in time.'),
    ('deals', 'sales', 'deal_share', 'quarter', 0.2, 'Of 100 leads with a confirmed need, a budget and a time frame 20 become deals.');

INSERT INTO score_group (score_group, cap, meaning) VALUES
    ('web', 30, 'visits and clicks: many of them are still only curiosity'),
    ('content', 40, 'reading and listening'),
    ('request', 80, 'asking for something');

INSERT INTO score_rule (rule, component, position, points, object, expression, meaning) VALUES
    ('role_decides', 'fit', 10, 25, 'lead', 'role ~* ''\m(chief|ceo|cto|cfo|coo|cmo|cio|head|director|vp|president|owner|founder|partner)\M''', 'Who has this title decides, or sits at the table.'),
    ('company_medium', 'fit', 20, 15, 'account', 'employees BETWEEN 50 AND 499', 'A company of 50 to 499 people.'),
    ('company_large', 'fit', 30, 25, 'account', 'employees >= 500', 'A company of 500 people or more.'),
    ('budget_named', 'fit', 40, 15, 'lead', 'budget > 0', 'The budget is known.'),
    ('decision_near', 'fit', 50, 15, 'lead', 'decision_by <= (leadflow.clock() + ''180 days'')::date', 'The buyer wants to decide within half a year.'),
    ('need_named', 'fit', 60, 10, 'lead', 'length(need) >= 20', 'The need is written down.'),
    ('verified', 'fit', 70, 10, 'lead', 'verified', 'The contact data were checked.');

INSERT INTO score_rule (rule, component, position, points, touch_kinds, counts, half_life, day_cap, cap, score_group, meaning) VALUES
    ('web_visit', 'behaviour', 110, 2, '{web_visit}', 'every', '7 days', 6, 20, 'web', 'Visits the site.'),
    ('email_click', 'behaviour', 120, 4, '{email_click}', 'content', '14 days', NULL, 20, 'web', 'Follows a link in an e-mail; each e-mail counts once.'),
    ('content_download', 'behaviour', 130, 8, '{content_download}', 'content', '30 days', NULL, 30, 'content', 'Downloads content; each piece counts once.'),
    ('webinar', 'behaviour', 140, 15, '{webinar_attended}', 'content', '30 days', NULL, NULL, 'content', 'Takes part in a webinar.'),
    ('event', 'behaviour', 150, 15, '{event_attended}', 'content', '30 days', NULL, NULL, 'content', 'Takes part in an event.'),
    ('form', 'behaviour', 160, 10, '{form_submit}', 'day', '14 days', NULL, 20, 'request', 'Fills in a form.'),
    ('contact_request', 'behaviour', 170, 30, '{contact_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks to talk.'),
    ('pricing_request', 'behaviour', 180, 35, '{pricing_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks for a price.'),
    ('demo_request', 'behaviour', 190, 40, '{demo_request}', 'day', '14 days', NULL, NULL, 'request', 'Asks for a demonstration.'),
    ('trial', 'behaviour', 200, 40, '{trial_started}', 'once', '21 days', NULL, NULL, 'request', 'Starts a trial.'),
    ('conversation', 'behaviour', 210, 15, '{call,email,social_message,meeting}', 'day', '21 days', NULL, 45, NULL, 'Writes, calls or meets us.');

INSERT INTO score_rule (rule, component, position, points, topics, counts, half_life, cap, meaning) VALUES
    ('intent', 'behaviour', 310, 5, '{*}', 'every', '14 days', 30, 'The company shows interest in one of our topics.');

INSERT INTO score_grade (component, grade, at_least, meaning) VALUES
    ('fit', 'A', 60, 'the customer we look for'),
    ('fit', 'B', 40, 'fits'),
    ('fit', 'C', 20, 'fits in part, or too little is known'),
    ('fit', 'D', 0, 'nothing that fits is known'),
    ('behaviour', '1', 60, 'wants something now'),
    ('behaviour', '2', 40, 'is looking around in earnest'),
    ('behaviour', '3', 15, 'has shown interest'),
    ('behaviour', '4', 0, 'is silent');

-- it moves nobody before it is made active
INSERT INTO score_move (code, from_stage, to_stage, condition, meaning, active) VALUES
    ('ready_for_sales', 'lead', 'mql', 'fit_grade <= ''B'' AND behaviour >= 40', 'Fits, and wants something: sales should hear of it.', false);

INSERT INTO score_feature (feature, position, object, kind, expression, meaning) VALUES
    ('origin', 10, 'lead', 'category', 'origin', 'where the lead came from'),
    ('segment', 20, 'lead', 'category', 'segment', 'market segment'),
    ('industry', 30, 'lead', 'category', 'industry', 'industry'),
    ('territory', 40, 'lead', 'category', 'territory', 'territory'),
    ('urgency', 50, 'lead', 'category', 'urgency', 'urgency'),
    ('decides', 60, 'lead', 'category', 'role ~* ''\m(chief|ceo|cto|cfo|coo|cmo|cio|head|director|vp|president|owner|founder|partner)\M''', 'whether the title is one that decides'),
    ('budget', 70, 'lead', 'number', 'budget', 'budget'),
    ('country', 80, 'account', 'category', 'country', 'country of the company'),
    ('employees', 90, 'account', 'number', 'employees', 'number of employees'),
    ('signals', 100, 'lead', 'number', 'signals', 'signs of interest'),
    ('signal_kinds', 110, 'lead', 'number', 'signal_kinds', 'different kinds of them'),
    ('attempts', 120, 'lead', 'number', 'attempts', 'attempts to reach it');

INSERT INTO intent_topic (topic, threshold, marketing_task, sales_task) VALUES
    ('pricing', 2, 'Send the series on cost and return.', 'Call the account owner''s contact and ask what they compare.'),
    ('competitor', 2, 'Send the comparison.', 'Start a talk about what their present tool lacks.'),
    ('implementation', 3, 'Send the story of a customer of the same industry.', 'Offer a talk with an engineer.');

INSERT INTO attribution_model (model, position, rule, lookback, touches, meaning) VALUES
    ('first', 10, 'first', '365 days', 'all', 'All to the first touch: what opened the door.'),
    ('last', 20, 'last', '365 days', 'all', 'All to the last touch before the deal was won: what closed it.'),
    ('last_non_direct', 30, 'last_non_direct', '365 days', 'all', 'All to the last touch that was not a direct visit.'),
    ('linear', 40, 'linear', '365 days', 'all', 'The same to every touch.'),
    ('position', 50, 'position 40 20 40', '365 days', 'all', '40 to the first touch, 40 to the last, 20 shared by those between.'),
    ('u_shaped', 60, 'u_shaped 40 40 20', '365 days', 'all', '40 to the first touch, 40 to the one that made a lead, 20 shared by the others.'),
    ('w_shaped', 70, 'w_shaped 30 30 30 10', '365 days', 'all', '30 to the first touch, 30 to the one that made a lead, 30 to the one that opened the opportunity, 10 shared by the others: the whole work of both departments.'),
    ('full_path', 80, 'full_path 22.5 22.5 22.5 22.5 10', '365 days', 'all', 'As w_shaped, and as much to the touch that closed the deal.'),
    ('time_decay', 90, 'time_decay 7 days', '365 days', 'all', 'More to what was nearer to the deal: half as much for every 7 days before.');

INSERT INTO attribution_purpose (purpose, model, meaning) VALUES
    ('budget', 'w_shaped', 'Where money of the next quarter goes.'),
    ('new_business', 'first', 'What opens doors that were closed before.');

INSERT INTO metric (metric, position, name, formula, unit, owner, better, report, numerator, denominator, period_column, whole_months, filter, numerator_filter, dimensions, shown_in) VALUES
    ('leads', 10, 'Leads', 'leads that reached lead in the period', 'count', 'marketing', 'higher', 'lead_milestone', '*', NULL, 'lead_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.leads,revenue_sources.leads}'),
    ('mqls', 20, 'MQLs', 'leads that reached mql in the period', 'count', 'marketing', 'higher', 'lead_milestone', '*', NULL, 'mql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.mql}'),
    ('sals', 30, 'SALs', 'leads that reached sal in the period', 'count', 'both', 'higher', 'lead_milestone', '*', NULL, 'sal_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('sqls', 40, 'SQLs', 'leads that reached sql in the period', 'count', 'sales', 'higher', 'lead_milestone', '*', NULL, 'sql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{spend_efficiency.sql}'),
    ('lead_to_mql', 50, 'Lead to MQL', 'of the leads that came in during the period, those that reached mql by its end', 'share', 'marketing', 'higher', 'lead_milestone', 'mql_at', '*', 'lead_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('mql_to_sql', 60, 'MQL to SQL', 'of the MQLs of the period, those that reached sql by its end', 'share', 'both', 'higher', 'lead_milestone', 'sql_at', '*', 'mql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('sql_to_won', 70, 'SQL to deal', 'of the SQLs of the period, those that were won by its end', 'share', 'sales', 'higher', 'lead_milestone', 'won_at', '*', 'sql_at', false, '{}', '{}', '{origin,segment,campaign_id}', '{}'),
    ('handed_over', 80, 'Handed over', 'leads that marketing handed over in the period', 'count', 'marketing', 'higher', 'handover', '*', NULL, 'mql_at', false, '{}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.handed_over}'),
    ('acceptance_rate', 90, 'Acceptance rate', 'of the leads handed over in the period that sales answered for, those it accepted', 'share', 'marketing', 'higher', 'handover', 'verdict', 'verdict', 'mql_at', false, '{}', '{"verdict": "accepted"}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.accepted_share,feedback_coverage.acceptance_rate}'),
    ('feedback_share', 100, 'Leads answered for', 'of the leads handed over in the period, those that sales answered for; without those that nobody reached after all attempts', 'share', 'sales', 'higher', 'handover', 'verdict', '*', 'mql_at', false, '{"returned_unreached": false}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.verdict_share,verdict_coverage.coverage_share}'),
    ('contacted_share', 110, 'Leads contacted', 'of the leads handed over in the period, those that somebody tried to reach', 'share', 'sales', 'higher', 'handover', 'first_contact_at', '*', 'mql_at', false, '{}', '{}', '{owner,team,origin,campaign_id,segment,variant}', '{volume_and_quality.contacted_share,follow_up_coverage.contacted_share}'),
    ('sla_met_share', 120, 'Promises kept', 'of the promised reactions to leads that began in the period and were due, those that came in time', 'share', 'sales', 'higher', 'volume_and_quality', 'promises_met', 'promises', 'month', true, '{}', '{}', '{}', '{volume_and_quality.sla_met_share,sla_compliance.met_share}'),
    ('promises_broken', 130, 'Broken promises', 'promised reactions that are overdue and still owed', 'count', 'sales', 'lower', 'sla_breach', '*', NULL, NULL, false, '{}', '{}', '{policy,owner,team}', '{}'),
    ('never_contacted', 150, 'Never contacted', 'leads that were handed over, that nobody has tried to reach and that still wait', 'count', 'sales', 'lower', 'never_contacted', '*', NULL, NULL, false, '{"is_exit": false}', '{}', '{owner,team,origin,campaign_id}', '{}'),
    ('opportunities', 160, 'Opportunities', 'deals opened in the period', 'count', 'sales', 'higher', 'deal', '*', NULL, 'opened_at', false, '{"outcome": ["open", "won", "lost"]}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.opportunities}'),
    ('pipeline_opened', 170, 'Pipeline opened', 'value of the deals opened in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'opened_at', false, '{"outcome": ["open", "won", "lost"]}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.pipeline,pipeline_movement.opened_value}'),
    ('deals_won', 180, 'Deals won', 'deals won in the period', 'count', 'sales', 'higher', 'deal', '*', NULL, 'won_at', false, '{"outcome": "won"}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{spend_efficiency.won,revenue_sources.won,win_rate.won}'),
    ('win_rate', 190, 'Win rate', 'of the deals won or lost in the period, those won', 'share', 'sales', 'higher', 'deal', '*', '*', 'closed_at', false, '{"outcome": ["won", "lost"]}', '{"outcome": "won"}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{win_rate.win_rate,spend_efficiency.win_rate}'),
    ('revenue', 210, 'Revenue', 'value of the deals won in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'won_at', false, '{"outcome": "won"}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{spend_efficiency.revenue,revenue_sources.revenue,win_rate.won_value}'),
    ('new_revenue', 220, 'New revenue', 'value of the first deals of customers, won in the period', 'money', 'both', 'higher', 'deal', 'value', NULL, 'won_at', false, '{"outcome": "won", "new_customer": true}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.new_revenue,revenue_sources.new_revenue}'),
    ('new_customers', 230, 'New customers', 'buyers whose first deal was won in the period', 'count', 'both', 'higher', 'deal', '*', NULL, 'won_at', false, '{"outcome": "won", "new_customer": true}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id}', '{spend_efficiency.new_customers,revenue_sources.new_customers}'),
    ('open_deals', 250, 'Open deals', 'deals that are open', 'count', 'sales', 'higher', 'pipeline_deals', '*', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.deals,pipeline_stages.deals}'),
    ('pipeline_value', 260, 'Pipeline', 'value of the deals that are open', 'money', 'sales', 'higher', 'pipeline_deals', 'value', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.value,pipeline_stages.value}'),
    ('weighted_pipeline', 270, 'Weighted pipeline', 'value of the deals that are open x win rate of their stage', 'money', 'sales', 'higher', 'pipeline_deals', 'weighted_value', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.weighted_value,pipeline_stages.weighted_value}'),
    ('coverage', 280, 'Pipeline coverage', 'value of the open deals / what is left of the revenue target that runs', 'ratio', 'sales', 'higher', 'pipeline_health', 'value', 'gap', NULL, false, '{"dimension": "total"}', '{}', '{dimension,dimension_value}', '{pipeline_health.coverage}'),
    ('stalled_deals', 290, 'Stalled deals', 'open deals that are in their stage for longer than its norm', 'count', 'sales', 'lower', 'pipeline_deals', 'stalled', NULL, NULL, false, '{}', '{}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,spine_stage}', '{pipeline_health.stalled}'),
    ('spend', 310, 'Spend', 'what campaigns cost in the period', 'money', 'marketing', 'lower', 'campaign_spend', 'spend', NULL, 'month', true, '{}', '{}', '{campaign_id,campaign,channel}', '{campaign_spend.spend,spend_efficiency.spend}'),
    ('cost_per_lead', 320, 'Cost per lead', 'spend of the period / leads of the period', 'money', 'marketing', 'lower', 'spend_efficiency', 'spend', 'leads', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.cost_per_lead,campaign_return.cost_per_lead}'),
    ('cost_per_mql', 330, 'Cost per MQL', 'spend of the period / MQLs of the period', 'money', 'marketing', 'lower', 'spend_efficiency', 'spend', 'mql', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{}'),
    ('cost_per_new_customer', 340, 'Cost of a new customer (CAC)', 'spend of the period / new customers of the period', 'money', 'both', 'lower', 'spend_efficiency', 'spend', 'new_customers', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.cost_per_new_customer,campaign_return.cost_per_new_customer}'),
    ('new_revenue_per_spend', 350, 'New revenue for one of spend', 'new revenue of the period / spend of the period', 'ratio', 'marketing', 'higher', 'spend_efficiency', 'new_revenue', 'spend', 'month', true, '{"scope": ["campaign", "no_campaign"]}', '{}', '{campaign_id,campaign}', '{spend_efficiency.new_revenue_per_spend}'),
    ('fields_missing', 360, 'Fields missing', 'of the fields that rows owe at their stage, those that are empty, as they are now', 'share', 'both', 'lower', 'completeness', 'missing', 'owed', NULL, false, '{}', '{}', '{object,field,team,origin,owner}', '{}');
INSERT INTO metric (metric, position, name, formula, unit, owner, better, report, aggregate, numerator, period_column, filter, dimensions, shown_in) VALUES
    ('first_response', 140, 'Median first response', 'median wait until the first response, elapsed, of the requests and MQLs of the period that were answered', 'seconds', 'sales', 'lower', 'sla_status', 'median', 'waiting_seconds', 'started_at', '{"metric": "first_response", "state": ["met", "met_late"]}', '{policy,owner,team,variant}', '{response_time.elapsed_seconds_median}'),
    ('deal_value', 200, 'Average deal', 'average value of the deals won in the period', 'money', 'sales', 'higher', 'deal', 'average', 'value', 'won_at', '{"outcome": "won"}', '{owner,team,segment,territory,variant,origin,kind,campaign_id,new_customer}', '{win_rate.won_value_average}'),
    ('velocity', 240, 'Sales velocity', 'open deals x win rate x average deal / days from opening to winning, of the year before', 'money a day', 'sales', 'higher', 'velocity', 'only', 'velocity', NULL, '{"dimension": "total", "dimension_value": "*"}', '{dimension,dimension_value}', '{velocity.velocity}'),
    ('sales_cycle', 245, 'Sales cycle', 'median days from opening to winning, of the year before', 'days', 'sales', 'lower', 'velocity', 'only', 'cycle_days_median', NULL, '{"dimension": "total", "dimension_value": "*"}', '{dimension,dimension_value}', '{velocity.cycle_days_median}'),
    ('roi', 355, 'Return of a campaign', '(revenue - spend) / spend of the campaign, for all time', 'ratio', 'marketing', 'higher', 'campaign_return', 'only', 'roi', NULL, '{}', '{campaign_id,campaign}', '{campaign_return.roi}');

INSERT INTO report_owner (report, owner, purpose) VALUES
    ('account_scores', 'marketing', 'which companies are warm'),
    ('agreement_kept', 'both', 'whether the two departments keep what they promised each other'),
    ('alerts_open', 'both', 'what nobody has taken note of'),
    ('attempts_to_answer', 'sales', 'how many attempts it takes to reach a lead'),
    ('attribution', 'marketing', 'who earned a deal'),
    ('attribution_compare', 'marketing', 'what another way of sharing credit would say'),
    ('battlecard_freshness', 'marketing', 'which battlecards are old, and which help'),
    ('bonus', 'both', 'what the parts of the bonus come to'),
    ('bottlenecks', 'both', 'which step costs most revenue'),
    ('buying_committee', 'sales', 'who takes part in a decision, and who is missing'),
    ('cadence_progress', 'sales', 'how far each series of attempts has come'),
    ('campaign_contact_effect', 'both', 'whether it pays to answer the leads of a campaign in time'),
    ('campaign_return', 'marketing', 'which campaign to repeat, which to stop'),
    ('campaign_spend', 'marketing', 'what was spent, and when'),
    ('channel_effect', 'sales', 'over which channels leads answer'),
    ('cohort', 'both', 'what becomes of the leads of a month'),
    ('cohort_conversion', 'both', 'how soon MQLs are won'),
    ('completeness', 'both', 'which fields are filled, and which are owed'),
    ('contact_attempt', 'sales', 'every attempt to reach a lead'),
    ('content_catalogue', 'marketing', 'which contents there are, how old and how used'),
    ('content_effect', 'marketing', 'which content moves leads on'),
    ('content_request_effect', 'both', 'whether what sales asks for helps to win'),
    ('content_requests', 'marketing', 'what sales has asked for and waits for'),
    ('conversation_moment', 'both', 'when it is best to move to a talk'),
    ('cost_per_stage', 'marketing', 'what a lead costs on each step'),
    ('current_stage', 'both', 'where everything is now'),
    ('customer_value', 'both', 'what customers come to be worth'),
    ('data_quality', 'both', 'what is wrong with the data'),
    ('deal', 'sales', 'every deal and how it ended'),
    ('deal_review', 'sales', 'what stands in the way of each open deal'),
    ('deal_touch', 'marketing', 'which touches led to a deal'),
    ('definition_faults', 'both', 'which definitions contradict each other'),
    ('definition_reviews', 'both', 'which definitions were not looked at for too long'),
    ('disputes', 'both', 'which rejections are argued about'),
    ('duplicate_candidates', 'marketing', 'which rows may be one'),
    ('experiment_result', 'both', 'what came of an experiment'),
    ('false_rejections', 'sales', 'which rejected leads were won all the same'),
    ('feature_value', 'marketing', 'which field is worth asking for'),
    ('feedback_coverage', 'sales', 'whether sales answers for the leads it gets'),
    ('first_contact_opinions', 'both', 'what customers say of the first contact'),
    ('follow_up_coverage', 'sales', 'whether leads that were handed over are worked'),
    ('forecast_accuracy', 'sales', 'what was forecast against what came'),
    ('funnel', 'both', 'how many leads reach each stage'),
    ('funnel_segmented', 'both', 'the same by group'),
    ('handover', 'both', 'every lead that was handed over'),
    ('hypothesis_board', 'both', 'what is believed, and what became of it'),
    ('icp_fit', 'both', 'whether those who fit the profile buy more often'),
    ('icp_leads', 'marketing', 'which leads fit the profile'),
    ('influence', 'both', 'what each department had to do with the revenue'),
    ('intent_tasks', 'both', 'what to do about companies that show interest'),
    ('joint_goals', 'both', 'what both departments owe, and where they stand'),
    ('keywords_heard', 'both', 'which words are heard in talks'),
    ('lead_card', 'sales', 'what to know before a call'),
    ('lead_milestone', 'both', 'when each lead reached what is counted'),
    ('lead_outside', 'both', 'what is left out of every count'),
    ('visible_lead', 'both', 'which leads the reader may see'),
    ('visible_opportunity', 'both', 'which opportunities the reader may see'),
    ('visible_account', 'both', 'which accounts the reader may see'),
    ('visible_touch', 'both', 'which touches the reader may see'),
    ('lead_scores', 'marketing', 'the score of every lead'),
    ('lead_story', 'both', 'what happened to a lead'),
    ('leakage', 'both', 'where leads get lost'),
    ('lessons_open', 'both', 'what was learnt and is still to be done'),
    ('loss_reasons', 'sales', 'what deals are lost for'),
    ('metric_dictionary', 'both', 'what a number means'),
    ('mix_rate', 'both', 'why a conversion changed'),
    ('never_contacted', 'sales', 'which leads nobody has tried to reach'),
    ('objection_answers', 'sales', 'which answers to an objection work'),
    ('objections', 'both', 'which doubts are heard most'),
    ('order_of_work', 'sales', 'whether the order of work was followed'),
    ('owner_load', 'sales', 'who carries how much'),
    ('pipeline_deals', 'sales', 'every open deal'),
    ('pipeline_health', 'sales', 'whether the pipeline is enough'),
    ('pipeline_movement', 'sales', 'how the pipeline changed'),
    ('pipeline_stages', 'sales', 'where the pipeline stands'),
    ('plan_vs_actual', 'both', 'where we stand against the plan'),
    ('proposals', 'both', 'which changes of definitions are proposed, and who has to agree'),
    ('qualification', 'marketing', 'what a lead was like when it was handed over'),
    ('quarantine_reasons', 'both', 'what keeps rows out'),
    ('quarterly_review', 'both', 'what came of the quarter, and what the next one needs'),
    ('reallocation', 'marketing', 'where to spend instead'),
    ('refusals', 'both', 'why leads are refused'),
    ('rejections', 'both', 'why sales rejects leads, and what it costs'),
    ('report_trust', 'both', 'how far a report can be trusted'),
    ('response_conversion', 'both', 'what waiting costs'),
    ('response_time', 'sales', 'how long reactions take'),
    ('revenue_sources', 'marketing', 'where revenue comes from'),
    ('revenue_structure', 'sales', 'what revenue is made of'),
    ('routing_fairness', 'sales', 'whether everybody gets the promised share'),
    ('routing_faults', 'sales', 'what is wrong with the routing'),
    ('score_errors', 'marketing', 'where the score is wrong'),
    ('score_faults', 'marketing', 'what is wrong with the rules of the score'),
    ('score_grid', 'both', 'what the grades are worth'),
    ('score_model_card', 'marketing', 'what a model says'),
    ('score_models', 'marketing', 'how good models are'),
    ('score_quality', 'marketing', 'how well the score tells'),
    ('sla_breach', 'sales', 'which promises are broken'),
    ('sla_compliance', 'sales', 'how promises are kept'),
    ('sla_curve', 'both', 'how conversion falls with waiting'),
    ('sla_open', 'sales', 'which promises are owed'),
    ('sla_status', 'sales', 'every promise'),
    ('sla_suggestion', 'both', 'which promise to choose'),
    ('sourced_influenced', 'both', 'whose deal it is'),
    ('spend_efficiency', 'marketing', 'whether money works better than before'),
    ('stage_dictionary', 'both', 'what a stage means'),
    ('stage_duration', 'both', 'how long stages last'),
    ('stage_history', 'both', 'every stay in a stage'),
    ('stage_win_rate', 'sales', 'how likely a deal is won from a stage'),
    ('stalled', 'both', 'what stands still'),
    ('unapproved_promises', 'both', 'what was promised that nobody approved'),
    ('velocity', 'sales', 'how much money the pipeline makes a day'),
    ('verdict_coverage', 'sales', 'whether sales answers for every lead'),
    ('verdict_quality', 'sales', 'whether the answers were right'),
    ('verdicts', 'both', 'what sales said of each lead'),
    ('volume_and_quality', 'both', 'what the departments delivered to each other'),
    ('volume_without_sales', 'marketing', 'who brings many leads and no sale'),
    ('wasted_effort', 'both', 'what work went into leads that were rejected'),
    ('weekly_review', 'both', 'what to talk about this week'),
    ('win_rate', 'sales', 'which deals are won'),
    ('won_lost_paths', 'marketing', 'which ways lead to deals'),
    ('work_order_kept', 'sales', 'whether the queue is followed'),
    ('work_queue', 'sales', 'what to do next');

INSERT INTO bonus_part (department, part, agreement, target_metric, weight, pays_from, cap, meaning) VALUES
    ('marketing', 'qualification', 'qualification', NULL, 0.5, 0.8, 1.2, 'Leads that turn out to have a need, a budget and a time frame.'),
    ('marketing', 'acceptance', 'acceptance', NULL, 0.2, 0.8, 1, 'Leads that sales accepts.'),
    ('marketing', 'revenue', NULL, 'revenue', 0.3, 0.8, 1.5, 'The revenue of the company.'),
    ('sales', 'deals', 'deals', NULL, 0.4, 0.8, 1.2, 'Leads with a need, a budget and a time frame that become deals.'),
    ('sales', 'reaction', 'reaction', NULL, 0.15, 0.9, 1, 'Reactions that come in time.'),
    ('sales', 'feedback', 'feedback', NULL, 0.15, 0.9, 1, 'Answers for the leads that marketing hands over.'),
    ('sales', 'revenue', NULL, 'revenue', 0.3, 0.8, 1.5, 'The revenue of the company.');

INSERT INTO icp (profile, segments, employees_from, employees_to, meaning) VALUES
    ('growing_company', NULL, 50, 999, 'Companies of 50 to 999 people that have outgrown spreadsheets and have nobody who keeps a large system.');
INSERT INTO icp_trigger (profile, code, meaning, how_seen, topic) VALUES
    ('growing_company', 'new_system', 'A system is replaced, and what hangs on it with it.', 'They read about implementation, or hire for it.', 'implementation'),
    ('growing_company', 'audit', 'An audit found that figures cannot be explained.', 'They ask for evidence and history.', NULL),
    ('growing_company', 'merger', 'Two companies become one, with two of everything.', 'News, and a new name on the site.', NULL);
INSERT INTO icp_barrier (profile, code, meaning, stage, objection, way_around) VALUES
    ('growing_company', 'partner', 'Nobody decides alone.', 'opportunity', 'ask_partner', 'Offer a talk with both, and a page for the one who is not there.'),
    ('growing_company', 'supplier', 'There is a supplier who knows everybody.', 'value', 'have_a_supplier', 'Show what stays undone today.');

INSERT INTO persona (persona, position, name, role_words, decides, budget, pain, awareness, uses_instead, criteria) VALUES
    ('managing_director', 10, 'Managing director', '{ceo,owner,founder,president,managing,partner,coo}', 'decides', 'decides on the whole budget',
        'Does not see why the figures are what they are.', 'problem', 'reports that somebody makes by hand', 'What it brings, how soon, and what happens if it fails.'),
    ('finance', 20, 'Head of finance', '{cfo,finance,financial,controller,controlling}', 'prepares', 'releases the budget',
        'Costs that nobody can tie to a result.', 'solution', 'spreadsheets', 'Cost in all, evidence in figures, terms of the contract.'),
    ('head_of_operations', 30, 'Head of operations', '{operations,it,cto,cio,technical,implementation}', 'influences', 'none of their own',
        'Tools that do not speak to each other.', 'product', 'what the present tools can do, with effort', 'Effort of the set-up, fit with what there is, support.');

INSERT INTO committee_role (committee_role, position, needed_from, persona, meaning, criteria) VALUES
    ('champion', 10, 'opportunity', NULL, 'Wants the change and speaks for it when we are not there.', 'What it makes easier.'),
    ('decision_maker', 20, 'budget', 'managing_director', 'Says yes in the end.', 'What it brings, and the risk.'),
    ('budget_holder', 30, 'budget', 'finance', 'Releases the money.', 'Cost in all, and when it comes back.'),
    ('evaluator', 40, 'value', 'head_of_operations', 'Tests whether it fits.', 'Effort, fit with what there is, support.');

INSERT INTO claim (claim, kind, phrase, instead_of, approved_by) VALUES
    ('nothing', 'promise', 'nothing', NULL, 'sales'),
    ('demonstration', 'promise', 'a demonstration', NULL, 'sales'),
    ('call_back', 'promise', 'a call within one working day', NULL, 'sales'),
    ('offer', 'promise', 'an offer within a week', NULL, 'sales'),
    ('qualified_lead', 'term', 'qualified lead', 'hot lead, good contact', 'revops');

INSERT INTO keyword (keyword, phrases, meaning, objection) VALUES
    ('price', '{price,expensive,discount*,cheaper}', 'Money is talked about.', 'too_expensive'),
    ('supplier', '{current supplier,we already use,contract ends,renewal*}', 'There is somebody else to be replaced.', 'have_a_supplier'),
    ('others_decide', '{my boss,the board,sign off,procurement,ask my*}', 'Whoever talks does not decide alone.', 'ask_partner'),
    ('proof', '{reference*,case study,case studies,proof,guarantee*}', 'They want to see that it works.', NULL),
    ('safety', '{security,data protection,gdpr,audit*}', 'Somebody will examine us.', NULL);

INSERT INTO review_cycle (definition, every, team, approved_by) VALUES
    ('standard', '6 months', 'revops', '{marketing,sales}'),
    ('stage_definition', '6 months', 'revops', '{marketing,sales}'),
    ('transition', '6 months', 'revops', '{marketing,sales}'),
    ('reason', '6 months', 'revops', '{marketing,sales}'),
    ('agreement', '3 months', NULL, '{marketing,sales}'),
    ('target', '3 months', NULL, '{marketing,sales}'),
    ('sla_policy', '3 months', 'sales', '{marketing,sales}'),
    ('routing_rule', '3 months', 'sales', '{sales}'),
    ('score_rule', '3 months', 'marketing', '{marketing,sales}'),
    ('objection', '6 months', 'sales', '{sales}'),
    ('exchange_rate', '1 month', 'revops', '{revops}');
$leadflow_text$
WHEN 'visible_lead' THEN $leadflow_text$-- Reports with their owner's rights show the leads that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_lead AS
SELECT x.id FROM lead x;
COMMENT ON VIEW visible_lead IS 'The leads that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_lead.id IS 'number of the lead';
$leadflow_text$
WHEN 'visible_opportunity' THEN $leadflow_text$-- Reports with their owner's rights show the opportunities that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_opportunity AS
SELECT x.id FROM opportunity x;
COMMENT ON VIEW visible_opportunity IS 'The opportunities that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_opportunity.id IS 'number of the opportunity';
$leadflow_text$
WHEN 'visible_account' THEN $leadflow_text$-- Reports with their owner's rights show the accounts that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_account AS
SELECT x.id FROM account x;
COMMENT ON VIEW visible_account IS 'The accounts that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_account.id IS 'number of the account';
$leadflow_text$
WHEN 'visible_touch' THEN $leadflow_text$-- Reports with their owner's rights show the touches that are listed here, and what belongs to them.
CREATE OR REPLACE VIEW visible_touch AS
SELECT x.id FROM touch x;
COMMENT ON VIEW visible_touch IS 'The touches that row security lets the reader see: all of them where there is no policy, and on PostgreSQL 14.';
COMMENT ON COLUMN visible_touch.id IS 'number of the touch';
$leadflow_text$
WHEN 'lead_outside' THEN $leadflow_text$-- The reasons as an array, and one scan: so the few leads are found by their
-- indexes, and PostgreSQL knows that a lead is listed once.
CREATE OR REPLACE VIEW lead_outside AS
SELECT l.id AS lead_id,
       CASE WHEN l.merged_into IS NULL THEN l.reason ELSE 'merged' END AS why
FROM lead l
WHERE l.merged_into IS NOT NULL
   OR l.reason = ANY (ARRAY(SELECT r.code FROM reason r WHERE NOT r.counts)) AND l.stage < 'visitor';
COMMENT ON VIEW lead_outside IS 'Leads that are outside every denominator: those merged into another lead, and those that are in an exit now with a reason that does not count, such as spam or a test. No report counts them or their opportunities, whatever leadflow.clock() is: what is found to be a test always was one. stage_history, current_stage and sla_status list them.';
COMMENT ON COLUMN lead_outside.lead_id IS 'the lead';
COMMENT ON COLUMN lead_outside.why IS 'merged, or the code of the reason';
$leadflow_text$
WHEN 'stage_dictionary' THEN $leadflow_text$CREATE OR REPLACE VIEW stage_dictionary AS
SELECT leadflow.ordinal(k.stage)::bigint AS ordinal,
       k.stage::text AS stage,
       s.stage::text AS spine_stage,
       s.phase,
       k.variant,
       COALESCE(d.labels ->> 'en', CASE WHEN k.stage = s.stage THEN s.label_en ELSE k.stage::text END) AS label_en,
       COALESCE(d.labels ->> 'pl', CASE WHEN k.stage = s.stage THEN s.label_pl ELSE k.stage::text END) AS label_pl,
       COALESCE(d.labels ->> 'ru', CASE WHEN k.stage = s.stage THEN s.label_ru ELSE k.stage::text END) AS label_ru,
       COALESCE(d.labels ->> 'zh', CASE WHEN k.stage = s.stage THEN s.label_zh ELSE k.stage::text END) AS label_zh,
       COALESCE(d.meaning, s.meaning) AS meaning,
       d.team,
       d.kind,
       d.entry_evidence,
       d.exit_criteria,
       leadflow.seconds(d.norm) AS norm_seconds,
       (SELECT pg_catalog.string_agg(c.requirement, ' ' ORDER BY c.position, c.criterion)
        FROM standard c
        WHERE c.object = 'lead' AND c.stage = k.stage AND (c.variant = k.variant OR c.variant = '*' AND NOT EXISTS
            (SELECT FROM standard o
             WHERE o.object = c.object AND o.stage = c.stage AND o.criterion = c.criterion AND o.variant = k.variant))
       ) AS lead_standard,
       (SELECT pg_catalog.string_agg(c.requirement, ' ' ORDER BY c.position, c.criterion)
        FROM standard c
        WHERE c.object = 'opportunity' AND c.stage = k.stage AND (c.variant = k.variant OR c.variant = '*' AND NOT EXISTS
            (SELECT FROM standard o
             WHERE o.object = c.object AND o.stage = c.stage AND o.criterion = c.criterion AND o.variant = k.variant))
       ) AS opportunity_standard
FROM (SELECT p.stage, '*' AS variant FROM leadflow.spine() p
      UNION
      SELECT f.stage, f.variant FROM stage_definition f) k
JOIN leadflow.spine() s ON s.stage = leadflow.base(k.stage)
LEFT JOIN stage_definition d ON d.stage = k.stage AND d.variant = k.variant
ORDER BY leadflow.ordinal(k.stage) < 0, k.stage, k.variant;
COMMENT ON VIEW stage_dictionary IS 'What each stage means: one answer to "what exactly is an SQL?" A row for every stage of the spine, every exit, and every leaf and variant that has a definition.';
COMMENT ON COLUMN stage_dictionary.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_dictionary.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_dictionary.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_dictionary.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN stage_dictionary.variant IS 'product line or region; * for all';
COMMENT ON COLUMN stage_dictionary.label_en IS 'name in English';
COMMENT ON COLUMN stage_dictionary.label_pl IS 'name in Polish';
COMMENT ON COLUMN stage_dictionary.label_ru IS 'name in Russian';
COMMENT ON COLUMN stage_dictionary.label_zh IS 'name in Chinese';
COMMENT ON COLUMN stage_dictionary.meaning IS 'the definition in words';
COMMENT ON COLUMN stage_dictionary.team IS 'team responsible for a lead in this stage; null where no contract is written';
COMMENT ON COLUMN stage_dictionary.kind IS 'inventory (may wait), sla (on a clock), gate (decide now), detour or terminal';
COMMENT ON COLUMN stage_dictionary.entry_evidence IS 'the input: what must stand behind entering the stage';
COMMENT ON COLUMN stage_dictionary.exit_criteria IS 'the output: what is known or done when it is left';
COMMENT ON COLUMN stage_dictionary.norm_seconds IS 'longest time that a lead should stay, elapsed, in seconds; null for no norm of its own';
COMMENT ON COLUMN stage_dictionary.lead_standard IS 'the criteria that a lead meets to enter the stage, in words, as they hold for the variant; those of earlier stages hold too';
COMMENT ON COLUMN stage_dictionary.opportunity_standard IS 'the criteria that an opportunity meets to enter the stage, in words, as they hold for the variant';
$leadflow_text$
WHEN 'stage_history' THEN $leadflow_text$CREATE OR REPLACE VIEW stage_history AS
SELECT h.id AS event_id,
       h.subject,
       h.lead_id,
       h.opportunity_id,
       h.to_stage::text AS stage,
       leadflow.base(h.to_stage)::text AS spine_stage,
       leadflow.ordinal(h.to_stage)::bigint AS ordinal,
       leadflow.is_exit(h.to_stage) AS is_exit,
       h.at AS entered_at,
       h.left_at,
       h.from_stage::text AS previous_stage,
       h.next_stage::text AS next_stage,
       CASE WHEN h.from_stage IS NULL THEN 'first'
            WHEN leadflow.is_exit(h.to_stage) THEN 'exit'
            WHEN leadflow.is_exit(h.from_stage) THEN 'return'
            WHEN leadflow.ordinal(h.to_stage) > leadflow.ordinal(h.from_stage) THEN 'forward'
            WHEN leadflow.ordinal(h.to_stage) < leadflow.ordinal(h.from_stage) THEN 'back'
            ELSE 'within' END AS move,
       h.implied,
       leadflow.seconds(COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at) AS elapsed_seconds,
       leadflow.seconds(leadflow.worktime(COALESCE(m.calendar, (SELECT b.calendar FROM business_calendar b WHERE b.code = 'default')),
                                          h.at, COALESCE(h.left_at, (SELECT leadflow.clock())))) AS working_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm) AS over_norm,
       h.reason,
       h.reason_note,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.variant,
       h.segment,
       h.amount::numeric(15,2) AS amount,
       h.currency,
       h.definition_version,
       h.actor,
       h.session_actor,
       h.recorded_at
-- partitioned by what a reader may look for, so that his condition reaches the index
FROM (SELECT e.lead_id, e.opportunity_id, e.id, e.at, e.recorded_at, e.definition_version, e.campaign_id, e.implied, e.subject, e.from_stage, e.to_stage,
             e.session_actor, e.actor, e.reason, e.reason_note, e.owner, e.team, e.origin, e.variant, e.segment, e.amount, e.currency,
             pg_catalog.lead(e.at) OVER w AS left_at,
             pg_catalog.lead(e.to_stage) OVER w AS next_stage
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
      WINDOW w AS (PARTITION BY e.lead_id, e.opportunity_id ORDER BY e.at, e.id)
      UNION ALL
      SELECT o.lead_id, e.opportunity_id, e.id, e.at, e.recorded_at, e.definition_version, e.campaign_id, e.implied, e.subject, e.from_stage, e.to_stage,
             e.session_actor, e.actor, e.reason, e.reason_note, e.owner, e.team, e.origin, e.variant, e.segment, e.amount, e.currency,
             pg_catalog.lead(e.at) OVER w,
             pg_catalog.lead(e.to_stage) OVER w
      FROM stage_event e
      JOIN opportunity o ON o.id = e.opportunity_id
      WHERE e.at <= (SELECT leadflow.clock())
      WINDOW w AS (PARTITION BY o.lead_id, e.opportunity_id ORDER BY e.at, e.id)) h
LEFT JOIN (SELECT t.member, c.calendar
           FROM team_member t
           JOIN business_calendar c ON c.code = t.calendar) m ON m.member = h.owner
LEFT JOIN stage_definition n1 ON n1.stage = h.to_stage AND n1.variant = h.variant
LEFT JOIN stage_definition n2 ON n2.stage = h.to_stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = leadflow.base(h.to_stage) AND n3.variant = h.variant
LEFT JOIN stage_definition n4 ON n4.stage = leadflow.base(h.to_stage) AND n4.variant = '*';
COMMENT ON VIEW stage_history IS 'Every stay in a stage, of every lead and opportunity, as known at leadflow.clock().';
COMMENT ON COLUMN stage_history.event_id IS 'entry that began the stay (stage_event.id)';
COMMENT ON COLUMN stage_history.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_history.lead_id IS 'the lead, or the lead that the opportunity belongs to now';
COMMENT ON COLUMN stage_history.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stage_history.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_history.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_history.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_history.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN stage_history.entered_at IS 'when the stay began';
COMMENT ON COLUMN stage_history.left_at IS 'when it ended; null while it lasts';
COMMENT ON COLUMN stage_history.previous_stage IS 'stage before; null for the first';
COMMENT ON COLUMN stage_history.next_stage IS 'stage after; null while the stay lasts';
COMMENT ON COLUMN stage_history.move IS 'how the stage was entered: first, forward, back, within (between leaves of one stage), exit, or return from an exit';
COMMENT ON COLUMN stage_history.implied IS 'true for a stage that was passed through by a move further on';
COMMENT ON COLUMN stage_history.elapsed_seconds IS 'length of the stay, so far where it lasts: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN stage_history.working_seconds IS 'the same in working time of the owner''s calendar, else of the default one: whole seconds, rounded down; null where there is no calendar';
COMMENT ON COLUMN stage_history.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force: of the leaf and variant, else of the leaf, else of the spine stage; null for no norm';
COMMENT ON COLUMN stage_history.over_norm IS 'whether the stay is longer than its norm, so far where it lasts; null for no norm';
COMMENT ON COLUMN stage_history.reason IS 'reason given on entry';
COMMENT ON COLUMN stage_history.reason_note IS 'note given on entry';
COMMENT ON COLUMN stage_history.owner IS 'owner on entry';
COMMENT ON COLUMN stage_history.team IS 'the owner''s team on entry';
COMMENT ON COLUMN stage_history.origin IS 'origin on entry';
COMMENT ON COLUMN stage_history.campaign_id IS 'campaign on entry';
COMMENT ON COLUMN stage_history.variant IS 'variant on entry';
COMMENT ON COLUMN stage_history.segment IS 'segment on entry';
COMMENT ON COLUMN stage_history.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN stage_history.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
COMMENT ON COLUMN stage_history.definition_version IS 'version of the definitions that judged the move';
COMMENT ON COLUMN stage_history.actor IS 'role in whose name the move was made';
COMMENT ON COLUMN stage_history.session_actor IS 'role that opened the session';
COMMENT ON COLUMN stage_history.recorded_at IS 'when the move became known';
$leadflow_text$
WHEN 'current_stage' THEN $leadflow_text$CREATE OR REPLACE VIEW current_stage AS
SELECT h.subject,
       h.lead_id,
       h.opportunity_id,
       h.to_stage::text AS stage,
       leadflow.base(h.to_stage)::text AS spine_stage,
       leadflow.ordinal(h.to_stage)::bigint AS ordinal,
       leadflow.phase(h.to_stage) AS phase,
       leadflow.is_exit(h.to_stage) AS is_exit,
       h.id AS event_id,
       h.at AS entered_at,
       leadflow.seconds((SELECT leadflow.clock()) - h.at) AS age_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       (SELECT leadflow.clock()) - h.at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm) AS over_norm,
       h.reason,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.variant,
       h.segment,
       h.amount::numeric(15,2) AS amount,
       h.currency
FROM (SELECT e.subject, latest.lead_id, e.opportunity_id, e.id, e.at, e.to_stage, e.reason, e.owner, e.team, e.origin, e.campaign_id,
             e.variant, e.segment, e.amount, e.currency
      FROM (SELECT DISTINCT ON (f.lead_id) f.lead_id, f.id
            FROM stage_event f
            WHERE f.opportunity_id IS NULL AND f.at <= (SELECT leadflow.clock())
            ORDER BY f.lead_id DESC, f.at DESC, f.id DESC) latest
      JOIN stage_event e ON e.id = latest.id AND e.opportunity_id IS NULL
      UNION ALL
      SELECT e.subject, e.lead_id, latest.opportunity_id, e.id, e.at, e.to_stage, e.reason, e.owner, e.team, e.origin, e.campaign_id,
             e.variant, e.segment, e.amount, e.currency
      FROM (SELECT DISTINCT ON (f.opportunity_id) f.opportunity_id, f.id
            FROM stage_event f
            WHERE f.opportunity_id IS NOT NULL AND f.at <= (SELECT leadflow.clock())
            ORDER BY f.opportunity_id DESC, f.at DESC, f.id DESC) latest
      JOIN stage_event e ON e.id = latest.id AND e.opportunity_id IS NOT NULL) h
LEFT JOIN stage_definition n1 ON n1.stage = h.to_stage AND n1.variant = h.variant
LEFT JOIN stage_definition n2 ON n2.stage = h.to_stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = leadflow.base(h.to_stage) AND n3.variant = h.variant
LEFT JOIN stage_definition n4 ON n4.stage = leadflow.base(h.to_stage) AND n4.variant = '*';
COMMENT ON VIEW current_stage IS 'Where every lead and opportunity is at leadflow.clock(), and since when. Says what was known on entering the stage; what changed since is in lead and opportunity.';
COMMENT ON COLUMN current_stage.subject IS 'lead or opportunity';
COMMENT ON COLUMN current_stage.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN current_stage.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN current_stage.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN current_stage.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN current_stage.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN current_stage.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN current_stage.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN current_stage.event_id IS 'entry into the stage (stage_event.id)';
COMMENT ON COLUMN current_stage.entered_at IS 'since when';
COMMENT ON COLUMN current_stage.age_seconds IS 'time in the stage so far: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN current_stage.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force; null for no norm';
COMMENT ON COLUMN current_stage.over_norm IS 'whether the norm is exceeded; null for no norm';
COMMENT ON COLUMN current_stage.reason IS 'reason given on entry';
COMMENT ON COLUMN current_stage.owner IS 'owner on entry';
COMMENT ON COLUMN current_stage.team IS 'the owner''s team on entry';
COMMENT ON COLUMN current_stage.origin IS 'origin on entry';
COMMENT ON COLUMN current_stage.campaign_id IS 'campaign on entry';
COMMENT ON COLUMN current_stage.variant IS 'variant on entry';
COMMENT ON COLUMN current_stage.segment IS 'segment on entry';
COMMENT ON COLUMN current_stage.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN current_stage.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
$leadflow_text$
WHEN 'deal' THEN $leadflow_text$-- The columns of an opportunity are as they are now.  Its amount is that of its
-- last entry by the clock where something was entered since.
CREATE OR REPLACE VIEW deal AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           -- what costs more is beyond all money anyway
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
)
SELECT d.opportunity_id,
       d.name,
       d.lead_id,
       d.account_id,
       d.buyer,
       d.campaign_id,
       d.origin,
       d.kind,
       d.segment,
       d.territory,
       d.variant,
       d.owner,
       m.team,
       d.opened_at,
       d.stage,
       d.spine_stage,
       d.ordinal,
       d.furthest_ordinal,
       d.entered_at,
       d.outcome,
       d.won_at,
       d.closed_at,
       d.expected_close,
       d.reason,
       d.amount,
       COALESCE(d.currency, (SELECT w.currency FROM workspace w)) AS currency,
       (CASE WHEN pg_catalog.abs(v.value) < 1e13 THEN v.value END)::numeric(15,2) AS value,
       CASE WHEN d.won_at IS NOT NULL THEN d.won_number = 1 END AS new_customer,
       (CASE WHEN pg_catalog.abs(v.recurring) < 1e13 THEN v.recurring END)::numeric(15,2) AS recurring_value
FROM (SELECT o.id AS opportunity_id,
             o.name,
             o.lead_id,
             COALESCE(o.account_id, l.account_id) AS account_id,
             COALESCE('account ' || COALESCE(o.account_id, l.account_id), 'lead ' || o.lead_id, 'opportunity ' || o.id) AS buyer,
             COALESCE(o.campaign_id, l.campaign_id) AS campaign_id,
             COALESCE(o.origin, l.origin) AS origin,
             o.kind,
             COALESCE(o.segment, l.segment) AS segment,
             COALESCE(o.territory, l.territory) AS territory,
             o.variant,
             o.owner,
             h.opened_at,
             s.to_stage::text AS stage,
             leadflow.base(s.to_stage)::text AS spine_stage,
             leadflow.ordinal(s.to_stage)::bigint AS ordinal,
             -- one that was entered as lost was an opportunity all the same
             GREATEST(leadflow.ordinal(g.furthest), 8)::bigint AS furthest_ordinal,
             s.at AS entered_at,
             CASE WHEN h.won_at IS NOT NULL THEN 'won'
                  WHEN s.to_stage >= 'visitor' THEN 'open'
                  WHEN s.to_stage >= 'disqualified' AND s.to_stage < 'lost' THEN 'void'
                  ELSE 'lost' END AS outcome,
             h.won_at,
             COALESCE(h.won_at, CASE WHEN s.to_stage < 'visitor' THEN s.at END) AS closed_at,
             CASE WHEN pg_catalog.isfinite(o.expected_close) THEN o.expected_close END AS expected_close,
             s.reason,
             CASE WHEN h.ahead THEN s.amount::numeric(15,2) ELSE o.amount END AS amount,
             CASE WHEN h.ahead THEN s.currency ELSE o.currency END AS currency,
             o.recurring,
             pg_catalog.row_number() OVER (
                 PARTITION BY h.won_at IS NULL,
                              COALESCE('account ' || COALESCE(o.account_id, l.account_id), 'lead ' || o.lead_id, 'opportunity ' || o.id)
                 ORDER BY h.won_at, o.id) AS won_number
      FROM (SELECT e.opportunity_id,
                   pg_catalog.min(e.at) AS opened_at,
                   pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding') AS won_at,
                   pg_catalog.max(e.to_stage) FILTER (WHERE e.at <= (SELECT leadflow.clock())) AS furthest,
                   -- the last entry in the order of history
                   (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id]) FILTER (WHERE e.at <= (SELECT leadflow.clock())))[2] AS last_event,
                   pg_catalog.bool_or(e.at > (SELECT leadflow.clock())) AS ahead
            FROM stage_event e
            WHERE e.opportunity_id IS NOT NULL
            GROUP BY e.opportunity_id) g
      JOIN stage_event s ON s.id = g.last_event AND s.opportunity_id IS NOT NULL
      -- one that was opened in error was not won either
      CROSS JOIN LATERAL (SELECT g.opened_at, g.ahead,
                                 CASE WHEN g.won_at <= (SELECT leadflow.clock()) AND NOT s.to_stage <@ 'disqualified' THEN g.won_at END AS won_at) h
      JOIN opportunity o ON o.id = g.opportunity_id
      LEFT JOIN lead l ON l.id = o.lead_id
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) d
LEFT JOIN team_member m ON m.member = d.owner
LEFT JOIN money c ON c.currency = d.currency
CROSS JOIN LATERAL (SELECT CASE WHEN d.currency <> (SELECT w.currency FROM workspace w)
                                THEN c.rate[pg_catalog.width_bucket(COALESCE(d.closed_at, (SELECT leadflow.clock()))::date, c.valid_from)]
                                ELSE 1 END AS rate) r
CROSS JOIN LATERAL (SELECT pg_catalog.round(d.amount * r.rate, w.currency_decimals) AS value, pg_catalog.round(d.recurring * r.rate, w.currency_decimals) AS recurring
                    FROM workspace w) v;
COMMENT ON VIEW deal IS 'Every opportunity as known at leadflow.clock(): where it is, how it ended, what it is worth. Opportunities of leads in lead_outside are left out. Reports on pipeline and revenue count these rows.';
COMMENT ON COLUMN deal.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN deal.name IS 'name of the deal';
COMMENT ON COLUMN deal.lead_id IS 'its lead; null where there is none';
COMMENT ON COLUMN deal.account_id IS 'its account, or that of its lead';
COMMENT ON COLUMN deal.buyer IS 'who buys: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN deal.campaign_id IS 'its campaign, or that of its lead';
COMMENT ON COLUMN deal.origin IS 'its origin, or that of its lead';
COMMENT ON COLUMN deal.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN deal.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN deal.territory IS 'its territory, or that of its lead';
COMMENT ON COLUMN deal.variant IS 'product line or region';
COMMENT ON COLUMN deal.owner IS 'who owns it now';
COMMENT ON COLUMN deal.team IS 'the owner''s team now';
COMMENT ON COLUMN deal.opened_at IS 'when it was opened: its first entry';
COMMENT ON COLUMN deal.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN deal.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN deal.ordinal IS 'place on the spine, 8 to 16; below 0 for an exit';
COMMENT ON COLUMN deal.furthest_ordinal IS 'place on the spine of the furthest stage that it ever reached, 8 to 16';
COMMENT ON COLUMN deal.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN deal.outcome IS 'void (it is disqualified: opened in error, even where it was won), won (it was, whatever else came after), open, or lost (in the exit nurture, lost or churned)';
COMMENT ON COLUMN deal.won_at IS 'when it was first won; null for not, and for one opened in error';
COMMENT ON COLUMN deal.closed_at IS 'when it was won, lost or void; null while it is open';
COMMENT ON COLUMN deal.expected_close IS 'day on which it is expected to close; null where that is not known, or infinite';
COMMENT ON COLUMN deal.reason IS 'code of the reason given on the last entry';
COMMENT ON COLUMN deal.amount IS 'amount, in currency; null where it is not known';
COMMENT ON COLUMN deal.currency IS 'ISO 4217 code of the amount';
COMMENT ON COLUMN deal.value IS 'the amount in the currency of the workspace, at the rate of the day on which it closed, or of the clock''s, rounded to its decimals (workspace.currency_decimals); null where amount or rate are not known, or it is 10^13 or more';
COMMENT ON COLUMN deal.new_customer IS 'whether it is the first deal won from this buyer; null where it was not won';
COMMENT ON COLUMN deal.recurring_value IS 'what comes again every year, as written now, converted as value; null where that or the rate are not known';
$leadflow_text$
WHEN 'lead_milestone' THEN $leadflow_text$CREATE OR REPLACE VIEW lead_milestone AS
SELECT p.lead_id,
       l.account_id,
       p.campaign_id,
       p.origin,
       p.segment,
       p.entered_at,
       p.lead_at,
       p.mql_at,
       p.sal_at,
       p.sql_at,
       p.opportunity_at,
       p.won_at,
       p.ordinal_now,
       p.owned OR l.owner IS NOT NULL AS assigned
FROM (SELECT e.lead_id,
             pg_catalog.min(e.at) AS entered_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'lead') AS lead_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'mql') AS mql_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'sal') AS sal_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'sql') AS sql_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'opportunity') AS opportunity_at,
             pg_catalog.min(e.at) FILTER (WHERE e.to_stage >= 'won') AS won_at,
             -- the last entry in the order of history
             (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now,
             pg_catalog.bool_or(e.owner IS NOT NULL) AS owned,
             pg_catalog.max(e.campaign_id) FILTER (WHERE e.from_stage IS NULL) AS campaign_id,
             pg_catalog.max(e.origin) FILTER (WHERE e.from_stage IS NULL) AS origin,
             pg_catalog.max(e.segment) FILTER (WHERE e.from_stage IS NULL) AS segment
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
      GROUP BY e.lead_id) p
-- every entry has its lead, which is looked up only where it is asked for
LEFT JOIN lead l ON l.id = p.lead_id
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id);
COMMENT ON VIEW lead_milestone IS 'When each lead first reached the stages that are counted, as known at leadflow.clock(). Who passed a stage over has reached it with the next one. Campaign, origin and segment are those of the first entry. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_milestone.lead_id IS 'the lead';
COMMENT ON COLUMN lead_milestone.account_id IS 'its account now';
COMMENT ON COLUMN lead_milestone.campaign_id IS 'campaign at the first entry';
COMMENT ON COLUMN lead_milestone.origin IS 'origin at the first entry';
COMMENT ON COLUMN lead_milestone.segment IS 'segment at the first entry';
COMMENT ON COLUMN lead_milestone.entered_at IS 'first entry into whatever stage';
COMMENT ON COLUMN lead_milestone.lead_at IS 'when it first reached lead or a later stage; null for not yet, here and below';
COMMENT ON COLUMN lead_milestone.mql_at IS 'when it first reached mql or a later stage';
COMMENT ON COLUMN lead_milestone.sal_at IS 'when it first reached sal or a later stage';
COMMENT ON COLUMN lead_milestone.sql_at IS 'when it first reached sql or a later stage';
COMMENT ON COLUMN lead_milestone.opportunity_at IS 'when it first reached opportunity or a later stage';
COMMENT ON COLUMN lead_milestone.won_at IS 'when it first reached won or a later stage';
COMMENT ON COLUMN lead_milestone.ordinal_now IS 'place on the spine of the stage that it is in, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN lead_milestone.assigned IS 'whether it had an owner at an entry by then, or has one now';
$leadflow_text$
WHEN 'stage_duration' THEN $leadflow_text$CREATE OR REPLACE VIEW stage_duration AS
WITH norm AS MATERIALIZED (
    -- a row for each stage: its general norm, and those of the variants that have their own
    SELECT f.stage,
           pg_catalog.max(f.norm) FILTER (WHERE f.variant = '*') AS norm,
           pg_catalog.array_agg(f.variant) FILTER (WHERE f.variant <> '*' AND f.norm IS NOT NULL) AS variants,
           pg_catalog.array_agg(f.norm) FILTER (WHERE f.variant <> '*' AND f.norm IS NOT NULL) AS norms
    FROM stage_definition f
    GROUP BY f.stage
)
SELECT d.subject,
       d.stage::text AS stage,
       leadflow.base(d.stage)::text AS spine_stage,
       leadflow.ordinal(d.stage)::bigint AS ordinal,
       d.entries,
       d.completed,
       d.elapsed_average::bigint AS elapsed_seconds_average,
       d.elapsed[1]::bigint AS elapsed_seconds_median,
       d.elapsed[2]::bigint AS elapsed_seconds_p90,
       d.working_average::bigint AS working_seconds_average,
       d.working[1]::bigint AS working_seconds_median,
       d.working[2]::bigint AS working_seconds_p90,
       leadflow.seconds(COALESCE(n.norm, s.norm)) AS norm_seconds,
       (d.within_norm::numeric / NULLIF(d.completed_with_norm, 0))::numeric(9,6) AS within_norm_share,
       d.entries - d.completed AS in_stage_now,
       d.oldest AS oldest_age_seconds,
       d.over_norm_now
FROM (SELECT h.subject,
             h.stage,
             pg_catalog.count(*) AS entries,
             pg_catalog.count(*) FILTER (WHERE h.completed) AS completed,
             pg_catalog.avg(h.elapsed_seconds) FILTER (WHERE h.completed) AS elapsed_average,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY h.elapsed_seconds) FILTER (WHERE h.completed) AS elapsed,
             pg_catalog.avg(h.working_seconds) FILTER (WHERE h.completed) AS working_average,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY h.working_seconds) FILTER (WHERE h.completed) AS working,
             pg_catalog.count(*) FILTER (WHERE h.completed AND NOT h.over_norm) AS within_norm,
             pg_catalog.count(h.over_norm) FILTER (WHERE h.completed) AS completed_with_norm,
             pg_catalog.max(h.elapsed_seconds) FILTER (WHERE NOT h.completed) AS oldest,
             pg_catalog.count(*) FILTER (WHERE NOT h.completed AND h.over_norm) AS over_norm_now
      FROM (SELECT h.subject,
                   h.to_stage AS stage,
                   h.left_at IS NOT NULL AS completed,
                   leadflow.seconds(COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at) AS elapsed_seconds,
                   leadflow.seconds(leadflow.worktime(COALESCE(m.calendar, (SELECT b.calendar FROM business_calendar b WHERE b.code = 'default')),
                                                      h.at, COALESCE(h.left_at, (SELECT leadflow.clock())))) AS working_seconds,
                   COALESCE(h.left_at, (SELECT leadflow.clock())) - h.at > COALESCE(l.norms[pg_catalog.array_position(l.variants, h.variant)], l.norm,
                                                                                       s.norms[pg_catalog.array_position(s.variants, h.variant)], s.norm) AS over_norm
            -- as in stage_history; what was passed through ends with the move that passed it
            FROM (SELECT e.subject, e.to_stage, e.at, e.owner, e.variant,
                         pg_catalog.lead(e.at) OVER (PARTITION BY e.lead_id ORDER BY e.at, e.id) AS left_at
                  FROM stage_event e
                  WHERE e.opportunity_id IS NULL AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
                  UNION ALL
                  SELECT e.subject, e.to_stage, e.at, e.owner, e.variant,
                         pg_catalog.lead(e.at) OVER (PARTITION BY e.opportunity_id ORDER BY e.at, e.id)
                  FROM stage_event e
                  WHERE e.opportunity_id IS NOT NULL AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x JOIN opportunity o ON o.lead_id = x.lead_id WHERE o.id = e.opportunity_id)) h
            LEFT JOIN (SELECT t.member, c.calendar
                       FROM team_member t
                       JOIN business_calendar c ON c.code = t.calendar) m ON m.member = h.owner
            LEFT JOIN norm l ON l.stage = h.to_stage
            LEFT JOIN norm s ON s.stage = leadflow.base(h.to_stage)
            -- so that these few columns are sorted, not those they are computed from
            OFFSET 0) h
      GROUP BY h.subject, h.stage) d
LEFT JOIN norm n ON n.stage = d.stage
LEFT JOIN norm s ON s.stage = leadflow.base(d.stage)
ORDER BY d.subject, leadflow.ordinal(d.stage) < 0, d.stage;
COMMENT ON VIEW stage_duration IS 'How long stages last, and how that compares with the norm, as known at leadflow.clock(). Times are of completed stays; a stage that was only passed through is not a stay. A leaf has a row of its own. Leads in lead_outside are left out.';
COMMENT ON COLUMN stage_duration.subject IS 'lead or opportunity';
COMMENT ON COLUMN stage_duration.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stage_duration.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stage_duration.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stage_duration.entries IS 'number of stays; a lead that comes back counts again';
COMMENT ON COLUMN stage_duration.completed IS 'number of stays that have ended';
COMMENT ON COLUMN stage_duration.elapsed_seconds_average IS 'average length of completed stays: elapsed, seconds';
COMMENT ON COLUMN stage_duration.elapsed_seconds_median IS 'median length of completed stays: elapsed, seconds, interpolated';
COMMENT ON COLUMN stage_duration.elapsed_seconds_p90 IS '90 in 100 completed stays were no longer than this: elapsed, seconds, interpolated';
COMMENT ON COLUMN stage_duration.working_seconds_average IS 'average length of completed stays: working time of the owner''s calendar, seconds';
COMMENT ON COLUMN stage_duration.working_seconds_median IS 'median length of completed stays: working time, seconds, interpolated';
COMMENT ON COLUMN stage_duration.working_seconds_p90 IS '90 in 100 completed stays were no longer than this: working time, seconds, interpolated';
COMMENT ON COLUMN stage_duration.norm_seconds IS 'the general norm of the stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN stage_duration.within_norm_share IS 'share of completed stays that kept to the norm of their variant, 0..1; null where none has a norm';
COMMENT ON COLUMN stage_duration.in_stage_now IS 'number of stays that last';
COMMENT ON COLUMN stage_duration.oldest_age_seconds IS 'longest of the stays that last: elapsed so far, seconds';
COMMENT ON COLUMN stage_duration.over_norm_now IS 'number of stays that last and are longer than their norm';
$leadflow_text$
WHEN 'stalled' THEN $leadflow_text$CREATE OR REPLACE VIEW stalled AS
SELECT c.subject,
       c.lead_id,
       c.opportunity_id,
       CASE WHEN c.opportunity_id IS NULL THEN l.full_name ELSE o.name END AS name,
       c.stage,
       c.spine_stage,
       c.ordinal,
       CASE WHEN c.opportunity_id IS NULL THEN l.owner ELSE o.owner END AS owner,
       m.team,
       c.entered_at,
       c.age_seconds,
       c.norm_seconds,
       c.age_seconds - c.norm_seconds AS over_norm_seconds,
       c.amount,
       c.currency,
       c.origin,
       c.variant,
       c.segment
FROM current_stage c
LEFT JOIN lead l ON l.id = c.lead_id
LEFT JOIN opportunity o ON o.id = c.opportunity_id
LEFT JOIN team_member m ON m.member = CASE WHEN c.opportunity_id IS NULL THEN l.owner ELSE o.owner END
WHERE c.over_norm
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN c.opportunity_id IS NULL THEN c.lead_id ELSE o.lead_id END)
ORDER BY c.age_seconds - c.norm_seconds DESC, c.lead_id, c.opportunity_id;
COMMENT ON VIEW stalled IS 'Leads and opportunities that are in their stage for longer than its norm at leadflow.clock(), the longest over first. Leads in lead_outside are left out.';
COMMENT ON COLUMN stalled.subject IS 'lead or opportunity';
COMMENT ON COLUMN stalled.lead_id IS 'the lead, or the lead of the opportunity';
COMMENT ON COLUMN stalled.opportunity_id IS 'the opportunity; null where the subject is a lead';
COMMENT ON COLUMN stalled.name IS 'name of the person, or of the deal';
COMMENT ON COLUMN stalled.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN stalled.spine_stage IS 'stage of the spine, or exit, that it belongs to';
COMMENT ON COLUMN stalled.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN stalled.owner IS 'who owns it now';
COMMENT ON COLUMN stalled.team IS 'the owner''s team now';
COMMENT ON COLUMN stalled.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN stalled.age_seconds IS 'time in the stage so far: elapsed, whole seconds';
COMMENT ON COLUMN stalled.norm_seconds IS 'longest time that the stage should last, in seconds';
COMMENT ON COLUMN stalled.over_norm_seconds IS 'how much longer it has lasted, in seconds';
COMMENT ON COLUMN stalled.amount IS 'budget of the lead or amount of the opportunity on entry, in currency';
COMMENT ON COLUMN stalled.currency IS 'ISO 4217 code of the amount; null for the currency of the workspace';
COMMENT ON COLUMN stalled.origin IS 'origin on entry';
COMMENT ON COLUMN stalled.variant IS 'variant on entry';
COMMENT ON COLUMN stalled.segment IS 'segment on entry';
$leadflow_text$
WHEN 'funnel' THEN $leadflow_text$-- The stages of a lead are kept as bits, so that one pass over the history is
-- enough however long it is: bit ordinal + 4 is the stage with that ordinal.
CREATE OR REPLACE VIEW funnel AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.bit_or(1::bigint << leadflow.ordinal(e.to_stage) + 4) AS reached,
           pg_catalog.bit_or(CASE WHEN e.implied THEN 0 ELSE 1::bigint << leadflow.ordinal(e.to_stage) + 4 END) AS entered,
           -- the last entry in the order of history
           (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
    GROUP BY e.lead_id
), shape AS (
    SELECT p.reached, p.entered, p.ordinal_now, pg_catalog.count(*) AS leads
    FROM path p
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)
    GROUP BY p.reached, p.entered, p.ordinal_now
), step AS (
    SELECT s.ordinal,
           s.stage,
           s.phase,
           s.label_en,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.reached & s.bit <> 0), 0)::bigint AS reached,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.reached & ~h.entered & s.bit <> 0), 0)::bigint AS reached_implied,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.ordinal_now = s.ordinal), 0)::bigint AS now_in_stage
    FROM (SELECT p.*, 1::bigint << p.ordinal + 4 AS bit FROM leadflow.spine() p) s
    LEFT JOIN shape h ON true
    GROUP BY s.ordinal, s.stage, s.phase, s.label_en
)
SELECT pg_catalog.row_number() OVER (ORDER BY t.ordinal < 0, t.ordinal) AS position,
       t.ordinal::bigint AS ordinal,
       t.stage::text AS stage,
       COALESCE(d.labels ->> 'en', t.label_en) AS label_en,
       t.phase,
       t.ordinal < 0 AS is_exit,
       t.reached,
       t.reached_implied,
       t.now_in_stage,
       CASE WHEN t.ordinal > 0 THEN pg_catalog.lag(t.reached) OVER path_order - t.reached END AS drop_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.lag(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.first_value(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_first
FROM step t
LEFT JOIN stage_definition d ON d.stage = t.stage AND d.variant = '*'
WINDOW path_order AS (PARTITION BY t.ordinal < 0 ORDER BY t.ordinal)
ORDER BY t.ordinal < 0, t.ordinal;
COMMENT ON VIEW funnel IS 'The funnel of leads as known at leadflow.clock(): the stages of the spine in order, then the exits. Leaves count for their stage. Leads in lead_outside are left out.';
COMMENT ON COLUMN funnel.position IS 'order of the rows: 1 to 16 the spine, 17 to 20 the exits';
COMMENT ON COLUMN funnel.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN funnel.stage IS 'stage of the spine, or exit';
COMMENT ON COLUMN funnel.label_en IS 'name in English';
COMMENT ON COLUMN funnel.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN funnel.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN funnel.reached IS 'number of leads that ever entered the stage; a lead counts once';
COMMENT ON COLUMN funnel.reached_implied IS 'how many of them only passed through it by a move further on';
COMMENT ON COLUMN funnel.now_in_stage IS 'number of leads that are in the stage';
COMMENT ON COLUMN funnel.drop_from_previous IS 'number of leads that reached the stage before but not this one; null for the first stage and for exits';
COMMENT ON COLUMN funnel.conversion_from_previous IS 'share of the leads that reached the stage before, 0..1; null for the first stage, for exits and where there were none';
COMMENT ON COLUMN funnel.conversion_from_first IS 'share of the leads that reached the first stage, 0..1; null for exits and where there were none';
$leadflow_text$
WHEN 'funnel_segmented' THEN $leadflow_text$-- See funnel.sql for the bits.
CREATE OR REPLACE VIEW funnel_segmented AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.bit_or(1::bigint << leadflow.ordinal(e.to_stage) + 4) AS reached,
           pg_catalog.bit_or(CASE WHEN e.implied THEN 0 ELSE 1::bigint << leadflow.ordinal(e.to_stage) + 4 END) AS entered,
           (pg_catalog.max(ARRAY[(pg_catalog.date_part('epoch', e.at) * 1000000)::bigint, e.id, leadflow.ordinal(e.to_stage)]))[3] AS ordinal_now
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
    GROUP BY e.lead_id
), shape AS (
    SELECT f.origin, f.campaign_id, f.segment, f.variant, p.reached, p.entered, p.ordinal_now, pg_catalog.count(*) AS leads
    FROM path p
    JOIN stage_event f ON f.lead_id = p.lead_id AND f.opportunity_id IS NULL AND f.from_stage IS NULL
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)
    GROUP BY f.origin, f.campaign_id, f.segment, f.variant, p.reached, p.entered, p.ordinal_now
), step AS (
    SELECT h.origin,
           h.campaign_id,
           h.segment,
           h.variant,
           s.ordinal,
           s.stage,
           s.phase,
           pg_catalog.sum(h.leads)::bigint AS reached,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.entered & s.bit = 0), 0)::bigint AS reached_implied,
           COALESCE(pg_catalog.sum(h.leads) FILTER (WHERE h.ordinal_now = s.ordinal), 0)::bigint AS now_in_stage
    FROM shape h
    JOIN (SELECT p.*, 1::bigint << p.ordinal + 4 AS bit FROM leadflow.spine() p) s ON h.reached & s.bit <> 0
    GROUP BY h.origin, h.campaign_id, h.segment, h.variant, s.ordinal, s.stage, s.phase
)
SELECT t.origin,
       t.campaign_id,
       c.name AS campaign,
       t.segment,
       t.variant,
       t.ordinal::bigint AS ordinal,
       t.stage::text AS stage,
       t.phase,
       t.ordinal < 0 AS is_exit,
       t.reached,
       t.reached_implied,
       t.now_in_stage,
       CASE WHEN t.ordinal > 0 THEN pg_catalog.lag(t.reached) OVER path_order - t.reached END AS drop_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.lag(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_previous,
       (CASE WHEN t.ordinal > 0
             THEN t.reached::numeric / NULLIF(pg_catalog.first_value(t.reached) OVER path_order, 0) END)::numeric(9,6) AS conversion_from_first
FROM step t
LEFT JOIN campaign c ON c.id = t.campaign_id
WINDOW path_order AS (PARTITION BY t.origin, t.campaign_id, t.segment, t.variant, t.ordinal < 0 ORDER BY t.ordinal);
COMMENT ON VIEW funnel_segmented IS 'The funnel of each group of leads as known at leadflow.clock(). A lead belongs to the group that it had at its first entry. A stage that no lead of a group reached has no row. Counts may be added up over groups, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN funnel_segmented.origin IS 'origin at the first entry';
COMMENT ON COLUMN funnel_segmented.campaign_id IS 'campaign at the first entry';
COMMENT ON COLUMN funnel_segmented.campaign IS 'name of the campaign';
COMMENT ON COLUMN funnel_segmented.segment IS 'segment at the first entry';
COMMENT ON COLUMN funnel_segmented.variant IS 'product line or region at the first entry';
COMMENT ON COLUMN funnel_segmented.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit';
COMMENT ON COLUMN funnel_segmented.stage IS 'stage of the spine, or exit';
COMMENT ON COLUMN funnel_segmented.phase IS 'whose work it is: marketing, handoff, sales, customer or exit';
COMMENT ON COLUMN funnel_segmented.is_exit IS 'whether the stage is off the path';
COMMENT ON COLUMN funnel_segmented.reached IS 'number of leads that ever entered the stage; a lead counts once';
COMMENT ON COLUMN funnel_segmented.reached_implied IS 'how many of them only passed through it by a move further on';
COMMENT ON COLUMN funnel_segmented.now_in_stage IS 'number of leads that are in the stage';
COMMENT ON COLUMN funnel_segmented.drop_from_previous IS 'number of leads that reached the stage before but not this one; null for the first stage and for exits';
COMMENT ON COLUMN funnel_segmented.conversion_from_previous IS 'share of the leads that reached the stage before, 0..1; null for the first stage and for exits';
COMMENT ON COLUMN funnel_segmented.conversion_from_first IS 'share of the leads that reached the first stage, 0..1; null for exits';
$leadflow_text$
WHEN 'leakage' THEN $leadflow_text$CREATE OR REPLACE VIEW leakage AS
SELECT x.subject,
       x.last_stage::text AS last_stage,
       leadflow.ordinal(x.last_stage)::bigint AS last_ordinal,
       x.exit_stage::text AS exit_stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       x.exits,
       x.leads,
       x.still_out,
       (x.exits / pg_catalog.sum(x.exits) OVER (PARTITION BY x.subject))::numeric(9,6) AS share
FROM (SELECT h.subject,
             h.last_stage,
             h.exit_stage,
             h.reason,
             pg_catalog.count(*) AS exits,
             pg_catalog.count(DISTINCT h.lead_id) AS leads,
             pg_catalog.count(l.event_id) AS still_out
      FROM (SELECT e.id,
                   e.subject,
                   e.lead_id,
                   leadflow.base(e.to_stage) AS exit_stage,
                   e.reason,
                   -- an exit that is entered from another exit was left for where that one was
                   CASE WHEN e.from_stage < 'visitor' AND e.opportunity_id IS NULL
                        THEN (SELECT leadflow.base(p.to_stage)
                              FROM stage_event p
                              WHERE p.lead_id = e.lead_id AND p.opportunity_id IS NULL AND (p.at, p.id) < (e.at, e.id)
                                  AND p.to_stage >= 'visitor'
                              ORDER BY p.at DESC, p.id DESC LIMIT 1)
                        WHEN e.from_stage < 'visitor'
                        THEN (SELECT leadflow.base(p.to_stage)
                              FROM stage_event p
                              WHERE p.opportunity_id = e.opportunity_id AND (p.at, p.id) < (e.at, e.id)
                                  AND p.to_stage >= 'visitor'
                              ORDER BY p.at DESC, p.id DESC LIMIT 1)
                        ELSE leadflow.base(e.from_stage) END AS last_stage
            FROM stage_event e
            LEFT JOIN opportunity o ON o.id = e.opportunity_id
            WHERE e.to_stage < 'visitor' AND NOT e.implied AND e.at <= (SELECT leadflow.clock())
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END)) h
      LEFT JOIN current_stage l ON l.event_id = h.id
      GROUP BY h.subject, h.last_stage, h.exit_stage, h.reason) x
LEFT JOIN reason r ON r.code = x.reason
ORDER BY x.subject, x.exits DESC, x.last_stage, x.exit_stage, x.reason;
COMMENT ON VIEW leakage IS 'Where exactly leads and opportunities get lost, and why, as known at leadflow.clock(): from which stage into which exit. Every exit counts, also one that the lead came back from. Leads in lead_outside are left out.';
COMMENT ON COLUMN leakage.subject IS 'lead or opportunity';
COMMENT ON COLUMN leakage.last_stage IS 'last stage of the spine before the exit; null where there was none';
COMMENT ON COLUMN leakage.last_ordinal IS 'its place on the spine, 1 to 16';
COMMENT ON COLUMN leakage.exit_stage IS 'exit that was taken: nurture, disqualified, lost or churned';
COMMENT ON COLUMN leakage.reason IS 'code of the reason given; null for none';
COMMENT ON COLUMN leakage.label_en IS 'the reason in English';
COMMENT ON COLUMN leakage.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN leakage.exits IS 'number of exits';
COMMENT ON COLUMN leakage.leads IS 'number of different leads among them; a lead counts once';
COMMENT ON COLUMN leakage.still_out IS 'number of these exits that were not followed by another move';
COMMENT ON COLUMN leakage.share IS 'share of all exits of leads, or of opportunities, 0..1';
$leadflow_text$
WHEN 'stage_win_rate' THEN $leadflow_text$CREATE OR REPLACE VIEW stage_win_rate AS
WITH closed AS (
    SELECT d.furthest_ordinal AS ordinal, pg_catalog.count(*) AS closed, pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
    GROUP BY d.furthest_ordinal
)
SELECT s.ordinal::bigint AS ordinal,
       s.stage::text AS stage,
       s.closed,
       s.won,
       (s.won::numeric / NULLIF(s.closed, 0))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high
FROM (SELECT p.ordinal, p.stage, COALESCE(pg_catalog.sum(c.closed), 0)::bigint AS closed, COALESCE(pg_catalog.sum(c.won), 0)::bigint AS won
      FROM leadflow.spine() p
      LEFT JOIN closed c ON c.ordinal >= p.ordinal
      WHERE p.ordinal >= 8 AND p.ordinal <= 12
      GROUP BY p.ordinal, p.stage) s
LEFT JOIN LATERAL leadflow.share_interval(s.won, s.closed) i ON true
ORDER BY s.ordinal;
COMMENT ON VIEW stage_win_rate IS 'How many of the deals that got to a stage were won in the end, as known at leadflow.clock(): opportunity to decision. Of all deals that are won or lost, also those that only passed through the stage. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN stage_win_rate.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN stage_win_rate.stage IS 'stage of the spine';
COMMENT ON COLUMN stage_win_rate.closed IS 'number of deals that reached the stage or a later one, and are won or lost';
COMMENT ON COLUMN stage_win_rate.won IS 'how many of them are won';
COMMENT ON COLUMN stage_win_rate.win_rate IS 'won / closed, 0..1; null where none is closed';
COMMENT ON COLUMN stage_win_rate.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval); null where none is closed';
COMMENT ON COLUMN stage_win_rate.win_rate_high IS 'upper end of it; null where none is closed';
$leadflow_text$
WHEN 'pipeline_deals' THEN $leadflow_text$CREATE OR REPLACE VIEW pipeline_deals AS
WITH deals AS MATERIALIZED (
    SELECT * FROM deal
), rate AS MATERIALIZED (
    -- as in stage_win_rate, but from the same rows
    SELECT p.ordinal, (pg_catalog.count(*) FILTER (WHERE c.outcome = 'won')::numeric / pg_catalog.count(*))::numeric(9,6) AS win_rate
    FROM leadflow.spine() p
    JOIN deals c ON c.furthest_ordinal >= p.ordinal AND c.outcome IN ('won', 'lost')
    WHERE p.ordinal >= 8 AND p.ordinal <= 12
    GROUP BY p.ordinal
)
SELECT d.opportunity_id,
       d.name,
       d.lead_id,
       d.account_id,
       d.buyer,
       d.campaign_id,
       d.origin,
       d.kind,
       d.segment,
       d.territory,
       d.variant,
       d.owner,
       d.team,
       d.opened_at,
       leadflow.seconds((SELECT leadflow.clock()) - d.opened_at) AS age_seconds,
       d.stage,
       d.spine_stage,
       d.ordinal,
       d.entered_at,
       leadflow.seconds((SELECT leadflow.clock()) - d.entered_at) AS stage_seconds,
       leadflow.seconds(COALESCE(n1.norm, n2.norm, n3.norm, n4.norm)) AS norm_seconds,
       d.expected_close,
       (CASE WHEN d.expected_close IS NOT NULL THEN GREATEST((SELECT leadflow.clock())::date - d.expected_close, 0) END)::bigint AS slipped_days,
       d.amount,
       d.currency,
       d.value,
       r.win_rate AS win_probability,
       (d.value * r.win_rate)::numeric(15,2) AS weighted_value,
       (CASE WHEN d.value IS NOT NULL THEN GREATEST(d.value, 0) END / NULLIF(pg_catalog.sum(GREATEST(d.value, 0)) OVER (), 0))::numeric(9,6) AS value_share,
       COALESCE((SELECT leadflow.clock()) - d.entered_at > COALESCE(n1.norm, n2.norm, n3.norm, n4.norm), false) AS stalled,
       COALESCE(d.expected_close < (SELECT leadflow.clock())::date, false) AS slipped,
       d.expected_close IS NULL AS without_date,
       d.value IS NULL AS without_value,
       d.owner IS NULL AS without_owner
FROM deals d
LEFT JOIN rate r ON r.ordinal = d.ordinal
LEFT JOIN stage_definition n1 ON n1.stage = d.stage::leadflow.stage AND n1.variant = d.variant
LEFT JOIN stage_definition n2 ON n2.stage = d.stage::leadflow.stage AND n2.variant = '*'
LEFT JOIN stage_definition n3 ON n3.stage = d.spine_stage::leadflow.stage AND n3.variant = d.variant
LEFT JOIN stage_definition n4 ON n4.stage = d.spine_stage::leadflow.stage AND n4.variant = '*'
WHERE d.outcome = 'open';
COMMENT ON VIEW pipeline_deals IS 'The pipeline: every deal that is open at leadflow.clock(), what it is worth, and what is wrong with it. leadflow.pipeline_asof gives the same of another instant. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_deals.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN pipeline_deals.name IS 'name of the deal';
COMMENT ON COLUMN pipeline_deals.lead_id IS 'its lead; null where there is none';
COMMENT ON COLUMN pipeline_deals.account_id IS 'its account, or that of its lead';
COMMENT ON COLUMN pipeline_deals.buyer IS 'who would buy: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN pipeline_deals.campaign_id IS 'its campaign, or that of its lead';
COMMENT ON COLUMN pipeline_deals.origin IS 'its origin, or that of its lead';
COMMENT ON COLUMN pipeline_deals.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN pipeline_deals.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN pipeline_deals.territory IS 'its territory, or that of its lead';
COMMENT ON COLUMN pipeline_deals.variant IS 'product line or region';
COMMENT ON COLUMN pipeline_deals.owner IS 'who owns it now';
COMMENT ON COLUMN pipeline_deals.team IS 'the owner''s team now';
COMMENT ON COLUMN pipeline_deals.opened_at IS 'when it was opened';
COMMENT ON COLUMN pipeline_deals.age_seconds IS 'time since then: elapsed, whole seconds';
COMMENT ON COLUMN pipeline_deals.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN pipeline_deals.spine_stage IS 'stage of the spine that it belongs to';
COMMENT ON COLUMN pipeline_deals.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN pipeline_deals.entered_at IS 'since when it is in the stage';
COMMENT ON COLUMN pipeline_deals.stage_seconds IS 'time in the stage: elapsed, whole seconds';
COMMENT ON COLUMN pipeline_deals.norm_seconds IS 'longest time that the stage should last, in seconds, by the definitions now in force; null for no norm';
COMMENT ON COLUMN pipeline_deals.expected_close IS 'day on which it is expected to close, as written now';
COMMENT ON COLUMN pipeline_deals.slipped_days IS 'days since that day has passed, in the session''s time zone; 0 for not yet, null where there is none';
COMMENT ON COLUMN pipeline_deals.amount IS 'amount, in currency; null where it is not known';
COMMENT ON COLUMN pipeline_deals.currency IS 'ISO 4217 code of the amount';
COMMENT ON COLUMN pipeline_deals.value IS 'the amount in the currency of the workspace, as in deal; null where amount or rate are not known';
COMMENT ON COLUMN pipeline_deals.win_probability IS 'share of the deals that got to this stage and were won in the end, 0..1 (stage_win_rate); null where none is closed';
COMMENT ON COLUMN pipeline_deals.weighted_value IS 'value x win_probability; null where one of them is';
COMMENT ON COLUMN pipeline_deals.value_share IS 'share of the value of the pipeline, 0..1; null where value is, or no deal is worth anything. A value below 0 counts as 0';
COMMENT ON COLUMN pipeline_deals.stalled IS 'risk: it is in its stage for longer than the norm';
COMMENT ON COLUMN pipeline_deals.slipped IS 'risk: the day on which it was expected to close has passed';
COMMENT ON COLUMN pipeline_deals.without_date IS 'risk: nobody says when it will close';
COMMENT ON COLUMN pipeline_deals.without_value IS 'risk: what it is worth is not known, so sums of money leave it out';
COMMENT ON COLUMN pipeline_deals.without_owner IS 'risk: nobody owns it';
$leadflow_text$
WHEN 'pipeline_stages' THEN $leadflow_text$CREATE OR REPLACE VIEW pipeline_stages AS
WITH open AS MATERIALIZED (
    SELECT p.ordinal,
           pg_catalog.count(*) AS deals,
           pg_catalog.sum(p.value) AS value,
           pg_catalog.sum(GREATEST(p.value, 0)) AS positive,
           pg_catalog.sum(p.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE p.without_value) AS amounts_unknown,
           pg_catalog.avg(p.stage_seconds) AS average,
           pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY p.stage_seconds) AS median,
           pg_catalog.count(*) FILTER (WHERE p.stalled) AS over_norm,
           pg_catalog.count(*) FILTER (WHERE p.slipped) AS slipped
    FROM pipeline_deals p
    GROUP BY p.ordinal
)
SELECT r.ordinal,
       r.stage,
       COALESCE(o.deals, 0) AS deals,
       COALESCE(o.value, 0)::numeric(24,2) AS value,
       COALESCE(o.amounts_unknown, 0) AS amounts_unknown,
       (COALESCE(o.deals, 0) / NULLIF(pg_catalog.sum(o.deals) OVER (), 0))::numeric(9,6) AS deals_share,
       (COALESCE(o.positive, 0) / NULLIF(pg_catalog.sum(o.positive) OVER (), 0))::numeric(9,6) AS value_share,
       o.average::bigint AS stage_seconds_average,
       o.median::bigint AS stage_seconds_median,
       leadflow.seconds(n.norm) AS norm_seconds,
       COALESCE(o.over_norm, 0) AS over_norm,
       COALESCE(o.slipped, 0) AS slipped,
       r.closed,
       r.won,
       r.win_rate,
       r.win_rate_low,
       r.win_rate_high,
       (CASE WHEN r.win_rate IS NOT NULL THEN COALESCE(o.weighted_value, 0) END)::numeric(24,2) AS weighted_value
FROM stage_win_rate r
LEFT JOIN open o ON o.ordinal = r.ordinal
LEFT JOIN stage_definition n ON n.stage = r.stage::leadflow.stage AND n.variant = '*'
ORDER BY r.ordinal;
COMMENT ON VIEW pipeline_stages IS 'How the pipeline is spread over its stages, opportunity to decision, at leadflow.clock(), and what deals in each stage have come to so far. Leaves count for their stage. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_stages.ordinal IS 'place on the spine, 8 to 12';
COMMENT ON COLUMN pipeline_stages.stage IS 'stage of the spine';
COMMENT ON COLUMN pipeline_stages.deals IS 'number of open deals';
COMMENT ON COLUMN pipeline_stages.value IS 'what they are worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN pipeline_stages.amounts_unknown IS 'number of them whose value is not known';
COMMENT ON COLUMN pipeline_stages.deals_share IS 'share of all open deals, 0..1; null where there are none';
COMMENT ON COLUMN pipeline_stages.value_share IS 'share of the value of the pipeline, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN pipeline_stages.stage_seconds_average IS 'average time that they are in their stage: elapsed, seconds; null for none';
COMMENT ON COLUMN pipeline_stages.stage_seconds_median IS 'median of it, interpolated; null for none';
COMMENT ON COLUMN pipeline_stages.norm_seconds IS 'the general norm of the stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN pipeline_stages.over_norm IS 'number of open deals that are in their stage for longer than its norm';
COMMENT ON COLUMN pipeline_stages.slipped IS 'number of open deals that should have closed by now';
COMMENT ON COLUMN pipeline_stages.closed IS 'number of deals that ever reached the stage or a later one, and are won or lost';
COMMENT ON COLUMN pipeline_stages.won IS 'how many of them are won';
COMMENT ON COLUMN pipeline_stages.win_rate IS 'won / closed, 0..1: the probability of winning that open deals in the stage are given; null where none is closed';
COMMENT ON COLUMN pipeline_stages.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval); null where none is closed';
COMMENT ON COLUMN pipeline_stages.win_rate_high IS 'upper end of it; null where none is closed';
COMMENT ON COLUMN pipeline_stages.weighted_value IS 'sum of value x win_rate over the open deals; null where the rate is';
$leadflow_text$
WHEN 'pipeline_health' THEN $leadflow_text$CREATE OR REPLACE VIEW pipeline_health AS
WITH today AS MATERIALIZED (
    SELECT (SELECT leadflow.clock())::date AS day
), wanted AS MATERIALIZED (
    -- the target of each that runs now; of several the shortest, then the latest
    SELECT DISTINCT ON (k.dimension, k.dimension_value) k.dimension, k.dimension_value, t.starts_on, t.ends_on, t.value
    FROM target t
    CROSS JOIN LATERAL (SELECT CASE WHEN t.segment IS NOT NULL THEN 'segment' WHEN t.team IS NOT NULL THEN 'team' WHEN t.owner IS NOT NULL THEN 'owner' ELSE 'total' END AS dimension,
                               COALESCE(t.segment, t.team, t.owner, '*') AS dimension_value) k
    WHERE t.metric = 'revenue' AND t.starts_on <= (SELECT y.day FROM today y) AND t.ends_on >= (SELECT y.day FROM today y)
        AND pg_catalog.num_nonnulls(t.segment, t.team, t.owner) <= 1
    ORDER BY k.dimension, k.dimension_value, t.ends_on - t.starts_on, t.starts_on DESC
), open AS (
    SELECT k.dimension, k.dimension_value, p.value, p.win_probability, p.weighted_value, p.age_seconds, p.norm_seconds, p.expected_close,
           p.stalled, p.slipped, p.without_date, p.without_value,
           pg_catalog.row_number() OVER (PARTITION BY k.dimension, k.dimension_value ORDER BY p.value DESC NULLS LAST, p.opportunity_id) AS place
    FROM pipeline_deals p
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', p.segment), ('team', p.team), ('owner', p.owner)) k (dimension, dimension_value)
), pipeline AS (
    SELECT o.dimension, o.dimension_value,
           pg_catalog.count(*) AS deals,
           COALESCE(pg_catalog.sum(o.value), 0) AS value,
           pg_catalog.count(*) FILTER (WHERE o.without_value) AS amounts_unknown,
           pg_catalog.sum(o.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE o.value IS NOT NULL AND o.win_probability IS NULL) AS unweighted,
           pg_catalog.avg(o.age_seconds) AS age,
           pg_catalog.count(*) FILTER (WHERE o.stalled) AS stalled,
           pg_catalog.sum(o.value) FILTER (WHERE o.stalled) AS stalled_value,
           pg_catalog.count(o.norm_seconds) AS with_norm,
           pg_catalog.count(*) FILTER (WHERE o.slipped) AS slipped,
           pg_catalog.sum(o.value) FILTER (WHERE o.slipped) AS slipped_value,
           pg_catalog.count(*) FILTER (WHERE o.without_date) AS without_date,
           pg_catalog.sum(GREATEST(o.value, 0)) AS positive,
           pg_catalog.max(GREATEST(o.value, 0)) AS largest,
           pg_catalog.sum(GREATEST(o.value, 0)) FILTER (WHERE o.place <= 5) AS largest_five,
           pg_catalog.sum(GREATEST(o.value, 0) * GREATEST(o.value, 0)) AS squares
    FROM open o
    GROUP BY o.dimension, o.dimension_value
), won AS (
    SELECT t.dimension, t.dimension_value, COALESCE(pg_catalog.sum(d.value), 0) AS value
    FROM wanted t
    LEFT JOIN deal d ON d.won_at IS NOT NULL AND d.won_at::date >= t.starts_on AND d.won_at::date <= t.ends_on
        AND t.dimension_value = CASE t.dimension WHEN 'total' THEN '*' WHEN 'segment' THEN d.segment WHEN 'team' THEN d.team ELSE d.owner END
    GROUP BY t.dimension, t.dimension_value
), due AS (
    SELECT t.dimension, t.dimension_value, pg_catalog.sum(o.value) AS value
    FROM wanted t
    JOIN open o ON o.dimension = t.dimension AND o.dimension_value = t.dimension_value AND o.expected_close <= t.ends_on
    GROUP BY t.dimension, t.dimension_value
), goal AS (
    SELECT t.dimension, t.dimension_value, t.starts_on, t.ends_on, t.value AS target, w.value AS won, GREATEST(t.value - w.value, 0) AS gap,
           COALESCE(e.value, 0) AS due
    FROM wanted t
    JOIN won w ON w.dimension = t.dimension AND w.dimension_value = t.dimension_value
    LEFT JOIN due e ON e.dimension = t.dimension AND e.dimension_value = t.dimension_value
)
SELECT k.dimension,
       k.dimension_value,
       COALESCE(p.deals, 0) AS deals,
       COALESCE(p.value, 0)::numeric(24,2) AS value,
       COALESCE(p.amounts_unknown, 0) AS amounts_unknown,
       p.weighted_value::numeric(24,2) AS weighted_value,
       COALESCE(p.unweighted, 0) AS unweighted,
       g.starts_on AS target_starts_on,
       g.ends_on AS target_ends_on,
       g.target AS target_value,
       g.won::numeric(24,2) AS won_value,
       g.gap::numeric(24,2) AS gap,
       pg_catalog.round(COALESCE(p.value, 0) / NULLIF(g.gap, 0), 4)::numeric(24,4) AS coverage,
       pg_catalog.round(p.weighted_value / NULLIF(g.gap, 0), 4)::numeric(24,4) AS weighted_coverage,
       g.due::numeric(24,2) AS due_value,
       pg_catalog.round(g.due / NULLIF(g.gap, 0), 4)::numeric(24,4) AS due_coverage,
       p.age::bigint AS age_seconds_average,
       COALESCE(p.stalled, 0) AS stalled,
       COALESCE(p.stalled_value, 0)::numeric(24,2) AS stalled_value,
       (p.stalled::numeric / NULLIF(p.with_norm, 0))::numeric(9,6) AS over_norm_share,
       COALESCE(p.slipped, 0) AS slipped,
       COALESCE(p.slipped_value, 0)::numeric(24,2) AS slipped_value,
       COALESCE(p.without_date, 0) AS without_date,
       (p.largest / NULLIF(p.positive, 0))::numeric(9,6) AS largest_share,
       (p.largest_five / NULLIF(p.positive, 0))::numeric(9,6) AS largest_five_share,
       (p.squares / NULLIF(p.positive * p.positive, 0))::numeric(9,6) AS herfindahl
FROM (SELECT p.dimension, p.dimension_value FROM pipeline p
      UNION
      SELECT t.dimension, t.dimension_value FROM wanted t
      UNION
      SELECT 'total'::text AS dimension, '*'::text AS dimension_value) k
LEFT JOIN pipeline p ON p.dimension = k.dimension AND p.dimension_value IS NOT DISTINCT FROM k.dimension_value
LEFT JOIN goal g ON g.dimension = k.dimension AND g.dimension_value = k.dimension_value
ORDER BY CASE k.dimension WHEN 'total' THEN 1 WHEN 'segment' THEN 2 WHEN 'team' THEN 3 ELSE 4 END, k.dimension_value;
COMMENT ON VIEW pipeline_health IS 'Whether the pipeline is enough, and how sound it is, at leadflow.clock(): of everybody, and of each segment, team and owner. Values of the rows of one dimension add up to the total. The target is that of revenue whose period runs now: of several the shortest, and of these the one that began last; one that names both a segment and a team or owner belongs to no row. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_health.dimension IS 'total, segment, team or owner';
COMMENT ON COLUMN pipeline_health.dimension_value IS 'which one; * for the total, null for the deals that have none';
COMMENT ON COLUMN pipeline_health.deals IS 'number of open deals';
COMMENT ON COLUMN pipeline_health.value IS 'what they are worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN pipeline_health.amounts_unknown IS 'number of them whose value is not known, in no sum of money';
COMMENT ON COLUMN pipeline_health.weighted_value IS 'sum of value x win probability of the stage (stage_win_rate); null where no deal has both';
COMMENT ON COLUMN pipeline_health.unweighted IS 'number of them with a value but no probability, because no deal that reached the stage is closed: in value, not in weighted_value';
COMMENT ON COLUMN pipeline_health.target_starts_on IS 'first day of the period of the target; this and what follows up to due_coverage is null where there is none';
COMMENT ON COLUMN pipeline_health.target_ends_on IS 'last day of it';
COMMENT ON COLUMN pipeline_health.target_value IS 'revenue to be reached in the period';
COMMENT ON COLUMN pipeline_health.won_value IS 'value of the deals won in it so far';
COMMENT ON COLUMN pipeline_health.gap IS 'what is left to be won; 0 where the target is reached';
COMMENT ON COLUMN pipeline_health.coverage IS 'value / gap: 3 says that one deal in three must be won; null where nothing is left';
COMMENT ON COLUMN pipeline_health.weighted_coverage IS 'weighted_value / gap: below 1 the target will be missed if deals end as they used to; null where nothing is left or nothing is weighted';
COMMENT ON COLUMN pipeline_health.due_value IS 'value of the open deals that are expected to close by the end of the period, those that should have closed already too';
COMMENT ON COLUMN pipeline_health.due_coverage IS 'due_value / gap; null where nothing is left';
COMMENT ON COLUMN pipeline_health.age_seconds_average IS 'average time since they were opened: elapsed, seconds; null for no deals';
COMMENT ON COLUMN pipeline_health.stalled IS 'number of open deals that are in their stage for longer than its norm';
COMMENT ON COLUMN pipeline_health.stalled_value IS 'what they are worth';
COMMENT ON COLUMN pipeline_health.over_norm_share IS 'stalled / open deals in a stage that has a norm, 0..1; null for none';
COMMENT ON COLUMN pipeline_health.slipped IS 'number of open deals whose expected_close is before the day of the clock';
COMMENT ON COLUMN pipeline_health.slipped_value IS 'what they are worth';
COMMENT ON COLUMN pipeline_health.without_date IS 'number of open deals without expected_close';
COMMENT ON COLUMN pipeline_health.largest_share IS 'share of the largest deal in the value, 0..1; null where there is none. A value below 0 counts as 0 in the shares';
COMMENT ON COLUMN pipeline_health.largest_five_share IS 'share of the five largest';
COMMENT ON COLUMN pipeline_health.herfindahl IS 'sum of the squares of the shares of all deals, 0..1: 1 / it deals of equal size would be as concentrated (O. C. Herfindahl, Concentration in the Steel Industry, 1950)';
$leadflow_text$
WHEN 'pipeline_movement' THEN $leadflow_text$CREATE OR REPLACE VIEW pipeline_movement AS
WITH deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.opened_at, d.won_at, d.closed_at, d.expected_close, COALESCE(d.value, 0) AS value, d.value IS NULL AS unknown
    FROM deal d
    WHERE d.outcome <> 'void'
), move AS (
    SELECT pg_catalog.date_trunc('month', e.at)::date AS month, d.value, d.unknown,
           e.from_stage IS NULL AS opened,
           e.from_stage < 'visitor' AND e.to_stage >= 'visitor' AS reopened,
           e.to_stage >= 'won' AS won,
           e.to_stage < 'visitor' AND (e.from_stage < 'visitor') IS NOT TRUE AS lost,
           NOT e.implied AND e.from_stage >= 'visitor' AND e.to_stage < 'won' AND leadflow.ordinal(e.to_stage) > leadflow.ordinal(e.from_stage) AS advanced,
           e.from_stage >= 'visitor' AND e.to_stage >= 'visitor' AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage) AS moved_back
    FROM stage_event e
    JOIN deals d ON d.opportunity_id = e.opportunity_id
    WHERE e.at <= (SELECT leadflow.clock())
        -- until it was won: what comes after is no longer the pipeline
        AND (d.won_at IS NULL OR e.at <= d.won_at AND (e.from_stage >= 'won') IS NOT TRUE)
), moved AS (
    SELECT m.month,
           pg_catalog.count(*) FILTER (WHERE m.opened) AS opened,
           pg_catalog.sum(m.value) FILTER (WHERE m.opened) AS opened_value,
           pg_catalog.count(*) FILTER (WHERE m.reopened) AS reopened,
           pg_catalog.sum(m.value) FILTER (WHERE m.reopened) AS reopened_value,
           pg_catalog.count(*) FILTER (WHERE m.won) AS won,
           pg_catalog.sum(m.value) FILTER (WHERE m.won) AS won_value,
           pg_catalog.count(*) FILTER (WHERE m.lost) AS lost,
           pg_catalog.sum(m.value) FILTER (WHERE m.lost) AS lost_value,
           pg_catalog.count(*) FILTER (WHERE m.advanced) AS advanced,
           pg_catalog.sum(m.value) FILTER (WHERE m.advanced) AS advanced_value,
           pg_catalog.count(*) FILTER (WHERE m.moved_back) AS moved_back,
           pg_catalog.sum(m.value) FILTER (WHERE m.moved_back) AS moved_back_value,
           pg_catalog.count(*) FILTER (WHERE m.opened AND m.unknown) AS amounts_unknown
    FROM move m
    GROUP BY m.month
), slip AS (
    SELECT pg_catalog.date_trunc('month', d.expected_close::timestamp)::date AS month, pg_catalog.count(*) AS slipped, pg_catalog.sum(d.value) AS slipped_value
    FROM deals d
    WHERE d.expected_close < (SELECT leadflow.clock())::date AND d.opened_at::date <= d.expected_close
        AND (d.closed_at::date <= d.expected_close) IS NOT TRUE
    GROUP BY pg_catalog.date_trunc('month', d.expected_close::timestamp)::date
), calendar AS (
    SELECT g.month::date AS month
    FROM pg_catalog.generate_series((SELECT pg_catalog.min(m.month) FROM moved m)::timestamp,
                                    pg_catalog.date_trunc('month', (SELECT leadflow.clock())::timestamp), interval '1 month') g (month)
), bridge AS (
    SELECT c.month,
           COALESCE(m.opened, 0) AS opened, COALESCE(m.opened_value, 0) AS opened_value,
           COALESCE(m.reopened, 0) AS reopened, COALESCE(m.reopened_value, 0) AS reopened_value,
           COALESCE(m.won, 0) AS won, COALESCE(m.won_value, 0) AS won_value,
           COALESCE(m.lost, 0) AS lost, COALESCE(m.lost_value, 0) AS lost_value,
           COALESCE(m.advanced, 0) AS advanced, COALESCE(m.advanced_value, 0) AS advanced_value,
           COALESCE(m.moved_back, 0) AS moved_back, COALESCE(m.moved_back_value, 0) AS moved_back_value,
           COALESCE(s.slipped, 0) AS slipped, COALESCE(s.slipped_value, 0) AS slipped_value,
           COALESCE(m.amounts_unknown, 0) AS amounts_unknown,
           pg_catalog.sum(COALESCE(m.opened + m.reopened - m.won - m.lost, 0)) OVER walked AS closing,
           pg_catalog.sum(COALESCE(m.opened_value, 0) + COALESCE(m.reopened_value, 0) - COALESCE(m.won_value, 0) - COALESCE(m.lost_value, 0)) OVER walked AS closing_value
    FROM calendar c
    LEFT JOIN moved m ON m.month = c.month
    LEFT JOIN slip s ON s.month = c.month
    WINDOW walked AS (ORDER BY c.month)
)
SELECT b.month,
       (b.closing - b.opened - b.reopened + b.won + b.lost)::bigint AS opening,
       b.opened,
       b.reopened,
       b.won,
       b.lost,
       b.closing::bigint AS closing,
       b.advanced,
       b.moved_back,
       b.slipped,
       (b.closing_value - b.opened_value - b.reopened_value + b.won_value + b.lost_value)::numeric(24,2) AS opening_value,
       b.opened_value::numeric(24,2) AS opened_value,
       b.reopened_value::numeric(24,2) AS reopened_value,
       b.won_value::numeric(24,2) AS won_value,
       b.lost_value::numeric(24,2) AS lost_value,
       b.closing_value::numeric(24,2) AS closing_value,
       b.advanced_value::numeric(24,2) AS advanced_value,
       b.moved_back_value::numeric(24,2) AS moved_back_value,
       b.slipped_value::numeric(24,2) AS slipped_value,
       b.amounts_unknown
FROM bridge b
ORDER BY b.month;
COMMENT ON VIEW pipeline_movement IS 'How the pipeline of one month became that of the next, as known at leadflow.clock(): opening + opened + reopened - won - lost = closing, in number and in value. Values are those that the deals have at the clock, in every month, so that no row is explained by a changed amount; leadflow.pipeline_asof gives what was known then. Deals void now and those of leads in lead_outside are left out.';
COMMENT ON COLUMN pipeline_movement.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN pipeline_movement.opening IS 'number of deals open when it began';
COMMENT ON COLUMN pipeline_movement.opened IS 'number of deals that were opened, also those that were won or lost at once';
COMMENT ON COLUMN pipeline_movement.reopened IS 'number of returns of lost deals';
COMMENT ON COLUMN pipeline_movement.won IS 'number of deals that were won, for the first time';
COMMENT ON COLUMN pipeline_movement.lost IS 'number of losses, also of deals that came back later';
COMMENT ON COLUMN pipeline_movement.closing IS 'number of deals open when it ended, or at the clock';
COMMENT ON COLUMN pipeline_movement.advanced IS 'number of moves to a later stage before won, without those passed through; no part of the sum';
COMMENT ON COLUMN pipeline_movement.moved_back IS 'number of moves to an earlier stage; no part of the sum';
COMMENT ON COLUMN pipeline_movement.slipped IS 'number of deals that were to close on a day of the month (expected_close as written now) and were not closed by the end of it; no part of the sum';
COMMENT ON COLUMN pipeline_movement.opening_value IS 'value of opening, in the currency of the workspace, as are the others, without deals of unknown value';
COMMENT ON COLUMN pipeline_movement.opened_value IS 'value of opened';
COMMENT ON COLUMN pipeline_movement.reopened_value IS 'value of reopened';
COMMENT ON COLUMN pipeline_movement.won_value IS 'value of won';
COMMENT ON COLUMN pipeline_movement.lost_value IS 'value of lost';
COMMENT ON COLUMN pipeline_movement.closing_value IS 'value of closing';
COMMENT ON COLUMN pipeline_movement.advanced_value IS 'value of the deals moved, once for each move';
COMMENT ON COLUMN pipeline_movement.moved_back_value IS 'likewise';
COMMENT ON COLUMN pipeline_movement.slipped_value IS 'value of slipped';
COMMENT ON COLUMN pipeline_movement.amounts_unknown IS 'number of the deals opened whose value is not known';
$leadflow_text$
WHEN 'velocity' THEN $leadflow_text$CREATE OR REPLACE VIEW velocity AS
WITH counted AS (
    SELECT k.dimension, k.dimension_value,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'open') AS open_deals,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won' AND d.value IS NULL) AS amounts_unknown,
           pg_catalog.avg(d.value) FILTER (WHERE d.outcome = 'won') AS average_value,
           pg_catalog.avg(d.cycle) AS cycle,
           pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY d.cycle::double precision) AS median_cycle
    FROM (SELECT d.outcome, d.value, d.segment, d.kind, d.team, d.owner,
                 CASE WHEN d.outcome = 'won' THEN (pg_catalog.date_part('epoch', d.won_at - d.opened_at) / 86400)::numeric END AS cycle
          FROM deal d
          WHERE d.outcome = 'open'
              OR d.outcome IN ('won', 'lost') AND d.closed_at > (SELECT leadflow.clock()) - interval '365 days') d
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', d.segment), ('kind', d.kind), ('team', d.team), ('owner', d.owner)) k (dimension, dimension_value)
    GROUP BY k.dimension, k.dimension_value
)
SELECT c.dimension,
       c.dimension_value,
       c.open_deals,
       c.won,
       c.lost,
       (c.won::numeric / NULLIF(c.won + c.lost, 0))::numeric(9,6) AS win_rate,
       c.average_value::numeric(15,2) AS won_value_average,
       c.amounts_unknown,
       c.cycle::numeric(15,4) AS cycle_days_average,
       c.median_cycle::numeric(15,4) AS cycle_days_median,
       (c.open_deals * c.won * c.average_value / NULLIF((c.won + c.lost) * c.cycle, 0))::numeric(38,2) AS velocity
FROM counted c
ORDER BY CASE c.dimension WHEN 'total' THEN 1 WHEN 'segment' THEN 2 WHEN 'kind' THEN 3 WHEN 'team' THEN 4 ELSE 5 END, c.dimension_value;
COMMENT ON VIEW velocity IS 'How much money the pipeline makes a day, at leadflow.clock(): open deals x win rate x average value of a deal won / days from opening to winning: sales velocity, as Salesforce and HubSpot define it. Rate, value and days are of the deals that were won or lost in the 365 days before the clock. Velocities of groups do not add up to the total. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN velocity.dimension IS 'total, segment, kind, team or owner';
COMMENT ON COLUMN velocity.dimension_value IS 'which one; * for the total, null for the deals that have none';
COMMENT ON COLUMN velocity.open_deals IS 'number of open deals';
COMMENT ON COLUMN velocity.won IS 'number of deals won in the last 365 days';
COMMENT ON COLUMN velocity.lost IS 'number of deals lost in the last 365 days';
COMMENT ON COLUMN velocity.win_rate IS 'won / (won + lost), 0..1; null where none was closed';
COMMENT ON COLUMN velocity.won_value_average IS 'average value of those won, in the currency of the workspace, without those of unknown value; null for none';
COMMENT ON COLUMN velocity.amounts_unknown IS 'number of those won whose value is not known';
COMMENT ON COLUMN velocity.cycle_days_average IS 'average time from opening to winning: elapsed days; null where none was won';
COMMENT ON COLUMN velocity.cycle_days_median IS 'median of it, interpolated';
COMMENT ON COLUMN velocity.velocity IS 'open_deals x win_rate x won_value_average / cycle_days_average: money a day, in the currency of the workspace; null where a part is null, or deals were won as they were opened';
$leadflow_text$
WHEN 'win_rate' THEN $leadflow_text$CREATE OR REPLACE VIEW win_rate AS
WITH counted AS (
    SELECT d.month, k.dimension, k.dimension_value,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'won') AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'won'), 0) AS won_value,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'lost'), 0) AS lost_value,
           pg_catalog.avg(d.value) FILTER (WHERE d.outcome = 'won') AS average_value,
           COALESCE(pg_catalog.sum(GREATEST(d.value, 0)) FILTER (WHERE d.outcome = 'won'), 0) AS positive_won,
           COALESCE(pg_catalog.sum(GREATEST(d.value, 0)), 0) AS positive,
           pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS amounts_unknown
    FROM (SELECT d.*, pg_catalog.date_trunc('month', d.closed_at)::date AS month
          FROM deal d
          WHERE d.outcome IN ('won', 'lost')) d
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('owner', d.owner), ('team', d.team), ('segment', d.segment), ('origin', d.origin), ('kind', d.kind),
                               ('campaign', d.campaign_id::text)) k (dimension, dimension_value)
    GROUP BY d.month, k.dimension, k.dimension_value
)
SELECT c.month,
       c.dimension,
       c.dimension_value,
       CASE c.dimension WHEN 'campaign' THEN g.name WHEN 'owner' THEN COALESCE(m.full_name, c.dimension_value) ELSE c.dimension_value END AS label,
       c.won,
       c.lost,
       (c.won::numeric / (c.won + c.lost))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       (c.positive_won / NULLIF(c.positive, 0))::numeric(9,6) AS value_win_rate,
       c.won_value::numeric(24,2) AS won_value,
       c.lost_value::numeric(24,2) AS lost_value,
       c.average_value::numeric(15,2) AS won_value_average,
       (c.positive_won / NULLIF(pg_catalog.sum(c.positive_won) OVER (PARTITION BY c.month, c.dimension), 0))::numeric(9,6) AS won_value_share,
       c.amounts_unknown
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.won + c.lost) i ON true
LEFT JOIN campaign g ON c.dimension = 'campaign' AND g.id::text = c.dimension_value
LEFT JOIN team_member m ON c.dimension = 'owner' AND m.member = c.dimension_value;
COMMENT ON VIEW win_rate IS 'What part of the deals that were decided in a month were won, in number and in value, as known at leadflow.clock(): of all, and of each owner, team, segment, origin, kind and campaign, as the deal has them now. Counts and values may be added up over months, rates may not. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN win_rate.month IS 'first day of the month in which the deals were won or lost, in the session''s time zone';
COMMENT ON COLUMN win_rate.dimension IS 'total, owner, team, segment, origin, kind or campaign';
COMMENT ON COLUMN win_rate.dimension_value IS 'which one; the number of a campaign as text; * for the total, null for the deals that have none';
COMMENT ON COLUMN win_rate.label IS 'the same as people read it: the full name of an owner, the name of a campaign';
COMMENT ON COLUMN win_rate.won IS 'number of deals won';
COMMENT ON COLUMN win_rate.lost IS 'number of deals lost, and not open again';
COMMENT ON COLUMN win_rate.win_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN win_rate.win_rate_low IS 'lower end of its 95 % interval (leadflow.share_interval)';
COMMENT ON COLUMN win_rate.win_rate_high IS 'upper end of it';
COMMENT ON COLUMN win_rate.value_win_rate IS 'value won / value won or lost, 0..1; null where there is none. A value below 0 counts as 0 in the shares';
COMMENT ON COLUMN win_rate.won_value IS 'what was won, in the currency of the workspace, without deals of unknown value';
COMMENT ON COLUMN win_rate.lost_value IS 'what was lost, likewise';
COMMENT ON COLUMN win_rate.won_value_average IS 'average value of the deals won; null for none of known value';
COMMENT ON COLUMN win_rate.won_value_share IS 'share of all value won in the month, 0..1; null where nothing was won';
COMMENT ON COLUMN win_rate.amounts_unknown IS 'number of the deals, won or lost, whose value is not known';
$leadflow_text$
WHEN 'loss_reasons' THEN $leadflow_text$CREATE OR REPLACE VIEW loss_reasons AS
WITH lost AS (
    SELECT d.spine_stage AS exit_stage, d.reason, d.value, d.closed_at - d.opened_at AS age,
           -- the last stage of the spine in the order of history
           (SELECT leadflow.ordinal(e.to_stage)
            FROM stage_event e
            WHERE e.opportunity_id = d.opportunity_id AND e.at <= d.entered_at AND e.to_stage >= 'visitor'
            ORDER BY e.at DESC, e.id DESC LIMIT 1) AS ordinal
    FROM deal d
    WHERE d.outcome = 'lost'
)
SELECT x.ordinal::bigint AS last_ordinal,
       s.stage::text AS last_stage,
       x.exit_stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       x.deals,
       (x.deals / pg_catalog.sum(x.deals) OVER ())::numeric(9,6) AS deals_share,
       x.value::numeric(24,2) AS value,
       (x.positive / NULLIF(pg_catalog.sum(x.positive) OVER (), 0))::numeric(9,6) AS value_share,
       x.amounts_unknown,
       leadflow.seconds(x.age) AS age_seconds_average
FROM (SELECT l.ordinal, l.exit_stage, l.reason,
             pg_catalog.count(*) AS deals,
             COALESCE(pg_catalog.sum(l.value), 0) AS value,
             COALESCE(pg_catalog.sum(GREATEST(l.value, 0)), 0) AS positive,
             pg_catalog.count(*) FILTER (WHERE l.value IS NULL) AS amounts_unknown,
             pg_catalog.avg(l.age) AS age
      FROM lost l
      GROUP BY l.ordinal, l.exit_stage, l.reason) x
LEFT JOIN leadflow.spine() s ON s.ordinal = x.ordinal
LEFT JOIN reason r ON r.code = x.reason
ORDER BY x.deals DESC, x.ordinal, x.exit_stage, x.reason;
COMMENT ON VIEW loss_reasons IS 'What deals were lost for, and from where, as known at leadflow.clock(): a deal that is lost counts once, one that is open again not at all (leakage counts every exit). Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN loss_reasons.last_ordinal IS 'place on the spine of the last stage before the loss, 8 to 12; null where the deal was entered as lost';
COMMENT ON COLUMN loss_reasons.last_stage IS 'last stage of the spine before the loss; null likewise';
COMMENT ON COLUMN loss_reasons.exit_stage IS 'where the deals went: lost, nurture or churned';
COMMENT ON COLUMN loss_reasons.reason IS 'code of the reason of the last entry; null for none';
COMMENT ON COLUMN loss_reasons.label_en IS 'the reason in English';
COMMENT ON COLUMN loss_reasons.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN loss_reasons.deals IS 'number of deals';
COMMENT ON COLUMN loss_reasons.deals_share IS 'share of all deals lost, 0..1';
COMMENT ON COLUMN loss_reasons.value IS 'what they were worth, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN loss_reasons.value_share IS 'share of the value of all deals lost, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN loss_reasons.amounts_unknown IS 'number of them whose value is not known';
COMMENT ON COLUMN loss_reasons.age_seconds_average IS 'average time from opening to the loss: elapsed, seconds';
$leadflow_text$
WHEN 'revenue_structure' THEN $leadflow_text$CREATE OR REPLACE VIEW revenue_structure AS
SELECT c.month,
       c.dimension,
       c.dimension_value,
       c.deals,
       c.customers,
       (c.deals / pg_catalog.sum(c.deals) OVER whole)::numeric(9,6) AS deals_share,
       c.value::numeric(24,2) AS value,
       (c.positive / NULLIF(pg_catalog.sum(c.positive) OVER whole, 0))::numeric(9,6) AS value_share,
       c.average_value::numeric(15,2) AS value_average,
       c.amounts_unknown,
       c.recurring_value::numeric(24,2) AS recurring_value
FROM (SELECT d.month, k.dimension, k.dimension_value,
             pg_catalog.count(*) AS deals,
             pg_catalog.count(DISTINCT d.buyer) AS customers,
             COALESCE(pg_catalog.sum(d.value), 0) AS value,
             COALESCE(pg_catalog.sum(GREATEST(d.value, 0)), 0) AS positive,
             pg_catalog.avg(d.value) AS average_value,
             COALESCE(pg_catalog.sum(d.recurring_value), 0) AS recurring_value,
             pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS amounts_unknown
      FROM (SELECT d.*, pg_catalog.date_trunc('month', d.won_at)::date AS month
            FROM deal d
            WHERE d.outcome = 'won') d
      CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', d.kind), ('origin', d.origin), ('segment', d.segment), ('variant', d.variant),
                                 ('customer', CASE WHEN d.new_customer THEN 'new' ELSE 'returning' END)) k (dimension, dimension_value)
      GROUP BY d.month, k.dimension, k.dimension_value) c
WINDOW whole AS (PARTITION BY c.month, c.dimension);
COMMENT ON VIEW revenue_structure IS 'What the revenue of each month is made of, as known at leadflow.clock(): deals won by kind, origin, segment and variant (product line or region), and by new and returning customers. Counts and values may be added up over months, but not customers and shares. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN revenue_structure.month IS 'first day of the month in which the deals were won, in the session''s time zone';
COMMENT ON COLUMN revenue_structure.dimension IS 'total, kind, origin, segment, variant or customer';
COMMENT ON COLUMN revenue_structure.dimension_value IS 'which one: new, cross_sell, upsell or renewal for kind; new (the first deal of the buyer) or returning for customer; * for the total, null for the deals that have none';
COMMENT ON COLUMN revenue_structure.deals IS 'number of deals won';
COMMENT ON COLUMN revenue_structure.customers IS 'number of buyers among them; each counts once';
COMMENT ON COLUMN revenue_structure.deals_share IS 'share of all deals won in the month, 0..1';
COMMENT ON COLUMN revenue_structure.value IS 'revenue, in the currency of the workspace, without deals of unknown value';
COMMENT ON COLUMN revenue_structure.value_share IS 'share of all revenue of the month, 0..1; null where there is none. A value below 0 counts as 0';
COMMENT ON COLUMN revenue_structure.value_average IS 'average value of the deals; null for none of known value';
COMMENT ON COLUMN revenue_structure.amounts_unknown IS 'number of the deals whose value is not known';
COMMENT ON COLUMN revenue_structure.recurring_value IS 'what comes again every year of it, in the currency of the workspace, without deals of which that is not known; the rest is earned once';
$leadflow_text$
WHEN 'customer_value' THEN $leadflow_text$CREATE OR REPLACE VIEW customer_value AS
WITH bought AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.buyer, d.won_at, d.value,
           pg_catalog.date_trunc('month', pg_catalog.min(d.won_at) OVER w)::date AS month,
           pg_catalog.max(d.won_at) OVER w AS last_won_at
    FROM deal d
    WHERE d.outcome = 'won'
    WINDOW w AS (PARTITION BY d.buyer)
), churned AS MATERIALIZED (
    SELECT e.lead_id, e.opportunity_id, e.at
    FROM stage_event e
    WHERE e.to_stage <@ 'churned' AND e.at <= (SELECT leadflow.clock())
), customer AS (
    -- who bought again had not left
    SELECT b.buyer, b.month, pg_catalog.min(c.at) FILTER (WHERE c.at >= b.last_won_at) AS left_at
    FROM bought b
    LEFT JOIN (SELECT o.buyer, x.at
               FROM churned x
               JOIN bought o ON o.opportunity_id = x.opportunity_id
               UNION ALL
               SELECT o.buyer, x.at
               FROM churned x
               JOIN bought o ON o.lead_id = x.lead_id
               WHERE x.opportunity_id IS NULL) c ON c.buyer = b.buyer
    GROUP BY b.buyer, b.month
), size AS (
    SELECT c.month, pg_catalog.count(*) AS customers
    FROM customer c
    GROUP BY c.month
), happened AS (
    -- by the number of calendar months after the first deal
    SELECT h.month, h.age, pg_catalog.count(h.left_at) AS gone, pg_catalog.count(h.won_at) AS deals, pg_catalog.sum(h.value) AS value,
           pg_catalog.count(h.won_at) - pg_catalog.count(h.value) AS amounts_unknown
    FROM (SELECT x.month, x.left_at, x.won_at, x.value,
                 ((pg_catalog.date_part('year', COALESCE(x.left_at, x.won_at)) - pg_catalog.date_part('year', x.month)) * 12
                     + pg_catalog.date_part('month', COALESCE(x.left_at, x.won_at)) - pg_catalog.date_part('month', x.month))::integer AS age
          FROM (SELECT c.month, c.left_at, NULL::timestamptz AS won_at, NULL::numeric AS value
                FROM customer c
                WHERE c.left_at IS NOT NULL
                UNION ALL
                SELECT b.month, NULL::timestamptz AS left_at, b.won_at, b.value::numeric
                FROM bought b) x) h
    GROUP BY h.month, h.age
), grid AS (
    SELECT z.month, z.customers, g.age, (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age + 1) AS complete
    FROM size z
    CROSS JOIN LATERAL pg_catalog.generate_series(0, 60) g (age)
    WHERE (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age)
), walk AS (
    SELECT g.month, g.age, g.complete, g.customers,
           COALESCE(h.value, 0) AS value,
           g.customers - COALESCE(pg_catalog.sum(h.gone) OVER walked, 0) AS retained,
           COALESCE(pg_catalog.sum(h.deals) OVER walked, 0) AS deals,
           COALESCE(pg_catalog.sum(h.value) OVER walked, 0) AS value_so_far,
           COALESCE(pg_catalog.sum(h.amounts_unknown) OVER walked, 0) AS amounts_unknown
    FROM grid g
    LEFT JOIN happened h ON h.month = g.month AND h.age = g.age
    WINDOW walked AS (PARTITION BY g.month ORDER BY g.age)
)
SELECT w.month,
       w.age::bigint AS age_months,
       w.complete,
       w.customers,
       w.retained::bigint AS retained,
       (w.retained / w.customers)::numeric(9,6) AS retained_share,
       w.deals::bigint AS deals,
       w.value::numeric(24,2) AS revenue,
       w.value_so_far::numeric(24,2) AS revenue_so_far,
       (w.value_so_far / w.customers)::numeric(24,2) AS revenue_per_customer,
       pg_catalog.round((w.value_so_far - pg_catalog.lag(w.value_so_far, 12) OVER walked)
           / NULLIF(pg_catalog.max(w.value_so_far) FILTER (WHERE w.age = 11) OVER (PARTITION BY w.month), 0), 6)::numeric(24,6) AS net_revenue_retention,
       w.amounts_unknown::bigint AS amounts_unknown
FROM walk w
WINDOW walked AS (PARTITION BY w.month ORDER BY w.age)
ORDER BY w.month, w.age;
COMMENT ON VIEW customer_value IS 'What the customers of each month came to be worth, as known at leadflow.clock(): those whose first deal was won in it, by the end of each calendar month after, up to 60. A customer is a buyer of deal: an account, else a lead. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN customer_value.month IS 'first day of the month of the first deal won, in the session''s time zone';
COMMENT ON COLUMN customer_value.age_months IS 'calendar months since: 0 is the month itself';
COMMENT ON COLUMN customer_value.complete IS 'whether that calendar month is over';
COMMENT ON COLUMN customer_value.customers IS 'number of customers';
COMMENT ON COLUMN customer_value.retained IS 'how many of them had not left by the end of it, or by the clock: one has left when a deal it bought, or the lead of one, enters churned, and it has bought nothing since';
COMMENT ON COLUMN customer_value.retained_share IS 'retained / customers, 0..1';
COMMENT ON COLUMN customer_value.deals IS 'number of deals won from them so far, the first ones too';
COMMENT ON COLUMN customer_value.revenue IS 'value of the deals won from them in that calendar month, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN customer_value.revenue_so_far IS 'value of the deals won from them by then';
COMMENT ON COLUMN customer_value.revenue_per_customer IS 'revenue_so_far / customers';
COMMENT ON COLUMN customer_value.net_revenue_retention IS 'revenue of the 12 months that end with this one / that of the first 12 (ages 0 to 11): 1 where customers are worth as much as at first, above 1 where those that stay buy more than those that leave; null before age 12, and where the first 12 brought nothing';
COMMENT ON COLUMN customer_value.amounts_unknown IS 'number of deals won so far whose value is not known';
$leadflow_text$
WHEN 'cohort' THEN $leadflow_text$CREATE OR REPLACE VIEW cohort AS
WITH lead_month AS (
    SELECT m.entered_at, pg_catalog.date_trunc('month', m.entered_at)::date AS month, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at
    FROM lead_milestone m
), size AS (
    SELECT l.month, pg_catalog.count(*) AS leads
    FROM lead_month l
    GROUP BY l.month
), reached AS (
    -- by the number of calendar months after the first entry
    SELECT r.month, r.age,
           pg_catalog.count(*) FILTER (WHERE r.step = 1) AS mql,
           pg_catalog.count(*) FILTER (WHERE r.step = 2) AS sal,
           pg_catalog.count(*) FILTER (WHERE r.step = 3) AS sql,
           pg_catalog.count(*) FILTER (WHERE r.step = 4) AS opportunity,
           pg_catalog.count(*) FILTER (WHERE r.step = 5) AS won
    FROM (SELECT l.month, s.step,
                 ((pg_catalog.date_part('year', s.at) - pg_catalog.date_part('year', l.month)) * 12
                     + pg_catalog.date_part('month', s.at) - pg_catalog.date_part('month', l.month))::integer AS age
          FROM lead_month l
          CROSS JOIN LATERAL (VALUES (1, l.mql_at), (2, l.sal_at), (3, l.sql_at), (4, l.opportunity_at), (5, l.won_at)) s (step, at)
          WHERE s.at IS NOT NULL) r
    GROUP BY r.month, r.age
), grid AS (
    SELECT z.month, z.leads, g.age, (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age + 1) AS complete
    FROM size z
    CROSS JOIN LATERAL pg_catalog.generate_series(0, 60) g (age)
    WHERE (SELECT leadflow.clock()) >= z.month + pg_catalog.make_interval(months => g.age)
)
SELECT c.month,
       c.age::bigint AS age_months,
       c.complete,
       c.leads,
       c.mql,
       c.sal,
       c.sql,
       c.opportunity,
       c.won,
       (c.mql::numeric / c.leads)::numeric(9,6) AS mql_share,
       (c.sal::numeric / c.leads)::numeric(9,6) AS sal_share,
       (c.sql::numeric / c.leads)::numeric(9,6) AS sql_share,
       (c.opportunity::numeric / c.leads)::numeric(9,6) AS opportunity_share,
       (c.won::numeric / c.leads)::numeric(9,6) AS won_share
FROM (SELECT g.month, g.age, g.complete, g.leads,
             COALESCE(pg_catalog.sum(r.mql) OVER walked, 0)::bigint AS mql,
             COALESCE(pg_catalog.sum(r.sal) OVER walked, 0)::bigint AS sal,
             COALESCE(pg_catalog.sum(r.sql) OVER walked, 0)::bigint AS sql,
             COALESCE(pg_catalog.sum(r.opportunity) OVER walked, 0)::bigint AS opportunity,
             COALESCE(pg_catalog.sum(r.won) OVER walked, 0)::bigint AS won
      FROM grid g
      LEFT JOIN reached r ON r.month = g.month AND r.age = g.age
      WINDOW walked AS (PARTITION BY g.month ORDER BY g.age)) c
ORDER BY c.month, c.age;
COMMENT ON VIEW cohort IS 'What became of the leads of each month as they grew older, as known at leadflow.clock(): how many had reached each stage, or a later one, by the end of each calendar month after, up to 60. Only rows that are complete can be compared from month to month. Leads in lead_outside are left out.';
COMMENT ON COLUMN cohort.month IS 'first day of the month of the leads'' first entry, in the session''s time zone';
COMMENT ON COLUMN cohort.age_months IS 'calendar months since: 0 is the month itself';
COMMENT ON COLUMN cohort.complete IS 'whether that calendar month is over, so that all leads had it whole';
COMMENT ON COLUMN cohort.leads IS 'number of leads of the month';
COMMENT ON COLUMN cohort.mql IS 'how many of them had reached mql by the end of it, or by the clock';
COMMENT ON COLUMN cohort.sal IS 'how many had reached sal';
COMMENT ON COLUMN cohort.sql IS 'how many had reached sql';
COMMENT ON COLUMN cohort.opportunity IS 'how many had reached opportunity';
COMMENT ON COLUMN cohort.won IS 'how many had reached won';
COMMENT ON COLUMN cohort.mql_share IS 'mql / leads, 0..1';
COMMENT ON COLUMN cohort.sal_share IS 'sal / leads, 0..1';
COMMENT ON COLUMN cohort.sql_share IS 'sql / leads, 0..1';
COMMENT ON COLUMN cohort.opportunity_share IS 'opportunity / leads, 0..1';
COMMENT ON COLUMN cohort.won_share IS 'won / leads, 0..1';
$leadflow_text$
WHEN 'cohort_conversion' THEN $leadflow_text$CREATE OR REPLACE VIEW cohort_conversion AS
WITH entered AS (
    SELECT pg_catalog.date_trunc('month', m.mql_at)::date AS month,
           m.mql_at,
           m.won_at,
           m.won_at - m.mql_at AS took,
           (SELECT leadflow.clock()) - m.mql_at AS followed,
           m.ordinal_now < 0 AS is_exit
    FROM lead_milestone m
    WHERE m.mql_at IS NOT NULL
)
SELECT c.month,
       c.days,
       c.leads = c.followed AS complete,
       c.leads,
       c.won,
       (c.won::numeric / c.leads)::numeric(9,6) AS won_share,
       c.followed,
       (c.followed_won::numeric / NULLIF(c.followed, 0))::numeric(9,6) AS followed_won_share,
       c.still_open,
       -- nothing is known beyond the time of the lead that was followed longest
       (CASE WHEN c.followed > 0 THEN leadflow.km_conversion(k.km, c.within) END)::numeric(9,6) AS expected_share,
       (CASE WHEN c.followed > 0 THEN i.low END)::numeric(9,6) AS expected_share_low,
       (CASE WHEN c.followed > 0 THEN i.high END)::numeric(9,6) AS expected_share_high
FROM (SELECT e.month,
             g.days::bigint AS days,
             g.within,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE e.took <= g.within) AS won,
             pg_catalog.count(*) FILTER (WHERE e.followed >= g.within) AS followed,
             pg_catalog.count(*) FILTER (WHERE e.took <= g.within AND e.followed >= g.within) AS followed_won,
             pg_catalog.count(*) FILTER (WHERE e.took IS NULL AND NOT e.is_exit AND e.followed < g.within) AS still_open
      FROM entered e
      CROSS JOIN (SELECT v.days, pg_catalog.make_interval(days => v.days) AS within
                  FROM (VALUES (7), (30), (60), (90), (180), (365)) v (days)) g
      GROUP BY e.month, g.days, g.within) c
JOIN (SELECT e.month, leadflow.km_agg(e.mql_at, e.won_at, (SELECT leadflow.clock())) AS km
      FROM entered e
      GROUP BY e.month) k ON k.month = c.month
CROSS JOIN LATERAL leadflow.km_interval(k.km, c.within) i
ORDER BY c.month, c.days;
COMMENT ON VIEW cohort_conversion IS 'What part of the leads that became MQLs in a month was won within so many days of it, as known at leadflow.clock(). A lead counts in the month in which it first reached mql or a later stage. Leads in lead_outside are left out.';
COMMENT ON COLUMN cohort_conversion.month IS 'first day of the month in which they first reached mql, in the session''s time zone';
COMMENT ON COLUMN cohort_conversion.days IS 'within how many days of 24 hours: 7, 30, 60, 90, 180 or 365';
COMMENT ON COLUMN cohort_conversion.complete IS 'whether all of them have had so many days';
COMMENT ON COLUMN cohort_conversion.leads IS 'number of leads';
COMMENT ON COLUMN cohort_conversion.won IS 'how many of them were won within these days';
COMMENT ON COLUMN cohort_conversion.won_share IS 'won / leads, 0..1: the naive share, too low as long as the month is not complete';
COMMENT ON COLUMN cohort_conversion.followed IS 'how many of them have had so many days';
COMMENT ON COLUMN cohort_conversion.followed_won_share IS 'share of these that was won within the days, 0..1; null for none';
COMMENT ON COLUMN cohort_conversion.still_open IS 'how many are not won, not in an exit, and have not had so many days: they may still be won in time';
COMMENT ON COLUMN cohort_conversion.expected_share IS 'share that is won within the days when leads that have not had them yet are counted for as long as they are known, 0..1 (Kaplan and Meier; a lead in an exit is known not to be won up to the clock); null where none has had so many days';
COMMENT ON COLUMN cohort_conversion.expected_share_low IS 'lower end of the interval that holds expected_share with 95 % confidence, 0..1; null for null, and while nobody or everybody is won';
COMMENT ON COLUMN cohort_conversion.expected_share_high IS 'upper end of it';
$leadflow_text$
WHEN 'mix_rate' THEN $leadflow_text$-- With n leads of a group, N of all, x of them converted, in this month (1) and
-- the one before (0): the change of sum(x) / sum(n) is the sum over the groups
-- of  mean(s) * (r1 - r0)  and  (s1 - s0) * (mean(r) - mean(C)),  where
-- s = n / N, r = x / n, and C is the conversion of all.  A group that is in one
-- month only has the rate of that month in both.  What is rounded is the sum
-- up to each group, so that the rows add up to the last digit.
CREATE OR REPLACE VIEW mix_rate AS
WITH cell AS MATERIALIZED (
    SELECT s.position, pg_catalog.date_trunc('month', s.from_at) AS month, m.origin, m.segment,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE s.to_at - s.from_at <= interval '30 days') AS within_30,
           pg_catalog.count(*) FILTER (WHERE s.to_at - s.from_at <= interval '90 days') AS within_90,
           pg_catalog.max(s.from_at) AS latest
    FROM lead_milestone m
    CROSS JOIN LATERAL (VALUES (1, m.lead_at, m.mql_at), (2, m.mql_at, m.sal_at), (3, m.sal_at, m.sql_at), (4, m.sql_at, m.opportunity_at),
                               (5, m.opportunity_at, m.won_at), (6, m.mql_at, m.won_at)) s (position, from_at, to_at)
    WHERE s.from_at IS NOT NULL
    GROUP BY s.position, pg_catalog.date_trunc('month', s.from_at), m.origin, m.segment
), pair AS (
    -- each month beside the one before; groups of either
    SELECT c.position, t.month, w.days, k.dimension, k.dimension_value,
           pg_catalog.sum(c.leads) FILTER (WHERE t.now) AS n1,
           pg_catalog.sum(CASE w.days WHEN 30 THEN c.within_30 ELSE c.within_90 END) FILTER (WHERE t.now) AS x1,
           pg_catalog.sum(c.leads) FILTER (WHERE NOT t.now) AS n0,
           pg_catalog.sum(CASE w.days WHEN 30 THEN c.within_30 ELSE c.within_90 END) FILTER (WHERE NOT t.now) AS x0,
           pg_catalog.max(c.latest) AS latest
    FROM cell c
    CROSS JOIN LATERAL (VALUES (true, c.month), (false, c.month + interval '1 month')) t (now, month)
    CROSS JOIN (VALUES (30), (90)) w (days)
    CROSS JOIN LATERAL (VALUES ('origin'::text, c.origin), ('segment', c.segment)) k (dimension, dimension_value)
    GROUP BY c.position, t.month, w.days, k.dimension, k.dimension_value
), counted AS (
    SELECT p.position, p.month, p.days, p.dimension, p.dimension_value,
           COALESCE(p.n1, 0) AS n1, COALESCE(p.x1, 0) AS x1, COALESCE(p.n0, 0) AS n0, COALESCE(p.x0, 0) AS x0,
           pg_catalog.sum(p.n1) OVER whole AS m1, pg_catalog.sum(p.x1) OVER whole AS y1,
           pg_catalog.sum(p.n0) OVER whole AS m0, pg_catalog.sum(p.x0) OVER whole AS y0,
           pg_catalog.max(p.latest) OVER whole AS latest
    FROM pair p
    WINDOW whole AS (PARTITION BY p.position, p.month, p.days, p.dimension)
), effect AS (
    SELECT c.*,
           pg_catalog.round(pg_catalog.sum((c.n1 / c.m1 - c.n0 / c.m0)
               * (COALESCE(c.x1 / NULLIF(c.n1, 0), c.x0 / c.n0) + COALESCE(c.x0 / NULLIF(c.n0, 0), c.x1 / c.n1) - c.y1 / c.m1 - c.y0 / c.m0) / 2) OVER walked, 6) AS mix_so_far,
           pg_catalog.round(pg_catalog.sum(c.x1) OVER walked / c.m1, 6) - pg_catalog.round(pg_catalog.sum(c.x0) OVER walked / c.m0, 6)
               - pg_catalog.round((c.y1 / c.m1 + c.y0 / c.m0) / 2 * (pg_catalog.sum(c.n1) OVER walked / c.m1 - pg_catalog.sum(c.n0) OVER walked / c.m0), 6) AS change_so_far
    FROM counted c
    WHERE c.m1 > 0
    WINDOW walked AS (PARTITION BY c.position, c.month, c.days, c.dimension ORDER BY c.dimension_value ROWS UNBOUNDED PRECEDING)
), told AS (
    SELECT e.position, e.month, e.days, e.dimension, false AS is_total, e.dimension_value, e.latest, e.n1, e.x1, e.n0, e.x0, e.m1, e.m0,
           e.mix_so_far - COALESCE(pg_catalog.lag(e.mix_so_far) OVER walked, 0) AS mix_effect,
           e.change_so_far - COALESCE(pg_catalog.lag(e.change_so_far) OVER walked, 0) AS effect
    FROM effect e
    WINDOW walked AS (PARTITION BY e.position, e.month, e.days, e.dimension ORDER BY e.dimension_value)
), shown AS (
    SELECT t.position, t.month, t.days, t.dimension, t.is_total, t.dimension_value, t.latest, t.n1, t.x1, t.n0, t.x0, t.m1, t.m0, t.mix_effect, t.effect
    FROM told t
    UNION ALL
    SELECT t.position, t.month, t.days, t.dimension, true AS is_total, '*'::text AS dimension_value, t.latest,
           pg_catalog.sum(t.n1), pg_catalog.sum(t.x1), pg_catalog.sum(t.n0), pg_catalog.sum(t.x0), t.m1, t.m0, pg_catalog.sum(t.mix_effect), pg_catalog.sum(t.effect)
    FROM told t
    GROUP BY t.position, t.month, t.days, t.dimension, t.latest, t.m1, t.m0
)
SELECT s.position::bigint AS position,
       (ARRAY['lead', 'mql', 'sal', 'sql', 'opportunity', 'mql'])[s.position] AS from_stage,
       (ARRAY['mql', 'sal', 'sql', 'opportunity', 'won', 'won'])[s.position] AS to_stage,
       s.days::bigint AS days,
       s.month::date AS month,
       (SELECT leadflow.clock()) - s.latest >= pg_catalog.make_interval(days => s.days) AS complete,
       s.dimension,
       s.is_total,
       s.dimension_value,
       s.n1::bigint AS leads,
       s.n0::bigint AS leads_before,
       s.x1::bigint AS converted,
       s.x0::bigint AS converted_before,
       (s.n1 / s.m1)::numeric(9,6) AS share,
       (s.n0 / s.m0)::numeric(9,6) AS share_before,
       (s.x1 / NULLIF(s.n1, 0))::numeric(9,6) AS conversion,
       (s.x0 / NULLIF(s.n0, 0))::numeric(9,6) AS conversion_before,
       s.mix_effect::numeric(9,6) AS mix_effect,
       (s.effect - s.mix_effect)::numeric(9,6) AS rate_effect,
       s.effect::numeric(9,6) AS effect
FROM shown s
ORDER BY s.position, s.days, s.month, s.dimension, s.is_total DESC, s.dimension_value;
COMMENT ON VIEW mix_rate IS 'Why a conversion changed from one month to the next, as known at leadflow.clock(): because other leads came (mix: the work of marketing) or because like leads converted otherwise (rate: the work of sales). Both are counted at the mean of the two months, so that nothing is left over: the parts of each row add up to its effect, those of the groups to the total, and the total is the change of the conversion (the mean-weighted form of E. M. Kitagawa, Components of a difference between two rates, Journal of the American Statistical Association 50 (1955), 1168-1194, mix about the mean conversion). Leads belong to the month in which they first reached the stage or a later one, and to the group that they had at their first entry. Leads in lead_outside are left out.';
COMMENT ON COLUMN mix_rate.position IS 'order of the conversions: 1 to 5 along the funnel, 6 from mql to won';
COMMENT ON COLUMN mix_rate.from_stage IS 'stage that the leads reached in the month';
COMMENT ON COLUMN mix_rate.to_stage IS 'stage that those converted reached, or a later one';
COMMENT ON COLUMN mix_rate.days IS 'within how many days of 24 hours: 30 or 90';
COMMENT ON COLUMN mix_rate.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN mix_rate.complete IS 'whether all leads of both months have had so many days; where not, the conversion is still to rise';
COMMENT ON COLUMN mix_rate.dimension IS 'what the leads are grouped by: origin or segment';
COMMENT ON COLUMN mix_rate.is_total IS 'true for the row of all groups together';
COMMENT ON COLUMN mix_rate.dimension_value IS 'the group; null for the leads that have none, * for all';
COMMENT ON COLUMN mix_rate.leads IS 'number of leads of the month';
COMMENT ON COLUMN mix_rate.leads_before IS 'number of leads of the month before';
COMMENT ON COLUMN mix_rate.converted IS 'how many of leads converted';
COMMENT ON COLUMN mix_rate.converted_before IS 'how many of leads_before converted';
COMMENT ON COLUMN mix_rate.share IS 'share of the group in the leads of the month, 0..1';
COMMENT ON COLUMN mix_rate.share_before IS 'the same of the month before; null where there were no leads';
COMMENT ON COLUMN mix_rate.conversion IS 'converted / leads, 0..1; null for no leads';
COMMENT ON COLUMN mix_rate.conversion_before IS 'the same of the month before; null for no leads';
COMMENT ON COLUMN mix_rate.mix_effect IS 'how much of the change comes from the share of the group, -1..1: above 0 where a group that converts better than all grew; null where there were no leads before';
COMMENT ON COLUMN mix_rate.rate_effect IS 'how much of the change comes from the conversion within the group, -1..1; null likewise';
COMMENT ON COLUMN mix_rate.effect IS 'mix_effect + rate_effect; in the total, conversion - conversion_before; null likewise';
$leadflow_text$
WHEN 'bottlenecks' THEN $leadflow_text$-- Leads are taken by the 90 days in which they reached a stage; those of the
-- last 90 days have not had their time yet and do not count.
CREATE OR REPLACE VIEW bottlenecks AS
WITH path AS (
    SELECT e.lead_id,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 3) AS at_3,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 4) AS at_4,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 5) AS at_5,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 6) AS at_6,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 7) AS at_7,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 8) AS at_8,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 9) AS at_9,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 10) AS at_10,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 11) AS at_11,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 12) AS at_12,
           pg_catalog.min(e.at) FILTER (WHERE e.ordinal >= 13) AS at_13
    FROM (SELECT e.lead_id, e.at, leadflow.ordinal(e.to_stage) AS ordinal
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          OFFSET 0) e
    GROUP BY e.lead_id
), step AS MATERIALIZED (
    SELECT s.ordinal,
           -- 0 is the latest period
           pg_catalog.floor(pg_catalog.date_part('epoch', (SELECT leadflow.clock() - interval '90 days') - s.from_at) / (90 * 86400))::integer AS period,
           CASE WHEN s.to_at - s.from_at <= interval '90 days' THEN pg_catalog.date_part('epoch', s.to_at - s.from_at) END AS seconds
    FROM (SELECT pg_catalog.unnest('{3,4,5,6,7,8,9,10,11,12}'::integer[]) AS ordinal,
                 pg_catalog.unnest(ARRAY[p.at_3, p.at_4, p.at_5, p.at_6, p.at_7, p.at_8, p.at_9, p.at_10, p.at_11, p.at_12]) AS from_at,
                 pg_catalog.unnest(ARRAY[p.at_4, p.at_5, p.at_6, p.at_7, p.at_8, p.at_9, p.at_10, p.at_11, p.at_12, p.at_13]) AS to_at
          FROM path p
          WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = p.lead_id)) s
    WHERE s.from_at <= (SELECT leadflow.clock() - interval '90 days') AND s.from_at > (SELECT leadflow.clock() - interval '540 days')
), period AS (
    SELECT s.ordinal, s.period, pg_catalog.count(*) AS leads, pg_catalog.count(s.seconds) AS converted
    FROM step s
    GROUP BY s.ordinal, s.period
), duration AS (
    SELECT s.ordinal, pg_catalog.percentile_cont(0.5::double precision) WITHIN GROUP (ORDER BY s.seconds) AS median
    FROM step s
    WHERE s.period = 0
    GROUP BY s.ordinal
), judged AS (
    SELECT p.ordinal, p.stage AS from_stage, n.stage AS to_stage,
           COALESCE(c.leads, 0) AS leads,
           COALESCE(c.converted, 0) AS converted,
           c.converted::numeric / c.leads AS conversion,
           (SELECT pg_catalog.max(b.converted::numeric / b.leads) FROM period b WHERE b.ordinal = p.ordinal AND b.leads >= 30) AS best,
           t.median
    FROM leadflow.spine() p
    JOIN leadflow.spine() n ON n.ordinal = p.ordinal + 1
    LEFT JOIN period c ON c.ordinal = p.ordinal AND c.period = 0
    LEFT JOIN duration t ON t.ordinal = p.ordinal
    WHERE p.ordinal >= 3 AND p.ordinal <= 12
), gain AS (
    SELECT j.*,
           GREATEST(j.best, j.conversion) AS benchmark,
           -- of those that get through, how many are won
           CASE WHEN pg_catalog.count(*) OVER later > pg_catalog.count(j.conversion) OVER later THEN NULL
                WHEN pg_catalog.min(j.conversion) OVER later = 0 THEN 0
                ELSE COALESCE(pg_catalog.exp(pg_catalog.sum(pg_catalog.ln(NULLIF(j.conversion, 0))) OVER later), 1) END AS won_after
    FROM judged j
    WINDOW later AS (ORDER BY j.ordinal ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
), money AS MATERIALIZED (
    SELECT pg_catalog.avg(d.value) AS average
    FROM deal d
    WHERE d.outcome = 'won' AND d.won_at > (SELECT leadflow.clock()) - interval '365 days'
), ranked AS (
    SELECT g.*, g.leads * (g.benchmark - g.conversion) * g.won_after * 365 / 12 / 90 AS extra_won, m.average
    FROM gain g
    CROSS JOIN money m
)
SELECT pg_catalog.rank() OVER (ORDER BY r.extra_won DESC NULLS LAST) AS rank,
       COALESCE(r.extra_won > 0, false) AND pg_catalog.rank() OVER (ORDER BY r.extra_won DESC NULLS LAST) <= 3 AS bottleneck,
       r.ordinal::bigint AS ordinal,
       r.from_stage::text AS from_stage,
       r.to_stage::text AS to_stage,
       r.leads,
       r.converted,
       r.conversion::numeric(9,6) AS conversion,
       r.benchmark::numeric(9,6) AS benchmark,
       r.won_after::numeric(9,6) AS won_after_share,
       r.extra_won::numeric(15,4) AS extra_won_per_month,
       (r.extra_won * r.average)::numeric(24,2) AS extra_revenue_per_month,
       r.median::bigint AS seconds_median,
       leadflow.seconds(d.norm) AS norm_seconds,
       r.median > leadflow.seconds(d.norm) AS over_norm
FROM ranked r
LEFT JOIN stage_definition d ON d.stage = r.from_stage AND d.variant = '*'
ORDER BY r.extra_won DESC NULLS LAST, r.ordinal;
COMMENT ON VIEW bottlenecks IS 'Which steps of the funnel cost the most revenue, at leadflow.clock(): lead to won, each from one stage of the spine to the next. A step is judged by the leads that first reached its stage, or a later one, from 180 to 90 days before the clock, and had got further within 90 days. The benchmark is the best of these and the four 90-day periods before them, as far as they have 30 leads: what the company has done already. Leads in lead_outside are left out.';
COMMENT ON COLUMN bottlenecks.rank IS 'order by extra_won_per_month, the greatest first; steps with nothing to gain share a place';
COMMENT ON COLUMN bottlenecks.bottleneck IS 'whether it is one of the three with the greatest effect, and there is something to gain';
COMMENT ON COLUMN bottlenecks.ordinal IS 'place of from_stage on the spine, 3 to 12';
COMMENT ON COLUMN bottlenecks.from_stage IS 'stage that the step starts from';
COMMENT ON COLUMN bottlenecks.to_stage IS 'the next stage';
COMMENT ON COLUMN bottlenecks.leads IS 'number of leads that are judged';
COMMENT ON COLUMN bottlenecks.converted IS 'how many of them reached the next stage within 90 days';
COMMENT ON COLUMN bottlenecks.conversion IS 'converted / leads, 0..1; null for no leads';
COMMENT ON COLUMN bottlenecks.benchmark IS 'the best conversion of the five periods, 0..1; conversion itself where no period is better, or none has 30 leads';
COMMENT ON COLUMN bottlenecks.won_after_share IS 'share of the leads that get through this step and are won in the end, 0..1: the product of the conversions of the later steps; null where one of them has no leads';
COMMENT ON COLUMN bottlenecks.extra_won_per_month IS 'leads won in addition, in a month of 365 / 12 days, were the conversion the benchmark and all else the same: leads / 90 days x (benchmark - conversion) x won_after_share; null where a part is';
COMMENT ON COLUMN bottlenecks.extra_revenue_per_month IS 'the same x the average value of the deals won in the last 365 days, in the currency of the workspace; null where a part is';
COMMENT ON COLUMN bottlenecks.seconds_median IS 'median time from the stage to the next one of those converted: elapsed, seconds; null for none';
COMMENT ON COLUMN bottlenecks.norm_seconds IS 'the general norm of from_stage, in seconds, as now in force; null for no norm';
COMMENT ON COLUMN bottlenecks.over_norm IS 'whether the median is longer than the norm; null where one of them is';
$leadflow_text$
WHEN 'refusals' THEN $leadflow_text$CREATE OR REPLACE VIEW refusals AS
SELECT x.subject,
       x.kind,
       x.stage,
       x.reason,
       COALESCE(r.labels ->> 'en', x.reason) AS label_en,
       r.category,
       r.next_step,
       x.origin,
       x.campaign_id,
       c.name AS campaign,
       x.segment,
       x.team,
       x.refusals,
       x.leads,
       (x.refusals / pg_catalog.sum(x.refusals) OVER (PARTITION BY x.subject))::numeric(9,6) AS share
FROM (SELECT e.subject,
             CASE WHEN leadflow.is_exit(e.to_stage) THEN 'exit' ELSE 'back' END AS kind,
             leadflow.base(e.to_stage)::text AS stage,
             e.reason,
             e.origin,
             e.campaign_id,
             e.segment,
             e.team,
             pg_catalog.count(*) AS refusals,
             pg_catalog.count(DISTINCT e.lead_id) AS leads
      FROM stage_event e
      LEFT JOIN opportunity o ON o.id = e.opportunity_id
      WHERE e.at <= (SELECT leadflow.clock()) AND NOT e.implied
          AND (e.to_stage < 'visitor'
               OR e.reason IS NOT NULL AND leadflow.ordinal(e.to_stage) < leadflow.ordinal(e.from_stage))
          AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END)
      GROUP BY e.subject, leadflow.is_exit(e.to_stage), leadflow.base(e.to_stage), e.reason, e.origin, e.campaign_id, e.segment, e.team) x
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW refusals IS 'Why leads and opportunities are refused, and where they came from, as known at leadflow.clock(): every move into an exit, and every move back that has a reason. Leads in lead_outside are left out.';
COMMENT ON COLUMN refusals.subject IS 'lead or opportunity';
COMMENT ON COLUMN refusals.kind IS 'exit (left the path) or back (sent back to an earlier stage)';
COMMENT ON COLUMN refusals.stage IS 'exit, or stage that it was sent back to';
COMMENT ON COLUMN refusals.reason IS 'code of the reason given; null where an exit has none';
COMMENT ON COLUMN refusals.label_en IS 'the reason in English';
COMMENT ON COLUMN refusals.category IS 'group of reasons: fit, timing, budget, need, competitor, data, other';
COMMENT ON COLUMN refusals.next_step IS 'what happens next after this reason';
COMMENT ON COLUMN refusals.origin IS 'origin at that moment';
COMMENT ON COLUMN refusals.campaign_id IS 'campaign at that moment';
COMMENT ON COLUMN refusals.campaign IS 'name of the campaign';
COMMENT ON COLUMN refusals.segment IS 'segment at that moment';
COMMENT ON COLUMN refusals.team IS 'team of the owner at that moment';
COMMENT ON COLUMN refusals.refusals IS 'number of refusals';
COMMENT ON COLUMN refusals.leads IS 'number of different leads among them';
COMMENT ON COLUMN refusals.share IS 'share of all refusals of leads, or of opportunities, 0..1';
$leadflow_text$
WHEN 'sla_status' THEN $leadflow_text$CREATE OR REPLACE VIEW sla_status AS
WITH present AS MATERIALIZED (
    SELECT leadflow.clock() AS at
), clock AS (
    SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.target, c.calendar,
           c.started_by, c.start_touch_id, c.definition_version,
           -- the limits that are stored know of the pauses that were resumed, also after the present
           CASE WHEN c.moved THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
               pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.warn_after)), c.ended) ELSE c.warn_at END AS warn_at,
           CASE WHEN c.moved THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
               pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), c.ended) ELSE c.due_at END AS due_at,
           CASE WHEN c.stopped_at <= n.at THEN c.stopped_at END AS stopped_at,
           CASE WHEN c.stopped_at <= n.at THEN c.stop_touch_id END AS stop_touch_id,
           CASE WHEN c.cancelled_at <= n.at THEN c.cancelled_at END AS cancelled_at,
           CASE WHEN c.stopped_at <= n.at OR c.cancelled_at <= n.at THEN c.stopped_by END AS stopped_by,
           CASE WHEN c.stopped_at <= n.at OR c.cancelled_at <= n.at THEN NULL ELSE c.open_since END AS paused_at,
           c.reason AS pause_reason,
           c.known AS pauses,
           n.at AS present_at,
           LEAST(n.at, c.stopped_at, c.cancelled_at) AS until_at,
           t.elapsed
    FROM (SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at, c.due_at,
                 c.stopped_at, c.cancelled_at, c.target, c.warn_after, c.calendar, c.started_by, c.stopped_by, c.start_touch_id, c.stop_touch_id,
                 c.definition_version,
                 NULL::tstzmultirange AS known, NULL::tstzmultirange AS ended, NULL::timestamptz AS open_since, NULL::text AS reason, false AS moved
          FROM sla_clock c
          WHERE NOT EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = c.id)
          UNION ALL
          -- the clocks that ever stood still: few, so that the others cost little
          SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at, c.due_at,
                 c.stopped_at, c.cancelled_at, c.target, c.warn_after, c.calendar, c.started_by, c.stopped_by, c.start_touch_id, c.stop_touch_id,
                 c.definition_version,
                 p.known, p.ended, p.open_since, p.reason, p.moved
          FROM sla_clock c
          CROSS JOIN LATERAL (
              SELECT COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, LEAST(e.resumed_at, n.at)))
                         FILTER (WHERE p.paused_at <= n.at), '{}') AS known,
                     COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, e.resumed_at))
                         FILTER (WHERE e.resumed_at <= n.at), '{}') AS ended,
                     pg_catalog.min(p.paused_at) FILTER (WHERE p.paused_at <= n.at AND e.resumed_at <= n.at IS NOT TRUE) AS open_since,
                     pg_catalog.string_agg(p.reason, '; ' ORDER BY p.paused_at)
                         FILTER (WHERE p.paused_at <= n.at AND e.resumed_at <= n.at IS NOT TRUE) AS reason,
                     pg_catalog.bool_or(e.resumed_at > n.at IS TRUE OR e.resumed_at IS DISTINCT FROM p.resumed_at) AS moved
              FROM sla_pause p
              CROSS JOIN present n
              -- what stopped the clock has ended its pause
              CROSS JOIN LATERAL (
                  SELECT CASE WHEN c.stopped_at <= n.at AND (p.resumed_at <= c.stopped_at) IS NOT TRUE
                              THEN GREATEST(c.stopped_at, p.paused_at) ELSE p.resumed_at END AS resumed_at) e
              WHERE p.clock_id = c.id) p
          WHERE EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = c.id)) c
    CROSS JOIN present n
    -- OFFSET 0: compute it once for the columns that need it
    CROSS JOIN LATERAL (
        SELECT pg_catalog.date_part('epoch', CASE
            WHEN c.known IS NOT NULL THEN leadflow.worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at, LEAST(n.at, c.stopped_at, c.cancelled_at), c.known)
            WHEN c.calendar IS NULL THEN LEAST(n.at, c.stopped_at, c.cancelled_at) - c.started_at
            ELSE leadflow.worktime(c.calendar, c.started_at, LEAST(n.at, c.stopped_at, c.cancelled_at)) END) AS elapsed
        OFFSET 0) t
    WHERE c.started_at <= n.at
)
SELECT c.id AS clock_id,
       c.policy,
       c.metric,
       c.lead_id,
       c.opportunity_id,
       c.owner,
       c.team,
       c.variant,
       CASE WHEN c.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
       c.started_at,
       c.warn_at,
       c.due_at,
       c.stopped_at,
       c.cancelled_at,
       CASE WHEN c.cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN c.stopped_at <= c.due_at THEN 'met'
            WHEN c.stopped_at IS NOT NULL THEN 'met_late'
            WHEN c.paused_at <= c.due_at THEN 'paused'
            WHEN c.present_at > c.due_at THEN 'breached'
            WHEN c.present_at >= c.warn_at THEN 'warning'
            ELSE 'running' END AS state,
       c.paused_at,
       CASE WHEN c.paused_at IS NOT NULL THEN c.pause_reason END AS pause_reason,
       leadflow.seconds(c.target) AS target_seconds,
       pg_catalog.floor(c.elapsed)::bigint AS elapsed_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', c.target) - c.elapsed)::bigint AS remaining_seconds,
       leadflow.seconds(c.until_at - c.started_at) AS waiting_seconds,
       CASE WHEN c.calendar IS NOT NULL THEN pg_catalog.floor(c.elapsed)::bigint
            WHEN c.pauses IS NULL THEN
                leadflow.seconds(leadflow.worktime(b.calendar, c.started_at, c.until_at))
            ELSE leadflow.seconds(leadflow.worktime(b.calendar, c.started_at, c.until_at, c.pauses))
       END AS working_seconds,
       c.started_by,
       c.stopped_by,
       c.start_touch_id,
       c.stop_touch_id,
       c.definition_version
FROM clock c
LEFT JOIN team_member m ON m.member = c.owner
LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default');
COMMENT ON VIEW sla_status IS 'Every promise that was started, and how it stands at leadflow.clock(). A clock that was stopped, paused or resumed after that instant is shown as it was then; its owner is the present one.';
COMMENT ON COLUMN sla_status.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_status.policy IS 'policy that started it';
COMMENT ON COLUMN sla_status.metric IS 'what it measures';
COMMENT ON COLUMN sla_status.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_status.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_status.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_status.team IS 'the owner''s team';
COMMENT ON COLUMN sla_status.variant IS 'variant of the lead or opportunity when it started';
COMMENT ON COLUMN sla_status.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_status.started_at IS 'when it started';
COMMENT ON COLUMN sla_status.warn_at IS 'when it goes into warning; null for no warning';
COMMENT ON COLUMN sla_status.due_at IS 'when the promise is broken unless it is kept by then; does not foresee the end of a pause';
COMMENT ON COLUMN sla_status.stopped_at IS 'when what was promised was done';
COMMENT ON COLUMN sla_status.cancelled_at IS 'when it lost its meaning';
COMMENT ON COLUMN sla_status.state IS 'running, warning (warn_at has come), paused (stands still, and was not late before), breached (due_at has passed), met (stopped by due_at), met_late (stopped after it) or cancelled';
COMMENT ON COLUMN sla_status.paused_at IS 'since when it stands still; null where it does not';
COMMENT ON COLUMN sla_status.pause_reason IS 'why it stands still';
COMMENT ON COLUMN sla_status.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_status.elapsed_seconds IS 'how much of the clock''s own time has passed, or had when it was stopped or cancelled, without pauses: whole seconds, rounded down';
COMMENT ON COLUMN sla_status.remaining_seconds IS 'target less elapsed, in the clock''s own time: whole seconds, rounded down; below 0 when late';
COMMENT ON COLUMN sla_status.waiting_seconds IS 'time of the wall clock since the start, or until it was stopped or cancelled, pauses included: what the lead waited, whole seconds';
COMMENT ON COLUMN sla_status.working_seconds IS 'the same in working time, without pauses, of the clock''s calendar or, where it has none, the owner''s or the default one: whole seconds; null where there is no calendar';
COMMENT ON COLUMN sla_status.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_status.stopped_by IS 'what stopped or cancelled it';
COMMENT ON COLUMN sla_status.start_touch_id IS 'touch that started it';
COMMENT ON COLUMN sla_status.stop_touch_id IS 'touch that stopped it';
COMMENT ON COLUMN sla_status.definition_version IS 'version of the definitions in force when it started';
$leadflow_text$
WHEN 'sla_breach' THEN $leadflow_text$/*
 * Of many promises that are owed few are broken: they are found by the indexes,
 * so PostgreSQL must see leadflow.clock() itself, to know how few, and what
 * belongs to them is looked up one by one (OFFSET 0). Only those that ever stood
 * still need the reckoning of sla_status.
 */
CREATE OR REPLACE VIEW sla_breach AS
WITH due AS NOT MATERIALIZED (
    SELECT c.* FROM sla_clock c
    WHERE c.due_at < leadflow.clock() AND c.stopped_at IS NULL AND c.cancelled_at IS NULL
    UNION ALL
    -- what has ended since
    SELECT c.* FROM sla_clock c WHERE c.due_at < leadflow.clock() AND c.stopped_at > leadflow.clock()
    UNION ALL
    SELECT c.* FROM sla_clock c WHERE c.due_at < leadflow.clock() AND c.cancelled_at > leadflow.clock()
), paused AS (
    SELECT d.id FROM due d WHERE EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = d.id)
    UNION
    -- what was resumed since was due earlier
    SELECT p.clock_id FROM sla_pause p WHERE p.resumed_at > leadflow.clock()
), broken AS (
    SELECT d.id AS clock_id, d.policy, d.metric, d.lead_id, d.opportunity_id, d.owner, d.team, d.variant,
           CASE WHEN d.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
           d.started_at, d.due_at,
           leadflow.seconds(d.target) AS target_seconds,
           pg_catalog.floor(t.elapsed)::bigint AS elapsed_seconds,
           pg_catalog.floor(pg_catalog.date_part('epoch', d.target) - t.elapsed)::bigint AS remaining_seconds
    FROM due d
    CROSS JOIN LATERAL (
        SELECT pg_catalog.date_part('epoch', CASE
            WHEN d.calendar IS NULL THEN leadflow.clock() - d.started_at
            ELSE leadflow.worktime(d.calendar, d.started_at, leadflow.clock()) END) AS elapsed
        OFFSET 0) t
    WHERE NOT EXISTS (SELECT FROM sla_pause p WHERE p.clock_id = d.id)
    UNION ALL
    SELECT s.clock_id, s.policy, s.metric, s.lead_id, s.opportunity_id, s.owner, s.team, s.variant,
           s.measure, s.started_at, s.due_at, s.target_seconds, s.elapsed_seconds, s.remaining_seconds
    FROM paused p
    CROSS JOIN LATERAL (SELECT * FROM sla_status s WHERE s.clock_id = p.id AND s.state = 'breached' OFFSET 0) s
)
SELECT s.clock_id,
       s.policy,
       p.promise,
       s.metric,
       s.lead_id,
       s.opportunity_id,
       l.full_name,
       o.name AS opportunity,
       a.name AS account,
       s.owner,
       m.full_name AS owner_name,
       s.team,
       s.measure,
       s.started_at,
       s.due_at,
       s.target_seconds,
       s.elapsed_seconds,
       - s.remaining_seconds AS overdue_seconds,
       leadflow.seconds((SELECT leadflow.clock()) - s.due_at) AS since_due_seconds
FROM broken s
LEFT JOIN LATERAL (SELECT l.full_name, l.account_id FROM lead l WHERE l.id = s.lead_id OFFSET 0) l ON true
LEFT JOIN LATERAL (SELECT o.name, o.account_id FROM opportunity o WHERE o.id = s.opportunity_id OFFSET 0) o ON true
LEFT JOIN LATERAL (SELECT a.name FROM account a WHERE a.id = COALESCE(o.account_id, l.account_id) OFFSET 0) a ON true
LEFT JOIN team_member m ON m.member = s.owner
LEFT JOIN sla_policy p ON p.policy = s.policy
    AND p.variant = CASE WHEN EXISTS (SELECT FROM sla_policy v WHERE v.policy = s.policy AND v.variant = s.variant)
                         THEN s.variant ELSE '*' END
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
ORDER BY s.remaining_seconds, s.due_at, s.clock_id;
COMMENT ON VIEW sla_breach IS 'Promises that are broken at leadflow.clock() and still owed, the worst first. What was done late is met_late in sla_status. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_breach.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_breach.policy IS 'policy that started it';
COMMENT ON COLUMN sla_breach.promise IS 'the policy in words, as now in force';
COMMENT ON COLUMN sla_breach.metric IS 'what it measures';
COMMENT ON COLUMN sla_breach.lead_id IS 'lead that waits, or the lead of the opportunity';
COMMENT ON COLUMN sla_breach.opportunity_id IS 'opportunity that waits; null where a lead does';
COMMENT ON COLUMN sla_breach.full_name IS 'name of the person';
COMMENT ON COLUMN sla_breach.opportunity IS 'name of the deal';
COMMENT ON COLUMN sla_breach.account IS 'name of the company';
COMMENT ON COLUMN sla_breach.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_breach.owner_name IS 'the owner''s name';
COMMENT ON COLUMN sla_breach.team IS 'the owner''s team';
COMMENT ON COLUMN sla_breach.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_breach.started_at IS 'when it started';
COMMENT ON COLUMN sla_breach.due_at IS 'when the promise was broken';
COMMENT ON COLUMN sla_breach.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_breach.elapsed_seconds IS 'how much of the clock''s own time has passed, without pauses: whole seconds';
COMMENT ON COLUMN sla_breach.overdue_seconds IS 'elapsed less target, in the clock''s own time: whole seconds, rounded up; 0 while no working time has passed since it fell due';
COMMENT ON COLUMN sla_breach.since_due_seconds IS 'time of the wall clock since it fell due: whole seconds';
$leadflow_text$
WHEN 'sla_compliance' THEN $leadflow_text$CREATE OR REPLACE VIEW sla_compliance AS
SELECT x.policy,
       x.metric,
       x.team,
       x.owner,
       x.month,
       x.clocks,
       x.met,
       x.met_late,
       x.breached,
       x.running,
       x.paused,
       x.cancelled,
       x.cancelled_late,
       (x.met::numeric / NULLIF(x.met + x.met_late + x.breached, 0))::numeric(9,6) AS met_share
FROM (SELECT s.policy,
             s.metric,
             s.team,
             s.owner,
             pg_catalog.date_trunc('month', s.started_at)::date AS month,
             pg_catalog.count(*) AS clocks,
             pg_catalog.count(*) FILTER (WHERE s.state = 'met') AS met,
             pg_catalog.count(*) FILTER (WHERE s.state = 'met_late') AS met_late,
             pg_catalog.count(*) FILTER (WHERE s.state = 'breached') AS breached,
             pg_catalog.count(*) FILTER (WHERE s.state IN ('running', 'warning')) AS running,
             pg_catalog.count(*) FILTER (WHERE s.state = 'paused') AS paused,
             pg_catalog.count(*) FILTER (WHERE s.state = 'cancelled') AS cancelled,
             pg_catalog.count(*) FILTER (WHERE s.state = 'cancelled' AND s.cancelled_at > s.due_at) AS cancelled_late
      FROM sla_status s
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
      GROUP BY s.policy, s.metric, s.team, s.owner, pg_catalog.date_trunc('month', s.started_at)::date) x;
COMMENT ON VIEW sla_compliance IS 'How promises were kept, by policy, team, owner and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_compliance.policy IS 'policy that started the clocks';
COMMENT ON COLUMN sla_compliance.metric IS 'what they measure';
COMMENT ON COLUMN sla_compliance.team IS 'team of the owner';
COMMENT ON COLUMN sla_compliance.owner IS 'who owes or owed the reaction';
COMMENT ON COLUMN sla_compliance.month IS 'first day of the month in which the clocks started, in the session''s time zone';
COMMENT ON COLUMN sla_compliance.clocks IS 'number of clocks: met, met_late, breached, running, paused and cancelled together';
COMMENT ON COLUMN sla_compliance.met IS 'number that were stopped in time';
COMMENT ON COLUMN sla_compliance.met_late IS 'number that were stopped too late';
COMMENT ON COLUMN sla_compliance.breached IS 'number that are late and still owed';
COMMENT ON COLUMN sla_compliance.running IS 'number that run and are not late, those in warning among them';
COMMENT ON COLUMN sla_compliance.paused IS 'number that stand still and were not late before';
COMMENT ON COLUMN sla_compliance.cancelled IS 'number that lost their meaning';
COMMENT ON COLUMN sla_compliance.cancelled_late IS 'how many of the cancelled were late by then';
COMMENT ON COLUMN sla_compliance.met_share IS 'met / (met + met_late + breached), 0..1; null where there are none';
$leadflow_text$
WHEN 'alerts_open' THEN $leadflow_text$CREATE OR REPLACE VIEW alerts_open AS
SELECT a.id AS alert_id,
       a.kind,
       a.message,
       a.at AS happened_at,
       a.raised_at,
       a.send_at,
       a.sent_at,
       a.receiver,
       r.full_name AS receiver_name,
       COALESCE(r.team, a.details ->> 'team') AS team,
       a.clock_id,
       c.policy,
       a.lead_id,
       l.full_name,
       a.opportunity_id,
       o.name AS opportunity,
       a.campaign_id,
       g.name AS campaign,
       a.action,
       a.done_at,
       a.fault,
       a.tries::bigint AS tries,
       leadflow.seconds((SELECT leadflow.clock()) - a.send_at) AS age_seconds
FROM alert a
LEFT JOIN team_member r ON r.member = a.receiver
LEFT JOIN sla_clock c ON c.id = a.clock_id
LEFT JOIN lead l ON l.id = a.lead_id
LEFT JOIN opportunity o ON o.id = a.opportunity_id
LEFT JOIN campaign g ON g.id = a.campaign_id
WHERE a.acknowledged_at IS NULL
    AND a.dropped_at IS NULL
    AND a.send_at <= (SELECT leadflow.clock())
ORDER BY a.send_at, a.id;
COMMENT ON VIEW alerts_open IS 'Alerts of which nobody has taken note, and that may be told at leadflow.clock(), the oldest first. leadflow.acknowledge takes note of one.';
COMMENT ON COLUMN alerts_open.alert_id IS 'number of the alert';
COMMENT ON COLUMN alerts_open.kind IS 'warning, breach, exhausted, never_contacted, volume_without_sales, data_gap, woken, or what was done: escalate, reassign, return_to_nurture';
COMMENT ON COLUMN alerts_open.message IS 'the alert in words';
COMMENT ON COLUMN alerts_open.happened_at IS 'instant that it is about: when the promise was broken, for example';
COMMENT ON COLUMN alerts_open.raised_at IS 'instant as of which it was raised';
COMMENT ON COLUMN alerts_open.send_at IS 'since when the receiver may be told';
COMMENT ON COLUMN alerts_open.sent_at IS 'when it was notified; null where it was not, because what was to be done is not done';
COMMENT ON COLUMN alerts_open.receiver IS 'team member who is told; null for nobody in particular';
COMMENT ON COLUMN alerts_open.receiver_name IS 'the receiver''s name';
COMMENT ON COLUMN alerts_open.team IS 'the receiver''s team; without one, the team that owes what the alert is about';
COMMENT ON COLUMN alerts_open.clock_id IS 'promise that it is about';
COMMENT ON COLUMN alerts_open.policy IS 'policy of the promise';
COMMENT ON COLUMN alerts_open.lead_id IS 'lead that it is about';
COMMENT ON COLUMN alerts_open.full_name IS 'name of the person';
COMMENT ON COLUMN alerts_open.opportunity_id IS 'opportunity that it is about';
COMMENT ON COLUMN alerts_open.opportunity IS 'name of the deal';
COMMENT ON COLUMN alerts_open.campaign_id IS 'campaign that it is about';
COMMENT ON COLUMN alerts_open.campaign IS 'name of the campaign';
COMMENT ON COLUMN alerts_open.action IS 'what was to be done: escalate, reassign, return_to_nurture or wake; null for an alert alone';
COMMENT ON COLUMN alerts_open.done_at IS 'when it was done; null while it was not';
COMMENT ON COLUMN alerts_open.fault IS 'what stood in the way at the last try; null where nothing did';
COMMENT ON COLUMN alerts_open.tries IS 'how often it was tried in vain';
COMMENT ON COLUMN alerts_open.age_seconds IS 'time since send_at: elapsed, whole seconds';
$leadflow_text$
WHEN 'cadence_progress' THEN $leadflow_text$CREATE OR REPLACE VIEW cadence_progress AS
SELECT c.id AS clock_id,
       c.lead_id,
       c.policy,
       c.owner,
       c.team,
       c.started_at,
       s.due_at AS window_ends_at,
       c.attempts::bigint AS attempts_wanted,
       p.made AS attempts_made,
       CASE WHEN s.is_open THEN
           GREATEST(c.attempts - p.made, COALESCE(c.channels, 1) - pg_catalog.cardinality(p.channels_used), 0)::bigint ELSE 0 END AS attempts_left,
       COALESCE(c.channels, 1)::bigint AS channels_wanted,
       pg_catalog.cardinality(p.channels_used)::bigint AS channels_tried,
       pg_catalog.array_to_string(p.channels_used, ', ') AS channels_used,
       p.last_at AS last_attempt_at,
       -- another minute of the clock, or the spacing, and then working time
       CASE WHEN s.state IN ('running', 'overdue') THEN
           leadflow.next_open(b.calendar, COALESCE(GREATEST(pg_catalog.date_trunc('minute', p.last_at) + interval '1 minute',
               p.last_at + pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.spacing))), c.started_at)) END AS next_attempt_at,
       CASE WHEN s.state IN ('running', 'overdue') THEN
           CASE WHEN c.attempt_every IS NOT NULL THEN
               LEAST(leadflow.add_worktime(b.calendar, COALESCE(p.last_at, c.started_at), c.attempt_every, s.pauses), s.due_at) END END AS next_attempt_due_at,
       CASE WHEN s.state IN ('running', 'overdue') THEN
           (SELECT k.kind
            FROM pg_catalog.unnest(c.stops_on_touch) WITH ORDINALITY k (kind, place)
            LEFT JOIN LATERAL (SELECT pg_catalog.max(t.at) AS at FROM touch t
                               WHERE t.lead_id = c.lead_id AND t.kind = k.kind AND t.direction = 'outbound'
                                   AND t.at >= c.started_at AND t.at <= n.at) u ON true
            ORDER BY u.at NULLS FIRST, k.place LIMIT 1) END AS next_kind,
       s.state
FROM (SELECT leadflow.clock() AS at) n
JOIN sla_clock c ON c.attempts IS NOT NULL AND c.started_at <= n.at
CROSS JOIN LATERAL (
    SELECT (m.x).made, (m.x).channels_used, (m.x).last_at
    FROM (SELECT leadflow.count_attempts(pg_catalog.array_agg(t.at), pg_catalog.array_agg(COALESCE(t.channel, t.kind)), c.spacing, c.attempts, c.channels) AS x
          FROM touch t
          WHERE t.lead_id = c.lead_id AND t.direction = 'outbound' AND t.kind = ANY (c.stops_on_touch)
              AND t.at >= c.started_at AND t.at <= LEAST(n.at, c.stopped_at, c.cancelled_at)
          OFFSET 0) m) p
CROSS JOIN LATERAL (
    SELECT x.is_open,
           x.pauses,
           w.due_at,
           CASE WHEN c.cancelled_at <= n.at THEN 'ended'
                WHEN NOT x.is_open THEN CASE WHEN c.stopped_by = 'attempts' THEN 'exhausted'
                                             WHEN pg_catalog.starts_with(c.stopped_by, 'answer ') THEN 'answered'
                                             ELSE 'ended' END
                WHEN x.paused_at <= w.due_at THEN 'paused'
                WHEN n.at > w.due_at THEN 'overdue'
                ELSE 'running' END AS state
    FROM (SELECT (c.stopped_at <= n.at OR c.cancelled_at <= n.at) IS NOT TRUE AS is_open,
                 pg_catalog.count(*) > 0 AS was_paused,
                 pg_catalog.min(u.paused_at) FILTER (WHERE u.paused_at <= n.at AND u.resumed_at <= n.at IS NOT TRUE) AS paused_at,
                 COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(u.paused_at, u.resumed_at)) FILTER (WHERE u.resumed_at <= n.at), '{}') AS pauses
          FROM sla_pause u
          WHERE u.clock_id = c.id) x
    -- as it was due then: a pause that ended later has not moved it yet
    CROSS JOIN LATERAL (
        SELECT CASE WHEN x.was_paused THEN
                   leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'::leadflow.calendar), c.started_at,
                                         pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), x.pauses)
               ELSE c.due_at END AS due_at) w) s
LEFT JOIN team_member m ON m.member = c.owner
LEFT JOIN business_calendar d ON d.code = COALESCE(m.calendar, 'default')
CROSS JOIN LATERAL (SELECT COALESCE(c.calendar, d.calendar) AS calendar) b
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = c.lead_id);
COMMENT ON VIEW cadence_progress IS 'Every cadence (a promise of so many attempts over so many channels) and how far it has come at leadflow.clock(). Attempts are those that count: far enough apart, and before the lead answered. Leads in lead_outside are left out.';
COMMENT ON COLUMN cadence_progress.clock_id IS 'number of the clock (sla_clock)';
COMMENT ON COLUMN cadence_progress.lead_id IS 'the lead';
COMMENT ON COLUMN cadence_progress.policy IS 'policy that started it';
COMMENT ON COLUMN cadence_progress.owner IS 'who owes the attempts';
COMMENT ON COLUMN cadence_progress.team IS 'the owner''s team';
COMMENT ON COLUMN cadence_progress.started_at IS 'when it started';
COMMENT ON COLUMN cadence_progress.window_ends_at IS 'when the attempts are to be made by';
COMMENT ON COLUMN cadence_progress.attempts_wanted IS 'number of attempts promised';
COMMENT ON COLUMN cadence_progress.attempts_made IS 'number made so far';
COMMENT ON COLUMN cadence_progress.attempts_left IS 'number still owed: of attempts, or of channels where more of these are missing; 0 once it has ended';
COMMENT ON COLUMN cadence_progress.channels_wanted IS 'number of channels promised';
COMMENT ON COLUMN cadence_progress.channels_tried IS 'number of channels used so far';
COMMENT ON COLUMN cadence_progress.channels_used IS 'the channels, in the order of their first use, separated by commas; the kind of touch where a touch names no channel';
COMMENT ON COLUMN cadence_progress.last_attempt_at IS 'last attempt that counts; null for none';
COMMENT ON COLUMN cadence_progress.next_attempt_at IS 'from when on the next attempt counts, in the owner''s working time; null where none is owed now';
COMMENT ON COLUMN cadence_progress.next_attempt_due_at IS 'when the next attempt is due: the promised working time after the last one or the start, without pauses, and not after window_ends_at; null where none is owed now, or no such time was promised';
COMMENT ON COLUMN cadence_progress.next_kind IS 'kind of touch suggested for it: the first that was not used yet, else the one used longest ago';
COMMENT ON COLUMN cadence_progress.state IS 'running, overdue (window_ends_at has passed and attempts are still owed), paused, exhausted (all attempts made, nobody answered), answered (the lead answered first) or ended (sales decided, or the lead left the path)';
$leadflow_text$
WHEN 'response_time' THEN $leadflow_text$CREATE OR REPLACE VIEW response_time AS
SELECT x.metric,
       x.policy,
       x.team,
       x.owner,
       x.month,
       x.clocks,
       x.answered,
       x.waiting[1]::bigint AS elapsed_seconds_median,
       x.waiting[2]::bigint AS elapsed_seconds_p90,
       x.working[1]::bigint AS working_seconds_median,
       x.working[2]::bigint AS working_seconds_p90,
       (x.within_5_minutes::numeric / NULLIF(x.of_5_minutes, 0))::numeric(9,6) AS within_5_minutes_share,
       (x.within_15_minutes::numeric / NULLIF(x.of_15_minutes, 0))::numeric(9,6) AS within_15_minutes_share,
       (x.within_1_hour::numeric / NULLIF(x.of_1_hour, 0))::numeric(9,6) AS within_1_hour_share,
       (x.within_24_hours::numeric / NULLIF(x.of_24_hours, 0))::numeric(9,6) AS within_24_hours_share
FROM (SELECT s.metric,
             s.policy,
             s.team,
             s.owner,
             pg_catalog.date_trunc('month', s.started_at)::date AS month,
             pg_catalog.count(*) AS clocks,
             pg_catalog.count(s.stopped_at) AS answered,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY s.waiting_seconds)
                 FILTER (WHERE s.stopped_at IS NOT NULL) AS waiting,
             pg_catalog.percentile_cont('{0.5,0.9}'::double precision[]) WITHIN GROUP (ORDER BY s.working_seconds)
                 FILTER (WHERE s.stopped_at IS NOT NULL) AS working,
             -- who still waits, and not for that long yet, says nothing
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '5 minutes') AS within_5_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 300) AS of_5_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '15 minutes') AS within_15_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 900) AS of_15_minutes,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '1 hour') AS within_1_hour,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 3600) AS of_1_hour,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at - s.started_at <= interval '24 hours') AS within_24_hours,
             pg_catalog.count(*) FILTER (WHERE s.stopped_at IS NOT NULL OR s.waiting_seconds >= 86400) AS of_24_hours
      FROM sla_status s
      WHERE s.state <> 'cancelled'
          AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
      -- the cheap and telling columns first: it is sorted by them
      GROUP BY pg_catalog.date_trunc('month', s.started_at)::date, s.owner, s.policy, s.metric, s.team) x;
COMMENT ON VIEW response_time IS 'How long reactions take, by what is measured, policy, team, owner and month, as known at leadflow.clock(). First responses are the metric first_response. Cancelled clocks do not count. For other groups take the rows of sla_status. Leads in lead_outside are left out.';
COMMENT ON COLUMN response_time.metric IS 'what is measured';
COMMENT ON COLUMN response_time.policy IS 'policy that started the clocks';
COMMENT ON COLUMN response_time.team IS 'team of the owner';
COMMENT ON COLUMN response_time.owner IS 'who owes or owed the reaction';
COMMENT ON COLUMN response_time.month IS 'first day of the month in which the clocks started, in the session''s time zone';
COMMENT ON COLUMN response_time.clocks IS 'number of reactions that were owed';
COMMENT ON COLUMN response_time.answered IS 'how many of them were made, in time or late';
COMMENT ON COLUMN response_time.elapsed_seconds_median IS 'median of those made: time of the wall clock, pauses included, seconds, interpolated';
COMMENT ON COLUMN response_time.elapsed_seconds_p90 IS '90 in 100 of those made took no longer: time of the wall clock, seconds, interpolated';
COMMENT ON COLUMN response_time.working_seconds_median IS 'median of those made: working time, without pauses, seconds, interpolated';
COMMENT ON COLUMN response_time.working_seconds_p90 IS '90 in 100 of those made took no longer: working time, without pauses, seconds, interpolated';
COMMENT ON COLUMN response_time.within_5_minutes_share IS 'share made within 5 minutes of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_15_minutes_share IS 'share made within 15 minutes of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_1_hour_share IS 'share made within an hour of the wall clock, 0..1, of those made or owed for that long; null where there are none';
COMMENT ON COLUMN response_time.within_24_hours_share IS 'share made within 24 hours of the wall clock, 0..1, of those made or owed for that long; null where there are none';
$leadflow_text$
WHEN 'handover' THEN $leadflow_text$CREATE OR REPLACE VIEW handover AS
SELECT q.lead_id,
       l.full_name,
       CASE WHEN v.verdict IS NULL THEN l.owner ELSE v.owner END AS owner,
       CASE WHEN v.verdict IS NULL THEN m.team ELSE v.team END AS team,
       l.origin,
       l.campaign_id,
       l.segment,
       l.variant,
       q.at AS mql_at,
       q.implied AS mql_implied,
       t.contact_at AS first_contact_at,
       v.verdict,
       v.at AS verdict_at,
       v.reason AS verdict_reason,
       v.verdict IS NULL AND EXISTS (SELECT FROM nurture_stay n
                                     WHERE n.lead_id = q.lead_id AND n.entered_at >= q.at AND n.entered_at <= (SELECT leadflow.clock())
                                         AND n.from_stage >= 'mql' AND n.from_stage < 'sal') AS returned_unreached
FROM (SELECT DISTINCT ON (e.lead_id) e.lead_id, e.at, e.implied
      FROM stage_event e
      WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock()) AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
      ORDER BY e.lead_id, e.at, e.id) q
JOIN lead l ON l.id = q.lead_id
LEFT JOIN team_member m ON m.member = l.owner
LEFT JOIN (SELECT t.lead_id, pg_catalog.min(t.at) AS contact_at
           FROM touch t
           JOIN touch_kind k ON k.kind = t.kind
           WHERE k.is_contact AND t.direction = 'outbound' AND t.at <= (SELECT leadflow.clock())
           GROUP BY t.lead_id) t ON t.lead_id = q.lead_id
-- the first answer of sales
LEFT JOIN (SELECT DISTINCT ON (v.lead_id) v.lead_id, v.at, v.reason, v.verdict, v.owner, v.team
           FROM verdict v
           WHERE v.at <= (SELECT leadflow.clock())
           ORDER BY v.lead_id, v.at, v.id) v ON v.lead_id = q.lead_id
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = q.lead_id);
COMMENT ON VIEW handover IS 'Every lead that marketing handed over (it reached mql, or passed through it), and what sales made of it, as known at leadflow.clock(). Owner and team are those of the verdict, without one the present ones; origin, campaign, segment and variant are the present ones. Leads in lead_outside are left out.';
COMMENT ON COLUMN handover.lead_id IS 'the lead';
COMMENT ON COLUMN handover.full_name IS 'name of the person';
COMMENT ON COLUMN handover.owner IS 'who owned the lead when it got its verdict; without one, its present owner';
COMMENT ON COLUMN handover.team IS 'the owner''s team then';
COMMENT ON COLUMN handover.origin IS 'where the lead came from';
COMMENT ON COLUMN handover.campaign_id IS 'campaign that brought it';
COMMENT ON COLUMN handover.segment IS 'market segment';
COMMENT ON COLUMN handover.variant IS 'product line or region; * for the general ones';
COMMENT ON COLUMN handover.mql_at IS 'when it first reached mql';
COMMENT ON COLUMN handover.mql_implied IS 'whether it only passed through mql by a move further on';
COMMENT ON COLUMN handover.first_contact_at IS 'first attempt to reach the lead (an outbound touch that counts as contact), also before the handover; null for none';
COMMENT ON COLUMN handover.verdict IS 'first answer of sales (verdict): accepted, rejected, or null for none; a lead that nobody reached after all attempts has none';
COMMENT ON COLUMN handover.verdict_at IS 'when it was given';
COMMENT ON COLUMN handover.verdict_reason IS 'code of the reason given';
COMMENT ON COLUMN handover.returned_unreached IS 'whether it went to nurture without a verdict, as all attempts to reach it were made';
$leadflow_text$
WHEN 'weekly_review' THEN $leadflow_text$-- What happened is laid out once, by day; a row of it counts n, of so many.
CREATE OR REPLACE VIEW weekly_review AS
WITH week AS (
    SELECT w.starts_on::date AS starts_on
    FROM pg_catalog.generate_series(pg_catalog.date_trunc('week', (SELECT leadflow.clock())::timestamp) - interval '13 weeks',
                                    pg_catalog.date_trunc('week', (SELECT leadflow.clock())::timestamp) - interval '1 week', interval '1 week') w (starts_on)
), handed AS MATERIALIZED (
    SELECT h.mql_at, h.segment, h.first_contact_at, h.verdict, h.verdict_at, h.verdict_reason, h.returned_unreached
    FROM handover h
), milestone AS MATERIALIZED (
    SELECT m.lead_at, m.sql_at, m.segment
    FROM lead_milestone m
), deals AS MATERIALIZED (
    SELECT d.opened_at, d.won_at, d.closed_at, d.outcome, d.reason, d.value
    FROM deal d
), happened AS (
    SELECT 10 AS position, m.lead_at::date AS day, NULL::text AS detail, 1::numeric AS n, NULL::numeric AS of
    FROM milestone m
    UNION ALL
    SELECT 20, h.mql_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM handed h
    UNION ALL
    SELECT 30, h.mql_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM handed h
    WHERE h.first_contact_at IS NULL
    UNION ALL
    SELECT v.position, s.due_at::date, NULL::text, v.n, v.of
    FROM sla_status s
    CROSS JOIN LATERAL (VALUES (110, (s.state = 'met')::integer::numeric, 1::numeric), (120, (s.state <> 'met')::integer::numeric, NULL::numeric)) v (position, n, of)
    WHERE s.metric = 'first_response' AND s.state IN ('met', 'met_late', 'breached') AND s.due_at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    UNION ALL
    SELECT 210, h.verdict_at::date, NULL::text, (h.verdict = 'accepted')::integer::numeric, 1::numeric
    FROM handed h
    WHERE h.verdict IS NOT NULL
    UNION ALL
    SELECT 220, h.verdict_at::date, h.verdict_reason, 1::numeric, NULL::numeric
    FROM handed h
    WHERE h.verdict = 'rejected'
    UNION ALL
    SELECT 230, m.sql_at::date, m.segment, 1::numeric, NULL::numeric
    FROM milestone m
    UNION ALL
    SELECT 310, d.opened_at::date, NULL::text, 1::numeric, NULL::numeric
    FROM deals d
    WHERE d.outcome <> 'void'
    UNION ALL
    SELECT v.position, d.won_at::date, NULL::text, v.n, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (320, 1::numeric), (330, COALESCE(d.value, 0))) v (position, n)
    WHERE d.won_at IS NOT NULL
    UNION ALL
    SELECT 340, d.closed_at::date, d.reason, 1::numeric, NULL::numeric
    FROM deals d
    WHERE d.outcome = 'lost'
    UNION ALL
    SELECT 410, q.recorded_at::date, q.source, 1::numeric, NULL::numeric
    FROM quarantine q
    WHERE q.recorded_at <= (SELECT leadflow.clock())
    UNION ALL
    SELECT 420, o.recorded_at::date, o.criterion, 1::numeric, NULL::numeric
    FROM violation o
    WHERE o.recorded_at <= (SELECT leadflow.clock())
    UNION ALL
    SELECT 510, c.changed_at::date, c.definition, 1::numeric, NULL::numeric
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
), counted AS (
    SELECT f.starts_on + (h.day - f.starts_on) / 7 * 7 AS starts_on, h.position, h.detail, pg_catalog.sum(h.n) AS n, pg_catalog.sum(h.of) AS of
    FROM (SELECT pg_catalog.min(w.starts_on) AS starts_on, pg_catalog.max(w.starts_on) + 7 AS ends_before FROM week w) f
    JOIN happened h ON h.day >= f.starts_on AND h.day < f.ends_before
    GROUP BY f.starts_on + (h.day - f.starts_on) / 7 * 7, h.position, h.detail
), item AS (
    SELECT i.position, i.topic, i.item, i.unit, d.detail
    FROM (VALUES (10, 'contacts', 'new leads', 'count', false), (20, 'contacts', 'handed over (MQL)', 'count', false),
                 (30, 'contacts', 'handed over and never contacted', 'count', false),
                 (110, 'reaction', 'first responses in time', 'share', false), (120, 'reaction', 'first responses late or owed', 'count', false),
                 (210, 'quality', 'accepted by sales', 'share', false), (220, 'quality', 'rejected, by reason', 'count', true),
                 (230, 'quality', 'qualified (SQL), by segment', 'count', true),
                 (310, 'results', 'opportunities opened', 'count', false), (320, 'results', 'deals won', 'count', false), (330, 'results', 'revenue', 'money', false),
                 (340, 'results', 'deals lost, by reason', 'count', true),
                 (410, 'data', 'rows set aside, by source', 'count', true), (420, 'data', 'let in with something missing, by criterion', 'count', true),
                 (510, 'corrections', 'definitions changed', 'count', true)) i (position, topic, item, unit, by_detail)
    LEFT JOIN (SELECT DISTINCT c.position, c.detail FROM counted c) d ON d.position = i.position
    WHERE NOT i.by_detail OR d.position IS NOT NULL
), told AS (
    SELECT w.starts_on, i.position, i.topic, i.item, i.detail, i.unit,
           CASE WHEN i.unit = 'share' THEN c.n / NULLIF(c.of, 0) ELSE COALESCE(c.n, 0) END AS value
    FROM week w
    CROSS JOIN item i
    LEFT JOIN counted c ON c.starts_on = w.starts_on AND c.position = i.position AND c.detail IS NOT DISTINCT FROM i.detail
)
SELECT t.starts_on AS week_starts_on,
       t.position::bigint AS position,
       t.topic,
       t.item,
       t.detail,
       t.unit,
       t.value::numeric(24,6) AS value,
       t.week_before::numeric(24,6) AS week_before,
       (t.value - t.week_before)::numeric(24,6) AS change,
       t.usual::numeric(24,6) AS usual
FROM (SELECT t.*,
             pg_catalog.lag(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS week_before,
             pg_catalog.avg(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING) AS usual
      FROM told t) t
WHERE t.starts_on > (SELECT pg_catalog.min(w.starts_on) FROM week w);
COMMENT ON VIEW weekly_review IS 'The agenda of the weekly meeting of both departments: what came in, how fast it was answered, what sales said of it, what came of it, what was wrong with the data, and which definitions were changed, for each of the last 12 whole weeks (Monday to Sunday, in the session''s time zone) beside the week before, as known at leadflow.clock(). Last week: WHERE week_starts_on = (SELECT max(week_starts_on) FROM weekly_review). What to look at together is drawn by leadflow.sample. Leads in lead_outside are left out.';
COMMENT ON COLUMN weekly_review.week_starts_on IS 'Monday of the week';
COMMENT ON COLUMN weekly_review.position IS 'order of the agenda';
COMMENT ON COLUMN weekly_review.topic IS 'contacts, reaction, quality, results, data or corrections';
COMMENT ON COLUMN weekly_review.item IS 'what is counted. First responses belong to the week in which they were due, never contacted to that of the handover, rows set aside and what was let in to that in which they were recorded';
COMMENT ON COLUMN weekly_review.detail IS 'reason, segment, source, criterion or definition, where the item says so; null for none of them';
COMMENT ON COLUMN weekly_review.unit IS 'count, share (0..1) or money, in the currency of the workspace';
COMMENT ON COLUMN weekly_review.value IS 'that of the week; null for a share of nothing';
COMMENT ON COLUMN weekly_review.week_before IS 'that of the week before';
COMMENT ON COLUMN weekly_review.change IS 'value less week_before';
COMMENT ON COLUMN weekly_review.usual IS 'mean of the four weeks before, of those of the last 13 weeks';
$leadflow_text$
WHEN 'never_contacted' THEN $leadflow_text$CREATE OR REPLACE VIEW never_contacted AS
SELECT h.lead_id,
       h.full_name,
       l.stage::text AS stage,
       leadflow.is_exit(l.stage) AS is_exit,
       h.owner,
       h.team,
       h.origin,
       h.campaign_id,
       h.mql_at,
       leadflow.seconds((SELECT leadflow.clock()) - h.mql_at) AS waiting_seconds
FROM handover h
JOIN lead l ON l.id = h.lead_id
WHERE h.first_contact_at IS NULL
ORDER BY h.mql_at, h.lead_id;
COMMENT ON VIEW never_contacted IS 'Leads that were handed over and that nobody has tried to reach at leadflow.clock(), the longest waiting first. Leads that have left the path since are among them. Leads in lead_outside are left out.';
COMMENT ON COLUMN never_contacted.lead_id IS 'the lead';
COMMENT ON COLUMN never_contacted.full_name IS 'name of the person';
COMMENT ON COLUMN never_contacted.stage IS 'where the lead is now';
COMMENT ON COLUMN never_contacted.is_exit IS 'whether it has left the path now';
COMMENT ON COLUMN never_contacted.owner IS 'who owned the lead when it got its verdict; without one, its present owner';
COMMENT ON COLUMN never_contacted.team IS 'the owner''s team then';
COMMENT ON COLUMN never_contacted.origin IS 'where the lead came from';
COMMENT ON COLUMN never_contacted.campaign_id IS 'campaign that brought it';
COMMENT ON COLUMN never_contacted.mql_at IS 'when it first reached mql';
COMMENT ON COLUMN never_contacted.waiting_seconds IS 'time since then: elapsed, whole seconds';
$leadflow_text$
WHEN 'follow_up_coverage' THEN $leadflow_text$CREATE OR REPLACE VIEW follow_up_coverage AS
SELECT x.team,
       x.owner,
       x.month,
       x.handed_over,
       x.contacted,
       x.handed_over - x.contacted AS never_contacted,
       (x.contacted::numeric / x.handed_over)::numeric(9,6) AS contacted_share,
       ((x.handed_over - x.contacted)::numeric / x.handed_over)::numeric(9,6) AS never_contacted_share
FROM (SELECT h.team,
             h.owner,
             pg_catalog.date_trunc('month', h.mql_at)::date AS month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.first_contact_at) AS contacted
      FROM handover h
      GROUP BY h.team, h.owner, pg_catalog.date_trunc('month', h.mql_at)::date) x;
COMMENT ON VIEW follow_up_coverage IS 'How many of the leads that were handed over somebody tried to reach, by team, owner and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN follow_up_coverage.team IS 'team of the owner';
COMMENT ON COLUMN follow_up_coverage.owner IS 'who owned the leads when they got their verdict; without one, their present owner';
COMMENT ON COLUMN follow_up_coverage.month IS 'first day of the month in which the leads first reached mql, in the session''s time zone';
COMMENT ON COLUMN follow_up_coverage.handed_over IS 'number of leads that were handed over';
COMMENT ON COLUMN follow_up_coverage.contacted IS 'how many of them somebody tried to reach';
COMMENT ON COLUMN follow_up_coverage.never_contacted IS 'how many of them nobody tried to reach';
COMMENT ON COLUMN follow_up_coverage.contacted_share IS 'contacted / handed_over, 0..1';
COMMENT ON COLUMN follow_up_coverage.never_contacted_share IS 'never_contacted / handed_over, 0..1';
$leadflow_text$
WHEN 'feedback_coverage' THEN $leadflow_text$CREATE OR REPLACE VIEW feedback_coverage AS
SELECT x.team,
       x.month,
       x.handed_over,
       x.with_verdict,
       x.accepted,
       x.rejected,
       (x.with_verdict::numeric / x.handed_over)::numeric(9,6) AS feedback_share,
       (x.accepted::numeric / NULLIF(x.with_verdict, 0))::numeric(9,6) AS acceptance_rate,
       x.verdict_hours_median::numeric(12,2) AS verdict_hours_median
FROM (SELECT h.team,
             pg_catalog.date_trunc('month', h.mql_at)::date AS month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.verdict) AS with_verdict,
             pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
             pg_catalog.count(*) FILTER (WHERE h.verdict = 'rejected') AS rejected,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', h.verdict_at - h.mql_at) / 3600)
                 AS verdict_hours_median
      FROM handover h
      GROUP BY h.team, pg_catalog.date_trunc('month', h.mql_at)::date) x;
COMMENT ON VIEW feedback_coverage IS 'Whether sales answers for the leads that were handed over, and how, by team and month, as known at leadflow.clock(). Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN feedback_coverage.team IS 'team of who owned the lead when it got its verdict; without one, of its present owner';
COMMENT ON COLUMN feedback_coverage.month IS 'first day of the month in which the leads first reached mql, in the session''s time zone';
COMMENT ON COLUMN feedback_coverage.handed_over IS 'number of leads that were handed over';
COMMENT ON COLUMN feedback_coverage.with_verdict IS 'how many of them were accepted or rejected since';
COMMENT ON COLUMN feedback_coverage.accepted IS 'how many were accepted (reached sal) first';
COMMENT ON COLUMN feedback_coverage.rejected IS 'how many were rejected (an exit, or sent back with a reason) first';
COMMENT ON COLUMN feedback_coverage.feedback_share IS 'with_verdict / handed_over, 0..1';
COMMENT ON COLUMN feedback_coverage.acceptance_rate IS 'accepted / with_verdict, 0..1; null where there is no verdict';
COMMENT ON COLUMN feedback_coverage.verdict_hours_median IS 'median time from handover to verdict, elapsed, in hours, interpolated';
$leadflow_text$
WHEN 'verdicts' THEN $leadflow_text$CREATE OR REPLACE VIEW verdicts AS
SELECT v.id AS verdict_id,
       v.lead_id,
       l.full_name,
       v.verdict,
       v.at AS given_at,
       v.handed_over_at,
       leadflow.seconds(v.at - v.handed_over_at) AS waiting_seconds,
       pg_catalog.row_number() OVER (PARTITION BY v.lead_id, v.handed_over_at ORDER BY v.at DESC, v.id DESC) = 1 AS in_force,
       -- of the promise that ran for it; what was cancelled was not owed
       (SELECT CASE WHEN c.cancelled_at IS NULL THEN LEAST(c.stopped_at, v.at) <= c.due_at END
        FROM sla_clock c
        WHERE c.lead_id = v.lead_id AND c.opportunity_id IS NULL AND c.metric = 'verdict'
            AND c.started_at >= v.handed_over_at AND c.started_at <= v.at
        ORDER BY c.started_at DESC, c.id DESC LIMIT 1) AS in_time,
       v.stage::text AS stage,
       v.reason,
       r.category,
       r.next_step,
       v.note,
       pg_catalog.to_jsonb(v.objections) AS objections,
       (SELECT pg_catalog.count(*)
        FROM touch t
        JOIN touch_kind k ON k.kind = t.kind
        WHERE t.lead_id = v.lead_id AND t.direction = 'outbound' AND k.is_contact
            AND t.at >= v.handed_over_at AND t.at <= v.at) AS attempts,
       v.owner,
       v.team,
       v.campaign_id,
       v.origin,
       v.segment,
       v.variant,
       (CASE WHEN pg_catalog.abs(v.score) < 10000000000000 THEN v.score END)::numeric(18,4) AS score,
       v.session_actor,
       v.actor,
       a.answer,
       a.note AS answer_note,
       a.at AS answered_at,
       a.actor AS answered_by
FROM verdict v
JOIN lead l ON l.id = v.lead_id
LEFT JOIN reason r ON r.code = v.reason
LEFT JOIN (SELECT DISTINCT ON (w.verdict_id) w.verdict_id, w.answer, w.note, w.at, w.actor
           FROM verdict_answer w
           WHERE w.at <= (SELECT leadflow.clock())
           ORDER BY w.verdict_id, w.at DESC, w.id DESC) a ON a.verdict_id = v.id
WHERE v.at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = v.lead_id);
COMMENT ON VIEW verdicts IS 'What sales said about each lead that was handed over, and the answer of marketing that is in force, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN verdicts.verdict_id IS 'number of the verdict';
COMMENT ON COLUMN verdicts.lead_id IS 'the lead';
COMMENT ON COLUMN verdicts.full_name IS 'name of the person';
COMMENT ON COLUMN verdicts.verdict IS 'accepted or rejected';
COMMENT ON COLUMN verdicts.given_at IS 'when it was given';
COMMENT ON COLUMN verdicts.handed_over_at IS 'the handover that it is about: when the lead entered mql';
COMMENT ON COLUMN verdicts.waiting_seconds IS 'from the handover to the verdict: elapsed, whole seconds';
COMMENT ON COLUMN verdicts.in_force IS 'whether it is the last word about its handover; false where sales has changed its mind';
COMMENT ON COLUMN verdicts.in_time IS 'whether the promised verdict (a clock of the metric verdict) was given in time; null where none ran since the handover, or it was cancelled';
COMMENT ON COLUMN verdicts.stage IS 'where the lead went by it';
COMMENT ON COLUMN verdicts.reason IS 'code of the reason given';
COMMENT ON COLUMN verdicts.category IS 'category of the reason';
COMMENT ON COLUMN verdicts.next_step IS 'what the reason asks for next';
COMMENT ON COLUMN verdicts.note IS 'the reason in words';
COMMENT ON COLUMN verdicts.objections IS 'codes of the objections that were heard: ["too_expensive"]';
COMMENT ON COLUMN verdicts.attempts IS 'outbound touches that count as contact, from the handover to the verdict';
COMMENT ON COLUMN verdicts.owner IS 'owner of the lead at that moment';
COMMENT ON COLUMN verdicts.team IS 'the owner''s team at that moment';
COMMENT ON COLUMN verdicts.campaign_id IS 'campaign of the lead at that moment';
COMMENT ON COLUMN verdicts.origin IS 'origin of the lead at that moment';
COMMENT ON COLUMN verdicts.segment IS 'segment of the lead at that moment';
COMMENT ON COLUMN verdicts.variant IS 'product line or region of the lead at that moment; * for the general ones';
COMMENT ON COLUMN verdicts.score IS 'score of the lead at that moment; null for none, and for one of 10^13 or more';
COMMENT ON COLUMN verdicts.session_actor IS 'role that opened the session';
COMMENT ON COLUMN verdicts.actor IS 'role in whose name it was given';
COMMENT ON COLUMN verdicts.answer IS 'latest answer of marketing: agrees, disputes or mends; null for none';
COMMENT ON COLUMN verdicts.answer_note IS 'what it says';
COMMENT ON COLUMN verdicts.answered_at IS 'when it was given';
COMMENT ON COLUMN verdicts.answered_by IS 'role in whose name it was given';
$leadflow_text$
WHEN 'verdict_coverage' THEN $leadflow_text$CREATE OR REPLACE VIEW verdict_coverage AS
WITH handed AS (
    SELECT DISTINCT ON (e.lead_id, e.at) e.lead_id, e.at, e.id
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
        AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
        AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
    ORDER BY e.lead_id, e.at, e.id DESC
), overdue AS (
    SELECT s.lead_id, pg_catalog.array_agg(s.started_at) AS started_at
    FROM sla_status s
    WHERE s.metric = 'verdict' AND s.opportunity_id IS NULL AND s.state IN ('breached', 'met_late')
    GROUP BY s.lead_id
)
SELECT x.team,
       x.owner,
       x.month,
       x.handed_over,
       x.with_verdict,
       x.in_time,
       x.late,
       x.undecided,
       x.undecided_late,
       x.returned_unreached,
       (x.with_verdict::numeric / NULLIF(x.with_verdict + x.undecided, 0))::numeric(9,6) AS coverage_share,
       (x.in_time::numeric / NULLIF(x.in_time + x.late + x.undecided_late, 0))::numeric(9,6) AS in_time_share
FROM (SELECT h.team,
             h.owner,
             h.month,
             pg_catalog.count(*) AS handed_over,
             pg_catalog.count(h.verdict_id) AS with_verdict,
             pg_catalog.count(*) FILTER (WHERE h.in_time) AS in_time,
             pg_catalog.count(*) FILTER (WHERE NOT h.in_time) AS late,
             pg_catalog.count(*) FILTER (WHERE h.verdict_id IS NULL AND NOT h.unreached) AS undecided,
             pg_catalog.count(*) FILTER (WHERE h.verdict_id IS NULL AND NOT h.unreached AND h.overdue) AS undecided_late,
             pg_catalog.count(*) FILTER (WHERE h.unreached) AS returned_unreached
      FROM (SELECT CASE WHEN v.verdict_id IS NOT NULL THEN v.owner WHEN b.at IS NOT NULL THEN b.owner ELSE l.owner END AS owner,
                   CASE WHEN v.verdict_id IS NOT NULL THEN v.team WHEN b.at IS NOT NULL THEN b.team ELSE m.team END AS team,
                   pg_catalog.date_trunc('month', h.at)::date AS month,
                   v.verdict_id,
                   v.in_time,
                   COALESCE(b.unreached, false) AS unreached,
                   EXISTS (SELECT FROM pg_catalog.unnest(o.started_at) s (at) WHERE s.at >= h.at AND s.at <= COALESCE(b.at, s.at)) AS overdue
            FROM handed h
            JOIN lead l ON l.id = h.lead_id
            LEFT JOIN team_member m ON m.member = l.owner
            LEFT JOIN overdue o ON o.lead_id = h.lead_id
            LEFT JOIN (SELECT DISTINCT ON (w.lead_id, w.handed_over_at) w.lead_id, w.handed_over_at, w.verdict_id, w.in_time, w.owner, w.team
                       FROM verdicts w
                       ORDER BY w.lead_id, w.handed_over_at, w.given_at, w.verdict_id) v ON v.lead_id = h.lead_id AND v.handed_over_at = h.at
            -- without a verdict: the move that ended it, out of the path or back
            LEFT JOIN LATERAL (SELECT e.at, e.owner, e.team,
                                      COALESCE(r.needs_attempts, false)
                                      OR EXISTS (SELECT FROM sla_clock c
                                                 WHERE c.lead_id = h.lead_id AND c.attempts IS NOT NULL AND c.stopped_by = 'attempts'
                                                     AND c.stopped_at >= h.at AND c.stopped_at <= e.at) AS unreached
                               FROM stage_event e
                               LEFT JOIN reason r ON r.code = e.reason
                               WHERE e.lead_id = h.lead_id AND e.opportunity_id IS NULL AND (e.at, e.id) > (h.at, h.id)
                                   AND e.at <= (SELECT leadflow.clock())
                                   AND (e.to_stage < 'mql' OR e.to_stage < 'contacted' AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE)
                               ORDER BY e.at, e.id LIMIT 1) b ON v.verdict_id IS NULL) h
      GROUP BY h.team, h.owner, h.month) x;
COMMENT ON VIEW verdict_coverage IS 'Whether sales answers for every lead that was handed over, by team, owner and month, as known at leadflow.clock(). Each entry into mql is a handover of its own, and its first verdict counts. handed_over is with_verdict, undecided and returned_unreached together. Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN verdict_coverage.team IS 'the owner''s team';
COMMENT ON COLUMN verdict_coverage.owner IS 'who owned the lead at the verdict, or when it went back without one; else its present owner';
COMMENT ON COLUMN verdict_coverage.month IS 'first day of the month of the handover, in the session''s time zone';
COMMENT ON COLUMN verdict_coverage.handed_over IS 'number of handovers';
COMMENT ON COLUMN verdict_coverage.with_verdict IS 'how many of them sales has accepted or rejected';
COMMENT ON COLUMN verdict_coverage.in_time IS 'how many of those within the promise (a clock of the metric verdict)';
COMMENT ON COLUMN verdict_coverage.late IS 'how many of those after it; the others had no such clock';
COMMENT ON COLUMN verdict_coverage.undecided IS 'how many have no verdict, and did not come back because nobody was reached';
COMMENT ON COLUMN verdict_coverage.undecided_late IS 'how many of the undecided are past the promise';
COMMENT ON COLUMN verdict_coverage.returned_unreached IS 'how many came back without a verdict after all agreed attempts, or with a reason that asks for them: no verdict is owed';
COMMENT ON COLUMN verdict_coverage.coverage_share IS 'with_verdict / (with_verdict + undecided), 0..1; null where no verdict was owed';
COMMENT ON COLUMN verdict_coverage.in_time_share IS 'in_time / (in_time + late + undecided_late), 0..1; null where there are none';
$leadflow_text$
WHEN 'rejections' THEN $leadflow_text$CREATE OR REPLACE VIEW rejections AS
SELECT x.reason,
       r.category,
       r.next_step,
       x.campaign_id,
       c.name AS campaign,
       x.origin,
       x.segment,
       x.month,
       x.rejected,
       (x.rejected / x.verdicts)::numeric(9,6) AS share,
       x.answered,
       x.agreed,
       x.disputed,
       x.mended,
       x.attempts::bigint AS attempts
FROM (SELECT v.verdict,
             v.reason,
             v.campaign_id,
             v.origin,
             v.segment,
             v.month,
             pg_catalog.count(*) AS rejected,
             pg_catalog.sum(pg_catalog.count(*)) OVER (PARTITION BY v.campaign_id, v.origin, v.segment, v.month) AS verdicts,
             pg_catalog.count(v.answer) AS answered,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'agrees') AS agreed,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'disputes') AS disputed,
             pg_catalog.count(*) FILTER (WHERE v.answer = 'mends') AS mended,
             pg_catalog.sum(v.attempts) AS attempts
      FROM (SELECT w.*, pg_catalog.date_trunc('month', w.given_at)::date AS month
            FROM verdicts w
            WHERE w.in_force) v
      GROUP BY v.verdict, v.reason, v.campaign_id, v.origin, v.segment, v.month) x
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign c ON c.id = x.campaign_id
WHERE x.verdict = 'rejected';
COMMENT ON VIEW rejections IS 'Why sales rejects leads, by reason, campaign, origin, segment and month of the verdict, what marketing answered and what it cost, as known at leadflow.clock(). Only verdicts in force. Counts may be added up, shares may not, except over the reasons of one campaign, origin, segment and month. Leads in lead_outside are left out.';
COMMENT ON COLUMN rejections.reason IS 'code of the reason; null where none was given';
COMMENT ON COLUMN rejections.category IS 'category of the reason';
COMMENT ON COLUMN rejections.next_step IS 'what the reason asks for next';
COMMENT ON COLUMN rejections.campaign_id IS 'campaign of the leads at the verdict';
COMMENT ON COLUMN rejections.campaign IS 'name of the campaign';
COMMENT ON COLUMN rejections.origin IS 'origin of the leads at the verdict';
COMMENT ON COLUMN rejections.segment IS 'segment of the leads at the verdict';
COMMENT ON COLUMN rejections.month IS 'first day of the month of the verdict, in the session''s time zone';
COMMENT ON COLUMN rejections.rejected IS 'number of rejections';
COMMENT ON COLUMN rejections.share IS 'rejected / all verdicts on leads of this campaign, origin, segment and month, 0..1';
COMMENT ON COLUMN rejections.answered IS 'how many of them marketing has answered';
COMMENT ON COLUMN rejections.agreed IS 'how many it agrees with';
COMMENT ON COLUMN rejections.disputed IS 'how many it disputes';
COMMENT ON COLUMN rejections.mended IS 'to how many it answers that the campaign, the audience or the score is being mended';
COMMENT ON COLUMN rejections.attempts IS 'outbound touches that count as contact which the rejected leads took, from handover to verdict';
$leadflow_text$
WHEN 'false_rejections' THEN $leadflow_text$CREATE OR REPLACE VIEW false_rejections AS
WITH rejected AS MATERIALIZED (
    SELECT v.verdict_id, v.lead_id, v.full_name, v.given_at, v.reason, v.category, v.owner, v.team, v.campaign_id, v.origin, v.segment, v.variant,
           l.account_id, leadflow.normal_email(l.email) AS email
    FROM verdicts v
    JOIN lead l ON l.id = v.lead_id
    WHERE v.in_force AND v.verdict = 'rejected'
), won AS MATERIALIZED (
    SELECT l.id AS lead_id,
           e.opportunity_id,
           COALESCE(o.account_id, l.account_id) AS account_id,
           leadflow.normal_email(l.email) AS email,
           e.at,
           CASE WHEN e.opportunity_id IS NOT NULL THEN e.amount END AS amount,
           CASE WHEN e.opportunity_id IS NOT NULL THEN e.currency END AS currency
    FROM stage_event e
    LEFT JOIN opportunity o ON o.id = e.opportunity_id
    LEFT JOIN lead l ON l.id = CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END
    WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
        AND (e.opportunity_id IS NULL OR EXISTS (SELECT FROM visible_opportunity s WHERE s.id = o.id))
        AND (l.id IS NULL OR EXISTS (SELECT FROM visible_lead s WHERE s.id = l.id))
)
SELECT DISTINCT ON (h.verdict_id)
       h.verdict_id,
       h.lead_id,
       h.full_name,
       h.given_at AS rejected_at,
       h.reason,
       h.category,
       h.owner,
       h.team,
       h.campaign_id,
       h.origin,
       h.segment,
       h.variant,
       h.how,
       h.won_lead_id,
       h.opportunity_id,
       h.won_at,
       (pg_catalog.date_part('epoch', h.won_at - h.given_at) / 86400)::numeric(12,2) AS days_to_win,
       h.amount::numeric(15,2) AS amount,
       h.currency
FROM (SELECT r.*, 1 AS rank, 'same_lead' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.lead_id = r.lead_id AND w.at >= r.given_at
      UNION ALL
      SELECT r.*, 2 AS rank, 'same_person' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.email = r.email AND w.lead_id <> r.lead_id AND w.at >= r.given_at
      UNION ALL
      SELECT r.*, 3 AS rank, 'same_account' AS how, w.lead_id AS won_lead_id, w.opportunity_id, w.at AS won_at, w.amount, w.currency
      FROM rejected r
      JOIN won w ON w.account_id = r.account_id AND w.lead_id IS DISTINCT FROM r.lead_id AND w.at >= r.given_at) h
ORDER BY h.verdict_id, h.rank, h.won_at, h.opportunity_id;
COMMENT ON VIEW false_rejections IS 'Leads that sales rejected and that were won later all the same: by the lead itself, the person or the company, as known at leadflow.clock(). One row for each rejection in force: the nearest of the three, its first win. Leads in lead_outside are left out.';
COMMENT ON COLUMN false_rejections.verdict_id IS 'the rejection';
COMMENT ON COLUMN false_rejections.lead_id IS 'the lead that was rejected';
COMMENT ON COLUMN false_rejections.full_name IS 'name of the person';
COMMENT ON COLUMN false_rejections.rejected_at IS 'when it was rejected';
COMMENT ON COLUMN false_rejections.reason IS 'code of the reason given then';
COMMENT ON COLUMN false_rejections.category IS 'category of the reason';
COMMENT ON COLUMN false_rejections.owner IS 'owner of the lead then';
COMMENT ON COLUMN false_rejections.team IS 'the owner''s team then';
COMMENT ON COLUMN false_rejections.campaign_id IS 'campaign of the lead then';
COMMENT ON COLUMN false_rejections.origin IS 'origin of the lead then';
COMMENT ON COLUMN false_rejections.segment IS 'segment of the lead then';
COMMENT ON COLUMN false_rejections.variant IS 'product line or region of the lead then; * for the general ones';
COMMENT ON COLUMN false_rejections.how IS 'same_lead (the lead, or an opportunity of it), same_person (another lead with the same address by normal_email) or same_account (another lead, or an opportunity, of the same company)';
COMMENT ON COLUMN false_rejections.won_lead_id IS 'the lead that reached won; null for an opportunity without a lead';
COMMENT ON COLUMN false_rejections.opportunity_id IS 'the opportunity that was won; null where a lead reached won by itself';
COMMENT ON COLUMN false_rejections.won_at IS 'when it was won';
COMMENT ON COLUMN false_rejections.days_to_win IS 'from the rejection to the win, elapsed, in days';
COMMENT ON COLUMN false_rejections.amount IS 'amount of the opportunity when it was won; null where there is none';
COMMENT ON COLUMN false_rejections.currency IS 'ISO 4217 code of the amount; null for the workspace''s currency';
$leadflow_text$
WHEN 'disputes' THEN $leadflow_text$CREATE OR REPLACE VIEW disputes AS
SELECT v.verdict_id,
       v.lead_id,
       v.full_name,
       v.given_at AS rejected_at,
       v.actor AS rejected_by,
       v.owner,
       v.team,
       v.campaign_id,
       v.reason,
       v.category,
       v.note,
       v.answered_at AS disputed_at,
       v.answered_by AS disputed_by,
       v.answer_note,
       s.stage,
       s.entered_at AS stage_since_at,
       f.how AS won_how,
       f.won_at
FROM verdicts v
LEFT JOIN current_stage s ON s.lead_id = v.lead_id AND s.subject = 'lead'
LEFT JOIN false_rejections f ON f.verdict_id = v.verdict_id
WHERE v.in_force AND v.verdict = 'rejected' AND v.answer = 'disputes'
ORDER BY v.answered_at, v.verdict_id;
COMMENT ON VIEW disputes IS 'Rejections that stand and that marketing disputes, the oldest dispute first, with what both sides say and what became of the lead, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN disputes.verdict_id IS 'the rejection';
COMMENT ON COLUMN disputes.lead_id IS 'the lead';
COMMENT ON COLUMN disputes.full_name IS 'name of the person';
COMMENT ON COLUMN disputes.rejected_at IS 'when it was rejected';
COMMENT ON COLUMN disputes.rejected_by IS 'role in whose name it was rejected';
COMMENT ON COLUMN disputes.owner IS 'owner of the lead then';
COMMENT ON COLUMN disputes.team IS 'the owner''s team then';
COMMENT ON COLUMN disputes.campaign_id IS 'campaign of the lead then';
COMMENT ON COLUMN disputes.reason IS 'code of the reason given';
COMMENT ON COLUMN disputes.category IS 'category of the reason';
COMMENT ON COLUMN disputes.note IS 'what sales says';
COMMENT ON COLUMN disputes.disputed_at IS 'when marketing disputed it';
COMMENT ON COLUMN disputes.disputed_by IS 'role in whose name it did';
COMMENT ON COLUMN disputes.answer_note IS 'what marketing says';
COMMENT ON COLUMN disputes.stage IS 'where the lead is now';
COMMENT ON COLUMN disputes.stage_since_at IS 'since when it is there';
COMMENT ON COLUMN disputes.won_how IS 'how it was won later all the same: see false_rejections; null where it was not';
COMMENT ON COLUMN disputes.won_at IS 'when it was won later';
$leadflow_text$
WHEN 'verdict_quality' THEN $leadflow_text$CREATE OR REPLACE VIEW verdict_quality AS
WITH handed AS (
    SELECT e.lead_id, e.at, pg_catalog.lead(e.at) OVER (PARTITION BY e.lead_id ORDER BY e.at) AS next_at
    FROM (SELECT DISTINCT f.lead_id, f.at
          FROM stage_event f
          WHERE f.opportunity_id IS NULL AND f.at <= (SELECT leadflow.clock())
              AND f.to_stage >= 'mql' AND f.to_stage < 'contacted'
              AND (f.from_stage >= 'mql' AND f.from_stage < 'contacted') IS NOT TRUE) e
), won AS (
    SELECT x.lead_id, pg_catalog.array_agg(x.at) AS at
    FROM (SELECT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id, e.at
          FROM stage_event e
          LEFT JOIN opportunity o ON o.id = e.opportunity_id
          WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())) x
    GROUP BY x.lead_id
), closed AS (
    -- leads whose opportunities have all come to nothing
    SELECT o.lead_id
    FROM current_stage s
    JOIN opportunity o ON o.id = s.opportunity_id
    WHERE s.subject = 'opportunity'
    GROUP BY o.lead_id
    HAVING pg_catalog.bool_and(s.is_exit)
)
SELECT x.team,
       x.owner,
       x.month,
       x.accepted,
       x.accepted_won,
       x.accepted_lost,
       x.accepted - x.accepted_won - x.accepted_lost AS accepted_open,
       x.rejected,
       x.rejected_won,
       (x.accepted::numeric / (x.accepted + x.rejected))::numeric(9,6) AS acceptance_rate,
       (x.accepted_won::numeric / NULLIF(x.accepted_won + x.accepted_lost, 0))::numeric(9,6) AS win_rate,
       (x.rejected_won::numeric / NULLIF(x.rejected, 0))::numeric(9,6) AS false_rejection_rate,
       (x.accepted_won::numeric * (x.accepted_won + x.accepted_lost + x.rejected)
           / NULLIF((x.accepted_won + x.accepted_lost) * (x.accepted_won + x.rejected_won), 0))::numeric(12,4) AS lift
FROM (SELECT v.team,
             v.owner,
             pg_catalog.date_trunc('month', v.given_at)::date AS month,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted') AS accepted,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted' AND v.is_won) AS accepted_won,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'accepted' AND NOT v.is_won AND v.is_over) AS accepted_lost,
             pg_catalog.count(*) FILTER (WHERE v.verdict = 'rejected') AS rejected,
             pg_catalog.count(v.false_id) AS rejected_won
      FROM (SELECT w.verdict, w.given_at, w.owner, w.team, f.verdict_id AS false_id,
                   EXISTS (SELECT FROM pg_catalog.unnest(o.at) t (at) WHERE t.at >= w.given_at AND (t.at < h.next_at) IS NOT FALSE) AS is_won,
                   h.next_at IS NOT NULL OR COALESCE(s.is_exit, false) OR c.lead_id IS NOT NULL AS is_over
            FROM verdicts w
            LEFT JOIN handed h ON h.lead_id = w.lead_id AND h.at = w.handed_over_at
            LEFT JOIN current_stage s ON s.lead_id = w.lead_id AND s.subject = 'lead'
            LEFT JOIN won o ON o.lead_id = w.lead_id
            LEFT JOIN closed c ON c.lead_id = w.lead_id
            LEFT JOIN false_rejections f ON f.verdict_id = w.verdict_id
            WHERE w.in_force) v
      GROUP BY v.team, v.owner, pg_catalog.date_trunc('month', v.given_at)::date) x;
COMMENT ON VIEW verdict_quality IS 'How the verdicts of sales agree with what became of the leads, by team, owner and month of the verdict, as known at leadflow.clock(). Only verdicts in force. Counts may be added up, rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN verdict_quality.team IS 'team of the lead''s owner at the verdict';
COMMENT ON COLUMN verdict_quality.owner IS 'owner of the lead at the verdict';
COMMENT ON COLUMN verdict_quality.month IS 'first day of the month of the verdict, in the session''s time zone';
COMMENT ON COLUMN verdict_quality.accepted IS 'number of leads that were accepted: won, lost and open together';
COMMENT ON COLUMN verdict_quality.accepted_won IS 'how many of them reached won since, or an opportunity of theirs did, before they were handed over again';
COMMENT ON COLUMN verdict_quality.accepted_lost IS 'how many of them were not won and are in an exit, have lost every opportunity, or were handed over again';
COMMENT ON COLUMN verdict_quality.accepted_open IS 'how many of them are undecided';
COMMENT ON COLUMN verdict_quality.rejected IS 'number of leads that were rejected';
COMMENT ON COLUMN verdict_quality.rejected_won IS 'how many of them are in false_rejections';
COMMENT ON COLUMN verdict_quality.acceptance_rate IS 'accepted / (accepted + rejected), 0..1';
COMMENT ON COLUMN verdict_quality.win_rate IS 'accepted_won / (accepted_won + accepted_lost), 0..1; null where none is decided';
COMMENT ON COLUMN verdict_quality.false_rejection_rate IS 'rejected_won / rejected, 0..1; null where none was rejected';
COMMENT ON COLUMN verdict_quality.lift IS 'win_rate / the share of wins among all that are decided, (accepted_won + rejected_won) / (accepted_won + accepted_lost + rejected): above 1 sales chooses better than chance; null where nothing was won or none of the accepted is decided';
$leadflow_text$
WHEN 'contact_attempt' THEN $leadflow_text$-- One pass over the touches of a lead in the order of time: an attempt is
-- answered where the next thing that happens is that the lead speaks.
CREATE OR REPLACE VIEW contact_attempt AS
SELECT w.lead_id,
       w.attempt,
       w.touch_id,
       w.at AS attempt_at,
       w.kind,
       w.channel,
       w.actor,
       CASE WHEN w.next_direction = 'inbound' THEN w.next_at END AS answered_at
FROM (SELECT s.lead_id, s.touch_id, s.at, s.kind, s.channel, s.actor, s.direction,
             pg_catalog.count(*) FILTER (WHERE s.direction = 'outbound') OVER walked AS attempt,
             pg_catalog.lead(s.direction) OVER walked AS next_direction,
             pg_catalog.lead(s.at) OVER walked AS next_at
      FROM (SELECT t.lead_id,
                   t.id AS touch_id,
                   t.at,
                   t.kind,
                   COALESCE(t.channel, t.kind) AS channel,
                   t.actor,
                   t.direction,
                   -- logged twice in the same minute
                   t.direction = 'outbound' AND pg_catalog.date_trunc('minute', t.at) = pg_catalog.date_trunc('minute',
                       pg_catalog.max(CASE WHEN t.direction = 'outbound' THEN t.at END) OVER logged) AS again
            FROM touch t
            JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
            WHERE t.lead_id IS NOT NULL AND t.at <= (SELECT leadflow.clock())
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
            WINDOW logged AS (PARTITION BY t.lead_id ORDER BY t.at, t.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) s
      WHERE s.again IS NOT TRUE
      WINDOW walked AS (PARTITION BY s.lead_id ORDER BY s.at, s.touch_id)) w
WHERE w.direction = 'outbound';
COMMENT ON VIEW contact_attempt IS 'Every attempt to reach a lead, as known at leadflow.clock(), and whether the lead answered before the next one. Attempts are outbound touches of a kind that counts as contact, answers inbound ones; what was logged again in the same minute counts once. Leads in lead_outside are left out.';
COMMENT ON COLUMN contact_attempt.lead_id IS 'the lead';
COMMENT ON COLUMN contact_attempt.attempt IS 'number of the attempt: the first is 1';
COMMENT ON COLUMN contact_attempt.touch_id IS 'the touch (touch.id); of a double log the first';
COMMENT ON COLUMN contact_attempt.attempt_at IS 'when it was made';
COMMENT ON COLUMN contact_attempt.kind IS 'kind of touch';
COMMENT ON COLUMN contact_attempt.channel IS 'channel, or the kind where the touch names none';
COMMENT ON COLUMN contact_attempt.actor IS 'team member who made it';
COMMENT ON COLUMN contact_attempt.answered_at IS 'when the lead first called, wrote or met after it and before the next attempt; null where it did not';
$leadflow_text$
WHEN 'attempts_to_answer' THEN $leadflow_text$CREATE OR REPLACE VIEW attempts_to_answer AS
WITH tried AS (
    SELECT a.lead_id, a.attempt, a.channel,
           pg_catalog.min(CASE WHEN a.answered_at IS NOT NULL THEN a.attempt END) OVER (PARTITION BY a.lead_id) AS answered
    FROM contact_attempt a
), step AS (
    SELECT t.attempt, t.channel, pg_catalog.count(*) AS made, pg_catalog.count(*) FILTER (WHERE t.attempt = t.answered) AS leads
    FROM tried t
    WHERE t.answered IS NULL OR t.attempt <= t.answered
    GROUP BY t.attempt, t.channel
    UNION ALL
    SELECT NULL AS attempt, NULL AS channel, NULL AS made, pg_catalog.count(*) AS leads
    FROM tried t
    WHERE t.answered IS NULL AND t.attempt = 1
    HAVING pg_catalog.count(*) > 0
)
SELECT s.attempt,
       s.channel,
       s.made,
       s.leads,
       (s.leads::numeric / NULLIF(s.made, 0))::numeric(9,6) AS answered_share,
       (s.leads / pg_catalog.sum(s.leads) OVER ())::numeric(9,6) AS share,
       (CASE WHEN s.attempt IS NOT NULL THEN pg_catalog.sum(s.leads) OVER (ORDER BY s.attempt) END
           / pg_catalog.sum(s.leads) OVER ())::numeric(9,6) AS cumulative_share
FROM step s
ORDER BY s.attempt, s.channel;
COMMENT ON VIEW attempts_to_answer IS 'How many attempts it takes until a lead first answers, and over which channel the successful one went, of all leads that somebody tried to reach, as known at leadflow.clock(). The row without an attempt counts those that have never answered. Attempts after the first answer do not count. Counts may be added up, shares may not. See contact_attempt for what an attempt and an answer is. Leads in lead_outside are left out.';
COMMENT ON COLUMN attempts_to_answer.attempt IS 'number of the attempt; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.channel IS 'channel of this attempt; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.made IS 'number of leads with which this attempt was made over this channel; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.leads IS 'number of leads that first answered to this attempt, or never';
COMMENT ON COLUMN attempts_to_answer.answered_share IS 'leads / made: how far such an attempt is worth while, 0..1; null for leads that have never answered';
COMMENT ON COLUMN attempts_to_answer.share IS 'leads / all leads that somebody tried to reach, 0..1';
COMMENT ON COLUMN attempts_to_answer.cumulative_share IS 'share of all leads that somebody tried to reach that had answered by this attempt, over whatever channel, 0..1; null for leads that have never answered';
$leadflow_text$
WHEN 'channel_effect' THEN $leadflow_text$CREATE OR REPLACE VIEW channel_effect AS
SELECT x.channel,
       x.team,
       x.month,
       x.attempts,
       x.answered,
       (x.answered::numeric / x.attempts)::numeric(9,6) AS answered_share,
       x.first_attempts,
       x.first_answered,
       (x.first_answered::numeric / NULLIF(x.first_attempts, 0))::numeric(9,6) AS first_answered_share,
       x.answer_hours_median::numeric(12,2) AS answer_hours_median
FROM (SELECT a.channel,
             m.team,
             pg_catalog.date_trunc('month', a.attempt_at)::date AS month,
             pg_catalog.count(*) AS attempts,
             pg_catalog.count(a.answered_at) AS answered,
             pg_catalog.count(*) FILTER (WHERE a.attempt = 1) AS first_attempts,
             pg_catalog.count(a.answered_at) FILTER (WHERE a.attempt = 1) AS first_answered,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', a.answered_at - a.attempt_at) / 3600)
                 AS answer_hours_median
      FROM contact_attempt a
      LEFT JOIN team_member m ON m.member = a.actor
      GROUP BY pg_catalog.date_trunc('month', a.attempt_at)::date, a.channel, m.team) x;
COMMENT ON VIEW channel_effect IS 'Over which channels leads answer, by channel, team and month, as known at leadflow.clock(). Counts may be added up, shares may not. See contact_attempt for what an attempt and an answer is. Leads in lead_outside are left out.';
COMMENT ON COLUMN channel_effect.channel IS 'channel of the attempt, or its kind where the touch names none';
COMMENT ON COLUMN channel_effect.team IS 'team of the member who made it; null where the touch names none';
COMMENT ON COLUMN channel_effect.month IS 'first day of the month in which it was made, in the session''s time zone';
COMMENT ON COLUMN channel_effect.attempts IS 'number of attempts';
COMMENT ON COLUMN channel_effect.answered IS 'how many of them the lead answered before the next attempt, over whatever channel';
COMMENT ON COLUMN channel_effect.answered_share IS 'answered / attempts, 0..1';
COMMENT ON COLUMN channel_effect.first_attempts IS 'how many of the attempts were the first with their lead';
COMMENT ON COLUMN channel_effect.first_answered IS 'how many of those the lead answered';
COMMENT ON COLUMN channel_effect.first_answered_share IS 'first_answered / first_attempts, 0..1; null where there are none';
COMMENT ON COLUMN channel_effect.answer_hours_median IS 'median time from the attempt to its answer, elapsed, in hours, interpolated; null where there are none';
$leadflow_text$
WHEN 'wasted_effort' THEN $leadflow_text$CREATE OR REPLACE VIEW wasted_effort AS
SELECT x.verdict,
       x.category,
       x.origin,
       x.campaign_id,
       c.name AS campaign,
       x.team,
       x.leads,
       x.attempts,
       x.held_seconds,
       (x.attempts::numeric / x.leads)::numeric(12,4) AS attempts_per_lead,
       (x.attempts::numeric / NULLIF(pg_catalog.sum(x.leads) FILTER (WHERE x.verdict = 'accepted')
           OVER (PARTITION BY x.origin, x.campaign_id, x.team), 0))::numeric(12,4) AS attempts_per_accepted
FROM (SELECT j.verdict, j.category, j.origin, j.campaign_id, j.team,
             pg_catalog.count(*) AS leads,
             pg_catalog.sum(j.attempts)::bigint AS attempts,
             pg_catalog.sum(j.held_seconds)::bigint AS held_seconds
      FROM (SELECT h.verdict,
                   CASE WHEN h.verdict = 'rejected' THEN COALESCE(r.category, 'none given') END AS category,
                   h.origin, h.campaign_id, h.team,
                   pg_catalog.count(a.touch_id) AS attempts,
                   leadflow.seconds(h.verdict_at - h.mql_at) AS held_seconds
            FROM handover h
            LEFT JOIN contact_attempt a ON a.lead_id = h.lead_id AND a.attempt_at <= h.verdict_at
            LEFT JOIN reason r ON r.code = h.verdict_reason
            WHERE h.verdict IS NOT NULL
            GROUP BY h.lead_id, h.verdict, r.category, h.origin, h.campaign_id, h.team, h.verdict_at, h.mql_at) j
      GROUP BY j.verdict, j.category, j.origin, j.campaign_id, j.team) x
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW wasted_effort IS 'What work went into leads before sales rejected or accepted them, by reason category, origin, campaign and team, as known at leadflow.clock(): of handover, the leads with a verdict. Counts may be added up, ratios may not. See contact_attempt for what an attempt is. Leads in lead_outside are left out.';
COMMENT ON COLUMN wasted_effort.verdict IS 'first answer of sales: rejected (the effort was wasted) or accepted, to compare with';
COMMENT ON COLUMN wasted_effort.category IS 'category of the reason; none given, or null for accepted leads';
COMMENT ON COLUMN wasted_effort.origin IS 'where the leads came from';
COMMENT ON COLUMN wasted_effort.campaign_id IS 'campaign that brought them';
COMMENT ON COLUMN wasted_effort.campaign IS 'name of the campaign';
COMMENT ON COLUMN wasted_effort.team IS 'team of the present owners';
COMMENT ON COLUMN wasted_effort.leads IS 'number of leads with that verdict';
COMMENT ON COLUMN wasted_effort.attempts IS 'number of attempts to reach them until the verdict';
COMMENT ON COLUMN wasted_effort.held_seconds IS 'time from the handover to the verdict, of all of them together: elapsed, whole seconds';
COMMENT ON COLUMN wasted_effort.attempts_per_lead IS 'attempts / leads';
COMMENT ON COLUMN wasted_effort.attempts_per_accepted IS 'attempts of this row for each lead of the same origin, campaign and team that was accepted; null where none was';
$leadflow_text$
WHEN 'response_conversion' THEN $leadflow_text$CREATE OR REPLACE VIEW response_conversion AS
WITH answer AS (
    SELECT h.origin,
           s.furthest,
           h.first_contact_at IS NOT NULL AS contacted,
           h.first_contact_at < h.mql_at AS before,
           GREATEST(h.first_contact_at - h.mql_at, interval '0') AS elapsed,
           leadflow.worktime(b.calendar, h.mql_at, GREATEST(h.first_contact_at, h.mql_at)) AS working
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    LEFT JOIN team_member m ON m.member = h.owner
    LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default')
), sorted AS (
    SELECT v.measure,
           CASE WHEN NOT a.contacted THEN 9
                WHEN a.before THEN 1
                WHEN v.waited <= interval '5 minutes' THEN 2
                WHEN v.waited <= interval '15 minutes' THEN 3
                WHEN v.waited <= interval '1 hour' THEN 4
                WHEN v.waited <= interval '4 hours' THEN 5
                WHEN v.waited <= interval '24 hours' THEN 6
                WHEN v.waited <= interval '72 hours' THEN 7
                ELSE 8 END AS position,
           a.origin,
           a.furthest,
           CASE WHEN a.contacted THEN pg_catalog.date_part('epoch', a.elapsed) END AS elapsed_seconds,
           CASE WHEN a.contacted THEN pg_catalog.date_part('epoch', a.working) END AS working_seconds
    FROM answer a
    CROSS JOIN LATERAL (VALUES ('elapsed', a.elapsed), ('working', a.working)) v (measure, waited)
    WHERE v.waited IS NOT NULL OR NOT a.contacted
)
SELECT x.measure,
       x.position::bigint AS position,
       (ARRAY['before', '5 minutes', '15 minutes', '1 hour', '4 hours', '24 hours', '3 days', 'later', 'never'])[x.position] AS bucket,
       x.origin,
       x.leads,
       x.reached_sal,
       x.reached_sql,
       x.won,
       (x.reached_sal::numeric / x.leads)::numeric(9,6) AS sal_share,
       (x.reached_sql::numeric / x.leads)::numeric(9,6) AS sql_share,
       (x.won::numeric / x.leads)::numeric(9,6) AS won_share,
       x.elapsed_seconds_median::bigint AS elapsed_seconds_median,
       x.working_seconds_median::bigint AS working_seconds_median
FROM (SELECT s.measure,
             s.position,
             s.origin,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sal') AS reached_sal,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
             pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.elapsed_seconds) AS elapsed_seconds_median,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.working_seconds) AS working_seconds_median
      FROM sorted s
      GROUP BY s.position, s.measure, s.origin) x
ORDER BY x.measure, x.position, x.origin;
COMMENT ON VIEW response_conversion IS 'What became of the leads that were handed over, by how long they waited for the first attempt to reach them: the data from which a promise is derived. Every lead of handover is counted once in each measure, as known at leadflow.clock(); also those handed over only now. Counts may be added up within a measure, shares and medians may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN response_conversion.measure IS 'how the wait was measured: elapsed (time of the wall clock) or working (time of the owner''s calendar, or the default one; leads without a calendar are left out unless nobody tried to reach them)';
COMMENT ON COLUMN response_conversion.position IS 'order of the buckets, 1 to 9';
COMMENT ON COLUMN response_conversion.bucket IS 'wait from the handover (first mql) to the first attempt: before (there was an attempt before the handover); up to 5 minutes, 15 minutes, 1 hour, 4 hours, 24 hours or 3 days (72 hours); later; never (nobody has tried)';
COMMENT ON COLUMN response_conversion.origin IS 'where the leads came from';
COMMENT ON COLUMN response_conversion.leads IS 'number of leads';
COMMENT ON COLUMN response_conversion.reached_sal IS 'how many of them reached sal or a later stage';
COMMENT ON COLUMN response_conversion.reached_sql IS 'how many reached sql or a later stage';
COMMENT ON COLUMN response_conversion.won IS 'how many were won';
COMMENT ON COLUMN response_conversion.sal_share IS 'reached_sal / leads, 0..1';
COMMENT ON COLUMN response_conversion.sql_share IS 'reached_sql / leads, 0..1';
COMMENT ON COLUMN response_conversion.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN response_conversion.elapsed_seconds_median IS 'median wait: time of the wall clock, seconds, interpolated; 0 for contacts before the handover, null where nobody has tried';
COMMENT ON COLUMN response_conversion.working_seconds_median IS 'median wait: working time, seconds, interpolated; 0 for contacts before the handover, null where nobody has tried';
$leadflow_text$
WHEN 'volume_and_quality' THEN $leadflow_text$CREATE OR REPLACE VIEW volume_and_quality AS
WITH handed AS (
    SELECT pg_catalog.date_trunc('month', h.mql_at)::date AS month,
           pg_catalog.count(*) AS handed_over,
           pg_catalog.count(h.first_contact_at) AS contacted,
           pg_catalog.count(h.verdict) AS with_verdict,
           pg_catalog.count(*) FILTER (WHERE NOT h.returned_unreached) AS owed_verdict,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'rejected') AS rejected,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    GROUP BY pg_catalog.date_trunc('month', h.mql_at)::date
), promised AS (
    SELECT pg_catalog.date_trunc('month', s.started_at)::date AS month,
           pg_catalog.count(*) FILTER (WHERE s.state IN ('met', 'met_late', 'breached')) AS judged,
           pg_catalog.count(*) FILTER (WHERE s.state = 'met') AS met
    FROM sla_status s
    WHERE s.opportunity_id IS NULL
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    GROUP BY pg_catalog.date_trunc('month', s.started_at)::date
)
SELECT month,
       COALESCE(h.handed_over, 0) AS handed_over,
       COALESCE(h.accepted, 0) AS accepted,
       COALESCE(h.rejected, 0) AS rejected,
       COALESCE(h.reached_sql, 0) AS reached_sql,
       COALESCE(h.won, 0) AS won,
       (h.accepted::numeric / NULLIF(h.with_verdict, 0))::numeric(9,6) AS accepted_share,
       (h.reached_sql::numeric / h.handed_over)::numeric(9,6) AS qualified_share,
       COALESCE(h.contacted, 0) AS contacted,
       COALESCE(h.with_verdict, 0) AS with_verdict,
       COALESCE(p.judged, 0) AS promises,
       COALESCE(p.met, 0) AS promises_met,
       (h.contacted::numeric / h.handed_over)::numeric(9,6) AS contacted_share,
       (h.with_verdict::numeric / NULLIF(h.owed_verdict, 0))::numeric(9,6) AS verdict_share,
       (p.met::numeric / NULLIF(p.judged, 0))::numeric(9,6) AS sla_met_share,
       (h.won::numeric / NULLIF(h.reached_sql, 0))::numeric(9,6) AS deal_share
FROM handed h
FULL JOIN promised p USING (month);
COMMENT ON VIEW volume_and_quality IS 'What the two departments delivered to each other, by month: how many leads marketing handed over and how good they were, how sales reacted and answered, as known at leadflow.clock(). Leads belong to the month in which they first reached mql, promises to the month in which they started. What was agreed on is in agreement_kept. Leads in lead_outside are left out.';
COMMENT ON COLUMN volume_and_quality.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN volume_and_quality.handed_over IS 'marketing: number of leads that were handed over';
COMMENT ON COLUMN volume_and_quality.accepted IS 'marketing: how many of them sales accepted first';
COMMENT ON COLUMN volume_and_quality.rejected IS 'marketing: how many of them sales rejected first';
COMMENT ON COLUMN volume_and_quality.reached_sql IS 'both: how many of them reached sql or a later stage, by now';
COMMENT ON COLUMN volume_and_quality.won IS 'both: how many of them were won, by now';
COMMENT ON COLUMN volume_and_quality.accepted_share IS 'marketing: accepted / with_verdict, 0..1; null where there is no verdict';
COMMENT ON COLUMN volume_and_quality.qualified_share IS 'marketing: reached_sql / handed_over, 0..1; null where no lead was handed over';
COMMENT ON COLUMN volume_and_quality.contacted IS 'sales: how many of the leads that were handed over somebody tried to reach';
COMMENT ON COLUMN volume_and_quality.with_verdict IS 'sales: how many of them were accepted or rejected';
COMMENT ON COLUMN volume_and_quality.promises IS 'sales: number of promises to leads that started in the month and were kept, kept late or broken (met, met_late, breached in sla_status)';
COMMENT ON COLUMN volume_and_quality.promises_met IS 'sales: how many of them were kept in time';
COMMENT ON COLUMN volume_and_quality.contacted_share IS 'sales: contacted / handed_over, 0..1; null where no lead was handed over';
COMMENT ON COLUMN volume_and_quality.verdict_share IS 'sales: with_verdict / those handed over but the ones that nobody reached after all attempts (see handover.returned_unreached), 0..1; null where no verdict was owed';
COMMENT ON COLUMN volume_and_quality.sla_met_share IS 'sales: promises_met / promises, 0..1; null where there are none';
COMMENT ON COLUMN volume_and_quality.deal_share IS 'sales: won / reached_sql, 0..1; null where none reached sql';
$leadflow_text$
WHEN 'agreement_kept' THEN $leadflow_text$CREATE OR REPLACE VIEW agreement_kept AS
WITH fact AS (
    -- what happened in a day, by what an agreement may single out
    SELECT h.mql_at::date AS day, h.variant, h.segment, h.origin,
           pg_catalog.count(*) AS handed_over,
           pg_catalog.count(h.first_contact_at) AS contacted,
           pg_catalog.count(h.verdict) AS with_verdict,
           pg_catalog.count(*) FILTER (WHERE NOT h.returned_unreached) AS owed_verdict,
           pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql') AS reached_sql,
           pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won') AS won,
           0::bigint AS judged,
           0::bigint AS met
    FROM handover h
    JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
          GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
    GROUP BY h.mql_at::date, h.variant, h.segment, h.origin
    UNION ALL
    SELECT s.started_at::date, l.variant, l.segment, l.origin, 0, 0, 0, 0, 0, 0, 0,
           pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE s.state = 'met')
    FROM sla_status s
    JOIN lead l ON l.id = s.lead_id
    WHERE s.opportunity_id IS NULL AND s.state IN ('met', 'met_late', 'breached')
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id)
    GROUP BY s.started_at::date, l.variant, l.segment, l.origin
), delivered AS (
    SELECT a.agreement,
           pg_catalog.date_trunc(a.period, f.day::timestamp)::date AS from_date,
           pg_catalog.sum(CASE a.measure WHEN 'handed_over' THEN f.handed_over
                                         WHEN 'accepted' THEN f.accepted
                                         WHEN 'accepted_share' THEN f.accepted
                                         WHEN 'qualified_share' THEN f.reached_sql
                                         WHEN 'contacted_share' THEN f.contacted
                                         WHEN 'verdict_share' THEN f.with_verdict
                                         WHEN 'sla_met_share' THEN f.met
                                         WHEN 'deal_share' THEN f.won END) AS counted,
           -- null: a number was promised, not a share
           pg_catalog.sum(CASE a.measure WHEN 'accepted_share' THEN f.with_verdict
                                         WHEN 'qualified_share' THEN f.handed_over
                                         WHEN 'contacted_share' THEN f.handed_over
                                         WHEN 'verdict_share' THEN f.owed_verdict
                                         WHEN 'sla_met_share' THEN f.judged
                                         WHEN 'deal_share' THEN f.reached_sql END) AS out_of
    FROM agreement a
    JOIN fact f ON (a.variant IS NULL OR f.variant = a.variant)
        AND (a.segment IS NULL OR f.segment = a.segment)
        AND (a.origin IS NULL OR f.origin = a.origin)
        AND (a.starts_on IS NULL OR f.day >= a.starts_on)
        AND (a.ends_on IS NULL OR f.day <= a.ends_on)
    WHERE a.active
    GROUP BY a.agreement, pg_catalog.date_trunc(a.period, f.day::timestamp)::date
), period AS (
    SELECT a.*,
           p.from_at::date AS from_date,
           LEAST((p.from_at + s.step)::date - 1, a.ends_on) AS until_date,
           n.today
    FROM agreement a
    CROSS JOIN (SELECT (SELECT leadflow.clock())::date AS today, (SELECT pg_catalog.min(f.day) FROM fact f) AS first_day) n
    CROSS JOIN LATERAL (SELECT CASE a.period WHEN 'week' THEN interval '7 days'
                                             WHEN 'month' THEN interval '1 month'
                                             WHEN 'quarter' THEN interval '3 months' END AS step) s
    CROSS JOIN LATERAL pg_catalog.generate_series(pg_catalog.date_trunc(a.period, GREATEST(COALESCE(a.starts_on, n.first_day), '1900-01-01'::date)::timestamp),
                                                  LEAST(a.ends_on, n.today)::timestamp, s.step) p (from_at)
    WHERE a.active AND COALESCE(a.starts_on, n.first_day) IS NOT NULL AND (a.starts_on IS NULL OR a.starts_on <= n.today)
)
SELECT x.agreement,
       x.department,
       x.measure,
       x.variant,
       x.segment,
       x.origin,
       x.period,
       GREATEST(x.from_date, x.starts_on) AS from_date,
       x.until_date,
       CASE WHEN x.until_date >= x.today THEN 'running' ELSE 'complete' END AS state,
       x.at_least::numeric(15,6) AS promised,
       x.delivered::numeric(15,6) AS delivered,
       x.counted,
       x.out_of,
       CASE WHEN x.delivered >= x.at_least THEN true
            WHEN x.delivered < x.at_least AND x.until_date < x.today THEN false END AS kept,
       GREATEST(pg_catalog.ceil(x.at_least * COALESCE(x.out_of, 1)) - x.counted, 0)::bigint AS missing,
       x.promise
FROM (SELECT p.*, v.counted, v.out_of,
             CASE WHEN v.out_of IS NULL THEN v.counted ELSE v.counted::numeric / NULLIF(v.out_of, 0) END AS delivered
      FROM period p
      LEFT JOIN delivered d ON d.agreement = p.agreement AND d.from_date = p.from_date
      CROSS JOIN LATERAL (SELECT COALESCE(d.counted, 0)::bigint AS counted,
                                 CASE WHEN p.measure LIKE '%\_share' THEN COALESCE(d.out_of, 0)::bigint END AS out_of) v) x
ORDER BY x.department, x.agreement, x.from_date;
COMMENT ON VIEW agreement_kept IS 'Whether the two departments kept what they promised each other in agreement: one row for each promise in force and each period that has begun, as known at leadflow.clock(). Leads belong to the period in which they first reached mql, promised reactions to the one in which they started; what came of them later counts as well, so that a share may still change when its period is over. Groups are by the leads'' present variant, segment and origin. Without a first day, periods begin with the first lead that was handed over, and none begins before 1900. Leads in lead_outside are left out.';
COMMENT ON COLUMN agreement_kept.agreement IS 'code of the promise';
COMMENT ON COLUMN agreement_kept.department IS 'who made it: marketing or sales';
COMMENT ON COLUMN agreement_kept.measure IS 'what was promised (see agreement.measure)';
COMMENT ON COLUMN agreement_kept.variant IS 'only leads of this product line or region; null for all';
COMMENT ON COLUMN agreement_kept.segment IS 'only leads of this segment; null for all';
COMMENT ON COLUMN agreement_kept.origin IS 'only leads of this origin; null for all';
COMMENT ON COLUMN agreement_kept.period IS 'week, month or quarter';
COMMENT ON COLUMN agreement_kept.from_date IS 'first day of the period, or of the agreement, in the session''s time zone';
COMMENT ON COLUMN agreement_kept.until_date IS 'last day of the period, or of the agreement';
COMMENT ON COLUMN agreement_kept.state IS 'running (the present is in the period) or complete';
COMMENT ON COLUMN agreement_kept.promised IS 'the promise: a number, or a share 0..1';
COMMENT ON COLUMN agreement_kept.delivered IS 'what was delivered so far: a number, or a share 0..1; null for a share of nothing';
COMMENT ON COLUMN agreement_kept.counted IS 'leads or reactions that keep the promise';
COMMENT ON COLUMN agreement_kept.out_of IS 'of how many, where a share was promised; null for a number';
COMMENT ON COLUMN agreement_kept.kept IS 'whether delivered reaches promised; null while the period runs and it does not, and for a share of nothing';
COMMENT ON COLUMN agreement_kept.missing IS 'how many more leads or reactions, of those counted in out_of, would have kept it; 0 where it is kept';
COMMENT ON COLUMN agreement_kept.promise IS 'the promise in words';
$leadflow_text$
WHEN 'sla_open' THEN $leadflow_text$-- Open clocks are found by their own indexes. Those that are over by now are
-- looked at only where the present is in the past.
CREATE OR REPLACE VIEW sla_open AS
SELECT s.clock_id,
       s.policy,
       s.metric,
       s.owes,
       s.lead_id,
       s.opportunity_id,
       s.owner,
       s.team,
       s.variant,
       CASE WHEN s.calendar IS NULL THEN 'elapsed' ELSE 'working' END AS measure,
       s.started_at,
       s.warn_at,
       s.due_at,
       CASE WHEN s.paused_at <= s.due_at THEN 'paused'
            WHEN s.present_at > s.due_at THEN 'breached'
            WHEN s.present_at >= s.warn_at THEN 'warning'
            ELSE 'running' END AS state,
       s.paused_at,
       s.pause_reason,
       leadflow.seconds(s.target) AS target_seconds,
       pg_catalog.floor(pg_catalog.date_part('epoch', s.target) - pg_catalog.date_part('epoch',
           CASE WHEN s.pauses IS NOT NULL THEN leadflow.worktime(COALESCE(s.calendar, 'UTC; 24/7'), s.started_at, s.present_at, s.pauses)
                WHEN s.calendar IS NULL THEN s.present_at - s.started_at
                ELSE leadflow.worktime(s.calendar, s.started_at, s.present_at) END))::bigint AS remaining_seconds,
       leadflow.seconds(s.present_at - s.started_at) AS waiting_seconds,
       s.started_by,
       s.start_touch_id
FROM (SELECT c.id AS clock_id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.calendar,
             c.started_at, c.target, c.started_by, c.start_touch_id, n.at AS present_at,
             p.pauses, p.paused_at, p.pause_reason,
             CASE WHEN c.opportunity_id IS NOT NULL THEN 'approval'
                  WHEN c.attempts IS NOT NULL THEN 'attempts'
                  WHEN c.stops_on_touch <> '{}' THEN 'answer'
                  WHEN c.stops_on_verdict THEN 'verdict'
                  ELSE 'move' END AS owes,
             -- resuming a clock moves its limits; what was resumed after the present has not moved them yet
             CASE WHEN p.moved_later THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
                 pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.warn_after)), p.ended) ELSE c.warn_at END AS warn_at,
             CASE WHEN p.moved_later THEN leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'), c.started_at,
                 pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', c.target)), p.ended) ELSE c.due_at END AS due_at
      FROM (SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at,
                   c.due_at, c.target, c.warn_after, c.calendar, c.stops_on_touch, c.stops_on_verdict, c.attempts, c.started_by, c.start_touch_id
            FROM sla_clock c
            WHERE c.stopped_at IS NULL AND c.cancelled_at IS NULL
            UNION ALL
            SELECT c.id, c.policy, c.metric, c.lead_id, c.opportunity_id, c.owner, c.team, c.variant, c.started_at, c.warn_at,
                   c.due_at, c.target, c.warn_after, c.calendar, c.stops_on_touch, c.stops_on_verdict, c.attempts, c.started_by, c.start_touch_id
            FROM sla_clock c
            WHERE (c.stopped_at > (SELECT leadflow.clock()) OR c.cancelled_at > (SELECT leadflow.clock()))
                AND (SELECT leadflow.clock()) < pg_catalog.now()) c
      CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS at) n
      CROSS JOIN LATERAL (
          SELECT pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, LEAST(p.resumed_at, n.at))) AS pauses,
                 COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at))
                     FILTER (WHERE p.resumed_at <= n.at), '{}') AS ended,
                 pg_catalog.min(p.paused_at) FILTER (WHERE p.resumed_at <= n.at IS NOT TRUE) AS paused_at,
                 pg_catalog.string_agg(p.reason, '; ' ORDER BY p.paused_at)
                     FILTER (WHERE p.resumed_at <= n.at IS NOT TRUE) AS pause_reason,
                 COALESCE(pg_catalog.bool_or(p.resumed_at > n.at), false) AS moved_later
          FROM sla_pause p
          WHERE p.clock_id = c.id AND p.paused_at <= n.at) p
      WHERE c.started_at <= n.at) s
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id);
COMMENT ON VIEW sla_open IS 'Promises that are still owed at leadflow.clock(), as sla_status shows them, found by the lead, the opportunity or the due time without reading those that are over. Where the present is in the past, what was stopped or cancelled since is among them, but now nothing is that a touch dated in the future has stopped; the owner is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_open.clock_id IS 'number of the clock';
COMMENT ON COLUMN sla_open.policy IS 'policy that started it';
COMMENT ON COLUMN sla_open.metric IS 'what it measures';
COMMENT ON COLUMN sla_open.owes IS 'what is owed: answer (a touch to the lead), attempts (a cadence), verdict (accept or reject), approval (whatever an opportunity waits for), or move (another stage, or an answer of the lead)';
COMMENT ON COLUMN sla_open.lead_id IS 'lead it runs for, or the lead of the opportunity';
COMMENT ON COLUMN sla_open.opportunity_id IS 'opportunity it runs for; null where it runs for a lead';
COMMENT ON COLUMN sla_open.owner IS 'who owes the reaction';
COMMENT ON COLUMN sla_open.team IS 'the owner''s team';
COMMENT ON COLUMN sla_open.variant IS 'variant of the lead or opportunity when it started';
COMMENT ON COLUMN sla_open.measure IS 'the clock''s own time: working (time of its calendar) or elapsed (time of the wall clock)';
COMMENT ON COLUMN sla_open.started_at IS 'when it started';
COMMENT ON COLUMN sla_open.warn_at IS 'when it goes into warning; null for no warning';
COMMENT ON COLUMN sla_open.due_at IS 'when the promise is broken unless it is kept by then; does not foresee the end of a pause';
COMMENT ON COLUMN sla_open.state IS 'running, warning (warn_at has come), paused (stands still, and was not late before) or breached (due_at has passed)';
COMMENT ON COLUMN sla_open.paused_at IS 'since when it stands still; null where it does not';
COMMENT ON COLUMN sla_open.pause_reason IS 'why it stands still';
COMMENT ON COLUMN sla_open.target_seconds IS 'the promise, in seconds of the clock''s own time';
COMMENT ON COLUMN sla_open.remaining_seconds IS 'what is left of it in the clock''s own time, without pauses: whole seconds, rounded down; below 0 when late';
COMMENT ON COLUMN sla_open.waiting_seconds IS 'time of the wall clock since the start, pauses included: whole seconds';
COMMENT ON COLUMN sla_open.started_by IS 'what started it: stage or touch kind';
COMMENT ON COLUMN sla_open.start_touch_id IS 'touch that started it';
$leadflow_text$
WHEN 'owner_load' THEN $leadflow_text$CREATE OR REPLACE VIEW owner_load AS
SELECT x.owner,
       m.full_name,
       m.team,
       m.active,
       x.open_leads,
       x.open_opportunities,
       x.running,
       x.warning,
       x.breached,
       x.paused,
       x.attempts,
       (x.attempts / 30.0)::numeric(12,4) AS attempts_per_day,
       x.handed_over,
       x.contacted,
       x.with_verdict,
       x.accepted,
       x.reached_sql,
       x.won,
       (x.contacted::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS contacted_share,
       (x.accepted::numeric / NULLIF(x.with_verdict, 0))::numeric(9,6) AS acceptance_rate,
       (x.reached_sql::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS qualified_share,
       (x.won::numeric / NULLIF(x.handed_over, 0))::numeric(9,6) AS won_share
FROM (SELECT v.owner,
             pg_catalog.sum(v.open_leads)::bigint AS open_leads,
             pg_catalog.sum(v.open_opportunities)::bigint AS open_opportunities,
             pg_catalog.sum(v.running)::bigint AS running,
             pg_catalog.sum(v.warning)::bigint AS warning,
             pg_catalog.sum(v.breached)::bigint AS breached,
             pg_catalog.sum(v.paused)::bigint AS paused,
             pg_catalog.sum(v.attempts)::bigint AS attempts,
             pg_catalog.sum(v.handed_over)::bigint AS handed_over,
             pg_catalog.sum(v.contacted)::bigint AS contacted,
             pg_catalog.sum(v.with_verdict)::bigint AS with_verdict,
             pg_catalog.sum(v.accepted)::bigint AS accepted,
             pg_catalog.sum(v.reached_sql)::bigint AS reached_sql,
             pg_catalog.sum(v.won)::bigint AS won
      FROM (SELECT m.member AS owner, 0 AS open_leads, 0 AS open_opportunities, 0 AS running, 0 AS warning, 0 AS breached, 0 AS paused,
                   0 AS attempts, 0 AS handed_over, 0 AS contacted, 0 AS with_verdict, 0 AS accepted, 0 AS reached_sql, 0 AS won
            FROM team_member m
            WHERE m.department = 'sales' AND m.active
            UNION ALL
            SELECT l.owner, pg_catalog.count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            FROM lead l
            WHERE l.stage >= 'mql' AND l.stage < 'won'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            GROUP BY l.owner
            UNION ALL
            SELECT o.owner, 0, pg_catalog.count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            FROM opportunity o
            WHERE o.stage >= 'visitor' AND o.stage < 'won'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
            GROUP BY o.owner
            UNION ALL
            SELECT s.owner, 0, 0,
                   pg_catalog.count(*) FILTER (WHERE s.state IN ('running', 'warning')),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'warning'),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'breached'),
                   pg_catalog.count(*) FILTER (WHERE s.state = 'paused'), 0, 0, 0, 0, 0, 0, 0
            FROM sla_open s
            GROUP BY s.owner
            UNION ALL
            SELECT COALESCE(a.actor, l.owner), 0, 0, 0, 0, 0, 0, pg_catalog.count(*), 0, 0, 0, 0, 0, 0
            FROM contact_attempt a
            JOIN lead l ON l.id = a.lead_id
            WHERE a.attempt_at > (SELECT leadflow.clock()) - interval '30 days'
            GROUP BY COALESCE(a.actor, l.owner)
            UNION ALL
            SELECT h.owner, 0, 0, 0, 0, 0, 0, 0,
                   pg_catalog.count(*), pg_catalog.count(h.first_contact_at), pg_catalog.count(h.verdict),
                   pg_catalog.count(*) FILTER (WHERE h.verdict = 'accepted'),
                   pg_catalog.count(*) FILTER (WHERE s.furthest >= 'sql'),
                   pg_catalog.count(*) FILTER (WHERE s.furthest >= 'won')
            FROM handover h
            JOIN (SELECT e.lead_id, pg_catalog.max(e.to_stage) AS furthest
                  FROM stage_event e
                  WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
                  GROUP BY e.lead_id) s ON s.lead_id = h.lead_id
            GROUP BY h.owner) v
      GROUP BY v.owner) x
LEFT JOIN team_member m ON m.member = x.owner;
COMMENT ON VIEW owner_load IS 'What every owner carries and makes of it: open work, promises, attempts and conversion. Active sales members are listed also with nothing to do; the row without an owner is what nobody owns. Open leads and opportunities, and who owns what, are the present ones in the data; promises, attempts and conversion are as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN owner_load.owner IS 'the owner; null for what nobody owns';
COMMENT ON COLUMN owner_load.full_name IS 'the owner''s name';
COMMENT ON COLUMN owner_load.team IS 'the owner''s team';
COMMENT ON COLUMN owner_load.active IS 'false once the owner has left; null for who is no team member';
COMMENT ON COLUMN owner_load.open_leads IS 'number of leads from mql up to won';
COMMENT ON COLUMN owner_load.open_opportunities IS 'number of opportunities that are not closed';
COMMENT ON COLUMN owner_load.running IS 'number of promises that run and are not late, those in warning among them';
COMMENT ON COLUMN owner_load.warning IS 'how many of the running ones are in warning';
COMMENT ON COLUMN owner_load.breached IS 'number of promises that are late and still owed';
COMMENT ON COLUMN owner_load.paused IS 'number of promises that stand still and were not late before';
COMMENT ON COLUMN owner_load.attempts IS 'number of attempts in the last 30 days (see contact_attempt), by whom made them or, where the touch does not say, by the lead''s owner';
COMMENT ON COLUMN owner_load.attempts_per_day IS 'attempts / 30';
COMMENT ON COLUMN owner_load.handed_over IS 'number of leads that were ever handed over';
COMMENT ON COLUMN owner_load.contacted IS 'how many of them somebody tried to reach';
COMMENT ON COLUMN owner_load.with_verdict IS 'how many of them were accepted or rejected';
COMMENT ON COLUMN owner_load.accepted IS 'how many of them were accepted first';
COMMENT ON COLUMN owner_load.reached_sql IS 'how many of them reached sql or a later stage';
COMMENT ON COLUMN owner_load.won IS 'how many of them were won';
COMMENT ON COLUMN owner_load.contacted_share IS 'contacted / handed_over, 0..1; null where there are none';
COMMENT ON COLUMN owner_load.acceptance_rate IS 'accepted / with_verdict, 0..1; null where there is none';
COMMENT ON COLUMN owner_load.qualified_share IS 'reached_sql / handed_over, 0..1; null where there are none';
COMMENT ON COLUMN owner_load.won_share IS 'won / handed_over: the owner''s conversion, 0..1; null where there are none';
$leadflow_text$
WHEN 'lead_scores' THEN $leadflow_text$-- Only left joins by a key: a report that asks for little pays for little.
CREATE OR REPLACE VIEW lead_scores AS
SELECT l.id AS lead_id,
       l.full_name,
       l.account_id,
       a.name AS account,
       l.campaign_id,
       g.name AS campaign,
       l.stage::text AS stage,
       l.owner,
       m.team,
       l.segment,
       l.variant,
       s.fit,
       s.behaviour,
       s.total,
       pg_catalog."substring"(s.grade, '[A-Z]') AS fit_grade,
       pg_catalog."substring"(s.grade, '[1-9]') AS behaviour_grade,
       s.grade,
       s.probability,
       s.model_version,
       t.score::numeric(15,4) AS tool_score,
       f.score_in_force::numeric(15,4) AS score_in_force,
       CASE WHEN f.score_in_force IS NULL OR w.force = 'tool' THEN 'tool'
            WHEN w.force = 'model' AND s.probability IS NOT NULL THEN 'model'
            WHEN w.force = 'rules' AND s.total IS NOT NULL THEN 'rules'
            ELSE 'tool' END AS in_force,
       s.scored_at,
       leadflow.seconds(GREATEST((SELECT leadflow.clock()), s.scored_at) - s.scored_at) AS stale_seconds,
       s.refused_move,
       s.refusal
FROM lead l
LEFT JOIN lead_score s ON s.lead_id = l.id
LEFT JOIN account a ON a.id = l.account_id
LEFT JOIN campaign g ON g.id = l.campaign_id
LEFT JOIN team_member m ON m.member = l.owner
CROSS JOIN LATERAL (SELECT (SELECT w.score_in_force FROM workspace w) AS force) w
CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.abs(l.score) < 10000000000 THEN l.score END AS score) t
CROSS JOIN LATERAL (SELECT COALESCE(CASE w.force WHEN 'rules' THEN s.total WHEN 'model' THEN 100 * s.probability END, t.score) AS score_in_force) f
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id);
COMMENT ON VIEW lead_scores IS 'The scores of every lead: what leadflow gives, what the tool gives, and which of them orders the work. Scores are those of the last leadflow.refresh_scores, whatever leadflow.clock() is; the lead is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_scores.lead_id IS 'the lead';
COMMENT ON COLUMN lead_scores.full_name IS 'name of the person';
COMMENT ON COLUMN lead_scores.account_id IS 'company';
COMMENT ON COLUMN lead_scores.account IS 'name of the company';
COMMENT ON COLUMN lead_scores.campaign_id IS 'campaign that brought the lead';
COMMENT ON COLUMN lead_scores.campaign IS 'name of the campaign';
COMMENT ON COLUMN lead_scores.stage IS 'where the lead is';
COMMENT ON COLUMN lead_scores.owner IS 'team member who owns it';
COMMENT ON COLUMN lead_scores.team IS 'the owner''s team';
COMMENT ON COLUMN lead_scores.segment IS 'market segment';
COMMENT ON COLUMN lead_scores.variant IS 'product line or region; * for the general ones';
COMMENT ON COLUMN lead_scores.fit IS 'points for who they are; this and what follows is null where leadflow has not scored the lead yet';
COMMENT ON COLUMN lead_scores.behaviour IS 'points for what they do, faded up to scored_at';
COMMENT ON COLUMN lead_scores.total IS 'fit and behaviour';
COMMENT ON COLUMN lead_scores.fit_grade IS 'grade of the fit: A is the best; null where there are no grades';
COMMENT ON COLUMN lead_scores.behaviour_grade IS 'grade of the behaviour: 1 is the best; null where there are no grades';
COMMENT ON COLUMN lead_scores.grade IS 'both grades: B2';
COMMENT ON COLUMN lead_scores.probability IS 'probability of winning, 0..1, by the model that was active; null for none';
COMMENT ON COLUMN lead_scores.model_version IS 'that model (score_model.version)';
COMMENT ON COLUMN lead_scores.tool_score IS 'score given by the tool (lead.score); null for none, and for one of 10^10 or more';
COMMENT ON COLUMN lead_scores.score_in_force IS 'the score that orders the work, as workspace.score_in_force asks: total (rules), 100 times the probability (model) or the tool''s; where leadflow has not scored the lead by it yet, the tool''s; null for none';
COMMENT ON COLUMN lead_scores.in_force IS 'which one that is: rules, model or tool';
COMMENT ON COLUMN lead_scores.scored_at IS 'the instant as of which leadflow scored it; null for not yet';
COMMENT ON COLUMN lead_scores.stale_seconds IS 'how long ago that was: elapsed, whole seconds';
COMMENT ON COLUMN lead_scores.refused_move IS 'move by score (score_move.code) that the guard refused when it was last scored; null for none';
COMMENT ON COLUMN lead_scores.refusal IS 'what the guard said: which criteria are not met, and what was seen, one a line';
$leadflow_text$
WHEN 'qualification' THEN $leadflow_text$-- Handovers, verdicts and outcomes as in verdict_quality.
CREATE OR REPLACE VIEW qualification AS
WITH won AS (
    SELECT x.lead_id, pg_catalog.array_agg(x.at) AS at
    FROM (SELECT CASE WHEN e.opportunity_id IS NULL THEN e.lead_id ELSE o.lead_id END AS lead_id, e.at
          FROM stage_event e
          LEFT JOIN opportunity o ON o.id = e.opportunity_id
          WHERE e.to_stage >= 'won' AND e.to_stage < 'onboarding' AND e.at <= (SELECT leadflow.clock())) x
    GROUP BY x.lead_id
), closed AS (
    -- leads whose opportunities have all come to nothing
    SELECT o.lead_id
    FROM current_stage s
    JOIN opportunity o ON o.id = s.opportunity_id
    WHERE s.subject = 'opportunity'
    GROUP BY o.lead_id
    HAVING pg_catalog.bool_and(s.is_exit)
)
SELECT h.lead_id,
       h.number,
       h.at AS qualified_at,
       h.implied,
       h.owner,
       h.team,
       h.campaign_id,
       h.origin,
       h.segment,
       h.variant,
       (h.facts #>> '{score,fit}')::numeric(15,4) AS fit,
       (h.facts #>> '{score,behaviour}')::numeric(15,4) AS behaviour,
       (h.facts #>> '{score,total}')::numeric(15,4) AS total,
       h.facts #>> '{score,grade}' AS grade,
       (h.facts #>> '{score,probability}')::numeric(5,4) AS probability,
       h.facts -> 'features' AS features,
       v.verdict,
       v.at AS verdict_at,
       v.reason,
       CASE WHEN w.at IS NOT NULL THEN 'won'
            WHEN h.next_at IS NOT NULL OR s.is_exit OR c.lead_id IS NOT NULL THEN 'lost'
            ELSE 'open' END AS outcome,
       w.at AS won_at
FROM (SELECT e.*,
             pg_catalog.row_number() OVER walked AS number,
             pg_catalog.lead(e.at) OVER walked AS next_at
      FROM (SELECT DISTINCT ON (e.lead_id, e.at) e.lead_id, e.at, e.implied, e.owner, e.team, e.campaign_id, e.origin, e.segment, e.variant, e.facts
            FROM stage_event e
            WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())
                AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
                AND (e.from_stage >= 'mql' AND e.from_stage < 'contacted') IS NOT TRUE
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = e.lead_id)
            ORDER BY e.lead_id, e.at, e.id) e
      WINDOW walked AS (PARTITION BY e.lead_id ORDER BY e.at)) h
-- the verdict in force
LEFT JOIN (SELECT DISTINCT ON (v.lead_id, v.handed_over_at) v.lead_id, v.handed_over_at, v.verdict, v.at, v.reason
           FROM verdict v
           WHERE v.at <= (SELECT leadflow.clock())
           ORDER BY v.lead_id, v.handed_over_at, v.at DESC, v.id DESC) v ON v.lead_id = h.lead_id AND v.handed_over_at = h.at
LEFT JOIN won o ON o.lead_id = h.lead_id
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM pg_catalog.unnest(o.at) t (at)
                   WHERE t.at >= h.at AND (t.at < h.next_at) IS NOT FALSE) w ON true
LEFT JOIN current_stage s ON s.lead_id = h.lead_id AND s.subject = 'lead'
LEFT JOIN closed c ON c.lead_id = h.lead_id;
COMMENT ON VIEW qualification IS 'Every time that a lead became an MQL: the score and the features that it had then, the verdict of sales and what became of it, as known at leadflow.clock(). Owner, campaign, origin, segment and variant are those of that moment. Leads in lead_outside are left out.';
COMMENT ON COLUMN qualification.lead_id IS 'the lead';
COMMENT ON COLUMN qualification.number IS 'which time it was: 1 for the first';
COMMENT ON COLUMN qualification.qualified_at IS 'when it entered mql';
COMMENT ON COLUMN qualification.implied IS 'whether it only passed through mql by a move further on';
COMMENT ON COLUMN qualification.owner IS 'owner then';
COMMENT ON COLUMN qualification.team IS 'the owner''s team then';
COMMENT ON COLUMN qualification.campaign_id IS 'campaign then';
COMMENT ON COLUMN qualification.origin IS 'origin then';
COMMENT ON COLUMN qualification.segment IS 'segment then';
COMMENT ON COLUMN qualification.variant IS 'product line or region then; * for the general ones';
COMMENT ON COLUMN qualification.fit IS 'points for who they were then; this and what follows up to features is null where it was not kept';
COMMENT ON COLUMN qualification.behaviour IS 'points for what they had done by then, faded';
COMMENT ON COLUMN qualification.total IS 'fit and behaviour';
COMMENT ON COLUMN qualification.grade IS 'both grades then: B2; null where there were no grades';
COMMENT ON COLUMN qualification.probability IS 'probability of winning, 0..1, as reckoned then; null where it was not kept';
COMMENT ON COLUMN qualification.features IS 'what the features (score_feature) were then: {"role": "cto"}';
COMMENT ON COLUMN qualification.verdict IS 'verdict of sales in force: accepted or rejected; null for none';
COMMENT ON COLUMN qualification.verdict_at IS 'when it was given';
COMMENT ON COLUMN qualification.reason IS 'code of its reason';
COMMENT ON COLUMN qualification.outcome IS 'won (it, or an opportunity of it, reached won before it was handed over again), lost (not won, and in an exit, or every opportunity of it is, or it was handed over again) or open';
COMMENT ON COLUMN qualification.won_at IS 'when it was won; null for not';
$leadflow_text$
WHEN 'score_grid' THEN $leadflow_text$CREATE OR REPLACE VIEW score_grid AS
SELECT x.grade,
       pg_catalog."substring"(x.grade, '[A-Z]') AS fit_grade,
       pg_catalog."substring"(x.grade, '[1-9]') AS behaviour_grade,
       x.leads,
       (x.leads / NULLIF(pg_catalog.sum(x.leads) OVER (), 0))::numeric(9,6) AS share,
       x.qualified,
       x.accepted,
       x.rejected,
       x.won,
       x.lost,
       x.qualified - x.won - x.lost AS open,
       (x.accepted::numeric / NULLIF(x.accepted + x.rejected, 0))::numeric(9,6) AS acceptance_rate,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate
FROM (SELECT COALESCE(n.grade, q.grade) AS grade,
             COALESCE(n.leads, 0) AS leads,
             COALESCE(q.qualified, 0) AS qualified,
             COALESCE(q.accepted, 0) AS accepted,
             COALESCE(q.rejected, 0) AS rejected,
             COALESCE(q.won, 0) AS won,
             COALESCE(q.lost, 0) AS lost
      FROM (SELECT s.grade, pg_catalog.count(*) AS leads
            FROM lead_scores s
            WHERE s.grade IS NOT NULL
            GROUP BY s.grade) n
      FULL JOIN (SELECT q.grade,
                        pg_catalog.count(*) AS qualified,
                        pg_catalog.count(*) FILTER (WHERE q.verdict = 'accepted') AS accepted,
                        pg_catalog.count(*) FILTER (WHERE q.verdict = 'rejected') AS rejected,
                        pg_catalog.count(*) FILTER (WHERE q.outcome = 'won') AS won,
                        pg_catalog.count(*) FILTER (WHERE q.outcome = 'lost') AS lost
                 FROM qualification q
                 WHERE q.grade IS NOT NULL
                 GROUP BY q.grade) q ON q.grade = n.grade) x
ORDER BY x.grade;
COMMENT ON VIEW score_grid IS 'The leads by grade as last scored, and what became of the MQLs by the grade that they had when they became MQLs (qualification), as known at leadflow.clock(): whether a better grade stands for a better lead. A lead that became an MQL twice counts twice there. Counts may be added up, rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_grid.grade IS 'grade of fit and grade of behaviour: A1 to D4';
COMMENT ON COLUMN score_grid.fit_grade IS 'grade of the fit: A is the best';
COMMENT ON COLUMN score_grid.behaviour_grade IS 'grade of the behaviour: 1 is the best';
COMMENT ON COLUMN score_grid.leads IS 'number of leads that have the grade now, in whatever stage';
COMMENT ON COLUMN score_grid.share IS 'leads / all leads that have a grade, 0..1';
COMMENT ON COLUMN score_grid.qualified IS 'number of MQLs that had the grade when they became MQLs: won, lost and open together';
COMMENT ON COLUMN score_grid.accepted IS 'how many of them sales accepted';
COMMENT ON COLUMN score_grid.rejected IS 'how many of them sales rejected';
COMMENT ON COLUMN score_grid.won IS 'how many of them were won';
COMMENT ON COLUMN score_grid.lost IS 'how many of them came to nothing';
COMMENT ON COLUMN score_grid.open IS 'how many of them are undecided';
COMMENT ON COLUMN score_grid.acceptance_rate IS 'accepted / (accepted + rejected), 0..1; null where there is no verdict';
COMMENT ON COLUMN score_grid.win_rate IS 'won / (won + lost), 0..1; null where none is decided';
$leadflow_text$
WHEN 'score_quality' THEN $leadflow_text$CREATE OR REPLACE VIEW score_quality AS
SELECT x.month,
       x.closed,
       x.won,
       x.closed - x.won AS lost,
       x.scored,
       x.auc_total::numeric(9,6) AS auc_total,
       x.auc_fit::numeric(9,6) AS auc_fit,
       x.auc_behaviour::numeric(9,6) AS auc_behaviour,
       leadflow.lift(x.totals, 0.2)::numeric(9,4) AS lift_of_best_fifth,
       x.with_probability,
       x.auc_probability::numeric(9,6) AS auc_probability,
       x.brier_probability::numeric(9,6) AS brier_probability
FROM (SELECT q.month,
             pg_catalog.count(*) AS closed,
             pg_catalog.count(*) FILTER (WHERE q.won) AS won,
             pg_catalog.count(q.total) AS scored,
             leadflow.auc(q.total::float8, q.won) AS auc_total,
             leadflow.auc(q.fit::float8, q.won) AS auc_fit,
             leadflow.auc(q.behaviour::float8, q.won) AS auc_behaviour,
             leadflow.scored_outcomes(q.total::float8, q.won) AS totals,
             pg_catalog.count(q.probability) AS with_probability,
             leadflow.auc(q.probability::float8, q.won) AS auc_probability,
             leadflow.brier(q.probability::float8, q.won) AS brier_probability
      FROM (SELECT pg_catalog.date_trunc('month', q.qualified_at)::date AS month, q.outcome = 'won' AS won, q.total, q.fit, q.behaviour, q.probability
            FROM qualification q
            WHERE q.outcome <> 'open') q
      GROUP BY GROUPING SETS ((q.month), ())
      HAVING pg_catalog.count(*) > 0) x
ORDER BY x.month NULLS FIRST;
COMMENT ON VIEW score_quality IS 'How well the score at the moment when a lead became an MQL told which would be won, by month of that moment and for all of them, as known at leadflow.clock(): from qualification, without those that are open. AUC is the share of pairs of a won and a lost lead in which the won one had the higher score, a tie counting half: 0.5 tells nothing, 1 everything, below 0.5 the score is upside down. Of the latest months there are mostly losses, which are known sooner than wins. Counts may be added up, the rest may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_quality.month IS 'first day of the month, in the session''s time zone; null for all months together';
COMMENT ON COLUMN score_quality.closed IS 'number of MQLs of which the outcome is known: won and lost';
COMMENT ON COLUMN score_quality.won IS 'how many of them were won';
COMMENT ON COLUMN score_quality.lost IS 'how many of them came to nothing';
COMMENT ON COLUMN score_quality.scored IS 'how many of them had a score then: what follows is of these';
COMMENT ON COLUMN score_quality.auc_total IS 'AUC of fit and behaviour together; null where none was won or none lost';
COMMENT ON COLUMN score_quality.auc_fit IS 'AUC of the fit alone';
COMMENT ON COLUMN score_quality.auc_behaviour IS 'AUC of the behaviour alone';
COMMENT ON COLUMN score_quality.lift_of_best_fifth IS 'how many times as many were won among the fifth with the highest total as among all; null where none was won';
COMMENT ON COLUMN score_quality.with_probability IS 'how many of them had a probability then: what follows is of these';
COMMENT ON COLUMN score_quality.auc_probability IS 'AUC of the probability; null where none was kept, none was won or none lost';
COMMENT ON COLUMN score_quality.brier_probability IS 'Brier score of the probability: its mean squared distance from the outcome (1 won, 0 lost); 0 is perfect, null where none was kept';
$leadflow_text$
WHEN 'score_faults' THEN $leadflow_text$CREATE OR REPLACE VIEW score_faults AS
WITH changed AS (
    SELECT pg_catalog.max(c.version) AS version
    FROM definition_change c
    WHERE c.definition IN ('score_rule', 'score_group', 'score_grade', 'score_feature', 'score_model')
)
SELECT f.fault,
       f.code,
       f.leads,
       f.explanation
FROM (
    SELECT 'unknown_kind' AS fault, r.rule AS code, NULL::bigint AS leads,
           pg_catalog.format('score_rule %s gives points for touches of kind %s, which touch_kind does not have', r.rule, k.kind) AS explanation
    FROM score_rule r
    CROSS JOIN LATERAL pg_catalog.unnest(r.touch_kinds) k (kind)
    WHERE r.active AND NOT EXISTS (SELECT FROM touch_kind t WHERE t.kind = k.kind)
    UNION ALL
    SELECT 'unknown_topic' AS fault, s.topic AS code, NULL::bigint AS leads,
           pg_catalog.format('%s signals of intent are on topic %s, of which no active rule and no topic speaks', s.n, s.topic) AS explanation
    FROM (SELECT i.topic, pg_catalog.count(*) AS n FROM intent_signal i GROUP BY i.topic) s
    WHERE NOT EXISTS (SELECT FROM intent_topic t WHERE t.topic = s.topic)
        AND NOT EXISTS (SELECT FROM score_rule r WHERE r.active AND r.topics && ARRAY[s.topic, '*'])
    UNION ALL
    SELECT 'feature_not_kept' AS fault, p.feature AS code, NULL::bigint AS leads,
           pg_catalog.format('model %s, which is active, knows feature %s, which is no longer kept', m.version, p.feature) AS explanation
    FROM score_model m
    JOIN (SELECT DISTINCT p.version, p.feature FROM score_model_point p) p ON p.version = m.version
    WHERE m.activated_at IS NOT NULL AND m.retired_at IS NULL
        AND NOT EXISTS (SELECT FROM score_feature f WHERE f.feature = p.feature AND f.active)
    UNION ALL
    SELECT 'outdated' AS fault, NULL::text AS code, pg_catalog.count(*) AS leads,
           pg_catalog.format('%s leads have scores by rules that have changed since: call leadflow.refresh_scores', pg_catalog.count(*)) AS explanation
    FROM lead_score s
    WHERE s.definition_version < (SELECT c.version FROM changed c)
    HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT 'refused' AS fault, s.refused_move AS code, pg_catalog.count(*) AS leads,
           pg_catalog.format('%s leads that score_move %s would move were refused: see lead_scores.refusal', pg_catalog.count(*), s.refused_move) AS explanation
    FROM lead_score s
    WHERE s.refused_move IS NOT NULL
    GROUP BY s.refused_move
    UNION ALL
    SELECT 'failed' AS fault, NULL::text AS code, r.failed AS leads,
           pg_catalog.format('%s leads could not be scored in the last run, because an expression failed', r.failed) AS explanation
    FROM (SELECT r.failed FROM score_run r ORDER BY r.id DESC LIMIT 1) r
    WHERE r.failed > 0
) f
ORDER BY f.fault, f.code;
COMMENT ON VIEW score_faults IS 'What is wrong with the rules and the scores, so that it does not stay silent; no row means nothing.';
COMMENT ON COLUMN score_faults.fault IS 'unknown_kind, unknown_topic, feature_not_kept, outdated, refused or failed';
COMMENT ON COLUMN score_faults.code IS 'the rule, topic, feature or move; null where it is about all';
COMMENT ON COLUMN score_faults.leads IS 'number of leads concerned; null where it is about none in particular';
COMMENT ON COLUMN score_faults.explanation IS 'what is wrong, in words';
$leadflow_text$
WHEN 'score_errors' THEN $leadflow_text$CREATE OR REPLACE VIEW score_errors AS
-- once for all three kinds, and for what they are compared with
WITH qualified AS MATERIALIZED (
    SELECT q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, q.features, q.verdict, q.reason, q.outcome, q.won_at,
           q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
    FROM qualification q
), middle AS (
    SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY q.total::float8) FILTER (WHERE q.outcome = 'won') AS won,
           pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY q.total::float8) FILTER (WHERE q.outcome = 'lost') AS lost
    FROM qualified q
)
SELECT x.kind,
       x.lead_id,
       l.full_name,
       x.qualified_at,
       x.fit,
       x.behaviour,
       x.total,
       x.grade,
       x.compared_with::numeric(15,4) AS compared_with,
       x.verdict,
       x.reason,
       r.category,
       x.outcome,
       x.won_at,
       x.features,
       (SELECT pg_catalog.jsonb_object_agg(t.kind, t.touches)
        FROM (SELECT t.kind, pg_catalog.count(*) AS touches
              FROM touch t
              WHERE t.lead_id = x.lead_id AND t.direction = 'inbound' AND t.at <= x.qualified_at
              GROUP BY t.kind) t) AS touches,
       x.owner,
       x.team,
       x.campaign_id,
       g.name AS campaign,
       x.origin,
       x.segment,
       x.variant
FROM (SELECT 'false_positive' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, m.won AS compared_with, q.verdict, q.reason, q.outcome, q.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM qualified q
      JOIN middle m ON q.total > m.won
      WHERE q.outcome = 'lost' OR q.verdict = 'rejected' AND q.outcome <> 'won'
      UNION ALL
      SELECT 'false_negative' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, m.lost AS compared_with, q.verdict, q.reason, q.outcome, q.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM qualified q
      JOIN middle m ON q.total < m.lost
      WHERE q.outcome = 'won'
      UNION ALL
      SELECT 'false_rejection' AS kind, q.lead_id, q.qualified_at, q.fit, q.behaviour, q.total, q.grade, NULL::float8 AS compared_with, q.verdict, q.reason, q.outcome, f.won_at,
             q.features, q.owner, q.team, q.campaign_id, q.origin, q.segment, q.variant
      FROM false_rejections f
      JOIN verdict v ON v.id = f.verdict_id
      JOIN qualified q ON q.lead_id = v.lead_id AND q.qualified_at = v.handed_over_at) x
JOIN lead l ON l.id = x.lead_id
LEFT JOIN reason r ON r.code = x.reason
LEFT JOIN campaign g ON g.id = x.campaign_id;
COMMENT ON VIEW score_errors IS 'Where the score and what became of the lead disagree, each with its evidence, as known at leadflow.clock(): MQLs of good score that came to nothing, won leads of poor score, and rejected leads that were won later. Good is a total above the median of the won, poor one below the median of the lost, as they were when the leads became MQLs (qualification). A lead may be listed under more than one kind. What gave the points: leadflow.explain_score as of qualified_at. Leads in lead_outside are left out.';
COMMENT ON COLUMN score_errors.kind IS 'false_positive (scored well, and rejected or lost), false_negative (scored poorly, and won) or false_rejection (sales rejected it, and the lead, the person or the company bought later: false_rejections; whatever the score)';
COMMENT ON COLUMN score_errors.lead_id IS 'the lead';
COMMENT ON COLUMN score_errors.full_name IS 'name of the person';
COMMENT ON COLUMN score_errors.qualified_at IS 'when it became an MQL; the score is that of then';
COMMENT ON COLUMN score_errors.fit IS 'points for who they are; null where it was not kept';
COMMENT ON COLUMN score_errors.behaviour IS 'points for what they had done, faded; null where it was not kept';
COMMENT ON COLUMN score_errors.total IS 'fit and behaviour; null where it was not kept';
COMMENT ON COLUMN score_errors.grade IS 'both grades: B2; null where there were none';
COMMENT ON COLUMN score_errors.compared_with IS 'the total that makes it an error: the median of the won, or of the lost, interpolated; null for false_rejection';
COMMENT ON COLUMN score_errors.verdict IS 'verdict of sales in force: accepted, rejected, or null for none';
COMMENT ON COLUMN score_errors.reason IS 'code of its reason';
COMMENT ON COLUMN score_errors.category IS 'category of the reason: fit, timing, budget, and so on';
COMMENT ON COLUMN score_errors.outcome IS 'won, lost or open: what became of this qualification';
COMMENT ON COLUMN score_errors.won_at IS 'when it was won; for false_rejection, when the lead, the person or the company was; null for not';
COMMENT ON COLUMN score_errors.features IS 'what its features (score_feature) were then: {"role": "cto"}; null where they were not kept';
COMMENT ON COLUMN score_errors.touches IS 'what the lead had done by then, touches by kind: {"web_visit": 3}; null for nothing';
COMMENT ON COLUMN score_errors.owner IS 'owner then';
COMMENT ON COLUMN score_errors.team IS 'the owner''s team then';
COMMENT ON COLUMN score_errors.campaign_id IS 'campaign then';
COMMENT ON COLUMN score_errors.campaign IS 'name of the campaign';
COMMENT ON COLUMN score_errors.origin IS 'origin then';
COMMENT ON COLUMN score_errors.segment IS 'segment then';
COMMENT ON COLUMN score_errors.variant IS 'product line or region then; * for the general ones';
$leadflow_text$
WHEN 'account_scores' THEN $leadflow_text$CREATE OR REPLACE VIEW account_scores AS
SELECT a.id AS account_id,
       a.name AS account,
       a.owner,
       a.segment,
       a.territory,
       COALESCE(s.leads, 0) AS leads,
       s.sum_score::numeric(18,4) AS sum_score,
       s.max_score::numeric(15,4) AS max_score,
       s.top_score::numeric(18,4) AS top_score,
       s.decayed_score::numeric(15,4) AS decayed_score,
       (CASE w.account_score WHEN 'sum' THEN s.sum_score WHEN 'max' THEN s.max_score WHEN 'top' THEN s.top_score ELSE s.decayed_score END)::numeric(18,4) AS score_in_force,
       w.account_score AS in_force,
       s.best_grade,
       COALESCE(i.intent, 0)::numeric(18,4) AS intent,
       i.last_signal_at
FROM account a
CROSS JOIN LATERAL (SELECT (SELECT w.account_score FROM workspace w) AS account_score) w
LEFT JOIN (SELECT l.account_id,
                  pg_catalog.count(*) AS leads,
                  pg_catalog.sum(l.score) AS sum_score,
                  pg_catalog.max(l.score) AS max_score,
                  pg_catalog.sum(l.score) FILTER (WHERE l.rank <= (SELECT w.account_score_top FROM workspace w)) AS top_score,
                  -- of more than 64 leads nothing is left at four decimals
                  pg_catalog.sum(l.score / pg_catalog.power(2::numeric, LEAST(l.rank, 65) - 1)) FILTER (WHERE l.rank <= 64) AS decayed_score,
                  pg_catalog.min(l.grade COLLATE "C") COLLATE "default" AS best_grade
           FROM (SELECT s.account_id, s.score_in_force AS score, s.grade,
                        pg_catalog.row_number() OVER (PARTITION BY s.account_id ORDER BY s.score_in_force DESC, s.lead_id) AS rank
                 FROM lead_scores s
                 WHERE s.account_id IS NOT NULL AND s.score_in_force IS NOT NULL) l
           GROUP BY l.account_id) s ON s.account_id = a.id
LEFT JOIN (SELECT g.account_id,
                  leadflow.decayed_sum(g.strength::float8, g.at, t.half_life, (SELECT leadflow.clock())) FILTER (WHERE t.topic IS NOT NULL) AS intent,
                  pg_catalog.max(g.at) AS last_signal_at
           FROM intent_signal g
           LEFT JOIN intent_topic t ON t.topic = g.topic AND t.active
           WHERE g.at <= (SELECT leadflow.clock())
           GROUP BY g.account_id) i ON i.account_id = a.id;
COMMENT ON VIEW account_scores IS 'The score of every company, made of the scores in force of its leads in each of the ways that workspace.account_score may name, and the interest that it shows. Signals are as known at leadflow.clock(); scores, and who belongs to the company, are the present ones. Leads in lead_outside are left out.';
COMMENT ON COLUMN account_scores.account_id IS 'the company';
COMMENT ON COLUMN account_scores.account IS 'name of the company';
COMMENT ON COLUMN account_scores.owner IS 'team member who owns the account';
COMMENT ON COLUMN account_scores.segment IS 'market segment';
COMMENT ON COLUMN account_scores.territory IS 'sales territory';
COMMENT ON COLUMN account_scores.leads IS 'number of its leads that have a score (lead_scores.score_in_force)';
COMMENT ON COLUMN account_scores.sum_score IS 'sum of them: many leads make a high score; this and the following four are null where no lead has a score';
COMMENT ON COLUMN account_scores.max_score IS 'the highest of them: the best lead alone';
COMMENT ON COLUMN account_scores.top_score IS 'sum of the highest, as many as workspace.account_score_top says';
COMMENT ON COLUMN account_scores.decayed_score IS 'sum of all, the highest in full, each further one half of the one before';
COMMENT ON COLUMN account_scores.score_in_force IS 'the one of these that workspace.account_score names';
COMMENT ON COLUMN account_scores.in_force IS 'which one that is: sum, max, top or decayed';
COMMENT ON COLUMN account_scores.best_grade IS 'the best grade of its leads: by fit, then by behaviour; null where none has a grade';
COMMENT ON COLUMN account_scores.intent IS 'sum of the strengths of its signals on active topics (intent_topic), each faded by the half-life of its topic';
COMMENT ON COLUMN account_scores.last_signal_at IS 'its last signal on whatever topic; null for none';
$leadflow_text$
WHEN 'intent_tasks' THEN $leadflow_text$/*
 * The strength on a topic jumps at each signal and fades between them.  So the
 * task began at the last signal by which it came from below the threshold to
 * the threshold: what it is after a signal is the sum of those before, faded up
 * to the present, and that times 2 for every half-life since.
 */
CREATE OR REPLACE VIEW intent_tasks AS
SELECT i.account_id,
       a.name AS account,
       a.owner,
       m.team,
       i.topic,
       i.intensity::numeric(18,4) AS intensity,
       i.threshold,
       i.signals,
       i.first_signal_at,
       i.last_signal_at,
       i.crossed_at,
       i.marketing_task,
       i.sales_task,
       (SELECT pg_catalog.count(*)
        FROM lead l
        WHERE l.account_id = i.account_id AND l.stage >= 'visitor' AND l.stage < 'won'
            AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) AS open_leads,
       s.score_in_force AS score,
       LEAST(t.at, u.at) AS done_at
FROM (SELECT g.account_id, g.topic, g.threshold, g.marketing_task, g.sales_task,
             pg_catalog.count(*) AS signals,
             pg_catalog.sum(g.left_now) AS intensity,
             pg_catalog.min(g.at) AS first_signal_at,
             pg_catalog.max(g.at) AS last_signal_at,
             COALESCE(pg_catalog.max(g.at) FILTER (WHERE g.reached >= g.enough AND g.reached - g.strength < g.enough), pg_catalog.min(g.at)) AS crossed_at
      FROM (SELECT g.account_id, g.topic, g.at, g.strength, g.threshold, g.enough, g.marketing_task, g.sales_task, g.left_now,
                   pg_catalog.sum(g.left_now) OVER (PARTITION BY g.account_id, g.topic ORDER BY g.at, g.id) * pg_catalog.power(2::float8, g.half_lives) AS reached
            FROM (SELECT g.id, g.account_id, g.topic, g.at, g.strength::float8 AS strength, t.threshold, t.marketing_task, t.sales_task, f.half_lives,
                         -- a little less, for what is lost by rounding
                         t.threshold::float8 * (1 - 1e-9::float8) AS enough,
                         leadflow.decayed(g.strength::float8, g.at, t.half_life, (SELECT leadflow.clock())) AS left_now
                  FROM intent_signal g
                  JOIN intent_topic t ON t.topic = g.topic AND t.active
                  CROSS JOIN LATERAL (SELECT pg_catalog.date_part('epoch', (SELECT leadflow.clock()) - g.at) / pg_catalog.date_part('epoch', t.half_life) AS half_lives) f
                  -- what has faded a hundred times over is nothing; OFFSET 0: before the power, which would overflow
                  WHERE g.at <= (SELECT leadflow.clock()) AND g.strength > 0 AND f.half_lives <= 100
                  OFFSET 0) g) g
      GROUP BY g.account_id, g.topic, g.threshold, g.enough, g.marketing_task, g.sales_task
      HAVING pg_catalog.sum(g.left_now) >= g.enough) i
JOIN account a ON a.id = i.account_id
LEFT JOIN team_member m ON m.member = a.owner
-- OFFSET 0: each by its number
LEFT JOIN LATERAL (SELECT s.score_in_force FROM account_scores s WHERE s.account_id = i.account_id OFFSET 0) s ON true
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM lead l
                   JOIN touch t ON t.lead_id = l.id AND t.at >= i.crossed_at AND t.at <= (SELECT leadflow.clock())
                   JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
                   WHERE l.account_id = i.account_id AND t.direction = 'outbound') t ON true
LEFT JOIN LATERAL (SELECT pg_catalog.min(t.at) AS at
                   FROM touch t
                   JOIN touch_kind k ON k.kind = t.kind AND k.is_contact
                   WHERE t.account_id = i.account_id AND t.direction = 'outbound' AND t.at >= i.crossed_at AND t.at <= (SELECT leadflow.clock())) u ON true;
COMMENT ON VIEW intent_tasks IS 'What to do about the companies that show interest in a topic now: those whose signals on an active topic (intent_topic), each faded by its half-life, add up to its threshold at leadflow.clock(). A task goes when the interest has faded, and is new when more signals bring it back. Signals and touches are as known at leadflow.clock(), company, owner and leads the present ones.';
COMMENT ON COLUMN intent_tasks.account_id IS 'the company';
COMMENT ON COLUMN intent_tasks.account IS 'name of the company';
COMMENT ON COLUMN intent_tasks.owner IS 'team member who owns the account; null for nobody';
COMMENT ON COLUMN intent_tasks.team IS 'the owner''s team';
COMMENT ON COLUMN intent_tasks.topic IS 'what it is interested in';
COMMENT ON COLUMN intent_tasks.intensity IS 'sum of the strengths of its signals, faded up to now';
COMMENT ON COLUMN intent_tasks.threshold IS 'from where on there is something to do';
COMMENT ON COLUMN intent_tasks.signals IS 'number of signals that still count, however little';
COMMENT ON COLUMN intent_tasks.first_signal_at IS 'the first of them';
COMMENT ON COLUMN intent_tasks.last_signal_at IS 'the last of them';
COMMENT ON COLUMN intent_tasks.crossed_at IS 'the signal that brought it up to the threshold: since then there is something to do';
COMMENT ON COLUMN intent_tasks.marketing_task IS 'what marketing does: the series to send';
COMMENT ON COLUMN intent_tasks.sales_task IS 'what the owner does: the talk to start';
COMMENT ON COLUMN intent_tasks.open_leads IS 'number of leads of the company that are on the path and not won yet';
COMMENT ON COLUMN intent_tasks.score IS 'score of the company (account_scores.score_in_force); null for none';
COMMENT ON COLUMN intent_tasks.done_at IS 'first attempt to reach the company, or a lead of it, since crossed_at (an outbound touch that counts as contact, whoever made it); null while nobody did';
$leadflow_text$
WHEN 'sla_curve' THEN $leadflow_text$CREATE OR REPLACE VIEW sla_curve AS
WITH answer AS (
    SELECT h.segment,
           h.first_contact_at,
           h.mql_at,
           s.signal_at,
           b.calendar,
           q.accepted,
           q.accepted OR q.answered AS accepted_known,
           q.won,
           q.won OR q.over AS won_known
    FROM handover h
    JOIN (SELECT q.lead_id,
                 pg_catalog.bool_or(q.verdict IS NOT DISTINCT FROM 'accepted') AS accepted,
                 pg_catalog.bool_and(q.outcome <> 'open' OR q.verdict IS NOT NULL) AS answered,
                 pg_catalog.bool_or(q.outcome = 'won') AS won,
                 pg_catalog.bool_and(q.outcome <> 'open') AS over
          FROM qualification q
          GROUP BY q.lead_id) q ON q.lead_id = h.lead_id
    LEFT JOIN (SELECT t.lead_id, pg_catalog.min(t.at) AS signal_at
               FROM touch t
               JOIN touch_kind k ON k.kind = t.kind AND k.is_signal
               WHERE t.direction = 'inbound' AND t.at <= (SELECT leadflow.clock())
               GROUP BY t.lead_id) s ON s.lead_id = h.lead_id
    LEFT JOIN team_member m ON m.member = h.owner
    LEFT JOIN business_calendar b ON b.code = COALESCE(m.calendar, 'default')
    WHERE q.accepted OR q.answered OR q.won OR q.over
), sorted AS (
    SELECT v.since,
           v.measure,
           a.segment,
           CASE WHEN a.first_contact_at IS NULL THEN 13
                WHEN a.first_contact_at < v.from_at THEN 1
                WHEN v.waited <= interval '5 minutes' THEN 2
                WHEN v.waited <= interval '15 minutes' THEN 3
                WHEN v.waited <= interval '30 minutes' THEN 4
                WHEN v.waited <= interval '1 hour' THEN 5
                WHEN v.waited <= interval '2 hours' THEN 6
                WHEN v.waited <= interval '4 hours' THEN 7
                WHEN v.waited <= interval '8 hours' THEN 8
                WHEN v.waited <= interval '24 hours' THEN 9
                WHEN v.waited <= interval '48 hours' THEN 10
                WHEN v.waited <= interval '168 hours' THEN 11
                ELSE 12 END AS position,
           a.accepted, a.accepted_known, a.won, a.won_known
    FROM answer a
    CROSS JOIN LATERAL (VALUES
        ('handover', 'elapsed', a.mql_at, a.first_contact_at - a.mql_at),
        ('handover', 'working', a.mql_at, leadflow.worktime(a.calendar, a.mql_at, GREATEST(a.first_contact_at, a.mql_at))),
        ('signal', 'elapsed', a.signal_at, a.first_contact_at - a.signal_at),
        ('signal', 'working', a.signal_at, leadflow.worktime(a.calendar, a.signal_at, GREATEST(a.first_contact_at, a.signal_at)))) v (since, measure, from_at, waited)
    WHERE v.from_at IS NOT NULL AND (v.waited IS NOT NULL OR a.first_contact_at IS NULL)
), bucket AS (
    SELECT s.since,
           s.measure,
           CASE WHEN GROUPING(s.segment) = 1 THEN '*' ELSE s.segment END AS segment,
           s.position,
           pg_catalog.count(*) FILTER (WHERE s.accepted_known) AS of_accepted,
           pg_catalog.count(*) FILTER (WHERE s.accepted) AS accepted,
           pg_catalog.count(*) FILTER (WHERE s.won_known) AS of_won,
           pg_catalog.count(*) FILTER (WHERE s.won) AS won
    FROM sorted s
    GROUP BY GROUPING SETS ((s.since, s.measure, s.position), (s.since, s.measure, s.position, s.segment))
    HAVING GROUPING(s.segment) = 1 OR s.segment IS NOT NULL
)
SELECT c.since,
       c.measure,
       c.goal,
       c.segment,
       c.position::bigint AS position,
       (ARRAY['before', '5 minutes', '15 minutes', '30 minutes', '1 hour', '2 hours', '4 hours', '8 hours', '24 hours', '48 hours', '7 days', 'later', 'never'])[c.position] AS bucket,
       (ARRAY[NULL, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800])[c.position]::bigint AS within_seconds,
       c.leads,
       c.reached,
       c.conversion::numeric(9,6) AS conversion,
       i.low::numeric(9,6) AS conversion_low,
       i.high::numeric(9,6) AS conversion_high,
       (pg_catalog.sum(c.leads) OVER walked / pg_catalog.sum(c.leads) OVER (PARTITION BY c.since, c.measure, c.goal, c.segment))::numeric(9,6) AS cumulative_share,
       CASE WHEN c.position > 1
            THEN pg_catalog.max(c.conversion) FILTER (WHERE c.position > 1) OVER (walked ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - c.conversion
            END::numeric(9,6) AS lost_by_waiting
FROM (SELECT b.since, b.measure, v.goal, b.segment, b.position, v.leads, v.reached, v.reached::numeric / v.leads AS conversion
      FROM bucket b
      CROSS JOIN LATERAL (VALUES ('accepted', b.of_accepted, b.accepted), ('won', b.of_won, b.won)) v (goal, leads, reached)
      WHERE v.leads > 0) c
CROSS JOIN LATERAL leadflow.share_interval(c.reached, c.leads) i
WINDOW walked AS (PARTITION BY c.since, c.measure, c.goal, c.segment ORDER BY c.position)
ORDER BY c.since, c.measure, c.goal, c.segment, c.position;
COMMENT ON VIEW sla_curve IS 'How conversion falls with the wait for the first attempt to reach a lead: what a promise (sla_policy) is derived from. Leads of handover of which is known what became of them at leadflow.clock(); each is counted once for each since, measure and goal, and again in its segment. It shows what happened, not why: where urgent leads are called first, they also convert better because they are urgent. Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_curve.since IS 'from when the wait is measured: handover (the lead first reached mql) or signal (its first inbound touch that is a signal; leads without one are left out)';
COMMENT ON COLUMN sla_curve.measure IS 'how: elapsed (time of the wall clock) or working (time of the owner''s calendar, or the default one; leads without a calendar are left out unless nobody tried to reach them)';
COMMENT ON COLUMN sla_curve.goal IS 'what conversion means: accepted (by sales) or won';
COMMENT ON COLUMN sla_curve.segment IS 'market segment; * for all leads together';
COMMENT ON COLUMN sla_curve.position IS 'order of the buckets, 1 to 13';
COMMENT ON COLUMN sla_curve.bucket IS 'the wait: before (there was an attempt before), up to 5, 15 or 30 minutes, 1, 2, 4, 8, 24 or 48 hours, 7 days (168 hours), later, or never (nobody has tried)';
COMMENT ON COLUMN sla_curve.within_seconds IS 'the longest wait of the bucket, in seconds; null for before, later and never';
COMMENT ON COLUMN sla_curve.leads IS 'number of leads of which the goal is decided: accepted or rejected, or it has ended; won, or it has ended';
COMMENT ON COLUMN sla_curve.reached IS 'how many of them reached the goal';
COMMENT ON COLUMN sla_curve.conversion IS 'reached / leads, 0..1';
COMMENT ON COLUMN sla_curve.conversion_low IS 'where the true share lies with 95 % confidence: from here (leadflow.share_interval)';
COMMENT ON COLUMN sla_curve.conversion_high IS 'to here';
COMMENT ON COLUMN sla_curve.cumulative_share IS 'share of all these leads that waited no longer, 0..1; 1 for never';
COMMENT ON COLUMN sla_curve.lost_by_waiting IS 'conversion of the best bucket with a shorter wait less that of this one, as a share of the leads; below 0 where this one is better, null for before and for the shortest wait. Of few leads it says little: see the interval';
$leadflow_text$
WHEN 'sla_suggestion' THEN $leadflow_text$CREATE OR REPLACE VIEW sla_suggestion AS
WITH curve AS MATERIALIZED (
    SELECT * FROM sla_curve
), judged AS (
    -- where there are enough leads to tell
    SELECT c.*,
           pg_catalog.first_value(c.position) OVER walked AS first_position,
           pg_catalog.first_value(c.reached) OVER walked AS first_reached,
           pg_catalog.first_value(c.leads) OVER walked AS first_leads
    FROM curve c
    WHERE c.position >= 2 AND c.position <= 12 AND c.leads >= 30
    WINDOW walked AS (PARTITION BY c.since, c.measure, c.goal, c.segment ORDER BY c.position)
), told AS (
    SELECT j.*, pg_catalog.min(j.position) FILTER (WHERE j.position > j.first_position AND d.low > 0)
                    OVER (PARTITION BY j.since, j.measure, j.goal, j.segment) AS worse_position
    FROM judged j
    CROSS JOIN LATERAL leadflow.difference_interval(j.first_reached, j.first_leads, j.reached, j.leads) d
), found AS (
    SELECT t.since, t.measure, t.goal, t.segment,
           pg_catalog.count(*) AS buckets,
           pg_catalog.min(t.first_position) AS first_position,
           pg_catalog.min(t.worse_position) AS worse_position,
           pg_catalog.max(t.position) FILTER (WHERE t.position < COALESCE(t.worse_position, 12)) AS position
    FROM told t
    GROUP BY t.since, t.measure, t.goal, t.segment
)
SELECT c.since,
       c.measure,
       c.goal,
       c.segment,
       c.leads::bigint AS leads,
       s.within_seconds AS suggested_seconds,
       s.bucket AS suggested,
       s.conversion,
       s.cumulative_share AS contacted_share,
       b.bucket AS fastest,
       b.conversion AS fastest_conversion,
       w.bucket AS worse,
       w.conversion AS worse_conversion,
       (b.conversion - w.conversion)::numeric(9,6) AS worse_by,
       CASE WHEN s.position IS NULL THEN 'too few leads: it takes 30 in each of two buckets'
            WHEN f.worse_position IS NULL THEN 'no longer wait with 30 leads is provably worse than the shortest'
            ELSE 'who waits longer converts worse' END AS why
FROM (SELECT c.since, c.measure, c.goal, c.segment, pg_catalog.sum(c.leads) FILTER (WHERE c.position >= 2 AND c.position <= 12) AS leads
      FROM curve c
      GROUP BY c.since, c.measure, c.goal, c.segment) c
LEFT JOIN found f ON f.since = c.since AND f.measure = c.measure AND f.goal = c.goal AND f.segment = c.segment
LEFT JOIN told s ON s.since = c.since AND s.measure = c.measure AND s.goal = c.goal AND s.segment = c.segment AND s.position = f.position AND f.buckets > 1
LEFT JOIN told b ON b.since = c.since AND b.measure = c.measure AND b.goal = c.goal AND b.segment = c.segment AND b.position = f.first_position
LEFT JOIN told w ON w.since = c.since AND w.measure = c.measure AND w.goal = c.goal AND w.segment = c.segment AND w.position = f.worse_position;
COMMENT ON VIEW sla_suggestion IS 'The longest wait that costs nothing that can be told, from sla_curve: a promise to choose. The rule: of the waits up to 7 days and later, those with 30 leads or more are judged; the shortest of these is the measure; a longer one is worse where the 95 % interval of the difference to it (leadflow.difference_interval) is above 0; suggested is the longest judged wait, of 7 days at most, that is shorter than the first worse one. As known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN sla_suggestion.since IS 'from when the wait is measured: handover or signal, as in sla_curve';
COMMENT ON COLUMN sla_suggestion.measure IS 'how: elapsed or working';
COMMENT ON COLUMN sla_suggestion.goal IS 'what conversion means: accepted or won';
COMMENT ON COLUMN sla_suggestion.segment IS 'market segment; * for all leads together';
COMMENT ON COLUMN sla_suggestion.leads IS 'number of leads that were contacted after they began to wait, of which the goal is decided; null for none';
COMMENT ON COLUMN sla_suggestion.suggested_seconds IS 'the suggested target, in seconds of that measure; null where there are too few leads';
COMMENT ON COLUMN sla_suggestion.suggested IS 'the same in words';
COMMENT ON COLUMN sla_suggestion.conversion IS 'conversion of the leads in that bucket, 0..1';
COMMENT ON COLUMN sla_suggestion.contacted_share IS 'share of all leads of the curve that were contacted within it, 0..1: how far the promise is kept already';
COMMENT ON COLUMN sla_suggestion.fastest IS 'the shortest wait with 30 leads or more; null for none';
COMMENT ON COLUMN sla_suggestion.fastest_conversion IS 'its conversion, 0..1';
COMMENT ON COLUMN sla_suggestion.worse IS 'the first longer wait that is worse; null for none';
COMMENT ON COLUMN sla_suggestion.worse_conversion IS 'its conversion, 0..1';
COMMENT ON COLUMN sla_suggestion.worse_by IS 'fastest_conversion less worse_conversion, as a share of the leads';
COMMENT ON COLUMN sla_suggestion.why IS 'why it is suggested, or why nothing is, in words';
$leadflow_text$
WHEN 'conversation_moment' THEN $leadflow_text$CREATE OR REPLACE VIEW conversation_moment AS
WITH contact AS (
    SELECT a.lead_id, pg_catalog.min(a.attempt_at) AS at, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
    FROM contact_attempt a
    GROUP BY a.lead_id
), signal AS (
    SELECT c.lead_id, pg_catalog.count(*) AS signals
    FROM contact c
    JOIN touch t ON t.lead_id = c.lead_id AND t.at <= c.at AND t.direction = 'inbound'
    JOIN touch_kind k ON k.kind = t.kind AND k.is_signal
    GROUP BY c.lead_id
), qualified AS MATERIALIZED (
    SELECT q.lead_id, q.qualified_at, q.grade, q.verdict, q.outcome FROM qualification q
), known AS (
    SELECT q.lead_id,
           pg_catalog.bool_or(q.verdict IS NOT DISTINCT FROM 'accepted') AS accepted,
           pg_catalog.bool_and(q.outcome <> 'open' OR q.verdict IS NOT NULL) AS answered,
           pg_catalog.bool_or(q.outcome = 'won') AS won
    FROM qualified q
    GROUP BY q.lead_id
), grade AS (
    SELECT DISTINCT ON (c.lead_id) c.lead_id, NULLIF(pg_catalog.substr(q.grade, 2), '') AS grade
    FROM contact c
    JOIN qualified q ON q.lead_id = c.lead_id AND q.qualified_at <= c.at
    ORDER BY c.lead_id, q.qualified_at DESC
), moment AS (
    SELECT c.answered,
           COALESCE(k.accepted, false) AS accepted,
           COALESCE(k.won, false) AS won,
           COALESCE(k.accepted OR k.answered, s.is_exit, false) AS decided,
           COALESCE(n.signals, 0) AS signals,
           g.grade
    FROM contact c
    LEFT JOIN known k ON k.lead_id = c.lead_id
    LEFT JOIN current_stage s ON s.lead_id = c.lead_id AND s.subject = 'lead'
    LEFT JOIN signal n ON n.lead_id = c.lead_id
    LEFT JOIN grade g ON g.lead_id = c.lead_id
), band AS (
    SELECT v.measure,
           v.position,
           v.band,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE m.answered) AS answered,
           pg_catalog.count(*) FILTER (WHERE m.decided) AS decided,
           pg_catalog.count(*) FILTER (WHERE m.decided AND m.accepted) AS accepted,
           pg_catalog.count(*) FILTER (WHERE m.won) AS won
    FROM moment m
    CROSS JOIN LATERAL (VALUES
        ('signals', CASE WHEN m.signals < 5 THEN m.signals + 1 WHEN m.signals < 10 THEN 6 ELSE 7 END,
                    CASE WHEN m.signals < 5 THEN m.signals::text WHEN m.signals < 10 THEN '5 to 9' ELSE '10 or more' END),
        ('behaviour', pg_catalog.ascii(m.grade)::bigint, m.grade)) v (measure, position, band)
    WHERE v.band IS NOT NULL
    GROUP BY v.measure, v.position, v.band
), ranked AS (
    -- the best of those with enough leads, and the next best
    SELECT b.measure, b.band, b.accepted, b.decided,
           pg_catalog.row_number() OVER walked AS rank,
           pg_catalog.lead(b.accepted) OVER walked AS next_accepted,
           pg_catalog.lead(b.decided) OVER walked AS next_decided
    FROM band b
    WHERE b.decided >= 30
    WINDOW walked AS (PARTITION BY b.measure ORDER BY b.accepted::numeric / b.decided DESC, b.position)
)
SELECT b.measure,
       pg_catalog.row_number() OVER (PARTITION BY b.measure ORDER BY b.position) AS position,
       b.band,
       b.leads,
       b.answered,
       b.decided,
       b.accepted,
       b.won,
       (b.answered::numeric / b.leads)::numeric(9,6) AS answered_share,
       (b.accepted::numeric / NULLIF(b.decided, 0))::numeric(9,6) AS conversion,
       i.low::numeric(9,6) AS conversion_low,
       i.high::numeric(9,6) AS conversion_high,
       (b.won::numeric / b.leads)::numeric(9,6) AS won_share,
       COALESCE(d.low > 0, false) AS best
FROM band b
LEFT JOIN LATERAL leadflow.share_interval(b.accepted, b.decided) i ON true
LEFT JOIN ranked r ON r.measure = b.measure AND r.band = b.band AND r.rank = 1
LEFT JOIN LATERAL leadflow.difference_interval(r.accepted, r.decided, r.next_accepted, r.next_decided) d ON true
ORDER BY b.measure, b.position;
COMMENT ON VIEW conversation_moment IS 'When it is best to move to a talk: what became of leads by how much interest they had shown when somebody first tried to reach them, as known at leadflow.clock(). First attempts as in contact_attempt. It shows what happened, not why. Leads in lead_outside are left out.';
COMMENT ON COLUMN conversation_moment.measure IS 'by what leads are grouped: signals (how many inbound touches that are signals they had made by then) or behaviour (grade of behaviour when they last became MQLs before; leads without are left out)';
COMMENT ON COLUMN conversation_moment.position IS 'order of the bands within the measure';
COMMENT ON COLUMN conversation_moment.band IS 'number of signals: 0 to 4, 5 to 9, 10 or more; or the grade: 1 is the most active';
COMMENT ON COLUMN conversation_moment.leads IS 'number of leads that somebody tried to reach';
COMMENT ON COLUMN conversation_moment.answered IS 'how many of them answered, to the first attempt or a later one';
COMMENT ON COLUMN conversation_moment.decided IS 'how many of them sales has accepted or rejected, or have ended';
COMMENT ON COLUMN conversation_moment.accepted IS 'how many of those sales accepted';
COMMENT ON COLUMN conversation_moment.won IS 'how many of the leads were won so far';
COMMENT ON COLUMN conversation_moment.answered_share IS 'answered / leads, 0..1';
COMMENT ON COLUMN conversation_moment.conversion IS 'accepted / decided, 0..1; null where none is decided';
COMMENT ON COLUMN conversation_moment.conversion_low IS 'where the true share lies with 95 % confidence: from here (leadflow.share_interval)';
COMMENT ON COLUMN conversation_moment.conversion_high IS 'to here';
COMMENT ON COLUMN conversation_moment.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN conversation_moment.best IS 'whether it converts best and that is no accident: of the bands with 30 decided leads or more it has the highest conversion, and the 95 % interval of the difference to the next best (leadflow.difference_interval) is above 0';
$leadflow_text$
WHEN 'work_queue' THEN $leadflow_text$/*
 * The order of work, the same as in order_of_work: first by band (overdue; soon:
 * in warning, or due within an hour; day: due within 24 hours, or waiting with
 * nothing promised; later), in a band the highest score first, then the earliest
 * due time.  So what is urgent comes first, and among what is equally urgent the
 * score decides.
 */
CREATE OR REPLACE VIEW work_queue AS
SELECT w.owner,
       m.team,
       pg_catalog.row_number() OVER (PARTITION BY w.owner
           ORDER BY w.band, f.score DESC NULLS LAST, w.due_at NULLS LAST, w.lead_id, w.opportunity_id, w.task, w.account_id, w.what) AS position,
       (ARRAY['overdue', 'soon', 'day', 'later'])[w.band] AS band,
       w.task,
       w.lead_id,
       w.opportunity_id,
       w.full_name,
       a.name AS account,
       w.stage::text AS stage,
       w.clock_id,
       w.due_at,
       w.remaining_seconds,
       w.state,
       f.score::numeric(15,4) AS score,
       z.grade,
       w.urgency,
       w.attempts_left,
       w.channel,
       CASE w.task
           WHEN 'wake' THEN 'rested in nurture until now: decide whether it comes back'
           WHEN 'assign' THEN 'in ' || w.stage::text || ' without an owner'
           WHEN 'verdict' THEN 'accept or reject'
           WHEN 'attempt' THEN w.what
           WHEN 'intent' THEN w.what
           ELSE pg_catalog.replace(w.policy, '_', ' ') END
       || CASE WHEN w.remaining_seconds IS NULL THEN ''
               ELSE CASE WHEN w.state = 'breached' THEN ', overdue by ' ELSE ', due in ' END
                   || CASE WHEN t.seconds < 60 THEN 'less than a minute'
                           WHEN t.seconds < 120 THEN '1 minute'
                           WHEN t.seconds < 7200 THEN t.seconds / 60 || ' minutes'
                           WHEN w.measure = 'working' OR t.seconds < 172800 THEN t.seconds / 3600 || ' hours'
                           ELSE t.seconds / 86400 || ' days' END
                   || CASE WHEN w.measure = 'working' THEN ' of working time' ELSE '' END END AS why,
       COALESCE(v.promise, g.promise) AS promise
FROM (SELECT d.*,
             -- who calls answers all that waits for an answer, and makes an attempt
             pg_catalog.row_number() OVER (PARTITION BY d.owner, d.lead_id, d.opportunity_id,
                     CASE WHEN d.task IN ('answer', 'attempt', 'assign') THEN 0 ELSE d.clock_id END,
                     CASE WHEN d.task = 'intent' THEN d.account_id END, CASE WHEN d.task = 'intent' THEN d.what END
                 ORDER BY d.band, d.due_at NULLS LAST, d.clock_id) AS nth
      FROM (SELECT s.owner, l.id AS lead_id, NULL::bigint AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   CASE WHEN s.owner IS NULL THEN 'assign' ELSE s.owes END AS task,
                   s.clock_id, s.policy, s.variant, s.measure, s.due_at, s.remaining_seconds, s.state,
                   NULL::bigint AS attempts_left, NULL AS channel,
                   CASE WHEN s.state = 'breached' THEN 1
                        WHEN s.state = 'warning' OR s.due_at <= (SELECT leadflow.clock()) + interval '1 hour' THEN 2
                        WHEN s.due_at <= (SELECT leadflow.clock()) + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   NULL AS what, NULL::numeric AS account_score
            FROM sla_open s
            JOIN lead l ON l.id = s.lead_id
            WHERE s.opportunity_id IS NULL AND s.state <> 'paused' AND s.owes <> 'attempts'
            UNION ALL
            -- a row for the next attempt, due in time of the wall clock
            SELECT s.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   CASE WHEN s.owner IS NULL THEN 'assign' ELSE 'attempt' END AS task,
                   s.clock_id, s.policy, s.variant, 'elapsed' AS measure, u.due_at, leadflow.seconds(u.due_at - u.at) AS remaining_seconds,
                   CASE WHEN u.due_at < u.at THEN 'breached' ELSE 'running' END AS state,
                   p.attempts_left, k.channel,
                   CASE WHEN u.due_at < u.at THEN 1
                        WHEN p.next_attempt_at > u.at THEN 4
                        WHEN u.due_at <= u.at + interval '1 hour' THEN 2
                        WHEN u.due_at <= u.at + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   'attempt ' || p.attempts_made + 1 || ' of ' || p.attempts_made + p.attempts_left
                       || CASE WHEN p.channels_tried < p.channels_wanted THEN ', ' || k.channel || ' not tried yet' ELSE ', ' || k.channel END
                       || CASE WHEN p.next_attempt_at > u.at
                               THEN ', not before ' || pg_catalog.to_char(p.next_attempt_at, 'YYYY-MM-DD HH24:MI') ELSE '' END AS what,
                   NULL AS account_score
            FROM sla_open s
            JOIN lead l ON l.id = s.lead_id
            -- OFFSET 0: each by its number
            CROSS JOIN LATERAL (SELECT p.state, p.attempts_made, p.attempts_left, p.channels_wanted, p.channels_tried, p.window_ends_at,
                                       p.next_attempt_at, p.next_attempt_due_at, p.next_kind
                                FROM cadence_progress p
                                WHERE p.clock_id = s.clock_id
                                OFFSET 0) p
            CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS at, COALESCE(p.next_attempt_due_at, p.window_ends_at) AS due_at) u
            -- a channel that is still owed, else the one over which the lead last spoke, else the one used longest ago
            CROSS JOIN LATERAL (
                SELECT COALESCE(CASE WHEN p.channels_tried >= p.channels_wanted THEN
                           (SELECT t.kind
                            FROM touch t
                            JOIN touch_kind i ON i.kind = t.kind AND i.is_contact
                            WHERE t.lead_id = s.lead_id AND t.direction = 'inbound' AND t.at <= (SELECT leadflow.clock())
                            ORDER BY t.at DESC, t.id DESC LIMIT 1) END, p.next_kind) AS channel) k
            WHERE s.owes = 'attempts' AND s.state <> 'paused' AND p.state IN ('running', 'overdue')
            UNION ALL
            SELECT s.owner, s.lead_id, o.id, COALESCE(l.full_name, o.name), COALESCE(o.account_id, l.account_id), o.stage, l.urgency,
                   'approve' AS task, s.clock_id, s.policy, s.variant, s.measure, s.due_at, s.remaining_seconds, s.state,
                   NULL AS attempts_left, NULL AS channel,
                   CASE WHEN s.state = 'breached' THEN 1
                        WHEN s.state = 'warning' OR s.due_at <= (SELECT leadflow.clock()) + interval '1 hour' THEN 2
                        WHEN s.due_at <= (SELECT leadflow.clock()) + interval '24 hours' THEN 3
                        ELSE 4 END AS band,
                   NULL AS what, NULL AS account_score
            FROM sla_open s
            JOIN opportunity o ON o.id = s.opportunity_id
            LEFT JOIN lead l ON l.id = s.lead_id
            WHERE s.opportunity_id IS NOT NULL AND s.state <> 'paused'
            UNION ALL
            SELECT l.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   'wake' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, l.wake_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, NULL AS what, NULL AS account_score
            FROM lead l
            WHERE l.wake_at <= (SELECT leadflow.clock()) AND l.stage <@ 'nurture'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            UNION ALL
            SELECT l.owner, l.id, NULL AS opportunity_id, l.full_name, l.account_id, l.stage, l.urgency,
                   'assign' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, NULL AS due_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, NULL AS what, NULL AS account_score
            FROM lead l
            WHERE l.owner IS NULL AND l.stage >= 'mql' AND l.stage < 'won'
                AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
            UNION ALL
            SELECT i.owner, NULL AS lead_id, NULL AS opportunity_id, i.account, i.account_id, NULL AS stage, NULL AS urgency,
                   'intent' AS task, NULL AS clock_id, NULL AS policy, NULL AS variant, NULL AS measure, NULL AS due_at, NULL AS remaining_seconds, 'waiting' AS state,
                   NULL AS attempts_left, NULL AS channel, 3 AS band, 'interest in ' || i.topic || ': ' || i.sales_task AS what, i.score AS account_score
            FROM intent_tasks i
            WHERE i.done_at IS NULL) d) w
CROSS JOIN LATERAL (SELECT pg_catalog.abs(w.remaining_seconds) AS seconds) t
LEFT JOIN lead_scores z ON z.lead_id = w.lead_id
CROSS JOIN LATERAL (SELECT COALESCE(z.score_in_force, w.account_score) AS score) f
LEFT JOIN team_member m ON m.member = w.owner
LEFT JOIN account a ON a.id = w.account_id
LEFT JOIN sla_policy v ON v.policy = w.policy AND v.variant = w.variant
LEFT JOIN sla_policy g ON g.policy = w.policy AND g.variant = '*'
WHERE w.nth = 1;
COMMENT ON VIEW work_queue IS 'What every owner has to do now or next, and why, in the order in which it should be done: by band, then the highest score in force, then the earliest due time. What waits for one lead and is done by one touch is one row: the most urgent. Promises are as known at leadflow.clock(); owner, stage, score and urgency are the present ones in the data. Promises that stand still and leads in lead_outside are left out.';
COMMENT ON COLUMN work_queue.owner IS 'who has to do it; null for nobody yet';
COMMENT ON COLUMN work_queue.team IS 'the owner''s team';
COMMENT ON COLUMN work_queue.position IS 'order within the owner''s work: 1 comes first';
COMMENT ON COLUMN work_queue.band IS 'how urgent it is: overdue; soon (in warning, or due within an hour); day (due within 24 hours, or waiting with nothing promised); later';
COMMENT ON COLUMN work_queue.task IS 'answer (the lead waits for a touch), attempt (the next attempt of a cadence), verdict (accept or reject), move (another stage is owed), approve (an opportunity waits), wake (its time in nurture is over), assign (it was handed over and has no owner), or intent (a company shows interest in a topic, and nobody has spoken to it since: intent_tasks)';
COMMENT ON COLUMN work_queue.lead_id IS 'the lead, or the lead of the opportunity; null for intent';
COMMENT ON COLUMN work_queue.opportunity_id IS 'the opportunity; null where it is about a lead';
COMMENT ON COLUMN work_queue.full_name IS 'name of the person, or of the deal; for intent, of the company';
COMMENT ON COLUMN work_queue.account IS 'name of the company';
COMMENT ON COLUMN work_queue.stage IS 'where the lead or opportunity is; null for intent';
COMMENT ON COLUMN work_queue.clock_id IS 'the promise (sla_open.clock_id); null where nothing was promised';
COMMENT ON COLUMN work_queue.due_at IS 'when it is due, for attempts the next one; for wake, when the lead was to come back; null where nothing was promised';
COMMENT ON COLUMN work_queue.remaining_seconds IS 'time left in the clock''s own time, for attempts of the wall clock: whole seconds, below 0 when late; null where nothing was promised';
COMMENT ON COLUMN work_queue.state IS 'running, warning or breached, as in sla_open, of an attempt running or breached; waiting where nothing was promised';
COMMENT ON COLUMN work_queue.score IS 'score in force of the lead (lead_scores.score_in_force); for intent, of the company (account_scores.score_in_force); null for none, which comes last';
COMMENT ON COLUMN work_queue.grade IS 'grade of the lead: B2; null for none';
COMMENT ON COLUMN work_queue.urgency IS 'how urgent the lead''s request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN work_queue.attempts_left IS 'attempt: how many attempts the cadence still asks for; else null';
COMMENT ON COLUMN work_queue.channel IS 'attempt: kind of touch to make it by: one not tried yet while the cadence asks for more channels, else that by which the lead last spoke, else that used longest ago; else null';
COMMENT ON COLUMN work_queue.why IS 'why it is to be done, in words';
COMMENT ON COLUMN work_queue.promise IS 'the policy in words, as now in force';
$leadflow_text$
WHEN 'order_of_work' THEN $leadflow_text$/*
 * Bands as in work_queue, at the instant of the reaction.  So that a reaction
 * meets only what may have waited then, both are sorted into weeks: a promise
 * into every week in which it waited.
 */
CREATE OR REPLACE VIEW order_of_work AS
WITH clock AS NOT MATERIALIZED (
    SELECT c.id, c.policy, c.metric, c.lead_id, c.owner, c.team, c.started_at, c.due_at, c.stopped_at, c.cancelled_at, c.stop_touch_id,
           -- from when on it is soon, and within a day
           LEAST(c.warn_at, c.due_at - interval '1 hour') AS soon_at,
           LEAST(c.warn_at, c.due_at - interval '24 hours') AS day_at,
           l.score_in_force AS score,
           COALESCE(l.score_in_force::float8, '-Infinity') AS weight
    FROM sla_clock c
    JOIN lead_scores l ON l.lead_id = c.lead_id
    WHERE c.opportunity_id IS NULL AND c.attempts IS NULL AND c.stops_on_touch <> '{}'
        AND c.started_at <= (SELECT leadflow.clock())
), reaction AS NOT MATERIALIZED (
    -- of what one touch answered, what was due first
    SELECT DISTINCT ON (c.owner, c.stop_touch_id) c.owner, c.stop_touch_id AS touch_id, c.stopped_at AS at, c.id, c.policy, c.metric, c.lead_id,
           c.team, c.started_at, c.due_at, c.score, c.weight,
           pg_catalog.floor(pg_catalog.date_part('epoch', c.stopped_at) / 604800)::integer AS week,
           1 + (c.stopped_at <= c.due_at)::integer + (c.stopped_at < c.soon_at)::integer + (c.stopped_at < c.day_at)::integer AS band
    FROM clock c
    WHERE c.stop_touch_id IS NOT NULL AND c.owner IS NOT NULL AND c.stopped_at <= (SELECT leadflow.clock())
    ORDER BY c.owner, c.stop_touch_id, c.due_at, c.id
), wait AS NOT MATERIALIZED (
    SELECT c.owner, c.lead_id, c.started_at, c.due_at, c.soon_at, c.day_at, c.weight, c.until_at, c.pauses,
           pg_catalog.generate_series(pg_catalog.floor(pg_catalog.date_part('epoch', c.started_at) / 604800)::integer,
                                      pg_catalog.floor(pg_catalog.date_part('epoch', c.until_at) / 604800)::integer) AS week
    FROM (SELECT c.*, p.pauses,
                 -- what was left for longer has been given up
                 LEAST(c.stopped_at, c.cancelled_at, c.started_at + interval '30 days') AS until_at
          FROM clock c
          LEFT JOIN (SELECT p.clock_id, pg_catalog.range_agg(pg_catalog.tstzrange(p.paused_at, p.resumed_at)) AS pauses
                     FROM sla_pause p
                     GROUP BY p.clock_id) p ON p.clock_id = c.id
          WHERE c.owner IS NOT NULL) c
)
SELECT r.touch_id,
       r.owner,
       r.team,
       r.lead_id,
       r.id AS clock_id,
       r.policy,
       r.metric,
       r.started_at,
       r.due_at,
       r.at AS reaction_at,
       (ARRAY['overdue', 'soon', 'day', 'later'])[r.band] AS band,
       r.score::numeric(15,4) AS score,
       COALESCE(w.waiting, 0) AS waiting,
       COALESCE(w.due_before, 0) + 1 AS rank_by_due,
       COALESCE(w.scored_higher, 0) + 1 AS rank_by_score,
       COALESCE(w.more_urgent + w.same_band_higher + w.same_score_before, 0) + 1 AS rank_in_queue,
       COALESCE(w.more_urgent, 0) AS more_urgent,
       COALESCE(w.same_band_higher, 0) AS same_band_higher,
       COALESCE(w.same_band_lower, 0) AS same_band_lower,
       COALESCE(w.more_urgent, 0) > 0 AS out_of_order,
       COALESCE(w.same_band_higher, 0) > 0 AS score_ignored
FROM reaction r
LEFT JOIN (SELECT r.owner, r.touch_id,
                  pg_catalog.count(*) AS waiting,
                  pg_catalog.count(*) FILTER (WHERE w.due_at < r.due_at) AS due_before,
                  pg_catalog.count(*) FILTER (WHERE w.weight > r.weight) AS scored_higher,
                  pg_catalog.count(*) FILTER (WHERE b.band < r.band) AS more_urgent,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight > r.weight) AS same_band_higher,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight < r.weight) AS same_band_lower,
                  pg_catalog.count(*) FILTER (WHERE b.band = r.band AND w.weight = r.weight AND w.due_at < r.due_at) AS same_score_before
           FROM reaction r
           JOIN wait w ON w.owner = r.owner AND w.week = r.week
               AND w.started_at <= r.at AND w.until_at > r.at AND w.lead_id <> r.lead_id
               AND (w.pauses IS NULL OR NOT w.pauses @> r.at)
           CROSS JOIN LATERAL (SELECT 1 + (r.at <= w.due_at)::integer + (r.at < w.soon_at)::integer + (r.at < w.day_at)::integer AS band) b
           GROUP BY r.owner, r.touch_id) w ON w.owner = r.owner AND w.touch_id = r.touch_id;
COMMENT ON VIEW order_of_work IS 'Whether the order of work was followed: every reaction by which an owner answered a lead that waited, compared with the other promises to leads that waited for the same owner at that instant, in the order of work_queue. As known at leadflow.clock(); the score is the one in force (lead_scores.score_in_force), as it is now: what it was at that instant is not kept, and an answer may have raised it since. What had waited for more than 30 days, or stood still, is not compared with. Cadences are not among the promises. Leads in lead_outside are left out.';
COMMENT ON COLUMN order_of_work.touch_id IS 'the touch that was the reaction (touch.id)';
COMMENT ON COLUMN order_of_work.owner IS 'who owed it';
COMMENT ON COLUMN order_of_work.team IS 'the owner''s team';
COMMENT ON COLUMN order_of_work.lead_id IS 'the lead that was answered';
COMMENT ON COLUMN order_of_work.clock_id IS 'the promise that was kept by it; of several the one due first';
COMMENT ON COLUMN order_of_work.policy IS 'policy that started it';
COMMENT ON COLUMN order_of_work.metric IS 'what it measures';
COMMENT ON COLUMN order_of_work.started_at IS 'since when the lead had waited';
COMMENT ON COLUMN order_of_work.due_at IS 'when the promise was due';
COMMENT ON COLUMN order_of_work.reaction_at IS 'when the lead was answered';
COMMENT ON COLUMN order_of_work.band IS 'how urgent it was then: overdue; soon (in warning, or due within an hour); day (due within 24 hours); later';
COMMENT ON COLUMN order_of_work.score IS 'score in force of the lead, the present one; null for none, which is the lowest';
COMMENT ON COLUMN order_of_work.waiting IS 'number of other promises that waited for the owner then';
COMMENT ON COLUMN order_of_work.rank_by_due IS 'place of the lead among all that waited, by due time: 1 was due first';
COMMENT ON COLUMN order_of_work.rank_by_score IS 'place of the lead among all that waited, by score: 1 has the highest';
COMMENT ON COLUMN order_of_work.rank_in_queue IS 'place of the lead in the order of work_queue then: 1 was to be done next';
COMMENT ON COLUMN order_of_work.more_urgent IS 'how many of a more urgent band waited';
COMMENT ON COLUMN order_of_work.same_band_higher IS 'how many of the same band with a higher score waited';
COMMENT ON COLUMN order_of_work.same_band_lower IS 'how many of the same band with a lower score waited';
COMMENT ON COLUMN order_of_work.out_of_order IS 'whether something more urgent waited';
COMMENT ON COLUMN order_of_work.score_ignored IS 'whether something as urgent with a higher score waited';
$leadflow_text$
WHEN 'work_order_kept' THEN $leadflow_text$CREATE OR REPLACE VIEW work_order_kept AS
SELECT x.owner,
       x.team,
       x.month,
       x.reactions,
       x.with_choice,
       x.next_in_queue,
       x.out_of_order,
       x.score_ignored,
       (x.next_in_queue::numeric / NULLIF(x.with_choice, 0))::numeric(9,6) AS next_in_queue_share,
       (1 - 2 * x.passed_over / NULLIF(x.pairs, 0))::numeric(9,6) AS queue_agreement,
       (1 - 2 * x.score_passed_over / NULLIF(x.score_pairs, 0))::numeric(9,6) AS score_agreement
FROM (SELECT o.owner,
             o.team,
             pg_catalog.date_trunc('month', o.reaction_at)::date AS month,
             pg_catalog.count(*) AS reactions,
             pg_catalog.count(*) FILTER (WHERE o.waiting > 0) AS with_choice,
             pg_catalog.count(*) FILTER (WHERE o.waiting > 0 AND o.rank_in_queue = 1) AS next_in_queue,
             pg_catalog.count(*) FILTER (WHERE o.out_of_order) AS out_of_order,
             pg_catalog.count(*) FILTER (WHERE o.score_ignored) AS score_ignored,
             pg_catalog.sum(o.waiting) AS pairs,
             pg_catalog.sum(o.rank_in_queue - 1) AS passed_over,
             pg_catalog.sum(o.same_band_higher + o.same_band_lower) AS score_pairs,
             pg_catalog.sum(o.same_band_higher) AS score_passed_over
      FROM order_of_work o
      GROUP BY o.owner, o.team, pg_catalog.date_trunc('month', o.reaction_at)::date) x;
COMMENT ON VIEW work_order_kept IS 'How far owners work in the order of work_queue, by owner and month, as known at leadflow.clock(): whether the score has any consequence. See order_of_work for what is compared. Counts may be added up, shares and agreements may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN work_order_kept.owner IS 'who owed the reactions';
COMMENT ON COLUMN work_order_kept.team IS 'the owner''s team when the promises were made';
COMMENT ON COLUMN work_order_kept.month IS 'first day of the month of the reactions, in the session''s time zone';
COMMENT ON COLUMN work_order_kept.reactions IS 'number of reactions';
COMMENT ON COLUMN work_order_kept.with_choice IS 'how many of them were made while something else waited too';
COMMENT ON COLUMN work_order_kept.next_in_queue IS 'how many of those went to the lead that was to be done next';
COMMENT ON COLUMN work_order_kept.out_of_order IS 'how many went to a lead while something more urgent waited';
COMMENT ON COLUMN work_order_kept.score_ignored IS 'how many went to a lead while something as urgent with a higher score waited';
COMMENT ON COLUMN work_order_kept.next_in_queue_share IS 'next_in_queue / with_choice, 0..1; null where there was no choice';
COMMENT ON COLUMN work_order_kept.queue_agreement IS 'agreement with the order of work_queue, as Kendall''s tau: of all pairs of what was done and what waited, those in order less those out of order, as a share: 1 in order, 0 as by chance, -1 in reverse; null where there was no choice';
COMMENT ON COLUMN work_order_kept.score_agreement IS 'the same by score alone, among what was equally urgent and differed in score: near 0 the score is ignored; null where there was no choice';
$leadflow_text$
WHEN 'lead_story' THEN $leadflow_text$-- Every branch is found by lead_id in an index, so that one lead's story costs what it has lived.
CREATE OR REPLACE VIEW lead_story AS
SELECT s.lead_id,
       s.happened_at,
       s.what,
       s.summary,
       s.direction,
       s.channel,
       s.content,
       s.by_whom,
       s.campaign_id,
       c.name AS campaign,
       s.details
FROM (SELECT t.lead_id,
             t.at AS happened_at,
             'touch' AS what,
             t.direction || ' ' || pg_catalog.replace(t.kind, '_', ' ')
                 || COALESCE(': ' || t.content, '') || COALESCE(', ' || t.outcome, '') || COALESCE(' (' || t.note || ')', '') AS summary,
             t.direction,
             t.channel,
             t.content,
             t.actor AS by_whom,
             t.campaign_id,
             pg_catalog.jsonb_build_object('touch_id', t.id, 'kind', t.kind, 'outcome', t.outcome, 'note', t.note, 'merged_from', t.merged_from) AS details
      FROM touch t
      WHERE t.lead_id IS NOT NULL
      UNION ALL
      SELECT e.lead_id, e.at, 'stage' AS what,
             CASE WHEN e.opportunity_id IS NOT NULL THEN 'opportunity ' ELSE '' END
                 || CASE WHEN e.implied THEN 'passed through ' ELSE 'entered ' END || e.to_stage::text
                 || COALESCE(': ' || e.reason, '') || COALESCE(' (' || e.reason_note || ')', '') AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, COALESCE(e.owner, e.actor) AS by_whom, e.campaign_id,
             pg_catalog.jsonb_build_object('stage_event_id', e.id, 'opportunity_id', e.opportunity_id, 'from_stage', e.from_stage::text,
                 'to_stage', e.to_stage::text, 'implied', e.implied, 'reason', e.reason, 'actor', e.actor)
      FROM stage_event e
      WHERE e.lead_id IS NOT NULL
      UNION ALL
      SELECT k.lead_id, p.at, 'promise' AS what,
             pg_catalog.replace(k.policy, '_', ' ') || p.said AS summary, NULL AS direction, NULL AS channel, NULL AS content, k.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('clock_id', k.id, 'opportunity_id', k.opportunity_id, 'metric', k.metric, 'due_at', k.due_at, 'by', p.by_what)
      FROM sla_clock k
      CROSS JOIN LATERAL (VALUES
          (k.started_at, ' promised, due ' || pg_catalog.to_char(k.due_at, 'YYYY-MM-DD HH24:MI'), k.started_by),
          (k.stopped_at, CASE WHEN k.stopped_at <= k.due_at THEN ' kept' ELSE ' kept late' END, k.stopped_by),
          (CASE WHEN k.due_at < COALESCE(k.stopped_at, k.cancelled_at, 'infinity') THEN k.due_at END, ' broken', NULL),
          (k.cancelled_at, ' no longer owed', k.stopped_by)) p (at, said, by_what)
      WHERE k.lead_id IS NOT NULL AND p.at IS NOT NULL
      UNION ALL
      SELECT k.lead_id, p.at, 'promise' AS what,
             pg_catalog.replace(k.policy, '_', ' ') || p.said AS summary, NULL AS direction, NULL AS channel, NULL AS content, u.actor AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('clock_id', k.id, 'opportunity_id', k.opportunity_id, 'metric', k.metric, 'pause_id', u.id)
      FROM sla_clock k
      JOIN sla_pause u ON u.clock_id = k.id
      CROSS JOIN LATERAL (VALUES (u.paused_at, ' paused: ' || u.reason), (u.resumed_at, ' resumed')) p (at, said)
      WHERE k.lead_id IS NOT NULL AND p.at IS NOT NULL
      UNION ALL
      SELECT v.lead_id, v.at, 'verdict' AS what,
             v.verdict || COALESCE(': ' || v.reason, '') || COALESCE(' (' || v.note || ')', '')
                 || CASE WHEN v.objections <> '{}' THEN ', heard: ' || pg_catalog.array_to_string(v.objections, ', ') ELSE '' END AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, COALESCE(v.owner, v.actor) AS by_whom, v.campaign_id,
             pg_catalog.jsonb_build_object('verdict_id', v.id, 'verdict', v.verdict, 'reason', v.reason, 'note', v.note,
                 'objections', pg_catalog.to_jsonb(v.objections), 'actor', v.actor)
      FROM verdict v
      UNION ALL
      SELECT v.lead_id, a.at, 'verdict' AS what,
             'marketing ' || a.answer || COALESCE(': ' || a.note, '') AS summary, NULL AS direction, NULL AS channel, NULL AS content, a.actor AS by_whom, v.campaign_id,
             pg_catalog.jsonb_build_object('verdict_id', v.id, 'verdict_answer_id', a.id, 'answer', a.answer, 'note', a.note)
      FROM verdict v
      JOIN verdict_answer a ON a.verdict_id = v.id
      UNION ALL
      SELECT n.lead_id, n.entered_at, 'nurture' AS what,
             'back to nurture' || COALESCE(': ' || n.reason, '') || COALESCE(', ' || n.narrative, '')
                 || COALESCE(', to wake ' || pg_catalog.to_char(n.wake_at, 'YYYY-MM-DD'), '') AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, n.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('nurture_stay_id', n.id, 'reason', n.reason, 'narrative', n.narrative,
                 'nurture_track', n.nurture_track, 'wake_at', n.wake_at, 'rests_until', n.rests_until)
      FROM nurture_stay n
      UNION ALL
      SELECT g.lead_id, g.at, 'owner' AS what,
             'given to ' || g.owner || COALESCE(', before ' || g.old_owner, '') || ' (' || pg_catalog.replace(g.how, '_', ' ') || ')' AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, g.owner AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('assignment_id', g.id, 'owner', g.owner, 'old_owner', g.old_owner, 'how', g.how,
                 'rule', g.rule, 'pool', g.pool, 'stage', g.stage::text)
      FROM assignment g
      UNION ALL
      -- the packet as it is now, at the handover
      SELECT l.id, COALESCE(h.at, l.created_at), 'packet' AS what,
             pg_catalog.concat_ws('; ', 'why now: ' || l.why_now, 'promised: ' || l.promised, 'evidence: ' || l.evidence) AS summary,
             NULL AS direction, NULL AS channel, NULL AS content, NULL AS by_whom, l.campaign_id,
             pg_catalog.jsonb_build_object('why_now', l.why_now, 'promised', l.promised, 'evidence', l.evidence)
      FROM lead l
      LEFT JOIN LATERAL (SELECT pg_catalog.min(e.at) AS at
                         FROM stage_event e
                         WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= 'mql') h ON true
      WHERE COALESCE(l.why_now, l.promised, l.evidence) IS NOT NULL
      UNION ALL
      SELECT l.id, l.created_at, 'campaign' AS what,
             'came by ' || COALESCE(g.name, l.origin) || CASE WHEN g.name IS NOT NULL THEN COALESCE(' (' || l.origin || ')', '') ELSE '' END AS summary,
             NULL AS direction, g.channel, NULL AS content, NULL AS by_whom, l.campaign_id,
             pg_catalog.jsonb_build_object('origin', l.origin, 'source', l.source, 'external_id', l.external_id)
      FROM lead l
      LEFT JOIN campaign g ON g.id = l.campaign_id
      WHERE g.id IS NOT NULL OR l.origin IS NOT NULL
      UNION ALL
      SELECT m.winner_id, m.merged_at, 'merge' AS what,
             'merged with lead ' || m.loser_id AS summary, NULL AS direction, NULL AS channel, NULL AS content, m.actor AS by_whom, NULL AS campaign_id,
             pg_catalog.jsonb_build_object('lead_merge_id', m.id, 'loser_id', m.loser_id, 'survivors', m.survivors)
      FROM lead_merge m
      WHERE m.undone_at IS NULL) s
LEFT JOIN campaign c ON c.id = s.campaign_id
WHERE s.happened_at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = s.lead_id);
COMMENT ON VIEW lead_story IS 'What happened to a lead and was said to it, one row for each happening up to leadflow.clock(): read it for one lead, ordered by happened_at. Of a merged lead the touches and promises are in the story of the lead that goes on. The packet and the campaign are those now in the data, limits of promises too. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_story.lead_id IS 'the lead';
COMMENT ON COLUMN lead_story.happened_at IS 'when it happened; of the packet, when the lead was first handed over, or created';
COMMENT ON COLUMN lead_story.what IS 'touch, stage (of the lead or its opportunities), promise (made, paused, resumed, kept, broken or no longer owed), verdict (and marketing''s answer), nurture, owner (given by a rule), packet (of the handover), campaign (that brought it) or merge';
COMMENT ON COLUMN lead_story.summary IS 'what happened, in one line';
COMMENT ON COLUMN lead_story.direction IS 'of a touch: inbound or outbound; else null';
COMMENT ON COLUMN lead_story.channel IS 'of a touch or campaign: its channel; else null';
COMMENT ON COLUMN lead_story.content IS 'of a touch: content consumed or sent; else null';
COMMENT ON COLUMN lead_story.by_whom IS 'team member or role who did it, or owned the lead then; null where that is not known';
COMMENT ON COLUMN lead_story.campaign_id IS 'campaign that it belongs to';
COMMENT ON COLUMN lead_story.campaign IS 'name of the campaign';
COMMENT ON COLUMN lead_story.details IS 'the same as data, with the number of the row that it comes from';
$leadflow_text$
WHEN 'lead_card' THEN $leadflow_text$-- Every part is found by lead_id in an index.
CREATE OR REPLACE VIEW lead_card AS
SELECT l.id AS lead_id,
       l.full_name,
       l.role,
       l.email,
       l.phone,
       a.name AS account,
       COALESCE(l.industry, a.industry) AS industry,
       COALESCE(l.segment, a.segment) AS segment,
       l.stage::text AS stage,
       l.stage_since AS stage_since_at,
       l.owner,
       l.need,
       l.budget::numeric(15,2) AS budget,
       l.currency,
       l.decision_by,
       l.why_now,
       l.promised,
       l.evidence,
       l.urgency,
       z.score_in_force AS score,
       z.grade,
       z.probability,
       l.origin,
       COALESCE(g.name, t.first_campaign) AS first_campaign,
       COALESCE(t.last_campaign, g.name) AS last_campaign,
       t.inbound_touches,
       t.inbound_kinds,
       t.last_inbound_at,
       n.last_content,
       t.attempts,
       t.channels_tried,
       t.last_attempt_at,
       s.promises AS open_promises,
       s.due_at AS next_due_at,
       v.verdict AS last_verdict,
       v.at AS last_verdict_at,
       v.reason AS last_reason,
       v.note AS last_note,
       u.narrative AS last_narrative,
       u.entered_at AS last_nurture_at,
       o.heard AS objections
FROM lead l
LEFT JOIN lead_scores z ON z.lead_id = l.id
LEFT JOIN account a ON a.id = l.account_id
LEFT JOIN campaign g ON g.id = l.campaign_id
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) FILTER (WHERE t.direction = 'inbound') AS inbound_touches,
           pg_catalog.string_agg(DISTINCT t.kind, ', ') FILTER (WHERE t.direction = 'inbound') AS inbound_kinds,
           pg_catalog.max(t.at) FILTER (WHERE t.direction = 'inbound') AS last_inbound_at,
           pg_catalog.count(DISTINCT pg_catalog.date_trunc('minute', t.at)) FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS attempts,
           pg_catalog.string_agg(DISTINCT COALESCE(t.channel, t.kind), ', ') FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS channels_tried,
           pg_catalog.max(t.at) FILTER (WHERE t.direction = 'outbound' AND k.is_contact) AS last_attempt_at,
           (pg_catalog.array_agg(c.name ORDER BY t.at, t.id) FILTER (WHERE c.name IS NOT NULL))[1] AS first_campaign,
           (pg_catalog.array_agg(c.name ORDER BY t.at DESC, t.id DESC) FILTER (WHERE c.name IS NOT NULL))[1] AS last_campaign
    FROM touch t
    JOIN touch_kind k ON k.kind = t.kind
    LEFT JOIN campaign c ON c.id = t.campaign_id
    WHERE t.lead_id = l.id AND t.at <= (SELECT leadflow.clock())) t
CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(t.content, ', ' ORDER BY t.at DESC) AS last_content
    FROM (SELECT t.content, pg_catalog.max(t.at) AS at
          FROM touch t
          WHERE t.lead_id = l.id AND t.direction = 'inbound' AND t.content IS NOT NULL AND t.at <= (SELECT leadflow.clock())
          GROUP BY t.content
          ORDER BY pg_catalog.max(t.at) DESC, t.content LIMIT 3) t) n
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS promises, pg_catalog.min(s.due_at) AS due_at
    FROM sla_open s
    WHERE s.lead_id = l.id) s
LEFT JOIN LATERAL (
    SELECT v.verdict, v.at, v.reason, v.note
    FROM verdict v
    WHERE v.lead_id = l.id AND v.at <= (SELECT leadflow.clock())
    ORDER BY v.at DESC, v.id DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT u.narrative, u.entered_at
    FROM nurture_stay u
    WHERE u.lead_id = l.id AND u.entered_at <= (SELECT leadflow.clock())
    ORDER BY u.entered_at DESC, u.id DESC LIMIT 1) u ON true
CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(DISTINCT o.code, ', ') AS heard
    FROM verdict v
    CROSS JOIN LATERAL pg_catalog.unnest(v.objections) o (code)
    WHERE v.lead_id = l.id AND v.at <= (SELECT leadflow.clock())) o
WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id);
COMMENT ON VIEW lead_card IS 'What a rep should know before calling: who the lead is, why it was handed over, what it did, what was tried and promised, and what sales and nurture said of it. Read it for one lead. Touches, promises, verdicts and nurture are as known at leadflow.clock(), the lead itself is the present one. Leads in lead_outside are left out.';
COMMENT ON COLUMN lead_card.lead_id IS 'the lead';
COMMENT ON COLUMN lead_card.full_name IS 'name of the person';
COMMENT ON COLUMN lead_card.role IS 'role in the company';
COMMENT ON COLUMN lead_card.email IS 'e-mail address';
COMMENT ON COLUMN lead_card.phone IS 'telephone number';
COMMENT ON COLUMN lead_card.account IS 'name of the company';
COMMENT ON COLUMN lead_card.industry IS 'industry of the lead, else of the company';
COMMENT ON COLUMN lead_card.segment IS 'market segment of the lead, else of the company';
COMMENT ON COLUMN lead_card.stage IS 'where the lead is';
COMMENT ON COLUMN lead_card.stage_since_at IS 'since when';
COMMENT ON COLUMN lead_card.owner IS 'team member who owns it';
COMMENT ON COLUMN lead_card.need IS 'the confirmed need, in words';
COMMENT ON COLUMN lead_card.budget IS 'budget, in currency';
COMMENT ON COLUMN lead_card.currency IS 'ISO 4217 code of the budget; null for the workspace''s currency';
COMMENT ON COLUMN lead_card.decision_by IS 'date by which the buyer wants to decide';
COMMENT ON COLUMN lead_card.why_now IS 'handoff packet: why now';
COMMENT ON COLUMN lead_card.promised IS 'handoff packet: what was promised to the lead';
COMMENT ON COLUMN lead_card.evidence IS 'handoff packet: what the lead did that shows interest';
COMMENT ON COLUMN lead_card.urgency IS 'how urgent the request is: hot, normal, low, or the tool''s own word';
COMMENT ON COLUMN lead_card.score IS 'score in force (lead_scores.score_in_force); null for none. leadflow.explain_score says why';
COMMENT ON COLUMN lead_card.grade IS 'grade of fit and grade of behaviour: B2; null for none';
COMMENT ON COLUMN lead_card.probability IS 'probability of winning, 0..1, by the model that was active; null for none';
COMMENT ON COLUMN lead_card.origin IS 'where the lead came from';
COMMENT ON COLUMN lead_card.first_campaign IS 'campaign that brought the lead, else that of its first touch that names one';
COMMENT ON COLUMN lead_card.last_campaign IS 'campaign of the last touch that names one, else that which brought the lead';
COMMENT ON COLUMN lead_card.inbound_touches IS 'number of touches from the lead';
COMMENT ON COLUMN lead_card.inbound_kinds IS 'the kinds of them, separated by commas';
COMMENT ON COLUMN lead_card.last_inbound_at IS 'last touch from the lead; null for none';
COMMENT ON COLUMN lead_card.last_content IS 'the last three contents that it consumed, the latest first';
COMMENT ON COLUMN lead_card.attempts IS 'number of attempts to reach it (outbound touches that count as contact; in the same minute of the clock once)';
COMMENT ON COLUMN lead_card.channels_tried IS 'the channels of them, separated by commas; the kind of touch where a touch names no channel';
COMMENT ON COLUMN lead_card.last_attempt_at IS 'the last of them; null for none';
COMMENT ON COLUMN lead_card.open_promises IS 'number of promises that are still owed to it, or to its opportunities';
COMMENT ON COLUMN lead_card.next_due_at IS 'when the first of them is due';
COMMENT ON COLUMN lead_card.last_verdict IS 'last verdict of sales: accepted or rejected; null for none';
COMMENT ON COLUMN lead_card.last_verdict_at IS 'when it was given';
COMMENT ON COLUMN lead_card.last_reason IS 'code of its reason';
COMMENT ON COLUMN lead_card.last_note IS 'its note';
COMMENT ON COLUMN lead_card.last_narrative IS 'what marketing was told when it last went into nurture';
COMMENT ON COLUMN lead_card.last_nurture_at IS 'when that was';
COMMENT ON COLUMN lead_card.objections IS 'codes of the objections that were heard, separated by commas';
$leadflow_text$
WHEN 'quarantine_reasons' THEN $leadflow_text$CREATE OR REPLACE VIEW quarantine_reasons AS
SELECT q.object,
       q.source,
       u.missing ->> 'criterion' AS criterion,
       (pg_catalog.array_agg(u.missing ->> 'requirement' ORDER BY q.recorded_at DESC, q.id DESC))[1] AS requirement,
       pg_catalog.count(DISTINCT q.id) AS parked,
       pg_catalog.min(q.recorded_at) AS oldest_at,
       pg_catalog.max(q.recorded_at) AS latest_at,
       (pg_catalog.array_agg(q.external_id ORDER BY q.recorded_at DESC, q.id DESC) FILTER (WHERE q.external_id IS NOT NULL))[1] AS example_external_id
FROM quarantine q
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(q.unmet) u (missing)
GROUP BY q.object, q.source, u.missing ->> 'criterion'
ORDER BY pg_catalog.count(DISTINCT q.id) DESC, q.object, q.source, u.missing ->> 'criterion';
COMMENT ON VIEW quarantine_reasons IS 'What keeps rows in quarantine now: a row for each thing that is missing, of each tool. A parked row that lacks several counts in each of them. leadflow.retry_quarantine tries them again.';
COMMENT ON COLUMN quarantine_reasons.object IS 'lead or opportunity';
COMMENT ON COLUMN quarantine_reasons.source IS 'tool that wrote the rows';
COMMENT ON COLUMN quarantine_reasons.criterion IS 'code of the criterion that is not met';
COMMENT ON COLUMN quarantine_reasons.requirement IS 'the criterion in words, as the latest row was told';
COMMENT ON COLUMN quarantine_reasons.parked IS 'number of parked rows that lack it';
COMMENT ON COLUMN quarantine_reasons.oldest_at IS 'when the first of them was parked';
COMMENT ON COLUMN quarantine_reasons.latest_at IS 'when the last of them was parked';
COMMENT ON COLUMN quarantine_reasons.example_external_id IS 'the tool''s own key of the latest that has one; null for none';
$leadflow_text$
WHEN 'completeness' THEN $leadflow_text$/*
 * Leads are counted in groups, all their usual fields in one pass, and the
 * groups are then taken apart by field. What is left, such as a column that the
 * company added, is read row by row.
 */
CREATE OR REPLACE VIEW completeness AS
WITH usual AS (
    SELECT '{full_name,email,phone,role,need,budget,currency,decision_by,urgency,origin,campaign_id,account_id,segment,industry,
        territory,owner,why_now,promised,evidence}'::text[] AS fields
), lead_group AS (
    SELECT leadflow.base(l.stage) AS at_stage,
           leadflow.ordinal(l.furthest_stage) AS at_furthest,
           l.origin AS at_origin,
           l.owner AS at_owner,
           pg_catalog.count(*) AS n,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.full_name), '')) AS full_name,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.email), '')) AS email,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.phone), '')) AS phone,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.role), '')) AS role,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.need), '')) AS need,
           pg_catalog.count(l.budget) AS budget,
           pg_catalog.count(l.currency) AS currency,
           pg_catalog.count(l.decision_by) AS decision_by,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.urgency), '')) AS urgency,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.origin), '')) AS origin,
           pg_catalog.count(l.campaign_id) AS campaign_id,
           pg_catalog.count(l.account_id) AS account_id,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.segment), '')) AS segment,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.industry), '')) AS industry,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.territory), '')) AS territory,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.owner), '')) AS owner,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.why_now), '')) AS why_now,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.promised), '')) AS promised,
           pg_catalog.count(NULLIF(pg_catalog.btrim(l.evidence), '')) AS evidence
    FROM lead l
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
        AND l.id IN (SELECT s.id FROM visible_lead s)
    GROUP BY leadflow.base(l.stage), leadflow.ordinal(l.furthest_stage), l.origin, l.owner
), counted AS MATERIALIZED (
    SELECT l.at_stage, l.at_furthest, l.at_origin, l.at_owner, l.n, pg_catalog.to_jsonb(l) AS counts FROM lead_group l
), other AS (
    SELECT 'lead'::text AS object, leadflow.base(l.stage) AS stage, leadflow.ordinal(l.furthest_stage) AS furthest, l.origin, l.owner,
           pg_catalog.to_jsonb(l) AS fields
    FROM lead l
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
        AND l.id IN (SELECT s.id FROM visible_lead s)
        AND EXISTS (
        SELECT FROM field_owner f
        WHERE f.object = 'lead' AND f.field <> ALL ((SELECT u.fields FROM usual u)::text[]))
    UNION ALL
    SELECT 'opportunity'::text AS object, leadflow.base(o.stage) AS stage, leadflow.ordinal(o.furthest_stage) AS furthest, o.origin, o.owner,
           pg_catalog.to_jsonb(o) AS fields
    FROM opportunity o
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
        AND o.id IN (SELECT s.id FROM visible_opportunity s)
    UNION ALL
    SELECT 'account'::text AS object, NULL::leadflow.stage AS stage, s.furthest, NULL::text AS origin, a.owner, pg_catalog.to_jsonb(a) AS fields
    FROM account a
    LEFT JOIN (SELECT x.account_id, leadflow.ordinal(pg_catalog.max(x.furthest_stage)) AS furthest
               FROM (SELECT l.account_id, l.furthest_stage FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
                         AND l.id IN (SELECT s.id FROM visible_lead s)
                     UNION ALL
                     SELECT o.account_id, o.furthest_stage FROM opportunity o
                     WHERE o.id IN (SELECT s.id FROM visible_opportunity s)) x
               GROUP BY x.account_id) s ON s.account_id = a.id
    WHERE a.id IN (SELECT s.id FROM visible_account s)
)
SELECT f.object,
       f.field,
       f.team,
       c.stage::text AS stage,
       leadflow.ordinal(c.stage)::bigint AS ordinal,
       c.origin,
       c.owner,
       c.rows,
       c.filled,
       (c.filled / c.rows::numeric)::numeric(9,6) AS filled_share,
       c.owed,
       c.missing
FROM (SELECT k.object, k.field, k.stage, k.origin, k.owner,
             pg_catalog.sum(k.n)::bigint AS rows,
             pg_catalog.sum(k.filled)::bigint AS filled,
             pg_catalog.sum(CASE WHEN k.is_owed THEN k.n ELSE 0 END)::bigint AS owed,
             pg_catalog.sum(CASE WHEN k.is_owed THEN k.n - k.filled ELSE 0 END)::bigint AS missing
      FROM (SELECT f.object, f.field, g.at_stage AS stage, g.at_origin AS origin, g.at_owner AS owner, g.n,
                   (g.counts ->> f.field)::bigint AS filled,
                   COALESCE(g.at_furthest >= leadflow.ordinal(f.owed_from), false) AS is_owed
            FROM counted g
            JOIN field_owner f ON f.object = 'lead' AND f.field = ANY ((SELECT u.fields FROM usual u)::text[])
            UNION ALL
            SELECT f.object, f.field, o.stage, o.origin, o.owner, 1 AS n,
                   CASE WHEN pg_catalog.btrim(o.fields ->> f.field) <> '' THEN 1 ELSE 0 END AS filled,
                   COALESCE(o.furthest >= leadflow.ordinal(f.owed_from), false) AS is_owed
            FROM (SELECT * FROM other OFFSET 0) o
            JOIN field_owner f ON f.object = o.object
            WHERE o.object <> 'lead'
                OR f.field <> ALL ((SELECT u.fields FROM usual u)::text[])) k
      GROUP BY k.object, k.field, k.stage, k.origin, k.owner) c
JOIN field_owner f ON f.object = c.object AND f.field = c.field;
COMMENT ON VIEW completeness IS 'How many rows have each field of field_owner, and how many owe it, by stage, origin and owner as they are now. A blank text is not filled. Leads of lead_outside are left out.';
COMMENT ON COLUMN completeness.object IS 'lead, opportunity or account';
COMMENT ON COLUMN completeness.field IS 'the field';
COMMENT ON COLUMN completeness.team IS 'team that answers for the field';
COMMENT ON COLUMN completeness.stage IS 'stage of the spine, or exit, where the rows are now; null for accounts';
COMMENT ON COLUMN completeness.ordinal IS 'place on the spine, 1 to 16; below 0 for an exit; null for accounts';
COMMENT ON COLUMN completeness.origin IS 'where the rows came from; null for accounts, or where none is known';
COMMENT ON COLUMN completeness.owner IS 'who owns the rows; null where nobody does';
COMMENT ON COLUMN completeness.rows IS 'number of rows';
COMMENT ON COLUMN completeness.filled IS 'number of those that have the field';
COMMENT ON COLUMN completeness.filled_share IS 'share of those that have the field, 0..1';
COMMENT ON COLUMN completeness.owed IS 'number of rows that owe the field: the furthest stage that they reached is the one from which on it is owed, or a later one. An account counts by its leads and opportunities';
COMMENT ON COLUMN completeness.missing IS 'number of rows that owe the field and do not have it';
$leadflow_text$
WHEN 'data_quality' THEN $leadflow_text$CREATE OR REPLACE VIEW data_quality AS
SELECT q.object,
       q.id,
       q.external_id,
       q.owner,
       COALESCE(f.team, m.team) AS team,
       q.fault,
       q.field,
       q.value,
       q.since_at
FROM (-- an empty owner is reported as no_owner, an empty origin without a campaign as untagged_source
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= f.owed_from) AS since_at
      FROM lead l
      JOIN field_owner f ON f.object = 'lead' AND f.field <> 'owner' AND f.owed_from <= l.furthest_stage
      WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
          AND (f.field <> 'origin' OR l.campaign_id IS NOT NULL)
          AND COALESCE(pg_catalog.btrim(CASE f.field
                  WHEN 'full_name' THEN l.full_name
                  WHEN 'email' THEN l.email
                  WHEN 'phone' THEN l.phone
                  WHEN 'role' THEN l.role
                  WHEN 'need' THEN l.need
                  WHEN 'budget' THEN l.budget::text
                  WHEN 'decision_by' THEN l.decision_by::text
                  WHEN 'origin' THEN l.origin
                  WHEN 'account_id' THEN l.account_id::text
                  WHEN 'segment' THEN l.segment
                  WHEN 'industry' THEN l.industry
                  WHEN 'why_now' THEN l.why_now
                  WHEN 'promised' THEN l.promised
                  WHEN 'evidence' THEN l.evidence
                  ELSE pg_catalog.to_jsonb(l) ->> f.field END), '') = ''
      UNION ALL
      SELECT 'opportunity'::text AS object, o.id, o.external_id, o.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.opportunity_id = o.id AND e.to_stage >= f.owed_from) AS since_at
      FROM (SELECT o.id, o.external_id, o.owner, o.furthest_stage, pg_catalog.to_jsonb(o) AS fields
            FROM opportunity o
            WHERE o.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
                AND o.id IN (SELECT s.id FROM visible_opportunity s)
            OFFSET 0) o
      JOIN field_owner f ON f.object = 'opportunity' AND f.owed_from <= o.furthest_stage
      WHERE COALESCE(pg_catalog.btrim(o.fields ->> f.field), '') = ''
      UNION ALL
      SELECT 'account'::text AS object, a.id, a.external_id, a.owner, 'missing_owed'::text AS fault, f.field, NULL::text AS value,
             LEAST((SELECT pg_catalog.min(e.at) FROM lead l JOIN stage_event e ON e.lead_id = l.id
                    WHERE l.account_id = a.id AND l.id IN (SELECT s.id FROM visible_lead s) AND e.to_stage >= f.owed_from),
                   (SELECT pg_catalog.min(e.at) FROM opportunity o JOIN stage_event e ON e.opportunity_id = o.id
                    WHERE o.account_id = a.id AND o.id IN (SELECT s.id FROM visible_opportunity s) AND e.to_stage >= f.owed_from)) AS since_at
      FROM (SELECT a.id, a.external_id, a.owner, s.furthest_stage, pg_catalog.to_jsonb(a) AS fields
            FROM account a
            JOIN (SELECT x.account_id, pg_catalog.max(x.furthest_stage) AS furthest_stage
                  FROM (SELECT l.account_id, l.furthest_stage FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
                        UNION ALL
                        SELECT o.account_id, o.furthest_stage FROM opportunity o
                        WHERE o.id IN (SELECT s.id FROM visible_opportunity s)) x
                  GROUP BY x.account_id) s ON s.account_id = a.id
            WHERE a.id IN (SELECT s.id FROM visible_account s)
            OFFSET 0) a
      JOIN field_owner f ON f.object = 'account' AND f.owed_from <= a.furthest_stage
      WHERE COALESCE(pg_catalog.btrim(a.fields ->> f.field), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'no_owner'::text AS fault, 'owner'::text AS field, NULL::text AS value,
             (SELECT pg_catalog.min(e.at) FROM stage_event e
              WHERE e.lead_id = l.id AND e.opportunity_id IS NULL AND e.to_stage >= 'mql') AS since_at
      FROM lead l
      WHERE l.stage >= 'mql' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND COALESCE(pg_catalog.btrim(l.owner), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'invalid_email'::text AS fault, 'email'::text AS field, l.email AS value, l.updated_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND pg_catalog.btrim(l.email) <> '' AND leadflow.normal_email(l.email) IS NULL
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'invalid_phone'::text AS fault, 'phone'::text AS field, l.phone AS value, l.updated_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND pg_catalog.btrim(l.phone) <> '' AND leadflow.normal_phone(l.phone) IS NULL
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'untagged_source'::text AS fault, 'origin'::text AS field, NULL::text AS value, l.created_at AS since_at
      FROM lead l
      WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s) AND l.campaign_id IS NULL AND COALESCE(pg_catalog.btrim(l.origin), '') = ''
      UNION ALL
      SELECT 'lead'::text AS object, l.id, l.external_id, l.owner, 'stale'::text AS fault, NULL::text AS field, NULL::text AS value, GREATEST(l.updated_at, t.at) AS since_at
      FROM lead l
      LEFT JOIN LATERAL (SELECT pg_catalog.max(t.at) AS at FROM touch t
                         WHERE t.lead_id = l.id AND t.at <= (SELECT leadflow.clock())) t ON true
      WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
          AND l.id IN (SELECT s.id FROM visible_lead s)
          AND l.updated_at < (SELECT leadflow.clock()) - interval '90 days'
          AND (t.at IS NULL OR t.at < (SELECT leadflow.clock()) - interval '90 days')) q
LEFT JOIN field_owner f ON f.object = q.object AND f.field = q.field
LEFT JOIN team_member m ON m.member = q.owner;
COMMENT ON VIEW data_quality IS 'What is wrong with the data: a row for every fault of a lead, opportunity or account as it is now. Of those that have left the path only the faults of address, number and source are told. Leads of lead_outside are left out.';
COMMENT ON COLUMN data_quality.object IS 'lead, opportunity or account';
COMMENT ON COLUMN data_quality.id IS 'its number';
COMMENT ON COLUMN data_quality.external_id IS 'the tool''s own key';
COMMENT ON COLUMN data_quality.owner IS 'who owns it now';
COMMENT ON COLUMN data_quality.team IS 'team that answers for the field; the owner''s team where no field is at fault, or nobody answers for it';
COMMENT ON COLUMN data_quality.fault IS 'missing_owed (empty, and field_owner says that it is owed; not told again of what no_owner or untagged_source tells), no_owner (a lead at mql or further that nobody owns), invalid_email (no address), invalid_phone (fewer than 7 digits, or more than 15), untagged_source (a lead with neither origin nor campaign) or stale (a lead on the path that was neither changed nor touched in the 90 days before leadflow.clock())';
COMMENT ON COLUMN data_quality.field IS 'field at fault; null for stale';
COMMENT ON COLUMN data_quality.value IS 'what stands in the field; null where it is empty';
COMMENT ON COLUMN data_quality.since_at IS 'since when, as far as the rows tell: when the row reached the stage that owes the field (missing_owed, no_owner), was last changed (invalid_email, invalid_phone), was created (untagged_source), was last changed or touched (stale); null where the history says nothing';
$leadflow_text$
WHEN 'duplicate_candidates' THEN $leadflow_text$/*
 * Rows meet by an equal key, never each with each. Each rule has its keys. Those
 * of a wide rule (the company's domain, the first word of its name) join rows only
 * where their names are alike.
 */
CREATE OR REPLACE VIEW duplicate_candidates AS
WITH keyed AS MATERIALIZED (
    SELECT k.rule, k.key COLLATE pg_catalog."C" AS key, p.id, p.full_name, p.name
    FROM (SELECT l.id, l.full_name,
                 leadflow.normal_name(l.full_name) AS name,
                 leadflow.normal_email(l.email) AS email,
                 leadflow.normal_phone(l.phone) AS phone,
                 leadflow.email_domain(l.email) AS domain
          FROM lead l
          WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
              AND l.id IN (SELECT s.id FROM visible_lead s)
          OFFSET 0) p
    LEFT JOIN free_mail_domain f ON f.domain = p.domain
    CROSS JOIN LATERAL (VALUES
        (1, p.email),
        (2, p.phone),
        (3, CASE WHEN f.domain IS NULL THEN p.domain END),
        (4, CASE WHEN f.domain IS NULL THEN p.domain || ' ' || p.name END)) k (rule, key)
    WHERE k.key IS NOT NULL
    UNION ALL
    SELECT k.rule, k.key, c.id, c.full_name, c.name
    FROM (SELECT a.id, a.name AS full_name,
                 leadflow.normal_name(a.name) AS name,
                 leadflow.normal_domain(a.domain) AS domain
          FROM account a
          WHERE a.id IN (SELECT s.id FROM visible_account s)
          OFFSET 0) c
    LEFT JOIN free_mail_domain f ON f.domain = c.domain
    CROSS JOIN LATERAL (VALUES
        (5, CASE WHEN f.domain IS NULL THEN c.domain END),
        (6, pg_catalog.split_part(c.name, ' ', 1)),
        (7, c.name)) k (rule, key)
    WHERE k.key IS NOT NULL
), shared AS MATERIALIZED (
    SELECT k.*
    FROM (SELECT k.rule, k.key
          FROM keyed k
          GROUP BY k.key, k.rule
          HAVING pg_catalog.count(*) BETWEEN 2 AND 20) s
    JOIN keyed k ON k.key = s.key AND k.rule = s.rule
)
SELECT DISTINCT ON (p.object, p.id_1, p.id_2, p.matched_on)
       p.object,
       p.id_1,
       p.id_2,
       p.matched_on,
       p.key COLLATE pg_catalog."default" AS key,
       p.similarity,
       p.name_1,
       p.name_2
FROM (SELECT CASE WHEN a.rule <= 4 THEN 'lead' ELSE 'account' END AS object,
             CASE a.rule WHEN 1 THEN 'email' WHEN 2 THEN 'phone' WHEN 3 THEN 'domain_and_name' WHEN 4 THEN 'domain_and_name'
                 WHEN 5 THEN 'domain' ELSE 'name' END AS matched_on,
             a.rule IN (3, 6) AS is_wide,
             a.key,
             a.id AS id_1,
             b.id AS id_2,
             leadflow.name_similarity(a.name, b.name)::numeric(4,3) AS similarity,
             a.full_name AS name_1,
             b.full_name AS name_2
      FROM shared a
      JOIN shared b ON b.key = a.key AND b.rule = a.rule AND b.id > a.id
      OFFSET 0) p
WHERE NOT p.is_wide OR p.similarity >= 0.6
ORDER BY p.object, p.id_1, p.id_2, p.matched_on, p.is_wide DESC;
COMMENT ON VIEW duplicate_candidates IS 'Pairs of leads, and of accounts, that may be one. A pair has a row for every rule that found it. A key that more than 20 rows share, such as a switchboard, says nothing and is left out. Names are compared by the extension pg_trgm where it is installed, else they are alike only when equal. Leads of lead_outside are left out.';
COMMENT ON COLUMN duplicate_candidates.object IS 'lead or account';
COMMENT ON COLUMN duplicate_candidates.id_1 IS 'number of the first, the lesser of the two';
COMMENT ON COLUMN duplicate_candidates.id_2 IS 'number of the second';
COMMENT ON COLUMN duplicate_candidates.matched_on IS 'the rule. Leads: email (equal by normal_email), phone (equal by normal_phone) or domain_and_name (addresses of one company, and a similarity of 0.6 or more). Accounts: domain (equal by normal_domain) or name (equal by normal_name, or the same first word and a similarity of 0.6 or more). The domains of free_mail_domain are those of no company';
COMMENT ON COLUMN duplicate_candidates.key IS 'what the two have in common, in the form in which it is compared';
COMMENT ON COLUMN duplicate_candidates.similarity IS 'how alike the two names are, 0 to 1, compared by normal_name; null where one has none';
COMMENT ON COLUMN duplicate_candidates.name_1 IS 'name of the first';
COMMENT ON COLUMN duplicate_candidates.name_2 IS 'name of the second';
$leadflow_text$
WHEN 'routing_faults' THEN $leadflow_text$CREATE OR REPLACE VIEW routing_faults AS
WITH rule AS (
    SELECT r.rule,
           r.position,
           r.on_stage,
           r.variant,
           r.to_account_owner,
           r.pool,
           r.territory IS NULL AND r.industry IS NULL AND r.segment IS NULL AND r.condition IS NULL
               AND NOT r.to_account_owner AS takes_all
    FROM routing_rule r
    WHERE r.active
), used AS (
    SELECT DISTINCT p.pool, p.fallback_owner
    FROM pool p
    WHERE p.pool IN (SELECT r.pool FROM rule r WHERE NOT r.to_account_owner)
        OR (p.pool = 'default' AND EXISTS (SELECT FROM rule))
)
SELECT f.fault,
       f.rule,
       f.pool,
       f.member,
       f.account_id,
       f.explanation
FROM (
    SELECT 'member_inactive' AS fault, NULL::text AS rule, m.pool, m.member, NULL::bigint AS account_id,
           pg_catalog.format('%s is a member of pool %s and has left', m.member, m.pool) AS explanation
    FROM pool_member m
    JOIN team_member t ON t.member = m.member AND NOT t.active
    UNION ALL
    SELECT 'fallback_inactive' AS fault, NULL::text AS rule, p.pool, p.fallback_owner AS member, NULL::bigint AS account_id,
           pg_catalog.format('%s is the fallback of pool %s and has left', p.fallback_owner, p.pool) AS explanation
    FROM pool p
    JOIN team_member t ON t.member = p.fallback_owner AND NOT t.active
    UNION ALL
    SELECT 'fallback_absent' AS fault, NULL::text AS rule, p.pool, p.fallback_owner AS member, NULL::bigint AS account_id,
           pg_catalog.format('%s is the fallback of pool %s and is absent', p.fallback_owner, p.pool) AS explanation
    FROM pool p
    JOIN team_member t ON t.member = p.fallback_owner AND t.active
    WHERE EXISTS (SELECT FROM absence a
                  WHERE a.member = p.fallback_owner AND a.from_at <= (SELECT leadflow.clock()) AND a.until_at > (SELECT leadflow.clock()))
    UNION ALL
    SELECT 'pool_without_members' AS fault, r.rule, u.pool, NULL::text AS member, NULL::bigint AS account_id,
           pg_catalog.format('nobody in pool %s can have a lead: all of them go to %s', u.pool, u.fallback_owner) AS explanation
    FROM used u
    LEFT JOIN rule r ON r.pool = u.pool AND NOT r.to_account_owner
    WHERE NOT EXISTS (SELECT FROM pool_member m
                      JOIN team_member t ON t.member = m.member AND t.active
                      WHERE m.pool = u.pool AND m.capacity IS DISTINCT FROM 0)
    UNION ALL
    SELECT 'rule_never_matches' AS fault, r.rule, r.pool, NULL::text AS member, NULL::bigint AS account_id,
           pg_catalog.format('rule %s is never reached: %s comes first and takes every lead', r.rule, e.rule) AS explanation
    FROM rule r
    CROSS JOIN LATERAL (
        SELECT e.rule
        FROM rule e
        WHERE e.takes_all AND e.on_stage = r.on_stage AND e.variant IN ('*', r.variant)
            AND (e.position, e.rule COLLATE pg_catalog."C") < (r.position, r.rule COLLATE pg_catalog."C")
        ORDER BY e.position, e.rule COLLATE pg_catalog."C"
        LIMIT 1) e
    UNION ALL
    SELECT 'account_owner_inactive' AS fault, NULL::text AS rule, NULL::text AS pool, a.owner AS member, a.id AS account_id,
           pg_catalog.format('account %s belongs to %s, who %s', COALESCE(a.name, a.id::text), a.owner,
                             CASE WHEN t.member IS NULL THEN 'is not a member of a team' ELSE 'has left' END) AS explanation
    FROM account a
    LEFT JOIN team_member t ON t.member = a.owner
    WHERE pg_catalog.btrim(a.owner) <> '' AND t.active IS NOT TRUE
        AND EXISTS (SELECT FROM rule r WHERE r.to_account_owner)
) f
ORDER BY f.fault, f.pool, f.rule, f.member, f.account_id;
COMMENT ON VIEW routing_faults IS 'Routing rules and pools that point at somebody who cannot have the lead, and rules that are never reached, at leadflow.clock(). Empty is right.';
COMMENT ON COLUMN routing_faults.fault IS 'member_inactive, fallback_inactive, fallback_absent, pool_without_members (none that is active and may have a lead, in a pool that rules use), rule_never_matches (an earlier rule without conditions takes all) or account_owner_inactive (while a rule gives leads to the owners of accounts)';
COMMENT ON COLUMN routing_faults.rule IS 'the active rule that meets it; null where it is not about one, or about leads that no rule matches';
COMMENT ON COLUMN routing_faults.pool IS 'the pool; null where it is about an account';
COMMENT ON COLUMN routing_faults.member IS 'who is named and cannot have the lead; null where nobody is';
COMMENT ON COLUMN routing_faults.account_id IS 'the account; null where it is about a pool';
COMMENT ON COLUMN routing_faults.explanation IS 'the fault in words';
$leadflow_text$
WHEN 'routing_fairness' THEN $leadflow_text$CREATE OR REPLACE VIEW routing_fairness AS
SELECT m.pool,
       m.member,
       t.full_name AS member_name,
       t.active,
       m.weight::bigint AS weight,
       (m.weight::numeric / pg_catalog.sum(m.weight) OVER w)::numeric(9,6) AS weight_share,
       m.assigned,
       (m.assigned + m.credit)::numeric(15,3) AS earned,
       (m.assigned / CASE WHEN pg_catalog.sum(m.assigned) OVER w > 0 THEN pg_catalog.sum(m.assigned) OVER w END)::numeric(9,6) AS assigned_share,
       (- m.credit)::numeric(15,3) AS leads_off,
       m.last_assigned_at
FROM (SELECT p.pool, p.member, p.weight,
             COALESCE(g.assigned, 0) AS assigned,
             COALESCE(c.credits[pg_catalog.array_position(c.members, p.member)], 0) AS credit,
             g.last_assigned_at
      FROM pool_member p
      LEFT JOIN (SELECT a.pool, a.owner, pg_catalog.count(*) AS assigned, pg_catalog.max(a.at) AS last_assigned_at
                 FROM assignment a
                 WHERE a.turn IS NOT NULL
                 GROUP BY a.pool, a.owner) g ON g.pool = p.pool AND g.owner = p.member
      LEFT JOIN LATERAL (SELECT a.members, a.credits
                         FROM assignment a
                         WHERE a.pool = p.pool AND a.turn IS NOT NULL
                         ORDER BY a.turn DESC
                         LIMIT 1) c ON true) m
JOIN team_member t ON t.member = m.member
WINDOW w AS (PARTITION BY m.pool)
ORDER BY m.pool, m.member;
COMMENT ON VIEW routing_fairness IS 'The members of pools: what share of the leads was promised to them, and what they got by turns. Leads that an account''s owner or a fallback got are not among them.';
COMMENT ON COLUMN routing_fairness.pool IS 'the pool';
COMMENT ON COLUMN routing_fairness.member IS 'the member';
COMMENT ON COLUMN routing_fairness.member_name IS 'the member''s name';
COMMENT ON COLUMN routing_fairness.active IS 'false once the member has left';
COMMENT ON COLUMN routing_fairness.weight IS 'the member''s weight, as it is now';
COMMENT ON COLUMN routing_fairness.weight_share IS 'the weight in all weights of the pool, 0 to 1: the share while every member is eligible';
COMMENT ON COLUMN routing_fairness.assigned IS 'leads that the member was given';
COMMENT ON COLUMN routing_fairness.earned IS 'leads that were promised: the share, by the weights of then, of every lead for which the member was eligible';
COMMENT ON COLUMN routing_fairness.assigned_share IS 'the member''s part of the leads that the present members were given, 0 to 1; null while there were none';
COMMENT ON COLUMN routing_fairness.leads_off IS 'assigned less earned: leads that the member got too many, or, negative, too few. Less than 1 either way as long as the same members are eligible';
COMMENT ON COLUMN routing_fairness.last_assigned_at IS 'when the member was last given one';
$leadflow_text$
WHEN 'score_models' THEN $leadflow_text$CREATE OR REPLACE VIEW score_models AS
SELECT m.version,
       m.model,
       m.activated_at IS NOT NULL AND m.retired_at IS NULL AS active,
       m.fitted_at,
       m.fitted_by,
       m.as_of AS known_at,
       m.won,
       m.lost,
       (m.won::numeric / NULLIF(m.won + m.lost, 0))::numeric(9,6) AS base_rate,
       pg_catalog.round((20 / pg_catalog.ln(2::double precision) * m.intercept)::numeric)::bigint AS base_points,
       (m.quality ->> 'auc')::numeric(9,6) AS auc,
       (m.quality ->> 'log_loss')::numeric(12,6) AS log_loss,
       (m.quality ->> 'brier')::numeric(9,6) AS brier,
       m.quality #>> '{held_out,by}' AS held_out,
       (m.quality ->> 'won')::bigint + (m.quality ->> 'lost')::bigint AS held_out_leads,
       (m.quality #>> '{rules,auc}')::numeric(9,6) AS rules_auc,
       (m.quality #>> '{rules,model_auc}')::numeric(9,6) AS auc_beside_rules,
       (m.quality #>> '{rules,leads}')::bigint AS rules_leads,
       (m.quality #>> '{active,version}')::bigint AS active_version,
       (m.quality #>> '{active,leads}')::bigint AS active_leads,
       (m.quality #>> '{active,auc}')::numeric(9,6) AS active_auc,
       (m.quality #>> '{active,auc_beside}')::numeric(9,6) AS auc_beside_active,
       (m.quality #>> '{without_facts,skipped}')::bigint AS skipped,
       (m.quality #>> '{without_facts,rebuilt}')::bigint AS rebuilt,
       m.options,
       m.note,
       m.activated_at,
       m.retired_at
FROM score_model m;
COMMENT ON VIEW score_models IS 'The models that were learnt, and how good each is on leads that it was not learnt from.';
COMMENT ON COLUMN score_models.version IS 'number of the model';
COMMENT ON COLUMN score_models.model IS 'odoo, naive_bayes or logistic';
COMMENT ON COLUMN score_models.active IS 'whether it gives the probabilities now';
COMMENT ON COLUMN score_models.fitted_at IS 'when it was learnt';
COMMENT ON COLUMN score_models.fitted_by IS 'who had it learnt';
COMMENT ON COLUMN score_models.known_at IS 'what was known then is what it was learnt from';
COMMENT ON COLUMN score_models.won IS 'number of won leads that it was learnt from';
COMMENT ON COLUMN score_models.lost IS 'number of lost leads that it was learnt from';
COMMENT ON COLUMN score_models.base_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN score_models.base_points IS 'points of a lead of which nothing is known; with those of its values (score_model_card), 0 means that it is won as likely as not, and each 20 double the odds';
COMMENT ON COLUMN score_models.auc IS 'area under the ROC curve, 0..1: how often it gives more to a won lead than to a lost one; 0.5 is chance. Of held-out leads, as are log_loss and brier';
COMMENT ON COLUMN score_models.log_loss IS 'mean logarithmic loss of the probabilities, natural logarithm; 0 is perfect';
COMMENT ON COLUMN score_models.brier IS 'mean squared error of the probabilities; 0 is perfect';
COMMENT ON COLUMN score_models.held_out IS 'how leads were held out: folds (each lead is judged by a model of the other folds) or time (the last leads by a model of those before)';
COMMENT ON COLUMN score_models.held_out_leads IS 'number of leads that were held out';
COMMENT ON COLUMN score_models.rules_auc IS 'the same measure of the points of the rules, as they were when the leads became MQLs; null where none had points';
COMMENT ON COLUMN score_models.auc_beside_rules IS 'auc of the leads that rules_auc is of, to compare';
COMMENT ON COLUMN score_models.rules_leads IS 'number of those leads';
COMMENT ON COLUMN score_models.active_version IS 'the model that was active when this one was learnt; null for none';
COMMENT ON COLUMN score_models.active_leads IS 'number of held-out leads that qualified after what that model was learnt from, so that both can be judged by them; null for none';
COMMENT ON COLUMN score_models.active_auc IS 'auc of that model on these leads; null where none of them was won, or none lost';
COMMENT ON COLUMN score_models.auc_beside_active IS 'auc of this model on the same leads: it is the better one where this is more than active_auc';
COMMENT ON COLUMN score_models.skipped IS 'closed leads that were not learnt from, because their features were not kept';
COMMENT ON COLUMN score_models.rebuilt IS 'leads that were learnt from with rebuilt features';
COMMENT ON COLUMN score_models.options IS 'how it was learnt';
COMMENT ON COLUMN score_models.note IS 'note';
COMMENT ON COLUMN score_models.activated_at IS 'when it took effect; null for not yet';
COMMENT ON COLUMN score_models.retired_at IS 'when another took its place; null while none has';
$leadflow_text$
WHEN 'score_model_card' THEN $leadflow_text$CREATE OR REPLACE VIEW score_model_card AS
SELECT m.version,
       m.activated_at IS NOT NULL AND m.retired_at IS NULL AS active,
       p.feature,
       f.meaning,
       p.value,
       CASE WHEN COALESCE(p.at_least, p.below) IS NOT NULL
            THEN pg_catalog.rank() OVER (PARTITION BY p.version, p.feature, COALESCE(p.at_least, p.below) IS NULL ORDER BY p.at_least NULLS FIRST) END AS bin,
       p.points::bigint AS points,
       (p.points - pg_catalog.min(p.points) OVER (PARTITION BY p.version, p.feature))::bigint AS above_lowest,
       pg_catalog.rank() OVER (PARTITION BY p.version ORDER BY p.points DESC) AS rank,
       p.log_odds::numeric(15,9) AS log_odds,
       p.standard_error::numeric(15,9) AS standard_error,
       p.won,
       p.lost,
       (p.won::numeric / NULLIF(p.won + p.lost, 0))::numeric(9,6) AS won_share,
       p.weight_of_evidence::numeric(15,9) AS weight_of_evidence,
       p.information::numeric(15,9) AS information
FROM score_model m
JOIN score_model_point p ON p.version = m.version
LEFT JOIN score_feature f ON f.feature = p.feature;
COMMENT ON VIEW score_model_card IS 'What each model gives for each value of each feature, in points that people can read. A value that is not listed gives 0.';
COMMENT ON COLUMN score_model_card.version IS 'number of the model';
COMMENT ON COLUMN score_model_card.active IS 'whether the model gives the probabilities now';
COMMENT ON COLUMN score_model_card.feature IS 'the feature';
COMMENT ON COLUMN score_model_card.meaning IS 'what it tells, by its present definition; null where it was deleted';
COMMENT ON COLUMN score_model_card.value IS 'its value, or the label of the bin; null for missing';
COMMENT ON COLUMN score_model_card.bin IS 'of a number: place of the bin, the lowest first; null for others';
COMMENT ON COLUMN score_model_card.points IS 'points for or, below 0, against: 20 double the odds, -20 halve them. Those of a lead, and score_models.base_points, add up';
COMMENT ON COLUMN score_model_card.above_lowest IS 'points more than the value of the feature with the fewest';
COMMENT ON COLUMN score_model_card.rank IS 'place among the values of the model, the most points first';
COMMENT ON COLUMN score_model_card.log_odds IS 'the same, not rounded, in natural logarithms of odds';
COMMENT ON COLUMN score_model_card.standard_error IS 'standard error of log_odds; null where the model gives none';
COMMENT ON COLUMN score_model_card.won IS 'won leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_card.lost IS 'lost leads with that value; null where it was not counted';
COMMENT ON COLUMN score_model_card.won_share IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN score_model_card.weight_of_evidence IS 'weight of evidence of the value by itself: above 0 where it speaks for winning, whatever the other features say';
COMMENT ON COLUMN score_model_card.information IS 'its part of the information value of the feature';
$leadflow_text$
WHEN 'feature_value' THEN $leadflow_text$CREATE OR REPLACE VIEW feature_value AS
WITH chosen AS (
    SELECT m.version, m.won, m.lost, m.quality
    FROM score_model m
    ORDER BY m.activated_at IS NOT NULL AND m.retired_at IS NULL DESC, m.version DESC
    LIMIT 1
), given AS (
    SELECT p.feature,
           pg_catalog.count(*) FILTER (WHERE p.value IS NOT NULL) AS n,
           pg_catalog.max(p.points) FILTER (WHERE p.value IS NULL) AS missing_points,
           pg_catalog.max(p.points) AS most,
           pg_catalog.min(p.points) AS fewest,
           pg_catalog.sum(pg_catalog.abs(p.points) * (p.won + p.lost)) FILTER (WHERE p.value IS NOT NULL)
               / NULLIF(pg_catalog.sum(p.won + p.lost) FILTER (WHERE p.value IS NOT NULL), 0) AS moves
    FROM score_model_point p
    WHERE p.version = (SELECT c.version FROM chosen c)
    GROUP BY p.feature
)
SELECT c.version,
       q.feature,
       f.meaning,
       (q.about ->> 'information')::numeric(12,6) AS information_value,
       COALESCE(g.n, 0) AS listed,
       (q.about ->> 'left_out')::bigint AS left_out,
       c.won + c.lost AS leads,
       x.missing,
       (x.missing::numeric / NULLIF(c.won + c.lost, 0))::numeric(9,6) AS missing_share,
       (x.missing_won::numeric / NULLIF(x.missing, 0))::numeric(9,6) AS won_share_missing,
       ((c.won - x.missing_won)::numeric / NULLIF(c.won + c.lost - x.missing, 0))::numeric(9,6) AS won_share_known,
       g.missing_points::bigint AS missing_points,
       g.most::bigint AS most_points,
       g.fewest::bigint AS fewest_points,
       g.moves::numeric(12,2) AS points_moved
FROM chosen c
CROSS JOIN LATERAL pg_catalog.jsonb_each(c.quality -> 'features') q (feature, about)
CROSS JOIN LATERAL (SELECT (q.about ->> 'missing')::bigint AS missing, (q.about ->> 'missing_won')::bigint AS missing_won) x
LEFT JOIN given g ON g.feature = q.feature
LEFT JOIN score_feature f ON f.feature = q.feature;
COMMENT ON VIEW feature_value IS 'What each feature is worth, and what it costs that it is missing, by the leads that the active model was learnt from, else the newest.';
COMMENT ON COLUMN feature_value.version IS 'number of the model';
COMMENT ON COLUMN feature_value.feature IS 'the feature';
COMMENT ON COLUMN feature_value.meaning IS 'what it tells, by its present definition; null where it was deleted';
COMMENT ON COLUMN feature_value.information_value IS 'how much it tells of winning, by itself: below 0.02 nothing, to 0.1 a little, to 0.3 something, above 0.3 much; above 0.5 ask whether it knows the outcome (Siddiqi)';
COMMENT ON COLUMN feature_value.listed IS 'number of its values that have points';
COMMENT ON COLUMN feature_value.left_out IS 'number of its values that too few leads have (option min_count)';
COMMENT ON COLUMN feature_value.leads IS 'number of leads that the model was learnt from';
COMMENT ON COLUMN feature_value.missing IS 'how many of them lacked it when they became MQLs';
COMMENT ON COLUMN feature_value.missing_share IS 'missing / leads, 0..1';
COMMENT ON COLUMN feature_value.won_share_missing IS 'share won of those that lacked it, 0..1; null where none did';
COMMENT ON COLUMN feature_value.won_share_known IS 'share won of those that had it, 0..1; null where none had';
COMMENT ON COLUMN feature_value.missing_points IS 'points of a lead that lacks it; null where the model gives none';
COMMENT ON COLUMN feature_value.most_points IS 'most points that it gives';
COMMENT ON COLUMN feature_value.fewest_points IS 'fewest points that it gives';
COMMENT ON COLUMN feature_value.points_moved IS 'by how many points, up or down, a known value moves a lead on average: that much stays unsaid of each lead that lacks it';
$leadflow_text$
WHEN 'campaign_spend' THEN $leadflow_text$CREATE OR REPLACE VIEW campaign_spend AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
), line AS (
    SELECT k.campaign_id, k.spent_on AS day, k.cost, NULL::numeric(15,2) AS budget, k.currency
    FROM campaign_cost k
    UNION ALL
    SELECT c.id AS campaign_id, COALESCE(c.starts_on, c.created_at::date) AS day, c.cost, NULL::numeric(15,2) AS budget, c.currency
    FROM campaign c
    WHERE c.cost IS NOT NULL AND NOT EXISTS (SELECT FROM campaign_cost k WHERE k.campaign_id = c.id)
    UNION ALL
    SELECT c.id AS campaign_id, COALESCE(c.starts_on, c.created_at::date) AS day, NULL::numeric(15,2) AS cost, c.budget, c.currency
    FROM campaign c
    WHERE c.budget IS NOT NULL
)
SELECT s.campaign_id,
       c.name AS campaign,
       c.channel,
       s.month,
       s.spend::numeric(24,2) AS spend,
       s.budget::numeric(24,2) AS budget,
       s.amounts,
       s.without_rate
FROM (SELECT v.campaign_id,
             pg_catalog.date_trunc('month', v.day::timestamp)::date AS month,
             pg_catalog.sum(v.spend) AS spend,
             pg_catalog.sum(v.budget) AS budget,
             pg_catalog.count(v.cost) AS amounts,
             pg_catalog.count(*) FILTER (WHERE v.cost IS NOT NULL AND v.spend IS NULL) AS without_rate
      FROM (SELECT n.campaign_id, n.day, n.cost,
                   CASE WHEN pg_catalog.abs(n.cost * n.rate) < 1e13 THEN pg_catalog.round(n.cost * n.rate, n.currency_decimals) END AS spend,
                   CASE WHEN pg_catalog.abs(n.budget * n.rate) < 1e13 THEN pg_catalog.round(n.budget * n.rate, n.currency_decimals) END AS budget
            FROM (SELECT l.campaign_id, l.day, l.cost, l.budget, w.currency_decimals,
                         CASE WHEN l.currency <> w.currency THEN m.rate[pg_catalog.width_bucket(l.day, m.valid_from)] ELSE 1 END AS rate
                  FROM line l
                  CROSS JOIN workspace w
                  LEFT JOIN money m ON m.currency = l.currency
                  WHERE l.day <= (SELECT leadflow.clock())::date) n) v
      GROUP BY v.campaign_id, pg_catalog.date_trunc('month', v.day::timestamp)::date) s
JOIN campaign c ON c.id = s.campaign_id;
COMMENT ON VIEW campaign_spend IS 'What was spent on each campaign in each month, up to the day of leadflow.clock(), in the currency of the workspace at the rate of the day. Where a campaign has lines in campaign_cost, they are its cost; else campaign.cost is, on the day on which it starts, or was created where that is not known. Spend and budget may be added up.';
COMMENT ON COLUMN campaign_spend.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_spend.campaign IS 'its name';
COMMENT ON COLUMN campaign_spend.channel IS 'its channel';
COMMENT ON COLUMN campaign_spend.month IS 'first day of the month';
COMMENT ON COLUMN campaign_spend.spend IS 'what was spent; null where nothing was, or no amount has a rate';
COMMENT ON COLUMN campaign_spend.budget IS 'what was planned for the whole campaign, in the month in which it starts; null in others';
COMMENT ON COLUMN campaign_spend.amounts IS 'number of amounts spent';
COMMENT ON COLUMN campaign_spend.without_rate IS 'how many of them are left out, as their currency has no rate of that day or before, or they are 10^13 or more';
$leadflow_text$
WHEN 'cost_per_stage' THEN $leadflow_text$CREATE OR REPLACE VIEW cost_per_stage AS
WITH one AS (
    SELECT COALESCE(l.campaign_id, s.campaign_id) AS campaign_id, s.spend, l.reached
    FROM (SELECT m.campaign_id,
                 ARRAY[pg_catalog.count(m.lead_at), pg_catalog.count(*) FILTER (WHERE m.assigned AND m.lead_at IS NOT NULL), pg_catalog.count(m.mql_at),
                       pg_catalog.count(m.sal_at), pg_catalog.count(m.sql_at), pg_catalog.count(m.opportunity_at), pg_catalog.count(m.won_at)] AS reached
          FROM lead_milestone m
          GROUP BY m.campaign_id) l
    FULL JOIN (SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend
               FROM campaign_spend s
               GROUP BY s.campaign_id) s ON s.campaign_id = l.campaign_id
), scoped AS (
    SELECT v.scope,
           v.campaign_id,
           pg_catalog.sum(o.spend) AS spend,
           ARRAY[pg_catalog.sum(o.reached[1]), pg_catalog.sum(o.reached[2]), pg_catalog.sum(o.reached[3]), pg_catalog.sum(o.reached[4]),
                 pg_catalog.sum(o.reached[5]), pg_catalog.sum(o.reached[6]), pg_catalog.sum(o.reached[7])] AS reached
    FROM one o
    CROSS JOIN LATERAL (VALUES ('campaign', o.campaign_id), ('no_campaign', NULL::bigint), ('all_campaigns', NULL), ('everything', NULL)) v (scope, campaign_id)
    WHERE v.scope = 'everything' OR (v.scope = 'no_campaign') = (o.campaign_id IS NULL)
    GROUP BY v.scope, v.campaign_id
)
SELECT s.scope,
       s.campaign_id,
       c.name AS campaign,
       c.channel,
       t.position,
       (ARRAY['lead', 'assigned', 'mql', 'sal', 'sql', 'opportunity', 'customer'])[t.position] AS stage,
       COALESCE(t.reached, 0)::bigint AS leads,
       s.spend::numeric(24,2) AS spend,
       (s.spend / NULLIF(t.reached, 0))::numeric(24,2) AS cost_each
FROM scoped s
CROSS JOIN LATERAL pg_catalog.unnest(s.reached) WITH ORDINALITY t (reached, position)
LEFT JOIN campaign c ON c.id = s.campaign_id;
COMMENT ON VIEW cost_per_stage IS 'What a lead cost on each step: spend up to now by the number of leads that got there by now, as known at leadflow.clock(), a row for each campaign and stage, and for their sums. A lead belongs to the campaign of its first entry. Leads and spend may be added up over campaigns of one stage, cost_each may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN cost_per_stage.scope IS 'campaign (one campaign), no_campaign (leads without one), all_campaigns (their sum) or everything (all leads: what a lead costs with those that came by themselves)';
COMMENT ON COLUMN cost_per_stage.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN cost_per_stage.campaign IS 'its name';
COMMENT ON COLUMN cost_per_stage.channel IS 'its channel';
COMMENT ON COLUMN cost_per_stage.position IS 'order of the stages, 1 to 7';
COMMENT ON COLUMN cost_per_stage.stage IS 'lead, assigned (a lead that has or had an owner), mql, sal, sql, opportunity, or customer (won)';
COMMENT ON COLUMN cost_per_stage.leads IS 'number of leads that reached the stage or a later one';
COMMENT ON COLUMN cost_per_stage.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN cost_per_stage.cost_each IS 'spend / leads: cost per lead, per assigned lead, and so on to the cost of winning a customer; null where no cost is known or no lead got there';
$leadflow_text$
WHEN 'spend_efficiency' THEN $leadflow_text$CREATE OR REPLACE VIEW spend_efficiency AS
WITH happened AS (
    SELECT s.month, s.campaign_id, s.spend, 0 AS leads, 0 AS mql, 0 AS sql, 0 AS opportunities, 0::numeric AS pipeline, 0 AS won, 0 AS lost,
           0::numeric AS revenue, 0 AS new_customers, 0::numeric AS new_revenue
    FROM campaign_spend s
    WHERE s.spend IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', v.at)::date AS month, m.campaign_id, NULL::numeric AS spend, v.leads, v.mql, v.sql, 0 AS opportunities, 0::numeric AS pipeline, 0 AS won, 0 AS lost,
           0::numeric AS revenue, 0 AS new_customers, 0::numeric AS new_revenue
    FROM lead_milestone m
    CROSS JOIN LATERAL (VALUES (m.lead_at, 1, 0, 0), (m.mql_at, 0, 1, 0), (m.sql_at, 0, 0, 1)) v (at, leads, mql, sql)
    WHERE v.at IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', v.at)::date AS month, d.campaign_id, NULL::numeric AS spend, 0 AS leads, 0 AS mql, 0 AS sql, v.opened, v.opened * COALESCE(d.value, 0) AS pipeline,
           v.won, v.lost, v.won * COALESCE(d.value, 0) AS revenue, CASE WHEN d.new_customer THEN v.won ELSE 0 END AS new_customers,
           CASE WHEN d.new_customer THEN v.won * COALESCE(d.value, 0) ELSE 0 END AS new_revenue
    FROM deal d
    CROSS JOIN LATERAL (VALUES (d.opened_at, 1, 0, 0), (d.won_at, 0, 1, 0), (CASE WHEN d.outcome = 'lost' THEN d.closed_at END, 0, 0, 1)) v (at, opened, won, lost)
    WHERE d.outcome <> 'void' AND v.at IS NOT NULL
)
SELECT x.scope,
       x.campaign_id,
       c.name AS campaign,
       x.month,
       x.spend::numeric(24,2) AS spend,
       x.leads,
       x.mql,
       x.sql,
       x.opportunities,
       x.pipeline::numeric(24,2) AS pipeline,
       x.won,
       x.lost,
       x.revenue::numeric(24,2) AS revenue,
       x.new_customers,
       x.new_revenue::numeric(24,2) AS new_revenue,
       (x.spend / NULLIF(x.leads, 0))::numeric(24,2) AS cost_per_lead,
       (x.spend / NULLIF(x.new_customers, 0))::numeric(24,2) AS cost_per_new_customer,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate,
       (x.new_revenue / NULLIF(x.spend, 0))::numeric(30,4) AS new_revenue_per_spend
FROM (SELECT CASE WHEN GROUPING(h.campaign_id) = 1 THEN 'everything' WHEN h.campaign_id IS NULL THEN 'no_campaign' ELSE 'campaign' END AS scope,
             h.campaign_id,
             h.month,
             pg_catalog.sum(h.spend) AS spend,
             pg_catalog.sum(h.leads) AS leads,
             pg_catalog.sum(h.mql) AS mql,
             pg_catalog.sum(h.sql) AS sql,
             pg_catalog.sum(h.opportunities) AS opportunities,
             pg_catalog.sum(h.pipeline) AS pipeline,
             pg_catalog.sum(h.won) AS won,
             pg_catalog.sum(h.lost) AS lost,
             pg_catalog.sum(h.revenue) AS revenue,
             pg_catalog.sum(h.new_customers) AS new_customers,
             pg_catalog.sum(h.new_revenue) AS new_revenue
      FROM happened h
      GROUP BY GROUPING SETS ((h.month, h.campaign_id), (h.month))) x
LEFT JOIN campaign c ON c.id = x.campaign_id;
COMMENT ON VIEW spend_efficiency IS 'What was spent and what came of it, by month, for each campaign and for everything, as known at leadflow.clock(). Each thing counts in the month in which it happened, so that spend and the sales that it brings are months apart: compare quarters, before a change of the budget and after it. Leads belong to the campaign of their first entry, deals to their own. Sums may be added up, costs and rates may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN spend_efficiency.scope IS 'campaign (one campaign), no_campaign (leads and deals without one) or everything (all together)';
COMMENT ON COLUMN spend_efficiency.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN spend_efficiency.campaign IS 'its name';
COMMENT ON COLUMN spend_efficiency.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN spend_efficiency.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN spend_efficiency.leads IS 'number of leads that came in (first reached lead)';
COMMENT ON COLUMN spend_efficiency.mql IS 'number of leads that first reached mql';
COMMENT ON COLUMN spend_efficiency.sql IS 'number of leads that first reached sql';
COMMENT ON COLUMN spend_efficiency.opportunities IS 'number of opportunities opened, but for those opened in error';
COMMENT ON COLUMN spend_efficiency.pipeline IS 'their value, as known now';
COMMENT ON COLUMN spend_efficiency.won IS 'number of deals won';
COMMENT ON COLUMN spend_efficiency.lost IS 'number of deals lost';
COMMENT ON COLUMN spend_efficiency.revenue IS 'value of the deals won';
COMMENT ON COLUMN spend_efficiency.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN spend_efficiency.new_revenue IS 'value of those';
COMMENT ON COLUMN spend_efficiency.cost_per_lead IS 'spend / leads; null where no cost is known or no lead came in';
COMMENT ON COLUMN spend_efficiency.cost_per_new_customer IS 'spend / new_customers; null where no cost is known or there is none';
COMMENT ON COLUMN spend_efficiency.win_rate IS 'won / (won + lost), 0..1; null where none was closed';
COMMENT ON COLUMN spend_efficiency.new_revenue_per_spend IS 'new_revenue / spend; null where nothing was spent';
$leadflow_text$
WHEN 'campaign_return' THEN $leadflow_text$-- How long a sale takes, at most, is what 90 in 100 took: a younger lead says
-- nothing yet.
CREATE OR REPLACE VIEW campaign_return AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.entered_at, m.lead_at, m.mql_at, m.won_at, m.assigned
    FROM lead_milestone m
), cycle AS (
    SELECT pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY m.won_at - m.entered_at) AS longest
    FROM milestone m
    WHERE m.won_at IS NOT NULL
), answer AS (
    SELECT a.lead_id, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
    FROM contact_attempt a
    GROUP BY a.lead_id
), brought AS (
    SELECT m.campaign_id,
           pg_catalog.count(m.lead_at) AS leads,
           pg_catalog.count(*) FILTER (WHERE m.assigned AND m.lead_at IS NOT NULL) AS assigned,
           pg_catalog.count(m.mql_at) AS handed_over,
           pg_catalog.count(a.lead_id) FILTER (WHERE m.mql_at IS NOT NULL) AS contacted,
           pg_catalog.count(*) FILTER (WHERE m.mql_at IS NOT NULL AND a.answered) AS answered,
           pg_catalog.count(*) FILTER (WHERE m.lead_at IS NOT NULL AND m.entered_at + c.longest <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(m.won_at) FILTER (WHERE m.entered_at + c.longest <= (SELECT leadflow.clock())) AS judged_won
    FROM milestone m
    CROSS JOIN cycle c
    LEFT JOIN answer a ON a.lead_id = m.lead_id
    WHERE m.campaign_id IS NOT NULL
    GROUP BY m.campaign_id
), spent AS (
    SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend, pg_catalog.sum(s.budget) AS budget, pg_catalog.sum(s.without_rate)::bigint AS without_rate
    FROM campaign_spend s
    GROUP BY s.campaign_id
), dealt AS (
    SELECT d.campaign_id,
           pg_catalog.count(*) AS opportunities,
           COALESCE(pg_catalog.sum(d.value), 0) AS pipeline,
           pg_catalog.count(*) FILTER (WHERE d.value IS NULL) AS without_value,
           pg_catalog.count(d.won_at) AS won,
           pg_catalog.count(*) FILTER (WHERE d.outcome = 'lost') AS lost,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.outcome = 'won'), 0) AS revenue,
           pg_catalog.count(*) FILTER (WHERE d.new_customer) AS new_customers,
           COALESCE(pg_catalog.sum(d.value) FILTER (WHERE d.new_customer), 0) AS new_revenue,
           pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', d.won_at - LEAST(m.entered_at, d.opened_at)) / 86400) AS cycle_days
    FROM deal d
    LEFT JOIN milestone m ON m.lead_id = d.lead_id
    WHERE d.outcome <> 'void' AND d.campaign_id IS NOT NULL
    GROUP BY d.campaign_id
), known AS (
    SELECT c.id AS campaign_id, c.name AS campaign, c.channel, c.starts_on, c.ends_on, s.budget, s.spend, COALESCE(s.without_rate, 0) AS without_rate,
           COALESCE(b.leads, 0) AS leads, COALESCE(b.assigned, 0) AS assigned, COALESCE(b.handed_over, 0) AS handed_over,
           COALESCE(b.contacted, 0) AS contacted, COALESCE(b.answered, 0) AS answered, COALESCE(b.judged, 0) AS judged, COALESCE(b.judged_won, 0) AS judged_won,
           COALESCE(d.opportunities, 0) AS opportunities, COALESCE(d.pipeline, 0) AS pipeline, COALESCE(d.without_value, 0) AS without_value,
           COALESCE(d.won, 0) AS won, COALESCE(d.lost, 0) AS lost, COALESCE(d.revenue, 0) AS revenue, COALESCE(d.new_customers, 0) AS new_customers,
           COALESCE(d.new_revenue, 0) AS new_revenue, d.cycle_days
    FROM campaign c
    LEFT JOIN spent s ON s.campaign_id = c.id
    LEFT JOIN brought b ON b.campaign_id = c.id
    LEFT JOIN dealt d ON d.campaign_id = c.id
    WHERE s.campaign_id IS NOT NULL OR b.campaign_id IS NOT NULL OR d.campaign_id IS NOT NULL
), compared AS (
    SELECT k.*,
           pg_catalog.count(*) OVER () AS campaigns,
           pg_catalog.rank() OVER (ORDER BY k.pipeline DESC) AS pipeline_rank,
           pg_catalog.rank() OVER (ORDER BY k.new_revenue DESC) AS new_revenue_rank,
           (pg_catalog.sum(k.judged_won) OVER ())::numeric / NULLIF(pg_catalog.sum(k.judged) OVER (), 0) AS won_share_all,
           i.high
    FROM known k
    LEFT JOIN LATERAL leadflow.share_interval(k.judged_won, k.judged) i ON true
), marked AS (
    SELECT p.*,
           CASE WHEN p.pipeline_rank * 2 <= p.campaigns AND p.pipeline > 0 AND (p.new_revenue_rank * 2 > p.campaigns OR p.new_revenue <= 0)
                THEN 'pipeline without new revenue'
                WHEN p.new_revenue_rank * 2 <= p.campaigns AND p.new_revenue > 0 AND (p.pipeline_rank * 2 > p.campaigns OR p.pipeline <= 0)
                THEN 'new revenue from little pipeline' END AS mismatch,
           CASE WHEN p.spend IS NULL THEN 'look closer'
                WHEN p.new_revenue >= p.spend AND p.new_customers >= 3 THEN 'repeat'
                WHEN p.judged * 2 < p.leads OR p.leads = 0 THEN 'too early'
                WHEN p.new_revenue < p.spend AND p.high < p.won_share_all THEN 'stop'
                ELSE 'look closer' END AS advice
    FROM compared p
)
SELECT p.campaign_id,
       p.campaign,
       p.channel,
       p.starts_on,
       p.ends_on,
       p.budget::numeric(24,2) AS budget,
       p.spend::numeric(24,2) AS spend,
       p.without_rate,
       p.leads,
       p.assigned,
       (p.spend / NULLIF(p.leads, 0))::numeric(24,2) AS cost_per_lead,
       (p.spend / NULLIF(p.assigned, 0))::numeric(24,2) AS cost_per_assigned_lead,
       p.handed_over,
       p.contacted,
       p.answered,
       (p.answered::numeric / NULLIF(p.contacted, 0))::numeric(9,6) AS answered_share,
       p.opportunities,
       p.pipeline::numeric(24,2) AS pipeline,
       p.won,
       p.lost,
       p.without_value,
       (p.won::numeric / NULLIF(p.won + p.lost, 0))::numeric(9,6) AS win_rate,
       p.revenue::numeric(24,2) AS revenue,
       p.new_customers,
       p.new_revenue::numeric(24,2) AS new_revenue,
       (p.revenue - p.new_revenue)::numeric(24,2) AS returning_revenue,
       (p.spend / NULLIF(p.new_customers, 0))::numeric(24,2) AS cost_per_new_customer,
       ((p.revenue - p.spend) / NULLIF(p.spend, 0))::numeric(30,4) AS roi,
       ((p.new_revenue - p.spend) / NULLIF(p.spend, 0))::numeric(30,4) AS new_roi,
       p.cycle_days::numeric(12,2) AS cycle_days_median,
       p.pipeline_rank,
       p.new_revenue_rank,
       p.mismatch,
       p.judged,
       p.judged_won,
       (p.judged_won::numeric / NULLIF(p.judged, 0))::numeric(9,6) AS judged_won_share,
       p.high::numeric(9,6) AS judged_won_share_high,
       p.won_share_all::numeric(9,6) AS won_share_all,
       p.advice,
       pg_catalog.format('%s leads, %s of them old enough to judge and %s of those won (at best a share of %s; all campaigns: %s); %s assigned at %s each; %s of %s contacted answered; pipeline %s; %s new customers, new revenue %s for %s spent',
           p.leads, p.judged, p.judged_won, COALESCE(pg_catalog.round(p.high, 4)::text, 'unknown'), COALESCE(pg_catalog.round(p.won_share_all, 4)::text, 'unknown'),
           p.assigned, COALESCE(pg_catalog.round(p.spend / NULLIF(p.assigned, 0), 2)::text, 'unknown'), p.answered, p.contacted,
           pg_catalog.round(p.pipeline, 2), p.new_customers, pg_catalog.round(p.new_revenue, 2), COALESCE(pg_catalog.round(p.spend, 2)::text, 'unknown')) AS evidence
FROM marked p;
COMMENT ON VIEW campaign_return IS 'What each campaign cost and what came of it, as known at leadflow.clock(), in the currency of the workspace, and whether to repeat it. Leads belong to the campaign of their first entry, deals to their own (deal.campaign_id). Opportunities opened in error and leads in lead_outside are left out. A campaign without cost, leads or deals so far has no row.';
COMMENT ON COLUMN campaign_return.campaign_id IS 'the campaign';
COMMENT ON COLUMN campaign_return.campaign IS 'its name';
COMMENT ON COLUMN campaign_return.channel IS 'its channel';
COMMENT ON COLUMN campaign_return.starts_on IS 'first day';
COMMENT ON COLUMN campaign_return.ends_on IS 'last day';
COMMENT ON COLUMN campaign_return.budget IS 'what was planned; null where it is not known';
COMMENT ON COLUMN campaign_return.spend IS 'what was spent (campaign_spend); null where no cost is known';
COMMENT ON COLUMN campaign_return.without_rate IS 'number of amounts that are left out of it for want of an exchange rate';
COMMENT ON COLUMN campaign_return.leads IS 'number of leads that it brought (that reached lead)';
COMMENT ON COLUMN campaign_return.assigned IS 'how many of them have or had an owner';
COMMENT ON COLUMN campaign_return.cost_per_lead IS 'spend / leads; null where no cost is known or there are none';
COMMENT ON COLUMN campaign_return.cost_per_assigned_lead IS 'spend / assigned; null where no cost is known or there are none';
COMMENT ON COLUMN campaign_return.handed_over IS 'how many reached mql';
COMMENT ON COLUMN campaign_return.contacted IS 'how many of those sales tried to reach (contact_attempt)';
COMMENT ON COLUMN campaign_return.answered IS 'how many of those answered';
COMMENT ON COLUMN campaign_return.answered_share IS 'answered / contacted, 0..1: response to outreach; null where nobody was contacted';
COMMENT ON COLUMN campaign_return.opportunities IS 'number of opportunities opened';
COMMENT ON COLUMN campaign_return.pipeline IS 'value of all of them, open and closed, as known now';
COMMENT ON COLUMN campaign_return.won IS 'number of deals won';
COMMENT ON COLUMN campaign_return.lost IS 'number of deals lost';
COMMENT ON COLUMN campaign_return.without_value IS 'number of opportunities whose value is not known, or has no exchange rate: they count as deals, but not as money';
COMMENT ON COLUMN campaign_return.win_rate IS 'won / (won + lost), 0..1; null where none is closed';
COMMENT ON COLUMN campaign_return.revenue IS 'value of the deals won';
COMMENT ON COLUMN campaign_return.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN campaign_return.new_revenue IS 'value of those';
COMMENT ON COLUMN campaign_return.returning_revenue IS 'value of the other deals won: buyers that had bought before';
COMMENT ON COLUMN campaign_return.cost_per_new_customer IS 'spend / new_customers; null where no cost is known or there is none';
COMMENT ON COLUMN campaign_return.roi IS '(revenue - spend) / spend: 0 where it earned what it cost; null where nothing was spent';
COMMENT ON COLUMN campaign_return.new_roi IS '(new_revenue - spend) / spend; null where nothing was spent';
COMMENT ON COLUMN campaign_return.cycle_days_median IS 'median time from the first entry of the lead, or of the deal where that was earlier, to the win, elapsed, in days, interpolated; null where none was won';
COMMENT ON COLUMN campaign_return.pipeline_rank IS 'place by pipeline, 1 for the greatest; equals share a place';
COMMENT ON COLUMN campaign_return.new_revenue_rank IS 'place by new_revenue';
COMMENT ON COLUMN campaign_return.mismatch IS 'pipeline without new revenue: in the upper half (place * 2 at most the number of campaigns, and above 0) by pipeline, but not by new revenue; new revenue from little pipeline: the other way round; null for neither';
COMMENT ON COLUMN campaign_return.judged IS 'number of its leads that are old enough to judge: 90 in 100 of the leads ever won took no longer; 0 where none was won';
COMMENT ON COLUMN campaign_return.judged_won IS 'how many of them were won';
COMMENT ON COLUMN campaign_return.judged_won_share IS 'judged_won / judged, 0..1';
COMMENT ON COLUMN campaign_return.judged_won_share_high IS 'what that share is at best: upper limit of leadflow.share_interval';
COMMENT ON COLUMN campaign_return.won_share_all IS 'the same share of the leads of all campaigns';
COMMENT ON COLUMN campaign_return.advice IS 'by the first rule that holds: look closer (no cost is known), repeat (new_revenue is at least spend, from at least 3 new customers), too early (fewer than half of its leads are old enough to judge), stop (new_revenue is below spend, and judged_won_share_high below won_share_all: not by chance), else look closer';
COMMENT ON COLUMN campaign_return.evidence IS 'the figures behind the advice, in words';
$leadflow_text$
WHEN 'volume_without_sales' THEN $leadflow_text$CREATE OR REPLACE VIEW volume_without_sales AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.origin, m.entered_at, m.won_at
    FROM lead_milestone m
    WHERE m.lead_at IS NOT NULL
), aged AS MATERIALIZED (
    SELECT m.lead_id, m.campaign_id, m.origin, m.won_at, m.entered_at + c.longest <= (SELECT leadflow.clock()) AS judged
    FROM milestone m
    CROSS JOIN (SELECT pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY w.won_at - w.entered_at) AS longest
                FROM milestone w
                WHERE w.won_at IS NOT NULL) c
), counted AS (
    SELECT 'campaign' AS dimension, a.campaign_id, NULL::text AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM aged a
    WHERE a.campaign_id IS NOT NULL
    GROUP BY a.campaign_id
    UNION ALL
    SELECT 'origin' AS dimension, NULL::bigint AS campaign_id, a.origin AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM aged a
    WHERE a.origin IS NOT NULL
    GROUP BY a.origin
    UNION ALL
    SELECT 'content' AS dimension, NULL::bigint AS campaign_id, u.content AS name, pg_catalog.count(*) AS leads, pg_catalog.count(*) FILTER (WHERE a.judged) AS judged,
           pg_catalog.count(a.won_at) FILTER (WHERE a.judged) AS won
    FROM (SELECT DISTINCT t.lead_id, t.content
          FROM touch t
          WHERE t.content IS NOT NULL AND t.lead_id IS NOT NULL AND t.at <= (SELECT leadflow.clock())) u
    JOIN aged a ON a.lead_id = u.lead_id
    GROUP BY u.content
)
SELECT n.dimension,
       n.campaign_id,
       COALESCE(n.name, c.name) AS name,
       s.spend::numeric(24,2) AS spend,
       n.leads,
       n.judged,
       n.won,
       (n.won::numeric / NULLIF(n.judged, 0))::numeric(9,6) AS won_share,
       i.high::numeric(9,6) AS won_share_high,
       o.share::numeric(9,6) AS won_share_all,
       (n.judged * o.share)::numeric(15,2) AS won_expected,
       COALESCE(i.high < o.share, false) AS without_sales
FROM counted n
CROSS JOIN (SELECT pg_catalog.count(a.won_at)::numeric / NULLIF(pg_catalog.count(*), 0) AS share FROM aged a WHERE a.judged) o
LEFT JOIN LATERAL leadflow.share_interval(n.won, n.judged) i ON true
LEFT JOIN campaign c ON c.id = n.campaign_id
LEFT JOIN (SELECT s.campaign_id, pg_catalog.sum(s.spend) AS spend
           FROM campaign_spend s
           GROUP BY s.campaign_id) s ON s.campaign_id = n.campaign_id
-- more sales wanting first
ORDER BY COALESCE(i.high < o.share, false) DESC, n.judged * o.share - n.won DESC NULLS LAST, n.dimension, COALESCE(n.name, c.name);
COMMENT ON VIEW volume_without_sales IS 'Which campaigns, origins and contents bring leads that do not buy, as known at leadflow.clock(), the most sales wanting first. Only leads that are old enough to judge are compared: 90 in 100 of the leads ever won took no longer. Campaign and origin are those of the first entry; a lead belongs to every content that it was in touch with. Where nothing was ever won there is nothing to compare with. Leads in lead_outside are left out.';
COMMENT ON COLUMN volume_without_sales.dimension IS 'campaign, origin or content (touch.content)';
COMMENT ON COLUMN volume_without_sales.campaign_id IS 'the campaign; null for the other dimensions';
COMMENT ON COLUMN volume_without_sales.name IS 'name of the campaign, origin or content';
COMMENT ON COLUMN volume_without_sales.spend IS 'what was spent on the campaign; null where no cost is known, and for the other dimensions';
COMMENT ON COLUMN volume_without_sales.leads IS 'number of leads (that reached lead)';
COMMENT ON COLUMN volume_without_sales.judged IS 'how many of them are old enough to judge';
COMMENT ON COLUMN volume_without_sales.won IS 'how many of those were won';
COMMENT ON COLUMN volume_without_sales.won_share IS 'won / judged, 0..1';
COMMENT ON COLUMN volume_without_sales.won_share_high IS 'what that share is at best: upper limit of leadflow.share_interval';
COMMENT ON COLUMN volume_without_sales.won_share_all IS 'share of all leads old enough to judge that were won, 0..1';
COMMENT ON COLUMN volume_without_sales.won_expected IS 'how many would have been won at that share';
COMMENT ON COLUMN volume_without_sales.without_sales IS 'whether won_share_high is below won_share_all: the sales that are wanting are not chance';
$leadflow_text$
WHEN 'reallocation' THEN $leadflow_text$-- Every unit of spend goes from a campaign to a campaign.  Spend that is to be
-- moved and spend that can be taken are laid out on one line each, the worst
-- giver and the best taker first; where they overlap, it moves.
CREATE OR REPLACE VIEW reallocation AS
WITH spent AS MATERIALIZED (
    SELECT r.campaign_id, r.campaign, r.advice, r.spend, r.new_revenue, r.new_customers, r.new_revenue / r.spend AS yield
    FROM campaign_return r
    WHERE r.spend > 0
), giver AS (
    SELECT s.*, pg_catalog.sum(s.spend) OVER (ORDER BY s.yield, s.campaign_id) AS until
    FROM spent s
    WHERE s.advice = 'stop'
), taker AS (
    SELECT s.*, pg_catalog.sum(s.spend) OVER (ORDER BY s.yield DESC, s.campaign_id) AS until
    FROM spent s
    WHERE s.advice = 'repeat'
), moved AS (
    SELECT s.campaign_id AS from_id, s.campaign_id AS to_id, 'stays' AS what, s.spend AS amount
    FROM spent s
    WHERE s.advice <> 'stop'
    UNION ALL
    SELECT g.campaign_id AS from_id, t.campaign_id AS to_id, 'moves' AS what, LEAST(g.until, t.until) - GREATEST(g.until - g.spend, t.until - t.spend) AS amount
    FROM giver g
    JOIN taker t ON t.until > g.until - g.spend AND t.until - t.spend < g.until
    UNION ALL
    SELECT g.campaign_id AS from_id, NULL::bigint AS to_id, 'freed' AS what, LEAST(g.spend, g.until - COALESCE(c.capacity, 0)) AS amount
    FROM giver g
    CROSS JOIN (SELECT pg_catalog.max(t.until) AS capacity FROM taker t) c
    WHERE g.until > COALESCE(c.capacity, 0)
)
SELECT m.what,
       m.from_id AS from_campaign_id,
       g.campaign AS from_campaign,
       g.advice AS from_advice,
       m.to_id AS to_campaign_id,
       t.campaign AS to_campaign,
       m.amount::numeric(24,2) AS amount,
       (m.amount * g.yield)::numeric(24,2) AS new_revenue,
       (m.amount * COALESCE(t.yield, 0))::numeric(38,2) AS new_revenue_expected,
       (m.amount * g.new_customers / g.spend)::numeric(15,4) AS new_customers,
       (m.amount * COALESCE(t.new_customers / t.spend, 0))::numeric(38,4) AS new_customers_expected,
       g.yield::numeric(30,4) AS new_revenue_per_spend,
       t.yield::numeric(30,4) AS new_revenue_per_spend_expected
FROM moved m
JOIN spent g ON g.campaign_id = m.from_id
LEFT JOIN spent t ON t.campaign_id = m.to_id;
COMMENT ON VIEW reallocation IS 'Spend against the new revenue that it brought, and a proposal where to spend it instead, as known at leadflow.clock(): what went to campaigns to stop (campaign_return.advice) goes to campaigns to repeat, from the worst to the best. Supposes that one more unit of money brings a campaign what the ones before brought, which holds for a while at most: no campaign gets more than it had, so that none is more than doubled. The amounts add up to all that was spent; new_revenue and new_revenue_expected add up to what it brought, and would bring.';
COMMENT ON COLUMN reallocation.what IS 'stays (with its campaign), moves (to another one) or freed (from a campaign to stop, and no campaign to repeat can take it)';
COMMENT ON COLUMN reallocation.from_campaign_id IS 'campaign on which it was spent';
COMMENT ON COLUMN reallocation.from_campaign IS 'its name';
COMMENT ON COLUMN reallocation.from_advice IS 'what campaign_return advises: repeat, stop, too early or look closer';
COMMENT ON COLUMN reallocation.to_campaign_id IS 'campaign on which it is to be spent; null for none';
COMMENT ON COLUMN reallocation.to_campaign IS 'its name';
COMMENT ON COLUMN reallocation.amount IS 'how much, in the currency of the workspace';
COMMENT ON COLUMN reallocation.new_revenue IS 'new revenue that this amount brought: its part of that of the campaign';
COMMENT ON COLUMN reallocation.new_revenue_expected IS 'new revenue that it would bring there';
COMMENT ON COLUMN reallocation.new_customers IS 'new customers that this amount brought, in parts';
COMMENT ON COLUMN reallocation.new_customers_expected IS 'new customers that it would bring there, in parts';
COMMENT ON COLUMN reallocation.new_revenue_per_spend IS 'new revenue for each unit spent on the campaign that it was spent on';
COMMENT ON COLUMN reallocation.new_revenue_per_spend_expected IS 'the same of the campaign that it is to be spent on; null for none';
$leadflow_text$
WHEN 'content_effect' THEN $leadflow_text$-- Leads that were in touch with a content count from their first touch with it;
-- the others of their origin from their first entry.
CREATE OR REPLACE VIEW content_effect AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id,
           COALESCE(m.origin, '') AS origin,
           m.entered_at, m.lead_at, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at,
           v.at AS verdict_at, v.verdict,
           m.until <= (SELECT leadflow.clock()) AS old,
           m.until <= (SELECT leadflow.clock()) AND m.mql_at <= m.until AS old_mql,
           m.until <= (SELECT leadflow.clock()) AND m.sal_at <= m.until AS old_sal,
           m.until <= (SELECT leadflow.clock()) AND m.won_at <= m.until AS old_won
    -- OFFSET 0: add the days once
    FROM (SELECT m.*, m.entered_at + interval '90 days' AS until FROM lead_milestone m OFFSET 0) m
    -- the first answer of sales
    LEFT JOIN (SELECT DISTINCT ON (v.lead_id) v.lead_id, v.at, v.verdict
               FROM verdict v
               WHERE v.at <= (SELECT leadflow.clock())
               ORDER BY v.lead_id, v.at, v.id) v ON v.lead_id = m.lead_id
), origin AS (
    SELECT m.origin,
           pg_catalog.count(*) FILTER (WHERE m.old) AS old,
           pg_catalog.count(*) FILTER (WHERE m.old_mql) AS old_mql,
           pg_catalog.count(*) FILTER (WHERE m.old_sal) AS old_sal,
           pg_catalog.count(*) FILTER (WHERE m.old_won) AS old_won
    FROM milestone m
    GROUP BY m.origin
), touched AS MATERIALIZED (
    SELECT t.lead_id, t.kind, t.content, pg_catalog.min(t.at) AS at
    FROM touch t
    WHERE t.lead_id IS NOT NULL AND (t.direction = 'inbound' OR t.content IS NOT NULL) AND t.at <= (SELECT leadflow.clock())
    GROUP BY t.lead_id, t.kind, t.content
), used AS MATERIALIZED (
    SELECT g.level, g.name, g.lead_id, g.at, g.at + interval '90 days' AS until
    FROM (SELECT 'content'::text AS level, t.content AS name, t.lead_id, pg_catalog.min(t.at) AS at
          FROM touched t
          WHERE t.content IS NOT NULL
          GROUP BY t.content, t.lead_id
          UNION ALL
          SELECT 'kind'::text AS level, t.kind AS name, t.lead_id, pg_catalog.min(t.at) AS at
          FROM touched t
          GROUP BY t.kind, t.lead_id
          UNION ALL
          SELECT 'depth'::text AS level, d.name, d.lead_id, pg_catalog.min(d.at) AS at
          FROM (SELECT CASE WHEN t.kind IN ('contact_request', 'pricing_request', 'demo_request', 'trial_started') THEN 'deep'
                            WHEN t.kind IN ('web_visit', 'content_download', 'ad_click', 'email_open', 'email_click', 'form_submit', 'webinar_attended', 'event_attended') THEN 'top' END AS name,
                       t.lead_id, t.at
                FROM touched t) d
          WHERE d.name IS NOT NULL
          GROUP BY d.name, d.lead_id) g
), counted AS MATERIALIZED (
    SELECT u.level, u.name, m.origin,
           CASE WHEN m.won_at <= u.at THEN 7 WHEN m.opportunity_at <= u.at THEN 6 WHEN m.sql_at <= u.at THEN 5 WHEN m.sal_at <= u.at THEN 4
                WHEN m.mql_at <= u.at THEN 3 WHEN m.lead_at <= u.at THEN 2 ELSE 1 END AS reached,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.mql_at < u.at) IS NOT TRUE) AS mql_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.mql_at >= u.at AND m.mql_at <= u.until) AS mql,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.sal_at < u.at) IS NOT TRUE) AS sal_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.sal_at >= u.at AND m.sal_at <= u.until) AS sal,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND (m.won_at < u.at) IS NOT TRUE) AS won_of,
           pg_catalog.count(*) FILTER (WHERE u.until <= (SELECT leadflow.clock()) AND m.won_at >= u.at AND m.won_at <= u.until) AS won,
           pg_catalog.count(*) FILTER (WHERE m.verdict_at >= u.at AND m.verdict = 'accepted') AS accepted,
           pg_catalog.count(*) FILTER (WHERE m.verdict_at >= u.at AND m.verdict = 'rejected') AS rejected,
           pg_catalog.count(*) FILTER (WHERE m.old) AS old,
           pg_catalog.count(*) FILTER (WHERE m.old_mql) AS old_mql,
           pg_catalog.count(*) FILTER (WHERE m.old_sal) AS old_sal,
           pg_catalog.count(*) FILTER (WHERE m.old_won) AS old_won
    FROM used u
    -- one row a lead, as PostgreSQL cannot see of itself
    JOIN (SELECT DISTINCT ON (m.lead_id) m.* FROM milestone m ORDER BY m.lead_id) m ON m.lead_id = u.lead_id
    GROUP BY u.level, u.name, m.origin, reached
), summed AS (
    SELECT n.level, n.name, n.origin, pg_catalog.sum(n.leads) AS leads, pg_catalog.sum(n.judged) AS judged,
           pg_catalog.sum(n.mql_of) AS mql_of, pg_catalog.sum(n.mql) AS mql, pg_catalog.sum(n.sal_of) AS sal_of, pg_catalog.sum(n.sal) AS sal,
           pg_catalog.sum(n.won_of) AS won_of, pg_catalog.sum(n.won) AS won, pg_catalog.sum(n.accepted) AS accepted, pg_catalog.sum(n.rejected) AS rejected,
           pg_catalog.sum(n.old) AS old, pg_catalog.sum(n.old_mql) AS old_mql, pg_catalog.sum(n.old_sal) AS old_sal, pg_catalog.sum(n.old_won) AS old_won
    FROM counted n
    GROUP BY n.level, n.name, n.origin
), compared AS (
    SELECT n.level, n.name,
           pg_catalog.sum(n.leads)::bigint AS leads,
           pg_catalog.sum(n.judged)::bigint AS judged,
           pg_catalog.sum(n.mql_of)::bigint AS mql_of,
           pg_catalog.sum(n.mql)::bigint AS mql,
           pg_catalog.sum(n.sal_of)::bigint AS sal_of,
           pg_catalog.sum(n.sal)::bigint AS sal,
           pg_catalog.sum(n.won_of)::bigint AS won_of,
           pg_catalog.sum(n.won)::bigint AS won,
           pg_catalog.sum(n.accepted)::bigint AS accepted,
           pg_catalog.sum(n.rejected)::bigint AS rejected,
           pg_catalog.sum(o.old - n.old)::bigint AS others,
           -- origins that have no others say nothing
           pg_catalog.sum(n.mql_of * (o.old_mql - n.old_mql) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.mql_of) FILTER (WHERE o.old > n.old), 0) AS mql_others,
           pg_catalog.sum(n.sal_of * (o.old_sal - n.old_sal) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.sal_of) FILTER (WHERE o.old > n.old), 0) AS sal_others,
           pg_catalog.sum(n.won_of * (o.old_won - n.old_won) / NULLIF(o.old - n.old, 0))
               / NULLIF(pg_catalog.sum(n.won_of) FILTER (WHERE o.old > n.old), 0) AS won_others
    FROM summed n
    JOIN origin o ON o.origin = n.origin
    GROUP BY n.level, n.name
), staged AS (
    SELECT DISTINCT ON (n.level, n.name) n.level, n.name, n.reached
    FROM counted n
    GROUP BY n.level, n.name, n.reached
    ORDER BY n.level, n.name, pg_catalog.sum(n.leads) DESC, n.reached
), bought AS (
    SELECT u.level, u.name, pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', m.won_at - u.at) / 86400) AS cycle_days
    FROM used u
    JOIN (SELECT m.lead_id, m.won_at FROM milestone m WHERE m.won_at IS NOT NULL) m ON m.lead_id = u.lead_id AND m.won_at >= u.at
    GROUP BY u.level, u.name
)
SELECT c.level,
       c.name,
       (ARRAY['visitor', 'lead', 'mql', 'sal', 'sql', 'opportunity', 'won'])[g.reached] AS used_at_stage,
       c.leads,
       c.judged,
       c.mql_of,
       c.mql,
       (c.mql::numeric / NULLIF(c.mql_of, 0))::numeric(9,6) AS mql_share,
       c.mql_others::numeric(9,6) AS mql_share_others,
       c.sal_of,
       c.sal,
       (c.sal::numeric / NULLIF(c.sal_of, 0))::numeric(9,6) AS sal_share,
       c.sal_others::numeric(9,6) AS sal_share_others,
       c.won_of,
       c.won,
       (c.won::numeric / NULLIF(c.won_of, 0))::numeric(9,6) AS won_share,
       i.low::numeric(9,6) AS won_share_low,
       i.high::numeric(9,6) AS won_share_high,
       c.won_others::numeric(9,6) AS won_share_others,
       c.others,
       c.accepted,
       c.rejected,
       (c.accepted::numeric / NULLIF(c.accepted + c.rejected, 0))::numeric(9,6) AS acceptance_rate,
       b.cycle_days::numeric(12,2) AS cycle_days_median
FROM compared c
JOIN staged g ON g.level = c.level AND g.name = c.name
LEFT JOIN bought b ON b.level = c.level AND b.name = c.name
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.won_of) i ON true;
COMMENT ON VIEW content_effect IS 'What became of the leads that were in touch with a content, a kind of touch, or the offers deep in the funnel against those at its top, as known at leadflow.clock(): within 90 days of the first such touch, beside the leads of the same origins that never were, within 90 days of their first entry. It compares, and does not prove: who asks for a demonstration was going to buy more often before he asked. Only what was not reached before the touch counts. Leads in lead_outside are left out.';
COMMENT ON COLUMN content_effect.level IS 'content (touch.content), kind (touch.kind, inbound or with a content), or depth';
COMMENT ON COLUMN content_effect.name IS 'which one; of level depth: deep (contact_request, pricing_request, demo_request, trial_started) or top (web_visit, content_download, ad_click, email_open, email_click, form_submit, webinar_attended, event_attended)';
COMMENT ON COLUMN content_effect.used_at_stage IS 'furthest stage that most leads had reached at the first touch: visitor (or engaged), lead, mql, sal, sql, opportunity or won';
COMMENT ON COLUMN content_effect.leads IS 'number of leads that were in touch with it';
COMMENT ON COLUMN content_effect.judged IS 'how many of them were for the first time 90 days ago or longer; only these count up to won_share_others';
COMMENT ON COLUMN content_effect.mql_of IS 'how many of those had not reached mql before';
COMMENT ON COLUMN content_effect.mql IS 'how many of these reached it within 90 days';
COMMENT ON COLUMN content_effect.mql_share IS 'mql / mql_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.mql_share_others IS 'share of the other leads of their origins that did within 90 days, weighted as the origins are in mql_of; null where there are no others';
COMMENT ON COLUMN content_effect.sal_of IS 'how many had not reached sal before';
COMMENT ON COLUMN content_effect.sal IS 'how many of these reached it within 90 days: accepted by sales';
COMMENT ON COLUMN content_effect.sal_share IS 'sal / sal_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.sal_share_others IS 'the same of the others, as mql_share_others';
COMMENT ON COLUMN content_effect.won_of IS 'how many had not been won before';
COMMENT ON COLUMN content_effect.won IS 'how many of these were within 90 days';
COMMENT ON COLUMN content_effect.won_share IS 'won / won_of, 0..1; null where there are none';
COMMENT ON COLUMN content_effect.won_share_low IS 'lower limit of it (leadflow.share_interval): an effect is likely where won_share_others lies outside the limits';
COMMENT ON COLUMN content_effect.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN content_effect.won_share_others IS 'the same of the others, as mql_share_others';
COMMENT ON COLUMN content_effect.others IS 'number of the others: leads of the same origins, that entered 90 days ago or longer';
COMMENT ON COLUMN content_effect.accepted IS 'how many of the leads sales accepted with its first verdict, after the touch';
COMMENT ON COLUMN content_effect.rejected IS 'how many it rejected';
COMMENT ON COLUMN content_effect.acceptance_rate IS 'accepted / (accepted + rejected), 0..1; null where there is no verdict';
COMMENT ON COLUMN content_effect.cycle_days_median IS 'median time from the first touch to the win, elapsed, in days, interpolated; null where none was won after it';
$leadflow_text$
WHEN 'campaign_contact_effect' THEN $leadflow_text$CREATE OR REPLACE VIEW campaign_contact_effect AS
WITH handed AS (
    SELECT m.lead_id,
           m.campaign_id,
           m.sal_at,
           m.sql_at,
           m.won_at,
           m.won_at IS NULL AND m.ordinal_now < 0 AS lost,
           a.answered,
           pg_catalog.date_part('epoch', m.won_at - m.mql_at) / 86400 AS cycle_days,
           CASE WHEN p.state IN ('running', 'warning', 'paused') THEN 'waiting'
                WHEN p.state = 'met' THEN 'in time'
                WHEN a.lead_id IS NULL THEN 'not worked'
                WHEN p.state IS NULL THEN 'no promise'
                ELSE 'late' END AS worked
    FROM lead_milestone m
    -- those of handover: its first contact is an attempt
    JOIN (SELECT e.lead_id
          FROM stage_event e
          WHERE e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock()) AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
          GROUP BY e.lead_id) h ON h.lead_id = m.lead_id
    LEFT JOIN (SELECT a.lead_id, pg_catalog.bool_or(a.answered_at IS NOT NULL) AS answered
               FROM contact_attempt a
               GROUP BY a.lead_id) a ON a.lead_id = m.lead_id
    -- the first promise of an answer that was not taken back
    LEFT JOIN (SELECT DISTINCT ON (s.lead_id) s.lead_id, s.state
               FROM sla_status s
               WHERE s.metric = 'first_response' AND s.opportunity_id IS NULL AND s.state <> 'cancelled'
               ORDER BY s.lead_id, s.started_at, s.clock_id) p ON p.lead_id = m.lead_id
)
SELECT x.scope,
       x.campaign_id,
       c.name AS campaign,
       x.worked,
       x.leads,
       x.answered,
       x.reached_sal,
       x.reached_sql,
       x.won,
       x.lost,
       (x.reached_sql::numeric / x.leads)::numeric(9,6) AS sql_share,
       (x.won::numeric / x.leads)::numeric(9,6) AS won_share,
       (x.won::numeric / NULLIF(x.won + x.lost, 0))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       x.cycle_days::numeric(12,2) AS cycle_days_median
FROM (SELECT v.scope,
             v.campaign_id,
             h.worked,
             pg_catalog.count(*) AS leads,
             pg_catalog.count(*) FILTER (WHERE h.answered) AS answered,
             pg_catalog.count(h.sal_at) AS reached_sal,
             pg_catalog.count(h.sql_at) AS reached_sql,
             pg_catalog.count(h.won_at) AS won,
             pg_catalog.count(*) FILTER (WHERE h.lost) AS lost,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY h.cycle_days) AS cycle_days
      FROM handed h
      CROSS JOIN LATERAL (VALUES ('campaign', h.campaign_id), ('no_campaign', NULL::bigint), ('all_campaigns', NULL)) v (scope, campaign_id)
      WHERE (v.scope = 'no_campaign') = (h.campaign_id IS NULL)
      GROUP BY v.scope, v.campaign_id, h.worked) x
LEFT JOIN campaign c ON c.id = x.campaign_id
LEFT JOIN LATERAL leadflow.share_interval(x.won, x.won + x.lost) i ON true;
COMMENT ON VIEW campaign_contact_effect IS 'What became of the leads that campaigns handed over, by whether sales answered them as promised, as known at leadflow.clock(). It compares, and does not prove: who looks promising may be called first. A lead belongs to the campaign of its first entry. Counts may be added up, shares may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN campaign_contact_effect.scope IS 'campaign (one campaign), no_campaign (leads without one) or all_campaigns (their sum)';
COMMENT ON COLUMN campaign_contact_effect.campaign_id IS 'the campaign; null for sums';
COMMENT ON COLUMN campaign_contact_effect.campaign IS 'its name';
COMMENT ON COLUMN campaign_contact_effect.worked IS 'in time (the lead''s first promise of the metric first_response was met), late (contacted, but not so), no promise (contacted, and none was owed), waiting (the promise still runs) or not worked';
COMMENT ON COLUMN campaign_contact_effect.leads IS 'number of leads that were handed over (that reached mql)';
COMMENT ON COLUMN campaign_contact_effect.answered IS 'how many of them answered an attempt to reach them (contact_attempt)';
COMMENT ON COLUMN campaign_contact_effect.reached_sal IS 'how many reached sal or a later stage';
COMMENT ON COLUMN campaign_contact_effect.reached_sql IS 'how many reached sql or a later stage';
COMMENT ON COLUMN campaign_contact_effect.won IS 'how many were won';
COMMENT ON COLUMN campaign_contact_effect.lost IS 'how many were not, and are in an exit';
COMMENT ON COLUMN campaign_contact_effect.sql_share IS 'reached_sql / leads, 0..1';
COMMENT ON COLUMN campaign_contact_effect.won_share IS 'won / leads, 0..1';
COMMENT ON COLUMN campaign_contact_effect.win_rate IS 'won / (won + lost), 0..1; null where none is decided';
COMMENT ON COLUMN campaign_contact_effect.win_rate_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN campaign_contact_effect.win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN campaign_contact_effect.cycle_days_median IS 'median time from the handover (first mql) to the win, elapsed, in days, interpolated; null where none was won';
$leadflow_text$
WHEN 'revenue_sources' THEN $leadflow_text$CREATE OR REPLACE VIEW revenue_sources AS
WITH happened AS (
    SELECT pg_catalog.date_trunc('month', m.lead_at)::date AS month, m.origin, m.campaign_id, 1 AS leads, 0 AS won, 0 AS new_customers, 0::numeric AS revenue, 0::numeric AS new_revenue
    FROM lead_milestone m
    WHERE m.lead_at IS NOT NULL
    UNION ALL
    SELECT pg_catalog.date_trunc('month', d.won_at)::date AS month, d.origin, d.campaign_id, 0 AS leads, 1 AS won, CASE WHEN d.new_customer THEN 1 ELSE 0 END AS new_customers,
           COALESCE(d.value, 0) AS revenue, CASE WHEN d.new_customer THEN COALESCE(d.value, 0) ELSE 0 END AS new_revenue
    FROM deal d
    WHERE d.won_at IS NOT NULL
), summed AS (
    SELECT h.month, h.origin, h.campaign_id, pg_catalog.sum(h.leads) AS leads, pg_catalog.sum(h.won) AS won, pg_catalog.sum(h.new_customers) AS new_customers,
           pg_catalog.sum(h.revenue) AS revenue, pg_catalog.sum(h.new_revenue) AS new_revenue
    FROM happened h
    GROUP BY h.month, h.origin, h.campaign_id
), sourced AS (
    SELECT v.dimension, v.name, p.month, pg_catalog.sum(s.leads)::bigint AS leads, pg_catalog.sum(s.won)::bigint AS won, pg_catalog.sum(s.new_customers)::bigint AS new_customers,
           pg_catalog.sum(s.revenue) AS revenue, pg_catalog.sum(s.new_revenue) AS new_revenue
    FROM summed s
    LEFT JOIN campaign c ON c.id = s.campaign_id
    CROSS JOIN LATERAL (VALUES ('origin', s.origin), ('channel', c.channel), ('campaign', c.name)) v (dimension, name)
    CROSS JOIN LATERAL (VALUES (s.month), (NULL::date)) p (month)
    GROUP BY v.dimension, v.name, p.month
)
SELECT s.dimension,
       s.name,
       s.month,
       s.leads,
       (s.leads::numeric / NULLIF(pg_catalog.sum(s.leads) OVER every, 0))::numeric(9,6) AS leads_share,
       s.won,
       s.revenue::numeric(24,2) AS revenue,
       (s.revenue / NULLIF(pg_catalog.sum(s.revenue) OVER every, 0))::numeric(30,6) AS revenue_share,
       s.new_customers,
       s.new_revenue::numeric(24,2) AS new_revenue,
       (s.new_revenue / NULLIF(pg_catalog.sum(s.new_revenue) OVER every, 0))::numeric(30,6) AS new_revenue_share,
       (s.revenue - s.new_revenue)::numeric(24,2) AS returning_revenue
FROM sourced s
WINDOW every AS (PARTITION BY s.dimension, s.month);
COMMENT ON VIEW revenue_sources IS 'Where leads and revenue come from, by origin, channel and campaign, by month and for all time, as known at leadflow.clock(), in the currency of the workspace. A lead counts in the month in which it came in, with campaign and origin of its first entry; a deal in the month in which it was won, with its own. Deals without a known value count as deals, not as money. Leads in lead_outside are left out.';
COMMENT ON COLUMN revenue_sources.dimension IS 'origin, channel (of the campaign) or campaign (its name)';
COMMENT ON COLUMN revenue_sources.name IS 'which one; null for none, or not known';
COMMENT ON COLUMN revenue_sources.month IS 'first day of the month, in the session''s time zone; null for all time';
COMMENT ON COLUMN revenue_sources.leads IS 'number of leads that came in (first reached lead)';
COMMENT ON COLUMN revenue_sources.leads_share IS 'share of the leads of the month, 0..1, within the dimension; null where there are none';
COMMENT ON COLUMN revenue_sources.won IS 'number of deals won';
COMMENT ON COLUMN revenue_sources.revenue IS 'their value';
COMMENT ON COLUMN revenue_sources.revenue_share IS 'share of the revenue of the month within the dimension, 0..1 where no value is below 0; null where there is none';
COMMENT ON COLUMN revenue_sources.new_customers IS 'how many of the deals won were the first of their buyer';
COMMENT ON COLUMN revenue_sources.new_revenue IS 'value of those';
COMMENT ON COLUMN revenue_sources.new_revenue_share IS 'share of the new revenue of the month within the dimension; null where there is none';
COMMENT ON COLUMN revenue_sources.returning_revenue IS 'value of the other deals won';
$leadflow_text$
WHEN 'deal_touch' THEN $leadflow_text$-- A touch comes to a deal by one way only: with a lead of its account, else
-- with the account itself, else with its own lead.
CREATE OR REPLACE VIEW deal_touch AS
WITH bought AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.account_id, COALESCE(d.closed_at, (SELECT leadflow.clock())) AS until
    FROM deal d
), met AS (
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN lead l ON l.account_id = b.account_id AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
    JOIN touch t ON t.lead_id = l.id
    UNION ALL
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN touch t ON t.account_id = b.account_id
    LEFT JOIN lead l ON l.id = t.lead_id
    WHERE l.account_id IS DISTINCT FROM b.account_id AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
    UNION ALL
    SELECT b.opportunity_id, b.until, t.id, t.at, t.lead_id, t.campaign_id, t.kind, t.channel, t.direction, t.actor
    FROM bought b
    JOIN lead l ON l.id = b.lead_id AND (l.account_id = b.account_id) IS NOT TRUE
    JOIN touch t ON t.lead_id = l.id AND (t.account_id = b.account_id) IS NOT TRUE
)
SELECT t.opportunity_id,
       t.id AS touch_id,
       t.at AS touched_at,
       t.kind,
       pg_catalog.substr(COALESCE(t.channel, c.channel, t.kind), 1, 200) AS channel,
       t.campaign_id,
       c.name AS campaign,
       t.direction,
       t.actor,
       CASE WHEN t.campaign_id IS NOT NULL AND w.department = 'sales' THEN 'both'
            WHEN t.campaign_id IS NOT NULL THEN 'marketing'
            WHEN w.department IS NOT NULL THEN w.department
            WHEN t.direction = 'inbound' THEN 'marketing'
            ELSE 'sales' END AS department
FROM met t
JOIN touch_kind k ON k.kind = t.kind
LEFT JOIN campaign c ON c.id = t.campaign_id
LEFT JOIN team_member w ON w.member = t.actor
WHERE t.at <= t.until
    -- an internal note touches nobody
    AND (t.direction = 'inbound' OR k.is_contact OR t.campaign_id IS NOT NULL);
COMMENT ON VIEW deal_touch IS 'The touches that led to each deal, each once: those of its lead, of the other leads of its account, and of the account itself, up to the instant at which it was won or closed, or to leadflow.clock(). Outbound touches of no campaign, of a kind that is no attempt to reach anybody (touch_kind.is_contact), such as notes, are none. Touches of leads in lead_outside are left out. A touch may lead to several deals.';
COMMENT ON COLUMN deal_touch.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_touch.touch_id IS 'the touch (touch.id)';
COMMENT ON COLUMN deal_touch.touched_at IS 'when it happened';
COMMENT ON COLUMN deal_touch.kind IS 'kind of touch';
COMMENT ON COLUMN deal_touch.channel IS 'its channel, else that of its campaign, else its kind: the first 200 characters';
COMMENT ON COLUMN deal_touch.campaign_id IS 'campaign that it belongs to';
COMMENT ON COLUMN deal_touch.campaign IS 'name of the campaign';
COMMENT ON COLUMN deal_touch.direction IS 'inbound or outbound';
COMMENT ON COLUMN deal_touch.actor IS 'team member who made it';
COMMENT ON COLUMN deal_touch.department IS 'whose work it was: both (of a campaign, by somebody of sales), marketing (of a campaign else), else the department of its actor (team_member), else marketing for inbound and sales for outbound touches';
$leadflow_text$
WHEN 'deal_review' THEN $leadflow_text$CREATE OR REPLACE VIEW deal_review AS
WITH past AS (
    -- where each deal was thirty days ago: its last entry by then
    SELECT DISTINCT ON (e.opportunity_id) e.opportunity_id, e.to_stage, e.amount
    FROM stage_event e
    WHERE e.opportunity_id IS NOT NULL AND e.at <= (SELECT leadflow.clock()) - interval '30 days'
    ORDER BY e.opportunity_id DESC, e.at DESC, e.id DESC
)
SELECT d.opportunity_id,
       d.name,
       d.buyer,
       d.segment,
       d.owner,
       d.team,
       COALESCE(p.priority, false) AS priority,
       d.stage,
       o.to_stage::text AS stage_month_ago,
       d.value,
       d.weighted_value,
       (d.amount - o.amount)::numeric(24,2) AS amount_moved,
       d.expected_close,
       d.slipped_days,
       d.stage_seconds,
       d.norm_seconds,
       d.stalled,
       t.last_touch_at,
       p.obstacle,
       p.closing_plan,
       p.next_step,
       p.next_step_on,
       COALESCE(p.next_step_on < (SELECT leadflow.clock())::date, false) AS step_overdue,
       pg_catalog.array_to_string(p.needs, ', ') AS needs,
       p.needs_note,
       p.reviewed_on,
       COALESCE(p.reviewed_on < (SELECT leadflow.clock())::date - 31, true) AS review_due
FROM pipeline_deals d
LEFT JOIN deal_plan p ON p.opportunity_id = d.opportunity_id
LEFT JOIN past o ON o.opportunity_id = d.opportunity_id
LEFT JOIN (SELECT t.opportunity_id, pg_catalog.max(t.touched_at) AS last_touch_at
           FROM deal_touch t
           GROUP BY t.opportunity_id) t ON t.opportunity_id = d.opportunity_id
ORDER BY COALESCE(p.priority, false) DESC, d.weighted_value DESC NULLS LAST, d.value DESC NULLS LAST, d.opportunity_id;
COMMENT ON VIEW deal_review IS 'The agenda of the monthly review of deals: every open deal as pipeline_deals shows it at leadflow.clock(), those of priority first, then by weighted value and value, with what was said of it last (deal_plan), what has moved in thirty days, and what is due.';
COMMENT ON COLUMN deal_review.opportunity_id IS 'the deal';
COMMENT ON COLUMN deal_review.name IS 'its name';
COMMENT ON COLUMN deal_review.buyer IS 'who would buy: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN deal_review.segment IS 'its segment, or that of its lead';
COMMENT ON COLUMN deal_review.owner IS 'who owns it now';
COMMENT ON COLUMN deal_review.team IS 'the owner''s team now';
COMMENT ON COLUMN deal_review.priority IS 'whether it is one of those that are looked at first';
COMMENT ON COLUMN deal_review.stage IS 'the stage, or a leaf of it';
COMMENT ON COLUMN deal_review.stage_month_ago IS 'the stage thirty days ago; null where it was not there yet';
COMMENT ON COLUMN deal_review.value IS 'what it is worth, in the currency of the workspace; null where that is not known';
COMMENT ON COLUMN deal_review.weighted_value IS 'value by the share of such deals that were won';
COMMENT ON COLUMN deal_review.amount_moved IS 'amount less that of its last entry thirty days ago, in its own currency; null where one is not known';
COMMENT ON COLUMN deal_review.expected_close IS 'day on which it is expected to close';
COMMENT ON COLUMN deal_review.slipped_days IS 'days since that day has passed; 0 for not yet';
COMMENT ON COLUMN deal_review.stage_seconds IS 'time in the stage: elapsed, whole seconds';
COMMENT ON COLUMN deal_review.norm_seconds IS 'longest time that the stage should last, in seconds; null for no norm';
COMMENT ON COLUMN deal_review.stalled IS 'whether it is in its stage for longer than the norm';
COMMENT ON COLUMN deal_review.last_touch_at IS 'last touch of the deal (deal_touch); null for none';
COMMENT ON COLUMN deal_review.obstacle IS 'what stands in the way, as said at the last review';
COMMENT ON COLUMN deal_review.closing_plan IS 'how it is to be closed';
COMMENT ON COLUMN deal_review.next_step IS 'what is done next';
COMMENT ON COLUMN deal_review.next_step_on IS 'by which day';
COMMENT ON COLUMN deal_review.step_overdue IS 'whether that day has passed, in the session''s time zone';
COMMENT ON COLUMN deal_review.needs IS 'what sales needs for it, with commas between: content, reference, presales, pricing, legal, management';
COMMENT ON COLUMN deal_review.needs_note IS 'what exactly';
COMMENT ON COLUMN deal_review.reviewed_on IS 'when it was last looked at; null for never';
COMMENT ON COLUMN deal_review.review_due IS 'whether that was never, or more than 31 days ago';
$leadflow_text$
WHEN 'attribution' THEN $leadflow_text$CREATE OR REPLACE VIEW attribution AS
WITH won AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.name, d.kind, d.opened_at, d.won_at, pg_catalog.round(d.value, (SELECT w.currency_decimals FROM workspace w)) AS units
    FROM deal d
    WHERE d.won_at IS NOT NULL
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, t.touch_id, t.touched_at, t.channel, t.campaign_id, t.campaign, t.direction, t.department
    FROM deal_touch t
    WHERE t.opportunity_id IN (SELECT w.opportunity_id FROM won w)
), choice AS (
    SELECT DISTINCT a.touches
    FROM attribution_model a
    WHERE a.active
), became AS (
    SELECT e.lead_id, pg_catalog.min(e.at) AS at
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.to_stage >= 'lead' AND e.at <= (SELECT leadflow.clock())
        AND e.lead_id IN (SELECT w.lead_id FROM won w)
    GROUP BY e.lead_id
), path AS (
    SELECT r.opportunity_id, r.touches, leadflow.attribution_agg(r.at, r.channel, r.mark, r.amount, r.touch_id) AS path
    FROM (SELECT t.opportunity_id, c.touches, t.touched_at AS at, t.channel, NULL::text AS mark, NULL::numeric AS amount, t.touch_id
          FROM touched t
          JOIN choice c ON c.touches = 'all' OR c.touches = 'inbound' AND t.direction = 'inbound' OR c.touches = 'campaign' AND t.campaign_id IS NOT NULL
          UNION ALL
          SELECT w.opportunity_id, c.touches, v.at, NULL::text AS channel, v.mark, v.amount, NULL::bigint AS touch_id
          FROM won w
          LEFT JOIN became b ON b.lead_id = w.lead_id
          CROSS JOIN choice c
          CROSS JOIN LATERAL (VALUES (b.at, 'lead', NULL::numeric), (w.opened_at, 'opportunity', NULL), (w.won_at, 'conversion', w.units)) v (at, mark, amount)) r
    GROUP BY r.opportunity_id, r.touches
)
SELECT m.model,
       u.official_for,
       h.version AS model_version,
       p.opportunity_id,
       w.name AS opportunity,
       w.kind,
       w.won_at,
       c.touch AS touch_id,
       c.position::bigint AS position,
       c.touched_at,
       c.channel,
       t.campaign_id,
       t.campaign,
       t.department,
       c.credit::numeric(13,12) AS credit,
       c.value::numeric(15,2) AS value
FROM attribution_model m
JOIN path p ON p.touches = m.touches
JOIN won w ON w.opportunity_id = p.opportunity_id
CROSS JOIN LATERAL leadflow.credits(p.path, m.rule, m.lookback, (SELECT s.currency_decimals FROM workspace s)) c
LEFT JOIN touched t ON t.opportunity_id = p.opportunity_id AND t.touch_id = c.touch
LEFT JOIN (SELECT o.model, pg_catalog.string_agg(o.purpose, ', ' ORDER BY o.purpose) AS official_for
           FROM attribution_purpose o
           GROUP BY o.model) u ON u.model = m.model
LEFT JOIN (SELECT g.new_row ->> 'model' AS model, pg_catalog.max(g.version) AS version
           FROM definition_change g
           WHERE g.definition = 'attribution_model'
           GROUP BY g.new_row ->> 'model') h ON h.model = m.model
WHERE m.active AND c.credit > 0;
COMMENT ON VIEW attribution IS 'Who earned each deal that was won: for every active model (attribution_model) the touches of deal_touch that it gives credit, as known at leadflow.clock(). The credits of a deal under a model sum to exactly 1, and the values to exactly its value. Leads in lead_outside and their deals are left out. Ask for one model: WHERE model = ''w_shaped''.';
COMMENT ON COLUMN attribution.model IS 'the model';
COMMENT ON COLUMN attribution.official_for IS 'for which decisions it is the official one (attribution_purpose), in the order of letters: budget, new_business; null for none';
COMMENT ON COLUMN attribution.model_version IS 'version of the definitions that made the model what it is (definition_change.version); numbers of two versions are not comparable. Null where its making was not kept';
COMMENT ON COLUMN attribution.opportunity_id IS 'the deal';
COMMENT ON COLUMN attribution.opportunity IS 'its name';
COMMENT ON COLUMN attribution.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN attribution.won_at IS 'when it was won';
COMMENT ON COLUMN attribution.touch_id IS 'the touch; null where the deal has none that the model counts: then one row has all the credit';
COMMENT ON COLUMN attribution.position IS 'place of the touch among those that the model counts, 1 for the first';
COMMENT ON COLUMN attribution.touched_at IS 'when it happened';
COMMENT ON COLUMN attribution.channel IS 'its channel, as in deal_touch';
COMMENT ON COLUMN attribution.campaign_id IS 'its campaign';
COMMENT ON COLUMN attribution.campaign IS 'name of the campaign';
COMMENT ON COLUMN attribution.department IS 'whose work it was, as in deal_touch: marketing, sales, both, customer or revops';
COMMENT ON COLUMN attribution.credit IS 'its share of the deal, above 0 up to 1';
COMMENT ON COLUMN attribution.value IS 'its part of the value of the deal, in the currency of the workspace; null where that is not known';
$leadflow_text$
WHEN 'attribution_compare' THEN $leadflow_text$-- A touch is named by its campaign and its channel together, so that one pass
-- gives both; but models that look at the names of channels need those alone.
-- Markov chains and coalitions need the deals that were lost too, and few
-- names: what is not among the 15 most frequent ones is counted together.
CREATE OR REPLACE VIEW attribution_compare AS
WITH model AS MATERIALIZED (
    SELECT m.model, m.rule, m.lookback, m.touches, m.rule ~ '_non_direct' AS by_name,
           (SELECT pg_catalog.string_agg(p.purpose, ', ' ORDER BY p.purpose) FROM attribution_purpose p WHERE p.model = m.model) AS official_for
    FROM attribution_model m
    WHERE m.active
), official AS (
    SELECT m.model, m.lookback, m.touches
    FROM attribution_purpose p
    JOIN attribution_model m ON m.model = p.model
    WHERE p.purpose = 'budget'
), closed AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.opened_at, d.closed_at, d.outcome = 'won' AS won, pg_catalog.round(d.value, (SELECT w.currency_decimals FROM workspace w)) AS value
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, c.won, c.closed_at, t.touched_at, t.touch_id, t.channel, t.campaign_id, t.direction
    FROM deal_touch t
    JOIN closed c ON c.opportunity_id = t.opportunity_id
), became AS (
    SELECT e.lead_id, pg_catalog.min(e.at) AS at
    FROM stage_event e
    WHERE e.opportunity_id IS NULL AND e.to_stage >= 'lead' AND e.at <= (SELECT leadflow.clock())
        AND e.lead_id IN (SELECT c.lead_id FROM closed c)
    GROUP BY e.lead_id
), mark AS MATERIALIZED (
    SELECT c.opportunity_id, v.at, v.mark, v.amount
    FROM closed c
    LEFT JOIN became b ON b.lead_id = c.lead_id
    CROSS JOIN LATERAL (VALUES (b.at, 'lead', NULL::numeric), (c.opened_at, 'opportunity', NULL), (c.closed_at, 'conversion', c.value)) v (at, mark, amount)
    WHERE c.won
), path AS (
    SELECT r.opportunity_id, r.touches, r.by_name, leadflow.attribution_agg(r.at, r.name, r.mark, r.amount, r.touch_id) AS path
    FROM (SELECT t.opportunity_id, k.touches, k.by_name, t.touched_at AS at,
                 CASE WHEN k.by_name THEN t.channel ELSE COALESCE(t.campaign_id::text, '') || ':' || t.channel END AS name,
                 NULL::text AS mark, NULL::numeric AS amount, t.touch_id
          FROM touched t
          JOIN (SELECT DISTINCT m.touches, m.by_name FROM model m) k
              ON k.touches = 'all' OR k.touches = 'inbound' AND t.direction = 'inbound' OR k.touches = 'campaign' AND t.campaign_id IS NOT NULL
          WHERE t.won
          UNION ALL
          SELECT a.opportunity_id, k.touches, k.by_name, a.at, NULL::text AS name, a.mark, a.amount, NULL::bigint AS touch_id
          FROM mark a
          CROSS JOIN (SELECT DISTINCT m.touches, m.by_name FROM model m) k) r
    GROUP BY r.opportunity_id, r.touches, r.by_name
), credited AS (
    SELECT m.model, m.official_for, a.channel IS NULL AS untouched,
           pg_catalog.split_part(a.channel, ':', 1) AS campaign, pg_catalog.substr(a.channel, pg_catalog.strpos(a.channel, ':') + 1) AS channel,
           a.conversions AS deals, a.value
    FROM (SELECT k.touches, k.lookback, leadflow.attribution_total(p.path, k.rules, k.lookback, 'every', (SELECT s.currency_decimals FROM workspace s)) AS total
          FROM (SELECT m.touches, m.lookback, pg_catalog.array_agg(DISTINCT m.rule) AS rules
                FROM model m
                WHERE NOT m.by_name
                GROUP BY m.touches, m.lookback) k
          JOIN path p ON p.touches = k.touches AND NOT p.by_name
          GROUP BY k.touches, k.lookback) s
    CROSS JOIN LATERAL leadflow.attribution_table(s.total) a
    JOIN model m ON m.rule = a.model AND m.touches = s.touches AND m.lookback IS NOT DISTINCT FROM s.lookback
    UNION ALL
    SELECT m.model, m.official_for, c.touch IS NULL AS untouched, COALESCE(t.campaign_id::text, '') AS campaign, c.channel, c.credit AS deals, c.value
    FROM model m
    JOIN path p ON p.touches = m.touches AND p.by_name
    CROSS JOIN LATERAL leadflow.credits(p.path, m.rule, m.lookback, (SELECT s.currency_decimals FROM workspace s)) c
    LEFT JOIN touched t ON t.opportunity_id = p.opportunity_id AND t.touch_id = c.touch
    WHERE m.by_name AND c.credit > 0
), ruled AS MATERIALIZED (
    SELECT r.model, r.official_for, v.dimension, v.name, pg_catalog.sum(r.deals) AS deals, COALESCE(pg_catalog.sum(r.value), 0) AS value
    FROM credited r
    CROSS JOIN LATERAL (VALUES ('channel', CASE WHEN r.untouched THEN '(no touch)' ELSE r.channel END),
                               ('campaign', CASE WHEN r.untouched THEN '(no touch)' WHEN r.campaign = '' THEN '(no campaign)' ELSE r.campaign END)) v (dimension, name)
    GROUP BY r.model, r.official_for, v.dimension, v.name
    HAVING pg_catalog.sum(r.deals) > 0
), counted AS MATERIALIZED (
    SELECT t.opportunity_id, v.dimension, v.name, t.touched_at, t.touch_id
    FROM touched t
    LEFT JOIN official o ON true
    CROSS JOIN LATERAL (VALUES ('channel', t.channel), ('campaign', COALESCE(t.campaign_id::text, '(no campaign)'))) v (dimension, name)
    WHERE (t.touched_at > t.closed_at - o.lookback) IS NOT FALSE
        AND (o.touches = 'inbound' AND t.direction <> 'inbound' OR o.touches = 'campaign' AND t.campaign_id IS NULL) IS NOT TRUE
), frequent AS (
    SELECT t.dimension, t.name, pg_catalog.row_number() OVER (PARTITION BY t.dimension ORDER BY pg_catalog.count(*) DESC, t.name) AS place
    FROM counted t
    GROUP BY t.dimension, t.name
), walked AS (
    SELECT x.dimension, c.won, c.value, p.path
    FROM closed c
    CROSS JOIN (VALUES ('channel'), ('campaign')) x (dimension)
    LEFT JOIN (SELECT t.opportunity_id, t.dimension,
                      pg_catalog.array_agg(CASE WHEN f.place <= 15 THEN t.name ELSE '(others)' END ORDER BY t.touched_at, t.touch_id) AS path
               FROM counted t
               JOIN frequent f ON f.dimension = t.dimension AND f.name = t.name
               GROUP BY t.opportunity_id, t.dimension) p ON p.opportunity_id = c.opportunity_id AND p.dimension = x.dimension
), learnt AS MATERIALIZED (
    SELECT w.dimension,
           leadflow.markov_agg(COALESCE(w.path, '{}'::text[]), w.won::integer::double precision, CASE WHEN w.won AND w.value > 0 THEN w.value ELSE 0 END::double precision,
                               (NOT w.won)::integer::double precision) AS chain,
           leadflow.shapley_agg(COALESCE(w.path, '{}'::text[]), w.won::integer::double precision, CASE WHEN w.won AND w.value > 0 THEN w.value ELSE 0 END::double precision,
                                (NOT w.won)::integer::double precision) AS coalitions
    FROM walked w
    GROUP BY w.dimension
    HAVING pg_catalog.bool_or(w.won)
), compared AS (
    SELECT r.model, r.official_for, r.dimension, r.name, r.deals, r.value
    FROM ruled r
    UNION ALL
    SELECT 'markov' AS model, NULL::text AS official_for, l.dimension, a.channel AS name, a.conversions::numeric AS deals, a.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.markov_attribution(l.chain) a
    UNION ALL
    SELECT 'shapley' AS model, NULL::text AS official_for, l.dimension, a.channel AS name, a.conversions::numeric AS deals, a.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.shapley_attribution(l.coalitions) a
    UNION ALL
    SELECT v.model, NULL::text AS official_for, l.dimension, '(no touch)' AS name, u.conversions::numeric AS deals, u.value::numeric AS value
    FROM learnt l
    CROSS JOIN LATERAL leadflow.untouched(l.chain) u
    CROSS JOIN (VALUES ('markov'), ('shapley')) v (model)
    WHERE u.conversions > 0
)
SELECT x.dimension,
       x.campaign_id,
       COALESCE(c.name, x.name) AS name,
       x.model,
       x.official_for,
       x.deals::numeric(15,6) AS deals,
       x.share::numeric(12,6) AS share,
       x.value::numeric(24,2) AS value,
       pg_catalog.rank() OVER (PARTITION BY x.dimension, x.model ORDER BY x.value DESC NULLS LAST) AS value_rank,
       (x.share - b.share)::numeric(12,6) AS share_moves,
       (x.value - b.value)::numeric(24,2) AS value_moves
FROM (SELECT r.dimension, r.name, r.model, r.official_for, r.deals, r.value,
             CASE WHEN r.dimension = 'campaign' AND r.name ~ '^[0-9]+$' THEN r.name::bigint END AS campaign_id,
             r.deals / NULLIF(pg_catalog.sum(r.deals) OVER (PARTITION BY r.dimension, r.model), 0) AS share
      FROM compared r) x
LEFT JOIN campaign c ON c.id = x.campaign_id
-- what the official model says of the same name, nothing where it has no such row
LEFT JOIN LATERAL (SELECT COALESCE(f.deals, 0) / NULLIF(f.all_deals, 0) AS share, COALESCE(f.value, 0) AS value
                   FROM (SELECT pg_catalog.sum(r.deals) FILTER (WHERE r.name = x.name) AS deals, pg_catalog.sum(r.value) FILTER (WHERE r.name = x.name) AS value,
                                pg_catalog.sum(r.deals) AS all_deals
                         FROM ruled r
                         JOIN official o ON o.model = r.model
                         WHERE r.dimension = x.dimension) f
                   WHERE x.name <> '(others)' AND f.all_deals IS NOT NULL) b ON true;
COMMENT ON VIEW attribution_compare IS 'What each channel and each campaign earned, by every active model of attribution_model, and by a Markov chain and Shapley values of the paths of all deals won and lost, side by side with the model that is official for the purpose budget, as known at leadflow.clock(), in the currency of the workspace. Deals and values of a dimension add up to the same under every model, but for parts of cents in markov and shapley. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN attribution_compare.dimension IS 'channel (as in deal_touch) or campaign';
COMMENT ON COLUMN attribution_compare.campaign_id IS 'the campaign; null for channels, and what is none';
COMMENT ON COLUMN attribution_compare.name IS 'name of the channel or campaign; (no campaign): touches without one; (no touch): deals without a touch that the model counts; (others), of markov and shapley: all but the 15 with the most touches';
COMMENT ON COLUMN attribution_compare.model IS 'the model; markov: leadflow.markov_attribution, order 1, and shapley: leadflow.shapley_attribution, game rate, over the touches that the official model counts, before the win or the loss';
COMMENT ON COLUMN attribution_compare.official_for IS 'for which decisions it is the official one; null for none';
COMMENT ON COLUMN attribution_compare.deals IS 'deals won, in parts: the sum of its credits';
COMMENT ON COLUMN attribution_compare.share IS 'share of all deals won, 0..1; of shapley it may lie outside';
COMMENT ON COLUMN attribution_compare.value IS 'its part of their value, where that is known. Of markov and shapley: of the values above 0';
COMMENT ON COLUMN attribution_compare.value_rank IS 'place by value under the model, 1 for the greatest';
COMMENT ON COLUMN attribution_compare.share_moves IS 'share less that under the model that is official for budget; null for (others), and where there is no such model';
COMMENT ON COLUMN attribution_compare.value_moves IS 'value less that under the model that is official for budget: how much money a change of the model would move';
$leadflow_text$
WHEN 'sourced_influenced' THEN $leadflow_text$CREATE OR REPLACE VIEW sourced_influenced AS
SELECT d.opportunity_id,
       d.name AS opportunity,
       d.kind,
       d.buyer,
       d.won_at,
       d.value,
       d.new_customer,
       t.sourced_by,
       t.sourced_channel,
       COALESCE(t.marketing_touches, 0) > 0 AS marketing_influenced,
       COALESCE(t.sales_touches, 0) > 0 AS sales_influenced,
       COALESCE(t.touches, 0) AS touches,
       COALESCE(t.marketing_touches, 0) AS marketing_touches,
       COALESCE(t.sales_touches, 0) AS sales_touches,
       a.model,
       a.marketing_share::numeric(9,6) AS marketing_share,
       a.sales_share::numeric(9,6) AS sales_share,
       (1 - a.marketing_share - a.sales_share)::numeric(9,6) AS other_share
FROM deal d
LEFT JOIN (SELECT t.opportunity_id,
                  pg_catalog.count(*) AS touches,
                  pg_catalog.count(*) FILTER (WHERE t.department IN ('marketing', 'both')) AS marketing_touches,
                  pg_catalog.count(*) FILTER (WHERE t.department IN ('sales', 'both')) AS sales_touches,
                  (pg_catalog.array_agg(t.department ORDER BY t.touched_at, t.touch_id))[1] AS sourced_by,
                  (pg_catalog.array_agg(t.channel ORDER BY t.touched_at, t.touch_id))[1] AS sourced_channel
           FROM deal_touch t
           GROUP BY t.opportunity_id) t ON t.opportunity_id = d.opportunity_id
LEFT JOIN (SELECT a.opportunity_id,
                  pg_catalog.min(a.model) AS model,
                  pg_catalog.sum(a.credit * CASE a.department WHEN 'marketing' THEN 1 WHEN 'both' THEN 0.5 ELSE 0 END) AS marketing_share,
                  pg_catalog.sum(a.credit * CASE a.department WHEN 'sales' THEN 1 WHEN 'both' THEN 0.5 ELSE 0 END) AS sales_share
           FROM attribution a
           WHERE a.model = (SELECT p.model FROM attribution_purpose p WHERE p.purpose = 'budget')
           GROUP BY a.opportunity_id) a ON a.opportunity_id = d.opportunity_id
WHERE d.won_at IS NOT NULL;
COMMENT ON VIEW sourced_influenced IS 'What each department did for each deal that was won, as known at leadflow.clock(): who began it, who had a part in it, and how much of it was whose under the model that is official for the purpose budget. Both departments may have had a part; a touch of both counts for both, and its credit half for each. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN sourced_influenced.opportunity_id IS 'the deal';
COMMENT ON COLUMN sourced_influenced.opportunity IS 'its name';
COMMENT ON COLUMN sourced_influenced.kind IS 'new, cross_sell, upsell or renewal';
COMMENT ON COLUMN sourced_influenced.buyer IS 'who bought: the account, else the lead, else the deal by itself';
COMMENT ON COLUMN sourced_influenced.won_at IS 'when it was won';
COMMENT ON COLUMN sourced_influenced.value IS 'its value, in the currency of the workspace; null where it is not known';
COMMENT ON COLUMN sourced_influenced.new_customer IS 'whether it was the first deal won from this buyer';
COMMENT ON COLUMN sourced_influenced.sourced_by IS 'department of its first touch, as in deal_touch: marketing, sales, both, customer or revops; null where it had none';
COMMENT ON COLUMN sourced_influenced.sourced_channel IS 'channel of its first touch';
COMMENT ON COLUMN sourced_influenced.marketing_influenced IS 'whether any touch was marketing''s, or of both';
COMMENT ON COLUMN sourced_influenced.sales_influenced IS 'whether any touch was that of sales, or of both';
COMMENT ON COLUMN sourced_influenced.touches IS 'number of touches that led to it (deal_touch)';
COMMENT ON COLUMN sourced_influenced.marketing_touches IS 'how many of them were marketing''s, or of both';
COMMENT ON COLUMN sourced_influenced.sales_touches IS 'how many were those of sales, or of both';
COMMENT ON COLUMN sourced_influenced.model IS 'the model that is official for budget; null for none, or where it is not active, and then for the shares too';
COMMENT ON COLUMN sourced_influenced.marketing_share IS 'credit that it gives to marketing, 0..1';
COMMENT ON COLUMN sourced_influenced.sales_share IS 'credit that it gives to sales, 0..1';
COMMENT ON COLUMN sourced_influenced.other_share IS 'the rest: credit of other departments, and all of a deal without a touch that the model counts';
$leadflow_text$
WHEN 'influence' THEN $leadflow_text$CREATE OR REPLACE VIEW influence AS
SELECT x.month,
       x.kind,
       x.deals,
       x.revenue::numeric(24,2) AS revenue,
       x.marketing_sourced,
       x.marketing_sourced_revenue::numeric(24,2) AS marketing_sourced_revenue,
       x.sales_sourced,
       x.sales_sourced_revenue::numeric(24,2) AS sales_sourced_revenue,
       x.both_sourced,
       x.both_sourced_revenue::numeric(24,2) AS both_sourced_revenue,
       x.marketing_influenced,
       x.marketing_influenced_revenue::numeric(24,2) AS marketing_influenced_revenue,
       (x.marketing_influenced::numeric / x.deals)::numeric(9,6) AS marketing_influenced_share,
       x.sales_influenced,
       x.sales_influenced_revenue::numeric(24,2) AS sales_influenced_revenue,
       (x.sales_influenced::numeric / x.deals)::numeric(9,6) AS sales_influenced_share,
       x.marketing_credit::numeric(24,2) AS marketing_credit,
       x.sales_credit::numeric(24,2) AS sales_credit
FROM (SELECT pg_catalog.date_trunc('month', s.won_at)::date AS month,
             CASE WHEN GROUPING(s.kind) = 1 THEN '*' ELSE s.kind END AS kind,
             pg_catalog.count(*) AS deals,
             COALESCE(pg_catalog.sum(s.value), 0) AS revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'marketing') AS marketing_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'marketing'), 0) AS marketing_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'sales') AS sales_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'sales'), 0) AS sales_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sourced_by = 'both') AS both_sourced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sourced_by = 'both'), 0) AS both_sourced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.marketing_influenced) AS marketing_influenced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.marketing_influenced), 0) AS marketing_influenced_revenue,
             pg_catalog.count(*) FILTER (WHERE s.sales_influenced) AS sales_influenced,
             COALESCE(pg_catalog.sum(s.value) FILTER (WHERE s.sales_influenced), 0) AS sales_influenced_revenue,
             pg_catalog.sum(s.value * s.marketing_share) AS marketing_credit,
             pg_catalog.sum(s.value * s.sales_share) AS sales_credit
      FROM sourced_influenced s
      GROUP BY GROUPING SETS ((pg_catalog.date_trunc('month', s.won_at)::date, s.kind), (pg_catalog.date_trunc('month', s.won_at)::date))) x;
COMMENT ON VIEW influence IS 'What each department had to do with the revenue, by month of the win and kind of deal, as known at leadflow.clock(), in the currency of the workspace. Both departments may have influenced a deal, so that their figures overlap; sourced and credit do not. Sums may be added up over months, of one kind or of all. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN influence.month IS 'first day of the month, in the session''s time zone';
COMMENT ON COLUMN influence.kind IS 'new, cross_sell, upsell or renewal; * for all kinds';
COMMENT ON COLUMN influence.deals IS 'number of deals won';
COMMENT ON COLUMN influence.revenue IS 'their value, where it is known; so are all values here';
COMMENT ON COLUMN influence.marketing_sourced IS 'how many of them began with a touch of marketing''s';
COMMENT ON COLUMN influence.marketing_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.sales_sourced IS 'how many began with a touch of sales';
COMMENT ON COLUMN influence.sales_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.both_sourced IS 'how many began with a touch of both: a campaign, and somebody of sales';
COMMENT ON COLUMN influence.both_sourced_revenue IS 'value of those';
COMMENT ON COLUMN influence.marketing_influenced IS 'how many had a touch of marketing''s';
COMMENT ON COLUMN influence.marketing_influenced_revenue IS 'value of those';
COMMENT ON COLUMN influence.marketing_influenced_share IS 'marketing_influenced / deals, 0..1';
COMMENT ON COLUMN influence.sales_influenced IS 'how many had a touch of sales';
COMMENT ON COLUMN influence.sales_influenced_revenue IS 'value of those';
COMMENT ON COLUMN influence.sales_influenced_share IS 'sales_influenced / deals, 0..1';
COMMENT ON COLUMN influence.marketing_credit IS 'value that the model official for budget gives to marketing; null where there is none';
COMMENT ON COLUMN influence.sales_credit IS 'value that it gives to sales';
$leadflow_text$
WHEN 'won_lost_paths' THEN $leadflow_text$CREATE OR REPLACE VIEW won_lost_paths AS
WITH closed AS MATERIALIZED (
    SELECT d.opportunity_id, d.closed_at, d.outcome = 'won' AS won
    FROM deal d
    WHERE d.outcome IN ('won', 'lost')
), touched AS MATERIALIZED (
    SELECT t.opportunity_id, t.channel, t.touched_at, t.touch_id,
           t.channel IS DISTINCT FROM pg_catalog.lag(t.channel) OVER (PARTITION BY t.opportunity_id ORDER BY t.touched_at, t.touch_id) AS changes
    FROM deal_touch t
    WHERE t.opportunity_id IN (SELECT c.opportunity_id FROM closed c)
), walked AS (
    SELECT t.opportunity_id,
           pg_catalog.string_agg(t.channel, ' > ' ORDER BY t.touched_at, t.touch_id) FILTER (WHERE t.changes) AS path,
           pg_catalog.count(*) AS touches,
           pg_catalog.min(t.touched_at) AS began_at
    FROM touched t
    GROUP BY t.opportunity_id
), sorted AS (
    SELECT 'path' AS level, COALESCE(w.path, '(no touch)') AS name, c.won, COALESCE(w.touches, 0) AS touches, c.closed_at - w.began_at AS took
    FROM closed c
    LEFT JOIN walked w ON w.opportunity_id = c.opportunity_id
    UNION ALL
    SELECT 'channel' AS level, p.channel AS name, c.won, w.touches, c.closed_at - w.began_at AS took
    FROM (SELECT DISTINCT t.opportunity_id, t.channel FROM touched t) p
    JOIN closed c ON c.opportunity_id = p.opportunity_id
    JOIN walked w ON w.opportunity_id = p.opportunity_id
)
SELECT x.level,
       x.name,
       x.won,
       x.lost,
       (x.won::numeric / NULLIF(a.won, 0))::numeric(9,6) AS share_of_won,
       (x.lost::numeric / NULLIF(a.lost, 0))::numeric(9,6) AS share_of_lost,
       (x.won::numeric / (x.won + x.lost))::numeric(9,6) AS win_rate,
       i.low::numeric(9,6) AS win_rate_low,
       i.high::numeric(9,6) AS win_rate_high,
       (a.won::numeric / (a.won + a.lost))::numeric(9,6) AS win_rate_all,
       x.touches_won::numeric(12,2) AS touches_average_won,
       x.touches_lost::numeric(12,2) AS touches_average_lost,
       x.days_won::numeric(12,2) AS days_median_won,
       x.days_lost::numeric(12,2) AS days_median_lost
FROM (SELECT s.level,
             s.name,
             pg_catalog.count(*) FILTER (WHERE s.won) AS won,
             pg_catalog.count(*) FILTER (WHERE NOT s.won) AS lost,
             pg_catalog.avg(s.touches) FILTER (WHERE s.won) AS touches_won,
             pg_catalog.avg(s.touches) FILTER (WHERE NOT s.won) AS touches_lost,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', s.took) / 86400) FILTER (WHERE s.won) AS days_won,
             pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY pg_catalog.date_part('epoch', s.took) / 86400) FILTER (WHERE NOT s.won) AS days_lost
      FROM sorted s
      GROUP BY s.level, s.name) x
CROSS JOIN (SELECT pg_catalog.count(*) FILTER (WHERE c.won) AS won, pg_catalog.count(*) FILTER (WHERE NOT c.won) AS lost FROM closed c) a
LEFT JOIN LATERAL leadflow.share_interval(x.won, x.won + x.lost) i ON true
ORDER BY x.level, x.won + x.lost DESC, x.name;
COMMENT ON VIEW won_lost_paths IS 'Which ways led to deals that were won, and which to deals that were lost, as known at leadflow.clock(), the most frequent first: whole paths of channels, and single channels. Deals that are open, or were opened in error, do not count. Leads in lead_outside and their deals are left out.';
COMMENT ON COLUMN won_lost_paths.level IS 'path (every closed deal has one) or channel (a deal counts for each channel of its touches)';
COMMENT ON COLUMN won_lost_paths.name IS 'the channels of the touches (deal_touch) in the order of time, the same one in a row once: search > email > phone; (no touch) for none; or one channel';
COMMENT ON COLUMN won_lost_paths.won IS 'number of deals won';
COMMENT ON COLUMN won_lost_paths.lost IS 'number of deals lost';
COMMENT ON COLUMN won_lost_paths.share_of_won IS 'won / all deals won, 0..1';
COMMENT ON COLUMN won_lost_paths.share_of_lost IS 'lost / all deals lost, 0..1';
COMMENT ON COLUMN won_lost_paths.win_rate IS 'won / (won + lost), 0..1';
COMMENT ON COLUMN won_lost_paths.win_rate_low IS 'lower limit of it (leadflow.share_interval): a path is better than chance where it is above win_rate_all';
COMMENT ON COLUMN won_lost_paths.win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN won_lost_paths.win_rate_all IS 'the same of all closed deals';
COMMENT ON COLUMN won_lost_paths.touches_average_won IS 'average number of touches of the deals won; null where there are none';
COMMENT ON COLUMN won_lost_paths.touches_average_lost IS 'the same of the deals lost';
COMMENT ON COLUMN won_lost_paths.days_median_won IS 'median time from the first touch to the win, elapsed, in days, interpolated; null where there are none';
COMMENT ON COLUMN won_lost_paths.days_median_lost IS 'median time from the first touch to the loss';
$leadflow_text$
WHEN 'plan_vs_actual' THEN $leadflow_text$-- The days of all periods cut time into slots.  What happened is summed up by
-- slot for what targets single out, then from the first slot on; so a target is
-- the difference of two sums, however many targets there are.
CREATE OR REPLACE VIEW plan_vs_actual AS
WITH deals AS MATERIALIZED (
    SELECT d.segment, d.team, d.owner, d.buyer, d.opened_at, d.won_at, d.value, d.new_customer
    FROM deal d
    WHERE d.outcome <> 'void'
), cut AS MATERIALIZED (
    SELECT pg_catalog.array_agg(DISTINCT c.day ORDER BY c.day) AS days
    FROM target t
    CROSS JOIN LATERAL (VALUES (t.starts_on), (LEAST(t.ends_on, '9999-12-31'::date) + 1)) c (day)
), fact AS (
    -- of open deals the weighted value falls due when they are expected to close
    SELECT k.metric, pg_catalog.width_bucket(k.at::date, (SELECT c.days FROM cut c)) AS slot, d.segment, d.team, d.owner,
           pg_catalog.sum(k.amount) AS amount, NULL::numeric AS due, NULL::bigint AS left_out
    FROM deals d
    CROSS JOIN LATERAL (VALUES ('revenue'::text, d.won_at, d.value), ('new_revenue', CASE WHEN d.new_customer THEN d.won_at END, d.value), ('deals', d.won_at, 1),
                               ('pipeline', d.opened_at, d.value), ('opportunities', d.opened_at, 1)) k (metric, at, amount)
    WHERE k.at IS NOT NULL
    GROUP BY k.metric, slot, d.segment, d.team, d.owner
    UNION ALL
    SELECT k.metric, pg_catalog.width_bucket(k.at::date, (SELECT c.days FROM cut c)) AS slot, m.segment, t.team, l.owner,
           pg_catalog.count(*)::numeric AS amount, NULL::numeric AS due, NULL::bigint AS left_out
    FROM lead_milestone m
    JOIN lead l ON l.id = m.lead_id
    LEFT JOIN team_member t ON t.member = l.owner
    CROSS JOIN LATERAL (VALUES ('leads'::text, m.lead_at), ('mql', m.mql_at), ('sal', m.sal_at), ('sql', m.sql_at)) k (metric, at)
    WHERE k.at IS NOT NULL AND EXISTS (SELECT FROM target p WHERE p.metric IN ('leads', 'mql', 'sal', 'sql'))
    GROUP BY k.metric, slot, m.segment, t.team, l.owner
    UNION ALL
    SELECT k.metric, pg_catalog.width_bucket(p.expected_close, (SELECT c.days FROM cut c)) AS slot, p.segment, p.team, p.owner,
           NULL::numeric AS amount, pg_catalog.sum(p.weighted_value) AS due, pg_catalog.count(*) FILTER (WHERE p.weighted_value IS NULL) AS left_out
    FROM pipeline_deals p
    LEFT JOIN (SELECT DISTINCT d.buyer FROM deals d WHERE d.won_at IS NOT NULL) b ON b.buyer = p.buyer
    CROSS JOIN LATERAL (VALUES ('revenue'::text, true), ('new_revenue', b.buyer IS NULL)) k (metric, counts)
    WHERE k.counts AND p.expected_close IS NOT NULL
        AND EXISTS (SELECT FROM target t WHERE t.metric IN ('revenue', 'new_revenue') AND t.ends_on >= (SELECT leadflow.clock())::date)
    GROUP BY k.metric, slot, p.segment, p.team, p.owner
), summed AS MATERIALIZED (
    SELECT s.goal,
           pg_catalog.array_agg(s.slot ORDER BY s.slot) AS slots,
           pg_catalog.array_agg(s.amount ORDER BY s.slot) AS amounts,
           pg_catalog.array_agg(s.due ORDER BY s.slot) AS dues,
           pg_catalog.array_agg(s.left_out ORDER BY s.slot) AS lefts_out
    FROM (SELECT k.goal, f.slot,
                 pg_catalog.sum(pg_catalog.sum(f.amount)) OVER so_far AS amount,
                 pg_catalog.sum(pg_catalog.sum(f.due)) OVER so_far AS due,
                 pg_catalog.sum(pg_catalog.sum(f.left_out)) OVER so_far AS left_out
          FROM fact f
          -- what is singled out: null for anything
          JOIN (SELECT DISTINCT t.metric, t.segment IS NOT NULL AS by_segment, t.team IS NOT NULL AS by_team, t.owner IS NOT NULL AS by_owner
                FROM target t) b ON b.metric = f.metric
              AND (NOT b.by_segment OR f.segment IS NOT NULL) AND (NOT b.by_team OR f.team IS NOT NULL) AND (NOT b.by_owner OR f.owner IS NOT NULL)
          CROSS JOIN LATERAL (SELECT ARRAY[f.metric, CASE WHEN b.by_segment THEN f.segment END, CASE WHEN b.by_team THEN f.team END,
                                           CASE WHEN b.by_owner THEN f.owner END] AS goal) k
          GROUP BY k.goal, f.slot
          WINDOW so_far AS (PARTITION BY k.goal ORDER BY f.slot)) s
    GROUP BY s.goal
), term AS MATERIALIZED (
    -- many targets share a period
    SELECT t.starts_on, t.ends_on,
           n.present >= n.ends_at AS over,
           n.present >= n.starts_at AS begun,
           pg_catalog.date_part('epoch', LEAST(GREATEST(n.present, n.starts_at), n.ends_at) - n.starts_at)::numeric
               / pg_catalog.date_part('epoch', n.ends_at - n.starts_at)::numeric AS gone,
           leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, LEAST(GREATEST(n.present, n.starts_at), n.ends_at)))
               / NULLIF(leadflow.seconds(leadflow.worktime(c.calendar, n.starts_at, n.ends_at)), 0)::numeric AS worked,
           -- the slots before its first and after its last day
           pg_catalog.width_bucket(t.starts_on, (SELECT c.days FROM cut c)) - 1 AS slot_before,
           pg_catalog.width_bucket(LEAST(t.ends_on, '9999-12-31'::date) + 1, (SELECT c.days FROM cut c)) - 1 AS slot_last
    FROM (SELECT DISTINCT t.starts_on, t.ends_on FROM target t) t
    CROSS JOIN LATERAL (SELECT (SELECT leadflow.clock()) AS present, GREATEST(LEAST(t.starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS starts_at,
                               (GREATEST(LEAST(t.ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS ends_at) n
    LEFT JOIN business_calendar c ON c.code = 'default'
), period AS (
    SELECT t.*, n.over, n.begun, n.gone, n.worked,
           COALESCE(s.amounts[i.last], 0) - COALESCE(s.amounts[i.before], 0) AS actual,
           COALESCE(s.dues[i.last], 0) - CASE WHEN n.begun THEN 0 ELSE COALESCE(s.dues[i.before], 0) END AS due,
           COALESCE(s.lefts_out[i.last], 0) - CASE WHEN n.begun THEN 0 ELSE COALESCE(s.lefts_out[i.before], 0) END AS left_out
    FROM target t
    JOIN term n ON n.starts_on = t.starts_on AND n.ends_on = t.ends_on
    LEFT JOIN summed s ON s.goal = ARRAY[t.metric, t.segment, t.team, t.owner]
    -- what should have closed before the period is due in the one that runs
    CROSS JOIN LATERAL (SELECT pg_catalog.width_bucket(n.slot_before, s.slots) AS before, pg_catalog.width_bucket(n.slot_last, s.slots) AS last) i
)
SELECT x.id AS target_id,
       x.metric,
       CASE WHEN x.metric IN ('leads', 'mql') THEN 'marketing' WHEN x.metric IN ('deals', 'opportunities') THEN 'sales' ELSE 'both' END AS department,
       x.starts_on,
       x.ends_on,
       x.segment,
       x.team,
       x.owner,
       CASE WHEN x.over THEN 'over' WHEN x.begun THEN 'running' ELSE 'to come' END AS state,
       x.value AS target_value,
       x.actual::numeric(24,2) AS actual,
       GREATEST(x.value - x.actual, 0)::numeric(24,2) AS gap,
       pg_catalog.round(x.actual / NULLIF(x.value, 0), 6)::numeric(30,6) AS reached_share,
       x.gone::numeric(9,6) AS time_share,
       x.worked::numeric(9,6) AS working_time_share,
       (x.value * COALESCE(x.worked, x.gone))::numeric(24,2) AS expected,
       pg_catalog.round(x.actual / NULLIF(x.value * COALESCE(x.worked, x.gone), 0), 4)::numeric(30,4) AS pace,
       x.basis AS forecast_basis,
       x.forecast::numeric(24,2) AS forecast,
       pg_catalog.round(x.forecast / NULLIF(x.value, 0), 6)::numeric(30,6) AS forecast_share,
       (CASE WHEN x.basis = 'weighted pipeline' THEN x.left_out END)::bigint AS left_out,
       CASE WHEN x.begun AND x.actual >= x.value THEN 'reached'
            WHEN x.over THEN 'missed'
            WHEN x.forecast >= x.value THEN 'on track'
            WHEN x.forecast < x.value THEN 'behind' END AS standing,
       x.agreed_on
FROM (SELECT p.*, b.basis,
             CASE b.basis WHEN 'actual' THEN p.actual
                          WHEN 'weighted pipeline' THEN p.actual + p.due
                          ELSE p.actual / NULLIF(COALESCE(p.worked, p.gone), 0) END AS forecast
      FROM period p
      CROSS JOIN LATERAL (SELECT CASE WHEN p.over THEN 'actual' WHEN p.metric IN ('revenue', 'new_revenue') THEN 'weighted pipeline' ELSE 'run rate' END AS basis) b) x
ORDER BY x.starts_on, x.ends_on, x.metric, x.segment, x.team, x.owner, x.id;
COMMENT ON VIEW plan_vs_actual IS 'Where each target stands, as known at leadflow.clock(): what was reached, what should have been by now, and what the end of the period will bring. Deals have their present segment, owner and team (deal); leads the segment of their first entry (lead_milestone), and their present owner and team. Void deals, deals of unknown value (in money) and leads in lead_outside are left out.';
COMMENT ON COLUMN plan_vs_actual.target_id IS 'the target (target.id)';
COMMENT ON COLUMN plan_vs_actual.metric IS 'what is counted (see target.metric)';
COMMENT ON COLUMN plan_vs_actual.department IS 'who owes it: marketing (leads, mql), sales (opportunities, deals) or both';
COMMENT ON COLUMN plan_vs_actual.starts_on IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN plan_vs_actual.ends_on IS 'last day of it';
COMMENT ON COLUMN plan_vs_actual.segment IS 'segment it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.team IS 'team it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.owner IS 'person it is for; null for all';
COMMENT ON COLUMN plan_vs_actual.state IS 'to come, running or over';
COMMENT ON COLUMN plan_vs_actual.target_value IS 'what is to be reached: money in the currency of the workspace, or a number';
COMMENT ON COLUMN plan_vs_actual.actual IS 'what was reached so far';
COMMENT ON COLUMN plan_vs_actual.gap IS 'what is left; 0 where the target is reached';
COMMENT ON COLUMN plan_vs_actual.reached_share IS 'actual / target, 1 where it is just reached; null for a target of 0';
COMMENT ON COLUMN plan_vs_actual.time_share IS 'share of the period that is gone, by the wall clock, 0..1';
COMMENT ON COLUMN plan_vs_actual.working_time_share IS 'the same in working time of the default business calendar; null without one, or where the period has none';
COMMENT ON COLUMN plan_vs_actual.expected IS 'what should have been reached by now: target x working_time_share, or time_share where that is null';
COMMENT ON COLUMN plan_vs_actual.pace IS 'actual / expected: 1 is as planned; null where nothing is expected yet';
COMMENT ON COLUMN plan_vs_actual.forecast_basis IS 'what forecast rests on: weighted pipeline (revenue, new_revenue), run rate (all else), or actual where the period is over';
COMMENT ON COLUMN plan_vs_actual.forecast IS 'what the end of the period will bring. weighted pipeline: actual + value x win probability of the open deals (pipeline_deals) expected to close by its end, those late too (for new_revenue, of buyers that never bought; two deals of one such buyer both count). run rate: actual / share of the working time that is gone; null before the period begins';
COMMENT ON COLUMN plan_vs_actual.forecast_share IS 'forecast / target; null for a target of 0';
COMMENT ON COLUMN plan_vs_actual.left_out IS 'open deals expected by the end that are not in forecast, for want of a value or a probability; null for the other bases';
COMMENT ON COLUMN plan_vs_actual.standing IS 'reached, missed (it is over), on track (forecast reaches the target) or behind; null where there is no forecast';
COMMENT ON COLUMN plan_vs_actual.agreed_on IS 'when both departments agreed on it';
$leadflow_text$
WHEN 'joint_goals' THEN $leadflow_text$CREATE OR REPLACE VIEW joint_goals AS
SELECT g.from_date,
       g.until_date,
       g.department,
       g.kind,
       g.goal,
       g.variant,
       g.segment,
       g.origin,
       g.team,
       g.owner,
       g.state,
       g.promised::numeric(30,6) AS promised,
       g.delivered::numeric(30,6) AS delivered,
       pg_catalog.round(g.delivered / NULLIF(g.promised, 0), 6)::numeric(30,6) AS reached_share,
       g.kept,
       g.missing::numeric(24,2) AS missing,
       g.meaning
FROM (SELECT a.from_date, a.until_date, a.department, 'agreement'::text AS kind, a.agreement AS goal, a.variant, a.segment, a.origin,
             NULL::text AS team, NULL::text AS owner, a.state, a.promised, a.delivered, a.kept, a.missing::numeric AS missing, a.promise AS meaning
      FROM agreement_kept a
      UNION ALL
      SELECT p.starts_on AS from_date, p.ends_on AS until_date, p.department, 'target'::text AS kind, p.metric AS goal, NULL::text AS variant, p.segment, NULL::text AS origin,
             p.team, p.owner, CASE p.state WHEN 'over' THEN 'complete' ELSE p.state END AS state, p.target_value AS promised, p.actual AS delivered,
             CASE p.standing WHEN 'reached' THEN true WHEN 'missed' THEN false END AS kept, p.gap AS missing, t.note AS meaning
      FROM plan_vs_actual p
      JOIN target t ON t.id = p.target_id) g
ORDER BY g.from_date, g.until_date, g.department, g.kind DESC, g.goal, g.variant, g.segment, g.origin, g.team, g.owner;
COMMENT ON VIEW joint_goals IS 'What both departments owe each other and the company, side by side, period by period: the agreements (agreement_kept: the share of leads that marketing gets to a confirmed need, and the share of these that sales wins) and the targets (plan_vs_actual), as known at leadflow.clock().';
COMMENT ON COLUMN joint_goals.from_date IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN joint_goals.until_date IS 'last day of it';
COMMENT ON COLUMN joint_goals.department IS 'who owes it: marketing, sales or both';
COMMENT ON COLUMN joint_goals.kind IS 'agreement or target';
COMMENT ON COLUMN joint_goals.goal IS 'code of the agreement, or metric of the target';
COMMENT ON COLUMN joint_goals.variant IS 'only this product line or region; null for all';
COMMENT ON COLUMN joint_goals.segment IS 'only this segment; null for all';
COMMENT ON COLUMN joint_goals.origin IS 'only this origin; null for all';
COMMENT ON COLUMN joint_goals.team IS 'only this team; null for all';
COMMENT ON COLUMN joint_goals.owner IS 'only this person; null for all';
COMMENT ON COLUMN joint_goals.state IS 'to come, running or complete';
COMMENT ON COLUMN joint_goals.promised IS 'what is owed: a number, a share 0..1, or money in the currency of the workspace';
COMMENT ON COLUMN joint_goals.delivered IS 'what was delivered so far; null for a share of nothing';
COMMENT ON COLUMN joint_goals.reached_share IS 'delivered / promised; null where either is nothing';
COMMENT ON COLUMN joint_goals.kept IS 'whether delivered reaches promised; null while the period runs and it does not';
COMMENT ON COLUMN joint_goals.missing IS 'how much more would have kept it: leads or reactions of an agreement, else in the unit of promised';
COMMENT ON COLUMN joint_goals.meaning IS 'the goal in words';
$leadflow_text$
WHEN 'quarterly_review' THEN $leadflow_text$-- What happened is laid out once, by day; a row of it counts n, of so many,
-- where so much was planned.
CREATE OR REPLACE VIEW quarterly_review AS
WITH quarter AS (
    SELECT q.starts_at::date AS starts_on, (q.starts_at + interval '3 months')::date AS next_on
    FROM pg_catalog.generate_series(pg_catalog.date_trunc('quarter', (SELECT leadflow.clock())::timestamp) - interval '3 years',
                                    pg_catalog.date_trunc('quarter', (SELECT leadflow.clock())::timestamp) - interval '3 months', interval '3 months') q (starts_at)
), deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.lead_id, d.campaign_id, d.segment, d.opened_at::date AS opened_on, d.won_at, d.won_at::date AS won_on, d.closed_at::date AS closed_on,
           d.outcome, d.value, d.new_customer, (pg_catalog.date_part('epoch', d.won_at - d.opened_at) / 86400)::numeric AS cycle, c.channel
    FROM deal d
    LEFT JOIN campaign c ON c.id = d.campaign_id
    WHERE d.outcome <> 'void'
), happened AS (
    -- what was promised for the quarter, or for a month or week of it
    SELECT 10 AS position, p.starts_on AS day, pg_catalog.concat_ws(', ', p.metric, p.segment, p.team, p.owner) AS detail,
           p.actual AS n, NULL::numeric AS of, p.target_value AS planned
    FROM plan_vs_actual p
    WHERE p.starts_on = pg_catalog.date_trunc('quarter', p.starts_on::timestamp)::date
        AND p.ends_on = (pg_catalog.date_trunc('quarter', p.starts_on::timestamp) + interval '3 months - 1 day')::date
    UNION ALL
    SELECT CASE WHEN a.out_of IS NULL THEN 20 ELSE 30 END, a.from_date, a.agreement, COALESCE(a.counted, a.delivered), a.out_of,
           CASE WHEN a.out_of IS NULL THEN a.promised ELSE a.promised * a.out_of END
    FROM agreement_kept a
    WHERE pg_catalog.date_trunc('quarter', a.from_date::timestamp) = pg_catalog.date_trunc('quarter', a.until_date::timestamp)
    UNION ALL
    SELECT v.position, d.won_on, v.detail, v.n, v.of, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (110, NULL::text, COALESCE(d.value, 0), NULL::numeric),
                               (120, NULL::text, CASE WHEN d.new_customer THEN COALESCE(d.value, 0) ELSE 0 END, NULL::numeric),
                               (130, NULL::text, 1, NULL::numeric),
                               (150, NULL::text, d.value, (d.value IS NOT NULL)::integer::numeric),
                               (160, NULL::text, d.cycle, 1),
                               (320, d.channel, COALESCE(d.value, 0), NULL::numeric),
                               (410, d.segment, COALESCE(d.value, 0), NULL::numeric)) v (position, detail, n, of)
    WHERE d.won_on IS NOT NULL
    UNION ALL
    SELECT v.position, d.closed_on, v.detail, (d.outcome = 'won')::integer::numeric, 1::numeric, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (140, NULL::text), (420, d.segment)) v (position, detail)
    WHERE d.outcome IN ('won', 'lost')
    UNION ALL
    SELECT v.position, d.opened_on, NULL::text, v.n, NULL::numeric, NULL::numeric
    FROM deals d
    CROSS JOIN LATERAL (VALUES (210, 1::numeric), (220, COALESCE(d.value, 0))) v (position, n)
    UNION ALL
    -- what was open on the last day, beside what the next quarter was to bring
    SELECT v.position, q.starts_on, NULL::text, v.n, v.of, NULL::numeric
    FROM (SELECT q.starts_on, q.next_on, COALESCE(pg_catalog.sum(d.value), 0) AS value
          FROM quarter q
          LEFT JOIN deals d ON d.opened_on < q.next_on AND (d.closed_on IS NULL OR d.closed_on >= q.next_on)
          GROUP BY q.starts_on, q.next_on) q
    LEFT JOIN target t ON t.metric = 'revenue' AND pg_catalog.num_nonnulls(t.segment, t.team, t.owner) = 0
        AND t.starts_on = q.next_on AND t.ends_on = (q.next_on + interval '3 months - 1 day')::date
    CROSS JOIN LATERAL (VALUES (230, q.value, NULL::numeric), (240, CASE WHEN t.value > 0 THEN q.value ELSE 0 END, COALESCE(t.value, 0))) v (position, n, of)
    UNION ALL
    SELECT v.position, s.month, v.detail, v.n, v.of, NULL::numeric
    FROM campaign_spend s
    CROSS JOIN LATERAL (VALUES (310, s.channel, s.spend, NULL::numeric), (320, s.channel, 0, s.spend), (340, s.channel, s.spend, 0), (710, NULL::text, s.spend, NULL::numeric)) v (position, detail, n, of)
    WHERE s.spend IS NOT NULL
    UNION ALL
    SELECT v.position, m.sql_at::date, v.detail, v.n, v.of, NULL::numeric
    FROM lead_milestone m
    LEFT JOIN campaign c ON c.id = m.campaign_id
    CROSS JOIN LATERAL (VALUES (330, c.channel, 1::numeric, NULL::numeric), (340, c.channel, NULL::numeric, 1), (430, m.segment, 1, NULL::numeric)) v (position, detail, n, of)
    WHERE m.sql_at IS NOT NULL
    UNION ALL
    SELECT 510, u.won_on, u.content, 1::numeric, NULL::numeric, NULL::numeric
    FROM (SELECT DISTINCT d.opportunity_id, d.won_on, t.content
          FROM deals d
          JOIN touch t ON t.lead_id = d.lead_id AND t.at <= d.won_at
          WHERE d.won_on IS NOT NULL AND t.content IS NOT NULL) u
    UNION ALL
    SELECT 610, h.closed_on, h.verdict, 1::numeric, NULL::numeric, NULL::numeric
    FROM hypothesis h
    WHERE h.closed_on <= (SELECT leadflow.clock())::date
    UNION ALL
    -- a test belongs to the quarter before the one in which it ends
    SELECT 620, (LEAST(GREATEST(e.b_ends_on, '0001-01-01'::date), '9999-12-31'::date) - interval '3 months')::date, e.experiment, 1::numeric, NULL::numeric, NULL::numeric
    FROM experiment e
    UNION ALL
    SELECT 630, b.at::date, NULL::text, 1::numeric, NULL::numeric, NULL::numeric
    FROM debrief b
    WHERE b.at <= (SELECT leadflow.clock())
    UNION ALL
    SELECT 640, l.done_at::date, NULL::text, 1::numeric, NULL::numeric, NULL::numeric
    FROM lesson l
    WHERE l.done_at <= (SELECT leadflow.clock())
    UNION ALL
    SELECT 720, (LEAST(GREATEST(c.starts_on, '0001-01-01'::date), '9999-12-31'::date) - interval '3 months')::date, c.channel,
           CASE WHEN pg_catalog.abs(v.budget) < 1e13 THEN pg_catalog.round(v.budget, w.currency_decimals) END, NULL::numeric, NULL::numeric
    FROM campaign c
    CROSS JOIN workspace w
    LEFT JOIN LATERAL (SELECT LEAST(x.rate, 1e15) AS rate
                       FROM exchange_rate x
                       WHERE x.currency = c.currency AND x.valid_from <= (SELECT leadflow.clock())::date
                       ORDER BY x.valid_from DESC
                       LIMIT 1) r ON true
    CROSS JOIN LATERAL (SELECT c.budget * CASE WHEN c.currency <> w.currency THEN r.rate ELSE 1 END AS budget) v
    WHERE c.budget IS NOT NULL
    UNION ALL
    SELECT 810, c.changed_at::date, c.definition, 1::numeric, NULL::numeric, NULL::numeric
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
), counted AS (
    SELECT pg_catalog.date_trunc('quarter', h.day::timestamp)::date AS starts_on, h.position, h.detail,
           pg_catalog.sum(h.n) AS n, pg_catalog.sum(h.of) AS of, pg_catalog.sum(h.planned) AS planned
    FROM happened h
    WHERE h.day >= (SELECT pg_catalog.min(q.starts_on) FROM quarter q) AND h.day < (SELECT pg_catalog.max(q.next_on) FROM quarter q)
    GROUP BY pg_catalog.date_trunc('quarter', h.day::timestamp)::date, h.position, h.detail
), item AS (
    SELECT i.position, i.topic, i.item, i.unit, i.divided, d.detail
    FROM (VALUES (10, 'plan', 'target', 'number', true, false), (20, 'plan', 'agreement on a number', 'number', true, false), (30, 'plan', 'agreement on a share', 'share', true, true),
                 (110, 'results', 'revenue', 'money', false, false), (120, 'results', 'revenue of new customers', 'money', false, false), (130, 'results', 'deals won', 'number', false, false),
                 (140, 'results', 'win rate', 'share', false, true), (150, 'results', 'average value of a deal won', 'money', false, true),
                 (160, 'results', 'days from opening to winning', 'days', false, true),
                 (210, 'coverage', 'opportunities opened', 'number', false, false), (220, 'coverage', 'pipeline opened', 'money', false, false),
                 (230, 'coverage', 'pipeline open on the last day', 'money', false, false), (240, 'coverage', 'the same by the next quarter''s revenue target', 'ratio', false, true),
                 (310, 'channels', 'spend, by channel', 'money', true, false), (320, 'channels', 'revenue by spend, by channel', 'ratio', true, true),
                 (330, 'channels', 'qualified (SQL), by channel', 'number', true, false), (340, 'channels', 'cost of an SQL, by channel', 'money', true, true),
                 (410, 'segments', 'revenue, by segment', 'money', true, false), (420, 'segments', 'win rate, by segment', 'share', true, true),
                 (430, 'segments', 'qualified (SQL), by segment', 'number', true, false),
                 (510, 'content', 'deals won after it, by content', 'number', true, false),
                 (610, 'tests', 'hypotheses closed, by verdict', 'number', true, false), (620, 'tests', 'experiments that end in the next quarter', 'number', true, false),
                 (630, 'tests', 'debriefs held', 'number', false, false), (640, 'tests', 'lessons acted upon', 'number', false, false),
                 (710, 'budget', 'spend', 'money', false, false), (720, 'budget', 'budget of campaigns that start in the next quarter, by channel', 'money', true, false),
                 (810, 'corrections', 'definitions changed', 'number', true, false)) i (position, topic, item, unit, by_detail, divided)
    LEFT JOIN (SELECT DISTINCT c.position, c.detail FROM counted c) d ON d.position = i.position
    WHERE NOT i.by_detail OR d.position IS NOT NULL
), told AS (
    SELECT q.starts_on, i.position, i.topic, i.item, i.detail, i.unit,
           -- of nothing there is neither share, nor average, nor ratio; what was not agreed on was not missed
           CASE WHEN i.divided THEN c.n / NULLIF(c.of, 0)
                WHEN i.topic = 'plan' THEN c.n
                ELSE COALESCE(c.n, 0) END AS value,
           CASE WHEN i.divided THEN c.planned / NULLIF(c.of, 0) ELSE c.planned END AS planned
    FROM quarter q
    CROSS JOIN item i
    LEFT JOIN counted c ON c.starts_on = q.starts_on AND c.position = i.position AND c.detail IS NOT DISTINCT FROM i.detail
)
SELECT t.starts_on AS quarter_starts_on,
       t.position::bigint AS position,
       t.topic,
       t.item,
       t.detail,
       t.unit,
       t.value::numeric(30,6) AS value,
       t.planned::numeric(30,6) AS planned,
       t.quarter_before::numeric(30,6) AS quarter_before,
       (t.value - t.quarter_before)::numeric(30,6) AS change,
       t.year_before::numeric(30,6) AS year_before
FROM (SELECT t.*,
             pg_catalog.lag(t.value) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS quarter_before,
             pg_catalog.lag(t.value, 4) OVER (PARTITION BY t.position, t.detail ORDER BY t.starts_on) AS year_before
      FROM told t) t
WHERE t.starts_on >= (SELECT pg_catalog.min(q.starts_on) FROM quarter q) + interval '1 year';
COMMENT ON VIEW quarterly_review IS 'The agenda of the quarterly review of both departments: what was reached beside what was planned, what the next quarter can count on, what channels, segments and content brought, what was tested and is to be tested, what was spent and is to be spent, and which definitions were changed: for each of the last eight whole quarters, in the session''s time zone, beside the quarter and the year before, as known at leadflow.clock(). Last quarter: WHERE quarter_starts_on = (SELECT max(quarter_starts_on) FROM quarterly_review). Won and lost deals to read together are drawn by leadflow.sample. Void deals, and those and the leads in lead_outside, are left out.';
COMMENT ON COLUMN quarterly_review.quarter_starts_on IS 'first day of the quarter';
COMMENT ON COLUMN quarterly_review.position IS 'order of the agenda';
COMMENT ON COLUMN quarterly_review.topic IS 'plan, results, coverage, channels, segments, content, tests, budget or corrections';
COMMENT ON COLUMN quarterly_review.item IS 'what is counted. Deals belong to the quarter in which they were won, closed or opened, leads to that in which they qualified; campaigns and experiments of the next quarter to the one before it, in which they are talked about';
COMMENT ON COLUMN quarterly_review.detail IS 'metric and whose target it is, agreement, channel (of the campaign), segment, content, verdict, experiment or definition, where the item says so; null for none of them';
COMMENT ON COLUMN quarterly_review.unit IS 'number, share (0..1), money (in the currency of the workspace), days, or ratio';
COMMENT ON COLUMN quarterly_review.value IS 'that of the quarter, that of shorter periods taken together; null for a share, an average or a ratio of nothing, and where nothing was agreed';
COMMENT ON COLUMN quarterly_review.planned IS 'what was promised, where the topic is plan: the target of exactly the quarter, or the agreement over its periods in the quarter';
COMMENT ON COLUMN quarterly_review.quarter_before IS 'value of the quarter before';
COMMENT ON COLUMN quarterly_review.change IS 'value less quarter_before';
COMMENT ON COLUMN quarterly_review.year_before IS 'value of the same quarter of the year before';
$leadflow_text$
WHEN 'forecast_accuracy' THEN $leadflow_text$-- Each entry stands for its deal on the first days of the months up to the next
-- entry, so that one pass over the history tells what was open on all of them.
CREATE OR REPLACE VIEW forecast_accuracy AS
WITH money AS MATERIALIZED (
    -- the rates of a currency, the earliest first
    SELECT r.currency,
           pg_catalog.array_agg(r.valid_from ORDER BY r.valid_from) AS valid_from,
           pg_catalog.array_agg(LEAST(r.rate, 1e15) ORDER BY r.valid_from) AS rate
    FROM exchange_rate r
    GROUP BY r.currency
), deals AS MATERIALIZED (
    SELECT d.opportunity_id, d.expected_close, d.won_at, d.value
    FROM deal d
), entry AS (
    SELECT e.opportunity_id, e.at, e.to_stage,
           pg_catalog.lead(e.at) OVER history AS next_at,
           e.amount,
           e.currency,
           pg_catalog.max(e.to_stage) OVER (history ROWS UNBOUNDED PRECEDING) AS furthest,
           pg_catalog.bool_or(e.to_stage >= 'won' AND e.to_stage < 'onboarding') OVER (history ROWS UNBOUNDED PRECEDING) AS was_won
    FROM stage_event e
    WHERE e.opportunity_id IS NOT NULL
    WINDOW history AS (PARTITION BY e.opportunity_id ORDER BY e.at, e.id)
), standing AS MATERIALIZED (
    SELECT e.opportunity_id,
           m.first_day::date AS day,
           leadflow.ordinal(e.to_stage) AS ordinal,
           GREATEST(leadflow.ordinal(e.furthest), 8) AS furthest_ordinal,
           CASE WHEN e.to_stage <@ 'disqualified' THEN 'void' WHEN e.was_won THEN 'won' WHEN e.to_stage >= 'visitor' THEN 'open' ELSE 'lost' END AS outcome,
           -- as in deal: what was entered, where something was entered since
           CASE WHEN e.next_at IS NOT NULL THEN e.amount ELSE o.amount END AS amount,
           CASE WHEN e.next_at IS NOT NULL THEN e.currency ELSE o.currency END AS currency
    FROM entry e
    JOIN opportunity o ON o.id = e.opportunity_id
    CROSS JOIN LATERAL pg_catalog.generate_series(
        pg_catalog.date_trunc('month', e.at::timestamp) + CASE WHEN e.at::timestamp > pg_catalog.date_trunc('month', e.at::timestamp) THEN interval '1 month' ELSE interval '0' END,
        LEAST(e.next_at - interval '1 microsecond', (SELECT leadflow.clock()))::timestamp, interval '1 month') m (first_day)
    WHERE e.at <= (SELECT leadflow.clock()) AND (e.next_at IS NULL OR e.next_at > e.at)
        AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)
), rate AS (
    -- as in stage_win_rate, of the deals closed by then
    SELECT c.day, s.ordinal, (pg_catalog.sum(c.won) / pg_catalog.sum(c.closed))::numeric(9,6) AS win_rate
    FROM (SELECT h.day, h.furthest_ordinal, pg_catalog.count(*) AS closed, pg_catalog.count(*) FILTER (WHERE h.outcome = 'won') AS won
          FROM standing h
          WHERE h.outcome IN ('won', 'lost')
          GROUP BY h.day, h.furthest_ordinal) c
    JOIN leadflow.spine() s ON s.ordinal >= 8 AND s.ordinal <= 12 AND s.ordinal <= c.furthest_ordinal
    GROUP BY c.day, s.ordinal
), known AS MATERIALIZED (
    SELECT v.opportunity_id, v.day, v.value, (v.value * r.win_rate)::numeric(15,2) AS weighted_value, d.expected_close, d.won_at, d.value AS value_now
    FROM (SELECT h.opportunity_id, h.day, h.ordinal, CASE WHEN pg_catalog.abs(x.value) < 1e13 THEN x.value END::numeric(15,2) AS value
          FROM standing h
          LEFT JOIN money c ON c.currency = h.currency
          CROSS JOIN LATERAL (SELECT pg_catalog.round(
              h.amount * CASE WHEN h.currency <> (SELECT w.currency FROM workspace w) THEN c.rate[pg_catalog.width_bucket(h.day, c.valid_from)] ELSE 1 END,
              (SELECT w.currency_decimals FROM workspace w)) AS value) x
          WHERE h.outcome = 'open') v
    LEFT JOIN rate r ON r.day = v.day AND r.ordinal = v.ordinal
    JOIN deals d ON d.opportunity_id = v.opportunity_id
), forecast AS (
    SELECT p.period, k.day AS from_date, p.until_date,
           pg_catalog.count(*) AS deals,
           pg_catalog.sum(k.value) AS value,
           pg_catalog.sum(k.weighted_value) AS weighted_value,
           pg_catalog.count(*) FILTER (WHERE k.expected_close <= p.until_date) AS due_deals,
           pg_catalog.sum(k.weighted_value) FILTER (WHERE k.expected_close <= p.until_date) AS forecast_value,
           pg_catalog.count(*) FILTER (WHERE k.expected_close <= p.until_date AND k.weighted_value IS NULL) AS left_out,
           pg_catalog.count(*) FILTER (WHERE k.won_at::date <= p.until_date) AS won_open,
           pg_catalog.sum(k.value_now) FILTER (WHERE k.won_at::date <= p.until_date) AS won_open_value
    FROM known k
    CROSS JOIN LATERAL (VALUES ('month'::text, (k.day + interval '1 month')::date - 1), ('quarter', (k.day + interval '3 months')::date - 1)) p (period, until_date)
    WHERE p.until_date < (SELECT leadflow.clock())::date AND (p.period = 'month' OR pg_catalog.date_part('month', k.day) IN (1, 4, 7, 10))
    GROUP BY p.period, k.day, p.until_date
), won AS (
    SELECT p.period, pg_catalog.date_trunc(p.period, d.won_at)::date AS from_date, pg_catalog.sum(d.value) AS value
    FROM deals d
    CROSS JOIN (VALUES ('month'::text), ('quarter')) p (period)
    WHERE d.won_at IS NOT NULL
    GROUP BY p.period, pg_catalog.date_trunc(p.period, d.won_at)::date
), compared AS (
    SELECT f.*, COALESCE(w.value, 0) AS won_value, COALESCE(f.forecast_value, 0) - COALESCE(f.won_open_value, 0) AS error
    FROM forecast f
    LEFT JOIN won w ON w.period = f.period AND w.from_date = f.from_date
)
SELECT c.period,
       c.from_date,
       c.until_date,
       c.deals,
       COALESCE(c.value, 0)::numeric(24,2) AS value,
       c.weighted_value::numeric(24,2) AS weighted_value,
       c.due_deals,
       c.left_out,
       COALESCE(c.forecast_value, 0)::numeric(24,2) AS forecast_value,
       c.won_open,
       COALESCE(c.won_open_value, 0)::numeric(24,2) AS won_open_value,
       c.won_value::numeric(24,2) AS won_value,
       c.error::numeric(24,2) AS error_value,
       pg_catalog.round(pg_catalog.abs(c.error) / NULLIF(pg_catalog.abs(c.won_open_value), 0), 6)::numeric(30,6) AS error_share,
       pg_catalog.round(pg_catalog.sum(c.error) OVER so_far / NULLIF(pg_catalog.sum(c.won_open_value) OVER so_far, 0), 6)::numeric(30,6) AS bias_share
FROM compared c
WINDOW so_far AS (PARTITION BY c.period ORDER BY c.from_date ROWS UNBOUNDED PRECEDING)
ORDER BY c.period, c.from_date;
COMMENT ON VIEW forecast_accuracy IS 'What the weighted pipeline said at the beginning of each month and quarter that is over, and what came of it: one row for each at whose beginning deals were open, as known at leadflow.clock(). Stages, amounts, rates of exchange and win rates are those known then (as leadflow.pipeline_asof gives them); nothing of it is stored. Dates of closing are the present ones, since their history is not kept: a date that was moved on makes the forecast look better than it was. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN forecast_accuracy.period IS 'month or quarter';
COMMENT ON COLUMN forecast_accuracy.from_date IS 'first day of it, at whose beginning the forecast was made, in the session''s time zone';
COMMENT ON COLUMN forecast_accuracy.until_date IS 'last day of it';
COMMENT ON COLUMN forecast_accuracy.deals IS 'number of deals that were open then';
COMMENT ON COLUMN forecast_accuracy.value IS 'what they were worth then, in the currency of the workspace, without those of unknown value';
COMMENT ON COLUMN forecast_accuracy.weighted_value IS 'sum of value x win rate of their stage, as known then; null where no deal had both';
COMMENT ON COLUMN forecast_accuracy.due_deals IS 'number of them expected to close by the end of the period, late ones too';
COMMENT ON COLUMN forecast_accuracy.left_out IS 'how many of those due had no value or no win rate yet, and are not in forecast_value';
COMMENT ON COLUMN forecast_accuracy.forecast_value IS 'weighted value of those due: what was to be won in the period';
COMMENT ON COLUMN forecast_accuracy.won_open IS 'number of the deals open then that were won in the period, due or not';
COMMENT ON COLUMN forecast_accuracy.won_open_value IS 'what these brought';
COMMENT ON COLUMN forecast_accuracy.won_value IS 'what all deals won in the period brought, those opened in it too';
COMMENT ON COLUMN forecast_accuracy.error_value IS 'forecast_value - won_open_value: above 0 where too much was expected';
COMMENT ON COLUMN forecast_accuracy.error_share IS 'its size / won_open_value (absolute percentage error); null where nothing was won';
COMMENT ON COLUMN forecast_accuracy.bias_share IS 'sum of error_value / sum of won_open_value, of this and all earlier periods of the kind: above 0 where forecasts are too high as a rule; null where nothing was won';
$leadflow_text$
WHEN 'bonus' THEN $leadflow_text$CREATE OR REPLACE VIEW bonus AS
WITH goals AS MATERIALIZED (
    SELECT g.kind, g.goal, g.from_date, g.until_date, g.promised, g.delivered
    FROM joint_goals g
    WHERE g.state <> 'to come' AND (g.kind = 'agreement' OR pg_catalog.num_nonnulls(g.segment, g.team, g.owner) = 0)
), part AS (
    SELECT b.*, p.from_day::date AS from_date, (p.from_day + s.step)::date - 1 AS until_date
    FROM bonus_part b
    CROSS JOIN LATERAL (SELECT CASE b.period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' ELSE interval '1 year' END AS step) s
    CROSS JOIN LATERAL (SELECT (CASE WHEN b.starts_on <= '9999-12-31' THEN b.starts_on WHEN b.starts_on IS NOT NULL THEN '9999-12-31'::date END)::timestamp AS starts_at, (LEAST(b.ends_on, '9999-12-31'::date) + 1)::timestamp AS ends_at) t
    CROSS JOIN LATERAL pg_catalog.generate_series(
        pg_catalog.date_trunc(b.period, GREATEST((SELECT pg_catalog.min(g.from_date) FROM goals g)::timestamp, t.starts_at, '1900-01-01'::timestamp)),
        LEAST(b.ends_on, (SELECT leadflow.clock())::date)::timestamp, s.step) p (from_day)
    WHERE (SELECT pg_catalog.min(g.from_date) FROM goals g) IS NOT NULL
        AND (b.starts_on IS NULL OR p.from_day >= t.starts_at)
        AND (b.ends_on IS NULL OR p.from_day + s.step <= t.ends_at)
), result AS (
    SELECT p.department, p.part, p.from_date, p.until_date, pg_catalog.count(*) AS periods, pg_catalog.avg(g.delivered / NULLIF(g.promised, 0)) AS reached
    FROM part p
    JOIN goals g ON g.kind = CASE WHEN p.agreement IS NULL THEN 'target' ELSE 'agreement' END AND g.goal = COALESCE(p.agreement, p.target_metric)
        AND g.until_date <= p.until_date AND g.until_date >= CASE WHEN p.agreement IS NULL THEN p.until_date ELSE p.from_date END
        AND (p.agreement IS NOT NULL OR g.from_date = p.from_date)
    GROUP BY p.department, p.part, p.from_date, p.until_date
)
SELECT x.department,
       x.period,
       x.from_date,
       x.until_date,
       CASE WHEN x.until_date >= (SELECT leadflow.clock())::date THEN 'running' ELSE 'complete' END AS state,
       x.part,
       x.agreement,
       x.target_metric,
       x.weight,
       x.pays_from,
       x.cap,
       x.periods,
       pg_catalog.round(x.reached, 6)::numeric(24,6) AS reached_share,
       x.paid::numeric(9,6) AS paid_share,
       (x.weight * x.paid)::numeric(24,6) AS weighted_share,
       (pg_catalog.sum(x.weight * x.paid) OVER whole)::numeric(24,6) AS department_share,
       (pg_catalog.sum(x.weight * x.cap) OVER whole)::numeric(24,6) AS most_share,
       (pg_catalog.sum(x.weight) OVER whole)::numeric(24,6) AS weights_share,
       CASE WHEN pg_catalog.sum(x.weight) OVER whole <> 1 THEN 'the weights do not sum to 1'
            WHEN x.periods = 0 AND x.agreement IS NOT NULL THEN 'the agreement has no period that ends here'
            WHEN x.periods = 0 THEN 'there is no target of this period'
            WHEN x.reached IS NULL THEN 'nothing to measure it by' END AS fault,
       x.meaning
FROM (SELECT p.*, COALESCE(r.periods, 0) AS periods, r.reached,
             CASE WHEN r.reached >= p.pays_from THEN LEAST(r.reached, p.cap) ELSE 0 END AS paid
      FROM part p
      LEFT JOIN result r ON r.department = p.department AND r.part = p.part AND r.from_date = p.from_date AND r.until_date = p.until_date) x
WINDOW whole AS (PARTITION BY x.department, x.period, x.from_date)
ORDER BY x.from_date, x.period, x.department, x.part;
COMMENT ON VIEW bonus IS 'What the bonus of each department comes to, part by part (bonus_part) and period by period, as known at leadflow.clock(). A part pays nothing below its threshold, else what was reached, up to its cap: paid = 0 where reached < pays_from, else least(reached, cap); the bonus is the sum of weight x paid. What was reached is delivered / promised of joint_goals. Periods begin with the first goal. A running period shows what it would be now.';
COMMENT ON COLUMN bonus.department IS 'who is paid: marketing or sales';
COMMENT ON COLUMN bonus.period IS 'month, quarter or year';
COMMENT ON COLUMN bonus.from_date IS 'first day of the period, in the session''s time zone';
COMMENT ON COLUMN bonus.until_date IS 'last day of it';
COMMENT ON COLUMN bonus.state IS 'running or complete';
COMMENT ON COLUMN bonus.part IS 'code of the part';
COMMENT ON COLUMN bonus.agreement IS 'agreement that it rests on; null for a target';
COMMENT ON COLUMN bonus.target_metric IS 'metric of the target that it rests on; null for an agreement';
COMMENT ON COLUMN bonus.weight IS 'share of the whole bonus, 0..1';
COMMENT ON COLUMN bonus.pays_from IS 'share of the goal below which nothing is paid, 0..1';
COMMENT ON COLUMN bonus.cap IS 'share of the goal above which no more is paid, 1 for the goal itself';
COMMENT ON COLUMN bonus.periods IS 'number of periods of the agreement, or targets, that count';
COMMENT ON COLUMN bonus.reached_share IS 'delivered / promised, on average over these; null where there is nothing to measure it by';
COMMENT ON COLUMN bonus.paid_share IS 'what the part comes to, 0..cap, 1 for the whole part';
COMMENT ON COLUMN bonus.weighted_share IS 'weight x paid_share: its share in the bonus';
COMMENT ON COLUMN bonus.department_share IS 'sum of weighted_share over the parts of the department in the period: the bonus, 1 for the whole';
COMMENT ON COLUMN bonus.most_share IS 'the most that it can come to: sum of weight x cap';
COMMENT ON COLUMN bonus.weights_share IS 'sum of the weights; should be 1';
COMMENT ON COLUMN bonus.fault IS 'what is wrong with the part: weights that do not sum to 1, a goal that is missing, or nothing to measure it by; null where nothing is';
COMMENT ON COLUMN bonus.meaning IS 'the part in words';
$leadflow_text$
WHEN 'report_trust' THEN $leadflow_text$CREATE OR REPLACE VIEW report_trust AS
WITH RECURSIVE space AS (
    SELECT w.relnamespace AS id FROM workspace x JOIN pg_catalog.pg_class w ON w.oid = x.tableoid
), reads AS (
    -- what a view reads, and what the views read that it reads
    SELECT c.oid AS report, c.oid AS relation
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT s.id FROM space s) AND c.relkind = 'v'
    UNION
    SELECT v.report, d.refobjid AS relation
    FROM reads v
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.relation
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.relation
), source AS MATERIALIZED (
    SELECT f.source, f.rows, f.newest_at, f.entries, f.implied, f.norm_days, q.parked, c.owed, c.missing
    FROM (SELECT e.subject AS source,
                 CASE e.subject WHEN 'lead' THEN (SELECT pg_catalog.count(*) FROM lead l WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) ELSE (SELECT pg_catalog.count(*) FROM opportunity o WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id)) END AS rows,
                 pg_catalog.max(e.at) AS newest_at, pg_catalog.count(*) AS entries, pg_catalog.count(*) FILTER (WHERE e.implied) AS implied, 7 AS norm_days
          FROM stage_event e
          LEFT JOIN opportunity p ON p.id = e.opportunity_id
          -- what lies before the first move was not passed over
          LEFT JOIN stage_event f ON e.implied AND f.from_stage IS NULL AND f.subject = e.subject AND COALESCE(f.opportunity_id, f.lead_id) = COALESCE(e.opportunity_id, e.lead_id) AND f.at = e.at
          WHERE f.id IS NULL AND e.at <= (SELECT leadflow.clock())
              AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(e.lead_id, p.lead_id))
          GROUP BY e.subject
          UNION ALL
          SELECT 'account'::text AS source, pg_catalog.count(*) AS rows, NULL::timestamptz AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days FROM account a
          UNION ALL
          SELECT 'touch'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(t.at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM touch t WHERE t.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
          UNION ALL
          SELECT 'verdict'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(v.at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM verdict v WHERE v.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = v.lead_id)
          UNION ALL
          SELECT 'sla_clock'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(k.started_at) AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 7 AS norm_days
          FROM sla_clock k LEFT JOIN opportunity p ON p.id = k.opportunity_id
          WHERE k.started_at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(k.lead_id, p.lead_id))
          UNION ALL
          SELECT 'campaign_cost'::text AS source, pg_catalog.count(*) AS rows, pg_catalog.max(m.spent_on)::timestamptz AS newest_at, 0::bigint AS entries, 0::bigint AS implied, 31 AS norm_days
          FROM campaign_cost m WHERE m.spent_on <= (SELECT leadflow.clock())::date) f
    LEFT JOIN (SELECT q.object, pg_catalog.count(*) AS parked FROM quarantine q WHERE q.recorded_at <= (SELECT leadflow.clock()) GROUP BY q.object) q ON q.object = f.source
    LEFT JOIN (SELECT c.object, pg_catalog.sum(c.owed) AS owed, pg_catalog.sum(c.missing) AS missing FROM completeness c GROUP BY c.object) c ON c.object = f.source
    WHERE f.rows > 0
), measured AS (
    SELECT v.report,
           pg_catalog.array_agg(s.source ORDER BY s.source) AS sources,
           1 - pg_catalog.sum(s.missing) / NULLIF(pg_catalog.sum(s.owed), 0) AS complete,
           pg_catalog.min(LEAST(1, s.norm_days / NULLIF(GREATEST((pg_catalog.date_part('epoch', (SELECT leadflow.clock()) - s.newest_at) / 86400)::numeric, s.norm_days), 0))) AS fresh,
           pg_catalog.max((SELECT leadflow.clock()) - s.newest_at) AS age,
           pg_catalog.sum(s.implied) / NULLIF(pg_catalog.sum(s.entries), 0) AS implied,
           pg_catalog.sum(s.parked) / (pg_catalog.sum(s.rows) + pg_catalog.sum(s.parked)) AS parked
    FROM reads v
    JOIN pg_catalog.pg_class t ON t.oid = v.relation AND t.relkind IN ('r', 'p') AND t.relnamespace = (SELECT s.id FROM space s)
    JOIN source s ON s.source = t.relname
    GROUP BY v.report
)
SELECT c.relname::text AS report,
       o.owner,
       pg_catalog.array_to_string(m.sources, ', ') AS sources,
       x.complete::numeric(9,6) AS complete_share,
       leadflow.seconds(m.age) AS oldest_source_seconds,
       x.fresh::numeric(9,6) AS fresh_share,
       x.implied::numeric(9,6) AS implied_share,
       x.parked::numeric(9,6) AS parked_share,
       (x.complete * x.fresh * (1 - x.implied) * (1 - x.parked))::numeric(9,6) AS trust_share,
       CASE LEAST(x.complete, x.fresh, 1 - x.implied, 1 - x.parked)
           WHEN 1 THEN NULL
           WHEN x.fresh THEN 'no news'
           WHEN x.complete THEN 'empty fields'
           WHEN 1 - x.implied THEN 'stages passed over'
           ELSE 'parked rows' END AS weakest
FROM measured m
JOIN pg_catalog.pg_class c ON c.oid = m.report
CROSS JOIN LATERAL (SELECT COALESCE(m.complete, 1) AS complete, COALESCE(m.fresh, 1) AS fresh, COALESCE(m.implied, 0) AS implied, COALESCE(m.parked, 0) AS parked) x
LEFT JOIN report_owner o ON o.report = c.relname
ORDER BY (x.complete * x.fresh * (1 - x.implied) * (1 - x.parked))::numeric(9,6), c.relname;
COMMENT ON VIEW report_trust IS 'How far each report can be trusted, by the facts that it reads, itself or through other reports: leads, opportunities, accounts, touches, verdicts, promises (sla_clock) and costs. trust = complete x fresh x (1 - implied) x (1 - parked): each of them alone can spoil a report. A source without rows, and a part that there is nothing to judge by, takes nothing away. Reports on definitions alone are not listed.';
COMMENT ON COLUMN report_trust.report IS 'view of the workspace';
COMMENT ON COLUMN report_trust.owner IS 'who answers for it (report_owner); null where nobody is named';
COMMENT ON COLUMN report_trust.sources IS 'facts that it reads, those that have rows';
COMMENT ON COLUMN report_trust.complete_share IS 'of the fields that the leads, opportunities and accounts behind it owe (completeness), as they are now, the share that is filled, 0..1';
COMMENT ON COLUMN report_trust.oldest_source_seconds IS 'time since the newest entry of that of its sources which has been silent for longest: elapsed, seconds; null for accounts alone';
COMMENT ON COLUMN report_trust.fresh_share IS '1 while the newest entry of every source is no older than 7 days (costs: 31 days), else that many days / its age, of the source that is worst';
COMMENT ON COLUMN report_trust.implied_share IS 'share of the entries into stages that were passed over by a move further on, and so have no time of their own, 0..1; stages below the one in which a lead or deal came in are not counted';
COMMENT ON COLUMN report_trust.parked_share IS 'rows in quarantine now of all rows of its sources, those in quarantine too, 0..1';
COMMENT ON COLUMN report_trust.trust_share IS 'complete x fresh x (1 - implied) x (1 - parked), 0..1';
COMMENT ON COLUMN report_trust.weakest IS 'what takes most away: no news, empty fields, stages passed over or parked rows; null where nothing does';
$leadflow_text$
WHEN 'icp_leads' THEN $leadflow_text$CREATE OR REPLACE VIEW icp_leads AS
SELECT c.lead_id,
       c.account_id,
       c.owner,
       c.stage,
       c.profile,
       -- one condition that is not met is enough; else one that is not known leaves it open
       CASE WHEN c.fails <> '' THEN false WHEN c.not_known = '' AND c.profile IS NOT NULL THEN true END AS fits,
       NULLIF(c.fails, '') AS fails,
       NULLIF(c.not_known, '') AS not_known,
       c.role_known,
       c.persona
FROM (SELECT l.id AS lead_id, l.account_id, l.owner, l.stage::text AS stage, l.role_known, l.persona, i.profile,
             pg_catalog.concat_ws(', ', CASE WHEN NOT l.segment = ANY (i.segments) THEN 'segment' END,
                                        CASE WHEN NOT l.industry = ANY (i.industries) THEN 'industry' END,
                                        CASE WHEN NOT l.country = ANY (i.countries) THEN 'country' END,
                                        CASE WHEN NOT l.territory = ANY (i.territories) THEN 'territory' END,
                                        CASE WHEN l.employees < i.employees_from OR l.employees > i.employees_to THEN 'employees' END) AS fails,
             pg_catalog.concat_ws(', ', CASE WHEN i.segments IS NOT NULL AND l.segment IS NULL THEN 'segment' END,
                                        CASE WHEN i.industries IS NOT NULL AND l.industry IS NULL THEN 'industry' END,
                                        CASE WHEN i.countries IS NOT NULL AND l.country IS NULL THEN 'country' END,
                                        CASE WHEN i.territories IS NOT NULL AND l.territory IS NULL THEN 'territory' END,
                                        CASE WHEN pg_catalog.num_nonnulls(i.employees_from, i.employees_to) > 0 AND l.employees IS NULL THEN 'employees' END) AS not_known
      FROM (SELECT l.id, l.account_id, l.owner, l.stage, l.variant,
                   COALESCE(l.segment, a.segment) AS segment,
                   COALESCE(l.industry, a.industry) AS industry,
                   COALESCE(l.territory, a.territory) AS territory,
                   a.country,
                   a.employees,
                   l.role IS NOT NULL AS role_known,
                   p.personas[1] AS persona
            FROM lead l
            LEFT JOIN account a ON a.id = l.account_id
            -- the words of each role once
            LEFT JOIN (SELECT r.role, pg_catalog.array_agg(p.persona ORDER BY p.position, p.persona) AS personas
                       FROM (SELECT DISTINCT l.role, pg_catalog.regexp_split_to_array(pg_catalog.lower(l.role), '[[:space:][:punct:]]+') AS words
                             FROM lead l
                             WHERE l.role IS NOT NULL) r
                       JOIN persona p ON p.active AND p.role_words && r.words
                       GROUP BY r.role) p ON p.role = l.role
            WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)) l
      LEFT JOIN icp i ON i.active AND i.variant IN ('*', l.variant)) c;
COMMENT ON VIEW icp_leads IS 'Every lead against every active profile of the ideal customer for its variant, as both stand now: fits, does not, or nobody knows yet. Leads in lead_outside are left out.';
COMMENT ON COLUMN icp_leads.lead_id IS 'the lead';
COMMENT ON COLUMN icp_leads.account_id IS 'its account';
COMMENT ON COLUMN icp_leads.owner IS 'its owner';
COMMENT ON COLUMN icp_leads.stage IS 'the stage that it is in';
COMMENT ON COLUMN icp_leads.profile IS 'the profile (icp); null, in the only row of the lead, where there is none for its variant';
COMMENT ON COLUMN icp_leads.fits IS 'whether everything that the profile asks is met; null where nothing speaks against it but not all is known';
COMMENT ON COLUMN icp_leads.fails IS 'what is not met: segment, industry, country, territory, employees; null for nothing';
COMMENT ON COLUMN icp_leads.not_known IS 'what is not known; null for nothing';
COMMENT ON COLUMN icp_leads.role_known IS 'whether the lead has a role';
COMMENT ON COLUMN icp_leads.persona IS 'persona that the role of the lead says; null for none';
$leadflow_text$
WHEN 'icp_fit' THEN $leadflow_text$CREATE OR REPLACE VIEW icp_fit AS
WITH milestone AS MATERIALIZED (
    SELECT m.lead_id, m.account_id, m.entered_at, m.won_at IS NOT NULL AS won, m.won_at IS NOT NULL OR m.ordinal_now < 0 AS decided
    FROM lead_milestone m
), fitting AS MATERIALIZED (
    SELECT i.lead_id, i.profile, i.fits, i.persona, i.role_known, m.decided, m.won
    FROM icp_leads i
    JOIN milestone m ON m.lead_id = i.lead_id
), compared AS (
    -- counted before they are held against each persona and trigger
    SELECT 'profile'::text AS kind, f.profile AS name, f.fits AS belongs, f.decided, f.won, pg_catalog.count(*) AS leads
    FROM fitting f
    WHERE f.profile IS NOT NULL
    GROUP BY f.profile, f.fits, f.decided, f.won
    UNION ALL
    SELECT 'persona'::text AS kind, p.persona AS name, CASE WHEN f.role_known THEN f.persona IS NOT DISTINCT FROM p.persona END AS belongs, f.decided, f.won, f.leads
    FROM (SELECT f.persona, f.role_known, f.decided, f.won, pg_catalog.count(DISTINCT f.lead_id) AS leads
          FROM fitting f
          GROUP BY f.persona, f.role_known, f.decided, f.won) f
    CROSS JOIN persona p
    WHERE p.active
    UNION ALL
    SELECT 'trigger'::text AS kind, t.profile || '.' || t.code AS name, CASE WHEN m.account_id IS NOT NULL THEN s.first_at <= m.entered_at IS TRUE END AS belongs,
           m.decided, m.won, pg_catalog.count(*) AS leads
    FROM icp_trigger t
    JOIN icp i ON i.profile = t.profile AND i.active
    CROSS JOIN milestone m
    LEFT JOIN (SELECT s.account_id, s.topic, pg_catalog.min(s.at) AS first_at
               FROM intent_signal s
               GROUP BY s.account_id, s.topic) s ON s.account_id = m.account_id AND s.topic = t.topic
    WHERE t.topic IS NOT NULL
    GROUP BY t.profile, t.code, belongs, m.decided, m.won
), counted AS (
    SELECT c.kind, c.name,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs), 0)::bigint AS leads,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs AND c.decided), 0)::bigint AS decided,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs AND c.won), 0)::bigint AS won,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs), 0)::bigint AS others,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs AND c.decided), 0)::bigint AS others_decided,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE NOT c.belongs AND c.won), 0)::bigint AS others_won,
           COALESCE(pg_catalog.sum(c.leads) FILTER (WHERE c.belongs IS NULL), 0)::bigint AS not_known
    FROM compared c
    GROUP BY c.kind, c.name
)
SELECT c.kind,
       c.name,
       c.leads,
       c.decided,
       c.won,
       (c.won::numeric / NULLIF(c.decided, 0))::numeric(9,6) AS won_share,
       i.low::numeric(9,6) AS won_share_low,
       i.high::numeric(9,6) AS won_share_high,
       c.others,
       c.others_decided,
       c.others_won,
       (c.others_won::numeric / NULLIF(c.others_decided, 0))::numeric(9,6) AS others_won_share,
       o.low::numeric(9,6) AS others_won_share_low,
       o.high::numeric(9,6) AS others_won_share_high,
       (c.won::numeric / NULLIF(c.decided, 0) - c.others_won::numeric / NULLIF(c.others_decided, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       c.not_known,
       CASE WHEN LEAST(c.decided, c.others_decided) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'won_more_often'
            WHEN d.high < 0 THEN 'won_less_often'
            ELSE 'no_difference_shown' END AS finding
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.won, c.decided) i ON true
LEFT JOIN LATERAL leadflow.share_interval(c.others_won, c.others_decided) o ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.won, c.decided, c.others_won, c.others_decided) d ON true;
COMMENT ON VIEW icp_fit IS 'Whether those whom the company wants to reach are won more often than the others, as known at leadflow.clock(): leads that fit a profile against those that do not, leads of a persona against other roles, leads whose account showed a trigger before they came against the others. Profile and role are those of now. Leads in lead_outside are left out.';
COMMENT ON COLUMN icp_fit.kind IS 'profile, persona or trigger (one that has a topic)';
COMMENT ON COLUMN icp_fit.name IS 'which one; profile.code of a trigger';
COMMENT ON COLUMN icp_fit.leads IS 'number of leads that belong to it';
COMMENT ON COLUMN icp_fit.decided IS 'how many of them were won or are off the path';
COMMENT ON COLUMN icp_fit.won IS 'how many were won';
COMMENT ON COLUMN icp_fit.won_share IS 'won / decided, 0..1; null where none is decided';
COMMENT ON COLUMN icp_fit.won_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN icp_fit.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.others IS 'number of leads that do not belong to it';
COMMENT ON COLUMN icp_fit.others_decided IS 'how many of them were won or are off the path';
COMMENT ON COLUMN icp_fit.others_won IS 'how many were won';
COMMENT ON COLUMN icp_fit.others_won_share IS 'others_won / others_decided, 0..1; null where none is decided';
COMMENT ON COLUMN icp_fit.others_won_share_low IS 'lower limit of it';
COMMENT ON COLUMN icp_fit.others_won_share_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.difference IS 'won_share - others_won_share, -1..1; null where either is';
COMMENT ON COLUMN icp_fit.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN icp_fit.difference_high IS 'upper limit of it';
COMMENT ON COLUMN icp_fit.not_known IS 'leads of which nobody knows: data of the account or role are missing, or there is no account';
COMMENT ON COLUMN icp_fit.finding IS 'won_more_often or won_less_often (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 are decided on either side';
$leadflow_text$
WHEN 'buying_committee' THEN $leadflow_text$CREATE OR REPLACE VIEW buying_committee AS
SELECT d.opportunity_id,
       d.name,
       d.account_id,
       a.name AS account,
       d.segment,
       d.stage,
       d.owner,
       d.value,
       r.roles_needed,
       r.roles_present,
       (r.roles_present::numeric / NULLIF(r.roles_needed, 0))::numeric(9,6) AS present_share,
       r.present,
       r.missing,
       m.members,
       m.supporters,
       m.opponents,
       m.stance_unknown
FROM deal d
LEFT JOIN account a ON a.id = d.account_id
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS roles_needed,
           pg_catalog.count(*) FILTER (WHERE n.present) AS roles_present,
           pg_catalog.string_agg(n.committee_role, ', ' ORDER BY n.position, n.committee_role) FILTER (WHERE n.present) AS present,
           pg_catalog.string_agg(n.committee_role, ', ' ORDER BY n.position, n.committee_role) FILTER (WHERE NOT n.present) AS missing
    FROM (SELECT r.committee_role, r.position,
                 EXISTS (SELECT FROM committee_member m
                         WHERE m.account_id = d.account_id AND m.committee_role = r.committee_role
                             AND m.since <= (SELECT leadflow.clock()) AND (m.until > (SELECT leadflow.clock()) OR m.until IS NULL)) AS present
          FROM committee_role r
          WHERE r.active AND (r.segments IS NULL OR d.segment = ANY (r.segments)) AND leadflow.ordinal(r.needed_from) <= d.ordinal) n) r
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS members,
           pg_catalog.count(*) FILTER (WHERE m.stance = 'supports') AS supporters,
           pg_catalog.count(*) FILTER (WHERE m.stance = 'opposes') AS opponents,
           pg_catalog.count(*) FILTER (WHERE m.stance = 'unknown') AS stance_unknown
    FROM committee_member m
    WHERE m.account_id = d.account_id
        AND m.since <= (SELECT leadflow.clock()) AND (m.until > (SELECT leadflow.clock()) OR m.until IS NULL)) m
WHERE d.outcome = 'open';
COMMENT ON VIEW buying_committee IS 'Who takes part in the decision on each open deal, and who is missing, as known at leadflow.clock(). Members are those of the deal''s account. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN buying_committee.opportunity_id IS 'the deal';
COMMENT ON COLUMN buying_committee.name IS 'its name';
COMMENT ON COLUMN buying_committee.account_id IS 'its account; null where none is known: then every role is missing';
COMMENT ON COLUMN buying_committee.account IS 'name of the account';
COMMENT ON COLUMN buying_committee.segment IS 'segment of the deal';
COMMENT ON COLUMN buying_committee.stage IS 'the stage that the deal is in';
COMMENT ON COLUMN buying_committee.owner IS 'its owner';
COMMENT ON COLUMN buying_committee.value IS 'its value, in the currency of the workspace; null where it is not known';
COMMENT ON COLUMN buying_committee.roles_needed IS 'number of roles that a deal of this segment needs at this stage';
COMMENT ON COLUMN buying_committee.roles_present IS 'how many of them somebody has';
COMMENT ON COLUMN buying_committee.present_share IS 'roles_present / roles_needed, 0..1; null where none is needed';
COMMENT ON COLUMN buying_committee.present IS 'roles that somebody has; null for none';
COMMENT ON COLUMN buying_committee.missing IS 'roles that nobody has; null for none';
COMMENT ON COLUMN buying_committee.members IS 'number of members, in whatever role';
COMMENT ON COLUMN buying_committee.supporters IS 'how many of them support it';
COMMENT ON COLUMN buying_committee.opponents IS 'how many oppose it';
COMMENT ON COLUMN buying_committee.stance_unknown IS 'of how many the stance is not known';
$leadflow_text$
WHEN 'hypothesis_board' THEN $leadflow_text$CREATE OR REPLACE VIEW hypothesis_board AS
SELECT h.hypothesis,
       h.question,
       h.owner,
       h.segment,
       h.persona,
       h.measure,
       h.starts_on,
       h.ends_on,
       CASE WHEN h.closed_on <= n.today THEN 'closed'
            WHEN h.ends_on < n.today THEN 'overdue'
            WHEN h.starts_on > n.today THEN 'planned'
            ELSE 'open' END AS state,
       t.talks,
       t.supports,
       (t.supports::numeric / NULLIF(t.talks, 0))::numeric(9,6) AS supports_share,
       i.low::numeric(9,6) AS supports_share_low,
       i.high::numeric(9,6) AS supports_share_high,
       e.experiments,
       h.closed_on,
       h.verdict,
       h.conclusion
FROM hypothesis h
CROSS JOIN (SELECT (SELECT leadflow.clock())::date AS today) n
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS talks, pg_catalog.count(*) FILTER (WHERE k.supports) AS supports
                    -- the latest word of each lead
                    FROM (SELECT DISTINCT ON (k.lead_id) k.lead_id, k.supports
                          FROM hypothesis_talk k
                          WHERE k.hypothesis = h.hypothesis AND k.at <= (SELECT leadflow.clock())
                              AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = k.lead_id)
                          ORDER BY k.lead_id, k.at DESC, k.id DESC) k) t
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS experiments FROM experiment e WHERE e.hypothesis = h.hypothesis) e
LEFT JOIN LATERAL leadflow.share_interval(t.supports, t.talks) i ON true;
COMMENT ON VIEW hypothesis_board IS 'What both departments want to know: what is open, what is overdue, what the talks say so far, what came out, as known at leadflow.clock(). What experiments say is in experiment_result. Leads in lead_outside are left out.';
COMMENT ON COLUMN hypothesis_board.hypothesis IS 'code of the hypothesis';
COMMENT ON COLUMN hypothesis_board.question IS 'what is supposed';
COMMENT ON COLUMN hypothesis_board.owner IS 'team member who answers for it';
COMMENT ON COLUMN hypothesis_board.segment IS 'segment that it is about; null for all';
COMMENT ON COLUMN hypothesis_board.persona IS 'persona that it is about; null for all';
COMMENT ON COLUMN hypothesis_board.measure IS 'what would decide it';
COMMENT ON COLUMN hypothesis_board.starts_on IS 'first day on which it is looked at';
COMMENT ON COLUMN hypothesis_board.ends_on IS 'day by which it is to be closed';
COMMENT ON COLUMN hypothesis_board.state IS 'planned, open, overdue or closed';
COMMENT ON COLUMN hypothesis_board.talks IS 'number of leads that were talked to';
COMMENT ON COLUMN hypothesis_board.supports IS 'how many of them, by their latest talk, speak for it';
COMMENT ON COLUMN hypothesis_board.supports_share IS 'supports / talks, 0..1; null where there are none';
COMMENT ON COLUMN hypothesis_board.supports_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN hypothesis_board.supports_share_high IS 'upper limit of it';
COMMENT ON COLUMN hypothesis_board.experiments IS 'number of experiments that test it';
COMMENT ON COLUMN hypothesis_board.closed_on IS 'when it was closed; null while it is open';
COMMENT ON COLUMN hypothesis_board.verdict IS 'confirmed, refuted or undecided; null while it is open';
COMMENT ON COLUMN hypothesis_board.conclusion IS 'what follows from it; null while it is open';
$leadflow_text$
WHEN 'experiment_result' THEN $leadflow_text$-- The days of all groups cut time into slots.  Leads are counted by slot, once for
-- each measure, however many experiments share it.
CREATE OR REPLACE VIEW experiment_result AS
WITH milestone AS MATERIALIZED (
    SELECT m.campaign_id, m.segment, m.entered_at, m.lead_at, m.mql_at, m.sal_at, m.sql_at, m.opportunity_at, m.won_at
    FROM lead_milestone m
    WHERE EXISTS (SELECT FROM experiment)
), term AS MATERIALIZED (
    SELECT e.experiment, e.campaign_a, e.campaign_b, e.segment, e.of_stage, e.reaches, e.within,
           GREATEST(LEAST(e.a_starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS a_from, (GREATEST(LEAST(e.a_ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS a_to,
           GREATEST(LEAST(e.b_starts_on, '9999-12-31'::date), '0001-01-01'::date)::timestamptz AS b_from, (GREATEST(LEAST(e.b_ends_on, '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz AS b_to
    FROM experiment e
), cut AS MATERIALIZED (
    SELECT pg_catalog.array_agg(DISTINCT c.at ORDER BY c.at) AS instants
    FROM term e
    CROSS JOIN LATERAL (VALUES (e.a_from), (e.a_to), (e.b_from), (e.b_to)) c (at)
), counted AS MATERIALIZED (
    SELECT s.of_stage, s.reaches, s.within, s.campaign_id, s.segment, (SELECT c.instants FROM cut c)[s.slot] AS slot_at,
           pg_catalog.count(*) AS leads,
           pg_catalog.count(*) FILTER (WHERE s.until <= (SELECT leadflow.clock())) AS judged,
           pg_catalog.count(*) FILTER (WHERE s.until <= (SELECT leadflow.clock()) AND s.reached_at <= s.until) AS reached
    FROM (SELECT e.of_stage, e.reaches, e.within, m.campaign_id, m.segment,
                 pg_catalog.width_bucket(f.from_at, (SELECT c.instants FROM cut c)) AS slot,
                 f.from_at + e.within AS until,
                 CASE e.reaches WHEN 'lead' THEN m.lead_at WHEN 'mql' THEN m.mql_at WHEN 'sal' THEN m.sal_at WHEN 'sql' THEN m.sql_at
                                WHEN 'opportunity' THEN m.opportunity_at ELSE m.won_at END AS reached_at
          FROM (SELECT DISTINCT e.of_stage, e.reaches, e.within FROM term e) e
          CROSS JOIN milestone m
          CROSS JOIN LATERAL (SELECT CASE e.of_stage WHEN 'visitor' THEN m.entered_at WHEN 'lead' THEN m.lead_at WHEN 'mql' THEN m.mql_at WHEN 'sal' THEN m.sal_at
                                                     WHEN 'sql' THEN m.sql_at ELSE m.opportunity_at END AS from_at) f
          -- OFFSET 0: compute each once
          WHERE f.from_at IS NOT NULL
          OFFSET 0) s
    GROUP BY s.of_stage, s.reaches, s.within, s.campaign_id, s.segment, s.slot
), grouped AS (
    SELECT g.experiment,
           COALESCE(pg_catalog.sum(g.leads) FILTER (WHERE g.is_a), 0)::bigint AS a_leads,
           COALESCE(pg_catalog.sum(g.judged) FILTER (WHERE g.is_a), 0)::bigint AS a_judged,
           COALESCE(pg_catalog.sum(g.reached) FILTER (WHERE g.is_a), 0)::bigint AS a_reached,
           COALESCE(pg_catalog.sum(g.leads) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_leads,
           COALESCE(pg_catalog.sum(g.judged) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_judged,
           COALESCE(pg_catalog.sum(g.reached) FILTER (WHERE NOT g.is_a), 0)::bigint AS b_reached
    FROM (SELECT e.experiment, c.leads, c.judged, c.reached,
                 CASE WHEN c.slot_at >= e.a_from AND c.slot_at < e.a_to AND (e.campaign_a IS NULL OR c.campaign_id = e.campaign_a) THEN true
                      WHEN c.slot_at >= e.b_from AND c.slot_at < e.b_to AND (e.campaign_b IS NULL OR c.campaign_id = e.campaign_b) THEN false END AS is_a
          FROM term e
          LEFT JOIN counted c ON c.of_stage = e.of_stage AND c.reaches = e.reaches AND c.within = e.within
              AND (e.segment IS NULL OR c.segment = e.segment)) g
    GROUP BY g.experiment
)
SELECT e.experiment,
       e.hypothesis,
       CASE WHEN e.campaign_a IS NULL THEN 'period' ELSE 'campaign' END AS compares,
       e.variant_a,
       e.variant_b,
       e.of_stage,
       e.reaches,
       c.a_leads,
       c.a_judged,
       c.a_reached,
       (c.a_reached::numeric / NULLIF(c.a_judged, 0))::numeric(9,6) AS a_share,
       a.low::numeric(9,6) AS a_share_low,
       a.high::numeric(9,6) AS a_share_high,
       c.b_leads,
       c.b_judged,
       c.b_reached,
       (c.b_reached::numeric / NULLIF(c.b_judged, 0))::numeric(9,6) AS b_share,
       b.low::numeric(9,6) AS b_share_low,
       b.high::numeric(9,6) AS b_share_high,
       (c.b_reached::numeric / NULLIF(c.b_judged, 0) - c.a_reached::numeric / NULLIF(c.a_judged, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       e.needed::bigint AS needed,
       f.final_at,
       CASE WHEN f.final_at > (SELECT leadflow.clock()) OR LEAST(c.a_judged, c.b_judged) < e.needed THEN 'too_early'
            WHEN d.low > 0 THEN 'b_better'
            WHEN d.high < 0 THEN 'a_better'
            ELSE 'no_difference_shown' END AS finding
FROM experiment e
JOIN grouped c ON c.experiment = e.experiment
CROSS JOIN LATERAL (SELECT (GREATEST(LEAST(GREATEST(e.a_ends_on, e.b_ends_on), '9999-12-31'::date), '0001-01-01'::date) + 1)::timestamptz + e.within AS final_at) f
LEFT JOIN LATERAL leadflow.share_interval(c.a_reached, c.a_judged) a ON true
LEFT JOIN LATERAL leadflow.share_interval(c.b_reached, c.b_judged) b ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.b_reached, c.b_judged, c.a_reached, c.a_judged) d ON true;
COMMENT ON VIEW experiment_result IS 'What came out of each experiment, as known at leadflow.clock(). There is no finding before its last day and the time to reach the stage are over and both groups have the size that was set: who looks every day, and stops when it looks good, finds differences that are none. Before and after may differ for other reasons too. Leads in lead_outside are left out.';
COMMENT ON COLUMN experiment_result.experiment IS 'code of the experiment';
COMMENT ON COLUMN experiment_result.hypothesis IS 'hypothesis that it tests';
COMMENT ON COLUMN experiment_result.compares IS 'period (before and after) or campaign (side by side)';
COMMENT ON COLUMN experiment_result.variant_a IS 'what group A gets';
COMMENT ON COLUMN experiment_result.variant_b IS 'what group B gets';
COMMENT ON COLUMN experiment_result.of_stage IS 'leads that reached this stage on the days of their group are counted';
COMMENT ON COLUMN experiment_result.reaches IS 'stage that they are to reach';
COMMENT ON COLUMN experiment_result.a_leads IS 'number of leads of group A';
COMMENT ON COLUMN experiment_result.a_judged IS 'how many of them have had their time to reach it';
COMMENT ON COLUMN experiment_result.a_reached IS 'how many of those reached it in time';
COMMENT ON COLUMN experiment_result.a_share IS 'a_reached / a_judged, 0..1; null where none is judged';
COMMENT ON COLUMN experiment_result.a_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN experiment_result.a_share_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.b_leads IS 'number of leads of group B';
COMMENT ON COLUMN experiment_result.b_judged IS 'how many of them have had their time to reach it';
COMMENT ON COLUMN experiment_result.b_reached IS 'how many of those reached it in time';
COMMENT ON COLUMN experiment_result.b_share IS 'b_reached / b_judged, 0..1; null where none is judged';
COMMENT ON COLUMN experiment_result.b_share_low IS 'lower limit of it';
COMMENT ON COLUMN experiment_result.b_share_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.difference IS 'b_share - a_share, -1..1; null where either is';
COMMENT ON COLUMN experiment_result.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN experiment_result.difference_high IS 'upper limit of it';
COMMENT ON COLUMN experiment_result.needed IS 'leads of each group that must be judged';
COMMENT ON COLUMN experiment_result.final_at IS 'when the last lead has had its time';
COMMENT ON COLUMN experiment_result.finding IS 'too_early (final_at is to come, or a group has fewer than needed), a_better or b_better (the limits of the difference leave out 0), or no_difference_shown';
$leadflow_text$
WHEN 'content_catalogue' THEN $leadflow_text$CREATE OR REPLACE VIEW content_catalogue AS
SELECT COALESCE(c.title, u.content) AS title,
       c.kind,
       c.url,
       c.stage::text AS stage,
       c.persona,
       c.segment,
       c.language,
       c.owner,
       c.updated_on,
       f.review_on,
       CASE WHEN c.title IS NULL THEN 'not_catalogued'
            WHEN NOT c.active THEN 'retired'
            WHEN f.review_on <= (SELECT leadflow.clock())::date THEN 'review_due'
            ELSE 'fresh' END AS state,
       COALESCE(u.touches, 0) AS touches,
       COALESCE(e.leads, 0) AS leads,
       u.last_used_at,
       COALESCE(r.delivered, 0) AS delivered,
       e.used_at_stage,
       e.sal_of,
       e.sal_share,
       e.sal_share_others,
       e.won_of,
       e.won_share,
       e.won_share_low,
       e.won_share_high,
       e.won_share_others
FROM content c
FULL JOIN (SELECT t.content, pg_catalog.count(*) AS touches, pg_catalog.max(t.at) AS last_used_at
           FROM touch t
           WHERE t.content IS NOT NULL AND t.at <= (SELECT leadflow.clock())
               AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
           GROUP BY t.content) u ON u.content = c.title
LEFT JOIN content_effect e ON e.level = 'content' AND e.name = COALESCE(c.title, u.content)
LEFT JOIN (SELECT q.content, pg_catalog.count(*) AS delivered
           FROM content_request q
           WHERE q.content IS NOT NULL AND q.answered_at <= (SELECT leadflow.clock())
           GROUP BY q.content) r ON r.content = c.title
LEFT JOIN LATERAL (SELECT (LEAST(c.updated_on, '9999-12-31'::date) + c.review_after)::date AS review_on WHERE c.title IS NOT NULL) f ON true;
COMMENT ON VIEW content_catalogue IS 'Every content that is in the catalogue or was used: whether it is fresh, how often it is used, and what became of those who were in touch with it beside others of their origins (content_effect), as known at leadflow.clock(). It compares, and does not prove. Leads in lead_outside are left out.';
COMMENT ON COLUMN content_catalogue.title IS 'title of the content';
COMMENT ON COLUMN content_catalogue.kind IS 'kind; null, as what follows up to review_on, where it is not in the catalogue';
COMMENT ON COLUMN content_catalogue.url IS 'where it is';
COMMENT ON COLUMN content_catalogue.stage IS 'stage that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.persona IS 'persona that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.segment IS 'segment that it is made for; null for any';
COMMENT ON COLUMN content_catalogue.language IS 'its language';
COMMENT ON COLUMN content_catalogue.owner IS 'team member who keeps it';
COMMENT ON COLUMN content_catalogue.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN content_catalogue.review_on IS 'from which day on it is to be reviewed';
COMMENT ON COLUMN content_catalogue.state IS 'fresh, review_due, retired, or not_catalogued';
COMMENT ON COLUMN content_catalogue.touches IS 'number of touches with it';
COMMENT ON COLUMN content_catalogue.leads IS 'number of leads that were in touch with it; 0 for what nobody uses';
COMMENT ON COLUMN content_catalogue.last_used_at IS 'the latest touch with it; null for none';
COMMENT ON COLUMN content_catalogue.delivered IS 'how often it answered a content_request';
COMMENT ON COLUMN content_catalogue.used_at_stage IS 'furthest stage that most leads had reached at the first touch; null, here and below, where there are no leads';
COMMENT ON COLUMN content_catalogue.sal_of IS 'leads of 90 days ago or longer that sales had not accepted before';
COMMENT ON COLUMN content_catalogue.sal_share IS 'share of these that were accepted within 90 days, 0..1';
COMMENT ON COLUMN content_catalogue.sal_share_others IS 'the same of leads of their origins that never were in touch with it';
COMMENT ON COLUMN content_catalogue.won_of IS 'leads of 90 days ago or longer that had not been won before';
COMMENT ON COLUMN content_catalogue.won_share IS 'share of these that were won within 90 days, 0..1';
COMMENT ON COLUMN content_catalogue.won_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN content_catalogue.won_share_high IS 'upper limit of it';
COMMENT ON COLUMN content_catalogue.won_share_others IS 'the same of leads of their origins that never were in touch with it';
$leadflow_text$
WHEN 'battlecard_freshness' THEN $leadflow_text$CREATE OR REPLACE VIEW battlecard_freshness AS
SELECT b.battlecard,
       b.persona,
       b.scenario,
       b.competitor,
       b.objection,
       b.owner,
       b.updated_on,
       r.review_on,
       CASE WHEN NOT b.active THEN 'retired'
            WHEN f.not_helped > 0 THEN 'feedback_waits'
            WHEN r.review_on <= (SELECT leadflow.clock())::date THEN 'review_due'
            ELSE 'fresh' END AS state,
       f.feedback,
       f.not_helped,
       h.used,
       h.last_used_at,
       h.judged,
       h.overcome,
       (h.overcome::numeric / NULLIF(h.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high
FROM battlecard b
CROSS JOIN LATERAL (SELECT (LEAST(b.updated_on, '9999-12-31'::date) + b.review_after)::date AS review_on) r
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS feedback, pg_catalog.count(*) FILTER (WHERE NOT f.helped) AS not_helped
                    FROM battlecard_feedback f
                    WHERE f.battlecard = b.battlecard AND f.at >= LEAST(b.updated_on, '9999-12-31'::date) + 1 AND f.at <= (SELECT leadflow.clock())) f
LEFT JOIN (SELECT h.battlecard, pg_catalog.count(*) AS uses,
                  pg_catalog.max(h.at) AS last_used_at,
                  pg_catalog.count(h.overcome) AS judged,
                  pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome
           FROM objection_heard h
           LEFT JOIN opportunity o ON o.id = h.opportunity_id
           WHERE h.battlecard IS NOT NULL AND h.at <= (SELECT leadflow.clock())
               AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(h.lead_id, o.lead_id))
           GROUP BY h.battlecard) u ON u.battlecard = b.battlecard
CROSS JOIN LATERAL (SELECT COALESCE(u.uses, 0) AS used, u.last_used_at, COALESCE(u.judged, 0) AS judged, COALESCE(u.overcome, 0) AS overcome) h
LEFT JOIN LATERAL leadflow.share_interval(h.overcome, h.judged) i ON true;
COMMENT ON VIEW battlecard_freshness IS 'Which battlecards are to be brought up to date, because they are old or because they did not help since, and how those that are used do, as known at leadflow.clock(). Leads in lead_outside are left out of the use.';
COMMENT ON COLUMN battlecard_freshness.battlecard IS 'code of the card';
COMMENT ON COLUMN battlecard_freshness.persona IS 'persona that it is for; null for any';
COMMENT ON COLUMN battlecard_freshness.scenario IS 'the situation';
COMMENT ON COLUMN battlecard_freshness.competitor IS 'competitor that it is about; null for none';
COMMENT ON COLUMN battlecard_freshness.objection IS 'objection that it answers; null for none';
COMMENT ON COLUMN battlecard_freshness.owner IS 'team member who keeps it';
COMMENT ON COLUMN battlecard_freshness.updated_on IS 'when it was last brought up to date';
COMMENT ON COLUMN battlecard_freshness.review_on IS 'from which day on it is to be reviewed';
COMMENT ON COLUMN battlecard_freshness.state IS 'retired, feedback_waits (it did not help since the day of its update), review_due or fresh';
COMMENT ON COLUMN battlecard_freshness.feedback IS 'how much was said about it after the day of its update';
COMMENT ON COLUMN battlecard_freshness.not_helped IS 'how much of that says that it did not help';
COMMENT ON COLUMN battlecard_freshness.used IS 'how often it was used to answer an objection';
COMMENT ON COLUMN battlecard_freshness.last_used_at IS 'when last; null for never';
COMMENT ON COLUMN battlecard_freshness.judged IS 'of how many of these uses it is known what came after';
COMMENT ON COLUMN battlecard_freshness.overcome IS 'after how many of those the buyer went on';
COMMENT ON COLUMN battlecard_freshness.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN battlecard_freshness.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN battlecard_freshness.overcome_share_high IS 'upper limit of it';
$leadflow_text$
WHEN 'content_requests' THEN $leadflow_text$CREATE OR REPLACE VIEW content_requests AS
SELECT q.id AS request_id,
       q.asked_at,
       q.asked_by,
       q.lead_id,
       q.opportunity_id,
       q.persona,
       q.stage::text AS stage,
       q.kind,
       q.needed_by,
       CASE WHEN a.answered_at IS NULL THEN CASE WHEN q.needed_by < (SELECT leadflow.clock())::date THEN 'late' ELSE 'open' END
            WHEN q.content IS NULL THEN 'declined'
            WHEN a.answered_at >= q.needed_by + 1 THEN 'delivered_late'
            ELSE 'delivered' END AS state,
       leadflow.seconds(COALESCE(a.answered_at, (SELECT leadflow.clock())) - q.asked_at) AS waited_seconds,
       a.answered_at,
       CASE WHEN a.answered_at IS NOT NULL THEN q.content END AS content,
       CASE WHEN a.answered_at IS NOT NULL THEN q.outcome END AS outcome
FROM content_request q
LEFT JOIN opportunity o ON o.id = q.opportunity_id
CROSS JOIN LATERAL (SELECT CASE WHEN q.answered_at <= (SELECT leadflow.clock()) THEN q.answered_at END AS answered_at) a
WHERE q.asked_at <= (SELECT leadflow.clock())
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(q.lead_id, o.lead_id));
COMMENT ON VIEW content_requests IS 'Contents that sales asked for, and what became of it, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN content_requests.request_id IS 'number of the request (content_request.id)';
COMMENT ON COLUMN content_requests.asked_at IS 'when it was asked for';
COMMENT ON COLUMN content_requests.asked_by IS 'who asked';
COMMENT ON COLUMN content_requests.lead_id IS 'lead that it is for';
COMMENT ON COLUMN content_requests.opportunity_id IS 'deal that it is for';
COMMENT ON COLUMN content_requests.persona IS 'type of the buyer';
COMMENT ON COLUMN content_requests.stage IS 'where the buyer is';
COMMENT ON COLUMN content_requests.kind IS 'kind of content';
COMMENT ON COLUMN content_requests.needed_by IS 'day by which it is needed; null for none';
COMMENT ON COLUMN content_requests.state IS 'open, late (not answered, and needed_by is over), delivered, delivered_late or declined';
COMMENT ON COLUMN content_requests.waited_seconds IS 'time until the answer, or so far: elapsed, whole seconds, rounded down';
COMMENT ON COLUMN content_requests.answered_at IS 'when marketing answered; null for not yet';
COMMENT ON COLUMN content_requests.content IS 'content that was delivered; null for none';
COMMENT ON COLUMN content_requests.outcome IS 'used or not_used; null for not known';
$leadflow_text$
WHEN 'content_request_effect' THEN $leadflow_text$CREATE OR REPLACE VIEW content_request_effect AS
WITH asked AS (
    -- a deal was served where any of its requests was, before the deal was decided
    SELECT g.kind, d.opportunity_id, d.outcome = 'won' AS won, pg_catalog.bool_or(q.content IS NOT NULL AND q.answered_at <= d.closed_at) AS met
    FROM (SELECT q.kind, q.content, q.asked_at, q.answered_at, q.opportunity_id
          FROM content_request q
          WHERE q.opportunity_id IS NOT NULL
          UNION ALL
          SELECT q.kind, q.content, q.asked_at, q.answered_at, o.id AS opportunity_id
          FROM content_request q
          JOIN opportunity o ON o.lead_id = q.lead_id
          WHERE q.opportunity_id IS NULL) q
    JOIN deal d ON d.opportunity_id = q.opportunity_id AND d.outcome IN ('won', 'lost') AND q.asked_at <= d.closed_at
    CROSS JOIN LATERAL (VALUES (q.kind), ('*'::text)) g (kind)
    GROUP BY g.kind, d.opportunity_id, d.outcome
), counted AS (
    SELECT a.kind,
           pg_catalog.count(*) FILTER (WHERE a.met) AS met,
           pg_catalog.count(*) FILTER (WHERE a.met AND a.won) AS met_won,
           pg_catalog.count(*) FILTER (WHERE a.met IS NOT TRUE) AS unmet,
           pg_catalog.count(*) FILTER (WHERE a.met IS NOT TRUE AND a.won) AS unmet_won
    FROM asked a
    GROUP BY a.kind
)
SELECT c.kind,
       c.met,
       c.met_won,
       (c.met_won::numeric / NULLIF(c.met, 0))::numeric(9,6) AS met_win_rate,
       m.low::numeric(9,6) AS met_win_rate_low,
       m.high::numeric(9,6) AS met_win_rate_high,
       c.unmet,
       c.unmet_won,
       (c.unmet_won::numeric / NULLIF(c.unmet, 0))::numeric(9,6) AS unmet_win_rate,
       u.low::numeric(9,6) AS unmet_win_rate_low,
       u.high::numeric(9,6) AS unmet_win_rate_high,
       (c.met_won::numeric / NULLIF(c.met, 0) - c.unmet_won::numeric / NULLIF(c.unmet, 0))::numeric(9,6) AS difference,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       CASE WHEN LEAST(c.met, c.unmet) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'won_more_often'
            WHEN d.high < 0 THEN 'won_less_often'
            ELSE 'no_difference_shown' END AS finding
FROM counted c
LEFT JOIN LATERAL leadflow.share_interval(c.met_won, c.met) m ON true
LEFT JOIN LATERAL leadflow.share_interval(c.unmet_won, c.unmet) u ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.met_won, c.met, c.unmet_won, c.unmet) d ON true;
COMMENT ON VIEW content_request_effect IS 'Whether deals for which sales got the content that it asked for were won more often than those for which it did not, as known at leadflow.clock(). A deal''s requests are its own and those of its lead that were made before it was decided. It compares, and does not prove. Void deals and those of leads in lead_outside are left out.';
COMMENT ON COLUMN content_request_effect.kind IS 'kind of content; * for all';
COMMENT ON COLUMN content_request_effect.met IS 'number of decided deals with a request that was met before the decision';
COMMENT ON COLUMN content_request_effect.met_won IS 'how many of them were won';
COMMENT ON COLUMN content_request_effect.met_win_rate IS 'met_won / met, 0..1; null where there are none';
COMMENT ON COLUMN content_request_effect.met_win_rate_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN content_request_effect.met_win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.unmet IS 'number of decided deals with requests none of which was met in time';
COMMENT ON COLUMN content_request_effect.unmet_won IS 'how many of them were won';
COMMENT ON COLUMN content_request_effect.unmet_win_rate IS 'unmet_won / unmet, 0..1; null where there are none';
COMMENT ON COLUMN content_request_effect.unmet_win_rate_low IS 'lower limit of it';
COMMENT ON COLUMN content_request_effect.unmet_win_rate_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.difference IS 'met_win_rate - unmet_win_rate, -1..1; null where either is';
COMMENT ON COLUMN content_request_effect.difference_low IS 'lower limit of it (leadflow.difference_interval)';
COMMENT ON COLUMN content_request_effect.difference_high IS 'upper limit of it';
COMMENT ON COLUMN content_request_effect.finding IS 'won_more_often or won_less_often (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 deals on either side';
$leadflow_text$
WHEN 'objections' THEN $leadflow_text$CREATE OR REPLACE VIEW objections AS
WITH heard AS (
    SELECT h.objection, COALESCE(h.lead_id, o.lead_id) AS lead_id, h.opportunity_id, h.at, h.overcome, COALESCE(o.segment, l.segment) AS segment, false AS moves
    FROM objection_heard h
    LEFT JOIN opportunity o ON o.id = h.opportunity_id
    LEFT JOIN lead l ON l.id = COALESCE(h.lead_id, o.lead_id)
    WHERE h.at <= (SELECT leadflow.clock())
    UNION ALL
    -- a verdict moves the lead at its own instant
    SELECT c.code AS objection, v.lead_id, NULL::bigint AS opportunity_id, v.at, NULL::boolean AS overcome, v.segment, true AS moves
    FROM verdict v
    CROSS JOIN LATERAL pg_catalog.unnest(v.objections) c (code)
    WHERE v.at <= (SELECT leadflow.clock())
), counted AS (
    SELECT g.dimension, g.dimension_value, h.objection,
           pg_catalog.count(*) AS heard,
           pg_catalog.count(DISTINCT COALESCE('lead ' || h.lead_id, 'opportunity ' || h.opportunity_id)) AS leads,
           pg_catalog.count(h.overcome) AS judged,
           pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome,
           pg_catalog.max(h.at) AS last_heard_at
    FROM heard h
    LEFT JOIN LATERAL (SELECT leadflow.base(e.to_stage)::text AS stage
                       FROM stage_event e
                       WHERE e.lead_id = h.lead_id AND e.opportunity_id IS NULL AND (e.at < h.at OR e.at = h.at AND NOT h.moves)
                       ORDER BY e.at DESC, e.id DESC
                       LIMIT 1) s ON true
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('segment', h.segment), ('stage', s.stage)) g (dimension, dimension_value)
    WHERE NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = h.lead_id)
    GROUP BY g.dimension, g.dimension_value, h.objection
)
SELECT c.dimension,
       c.dimension_value,
       c.objection,
       b.labels ->> 'en' AS label_en,
       c.heard,
       (c.heard / pg_catalog.sum(c.heard) OVER (PARTITION BY c.dimension, c.dimension_value))::numeric(9,6) AS share,
       c.leads,
       c.judged,
       c.overcome,
       (c.overcome::numeric / NULLIF(c.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high,
       c.last_heard_at
FROM counted c
LEFT JOIN objection b ON b.code = c.objection
LEFT JOIN LATERAL leadflow.share_interval(c.overcome, c.judged) i ON true;
COMMENT ON VIEW objections IS 'Which objections are heard most often, by segment and by stage, and how many are overcome, as known at leadflow.clock(): those of objection_heard and those that verdicts name. Leads in lead_outside are left out.';
COMMENT ON COLUMN objections.dimension IS 'total, segment (of the deal, else of the lead) or stage';
COMMENT ON COLUMN objections.dimension_value IS 'which one: the stage of the spine that the lead was in; * for the total, null where it is not known';
COMMENT ON COLUMN objections.objection IS 'code of the objection';
COMMENT ON COLUMN objections.label_en IS 'the same in English, as the catalogue has it';
COMMENT ON COLUMN objections.heard IS 'how often it was heard';
COMMENT ON COLUMN objections.share IS 'share of all that was heard in this dimension_value, 0..1';
COMMENT ON COLUMN objections.leads IS 'number of leads, or of deals without one, that raised it';
COMMENT ON COLUMN objections.judged IS 'how often it is known what came after';
COMMENT ON COLUMN objections.overcome IS 'how often the buyer went on';
COMMENT ON COLUMN objections.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN objections.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN objections.overcome_share_high IS 'upper limit of it';
COMMENT ON COLUMN objections.last_heard_at IS 'when it was last heard';
$leadflow_text$
WHEN 'keywords_heard' THEN $leadflow_text$CREATE OR REPLACE VIEW keywords_heard AS
WITH said AS MATERIALIZED (
    SELECT s.touch_id, t.at, t.lead_id, pg_catalog.date_trunc('month', t.at)::date AS month, t.kind, l.segment,
           CASE WHEN h.won THEN 'won' WHEN h.stage <@ 'nurture' OR h.stage >= 'visitor' THEN 'open' WHEN h.stage IS NOT NULL THEN 'lost' END AS result
    FROM transcript s
    JOIN touch t ON t.id = s.touch_id
    LEFT JOIN lead l ON l.id = t.lead_id
    LEFT JOIN LATERAL (SELECT pg_catalog.bool_or(e.to_stage >= 'won') AS won, (pg_catalog.array_agg(e.to_stage ORDER BY e.at DESC, e.id DESC))[1] AS stage
                       FROM stage_event e
                       WHERE e.lead_id = t.lead_id AND e.opportunity_id IS NULL AND e.at <= (SELECT leadflow.clock())) h ON true
    WHERE t.at <= (SELECT leadflow.clock()) AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = t.lead_id)
        AND t.id IN (SELECT v.id FROM visible_touch v)
), listened AS (
    SELECT s.month, g.dimension, g.dimension_value, pg_catalog.count(*) AS transcripts
    FROM said s
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', s.kind), ('segment', s.segment), ('result', s.result)) g (dimension, dimension_value)
    GROUP BY s.month, g.dimension, g.dimension_value
), heard AS (
    SELECT k.keyword, s.month, g.dimension, g.dimension_value,
           pg_catalog.count(*) AS heard, pg_catalog.count(DISTINCT s.lead_id) AS leads, pg_catalog.max(s.at) AS last_heard_at
    FROM keyword k
    JOIN transcript c ON c.search @@ leadflow.phrase_query(k.phrases)
    JOIN said s ON s.touch_id = c.touch_id
    CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('kind', s.kind), ('segment', s.segment), ('result', s.result)) g (dimension, dimension_value)
    WHERE k.active
    GROUP BY k.keyword, s.month, g.dimension, g.dimension_value
)
SELECT l.month,
       l.dimension,
       l.dimension_value,
       k.keyword,
       k.meaning,
       k.objection,
       l.transcripts,
       COALESCE(h.heard, 0) AS heard,
       (COALESCE(h.heard, 0)::numeric / l.transcripts)::numeric(9,6) AS heard_share,
       COALESCE(h.leads, 0) AS leads,
       h.last_heard_at
FROM listened l
CROSS JOIN keyword k
LEFT JOIN heard h ON h.keyword = k.keyword AND h.month = l.month AND h.dimension = l.dimension AND h.dimension_value IS NOT DISTINCT FROM l.dimension_value
WHERE k.active
ORDER BY l.month, CASE l.dimension WHEN 'total' THEN 1 WHEN 'kind' THEN 2 WHEN 'segment' THEN 3 ELSE 4 END, l.dimension_value, k.keyword;
COMMENT ON VIEW keywords_heard IS 'In how many transcripts of a month each keyword was heard, in all, by kind of touch, by segment and by what became of the lead, as known at leadflow.clock(). Counts may be added up over months, but leads may not. Leads in lead_outside are left out.';
COMMENT ON COLUMN keywords_heard.month IS 'first day of the month of the touches, in the session''s time zone';
COMMENT ON COLUMN keywords_heard.dimension IS 'total, kind (of the touch), segment (of the lead) or result';
COMMENT ON COLUMN keywords_heard.dimension_value IS 'which one: of results won (the lead ever was), lost (it was sent off) or open; * for the total, null where there is none';
COMMENT ON COLUMN keywords_heard.keyword IS 'code of the keyword';
COMMENT ON COLUMN keywords_heard.meaning IS 'what it tells';
COMMENT ON COLUMN keywords_heard.objection IS 'objection that it is a sign of; null for none';
COMMENT ON COLUMN keywords_heard.transcripts IS 'number of transcripts';
COMMENT ON COLUMN keywords_heard.heard IS 'in how many of them it was heard, once or more';
COMMENT ON COLUMN keywords_heard.heard_share IS 'heard / transcripts, 0..1';
COMMENT ON COLUMN keywords_heard.leads IS 'number of leads that it was heard from';
COMMENT ON COLUMN keywords_heard.last_heard_at IS 'when it was last heard; null for never';
$leadflow_text$
WHEN 'objection_answers' THEN $leadflow_text$CREATE OR REPLACE VIEW objection_answers AS
SELECT c.objection,
       c.battlecard,
       c.answer,
       c.used,
       c.judged,
       c.overcome,
       (c.overcome::numeric / NULLIF(c.judged, 0))::numeric(9,6) AS overcome_share,
       i.low::numeric(9,6) AS overcome_share_low,
       i.high::numeric(9,6) AS overcome_share_high,
       c.others_judged,
       c.others_overcome,
       (c.others_overcome::numeric / NULLIF(c.others_judged, 0))::numeric(9,6) AS others_overcome_share,
       d.low::numeric(9,6) AS difference_low,
       d.high::numeric(9,6) AS difference_high,
       CASE WHEN LEAST(c.judged, c.others_judged) < 30 THEN 'too_early'
            WHEN d.low > 0 THEN 'works_better'
            WHEN d.high < 0 THEN 'works_worse'
            ELSE 'no_difference_shown' END AS finding
FROM (SELECT c.objection, c.battlecard, c.answer, c.used, c.judged, c.overcome,
             (pg_catalog.sum(c.judged) OVER same - c.judged)::bigint AS others_judged,
             (pg_catalog.sum(c.overcome) OVER same - c.overcome)::bigint AS others_overcome
      FROM (SELECT h.objection, h.battlecard, h.answer,
                   pg_catalog.count(*) AS used,
                   pg_catalog.count(h.overcome) AS judged,
                   pg_catalog.count(*) FILTER (WHERE h.overcome) AS overcome
            FROM (SELECT h.objection, h.battlecard, CASE WHEN h.battlecard IS NULL THEN h.answer END AS answer, h.overcome
                  FROM objection_heard h
                  LEFT JOIN opportunity o ON o.id = h.opportunity_id
                  WHERE h.at <= (SELECT leadflow.clock())
                      AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = COALESCE(h.lead_id, o.lead_id))) h
            GROUP BY h.objection, h.battlecard, h.answer) c
      WINDOW same AS (PARTITION BY c.objection)) c
LEFT JOIN LATERAL leadflow.share_interval(c.overcome, c.judged) i ON true
LEFT JOIN LATERAL leadflow.difference_interval(c.overcome, c.judged, c.others_overcome, c.others_judged) d ON true;
COMMENT ON VIEW objection_answers IS 'Which answers to an objection worked: how often the buyer went on after each, beside all other answers to the same objection, as known at leadflow.clock(). Leads in lead_outside are left out.';
COMMENT ON COLUMN objection_answers.objection IS 'code of the objection';
COMMENT ON COLUMN objection_answers.battlecard IS 'battlecard that was used; null for none';
COMMENT ON COLUMN objection_answers.answer IS 'answer that was given without a battlecard; null, with battlecard, where none was noted';
COMMENT ON COLUMN objection_answers.used IS 'how often';
COMMENT ON COLUMN objection_answers.judged IS 'how often it is known what came after';
COMMENT ON COLUMN objection_answers.overcome IS 'how often the buyer went on';
COMMENT ON COLUMN objection_answers.overcome_share IS 'overcome / judged, 0..1; null where none is judged';
COMMENT ON COLUMN objection_answers.overcome_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN objection_answers.overcome_share_high IS 'upper limit of it';
COMMENT ON COLUMN objection_answers.others_judged IS 'judged of all other answers to the objection';
COMMENT ON COLUMN objection_answers.others_overcome IS 'overcome of all other answers to the objection';
COMMENT ON COLUMN objection_answers.others_overcome_share IS 'others_overcome / others_judged, 0..1; null where none is judged';
COMMENT ON COLUMN objection_answers.difference_low IS 'lower limit of the difference of both shares (leadflow.difference_interval)';
COMMENT ON COLUMN objection_answers.difference_high IS 'upper limit of it';
COMMENT ON COLUMN objection_answers.finding IS 'works_better or works_worse (the limits of the difference leave out 0), no_difference_shown, or too_early: fewer than 30 are judged on either side';
$leadflow_text$
WHEN 'lessons_open' THEN $leadflow_text$CREATE OR REPLACE VIEW lessons_open AS
SELECT CASE WHEN l.id IS NULL THEN 'debrief_without_lesson' ELSE 'action' END AS what,
       d.id AS debrief_id,
       l.id AS lesson_id,
       d.opportunity_id,
       d.campaign_id,
       d.at AS held_at,
       COALESCE(l.lesson, d.conclusions) AS lesson,
       l.action,
       COALESCE(l.owner, pg_catalog.array_to_string(d.held_by, ', ')) AS owner,
       l.segment,
       l.persona,
       l.due,
       CASE WHEN l.due IS NOT NULL THEN GREATEST((SELECT leadflow.clock())::date - l.due, 0) END::bigint AS days_late
FROM debrief d
LEFT JOIN lesson l ON l.debrief_id = d.id
LEFT JOIN opportunity o ON o.id = d.opportunity_id
WHERE d.at <= (SELECT leadflow.clock())
    AND (l.done_at > (SELECT leadflow.clock()) OR l.done_at IS NULL)
    AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = o.lead_id);
COMMENT ON VIEW lessons_open IS 'What was learnt and is not done yet, as known at leadflow.clock(), and debriefs of which nothing follows. Deals of leads in lead_outside are left out.';
COMMENT ON COLUMN lessons_open.what IS 'action (a lesson whose action is not done) or debrief_without_lesson';
COMMENT ON COLUMN lessons_open.debrief_id IS 'the debrief';
COMMENT ON COLUMN lessons_open.lesson_id IS 'the lesson; null where there is none';
COMMENT ON COLUMN lessons_open.opportunity_id IS 'deal that was talked about';
COMMENT ON COLUMN lessons_open.campaign_id IS 'campaign that was talked about';
COMMENT ON COLUMN lessons_open.held_at IS 'when the debrief was held';
COMMENT ON COLUMN lessons_open.lesson IS 'the lesson, or the conclusions of the debrief';
COMMENT ON COLUMN lessons_open.action IS 'what is to be done; null where nothing was agreed';
COMMENT ON COLUMN lessons_open.owner IS 'who does it, or who took part in the debrief';
COMMENT ON COLUMN lessons_open.segment IS 'segment that the lesson holds for; null for all';
COMMENT ON COLUMN lessons_open.persona IS 'persona that it holds for; null for all';
COMMENT ON COLUMN lessons_open.due IS 'by which day; null where nothing was agreed';
COMMENT ON COLUMN lessons_open.days_late IS 'days since then, 0 for not late; null where nothing was agreed';
$leadflow_text$
WHEN 'unapproved_promises' THEN $leadflow_text$-- Wording is compared in small letters, with spaces and marks taken as one space.
CREATE OR REPLACE VIEW unapproved_promises AS
WITH approved AS (
    SELECT pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.lower(c.phrase), '[[:space:].,:!?"''()-]+', ' ', 'g')) AS wording,
           c.segments, c.approved_on, c.valid_until
    FROM claim c
    WHERE c.active AND c.kind = 'promise'
), promised AS (
    SELECT l.id AS lead_id, l.owner, l.campaign_id, l.segment, l.stage::text AS stage, pg_catalog.btrim(p.promise) AS promise,
           pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.lower(p.promise), '[[:space:].,:!?"''()-]+', ' ', 'g')) AS wording
    FROM lead l
    CROSS JOIN LATERAL pg_catalog.regexp_split_to_table(l.promised, '[;\n]+') p (promise)
    WHERE l.stage >= 'visitor' AND NOT EXISTS (SELECT FROM lead_outside x WHERE x.lead_id = l.id)
), wording AS (
    -- a wording that many packets hold is looked up once
    SELECT w.wording, w.segment,
           pg_catalog.bool_or((a.segments IS NULL OR w.segment = ANY (a.segments)) AND a.now) AS approved,
           pg_catalog.bool_or((a.segments IS NULL OR w.segment = ANY (a.segments)) AND NOT a.now) AS other_time,
           pg_catalog.bool_or(a.now) AS other_audience
    FROM (SELECT DISTINCT p.wording, p.segment FROM promised p WHERE p.wording <> '') w
    LEFT JOIN (SELECT a.wording, a.segments,
                      COALESCE(a.approved_on <= (SELECT leadflow.clock())::date, true) AND COALESCE(a.valid_until >= (SELECT leadflow.clock())::date, true) AS now
               FROM approved a) a ON a.wording = w.wording
    GROUP BY w.wording, w.segment
)
SELECT p.lead_id,
       d.opportunity_id,
       p.owner,
       m.team,
       p.campaign_id,
       p.segment,
       p.stage,
       p.promise,
       CASE WHEN w.other_time THEN 'not_in_force' WHEN w.other_audience THEN 'other_audience' ELSE 'not_approved' END AS finding
FROM promised p
JOIN wording w ON w.wording = p.wording AND w.segment IS NOT DISTINCT FROM p.segment AND w.approved IS NOT TRUE
LEFT JOIN team_member m ON m.member = p.owner
LEFT JOIN deal d ON d.lead_id = p.lead_id AND d.outcome = 'open';
COMMENT ON VIEW unapproved_promises IS 'Promises in the handoff packets of leads on the path (lead.promised) that are no approved claim at leadflow.clock(), with the open deals that they concern. Promises are told apart by ; or a new line; capital letters, spaces and marks make no difference, every word does. Leads in lead_outside are left out.';
COMMENT ON COLUMN unapproved_promises.lead_id IS 'the lead';
COMMENT ON COLUMN unapproved_promises.opportunity_id IS 'an open deal of it; null for none';
COMMENT ON COLUMN unapproved_promises.owner IS 'owner of the lead';
COMMENT ON COLUMN unapproved_promises.team IS 'the owner''s team';
COMMENT ON COLUMN unapproved_promises.campaign_id IS 'campaign of the lead';
COMMENT ON COLUMN unapproved_promises.segment IS 'segment of the lead';
COMMENT ON COLUMN unapproved_promises.stage IS 'the stage that it is in';
COMMENT ON COLUMN unapproved_promises.promise IS 'the promise as it was written';
COMMENT ON COLUMN unapproved_promises.finding IS 'not_in_force (the claim is not valid yet, or no longer), other_audience (it is approved for other segments) or not_approved (no such claim)';
$leadflow_text$
WHEN 'first_contact_opinions' THEN $leadflow_text$CREATE OR REPLACE VIEW first_contact_opinions AS
WITH first_contact AS MATERIALIZED (
    SELECT a.lead_id, a.attempt_at, a.actor
    FROM contact_attempt a
    WHERE a.attempt = 1 AND EXISTS (SELECT FROM opinion)
)
SELECT c.month,
       c.dimension,
       c.dimension_value,
       c.contacted,
       c.opinions,
       (c.opinions::numeric / c.contacted)::numeric(9,6) AS answered_share,
       c.score_average::numeric(4,2) AS score_average,
       c.satisfied,
       (c.satisfied::numeric / NULLIF(c.opinions, 0))::numeric(9,6) AS satisfied_share,
       i.low::numeric(9,6) AS satisfied_share_low,
       i.high::numeric(9,6) AS satisfied_share_high,
       c.dissatisfied
FROM (SELECT f.month, g.dimension, g.dimension_value,
             pg_catalog.sum(f.contacted)::bigint AS contacted,
             pg_catalog.sum(f.opinions)::bigint AS opinions,
             pg_catalog.sum(f.score) / NULLIF(pg_catalog.sum(f.opinions), 0) AS score_average,
             pg_catalog.sum(f.satisfied)::bigint AS satisfied,
             pg_catalog.sum(f.dissatisfied)::bigint AS dissatisfied
      FROM (SELECT pg_catalog.date_trunc('month', a.attempt_at)::date AS month, m.team, l.campaign_id,
                   pg_catalog.count(*) AS contacted,
                   pg_catalog.count(p.score) AS opinions,
                   pg_catalog.sum(p.score) AS score,
                   pg_catalog.count(*) FILTER (WHERE p.score >= 4) AS satisfied,
                   pg_catalog.count(*) FILTER (WHERE p.score <= 2) AS dissatisfied
            FROM first_contact a
            JOIN lead l ON l.id = a.lead_id
            LEFT JOIN team_member m ON m.member = COALESCE(a.actor, l.owner)
            -- the first that the lead said after it
            LEFT JOIN (SELECT DISTINCT ON (p.lead_id) p.lead_id, p.score
                       FROM opinion p
                       JOIN first_contact f ON f.lead_id = p.lead_id AND f.attempt_at <= p.at
                       WHERE p.at <= (SELECT leadflow.clock())
                       ORDER BY p.lead_id, p.at, p.id) p ON p.lead_id = a.lead_id
            GROUP BY pg_catalog.date_trunc('month', a.attempt_at)::date, m.team, l.campaign_id) f
      CROSS JOIN LATERAL (VALUES ('total'::text, '*'::text), ('team', f.team), ('campaign', f.campaign_id::text)) g (dimension, dimension_value)
      GROUP BY f.month, g.dimension, g.dimension_value) c
LEFT JOIN LATERAL leadflow.share_interval(c.satisfied, c.opinions) i ON true;
COMMENT ON VIEW first_contact_opinions IS 'What leads think of the first contact with us, by month of that contact, team and campaign, as known at leadflow.clock(). Of each lead its first opinion after the first attempt counts. Empty where opinions are not collected. Leads in lead_outside are left out.';
COMMENT ON COLUMN first_contact_opinions.month IS 'first day of the month of the first attempt, in the session''s time zone';
COMMENT ON COLUMN first_contact_opinions.dimension IS 'total, team (of who made the attempt, else of the owner now) or campaign (of the lead now)';
COMMENT ON COLUMN first_contact_opinions.dimension_value IS 'which one; the number of a campaign as text; * for the total, null where there is none';
COMMENT ON COLUMN first_contact_opinions.contacted IS 'number of leads that were contacted for the first time';
COMMENT ON COLUMN first_contact_opinions.opinions IS 'how many of them gave an opinion';
COMMENT ON COLUMN first_contact_opinions.answered_share IS 'opinions / contacted, 0..1: where it is low, who answers may not be like the others';
COMMENT ON COLUMN first_contact_opinions.score_average IS 'average score, 1..5; null where there are no opinions';
COMMENT ON COLUMN first_contact_opinions.satisfied IS 'how many gave 4 or 5';
COMMENT ON COLUMN first_contact_opinions.satisfied_share IS 'satisfied / opinions, 0..1; null where there are none';
COMMENT ON COLUMN first_contact_opinions.satisfied_share_low IS 'lower limit of it (leadflow.share_interval)';
COMMENT ON COLUMN first_contact_opinions.satisfied_share_high IS 'upper limit of it';
COMMENT ON COLUMN first_contact_opinions.dissatisfied IS 'how many gave 1 or 2';
$leadflow_text$
WHEN 'proposals' THEN $leadflow_text$CREATE OR REPLACE VIEW proposals AS
WITH said AS (
    SELECT d.proposal_id,
           pg_catalog.array_agg(DISTINCT d.department) FILTER (WHERE d.decision = 'approve') AS agreed,
           pg_catalog.string_agg(d.actor || ' (' || d.department || ')', ', ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C")
               FILTER (WHERE d.decision = 'approve') AS approved_by,
           pg_catalog.max(d.decided_at) FILTER (WHERE d.decision = 'approve') AS approved_at,
           pg_catalog.min(d.decision) FILTER (WHERE d.decision <> 'approve') AS refusal,
           pg_catalog.max(d.decided_at) FILTER (WHERE d.decision <> 'approve') AS refused_at,
           pg_catalog.string_agg(d.actor, ', ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C") FILTER (WHERE d.decision <> 'approve') AS refused_by,
           pg_catalog.string_agg(d.note, ' ' ORDER BY d.decided_at, d.actor COLLATE pg_catalog."C") AS note
    FROM proposal_decision d
    GROUP BY d.proposal_id
), judged AS (
    SELECT p.*, s.approved_by, s.approved_at, s.refusal, s.refused_at, s.refused_by, s.note,
           'revops' = ANY (s.agreed) OR pg_catalog.cardinality(s.agreed) > 0
               AND COALESCE(c.approved_by, '{marketing,sales}') <@ (s.agreed || COALESCE(p.department, '')) AS is_approved,
           (SELECT pg_catalog.string_agg(o.department, ', ' ORDER BY o.place)
            FROM pg_catalog.unnest(COALESCE(c.approved_by, '{marketing,sales}')) WITH ORDINALITY o (department, place)
            WHERE o.department <> ALL (COALESCE(s.agreed, '{}') || COALESCE(p.department, ''))) AS missing
    FROM proposal p
    LEFT JOIN said s ON s.proposal_id = p.id
    LEFT JOIN review_cycle c ON c.definition = p.definition
)
SELECT j.id,
       j.definition,
       j.operation,
       j.key,
       j.old_row,
       j.new_row,
       j.reason,
       j.proposed_at,
       j.proposed_by,
       j.department,
       CASE WHEN j.applied_at IS NOT NULL THEN 'applied'
            WHEN j.refusal = 'reject' THEN 'rejected'
            WHEN j.refusal = 'withdraw' THEN 'withdrawn'
            WHEN j.is_approved IS NOT TRUE THEN 'proposed'
            WHEN j.fault IS NOT NULL THEN 'failed'
            ELSE 'approved' END AS status,
       j.in_force_from AS in_force_at,
       j.backtest,
       j.backtest_note,
       j.held_up,
       j.approved_by,
       CASE WHEN j.applied_at IS NULL AND j.refusal IS NULL AND j.is_approved IS NOT TRUE
            THEN COALESCE(j.missing, 'somebody else') END AS waits_for,
       CASE WHEN j.refusal IS NOT NULL THEN j.refused_at WHEN j.is_approved THEN j.approved_at END AS decided_at,
       j.refused_by,
       j.note,
       j.applied_at,
       j.applied_by,
       j.applied_version,
       j.fault
FROM judged j
ORDER BY j.id;
COMMENT ON VIEW proposals IS 'Proposed changes of definitions, and where each of them stands. It is approved once every department that review_cycle names has agreed, that of the proposer by proposing, at least one member besides the proposer, or a member of revops alone.';
COMMENT ON COLUMN proposals.id IS 'number of the proposal';
COMMENT ON COLUMN proposals.definition IS 'name of the definition table';
COMMENT ON COLUMN proposals.operation IS 'insert, update or delete';
COMMENT ON COLUMN proposals.key IS 'primary key of the row that is changed; null for insert';
COMMENT ON COLUMN proposals.old_row IS 'the row as it was when the change was proposed; null for insert';
COMMENT ON COLUMN proposals.new_row IS 'the columns that are written, with their values; null for delete';
COMMENT ON COLUMN proposals.reason IS 'why, in words';
COMMENT ON COLUMN proposals.proposed_at IS 'when it was proposed';
COMMENT ON COLUMN proposals.proposed_by IS 'who proposed it';
COMMENT ON COLUMN proposals.department IS 'department of the proposer; null where it is no active team_member';
COMMENT ON COLUMN proposals.status IS 'proposed, approved, applied (in force since applied_at), failed (approved, but it could not be written: see fault), rejected or withdrawn';
COMMENT ON COLUMN proposals.in_force_at IS 'from when it is to be in force';
COMMENT ON COLUMN proposals.backtest IS 'what it would have made of the past; null where there is no back-test';
COMMENT ON COLUMN proposals.backtest_note IS 'why there is no back-test; null where there is one';
COMMENT ON COLUMN proposals.held_up IS 'leads between the stage of a criterion and won that could not take their next step with it as proposed; null for anything else';
COMMENT ON COLUMN proposals.approved_by IS 'who approved it, with departments; null for nobody';
COMMENT ON COLUMN proposals.waits_for IS 'departments that have not agreed yet, or somebody else (than the proposer); null once it is decided';
COMMENT ON COLUMN proposals.decided_at IS 'when it was approved by the last who did, rejected or withdrawn; null while it waits';
COMMENT ON COLUMN proposals.refused_by IS 'who rejected or withdrew it';
COMMENT ON COLUMN proposals.note IS 'what those who decided said';
COMMENT ON COLUMN proposals.applied_at IS 'when it was written to the definition; null while it was not';
COMMENT ON COLUMN proposals.applied_by IS 'role that wrote it';
COMMENT ON COLUMN proposals.applied_version IS 'version of the definitions that it made';
COMMENT ON COLUMN proposals.fault IS 'why it could not be written at the last try; null where nothing stood in the way';
$leadflow_text$
WHEN 'definition_faults' THEN $leadflow_text$CREATE OR REPLACE VIEW definition_faults AS
WITH expression AS (
    SELECT 'standard' AS definition, pg_catalog.jsonb_build_object('object', s.object, 'variant', s.variant, 'stage', s.stage::text, 'criterion', s.criterion) AS key,
           s.object, s.expression, 'boolean'::pg_catalog.regtype AS type
    FROM standard s
    UNION ALL
    SELECT 'sla_policy' AS definition, pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant) AS key, p.object, p.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM sla_policy p
    UNION ALL
    SELECT 'routing_rule' AS definition, pg_catalog.jsonb_build_object('rule', r.rule) AS key, r.object, r.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM routing_rule r
    UNION ALL
    SELECT 'score_rule' AS definition, pg_catalog.jsonb_build_object('rule', r.rule) AS key, r.object, r.expression AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM score_rule r
    UNION ALL
    SELECT 'score_move' AS definition, pg_catalog.jsonb_build_object('code', m.code) AS key, m.object, m.condition AS expression, 'boolean'::pg_catalog.regtype AS type
    FROM score_move m
    UNION ALL
    SELECT 'score_feature' AS definition, pg_catalog.jsonb_build_object('feature', f.feature) AS key, f.object, f.expression, leadflow.feature_type(f.kind) AS type
    FROM score_feature f
), field AS (
    SELECT 'field_owner' AS definition, o.object, o.field
    FROM field_owner o
    UNION ALL
    SELECT 'overwrite_rule' AS definition, r.object, r.field
    FROM overwrite_rule r
), table_of AS (
    SELECT c.relname::text AS object, c.oid
    FROM pg_catalog.pg_class c
    WHERE c.oid IN ('lead'::pg_catalog.regclass, 'opportunity'::pg_catalog.regclass, 'account'::pg_catalog.regclass)
), looser AS (
    SELECT 'standard' AS definition,
           pg_catalog.jsonb_build_object('object', v.object, 'variant', v.variant, 'stage', v.stage::text, 'criterion', v.criterion) AS key,
           pg_catalog.jsonb_build_object('expression', v.expression, 'mode', v.mode) AS written,
           NULL::text AS span_of, NULL::interval AS span,
           pg_catalog.concat_ws(' and ', CASE WHEN g.mode = 'enforce' AND v.mode = 'warn' THEN 'only warns' END,
               CASE WHEN leadflow.may_loosen(g.expression, v.expression) THEN 'may let through what the general one does not' END) AS how
    FROM standard v
    JOIN standard g ON g.object = v.object AND g.stage = v.stage AND g.criterion = v.criterion AND g.variant = '*'
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'stage_definition' AS definition,
           pg_catalog.jsonb_build_object('stage', v.stage::text, 'variant', v.variant) AS key,
           '{}'::jsonb AS written,
           'norm' AS span_of, v.norm AS span,
           CASE WHEN v.norm IS NULL THEN 'has no norm' WHEN v.norm > g.norm THEN 'has a longer norm' ELSE '' END AS how
    FROM stage_definition v
    JOIN stage_definition g ON g.stage = v.stage AND g.variant = '*' AND g.norm IS NOT NULL
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'sla_policy' AS definition,
           pg_catalog.jsonb_build_object('policy', v.policy, 'variant', v.variant) AS key,
           pg_catalog.jsonb_build_object('measure', v.measure, 'attempts', v.attempts, 'channels', v.channels, 'active', v.active, 'condition', v.condition) AS written,
           'target' AS span_of, v.target AS span,
           pg_catalog.concat_ws(' and ', CASE WHEN v.target > g.target THEN 'promises less' END,
               CASE WHEN v.measure = 'working' AND g.measure = 'elapsed' THEN 'counts working time only' END,
               CASE WHEN COALESCE(v.attempts, 1) < COALESCE(g.attempts, 1) OR COALESCE(v.channels, 1) < COALESCE(g.channels, 1) THEN 'asks for fewer attempts' END,
               CASE WHEN v.condition IS NOT NULL AND v.condition IS DISTINCT FROM g.condition THEN 'holds only for some' END,
               CASE WHEN NOT v.active THEN 'is not in use' END) AS how
    FROM sla_policy v
    JOIN sla_policy g ON g.policy = v.policy AND g.variant = '*' AND g.active
    WHERE v.variant <> '*'
    UNION ALL
    SELECT 'transition' AS definition,
           pg_catalog.jsonb_build_object('id', v.id) AS key,
           pg_catalog.jsonb_build_object('variant', v.variant, 'from_stage', v.from_stage::text, 'to_stage', v.to_stage::text, 'reason_required', v.reason_required) AS written,
           NULL::text AS span_of, NULL::interval AS span,
           CASE WHEN g.id IS NULL THEN 'allows a move that is not allowed in general' WHEN g.reason_required AND NOT v.reason_required THEN 'asks for no reason' ELSE '' END AS how
    FROM transition v
    LEFT JOIN LATERAL (SELECT g.id, g.reason_required
                       FROM transition g
                       WHERE g.object = v.object AND g.variant = '*' AND g.to_stage = v.to_stage AND (g.from_stage = v.from_stage OR g.from_stage IS NULL)
                       ORDER BY g.from_stage NULLS LAST, g.id
                       LIMIT 1) g ON true
    WHERE v.variant <> '*'
), history AS (
    SELECT pg_catalog.min(e.at) AS since
    FROM stage_event e
    WHERE e.at <= (SELECT leadflow.clock())
), started AS MATERIALIZED (
    SELECT c.policy, c.variant, pg_catalog.max(c.started_at) AS last_at
    FROM sla_clock c
    WHERE c.started_at <= (SELECT leadflow.clock())
    GROUP BY c.policy, c.variant
), used AS (
    SELECT DISTINCT e.reason
    FROM stage_event e
    WHERE e.reason IS NOT NULL AND e.at <= (SELECT leadflow.clock())
    UNION
    SELECT v.reason
    FROM verdict v
    WHERE v.reason IS NOT NULL AND v.at <= (SELECT leadflow.clock())
)
SELECT f.fault,
       f.definition,
       f.key,
       f.explanation
FROM (
    SELECT 'broken_expression' AS fault, b.definition, b.key,
           pg_catalog.format('%s %s cannot be read any more: %s', b.definition, b.key, b.why) AS explanation
    FROM (SELECT e.definition, e.key, leadflow.expression_fault(t.oid::pg_catalog.regclass, e.expression, e.type) AS why
          FROM expression e
          JOIN table_of t ON t.object = e.object
          WHERE e.expression IS NOT NULL) b
    WHERE b.why IS NOT NULL
    UNION ALL
    SELECT 'field_is_gone' AS fault, d.definition, pg_catalog.jsonb_build_object('object', d.object, 'field', d.field) AS key,
           pg_catalog.format('%s speaks of column %s of %s, which does not exist', d.definition, d.field, d.object) AS explanation
    FROM field d
    JOIN table_of t ON t.object = d.object
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = t.oid AND a.attname = d.field AND a.attnum > 0 AND NOT a.attisdropped)
    UNION ALL
    SELECT 'looser_without_reason' AS fault, l.definition, l.key,
           pg_catalog.format('%s %s %s, and nobody has said why', l.definition, l.key, l.how) AS explanation
    FROM looser l
    WHERE l.how <> '' AND NOT EXISTS (SELECT FROM definition_change c
                                      WHERE c.definition = l.definition AND c.reason IS NOT NULL AND c.new_row @> (l.key || l.written)
                                          -- as a span: how it is written depends on the session
                                          AND (c.new_row ->> l.span_of)::interval IS NOT DISTINCT FROM l.span)
    UNION ALL
    SELECT 'promise_never_starts' AS fault, 'sla_policy' AS definition, pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant) AS key,
           CASE WHEN s.policy IS NOT NULL THEN pg_catalog.format('policy %s is never reached: %s comes first and starts wherever it would', p.policy, s.policy)
                WHEN p.starts_on_stage IS NULL AND NOT k.known THEN pg_catalog.format('policy %s starts on touches of kinds that touch_kind does not have: %s', p.policy, pg_catalog.array_to_string(p.starts_on_touch, ', '))
                ELSE pg_catalog.format('policy %s has not started for 90 days or more', p.policy) END AS explanation
    FROM sla_policy p
    CROSS JOIN history h
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM touch_kind t WHERE t.kind = ANY (p.starts_on_touch)) AS known) k
    LEFT JOIN LATERAL (SELECT e.policy
                       FROM sla_policy e
                       WHERE e.active AND e.object = p.object AND e.metric = p.metric AND e.policy <> p.policy AND e.condition IS NULL
                           AND e.variant = '*' AND NOT EXISTS (SELECT FROM sla_policy o WHERE o.policy = e.policy AND o.variant <> '*')
                           AND (e.position, e.policy COLLATE pg_catalog."C") < (p.position, p.policy COLLATE pg_catalog."C")
                           AND (p.starts_on_stage IS NULL OR p.starts_on_stage = e.starts_on_stage)
                           AND (p.starts_on_touch IS NULL OR p.starts_on_touch <@ e.starts_on_touch)
                       ORDER BY e.position, e.policy COLLATE pg_catalog."C"
                       LIMIT 1) s ON true
    WHERE p.active AND (s.policy IS NOT NULL OR p.starts_on_stage IS NULL AND NOT k.known
        OR h.since <= (SELECT leadflow.clock()) - interval '90 days'
           AND NOT EXISTS (SELECT FROM started c
                           WHERE c.policy = p.policy AND p.variant IN ('*', c.variant) AND c.last_at > (SELECT leadflow.clock()) - interval '90 days')
           AND NOT EXISTS (SELECT FROM definition_change d
                           WHERE d.definition = 'sla_policy' AND d.new_row @> pg_catalog.jsonb_build_object('policy', p.policy, 'variant', p.variant)
                               AND d.changed_at > (SELECT leadflow.clock()) - interval '90 days' AND d.changed_at <= (SELECT leadflow.clock())))
    UNION ALL
    SELECT 'reason_never_used' AS fault, 'reason' AS definition, pg_catalog.jsonb_build_object('code', r.code) AS key,
           pg_catalog.format('nobody has ever given reason %s', r.code) AS explanation
    FROM reason r
    CROSS JOIN history h
    WHERE r.active AND h.since <= (SELECT leadflow.clock()) - interval '180 days'
        AND NOT EXISTS (SELECT FROM used u WHERE u.reason = r.code)
        AND NOT EXISTS (SELECT FROM definition_change d
                        WHERE d.definition = 'reason' AND d.new_row @> pg_catalog.jsonb_build_object('code', r.code)
                            AND d.changed_at > (SELECT leadflow.clock()) - interval '180 days' AND d.changed_at <= (SELECT leadflow.clock()))
) f
ORDER BY f.fault, f.definition, f.key;
COMMENT ON VIEW definition_faults IS 'Definitions that contradict each other, or do nothing. Routing and scores have reports of their own: routing_faults, score_faults.';
COMMENT ON COLUMN definition_faults.fault IS 'broken_expression (it names what no longer exists), field_is_gone, looser_without_reason (a variant asks for less than the general definition, or may, and no definition_change that wrote it gives a reason), promise_never_starts (another policy always comes first, its kinds of touch are unknown, or it has started no clock for 90 days), reason_never_used (for 180 days)';
COMMENT ON COLUMN definition_faults.definition IS 'name of the definition table';
COMMENT ON COLUMN definition_faults.key IS 'primary key of the row';
COMMENT ON COLUMN definition_faults.explanation IS 'the fault in words';
$leadflow_text$
WHEN 'definition_reviews' THEN $leadflow_text$CREATE OR REPLACE VIEW definition_reviews AS
WITH kind AS (
    -- what is recorded is a definition
    SELECT c.relname::text AS definition
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = (SELECT w.relnamespace FROM pg_catalog.pg_class w WHERE w.oid = 'definition_change'::pg_catalog.regclass)
        AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'leadflow_definition_recorder' AND t.tgtype & 1 = 1)
), changed AS (
    SELECT DISTINCT ON (c.definition) c.definition, c.version, c.changed_at, c.actor
    FROM definition_change c
    WHERE c.changed_at <= (SELECT leadflow.clock())
    ORDER BY c.definition, c.version DESC
), looked AS (
    SELECT k.definition,
           COALESCE(r.every, interval '6 months') AS every,
           r.team,
           COALESCE(r.approved_by, '{marketing,sales}') AS approved_by,
           c.version,
           c.changed_at,
           c.actor,
           r.confirmed_on,
           r.confirmed_by,
           COALESCE(GREATEST(c.changed_at, r.confirmed_on::timestamp AT TIME ZONE 'UTC'), (SELECT w.created_at FROM workspace w)) AS looked_at
    FROM kind k
    LEFT JOIN changed c ON c.definition = k.definition
    LEFT JOIN review_cycle r ON r.definition = k.definition
)
SELECT l.definition,
       l.team,
       pg_catalog.array_to_string(l.approved_by, ', ') AS approved_by,
       l.version AS last_version,
       l.changed_at AS last_changed_at,
       l.actor AS last_changed_by,
       l.confirmed_on,
       l.confirmed_by,
       leadflow.seconds(l.every) AS every_seconds,
       l.looked_at + l.every AS due_at,
       l.looked_at + l.every <= (SELECT leadflow.clock()) AS overdue
FROM looked l
ORDER BY l.looked_at + l.every, l.definition;
COMMENT ON VIEW definition_reviews IS 'When each kind of definition is to be looked at again. To change it is to look at it; whoever leaves it as it is writes review_cycle.confirmed_on.';
COMMENT ON COLUMN definition_reviews.definition IS 'name of the definition table';
COMMENT ON COLUMN definition_reviews.team IS 'team that calls the review; null for both departments';
COMMENT ON COLUMN definition_reviews.approved_by IS 'departments that must agree to a change of it';
COMMENT ON COLUMN definition_reviews.last_version IS 'version of the definitions that its last change made; null where it has never changed';
COMMENT ON COLUMN definition_reviews.last_changed_at IS 'when it was last changed';
COMMENT ON COLUMN definition_reviews.last_changed_by IS 'who changed it last';
COMMENT ON COLUMN definition_reviews.confirmed_on IS 'when it was last looked at and left as it is; null for never';
COMMENT ON COLUMN definition_reviews.confirmed_by IS 'who said so';
COMMENT ON COLUMN definition_reviews.every_seconds IS 'longest time between two looks, in seconds';
COMMENT ON COLUMN definition_reviews.due_at IS 'when it is to be looked at again: that long after its last change or confirmation, or after the workspace was created';
COMMENT ON COLUMN definition_reviews.overdue IS 'whether that has passed';
$leadflow_text$
WHEN 'metric_dictionary' THEN $leadflow_text$CREATE OR REPLACE VIEW metric_dictionary AS
WITH shown AS (
    -- where two numbers claim a column, the first
    SELECT DISTINCT ON (s.place) s.place, m.metric, m.unit, m.owner
    FROM metric m
    CROSS JOIN LATERAL pg_catalog.unnest(m.shown_in) s (place)
    ORDER BY s.place, m.position, m.metric
), number AS (
    SELECT c.relname::text AS report,
           a.attname::text AS report_column,
           a.attnum AS position,
           pg_catalog.col_description(c.oid, a.attnum) AS meaning,
           t.typname = 'numeric' AS fraction,
           CASE WHEN a.atttypmod > 0 THEN a.atttypmod - 4 & 65535 END AS digits,
           a.attname::text || '_' AS name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace = (SELECT w.relnamespace FROM workspace x JOIN pg_catalog.pg_class w ON w.oid = x.tableoid)
        AND c.relkind = 'v' AND t.typcategory = 'N'
        -- not what attachments read of the company's tables
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = c.relnamespace AND p.pronargs = 1 AND p.proargtypes[0] = c.reltype)
)
SELECT n.report,
       n.report_column,
       n.position::bigint AS position,
       n.meaning,
       COALESCE(s.unit,
           CASE WHEN n.name ~ '(^|_)id_([0-9]+_)?$' THEN 'key'
                WHEN n.name ~ '(^|_)version_$' THEN 'version'
                WHEN n.name ~ '(^|_)(position|ordinal|rank|place|number|bin|attempt)_$' OR n.name ~ '^(rank_|ordinal_)' THEN 'place'
                WHEN n.name ~ '(^|_)seconds_' THEN 'seconds'
                WHEN n.name ~ '(^|_)hours_' AND n.fraction AND n.digits = 2 THEN 'hours'
                WHEN n.name ~ '(^|_)days_' AND (NOT n.fraction OR n.digits IN (2, 4)) THEN 'days'
                WHEN n.name ~ '(^|_)months_$' THEN 'months'
                WHEN n.name = 'compared_with_' OR n.name ~ '(^|_)(points|score|behaviour|fit|intent|intensity|threshold|total)_' AND n.name !~ '_(share|agreement|ignored)_$' AND n.digits IS DISTINCT FROM 6 THEN 'points'
                WHEN n.name ~ '(^|_)(share|rate|probability|similarity|credit)_' AND n.digits IN (3, 4, 6, 12) OR n.digits = 6 AND n.name !~ '(delivered|promised|deals|log_loss|information_value|retention)' THEN 'share'
                WHEN n.name ~ '(^|_)(roi|coverage|lift|spend|retention|pace)_' AND n.digits IN (4, 6) THEN 'ratio'
                WHEN n.name ~ '^touches_average_' THEN 'count'
                -- in the unit of the target
                WHEN n.report IN ('plan_vs_actual', 'joint_goals') AND n.digits = 2 THEN 'number'
                WHEN n.digits = 2 THEN 'money'
                WHEN NOT n.fraction OR n.name ~ '(^|_)(attempts|leads|deals|customers|won|earned)_' THEN 'count'
                ELSE 'number' END) AS unit,
       COALESCE(s.owner, o.owner) AS owner,
       s.metric,
       o.purpose
FROM number n
LEFT JOIN shown s ON s.place = n.report || '.' || n.report_column
LEFT JOIN report_owner o ON o.report = n.report
ORDER BY n.report, n.position;
COMMENT ON VIEW metric_dictionary IS 'What every number of every report means: a row for each column of a view of the workspace that is a number. The unit is that of the named number (metric) that the column shows; else it follows from name and type: what ends in _id is a key, in _seconds seconds, in _share or _rate a share; of the rest, money has two decimals, and whole numbers are counts. Views that attachments read are left out.';
COMMENT ON COLUMN metric_dictionary.report IS 'view of the workspace';
COMMENT ON COLUMN metric_dictionary.report_column IS 'column of it';
COMMENT ON COLUMN metric_dictionary.position IS 'place of the column in the view, from 1';
COMMENT ON COLUMN metric_dictionary.meaning IS 'what the number is: the comment of the column; null where it has none';
COMMENT ON COLUMN metric_dictionary.unit IS 'count, share (0..1, a difference of two -1..1), ratio, money (in the currency of the workspace, an amount in its own), money a day, seconds, hours, days, months, points (of a score), place (in an order), key (the number of a row), version, or number (without a unit, as the meaning says)';
COMMENT ON COLUMN metric_dictionary.owner IS 'who answers for it: the owner of the named number, else of the report (report_owner); null where nobody is named';
COMMENT ON COLUMN metric_dictionary.metric IS 'code of the named number (metric) that it shows; null for none';
COMMENT ON COLUMN metric_dictionary.purpose IS 'the question that the report answers';
$leadflow_text$
WHEN '0.1--0.2' THEN $leadflow_text$-- What the tables of 0.1 lack of those of 0.2.  Run as the owner, with the
-- workspace first on the search path, before the reports are made anew.

-- no primary key: a logical subscriber finds the row by all of it
ALTER TABLE score_model_point REPLICA IDENTITY FULL;

CREATE TABLE book (
    as_of       timestamptz NOT NULL,
    report      text NOT NULL,
    row_number  integer NOT NULL CHECK (row_number > 0),
    figures     jsonb NOT NULL,
    closed_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    closed_by   text NOT NULL DEFAULT CURRENT_USER,
    PRIMARY KEY (as_of, report, row_number)
);
COMMENT ON TABLE book IS 'What the reports said when their books were closed, by leadflow.close_books: the numbers stay when rows that they were reckoned from are archived. Append-only.';
COMMENT ON COLUMN book.as_of IS 'the instant that the reports were read as of';
COMMENT ON COLUMN book.report IS 'the report';
COMMENT ON COLUMN book.row_number IS 'place of the row in the report';
COMMENT ON COLUMN book.figures IS 'the row, {column: value}; jsonb_populate_record gives it its types back';
COMMENT ON COLUMN book.closed_at IS 'when the books were closed';
COMMENT ON COLUMN book.closed_by IS 'role that closed them';

CREATE TABLE archived_part (
    part        text PRIMARY KEY CHECK (part <> ''),
    before      timestamptz NOT NULL,
    book        timestamptz NOT NULL,
    rows        bigint NOT NULL CHECK (rows >= 0),
    rows_kept   bigint NOT NULL CHECK (rows_kept >= 0),
    archived_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    archived_by text NOT NULL DEFAULT CURRENT_USER
);
COMMENT ON TABLE archived_part IS 'Partitions of touch that leadflow.archive took out. Each is a table of the workspace until it is dropped.';
COMMENT ON COLUMN archived_part.part IS 'name of the table that holds what was taken out';
COMMENT ON COLUMN archived_part.before IS 'the instant before which it was taken out';
COMMENT ON COLUMN archived_part.book IS 'book.as_of of the reports as they were just before';
COMMENT ON COLUMN archived_part.rows IS 'touches that were taken out';
COMMENT ON COLUMN archived_part.rows_kept IS 'touches of the same time that stayed, as their leads are not at rest';
COMMENT ON COLUMN archived_part.archived_at IS 'when it was taken out';
COMMENT ON COLUMN archived_part.archived_by IS 'role that took it out';

CREATE TRIGGER leadflow_append_only BEFORE UPDATE OR DELETE ON book
    FOR EACH ROW EXECUTE FUNCTION leadflow.append_only();
CREATE TRIGGER leadflow_append_only_truncate BEFORE TRUNCATE ON book
    FOR EACH STATEMENT EXECUTE FUNCTION leadflow.append_only();

-- whoever reads the definitions reads the books; whoever writes definitions closes them
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT pg_catalog.format('GRANT %s ON %s TO %s', g.rights, g.tables, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
        FROM (VALUES ('metric'::pg_catalog.regclass, 'SELECT', 'SELECT', 'book, archived_part'), ('standard', 'INSERT', 'INSERT', 'book')) g (of, "right", rights, tables)
        JOIN pg_catalog.pg_class c ON c.oid = g.of
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE a.privilege_type = g."right" AND a.grantee <> c.relowner
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$$;
$leadflow_text$
END $function$
;

CREATE FUNCTION leadflow.create_workspace(name text, defaults text DEFAULT 'b2b'::text, partitioned boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
DECLARE
    part text;
BEGIN
    IF name IS NULL OR name = '' THEN
        RAISE EXCEPTION 'workspace name must not be empty'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF pg_catalog.octet_length(name) > 63 THEN
        RAISE EXCEPTION 'workspace name "%" is too long', name
            USING ERRCODE = 'name_too_long', DETAIL = 'A schema name has at most 63 bytes.';
    END IF;
    IF defaults IS NULL OR defaults NOT IN ('b2b', 'empty') THEN
        RAISE EXCEPTION 'unknown defaults "%"', defaults
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose b2b or empty.';
    END IF;
    IF partitioned IS NULL THEN
        RAISE EXCEPTION 'partitioned must be true or false'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = create_workspace.name) THEN
        RAISE EXCEPTION 'schema "%" already exists', name
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'A workspace is a schema of its own; an existing one is never touched.',
                  HINT = 'Choose another name, or use leadflow.upgrade_workspace for an older workspace.';
    END IF;

    EXECUTE pg_catalog.format('CREATE SCHEMA %I', name);
    EXECUTE pg_catalog.format('COMMENT ON SCHEMA %I IS %L', name,
        'leadflow workspace: definitions (what we agreed), facts (what happened), reports (what it means)');
    PERFORM pg_catalog.set_config('search_path',
        pg_catalog.quote_ident(name) || ', leadflow, pg_catalog, pg_temp', true);
    FOREACH part IN ARRAY ARRAY['definitions', 'sources', 'governance', 'facts', 'merges', 'attachments',
            'feedback', 'routing', 'alerts', 'agreements', 'scoring', 'economics', 'reviews', 'metrics', 'audience', 'library', 'lessons', 'proposing', 'books', 'triggers']
        || leadflow.workspace_reports() LOOP
        EXECUTE leadflow.workspace_script(part);
        -- before anything reads the tables
        IF partitioned AND part = 'triggers' THEN
            PERFORM leadflow.partition_fact(name, 'stage_event');
            PERFORM leadflow.partition_fact(name, 'touch');
        END IF;
    END LOOP;
    PERFORM leadflow.secure_reports(name);
    EXECUTE pg_catalog.format('INSERT INTO %I.workspace (version) VALUES (%L)', name, leadflow.version());
    EXECUTE leadflow.workspace_script('empty');
    IF defaults <> 'empty' THEN
        EXECUTE leadflow.workspace_script(defaults);
    END IF;
    IF partitioned THEN
        PERFORM leadflow.add_partitions(name);
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.sealed_reports()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$ SELECT '{completeness,data_quality,duplicate_candidates,false_rejections,keywords_heard}'::text[] $function$
;

CREATE FUNCTION leadflow.secure_reports(name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    report text;
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer < 150000 THEN
        RETURN;
    END IF;
    FOREACH report IN ARRAY leadflow.workspace_reports() LOOP
        CONTINUE WHEN report = ANY (leadflow.sealed_reports());
        EXECUTE pg_catalog.format('ALTER VIEW %I.%I SET (security_invoker = true)', name, report);
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.grant_report_columns(workspace name, role name DEFAULT NULL::name)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    ours constant text[] := ARRAY(SELECT r FROM pg_catalog.unnest(leadflow.workspace_reports()) r WHERE r <> ALL (leadflow.sealed_reports()));
    statement text;
BEGIN
    -- whoever may read a sealed report reads which rows it keeps to
    FOR statement IN
        SELECT DISTINCT pg_catalog.format('GRANT SELECT ON %1$I.visible_lead, %1$I.visible_opportunity, %1$I.visible_account, %1$I.visible_touch TO %2$s', workspace,
                   CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE n.nspname = workspace AND c.relkind = 'v' AND c.relname = ANY (leadflow.sealed_reports()) AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
            AND (grant_report_columns.role IS NULL OR pg_catalog.pg_get_userbyid(a.grantee) = grant_report_columns.role)
    LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN
        WITH RECURSIVE reader (view, role) AS (
            SELECT c.oid, CASE a.grantee WHEN 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(a.grantee) END
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
            WHERE n.nspname = workspace AND c.relkind = 'v' AND c.relname = ANY (ours) AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner
            UNION
            SELECT c.oid, r.role
            FROM reader r
            JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.view
            JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'v' AND c.relname = ANY (ours)
        )
        SELECT pg_catalog.format('GRANT SELECT (%s) ON %s TO %s', pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(a.attname), ', '),
                   t.oid::pg_catalog.regclass, CASE r.role WHEN 'public' THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.role) END)
        FROM reader r
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.view
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.view
        JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p', 'v')
        JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace AND n.nspname = workspace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
        WHERE (grant_report_columns.role IS NULL OR r.role = grant_report_columns.role)
            AND NOT pg_catalog.has_table_privilege(r.role, t.oid, 'SELECT')
        GROUP BY t.oid, r.role
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.grant_workspace(name text, role name, access text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    reports text;
    ws constant text := pg_catalog.quote_ident(name);
    grantee constant text := pg_catalog.quote_ident(role);
BEGIN
    IF access IS NULL OR access NOT IN ('read', 'marketing', 'sales', 'revops') THEN
        RAISE EXCEPTION 'unknown access "%"', access
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose read, marketing, sales or revops.';
    END IF;
    PERFORM leadflow.check_workspace_owner(name);
    PERFORM leadflow.check_workspace_version(name);

    -- everybody: the reports and the definitions
    SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') INTO reports
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = grant_workspace.name AND c.relkind = 'v' AND c.relname = ANY (leadflow.workspace_reports())
        -- what is said to and about a person is for those who work with it
        AND (access <> 'read' OR c.relname NOT IN ('lead_story', 'lead_card', 'unapproved_promises'));
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %s TO %s', ws, grantee);
    EXECUTE pg_catalog.format('GRANT SELECT ON %s TO %s', reports, grantee);
    EXECUTE pg_catalog.format(
        'GRANT SELECT ON %1$s.workspace, %1$s.stage_definition, %1$s.stage_alias, %1$s.transition, %1$s.standard,
             %1$s.reason, %1$s.business_calendar, %1$s.team_member, %1$s.touch_kind, %1$s.sla_policy,
             %1$s.source, %1$s.overwrite_rule, %1$s.field_owner, %1$s.free_mail_domain, %1$s.definition_change, %1$s.attachment,
             %1$s.backfill_progress, %1$s.nurture_track, %1$s.objection, %1$s.pool, %1$s.pool_member, %1$s.routing_rule,
             %1$s.consequence, %1$s.alert_rule, %1$s.agreement, %1$s.score_group, %1$s.score_rule, %1$s.score_grade,
             %1$s.score_move, %1$s.score_feature, %1$s.intent_topic, %1$s.score_model, %1$s.score_model_point, %1$s.exchange_rate,
             %1$s.target, %1$s.attribution_model, %1$s.attribution_purpose, %1$s.review_cycle, %1$s.proposal, %1$s.proposal_decision,
             %1$s.metric, %1$s.report_owner, %1$s.bonus_part,
             %1$s.icp, %1$s.icp_trigger, %1$s.icp_barrier, %1$s.persona, %1$s.committee_role, %1$s.content, %1$s.battlecard,
             %1$s.claim, %1$s.keyword, %1$s.hypothesis, %1$s.experiment, %1$s.book, %1$s.archived_part TO %2$s', ws, grantee);

    IF access = 'read' THEN
        PERFORM leadflow.grant_report_columns(name::pg_catalog.name, role);
    END IF;

    IF access IN ('marketing', 'sales', 'revops') THEN
        EXECUTE pg_catalog.format(
            'GRANT SELECT ON %1$s.account, %1$s.campaign, %1$s.lead, %1$s.opportunity, %1$s.touch, %1$s.stage_event,
                 %1$s.sla_clock, %1$s.sla_pause, %1$s.violation, %1$s.quarantine, %1$s.overwrite_refused, %1$s.lead_merge,
                 %1$s.nurture_stay, %1$s.verdict, %1$s.verdict_answer, %1$s.absence, %1$s.assignment, %1$s.alert, %1$s.daily_look,
                 %1$s.intent_signal, %1$s.lead_score, %1$s.score_run, %1$s.campaign_cost, %1$s.deal_plan, %1$s.committee_member,
                 %1$s.battlecard_feedback, %1$s.content_request, %1$s.objection_heard, %1$s.hypothesis_talk, %1$s.debrief,
                 %1$s.lesson, %1$s.opinion, %1$s.transcript TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT INSERT, UPDATE ON %1$s.account, %1$s.lead, %1$s.touch, %1$s.intent_signal, %1$s.deal_plan TO %2$s', ws, grantee);
        -- what both departments learn, both write
        EXECUTE pg_catalog.format(
            'GRANT INSERT, UPDATE ON %1$s.committee_member, %1$s.battlecard_feedback, %1$s.content_request, %1$s.objection_heard,
                 %1$s.hypothesis_talk, %1$s.debrief, %1$s.lesson, %1$s.opinion, %1$s.transcript, %1$s.hypothesis, %1$s.experiment,
                 %1$s.content, %1$s.battlecard TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT INSERT ON %1$s.proposal, %1$s.proposal_decision TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT UPDATE (acknowledged_at, acknowledged_by) ON %1$s.alert TO %2$s', ws, grantee);
    END IF;
    IF access IN ('marketing', 'revops') THEN
        EXECUTE pg_catalog.format('GRANT INSERT, UPDATE ON %1$s.campaign, %1$s.campaign_cost TO %2$s', ws, grantee);
    END IF;
    IF access = 'marketing' THEN
        EXECUTE pg_catalog.format('GRANT INSERT ON %1$s.verdict_answer TO %2$s', ws, grantee);
    END IF;
    IF access = 'sales' THEN
        EXECUTE pg_catalog.format('GRANT INSERT ON %1$s.verdict TO %2$s', ws, grantee);
    END IF;
    IF access IN ('sales', 'revops') THEN
        EXECUTE pg_catalog.format('GRANT INSERT, UPDATE ON %1$s.opportunity, %1$s.sla_pause, %1$s.absence TO %2$s', ws, grantee);
    END IF;
    IF access = 'revops' THEN
        EXECUTE pg_catalog.format(
            'GRANT INSERT, UPDATE, DELETE ON %1$s.stage_definition, %1$s.stage_alias, %1$s.transition, %1$s.standard,
                 %1$s.reason, %1$s.business_calendar, %1$s.team_member, %1$s.touch_kind, %1$s.sla_policy,
                 %1$s.source, %1$s.overwrite_rule, %1$s.field_owner, %1$s.free_mail_domain,
                 %1$s.nurture_track, %1$s.objection, %1$s.pool, %1$s.pool_member, %1$s.routing_rule, %1$s.absence,
                 %1$s.consequence, %1$s.alert_rule, %1$s.agreement, %1$s.score_group, %1$s.score_rule, %1$s.score_grade,
                 %1$s.score_move, %1$s.score_feature, %1$s.intent_topic, %1$s.score_model, %1$s.score_model_point, %1$s.intent_signal,
                 %1$s.exchange_rate, %1$s.target, %1$s.attribution_model, %1$s.attribution_purpose, %1$s.review_cycle, %1$s.campaign_cost,
                 %1$s.metric, %1$s.report_owner, %1$s.bonus_part,
                 %1$s.icp, %1$s.icp_trigger, %1$s.icp_barrier, %1$s.persona, %1$s.committee_role, %1$s.content, %1$s.battlecard,
                 %1$s.claim, %1$s.keyword, %1$s.hypothesis, %1$s.experiment, %1$s.committee_member, %1$s.transcript, %1$s.battlecard_feedback,
                 %1$s.content_request, %1$s.objection_heard, %1$s.hypothesis_talk, %1$s.debrief, %1$s.lesson, %1$s.opinion,
                 %1$s.touch, %1$s.account, %1$s.campaign, %1$s.quarantine TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT UPDATE (currency, currency_decimals, owner_reason_required, score_in_force, account_score, account_score_top) ON %1$s.workspace TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT INSERT ON %1$s.book TO %2$s', ws, grantee);
        EXECUTE pg_catalog.format('GRANT UPDATE (applied_at, applied_by, applied_version, fault) ON %1$s.proposal TO %2$s', ws, grantee);
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.is_report(relation regclass)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL)
    FROM pg_class c
    WHERE c.oid = relation $function$
;

CREATE FUNCTION leadflow.drop_reports(workspace name, reports text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    ours constant text[] := leadflow.workspace_reports() || reports;
    views oid[];
    fault text;
BEGIN
    WITH RECURSIVE reader (view) AS (
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = workspace AND c.relkind = 'v' AND c.relname = ANY (reports)
        UNION
        SELECT c.oid FROM reader r
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.view
        JOIN pg_rewrite w ON w.oid = d.objid
        JOIN pg_class c ON c.oid = w.ev_class AND c.relkind = 'v' AND c.relname = ANY (ours)
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = workspace
    )
    SELECT array_agg(r.view) INTO views FROM reader r;
    IF views IS NULL THEN
        RETURN;
    END IF;

    SELECT min(c.relname) INTO fault FROM pg_class c WHERE c.oid = ANY (views) AND NOT leadflow.is_report(c.oid);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'report "%" of workspace "%" was replaced by something else', fault, workspace
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Rename or drop it, and upgrade the workspace again.';
    END IF;

    -- what goes with a view without a word
    SELECT string_agg(b.what, E'\n' ORDER BY b.what) INTO fault
    FROM (SELECT format('trigger %I on view %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t WHERE t.tgrelid = ANY (views)
          UNION ALL
          SELECT format('rule %I on view %s', w.rulename, w.ev_class::regclass) FROM pg_rewrite w
          WHERE w.ev_class = ANY (views) AND w.rulename <> '_RETURN') b (what);
    IF fault IS NULL THEN
        BEGIN
            EXECUTE 'DROP VIEW ' || (SELECT string_agg(v::regclass::text, ', ') FROM unnest(views) v);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS fault = PG_EXCEPTION_DETAIL;
        END;
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'report "%" of workspace "%" cannot be made anew because something was built on it', reports[1], workspace
            USING ERRCODE = 'dependent_objects_still_exist', DETAIL = fault,
                  HINT = 'Keep the text of what is named (pg_get_viewdef gives that of a view), drop it, upgrade the workspace, and make it again.';
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.report_state(workspace name)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT COALESCE(jsonb_object_agg(c.relname, jsonb_build_object(
        'oid', c.oid, 'options', to_jsonb(c.reloptions),
        'rights', (
            SELECT jsonb_agg(jsonb_build_object('column', g.attname, 'right', a.privilege_type, 'grantable', a.is_grantable,
                'role', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END))
            FROM (SELECT NULL::name, c.relacl
                  UNION ALL
                  SELECT t.attname, t.attacl FROM pg_attribute t
                  WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped) g (attname, acl)
            CROSS JOIN LATERAL aclexplode(g.acl) a
            WHERE a.grantee <> c.relowner))), '{}')
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = workspace AND c.relkind = 'v' $function$
;

CREATE FUNCTION leadflow.restore_report_state(workspace name, state jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    now_has constant jsonb := leadflow.report_state(workspace);
    report record;
    statement text;
BEGIN
    FOR report IN
        SELECT b.key AS name, format('%I.%I', workspace, b.key) AS view, b.value AS before, a.value AS after
        FROM jsonb_each(state) b
        JOIN jsonb_each(now_has) a ON a.key = b.key
        WHERE a.value <> b.value
    LOOP
        -- CREATE OR REPLACE VIEW takes back options that the company has set
        FOR statement IN
            SELECT format('ALTER VIEW %s SET (%s = %L)', report.view, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
            FROM jsonb_array_elements_text(NULLIF(report.before -> 'options', 'null')) o
            WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(NULLIF(report.after -> 'options', 'null')) n
                              WHERE split_part(n, '=', 1) = split_part(o, '=', 1))
        LOOP
            EXECUTE statement;
        END LOOP;
        CONTINUE WHEN report.before -> 'oid' = report.after -> 'oid';
        -- not what default privileges gave to the new view
        FOR statement IN
            SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', report.view, r ->> 'role')
            FROM jsonb_array_elements(NULLIF(report.after -> 'rights', 'null')) r
        LOOP
            EXECUTE statement;
        END LOOP;
        FOR statement IN
            SELECT format('GRANT %s%s ON %s TO %s%s', r ->> 'right', ' (' || quote_ident(r ->> 'column') || ')', report.view, r ->> 'role',
                CASE WHEN (r ->> 'grantable')::boolean THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM jsonb_array_elements(NULLIF(report.before -> 'rights', 'null')) r
            WHERE r ->> 'column' IS NULL OR EXISTS (
                SELECT FROM pg_attribute t
                WHERE t.attrelid = (report.after ->> 'oid')::oid AND t.attname = r ->> 'column' AND NOT t.attisdropped)
        LOOP
            EXECUTE statement;
        END LOOP;
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.restore_report(workspace name, report text, remake boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET standard_conforming_strings TO 'on'
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    fault text;
BEGIN
    PERFORM set_config('search_path', quote_ident(workspace) || ', leadflow, pg_catalog, pg_temp', true);
    EXECUTE leadflow.workspace_script(report);
EXCEPTION WHEN invalid_table_definition OR wrong_object_type THEN
    GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT;
    IF NOT remake OR NOT leadflow.is_report(to_regclass(format('%I.%I', workspace, report))) THEN
        RAISE EXCEPTION 'report "%" of workspace "%" was replaced by something else', report, workspace
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('PostgreSQL says: %s.', fault),
                  HINT = 'Rename or drop it, and upgrade the workspace again.';
    END IF;
    PERFORM leadflow.drop_reports(workspace, ARRAY[report]);
    PERFORM set_config('search_path', quote_ident(workspace) || ', leadflow, pg_catalog, pg_temp', true);
    EXECUTE leadflow.workspace_script(report);
END;
$function$
;

CREATE FUNCTION leadflow.upgrade_path(name text, was text)
 RETURNS text[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    numbers constant text := '^\d{1,9}(\.\d{1,9})*$';
    present constant text := leadflow.version();
    reached text := was;
    path text[] := '{}';
    step text;
BEGIN
    FOREACH step IN ARRAY leadflow.workspace_steps() LOOP
        IF split_part(step, '--', 1) = reached THEN
            path := path || step;
            reached := split_part(step, '--', 2);
        END IF;
    END LOOP;
    IF reached = present THEN
        RETURN path;
    END IF;
    IF was ~ numbers AND present ~ numbers AND string_to_array(was, '.')::int[] > string_to_array(present, '.')::int[] THEN
        RAISE EXCEPTION 'workspace "%" has version %, and this leadflow is older (%)', name, was, present
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install that version or a later one, and run ALTER EXTENSION leadflow UPDATE.';
    END IF;
    RAISE EXCEPTION 'workspace "%" has version %, which this leadflow (%) cannot upgrade', name, COALESCE(was, 'null'), present
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Upgrade it with the leadflow version that made it or one between the two first.';
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.upgrade_workspace(name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
DECLARE
    caller text;
    reason constant text := pg_catalog.current_setting('leadflow.change_reason', true);
    was text;
    path text[];
    state jsonb;
    item text;
    definition regclass;
BEGIN
    caller := leadflow.become_workspace_owner(name);
    EXECUTE pg_catalog.format('SELECT version FROM %I.workspace FOR UPDATE', name) INTO was;
    path := leadflow.upgrade_path(name, was);

    state := leadflow.report_state(name::pg_catalog.name);
    FOREACH item IN ARRAY path LOOP
        PERFORM pg_catalog.set_config('search_path',
            pg_catalog.quote_ident(name) || ', leadflow, pg_catalog, pg_temp', true);
        EXECUTE leadflow.workspace_script(item);
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END LOOP;
    FOREACH item IN ARRAY leadflow.workspace_reports() LOOP
        PERFORM leadflow.restore_report(name::pg_catalog.name, item, path <> '{}');
    END LOOP;
    PERFORM leadflow.secure_reports(name);
    PERFORM leadflow.restore_report_state(name::pg_catalog.name, state);
    IF path <> '{}' THEN
        PERFORM leadflow.grant_report_columns(name::pg_catalog.name);
    END IF;

    -- pg_restore --disable-triggers leaves triggers that fire always as ordinary ones
    FOR definition IN
        SELECT t.tgrelid::pg_catalog.regclass FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = upgrade_workspace.name AND t.tgname = 'leadflow_definition_recorder' AND t.tgenabled <> 'A'
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER leadflow_definition_recorder', definition);
    END LOOP;

    IF path <> '{}' THEN
        PERFORM pg_catalog.set_config('leadflow.change_reason', pg_catalog.format('upgrade from leadflow %s', was), true);
        EXECUTE pg_catalog.format('UPDATE %I.workspace SET version = $1', name) USING leadflow.version();
        PERFORM pg_catalog.set_config('leadflow.change_reason', COALESCE(reason, ''), true);
    END IF;
    PERFORM pg_catalog.set_config('role', caller, true);

    -- the writing functions of attachments name the schema, which may have been renamed
    FOR item IN EXECUTE pg_catalog.format('SELECT a.attachment FROM %I.attachment a', name) LOOP
        PERFORM leadflow.write_attachment_function(name::pg_catalog.name, item::pg_catalog.name);
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.follow_leads(workspace text, sees_all name[] DEFAULT '{}'::name[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    fact text;
    condition text;
    roles text;
BEGIN
    PERFORM leadflow.check_workspace_owner(workspace);
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ') INTO roles FROM pg_catalog.unnest(sees_all) r;
    FOR fact, condition IN
        SELECT c.relname,
               CASE WHEN c.relname = 'quarantine' THEN pg_catalog.format(
                        'CASE WHEN operation = ''INSERT'' THEN actor = CURRENT_USER
                              WHEN object = ''lead'' THEN (parked_row ->> ''id'')::pg_catalog.int8 IN (SELECT p.id FROM %1$s.lead p)
                              WHEN object = ''opportunity'' THEN (parked_row ->> ''id'')::pg_catalog.int8 IN (SELECT p.id FROM %1$s.opportunity p)
                              ELSE false END', ws)
                    WHEN c.relname NOT IN ('lead', 'opportunity') THEN (
                        SELECT pg_catalog.string_agg(pg_catalog.format('(%1$I.%2$I IS NULL OR %1$I.%2$I IN (SELECT p.id FROM %3$s.%4$I p))', c.relname, a.attname, ws, k.parent), ' AND ' ORDER BY a.attnum)
                        FROM (VALUES ('lead_id', 'lead'), ('winner_id', 'lead'), ('loser_id', 'lead'), ('opportunity_id', 'opportunity'),
                                     ('touch_id', 'touch'), ('clock_id', 'sla_clock'), ('verdict_id', 'verdict'), ('debrief_id', 'debrief')) k (key, parent)
                        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = k.key AND a.atttypid = 'bigint'::pg_catalog.regtype)
               END
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = workspace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN condition IS NULL AND fact NOT IN ('lead', 'opportunity');
        EXECUTE pg_catalog.format('ALTER TABLE %s.%I ENABLE ROW LEVEL SECURITY', ws, fact);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS leadflow_follows_lead ON %s.%I', ws, fact);
        EXECUTE pg_catalog.format('DROP POLICY IF EXISTS leadflow_sees_all ON %s.%I', ws, fact);
        IF condition IS NOT NULL THEN
            EXECUTE pg_catalog.format('CREATE POLICY leadflow_follows_lead ON %s.%I USING (%s)', ws, fact, condition);
        END IF;
        IF roles IS NOT NULL THEN
            EXECUTE pg_catalog.format('CREATE POLICY leadflow_sees_all ON %s.%I TO %s USING (true)', ws, fact, roles);
        END IF;
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.check_partitionable(workspace text, fact text)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    relid constant regclass := pg_catalog.format('%I.%I', workspace, fact)::pg_catalog.regclass;
    others text;
BEGIN
    SELECT pg_catalog.string_agg(o.what, ', ' ORDER BY o.what) INTO others
    FROM (SELECT pg_catalog.format('foreign key %s of %s', k.conname, k.conrelid::pg_catalog.regclass)
          FROM pg_catalog.pg_constraint k
          WHERE k.confrelid = relid AND k.contype = 'f'
              AND NOT (k.conname = 'transcript_touch_id_fkey' AND k.conrelid = pg_catalog.to_regclass(pg_catalog.format('%I.transcript', workspace)))
          UNION ALL
          SELECT pg_catalog.format('policy %s', p.polname) FROM pg_catalog.pg_policy p WHERE p.polrelid = relid
          UNION ALL
          SELECT pg_catalog.format('publication %s', p.pubname)
          FROM pg_catalog.pg_publication_tables t JOIN pg_catalog.pg_publication p ON p.pubname = t.pubname
          JOIN pg_catalog.pg_class c ON c.relname = t.tablename AND c.relnamespace = t.schemaname::pg_catalog.regnamespace
          WHERE c.oid = relid
          UNION ALL
          SELECT pg_catalog.format('statistics %s', s.stxname) FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = relid
          UNION ALL
          SELECT pg_catalog.format('rule %s', r.rulename) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = relid
          UNION ALL
          SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0)
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class c ON c.oid = relid
          LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
          LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
          WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = relid
                    AND (r.ev_class <> relid OR p.polrelid <> relid OR d.classid = 'pg_catalog.pg_proc'::regclass)
                 OR d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = c.reltype
                    AND d.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_class'::regclass))
          UNION ALL
          SELECT pg_catalog.format('constraint %s', k.conname) FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid
          WHERE k.conrelid = relid AND (k.contype = 'x' OR k.contype IN ('p', 'u')
              AND (k.condeferrable OR i.indnatts > i.indnkeyatts OR pg_catalog.pg_get_constraintdef(k.oid) LIKE '%NULLS NOT DISTINCT%'))
          UNION ALL
          SELECT pg_catalog.format('unique index %s', i.indexrelid::regclass) FROM pg_catalog.pg_index i
          WHERE i.indrelid = relid AND i.indisunique AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = relid)
          UNION ALL
          SELECT pg_catalog.format('identity of column %s', a.attname) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = relid AND NOT a.attisdropped AND a.attidentity <> '' AND (a.attname <> 'id' OR a.attidentity <> 'a')
          UNION ALL
          SELECT pg_catalog.format('statistics target of column %s', a.attname) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget > 0
          UNION ALL
          SELECT 'row security' FROM pg_catalog.pg_class c WHERE c.oid = relid AND (c.relrowsecurity OR c.relforcerowsecurity)
          UNION ALL
          SELECT 'storage parameters' FROM pg_catalog.pg_class c WHERE c.oid = relid AND c.reloptions IS NOT NULL
          UNION ALL
          SELECT 'replica identity' FROM pg_catalog.pg_class c WHERE c.oid = relid AND c.relreplident <> 'd') o (what);
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'table % cannot be partitioned', relid
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('These belong to it: %s.', others),
                  HINT = 'Drop or reset them, and make them anew afterwards; a unique key of a partitioned table has its instant in it.';
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.withdraw_rights(relation regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT DISTINCT pg_catalog.format('REVOKE ALL ON %s FROM %s CASCADE', relation,
                   CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END)
        FROM (SELECT e.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) e WHERE c.oid = relation
              UNION ALL
              SELECT e.grantee FROM pg_catalog.pg_attribute t, pg_catalog.aclexplode(t.attacl) e WHERE t.attrelid = relation) a
        JOIN pg_catalog.pg_class c ON c.oid = relation
        WHERE a.grantee <> c.relowner
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.create_partition(fact regclass, part text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    EXECUTE pg_catalog.format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)', part, fact);
    EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO %I', part,
        (SELECT pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = fact));
    PERFORM leadflow.withdraw_rights(part::pg_catalog.regclass);
END;
$function$
;

CREATE FUNCTION leadflow.written_columns(relation regclass)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$function$
;

CREATE FUNCTION leadflow.check_read_committed()
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'this needs isolation level READ COMMITTED'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Rows that were committed before the tables were locked would not be seen, and be lost.';
    END IF;
END;
$function$
;

CREATE FUNCTION leadflow.trigger_statement(trigger oid, relation text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT pg_catalog.replace(pg_catalog.pg_get_triggerdef(t.oid), pg_catalog.format(' ON %I.%I ', n.nspname, c.relname), ' ON ' || relation || ' ')
           || CASE t.tgenabled WHEN 'O' THEN '' ELSE
                  pg_catalog.format('; ALTER TABLE %s %s TRIGGER %I', relation,
                      CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END, t.tgname) END
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.oid = trigger
$function$
;

CREATE FUNCTION leadflow.partition_fact(workspace text, fact text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET row_security TO 'off'
AS $function$
DECLARE
    name constant text := pg_catalog.format('%I.%I', workspace, fact);
    earlier constant text := pg_catalog.format('%I.%I', workspace, fact || '_earlier');
    relid constant regclass := name::pg_catalog.regclass;
    owner constant text := (SELECT pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c WHERE c.oid = relid);
    comment constant text := pg_catalog.obj_description(relid, 'pg_class');
    carried text[];
    dropped text[];
    last_id bigint;
    filled boolean;
    boundary timestamptz;
    columns text;
    rest constant text := pg_catalog.format('%I.%I', workspace, fact || '_default');
    statement text;
BEGIN
    PERFORM leadflow.check_partitionable(workspace, fact);
    EXECUTE pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s)', name) INTO filled;
    EXECUTE pg_catalog.format('SELECT CASE WHEN s.is_called THEN s.last_value END FROM %s s', pg_catalog.pg_get_serial_sequence(name, 'id')) INTO last_id;

    -- what the new table has of the old one, in this order; keys take the instant in
    SELECT pg_catalog.array_agg(c.statement ORDER BY c.turn, c.name) INTO carried
    FROM (SELECT 1 AS turn, k.conname, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s (%s)', name, k.conname,
                     CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END,
                     (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.place)
                      FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u (attnum, place)
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = relid AND a.attnum = u.attnum)
                     || CASE WHEN (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = relid AND a.attname = 'at') = ANY (k.conkey) THEN '' ELSE ', at' END)
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype IN ('p', 'u')
          UNION ALL
          SELECT 2, k.conname, pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype = 'f'
          UNION ALL
          SELECT 3, i.indexrelid::pg_catalog.regclass::text::pg_catalog.name, pg_catalog.pg_get_indexdef(i.indexrelid)
          FROM pg_catalog.pg_index i WHERE i.indrelid = relid AND NOT i.indisunique
          UNION ALL
          SELECT 4, t.tgname, leadflow.trigger_statement(t.oid, name)
          FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relid AND NOT t.tgisinternal
          UNION ALL
          SELECT 5, 'owner', pg_catalog.format('ALTER TABLE %s OWNER TO %I', name, owner)
          UNION ALL
          SELECT 6, 'rights', pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type, name,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = relid AND a.grantee <> c.relowner
          UNION ALL
          SELECT 7, 'rights of columns', pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname, name,
                     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                     CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM pg_catalog.pg_attribute c, pg_catalog.aclexplode(c.attacl) a WHERE c.attrelid = relid) c (turn, name, statement);

    -- what the old one must not have as a partition
    SELECT pg_catalog.array_agg(d.statement ORDER BY d.turn, d.statement) INTO dropped
    FROM (SELECT 1, pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, earlier)
          FROM pg_catalog.pg_trigger t WHERE t.tgrelid = relid AND NOT t.tgisinternal
          UNION ALL
          SELECT 2, pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', earlier, k.conname)
          FROM pg_catalog.pg_constraint k WHERE k.conrelid = relid AND k.contype IN ('p', 'u')
          UNION ALL
          SELECT 3, pg_catalog.format('ALTER INDEX %I.%I RENAME TO %I', workspace, c.relname,
              pg_catalog.format('%s_earlier_%s', fact, i.indexrelid))
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          WHERE i.indrelid = relid AND NOT i.indisunique) d (turn, statement);

    IF fact = 'touch' AND pg_catalog.to_regclass(pg_catalog.format('%I.transcript', workspace)) IS NOT NULL THEN
        EXECUTE pg_catalog.format('ALTER TABLE %I.transcript DROP CONSTRAINT IF EXISTS transcript_touch_id_fkey', workspace);
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', name, fact || '_earlier');
    EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN id DROP IDENTITY', earlier);
    FOREACH statement IN ARRAY dropped LOOP
        EXECUTE statement;
    END LOOP;

    EXECUTE pg_catalog.format(
        'CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS) PARTITION BY RANGE (at)',
        name, earlier);
    PERFORM leadflow.withdraw_rights(earlier::pg_catalog.regclass);
    PERFORM leadflow.withdraw_rights(name::pg_catalog.regclass);
    EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY', name);
    IF last_id IS NOT NULL THEN
        PERFORM pg_catalog.setval(pg_catalog.pg_get_serial_sequence(name, 'id')::pg_catalog.regclass, last_id);
    END IF;
    EXECUTE pg_catalog.format('COMMENT ON TABLE %s IS %L', name, comment);
    FOREACH statement IN ARRAY carried LOOP
        EXECUTE statement;
    END LOOP;
    IF fact = 'touch' THEN
        EXECUTE pg_catalog.format(
            'CREATE TRIGGER leadflow_touch_transcript AFTER DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION leadflow.touch_transcript();
             CREATE TRIGGER leadflow_touch_transcript_truncate BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION leadflow.touch_transcript();
             CREATE TRIGGER leadflow_transcript_touch AFTER INSERT OR UPDATE ON %2$I.transcript FOR EACH ROW EXECUTE FUNCTION leadflow.transcript_touch()',
            name, workspace);
    END IF;

    PERFORM leadflow.create_partition(name::pg_catalog.regclass, rest);
    IF filled THEN
        -- what is dated later waits for its months: as a table of its own the default partition has no triggers yet
        boundary := pg_catalog.date_trunc('month', leadflow.clock()) + interval '1 month';
        columns := leadflow.written_columns(name::pg_catalog.regclass);
        EXECUTE pg_catalog.format('WITH moved AS (DELETE FROM %1$s WHERE at >= $1 RETURNING *) INSERT INTO %2$s (%3$s) SELECT %3$s FROM moved', earlier, rest, columns)
            USING boundary;
        EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%L)', name, earlier, boundary);
        PERFORM leadflow.protect_partition(name::pg_catalog.regclass, earlier::pg_catalog.regclass);
    ELSE
        EXECUTE pg_catalog.format('DROP TABLE %s', earlier);
    END IF;
    EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', name, rest);
    PERFORM leadflow.protect_partition(name::pg_catalog.regclass, rest::pg_catalog.regclass);
END;
$function$
;

CREATE FUNCTION leadflow.partition_workspace(name text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
AS $function$
DECLARE
    caller text;
    state jsonb;
    report text;
BEGIN
    caller := leadflow.become_workspace_owner(name);
    PERFORM leadflow.check_workspace_version(name);
    PERFORM leadflow.check_read_committed();
    EXECUTE pg_catalog.format('LOCK TABLE %1$I.stage_event, %1$I.touch IN ACCESS EXCLUSIVE MODE', name);
    IF EXISTS (SELECT FROM pg_catalog.pg_class c
               WHERE c.oid IN (pg_catalog.to_regclass(pg_catalog.format('%I.touch', name)), pg_catalog.to_regclass(pg_catalog.format('%I.stage_event', name))) AND c.relkind = 'p') THEN
        RAISE EXCEPTION 'workspace % is partitioned already', name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    state := leadflow.report_state(name::pg_catalog.name);
    PERFORM leadflow.drop_reports(name::pg_catalog.name, leadflow.workspace_reports());
    PERFORM leadflow.partition_fact(name, 'stage_event');
    PERFORM leadflow.partition_fact(name, 'touch');
    FOREACH report IN ARRAY leadflow.workspace_reports() LOOP
        PERFORM leadflow.restore_report(name::pg_catalog.name, report, false);
    END LOOP;
    PERFORM leadflow.restore_report_state(name::pg_catalog.name, state);
    PERFORM leadflow.add_partitions(name);
    PERFORM pg_catalog.set_config('role', caller, true);
END;
$function$
;

CREATE FUNCTION leadflow.protect_partition(fact regclass, part regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    statement text;
BEGIN
    -- TRUNCATE of a partition fires no trigger of the table
    FOR statement IN
        SELECT leadflow.trigger_statement(t.oid, (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                                                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = part))
        FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = fact AND NOT t.tgisinternal AND (t.tgtype & 32) <> 0
    LOOP
        EXECUTE statement;
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.partition_bounds(fact regclass)
 RETURNS TABLE(part regclass, is_default boolean, lower_at timestamp with time zone, upper_at timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
AS $function$
    SELECT i.inhrelid::regclass, b.bound = 'DEFAULT',
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(pg_catalog.substring(b.bound, 'FROM \(''([^'']*)''\)'), '-infinity')::timestamptz END,
           CASE WHEN b.bound <> 'DEFAULT' THEN COALESCE(pg_catalog.substring(b.bound, 'TO \(''([^'']*)''\)'), 'infinity')::timestamptz END
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid)) b (bound)
    WHERE i.inhparent = fact AND c.relpartbound IS NOT NULL
    ORDER BY 3 NULLS LAST
$function$
;

CREATE FUNCTION leadflow.add_partitions(workspace text, until date DEFAULT NULL::date, since date DEFAULT NULL::date)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET row_security TO 'off'
AS $function$
DECLARE
    max_months constant integer := 1200;
    last_month constant date := pg_catalog.date_trunc('month', COALESCE(until, leadflow.clock() + interval '3 months'));
    first_month date;
    fact text;
    name text;
    rest text;
    part text;
    columns text;
    month date;
    months date[];
    month_begin timestamptz;
    month_end timestamptz;
    waiting boolean;
    made bigint := 0;
    caller text;
BEGIN
    caller := leadflow.become_workspace_owner(workspace);
    FOREACH fact IN ARRAY ARRAY['stage_event', 'touch'] LOOP
        name := pg_catalog.format('%I.%I', workspace, fact);
        rest := NULL;
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = name::pg_catalog.regclass AND c.relkind = 'p') THEN
            RAISE EXCEPTION 'table % is not partitioned', name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'leadflow.partition_workspace partitions the facts of a workspace.';
        END IF;
        SELECT b.part::text INTO rest FROM leadflow.partition_bounds(name::pg_catalog.regclass) b WHERE b.is_default;
        columns := leadflow.written_columns(name::pg_catalog.regclass);
        first_month := pg_catalog.date_trunc('month', COALESCE(LEAST(since, leadflow.clock()::date), leadflow.clock()::date));
        IF last_month > first_month + pg_catalog.make_interval(months => max_months) THEN
            RAISE EXCEPTION 'partitions from % to % are more than % months', first_month, last_month, max_months
                USING ERRCODE = 'program_limit_exceeded', HINT = 'Give since and until, or make partitions of another width yourself.';
        END IF;
        months := ARRAY(SELECT m::date FROM pg_catalog.generate_series(first_month::timestamp, last_month::timestamp, interval '1 month') m);
        -- earlier ones that hold rows, and none between: a tool's stray date is one month, not a hundred
        IF since IS NULL AND rest IS NOT NULL THEN
            EXECUTE pg_catalog.format('SELECT ARRAY(SELECT DISTINCT pg_catalog.date_trunc(''month'', r.at)::date FROM %s r WHERE r.at < $1 ORDER BY 1 DESC LIMIT $2) || $3', rest)
                INTO months USING first_month::timestamptz, max_months, months;
        END IF;

        FOREACH month IN ARRAY months LOOP
            month_begin := month::timestamptz;
            month_end := month_begin + interval '1 month';
            CONTINUE WHEN EXISTS (SELECT FROM leadflow.partition_bounds(name::pg_catalog.regclass) b
                                  WHERE b.lower_at < month_end AND b.upper_at > month_begin);
            waiting := false;
            IF rest IS NOT NULL THEN
                -- who has written a row of the month is waited for
                EXECUTE pg_catalog.format('LOCK TABLE ONLY %s, ONLY %s IN ACCESS EXCLUSIVE MODE', name, rest);
                EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s WHERE at >= $1 AND at < $2)', rest) INTO waiting USING month_begin, month_end;
            END IF;
            part := pg_catalog.format('%I.%I', workspace, fact || pg_catalog.to_char(month, '_YYYY_MM'));
            PERFORM leadflow.create_partition(name::pg_catalog.regclass, part);
            -- what the default partition holds of the month moves: as a table of its own it has no triggers
            IF waiting THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s', name, rest);
                EXECUTE pg_catalog.format('WITH moved AS (DELETE FROM %1$s WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO %2$s (%3$s) SELECT %3$s FROM moved', rest, part, columns)
                    USING month_begin, month_end;
            END IF;
            EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', name, part, month_begin, month_end);
            PERFORM leadflow.protect_partition(name::pg_catalog.regclass, part::pg_catalog.regclass);
            IF waiting THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s DEFAULT', name, rest);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('role', caller, true);
    RETURN made;
END;
$function$
;

CREATE FUNCTION leadflow.transcript_touch()
 RETURNS trigger
 LANGUAGE c
AS 'MODULE_PATHNAME', $function$leadflow_transcript_touch$function$
;

CREATE FUNCTION leadflow.touch_transcript()
 RETURNS trigger
 LANGUAGE c
AS 'MODULE_PATHNAME', $function$leadflow_touch_transcript$function$
;

CREATE FUNCTION leadflow.counting_reports(workspace text)
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT pg_catalog.array_agg(r.report ORDER BY r.place)
    FROM pg_catalog.unnest(leadflow.workspace_reports()) WITH ORDINALITY r (report, place)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, r.report))
                          AND a.attname IN ('id', 'id_1', 'lead_id', 'opportunity_id', 'account_id', 'touch_id', 'clock_id', 'alert_id', 'external_id', 'example_external_id'))
$function$
;

CREATE FUNCTION leadflow.close_books(workspace text, as_of timestamp with time zone DEFAULT leadflow.clock(), reports text[] DEFAULT NULL::text[])
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET row_security TO 'off'
 SET "leadflow.clock" TO ''
AS $function$
DECLARE
    wanted constant text[] := COALESCE(reports, leadflow.counting_reports(workspace));
    report text;
    fault text;
    state text;
    n bigint;
    kept bigint := 0;
BEGIN
    PERFORM leadflow.check_workspace(workspace);
    PERFORM leadflow.check_workspace_version(workspace);
    IF as_of IS NULL OR NOT pg_catalog.isfinite(as_of) OR as_of > pg_catalog.now() THEN
        RAISE EXCEPTION 'books are closed as of an instant that has passed'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT r.name INTO report FROM pg_catalog.unnest(wanted) r (name) WHERE r.name IS NULL OR r.name <> ALL (leadflow.counting_reports(workspace)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '"%" is no report that counts', report
            USING ERRCODE = 'undefined_object', HINT = 'leadflow.counting_reports names them.';
    END IF;
    PERFORM pg_catalog.set_config('leadflow.clock', pg_catalog.to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"'), true);
    FOREACH report IN ARRAY wanted LOOP
        BEGIN
            EXECUTE pg_catalog.format(
                'INSERT INTO %1$I.book (as_of, report, row_number, figures)
                 SELECT $1, $2, pg_catalog.row_number() OVER (), pg_catalog.to_jsonb(r) FROM %1$I.%2$I r', workspace, report) USING as_of, report;
            GET DIAGNOSTICS n = ROW_COUNT;
        EXCEPTION
            WHEN unique_violation THEN
                RAISE EXCEPTION 'the books of report "%" as of % are closed already', report, as_of
                    USING ERRCODE = 'unique_violation';
            WHEN data_exception THEN
                GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
                RAISE EXCEPTION 'report "%" cannot be read: %', report, fault
                    USING ERRCODE = state;
        END;
        kept := kept + n;
    END LOOP;
    RETURN kept;
END;
$function$
;

CREATE FUNCTION leadflow.archive(workspace text, before timestamp with time zone)
 RETURNS TABLE(part text, rows bigint, rows_kept bigint)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET standard_conforming_strings TO 'on'
 SET "DateStyle" TO 'ISO'
 SET jit TO 'off'
 SET row_security TO 'off'
AS $function$
#variable_conflict use_column
DECLARE
    name constant text := pg_catalog.format('%I.touch', workspace);
    as_of constant timestamptz := pg_catalog.now();
    old record;
    partition text;
    kept text;
    columns text;
    n integer;
    free boolean;
    foreign_key name;
    caller text;
BEGIN
    caller := leadflow.become_workspace_owner(workspace);
    PERFORM leadflow.check_read_committed();
    IF before IS NULL OR NOT pg_catalog.isfinite(before) OR before > pg_catalog.now() THEN
        RAISE EXCEPTION 'what is archived lies before an instant that has passed'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = name::pg_catalog.regclass AND c.relkind = 'p') THEN
        RAISE EXCEPTION 'table % is not partitioned', name
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'leadflow.partition_workspace partitions the facts of a workspace.';
    END IF;
    IF NOT EXISTS (SELECT FROM leadflow.partition_bounds(name::pg_catalog.regclass) b WHERE b.upper_at <= before) THEN
        PERFORM pg_catalog.set_config('role', caller, true);
        RETURN;
    END IF;

    -- a lock that is taken at once cannot meet somebody who reads first and writes then; what decides who is at rest stands still too
    EXECUTE pg_catalog.format('LOCK TABLE %1$I.lead, %1$I.opportunity, %1$I.sla_clock, %1$I.transcript IN SHARE ROW EXCLUSIVE MODE; LOCK TABLE %1$I.touch IN ACCESS EXCLUSIVE MODE', workspace);
    PERFORM leadflow.close_books(workspace, as_of);
    columns := leadflow.written_columns(name::pg_catalog.regclass);

    -- leads that somebody works on, that became a deal, or of whom something was heard since
    CREATE TEMPORARY TABLE leadflow_live_lead (id bigint PRIMARY KEY, account_id bigint) ON COMMIT DROP;
    EXECUTE pg_catalog.format(
        'INSERT INTO pg_temp.leadflow_live_lead
         SELECT l.id, l.account_id FROM %1$I.lead l
         WHERE l.stage >= ''mql'' OR l.stage_since >= $1 OR l.wake_at >= $1
             OR EXISTS (SELECT FROM %1$I.opportunity o WHERE o.lead_id = l.id)
             OR EXISTS (SELECT FROM %1$I.sla_clock c WHERE c.lead_id = l.id AND c.stopped_at IS NULL AND c.cancelled_at IS NULL)
             OR EXISTS (SELECT FROM %1$I.touch t WHERE t.lead_id = l.id AND t.at >= $1)', workspace) USING before;
    ANALYZE pg_temp.leadflow_live_lead;

    FOR old IN
        SELECT c.relname, b.lower_at, b.upper_at
        FROM leadflow.partition_bounds(name::pg_catalog.regclass) b
        JOIN pg_catalog.pg_class c ON c.oid = b.part
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE b.upper_at <= before AND c.relkind = 'r' AND n.nspname = workspace
        ORDER BY b.lower_at
    LOOP
        partition := pg_catalog.format('%I.%I', workspace, old.relname);
        kept := pg_catalog.format('%I.%I', workspace, old.relname || '_kept');
        PERFORM leadflow.create_partition(name::pg_catalog.regclass, kept);
        EXECUTE pg_catalog.format(
            'INSERT INTO %2$s (%4$s)
             SELECT %4$s FROM %3$s t
             WHERE t.lead_id IN (SELECT l.id FROM pg_temp.leadflow_live_lead l)
                 OR (t.lead_id IS NULL AND (t.account_id IN (SELECT l.account_id FROM pg_temp.leadflow_live_lead l WHERE l.account_id IS NOT NULL)
                                            OR EXISTS (SELECT FROM %1$I.opportunity o WHERE o.account_id = t.account_id)))
                 OR EXISTS (SELECT FROM %1$I.transcript s WHERE s.touch_id = t.id)', workspace, kept, partition, columns);
        GET DIAGNOSTICS rows_kept = ROW_COUNT;
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) - $1 FROM %s', partition) INTO rows USING rows_kept;
        IF rows = 0 THEN
            EXECUTE pg_catalog.format('DROP TABLE %s', kept);
            CONTINUE;
        END IF;

        -- what is written late of a month that was archived can be archived too
        -- under the first name that no table has, or had when it was archived
        n := 0;
        LOOP
            part := pg_catalog.format('%s_archived%s', old.relname, NULLIF(n, 0));
            EXECUTE pg_catalog.format('SELECT pg_catalog.to_regclass($1) IS NULL AND NOT EXISTS (SELECT FROM %I.archived_part a WHERE a.part = $2)', workspace)
                INTO free USING pg_catalog.format('%I.%I', workspace, part), part;
            EXIT WHEN free;
            n := n + 1;
        END LOOP;
        EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s', name, partition);
        EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', partition, part);
        PERFORM leadflow.withdraw_rights(pg_catalog.format('%I.%I', workspace, part)::pg_catalog.regclass);
        EXECUTE pg_catalog.format('DELETE FROM %1$I.%2$I a USING %3$s k WHERE a.id = k.id AND a.at = k.at', workspace, part, kept);
        -- it binds nothing any more
        FOR foreign_key IN
            SELECT c.conname FROM pg_catalog.pg_constraint c
            WHERE c.conrelid = pg_catalog.format('%I.%I', workspace, part)::pg_catalog.regclass AND c.contype = 'f'
        LOOP
            EXECUTE pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', workspace, part, foreign_key);
        END LOOP;
        EXECUTE pg_catalog.format('DROP TRIGGER IF EXISTS leadflow_touch_transcript_truncate ON %I.%I', workspace, part);
        EXECUTE pg_catalog.format('ALTER TABLE %s RENAME TO %I', kept, old.relname);
        EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%L)', name, partition,
            CASE WHEN pg_catalog.isfinite(old.lower_at) THEN pg_catalog.quote_literal(old.lower_at) ELSE 'MINVALUE' END, old.upper_at);
        PERFORM leadflow.protect_partition(name::pg_catalog.regclass, partition::pg_catalog.regclass);
        EXECUTE pg_catalog.format('INSERT INTO %I.archived_part (part, before, book, rows, rows_kept) VALUES ($1, $2, $3, $4, $5)', workspace)
            USING part, before, as_of, rows, rows_kept;
        RETURN NEXT;
    END LOOP;
    DROP TABLE pg_temp.leadflow_live_lead;
    PERFORM pg_catalog.set_config('role', caller, true);
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.phrase_query(phrases text[])
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT CASE WHEN pg_catalog.bool_and(COALESCE(q.words, '') <> '')
                THEN pg_catalog.string_agg('(' || q.words || CASE WHEN q.phrase LIKE '%*' THEN ':*' ELSE '' END || ')', ' | ')::tsquery END
    FROM (SELECT p.phrase, pg_catalog.phraseto_tsquery('pg_catalog.simple'::regconfig, p.phrase)::text AS words
          FROM pg_catalog.unnest(phrases) p (phrase)
          WHERE pg_catalog.cardinality(phrases) <= 1000) q
$function$
;

CREATE OR REPLACE FUNCTION leadflow.attachment_columns(target regclass, object_table regclass, mapping jsonb, options jsonb)
 RETURNS TABLE(name text, expression text)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    object constant text := (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = object_table);
    workspace constant text := (SELECT c.relnamespace::regnamespace::text FROM pg_catalog.pg_class c WHERE c.oid = object_table);
    parent_source constant text := COALESCE(options ->> 'parent_source', options ->> 'source');
    key text;
    parent text;
    wanted text;
    given regtype;
    fallback text;
    nobody text;
BEGIN
    FOR key, expression IN
        SELECT m.key, m.value #>> '{}' FROM pg_catalog.jsonb_each(mapping) m
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = object_table AND a.attname = m.key AND a.attnum > 0
        ORDER BY a.attnum, m.key
    LOOP
        parent := CASE WHEN key IN ('lead', 'account', 'campaign') THEN key END;
        name := COALESCE(parent || '_id', key);
        fallback := NULL;
        IF key = 'outcome' AND object IN ('lead', 'opportunity') THEN
            wanted := 'leadflow.stage';
        ELSE
            SELECT CASE WHEN parent IS NULL THEN pg_catalog.format_type(a.atttypid, a.atttypmod) ELSE 'text' END,
                   CASE WHEN a.attnotnull THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END
            INTO wanted, fallback
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = object_table AND a.attname = attachment_columns.name AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attidentity = '' AND a.attgenerated = '';
            IF NOT FOUND OR key IN ('source', 'furthest_stage', 'updated_at', 'recorded_at', 'merged_into', 'field_sources', 'rests_until') THEN
                RAISE EXCEPTION 'a row of % has no column "%" to map', object, key
                    USING ERRCODE = 'undefined_column',
                          HINT = pg_catalog.format('Map columns of %s.%s that a writer may set.', workspace, object);
            END IF;
        END IF;

        -- a row is written where it differs from what is there
        BEGIN
            EXECUTE pg_catalog.format('SELECT NULL::%1$s = NULL::%1$s', wanted);
        EXCEPTION WHEN undefined_function THEN
            RAISE EXCEPTION 'values of column "%" cannot be compared', key
                USING ERRCODE = 'feature_not_supported', DETAIL = pg_catalog.format('PostgreSQL itself has no operator = of type %s.', wanted),
                      HINT = 'Make it a column of type text or jsonb.';
        END;
        -- what does the expression give?
        BEGIN
            -- in WHERE too, where PostgreSQL refuses what may give other than one value: sets and aggregates
            EXECUTE pg_catalog.format('SELECT pg_catalog.pg_typeof((SELECT %1$s FROM %2$s AS new WHERE (%1$s) IS NULL LIMIT 0))', expression, target) INTO given;
        EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported OR cardinality_violation THEN
            RAISE EXCEPTION 'the mapping of "%" does not compile: %', key, SQLERRM
                USING ERRCODE = SQLSTATE, DETAIL = pg_catalog.format('Expression: %s', expression),
                      HINT = 'Write the columns of the row as new.column, and the names of other tables with their schemas.';
        END;
        IF wanted = 'timestamp with time zone' AND given IN ('timestamp'::regtype, 'date'::regtype) THEN
            IF options ->> 'time_zone' IS NULL THEN
                RAISE EXCEPTION 'the mapping of "%" gives a time without a time zone', key
                    USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('Expression: %s', expression),
                          HINT = 'Name the zone in which the source writes its times in the option time_zone.';
            END IF;
            expression := pg_catalog.format('pg_catalog.timezone(%L, (%s)::pg_catalog.timestamp)', options ->> 'time_zone', expression);
        ELSIF wanted = 'text' THEN
            expression := pg_catalog.format('NULLIF((%s)::pg_catalog.text, '''')', expression);
            IF key = 'owner' AND options ? 'nobody' THEN
                FOR nobody IN SELECT n FROM pg_catalog.jsonb_array_elements_text(
                    CASE pg_catalog.jsonb_typeof(options -> 'nobody') WHEN 'array' THEN options -> 'nobody'
                         ELSE pg_catalog.jsonb_build_array(options -> 'nobody') END) n
                LOOP
                    expression := pg_catalog.format('NULLIF(%s, %L)', expression, nobody);
                END LOOP;
            END IF;
        ELSIF wanted = 'boolean' AND given IN ('smallint'::regtype, 'bigint'::regtype, 'numeric'::regtype) THEN
            expression := pg_catalog.format('(%s) <> 0', expression);
        ELSE
            IF wanted = 'leadflow.stage' OR given IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AND given <> wanted::regtype THEN
                expression := pg_catalog.format('NULLIF((%s)::pg_catalog.text, '''')', expression);
            END IF;
            expression := pg_catalog.format('(%s)::%s', expression, wanted);
        END IF;

        IF key = 'external_id' THEN
            expression := pg_catalog.format('leadflow.attachment_key(%s)', expression);
        ELSIF parent IS NOT NULL THEN
            expression := pg_catalog.format('(SELECT p.id FROM %s.%I p WHERE p.source = %L AND p.external_id = %s)',
                workspace, parent, parent_source, expression);
        ELSIF fallback IS NOT NULL THEN
            expression := pg_catalog.format('COALESCE(%s, %s)', expression, fallback);
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.attach(workspace name, target regclass, object text, mapping jsonb, options jsonb DEFAULT '{}'::jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    known constant text[] := '{source,name,writer,parent_source,time_zone,nobody,filter,deleted,stage_sync,unknown_status,unknown_lead,create,on_delete,always,aliases}';
    relation record;
    object_table regclass;
    attachment text;
    source text;
    writer text;		-- whose words the status is written in
    moves boolean;
    fault text;
    columns text[];
    expressions text[];
    outputs text[];
    results text[];
    gone text;
    stage text;
    reason text;
    signature text;
    body text;
    mapping_function oid;
    whole boolean;
    keys text[];
    reads text;
    event text;
    trigger text;
    call text;
BEGIN
    PERFORM leadflow.check_workspace_owner(workspace);
    IF object IS NULL OR object NOT IN ('lead', 'opportunity', 'account', 'touch', 'campaign') THEN
        RAISE EXCEPTION 'unknown object "%"', object
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose lead, opportunity, account, touch or campaign.';
    END IF;
    object_table := (ws || '.' || object)::regclass;
    moves := object IN ('lead', 'opportunity');

    SELECT c.relname, c.relkind, c.relpersistence, c.relnamespace::regnamespace::text AS schema INTO relation
    FROM pg_catalog.pg_class c WHERE c.oid = target;
    IF target IS NULL OR relation.relname IS NULL OR relation.relkind NOT IN ('r', 'p') OR relation.relpersistence = 't'
        OR relation.schema IN (ws, 'pg_catalog', 'information_schema') THEN
        RAISE EXCEPTION '% cannot be attached', COALESCE(target::text, 'nothing')
            USING ERRCODE = 'wrong_object_type',
                  DETAIL = 'A table of the company is attached: not a view, a temporary or foreign table, or a table of the workspace itself.';
    END IF;
    IF pg_catalog.jsonb_typeof(mapping) IS DISTINCT FROM 'object' OR pg_catalog.jsonb_typeof(options) IS DISTINCT FROM 'object'
        OR EXISTS (SELECT FROM pg_catalog.jsonb_each(mapping) m WHERE pg_catalog.jsonb_typeof(m.value) <> 'string') THEN
        RAISE EXCEPTION 'mapping and options must be JSON objects, and each mapping an expression in a string'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT o.key INTO fault FROM pg_catalog.jsonb_object_keys(options) o (key) WHERE o.key <> ALL (known) ORDER BY 1 LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option "%"', fault
            USING ERRCODE = 'invalid_parameter_value', HINT = pg_catalog.format('Options are %s.', pg_catalog.array_to_string(known, ', '));
    END IF;
    IF COALESCE(options ->> 'stage_sync', 'forward') NOT IN ('forward', 'mirror') OR COALESCE(options ->> 'on_delete', 'keep') NOT IN ('keep', 'follow')
        OR COALESCE(options ->> 'unknown_lead', 'refuse') NOT IN ('refuse', 'park')
        OR COALESCE(options ->> 'create', 'true') NOT IN ('true', 'false') OR COALESCE(options ->> 'always', 'false') NOT IN ('true', 'false') THEN
        RAISE EXCEPTION 'an option has a value that it cannot have'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'stage_sync is forward or mirror, on_delete keep or follow, unknown_lead refuse or park, create and always true or false.';
    END IF;
    IF options ->> 'on_delete' = 'follow' AND object IN ('account', 'campaign') THEN
        RAISE EXCEPTION 'a deleted % is kept', object
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave out on_delete.';
    END IF;
    IF NOT mapping ? 'external_id' THEN
        RAISE EXCEPTION 'the mapping lacks external_id'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Map external_id to what identifies the row in the source, for instance new.id.';
    END IF;

    IF (options ->> 'create')::boolean IS NOT FALSE THEN
        -- what a new row must have, and neither a default nor the guard gives
        SELECT a.attname INTO fault FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = object_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
            AND a.attname <> ALL ('{source,stage,stage_since,created_at,updated_at}') AND NOT mapping ? a.attname::text
        ORDER BY a.attnum LIMIT 1;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION 'the mapping lacks %', fault
                USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('A new row of %s.%s must have it.', ws, object);
        END IF;
    END IF;
    PERFORM pg_catalog.timezone(options ->> 'time_zone', pg_catalog.now());		-- is there such a zone?

    source := COALESCE(NULLIF(options ->> 'source', ''), relation.relname);
    attachment := COALESCE(NULLIF(options ->> 'name', ''),
        pg_catalog.left(object || '_from_' || pg_catalog.regexp_replace(pg_catalog.lower(relation.relname), '[^a-z0-9_]+', '_', 'g'), 40));
    IF attachment !~ '^[a-z_][a-z0-9_]{0,39}$' THEN
        RAISE EXCEPTION 'invalid name of an attachment: "%"', attachment
            USING ERRCODE = 'invalid_name', HINT = 'Up to 40 lower-case letters, digits and underscores, in the option name.';
    END IF;
    -- what an attachment of a former workspace of that name has left on the table
    FOR trigger IN
        EXECUTE pg_catalog.format('SELECT t.tgname FROM pg_catalog.pg_trigger t
            WHERE t.tgrelid = $1 AND t.tgfoid = ''leadflow.attached()''::pg_catalog.regprocedure AND NOT EXISTS (SELECT FROM %s.attachment a WHERE a.attachment = $2)
                AND pg_catalog.encode(t.tgargs, ''escape'') = pg_catalog.encode(pg_catalog.convert_to($2, $4), ''escape'') || ''\000''
                    || pg_catalog.encode(pg_catalog.convert_to($3, $4), ''escape'') || ''\000''', ws)
        USING target, attachment, workspace::text, pg_catalog.getdatabaseencoding()
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', trigger, target);
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname IN (attachment, attachment || '_write'))
        OR pg_catalog.to_regclass(pg_catalog.format('%s.%I', ws, attachment || '_row')) IS NOT NULL
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = target AND t.tgname = 'leadflow_' || attachment || '_insert') THEN
        RAISE EXCEPTION 'workspace % or table % has an attachment "%" already', workspace, target, attachment
            USING ERRCODE = 'duplicate_object', HINT = 'Detach it first, or give this one another name in the option name.';
    END IF;
    options := options || pg_catalog.jsonb_build_object('source', source);
    writer := COALESCE(options ->> 'writer', source);

    -- what the mapping function gives
    SELECT pg_catalog.array_agg(m.name), pg_catalog.array_agg(m.expression) INTO columns, expressions
    FROM leadflow.attachment_columns(target, object_table, mapping, options) m;
    FOREACH fault IN ARRAY ARRAY['filter', 'deleted'] LOOP
        BEGIN
            EXECUTE pg_catalog.format('SELECT FROM %s AS new WHERE %s LIMIT 0', target, COALESCE(options ->> fault, 'true'));
        EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported THEN
            RAISE EXCEPTION 'the option "%" does not compile: %', fault, SQLERRM
                USING ERRCODE = SQLSTATE, DETAIL = pg_catalog.format('Expression: %s', options ->> fault),
                      HINT = 'It is a condition on the row: write its columns as new.column.';
        END;
    END LOOP;
    -- a row that is there is not deleted, and takes back what its deletion did
    gone := COALESCE('COALESCE((' || (options ->> 'deleted') || '), false)', CASE WHEN options ->> 'on_delete' = 'follow' THEN 'false' END);
    IF moves THEN
        SELECT 'COALESCE(' || pg_catalog.string_agg(s.expression, ', ' ORDER BY s.position) || ')' INTO stage
        FROM (VALUES (1, 'outcome', 's.outcome'), (2, 'stage', 's.stage'), (3, 'status', 'own.stage'), (4, 'status', 'general.stage')) s (position, name, expression)
        WHERE s.name = ANY (columns);
        reason := CASE WHEN 'reason' = ANY (columns) THEN 's.reason' END;
        IF gone IS NOT NULL THEN
            stage := pg_catalog.format('CASE WHEN s.gone THEN ''disqualified''::leadflow.stage ELSE %s END', COALESCE(stage, 'NULL'));
            reason := pg_catalog.format('CASE WHEN s.gone THEN ''deleted_in_source'' ELSE %s END', COALESCE(reason, 'NULL'));
        END IF;
    END IF;
    SELECT pg_catalog.array_agg(pg_catalog.format('%I %s', c.name, pg_catalog.format_type(t.atttypid, NULL)) ORDER BY t.attnum),
           pg_catalog.array_agg(pg_catalog.format('%s AS %I', CASE WHEN moves AND c.name = 'stage' THEN stage
               WHEN moves AND c.name = 'reason' THEN reason ELSE pg_catalog.format('s.%I', c.name) END, c.name) ORDER BY t.attnum)
    INTO outputs, results
    FROM (SELECT DISTINCT u.name FROM pg_catalog.unnest(columns || CASE WHEN stage IS NOT NULL THEN '{stage}'::text[] ELSE '{}' END
              || CASE WHEN reason IS NOT NULL THEN '{reason}'::text[] ELSE '{}' END) u (name)) c
    JOIN pg_catalog.pg_attribute t ON t.attrelid = object_table AND t.attname = c.name;
    IF gone IS NOT NULL THEN
        outputs := outputs || 'gone boolean'::text;
        results := results || 's.gone'::text;
    END IF;

    body := pg_catalog.format(E'RETURNS TABLE (%s)\nLANGUAGE sql STABLE\nBEGIN ATOMIC\nSELECT %s\nFROM (SELECT %s) AS s%s%s;\nEND',
        pg_catalog.array_to_string(outputs, ', '), pg_catalog.array_to_string(results, E',\n    '),
        (SELECT pg_catalog.string_agg(pg_catalog.format('%s AS %I', e.expression, e.name), E',\n    ')
         FROM ROWS FROM (pg_catalog.unnest(columns || 'gone'::text), pg_catalog.unnest(expressions || gone)) e (name, expression)
         WHERE e.expression IS NOT NULL),
        CASE WHEN moves AND 'status' = ANY (columns) THEN pg_catalog.format(
            E'\nLEFT JOIN %1$s.stage_alias own ON own.object = %2$L AND own.source = %3$L AND own.status = s.status'
            '\nLEFT JOIN %1$s.stage_alias general ON general.object = %2$L AND general.source = ''*'' AND general.status = s.status', ws, object, writer) ELSE '' END,
        COALESCE(E'\nWHERE ' || (options ->> 'filter'), ''));

    -- PostgreSQL says which columns the mapping reads; one that reads the row as a whole reads them all
    EXECUTE pg_catalog.format('CREATE FUNCTION %s.%I(new %s) %s', ws, attachment, target, body);
    SELECT p.oid, pg_catalog.replace(p.prosqlbody::text, '{FIELDSELECT :arg {PARAM :paramkind 0 :paramid 1 ', '') LIKE '%{PARAM :paramkind 0 :paramid 1 %'
    INTO mapping_function, whole
    FROM pg_catalog.pg_proc p WHERE p.pronamespace = ws::regnamespace AND p.proname = attachment;
    SELECT pg_catalog.array_agg(c.attname::text ORDER BY k.position) INTO keys
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_catalog.pg_attribute c ON c.attrelid = i.indrelid AND c.attnum = k.attnum
    WHERE i.indrelid = target AND i.indisprimary;
    SELECT pg_catalog.string_agg(pg_catalog.format('r.%I', c.attname), ', ' ORDER BY c.attnum) INTO reads
    FROM pg_catalog.pg_attribute c
    WHERE c.attrelid = target AND c.attnum > 0 AND NOT c.attisdropped AND (whole OR c.attname = ANY (keys) OR EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = mapping_function
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = target AND d.refobjsubid = c.attnum));
    EXECUTE pg_catalog.format('DROP FUNCTION %s.%I(%s)', ws, attachment, target);
    IF reads IS NULL THEN
        RAISE EXCEPTION 'the mapping reads no column of %', target
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write the columns of the row as new.column.';
    END IF;

    EXECUTE pg_catalog.format('CREATE VIEW %s.%I AS SELECT %s FROM %s AS r', ws, attachment || '_row', reads, target);
    EXECUTE pg_catalog.format('COMMENT ON VIEW %s.%I IS %L', ws, attachment || '_row',
        pg_catalog.format('attachment: the columns of %s that it reads', target));
    signature := pg_catalog.format('%s.%I(%s.%I)', ws, attachment, ws, attachment || '_row');
    EXECUTE pg_catalog.format('CREATE FUNCTION %1$s.%2$I(new %1$s.%3$I) %4$s', ws, attachment, attachment || '_row', body);
    EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', signature,
        pg_catalog.format('attachment: what a row of %s means, as a row of %s.%s of source %s', target, ws, object, source));

    EXECUTE pg_catalog.format('INSERT INTO %s.attachment (attachment, object, source, mapping, options, key) VALUES ($1, $2, $3, $4, $5, $6)', ws)
        USING attachment, object, source, mapping, options, keys;
    IF moves THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.source (source, stage_sync, unknown_status) VALUES ($1, COALESCE($2, ''forward''), COALESCE($3, ''refuse''))
            ON CONFLICT (source) DO UPDATE SET stage_sync = COALESCE($2, source.stage_sync), unknown_status = COALESCE($3, source.unknown_status)
            WHERE (source.stage_sync, source.unknown_status) <> (COALESCE($2, source.stage_sync), COALESCE($3, source.unknown_status))', ws)
            USING writer, options ->> 'stage_sync', options ->> 'unknown_status';
    END IF;
    IF options ? 'aliases' AND moves THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.stage_alias (object, source, status, stage) SELECT $1, $2, w.key, w.value::leadflow.stage
            FROM pg_catalog.jsonb_each_text($3) w ON CONFLICT (object, source, status) DO UPDATE SET stage = EXCLUDED.stage
            WHERE stage_alias.stage <> EXCLUDED.stage', ws) USING object, writer, options -> 'aliases';
    END IF;
    IF moves AND gone IS NOT NULL THEN
        EXECUTE pg_catalog.format('INSERT INTO %s.reason (code, applies_to, category, labels) VALUES
            (''deleted_in_source'', ''{disqualified}'', ''data'', ''{"en": "Deleted in the source"}''),
            (''entered_in_error'', ''{}'', ''data'', ''{"en": "Entered in error"}'') ON CONFLICT (code) DO NOTHING', ws);
    END IF;
    PERFORM leadflow.write_attachment_function(workspace, attachment);

    FOREACH event IN ARRAY CASE WHEN options ->> 'on_delete' = 'follow' THEN '{insert,update,delete}'::text[] ELSE '{insert,update}' END LOOP
        trigger := pg_catalog.format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH ROW', 'leadflow_' || attachment || '_' || event, pg_catalog.upper(event), target);
        call := pg_catalog.format(' EXECUTE FUNCTION leadflow.attached(%L, %L)', attachment, workspace);
        BEGIN
            EXECUTE trigger || COALESCE(CASE WHEN event = 'insert' THEN ' WHEN (' || (options ->> 'filter') || ')' END, '') || call;
        EXCEPTION WHEN feature_not_supported THEN
            -- a sub-select is not for a trigger: the mapping function filters alone
            EXECUTE trigger || call;
        END;
        IF (options ->> 'always')::boolean THEN
            EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, 'leadflow_' || attachment || '_' || event);
        END IF;
    END LOOP;
    RETURN attachment;
END;
$function$
;

CREATE FUNCTION leadflow.attachment_key_terms(view regclass, target regclass, key text[], OUT ordering text, OUT texts text, OUT after text, OUT upto text, OUT same text, OUT again text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    k record;
BEGIN
    FOR k IN
        WITH RECURSIVE column_type AS (
            SELECT i.position, c.attname, c.atttypid AS type, i.opclass
            FROM (SELECT o.opclass, o.position FROM pg_catalog.pg_index x
                  CROSS JOIN LATERAL pg_catalog.unnest(x.indclass::oid[]) WITH ORDINALITY AS o (opclass, position)
                  WHERE x.indrelid = target AND x.indisprimary) i
            JOIN pg_catalog.pg_attribute c ON c.attrelid = view AND c.attname = key[i.position]
            UNION ALL
            -- the checks of a domain are code of whoever made it
            SELECT d.position, d.attname, t.typbasetype, d.opclass FROM column_type d JOIN pg_catalog.pg_type t ON t.oid = d.type WHERE t.typtype = 'd'
        )
        SELECT pg_catalog.format('r.%I', d.attname) AS name,
               pg_catalog.format('($1 ->> %s)::%s', d.position - 1, pg_catalog.format_type(t.oid, NULL)) AS earlier,
               pg_catalog.format('($2 ->> %s)::%s', d.position - 1, pg_catalog.format_type(t.oid, NULL)) AS later,
               pg_catalog.format('($1 ->> %L)::%s', d.attname, pg_catalog.format_type(t.oid, NULL)) AS parked,
               o.names[1] AS lt, o.names[2] AS le, o.names[3] AS eq, o.names[4] AS ge, o.names[5] AS gt
        FROM column_type d
        JOIN pg_catalog.pg_type t ON t.oid = d.type AND t.typtype <> 'd'
        JOIN pg_catalog.pg_opclass c ON c.oid = d.opclass
        CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(pg_catalog.format('OPERATOR(%I.%s)', n.nspname, p.oprname) ORDER BY w.amopstrategy) AS names
                            FROM pg_catalog.pg_amop w
                            JOIN pg_catalog.pg_operator p ON p.oid = w.amopopr
                            JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
                            WHERE w.amopfamily = c.opcfamily AND w.amoplefttype = c.opcintype AND w.amoprighttype = c.opcintype AND w.amoppurpose = 's') o
        ORDER BY d.position DESC
    LOOP
        ordering := pg_catalog.concat_ws(', ', pg_catalog.format('%s USING %s', k.name, k.lt), ordering);
        -- by the type's own output, as a cast to text may be somebody's function
        texts := pg_catalog.concat_ws(', ', pg_catalog.format('pg_catalog.concat(%s)', k.name), texts);
        after := CASE WHEN after IS NULL THEN pg_catalog.concat_ws(' ', k.name, k.gt, k.earlier)
                      ELSE pg_catalog.format('%1$s %2$s %4$s AND (%1$s %3$s %4$s OR %5$s)', k.name, k.ge, k.gt, k.earlier, after) END;
        upto := CASE WHEN upto IS NULL THEN pg_catalog.concat_ws(' ', k.name, k.le, k.later)
                     ELSE pg_catalog.format('%1$s %2$s %4$s AND (%1$s %3$s %4$s OR %5$s)', k.name, k.le, k.lt, k.later, upto) END;
        same := pg_catalog.concat_ws(' AND ', pg_catalog.concat_ws(' ', k.name, k.eq, k.later), same);
        again := pg_catalog.concat_ws(' AND ', pg_catalog.concat_ws(' ', k.name, k.eq, k.parked), again);
    END LOOP;
END;
$function$
;

CREATE FUNCTION leadflow.next_keys(query text, after jsonb, batch integer)
 RETURNS jsonb[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "DateStyle" TO 'ISO'
 SET "IntervalStyle" TO 'postgres'
 SET extra_float_digits TO '1'
AS $function$
DECLARE
    keys jsonb[];
BEGIN
    EXECUTE query INTO keys USING after, batch;
    RETURN keys;
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.backfill_batch(workspace name, attachment name, batch integer, anew boolean DEFAULT false)
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "leadflow.on_violation" TO 'park'
AS $function$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    a record;
    progress record;
    view regclass;
    target regclass;
    terms record;
    keys jsonb[];
    key jsonb;
    rows text;
    one_row text;
    newest bigint;
    parked bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %s.attachment t WHERE t.attachment = $1', ws) INTO a USING attachment;
    view := pg_catalog.to_regclass(pg_catalog.format('%s.%I', ws, attachment || '_row'));
    IF a.attachment IS NULL OR view IS NULL THEN
        RAISE EXCEPTION 'workspace % has no attachment "%" of a table', workspace, attachment
            USING ERRCODE = 'undefined_object', HINT = 'See leadflow.attachments.';
    END IF;
    target := leadflow.attachment_target(workspace, attachment);
    SELECT * INTO terms FROM leadflow.attachment_key_terms(view, target, a.key);
    IF terms.same IS NULL THEN
        RAISE EXCEPTION '% has no primary key', target
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'Rows are taken in the order of the primary key, so that a run can be resumed.',
                  HINT = 'Give it one, and attach it again.';
    END IF;
    -- the view reads with the rights of its owner
    IF NOT (SELECT pg_catalog.has_any_column_privilege(v.relowner, target, 'UPDATE') FROM pg_catalog.pg_class v WHERE v.oid = view) THEN
        RAISE EXCEPTION 'permission denied for table %', target
            USING ERRCODE = 'insufficient_privilege', DETAIL = 'A backfill locks the rows that it takes, so that none changes meanwhile.',
                  HINT = 'Grant the owner of the workspace UPDATE on the table, or on one of its columns.';
    END IF;

    EXECUTE pg_catalog.format('INSERT INTO %s.backfill_progress (attachment) VALUES ($1) ON CONFLICT DO NOTHING', ws) USING attachment;
    EXECUTE pg_catalog.format('SELECT * FROM %s.backfill_progress p WHERE p.attachment = $1 FOR UPDATE', ws) INTO progress USING attachment;
    IF progress.finished_at IS NOT NULL THEN
        IF NOT anew THEN
            RETURN 0;
        END IF;
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET started_at = pg_catalog.now(), finished_at = NULL, last_key = NULL, rows_read = 0, rows_parked = 0
            WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment;
    END IF;

    keys := leadflow.next_keys(pg_catalog.format('SELECT pg_catalog.array_agg(q.key) FROM (
        SELECT pg_catalog.jsonb_build_array(%s) AS key FROM %s AS r WHERE $1 IS NULL OR %s ORDER BY %s LIMIT $2) q', terms.texts, view,
        terms.after, terms.ordering), progress.last_key, batch);
    IF keys IS NULL THEN
        EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET finished_at = pg_catalog.now(), updated_at = pg_catalog.now() WHERE attachment = $1', ws)
            USING attachment;
        RAISE NOTICE '%: finished after % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
        RETURN 0;
    END IF;

    EXECUTE pg_catalog.format('SELECT COALESCE(pg_catalog.max(q.id), 0) FROM %s.quarantine q', ws) INTO newest;
    -- FOR SHARE: a row that is being changed is taken as it will be
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    rows := pg_catalog.format('SELECT m.* FROM %s AS r CROSS JOIN LATERAL %s.%I(r.*) AS m WHERE ', view, ws, attachment);
    BEGIN
        EXECUTE leadflow.attachment_batch(workspace, attachment, rows || CASE WHEN progress.last_key IS NULL THEN '' ELSE terms.after || ' AND ' END
                                          || terms.upto || ' FOR SHARE OF r')
            USING progress.last_key, keys[pg_catalog.cardinality(keys)];
    EXCEPTION WHEN OTHERS THEN
        IF NOT leadflow.is_fault_of_row(SQLSTATE) THEN
            RAISE;
        END IF;
        one_row := leadflow.attachment_batch(workspace, attachment, rows || terms.same || ' FOR SHARE OF r');
        FOREACH key IN ARRAY keys LOOP
            BEGIN
                EXECUTE one_row USING NULL::jsonb, key;
            EXCEPTION WHEN OTHERS THEN
                IF NOT leadflow.is_fault_of_row(SQLSTATE) THEN
                    RAISE;
                END IF;
                EXECUTE pg_catalog.format('INSERT INTO %s.quarantine (object, operation, source, external_id, parked_row, unmet, session_actor, actor, attachment)
                    SELECT $3, ''INSERT'', $4, (SELECT pg_catalog.string_agg(k, ''/'') FROM pg_catalog.jsonb_array_elements_text($2) k), pg_catalog.to_jsonb(r.*),
                        pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(''criterion'', ''error'', ''object'', $3, ''stage'', NULL, ''requirement'', $5,
                            ''seen'', $6, ''how_to_fix'', ''Mend the row or the mapping.'')), SESSION_USER, CURRENT_USER, $7
                    FROM %s AS r WHERE %s', ws, view, terms.same)
                    USING NULL::jsonb, key, a.object, a.source, SQLERRM, SQLSTATE, attachment;
            END;
        END LOOP;
    END;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);

    -- of a row that is parked again the new record stays
    EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s.quarantine q WHERE q.recorded_at = pg_catalog.now() AND q.object = $1 AND q.source = $2 AND q.id > $3 AND COALESCE(q.attachment, $4) = $4', ws)
        INTO parked USING a.object, a.source, newest, attachment::text;
    IF parked > 0 THEN
        EXECUTE pg_catalog.format('DELETE FROM %1$s.quarantine q USING %1$s.quarantine n WHERE n.id > $3 AND n.object = $1 AND n.source = $2
            AND q.object = $1 AND q.source = $2 AND q.external_id = n.external_id AND q.id <= $3
            AND COALESCE(q.attachment, $4) = $4 AND COALESCE(n.attachment, $4) = $4', ws) USING a.object, a.source, newest, attachment::text;
    END IF;

    EXECUTE pg_catalog.format('UPDATE %s.backfill_progress SET updated_at = pg_catalog.now(), last_key = $2, rows_read = rows_read + $3, rows_parked = rows_parked + $4
        WHERE attachment = $1 RETURNING *', ws) INTO progress USING attachment, keys[pg_catalog.cardinality(keys)], pg_catalog.cardinality(keys), parked;
    RAISE NOTICE '%: % rows, % of them parked', attachment, progress.rows_read, progress.rows_parked;
    RETURN pg_catalog.cardinality(keys);
END;
$function$
;

CREATE OR REPLACE FUNCTION leadflow.take_again(workspace name, attachment name, parked_row jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    a record;
    view constant regclass := pg_catalog.to_regclass(pg_catalog.format('%I.%I', workspace, attachment || '_row'));
    key text;
    rows text;
    found_rows bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT * FROM %I.attachment t WHERE t.attachment = $1', workspace) INTO a USING attachment;
    IF a.attachment IS NULL THEN
        RAISE EXCEPTION 'workspace % has no attachment "%" any more', workspace, attachment
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach the table again under that name, or delete the parked row.';
    END IF;
    SELECT t.again INTO key FROM leadflow.attachment_key_terms(view, leadflow.attachment_target(workspace, attachment), a.key) t;
    IF key IS NULL THEN
        RAISE EXCEPTION 'the row cannot be found again, as the table has no primary key or is not there any more'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Write it again in its table, or delete the parked row.';
    END IF;
    rows := pg_catalog.format('SELECT m.* FROM %s AS r CROSS JOIN LATERAL %I.%I(r.*) AS m WHERE %s', view, workspace, attachment, key);
    EXECUTE 'SELECT pg_catalog.count(*) FROM (' || rows || ') AS t' INTO found_rows USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', COALESCE(a.options ->> 'writer', a.source), true);
    EXECUTE leadflow.attachment_batch(workspace, attachment, rows || ' FOR SHARE OF r') USING parked_row;
    PERFORM pg_catalog.set_config('leadflow.source', '', true);
    RETURN CASE found_rows WHEN 0 THEN 'superseded' ELSE 'accepted' END;
END;
$function$
;

COMMENT ON FUNCTION leadflow.check_workspace_version(pg_catalog.text) IS 'raises an error where a workspace has not the version of the extension (55000)';

COMMENT ON FUNCTION leadflow.become_workspace_owner(pg_catalog.text) IS 'makes the caller the owner of a workspace until the end of the transaction, so that what is made belongs to the owner, and what the owner wrote (defaults, checks, triggers) runs with no more rights; gives the setting role as it was, to be set again. Errors: not a workspace (42704), not a member of the owner (42501)';

COMMENT ON FUNCTION leadflow.forget(pg_catalog.name,bigint) IS 'forgets a person: the personal data leaves the lead and those that were merged into it, their touches, opportunities, pauses, alerts, history, stays in nurture, verdicts with their answers, merges, refused values and moves, parked rows, transcripts, opinions, objections, requests, plans of deals, debriefs and lessons; what happened stays without the person, and so does every figure of the reports but those that are about such data (doc/people.md lists them). Columns that were added, accounts and definition_change are left alone. Errors: not the owner of the workspace (42501), no such lead (P0002), the lead was merged into another, which is to be forgotten, or the workspace has another version than the extension (55000), no such workspace (42704)';

COMMENT ON FUNCTION leadflow.json_says(pg_catalog.jsonb,pg_catalog.text) IS 'whether a regular expression, whatever the capitals, matches a text or a number anywhere in a JSON value, as it is and not as JSON writes it; keys are not looked at';

COMMENT ON FUNCTION leadflow.mentions(pg_catalog.name,pg_catalog.text) IS 'where in the tables of a workspace some words stand, whatever their capitals: the table, the primary key of the row (its ctid where there is none) and the columns, those that were added to the workspace too. For a person who asks what is known of her, and for what leadflow.forget leaves to you. Reads every row of every table that the caller may read whole. Errors: not a workspace (42704), nothing to look for (22023)';

COMMENT ON FUNCTION leadflow.is_fault_of_row(pg_catalog.text) IS 'is an error with this SQLSTATE the row''s own, so that the row can be parked and the others go on? Not a lost connection, a lock, a cancel or a lack of resources';

COMMENT ON FUNCTION leadflow.retry_quarantine(pg_catalog.name,bigint[]) IS 'puts parked rows through the guard again, in the order in which they were parked: all, or those with these numbers. A row that was to be added is added; where it is there meanwhile, and for a row that was to be changed, stage, status and reason of the parked row are written and the fields that are empty are filled. One row: how many were retried, accepted, superseded (the row is in that stage already, or past it) and still parked (unmet says what is missing now). What is accepted or superseded leaves the quarantine. Needs SELECT, UPDATE and DELETE on quarantine, SELECT on stage_event, INSERT and UPDATE on lead and opportunity: the owner, or access revops; rows of attached tables wait for the owner, who may read them. Errors: no such right (42501), no such workspace (42704)';

COMMENT ON FUNCTION leadflow.normal_name(pg_catalog.text) IS 'the form in which names of companies and people are compared: lower case, dots and apostrophes dropped, other punctuation and runs of blanks folded into one blank, legal forms such as GmbH, sp. z o.o., Ltd or Inc dropped where something else remains. Accents stay. Of a name of more than 10000 bytes the beginning. Null for a name without a letter or digit';

COMMENT ON FUNCTION leadflow.schedule(pg_catalog.name,pg_catalog.text,pg_catalog.text) IS 'has pg_cron do a task in the workspace at the times that the cron expression names (every minute, where none is given), in the name of the current role. task: sweep (leadflow.sweep), scores (leadflow.refresh_scores) or partitions (leadflow.add_partitions). Gives the number of the job, which is called "leadflow <task> <workspace>"; scheduling again changes the times. Needs USAGE on the schema cron. Errors: this database has no pg_cron (0A000), not the owner of the workspace (42501), not a workspace (42704), no time or another task (22023), what pg_cron says of a wrong expression';

COMMENT ON FUNCTION leadflow.workspace_steps() IS 'the steps from version to version that bring a workspace to this one, in order, each named after the version before it and the one that it leads to';

COMMENT ON FUNCTION leadflow.workspace_script(pg_catalog.text) IS 'the text of one part of a workspace, by its name: definitions sources governance facts merges attachments feedback routing alerts agreements scoring economics reviews metrics audience library lessons proposing books triggers empty b2b, a report, or a step';

COMMENT ON FUNCTION leadflow.create_workspace(pg_catalog.text,pg_catalog.text,boolean) IS 'builds a workspace: a schema of that name with definitions, facts, triggers and reports, owned by the caller. defaults: b2b (a complete agreement to edit) or empty (no definition but the calendar default). partitioned: whether touches and history are kept by month (leadflow.add_partitions), for a workspace that will hold tens of millions of them. Errors: the schema exists (42P06), the name is empty, the defaults are unknown or partitioned is null (22023), the name is too long (42622), no right to create schemas (42501)';

COMMENT ON FUNCTION leadflow.sealed_reports() IS 'the reports that read with the rights of the workspace''s owner, because they count or compare what those who may read them may not see (e-mail addresses, telephone numbers, transcripts). Each keeps to the rows of visible_lead, visible_opportunity, visible_account and visible_touch, which read with the rights of whoever asks';

COMMENT ON FUNCTION leadflow.secure_reports(pg_catalog.text) IS 'has the reports of a workspace read with the rights of whoever reads them, so that row security holds through them, but for those of sealed_reports; create_workspace and upgrade_workspace call it. Does nothing on PostgreSQL 14, where a view always reads with its owner''s rights. Errors: not the owner (42501)';

COMMENT ON FUNCTION leadflow.grant_report_columns(pg_catalog.name,pg_catalog.name) IS 'gives whoever may read a report SELECT on the columns that it reads of tables and other reports, as reports read with the rights of their reader: grant_workspace calls it for a role, upgrade_workspace for all (role is null), and so does whoever grants single reports by hand. Errors: not the owner (42501)';

COMMENT ON FUNCTION leadflow.grant_workspace(pg_catalog.text,pg_catalog.name,pg_catalog.text) IS 'gives a role its rights in a workspace. access: read (reports, but for lead_story, lead_card and unapproved_promises, the columns of facts that they read, and definitions), marketing (and facts, writes leads, touches, campaigns, answers to rejections), sales (writes leads, touches, opportunities, pauses, verdicts; both write hypotheses, contents, battlecards and what was learnt) or revops (edits the definitions too). Only for the owner. Errors: not the owner (42501), unknown access (22023), not a workspace or no such role (42704), of another version than the extension (55000)';

COMMENT ON FUNCTION leadflow.is_report(pg_catalog.regclass) IS 'whether what bears the name of a report is one: a view with a comment on itself and on each of its columns, which a view that the company put in its place has not; null if there is none';

COMMENT ON FUNCTION leadflow.drop_reports(pg_catalog.name,pg_catalog.text[]) IS 'drops reports of a workspace, and the reports that read them, for a step of an upgrade that changes what they read: upgrade_workspace makes them anew with the rights that they had. Reports that are not there are passed over. Errors: something else stands in the place of one (55000), something else was built on one of them (2BP01), not the owner (42501)';

COMMENT ON FUNCTION leadflow.report_state(pg_catalog.name) IS 'of each view of a workspace, by its name, what goes when it is made anew: oid (by which to see whether it was), options, and the rights of others than its owner';

COMMENT ON FUNCTION leadflow.restore_report_state(pg_catalog.name,pg_catalog.jsonb) IS 'gives views of a workspace that were made anew the options and rights that report_state found before. Rights come from the owner then, whoever granted them; those on a column that is no more are gone. Errors: not the owner (42501)';

COMMENT ON FUNCTION leadflow.restore_report(pg_catalog.name,pg_catalog.text,boolean) IS 'makes or replaces a report of a workspace; with remake, one whose columns have changed is dropped first, with the reports that read it, if is_report says that it is one. Errors: something else stands in its place (55000), something was built on one that has to be dropped (2BP01), not the owner (42501)';

COMMENT ON FUNCTION leadflow.upgrade_path(pg_catalog.text,pg_catalog.text) IS 'the steps that bring a workspace of that name from version was to that of the extension, none if it is there. Errors: was is newer, or there is no way from it (55000)';

COMMENT ON FUNCTION leadflow.upgrade_workspace(pg_catalog.text) IS 'brings a workspace to the version of the installed extension, acting as its owner; but for what the company added the result equals a fresh one. The version is changed as a definition is, and recorded. A report whose columns changed is dropped and made anew with its rights and options. Reports that were dropped or replaced (by views with the same columns) are restored, and so is the state of triggers that a data-only restore has changed; the writing functions of attachments are made anew. Errors: not a workspace (42704); of a later version, or of one that cannot be upgraded, or a report was replaced by one with other columns (55000); something was built on a report that has to be dropped (2BP01); not its owner (42501)';

COMMENT ON FUNCTION leadflow.follow_leads(pg_catalog.text,pg_catalog.name[]) IS 'turns row security on for the facts of a workspace: a row that belongs to a lead, opportunity, touch, clock, verdict or debrief is seen and written by whoever sees those; a parked row by whoever sees its lead or wrote it. Which leads and opportunities a role sees is for policies of your own on these two tables. sees_all: roles that see and write every row of every one of them. Called again, as after an upgrade, it makes its policies (leadflow_follows_lead, leadflow_sees_all) anew. Errors: not the owner (42501), not a workspace, or no such role (42704)';

COMMENT ON FUNCTION leadflow.check_partitionable(pg_catalog.text,pg_catalog.text) IS 'raises an error where something belongs to a fact table that leadflow.partition_fact would not carry over (55000)';

COMMENT ON FUNCTION leadflow.withdraw_rights(pg_catalog.regclass) IS 'takes every right on a table and its columns from everybody but its owner: a partition is read through its table, whose policies it does not have; and a new table may have got rights by default';

COMMENT ON FUNCTION leadflow.create_partition(pg_catalog.regclass,pg_catalog.text) IS 'makes a table (its name, quoted and with its schema) that can become a partition of a fact table: with its columns, of its owner, with rights for nobody else';

COMMENT ON FUNCTION leadflow.written_columns(pg_catalog.regclass) IS 'the columns of a table that are not generated, quoted, with commas between';

COMMENT ON FUNCTION leadflow.check_read_committed() IS 'raises an error in a transaction that does not see what was committed since it began (55000)';

COMMENT ON FUNCTION leadflow.trigger_statement(pg_catalog.oid,pg_catalog.text) IS 'what gives another table (its name, quoted and with its schema) the trigger with this oid, enabled as it is';

COMMENT ON FUNCTION leadflow.partition_fact(pg_catalog.text,pg_catalog.text) IS 'part of leadflow.partition_workspace and create_workspace: makes touch or stage_event a table partitioned by at, with the triggers, keys (which take in at), foreign keys, indexes, rights and comments that it has; what it holds becomes the partition _earlier, to the end of the month of leadflow.clock(), and rows that are dated later go to the default partition. Views that read the table must be gone. Errors: something belongs to it that is not carried over (55000), what PostgreSQL says';

COMMENT ON FUNCTION leadflow.partition_workspace(pg_catalog.text) IS 'keeps touches and history of a workspace by month from now on: what there is becomes one partition (touch_earlier, stage_event_earlier) without being copied, but for its keys, which are built anew; the reports are made anew with the rights that they had. Nobody reads or writes the tables meanwhile. Only for the owner. Errors: not the owner (42501), not a workspace (42704), partitioned already, of another version than the extension, or a policy, a publication, statistics, a rule or a foreign key belongs to one of the tables, which is named (55000), something was built on a report (2BP01)';

COMMENT ON FUNCTION leadflow.protect_partition(pg_catalog.regclass,pg_catalog.regclass) IS 'gives a partition the TRUNCATE triggers of its table, which PostgreSQL does not inherit: what happened may not be truncated partition by partition either';

COMMENT ON FUNCTION leadflow.partition_bounds(pg_catalog.regclass) IS 'the partitions of a fact table, by time: each with its first instant and the first one after it (infinite where it has none); both null for the default partition';

COMMENT ON FUNCTION leadflow.add_partitions(pg_catalog.text,pg_catalog.date,pg_catalog.date) IS 'gives touch and stage_event of a partitioned workspace a partition for every month (of UTC) that has none, from the month of since to that of until; gives how many were made. until: null for three months from leadflow.clock() on; since: null for this month, and the earlier ones of which the default partition holds rows. Rows of the default partition move into the new ones, for which their table is locked. Only for the owner. Errors: not the owner (42501), not a workspace (42704), not partitioned (55000), more than 1200 months (54000)';

COMMENT ON FUNCTION leadflow.transcript_touch() IS 'AFTER INSERT or UPDATE trigger of transcript where touch is partitioned, in place of its foreign key: the touch must be there (23503). Looks as the owner of the tables, as a foreign key does';

COMMENT ON FUNCTION leadflow.touch_transcript() IS 'AFTER DELETE, and BEFORE TRUNCATE, trigger of touch where it is partitioned, in place of a foreign key: a transcript goes with its touch, as the owner of the tables; TRUNCATE is refused while there are transcripts (0A000). A touch that moves to another month keeps its own. Errors: transcripts that a transaction does not see, in REPEATABLE READ (40001)';

COMMENT ON FUNCTION leadflow.counting_reports(pg_catalog.text) IS 'names of the reports that count, and do not list leads, opportunities, accounts, touches, clocks, alerts or keys one by one: those that leadflow.close_books keeps';

COMMENT ON FUNCTION leadflow.close_books(pg_catalog.text,timestamp with time zone,pg_catalog.text[]) IS 'keeps what the reports say as of an instant in the table book, one row for each of theirs, so that the numbers can be read and compared when rows that they were reckoned from are gone; gives the number of rows. as_of: now, where none is given; reports: null for leadflow.counting_reports. Needs SELECT on the reports and INSERT on book. Errors: not a workspace, or no such report (42704), an instant to come, null or infinite (22023), closed already (23505), the workspace has another version than the extension (55000), what a report says (its own SQLSTATE)';

COMMENT ON FUNCTION leadflow.archive(pg_catalog.text,timestamp with time zone) IS 'takes touches that happened before an instant out of a partitioned workspace: of each month (and of _earlier) that ended by then, those of leads that are at rest. Not at rest is a lead at or past mql, one that moved, was touched or is to be woken since, one with an opportunity or a running clock; what was written down word for word (transcript) stays, and touches of accounts with such leads or opportunities. Before, the reports are kept as they are (leadflow.close_books). Each month that lost touches becomes a table of the workspace, which archived_part lists: dump it, move it or drop it. Gives these tables with the number of touches that were taken out and that stayed. Evidence, scores and reports no more count what was taken out. Who reads or writes touch, or writes leads, opportunities, clocks or transcripts, waits meanwhile. Only for the owner. Errors: not the owner, or row security would hide rows from it (42501), not a workspace (42704), not partitioned (55000), an instant to come, null or infinite (22023), what close_books says';

COMMENT ON FUNCTION leadflow.phrase_query(pg_catalog.text[]) IS 'what finds any of these phrases in a text of the configuration simple: the words of a phrase one after the other, in any case and as they are written; one that ends with * finds words that begin with its last one. Everything else in a phrase that is not a word is passed over. Null for no phrase, for more than 1000, and for one without a word';

COMMENT ON FUNCTION leadflow.attach(pg_catalog.name,pg_catalog.regclass,pg_catalog.text,pg_catalog.jsonb,pg_catalog.jsonb) IS 'from now on a table of the company feeds the workspace: each row written to target becomes a row of object (lead, opportunity, account, touch or campaign), as mapping says (column -> SQL expression over the row "new"), in the same transaction and with the writer''s rights; gives the name of the attachment. Options and keys: doc/attach.md. Errors: not the owner (42501), not a table (42809), unknown object, option or value, external_id or another column that a new row must have not mapped, a time without time zone (22023), no such column (42703), one whose type cannot be compared (0A000), an expression that does not compile (its own SQLSTATE), attached already (42710)';

COMMENT ON FUNCTION leadflow.attachment_key_terms(pg_catalog.regclass,pg_catalog.regclass,pg_catalog.text[]) IS 'what a backfill says of the primary key of an attached table, whose rows are r of the attachment''s view, by the operators of its index: how to order by it, its columns as texts; that it comes after the key in the JSON array $1, not after the one in $2, is the one in $2, or is that of the parked row $1. Nulls where the table has no primary key, or had none when it was attached';

COMMENT ON FUNCTION leadflow.next_keys(pg_catalog.text,pg_catalog.jsonb,integer) IS 'part of leadflow.backfill_batch: the keys that a query over $1 and $2 gives, as texts that do not depend on the session''s settings';

COMMENT ON FUNCTION leadflow.backfill_batch(pg_catalog.name,pg_catalog.name,integer,boolean) IS 'takes the next rows of an attached table, in the order of its primary key, into the workspace, as its trigger would; gives how many, 0 when there are no more. Rows that fail are parked in quarantine. anew: begin again if it had ended. What leadflow.backfill repeats; of use where a transaction must not be ended. Errors: no such attachment (42704), no primary key (55000), not the owner, or the owner of the workspace may not lock rows of the table (42501)';

COMMENT ON FUNCTION leadflow.take_again(pg_catalog.name,pg_catalog.name,pg_catalog.jsonb) IS 'part of leadflow.retry_quarantine: takes a row that a backfill has parked, as it is in its table now, into the workspace. Gives accepted, or superseded where it is not there any more. Errors: the attachment, its table or its primary key is gone (55000), and whatever the row fails for';
