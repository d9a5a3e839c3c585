/*
 * load_scorecard.c
 *	  Read what gives points into a rulebook.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "rulebook/load.h"

/* A number of points, as SQL gives it to load_query: 'n', in units. */
#define IN_UNITS(column)	"(" column " OPERATOR(pg_catalog.*) 10000)::pg_catalog.int8"

/* What load_query gives for no number. */
#define NO_NUMBER		"-1"

static void
load_groups(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	uint64		n = load_query(rulebook, "tn",
							   "SELECT score_group::pg_catalog.text, " IN_UNITS("cap")
							   " FROM %s.score_group ORDER BY score_group COLLATE pg_catalog.\"C\"", NULL);

	score->groups = load_array(rulebook, n, sizeof(ScoreGroup));
	score->n_groups = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		score->groups[i].group = load_string(rulebook, i, 1);
		score->groups[i].cap = DatumGetInt64(load_required(rulebook, i, 2));
	}
}

static void
load_expression(Rulebook *rulebook, RowExpression *expression, uint64 row, int text, int of_account)
{
	expression->text = load_optional_string(rulebook, row, text);
	expression->of_account = load_bool(row, of_account);
}

static int
find_group(Scorecard *score, const char *name)
{
	for (int i = 0; name != NULL && i < score->n_groups; i++)
	{
		if (strcmp(score->groups[i].group, name) == 0)
			return i;
	}
	return -1;
}

static Bitmapset *
touch_kinds(Rulebook *rulebook, char **names, int n)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(rulebook->mcxt);
	Bitmapset  *kinds = NULL;

	for (int i = 0; i < n; i++)
	{
		TouchKind  *kind = rulebook_touch_kind(rulebook, CStringGetTextDatum(names[i]));

		if (kind != NULL)
			kinds = bms_add_member(kinds, kind->number);
	}
	MemoryContextSwitchTo(oldcxt);
	return kinds;
}

static ScoreCounts
parse_counts(const char *counts)
{
	if (strcmp(counts, "day") == 0)
		return COUNTS_DAY;
	if (strcmp(counts, "content") == 0)
		return COUNTS_CONTENT;
	if (strcmp(counts, "once") == 0)
		return COUNTS_ONCE;
	return COUNTS_EVERY;
}

static void
load_rules(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	uint64		n = load_query(rulebook, "tbtntbTbTtinntb",
							   "SELECT rule::pg_catalog.text, component OPERATOR(pg_catalog.=) 'fit', variant::pg_catalog.text, " IN_UNITS("points") ","
							   " expression::pg_catalog.text, object OPERATOR(pg_catalog.=) 'account', touch_kinds::pg_catalog.text[],"
							   " direction OPERATOR(pg_catalog.=) 'inbound', topics::pg_catalog.text[], counts::pg_catalog.text, half_life,"
							   " COALESCE(" IN_UNITS("day_cap") ", " NO_NUMBER "), COALESCE(" IN_UNITS("cap") ", " NO_NUMBER "),"
							   " score_group::pg_catalog.text, COALESCE('*' OPERATOR(pg_catalog.=) ANY (topics), false)"
							   " FROM %s.score_rule WHERE active ORDER BY position, rule COLLATE pg_catalog.\"C\"", NULL);

	score->rules = load_array(rulebook, n, sizeof(ScoreRule));
	score->n_rules = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		ScoreRule  *rule = &score->rules[i];
		Interval	half_life;
		char	  **kinds;
		int			n_kinds;
		bool		isnull;

		rule->rule = load_string(rulebook, i, 1);
		rule->is_fit = load_bool(i, 2);
		rule->variant = load_string(rulebook, i, 3);
		rule->points = DatumGetInt64(load_required(rulebook, i, 4));
		load_expression(rulebook, &rule->expression, i, 5, 6);
		kinds = load_strings(rulebook, i, 7, &n_kinds);
		rule->reads_touches = kinds != NULL;
		rule->kinds = touch_kinds(rulebook, kinds, n_kinds);
		rule->inbound = load_bool(i, 8);
		rule->topics = load_strings(rulebook, i, 9, &rule->n_topics);
		rule->counts = parse_counts(load_string(rulebook, i, 10));
		half_life = load_interval(i, 11, &isnull);
		if (!isnull)
			rule->half_life = (double) half_life.time + (double) half_life.day * USECS_PER_DAY;
		rule->day_cap = (double) DatumGetInt64(load_required(rulebook, i, 12));
		rule->cap = (double) DatumGetInt64(load_required(rulebook, i, 13));
		rule->group = find_group(score, load_optional_string(rulebook, i, 14));
		rule->every_topic = load_bool(i, 15);
		if (rule->counts == COUNTS_CONTENT && rule->reads_touches)
			score->reads_content = true;
	}
}

static void
load_grades(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	uint64		n = load_query(rulebook, "btn",
							   "SELECT component OPERATOR(pg_catalog.=) 'fit', grade::pg_catalog.text, " IN_UNITS("at_least")
							   " FROM %s.score_grade ORDER BY component, at_least DESC", NULL);

	score->grades = load_array(rulebook, n, sizeof(ScoreGrade));
	score->n_grades = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		score->grades[i].is_fit = load_bool(i, 1);
		score->grades[i].grade = load_string(rulebook, i, 2);
		score->grades[i].at_least = DatumGetInt64(load_required(rulebook, i, 3));
	}
}

static void
load_features(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	uint64		n = load_query(rulebook, "ttbtb",
							   "SELECT feature::pg_catalog.text, expression::pg_catalog.text, object OPERATOR(pg_catalog.=) 'account',"
							   " kind::pg_catalog.text, active FROM %s.score_feature ORDER BY position, feature COLLATE pg_catalog.\"C\"", NULL);

	score->features = load_array(rulebook, n, sizeof(ScoreFeature));
	score->n_features = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		ScoreFeature *feature = &score->features[i];
		char	   *kind;

		feature->feature = load_string(rulebook, i, 1);
		load_expression(rulebook, &feature->expression, i, 2, 3);
		kind = load_string(rulebook, i, 4);
		feature->kind = strcmp(kind, "number") == 0 ? FEATURE_NUMBER :
			strcmp(kind, "set") == 0 ? FEATURE_SET : FEATURE_CATEGORY;
		feature->active = load_bool(i, 5);
		if (feature->active)
			score->n_kept_features++;
	}
}

/* The feature of that name, as a text; NULL if there is none any more. */
static ScoreFeature *
find_feature(Scorecard *score, Datum name)
{
	char	   *string = TextDatumGetCString(name);

	for (int i = 0; i < score->n_features; i++)
	{
		if (strcmp(score->features[i].feature, string) == 0)
			return &score->features[i];
	}
	return NULL;
}

/* The active model's points, each feature's in the order of its values. */
static void
load_model(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	ModelPoint *points;
	uint64		n = load_query(rulebook, "nf",
							   "SELECT version, intercept FROM %s.score_model WHERE activated_at IS NOT NULL AND retired_at IS NULL", NULL);

	score->has_model = n > 0;
	if (!score->has_model)
		return;
	score->model_version = DatumGetInt64(load_required(rulebook, 0, 1));
	score->intercept = DatumGetFloat8(load_required(rulebook, 0, 2));

	n = load_query(rulebook, "ttfffn",
				   "SELECT p.feature::pg_catalog.text, p.value::pg_catalog.text,"
				   " COALESCE(p.at_least, '-Infinity'), COALESCE(p.below, 'Infinity'), p.log_odds, " IN_UNITS("p.points")
				   " FROM %1$s.score_model_point p JOIN %1$s.score_model m ON m.version OPERATOR(pg_catalog.=) p.version"
				   " LEFT JOIN %1$s.score_feature f ON f.feature OPERATOR(pg_catalog.=) p.feature"
				   " WHERE m.activated_at IS NOT NULL AND m.retired_at IS NULL"
				   /* what was learnt of another kind of feature says nothing of this one */
				   "  AND (m.quality OPERATOR(pg_catalog.#>>) ARRAY['features', p.feature::pg_catalog.text, 'kind']"
				   "   OPERATOR(pg_catalog.<>) f.kind::pg_catalog.text) IS NOT TRUE"
				   " ORDER BY p.feature COLLATE pg_catalog.\"C\", p.value COLLATE pg_catalog.\"C\" NULLS LAST", NULL);
	points = load_array(rulebook, n, sizeof(ModelPoint));
	for (uint64 i = 0; i < n; i++)
	{
		ModelPoint *point = &points[i];
		ScoreFeature *feature = find_feature(score, load_required(rulebook, i, 1));

		point->value = load_optional_string(rulebook, i, 2);
		point->at_least = DatumGetFloat8(load_required(rulebook, i, 3));
		point->below = DatumGetFloat8(load_required(rulebook, i, 4));
		point->log_odds = DatumGetFloat8(load_required(rulebook, i, 5));
		point->points = DatumGetInt64(load_required(rulebook, i, 6));
		if (feature == NULL)
			continue;
		if (feature->n_model++ == 0)
			feature->model = point;
	}
}

static void
load_moves(Rulebook *rulebook)
{
	Scorecard  *score = &rulebook->score;
	uint64		n = load_query(rulebook, "ttsst",
							   "SELECT code::pg_catalog.text, variant::pg_catalog.text, from_stage, to_stage, condition::pg_catalog.text"
							   " FROM %s.score_move WHERE active ORDER BY position, code COLLATE pg_catalog.\"C\"", NULL);

	score->moves = load_array(rulebook, n, sizeof(ScoreMove));
	score->n_moves = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		score->moves[i].code = load_string(rulebook, i, 1);
		score->moves[i].variant = load_string(rulebook, i, 2);
		score->moves[i].from = load_stage(rulebook, i, 3);
		score->moves[i].to = load_stage(rulebook, i, 4);
		score->moves[i].condition.text = load_string(rulebook, i, 5);
	}
}

/* After the kinds of touch, which rules name. */
void
load_scorecard(Rulebook *rulebook)
{
	load_groups(rulebook);
	load_rules(rulebook);
	load_grades(rulebook);
	load_features(rulebook);
	load_model(rulebook);
	load_moves(rulebook);
}
