/*
 * timeline.h
 *	  A timeline: when one lead came into which state.
 *
 * A stay is the time from entering a state until the next moment with another
 * state; the last one goes on.  What is told ends at an instant, upto, or else
 * with the last moment.
 */
#ifndef LEADFLOW_TIMELINE_H
#define LEADFLOW_TIMELINE_H

#include "postgres.h"

#include "calendar/calendar.h"
#include "summary/moments.h"
#include "summary/summary.h"
#include "timeline/lengths.h"
#include "timeline/state.h"

typedef struct Timeline
{
	Summary		head;
	Moments		moments;
	bool		staged;			/* words are stages */
} Timeline;

typedef struct Stay
{
	int32		word;
	TimestampTz from;
	TimestampTz to;				/* of the last: where what is told ends */
	bool		open;			/* the last, which goes on */
	int32		next;			/* place of the moment that ends it */
} Stay;

/* A value to read, in order. */
extern Timeline *timeline_get(Datum value);

/* An argument that may not be there: DT_NOEND, NULL. */
extern TimestampTz timeline_get_upto(FunctionCallInfo fcinfo, int argument);
extern CalendarCompiled *timeline_get_calendar(FunctionCallInfo fcinfo, int argument);

/* The next stay; later moments than upto do not exist.  Begin with zeroes. */
static inline bool
timeline_next_stay(const Timeline *timeline, TimestampTz upto, Stay *stay)
{
	const Moment *moment = timeline->moments.moment;
	int32		n = timeline->moments.n;
	int32		i = stay->next;

	if (i >= n || moment[i].at > upto)
		return false;
	stay->word = moment[i].word;
	stay->from = moment[i].at;
	do
		i++;
	while (i < n && moment[i].at <= upto && moment[i].word == stay->word);
	stay->open = i >= n || moment[i].at > upto;
	if (!stay->open)
		stay->to = moment[i].at;
	else
		stay->to = upto == DT_NOEND ? moment[n - 1].at : upto;
	stay->next = stay->open ? n : i;
	return true;
}

/* The length of a stay: elapsed, or with a calendar worked. */
static inline int64
stay_length(const Stay *stay, CalendarCompiled *calendar)
{
	if (calendar != NULL)
		return calendar_worktime(calendar, stay->from, stay->to);
	return length_between(stay->from, stay->to);
}

#endif							/* LEADFLOW_TIMELINE_H */
