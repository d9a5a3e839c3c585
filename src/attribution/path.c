/*
 * path.c
 *	  Paths of channels and what they led to, as rows give them and as
 *	  summaries keep them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "attribution/path.h"

int
path_channels(FunctionCallInfo fcinfo, int arg, Word **channels)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);
	bits8	   *known = ARR_NULLBITMAP(array);
	char	   *at;
	int			elements;
	int			n = 0;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("path must be a one-dimensional array")));
	elements = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	/* ARR_DATA_PTR, but for a warning of signs */
	at = (char *) array +
		(ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
	/* an array of nulls can be so long that this is more than it takes itself */
	*channels = palloc_extended(Max(elements, 1) * sizeof(Word), MCXT_ALLOC_HUGE);
	for (int i = 0; i < elements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (known != NULL && (known[i / 8] & (1 << (i % 8))) == 0)
			continue;
		(*channels)[n++] = word_of_text((text *) at);
		at = att_addlength_pointer(at, -1, at);
		at = (char *) att_align_nominal(at, TYPALIGN_INT);
	}
	return n;
}

double
path_weight(FunctionCallInfo fcinfo, int arg, const char *name)
{
	double		weight;

	if (PG_ARGISNULL(arg))
		return 0;
	weight = PG_GETARG_FLOAT8(arg);
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of a path must be finite and not negative", name)));
	return weight + 0.0;		/* -0 becomes 0 */
}

Datum
path_put_outcome(FunctionCallInfo fcinfo, const Outcome *outcome)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[3];
	bool		nulls[3] = {false};

	InitMaterializedSRF(fcinfo, 0);
	values[0] = Float8GetDatum(outcome->conversions.sum);
	values[1] = Float8GetDatum(outcome->value.sum);
	values[2] = Float8GetDatum(outcome->nulls.sum);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	PG_RETURN_NULL();
}

void
total_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("total of the paths is out of range")));
	pg_unreachable();
}

void
total_pack(Packer *p, const char *key, Total total)
{
	pack_list(p, key, total.rest == 0 ? 1 : 2);
	pack_float(p, NULL, total.sum);
	if (total.rest != 0)
		pack_float(p, NULL, total.rest);
	pack_end(p);
}

Total
total_unpack(Unpacker *u, const char *key)
{
	double		part[2] = {0, 0};
	int			n = 0;
	Total		total;

	unpack_list(u, key, lengthof(part));
	while (unpack_more(u))
		part[n++] = unpack_float(u, NULL);
	total.sum = part[0] + 0.0;
	total.rest = part[1] + 0.0;
	if (!(total.sum >= 0) || !isfinite(total.sum) || !isfinite(total.rest) ||
		total.sum + total.rest != total.sum)
		unpack_refuse(u, "A total is negative or not finite, or its rest is too large.");
	return total;
}

void
outcome_pack(Packer *p, const char *key, const Outcome *outcome)
{
	pack_list(p, key, 3);
	total_pack(p, NULL, outcome->conversions);
	total_pack(p, NULL, outcome->value);
	total_pack(p, NULL, outcome->nulls);
	pack_end(p);
}

void
outcome_unpack(Unpacker *u, const char *key, Outcome *outcome)
{
	Total		total[3] = {{0, 0}};
	int			n = 0;

	unpack_list(u, key, lengthof(total));
	while (unpack_more(u))
		total[n++] = total_unpack(u, NULL);
	if (n != lengthof(total))
		unpack_refuse(u, "Conversions, value and nulls must be given.");
	outcome->conversions = total[0];
	outcome->value = total[1];
	outcome->nulls = total[2];
}
