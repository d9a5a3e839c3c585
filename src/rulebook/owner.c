/*
 * owner.c
 *	  Act as the owner of a workspace.
 *
 * Whoever writes a lead needs no right on history, clocks or definitions: as
 * with the checks of a foreign key, the module reads and writes them as their
 * owner.  The owner's tables may have triggers of the owner's, which then run
 * with the owner's rights.  They must not find the writer's functions, so the
 * search_path is the owner's schema meanwhile, whatever the writer's is.
 *
 * What is done to a workspace as a whole is done by its owner, whoever asks for
 * it, in SQL: a function of the name with _as_owner after it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
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

/* The owner of a workspace (NULL: there is none), whom the present user can become. */
static Oid
owner_to_become(const char *workspace)
{
	Oid			namespace = workspace != NULL ? get_namespace_oid(workspace, true) : InvalidOid;
	Oid			owner = OidIsValid(namespace) ? table_owner(get_relname_relid("workspace", namespace)) : InvalidOid;

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" is not a workspace", workspace != NULL ? workspace : "<NULL>"),
				 errhint("Create one with leadflow.create_workspace.")));
	if (!compat_can_become(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of workspace %s", workspace)));
	return owner;
}

/* The function of the same arguments that does the work of this one. */
static Oid
work_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	Oid			work;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	work = LookupFuncName(list_make2(makeString(get_namespace_name(form->pronamespace)),
									 makeString(psprintf("%s_as_owner", NameStr(form->proname)))),
						  form->pronargs, form->proargtypes.values, false);
	ReleaseSysCache(tuple);
	return work;
}

/*
 * Any function whose first argument is a workspace, and whose name with
 * _as_owner after it is that of another one: calls that as the owner of the
 * workspace.  The owner's triggers, defaults and views must not come back to
 * the rights of whoever called, so nothing of theirs waits for the end of the
 * transaction, no role is set, and no setting outlives the call.
 */
PG_FUNCTION_INFO_V1(leadflow_as_owner);
Datum
leadflow_as_owner(PG_FUNCTION_ARGS)
{
	char	   *workspace = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			owner = owner_to_become(workspace);
	ConstraintsSetStmt *immediate = makeNode(ConstraintsSetStmt);
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	FmgrInfo	work;
	OwnerState	state;
	Datum		result;

	/* what has waited so far is the caller's */
	AfterTriggerSetState(immediate);

	fmgr_info(work_of(fcinfo->flinfo->fn_oid), &work);
	fmgr_info_set_expr(fcinfo->flinfo->fn_expr, &work);
	memcpy(call, fcinfo, SizeForFunctionCallInfo(fcinfo->nargs));
	call->flinfo = &work;

	become_owner(owner, quote_identifier(workspace), &state);
	SetUserIdAndSecContext(owner, state.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	result = FunctionCallInvoke(call);
	SetUserIdAndSecContext(state.userid, state.context);
	AtEOXact_GUC(false, state.guc_level);

	fcinfo->isnull = call->isnull;
	return result;
}
