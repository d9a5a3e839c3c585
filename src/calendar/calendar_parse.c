/*
 * calendar_parse.c
 *	  From a calendar's text to its rules in normal form.
 *
 * A day of one kind (a weekday, a day of every year, a date) has the hours of
 * the last rule that names it.  For weekdays and days of every year that is a
 * table written in the order of the rules.  Dates are ranges of any length, so
 * they are painted from the last rule to the first onto the stretches between
 * their end points: a stretch keeps the first colour it gets, and a chain of
 * "next unpainted stretch" makes the painting nearly linear.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "calendar/calendar.h"
#include "calendar/calendar_read.h"
#include "calendar/calendar_rules.h"

/*
 * Is the name one of the IANA database?  What else PostgreSQL takes for a
 * zone, POSIX strings such as EST5, has digits in its name; so have few IANA
 * names.
 */
static bool
is_iana_name(const char *name)
{
	static const char *const with_digits[] = {
		"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT",
		"GMT0", "GMT+0", "GMT-0", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0"
	};

	if (strpbrk(name, "0123456789") == NULL)
		return isalpha((unsigned char) name[0]) &&
			strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/-") == strlen(name) &&
			pg_strcasecmp(name, "localtime") != 0;
	for (int i = 0; i < (int) lengthof(with_digits); i++)
	{
		if (pg_strcasecmp(name, with_digits[i]) == 0)
			return true;
	}
	if (pg_strncasecmp(name, "Etc/GMT", 7) == 0 &&
		(name[7] == '+' || name[7] == '-') &&
		name[8] != '0' && strlen(name) <= 10 &&
		strspn(name + 8, "0123456789") == strlen(name + 8))
		return atoi(name + 8) <= (name[7] == '+' ? 12 : 14);
	return false;
}

/* Find the zone; NULL after a soft error. */
static pg_tz *
read_zone(const char *start, const char *end, struct Node *escontext)
{
	char		name[TZ_STRLEN_MAX + 1];
	int			len = end - start;
	pg_tz	   *tz = NULL;
	bool		offset = false;

	if (len > 0 && len <= TZ_STRLEN_MAX)
	{
		memcpy(name, start, len);
		name[len] = '\0';
		if (is_iana_name(name))
			tz = pg_tzset(name);
		else
			offset = strpbrk(name, "0123456789") != NULL;
		if (tz != NULL && pg_tz_acceptable(tz))
			return tz;
	}
	len = pg_mbcliplen(start, len, 80);
	if (offset)
		errsave(escontext,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%.*s\" is not an IANA name", len, start),
				 errhint("A calendar begins with its time zone, such as Europe/Warsaw or UTC. A fixed offset is refused because it is wrong for half of the year wherever clocks change.")));
	else
		errsave(escontext,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%.*s\" not recognized", len, start),
				 errhint("A calendar begins with its time zone, such as Europe/Warsaw or UTC; the view pg_timezone_names lists the zones.")));
	return NULL;
}

static int
compare_hours(const CalendarHours *x, const CalendarHours *y)
{
	if (x->nspans != y->nspans)
		return x->nspans < y->nspans ? -1 : 1;
	for (int i = 0; i < x->nspans; i++)
	{
		if (x->spans[i].start != y->spans[i].start)
			return x->spans[i].start < y->spans[i].start ? -1 : 1;
		if (x->spans[i].end != y->spans[i].end)
			return x->spans[i].end < y->spans[i].end ? -1 : 1;
	}
	return 0;
}

static int
compare_hours_pointers(const void *a, const void *b)
{
	return compare_hours(*(CalendarHours *const *) a, *(CalendarHours *const *) b);
}

/* Let equal hours have one number; the days follow. */
static void
unify_hours(RuleReader *rd)
{
	CalendarHours **sorted = palloc(rd->nhours * sizeof(CalendarHours *));
	CalendarHours *unified = palloc(rd->nhours * sizeof(CalendarHours));
	int		   *number = palloc(rd->nhours * sizeof(int));
	int			n = 0;

	for (int i = 0; i < rd->nhours; i++)
		sorted[i] = &rd->hours[i];
	qsort(sorted, rd->nhours, sizeof(CalendarHours *), compare_hours_pointers);
	/* off has no spans and comes first */
	for (int i = 0; i < rd->nhours; i++)
	{
		if (i == 0 || compare_hours(sorted[i], &unified[n - 1]) != 0)
			unified[n++] = *sorted[i];
		number[sorted[i] - rd->hours] = n - 1;
	}
	for (int i = 0; i < rd->ndays; i++)
		rd->days[i].hours = number[rd->days[i].hours];
	rd->hours = unified;
	rd->nhours = n;
}

static int
compare_days(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x < y ? -1 : (x > y ? 1 : 0);
}

/* The number of a day among the sorted end points. */
static int
find_day(const int32 *points, int n, int32 day)
{
	int			lo = 0;
	int			hi = n - 1;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (points[mid] < day)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The first unpainted stretch at or after i; shortens the chain on its way. */
static int
next_unpainted(int *next, int i)
{
	while (next[i] != i)
	{
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

/* Make the sorted, disjoint list of dates. */
static void
paint_dates(const RuleReader *rd, CalendarRules *rules)
{
	int			ndated = 0;
	int32	   *points;
	int		   *colour;
	int		   *next;
	int			n = 0;

	for (int i = 0; i < rd->ndays; i++)
		ndated += rd->days[i].kind == DAYS_DATED;
	if (ndated == 0)
		return;

	points = palloc(2 * ndated * sizeof(int32));
	for (int i = 0; i < rd->ndays; i++)
	{
		if (rd->days[i].kind != DAYS_DATED)
			continue;
		points[n++] = rd->days[i].first;
		points[n++] = rd->days[i].last + 1;
	}
	qsort(points, n, sizeof(int32), compare_days);
	ndated = n;
	n = 1;
	for (int i = 1; i < ndated; i++)
	{
		if (points[i] != points[n - 1])
			points[n++] = points[i];
	}

	colour = palloc(n * sizeof(int));
	next = palloc(n * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		colour[i] = NO_RULE;
		next[i] = i;
	}
	for (int i = rd->ndays - 1; i >= 0; i--)
	{
		const RuleDays *days = &rd->days[i];
		int			end;

		if (days->kind != DAYS_DATED)
			continue;
		end = find_day(points, n, days->last + 1);
		for (int k = next_unpainted(next, find_day(points, n, days->first));
			 k < end; k = next_unpainted(next, k))
		{
			colour[k] = days->hours;
			next[k] = k + 1;
		}
	}

	rules->dates = palloc(n * sizeof(CalendarDates));
	for (int i = 0; i < n - 1; i++)
	{
		CalendarDates *prev = &rules->dates[rules->ndates - 1];

		if (colour[i] == NO_RULE)
			continue;
		if (rules->ndates > 0 && prev->hours == colour[i] &&
			prev->last + 1 == points[i])
			prev->last = points[i + 1] - 1;
		else
		{
			rules->dates[rules->ndates].first = points[i];
			rules->dates[rules->ndates].last = points[i + 1] - 1;
			rules->dates[rules->ndates].hours = colour[i];
			rules->ndates++;
		}
	}
	pfree(points);
	pfree(colour);
	pfree(next);
}

/* Fill the tables of weekdays and of days of every year. */
static void
fill_tables(const RuleReader *rd, CalendarRules *rules)
{
	for (int i = 0; i < 7; i++)
		rules->week[i] = HOURS_OFF;
	for (int i = 0; i < DAYS_PER_LEAP_YEAR; i++)
		rules->yearly[i] = NO_RULE;

	for (int i = 0; i < rd->ndays; i++)
	{
		const RuleDays *days = &rd->days[i];
		int			size = days->kind == DAYS_WEEKDAY ? 7 : DAYS_PER_LEAP_YEAR;
		int		   *table = days->kind == DAYS_WEEKDAY ? rules->week : rules->yearly;

		if (days->kind == DAYS_DATED)
			continue;
		for (int day = days->first;; day = (day + 1) % size)
		{
			table[day] = days->hours;
			if (day == days->last)
				break;
		}
		if (days->kind == DAYS_YEARLY)
			rules->has_yearly = true;
	}
}

/*
 * Read a calendar.  Returns NULL after a soft error.
 */
CalendarRules *
calendar_parse(const char *text, struct Node *escontext)
{
	CalendarRules *rules;
	RuleReader	rd;
	const char *end;
	const char *semicolon;

	if (strlen(text) > CALENDAR_MAX_TEXT)
	{
		errsave(escontext,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("calendar is too long"),
				 errdetail("Its text has %zu bytes; the limit is %d.",
						   strlen(text), CALENDAR_MAX_TEXT)));
		return NULL;
	}

	rules = palloc0(sizeof(CalendarRules));
	while (isspace((unsigned char) *text))
		text++;
	semicolon = strchr(text, ';');
	end = semicolon ? semicolon : text + strlen(text);
	while (end > text && isspace((unsigned char) end[-1]))
		end--;
	if (text == end && semicolon == NULL)
	{
		errsave(escontext,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "calendar", ""),
				 errhint("Write a time zone and rules: Europe/Warsaw; Mo-Fr 09:00-17:00")));
		return NULL;
	}
	rules->tz = read_zone(text, end, escontext);
	if (rules->tz == NULL)
		return NULL;
	rules->zone = pg_get_timezone_name(rules->tz);
	if (semicolon == NULL)
	{
		errsave(escontext,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("calendar \"%s\" has no rules", rules->zone),
				 errhint("Write \"%s; off\" for a calendar that never opens.", rules->zone)));
		return NULL;
	}

	rd.escontext = escontext;
	if (!calendar_read_rules(&rd, semicolon + 1))
		return NULL;
	if (rd.number == 0)
	{
		errsave(escontext,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("calendar \"%s\" has no rules", rules->zone),
				 errhint("Write \"%s; off\" for a calendar that never opens.", rules->zone)));
		return NULL;
	}
	unify_hours(&rd);
	rules->nhours = rd.nhours;
	rules->hours = rd.hours;
	fill_tables(&rd, rules);
	paint_dates(&rd, rules);
	pfree(rd.days);
	return rules;
}
