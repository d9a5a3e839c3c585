/*
 * panel.sql: the panel that marketing and sales look at together. Every table
 * is a question to the workspace's reports, which any SQL client can ask.
 */
SET search_path = crm, leadflow, pg_catalog;
SET TimeZone = 'UTC';
\pset border 1
\pset footer off
\pset null ''
\pset linestyle ascii
\pset format aligned

SELECT pg_catalog.to_char(clock(), 'FMDay, DD FMMonth YYYY, HH24:MI') AS present \gset

\echo
\echo '===================================================================================================='
\echo 'The shared panel of workspace crm on' :present 'UTC'
\echo '===================================================================================================='

\echo
\echo 'FUNNEL: how many leads ever reached each stage, how many are there now, and what share goes on.'
SELECT f.stage, f.label_en AS meaning, f.reached, f.now_in_stage AS "now",
       pg_catalog.round(100 * f.conversion_from_previous, 1) AS "% of previous",
       pg_catalog.round(100 * f.conversion_from_first, 1) AS "% of all"
FROM funnel f
ORDER BY f.position;

\echo 'PROMISES: of all reactions that were owed, how many came in time; cancelled ones lost their meaning.'
SELECT c.policy, pg_catalog.sum(c.clocks) AS owed, pg_catalog.sum(c.met) AS "in time", pg_catalog.sum(c.met_late) AS late,
       pg_catalog.sum(c.breached) AS "still owed", pg_catalog.sum(c.running) AS running, pg_catalog.sum(c.cancelled) AS cancelled,
       pg_catalog.round(100 * pg_catalog.sum(c.met) / NULLIF(pg_catalog.sum(c.met + c.met_late + c.breached), 0), 1) AS "% kept"
FROM sla_compliance c
GROUP BY c.policy
ORDER BY c.policy;

\echo 'BROKEN NOW: the ten promises broken last that can still be mended, and who owes the reaction.'
SELECT b.policy, b.full_name AS lead, b.account, b.owner,
       pg_catalog.to_char(b.due_at, 'DD Mon HH24:MI') AS due,
       pg_catalog.round(b.overdue_seconds / 3600.0, 1) AS "hours late"
FROM sla_breach b
ORDER BY b.due_at DESC, b.clock_id
LIMIT 10;

\echo 'REFUSALS: the ten commonest reasons for which leads leave the path or are sent back.'
SELECT r.label_en AS reason, r.next_step AS "what to do next", pg_catalog.sum(r.refusals) AS refusals,
       pg_catalog.sum(r.refusals) FILTER (WHERE r.kind = 'back') AS "sent back",
       pg_catalog.round(100 * pg_catalog.sum(r.share), 1) AS "% of all"
FROM refusals r
WHERE r.subject = 'lead'
GROUP BY r.reason, r.label_en, r.next_step
ORDER BY pg_catalog.sum(r.refusals) DESC, r.reason
LIMIT 10;

\echo 'FIRST RESPONSE: hours of the wall clock until a request or a new MQL is answered, median by month.'
SELECT pg_catalog.to_char(s.started_at, 'YYYY-MM') AS month,
       pg_catalog.count(*) FILTER (WHERE s.team = 'Sales Warsaw') AS "answers, Warsaw",
       pg_catalog.round((pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.waiting_seconds) FILTER (WHERE s.team = 'Sales Warsaw'))::numeric / 3600, 1) AS "hours, Warsaw",
       pg_catalog.count(*) FILTER (WHERE s.team = 'Sales New York') AS "answers, New York",
       pg_catalog.round((pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY s.waiting_seconds) FILTER (WHERE s.team = 'Sales New York'))::numeric / 3600, 1) AS "hours, New York"
FROM sla_status s
WHERE s.metric = 'first_response' AND s.stopped_at IS NOT NULL AND s.started_at >= date '2025-10-01' AND s.started_at < date '2026-10-01'
GROUP BY 1
ORDER BY 1;

\echo 'NEVER CONTACTED: leads handed over to sales that nobody has tried to reach, and those still waiting.'
SELECT n.team, n.owner, pg_catalog.count(*) AS "never contacted", pg_catalog.count(*) FILTER (WHERE NOT n.is_exit) AS "still waiting",
       pg_catalog.max(n.waiting_seconds) FILTER (WHERE NOT n.is_exit) / 86400 AS "longest wait, days"
FROM never_contacted n
GROUP BY n.team, n.owner
ORDER BY n.team, n.owner;

\echo 'FEEDBACK: whether sales says yes or no to what marketing hands over, and how soon, last six months.'
SELECT pg_catalog.to_char(f.month, 'YYYY-MM') AS month, f.team, f.handed_over AS "handed over",
       pg_catalog.round(100 * f.feedback_share, 1) AS "% with verdict", pg_catalog.round(100 * f.acceptance_rate, 1) AS "% accepted",
       pg_catalog.round(f.verdict_hours_median / 24, 1) AS "days to verdict"
FROM feedback_coverage f
WHERE f.team IN ('Sales Warsaw', 'Sales New York') AND f.month >= date '2026-04-01' AND f.month < date '2026-10-01'
ORDER BY f.month, f.team;

\echo 'AGREEMENT: what marketing and sales promised each other in numbers, in the last full period.'
SELECT a.department AS "promised by", a.promise, pg_catalog.to_char(a.from_date, 'YYYY-MM') AS since, a.period,
       pg_catalog.trim_scale(pg_catalog.round(a.delivered, 2)) AS delivered, a.kept, a.missing
FROM (SELECT DISTINCT ON (k.agreement) k.*
      FROM agreement_kept k
      WHERE k.state = 'complete'
      ORDER BY k.agreement, k.from_date DESC) a
ORDER BY a.department, a.agreement;

\echo 'CADENCE: new MQLs are tried 6 times over 3 channels. How that ended, or where it stands.'
SELECT c.team, pg_catalog.count(*) AS cadences,
       pg_catalog.count(*) FILTER (WHERE c.state = 'answered') AS answered,
       pg_catalog.count(*) FILTER (WHERE c.state = 'exhausted') AS exhausted,
       pg_catalog.count(*) FILTER (WHERE c.state = 'ended') AS "ended by sales",
       pg_catalog.count(*) FILTER (WHERE c.state = 'running') AS running,
       pg_catalog.count(*) FILTER (WHERE c.state = 'overdue') AS overdue,
       pg_catalog.round(pg_catalog.avg(c.attempts_made) FILTER (WHERE c.state = 'answered'), 1) AS "attempts to an answer"
FROM cadence_progress c
GROUP BY c.team
ORDER BY c.team;

\echo 'VERDICTS: leads handed over in the last full quarter, and whether sales has answered for each.'
SELECT v.team, pg_catalog.sum(v.handed_over) AS "handed over", pg_catalog.sum(v.with_verdict) AS "with verdict",
       pg_catalog.sum(v.returned_unreached) AS unreached, pg_catalog.sum(v.undecided) AS undecided,
       pg_catalog.round(100 * pg_catalog.sum(v.with_verdict) / NULLIF(pg_catalog.sum(v.with_verdict + v.undecided), 0), 1) AS "% answered for",
       pg_catalog.round(100 * pg_catalog.sum(v.in_time) / NULLIF(pg_catalog.sum(v.in_time + v.late + v.undecided_late), 0), 1) AS "% in time"
FROM verdict_coverage v
WHERE v.team IN ('Sales Warsaw', 'Sales New York') AND v.month >= date '2026-07-01' AND v.month < date '2026-10-01'
GROUP BY v.team
ORDER BY v.team;

\echo 'REJECTIONS: the three kinds that cost sales most attempts, and what marketing says to them.'
SELECT r.reason, r.origin, pg_catalog.sum(r.rejected) AS rejected, pg_catalog.sum(r.attempts) AS attempts,
       pg_catalog.round(pg_catalog.sum(r.attempts) / pg_catalog.sum(r.rejected), 1) AS "each",
       pg_catalog.sum(r.agreed) AS agreed, pg_catalog.sum(r.disputed) AS disputed, pg_catalog.sum(r.mended) AS mended
FROM rejections r
GROUP BY r.reason, r.origin
ORDER BY pg_catalog.sum(r.attempts) DESC, r.reason, r.origin
LIMIT 3;

\echo 'ROUTING: whether everybody got the share of leads that was promised; less than one off is as fair as it gets.'
SELECT f.pool, f.member_name AS member, f.weight, f.assigned AS "leads by turn", f.earned AS "owed", f.leads_off AS "off by"
FROM routing_fairness f
ORDER BY f.pool, f.member;

\echo 'SCORES: leads by grade now; and of the MQLs by their grade of then, how many sales accepted and won.'
SELECT g.grade, f.meaning || ', ' || b.meaning AS meaning, g.leads AS "leads now", g.qualified AS mqls,
       pg_catalog.round(100 * g.acceptance_rate, 1) AS "% accepted", pg_catalog.round(100 * g.win_rate, 1) AS "% won"
FROM score_grid g
LEFT JOIN score_grade f ON f.component = 'fit' AND f.grade = g.fit_grade
LEFT JOIN score_grade b ON b.component = 'behaviour' AND b.grade = g.behaviour_grade
ORDER BY g.grade;

\echo 'MODEL: what was learnt from closed leads. Of a won and a lost one, how often the won one got more points, in'
\echo '% (50 is chance); Brier: how wrong the probabilities are (0 is perfect).'
SELECT m.version, m.model, m.active, m.won, m.lost,
       pg_catalog.round(100 * m.auc_beside_rules, 1) AS "% model", pg_catalog.round(100 * m.rules_auc, 1) AS "% rules",
       pg_catalog.round(m.brier, 3) AS brier, m.base_points AS "points to start from"
FROM score_models m
ORDER BY m.version;

\echo 'What says most: 20 points double the odds of winning, -20 halve them. The two best and worst values of a feature'
\echo 'with 50 leads or more.'
SELECT c.feature, COALESCE(c.value, '(missing)') AS value, c.points, c.won, c.lost, pg_catalog.round(100 * c.won_share, 1) AS "% won"
FROM (SELECT c.*, pg_catalog.row_number() OVER (PARTITION BY c.feature, c.points > 0 ORDER BY pg_catalog.abs(c.points) DESC, c.value) AS nth
      FROM score_model_card c
      JOIN score_models m ON m.version = c.version AND m.active
      WHERE c.won + c.lost >= 50) c
WHERE c.nth <= 2
ORDER BY pg_catalog.abs(c.points) DESC, c.feature, c.value
LIMIT 10;

\echo 'BACK-TEST: had only leads of fit B or better and 20 points of behaviour been handed over in the first half of 2026.'
SELECT b.rule, b.mqls, b.accepted, b.rejected, b.won, b.lost, b.open,
       pg_catalog.round(100 * b.acceptance_rate, 1) AS "% accepted", pg_catalog.round(100 * b.win_rate, 1) AS "% won",
       b.won_missed AS "won, missed", b.cost_per_mql AS "EUR per MQL"
FROM backtest('crm', 'fit_grade <= ''B'' AND behaviour >= 20', '2026-01-01', '2026-07-01') b;

\echo 'PIPELINE: open deals by stage, how likely such deals were won so far, and what that makes them worth.'
SELECT p.stage, p.deals, p.value, pg_catalog.round(100 * p.value_share, 1) AS "% of value", p.over_norm AS "over norm", pg_catalog.round(100 * p.win_rate, 1) AS "% won so far",
       p.weighted_value AS weighted
FROM pipeline_stages p
ORDER BY p.ordinal;
SELECT h.value AS pipeline, h.weighted_value AS weighted, h.target_value AS "target of the quarter", h.won_value AS "won of it",
       pg_catalog.round(h.coverage, 2) AS "times the gap", pg_catalog.round(h.weighted_coverage, 2) AS "weighted",
       h.slipped AS "past their date", h.without_date AS "without a date"
FROM pipeline_health h
WHERE h.dimension = 'total';

\echo 'BOTTLENECKS: the three steps that cost the most deals, were they as good as in their best 90 days.'
SELECT b.rank AS "#", b.from_stage || ' to ' || b.to_stage AS step, b.leads, pg_catalog.round(100 * b.conversion, 1) AS "% now",
       pg_catalog.round(100 * b.benchmark, 1) AS "% at best", pg_catalog.round(b.extra_won_per_month, 1) AS "deals a month",
       b.extra_revenue_per_month AS "EUR a month", b.over_norm AS "slower than agreed"
FROM bottlenecks b
WHERE b.bottleneck
ORDER BY b.rank;

\echo 'GUILTY: conversion from mql to won within 90 days, month over month, split into other leads (mix: marketing)'
\echo 'and like leads that convert otherwise (rate: sales); in points of a percent.'
SELECT pg_catalog.to_char(m.month, 'YYYY-MM') AS month, pg_catalog.round(100 * m.conversion_before, 2) AS "% before", pg_catalog.round(100 * m.conversion, 2) AS "% then",
       pg_catalog.round(100 * m.effect, 2) AS change, pg_catalog.round(100 * m.mix_effect, 2) AS mix, pg_catalog.round(100 * m.rate_effect, 2) AS rate
FROM mix_rate m
WHERE m.from_stage = 'mql' AND m.to_stage = 'won' AND m.days = 90 AND m.dimension = 'origin' AND m.is_total AND m.complete AND m.effect IS NOT NULL
ORDER BY m.month DESC
LIMIT 4;

\echo 'CAMPAIGNS: what they cost and brought, by spend; ranks by pipeline and by revenue of new customers.'
SELECT c.campaign, c.spend, c.leads, c.cost_per_assigned_lead AS "per assigned lead", c.pipeline, c.new_revenue AS "new revenue",
       pg_catalog.round(c.roi, 1) AS roi, c.pipeline_rank || ' / ' || c.new_revenue_rank AS "ranks", c.mismatch, c.advice
FROM campaign_return c
ORDER BY c.spend DESC, c.campaign
LIMIT 10;

\echo 'WHO EARNED IT: revenue by channel in the model that is official for the budget, and what others would say.'
SELECT a.name AS channel,
       pg_catalog.max(a.value) FILTER (WHERE a.official_for ~ 'budget') AS "official",
       pg_catalog.max(a.value) FILTER (WHERE a.model = 'first') AS "first touch",
       pg_catalog.max(a.value) FILTER (WHERE a.model = 'last') AS "last touch",
       pg_catalog.max(a.value) FILTER (WHERE a.model = 'time_decay') AS "time decay",
       pg_catalog.max(a.value) FILTER (WHERE a.model = 'markov') AS markov
FROM attribution_compare a
WHERE a.dimension = 'channel'
GROUP BY a.name
ORDER BY 2 DESC NULLS LAST, a.name;

\echo 'BOTH: deals won by quarter, who had the first touch, who took part, and the credit of each department.'
SELECT pg_catalog.to_char(i.month, 'YYYY "Q"Q') AS quarter, pg_catalog.sum(i.deals) AS won, pg_catalog.sum(i.revenue) AS revenue,
       pg_catalog.sum(i.marketing_sourced) AS "first: marketing", pg_catalog.sum(i.sales_sourced) AS "first: sales",
       pg_catalog.sum(i.marketing_influenced) AS "marketing took part", pg_catalog.sum(i.sales_influenced) AS "sales took part",
       pg_catalog.sum(i.marketing_credit) AS "credit, marketing", pg_catalog.sum(i.sales_credit) AS "credit, sales"
FROM influence i
WHERE i.kind = '*'
GROUP BY 1
ORDER BY 1;

\echo 'PLAN: what both departments agreed to reach in the last quarter and in this one, and how it will end.'
SELECT pg_catalog.to_char(p.starts_on, 'YYYY "Q"Q') AS quarter, p.metric, COALESCE(p.team, 'everybody') AS whose, p.target_value AS target, p.actual,
       p.expected AS "by now", p.forecast, pg_catalog.round(100 * p.forecast_share, 1) AS "% of target", p.standing
FROM plan_vs_actual p
WHERE p.starts_on >= date '2026-07-01'
ORDER BY p.starts_on, p.team NULLS FIRST, p.metric;

\echo 'BONUS: what the last quarter came to, part by part, for both departments.'
SELECT b.department, b.part, pg_catalog.round(100 * b.weight) AS "weight, %", pg_catalog.round(100 * b.reached_share, 1) AS "% of goal",
       pg_catalog.round(100 * b.paid_share, 1) AS "% paid", pg_catalog.round(100 * b.department_share, 1) AS "% of the whole bonus"
FROM bonus b
WHERE b.from_date = date '2026-07-01' AND b.period = 'quarter'
ORDER BY b.department, b.weight DESC, b.part;

\echo 'FORECAST: what the open deals promised on the first day of each month, and what came of them in it.'
SELECT pg_catalog.to_char(f.from_date, 'YYYY-MM') AS month, f.deals AS "open deals", f.value, f.forecast_value AS forecast, f.won_open_value AS "won of them",
       pg_catalog.round(100 * f.bias_share, 1) AS "% too high", f.won_value AS "won in all"
FROM forecast_accuracy f
WHERE f.period = 'month' AND f.until_date < date '2026-10-01'
ORDER BY f.from_date DESC
LIMIT 4;

\echo 'THE WEEK: what the weekly meeting begins with, last whole week.'
SELECT w.topic, w.item, pg_catalog.trim_scale(pg_catalog.round(w.value, 3)) AS value, pg_catalog.trim_scale(pg_catalog.round(w.week_before, 3)) AS "week before",
       pg_catalog.trim_scale(pg_catalog.round(w.usual, 3)) AS usual
FROM weekly_review w
WHERE w.week_starts_on = (SELECT pg_catalog.max(x.week_starts_on) FROM weekly_review x) AND w.item NOT LIKE '%, by %'
ORDER BY w.position;

\echo 'THE QUARTER: of the quarterly review, what the last one brought beside the one before.'
SELECT q.topic, q.item, COALESCE(q.detail, '') AS detail, q.unit, pg_catalog.trim_scale(pg_catalog.round(q.value, 3)) AS value,
       pg_catalog.trim_scale(pg_catalog.round(q.planned, 3)) AS planned, pg_catalog.trim_scale(pg_catalog.round(q.quarter_before, 3)) AS "quarter before"
FROM quarterly_review q
WHERE q.quarter_starts_on = date '2026-07-01' AND q.topic IN ('plan', 'results', 'coverage', 'content')
ORDER BY q.position, q.value DESC NULLS LAST, q.detail;

\echo 'TESTS: what was tried on two groups of leads, in % that reached the goal, with the limits of the difference.'
SELECT e.experiment, e.variant_a AS a, e.variant_b AS b, e.reaches, e.a_judged AS "of A", pg_catalog.round(100 * e.a_share, 1) AS "% A", e.b_judged AS "of B",
       pg_catalog.round(100 * e.b_share, 1) AS "% B", pg_catalog.round(100 * e.difference_low, 1) || ' to ' || pg_catalog.round(100 * e.difference_high, 1) AS "B less A", e.finding
FROM experiment_result e
ORDER BY e.experiment;

\echo 'OBJECTIONS: what buyers said against it, which answer was given, and how often it worked beside other answers.'
SELECT o.objection, COALESCE(o.battlecard, '(none)') AS battlecard, o.judged, pg_catalog.round(100 * o.overcome_share, 1) AS "% overcome",
       pg_catalog.round(100 * o.others_overcome_share, 1) AS "% otherwise", o.finding
FROM objection_answers o
ORDER BY o.judged DESC, o.objection, o.battlecard
LIMIT 6;

\echo 'WORDS: what is heard in the transcripts of meetings, in % of them, by what became of the deal.'
SELECT k.keyword, k.meaning,
       pg_catalog.round(100 * pg_catalog.sum(k.heard) FILTER (WHERE k.dimension = 'total') / NULLIF(pg_catalog.sum(k.transcripts) FILTER (WHERE k.dimension = 'total'), 0), 1) AS "% of all",
       pg_catalog.round(100 * pg_catalog.sum(k.heard) FILTER (WHERE k.dimension_value = 'won') / NULLIF(pg_catalog.sum(k.transcripts) FILTER (WHERE k.dimension_value = 'won'), 0), 1) AS "% where won",
       pg_catalog.round(100 * pg_catalog.sum(k.heard) FILTER (WHERE k.dimension_value = 'lost') / NULLIF(pg_catalog.sum(k.transcripts) FILTER (WHERE k.dimension_value = 'lost'), 0), 1) AS "% where lost"
FROM keywords_heard k
WHERE k.dimension IN ('total', 'result')
GROUP BY k.keyword, k.meaning
ORDER BY 3 DESC NULLS LAST, k.keyword;

\echo 'PROPOSED: a stricter MQL that waits for a decision, tried on the last 90 days.'
SELECT p.proposed_by AS "by", p.reason, p.new_row ->> 'expression' AS proposed, p.waits_for AS "waits for", b.value ->> 'rule' AS rule, b.value ->> 'mqls' AS mqls,
       pg_catalog.round(100 * (b.value ->> 'acceptance_rate')::numeric, 1) AS "% accepted", b.value ->> 'won' AS won, b.value ->> 'won_missed' AS "won, missed"
FROM proposals p
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(p.backtest -> 'rows') b
ORDER BY p.id, b.value ->> 'rule';

\echo 'TRUST: what stands behind the reports that deserve it least.'
SELECT t.report, t.owner, pg_catalog.round(100 * t.complete_share, 1) AS "% complete", pg_catalog.round(100 * t.fresh_share, 1) AS "% fresh",
       pg_catalog.round(100 * t.implied_share, 1) AS "% implied", pg_catalog.round(100 * t.parked_share, 1) AS "% set aside", pg_catalog.round(100 * t.trust_share, 1) AS "% trust", t.weakest
FROM report_trust t
ORDER BY t.trust_share, t.report
LIMIT 5;

\echo 'BY LOT: five calls of the last week to listen to, that nobody chose.'
SELECT s.place AS "#", s.stratum AS caller, pg_catalog.to_char(s.at, 'DD Mon HH24:MI') AS at, s.name AS lead, s.about
FROM sample('crm', 'calls', '2026-09-21', '2026-09-28', 5, '2026-09-28') s
ORDER BY s.place;

\echo 'RECURRING: what was sold in each quarter, and what of it comes again every year.'
SELECT pg_catalog.to_char(r.month, 'YYYY "Q"Q') AS quarter, pg_catalog.sum(r.deals) AS deals, pg_catalog.sum(r.value) AS value, pg_catalog.sum(r.recurring_value) AS recurring,
       pg_catalog.round(100 * pg_catalog.sum(r.recurring_value) / NULLIF(pg_catalog.sum(r.value), 0), 1) AS "% recurring"
FROM revenue_structure r
WHERE r.dimension = 'total'
GROUP BY 1
ORDER BY 1;

\echo 'WORK QUEUE: what Rachel Bennett does next, and why.'
SELECT w.position AS "#", w.band, w.task, w.full_name AS lead, w.account, w.stage, w.score::integer AS score, w.why
FROM work_queue w
WHERE w.owner = 'r.bennett'
ORDER BY w.position
LIMIT 10;

\echo 'SET ASIDE: rows that a bulk load wanted in and the standard did not, by what they lack; a row can lack'
\echo 'several things.'
SELECT q.source, q.target_stage AS "wanted", u.value ->> 'criterion' AS lacks,
       pg_catalog.min(u.value ->> 'requirement') AS "requirement (one of them)", pg_catalog.count(*) AS "rows"
FROM quarantine q
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(q.unmet) u
GROUP BY q.source, q.target_stage, u.value ->> 'criterion'
ORDER BY q.source, pg_catalog.count(*) DESC, u.value ->> 'criterion';

\echo 'LET IN ALL THE SAME: moves accepted although something was missing, because the session or the'
\echo 'criterion only warns.'
SELECT v.object, v.criterion, v.requirement, pg_catalog.count(*) AS moves
FROM violation v
GROUP BY v.object, v.criterion, v.requirement
ORDER BY pg_catalog.count(*) DESC, v.criterion;

\echo 'STORY: a lead that sales gave back, that marketing kept warm, and that became a customer.'
SELECT pg_catalog.to_char(s.happened_at, 'YYYY-MM-DD HH24:MI') AS at, s.what, pg_catalog."left"(s.summary, 110) AS summary, s.by_whom AS "by"
FROM lead_story s
WHERE s.lead_id = (SELECT n.lead_id
                   FROM nurture_stay n
                   JOIN lead l ON l.id = n.lead_id
                   WHERE l.stage >= 'won' AND NOT EXISTS (SELECT FROM stage_event e WHERE e.lead_id = l.id AND e.to_stage >= 'won' AND e.at < n.entered_at)
                   GROUP BY n.lead_id
                   HAVING pg_catalog.count(*) = 1 AND pg_catalog.bool_and(n.from_stage >= 'mql')
                   ORDER BY (SELECT pg_catalog.count(*) FROM stage_event e WHERE e.lead_id = n.lead_id), n.lead_id
                   LIMIT 1)
    AND (s.what IN ('campaign', 'owner', 'nurture', 'verdict')
         OR s.what = 'stage' AND s.summary IN ('entered lead', 'entered opportunity', 'entered won'))
ORDER BY s.happened_at, s.what, s.summary;
