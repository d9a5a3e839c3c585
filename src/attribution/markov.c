/*
 * markov.c
 *	  Paths of channels, counted as transitions: the type markov_chain.
 *
 * A state is the last channels of a path, at most as many as the order; at the
 * start there are fewer.  A path a, b of order 1 with 2 conversions and 3 nulls
 * adds (start) -> a 5, a -> b 5, b -> (conversion) 2 and b -> (null) 3.  Only
 * distinct transitions take memory: 40 bytes each.
 *
 * A path without channels has nobody to give the credit to, so it is kept
 * apart and is no part of the chain.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "attribution/markov.h"
#include "attribution/path.h"
#include "summary/moments.h"
#include "summary/pack.h"

#define MARKOV_MAX_TRANSITIONS	10000000

/*
 * Each table has hashes of its own: what is read in the order of one table's
 * hashes would pile up in another with the same.
 */
static inline uint32
hash_move(MarkovMove move, const void *table)
{
	uint64		hash = (move.from ^ (uintptr_t) table) * UINT64CONST(0x9e3779b97f4a7c15);

	/* from and to are alike in many moves, so they must not meet unmixed */
	hash = (hash ^ (hash >> 32) ^ (uint32) move.to) * UINT64CONST(0xd6e8feb86659fd93);
	return (uint32) (hash >> 32);
}

#define SH_PREFIX transitions
#define SH_ELEMENT_TYPE MarkovTransition
#define SH_KEY_TYPE MarkovMove
#define SH_KEY move
#define SH_HASH_KEY(tb, key) hash_move(key, tb)
#define SH_EQUAL(tb, a, b) ((a).from == (b).from && (a).to == (b).to)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void markov_merge(Summary *into, Summary *from);
static void markov_pack(Summary *summary, Packer *p);
static void markov_unpack(Summary *summary, Unpacker *u);

const SummaryClass markov_class = {
	.type_name = "markov_chain",
	.magic = 0x4d4b4301,		/* "MKC", 1 */
	.size = sizeof(Markov),
	.merge = markov_merge,
	.pack = markov_pack,
	.unpack = markov_unpack
};

void
markov_set_order(Markov *markov, int32 order)
{
	if (order < 1 || order > MARKOV_MAX_ORDER)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("order of a Markov chain must be from 1 to %d", MARKOV_MAX_ORDER)));
	if (markov->order != 0 && markov->order != order)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("Markov chains of order %d and %d cannot be one", markov->order, order),
				 errhint("Use the same order for all paths, or group by it.")));
	markov->order = order;
}

int32
markov_channel(Markov *markov, Word channel)
{
	int32		number;

	if (markov->words == NULL)
		markov->words = moments_make_words(summary_context(&markov->head));
	number = moments_word(markov->words, channel);
	if (number >= MARKOV_MAX_CHANNELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many channels for a Markov chain"),
				 errdetail("A chain can have %d.", MARKOV_MAX_CHANNELS),
				 errhint("Group channels.")));
	return number;
}

/* The weight of a transition, which is added if it is new. */
static Total *
find_weight(Markov *markov, MarkovState from, int32 to, bool *found)
{
	MarkovMove	move = {from, to};
	MarkovTransition *transition;

	if (markov->transitions == NULL)
		markov->transitions = transitions_create(summary_context(&markov->head), 2, NULL);
	transition = transitions_insert(markov->transitions, move, found);
	if (!*found)
	{
		transition->weight.sum = transition->weight.rest = 0;
		if (markov->transitions->members > MARKOV_MAX_TRANSITIONS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many transitions for a Markov chain"),
					 errdetail("A chain can have %d.", MARKOV_MAX_TRANSITIONS),
					 errhint("Use a lower order, or group channels.")));
	}
	return &transition->weight;
}

void
markov_add_numbers(Markov *markov, const int32 *channel, int n,
				   double conversions, double value, double nulls)
{
	double		both = conversions + nulls;
	MarkovState state = MARKOV_START;
	bool		found;

	if (n == 0)
	{
		outcome_add(&markov->untouched, conversions, value, nulls);
		return;
	}
	total_add(&markov->value, value);
	if (both == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		total_add(find_weight(markov, state, channel[i], &found), both);
		state = markov_next(state, channel[i], markov->order);
	}
	if (conversions > 0)
		total_add(find_weight(markov, state, MARKOV_CONVERSION, &found), conversions);
	if (nulls > 0)
		total_add(find_weight(markov, state, MARKOV_NULL, &found), nulls);
}

void
markov_add_path(Markov *markov, const Word *channels, int n,
				double conversions, double value, double nulls)
{
	int32	   *number = palloc(Max(n, 1) * sizeof(int32));

	/* a path of no weight leaves no channel behind */
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		number[i] = conversions + nulls == 0 ? 0 : markov_channel(markov, channels[i]);
	}
	markov_add_numbers(markov, number, n, conversions, value, nulls);
	pfree(number);
}

/* A state in other numbers of its channels. */
static MarkovState
renumber(MarkovState state, const int32 *number)
{
	MarkovState result = 0;

	for (int shift = 0; shift < 64 && state >> shift != 0; shift += 16)
		result |= (MarkovState) (number[((state >> shift) & 0xffff) - 1] + 1) << shift;
	return result;
}

static void
markov_merge(Summary *into_summary, Summary *from_summary)
{
	Markov	   *into = (Markov *) into_summary;
	Markov	   *from = (Markov *) from_summary;
	int32		channels = from->words == NULL ? 0 : from->words->n;
	int32	   *number = palloc(Max(channels, 1) * sizeof(int32));
	transitions_iterator iterator;
	MarkovTransition *transition;

	markov_set_order(into, from->order);
	total_merge(&into->value, from->value);
	outcome_merge(&into->untouched, &from->untouched);
	for (int32 i = 0; i < channels; i++)
		number[i] = markov_channel(into, words_word(from->words, i));
	if (from->transitions != NULL)
	{
		transitions_start_iterate(from->transitions, &iterator);
		while ((transition = transitions_iterate(from->transitions, &iterator)) != NULL)
		{
			int32		to = transition->move.to;
			bool		found;

			CHECK_FOR_INTERRUPTS();
			total_merge(find_weight(into, renumber(transition->move.from, number),
									to < 0 ? to : number[to], &found),
						transition->weight);
		}
	}
	pfree(number);
}

/* How many transitions there are. */
static int64
count_transitions(const Markov *markov)
{
	return markov->transitions == NULL ? 0 : markov->transitions->members;
}

static int
compare_transitions(const void *a, const void *b)
{
	const MarkovMove *x = &((const MarkovTransition *) a)->move;
	const MarkovMove *y = &((const MarkovTransition *) b)->move;

	CHECK_FOR_INTERRUPTS();
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

MarkovTransition *
markov_sorted(const Markov *markov, int32 **order, int64 *n)
{
	static const WordTable no_words;
	const WordTable *words = markov->words == NULL ? &no_words : markov->words;
	int32	   *place = palloc(Max(words->n, 1) * sizeof(int32));
	MarkovTransition *sorted;
	MarkovTransition *transition;
	transitions_iterator iterator;

	*n = 0;
	*order = words_sorted(words);
	for (int32 i = 0; i < words->n; i++)
		place[(*order)[i]] = i;
	sorted = palloc(Max(count_transitions(markov), 1) * sizeof(MarkovTransition));
	if (markov->transitions == NULL)
	{
		pfree(place);
		return sorted;
	}
	transitions_start_iterate(markov->transitions, &iterator);
	while ((transition = transitions_iterate(markov->transitions, &iterator)) != NULL)
	{
		MarkovMove *move = &sorted[*n].move;

		CHECK_FOR_INTERRUPTS();
		sorted[(*n)++] = *transition;
		move->from = renumber(move->from, place);
		if (move->to >= 0)
			move->to = place[move->to];
	}
	pfree(place);
	qsort(sorted, *n, sizeof(MarkovTransition), compare_transitions);
	return sorted;
}

/* Write a state, the earliest channel first. */
static void
pack_state(Packer *p, MarkovState state)
{
	int			n = 0;

	while (n < MARKOV_MAX_ORDER && state >> (16 * n) != 0)
		n++;
	pack_list(p, NULL, n);
	while (--n >= 0)
		pack_int(p, NULL, (int64) ((state >> (16 * n)) & 0xffff) - 1);
	pack_end(p);
}

static void
markov_pack(Summary *summary, Packer *p)
{
	Markov	   *markov = (Markov *) summary;
	int64		n;
	int32	   *order;
	MarkovTransition *transition = markov_sorted(markov, &order, &n);

	pack_int(p, "order", markov->order);
	pack_list(p, "channels", markov->words == NULL ? 0 : markov->words->n);
	for (int32 i = 0; markov->words != NULL && i < markov->words->n; i++)
		pack_word(p, NULL, markov->words->key[order[i]].bytes,
				  markov->words->key[order[i]].len);
	pack_end(p);
	pack_list(p, "transitions", n);
	for (int64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pack_tuple(p);
		pack_state(p, transition[i].move.from);
		pack_int(p, NULL, transition[i].move.to);
		total_pack(p, NULL, transition[i].weight);
		pack_end(p);
	}
	pack_end(p);
	total_pack(p, "value", markov->value);
	outcome_pack(p, "untouched", &markov->untouched);
	pfree(transition);
	pfree(order);
}

/* Read a state, whose channels must be known. */
static MarkovState
unpack_state(Unpacker *u, int32 order, int32 channels)
{
	MarkovState state = MARKOV_START;

	unpack_list(u, NULL, order);
	while (unpack_more(u))
		state = markov_next(state, (int32) unpack_int(u, NULL, 0, channels - 1), order);
	return state;
}

/* Refuse transitions that no paths could make. */
static void
check_chain(Unpacker *u, Markov *markov)
{
	int32		channels = markov->words == NULL ? 0 : markov->words->n;
	int64		n;
	int32	   *order;
	MarkovTransition *transition = markov_sorted(markov, &order, &n);
	MarkovGraph *graph = markov_graph(transition, n, channels, markov->order);
	const char *fault = markov_fault(graph);

	if (fault != NULL)
		unpack_refuse(u, fault);
	pfree(graph->first);
	pfree(graph->arc);
	pfree(graph);
	pfree(transition);
	pfree(order);
}

static void
markov_unpack(Summary *summary, Unpacker *u)
{
	Markov	   *markov = (Markov *) summary;
	int32		channels = 0;

	markov->order = (int32) unpack_int(u, "order", 1, MARKOV_MAX_ORDER);
	unpack_list(u, "channels", MARKOV_MAX_CHANNELS);
	while (unpack_more(u))
	{
		if (markov_channel(markov, unpack_word(u, NULL, MOMENTS_MAX_WORD)) != channels++)
			unpack_refuse(u, "A channel appears twice.");
	}
	unpack_list(u, "transitions", MARKOV_MAX_TRANSITIONS);
	while (unpack_more(u))
	{
		MarkovState from;
		Total	   *weight;
		bool		found;

		unpack_tuple(u);
		from = unpack_state(u, markov->order, channels);
		weight = find_weight(markov, from,
							 (int32) unpack_int(u, NULL, MARKOV_NULL, channels - 1), &found);
		if (found)
			unpack_refuse(u, "A transition appears twice.");
		*weight = total_unpack(u, NULL);
		if (weight->sum == 0)
			unpack_refuse(u, "A transition has no weight.");
		unpack_end(u);
	}
	markov->value = total_unpack(u, "value");
	outcome_unpack(u, "untouched", &markov->untouched);
	check_chain(u, markov);
}

PG_FUNCTION_INFO_V1(leadflow_markov_in);
Datum
leadflow_markov_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &markov_class);
}

PG_FUNCTION_INFO_V1(leadflow_markov_out);
Datum
leadflow_markov_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &markov_class);
}

PG_FUNCTION_INFO_V1(leadflow_markov_recv);
Datum
leadflow_markov_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &markov_class);
}

PG_FUNCTION_INFO_V1(leadflow_markov_send);
Datum
leadflow_markov_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &markov_class);
}

void
markov_refuse_null_order(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("order of a Markov chain must not be null")));
}

/* Arguments: path, conversions, then value where there is one, nulls, order. */
PG_FUNCTION_INFO_V1(leadflow_markov_add);
Datum
leadflow_markov_add(PG_FUNCTION_ARGS)
{
	int			nulls = PG_NARGS() > 4 ? 4 : 3;
	Markov	   *markov;
	Word	   *channels;
	int			n;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	if (PG_NARGS() > 5 && PG_ARGISNULL(5))
		markov_refuse_null_order();
	markov = (Markov *) summary_state(fcinfo, &markov_class);
	markov_set_order(markov, PG_NARGS() > 5 ? PG_GETARG_INT32(5) : 1);
	n = path_channels(fcinfo, 1, &channels);
	markov_add_path(markov, channels, n,
					path_weight(fcinfo, 2, "conversions"),
					nulls == 4 ? path_weight(fcinfo, 3, "value") : 0,
					path_weight(fcinfo, nulls, "nulls"));
	return summary_return(&markov->head);
}

PG_FUNCTION_INFO_V1(leadflow_markov_combine);
Datum
leadflow_markov_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &markov_class);
}
