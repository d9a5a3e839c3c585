/*
 * pause.c
 *	  When a clock stands still, its warning and due instants move on.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "guard/guard.h"
#include "guard/statement.h"

/* A column of sla_pause, which must be of that type. */
static AttrNumber
pause_column(Rulebook *rulebook, Relation rel, const char *name, Oid type)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), name);

	if (attnum == InvalidAttrNumber ||
		TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid != type)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s.sla_pause has no column \"%s\" of type %s",
						rulebook->schema, name, format_type_be(type))));
	return attnum;
}

/*
 * To anybody but the owner, who loads history, a broken promise stays broken:
 * of a clock that is late he only ends the pause in which it stands still.
 */
static void
refuse_late_pause(Rulebook *rulebook, Relation rel, TupleTableSlot *old_row, TupleTableSlot *row, Datum clock)
{
	AttrNumber	paused_at = pause_column(rulebook, rel, "paused_at", TIMESTAMPTZOID);
	AttrNumber	resumed_at = pause_column(rulebook, rel, "resumed_at", TIMESTAMPTZOID);
	AttrNumber	id = pause_column(rulebook, rel, "id", INT8OID);
	Datum		values[4];
	bool		nulls[4] = {false, false, true, false};
	bool		isnull;
	char	   *due;

	values[0] = clock;
	values[1] = slot_getattr(row, paused_at, &nulls[1]);
	values[2] = (Datum) 0;
	values[3] = slot_getattr(row, id, &nulls[3]);
	if (old_row != NULL &&
		same_column(old_row, row, pause_column(rulebook, rel, "clock_id", INT8OID)))
	{
		(void) slot_getattr(old_row, resumed_at, &isnull);
		if (isnull)
			values[2] = slot_getattr(old_row, paused_at, &nulls[2]);
	}
	due = statement_fetch(rulebook, READ_LATE_PAUSE, values, nulls, false);
	if (due != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("clock " INT64_FORMAT " is late since %s", DatumGetInt64(clock), due),
				 errhint("What paused it before is for the owner of the workspace to record.")));
}

/*
 * What paused a clock that has ended is for the owner to record, too.  A clock
 * that is not there is the foreign key's concern.
 */
static void
record_pause(TriggerData *trigger, Rulebook *rulebook)
{
	Relation	rel = trigger->tg_relation;
	TupleTableSlot *row = written_row(trigger, rulebook, "sla_pause",
									  RelationGetRelid(rel) == get_relname_relid("sla_pause", rulebook->nspid));
	TupleTableSlot *old_row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_trigslot : NULL;
	AttrNumber	clock_id = pause_column(rulebook, rel, "clock_id", INT8OID);
	bool		by_owner = has_privs_of_role(acting_user(), rulebook->owner);
	Datum		values[2];
	bool		isnull;
	bool		found;

	values[0] = slot_getattr(row, clock_id, &isnull);
	values[1] = BoolGetDatum(by_owner);
	if (isnull || history_may_change)
		return;

	/*
	 * Two pauses that end at the same time are both reckoned.  The lead comes
	 * first, as with whoever stops the clock.
	 */
	(void) statement_run(rulebook, LOCK_LEAD_OF_CLOCK, values, NULL);
	found = statement_run(rulebook, LOCK_CLOCK, values, NULL) > 0;
	if (!by_owner)
		refuse_late_pause(rulebook, rel, old_row, row, values[0]);
	if (found && statement_run(rulebook, RECKON_PAUSES, values, NULL) == 0 && old_row == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("clock " INT64_FORMAT " has ended and cannot be paused",
						DatumGetInt64(values[0]))));

	/* it was entered for another clock */
	if (old_row != NULL && !same_column(old_row, row, clock_id))
	{
		values[0] = slot_getattr(old_row, clock_id, &isnull);
		(void) statement_run(rulebook, LOCK_LEAD_OF_CLOCK, values, NULL);
		(void) statement_run(rulebook, LOCK_CLOCK, values, NULL);
		(void) statement_run(rulebook, RECKON_PAUSES, values, NULL);
	}
}

/*
 * leadflow.pause_recorder(): AFTER INSERT OR UPDATE on sla_pause, for each row.
 * A pause that ends moves the clock's warning and due instants on.
 */
PG_FUNCTION_INFO_V1(leadflow_pause_recorder);
Datum
leadflow_pause_recorder(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "pause_recorder", TRIGGER_EVENT_AFTER, true);
	Rulebook   *rulebook = rulebook_open(RelationGetNamespace(trigger->tg_relation));

	PG_TRY();
	{
		record_pause(trigger, rulebook);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return PointerGetDatum(NULL);
}
