/*
 * zone.h
 *	  The clock changes of a time zone, and local time as PostgreSQL resolves
 *	  it.  Local times are microseconds like instants, without an offset.
 */
#ifndef LEADFLOW_ZONE_H
#define LEADFLOW_ZONE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

/* The Gregorian calendar repeats after 400 years, weekdays included. */
#define CYCLE_DAYS		INT64CONST(146097)
#define CYCLE_USECS		(CYCLE_DAYS * USECS_PER_DAY)

/* An instant from which on the offset from UTC is another one. */
typedef struct ZoneChange
{
	TimestampTz at;
	int64		offset;
} ZoneChange;

typedef struct Zone
{
	pg_tz	   *tz;
	int64		first_offset;	/* before the first change */
	int			nchanges;
	ZoneChange *changes;
	TimestampTz steady;			/* from here on changes repeat every cycle */
} Zone;

/* A change seen from before and after. */
typedef struct ClockChange
{
	TimestampTz at;
	int64		before;
	int64		after;
} ClockChange;

/* Local times that are far from any change, and their offset. */
typedef struct ZoneCalm
{
	int64		from;
	int64		to;
	int64		offset;
} ZoneCalm;

extern const Zone *calendar_zone_lookup(pg_tz *tz);
extern int64 calendar_zone_offset(const Zone *zone, TimestampTz t);
extern TimestampTz calendar_zone_resolve(const Zone *zone, int64 local, ZoneCalm *calm);
extern bool calendar_zone_next_change(const Zone *zone, TimestampTz t,
									  ClockChange *change);

#endif							/* LEADFLOW_ZONE_H */
