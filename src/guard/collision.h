/*
 * collision.h
 *	  Nobody's lead is given to somebody else without a reason.
 */
#ifndef LEADFLOW_COLLISION_H
#define LEADFLOW_COLLISION_H

#include "guard/judge.h"

extern void judge_collision(Move *move, List **findings);

#endif							/* LEADFLOW_COLLISION_H */
