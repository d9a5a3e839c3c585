/*
 * lengths.c
 *	  Lengths of time, all of them.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "timeline/lengths.h"

/* A group of a few leads should cost little. */
#define LENGTHS_FIRST_ROOM	4

#define ST_SORT sort_values
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

void
lengths_make_room(Lengths *list, Summary *owner, int64 more)
{
	uint64		wanted = (uint64) list->n + more;
	Size		size;

	if (wanted <= (uint64) list->room)
		return;
	size = summary_check_size(owner->class, wanted * sizeof(int64));
	/* twice as much as before, as long as there is so much */
	size = Max(size, Min(2 * list->room * sizeof(int64), MaxAllocSize));
	size = Max(size, LENGTHS_FIRST_ROOM * sizeof(int64));
	list->room = size / sizeof(int64);
	if (list->value == NULL)
		list->value = MemoryContextAlloc(summary_context(owner), size);
	else
		list->value = repalloc(list->value, size);
}

void
lengths_append(Lengths *list, Summary *owner, const Lengths *more)
{
	if (more->n == 0)
		return;
	lengths_make_room(list, owner, more->n);
	memcpy(list->value + list->n, more->value, more->n * sizeof(int64));
	list->n += more->n;
}

void
lengths_sort(Lengths *list)
{
	if (list->n > 1)
		sort_values(list->value, list->n);
}

void
lengths_pack(Packer *p, const char *key, const Lengths *list)
{
	pack_list(p, key, list->n);
	for (int64 i = 0; i < list->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pack_int(p, NULL, list->value[i]);
	}
	pack_end(p);
}

void
lengths_unpack(Unpacker *u, const char *key, Lengths *list, Summary *owner)
{
	unpack_list(u, key, MaxAllocSize / sizeof(int64));
	while (unpack_more(u))
		lengths_add(list, owner, unpack_int(u, NULL, 0, PG_INT64_MAX));
}

/* Whole seconds and what is left of them are added up apart, both exactly. */
double
lengths_total(const Lengths *list)
{
	int64		seconds = 0;
	int64		rest = 0;

	for (int64 i = 0; i < list->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pg_add_s64_overflow(seconds, list->value[i] / USECS_PER_SEC, &seconds))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("sum of lengths of time is out of range")));
		rest += list->value[i] % USECS_PER_SEC;
	}
	return (double) seconds + seconds_of_length((double) rest);
}

double
lengths_mean(const Lengths *list)
{
	return lengths_total(list) / (double) list->n;
}

/* In microseconds; as percentile_cont() of PostgreSQL. */
static double
quantile(const Lengths *list, double fraction)
{
	double		place = fraction * (double) (list->n - 1);
	int64		below = (int64) floor(place);
	int64		above = (int64) ceil(place);
	double		low = (double) list->value[below];
	double		high = (double) list->value[above];

	return low + (place - (double) below) * (high - low);
}

double
lengths_quantile_seconds(const Lengths *list, double fraction)
{
	return seconds_of_length(quantile(list, fraction));
}

Interval *
lengths_quantile_interval(const Lengths *list, double fraction)
{
	double		length = rint(quantile(list, fraction));

	/* the greatest length is no double, and the next one is too great */
	return interval_of_length(length < (double) PG_INT64_MAX ?
							  (int64) length : PG_INT64_MAX);
}

int64
length_between(TimestampTz from, TimestampTz to)
{
	int64		length;

	Assert(from <= to);
	if (pg_sub_s64_overflow(to, from, &length))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("length of time is out of range")));
	return length;
}

int64
length_of_interval(const Interval *interval)
{
	int64		length;

	if (compat_interval_not_finite(interval))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("length of time must be finite")));
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("length of time must be given in days, hours, minutes and seconds"),
				 errdetail("Months and years differ in length."),
				 errhint("Write the days you mean, for example '30 days'.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, interval->time, &length))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("length of time is out of range")));
	return length;
}

Interval *
interval_of_length(int64 length)
{
	Interval   *result = palloc0(sizeof(Interval));

	result->time = length;
	return result;
}
