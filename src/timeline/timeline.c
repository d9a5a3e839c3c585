/*
 * timeline.c
 *	  A timeline: when one lead came into which state.
 *
 * Text form: {"stages": 1, "words": ["mql", "won"], "moments": [["2026-01-05
 * 09:00:00+00", 0, 7, 0], ...]}.  A moment is the instant, the place of the
 * state among the words, the number that breaks ties, and 0.  Moments are kept
 * even where the state stays the same, because parts that are merged later may
 * come in between; only the same moment twice is one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "timeline/timeline.h"

/* Columns of leadflow.stays() */
enum
{
	STAYS_POSITION,
	STAYS_STATE,
	STAYS_ENTERED_AT,
	STAYS_LEFT_AT,
	STAYS_ELAPSED_SECONDS,
	STAYS_WORKING_SECONDS,
	STAYS_COLUMNS
};

static void timeline_tidy(Summary *summary);
static void timeline_pack(Summary *summary, Packer *p);
static void timeline_unpack(Summary *summary, Unpacker *u);
static void timeline_merge(Summary *into, Summary *from);

static const SummaryClass timeline_class = {
	.type_name = "timeline",
	.magic = 0x544D4C01,		/* "TML", 1 */
	.size = sizeof(Timeline),
	.merge = timeline_merge,
	.tidy = timeline_tidy,
	.pack = timeline_pack,
	.unpack = timeline_unpack
};

/* Put into order, and the same moment twice is one. */
static void
timeline_tidy(Summary *summary)
{
	Moments    *moments = &((Timeline *) summary)->moments;
	Moment	   *moment = moments->moment;
	int32		n = 0;

	if (moments->sorted)
		return;
	moments_sort(moments, NULL);
	for (int32 i = 0; i < moments->n; i++)
	{
		if (n == 0 || moment[n - 1].at != moment[i].at ||
			moment[n - 1].tie != moment[i].tie || moment[n - 1].word != moment[i].word)
			moment[n++] = moment[i];
	}
	moments->n = n;
}

static void
timeline_pack(Summary *summary, Packer *p)
{
	Timeline   *timeline = (Timeline *) summary;

	pack_int(p, "stages", timeline->staged);
	state_moments_pack(p, timeline->staged, &timeline->moments);
}

static void
timeline_unpack(Summary *summary, Unpacker *u)
{
	Timeline   *timeline = (Timeline *) summary;

	timeline->staged = unpack_int(u, "stages", 0, 1);
	state_moments_unpack(u, timeline->staged, &timeline->moments, summary);
	if (timeline->moments.n == 0)
		timeline->staged = false;	/* of either kind, as in timeline_merge */
}

static void
timeline_merge(Summary *into, Summary *from)
{
	Timeline   *timeline = (Timeline *) into;
	Timeline   *more = (Timeline *) from;

	if (more->moments.n == 0)
		return;
	if (timeline->moments.n == 0)
		timeline->staged = more->staged;
	state_check_kind(timeline->staged, more->staged);
	moments_merge(&timeline->moments, into, &more->moments);
}

Timeline *
timeline_get(Datum value)
{
	Summary    *summary = summary_get(value, &timeline_class);

	timeline_tidy(summary);
	return (Timeline *) summary;
}

TimestampTz
timeline_get_upto(FunctionCallInfo fcinfo, int argument)
{
	TimestampTz upto;

	if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
		return DT_NOEND;
	upto = PG_GETARG_TIMESTAMPTZ(argument);
	if (TIMESTAMP_NOT_FINITE(upto))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("instant up to which to count must be finite"),
				 errhint("Use null for no limit.")));
	return upto;
}

CalendarCompiled *
timeline_get_calendar(FunctionCallInfo fcinfo, int argument)
{
	if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
		return NULL;
	return calendar_lookup_site(fcinfo, PG_GETARG_DATUM(argument));
}

/* Add a row: the instant, the state as a word, and the tie where there is one. */
static Datum
add_moment(FunctionCallInfo fcinfo, bool staged, Word word)
{
	Timeline   *timeline = (Timeline *) summary_state(fcinfo, &timeline_class);
	Moments    *moments = &timeline->moments;
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	int64		tie = PG_NARGS() > 3 && !PG_ARGISNULL(3) ? PG_GETARG_INT64(3) : 0;

	moments_check_instant(at);
	if (moments->words == NULL)
		moments->words = moments_site_words(fcinfo, &timeline->head);
	if (moments->n == 0)
		timeline->staged = staged;
	state_check_kind(timeline->staged, staged);
	moments_add(moments, &timeline->head, at, tie,
				moments_word(moments->words, word), 0);
	return summary_return(&timeline->head);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_add);
Datum
leadflow_timeline_add(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);
	return add_moment(fcinfo, false, word_of_text(PG_GETARG_TEXT_PP(2)));
}

PG_FUNCTION_INFO_V1(leadflow_timeline_add_stage);
Datum
leadflow_timeline_add_stage(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);
	return add_moment(fcinfo, true, word_of_stage(PG_GETARG_STAGE_PP(2)));
}

PG_FUNCTION_INFO_V1(leadflow_timeline_combine);
Datum
leadflow_timeline_combine(PG_FUNCTION_ARGS)
{
	Timeline   *into;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	into = (Timeline *) summary_state(fcinfo, &timeline_class);
	if (into->moments.words == NULL)
		into->moments.words = moments_site_words(fcinfo, &into->head);
	timeline_merge(&into->head, summary_get(PG_GETARG_DATUM(1), &timeline_class));
	return summary_return(&into->head);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_in);
Datum
leadflow_timeline_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &timeline_class);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_out);
Datum
leadflow_timeline_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &timeline_class);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_recv);
Datum
leadflow_timeline_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &timeline_class);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_send);
Datum
leadflow_timeline_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &timeline_class);
}

/* The number of the state that is asked for, or WORD_NONE. */
static int32
find_state(const Timeline *timeline, const text *name)
{
	if (timeline->moments.n == 0)
		return WORD_NONE;
	return state_find(timeline->staged, timeline->moments.words, name);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_duration_in);
Datum
leadflow_timeline_duration_in(PG_FUNCTION_ARGS)
{
	Timeline   *timeline;
	TimestampTz upto;
	CalendarCompiled *calendar;
	Stay		stay = {0};
	int64		sum = 0;
	int32		word;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	timeline = timeline_get(PG_GETARG_DATUM(0));
	word = find_state(timeline, PG_GETARG_TEXT_PP(1));
	upto = timeline_get_upto(fcinfo, 2);
	calendar = timeline_get_calendar(fcinfo, 3);
	while (timeline_next_stay(timeline, upto, &stay))
	{
		CHECK_FOR_INTERRUPTS();
		if (stay.word != word)
			continue;
		if (pg_add_s64_overflow(sum, stay_length(&stay, calendar), &sum))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("length of time is out of range")));
	}
	PG_RETURN_INTERVAL_P(interval_of_length(sum));
}

PG_FUNCTION_INFO_V1(leadflow_timeline_entries);
Datum
leadflow_timeline_entries(PG_FUNCTION_ARGS)
{
	Timeline   *timeline = timeline_get(PG_GETARG_DATUM(0));
	int32		word = find_state(timeline, PG_GETARG_TEXT_PP(1));
	Stay		stay = {0};
	int64		n = 0;

	while (timeline_next_stay(timeline, DT_NOEND, &stay))
		n += stay.word == word;
	PG_RETURN_INT64(n);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_first_reached);
Datum
leadflow_timeline_first_reached(PG_FUNCTION_ARGS)
{
	Timeline   *timeline = timeline_get(PG_GETARG_DATUM(0));
	int32		word = find_state(timeline, PG_GETARG_TEXT_PP(1));
	Stay		stay = {0};

	while (timeline_next_stay(timeline, DT_NOEND, &stay))
	{
		if (stay.word == word)
			PG_RETURN_TIMESTAMPTZ(stay.from);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_timeline_last_reached);
Datum
leadflow_timeline_last_reached(PG_FUNCTION_ARGS)
{
	Timeline   *timeline = timeline_get(PG_GETARG_DATUM(0));
	int32		word = find_state(timeline, PG_GETARG_TEXT_PP(1));
	Stay		stay = {0};
	TimestampTz last = DT_NOBEGIN;

	while (timeline_next_stay(timeline, DT_NOEND, &stay))
	{
		if (stay.word == word)
			last = stay.from;
	}
	if (last == DT_NOBEGIN)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(last);
}

PG_FUNCTION_INFO_V1(leadflow_timeline_as_of);
Datum
leadflow_timeline_as_of(PG_FUNCTION_ARGS)
{
	Timeline   *timeline = timeline_get(PG_GETARG_DATUM(0));
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
	const Moments *moments = &timeline->moments;
	int32		low = 0;
	int32		high = moments->n;

	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (moments->moment[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(state_text(timeline->staged,
								words_word(moments->words, moments->moment[low - 1].word)));
}

PG_FUNCTION_INFO_V1(leadflow_timeline_path);
Datum
leadflow_timeline_path(PG_FUNCTION_ARGS)
{
	Timeline   *timeline = timeline_get(PG_GETARG_DATUM(0));
	Datum	   *state = palloc(Max(timeline->moments.n, 1) * sizeof(Datum));
	Stay		stay = {0};
	int			n = 0;

	while (timeline_next_stay(timeline, DT_NOEND, &stay))
	{
		CHECK_FOR_INTERRUPTS();
		state[n++] = PointerGetDatum(state_text(timeline->staged,
												words_word(timeline->moments.words, stay.word)));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(state, n, TEXTOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(leadflow_timeline_stays);
Datum
leadflow_timeline_stays(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Timeline   *timeline;
	TimestampTz upto;
	CalendarCompiled *calendar;
	Stay		stay = {0};
	int32		position = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	timeline = timeline_get(PG_GETARG_DATUM(0));
	upto = timeline_get_upto(fcinfo, 1);
	calendar = timeline_get_calendar(fcinfo, 2);
	while (timeline_next_stay(timeline, upto, &stay))
	{
		Datum		values[STAYS_COLUMNS] = {0};
		bool		nulls[STAYS_COLUMNS] = {false};
		text	   *state = state_text(timeline->staged,
									   words_word(timeline->moments.words, stay.word));

		CHECK_FOR_INTERRUPTS();
		values[STAYS_POSITION] = Int32GetDatum(++position);
		values[STAYS_STATE] = PointerGetDatum(state);
		values[STAYS_ENTERED_AT] = TimestampTzGetDatum(stay.from);
		nulls[STAYS_LEFT_AT] = stay.open;
		if (!stay.open)
			values[STAYS_LEFT_AT] = TimestampTzGetDatum(stay.to);
		values[STAYS_ELAPSED_SECONDS] =
			Float8GetDatum(seconds_of_length((double) stay_length(&stay, NULL)));
		nulls[STAYS_WORKING_SECONDS] = calendar == NULL;
		if (calendar != NULL)
			values[STAYS_WORKING_SECONDS] =
				Float8GetDatum(seconds_of_length((double) stay_length(&stay, calendar)));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(state);
	}
	PG_RETURN_NULL();
}
