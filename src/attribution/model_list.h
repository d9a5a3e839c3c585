/*
 * model_list.h
 *	  The models by which a summary of attribution counts.
 */
#ifndef LEADFLOW_MODEL_LIST_H
#define LEADFLOW_MODEL_LIST_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "attribution/model.h"
#include "summary/summary.h"

#define MODEL_LIST_MAX		64

typedef struct ModelList
{
	int32		n;
	Model	   *model;
	ArrayType  *array;			/* that they were read from, or NULL */
	int32		kept;			/* from 1, among the lists of a call site; 0: not there */
	struct ModelList *next;
} ModelList;

/* Models of these texts, no two the same, in the current context. */
extern ModelList *model_list(const Word *text, int32 n);
extern ModelList *model_list_copy(const ModelList *from);
extern bool model_list_same(const ModelList *a, const ModelList *b);

/*
 * The models of an argument.  It is read once for each value at a call site, as
 * long as there are not many; then all its groups share one list.
 */
extern const ModelList *site_models(SummarySite *site, ArrayType *array);

/* The same models for a state: if there is room, those that its call site keeps. */
extern const ModelList *site_models_like(SummarySite *site, const ModelList *wanted,
										 MemoryContext state);

#endif							/* LEADFLOW_MODEL_LIST_H */
