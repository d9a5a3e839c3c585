/*
 * words.h
 *	  Words numbered in the order in which they came: names of channels, of
 *	  steps, of a model's values.
 *
 * A call site that makes many small summaries keeps one table for all of them
 * and gives each only the numbers.
 */
#ifndef LEADFLOW_WORDS_H
#define LEADFLOW_WORDS_H

#include "postgres.h"

#include "common/hashfn.h"

#define WORD_NONE	(-1)

/* A text as it lies in memory, not terminated. */
typedef struct Word
{
	const char *bytes;
	int32		len;
} Word;

typedef struct WordKey
{
	char	   *bytes;			/* ends in a zero byte that len does not count */
	int32		len;
	uint32		hash;
} WordKey;

/* Words by number, and their numbers by hash; zeroes are an empty table. */
typedef struct WordTable
{
	int32		n;
	int32		room;			/* 0 or a power of 2; there are twice as many slots */
	WordKey    *key;
	int32	   *slot;
} WordTable;

/* Make room for so many; whether what stands beside the table must grow. */
extern bool words_make_room(WordTable *table, int32 n, MemoryContext context);

/* Add a word that is not there, where there is room. */
extern int32 words_append(WordTable *table, Word word, uint32 hash,
						  MemoryContext context);

/* The number of a word, which is added if it is new. */
extern int32 words_number(WordTable *table, Word word, MemoryContext context);

/* The numbers in the order of the words' bytes. */
extern int32 *words_sorted(const WordTable *table);

/* Order two words by their bytes. */
extern int	words_compare(const WordKey *a, const WordKey *b);

static inline Word
word_of_text(const text *value)
{
	Word		word = {VARDATA_ANY(value), (int32) VARSIZE_ANY_EXHDR(value)};

	return word;
}

static inline bool
word_equals(Word a, Word b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* Order by their bytes. */
static inline int
word_compare(Word a, Word b)
{
	int			cmp = memcmp(a.bytes, b.bytes, Min(a.len, b.len));

	return cmp != 0 ? cmp : (a.len > b.len) - (a.len < b.len);
}

/* Whether a word is that name, which ends in a zero byte. */
static inline bool
word_is(Word word, const char *name)
{
	return (Size) word.len == strlen(name) && memcmp(word.bytes, name, word.len) == 0;
}

/* A hash of all bytes; most words are short. */
static inline uint32
word_hash(Word word)
{
	uint64		head = 0;
	uint64		tail = 0;

	if (word.len > 16)
		return hash_bytes((const unsigned char *) word.bytes, word.len);
	if (word.len >= 8)
	{
		memcpy(&head, word.bytes, 8);
		memcpy(&tail, word.bytes + word.len - 8, 8);
	}
	else if (word.len >= 4)
	{
		memcpy(&head, word.bytes, 4);
		memcpy(&tail, word.bytes + word.len - 4, 4);
	}
	else if (word.len > 0)
		head = (uint8) word.bytes[0] | (uint8) word.bytes[word.len / 2] << 8 |
			(uint8) word.bytes[word.len - 1] << 16;
	head = (head ^ word.len) * UINT64CONST(0x9e3779b97f4a7c15);
	head = (head ^ (head >> 32) ^ tail) * UINT64CONST(0xd6e8feb86659fd93);
	return (uint32) (head >> 32);
}

/* The number of a word, or WORD_NONE. */
static inline int32
words_find(const WordTable *table, Word word, uint32 hash)
{
	uint32		mask = 2 * (uint32) table->room - 1;

	if (table->room == 0)
		return WORD_NONE;
	for (uint32 s = hash & mask;; s = (s + 1) & mask)
	{
		int32		i = table->slot[s];

		if (i == WORD_NONE ||
			(table->key[i].hash == hash && table->key[i].len == word.len &&
			 memcmp(table->key[i].bytes, word.bytes, word.len) == 0))
			return i;
	}
}

/* The word of a number. */
static inline Word
words_word(const WordTable *table, int32 number)
{
	Word		word = {table->key[number].bytes, table->key[number].len};

	return word;
}

#endif							/* LEADFLOW_WORDS_H */
