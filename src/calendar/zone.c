/*
 * zone.c
 *	  The clock changes of a time zone, and local time as PostgreSQL resolves
 *	  it.
 *
 * PostgreSQL can only be asked for the next change after an instant.  The
 * changes are fetched once for each zone and kept for the session, up to a
 * year by which every zone has settled; from the settled part on they repeat
 * every 400 years, so later instants are looked up a whole number of cycles
 * earlier.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "calendar/calendar_rules.h"
#include "calendar/zone.h"

#define UNIX_EPOCH_SECS \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

/* Changes are fetched up to 3002; instants from 3000 on are looked up earlier. */
#define FETCH_DAYS		366000
#define FETCH_LIMIT		(FETCH_DAYS * USECS_PER_DAY)
#define LOOKUP_LIMIT	(FETCH_LIMIT - 730 * USECS_PER_DAY)

/* So far from a change the offset is certain, whatever it is. */
#define CALM_DISTANCE	(3 * USECS_PER_DAY)

typedef struct ZoneEntry
{
	pg_tz	   *tz;				/* hash key */
	Zone	   *zone;			/* NULL until it is complete */
} ZoneEntry;

static HTAB *zones = NULL;

static pg_time_t
secs_from_instant(TimestampTz t)
{
	int64		secs = t / USECS_PER_SEC;

	if (t % USECS_PER_SEC < 0)
		secs--;
	return secs + UNIX_EPOCH_SECS;
}

/* From where on do the changes repeat? */
static TimestampTz
find_steady(const Zone *zone)
{
	int			n = zone->nchanges;
	int			later = n - 1;
	int			earlier = n - 1;
	TimestampTz steady;

	if (n == 0)
		return 0;
	while (earlier >= 0 &&
		   zone->changes[earlier].at >= FETCH_LIMIT - CYCLE_USECS)
		earlier--;
	steady = zone->changes[n - 1].at;
	while (earlier >= 0 &&
		   zone->changes[earlier].at + CYCLE_USECS == zone->changes[later].at &&
		   zone->changes[earlier].offset == zone->changes[later].offset)
	{
		steady = zone->changes[earlier].at;
		earlier--;
		later--;
	}
	return steady;
}

static Zone *
fetch_zone(pg_tz *tz)
{
	Zone	   *zone;
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	ZoneChange *changes;
	int			n = 0;
	int			max = 512;
	int64		first_offset = 0;
	pg_time_t	at = secs_from_instant(MIN_TIMESTAMP);

	changes = palloc(max * sizeof(ZoneChange));
	for (;;)
	{
		long int	before = 0;
		long int	after = 0;
		int			before_isdst;
		int			after_isdst;
		pg_time_t	boundary;
		int			found;

		found = pg_next_dst_boundary(&at, &before, &before_isdst, &boundary,
									 &after, &after_isdst, tz);
		if (n == 0)
			first_offset = before * USECS_PER_SEC;
		if (found != 1 || boundary <= at ||
			boundary >= secs_from_instant(FETCH_LIMIT))
			break;
		if (n >= max)
		{
			max *= 2;
			changes = repalloc(changes, max * sizeof(ZoneChange));
		}
		changes[n].at = (boundary - UNIX_EPOCH_SECS) * USECS_PER_SEC;
		changes[n].offset = after * USECS_PER_SEC;
		n++;
		at = boundary;
	}

	zone = palloc0(sizeof(Zone));
	zone->tz = tz;
	zone->first_offset = first_offset;
	zone->nchanges = n;
	zone->changes = repalloc(changes, Max(n, 1) * sizeof(ZoneChange));
	zone->steady = find_steady(zone);
	MemoryContextSwitchTo(old);
	return zone;
}

const Zone *
calendar_zone_lookup(pg_tz *tz)
{
	ZoneEntry  *entry;
	bool		found;

	if (zones == NULL)
	{
		HASHCTL		ctl;

		ctl.keysize = sizeof(pg_tz *);
		ctl.entrysize = sizeof(ZoneEntry);
		zones = hash_create("leadflow time zones", 16, &ctl,
							HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(zones, &tz, HASH_ENTER, &found);
	if (!found)
		entry->zone = NULL;
	if (entry->zone == NULL)
		entry->zone = fetch_zone(tz);
	return entry->zone;
}

/* How many whole cycles earlier the changes around t are known. */
static inline int64
cycles_back(TimestampTz t)
{
	return t < LOOKUP_LIMIT ? 0 : (t - LOOKUP_LIMIT) / CYCLE_USECS + 1;
}

/* The number of the first change after t. */
static inline int
find_change(const Zone *zone, TimestampTz t)
{
	int			lo = 0;
	int			hi = zone->nchanges;

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (zone->changes[mid].at <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static inline int64
offset_before(const Zone *zone, int i)
{
	return i > 0 ? zone->changes[i - 1].offset : zone->first_offset;
}

/* The offset from UTC at an instant. */
int64
calendar_zone_offset(const Zone *zone, TimestampTz t)
{
	t -= cycles_back(t) * CYCLE_USECS;
	return offset_before(zone, find_change(zone, t));
}

/* The first change after t. */
bool
calendar_zone_next_change(const Zone *zone, TimestampTz t, ClockChange *change)
{
	int64		cycles = cycles_back(t);
	int			i = find_change(zone, t - cycles * CYCLE_USECS);

	if (i >= zone->nchanges)
		return false;
	change->at = zone->changes[i].at + cycles * CYCLE_USECS;
	change->before = offset_before(zone, i);
	change->after = zone->changes[i].offset;
	return true;
}

/* Find the calm times around a local time; none if a change is near. */
static void
find_calm(const Zone *zone, int64 local, ZoneCalm *calm)
{
	int64		shift = cycles_back(local) * CYCLE_USECS;
	int			i = find_change(zone, local - shift);

	calm->from = local;
	calm->to = local;
	calm->offset = offset_before(zone, i);
	if (i > 0 && local - shift < zone->changes[i - 1].at + CALM_DISTANCE)
		return;
	if (i >= zone->nchanges)
		calm->to = local + CALM_DISTANCE;
	else
		calm->to = zone->changes[i].at + shift - CALM_DISTANCE;
}

/*
 * The instant of a local time.  As DetermineTimeZoneOffset of PostgreSQL has
 * it, only the first change after the day before counts; a time that the
 * change skips or repeats has the offset before a gap and after an overlap.
 * The caller keeps *calm, at first all zero, from one call to the next.
 */
TimestampTz
calendar_zone_resolve(const Zone *zone, int64 local, ZoneCalm *calm)
{
	ClockChange change;
	TimestampTz before;
	TimestampTz after;

	if (local < calm->from || local >= calm->to)
		find_calm(zone, local, calm);
	if (local < calm->to)
		return local - calm->offset;
	if (!calendar_zone_next_change(zone, local - USECS_PER_DAY, &change))
		return local - calendar_zone_offset(zone, local);
	before = local - change.before;
	after = local - change.after;
	if (before < change.at && after < change.at)
		return before;
	if (before > change.at && after >= change.at)
		return after;
	return before > after ? before : after;
}
