/*
 * observations.c
 *	  The type observations: what logistic regression is fitted to, and the
 *	  state of its aggregates.
 *
 * Newton's method reads its rows several times, so the state is the rows
 * themselves.  The text form is an array as JSON has it: the number of
 * features, the penalty, and an array for each row, the outcome (1 or 0) first:
 *
 *		[2, 0.5, [1, 3.25, null], [0, 1, 7]]
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "compat.h"
#include "model/newton.h"
#include "model/observations.h"

#define OBSERVATIONS_MAGIC			0x4c464f31	/* "LFO1" */
#define OBSERVATIONS_BINARY_VERSION	1
#define FIRST_ROOM					8

typedef struct ObservationsFlat
{
	SummaryFlat head;
	int32		features;
	int32		unused;
	float8		l2;
	int64		n;
	float8		rows[FLEXIBLE_ARRAY_MEMBER];
} ObservationsFlat;

static Size observations_flat_size(Summary *summary);
static void observations_expand(Summary *summary, const SummaryFlat *flat, Size size);
static void observations_flatten(Summary *summary, SummaryFlat *flat, Size size);
static void observations_merge(Summary *into, Summary *from);

const SummaryClass observations_class = {
	.type_name = "observations",
	.magic = OBSERVATIONS_MAGIC,
	.size = sizeof(Observations),
	.expand = observations_expand,
	.flat_size = observations_flat_size,
	.flatten = observations_flatten,
	.merge = observations_merge,
};

static Size
row_size(const Observations *o)
{
	return (o->features + 1) * sizeof(double);
}

void
check_penalty(double l2)
{
	if (!(l2 >= 0 && l2 <= FIT_MAX_PENALTY))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("l2 must be between 0 and %g", FIT_MAX_PENALTY)));
}

void
check_max_features(int features)
{
	if (features > MAX_FEATURES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many features"),
				 errdetail("There are %d; a model can have %d.",
						   features, MAX_FEATURES)));
}

void
check_feature_count(int given, int wanted)
{
	if (given != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("wrong number of features: %d instead of %d",
						given, wanted)));
}

/* The length of an array of features. */
int
count_features(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be a one-dimensional array"),
				 errdetail("This one has %d dimensions.", ARR_NDIM(array))));
	return ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
}

/* An error about the first value that is not a number. */
static void
refuse_value(const double *values, int n, bits8 *known)
{
	for (int i = 0; i < n; i++)
	{
		if (!isfinite(values[i]) &&
			(known == NULL || (known[i / 8] & (1 << (i % 8)))))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("feature %d must not be NaN or infinite", i + 1),
					 errhint("A null stands for a missing value.")));
	}
}

void
read_features(ArrayType *array, double *values)
{
	int			n = count_features(array);
	const double *from = (const double *) array_elements(array);
	bits8	   *known = ARR_NULLBITMAP(array);
	double		zero = 0;

	/* x - x is 0 for a number and NaN for anything else */
	if (known == NULL)
	{
		for (int i = 0; i < n; i++)
		{
			values[i] = from[i];
			zero += from[i] - from[i];
		}
	}
	else
	{
		for (int i = 0; i < n; i++)
		{
			if (known[i / 8] & (1 << (i % 8)))
			{
				values[i] = *from++;
				zero += values[i] - values[i];
			}
			else
				values[i] = get_float8_nan();
		}
	}
	if (zero != 0)
		refuse_value(values, n, known);
}

/* Make room for so many rows more. */
static void
make_room(Observations *o, int64 more)
{
	int64		most = (int64) ((MaxAllocSize - sizeof(ObservationsFlat)) / row_size(o));
	int64		room = Max(o->room * 2, FIRST_ROOM);

	if (more <= o->room - o->n)
		return;
	if (more > most - o->n)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows for one fit"),
				 errdetail("A fit of %d features can have " INT64_FORMAT " rows.",
						   o->features, most),
				 errhint("Fit a sample of the rows.")));
	room = Min(Max(room, o->n + more), most);
	if (o->rows == NULL)
		o->rows = MemoryContextAllocHuge(summary_context(&o->head),
										 room * row_size(o));
	else
		o->rows = repalloc_huge(o->rows, room * row_size(o));
	o->room = room;
}

/* Give a summary its shape, or check that it has it. */
static void
match_shape(Observations *o, int features, double l2)
{
	if (o->n == 0)
	{
		check_max_features(features);
		check_penalty(l2);
		o->features = features;
		o->l2 = l2;
	}
	check_feature_count(features, o->features);
	if (l2 != o->l2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("l2 must be the same for all rows"),
				 errdetail("It is %g and %g.", o->l2, l2)));
}

static Size
observations_flat_size(Summary *summary)
{
	Observations *o = (Observations *) summary;

	return offsetof(ObservationsFlat, rows) + o->n * row_size(o);
}

static void
observations_flatten(Summary *summary, SummaryFlat *flat, Size size)
{
	Observations *o = (Observations *) summary;
	ObservationsFlat *to = (ObservationsFlat *) flat;

	to->features = o->features;
	to->l2 = o->l2;
	to->n = o->n;
	memcpy(to->rows, o->rows, o->n * row_size(o));
}

static void
observations_expand(Summary *summary, const SummaryFlat *flat, Size size)
{
	Observations *o = (Observations *) summary;
	const ObservationsFlat *from = (const ObservationsFlat *) flat;

	if (size < offsetof(ObservationsFlat, rows) || from->n < 0 || from->features < 0)
		elog(ERROR, "corrupt value of type observations");
	match_shape(o, from->features, from->l2);
	make_room(o, from->n);
	if (size != offsetof(ObservationsFlat, rows) + from->n * row_size(o))
		elog(ERROR, "corrupt value of type observations");
	memcpy(o->rows, from->rows, from->n * row_size(o));
	o->n = from->n;
}

static void
observations_merge(Summary *into, Summary *from)
{
	Observations *to = (Observations *) into;
	Observations *o = (Observations *) from;

	match_shape(to, o->features, o->l2);
	make_room(to, o->n);
	memcpy(to->rows + to->n * (to->features + 1), o->rows, o->n * row_size(o));
	to->n += o->n;
}

/* The next row of a summary, yet to be filled and counted. */
static double *
next_row(Observations *o)
{
	make_room(o, 1);
	return o->rows + o->n * (o->features + 1);
}

/*
 * observations_add(observations, outcome, features [, l2]): the transition
 * function.
 */
PG_FUNCTION_INFO_V1(observations_add);
Datum
observations_add(PG_FUNCTION_ARGS)
{
	Observations *o;
	ArrayType  *features;
	double		l2 = 0;
	double	   *row;

	if (PG_NARGS() > 3)
	{
		if (PG_ARGISNULL(3))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("l2 must not be null")));
		l2 = PG_GETARG_FLOAT8(3);
	}
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);

	o = (Observations *) summary_state(fcinfo, &observations_class);
	features = PG_GETARG_ARRAYTYPE_P(2);
	match_shape(o, count_features(features), l2);
	row = next_row(o);
	row[0] = PG_GETARG_BOOL(1) ? 1 : 0;
	read_features(features, row + 1);
	o->n++;
	PG_FREE_IF_COPY(features, 2);
	return summary_return(&o->head);
}

PG_FUNCTION_INFO_V1(observations_combine);
Datum
observations_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &observations_class);
}

/* Reading of the text form. */
typedef struct Reader
{
	const char *at;
	const char *text;
} Reader;

pg_noreturn static void refuse_text(const Reader *reader, const char *wanted);

static void
refuse_text(const Reader *reader, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type observations"),
			 errdetail("%s expected at byte %zu.", wanted,
					   (Size) (reader->at - reader->text) + 1)));
}

static void
skip_space(Reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\t' ||
		   *reader->at == '\n' || *reader->at == '\r')
		reader->at++;
}

/* Whether a character is next, which is then passed. */
static bool
pass_character(Reader *reader, char c)
{
	skip_space(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static void
expect_character(Reader *reader, char c)
{
	char		wanted[] = {'"', c, '"', '\0'};

	if (!pass_character(reader, c))
		refuse_text(reader, wanted);
}

static double
expect_number(Reader *reader)
{
	const char *digits;
	char	   *end;
	double		value;

	skip_space(reader);
	digits = reader->at + (*reader->at == '-' ? 1 : 0);
	if (!isdigit((unsigned char) digits[0]) || digits[1] == 'x' || digits[1] == 'X')
		refuse_text(reader, "Number");
	value = strtod(reader->at, &end);
	if (!isfinite(value))
		refuse_text(reader, "Number in range");
	reader->at = end;
	return value;
}

/* A number, or NaN for null. */
static double
expect_number_or_null(Reader *reader)
{
	skip_space(reader);
	if (strncmp(reader->at, "null", 4) != 0)
		return expect_number(reader);
	reader->at += 4;
	return get_float8_nan();
}

static void
expect_row(Reader *reader, Observations *o)
{
	double	   *row = next_row(o);
	double		outcome;

	expect_character(reader, '[');
	outcome = expect_number(reader);
	if (outcome != 0 && outcome != 1)
		refuse_text(reader, "An outcome of 0 or 1");
	row[0] = outcome;
	for (int j = 1; j <= o->features; j++)
	{
		expect_character(reader, ',');
		row[j] = expect_number_or_null(reader);
	}
	expect_character(reader, ']');
	o->n++;
}

PG_FUNCTION_INFO_V1(observations_in);
Datum
observations_in(PG_FUNCTION_ARGS)
{
	Reader		reader;
	Observations *o = (Observations *) summary_make(&observations_class);
	double		features;

	reader.at = reader.text = PG_GETARG_CSTRING(0);
	expect_character(&reader, '[');
	features = expect_number(&reader);
	if (features < 0 || features > MAX_FEATURES || features != floor(features))
		refuse_text(&reader, "A number of features");
	expect_character(&reader, ',');
	match_shape(o, (int) features, expect_number(&reader));
	do
	{
		CHECK_FOR_INTERRUPTS();
		expect_character(&reader, ',');
		expect_row(&reader, o);
	} while (!pass_character(&reader, ']'));
	skip_space(&reader);
	if (*reader.at != '\0')
		refuse_text(&reader, "The end");
	return summary_to_flat(&o->head);
}

void
append_float8(StringInfo buf, double value)
{
	if (isnan(value))
		appendStringInfoString(buf, "null");
	else
	{
		enlargeStringInfo(buf, DOUBLE_SHORTEST_DECIMAL_LEN);
		buf->len += double_to_shortest_decimal_buf(value, buf->data + buf->len);
	}
}

PG_FUNCTION_INFO_V1(observations_out);
Datum
observations_out(PG_FUNCTION_ARGS)
{
	Observations *o = (Observations *) summary_get(PG_GETARG_DATUM(0),
												   &observations_class);
	const double *value = o->rows;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "[%d, ", o->features);
	append_float8(&buf, o->l2);
	for (int64 i = 0; i < o->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(&buf, ", [");
		append_float8(&buf, *value++);
		for (int j = 0; j < o->features; j++, value++)
		{
			appendStringInfoString(&buf, ", ");
			append_float8(&buf, *value);
		}
		appendStringInfoChar(&buf, ']');
	}
	appendStringInfoChar(&buf, ']');
	PG_RETURN_CSTRING(buf.data);
}

static void
refuse_binary(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type observations")));
}

PG_FUNCTION_INFO_V1(observations_recv);
Datum
observations_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Observations *o = (Observations *) summary_make(&observations_class);
	int			version = pq_getmsgbyte(buf);
	int			features;
	double		l2;
	int64		n;

	if (version != OBSERVATIONS_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type observations",
						version)));
	features = pq_getmsgint(buf, 4);
	l2 = pq_getmsgfloat8(buf);
	n = pq_getmsgint64(buf);
	if (features < 0 || features > MAX_FEATURES ||
		!(l2 >= 0 && l2 <= FIT_MAX_PENALTY) || n < 1 ||
		n > buf->len || (buf->len - buf->cursor) != n * (features + 1) * (int64) sizeof(double))
		refuse_binary();
	match_shape(o, features, l2);
	make_room(o, n);
	for (o->n = 0; o->n < n; o->n++)
	{
		double	   *row = next_row(o);

		for (int j = 0; j <= features; j++)
		{
			row[j] = pq_getmsgfloat8(buf);
			if (isnan(row[j]))
				row[j] = get_float8_nan();	/* whatever its bits were */
			if (j == 0 ? row[j] != 0 && row[j] != 1 : isinf(row[j]))
				refuse_binary();
		}
	}
	return summary_to_flat(&o->head);
}

PG_FUNCTION_INFO_V1(observations_send);
Datum
observations_send(PG_FUNCTION_ARGS)
{
	Observations *o = (Observations *) summary_get(PG_GETARG_DATUM(0),
												   &observations_class);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, OBSERVATIONS_BINARY_VERSION);
	pq_sendint32(&buf, o->features);
	pq_sendfloat8(&buf, o->l2);
	pq_sendint64(&buf, o->n);
	for (int64 i = 0; i < o->n * (o->features + 1); i++)
		pq_sendfloat8(&buf, o->rows[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
