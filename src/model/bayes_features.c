/*
 * bayes_features.c
 *	  The features of a row, as naive Bayes reads them: a jsonb object, whose
 *	  keys are attributes, or an array of text, with or without names.
 *
 * A value is taken in its text form.  JSON null, or a null element of an
 * array, is missing.  A JSON array is a set of values.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "compat.h"
#include "model/naive_bayes.h"

/* Read an array of text from its beginning. */
void
bayes_start_elements(BayesElements *elements, ArrayType *array)
{
	int			dimensions = ARR_NDIM(array);

	if (dimensions > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array of features or names must have one dimension")));
	/* ARR_DATA_PTR, but for a warning of signs */
	elements->next = (char *) array +
		(ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(dimensions));
	elements->nulls = ARR_NULLBITMAP(array);
	elements->i = 0;
	elements->n = dimensions == 0 ? 0 : ARR_DIMS(array)[0];
	if (elements->n > BAYES_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many features"),
				 errdetail("There are %d; a naive_bayes model can have %d attributes.",
						   elements->n, BAYES_MAX_ATTRIBUTES)));
}

/* Whether positions were made out for these names. */
bool
bayes_same_names(const BayesPositions *positions, ArrayType *names)
{
	return positions->names == names ||
		(positions->names != NULL && names != NULL &&
		 VARSIZE(positions->names) == VARSIZE(names) &&
		 memcmp(positions->names, names, VARSIZE(names)) == 0);
}

/* That every feature has one name, and every name is of one feature. */
void
bayes_check_names(ArrayType *names, ArrayType *features)
{
	BayesElements elements;
	BayesElements others;
	Word	name = {NULL, 0};
	Word	other = {NULL, 0};

	bayes_start_elements(&elements, features);
	bayes_start_elements(&others, names);
	if (elements.n != others.n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be as many names as features"),
				 errdetail("There are %d names and %d features.",
						   others.n, elements.n)));
	for (bayes_start_elements(&elements, names); bayes_next_element(&elements, &name);)
	{
		if (name.bytes == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("names of attributes must not be null")));
		bayes_start_elements(&others, names);
		while (others.i < elements.i - 1 && bayes_next_element(&others, &other))
		{
			if (other.len == name.len && memcmp(other.bytes, name.bytes, name.len) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("name of an attribute appears twice: \"%s\"",
								pnstrdup(name.bytes, name.len))));
		}
	}
}

/* Read a jsonb object from its beginning. */
void
bayes_start_features(BayesFeatures *features, Jsonb *object)
{
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be a JSON object"),
				 errdetail("Its keys are the attributes.")));
	features->it = JsonbIteratorInit(&object->root);
	features->in_array = false;
	(void) JsonbIteratorNext(&features->it, &value, true);
}

/* The text form of a scalar; its bytes are NULL for null. */
static Word
scalar_text(Word name, const JsonbValue *value)
{
	Word	text = {NULL, 0};

	switch (value->type)
	{
		case jbvNull:
			break;
		case jbvString:
			text.bytes = value->val.string.val;
			text.len = value->val.string.len;
			break;
		case jbvNumeric:
			text.bytes = DatumGetCString(DirectFunctionCall1(numeric_out,
															 NumericGetDatum(value->val.numeric)));
			text.len = strlen(text.bytes);
			break;
		case jbvBool:
			text.bytes = value->val.boolean ? "true" : "false";
			text.len = strlen(text.bytes);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value of attribute \"%s\" must be a scalar or an array of scalars",
							pnstrdup(name.bytes, name.len))));
	}
	return text;
}

/* Take the next value that is not missing, with the name of its attribute. */
bool
bayes_next_feature(BayesFeatures *features)
{
	JsonbValue	value;

	for (;;)
	{
		JsonbIteratorToken token = JsonbIteratorNext(&features->it, &value,
													 features->in_array);

		switch (token)
		{
			case WJB_KEY:
				features->name.bytes = value.val.string.val;
				features->name.len = value.val.string.len;
				features->set = false;
				features->fresh = true;
				continue;
			case WJB_BEGIN_ARRAY:
				features->in_array = true;
				features->set = true;
				continue;
			case WJB_END_ARRAY:
				features->in_array = false;
				continue;
			case WJB_VALUE:
			case WJB_ELEM:
				features->value = scalar_text(features->name, &value);
				if (features->value.bytes == NULL)
					continue;
				return true;
			case WJB_BEGIN_OBJECT:
				value.type = jbvBinary;
				(void) scalar_text(features->name, &value);
				continue;
			default:
				return false;
		}
	}
}
