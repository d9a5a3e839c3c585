/*
 * words.c
 *	  Words numbered in the order in which they came.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "compat.h"
#include "summary/words.h"

#define WORDS_FIRST_ROOM	4

/* Put the number of a word in the first empty slot of its hash. */
static void
fill_slot(WordTable *table, int32 i)
{
	uint32		mask = 2 * (uint32) table->room - 1;
	uint32		s = table->key[i].hash & mask;

	while (table->slot[s] != WORD_NONE)
		s = (s + 1) & mask;
	table->slot[s] = i;
}

bool
words_make_room(WordTable *table, int32 n, MemoryContext context)
{
	Size		slots;

	if (n <= table->room)
		return false;
	n = pg_nextpower2_32(Max(n, WORDS_FIRST_ROOM));
	slots = 2 * (Size) n * sizeof(int32);
	if (table->room == 0)
		table->key = MemoryContextAlloc(context, n * sizeof(WordKey));
	else
	{
		table->key = repalloc(table->key, n * sizeof(WordKey));
		pfree(table->slot);
	}
	table->slot = MemoryContextAlloc(context, slots);
	memset(table->slot, 0xff, slots);	/* WORD_NONE */
	table->room = n;
	for (int32 i = 0; i < table->n; i++)
		fill_slot(table, i);
	return true;
}

int32
words_append(WordTable *table, Word word, uint32 hash, MemoryContext context)
{
	WordKey    *key = &table->key[table->n];

	key->bytes = MemoryContextAlloc(context, word.len + 1);
	memcpy(key->bytes, word.bytes, word.len);
	key->bytes[word.len] = '\0';
	key->len = word.len;
	key->hash = hash;
	fill_slot(table, table->n);
	return table->n++;
}

int32
words_number(WordTable *table, Word word, MemoryContext context)
{
	uint32		hash = word_hash(word);
	int32		number = words_find(table, word, hash);

	if (number != WORD_NONE)
		return number;
	words_make_room(table, table->n + 1, context);
	return words_append(table, word, hash, context);
}

int
words_compare(const WordKey *a, const WordKey *b)
{
	return word_compare((Word) {a->bytes, a->len}, (Word) {b->bytes, b->len});
}

static int
compare_numbers(const void *a, const void *b, void *arg)
{
	const WordKey *keys = arg;

	CHECK_FOR_INTERRUPTS();
	return words_compare(&keys[*(const int32 *) a], &keys[*(const int32 *) b]);
}

int32 *
words_sorted(const WordTable *table)
{
	int32	   *order = palloc(Max(table->n, 1) * sizeof(int32));

	for (int32 i = 0; i < table->n; i++)
		order[i] = i;
	qsort_arg(order, table->n, sizeof(int32), compare_numbers, table->key);
	return order;
}
