/*
 * load.h
 *	  Read a workspace's definitions into a rulebook.
 */
#ifndef LEADFLOW_LOAD_H
#define LEADFLOW_LOAD_H

#include "rulebook/rulebook.h"

/* shape.c */
extern void load_shape(Rulebook *rulebook);
extern Oid	watch_table(Rulebook *rulebook, const char *name);
extern AttrNumber find_overwritable(Oid relid, const char *name, bool *is_string);

/* load_value.c: a query over the definitions, and the values of its result */
extern uint64 load_query(Rulebook *rulebook, const char *types, const char *format, const char *object);
extern void *load_array(Rulebook *rulebook, uint64 n, size_t size);
extern struct varlena *load_varlena(Rulebook *rulebook, Datum value);
extern Datum load_datum(uint64 row, int column, bool *isnull);
extern Datum load_required(Rulebook *rulebook, uint64 row, int column);
extern bool load_bool(uint64 row, int column);
extern char *load_string(Rulebook *rulebook, uint64 row, int column);
extern char *load_optional_string(Rulebook *rulebook, uint64 row, int column);
extern char **load_strings(Rulebook *rulebook, uint64 row, int column, int *n);
extern Stage *load_stage(Rulebook *rulebook, uint64 row, int column);
extern Stage *load_optional_stage(Rulebook *rulebook, uint64 row, int column);
extern Interval load_interval(uint64 row, int column, bool *isnull);

/* load_scorecard.c */
extern void load_scorecard(Rulebook *rulebook);

/* load.c */
extern Rulebook *rulebook_load(Oid nspid, Rulebook **loading);

#endif							/* LEADFLOW_LOAD_H */
