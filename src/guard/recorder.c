/*
 * recorder.c
 *	  The AFTER trigger of lead and opportunity.
 *
 * It judges new rows, hands leads over to their owners, writes the history,
 * keeps the clocks, and takes an opportunity's lead along.  Where a BEFORE
 * trigger may have changed the row after the guard had seen it, it judges once
 * more what was really written.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "guard/clocks.h"
#include "guard/guard.h"
#include "guard/ledger.h"
#include "guard/nurture.h"
#include "guard/row_json.h"
#include "guard/statement.h"
#include "guard/verdict.h"
#include "routing/routing.h"
#include "score/score.h"

/* Fill in what all events of a move have in common. */
static void
describe_event(Move *move, Datum *values, bool *nulls)
{
	bool		is_lead = move->rules->kind == OBJECT_LEAD;
	char	   *owner;
	const Member *member;

	memset(nulls, false, sizeof(bool) * EVENT_FIELDS);
	values[EVENT_AT] = row_field(move, FIELD_STAGE_SINCE, &nulls[EVENT_AT]);
	values[EVENT_LEAD_ID] = row_field(move, is_lead ? FIELD_ID : FIELD_LEAD_ID, &nulls[EVENT_LEAD_ID]);
	nulls[EVENT_OPPORTUNITY_ID] = is_lead;
	if (!is_lead)
		values[EVENT_OPPORTUNITY_ID] = row_field(move, FIELD_ID, &nulls[EVENT_OPPORTUNITY_ID]);
	values[EVENT_DEFINITION_VERSION] = Int64GetDatum(move->rulebook->version);
	values[EVENT_CAMPAIGN_ID] = row_field(move, FIELD_CAMPAIGN_ID, &nulls[EVENT_CAMPAIGN_ID]);
	values[EVENT_SUBJECT] = CStringGetTextDatum(object_name(move->rules->kind));
	values[EVENT_SESSION_ACTOR] = session_actor();
	values[EVENT_ACTOR] = actor();
	values[EVENT_REASON] = row_field(move, FIELD_REASON, &nulls[EVENT_REASON]);
	values[EVENT_REASON_NOTE] = row_field(move, FIELD_REASON_NOTE, &nulls[EVENT_REASON_NOTE]);
	values[EVENT_OWNER] = row_field(move, FIELD_OWNER, &nulls[EVENT_OWNER]);
	owner = row_string(move, FIELD_OWNER);
	member = owner == NULL ? NULL : rulebook_member(move->rulebook, owner);
	values[EVENT_TEAM] = PointerGetDatum(member == NULL ? NULL : member->team);
	nulls[EVENT_TEAM] = (member == NULL);
	values[EVENT_ORIGIN] = row_field(move, FIELD_ORIGIN, &nulls[EVENT_ORIGIN]);
	values[EVENT_VARIANT] = row_field(move, FIELD_VARIANT, &nulls[EVENT_VARIANT]);
	values[EVENT_SEGMENT] = row_field(move, FIELD_SEGMENT, &nulls[EVENT_SEGMENT]);
	values[EVENT_AMOUNT] = row_field(move, FIELD_AMOUNT, &nulls[EVENT_AMOUNT]);
	values[EVENT_CURRENCY] = row_field(move, FIELD_CURRENCY, &nulls[EVENT_CURRENCY]);
}

/* A lead has qualified: keep what is known of it, which nothing learnt later can change. */
static void
add_facts(Move *move, Datum *values, bool *nulls)
{
	values[EVENT_FACTS] = facts_of_evidence(&move->evidence);
	nulls[EVENT_FACTS] = values[EVENT_FACTS] == (Datum) 0;
}

static void
write_event(Move *move, Datum *values, bool *nulls, const Stage *from, const Stage *to, bool implied)
{
	bool		qualifies = move->rules->kind == OBJECT_LEAD && stage_code(to) == STAGE_MQL &&
		(from == NULL || stage_code(from) != STAGE_MQL);

	nulls[EVENT_FACTS] = true;
	if (qualifies)
		add_facts(move, values, nulls);
	values[EVENT_IMPLIED] = BoolGetDatum(implied);
	values[EVENT_FROM_STAGE] = PointerGetDatum(from);
	nulls[EVENT_FROM_STAGE] = (from == NULL);
	values[EVENT_TO_STAGE] = PointerGetDatum(to);
	ledger_append(move->rulebook, values, nulls);
}

/*
 * How far on the path the row has been, as an ordinal: a move further passes
 * through what lies between.  furthest is the furthest stage before the move,
 * or NULL.
 */
static int
passed_before(Move *move, const Stage *furthest)
{
	const Stage *from = move->from;
	int			passed = 0;

	if (from != NULL && !stage_code_is_exit(stage_code(from)))
		passed = stage_ordinal_of_code(stage_code(from));
	else if (furthest != NULL)
		passed = stage_ordinal_of_code(stage_code(furthest));
	if (move->rules->kind == OBJECT_OPPORTUNITY)
		passed = Max(passed, stage_ordinal_of_code(STAGE_OPPORTUNITY) - 1);
	return passed;
}

/*
 * Write the entry into the new stage, and before it the entries into the spine
 * stages that the move passed through, so that funnels stay monotone.
 */
static void
write_history(Move *move, int passed)
{
	Datum		values[EVENT_FIELDS];
	bool		nulls[EVENT_FIELDS];
	const Stage *from = move->from;
	int			target = stage_ordinal_of_code(stage_code(move->to));

	describe_event(move, values, nulls);

	for (int ordinal = passed + 1; ordinal < target; ordinal++)
	{
		uint8		code;
		Stage	   *between;

		if (!stage_code_of_ordinal(ordinal, &code))
			continue;
		between = stage_make(code, NULL, 0);
		write_event(move, values, nulls, from, between, true);
		from = between;
	}
	write_event(move, values, nulls, from, move->to, false);
}

/* Take the lead of an opportunity along, forward only. */
static void
move_lead_along(Move *move)
{
	Datum		values[3];

	if (stage_code_is_exit(stage_code(move->to)) || !move->evidence.has_lead)
		return;
	values[0] = Int64GetDatum(move->evidence.lead_id);
	values[1] = PointerGetDatum(stage_base_of(move->to));
	values[2] = TimestampTzGetDatum(move->at);
	(void) statement_run(move->rulebook, MOVE_LEAD, values, NULL);
}

/* Record a move that stands, and do what follows from it. */
static void
record_move(Move *move, const Stage *furthest)
{
	bool		is_lead = move->rules->kind == OBJECT_LEAD;
	int			passed = passed_before(move, furthest);
	bool		hands_over = passed < stage_ordinal_of_code(STAGE_MQL);
	TupleTableSlot *routed;

	/*
	 * A verdict is about the handover before it, which is the last in the
	 * history.  It is the owner's: of the one who passes the lead on, or, where
	 * the move is the handover too, of the one who gets it.
	 */
	if (is_lead && !hands_over)
		verdict_on_move(move, false);
	routed = route_on_stage(move);
	if (routed != NULL)
		move->row = move->evidence.lead = routed;
	if (is_lead && hands_over)
		verdict_on_move(move, true);
	write_history(move, passed);
	record_stay(move);
	clocks_on_stage(move);
	if (!is_lead)
		move_lead_along(move);
	if (routed != NULL)
		ExecDropSingleTupleTableSlot(routed);
}

/*
 * A lead that was found to be another one was written: what its tool has
 * learnt goes on to the other.
 */
static void
carry_over(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	AttrNumber	column = rules->fields[FIELD_MERGED_INTO];
	NameData	workspace;
	Datum		values[3];
	bool		isnull;

	if (rules->kind != OBJECT_LEAD || history_may_change ||
		heap_attisnull(trigger->tg_newtuple, column, desc))
		return;
	namestrcpy(&workspace, get_namespace_name(rulebook->nspid));
	values[0] = NameGetDatum(&workspace);
	values[1] = slot_getattr(trigger->tg_newslot, rules->fields[FIELD_ID], &isnull);
	values[2] = row_json(ExecFetchSlotHeapTupleDatum(trigger->tg_trigslot));

	history_may_change = true;
	PG_TRY();
	{
		(void) statement_run(rulebook, CARRY_OVER, values, NULL);
	}
	PG_FINALLY();
	{
		history_may_change = false;
	}
	PG_END_TRY();
}

/* What was written is not what the guard made of the row. */
static void
refuse_tampering(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("a row of \"%s\" was changed after the guard had seen it",
					RelationGetRelationName(rel)),
			 errdetail("Another BEFORE trigger changed what the guard keeps, or the guard is disabled."),
			 errhint("Rename the trigger so that it sorts before zzz_leadflow_guard, or enable the guard."),
			 errtable(rel),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "guard")));
}

/*
 * Where the guard did not have the last word: do the columns that it keeps
 * say what it would have made them say?  old_row is NULL for a new row.
 */
static void
check_stamps(TriggerData *trigger, ObjectRules *rules, TupleTableSlot *old_row,
			 TupleTableSlot *new_row)
{
	AttrNumber	since = rules->fields[FIELD_STAGE_SINCE];
	AttrNumber	furthest = rules->fields[FIELD_FURTHEST_STAGE];
	bool		isnull;
	Datum		value;
	const Stage *stage = DatumGetStagePP(slot_getattr(new_row, rules->fields[FIELD_STAGE], &isnull));
	const Stage *so_far = NULL;
	const Stage *expected;
	const Stage *found;

	if (old_row != NULL)
	{
		check_identity(trigger, rules, old_row, new_row);
		value = slot_getattr(old_row, furthest, &isnull);
		so_far = isnull ? NULL : DatumGetStagePP(value);
		if (same_column(old_row, new_row, rules->fields[FIELD_STAGE]) ?
			!same_column(old_row, new_row, since) :
			DatumGetTimestampTz(slot_getattr(new_row, since, &isnull)) <
			DatumGetTimestampTz(slot_getattr(old_row, since, &isnull)))
			refuse_tampering(trigger->tg_relation);
	}

	value = further_stage(so_far, stage, &isnull);
	expected = isnull ? NULL : DatumGetStagePP(value);
	value = slot_getattr(new_row, furthest, &isnull);
	found = isnull ? NULL : DatumGetStagePP(value);
	if (expected == NULL || found == NULL ? expected != found : !stage_equal(expected, found))
		refuse_tampering(trigger->tg_relation);
}

/* Judge what was written where the guard could not. */
static void
judge_again(Move *move)
{
	List	   *unmet;

	move->evidence.fresh = true;
	unmet = stage_equal(move->from, move->to) ? judge_change(move) : judge(move, false);
	if (any_enforced(unmet) && on_violation_for(move, unmet) != ON_VIOLATION_WARN)
		report_unmet(move, unmet, "The row was changed after the guard had seen it, or the guard is disabled.");
	if (unmet != NIL)
		(void) settle(move, unmet, "UPDATE", true);
}

static void
record_insert(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules)
{
	TupleTableSlot *row = trigger->tg_trigslot;
	bool		isnull;
	const Stage *to = DatumGetStagePP(slot_getattr(row, rules->fields[FIELD_STAGE], &isnull));
	Move		move;
	List	   *unmet;

	check_merged_into(trigger, rules, NULL, row);
	move_init(&move, rulebook, rules, trigger->tg_relation, row, NULL, to);
	move.evidence.fresh = true;
	move.status_given = true;
	unmet = judge(&move, false);
	if (unmet != NIL && !settle(&move, unmet, "INSERT", true))
		return;
	if (!guard_has_last_word(&rules->on_insert))
		check_stamps(trigger, rules, NULL, row);

	record_move(&move, NULL);
}

static void
record_update(TriggerData *trigger, Rulebook *rulebook, ObjectRules *rules)
{
	TupleTableSlot *old_row = trigger->tg_trigslot;
	TupleTableSlot *new_row = trigger->tg_newslot;
	bool		isnull;
	Datum		value;
	const Stage *from = DatumGetStagePP(slot_getattr(old_row, rules->fields[FIELD_STAGE], &isnull));
	const Stage *to = DatumGetStagePP(slot_getattr(new_row, rules->fields[FIELD_STAGE], &isnull));
	const Stage *furthest;
	bool		guarded = guard_has_last_word(&rules->on_update);
	bool		owner_changed;
	bool		lead_changed;
	Move		move;

	carry_over(trigger, rulebook, rules);
	owner_changed = !same_column(old_row, new_row, rules->fields[FIELD_OWNER]);
	lead_changed = rules->kind == OBJECT_OPPORTUNITY && !history_may_change &&
		!same_column(old_row, new_row, rules->fields[FIELD_LEAD_ID]);
	if (guarded && stage_equal(from, to) && !owner_changed && !lead_changed)
		return;

	move_init(&move, rulebook, rules, trigger->tg_relation, new_row, from, to);
	if (!guarded)
	{
		if (!stage_equal(from, to) || change_is_judged(rules, old_row, new_row))
		{
			move.old_row = old_row;
			move.reason_given = column_is_written(trigger, rules, FIELD_REASON);
			move.status_given = !same_column(old_row, new_row, rules->fields[FIELD_STATUS]);
			judge_again(&move);
		}
		check_stamps(trigger, rules, old_row, new_row);
	}
	if (owner_changed)
		clocks_on_owner(&move);
	if (lead_changed)
		clocks_on_lead(&move);
	if (stage_equal(from, to))
	{
		if (lead_changed)
			move_lead_along(&move);
		return;
	}

	value = slot_getattr(old_row, rules->fields[FIELD_FURTHEST_STAGE], &isnull);
	furthest = isnull ? NULL : DatumGetStagePP(value);

	record_move(&move, furthest);
}

/*
 * leadflow.recorder(object): AFTER INSERT OR UPDATE, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_recorder);
Datum
leadflow_recorder(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "recorder", TRIGGER_EVENT_AFTER, true);
	ObjectKind	kind = trigger_object(trigger);
	Rulebook   *rulebook = rulebook_open(RelationGetNamespace(trigger->tg_relation));

	PG_TRY();
	{
		ObjectRules *rules = trigger_rules(trigger, rulebook, kind);

		if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
			record_insert(trigger, rulebook, rules);
		else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			record_update(trigger, rulebook, rules);
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
	return PointerGetDatum(NULL);
}
