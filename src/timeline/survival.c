/*
 * survival.c
 *	  What share has converted after how long, when some may still convert.
 *
 * A lead that came in last week and has not bought is no failure: it says that
 * nobody bought for a week, and no more.  The estimator of Kaplan and Meier
 * counts it among those at risk for that week.  With d conversions among n at
 * risk at each time t at which somebody converts,
 *
 *		conversion(t) = 1 - S(t),  S(t) = product over times up to t of 1 - d / n
 *
 * Who is censored at t was at risk at t.  After the last time that is known
 * conversion stays as it is.
 *
 * Limits stand on Greenwood's variance, V = sum of d / (n (n - d)), on the scale
 * of log(-log S), which keeps them between 0 and 1 (Kalbfleisch and Prentice,
 * The Statistical Analysis of Failure Time Data, 1980):
 *
 *		S(t) ^ exp(+-z sqrt(V) / log S(t))
 *
 * Where nobody has converted, or everybody, the formula gives no limits.
 *
 * Text form: {"converted": [86400000000], "censored": [3600000000]}, in
 * microseconds, ascending.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "summary/moments.h"
#include "timeline/survival.h"

/* Sums and products of doubles may fall short of a share by so much. */
#define SHARE_TOLERANCE		1e-9

/* No probability that a double holds lies further out. */
#define MAX_NORMAL_QUANTILE	40.0

/* Columns of leadflow.km_curve() */
enum
{
	CURVE_AFTER_SECONDS,
	CURVE_AT_RISK,
	CURVE_CONVERTED,
	CURVE_CENSORED,
	CURVE_CONVERSION,
	CURVE_LOW,
	CURVE_HIGH,
	CURVE_COLUMNS
};

/* Columns of leadflow.km_interval() */
enum
{
	INTERVAL_LOW,
	INTERVAL_HIGH,
	INTERVAL_COLUMNS
};

/* One time at which somebody converts or is censored; begin with start_steps. */
typedef struct KmStep
{
	int64		length;
	int64		at_risk;
	int64		converted;
	int64		censored;
	double		surviving;		/* S just after */
	double		variance;		/* Greenwood's sum, just after */
	int64		converted_before;	/* with this step */
	int64		censored_before;
} KmStep;

static void survival_tidy(Summary *summary);
static void survival_pack(Summary *summary, Packer *p);
static void survival_unpack(Summary *summary, Unpacker *u);
static void survival_merge(Summary *into, Summary *from);

static const SummaryClass survival_class = {
	.type_name = "survival",
	.magic = 0x53525601,		/* "SRV", 1 */
	.size = sizeof(Survival),
	.merge = survival_merge,
	.tidy = survival_tidy,
	.pack = survival_pack,
	.unpack = survival_unpack
};

static void
survival_tidy(Summary *summary)
{
	lengths_sort(&((Survival *) summary)->converted);
	lengths_sort(&((Survival *) summary)->censored);
}

static void
survival_pack(Summary *summary, Packer *p)
{
	lengths_pack(p, "converted", &((Survival *) summary)->converted);
	lengths_pack(p, "censored", &((Survival *) summary)->censored);
}

static void
survival_unpack(Summary *summary, Unpacker *u)
{
	lengths_unpack(u, "converted", &((Survival *) summary)->converted, summary);
	lengths_unpack(u, "censored", &((Survival *) summary)->censored, summary);
}

static void
survival_merge(Summary *into, Summary *from)
{
	lengths_append(&((Survival *) into)->converted, into, &((Survival *) from)->converted);
	lengths_append(&((Survival *) into)->censored, into, &((Survival *) from)->censored);
}

Datum
survival_make(const Lengths *converted, const Lengths *censored)
{
	Survival   *survival = (Survival *) summary_make(&survival_class);

	lengths_append(&survival->converted, &survival->head, converted);
	lengths_append(&survival->censored, &survival->head, censored);
	return summary_to_flat(&survival->head);
}

PG_FUNCTION_INFO_V1(leadflow_km_add);
Datum
leadflow_km_add(PG_FUNCTION_ARGS)
{
	Survival   *survival;
	TimestampTz entered;
	TimestampTz as_of;
	TimestampTz converted = DT_NOEND;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return summary_keep(fcinfo);
	entered = PG_GETARG_TIMESTAMPTZ(1);
	as_of = PG_GETARG_TIMESTAMPTZ(3);
	moments_check_instant(entered);
	moments_check_instant(as_of);
	if (!PG_ARGISNULL(2))
		converted = PG_GETARG_TIMESTAMPTZ(2);
	if (entered > as_of)
		return summary_keep(fcinfo);
	survival = (Survival *) summary_state(fcinfo, &survival_class);
	if (converted > as_of)
		lengths_add(&survival->censored, &survival->head, length_between(entered, as_of));
	else
		lengths_add(&survival->converted, &survival->head,
					length_between(entered, Max(entered, converted)));
	return summary_return(&survival->head);
}

PG_FUNCTION_INFO_V1(leadflow_km_add_length);
Datum
leadflow_km_add_length(PG_FUNCTION_ARGS)
{
	Survival   *survival;
	int64		length;
	bool		converted;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);
	length = length_of_interval(PG_GETARG_INTERVAL_P(1));
	converted = PG_GETARG_BOOL(2);
	if (length < 0 && !converted)
		return summary_keep(fcinfo);
	survival = (Survival *) summary_state(fcinfo, &survival_class);
	lengths_add(converted ? &survival->converted : &survival->censored, &survival->head,
				Max(length, 0));
	return summary_return(&survival->head);
}

PG_FUNCTION_INFO_V1(leadflow_survival_combine);
Datum
leadflow_survival_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &survival_class);
}

PG_FUNCTION_INFO_V1(leadflow_survival_in);
Datum
leadflow_survival_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &survival_class);
}

PG_FUNCTION_INFO_V1(leadflow_survival_out);
Datum
leadflow_survival_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &survival_class);
}

PG_FUNCTION_INFO_V1(leadflow_survival_recv);
Datum
leadflow_survival_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &survival_class);
}

PG_FUNCTION_INFO_V1(leadflow_survival_send);
Datum
leadflow_survival_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &survival_class);
}

/* The argument of an accessor, sorted. */
static Survival *
survival_get(FunctionCallInfo fcinfo)
{
	Summary    *summary = summary_get(PG_GETARG_DATUM(0), &survival_class);

	survival_tidy(summary);
	return (Survival *) summary;
}

static KmStep
start_steps(void)
{
	KmStep		step = {0};

	step.surviving = 1;
	return step;
}

/* The values of a sorted list, from one place on, that are equal to a length. */
static int64
count_equal(const Lengths *list, int64 from, int64 length)
{
	int64		i = from;

	while (i < list->n && list->value[i] == length)
		i++;
	return i - from;
}

/* Go to the next time up to a limit; false where there is none. */
static bool
next_step(const Survival *survival, int64 limit, KmStep *step)
{
	const Lengths *converted = &survival->converted;
	const Lengths *censored = &survival->censored;
	int64		c = step->converted_before;
	int64		x = step->censored_before;
	int64		length = PG_INT64_MAX;

	CHECK_FOR_INTERRUPTS();
	if (c == converted->n && x == censored->n)
		return false;
	if (c < converted->n)
		length = converted->value[c];
	if (x < censored->n)
		length = Min(length, censored->value[x]);
	if (length > limit)
		return false;
	step->length = length;
	step->at_risk = converted->n - c + censored->n - x;
	step->converted = count_equal(converted, c, length);
	step->censored = count_equal(censored, x, length);
	step->converted_before += step->converted;
	step->censored_before += step->censored;
	if (step->converted > 0)
	{
		double		n = (double) step->at_risk;
		double		d = (double) step->converted;

		step->surviving *= (n - d) / n;
		/* infinite when nobody is left */
		step->variance += d / (n * (n - d));
	}
	return true;
}

/* The last step up to a length; false where nobody is counted at all. */
static bool
step_at(const Survival *survival, int64 length, KmStep *step)
{
	*step = start_steps();
	while (next_step(survival, length, step))
		;
	return survival->converted.n + survival->censored.n > 0;
}

/* How far out so many of a normal distribution lie within, on both sides. */
static double
normal_quantile(double confidence)
{
	double		low = 0;
	double		high = MAX_NORMAL_QUANTILE;

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence must be between 0 and 1"),
				 errhint("Write 0.95 for 95 percent.")));
	for (;;)
	{
		double		middle = (low + high) / 2;

		if (middle <= low || middle >= high)
			return middle;
		if (erfc(middle * M_SQRT1_2) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
}

/* The limits of conversion; false where there are none. */
static bool
get_limits(const KmStep *step, double z, double *low, double *high)
{
	double		log_s = log(step->surviving);
	double		half;

	if (step->surviving <= 0 || step->surviving >= 1)
		return false;
	half = z * sqrt(step->variance) / -log_s;
	*low = -expm1(log_s * exp(-half));
	*high = -expm1(log_s * exp(half));
	return true;
}

PG_FUNCTION_INFO_V1(leadflow_km_conversion);
Datum
leadflow_km_conversion(PG_FUNCTION_ARGS)
{
	Survival   *survival = survival_get(fcinfo);
	KmStep		step;

	if (!step_at(survival, length_of_interval(PG_GETARG_INTERVAL_P(1)), &step))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(1 - step.surviving);
}

PG_FUNCTION_INFO_V1(leadflow_km_interval);
Datum
leadflow_km_interval(PG_FUNCTION_ARGS)
{
	Survival   *survival = survival_get(fcinfo);
	int64		length = length_of_interval(PG_GETARG_INTERVAL_P(1));
	double		z = normal_quantile(PG_GETARG_FLOAT8(2));
	TupleDesc	desc;
	KmStep		step;
	double		low = 0;
	double		high = 0;
	Datum		values[INTERVAL_COLUMNS];
	bool		nulls[INTERVAL_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (!step_at(survival, length, &step) || !get_limits(&step, z, &low, &high))
		nulls[INTERVAL_LOW] = nulls[INTERVAL_HIGH] = true;
	values[INTERVAL_LOW] = Float8GetDatum(low);
	values[INTERVAL_HIGH] = Float8GetDatum(high);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PG_FUNCTION_INFO_V1(leadflow_km_time);
Datum
leadflow_km_time(PG_FUNCTION_ARGS)
{
	Survival   *survival = survival_get(fcinfo);
	double		share = PG_GETARG_FLOAT8(1);
	KmStep		step = start_steps();

	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be above 0 and at most 1")));
	while (next_step(survival, PG_INT64_MAX, &step))
	{
		if (1 - step.surviving >= share - SHARE_TOLERANCE && step.converted > 0)
			PG_RETURN_INTERVAL_P(interval_of_length(step.length));
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_km_curve);
Datum
leadflow_km_curve(PG_FUNCTION_ARGS)
{
	Survival   *survival = survival_get(fcinfo);
	double		z = normal_quantile(PG_GETARG_FLOAT8(1));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	KmStep		step = start_steps();

	InitMaterializedSRF(fcinfo, 0);
	while (next_step(survival, PG_INT64_MAX, &step))
	{
		double		low = 0;
		double		high = 0;
		Datum		values[CURVE_COLUMNS];
		bool		nulls[CURVE_COLUMNS] = {false};

		if (!get_limits(&step, z, &low, &high))
			nulls[CURVE_LOW] = nulls[CURVE_HIGH] = true;
		values[CURVE_AFTER_SECONDS] = Float8GetDatum(seconds_of_length((double) step.length));
		values[CURVE_AT_RISK] = Int64GetDatum(step.at_risk);
		values[CURVE_CONVERTED] = Int64GetDatum(step.converted);
		values[CURVE_CENSORED] = Int64GetDatum(step.censored);
		values[CURVE_CONVERSION] = Float8GetDatum(1 - step.surviving);
		values[CURVE_LOW] = Float8GetDatum(low);
		values[CURVE_HIGH] = Float8GetDatum(high);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_km_subjects);
Datum
leadflow_km_subjects(PG_FUNCTION_ARGS)
{
	Survival   *survival = (Survival *) summary_get(PG_GETARG_DATUM(0), &survival_class);

	PG_RETURN_INT64(survival->converted.n + survival->censored.n);
}

PG_FUNCTION_INFO_V1(leadflow_km_converted);
Datum
leadflow_km_converted(PG_FUNCTION_ARGS)
{
	Survival   *survival = (Survival *) summary_get(PG_GETARG_DATUM(0), &survival_class);

	PG_RETURN_INT64(survival->converted.n);
}
