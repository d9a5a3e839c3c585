/*
 * touch_path.c
 *	  The path of one buyer as an aggregate's state and as a value.
 *
 * Text form, with the channels' names first, each moment as its instant, the
 * place of its channel (-1: none), its identifier and its marks (1 lead, 2
 * opportunity, 4 has an identifier), and each conversion as its instant, its
 * identifier, its amount and the decimals of that (-1: no amount):
 *
 *		{"words": ["email"], "moments": [["2024-01-01 09:00:00+00", 0, 0, 0]],
 *		 "conversions": [["2024-02-01 09:00:00+00", 0, 125050, 2]]}
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "attribution/touch_path.h"
#include "leadflow.h"

/* Most who convert do so once. */
#define FIRST_CONVERSIONS	1

/* Arguments of the transition function */
enum
{
	ARG_STATE,
	ARG_AT,
	ARG_CHANNEL,
	ARG_MARK,
	ARG_AMOUNT,
	ARG_TOUCH
};

static void touch_path_merge(Summary *into, Summary *from);
static void touch_path_tidy(Summary *summary);
static void touch_path_pack(Summary *summary, Packer *p);
static void touch_path_unpack(Summary *summary, Unpacker *u);

static const SummaryClass touch_path_class = {
	.type_name = "touch_path",
	.magic = 0x54504101,		/* "TPA", 1 */
	.size = sizeof(TouchPath),
	.merge = touch_path_merge,
	.tidy = touch_path_tidy,
	.pack = touch_path_pack,
	.unpack = touch_path_unpack
};

/* Room for more conversions. */
static void
make_room(TouchPath *path, int64 more)
{
	int64		room = path->conversions + more;

	if (room <= path->room)
		return;
	if (room > MOMENTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many conversions for a value of type %s", "touch_path"),
				 errdetail("A value can have %d.", MOMENTS_MAX)));
	room = Min(Max(Max(room, 2 * (int64) path->room), FIRST_CONVERSIONS), MOMENTS_MAX);
	if (path->conversion == NULL)
		path->conversion = MemoryContextAllocHuge(summary_context(&path->head),
												  room * sizeof(Conversion));
	else
		path->conversion = repalloc_huge(path->conversion, room * sizeof(Conversion));
	path->room = (int32) room;
}

static void
add_conversion(TouchPath *path, const Conversion *conversion)
{
	make_room(path, 1);
	path->conversion[path->conversions++] = *conversion;
	path->sorted = false;
}

static void
touch_path_merge(Summary *into, Summary *from)
{
	TouchPath  *path = (TouchPath *) into;
	TouchPath  *more = (TouchPath *) from;

	moments_merge(&path->events, into, &more->events);
	if (more->conversions == 0)
		return;
	make_room(path, more->conversions);
	memcpy(path->conversion + path->conversions, more->conversion,
		   more->conversions * sizeof(Conversion));
	path->sorted = path->conversions == 0 && more->sorted;
	path->conversions += more->conversions;
}

/* Order conversions: by instant, identifier and amount, none first. */
static int
compare_conversions(const void *x, const void *y)
{
	const Conversion *a = x;
	const Conversion *b = y;

	CHECK_FOR_INTERRUPTS();
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	/* any order that goes by the value will do */
	if (a->scale != b->scale)
		return a->scale < b->scale ? -1 : 1;
	return a->amount < b->amount ? -1 : a->amount > b->amount;
}

void
touch_path_sort(TouchPath *path)
{
	moments_sort(&path->events, NULL);
	if (!path->sorted && path->conversions > 1)
		qsort(path->conversion, path->conversions, sizeof(Conversion), compare_conversions);
	path->sorted = true;
}

static void
touch_path_tidy(Summary *summary)
{
	touch_path_sort((TouchPath *) summary);
}

static void
touch_path_pack(Summary *summary, Packer *p)
{
	TouchPath  *path = (TouchPath *) summary;

	moments_pack(p, &path->events);
	pack_list(p, "conversions", path->conversions);
	for (int32 i = 0; i < path->conversions; i++)
	{
		const Conversion *conversion = &path->conversion[i];

		pack_tuple(p);
		pack_instant(p, NULL, conversion->at);
		pack_int(p, NULL, conversion->tie);
		pack_int(p, NULL, conversion->amount);
		pack_int(p, NULL, conversion->scale);
		pack_end(p);
	}
	pack_end(p);
}

/* Refuse moments that no row could have made. */
static void
check_moments(Unpacker *u, const Moments *events)
{
	for (int32 i = 0; i < events->n; i++)
	{
		const Moment *moment = &events->moment[i];

		if (moment->word == WORD_NONE)
		{
			if ((moment->mark & MARK_MILESTONE) == 0 || (moment->mark & MARK_HAS_ID) != 0)
				unpack_refuse(u, "A moment is neither a touch nor a milestone.");
		}
		else if ((moment->mark & MARK_HAS_ID) == 0 && moment->tie != 0)
			unpack_refuse(u, "A touch without an identifier has one.");
		if ((moment->mark & MARK_MILESTONE) == MARK_MILESTONE)
			unpack_refuse(u, "A moment is two milestones.");
	}
}

static void
touch_path_unpack(Summary *summary, Unpacker *u)
{
	TouchPath  *path = (TouchPath *) summary;

	moments_unpack(u, &path->events, summary, MARK_MAX);
	check_moments(u, &path->events);
	unpack_list(u, "conversions", MOMENTS_MAX);
	while (unpack_more(u))
	{
		Conversion	conversion;

		unpack_tuple(u);
		conversion.at = unpack_instant(u, NULL);
		conversion.tie = unpack_int(u, NULL, PG_INT64_MIN, PG_INT64_MAX);
		conversion.amount = unpack_int(u, NULL, -PG_INT64_MAX, PG_INT64_MAX);
		conversion.scale = (int32) unpack_int(u, NULL, NO_AMOUNT, AMOUNT_MAX_SCALE);
		unpack_end(u);
		if (conversion.scale == NO_AMOUNT ? conversion.amount != 0 :
			conversion.scale > 0 && conversion.amount % 10 == 0)
			unpack_refuse(u, "An amount does not have the decimals that it needs.");
		add_conversion(path, &conversion);
	}
}

TouchPath *
touch_path_get(Datum value)
{
	TouchPath  *path = (TouchPath *) summary_get(value, &touch_path_class);

	if (path->conversions > 0)
		touch_path_sort(path);
	return path;
}

/* The mark of a row: 0 none, MARK_LEAD, MARK_OPPORTUNITY, or a conversion. */
static int
read_mark(const text *mark, bool *converts)
{
	Word		name = word_of_text(mark);

	if (word_is(name, "conversion"))
	{
		*converts = true;
		return 0;
	}
	if (word_is(name, "lead"))
		return MARK_LEAD;
	if (word_is(name, "opportunity"))
		return MARK_OPPORTUNITY;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mark of a touch: \"%s\"",
					excerpt(name.bytes, name.len)),
			 errhint("A mark is lead, opportunity, conversion, or null.")));
	pg_unreachable();
}

/* Money, exactly: a whole number, and how many of its digits are decimals. */
static void
read_amount(Numeric numeric, Conversion *conversion)
{
	const char *digits;
	const char *end;
	bool		negative;
	bool		overflow = false;

	if (numeric_is_nan(numeric) || numeric_is_inf(numeric))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount of a conversion must be finite")));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric)));
	negative = *digits == '-';
	end = digits + strlen(digits);
	if (strchr(digits, '.') != NULL)
	{
		while (end[-1] == '0')
			end--;
		if (end[-1] == '.')
			end--;
	}
	conversion->amount = 0;
	conversion->scale = 0;
	for (const char *at = digits + (negative ? 1 : 0); at < end && !overflow; at++)
	{
		if (*at == '.')
			conversion->scale = (int32) (end - at - 1);
		else
			overflow = pg_mul_s64_overflow(conversion->amount, 10, &conversion->amount) ||
				pg_add_s64_overflow(conversion->amount, *at - '0', &conversion->amount);
	}
	if (overflow || conversion->scale > AMOUNT_MAX_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount of a conversion has too many digits"),
				 errdetail("The amount is %.100s; an amount can have 18 digits.", digits)));
	if (negative)
		conversion->amount = -conversion->amount;
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_add);
Datum
leadflow_touch_path_add(PG_FUNCTION_ARGS)
{
	TouchPath  *path;
	TimestampTz at;
	int64		tie = 0;
	int			mark = 0;
	bool		converts = false;

	if (PG_ARGISNULL(ARG_AT) || (PG_ARGISNULL(ARG_CHANNEL) && PG_ARGISNULL(ARG_MARK)))
		return summary_keep(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	moments_check_instant(at);
	path = (TouchPath *) summary_state(fcinfo, &touch_path_class);
	if (path->events.words == NULL)
		path->events.words = moments_site_words(fcinfo, &path->head);

	if (!PG_ARGISNULL(ARG_MARK))
		mark = read_mark(PG_GETARG_TEXT_PP(ARG_MARK), &converts);
	if (PG_NARGS() > ARG_TOUCH && !PG_ARGISNULL(ARG_TOUCH))
		tie = PG_GETARG_INT64(ARG_TOUCH);
	if (converts)
	{
		Conversion	conversion = {.at = at, .tie = tie, .scale = NO_AMOUNT};

		if (PG_NARGS() > ARG_AMOUNT && !PG_ARGISNULL(ARG_AMOUNT))
			read_amount(PG_GETARG_NUMERIC(ARG_AMOUNT), &conversion);
		add_conversion(path, &conversion);
	}
	if (!PG_ARGISNULL(ARG_CHANNEL))
	{
		Word		channel = word_of_text(PG_GETARG_TEXT_PP(ARG_CHANNEL));

		if (PG_NARGS() > ARG_TOUCH && !PG_ARGISNULL(ARG_TOUCH))
			mark |= MARK_HAS_ID;
		moments_add(&path->events, &path->head, at, tie,
					moments_word(path->events.words, channel), mark);
	}
	else if (mark != 0)
		moments_add(&path->events, &path->head, at, tie, WORD_NONE, mark);
	return summary_return(&path->head);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_combine);
Datum
leadflow_touch_path_combine(PG_FUNCTION_ARGS)
{
	TouchPath  *path;
	Summary    *more;
	MemoryContext old;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	path = (TouchPath *) summary_state(fcinfo, &touch_path_class);
	if (path->events.words == NULL)
		path->events.words = moments_site_words(fcinfo, &path->head);
	more = summary_get(PG_GETARG_DATUM(1), &touch_path_class);
	old = MemoryContextSwitchTo(summary_context(&path->head));
	touch_path_merge(&path->head, more);
	MemoryContextSwitchTo(old);
	return summary_return(&path->head);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_in);
Datum
leadflow_touch_path_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &touch_path_class);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_out);
Datum
leadflow_touch_path_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &touch_path_class);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_recv);
Datum
leadflow_touch_path_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &touch_path_class);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_send);
Datum
leadflow_touch_path_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &touch_path_class);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_conversions);
Datum
leadflow_touch_path_conversions(PG_FUNCTION_ARGS)
{
	TouchPath  *path = (TouchPath *) summary_get(PG_GETARG_DATUM(0), &touch_path_class);

	PG_RETURN_INT64(path->conversions);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_touches);
Datum
leadflow_touch_path_touches(PG_FUNCTION_ARGS)
{
	TouchPath  *path = (TouchPath *) summary_get(PG_GETARG_DATUM(0), &touch_path_class);
	int64		touches = 0;

	for (int32 i = 0; i < path->events.n; i++)
		touches += path->events.moment[i].word != WORD_NONE;
	PG_RETURN_INT64(touches);
}

/* The channels up to a conversion, in order; all if there is no conversion. */
PG_FUNCTION_INFO_V1(leadflow_touch_path_channels);
Datum
leadflow_touch_path_channels(PG_FUNCTION_ARGS)
{
	TouchPath  *path = (TouchPath *) summary_get(PG_GETARG_DATUM(0), &touch_path_class);
	int32		conversion = PG_GETARG_INT32(1);
	TimestampTz until = DT_NOEND;
	Datum	   *channels;
	int32		n = 0;

	if (conversion < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("conversions are counted from 1")));
	if (conversion > Max(path->conversions, 1))
		PG_RETURN_NULL();
	touch_path_sort(path);
	if (path->conversions > 0)
		until = path->conversion[conversion - 1].at;
	channels = palloc(Max(path->events.n, 1) * sizeof(Datum));
	for (int32 i = 0; i < path->events.n && path->events.moment[i].at <= until; i++)
	{
		Word		word;

		CHECK_FOR_INTERRUPTS();
		if (path->events.moment[i].word == WORD_NONE)
			continue;
		word = words_word(path->events.words, path->events.moment[i].word);
		channels[n++] = PointerGetDatum(cstring_to_text_with_len(word.bytes, word.len));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(channels, n, TEXTOID, -1, false, TYPALIGN_INT));
}
