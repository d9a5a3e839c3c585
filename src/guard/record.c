/*
 * record.c
 *	  When a row was recorded, and by whom, is not for its writer to say.
 *
 * The owner of the table may, who loads what was recorded elsewhere.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/statement.h"

/* What a column of a new row says: an instant, or a role. */
static Datum
stamp_of(TriggerData *trigger, const char *column, AttrNumber attnum)
{
	Oid			type = attnum > 0 ? SPI_gettypeid(RelationGetDescr(trigger->tg_relation), attnum) : InvalidOid;

	if (type == TIMESTAMPTZOID)
		return TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	if (type == TEXTOID)
		return actor();
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("trigger \"%s\" needs a column \"%s\" of type timestamptz or text",
					trigger->tg_trigger->tgname, column)));
}

/*
 * leadflow.record_keeper(column, ...): BEFORE INSERT OR UPDATE, for each row.
 */
PG_FUNCTION_INFO_V1(leadflow_record_keeper);
Datum
leadflow_record_keeper(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "record_keeper", TRIGGER_EVENT_BEFORE, true);
	bool		is_new = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	HeapTuple	tuple = is_new ? trigger->tg_trigtuple : trigger->tg_newtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	if (history_may_change ||
		has_privs_of_role(acting_user(), trigger->tg_relation->rd_rel->relowner))
		return PointerGetDatum(tuple);
	for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		const char *column = trigger->tg_trigger->tgargs[i];
		int			attnum = SPI_fnumber(desc, column);
		Datum		value = stamp_of(trigger, column, attnum);
		bool		isnull = false;

		if (!is_new)
			value = heap_getattr(trigger->tg_trigtuple, attnum, desc, &isnull);
		tuple = heap_modify_tuple_by_cols(tuple, desc, 1, &attnum, &value, &isnull);
	}
	return PointerGetDatum(tuple);
}
