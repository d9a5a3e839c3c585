/*
 * quality.c
 *	  How good a score is, told from scored outcomes: does it put the won
 *	  before the lost (auc, gains, lift), and do as many win as it says
 *	  (calibration, log_loss, brier)?
 *
 * No answer depends on the order of the rows: equal scores are always taken
 * together.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "model/scored.h"

/* More bins than one can look at. */
#define CALIBRATION_MAX_BINS	1000

/* A certain prediction that fails would cost infinitely much. */
#define LOG_LOSS_EDGE			DBL_EPSILON

/* Columns of gains() */
enum
{
	GAINS_GRP,
	GAINS_N,
	GAINS_WON,
	GAINS_LOST,
	GAINS_SCORE_FROM,
	GAINS_SCORE_TO,
	GAINS_CONVERSION,
	GAINS_CUMULATIVE_SHARE_OF_WON,
	GAINS_LIFT,
	GAINS_CUMULATIVE_LIFT,
	GAINS_COLUMNS
};

/* Columns of calibration() */
enum
{
	CALIBRATION_BIN,
	CALIBRATION_SCORE_FROM,
	CALIBRATION_SCORE_TO,
	CALIBRATION_N,
	CALIBRATION_WON,
	CALIBRATION_MEAN_SCORE,
	CALIBRATION_CONVERSION,
	CALIBRATION_COLUMNS
};

/* The state of a mean: a float8[] of these. */
enum
{
	MEAN_N,
	MEAN_SUM,
	MEAN_FIELDS
};

PG_FUNCTION_INFO_V1(leadflow_scored_won);
Datum
leadflow_scored_won(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(scored_get(PG_GETARG_DATUM(0))->of[SCORED_WON].n);
}

PG_FUNCTION_INFO_V1(leadflow_scored_lost);
Datum
leadflow_scored_lost(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(scored_get(PG_GETARG_DATUM(0))->of[SCORED_LOST].n);
}

/*
 * The share of the pairs of a won and a lost lead in which the won has the
 * better score; a tie counts half.  Half pairs are counted, in whole numbers: a
 * list takes at most 1 GB, so twice the product of two lengths fits 64 bits.
 */
PG_FUNCTION_INFO_V1(leadflow_scored_auc);
Datum
leadflow_scored_auc(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	int64		won = scored->of[SCORED_WON].n;
	int64		lost = scored->of[SCORED_LOST].n;
	int64		half_pairs = 0;
	Tie			tie = scored_top(scored);

	if (won == 0 || lost == 0)
		PG_RETURN_NULL();
	while (scored_next(scored, &tie))
		half_pairs += tie.won * (2 * tie.lost_below + tie.lost);
	PG_RETURN_FLOAT8((double) half_pairs / (double) (2 * won * lost));
}

/* The group of the lead in a place (0 is the best), as ntile() deals them out. */
static int64
group_of_place(int64 place, int64 n, int64 groups)
{
	int64		size = n / groups;
	int64		larger = n % groups;	/* groups with one more */

	if (place < larger * (size + 1))
		return place / (size + 1);
	return (place - larger * (size + 1)) / size + larger;
}

/* One row of gains(): the group, and what it and the better ones hold. */
typedef struct GainsRow
{
	int64		grp;
	int64		won;
	int64		lost;
	double		score_from;
	double		score_to;
	int64		won_so_far;
	int64		lost_so_far;
} GainsRow;

static void
put_gains(ReturnSetInfo *result, const GainsRow *row, const Scored *scored)
{
	int64		won = scored->of[SCORED_WON].n;
	double		overall = (double) won / (double) (won + scored->of[SCORED_LOST].n);
	int64		n = row->won + row->lost;
	double		so_far = (double) row->won_so_far /
		(double) (row->won_so_far + row->lost_so_far);
	double		conversion = (double) row->won / (double) n;
	Datum		values[GAINS_COLUMNS];
	bool		nulls[GAINS_COLUMNS] = {false};

	values[GAINS_GRP] = Int32GetDatum((int32) row->grp + 1);
	values[GAINS_N] = Int64GetDatum(n);
	values[GAINS_WON] = Int64GetDatum(row->won);
	values[GAINS_LOST] = Int64GetDatum(row->lost);
	values[GAINS_SCORE_FROM] = Float8GetDatum(row->score_from);
	values[GAINS_SCORE_TO] = Float8GetDatum(row->score_to);
	values[GAINS_CONVERSION] = Float8GetDatum(conversion);
	if (won == 0)
		nulls[GAINS_CUMULATIVE_SHARE_OF_WON] = nulls[GAINS_LIFT] =
			nulls[GAINS_CUMULATIVE_LIFT] = true;
	else
	{
		values[GAINS_CUMULATIVE_SHARE_OF_WON] =
			Float8GetDatum((double) row->won_so_far / (double) won);
		values[GAINS_LIFT] = Float8GetDatum(conversion / overall);
		values[GAINS_CUMULATIVE_LIFT] = Float8GetDatum(so_far / overall);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(leadflow_scored_gains);
Datum
leadflow_scored_gains(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	int32		groups = PG_GETARG_INT32(1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		n = scored->of[SCORED_WON].n + scored->of[SCORED_LOST].n;
	GainsRow	row = {0};
	Tie			tie = scored_top(scored);

	if (groups < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of groups must be at least 1")));
	InitMaterializedSRF(fcinfo, 0);
	row.grp = -1;
	while (scored_next(scored, &tie))
	{
		int64		place = row.won_so_far + row.lost_so_far;
		int64		grp = group_of_place(place, n, groups);

		if (grp != row.grp)
		{
			if (place > 0)
				put_gains(result, &row, scored);
			row.grp = grp;
			row.won = row.lost = 0;
			row.score_to = tie.score;
		}
		row.score_from = tie.score;
		row.won += tie.won;
		row.lost += tie.lost;
		row.won_so_far += tie.won;
		row.lost_so_far += tie.lost;
	}
	if (n > 0)
		put_gains(result, &row, scored);
	PG_RETURN_NULL();
}

/*
 * How many times as many are won among the best as among as many taken at
 * random.  Where the cut goes through a tie, or a lead, a part of it counts.
 */
PG_FUNCTION_INFO_V1(leadflow_scored_lift);
Datum
leadflow_scored_lift(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	double		share = PG_GETARG_FLOAT8(1);
	int64		won = scored->of[SCORED_WON].n;
	double		left = share * (double) (won + scored->of[SCORED_LOST].n);
	double		taken = 0;
	Tie			tie = scored_top(scored);

	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be above 0 and at most 1")));
	if (won == 0)
		PG_RETURN_NULL();
	while (left > 0 && scored_next(scored, &tie))
	{
		double		size = (double) (tie.won + tie.lost);

		taken += (double) tie.won * Min(left / size, 1.0);
		left -= size;
	}
	PG_RETURN_FLOAT8(taken / (share * (double) won));
}

/* Is this a probability?  NaN is none. */
static void
check_probability(double probability)
{
	if (!(probability >= 0 && probability <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be from 0 to 1")));
}

/* Count, and add up, the scores of a list from one place on that lie below. */
static int64
count_below(const ScoreList *list, int64 *place, double edge, bool last, double *sum)
{
	int64		first = *place;

	while (*place < list->n && (last || list->value[*place] < edge))
		*sum += list->value[(*place)++];
	return *place - first;
}

PG_FUNCTION_INFO_V1(leadflow_scored_calibration);
Datum
leadflow_scored_calibration(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	int32		bins = PG_GETARG_INT32(1);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		place[2] = {0, 0};

	if (bins < 1 || bins > CALIBRATION_MAX_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bins must be from 1 to %d", CALIBRATION_MAX_BINS)));
	for (int outcome = SCORED_LOST; outcome <= SCORED_WON; outcome++)
	{
		const ScoreList *list = &scored->of[outcome];

		if (list->n > 0)
		{
			check_probability(list->value[0]);
			check_probability(list->value[list->n - 1]);
		}
	}

	InitMaterializedSRF(fcinfo, 0);
	for (int bin = 0; bin < bins; bin++)
	{
		double		edge = (double) (bin + 1) / bins;
		bool		last = bin == bins - 1;
		double		sum = 0;
		int64		lost;
		int64		won;
		Datum		values[CALIBRATION_COLUMNS];
		bool		nulls[CALIBRATION_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		lost = count_below(&scored->of[SCORED_LOST], &place[SCORED_LOST], edge, last, &sum);
		won = count_below(&scored->of[SCORED_WON], &place[SCORED_WON], edge, last, &sum);
		values[CALIBRATION_BIN] = Int32GetDatum(bin + 1);
		values[CALIBRATION_SCORE_FROM] = Float8GetDatum((double) bin / bins);
		values[CALIBRATION_SCORE_TO] = Float8GetDatum(edge);
		values[CALIBRATION_N] = Int64GetDatum(won + lost);
		values[CALIBRATION_WON] = Int64GetDatum(won);
		if (won + lost == 0)
			nulls[CALIBRATION_MEAN_SCORE] = nulls[CALIBRATION_CONVERSION] = true;
		else
		{
			values[CALIBRATION_MEAN_SCORE] = Float8GetDatum(sum / (double) (won + lost));
			values[CALIBRATION_CONVERSION] =
				Float8GetDatum((double) won / (double) (won + lost));
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* The fields of a mean's state, which is passed as an array. */
static float8 *
mean_fields(ArrayType *state)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != MEAN_FIELDS ||
		ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of a mean must be %d numbers", MEAN_FIELDS)));
	return (float8 *) ((char *) state + ARR_OVERHEAD_NONULLS(1));
}

/* Add to a mean's state, in place: in an aggregate nobody else reads it. */
static Datum
add_to_mean(FunctionCallInfo fcinfo, double n, double sum)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);
	float8	   *field = mean_fields(state);

	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s called in non-aggregate context",
						get_func_name(fcinfo->flinfo->fn_oid))));
	field[MEAN_N] += n;
	field[MEAN_SUM] += sum;
	PG_RETURN_ARRAYTYPE_P(state);
}

PG_FUNCTION_INFO_V1(leadflow_mean_combine);
Datum
leadflow_mean_combine(PG_FUNCTION_ARGS)
{
	float8	   *field = mean_fields(PG_GETARG_ARRAYTYPE_P(1));

	return add_to_mean(fcinfo, field[MEAN_N], field[MEAN_SUM]);
}

PG_FUNCTION_INFO_V1(leadflow_mean_final);
Datum
leadflow_mean_final(PG_FUNCTION_ARGS)
{
	float8	   *field = mean_fields(PG_GETARG_ARRAYTYPE_P(0));

	if (field[MEAN_N] == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(field[MEAN_SUM] / field[MEAN_N]);
}

PG_FUNCTION_INFO_V1(leadflow_log_loss_add);
Datum
leadflow_log_loss_add(PG_FUNCTION_ARGS)
{
	double		probability = PG_GETARG_FLOAT8(1);

	check_probability(probability);
	probability = Max(LOG_LOSS_EDGE, Min(1 - LOG_LOSS_EDGE, probability));
	return add_to_mean(fcinfo, 1,
					   PG_GETARG_BOOL(2) ? -log(probability) : -log1p(-probability));
}

PG_FUNCTION_INFO_V1(leadflow_brier_add);
Datum
leadflow_brier_add(PG_FUNCTION_ARGS)
{
	double		probability = PG_GETARG_FLOAT8(1);
	double		miss = PG_GETARG_BOOL(2) ? 1 - probability : probability;

	check_probability(probability);
	return add_to_mean(fcinfo, 1, miss * miss);
}
