/*
 * owner.h
 *	  Act as the owner of a workspace.
 */
#ifndef LEADFLOW_OWNER_H
#define LEADFLOW_OWNER_H

#include "postgres.h"

/* What to go back to. */
typedef struct OwnerState
{
	Oid			userid;
	int			context;
	int			guc_level;
} OwnerState;

extern Oid	table_owner(Oid relid);
extern void check_owner(Oid owner, const char *schema);
extern void become_owner(Oid owner, const char *schema, OwnerState *state);
extern void become_self(const OwnerState *state);

#endif							/* LEADFLOW_OWNER_H */
