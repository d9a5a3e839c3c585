/*
 * stage_ops.c
 *	  Comparing stages: operators, index support, containment, min and max.
 *
 * Clients bind parameters as text, so every comparison also exists between a
 * stage and a text.  The text is read as a stage, by the rules of the type's
 * input, and a text that names no stage is an error.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "port/pg_bswap.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "stage/stage.h"

/* Order of two stages: -1, 0 or 1.  The bytes alone decide it. */
int
stage_compare(const Stage *a, const Stage *b)
{
	int			alen = VARSIZE_ANY_EXHDR(a);
	int			blen = VARSIZE_ANY_EXHDR(b);
	int			cmp = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));

	if (cmp == 0)
		cmp = alen - blen;
	return (cmp > 0) - (cmp < 0);
}

bool
stage_equal(const Stage *a, const Stage *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* Is a the stage b, or one of its leaves? */
bool
stage_contained(const Stage *a, const Stage *b)
{
	return stage_is_leaf(b) ? stage_equal(a, b) : stage_code(a) == stage_code(b);
}

/*
 * An argument of a comparison: a stage, or a text that is read as one.  A
 * detoasted copy is freed, since an index scan keeps what its support
 * functions leave behind.
 */
typedef struct StageArg
{
	const Stage *stage;
	void	   *copy;
	StageSpace	space;
} StageArg;

static inline void
get_stage(StageArg *arg, Datum datum)
{
	arg->stage = DatumGetStagePP(datum);
	arg->copy = (Pointer) arg->stage != DatumGetPointer(datum) ? (void *) arg->stage : NULL;
}

static inline void
get_text(StageArg *arg, Datum datum)
{
	text	   *name = DatumGetTextPP(datum);

	arg->stage = stage_from_text(name, &arg->space);
	arg->copy = (Pointer) name != DatumGetPointer(datum) ? name : NULL;
}

static inline void
release_arg(StageArg *arg)
{
	if (arg->copy != NULL)
		pfree(arg->copy);
}

/* Define an SQL function of two arguments, read by get_left and get_right. */
#define STAGE_FUNCTION(name, get_left, get_right, type, PG_RETURN, expression) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	StageArg	left; \
	StageArg	right; \
	type		result; \
	\
	get_left(&left, PG_GETARG_DATUM(0)); \
	get_right(&right, PG_GETARG_DATUM(1)); \
	{ \
		const Stage *a = left.stage; \
		const Stage *b = right.stage; \
		\
		result = (expression); \
	} \
	release_arg(&left); \
	release_arg(&right); \
	PG_RETURN(result); \
} \
extern Datum name(PG_FUNCTION_ARGS)

/* What a btree needs of one pair of types. */
#define STAGE_ORDERING(prefix, get_left, get_right) \
STAGE_FUNCTION(prefix##_cmp, get_left, get_right, int, PG_RETURN_INT32, stage_compare(a, b)); \
STAGE_FUNCTION(prefix##_lt, get_left, get_right, bool, PG_RETURN_BOOL, stage_compare(a, b) < 0); \
STAGE_FUNCTION(prefix##_le, get_left, get_right, bool, PG_RETURN_BOOL, stage_compare(a, b) <= 0); \
STAGE_FUNCTION(prefix##_eq, get_left, get_right, bool, PG_RETURN_BOOL, stage_equal(a, b)); \
STAGE_FUNCTION(prefix##_ge, get_left, get_right, bool, PG_RETURN_BOOL, stage_compare(a, b) >= 0); \
STAGE_FUNCTION(prefix##_gt, get_left, get_right, bool, PG_RETURN_BOOL, stage_compare(a, b) > 0)

/* What the planner and people need besides. */
#define STAGE_RELATIONS(prefix, get_left, get_right) \
STAGE_FUNCTION(prefix##_ne, get_left, get_right, bool, PG_RETURN_BOOL, !stage_equal(a, b)); \
STAGE_FUNCTION(prefix##_contained, get_left, get_right, bool, PG_RETURN_BOOL, stage_contained(a, b)); \
STAGE_FUNCTION(prefix##_contains, get_left, get_right, bool, PG_RETURN_BOOL, stage_contained(b, a))

STAGE_ORDERING(leadflow_stage, get_stage, get_stage);
STAGE_RELATIONS(leadflow_stage, get_stage, get_stage);
STAGE_ORDERING(leadflow_stage_text, get_stage, get_text);
STAGE_RELATIONS(leadflow_stage_text, get_stage, get_text);
STAGE_ORDERING(leadflow_text_stage, get_text, get_stage);
STAGE_RELATIONS(leadflow_text_stage, get_text, get_stage);
STAGE_ORDERING(leadflow_text_text, get_text, get_text);

PG_FUNCTION_INFO_V1(leadflow_stage_larger);
Datum
leadflow_stage_larger(PG_FUNCTION_ARGS)
{
	Stage	   *a = PG_GETARG_STAGE_PP(0);
	Stage	   *b = PG_GETARG_STAGE_PP(1);

	PG_RETURN_STAGE_P(stage_compare(a, b) >= 0 ? a : b);
}

PG_FUNCTION_INFO_V1(leadflow_stage_smaller);
Datum
leadflow_stage_smaller(PG_FUNCTION_ARGS)
{
	Stage	   *a = PG_GETARG_STAGE_PP(0);
	Stage	   *b = PG_GETARG_STAGE_PP(1);

	PG_RETURN_STAGE_P(stage_compare(a, b) <= 0 ? a : b);
}

PG_FUNCTION_INFO_V1(leadflow_stage_hash);
Datum
leadflow_stage_hash(PG_FUNCTION_ARGS)
{
	Stage	   *stage = PG_GETARG_STAGE_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(stage),
								VARSIZE_ANY_EXHDR(stage));

	PG_FREE_IF_COPY(stage, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(leadflow_stage_hash_extended);
Datum
leadflow_stage_hash_extended(PG_FUNCTION_ARGS)
{
	Stage	   *stage = PG_GETARG_STAGE_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(stage),
										 VARSIZE_ANY_EXHDR(stage),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(stage, 0);
	return hash;
}

static int
compare_full(Datum x, Datum y, SortSupport ssup)
{
	StageArg	left;
	StageArg	right;
	int			cmp;

	get_stage(&left, x);
	get_stage(&right, y);
	cmp = stage_compare(left.stage, right.stage);
	release_arg(&left);
	release_arg(&right);
	return cmp;
}

/*
 * The abbreviated key is the start of the payload: the code and the first
 * bytes of the label, first byte most significant.  A label has no zero byte,
 * so padding with zeroes keeps a shorter one first.
 */
static Datum
abbreviate(Datum original, SortSupport ssup)
{
	StageArg	arg;
	Datum		key = 0;

	get_stage(&arg, original);
	memcpy(&key, VARDATA_ANY(arg.stage),
		   Min(VARSIZE_ANY_EXHDR(arg.stage), sizeof(Datum)));
	release_arg(&arg);
	return DatumBigEndianToNative(key);
}

/* An abbreviated key costs a copy of eight bytes, and always earns it. */
static bool
keep_abbreviating(int memtupcount, SortSupport ssup)
{
	return false;
}

PG_FUNCTION_INFO_V1(leadflow_stage_sortsupport);
Datum
leadflow_stage_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_full;
	if (ssup->abbreviate)
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate;
		ssup->abbrev_abort = keep_abbreviating;
		ssup->abbrev_full_comparator = compare_full;
	}
	PG_RETURN_VOID();
}
