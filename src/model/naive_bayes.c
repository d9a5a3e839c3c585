/*
 * naive_bayes.c
 *	  The type naive_bayes: its text form, its binary form, equality.
 *
 * The text form is JSON:
 *
 *		{"won": 6, "lost": 4,
 *		 "attributes": {"country": {"DE": [2, 3], "PL": [4, 1]}},
 *		 "sets": {"stage": {"S1": [6, 4], "S2": [6, 1]}}}
 *
 * "attributes" have at most one value in a row, "sets" several; a value's two
 * numbers are the rows won and lost that have it.  "attributes" and "sets" are
 * left out when they are empty.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonfuncs.h"

#include "compat.h"
#include "model/naive_bayes.h"

#define BAYES_BINARY_VERSION 1

/* Where in the text the reader is; a level is an object that is open. */
typedef enum BayesLevel
{
	IN_NOTHING,
	IN_MODEL,
	IN_SECTION,
	IN_ATTRIBUTE
} BayesLevel;

/* What the parser's callbacks know. */
typedef struct BayesParse
{
	BayesModel *model;
	struct Node *escontext;
	BayesLevel	level;
	int64	   *total;			/* the class whose rows come next, or NULL */
	bool		set;			/* the section is "sets" */
	bool		have_won;
	bool		have_lost;
	bool		have_section[2];
	int32		attribute;
	int32		value;
	int			counts;			/* read of a value's two; -1 outside its array */
} BayesParse;

/* Report what is wrong with the text; false, for the callback to return. */
static bool
refuse(BayesParse *parse, const char *detail)
{
	errsave(parse->escontext,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type naive_bayes"),
			 errdetail_internal("%s", detail)));
	return false;
}

/* A name or value that has been read. */
static Word
whole_text(const char *name)
{
	Word	text = {name, strlen(name)};

	return text;
}

/* What the key of the outermost object announces. */
static bool
start_section(BayesParse *parse, const char *name)
{
	BayesModel *model = parse->model;
	bool	   *have;

	parse->total = NULL;
	if (strcmp(name, "won") == 0)
	{
		have = &parse->have_won;
		parse->total = &model->won;
	}
	else if (strcmp(name, "lost") == 0)
	{
		have = &parse->have_lost;
		parse->total = &model->lost;
	}
	else if (strcmp(name, "attributes") == 0 || strcmp(name, "sets") == 0)
	{
		parse->set = name[0] == 's';
		have = &parse->have_section[parse->set ? 1 : 0];
	}
	else
		return refuse(parse, psprintf("Key \"%s\" is not one of won, lost, attributes, sets.", name));
	if (*have)
		return refuse(parse, psprintf("Key \"%s\" appears twice.", name));
	*have = true;
	return true;
}

/* An attribute begins. */
static bool
start_attribute(BayesParse *parse, const char *name)
{
	Word	text = whole_text(name);

	if (words_find(&parse->model->names, text, word_hash(text)) != WORD_NONE)
		return refuse(parse, psprintf("Attribute \"%s\" appears twice.", name));
	parse->attribute = bayes_attribute(parse->model, text, parse->set);
	return true;
}

/* A value of an attribute begins. */
static bool
start_value(BayesParse *parse, const char *name)
{
	BayesModel *model = parse->model;
	WordTable *values = &model->attribute[parse->attribute].values;
	Word	text = whole_text(name);

	CHECK_FOR_INTERRUPTS();
	if (words_find(values, text, word_hash(text)) != WORD_NONE)
		return refuse(parse, psprintf("Value \"%s\" of attribute \"%s\" appears twice.",
									  name, model->names.key[parse->attribute].bytes));
	parse->value = bayes_value(model, parse->attribute, text);
	return true;
}

/* A key of an object. */
static CompatJsonResult
on_field(void *state, char *name, bool isnull)
{
	BayesParse *parse = state;

	if (parse->level == IN_MODEL)
		COMPAT_JSON_RETURN(start_section(parse, name));
	else if (parse->level == IN_SECTION)
		COMPAT_JSON_RETURN(start_attribute(parse, name));
	else
		COMPAT_JSON_RETURN(start_value(parse, name));
}

/* An object opens. */
static bool
start_object(BayesParse *parse)
{
	switch (parse->level)
	{
		case IN_NOTHING:
			parse->level = IN_MODEL;
			return true;
		case IN_MODEL:
			if (parse->total != NULL)
				return refuse(parse, "The rows of a class must be a number.");
			parse->level = IN_SECTION;
			return true;
		case IN_SECTION:
			parse->level = IN_ATTRIBUTE;
			return true;
		default:
			return refuse(parse, "A value must have an array of two numbers, the rows won and lost.");
	}
}

static CompatJsonResult
on_object_start(void *state)
{
	COMPAT_JSON_RETURN(start_object(state));
}

static CompatJsonResult
on_object_end(void *state)
{
	BayesParse *parse = state;

	parse->level--;
	COMPAT_JSON_RETURN(true);
}

static CompatJsonResult
on_array_start(void *state)
{
	BayesParse *parse = state;
	bool		expected = parse->level == IN_ATTRIBUTE && parse->counts < 0;

	parse->counts = 0;
	COMPAT_JSON_RETURN(expected ||
					   refuse(parse, "Only a value has an array, of two numbers, the rows won and lost."));
}

static CompatJsonResult
on_array_end(void *state)
{
	BayesParse *parse = state;
	bool		complete = parse->counts == 2;

	parse->counts = -1;
	COMPAT_JSON_RETURN(complete ||
					   refuse(parse, "A value must have an array of two numbers, the rows won and lost."));
}

/* A count: digits only. */
static bool
read_count(BayesParse *parse, const char *token, JsonTokenType type, int64 *count)
{
	int64		n = 0;

	if (type != JSON_TOKEN_NUMBER)
		return refuse(parse, "A count must be a number.");
	for (; *token >= '0' && *token <= '9'; token++)
	{
		n = n * 10 + (*token - '0');
		if (n > BAYES_MAX_COUNT)
			break;
	}
	if (*token != '\0')
		return refuse(parse, psprintf("A count must be a whole number from 0 to " INT64_FORMAT ".",
									  BAYES_MAX_COUNT));
	*count = n;
	return true;
}

/* A scalar, which only counts may be. */
static bool
read_scalar(BayesParse *parse, const char *token, JsonTokenType type)
{
	if (parse->level == IN_MODEL && parse->total != NULL)
		return read_count(parse, token, type, parse->total);
	if (parse->level == IN_ATTRIBUTE && (parse->counts == 0 || parse->counts == 1))
	{
		BayesCount *count = &parse->model->attribute[parse->attribute].count[parse->value];

		return read_count(parse, token, type,
						  parse->counts++ == 0 ? &count->won : &count->lost);
	}
	if (parse->level == IN_ATTRIBUTE)
		return refuse(parse, "A value must have an array of two numbers, the rows won and lost.");
	return refuse(parse, "Expected an object.");
}

static CompatJsonResult
on_scalar(void *state, char *token, JsonTokenType type)
{
	COMPAT_JSON_RETURN(read_scalar(state, token, type));
}

/* The model that a text says; NULL after a soft error. */
static BayesModel *
parse_model(char *text, struct Node *escontext)
{
	BayesParse	parse = {0};
	JsonSemAction actions = {0};
	const char *fault;

	parse.model = (BayesModel *) summary_make(&bayes_class);
	parse.escontext = escontext;
	parse.counts = -1;
	actions.semstate = &parse;
	actions.object_start = on_object_start;
	actions.object_end = on_object_end;
	actions.array_start = on_array_start;
	actions.array_end = on_array_end;
	actions.object_field_start = on_field;
	actions.scalar = on_scalar;
	if (!compat_parse_json(compat_json_lex(text, strlen(text)), &actions, escontext))
		return NULL;
	if (!parse.have_won || !parse.have_lost)
		fault = "Keys won and lost are needed.";
	else
		fault = bayes_fault(parse.model);
	if (fault != NULL)
	{
		(void) refuse(&parse, fault);
		return NULL;
	}
	return parse.model;
}

PG_FUNCTION_INFO_V1(naive_bayes_in);
Datum
naive_bayes_in(PG_FUNCTION_ARGS)
{
	BayesModel *model = parse_model(PG_GETARG_CSTRING(0), fcinfo->context);

	if (model == NULL)
		PG_RETURN_NULL();
	return summary_to_flat(&model->head);
}

/* The values of an attribute. */
static void
write_values(StringInfo buf, const BayesAttribute *attribute)
{
	int32	   *order = words_sorted(&attribute->values);

	CHECK_FOR_INTERRUPTS();
	for (int32 i = 0; i < attribute->values.n; i++)
	{
		int32		v = order[i];

		if (i > 0)
			appendStringInfoString(buf, ", ");
		escape_json(buf, attribute->values.key[v].bytes);
		appendStringInfo(buf, ": [" INT64_FORMAT ", " INT64_FORMAT "]",
						 attribute->count[v].won, attribute->count[v].lost);
	}
	pfree(order);
}

/* The attributes of a kind, if there are any. */
static void
write_section(StringInfo buf, const BayesModel *model, const int32 *order, bool set)
{
	bool		first = true;

	for (int32 i = 0; i < model->names.n; i++)
	{
		const BayesAttribute *attribute = &model->attribute[order[i]];

		if (attribute->set != set)
			continue;
		if (first)
			appendStringInfo(buf, ", \"%s\": {", set ? "sets" : "attributes");
		else
			appendStringInfoString(buf, ", ");
		first = false;
		escape_json(buf, model->names.key[order[i]].bytes);
		appendStringInfoString(buf, ": {");
		write_values(buf, attribute);
		appendStringInfoChar(buf, '}');
	}
	if (!first)
		appendStringInfoChar(buf, '}');
}

PG_FUNCTION_INFO_V1(naive_bayes_out);
Datum
naive_bayes_out(PG_FUNCTION_ARGS)
{
	BayesModel *model = (BayesModel *) summary_get(PG_GETARG_DATUM(0), &bayes_class);
	int32	   *order = words_sorted(&model->names);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "{\"won\": " INT64_FORMAT ", \"lost\": " INT64_FORMAT,
					 model->won, model->lost);
	write_section(&buf, model, order, false);
	write_section(&buf, model, order, true);
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

/* Refuse a binary form. */
static void
report_invalid(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type naive_bayes"),
			 detail == NULL ? 0 : errdetail_internal("%s", detail)));
}

/* A whole number from 0 to max. */
static int64
receive_number(StringInfo buf, int64 max)
{
	int64		n = pq_getmsgint64(buf);

	if (n < 0 || n > max)
		report_invalid(NULL);
	return n;
}

/* A text, in the server's encoding. */
static Word
receive_text(StringInfo buf)
{
	Word	text;
	int			len;

	text.bytes = pq_getmsgtext(buf, pq_getmsgint(buf, 4), &len);
	text.len = len;
	if (strlen(text.bytes) != (size_t) len)
		report_invalid(NULL);
	return text;
}

/* The values of an attribute. */
static void
receive_values(StringInfo buf, BayesModel *model, int32 a)
{
	int32		values = (int32) receive_number(buf, BAYES_MAX_VALUES);

	for (int32 i = 0; i < values; i++)
	{
		Word	text = receive_text(buf);
		int32		v = bayes_value(model, a, text);
		BayesCount *count = &model->attribute[a].count[v];

		CHECK_FOR_INTERRUPTS();
		if (v != i)
			report_invalid("A value appears twice.");
		count->won = receive_number(buf, BAYES_MAX_COUNT);
		count->lost = receive_number(buf, BAYES_MAX_COUNT);
		pfree(unconstify(char *, text.bytes));
	}
}

PG_FUNCTION_INFO_V1(naive_bayes_recv);
Datum
naive_bayes_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	BayesModel *model = (BayesModel *) summary_make(&bayes_class);
	int32		attributes;
	const char *fault;

	if (version != BAYES_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type naive_bayes",
						version)));
	model->won = receive_number(buf, BAYES_MAX_COUNT);
	model->lost = receive_number(buf, BAYES_MAX_COUNT);
	attributes = (int32) receive_number(buf, BAYES_MAX_ATTRIBUTES);
	for (int32 i = 0; i < attributes; i++)
	{
		Word	name = receive_text(buf);
		int			set = pq_getmsgbyte(buf);

		if (set != 0 && set != 1)
			report_invalid(NULL);
		if (bayes_attribute(model, name, set == 1) != i)
			report_invalid("An attribute appears twice.");
		receive_values(buf, model, i);
	}
	fault = bayes_fault(model);
	if (fault != NULL)
		report_invalid(fault);
	return summary_to_flat(&model->head);
}

/* A text, after its length, in the client's encoding. */
static void
send_text(StringInfo buf, const WordKey *key)
{
	char	   *text = pg_server_to_client(key->bytes, key->len);
	int			len = text == key->bytes ? key->len : (int) strlen(text);

	pq_sendint32(buf, len);
	pq_sendbytes(buf, text, len);
	if (text != key->bytes)
		pfree(text);
}

PG_FUNCTION_INFO_V1(naive_bayes_send);
Datum
naive_bayes_send(PG_FUNCTION_ARGS)
{
	BayesModel *model = (BayesModel *) summary_get(PG_GETARG_DATUM(0), &bayes_class);
	int32	   *names = words_sorted(&model->names);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, BAYES_BINARY_VERSION);
	pq_sendint64(&buf, model->won);
	pq_sendint64(&buf, model->lost);
	pq_sendint64(&buf, model->names.n);
	for (int32 i = 0; i < model->names.n; i++)
	{
		WordKey   *name = &model->names.key[names[i]];
		BayesAttribute *attribute = &model->attribute[names[i]];
		int32	   *values = words_sorted(&attribute->values);

		CHECK_FOR_INTERRUPTS();
		send_text(&buf, name);
		pq_sendint8(&buf, attribute->set ? 1 : 0);
		pq_sendint64(&buf, attribute->values.n);
		for (int32 j = 0; j < attribute->values.n; j++)
		{
			WordKey   *value = &attribute->values.key[values[j]];
			BayesCount *count = &attribute->count[values[j]];

			send_text(&buf, value);
			pq_sendint64(&buf, count->won);
			pq_sendint64(&buf, count->lost);
		}
		pfree(values);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Whether two models count the same: then their flat forms are the same. */
static bool
same_models(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);

	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

PG_FUNCTION_INFO_V1(naive_bayes_eq);
Datum
naive_bayes_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_models(fcinfo));
}

PG_FUNCTION_INFO_V1(naive_bayes_ne);
Datum
naive_bayes_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_models(fcinfo));
}
