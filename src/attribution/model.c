/*
 * model.c
 *	  Reading attribution models: a name, and what the model is told.
 *
 *		first  last  linear
 *		first_non_direct [channel ...]     last_non_direct [channel ...]
 *		position [first middle last]       u_shaped [first lead rest]
 *		w_shaped [first lead opportunity rest]
 *		full_path [first lead opportunity close rest]
 *		time_decay [interval]
 *		custom_first weight ...            custom_last weight ...
 *
 * A channel with spaces stands in double quotes.  Weights are whole numbers
 * here: what matters is their proportion.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "attribution/model.h"

#define MODEL_MAX_GIVEN		5	/* weights of a model with roles */
#define DEFAULT_HALF_LIFE	((double) 7 * USECS_PER_DAY)
#define DEFAULT_SKIPPED		"direct"

/* The longest interval, which still fits 64 bits. */
#define MAX_YEARS			290000.0

/* A weight is read in units of 10^-MODEL_DECIMALS. */
#define WEIGHT_UNIT			1000000
#define WEIGHT_MAX_DIGITS	11

/* The models by name; roles in the order in which their weights are written. */
typedef struct ModelName
{
	const char *name;
	ModelKind	kind;
	bool		told;			/* can be told something */
	int			given;			/* weights of roles */
	Role		role[MODEL_MAX_GIVEN];
	int64		weight[MODEL_MAX_GIVEN];	/* if none is written */
	const char *hint;
} ModelName;

static const ModelName model_names[] = {
	{"first", MODEL_SKIP_FIRST, .hint = "Write only first."},
	{"last", MODEL_SKIP_LAST, .hint = "Write only last."},
	{"first_non_direct", MODEL_SKIP_FIRST, true,
	.hint = "Write first_non_direct, or the channels to skip after it."},
	{"last_non_direct", MODEL_SKIP_LAST, true,
	.hint = "Write last_non_direct, or the channels to skip after it."},
	{"linear", MODEL_LINEAR, .hint = "Write only linear."},
	{"position", MODEL_ROLES, true, 3,
		{ROLE_FIRST, ROLE_REST, ROLE_LAST}, {2, 1, 2},
	"Write position, or weights of the first, the middle and the last touch: position 40 20 40."},
	{"u_shaped", MODEL_ROLES, true, 3,
		{ROLE_FIRST, ROLE_LEAD, ROLE_REST}, {2, 2, 1},
	"Write u_shaped, or weights of the first touch, the lead's and the rest: u_shaped 40 40 20."},
	{"w_shaped", MODEL_ROLES, true, 4,
		{ROLE_FIRST, ROLE_LEAD, ROLE_OPPORTUNITY, ROLE_REST}, {3, 3, 3, 1},
	"Write w_shaped, or weights of the first touch, the lead's, the opportunity's and the rest: w_shaped 30 30 30 10."},
	{"full_path", MODEL_ROLES, true, 5,
		{ROLE_FIRST, ROLE_LEAD, ROLE_OPPORTUNITY, ROLE_LAST, ROLE_REST}, {9, 9, 9, 9, 4},
	"Write full_path, or weights of the first touch, the lead's, the opportunity's, the last and the rest: full_path 22.5 22.5 22.5 22.5 10."},
	{"time_decay", MODEL_DECAY, true,
	.hint = "Write time_decay, or the half-life after it: time_decay 14 days."},
	{"custom_first", MODEL_FROM_FIRST, true,
	.hint = "Write the weights from the first touch on: custom_first 50 30 20."},
	{"custom_last", MODEL_FROM_LAST, true,
	.hint = "Write the weights from the last touch back: custom_last 50 25 12.5."},
};

/* A model while it is read. */
typedef struct Reader
{
	const char *text;			/* terminated */
	const char *next;
	const ModelName *name;		/* NULL until it is read */
} Reader;

static void
refuse(Reader *r, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid attribution model: \"%s\"", r->text),
			 errdetail("%s", detail),
			 r->name == NULL ? 0 : errhint("%s", r->name->hint)));
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether there is another word; what stands before it is skipped. */
static bool
more_words(Reader *r)
{
	while (is_space(*r->next))
		r->next++;
	return *r->next != '\0';
}

/* The next word, which may stand in quotes. */
static Word
read_word(Reader *r)
{
	Word		word = {r->next, 0};
	char	   *bytes;

	if (*r->next != '"')
	{
		while (*r->next != '\0' && !is_space(*r->next))
			r->next++;
		word.len = (int32) (r->next - word.bytes);
		return word;
	}
	bytes = palloc(strlen(r->next));
	word.bytes = bytes;
	for (r->next++; *r->next != '"' || r->next[1] == '"'; r->next++)
	{
		if (*r->next == '\0')
			refuse(r, "A quoted name does not end.");
		if (*r->next == '"')
			r->next++;
		bytes[word.len++] = *r->next;
	}
	r->next++;
	if (*r->next != '\0' && !is_space(*r->next))
		refuse(r, "A quoted name is followed by something else.");
	return word;
}

/* The name that a model begins with. */
static const ModelName *
read_name(Reader *r)
{
	Word		word = {"", 0};

	if (more_words(r))
		word = read_word(r);
	for (int i = 0; i < (int) lengthof(model_names); i++)
	{
		if (word_is(word, model_names[i].name))
			return &model_names[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown attribution model: \"%s\"", r->text),
			 errhint("Known models are first, last, first_non_direct, last_non_direct, linear, position, u_shaped, w_shaped, full_path, time_decay, custom_first and custom_last.")));
	pg_unreachable();
}

/* A weight, such as 22.5, in units of the last decimal that is allowed. */
static int64
read_weight(Reader *r)
{
	Word		word = read_word(r);
	int64		weight = 0;
	int			digits = 0;
	int			decimals = -1;	/* there is no point yet */
	bool		wrong = false;

	for (int32 i = 0; i < word.len && !wrong; i++)
	{
		char		c = word.bytes[i];

		if (c == '.' && decimals < 0)
		{
			decimals = 0;
			continue;
		}
		wrong = c < '0' || c > '9' || digits == WEIGHT_MAX_DIGITS ||
			decimals == MODEL_DECIMALS;
		weight = weight * 10 + (c - '0');
		digits++;
		if (decimals >= 0)
			decimals++;
	}
	if (digits == 0)
		wrong = true;
	for (int i = Max(decimals, 0); i < MODEL_DECIMALS && !wrong; i++)
		weight *= 10;
	if (wrong || weight > (int64) MODEL_MAX_WEIGHT * WEIGHT_UNIT)
		refuse(r, psprintf("A weight is a number from 0 to %d with at most %d decimals.",
						   MODEL_MAX_WEIGHT, MODEL_DECIMALS));
	return weight;
}

static int64
common_divisor(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The weights that follow, in the smallest whole numbers of their proportion. */
static int32
read_weights(Reader *r, int64 *weight, int32 most)
{
	int32		n = 0;
	int64		divisor = 0;

	while (more_words(r))
	{
		if (n == most)
			refuse(r, "It has too many weights.");
		weight[n] = read_weight(r);
		divisor = common_divisor(divisor, weight[n++]);
	}
	if (n > 0 && divisor == 0)
		refuse(r, "All its weights are 0.");
	for (int32 i = 0; i < n; i++)
		weight[i] /= divisor;
	return n;
}

static void
read_roles(Reader *r, Model *model)
{
	const ModelName *name = r->name;
	int64		weight[MODEL_MAX_GIVEN];
	int32		n = read_weights(r, weight, name->given);

	if (n != 0 && n != name->given)
		refuse(r, "It has too few weights.");
	for (int i = 0; i < ROLES; i++)
		model->role[i] = NO_ROLE;
	for (int i = 0; i < name->given; i++)
		model->role[name->role[i]] = n == 0 ? name->weight[i] : weight[i];
}

/* Weights by place. */
static void
read_places(Reader *r, Model *model)
{
	int64		weight[MODEL_MAX_LIST];

	model->weights = read_weights(r, weight, MODEL_MAX_LIST);
	if (model->weights == 0)
		refuse(r, "It has no weights.");
	model->weight = palloc(model->weights * sizeof(int64));
	memcpy(model->weight, weight, model->weights * sizeof(int64));
}

/* The channels that do not count. */
static void
read_skipped(Reader *r, Model *model)
{
	int32		room = 0;

	if (!r->name->told)
		return;
	for (; more_words(r); model->skips++)
	{
		if (model->skips == MODEL_MAX_LIST)
			refuse(r, "It has too many names.");
		if (model->skips == room)
		{
			room = Max(4, 2 * room);
			if (model->skipped == NULL)
				model->skipped = palloc(room * sizeof(Word));
			else
				model->skipped = repalloc(model->skipped, room * sizeof(Word));
		}
		model->skipped[model->skips] = read_word(r);
	}
	if (model->skips == 0)
	{
		model->skipped = palloc(sizeof(Word));
		model->skipped->bytes = DEFAULT_SKIPPED;
		model->skipped->len = (int32) strlen(DEFAULT_SKIPPED);
		model->skips = 1;
	}
}

int64
interval_usecs(const Interval *interval, const char *name)
{
	double		days = (double) (interval->month / MONTHS_PER_YEAR) * DAYS_PER_YEAR +
		(double) (interval->month % MONTHS_PER_YEAR) * DAYS_PER_MONTH + interval->day;
	double		usecs = days * USECS_PER_DAY + (double) interval->time;

	if (compat_interval_not_finite(interval) || usecs < 1 ||
		usecs > MAX_YEARS * DAYS_PER_YEAR * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be positive and at most %.0f years", name, MAX_YEARS)));
	return (int64) usecs;
}

static void
read_half_life(Reader *r, Model *model)
{
	Datum		interval;

	model->half_life = DEFAULT_HALF_LIFE;
	if (!more_words(r))
		return;
	/* what a sign before all of it means is a setting of the session */
	if (*r->next == '-')
		refuse(r, "A half-life does not begin with a minus sign.");
	interval = DirectFunctionCall3(interval_in, CStringGetDatum(r->next),
								   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	model->half_life = (double) interval_usecs(DatumGetIntervalP(interval), "half-life");
	r->next += strlen(r->next);
}

void
model_parse(Model *model, Word text)
{
	Reader		r;

	if (text.len > MODEL_MAX_TEXT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("attribution model is too long"),
				 errdetail("It has %d bytes; a model can have %d.", text.len, MODEL_MAX_TEXT)));
	memset(model, 0, sizeof(Model));
	r.text = r.next = pnstrdup(text.bytes, text.len);
	model->text.bytes = r.text;
	model->text.len = text.len;
	r.name = NULL;
	r.name = read_name(&r);
	model->kind = r.name->kind;
	switch (model->kind)
	{
		case MODEL_SKIP_FIRST:
		case MODEL_SKIP_LAST:
			read_skipped(&r, model);
			break;
		case MODEL_LINEAR:
			break;
		case MODEL_ROLES:
			read_roles(&r, model);
			break;
		case MODEL_DECAY:
			read_half_life(&r, model);
			break;
		case MODEL_FROM_FIRST:
		case MODEL_FROM_LAST:
			read_places(&r, model);
			break;
	}
	if (more_words(&r))
		refuse(&r, "It cannot be told anything.");
}
