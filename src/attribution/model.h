/*
 * model.h
 *	  How credit is shared out: an attribution model, read from its text.
 */
#ifndef LEADFLOW_ATTRIBUTION_MODEL_H
#define LEADFLOW_ATTRIBUTION_MODEL_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "summary/words.h"

/* Bounds of a model's weights, so that sums over a whole path fit 63 bits. */
#define MODEL_MAX_WEIGHT	10000
#define MODEL_DECIMALS		6
#define MODEL_MAX_LIST		1000	/* weights, or names */
#define MODEL_MAX_TEXT		10000	/* bytes */

typedef enum ModelKind
{
	MODEL_SKIP_FIRST,			/* the first touch by none of some channels */
	MODEL_SKIP_LAST,			/* the last one */
	MODEL_LINEAR,				/* all alike */
	MODEL_ROLES,				/* some touches have a weight, the rest shares one */
	MODEL_DECAY,				/* half as much with every half-life */
	MODEL_FROM_FIRST,			/* by place from the first touch */
	MODEL_FROM_LAST				/* by place from the last touch */
} ModelKind;

/* What a touch can be to a conversion */
typedef enum Role
{
	ROLE_FIRST,
	ROLE_LEAD,
	ROLE_OPPORTUNITY,
	ROLE_LAST,
	ROLE_REST
} Role;

#define ROLES				(ROLE_REST + 1)
#define NO_ROLE				(-1)	/* the model does not know the role */

typedef struct Model
{
	Word		text;			/* as it was written */
	ModelKind	kind;
	int64		role[ROLES];	/* weight, or NO_ROLE */
	int64	   *weight;			/* by place */
	int32		weights;
	Word	   *skipped;		/* channels */
	int32		skips;
	double		half_life;		/* microseconds */
} Model;

/* Read a model; it is made in the current context. */
extern void model_parse(Model *model, Word text);

/* An interval in microseconds, in which units count as in date_part('epoch'). */
extern int64 interval_usecs(const Interval *interval, const char *name);

#endif							/* LEADFLOW_ATTRIBUTION_MODEL_H */
