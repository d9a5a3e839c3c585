/*
 * load.c
 *	  Read a workspace's definitions into a rulebook.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "rulebook/load.h"
#include "rulebook/owner.h"

/* The type that a letter of query()'s description stands for. */
static Oid
described_type(Rulebook *rulebook, char letter)
{
	switch (letter)
	{
		case 't':
			return TEXTOID;
		case 'T':
			return TEXTARRAYOID;
		case 'b':
			return BOOLOID;
		case 'n':
			return INT8OID;
		case 'i':
			return INTERVALOID;
		case 's':
			return rulebook->stage_type;
		case 'S':
			return get_array_type(rulebook->stage_type);
		default:
			Assert(letter == 'c');
			return rulebook->calendar_type;
	}
}

/*
 * Run a query over the workspace's tables; gives the number of rows, which are
 * in SPI_tuptable.  The first %s in the query stands for the schema, a second
 * one for the object.  types describes the columns; the tables are their
 * owner's, so it is checked.
 */
static uint64
query(Rulebook *rulebook, const char *types, const char *format, const char *object)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, format, rulebook->schema, object);
	if (SPI_execute(text.data, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the definitions of workspace %s", rulebook->schema);

	for (int i = 0; types[i] != '\0'; i++)
	{
		Oid			expected = described_type(rulebook, types[i]);

		if (SPI_gettypeid(SPI_tuptable->tupdesc, i + 1) != expected)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a definition of workspace %s has a column of another type",
							rulebook->schema),
					 errdetail("Column \"%s\" should have the type %s.",
							   SPI_fname(SPI_tuptable->tupdesc, i + 1), format_type_be(expected)),
					 errcontext("%s", text.data),
					 err_generic_string(PG_DIAG_SCHEMA_NAME, get_namespace_name(rulebook->nspid)),
					 err_generic_string(PG_DIAG_COLUMN_NAME, SPI_fname(SPI_tuptable->tupdesc, i + 1))));
	}
	pfree(text.data);
	return SPI_processed;
}

/* Values of the current result, copied into the rulebook. */
static Datum
get_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static char *
get_optional_string(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = get_datum(row, column, &isnull);

	if (isnull)
		return NULL;
	return MemoryContextStrdup(rulebook->mcxt, TextDatumGetCString(value));
}

/* A value that must be there, even if the owner has dropped NOT NULL. */
static Datum
get_required(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = get_datum(row, column, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a definition of workspace %s is null", rulebook->schema),
				 errdetail("Column \"%s\" must have a value.",
						   SPI_fname(SPI_tuptable->tupdesc, column))));
	return value;
}

static char *
get_string(Rulebook *rulebook, uint64 row, int column)
{
	return MemoryContextStrdup(rulebook->mcxt,
							   TextDatumGetCString(get_required(rulebook, row, column)));
}

static bool
get_bool(uint64 row, int column)
{
	bool		isnull;
	Datum		value = get_datum(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static struct varlena *
copy_varlena(Rulebook *rulebook, Datum value)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(rulebook->mcxt);
	struct varlena *copy = PG_DETOAST_DATUM_COPY(value);

	MemoryContextSwitchTo(oldcxt);
	return copy;
}

static Stage *
get_optional_stage(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = get_datum(row, column, &isnull);

	return isnull ? NULL : (Stage *) copy_varlena(rulebook, value);
}

static Stage *
get_stage(Rulebook *rulebook, uint64 row, int column)
{
	return (Stage *) copy_varlena(rulebook, get_required(rulebook, row, column));
}

static Interval
get_interval(uint64 row, int column, bool *isnull)
{
	Interval	interval = {0};
	Datum		value = get_datum(row, column, isnull);

	if (!*isnull)
		interval = *DatumGetIntervalP(value);
	return interval;
}

static char **
get_strings(Rulebook *rulebook, uint64 row, int column, int *n)
{
	bool		isnull;
	Datum		value = get_datum(row, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;
	char	  **strings;
	int			count;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	strings = MemoryContextAlloc(rulebook->mcxt, sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			strings[(*n)++] = MemoryContextStrdup(rulebook->mcxt,
												  TextDatumGetCString(elements[i]));
	}
	return strings;
}

static void *
allocate(Rulebook *rulebook, uint64 n, size_t size)
{
	return MemoryContextAllocZero(rulebook->mcxt, Max(n, 1) * size);
}

static void
load_criteria(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = query(rulebook, "tsttttb",
						  "SELECT variant::pg_catalog.text, stage, criterion::pg_catalog.text, requirement::pg_catalog.text,"
						  " expression::pg_catalog.text, how_to_fix::pg_catalog.text, mode OPERATOR(pg_catalog.=) 'enforce'"
						  " FROM %s.standard WHERE object OPERATOR(pg_catalog.=) '%s' ORDER BY stage, position, criterion",
						  object_name(rules->kind));

	rules->criteria = allocate(rulebook, n, sizeof(Criterion));
	rules->n_criteria = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Criterion  *criterion = &rules->criteria[i];

		criterion->variant = get_string(rulebook, i, 1);
		criterion->stage = get_stage(rulebook, i, 2);
		criterion->code = get_string(rulebook, i, 3);
		criterion->requirement = get_string(rulebook, i, 4);
		criterion->expression = get_string(rulebook, i, 5);
		criterion->how_to_fix = get_optional_string(rulebook, i, 6);
		criterion->enforce = get_bool(i, 7);
	}
}

static void
load_transitions(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = query(rulebook, "tssbt",
						  "SELECT variant::pg_catalog.text, from_stage, to_stage, reason_required, meaning::pg_catalog.text"
						  " FROM %s.transition WHERE object OPERATOR(pg_catalog.=) '%s' ORDER BY from_stage NULLS LAST, to_stage, variant",
						  object_name(rules->kind));

	rules->transitions = allocate(rulebook, n, sizeof(Transition));
	rules->n_transitions = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Transition *transition = &rules->transitions[i];

		transition->variant = get_string(rulebook, i, 1);
		transition->from = get_optional_stage(rulebook, i, 2);
		transition->to = get_stage(rulebook, i, 3);
		transition->reason_required = get_bool(i, 4);
		transition->meaning = get_optional_string(rulebook, i, 5);
	}
}

static void
load_aliases(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = query(rulebook, "tts",
						  "SELECT source::pg_catalog.text, status::pg_catalog.text, stage"
						  " FROM %s.stage_alias WHERE object OPERATOR(pg_catalog.=) '%s'"
						  " ORDER BY status::pg_catalog.text COLLATE pg_catalog.\"C\", source::pg_catalog.text COLLATE pg_catalog.\"C\"",
						  object_name(rules->kind));

	rules->aliases = allocate(rulebook, n, sizeof(StatusAlias));
	rules->n_aliases = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		rules->aliases[i].source = get_string(rulebook, i, 1);
		rules->aliases[i].status = get_string(rulebook, i, 2);
		rules->aliases[i].stage = get_stage(rulebook, i, 3);
	}
}

static void
load_overwrites(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = query(rulebook, "ttbT",
						  "SELECT field::pg_catalog.text, rule::pg_catalog.text,"
						  " rule OPERATOR(pg_catalog.=) 'ranked', sources::pg_catalog.text[]"
						  " FROM %s.overwrite_rule WHERE object OPERATOR(pg_catalog.=) '%s'"
						  " ORDER BY field::pg_catalog.text COLLATE pg_catalog.\"C\"",
						  object_name(rules->kind));

	rules->overwrites = allocate(rulebook, n, sizeof(OverwriteRule));
	rules->n_overwrites = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		OverwriteRule *rule = &rules->overwrites[i];

		rule->field = get_string(rulebook, i, 1);
		rule->rule = get_string(rulebook, i, 2);
		rule->ranked = get_bool(i, 3);
		rule->sources = get_strings(rulebook, i, 4, &rule->n_sources);
		rule->column = find_overwritable(rules->relid, rule->field, &rule->is_string);
	}
}

static void
load_sources(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tbbs",
						  "SELECT source::pg_catalog.text, stage_sync OPERATOR(pg_catalog.=) 'forward',"
						  " unknown_status OPERATOR(pg_catalog.=) 'park',"
						  " CASE WHEN unknown_status OPERATOR(pg_catalog.=) ANY ('{refuse,park}') THEN NULL"
						  " ELSE unknown_status::pg_catalog.text::leadflow.stage END"
						  " FROM %s.source ORDER BY source::pg_catalog.text COLLATE pg_catalog.\"C\"", NULL);

	rulebook->sources = allocate(rulebook, n, sizeof(Source));
	rulebook->n_sources = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Source	   *source = &rulebook->sources[i];

		source->source = get_string(rulebook, i, 1);
		source->forward = get_bool(i, 2);
		source->parks_unknown = get_bool(i, 3);
		source->unknown = get_optional_stage(rulebook, i, 4);
	}
}

static void
load_reasons(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tSbbtbb",
						  "SELECT code::pg_catalog.text, applies_to, needs_note, needs_attempts, nurture_track::pg_catalog.text, active, counts"
						  " FROM %s.reason ORDER BY code COLLATE pg_catalog.\"C\"", NULL);

	rulebook->reasons = allocate(rulebook, n, sizeof(Reason));
	rulebook->n_reasons = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Reason	   *reason = &rulebook->reasons[i];
		ArrayType  *stages;
		Datum	   *elements;
		bool	   *nulls;
		int			count;

		reason->code = get_string(rulebook, i, 1);
		stages = DatumGetArrayTypeP(get_required(rulebook, i, 2));
		deconstruct_array(stages, rulebook->stage_type, -1, false, TYPALIGN_INT,
						  &elements, &nulls, &count);
		reason->applies_to = allocate(rulebook, count, sizeof(Stage *));
		for (int j = 0; j < count; j++)
		{
			if (!nulls[j])
				reason->applies_to[reason->n_applies_to++] =
					(Stage *) copy_varlena(rulebook, elements[j]);
		}
		reason->needs_note = get_bool(i, 3);
		reason->needs_attempts = get_bool(i, 4);
		reason->nurture_track = get_optional_string(rulebook, i, 5);
		reason->active = get_bool(i, 6);
		reason->counts = get_bool(i, 7);
	}
}

/* Of those in use the first by position comes first. */
static void
load_tracks(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tiibn",
						  "SELECT track::pg_catalog.text, wake_after, cool_down, active,"
						  " pg_catalog.row_number() OVER (ORDER BY active DESC, position, track)"
						  " FROM %s.nurture_track ORDER BY track COLLATE pg_catalog.\"C\"", NULL);

	rulebook->tracks = allocate(rulebook, n, sizeof(NurtureTrack));
	rulebook->n_tracks = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		NurtureTrack *track = &rulebook->tracks[i];
		bool		isnull;

		track->track = get_string(rulebook, i, 1);
		track->wake_after = get_interval(i, 2, &isnull);
		track->wakes = !isnull;
		(void) get_required(rulebook, i, 3);
		track->cool_down = get_interval(i, 3, &isnull);
		track->active = get_bool(i, 4);
		track->position = (int) DatumGetInt64(get_required(rulebook, i, 5));
	}
}

static void
load_touch_kinds(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tbb",
						  "SELECT kind::pg_catalog.text, is_signal, is_contact"
						  " FROM %s.touch_kind ORDER BY kind COLLATE pg_catalog.\"C\"", NULL);

	rulebook->touch_kinds = allocate(rulebook, n, sizeof(TouchKind));
	rulebook->n_touch_kinds = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		TouchKind  *kind = &rulebook->touch_kinds[i];

		kind->kind = get_string(rulebook, i, 1);
		kind->number = (int) i;
		kind->is_signal = get_bool(i, 2);
		kind->is_contact = get_bool(i, 3);
	}
}

static void
load_members(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tttbb",
						  "SELECT member::pg_catalog.text, team::pg_catalog.text, calendar::pg_catalog.text,"
						  " active, department OPERATOR(pg_catalog.=) 'marketing'"
						  " FROM %s.team_member ORDER BY member COLLATE pg_catalog.\"C\"", NULL);

	rulebook->members = allocate(rulebook, n, sizeof(Member));
	rulebook->n_members = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Member	   *member = &rulebook->members[i];

		member->member = get_string(rulebook, i, 1);
		member->team = (text *) copy_varlena(rulebook, get_required(rulebook, i, 2));
		member->calendar = get_optional_string(rulebook, i, 3);
		member->active = get_bool(i, 4);
		member->in_marketing = get_bool(i, 5);
	}
}

static void
load_calendars(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tc",
						  "SELECT code::pg_catalog.text, calendar"
						  " FROM %s.business_calendar ORDER BY code COLLATE pg_catalog.\"C\"", NULL);

	rulebook->calendars = allocate(rulebook, n, sizeof(BusinessCalendar));
	rulebook->n_calendars = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		rulebook->calendars[i].code = get_string(rulebook, i, 1);
		rulebook->calendars[i].calendar =
			copy_varlena(rulebook, get_required(rulebook, i, 2));
	}
}

static void
load_policies(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tttsTTsbtiibtbbTbnniib",
						  "SELECT policy::pg_catalog.text, variant::pg_catalog.text, metric::pg_catalog.text,"
						  " starts_on_stage, starts_on_touch::pg_catalog.text[], stops_on_touch::pg_catalog.text[],"
						  " stops_on_stage, stops_on_verdict, condition::pg_catalog.text, target, warn_after,"
						  " measure OPERATOR(pg_catalog.=) 'working', calendar::pg_catalog.text, active,"
						  " object OPERATOR(pg_catalog.=) 'lead', stops_on_inbound::pg_catalog.text[], stops_on_leaving,"
						  " COALESCE(attempts, 0)::pg_catalog.int8, COALESCE(channels, 0)::pg_catalog.int8, spacing, attempt_every, restarts"
						  " FROM %s.sla_policy ORDER BY metric, position, policy, variant", NULL);

	rulebook->policies = allocate(rulebook, n, sizeof(Policy));
	rulebook->n_policies = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Policy	   *policy = &rulebook->policies[i];
		bool		isnull;

		policy->policy = get_string(rulebook, i, 1);
		policy->variant = get_string(rulebook, i, 2);
		policy->metric = get_string(rulebook, i, 3);
		policy->starts_on_stage = get_optional_stage(rulebook, i, 4);
		policy->starts_on_touch = get_strings(rulebook, i, 5, &policy->n_starts_on_touch);
		policy->stops_on_touch = get_strings(rulebook, i, 6, &policy->n_stops_on_touch);
		policy->stops_on_stage = get_optional_stage(rulebook, i, 7);
		policy->stops_on_verdict = get_bool(i, 8);
		policy->condition = get_optional_string(rulebook, i, 9);
		(void) get_required(rulebook, i, 10);
		policy->target = get_interval(i, 10, &isnull);
		policy->warn_after = get_interval(i, 11, &isnull);
		policy->has_warning = !isnull;
		policy->working = get_bool(i, 12);
		policy->calendar = get_optional_string(rulebook, i, 13);
		policy->active = get_bool(i, 14);
		policy->object = get_bool(i, 15) ? OBJECT_LEAD : OBJECT_OPPORTUNITY;
		policy->stops_on_inbound = get_strings(rulebook, i, 16, &policy->n_stops_on_inbound);
		policy->stops_on_leaving = get_bool(i, 17);
		policy->attempts = DatumGetInt64(get_required(rulebook, i, 18));
		policy->channels = DatumGetInt64(get_required(rulebook, i, 19));
		policy->spacing = get_interval(i, 20, &isnull);
		policy->has_spacing = !isnull;
		policy->attempt_every = get_interval(i, 21, &isnull);
		policy->has_attempt_every = !isnull;
		policy->restarts = get_bool(i, 22);
	}
}

static void
load_routing(Rulebook *rulebook)
{
	uint64		n = query(rulebook, "tstTTTtbtb",
						  "SELECT rule::pg_catalog.text, on_stage, variant::pg_catalog.text, territory::pg_catalog.text[],"
						  " industry::pg_catalog.text[], segment::pg_catalog.text[], condition::pg_catalog.text,"
						  " to_account_owner, pool::pg_catalog.text, in_hours"
						  " FROM %s.routing_rule WHERE active ORDER BY position, rule COLLATE pg_catalog.\"C\"", NULL);

	rulebook->routing = allocate(rulebook, n, sizeof(RoutingRule));
	rulebook->n_routing = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		RoutingRule *rule = &rulebook->routing[i];

		rule->rule = get_string(rulebook, i, 1);
		rule->on_stage = get_stage(rulebook, i, 2);
		rule->variant = get_string(rulebook, i, 3);
		rule->territories = get_strings(rulebook, i, 4, &rule->n_territories);
		rule->industries = get_strings(rulebook, i, 5, &rule->n_industries);
		rule->segments = get_strings(rulebook, i, 6, &rule->n_segments);
		rule->condition = get_optional_string(rulebook, i, 7);
		rule->to_account_owner = get_bool(i, 8);
		rule->pool = get_string(rulebook, i, 9);
		rule->in_hours = get_bool(i, 10);
	}
}

/* Without policies no clock starts; then those there are decide. */
static void
load_has_clocks(Rulebook *rulebook)
{
	rulebook->has_clocks = rulebook->n_policies > 0 ||
		query(rulebook, "n", "SELECT id::pg_catalog.int8 FROM %s.sla_clock LIMIT 1", NULL) > 0;
}

/* Until a lead has been merged, nobody has to ask where it went. */
static void
load_has_merges(Rulebook *rulebook)
{
	rulebook->has_merges =
		query(rulebook, "n", "SELECT merged_into::pg_catalog.int8 FROM %s.lead WHERE merged_into IS NOT NULL LIMIT 1", NULL) > 0;
}

static void
load_workspace(Rulebook *rulebook)
{
	rulebook->owner_reason_required =
		query(rulebook, "b", "SELECT owner_reason_required FROM %s.workspace WHERE owner_reason_required", NULL) > 0;
}

static void
load_version(Rulebook *rulebook)
{
	bool		isnull;

	(void) query(rulebook, "n",
				 "SELECT COALESCE(pg_catalog.max(version), 0)::pg_catalog.int8 FROM %s.definition_change", NULL);
	rulebook->version = DatumGetInt64(get_datum(0, 1, &isnull));
}

static void
load_definitions(Rulebook *rulebook)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
	{
		load_criteria(rulebook, &rulebook->objects[kind]);
		load_transitions(rulebook, &rulebook->objects[kind]);
		load_aliases(rulebook, &rulebook->objects[kind]);
		load_overwrites(rulebook, &rulebook->objects[kind]);
	}
	load_sources(rulebook);
	load_reasons(rulebook);
	load_tracks(rulebook);
	load_touch_kinds(rulebook);
	load_members(rulebook);
	load_calendars(rulebook);
	load_policies(rulebook);
	load_routing(rulebook);
	load_has_clocks(rulebook);
	load_has_merges(rulebook);
	load_workspace(rulebook);
	load_version(rulebook);
}

static Oid
leadflow_type(const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(leadflow_namespace()));
}

/*
 * Read the rulebook of a workspace, as its owner and in the latest snapshot,
 * so that definitions bind as the definitions of constraints do.  *loading is
 * set to the rulebook as soon as it knows what to watch.
 */
Rulebook *
rulebook_load(Oid nspid, Rulebook **loading)
{
	static const char *const definitions[] = {
		"standard", "transition", "stage_alias", "reason", "nurture_track", "touch_kind", "team_member",
		"business_calendar", "sla_policy", "source", "overwrite_rule", "routing_rule", "workspace", "definition_change"
	};
	MemoryContext mcxt;
	Rulebook   *rulebook;
	OwnerState	state;

	/* a child of the caller's until it is complete, so that an error frees it */
	mcxt = AllocSetContextCreate(CurrentMemoryContext, "leadflow rulebook",
								 ALLOCSET_DEFAULT_SIZES);
	rulebook = MemoryContextAllocZero(mcxt, sizeof(Rulebook));
	rulebook->mcxt = mcxt;
	rulebook->nspid = nspid;
	rulebook->schema = MemoryContextStrdup(mcxt, quote_identifier(get_namespace_name(nspid)));
	rulebook->stage_type = leadflow_type("stage");
	rulebook->calendar_type = leadflow_type("calendar");

	load_shape(rulebook);
	for (int i = 0; i < (int) lengthof(definitions); i++)
		(void) watch_table(rulebook, definitions[i]);

	/* what changes from here on is heard of */
	rulebook->valid = true;
	*loading = rulebook;

	become_owner(rulebook->owner, rulebook->schema, &state);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetLatestSnapshot());
	load_definitions(rulebook);
	PopActiveSnapshot();
	SPI_finish();
	become_self(&state);

	MemoryContextSetParent(mcxt, CacheMemoryContext);
	return rulebook;
}
