/*
 * clocks.c
 *	  Start and stop the clocks of promised reactions.
 *
 * A clock is a function of the data: when it starts, its warning and due
 * instants are reckoned once in the working time of its policy, and whether it
 * is running, warned, met or breached is computed when somebody reads it.
 *
 * What is recorded late counts at its own time: a clock that starts looks for
 * an answer, or a stage, that has ended it already.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "calendar/calendar.h"
#include "guard/clocks.h"
#include "guard/statement.h"

bool
has_string(char **strings, int n, const char *wanted)
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
 * Start a policy's clock for the lead or opportunity in move.  The touch is the
 * one that started it, or NULL.
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
			!has_string(policy->starts_on_touch, policy->n_starts_on_touch, touch_kind))
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

/* A touch of that kind has come in: start what it starts. */
void
clocks_on_touch(Move *move, TimestampTz at, const char *kind, int64 touch_id)
{
	start_clocks(move, at, NULL, kind, &touch_id);
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

/* Clocks have begun to run again: what stages have the lead, and its opportunities, entered since? */
void
end_clocks(Rulebook *rulebook, int64 lead_id)
{
	Datum		id = Int64GetDatum(lead_id);

	(void) statement_run(rulebook, END_CLOCKS, &id, NULL);
	if (has_opportunity_policies(rulebook))
		(void) statement_run(rulebook, END_OPPORTUNITY_CLOCKS, &id, NULL);
}
