# leadflow builds like any PGXS extension: make, make install, make installcheck.
# make demo and make test do the whole job on a fresh machine.

EXTENSION = leadflow
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" leadflow.control)

MODULE_big = leadflow
OBJS = \
	src/leadflow.o \
	src/stage/stage.o \
	src/stage/stage_ops.o \
	src/calendar/calendar_block.o \
	src/calendar/calendar_cache.o \
	src/calendar/calendar_compile.o \
	src/calendar/calendar_days.o \
	src/calendar/calendar_io.o \
	src/calendar/calendar_parse.o \
	src/calendar/calendar_read.o \
	src/calendar/calendar_text.o \
	src/calendar/week.o \
	src/calendar/worktime.o \
	src/calendar/zone.o \
	src/summary/summary.o \
	src/summary/words.o \
	src/summary/pack.o \
	src/summary/moments.o \
	src/model/scored.o \
	src/model/quality.o \
	src/model/naive_bayes.o \
	src/model/bayes_model.o \
	src/model/bayes_features.o \
	src/model/bayes_fit.o \
	src/model/bayes_predict.o \
	src/model/bayes_evidence.o \
	src/model/bin.o \
	src/model/observations.o \
	src/model/logistic.o \
	src/model/logistic_fit.o \
	src/model/logistic_predict.o \
	src/model/newton.o \
	src/model/fit_pass.o \
	src/funnel/funnel.o \
	src/funnel/path.o \
	src/funnel/chain.o \
	src/funnel/total.o \
	src/timeline/lengths.o \
	src/timeline/state.o \
	src/timeline/timeline.o \
	src/timeline/durations.o \
	src/timeline/latest.o \
	src/timeline/survival.o \
	src/attribution/exact_sum.o \
	src/attribution/touch_path.o \
	src/attribution/model.o \
	src/attribution/model_list.o \
	src/attribution/credit.o \
	src/attribution/credits.o \
	src/attribution/attribution_summary.o \
	src/attribution/path.o \
	src/attribution/markov.o \
	src/attribution/markov_solve.o \
	src/attribution/markov_answer.o \
	src/attribution/coalitions.o \
	src/attribution/shapley.o \
	src/attribution/journey.o \
	src/rulebook/criterion.o \
	src/rulebook/evidence.o \
	src/rulebook/load.o \
	src/rulebook/load_scorecard.o \
	src/rulebook/load_value.o \
	src/rulebook/owner.o \
	src/rulebook/rulebook.o \
	src/rulebook/shape.o \
	src/guard/row.o \
	src/guard/judge.o \
	src/guard/finding.o \
	src/guard/guard.o \
	src/guard/stamp.o \
	src/guard/record.o \
	src/guard/overwrite.o \
	src/guard/ledger.o \
	src/guard/row_json.o \
	src/guard/settle.o \
	src/guard/statement.o \
	src/guard/verdict.o \
	src/guard/recorder.o \
	src/guard/clocks.o \
	src/guard/touch.o \
	src/guard/pause.o \
	src/guard/cadence.o \
	src/guard/nurture.o \
	src/guard/collision.o \
	src/guard/definition.o \
	src/guard/explain.o \
	src/guard/merge.o \
	src/routing/routing.o \
	src/routing/rule.o \
	src/routing/pool.o \
	src/score/decay.o \
	src/score/score.o \
	src/score/signs.o \
	src/score/feature.o \
	src/score/score_call.o \
	src/identity/identity.o \
	src/attach/attached.o \
	src/growth/transcript.o

# The install script is these files, in this order.
SQL_PARTS = \
	src/leadflow.sql \
	src/workspace/check.sql \
	src/stage/stage.sql \
	src/stage/stage_ops.sql \
	src/calendar/calendar.sql \
	src/model/quality.sql \
	src/model/naive_bayes.sql \
	src/model/logistic.sql \
	src/model/interval.sql \
	src/funnel/funnel.sql \
	src/timeline/timeline.sql \
	src/timeline/latest.sql \
	src/timeline/survival.sql \
	src/attribution/attribution.sql \
	src/attribution/markov.sql \
	src/attribution/shapley.sql \
	src/guard/guard.sql \
	src/guard/explain_due.sql \
	src/guard/verdict.sql \
	src/guard/cadence.sql \
	src/guard/merge.sql \
	src/guard/forget.sql \
	src/guard/quarantine.sql \
	src/routing/routing.sql \
	src/score/decay.sql \
	src/score/score.sql \
	src/identity/identity.sql \
	src/sweep/sweep.sql \
	src/sweep/schedule.sql \
	src/score/calibrate.sql \
	src/score/backtest.sql \
	src/definition/versions.sql \
	src/definition/proposals.sql \
	src/definition/handbook_words.sql \
	src/definition/handbook.sql \
	build/workspace_script.sql \
	src/workspace/builder.sql \
	src/workspace/upgrade.sql \
	src/workspace/row_security.sql \
	src/workspace/asof.sql \
	src/growth/partitions.sql \
	src/growth/books.sql \
	src/growth/archive.sql \
	src/review/sample.sql \
	src/review/phrases.sql \
	src/workspace/named_number.sql \
	src/attach/attach.sql \
	src/attach/backfill.sql \
	src/panel/panel.sql

# What create_workspace runs: one part a file, and the reports, in this order.
WORKSPACE_PARTS = definitions sources governance facts merges attachments feedback routing alerts agreements \
	scoring economics reviews metrics audience library lessons proposing books triggers empty b2b
WORKSPACE_VIEWS = \
	visible_lead \
	visible_opportunity \
	visible_account \
	visible_touch \
	lead_outside \
	stage_dictionary \
	stage_history \
	current_stage \
	deal \
	lead_milestone \
	stage_duration \
	stalled \
	funnel \
	funnel_segmented \
	leakage \
	stage_win_rate \
	pipeline_deals \
	pipeline_stages \
	pipeline_health \
	pipeline_movement \
	velocity \
	win_rate \
	loss_reasons \
	revenue_structure \
	customer_value \
	cohort \
	cohort_conversion \
	mix_rate \
	bottlenecks \
	refusals \
	sla_status \
	sla_breach \
	sla_compliance \
	alerts_open \
	cadence_progress \
	response_time \
	handover \
	weekly_review \
	never_contacted \
	follow_up_coverage \
	feedback_coverage \
	verdicts \
	verdict_coverage \
	rejections \
	false_rejections \
	disputes \
	verdict_quality \
	contact_attempt \
	attempts_to_answer \
	channel_effect \
	wasted_effort \
	response_conversion \
	volume_and_quality \
	agreement_kept \
	sla_open \
	owner_load \
	lead_scores \
	qualification \
	score_grid \
	score_quality \
	score_faults \
	score_errors \
	account_scores \
	intent_tasks \
	sla_curve \
	sla_suggestion \
	conversation_moment \
	work_queue \
	order_of_work \
	work_order_kept \
	lead_story \
	lead_card \
	quarantine_reasons \
	completeness \
	data_quality \
	duplicate_candidates \
	routing_faults \
	routing_fairness \
	score_models \
	score_model_card \
	feature_value \
	campaign_spend \
	cost_per_stage \
	spend_efficiency \
	campaign_return \
	volume_without_sales \
	reallocation \
	content_effect \
	campaign_contact_effect \
	revenue_sources \
	deal_touch \
	deal_review \
	attribution \
	attribution_compare \
	sourced_influenced \
	influence \
	won_lost_paths \
	plan_vs_actual \
	joint_goals \
	quarterly_review \
	forecast_accuracy \
	bonus \
	report_trust \
	icp_leads \
	icp_fit \
	buying_committee \
	hypothesis_board \
	experiment_result \
	content_catalogue \
	battlecard_freshness \
	content_requests \
	content_request_effect \
	objections \
	keywords_heard \
	objection_answers \
	lessons_open \
	unapproved_promises \
	first_contact_opinions \
	proposals \
	definition_faults \
	definition_reviews \
	metric_dictionary

# How a workspace of an older version comes to this one, a file from each to the next.
WORKSPACE_STEPS = 0.1--0.2

DATA_built = leadflow--$(EXTVERSION).sql
# What was released, and the ways from there: an upgrade can be tried on any server.
DATA = $(filter-out releases/leadflow--$(EXTVERSION).sql,$(sort $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/releases/leadflow--*.sql))))
EXTRA_CLEAN = build

REGRESS = stage calendar

PG_CONFIG ?= pg_config
PG_CFLAGS = -Wall -Wextra
# PostgreSQL's calling convention has parameters that a function may not need.
PG_CPPFLAGS = -I$(srcdir)/src -Wno-unused-parameter

# The specs that there are, settled now because PGXS asks whether there are any.
ISOLATION := $(basename $(notdir $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --load-extension=leadflow

# These install what they need first, so they work before there is a PGXS.
jobs = test demo demo-stop reference upgrade-script dist
ifeq ($(filter $(jobs),$(MAKECMDGOALS)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Sums over many rows are worth the vectors that every processor has; numbers
# that are missing are compared, which need not trap.
src/model/fit_pass.o: CFLAGS += $(CFLAGS_UNROLL_LOOPS) $(CFLAGS_VECTORIZE) -fno-trapping-math

# Debian's PostgreSQL is configured without dependency tracking.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*.h $(srcdir)/src/*/*.h)
endif

leadflow--$(EXTVERSION).sql: $(SQL_PARTS) leadflow.control
	cat $(SQL_PARTS) > $@

WORKSPACE_FILES = $(WORKSPACE_PARTS:%=src/workspace/%.sql) $(WORKSPACE_VIEWS:%=src/workspace/views/%.sql) \
	$(WORKSPACE_STEPS:%=src/workspace/upgrades/%.sql)

build/workspace_script.sql: src/workspace/embed.sh Makefile $(WORKSPACE_FILES)
	mkdir -p build
	src/workspace/embed.sh "$(WORKSPACE_PARTS)" "$(WORKSPACE_VIEWS)" "$(WORKSPACE_STEPS)" > $@

.PHONY: $(jobs)

test:
	@PG_CONFIG='$(PG_CONFIG)' test/run

demo:
	@PG_CONFIG='$(PG_CONFIG)' demo/run start

demo-stop:
	@PG_CONFIG='$(PG_CONFIG)' demo/run stop

reference:
	@PG_CONFIG='$(PG_CONFIG)' script/reference > doc/reference.md.new || { rm -f doc/reference.md.new; exit 1; }
	@mv doc/reference.md.new doc/reference.md

# The way from the last release to this version, from what the catalogs say.
upgrade-script:
	@PG_CONFIG='$(PG_CONFIG)' script/upgrade

# What PGXN takes: what is committed, under the distribution's name.
DISTVERSION = $(shell sed -n 's/^    "version": "\(.*\)",/\1/p' META.json)

dist:
	test/meta
	@git diff --quiet HEAD -- || { echo 'make dist: commit first, what is not committed is not in it' >&2; exit 1; }
	TZ=UTC git archive --format=zip --prefix=leadflow-$(DISTVERSION)/ -o leadflow-$(DISTVERSION).zip HEAD
