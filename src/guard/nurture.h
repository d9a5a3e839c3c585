/*
 * nurture.h
 *	  What a lead takes along into nurture, and leaves there.
 */
#ifndef LEADFLOW_NURTURE_H
#define LEADFLOW_NURTURE_H

#include "guard/judge.h"
#include "guard/stamp.h"

extern void nurture_stamps(Stamps *stamps, Rulebook *rulebook, ObjectRules *rules,
						   TupleTableSlot *old_row, TupleTableSlot *new_row,
						   const Stage *from, const Stage *to, TimestampTz since);
extern void judge_track(Move *move, List **findings);
extern void record_stay(Move *move);

#endif							/* LEADFLOW_NURTURE_H */
