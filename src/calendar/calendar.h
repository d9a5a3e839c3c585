/*
 * calendar.h
 *	  Working time, as a value: an IANA zone and opening hours.
 *
 * A calendar is stored as its canonical text.  To reckon with it, the text is
 * compiled once and the compiled form is kept by the backend; every function
 * below takes that form.  Instants are timestamptz, lengths are microseconds.
 */
#ifndef LEADFLOW_CALENDAR_H
#define LEADFLOW_CALENDAR_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "compat.h"

typedef struct CalendarCompiled CalendarCompiled;

/*
 * What a calendar may hold.  A text beyond these limits is refused with
 * SQLSTATE 54000.
 */
#define CALENDAR_MAX_TEXT	(256 * 1024)	/* bytes, as typed and as stored */
#define CALENDAR_MAX_RULES	10000	/* rules in one calendar */
#define CALENDAR_MAX_SPANS	48	/* spans of one day */
#define CALENDAR_MIN_YEAR	1	/* years of dated rules */
#define CALENDAR_MAX_YEAR	9999

/* Compile a calendar for use as long as mcxt lives. */
extern CalendarCompiled *calendar_compile(const struct varlena *cal,
										  MemoryContext mcxt);

/*
 * The compiled form of a calendar from the backend's cache.  It stays valid
 * while fewer than CALENDAR_CACHE_RECENT other calendars are looked up, so
 * look it up again for each row instead of keeping it.
 */
#define CALENDAR_CACHE_RECENT	16
extern CalendarCompiled *calendar_lookup(Datum cal);

/* The same for a SQL function's argument: remembers the last one per call site. */
extern CalendarCompiled *calendar_lookup_site(FunctionCallInfo fcinfo,
											  Datum cal);

/*
 * Working time in [from, to), negative when to < from.  Both must be finite;
 * an infinite bound and a result that no interval holds are errors (22008).
 */
extern int64 calendar_worktime(CalendarCompiled *c, TimestampTz from,
							   TimestampTz to);

/*
 * work > 0: the earliest instant at or after t by which that much was worked;
 * work < 0: the latest instant at or before t since which that much was
 * worked; 0: t.  Where there is none, infinity or -infinity.
 */
extern TimestampTz calendar_add(CalendarCompiled *c, TimestampTz t,
								int64 work);

/* Open at that instant?  Never at an infinite one. */
extern bool calendar_is_open(CalendarCompiled *c, TimestampTz t);

/* The day of the calendar's zone in which that instant lies, as a number. */
extern int64 calendar_local_day(CalendarCompiled *c, TimestampTz t);

/* The earliest open instant at or after t, infinity when there is none. */
extern TimestampTz calendar_next_open(CalendarCompiled *c, TimestampTz t);

/*
 * The first maximal open interval that ends after t, cut at t; its end is
 * infinity when the calendar never closes again.  False when it never opens.
 */
extern bool calendar_next_span(CalendarCompiled *c, TimestampTz t,
							   TimestampTz *start, TimestampTz *end);

#endif							/* LEADFLOW_CALENDAR_H */
