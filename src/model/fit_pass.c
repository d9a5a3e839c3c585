/*
 * fit_pass.c
 *	  What logistic regression asks of all rows: means and deviations; loss,
 *	  gradient and Hessian at a point.
 *
 * Rows are taken a block at a time, standardised and packed in panels of four
 * columns.  The Hessian is summed up in tiles of four by four, which stay in
 * registers while a block is read from the cache.  The Makefile has this file
 * vectorised; sums keep the order that is written here.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "model/fit_pass.h"

/* A deviation outside of this is nothing, or cannot be squared. */
#define MIN_DEVIATION		1e-100
#define MAX_DEVIATION		1e100
/* Rows whose mean is where sums of squares are taken from. */
#define ORIGIN_ROWS			1024

/* Where a feature's known values begin: near enough to their mean. */
static void
find_origins(const FitRows *data, double *origin)
{
	int			columns = data->features + 1;
	int64		rows = Min(data->n, ORIGIN_ROWS);

	for (int j = 1; j < columns; j++)
	{
		int64		known = 0;

		origin[j] = 0;
		for (int64 i = 0; i < data->n && (i < rows || known == 0); i++)
		{
			double		x = data->rows[i * columns + j];

			if (!isnan(x))
				origin[j] += (x - origin[j]) / ++known;
		}
	}
}

/* Sums over the known values of every feature; squares are of x - origin. */
typedef struct Moments
{
	double	   *origin;
	double	   *known;			/* how many */
	double	   *sum;			/* of x - origin */
	double	   *squares;
	double	   *low;
	double	   *high;
} Moments;

static double *
fill(int n, double value)
{
	double	   *array = palloc(n * sizeof(double));

	for (int i = 0; i < n; i++)
		array[i] = value;
	return array;
}

/* Add a row to the moments. */
static inline void
add_row(const double *pg_restrict row, int columns,
		const double *pg_restrict origin, double *pg_restrict known,
		double *pg_restrict sum, double *pg_restrict squares,
		double *pg_restrict low, double *pg_restrict high)
{
	for (int j = 0; j < columns; j++)
	{
		double		x = row[j];
		double		d = x - origin[j];

		d = x == x ? d : 0;
		known[j] += x == x ? 1 : 0;
		sum[j] += d;
		squares[j] += d * d;
		low[j] = x < low[j] ? x : low[j];
		high[j] = x > high[j] ? x : high[j];
	}
}

/* The moments of all rows; sums of blocks are summed up, which is exacter. */
static void
find_moments(const FitRows *data, Moments *m)
{
	int			columns = data->features + 1;
	double	   *sum = fill(columns, 0);
	double	   *squares = fill(columns, 0);

	m->origin = fill(columns, 0);
	m->known = fill(columns, 0);
	m->sum = fill(columns, 0);
	m->squares = fill(columns, 0);
	m->low = fill(columns, get_float8_infinity());
	m->high = fill(columns, -get_float8_infinity());
	find_origins(data, m->origin);
	for (int64 start = 0; start < data->n; start += FIT_BLOCK_ROWS)
	{
		int			count = (int) Min(FIT_BLOCK_ROWS, data->n - start);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < count; i++)
			add_row(data->rows + (start + i) * columns, columns,
					m->origin, m->known, sum, squares, m->low, m->high);
		for (int j = 0; j < columns; j++)
		{
			m->sum[j] += sum[j];
			m->squares[j] += squares[j];
			sum[j] = squares[j] = 0;
		}
	}
}

/*
 * The scale of every feature, how far it reaches, what its penalty is, the
 * mean of its known values, and the number of rows won.
 */
void
fit_standardise(Fit *fit, double l2, FitResult *result)
{
	Moments		m;

	find_moments(fit->data, &m);
	result->won = (int64) m.sum[0];	/* the outcome stands there */
	fit->reach[0] = 1;
	result->mean[0] = 0;
	for (int j = 1; j < fit->columns; j++)
	{
		double		shift;
		double		deviation;

		result->mean[j] = 0;
		if (m.known[j] == 0)
			continue;
		shift = m.sum[j] / m.known[j];
		deviation = sqrt(Max(m.squares[j] / m.known[j] - shift * shift, 0));
		if (!(deviation <= MAX_DEVIATION && fabs(shift) <= MAX_DEVIATION))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("values of feature %d are too far apart", j),
					 errdetail("They run from %g to %g.", m.low[j], m.high[j])));
		result->mean[j] = m.low[j] == m.high[j] ? m.low[j] :
			Min(Max(m.origin[j] + shift, m.low[j]), m.high[j]);
		fit->centre[j] = result->mean[j];
		if (m.low[j] == m.high[j] || deviation < MIN_DEVIATION)
			continue;
		fit->scale[j] = 1 / deviation;
		fit->reach[j] = Max(m.high[j] - result->mean[j],
							result->mean[j] - m.low[j]) * fit->scale[j];
		fit->penalty[j] = l2 * fit->scale[j] * fit->scale[j];
	}
}

static inline void
standardise_panel(const double *pg_restrict x, const double *pg_restrict centre,
				  const double *pg_restrict scale, double *pg_restrict z)
{
	for (int k = 0; k < FIT_PANEL; k++)
	{
		double		d = (x[k] - centre[k]) * scale[k];

		z[k] = x[k] == x[k] ? d : 0;
	}
}

/* Pack the rows from the one given on; how many there were. */
static int
pack_block(Fit *fit, int64 start)
{
	const FitRows *data = fit->data;
	int			columns = fit->columns;
	int			whole = columns / FIT_PANEL;
	int64		left = (data->n - start + fit->stride - 1) / fit->stride;
	int			count = (int) Min(FIT_BLOCK_ROWS, left);

	for (int i = 0; i < count; i++)
	{
		const double *row = data->rows + (start + (int64) i * fit->stride) * columns;

		for (int g = 0; g < whole; g++)
			standardise_panel(row + g * FIT_PANEL, fit->centre + g * FIT_PANEL,
							  fit->scale + g * FIT_PANEL,
							  fit->block[g * FIT_BLOCK_ROWS + i]);
		for (int j = whole * FIT_PANEL; j < columns; j++)
		{
			double		d = (row[j] - fit->centre[j]) * fit->scale[j];

			fit->block[whole * FIT_BLOCK_ROWS + i][j - whole * FIT_PANEL] =
				row[j] == row[j] ? d : 0;
		}
		fit->block[i][0] = 1;
		fit->outcome[i] = row[0];
	}
	return count;
}

/* eta of the rows of a block. */
static void
multiply_block(Fit *fit, const double *beta)
{
	Panel		sum[FIT_BLOCK_ROWS];

	memset(sum, 0, sizeof(sum));
	for (int g = 0; g < fit->panels; g++)
	{
		const double *b = beta + g * FIT_PANEL;
		const Panel *z = fit->block + g * FIT_BLOCK_ROWS;

		for (int i = 0; i < FIT_BLOCK_ROWS; i++)
			for (int k = 0; k < FIT_PANEL; k++)
				sum[i][k] += z[i][k] * b[k];
	}
	for (int i = 0; i < FIT_BLOCK_ROWS; i++)
		fit->eta[i] = (sum[i][0] + sum[i][1]) + (sum[i][2] + sum[i][3]);
}

/* Loss, residuals and weights of the rows of a block. */
static double
judge_block(Fit *fit, int count)
{
	double		loss = 0;
	double		product = 1;	/* of at most FIT_BLOCK_ROWS factors up to 2 */

	for (int i = 0; i < count; i++)
	{
		double		eta = fit->eta[i];
		double		e = exp(-fabs(eta));
		double		small = e / (1 + e);
		double		large = 1 / (1 + e);
		double		margin = fit->outcome[i] != 0 ? eta : -eta;

		product *= 1 + e;
		if (margin < 0)
			loss -= margin;
		fit->nearest = Min(fit->nearest, margin);
		fit->residual[i] = margin < 0 ? large : small;
		if (fit->outcome[i] != 0)
			fit->residual[i] = -fit->residual[i];
		fit->root_weight[i] = sqrt(small * large);
	}
	for (int i = count; i < FIT_BLOCK_ROWS; i++)
		fit->residual[i] = fit->root_weight[i] = 0;
	return loss + log(product);
}

/* Add a block's part of the gradient, and weight the block. */
static void
add_gradient(Fit *fit)
{
	for (int g = 0; g < fit->panels; g++)
	{
		Panel	   *z = fit->block + g * FIT_BLOCK_ROWS;
		Panel		sum = {0};

		for (int i = 0; i < FIT_BLOCK_ROWS; i++)
			for (int k = 0; k < FIT_PANEL; k++)
			{
				sum[k] += z[i][k] * fit->residual[i];
				z[i][k] *= fit->root_weight[i];
			}
		for (int k = 0; k < FIT_PANEL; k++)
			fit->gradient[g * FIT_PANEL + k] += sum[k];
	}
}

/* Add a weighted block's part of one tile of the Hessian. */
static void
add_tile(const Panel *pg_restrict a, const Panel *pg_restrict b,
		 double *pg_restrict tile, int width)
{
	double		sum[FIT_PANEL][FIT_PANEL] = {{0}};

	for (int i = 0; i < FIT_BLOCK_ROWS; i++)
		for (int k = 0; k < FIT_PANEL; k++)
			for (int l = 0; l < FIT_PANEL; l++)
				sum[k][l] += a[i][k] * b[i][l];
	for (int k = 0; k < FIT_PANEL; k++)
		for (int l = 0; l < FIT_PANEL; l++)
			tile[k * width + l] += sum[k][l];
}

/* Loss, gradient and Hessian at a point. */
void
fit_pass(Fit *fit, const double *beta)
{
	int			width = fit->width;
	double		penalty = 0;
	double		rate = 1.0 / fit->stride;	/* a sample bears its part */

	fit->loss = 0;
	fit->nearest = get_float8_infinity();
	memset(fit->gradient, 0, width * sizeof(double));
	memset(fit->hessian, 0, (Size) width * width * sizeof(double));
	for (int64 start = 0; start < fit->data->n;
		 start += (int64) FIT_BLOCK_ROWS * fit->stride)
	{
		int			count = pack_block(fit, start);

		CHECK_FOR_INTERRUPTS();
		multiply_block(fit, beta);
		fit->loss += judge_block(fit, count);
		add_gradient(fit);
		for (int g = 0; g < fit->panels; g++)
			for (int h = 0; h <= g; h++)
				add_tile(fit->block + g * FIT_BLOCK_ROWS,
						 fit->block + h * FIT_BLOCK_ROWS,
						 fit->hessian + (Size) g * FIT_PANEL * width + h * FIT_PANEL,
						 width);
	}
	for (int j = 1; j < fit->columns; j++)
	{
		double		pull = rate * fit->penalty[j] * beta[j];

		penalty += pull * beta[j] / 2;
		fit->gradient[j] += pull;
		fit->hessian[(Size) j * width + j] += rate * fit->penalty[j];
	}
	fit->loss += penalty;
}

/* How far a direction takes the rows to their own side: the worst, the best. */
void
fit_margins(Fit *fit, const double *direction, double *worst, double *best)
{
	*worst = *best = 0;
	for (int64 start = 0; start < fit->data->n; start += FIT_BLOCK_ROWS)
	{
		int			count = pack_block(fit, start);

		CHECK_FOR_INTERRUPTS();
		multiply_block(fit, direction);
		for (int i = 0; i < count; i++)
		{
			double		margin = fit->outcome[i] != 0 ? fit->eta[i] : -fit->eta[i];

			*worst = Min(*worst, margin);
			*best = Max(*best, margin);
		}
	}
}
