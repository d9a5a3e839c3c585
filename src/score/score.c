/*
 * score.c
 *	  What the rules give a lead.
 *
 * A score is never kept as a sum that grows: it is a function of the lead's
 * row, its account's, their touches and signals of intent, and an instant.
 * Each active rule of the lead's variant gives a line; where the lines of a
 * group give more than its cap, a line of the group takes the rest away.  The
 * score is the sum of the lines, all in whole units of points, so the
 * explanation sums to the score, always.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "guard/judge.h"
#include "leadflow.h"
#include "score/score.h"

int64
add_points(int64 a, int64 b)
{
	int64		sum;

	if (pg_add_s64_overflow(a, b, &sum) || sum > MAX_POINTS || sum < -MAX_POINTS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score out of range")));
	return sum;
}

/* Begin to score the lead that the evidence is of, whose row must be there. */
void
subject_open(Subject *subject, Evidence *evidence, bool explain)
{
	Rulebook   *rulebook = evidence->rulebook;
	bool		isnull;
	Datum		value;

	memset(subject, 0, sizeof(Subject));
	subject->rulebook = rulebook;
	subject->evidence = evidence;
	subject->explain = explain;
	value = slot_getattr(evidence->lead, rulebook->objects[OBJECT_LEAD].fields[FIELD_VARIANT], &isnull);
	subject->variant = isnull ? "*" : TextDatumGetCString(value);
	value = slot_getattr(evidence->lead, rulebook->objects[OBJECT_LEAD].fields[FIELD_ACCOUNT_ID], &isnull);
	subject->has_account = !isnull;
	subject->account_id = isnull ? 0 : DatumGetInt64(value);
	subject->econtext = CreateStandaloneExprContext();
}

void
subject_close(Subject *subject)
{
	FreeExprContext(subject->econtext, true);
	if (subject->account != NULL)
		ExecDropSingleTupleTableSlot(subject->account);
	if (subject->account_rel != NULL)
		table_close(subject->account_rel, NoLock);
}

static HeapTuple
stored_account(Subject *subject)
{
	AccountColumns *columns = &subject->rulebook->account;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, columns->id, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(subject->account_id));
	scan = systable_beginscan(subject->account_rel, columns->id_index,
							  OidIsValid(columns->id_index) && subject->rulebook->valid,
							  GetActiveSnapshot(), 1, &key);
	tuple = heap_copytuple(systable_getnext(scan));
	systable_endscan(scan);
	return tuple;
}

/* The row of the lead's account; NULL for none. */
static TupleTableSlot *
account_row(Subject *subject)
{
	Oid			relid = subject->rulebook->account.relid;
	HeapTuple	tuple;

	if (subject->account_read || !subject->has_account)
		return subject->account;
	subject->account_read = true;

	subject->account_rel = table_open(relid, AccessShareLock);
	if (subject->evidence->as_caller && check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		tuple = find_row(subject->rulebook, relid, subject->account_id);
	else
		tuple = stored_account(subject);
	if (HeapTupleIsValid(tuple))
	{
		subject->account = MakeSingleTupleTableSlot(RelationGetDescr(subject->account_rel), &TTSOpsHeapTuple);
		ExecStoreHeapTuple(tuple, subject->account, true);
	}
	return subject->account;
}

/* What the expression yields for the lead or its account; null without an account. */
Datum
subject_value(Subject *subject, RowExpression *expression, Oid type, bool *isnull)
{
	Rulebook   *rulebook = subject->rulebook;
	Oid			relid = expression->of_account ? rulebook->account.relid : rulebook->objects[OBJECT_LEAD].relid;
	TupleTableSlot *row = expression->of_account ? account_row(subject) : subject->evidence->lead;
	CriterionProgram *program;

	*isnull = true;
	if (row == NULL)
		return (Datum) 0;
	program = rulebook_program(rulebook, relid, &expression->program, expression->text, type);
	subject->econtext->ecxt_scantuple = row;
	if (program->evidence != NULL && subject->econtext->ecxt_param_list_info == NULL)
		subject->econtext->ecxt_param_list_info = evidence_params(subject->evidence);
	return expression_value(program, subject->econtext, rulebook->mcxt, isnull);
}

bool
subject_meets(Subject *subject, RowExpression *expression)
{
	bool		isnull;
	Datum		result;

	if (expression->text == NULL)
		return true;
	result = subject_value(subject, expression, BOOLOID, &isnull);
	return !isnull && DatumGetBool(result);
}

/* Add "name": value to a JSON object. */
static void
append_member(StringInfo json, const char *name, Oid type, Datum value, bool isnull)
{
	Oid			output;
	bool		is_varlena;
	char	   *seen;

	appendStringInfoString(json, json->data[json->len - 1] == '{' ? "" : ", ");
	escape_json(json, name);
	appendStringInfoString(json, ": ");
	if (isnull)
	{
		appendStringInfoString(json, "null");
		return;
	}
	getTypeOutputInfo(type, &output, &is_varlena);
	seen = OidOutputFunctionCall(output, value);
	escape_json(json, clipped(seen, strlen(seen), SEEN_MAX_LENGTH));
}

/* What the rule's expression has seen, as JSON. */
static char *
seen_by(Subject *subject, RowExpression *expression)
{
	CriterionProgram *program = expression->program;
	TupleTableSlot *row = expression->of_account ? subject->account : subject->evidence->lead;
	StringInfoData json;
	int			member = -1;
	bool		isnull;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"seen\": {");
	while ((member = bms_next_member(program->columns, member)) >= 0)
	{
		Form_pg_attribute attribute = TupleDescAttr(row->tts_tupleDescriptor, member - 1);
		Datum		value = slot_getattr(row, member, &isnull);

		append_member(&json, NameStr(attribute->attname), attribute->atttypid, value, isnull);
	}
	member = -1;
	while ((member = bms_next_member(program->evidence, member)) >= 0)
	{
		Datum		value = evidence_value(subject->evidence, member, &isnull);

		append_member(&json, evidence_name(member), evidence_type(member), value, isnull);
	}
	appendStringInfoString(&json, "}}");
	return json.data;
}

/* What a rule gives; NULL for nothing. */
static ScoreLine *
rule_line(Subject *subject, ScoreRule *rule)
{
	ScoreLine  *line;

	if (!subject_meets(subject, &rule->expression))
		return NULL;
	if (rule->reads_touches || rule->topics != NULL)
		return signs_line(subject, rule);
	line = palloc0(sizeof(ScoreLine));
	line->now = line->earned = rule->points;
	if (subject->explain)
		line->evidence = seen_by(subject, &rule->expression);
	return line;
}

/* A line that takes away what a group gives beyond its cap. */
static ScoreLine *
cap_line(ScoreGroup *group, bool is_fit, int64 sum)
{
	ScoreLine  *line = palloc0(sizeof(ScoreLine));

	line->name = group->group;
	line->is_fit = is_fit;
	line->now = group->cap - sum;
	line->evidence = psprintf("{\"cap\": %s, \"sum\": %s}",
							  DatumGetCString(DirectFunctionCall1(numeric_out, points_numeric(group->cap))),
							  DatumGetCString(DirectFunctionCall1(numeric_out, points_numeric(sum))));
	return line;
}

/*
 * The lines of the lead's score.  A group may have rules of both components;
 * its cap holds for each of them.
 */
List *
score_lines(Subject *subject)
{
	Scorecard  *score = &subject->rulebook->score;
	int64	   *sums = palloc0(sizeof(int64) * 2 * Max(score->n_groups, 1));
	List	   *lines = NIL;

	for (int i = 0; i < score->n_rules; i++)
	{
		ScoreRule  *rule = &score->rules[i];
		ScoreLine  *line;

		CHECK_FOR_INTERRUPTS();
		if (!variant_applies(rule->variant, subject->variant) ||
			(line = rule_line(subject, rule)) == NULL)
			continue;
		line->name = rule->rule;
		line->is_fit = rule->is_fit;
		lines = lappend(lines, line);
		if (rule->group >= 0)
		{
			int64	   *sum = &sums[rule->group * 2 + rule->is_fit];

			*sum = add_points(*sum, line->now);
		}
	}
	for (int i = 0; i < score->n_groups * 2; i++)
	{
		if (sums[i] > score->groups[i / 2].cap)
			lines = lappend(lines, cap_line(&score->groups[i / 2], i % 2 == 1, sums[i]));
	}
	return lines;
}

/* The grade of so many points; the lowest one also stands for fewer. */
static const char *
grade_of(Scorecard *score, bool is_fit, int64 points)
{
	const char *grade = NULL;

	for (int i = 0; i < score->n_grades; i++)
	{
		if (score->grades[i].is_fit != is_fit)
			continue;
		grade = score->grades[i].grade;
		if (points >= score->grades[i].at_least)
			break;
	}
	return grade;
}

/* The lead's row as it is stored; false if there is none. */
static bool
read_lead(Evidence *evidence)
{
	Rulebook   *rulebook = evidence->rulebook;
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel = table_open(rules->relid, AccessShareLock);
	HeapTuple	tuple = fetch_by_id(rulebook, rules, rel, evidence->lead_id);

	if (HeapTupleIsValid(tuple))
	{
		evidence->lead = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(rel)), &TTSOpsHeapTuple);
		ExecStoreHeapTuple(tuple, evidence->lead, true);
	}
	table_close(rel, NoLock);
	return evidence->lead != NULL;
}

/* Fill the evidence's score from the subject. */
static void
score_subject(Evidence *evidence, LeadScore *result)
{
	Scorecard  *score = &evidence->rulebook->score;
	Subject		subject;
	ListCell   *cell;

	subject_open(&subject, evidence, false);
	evidence->scoring = true;
	foreach(cell, score_lines(&subject))
	{
		ScoreLine  *line = lfirst(cell);
		int64	   *sum = line->is_fit ? &result->fit : &result->behaviour;

		*sum = add_points(*sum, line->now);
	}
	(void) add_points(result->fit, result->behaviour);
	result->fit_grade = grade_of(score, true, result->fit);
	result->behaviour_grade = grade_of(score, false, result->behaviour);
	evidence->score = *result;
	evidence->scoring = false;
	evidence->scored = true;
	evidence->has_score = true;

	/* features may read the score */
	if (score->has_model)
	{
		evidence->score.probability = probability_of(model_log_odds(&subject));
		evidence->score.has_probability = true;
	}
	subject_close(&subject);
}

/* Reckon the score as of the evidence's instant: what evidence_scorer does. */
void
score_evidence(Evidence *evidence)
{
	MemoryContext mcxt;
	MemoryContext caller;
	const TimestampTz *outer = leadflow_as_of;
	TupleTableSlot *lead = evidence->lead;
	LeadScore	result = {0};

	evidence->has_score = false;
	mcxt = AllocSetContextCreate(CurrentMemoryContext, "leadflow score", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(mcxt);
	PG_TRY();
	{
		leadflow_as_of = &evidence->as_of;
		if (lead != NULL || (evidence->has_lead && read_lead(evidence)))
			score_subject(evidence, &result);
	}
	PG_FINALLY();
	{
		leadflow_as_of = outer;
		evidence->scoring = false;
		evidence->scored = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	if (lead == NULL && evidence->lead != NULL)
	{
		ExecDropSingleTupleTableSlot(evidence->lead);
		evidence->lead = NULL;
	}
	MemoryContextDelete(mcxt);
}

/* May this error be passed over?  Not one that asks the session to stop. */
static bool
may_pass_over(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category != ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_T_R_SERIALIZATION_FAILURE) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR);
}

/*
 * Do something about the evidence's lead that a wrong expression must not keep
 * the others from, in a subtransaction.  NULL, or the error that it ended with.
 */
ErrorData *
try_scoring(Evidence *evidence, ScoringWork work, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	const TimestampTz *outer = leadflow_as_of;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		leadflow_as_of = &evidence->as_of;
		work(evidence, arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		evidence->scoring = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	leadflow_as_of = outer;
	if (error != NULL && !may_pass_over(error))
		ReThrowError(error);
	return error;
}
