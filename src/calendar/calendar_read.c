/*
 * calendar_read.c
 *	  Read a calendar's text.
 *
 *		calendar := zone { ";" rule }
 *		rule	 := "24/7" | [ days { "," days } ] hours
 *		days	 := weekday [ "-" weekday ]
 *				  | date [ "-" date ] | isodate [ ( "-" | ".." ) isodate ]
 *		date	 := [ year ] month day
 *		hours	 := "off" | time "-" time { "," time "-" time }
 *
 * A date's end may leave out what it shares with the start ("Dec 25-26"), and
 * so may the next day of a list ("Dec 25,26").  Hours without days are those
 * of every weekday.  The rules are brought into normal form: weekdays and days
 * of every year are tables, dates of one year a list of runs.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"

#include "calendar/calendar.h"
#include "calendar/calendar_rules.h"
#include "calendar/calendar_read.h"
#include "leadflow.h"

static const char *const weekday_names[7] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
};

static const char *const month_names[12] = {
	"january", "february", "march", "april", "may", "june", "july", "august",
	"september", "october", "november", "december"
};

/* Report what is wrong with the rule being read; always false. */
static bool
bad_rule(RuleReader *rd, const char *detail, const char *hint)
{
	errsave(rd->escontext,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid calendar rule: \"%s\"",
					excerpt(rd->rule, rd->end - rd->rule)),
			 errdetail("Rule %d: %s.", rd->number, detail),
			 hint ? errhint("%s", hint) : 0));
	return false;
}

/* Report a limit that the calendar passes; always false. */
bool
calendar_too_big(struct Node *escontext, const char *what, int limit)
{
	errsave(escontext,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("calendar has too many %s", what),
			 errdetail("The limit is %d.", limit)));
	return false;
}

static void
skip_space(RuleReader *rd)
{
	while (rd->p < rd->end && isspace((unsigned char) *rd->p))
		rd->p++;
}

/* Take one character if it comes next. */
static bool
take(RuleReader *rd, char c)
{
	skip_space(rd);
	if (rd->p < rd->end && *rd->p == c)
	{
		rd->p++;
		return true;
	}
	return false;
}

/* How many digits come next. */
static int
digits_ahead(const RuleReader *rd, const char *p)
{
	const char *q = p;

	while (q < rd->end && isdigit((unsigned char) *q))
		q++;
	return q - p;
}

/* Take a number of at most four digits; -1 if none comes next. */
static int
take_number(RuleReader *rd)
{
	int			n = digits_ahead(rd, rd->p);
	int			value = 0;

	if (n == 0 || n > 4)
		return -1;
	while (n-- > 0)
		value = value * 10 + (*rd->p++ - '0');
	return value;
}

/* Does a time of day come next? */
static bool
time_ahead(const RuleReader *rd)
{
	int			n = digits_ahead(rd, rd->p);

	return n > 0 && rd->p + n < rd->end && rd->p[n] == ':';
}

/* Does an ISO date come next? */
static bool
iso_ahead(const RuleReader *rd)
{
	return digits_ahead(rd, rd->p) == 4 && rd->end - rd->p >= 10 &&
		rd->p[4] == '-' && digits_ahead(rd, rd->p + 5) == 2 &&
		rd->p[7] == '-' && digits_ahead(rd, rd->p + 8) == 2;
}

/* The word that comes next, in lower case; empty if it is none we know. */
static int
take_word(RuleReader *rd, char *word, int size)
{
	const char *q = rd->p;
	int			n = 0;

	while (q < rd->end && isalpha((unsigned char) *q))
	{
		if (n < size - 1)
			word[n++] = pg_tolower((unsigned char) *q);
		q++;
	}
	word[n] = '\0';
	if (q - rd->p != n)
		word[0] = '\0';
	rd->p = q;
	return n;
}

/* Monday is 0; -1 if the word is no weekday. */
static int
weekday_from_word(const char *word)
{
	size_t		n = strlen(word);

	for (int i = 0; i < 7; i++)
	{
		if ((n == 2 || n == 3 || n == strlen(weekday_names[i])) &&
			strncmp(word, weekday_names[i], n) == 0)
			return i;
	}
	return -1;
}

/* January is 1; -1 if the word is no month. */
static int
month_from_word(const char *word)
{
	size_t		n = strlen(word);

	for (int i = 0; i < 12; i++)
	{
		if ((n == 3 || n == strlen(month_names[i]) || strcmp(word, "sept") == 0) &&
			strncmp(word, month_names[i], n) == 0)
			return i + 1;
	}
	return -1;
}

static bool
bad_word(RuleReader *rd, const char *word)
{
	if (strcmp(word, "ph") == 0 || strcmp(word, "sh") == 0)
		return bad_rule(rd, "a calendar does not know public or school holidays by name",
						"Write the dates, or add them with with_holidays(calendar, date[]).");
	return bad_rule(rd, "a weekday, a date or hours were expected",
					"Weekdays are Mo, Tu, We, Th, Fr, Sa, Su; dates are Dec 25 or 2026 Dec 24.");
}

/* Is that a day of the calendar?  Year 0 stands for every year. */
static bool
check_date(RuleReader *rd, const RuleDate *date)
{
	if (date->has_year && (date->year < CALENDAR_MIN_YEAR ||
						   date->year > CALENDAR_MAX_YEAR))
		return bad_rule(rd, psprintf("years run from %04d to %d",
									 CALENDAR_MIN_YEAR, CALENDAR_MAX_YEAR), NULL);
	if (date->month < 1 || date->month > 12)
		return bad_rule(rd, psprintf("there is no month %d", date->month), NULL);
	if (date->mday < 1 || date->mday > calendar_days_in_month(date->year, date->month))
	{
		if (date->has_year)
			return bad_rule(rd, psprintf("there is no day %d in %04d-%02d",
										 date->mday, date->year, date->month), NULL);
		return bad_rule(rd, psprintf("there is no day %d in month %d",
									 date->mday, date->month), NULL);
	}
	return true;
}

/*
 * Read a date.  shared is the date whose month and year a bare day takes, or
 * NULL; in a range the end also takes the year of its start.
 */
static bool
read_date(RuleReader *rd, const RuleDate *shared, bool is_end, RuleDate *date)
{
	char		word[16];

	memset(date, 0, sizeof(*date));
	skip_space(rd);
	if (iso_ahead(rd))
	{
		date->has_year = true;
		date->year = take_number(rd);
		rd->p++;
		date->month = take_number(rd);
		rd->p++;
		date->mday = take_number(rd);
		return check_date(rd, date);
	}

	if (rd->p < rd->end && isdigit((unsigned char) *rd->p))
	{
		int			n = digits_ahead(rd, rd->p);

		if (n <= 2 && shared != NULL && !time_ahead(rd))
		{
			*date = *shared;
			date->mday = take_number(rd);
			return check_date(rd, date);
		}
		if (n != 4 || time_ahead(rd))
			return bad_rule(rd, "a year of four digits or a month was expected",
							"Dates are Dec 25, 2026 Dec 24 or 2026-12-24.");
		date->has_year = true;
		date->year = take_number(rd);
		skip_space(rd);
	}

	take_word(rd, word, sizeof(word));
	date->month = month_from_word(word);
	if (date->month < 0)
		return bad_rule(rd, "a month was expected",
						"Months are Jan, Feb, Mar, Apr, May, Jun, Jul, Aug, Sep, Oct, Nov, Dec.");
	skip_space(rd);
	if (time_ahead(rd) || (date->mday = take_number(rd)) < 0)
		return bad_rule(rd, "the day of the month is missing",
						"Name the days, also for a whole month: Aug 1-31.");
	if (!date->has_year && shared != NULL && shared->has_year)
	{
		if (!is_end)
			return bad_rule(rd, "in a list, a date without a year follows one with a year",
							"Write the year with every date, or use a rule for each kind.");
		date->has_year = true;
		date->year = shared->year;
	}
	return check_date(rd, date);
}

/* Remember that the rule names these days. */
static void
add_days(RuleReader *rd, RuleDaysKind kind, int first, int last)
{
	if (rd->ndays >= rd->maxdays)
	{
		rd->maxdays *= 2;
		rd->days = repalloc(rd->days, rd->maxdays * sizeof(RuleDays));
	}
	rd->days[rd->ndays].kind = kind;
	rd->days[rd->ndays].first = first;
	rd->days[rd->ndays].last = last;
	rd->days[rd->ndays].hours = HOURS_OFF;
	rd->ndays++;
}

/* Read a date or a range of dates. */
static bool
read_dates(RuleReader *rd, RuleDate *shared, bool has_shared)
{
	RuleDate	first;
	RuleDate	last;
	int			from,
				to;

	if (!read_date(rd, has_shared ? shared : NULL, false, &first))
		return false;
	last = first;
	skip_space(rd);
	if (rd->end - rd->p >= 2 && rd->p[0] == '.' && rd->p[1] == '.')
	{
		rd->p += 2;
		if (!read_date(rd, &first, true, &last))
			return false;
	}
	else if (take(rd, '-'))
	{
		if (!read_date(rd, &first, true, &last))
			return false;
	}
	*shared = last;

	if (first.has_year != last.has_year)
		return bad_rule(rd, "a range has a year at one end only",
						"Write the year at its start, as in 2026 Dec 30-2027 Jan 2.");
	if (first.has_year)
	{
		from = calendar_day_from_date(first.year, first.month, first.mday);
		to = calendar_day_from_date(last.year, last.month, last.mday);
		if (from > to)
			return bad_rule(rd, "a range of dates ends before it starts",
							"A range over the turn of the year names both years: 2026 Dec 30-2027 Jan 2.");
		add_days(rd, DAYS_DATED, from, to);
	}
	else
	{
		from = calendar_yearly_from_date(first.month, first.mday);
		to = calendar_yearly_from_date(last.month, last.mday);
		if (from > to && first.month == last.month)
			return bad_rule(rd, "a range of dates ends before it starts", NULL);
		add_days(rd, DAYS_YEARLY, from, to);
	}
	return true;
}

/* Read the days that a rule names, up to its hours. */
static bool
read_days(RuleReader *rd)
{
	RuleDate	shared;
	bool		has_shared = false;

	do
	{
		const char *start;
		char		word[16];
		int			first,
					last;

		skip_space(rd);
		start = rd->p;
		if (rd->p < rd->end && isalpha((unsigned char) *rd->p))
		{
			take_word(rd, word, sizeof(word));
			first = weekday_from_word(word);
			if (first >= 0)
			{
				last = first;
				if (take(rd, '-'))
				{
					skip_space(rd);
					take_word(rd, word, sizeof(word));
					last = weekday_from_word(word);
					if (last < 0)
						return bad_rule(rd, "a range of weekdays does not end with a weekday", NULL);
				}
				add_days(rd, DAYS_WEEKDAY, first, last);
				has_shared = false;
				continue;
			}
			if (month_from_word(word) < 0)
				return bad_word(rd, word);
			rd->p = start;
		}
		if (!read_dates(rd, &shared, has_shared))
			return false;
		has_shared = true;
	} while (take(rd, ','));
	return true;
}

/* Read HH:MM[:SS] as seconds from midnight. */
static bool
read_time(RuleReader *rd, int *seconds)
{
	const char *start;
	int			part[3] = {0, 0, 0};

	skip_space(rd);
	start = rd->p;
	for (int i = 0; i < 3; i++)
	{
		int			n = digits_ahead(rd, rd->p);

		if (i > 0 && (rd->p >= rd->end || *rd->p != ':'))
		{
			if (i == 2)
				break;
			return bad_rule(rd, "a time was expected",
							"Times are HH:MM or HH:MM:SS, as in 09:00-17:00.");
		}
		if (i > 0)
		{
			rd->p++;
			n = digits_ahead(rd, rd->p);
		}
		if (n != 2 && !(i == 0 && n == 1))
			return bad_rule(rd, "a time was expected",
							"Times are HH:MM or HH:MM:SS, as in 09:00-17:00.");
		part[i] = take_number(rd);
	}
	*seconds = part[0] * 3600 + part[1] * 60 + part[2];
	if (part[1] > 59 || part[2] > 59 || *seconds > SECS_PER_DAY)
		return bad_rule(rd, psprintf("\"%s\" is not a time of day", excerpt(start, rd->p - start)),
						part[0] >= 24 && part[1] < 60 && part[2] < 60 ?
						"Hours after midnight are written as an end before the start: 22:00-02:00." : NULL);
	return true;
}

static int
compare_spans(const void *a, const void *b)
{
	const CalendarSpan *x = a;
	const CalendarSpan *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : (x->end > y->end ? 1 : 0);
}

/* Read the hours of a rule into hours that nothing else uses. */
static bool
read_hours(RuleReader *rd, CalendarHours *hours)
{
	CalendarSpan spans[CALENDAR_MAX_SPANS];
	int			n = 0;
	int			merged = 0;

	hours->nspans = 0;
	hours->spans = NULL;
	skip_space(rd);
	if (rd->p < rd->end && isalpha((unsigned char) *rd->p))
	{
		char		word[16];

		take_word(rd, word, sizeof(word));
		if (strcmp(word, "off") == 0 || strcmp(word, "closed") == 0)
			return true;
		return bad_word(rd, word);
	}
	if (!time_ahead(rd))
		return bad_rule(rd, "the hours are missing",
						"Hours are off, or times such as 09:00-12:30,13:00-17:00.");
	do
	{
		CalendarSpan span;

		if (n >= CALENDAR_MAX_SPANS)
			return calendar_too_big(rd->escontext, "spans in a day", CALENDAR_MAX_SPANS);
		if (!read_time(rd, &span.start))
			return false;
		if (span.start == SECS_PER_DAY)
			return bad_rule(rd, "24:00 can only end a span", NULL);
		if (!take(rd, '-'))
			return bad_rule(rd, "a span has no end",
							"Times are HH:MM or HH:MM:SS, as in 09:00-17:00.");
		if (!read_time(rd, &span.end))
			return false;
		if (span.end <= span.start)
			span.end += SECS_PER_DAY;
		spans[n++] = span;
	} while (take(rd, ','));

	qsort(spans, n, sizeof(CalendarSpan), compare_spans);
	for (int i = 1; i < n; i++)
	{
		if (spans[i].start <= spans[merged].end)
			spans[merged].end = Max(spans[merged].end, spans[i].end);
		else
			spans[++merged] = spans[i];
	}
	hours->nspans = merged + 1;
	hours->spans = palloc(hours->nspans * sizeof(CalendarSpan));
	memcpy(hours->spans, spans, hours->nspans * sizeof(CalendarSpan));
	return true;
}

/* Read the rule that lies between rule and end. */
static bool
read_rule(RuleReader *rd)
{
	int			first_days = rd->ndays;

	rd->p = rd->rule;
	if (rd->nhours >= rd->maxhours)
	{
		rd->maxhours *= 2;
		rd->hours = repalloc(rd->hours, rd->maxhours * sizeof(CalendarHours));
	}
	if (rd->end - rd->p == 4 && strncmp(rd->p, "24/7", 4) == 0)
	{
		CalendarHours *hours = &rd->hours[rd->nhours];

		hours->nspans = 1;
		hours->spans = palloc(sizeof(CalendarSpan));
		hours->spans[0].start = 0;
		hours->spans[0].end = SECS_PER_DAY;
		add_days(rd, DAYS_WEEKDAY, 0, 6);
		rd->p = rd->end;
	}
	else
	{
		bool		only_hours = time_ahead(rd);

		if (!only_hours && isalpha((unsigned char) *rd->p))
		{
			char		word[16];

			take_word(rd, word, sizeof(word));
			only_hours = strcmp(word, "off") == 0 || strcmp(word, "closed") == 0;
			rd->p = rd->rule;
		}
		if (only_hours)
			add_days(rd, DAYS_WEEKDAY, 0, 6);
		else if (!read_days(rd))
			return false;
		if (!read_hours(rd, &rd->hours[rd->nhours]))
			return false;
		skip_space(rd);
		if (rd->p < rd->end)
		{
			if (*rd->p == '+')
				return bad_rule(rd, "a span has no end", NULL);
			return bad_rule(rd, psprintf("\"%s\" after the hours is not understood",
										 excerpt(rd->p, rd->end - rd->p)),
							"Rules are separated by semicolons.");
		}
	}

	for (int i = first_days; i < rd->ndays; i++)
		rd->days[i].hours = rd->nhours;
	rd->nhours++;
	return true;
}

/*
 * Read the rules that follow the zone; false after a soft error.
 */
bool
calendar_read_rules(RuleReader *rd, const char *text)
{
	rd->number = 0;
	rd->ndays = 0;
	rd->maxdays = 32;
	rd->days = palloc(rd->maxdays * sizeof(RuleDays));
	rd->maxhours = 16;
	rd->hours = palloc(rd->maxhours * sizeof(CalendarHours));
	rd->hours[HOURS_OFF].nspans = 0;
	rd->hours[HOURS_OFF].spans = NULL;
	rd->nhours = 1;

	while (*text != '\0')
	{
		const char *end = strchr(text, ';');
		const char *next = end ? end + 1 : text + strlen(text);

		CHECK_FOR_INTERRUPTS();
		if (end == NULL)
			end = next;
		while (text < end && isspace((unsigned char) *text))
			text++;
		while (end > text && isspace((unsigned char) end[-1]))
			end--;
		rd->rule = text;
		rd->end = end;
		rd->number++;
		if (text == end)
		{
			/* nothing after the last semicolon is no rule */
			if (*next == '\0' && rd->number > 1)
				break;
			return bad_rule(rd, "the rule is empty", NULL);
		}
		if (rd->number > CALENDAR_MAX_RULES)
			return calendar_too_big(rd->escontext, "rules", CALENDAR_MAX_RULES);
		if (!read_rule(rd))
			return false;
		text = next;
	}
	return true;
}
