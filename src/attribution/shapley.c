/*
 * shapley.c
 *	  Shapley values: what a channel adds to those that it works with, on average
 *	  over all orders in which the channels could have come together.
 *
 * With the game 'sum', a set of channels is worth the conversions of all paths
 * that use no other; the value of a channel then is its equal share of the
 * conversions of each path, with no need to go through anything.
 *
 * With the game 'rate', a set is worth the share of these paths that converts.
 * Up to 20 channels, the paths within each of the 2^n sets are added up one
 * channel at a time (the zeta transform), and the value of channel i is
 *
 *		sum over sets S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))
 *
 * Above that, or on request, the channels come together in random orders, each
 * of which is also taken backward, since what is too high in one is often too
 * low in the other.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"

#include "compat.h"
#include "attribution/path.h"
#include "attribution/shapley.h"
#include "leadflow.h"

/* Sets of channels between two looks at interrupts. */
#define SETS_AT_A_TIME	65536

/* Columns of shapley_attribution() */
enum
{
	SHAPLEY_CHANNEL,
	SHAPLEY_SHARE,
	SHAPLEY_CONVERSIONS,
	SHAPLEY_VALUE,
	SHAPLEY_EXACT,
	SHAPLEY_COLUMNS
};

/* What converted of what there was. */
static inline double
rate(double conversions, double nulls)
{
	double		both = conversions + nulls;

	return both > 0 ? conversions / both : 0;
}

void
shapley_sum(const CoalitionGame *game, double *shapley)
{
	memset(shapley, 0, game->channels * sizeof(double));
	for (int64 i = 0; i < game->n; i++)
	{
		double		share = game->part[i].conversions / pg_popcount64(game->part[i].mask);

		CHECK_FOR_INTERRUPTS();
		for (uint64 mask = game->part[i].mask; mask != 0; mask &= mask - 1)
			shapley[pg_rightmost_one_pos64(mask)] += share;
	}
}

/* Add to every set what its subsets have. */
static void
add_subsets(double *of_set, int32 channels)
{
	Size		sets = (Size) 1 << channels;

	for (int32 c = 0; c < channels; c++)
	{
		Size		bit = (Size) 1 << c;

		for (Size set = 0; set < sets; set++)
		{
			if (set % SETS_AT_A_TIME == 0)
				CHECK_FOR_INTERRUPTS();
			if (set & bit)
				of_set[set] += of_set[set ^ bit];
		}
	}
}

void
shapley_rate_exact(const CoalitionGame *game, double *shapley)
{
	int32		n = game->channels;
	Size		sets = (Size) 1 << n;
	double	   *worth = palloc0(sets * sizeof(double));
	double	   *nulls = palloc0(sets * sizeof(double));
	double		weight[SHAPLEY_EXACT_CHANNELS];	/* by the size of the set */

	for (int64 i = 0; i < game->n; i++)
	{
		worth[game->part[i].mask] = game->part[i].conversions;
		nulls[game->part[i].mask] = game->part[i].nulls;
	}
	add_subsets(worth, n);
	add_subsets(nulls, n);
	for (Size set = 0; set < sets; set++)
		worth[set] = rate(worth[set], nulls[set]);
	pfree(nulls);

	for (int32 size = 0; size < n; size++)
		weight[size] = size == 0 ? 1.0 / n : weight[size - 1] * size / (n - size);
	for (int32 c = 0; c < n; c++)
	{
		Size		bit = (Size) 1 << c;

		shapley[c] = 0;
		for (Size set = 0; set < sets; set++)
		{
			if (set % SETS_AT_A_TIME == 0)
				CHECK_FOR_INTERRUPTS();
			if ((set & bit) == 0)
				shapley[c] += weight[pg_popcount64(set)] * (worth[set | bit] - worth[set]);
		}
	}
	pfree(worth);
}

/* The next number of a seed's sequence, by splitmix64. */
static uint64
next_random(uint64 *seed)
{
	uint64		x = (*seed += UINT64CONST(0x9e3779b97f4a7c15));

	x = (x ^ (x >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Put places into a random order. */
static void
shuffle(int32 *place, int32 n, uint64 *seed)
{
	for (int32 i = n - 1; i > 0; i--)
	{
		int32		j = (int32) (((next_random(seed) >> 32) * (i + 1)) >> 32);
		int32		swap = place[i];

		place[i] = place[j];
		place[j] = swap;
	}
}

/* What each channel adds to those before it, when the sets add up in places. */
static void
add_steps(const int32 *channel, bool backward, int32 n,
		  const double *conversions, const double *nulls, double *shapley)
{
	double		converted = 0;
	double		lost = 0;
	double		before = 0;

	for (int32 i = 0; i < n; i++)
	{
		double		worth;

		converted += conversions[i];
		lost += nulls[i];
		worth = rate(converted, lost);
		shapley[channel[backward ? n - 1 - i : i]] += worth - before;
		before = worth;
	}
}

/*
 * The order puts each channel in a place; the paths of a set are there from the
 * place of its last channel on, and, backward, of its first.
 */
void
shapley_rate_sampled(const CoalitionGame *game, int32 samples, uint64 seed,
					 double *shapley)
{
	int32		n = game->channels;
	int32		channel[COALITION_MAX_CHANNELS];
	int32		place[COALITION_MAX_CHANNELS];

	memset(shapley, 0, n * sizeof(double));
	for (int32 i = 0; i < n; i++)
		channel[i] = i;
	for (int32 sample = 0; sample < samples; sample++)
	{
		double		conversions[2][COALITION_MAX_CHANNELS] = {{0}};
		double		nulls[2][COALITION_MAX_CHANNELS] = {{0}};

		CHECK_FOR_INTERRUPTS();
		shuffle(channel, n, &seed);
		for (int32 i = 0; i < n; i++)
			place[channel[i]] = i;
		for (int64 i = 0; i < game->n; i++)
		{
			const CoalitionPart *part = &game->part[i];
			int32		first = n - 1;
			int32		last = 0;

			CHECK_FOR_INTERRUPTS();
			for (uint64 mask = part->mask; mask != 0; mask &= mask - 1)
			{
				int32		at = place[pg_rightmost_one_pos64(mask)];

				first = Min(first, at);
				last = Max(last, at);
			}
			conversions[0][last] += part->conversions;
			nulls[0][last] += part->nulls;
			conversions[1][n - 1 - first] += part->conversions;
			nulls[1][n - 1 - first] += part->nulls;
		}
		add_steps(channel, false, n, conversions[0], nulls[0], shapley);
		add_steps(channel, true, n, conversions[1], nulls[1], shapley);
	}
	for (int32 i = 0; i < n; i++)
		shapley[i] /= 2.0 * samples;
}

/* The sets that are not empty, and what all paths of them brought. */
static void
read_game(CoalitionGame *game, const Coalition *coalition, int64 n, Outcome *all)
{
	memset(all, 0, sizeof(Outcome));
	game->n = 0;
	game->part = palloc(Max(n, 1) * sizeof(CoalitionPart));
	for (int64 i = 0; i < n; i++)
	{
		CoalitionPart *part = &game->part[game->n];

		if (coalition[i].mask == 0)
			continue;
		part->mask = coalition[i].mask;
		part->conversions = coalition[i].outcome.conversions.sum;
		part->nulls = coalition[i].outcome.nulls.sum;
		game->n++;
		outcome_merge(all, &coalition[i].outcome);
	}
	/* no sum of a part of them can then be too large */
	if (isinf(all->conversions.sum + all->nulls.sum))
		total_overflow();
}

/* Find the Shapley values as asked; whether they are exact. */
static bool
find_shapley(const CoalitionGame *game, const char *name, int32 samples,
			 int64 seed, double *shapley)
{
	if (samples < 0 || samples > SHAPLEY_MAX_SAMPLES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of samples must be from 0 to %d", SHAPLEY_MAX_SAMPLES)));
	if (strcmp(name, "sum") == 0)
		shapley_sum(game, shapley);
	else if (strcmp(name, "rate") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("game of Shapley attribution must be 'rate' or 'sum', not \"%s\"",
						excerpt(name, strlen(name)))));
	else if (samples == 0 && game->channels <= SHAPLEY_EXACT_CHANNELS)
		shapley_rate_exact(game, shapley);
	else
	{
		shapley_rate_sampled(game, samples == 0 ? SHAPLEY_SAMPLES : samples,
							 (uint64) seed, shapley);
		return false;
	}
	return true;
}

PG_FUNCTION_INFO_V1(leadflow_shapley_attribution);
Datum
leadflow_shapley_attribution(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Coalitions *coalitions = (Coalitions *) summary_get(PG_GETARG_DATUM(0), &coalitions_class);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	double		shapley[COALITION_MAX_CHANNELS];
	CoalitionGame game;
	Outcome		all;
	double		sum = 0;
	int64		n;
	int32	   *order;
	Coalition  *sorted;
	bool		exact;

	InitMaterializedSRF(fcinfo, 0);
	sorted = coalitions_sorted(coalitions, &order, &n);
	game.channels = coalitions->words == NULL ? 0 : coalitions->words->n;
	read_game(&game, sorted, n, &all);
	exact = find_shapley(&game, name, PG_GETARG_INT32(2), PG_GETARG_INT64(3), shapley);
	for (int32 c = 0; c < game.channels; c++)
		sum += shapley[c];

	for (int32 c = 0; c < game.channels; c++)
	{
		const WordKey *key = &coalitions->words->key[order[c]];
		Datum		values[SHAPLEY_COLUMNS];
		bool		nulls[SHAPLEY_COLUMNS] = {false};

		values[SHAPLEY_CHANNEL] =
			PointerGetDatum(cstring_to_text_with_len(key->bytes, key->len));
		values[SHAPLEY_SHARE] = Float8GetDatum(shapley[c] / sum);
		values[SHAPLEY_CONVERSIONS] = Float8GetDatum(all.conversions.sum * (shapley[c] / sum));
		values[SHAPLEY_VALUE] = Float8GetDatum(all.value.sum * (shapley[c] / sum));
		values[SHAPLEY_EXACT] = BoolGetDatum(exact);
		/* where nothing converts, there is nothing to share */
		if (!(sum > 0))
			nulls[SHAPLEY_SHARE] = nulls[SHAPLEY_CONVERSIONS] = nulls[SHAPLEY_VALUE] = true;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}
