/*
 * rule.c
 *	  Which routing rule is for a lead.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "guard/statement.h"
#include "routing/routing.h"

/*
 * The stage whose rules hold for a move: the furthest of those that it enters
 * or passes and for which there are rules; 0 for none.  from is NULL for a new
 * lead, which passes all that is before it, as does one that comes back to the
 * path.  A lead that is won was handed over long ago.
 */
uint8
stage_of_routing(Rulebook *rulebook, const Stage *from, const Stage *to)
{
	uint8		target = stage_code(to);
	uint8		found = 0;
	int			passed = 0;

	if (rulebook->n_routing == 0 || stage_code_is_exit(target))
		return 0;
	if (from != NULL && stage_code(from) == target)
		return 0;
	if (from != NULL && !stage_code_is_exit(stage_code(from)))
		passed = Min(stage_code(from), target - 1);
	if (target >= STAGE_WON)
		passed = Max(passed, STAGE_WON - 1);

	for (int i = 0; i < rulebook->n_routing; i++)
	{
		uint8		code = stage_code(rulebook->routing[i].on_stage);

		if (code > passed && code <= target && code > found)
			found = code;
	}
	return found;
}

static char *
column_string(HeapTuple row, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(row, column, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static void
take_account(HeapTuple row, TupleDesc desc, void *arg)
{
	LeadAccount *account = arg;
	bool		isnull;
	Datum		value;

	account->territory = column_string(row, desc, 1);
	account->industry = column_string(row, desc, 2);
	account->segment = column_string(row, desc, 3);
	value = heap_getattr(row, 4, desc, &isnull);
	account->found = !isnull;
	account->id = isnull ? 0 : DatumGetInt64(value);
	account->name = column_string(row, desc, 5);
	if (account->found && account->name == NULL)
		account->name = psprintf(INT64_FORMAT, DatumGetInt64(value));
	account->owner = column_string(row, desc, 6);
	account->owner_is_active = DatumGetBool(heap_getattr(row, 7, desc, &isnull));
	value = heap_getattr(row, 8, desc, &isnull);
	account->owner_is_absent = !isnull;
	account->absent_until = isnull ? 0 : DatumGetTimestampTz(value);
}

/* What rules ask of the lead; its account is named, or found by its e-mail's domain. */
static LeadAccount *
account_of(Routing *routing)
{
	if (routing->account == NULL)
	{
		Rulebook   *rulebook = routing->move->rulebook;
		Datum		values[2];

		routing->account = palloc0(sizeof(LeadAccount));
		values[0] = Int64GetDatum(routing->move->evidence.lead_id);
		values[1] = TimestampTzGetDatum(routing->now);
		read_now(routing, READ_ACCOUNT, values, take_account, routing->account);
		routing->account->is_hidden = routing->account->found && routing->explanation != NULL &&
			!may_read_row(rulebook, get_relname_relid("account", rulebook->nspid), routing->account->id);
	}
	return routing->account;
}

/* Is the lead's value one of those that the rule lists?  Says why not; not of a hidden account. */
static bool
is_listed(LeadAccount *account, char **values, int n, const char *value, const char *what, const char **why)
{
	StringInfoData list;

	if (value == NULL)
	{
		*why = psprintf("the lead has no %s", what);
		return false;
	}
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(values[i], value) == 0)
			return true;
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", values[i]);
	}
	*why = psprintf("the lead's %s is %s, the rule's: %s", what,
					account->is_hidden ? "another" : value, list.data);
	return false;
}

/* What an account is called to whom the rules are explained, who may not be let read it. */
const char *
name_of_account(LeadAccount *account)
{
	return account->is_hidden ? "the lead's account" : psprintf("account %s", account->name);
}

/* May the owner of the lead's account have the lead?  Says why, or why not. */
static bool
account_owner_may(Routing *routing, const char **why)
{
	LeadAccount *account = account_of(routing);
	const char *name = account->found ? name_of_account(account) : NULL;
	const char *avoided;

	if (!account->found)
		*why = "the lead has no account, and its e-mail's domain is not that of exactly one";
	else if (account->owner == NULL)
		*why = psprintf("%s has no owner", name);
	else if (!account->owner_is_active)
		*why = psprintf("%s belongs to %s, who is not an active member",
						name, account->owner);
	else if (account->owner_is_absent)
		*why = psprintf("%s belongs to %s, who is %s", name, account->owner,
						absent_until(account->absent_until));
	else if (is_avoided(routing, account->owner, &avoided))
		*why = psprintf("%s belongs to %s, who %s", name, account->owner, avoided);
	else
	{
		*why = psprintf("%s belongs to %s", name, account->owner);
		return true;
	}
	return false;
}

/* Is the rule for the lead?  Says why, or why not. */
static bool
rule_matches(Routing *routing, RoutingRule *rule, const char **why)
{
	Move	   *move = routing->move;

	*why = "all that it asks for holds";
	if (!variant_applies(rule->variant, move->variant))
	{
		*why = psprintf("the lead's variant is %s, the rule's: %s", move->variant, rule->variant);
		return false;
	}
	if (rule->territories != NULL &&
		!is_listed(account_of(routing), rule->territories, rule->n_territories, account_of(routing)->territory, "territory", why))
		return false;
	if (rule->industries != NULL &&
		!is_listed(account_of(routing), rule->industries, rule->n_industries, account_of(routing)->industry, "industry", why))
		return false;
	if (rule->segments != NULL &&
		!is_listed(account_of(routing), rule->segments, rule->n_segments, account_of(routing)->segment, "segment", why))
		return false;
	if (!condition_met(move, &rule->program, rule->condition))
	{
		*why = psprintf("its condition is not met: %s", rule->condition);
		return false;
	}
	return !rule->to_account_owner || account_owner_may(routing, why);
}

/* The first rule of the stage that matches; none leaves routing->rule NULL. */
void
find_rule(Routing *routing)
{
	Rulebook   *rulebook = routing->move->rulebook;

	for (int i = 0; i < rulebook->n_routing; i++)
	{
		RoutingRule *rule = &rulebook->routing[i];
		const char *why;
		bool		matches;

		if (stage_code(rule->on_stage) != routing->stage)
			continue;
		if (routing->rule != NULL)
		{
			tell_step(routing, "rule", rule->rule, NULL,
					  psprintf("not asked: %s comes first", routing->rule->rule), NULL, false);
			continue;
		}
		matches = rule_matches(routing, rule, &why);
		tell_step(routing, "rule", rule->rule, &matches, why, NULL, false);
		if (!matches)
			continue;
		routing->rule = rule;
		if (routing->explanation == NULL)
			break;
	}
	routing->pool = routing->rule == NULL ? DEFAULT_POOL : routing->rule->pool;
}
