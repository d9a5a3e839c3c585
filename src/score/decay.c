/*
 * decay.c
 *	  Points that fade: what is left of a touch's points some time later.
 *
 *	  now = points * 2^-((as_of - at) / half_life)
 *
 * Without a half-life points do not fade.  What comes after as_of has not
 * happened yet and does not count.  The state of decayed_sum is the sum so
 * far, a float8 passed by value, so that a group costs no memory of its own.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "datatype/timestamp.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "score/score.h"

/* The arguments of both functions, wherever they begin. */
enum
{
	DECAY_POINTS,
	DECAY_AT,
	DECAY_HALF_LIFE,
	DECAY_AS_OF
};

/* A half-life in microseconds; units count as in date_part('epoch', ...). */
static double
half_life_usecs(const Interval *half_life)
{
	double		days = (double) (half_life->month / MONTHS_PER_YEAR) * DAYS_PER_YEAR +
		(double) (half_life->month % MONTHS_PER_YEAR) * DAYS_PER_MONTH + half_life->day;
	double		usecs = days * USECS_PER_DAY + (double) half_life->time;

	if (compat_interval_not_finite(half_life) || usecs <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("half-life must be positive and finite"),
				 errhint("Leave it null for points that do not fade.")));
	return usecs;
}

/* What is left of the points; false if the touch does not count. */
static bool
points_left(FunctionCallInfo fcinfo, int first, double *left)
{
	double		points;
	double		usecs;
	TimestampTz at;
	TimestampTz as_of;

	if (PG_ARGISNULL(first + DECAY_POINTS) || PG_ARGISNULL(first + DECAY_AT) ||
		PG_ARGISNULL(first + DECAY_AS_OF))
		return false;
	points = PG_GETARG_FLOAT8(first + DECAY_POINTS);
	at = PG_GETARG_TIMESTAMPTZ(first + DECAY_AT);
	as_of = PG_GETARG_TIMESTAMPTZ(first + DECAY_AS_OF);

	if (isnan(points) || isinf(points))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("points must be a finite number")));
	if (PG_ARGISNULL(first + DECAY_HALF_LIFE))
	{
		*left = points;
		return at <= as_of && !TIMESTAMP_IS_NOEND(at);
	}
	usecs = half_life_usecs(PG_GETARG_INTERVAL_P(first + DECAY_HALF_LIFE));
	if (at > as_of || TIMESTAMP_IS_NOEND(at))
		return false;
	if (TIMESTAMP_IS_NOBEGIN(at) || TIMESTAMP_IS_NOEND(as_of))
		*left = 0;
	else
		*left = faded(points, at, as_of, usecs);
	return true;
}

PG_FUNCTION_INFO_V1(leadflow_decayed);
Datum
leadflow_decayed(PG_FUNCTION_ARGS)
{
	double		left;

	if (!points_left(fcinfo, 0, &left))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(left);
}

PG_FUNCTION_INFO_V1(leadflow_decayed_add);
Datum
leadflow_decayed_add(PG_FUNCTION_ARGS)
{
	double		left;

	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s called in non-aggregate context",
						get_func_name(fcinfo->flinfo->fn_oid))));
	if (!points_left(fcinfo, 1, &left))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_FLOAT8(left);
	PG_RETURN_FLOAT8(float8_pl(PG_GETARG_FLOAT8(0), left));
}
