/*
 * pool.c
 *	  Who of a pool may have a lead, and whose turn it is.
 *
 * Turns follow R. Tijdeman, The chairman assignment problem, Discrete
 * Mathematics 32 (1980).  With every lead each eligible member earns his share
 * of it, weight by total weight, and whoever gets the lead pays 1.  Of n members
 * those whose credit has come to 1/(2n-2) may be chosen; it is the one of them
 * whose credit would be the first to exceed 1 - 1/(2n-2).  As long as the same
 * members are eligible nobody is then ever off his share by more than
 * 1 - 1/(2n-2), which is less than one lead, and no rule does better.
 *
 * Example, weights 2, 1, 1 (so that the limits are 1/4 and 3/4): after the first
 * lead the credits are 1/2, 1/4, 1/4, and the limit is 1/2, 2 and 2 leads away;
 * the first member gets it.  Then 0, 1/2, 1/2: the second.  Then 1/2, -1/4, 3/4:
 * the third.  Then 1, 0, 0: the first, and all begins anew.
 *
 * Who is passed over earns nothing meanwhile, and has nothing to catch up.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "calendar/calendar.h"
#include "guard/statement.h"
#include "routing/routing.h"

/* Credits that are closer than this are the same: they are sums of fractions. */
#define SAME_CREDIT		1e-9

/* Columns of READ_POOL */
enum
{
	POOL_FALLBACK = 1,
	POOL_FALLBACK_ACTIVE,
	POOL_FALLBACK_ABSENT_UNTIL,
	POOL_MEMBER,
	POOL_WEIGHT,
	POOL_CAPACITY,
	POOL_ACTIVE,
	POOL_ABSENT_UNTIL,
	POOL_CREDIT,
	POOL_OPEN_LEADS,
	POOL_TURN
};

/*
 * When the member's working time begins again; 0: he is at work, or nothing is
 * said about his hours.
 */
static TimestampTz
out_until(Routing *routing, const char *name)
{
	Rulebook   *rulebook = routing->move->rulebook;
	const Member *member = rulebook_member(rulebook, name);
	struct varlena *calendar;
	CalendarCompiled *hours;

	calendar = rulebook_calendar(rulebook, member == NULL || member->calendar == NULL ?
								 "default" : member->calendar);
	if (calendar == NULL)
		return 0;
	hours = calendar_lookup(PointerGetDatum(calendar));
	return calendar_is_open(hours, routing->now) ? 0 : calendar_next_open(hours, routing->now);
}

/* May the member have the lead?  Says why not. */
static void
judge_candidate(Routing *routing, Candidate *candidate, bool active, bool absent, TimestampTz until)
{
	const char *why_not = NULL;
	TimestampTz out = 0;

	if (active && !absent && routing->rule != NULL && routing->rule->in_hours)
		out = out_until(routing, candidate->member);

	if (!active)
		why_not = "is not active";
	else if (absent)
		why_not = absent_until(until);
	else if (out != 0)
		why_not = TIMESTAMP_NOT_FINITE(out) ? "never works" :
			psprintf("does not work until %s", timestamptz_to_str(out));
	else if (candidate->limited && candidate->open_leads >= candidate->capacity)
		why_not = psprintf("is full: " INT64_FORMAT " of " INT64_FORMAT,
						   candidate->open_leads, candidate->capacity);
	candidate->eligible = why_not == NULL;
	candidate->avoided = is_avoided(routing, candidate->member, &candidate->why_not);
	if (!candidate->eligible)
		candidate->why_not = why_not;
}

static void
take_candidate(HeapTuple row, TupleDesc desc, void *arg)
{
	Routing    *routing = arg;
	Candidate  *candidate;
	bool		isnull;
	Datum		value;
	bool		active;

	value = heap_getattr(row, POOL_FALLBACK, desc, &isnull);
	routing->fallback = TextDatumGetCString(value);
	routing->fallback_is_active = DatumGetBool(heap_getattr(row, POOL_FALLBACK_ACTIVE, desc, &isnull));
	value = heap_getattr(row, POOL_FALLBACK_ABSENT_UNTIL, desc, &isnull);
	routing->fallback_is_absent = !isnull;
	routing->fallback_absent_until = isnull ? 0 : DatumGetTimestampTz(value);

	value = heap_getattr(row, POOL_TURN, desc, &isnull);
	routing->turn = isnull ? 0 : DatumGetInt64(value);

	/* a pool without members is one row all the same */
	value = heap_getattr(row, POOL_MEMBER, desc, &isnull);
	if (isnull)
		return;
	if (routing->n_candidates == routing->max_candidates)
	{
		routing->max_candidates *= 2;
		routing->candidates = repalloc(routing->candidates, sizeof(Candidate) * routing->max_candidates);
	}
	candidate = &routing->candidates[routing->n_candidates++];
	memset(candidate, 0, sizeof(Candidate));
	candidate->member = TextDatumGetCString(value);
	candidate->weight = DatumGetInt64(heap_getattr(row, POOL_WEIGHT, desc, &isnull));
	value = heap_getattr(row, POOL_CAPACITY, desc, &isnull);
	candidate->limited = !isnull;
	candidate->capacity = isnull ? 0 : DatumGetInt64(value);
	value = heap_getattr(row, POOL_CREDIT, desc, &isnull);
	candidate->credit = isnull ? 0 : DatumGetFloat8(value);
	value = heap_getattr(row, POOL_OPEN_LEADS, desc, &isnull);
	candidate->counted = !isnull;
	candidate->open_leads = isnull ? 0 : DatumGetInt64(value);
	active = DatumGetBool(heap_getattr(row, POOL_ACTIVE, desc, &isnull));
	value = heap_getattr(row, POOL_ABSENT_UNTIL, desc, &isnull);
	judge_candidate(routing, candidate, active, !isnull, isnull ? 0 : DatumGetTimestampTz(value));
}

/* Read the pool that the rule names, as it is now. */
void
read_pool(Routing *routing)
{
	Datum		values[4];

	routing->n_candidates = 0;
	routing->max_candidates = 8;
	routing->candidates = palloc(sizeof(Candidate) * routing->max_candidates);
	routing->fallback = NULL;
	values[0] = CStringGetTextDatum(routing->pool);
	values[1] = Int64GetDatum(routing->move->evidence.lead_id);
	values[2] = TimestampTzGetDatum(routing->now);
	values[3] = BoolGetDatum(routing->explanation != NULL);
	read_now(routing, READ_POOL, values, take_candidate, routing);
	if (routing->fallback == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("workspace %s has no pool \"%s\"", routing->move->rulebook->schema, routing->pool),
				 errhint("Add it to %s.pool.", routing->move->rulebook->schema)));
}

const Candidate *
find_candidate(Routing *routing, const char *member)
{
	for (int i = 0; i < routing->n_candidates; i++)
	{
		if (strcmp(routing->candidates[i].member, member) == 0)
			return &routing->candidates[i];
	}
	return NULL;
}

/* Mark those among whom the choice is; gives their number and total weight. */
static int
find_those_in_turn(Routing *routing, int64 *total)
{
	int			n = 0;

	/* those who are to be passed over only where there is nobody else */
	for (int avoided = 0; avoided <= 1 && n == 0; avoided++)
	{
		*total = 0;
		for (int i = 0; i < routing->n_candidates; i++)
		{
			Candidate  *candidate = &routing->candidates[i];

			candidate->in_turn = candidate->eligible && candidate->avoided == (bool) avoided;
			if (!candidate->in_turn)
				continue;
			*total += candidate->weight;
			n++;
		}
	}
	return n;
}

/*
 * Whose turn it is; NULL where nobody may have the lead.  The credits become
 * what they will be when he has it.
 */
Candidate *
choose_by_turn(Routing *routing)
{
	Candidate  *chosen = NULL;
	Candidate  *richest = NULL;
	double		soonest = 0;
	int64		total;
	int			n = find_those_in_turn(routing, &total);
	double		least = n > 1 ? 1.0 / (2 * n - 2) : 0;

	for (int i = 0; i < routing->n_candidates; i++)
	{
		Candidate  *candidate = &routing->candidates[i];
		double		share;
		double		due;

		if (!candidate->in_turn)
			continue;
		share = (double) candidate->weight / total;
		candidate->credit += share;
		if (richest == NULL || candidate->credit > richest->credit + SAME_CREDIT)
			richest = candidate;
		if (candidate->credit < least - SAME_CREDIT)
			continue;
		due = (1 - least - candidate->credit) / share;
		if (chosen == NULL || due < soonest - SAME_CREDIT)
		{
			chosen = candidate;
			soonest = due;
		}
	}
	/* credits from when others were eligible may leave nobody with enough */
	if (chosen == NULL)
		chosen = richest;
	if (chosen != NULL)
		chosen->credit -= 1;
	return chosen;
}
