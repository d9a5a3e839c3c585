/*
 * criterion.h
 *	  A criterion: a boolean SQL expression over a row and its evidence.
 */
#ifndef LEADFLOW_CRITERION_H
#define LEADFLOW_CRITERION_H

#include "postgres.h"

#include "executor/executor.h"
#include "utils/plancache.h"
#include "utils/rel.h"

/* Longest expression that is compiled. */
#define CRITERION_MAX_LENGTH	10000

typedef struct CriterionProgram
{
	CachedExpression *plan;		/* planned once, invalidated by PostgreSQL */
	ExprState  *state;			/* ready to run for state_user */
	Oid			state_user;
	MemoryContext state_mcxt;
	Bitmapset  *columns;		/* attribute numbers that it reads */
	Bitmapset  *evidence;		/* kinds of evidence that it reads */
} CriterionProgram;

extern CriterionProgram *criterion_compile(Relation rel, const char *expression);
extern CriterionProgram *expression_compile(Relation rel, const char *expression, Oid type);
extern void criterion_free(CriterionProgram *program);
extern bool criterion_is_valid(const CriterionProgram *program);
extern bool criterion_met(CriterionProgram *program, ExprContext *econtext,
						  MemoryContext mcxt);
extern Datum expression_value(CriterionProgram *program, ExprContext *econtext,
							  MemoryContext mcxt, bool *isnull);

#endif							/* LEADFLOW_CRITERION_H */
