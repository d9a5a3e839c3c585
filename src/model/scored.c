/*
 * scored.c
 *	  Scored outcomes: the scores of the won and the scores of the lost, as a
 *	  value that every measure of a score's quality can be asked of.
 *
 * Text form: {won: 0.7 0.9, lost: 0.2}, ascending, with as many digits as it
 * takes to read the same numbers again.  Minus zero is zero.  Rows are only
 * appended while an aggregate runs; they are sorted when somebody asks, by
 * radix, from the lowest byte to the highest, without the bytes that all have
 * in common.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "leadflow.h"
#include "model/scored.h"

#define SCORED_BINARY_VERSION	1

/* A group of a few leads should cost little. */
#define SCORED_FIRST_ROOM		8

/* Below this, filling the tables of a radix sort costs more than comparing. */
#define SCORED_RADIX_FROM		256

#define RADIX_BITS				8
#define RADIX_SIZE				(1 << RADIX_BITS)
#define RADIX_DIGITS			(64 / RADIX_BITS)

typedef struct ScoredFlat
{
	SummaryFlat head;
	int64		n[2];
	double		value[FLEXIBLE_ARRAY_MEMBER];	/* the lost, then the won */
} ScoredFlat;

static void scored_expand(Summary *summary, const SummaryFlat *flat, Size size);
static Size scored_flat_size(Summary *summary);
static void scored_flatten(Summary *summary, SummaryFlat *flat, Size size);
static void scored_merge(Summary *into, Summary *from);

static const SummaryClass scored_class = {
	.type_name = "scored",
	.magic = 0x53434401,		/* "SCD", 1 */
	.size = sizeof(Scored),
	.expand = scored_expand,
	.flat_size = scored_flat_size,
	.flatten = scored_flatten,
	.merge = scored_merge
};

/* Room for more values; the list's summary is the current context. */
static void
make_room(ScoreList *list, int64 more)
{
	uint64		wanted = (uint64) list->n + more;
	Size		size;

	if (wanted <= (uint64) list->room)
		return;
	size = summary_check_size(&scored_class, wanted * sizeof(double));
	/* twice as much as before, as long as there is so much */
	size = Max(size, Min(2 * list->room * sizeof(double), MaxAllocSize));
	size = Max(size, SCORED_FIRST_ROOM * sizeof(double));
	list->room = size / sizeof(double);
	if (list->value == NULL)
		list->value = palloc(size);
	else
		list->value = repalloc(list->value, size);
}

/* Append one score, which is not NaN. */
static inline void
append_score(Scored *scored, bool won, double score)
{
	ScoreList  *list = &scored->of[won ? SCORED_WON : SCORED_LOST];

	if (list->n == list->room)
	{
		MemoryContext old = MemoryContextSwitchTo(summary_context(&scored->head));

		make_room(list, 1);
		MemoryContextSwitchTo(old);
	}
	list->value[list->n++] = score + 0.0;	/* -0 becomes 0 */
}

/* Append values that are fit to be stored. */
static void
append_list(ScoreList *list, const double *value, int64 n)
{
	if (n == 0)
		return;
	make_room(list, n);
	memcpy(list->value + list->n, value, n * sizeof(double));
	list->n += n;
}

static void
scored_expand(Summary *summary, const SummaryFlat *flat, Size size)
{
	Scored	   *scored = (Scored *) summary;
	const ScoredFlat *from = (const ScoredFlat *) flat;
	uint64		most = size / sizeof(double);

	if (size < offsetof(ScoredFlat, value) ||
		(uint64) from->n[SCORED_LOST] > most || (uint64) from->n[SCORED_WON] > most ||
		size - offsetof(ScoredFlat, value) !=
		(from->n[SCORED_LOST] + from->n[SCORED_WON]) * sizeof(double))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("damaged value of type %s", "scored")));
	append_list(&scored->of[SCORED_LOST], from->value, from->n[SCORED_LOST]);
	append_list(&scored->of[SCORED_WON], from->value + from->n[SCORED_LOST],
				from->n[SCORED_WON]);
}

static void
scored_merge(Summary *into, Summary *from)
{
	for (int won = SCORED_LOST; won <= SCORED_WON; won++)
	{
		const ScoreList *more = &((Scored *) from)->of[won];

		append_list(&((Scored *) into)->of[won], more->value, more->n);
	}
}

static int
compare_scores(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static bool
is_ascending(const ScoreList *list)
{
	for (int64 i = 1; i < list->n; i++)
	{
		if (list->value[i - 1] > list->value[i])
			return false;
	}
	return true;
}

/* An unsigned number that sorts as the score does, and back. */
static inline uint64
key_of_score(double score)
{
	uint64		bits;

	memcpy(&bits, &score, sizeof(bits));
	return (bits >> 63) ? ~bits : bits | ((uint64) 1 << 63);
}

static inline double
score_of_key(uint64 key)
{
	double		score;

	key = (key >> 63) ? key & ~((uint64) 1 << 63) : ~key;
	memcpy(&score, &key, sizeof(score));
	return score;
}

/* Sort by radix; one byte a pass, lowest first. */
static void
sort_by_radix(ScoreList *list)
{
	Size		size = list->n * sizeof(uint64);
	uint64	   *from = palloc(size);
	uint64	   *to = palloc(size);
	uint64	   *swap;
	int64	   *count = palloc0(RADIX_DIGITS * RADIX_SIZE * sizeof(int64));
	int64		n = list->n;

	for (int64 i = 0; i < n; i++)
	{
		uint64		key = key_of_score(list->value[i]);

		from[i] = key;
		for (int digit = 0; digit < RADIX_DIGITS; digit++)
			count[digit * RADIX_SIZE + ((key >> (digit * RADIX_BITS)) & (RADIX_SIZE - 1))]++;
	}

	for (int digit = 0; digit < RADIX_DIGITS; digit++)
	{
		int64	   *place = count + digit * RADIX_SIZE;
		int			shift = digit * RADIX_BITS;
		int64		before = 0;

		CHECK_FOR_INTERRUPTS();
		if (place[(from[0] >> shift) & (RADIX_SIZE - 1)] == n)
			continue;			/* all have this byte in common */
		for (int i = 0; i < RADIX_SIZE; i++)
		{
			int64		here = place[i];

			place[i] = before;
			before += here;
		}
		for (int64 i = 0; i < n; i++)
			to[place[(from[i] >> shift) & (RADIX_SIZE - 1)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}

	for (int64 i = 0; i < n; i++)
		list->value[i] = score_of_key(from[i]);
	pfree(from);
	pfree(to);
	pfree(count);
}

/* Put a list into ascending order, which does not change its sense. */
static void
sort_list(ScoreList *list)
{
	if (is_ascending(list))
		return;
	if (list->n < SCORED_RADIX_FROM)
		qsort(list->value, list->n, sizeof(double), compare_scores);
	else
		sort_by_radix(list);
}

static Size
scored_flat_size(Summary *summary)
{
	Scored	   *scored = (Scored *) summary;

	sort_list(&scored->of[SCORED_LOST]);
	sort_list(&scored->of[SCORED_WON]);
	return offsetof(ScoredFlat, value) +
		(scored->of[SCORED_LOST].n + scored->of[SCORED_WON].n) * sizeof(double);
}

static void
scored_flatten(Summary *summary, SummaryFlat *flat, Size size)
{
	Scored	   *scored = (Scored *) summary;
	ScoredFlat *to = (ScoredFlat *) flat;
	double	   *value = to->value;

	for (int won = SCORED_LOST; won <= SCORED_WON; won++)
	{
		const ScoreList *list = &scored->of[won];

		to->n[won] = list->n;
		if (list->n > 0)
			memcpy(value, list->value, list->n * sizeof(double));
		value += list->n;
	}
}

Scored *
scored_get(Datum value)
{
	return (Scored *) summary_get(value, &scored_class);
}

Scored *
scored_sorted(Datum value)
{
	Scored	   *scored = scored_get(value);

	sort_list(&scored->of[SCORED_LOST]);
	sort_list(&scored->of[SCORED_WON]);
	return scored;
}

Tie
scored_top(const Scored *scored)
{
	Tie			tie = {0};

	tie.won_below = scored->of[SCORED_WON].n;
	tie.lost_below = scored->of[SCORED_LOST].n;
	return tie;
}

bool
scored_next(const Scored *scored, Tie *tie)
{
	const double *won = scored->of[SCORED_WON].value;
	const double *lost = scored->of[SCORED_LOST].value;

	CHECK_FOR_INTERRUPTS();
	if (tie->won_below == 0 && tie->lost_below == 0)
		return false;
	if (tie->won_below == 0)
		tie->score = lost[tie->lost_below - 1];
	else if (tie->lost_below == 0)
		tie->score = won[tie->won_below - 1];
	else
		tie->score = Max(won[tie->won_below - 1], lost[tie->lost_below - 1]);

	tie->won = 0;
	while (tie->won_below > 0 && won[tie->won_below - 1] == tie->score)
	{
		tie->won++;
		tie->won_below--;
	}
	tie->lost = 0;
	while (tie->lost_below > 0 && lost[tie->lost_below - 1] == tie->score)
	{
		tie->lost++;
		tie->lost_below--;
	}
	return true;
}

PG_FUNCTION_INFO_V1(leadflow_scored_add);
Datum
leadflow_scored_add(PG_FUNCTION_ARGS)
{
	Scored	   *scored;
	double		score;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return summary_keep(fcinfo);
	score = PG_GETARG_FLOAT8(1);
	if (isnan(score))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score must not be NaN")));
	scored = (Scored *) summary_state(fcinfo, &scored_class);
	append_score(scored, PG_GETARG_BOOL(2), score);
	return summary_return(&scored->head);
}

PG_FUNCTION_INFO_V1(leadflow_scored_combine);
Datum
leadflow_scored_combine(PG_FUNCTION_ARGS)
{
	return summary_combine(fcinfo, &scored_class);
}

/* Skip the space that may stand between words, as in the input of core's types. */
static const char *
skip_space(const char *at)
{
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	return at;
}

/* What follows a word, with space around it; NULL if it is not there. */
static const char *
skip_word(const char *at, const char *word)
{
	at = skip_space(at);
	if (strncmp(at, word, strlen(word)) != 0)
		return NULL;
	return skip_space(at + strlen(word));
}

/* Append a list of numbers up to a character; NULL if there is a fault. */
static const char *
scan_scores(Scored *scored, bool won, const char *at, char stop)
{
	while (*at != stop)
	{
		char	   *end;
		double		score;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		score = strtod(at, &end);
		if (end == at || isnan(score) ||
			(errno == ERANGE && (score == 0 || isinf(score))))
			return NULL;
		at = skip_space(end);
		if (at == end && *at != stop)
			return NULL;
		append_score(scored, won, score);
	}
	return at + 1;
}

PG_FUNCTION_INFO_V1(leadflow_scored_in);
Datum
leadflow_scored_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	const char *at = str;
	Scored	   *scored = (Scored *) summary_make(&scored_class);

	at = skip_word(at, "{");
	at = at ? skip_word(at, "won") : NULL;
	at = at ? skip_word(at, ":") : NULL;
	at = at ? scan_scores(scored, true, at, ',') : NULL;
	at = at ? skip_word(at, "lost") : NULL;
	at = at ? skip_word(at, ":") : NULL;
	at = at ? scan_scores(scored, false, at, '}') : NULL;
	at = at ? skip_space(at) : NULL;
	if (at == NULL || *at != '\0')
	{
		errsave(fcinfo->context,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "scored",
						excerpt(str, strlen(str))),
				 errhint("Write the scores of the won and of the lost, as in {won: 0.7 0.9, lost: 0.2}.")));
		PG_RETURN_NULL();
	}
	PG_RETURN_DATUM(summary_to_flat(&scored->head));
}

/* Write a list, each number after a space and in its shortest exact form. */
static void
append_scores(StringInfo buf, const ScoreList *list)
{
	for (int64 i = 0; i < list->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		enlargeStringInfo(buf, DOUBLE_SHORTEST_DECIMAL_LEN + 1);
		buf->data[buf->len++] = ' ';
		buf->len += double_to_shortest_decimal_bufn(list->value[i],
													buf->data + buf->len);
	}
	buf->data[buf->len] = '\0';
}

PG_FUNCTION_INFO_V1(leadflow_scored_out);
Datum
leadflow_scored_out(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "{won:");
	append_scores(&buf, &scored->of[SCORED_WON]);
	appendStringInfoString(&buf, ", lost:");
	append_scores(&buf, &scored->of[SCORED_LOST]);
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

/* Binary: a version byte, two counts of 8 bytes (won, lost), and the scores. */
PG_FUNCTION_INFO_V1(leadflow_scored_recv);
Datum
leadflow_scored_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Scored	   *scored = (Scored *) summary_make(&scored_class);
	int			version = pq_getmsgbyte(buf);
	uint64		won;
	uint64		lost;
	uint64		left;

	if (version != SCORED_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type %s",
						version, "scored")));
	won = (uint64) pq_getmsgint64(buf);
	lost = (uint64) pq_getmsgint64(buf);
	left = buf->len - buf->cursor;
	if (won > left || lost > left || (won + lost) * sizeof(double) != left)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "scored"),
				 errdetail("The counts do not agree with its length.")));
	for (uint64 i = 0; i < won + lost; i++)
	{
		double		score = pq_getmsgfloat8(buf);

		CHECK_FOR_INTERRUPTS();
		if (isnan(score))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid binary form of type %s", "scored"),
					 errdetail("A score is NaN.")));
		append_score(scored, i < won, score);
	}
	PG_RETURN_DATUM(summary_to_flat(&scored->head));
}

PG_FUNCTION_INFO_V1(leadflow_scored_send);
Datum
leadflow_scored_send(PG_FUNCTION_ARGS)
{
	Scored	   *scored = scored_sorted(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbyte(&buf, SCORED_BINARY_VERSION);
	pq_sendint64(&buf, scored->of[SCORED_WON].n);
	pq_sendint64(&buf, scored->of[SCORED_LOST].n);
	for (int won = SCORED_WON; won >= SCORED_LOST; won--)
	{
		const ScoreList *list = &scored->of[won];

		for (int64 i = 0; i < list->n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			pq_sendfloat8(&buf, list->value[i]);
		}
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
