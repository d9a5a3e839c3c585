/*
 * compat.h
 *	  Every difference between PostgreSQL 14 and 18 that leadflow meets.
 */
#ifndef LEADFLOW_COMPAT_H
#define LEADFLOW_COMPAT_H

#include "postgres.h"

#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/rangetypes.h"
#include "utils/sortsupport.h"

#if PG_VERSION_NUM < 140000
#error "leadflow needs PostgreSQL 14 or later"
#endif

/* 16: the macros of variable-length values moved out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: an input function can hand its error back instead of raising it. */
#if PG_VERSION_NUM >= 160000
#define compat_errsave(context, ...) errsave(context, __VA_ARGS__)
#else
#define compat_errsave(context, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#endif

/* 15: sorting has a comparator for unsigned abbreviated keys. */
#if PG_VERSION_NUM < 150000
static inline int
ssup_datum_unsigned_cmp(Datum x, Datum y, SortSupport ssup)
{
	return (x > y) - (x < y);
}
#endif

/* 15: a prefix of settings can be reserved for its extension. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 16: the macros of varlena values have a header of their own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: input functions can report an error softly. */
#if PG_VERSION_NUM < 160000
#define errsave(context, ...) ereport(ERROR, __VA_ARGS__)
#endif

/* 16: making a range can report an error softly. */
static inline RangeType *
compat_make_range(TypeCacheEntry *typcache, RangeBound *lower,
				  RangeBound *upper)
{
#if PG_VERSION_NUM >= 160000
	return make_range(typcache, lower, upper, false, NULL);
#else
	return make_range(typcache, lower, upper, false);
#endif
}

/* 17: an interval can be infinite. */
#if PG_VERSION_NUM >= 170000
#define compat_interval_not_finite(i) INTERVAL_NOT_FINITE(i)
#else
#define compat_interval_not_finite(i) (false)
#endif

/* 16: errors of date and time decoding carry an extra argument. */
static inline int
compat_decode_datetime(char **field, int *ftype, int nf, int *dtype,
					   struct pg_tm *tm, fsec_t *fsec, int *tz)
{
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra extra;

	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz, &extra);
#else
	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz);
#endif
}

#endif							/* LEADFLOW_COMPAT_H */
