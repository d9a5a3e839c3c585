/*
 * signs.c
 *	  Points for what a lead does: its touches, and its account's intent.
 *
 * Each counts with the rule's points (a signal of intent times its strength),
 * halved with every half-life that has passed.  Of those that a rule counts
 * only once the latest counts, and of a day's the latest count first, so the
 * signs are walked from the latest back; then the rule's cap holds.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "calendar/calendar.h"
#include "score/score.h"

/* The calendar in whose zone a day begins. */
#define DAY_CALENDAR	"default"

static Sign *
add_sign(Sign **signs, int *n, int *max)
{
	if (*n == *max)
	{
		*max = Max(16, *max * 2);
		*signs = *signs == NULL ? palloc(sizeof(Sign) * *max) :
			repalloc_huge(*signs, sizeof(Sign) * (Size) *max);
	}
	return memset(&(*signs)[(*n)++], 0, sizeof(Sign));
}

static void
take_touch(HeapTuple touch, TupleDesc desc, const TouchColumns *columns, TimestampTz at, void *arg)
{
	Subject    *subject = arg;
	bool		isnull;
	TouchKind  *kind = rulebook_touch_kind(subject->rulebook,
										   heap_getattr(touch, columns->kind, desc, &isnull));
	Sign	   *sign;

	if (kind == NULL)
		return;
	sign = add_sign(&subject->touches, &subject->n_touches, &subject->max_touches);
	sign->at = at;
	sign->id = DatumGetInt64(heap_getattr(touch, columns->id, desc, &isnull));
	sign->kind = kind->number;
	sign->inbound = touch_is_inbound(heap_getattr(touch, columns->direction, desc, &isnull));
	sign->strength = 1;
	if (subject->rulebook->score.reads_content && columns->content != InvalidAttrNumber)
	{
		Datum		content = heap_getattr(touch, columns->content, desc, &isnull);

		if (!isnull)
			sign->content = TextDatumGetCString(content);
	}
}

static int
later_first(const void *a, const void *b)
{
	const Sign *x = a;
	const Sign *y = b;

	if (x->at != y->at)
		return x->at > y->at ? -1 : 1;
	return x->id > y->id ? -1 : x->id < y->id ? 1 : 0;
}

static int
by_content(const void *a, const void *b)
{
	return strcmp((*(Sign *const *) a)->content, (*(Sign *const *) b)->content);
}

/* Give equal contents the same number. */
static void
number_contents(Subject *subject, Sign *signs, int n)
{
	Sign	  **named = palloc(sizeof(Sign *) * Max(n, 1));
	int			n_named = 0;
	int			number = -1;

	for (int i = 0; i < n; i++)
	{
		signs[i].content_number = -1;
		if (signs[i].content != NULL)
			named[n_named++] = &signs[i];
	}
	qsort(named, n_named, sizeof(Sign *), by_content);
	for (int i = 0; i < n_named; i++)
	{
		if (i == 0 || strcmp(named[i]->content, named[i - 1]->content) != 0)
			number++;
		named[i]->content_number = number;
	}
	subject->n_contents = Max(subject->n_contents, number + 1);
	pfree(named);
}

/* In which day each of them lies. */
static void
find_days(Subject *subject, Sign *signs, int n)
{
	struct varlena *calendar = rulebook_calendar(subject->rulebook, DAY_CALENDAR);

	for (int i = 0; i < n; i++)
	{
		if (calendar != NULL)
			signs[i].day = calendar_local_day(calendar_lookup(PointerGetDatum(calendar)), signs[i].at);
		else
			signs[i].day = (int64) floor((double) signs[i].at / USECS_PER_DAY);
	}
}

static void
order_signs(Subject *subject, Sign *signs, int n)
{
	if (n == 0)
		return;
	qsort(signs, n, sizeof(Sign), later_first);
	number_contents(subject, signs, n);
	find_days(subject, signs, n);
}

void
read_touches(Subject *subject)
{
	if (subject->touches_read)
		return;
	subject->touches_read = true;
	evidence_read_touches(subject->evidence, take_touch, subject);
	order_signs(subject, subject->touches, subject->n_touches);
}

/* The signals of intent of the lead's account, up to the instant. */
void
read_signals(Subject *subject)
{
	IntentColumns *columns = &subject->rulebook->intent;
	Relation	rel;
	TupleDesc	desc;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	if (subject->signals_read || !subject->has_account)
		return;
	subject->signals_read = true;

	rel = table_open(columns->relid, AccessShareLock);
	desc = RelationGetDescr(rel);
	ScanKeyInit(&key, columns->account_id, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(subject->account_id));
	scan = systable_beginscan(rel, columns->account_index,
							  OidIsValid(columns->account_index) && subject->rulebook->valid,
							  GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		TimestampTz at = DatumGetTimestampTz(heap_getattr(tuple, columns->at, desc, &isnull));
		Sign	   *sign;

		CHECK_FOR_INTERRUPTS();
		if (at > subject->evidence->as_of)
			continue;
		sign = add_sign(&subject->signals, &subject->n_signals, &subject->max_signals);
		sign->at = at;
		sign->id = DatumGetInt64(heap_getattr(tuple, columns->id, desc, &isnull));
		sign->content = TextDatumGetCString(heap_getattr(tuple, columns->topic, desc, &isnull));
		sign->strength = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
															heap_getattr(tuple, columns->strength, desc, &isnull)));
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	order_signs(subject, subject->signals, subject->n_signals);
}

/* Is this a sign that the rule gives points for? */
static bool
rule_reads(ScoreRule *rule, const Sign *sign)
{
	if (rule->reads_touches)
		return sign->inbound == rule->inbound && bms_is_member(sign->kind, rule->kinds);
	if (rule->every_topic)
		return true;
	for (int i = 0; i < rule->n_topics; i++)
	{
		if (strcmp(rule->topics[i], sign->content) == 0)
			return true;
	}
	return false;
}

/* Has a later one of those that count only once been seen?  Notes this one. */
static bool
is_repeated(ScoreRule *rule, const Sign *sign, const Sign *last, bool *contents)
{
	bool		seen;

	switch (rule->counts)
	{
		case COUNTS_ONCE:
			return last != NULL;
		case COUNTS_DAY:
			return last != NULL && last->day == sign->day;
		case COUNTS_CONTENT:
			if (sign->content_number < 0)
				return false;
			seen = contents[sign->content_number];
			contents[sign->content_number] = true;
			return seen;
		default:
			return false;
	}
}

/* The nearest number of units; the cap is met from below or, of negative points, from above. */
static int64
whole_units(double units, double cap)
{
	if (cap != NO_CAP && fabs(units) > cap)
		units = copysign(cap, units);
	if (!(fabs(units) <= (double) MAX_POINTS))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("score out of range")));
	return (int64) round(units);
}

/* May the caller be told which they are?  Row security may hide some. */
static bool
may_name_signs(Subject *subject, ScoreRule *rule)
{
	Oid			relid = rule->reads_touches ? subject->rulebook->touch.relid : subject->rulebook->intent.relid;

	return !subject->evidence->as_caller || check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

/* As in JSON that PostgreSQL writes. */
static char *
instant_text(TimestampTz at)
{
	return JsonEncodeDateTime(palloc(MAXDATELEN + 1), TimestampTzGetDatum(at), TIMESTAMPTZOID, NULL);
}

/* What a rule gives for the signs that it counts; NULL for nothing. */
ScoreLine *
signs_line(Subject *subject, ScoreRule *rule)
{
	TimestampTz as_of = subject->evidence->as_of;
	Sign	   *signs;
	int			n;
	bool	   *contents = NULL;
	const Sign *last = NULL;
	const Sign *first = NULL;
	double		day_earned = 0;
	double		earned = 0;
	double		now = 0;
	int			counted = 0;
	int			repeated = 0;
	StringInfoData shown;
	ScoreLine  *line;

	if (rule->reads_touches)
		read_touches(subject);
	else
		read_signals(subject);
	signs = rule->reads_touches ? subject->touches : subject->signals;
	n = rule->reads_touches ? subject->n_touches : subject->n_signals;
	if (rule->counts == COUNTS_CONTENT)
		contents = palloc0(sizeof(bool) * Max(subject->n_contents, 1));
	if (subject->explain)
		initStringInfo(&shown);

	for (int i = 0; i < n; i++)
	{
		const Sign *sign = &signs[i];
		double		points;

		CHECK_FOR_INTERRUPTS();
		if (!rule_reads(rule, sign))
			continue;
		if (is_repeated(rule, sign, last, contents))
		{
			repeated++;
			continue;
		}
		if (last == NULL || last->day != sign->day)
			day_earned = 0;
		if (first == NULL)
			first = sign;
		last = sign;

		points = (double) rule->points * sign->strength;
		if (rule->day_cap != NO_CAP && fabs(day_earned) + fabs(points) > rule->day_cap)
			points = copysign(Max(rule->day_cap - fabs(day_earned), 0), points);
		day_earned += points;
		earned += points;
		if (rule->half_life > 0)
			points = faded(points, Min(sign->at, as_of), as_of, rule->half_life);
		now += points;
		counted++;
		if (subject->explain && counted <= EVIDENCE_MAX_SHOWN)
			appendStringInfo(&shown, "%s" INT64_FORMAT, counted > 1 ? ", " : "", sign->id);
	}
	if (contents != NULL)
		pfree(contents);
	if (counted == 0)
		return NULL;

	line = palloc0(sizeof(ScoreLine));
	line->now = whole_units(now, rule->cap);
	line->earned = whole_units(earned, NO_CAP);
	if (subject->explain)
	{
		bool		capped = rule->cap != NO_CAP && fabs(now) > rule->cap;

		line->evidence = psprintf("{%s\"counted\": %d, %s%s\"first_at\": \"%s\", \"last_at\": \"%s\"}",
								  may_name_signs(subject, rule) ?
								  psprintf("\"%s\": [%s], ", rule->reads_touches ? "touches" : "signals", shown.data) : "",
								  counted, repeated > 0 ? psprintf("\"repeated\": %d, ", repeated) : "",
								  capped ? "\"capped\": true, " : "",
								  instant_text(last->at), instant_text(first->at));
	}
	return line;
}
