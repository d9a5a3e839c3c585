/*
 * settle.c
 *	  What becomes of a row that does not meet the standard.
 *
 * The setting leadflow.on_violation decides: the statement is refused, the row
 * is parked in quarantine while the others go in, or it is accepted and the
 * violation recorded.  A source may have rows with words that nobody knows
 * parked in any case.  A criterion that only warns is always recorded.  The
 * row is never dropped in silence.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "guard/guard.h"
#include "guard/overwrite.h"
#include "guard/row_json.h"
#include "guard/statement.h"
#include "leadflow.h"

static void
append_member(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "\"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

/* What is missing, for programs to read. */
static Datum
unmet_to_jsonb(Move *move, List *unmet)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(cell, unmet)
	{
		Finding    *finding = lfirst(cell);

		if (!finding->enforce)
			continue;
		if (json.len > 1)
			appendStringInfoString(&json, ", ");
		appendStringInfoChar(&json, '{');
		append_member(&json, "criterion", finding->criterion);
		appendStringInfoString(&json, ", ");
		append_member(&json, "object", finding->of_lead != NULL ? "lead" : object_name(move->rules->kind));
		appendStringInfoString(&json, ", ");
		append_member(&json, "stage", stage_to_cstring(finding->stage));
		appendStringInfoString(&json, ", ");
		append_member(&json, "requirement", finding->requirement);
		appendStringInfoString(&json, ", ");
		append_member(&json, "seen", finding_seen(move, finding, false));
		appendStringInfoString(&json, ", ");
		append_member(&json, "how_to_fix", finding->how_to_fix);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * Put the row into quarantine, with what its writer wrote; a row that was
 * inserted is taken back.
 */
static void
park(Move *move, List *unmet, const char *operation)
{
	bool		is_lead = move->rules->kind == OBJECT_LEAD;
	Datum		values[9];
	bool		nulls[9] = {false};

	values[0] = CStringGetTextDatum(object_name(move->rules->kind));
	values[1] = CStringGetTextDatum(operation);
	values[2] = row_field(move, FIELD_SOURCE, &nulls[2]);
	values[3] = row_field(move, FIELD_EXTERNAL_ID, &nulls[3]);
	values[4] = PointerGetDatum(move->to);
	values[5] = row_json(overwrite_as_written(move->overwrites, move->row));
	values[6] = unmet_to_jsonb(move, unmet);
	values[7] = session_actor();
	values[8] = actor();
	(void) statement_run(move->rulebook, PARK, values, nulls);

	if (move->from == NULL)
	{
		bool		isnull;
		Datum		id = row_field(move, FIELD_ID, &isnull);
		bool		outer = history_may_change;

		history_may_change = true;
		PG_TRY();
		{
			(void) statement_run(move->rulebook,
								 is_lead ? TAKE_BACK_LEAD : TAKE_BACK_OPPORTUNITY, &id, NULL);
		}
		PG_FINALLY();
		{
			history_may_change = outer;
		}
		PG_END_TRY();
	}
}

static void
record_violations(Move *move, List *unmet)
{
	bool		is_lead = move->rules->kind == OBJECT_LEAD;
	ListCell   *cell;

	foreach(cell, unmet)
	{
		Finding    *finding = lfirst(cell);
		Datum		values[10];
		bool		nulls[10] = {false};

		/* an earlier move has recorded it; the lead's own move records its own */
		if (finding->is_old || finding->of_lead != NULL)
			continue;
		values[0] = CStringGetTextDatum(object_name(move->rules->kind));
		values[1] = row_field(move, is_lead ? FIELD_ID : FIELD_LEAD_ID, &nulls[1]);
		values[2] = is_lead ? (Datum) 0 : row_field(move, FIELD_ID, &nulls[2]);
		nulls[2] |= is_lead;
		values[3] = PointerGetDatum(move->from);
		nulls[3] = (move->from == NULL);
		values[4] = PointerGetDatum(move->to);
		values[5] = CStringGetTextDatum(finding->criterion);
		values[6] = CStringGetTextDatum(finding->requirement);
		values[7] = Int64GetDatum(move->rulebook->version);
		values[8] = session_actor();
		values[9] = actor();
		(void) statement_run(move->rulebook, INSERT_VIOLATION, values, nulls);
	}
}

/*
 * What the session asks for, unless the source that writes has its rows parked.
 * To let rows in that do not meet the standard is for whoever owns the
 * standard; from anybody else it is a refusal.
 */
OnViolation
on_violation_for(Move *move, List *unmet)
{
	ListCell   *cell;

	foreach(cell, unmet)
	{
		if (((Finding *) lfirst(cell))->park)
			return ON_VIOLATION_PARK;
	}
	if (leadflow_on_violation == ON_VIOLATION_WARN &&
		!has_privs_of_role(acting_user(), move->rulebook->owner))
		return ON_VIOLATION_RAISE;
	return (OnViolation) leadflow_on_violation;
}

/*
 * Settle a move for which something is not met.  True: the row is accepted,
 * and what is not met is recorded, if this is the last word.  False: it has
 * been parked.
 */
bool
settle(Move *move, List *unmet, const char *operation, bool last_word)
{
	if (any_enforced(unmet))
	{
		switch (on_violation_for(move, unmet))
		{
			case ON_VIOLATION_RAISE:
				report_unmet(move, unmet, NULL);
			case ON_VIOLATION_PARK:
				park(move, unmet, operation);
				return false;
			case ON_VIOLATION_WARN:
				break;
		}
	}
	if (last_word)
		record_violations(move, unmet);
	return true;
}
