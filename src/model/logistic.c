/*
 * logistic.c
 *	  The type logistic: a fitted logistic regression, its text form, which is
 *	  JSON, and its binary form.
 *
 * Numbers are written in the shortest form that reads back as the same number.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "compat.h"
#include "model/logistic.h"
#include "model/observations.h"

#define LOGISTIC_MAGIC			0x4c464c31	/* "LFL1" */
#define LOGISTIC_BINARY_VERSION	1

static const char *const state_name[] = {
	[FIT_CONVERGED] = "converged",
	[FIT_SEPARATED] = "separated",
	[FIT_NOT_CONVERGED] = "not converged"
};

/* The members of the text form. */
#define LOGISTIC_KEYS	13

const char *
fit_state_name(FitState state)
{
	return state_name[state];
}

/* A model of so many features, all else 0. */
Logistic *
make_logistic(int features)
{
	Logistic   *model = palloc0(LOGISTIC_SIZE(features));

	SET_VARSIZE(model, LOGISTIC_SIZE(features));
	model->magic = LOGISTIC_MAGIC;
	model->features = features;
	return model;
}

/* A stored value, to be read. */
Logistic *
get_logistic(Datum value)
{
	Logistic   *model = (Logistic *) PG_DETOAST_DATUM(value);

	if (VARSIZE(model) < LOGISTIC_SIZE(0) ||
		model->magic != LOGISTIC_MAGIC ||
		model->features < 0 || model->features > MAX_FEATURES ||
		VARSIZE(model) != LOGISTIC_SIZE(model->features))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("unknown form of a value of type logistic"),
				 errhint("The value may have been written by a later version of leadflow.")));
	return model;
}

/* What is wrong with a model that was read, or NULL. */
static const char *
find_fault(const Logistic *model)
{
	if (model->iterations < 0)
		return "iterations must not be negative";
	if (model->n < 1)
		return "n must be positive";
	if (model->won < 0 || model->won > model->n)
		return "won must be between 0 and n";
	if (!(model->log_likelihood <= 0) || !isfinite(model->log_likelihood))
		return "log_likelihood must not be positive";
	if (!(model->l2 >= 0 && model->l2 <= FIT_MAX_PENALTY))
		return "l2 is out of range";
	for (int j = 0; j <= model->features; j++)
	{
		const LogisticTerm *term = &model->term[j];

		if (!isfinite(term->coefficient) || !isfinite(term->mean))
			return "coefficients and means must be finite";
		if (!isnan(term->standard_error) &&
			!(term->standard_error >= 0 && isfinite(term->standard_error)))
			return "standard errors must not be negative";
		if (term->flags & ~(TERM_ALIASED | TERM_SEPARATING))
			return "a term has unknown flags";
		if ((term->flags & TERM_ALIASED) && (j == 0 || term->coefficient != 0))
			return "the coefficient of an aliased feature must be 0";
	}
	if (model->term[0].mean != 0)
		return "the intercept has no mean";
	return NULL;
}

static void
refuse_json(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type logistic"),
			 errdetail("%s.", detail)));
}

/* A member of the object; the error says what it must be. */
static void
get_member(JsonbContainer *object, const char *key, enum jbvType type,
		   JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, key, strlen(key), value) == NULL)
		refuse_json(psprintf("\"%s\" is missing", key));
	if (value->type != type)
		refuse_json(psprintf("\"%s\" is of a wrong type", key));
}

static double
to_float8(const JsonbValue *value)
{
	/* a negative zero does not pass through numeric, so there is none */
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8,
											  NumericGetDatum(value->val.numeric))) + 0.0;
}

static double
get_number(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	get_member(object, key, jbvNumeric, &value);
	return to_float8(&value);
}

static int64
get_whole(JsonbContainer *object, const char *key, int64 most)
{
	double		value = get_number(object, key);

	if (!(value >= 0 && value <= most) || value != floor(value))
		refuse_json(psprintf("\"%s\" is not a whole number in range", key));
	return (int64) value;
}

/* A member that is a number, or null for NaN. */
static double
get_number_or_null(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(object, key, strlen(key), &value) != NULL &&
		value.type == jbvNull)
		return get_float8_nan();
	return get_number(object, key);
}

/* A member that is an array, and its length. */
static JsonbContainer *
get_array(JsonbContainer *object, const char *key, int *length)
{
	JsonbValue	value;

	get_member(object, key, jbvBinary, &value);
	if (!JsonContainerIsArray(value.val.binary.data) ||
		JsonContainerIsScalar(value.val.binary.data))
		refuse_json(psprintf("\"%s\" is of a wrong type", key));
	*length = JsonContainerSize(value.val.binary.data);
	return value.val.binary.data;
}

/* Fill a number of every feature's term; nulls are NaN where they may be. */
static void
read_numbers(JsonbContainer *object, const char *key, Logistic *model,
			 Size offset, bool nulls)
{
	int			length;
	JsonbContainer *array = get_array(object, key, &length);

	if (length != model->features)
		refuse_json(psprintf("\"%s\" has %d elements instead of %d",
							 key, length, model->features));
	for (int j = 1; j <= length; j++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, j - 1);
		double	   *to = (double *) ((char *) &model->term[j] + offset);

		if (value->type == jbvNumeric)
			*to = to_float8(value);
		else if (value->type == jbvNull && nulls)
			*to = get_float8_nan();
		else
			refuse_json(psprintf("\"%s\" is of a wrong type", key));
	}
}

/* Flag the terms that an array names, 0 for the intercept. */
static void
read_flags(JsonbContainer *object, const char *key, Logistic *model, int flag)
{
	int			length;
	JsonbContainer *array = get_array(object, key, &length);

	for (int i = 0; i < length; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);
		double		position = value->type == jbvNumeric ? to_float8(value) : -1;

		if (!(position >= 0 && position <= model->features) ||
			position != floor(position))
			refuse_json(psprintf("\"%s\" names a feature that is not there", key));
		model->term[(int) position].flags |= flag;
	}
}

static FitState
read_state(JsonbContainer *object)
{
	JsonbValue	value;

	get_member(object, "state", jbvString, &value);
	for (int i = 0; i < (int) lengthof(state_name); i++)
	{
		if (value.val.string.len == (int) strlen(state_name[i]) &&
			memcmp(value.val.string.val, state_name[i], value.val.string.len) == 0)
			return (FitState) i;
	}
	refuse_json("\"state\" is none of converged, separated, not converged");
	return FIT_NOT_CONVERGED;	/* keep compiler quiet */
}

PG_FUNCTION_INFO_V1(logistic_in);
Datum
logistic_in(PG_FUNCTION_ARGS)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
														  PG_GETARG_DATUM(0)));
	JsonbContainer *object = &json->root;
	Logistic   *model;
	int			features;
	const char *fault;

	if (!JsonContainerIsObject(object))
		refuse_json("It must be an object");
	get_array(object, "coefficients", &features);
	check_max_features(features);
	model = make_logistic(features);
	model->state = read_state(object);
	model->iterations = (int32) get_whole(object, "iterations", PG_INT32_MAX);
	model->n = get_whole(object, "n", MAX_ROWS);
	model->won = get_whole(object, "won", MAX_ROWS);
	model->log_likelihood = get_number(object, "log_likelihood");
	model->l2 = get_number(object, "l2");
	model->term[0].coefficient = get_number(object, "intercept");
	model->term[0].standard_error = get_number_or_null(object, "intercept_error");
	read_numbers(object, "coefficients", model,
				 offsetof(LogisticTerm, coefficient), false);
	read_numbers(object, "standard_errors", model,
				 offsetof(LogisticTerm, standard_error), true);
	read_numbers(object, "means", model, offsetof(LogisticTerm, mean), false);
	read_flags(object, "aliased", model, TERM_ALIASED);
	read_flags(object, "separating", model, TERM_SEPARATING);
	if (JsonContainerSize(object) != LOGISTIC_KEYS)
		refuse_json("There are members that do not belong to it");
	fault = find_fault(model);
	if (fault != NULL)
		refuse_json(fault);
	PG_RETURN_POINTER(model);
}

static void
append_numbers(StringInfo buf, const char *key, const Logistic *model, Size offset)
{
	appendStringInfo(buf, ", \"%s\": [", key);
	for (int j = 1; j <= model->features; j++)
	{
		if (j > 1)
			appendStringInfoString(buf, ", ");
		append_float8(buf, *(const double *) ((const char *) &model->term[j] + offset));
	}
	appendStringInfoChar(buf, ']');
}

static void
append_flags(StringInfo buf, const char *key, const Logistic *model, int flag)
{
	const char *separator = "";

	appendStringInfo(buf, ", \"%s\": [", key);
	for (int j = 0; j <= model->features; j++)
	{
		if (model->term[j].flags & flag)
		{
			appendStringInfo(buf, "%s%d", separator, j);
			separator = ", ";
		}
	}
	appendStringInfoChar(buf, ']');
}

PG_FUNCTION_INFO_V1(logistic_out);
Datum
logistic_out(PG_FUNCTION_ARGS)
{
	Logistic   *model = get_logistic(PG_GETARG_DATUM(0));
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "{\"state\": \"%s\", \"n\": " INT64_FORMAT
					 ", \"won\": " INT64_FORMAT ", \"iterations\": %d, \"log_likelihood\": ",
					 state_name[model->state], model->n, model->won, model->iterations);
	append_float8(&buf, model->log_likelihood);
	appendStringInfoString(&buf, ", \"l2\": ");
	append_float8(&buf, model->l2);
	appendStringInfoString(&buf, ", \"intercept\": ");
	append_float8(&buf, model->term[0].coefficient);
	appendStringInfoString(&buf, ", \"intercept_error\": ");
	append_float8(&buf, model->term[0].standard_error);
	append_numbers(&buf, "coefficients", model, offsetof(LogisticTerm, coefficient));
	append_numbers(&buf, "standard_errors", model, offsetof(LogisticTerm, standard_error));
	append_numbers(&buf, "means", model, offsetof(LogisticTerm, mean));
	append_flags(&buf, "aliased", model, TERM_ALIASED);
	append_flags(&buf, "separating", model, TERM_SEPARATING);
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

static void
refuse_binary(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type logistic"),
			 errdetail("%s.", detail)));
}

PG_FUNCTION_INFO_V1(logistic_recv);
Datum
logistic_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	int			features;
	int			state;
	Logistic   *model;
	const char *fault;

	if (version != LOGISTIC_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type logistic",
						version)));
	features = pq_getmsgint(buf, 4);
	state = pq_getmsgbyte(buf);
	if (features < 0 || features > MAX_FEATURES)
		refuse_binary("The number of features is out of range");
	if (state >= (int) lengthof(state_name))
		refuse_binary("The state is unknown");
	model = make_logistic(features);
	model->state = state;
	model->iterations = pq_getmsgint(buf, 4);
	model->n = pq_getmsgint64(buf);
	model->won = pq_getmsgint64(buf);
	model->log_likelihood = pq_getmsgfloat8(buf) + 0.0;
	model->l2 = pq_getmsgfloat8(buf) + 0.0;
	for (int j = 0; j <= features; j++)
	{
		LogisticTerm *term = &model->term[j];

		term->coefficient = pq_getmsgfloat8(buf) + 0.0;
		term->standard_error = pq_getmsgfloat8(buf) + 0.0;
		term->mean = pq_getmsgfloat8(buf) + 0.0;
		term->flags = pq_getmsgbyte(buf);
		if (isnan(term->standard_error))
			term->standard_error = get_float8_nan();	/* whatever its bits were */
	}
	fault = model->n > MAX_ROWS ? "n is out of range" : find_fault(model);
	if (fault != NULL)
		refuse_binary(fault);
	PG_RETURN_POINTER(model);
}

PG_FUNCTION_INFO_V1(logistic_send);
Datum
logistic_send(PG_FUNCTION_ARGS)
{
	Logistic   *model = get_logistic(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, LOGISTIC_BINARY_VERSION);
	pq_sendint32(&buf, model->features);
	pq_sendint8(&buf, model->state);
	pq_sendint32(&buf, model->iterations);
	pq_sendint64(&buf, model->n);
	pq_sendint64(&buf, model->won);
	pq_sendfloat8(&buf, model->log_likelihood);
	pq_sendfloat8(&buf, model->l2);
	for (int j = 0; j <= model->features; j++)
	{
		pq_sendfloat8(&buf, model->term[j].coefficient);
		pq_sendfloat8(&buf, model->term[j].standard_error);
		pq_sendfloat8(&buf, model->term[j].mean);
		pq_sendint8(&buf, model->term[j].flags);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
