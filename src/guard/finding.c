/*
 * finding.c
 *	  What a judgement has found, in words.
 *
 * Whoever is refused is told all that is missing at once, and the values that
 * it was judged by; but no value of a column that he may not read.
 */
#include "postgres.h"

#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guard/judge.h"
#include "guard/statement.h"
#include "leadflow.h"

static bool
may_read_column(Move *move, AttrNumber attnum)
{
	Oid			relid = RelationGetRelid(move->rel);

	return pg_class_aclcheck(relid, acting_user(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, attnum, acting_user(), ACL_SELECT) == ACLCHECK_OK;
}

static void
append_value(StringInfo string, const char *name, Oid type, Datum value, bool isnull)
{
	Oid			output;
	bool		varlena;
	char	   *shown;

	if (string->len > 0)
		appendStringInfoString(string, ", ");
	appendStringInfo(string, "%s = ", name);
	if (isnull)
	{
		appendStringInfoString(string, "null");
		return;
	}
	getTypeOutputInfo(type, &output, &varlena);
	shown = OidOutputFunctionCall(output, value);
	appendStringInfoString(string, clipped(shown, strlen(shown), SEEN_MAX_LENGTH));
}

/*
 * The values that a finding was judged by: "budget = 3000, signals = 1".  With
 * only_readable, values that the user may not read are left out.
 */
char *
finding_seen(Move *move, Finding *finding, bool only_readable)
{
	StringInfoData seen;
	int			member = -1;

	if (finding->seen != NULL)
		return pstrdup(finding->seen);
	initStringInfo(&seen);
	while ((member = bms_next_member(finding->columns, member)) >= 0)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(move->rel), member - 1);
		bool		isnull;
		Datum		value;

		if (only_readable && !may_read_column(move, (AttrNumber) member))
			continue;
		value = slot_getattr(move->row, member, &isnull);
		append_value(&seen, NameStr(attribute->attname), attribute->atttypid, value, isnull);
	}
	member = -1;
	while ((member = bms_next_member(finding->evidence, member)) >= 0)
	{
		bool		isnull;
		Datum		value = evidence_value(&move->evidence, member, &isnull);

		append_value(&seen, evidence_name(member), evidence_type(member), value, isnull);
	}
	return seen.data;
}

/* Refuse the row, with all that is missing. */
void
report_unmet(Move *move, List *findings, const char *detail)
{
	StringInfoData missing;
	Finding    *first = NULL;
	ListCell   *cell;
	bool		isnull;
	Datum		id = row_field(move, FIELD_ID, &isnull);
	const char *object = object_name(move->rules->kind);
	const char *target = stage_to_cstring(move->to);

	initStringInfo(&missing);
	foreach(cell, findings)
	{
		Finding    *finding = lfirst(cell);
		char	   *seen;

		if (finding->met || !finding->enforce)
			continue;
		if (first == NULL)
			first = finding;
		else
			appendStringInfoChar(&missing, '\n');
		appendStringInfo(&missing, "%s (%s%s%s): %s", finding->criterion,
						 stage_to_cstring(finding->stage),
						 finding->of_lead == NULL ? "" : ", ",
						 finding->of_lead == NULL ? "" : finding->of_lead,
						 finding->requirement);
		seen = finding_seen(move, finding, true);
		if (seen[0] != '\0')
			appendStringInfo(&missing, " Seen: %s.", seen);
	}
	if (detail != NULL)
		appendStringInfo(&missing, "\n%s", detail);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 move->from == NULL || isnull ?
			 errmsg("new %s does not meet the standard of stage \"%s\"", object, target) :
			 errmsg("%s " INT64_FORMAT " does not meet the standard of stage \"%s\"",
					object, DatumGetInt64(id), target),
			 errdetail_internal("%s", missing.data),
			 strcmp(first->criterion, STATUS_ALIAS) == 0 ? errhint("%s", first->how_to_fix) :
			 move->from != NULL ?
			 errhint("SELECT * FROM leadflow.explain('%s', " INT64_FORMAT ", '%s'%s) shows every criterion and how to meet it.",
					 get_namespace_name(move->rulebook->nspid), DatumGetInt64(id), target,
					 move->rules->kind == OBJECT_LEAD ? "" : ", 'opportunity'") :
			 errhint("The table %s.standard holds the criteria; SET leadflow.on_violation = park sets such rows aside.",
					 move->rulebook->schema),
			 first->of_lead == NULL && !bms_is_empty(first->columns) ?
			 errtablecol(move->rel, bms_next_member(first->columns, -1)) : errtable(move->rel),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, first->criterion)));
}
