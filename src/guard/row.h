/*
 * row.h
 *	  Rows of a workspace's tables: found by their numbers, and compared.
 */
#ifndef LEADFLOW_ROW_H
#define LEADFLOW_ROW_H

#include "executor/tuptable.h"
#include "rulebook/rulebook.h"

extern bool same_column(TupleTableSlot *a, TupleTableSlot *b, AttrNumber attnum);
extern HeapTuple fetch_by_id(Rulebook *rulebook, ObjectRules *rules, Relation rel, int64 id);
extern HeapTuple find_row(Rulebook *rulebook, Oid relid, int64 id);
extern HeapTuple read_row(Rulebook *rulebook, ObjectRules *rules, int64 id);
extern bool may_read_row(Rulebook *rulebook, Oid relid, int64 id);

#endif							/* LEADFLOW_ROW_H */
