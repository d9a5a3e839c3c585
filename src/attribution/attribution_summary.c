/*
 * attribution_summary.c
 *	  What many buyers' paths say of the channels, by several models at once.
 *
 * For every channel it keeps the touches that stood in the windows of the
 * conversions that count, and for every model the credit and the money that
 * went to the channel, both exactly.  Conversions that no touch had a part in
 * stand apart.  All that is added up must have the same models, look-back,
 * choice of conversions and decimals.
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "compat.h"
#include "attribution/credit.h"
#include "attribution/exact_sum.h"
#include "attribution/model_list.h"
#include "leadflow.h"

#define DEFAULT_DIGITS		2
#define SHARE_DECIMALS		6

/* Credit is kept in finer units than it is dealt in. */
#define CREDIT_UNIT			(EXACT_ONE / CREDIT_ONE)

/* Arguments of the transition function */
enum
{
	ARG_STATE,
	ARG_PATH,
	ARG_MODELS,
	ARG_LOOKBACK,
	ARG_COUNT,
	ARG_DIGITS
};

/* Columns of attribution_table() */
enum
{
	TABLE_MODEL,
	TABLE_CHANNEL,
	TABLE_TOUCHES,
	TABLE_CONVERSIONS,
	TABLE_VALUE,
	TABLE_SHARE,
	TABLE_COLUMNS
};

/* How it is counted. */
typedef struct Terms
{
	const ModelList *models;
	int64		lookback;		/* or NO_LOOKBACK */
	bool		every;			/* conversion, not only a buyer's first */
	int32		digits;			/* money is split in units of so many decimals */
} Terms;

/* What a channel got by one model. */
typedef struct Share
{
	ExactSum	credit;
	ExactSum	value;
} Share;

typedef struct AttributionSummary
{
	Summary		head;
	Terms		terms;			/* no models: nothing has been added */
	int64		conversions;
	int64		untouched;		/* conversions without a touch */
	ExactSum	untouched_value;
	WordTable	channels;
	int64	   *touches;		/* by channel */
	Share	   *share;			/* by channel and model */
} AttributionSummary;

static void attribution_merge(Summary *into, Summary *from);
static void attribution_pack(Summary *summary, Packer *p);
static void attribution_unpack(Summary *summary, Unpacker *u);

static const SummaryClass attribution_class = {
	.type_name = "attribution_summary",
	.magic = 0x41545301,		/* "ATS", 1 */
	.size = sizeof(AttributionSummary),
	.merge = attribution_merge,
	.pack = attribution_pack,
	.unpack = attribution_unpack
};

/* Refuse to add up what was counted in different ways. */
static void
check_terms(const Terms *a, const Terms *b)
{
	const char *differ = NULL;

	if (!model_list_same(a->models, b->models))
		differ = "models";
	else if (a->lookback != b->lookback)
		differ = "look-backs";
	else if (a->every != b->every)
		differ = "choices of conversions";
	else if (a->digits != b->digits)
		differ = "decimals of money";
	if (differ != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attribution by different %s cannot be added up", differ),
				 errhint("Group by what differs, or count all in the same way.")));
}

/* The number of a channel, which is added if it is new. */
static int32
channel_number(AttributionSummary *summary, const WordKey *key)
{
	WordTable  *channels = &summary->channels;
	MemoryContext context = summary_context(&summary->head);
	Word		word = {key->bytes, key->len};
	int32		number = words_find(channels, word, key->hash);
	int32		models = summary->terms.models->n;
	int32		had = channels->room;
	Size		size;

	if (number != WORD_NONE)
		return number;
	if (words_make_room(channels, channels->n + 1, context))
	{
		size = summary_check_size(&attribution_class,
								  (uint64) channels->room * models * sizeof(Share));
		if (had == 0)
		{
			summary->touches = MemoryContextAlloc(context, channels->room * sizeof(int64));
			summary->share = MemoryContextAlloc(context, size);
		}
		else
		{
			summary->touches = repalloc(summary->touches, channels->room * sizeof(int64));
			summary->share = repalloc(summary->share, size);
		}
	}
	number = words_append(channels, word, key->hash, context);
	summary->touches[number] = 0;
	memset(&summary->share[number * (Size) models], 0, models * sizeof(Share));
	return number;
}

static void
add_count(int64 *count, int64 more)
{
	if (pg_add_s64_overflow(*count, more, count))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of conversions or touches is out of range")));
}

static void
attribution_merge(Summary *into, Summary *from)
{
	AttributionSummary *summary = (AttributionSummary *) into;
	AttributionSummary *more = (AttributionSummary *) from;
	int32		models;

	if (more->terms.models == NULL)
		return;
	if (summary->terms.models == NULL)
	{
		summary->terms = more->terms;
		summary->terms.models = model_list_copy(more->terms.models);
	}
	else
		check_terms(&summary->terms, &more->terms);
	add_count(&summary->conversions, more->conversions);
	add_count(&summary->untouched, more->untouched);
	exact_add_sum(&summary->untouched_value, &more->untouched_value);
	models = more->terms.models->n;
	for (int32 i = 0; i < more->channels.n; i++)
	{
		int32		number = channel_number(summary, &more->channels.key[i]);
		Share	   *share = &summary->share[number * (Size) models];
		const Share *add = &more->share[i * (Size) models];

		add_count(&summary->touches[number], more->touches[i]);
		for (int32 j = 0; j < models; j++)
		{
			exact_add_sum(&share[j].credit, &add[j].credit);
			exact_add_sum(&share[j].value, &add[j].value);
		}
	}
}

static void
pack_sum(Packer *p, const char *whole_key, const char *part_key, const ExactSum *sum)
{
	pack_int(p, whole_key, sum->whole);
	pack_int(p, part_key, sum->part);
}

static ExactSum
unpack_sum(Unpacker *u, const char *whole_key, const char *part_key)
{
	ExactSum	sum;

	sum.whole = unpack_int(u, whole_key, PG_INT64_MIN, PG_INT64_MAX);
	sum.part = unpack_int(u, part_key, 0, EXACT_ONE - 1);
	return sum;
}

static void
attribution_pack(Summary *head, Packer *p)
{
	AttributionSummary *summary = (AttributionSummary *) head;
	const Terms *terms = &summary->terms;
	int32	   *order = words_sorted(&summary->channels);

	pack_list(p, "models", terms->models->n);
	for (int32 i = 0; i < terms->models->n; i++)
		pack_word(p, NULL, terms->models->model[i].text.bytes,
				  terms->models->model[i].text.len);
	pack_end(p);
	pack_int(p, "lookback", terms->lookback);
	pack_int(p, "every", terms->every);
	pack_int(p, "digits", terms->digits);
	pack_int(p, "conversions", summary->conversions);
	pack_int(p, "untouched", summary->untouched);
	pack_sum(p, "untouched_whole", "untouched_part", &summary->untouched_value);
	pack_list(p, "channels", summary->channels.n);
	for (int32 i = 0; i < summary->channels.n; i++)
	{
		const WordKey *key = &summary->channels.key[order[i]];
		const Share *share = &summary->share[order[i] * (Size) terms->models->n];

		pack_tuple(p);
		pack_word(p, NULL, key->bytes, key->len);
		pack_int(p, NULL, summary->touches[order[i]]);
		for (int32 j = 0; j < terms->models->n; j++)
		{
			pack_sum(p, NULL, NULL, &share[j].credit);
			pack_sum(p, NULL, NULL, &share[j].value);
		}
		pack_end(p);
	}
	pack_end(p);
	pfree(order);
}

/* Read one channel. */
static void
unpack_channel(AttributionSummary *summary, Unpacker *u)
{
	Word		word;
	WordKey		key;
	int32		n = summary->channels.n;
	int32		number;

	unpack_tuple(u);
	word = unpack_word(u, NULL, MOMENTS_MAX_WORD);
	key.bytes = unconstify(char *, word.bytes);
	key.len = word.len;
	key.hash = word_hash(word);
	number = channel_number(summary, &key);
	if (number != n)
		unpack_refuse(u, "A channel appears twice.");
	summary->touches[number] = unpack_int(u, NULL, 1, PG_INT64_MAX);
	for (int32 i = 0; i < summary->terms.models->n; i++)
	{
		Share	   *share = &summary->share[number * (Size) summary->terms.models->n + i];

		share->credit = unpack_sum(u, NULL, NULL);
		share->value = unpack_sum(u, NULL, NULL);
		if (share->credit.whole < 0 || share->credit.part % CREDIT_UNIT != 0)
			unpack_refuse(u, "A credit is negative, or has too many decimals.");
	}
	unpack_end(u);
}

/* Add to a sum of all channels, which may be beyond the range of one. */
static void
add_wide(int128 *whole, int64 *part, const ExactSum *more)
{
	*whole += more->whole;
	*part += more->part;
	if (*part >= EXACT_ONE)
	{
		*part -= EXACT_ONE;
		(*whole)++;
	}
}

/* Every model must have dealt out the same conversions and money. */
static void
check_sums(const AttributionSummary *summary, Unpacker *u)
{
	int32		models = summary->terms.models->n;
	int128		first_whole = 0;
	int64		first_part = 0;

	if ((summary->channels.n > 0) != (summary->conversions > summary->untouched))
		unpack_refuse(u, "Channels without conversions, or conversions without channels.");
	for (int32 i = 0; i < models; i++)
	{
		int128		credit_whole = 0;
		int64		credit_part = 0;
		int128		whole = 0;
		int64		part = 0;

		for (int32 channel = 0; channel < summary->channels.n; channel++)
		{
			const Share *share = &summary->share[channel * (Size) models + i];

			add_wide(&credit_whole, &credit_part, &share->credit);
			add_wide(&whole, &part, &share->value);
		}
		if (credit_whole != summary->conversions - summary->untouched || credit_part != 0)
			unpack_refuse(u, "The credits of a model are not as many as the conversions.");
		if (i == 0)
		{
			first_whole = whole;
			first_part = part;
		}
		if (whole != first_whole || part != first_part)
			unpack_refuse(u, "Two models dealt out different amounts of money.");
	}
}

static void
attribution_unpack(Summary *head, Unpacker *u)
{
	AttributionSummary *summary = (AttributionSummary *) head;
	Terms	   *terms = &summary->terms;
	Word		text[MODEL_LIST_MAX];
	int32		n = 0;

	unpack_list(u, "models", MODEL_LIST_MAX);
	while (unpack_more(u))
		text[n++] = unpack_word(u, NULL, MODEL_MAX_TEXT);
	if (n == 0)
		unpack_refuse(u, "It has no models.");
	terms->models = model_list(text, n);
	terms->lookback = unpack_int(u, "lookback", NO_LOOKBACK, PG_INT64_MAX);
	terms->every = unpack_int(u, "every", 0, 1) == 1;
	terms->digits = (int32) unpack_int(u, "digits", 0, CREDIT_MAX_DIGITS);
	summary->conversions = unpack_int(u, "conversions", 0, PG_INT64_MAX);
	summary->untouched = unpack_int(u, "untouched", 0, summary->conversions);
	summary->untouched_value = unpack_sum(u, "untouched_whole", "untouched_part");
	if (summary->untouched == 0 &&
		(summary->untouched_value.whole != 0 || summary->untouched_value.part != 0))
		unpack_refuse(u, "Money of conversions that do not exist.");
	unpack_list(u, "channels", PG_INT32_MAX);
	while (unpack_more(u))
		unpack_channel(summary, u);
	check_sums(summary, u);
}

/* Add one conversion. */
static void
add_journey(AttributionSummary *summary, const Journey *journey,
			const WordTable *words, Deal *deal)
{
	const ModelList *models = summary->terms.models;
	bool		money = journey->conversion->scale != NO_AMOUNT;
	int64		amount = 0;
	int32		scale = 0;
	int32	   *number;

	summary->conversions++;
	if (money)
		scale = amount_in_units(journey->conversion, summary->terms.digits, &amount);
	if (journey->n == 0)
	{
		summary->untouched++;
		exact_add(&summary->untouched_value, amount, scale);
		return;
	}
	number = palloc(journey->n * sizeof(int32));
	for (int32 i = 0; i < journey->n; i++)
	{
		number[i] = channel_number(summary, &words->key[journey->touch[i].word]);
		summary->touches[number[i]]++;
	}
	deal_make_room(deal, journey->n);
	for (int32 j = 0; j < models->n; j++)
	{
		deal_weigh(deal, &models->model[j], journey, words);
		deal_out(deal, journey->n, CREDIT_ONE);
		for (int32 i = 0; i < journey->n; i++)
		{
			if (deal->part[i] != 0)
				exact_add(&summary->share[number[i] * (Size) models->n + j].credit,
						  deal->part[i], CREDIT_SCALE);
		}
		if (amount == 0)
			continue;
		deal_out(deal, journey->n, amount);
		for (int32 i = 0; i < journey->n; i++)
		{
			if (deal->part[i] != 0)
				exact_add(&summary->share[number[i] * (Size) models->n + j].value,
						  deal->part[i], scale);
		}
	}
	pfree(number);
}

/* Whether every conversion counts, or only a buyer's first. */
static bool
read_count(const text *count)
{
	Word		word = word_of_text(count);

	if (word_is(word, "every"))
		return true;
	if (word_is(word, "first"))
		return false;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown choice of conversions: \"%s\"",
					excerpt(word.bytes, word.len)),
			 errhint("Count every conversion, or the first of each buyer.")));
	pg_unreachable();
}

/* How the arguments say that it is counted. */
static Terms
read_terms(FunctionCallInfo fcinfo)
{
	Terms		terms = {NULL, NO_LOOKBACK, true, DEFAULT_DIGITS};

	if (PG_ARGISNULL(ARG_MODELS) || (PG_NARGS() > ARG_COUNT && PG_ARGISNULL(ARG_COUNT)) ||
		(PG_NARGS() > ARG_DIGITS && PG_ARGISNULL(ARG_DIGITS)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("models, choice of conversions and decimals must not be null")));
	terms.models = site_models(summary_site(fcinfo), PG_GETARG_ARRAYTYPE_P(ARG_MODELS));
	if (PG_NARGS() > ARG_LOOKBACK && !PG_ARGISNULL(ARG_LOOKBACK))
		terms.lookback = interval_usecs(PG_GETARG_INTERVAL_P(ARG_LOOKBACK), "look-back");
	if (PG_NARGS() > ARG_COUNT)
		terms.every = read_count(PG_GETARG_TEXT_PP(ARG_COUNT));
	if (PG_NARGS() > ARG_DIGITS)
	{
		terms.digits = PG_GETARG_INT32(ARG_DIGITS);
		check_digits(terms.digits);
	}
	return terms;
}

PG_FUNCTION_INFO_V1(leadflow_attribution_add);
Datum
leadflow_attribution_add(PG_FUNCTION_ARGS)
{
	AttributionSummary *summary;
	TouchPath  *path;
	Terms		terms;
	Journeys	walk;
	Journey		journey;
	Deal		deal = {0};

	if (PG_ARGISNULL(ARG_PATH))
		return summary_keep(fcinfo);
	summary = (AttributionSummary *) summary_state(fcinfo, &attribution_class);
	terms = read_terms(fcinfo);
	if (summary->terms.models == NULL)
	{
		summary->terms = terms;
		summary->terms.models = site_models_like(summary_site(fcinfo), terms.models,
												 summary_context(&summary->head));
	}
	else
		check_terms(&summary->terms, &terms);
	path = touch_path_get(PG_GETARG_DATUM(ARG_PATH));
	journeys_begin(&walk, path, terms.lookback);
	while (journeys_next(&walk, &journey))
	{
		add_journey(summary, &journey, path->events.words, &deal);
		if (!terms.every)
			break;
	}
	return summary_return(&summary->head);
}

PG_FUNCTION_INFO_V1(leadflow_attribution_combine);
Datum
leadflow_attribution_combine(PG_FUNCTION_ARGS)
{
	AttributionSummary *summary;
	AttributionSummary *more;
	MemoryContext old;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	summary = (AttributionSummary *) summary_state(fcinfo, &attribution_class);
	more = (AttributionSummary *) summary_get(PG_GETARG_DATUM(1), &attribution_class);
	if (summary->terms.models == NULL)
	{
		summary->terms = more->terms;
		summary->terms.models = site_models_like(summary_site(fcinfo), more->terms.models,
												 summary_context(&summary->head));
	}
	old = MemoryContextSwitchTo(summary_context(&summary->head));
	attribution_merge(&summary->head, &more->head);
	MemoryContextSwitchTo(old);
	return summary_return(&summary->head);
}

PG_FUNCTION_INFO_V1(leadflow_attribution_in);
Datum
leadflow_attribution_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &attribution_class);
}

PG_FUNCTION_INFO_V1(leadflow_attribution_out);
Datum
leadflow_attribution_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &attribution_class);
}

PG_FUNCTION_INFO_V1(leadflow_attribution_recv);
Datum
leadflow_attribution_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &attribution_class);
}

PG_FUNCTION_INFO_V1(leadflow_attribution_send);
Datum
leadflow_attribution_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &attribution_class);
}

/*
 * One row of attribution_table(), for which a context is used up; NULL channel:
 * no touch had a part.
 */
static void
put_row(ReturnSetInfo *result, MemoryContext row, const AttributionSummary *summary, const Model *model,
		const WordKey *channel, int64 touches, const Share *share)
{
	MemoryContext old = MemoryContextSwitchTo(row);
	Numeric		credit = exact_numeric(&share->credit, CREDIT_SCALE);
	Datum		values[TABLE_COLUMNS];
	bool		nulls[TABLE_COLUMNS] = {false};
	Datum		quotient;

	CHECK_FOR_INTERRUPTS();
	values[TABLE_MODEL] =
		PointerGetDatum(cstring_to_text_with_len(model->text.bytes, model->text.len));
	values[TABLE_CHANNEL] = (Datum) 0;
	if (channel == NULL)
		nulls[TABLE_CHANNEL] = true;
	else
		values[TABLE_CHANNEL] =
			PointerGetDatum(cstring_to_text_with_len(channel->bytes, channel->len));
	values[TABLE_TOUCHES] = Int64GetDatum(touches);
	values[TABLE_CONVERSIONS] = NumericGetDatum(credit);
	values[TABLE_VALUE] =
		NumericGetDatum(exact_numeric(&share->value, summary->terms.digits));
	quotient = DirectFunctionCall2(numeric_div, NumericGetDatum(credit),
								   NumericGetDatum(int64_to_numeric(summary->conversions)));
	values[TABLE_SHARE] = DirectFunctionCall2(numeric_round, quotient,
											  Int32GetDatum(SHARE_DECIMALS));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	MemoryContextReset(MemoryContextSwitchTo(old));
}

PG_FUNCTION_INFO_V1(leadflow_attribution_table);
Datum
leadflow_attribution_table(PG_FUNCTION_ARGS)
{
	AttributionSummary *summary;
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row;
	const ModelList *models;
	int32	   *order;
	Share		untouched = {{0, 0}, {0, 0}};

	InitMaterializedSRF(fcinfo, 0);
	summary = (AttributionSummary *) summary_get(PG_GETARG_DATUM(0), &attribution_class);
	models = summary->terms.models;
	order = words_sorted(&summary->channels);
	row = AllocSetContextCreate(CurrentMemoryContext, "leadflow row", ALLOCSET_SMALL_SIZES);
	untouched.credit.whole = summary->untouched;
	untouched.value = summary->untouched_value;
	for (int32 j = 0; j < models->n; j++)
	{
		for (int32 i = 0; i < summary->channels.n; i++)
			put_row(result, row, summary, &models->model[j],
					&summary->channels.key[order[i]], summary->touches[order[i]],
					&summary->share[order[i] * (Size) models->n + j]);
		if (summary->untouched > 0)
			put_row(result, row, summary, &models->model[j], NULL, 0, &untouched);
	}
	MemoryContextDelete(row);
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_attribution_conversions);
Datum
leadflow_attribution_conversions(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(((AttributionSummary *) summary_get(PG_GETARG_DATUM(0),
														&attribution_class))->conversions);
}
