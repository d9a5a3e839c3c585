/*
 * bayes_predict.c
 *	  The probability of winning, given a naive Bayes model and a row.
 *
 * All is added up as logarithms of odds:
 *
 *		log odds = prior + sum over the attributes of ln(P(x|won) / P(x|lost))
 *		probability = 1 / (1 + exp(-log odds))
 *
 * With W and L the counts of a value, nW and nL the rows of the classes, and
 * a > 0 the smoothing (alpha), the policy 'skip' is Odoo's:
 *
 *		prior = ln((nW + a) / (nL + a))
 *		P(x|won) = (W + a) / sum of (W' + a) over the values seen
 *		P(x|won) = (W + a) / (nW + a), for an element of a set
 *
 * and a missing value does not count.  The policy 'level' makes missing a
 * value like the others where it was seen; V is the number of values with it:
 *
 *		prior = ln(nW / nL)
 *		P(x|won) = (W + a) / (nW + a V)
 *		P(x|won) = (W + a) / (nW + 2 a), for an element of a set
 *
 * A value that was never seen does not count in either.
 *
 * What a model says of each value is worked out once and kept by the call
 * site.  A model is known again by its bytes as they are stored (of a value
 * kept out of line, its pointer, within one transaction), or in an aggregate
 * that is still in memory, by its version.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "compat.h"
#include "leadflow.h"
#include "model/naive_bayes.h"

#define BAYES_MIN_ALPHA		1e-9
#define BAYES_MAX_ALPHA		1e9
#define BAYES_SITE_MODELS	8	/* kept by a call site */

/* How the features are given. */
typedef enum BayesForm
{
	FORM_OBJECT,
	FORM_ARRAY,
	FORM_NAMED
} BayesForm;

/* A model as one call site asks it. */
typedef struct BayesScorer
{
	MemoryContext mcxt;
	uint64		used;
	uint64		version;		/* of a model in memory, else 0 */
	TimestampTz xact;			/* of a model kept out of line, else 0 */
	Size		size;
	char	   *bytes;

	float8		alpha;
	bool		level;

	BayesModel *model;			/* its row numbers are this call site's */
	bool		computable;		/* both classes have rows */
	float8		prior;
	float8	  **value;			/* ln(P(x|won) / P(x|lost)) by attribute and value */
	float8	   *missing;		/* the same for a missing value */
	float8	   *term;			/* what each attribute adds for the present row */
	BayesPositions positions;
} BayesScorer;

typedef struct BayesSite
{
	uint64		clock;
	BayesScorer *last;
	BayesScorer *scorer[BAYES_SITE_MODELS];
} BayesSite;

/* Work out what an attribute's values say. */
static void
weigh_attribute(BayesScorer *scorer, int32 a)
{
	const BayesModel *model = scorer->model;
	const BayesAttribute *attribute = &model->attribute[a];
	float8		alpha = scorer->alpha;
	float8	   *value = palloc(attribute->values.n * sizeof(float8));
	float8		won;
	float8		lost;

	scorer->missing[a] = 0;
	if (attribute->set)
	{
		won = model->won + (scorer->level ? 2 * alpha : alpha);
		lost = model->lost + (scorer->level ? 2 * alpha : alpha);
	}
	else
	{
		int64		known_won;
		int64		known_lost;
		int64		missing;
		int32		levels = attribute->values.n;

		bayes_known(attribute, &known_won, &known_lost);
		missing = (model->won - known_won) + (model->lost - known_lost);
		if (scorer->level && missing > 0)
			levels++;
		won = (scorer->level ? model->won : known_won) + alpha * levels;
		lost = (scorer->level ? model->lost : known_lost) + alpha * levels;
		if (scorer->level && missing > 0)
			scorer->missing[a] = log((model->won - known_won + alpha) / won) -
				log((model->lost - known_lost + alpha) / lost);
	}
	for (int32 v = 0; v < attribute->values.n; v++)
		value[v] = log((attribute->count[v].won + alpha) / won) -
			log((attribute->count[v].lost + alpha) / lost);
	scorer->value[a] = value;
}

/* Work out what a model says under this smoothing and policy. */
static void
weigh_model(BayesScorer *scorer, float8 alpha, bool level)
{
	BayesModel *model = scorer->model;

	scorer->alpha = alpha;
	scorer->level = level;
	scorer->computable = model->won > 0 && model->lost > 0;
	if (!scorer->computable)
		return;
	scorer->prior = level ? log((float8) model->won / model->lost) :
		log((model->won + alpha) / (model->lost + alpha));
	for (int32 a = 0; a < model->names.n; a++)
	{
		CHECK_FOR_INTERRUPTS();
		if (scorer->value[a] != NULL)
			pfree(scorer->value[a]);
		weigh_attribute(scorer, a);
	}
}

/* Whether a scorer was made of this model. */
static bool
made_of(const BayesScorer *scorer, const struct varlena *model, Size size,
		uint64 version, TimestampTz xact)
{
	if (version != 0)
		return scorer->version == version;
	return scorer->version == 0 && scorer->size == size && scorer->xact == xact &&
		memcmp(scorer->bytes, model, size) == 0;
}

/* Forget the scorer that was used longest ago, or find an empty place. */
static BayesScorer **
free_place(BayesSite *site)
{
	BayesScorer **place = &site->scorer[0];

	for (int i = 0; i < BAYES_SITE_MODELS; i++)
	{
		if (site->scorer[i] == NULL)
			return &site->scorer[i];
		if (site->scorer[i]->used < (*place)->used)
			place = &site->scorer[i];
	}
	if (site->last == *place)
		site->last = NULL;
	MemoryContextDelete((*place)->mcxt);
	*place = NULL;
	return place;
}

/* Read a model, to be weighed. */
static BayesScorer *
make_scorer(Datum datum, const struct varlena *bytes, Size size, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "leadflow naive Bayes model",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	BayesScorer *scorer = palloc0(sizeof(BayesScorer));
	BayesModel *model = (BayesModel *) summary_make(&bayes_class);
	Size		n;

	/* a copy even of a model in memory, which may change or go */
	bayes_class.merge(&model->head, summary_get(datum, &bayes_class));
	n = Max(model->names.n, 1);
	scorer->mcxt = context;
	scorer->model = model;
	scorer->size = size;
	if (size > 0)
	{
		scorer->bytes = palloc(size);
		memcpy(scorer->bytes, bytes, size);
	}
	scorer->value = palloc0(n * sizeof(float8 *));
	scorer->missing = palloc0(n * sizeof(float8));
	scorer->term = palloc0(n * sizeof(float8));
	MemoryContextSwitchTo(old);
	return scorer;
}

/* The scorer of a model, kept by the call site. */
static BayesScorer *
find_scorer(FunctionCallInfo fcinfo, BayesSite *site)
{
	Datum		datum = PG_GETARG_DATUM(0);
	struct varlena *model = (struct varlena *) DatumGetPointer(datum);
	Size		size = 0;
	uint64		version = 0;
	TimestampTz xact = 0;
	BayesScorer **place;

	if (VARATT_IS_EXTERNAL_EXPANDED(model))
		version = ((BayesModel *) summary_get(datum, &bayes_class))->version;
	else
	{
		if (VARATT_IS_EXTERNAL_ONDISK(model))
			xact = GetCurrentTransactionStartTimestamp();
		else if (VARATT_IS_EXTERNAL(model))
			model = PG_DETOAST_DATUM(datum);
		size = VARSIZE_ANY(model);
	}
	if (site->last != NULL && made_of(site->last, model, size, version, xact))
		return site->last;
	for (int i = 0; i < BAYES_SITE_MODELS && site->scorer[i] != NULL; i++)
	{
		if (made_of(site->scorer[i], model, size, version, xact))
			return site->scorer[i];
	}
	place = free_place(site);
	*place = make_scorer(datum, model, size, fcinfo->flinfo->fn_mcxt);
	(*place)->version = version;
	(*place)->xact = xact;
	return *place;
}

/* Whether missing values are a level of their own. */
static bool
read_policy(text *policy)
{
	const char *bytes = VARDATA_ANY(policy);
	int			len = VARSIZE_ANY_EXHDR(policy);

	if (len == 4 && memcmp(bytes, "skip", 4) == 0)
		return false;
	if (len == 5 && memcmp(bytes, "level", 5) == 0)
		return true;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown treatment of missing values: \"%s\"",
					excerpt(bytes, len)),
			 errhint("It is \"skip\" or \"level\".")));
	return false;
}

/* The scorer for this call; alpha and the policy are its last arguments. */
static BayesScorer *
prepare(FunctionCallInfo fcinfo, BayesForm form)
{
	int			i = form == FORM_NAMED ? 3 : 2;
	float8		alpha = PG_GETARG_FLOAT8(i);
	bool		level = read_policy(PG_GETARG_TEXT_PP(i + 1));
	BayesSite  *site = fcinfo->flinfo->fn_extra;
	BayesScorer *scorer;

	if (!(alpha >= BAYES_MIN_ALPHA && alpha <= BAYES_MAX_ALPHA))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("alpha must be between %g and %g",
						BAYES_MIN_ALPHA, BAYES_MAX_ALPHA)));
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(BayesSite));
		fcinfo->flinfo->fn_extra = site;
	}
	scorer = find_scorer(fcinfo, site);
	site->last = scorer;
	scorer->used = ++site->clock;
	if (scorer->alpha != alpha || scorer->level != level)
	{
		MemoryContext old = MemoryContextSwitchTo(scorer->mcxt);

		weigh_model(scorer, alpha, level);
		MemoryContextSwitchTo(old);
	}
	return scorer;
}

/* Take account of a value of the row; a set adds up its elements. */
static void
weigh_value(BayesScorer *scorer, int32 a, Word text)
{
	BayesAttribute *attribute = &scorer->model->attribute[a];
	int32		v = words_find(&attribute->values, text, word_hash(text));

	if (!attribute->set)
		scorer->term[a] = v == WORD_NONE ? 0 : scorer->value[a][v];
	else if (v != WORD_NONE && attribute->count[v].row != scorer->model->row)
	{
		attribute->count[v].row = scorer->model->row;
		scorer->term[a] += scorer->value[a][v];
	}
}

/* Take account of the features of an object. */
static void
weigh_object(BayesScorer *scorer, Jsonb *object)
{
	BayesFeatures features;
	int32		a = WORD_NONE;

	bayes_start_features(&features, object);
	while (bayes_next_feature(&features))
	{
		if (features.fresh)
		{
			a = words_find(&scorer->model->names, features.name,
						   word_hash(features.name));
			if (a != WORD_NONE && features.set && !scorer->model->attribute[a].set)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("attribute \"%s\" is an array, but the model has it as a single value",
								scorer->model->names.key[a].bytes)));
		}
		features.fresh = false;
		if (a != WORD_NONE)
			weigh_value(scorer, a, features.value);
	}
}

/* Make out which position is which attribute. */
static void
find_positions(BayesScorer *scorer, ArrayType *names, int32 n)
{
	BayesPositions *positions = &scorer->positions;
	BayesElements elements;
	Word	name = {NULL, 0};

	if (positions->attribute != NULL)
		pfree(positions->attribute);
	positions->attribute = MemoryContextAlloc(scorer->mcxt, Max(n, 1) * sizeof(int32));
	positions->n = n;
	if (names != NULL)
	{
		if (positions->names != NULL)
			pfree(positions->names);
		positions->names = MemoryContextAlloc(scorer->mcxt, VARSIZE(names));
		memcpy(positions->names, names, VARSIZE(names));
		bayes_start_elements(&elements, names);
	}
	for (int32 i = 0; i < n; i++)
	{
		char		digits[12];

		if (names != NULL)
			(void) bayes_next_element(&elements, &name);
		else
		{
			name.bytes = digits;
			name.len = pg_ltoa(i + 1, digits);
		}
		positions->attribute[i] = words_find(&scorer->model->names, name,
											 word_hash(name));
	}
}

/* Take account of the features of an array. */
static void
weigh_array(BayesScorer *scorer, ArrayType *array, ArrayType *names)
{
	BayesPositions *positions = &scorer->positions;
	BayesElements elements;
	Word	value;

	bayes_start_elements(&elements, array);
	if (names != NULL && (elements.n != positions->n || !bayes_same_names(positions, names)))
	{
		bayes_check_names(names, array);
		find_positions(scorer, names, elements.n);
	}
	else if (elements.n > positions->n)
		find_positions(scorer, NULL, elements.n);
	while (bayes_next_element(&elements, &value))
	{
		int32		a = positions->attribute[elements.i - 1];

		if (value.bytes != NULL && a != WORD_NONE)
			weigh_value(scorer, a, value);
	}
}

/* The log odds of a row; false if they cannot be computed. */
static bool
score(FunctionCallInfo fcinfo, BayesForm form, float8 *log_odds)
{
	BayesScorer *scorer = prepare(fcinfo, form);
	int32		n = scorer->model->names.n;

	if (!scorer->computable)
		return false;
	scorer->model->row++;
	memcpy(scorer->term, scorer->missing, n * sizeof(float8));
	if (form == FORM_OBJECT)
		weigh_object(scorer, PG_GETARG_JSONB_P(1));
	else
		weigh_array(scorer, PG_GETARG_ARRAYTYPE_P(1),
					form == FORM_NAMED ? PG_GETARG_ARRAYTYPE_P(2) : NULL);
	*log_odds = scorer->prior;
	for (int32 a = 0; a < n; a++)
		*log_odds += scorer->term[a];
	return true;
}

/* The log odds as the result of a function. */
static Datum
return_log_odds(FunctionCallInfo fcinfo, BayesForm form)
{
	float8		log_odds;

	if (!score(fcinfo, form, &log_odds))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(log_odds);
}

/* Strictly between 0 and 1, which would say what has not happened yet. */
static Datum
return_probability(FunctionCallInfo fcinfo, BayesForm form)
{
	float8		log_odds;
	float8		odds_against;

	if (!score(fcinfo, form, &log_odds))
		PG_RETURN_NULL();
	odds_against = exp(-log_odds);
	if (isinf(odds_against))
		PG_RETURN_FLOAT8(DBL_MIN);
	PG_RETURN_FLOAT8(Min(1 / (1 + odds_against), 1 - DBL_EPSILON / 2));
}

PG_FUNCTION_INFO_V1(naive_bayes_predict_jsonb);
Datum
naive_bayes_predict_jsonb(PG_FUNCTION_ARGS)
{
	return return_probability(fcinfo, FORM_OBJECT);
}

PG_FUNCTION_INFO_V1(naive_bayes_predict_array);
Datum
naive_bayes_predict_array(PG_FUNCTION_ARGS)
{
	return return_probability(fcinfo, FORM_ARRAY);
}

PG_FUNCTION_INFO_V1(naive_bayes_predict_named);
Datum
naive_bayes_predict_named(PG_FUNCTION_ARGS)
{
	return return_probability(fcinfo, FORM_NAMED);
}

PG_FUNCTION_INFO_V1(naive_bayes_log_odds_jsonb);
Datum
naive_bayes_log_odds_jsonb(PG_FUNCTION_ARGS)
{
	return return_log_odds(fcinfo, FORM_OBJECT);
}

PG_FUNCTION_INFO_V1(naive_bayes_log_odds_array);
Datum
naive_bayes_log_odds_array(PG_FUNCTION_ARGS)
{
	return return_log_odds(fcinfo, FORM_ARRAY);
}

PG_FUNCTION_INFO_V1(naive_bayes_log_odds_named);
Datum
naive_bayes_log_odds_named(PG_FUNCTION_ARGS)
{
	return return_log_odds(fcinfo, FORM_NAMED);
}
