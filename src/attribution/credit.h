/*
 * credit.h
 *	  Who gets how much of a conversion.
 *
 * A journey is one conversion and the touches that can have a part in it.  A
 * model gives each touch a weight; what is shared out, credit or money, is
 * dealt in whole units by these weights, so that nothing is lost.
 */
#ifndef LEADFLOW_CREDIT_H
#define LEADFLOW_CREDIT_H

#include "postgres.h"

#include "attribution/model.h"
#include "attribution/touch_path.h"

/* Credit is dealt in units of 10^-CREDIT_SCALE. */
#define CREDIT_SCALE	12
#define CREDIT_ONE		INT64CONST(1000000000000)

/* Money can be split in units of so many decimals, of its own or of more. */
#define CREDIT_MAX_DIGITS	12

#define NO_LOOKBACK		(-1)
#define NO_TOUCH		(-1)

typedef struct Journey
{
	const Conversion *conversion;
	const Moment *touch;		/* in order */
	int32		n;
	int32		lead;			/* the touch that made it a lead, or NO_TOUCH */
	int32		opportunity;
} Journey;

/* A milestone of a path: the last one so far. */
typedef struct Milestone
{
	TimestampTz at;				/* DT_NOBEGIN: there was none */
	int32		touch;			/* that the row itself was, or NO_TOUCH */
} Milestone;

/* A walk over the conversions of a path. */
typedef struct Journeys
{
	const TouchPath *path;
	int64		lookback;		/* microseconds, or NO_LOOKBACK */
	const Moment *touch;
	int32		from;			/* of touch[]: in the window */
	int32		to;
	int32		conversion;		/* the next */
	int32		seen;			/* moments */
	Milestone	lead;
	Milestone	opportunity;
} Journeys;

extern void journeys_begin(Journeys *walk, const TouchPath *path, int64 lookback);
extern bool journeys_next(Journeys *walk, Journey *journey);

/* Room to deal to the touches of a journey. */
typedef struct Deal
{
	int32		room;
	int32		only;			/* the one touch that has a weight, or NO_TOUCH */
	int64		total;			/* of the weights, where there are several */
	int64	   *weight;
	int64	   *part;
	int64	   *rest;
} Deal;

extern void deal_make_room(Deal *deal, int32 n);

/* Give each touch of a journey, which has one at least, its weight. */
extern void deal_weigh(Deal *deal, const Model *model, const Journey *journey,
					   const WordTable *words);

/* Deal out an amount by the weights, into part[]. */
extern void deal_out(Deal *deal, int32 n, int64 amount);

/* An amount in units of its own or of more decimals; returns those. */
extern int32 amount_in_units(const Conversion *conversion, int32 digits, int64 *units);

/* Refuse units that money cannot be split in. */
extern void check_digits(int32 digits);

#endif							/* LEADFLOW_CREDIT_H */
