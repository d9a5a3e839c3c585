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
 * other half solved in the same way, and then the other way round.  The state
 * that makes the fewest new transitions goes first, which keeps long memories
 * cheap: most of their states have one way in or out.  Nothing is ever
 * subtracted, as in the algorithm of Grassmann, Taksar and Heyman (Operations
 * Research 33, 1985), so that small effects are as precise as large ones, and a
 * chain that nearly stands still does no harm.  A state that leads to itself
 * leads elsewhere in the end, so that is left out.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "compat.h"
#include "attribution/markov.h"

/* Of a chain while it is solved: 16 bytes each. */
#define MAX_WAYS	10000000

/* Conversion and null, which are numbered before the states. */
#define ENDS		2

/* Where a state leads, and how often. */
typedef struct Way
{
	int32		to;				/* or MARKOV_CONVERSION, MARKOV_NULL */
	double		weight;
} Way;

/* A state: its ways out, by number, and the states that lead to it. */
typedef struct ChainState
{
	int32		ways;			/* -1: taken out */
	Way		   *way;
	int32		before;			/* that are still there */
	int32		listed;			/* also of those that are not */
	int32		room;
	int32	   *list;
} ChainState;

/* The chain of some states, of which 0 is the start. */
typedef struct Chain
{
	int32		states;
	ChainState *node;
	int64		ways;			/* of all */
	Way		   *scratch;		/* for the ways of one */
	double	   *weight;			/* zeroes; for the weights of one, by target */
} Chain;

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

/* A chain without transitions. */
static void
make_chain(Chain *chain, int32 states)
{
	chain->states = states;
	chain->ways = 0;
	chain->node = palloc0(states * sizeof(ChainState));
	chain->scratch = palloc((states + ENDS) * sizeof(Way));
	chain->weight = palloc0((states + ENDS) * sizeof(double));
}

static void
free_state(ChainState *node)
{
	if (node->way != NULL)
		pfree(node->way);
	if (node->list != NULL)
		pfree(node->list);
	memset(node, 0, sizeof(ChainState));
	node->ways = -1;
}

static void
free_chain(Chain *chain)
{
	for (int32 i = 0; i < chain->states; i++)
		free_state(&chain->node[i]);
	pfree(chain->node);
	pfree(chain->scratch);
	pfree(chain->weight);
}

/* Note that a state leads to another. */
static void
add_before(ChainState *node, int32 from)
{
	if (node->listed == node->room)
	{
		node->room = Max(4, 2 * node->room);
		if (node->list == NULL)
			node->list = palloc(node->room * sizeof(int32));
		else
			node->list = repalloc(node->list, node->room * sizeof(int32));
	}
	node->list[node->listed++] = from;
	node->before++;
}

/* Give a state these ways, in place of those that it has. */
static void
set_ways(Chain *chain, int32 state, const Way *way, int32 n)
{
	ChainState *node = &chain->node[state];

	chain->ways += n - node->ways;
	if (chain->ways > MAX_WAYS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("Markov chain is too closely knit to be solved"),
				 errdetail("Solving it takes more than %d transitions.", MAX_WAYS),
				 errhint("Use a lower order, or group channels.")));
	if (node->way == NULL)
		node->way = palloc(Max(n, 1) * sizeof(Way));
	else if (n > node->ways)
		node->way = repalloc(node->way, n * sizeof(Way));
	memcpy(node->way, way, n * sizeof(Way));
	node->ways = n;
}

static int
compare_ways(const void *a, const void *b)
{
	int32		x = ((const Way *) a)->to;
	int32		y = ((const Way *) b)->to;

	return (x > y) - (x < y);
}

pg_noreturn static void
refuse_weights(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("weights of a Markov chain differ by too much"),
			 errdetail("A share of them is too small for a number.")));
	pg_unreachable();
}

/*
 * The whole chain; arcs of one state lie together, and weights become shares of
 * what leads elsewhere.
 */
static void
fill_chain(Chain *chain, const MarkovGraph *graph)
{
	int64		next;

	if (graph->states > MARKOV_MAX_STATES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("Markov chain has too many states to be solved"),
				 errdetail("It has %d; %d can be solved.", graph->states, MARKOV_MAX_STATES),
				 errhint("Use a lower order, or group channels.")));
	make_chain(chain, graph->states);
	for (int64 i = 0; i < graph->n; i = next)
	{
		int32		from = graph->arc[i].from;
		double		sum = 0;
		int32		n = 0;

		CHECK_FOR_INTERRUPTS();
		for (next = i; next < graph->n && graph->arc[next].from == from; next++)
			sum += graph->arc[next].to == from ? 0 : graph->arc[next].weight;
		if (isinf(sum))
			total_overflow();
		for (int64 j = i; j < next; j++)
		{
			const MarkovArc *arc = &graph->arc[j];

			if (arc->to == from)
				continue;
			if (arc->to >= 0)
				add_before(&chain->node[arc->to], from);
			chain->scratch[n].to = arc->to;
			chain->scratch[n++].weight = arc->weight / sum;
		}
		qsort(chain->scratch, n, sizeof(Way), compare_ways);
		set_ways(chain, from, chain->scratch, n);
	}
}

/*
 * Put one state's ways, which are shares of 1, in place of another's way to it.
 * They are also in chain->weight; late in a chain most ways are there already,
 * so that nothing has to be moved.
 */
static void
replace_way(Chain *chain, int32 state, int32 old)
{
	ChainState *node = &chain->node[state];
	const ChainState *by = &chain->node[old];
	const double *weight = chain->weight + ENDS;
	Way			wanted = {old, 0};
	Way		   *way = bsearch(&wanted, node->way, node->ways, sizeof(Way), compare_ways);
	double		share = way->weight;
	int32		missing = by->ways - (weight[state] > 0);
	const Way  *more = by->way;
	const Way  *more_end = more + by->ways;
	const Way  *end;
	Way		   *to = chain->scratch;

	node->ways--;
	chain->ways--;
	memmove(way, way + 1, (node->way + node->ways - way) * sizeof(Way));
	for (int32 i = 0; i < node->ways; i++)
	{
		double		x = weight[node->way[i].to];

		node->way[i].weight += share * x;
		missing -= x > 0;
	}
	if (missing == 0)
		return;

	end = node->way + node->ways;
	for (way = node->way; way < end || more < more_end;)
	{
		if (more == more_end || (way < end && way->to <= more->to))
		{
			if (more < more_end && way->to == more->to)
				more++;
			*to++ = *way++;
			continue;
		}
		if (more->to != state)
		{
			if (more->to >= 0)
				add_before(&chain->node[more->to], state);
			to->to = more->to;
			to->weight = share * more->weight;
			to++;
		}
		more++;
	}
	set_ways(chain, state, chain->scratch, (int32) (to - chain->scratch));
}

/* Take a state out of a chain. */
static void
take_out(Chain *chain, int32 state)
{
	ChainState *node = &chain->node[state];
	double	   *weight = chain->weight + ENDS;
	double		leaving = 0;

	for (int32 i = 0; i < node->ways; i++)
		leaving += node->way[i].weight;
	if (leaving <= 0)
		refuse_weights();
	/* 1 / leaving may be too large for a number, but no share of it is */
	for (int32 i = 0; i < node->ways; i++)
	{
		node->way[i].weight /= leaving;
		weight[node->way[i].to] = node->way[i].weight;
	}
	for (int32 i = 0; i < node->listed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (chain->node[node->list[i]].ways >= 0)
			replace_way(chain, node->list[i], state);
	}
	for (int32 i = 0; i < node->ways; i++)
	{
		weight[node->way[i].to] = 0;
		if (node->way[i].to >= 0)
			chain->node[node->way[i].to].before--;
	}
	chain->ways -= node->ways;
	free_state(node);
}

/* Take out all states but the start and some in a row, the cheapest first. */
static void
take_out_others(Chain *chain, int32 from, int32 to)
{
	int32	   *left = palloc(chain->states * sizeof(int32));
	int32		n = 0;

	for (int32 i = 1; i < chain->states; i++)
	{
		if (i < from || i >= to)
			left[n++] = i;
	}
	while (n > 0)
	{
		int64		best_cost = PG_INT64_MAX;
		int32		best = 0;

		for (int32 i = 0; i < n && best_cost > 1; i++)
		{
			const ChainState *node = &chain->node[left[i]];
			int64		cost = (int64) node->before * node->ways;

			if (cost < best_cost)
			{
				best_cost = cost;
				best = i;
			}
		}
		take_out(chain, left[best]);
		left[best] = left[--n];
	}
	pfree(left);
}

/* A chain of the start and some states in a row; the others are taken out. */
static void
keep_states(Chain *part, const Chain *chain, int32 from, int32 to)
{
	Chain		copy;

	make_chain(&copy, chain->states);
	for (int32 i = 0; i < chain->states; i++)
	{
		const ChainState *node = &chain->node[i];

		set_ways(&copy, i, node->way, node->ways);
		for (int32 j = 0; j < node->ways; j++)
		{
			if (node->way[j].to >= 0)
				add_before(&copy.node[node->way[j].to], i);
		}
	}
	take_out_others(&copy, from, to);

	make_chain(part, 1 + to - from);
	for (int32 i = 0; i < part->states; i++)
	{
		const ChainState *node = &copy.node[i == 0 ? 0 : from + i - 1];

		set_ways(part, i, node->way, node->ways);
		for (int32 j = 0; j < node->ways; j++)
		{
			Way		   *way = &part->node[i].way[j];

			if (way->to < 0)
				continue;
			way->to -= from - 1;
			add_before(&part->node[way->to], i);
		}
	}
	free_chain(&copy);
}

/* The weight with which a lead that starts ends so. */
static double
weight_of_end(const Chain *chain, int32 end)
{
	const ChainState *start = &chain->node[0];

	for (int32 i = 0; i < start->ways && start->way[i].to < 0; i++)
	{
		if (start->way[i].to == end)
			return start->way[i].weight;
	}
	return 0;
}

/* The removal effect of the one channel whose states are left. */
static double
removal_effect(Chain *chain)
{
	ChainState *start = &chain->node[0];
	double		without = weight_of_end(chain, MARKOV_CONVERSION);
	double		through;

	for (int32 i = 0; i < start->ways; i++)
	{
		if (start->way[i].to == MARKOV_CONVERSION)
			start->way[i].weight = 0;
	}
	take_out_others(chain, 1, 1);
	through = weight_of_end(chain, MARKOV_CONVERSION);
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
	free_chain(&part);
	keep_states(&part, chain, first[middle] - base, chain->states);
	solve_channels(&part, first + middle, channels - middle, effect + middle);
	free_chain(&part);
}

/* Whether any path converts. */
static bool
converts(const MarkovGraph *graph)
{
	for (int64 i = 0; i < graph->n; i++)
	{
		if (graph->arc[i].to == MARKOV_CONVERSION)
			return true;
	}
	return false;
}

double
markov_probability(const MarkovGraph *graph)
{
	Chain		chain;
	double		converted;
	double		lost;

	if (graph->n == 0)
		return get_float8_nan();
	fill_chain(&chain, graph);
	take_out_others(&chain, 1, 1);
	converted = weight_of_end(&chain, MARKOV_CONVERSION);
	lost = weight_of_end(&chain, MARKOV_NULL);
	free_chain(&chain);
	if (converted + lost == 0 || (converted == 0 && converts(graph)))
		refuse_weights();
	return converted / (converted + lost);
}

void
markov_removal(const MarkovGraph *graph, double *effect)
{
	Chain		chain;

	if (graph->n == 0)
		return;
	fill_chain(&chain, graph);
	solve_channels(&chain, graph->first, graph->channels, effect);
	free_chain(&chain);
	for (int32 c = 0; c < graph->channels; c++)
	{
		if (isnan(effect[c]) && converts(graph))
			refuse_weights();
	}
}
