/*
 * stamp.h
 *	  Put into a row what the guard keeps.
 */
#ifndef LEADFLOW_STAMP_H
#define LEADFLOW_STAMP_H

#include "commands/trigger.h"

#include "rulebook/rulebook.h"

/* The changes that the guard makes to a row. */
typedef struct Stamps
{
	int			n;
	int			columns[FIELDS];
	Datum		values[FIELDS];
	bool		nulls[FIELDS];
} Stamps;

extern void stamp(Stamps *stamps, ObjectRules *rules, Field field, Datum value, bool isnull);
extern HeapTuple stamp_updated_row(TriggerData *trigger, Stamps *stamps, TupleTableSlot **row);

#endif							/* LEADFLOW_STAMP_H */
