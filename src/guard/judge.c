/*
 * judge.c
 *	  Judge a move against the rulebook.
 *
 * A move is allowed when it goes forward along the spine, stays within one
 * spine stage, or follows a listed transition; when a reason is given where one
 * is owed; and when every criterion of every spine stage up to the target is
 * met.  Everything that is missing is found at once.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard/collision.h"
#include "guard/judge.h"
#include "guard/nurture.h"
#include "guard/statement.h"
#include "leadflow.h"

/* How far ahead of ours a writer's clock may be. */
#define MAX_CLOCK_SKEW		(5 * USECS_PER_MINUTE)

/* 1900-01-01: what begins earlier is a tool's word for an unknown time. */
#define EARLIEST_STAGE		((2415021 - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

/* How many words of a tool are listed for whoever has written another one. */
#define MAX_WORDS			12

Datum
row_field(Move *move, Field field, bool *isnull)
{
	AttrNumber	attnum = move->rules->fields[field];

	if (attnum == InvalidAttrNumber)
	{
		*isnull = true;
		return (Datum) 0;
	}
	return slot_getattr(move->row, attnum, isnull);
}

/* A text field as a C string; NULL for null. */
char *
row_string(Move *move, Field field)
{
	bool		isnull;
	Datum		value = row_field(move, field, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * The tool that writes the row: the one that the session names, or the row's
 * own source.  NULL where the row has none, which NOT NULL will say.
 */
char *
writer_source(ObjectRules *rules, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value;

	if (leadflow_source != NULL && leadflow_source[0] != '\0')
		return pstrdup(leadflow_source);
	value = slot_getattr(row, rules->fields[FIELD_SOURCE], &isnull);
	return isnull ? NULL : TextDatumGetCString(value);
}

/* The row's variant; the column is NOT NULL, but may not be so yet. */
static const char *
variant_of(Move *move)
{
	bool		isnull;
	Datum		value = row_field(move, FIELD_VARIANT, &isnull);
	text	   *variant;

	if (isnull)
		return "*";
	variant = DatumGetTextPP(value);
	if (VARSIZE_ANY_EXHDR(variant) == 1 && *VARDATA_ANY(variant) == '*')
		return "*";
	return text_to_cstring(variant);
}

/* Prepare to judge.  The evidence is that of the lead. */
void
move_init(Move *move, Rulebook *rulebook, ObjectRules *rules, Relation rel,
		  TupleTableSlot *row, const Stage *from, const Stage *to)
{
	Field		lead_field = rules->kind == OBJECT_LEAD ? FIELD_ID : FIELD_LEAD_ID;
	bool		isnull;
	Datum		value;

	move->rulebook = rulebook;
	move->rules = rules;
	move->rel = rel;
	move->row = row;
	move->old_row = NULL;
	move->from = from;
	move->to = to;
	move->variant = variant_of(move);
	move->allowed = transition_allowed(rules, move->variant, from, to, &move->transition);
	move->reason_given = true;
	move->status_given = false;
	move->overwrites = NULL;
	move->too_early = NULL;

	evidence_init(&move->evidence, rulebook, 0);
	if (rules->kind == OBJECT_LEAD)
		move->evidence.lead = row;
	value = row_field(move, lead_field, &isnull);
	move->evidence.has_lead = !isnull;
	move->evidence.lead_id = isnull ? 0 : DatumGetInt64(value);
	value = row_field(move, FIELD_STAGE_SINCE, &isnull);
	move_set_time(move, isnull ? leadflow_now() : DatumGetTimestampTz(value));
}

/* When the new stage begins to hold. */
void
move_set_time(Move *move, TimestampTz at)
{
	move->at = at;
	move->evidence.as_of = at;
}

/* How well a transition fits a move; 0 if it does not. */
static int
transition_fit(const Transition *transition, const char *variant,
			   const Stage *from, const Stage *to)
{
	int			fit = 1;

	if (!variant_applies(transition->variant, variant))
		return 0;
	if (strcmp(transition->variant, "*") != 0)
		fit += 8;

	if (transition->from != NULL)
	{
		if (!stage_contained(from, transition->from))
			return 0;
		fit += 4;
	}

	if (stage_contained(to, transition->to))
		fit += 2;
	else if (!stage_code_is_exit(stage_code(from)) ||
			 stage_code_is_exit(stage_code(transition->to)) ||
			 stage_code_is_exit(stage_code(to)) ||
			 stage_code(transition->to) > stage_code(to))
		return 0;				/* only out of an exit may a move go further */
	return fit;
}

/*
 * May a row go from one stage to another?  *transition is the listed rule, or
 * NULL where none is needed.
 */
bool
transition_allowed(ObjectRules *rules, const char *variant, const Stage *from,
				   const Stage *to, const Transition **transition)
{
	int			best = 0;

	*transition = NULL;
	if (from == NULL || stage_code(from) == stage_code(to))
		return true;
	if (!stage_code_is_exit(stage_code(from)) && !stage_code_is_exit(stage_code(to)) &&
		stage_code(from) < stage_code(to))
		return true;

	for (int i = 0; i < rules->n_transitions; i++)
	{
		int			fit = transition_fit(&rules->transitions[i], variant, from, to);

		/* of equals the last: the stage nearest to the target */
		if (fit > 0 && fit >= best)
		{
			best = fit;
			*transition = &rules->transitions[i];
		}
	}
	return best > 0;
}

/* A reason is owed where the transition says so, and for starting in an exit. */
bool
reason_is_owed(const Stage *to, const Transition *transition)
{
	if (transition != NULL)
		return transition->reason_required;
	return stage_code_is_exit(stage_code(to));
}

/* What is asked for is enforced, unless the caller says otherwise. */
Finding *
add_finding(List **findings, const char *criterion, const Stage *stage,
			const char *requirement, const char *how_to_fix, bool met)
{
	Finding    *finding = palloc0(sizeof(Finding));

	finding->criterion = criterion;
	finding->stage = stage;
	finding->requirement = requirement;
	finding->how_to_fix = how_to_fix;
	finding->enforce = true;
	finding->met = met;
	*findings = lappend(*findings, finding);
	return finding;
}

static void
judge_transition(Move *move, List **findings, bool want_all)
{
	if (move->from == NULL || (move->allowed && !want_all))
		return;
	add_finding(findings, "transition", move->to,
				psprintf("The move from %s to %s must go forward, or be listed.",
						 stage_to_cstring(move->from), stage_to_cstring(move->to)),
				"List the move in transition, if it is to be made.",
				move->allowed);
}

/* A lead that was found to be another one stays where it was. */
static void
judge_merged(Move *move, List **findings)
{
	bool		isnull;
	Datum		winner = row_field(move, FIELD_MERGED_INTO, &isnull);

	if (isnull || move->from == NULL)
		return;
	add_finding(findings, "merged", move->to,
				psprintf("The lead was merged into lead " INT64_FORMAT ".", DatumGetInt64(winner)),
				psprintf("Move lead " INT64_FORMAT ".", DatumGetInt64(winner)), false);
}

/* A stage begins no earlier than the one that it follows. */
static void
judge_since(Move *move, List **findings)
{
	Finding    *finding;

	if (move->too_early != NULL)
	{
		finding = add_finding(findings, "stage_since", move->to,
							  "A stage must not begin before the one that it follows.",
							  "Give stage_since an instant at or after the present one.", false);
		finding->seen = move->too_early;
	}
	else if (move->at > GetCurrentTimestamp() + MAX_CLOCK_SKEW &&
			 (move->at > leadflow_now() + MAX_CLOCK_SKEW ||
			  !has_privs_of_role(acting_user(), move->rulebook->owner)))
		finding = add_finding(findings, "stage_since", move->to,
							  "A stage must not begin in the future.",
							  move->at > leadflow_now() + MAX_CLOCK_SKEW ?
							  "Give stage_since an instant that has come." :
							  "RESET leadflow.clock, which says what is still to come.", false);
	else if (move->at < EARLIEST_STAGE)
		finding = add_finding(findings, "stage_since", move->to,
							  "A stage must not begin before the year 1900.",
							  "Leave stage_since null where it is not known.", false);
	else
		return;
	finding->columns = bms_make_singleton(move->rules->fields[FIELD_STAGE_SINCE]);
}

/* What to do about an unknown word: names some of the known ones. */
static char *
known_words(ObjectRules *rules, const char *source)
{
	StringInfoData words;
	const char *last = NULL;
	int			n = 0;

	initStringInfo(&words);
	appendStringInfoString(&words, "Add the word to stage_alias, or write one of its words: ");
	for (int i = 0; i < rules->n_aliases; i++)
	{
		StatusAlias *alias = &rules->aliases[i];

		if (strcmp(alias->source, source) != 0 && strcmp(alias->source, "*") != 0)
			continue;
		/* a word of the tool's own and of every tool's is one word */
		if (last != NULL && strcmp(alias->status, last) == 0)
			continue;
		last = alias->status;
		if (n > 0)
			appendStringInfoString(&words, ", ");
		if (n++ == MAX_WORDS)
		{
			appendStringInfoString(&words, "...");
			return words.data;
		}
		appendStringInfoString(&words, clipped(alias->status, strlen(alias->status), SEEN_MAX_LENGTH));
	}
	appendStringInfoChar(&words, '.');
	return words.data;
}

/* A tool that has a vocabulary keeps to it. */
static void
judge_status(Move *move, List **findings)
{
	char	   *status;
	char	   *source;
	bool		unknown;
	const Source *tool;
	Finding    *finding;

	if (!move->status_given || move->rules->n_aliases == 0)
		return;
	status = row_string(move, FIELD_STATUS);
	source = writer_source(move->rules, move->row);
	if (status == NULL || source == NULL)
		return;
	(void) rulebook_stage_of_word(move->rulebook, move->rules, source, status, &unknown);
	if (!unknown)
		return;
	finding = add_finding(findings, STATUS_ALIAS, move->to,
						  psprintf("The status must be a word of source %s that stands for a stage.", source),
						  known_words(move->rules, source), false);
	tool = rulebook_source(move->rulebook, source);
	finding->park = tool != NULL && tool->parks_unknown;
	finding->columns = bms_make_singleton(move->rules->fields[FIELD_STATUS]);
}

/* Does the catalogue let this reason be given for entering the stage? */
static bool
reason_applies(const Reason *reason, const Stage *to)
{
	if (reason == NULL || !reason->active)
		return false;
	for (int i = 0; i < reason->n_applies_to; i++)
	{
		if (stage_contained(to, reason->applies_to[i]))
			return true;
	}
	return reason->n_applies_to == 0;
}

bool
is_blank(const char *string)
{
	return string == NULL || string[strspn(string, " \t\r\n")] == '\0';
}

/*
 * Who claims that nobody was reached has tried as often as was agreed.  A lead
 * without a cadence is not asked about.
 */
static void
judge_attempts(Move *move, const char *reason, List **findings, bool want_all)
{
	const char *cadence = evidence_cadence(&move->evidence);
	/* whom sales has accepted may fall silent all the same */
	bool		undecided = move->from == NULL || stage_code(move->from) < STAGE_SAL;
	bool		met = cadence == NULL ||
		(strcmp(cadence, "running") != 0 && (strcmp(cadence, "answered") != 0 || !undecided));
	Finding    *finding;

	if (met && !want_all)
		return;
	finding = add_finding(findings, "attempts", move->to,
						  psprintf("Reason %s may be given when the attempts that were agreed are made and nobody has answered.", reason),
						  "Make the attempts that the report cadence_progress lists, or give the reason that was found.", met);
	finding->seen = psprintf("cadence = %s", cadence == NULL ? "null" : cadence);
}

/* No reason is known yet: what would those ask that need attempts? */
static void
judge_attempts_of_reasons(Move *move, List **findings)
{
	Rulebook   *rulebook = move->rulebook;

	for (int i = 0; i < rulebook->n_reasons; i++)
	{
		Reason	   *reason = &rulebook->reasons[i];

		if (reason->needs_attempts && reason_applies(reason, move->to) &&
			evidence_cadence(&move->evidence) != NULL)
			judge_attempts(move, reason->code, findings, true);
	}
}

static void
judge_reason(Move *move, List **findings, bool want_all)
{
	char	   *code;
	const Reason *reason;
	bool		met;
	Finding    *finding;

	if (!reason_is_owed(move->to, move->transition) ||
		(!want_all && move->from != NULL && stage_equal(move->from, move->to)))
		return;

	code = move->reason_given ? row_string(move, FIELD_REASON) : NULL;
	reason = is_blank(code) ? NULL : rulebook_reason(move->rulebook, code);
	met = reason_applies(reason, move->to);
	if (!met || want_all)
	{
		finding = add_finding(findings, "reason", move->to,
							  psprintf("A reason of the catalogue must be given for entering %s.",
									   stage_to_cstring(move->to)),
							  "Set reason to a code that the table reason lists for this stage.", met);
		finding->columns = bms_make_singleton(move->rules->fields[FIELD_REASON]);
		if (!move->reason_given)
			finding->seen = "no reason was given with this move";
	}

	if (reason != NULL && reason->needs_attempts && move->rules->kind == OBJECT_LEAD)
		judge_attempts(move, code, findings, want_all);
	else if (want_all && reason == NULL && move->rules->kind == OBJECT_LEAD)
		judge_attempts_of_reasons(move, findings);

	if (reason != NULL && reason->needs_note)
	{
		met = !is_blank(row_string(move, FIELD_REASON_NOTE));
		if (!met || want_all)
		{
			finding = add_finding(findings, "reason_note", move->to,
								  psprintf("Reason %s must come with a note.", code),
								  "Set reason_note.", met);
			finding->columns = bms_make_singleton(move->rules->fields[FIELD_REASON_NOTE]);
		}
	}
}

/* An error in evaluating a criterion says which one it is. */
static void
judging_error_callback(void *arg)
{
	Criterion **judged = (Criterion **) arg;

	if (*judged != NULL)
		errcontext("criterion \"%s\" of stage \"%s\"", (*judged)->code,
				   stage_to_cstring((*judged)->stage));
}

/* Has the row a field, with another value than it had before this write? */
static bool
is_other_field(ObjectRules *rules, TupleTableSlot *old_row, TupleTableSlot *new_row, Field field)
{
	AttrNumber	attnum = rules->fields[field];

	return attnum != InvalidAttrNumber && !same_column(old_row, new_row, attnum);
}

/* The same of a row on its way; nothing of a new one. */
static bool
is_other(Move *move, Field field)
{
	return move->old_row != NULL && is_other_field(move->rules, move->old_row, move->row, field);
}

static void
judge_criteria(Move *move, List **findings, bool want_all)
{
	Rulebook   *rulebook = move->rulebook;
	ExprContext *econtext = NULL;
	Criterion  *criterion = NULL;
	ErrorContextCallback callback;
	bool		own_econtext = rulebook->users > 1;
	int			cursor = 0;

	callback.callback = judging_error_callback;
	callback.arg = &criterion;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	while ((criterion = rulebook_criterion(move->rules, move->variant, &cursor, move->to)) != NULL)
	{
		CriterionProgram *program = rulebook_program(rulebook, move->rules->relid,
													 &criterion->program, criterion->expression, BOOLOID);
		bool		met;

		if (econtext == NULL)
		{
			/* a call within a call must not reset what the outer one is using */
			if (own_econtext)
				econtext = CreateStandaloneExprContext();
			else
			{
				if (rulebook->econtext == NULL)
				{
					MemoryContext oldcxt = MemoryContextSwitchTo(rulebook->mcxt);

					rulebook->econtext = CreateStandaloneExprContext();
					MemoryContextSwitchTo(oldcxt);
				}
				econtext = rulebook->econtext;
			}
			econtext->ecxt_scantuple = move->row;
			econtext->ecxt_param_list_info = NULL;
		}
		if (program->evidence != NULL && econtext->ecxt_param_list_info == NULL)
			econtext->ecxt_param_list_info = evidence_params(&move->evidence);

		met = criterion_met(program, econtext, rulebook->mcxt);
		if (!met || want_all)
		{
			Finding    *finding = add_finding(findings, criterion->code, criterion->stage,
											  criterion->requirement, criterion->how_to_fix, met);

			finding->enforce = criterion->enforce;
			finding->is_old = move->from != NULL && !is_other(move, FIELD_VARIANT) &&
				!stage_code_is_exit(stage_code(move->from)) &&
				!stage_code_is_exit(stage_code(criterion->stage)) &&
				stage_code(criterion->stage) <= stage_code(move->from);
			finding->columns = program->columns;
			finding->evidence = program->evidence;
		}
	}

	error_context_stack = callback.previous;
	if (econtext != NULL)
	{
		econtext->ecxt_scantuple = NULL;
		econtext->ecxt_param_list_info = NULL;
		if (own_econtext)
			FreeExprContext(econtext, true);
		else
			ResetExprContext(econtext);
	}
}

/*
 * An opportunity takes its lead along: what the lead would lack on the way is
 * lacking here.
 */
static void
judge_lead(Move *move, List **findings, bool want_all)
{
	ObjectRules *rules = &move->rulebook->objects[OBJECT_LEAD];
	const Stage *target;
	Relation	rel;
	HeapTuple	tuple;

	if (move->rules->kind != OBJECT_OPPORTUNITY || !move->evidence.has_lead ||
		stage_code_is_exit(stage_code(move->to)))
		return;
	target = stage_base_of(move->to);

	rel = table_open(rules->relid, AccessShareLock);
	if (move->evidence.fresh)
	{
		CommandCounterIncrement();
		PushCopiedSnapshot(GetActiveSnapshot());
		UpdateActiveSnapshotCommandId();
	}
	tuple = fetch_by_id(move->rulebook, rules, rel, move->evidence.lead_id);
	if (move->evidence.fresh)
		PopActiveSnapshot();

	if (HeapTupleIsValid(tuple))
	{
		TupleDesc	desc = RelationGetDescr(rel);
		TupleTableSlot *row = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
		int			since_column = rules->fields[FIELD_STAGE_SINCE];
		bool		isnull;
		const Stage *from = DatumGetStagePP(heap_getattr(tuple, rules->fields[FIELD_STAGE], desc, &isnull));
		TimestampTz since = DatumGetTimestampTz(heap_getattr(tuple, since_column, desc, &isnull));
		Datum		value = TimestampTzGetDatum(Max(since, move->at));

		isnull = false;
		tuple = heap_modify_tuple_by_cols(tuple, desc, 1, &since_column, &value, &isnull);
		ExecStoreHeapTuple(tuple, row, false);
		if (stage_compare(from, target) < 0)
		{
			Move		lead;
			List	   *asked;
			ListCell   *cell;
			bool		readable;

			move_init(&lead, move->rulebook, rules, rel, row, from, target);
			lead.reason_given = false;
			lead.evidence.fresh = move->evidence.fresh;
			asked = judge(&lead, want_all);
			readable = asked != NIL && may_read_row(move->rulebook, rules->relid, lead.evidence.lead_id);
			foreach(cell, asked)
			{
				Finding    *finding = lfirst(cell);

				finding->seen = readable ? finding_seen(&lead, finding, true) : "";
				finding->of_lead = psprintf("lead " INT64_FORMAT, lead.evidence.lead_id);
			}
			*findings = list_concat(*findings, asked);
		}
		ExecDropSingleTupleTableSlot(row);
	}
	table_close(rel, NoLock);
}

/*
 * What the standard asks of the move: what is not met, or everything.
 */
List *
judge(Move *move, bool want_all)
{
	List	   *findings = NIL;

	judge_merged(move, &findings);
	judge_transition(move, &findings, want_all);
	judge_since(move, &findings);
	judge_status(move, &findings);
	judge_reason(move, &findings, want_all);
	judge_criteria(move, &findings, want_all);
	judge_track(move, &findings);
	judge_collision(move, &findings);
	judge_lead(move, &findings, want_all);
	return findings;
}

/* Has a row that stays in its stage changed so that it must be judged? */
bool
change_is_judged(ObjectRules *rules, TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	static const Field judged[] = {FIELD_VARIANT, FIELD_OWNER, FIELD_ACCOUNT_ID, FIELD_LEAD_ID};

	for (int i = 0; i < (int) lengthof(judged); i++)
	{
		if (is_other_field(rules, old_row, new_row, judged[i]))
			return true;
	}
	return false;
}

/*
 * What is wrong with a row that stays in its stage.  Another variant means
 * other criteria, and another lead is taken along.
 */
List *
judge_change(Move *move)
{
	List	   *findings = NIL;

	if (is_other(move, FIELD_VARIANT))
		return judge(move, false);
	judge_collision(move, &findings);
	if (is_other(move, FIELD_LEAD_ID) && !history_may_change)
		judge_lead(move, &findings, false);
	return findings;
}

/* What is wrong with the status of a row that stays in its stage. */
List *
judge_status_only(Move *move)
{
	List	   *findings = NIL;

	judge_status(move, &findings);
	return findings;
}

/* Is there anything that refuses the row? */
bool
any_enforced(List *findings)
{
	ListCell   *cell;

	foreach(cell, findings)
	{
		Finding    *finding = lfirst(cell);

		if (!finding->met && finding->enforce)
			return true;
	}
	return false;
}

/* Does the row meet the condition of a definition?  NULL: it has none. */
bool
condition_met(Move *move, CriterionProgram **program, const char *condition)
{
	CriterionProgram *compiled;
	ExprContext *econtext;
	bool		met;

	if (condition == NULL)
		return true;
	compiled = rulebook_program(move->rulebook, move->rules->relid, program, condition, BOOLOID);
	econtext = CreateStandaloneExprContext();
	econtext->ecxt_scantuple = move->row;
	econtext->ecxt_param_list_info = evidence_params(&move->evidence);
	met = criterion_met(compiled, econtext, move->rulebook->mcxt);
	FreeExprContext(econtext, true);
	return met;
}
