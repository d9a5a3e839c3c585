/*
 * routing.c
 *	  Hand a lead over, and say how it would be.
 *
 * A lead keeps an owner who is active where no rule is for it, or who is one of
 * those whom the rule would give it to; else the rule hands it over.  Handovers
 * of a workspace take turns, from the choice to the end of the transaction:
 * each sees what the one before it has written, and what was rolled back was
 * nobody's turn.  There is one lock for all pools, so that two transactions that
 * hand over many leads each never wait for each other.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard/statement.h"
#include "leadflow.h"
#include "routing/routing.h"
#include "rulebook/owner.h"

#define EXPLANATION_COLUMNS		10

static bool
is_in(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

/*
 * Read what is committed now, whatever the transaction has read before, and
 * what it has written; or, read only, what the present statement sees.
 */
void
read_now(Routing *routing, Statement statement, Datum *args, StatementReader reader, void *arg)
{
	if (!routing->read_only)
	{
		CommandCounterIncrement();
		PushActiveSnapshot(GetLatestSnapshot());
	}
	(void) statement_read(routing->move->rulebook, statement, args, NULL, true, reader, arg);
	if (!routing->read_only)
		PopActiveSnapshot();
}

/* Is the member to be passed over if anybody else is eligible?  Says why. */
bool
is_avoided(Routing *routing, const char *member, const char **why)
{
	if (is_in(routing->refusers, member))
		*why = "refused the lead before";
	else if (is_in(routing->passed_over, member))
		*why = "is to be passed over";
	else
		return false;
	return true;
}

char *
absent_until(TimestampTz until)
{
	return psprintf("is absent until %s", timestamptz_to_str(until));
}

/* Where it is asked for, say a step: fits is NULL where that was not looked at. */
void
tell_step(Routing *routing, const char *what, const char *name, const bool *fits,
		  const char *why, const Candidate *candidate, bool chosen)
{
	Datum		values[EXPLANATION_COLUMNS];
	bool		nulls[EXPLANATION_COLUMNS] = {false};

	if (routing->explanation == NULL)
		return;
	values[0] = Int32GetDatum(++routing->steps);
	values[1] = CStringGetTextDatum(what);
	nulls[2] = name == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(name);
	nulls[3] = fits == NULL;
	values[3] = nulls[3] ? (Datum) 0 : BoolGetDatum(*fits);
	values[4] = CStringGetTextDatum(why);
	values[5] = BoolGetDatum(chosen);
	nulls[6] = nulls[7] = nulls[8] = nulls[9] = candidate == NULL;
	if (candidate != NULL)
	{
		values[6] = Int64GetDatum(candidate->open_leads);
		nulls[6] = !candidate->counted;
		values[7] = Int64GetDatum(candidate->capacity);
		nulls[7] = !candidate->limited;
		values[8] = Int64GetDatum(candidate->weight);
		values[9] = DirectFunctionCall3(numeric_in,
										CStringGetDatum(psprintf("%.6f", candidate->credit)),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	}
	tuplestore_putvalues(routing->explanation->setResult, routing->explanation->setDesc, values, nulls);
}

static void
take_refuser(HeapTuple row, TupleDesc desc, void *arg)
{
	Routing    *routing = arg;
	bool		isnull;
	Datum		value = heap_getattr(row, 1, desc, &isnull);

	routing->refusers = lappend(routing->refusers, TextDatumGetCString(value));
}

/* Prepare to hand the lead of a move over by the rules of a stage. */
static void
routing_init(Routing *routing, Move *move, uint8 stage, bool read_only)
{
	memset(routing, 0, sizeof(Routing));
	routing->move = move;
	routing->stage = stage;
	routing->now = leadflow_now();
	routing->read_only = read_only;

	/* a new lead was never refused */
	if (move->from != NULL && stage != 0)
	{
		Datum		lead_id = Int64GetDatum(move->evidence.lead_id);

		read_now(routing, READ_REFUSERS, &lead_id, take_refuser, routing);
	}
}

/* The lead's owner, if he is active and may stay; else NULL. */
static const char *
present_owner(Routing *routing)
{
	char	   *owner = row_string(routing->move, FIELD_OWNER);
	const Member *member = owner == NULL ? NULL : rulebook_member(routing->move->rulebook, owner);
	const char *why;

	return member != NULL && member->active && !is_avoided(routing, owner, &why) ? owner : NULL;
}

/* Why does the lead stay with its owner?  NULL: it does not. */
static const char *
why_he_keeps(Routing *routing, const char *owner)
{
	if (find_candidate(routing, owner) != NULL)
		return psprintf("keeps it: a member of pool %s", routing->pool);
	if (strcmp(owner, routing->fallback) == 0)
		return psprintf("keeps it: the fallback of pool %s", routing->pool);
	if (routing->rule == NULL && !rulebook_member(routing->move->rulebook, owner)->in_marketing)
		return "keeps it: no rule is for the lead";
	return NULL;
}

static void
decide(Routing *routing, const char *owner, const char *how, const char *why)
{
	routing->owner = owner;
	routing->how = how;
	routing->why = why;
}

/* How the pool stands, before the choice changes the credits. */
static void
tell_pool(Routing *routing, const Candidate *pool, const Candidate *chosen)
{
	for (int i = 0; i < routing->n_candidates; i++)
	{
		const Candidate *candidate = &pool[i];
		bool		fits = candidate->why_not == NULL;

		tell_step(routing, "member", candidate->member, &fits,
				  fits ? "may have it" : candidate->why_not, candidate,
				  chosen != NULL && strcmp(chosen->member, candidate->member) == 0);
	}
}

static void
tell_fallback(Routing *routing, bool needed)
{
	const char *why = "not needed";

	if (!routing->fallback_is_active)
		why = "is not active";
	else if (routing->fallback_is_absent)
		why = absent_until(routing->fallback_absent_until);
	else if (needed)
		why = "no member may have it";
	tell_step(routing, "fallback", routing->fallback, &needed, why, NULL, needed);
}

/*
 * Who is the owner now?  The rule has been found.  The credits become what they
 * will be when a member gets the lead.
 */
static void
choose_owner(Routing *routing)
{
	const char *present = present_owner(routing);
	const char *why = NULL;
	Candidate  *before;
	Candidate  *chosen = NULL;

	if (routing->rule != NULL && routing->rule->to_account_owner)
	{
		const char *owner = routing->account->owner;
		bool		stays = present != NULL && strcmp(present, owner) == 0;

		decide(routing, owner, stays ? NULL : "account_owner",
			   psprintf("%s %s", stays ? "keeps it: owner of" : "owns", name_of_account(routing->account)));
		return;
	}

	read_pool(routing);
	before = palloc(sizeof(Candidate) * Max(routing->n_candidates, 1));
	memcpy(before, routing->candidates, sizeof(Candidate) * routing->n_candidates);
	if (present != NULL)
		why = why_he_keeps(routing, present);
	if (why != NULL)
		decide(routing, present, NULL, why);
	else
	{
		chosen = choose_by_turn(routing);
		if (chosen != NULL)
			decide(routing, chosen->member, "turn", psprintf("it is the turn of %s", chosen->member));
		else
			decide(routing, routing->fallback, "fallback",
				   psprintf("fallback of pool %s: no member may have it", routing->pool));
	}
	tell_pool(routing, before, chosen);
	tell_fallback(routing, why == NULL && chosen == NULL);
}

/* Who was passed over, and why, for programs to read. */
static Datum
skipped_to_jsonb(Routing *routing)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < routing->n_candidates; i++)
	{
		Candidate  *candidate = &routing->candidates[i];

		if (candidate->in_turn || candidate->why_not == NULL)
			continue;
		appendStringInfoString(&json, json.len > 1 ? ", {\"member\": " : "{\"member\": ");
		escape_json(&json, candidate->member);
		appendStringInfoString(&json, ", \"why\": ");
		escape_json(&json, candidate->why_not);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* The members of the pool, and what they have to their credit. */
static void
credits_to_arrays(Routing *routing, Datum *members, Datum *credits)
{
	int			n = routing->n_candidates;
	Datum	   *names = palloc(sizeof(Datum) * Max(n, 1));
	Datum	   *numbers = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		names[i] = CStringGetTextDatum(routing->candidates[i].member);
		numbers[i] = Float8GetDatum(routing->candidates[i].credit);
	}
	*members = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	*credits = PointerGetDatum(construct_array(numbers, n, FLOAT8OID, sizeof(float8),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Write down who got the lead, and whose turn it was. */
static void
keep_assignment(Routing *routing)
{
	bool		is_turn = strcmp(routing->how, "turn") == 0;
	Datum		values[12];
	bool		nulls[12] = {false};

	values[0] = Int64GetDatum(routing->move->evidence.lead_id);
	values[1] = TimestampTzGetDatum(routing->now);
	values[2] = PointerGetDatum(stage_make(routing->stage, NULL, 0));
	nulls[3] = routing->rule == NULL;
	values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(routing->rule->rule);
	values[4] = CStringGetTextDatum(routing->pool);
	values[5] = row_field(routing->move, FIELD_OWNER, &nulls[5]);
	values[6] = CStringGetTextDatum(routing->owner);
	values[7] = CStringGetTextDatum(routing->how);
	values[8] = skipped_to_jsonb(routing);
	values[9] = Int64GetDatum(routing->turn + 1);
	credits_to_arrays(routing, &values[10], &values[11]);
	nulls[9] = nulls[10] = nulls[11] = !is_turn;
	(void) statement_run(routing->move->rulebook, KEEP_ASSIGNMENT, values, nulls);
}

/* The lead as it is now, or, read only, as the present statement sees it. */
static TupleTableSlot *
fetch_lead(Rulebook *rulebook, Relation rel, int64 lead_id, bool read_only)
{
	TupleTableSlot *row = NULL;
	HeapTuple	tuple;

	if (!read_only)
	{
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
	}
	tuple = fetch_by_id(rulebook, &rulebook->objects[OBJECT_LEAD], rel, lead_id);
	if (HeapTupleIsValid(tuple))
	{
		row = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
		ExecStoreHeapTuple(tuple, row, false);
	}
	if (!read_only)
		PopActiveSnapshot();
	return row;
}

/*
 * Give the lead to its new owner; gives the row as it is then.  The owner of
 * the workspace may have triggers that give the lead to another one: then it
 * was nobody's turn.
 */
static TupleTableSlot *
give_lead(Routing *routing, const char *reason)
{
	Move	   *move = routing->move;
	bool		outer = owner_is_routed;
	TupleTableSlot *row;
	Datum		values[3];
	Datum		owner;
	bool		isnull;

	values[0] = Int64GetDatum(move->evidence.lead_id);
	values[1] = CStringGetTextDatum(routing->owner);
	values[2] = CStringGetTextDatum(reason);
	owner_is_routed = true;
	PG_TRY();
	{
		(void) statement_run(move->rulebook, GIVE_LEAD, values, NULL);
	}
	PG_FINALLY();
	{
		owner_is_routed = outer;
	}
	PG_END_TRY();

	row = fetch_lead(move->rulebook, move->rel, move->evidence.lead_id, false);
	if (row == NULL)
		return NULL;
	owner = slot_getattr(row, move->rules->fields[FIELD_OWNER], &isnull);
	if (!isnull && strcmp(TextDatumGetCString(owner), routing->owner) == 0)
		keep_assignment(routing);
	return row;
}

/* Handovers of the workspace take turns. */
static void
wait_for_turn(Rulebook *rulebook)
{
	Oid			turns = get_relname_relid("assignment", rulebook->nspid);

	/* no relation is locked: nothing but another handover waits for this */
	LockDatabaseObject(RelationRelationId, turns, 0, ExclusiveLock);
}

/*
 * Hand the lead over, if it should have another owner; reason is the caller's,
 * or NULL.  Gives the row with its new owner; NULL: it is as it was.
 */
static TupleTableSlot *
hand_over(Routing *routing, const char *reason)
{
	char	   *owner = row_string(routing->move, FIELD_OWNER);

	find_rule(routing);

	/* whoever keeps what is his waits for nobody */
	if (present_owner(routing) != NULL)
	{
		choose_owner(routing);
		if (routing->how == NULL)
			return NULL;
	}
	if (routing->rule == NULL || !routing->rule->to_account_owner)
		wait_for_turn(routing->move->rulebook);
	choose_owner(routing);
	if (routing->how == NULL || (owner != NULL && strcmp(owner, routing->owner) == 0))
		return NULL;
	if (is_blank(reason))
		reason = routing->rule != NULL ? psprintf("routed: %s", routing->rule->rule) :
			psprintf("routed: pool %s", routing->pool);
	return give_lead(routing, reason);
}

/*
 * A lead has entered a stage: hand it over by the rules of the furthest stage
 * that it has entered or passed.  Gives the row with its new owner, which the
 * caller drops; NULL: it is as it was.
 */
TupleTableSlot *
route_on_stage(Move *move)
{
	uint8		stage;
	Routing		routing;

	if (move->rules->kind != OBJECT_LEAD)
		return NULL;
	stage = stage_of_routing(move->rulebook, move->from, move->to);
	if (stage == 0)
		return NULL;
	routing_init(&routing, move, stage, false);
	return hand_over(&routing, NULL);
}

/*
 * leadflow.take_turn(workspace): part of leadflow.sweep, which waits for its
 * turn before it locks leads, as every handover does.
 */
PG_FUNCTION_INFO_V1(leadflow_take_turn);
Datum
leadflow_take_turn(PG_FUNCTION_ARGS)
{
	Rulebook   *rulebook = rulebook_open(rulebook_namespace(NameStr(*PG_GETARG_NAME(0))));

	PG_TRY();
	{
		check_owner(rulebook->owner, rulebook->schema);
		wait_for_turn(rulebook);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}

static void
refuse_merged(Move *move)
{
	bool		isnull;
	Datum		winner = row_field(move, FIELD_MERGED_INTO, &isnull);

	if (isnull)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("lead " INT64_FORMAT " was merged into lead " INT64_FORMAT " and is not handed over any more",
					move->evidence.lead_id, DatumGetInt64(winner)),
			 errhint("Hand over lead " INT64_FORMAT ".", DatumGetInt64(winner))));
}

static void
refuse_missing(Rulebook *rulebook, int64 lead_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("workspace %s has no lead " INT64_FORMAT, rulebook->schema, lead_id)));
}

/*
 * Read the lead with the caller's rights, and lock it unless it is only to be
 * looked at.
 */
static void
check_lead(Rulebook *rulebook, int64 lead_id, bool read_only)
{
	StringInfoData sql;
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(lead_id)};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	initStringInfo(&sql);
	appendStringInfo(&sql, read_only ? "SELECT l FROM %s.lead l WHERE l.id OPERATOR(pg_catalog.=) $1" :
					 "SELECT FROM %s.lead l WHERE l.id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", rulebook->schema);
	if (SPI_execute_with_args(sql.data, 1, types, values, NULL, read_only, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read workspace %s", rulebook->schema);
	if (SPI_processed == 0)
		refuse_missing(rulebook, lead_id);
	SPI_finish();
}

/* The names in an array; nulls are nobody. */
static List *
names_of(ArrayType *array)
{
	List	   *names = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			names = lappend(names, TextDatumGetCString(elements[i]));
	}
	return names;
}

/*
 * Look up the lead, as if it had just entered its stage or the one that is
 * given; NULL for its own.
 */
static void
open_lead(Routing *routing, Move *move, Rulebook *rulebook, int64 lead_id, const Stage *stage,
		  bool read_only)
{
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel = table_open(rules->relid, AccessShareLock);
	TupleTableSlot *row;
	const Stage *present;
	bool		isnull;

	check_lead(rulebook, lead_id, read_only);
	row = fetch_lead(rulebook, rel, lead_id, read_only);
	if (row == NULL)
		refuse_missing(rulebook, lead_id);
	present = DatumGetStagePP(slot_getattr(row, rules->fields[FIELD_STAGE], &isnull));
	move_init(move, rulebook, rules, rel, row, present, present);
	refuse_merged(move);
	routing_init(routing, move,
				 stage_of_routing(rulebook, NULL, stage == NULL ? present : stage), read_only);
}

static void
close_lead(Move *move)
{
	ExecDropSingleTupleTableSlot(move->row);
	table_close(move->rel, NoLock);
}

/*
 * leadflow.route(workspace, lead_id, stage, avoid, reason) -> the lead's owner,
 * or null where no rule is in force.
 */
PG_FUNCTION_INFO_V1(leadflow_route);
Datum
leadflow_route(PG_FUNCTION_ARGS)
{
	char	   *volatile owner = NULL;
	Rulebook   *rulebook;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	rulebook = rulebook_open(rulebook_namespace(NameStr(*PG_GETARG_NAME(0))));
	PG_TRY();
	{
		Routing		routing;
		Move		move;
		TupleTableSlot *row = NULL;

		open_lead(&routing, &move, rulebook, PG_GETARG_INT64(1),
				  PG_ARGISNULL(2) ? NULL : PG_GETARG_STAGE_PP(2), false);
		if (!PG_ARGISNULL(3))
			routing.passed_over = names_of(PG_GETARG_ARRAYTYPE_P(3));
		if (routing.stage != 0)
		{
			row = hand_over(&routing, PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4)));
			if (row != NULL)
			{
				ExecDropSingleTupleTableSlot(move.row);
				move.row = row;
			}
			owner = row_string(&move, FIELD_OWNER);
		}
		close_lead(&move);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	if (owner == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(owner));
}

/* Say every step of what hand_over would do now. */
static void
explain_handover(Routing *routing)
{
	bool		fits = true;

	if (routing->stage == 0)
	{
		tell_step(routing, "owner", row_string(routing->move, FIELD_OWNER), NULL,
				  "no rule is in force", NULL, false);
		return;
	}
	find_rule(routing);
	if (routing->rule == NULL)
		tell_step(routing, "rule", NULL, &fits, "no rule is for the lead: pool " DEFAULT_POOL, NULL, false);
	choose_owner(routing);
	tell_step(routing, "owner", routing->owner, &fits, routing->why, NULL, true);
}

/*
 * leadflow.explain_routing(workspace, lead_id, stage) -> a row for every rule
 * of the stage, every member of the pool, and the owner.
 */
PG_FUNCTION_INFO_V1(leadflow_explain_routing);
Datum
leadflow_explain_routing(PG_FUNCTION_ARGS)
{
	Rulebook   *rulebook;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	rulebook = rulebook_open(rulebook_namespace(NameStr(*PG_GETARG_NAME(0))));
	PG_TRY();
	{
		Routing		routing;
		Move		move;

		open_lead(&routing, &move, rulebook, PG_GETARG_INT64(1),
				  PG_ARGISNULL(2) ? NULL : PG_GETARG_STAGE_PP(2), true);
		routing.explanation = (ReturnSetInfo *) fcinfo->resultinfo;
		explain_handover(&routing);
		close_lead(&move);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return (Datum) 0;
}
