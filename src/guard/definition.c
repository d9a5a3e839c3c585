/*
 * definition.c
 *	  Triggers of the definition tables, and of what is append-only.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "guard/guard.h"
#include "guard/statement.h"
#include "rulebook/evidence.h"
#include "rulebook/load.h"
#include "rulebook/owner.h"

/* A text column of the row that a trigger was fired for; NULL for null. */
static char *
trigger_string(TriggerData *trigger, HeapTuple tuple, const char *column)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			attnum = SPI_fnumber(desc, column);
	bool		isnull;
	Datum		value;

	if (attnum <= 0 || TupleDescAttr(desc, attnum - 1)->atttypid != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\" of type text",
						RelationGetRelationName(trigger->tg_relation), column)));
	value = heap_getattr(tuple, attnum, desc, &isnull);
	return isnull ? NULL : TextDatumGetCString(value);
}

static HeapTuple
row_to_write(TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
}

/*
 * The expression of a row, compiled over the rows of the object that the row
 * names; NULL where there is none, or constraints will say what is wrong.
 */
static CriterionProgram *
compile_for(TriggerData *trigger, HeapTuple tuple, Oid type)
{
	char	   *object = trigger_string(trigger, tuple, "object");
	char	   *expression = trigger_string(trigger, tuple, "expression");
	CriterionProgram *program;
	Relation	rel;
	Oid			relid;

	if (object == NULL || expression == NULL)
		return NULL;
	relid = get_relname_relid(object, RelationGetNamespace(trigger->tg_relation));
	if (!OidIsValid(relid))
		return NULL;
	rel = table_open(relid, AccessShareLock);
	program = expression_compile(rel, expression, type);
	table_close(rel, NoLock);
	return program;
}

/*
 * leadflow.definition_guard(column): BEFORE INSERT OR UPDATE, for each row.
 * The column's text must compile as a criterion over the rows of the object
 * that the row names.
 */
PG_FUNCTION_INFO_V1(leadflow_definition_guard);
Datum
leadflow_definition_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "definition_guard", TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = row_to_write(trigger);
	const char *object;
	char	   *expression;
	Oid			relid;
	Relation	rel;

	if (trigger->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must have one argument", trigger->tg_trigger->tgname)));
	object = trigger_string(trigger, tuple, "object");
	expression = trigger_string(trigger, tuple, trigger->tg_trigger->tgargs[0]);

	/* CHECK and NOT NULL constraints will say what is wrong with the rest */
	if (object == NULL || expression == NULL)
		return PointerGetDatum(tuple);
	relid = get_relname_relid(object, RelationGetNamespace(trigger->tg_relation));
	if (!OidIsValid(relid))
		return PointerGetDatum(tuple);

	rel = table_open(relid, AccessShareLock);
	criterion_free(criterion_compile(rel, expression));
	table_close(rel, NoLock);
	return PointerGetDatum(tuple);
}

/*
 * leadflow.check_expression(table, expression, type): whether an expression
 * that was written before still compiles; an error says what is wrong with it.
 */
PG_FUNCTION_INFO_V1(leadflow_check_expression);
Datum
leadflow_check_expression(PG_FUNCTION_ARGS)
{
	Relation	rel;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(PG_GETARG_OID(0))))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", PG_GETARG_OID(0))));
	if (!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(PG_GETARG_OID(2))))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type with OID %u does not exist", PG_GETARG_OID(2))));
	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	criterion_free(expression_compile(rel, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_OID(2)));
	table_close(rel, NoLock);
	PG_RETURN_VOID();
}

/*
 * leadflow.score_rule_guard(): BEFORE INSERT OR UPDATE, for each row.  The
 * expression must compile, and the score is not reckoned from itself.
 */
PG_FUNCTION_INFO_V1(leadflow_score_rule_guard);
Datum
leadflow_score_rule_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "score_rule_guard", TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = row_to_write(trigger);
	CriterionProgram *program = compile_for(trigger, tuple, BOOLOID);
	bool		reads_score;

	if (program == NULL)
		return PointerGetDatum(tuple);
	reads_score = evidence_has_score(program->evidence);
	criterion_free(program);
	if (reads_score)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("a score rule must not read the score"),
				 errhint("A score_move or the standard may."),
				 errtable(trigger->tg_relation),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "expression")));
	return PointerGetDatum(tuple);
}

/*
 * leadflow.score_feature_guard(): BEFORE INSERT OR UPDATE, for each row.  The
 * expression must yield what the feature's kind asks for.
 */
PG_FUNCTION_INFO_V1(leadflow_score_feature_guard);
Datum
leadflow_score_feature_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "score_feature_guard", TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = row_to_write(trigger);
	char	   *kind = trigger_string(trigger, tuple, "kind");
	CriterionProgram *program;
	bool		reads_probability;

	program = compile_for(trigger, tuple,
						  kind != NULL && strcmp(kind, "number") == 0 ? NUMERICOID :
						  kind != NULL && strcmp(kind, "set") == 0 ? TEXTARRAYOID : TEXTOID);
	if (program == NULL)
		return PointerGetDatum(tuple);
	reads_probability = bms_is_member(EVIDENCE_PROBABILITY, program->evidence);
	criterion_free(program);
	if (reads_probability)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("a feature must not read the probability"),
				 errdetail("It is reckoned from the features."),
				 errtable(trigger->tg_relation),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "expression")));
	return PointerGetDatum(tuple);
}

/*
 * The table that a definition speaks of in its columns object and field; the
 * field must be a column of it.  Invalid where CHECK and NOT NULL constraints
 * will say what is wrong.
 */
static Oid
table_of_field(TriggerData *trigger, HeapTuple tuple, const char **object, const char **field)
{
	Oid			relid;

	*object = trigger_string(trigger, tuple, "object");
	*field = trigger_string(trigger, tuple, "field");
	if (*object == NULL || *field == NULL)
		return InvalidOid;
	relid = get_relname_relid(*object, RelationGetNamespace(trigger->tg_relation));
	if (!OidIsValid(relid))
		return InvalidOid;

	LockRelationOid(relid, AccessShareLock);
	if (get_attnum(relid, *field) <= InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", *field, *object),
				 errhint("Add the column to the table first."),
				 errtable(trigger->tg_relation),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "field")));
	return relid;
}

/*
 * leadflow.field_guard(): BEFORE INSERT OR UPDATE, for each row.  The field
 * must be a column of the object's table.
 */
PG_FUNCTION_INFO_V1(leadflow_field_guard);
Datum
leadflow_field_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "field_guard", TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = row_to_write(trigger);
	const char *object;
	const char *field;

	(void) table_of_field(trigger, tuple, &object, &field);
	return PointerGetDatum(tuple);
}

/*
 * leadflow.overwrite_rule_guard(): BEFORE INSERT OR UPDATE, for each row.  The
 * field must be one that a rule may be about.
 */
PG_FUNCTION_INFO_V1(leadflow_overwrite_rule_guard);
Datum
leadflow_overwrite_rule_guard(PG_FUNCTION_ARGS)
{
	static const char *const kept[] = {
		"id", "source", "external_id", "stage", "stage_since", "furthest_stage", "created_at", "updated_at",
		"closed_at", "status", "reason", "reason_note", "owner_reason", "narrative", "nurture_track", "wake_at", "rests_until",
		"merged_into", "merged_from", "field_sources"
	};
	TriggerData *trigger = check_trigger(fcinfo, "overwrite_rule_guard", TRIGGER_EVENT_BEFORE, true);
	HeapTuple	tuple = row_to_write(trigger);
	const char *object;
	const char *field;
	const char *why_not = NULL;
	bool		is_string;
	Oid			relid = table_of_field(trigger, tuple, &object, &field);

	if (!OidIsValid(relid))
		return PointerGetDatum(tuple);
	if (find_overwritable(relid, field, &is_string) == InvalidAttrNumber)
		why_not = "PostgreSQL computes its values.";
	for (int i = 0; i < (int) lengthof(kept); i++)
	{
		if (strcmp(field, kept[i]) == 0)
			why_not = "It identifies the row, belongs to its stage, or is kept by leadflow.";
	}
	if (why_not != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("column \"%s\" of table \"%s\" cannot have an overwrite rule", field, object),
				 errdetail("%s", why_not),
				 errtable(trigger->tg_relation),
				 err_generic_string(PG_DIAG_COLUMN_NAME, "field"),
				 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "overwrite_rule_field")));
	return PointerGetDatum(tuple);
}

static const char *
operation_name(TriggerEvent event)
{
	if (TRIGGER_FIRED_BY_INSERT(event))
		return "INSERT";
	if (TRIGGER_FIRED_BY_UPDATE(event))
		return "UPDATE";
	if (TRIGGER_FIRED_BY_DELETE(event))
		return "DELETE";
	return "TRUNCATE";
}

/*
 * The log is written as the owner of the definition table, so it must be that
 * owner's own: whoever put the trigger there must not choose what it runs.
 */
static void
check_change_log(Relation rel)
{
	Oid			relid = get_relname_relid("definition_change", RelationGetNamespace(rel));
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		fits;

	fits = HeapTupleIsValid(tuple) &&
		((Form_pg_class) GETSTRUCT(tuple))->relowner == rel->rd_rel->relowner &&
		((Form_pg_class) GETSTRUCT(tuple))->relkind == RELKIND_RELATION;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no definition_change beside it that belongs to the same owner",
						RelationGetRelationName(rel))));
}

/* Keep a change in definition_change, as the owner. */
static void
keep_change(TriggerData *trigger)
{
	Relation	rel = trigger->tg_relation;
	TriggerEvent event = trigger->tg_event;
	bool		for_row = TRIGGER_FIRED_FOR_ROW(event);
	HeapTuple	old_tuple = NULL;
	HeapTuple	new_tuple = NULL;
	Oid			types[6];
	Datum		values[6];
	char		nulls[6];
	StringInfoData sql;
	const char *schema = quote_identifier(get_namespace_name(RelationGetNamespace(rel)));
	OwnerState	state;

	check_change_log(rel);
	if (for_row && TRIGGER_FIRED_BY_INSERT(event))
		new_tuple = trigger->tg_trigtuple;
	else if (for_row)
	{
		old_tuple = trigger->tg_trigtuple;
		if (TRIGGER_FIRED_BY_UPDATE(event))
			new_tuple = trigger->tg_newtuple;
	}

	memset(nulls, ' ', sizeof(nulls));
	types[0] = types[1] = types[4] = types[5] = TEXTOID;
	types[2] = types[3] = rel->rd_rel->reltype;
	values[0] = CStringGetTextDatum(RelationGetRelationName(rel));
	values[1] = CStringGetTextDatum(operation_name(event));
	if (old_tuple != NULL)
		values[2] = heap_copy_tuple_as_datum(old_tuple, RelationGetDescr(rel));
	else
		nulls[2] = 'n';
	if (new_tuple != NULL)
		values[3] = heap_copy_tuple_as_datum(new_tuple, RelationGetDescr(rel));
	else
		nulls[3] = 'n';
	values[4] = session_actor();
	values[5] = actor();

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "INSERT INTO %s.definition_change (definition, operation, old_row, new_row, session_actor, actor)"
					 " VALUES ($1, $2, pg_catalog.to_jsonb($3), pg_catalog.to_jsonb($4), $5, $6)",
					 schema);

	become_owner(rel->rd_rel->relowner, schema, &state);
	/* rows that are equal read equal, whatever the writers' settings are */
	(void) set_config_option("timezone", "UTC", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(sql.data, 6, types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not record the change of a definition");
	SPI_finish();
	become_self(&state);
}

/*
 * leadflow.definition_recorder(): AFTER INSERT, UPDATE or DELETE for each row,
 * and AFTER TRUNCATE.  Keeps the change and tells every session.  Where the
 * change arrives by replication its record arrives too, so it only tells.
 */
PG_FUNCTION_INFO_V1(leadflow_definition_recorder);
Datum
leadflow_definition_recorder(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "definition_recorder", TRIGGER_EVENT_AFTER, false);

	CacheInvalidateRelcache(trigger->tg_relation);
	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
		keep_change(trigger);
	return PointerGetDatum(NULL);
}

/*
 * Has a reason got another name, which its foreign key takes to a verdict?  A
 * reason that verdicts have is there otherwise.
 */
static bool
reason_is_renamed(TriggerData *trigger)
{
	Relation	rel = trigger->tg_relation;
	AttrNumber	reason = get_attnum(RelationGetRelid(rel), "reason");
	Rulebook   *rulebook;
	Datum		code;
	bool		isnull;
	volatile bool result = false;

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) || reason == InvalidAttrNumber ||
		strcmp(RelationGetRelationName(rel), "verdict") != 0)
		return false;
	for (AttrNumber i = 1; i <= RelationGetNumberOfAttributes(rel); i++)
	{
		if (i != reason && !TupleDescAttr(RelationGetDescr(rel), i - 1)->attisdropped &&
			!same_column(trigger->tg_trigslot, trigger->tg_newslot, i))
			return false;
	}
	code = slot_getattr(trigger->tg_trigslot, reason, &isnull);
	if (isnull)
		return false;
	rulebook = rulebook_open(RelationGetNamespace(rel));
	PG_TRY();
	{
		result = statement_run(rulebook, READ_REASON, &code, NULL) == 0;
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return result;
}

/*
 * leadflow.append_only(): BEFORE UPDATE, DELETE or TRUNCATE.  What happened
 * stays, but for what a merge moves and what is forgotten of a person.
 */
PG_FUNCTION_INFO_V1(leadflow_append_only);
Datum
leadflow_append_only(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = check_trigger(fcinfo, "append_only", TRIGGER_EVENT_BEFORE, false);

	if (history_may_change || reason_is_renamed(trigger))
	{
		if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
			return PointerGetDatum(NULL);
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
							   trigger->tg_newtuple : trigger->tg_trigtuple);
	}
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("cannot %s rows of \"%s\"",
					TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? "update" :
					TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "delete" : "truncate",
					RelationGetRelationName(trigger->tg_relation)),
			 errdetail("What happened stays: the table is append-only."),
			 errhint("The owner of the workspace forgets a person with leadflow.forget."),
			 errtable(trigger->tg_relation),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, "append_only")));
}
