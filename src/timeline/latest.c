/*
 * latest.c
 *	  The last, or the first, that is known of a lead.
 *
 * Text form: {"first": 0, "at": "2026-01-05 09:00:00+00", "tie": 7, "state":
 * "won"}.  The last is the greatest by instant, then by the number that breaks
 * ties, then by the bytes of the state; the first is the least.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "summary/moments.h"
#include "summary/pack.h"
#include "summary/summary.h"
#include "timeline/state.h"

#define FIRST_ROOM	16			/* bytes of a state */

typedef struct Latest
{
	Summary		head;
	TimestampTz at;
	int64		tie;
	Word		state;			/* bytes are NULL as long as nothing is known */
	char	   *own;			/* where the state is that the call site does not keep */
	int32		own_room;
	bool		first;			/* the first is sought, not the last */
} Latest;

static void latest_pack(Summary *summary, Packer *p);
static void latest_unpack(Summary *summary, Unpacker *u);
static void latest_merge(Summary *into, Summary *from);

static const SummaryClass latest_class = {
	.type_name = "latest",
	.magic = 0x4C535401,		/* "LST", 1 */
	.size = sizeof(Latest),
	.merge = latest_merge,
	.pack = latest_pack,
	.unpack = latest_unpack
};

/* Copy a state whose bytes go with the call. */
static void
keep_state(Latest *latest, Word state)
{
	if (latest->own == NULL || latest->own_room < state.len)
	{
		if (latest->own != NULL)
			pfree(latest->own);
		latest->own_room = Max(state.len, FIRST_ROOM);
		latest->own = MemoryContextAlloc(summary_context(&latest->head), latest->own_room);
	}
	memcpy(latest->own, state.bytes, state.len);
	latest->state.bytes = latest->own;
	latest->state.len = state.len;
}

static void
latest_pack(Summary *summary, Packer *p)
{
	Latest	   *latest = (Latest *) summary;

	pack_int(p, "first", latest->first);
	pack_instant(p, "at", latest->at);
	pack_int(p, "tie", latest->tie);
	pack_word(p, "state", latest->state.bytes, latest->state.len);
}

static void
latest_unpack(Summary *summary, Unpacker *u)
{
	Latest	   *latest = (Latest *) summary;

	latest->first = unpack_int(u, "first", 0, 1);
	latest->at = unpack_instant(u, "at");
	latest->tie = unpack_int(u, "tie", PG_INT64_MIN, PG_INT64_MAX);
	keep_state(latest, unpack_word(u, "state", MOMENTS_MAX_WORD));
}

/* Order two states of the same instant. */
static int
compare_at_once(const Latest *latest, int64 tie, Word state)
{
	if (latest->tie != tie)
		return latest->tie < tie ? -1 : 1;
	return word_compare(latest->state, state);
}

/* Does a state take the place of what is known? */
static inline bool
is_beyond(const Latest *latest, TimestampTz at, int64 tie, Word state)
{
	int			cmp;

	if (latest->state.bytes == NULL)
		return true;
	if (latest->at != at)
		return (latest->at < at) != latest->first;
	cmp = compare_at_once(latest, tie, state);
	return latest->first ? cmp > 0 : cmp < 0;
}

/* Take over what another knows, if it is beyond; whether it is. */
static bool
merge_latest(Latest *latest, const Latest *more)
{
	if (latest->state.bytes == NULL)
		latest->first = more->first;
	if (latest->first != more->first)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot mix first states with last states")));
	if (!is_beyond(latest, more->at, more->tie, more->state))
		return false;
	latest->at = more->at;
	latest->tie = more->tie;
	latest->state = more->state;
	return true;
}

static void
latest_merge(Summary *into, Summary *from)
{
	Latest	   *latest = (Latest *) into;

	if (merge_latest(latest, (Latest *) from))
		keep_state(latest, latest->state);
}

/* Take over a state: as the call site keeps it, for all groups, or as a copy. */
static void
set_state(FunctionCallInfo fcinfo, Latest *latest, Word state)
{
	SummarySite *site = summary_site(fcinfo);
	WordTable  *words = site->kept;
	uint32		hash = word_hash(state);
	int32		number;

	if (words == NULL)
		site->kept = words = moments_make_words(site->context);
	number = words_find(words, state, hash);
	if (number == WORD_NONE && words->n < MOMENTS_SHARED_WORDS)
		number = words_number(words, state, site->context);
	if (number == WORD_NONE)
		keep_state(latest, state);
	else
		latest->state = words_word(words, number);
}

/* A state is checked also where it is not the last, so that no order matters. */
static void
check_length(Size len)
{
	if (len > MOMENTS_MAX_WORD)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("state is too long"),
				 errdetail("It has %zu bytes; a state can have %d.",
						   len, MOMENTS_MAX_WORD)));
}

/* A whole transition function; the tie and the limit are arguments, or -1. */
static inline Datum
add_row(FunctionCallInfo fcinfo, bool first, int tie_argument, int limit_argument)
{
	Latest	   *latest;
	TimestampTz at;
	int64		tie = 0;
	Word		state;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);
	at = PG_GETARG_TIMESTAMPTZ(1);
	moments_check_instant(at);
	if (limit_argument > 0 && !PG_ARGISNULL(limit_argument) &&
		at > PG_GETARG_TIMESTAMPTZ(limit_argument))
		return summary_keep(fcinfo);
	if (tie_argument > 0 && !PG_ARGISNULL(tie_argument))
		tie = PG_GETARG_INT64(tie_argument);
	check_length(toast_raw_datum_size(PG_GETARG_DATUM(2)) - VARHDRSZ);
	latest = (Latest *) summary_state(fcinfo, &latest_class);
	if (latest->state.bytes == NULL)
		latest->first = first;
	/* most rows are not the last, and need not be looked at */
	else if (latest->at != at && (latest->at < at) == first)
		return summary_return(&latest->head);
	state = word_of_text(PG_GETARG_TEXT_PP(2));
	if (is_beyond(latest, at, tie, state))
	{
		set_state(fcinfo, latest, state);
		latest->at = at;
		latest->tie = tie;
	}
	return summary_return(&latest->head);
}

PG_FUNCTION_INFO_V1(leadflow_last_add);
Datum
leadflow_last_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false, -1, PG_NARGS() > 3 ? 3 : -1);
}

PG_FUNCTION_INFO_V1(leadflow_last_add_tie);
Datum
leadflow_last_add_tie(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false, 3, 4);
}

PG_FUNCTION_INFO_V1(leadflow_first_add);
Datum
leadflow_first_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true, PG_NARGS() > 3 ? 3 : -1, -1);
}

PG_FUNCTION_INFO_V1(leadflow_latest_combine);
Datum
leadflow_latest_combine(PG_FUNCTION_ARGS)
{
	Latest	   *latest;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	latest = (Latest *) summary_state(fcinfo, &latest_class);
	if (merge_latest(latest, (Latest *) summary_get(PG_GETARG_DATUM(1), &latest_class)))
		set_state(fcinfo, latest, latest->state);
	return summary_return(&latest->head);
}

PG_FUNCTION_INFO_V1(leadflow_latest_in);
Datum
leadflow_latest_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &latest_class);
}

PG_FUNCTION_INFO_V1(leadflow_latest_out);
Datum
leadflow_latest_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &latest_class);
}

PG_FUNCTION_INFO_V1(leadflow_latest_recv);
Datum
leadflow_latest_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &latest_class);
}

PG_FUNCTION_INFO_V1(leadflow_latest_send);
Datum
leadflow_latest_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &latest_class);
}

PG_FUNCTION_INFO_V1(leadflow_latest_state);
Datum
leadflow_latest_state(PG_FUNCTION_ARGS)
{
	Latest	   *latest = (Latest *) summary_get(PG_GETARG_DATUM(0), &latest_class);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(latest->state.bytes, latest->state.len));
}

PG_FUNCTION_INFO_V1(leadflow_latest_at);
Datum
leadflow_latest_at(PG_FUNCTION_ARGS)
{
	Latest	   *latest = (Latest *) summary_get(PG_GETARG_DATUM(0), &latest_class);

	PG_RETURN_TIMESTAMPTZ(latest->at);
}
