/*
 * worktime.c
 *	  Working time in SQL.
 *
 * A pause is time that does not count, open or not.  Pauses come as a
 * multirange, so they are sorted and disjoint; whether their bounds are
 * inclusive makes no difference to a length.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "calendar/calendar.h"
#include "compat.h"

typedef struct Pauses
{
	TypeCacheEntry *typcache;	/* of the range */
	int32		n;
	RangeType **ranges;
} Pauses;

static Interval *
interval_from_usecs(int64 usecs)
{
	Interval   *result = palloc0(sizeof(Interval));

	result->time = usecs;
	return result;
}

/* The microseconds of an interval that counts in hours. */
static int64
usecs_from_interval(const Interval *interval)
{
	if (compat_interval_not_finite(interval))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("cannot add infinite working time")));
	if (interval->day != 0 || interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("working time must be given in hours, minutes and seconds"),
				 errdetail("A working day has as many hours as the calendar says, a day of an interval has 24."),
				 errhint("Write the hours you mean, for example '8 hours'.")));
	return interval->time;
}

static void
get_pauses(MultirangeType *mr, Pauses *pauses)
{
	TypeCacheEntry *typcache;

	typcache = lookup_type_cache(MultirangeTypeGetOid(mr), TYPECACHE_MULTIRANGE_INFO);
	if (typcache->rngtype == NULL)
		elog(ERROR, "type %u is not a multirange type", MultirangeTypeGetOid(mr));
	pauses->typcache = typcache->rngtype;
	multirange_deserialize(pauses->typcache, mr, &pauses->n, &pauses->ranges);
}

/* The ends of a pause, cut at from and to; false if nothing is left. */
static bool
get_pause(const Pauses *pauses, int i, TimestampTz from, TimestampTz to,
		  TimestampTz *start, TimestampTz *end)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(pauses->typcache, pauses->ranges[i], &lower, &upper, &empty);
	if (empty)
		return false;
	*start = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	*end = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	*start = Max(*start, from);
	*end = Min(*end, to);
	return *start < *end;
}

/* Working time outside the pauses in [from, to), from <= to. */
static int64
worktime_between_pauses(CalendarCompiled *c, TimestampTz from, TimestampTz to,
						const Pauses *pauses)
{
	int64		work = calendar_worktime(c, from, to);

	for (int i = 0; i < pauses->n; i++)
	{
		TimestampTz start,
					end;

		CHECK_FOR_INTERRUPTS();
		if (get_pause(pauses, i, from, to, &start, &end))
			work -= calendar_worktime(c, start, end);
	}
	return work;
}

/* Add working time to t, going past the pauses; work > 0. */
static TimestampTz
add_past_pauses(CalendarCompiled *c, TimestampTz t, int64 work,
				const Pauses *pauses)
{
	for (int i = 0; i < pauses->n; i++)
	{
		TimestampTz start,
					end;

		CHECK_FOR_INTERRUPTS();
		if (!get_pause(pauses, i, t, DT_NOEND, &start, &end))
			continue;
		if (start > t)
		{
			int64		available;

			if (TIMESTAMP_NOT_FINITE(start))
				break;
			available = calendar_worktime(c, t, start);
			if (available >= work)
				break;
			work -= available;
		}
		t = end;
		if (TIMESTAMP_NOT_FINITE(t))
			return t;
	}
	return calendar_add(c, t, work);
}

/* Go back from t by working time, past the pauses; work < 0. */
static TimestampTz
subtract_past_pauses(CalendarCompiled *c, TimestampTz t, int64 work,
					 const Pauses *pauses)
{
	for (int i = pauses->n - 1; i >= 0; i--)
	{
		TimestampTz start,
					end;

		CHECK_FOR_INTERRUPTS();
		if (!get_pause(pauses, i, DT_NOBEGIN, t, &start, &end))
			continue;
		if (end < t)
		{
			int64		available;

			if (TIMESTAMP_NOT_FINITE(end))
				break;
			available = calendar_worktime(c, t, end);
			if (available <= work)
				break;
			work -= available;
		}
		t = start;
		if (TIMESTAMP_NOT_FINITE(t))
			return t;
	}
	return calendar_add(c, t, work);
}

PG_FUNCTION_INFO_V1(calendar_worktime_sql);
Datum
calendar_worktime_sql(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));

	PG_RETURN_INTERVAL_P(interval_from_usecs(calendar_worktime(c, PG_GETARG_TIMESTAMPTZ(1),
															   PG_GETARG_TIMESTAMPTZ(2))));
}

PG_FUNCTION_INFO_V1(calendar_worktime_pauses);
Datum
calendar_worktime_pauses(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(2);
	Pauses		pauses;
	int64		work;

	get_pauses(PG_GETARG_MULTIRANGE_P(3), &pauses);
	if (from <= to)
		work = worktime_between_pauses(c, from, to, &pauses);
	else
		work = -worktime_between_pauses(c, to, from, &pauses);
	PG_RETURN_INTERVAL_P(interval_from_usecs(work));
}

PG_FUNCTION_INFO_V1(calendar_add_worktime);
Datum
calendar_add_worktime(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));
	int64		work = usecs_from_interval(PG_GETARG_INTERVAL_P(2));

	PG_RETURN_TIMESTAMPTZ(calendar_add(c, PG_GETARG_TIMESTAMPTZ(1), work));
}

PG_FUNCTION_INFO_V1(calendar_add_worktime_pauses);
Datum
calendar_add_worktime_pauses(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);
	int64		work = usecs_from_interval(PG_GETARG_INTERVAL_P(2));
	Pauses		pauses;

	if (TIMESTAMP_NOT_FINITE(t) || work == 0)
		PG_RETURN_TIMESTAMPTZ(t);
	get_pauses(PG_GETARG_MULTIRANGE_P(3), &pauses);
	if (work > 0)
		PG_RETURN_TIMESTAMPTZ(add_past_pauses(c, t, work, &pauses));
	PG_RETURN_TIMESTAMPTZ(subtract_past_pauses(c, t, work, &pauses));
}

/*
 * Whole seconds, rounded down: the plain number that programs read, at a third
 * of the cost of floor(date_part('epoch', ...))::bigint.
 */
PG_FUNCTION_INFO_V1(interval_seconds);
Datum
interval_seconds(PG_FUNCTION_ARGS)
{
	Interval   *length = PG_GETARG_INTERVAL_P(0);
	int64		days = (int64) length->month % MONTHS_PER_YEAR * DAYS_PER_MONTH + length->day;
	int64		years = length->month / MONTHS_PER_YEAR;
	int64		seconds = length->time / USECS_PER_SEC;

	if (compat_interval_not_finite(length))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("cannot count the seconds of an infinite interval")));
	if (length->time % USECS_PER_SEC < 0)
		seconds--;
	/* no interval is so long that this could overflow */
	PG_RETURN_INT64(years * SECS_PER_YEAR + days * SECS_PER_DAY + seconds);
}

PG_FUNCTION_INFO_V1(calendar_contains);
Datum
calendar_contains(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));

	PG_RETURN_BOOL(calendar_is_open(c, PG_GETARG_TIMESTAMPTZ(1)));
}

PG_FUNCTION_INFO_V1(calendar_contained);
Datum
calendar_contained(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(1));

	PG_RETURN_BOOL(calendar_is_open(c, PG_GETARG_TIMESTAMPTZ(0)));
}

PG_FUNCTION_INFO_V1(calendar_next_open_sql);
Datum
calendar_next_open_sql(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));

	PG_RETURN_TIMESTAMPTZ(calendar_next_open(c, PG_GETARG_TIMESTAMPTZ(1)));
}

PG_FUNCTION_INFO_V1(calendar_next_close);
Datum
calendar_next_close(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz start,
				end;

	if (TIMESTAMP_NOT_FINITE(t))
		PG_RETURN_TIMESTAMPTZ(t);
	if (!calendar_next_span(c, t, &start, &end))
		PG_RETURN_TIMESTAMPTZ(DT_NOEND);
	PG_RETURN_TIMESTAMPTZ(end);
}

/* Where open_spans stands. */
typedef struct SpanScan
{
	Datum		calendar;
	TypeCacheEntry *typcache;
	TimestampTz at;
	TimestampTz to;
} SpanScan;

PG_FUNCTION_INFO_V1(calendar_open_spans);
Datum
calendar_open_spans(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;
	SpanScan   *scan;
	TimestampTz start,
				end;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(1)) ||
			TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(2)))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("cannot list the open spans of an infinite window")));
		funcctx = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		scan = palloc(sizeof(SpanScan));
		scan->calendar = PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
		scan->typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
		scan->at = PG_GETARG_TIMESTAMPTZ(1);
		scan->to = PG_GETARG_TIMESTAMPTZ(2);
		funcctx->user_fctx = scan;
		MemoryContextSwitchTo(old);
	}

	funcctx = SRF_PERCALL_SETUP();
	scan = funcctx->user_fctx;
	CHECK_FOR_INTERRUPTS();
	if (scan->at < scan->to &&
		calendar_next_span(calendar_lookup(scan->calendar), scan->at, &start, &end) &&
		start < scan->to)
	{
		RangeBound	lower;
		RangeBound	upper;
		RangeType  *range;

		memset(&lower, 0, sizeof(lower));
		memset(&upper, 0, sizeof(upper));
		lower.val = TimestampTzGetDatum(start);
		lower.inclusive = true;
		lower.lower = true;
		upper.val = TimestampTzGetDatum(Min(end, scan->to));
		scan->at = end;
		range = compat_make_range(scan->typcache, &lower, &upper);
		SRF_RETURN_NEXT(funcctx, RangeTypePGetDatum(range));
	}
	SRF_RETURN_DONE(funcctx);
}
