/*
 * clocks.h
 *	  Start and stop the clocks of promised reactions.
 */
#ifndef LEADFLOW_CLOCKS_H
#define LEADFLOW_CLOCKS_H

#include "guard/judge.h"
#include "rulebook/rulebook.h"

extern void clocks_on_stage(Move *move);
extern void clocks_on_owner(Move *move);
extern int64 interval_length(const Interval *interval);
extern void lock_lead(Rulebook *rulebook, int64 lead_id);

/* cadence.c */
extern void reckon_cadences(Rulebook *rulebook, int64 lead_id, const TimestampTz *at);

#endif							/* LEADFLOW_CLOCKS_H */
