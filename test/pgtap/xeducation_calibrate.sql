-- leadflow.calibrate on the real leads of an online school, as a company would
-- have recorded them: the figures were computed from the file outside PostgreSQL.
\if :{?shared}
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET TIME ZONE 'UTC';
SELECT leadflow.create_workspace('crm', 'empty') \g /dev/null
SELECT no_plan();

\ir common/xeducation_raw.sql

-- what was known at intake, and what is said of it
SET search_path = crm, public;
INSERT INTO score_feature (feature, position, kind, expression, meaning)
SELECT c, n, CASE WHEN n <= 3 THEN 'number' ELSE 'category' END,
       format(CASE WHEN n <= 3 THEN '(attributes ->> %L)::numeric' ELSE 'attributes ->> %L' END, c), c
FROM unnest('{total_visits,time_on_website,page_views,lead_origin,lead_source,do_not_email,do_not_call,country,specialization,heard_from,occupation,
    matters_most,search,magazine,newspaper_article,forums,newspaper,digital_advertisement,recommendations,updates_courses,updates_supply_chain,
    updates_dm,city,pay_by_cheque,free_copy}'::text[]) WITH ORDINALITY u (c, n);
INSERT INTO transition (from_stage, to_stage, reason_required) VALUES ('mql', 'disqualified', false);
SET leadflow.clock = '2026-01-01 00:00+00';
-- the numbers of the leads are those of the lines, of which the folds are made
INSERT INTO lead (source, external_id, created_at, stage, stage_since, attributes)
SELECT 'file', rn, '2025-01-01', 'mql', '2025-01-01 00:00+00'::timestamptz + rn * interval '1 minute',
       (SELECT jsonb_object_agg(k, v) FROM jsonb_each_text(to_jsonb(raw) - 'converted') e (k, v) WHERE v <> 'Select')
FROM raw ORDER BY rn;
ANALYZE;
UPDATE lead SET stage = CASE converted WHEN 1 THEN 'won' ELSE 'disqualified' END, stage_since = stage_since + interval '30 days'
FROM raw WHERE rn = lead.id;
SELECT is((SELECT count(*) FROM lead WHERE id::text <> external_id), 0::bigint, 'the numbers are those of the lines');

SELECT leadflow.calibrate('crm', m, options => '{"min_count": 1}') FROM unnest('{odoo,naive_bayes,logistic}'::text[]) m \g /dev/null
CREATE TEMPORARY TABLE expected (model text, mean numeric, least numeric, most numeric, pooled numeric, log_loss numeric, brier numeric, tolerance numeric);
INSERT INTO expected VALUES
    ('odoo', 0.824755, 0.814826, 0.845984, 0.824163, 0.494007, 0.155170, 0.000001),
    ('naive_bayes', 0.843299, 0.836866, 0.864698, 0.842777, 0.519019, 0.155196, 0.000001),
    ('logistic', 0.873451, 0.859202, 0.892900, 0.872340, 0.429294, 0.137047, 0.0005);
SELECT is((m.won, m.lost), (3561::bigint, 5679::bigint), format('%s: all leads are learnt from', e.model)),
       ok(abs(f.mean - e.mean) <= tolerance AND abs(f.least - e.least) <= tolerance AND abs(f.most - e.most) <= tolerance,
          format('%s: AUC over five folds %s, %s to %s', e.model, f.mean, f.least, f.most)),
       ok(abs(m.auc - e.pooled) <= tolerance, format('%s: AUC of all %s', e.model, m.auc)),
       ok(abs(m.log_loss - e.log_loss) <= tolerance, format('%s: log-loss %s', e.model, m.log_loss)),
       ok(abs(m.brier - e.brier) <= tolerance, format('%s: Brier score %s', e.model, m.brier))
FROM expected e
JOIN score_models m USING (model)
CROSS JOIN LATERAL (SELECT round(avg((p ->> 'auc')::numeric), 6) AS mean, min((p ->> 'auc')::numeric) AS least, max((p ->> 'auc')::numeric) AS most
                    FROM score_model s, jsonb_array_elements(s.quality #> '{held_out,parts}') p WHERE s.version = m.version) f
ORDER BY m.version;
SELECT * FROM finish();
\else
SELECT '1..0 # SKIP needs ../shared/data';
\endif
