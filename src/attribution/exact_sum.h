/*
 * exact_sum.h
 *	  Sums of numbers with up to 18 decimals, kept exactly.
 */
#ifndef LEADFLOW_EXACT_SUM_H
#define LEADFLOW_EXACT_SUM_H

#include "postgres.h"

#include "utils/numeric.h"

#define EXACT_SCALE		18
#define EXACT_ONE		INT64CONST(1000000000000000000)

/* whole + part * 10^-EXACT_SCALE; zeroes are 0 */
typedef struct ExactSum
{
	int64		whole;			/* rounded down */
	int64		part;			/* from 0 to below EXACT_ONE */
} ExactSum;

/* Add n units of 10^-scale, of which at most EXACT_SCALE are decimals. */
extern void exact_add(ExactSum *sum, int64 n, int32 scale);
extern void exact_add_sum(ExactSum *sum, const ExactSum *more);

/* As a number, with so many decimals or as many more as it has. */
extern Numeric exact_numeric(const ExactSum *sum, int32 decimals);

#endif							/* LEADFLOW_EXACT_SUM_H */
