/*
 * verdict.h
 *	  What a move of a lead says about it.
 */
#ifndef LEADFLOW_VERDICT_H
#define LEADFLOW_VERDICT_H

#include "guard/judge.h"

extern void verdict_on_move(Move *move, bool hands_over);

#endif							/* LEADFLOW_VERDICT_H */
