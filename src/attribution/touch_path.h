/*
 * touch_path.h
 *	  The path of one buyer: what it was touched by, and when it moved on.
 *
 * Touches and milestones are moments: the word is the channel, WORD_NONE where
 * the row was no touch, the tie is the touch's identifier.  Conversions, of
 * which there are few, stand apart with their money.
 */
#ifndef LEADFLOW_TOUCH_PATH_H
#define LEADFLOW_TOUCH_PATH_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "summary/moments.h"
#include "summary/summary.h"

/* The marks of a moment */
#define MARK_LEAD			1	/* it became a lead */
#define MARK_OPPORTUNITY	2	/* an opportunity was opened */
#define MARK_HAS_ID			4	/* the touch has an identifier, the tie */
#define MARK_MILESTONE		(MARK_LEAD | MARK_OPPORTUNITY)
#define MARK_MAX			(MARK_MILESTONE | MARK_HAS_ID)

/* The scale of a conversion without money */
#define NO_AMOUNT			(-1)

/* Decimals that an amount can have */
#define AMOUNT_MAX_SCALE	18

typedef struct Conversion
{
	TimestampTz at;
	int64		tie;			/* 0 if it has no identifier */
	int64		amount;			/* in units of 10^-scale */
	int32		scale;			/* as small as can be, or NO_AMOUNT */
} Conversion;

typedef struct TouchPath
{
	Summary		head;
	Moments		events;
	Conversion *conversion;
	int32		conversions;
	int32		room;
	bool		sorted;			/* the conversions */
} TouchPath;

/* A path to read, in order; without conversions it is not put into order. */
extern TouchPath *touch_path_get(Datum value);
extern void touch_path_sort(TouchPath *path);

#endif							/* LEADFLOW_TOUCH_PATH_H */
