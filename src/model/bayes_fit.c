/*
 * bayes_fit.c
 *	  The aggregates that count rows into a naive Bayes model.
 *
 * A row adds one to its class, and one to each of its values.  A value's bytes
 * are looked up where they lie and copied only when they are new.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "model/naive_bayes.h"

/* Count a row. */
static void
count_row(BayesModel *model, bool won)
{
	bayes_add(won ? &model->won : &model->lost, 1);
	model->row++;
	bayes_changed(model);
}

/* Count a value of it, an element of a set only once. */
static void
count_value(BayesModel *model, int32 a, Word value, bool won)
{
	BayesAttribute *attribute = &model->attribute[a];
	int32		v = words_find(&attribute->values, value, word_hash(value));
	BayesCount *count;

	if (v == WORD_NONE)
		v = bayes_value(model, a, value);
	count = &attribute->count[v];
	if (attribute->set)
	{
		if (count->row == model->row)
			return;
		count->row = model->row;
	}
	/* no value has more rows than its class, which was checked */
	if (won)
		count->won++;
	else
		count->lost++;
}

/* naive_bayes_fit(outcome, features jsonb): transition */
PG_FUNCTION_INFO_V1(naive_bayes_fit_jsonb);
Datum
naive_bayes_fit_jsonb(PG_FUNCTION_ARGS)
{
	BayesModel *model;
	BayesFeatures features;
	bool		won;
	int32		a = WORD_NONE;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	model = (BayesModel *) summary_state(fcinfo, &bayes_class);
	won = PG_GETARG_BOOL(1);
	count_row(model, won);
	if (!PG_ARGISNULL(2))
	{
		bayes_start_features(&features, PG_GETARG_JSONB_P(2));
		while (bayes_next_feature(&features))
		{
			if (features.fresh)
				a = bayes_attribute(model, features.name, features.set);
			features.fresh = false;
			count_value(model, a, features.value, won);
		}
	}
	return summary_return(&model->head);
}

/* Make out anew which position is which attribute. */
static void
reset_positions(BayesModel *model, ArrayType *names, int32 n)
{
	BayesPositions *positions = &model->positions;
	MemoryContext context = summary_context(&model->head);

	if (names != NULL)
	{
		positions->names = MemoryContextAlloc(context, VARSIZE(names));
		memcpy(positions->names, names, VARSIZE(names));
	}
	if (positions->attribute == NULL)
		positions->attribute = MemoryContextAlloc(context, Max(n, 1) * sizeof(int32));
	else
		positions->attribute = repalloc(positions->attribute, n * sizeof(int32));
	for (int32 i = positions->n; i < n; i++)
		positions->attribute[i] = WORD_NONE;
	positions->n = n;
}

/* The attribute at a position of the array, which has a value there. */
static int32
attribute_at(BayesModel *model, int32 i)
{
	char		digits[12];
	Word	name;
	BayesElements names;

	if (model->positions.names == NULL)
	{
		name.bytes = digits;
		name.len = pg_ltoa(i + 1, digits);
	}
	else
	{
		bayes_start_elements(&names, model->positions.names);
		while (names.i <= i && bayes_next_element(&names, &name))
			;
	}
	model->positions.attribute[i] = bayes_attribute(model, name, false);
	return model->positions.attribute[i];
}

/* Count the features of an array. */
static void
count_elements(BayesModel *model, ArrayType *features, bool won)
{
	BayesElements elements;
	Word	value;

	bayes_start_elements(&elements, features);
	if (elements.n > model->positions.n)
		reset_positions(model, NULL, elements.n);
	while (bayes_next_element(&elements, &value))
	{
		int32		i = elements.i - 1;
		int32		a = model->positions.attribute[i];

		if (value.bytes == NULL)
			continue;
		if (a == WORD_NONE)
			a = attribute_at(model, i);
		count_value(model, a, value, won);
	}
}

/* naive_bayes_fit(outcome, features text[]): transition */
PG_FUNCTION_INFO_V1(naive_bayes_fit_array);
Datum
naive_bayes_fit_array(PG_FUNCTION_ARGS)
{
	BayesModel *model;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	model = (BayesModel *) summary_state(fcinfo, &bayes_class);
	count_row(model, PG_GETARG_BOOL(1));
	if (!PG_ARGISNULL(2))
		count_elements(model, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_BOOL(1));
	return summary_return(&model->head);
}

/* naive_bayes_fit(outcome, features text[], names text[]): transition */
PG_FUNCTION_INFO_V1(naive_bayes_fit_named);
Datum
naive_bayes_fit_named(PG_FUNCTION_ARGS)
{
	BayesModel *model;
	ArrayType  *features;
	ArrayType  *names;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	model = (BayesModel *) summary_state(fcinfo, &bayes_class);
	count_row(model, PG_GETARG_BOOL(1));
	if (PG_ARGISNULL(2))
		return summary_return(&model->head);
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("names of attributes must not be null")));
	features = PG_GETARG_ARRAYTYPE_P(2);
	names = PG_GETARG_ARRAYTYPE_P(3);
	if (model->positions.names == NULL)
	{
		bayes_check_names(names, features);
		reset_positions(model, names, ArrayGetNItems(ARR_NDIM(names), ARR_DIMS(names)));
	}
	else if (!bayes_same_names(&model->positions, names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("names of attributes must be the same for every row")));
	else if (ArrayGetNItems(ARR_NDIM(features), ARR_DIMS(features)) != model->positions.n)
		bayes_check_names(names, features);
	count_elements(model, features, PG_GETARG_BOOL(1));
	return summary_return(&model->head);
}

/* The combine function, which is also the transition of rollup. */
PG_FUNCTION_INFO_V1(naive_bayes_combine);
Datum
naive_bayes_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &bayes_class);
}
