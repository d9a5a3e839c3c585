/*
 * shape.c
 *	  Look at the tables of a workspace, and make sure they are what they must be.
 *
 * The tables belong to the workspace's owner, who may alter them.  Whatever
 * the module reads or writes directly must still have the names and types that
 * create_workspace gave it, and all tables must have one owner: otherwise
 * there is an error that says so, never a misreading.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "rulebook/load.h"

/* What a column must hold for the module to read it. */
typedef enum FieldType
{
	FIELD_BIGINT,
	FIELD_INTEGER,
	FIELD_TEXT,
	FIELD_TEXTS,
	FIELD_TIMESTAMPTZ,
	FIELD_NUMERIC,
	FIELD_JSONB,
	FIELD_STAGE_VALUE
} FieldType;

static const struct
{
	const char *name[OBJECT_KINDS];
	FieldType	type;
	bool		required;		/* never null */
}			fields[FIELDS] =
{
	[FIELD_ID] = {{"id", "id"}, FIELD_BIGINT, true},
	[FIELD_STAGE_SINCE] = {{"stage_since", "stage_since"}, FIELD_TIMESTAMPTZ, true},
	[FIELD_CREATED_AT] = {{"created_at", "created_at"}, FIELD_TIMESTAMPTZ, true},
	[FIELD_UPDATED_AT] = {{"updated_at", "updated_at"}, FIELD_TIMESTAMPTZ},
	[FIELD_STAGE] = {{"stage", "stage"}, FIELD_STAGE_VALUE, true},
	[FIELD_FURTHEST_STAGE] = {{"furthest_stage", "furthest_stage"}, FIELD_STAGE_VALUE},
	[FIELD_SOURCE] = {{"source", "source"}, FIELD_TEXT, true},
	[FIELD_EXTERNAL_ID] = {{"external_id", "external_id"}, FIELD_TEXT},
	[FIELD_STATUS] = {{"status", "status"}, FIELD_TEXT},
	[FIELD_VARIANT] = {{"variant", "variant"}, FIELD_TEXT, true},
	[FIELD_REASON] = {{"reason", "reason"}, FIELD_TEXT},
	[FIELD_REASON_NOTE] = {{"reason_note", "reason_note"}, FIELD_TEXT},
	[FIELD_OWNER] = {{"owner", "owner"}, FIELD_TEXT},
	[FIELD_ACCOUNT_ID] = {{"account_id", "account_id"}, FIELD_BIGINT},
	[FIELD_ORIGIN] = {{"origin", "origin"}, FIELD_TEXT},
	[FIELD_CAMPAIGN_ID] = {{"campaign_id", "campaign_id"}, FIELD_BIGINT},
	[FIELD_SEGMENT] = {{"segment", "segment"}, FIELD_TEXT},
	[FIELD_AMOUNT] = {{"budget", "amount"}, FIELD_NUMERIC},
	[FIELD_CURRENCY] = {{"currency", "currency"}, FIELD_TEXT},
	[FIELD_SOURCES] = {{"field_sources", "field_sources"}, FIELD_JSONB},
	[FIELD_MERGED_INTO] = {{"merged_into", NULL}, FIELD_BIGINT},
	[FIELD_OWNER_REASON] = {{"owner_reason", NULL}, FIELD_TEXT},
	[FIELD_NARRATIVE] = {{"narrative", NULL}, FIELD_TEXT},
	[FIELD_NURTURE_TRACK] = {{"nurture_track", NULL}, FIELD_TEXT},
	[FIELD_WAKE_AT] = {{"wake_at", NULL}, FIELD_TIMESTAMPTZ},
	[FIELD_RESTS_UNTIL] = {{"rests_until", NULL}, FIELD_TIMESTAMPTZ},
	[FIELD_LEAD_ID] = {{NULL, "lead_id"}, FIELD_BIGINT},
	[FIELD_MERGED_FROM] = {{NULL, "merged_from"}, FIELD_BIGINT},
	[FIELD_CLOSED_AT] = {{NULL, "closed_at"}, FIELD_TIMESTAMPTZ}
};

/* When the relation changes the rulebook is stale. */
static void
watch_relation(Rulebook *rulebook, Oid relid)
{
	if (rulebook->n_watched == rulebook->max_watched)
	{
		int			max = Max(64, rulebook->max_watched * 2);
		Oid		   *watched = MemoryContextAlloc(rulebook->mcxt, sizeof(Oid) * max);

		/* an invalidation that comes while memory is allocated finds a whole list */
		if (rulebook->n_watched > 0)
			memcpy(watched, rulebook->watched, sizeof(Oid) * rulebook->n_watched);
		rulebook->watched = watched;
		rulebook->max_watched = max;
	}
	rulebook->watched[rulebook->n_watched++] = relid;
}

/* The table of that name, watched for changes and owned as the others are. */
Oid
watch_table(Rulebook *rulebook, const char *name)
{
	Oid			relid = get_relname_relid(name, rulebook->nspid);
	HeapTuple	tuple;
	Form_pg_class form;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("workspace %s has no table \"%s\"", rulebook->schema, name),
				 errhint("The table must stand beside the others of the workspace, under its own name.")));

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s.%s is not a table", rulebook->schema, quote_identifier(name))));
	if (!OidIsValid(rulebook->owner))
		rulebook->owner = form->relowner;
	else if (rulebook->owner != form->relowner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the tables of workspace %s belong to different roles", rulebook->schema),
				 errdetail("Table \"%s\" belongs to another role than table \"lead\".", name),
				 errhint("Give all tables of the workspace to one owner.")));
	ReleaseSysCache(tuple);

	watch_relation(rulebook, relid);
	return relid;
}

static bool
type_fits(Rulebook *rulebook, Oid type, FieldType expected)
{
	switch (expected)
	{
		case FIELD_BIGINT:
			return type == INT8OID;
		case FIELD_INTEGER:
			return type == INT4OID;
		case FIELD_TEXT:
			return type == TEXTOID || type == VARCHAROID;
		case FIELD_TEXTS:
			return type == TEXTARRAYOID;
		case FIELD_TIMESTAMPTZ:
			return type == TIMESTAMPTZOID;
		case FIELD_NUMERIC:
			return type == NUMERICOID;
		case FIELD_JSONB:
			return type == JSONBOID;
		case FIELD_STAGE_VALUE:
			return type == rulebook->stage_type;
	}
	return false;
}

/*
 * The module reads and writes some tables directly, by an index.  They may not
 * be partitioned.
 */
static Oid
watch_plain_table(Rulebook *rulebook, const char *name)
{
	Oid			relid = watch_table(rulebook, name);

	if (get_rel_relkind(relid) != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table %s.%s may not be partitioned", rulebook->schema, quote_identifier(name)),
				 errhint("touch, stage_event, violation and quarantine may be.")));
	return relid;
}

/* The column of that name, which must have the type the module reads. */
static AttrNumber
find_column(Rulebook *rulebook, Oid relid, const char *name, FieldType expected)
{
	AttrNumber	attnum = get_attnum(relid, name);
	Oid			type;

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table %s.%s is missing", name,
						rulebook->schema, quote_identifier(get_rel_name(relid))),
				 errhint("leadflow needs the column under this name.")));

	type = get_atttype(relid, attnum);
	if (!type_fits(rulebook, type, expected))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of table %s.%s has type %s", name,
						rulebook->schema, quote_identifier(get_rel_name(relid)),
						format_type_be(type)),
				 errhint("leadflow needs the type that create_workspace gave it.")));
	if (compat_column_is_virtual(relid, attnum))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("column \"%s\" of table %s.%s is a virtual generated column", name,
						rulebook->schema, quote_identifier(get_rel_name(relid))),
				 errhint("leadflow needs a column whose values are stored.")));
	return attnum;
}

/* The same, of a column that the module can do without. */
static AttrNumber
find_optional_column(Rulebook *rulebook, Oid relid, const char *name, FieldType expected)
{
	AttrNumber	attnum = get_attnum(relid, name);

	if (attnum == InvalidAttrNumber || !type_fits(rulebook, get_atttype(relid, attnum), expected))
		return InvalidAttrNumber;
	return find_column(rulebook, relid, name, expected);
}

/* The same, of a column that is never null. */
static AttrNumber
find_required_column(Rulebook *rulebook, Oid relid, const char *name, FieldType expected)
{
	AttrNumber	attnum = find_column(rulebook, relid, name, expected);
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attnum));
	bool		notnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u", attnum, relid);
	notnull = ((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
	ReleaseSysCache(tuple);
	if (!notnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table %s.%s may be null", name,
						rulebook->schema, quote_identifier(get_rel_name(relid))),
				 errhint("leadflow needs it to be NOT NULL, as create_workspace made it.")));
	return attnum;
}

/*
 * A table that is locked only after the rulebook was opened may have been
 * altered in between: make sure that its columns are still what they were.
 */
void
rulebook_check_object(Rulebook *rulebook, ObjectRules *rules, TupleDesc desc)
{
	if (rulebook->valid)
		return;
	for (int i = 0; i < FIELDS; i++)
	{
		if (rules->fields[i] != InvalidAttrNumber &&
			!type_fits(rulebook, TupleDescAttr(desc, rules->fields[i] - 1)->atttypid, fields[i].type))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("table \"%s\" was altered by another session", object_name(rules->kind)),
					 errhint("Try again.")));
	}
}

/*
 * The column that a rule about overwriting may be about; invalid where there is
 * none of that name, or one whose values PostgreSQL computes.
 */
AttrNumber
find_overwritable(Oid relid, const char *name, bool *is_string)
{
	AttrNumber	attnum = get_attnum(relid, name);
	Oid			type;
	char		category;
	bool		preferred;

	*is_string = false;
	if (attnum <= 0 || get_attgenerated(relid, attnum) != '\0')
		return InvalidAttrNumber;
	type = get_atttype(relid, attnum);
	get_type_category_preferred(type, &category, &preferred);
	*is_string = category == TYPCATEGORY_STRING && get_typlen(type) == -1;
	return attnum;
}

/* Note a BEFORE trigger that fires for an event: the last one counts. */
static void
note_trigger(GuardPlace *place, Trigger *trigger, Oid guard)
{
	place->is_last = trigger->tgfoid == guard && trigger->tgqual == NULL &&
		trigger->tgnattr == 0;
	place->enabled = trigger->tgenabled;
}

/* Does the guard see rows as they will be written? */
static void
find_guard(ObjectRules *rules, Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;
	Oid			guard = LookupFuncName(list_make2(makeString("leadflow"), makeString("guard")),
									   0, NULL, false);

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_ROW(trigger->tgtype) || !TRIGGER_FOR_BEFORE(trigger->tgtype))
			continue;
		if (TRIGGER_FOR_INSERT(trigger->tgtype))
			note_trigger(&rules->on_insert, trigger, guard);
		if (TRIGGER_FOR_UPDATE(trigger->tgtype))
			note_trigger(&rules->on_update, trigger, guard);
	}
}

/* The btree by which rows are found by that column, if there is one. */
static Oid
find_index(Oid relid, AttrNumber column)
{
	Oid			found = InvalidOid;
	Relation	rel = table_open(relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
			index->rd_index->indkey.values[0] == column &&
			RelationGetIndexPredicate(index) == NIL)
			found = RelationGetRelid(index);
		index_close(index, AccessShareLock);
		if (OidIsValid(found))
			break;
	}
	list_free(indexes);
	table_close(rel, NoLock);
	return found;
}

static void
load_object(Rulebook *rulebook, ObjectKind kind)
{
	ObjectRules *rules = &rulebook->objects[kind];
	Relation	rel;

	rules->kind = kind;
	rules->relid = watch_plain_table(rulebook, object_name(kind));
	for (int i = 0; i < FIELDS; i++)
	{
		const char *name = fields[i].name[kind];

		rules->fields[i] = name == NULL ? InvalidAttrNumber :
			(fields[i].required ? find_required_column : find_column) (rulebook, rules->relid, name, fields[i].type);
	}

	rel = table_open(rules->relid, AccessShareLock);
	find_guard(rules, rel);
	table_close(rel, NoLock);
	rules->id_index = find_index(rules->relid, rules->fields[FIELD_ID]);
}

/* The columns of the touches, or of a partition of them, which may have its own order. */
static void
find_touch_columns(Rulebook *rulebook, TouchColumns *touch, Oid relid)
{
	touch->relid = relid;
	touch->id = find_required_column(rulebook, relid, "id", FIELD_BIGINT);
	touch->at = find_required_column(rulebook, relid, "at", FIELD_TIMESTAMPTZ);
	touch->lead_id = find_column(rulebook, relid, "lead_id", FIELD_BIGINT);
	touch->kind = find_required_column(rulebook, relid, "kind", FIELD_TEXT);
	touch->channel = find_column(rulebook, relid, "channel", FIELD_TEXT);
	touch->direction = find_required_column(rulebook, relid, "direction", FIELD_TEXT);
	touch->merged_from = find_column(rulebook, relid, "merged_from", FIELD_BIGINT);
	touch->content = find_optional_column(rulebook, relid, "content", FIELD_TEXT);
	touch->lead_index = find_index(relid, touch->lead_id);
}

static void
load_touch(Rulebook *rulebook)
{
	Oid			relid = watch_table(rulebook, "touch");
	bool		partitioned = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;
	List	   *tables = partitioned ? find_all_inheritors(relid, AccessShareLock, NULL) : list_make1_oid(relid);
	ListCell   *cell;

	find_touch_columns(rulebook, &rulebook->touch, relid);
	rulebook->touch_parts = load_array(rulebook, list_length(tables), sizeof(TouchColumns));
	foreach(cell, tables)
	{
		Oid			part = lfirst_oid(cell);
		char		relkind = get_rel_relkind(part);

		if (part != relid)
			watch_relation(rulebook, part);
		if (relkind == RELKIND_PARTITIONED_TABLE)
			continue;
		if (relkind != RELKIND_RELATION)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("partition \"%s\" of %s.touch is not a table", get_rel_name(part), rulebook->schema),
					 errdetail("What a lead did is read from the partitions directly.")));
		find_touch_columns(rulebook, &rulebook->touch_parts[rulebook->n_touch_parts++], part);
	}
	list_free(tables);
}

/* The columns of the partition of the touches that rows lie in; NULL for another table. */
TouchColumns *
rulebook_touch_part(Rulebook *rulebook, Oid relid)
{
	for (int i = 0; i < rulebook->n_touch_parts; i++)
	{
		if (rulebook->touch_parts[i].relid == relid)
			return &rulebook->touch_parts[i];
	}
	return NULL;
}

static void
load_clock(Rulebook *rulebook)
{
	ClockColumns *clock = &rulebook->clock;

	clock->relid = watch_plain_table(rulebook, "sla_clock");
	clock->lead_id = find_column(rulebook, clock->relid, "lead_id", FIELD_BIGINT);
	clock->started_at = find_column(rulebook, clock->relid, "started_at", FIELD_TIMESTAMPTZ);
	clock->stopped_at = find_column(rulebook, clock->relid, "stopped_at", FIELD_TIMESTAMPTZ);
	clock->cancelled_at = find_column(rulebook, clock->relid, "cancelled_at", FIELD_TIMESTAMPTZ);
	clock->stopped_by = find_column(rulebook, clock->relid, "stopped_by", FIELD_TEXT);
	clock->attempts = find_column(rulebook, clock->relid, "attempts", FIELD_INTEGER);
	clock->stops_on_inbound = find_column(rulebook, clock->relid, "stops_on_inbound", FIELD_TEXTS);
	clock->lead_index = find_index(clock->relid, clock->lead_id);
}

static void
load_account(Rulebook *rulebook)
{
	AccountColumns *account = &rulebook->account;
	IntentColumns *intent = &rulebook->intent;

	account->relid = watch_plain_table(rulebook, "account");
	account->id = find_required_column(rulebook, account->relid, "id", FIELD_BIGINT);
	account->id_index = find_index(account->relid, account->id);

	intent->relid = watch_plain_table(rulebook, "intent_signal");
	intent->id = find_required_column(rulebook, intent->relid, "id", FIELD_BIGINT);
	intent->at = find_required_column(rulebook, intent->relid, "at", FIELD_TIMESTAMPTZ);
	intent->account_id = find_column(rulebook, intent->relid, "account_id", FIELD_BIGINT);
	intent->topic = find_required_column(rulebook, intent->relid, "topic", FIELD_TEXT);
	intent->strength = find_required_column(rulebook, intent->relid, "strength", FIELD_NUMERIC);
	intent->account_index = find_index(intent->relid, intent->account_id);
}

/* The tables that are read and written directly. */
void
load_shape(Rulebook *rulebook)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		load_object(rulebook, kind);
	load_touch(rulebook);
	load_clock(rulebook);
	load_account(rulebook);
	rulebook->event_relid = watch_table(rulebook, "stage_event");
}
