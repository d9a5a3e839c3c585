/*
 * partial.c
 *	  Aggregates as a distributed database runs them: parts, which travel as
 *	  text, and the whole that they make.
 *
 *		partial(add regprocedure, ROW(arguments)) -> text
 *		whole(combine regprocedure, part text) -> text
 *
 * Like Citus, they look up the function that they call anew for every row, in a
 * context that is gone with the row: what a state points to must not be there.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

PG_MODULE_MAGIC;

#define MAX_ARGUMENTS	16

typedef struct Part
{
	Oid			type;
	NullableDatum state;
} Part;

/* The state of the aggregate that calls, an empty one at its first row. */
static Part *
part_of_call(FunctionCallInfo fcinfo, Oid function)
{
	MemoryContext context;
	Part	   *part;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "called in non-aggregate context");
	if (!PG_ARGISNULL(0))
		return (Part *) PG_GETARG_POINTER(0);
	part = MemoryContextAllocZero(context, sizeof(Part));
	part->type = get_func_rettype(function);
	part->state.isnull = true;
	return part;
}

/* Advance a state as the aggregate that calls. */
static void
advance(FunctionCallInfo fcinfo, Oid function, Part *part, int n, const NullableDatum *argument)
{
	LOCAL_FCINFO(inner, MAX_ARGUMENTS + 1);
	FmgrInfo	flinfo;

	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*inner, &flinfo, n + 1, fcinfo->fncollation, fcinfo->context, NULL);
	inner->args[0] = part->state;
	memcpy(&inner->args[1], argument, n * sizeof(NullableDatum));
	part->state.value = FunctionCallInvoke(inner);
	part->state.isnull = inner->isnull;
}

PG_FUNCTION_INFO_V1(partial_add);
Datum
partial_add(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(1);
	Part	   *part = part_of_call(fcinfo, function);
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(2);
	TupleDesc	columns = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	NullableDatum argument[MAX_ARGUMENTS];

	if (columns->natts > MAX_ARGUMENTS)
		elog(ERROR, "too many arguments");
	for (int i = 0; i < columns->natts; i++)
		argument[i].value = GetAttributeByNum(row, i + 1, &argument[i].isnull);
	advance(fcinfo, function, part, columns->natts, argument);
	ReleaseTupleDesc(columns);
	PG_RETURN_POINTER(part);
}

PG_FUNCTION_INFO_V1(whole_add);
Datum
whole_add(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(1);
	Part	   *part = part_of_call(fcinfo, function);
	NullableDatum argument = {0, true};
	Oid			input;
	Oid			parameter;

	if (!PG_ARGISNULL(2))
	{
		getTypeInputInfo(part->type, &input, &parameter);
		argument.value = OidInputFunctionCall(input, text_to_cstring(PG_GETARG_TEXT_PP(2)), parameter, -1);
		argument.isnull = false;
	}
	advance(fcinfo, function, part, 1, &argument);
	PG_RETURN_POINTER(part);
}

PG_FUNCTION_INFO_V1(part_text);
Datum
part_text(PG_FUNCTION_ARGS)
{
	Part	   *part = PG_ARGISNULL(0) ? NULL : (Part *) PG_GETARG_POINTER(0);
	Oid			output;
	bool		varlena;

	if (part == NULL || part->state.isnull)
		PG_RETURN_NULL();
	getTypeOutputInfo(part->type, &output, &varlena);
	PG_RETURN_TEXT_P(cstring_to_text(OidOutputFunctionCall(output, part->state.value)));
}
