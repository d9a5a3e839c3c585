/*
 * credits.c
 *	  credits(): the touches of every conversion of one buyer, with the credit
 *	  and the money that each gets by one model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "attribution/credit.h"

/* Arguments */
enum
{
	ARG_PATH,
	ARG_MODEL,
	ARG_LOOKBACK,
	ARG_DIGITS
};

/* Columns */
enum
{
	CREDITS_CONVERSION,
	CREDITS_CONVERTED_AT,
	CREDITS_POSITION,
	CREDITS_TOUCHED_AT,
	CREDITS_TOUCH,
	CREDITS_CHANNEL,
	CREDITS_CREDIT,
	CREDITS_VALUE,
	CREDITS_COLUMNS
};

/* Where the rows go, and what is the same in all of them. */
typedef struct CreditRows
{
	ReturnSetInfo *result;
	MemoryContext row;			/* reset after every row */
	const WordTable *words;
	int32		number;			/* of the conversion */
	int32		digits;
	int32		scale;			/* of the money */
} CreditRows;

/* One row: a touch, or none, with its part; NULL money: there is none. */
static void
put_row(const CreditRows *rows, const Journey *journey, int32 place,
		int64 credit, const int64 *value)
{
	Datum		values[CREDITS_COLUMNS] = {0};
	bool		nulls[CREDITS_COLUMNS] = {false};
	MemoryContext old = MemoryContextSwitchTo(rows->row);

	CHECK_FOR_INTERRUPTS();
	values[CREDITS_CONVERSION] = Int32GetDatum(rows->number);
	values[CREDITS_CONVERTED_AT] = TimestampTzGetDatum(journey->conversion->at);
	if (place == NO_TOUCH)
		nulls[CREDITS_POSITION] = nulls[CREDITS_TOUCHED_AT] =
			nulls[CREDITS_TOUCH] = nulls[CREDITS_CHANNEL] = true;
	else
	{
		const Moment *touch = &journey->touch[place];
		Word		channel = words_word(rows->words, touch->word);

		values[CREDITS_POSITION] = Int32GetDatum(place + 1);
		values[CREDITS_TOUCHED_AT] = TimestampTzGetDatum(touch->at);
		values[CREDITS_TOUCH] = Int64GetDatum(touch->tie);
		nulls[CREDITS_TOUCH] = (touch->mark & MARK_HAS_ID) == 0;
		values[CREDITS_CHANNEL] =
			PointerGetDatum(cstring_to_text_with_len(channel.bytes, channel.len));
	}
	values[CREDITS_CREDIT] =
		NumericGetDatum(int64_div_fast_to_numeric(credit, CREDIT_SCALE));
	if (value == NULL)
		nulls[CREDITS_VALUE] = true;
	else
		values[CREDITS_VALUE] =
			NumericGetDatum(int64_div_fast_to_numeric(*value, rows->scale));
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
	MemoryContextReset(MemoryContextSwitchTo(old));
}

/* The rows of one conversion. */
static void
put_journey(CreditRows *rows, const Model *model, const Journey *journey, Deal *deal)
{
	bool		money = journey->conversion->scale != NO_AMOUNT;
	int64		amount = 0;
	int64	   *credit;

	if (money)
		rows->scale = amount_in_units(journey->conversion, rows->digits, &amount);
	if (journey->n == 0)
	{
		put_row(rows, journey, NO_TOUCH, CREDIT_ONE, money ? &amount : NULL);
		return;
	}
	deal_make_room(deal, journey->n);
	deal_weigh(deal, model, journey, rows->words);
	deal_out(deal, journey->n, CREDIT_ONE);
	credit = palloc(journey->n * sizeof(int64));
	memcpy(credit, deal->part, journey->n * sizeof(int64));
	if (money)
		deal_out(deal, journey->n, amount);
	for (int32 i = 0; i < journey->n; i++)
		put_row(rows, journey, i, credit[i], money ? &deal->part[i] : NULL);
	pfree(credit);
}

PG_FUNCTION_INFO_V1(leadflow_touch_path_credits);
Datum
leadflow_touch_path_credits(PG_FUNCTION_ARGS)
{
	CreditRows	rows = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	TouchPath  *path;
	Model		model;
	int64		lookback = NO_LOOKBACK;
	Journeys	walk;
	Journey		journey;
	Deal		deal = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(ARG_PATH) || PG_ARGISNULL(ARG_MODEL) || PG_ARGISNULL(ARG_DIGITS))
		PG_RETURN_NULL();
	model_parse(&model, word_of_text(PG_GETARG_TEXT_PP(ARG_MODEL)));
	if (!PG_ARGISNULL(ARG_LOOKBACK))
		lookback = interval_usecs(PG_GETARG_INTERVAL_P(ARG_LOOKBACK), "look-back");
	rows.digits = PG_GETARG_INT32(ARG_DIGITS);
	check_digits(rows.digits);

	path = touch_path_get(PG_GETARG_DATUM(ARG_PATH));
	rows.row = AllocSetContextCreate(CurrentMemoryContext, "leadflow row", ALLOCSET_SMALL_SIZES);
	rows.words = path->events.words;
	journeys_begin(&walk, path, lookback);
	while (journeys_next(&walk, &journey))
	{
		rows.number++;
		put_journey(&rows, &model, &journey, &deal);
	}
	MemoryContextDelete(rows.row);
	PG_RETURN_NULL();
}

/* A rule is read as credits() would; what is wrong with it is an error. */
PG_FUNCTION_INFO_V1(leadflow_check_attribution_rule);
Datum
leadflow_check_attribution_rule(PG_FUNCTION_ARGS)
{
	Model		model;

	model_parse(&model, word_of_text(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_BOOL(true);
}
