/*
 * calendar_days.c
 *	  Days of the Gregorian calendar, and which rule decides one of them.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/datetime.h"

#include "calendar/calendar_rules.h"

/* Days of a leap year before each month. */
static const int month_start[13] = {
	0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366
};

int
calendar_day_from_date(int year, int month, int mday)
{
	return date2j(year, month, mday) - POSTGRES_EPOCH_JDATE;
}

void
calendar_date_from_day(int day, int *year, int *month, int *mday)
{
	j2date(day + POSTGRES_EPOCH_JDATE, year, month, mday);
}

static bool
is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Year 0 means any year: February then has 29 days. */
int
calendar_days_in_month(int year, int month)
{
	if (month == 2)
		return is_leap_year(year) ? 29 : 28;
	return month_start[month] - month_start[month - 1];
}

int
calendar_yearly_from_date(int month, int mday)
{
	return month_start[month - 1] + mday - 1;
}

void
calendar_date_from_yearly(int yday, int *month, int *mday)
{
	int			m = 1;

	while (yday >= month_start[m])
		m++;
	*month = m;
	*mday = yday - month_start[m - 1] + 1;
}

/* 0 is Monday. */
int
calendar_weekday_of_day(int day)
{
	int			w = (day + 5) % 7;

	return w < 0 ? w + 7 : w;
}

/* The run of dates that names the day; NULL for none. */
const CalendarDates *
calendar_dates_of_day(const CalendarRules *rules, int day)
{
	int			lo = 0;
	int			hi = rules->ndates;

	/* the first run that ends on or after the day */
	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (rules->dates[mid].last < day)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < rules->ndates && rules->dates[lo].first <= day)
		return &rules->dates[lo];
	return NULL;
}

/* The day of the year that a date is, as the yearly rules count. */
int
calendar_yearly_of_day(int day)
{
	int			year,
				month,
				mday;

	/* before Julian day 0 look at the same date 400 years later */
	while (day < -POSTGRES_EPOCH_JDATE)
		day += 146097;
	calendar_date_from_day(day, &year, &month, &mday);
	return calendar_yearly_from_date(month, mday);
}

/* The hours of a date: its own rule, else the year's, else the weekday's. */
int
calendar_hours_of_day(const CalendarRules *rules, int day)
{
	const CalendarDates *dates = calendar_dates_of_day(rules, day);

	if (dates != NULL)
		return dates->hours;
	if (rules->has_yearly)
	{
		int			hours = rules->yearly[calendar_yearly_of_day(day)];

		if (hours != NO_RULE)
			return hours;
	}
	return rules->week[calendar_weekday_of_day(day)];
}
