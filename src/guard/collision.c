/*
 * collision.c
 *	  Nobody's lead is given to somebody else without a reason.
 *
 * A buyer must not be approached by two people who do not know of each other.
 * A lead that a member works on goes to another only with an owner_reason, and
 * so does a lead of an account that another member works on.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "guard/collision.h"
#include "guard/statement.h"

/* Somebody works on a lead from the handover until the deal is decided. */
static bool
is_worked_on(const Stage *stage)
{
	return stage != NULL && !stage_code_is_exit(stage_code(stage)) &&
		stage_code(stage) >= STAGE_MQL && stage_code(stage) < STAGE_WON;
}

/* Is that a member who works on leads?  Marketing hands them over. */
static bool
works_on_leads(Rulebook *rulebook, const char *owner)
{
	const Member *member = rulebook_member(rulebook, owner);

	return member != NULL && member->active && !member->in_marketing;
}

/*
 * Another member who owns the lead's account, or an open lead of it; NULL for
 * nobody.
 */
static char *
owner_of_account(Move *move, Datum account, const char *owner)
{
	Datum		values[3];

	values[0] = account;
	values[1] = CStringGetTextDatum(owner);
	values[2] = Int64GetDatum(move->evidence.lead_id);
	return statement_fetch(move->rulebook, OTHER_OWNER, values, NULL, false);
}

/*
 * Has this write changed the column?  A new row has changed them all; a row
 * that is only asked about, none.
 */
static bool
is_changed(Move *move, Field field)
{
	if (move->old_row == NULL)
		return move->from == NULL;
	return !same_column(move->old_row, move->row, move->rules->fields[field]);
}

void
judge_collision(Move *move, List **findings)
{
	Rulebook   *rulebook = move->rulebook;
	char	   *owner;
	char	   *reason;
	const Member *member;
	char	   *holder = NULL;
	char	   *where;
	bool		isnull;
	Datum		account;
	Finding    *finding;

	if (move->rules->kind != OBJECT_LEAD || !rulebook->owner_reason_required ||
		rulebook->n_members == 0 || history_may_change || !is_worked_on(move->to) ||
		(is_worked_on(move->from) && !is_changed(move, FIELD_OWNER) && !is_changed(move, FIELD_ACCOUNT_ID)) ||
		(owner = row_string(move, FIELD_OWNER)) == NULL)
		return;
	reason = row_string(move, FIELD_OWNER_REASON);
	if (!is_blank(reason))
		return;
	member = rulebook_member(rulebook, owner);
	if (member != NULL && member->in_marketing)
		return;

	if (is_worked_on(move->from) && is_changed(move, FIELD_OWNER))
	{
		Datum		old_owner = slot_getattr(move->old_row, move->rules->fields[FIELD_OWNER], &isnull);

		if (!isnull)
			holder = TextDatumGetCString(old_owner);
		if (holder != NULL && !works_on_leads(rulebook, holder))
			holder = NULL;
		where = "lead";
	}
	if (holder == NULL)
	{
		account = row_field(move, FIELD_ACCOUNT_ID, &isnull);
		if (!isnull)
			holder = owner_of_account(move, account, owner);
		where = "account";
	}
	if (holder == NULL)
		return;

	finding = add_finding(findings, "collision", move->to,
						  psprintf("%s works on this %s: giving the lead to %s needs a reason.", holder, where, owner),
						  "Set owner_reason, or leave the lead to its owner.", false);
	finding->columns = bms_make_singleton(move->rules->fields[FIELD_OWNER]);
}
