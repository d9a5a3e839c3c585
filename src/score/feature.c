/*
 * feature.c
 *	  What models learn from, and what the active one makes of it.
 *
 * Every model has one form: an intercept, and for each feature what each of its
 * values adds to the log-odds of winning.  A value that the model does not know
 * adds nothing.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "score/score.h"

static Oid
feature_type(FeatureKind kind)
{
	switch (kind)
	{
		case FEATURE_NUMBER:
			return NUMERICOID;
		case FEATURE_SET:
			return TEXTARRAYOID;
		default:
			return TEXTOID;
	}
}

/* A word, no longer than is kept; NULL for an empty one. */
static char *
word_of(Datum value)
{
	char	   *word = TextDatumGetCString(value);
	int			length = strlen(word);

	if (length > FEATURE_MAX_LENGTH)
		word[pg_mbcliplen(word, length, FEATURE_MAX_LENGTH)] = '\0';
	return *word == '\0' ? NULL : word;
}

/* A word of a set, and its place in the array. */
typedef struct Word
{
	char	   *word;
	int			place;
} Word;

static int
by_word(const void *a, const void *b)
{
	const Word *x = a;
	const Word *y = b;
	int			order = strcmp(x->word, y->word);

	return order != 0 ? order : x->place - y->place;
}

static int
by_place(const void *a, const void *b)
{
	return ((const Word *) a)->place - ((const Word *) b)->place;
}

/* The words of a set, each where it is first. */
static void
take_words(FeatureValue *value, Datum array)
{
	Datum	   *elements;
	bool	   *nulls;
	Word	   *words;
	int			n;
	int			n_words = 0;
	int			n_kept = 0;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	words = palloc(sizeof(Word) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		char	   *word = nulls[i] ? NULL : word_of(elements[i]);

		CHECK_FOR_INTERRUPTS();
		if (word == NULL)
			continue;
		words[n_words].word = word;
		words[n_words++].place = i;
	}
	qsort(words, n_words, sizeof(Word), by_word);
	for (int i = 0; i < n_words; i++)
	{
		if (n_kept == 0 || strcmp(words[n_kept - 1].word, words[i].word) != 0)
			words[n_kept++] = words[i];
	}
	qsort(words, n_kept, sizeof(Word), by_place);

	value->words = palloc(sizeof(char *) * Max(n_kept, 1));
	for (int i = 0; i < n_kept; i++)
		value->words[value->n_words++] = words[i].word;
	pfree(words);
}

static void
take_number(FeatureValue *value, Datum number)
{
	if (numeric_is_nan(DatumGetNumeric(number)))
		return;
	value->number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, number));
	value->number_text = DatumGetCString(DirectFunctionCall1(numeric_out, number));
	/* what is too near to 0 for a double precision could not be read as one again */
	if (value->number == 0 && strpbrk(value->number_text, "123456789") != NULL)
		value->number_text = "0";
	value->missing = isinf(value->number);
}

/* The feature of the lead.  Null, blank and what is no finite number is missing. */
FeatureValue *
feature_value(Subject *subject, ScoreFeature *feature)
{
	FeatureValue *value = palloc0(sizeof(FeatureValue));
	bool		isnull;
	Datum		datum = subject_value(subject, &feature->expression, feature_type(feature->kind), &isnull);

	value->missing = true;
	if (isnull)
		return value;
	if (feature->kind == FEATURE_NUMBER)
		take_number(value, datum);
	else if (feature->kind == FEATURE_SET)
	{
		take_words(value, datum);
		value->missing = value->n_words == 0;
	}
	else
	{
		value->words = palloc(sizeof(char *));
		value->words[0] = word_of(datum);
		value->n_words = value->words[0] == NULL ? 0 : 1;
		value->missing = value->n_words == 0;
	}
	return value;
}

/* The point of a word, by binary search: the missing one comes last. */
static const ModelPoint *
point_of_word(ScoreFeature *feature, const char *word)
{
	int			low = 0;
	int			high = feature->n_model - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		ModelPoint *point = &feature->model[middle];
		int			order = point->value == NULL ? -1 : strcmp(word, point->value);

		if (order == 0)
			return point;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * What the active model gives for the feature's value, of a set for one of its
 * words; NULL for a value that it does not know.
 */
const ModelPoint *
feature_point(ScoreFeature *feature, const FeatureValue *value, int word)
{
	if (feature->n_model == 0)
		return NULL;
	if (value->missing)
	{
		const ModelPoint *last = &feature->model[feature->n_model - 1];

		return last->value == NULL ? last : NULL;
	}
	if (feature->kind != FEATURE_NUMBER)
		return point_of_word(feature, value->words[word]);
	for (int i = 0; i < feature->n_model; i++)
	{
		ModelPoint *point = &feature->model[i];

		if (point->value != NULL && value->number >= point->at_least && value->number < point->below)
			return point;
	}
	return NULL;
}

double
model_log_odds(Subject *subject)
{
	Scorecard  *score = &subject->rulebook->score;
	double		log_odds = score->intercept;

	for (int i = 0; i < score->n_features; i++)
	{
		ScoreFeature *feature = &score->features[i];
		FeatureValue *value;

		if (feature->n_model == 0)
			continue;
		value = feature_value(subject, feature);
		for (int word = 0; word < Max(value->n_words, 1); word++)
		{
			const ModelPoint *point = feature_point(feature, value, word);

			if (point != NULL)
				log_odds += point->log_odds;
		}
	}
	return log_odds;
}

/* Never so near to 0 or 1 that it could be taken for an outcome. */
double
probability_of(double log_odds)
{
	double		probability = 1 / (1 + exp(-log_odds));

	probability = round(probability * POINT_UNITS) / POINT_UNITS;
	return Min(Max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
}

static void
append_words(StringInfo json, ScoreFeature *feature, FeatureValue *value)
{
	if (feature->kind == FEATURE_CATEGORY)
	{
		escape_json(json, value->words[0]);
		return;
	}
	for (int i = 0; i < value->n_words; i++)
	{
		appendStringInfoString(json, i == 0 ? "[" : ", ");
		escape_json(json, value->words[i]);
	}
	appendStringInfoChar(json, ']');
}

static void
append_features(StringInfo json, Subject *subject)
{
	Scorecard  *score = &subject->rulebook->score;

	appendStringInfoString(json, "\"features\": {");
	for (int i = 0; i < score->n_features; i++)
	{
		ScoreFeature *feature = &score->features[i];
		FeatureValue *value;

		if (!feature->active)
			continue;
		value = feature_value(subject, feature);
		if (value->missing)
			continue;
		if (json->data[json->len - 1] != '{')
			appendStringInfoString(json, ", ");
		escape_json(json, feature->feature);
		appendStringInfoString(json, ": ");
		if (feature->kind == FEATURE_NUMBER)
			appendStringInfoString(json, value->number_text);
		else
			append_words(json, feature, value);
	}
	appendStringInfoChar(json, '}');
}

static void
append_score(StringInfo json, Subject *subject)
{
	static const EvidenceKind kinds[] = {EVIDENCE_FIT, EVIDENCE_BEHAVIOUR, EVIDENCE_TOTAL, EVIDENCE_GRADE, EVIDENCE_PROBABILITY};

	appendStringInfoString(json, "\"score\": {");
	for (int i = 0; i < (int) lengthof(kinds); i++)
	{
		bool		isnull;
		Datum		value = evidence_value(subject->evidence, kinds[i], &isnull);

		if (isnull)
			continue;
		appendStringInfo(json, "%s\"%s\": ", i == 0 ? "" : ", ", evidence_name(kinds[i]));
		if (evidence_type(kinds[i]) == NUMERICOID)
			appendStringInfoString(json, DatumGetCString(DirectFunctionCall1(numeric_out, value)));
		else
			escape_json(json, TextDatumGetCString(value));
	}
	appendStringInfoChar(json, '}');
}

static bool
has_facts(Scorecard *score)
{
	return score->n_kept_features > 0 || score->n_rules > 0;
}

/* What is known of the lead, as jsonb; 0 where nothing is asked. */
Datum
subject_facts(Subject *subject)
{
	Scorecard  *score = &subject->rulebook->score;
	StringInfoData json;

	if (!has_facts(score))
		return (Datum) 0;
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	if (score->n_kept_features > 0)
		append_features(&json, subject);
	if (score->n_rules > 0)
	{
		if (score->n_kept_features > 0)
			appendStringInfoString(&json, ", ");
		append_score(&json, subject);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

static void
take_facts(Evidence *evidence, void *facts)
{
	Subject		subject;

	subject_open(&subject, evidence, false);
	*(Datum *) facts = subject_facts(&subject);
	subject_close(&subject);
}

/*
 * What is known of a lead that qualifies; 0 for nothing.  It is kept for later
 * learning: an expression that fails costs the facts, with a warning, but never
 * the lead.
 */
Datum
facts_of_evidence(Evidence *evidence)
{
	Datum		facts = (Datum) 0;
	ErrorData  *error;

	if (!has_facts(&evidence->rulebook->score))
		return (Datum) 0;
	error = try_scoring(evidence, take_facts, &facts);
	if (error == NULL)
		return facts;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the facts of lead " INT64_FORMAT " are not kept: %s", evidence->lead_id, error->message),
			 errhint("Mend the expression in score_feature or score_rule.")));
	return (Datum) 0;
}
