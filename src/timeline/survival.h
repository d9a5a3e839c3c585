/*
 * survival.h
 *	  How long it took those who converted, and how long the others have been
 *	  waiting.
 */
#ifndef LEADFLOW_SURVIVAL_H
#define LEADFLOW_SURVIVAL_H

#include "postgres.h"

#include "summary/summary.h"
#include "timeline/lengths.h"

typedef struct Survival
{
	Summary		head;
	Lengths		converted;
	Lengths		censored;		/* not converted as far as is known */
} Survival;

/* A value of these lengths. */
extern Datum survival_make(const Lengths *converted, const Lengths *censored);

#endif							/* LEADFLOW_SURVIVAL_H */
