/*
 * row_json.c
 *	  A row as JSON that it can be read back from.
 *
 * PostgreSQL's own to_jsonb lets a type have a JSON form of its own, such as
 * hstore's, which the type does not read again, and writes some others as the
 * session's settings are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "guard/row_json.h"

/* Has the type a JSON form that is not its text?  As json.c asks. */
static bool
has_own_json(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			cast;

	return base >= FirstNormalObjectId &&
		find_coercion_pathway(JSONOID, base, COERCION_EXPLICIT, &cast) == COERCION_PATH_FUNC &&
		OidIsValid(cast);
}

/* The same row with such values as texts. */
static Datum
with_texts(Datum row)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	TupleDesc	desc = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(header),
												   HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);
	bool		found = false;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Oid			output;
		bool		varlena;

		if (attribute->attisdropped || !has_own_json(attribute->atttypid))
			continue;
		if (!nulls[i])
		{
			getTypeOutputInfo(attribute->atttypid, &output, &varlena);
			values[i] = CStringGetTextDatum(OidOutputFunctionCall(output, values[i]));
		}
		TupleDescInitEntry(desc, i + 1, pstrdup(NameStr(attribute->attname)), TEXTOID, -1, 0);
		found = true;
	}
	if (!found)
		return row;
	/* it is a row of the table no more */
	desc->tdtypeid = RECORDOID;
	desc->tdtypmod = -1;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static Datum
as_jsonb(Datum row)
{
	FmgrInfo	function;
	Oid			type = HeapTupleHeaderGetTypeId(DatumGetHeapTupleHeader(row));

	fmgr_info(F_TO_JSONB, &function);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(makeNullConst(type, -1, InvalidOid)),
											 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL), &function);
	return FunctionCall1(&function, row);
}

/* A row as jsonb, the same whatever the session's settings are. */
Datum
row_json(Datum row)
{
	int			date_style = DateStyle;
	int			interval_style = IntervalStyle;
	int			float_digits = extra_float_digits;
	pg_tz	   *zone = session_timezone;
	Datum		result;

	DateStyle = USE_ISO_DATES;
	IntervalStyle = INTSTYLE_POSTGRES;
	extra_float_digits = 1;
	session_timezone = pg_tzset("UTC");
	PG_TRY();
	{
		result = as_jsonb(with_texts(row));
	}
	PG_FINALLY();
	{
		DateStyle = date_style;
		IntervalStyle = interval_style;
		extra_float_digits = float_digits;
		session_timezone = zone;
	}
	PG_END_TRY();
	return result;
}

/*
 * leadflow.row_json(row)
 */
PG_FUNCTION_INFO_V1(leadflow_row_json);
Datum
leadflow_row_json(PG_FUNCTION_ARGS)
{
	if (!type_is_rowtype(get_fn_expr_argtype(fcinfo->flinfo, 0)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the argument must be a row")));
	PG_RETURN_DATUM(row_json(PG_GETARG_DATUM(0)));
}
