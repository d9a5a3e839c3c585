/*
 * guard.c
 *	  The BEFORE trigger of lead and opportunity.
 *
 * It judges a change of stage before it is written, and keeps the columns that
 * are its own: stage_since, furthest_stage, created_at, updated_at, closed_at,
 * field_sources.
 *
 * A new row is not judged here but when it has been inserted, by the recorder:
 * INSERT ... ON CONFLICT fires BEFORE INSERT also for a row that is never
 * inserted, and such a row must be neither refused nor parked.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "guard/nurture.h"
#include "guard/overwrite.h"
#include "guard/stamp.h"
#include "guard/statement.h"
#include "leadflow.h"

/* The object that a trigger of lead or opportunity is about. */
ObjectKind
trigger_object(TriggerData *trigger)
{
	if (trigger->tg_trigger->tgnargs == 1)
	{
		if (strcmp(trigger->tg_trigger->tgargs[0], "lead") == 0)
			return OBJECT_LEAD;
		if (strcmp(trigger->tg_trigger->tgargs[0], "opportunity") == 0)
			return OBJECT_OPPORTUNITY;
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("trigger \"%s\" must have the argument lead or opportunity",
					trigger->tg_trigger->tgname)));
}

/* The protocol every trigger function of the module keeps. */
TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *function, TriggerEvent timing, bool for_row)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function leadflow.%s was not called by a trigger", function)));
	if ((trigger->tg_event & TRIGGER_EVENT_TIMINGMASK) != timing ||
		(for_row && !TRIGGER_FIRED_FOR_ROW(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be fired %s %s", trigger->tg_trigger->tgname,
						timing == TRIGGER_EVENT_BEFORE ? "BEFORE" : "AFTER",
						for_row ? "for each row" : "the event"),
				 errhint("leadflow.create_workspace creates the triggers as they must be.")));
	return trigger;
}

/* The trigger must be on the table that its argument names. */
ObjectRules *
trigger_rules(TriggerData *trigger, Rulebook *rulebook, ObjectKind kind)
{
	ObjectRules *rules = &rulebook->objects[kind];

	if (RelationGetRelid(trigger->tg_relation) != rules->relid)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" belongs on the table %s.%s only",
						trigger->tg_trigger->tgname, rulebook->schema, object_name(kind))));
	return rules;
}

/* The row that a recorder is about, which belongs on one table. */
TupleTableSlot *
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

static Datum
field_of(ObjectRules *rules, TupleTableSlot *row, Field field, bool *isnull)
{
	return slot_getattr(row, rules->fields[field], isnull);
}

/* Did the writer change this column? */
static bool
field_changed(ObjectRules *rules, TupleTableSlot *old_row, TupleTableSlot *new_row, Field field)
{
	return !same_column(old_row, new_row, rules->fields[field]);
}

static void
refuse_identity(TriggerData *trigger, ObjectRules *rules, Field field)
{
	AttrNumber	attnum = rules->fields[field];

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the identity of a %s does not change", object_name(rules->kind)),
			 errdetail("Column \"%s\" was to be changed.",
					   NameStr(TupleDescAttr(RelationGetDescr(trigger->tg_relation), attnum - 1)->attname)),
			 errhint("id, source and external_id hold for the whole life cycle; external_id may be set once."),
			 errtablecol(trigger->tg_relation, attnum),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "identity")));
}

/* Which lead a lead was found to be is for leadflow.merge to write. */
void
check_merged_into(TriggerData *trigger, ObjectRules *rules,
				  TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	AttrNumber	column = rules->fields[FIELD_MERGED_INTO];
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	/* nearly always both are null, which the tuples tell without being taken apart */
	if (rules->kind != OBJECT_LEAD || history_may_change)
		return;
	if (old_row == NULL ? heap_attisnull(trigger->tg_trigtuple, column, desc) :
		(heap_attisnull(trigger->tg_trigtuple, column, desc) &&
		 heap_attisnull(trigger->tg_newtuple, column, desc)) ||
		!field_changed(rules, old_row, new_row, FIELD_MERGED_INTO))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("merged_into is written by leadflow.merge only"),
			 errhint("The owner of the workspace merges leads with leadflow.merge, and parts them with leadflow.unmerge."),
			 errtablecol(trigger->tg_relation, column),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "merged_into")));
}

/* id, source and external_id hold for the whole life cycle. */
void
check_identity(TriggerData *trigger, ObjectRules *rules,
			   TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	bool		isnull;

	check_merged_into(trigger, rules, old_row, new_row);
	if (field_changed(rules, old_row, new_row, FIELD_ID))
		refuse_identity(trigger, rules, FIELD_ID);
	if (field_changed(rules, old_row, new_row, FIELD_SOURCE))
		refuse_identity(trigger, rules, FIELD_SOURCE);
	/* a key that names the person goes when the person is forgotten */
	if (field_changed(rules, old_row, new_row, FIELD_EXTERNAL_ID) && !history_may_change)
	{
		(void) field_of(rules, old_row, FIELD_EXTERNAL_ID, &isnull);
		if (!isnull)
			refuse_identity(trigger, rules, FIELD_EXTERNAL_ID);
	}
}

/*
 * The stage that the row's status stands for; NULL if the status says nothing
 * about the stage.
 */
static const Stage *
stage_of_status(Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *row)
{
	bool		isnull;
	Datum		status = field_of(rules, row, FIELD_STATUS, &isnull);
	char	   *source;
	bool		unknown;

	if (isnull || rules->n_aliases == 0)
		return NULL;
	source = writer_source(rules, row);
	if (source == NULL)
		return NULL;
	return rulebook_stage_of_word(rulebook, rules, source, TextDatumGetCString(status), &unknown);
}

/*
 * Does a word that stands for a stage move the row there?  A source that only
 * moves forward leaves the row where it is.
 */
static bool
word_moves(Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *row,
		   const Stage *from, const Stage *meant)
{
	const Source *source;

	if (!stage_is_back(from, meant))
		return true;
	source = rulebook_source(rulebook, writer_source(rules, row));
	return source == NULL || !source->forward;
}

/* Did the statement name this column, or a trigger change it? */
bool
column_is_written(TriggerData *trigger, ObjectRules *rules, Field field)
{
	return field_changed(rules, trigger->tg_trigslot, trigger->tg_newslot, field) ||
		bms_is_member(rules->fields[field] - FirstLowInvalidHeapAttributeNumber,
					  trigger->tg_updatedcols);
}

/* Is the guard a trigger that fires now, and the last one to change the row? */
bool
guard_has_last_word(const GuardPlace *place)
{
	if (!place->is_last)
		return false;
	switch (place->enabled)
	{
		case TRIGGER_FIRES_ALWAYS:
			return true;
		case TRIGGER_FIRES_ON_ORIGIN:
			return SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA;
		case TRIGGER_FIRES_ON_REPLICA:
			return SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;
		default:
			return false;
	}
}

/* The furthest spine stage, given the one so far. */
Datum
further_stage(const Stage *so_far, const Stage *stage, bool *isnull)
{
	const Stage *furthest = so_far;

	if (!stage_code_is_exit(stage_code(stage)) &&
		(so_far == NULL || stage_code(stage) > stage_code(so_far)))
		furthest = stage_base_of(stage);
	*isnull = (furthest == NULL);
	return PointerGetDatum(furthest);
}

/* Is an opportunity closed in this stage? */
static bool
is_closed(const Stage *stage)
{
	return stage_code_is_exit(stage_code(stage)) || stage_code(stage) >= STAGE_WON;
}

/* Fill in a new row.  It is judged when it has been inserted. */
static HeapTuple
guard_insert(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules)
{
	TupleTableSlot *row = trigger->tg_trigslot;
	TimestampTz now = leadflow_now();
	Stamps		stamps = {0};
	const Stage *stage = NULL;
	TimestampTz since;
	bool		isnull;
	Datum		value;

	value = field_of(rules, row, FIELD_STAGE, &isnull);
	if (!isnull)
		stage = DatumGetStagePP(value);
	else
	{
		stage = stage_of_status(rulebook, rules, row);
		if (stage == NULL)
			stage = stage_make(rules->kind == OBJECT_LEAD ? STAGE_LEAD : STAGE_OPPORTUNITY, NULL, 0);
		stamp(&stamps, rules, FIELD_STAGE, PointerGetDatum(stage), false);
	}

	value = field_of(rules, row, FIELD_STAGE_SINCE, &isnull);
	if (isnull)
	{
		value = TimestampTzGetDatum(now);
		stamp(&stamps, rules, FIELD_STAGE_SINCE, value, false);
	}
	since = DatumGetTimestampTz(value);

	(void) field_of(rules, row, FIELD_CREATED_AT, &isnull);
	if (isnull)
		stamp(&stamps, rules, FIELD_CREATED_AT, TimestampTzGetDatum(Min(since, now)), false);
	stamp(&stamps, rules, FIELD_UPDATED_AT, TimestampTzGetDatum(now), false);

	value = further_stage(NULL, stage, &isnull);
	stamp(&stamps, rules, FIELD_FURTHEST_STAGE, value, isnull);

	if (rules->kind == OBJECT_OPPORTUNITY)
	{
		(void) field_of(rules, row, FIELD_CLOSED_AT, &isnull);
		if (isnull || !is_closed(stage))
			stamp(&stamps, rules, FIELD_CLOSED_AT, TimestampTzGetDatum(since), !is_closed(stage));
	}
	nurture_stamps(&stamps, rulebook, rules, NULL, row, NULL, stage, since);
	if (rules->n_overwrites > 0)
	{
		value = overwrite_insert(rules, row, &isnull);
		stamp(&stamps, rules, FIELD_SOURCES, value, isnull);
	}
	return heap_modify_tuple_by_cols(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation),
									 stamps.n, stamps.columns, stamps.values, stamps.nulls);
}

/* Why a lead has its owner is not why it has the next one. */
static void
forget_owner_reason(TriggerData *trigger, Stamps *stamps, ObjectRules *rules)
{
	bool		isnull;

	if (rules->kind != OBJECT_LEAD ||
		!field_changed(rules, trigger->tg_trigslot, trigger->tg_newslot, FIELD_OWNER) ||
		column_is_written(trigger, rules, FIELD_OWNER_REASON))
		return;
	(void) field_of(rules, trigger->tg_newslot, FIELD_OWNER_REASON, &isnull);
	if (!isnull)
		stamp(stamps, rules, FIELD_OWNER_REASON, (Datum) 0, true);
}

/* May a row that stays in its stage be so?  False: it has been parked. */
static bool
change_is_settled(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules,
				  TupleTableSlot *row, const Stage *stage, const Overwrites *overwrites)
{
	Move		move;
	List	   *unmet;

	if (!change_is_judged(rules, trigger->tg_trigslot, row))
		return true;
	move_init(&move, rulebook, rules, trigger->tg_relation, row, stage, stage);
	move.old_row = trigger->tg_trigslot;
	move.overwrites = overwrites;
	unmet = judge_change(&move);
	return unmet == NIL ||
		settle(&move, unmet, "UPDATE", guard_has_last_word(&rules->on_update));
}

/*
 * Apply what the guard keeps to an updated row that stays in its stage.
 */
static HeapTuple
guard_same_stage(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules,
				 TupleTableSlot *old_row, TupleTableSlot *new_row, const Stage *stage,
				 const Overwrites *overwrites)
{
	static const Field kept[] = {FIELD_STAGE_SINCE, FIELD_CREATED_AT, FIELD_FURTHEST_STAGE, FIELD_CLOSED_AT,
	FIELD_RESTS_UNTIL};
	Stamps		stamps = {0};
	TupleTableSlot *row;
	HeapTuple	tuple;
	bool		isnull;
	Datum		value;

	for (int i = 0; i < (int) lengthof(kept); i++)
	{
		if (rules->fields[kept[i]] != InvalidAttrNumber &&
			field_changed(rules, old_row, new_row, kept[i]))
		{
			value = field_of(rules, old_row, kept[i], &isnull);
			stamp(&stamps, rules, kept[i], value, isnull);
		}
	}
	forget_owner_reason(trigger, &stamps, rules);
	stamp(&stamps, rules, FIELD_UPDATED_AT, TimestampTzGetDatum(leadflow_now()), false);
	tuple = stamp_updated_row(trigger, &stamps, &row);
	if (tuple != NULL && !change_is_settled(trigger, rulebook, rules, row, stage, overwrites))
		tuple = NULL;
	if (row != new_row)
		ExecDropSingleTupleTableSlot(row);
	return tuple;
}

/*
 * The instant at which the new stage begins to hold: the writer's, or now.  It
 * is never before the present stage began; *too_early says so where it should
 * have been.
 */
static TimestampTz
choose_stage_since(TriggerData *trigger, ObjectRules *rules, const char **too_early)
{
	bool		isnull;
	TimestampTz old_since = DatumGetTimestampTz(field_of(rules, trigger->tg_trigslot, FIELD_STAGE_SINCE, &isnull));
	TimestampTz new_since = DatumGetTimestampTz(field_of(rules, trigger->tg_newslot, FIELD_STAGE_SINCE, &isnull));

	*too_early = NULL;
	if (isnull || !column_is_written(trigger, rules, FIELD_STAGE_SINCE))
		return Max(old_since, leadflow_now());
	if (new_since < old_since)
	{
		char	   *present = pstrdup(timestamptz_to_str(old_since));

		*too_early = psprintf("stage_since = %s, the present stage holds since %s",
							  timestamptz_to_str(new_since), present);
		return old_since;
	}
	return new_since;
}

/* Clear a column that the writer has left as it was. */
static void
clear_old(Stamps *stamps, ObjectRules *rules, TupleTableSlot *old_row,
		  TupleTableSlot *new_row, Field field)
{
	bool		isnull;

	(void) field_of(rules, new_row, field, &isnull);
	if (!isnull && !field_changed(rules, old_row, new_row, field))
		stamp(stamps, rules, field, (Datum) 0, true);
}

/*
 * A lead that was found to be another one stays where it was.  A bulk load
 * sets the move aside as it does others.
 */
static void
check_not_merged(Move *move)
{
	bool		isnull;
	Datum		winner = row_field(move, FIELD_MERGED_INTO, &isnull);

	if (isnull || on_violation_for(move, NIL) == ON_VIOLATION_PARK)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("lead " INT64_FORMAT " was merged into lead " INT64_FORMAT " and does not move any more",
					move->evidence.lead_id, DatumGetInt64(winner)),
			 errhint("Move lead " INT64_FORMAT ".", DatumGetInt64(winner)),
			 errtable(move->rel),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "merged")));
}

/*
 * A row changes its stage: stamp it, judge it, and let it through, refuse it
 * or park it (NULL).
 */
static HeapTuple
guard_move(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules,
		   TupleTableSlot *old_row, TupleTableSlot *new_row,
		   const Stage *from, const Stage *to, bool stage_is_ours,
		   const Overwrites *overwrites)
{
	Relation	rel = trigger->tg_relation;
	Stamps		stamps = {0};
	HeapTuple	tuple;
	Move		move;
	List	   *unmet;
	bool		isnull;
	Datum		value;
	const char *too_early;
	TimestampTz since = choose_stage_since(trigger, rules, &too_early);

	if (stage_is_ours)
		stamp(&stamps, rules, FIELD_STAGE, PointerGetDatum(to), false);
	stamp(&stamps, rules, FIELD_STAGE_SINCE, TimestampTzGetDatum(since), false);
	stamp(&stamps, rules, FIELD_UPDATED_AT, TimestampTzGetDatum(leadflow_now()), false);
	if (field_changed(rules, old_row, new_row, FIELD_CREATED_AT))
	{
		value = field_of(rules, old_row, FIELD_CREATED_AT, &isnull);
		stamp(&stamps, rules, FIELD_CREATED_AT, value, isnull);
	}

	value = field_of(rules, old_row, FIELD_FURTHEST_STAGE, &isnull);
	value = further_stage(isnull ? NULL : DatumGetStagePP(value), to, &isnull);
	stamp(&stamps, rules, FIELD_FURTHEST_STAGE, value, isnull);

	if (rules->kind == OBJECT_OPPORTUNITY)
	{
		(void) field_of(rules, new_row, FIELD_CLOSED_AT, &isnull);
		if (!is_closed(to))
			stamp(&stamps, rules, FIELD_CLOSED_AT, (Datum) 0, true);
		else if (isnull || (!is_closed(from) && !field_changed(rules, old_row, new_row, FIELD_CLOSED_AT)))
			stamp(&stamps, rules, FIELD_CLOSED_AT, TimestampTzGetDatum(since), false);
	}

	/* the reason of an earlier move does not stick to one that owes none */
	move_init(&move, rulebook, rules, rel, new_row, from, to);
	check_not_merged(&move);
	if (move.allowed && !reason_is_owed(to, move.transition))
	{
		clear_old(&stamps, rules, old_row, new_row, FIELD_REASON);
		clear_old(&stamps, rules, old_row, new_row, FIELD_REASON_NOTE);
	}

	nurture_stamps(&stamps, rulebook, rules, old_row, new_row, from, to, since);
	forget_owner_reason(trigger, &stamps, rules);

	/* judge the row as it will be written */
	move.old_row = old_row;
	tuple = stamp_updated_row(trigger, &stamps, &move.row);
	move_set_time(&move, since);
	move.overwrites = overwrites;
	move.too_early = too_early;
	move.reason_given = column_is_written(trigger, rules, FIELD_REASON);
	move.status_given = field_changed(rules, old_row, new_row, FIELD_STATUS);
	unmet = judge(&move, false);
	if (unmet != NIL &&
		!settle(&move, unmet, "UPDATE", guard_has_last_word(&rules->on_update)))
		tuple = NULL;
	if (move.row != new_row)
		ExecDropSingleTupleTableSlot(move.row);
	return tuple;
}

/* May the row have this status?  False: it has been parked. */
static bool
status_is_known(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules,
				TupleTableSlot *row, const Stage *stage, const Overwrites *overwrites)
{
	Move		move;
	List	   *unmet;

	move_init(&move, rulebook, rules, trigger->tg_relation, row, stage, stage);
	move.overwrites = overwrites;
	move.status_given = true;
	unmet = judge_status_only(&move);
	return unmet == NIL ||
		settle(&move, unmet, "UPDATE", guard_has_last_word(&rules->on_update));
}

/* Judge a changed row, whose identity and fields are in order. */
static HeapTuple
guard_change(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules,
			 const Overwrites *overwrites)
{
	TupleTableSlot *old_row = trigger->tg_trigslot;
	TupleTableSlot *new_row = trigger->tg_newslot;
	const Stage *from;
	const Stage *to;
	bool		stage_is_ours = false;
	bool		isnull;
	Datum		value;

	from = DatumGetStagePP(field_of(rules, old_row, FIELD_STAGE, &isnull));
	value = field_of(rules, new_row, FIELD_STAGE, &isnull);
	if (isnull)
		return trigger->tg_newtuple;	/* NOT NULL will say so */
	to = DatumGetStagePP(value);

	/* the tool's own word moves the row where it does not name a stage */
	if (stage_equal(from, to) && rules->n_aliases > 0 &&
		field_changed(rules, old_row, new_row, FIELD_STATUS))
	{
		const Stage *meant = stage_of_status(rulebook, rules, new_row);

		if (meant == NULL)
		{
			if (!status_is_known(trigger, rulebook, rules, new_row, to, overwrites))
				return NULL;
		}
		else if (word_moves(rulebook, rules, new_row, from, meant))
		{
			to = meant;
			stage_is_ours = true;
		}
	}

	if (stage_equal(from, to))
		return guard_same_stage(trigger, rulebook, rules, old_row, new_row, to, overwrites);
	return guard_move(trigger, rulebook, rules, old_row, new_row, from, to, stage_is_ours, overwrites);
}

/* First what the rules about overwriting leave of the change, then the change. */
static HeapTuple
guard_update(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules)
{
	TupleTableSlot *written = trigger->tg_newslot;
	Overwrites *overwrites = NULL;
	TriggerData amended;
	HeapTuple	tuple;

	check_identity(trigger, rules, trigger->tg_trigslot, written);
	if (rules->n_overwrites > 0)
	{
		amended = *trigger;
		overwrites = overwrite_update(rules, &amended);
		trigger = &amended;
	}
	tuple = guard_change(trigger, rulebook, rules, overwrites);
	if (tuple != NULL && overwrites != NULL)
		overwrite_log(rulebook, rules, overwrites, trigger->tg_newslot);
	if (trigger->tg_newslot != written)
		ExecDropSingleTupleTableSlot(trigger->tg_newslot);
	return tuple;
}

/*
 * leadflow.guard(object): BEFORE INSERT OR UPDATE, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_guard);
Datum
leadflow_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "guard", TRIGGER_EVENT_BEFORE, true);
	ObjectKind	kind = trigger_object(trigger);
	Rulebook   *rulebook = rulebook_open(RelationGetNamespace(trigger->tg_relation));
	HeapTuple	result = NULL;

	PG_TRY();
	{
		ObjectRules *rules = trigger_rules(trigger, rulebook, kind);

		if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
			result = guard_insert(trigger, rulebook, rules);
		else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			result = guard_update(trigger, rulebook, rules);
		else
			ereport(ERROR,
					(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					 errmsg("trigger \"%s\" must be fired by INSERT or UPDATE",
							trigger->tg_trigger->tgname)));
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();

	return PointerGetDatum(result);
}
