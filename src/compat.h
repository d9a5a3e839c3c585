/*
 * compat.h
 *	  Every difference between PostgreSQL 14 and 18 that leadflow meets.
 */
#ifndef LEADFLOW_COMPAT_H
#define LEADFLOW_COMPAT_H

#include "postgres.h"

#include "utils/datetime.h"
#include "utils/guc.h"
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

/* 15: a set-returning function gets its tuplestore in one call; 16 renames it. */
#if PG_VERSION_NUM >= 160000
#define compat_init_materialized_srf(fcinfo) InitMaterializedSRF(fcinfo, 0)
#elif PG_VERSION_NUM >= 150000
#define compat_init_materialized_srf(fcinfo) SetSingleFuncCall(fcinfo, 0)
#else
extern void compat_init_materialized_srf(FunctionCallInfo fcinfo);
#endif

/* 15: a prefix of settings can be reserved for its extension. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
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

/* 16: an index can be skipped where only summaries need an update. */
#if PG_VERSION_NUM >= 160000
#define compat_insert_index_tuples(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL, false)
#else
#define compat_insert_index_tuples(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL)
#endif

/* 17: the sequence of an identity column is asked of the relation; an index
 * may keep something open between inserts. */
#if PG_VERSION_NUM >= 170000
#define compat_identity_sequence(rel, attnum) getIdentitySequence(rel, attnum, false)
#define compat_index_insert_cleanup(index, info) index_insert_cleanup(index, info)
#else
#define compat_identity_sequence(rel, attnum) \
	getIdentitySequence(RelationGetRelid(rel), attnum, false)
#define compat_index_insert_cleanup(index, info) ((void) 0)
#endif

#endif							/* LEADFLOW_COMPAT_H */
