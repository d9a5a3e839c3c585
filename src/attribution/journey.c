/*
 * journey.c
 *	  A buyer's path of touches as a path of channels, for Markov chains and
 *	  coalitions.
 *
 * The journey of a buyer is the touches up to its first conversion, that
 * instant included, in their order; it ends in one conversion with its money.
 * A buyer without a conversion went all its touches and ends in a null.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"

#include "attribution/markov.h"
#include "attribution/shapley.h"
#include "attribution/touch_path.h"

typedef struct Journey
{
	Word	   *channel;
	int			n;
	double		conversions;
	double		value;
	double		nulls;
} Journey;

/* The journey of a path. */
static Journey
journey_of(Datum value)
{
	TouchPath  *path = touch_path_get(value);
	const Moments *events = &path->events;
	Journey		journey = {0};

	touch_path_sort(path);
	if (path->conversions == 0)
		journey.nulls = 1;
	else
	{
		const Conversion *first = &path->conversion[0];

		if (first->amount < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("value must not be negative")));
		journey.conversions = 1;
		if (first->scale != NO_AMOUNT)
			journey.value = (double) first->amount / pow(10, first->scale);
	}
	journey.channel = palloc(Max(events->n, 1) * sizeof(Word));
	for (int32 i = 0; i < events->n; i++)
	{
		const Moment *moment = &events->moment[i];

		CHECK_FOR_INTERRUPTS();
		if (path->conversions > 0 && moment->at > path->conversion[0].at)
			break;
		if (moment->word != WORD_NONE)
			journey.channel[journey.n++] = words_word(events->words, moment->word);
	}
	return journey;
}

/* Arguments: touch_path, order. */
PG_FUNCTION_INFO_V1(leadflow_markov_add_journey);
Datum
leadflow_markov_add_journey(PG_FUNCTION_ARGS)
{
	Markov	   *markov;
	Journey		journey;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	if (PG_NARGS() > 2 && PG_ARGISNULL(2))
		markov_refuse_null_order();
	markov = (Markov *) summary_state(fcinfo, &markov_class);
	markov_set_order(markov, PG_NARGS() > 2 ? PG_GETARG_INT32(2) : 1);
	journey = journey_of(PG_GETARG_DATUM(1));
	markov_add_path(markov, journey.channel, journey.n,
					journey.conversions, journey.value, journey.nulls);
	return summary_return(&markov->head);
}

PG_FUNCTION_INFO_V1(leadflow_coalitions_add_journey);
Datum
leadflow_coalitions_add_journey(PG_FUNCTION_ARGS)
{
	Coalitions *coalitions;
	Journey		journey;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	coalitions = (Coalitions *) summary_state(fcinfo, &coalitions_class);
	journey = journey_of(PG_GETARG_DATUM(1));
	coalitions_add_path(coalitions, journey.channel, journey.n,
						journey.conversions, journey.value, journey.nulls);
	return summary_return(&coalitions->head);
}
