/*
 * markov_answer.c
 *	  What a markov_chain can be asked: who earned the conversions, how probable
 *	  one is, and what the chain consists of.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "attribution/markov.h"
#include "attribution/path.h"

/* Columns of markov_attribution() */
enum
{
	ATTRIBUTION_CHANNEL,
	ATTRIBUTION_REMOVAL_EFFECT,
	ATTRIBUTION_SHARE,
	ATTRIBUTION_CONVERSIONS,
	ATTRIBUTION_VALUE,
	ATTRIBUTION_COLUMNS
};

/* Columns of transitions() */
enum
{
	TRANSITIONS_FROM_STATE,
	TRANSITIONS_TO_STATE,
	TRANSITIONS_WEIGHT,
	TRANSITIONS_PROBABILITY,
	TRANSITIONS_COLUMNS
};

/* A chain put in order. */
typedef struct Answer
{
	Markov	   *markov;
	int32		channels;
	int32	   *order;			/* their numbers by place */
	int64		n;
	MarkovTransition *transition;	/* channels by place */
} Answer;

static void
read_chain(Answer *answer, Datum value)
{
	Markov	   *markov = (Markov *) summary_get(value, &markov_class);

	answer->markov = markov;
	answer->channels = markov->words == NULL ? 0 : markov->words->n;
	answer->transition = markov_sorted(markov, &answer->order, &answer->n);
}

static MarkovGraph *
graph_of(const Answer *answer)
{
	return markov_graph(answer->transition, answer->n, answer->channels,
						answer->markov->order);
}

static Datum
channel_text(const Answer *answer, int32 place)
{
	const WordKey *key = &answer->markov->words->key[answer->order[place]];

	return PointerGetDatum(cstring_to_text_with_len(key->bytes, key->len));
}

PG_FUNCTION_INFO_V1(leadflow_markov_attribution);
Datum
leadflow_markov_attribution(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Answer		answer;
	Total		conversions = {0, 0};
	double	   *effect;
	double		sum = 0;

	InitMaterializedSRF(fcinfo, 0);
	read_chain(&answer, PG_GETARG_DATUM(0));
	effect = palloc(Max(answer.channels, 1) * sizeof(double));
	markov_removal(graph_of(&answer), effect);
	for (int32 c = 0; c < answer.channels; c++)
		sum += effect[c];
	for (int64 i = 0; i < answer.n; i++)
	{
		if (answer.transition[i].move.to == MARKOV_CONVERSION)
			total_merge(&conversions, answer.transition[i].weight);
	}

	for (int32 c = 0; c < answer.channels; c++)
	{
		double		share = effect[c] / sum;
		Datum		values[ATTRIBUTION_COLUMNS];
		bool		nulls[ATTRIBUTION_COLUMNS] = {false};

		values[ATTRIBUTION_CHANNEL] = channel_text(&answer, c);
		values[ATTRIBUTION_REMOVAL_EFFECT] = Float8GetDatum(effect[c]);
		values[ATTRIBUTION_SHARE] = Float8GetDatum(share);
		values[ATTRIBUTION_CONVERSIONS] = Float8GetDatum(conversions.sum * share);
		values[ATTRIBUTION_VALUE] = Float8GetDatum(answer.markov->value.sum * share);
		/* where nothing converts, nothing can be lost */
		if (!(sum > 0))
			memset(nulls + ATTRIBUTION_REMOVAL_EFFECT, true,
				   ATTRIBUTION_COLUMNS - ATTRIBUTION_REMOVAL_EFFECT);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_markov_probability);
Datum
leadflow_markov_probability(PG_FUNCTION_ARGS)
{
	Answer		answer;
	double		probability;

	read_chain(&answer, PG_GETARG_DATUM(0));
	probability = markov_probability(graph_of(&answer));
	if (isnan(probability))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(probability);
}

/* A state as its channels, the earliest first. */
static Datum
state_text(const Answer *answer, MarkovState state)
{
	Datum		channel[MARKOV_MAX_ORDER];
	int			n = 0;

	for (int shift = 16 * (MARKOV_MAX_ORDER - 1); shift >= 0; shift -= 16)
	{
		if (state >> shift != 0)
			channel[n++] = channel_text(answer, (int32) ((state >> shift) & 0xffff) - 1);
	}
	if (n == 0)
		channel[n++] = PointerGetDatum(cstring_to_text("(start)"));
	return PointerGetDatum(construct_array(channel, n, TEXTOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(leadflow_markov_transitions);
Datum
leadflow_markov_transitions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Answer		answer;
	int64		next;

	InitMaterializedSRF(fcinfo, 0);
	read_chain(&answer, PG_GETARG_DATUM(0));
	for (int64 i = 0; i < answer.n; i = next)
	{
		MarkovState from = answer.transition[i].move.from;
		Datum		from_state = state_text(&answer, from);
		Total		all = {0, 0};

		for (next = i; next < answer.n && answer.transition[next].move.from == from; next++)
			total_merge(&all, answer.transition[next].weight);
		for (int64 j = i; j < next; j++)
		{
			const MarkovTransition *transition = &answer.transition[j];
			int32		to = transition->move.to;
			Datum		values[TRANSITIONS_COLUMNS];
			bool		nulls[TRANSITIONS_COLUMNS] = {false};

			CHECK_FOR_INTERRUPTS();
			values[TRANSITIONS_FROM_STATE] = from_state;
			values[TRANSITIONS_TO_STATE] = to >= 0 ? channel_text(&answer, to) :
				PointerGetDatum(cstring_to_text(to == MARKOV_NULL ? "(null)" : "(conversion)"));
			values[TRANSITIONS_WEIGHT] = Float8GetDatum(transition->weight.sum);
			values[TRANSITIONS_PROBABILITY] =
				Float8GetDatum(transition->weight.sum / all.sum);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
			pfree(DatumGetPointer(values[TRANSITIONS_TO_STATE]));
		}
		pfree(DatumGetPointer(from_state));
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(leadflow_markov_untouched);
Datum
leadflow_markov_untouched(PG_FUNCTION_ARGS)
{
	Markov	   *markov = (Markov *) summary_get(PG_GETARG_DATUM(0), &markov_class);

	return path_put_outcome(fcinfo, &markov->untouched);
}
