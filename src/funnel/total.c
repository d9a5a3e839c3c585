/*
 * total.c
 *	  The type funnel_summary: how far many leads came in one funnel, and how
 *	  long it took them.
 *
 * Of a lead that reached k steps it keeps k - 1 times, in microseconds from
 * the first step.  Text form: left, the leads that reached no step and those
 * that reached only the first, then a list for each further level:
 *
 *		{"steps": ["new", "won"], "within": -1, "step_within": [],
 *		 "exclude": [], "mode": [], "left": [3, 1], "times": [[[3600000000]]]}
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "funnel/funnel.h"
#include "timeline/lengths.h"

#define FIRST_ROOM		4		/* leads of a level */

/* More leads than there can be; sums of levels stay far below 2^63. */
#define MAX_LEADS		INT64CONST(1000000000000000)

#define SHARE_DIGITS	6		/* of a conversion in funnel_table */

/* The leads whose chain has one level. */
typedef struct Level
{
	int64		n;
	int64		room;
	int64	   *time;			/* level - 1 for each lead */
} Level;

typedef struct FunnelSummary
{
	Summary		head;
	const Funnel *funnel;
	Level	   *level;			/* from 0 to the number of steps */
} FunnelSummary;

/* Columns of funnel_table() */
enum
{
	TABLE_POSITION,
	TABLE_STEP,
	TABLE_REACHED,
	TABLE_DROPPED,
	TABLE_FROM_PREVIOUS,
	TABLE_FROM_FIRST,
	TABLE_MEAN,
	TABLE_MEDIAN,
	TABLE_COLUMNS
};

/* Columns of time_between() */
enum
{
	TIME_N,
	TIME_MEAN,
	TIME_MEDIAN,
	TIME_P90,
	TIME_MIN,
	TIME_MAX,
	TIME_COLUMNS
};

static void total_merge(Summary *into, Summary *from);
static void total_tidy(Summary *summary);
static void total_pack(Summary *summary, Packer *p);
static void total_unpack(Summary *summary, Unpacker *u);

static const SummaryClass total_class = {
	.type_name = "funnel_summary",
	.magic = 0x46535501,		/* "FSU", 1 */
	.size = sizeof(FunnelSummary),
	.merge = total_merge,
	.tidy = total_tidy,
	.pack = total_pack,
	.unpack = total_unpack
};

/* Times that are kept of each lead of a level. */
static inline int
width_of(int level)
{
	return Max(level - 1, 0);
}

/* Give an empty summary its funnel. */
static void
set_funnel(FunnelSummary *total, const Funnel *funnel)
{
	total->funnel = funnel;
	total->level = MemoryContextAllocZero(summary_context(&total->head),
										  (funnel->steps + 1) * sizeof(Level));
}

/* Make room for more leads of a level, and count them. */
static int64 *
add_leads(FunnelSummary *total, int k, int64 more)
{
	Level	   *level = &total->level[k];
	int64		first = level->n;
	Size		size;

	if (more > MAX_LEADS - level->n)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many leads for a value of type %s", total_class.type_name)));
	level->n += more;
	if (width_of(k) == 0)
		return NULL;
	if (level->n > level->room)
	{
		Size		lead = width_of(k) * sizeof(int64);

		size = summary_check_size(&total_class, (uint64) level->n * lead);
		size = Max(size, Min(2 * level->room * lead, MaxAllocSize / lead * lead));
		size = Max(size, FIRST_ROOM * lead);
		level->room = size / lead;
		if (level->time == NULL)
			level->time = MemoryContextAlloc(summary_context(&total->head), size);
		else
			level->time = repalloc(level->time, size);
	}
	return level->time + first * width_of(k);
}

static void
total_merge(Summary *into, Summary *from)
{
	FunnelSummary *to = (FunnelSummary *) into;
	const FunnelSummary *total = (const FunnelSummary *) from;

	if (to->funnel == NULL)
		set_funnel(to, funnel_copy(total->funnel, summary_context(into)));
	else
		funnel_check_same(to->funnel, total->funnel);
	for (int k = 0; k <= to->funnel->steps; k++)
	{
		int64		n = total->level[k].n;
		int64	   *time;

		if (n == 0)
			continue;
		time = add_leads(to, k, n);
		if (time != NULL)
			memcpy(time, total->level[k].time, n * width_of(k) * sizeof(int64));
	}
}

static int
compare_leads(const void *a, const void *b, void *arg)
{
	const int64 *x = a;
	const int64 *y = b;
	int			width = *(const int *) arg;

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < width; i++)
	{
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

static void
total_tidy(Summary *summary)
{
	FunnelSummary *total = (FunnelSummary *) summary;

	for (int k = 2; k <= total->funnel->steps; k++)
	{
		Level	   *level = &total->level[k];
		int			width = width_of(k);

		if (width == 1)
		{
			Lengths		times = {level->time, level->n, level->room};

			lengths_sort(&times);
		}
		else if (level->n > 1)
			qsort_arg(level->time, level->n, width * sizeof(int64), compare_leads, &width);
	}
}

static void
total_pack(Summary *summary, Packer *p)
{
	const FunnelSummary *total = (const FunnelSummary *) summary;
	int			steps = total->funnel->steps;

	funnel_pack(p, total->funnel);
	pack_list(p, "left", 2);
	pack_int(p, NULL, total->level[0].n);
	pack_int(p, NULL, total->level[1].n);
	pack_end(p);
	pack_list(p, "times", steps - 1);
	for (int k = 2; k <= steps; k++)
	{
		const int64 *time = total->level[k].time;

		pack_list(p, NULL, total->level[k].n);
		for (int64 i = 0; i < total->level[k].n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			pack_tuple(p);
			for (int j = 0; j < width_of(k); j++)
				pack_int(p, NULL, *time++);
			pack_end(p);
		}
		pack_end(p);
	}
	pack_end(p);
}

/* Read the times of one lead, and check that its chain was one. */
static void
unpack_lead(Unpacker *u, const Funnel *funnel, int64 *time, int width)
{
	int64		last = 0;

	unpack_tuple(u);
	for (int i = 0; i < width; i++)
	{
		time[i] = unpack_int(u, NULL, 0, PG_INT64_MAX);
		if (time[i] < last || time[i] > funnel->within ||
			time[i] - last > funnel->step_within[i] ||
			((funnel->mode & FUNNEL_STRICT_INCREASE) != 0 && time[i] == last))
			unpack_refuse(u, "Times of a lead do not fit the windows and modes.");
		last = time[i];
	}
	unpack_end(u);
}

static void
total_unpack(Summary *summary, Unpacker *u)
{
	FunnelSummary *total = (FunnelSummary *) summary;
	int			steps;
	int			k = 0;

	set_funnel(total, funnel_unpack(u, summary_context(summary)));
	steps = total->funnel->steps;
	unpack_list(u, "left", 2);
	while (unpack_more(u))
		total->level[k++].n = unpack_int(u, NULL, 0, MAX_LEADS);
	if (k != 2)
		unpack_refuse(u, "Expected two numbers of leads that left.");
	unpack_list(u, "times", steps - 1);
	while (unpack_more(u))
	{
		unpack_list(u, NULL, MAX_LEADS);
		while (unpack_more(u))
			unpack_lead(u, total->funnel, add_leads(total, k, 1), width_of(k));
		k++;
	}
	if (k != steps + 1)
		unpack_refuse(u, "The number of levels does not fit the steps.");
}

/* funnel_total_add(summary, path): the transition function. */
PG_FUNCTION_INFO_V1(leadflow_funnel_total_add);
Datum
leadflow_funnel_total_add(PG_FUNCTION_ARGS)
{
	TimestampTz times[FUNNEL_MAX_STEPS];
	FunnelSummary *total;
	FunnelPath *path;
	int64	   *time;
	int			level;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	total = (FunnelSummary *) summary_state(fcinfo, &total_class);
	path = funnel_path_get(PG_GETARG_DATUM(1));
	if (total->funnel == NULL)
		set_funnel(total, funnel_of_site(fcinfo, path->funnel, &total->head));
	else
		funnel_check_same(total->funnel, path->funnel);
	level = funnel_chain(path, times);
	time = add_leads(total, level, 1);
	for (int i = 1; i < level; i++)
	{
		if (pg_sub_s64_overflow(times[i], times[0], &time[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("time between two steps is out of range")));
	}
	return summary_return(&total->head);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_combine);
Datum
leadflow_funnel_summary_combine(PG_FUNCTION_ARGS)
{
	FunnelSummary *into;
	Summary    *from;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	into = (FunnelSummary *) summary_state(fcinfo, &total_class);
	from = summary_get(PG_GETARG_DATUM(1), &total_class);
	if (into->funnel == NULL)
		set_funnel(into, funnel_of_site(fcinfo, ((FunnelSummary *) from)->funnel, &into->head));
	total_merge(&into->head, from);
	return summary_return(&into->head);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_in);
Datum
leadflow_funnel_summary_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &total_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_out);
Datum
leadflow_funnel_summary_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &total_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_recv);
Datum
leadflow_funnel_summary_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &total_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_send);
Datum
leadflow_funnel_summary_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &total_class);
}

static FunnelSummary *
get_total(FunctionCallInfo fcinfo)
{
	return (FunnelSummary *) summary_get(PG_GETARG_DATUM(0), &total_class);
}

/* A step that an accessor was asked about. */
static int
step_arg(FunctionCallInfo fcinfo, int arg, const FunnelSummary *total)
{
	int32		step = PG_GETARG_INT32(arg);

	if (step < 1 || step > total->funnel->steps)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step %d is not in the funnel", step),
				 errdetail("The funnel has %d steps; the first is 1.", total->funnel->steps)));
	return step;
}

/* Two steps, the second after the first. */
static void
step_args(FunctionCallInfo fcinfo, const FunnelSummary *total, int *from, int *to)
{
	*from = step_arg(fcinfo, 1, total);
	*to = step_arg(fcinfo, 2, total);
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step %d does not come before step %d", *from, *to)));
}

/* Leads that reached a step; step 0 is reached by all. */
static int64
leads_reached(const FunnelSummary *total, int step)
{
	int64		n = 0;

	for (int k = step; k <= total->funnel->steps; k++)
		n += total->level[k].n;
	return n;
}

PG_FUNCTION_INFO_V1(leadflow_funnel_subjects);
Datum
leadflow_funnel_subjects(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(leads_reached(get_total(fcinfo), 0));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_reached);
Datum
leadflow_funnel_reached(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);

	PG_RETURN_INT64(leads_reached(total, step_arg(fcinfo, 1, total)));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_dropped);
Datum
leadflow_funnel_dropped(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	int			step = step_arg(fcinfo, 1, total);

	if (step == total->funnel->steps)
		PG_RETURN_NULL();
	PG_RETURN_INT64(total->level[step].n);
}

/* The share of the leads that reached one step who reached another. */
static Datum
conversion(FunctionCallInfo fcinfo, const FunnelSummary *total, int from, int to)
{
	int64		of = leads_reached(total, from);

	if (of == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) leads_reached(total, to) / (double) of);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_conversion);
Datum
leadflow_funnel_conversion(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	int			step = step_arg(fcinfo, 1, total);

	return conversion(fcinfo, total, step - 1, step);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_conversion_between);
Datum
leadflow_funnel_conversion_between(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	int			from;
	int			to;

	step_args(fcinfo, total, &from, &to);
	return conversion(fcinfo, total, from, to);
}

/* How long it took from a step to another, of the leads that reached it. */
static Lengths
times_between(FunnelSummary *total, int from, int to)
{
	Lengths		times = {NULL};

	times.room = Max(leads_reached(total, to), 1);
	times.value = palloc(summary_check_size(&total_class, times.room * sizeof(int64)));
	for (int k = to; k <= total->funnel->steps; k++)
	{
		const int64 *time = total->level[k].time;

		for (int64 i = 0; i < total->level[k].n; i++, time += width_of(k))
			lengths_add(&times, &total->head, time[to - 2] - (from == 1 ? 0 : time[from - 2]));
	}
	lengths_sort(&times);
	return times;
}

PG_FUNCTION_INFO_V1(leadflow_funnel_time_between);
Datum
leadflow_funnel_time_between(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	TupleDesc	desc;
	Datum		values[TIME_COLUMNS] = {0};
	bool		nulls[TIME_COLUMNS];
	Lengths		times;
	int			from;
	int			to;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	step_args(fcinfo, total, &from, &to);
	times = times_between(total, from, to);
	memset(nulls, times.n == 0, sizeof(nulls));
	nulls[TIME_N] = false;
	values[TIME_N] = Int64GetDatum(times.n);
	if (times.n > 0)
	{
		values[TIME_MEAN] = Float8GetDatum(lengths_mean(&times));
		values[TIME_MEDIAN] = Float8GetDatum(lengths_quantile_seconds(&times, 0.5));
		values[TIME_P90] = Float8GetDatum(lengths_quantile_seconds(&times, 0.9));
		values[TIME_MIN] = Float8GetDatum(lengths_quantile_seconds(&times, 0));
		values[TIME_MAX] = Float8GetDatum(lengths_quantile_seconds(&times, 1));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_time_quantile);
Datum
leadflow_funnel_time_quantile(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	double		fraction = PG_GETARG_FLOAT8(3);
	Lengths		times;
	int			from;
	int			to;

	step_args(fcinfo, total, &from, &to);
	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("fraction must be from 0 to 1")));
	times = times_between(total, from, to);
	if (times.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(interval_justify_hours,
										IntervalPGetDatum(lengths_quantile_interval(&times, fraction))));
}

/* A share with the digits of a report. */
static Datum
share(int64 part, int64 of)
{
	Datum		ratio = DirectFunctionCall2(numeric_div,
											DirectFunctionCall1(int8_numeric, Int64GetDatum(part)),
											DirectFunctionCall1(int8_numeric, Int64GetDatum(of)));

	return DirectFunctionCall2(numeric_round, ratio, Int32GetDatum(SHARE_DIGITS));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_table);
Datum
leadflow_funnel_table(PG_FUNCTION_ARGS)
{
	FunnelSummary *total = get_total(fcinfo);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int step = 1; step <= total->funnel->steps; step++)
	{
		Word		name = funnel_step_name(total->funnel, step - 1);
		int64		reached = leads_reached(total, step);
		int64		previous = leads_reached(total, step - 1);
		int64		first = leads_reached(total, 1);
		Datum		values[TABLE_COLUMNS] = {0};
		bool		nulls[TABLE_COLUMNS] = {false};

		values[TABLE_POSITION] = Int32GetDatum(step);
		values[TABLE_STEP] = PointerGetDatum(cstring_to_text_with_len(name.bytes, name.len));
		values[TABLE_REACHED] = Int64GetDatum(reached);
		values[TABLE_DROPPED] = Int64GetDatum(total->level[step].n);
		nulls[TABLE_DROPPED] = step == total->funnel->steps;
		nulls[TABLE_FROM_PREVIOUS] = previous == 0;
		if (previous > 0)
			values[TABLE_FROM_PREVIOUS] = share(reached, previous);
		nulls[TABLE_FROM_FIRST] = first == 0;
		if (first > 0)
			values[TABLE_FROM_FIRST] = share(reached, first);
		nulls[TABLE_MEAN] = nulls[TABLE_MEDIAN] = step == 1 || reached == 0;
		if (!nulls[TABLE_MEAN])
		{
			Lengths		times = times_between(total, step - 1, step);

			values[TABLE_MEAN] = Float8GetDatum(lengths_mean(&times));
			values[TABLE_MEDIAN] = Float8GetDatum(lengths_quantile_seconds(&times, 0.5));
			pfree(times.value);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_funnel_summary_steps);
Datum
leadflow_funnel_summary_steps(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(funnel_step_array(get_total(fcinfo)->funnel));
}
