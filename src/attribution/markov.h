/*
 * markov.h
 *	  The Markov chain of the channels that leads went through, with a memory
 *	  of the last 1 to 4 of them.
 *
 * Markov is what markov_agg makes and adds to.  MarkovGraph is the same chain
 * numbered for solving: state 0 is the start, the states that end in the first
 * channel come next, and so on; channels are in the order of their bytes.
 */
#ifndef LEADFLOW_MARKOV_H
#define LEADFLOW_MARKOV_H

#include "postgres.h"

#include "attribution/total.h"
#include "summary/summary.h"
#include "summary/words.h"

#define MARKOV_MAX_ORDER	4
#define MARKOV_MAX_CHANNELS	65535	/* four fit a state of 64 bits */
#define MARKOV_MAX_STATES	20000	/* of a chain that is solved */

/* Where a path ends; all other ends of a transition are channels, from 0. */
#define MARKOV_CONVERSION	(-1)
#define MARKOV_NULL			(-2)

/* The last channels, each 1 + its number in 16 bits, the latest lowest. */
typedef uint64 MarkovState;

#define MARKOV_START		((MarkovState) 0)

typedef struct MarkovMove
{
	MarkovState from;
	int32		to;
} MarkovMove;

typedef struct MarkovTransition
{
	MarkovMove	move;
	Total		weight;
	char		status;			/* of the hash table */
} MarkovTransition;

typedef struct Markov
{
	Summary		head;
	int32		order;			/* 0: not yet known */
	WordTable  *words;			/* NULL: none yet */
	struct transitions_hash *transitions;	/* NULL: none yet */
	Total		value;			/* of all conversions with a channel */
	Outcome		untouched;		/* of paths without a channel */
} Markov;

/* A transition between states by number. */
typedef struct MarkovArc
{
	int32		from;
	int32		to;				/* or MARKOV_CONVERSION, MARKOV_NULL */
	double		weight;
} MarkovArc;

typedef struct MarkovGraph
{
	int32		channels;
	int32		states;			/* with the start */
	int32	   *first;			/* state of each channel, and the end of all */
	int64		n;
	MarkovArc  *arc;
} MarkovGraph;

extern const SummaryClass markov_class;

/* Say of which order a chain is, before anything is added to it. */
extern void markov_set_order(Markov *markov, int32 order);
pg_noreturn extern void markov_refuse_null_order(void);

/* The number of a channel. */
extern int32 markov_channel(Markov *markov, Word channel);

/* Add a path of channels by name, or by number; weights are checked before. */
extern void markov_add_path(Markov *markov, const Word *channels, int n,
							double conversions, double value, double nulls);
extern void markov_add_numbers(Markov *markov, const int32 *channel, int n,
							   double conversions, double value, double nulls);

/* The transitions in order, channels by their place in *order. */
extern MarkovTransition *markov_sorted(const Markov *markov, int32 **order,
									   int64 *n);

/* What the last channels are after one more. */
static inline MarkovState
markov_next(MarkovState from, int32 channel, int32 order)
{
	return ((from << 16) | (MarkovState) (channel + 1)) &
		(PG_UINT64_MAX >> (64 - 16 * order));
}

/* The chain for solving. */
extern MarkovGraph *markov_graph(const MarkovTransition *transition, int64 n,
								 int32 channels, int32 order);

/* What is wrong with a chain that no paths could make, or NULL. */
extern const char *markov_fault(const MarkovGraph *graph);

/* The probability of a conversion; NaN where there are no transitions. */
extern double markov_probability(const MarkovGraph *graph);

/* The removal effect of each channel; NaN where nothing converts. */
extern void markov_removal(const MarkovGraph *graph, double *effect);

#endif							/* LEADFLOW_MARKOV_H */
