/*
 * attached.c
 *	  The trigger of attached tables.
 *
 * It takes the columns that an attachment reads out of the row, and gives them
 * to the attachment's function that writes them into the workspace; after an
 * UPDATE only if one of them has changed.  A WHEN clause would say the same,
 * but PostgreSQL parses and prepares it for every statement, which costs a
 * small UPDATE a third of its speed; and UPDATE OF would miss what other
 * triggers change.
 *
 * Nothing is looked up by a name that can change: the columns are those that
 * the attachment's view selects from the table, and the function is the one
 * beside the view.  The workspace's name serves for messages.  Both must
 * belong to a role that may put triggers on the table, because the function
 * runs with the rights of whoever writes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "commands/trigger.h"
#include "nodes/parsenodes.h"
#include "rewrite/prs2lock.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "guard/guard.h"
#include "rulebook/owner.h"

/* What a trigger of an attached table needs to know. */
typedef struct Attached
{
	Oid			trigger;		/* hash key */
	bool		valid;
	Oid			relid;
	Oid			view;			/* selects the columns that are read */
	Oid			function;		/* writes them */
	int			n_columns;
	AttrNumber *columns;		/* of the table, in the order of the view */
} Attached;

static HTAB *attachments = NULL;

static void
forget_relation(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS scan;
	Attached   *attached;

	hash_seq_init(&scan, attachments);
	while ((attached = hash_seq_search(&scan)) != NULL)
	{
		if (relid == InvalidOid || attached->relid == relid || attached->view == relid)
			attached->valid = false;
	}
}

static void
forget_functions(Datum arg, int cacheid, uint32 hashvalue)
{
	forget_relation((Datum) 0, InvalidOid);
}

/* The view that a rewrite rule belongs to. */
static Oid
view_of_rule(Oid rule)
{
	Relation	rel = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			view = InvalidOid;

	ScanKeyInit(&key, Anum_pg_rewrite_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(rel, RewriteOidIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		view = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return view;
}

/*
 * May what belongs to this role run when the table is written?  Only if the
 * role could have put a trigger on the table itself: whoever may read a table
 * can make a view of it, by any name.
 */
static bool
may_have_trigger(Oid role, Oid relid)
{
	return pg_class_aclcheck(relid, role, ACL_TRIGGER) == ACLCHECK_OK;
}

/* The view of that name, in whatever schema, that depends on a table. */
static Oid
dependent_view(Oid relid, const char *name)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (!OidIsValid(result) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend dependency = (Form_pg_depend) GETSTRUCT(tuple);

		if (dependency->classid == RewriteRelationId)
		{
			Oid			view = view_of_rule(dependency->objid);
			char	   *view_name = OidIsValid(view) ? get_rel_name(view) : NULL;

			if (view_name != NULL && strcmp(view_name, name) == 0 &&
				may_have_trigger(table_owner(view), relid))
				result = view;
		}
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * Find the attachment's view, of the table or of one that it is a partition
 * of, and the table's columns that it selects.  False if there is none.
 */
static bool
find_columns(Relation rel, const char *attachment, Attached *attached)
{
	char	   *name = psprintf("%s_row", attachment);
	List	   *tables = list_make1_oid(RelationGetRelid(rel));
	ListCell   *cell;
	Oid			table = InvalidOid;
	Relation	view;
	Query	   *query;

	if (rel->rd_rel->relispartition)
		tables = list_concat(tables, get_partition_ancestors(RelationGetRelid(rel)));
	attached->view = InvalidOid;
	foreach(cell, tables)
	{
		table = lfirst_oid(cell);
		attached->view = dependent_view(table, name);
		if (OidIsValid(attached->view))
			break;
	}
	if (!OidIsValid(attached->view))
		return false;

	view = relation_open(attached->view, AccessShareLock);
	query = linitial_node(Query, view->rd_rules->rules[0]->actions);
	attached->n_columns = 0;
	attached->columns = palloc(sizeof(AttrNumber) * list_length(query->targetList));
	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		AttrNumber	column;

		if (entry->resjunk)
			continue;
		if (!IsA(entry->expr, Var))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("view \"%s\" selects something other than columns of the attached table", name),
					 errhint("Detach the table with leadflow.detach and attach it again.")));
		column = ((Var *) entry->expr)->varattno;
		/* the columns of a partition may stand elsewhere */
		if (table != RelationGetRelid(rel))
			column = get_attnum(RelationGetRelid(rel), get_attname(table, column, false));
		attached->columns[attached->n_columns++] = column;
	}
	relation_close(view, AccessShareLock);
	return true;
}

/* The function beside the view, and of its owner, that writes its rows into the workspace. */
static Oid
writing_function(Oid view, const char *attachment)
{
	char	   *name = psprintf("%s_write", attachment);
	Oid			namespace = get_rel_namespace(view);
	Oid			owner = table_owner(view);
	Oid			row_type = get_rel_type_id(view);
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			result = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (proc->pronamespace == namespace && proc->proowner == owner && proc->pronargs == 2 &&
			proc->proargtypes.values[0] == row_type && proc->proargtypes.values[1] == row_type)
			result = proc->oid;
	}
	ReleaseSysCacheList(list);
	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("attachment \"%s\" has lost its function \"%s\"", attachment, name),
				 errhint("Detach the table with leadflow.detach and attach it again.")));
	return result;
}

/*
 * Where the workspace has been dropped the table goes on without it, and says
 * so; where it stands, what is written must not get lost.
 */
static void
report_lost(TriggerData *trigger)
{
	char	  **args = trigger->tg_trigger->tgargs;

	ereport(OidIsValid(get_namespace_oid(args[1], true)) ? ERROR : WARNING,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("attachment \"%s\" of table \"%s\" has lost its view in workspace %s",
					args[0], RelationGetRelationName(trigger->tg_relation), args[1]),
			 errhint("Drop the trigger \"%s\", or attach the table again.", trigger->tg_trigger->tgname)));
}

/* What the trigger needs to know; NULL if its workspace has been dropped. */
static Attached *
look_up(TriggerData *trigger)
{
	Oid			key = trigger->tg_trigger->tgoid;
	Attached   *attached;
	Attached	found = {0};
	AttrNumber *columns;
	bool		existed;

	if (attachments == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(Attached),.hcxt = CacheMemoryContext};

		attachments = hash_create("leadflow attachments", 16, &ctl,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_functions, (Datum) 0);
	}
	attached = hash_search(attachments, &key, HASH_FIND, NULL);
	if (attached != NULL && attached->valid)
		return attached;

	if (!find_columns(trigger->tg_relation, trigger->tg_trigger->tgargs[0], &found))
	{
		report_lost(trigger);
		return NULL;
	}
	found.function = writing_function(found.view, trigger->tg_trigger->tgargs[0]);
	columns = MemoryContextAlloc(CacheMemoryContext, sizeof(AttrNumber) * Max(found.n_columns, 1));
	memcpy(columns, found.columns, sizeof(AttrNumber) * found.n_columns);

	attached = hash_search(attachments, &key, HASH_ENTER, &existed);
	if (existed)
		pfree(attached->columns);
	attached->valid = true;
	attached->relid = RelationGetRelid(trigger->tg_relation);
	attached->view = found.view;
	attached->function = found.function;
	attached->n_columns = found.n_columns;
	attached->columns = columns;
	return attached;
}

/* The columns that are read, as a row of the view. */
static Datum
view_row(const Attached *attached, TupleTableSlot *slot)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(get_rel_type_id(attached->view), -1);
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);
	Datum		row;

	Assert(desc->natts == attached->n_columns);
	for (int i = 0; i < desc->natts; i++)
		values[i] = slot_getattr(slot, attached->columns[i], &nulls[i]);
	row = HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
	ReleaseTupleDesc(desc);
	return row;
}

static bool
any_changed(const Attached *attached, TriggerData *trigger)
{
	for (int i = 0; i < attached->n_columns; i++)
	{
		if (!same_column(trigger->tg_trigslot, trigger->tg_newslot, attached->columns[i]))
			return true;
	}
	return false;
}

/*
 * leadflow.attached(attachment, workspace): AFTER INSERT OR UPDATE OR DELETE, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_attached);
Datum
leadflow_attached(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "attached", TRIGGER_EVENT_AFTER, true);
	bool		inserted = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	bool		deleted = TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	Attached   *attached;
	FmgrInfo	function;

	LOCAL_FCINFO(write, 2);

	if (trigger->tg_trigger->tgnargs != 2)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must name an attachment and its workspace", trigger->tg_trigger->tgname),
				 errhint("leadflow.attach creates the triggers as they must be.")));

	attached = look_up(trigger);
	if (attached == NULL || (!inserted && !deleted && !any_changed(attached, trigger)))
		return PointerGetDatum(NULL);

	/* new and old; what the function does in turn may make us forget what we know */
	fmgr_info(attached->function, &function);
	InitFunctionCallInfoData(*write, &function, 2, InvalidOid, NULL, NULL);
	write->args[0].isnull = deleted;
	write->args[0].value = deleted ? (Datum) 0 :
		view_row(attached, inserted ? trigger->tg_trigslot : trigger->tg_newslot);
	write->args[1].isnull = inserted;
	write->args[1].value = inserted ? (Datum) 0 : view_row(attached, trigger->tg_trigslot);
	(void) FunctionCallInvoke(write);
	return PointerGetDatum(NULL);
}
