-- The panel: a specification of Vega-Lite whose numbers are those of the reports.
SET client_min_messages = warning;
SET jit = off;
SET timezone = 'UTC';
SELECT no_plan();

\ir common/tried.sql
\ir common/panel_filled.sql

CREATE TEMP TABLE shown AS SELECT l.language, leadflow.panel('crm', l.language) AS panel FROM unnest('{en,pl,ru,zh}'::text[]) l (language);
CREATE TEMP TABLE data AS SELECT d.key, d.value FROM shown, jsonb_each(shown.panel -> 'datasets') d WHERE shown.language = 'en';
SELECT leadflow.create_workspace('hollow') \g /dev/null

-- rows(chart): the data of a chart; the numbers of jsonb are written as they came
CREATE FUNCTION chart(which text) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT jsonb_array_elements(d.value) FROM data d WHERE d.key = which $$;

-- the shape
SELECT is(panel ->> '$schema', 'https://vega.github.io/schema/vega-lite/v6.json', language || ': a specification of Vega-Lite') FROM shown;
SELECT is((SELECT jsonb_agg(c -> 'name' ORDER BY c -> 'name') FROM jsonb_path_query(panel, 'strict $.vconcat.** ? (exists (@.title.text)) ? (@.name == @.data.name)') c),
          '["breaches", "campaigns", "conversion", "curve", "funnel", "losses", "pipeline", "queue", "rejections", "sla_share", "sla_weeks"]', language || ': eleven charts, each with its title and its data') FROM shown;
SELECT is((SELECT count(*) FROM jsonb_each(panel -> 'datasets') d WHERE d.value = '[]'), 0::bigint, language || ': every chart has data') FROM shown;
SELECT is((SELECT array_agg(DISTINCT s) FROM jsonb_path_query(panel #- '{datasets}', 'strict $.** ? (@.type() == "string" && @ starts with "@")') s), NULL, language || ': no word is left to fill in') FROM shown;
SELECT ok(length(panel::text) < 120000, language || ': it is small') FROM shown;
SELECT is((SELECT count(*) FROM shown WHERE panel::text ~ 'Secret'), 0::bigint, 'no lead is in it');
SELECT is((SELECT count(*) FROM shown WHERE panel -> 'usermeta' ->> 'as_of' = '2026-06-15 12:00' AND NOT (panel #>> '{usermeta,empty}')::boolean), 4::bigint, 'it says of when it is');

-- the languages
SELECT is(array_agg(panel #>> '{title,text}' ORDER BY language),
          ARRAY['The shared panel of marketing and sales', U&'Wsp\00F3lny panel marketingu i sprzeda\017Cy', U&'\041E\0431\0449\0430\044F \043F\0430\043D\0435\043B\044C \043C\0430\0440\043A\0435\0442\0438\043D\0433\0430 \0438 \043F\0440\043E\0434\0430\0436', U&'\5E02\573A\4E0E\9500\552E\5171\4EAB\770B\677F'],
          'the title in four languages') FROM shown;
SELECT is(array_agg(panel #>> '{datasets,funnel,3,label}' ORDER BY language), (SELECT ARRAY[d.labels ->> 'en', d.labels ->> 'pl', d.labels ->> 'ru', d.labels ->> 'zh'] FROM crm.stage_definition d WHERE d.stage = 'mql' AND d.variant = '*'),
          'stages are called as the workspace calls them') FROM shown;
SELECT is((SELECT array_agg(DISTINCT (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(leadflow.panel_words(l)) k)) FROM unnest('{en,pl,ru,zh}'::text[]) l),
          (SELECT ARRAY[array_agg(k ORDER BY k)] FROM jsonb_object_keys(leadflow.panel_words('en')) k), 'every language has every word');
SELECT is((SELECT count(*) FROM unnest('{en,pl,ru,zh}'::text[]) l, jsonb_each_text(leadflow.panel_words(l)) w WHERE w.value = ''), 0::bigint, 'no word is empty');
SELECT is(array_agg(panel #>> '{config,locale,number,decimal}' ORDER BY language), '{.,",",",",.}', 'decimals as the language writes them') FROM shown;
SELECT is((SELECT count(DISTINCT (SELECT jsonb_agg((r - 'label') ORDER BY r -> 'position') FROM jsonb_array_elements(panel #> '{datasets,funnel}') f, LATERAL (SELECT f - 'phase_label' AS r) x)) FROM shown), 1::bigint, 'the numbers are the same in each');

-- the numbers
SELECT results_eq($$ SELECT (c ->> 'position')::bigint, c ->> 'stage', (c ->> 'reached')::bigint, (c ->> 'now_in_stage')::bigint, (c ->> 'conversion_from_previous')::numeric FROM chart('funnel') c $$,
    'SELECT position, stage, reached, now_in_stage, conversion_from_previous FROM crm.funnel ORDER BY position', 'funnel');
SELECT results_eq($$ SELECT (c ->> 'month')::date, (c ->> 'days')::bigint, (c ->> 'leads')::bigint, (c ->> 'expected_share')::numeric, (c ->> 'complete')::boolean FROM chart('conversion') c $$,
    'SELECT month, days, leads, expected_share, complete FROM crm.cohort_conversion WHERE days IN (30, 90, 180) AND expected_share IS NOT NULL ORDER BY days, month', 'conversion over time');
SELECT results_eq($$ SELECT c ->> 'state', sum((c ->> 'clocks')::bigint) FROM chart('sla_weeks') c GROUP BY 1 ORDER BY 1 $$,
    $$ SELECT v.state, sum(v.n) FROM crm.sla_compliance c, LATERAL (VALUES ('met', c.met), ('met_late', c.met_late), ('breached', c.breached), ('open', c.running + c.paused)) v (state, n)
       WHERE c.month >= '2026-01-01' GROUP BY 1 HAVING sum(v.n) > 0 ORDER BY 1 $$, 'promises by week come to those by month');
SELECT results_eq($$ SELECT (c ->> 'week')::date, (c ->> 'met_share')::numeric FROM chart('sla_share') c $$,
    $$ SELECT date_trunc('week', started_at)::date, (count(*) FILTER (WHERE state = 'met')::numeric / count(*))::numeric(9,6) FROM crm.sla_status WHERE state IN ('met', 'met_late', 'breached') GROUP BY 1 ORDER BY 1 $$,
    'promises kept');
SELECT results_eq($$ SELECT c ->> 'policy', (c ->> 'clocks')::bigint FROM chart('breaches') c ORDER BY 1 $$, 'SELECT policy, count(*) FROM crm.sla_breach GROUP BY 1 ORDER BY 1', 'promises broken');
SELECT results_eq($$ SELECT c ->> 'goal', (c ->> 'position')::bigint, (c ->> 'leads')::bigint, (c ->> 'conversion')::numeric FROM chart('curve') c $$,
    $$ SELECT goal, position, leads, conversion FROM crm.sla_curve WHERE since = 'handover' AND measure = 'elapsed' AND segment = '*' ORDER BY goal, position $$, 'response time');
SELECT results_eq($$ SELECT c ->> 'measure', (c ->> 'amount')::numeric FROM chart('campaigns') c $$,
    $$ SELECT v.* FROM (SELECT * FROM crm.campaign_return ORDER BY spend DESC NULLS LAST LIMIT 12) r, LATERAL (VALUES ('spend', spend), ('new_revenue', new_revenue)) v (m, amount) ORDER BY r.spend DESC, m DESC $$, 'spend and revenue of the 12 dearest campaigns');
SELECT ok((SELECT sum((c ->> 'amount')::numeric) > 0 FROM chart('campaigns') c WHERE c ->> 'measure' = 'new_revenue'), 'there is revenue');
SELECT is((SELECT count(DISTINCT c ->> 'campaign') FROM chart('campaigns') c), 12::bigint, 'campaigns of one name are told apart');
SELECT results_eq($$ SELECT c ->> 'bar', sum((c ->> 'value')::numeric) FROM chart('pipeline') c GROUP BY 1 ORDER BY 1 $$,
    $$ SELECT 'forecast', h.weighted_value + h.won_value FROM crm.pipeline_health h WHERE dimension = 'total' UNION ALL SELECT 'open', h.value FROM crm.pipeline_health h WHERE dimension = 'total' $$, 'pipeline');
SELECT results_eq($$ SELECT (c ->> 'target_value')::numeric, (c ->> 'coverage')::numeric FROM chart('target') c $$, $$ SELECT target_value, coverage FROM crm.pipeline_health WHERE dimension = 'total' $$, 'target');
SELECT results_eq($$ SELECT c ->> 'reason', (c ->> 'rejected')::numeric FROM chart('rejections') c ORDER BY 1 $$, 'SELECT reason, sum(rejected) FROM crm.rejections GROUP BY 1 ORDER BY 1', 'reasons of rejections');
SELECT results_eq($$ SELECT c ->> 'reason', (c ->> 'deals')::numeric, (c ->> 'value')::numeric FROM chart('losses') c ORDER BY 1 $$, 'SELECT reason, sum(deals), sum(value) FROM crm.loss_reasons GROUP BY 1 ORDER BY 1', 'reasons of losses');
SELECT results_eq($$ SELECT c ->> 'band', sum((c ->> 'tasks')::bigint) FROM chart('queue') c GROUP BY 1 ORDER BY 1 $$, 'SELECT band, count(*)::numeric FROM crm.work_queue GROUP BY 1 ORDER BY 1', 'work queue by band');
SELECT results_eq($$ SELECT (c ->> 'position')::bigint, sum((c ->> 'tasks')::bigint) FROM chart('queue') c WHERE (c ->> 'position')::int < 15 GROUP BY 1 ORDER BY 1 $$,
    'SELECT * FROM (SELECT row_number() OVER (ORDER BY count(*) DESC, owner), count(*)::numeric FROM crm.work_queue GROUP BY owner) q LIMIT 14', 'and by owner, who has most to do first');
SELECT is((SELECT array_agg(DISTINCT c ->> 'owner') FROM chart('queue') c WHERE c ->> 'position' = '15'), '{Others}', 'the others are one bar');
SELECT is((SELECT array_agg(DISTINCT c ->> 'owner') FROM chart('queue') c WHERE c ->> 'owner' ~ '^Bert'), '{Bert (bert),Bert (bert2)}', 'people of one name are told apart');
SELECT results_eq($$ SELECT (h ->> 'value')::numeric FROM shown, jsonb_array_elements(panel #> '{usermeta,headline}') h WHERE language = 'ru' $$,
    $$ VALUES ((SELECT reached::numeric FROM crm.funnel WHERE stage = 'lead')),
              ((SELECT ((SELECT reached FROM crm.funnel WHERE stage = 'won')::numeric / (SELECT reached FROM crm.funnel WHERE stage = 'mql'))::numeric(9,6))),
              ((SELECT (sum(met) / sum(met + met_late + breached))::numeric(9,6) FROM crm.sla_compliance)),
              ((SELECT count(*)::numeric FROM crm.sla_breach)), ((SELECT coverage FROM crm.pipeline_health WHERE dimension = 'total')),
              ((SELECT count(*)::numeric FROM crm.work_queue WHERE band = 'overdue')) $$, 'the headline');

-- what the company calls things
SELECT is(tried($$ UPDATE crm.reason SET labels = '{"en": "Out of money"}' WHERE code = 'no_budget' $$,
    $$ SELECT r ->> 'label' FROM jsonb_array_elements(leadflow.panel_data('crm', 'pl') -> 'rejections') r WHERE r ->> 'reason' = 'no_budget' $$), 'Out of money', 'a reason that was renamed keeps its name');
SELECT is(tried($$ UPDATE crm.reason SET labels = '{"en": "Out of money", "pl": "Bez kasy"}' WHERE code = 'no_budget' $$,
    $$ SELECT r ->> 'label' FROM jsonb_array_elements(leadflow.panel_data('crm', 'pl') -> 'rejections') r WHERE r ->> 'reason' = 'no_budget' $$), 'Bez kasy', 'in the language where there is one');
SELECT is((SELECT r ->> 'label' FROM jsonb_array_elements(leadflow.panel_data('crm', 'pl') -> 'rejections') r WHERE r ->> 'reason' = 'no_budget'), U&'Brak bud\017Cetu', 'the default ones are translated');
SELECT is(tried($$ UPDATE crm.reason SET labels = '{"en": "Later"}'; UPDATE crm.stage_definition SET labels = '{"en": "Deal"}' WHERE stage IN ('opportunity', 'proposal') $$,
    $$ SELECT format('%s %s', (SELECT count(*) > 0 AND bool_and(r ->> 'label' = 'Later (' || (r ->> 'reason') || ')') FROM jsonb_array_elements(d -> 'rejections') r),
                              (SELECT string_agg(f ->> 'label', ', ') FROM jsonb_array_elements(d -> 'funnel') f WHERE f ->> 'label' ~ '^Deal')) FROM leadflow.panel_data('crm', 'pl') d $$),
    't Deal (opportunity), Deal (proposal)', 'reasons and stages of one name are told apart');
SELECT is(tried($$ DELETE FROM crm.target $$, $$ SELECT leadflow.panel('crm') #>> '{datasets,target}' $$), '[]', 'without a target');
SELECT is(tried($$ DELETE FROM crm.target $$, $$ SELECT count(*) FROM jsonb_array_elements(leadflow.panel_data('crm') -> 'pipeline') p WHERE p ->> 'stage' IS NULL $$), '0', 'nothing is won in its period');
SELECT is(tried($$ SET LOCAL leadflow.clock = '2026-02-01' $$, $$ SELECT leadflow.panel_data('crm') -> 'funnel' -> 2 ->> 'reached' $$), (SELECT count(*)::text FROM crm.lead WHERE created_at <= '2026-02-01'), 'as of another instant');

-- an empty workspace
SELECT is((SELECT array_agg(DISTINCT d.value) FROM jsonb_each(leadflow.panel_data('hollow')) d), ARRAY[jsonb '[]'], 'an empty workspace has no rows');
SELECT is(jsonb_path_query_array(leadflow.panel('hollow', l), 'strict $.vconcat.** ? (exists (@.mark.type)).mark.type'), (SELECT jsonb_agg(to_jsonb('text'::text)) FROM generate_series(1, 11)), l || ': its charts say so') FROM unnest('{en,pl,ru,zh}'::text[]) l;
SELECT is(leadflow.panel('hollow') #>> '{title,subtitle}', 'There is nothing in this workspace yet: the charts fill as leads come in.', 'and the panel');

-- errors and rights
SELECT is(tried($$ SELECT leadflow.panel('crm', 'de') $$), '22023', 'unknown language');
SELECT is(tried($$ SELECT leadflow.panel('crm', NULL) $$), '22023', 'no language');
SELECT is(tried($$ SELECT leadflow.panel_data('crm', 'EN') $$), '22023', 'data in an unknown language');
SELECT is(tried($$ SELECT leadflow.panel_words('') $$), '22023', 'words of an unknown language');
SELECT is(tried($$ SELECT leadflow.panel('public') $$), '42704', 'no workspace');
SELECT is(tried($$ SELECT leadflow.panel(NULL) $$), '42704', 'null for a workspace');
SELECT is(tried($$ SELECT leadflow.panel_data('nowhere', 'pl') $$), '42704', 'data of no workspace');
SELECT 'lf_panel_' || pg_backend_pid() AS reader \gset
CREATE ROLE :reader;
SET ROLE :reader;
SELECT is(tried($$ SELECT leadflow.panel('crm') $$), '42501', 'who may not read the reports sees nothing');
RESET ROLE;
SELECT leadflow.grant_workspace('crm', :'reader', 'read') \g /dev/null
SET ROLE :reader;
SELECT is(tried('SELECT 1', $$ SELECT leadflow.panel('crm') #>> '{usermeta,empty}' $$), 'false', 'who may read them sees the panel');
RESET ROLE;
DROP OWNED BY :reader;
DROP ROLE :reader;

SELECT * FROM finish();
