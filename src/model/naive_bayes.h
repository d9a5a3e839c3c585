/*
 * naive_bayes.h
 *	  The naive Bayes model in memory: how often each value of each attribute
 *	  was won and was lost.
 *
 * Names and values are kept in tables that number their keys from 0 in the
 * order in which they came; counts stand in arrays beside them.
 */
#ifndef LEADFLOW_NAIVE_BAYES_H
#define LEADFLOW_NAIVE_BAYES_H

#include "postgres.h"

#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "summary/summary.h"

#define BAYES_MAX_COUNT			INT64CONST(9007199254740991)	/* exact in a float8 */
#define BAYES_MAX_ATTRIBUTES	1600
#define BAYES_MAX_NAME			256 /* bytes of an attribute's name */
#define BAYES_MAX_VALUES		1000000 /* distinct values of an attribute */
#define BAYES_MAX_VALUE			1024	/* bytes of a value */

#define BAYES_NONE				(-1)

/* A text as it lies in memory, not terminated. */
typedef struct BayesText
{
	const char *bytes;
	int32		len;
} BayesText;

typedef struct BayesKey
{
	char	   *bytes;			/* ends in a zero byte that len does not count */
	int32		len;
	uint32		hash;
} BayesKey;

/* Keys by number, and their numbers by hash. */
typedef struct BayesTable
{
	int32		n;
	int32		room;			/* 0 or a power of 2; there are twice as many slots */
	BayesKey   *key;
	int32	   *slot;
} BayesTable;

typedef struct BayesCount
{
	int64		won;
	int64		lost;
	int64		row;			/* of a set: the last row in which it stood */
} BayesCount;

typedef struct BayesAttribute
{
	bool		set;			/* a row can have several values */
	BayesTable	values;
	BayesCount *count;			/* of each value */
} BayesAttribute;

/* Which position of an array is which attribute. */
typedef struct BayesPositions
{
	int32		n;
	int32	   *attribute;		/* or BAYES_NONE */
	ArrayType  *names;			/* NULL: the names are the positions */
} BayesPositions;

typedef struct BayesModel
{
	Summary		head;
	int64		won;			/* rows */
	int64		lost;
	int64		row;			/* rows seen by this copy, to count an element once a row */
	uint64		version;		/* another with every change, unique in the backend */
	BayesTable	names;
	BayesAttribute *attribute;	/* of each name */
	BayesPositions positions;
} BayesModel;

/* The elements of a text[], read in place. */
typedef struct BayesElements
{
	const char *next;
	const bits8 *nulls;
	int32		i;
	int32		n;
} BayesElements;

/* The values of a jsonb object, one after the other. */
typedef struct BayesFeatures
{
	JsonbIterator *it;
	bool		in_array;
	bool		fresh;			/* the value is the first of its attribute */
	bool		set;
	BayesText	name;
	BayesText	value;
} BayesFeatures;

extern const SummaryClass bayes_class;

/* bayes_model.c */
extern int32 *bayes_sorted(const BayesTable *table);
extern int32 bayes_attribute(BayesModel *model, BayesText name, bool set);
extern int32 bayes_value(BayesModel *model, int32 attribute, BayesText value);
extern void bayes_add(int64 *to, int64 n);
extern void bayes_changed(BayesModel *model);
extern void bayes_known(const BayesAttribute *attribute, int64 *won, int64 *lost);
extern const char *bayes_fault(const BayesModel *model);

/* bayes_features.c */
extern void bayes_start_elements(BayesElements *elements, ArrayType *array);
extern void bayes_start_features(BayesFeatures *features, Jsonb *object);
extern bool bayes_next_feature(BayesFeatures *features);
extern bool bayes_same_names(const BayesPositions *positions, ArrayType *names);
extern void bayes_check_names(ArrayType *names, ArrayType *features);

/* A hash of all bytes; most names and values are short. */
static inline uint32
bayes_hash(BayesText text)
{
	uint64		head = 0;
	uint64		tail = 0;

	if (text.len > 16)
		return hash_bytes((const unsigned char *) text.bytes, text.len);
	if (text.len >= 8)
	{
		memcpy(&head, text.bytes, 8);
		memcpy(&tail, text.bytes + text.len - 8, 8);
	}
	else if (text.len >= 4)
	{
		memcpy(&head, text.bytes, 4);
		memcpy(&tail, text.bytes + text.len - 4, 4);
	}
	else if (text.len > 0)
		head = (uint8) text.bytes[0] | (uint8) text.bytes[text.len / 2] << 8 |
			(uint8) text.bytes[text.len - 1] << 16;
	head = (head ^ text.len) * UINT64CONST(0x9e3779b97f4a7c15);
	head = (head ^ (head >> 32) ^ tail) * UINT64CONST(0xd6e8feb86659fd93);
	return (uint32) (head >> 32);
}

/* The number of a key, or BAYES_NONE. */
static inline int32
bayes_find(const BayesTable *table, BayesText text, uint32 hash)
{
	uint32		mask = 2 * (uint32) table->room - 1;

	if (table->room == 0)
		return BAYES_NONE;
	for (uint32 s = hash & mask;; s = (s + 1) & mask)
	{
		int32		i = table->slot[s];

		if (i == BAYES_NONE ||
			(table->key[i].hash == hash && table->key[i].len == text.len &&
			 memcmp(table->key[i].bytes, text.bytes, text.len) == 0))
			return i;
	}
}

/* Take the next element; its bytes are NULL where it is null. */
static inline bool
bayes_next_element(BayesElements *elements, BayesText *text)
{
	int32		i = elements->i;

	if (i >= elements->n)
		return false;
	elements->i++;
	if (elements->nulls != NULL && (elements->nulls[i / 8] & (1 << (i % 8))) == 0)
	{
		text->bytes = NULL;
		return true;
	}
	elements->next = (const char *) att_align_pointer(elements->next, TYPALIGN_INT,
													  -1, elements->next);
	text->bytes = VARDATA_ANY(elements->next);
	text->len = VARSIZE_ANY_EXHDR(elements->next);
	elements->next += VARSIZE_ANY(elements->next);
	return true;
}

#endif							/* LEADFLOW_NAIVE_BAYES_H */
