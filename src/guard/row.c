/*
 * row.c
 *	  Rows of a workspace's tables: found by their numbers, and compared.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "guard/row.h"
#include "guard/statement.h"
#include "rulebook/owner.h"

/* Is this a short value that is stored in the row itself? */
static bool
is_short(Datum value)
{
	return VARATT_IS_SHORT(DatumGetPointer(value)) && !VARATT_IS_EXTERNAL(DatumGetPointer(value));
}

/* Do two rows hold the same value in a column? */
bool
same_column(TupleTableSlot *a, TupleTableSlot *b, AttrNumber attnum)
{
	Form_pg_attribute attribute = TupleDescAttr(a->tts_tupleDescriptor, attnum - 1);
	bool		a_isnull;
	bool		b_isnull;
	Datum		a_value = slot_getattr(a, attnum, &a_isnull);
	Datum		b_value = slot_getattr(b, attnum, &b_isnull);

	if (a_isnull || b_isnull)
		return a_isnull == b_isnull;
	if (attribute->attlen == -1 && is_short(a_value) && is_short(b_value))
		return VARSIZE_SHORT(DatumGetPointer(a_value)) == VARSIZE_SHORT(DatumGetPointer(b_value)) &&
			memcmp(DatumGetPointer(a_value), DatumGetPointer(b_value),
				   VARSIZE_SHORT(DatumGetPointer(a_value))) == 0;
	return datum_image_eq(a_value, b_value, attribute->attbyval, attribute->attlen);
}

/* The stored row with that id, as an index finds it; NULL if there is none. */
HeapTuple
fetch_by_id(Rulebook *rulebook, ObjectRules *rules, Relation rel, int64 id)
{
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	rulebook_check_object(rulebook, rules, RelationGetDescr(rel));
	ScanKeyInit(&key, rules->fields[FIELD_ID], BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(id));
	scan = systable_beginscan(rel, rules->id_index,
							  OidIsValid(rules->id_index) && rulebook->valid,
							  GetActiveSnapshot(), 1, &key);
	tuple = heap_copytuple(systable_getnext(scan));
	systable_endscan(scan);
	return tuple;
}

/* The row of a table with that id, read with the present user's rights; NULL if there is none. */
HeapTuple
find_row(Rulebook *rulebook, Oid relid, int64 id)
{
	StringInfoData sql;
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	HeapTupleHeader header;
	HeapTupleData tuple;
	HeapTuple	copy = NULL;
	MemoryContext caller = CurrentMemoryContext;
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT o FROM %s.%s o WHERE o.id OPERATOR(pg_catalog.=) $1",
					 rulebook->schema, quote_identifier(get_rel_name(relid)));
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read workspace %s", rulebook->schema);
	if (SPI_processed > 0)
	{
		header = DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[0],
													   SPI_tuptable->tupdesc, 1, &isnull));
		tuple.t_len = HeapTupleHeaderGetDatumLength(header);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = relid;
		tuple.t_data = header;
		MemoryContextSwitchTo(caller);
		copy = heap_copytuple(&tuple);
	}
	SPI_finish();
	return copy;
}

/* The same of a row that must be there. */
HeapTuple
read_row(Rulebook *rulebook, ObjectRules *rules, int64 id)
{
	HeapTuple	tuple = find_row(rulebook, rules->relid, id);

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("workspace %s has no %s " INT64_FORMAT,
						rulebook->schema, object_name(rules->kind), id)));
	return tuple;
}

/* May whoever acts read the row with that id?  Row security may hide it. */
bool
may_read_row(Rulebook *rulebook, Oid relid, int64 id)
{
	OwnerState	state;
	bool		found;

	if (check_enable_rls(relid, acting_user(), true) != RLS_ENABLED)
		return true;
	if (pg_class_aclcheck(relid, acting_user(), ACL_SELECT) != ACLCHECK_OK)
		return false;
	become_owner(acting_user(), rulebook->schema, &state);
	found = HeapTupleIsValid(find_row(rulebook, relid, id));
	become_self(&state);
	return found;
}
