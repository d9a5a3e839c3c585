/*
 * bayes_evidence.c
 *	  What a naive Bayes model's counts say of each attribute: weight of
 *	  evidence and information value.
 *
 *		weight of evidence = ln(share of the won / share of the lost)
 *		information value  = (share of the won - share of the lost) * weight
 *
 * after N. Siddiqi, Credit Risk Scorecards (2006), chapter 6, with alpha added
 * to each count.  The rows of an attribute are shared out to its values and,
 * where some lack it, to missing.  An element of a set is an attribute of its
 * own, which a row has or has not, and its information value is that of both.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "model/naive_bayes.h"

#define EVIDENCE_MAX_ALPHA 1e9

typedef struct Evidence
{
	float8		share_won;
	float8		share_lost;
	float8		weight;
	float8		information;
	bool		computable;		/* no share is 0 */
} Evidence;

/* Compare two shares. */
static bool
weigh_shares(float8 won, float8 lost, float8 *weight, float8 *information)
{
	if (won <= 0 || lost <= 0)
		return false;
	*weight = log(won / lost);
	*information = (won - lost) * *weight;
	return true;
}

/* The evidence of counts (won, lost) of a level of an attribute. */
static Evidence
weigh_level(const BayesModel *model, const BayesAttribute *attribute, bool has_missing,
			int64 won, int64 lost, float8 alpha)
{
	Evidence	e = {0};
	float8		levels = attribute->set ? 2 : attribute->values.n + (has_missing ? 1 : 0);
	float8		all_won = model->won + alpha * levels;
	float8		all_lost = model->lost + alpha * levels;
	float8		weight_without = 0;
	float8		information_without = 0;

	e.share_won = (won + alpha) / all_won;
	e.share_lost = (lost + alpha) / all_lost;
	e.computable = weigh_shares(e.share_won, e.share_lost, &e.weight, &e.information);
	if (e.computable && attribute->set)
	{
		int64		without_won = model->won - won;
		int64		without_lost = model->lost - lost;

		/* an element that every row has tells nothing, and that is no fault */
		if (alpha == 0 && without_won + without_lost == 0)
			return e;
		e.computable = weigh_shares((without_won + alpha) / all_won,
									(without_lost + alpha) / all_lost,
									&weight_without, &information_without);
		e.information += information_without;
	}
	return e;
}

/* The arguments of both functions. */
static BayesModel *
read_arguments(FunctionCallInfo fcinfo, float8 *alpha)
{
	*alpha = PG_GETARG_FLOAT8(1);
	if (!(*alpha >= 0 && *alpha <= EVIDENCE_MAX_ALPHA))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("alpha must be between 0 and %g", EVIDENCE_MAX_ALPHA)));
	InitMaterializedSRF(fcinfo, 0);
	return (BayesModel *) summary_get(PG_GETARG_DATUM(0), &bayes_class);
}

/* The rows that lack an attribute; of a set that is not known. */
static void
count_missing(const BayesModel *model, const BayesAttribute *attribute,
			  int64 *won, int64 *lost)
{
	*won = 0;
	*lost = 0;
	if (attribute->set)
		return;
	bayes_known(attribute, won, lost);
	*won = model->won - *won;
	*lost = model->lost - *lost;
}

/* A name or value as text. */
static Datum
key_datum(const WordKey *key)
{
	return PointerGetDatum(cstring_to_text_with_len(key->bytes, key->len));
}

/* A row of weight_of_evidence. */
static void
put_level(ReturnSetInfo *result, const BayesModel *model, const WordKey *name,
		  const WordKey *value, int64 won, int64 lost, const Evidence *e)
{
	bool		both = model->won > 0 && model->lost > 0;
	Datum		values[8];
	bool		nulls[8] = {false};

	values[0] = key_datum(name);
	nulls[1] = value == NULL;
	values[1] = value == NULL ? (Datum) 0 : key_datum(value);
	values[2] = Int64GetDatum(won);
	values[3] = Int64GetDatum(lost);
	values[4] = Float8GetDatum(e->share_won);
	values[5] = Float8GetDatum(e->share_lost);
	values[6] = Float8GetDatum(e->weight);
	values[7] = Float8GetDatum(e->information);
	nulls[4] = nulls[5] = !both;
	nulls[6] = nulls[7] = !both || !e->computable;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* weight_of_evidence(model, alpha) */
PG_FUNCTION_INFO_V1(naive_bayes_weight_of_evidence);
Datum
naive_bayes_weight_of_evidence(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	float8		alpha;
	BayesModel *model = read_arguments(fcinfo, &alpha);
	int32	   *names = words_sorted(&model->names);

	for (int32 i = 0; i < model->names.n; i++)
	{
		WordKey   *name = &model->names.key[names[i]];
		BayesAttribute *attribute = &model->attribute[names[i]];
		int32	   *order = words_sorted(&attribute->values);
		int64		missing_won;
		int64		missing_lost;
		bool		has_missing;
		Evidence	e;

		count_missing(model, attribute, &missing_won, &missing_lost);
		has_missing = missing_won + missing_lost > 0;
		for (int32 j = 0; j < attribute->values.n; j++)
		{
			BayesCount *count = &attribute->count[order[j]];

			CHECK_FOR_INTERRUPTS();
			e = weigh_level(model, attribute, has_missing, count->won, count->lost, alpha);
			put_level(result, model, name, &attribute->values.key[order[j]],
					  count->won, count->lost, &e);
		}
		if (has_missing)
		{
			e = weigh_level(model, attribute, has_missing, missing_won, missing_lost, alpha);
			put_level(result, model, name, NULL, missing_won, missing_lost, &e);
		}
		pfree(order);
	}
	return (Datum) 0;
}

/* information_value(model, alpha) */
PG_FUNCTION_INFO_V1(naive_bayes_information_value);
Datum
naive_bayes_information_value(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	float8		alpha;
	BayesModel *model = read_arguments(fcinfo, &alpha);
	int32	   *names = words_sorted(&model->names);
	bool		both = model->won > 0 && model->lost > 0;

	for (int32 i = 0; i < model->names.n; i++)
	{
		BayesAttribute *attribute = &model->attribute[names[i]];
		int32	   *order = words_sorted(&attribute->values);
		int64		missing_won;
		int64		missing_lost;
		bool		computable = both;
		float8		information = 0;
		Evidence	e;
		Datum		values[4];
		bool		nulls[4] = {false};

		count_missing(model, attribute, &missing_won, &missing_lost);
		/* in one order, so that equal models have equal sums */
		for (int32 j = 0; j < attribute->values.n && computable; j++)
		{
			BayesCount *count = &attribute->count[order[j]];

			CHECK_FOR_INTERRUPTS();
			e = weigh_level(model, attribute, missing_won + missing_lost > 0,
							count->won, count->lost, alpha);
			computable = e.computable;
			information += e.information;
		}
		if (computable && missing_won + missing_lost > 0)
		{
			e = weigh_level(model, attribute, true, missing_won, missing_lost, alpha);
			computable = e.computable;
			information += e.information;
		}
		values[0] = key_datum(&model->names.key[names[i]]);
		values[1] = Float8GetDatum(information);
		values[2] = Int64GetDatum(attribute->values.n);
		values[3] = Float8GetDatum((float8) (missing_won + missing_lost) /
								   (model->won + model->lost));
		nulls[1] = !computable;
		nulls[3] = attribute->set;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(order);
	}
	return (Datum) 0;
}
