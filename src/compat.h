/*
 * compat.h
 *	  Every difference between PostgreSQL 14 and 18 that leadflow meets.
 */
#ifndef LEADFLOW_COMPAT_H
#define LEADFLOW_COMPAT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/sortsupport.h"

#if PG_VERSION_NUM < 140000
#error "leadflow needs PostgreSQL 14 or later"
#endif

#ifndef HAVE_INT128
#error "leadflow needs a compiler with integers of 128 bits"
#endif

/* 16: the macros of variable-length values moved out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: an input function can hand its error back instead of raising it. */
#if PG_VERSION_NUM < 160000
#define errsave(context, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#endif

/* 16: what the JSON parser calls says how it fared; 17: the parser's state may
 * be the caller's. */
#if PG_VERSION_NUM >= 160000
#define CompatJsonResult JsonParseErrorType
#define COMPAT_JSON_RETURN(ok) return (ok) ? JSON_SUCCESS : JSON_SEM_ACTION_FAILED
#define compat_parse_json(lex, sem, escontext) \
	pg_parse_json_or_errsave(lex, sem, escontext)
#else
#define CompatJsonResult void
#define COMPAT_JSON_RETURN(ok) do { (void) (ok); return; } while (0)
#define compat_parse_json(lex, sem, escontext) \
	(pg_parse_json_or_ereport(lex, sem), true)
#endif
#if PG_VERSION_NUM >= 170000
#define compat_json_lex(json, len) \
	makeJsonLexContextCstringLen(NULL, json, len, GetDatabaseEncoding(), true)
#else
#define compat_json_lex(json, len) \
	makeJsonLexContextCstringLen(json, len, GetDatabaseEncoding(), true)
#endif

/* 15: sorting has a comparator for unsigned abbreviated keys. */
#if PG_VERSION_NUM < 150000
static inline int
ssup_datum_unsigned_cmp(Datum x, Datum y, SortSupport ssup)
{
	return (x > y) - (x < y);
}
#endif

/* 15: a set-returning function gets its tuplestore in one call. */
#if PG_VERSION_NUM < 150000
static inline void
InitMaterializedSRF(FunctionCallInfo fcinfo, bits32 flags)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext oldcxt;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	oldcxt = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &result->setDesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0,
											  false, work_mem);
	MemoryContextSwitchTo(oldcxt);
}
#endif

/* 15: a prefix of settings can be reserved for its extension. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/*
 * 17, and minor versions of those before: without it, a setting of the database
 * is lost where a parallel worker is the first to load the module.
 */
#ifndef GUC_ALLOW_IN_PARALLEL
#define GUC_ALLOW_IN_PARALLEL 0
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

/* 16: a member of a role may be one that cannot become it. */
#if PG_VERSION_NUM >= 160000
#define compat_can_become(member, role) member_can_set_role(member, role)
#else
#define compat_can_become(member, role) is_member_of_role(member, role)
#endif

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

/* 18: the mark of a function that does not return stands before it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 18: where a column lies in a tuple is kept beside its pg_attribute row. */
#if PG_VERSION_NUM >= 180000
#define compat_attcacheoff(desc, i) (TupleDescCompactAttr(desc, i)->attcacheoff)
#else
#define compat_attcacheoff(desc, i) (TupleDescAttr(desc, i)->attcacheoff)
#endif

/* 18: a generated column may have no value in the tuple. */
#if PG_VERSION_NUM >= 180000
#define compat_column_is_virtual(relid, attnum) \
	(get_attgenerated(relid, attnum) == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define compat_column_is_virtual(relid, attnum) (false)
#endif

#endif							/* LEADFLOW_COMPAT_H */
