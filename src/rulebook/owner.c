/*
 * owner.c
 *	  Act as the owner of a workspace.
 *
 * Whoever writes a lead needs no right on history, clocks or definitions: as
 * with the checks of a foreign key, the module reads and writes them as their
 * owner.  The owner's tables may have triggers of the owner's, which then run
 * with the owner's rights.  They must not find the writer's functions, so the
 * search_path is the owner's schema meanwhile, whatever the writer's is.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "rulebook/owner.h"

/* Of a table or a view that may be gone: InvalidOid. */
Oid
table_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* What only the owner may ask for.  schema is quoted as an identifier, here and below. */
void
check_owner(Oid owner, const char *schema)
{
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of workspace %s", schema)));
}

void
become_owner(Oid owner, const char *schema, OwnerState *state)
{
	char	   *path = psprintf("%s, leadflow, pg_catalog, pg_temp", schema);

	state->guc_level = NewGUCNestLevel();
	if (strcmp(namespace_search_path, path) != 0)
		(void) set_config_option("search_path", path, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	pfree(path);

	GetUserIdAndSecContext(&state->userid, &state->context);
	SetUserIdAndSecContext(owner, state->context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
}

/* After an error the end of the (sub)transaction does the same. */
void
become_self(const OwnerState *state)
{
	SetUserIdAndSecContext(state->userid, state->context);
	AtEOXact_GUC(true, state->guc_level);
}
