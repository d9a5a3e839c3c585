/*
 * transcript.c
 *	  What a foreign key does, between transcripts and touches that are kept by
 *	  month: their key has the instant in it, so that there can be none.
 *
 * As with a foreign key, the rows are looked for as the owner of the tables, so
 * that neither rights nor row security of the writer hide them, and among what
 * is committed by now, also where the transaction does not see it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guard/guard.h"
#include "rulebook/owner.h"

/* %1$s stands for the schema */
#define TOUCH_OF \
	"SELECT FROM %1$s.touch t WHERE t.id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE"
/* a touch that moves to another month is deleted and inserted again */
#define DELETE_OF \
	"DELETE FROM %1$s.transcript s WHERE s.touch_id OPERATOR(pg_catalog.=) $1" \
	" AND NOT EXISTS (SELECT FROM %1$s.touch t WHERE t.id OPERATOR(pg_catalog.=) $1)"
#define ANY_AT_ALL \
	"SELECT FROM %1$s.transcript LIMIT 1"

/* How many rows a statement finds, for a touch where its $1 is the number of one. */
static uint64
run(TriggerData *trigger, const char *statement, const int64 *touch_id)
{
	Relation	rel = trigger->tg_relation;
	Oid			table = RelationGetRelid(rel);
	Oid			type = INT8OID;
	Datum		arg = touch_id ? Int64GetDatum(*touch_id) : (Datum) 0;
	bool		fixed = IsolationUsesXactSnapshot();
	char	   *schema;
	char	   *sql;
	Oid			nspid;
	OwnerState	state;
	SPIPlanPtr	plan;
	uint64		found;

	if (rel->rd_rel->relispartition)
		table = llast_oid(get_partition_ancestors(table));
	nspid = get_rel_namespace(table);
	schema = pstrdup(quote_identifier(get_namespace_name(nspid)));
	/* what is run for one owner must be of that owner */
	if (table_owner(get_relname_relid("transcript", nspid)) != table_owner(table) ||
		table_owner(get_relname_relid("touch", nspid)) != table_owner(table))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s.touch and %s.transcript must belong to the owner of \"%s\"",
						schema, schema, get_rel_name(table))));
	sql = psprintf(statement, schema);

	become_owner(table_owner(table), schema, &state);
	SPI_connect();
	plan = SPI_prepare(sql, touch_id ? 1 : 0, &type);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (fixed)
		CommandCounterIncrement();
	if (SPI_execute_snapshot(plan, &arg, NULL,
							 fixed ? GetLatestSnapshot() : InvalidSnapshot,
							 fixed ? GetTransactionSnapshot() : InvalidSnapshot,
							 false, false, 0) < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(SPI_result));
	found = SPI_processed;
	SPI_finish();
	become_self(&state);
	return found;
}

/* A number that the row has. */
static int64
number_of(TriggerData *trigger, HeapTuple row, const char *column)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			number = SPI_fnumber(desc, column);
	bool		isnull = true;
	Datum		value = 0;

	if (number > 0 && SPI_gettypeid(desc, number) == INT8OID)
		value = heap_getattr(row, number, desc, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" needs a bigint column \"%s\" that is not null",
						trigger->tg_trigger->tgname, column)));
	return DatumGetInt64(value);
}

/* leadflow.transcript_touch(): AFTER INSERT OR UPDATE of transcripts. */
PG_FUNCTION_INFO_V1(leadflow_transcript_touch);
Datum
leadflow_transcript_touch(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "transcript_touch", TRIGGER_EVENT_AFTER, true);
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	int64		touch_id = number_of(trigger, row, "touch_id");

	if (run(trigger, TOUCH_OF, &touch_id) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("there is no touch " INT64_FORMAT, touch_id),
				 errtableconstraint(trigger->tg_relation, "transcript_touch_id_fkey")));
	return PointerGetDatum(NULL);
}

/* leadflow.touch_transcript(): AFTER DELETE of touches, or BEFORE TRUNCATE. */
PG_FUNCTION_INFO_V1(leadflow_touch_transcript);
Datum
leadflow_touch_transcript(PG_FUNCTION_ARGS)
{
	bool		truncated = CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_BY_TRUNCATE(((TriggerData *) fcinfo->context)->tg_event);
	TriggerData *trigger = check_trigger(fcinfo, "touch_transcript",
										 truncated ? TRIGGER_EVENT_BEFORE : TRIGGER_EVENT_AFTER, !truncated);

	if (!truncated)
	{
		int64		touch_id = number_of(trigger, trigger->tg_trigtuple, "id");

		(void) run(trigger, DELETE_OF, &touch_id);
	}
	else if (run(trigger, ANY_AT_ALL, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot truncate \"%s\" while there are transcripts",
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail("A transcript goes with its touch."),
				 errhint("Truncate transcript first, or delete the touches.")));
	return PointerGetDatum(NULL);
}
