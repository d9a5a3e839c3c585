/*
 * markov_solve.c
 *	  The probability of a conversion, and the removal effects of all channels,
 *	  exactly.
 *
 * A state can be taken out of a chain without changing where leads end: who
 * came to it goes on to where it leads, in the same proportions.  If k leads to
 * j with weight w(k,j), and d(k) is the sum of that over all j but k itself,
 * then taking out k means, for all that remain,
 *
 *		w(i,j) += w(i,k) * w(k,j) / d(k)
 *
 * Once all states but the start and those that end in channel c are taken out,
 * what leads from the start straight to (conversion) is what converts without
 * c, and taking out the states of c as well adds what converts through c, which
 * is lost when every transition into c leads to (null).  The removal effect is
 * its share of the sum.
 *
 * To come to that for every channel, half of the channels are taken out and the
 * other half solved in the same way, and then the other way round: about
 * 1.6 n^3 operations for n states in all.  Nothing is ever subtracted, as in
 * the algorithm of Grassmann, Taksar and Heyman (Operations Research 33, 1985),
 * so that small effects are as precise as large ones, and a chain that nearly
 * stands still does no harm.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "compat.h"
#include "attribution/markov.h"

/* Columns of a row before its states. */
#define COLUMN_CONVERSION	0
#define COLUMN_NULL			1
#define COLUMN_STATE		2

/* The chain of some states, dense; state 0 is the start. */
typedef struct Chain
{
	int32		states;
	int32		width;			/* of a row */
	double	   *weight;
} Chain;

static inline double *
chain_row(const Chain *chain, int32 state)
{
	return chain->weight + (Size) state * chain->width;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/* What sorts states by their last channel, the start first. */
static inline uint64
key_of_state(MarkovState state)
{
	return (state >> 16) | (state << 48);
}

/* The number of a state, or -1. */
static int32
number_of_state(MarkovState state, const uint64 *key, int32 n)
{
	uint64		wanted = key_of_state(state);
	const uint64 *found = bsearch(&wanted, key, n, sizeof(uint64), compare_keys);

	return found == NULL ? -1 : (int32) (found - key);
}

/* A state that is entered but never left has the number of states. */
MarkovGraph *
markov_graph(const MarkovTransition *transition, int64 n, int32 channels, int32 order)
{
	MarkovGraph *graph = palloc0(sizeof(MarkovGraph));
	uint64	   *key = palloc((n + 1) * sizeof(uint64));
	int32		states = 0;
	int32		s = 1;

	key[states++] = key_of_state(MARKOV_START);
	for (int64 i = 0; i < n; i++)
	{
		if (transition[i].move.from != (i == 0 ? MARKOV_START : transition[i - 1].move.from))
			key[states++] = key_of_state(transition[i].move.from);
	}
	qsort(key, states, sizeof(uint64), compare_keys);

	graph->channels = channels;
	graph->states = states;
	graph->first = palloc((channels + 1) * sizeof(int32));
	for (int32 c = 0; c <= channels; c++)
	{
		while (s < states && (int32) (key[s] >> 48) - 1 < c)
			s++;
		graph->first[c] = s;
	}
	graph->n = n;
	graph->arc = palloc(Max(n, 1) * sizeof(MarkovArc));
	for (int64 i = 0; i < n; i++)
	{
		const MarkovMove *move = &transition[i].move;
		MarkovArc  *arc = &graph->arc[i];

		CHECK_FOR_INTERRUPTS();
		arc->from = number_of_state(move->from, key, states);
		arc->to = move->to;
		if (move->to >= 0)
		{
			arc->to = number_of_state(markov_next(move->from, move->to, order), key, states);
			if (arc->to < 0)
				arc->to = states;
		}
		arc->weight = transition[i].weight.sum;
	}
	pfree(key);
	return graph;
}

/*
 * How many states can be come to from the start, or, backward, have a way to an
 * end.  Arcs lead to states that are there.
 */
static int32
count_reached(const MarkovGraph *graph, bool backward)
{
	int32		states = graph->states;
	bool	   *seen = palloc0(states);
	int32	   *todo = palloc(states * sizeof(int32));
	int64	   *arcs = palloc(states * sizeof(int64));	/* the first arc of a state */
	int64	   *next = palloc(graph->n * sizeof(int64));	/* the next of the same */
	int32		waiting = 0;
	int32		reached = 0;

	memset(arcs, 0xff, states * sizeof(int64));
	if (!backward)
	{
		seen[0] = true;
		todo[waiting++] = 0;
	}
	for (int64 i = 0; i < graph->n; i++)
	{
		const MarkovArc *arc = &graph->arc[i];

		if (arc->to < 0)
		{
			if (backward && !seen[arc->from])
			{
				seen[arc->from] = true;
				todo[waiting++] = arc->from;
			}
			continue;
		}
		next[i] = arcs[backward ? arc->to : arc->from];
		arcs[backward ? arc->to : arc->from] = i;
	}
	while (waiting > 0)
	{
		CHECK_FOR_INTERRUPTS();
		reached++;
		for (int64 i = arcs[todo[--waiting]]; i >= 0; i = next[i])
		{
			int32		other = backward ? graph->arc[i].from : graph->arc[i].to;

			if (!seen[other])
			{
				seen[other] = true;
				todo[waiting++] = other;
			}
		}
	}
	pfree(seen);
	pfree(todo);
	pfree(arcs);
	pfree(next);
	return reached;
}

const char *
markov_fault(const MarkovGraph *graph)
{
	if (graph->n == 0)
		return graph->channels == 0 ? NULL : "A channel is in no transition.";
	for (int64 i = 0; i < graph->n; i++)
	{
		const MarkovArc *arc = &graph->arc[i];

		if (arc->to == graph->states)
			return "A transition leads to a state that no transition leaves.";
		if (arc->from == 0 && arc->to < 0)
			return "A path ends at its start.";
	}
	for (int32 c = 0; c < graph->channels; c++)
	{
		if (graph->first[c] == graph->first[c + 1])
			return "A channel is in no transition.";
	}
	if (count_reached(graph, false) < graph->states)
		return "A state cannot be reached from the start.";
	if (count_reached(graph, true) < graph->states)
		return "From a state no end can be reached.";
	return NULL;
}

/* An empty chain. */
static void
make_chain(Chain *chain, int32 states)
{
	chain->states = states;
	chain->width = states + COLUMN_STATE;
	chain->weight = palloc0((Size) states * chain->width * sizeof(double));
}

/* The whole chain; each row sums up to 1. */
static void
fill_chain(Chain *chain, const MarkovGraph *graph)
{
	double	   *sum = palloc0(graph->states * sizeof(double));

	if (graph->states > MARKOV_MAX_STATES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("Markov chain has too many states to be solved"),
				 errdetail("It has %d; %d can be solved.", graph->states, MARKOV_MAX_STATES),
				 errhint("Use a lower order, or group channels.")));
	make_chain(chain, graph->states);
	for (int64 i = 0; i < graph->n; i++)
	{
		sum[graph->arc[i].from] += graph->arc[i].weight;
		if (isinf(sum[graph->arc[i].from]))
			total_overflow();
	}
	for (int64 i = 0; i < graph->n; i++)
	{
		const MarkovArc *arc = &graph->arc[i];
		int32		column = arc->to == MARKOV_CONVERSION ? COLUMN_CONVERSION :
			arc->to == MARKOV_NULL ? COLUMN_NULL : COLUMN_STATE + arc->to;

		chain_row(chain, arc->from)[column] = arc->weight / sum[arc->from];
	}
	pfree(sum);
}

/* Take out the last state. */
static void
take_out_last(Chain *chain)
{
	int32		k = --chain->states;
	int32		columns = COLUMN_STATE + k;
	const double *out = chain_row(chain, k);
	double		leaving = 0;

	CHECK_FOR_INTERRUPTS();
	for (int32 j = 0; j < columns; j++)
		leaving += out[j];
	if (leaving <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weights of a Markov chain differ by too much"),
				 errdetail("The share that leaves a state is too small for a number.")));
	for (int32 i = 0; i < k; i++)
	{
		double	   *row = chain_row(chain, i);
		double		share = row[columns] / leaving;

		if (row[columns] == 0)
			continue;
		for (int32 j = 0; j < columns; j++)
			row[j] += share * out[j];
	}
}

/* A chain of the start and some states in a row; the others are taken out. */
static void
keep_states(Chain *part, const Chain *chain, int32 from, int32 to)
{
	int32		kept = to - from;

	make_chain(part, chain->states);
	for (int32 i = 0; i < chain->states; i++)
	{
		const double *row = chain_row(chain, i);
		int32		place = i == 0 ? 0 : i < from ? i + kept : i < to ? i - from + 1 : i;
		double	   *to_row = chain_row(part, place);

		/* nothing leads to the start; those before the kept come after them */
		memcpy(to_row, row, COLUMN_STATE * sizeof(double));
		memcpy(to_row + COLUMN_STATE + 1, row + COLUMN_STATE + from,
			   kept * sizeof(double));
		memcpy(to_row + COLUMN_STATE + 1 + kept, row + COLUMN_STATE + 1,
			   (from - 1) * sizeof(double));
		memcpy(to_row + COLUMN_STATE + to, row + COLUMN_STATE + to,
			   (chain->states - to) * sizeof(double));
	}
	while (part->states > 1 + kept)
		take_out_last(part);
}

/* The removal effect of the one channel whose states are left. */
static double
removal_effect(Chain *chain)
{
	double	   *start = chain->weight;
	double		without = start[COLUMN_CONVERSION];
	double		through;

	start[COLUMN_CONVERSION] = 0;
	while (chain->states > 1)
		take_out_last(chain);
	through = start[COLUMN_CONVERSION];
	return through / (through + without);
}

/* The removal effects of some channels, whose states and the start are left. */
static void
solve_channels(Chain *chain, const int32 *first, int32 channels, double *effect)
{
	int32		middle = 1;
	int32		base = first[0] - 1;	/* states before those that are left */
	Chain		part;

	if (channels == 1)
	{
		effect[0] = removal_effect(chain);
		return;
	}
	while (middle < channels - 1 && first[middle] - base < chain->states / 2)
		middle++;
	keep_states(&part, chain, 1, first[middle] - base);
	solve_channels(&part, first, middle, effect);
	pfree(part.weight);
	keep_states(&part, chain, first[middle] - base, chain->states);
	solve_channels(&part, first + middle, channels - middle, effect + middle);
	pfree(part.weight);
}

double
markov_probability(const MarkovGraph *graph)
{
	Chain		chain;
	double		probability;

	if (graph->n == 0)
		return get_float8_nan();
	fill_chain(&chain, graph);
	while (chain.states > 1)
		take_out_last(&chain);
	probability = chain.weight[COLUMN_CONVERSION] /
		(chain.weight[COLUMN_CONVERSION] + chain.weight[COLUMN_NULL]);
	pfree(chain.weight);
	return probability;
}

void
markov_removal(const MarkovGraph *graph, double *effect)
{
	Chain		chain;

	if (graph->n == 0)
		return;
	fill_chain(&chain, graph);
	solve_channels(&chain, graph->first, graph->channels, effect);
	pfree(chain.weight);
}
