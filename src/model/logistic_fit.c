/*
 * logistic_fit.c
 *	  Fitting a model to observations, and what a model says of itself.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "compat.h"
#include "model/logistic.h"
#include "model/newton.h"
#include "model/observations.h"

/* The model of what was found. */
static Logistic *
describe(const Observations *o, double l2, const FitResult *result)
{
	Logistic   *model = make_logistic(o->features);

	model->state = result->state;
	model->iterations = result->iterations;
	model->n = o->n;
	model->won = result->won;
	model->log_likelihood = result->log_likelihood;
	model->l2 = l2;
	for (int j = 0; j <= o->features; j++)
	{
		LogisticTerm *term = &model->term[j];

		/* adding 0 makes a negative zero positive */
		term->coefficient = result->coefficient[j] + 0.0;
		term->standard_error = result->standard_error[j];
		term->mean = result->mean[j] + 0.0;
		term->flags = (result->aliased[j] ? TERM_ALIASED : 0) |
			(result->separating[j] ? TERM_SEPARATING : 0);
	}
	return model;
}

static Logistic *
fit(const Observations *o, double l2)
{
	FitRows		data = {o->rows, o->n, o->features};
	FitResult	result = {0};
	Size		terms = o->features + 1;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "leadflow fit",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	Logistic   *model;

	result.coefficient = palloc(terms * sizeof(double));
	result.standard_error = palloc(terms * sizeof(double));
	result.mean = palloc(terms * sizeof(double));
	result.aliased = palloc(terms * sizeof(bool));
	result.separating = palloc(terms * sizeof(bool));
	fit_logistic(&data, l2, &result);
	MemoryContextSwitchTo(old);
	model = describe(o, l2, &result);
	MemoryContextDelete(work);
	return model;
}

/* The final function: the penalty came with the rows. */
PG_FUNCTION_INFO_V1(logistic_fit_final);
Datum
logistic_fit_final(PG_FUNCTION_ARGS)
{
	Observations *o = (Observations *) summary_get(PG_GETARG_DATUM(0),
												   &observations_class);

	PG_RETURN_POINTER(fit(o, o->l2));
}

/* logistic_fit(observations, l2): with any penalty. */
PG_FUNCTION_INFO_V1(logistic_fit_observations);
Datum
logistic_fit_observations(PG_FUNCTION_ARGS)
{
	Observations *o = (Observations *) summary_get(PG_GETARG_DATUM(0),
												   &observations_class);
	double		l2 = PG_GETARG_FLOAT8(1);

	check_penalty(l2);
	PG_RETURN_POINTER(fit(o, l2));
}

/* Names of the features, or NULL; there must be one for each. */
static Datum *
get_names(FunctionCallInfo fcinfo, int features, bool **nulls)
{
	ArrayType  *array;
	Datum	   *names;
	int			n;

	if (PG_ARGISNULL(1))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(1);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("names must be a one-dimensional array")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, nulls, &n);
	if (n != features)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("wrong number of names: %d instead of %d", n, features),
				 errdetail("The model has %d features.", features)));
	return names;
}

/* Columns of leadflow.coefficients() */
enum
{
	COEFFICIENT_POSITION,
	COEFFICIENT_NAME,
	COEFFICIENT_VALUE,
	COEFFICIENT_ERROR,
	COEFFICIENT_Z,
	COEFFICIENT_P,
	COEFFICIENT_ALIASED,
	COEFFICIENT_SEPARATING,
	COEFFICIENT_COLUMNS
};

/* coefficients(model, names): one row for the intercept and each feature. */
PG_FUNCTION_INFO_V1(logistic_coefficients);
Datum
logistic_coefficients(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Logistic   *model;
	Datum	   *names;
	bool	   *null_names = NULL;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	model = get_logistic(PG_GETARG_DATUM(0));
	names = get_names(fcinfo, model->features, &null_names);
	for (int j = 0; j <= model->features; j++)
	{
		const LogisticTerm *term = &model->term[j];
		Datum		values[COEFFICIENT_COLUMNS] = {0};
		bool		nulls[COEFFICIENT_COLUMNS] = {false};
		bool		known = term->standard_error > 0;

		values[COEFFICIENT_POSITION] = Int32GetDatum(j);
		if (j == 0)
			values[COEFFICIENT_NAME] = CStringGetTextDatum("(intercept)");
		else if (names == NULL)
			values[COEFFICIENT_NAME] = CStringGetTextDatum(psprintf("x%d", j));
		else
		{
			values[COEFFICIENT_NAME] = names[j - 1];
			nulls[COEFFICIENT_NAME] = null_names[j - 1];
		}
		values[COEFFICIENT_VALUE] = Float8GetDatum(term->coefficient);
		nulls[COEFFICIENT_ERROR] = isnan(term->standard_error);
		values[COEFFICIENT_ERROR] = Float8GetDatum(term->standard_error);
		nulls[COEFFICIENT_Z] = nulls[COEFFICIENT_P] = !known;
		if (known)
		{
			double		z = term->coefficient / term->standard_error;

			values[COEFFICIENT_Z] = Float8GetDatum(z);
			values[COEFFICIENT_P] = Float8GetDatum(erfc(fabs(z) / sqrt(2.0)));
		}
		values[COEFFICIENT_ALIASED] = BoolGetDatum((term->flags & TERM_ALIASED) != 0);
		values[COEFFICIENT_SEPARATING] = BoolGetDatum((term->flags & TERM_SEPARATING) != 0);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Columns of leadflow.fit_report() */
enum
{
	REPORT_STATE,
	REPORT_N,
	REPORT_WON,
	REPORT_FEATURES,
	REPORT_L2,
	REPORT_ITERATIONS,
	REPORT_LOG_LIKELIHOOD,
	REPORT_ALIASED,
	REPORT_SEPARATING,
	REPORT_COLUMNS
};

/* The positions of the terms that have a flag. */
static Datum
flagged(const Logistic *model, int flag)
{
	Datum	   *positions = palloc((model->features + 1) * sizeof(Datum));
	int			n = 0;

	for (int j = 0; j <= model->features; j++)
	{
		if (model->term[j].flags & flag)
			positions[n++] = Int32GetDatum(j);
	}
	return PointerGetDatum(construct_array(positions, n, INT4OID, sizeof(int32),
										   true, TYPALIGN_INT));
}

/* fit_report(model): how the fit went, as one row. */
PG_FUNCTION_INFO_V1(logistic_report);
Datum
logistic_report(PG_FUNCTION_ARGS)
{
	Logistic   *model = get_logistic(PG_GETARG_DATUM(0));
	TupleDesc	desc;
	Datum		values[REPORT_COLUMNS];
	bool		nulls[REPORT_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[REPORT_STATE] = CStringGetTextDatum(fit_state_name(model->state));
	values[REPORT_N] = Int64GetDatum(model->n);
	values[REPORT_WON] = Int64GetDatum(model->won);
	values[REPORT_FEATURES] = Int32GetDatum(model->features);
	values[REPORT_L2] = Float8GetDatum(model->l2);
	values[REPORT_ITERATIONS] = Int32GetDatum(model->iterations);
	values[REPORT_LOG_LIKELIHOOD] = Float8GetDatum(model->log_likelihood);
	values[REPORT_ALIASED] = flagged(model, TERM_ALIASED);
	values[REPORT_SEPARATING] = flagged(model, TERM_SEPARATING);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
