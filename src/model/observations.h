/*
 * observations.h
 *	  Rows of an outcome and features, kept for a fit.
 */
#ifndef LEADFLOW_OBSERVATIONS_H
#define LEADFLOW_OBSERVATIONS_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "summary/summary.h"

/* A model has no more features: a fit takes memory by their square. */
#define MAX_FEATURES		1600
/* A value can take 1 GB, and a row has 8 bytes at least. */
#define MAX_ROWS			((int64) (MaxAllocSize / sizeof(double)))

/*
 * A row is 1 + features numbers: the outcome, 1 or 0, and the features, NaN
 * where one is missing.
 */
typedef struct Observations
{
	Summary		head;
	int			features;
	double		l2;				/* the penalty of the fit to come */
	int64		n;
	int64		room;			/* rows that there is memory for */
	double	   *rows;
} Observations;

extern const SummaryClass observations_class;

/* Where the elements of an array are; ARR_DATA_PTR mixes signs. */
static inline char *
array_elements(ArrayType *array)
{
	return (char *) array + (ARR_HASNULL(array) ? (Size) array->dataoffset :
							 ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
}

/* The elements of an array of features, NaN for a null one. */
extern void read_features(ArrayType *array, double *values);
extern int	count_features(ArrayType *array);
extern void check_feature_count(int given, int wanted);
extern void check_max_features(int features);
extern void check_penalty(double l2);

/* Write a number such that it reads back as the same; null for NaN. */
extern void append_float8(StringInfo buf, double value);

#endif							/* LEADFLOW_OBSERVATIONS_H */
