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

static void
load_criteria(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = load_query(rulebook, "tsttttb",
						  "SELECT variant::pg_catalog.text, stage, criterion::pg_catalog.text, requirement::pg_catalog.text,"
						  " expression::pg_catalog.text, how_to_fix::pg_catalog.text, mode OPERATOR(pg_catalog.=) 'enforce'"
						  " FROM %s.standard WHERE object OPERATOR(pg_catalog.=) '%s' ORDER BY stage, position, criterion",
						  object_name(rules->kind));

	rules->criteria = load_array(rulebook, n, sizeof(Criterion));
	rules->n_criteria = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Criterion  *criterion = &rules->criteria[i];

		criterion->variant = load_string(rulebook, i, 1);
		criterion->stage = load_stage(rulebook, i, 2);
		criterion->code = load_string(rulebook, i, 3);
		criterion->requirement = load_string(rulebook, i, 4);
		criterion->expression = load_string(rulebook, i, 5);
		criterion->how_to_fix = load_optional_string(rulebook, i, 6);
		criterion->enforce = load_bool(i, 7);
	}
}

static void
load_transitions(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = load_query(rulebook, "tssbt",
						  "SELECT variant::pg_catalog.text, from_stage, to_stage, reason_required, meaning::pg_catalog.text"
						  " FROM %s.transition WHERE object OPERATOR(pg_catalog.=) '%s' ORDER BY from_stage NULLS LAST, to_stage, variant",
						  object_name(rules->kind));

	rules->transitions = load_array(rulebook, n, sizeof(Transition));
	rules->n_transitions = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Transition *transition = &rules->transitions[i];

		transition->variant = load_string(rulebook, i, 1);
		transition->from = load_optional_stage(rulebook, i, 2);
		transition->to = load_stage(rulebook, i, 3);
		transition->reason_required = load_bool(i, 4);
		transition->meaning = load_optional_string(rulebook, i, 5);
	}
}

static void
load_aliases(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = load_query(rulebook, "tts",
						  "SELECT source::pg_catalog.text, status::pg_catalog.text, stage"
						  " FROM %s.stage_alias WHERE object OPERATOR(pg_catalog.=) '%s'"
						  " ORDER BY status::pg_catalog.text COLLATE pg_catalog.\"C\", source::pg_catalog.text COLLATE pg_catalog.\"C\"",
						  object_name(rules->kind));

	rules->aliases = load_array(rulebook, n, sizeof(StatusAlias));
	rules->n_aliases = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		rules->aliases[i].source = load_string(rulebook, i, 1);
		rules->aliases[i].status = load_string(rulebook, i, 2);
		rules->aliases[i].stage = load_stage(rulebook, i, 3);
	}
}

static void
load_overwrites(Rulebook *rulebook, ObjectRules *rules)
{
	uint64		n = load_query(rulebook, "ttbT",
						  "SELECT field::pg_catalog.text, rule::pg_catalog.text,"
						  " rule OPERATOR(pg_catalog.=) 'ranked', sources::pg_catalog.text[]"
						  " FROM %s.overwrite_rule WHERE object OPERATOR(pg_catalog.=) '%s'"
						  " ORDER BY field::pg_catalog.text COLLATE pg_catalog.\"C\"",
						  object_name(rules->kind));

	rules->overwrites = load_array(rulebook, n, sizeof(OverwriteRule));
	rules->n_overwrites = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		OverwriteRule *rule = &rules->overwrites[i];

		rule->field = load_string(rulebook, i, 1);
		rule->rule = load_string(rulebook, i, 2);
		rule->ranked = load_bool(i, 3);
		rule->sources = load_strings(rulebook, i, 4, &rule->n_sources);
		rule->column = find_overwritable(rules->relid, rule->field, &rule->is_string);
	}
}

static void
load_sources(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tbbs",
						  "SELECT source::pg_catalog.text, stage_sync OPERATOR(pg_catalog.=) 'forward',"
						  " unknown_status OPERATOR(pg_catalog.=) 'park',"
						  " CASE WHEN unknown_status OPERATOR(pg_catalog.=) ANY ('{refuse,park}') THEN NULL"
						  " ELSE unknown_status::pg_catalog.text::leadflow.stage END"
						  " FROM %s.source ORDER BY source::pg_catalog.text COLLATE pg_catalog.\"C\"", NULL);

	rulebook->sources = load_array(rulebook, n, sizeof(Source));
	rulebook->n_sources = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Source	   *source = &rulebook->sources[i];

		source->source = load_string(rulebook, i, 1);
		source->forward = load_bool(i, 2);
		source->parks_unknown = load_bool(i, 3);
		source->unknown = load_optional_stage(rulebook, i, 4);
	}
}

static void
load_reasons(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tSbbtbb",
						  "SELECT code::pg_catalog.text, applies_to, needs_note, needs_attempts, nurture_track::pg_catalog.text, active, counts"
						  " FROM %s.reason ORDER BY code COLLATE pg_catalog.\"C\"", NULL);

	rulebook->reasons = load_array(rulebook, n, sizeof(Reason));
	rulebook->n_reasons = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Reason	   *reason = &rulebook->reasons[i];
		ArrayType  *stages;
		Datum	   *elements;
		bool	   *nulls;
		int			count;

		reason->code = load_string(rulebook, i, 1);
		stages = DatumGetArrayTypeP(load_required(rulebook, i, 2));
		deconstruct_array(stages, rulebook->stage_type, -1, false, TYPALIGN_INT,
						  &elements, &nulls, &count);
		reason->applies_to = load_array(rulebook, count, sizeof(Stage *));
		for (int j = 0; j < count; j++)
		{
			if (!nulls[j])
				reason->applies_to[reason->n_applies_to++] =
					(Stage *) load_varlena(rulebook, elements[j]);
		}
		reason->needs_note = load_bool(i, 3);
		reason->needs_attempts = load_bool(i, 4);
		reason->nurture_track = load_optional_string(rulebook, i, 5);
		reason->active = load_bool(i, 6);
		reason->counts = load_bool(i, 7);
	}
}

/* Of those in use the first by position comes first. */
static void
load_tracks(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tiibn",
						  "SELECT track::pg_catalog.text, wake_after, cool_down, active,"
						  " pg_catalog.row_number() OVER (ORDER BY active DESC, position, track)"
						  " FROM %s.nurture_track ORDER BY track COLLATE pg_catalog.\"C\"", NULL);

	rulebook->tracks = load_array(rulebook, n, sizeof(NurtureTrack));
	rulebook->n_tracks = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		NurtureTrack *track = &rulebook->tracks[i];
		bool		isnull;

		track->track = load_string(rulebook, i, 1);
		track->wake_after = load_interval(i, 2, &isnull);
		track->wakes = !isnull;
		(void) load_required(rulebook, i, 3);
		track->cool_down = load_interval(i, 3, &isnull);
		track->active = load_bool(i, 4);
		track->position = (int) DatumGetInt64(load_required(rulebook, i, 5));
	}
}

static void
load_touch_kinds(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tbb",
						  "SELECT kind::pg_catalog.text, is_signal, is_contact"
						  " FROM %s.touch_kind ORDER BY kind COLLATE pg_catalog.\"C\"", NULL);

	rulebook->touch_kinds = load_array(rulebook, n, sizeof(TouchKind));
	rulebook->n_touch_kinds = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		TouchKind  *kind = &rulebook->touch_kinds[i];

		kind->kind = load_string(rulebook, i, 1);
		kind->number = (int) i;
		kind->is_signal = load_bool(i, 2);
		kind->is_contact = load_bool(i, 3);
	}
}

static void
load_members(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tttbb",
						  "SELECT member::pg_catalog.text, team::pg_catalog.text, calendar::pg_catalog.text,"
						  " active, department OPERATOR(pg_catalog.=) 'marketing'"
						  " FROM %s.team_member ORDER BY member COLLATE pg_catalog.\"C\"", NULL);

	rulebook->members = load_array(rulebook, n, sizeof(Member));
	rulebook->n_members = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Member	   *member = &rulebook->members[i];

		member->member = load_string(rulebook, i, 1);
		member->team = (text *) load_varlena(rulebook, load_required(rulebook, i, 2));
		member->calendar = load_optional_string(rulebook, i, 3);
		member->active = load_bool(i, 4);
		member->in_marketing = load_bool(i, 5);
	}
}

static void
load_calendars(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tc",
						  "SELECT code::pg_catalog.text, calendar"
						  " FROM %s.business_calendar ORDER BY code COLLATE pg_catalog.\"C\"", NULL);

	rulebook->calendars = load_array(rulebook, n, sizeof(BusinessCalendar));
	rulebook->n_calendars = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		rulebook->calendars[i].code = load_string(rulebook, i, 1);
		rulebook->calendars[i].calendar =
			load_varlena(rulebook, load_required(rulebook, i, 2));
	}
}

static void
load_policies(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tttsTTsbtiibtbbTbnniib",
						  "SELECT policy::pg_catalog.text, variant::pg_catalog.text, metric::pg_catalog.text,"
						  " starts_on_stage, starts_on_touch::pg_catalog.text[], stops_on_touch::pg_catalog.text[],"
						  " stops_on_stage, stops_on_verdict, condition::pg_catalog.text, target, warn_after,"
						  " measure OPERATOR(pg_catalog.=) 'working', calendar::pg_catalog.text, active,"
						  " object OPERATOR(pg_catalog.=) 'lead', stops_on_inbound::pg_catalog.text[], stops_on_leaving,"
						  " COALESCE(attempts, 0)::pg_catalog.int8, COALESCE(channels, 0)::pg_catalog.int8, spacing, attempt_every, restarts"
						  " FROM %s.sla_policy ORDER BY metric, position, policy, variant", NULL);

	rulebook->policies = load_array(rulebook, n, sizeof(Policy));
	rulebook->n_policies = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		Policy	   *policy = &rulebook->policies[i];
		bool		isnull;

		policy->policy = load_string(rulebook, i, 1);
		policy->variant = load_string(rulebook, i, 2);
		policy->metric = load_string(rulebook, i, 3);
		policy->starts_on_stage = load_optional_stage(rulebook, i, 4);
		policy->starts_on_touch = load_strings(rulebook, i, 5, &policy->n_starts_on_touch);
		policy->stops_on_touch = load_strings(rulebook, i, 6, &policy->n_stops_on_touch);
		policy->stops_on_stage = load_optional_stage(rulebook, i, 7);
		policy->stops_on_verdict = load_bool(i, 8);
		policy->condition = load_optional_string(rulebook, i, 9);
		(void) load_required(rulebook, i, 10);
		policy->target = load_interval(i, 10, &isnull);
		policy->warn_after = load_interval(i, 11, &isnull);
		policy->has_warning = !isnull;
		policy->working = load_bool(i, 12);
		policy->calendar = load_optional_string(rulebook, i, 13);
		policy->active = load_bool(i, 14);
		policy->object = load_bool(i, 15) ? OBJECT_LEAD : OBJECT_OPPORTUNITY;
		policy->stops_on_inbound = load_strings(rulebook, i, 16, &policy->n_stops_on_inbound);
		policy->stops_on_leaving = load_bool(i, 17);
		policy->attempts = DatumGetInt64(load_required(rulebook, i, 18));
		policy->channels = DatumGetInt64(load_required(rulebook, i, 19));
		policy->spacing = load_interval(i, 20, &isnull);
		policy->has_spacing = !isnull;
		policy->attempt_every = load_interval(i, 21, &isnull);
		policy->has_attempt_every = !isnull;
		policy->restarts = load_bool(i, 22);
	}
}

static void
load_routing(Rulebook *rulebook)
{
	uint64		n = load_query(rulebook, "tstTTTtbtb",
						  "SELECT rule::pg_catalog.text, on_stage, variant::pg_catalog.text, territory::pg_catalog.text[],"
						  " industry::pg_catalog.text[], segment::pg_catalog.text[], condition::pg_catalog.text,"
						  " to_account_owner, pool::pg_catalog.text, in_hours"
						  " FROM %s.routing_rule WHERE active ORDER BY position, rule COLLATE pg_catalog.\"C\"", NULL);

	rulebook->routing = load_array(rulebook, n, sizeof(RoutingRule));
	rulebook->n_routing = (int) n;
	for (uint64 i = 0; i < n; i++)
	{
		RoutingRule *rule = &rulebook->routing[i];

		rule->rule = load_string(rulebook, i, 1);
		rule->on_stage = load_stage(rulebook, i, 2);
		rule->variant = load_string(rulebook, i, 3);
		rule->territories = load_strings(rulebook, i, 4, &rule->n_territories);
		rule->industries = load_strings(rulebook, i, 5, &rule->n_industries);
		rule->segments = load_strings(rulebook, i, 6, &rule->n_segments);
		rule->condition = load_optional_string(rulebook, i, 7);
		rule->to_account_owner = load_bool(i, 8);
		rule->pool = load_string(rulebook, i, 9);
		rule->in_hours = load_bool(i, 10);
	}
}

/* Without policies no clock starts; then those there are decide. */
static void
load_has_clocks(Rulebook *rulebook)
{
	rulebook->has_clocks = rulebook->n_policies > 0 ||
		load_query(rulebook, "n", "SELECT id::pg_catalog.int8 FROM %s.sla_clock LIMIT 1", NULL) > 0;
}

/* Until a lead has been merged, nobody has to ask where it went. */
static void
load_has_merges(Rulebook *rulebook)
{
	rulebook->has_merges =
		load_query(rulebook, "n", "SELECT merged_into::pg_catalog.int8 FROM %s.lead WHERE merged_into IS NOT NULL LIMIT 1", NULL) > 0;
}

static void
load_workspace(Rulebook *rulebook)
{
	rulebook->owner_reason_required =
		load_query(rulebook, "b", "SELECT owner_reason_required FROM %s.workspace WHERE owner_reason_required", NULL) > 0;
}

static void
load_version(Rulebook *rulebook)
{
	bool		isnull;

	(void) load_query(rulebook, "n",
				 "SELECT COALESCE(pg_catalog.max(version), 0)::pg_catalog.int8 FROM %s.definition_change", NULL);
	rulebook->version = DatumGetInt64(load_datum(0, 1, &isnull));
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
	load_scorecard(rulebook);
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
		"business_calendar", "sla_policy", "source", "overwrite_rule", "routing_rule", "workspace", "definition_change",
		"score_rule", "score_group", "score_grade", "score_feature", "score_move", "score_model", "score_model_point"
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
