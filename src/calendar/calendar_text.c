/*
 * calendar_text.c
 *	  The canonical text of a calendar, and of the rule of one day.
 *
 * First the weekdays, then the days of every year, then the dates.  Within a
 * kind, each distinct set of hours is one rule that lists its days; the rules
 * stand in the order of their first days.  Weekdays that are off are not
 * written, because a weekday without a rule is off.
 */
#include "postgres.h"

#include "calendar/calendar.h"
#include "calendar/calendar_read.h"
#include "calendar/calendar_rules.h"

static const char *const weekday_short[7] = {
	"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"
};

static const char *const month_short[12] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

/* Consecutive days with the same hours, and the next such run of these hours. */
typedef struct Run
{
	int			first;
	int			last;
	int			hours;
	int			next;			/* its number, or -1 */
	bool		leads;			/* the first run with its hours */
} Run;

static void
put_time(StringInfo buf, int seconds)
{
	appendStringInfo(buf, "%02d:%02d", seconds / 3600, seconds / 60 % 60);
	if (seconds % 60 != 0)
		appendStringInfo(buf, ":%02d", seconds % 60);
}

static void
put_span(StringInfo buf, int start, int end, bool *first)
{
	if (!*first)
		appendStringInfoChar(buf, ',');
	*first = false;
	put_time(buf, start);
	appendStringInfoChar(buf, '-');
	put_time(buf, end > SECS_PER_DAY ? end - SECS_PER_DAY : end);
}

static void
put_hours(StringInfo buf, const CalendarHours *hours)
{
	bool		first = true;

	if (hours->nspans == 0)
		appendStringInfoString(buf, "off");
	for (int i = 0; i < hours->nspans; i++)
	{
		int			start = hours->spans[i].start;
		int			end = hours->spans[i].end;

		if (end - start <= SECS_PER_DAY)
			put_span(buf, start, end, &first);
		else
		{
			/* what no single span can say: two of 24 hours that overlap */
			put_span(buf, start, start + SECS_PER_DAY, &first);
			put_span(buf, end - SECS_PER_DAY, end, &first);
		}
	}
}

/* Chain the runs of the same hours; nhours is the number of distinct hours. */
static void
chain_runs(Run *runs, int nruns, int nhours)
{
	int		   *latest = palloc(nhours * sizeof(int));

	for (int i = 0; i < nhours; i++)
		latest[i] = -1;
	for (int i = 0; i < nruns; i++)
	{
		runs[i].next = -1;
		runs[i].leads = latest[runs[i].hours] < 0;
		if (!runs[i].leads)
			runs[latest[runs[i].hours]].next = i;
		latest[runs[i].hours] = i;
	}
	pfree(latest);
}

static void
put_weekdays(StringInfo buf, const Run *run)
{
	appendStringInfoString(buf, weekday_short[run->first]);
	if (run->last > run->first)
		appendStringInfo(buf, "-%s", weekday_short[run->last]);
}

static void
put_yearly(StringInfo buf, const Run *run)
{
	int			month,
				mday;
	int			last_month,
				last_mday;

	calendar_date_from_yearly(run->first, &month, &mday);
	calendar_date_from_yearly(run->last, &last_month, &last_mday);
	appendStringInfo(buf, "%s %d", month_short[month - 1], mday);
	if (month != last_month)
		appendStringInfo(buf, "-%s %d", month_short[last_month - 1], last_mday);
	else if (mday != last_mday)
		appendStringInfo(buf, "-%d", last_mday);
}

static void
put_dates(StringInfo buf, const Run *run)
{
	int			year,
				month,
				mday;
	int			last_year,
				last_month,
				last_mday;

	calendar_date_from_day(run->first, &year, &month, &mday);
	calendar_date_from_day(run->last, &last_year, &last_month, &last_mday);
	appendStringInfo(buf, "%04d %s %d", year, month_short[month - 1], mday);
	if (year != last_year)
		appendStringInfo(buf, "-%04d %s %d", last_year, month_short[last_month - 1], last_mday);
	else if (month != last_month)
		appendStringInfo(buf, "-%s %d", month_short[last_month - 1], last_mday);
	else if (mday != last_mday)
		appendStringInfo(buf, "-%d", last_mday);
}

/* Write the rules of one kind; the number of rules. */
static int
put_rules(StringInfo buf, const CalendarRules *rules, Run *runs, int nruns,
		  void (*put_days) (StringInfo buf, const Run *run))
{
	int			n = 0;

	chain_runs(runs, nruns, rules->nhours);
	for (int i = 0; i < nruns; i++)
	{
		if (!runs[i].leads)
			continue;
		appendStringInfoString(buf, "; ");
		for (int k = i; k >= 0; k = runs[k].next)
		{
			if (k != i)
				appendStringInfoChar(buf, ',');
			put_days(buf, &runs[k]);
		}
		appendStringInfoChar(buf, ' ');
		put_hours(buf, &rules->hours[runs[i].hours]);
		n++;
	}
	return n;
}

/* The runs of a table of days, without the days of hours skip. */
static int
find_runs(const int *table, int size, int skip, Run *runs)
{
	int			n = 0;

	for (int i = 0; i < size; i++)
	{
		if (table[i] == skip)
			continue;
		if (n > 0 && runs[n - 1].last == i - 1 && runs[n - 1].hours == table[i])
			runs[n - 1].last = i;
		else
		{
			runs[n].first = runs[n].last = i;
			runs[n].hours = table[i];
			n++;
		}
	}
	return n;
}

/*
 * Join a run at the end of the year with one at its start, unless the joined
 * one would end in the month in which it starts.
 */
static int
join_new_year(Run *runs, int n)
{
	int			month,
				last_month,
				mday;

	if (n < 2 || runs[0].first != 0 ||
		runs[n - 1].last != DAYS_PER_LEAP_YEAR - 1 ||
		runs[0].hours != runs[n - 1].hours)
		return n;
	calendar_date_from_yearly(runs[n - 1].first, &month, &mday);
	calendar_date_from_yearly(runs[0].last, &last_month, &mday);
	if (month == last_month)
		return n;
	runs[n - 1].last = runs[0].last;
	memmove(runs, runs + 1, (n - 1) * sizeof(Run));
	return n - 1;
}

/* The runs of the weekdays that are not off. */
static int
find_weekdays(const CalendarRules *rules, Run *runs)
{
	return find_runs(rules->week, 7, HOURS_OFF, runs);
}

/* The runs of the days of every year. */
static int
find_yearly(const CalendarRules *rules, Run *runs)
{
	int			n = find_runs(rules->yearly, DAYS_PER_LEAP_YEAR, NO_RULE, runs);

	return join_new_year(runs, n);
}

/* Are the runs of the weekdays what 24/7 stands for? */
static bool
is_always(const CalendarRules *rules, const Run *runs, int nruns)
{
	const CalendarHours *hours;

	if (nruns != 1 || runs[0].first != 0 || runs[0].last != 6)
		return false;
	hours = &rules->hours[runs[0].hours];
	return hours->nspans == 1 && hours->spans[0].start == 0 &&
		hours->spans[0].end == SECS_PER_DAY;
}

/*
 * Append the canonical text.  False if it passes a limit, which the caller
 * reports as it reports errors.
 */
bool
calendar_text(const CalendarRules *rules, StringInfo buf)
{
	Run			table[DAYS_PER_LEAP_YEAR];
	Run		   *runs;
	int			start = buf->len;
	int			nrules = 0;
	int			n;

	appendStringInfoString(buf, rules->zone);

	n = find_weekdays(rules, table);
	if (is_always(rules, table, n))
	{
		appendStringInfoString(buf, "; 24/7");
		nrules++;
	}
	else
		nrules += put_rules(buf, rules, table, n, put_weekdays);

	n = find_yearly(rules, table);
	nrules += put_rules(buf, rules, table, n, put_yearly);

	runs = palloc(Max(rules->ndates, 1) * sizeof(Run));
	for (int i = 0; i < rules->ndates; i++)
	{
		runs[i].first = rules->dates[i].first;
		runs[i].last = rules->dates[i].last;
		runs[i].hours = rules->dates[i].hours;
	}
	nrules += put_rules(buf, rules, runs, rules->ndates, put_dates);
	pfree(runs);

	if (nrules == 0)
		appendStringInfoString(buf, "; off");
	return nrules <= CALENDAR_MAX_RULES && buf->len - start <= CALENDAR_MAX_TEXT;
}

/* Append the rule of the weekday; false if it has none. */
static bool
weekday_text(const CalendarRules *rules, int weekday, StringInfo buf)
{
	Run			runs[7];
	int			n = find_weekdays(rules, runs);
	int			hours = rules->week[weekday];
	bool		first = true;

	if (hours == HOURS_OFF)
		return false;
	if (is_always(rules, runs, n))
	{
		appendStringInfoString(buf, "24/7");
		return true;
	}
	for (int i = 0; i < n; i++)
	{
		if (runs[i].hours != hours)
			continue;
		if (!first)
			appendStringInfoChar(buf, ',');
		first = false;
		put_weekdays(buf, &runs[i]);
	}
	appendStringInfoChar(buf, ' ');
	put_hours(buf, &rules->hours[hours]);
	return true;
}

/* Append the rule of a run of dates, or of days of every year. */
static void
run_text(const CalendarRules *rules, const Run *run, StringInfo buf,
		 void (*put_days) (StringInfo buf, const Run *run))
{
	put_days(buf, run);
	appendStringInfoChar(buf, ' ');
	put_hours(buf, &rules->hours[run->hours]);
}

/*
 * Append the rule that decides a day; false if none names it.  A rule may list
 * thousands of dates: of those, and of days of every year, only the run with
 * the day is written.
 */
bool
calendar_day_text(const CalendarRules *rules, int day, StringInfo buf)
{
	const CalendarDates *dates = calendar_dates_of_day(rules, day);

	if (dates != NULL)
	{
		Run			run = {.first = dates->first,.last = dates->last,.hours = dates->hours};

		run_text(rules, &run, buf, put_dates);
		return true;
	}
	if (rules->has_yearly)
	{
		Run			runs[DAYS_PER_LEAP_YEAR];
		int			n = find_yearly(rules, runs);
		int			yearly = calendar_yearly_of_day(day);

		for (int i = 0; i < n; i++)
		{
			bool		named;

			/* a run over New Year ends before it begins */
			if (runs[i].first <= runs[i].last)
				named = runs[i].first <= yearly && yearly <= runs[i].last;
			else
				named = runs[i].first <= yearly || yearly <= runs[i].last;
			if (named)
			{
				run_text(rules, &runs[i], buf, put_yearly);
				return true;
			}
		}
	}
	return weekday_text(rules, calendar_weekday_of_day(day), buf);
}
