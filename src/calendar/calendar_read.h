/*
 * calendar_read.h
 *	  What the reader of a calendar's text hands to the normal form.
 */
#ifndef LEADFLOW_CALENDAR_READ_H
#define LEADFLOW_CALENDAR_READ_H

#include "calendar/calendar_rules.h"

typedef enum RuleDaysKind
{
	DAYS_WEEKDAY,				/* 0..6, may wrap */
	DAYS_YEARLY,				/* 0..365, may wrap */
	DAYS_DATED					/* days from 2000-01-01 */
} RuleDaysKind;

/* Days that a rule names, and the hours it gives them. */
typedef struct RuleDays
{
	RuleDaysKind kind;
	int32		first;
	int32		last;
	int			hours;
} RuleDays;

typedef struct RuleDate
{
	bool		has_year;
	int			year;			/* 0 without a year */
	int			month;
	int			mday;
} RuleDate;

typedef struct RuleReader
{
	struct Node *escontext;
	/* the rule being read */
	int			number;
	const char *rule;
	const char *end;
	const char *p;
	/* what was read */
	int			ndays;
	int			maxdays;
	RuleDays   *days;
	int			nhours;
	int			maxhours;
	CalendarHours *hours;
} RuleReader;

extern bool calendar_read_rules(RuleReader *rd, const char *text);
extern bool calendar_too_big(struct Node *escontext, const char *what,
							 int limit);

#endif							/* LEADFLOW_CALENDAR_READ_H */
