/*
 * fit_pass.h
 *	  One logistic regression under way, and its passes over the rows.
 */
#ifndef LEADFLOW_FIT_PASS_H
#define LEADFLOW_FIT_PASS_H

#include "postgres.h"

#include "model/newton.h"

#define FIT_BLOCK_ROWS		64	/* rows packed at a time */
#define FIT_PANEL			4	/* columns packed together */

typedef double Panel[FIT_PANEL];

/* One fit under way.  Vectors have width entries; entry 0 is the intercept. */
typedef struct Fit
{
	const FitRows *data;
	int			stride;			/* passes see every so many rows */
	int			columns;		/* 1 + features */
	int			panels;
	int			width;			/* panels * FIT_PANEL */
	double	   *centre;
	double	   *scale;			/* 1 / deviation, or 0 */
	double	   *reach;			/* the largest standardised value */
	double	   *penalty;		/* of the standardised coefficient */
	bool	   *aliased;

	double	   *beta;			/* where the fit is */
	double	   *trial;			/* where the next pass looks */
	double	   *step;
	double		loss;			/* at the last pass, penalty included */
	double		nearest;		/* the smallest s * eta at the last pass */
	double	   *gradient;
	double	   *hessian;		/* width * width, lower half */
	double	   *factor;			/* the same, of the factorisation */
	bool	   *skipped;		/* pivots left out of the factorisation */

	/* of one block */
	Panel	   *block;			/* [panel][row] */
	double		outcome[FIT_BLOCK_ROWS];
	double		eta[FIT_BLOCK_ROWS];
	double		residual[FIT_BLOCK_ROWS];
	double		root_weight[FIT_BLOCK_ROWS];
} Fit;

extern void fit_standardise(Fit *fit, double l2, FitResult *result);
extern void fit_pass(Fit *fit, const double *beta);
extern void fit_margins(Fit *fit, const double *direction,
						double *worst, double *best);

#endif							/* LEADFLOW_FIT_PASS_H */
