/*
 * calendar_block.c
 *	  Cut a block of time into segments.
 *
 * Nearly everywhere the open set is the weekdays' spans at one offset from
 * UTC.  It can differ
 *	- where a rule for dates replaces a weekday's spans: from the local start of
 *	  the date to the end of its last span, and
 *	- around a clock change.  Take the spans of the week at the old offset
 *	  before the change and at the new one after it: a span with both ends
 *	  outside the skipped or repeated hour comes out right.  An end inside it
 *	  is resolved to an instant at most that hour after the change (gap, the
 *	  old offset) or taken from at most that hour before it (overlap, the new
 *	  offset).  So it is enough to look closely at one such hour on either
 *	  side.
 * In these windows each date's spans are resolved one by one, empty ones are
 * dropped, and their union becomes open and closed segments.  The rest is
 * weekly segments.
 *
 * PostgreSQL resolves a local time by the first change after the day before.
 * Where changes follow each other within days this is not the nearest one, so
 * there the windows are days wide.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "calendar/calendar_compile.h"

/* Clock changes nearer than this to each other get wide windows. */
#define CLOSE_CHANGES	(5 * USECS_PER_DAY)
#define WIDE_WINDOW		(3 * USECS_PER_DAY)

/* A span that is open in a window of days reaches at most this far. */
#define DAYS_BEFORE		3
#define DAYS_AFTER		2

typedef struct Stretch
{
	TimestampTz start;
	TimestampTz end;
} Stretch;

typedef struct StretchList
{
	int			n;
	int			max;
	Stretch    *items;
} StretchList;

typedef struct Builder
{
	CalendarCompiled *c;
	TimestampTz start;
	TimestampTz end;
	StretchList windows;
	StretchList spans;
	ZoneCalm	calm;
	/* what was built */
	int64		work;
	int			n;
	int			max;
	Segment    *segments;
} Builder;

static void
init_list(StretchList *list)
{
	list->n = 0;
	list->max = 64;
	list->items = palloc(list->max * sizeof(Stretch));
}

/* Add the part of a stretch that lies between two instants. */
static void
add_stretch(StretchList *list, TimestampTz start, TimestampTz end,
			TimestampTz from, TimestampTz to)
{
	start = Max(start, from);
	end = Min(end, to);
	if (start >= end)
		return;
	if (list->n >= list->max)
	{
		list->max *= 2;
		list->items = repalloc(list->items, list->max * sizeof(Stretch));
	}
	list->items[list->n].start = start;
	list->items[list->n].end = end;
	list->n++;
}

static int
compare_stretches(const void *a, const void *b)
{
	TimestampTz x = ((const Stretch *) a)->start;
	TimestampTz y = ((const Stretch *) b)->start;

	return x < y ? -1 : (x > y ? 1 : 0);
}

/* Sort the stretches and join those that touch or overlap. */
static void
unite(StretchList *list)
{
	int			merged = 0;

	if (list->n == 0)
		return;
	qsort(list->items, list->n, sizeof(Stretch), compare_stretches);
	for (int i = 1; i < list->n; i++)
	{
		Stretch    *item = &list->items[i];

		if (item->start <= list->items[merged].end)
			list->items[merged].end = Max(list->items[merged].end, item->end);
		else
			list->items[++merged] = *item;
	}
	list->n = merged + 1;
}

/* The day that an instant would have on the UTC clock. */
static int
utc_day(TimestampTz t)
{
	int64		day = t / USECS_PER_DAY;

	return t % USECS_PER_DAY < 0 ? day - 1 : day;
}

/* Windows around the clock changes. */
static void
add_changes(Builder *b)
{
	const Zone *zone = b->c->zone;
	TimestampTz t = b->start - 2 * CLOSE_CHANGES;
	TimestampTz previous = 0;
	bool		has_previous = false;
	ClockChange change;
	ClockChange next = {0, 0, 0};
	bool		more;

	more = calendar_zone_next_change(zone, t, &change);
	while (more && change.at < b->end + CLOSE_CHANGES)
	{
		int64		width = change.after - change.before;

		if (width < 0)
			width = -width;
		more = calendar_zone_next_change(zone, change.at, &next);
		if ((more && next.at - change.at < CLOSE_CHANGES) ||
			(has_previous && change.at - previous < CLOSE_CHANGES))
			width = WIDE_WINDOW;
		add_stretch(&b->windows, change.at - width, change.at + width,
					b->start, b->end);
		previous = change.at;
		has_previous = true;
		change = next;
	}
}

/* Windows of the dates whose hours are not those of their weekday. */
static void
add_dates(Builder *b)
{
	const CalendarRules *rules = b->c->rules;
	int			first = utc_day(b->start) - DAYS_BEFORE;
	int			last = utc_day(b->end) + DAYS_AFTER;

	if (!rules->has_yearly && rules->ndates == 0)
		return;
	if (!rules->has_yearly)
	{
		first = Max(first, rules->dates[0].first);
		last = Min(last, rules->dates[rules->ndates - 1].last);
	}
	for (int day = first; day <= last; day++)
	{
		int			end;

		if (calendar_hours_of_day(rules, day) == rules->week[calendar_weekday_of_day(day)])
			continue;
		end = day + (b->c->past_midnight ? 2 : 1);
		add_stretch(&b->windows,
					calendar_zone_resolve(b->c->zone, day * USECS_PER_DAY, &b->calm),
					calendar_zone_resolve(b->c->zone, end * USECS_PER_DAY, &b->calm),
					b->start, b->end);
	}
}

static void
add_segment(Builder *b, SegmentKind kind, TimestampTz start, TimestampTz end)
{
	Segment    *seg;
	int64		offset;

	if (start >= end)
		return;
	if (b->n >= b->max)
	{
		b->max *= 2;
		b->segments = repalloc(b->segments, b->max * sizeof(Segment));
	}
	seg = &b->segments[b->n++];
	seg->start = start;
	seg->before = b->work;
	seg->offset = 0;
	seg->kind = kind;
	switch (kind)
	{
		case SEGMENT_CLOSED:
			seg->shift = b->work;
			break;
		case SEGMENT_OPEN:
			seg->shift = b->work - start;
			b->work += end - start;
			break;
		case SEGMENT_WEEKLY:
			offset = calendar_zone_offset(b->c->zone, start);
			seg->offset = offset / USECS_PER_SEC;
			seg->shift = b->work - calendar_week_work(&b->c->week, start + offset);
			b->work = seg->shift + calendar_week_work(&b->c->week, end + offset);
			break;
	}
}

/* The part between two windows, at one offset. */
static void
add_weekly(Builder *b, TimestampTz start, TimestampTz end)
{
	add_segment(b, b->c->week.total == 0 ? SEGMENT_CLOSED : SEGMENT_WEEKLY,
				start, end);
}

/* The part inside a window. */
static void
add_window(Builder *b, const Stretch *window)
{
	const CalendarRules *rules = b->c->rules;
	const Zone *zone = b->c->zone;
	int			first = utc_day(window->start) - DAYS_BEFORE;
	int			last = utc_day(window->end) + DAYS_AFTER;
	TimestampTz at = window->start;

	b->spans.n = 0;
	for (int day = first; day <= last; day++)
	{
		const CalendarHours *hours = &rules->hours[calendar_hours_of_day(rules, day)];

		for (int i = 0; i < hours->nspans; i++)
		{
			int64		midnight = day * USECS_PER_DAY;

			add_stretch(&b->spans,
						calendar_zone_resolve(zone, midnight + hours->spans[i].start * USECS_PER_SEC, &b->calm),
						calendar_zone_resolve(zone, midnight + hours->spans[i].end * USECS_PER_SEC, &b->calm),
						window->start, window->end);
		}
	}
	unite(&b->spans);
	for (int i = 0; i < b->spans.n; i++)
	{
		const Stretch *span = &b->spans.items[i];

		add_segment(b, SEGMENT_CLOSED, at, span->start);
		add_segment(b, SEGMENT_OPEN, span->start, span->end);
		at = span->end;
	}
	add_segment(b, SEGMENT_CLOSED, at, window->end);
}

/*
 * Fill in the segments of a block, in the calendar's memory.
 */
void
calendar_block_build(CalendarCompiled *c, int64 id, Block *block)
{
	Builder		b;
	TimestampTz at;
	Size		size;

	CHECK_FOR_INTERRUPTS();
	b.c = c;
	b.start = at = id * BLOCK_USECS;
	b.end = b.start + BLOCK_USECS;
	memset(&b.calm, 0, sizeof(b.calm));
	init_list(&b.windows);
	init_list(&b.spans);
	b.work = 0;
	b.n = 0;
	b.max = 64;
	b.segments = palloc(b.max * sizeof(Segment));

	add_changes(&b);
	add_dates(&b);
	unite(&b.windows);
	for (int i = 0; i < b.windows.n; i++)
	{
		add_weekly(&b, at, b.windows.items[i].start);
		add_window(&b, &b.windows.items[i]);
		at = b.windows.items[i].end;
	}
	add_weekly(&b, at, b.end);

	size = b.n * sizeof(Segment);
	block->segments = MemoryContextAlloc(c->mcxt, size);
	memcpy(block->segments, b.segments, size);
	block->nsegments = b.n;
	block->total = b.work;

	pfree(b.windows.items);
	pfree(b.spans.items);
	pfree(b.segments);
}
