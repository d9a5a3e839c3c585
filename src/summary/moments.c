/*
 * moments.c
 *	  What happened when: the events of one lead.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "summary/moments.h"

/* A lead with one event should cost little. */
#define FIRST_ROOM			5

/* Up to so many out of place, moving each to its place beats a general sort. */
#define INSERTION_SORT_UP_TO	48

/* Words of a summary that is merged whose numbers are remembered. */
#define ASKED_WORDS			16

WordTable *
moments_make_words(MemoryContext context)
{
	return MemoryContextAllocZero(context, sizeof(WordTable));
}

WordTable *
moments_site_words(FunctionCallInfo fcinfo, Summary *owner)
{
	SummarySite *site = summary_site(fcinfo);
	WordTable  *words = site->kept;

	if (words == NULL)
		site->kept = words = moments_make_words(site->context);
	if (words->n < MOMENTS_SHARED_WORDS)
		return words;
	return moments_make_words(summary_context(owner));
}

int32
moments_word(WordTable *words, Word word)
{
	if (word.len > MOMENTS_MAX_WORD)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("name is too long"),
				 errdetail("It has %d bytes; a name can have %d.",
						   word.len, MOMENTS_MAX_WORD)));
	return words_number(words, word, GetMemoryChunkContext(words));
}

void
moments_check_instant(TimestampTz at)
{
	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("instant of an event must be finite")));
}

/* Room for more, in sizes that memory is dealt out in: twice as much as before. */
static void
make_room(Moments *moments, Summary *owner, int64 more)
{
	int64		room = moments->n + more;

	if (room <= moments->room)
		return;
	if (room > MOMENTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events for a value of type %s", owner->class->type_name),
				 errdetail("A value can have %d.", MOMENTS_MAX)));
	room = pg_nextpower2_64(Max(room, FIRST_ROOM) * sizeof(Moment)) / sizeof(Moment);
	room = Min(room, MOMENTS_MAX);
	if (moments->moment == NULL)
		moments->moment = MemoryContextAlloc(summary_context(owner), room * sizeof(Moment));
	else
		moments->moment = repalloc(moments->moment, room * sizeof(Moment));
	moments->room = (int32) room;
}

void
moments_add_room(Moments *moments, Summary *owner)
{
	make_room(moments, owner, 1);
}

void
moments_merge(Moments *into, Summary *owner, const Moments *from)
{
	int32		asked[ASKED_WORDS];
	int32		number[ASKED_WORDS];

	if (from->n == 0)
		return;
	if (into->words == NULL)
		into->words = moments_make_words(summary_context(owner));
	memset(asked, 0xff, sizeof(asked)); /* WORD_NONE */
	make_room(into, owner, from->n);
	for (int32 i = 0; i < from->n; i++)
	{
		Moment	   *moment = &into->moment[into->n + i];
		int32		place;

		CHECK_FOR_INTERRUPTS();
		*moment = from->moment[i];
		if (into->words == from->words || moment->word == WORD_NONE)
			continue;
		place = moment->word % ASKED_WORDS;
		if (asked[place] != moment->word)
		{
			asked[place] = moment->word;
			number[place] = moments_word(into->words, words_word(from->words, moment->word));
		}
		moment->word = number[place];
	}
	into->sorted = into->n == 0 && from->sorted;
	into->n += from->n;
}

typedef struct MomentOrder
{
	const WordKey *key;
	WordOrder	order;
} MomentOrder;

/* Order two moments. */
static inline int
compare(const Moment *a, const Moment *b, const MomentOrder *by)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	if (a->word != b->word)
	{
		int			cmp = 0;

		if (a->word == WORD_NONE || b->word == WORD_NONE)
			return a->word == WORD_NONE ? -1 : 1;
		if (by->order != NULL)
			cmp = by->order(&by->key[a->word], &by->key[b->word]);
		/* other words must not be equal, or their order is that of the rows */
		return cmp != 0 ? cmp : words_compare(&by->key[a->word], &by->key[b->word]);
	}
	return a->mark < b->mark ? -1 : a->mark > b->mark;
}

static int
compare_moments(const void *a, const void *b, void *arg)
{
	CHECK_FOR_INTERRUPTS();
	return compare(a, b, arg);
}

void
moments_sort(Moments *moments, WordOrder order)
{
	Moment	   *moment = moments->moment;
	MomentOrder by;
	int32		n = moments->n;
	int32		sorted = 1;

	if (moments->sorted)
		return;
	moments->sorted = true;
	if (n < 2)
		return;
	by.key = moments->words->key;
	by.order = order;
	while (sorted < n && compare(&moment[sorted - 1], &moment[sorted], &by) <= 0)
		sorted++;
	if (n - sorted > INSERTION_SORT_UP_TO)
	{
		qsort_arg(moment, n, sizeof(Moment), compare_moments, &by);
		return;
	}
	for (int32 i = sorted; i < n; i++)
	{
		Moment		this = moment[i];
		int32		j;

		CHECK_FOR_INTERRUPTS();
		for (j = i; j > 0 && compare(&this, &moment[j - 1], &by) < 0; j--)
			moment[j] = moment[j - 1];
		moment[j] = this;
	}
}

static int
compare_words(const void *a, const void *b, void *arg)
{
	const WordKey *key = arg;
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	CHECK_FOR_INTERRUPTS();
	return x == y ? 0 : words_compare(&key[x], &key[y]);
}

/* The words that are used, each once, in the order of their bytes. */
static int32
used_words(const Moments *moments, int32 *word)
{
	int32		n = 0;
	int32		used = 0;

	for (int32 i = 0; i < moments->n; i++)
	{
		if (moments->moment[i].word != WORD_NONE)
			word[n++] = moments->moment[i].word;
	}
	if (n == 0)
		return 0;
	qsort_arg(word, n, sizeof(int32), compare_words, moments->words->key);
	for (int32 i = 0; i < n; i++)
	{
		if (used == 0 || word[used - 1] != word[i])
			word[used++] = word[i];
	}
	return used;
}

/* The place of a word among those that are used. */
static int32
place_of(const Moments *moments, const int32 *used, int32 n, int32 word)
{
	int32		low = 0;

	if (word == WORD_NONE)
		return WORD_NONE;
	while (n > 0 && used[low] != word)
	{
		int32		middle = low + n / 2;

		if (compare_words(&used[middle], &word, moments->words->key) <= 0)
		{
			n -= middle - low;
			low = middle;
		}
		else
			n = middle - low;
	}
	return low;
}

void
moments_pack(Packer *p, const Moments *moments)
{
	int32	   *used = palloc(Max(moments->n, 1) * sizeof(int32));
	int32		words = used_words(moments, used);

	Assert(moments->sorted || moments->n < 2);
	pack_list(p, "words", words);
	for (int32 i = 0; i < words; i++)
	{
		const WordKey *key = &moments->words->key[used[i]];

		pack_word(p, NULL, key->bytes, key->len);
	}
	pack_end(p);
	pack_list(p, "moments", moments->n);
	for (int32 i = 0; i < moments->n; i++)
	{
		const Moment *moment = &moments->moment[i];

		CHECK_FOR_INTERRUPTS();
		pack_tuple(p);
		pack_instant(p, NULL, moment->at);
		pack_int(p, NULL, place_of(moments, used, words, moment->word));
		pack_int(p, NULL, moment->tie);
		pack_int(p, NULL, moment->mark);
		pack_end(p);
	}
	pack_end(p);
	pfree(used);
}

void
moments_unpack(Unpacker *u, Moments *moments, Summary *owner, int32 max_mark)
{
	WordTable  *words = moments_make_words(summary_context(owner));

	moments->words = words;
	unpack_list(u, "words", MOMENTS_MAX);
	while (unpack_more(u))
	{
		Word		word = unpack_word(u, NULL, MOMENTS_MAX_WORD);
		int32		n = words->n;

		if (moments_word(words, word) != n)
			unpack_refuse(u, "A word appears twice.");
	}
	unpack_list(u, "moments", MOMENTS_MAX);
	while (unpack_more(u))
	{
		TimestampTz at;
		int32		word;
		int64		tie;

		unpack_tuple(u);
		at = unpack_instant(u, NULL);
		word = (int32) unpack_int(u, NULL, WORD_NONE, words->n - 1);
		tie = unpack_int(u, NULL, PG_INT64_MIN, PG_INT64_MAX);
		moments_add(moments, owner, at, tie, word,
					(int32) unpack_int(u, NULL, 0, max_mark));
		unpack_end(u);
	}
}
