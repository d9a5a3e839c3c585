/*
 * durations.c
 *	  How long the stays of many leads were, state by state.
 *
 * Text form: {"stages": 1, "working": 0, "states": [["mql", [3600000000],
 * [60000000]], ...]}: the lengths of the stays that have ended and of those that
 * go on, in microseconds, ascending.  All lengths are kept, 8 bytes each, so
 * every quantile is exact.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "timeline/survival.h"
#include "timeline/timeline.h"

/* Columns of leadflow.duration_table() */
enum
{
	TABLE_STATE,
	TABLE_ENTRIES,
	TABLE_COMPLETED,
	TABLE_OPEN,
	TABLE_TOTAL_SECONDS,
	TABLE_MEAN_SECONDS,
	TABLE_MEDIAN_SECONDS,
	TABLE_P90_SECONDS,
	TABLE_MEAN_OPEN_SECONDS,
	TABLE_WORKING,
	TABLE_COLUMNS
};

/* What is known of the stays in one state. */
typedef struct StateStays
{
	Lengths		ended;
	Lengths		open;
} StateStays;

typedef struct Durations
{
	Summary		head;
	bool		staged;			/* words are stages */
	bool		working;		/* lengths are working time */
	WordTable	words;
	StateStays *of;				/* by number of word, as much room as for words */
} Durations;

static void durations_tidy(Summary *summary);
static void durations_pack(Summary *summary, Packer *p);
static void durations_unpack(Summary *summary, Unpacker *u);
static void durations_merge(Summary *into, Summary *from);

static const SummaryClass durations_class = {
	.type_name = "durations",
	.magic = 0x44555201,		/* "DUR", 1 */
	.size = sizeof(Durations),
	.merge = durations_merge,
	.tidy = durations_tidy,
	.pack = durations_pack,
	.unpack = durations_unpack
};

/* The stays in a state, which is added if it is new. */
static StateStays *
stays_of(Durations *durations, Word word, uint32 hash)
{
	WordTable  *words = &durations->words;
	MemoryContext context = summary_context(&durations->head);
	int32		i = words_find(words, word, hash);

	if (i == WORD_NONE)
	{
		if (words_make_room(words, words->n + 1, context))
		{
			Size		size = words->room * sizeof(StateStays);

			durations->of = durations->of == NULL ? MemoryContextAlloc(context, size) :
				repalloc(durations->of, size);
		}
		i = words_append(words, word, hash, context);
		memset(&durations->of[i], 0, sizeof(StateStays));
	}
	return &durations->of[i];
}

static void
durations_tidy(Summary *summary)
{
	Durations  *durations = (Durations *) summary;

	for (int32 i = 0; i < durations->words.n; i++)
	{
		lengths_sort(&durations->of[i].ended);
		lengths_sort(&durations->of[i].open);
	}
}

static void
durations_pack(Summary *summary, Packer *p)
{
	Durations  *durations = (Durations *) summary;
	int32	   *order = words_sorted(&durations->words);

	pack_int(p, "stages", durations->staged);
	pack_int(p, "working", durations->working);
	pack_list(p, "states", durations->words.n);
	for (int32 i = 0; i < durations->words.n; i++)
	{
		pack_tuple(p);
		state_pack(p, durations->staged, words_word(&durations->words, order[i]));
		lengths_pack(p, NULL, &durations->of[order[i]].ended);
		lengths_pack(p, NULL, &durations->of[order[i]].open);
		pack_end(p);
	}
	pack_end(p);
	pfree(order);
}

static void
durations_unpack(Summary *summary, Unpacker *u)
{
	Durations  *durations = (Durations *) summary;

	durations->staged = unpack_int(u, "stages", 0, 1);
	durations->working = unpack_int(u, "working", 0, 1);
	unpack_list(u, "states", MOMENTS_MAX);
	while (unpack_more(u))
	{
		int32		n = durations->words.n;
		StateStays *stays;
		Word		word;

		unpack_tuple(u);
		word = state_unpack(u, durations->staged);
		stays = stays_of(durations, word, word_hash(word));
		if (durations->words.n == n)
			unpack_refuse(u, "A state appears twice.");
		lengths_unpack(u, NULL, &stays->ended, summary);
		lengths_unpack(u, NULL, &stays->open, summary);
		if (stays->ended.n + stays->open.n == 0)
			unpack_refuse(u, "A state has no stays.");
		unpack_end(u);
	}
}

/* What the first stays are decides what the others must be. */
static void
check_kind(Durations *durations, bool staged, bool working)
{
	if (durations->words.n == 0)
	{
		durations->staged = staged;
		durations->working = working;
	}
	state_check_kind(durations->staged, staged);
	if (durations->working != working)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot mix working time with elapsed time"),
				 errhint("Give a calendar for all timelines, or for none.")));
}

static void
durations_merge(Summary *into, Summary *from)
{
	Durations  *durations = (Durations *) into;
	Durations  *more = (Durations *) from;

	if (more->words.n == 0)
		return;
	check_kind(durations, more->staged, more->working);
	for (int32 i = 0; i < more->words.n; i++)
	{
		StateStays *stays = stays_of(durations, words_word(&more->words, i),
									 more->words.key[i].hash);

		lengths_append(&stays->ended, into, &more->of[i].ended);
		lengths_append(&stays->open, into, &more->of[i].open);
	}
}

PG_FUNCTION_INFO_V1(leadflow_durations_add);
Datum
leadflow_durations_add(PG_FUNCTION_ARGS)
{
	Durations  *durations;
	Timeline   *timeline;
	TimestampTz upto = timeline_get_upto(fcinfo, 2);
	CalendarCompiled *calendar = timeline_get_calendar(fcinfo, 3);
	Stay		stay = {0};

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	timeline = timeline_get(PG_GETARG_DATUM(1));
	if (!timeline_next_stay(timeline, upto, &stay))
		return summary_keep(fcinfo);
	durations = (Durations *) summary_state(fcinfo, &durations_class);
	check_kind(durations, timeline->staged, calendar != NULL);
	do
	{
		const WordKey *key = &timeline->moments.words->key[stay.word];
		Word		word = {key->bytes, key->len};
		StateStays *stays = stays_of(durations, word, key->hash);

		CHECK_FOR_INTERRUPTS();
		lengths_add(stay.open ? &stays->open : &stays->ended, &durations->head,
					stay_length(&stay, calendar));
	} while (timeline_next_stay(timeline, upto, &stay));
	return summary_return(&durations->head);
}

PG_FUNCTION_INFO_V1(leadflow_durations_combine);
Datum
leadflow_durations_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &durations_class);
}

PG_FUNCTION_INFO_V1(leadflow_durations_in);
Datum
leadflow_durations_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &durations_class);
}

PG_FUNCTION_INFO_V1(leadflow_durations_out);
Datum
leadflow_durations_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &durations_class);
}

PG_FUNCTION_INFO_V1(leadflow_durations_recv);
Datum
leadflow_durations_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &durations_class);
}

PG_FUNCTION_INFO_V1(leadflow_durations_send);
Datum
leadflow_durations_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &durations_class);
}

/* The columns that tell how long; null where there is nothing to tell of. */
static void
put_lengths(const StateStays *stays, Datum *values, bool *nulls)
{
	values[TABLE_TOTAL_SECONDS] = Float8GetDatum(lengths_total(&stays->ended));
	if (stays->ended.n == 0)
		nulls[TABLE_MEAN_SECONDS] = nulls[TABLE_MEDIAN_SECONDS] =
			nulls[TABLE_P90_SECONDS] = true;
	else
	{
		values[TABLE_MEAN_SECONDS] = Float8GetDatum(lengths_mean(&stays->ended));
		values[TABLE_MEDIAN_SECONDS] =
			Float8GetDatum(lengths_quantile_seconds(&stays->ended, 0.5));
		values[TABLE_P90_SECONDS] =
			Float8GetDatum(lengths_quantile_seconds(&stays->ended, 0.9));
	}
	if (stays->open.n == 0)
		nulls[TABLE_MEAN_OPEN_SECONDS] = true;
	else
		values[TABLE_MEAN_OPEN_SECONDS] = Float8GetDatum(lengths_mean(&stays->open));
}

PG_FUNCTION_INFO_V1(leadflow_durations_table);
Datum
leadflow_durations_table(PG_FUNCTION_ARGS)
{
	Durations  *durations = (Durations *) summary_get(PG_GETARG_DATUM(0), &durations_class);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32	   *order = words_sorted(&durations->words);

	InitMaterializedSRF(fcinfo, 0);
	durations_tidy(&durations->head);
	for (int32 i = 0; i < durations->words.n; i++)
	{
		const StateStays *stays = &durations->of[order[i]];
		Datum		values[TABLE_COLUMNS] = {0};
		bool		nulls[TABLE_COLUMNS] = {false};

		values[TABLE_STATE] =
			PointerGetDatum(state_text(durations->staged, words_word(&durations->words, order[i])));
		values[TABLE_ENTRIES] = Int64GetDatum(stays->ended.n + stays->open.n);
		values[TABLE_COMPLETED] = Int64GetDatum(stays->ended.n);
		values[TABLE_OPEN] = Int64GetDatum(stays->open.n);
		put_lengths(stays, values, nulls);
		values[TABLE_WORKING] = BoolGetDatum(durations->working);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

/* The stays in the state that an accessor asks for, sorted, or NULL. */
static const StateStays *
asked_stays(FunctionCallInfo fcinfo)
{
	Durations  *durations = (Durations *) summary_get(PG_GETARG_DATUM(0), &durations_class);
	int32		i = state_find(durations->staged, &durations->words, PG_GETARG_TEXT_PP(1));

	if (i == WORD_NONE)
		return NULL;
	lengths_sort(&durations->of[i].ended);
	lengths_sort(&durations->of[i].open);
	return &durations->of[i];
}

PG_FUNCTION_INFO_V1(leadflow_durations_quantile);
Datum
leadflow_durations_quantile(PG_FUNCTION_ARGS)
{
	const StateStays *stays = asked_stays(fcinfo);
	double		fraction = PG_GETARG_FLOAT8(2);

	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fraction must be from 0 to 1")));
	if (stays == NULL || stays->ended.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INTERVAL_P(lengths_quantile_interval(&stays->ended, fraction));
}

PG_FUNCTION_INFO_V1(leadflow_durations_survival);
Datum
leadflow_durations_survival(PG_FUNCTION_ARGS)
{
	const StateStays *stays = asked_stays(fcinfo);

	if (stays == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(survival_make(&stays->ended, &stays->open));
}
