/*
 * newton.c
 *	  Logistic regression by Newton's method.
 *
 * What is minimised is
 *
 *		sum over rows of log(1 + exp(-s eta)) + l2/2 * sum of coefficient^2
 *
 * with eta = intercept + features * coefficients, and s = 1 for a row that was
 * won, -1 for one that was not.  The intercept is not penalised.  (McCullagh
 * and Nelder, Generalized Linear Models, 1989, section 4.4; the penalty is
 * that of scikit-learn with C = 1/l2.)
 *
 * Work is done on standardised features, (x - mean) / deviation, so that their
 * units do not matter; a missing value is the mean, hence 0.  The penalty is
 * rescaled such that it applies to the coefficients as they are reported.
 *
 * Every pass over the rows (fit_pass.c) yields the loss, its gradient and its
 * Hessian.  Where there are many rows, a fit of every 16th is where the fit of
 * all starts.
 *
 * Without a penalty there may be no best coefficients:
 *
 * - A feature that is a combination of earlier ones (or constant) is found by
 *   the Cholesky factorisation in the order given, as a pivot that vanishes.
 *   It is aliased and left out.
 * - Where some direction tells the won from the others without an error (or
 *   with errors only on its border), the coefficients grow for ever, by about
 *   one unit of eta a step.  A direction is tried on all rows before it is said
 *   to separate.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "model/fit_pass.h"

/* Every so many rows are a sample, where a sample has at least so many rows
 * for each feature and at all. */
#define SAMPLE_STRIDE		16
#define SAMPLE_MIN_ROWS		4096
#define SAMPLE_ROWS_PER_FEATURE 50

/* A step that moves eta no further than this is the last: the error that it
 * leaves is of the order of its square, and the Hessian is as good as new. */
#define LAST_STEP			1e-8
#define SAMPLE_LAST_STEP	1e-2
#define MAX_STEPS			100
#define SAMPLE_MAX_STEPS	10
#define MAX_HALVINGS		30
#define LOSS_NOISE			1e-13	/* relative, of a sum */

/* The part of a feature's variance that earlier ones leave unexplained. */
#define ALIAS_TOLERANCE		1e-11
/* The same, below which a weighted pivot is nothing but rounding. */
#define PIVOT_TOLERANCE		1e-14
/* Rows factorised at a time. */
#define FACTOR_ROWS			8

/* Separation is looked for after so many steps.  A row may be on the wrong
 * side by this part of the largest distance on the right one. */
#define SEPARATION_STEPS	12
#define SEPARATION_SLACK	1e-5
/* A feature separates that grows at this part of the fastest's speed. */
#define SEPARATING_SHARE	0.01

/* Sum of products; several sums, because one must not be reordered. */
static double
dot(const double *a, const double *b, int n)
{
	double		sum[4] = {0};
	int			i = 0;

	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum[0] += a[i] * b[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* One entry of the factor left of the diagonal. */
static inline void
eliminate(Fit *fit, int i, int j)
{
	double	   *row = fit->factor + (Size) i * fit->width;
	const double *other = fit->factor + (Size) j * fit->width;

	row[j] = fit->skipped[j] ? 0 :
		(fit->hessian[(Size) i * fit->width + j] - dot(row, other, j)) / other[j];
}

/* The diagonal; a pivot that vanishes is skipped, its row being that of 1. */
static void
find_pivot(Fit *fit, int i, double tolerance)
{
	double	   *row = fit->factor + (Size) i * fit->width;
	double		all = fit->hessian[(Size) i * fit->width + i];
	double		pivot = all - dot(row, row, i);

	fit->skipped[i] = fit->aliased[i] || !(pivot > tolerance * all);
	if (fit->skipped[i])
		memset(row, 0, i * sizeof(double));
	row[i] = fit->skipped[i] ? 1 : sqrt(pivot);
}

/*
 * Cholesky factorisation of the Hessian, in the order of the features, several
 * rows at a time, so that each earlier row is fetched once for all of them.
 */
static void
factorise(Fit *fit, double tolerance)
{
	for (int start = 0; start < fit->columns; start += FACTOR_ROWS)
	{
		int			end = Min(start + FACTOR_ROWS, fit->columns);

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < start; j++)
			for (int i = start; i < end; i++)
				eliminate(fit, i, j);
		for (int i = start; i < end; i++)
		{
			for (int j = start; j < i; j++)
				eliminate(fit, i, j);
			find_pivot(fit, i, tolerance);
		}
	}
}

/* Solve L x = b in place, from the first entry that is not 0. */
static void
solve_lower(const Fit *fit, double *x, int first)
{
	for (int i = first; i < fit->columns; i++)
	{
		const double *row = fit->factor + (Size) i * fit->width;

		x[i] = fit->skipped[i] ? 0 :
			(x[i] - dot(row + first, x + first, i - first)) / row[i];
	}
}

/* Solve L' x = b in place. */
static void
solve_upper(const Fit *fit, double *x)
{
	for (int i = fit->columns - 1; i >= 0; i--)
	{
		const double *row = fit->factor + (Size) i * fit->width;

		if (fit->skipped[i])
			continue;
		x[i] /= row[i];
		for (int j = 0; j < i; j++)
			x[j] -= row[j] * x[i];
	}
}

/* How far a step moves eta, feature by feature at most. */
static double
step_length(const Fit *fit)
{
	double		length = 0;

	for (int j = 0; j < fit->columns; j++)
		length = Max(length, fabs(fit->step[j]) * fit->reach[j]);
	return length;
}

/* Whether the last step tells the won rows from the others. */
static bool
step_separates(Fit *fit)
{
	double		worst;
	double		best;

	for (int j = 0; j < fit->columns; j++)
		fit->trial[j] = -fit->step[j];
	fit_margins(fit, fit->trial, &worst, &best);
	return best > 0 && worst >= -SEPARATION_SLACK * best;
}

/*
 * Whether the step moves eta by at most the limit.  Where features are nearly
 * redundant, rounding moves their coefficients but not their sum: then the rows
 * are asked, if the decrement (the step's length in standard errors) allows it.
 */
static bool
step_is_small(Fit *fit, double limit)
{
	double		worst;
	double		best;

	if (step_length(fit) <= limit)
		return true;
	if (dot(fit->gradient, fit->step, fit->columns) > limit * limit)
		return false;
	fit_margins(fit, fit->step, &worst, &best);
	return best <= limit && worst >= -limit;
}

/* Move on by the step, or by so small a part of it that the loss falls. */
static bool
take_step(Fit *fit)
{
	double		before = fit->loss;
	double		part = 1;

	for (int halvings = 0; halvings <= MAX_HALVINGS; halvings++, part /= 2)
	{
		for (int j = 0; j < fit->columns; j++)
			fit->trial[j] = fit->beta[j] - part * fit->step[j];
		fit_pass(fit, fit->trial);
		if (fit->loss <= before + LOSS_NOISE * fabs(before))
		{
			memcpy(fit->beta, fit->trial, fit->columns * sizeof(double));
			return true;
		}
	}
	fit->loss = before;
	return false;
}

/*
 * Newton steps until the last one.  What is aliased is found by the first
 * factorisation, unless it is known that nothing is; all weights are alike
 * then.
 */
static FitState
iterate(Fit *fit, bool find_aliased, bool find_separation, FitResult *result)
{
	bool		sample = fit->stride != 1;
	int			max_steps = sample ? SAMPLE_MAX_STEPS : MAX_STEPS;
	double		last_step = sample ? SAMPLE_LAST_STEP : LAST_STEP;

	fit_pass(fit, fit->beta);
	for (int steps = 1; steps <= max_steps; steps++)
	{
		bool		whole;

		if (steps == 1 && find_aliased)
		{
			factorise(fit, ALIAS_TOLERANCE);
			memcpy(fit->aliased, fit->skipped, fit->columns * sizeof(bool));
		}
		else
			factorise(fit, PIVOT_TOLERANCE);
		whole = memcmp(fit->aliased, fit->skipped,
					   fit->columns * sizeof(bool)) == 0;
		memcpy(fit->step, fit->gradient, fit->columns * sizeof(double));
		solve_lower(fit, fit->step, 0);
		solve_upper(fit, fit->step);
		result->iterations = steps;

		if (whole && step_is_small(fit, last_step))
		{
			/* the loss falls by half of gradient times step */
			fit->loss -= dot(fit->gradient, fit->step, fit->columns) / 2;
			for (int j = 0; j < fit->columns; j++)
				fit->beta[j] -= fit->step[j];
			return FIT_CONVERGED;
		}
		if (!take_step(fit))
			break;
		if (find_separation &&
			(fit->nearest > 0 ||
			 (steps >= SEPARATION_STEPS && step_separates(fit))))
			return FIT_SEPARATED;
	}
	return FIT_NOT_CONVERGED;
}

/* Where a fit starts from: the share of the won. */
static void
reset(Fit *fit, int64 won)
{
	memset(fit->beta, 0, fit->width * sizeof(double));
	memset(fit->aliased, 0, fit->width * sizeof(bool));
	fit->beta[0] = log((double) won / (fit->data->n - won));
}

/* Start from the fit of a sample, if that has all the features; whether so. */
static bool
start_from_sample(Fit *fit, FitResult *result)
{
	bool		good;

	if (fit->data->n / SAMPLE_STRIDE <
		Max(SAMPLE_MIN_ROWS, SAMPLE_ROWS_PER_FEATURE * (int64) fit->columns))
		return false;
	fit->stride = SAMPLE_STRIDE;
	good = iterate(fit, true, false, result) == FIT_CONVERGED;
	fit->stride = 1;
	for (int j = 0; j < fit->columns; j++)
		good = good && !fit->aliased[j];
	if (!good)
		reset(fit, result->won);
	return good;
}

/* The features whose coefficients still grew, and the intercept if it did. */
static void
mark_separating(const Fit *fit, FitResult *result)
{
	double		least = SEPARATING_SHARE * step_length(fit);
	double		intercept = fit->step[0];

	for (int j = 1; j < fit->columns; j++)
	{
		result->separating[j] = fabs(fit->step[j]) * fit->reach[j] >= least;
		intercept -= fit->step[j] * fit->scale[j] * fit->centre[j];
	}
	result->separating[0] = fabs(intercept) >= least;
}

/* Square root of c' H^-1 c, where the entries of c before the first are 0. */
static double
deviation_of(const Fit *fit, double *c, int first)
{
	solve_lower(fit, c, first);
	return sqrt(dot(c + first, c + first, fit->columns - first));
}

/* Standard errors on the features' own scale. */
static void
find_standard_errors(Fit *fit, double l2, FitResult *result)
{
	double	   *c = fit->trial;

	for (int j = 1; j < fit->columns; j++)
	{
		CHECK_FOR_INTERRUPTS();
		if (fit->aliased[j])
		{
			/* only the penalty speaks about a constant */
			if (l2 > 0 && fit->scale[j] == 0)
				result->standard_error[j] = 1 / sqrt(l2);
			continue;
		}
		memset(c, 0, fit->width * sizeof(double));
		c[j] = 1;
		result->standard_error[j] = deviation_of(fit, c, j) * fit->scale[j];
	}
	for (int j = 1; j < fit->columns; j++)
		c[j] = -fit->centre[j] * fit->scale[j];
	c[0] = 1;
	result->standard_error[0] = deviation_of(fit, c, 0);
}

/* Coefficients on the features' own scale. */
static void
report(const Fit *fit, double l2, FitResult *result)
{
	double		penalty = 0;

	result->coefficient[0] = fit->beta[0];
	for (int j = 1; j < fit->columns; j++)
	{
		result->aliased[j] = fit->aliased[j] && !(l2 > 0 && fit->scale[j] == 0);
		result->coefficient[j] = fit->beta[j] * fit->scale[j];
		result->coefficient[0] -= result->coefficient[j] * fit->centre[j];
		penalty += fit->penalty[j] * fit->beta[j] * fit->beta[j] / 2;
	}
	result->log_likelihood = Min(penalty - fit->loss, 0);
	for (int j = 0; j < fit->columns; j++)
		if (!isfinite(result->coefficient[j]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("coefficient %d is out of range", j)));
}

/*
 * All rows have the same outcome: the intercept alone would grow for ever.  It
 * is given as if half a row of each outcome had been seen as well.
 */
static void
report_one_outcome(int64 n, FitResult *result)
{
	double		won = result->won + 0.5;
	double		lost = n - result->won + 0.5;

	result->state = FIT_SEPARATED;
	result->separating[0] = true;
	result->coefficient[0] = log(won / lost);
	result->log_likelihood = n * log(Max(won, lost) / (won + lost));
}

static void *
allot(Size entries, Size size)
{
	return palloc_extended(entries * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* What standardise and the passes need. */
static void
prepare(Fit *fit, const FitRows *data)
{
	memset(fit, 0, sizeof(Fit));
	fit->data = data;
	fit->stride = 1;
	fit->columns = data->features + 1;
	fit->panels = (fit->columns + FIT_PANEL - 1) / FIT_PANEL;
	fit->width = fit->panels * FIT_PANEL;
	fit->centre = allot(fit->width, sizeof(double));
	fit->scale = allot(fit->width, sizeof(double));
	fit->reach = allot(fit->width, sizeof(double));
	fit->penalty = allot(fit->width, sizeof(double));
	fit->aliased = allot(fit->width, sizeof(bool));
	fit->skipped = allot(fit->width, sizeof(bool));
	fit->beta = allot(fit->width, sizeof(double));
	fit->trial = allot(fit->width, sizeof(double));
	fit->step = allot(fit->width, sizeof(double));
	fit->gradient = allot(fit->width, sizeof(double));
	fit->hessian = allot((Size) fit->width * fit->width, sizeof(double));
	fit->factor = allot((Size) fit->width * fit->width, sizeof(double));
	fit->block = allot((Size) fit->panels * FIT_BLOCK_ROWS, sizeof(Panel));
}

/* Fit; memory is left to the current context. */
void
fit_logistic(const FitRows *data, double l2, FitResult *result)
{
	Fit			fit;
	bool		started;

	result->iterations = 0;
	for (int j = 0; j <= data->features; j++)
	{
		result->coefficient[j] = 0;
		result->standard_error[j] = get_float8_nan();
		result->aliased[j] = result->separating[j] = false;
	}
	prepare(&fit, data);
	fit_standardise(&fit, l2, result);
	if (result->won == 0 || result->won == data->n)
	{
		report_one_outcome(data->n, result);
		return;
	}

	reset(&fit, result->won);
	started = start_from_sample(&fit, result);
	result->state = iterate(&fit, !started, l2 == 0, result);
	report(&fit, l2, result);
	if (result->state == FIT_CONVERGED)
		find_standard_errors(&fit, l2, result);
	else if (result->state == FIT_SEPARATED)
		mark_separating(&fit, result);
}
