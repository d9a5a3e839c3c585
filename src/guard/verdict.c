/*
 * verdict.c
 *	  Sales accepts or rejects a lead that was handed over by moving it.
 *
 * Whoever gives a verdict in words (verdict.sql) moves the lead by it, and a
 * move that says as much is a verdict.  Both leave one row: what the move says
 * is written unless it is the last word already.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "guard/statement.h"
#include "guard/verdict.h"

/*
 * At which depth of triggers the verdict is written that a move has said; 0 for
 * none.  What a trigger of its own writes meanwhile is not said by the move.
 */
static int32 said_at_depth = 0;

static int32
trigger_depth(void)
{
	return DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH));
}

/* What the move says: accepted, rejected, or NULL for neither. */
static const char *
verdict_of(Move *move)
{
	const Stage *from = move->from;
	uint8		to = stage_code(move->to);
	bool		isnull;

	/* the exits sort before the spine */
	if (to >= STAGE_SAL)
		return from == NULL || stage_code(from) < STAGE_SAL ? "accepted" : NULL;
	if (from == NULL || stage_code(from) < STAGE_MQL || stage_code(from) >= STAGE_OPPORTUNITY)
		return NULL;
	if (stage_code_is_exit(to))
		return "rejected";
	if (to >= stage_code(from))
		return NULL;
	(void) row_field(move, FIELD_REASON, &isnull);
	return isnull ? NULL : "rejected";
}

/* May whoever moves the lead speak for sales? */
static bool
may_give_verdicts(Rulebook *rulebook, Oid verdicts)
{
	return has_privs_of_role(acting_user(), rulebook->owner) ||
		pg_class_aclcheck(verdicts, acting_user(), ACL_INSERT) == ACLCHECK_OK;
}

/* The score, which no other part of the guard looks at; null where it is no number. */
static Datum
score_of(Move *move, bool *isnull)
{
	AttrNumber	column = get_attnum(move->rules->relid, "score");

	*isnull = true;
	if (column == InvalidAttrNumber ||
		TupleDescAttr(move->row->tts_tupleDescriptor, column - 1)->atttypid != NUMERICOID)
		return (Datum) 0;
	return slot_getattr(move->row, column, isnull);
}

/* Does the move say that this never was a lead, such as spam?  Anybody may say so. */
static bool
is_no_lead(Move *move)
{
	char	   *code = row_string(move, FIELD_REASON);
	const Reason *reason = code == NULL ? NULL : rulebook_reason(move->rulebook, code);

	return stage_code_is_exit(stage_code(move->to)) && reason != NULL && !reason->counts;
}

/* Write the verdict; false if there is nothing new in it. */
static bool
record_verdict(Move *move, const char *verdict, bool hands_over)
{
	static const Field fields[] = {FIELD_ID, FIELD_REASON, FIELD_REASON_NOTE, FIELD_OWNER,
	FIELD_CAMPAIGN_ID, FIELD_ORIGIN, FIELD_SEGMENT, FIELD_VARIANT};
	bool		undecided = move->from != NULL && stage_code(move->from) < STAGE_SAL;
	char	   *owner = row_string(move, FIELD_OWNER);
	const Member *member = owner == NULL ? NULL : rulebook_member(move->rulebook, owner);
	Datum		values[20];
	bool		nulls[20] = {false};
	int32		outer = said_at_depth;
	volatile bool written = false;

	for (int i = 0; i < (int) lengthof(fields); i++)
		values[i] = row_field(move, fields[i], &nulls[i]);
	values[8] = score_of(move, &nulls[8]);
	nulls[9] = nulls[10] = true;
	if (stage_code(move->to) == STAGE_NURTURE)
	{
		values[9] = row_field(move, FIELD_NARRATIVE, &nulls[9]);
		values[10] = row_field(move, FIELD_WAKE_AT, &nulls[10]);
	}
	values[11] = CStringGetTextDatum(verdict);
	values[12] = TimestampTzGetDatum(move->at);
	values[13] = PointerGetDatum(move->to);
	values[14] = PointerGetDatum(member == NULL ? NULL : member->team);
	nulls[14] = (member == NULL);
	values[15] = session_actor();
	values[16] = actor();
	values[17] = BoolGetDatum(hands_over);
	values[18] = BoolGetDatum(undecided && stage_code(move->to) == STAGE_NURTURE);
	values[19] = BoolGetDatum(undecided && stage_code(move->to) == STAGE_MQL);

	/* its triggers are within the one that records the move */
	said_at_depth = trigger_depth() + 1;
	PG_TRY();
	{
		written = statement_run(move->rulebook, RECORD_VERDICT, values, nulls) > 0;
	}
	PG_FINALLY();
	{
		said_at_depth = outer;
	}
	PG_END_TRY();
	return written;
}

/*
 * Record what a move of a lead says, before the move itself is.  hands_over:
 * the move passes through mql, so that it is the handover too.
 */
void
verdict_on_move(Move *move, bool hands_over)
{
	const char *verdict = verdict_of(move);
	Oid			verdicts;
	bool		may_give;

	if (verdict == NULL)
		return;
	verdicts = get_relname_relid("verdict", move->rulebook->nspid);
	if (!OidIsValid(verdicts))
		return;
	may_give = may_give_verdicts(move->rulebook, verdicts);
	if ((!may_give && is_no_lead(move)) || !record_verdict(move, verdict, hands_over))
		return;

	if (!may_give)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only sales gives verdicts"),
				 move->from == NULL ?
				 errdetail("To add a lead in stage %s says that sales has %s it.",
						   stage_to_cstring(move->to), verdict) :
				 errdetail("To move lead " INT64_FORMAT " from %s to %s says that sales has %s it.",
						   move->evidence.lead_id, stage_to_cstring(move->from),
						   stage_to_cstring(move->to), verdict),
				 errhint("The owner of the workspace gives the right with leadflow.grant_workspace(..., 'sales')."),
				 errtable(move->rel),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "verdict")));

	/* an exit, or sal, stops the clocks by itself */
	if (!stage_code_is_exit(stage_code(move->to)) && stage_code(move->to) < STAGE_SAL &&
		move->rulebook->has_clocks)
	{
		Datum		values[2];

		values[0] = Int64GetDatum(move->evidence.lead_id);
		values[1] = TimestampTzGetDatum(move->at);
		(void) statement_run(move->rulebook, STOP_CLOCKS_BY_REJECTION, values, NULL);
	}
}

/*
 * leadflow.verdict_by_move() -> whether the verdict that is being inserted is
 * one that a move has said, so that its trigger leaves it as it is.
 */
PG_FUNCTION_INFO_V1(leadflow_verdict_by_move);
Datum
leadflow_verdict_by_move(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(said_at_depth != 0 && said_at_depth == trigger_depth());
}
