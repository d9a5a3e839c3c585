/*
 * explain.c
 *	  Say why: what a stage asks of a lead, and what a transition rests on.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard/judge.h"
#include "leadflow.h"

static ObjectKind
parse_object(const char *name)
{
	if (strcmp(name, "lead") == 0)
		return OBJECT_LEAD;
	if (strcmp(name, "opportunity") == 0)
		return OBJECT_OPPORTUNITY;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown object \"%s\"", excerpt(name, strlen(name))),
			 errhint("Choose lead or opportunity.")));
}

static void
explain_row(Rulebook *rulebook, ObjectRules *rules, int64 id, const Stage *target,
			ReturnSetInfo *result)
{
	HeapTuple	tuple = read_row(rulebook, rules, id);
	Relation	rel = table_open(rules->relid, AccessShareLock);
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	const Stage *from;
	Move		move;
	List	   *findings;
	ListCell   *cell;
	Datum		value;
	bool		isnull;

	/* as if the move were made now */
	value = heap_getattr(tuple, rules->fields[FIELD_STAGE], RelationGetDescr(rel), &isnull);
	from = DatumGetStagePP(value);
	if (!stage_equal(from, target))
	{
		int			column = rules->fields[FIELD_STAGE_SINCE];
		TimestampTz since = DatumGetTimestampTz(heap_getattr(tuple, column, RelationGetDescr(rel), &isnull));
		Datum		now = TimestampTzGetDatum(Max(since, leadflow_now()));
		bool		now_isnull = false;

		tuple = heap_modify_tuple_by_cols(tuple, RelationGetDescr(rel), 1, &column, &now, &now_isnull);
	}
	ExecStoreHeapTuple(tuple, row, false);

	move_init(&move, rulebook, rules, rel, row, from, target);
	move.reason_given = stage_equal(from, target);
	findings = judge(&move, true);
	foreach(cell, findings)
	{
		Finding    *finding = lfirst(cell);
		Datum		values[6];
		bool		nulls[6] = {false};
		char	   *seen = finding_seen(&move, finding, true);

		values[0] = CStringGetTextDatum(finding->criterion);
		values[1] = PointerGetDatum(finding->stage);
		values[2] = CStringGetTextDatum(finding->requirement);
		values[3] = BoolGetDatum(finding->met);
		values[4] = CStringGetTextDatum(seen);
		nulls[4] = (seen[0] == '\0');
		nulls[5] = finding->met || finding->how_to_fix == NULL;
		values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(finding->how_to_fix);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	ExecDropSingleTupleTableSlot(row);
	table_close(rel, NoLock);
}

/*
 * leadflow.explain(workspace, id, target, object) -> one row for everything
 * that the target stage asks of the row.
 */
PG_FUNCTION_INFO_V1(leadflow_explain);
Datum
leadflow_explain(PG_FUNCTION_ARGS)
{
	char	   *workspace = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int64		id = PG_GETARG_INT64(1);
	const Stage *target = PG_GETARG_STAGE_PP(2);
	ObjectKind	kind = parse_object(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	Rulebook   *rulebook;

	InitMaterializedSRF(fcinfo, 0);
	rulebook = rulebook_open(rulebook_namespace(workspace));
	PG_TRY();
	{
		explain_row(rulebook, &rulebook->objects[kind], id, target,
					(ReturnSetInfo *) fcinfo->resultinfo);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return (Datum) 0;
}

/* The codes of the criteria that a target asks for. */
static Datum
criteria_of(ObjectRules *rules, const char *variant, const Stage *target)
{
	Datum	   *codes = palloc(sizeof(Datum) * Max(rules->n_criteria, 1));
	int			n = 0;
	int			cursor = 0;
	Criterion  *criterion;

	while ((criterion = rulebook_criterion(rules, variant, &cursor, target)) != NULL)
		codes[n++] = CStringGetTextDatum(criterion->code);
	return PointerGetDatum(construct_array(codes, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static char *
describe_rule(const Stage *from, const Stage *to, bool allowed, const Transition *transition)
{
	if (transition != NULL)
		return psprintf("listed: from %s to %s%s%s",
						transition->from == NULL ? "any stage" : stage_to_cstring(transition->from),
						stage_to_cstring(transition->to),
						transition->meaning == NULL ? "" : ", ",
						transition->meaning == NULL ? "" : transition->meaning);
	if (!allowed)
		return pstrdup("not listed in transition");
	if (from == NULL)
		return pstrdup("a new row may start in any stage whose criteria it meets");
	if (stage_code(from) == stage_code(to))
		return pstrdup("within one spine stage");
	return pstrdup("forward along the spine");
}

/*
 * leadflow.explain_transition(workspace, from, to, object, variant) -> whether
 * the move is allowed, by which rule, whether a reason is owed and which
 * criteria are judged.  A null from stands for a new row.
 */
PG_FUNCTION_INFO_V1(leadflow_explain_transition);
Datum
leadflow_explain_transition(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Rulebook   *rulebook;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	rulebook = rulebook_open(rulebook_namespace(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	PG_TRY();
	{
		Oid			transitions = get_relname_relid("transition", rulebook->nspid);
		const Stage *from = PG_ARGISNULL(1) ? NULL : PG_GETARG_STAGE_PP(1);
		const Stage *to = PG_GETARG_STAGE_PP(2);
		ObjectRules *rules = &rulebook->objects[parse_object(text_to_cstring(PG_GETARG_TEXT_PP(3)))];
		char	   *variant = text_to_cstring(PG_GETARG_TEXT_PP(4));
		const Transition *transition;
		bool		allowed = transition_allowed(rules, variant, from, to, &transition);

		/* who may not read the definitions may not ask for them either */
		if (pg_class_aclcheck(transitions, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, "transition");

		values[0] = BoolGetDatum(allowed);
		values[1] = CStringGetTextDatum(describe_rule(from, to, allowed, transition));
		values[2] = BoolGetDatum(allowed && reason_is_owed(to, transition));
		values[3] = criteria_of(rules, variant, to);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
