/*
 * newton.h
 *	  Logistic regression over rows in memory.
 */
#ifndef LEADFLOW_NEWTON_H
#define LEADFLOW_NEWTON_H

#include "postgres.h"

/* How a fit ended. */
typedef enum FitState
{
	FIT_CONVERGED,
	FIT_SEPARATED,
	FIT_NOT_CONVERGED
} FitState;

/*
 * What is fitted: rows of 1 + features numbers, the outcome (0 or 1) before
 * the features, NaN where a feature is missing, all others finite.
 */
typedef struct FitRows
{
	const double *rows;
	int64		n;				/* at least 1 */
	int			features;
} FitRows;

/*
 * What was found.  The arrays are given by the caller, for 1 + features
 * entries; entry 0 is the intercept's.
 */
typedef struct FitResult
{
	FitState	state;
	int			iterations;		/* Newton steps over all rows */
	int64		won;			/* rows with outcome 1 */
	double		log_likelihood; /* without the penalty */
	double	   *coefficient;	/* on the scale of the features */
	double	   *standard_error; /* NaN where there is none */
	double	   *mean;			/* of the known values; 0 where there are none */
	bool	   *aliased;		/* says nothing that earlier features do not */
	bool	   *separating;		/* its coefficient grows without end */
} FitResult;

/* A penalty may be no larger. */
#define FIT_MAX_PENALTY		1e100

extern void fit_logistic(const FitRows *data, double l2, FitResult *result);

#endif							/* LEADFLOW_NEWTON_H */
