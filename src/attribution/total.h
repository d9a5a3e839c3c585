/*
 * total.h
 *	  A sum that does not depend on the order in which it was added up.
 *
 * It is kept in twice the digits of a float: the sum, rounded, and what the
 * rounding left.  Nothing is lost as long as the largest total and the smallest
 * digit that was added are less than 100 binary digits apart, so that counts,
 * and amounts that were floats, come to the same total in any order.
 */
#ifndef LEADFLOW_TOTAL_H
#define LEADFLOW_TOTAL_H

#include "postgres.h"

#include <math.h>

#include "summary/pack.h"

typedef struct Total
{
	double		sum;
	double		rest;
} Total;

/* What paths led to. */
typedef struct Outcome
{
	Total		conversions;
	Total		value;
	Total		nulls;
} Outcome;

/* Totals are written as [sum] or [sum, rest], and are never negative. */
extern void total_pack(Packer *p, const char *key, Total total);
extern Total total_unpack(Unpacker *u, const char *key);

extern void outcome_pack(Packer *p, const char *key, const Outcome *outcome);
extern void outcome_unpack(Unpacker *u, const char *key, Outcome *outcome);

pg_noreturn extern void total_overflow(void);

/* The exact sum of two floats: what it is rounded, and what that leaves. */
static inline Total
total_of(double a, double b)
{
	Total		total;
	double		b_part;

	total.sum = a + b;
	b_part = total.sum - a;
	total.rest = (a - (total.sum - b_part)) + (b - b_part);
	return total;
}

static inline void
total_add(Total *total, double x)
{
	Total		next = total_of(total->sum, x);

	*total = total_of(next.sum, next.rest + total->rest);
	if (unlikely(!isfinite(total->sum)))
		total_overflow();
}

static inline void
total_merge(Total *total, Total more)
{
	Total		sums = total_of(total->sum, more.sum);
	Total		rests = total_of(total->rest, more.rest);
	Total		next = total_of(sums.sum, sums.rest + rests.sum);

	*total = total_of(next.sum, next.rest + rests.rest);
	if (unlikely(!isfinite(total->sum)))
		total_overflow();
}

static inline void
outcome_add(Outcome *outcome, double conversions, double value, double nulls)
{
	total_add(&outcome->conversions, conversions);
	total_add(&outcome->value, value);
	total_add(&outcome->nulls, nulls);
}

static inline void
outcome_merge(Outcome *outcome, const Outcome *more)
{
	total_merge(&outcome->conversions, more->conversions);
	total_merge(&outcome->value, more->value);
	total_merge(&outcome->nulls, more->nulls);
}

#endif							/* LEADFLOW_TOTAL_H */
