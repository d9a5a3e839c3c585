/*
 * calendar_cache.c
 *	  Compiled calendars, kept by the backend.
 *
 * Entries are found by the bytes of the calendar's value, so nothing has to be
 * told when a table's calendar changes: the new value is another key.  When
 * the cache is full the calendar that was used longest ago makes room.
 *
 * A call site remembers the entry that it used last.  An entry's serial number
 * changes with its contents, and entries are never freed, so the memory of a
 * call site may outlive what it points to.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "calendar/calendar.h"
#include "calendar/calendar_compile.h"

#define CACHE_ENTRIES	1024
#define CACHE_BUCKETS	2048
#define CACHE_BYTES		(32 * 1024 * 1024)

#define NO_ENTRY		(-1)

typedef struct CacheEntry
{
	uint32		hash;
	int			next;			/* in the bucket */
	uint64		serial;			/* 0 when empty */
	uint64		used;
	int			len;
	char	   *bytes;			/* in the calendar's own memory */
	CalendarCompiled *calendar;
} CacheEntry;

typedef struct CalendarCache
{
	MemoryContext mcxt;
	uint64		clock;
	int			bucket[CACHE_BUCKETS];
	CacheEntry	entry[CACHE_ENTRIES];
} CalendarCache;

/* What a call site remembers, in fn_extra. */
typedef struct CalendarSite
{
	CacheEntry *entry;
	uint64		serial;
} CalendarSite;

static CalendarCache *cache = NULL;

static void
init_cache(void)
{
	CalendarCache *made;

	made = MemoryContextAllocZero(TopMemoryContext, sizeof(CalendarCache));
	for (int i = 0; i < CACHE_BUCKETS; i++)
		made->bucket[i] = NO_ENTRY;
	made->mcxt = AllocSetContextCreate(TopMemoryContext, "leadflow calendars",
									   ALLOCSET_SMALL_SIZES);
	cache = made;
}

static void
remove_entry(CacheEntry *entry)
{
	int		   *link = &cache->bucket[entry->hash % CACHE_BUCKETS];

	while (&cache->entry[*link] != entry)
		link = &cache->entry[*link].next;
	*link = entry->next;
	entry->serial = 0;
	MemoryContextDelete(entry->calendar->mcxt);
	entry->calendar = NULL;
}

/*
 * An empty entry.  Makes room as long as the calendars take too much memory,
 * but leaves alone those that were looked up just now.
 */
static CacheEntry *
free_entry(void)
{
	for (;;)
	{
		CacheEntry *empty = NULL;
		CacheEntry *oldest = NULL;
		Size		size = 0;

		for (int i = 0; i < CACHE_ENTRIES; i++)
		{
			CacheEntry *entry = &cache->entry[i];

			if (entry->serial == 0)
			{
				if (empty == NULL)
					empty = entry;
				continue;
			}
			size += entry->calendar->size;
			if (oldest == NULL || entry->used < oldest->used)
				oldest = entry;
		}
		if (empty != NULL &&
			(size < CACHE_BYTES || oldest == NULL ||
			 oldest->used + CALENDAR_CACHE_RECENT > cache->clock))
			return empty;
		remove_entry(oldest);
	}
}

static CacheEntry *
find_entry(struct varlena *value)
{
	const char *bytes = VARDATA_ANY(value);
	int			len = VARSIZE_ANY_EXHDR(value);
	uint32		hash = hash_bytes((const unsigned char *) bytes, len);
	CacheEntry *entry;
	CalendarCompiled *calendar;
	int			bucket = hash % CACHE_BUCKETS;

	if (cache == NULL)
		init_cache();
	for (int i = cache->bucket[bucket]; i != NO_ENTRY; i = entry->next)
	{
		entry = &cache->entry[i];
		if (entry->hash == hash && entry->len == len &&
			memcmp(entry->bytes, bytes, len) == 0)
			return entry;
	}

	calendar = calendar_compile(value, cache->mcxt);
	entry = free_entry();
	entry->bytes = MemoryContextAlloc(calendar->mcxt, Max(len, 1));
	memcpy(entry->bytes, bytes, len);
	entry->len = len;
	entry->hash = hash;
	entry->calendar = calendar;
	entry->next = cache->bucket[bucket];
	entry->used = cache->clock;
	entry->serial = ++cache->clock;
	cache->bucket[bucket] = entry - cache->entry;
	return entry;
}

CalendarCompiled *
calendar_lookup(Datum cal)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(cal);
	CacheEntry *entry = find_entry(value);

	if ((Pointer) value != DatumGetPointer(cal))
		pfree(value);
	entry->used = ++cache->clock;
	return entry->calendar;
}

CalendarCompiled *
calendar_lookup_site(FunctionCallInfo fcinfo, Datum cal)
{
	struct varlena *value;
	CalendarSite *site;
	CacheEntry *entry;

	if (fcinfo->flinfo == NULL)
		return calendar_lookup(cal);
	value = PG_DETOAST_DATUM_PACKED(cal);
	site = fcinfo->flinfo->fn_extra;
	if (site != NULL && site->entry->serial == site->serial &&
		site->entry->len == (int) VARSIZE_ANY_EXHDR(value) &&
		memcmp(site->entry->bytes, VARDATA_ANY(value), site->entry->len) == 0)
		entry = site->entry;
	else
	{
		entry = find_entry(value);
		if (site == NULL)
		{
			site = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(CalendarSite));
			fcinfo->flinfo->fn_extra = site;
		}
		site->entry = entry;
		site->serial = entry->serial;
	}
	if ((Pointer) value != DatumGetPointer(cal))
		pfree(value);
	entry->used = ++cache->clock;
	return entry->calendar;
}
