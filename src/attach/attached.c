/*
 * attached.c
 *	  The AFTER UPDATE trigger of attached tables.
 *
 * It calls the trigger function of the attachment if a column that the mapping
 * reads has changed.  A WHEN clause would say the same, but PostgreSQL parses
 * and prepares it for every statement, which costs a small UPDATE a third of
 * its speed; and UPDATE OF would miss what other triggers change.
 *
 * Nothing here is looked up by a name that can change: the trigger function is
 * that of the trigger for INSERT, which goes by the attachment's name, and the
 * columns are those that the mapping function depends on.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "guard/guard.h"

/* What a trigger of an attached table needs to know. */
typedef struct Attached
{
	Oid			trigger;		/* hash key */
	Oid			relid;
	bool		valid;
	Oid			function;		/* the attachment's trigger function */
	int			n_columns;
	AttrNumber *columns;		/* those that the mapping reads */
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
		if (relid == InvalidOid || attached->relid == relid)
			attached->valid = false;
	}
}

static void
forget_functions(Datum arg, int cacheid, uint32 hashvalue)
{
	forget_relation((Datum) 0, InvalidOid);
}

/* The trigger function that the trigger for INSERT of the attachment calls. */
static Oid
trigger_function(Relation rel, const char *attachment)
{
	char	   *name = psprintf("leadflow_%s", attachment);

	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (strcmp(trigger->tgname, name) == 0 && TRIGGER_FOR_INSERT(trigger->tgtype))
			return trigger->tgfoid;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("attachment \"%s\" of table \"%s\" has lost its trigger \"%s\"",
					attachment, RelationGetRelationName(rel), name),
			 errhint("Detach the table with leadflow.detach and attach it again.")));
}

/* The mapping function: of the same name and schema, with one argument. */
static Oid
mapping_function(Oid function)
{
	char	   *name = get_func_name(function);
	Oid			namespace = get_func_namespace(function);
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			result = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc proc = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (proc->pronamespace == namespace && proc->pronargs == 1)
			result = proc->oid;
	}
	ReleaseSysCacheList(list);
	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("attachment \"%s\" has lost its mapping function", name),
				 errhint("Detach the table with leadflow.detach and attach it again.")));
	return result;
}

/* The columns of the table, or of the one that it is a partition of, that a function reads. */
static Bitmapset *
columns_read(Oid mapping, Relation rel)
{
	Oid		   *types;
	int			n_types;
	Oid			argument;
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Bitmapset  *columns = NULL;

	(void) get_func_signature(mapping, &types, &n_types);
	argument = get_typ_typrelid(types[0]);

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(mapping));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend dependency = (Form_pg_depend) GETSTRUCT(tuple);

		if (dependency->refclassid == RelationRelationId && dependency->refobjid == argument &&
			dependency->refobjsubid > 0)
		{
			AttrNumber	column = dependency->refobjsubid;

			/* the columns of a partition may stand elsewhere */
			if (argument != RelationGetRelid(rel))
				column = get_attnum(RelationGetRelid(rel), get_attname(argument, column, false));
			columns = bms_add_member(columns, column);
		}
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return columns;
}

static Attached *
look_up(TriggerData *trigger)
{
	Oid			key = trigger->tg_trigger->tgoid;
	Relation	rel = trigger->tg_relation;
	Attached   *attached;
	Oid			function;
	Bitmapset  *columns;
	int			column = -1;
	bool		found;

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

	function = trigger_function(rel, trigger->tg_trigger->tgargs[0]);
	columns = columns_read(mapping_function(function), rel);

	attached = hash_search(attachments, &key, HASH_ENTER, &found);
	if (found && attached->columns != NULL)
		pfree(attached->columns);
	attached->columns = NULL;
	attached->relid = RelationGetRelid(rel);
	attached->function = function;
	attached->n_columns = 0;
	attached->columns = MemoryContextAlloc(CacheMemoryContext,
										   sizeof(AttrNumber) * Max(bms_num_members(columns), 1));
	while ((column = bms_next_member(columns, column)) >= 0)
		attached->columns[attached->n_columns++] = column;
	attached->valid = true;
	return attached;
}

/*
 * leadflow.attached(attachment): AFTER UPDATE, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_attached);
Datum
leadflow_attached(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "attached", TRIGGER_EVENT_AFTER, true);
	Attached   *attached;
	FmgrInfo	function;

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) || trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be fired by UPDATE and name an attachment",
						trigger->tg_trigger->tgname),
				 errhint("leadflow.attach creates the triggers as they must be.")));

	attached = look_up(trigger);
	for (int i = 0; i < attached->n_columns; i++)
	{
		LOCAL_FCINFO(inner, 0);

		if (same_column(trigger->tg_trigslot, trigger->tg_newslot, attached->columns[i]))
			continue;
		fmgr_info(attached->function, &function);
		InitFunctionCallInfoData(*inner, &function, 0, InvalidOid, fcinfo->context, NULL);
		(void) FunctionCallInvoke(inner);
		break;
	}
	return PointerGetDatum(NULL);
}
