/*
 * clocks.c
 *	  Start and stop the clocks of promised reactions.
 *
 * A clock is a function of the data: when it starts, its warning and due
 * instants are reckoned once in the working time of its policy, and whether it
 * is running, warned, met or breached is computed when somebody reads it.
 *
 * Touches may be recorded late and out of order.  A clock that starts looks
 * for an answer that is already there, and an answer that arrives late stops
 * the clock at its own time.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "calendar/calendar.h"
#include "guard/clocks.h"
#include "guard/guard.h"
#include "guard/statement.h"

static bool
contains(char **strings, int n, const char *wanted)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(strings[i], wanted) == 0)
			return true;
	}
	return false;
}

static Datum
text_array(char **strings, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Length of an interval; a day is 24 hours, and the policy has no months. */
static int64
interval_length(const Interval *interval)
{
	int64		length;

	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, interval->time, &length))
		ereport(ERROR,
				(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
				 errmsg("interval out of range")));
	return length;
}

/* The working time that a policy's clock counts; 0 for elapsed time. */
static Datum
policy_calendar(Rulebook *rulebook, const Policy *policy, const char *owner)
{
	const char *code = policy->calendar;
	struct varlena *calendar;

	if (!policy->working)
		return (Datum) 0;
	if (code == NULL && owner != NULL)
	{
		const Member *member = rulebook_member(rulebook, owner);

		if (member != NULL)
			code = member->calendar;
	}
	if (code == NULL)
		code = "default";
	calendar = rulebook_calendar(rulebook, code);
	if (calendar == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("policy \"%s\" needs the calendar \"%s\", which does not exist",
						policy->policy, code),
				 errhint("Add it to %s.business_calendar.", rulebook->schema)));
	return PointerGetDatum(calendar);
}

/* The instant at which that much of a clock's time has passed. */
static TimestampTz
reckon(Datum calendar, TimestampTz start, const Interval *time)
{
	int64		length = interval_length(time);
	TimestampTz result;

	if (calendar != (Datum) 0)
		return calendar_add(calendar_lookup(calendar), start, length);
	if (pg_add_s64_overflow(start, length, &result) || !IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

/*
 * A repeatable read transaction may have waited for a touch that it cannot see,
 * and nobody has written a row over which the two would collide.  It must begin
 * anew, or it would reckon the clocks without that touch.
 */
static void
refuse_unseen_touches(Rulebook *rulebook, int64 lead_id)
{
	Datum		id = Int64GetDatum(lead_id);
	char	   *seen;
	char	   *now;

	if (XactIsoLevel != XACT_REPEATABLE_READ || !rulebook->has_clocks)
		return;
	seen = statement_fetch(rulebook, READ_VERSIONS, &id, NULL, false);
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	now = statement_fetch(rulebook, READ_VERSIONS, &id, NULL, true);
	PopActiveSnapshot();
	if (seen == NULL || now == NULL ? seen != now : strcmp(seen, now) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent touch of lead " INT64_FORMAT, lead_id),
				 errhint("The transaction might succeed if retried.")));
}

/*
 * Two touches that start and stop clocks of one lead at the same time wait for
 * each other, and for a move of the lead: neither must miss what the other
 * writes.  Touches that no policy names lock nothing.
 */
void
lock_lead(Rulebook *rulebook, int64 lead_id)
{
	Datum		id = Int64GetDatum(lead_id);

	(void) statement_run(rulebook, LOCK_LEAD, &id, NULL);
	refuse_unseen_touches(rulebook, lead_id);
}

/* Is there a promise about opportunities? */
static bool
has_opportunity_policies(Rulebook *rulebook)
{
	for (int i = 0; i < rulebook->n_policies; i++)
	{
		if (rulebook->policies[i].object == OBJECT_OPPORTUNITY)
			return true;
	}
	return false;
}

/* Whoever writes an opportunity's clocks waits for the touches of its lead. */
static void
lock_lead_of_opportunity(Move *move)
{
	if (move->rules->kind == OBJECT_OPPORTUNITY && move->evidence.has_lead &&
		has_opportunity_policies(move->rulebook))
		lock_lead(move->rulebook, move->evidence.lead_id);
}

/*
 * Start a policy's clock for the lead or opportunity in move.  The touch is the one that
 * started it, or NULL.
 */
static void
start_clock(Move *move, Policy *policy, TimestampTz start, const char *started_by,
			const int64 *touch_id)
{
	Rulebook   *rulebook = move->rulebook;
	char	   *owner = row_string(move, FIELD_OWNER);
	const Member *member = owner == NULL ? NULL : rulebook_member(rulebook, owner);
	Datum		calendar = policy_calendar(rulebook, policy, owner);
	TimestampTz due = reckon(calendar, start, &policy->target);
	bool		is_lead = policy->object == OBJECT_LEAD;
	bool		isnull;
	TimestampTz since = DatumGetTimestampTz(row_field(move, FIELD_STAGE_SINCE, &isnull));
	Datum		values[28];
	bool		nulls[28] = {false};

	/* the answer may be among them */
	if (move->evidence.has_lead)
		refuse_unseen_touches(rulebook, move->evidence.lead_id);
	values[0] = row_field(move, FIELD_ID, &nulls[0]);
	values[1] = CStringGetTextDatum(policy->policy);
	values[2] = CStringGetTextDatum(policy->metric);
	values[3] = row_field(move, FIELD_OWNER, &nulls[3]);
	values[4] = PointerGetDatum(member == NULL ? NULL : member->team);
	nulls[4] = (member == NULL);
	values[5] = CStringGetTextDatum(move->variant);
	values[6] = Int64GetDatum(rulebook->version);
	values[7] = TimestampTzGetDatum(start);
	values[8] = policy->has_warning ?
		TimestampTzGetDatum(reckon(calendar, start, &policy->warn_after)) : (Datum) 0;
	nulls[8] = !policy->has_warning;
	values[9] = TimestampTzGetDatum(due);
	values[10] = IntervalPGetDatum(&policy->target);
	values[11] = IntervalPGetDatum(&policy->warn_after);
	nulls[11] = !policy->has_warning;
	values[12] = calendar;
	nulls[12] = (calendar == (Datum) 0);
	values[13] = CStringGetTextDatum(started_by);
	values[14] = touch_id == NULL ? (Datum) 0 : Int64GetDatum(*touch_id);
	nulls[14] = (touch_id == NULL);
	values[15] = text_array(policy->stops_on_touch, policy->n_stops_on_touch);
	nulls[15] = (policy->n_stops_on_touch == 0);
	values[16] = Int64GetDatum(move->evidence.lead_id);
	nulls[16] = !move->evidence.has_lead;
	values[17] = values[0];
	nulls[17] = is_lead;
	values[18] = PointerGetDatum(policy->stops_on_stage);
	nulls[18] = (policy->stops_on_stage == NULL);
	values[19] = BoolGetDatum(policy->stops_on_verdict);
	values[20] = Int32GetDatum((int32) policy->attempts);
	nulls[20] = (policy->attempts == 0);
	values[21] = Int32GetDatum((int32) policy->channels);
	nulls[21] = (policy->channels == 0);
	values[22] = IntervalPGetDatum(&policy->spacing);
	nulls[22] = !policy->has_spacing;
	values[23] = IntervalPGetDatum(&policy->attempt_every);
	nulls[23] = !policy->has_attempt_every;
	values[24] = text_array(policy->stops_on_inbound, policy->n_stops_on_inbound);
	nulls[24] = (policy->n_stops_on_inbound == 0);
	values[25] = PointerGetDatum(policy->starts_on_stage);
	nulls[25] = !policy->stops_on_leaving;
	values[26] = BoolGetDatum(policy->restarts);
	values[27] = BoolGetDatum(is_lead && start < since);
	(void) statement_run(rulebook, is_lead ? START_CLOCK : START_OPPORTUNITY_CLOCK, values, nulls);

	/* what stops it may have been recorded before it starts */
	if (is_lead && (policy->attempts > 0 || policy->n_stops_on_inbound > 0))
		reckon_cadences(rulebook, move->evidence.lead_id, NULL, NULL);
}

/* Is there a policy of the lead's own variant under the same code? */
static bool
policy_is_replaced(Rulebook *rulebook, const Policy *policy, const char *variant)
{
	if (strcmp(policy->variant, "*") != 0 || strcmp(variant, "*") == 0)
		return false;
	for (int i = 0; i < rulebook->n_policies; i++)
	{
		Policy	   *other = &rulebook->policies[i];

		if (strcmp(other->variant, variant) == 0 && strcmp(other->policy, policy->policy) == 0 &&
			other->object == policy->object)
			return true;
	}
	return false;
}

/* Does entering the stage start the policy's clocks?  Moves within it do not. */
static bool
stage_starts(const Policy *policy, const Stage *from, const Stage *stage)
{
	return policy->starts_on_stage != NULL &&
		stage_contained(stage, policy->starts_on_stage) &&
		(from == NULL || !stage_contained(from, policy->starts_on_stage));
}

/*
 * Start what a stage, or a touch of that kind, starts: in each metric the
 * first policy that matches.  The policies are in the order of metric and
 * position.
 */
static void
start_clocks(Move *move, TimestampTz start, const Stage *stage, const char *touch_kind,
			 const int64 *touch_id)
{
	Rulebook   *rulebook = move->rulebook;
	const char *metric_done = NULL;

	for (int i = 0; i < rulebook->n_policies; i++)
	{
		Policy	   *policy = &rulebook->policies[i];

		if (!policy->active || policy->object != move->rules->kind ||
			(metric_done != NULL && strcmp(policy->metric, metric_done) == 0))
			continue;
		if (stage != NULL ? !stage_starts(policy, move->from, stage) :
			!contains(policy->starts_on_touch, policy->n_starts_on_touch, touch_kind))
			continue;

		if (!variant_applies(policy->variant, move->variant) ||
			policy_is_replaced(rulebook, policy, move->variant) ||
			!condition_met(move, &policy->program, policy->condition))
			continue;

		start_clock(move, policy, start,
					stage != NULL ? psprintf("stage %s", stage_to_cstring(stage)) :
					psprintf("touch %s", touch_kind), touch_id);
		metric_done = policy->metric;
	}
}

/*
 * Has the lead a clock that the test is true for?  Most have none, so it is
 * looked up by the index before a statement is run.  Where that cannot be, it
 * may be so.
 */
bool
lead_has_clock(Rulebook *rulebook, int64 lead_id, ClockTest test, const void *arg)
{
	ClockColumns *columns = &rulebook->clock;
	Relation	rel;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		found = false;

	if (!rulebook->has_clocks)
		return false;
	if (!OidIsValid(columns->lead_index))
		return true;

	rel = table_open(columns->relid, AccessShareLock);
	if (!rulebook->valid)
	{
		table_close(rel, NoLock);
		return true;
	}
	ScanKeyInit(&key, columns->lead_id, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	scan = systable_beginscan(rel, columns->lead_index, true, SnapshotSelf, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		found = test(columns, tuple, RelationGetDescr(rel), arg);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
	return found;
}

/* Does it run at an instant, as far as is known by now? */
static bool
is_running(const ClockColumns *columns, HeapTuple tuple, TupleDesc desc, const void *arg)
{
	bool		isnull;
	Datum		stopped = heap_getattr(tuple, columns->stopped_at, desc, &isnull);

	return heap_attisnull(tuple, columns->cancelled_at, desc) &&
		(isnull || DatumGetTimestampTz(stopped) > *(const TimestampTz *) arg);
}

/* Has it a clock that is running when it moves?  Opportunities are few: it may be so. */
static bool
has_running_clock(Move *move)
{
	if (move->rules->kind != OBJECT_LEAD)
		return move->rulebook->has_clocks;
	return lead_has_clock(move->rulebook, move->evidence.lead_id, is_running, &move->at);
}

/*
 * A lead or opportunity has entered a stage: stop what it was promised until
 * then, and start what it is promised from now on.  Leaving the path cancels
 * the rest.
 */
void
clocks_on_stage(Move *move)
{
	Rulebook   *rulebook = move->rulebook;
	bool		is_lead = move->rules->kind == OBJECT_LEAD;

	lock_lead_of_opportunity(move);

	if (move->from != NULL && has_running_clock(move))
	{
		Datum		values[5];
		bool		isnull;

		values[0] = row_field(move, FIELD_ID, &isnull);
		values[1] = TimestampTzGetDatum(move->at);
		values[2] = PointerGetDatum(move->to);
		values[3] = CStringGetTextDatum(psprintf("stage %s", stage_to_cstring(move->to)));
		values[4] = BoolGetDatum(stage_code_is_exit(stage_code(move->to)));
		(void) statement_run(rulebook, is_lead ?
							 STOP_CLOCKS_BY_STAGE : STOP_OPPORTUNITY_CLOCKS_BY_STAGE, values, NULL);
	}
	start_clocks(move, move->at, move->to, NULL, NULL);
}

/* There is another owner: who owes the reaction changes, the time does not. */
void
clocks_on_owner(Move *move)
{
	char	   *owner = row_string(move, FIELD_OWNER);
	const Member *member = owner == NULL ? NULL : rulebook_member(move->rulebook, owner);
	Datum		values[3];
	bool		nulls[3] = {false};

	if (!move->rulebook->has_clocks)
		return;
	lock_lead_of_opportunity(move);
	values[0] = row_field(move, FIELD_ID, &nulls[0]);
	values[1] = row_field(move, FIELD_OWNER, &nulls[1]);
	values[2] = PointerGetDatum(member == NULL ? NULL : member->team);
	nulls[2] = (member == NULL);
	(void) statement_run(move->rulebook, move->rules->kind == OBJECT_LEAD ?
						 REASSIGN_CLOCKS : REASSIGN_OPPORTUNITY_CLOCKS, values, nulls);
}

/* An opportunity is another lead's now: whose touches answer changes. */
void
clocks_on_lead(Move *move)
{
	Rulebook   *rulebook = move->rulebook;
	NameData	workspace;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (!rulebook->has_clocks)
		return;
	lock_lead_of_opportunity(move);
	values[0] = row_field(move, FIELD_ID, &nulls[0]);
	values[1] = row_field(move, FIELD_LEAD_ID, &nulls[1]);
	if (statement_run(rulebook, GIVE_CLOCKS, values, nulls) == 0 || nulls[1])
		return;
	namestrcpy(&workspace, get_namespace_name(rulebook->nspid));
	values[0] = NameGetDatum(&workspace);
	(void) statement_run(rulebook, ANSWER_CLOCKS, values, NULL);
}

/* Can a touch of that kind start a clock? */
static bool
kind_starts(Rulebook *rulebook, const char *kind)
{
	for (int i = 0; i < rulebook->n_policies; i++)
	{
		Policy	   *policy = &rulebook->policies[i];

		if (contains(policy->starts_on_touch, policy->n_starts_on_touch, kind))
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
		start_clocks(&move, at, NULL, kind, &touch_id);
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

		if (contains(policy->stops_on_touch, policy->n_stops_on_touch, kind) ||
			contains(policy->stops_on_inbound, policy->n_stops_on_inbound, kind))
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

/* Clocks have begun to run again: what stages have the lead, and its opportunities, entered since? */
void
end_clocks(Rulebook *rulebook, int64 lead_id)
{
	Datum		id = Int64GetDatum(lead_id);

	(void) statement_run(rulebook, END_CLOCKS, &id, NULL);
	if (has_opportunity_policies(rulebook))
		(void) statement_run(rulebook, END_OPPORTUNITY_CLOCKS, &id, NULL);
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

/* The row that a recorder below is about, which belongs on one table. */
static TupleTableSlot *
written_row(TriggerData *trigger, Rulebook *rulebook, const char *table, bool is_table)
{
	if (!is_table)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" belongs on the table %s.%s only",
						trigger->tg_trigger->tgname, rulebook->schema, table)));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return trigger->tg_trigslot;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return trigger->tg_newslot;
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("trigger \"%s\" must be fired by INSERT, UPDATE or DELETE",
					trigger->tg_trigger->tgname)));
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
