/*
 * clocks.h
 *	  Start and stop the clocks of promised reactions.
 */
#ifndef LEADFLOW_CLOCKS_H
#define LEADFLOW_CLOCKS_H

#include "guard/judge.h"
#include "rulebook/rulebook.h"

/* Asks something of a row of sla_clock. */
typedef bool (*ClockTest) (const ClockColumns *columns, HeapTuple tuple, TupleDesc desc, const void *arg);

extern bool lead_has_clock(Rulebook *rulebook, int64 lead_id, ClockTest test, const void *arg);
extern bool has_string(char **strings, int n, const char *wanted);
extern void clocks_on_stage(Move *move);
extern void clocks_on_touch(Move *move, TimestampTz at, const char *kind, int64 touch_id);
extern void clocks_on_owner(Move *move);
extern void clocks_on_lead(Move *move);
extern void end_clocks(Rulebook *rulebook, int64 lead_id);
extern void lock_lead(Rulebook *rulebook, int64 lead_id);

/* cadence.c */
extern void reckon_cadences(Rulebook *rulebook, int64 lead_id, const TimestampTz *at, const int64 *removed);

#endif							/* LEADFLOW_CLOCKS_H */
