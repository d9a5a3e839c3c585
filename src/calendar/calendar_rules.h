/*
 * calendar_rules.h
 *	  The rules of a calendar as the parser leaves them: normal form, so equal
 *	  rules have equal contents.  Private to this folder.
 *
 * Days are counted from 2000-01-01, a Saturday.  Days of every year are
 * counted in a leap year: 0 is Jan 1, 59 is Feb 29, 365 is Dec 31.
 */
#ifndef LEADFLOW_CALENDAR_RULES_H
#define LEADFLOW_CALENDAR_RULES_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/nodes.h"
#include "pgtime.h"

#define DAYS_PER_LEAP_YEAR	366
#define NO_RULE				(-1)	/* no rule names this day */
#define HOURS_OFF			0	/* the hours that are none */

/* Seconds from the local midnight a span's day begins with; end <= 172799. */
typedef struct CalendarSpan
{
	int32		start;
	int32		end;
} CalendarSpan;

/* The hours of a day: sorted spans that neither touch nor overlap. */
typedef struct CalendarHours
{
	int			nspans;
	CalendarSpan *spans;
} CalendarHours;

/* Consecutive dates with the same hours. */
typedef struct CalendarDates
{
	int32		first;
	int32		last;
	int			hours;
} CalendarDates;

typedef struct CalendarRules
{
	const char *zone;
	pg_tz	   *tz;
	int			nhours;			/* distinct hours; the first is off */
	CalendarHours *hours;
	int			week[7];		/* Monday first */
	bool		has_yearly;
	int			yearly[DAYS_PER_LEAP_YEAR];
	int			ndates;			/* sorted, disjoint, merged */
	CalendarDates *dates;
} CalendarRules;

/* calendar_parse.c */
extern CalendarRules *calendar_parse(const char *text, struct Node *escontext);

/* calendar_text.c */
extern bool calendar_text(const CalendarRules *rules, StringInfo buf);
extern bool calendar_day_text(const CalendarRules *rules, int day, StringInfo buf);

/* calendar_days.c */
extern int	calendar_day_from_date(int year, int month, int mday);
extern void calendar_date_from_day(int day, int *year, int *month, int *mday);
extern int	calendar_days_in_month(int year, int month);
extern int	calendar_yearly_from_date(int month, int mday);
extern void calendar_date_from_yearly(int yday, int *month, int *mday);
extern int	calendar_weekday_of_day(int day);
extern const CalendarDates *calendar_dates_of_day(const CalendarRules *rules, int day);
extern int	calendar_yearly_of_day(int day);
extern int	calendar_hours_of_day(const CalendarRules *rules, int day);

#endif							/* LEADFLOW_CALENDAR_RULES_H */
