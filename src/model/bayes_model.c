/*
 * bayes_model.c
 *	  The naive Bayes model as a summary: its tables, its flat form, and how
 *	  two of them become one.
 *
 * The flat form, after the SummaryFlat, is a row of numbers and texts:
 *
 *		rows won, rows lost, number of attributes, and for each attribute
 *			name, 1 if it is a set else 0, number of values, and for each value
 *				value, won, lost
 *
 * A number is written in groups of 7 bits, the lowest first, with the high bit
 * set on all but the last; a text is its length and its bytes.  Attributes and
 * values are in the order of their bytes, so the same counts make the same
 * bytes in whatever order the rows came.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "model/naive_bayes.h"

#define BAYES_MAGIC			0x4c464201	/* "LFB", form 1 */

/* Where a flat form is read. */
typedef struct BayesReader
{
	const char *next;
	const char *end;
} BayesReader;

static uint64 last_version = 0;

/* Grow, or make, an array that stands beside a table. */
static void *
grow_beside(void *array, int32 used, int32 room, Size size, MemoryContext context)
{
	if (array == NULL)
		return MemoryContextAllocZero(context, room * size);
	array = repalloc(array, room * size);
	memset((char *) array + used * size, 0, (room - used) * size);
	return array;
}

/* Make room for so many attributes. */
static void
make_room_attributes(BayesModel *model, int32 n)
{
	MemoryContext context = summary_context(&model->head);

	if (words_make_room(&model->names, n, context))
		model->attribute = grow_beside(model->attribute, model->names.n,
									   model->names.room, sizeof(BayesAttribute),
									   context);
}

/* Make room for so many values of an attribute. */
static void
make_room_values(BayesModel *model, BayesAttribute *attribute, int32 n)
{
	MemoryContext context = summary_context(&model->head);

	if (words_make_room(&attribute->values, n, context))
		attribute->count = grow_beside(attribute->count, attribute->values.n,
									   attribute->values.room, sizeof(BayesCount),
									   context);
}

/* The number of an attribute, which is added if it is new. */
int32
bayes_attribute(BayesModel *model, Word name, bool set)
{
	uint32		hash = word_hash(name);
	int32		a = words_find(&model->names, name, hash);

	if (a != WORD_NONE)
	{
		if (model->attribute[a].set != set)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attribute \"%s\" is a single value in one row and an array in another",
							model->names.key[a].bytes),
					 errhint("Give an array in every row where a lead can have several.")));
		return a;
	}
	if (name.len > BAYES_MAX_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("name of an attribute is too long"),
				 errdetail("It has %d bytes; a name can have %d.",
						   name.len, BAYES_MAX_NAME)));
	if (model->names.n >= BAYES_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many attributes"),
				 errdetail("A naive_bayes model can have %d.",
						   BAYES_MAX_ATTRIBUTES)));
	make_room_attributes(model, model->names.n + 1);
	a = words_append(&model->names, name, hash, summary_context(&model->head));
	model->attribute[a].set = set;
	return a;
}

/* The number of a value of an attribute, which is added if it is new. */
int32
bayes_value(BayesModel *model, int32 a, Word value)
{
	BayesAttribute *attribute = &model->attribute[a];
	uint32		hash = word_hash(value);
	int32		v = words_find(&attribute->values, value, hash);

	if (v != WORD_NONE)
		return v;
	if (value.len > BAYES_MAX_VALUE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("value of attribute \"%s\" is too long",
						model->names.key[a].bytes),
				 errdetail("It has %d bytes; a value can have %d.",
						   value.len, BAYES_MAX_VALUE)));
	if (attribute->values.n >= BAYES_MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("attribute \"%s\" has too many distinct values",
						model->names.key[a].bytes),
				 errdetail("A naive_bayes model can count %d of an attribute.",
						   BAYES_MAX_VALUES),
				 errhint("What is different for every lead is an identifier, not an attribute: leave it out, or put a number into groups with leadflow.bin.")));
	make_room_values(model, attribute, attribute->values.n + 1);
	return words_append(&attribute->values, value, hash, summary_context(&model->head));
}

/* Add to a count. */
void
bayes_add(int64 *to, int64 n)
{
	if (unlikely(n > BAYES_MAX_COUNT - *to))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("too many rows for a naive_bayes model")));
	*to += n;
}

/* What was derived from the model before is out of date. */
void
bayes_changed(BayesModel *model)
{
	model->version = ++last_version;
}

/* The sums over the values of an attribute. */
void
bayes_known(const BayesAttribute *attribute, int64 *won, int64 *lost)
{
	*won = 0;
	*lost = 0;
	for (int32 v = 0; v < attribute->values.n; v++)
	{
		bayes_add(won, attribute->count[v].won);
		bayes_add(lost, attribute->count[v].lost);
	}
}

/* What no rows could have made, as a text to report; NULL if all is well. */
const char *
bayes_fault(const BayesModel *model)
{
	for (int32 a = 0; a < model->names.n; a++)
	{
		const BayesAttribute *attribute = &model->attribute[a];
		const char *name = model->names.key[a].bytes;
		int64		won = 0;
		int64		lost = 0;

		CHECK_FOR_INTERRUPTS();
		if (attribute->values.n == 0)
			return psprintf("Attribute \"%s\" has no values.", name);
		for (int32 v = 0; v < attribute->values.n; v++)
		{
			BayesCount *count = &attribute->count[v];

			if (count->won + count->lost == 0)
				return psprintf("Value \"%s\" of attribute \"%s\" was never seen.",
								attribute->values.key[v].bytes, name);
			if (count->won > model->won || count->lost > model->lost)
				return psprintf("Value \"%s\" of attribute \"%s\" has more rows than there are.",
								attribute->values.key[v].bytes, name);
			/* neither sum can overflow: it stops at the first excess */
			won += count->won;
			lost += count->lost;
			if (!attribute->set && (won > model->won || lost > model->lost))
				return psprintf("The values of attribute \"%s\" have more rows than there are.",
								name);
			if (attribute->set)
				won = lost = 0;
		}
	}
	return NULL;
}

/* Bytes that a number takes. */
static Size
number_size(uint64 n)
{
	Size		size = 1;

	for (; n >= 0x80; n >>= 7)
		size++;
	return size;
}

/* Write a number, and say where the next comes. */
static char *
write_number(char *to, uint64 n)
{
	for (; n >= 0x80; n >>= 7)
		*to++ = (char) ((n & 0x7f) | 0x80);
	*to++ = (char) n;
	return to;
}

/* Write a text, and say where the next comes. */
static char *
write_text(char *to, const WordKey *key)
{
	to = write_number(to, key->len);
	memcpy(to, key->bytes, key->len);
	return to + key->len;
}

/* The flat form is none that this module wrote. */
static void
report_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("corrupt value of type naive_bayes")));
}

/* A number that is at most max. */
static int64
read_number(BayesReader *reader, int64 max)
{
	uint64		n = 0;

	for (int shift = 0; shift < 63; shift += 7)
	{
		uint8		byte;

		if (reader->next >= reader->end)
			break;
		byte = (uint8) *reader->next++;
		n |= (uint64) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
		{
			if (n > (uint64) max)
				break;
			return (int64) n;
		}
	}
	report_corrupt();
	return 0;
}

/* A text of at most max bytes, where it lies. */
static Word
read_text(BayesReader *reader, int32 max)
{
	Word	text;

	text.len = (int32) read_number(reader, max);
	if (reader->end - reader->next < text.len)
		report_corrupt();
	text.bytes = reader->next;
	reader->next += text.len;
	return text;
}

/* The size of the flat form. */
static Size
flat_size(Summary *summary)
{
	BayesModel *model = (BayesModel *) summary;
	Size		size = sizeof(SummaryFlat) + number_size(model->won) +
		number_size(model->lost) + number_size(model->names.n);

	for (int32 a = 0; a < model->names.n; a++)
	{
		BayesAttribute *attribute = &model->attribute[a];

		size += number_size(model->names.key[a].len) + model->names.key[a].len +
			1 + number_size(attribute->values.n);
		for (int32 v = 0; v < attribute->values.n; v++)
			size += number_size(attribute->values.key[v].len) +
				attribute->values.key[v].len +
				number_size(attribute->count[v].won) +
				number_size(attribute->count[v].lost);
	}
	return size;
}

/* Write the flat form. */
static void
flatten(Summary *summary, SummaryFlat *flat, Size size)
{
	BayesModel *model = (BayesModel *) summary;
	char	   *to = (char *) (flat + 1);
	int32	   *names = words_sorted(&model->names);

	to = write_number(to, model->won);
	to = write_number(to, model->lost);
	to = write_number(to, model->names.n);
	for (int32 i = 0; i < model->names.n; i++)
	{
		BayesAttribute *attribute = &model->attribute[names[i]];
		int32	   *values = words_sorted(&attribute->values);

		CHECK_FOR_INTERRUPTS();
		to = write_text(to, &model->names.key[names[i]]);
		to = write_number(to, attribute->set ? 1 : 0);
		to = write_number(to, attribute->values.n);
		for (int32 j = 0; j < attribute->values.n; j++)
		{
			int32		v = values[j];

			to = write_text(to, &attribute->values.key[v]);
			to = write_number(to, attribute->count[v].won);
			to = write_number(to, attribute->count[v].lost);
		}
		pfree(values);
	}
	pfree(names);
	Assert(to == (char *) flat + size);
}

/* Read a flat form. */
static void
expand(Summary *summary, const SummaryFlat *flat, Size size)
{
	BayesModel *model = (BayesModel *) summary;
	BayesReader reader;
	int32		attributes;

	reader.next = (const char *) (flat + 1);
	reader.end = (const char *) flat + size;
	model->won = read_number(&reader, BAYES_MAX_COUNT);
	model->lost = read_number(&reader, BAYES_MAX_COUNT);
	attributes = read_number(&reader, BAYES_MAX_ATTRIBUTES);
	make_room_attributes(model, attributes);
	for (int32 i = 0; i < attributes; i++)
	{
		Word	name = read_text(&reader, BAYES_MAX_NAME);
		bool		set = read_number(&reader, 1) != 0;
		int32		values = read_number(&reader, BAYES_MAX_VALUES);
		int32		a = bayes_attribute(model, name, set);

		CHECK_FOR_INTERRUPTS();
		if (a != i || values > reader.end - reader.next)
			report_corrupt();
		make_room_values(model, &model->attribute[a], values);
		for (int32 j = 0; j < values; j++)
		{
			int32		v = bayes_value(model, a, read_text(&reader, BAYES_MAX_VALUE));
			BayesCount *count = &model->attribute[a].count[v];

			if (v != j)
				report_corrupt();
			count->won = read_number(&reader, BAYES_MAX_COUNT);
			count->lost = read_number(&reader, BAYES_MAX_COUNT);
		}
	}
	if (reader.next != reader.end)
		report_corrupt();
	bayes_changed(model);
}

/* Add the counts of another model. */
static void
merge(Summary *into, Summary *from)
{
	BayesModel *model = (BayesModel *) into;
	BayesModel *other = (BayesModel *) from;

	bayes_add(&model->won, other->won);
	bayes_add(&model->lost, other->lost);
	for (int32 i = 0; i < other->names.n; i++)
	{
		BayesAttribute *attribute = &other->attribute[i];
		Word	name = {other->names.key[i].bytes, other->names.key[i].len};
		int32		a = bayes_attribute(model, name, attribute->set);

		CHECK_FOR_INTERRUPTS();
		for (int32 j = 0; j < attribute->values.n; j++)
		{
			Word	value = {attribute->values.key[j].bytes,
			attribute->values.key[j].len};
			int32		v = bayes_value(model, a, value);

			bayes_add(&model->attribute[a].count[v].won, attribute->count[j].won);
			bayes_add(&model->attribute[a].count[v].lost, attribute->count[j].lost);
		}
	}
	bayes_changed(model);
}

const SummaryClass bayes_class = {
	.type_name = "naive_bayes",
	.magic = BAYES_MAGIC,
	.size = sizeof(BayesModel),
	.flat_size = flat_size,
	.expand = expand,
	.flatten = flatten,
	.merge = merge
};
