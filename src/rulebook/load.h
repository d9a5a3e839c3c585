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

/* load.c */
extern Rulebook *rulebook_load(Oid nspid, Rulebook **loading);

#endif							/* LEADFLOW_LOAD_H */
