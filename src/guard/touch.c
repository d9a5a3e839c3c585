/*
 * touch.c
 *	  What a touch does to the clocks of its lead.
 *
 * Touches may be recorded late and out of order, corrected and removed: clocks
 * end up as if each had been recorded in its time, as it is now.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "guard/clocks.h"
#include "guard/guard.h"
#include "guard/statement.h"

/* Can a touch of that kind start a clock? */
static bool
kind_starts(Rulebook *rulebook, const char *kind)
{
	for (int i = 0; i < rulebook->n_policies; i++)
	{
		Policy	   *policy = &rulebook->policies[i];

		if (has_string(policy->starts_on_touch, policy->n_starts_on_touch, kind))
			return true;
	}
	return false;
}

/* An inbound touch: start what its kind starts, for the lead as it is now. */
static void
inbound_touch(Rulebook *rulebook, int64 touch_id, int64 lead_id, TimestampTz at, const char *kind)
{
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel;
	HeapTuple	tuple;

	if (!kind_starts(rulebook, kind))
		return;
	lock_lead(rulebook, lead_id);

	/* the lead may have been written by this very statement, or just before */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	rel = table_open(rules->relid, AccessShareLock);
	tuple = fetch_by_id(rulebook, rules, rel, lead_id);
	if (HeapTupleIsValid(tuple))
	{
		TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
		const Stage *stage;
		Move		move;
		bool		isnull;

		ExecStoreHeapTuple(tuple, row, false);
		stage = DatumGetStagePP(slot_getattr(row, rules->fields[FIELD_STAGE], &isnull));
		move_init(&move, rulebook, rules, rel, row, stage, stage);
		move_set_time(&move, at);
		clocks_on_touch(&move, at, kind, touch_id);
		ExecDropSingleTupleTableSlot(row);
	}
	table_close(rel, NoLock);
	PopActiveSnapshot();
}

/* May a clock wait for a touch of that kind? */
static bool
kind_may_stop(Rulebook *rulebook, Datum kind_datum, const char *kind)
{
	TouchKind  *known = rulebook_touch_kind(rulebook, kind_datum);

	if (known != NULL && known->is_contact)
		return true;
	for (int i = 0; i < rulebook->n_policies; i++)
	{
		Policy	   *policy = &rulebook->policies[i];

		if (has_string(policy->stops_on_touch, policy->n_stops_on_touch, kind) ||
			has_string(policy->stops_on_inbound, policy->n_stops_on_inbound, kind))
			return true;
	}
	return false;
}

/* An outbound touch: stop the clocks that wait for it. */
static void
outbound_touch(Rulebook *rulebook, int64 touch_id, int64 lead_id, TimestampTz at, Datum kind)
{
	Datum		values[4];

	if (!kind_may_stop(rulebook, kind, TextDatumGetCString(kind)))
		return;
	lock_lead(rulebook, lead_id);

	values[0] = Int64GetDatum(lead_id);
	values[1] = TimestampTzGetDatum(at);
	values[2] = kind;
	values[3] = Int64GetDatum(touch_id);
	(void) statement_run(rulebook, STOP_CLOCKS_BY_TOUCH, values, NULL);
	reckon_cadences(rulebook, lead_id, &at, NULL);
}

/* A touch was corrected or removed: undo what it started and stopped. */
static void
retract_touch(Rulebook *rulebook, const TouchColumns *touch, TupleTableSlot *old_row)
{
	bool		isnull;
	Datum		lead_id = slot_getattr(old_row, touch->lead_id, &isnull);
	Datum		kind;
	Datum		values[2];
	int64		id;
	char	   *name;

	if (isnull)
		return;
	kind = slot_getattr(old_row, touch->kind, &isnull);
	name = TextDatumGetCString(kind);
	if (!kind_starts(rulebook, name) && !kind_may_stop(rulebook, kind, name))
		return;
	id = DatumGetInt64(slot_getattr(old_row, touch->id, &isnull));
	values[0] = Int64GetDatum(id);
	values[1] = lead_id;
	lock_lead(rulebook, DatumGetInt64(lead_id));
	(void) statement_run(rulebook, RETRACT_STARTS, values, NULL);
	if (statement_run(rulebook, RETRACT_STOPS, values, NULL) > 0)
		end_clocks(rulebook, DatumGetInt64(lead_id));
	reckon_cadences(rulebook, DatumGetInt64(lead_id), NULL, &id);
}

/* Has an UPDATE of a touch left alone what clocks look at? */
static bool
touch_is_same(const TouchColumns *touch, TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	return same_column(old_row, new_row, touch->at) &&
		same_column(old_row, new_row, touch->lead_id) &&
		same_column(old_row, new_row, touch->kind) &&
		same_column(old_row, new_row, touch->direction);
}

/*
 * Has its kind got another name?  A kind that has touches is there, unless the
 * foreign key is taking its new name to them; clocks follow by themselves.
 */
static bool
kind_is_renamed(Rulebook *rulebook, const TouchColumns *touch,
				TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	bool		isnull;
	Datum		old_kind = slot_getattr(old_row, touch->kind, &isnull);

	return !isnull &&
		same_column(old_row, new_row, touch->at) &&
		same_column(old_row, new_row, touch->lead_id) &&
		same_column(old_row, new_row, touch->direction) &&
		statement_run(rulebook, READ_KIND, &old_kind, NULL) == 0;
}

/* A touch turns out to have gone by another channel, which cadences count. */
static void
rechannel_touch(Rulebook *rulebook, const TouchColumns *touch,
				TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	bool		isnull;
	Datum		lead_id = slot_getattr(new_row, touch->lead_id, &isnull);

	if (!isnull && !same_column(old_row, new_row, touch->channel))
		reckon_cadences(rulebook, DatumGetInt64(lead_id), NULL, NULL);
}

static void
record_touch(TriggerData *trigger, Rulebook *rulebook)
{
	TouchColumns *touch = rulebook_touch_part(rulebook, RelationGetRelid(trigger->tg_relation));
	TupleTableSlot *row = written_row(trigger, rulebook, "touch", touch != NULL);
	int64		id;
	int64		lead_id;
	TimestampTz at;
	Datum		kind;
	bool		isnull;

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		/* merging moves the clocks themselves */
		if (history_may_change)
			return;
		if (touch_is_same(touch, trigger->tg_trigslot, row) ||
			kind_is_renamed(rulebook, touch, trigger->tg_trigslot, row))
		{
			rechannel_touch(rulebook, touch, trigger->tg_trigslot, row);
			return;
		}
		retract_touch(rulebook, touch, trigger->tg_trigslot);
	}
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		retract_touch(rulebook, touch, row);
		return;
	}

	lead_id = DatumGetInt64(slot_getattr(row, touch->lead_id, &isnull));
	if (isnull)
		return;
	id = DatumGetInt64(slot_getattr(row, touch->id, &isnull));
	at = DatumGetTimestampTz(slot_getattr(row, touch->at, &isnull));
	kind = slot_getattr(row, touch->kind, &isnull);

	if (touch_is_inbound(slot_getattr(row, touch->direction, &isnull)))
	{
		char	   *name = TextDatumGetCString(kind);

		if (kind_may_stop(rulebook, kind, name))
			reckon_cadences(rulebook, lead_id, &at, NULL);
		inbound_touch(rulebook, id, lead_id, at, name);
	}
	else
		outbound_touch(rulebook, id, lead_id, at, kind);
}

/*
 * leadflow.touch_recorder(): AFTER INSERT, UPDATE or DELETE on touch, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_touch_recorder);
Datum
leadflow_touch_recorder(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "touch_recorder", TRIGGER_EVENT_AFTER, true);
	Rulebook   *rulebook = rulebook_of_table(trigger->tg_relation);

	PG_TRY();
	{
		record_touch(trigger, rulebook);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return PointerGetDatum(NULL);
}

/* A value that is not null, whatever type the column was given. */
static Datum
text_of_column(TupleTableSlot *row, AttrNumber attnum)
{
	bool		isnull;
	Datum		value = slot_getattr(row, attnum, &isnull);
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(TupleDescAttr(row->tts_tupleDescriptor, attnum - 1)->atttypid, &output, &varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(output, value));
}

/*
 * leadflow.kind_recorder(): AFTER UPDATE on touch_kind, for each row.  Promises,
 * and clocks, that name a kind follow when it is called otherwise.
 */
PG_FUNCTION_INFO_V1(leadflow_kind_recorder);
Datum
leadflow_kind_recorder(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "kind_recorder", TRIGGER_EVENT_AFTER, true);
	Rulebook   *rulebook = rulebook_open(RelationGetNamespace(trigger->tg_relation));

	PG_TRY();
	{
		TupleTableSlot *row = written_row(trigger, rulebook, "touch_kind",
										  RelationGetRelid(trigger->tg_relation) == get_relname_relid("touch_kind", rulebook->nspid));
		AttrNumber	kind = get_attnum(RelationGetRelid(trigger->tg_relation), "kind");
		Datum		values[2];

		if (kind != InvalidAttrNumber && !same_column(trigger->tg_trigslot, row, kind))
		{
			values[0] = text_of_column(trigger->tg_trigslot, kind);
			values[1] = text_of_column(row, kind);
			(void) statement_run(rulebook, RENAME_KIND_IN_POLICIES, values, NULL);
			(void) statement_run(rulebook, RENAME_KIND_IN_CLOCKS, values, NULL);
			(void) statement_run(rulebook, RENAME_KIND_IN_RULES, values, NULL);
		}
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return PointerGetDatum(NULL);
}
