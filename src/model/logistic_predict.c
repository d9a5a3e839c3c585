/*
 * logistic_predict.c
 *	  Using a model: probabilities, and features made of categories.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "model/logistic.h"
#include "model/observations.h"

/* The largest number below 1. */
#define NEARLY_ONE		(1 - DBL_EPSILON / 2)

/* The model of the last call of one call site, unpacked. */
typedef struct PredictSite
{
	struct varlena *raw;		/* the argument, as it was given */
	Size		raw_size;
	Size		raw_room;
	int			features;
	double		intercept;
	double	   *coefficient;
	double	   *mean;
	double	   *value;			/* features of the row at hand */
} PredictSite;

/* Keep an argument, such that the same one is recognised. */
static void
keep_raw(PredictSite *site, struct varlena *raw, MemoryContext context)
{
	Size		size = VARSIZE_ANY(raw);

	if (site->raw_room < size)
	{
		if (site->raw != NULL)
			pfree(site->raw);
		site->raw = NULL;
		site->raw_room = 0;
		site->raw = MemoryContextAlloc(context, size);
		site->raw_room = size;
	}
	memcpy(site->raw, raw, size);
	site->raw_size = size;
}

/* The unpacked model of an argument; unpacked anew only when it changes. */
static PredictSite *
find_model(FunctionCallInfo fcinfo, Datum value)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	PredictSite *site = (PredictSite *) fcinfo->flinfo->fn_extra;
	struct varlena *raw = (struct varlena *) DatumGetPointer(value);
	Logistic   *model;

	if (site != NULL && site->raw_size == VARSIZE_ANY(raw) &&
		memcmp(site->raw, raw, site->raw_size) == 0)
		return site;

	model = get_logistic(value);
	if (site == NULL)
	{
		site = MemoryContextAllocZero(context, sizeof(PredictSite));
		fcinfo->flinfo->fn_extra = site;
	}
	site->raw_size = 0;			/* nothing is kept until all is */
	if (site->coefficient == NULL || site->features < model->features)
	{
		if (site->coefficient != NULL)
			pfree(site->coefficient);
		site->coefficient = NULL;
		site->coefficient = MemoryContextAlloc(context,
											   Max(model->features, 1) * 3 * sizeof(double));
	}
	site->features = model->features;
	site->mean = site->coefficient + model->features;
	site->value = site->mean + model->features;
	site->intercept = model->term[0].coefficient;
	for (int j = 0; j < model->features; j++)
	{
		site->coefficient[j] = model->term[j + 1].coefficient;
		site->mean[j] = model->term[j + 1].mean;
	}
	keep_raw(site, raw, context);
	if ((Pointer) model != (Pointer) raw)
		pfree(model);
	return site;
}

/* predict(model, features): the probability that such a row is won. */
PG_FUNCTION_INFO_V1(logistic_predict);
Datum
logistic_predict(PG_FUNCTION_ARGS)
{
	PredictSite *site = find_model(fcinfo, PG_GETARG_DATUM(0));
	ArrayType  *features = PG_GETARG_ARRAYTYPE_P(1);
	double		eta = site->intercept;
	double		probability;

	check_feature_count(count_features(features), site->features);
	read_features(features, site->value);
	for (int j = 0; j < site->features; j++)
	{
		double		x = isnan(site->value[j]) ? site->mean[j] : site->value[j];

		eta += site->coefficient[j] * x;
	}
	if (isnan(eta))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("features are out of range"),
				 errdetail("What they say for and against is both infinite.")));
	PG_FREE_IF_COPY(features, 1);
	probability = 1 / (1 + exp(-eta));
	PG_RETURN_FLOAT8(Min(Max(probability, DBL_MIN), NEARLY_ONE));
}

/* Whether a text is the next of an array's elements, and pass that. */
static bool
match_level(const char **level, const char *value, Size length)
{
	const char *at = *level;
	Size		size = VARSIZE_ANY_EXHDR(at);

	*level = (const char *) att_align_nominal(at + VARSIZE_ANY(at), TYPALIGN_INT);
	return size == length && memcmp(VARDATA_ANY(at), value, length) == 0;
}

/*
 * one_hot(value, levels): 1 where the value is, 0 elsewhere.  A null level
 * stands for a null value.
 */
PG_FUNCTION_INFO_V1(logistic_one_hot);
Datum
logistic_one_hot(PG_FUNCTION_ARGS)
{
	ArrayType  *levels;
	ArrayType  *result;
	text	   *value = NULL;
	const char *level;
	bits8	   *known;
	double	   *cell;
	int			n;
	Size		size;
	bool		found = false;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	levels = PG_GETARG_ARRAYTYPE_P(1);
	if (ARR_NDIM(levels) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("levels must be a one-dimensional array")));
	n = ARR_NDIM(levels) == 0 ? 0 : ARR_DIMS(levels)[0];
	if (n == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(FLOAT8OID));
	if (!PG_ARGISNULL(0))
		value = PG_GETARG_TEXT_PP(0);

	size = ARR_OVERHEAD_NONULLS(1) + n * sizeof(float8);
	result = palloc0(size);
	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->elemtype = FLOAT8OID;
	ARR_DIMS(result)[0] = n;
	ARR_LBOUND(result)[0] = 1;
	cell = (double *) array_elements(result);

	level = array_elements(levels);
	known = ARR_NULLBITMAP(levels);
	for (int i = 0; i < n && !found; i++)
	{
		if (known != NULL && !(known[i / 8] & (1 << (i % 8))))
			found = value == NULL;
		else if (value != NULL)
			found = match_level(&level, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
		if (found)
			cell[i] = 1;
	}
	PG_FREE_IF_COPY(levels, 1);
	PG_RETURN_ARRAYTYPE_P(result);
}
