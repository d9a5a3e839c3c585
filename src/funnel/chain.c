/*
 * chain.c
 *	  How far a lead came in a funnel: its longest chain.
 *
 * A chain of level k is k rows, each another one, that name steps 1 to k and
 * of which each comes at the instant of the one before or later.  The last one
 * comes within the window of the funnel that begins with the first one, each
 * one within the window of its step that begins with the one before, and no
 * excluded row lies strictly between the instants of the first and the last.
 * The modes ask for more:
 *
 *	strict_increase	each comes later than the one before.
 *	strict_order	between two rows of the chain that follow each other stands
 *					no other row of a step, except repeats of the former one.
 *	once			from the first to the last row of the chain no other row of
 *					steps 1 to k stands.
 *
 * What stands between is settled by the order of instants, and at the same
 * instant by the order of the steps.
 *
 * The level of a lead is that of its longest chain.  Of several such chains
 * the one counts that ends first; of those the one that begins last; of those
 * the one whose last row but one comes first, then the row before it, and so on.
 *
 * Without strict_order and once, all rows of one instant are looked at
 * together.  Per step the chains are kept that reached it and began last: one
 * that began earlier, and so reached it earlier, can do nothing that they
 * cannot.  That is how windowFunnel of ClickHouse does it, too.  The first of
 * them goes on, while the window of the step lets it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "funnel/funnel.h"

#define NONE			(-1)
#define NO_INSTANT		PG_INT64_MIN
#define FIRST_ROOM		32

/* A chain that reached a step. */
typedef struct Reached
{
	TimestampTz at;				/* its end */
	TimestampTz start;
	int32		before;			/* the chain that it prolongs, or NONE */
	int32		entered;		/* the first of its steps that before lacks */
	int32		next;			/* that reached the step later, or NONE */
} Reached;

typedef struct Search
{
	const Funnel *funnel;
	Reached    *reached;
	int32		n;
	int64		room;
	int32		first[FUNNEL_MAX_STEPS];	/* that go on from a step, or NONE */
	int32		last[FUNNEL_MAX_STEPS];
	int32		rows[FUNNEL_MAX_NAMES]; /* of a name at this instant */
	int32		used[FUNNEL_MAX_NAMES];
	TimestampTz start[FUNNEL_MAX_STEPS];	/* of the chain that can enter a step */
	int32		before[FUNNEL_MAX_STEPS];
	bool		can_enter[FUNNEL_MAX_STEPS];
	int32		made[FUNNEL_MAX_STEPS]; /* at this instant */
} Search;

/* Keep a chain. */
static int32
add_reached(Search *s, TimestampTz at, int from)
{
	Reached    *reached;

	if (s->n == s->room)
	{
		s->room *= 2;
		if (s->room > PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events for a funnel with repeated steps")));
		s->reached = repalloc_huge(s->reached, s->room * sizeof(Reached));
	}
	reached = &s->reached[s->n];
	reached->at = at;
	reached->start = s->start[from];
	reached->before = s->before[from];
	reached->entered = from;
	reached->next = NONE;
	return s->n++;
}

/* Find the chain that can enter a step at an instant. */
static void
find_entry(Search *s, int step, TimestampTz at, TimestampTz earliest)
{
	TimestampTz due;
	int32		i;

	if (step == 0)
	{
		s->start[0] = at;
		s->before[0] = NONE;
		s->can_enter[0] = true;
		return;
	}
	due = funnel_window_start(at, s->funnel->step_within[step - 1]);
	i = s->first[step - 1];
	while (i != NONE && s->reached[i].at < due)
		i = s->reached[i].next;
	s->first[step - 1] = i;
	s->before[step] = i;
	s->can_enter[step] = i != NONE && s->reached[i].start >= earliest;
	if (s->can_enter[step])
		s->start[step] = s->reached[i].start;
}

/* Let a chain go on from a step, instead of those that began earlier. */
static void
go_on_from(Search *s, int step, int32 i)
{
	if (s->first[step] == NONE)
		s->first[step] = i;
	else
	{
		Reached    *last = &s->reached[s->last[step]];

		Assert(last->start <= s->reached[i].start);
		if (last->start < s->reached[i].start)
			s->first[step] = i;
		else
			last->next = i;
	}
	s->last[step] = i;
}

/*
 * The steps that are reached at an instant, whose rows are counted.  A chain
 * may go through several steps, as long as there is a row for each.
 */
static void
reach_steps(Search *s, TimestampTz at, TimestampTz earliest)
{
	const Funnel *funnel = s->funnel;
	bool		strict = (funnel->mode & FUNNEL_STRICT_INCREASE) != 0;
	int			from = 0;		/* steps from here on have a row each */

	for (int step = 0; step < funnel->steps; step++)
	{
		int32		name = funnel->name_of[step];
		int			best = NONE;

		s->made[step] = NONE;
		if (s->rows[name] > 0)
		{
			find_entry(s, step, at, earliest);
			s->used[name]++;
		}
		while (from <= step && (s->used[name] > s->rows[name] || (strict && from < step) ||
								s->rows[name] == 0))
		{
			if (s->rows[funnel->name_of[from]] > 0)
				s->used[funnel->name_of[from]]--;
			from++;
		}
		for (int i = step; i >= from; i--)
		{
			if (s->can_enter[i] && (best == NONE || s->start[i] > s->start[best]))
				best = i;
		}
		if (best != NONE)
			s->made[step] = add_reached(s, at, best);
	}
	for (; from < funnel->steps; from++)
		s->used[funnel->name_of[from]]--;
}

/* The instants of a chain that ends with a step. */
static void
tell_times(const Search *s, int32 i, int step, TimestampTz *times)
{
	for (; i != NONE; i = s->reached[i].before)
	{
		for (; step >= s->reached[i].entered; step--)
			times[step] = s->reached[i].at;
	}
}

/* The longest chain where the rows between do not matter. */
static int
find_longest(const FunnelPath *path, TimestampTz *times)
{
	const Funnel *funnel = path->funnel;
	TimestampTz excluded = NO_INSTANT;
	Search		s;
	int			level = 0;
	int32		next;

	s.funnel = funnel;
	s.n = 0;
	s.room = FIRST_ROOM;
	s.reached = palloc(FIRST_ROOM * sizeof(Reached));
	memset(s.used, 0, funnel->names.n * sizeof(int32));
	for (int step = 0; step < funnel->steps; step++)
		s.first[step] = NONE;

	for (int32 i = 0; i < path->n && level < funnel->steps; i = next)
	{
		TimestampTz at = path->event[i].at;

		CHECK_FOR_INTERRUPTS();
		memset(s.rows, 0, funnel->names.n * sizeof(int32));
		for (next = i; next < path->n && path->event[next].at == at; next++)
			s.rows[path->event[next].name]++;
		reach_steps(&s, at, Max(excluded, funnel_window_start(at, funnel->within)));
		for (int step = 0; step < funnel->steps; step++)
		{
			if (s.made[step] == NONE)
				continue;
			go_on_from(&s, step, s.made[step]);
			if (step >= level)
			{
				level = step + 1;
				tell_times(&s, s.made[step], step, times);
			}
		}
		/* names are in order at one instant, the excluded ones last */
		if (path->event[next - 1].name >= funnel->step_names)
			excluded = at;
	}
	pfree(s.reached);
	return level;
}

/* A chain that is being followed row by row. */
typedef struct Follow
{
	int			level;
	TimestampTz *times;
	TimestampTz earlier;		/* the latest first step before times[0] */
} Follow;

/* Prolong a chain, if windows and instants allow it. */
static bool
follow(Follow *f, const Funnel *funnel, TimestampTz at, TimestampTz excluded)
{
	if (f->level > 0)
	{
		if ((funnel->mode & FUNNEL_STRICT_INCREASE) != 0 && f->times[f->level - 1] == at)
		{
			if (f->level > 1 || f->earlier == NO_INSTANT)
				return false;
			f->times[0] = f->earlier;
		}
		if (f->times[0] < Max(excluded, funnel_window_start(at, funnel->within)) ||
			f->times[f->level - 1] < funnel_window_start(at, funnel->step_within[f->level - 1]))
			return false;
	}
	f->times[f->level++] = at;
	return true;
}

/* Begin a chain anew.  A repeat of the first step is a later start. */
static void
begin(Follow *f, TimestampTz at)
{
	if (f->level != 1)
		f->earlier = NO_INSTANT;
	else if (f->times[0] < at)
		f->earlier = f->times[0];
	f->level = 1;
	f->times[0] = at;
}

/*
 * Is there a chain of a level where the rows between matter?  Names are steps
 * here, as none is repeated.
 */
static bool
find_in_turn(const FunnelPath *path, int level, TimestampTz *times)
{
	const Funnel *funnel = path->funnel;
	bool		strict_order = (funnel->mode & FUNNEL_STRICT_ORDER) != 0;
	bool		once = (funnel->mode & FUNNEL_ONCE) != 0;
	TimestampTz excluded = NO_INSTANT;
	Follow		f;

	f.level = 0;
	f.times = times;
	f.earlier = NO_INSTANT;
	for (int32 i = 0; i < path->n; i++)
	{
		TimestampTz at = path->event[i].at;
		int			step = path->event[i].name;

		CHECK_FOR_INTERRUPTS();
		if (step >= funnel->steps)
			excluded = at;
		else if (step >= level && !strict_order)
			continue;
		else if (step == 0)
		{
			if (once)
				f.level = 0;
			begin(&f, at);
		}
		else if (step == f.level - 1 && !once)
			continue;
		else if (step != f.level || !follow(&f, funnel, at, excluded))
			f.level = 0;
		if (f.level == level)
			return true;
	}
	return false;
}

int
funnel_chain(const FunnelPath *path, TimestampTz *times)
{
	const Funnel *funnel = path->funnel;
	int			level = funnel->steps;

	if ((funnel->mode & (FUNNEL_STRICT_ORDER | FUNNEL_ONCE)) == 0)
		return find_longest(path, times);
	while (level > 0 && !find_in_turn(path, level, times))
		level--;
	return level;
}
