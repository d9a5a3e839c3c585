/*
 * funnel.c
 *	  What a funnel asks: its steps, windows and modes, as the arguments of the
 *	  aggregates give them and as values carry them.
 *
 * The arguments are the same for all rows of a group, and come with every row.
 * They are read once, kept for the query, and then only compared by byte.
 * A value says what its funnel is, so that parts of different funnels are never
 * added up; a window that is not limited is -1 there.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "funnel/funnel.h"
#include "leadflow.h"

/* Arguments of the transition functions; some have fewer. */
enum
{
	ARG_STEPS = 3,
	ARG_WITHIN
};

/*
 * Funnels of one call site among which a new group looks for its own.  Further
 * ones go with their groups, as all that a call site keeps lasts for the query.
 */
#define MAX_SHARED		64

/* An argument as bytes; NULL for null. */
typedef struct Bytes
{
	const char *bytes;
	Size		len;
} Bytes;

/* The arguments that make a funnel. */
typedef struct FunnelArgs
{
	Bytes		steps;
	Bytes		within;
	Bytes		step_within;
	Bytes		exclude;
	Bytes		mode;
} FunnelArgs;

/* What a call site keeps, the last one that was looked for first. */
typedef struct FunnelSite
{
	int			n;
	const Funnel *funnel[MAX_SHARED];
} FunnelSite;

static const struct
{
	const char *name;
	uint32		bit;
}			modes[] = {
	{"strict_order", FUNNEL_STRICT_ORDER},
	{"strict_increase", FUNNEL_STRICT_INCREASE},
	{"once", FUNNEL_ONCE}
};

#define MODES	((int) lengthof(modes))

/* The mode of a name, or 0. */
static uint32
mode_of_word(Word word)
{
	for (int i = 0; i < MODES; i++)
	{
		if (word_is(word, modes[i].name))
			return modes[i].bit;
	}
	return 0;
}

static int
compare_words(const void *a, const void *b)
{
	return word_compare(*(const Word *) a, *(const Word *) b);
}

/*
 * Number the names, the excluded ones in the order of their bytes.  Answers
 * what is wrong with them, or NULL.
 */
static const char *
set_names(Funnel *funnel, const Word *step, int steps, Word *exclude, int excluded,
		  MemoryContext context)
{
	if (steps < 1)
		return "a funnel must have at least one step";
	funnel->steps = steps;
	for (int i = 0; i < steps; i++)
		funnel->name_of[i] = words_number(&funnel->names, step[i], context);
	funnel->step_names = funnel->names.n;
	if (funnel->step_names < steps && (funnel->mode & (FUNNEL_STRICT_ORDER | FUNNEL_ONCE)) != 0)
		return "a name can stand only once among the steps in modes strict_order and once";
	qsort(exclude, excluded, sizeof(Word), compare_words);
	for (int i = 0; i < excluded; i++)
	{
		if (words_number(&funnel->names, exclude[i], context) < funnel->step_names)
			return "a step cannot be excluded";
	}
	return NULL;
}

/* An empty funnel without limits. */
static Funnel *
make_funnel(MemoryContext context)
{
	Funnel	   *funnel = MemoryContextAllocZero(context, sizeof(Funnel));

	funnel->within = FUNNEL_UNLIMITED;
	for (int i = 0; i < FUNNEL_MAX_STEPS; i++)
		funnel->step_within[i] = FUNNEL_UNLIMITED;
	return funnel;
}

/* The elements of an array argument, which has one dimension at most. */
static int
read_array(const Bytes *arg, Oid type, int len, char align, const char *what,
		   Datum **elements, bool **nulls)
{
	ArrayType  *array;
	int			n;

	if (arg->bytes == NULL)
		return 0;
	array = palloc(VARHDRSZ + arg->len);
	SET_VARSIZE(array, VARHDRSZ + arg->len);
	memcpy(VARDATA(array), arg->bytes, arg->len);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s of a funnel must be a one-dimensional array", what)));
	deconstruct_array(array, type, len, false, align, elements, nulls, &n);
	return n;
}

/* The names in an array argument. */
static int
read_names(const Bytes *arg, const char *what, int max, Word *word)
{
	Datum	   *elements = NULL;
	bool	   *nulls = NULL;
	int			n = read_array(arg, TEXTOID, -1, TYPALIGN_INT, what, &elements, &nulls);

	if (n > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a funnel has too many names", what),
				 errdetail("It has %d; at most %d are allowed.", n, max)));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s of a funnel must not contain nulls", what)));
		word[i] = word_of_text(DatumGetTextPP(elements[i]));
		if (word[i].len > FUNNEL_MAX_NAME)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a name in %s of a funnel is too long", what),
					 errdetail("It has %d bytes; at most %d are allowed.",
							   word[i].len, FUNNEL_MAX_NAME)));
	}
	return n;
}

/* A window in microseconds. */
static int64
read_window(const Interval *interval, const char *what)
{
	int64		window;

	if (compat_interval_not_finite(interval))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a funnel must be finite", what),
				 errhint("Use null for no limit.")));
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a funnel must not have months", what),
				 errdetail("Months are of different length."),
				 errhint("Give it in days; a day is 24 hours.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &window) ||
		pg_add_s64_overflow(window, interval->time, &window))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	if (window < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a funnel must not be negative", what)));
	return window;
}

static void
read_step_windows(Funnel *funnel, const Bytes *arg)
{
	Datum	   *elements = NULL;
	bool	   *nulls = NULL;
	int			n;

	if (arg->bytes == NULL)
		return;
	n = read_array(arg, INTERVALOID, sizeof(Interval), TYPALIGN_DOUBLE, "step_within",
				   &elements, &nulls);
	if (n != funnel->steps - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step_within of a funnel has the wrong length"),
				 errdetail("It has %d elements; there are %d steps.", n, funnel->steps),
				 errhint("Give one window between each step and the next; null for no limit.")));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			funnel->step_within[i] = read_window(DatumGetIntervalP(elements[i]), "step_within");
	}
}

/* The modes in a list with commas. */
static uint32
read_modes(const Bytes *arg)
{
	const char *next = arg->bytes;
	const char *end = next + arg->len;
	uint32		mode = 0;

	while (next < end && *next == ' ')
		next++;
	while (next < end)
	{
		const char *comma = memchr(next, ',', end - next);
		const char *stop = comma == NULL ? end : comma;
		Word		word;
		uint32		bit;

		while (next < stop && *next == ' ')
			next++;
		word.bytes = next;
		word.len = (int32) (stop - next);
		while (word.len > 0 && word.bytes[word.len - 1] == ' ')
			word.len--;
		bit = mode_of_word(word);
		if (bit == 0 || (comma != NULL && comma + 1 == end))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown mode of a funnel: \"%s\"",
							excerpt(arg->bytes, arg->len)),
					 errhint("Use strict_order, strict_increase or once, or several of them with commas.")));
		mode |= bit;
		next = comma == NULL ? end : comma + 1;
	}
	return mode;
}

/* The funnel that arguments ask for. */
static Funnel *
read_funnel(const FunnelArgs *args, MemoryContext context)
{
	Funnel	   *funnel = make_funnel(context);
	Word		step[FUNNEL_MAX_STEPS];
	Word		exclude[FUNNEL_MAX_EXCLUDED];
	int			steps;
	int			excluded;
	const char *wrong;

	if (args->steps.bytes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("steps of a funnel must not be null")));
	steps = read_names(&args->steps, "steps", FUNNEL_MAX_STEPS, step);
	excluded = read_names(&args->exclude, "exclude", FUNNEL_MAX_EXCLUDED, exclude);
	if (args->mode.bytes != NULL)
		funnel->mode = read_modes(&args->mode);
	wrong = set_names(funnel, step, steps, exclude, excluded, context);
	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", wrong)));
	if (args->within.bytes != NULL)
	{
		Interval	within;

		memcpy(&within, args->within.bytes, sizeof(Interval));
		funnel->within = read_window(&within, "within");
	}
	read_step_windows(funnel, &args->step_within);
	return funnel;
}

/* An argument of variable length. */
static inline Bytes
varlena_arg(FunctionCallInfo fcinfo, int arg)
{
	Bytes		bytes = {NULL, 0};

	if (!PG_ARGISNULL(arg))
	{
		struct varlena *value = PG_GETARG_VARLENA_PP(arg);

		bytes.bytes = VARDATA_ANY(value);
		bytes.len = VARSIZE_ANY_EXHDR(value);
	}
	return bytes;
}

/*
 * The arguments after the step's name: steps [, within [, mode]], or steps,
 * within, step_within, exclude, mode.
 */
static inline FunnelArgs
args_of_row(FunctionCallInfo fcinfo)
{
	FunnelArgs	args;
	int			last = PG_NARGS() - 1;

	memset(&args, 0, sizeof(args));
	args.steps = varlena_arg(fcinfo, ARG_STEPS);
	if (last >= ARG_WITHIN && !PG_ARGISNULL(ARG_WITHIN))
	{
		args.within.bytes = (const char *) PG_GETARG_INTERVAL_P(ARG_WITHIN);
		args.within.len = sizeof(Interval);
	}
	if (last > ARG_WITHIN + 1)
	{
		args.step_within = varlena_arg(fcinfo, ARG_WITHIN + 1);
		args.exclude = varlena_arg(fcinfo, ARG_WITHIN + 2);
	}
	if (last > ARG_WITHIN)
		args.mode = varlena_arg(fcinfo, last);
	return args;
}

static inline bool
same_bytes(const Bytes *a, const Bytes *b)
{
	return a->len == b->len && (a->bytes == NULL) == (b->bytes == NULL) &&
		(a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static inline bool
same_args(const FunnelArgs *a, const FunnelArgs *b)
{
	return same_bytes(&a->steps, &b->steps) && same_bytes(&a->within, &b->within) &&
		same_bytes(&a->step_within, &b->step_within) &&
		same_bytes(&a->exclude, &b->exclude) && same_bytes(&a->mode, &b->mode);
}

static Bytes
copy_bytes(const Bytes *from, MemoryContext context)
{
	Bytes		to = *from;

	if (from->bytes != NULL)
		to.bytes = memcpy(MemoryContextAlloc(context, from->len + 1), from->bytes, from->len);
	return to;
}

static const FunnelArgs *
copy_args(const FunnelArgs *args, MemoryContext context)
{
	FunnelArgs *copy = MemoryContextAlloc(context, sizeof(FunnelArgs));

	copy->steps = copy_bytes(&args->steps, context);
	copy->within = copy_bytes(&args->within, context);
	copy->step_within = copy_bytes(&args->step_within, context);
	copy->exclude = copy_bytes(&args->exclude, context);
	copy->mode = copy_bytes(&args->mode, context);
	return copy;
}

/* Whether two funnels ask the same. */
static bool
same_funnel(const Funnel *a, const Funnel *b)
{
	if (a == b)
		return true;
	if (a->steps != b->steps || a->step_names != b->step_names ||
		a->names.n != b->names.n || a->mode != b->mode || a->within != b->within ||
		memcmp(a->name_of, b->name_of, a->steps * sizeof(int32)) != 0 ||
		memcmp(a->step_within, b->step_within, a->steps * sizeof(int64)) != 0)
		return false;
	for (int i = 0; i < a->names.n; i++)
	{
		if (!word_equals(words_word(&a->names, i), words_word(&b->names, i)))
			return false;
	}
	return true;
}

void
funnel_check_same(const Funnel *a, const Funnel *b)
{
	if (!same_funnel(a, b))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("steps, windows and modes must be the same throughout a funnel"),
				 errhint("Group by what they depend on.")));
}

Funnel *
funnel_copy(const Funnel *funnel, MemoryContext context)
{
	Funnel	   *copy = MemoryContextAlloc(context, sizeof(Funnel));

	*copy = *funnel;
	copy->args = NULL;
	memset(&copy->names, 0, sizeof(WordTable));
	for (int i = 0; i < funnel->names.n; i++)
		words_number(&copy->names, words_word(&funnel->names, i), context);
	return copy;
}

/* What the call site keeps, and where. */
static FunnelSite *
site_of_call(FunctionCallInfo fcinfo, MemoryContext *context)
{
	SummarySite *site = summary_site(fcinfo);

	if (site->kept == NULL)
		site->kept = MemoryContextAllocZero(site->context, sizeof(FunnelSite));
	*context = site->context;
	return site->kept;
}

/* Put a funnel first that was at a place, or new after the last. */
static const Funnel *
put_first(FunnelSite *site, int place, const Funnel *funnel)
{
	if (place == site->n)
		site->n++;
	memmove(&site->funnel[1], &site->funnel[0], place * sizeof(Funnel *));
	site->funnel[0] = funnel;
	return funnel;
}

const Funnel *
funnel_of_site(FunctionCallInfo fcinfo, const Funnel *funnel, Summary *owner)
{
	MemoryContext context;
	FunnelSite *site = site_of_call(fcinfo, &context);
	int			i;

	for (i = 0; i < site->n; i++)
	{
		if (same_funnel(site->funnel[i], funnel))
			return put_first(site, i, site->funnel[i]);
	}
	if (site->n == MAX_SHARED)
		return funnel_copy(funnel, summary_context(owner));
	return put_first(site, i, funnel_copy(funnel, context));
}

/* The call site's funnel of these arguments; a further one in a context. */
static const Funnel *
funnel_of_args(FunctionCallInfo fcinfo, const FunnelArgs *args, MemoryContext further)
{
	MemoryContext context;
	FunnelSite *site = site_of_call(fcinfo, &context);
	Funnel	   *funnel;
	int			i;

	for (i = 0; i < site->n; i++)
	{
		if (same_args(site->funnel[i]->args, args))
			return put_first(site, i, site->funnel[i]);
	}
	if (site->n == MAX_SHARED)
		context = further;
	funnel = read_funnel(args, context);
	funnel->args = copy_args(args, context);
	return site->n < MAX_SHARED ? put_first(site, i, funnel) : funnel;
}

const Funnel *
funnel_of_row(FunctionCallInfo fcinfo, const FunnelPath *path)
{
	FunnelArgs	args = args_of_row(fcinfo);

	if (path->funnel == NULL)
		return funnel_of_args(fcinfo, &args, summary_context(&path->head));
	if (path->funnel->args == NULL || !same_args(path->funnel->args, &args))
		funnel_check_same(path->funnel, funnel_of_args(fcinfo, &args, CurrentMemoryContext));
	return path->funnel;
}

/* Write a window. */
static void
pack_window(Packer *p, const char *key, int64 window)
{
	pack_int(p, key, window == FUNNEL_UNLIMITED ? -1 : window);
}

static int64
unpack_window(Unpacker *u, const char *key)
{
	int64		window = unpack_int(u, key, -1, PG_INT64_MAX);

	return window < 0 ? FUNNEL_UNLIMITED : window;
}

static bool
has_step_windows(const Funnel *funnel)
{
	for (int i = 0; i < funnel->steps - 1; i++)
	{
		if (funnel->step_within[i] != FUNNEL_UNLIMITED)
			return true;
	}
	return false;
}

/* Write a list of words. */
static void
pack_word_list(Packer *p, const char *key, const Word *word, int n)
{
	pack_list(p, key, n);
	for (int i = 0; i < n; i++)
		pack_word(p, NULL, word[i].bytes, word[i].len);
	pack_end(p);
}

static int
unpack_word_list(Unpacker *u, const char *key, Word *word, int max)
{
	int			n = 0;

	unpack_list(u, key, max);
	while (unpack_more(u))
		word[n++] = unpack_word(u, NULL, FUNNEL_MAX_NAME);
	return n;
}

void
funnel_pack(Packer *p, const Funnel *funnel)
{
	int			windows = has_step_windows(funnel) ? funnel->steps - 1 : 0;
	Word		word[FUNNEL_MAX_NAMES];
	int			n;

	for (n = 0; n < funnel->steps; n++)
		word[n] = funnel_step_name(funnel, n);
	pack_word_list(p, "steps", word, n);
	pack_window(p, "within", funnel->within);
	pack_list(p, "step_within", windows);
	for (int i = 0; i < windows; i++)
		pack_window(p, NULL, funnel->step_within[i]);
	pack_end(p);
	for (n = 0; funnel->step_names + n < funnel->names.n; n++)
		word[n] = words_word(&funnel->names, funnel->step_names + n);
	pack_word_list(p, "exclude", word, n);
	n = 0;
	for (int i = 0; i < MODES; i++)
	{
		if ((funnel->mode & modes[i].bit) != 0)
		{
			word[n].bytes = modes[i].name;
			word[n++].len = (int32) strlen(modes[i].name);
		}
	}
	pack_word_list(p, "mode", word, n);
}

const Funnel *
funnel_unpack(Unpacker *u, MemoryContext context)
{
	Funnel	   *funnel = make_funnel(context);
	Word		step[FUNNEL_MAX_STEPS];
	Word		exclude[FUNNEL_MAX_EXCLUDED];
	Word		mode[MODES];
	int			steps = unpack_word_list(u, "steps", step, FUNNEL_MAX_STEPS);
	int			windows = 0;
	int			excluded;
	int			n;
	const char *wrong;

	funnel->within = unpack_window(u, "within");
	unpack_list(u, "step_within", Max(steps - 1, 0));
	while (unpack_more(u))
		funnel->step_within[windows++] = unpack_window(u, NULL);
	if (windows != 0 && windows != steps - 1)
		unpack_refuse(u, "The number of windows does not fit the steps.");
	excluded = unpack_word_list(u, "exclude", exclude, FUNNEL_MAX_EXCLUDED);
	n = unpack_word_list(u, "mode", mode, MODES);
	for (int i = 0; i < n; i++)
	{
		uint32		bit = mode_of_word(mode[i]);

		if (bit == 0)
			unpack_refuse(u, "A mode is unknown.");
		funnel->mode |= bit;
	}
	wrong = set_names(funnel, step, steps, exclude, excluded, context);
	if (wrong != NULL)
		unpack_refuse(u, wrong);
	return funnel;
}

Datum
funnel_step_array(const Funnel *funnel)
{
	Datum		name[FUNNEL_MAX_STEPS];

	for (int i = 0; i < funnel->steps; i++)
	{
		Word		word = funnel_step_name(funnel, i);

		name[i] = PointerGetDatum(cstring_to_text_with_len(word.bytes, word.len));
	}
	return PointerGetDatum(construct_array(name, funnel->steps, TEXTOID, -1, false,
										   TYPALIGN_INT));
}
