-- Two workspaces with the same agreement: what is written to crm through an attachment
-- must leave the history that a direct write to twin leaves.
SELECT leadflow.create_workspace('crm'), leadflow.create_workspace('twin') \g /dev/null
DELETE FROM crm.standard WHERE criterion NOT IN ('target_role', 'verified_contact', 'buyer', 'amount');
DELETE FROM twin.standard WHERE criterion NOT IN ('target_role', 'verified_contact', 'buyer', 'amount');

-- history(workspace, source): every entry of its leads and opportunities, without the numbers of rows and versions
CREATE FUNCTION history(workspace text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    EXECUTE format($q$
        SELECT string_agg(concat_ws('|', e.subject, coalesce(o.external_id, l.external_id), extract(epoch FROM e.at), coalesce(e.from_stage::text, '-'),
                                    e.to_stage, e.implied, coalesce(e.reason, '-'), coalesce(e.reason_note, '-'), coalesce(e.owner, '-'),
                                    coalesce(e.team, '-'), coalesce(e.origin, '-'), e.variant, coalesce(e.segment, '-'), coalesce(e.amount::text, '-'),
                                    coalesce(e.currency, '-'), coalesce(c.name, '-'), e.session_actor, e.actor),
                          E'\n' ORDER BY e.subject, coalesce(o.external_id, l.external_id), e.id)
          FROM %1$I.stage_event e
          LEFT JOIN %1$I.lead l ON l.id = e.lead_id AND e.subject = 'lead'
          LEFT JOIN %1$I.opportunity o ON o.id = e.opportunity_id AND e.subject = 'opportunity'
          LEFT JOIN %1$I.campaign c ON c.id = e.campaign_id
         WHERE coalesce(o.source, l.source) = $1$q$, workspace) INTO seen USING source;
    RETURN seen;
END $$;

-- path(source, external_id, object): the stages that a row entered, * for implied ones, with the reason
CREATE FUNCTION path(source text, external_id text, object text DEFAULT 'lead') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(e.to_stage || CASE WHEN e.implied THEN '*' ELSE '' END || coalesce('/' || e.reason, ''), ' ' ORDER BY e.id)
      FROM crm.stage_event e
     WHERE e.subject = path.object
       AND CASE path.object
           WHEN 'lead' THEN e.lead_id = (SELECT l.id FROM crm.lead l WHERE l.source = path.source AND l.external_id = path.external_id)
           ELSE e.opportunity_id = (SELECT o.id FROM crm.opportunity o WHERE o.source = path.source AND o.external_id = path.external_id) END
$$;

-- everything that the attachments may write, without the times of writing
CREATE FUNCTION picture() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('; ', (SELECT md5(string_agg(l::text, '' ORDER BY id)) FROM crm.lead l),
                     (SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM crm.opportunity o),
                     (SELECT md5(string_agg(a::text, '' ORDER BY id)) FROM crm.account a),
                     (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM crm.campaign c),
                     (SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM crm.touch t),
                     (SELECT count(*) FROM crm.stage_event), (SELECT count(*) FROM crm.sla_clock),
                     (SELECT count(*) FROM crm.quarantine), (SELECT count(*) FROM crm.violation))
$$;

-- firings(statement): how often functions of the workspace were called by it. It stays done.
SET track_functions = 'pl';
CREATE FUNCTION calls() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(sum(pg_stat_get_xact_function_calls(p.oid)), 0)::bigint
      FROM pg_proc p WHERE p.pronamespace = 'crm'::regnamespace
$$;
CREATE FUNCTION firings(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := calls();
BEGIN
    EXECUTE statement;
    RETURN calls() - before;
END $$;
