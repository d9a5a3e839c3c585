/*
 * model_list.c
 *	  The models by which a summary of attribution counts.
 *
 * Most queries name their models once for all their groups, so that a call site
 * keeps what it has read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "attribution/model_list.h"

/* Lists of models that a call site keeps, as they outlive the groups that had them */
#define SITE_LISTS			64

ModelList *
model_list(const Word *text, int32 n)
{
	ModelList  *models = palloc0(sizeof(ModelList));

	models->model = palloc(n * sizeof(Model));
	for (int32 i = 0; i < n; i++)
	{
		model_parse(&models->model[i], text[i]);
		for (int32 j = 0; j < i; j++)
		{
			if (word_equals(text[i], text[j]))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("attribution model is given twice: \"%s\"",
								models->model[i].text.bytes)));
		}
	}
	models->n = n;
	return models;
}

ModelList *
model_list_copy(const ModelList *from)
{
	Word		text[MODEL_LIST_MAX];

	for (int32 i = 0; i < from->n; i++)
		text[i] = from->model[i].text;
	return model_list(text, from->n);
}

bool
model_list_same(const ModelList *a, const ModelList *b)
{
	if (a == b)
		return true;
	if (a->n != b->n)
		return false;
	for (int32 i = 0; i < a->n; i++)
	{
		if (!word_equals(a->model[i].text, b->model[i].text))
			return false;
	}
	return true;
}

static bool
site_has_room(const SummarySite *site)
{
	const ModelList *models = site->kept;

	return models == NULL || models->kept < SITE_LISTS;
}

/* Put models, which live as long as the site, among those of a call site. */
static void
keep_models(SummarySite *site, ModelList *models)
{
	models->next = site->kept;
	models->kept = models->next == NULL ? 1 : models->next->kept + 1;
	site->kept = models;
}

const ModelList *
site_models(SummarySite *site, ArrayType *array)
{
	ModelList  *models;
	Word		word[MODEL_LIST_MAX];
	Datum	   *element;
	bool	   *isnull;
	int			n;
	MemoryContext old;

	for (models = site->kept; models != NULL; models = models->next)
	{
		if (VARSIZE(models->array) == VARSIZE(array) &&
			memcmp(models->array, array, VARSIZE(array)) == 0)
			return models;
	}
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] > MODEL_LIST_MAX || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attribution models must be an array of 1 to %d names without nulls",
						MODEL_LIST_MAX)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &element, &isnull, &n);
	for (int i = 0; i < n; i++)
		word[i] = word_of_text((text *) DatumGetPointer(element[i]));
	if (!site_has_room(site))
		return model_list(word, n);
	old = MemoryContextSwitchTo(site->context);
	models = model_list(word, n);
	models->array = (ArrayType *) PG_DETOAST_DATUM_COPY(PointerGetDatum(array));
	MemoryContextSwitchTo(old);
	keep_models(site, models);
	return models;
}

const ModelList *
site_models_like(SummarySite *site, const ModelList *wanted, MemoryContext state)
{
	const ModelList *models;
	ModelList  *copy;
	MemoryContext old;
	bool		room = site_has_room(site);

	for (models = site->kept; models != NULL; models = models->next)
	{
		if (model_list_same(models, wanted))
			return models;
	}
	old = MemoryContextSwitchTo(room ? site->context : state);
	copy = model_list_copy(wanted);
	MemoryContextSwitchTo(old);
	if (room)
		keep_models(site, copy);
	return copy;
}
