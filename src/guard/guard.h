/*
 * guard.h
 *	  What the trigger functions of the module share.
 */
#ifndef LEADFLOW_GUARD_H
#define LEADFLOW_GUARD_H

#include "commands/trigger.h"
#include "fmgr.h"

#include "guard/judge.h"
#include "rulebook/rulebook.h"

extern TriggerData *check_trigger(FunctionCallInfo fcinfo, const char *function,
								  TriggerEvent timing, bool for_row);
extern ObjectKind trigger_object(TriggerData *trigger);
extern ObjectRules *trigger_rules(TriggerData *trigger, Rulebook *rulebook, ObjectKind kind);

/* What becomes of a row that does not meet the standard: settle.c */
extern bool settle(Move *move, List *unmet, const char *operation);

#endif							/* LEADFLOW_GUARD_H */
