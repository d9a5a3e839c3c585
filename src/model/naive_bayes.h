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

#include "utils/array.h"
#include "utils/jsonb.h"

#include "summary/summary.h"
#include "summary/words.h"

#define BAYES_MAX_COUNT			INT64CONST(9007199254740991)	/* exact in a float8 */
#define BAYES_MAX_ATTRIBUTES	1600
#define BAYES_MAX_NAME			256 /* bytes of an attribute's name */
#define BAYES_MAX_VALUES		1000000 /* distinct values of an attribute */
#define BAYES_MAX_VALUE			1024	/* bytes of a value */

typedef struct BayesCount
{
	int64		won;
	int64		lost;
	int64		row;			/* of a set: the last row in which it stood */
} BayesCount;

typedef struct BayesAttribute
{
	bool		set;			/* a row can have several values */
	WordTable	values;
	BayesCount *count;			/* of each value */
} BayesAttribute;

/* Which position of an array is which attribute. */
typedef struct BayesPositions
{
	int32		n;
	int32	   *attribute;		/* or WORD_NONE */
	ArrayType  *names;			/* NULL: the names are the positions */
} BayesPositions;

typedef struct BayesModel
{
	Summary		head;
	int64		won;			/* rows */
	int64		lost;
	int64		row;			/* rows seen by this copy, to count an element once a row */
	uint64		version;		/* another with every change, unique in the backend */
	WordTable	names;
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
	Word	name;
	Word	value;
} BayesFeatures;

extern const SummaryClass bayes_class;

/* bayes_model.c */
extern int32 bayes_attribute(BayesModel *model, Word name, bool set);
extern int32 bayes_value(BayesModel *model, int32 attribute, Word value);
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

/* Take the next element; its bytes are NULL where it is null. */
static inline bool
bayes_next_element(BayesElements *elements, Word *text)
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
