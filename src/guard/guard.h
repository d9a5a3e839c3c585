/*
 * guard.h
 *	  What the trigger functions of the module share.
 */
#ifndef LEADFLOW_GUARD_H
#define LEADFLOW_GUARD_H

#include "commands/trigger.h"
#include "fmgr.h"

#include "guard/judge.h"
#include "leadflow.h"
#include "rulebook/rulebook.h"

extern TriggerData *check_trigger(FunctionCallInfo fcinfo, const char *function,
								  TriggerEvent timing, bool for_row);
extern ObjectKind trigger_object(TriggerData *trigger);
extern TupleTableSlot *written_row(TriggerData *trigger, Rulebook *rulebook, const char *table, bool is_table);
extern ObjectRules *trigger_rules(TriggerData *trigger, Rulebook *rulebook, ObjectKind kind);

/* What the guard keeps, and whether it has been able to: guard.c */
extern void check_merged_into(TriggerData *trigger, ObjectRules *rules,
							  TupleTableSlot *old_row, TupleTableSlot *new_row);
extern void check_identity(TriggerData *trigger, ObjectRules *rules,
						   TupleTableSlot *old_row, TupleTableSlot *new_row);
extern Datum further_stage(const Stage *so_far, const Stage *stage, bool *isnull);
extern bool column_is_written(TriggerData *trigger, ObjectRules *rules, Field field);
extern bool guard_has_last_word(const GuardPlace *place);

/* What becomes of a row that does not meet the standard: settle.c */
extern OnViolation on_violation_for(Move *move, List *unmet);
extern bool settle(Move *move, List *unmet, const char *operation, bool last_word);

#endif							/* LEADFLOW_GUARD_H */
