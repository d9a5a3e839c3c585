/*
 * overwrite.c
 *	  Which value of a field stays when a tool writes another.
 *
 * The rules are overwrite_rule's.  A value that a rule keeps is put back before
 * the row is judged, so that criteria see the row as it will be written; what
 * the tool wrote instead is logged in overwrite_refused once the row has been
 * accepted.  For fields with a ranked rule the row itself says, in
 * field_sources, whose value it holds.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guard/judge.h"
#include "guard/overwrite.h"
#include "guard/statement.h"
#include "leadflow.h"

/* Longest value that is logged. */
#define LOGGED_MAX_LENGTH	1000

/* A column that was dropped or renamed since protects nothing: say so. */
static void
check_column(ObjectRules *rules, const OverwriteRule *rule)
{
	if (rule->column == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist", rule->field, object_name(rules->kind)),
				 errdetail("A row of overwrite_rule names it."),
				 errhint("Name another field in that rule, or delete it.")));
}

/* Does a field hold something?  A string of blanks does not. */
static bool
is_filled(const OverwriteRule *rule, Datum value, bool isnull)
{
	struct varlena *string;

	if (isnull || !rule->is_string)
		return !isnull;
	string = PG_DETOAST_DATUM_PACKED(value);
	for (Size i = 0; i < VARSIZE_ANY_EXHDR(string); i++)
	{
		if (strchr(" \t\r\n", VARDATA_ANY(string)[i]) == NULL)
			return true;
	}
	return false;
}

/* The place of a source in a ranked rule, 0 for the best. */
static int
rank_of(const OverwriteRule *rule, const char *source)
{
	int			rank = 0;

	while (rank < rule->n_sources &&
		   (source == NULL || strcmp(rule->sources[rank], source) != 0))
		rank++;
	return rank;
}

/* The row's field_sources, if it is what it must be; else NULL. */
static Jsonb *
get_noted(ObjectRules *rules, TupleTableSlot *row)
{
	bool		isnull;
	Datum		value = slot_getattr(row, rules->fields[FIELD_SOURCES], &isnull);
	Jsonb	   *noted = isnull ? NULL : DatumGetJsonbP(value);

	return noted != NULL && JB_ROOT_IS_OBJECT(noted) ? noted : NULL;
}

/* Whose value a field holds, as the row notes it; NULL if it does not. */
static char *
noted_source(Jsonb *noted, const OverwriteRule *rule)
{
	JsonbValue *found = noted == NULL ? NULL :
		getKeyJsonValueFromContainer(&noted->root, rule->field, strlen(rule->field), NULL);

	if (found == NULL || found->type != jbvString)
		return NULL;
	return pnstrdup(found->val.string.val, found->val.string.len);
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, char *string)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = string;
	value.val.string.len = strlen(string);
	(void) pushJsonbValue(state, token, &value);
}

/* field_sources, given the source for each rule or NULL. */
static Datum
make_noted(ObjectRules *rules, char **sources, bool *isnull)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;

	*isnull = true;
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < rules->n_overwrites; i++)
	{
		if (sources[i] == NULL || !rules->overwrites[i].ranked)
			continue;
		push_string(&state, WJB_KEY, rules->overwrites[i].field);
		push_string(&state, WJB_VALUE, sources[i]);
		*isnull = false;
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbPGetDatum(JsonbValueToJsonb(object));
}

/* The field_sources of a new row: all that is filled is the writer's. */
Datum
overwrite_insert(ObjectRules *rules, TupleTableSlot *row, bool *isnull)
{
	char	  **sources = palloc0(sizeof(char *) * rules->n_overwrites);
	char	   *writer = writer_source(rules, row);

	for (int i = 0; i < rules->n_overwrites; i++)
	{
		const OverwriteRule *rule = &rules->overwrites[i];
		Datum		value;

		check_column(rules, rule);
		value = slot_getattr(row, rule->column, isnull);
		if (rule->ranked && is_filled(rule, value, *isnull))
			sources[i] = writer;
	}
	return make_noted(rules, sources, isnull);
}

/*
 * Does a rule keep a filled value from being replaced?  Not where a person's
 * data is erased, and not by the rules that say who gets a lead.
 */
static bool
keeps(const OverwriteRule *rule, const char *holder, const char *writer, bool new_filled)
{
	if (history_may_change || owner_is_routed)
		return false;
	return !new_filled || (rule->ranked && rank_of(rule, writer) > rank_of(rule, holder));
}

/* The changes to a row that is being updated. */
typedef struct Amendment
{
	int			n;
	int		   *columns;
	Datum	   *values;
	bool	   *nulls;
} Amendment;

static void
amend(Amendment *amendment, AttrNumber column, Datum value, bool isnull)
{
	amendment->columns[amendment->n] = column;
	amendment->values[amendment->n] = value;
	amendment->nulls[amendment->n++] = isnull;
}

/*
 * Apply the rules to an updated row: the trigger's new row becomes one in which
 * what they keep is as it was, if there is anything; the caller then drops its
 * slot.  Gives what was refused, or NULL for nothing.
 */
Overwrites *
overwrite_update(ObjectRules *rules, TriggerData *trigger)
{
	TupleTableSlot *old_row = trigger->tg_trigslot;
	TupleTableSlot *new_row = trigger->tg_newslot;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	AttrNumber	sources_column = rules->fields[FIELD_SOURCES];
	int			n = rules->n_overwrites;
	char	   *writer = writer_source(rules, new_row);
	Jsonb	   *noted = get_noted(rules, old_row);
	char	  **sources = palloc(sizeof(char *) * n);
	bool		sources_changed = false;
	Overwrites *overwrites = palloc(sizeof(Overwrites));
	Amendment	amendment = {0};
	bool		isnull;
	Datum		value;

	overwrites->writer = writer;
	overwrites->n = 0;
	overwrites->refusals = palloc(sizeof(Refusal) * n);
	amendment.columns = palloc(sizeof(int) * (n + 1));
	amendment.values = palloc(sizeof(Datum) * (n + 1));
	amendment.nulls = palloc(sizeof(bool) * (n + 1));

	for (int i = 0; i < n; i++)
	{
		const OverwriteRule *rule = &rules->overwrites[i];
		bool		changed;
		bool		old_filled;
		bool		new_filled;
		bool		old_isnull;
		Datum		old_value;
		char	   *holder;

		check_column(rules, rule);
		sources[i] = noted_source(noted, rule);
		changed = !same_column(old_row, new_row, rule->column);

		/* who writes the value that is there already may stand behind it, too */
		if (!changed &&
			!(rule->ranked && bms_is_member(rule->column - FirstLowInvalidHeapAttributeNumber,
											trigger->tg_updatedcols)))
			continue;

		old_value = slot_getattr(old_row, rule->column, &old_isnull);
		value = slot_getattr(new_row, rule->column, &isnull);
		old_filled = is_filled(rule, old_value, old_isnull);
		new_filled = is_filled(rule, value, isnull);

		/* a value from before the rule counts as the row's own source's */
		holder = sources[i];
		if (holder == NULL && rule->ranked)
		{
			bool		source_isnull;
			Datum		source = slot_getattr(old_row, rules->fields[FIELD_SOURCE], &source_isnull);

			holder = source_isnull ? NULL : TextDatumGetCString(source);
		}

		if (changed && old_filled && keeps(rule, holder, writer, new_filled))
		{
			Refusal    *refusal = &overwrites->refusals[overwrites->n++];

			refusal->rule = rule;
			refusal->kept = old_value;
			refusal->refused = value;
			refusal->refused_isnull = isnull;
			refusal->kept_source = holder;
			amend(&amendment, rule->column, old_value, old_isnull);
		}
		else if (rule->ranked)
		{
			char	   *source = sources[i];

			if (!new_filled)
				source = NULL;
			else if (changed || rank_of(rule, writer) < rank_of(rule, holder))
				source = writer;
			sources_changed |= source == NULL || sources[i] == NULL ?
				source != sources[i] : strcmp(source, sources[i]) != 0;
			sources[i] = source;
		}
	}

	/* whatever the writer made of field_sources, it is ours */
	if (sources_changed)
	{
		value = make_noted(rules, sources, &isnull);
		amend(&amendment, sources_column, value, isnull);
	}
	else if (!same_column(old_row, new_row, sources_column))
	{
		value = slot_getattr(old_row, sources_column, &isnull);
		amend(&amendment, sources_column, value, isnull);
	}

	if (amendment.n > 0)
	{
		trigger->tg_newtuple = heap_modify_tuple_by_cols(trigger->tg_newtuple, desc, amendment.n, amendment.columns,
														 amendment.values, amendment.nulls);
		trigger->tg_newslot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
		ExecStoreHeapTuple(trigger->tg_newtuple, trigger->tg_newslot, false);
	}
	return overwrites->n > 0 ? overwrites : NULL;
}

/* A value as text, shortened. */
static Datum
logged_text(ObjectRules *rules, const OverwriteRule *rule, Datum value)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(get_atttype(rules->relid, rule->column), &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	return CStringGetTextDatum(clipped(text, strlen(text), LOGGED_MAX_LENGTH));
}

static Datum
optional_text(const char *string, bool *isnull)
{
	*isnull = (string == NULL);
	return *isnull ? (Datum) 0 : CStringGetTextDatum(string);
}

/* Log what was refused of an accepted row. */
void
overwrite_log(Rulebook *rulebook, ObjectRules *rules, const Overwrites *overwrites,
			  TupleTableSlot *row)
{
	bool		is_lead = rules->kind == OBJECT_LEAD;
	Field		lead_field = is_lead ? FIELD_ID : FIELD_LEAD_ID;

	for (int i = 0; i < overwrites->n; i++)
	{
		Refusal    *refusal = &overwrites->refusals[i];
		Datum		values[11];
		bool		nulls[11] = {false};
		int			guc_level;

		values[0] = CStringGetTextDatum(object_name(rules->kind));
		values[1] = slot_getattr(row, rules->fields[lead_field], &nulls[1]);
		values[2] = slot_getattr(row, rules->fields[FIELD_ID], &nulls[2]);
		nulls[2] |= is_lead;
		values[3] = CStringGetTextDatum(refusal->rule->field);

		/* dates read the same whoever has written them */
		guc_level = NewGUCNestLevel();
		(void) set_config_option("DateStyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
		values[4] = logged_text(rules, refusal->rule, refusal->kept);
		nulls[5] = refusal->refused_isnull;
		values[5] = nulls[5] ? (Datum) 0 : logged_text(rules, refusal->rule, refusal->refused);
		AtEOXact_GUC(true, guc_level);

		values[6] = optional_text(refusal->kept_source, &nulls[6]);
		values[7] = optional_text(overwrites->writer, &nulls[7]);
		values[8] = CStringGetTextDatum(refusal->rule->rule);
		values[9] = session_actor();
		values[10] = actor();
		(void) statement_run(rulebook, INSERT_REFUSED, values, nulls);
	}
}

/* The row, with the values of the writer's that were refused. */
Datum
overwrite_as_written(const Overwrites *overwrites, TupleTableSlot *row)
{
	HeapTuple	tuple;
	bool		should_free;

	if (overwrites == NULL)
		return ExecFetchSlotHeapTupleDatum(row);
	tuple = ExecFetchSlotHeapTuple(row, false, &should_free);
	for (int i = 0; i < overwrites->n; i++)
	{
		Refusal    *refusal = &overwrites->refusals[i];
		int			column = refusal->rule->column;

		tuple = heap_modify_tuple_by_cols(tuple, row->tts_tupleDescriptor, 1, &column,
										  &refusal->refused, &refusal->refused_isnull);
	}
	return heap_copy_tuple_as_datum(tuple, row->tts_tupleDescriptor);
}
