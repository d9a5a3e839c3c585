/*
 * sweep.sql: who is told, and what follows, when a promise is not kept.
 *
 * A sweep is three steps: what has come due is put into the table alert, once
 * for each key; what was agreed to be done is done, row by row, each on its
 * own; and what may be told by now is notified.  Every step finds its rows by
 * an index over a limited stretch of time, so that a sweep costs what has come
 * due and not what there is.
 */

CREATE FUNCTION leadflow.alert_receiver(workspace name, wanted text, owner text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    person text := CASE WHEN wanted IN ('owner', 'manager') THEN owner ELSE wanted END;
    goes_up boolean := wanted = 'manager';
    seen text[] := '{}';
    boss text;
    is_active boolean;
BEGIN
    WHILE person IS NOT NULL AND person <> ALL (seen) LOOP
        EXECUTE pg_catalog.format('SELECT m.manager, m.active FROM %I.team_member m WHERE m.member = $1', workspace)
            INTO boss, is_active USING person;
        IF NOT goes_up AND COALESCE(is_active, wanted = 'owner') THEN
            RETURN person;
        END IF;
        seen := seen || person;
        person := boss;
        goes_up := false;
    END LOOP;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION leadflow.alert_receiver(name, text, text) IS
    'part of leadflow.sweep: who is told. wanted: owner, manager (the owner''s) or the name of a member; in the place of one who has left stands the manager, and so on up. Null where there is nobody';

CREATE FUNCTION leadflow.alert_send_at(workspace name, receiver text, at timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    opens timestamptz;
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT leadflow.next_open(b.calendar, $2) FROM %1$I.business_calendar b
         WHERE b.code = COALESCE((SELECT COALESCE(m.alert_calendar, m.calendar) FROM %1$I.team_member m WHERE m.member = $1), ''default'')',
        workspace) INTO opens USING receiver, at;
    RETURN CASE WHEN pg_catalog.isfinite(opens) THEN opens ELSE at END;
END;
$$;
COMMENT ON FUNCTION leadflow.alert_send_at(name, text, timestamptz) IS
    'part of leadflow.sweep: when the receiver may be told: that instant, or the next opening of the alert calendar, else of the working time, else of the default calendar; that instant too where there is no such calendar, or it never opens';

CREATE FUNCTION leadflow.utc(at timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') $$;
COMMENT ON FUNCTION leadflow.utc(timestamptz) IS
    'an instant in words, to the minute, the same in every session: 2026-03-02 09:15 UTC';

CREATE FUNCTION leadflow.clock_runs(workspace name) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.format(
        'c.stopped_at IS NULL AND c.cancelled_at IS NULL
         AND NOT EXISTS (SELECT FROM %I.sla_pause p
                         WHERE p.clock_id = c.id AND p.resumed_at IS NULL AND p.paused_at <= LEAST(c.due_at, leadflow.clock()))', workspace)
$$;
COMMENT ON FUNCTION leadflow.clock_runs(name) IS
    'part of leadflow.sweep: the condition, as SQL, that a promise c is owed and does not stand still';

CREATE FUNCTION leadflow.clock_is_exhausted(workspace name) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.format(
        'c.stopped_by = ''attempts'' AND c.stopped_at <= leadflow.clock()
         AND EXISTS (SELECT FROM %1$I.lead l
                     WHERE l.id = c.lead_id AND l.stage >= ''visitor''
                         AND l.stage < COALESCE(CASE WHEN NOT leadflow.is_exit(c.stops_on_stage) THEN c.stops_on_stage END, ''sal''::leadflow.stage))
         -- handed back since, it has another cadence
         AND NOT EXISTS (SELECT FROM %1$I.sla_clock n
                         WHERE n.lead_id = c.lead_id AND n.attempts IS NOT NULL AND n.cancelled_at IS NULL
                             AND (n.started_at, n.id) > (c.started_at, c.id) AND n.started_at <= leadflow.clock())
         AND NOT EXISTS (SELECT FROM %1$I.touch t
                         WHERE t.lead_id = c.lead_id AND t.at > c.started_at AND t.at <= leadflow.clock()
                             AND t.direction = ''inbound'' AND t.kind = ANY (c.stops_on_inbound))', workspace)
$$;
COMMENT ON FUNCTION leadflow.clock_is_exhausted(name) IS
    'part of leadflow.sweep: the condition, as SQL, that the attempts of a cadence c were all made, and that the lead has neither answered nor gone on (to the stage that the cadence waits for, else sal) nor left the path since';

CREATE FUNCTION leadflow.woken_stage(workspace name, track text) RETURNS leadflow.stage
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    stage leadflow.stage;
BEGIN
    EXECUTE pg_catalog.format('SELECT t.wakes_at FROM %I.nurture_track t WHERE t.track = $1', workspace) INTO stage USING track;
    RETURN COALESCE(stage, 'lead');
END;
$$;
COMMENT ON FUNCTION leadflow.woken_stage(name, text) IS
    'part of leadflow.sweep: the stage in which leads of a nurture track wake; lead where the track is null';

CREATE FUNCTION leadflow.due_alerts(workspace name, kind text, after interval, horizon interval, threshold numeric)
    RETURNS TABLE (alert_key text, at timestamptz, owner text, message text, details jsonb,
                   clock_id bigint, lead_id bigint, opportunity_id bigint, campaign_id bigint)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    -- of a promise: c is the clock, %2$s the instant that the alert is about
    of_clock constant text := $q$
        SELECT %3$L || ' ' || c.id || ' ' || EXTRACT(epoch FROM %2$s), %2$s, c.owner,
               pg_catalog.format('%%s: %%s %4$s %%s', c.policy, COALESCE('opportunity ' || c.opportunity_id, 'lead ' || c.lead_id), leadflow.utc(%5$s)),
               pg_catalog.jsonb_build_object('policy', c.policy, 'metric', c.metric, 'owner', c.owner, 'team', c.team, 'due_at', c.due_at),
               c.id, c.lead_id, c.opportunity_id, NULL::bigint
        FROM %1$I.sla_clock c
        WHERE %6$s
            AND %2$s > leadflow.clock() - $1
            AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = c.lead_id)
            AND NOT EXISTS (SELECT FROM %1$I.alert a WHERE a.alert_key = %3$L || ' ' || c.id || ' ' || EXTRACT(epoch FROM %2$s))
        ORDER BY %2$s, c.id
        FOR NO KEY UPDATE OF c SKIP LOCKED$q$;
    version bigint;
    looked_at timestamptz;
    looked_version bigint;
BEGIN
    CASE kind
    WHEN 'warning' THEN
        RETURN QUERY EXECUTE pg_catalog.format(of_clock, workspace, 'c.warn_at', kind, 'is due at', 'c.due_at',
            'c.warn_at <= leadflow.clock() AND c.due_at >= leadflow.clock() AND ' || leadflow.clock_runs(workspace)) USING horizon;

    WHEN 'breach' THEN
        RETURN QUERY EXECUTE pg_catalog.format(of_clock, workspace, 'c.due_at', kind, 'was due at', 'c.due_at',
            'c.due_at < leadflow.clock() AND ' || leadflow.clock_runs(workspace)) USING horizon;

    WHEN 'exhausted' THEN
        RETURN QUERY EXECUTE pg_catalog.format(of_clock, workspace, 'c.stopped_at', kind, 'has not answered; all attempts were made by', 'c.stopped_at',
            leadflow.clock_is_exhausted(workspace)) USING horizon;

    WHEN 'never_contacted' THEN
        RETURN QUERY EXECUTE pg_catalog.format($q$
            SELECT 'never_contacted ' || e.lead_id || ' ' || EXTRACT(epoch FROM e.at), e.at + $2, l.owner,
                   pg_catalog.format('lead %%s was handed over at %%s, and nobody has tried to reach it', e.lead_id, leadflow.utc(e.at)),
                   pg_catalog.jsonb_build_object('handed_over_at', e.at, 'owner', l.owner,
                       'team', (SELECT m.team FROM %1$I.team_member m WHERE m.member = l.owner)),
                   NULL::bigint, e.lead_id, NULL::bigint, NULL::bigint
            FROM %1$I.stage_event e
            JOIN %1$I.lead l ON l.id = e.lead_id
            WHERE e.opportunity_id IS NULL AND e.to_stage >= 'mql' AND e.to_stage < 'contacted'
                AND e.at <= leadflow.clock() - $2 AND e.at > leadflow.clock() - $2 - $1
                AND l.stage >= 'mql' AND l.merged_into IS NULL
                AND NOT EXISTS (SELECT FROM %1$I.stage_event p
                                WHERE p.lead_id = e.lead_id AND p.opportunity_id IS NULL AND p.to_stage >= 'mql' AND p.to_stage < 'contacted'
                                    AND (p.at, p.id) < (e.at, e.id))
                AND NOT EXISTS (SELECT FROM %1$I.touch t JOIN %1$I.touch_kind k ON k.kind = t.kind
                                WHERE t.lead_id = e.lead_id AND t.direction = 'outbound' AND k.is_contact AND t.at <= leadflow.clock())
                AND NOT EXISTS (SELECT FROM %1$I.alert a WHERE a.alert_key = 'never_contacted ' || e.lead_id || ' ' || EXTRACT(epoch FROM e.at))
            ORDER BY e.at, e.id$q$, workspace) USING horizon, COALESCE(after, '0');

    WHEN 'volume_without_sales', 'data_gap' THEN
        -- these read every lead: once a day is enough, and when the agreement has changed
        EXECUTE pg_catalog.format('SELECT COALESCE(pg_catalog.max(d.version), 0) FROM %I.definition_change d', workspace) INTO version;
        EXECUTE pg_catalog.format('SELECT l.at, l.definition_version FROM %I.daily_look l WHERE l.kind = $1', workspace)
            INTO looked_at, looked_version USING kind;
        IF looked_version = version AND leadflow.clock() >= looked_at AND leadflow.clock() < looked_at + interval '24 hours' THEN
            RETURN;
        END IF;
        EXECUTE pg_catalog.format(
            'INSERT INTO %I.daily_look AS l (kind, at, definition_version) VALUES ($1, leadflow.clock(), $2)
             ON CONFLICT (kind) DO UPDATE SET at = excluded.at, definition_version = excluded.definition_version', workspace) USING kind, version;
        IF kind = 'volume_without_sales' THEN
            RETURN QUERY EXECUTE pg_catalog.format($q$
                SELECT 'volume_without_sales ' || g.campaign_id || ' ' || EXTRACT(epoch FROM leadflow.clock() - $1), leadflow.clock(), c.owner,
                       pg_catalog.format('campaign %%s: %%s leads since %%s, and none was won', g.campaign_id, g.leads, leadflow.utc(leadflow.clock() - $1)),
                       pg_catalog.jsonb_build_object('leads', g.leads, 'since', leadflow.clock() - $1, 'owner', c.owner,
                           'team', (SELECT m.team FROM %1$I.team_member m WHERE m.member = c.owner)),
                       NULL::bigint, NULL::bigint, NULL::bigint, g.campaign_id
                FROM (SELECT l.campaign_id, pg_catalog.count(*) AS leads
                      FROM %1$I.lead l
                      WHERE l.campaign_id IS NOT NULL AND l.created_at > leadflow.clock() - $1 AND l.created_at <= leadflow.clock()
                          AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = l.id)
                      GROUP BY l.campaign_id
                      HAVING pg_catalog.count(*) >= $2 AND NOT pg_catalog.bool_or(COALESCE(l.furthest_stage >= 'won', false))) g
                JOIN %1$I.campaign c ON c.id = g.campaign_id
                WHERE NOT EXISTS (SELECT FROM %1$I.opportunity o
                                  WHERE o.campaign_id = g.campaign_id AND o.furthest_stage >= 'won' AND o.closed_at > leadflow.clock() - $1)
                    -- once in a period
                    AND NOT EXISTS (SELECT FROM %1$I.alert a
                                    WHERE a.kind = 'volume_without_sales' AND a.campaign_id = g.campaign_id
                                        AND a.at > leadflow.clock() - $1 AND a.at < leadflow.clock() + $1)
                ORDER BY g.campaign_id$q$, workspace) USING COALESCE(after, '90 days'), GREATEST(threshold, 1);
        ELSE
            RETURN QUERY EXECUTE pg_catalog.format($q$
                SELECT g.alert_key, leadflow.clock(), NULL::text,
                       pg_catalog.format('%%s.%%s: %%s of %%s rows that owe it lack it', g.object, g.field, g.missing, g.owed),
                       pg_catalog.jsonb_build_object('object', g.object, 'field', g.field, 'team', g.team, 'owed', g.owed, 'missing', g.missing),
                       NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint
                FROM (SELECT 'data_gap ' || c.object || '.' || c.field || pg_catalog.to_char(leadflow.clock() AT TIME ZONE 'UTC', ' YYYY-MM') AS alert_key,
                             c.object, c.field, c.team, pg_catalog.sum(c.owed) AS owed, pg_catalog.sum(c.missing) AS missing
                      FROM %1$I.completeness c
                      GROUP BY c.object, c.field, c.team) g
                WHERE g.owed - g.missing < $1 * g.owed
                    AND NOT EXISTS (SELECT FROM %1$I.alert a WHERE a.alert_key = g.alert_key)
                ORDER BY g.alert_key$q$, workspace) USING threshold;
        END IF;

    WHEN 'woken' THEN
        RETURN QUERY EXECUTE pg_catalog.format($q$
            SELECT 'woken ' || l.id || ' ' || EXTRACT(epoch FROM l.wake_at), l.wake_at, NULL::text,
                   pg_catalog.format('lead %%s comes back from nurture', l.id),
                   pg_catalog.jsonb_build_object('stage', leadflow.woken_stage(%1$L, l.nurture_track)::text, 'owner', l.owner,
                       'team', (SELECT d.team FROM %1$I.stage_definition d
                                WHERE d.stage = leadflow.woken_stage(%1$L, l.nurture_track) AND d.variant IN ('*', l.variant)
                                ORDER BY d.variant = '*' LIMIT 1)),
                   NULL::bigint, l.id, NULL::bigint, NULL::bigint
            FROM %1$I.lead l
            WHERE l.wake_at <= leadflow.clock() AND l.stage <@ 'nurture'
                AND (l.rests_until IS NULL OR l.rests_until <= leadflow.clock())
                AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = l.id)
                AND NOT EXISTS (SELECT FROM %1$I.alert a WHERE a.alert_key = 'woken ' || l.id || ' ' || EXTRACT(epoch FROM l.wake_at))
            ORDER BY l.wake_at, l.id$q$, workspace);
    END CASE;
END;
$$;
COMMENT ON FUNCTION leadflow.due_alerts(name, text, interval, interval, numeric) IS
    'part of leadflow.sweep: what has come due by leadflow.clock() and is not in alert yet. kind, after, horizon, threshold: as in alert_rule. A clock that somebody is just stopping is left for the next sweep';

CREATE FUNCTION leadflow.due_consequences(workspace name, policy text, event text, action text, after interval, horizon interval)
    RETURNS TABLE (alert_key text, at timestamptz, owner text, message text, details jsonb,
                   clock_id bigint, lead_id bigint, opportunity_id bigint, campaign_id bigint)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    instant constant text := CASE event WHEN 'warning' THEN 'c.warn_at' WHEN 'breach' THEN 'c.due_at' ELSE 'c.stopped_at' END;
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format($q$
        SELECT %3$L || ' ' || c.id || ' ' || EXTRACT(epoch FROM %2$s), %2$s, c.owner,
               pg_catalog.format('%%s: %%s, %6$s at %%s', c.policy, COALESCE('opportunity ' || c.opportunity_id, 'lead ' || c.lead_id), leadflow.utc(%2$s)),
               pg_catalog.jsonb_build_object('event', %7$L, 'policy', c.policy, 'metric', c.metric, 'owner', c.owner, 'team', c.team, 'due_at', c.due_at),
               c.id, c.lead_id, c.opportunity_id, NULL::bigint
        FROM %1$I.sla_clock c
        WHERE %2$s %4$s leadflow.clock() - $2 AND %2$s > leadflow.clock() - $2 - $1
            AND %5$s
            -- what a policy says of itself takes the place of what holds for all
            AND (c.policy = $3 OR $3 = '*' AND NOT EXISTS (SELECT FROM %1$I.consequence o
                                                           WHERE o.policy = c.policy AND o.event = $4 AND o.action = $5))
            AND ($5 = 'escalate' OR c.opportunity_id IS NULL)
            AND NOT EXISTS (SELECT FROM %1$I.lead_outside x WHERE x.lead_id = c.lead_id)
            AND NOT EXISTS (SELECT FROM %1$I.alert a WHERE a.alert_key = %3$L || ' ' || c.id || ' ' || EXTRACT(epoch FROM %2$s))
        ORDER BY %2$s, c.id
        FOR NO KEY UPDATE OF c SKIP LOCKED$q$,
        workspace, instant, action || ' ' || event, CASE event WHEN 'breach' THEN '<' ELSE '<=' END,
        CASE event WHEN 'exhausted' THEN leadflow.clock_is_exhausted(workspace)
                   WHEN 'warning' THEN 'c.due_at >= leadflow.clock() AND ' || leadflow.clock_runs(workspace)
                   ELSE leadflow.clock_runs(workspace) END,
        CASE event WHEN 'warning' THEN 'in warning' WHEN 'breach' THEN 'due' ELSE 'all attempts made' END, event)
        USING horizon, after, policy, event, action;
END;
$$;
COMMENT ON FUNCTION leadflow.due_consequences(name, text, text, text, interval, interval) IS
    'part of leadflow.sweep: the promises about which something is to be done by leadflow.clock() and that are not in alert yet with it. policy, event, action, after: as in consequence; horizon: that of the event''s alert_rule';

CREATE FUNCTION leadflow.raise_alerts(workspace name, kind text, wanted text, action text, due text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    raised bigint;
BEGIN
    -- receivers are looked up once for each owner
    EXECUTE pg_catalog.format($q$
        WITH due AS MATERIALIZED (SELECT * FROM %2$s),
             owner AS MATERIALIZED (SELECT o.owner, leadflow.alert_receiver(%1$L, $2, o.owner) AS receiver FROM (SELECT DISTINCT d.owner FROM due d) o),
             teller AS MATERIALIZED (SELECT r.receiver, leadflow.alert_send_at(%1$L, r.receiver, leadflow.clock()) AS send_at FROM (SELECT DISTINCT o.receiver FROM owner o) r)
        INSERT INTO %1$I.alert (alert_key, kind, at, raised_at, send_at, receiver, message, details, clock_id, lead_id, opportunity_id, campaign_id,
                                action, done_at)
        SELECT d.alert_key, $1, d.at, leadflow.clock(), t.send_at, o.receiver, d.message, pg_catalog.jsonb_strip_nulls(d.details),
               d.clock_id, d.lead_id, d.opportunity_id, d.campaign_id, $3,
               -- telling the manager is all that there is to do
               CASE $3 WHEN 'escalate' THEN leadflow.clock() END
        FROM due d
        JOIN owner o ON COALESCE(o.owner, '') = COALESCE(d.owner, '')
        JOIN teller t ON COALESCE(t.receiver, '') = COALESCE(o.receiver, '')
        ORDER BY d.at, d.alert_key
        ON CONFLICT DO NOTHING$q$, workspace, due) USING kind, wanted, action;
    GET DIAGNOSTICS raised = ROW_COUNT;
    RETURN raised;
END;
$$;
COMMENT ON FUNCTION leadflow.raise_alerts(name, text, text, text, text) IS
    'part of leadflow.sweep: writes what a call of due_alerts or due_consequences (due, as SQL) gives into alert. wanted: who is told, as in alert_rule; action: what is to be done. Gives how many were written';

CREATE FUNCTION leadflow.attempts_in_words(workspace name, clock_id bigint, until_at timestamptz) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    words text;
BEGIN
    EXECUTE pg_catalog.format($q$
        SELECT pg_catalog.concat_ws(' ', CASE n.made WHEN 0 THEN 'No attempt' WHEN 1 THEN '1 attempt by' ELSE n.made || ' attempts by' END,
                                    NULLIF(pg_catalog.array_to_string(n.channels_used, ', '), ''))
            || pg_catalog.to_char(COALESCE(a.at[1], c.started_at) AT TIME ZONE 'UTC', '" between "YYYY-MM-DD')
            || pg_catalog.to_char($2 AT TIME ZONE 'UTC', '" and "YYYY-MM-DD"."')
        FROM %1$I.sla_clock c,
             LATERAL (SELECT pg_catalog.array_agg(t.at ORDER BY t.at, t.id) AS at, pg_catalog.array_agg(COALESCE(t.channel, t.kind) ORDER BY t.at, t.id) AS channel
                      FROM %1$I.touch t
                      WHERE t.lead_id = c.lead_id AND t.direction = 'outbound' AND t.kind = ANY (c.stops_on_touch)
                          AND t.at >= c.started_at AND t.at <= $2) a,
             LATERAL leadflow.count_attempts(a.at, a.channel, c.spacing, NULL, NULL) n
        WHERE c.id = $1$q$, workspace) INTO words USING clock_id, until_at;
    RETURN words;
END;
$$;
COMMENT ON FUNCTION leadflow.attempts_in_words(name, bigint, timestamptz) IS
    'part of leadflow.sweep: what was tried by that instant to reach the lead of a promise, for the narrative of a return to nurture';

CREATE FUNCTION leadflow.perform(workspace name, alert_id bigint) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    AS $$
DECLARE
    a record;
    c record;
    locked boolean;
    holds boolean;
    receiver text;
    added jsonb := '{}';
    stage leadflow.stage;
    wanted leadflow.stage;
BEGIN
    -- merging two leads may have moved the promise to the other
    EXECUTE pg_catalog.format(
        'SELECT a.*, a.details ->> ''event'' AS event, COALESCE(c.lead_id, a.lead_id) AS lead
         FROM %1$I.alert a LEFT JOIN %1$I.sla_clock c ON c.id = a.clock_id WHERE a.id = $1', workspace) INTO a USING alert_id;

    -- whoever writes an answer locks the lead first: it is done before us, or we before it
    EXECUTE pg_catalog.format('SELECT true FROM %I.lead l WHERE l.id = $1 FOR NO KEY UPDATE SKIP LOCKED', workspace) INTO locked USING a.lead;
    IF locked IS NULL THEN
        RETURN 'busy';
    END IF;

    IF a.action = 'wake' THEN
        EXECUTE pg_catalog.format(
            'SELECT true, leadflow.woken_stage(%1$L, l.nurture_track) FROM %1$I.lead l
             WHERE l.id = $1 AND l.wake_at = $2 AND l.stage <@ ''nurture'' AND l.merged_into IS NULL
                 AND (l.rests_until IS NULL OR l.rests_until <= leadflow.clock())', workspace) INTO holds, wanted USING a.lead, a.at;
    ELSE
        EXECUTE pg_catalog.format('SELECT true AS holds, c.policy, c.owner, c.stopped_at FROM %I.sla_clock c WHERE c.id = $1 AND %s = $2 AND %s', workspace,
            CASE a.event WHEN 'warning' THEN 'c.warn_at' WHEN 'breach' THEN 'c.due_at' ELSE 'c.stopped_at' END,
            CASE a.event WHEN 'exhausted' THEN leadflow.clock_is_exhausted(workspace) ELSE leadflow.clock_runs(workspace) END)
            INTO c USING a.clock_id, a.at;
        -- who is to lose the lead may have lost it already
        holds := CASE WHEN a.action <> 'reassign' OR c.owner IS NOT DISTINCT FROM a.details ->> 'owner' THEN c.holds END;
    END IF;
    IF holds IS NULL THEN
        EXECUTE pg_catalog.format('UPDATE %I.alert SET dropped_at = leadflow.clock() WHERE id = $1', workspace) USING alert_id;
        RETURN 'dropped';
    END IF;

    CASE a.action
    WHEN 'wake' THEN
        EXECUTE pg_catalog.format(
            'UPDATE %I.lead SET stage = $2, owner = NULL, owner_reason = ''woken from nurture'' WHERE id = $1 RETURNING stage', workspace)
            INTO stage USING a.lead, wanted;
        IF stage IS DISTINCT FROM wanted THEN
            RETURN 'the lead was not moved';
        END IF;
        receiver := a.receiver;

    WHEN 'reassign' THEN
        receiver := leadflow.route(workspace, a.lead, NULL, pg_catalog.array_remove(ARRAY[c.owner], NULL), 'promise broken: ' || c.policy);
        IF receiver IS NULL OR receiver IS NOT DISTINCT FROM c.owner THEN
            RETURN 'nobody else may have the lead';
        END IF;
        added := pg_catalog.jsonb_build_object('new_owner', receiver);

    WHEN 'return_to_nurture' THEN
        EXECUTE pg_catalog.format(
            'UPDATE %1$I.lead SET stage = ''nurture'', narrative = leadflow.attempts_in_words(%1$L, $2, $3),
                 reason = (SELECT q.reason FROM %1$I.consequence q
                           WHERE q.policy IN ($4, ''*'') AND q.event = $5 AND q.action = $6 ORDER BY q.policy = ''*'' LIMIT 1)
             WHERE id = $1 RETURNING stage', workspace)
            INTO stage USING a.lead, a.clock_id, COALESCE(c.stopped_at, leadflow.clock()), c.policy, a.event, a.action;
        IF NOT COALESCE(stage <@ 'nurture', false) THEN
            RETURN 'the lead was not moved';
        END IF;
        receiver := a.receiver;
    END CASE;

    EXECUTE pg_catalog.format(
        'UPDATE %I.alert SET done_at = leadflow.clock(), receiver = $2, send_at = $3, fault = NULL, details = details || $4 WHERE id = $1', workspace)
        USING alert_id, receiver, leadflow.alert_send_at(workspace, receiver, leadflow.clock()), added;
    RETURN 'done';
END;
$$;
COMMENT ON FUNCTION leadflow.perform(name, bigint) IS
    'part of leadflow.sweep: does with the lead what an alert says is to be done, unless its promise was kept, or the lead moved, meanwhile. Gives done, dropped (there is nothing to do any more), busy (somebody is writing the lead: the next sweep will see) or what stood in the way';

CREATE FUNCTION leadflow.get_turn(workspace name) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    hands_over boolean;
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT EXISTS (SELECT FROM %1$I.routing_rule r WHERE r.active AND (
             EXISTS (SELECT FROM %1$I.nurture_track t WHERE t.wakes_at >= r.on_stage)
             OR EXISTS (SELECT FROM %1$I.consequence q WHERE q.active AND q.action = ''reassign'')
             OR EXISTS (SELECT FROM %1$I.alert a WHERE a.action = ''reassign'' AND a.done_at IS NULL AND a.dropped_at IS NULL)))',
        workspace) INTO hands_over;
    IF hands_over THEN
        PERFORM leadflow.take_turn(workspace);
    END IF;
    RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN false;
END;
$$;
COMMENT ON FUNCTION leadflow.get_turn(name) IS
    'part of leadflow.sweep: takes the turn to hand leads over, if a sweep may have to; whoever has it may wait for a clock or lead that the sweep locks later. Gives false where somebody else kept it for too long';

CREATE FUNCTION leadflow.sweep(workspace name, as_of timestamptz DEFAULT leadflow.clock())
    RETURNS TABLE (kind text, raised bigint, acted bigint, failed bigint, sent bigint)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
    SET leadflow.clock = ''
    SET leadflow.on_violation = raise
    AS $$
#variable_conflict use_column
DECLARE
    rule record;
    due record;
    pending record;
    outcome text;
    problem text;
    has_turn boolean;
    counts jsonb := '{}';
    n bigint;
BEGIN
    IF workspace IS NULL OR as_of IS NULL OR NOT pg_catalog.isfinite(as_of) THEN
        RAISE EXCEPTION 'a sweep needs a workspace and an instant'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM leadflow.check_workspace_owner(workspace);

    -- the present of everything below; it ends with the function, which sets both settings
    PERFORM pg_catalog.set_config('leadflow.clock', pg_catalog.to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"'), true);

    -- what was agreed on and is in force from now on
    PERFORM leadflow.apply_proposals(workspace);

    -- one at a time; nobody but vacuum waits for it
    EXECUTE pg_catalog.format('LOCK TABLE %I.alert IN SHARE UPDATE EXCLUSIVE MODE', workspace);

    -- what has come due; what reads every lead first, while no handover waits for us
    FOR rule IN EXECUTE pg_catalog.format(
        'SELECT r.*, r.kind IN (''volume_without_sales'', ''data_gap'') AS reads_all FROM %I.alert_rule r WHERE r.active ORDER BY reads_all DESC, r.kind', workspace)
    LOOP
        IF has_turn IS NULL AND NOT rule.reads_all THEN
            has_turn := leadflow.get_turn(workspace);
        END IF;
        n := leadflow.raise_alerts(workspace, rule.kind, rule.receiver, CASE rule.kind WHEN 'woken' THEN 'wake' END,
            pg_catalog.format('leadflow.due_alerts(%L, %L, %L, %L, %L)', workspace, rule.kind, rule.after, rule.horizon, rule.threshold));
        counts := counts || pg_catalog.jsonb_build_object(rule.kind || ' raised', n);
    END LOOP;
    has_turn := COALESCE(has_turn, leadflow.get_turn(workspace));
    FOR rule IN EXECUTE pg_catalog.format(
        'SELECT q.*, COALESCE(r.horizon, interval ''7 days'') AS horizon
         FROM %1$I.consequence q LEFT JOIN %1$I.alert_rule r ON r.kind = q.event
         WHERE q.active ORDER BY q.policy, q.event, q.action', workspace)
    LOOP
        n := leadflow.raise_alerts(workspace, rule.action, CASE rule.action WHEN 'escalate' THEN 'manager' END, rule.action,
            pg_catalog.format('leadflow.due_consequences(%L, %L, %L, %L, %L, %L)', workspace, rule.policy, rule.event, rule.action, rule.after, rule.horizon));
        n := n + COALESCE((counts ->> (rule.action || ' raised'))::bigint, 0);
        counts := counts || pg_catalog.jsonb_build_object(rule.action || ' raised', n);
        IF rule.action = 'escalate' THEN
            counts := counts || pg_catalog.jsonb_build_object('escalate done', n);
        END IF;
    END LOOP;

    -- what could not be done for as long as it matters stays undone, with its fault; a lead is woken whenever it can be
    EXECUTE pg_catalog.format(
        'UPDATE %1$I.alert a SET dropped_at = leadflow.clock()
         FROM %1$I.alert_rule r
         WHERE a.action IN (''reassign'', ''return_to_nurture'') AND a.done_at IS NULL AND a.dropped_at IS NULL
             AND r.kind = a.details ->> ''event'' AND a.raised_at <= leadflow.clock() - r.horizon', workspace);

    -- what is to be done: now, or still
    FOR pending IN EXECUTE pg_catalog.format(
        'SELECT a.id, a.kind, a.fault FROM %I.alert a
         WHERE a.action IS NOT NULL AND a.done_at IS NULL AND a.dropped_at IS NULL AND a.raised_at <= leadflow.clock()
             AND ($1 OR a.action NOT IN (''reassign'', ''wake'')) ORDER BY a.id', workspace) USING has_turn
    LOOP
        problem := NULL;
        BEGIN
            outcome := leadflow.perform(workspace, pending.id);
        EXCEPTION
            WHEN serialization_failure THEN
                RAISE;
            WHEN deadlock_detected OR lock_not_available THEN
                outcome := 'busy';
            WHEN OTHERS THEN
                -- no more of it is kept: an error's text may name the person
                GET STACKED DIAGNOSTICS outcome = CONSTRAINT_NAME;
                outcome := pg_catalog.concat_ws(' ', SQLSTATE, NULLIF(outcome, ''));
                problem := SQLERRM;
        END;
        IF outcome NOT IN ('done', 'dropped', 'busy') THEN
            IF pending.fault IS DISTINCT FROM outcome THEN
                RAISE WARNING 'alert % of workspace %: % was not done: %', pending.id, workspace, pending.kind, COALESCE(problem, outcome);
            END IF;
            EXECUTE pg_catalog.format(
                'UPDATE %I.alert SET fault = $2, tries = tries + 1 WHERE id = $1', workspace) USING pending.id, outcome;
            outcome := 'failed';
        END IF;
        n := COALESCE((counts ->> (pending.kind || ' ' || outcome))::bigint, 0);
        counts := counts || pg_catalog.jsonb_build_object(pending.kind || ' ' || outcome, n + 1);
    END LOOP;

    -- what may be told by now
    FOR due IN EXECUTE pg_catalog.format(
        'UPDATE %I.alert a SET sent_at = leadflow.clock()
         WHERE a.sent_at IS NULL AND a.acknowledged_at IS NULL AND a.dropped_at IS NULL
             AND a.send_at <= leadflow.clock() AND a.raised_at <= leadflow.clock() AND (a.action IS NULL OR a.done_at IS NOT NULL)
         RETURNING a.id, a.kind, a.receiver, a.lead_id, a.clock_id', workspace)
    LOOP
        PERFORM pg_catalog.pg_notify('leadflow', pg_catalog.jsonb_build_object('workspace', workspace, 'id', due.id, 'kind', due.kind,
            'receiver', CASE WHEN pg_catalog.octet_length(due.receiver) <= 1000 THEN due.receiver END,
            'lead_id', due.lead_id, 'clock_id', due.clock_id)::text);
        n := COALESCE((counts ->> (due.kind || ' sent'))::bigint, 0);
        counts := counts || pg_catalog.jsonb_build_object(due.kind || ' sent', n + 1);
    END LOOP;

    FOREACH kind IN ARRAY '{warning,breach,exhausted,never_contacted,volume_without_sales,data_gap,woken,escalate,reassign,return_to_nurture}'::text[] LOOP
        raised := COALESCE((counts ->> (kind || ' raised'))::bigint, 0);
        acted := COALESCE((counts ->> (kind || ' done'))::bigint, 0);
        failed := COALESCE((counts ->> (kind || ' failed'))::bigint, 0);
        sent := COALESCE((counts ->> (kind || ' sent'))::bigint, 0);
        IF raised + acted + failed + sent > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION leadflow.sweep(name, timestamptz) IS
    'writes the proposals that are approved and in force by that instant (leadflow.apply_proposals), raises the alerts that have come due by it, does what was agreed (consequence, and waking leads from nurture), and notifies what may be told by then. One row for each kind of alert with which something happened: how many were raised, acted on, failed (tried again at the next sweep; alert.fault says why) and sent. Each is raised, done and sent once, however often and by however many it is swept. Sent means NOTIFY leadflow with the JSON object {workspace, id, kind, receiver, lead_id, clock_id}, numbers and codes only; alert has the rest. Everything is read and written as of that instant, but a promise that is kept by now is no alert, even if it was kept late; nor is one that fell due longer ago than the horizon of its alert_rule. A lead that somebody is just writing is left for the next sweep, and so are handovers while another transaction goes on handing over. Only for the owner, with the caller''s rights. Errors: not the owner (42501), not a workspace (42704), no instant (22023)';

CREATE FUNCTION leadflow.acknowledge(workspace name, alert_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    done bigint;
    a record;
BEGIN
    EXECUTE pg_catalog.format('UPDATE %I.alert SET acknowledged_at = leadflow.clock() WHERE id = $1 AND acknowledged_at IS NULL', workspace) USING alert_id;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done > 0 THEN
        RETURN;
    END IF;
    EXECUTE pg_catalog.format('SELECT a.acknowledged_at, a.acknowledged_by FROM %I.alert a WHERE a.id = $1', workspace) INTO a USING alert_id;
    IF a.acknowledged_at IS NULL THEN
        RAISE EXCEPTION 'workspace % has no alert %', workspace, alert_id
            USING ERRCODE = 'no_data_found';
    END IF;
    RAISE EXCEPTION 'alert % was acknowledged before', alert_id
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = pg_catalog.format('%s took note of it at %s.', a.acknowledged_by, a.acknowledged_at);
END;
$$;
COMMENT ON FUNCTION leadflow.acknowledge(name, bigint) IS
    'takes note of an alert, at leadflow.clock() and in the name of the current role: of several who do so at once, one does. Needs SELECT and UPDATE (acknowledged_at) on alert. Errors: no such alert (P0002), somebody did so before (55000), no right (42501), no such workspace (42P01)';

CREATE FUNCTION leadflow.check_consequence(workspace name, policy text, event text, action text, reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    ws constant text := pg_catalog.quote_ident(workspace);
    known text;
    has_attempts boolean;
    returns boolean;
BEGIN
    EXECUTE pg_catalog.format('SELECT pg_catalog.string_agg(DISTINCT p.policy, '', ''), pg_catalog.bool_or(p.attempts IS NOT NULL) FILTER (WHERE $1 IN (p.policy, ''*'')) FROM %s.sla_policy p', ws)
        INTO known, has_attempts USING policy;
    IF has_attempts IS NULL AND policy <> '*' THEN
        RAISE EXCEPTION 'unknown policy "%"', policy
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'policy_is_known', TABLE = 'consequence', SCHEMA = workspace, COLUMN = 'policy',
                  HINT = COALESCE('Known ones: ' || known || '; or * for all.', 'There is no sla_policy yet.');
    ELSIF event = 'exhausted' AND NOT COALESCE(has_attempts, true) THEN
        RAISE EXCEPTION 'policy "%" asks for no attempts that could be exhausted', policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'exhausted_has_attempts', TABLE = 'consequence', SCHEMA = workspace, COLUMN = 'event',
                  HINT = 'Choose a policy with attempts, or another event.';
    END IF;
    IF action = 'return_to_nurture' THEN
        EXECUTE pg_catalog.format('SELECT r.applies_to = ''{}'' OR EXISTS (SELECT FROM pg_catalog.unnest(r.applies_to) s WHERE leadflow.base(s) = ''nurture'') FROM %s.reason r WHERE r.code = $1', ws)
            INTO returns USING reason;
        IF NOT returns THEN
            RAISE EXCEPTION 'reason "%" is not for nurture', reason
                USING ERRCODE = 'check_violation', CONSTRAINT = 'reason_for_nurture', TABLE = 'consequence', SCHEMA = workspace, COLUMN = 'reason',
                      HINT = 'Choose a reason whose applies_to names nurture.';
        END IF;
    END IF;
END;
$$;
COMMENT ON FUNCTION leadflow.check_consequence(name, text, text, text, text) IS
    'part of leadflow.consequence_guard: apart from the trigger, because PL/pgSQL keeps a trigger''s function anew for each table. Errors: as there';

CREATE FUNCTION leadflow.consequence_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM leadflow.check_consequence(TG_TABLE_SCHEMA, NEW.policy, NEW.event, NEW.action, NEW.reason);
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.consequence_guard() IS
    'BEFORE INSERT OR UPDATE trigger of consequence: refuses what could never happen: an unknown policy (23503, constraint policy_is_known), exhausted attempts of a policy that asks for none (23514, exhausted_has_attempts), a reason that is not for nurture (23514, reason_for_nurture)';

CREATE FUNCTION leadflow.alert_guard() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF OLD.acknowledged_at IS NOT NULL THEN
        RAISE EXCEPTION 'alert % was acknowledged before', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acknowledged_once', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA,
                  DETAIL = pg_catalog.format('%s took note of it at %s, and that stays.', OLD.acknowledged_by, OLD.acknowledged_at);
    END IF;
    NEW.acknowledged_at := leadflow.clock();
    NEW.acknowledged_by := CURRENT_USER;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION leadflow.alert_guard() IS
    'BEFORE UPDATE trigger of alert, where its acknowledgement changes: says who took note, and when, and refuses to change it (23514, constraint acknowledged_once)';
