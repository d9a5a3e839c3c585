/*
 * coalitions.c
 *	  Paths counted by the set of channels on them: the type coalitions.
 *
 * Neither the order of the channels nor how often each was met matters.  Each
 * distinct set takes 64 bytes.  The empty set is what happened without any
 * channel; nobody gets the credit for it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "compat.h"
#include "attribution/path.h"
#include "attribution/shapley.h"
#include "summary/moments.h"
#include "summary/pack.h"

#define COALITIONS_MAX	10000000

/*
 * Each table has hashes of its own: what is read in the order of one table's
 * hashes would pile up in another with the same.
 */
static inline uint32
hash_mask(uint64 mask, const void *table)
{
	mask *= UINT64CONST(0x9e3779b97f4a7c15);
	mask = (mask ^ (mask >> 32) ^ (uintptr_t) table) * UINT64CONST(0xd6e8feb86659fd93);
	return (uint32) (mask >> 32);
}

#define SH_PREFIX coalitions
#define SH_ELEMENT_TYPE Coalition
#define SH_KEY_TYPE uint64
#define SH_KEY mask
#define SH_HASH_KEY(tb, key) hash_mask(key, tb)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void coalitions_merge(Summary *into, Summary *from);
static void coalitions_pack(Summary *summary, Packer *p);
static void coalitions_unpack(Summary *summary, Unpacker *u);

const SummaryClass coalitions_class = {
	.type_name = "coalitions",
	.magic = 0x434f4c01,		/* "COL", 1 */
	.size = sizeof(Coalitions),
	.merge = coalitions_merge,
	.pack = coalitions_pack,
	.unpack = coalitions_unpack
};

/* The bit of a channel, which is added if it is new. */
static uint64
channel_bit(Coalitions *coalitions, Word channel)
{
	int32		number;

	if (coalitions->words == NULL)
		coalitions->words = moments_make_words(summary_context(&coalitions->head));
	number = moments_word(coalitions->words, channel);
	if (number >= COALITION_MAX_CHANNELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many channels for Shapley attribution"),
				 errdetail("There can be %d.", COALITION_MAX_CHANNELS),
				 errhint("Group channels.")));
	return UINT64CONST(1) << number;
}

/* What a set of channels led to, which is added if it is new. */
static Outcome *
find_outcome(Coalitions *coalitions, uint64 mask, bool *found)
{
	Coalition  *coalition;

	if (coalitions->sets == NULL)
		coalitions->sets = coalitions_create(summary_context(&coalitions->head), 2, NULL);
	coalition = coalitions_insert(coalitions->sets, mask, found);
	if (!*found)
	{
		memset(&coalition->outcome, 0, sizeof(Outcome));
		if (coalitions->sets->members > COALITIONS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many sets of channels"),
					 errdetail("There can be %d.", COALITIONS_MAX),
					 errhint("Group channels.")));
	}
	return &coalition->outcome;
}

/* A set in other bits. */
static uint64
renumber(uint64 mask, const uint64 *bit)
{
	uint64		result = 0;

	for (; mask != 0; mask &= mask - 1)
		result |= bit[pg_rightmost_one_pos64(mask)];
	return result;
}

static void
coalitions_merge(Summary *into_summary, Summary *from_summary)
{
	Coalitions *into = (Coalitions *) into_summary;
	Coalitions *from = (Coalitions *) from_summary;
	uint64		bit[COALITION_MAX_CHANNELS];
	coalitions_iterator iterator;
	Coalition  *coalition;

	for (int32 i = 0; from->words != NULL && i < from->words->n; i++)
		bit[i] = channel_bit(into, words_word(from->words, i));
	if (from->sets == NULL)
		return;
	coalitions_start_iterate(from->sets, &iterator);
	while ((coalition = coalitions_iterate(from->sets, &iterator)) != NULL)
	{
		bool		found;

		CHECK_FOR_INTERRUPTS();
		outcome_merge(find_outcome(into, renumber(coalition->mask, bit), &found),
					  &coalition->outcome);
	}
}

static int
compare_coalitions(const void *a, const void *b)
{
	uint64		x = ((const Coalition *) a)->mask;
	uint64		y = ((const Coalition *) b)->mask;

	CHECK_FOR_INTERRUPTS();
	return (x > y) - (x < y);
}

Coalition *
coalitions_sorted(const Coalitions *coalitions, int32 **order, int64 *n)
{
	static const WordTable no_words;
	const WordTable *words = coalitions->words == NULL ? &no_words : coalitions->words;
	int64		members = coalitions->sets == NULL ? 0 : coalitions->sets->members;
	Coalition  *sorted = palloc(Max(members, 1) * sizeof(Coalition));
	uint64		bit[COALITION_MAX_CHANNELS];
	coalitions_iterator iterator;
	Coalition  *coalition;

	*n = 0;
	*order = words_sorted(words);
	for (int32 i = 0; i < words->n; i++)
		bit[(*order)[i]] = UINT64CONST(1) << i;
	if (members == 0)
		return sorted;
	coalitions_start_iterate(coalitions->sets, &iterator);
	while ((coalition = coalitions_iterate(coalitions->sets, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		sorted[*n] = *coalition;
		sorted[(*n)++].mask = renumber(coalition->mask, bit);
	}
	qsort(sorted, *n, sizeof(Coalition), compare_coalitions);
	return sorted;
}

static void
coalitions_pack(Summary *summary, Packer *p)
{
	Coalitions *coalitions = (Coalitions *) summary;
	int32		channels = coalitions->words == NULL ? 0 : coalitions->words->n;
	int64		n;
	int32	   *order;
	Coalition  *sorted = coalitions_sorted(coalitions, &order, &n);

	pack_list(p, "channels", channels);
	for (int32 i = 0; i < channels; i++)
		pack_word(p, NULL, coalitions->words->key[order[i]].bytes,
				  coalitions->words->key[order[i]].len);
	pack_end(p);
	pack_list(p, "coalitions", n);
	for (int64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pack_tuple(p);
		pack_list(p, NULL, pg_popcount64(sorted[i].mask));
		for (uint64 mask = sorted[i].mask; mask != 0; mask &= mask - 1)
			pack_int(p, NULL, pg_rightmost_one_pos64(mask));
		pack_end(p);
		outcome_pack(p, NULL, &sorted[i].outcome);
		pack_end(p);
	}
	pack_end(p);
	pfree(sorted);
	pfree(order);
}

/* Read a set of channels, which are known. */
static uint64
unpack_mask(Unpacker *u, int32 channels)
{
	uint64		mask = 0;

	unpack_list(u, NULL, COALITION_MAX_CHANNELS);
	while (unpack_more(u))
	{
		uint64		bit = UINT64CONST(1) << unpack_int(u, NULL, 0, channels - 1);

		if (mask & bit)
			unpack_refuse(u, "A channel appears twice in a set.");
		mask |= bit;
	}
	return mask;
}

static void
coalitions_unpack(Summary *summary, Unpacker *u)
{
	Coalitions *coalitions = (Coalitions *) summary;
	int32		channels = 0;
	uint64		used = 0;

	unpack_list(u, "channels", COALITION_MAX_CHANNELS);
	while (unpack_more(u))
	{
		if (channel_bit(coalitions, unpack_word(u, NULL, MOMENTS_MAX_WORD)) !=
			UINT64CONST(1) << channels++)
			unpack_refuse(u, "A channel appears twice.");
	}
	unpack_list(u, "coalitions", COALITIONS_MAX);
	while (unpack_more(u))
	{
		uint64		mask;
		Outcome    *outcome;
		bool		found;

		unpack_tuple(u);
		mask = unpack_mask(u, channels);
		outcome = find_outcome(coalitions, mask, &found);
		if (found)
			unpack_refuse(u, "A set appears twice.");
		outcome_unpack(u, NULL, outcome);
		if (outcome->conversions.sum == 0 && outcome->value.sum == 0 &&
			outcome->nulls.sum == 0)
			unpack_refuse(u, "A set led to nothing.");
		unpack_end(u);
		used |= mask;
	}
	if (pg_popcount64(used) != channels)
		unpack_refuse(u, "A channel is in no set.");
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_in);
Datum
leadflow_coalitions_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &coalitions_class);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_out);
Datum
leadflow_coalitions_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &coalitions_class);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_recv);
Datum
leadflow_coalitions_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &coalitions_class);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_send);
Datum
leadflow_coalitions_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &coalitions_class);
}

/* Arguments: path, conversions, then value where there is one, and nulls. */
void
coalitions_add_path(Coalitions *coalitions, const Word *channels, int n,
					double conversions, double value, double nulls)
{
	uint64		mask = 0;
	bool		found;

	/* a path of no weight leaves no channel behind */
	if (conversions == 0 && value == 0 && nulls == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mask |= channel_bit(coalitions, channels[i]);
	}
	outcome_add(find_outcome(coalitions, mask, &found), conversions, value, nulls);
}

/* Arguments: path, conversions, then value where there is one, nulls. */
PG_FUNCTION_INFO_V1(leadflow_coalitions_add);
Datum
leadflow_coalitions_add(PG_FUNCTION_ARGS)
{
	int			nulls = PG_NARGS() - 1;
	Coalitions *coalitions;
	Word	   *channels;
	int			n;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	coalitions = (Coalitions *) summary_state(fcinfo, &coalitions_class);
	n = path_channels(fcinfo, 1, &channels);
	coalitions_add_path(coalitions, channels, n,
						path_weight(fcinfo, 2, "conversions"),
						nulls == 4 ? path_weight(fcinfo, 3, "value") : 0,
						path_weight(fcinfo, nulls, "nulls"));
	return summary_return(&coalitions->head);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_combine);
Datum
leadflow_coalitions_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &coalitions_class);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_untouched);
Datum
leadflow_coalitions_untouched(PG_FUNCTION_ARGS)
{
	Coalitions *coalitions = (Coalitions *) summary_get(PG_GETARG_DATUM(0), &coalitions_class);
	Outcome		none = {0};
	Coalition  *coalition = coalitions->sets == NULL ? NULL :
		coalitions_lookup(coalitions->sets, 0);

	return path_put_outcome(fcinfo, coalition == NULL ? &none : &coalition->outcome);
}
