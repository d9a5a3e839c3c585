/*
 * merge.c
 *	  Two records of one person, and what is forgotten of a person.
 *
 * The work is done by SQL, in merge.sql and forget.sql.  Here is what it needs:
 * it amends what otherwise stays, which only the owner of a workspace may ask
 * for; and what is written for a merged lead later on must find the other one.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard/clocks.h"
#include "guard/guard.h"
#include "guard/statement.h"
#include "rulebook/owner.h"

#define MAX_AMEND_ARGS	2

/*
 * Run a function that amends what happened in a workspace: $1 is its name, the
 * others are numbers.  Gives the number that it returns, or 0 for none.
 */
static int64
amend(Rulebook *rulebook, const char *workspace, const char *sql, const int64 *numbers, int n)
{
	Oid			types[1 + MAX_AMEND_ARGS];
	Datum		values[1 + MAX_AMEND_ARGS];
	bool		outer = history_may_change;
	volatile int64 result = 0;

	check_owner(rulebook->owner, rulebook->schema);

	types[0] = TEXTOID;
	values[0] = CStringGetTextDatum(workspace);
	for (int i = 0; i < n; i++)
	{
		types[1 + i] = INT8OID;
		values[1 + i] = Int64GetDatum(numbers[i]);
	}

	history_may_change = true;
	PG_TRY();
	{
		bool		isnull;

		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		if (SPI_execute_with_args(sql, 1 + n, types, values, NULL, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not amend workspace %s", rulebook->schema);

		/* from the first merge on every session must ask where a lead went */
		if (!rulebook->has_merges)
			CacheInvalidateRelcacheByRelid(rulebook->objects[OBJECT_LEAD].relid);
		if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) == INT8OID)
			result = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		SPI_finish();
	}
	PG_FINALLY();
	{
		history_may_change = outer;
	}
	PG_END_TRY();
	return result;
}

static int64
amend_workspace(const char *workspace, const char *sql, const int64 *numbers, int n)
{
	Rulebook   *rulebook = rulebook_open(rulebook_namespace(workspace));
	volatile int64 result = 0;

	PG_TRY();
	{
		result = amend(rulebook, workspace, sql, numbers, n);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return result;
}

/*
 * leadflow.merge(workspace, winner, loser) -> the number of the merge.
 */
PG_FUNCTION_INFO_V1(leadflow_merge);
Datum
leadflow_merge(PG_FUNCTION_ARGS)
{
	int64		numbers[] = {PG_GETARG_INT64(1), PG_GETARG_INT64(2)};

	PG_RETURN_INT64(amend_workspace(NameStr(*PG_GETARG_NAME(0)),
									"SELECT leadflow.merge_rows($1::pg_catalog.name, $2, $3)", numbers, 2));
}

/*
 * leadflow.unmerge(workspace, merge_id): undo a merge.
 */
PG_FUNCTION_INFO_V1(leadflow_unmerge);
Datum
leadflow_unmerge(PG_FUNCTION_ARGS)
{
	int64		numbers[] = {PG_GETARG_INT64(1)};

	(void) amend_workspace(NameStr(*PG_GETARG_NAME(0)),
						   "SELECT leadflow.unmerge_rows($1::pg_catalog.name, $2)", numbers, 1);
	PG_RETURN_VOID();
}

/*
 * leadflow.forget(workspace, lead_id): forget a person.  What happened stays,
 * without the person.
 */
PG_FUNCTION_INFO_V1(leadflow_forget);
Datum
leadflow_forget(PG_FUNCTION_ARGS)
{
	int64		numbers[] = {PG_GETARG_INT64(1)};

	(void) amend_workspace(NameStr(*PG_GETARG_NAME(0)),
						   "SELECT leadflow.forget_rows($1::pg_catalog.name, $2)", numbers, 1);
	PG_RETURN_VOID();
}

/*
 * The lead that a lead was found to be, at the end of the chain; 0 for none.
 * Asks for what is committed now, also since the statement began.
 */
static int64
found_to_be(Rulebook *rulebook, int64 lead_id)
{
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel = table_open(rules->relid, AccessShareLock);
	int64		found = 0;
	int64		id = lead_id;
	HeapTuple	tuple;

	PushActiveSnapshot(GetLatestSnapshot());
	while (HeapTupleIsValid(tuple = fetch_by_id(rulebook, rules, rel, id)))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, rules->fields[FIELD_MERGED_INTO],
										 RelationGetDescr(rel), &isnull);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			break;
		found = id = DatumGetInt64(value);
		heap_freetuple(tuple);
	}
	PopActiveSnapshot();
	table_close(rel, NoLock);
	return found;
}

/* The columns of touch and of opportunity by which they belong to a lead. */
typedef struct LeadColumns
{
	AttrNumber	id;
	AttrNumber	lead_id;
	AttrNumber	merged_from;	/* whose it was before a merge */
} LeadColumns;

/*
 * BEFORE: what is written for a lead that was merged becomes the other lead's.
 * What is given to a lead anew belongs to nobody else any more.
 */
static HeapTuple
redirect(TriggerData *trigger, Rulebook *rulebook, const LeadColumns *columns, bool lock)
{
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	tuple = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	TupleTableSlot *row = is_update ? trigger->tg_newslot : trigger->tg_trigslot;
	int			numbers[] = {columns->lead_id, columns->merged_from};
	bool		nulls[2];
	Datum		lead_id = slot_getattr(row, columns->lead_id, &nulls[0]);
	Datum		values[] = {lead_id, slot_getattr(row, columns->merged_from, &nulls[1])};
	bool		stays = is_update && same_column(trigger->tg_trigslot, row, columns->lead_id);
	int64		other = 0;

	if (stays)
	{
		bool		from_isnull;
		Datum		merged_from = slot_getattr(trigger->tg_trigslot, columns->merged_from, &from_isnull);

		if (!same_column(trigger->tg_trigslot, row, columns->merged_from))
			return heap_modify_tuple_by_cols(tuple, RelationGetDescr(trigger->tg_relation), 1,
											 &numbers[1], &merged_from, &from_isnull);
		if (!from_isnull ||
			!bms_is_member(columns->lead_id - FirstLowInvalidHeapAttributeNumber, trigger->tg_updatedcols))
			return tuple;
	}

	lock = lock && !stays;
	if (!nulls[0] && (lock || rulebook->has_merges))
	{
		if (lock)
			lock_lead(rulebook, DatumGetInt64(lead_id));
		other = found_to_be(rulebook, DatumGetInt64(lead_id));
	}
	if (other == 0 && nulls[1])
		return tuple;

	values[1] = lead_id;
	nulls[1] = (other == 0);
	if (other != 0)
		values[0] = Int64GetDatum(other);
	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(trigger->tg_relation), 2,
									 numbers, values, nulls);
}

/*
 * AFTER: was a merge, or its undoing, committed since the touch was redirected?
 * Then it is given anew to the lead that it was written for.
 */
static void
follow(TriggerData *trigger, Rulebook *rulebook, const LeadColumns *columns)
{
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	TupleTableSlot *row = is_update ? trigger->tg_newslot : trigger->tg_trigslot;
	bool		isnull;
	bool		from_isnull;
	int64		lead_id = DatumGetInt64(slot_getattr(row, columns->lead_id, &isnull));
	int64		written_for = DatumGetInt64(slot_getattr(row, columns->merged_from, &from_isnull));
	int64		owner;
	Datum		values[2];

	if (isnull ||
		(is_update && same_column(trigger->tg_trigslot, row, columns->lead_id) &&
		 same_column(trigger->tg_trigslot, row, columns->merged_from)))
		return;
	if (from_isnull)
		written_for = lead_id;
	owner = found_to_be(rulebook, written_for);
	if (owner == 0)
		owner = written_for;
	if (owner == lead_id)
		return;
	values[0] = slot_getattr(row, columns->id, &isnull);
	values[1] = Int64GetDatum(written_for);
	(void) statement_run(rulebook, GIVE_TOUCH, values, NULL);
}

/*
 * leadflow.follow_merge(): BEFORE INSERT OR UPDATE of touch and opportunity,
 * for each row.
 *
 * A merge that is committed while a touch is being written is not seen BEFORE.
 * So on touch the trigger fires AFTER too, when the foreign key has locked the
 * lead and no merge can come in between any more.  Opportunities are few; they
 * lock the lead themselves.
 */
PG_FUNCTION_INFO_V1(leadflow_follow_merge);
Datum
leadflow_follow_merge(PG_FUNCTION_ARGS)
{
	TriggerEvent timing = CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_BEFORE(((TriggerData *) fcinfo->context)->tg_event) ?
		TRIGGER_EVENT_BEFORE : TRIGGER_EVENT_AFTER;
	TriggerData *trigger = check_trigger(fcinfo, "follow_merge", timing, true);
	HeapTuple	result = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
	Rulebook   *rulebook = rulebook_of_table(trigger->tg_relation);

	PG_TRY();
	{
		ObjectRules *rules = &rulebook->objects[OBJECT_OPPORTUNITY];
		TouchColumns *touch = rulebook_touch_part(rulebook, RelationGetRelid(trigger->tg_relation));
		LeadColumns columns = {rules->fields[FIELD_ID], rules->fields[FIELD_LEAD_ID], rules->fields[FIELD_MERGED_FROM]};

		if (touch == NULL &&
			(RelationGetRelid(trigger->tg_relation) != rules->relid || timing != TRIGGER_EVENT_BEFORE))
			ereport(ERROR,
					(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					 errmsg("trigger \"%s\" belongs on the tables %s.touch and, BEFORE, %s.opportunity only",
							trigger->tg_trigger->tgname, rulebook->schema, rulebook->schema)));
		if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
			ereport(ERROR,
					(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					 errmsg("trigger \"%s\" must be fired by INSERT or UPDATE",
							trigger->tg_trigger->tgname)));

		if (touch != NULL)
		{
			columns.id = touch->id;
			columns.lead_id = touch->lead_id;
			columns.merged_from = touch->merged_from;
		}
		/* a merge that is under way moves what there is itself */
		if (!history_may_change && timing == TRIGGER_EVENT_BEFORE)
			result = redirect(trigger, rulebook, &columns, touch == NULL);
		else if (!history_may_change && rulebook->has_merges)
			follow(trigger, rulebook, &columns);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return PointerGetDatum(timing == TRIGGER_EVENT_BEFORE ? result : NULL);
}
