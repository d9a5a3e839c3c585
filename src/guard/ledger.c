/*
 * ledger.c
 *	  Append events to stage_event.
 *
 * Every move writes here, so the row goes straight into the table and its
 * indexes, without a plan and an executor run for each.  That is right only
 * while the table is as create_workspace made it and nobody's code has a part
 * in it.  Where its owner has added a trigger, a rule, a constraint, a column
 * with a default or an index on an expression, or has partitioned it, the
 * event is written as the owner by an ordinary INSERT, which does whatever the
 * owner wants done.  Both ways write the same row.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard/ledger.h"
#include "guard/statement.h"

typedef struct Ledger
{
	bool		direct;			/* the table takes rows without an INSERT */
	Oid			sequence;		/* of the column id */
	AttrNumber	id;
	AttrNumber	recorded_at;
	AttrNumber	fields[EVENT_FIELDS];
	TupleTableSlot *slot;
	EState	   *estate;
	bool		busy;			/* the slot and the state are in use */
	ResultRelInfo target;
	int			n_indexes;
	Oid		   *index_oids;
	IndexInfo **index_infos;
	Relation   *indexes;		/* those of them that take the present row */
	IndexInfo **infos;
} Ledger;

static const struct
{
	const char *name;
	Oid			type;			/* invalid: a stage */
}			fields[EVENT_FIELDS] =
{
	[EVENT_AT] = {"at", TIMESTAMPTZOID},
	[EVENT_LEAD_ID] = {"lead_id", INT8OID},
	[EVENT_OPPORTUNITY_ID] = {"opportunity_id", INT8OID},
	[EVENT_DEFINITION_VERSION] = {"definition_version", INT8OID},
	[EVENT_CAMPAIGN_ID] = {"campaign_id", INT8OID},
	[EVENT_IMPLIED] = {"implied", BOOLOID},
	[EVENT_SUBJECT] = {"subject", TEXTOID},
	[EVENT_FROM_STAGE] = {"from_stage", InvalidOid},
	[EVENT_TO_STAGE] = {"to_stage", InvalidOid},
	[EVENT_SESSION_ACTOR] = {"session_actor", TEXTOID},
	[EVENT_ACTOR] = {"actor", TEXTOID},
	[EVENT_REASON] = {"reason", TEXTOID},
	[EVENT_REASON_NOTE] = {"reason_note", TEXTOID},
	[EVENT_OWNER] = {"owner", TEXTOID},
	[EVENT_TEAM] = {"team", TEXTOID},
	[EVENT_ORIGIN] = {"origin", TEXTOID},
	[EVENT_VARIANT] = {"variant", TEXTOID},
	[EVENT_SEGMENT] = {"segment", TEXTOID},
	[EVENT_AMOUNT] = {"amount", NUMERICOID},
	[EVENT_CURRENCY] = {"currency", TEXTOID},
	[EVENT_FACTS] = {"facts", JSONBOID}
};

/* Does anybody but us have a say in what an INSERT writes? */
static bool
table_is_plain(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	return rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relispartition &&
		rel->rd_rules == NULL &&
		(rel->rd_att->constr == NULL || rel->rd_att->constr->num_check == 0) &&
		(triggers == NULL ||
		 !(triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
		   triggers->trig_insert_before_statement || triggers->trig_insert_after_statement ||
		   triggers->trig_insert_new_table));
}

/* Find the columns; false if they are not as create_workspace made them. */
static bool
map_columns(Ledger *ledger, Relation rel, Oid stage_type)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			known = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		bool		found = false;

		if (attribute->attisdropped)
			continue;
		if (strcmp(NameStr(attribute->attname), "id") == 0)
		{
			ledger->id = attribute->attnum;
			found = attribute->atttypid == INT8OID && attribute->attidentity != '\0';
		}
		else if (strcmp(NameStr(attribute->attname), "recorded_at") == 0)
		{
			ledger->recorded_at = attribute->attnum;
			found = attribute->atttypid == TIMESTAMPTZOID;
		}
		for (int field = 0; field < EVENT_FIELDS && !found; field++)
		{
			Oid			type = OidIsValid(fields[field].type) ? fields[field].type : stage_type;

			if (strcmp(NameStr(attribute->attname), fields[field].name) == 0)
			{
				ledger->fields[field] = attribute->attnum;
				found = attribute->atttypid == type && attribute->atttypmod == -1;
			}
		}
		if (found)
			known++;
		else if (attribute->atthasdef || attribute->attidentity != '\0' ||
				 attribute->attgenerated != '\0' || attribute->attnotnull ||
				 get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN)
			return false;
	}
	return known == EVENT_FIELDS + 2;
}

/* Does an index compute nothing?  A predicate may ask whether a column is null. */
static bool
index_is_plain(IndexInfo *info)
{
	ListCell   *cell;

	foreach(cell, info->ii_Predicate)
	{
		if (!IsA(lfirst(cell), NullTest) || !IsA(((NullTest *) lfirst(cell))->arg, Var))
			return false;
	}
	return info->ii_Expressions == NIL;
}

/* Does a partial index leave the row in the slot out? */
static bool
index_leaves_out(IndexInfo *info, TupleTableSlot *slot)
{
	ListCell   *cell;

	foreach(cell, info->ii_Predicate)
	{
		NullTest   *test = lfirst_node(NullTest, cell);
		bool		isnull = slot->tts_isnull[castNode(Var, test->arg)->varattno - 1];

		if (isnull != (test->nulltesttype == IS_NULL))
			return true;
	}
	return false;
}

/* Look at stage_event once; the rulebook goes stale when it changes. */
static Ledger *
open_ledger(Rulebook *rulebook)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(rulebook->mcxt);
	Ledger	   *ledger = palloc0(sizeof(Ledger));
	Relation	rel;
	List	   *indexes;
	ListCell   *cell;

	rel = table_open(rulebook->event_relid, RowExclusiveLock);
	ledger->direct = table_is_plain(rel) &&
		map_columns(ledger, rel, rulebook->stage_type);
	if (ledger->direct)
	{
		ledger->sequence = compat_identity_sequence(rel, ledger->id);
		ledger->slot = MakeTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(rel)),
										  table_slot_callbacks(rel));
		ledger->estate = CreateExecutorState();

		indexes = RelationGetIndexList(rel);
		ledger->index_oids = palloc(sizeof(Oid) * Max(list_length(indexes), 1));
		ledger->index_infos = palloc(sizeof(IndexInfo *) * Max(list_length(indexes), 1));
		ledger->indexes = palloc(sizeof(Relation) * Max(list_length(indexes), 1));
		ledger->infos = palloc(sizeof(IndexInfo *) * Max(list_length(indexes), 1));
		foreach(cell, indexes)
		{
			Relation	index = index_open(lfirst_oid(cell), RowExclusiveLock);

			ledger->index_oids[ledger->n_indexes] = lfirst_oid(cell);
			ledger->index_infos[ledger->n_indexes] = BuildIndexInfo(index);
			if (!index_is_plain(ledger->index_infos[ledger->n_indexes++]))
				ledger->direct = false;
			index_close(index, NoLock);
		}
	}
	table_close(rel, NoLock);
	MemoryContextSwitchTo(oldcxt);
	return ledger;
}

/* Fill the slot with the event. */
static void
store_event(Ledger *ledger, Datum *values, bool *nulls)
{
	TupleTableSlot *slot = ledger->slot;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int field = 0; field < EVENT_FIELDS; field++)
	{
		slot->tts_values[ledger->fields[field] - 1] = values[field];
		slot->tts_isnull[ledger->fields[field] - 1] = nulls[field];
	}
	slot->tts_values[ledger->id - 1] =
		Int64GetDatum(nextval_internal(ledger->sequence, false));
	slot->tts_isnull[ledger->id - 1] = false;
	slot->tts_values[ledger->recorded_at - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	slot->tts_isnull[ledger->recorded_at - 1] = false;
	ExecStoreVirtualTuple(slot);
}

/* Write the event into the table and its indexes. */
static void
append_directly(Ledger *ledger, Relation rel, Datum *values, bool *nulls)
{
	ResultRelInfo *target = &ledger->target;
	TupleTableSlot *slot = ledger->slot;
	EState	   *estate = ledger->estate;
	MemoryContext oldcxt;

	store_event(ledger, values, nulls);

	/* no more of it than an insert without triggers looks at */
	MemSet(target, 0, sizeof(ResultRelInfo));
	target->type = T_ResultRelInfo;
	target->ri_RelationDesc = rel;
	target->ri_IndexRelationDescs = ledger->indexes;
	target->ri_IndexRelationInfo = ledger->infos;
	for (int i = 0; i < ledger->n_indexes; i++)
	{
		if (index_leaves_out(ledger->index_infos[i], slot))
			continue;
		ledger->indexes[target->ri_NumIndices] = index_open(ledger->index_oids[i], RowExclusiveLock);
		ledger->infos[target->ri_NumIndices++] = ledger->index_infos[i];
	}

	oldcxt = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	if (rel->rd_att->constr != NULL)
		ExecConstraints(target, slot, estate);
	table_tuple_insert(rel, slot, GetCurrentCommandId(true), 0, NULL);
	if (target->ri_NumIndices > 0)
		(void) compat_insert_index_tuples(target, slot, estate);
	MemoryContextSwitchTo(oldcxt);

	ExecClearTuple(slot);
	ResetPerTupleExprContext(estate);
	for (int i = 0; i < target->ri_NumIndices; i++)
	{
		compat_index_insert_cleanup(ledger->indexes[i], ledger->infos[i]);
		index_close(ledger->indexes[i], NoLock);
	}
}

/* Append one event.  The values are in the order of EventField. */
void
ledger_append(Rulebook *rulebook, Datum *values, bool *nulls)
{
	Ledger	   *ledger;
	Relation	rel;

	if (rulebook->events == NULL)
		rulebook->events = open_ledger(rulebook);

	/* the table may have been altered just before it is locked */
	rel = table_open(rulebook->event_relid, RowExclusiveLock);
	ledger = rulebook->events;
	if (!ledger->direct || ledger->busy || !rulebook->valid)
	{
		table_close(rel, NoLock);
		(void) statement_run(rulebook, INSERT_EVENT, values, nulls);
		return;
	}
	ledger->busy = true;		/* after an error it stays so: the other way is as good */
	append_directly(ledger, rel, values, nulls);
	ledger->busy = false;
	table_close(rel, NoLock);
}
