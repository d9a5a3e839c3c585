/*
 * week.c
 *	  Working time of an endless row of equal weeks, on the local clock.
 *
 * Spans that pass Sunday's midnight are cut there and go on at Monday's, so
 * that the spans lie within one week, which begins at 2000-01-03 00:00.
 */
#include "postgres.h"

#include "calendar/calendar_compile.h"

#define FIRST_MONDAY	(2 * USECS_PER_DAY)

typedef struct WeekSpan
{
	int64		start;
	int64		end;
} WeekSpan;

static int
compare_week_spans(const void *a, const void *b)
{
	int64		x = ((const WeekSpan *) a)->start;
	int64		y = ((const WeekSpan *) b)->start;

	return x < y ? -1 : (x > y ? 1 : 0);
}

void
calendar_week_compile(Week *week, const CalendarRules *rules)
{
	WeekSpan   *spans;
	int			n = 0;
	int			merged = 0;

	for (int day = 0; day < 7; day++)
		n += 2 * rules->hours[rules->week[day]].nspans;
	spans = palloc(Max(n, 1) * sizeof(WeekSpan));
	n = 0;
	for (int day = 0; day < 7; day++)
	{
		const CalendarHours *hours = &rules->hours[rules->week[day]];

		for (int i = 0; i < hours->nspans; i++)
		{
			int64		start = day * USECS_PER_DAY + hours->spans[i].start * USECS_PER_SEC;
			int64		end = day * USECS_PER_DAY + hours->spans[i].end * USECS_PER_SEC;

			if (end > USECS_PER_WEEK)
			{
				spans[n].start = 0;
				spans[n++].end = end - USECS_PER_WEEK;
				end = USECS_PER_WEEK;
			}
			spans[n].start = start;
			spans[n++].end = end;
		}
	}
	qsort(spans, n, sizeof(WeekSpan), compare_week_spans);
	for (int i = 1; i < n; i++)
	{
		if (spans[i].start <= spans[merged].end)
			spans[merged].end = Max(spans[merged].end, spans[i].end);
		else
			spans[++merged] = spans[i];
	}
	if (n > 0)
		n = merged + 1;

	week->total = 0;
	week->nspans = n;
	week->start = palloc(Max(n, 1) * sizeof(int64));
	week->end = palloc(Max(n, 1) * sizeof(int64));
	week->before = palloc(Max(n, 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		week->start[i] = spans[i].start;
		week->end[i] = spans[i].end;
		week->before[i] = week->total;
		week->total += spans[i].end - spans[i].start;
	}
	pfree(spans);
}

/* The number of whole weeks before a local time; the rest goes to *in. */
static inline int64
split_weeks(int64 local, int64 *in)
{
	int64		since = local - FIRST_MONDAY;
	int64		weeks = since / USECS_PER_WEEK;

	*in = since % USECS_PER_WEEK;
	if (*in < 0)
	{
		*in += USECS_PER_WEEK;
		weeks--;
	}
	return weeks;
}

/* The last span whose value is at most x, or -1. */
static inline int
find_span(const int64 *values, int n, int64 x)
{
	int			lo = 0;

	while (lo < n)
	{
		int			mid = (lo + n) / 2;

		if (values[mid] <= x)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo - 1;
}

/* Working time from the first Monday to a local time. */
int64
calendar_week_work(const Week *week, int64 local)
{
	int64		in;
	int64		weeks = split_weeks(local, &in);
	int			i = find_span(week->start, week->nspans, in);

	if (i < 0)
		return weeks * week->total;
	return weeks * week->total + week->before[i] +
		Min(in, week->end[i]) - week->start[i];
}

/* The earliest local time by which that much was worked. */
int64
calendar_week_reach(const Week *week, int64 work)
{
	int64		weeks = (work - 1) / week->total;
	int64		rest = (work - 1) % week->total;
	int			i;

	if (rest < 0)
	{
		rest += week->total;
		weeks--;
	}
	i = find_span(week->before, week->nspans, rest);
	return FIRST_MONDAY + weeks * USECS_PER_WEEK +
		week->start[i] + rest + 1 - week->before[i];
}

/* The latest local time by which no more than that was worked. */
int64
calendar_week_leave(const Week *week, int64 work)
{
	int64		weeks = work / week->total;
	int64		rest = work % week->total;
	int			i;

	if (rest < 0)
	{
		rest += week->total;
		weeks--;
	}
	i = find_span(week->before, week->nspans, rest);
	return FIRST_MONDAY + weeks * USECS_PER_WEEK +
		week->start[i] + rest - week->before[i];
}

/*
 * Is it open at a local time, and until when?  Not until when for good: at
 * Sunday's midnight the next span may follow at once.
 */
bool
calendar_week_open_until(const Week *week, int64 local, int64 *end)
{
	int64		in;
	int64		weeks = split_weeks(local, &in);
	int			i = find_span(week->start, week->nspans, in);

	if (i < 0 || in >= week->end[i])
		return false;
	*end = FIRST_MONDAY + weeks * USECS_PER_WEEK + week->end[i];
	return true;
}
