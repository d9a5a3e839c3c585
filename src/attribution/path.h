/*
 * path.h
 *	  What attribution over paths reads of a row: the channels of a path, and
 *	  how often it ended in a conversion, and how often in none.
 */
#ifndef LEADFLOW_PATH_H
#define LEADFLOW_PATH_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "attribution/total.h"
#include "summary/words.h"

/* The channels of an argument that is a text[]; nulls in it are left out. */
extern int	path_channels(FunctionCallInfo fcinfo, int arg, Word **channels);

/* An argument that counts or is an amount: null is 0, nothing is negative. */
extern double path_weight(FunctionCallInfo fcinfo, int arg, const char *name);

/* Put the one row that outcomes of untouched() are. */
extern Datum path_put_outcome(FunctionCallInfo fcinfo, const Outcome *outcome);

#endif							/* LEADFLOW_PATH_H */
