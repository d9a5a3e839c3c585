/*
 * calendar_compile.h
 *	  A calendar made ready for reckoning.  Private to this folder.
 */
#ifndef LEADFLOW_CALENDAR_COMPILE_H
#define LEADFLOW_CALENDAR_COMPILE_H

#include "calendar/calendar.h"
#include "calendar/calendar_rules.h"
#include "calendar/zone.h"

#define USECS_PER_WEEK	(7 * USECS_PER_DAY)

/* A block is 2^45 microseconds, about 407 days. */
#define BLOCK_SHIFT		45
#define BLOCK_USECS		(INT64CONST(1) << BLOCK_SHIFT)

/* The weekdays' spans on a week that begins with Monday. */
typedef struct Week
{
	int64		total;			/* working time of a week */
	int			nspans;
	int64	   *start;
	int64	   *end;
	int64	   *before;			/* working time before start */
} Week;

typedef enum SegmentKind
{
	SEGMENT_CLOSED,
	SEGMENT_OPEN,
	SEGMENT_WEEKLY				/* the week's spans at one offset */
} SegmentKind;

/*
 * A stretch of time of one kind.  The working time from the start of the
 * block to an instant t of the segment is
 *		shift							when closed,
 *		shift + t						when open,
 *		shift + calendar_week_work(t + offset)	when weekly.
 */
typedef struct Segment
{
	TimestampTz start;
	int64		before;			/* working time from the block's start */
	int64		shift;
	int32		offset;			/* seconds */
	SegmentKind kind;
} Segment;

typedef struct Block
{
	int64		base;			/* F at its start */
	int64		total;			/* working time in it */
	int			nsegments;
	Segment    *segments;		/* NULL when dropped to save memory */
} Block;

struct CalendarCompiled
{
	MemoryContext mcxt;
	const CalendarRules *rules;
	const Zone *zone;
	Week		week;
	bool		past_midnight;	/* does a span end after 24:00? */
	int64		bottom;			/* before this block every cycle is the same */
	int64		top;			/* from this block on, too */
	int64		first;			/* blocks made: first .. first + nblocks - 1 */
	int			nblocks;
	int			maxblocks;
	Block	   *blocks;
	int			nsegments;		/* held by the blocks */
	int64		past_cycle;		/* working time of a cycle, or -1: unknown */
	int64		future_cycle;
	Size		size;			/* bytes held, for the cache */
};

/* week.c */
extern void calendar_week_compile(Week *week, const CalendarRules *rules);
extern int64 calendar_week_work(const Week *week, int64 local);
extern int64 calendar_week_reach(const Week *week, int64 work);
extern int64 calendar_week_leave(const Week *week, int64 work);
extern bool calendar_week_open_until(const Week *week, int64 local, int64 *end);

/* calendar_block.c */
extern void calendar_block_build(CalendarCompiled *c, int64 id, Block *block);

#endif							/* LEADFLOW_CALENDAR_COMPILE_H */
