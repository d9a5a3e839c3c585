/*
 * shapley.h
 *	  Which channels worked together, and what that led to.
 *
 * Coalitions is what shapley_agg makes.  A set of channels is a mask of bits;
 * in a CoalitionGame, bit i is the channel in place i by the order of bytes.
 */
#ifndef LEADFLOW_SHAPLEY_H
#define LEADFLOW_SHAPLEY_H

#include "postgres.h"

#include "attribution/total.h"
#include "summary/summary.h"
#include "summary/words.h"

#define COALITION_MAX_CHANNELS	64

/* Up to so many channels, all their sets are gone through. */
#define SHAPLEY_EXACT_CHANNELS	20

#define SHAPLEY_SAMPLES			10000	/* where the caller leaves it open */
#define SHAPLEY_MAX_SAMPLES		10000000

typedef struct Coalition
{
	uint64		mask;
	Outcome		outcome;
	char		status;			/* of the hash table */
} Coalition;

typedef struct Coalitions
{
	Summary		head;
	WordTable  *words;			/* NULL: none yet */
	struct coalitions_hash *sets;	/* NULL: none yet */
} Coalitions;

/* A set of channels whose paths converted, or not. */
typedef struct CoalitionPart
{
	uint64		mask;
	double		conversions;
	double		nulls;
} CoalitionPart;

typedef struct CoalitionGame
{
	int32		channels;
	int64		n;
	CoalitionPart *part;		/* by mask, without the empty set */
} CoalitionGame;

/* The sets in order, channels by their place in *order. */
extern Coalition *coalitions_sorted(const Coalitions *coalitions, int32 **order,
									int64 *n);

extern const SummaryClass coalitions_class;

/* The Shapley value of each channel, by each game. */
extern void shapley_sum(const CoalitionGame *game, double *shapley);
extern void shapley_rate_exact(const CoalitionGame *game, double *shapley);
extern void shapley_rate_sampled(const CoalitionGame *game, int32 samples,
								 uint64 seed, double *shapley);

#endif							/* LEADFLOW_SHAPLEY_H */
