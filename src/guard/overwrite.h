/*
 * overwrite.h
 *	  Which value of a field stays when a tool writes another.
 */
#ifndef LEADFLOW_OVERWRITE_H
#define LEADFLOW_OVERWRITE_H

#include "commands/trigger.h"

#include "rulebook/rulebook.h"

/* A value that is not written because a rule keeps the old one. */
typedef struct Refusal
{
	const OverwriteRule *rule;
	Datum		kept;
	Datum		refused;
	bool		refused_isnull;
	const char *kept_source;	/* or NULL */
} Refusal;

/* All of them, of one write to one row. */
typedef struct Overwrites
{
	const char *writer;
	int			n;
	Refusal    *refusals;
} Overwrites;

extern Datum overwrite_insert(ObjectRules *rules, TupleTableSlot *row, bool *isnull);
extern Overwrites *overwrite_update(ObjectRules *rules, TriggerData *trigger);
extern void overwrite_log(Rulebook *rulebook, ObjectRules *rules,
						  const Overwrites *overwrites, TupleTableSlot *row);
extern Datum overwrite_as_written(const Overwrites *overwrites, TupleTableSlot *row);

#endif							/* LEADFLOW_OVERWRITE_H */
