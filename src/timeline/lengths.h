/*
 * lengths.h
 *	  Lengths of time, all of them: what means, quantiles and shares are made of.
 *
 * A length is microseconds, never negative.  Lengths are appended in any order
 * and sorted when somebody asks.
 */
#ifndef LEADFLOW_LENGTHS_H
#define LEADFLOW_LENGTHS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "summary/pack.h"
#include "summary/summary.h"

/* Zeroes are an empty list. */
typedef struct Lengths
{
	int64	   *value;
	int64		n;
	int64		room;
} Lengths;

/* Room for more; the summary tells where memory comes from. */
extern void lengths_make_room(Lengths *list, Summary *owner, int64 more);

extern void lengths_append(Lengths *list, Summary *owner, const Lengths *more);
extern void lengths_sort(Lengths *list);
extern void lengths_pack(Packer *p, const char *key, const Lengths *list);
extern void lengths_unpack(Unpacker *u, const char *key, Lengths *list,
						   Summary *owner);

/* Seconds in all; of none 0. */
extern double lengths_total(const Lengths *list);

/* Seconds, of a list that is not empty. */
extern double lengths_mean(const Lengths *list);

/* A quantile, interpolated, of a list that is sorted and not empty. */
extern double lengths_quantile_seconds(const Lengths *list, double fraction);
extern Interval *lengths_quantile_interval(const Lengths *list, double fraction);

/* The microseconds from one instant to a later one. */
extern int64 length_between(TimestampTz from, TimestampTz to);

/* An interval as a length, and back; one with months is refused. */
extern int64 length_of_interval(const Interval *interval);
extern Interval *interval_of_length(int64 length);

static inline void
lengths_add(Lengths *list, Summary *owner, int64 length)
{
	Assert(length >= 0);
	if (unlikely(list->n == list->room))
		lengths_make_room(list, owner, 1);
	list->value[list->n++] = length;
}

static inline double
seconds_of_length(double length)
{
	return length / USECS_PER_SEC;
}

#endif							/* LEADFLOW_LENGTHS_H */
