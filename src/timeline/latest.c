/*
 * latest.c
 *	  The last, or the first, that is known of a lead.
 *
 * Text form: {"first": 0, "at": "2026-01-05 09:00:00+00", "tie": 7, "state":
 * "won"}.  The last is the greatest by instant, then by the number that breaks
 * ties, then by the bytes of the state; the first is the least.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "summary/moments.h"
#include "summary/pack.h"
#include "summary/summary.h"
#include "timeline/state.h"

typedef struct Latest
{
	Summary		head;
	TimestampTz at;
	int64		tie;
	Word		state;			/* bytes are NULL as long as nothing is known */
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

/* A copy of a word that does not go with a call. */
static Word
keep_word(MemoryContext context, Word word)
{
	char	   *bytes = MemoryContextAlloc(context, Max(word.len, 1));

	memcpy(bytes, word.bytes, word.len);
	word.bytes = bytes;
	return word;
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
	latest->state = keep_word(summary_context(summary),
							  unpack_word(u, "state", MOMENTS_MAX_WORD));
}

/* Order two states of the same instant. */
static int
compare_at_once(const Latest *latest, int64 tie, Word state)
{
	int			cmp;

	if (latest->tie != tie)
		return latest->tie < tie ? -1 : 1;
	cmp = memcmp(latest->state.bytes, state.bytes, Min(latest->state.len, state.len));
	return cmp != 0 ? cmp : (latest->state.len > state.len) - (latest->state.len < state.len);
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
		latest->state = keep_word(summary_context(into), latest->state);
}

/* The call site's own copy of a word, the same for all groups. */
static Word
site_word(FunctionCallInfo fcinfo, Word word)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	WordTable  *words = flinfo->fn_extra;

	if (words == NULL)
		flinfo->fn_extra = words = moments_make_words(flinfo->fn_mcxt);
	return words_word(words, moments_word(words, word.bytes, word.len));
}

/* A whole transition function; the tie and the limit are arguments, or -1. */
static inline Datum
add_row(FunctionCallInfo fcinfo, bool first, int tie_argument, int limit_argument)
{
	Latest	   *latest;
	TimestampTz at;
	int64		tie = 0;
	text	   *given;
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
	latest = (Latest *) summary_state(fcinfo, &latest_class);
	if (latest->state.bytes == NULL)
		latest->first = first;
	/* most rows are not the last, and need not be looked at */
	else if (latest->at != at && (latest->at < at) == first)
		return summary_return(&latest->head);
	given = PG_GETARG_TEXT_PP(2);
	state = word_of_text(given);
	if (is_beyond(latest, at, tie, state))
	{
		latest->state = site_word(fcinfo, state);
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
		latest->state = site_word(fcinfo, latest->state);
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
