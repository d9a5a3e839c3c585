/*
 * calendar_compile.c
 *	  Working time of any length in a few steps.
 *
 * Let F(t) be the working time up to t, counted from some instant.  Then
 * working time is a difference of F, and adding working time is the inverse of
 * F.  F is kept as a table: time is cut into blocks of about 407 days, blocks
 * into segments (see calendar_block.c), and each knows F at its start.
 *
 * Blocks are made when they are needed, always as one row without a gap.
 * Before `bottom` and from `top` on the calendar repeats every 400 years: the
 * Gregorian calendar does, the zone's changes do or have ended, and no dated
 * rule lies there.  There an instant is moved by whole cycles of 400 years
 * towards the row, and F by the working time of as many cycles.  So the row
 * has an end, and every instant has an F.
 *
 * F is set to the instant itself at the start of the first block made.  As no
 * more than all time is working time, F(t) then always lies between t and that
 * instant, and cannot overflow.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "calendar/calendar_compile.h"

/* Segments that one calendar may hold; beyond it blocks are made again. */
#define MAX_SEGMENTS	(128 * 1024)

/* Beyond this distance no rule and no clock change has an effect. */
#define RULE_REACH		(4 * USECS_PER_DAY)

static int64
block_of(TimestampTz t)
{
	return t >> BLOCK_SHIFT;
}

CalendarCompiled *
calendar_compile(const struct varlena *cal, MemoryContext mcxt)
{
	MemoryContext cxt;
	MemoryContext old;
	CalendarCompiled *c;
	CalendarRules *rules;
	TimestampTz past = 0;
	TimestampTz future = 0;
	char	   *rule_text;

	/* an error must leave nothing behind in a context that lives on */
	cxt = AllocSetContextCreate(CurrentMemoryContext, "leadflow calendar",
								ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);
	c = palloc0(sizeof(CalendarCompiled));
	c->mcxt = cxt;
	rule_text = text_to_cstring((const text *) cal);
	rules = calendar_parse(rule_text, NULL);
	c->rules = rules;
	c->zone = calendar_zone_lookup(rules->tz);
	calendar_week_compile(&c->week, rules);
	for (int i = 0; i < rules->nhours; i++)
	{
		const CalendarHours *hours = &rules->hours[i];

		if (hours->nspans > 0 &&
			hours->spans[hours->nspans - 1].end > SECS_PER_DAY)
			c->past_midnight = true;
	}

	/* where irregularity begins and ends */
	if (c->zone->nchanges > 0)
	{
		past = Min(past, c->zone->changes[0].at - RULE_REACH);
		future = Max(future, c->zone->steady + RULE_REACH);
	}
	if (rules->ndates > 0)
	{
		past = Min(past, rules->dates[0].first * USECS_PER_DAY - RULE_REACH);
		future = Max(future, rules->dates[rules->ndates - 1].last * USECS_PER_DAY + RULE_REACH);
	}
	c->bottom = block_of(past - CYCLE_USECS);
	c->top = block_of(future + CYCLE_USECS) + 1;
	c->past_cycle = -1;
	c->future_cycle = -1;
	c->size = MemoryContextMemAllocated(cxt, false);
	pfree(rule_text);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, mcxt);
	return c;
}

/* Give back the segments of all blocks. */
static void
drop_segments(CalendarCompiled *c)
{
	for (int i = 0; i < c->nblocks; i++)
	{
		if (c->blocks[i].segments != NULL)
			pfree(c->blocks[i].segments);
		c->blocks[i].segments = NULL;
	}
	c->size -= c->nsegments * sizeof(Segment);
	c->nsegments = 0;
}

static void
make_block(CalendarCompiled *c, int64 id, Block *block)
{
	if (c->nsegments > MAX_SEGMENTS)
		drop_segments(c);
	calendar_block_build(c, id, block);
	c->nsegments += block->nsegments;
	c->size += block->nsegments * sizeof(Segment);
}

/* Make room for one more block. */
static void
reserve_block(CalendarCompiled *c)
{
	Size		size;

	if (c->nblocks < c->maxblocks)
		return;
	if (c->blocks == NULL)
	{
		size = 8;
		c->blocks = MemoryContextAlloc(c->mcxt, size * sizeof(Block));
	}
	else
	{
		size = 2 * c->maxblocks;
		c->blocks = repalloc(c->blocks, size * sizeof(Block));
	}
	c->size += (size - c->maxblocks) * sizeof(Block);
	c->maxblocks = size;
}

/* Add a block after the last one. */
static void
extend_up(CalendarCompiled *c)
{
	Block		block;
	const Block *last;

	reserve_block(c);
	make_block(c, c->first + c->nblocks, &block);
	last = &c->blocks[c->nblocks - 1];
	block.base = last->base + last->total;
	c->blocks[c->nblocks] = block;
	c->nblocks++;
}

/* Add a block before the first one. */
static void
extend_down(CalendarCompiled *c)
{
	Block		block;

	reserve_block(c);
	make_block(c, c->first - 1, &block);
	block.base = c->blocks[0].base - block.total;
	memmove(c->blocks + 1, c->blocks, c->nblocks * sizeof(Block));
	c->blocks[0] = block;
	c->nblocks++;
	c->first--;
}

/* A block between bottom and top, with its segments. */
static const Block *
get_block(CalendarCompiled *c, int64 id)
{
	Block	   *block;

	if (c->nblocks == 0)
	{
		Block		made;

		reserve_block(c);
		make_block(c, id, &made);
		made.base = id * BLOCK_USECS;
		c->blocks[0] = made;
		c->first = id;
		c->nblocks = 1;
	}
	while (id < c->first)
		extend_down(c);
	while (id >= c->first + c->nblocks)
		extend_up(c);
	block = &c->blocks[id - c->first];
	if (block->segments == NULL)
	{
		Block		made = *block;

		make_block(c, id, &made);
		*block = made;
	}
	return block;
}

/* F at the first block's start and at the last one's end. */
static inline int64
row_base(const CalendarCompiled *c)
{
	return c->blocks[0].base;
}

static inline int64
row_end(const CalendarCompiled *c)
{
	return c->blocks[c->nblocks - 1].base + c->blocks[c->nblocks - 1].total;
}

/* The cycles by which t lies beyond the part of time that has blocks. */
static inline int64
cycles_away(const CalendarCompiled *c, TimestampTz t)
{
	int64		id = block_of(t);

	if (id >= c->top)
		return (t - c->top * BLOCK_USECS) / CYCLE_USECS + 1;
	if (id < c->bottom)
		return -((c->bottom * BLOCK_USECS - 1 - t) / CYCLE_USECS + 1);
	return 0;
}

static inline const Segment *
find_segment(const Block *block, TimestampTz t)
{
	int			lo = 0;
	int			hi = block->nsegments;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (block->segments[mid].start <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	Assert(lo > 0);
	return &block->segments[lo - 1];
}

/* F of an instant between bottom and top. */
static inline int64
work_in_row(CalendarCompiled *c, TimestampTz t)
{
	const Block *block = get_block(c, block_of(t));
	const Segment *seg = find_segment(block, t);

	switch (seg->kind)
	{
		case SEGMENT_CLOSED:
			break;
		case SEGMENT_OPEN:
			return block->base + seg->shift + t;
		case SEGMENT_WEEKLY:
			return block->base + seg->shift +
				calendar_week_work(&c->week, t + seg->offset * USECS_PER_SEC);
	}
	return block->base + seg->shift;
}

/* Working time of a cycle beyond the top, or before the bottom. */
static int64
cycle_work(CalendarCompiled *c, bool future)
{
	if (future)
	{
		if (c->future_cycle < 0)
		{
			TimestampTz end = c->top * BLOCK_USECS;

			get_block(c, c->top - 1);
			c->future_cycle = row_end(c) - work_in_row(c, end - CYCLE_USECS);
		}
		return c->future_cycle;
	}
	if (c->past_cycle < 0)
	{
		TimestampTz start = c->bottom * BLOCK_USECS;
		int64		end_work = work_in_row(c, start + CYCLE_USECS);

		get_block(c, c->bottom);
		c->past_cycle = end_work - row_base(c);
	}
	return c->past_cycle;
}

/* F of any instant. */
static int64
work_until(CalendarCompiled *c, TimestampTz t)
{
	int64		cycles = cycles_away(c, t);

	if (cycles == 0)
		return work_in_row(c, t);
	return work_in_row(c, t - cycles * CYCLE_USECS) +
		cycles * cycle_work(c, cycles > 0);
}

/* Move an instant by cycles; infinite if that leaves the range of the type. */
static TimestampTz
move_cycles(TimestampTz t, uint64 cycles, bool future)
{
	uint64		room;

	if (future)
	{
		room = (uint64) (END_TIMESTAMP - 1) - (uint64) t;
		if (cycles > room / CYCLE_USECS)
			return DT_NOEND;
		return t + (int64) (cycles * CYCLE_USECS);
	}
	room = (uint64) t - (uint64) MIN_TIMESTAMP;
	if (t < MIN_TIMESTAMP || cycles > room / CYCLE_USECS)
		return DT_NOBEGIN;
	return t - (int64) (cycles * CYCLE_USECS);
}

/*
 * The inverse of F.  reach: the earliest instant with F(t) >= work, else the
 * latest instant with F(t) <= work.  Infinite if there is none.
 */
static TimestampTz
find_work(CalendarCompiled *c, int64 work, bool reach)
{
	uint64		cycles = 0;
	bool		future = false;
	const Block *block;
	const Segment *seg;
	int			lo,
				hi;
	TimestampTz t;
	int64		rest;

	/* make the row long enough: F at its end >= work, or > work */
	while ((reach ? row_end(c) < work : row_end(c) <= work) &&
		   c->first + c->nblocks < c->top)
		extend_up(c);
	while ((reach ? row_base(c) >= work : row_base(c) > work) &&
		   c->first > c->bottom)
		extend_down(c);
	if (reach ? row_end(c) < work : row_end(c) <= work)
	{
		int64		each = cycle_work(c, true);
		uint64		excess = (uint64) work - (uint64) row_end(c);

		if (each == 0)
			return DT_NOEND;
		future = true;
		cycles = reach ? (excess - 1) / each + 1 : excess / each + 1;
		work = (int64) ((uint64) work - cycles * (uint64) each);
	}
	else if (reach ? row_base(c) >= work : row_base(c) > work)
	{
		int64		each = cycle_work(c, false);
		uint64		excess = (uint64) row_base(c) - (uint64) work;

		if (each == 0)
			return DT_NOBEGIN;
		cycles = reach ? excess / each + 1 : (excess - 1) / each + 1;
		work = (int64) ((uint64) work + cycles * (uint64) each);
	}

	/* the last block that starts with less than that, or no more */
	lo = 0;
	hi = c->nblocks;
	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (reach ? c->blocks[mid].base < work : c->blocks[mid].base <= work)
			lo = mid + 1;
		else
			hi = mid;
	}
	Assert(lo > 0);
	block = get_block(c, c->first + lo - 1);
	rest = work - block->base;

	/* and the last segment */
	lo = 0;
	hi = block->nsegments;
	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (reach ? block->segments[mid].before < rest :
			block->segments[mid].before <= rest)
			lo = mid + 1;
		else
			hi = mid;
	}
	Assert(lo > 0);
	seg = &block->segments[lo - 1];
	Assert(seg->kind != SEGMENT_CLOSED);
	if (seg->kind == SEGMENT_OPEN)
		t = seg->start + rest - seg->before;
	else if (reach)
		t = calendar_week_reach(&c->week, rest - seg->shift) - seg->offset * USECS_PER_SEC;
	else
		t = calendar_week_leave(&c->week, rest - seg->shift) - seg->offset * USECS_PER_SEC;

	t = move_cycles(t, cycles, future);
	if (t >= END_TIMESTAMP)
		return DT_NOEND;
	if (t < MIN_TIMESTAMP)
		return DT_NOBEGIN;
	return t;
}

int64
calendar_worktime(CalendarCompiled *c, TimestampTz from, TimestampTz to)
{
	int64		work;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("cannot count working time up to an infinite timestamp")));
	if (pg_sub_s64_overflow(work_until(c, to), work_until(c, from), &work))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	return work;
}

TimestampTz
calendar_add(CalendarCompiled *c, TimestampTz t, int64 work)
{
	int64		target;

	if (TIMESTAMP_NOT_FINITE(t) || work == 0)
		return t;
	/* F never passes the end of the type's range */
	if (pg_add_s64_overflow(work_until(c, t), work, &target) ||
		target > END_TIMESTAMP)
		return work > 0 ? DT_NOEND : DT_NOBEGIN;
	return find_work(c, target, work > 0);
}

/* Is it open at t, and until when at least? */
static bool
open_until(CalendarCompiled *c, TimestampTz t, TimestampTz *end)
{
	int64		cycles = cycles_away(c, t);
	int64		id;
	const Block *block;
	const Segment *seg;
	TimestampTz seg_end;

	t -= cycles * CYCLE_USECS;
	id = block_of(t);
	block = get_block(c, id);
	seg = find_segment(block, t);
	if (seg->kind == SEGMENT_CLOSED)
		return false;
	if (seg + 1 < block->segments + block->nsegments)
		seg_end = seg[1].start;
	else
		seg_end = (id + 1) * BLOCK_USECS;
	*end = seg_end;
	if (seg->kind == SEGMENT_WEEKLY)
	{
		int64		offset = seg->offset * USECS_PER_SEC;

		if (!calendar_week_open_until(&c->week, t + offset, end))
			return false;
		/* a week without a pause is open as long as the segment */
		*end = c->week.total == USECS_PER_WEEK ? seg_end : Min(*end - offset, seg_end);
	}
	if (pg_add_s64_overflow(*end, cycles * CYCLE_USECS, end))
		*end = END_TIMESTAMP;
	return true;
}

/* The day of the calendar's zone in which that instant lies, as a number. */
int64
calendar_local_day(CalendarCompiled *c, TimestampTz t)
{
	int64		local = t + calendar_zone_offset(c->zone, t);
	int64		day = local / USECS_PER_DAY;

	return local % USECS_PER_DAY < 0 ? day - 1 : day;
}

bool
calendar_is_open(CalendarCompiled *c, TimestampTz t)
{
	TimestampTz end;

	return !TIMESTAMP_NOT_FINITE(t) && open_until(c, t, &end);
}

TimestampTz
calendar_next_open(CalendarCompiled *c, TimestampTz t)
{
	if (TIMESTAMP_NOT_FINITE(t) || calendar_is_open(c, t))
		return t;
	/* while it is closed F stands still */
	return find_work(c, work_until(c, t), false);
}

bool
calendar_next_span(CalendarCompiled *c, TimestampTz t,
				   TimestampTz *start, TimestampTz *end)
{
	TimestampTz top = c->top * BLOCK_USECS;
	TimestampTz forever;
	TimestampTz part;

	Assert(!TIMESTAMP_NOT_FINITE(t));
	*start = calendar_next_open(c, t);
	if (TIMESTAMP_NOT_FINITE(*start))
		return false;

	/* what is open for a whole cycle where cycles repeat never closes */
	forever = Max(*start, top - CYCLE_USECS);
	if (pg_add_s64_overflow(forever, CYCLE_USECS, &forever))
		forever = END_TIMESTAMP;
	*end = *start;
	while (*end < END_TIMESTAMP && open_until(c, *end, &part))
	{
		CHECK_FOR_INTERRUPTS();
		*end = part;
		if (*end > forever)
			*end = END_TIMESTAMP;
	}
	if (*end >= END_TIMESTAMP)
		*end = DT_NOEND;
	return true;
}
