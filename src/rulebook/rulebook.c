/*
 * rulebook.c
 *	  Keep the definitions of each workspace ready in this backend.
 *
 * A rulebook is read from the workspace's definition tables when it is first
 * needed, in the latest snapshot and as the workspace's owner, because the
 * writer of a lead needs no right on the definitions.  A change of a
 * definition, or of a table that the rulebook has looked at, sends a relcache
 * invalidation that every backend hears; the callback only marks the rulebook,
 * and the next call loads a new one.  A call that is under way keeps the one it
 * began with.
 *
 * The tables of a workspace belong to its owner, who may alter them.  What the
 * module relies on (names, types, one owner for all) is therefore checked when
 * the rulebook is loaded.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "rulebook/load.h"
#include "rulebook/rulebook.h"

typedef struct CacheEntry
{
	Oid			nspid;			/* hash key */
	Rulebook   *current;		/* or NULL */
} CacheEntry;

static HTAB *cache = NULL;

/* Rulebooks that have been replaced while a call was still using them. */
static List *retired = NIL;

/* The rulebook that is being read: a change that arrives meanwhile makes it stale. */
static Rulebook *loading = NULL;

static void
mark_if_watched(Rulebook *rulebook, Oid relid)
{
	if (rulebook == NULL || !rulebook->valid)
		return;
	if (!OidIsValid(relid))
		rulebook->valid = false;
	for (int i = 0; i < rulebook->n_watched && rulebook->valid; i++)
	{
		if (rulebook->watched[i] == relid)
			rulebook->valid = false;
	}
}

static void
mark_stale(Oid relid)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		mark_if_watched(entry->current, relid);
	mark_if_watched(loading, relid);
}

static void
relation_changed(Datum arg, Oid relid)
{
	mark_stale(relid);
}

static void
catalog_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	mark_stale(InvalidOid);
}

static void
create_cache(void)
{
	HASHCTL		ctl;

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(CacheEntry);
	cache = hash_create("leadflow rulebooks", 8, &ctl, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	/* statements of the module name the schema; roles are named in history */
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_changed, (Datum) 0);
}

static void
free_program(CriterionProgram *program)
{
	if (program != NULL)
		criterion_free(program);
}

static void
free_rulebook(Rulebook *rulebook)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
	{
		ObjectRules *rules = &rulebook->objects[kind];

		for (int i = 0; i < rules->n_criteria; i++)
			free_program(rules->criteria[i].program);
	}
	for (int i = 0; i < rulebook->n_policies; i++)
		free_program(rulebook->policies[i].program);
	for (int i = 0; i < rulebook->n_routing; i++)
		free_program(rulebook->routing[i].program);
	for (int i = 0; i < rulebook->score.n_rules; i++)
		free_program(rulebook->score.rules[i].expression.program);
	for (int i = 0; i < rulebook->score.n_features; i++)
		free_program(rulebook->score.features[i].expression.program);
	for (int i = 0; i < rulebook->score.n_moves; i++)
		free_program(rulebook->score.moves[i].condition.program);
	for (int i = 0; i < RULEBOOK_MAX_PLANS; i++)
	{
		if (rulebook->plans[i] != NULL)
			SPI_freeplan(rulebook->plans[i]);
	}
	MemoryContextDelete(rulebook->mcxt);
}

/* Let go of every rulebook that is stale, also of workspaces that are gone. */
static void
retire_stale(void)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		Rulebook   *old = entry->current;

		if (old == NULL || old->valid)
			continue;
		entry->current = NULL;
		if (old->users == 0)
			free_rulebook(old);
		else
		{
			MemoryContext oldcxt = MemoryContextSwitchTo(CacheMemoryContext);

			retired = lappend(retired, old);
			MemoryContextSwitchTo(oldcxt);
		}
	}
}

/*
 * The rulebook of a workspace.  The caller holds it until rulebook_close,
 * which it calls also when an error is thrown.
 */
Rulebook *
rulebook_open(Oid nspid)
{
	CacheEntry *entry;
	Rulebook   *rulebook = NULL;
	bool		found;

	if (cache == NULL)
		create_cache();

	/* what another session has committed binds this call */
	AcceptInvalidationMessages();

	entry = hash_search(cache, &nspid, HASH_ENTER, &found);
	if (!found)
		entry->current = NULL;

	if (entry->current == NULL || !entry->current->valid)
	{
		Rulebook   *outer = loading;

		retire_stale();
		PG_TRY();
		{
			rulebook = rulebook_load(nspid, &loading);
		}
		PG_FINALLY();
		{
			loading = outer;
		}
		PG_END_TRY();
		/* loading may have grown the hash table */
		entry = hash_search(cache, &nspid, HASH_ENTER, &found);
		entry->current = rulebook;
	}
	entry->current->users++;
	return entry->current;
}

/*
 * The rulebook of the workspace that a table belongs to.  A partition may stand
 * in any schema; it belongs to the workspace of what it is a partition of.
 */
Rulebook *
rulebook_of_table(Relation rel)
{
	Oid			nspid = RelationGetNamespace(rel);

	if (rel->rd_rel->relispartition && !OidIsValid(get_relname_relid("workspace", nspid)))
		nspid = get_rel_namespace(llast_oid(get_partition_ancestors(RelationGetRelid(rel))));
	return rulebook_open(nspid);
}

void
rulebook_close(Rulebook *rulebook)
{
	Assert(rulebook->users > 0);
	if (--rulebook->users == 0 && list_member_ptr(retired, rulebook))
	{
		retired = list_delete_ptr(retired, rulebook);
		free_rulebook(rulebook);
	}
}

Oid
leadflow_namespace(void)
{
	return get_namespace_oid("leadflow", false);
}

/* The schema of a workspace that a user names. */
Oid
rulebook_namespace(const char *workspace)
{
	Oid			nspid = get_namespace_oid(workspace, true);

	if (!OidIsValid(nspid) || !OidIsValid(get_relname_relid("workspace", nspid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema \"%s\" is not a workspace", workspace),
				 errhint("Create one with leadflow.create_workspace.")));
	return nspid;
}

const char *
object_name(ObjectKind kind)
{
	return kind == OBJECT_LEAD ? "lead" : "opportunity";
}

/* Is this definition for a row of that variant, other things being equal? */
bool
variant_applies(const char *variant, const char *row_variant)
{
	return strcmp(variant, "*") == 0 || strcmp(variant, row_variant) == 0;
}

/*
 * Does the stage of a criterion guard this target?  On the path, every spine
 * stage up to the target does, and a leaf only guards itself; an exit is
 * guarded by its own criteria.
 */
static bool
stage_guards(const Stage *guarded, const Stage *target)
{
	if (stage_is_leaf(guarded))
		return stage_equal(guarded, target);
	if (stage_code_is_exit(stage_code(target)))
		return stage_code(guarded) == stage_code(target);
	return !stage_code_is_exit(stage_code(guarded)) &&
		stage_code(guarded) <= stage_code(target);
}

/*
 * The next criterion that holds for a row of that variant which enters
 * target; NULL after the last.  *cursor starts at 0.
 */
Criterion *
rulebook_criterion(ObjectRules *rules, const char *variant, int *cursor,
				   const Stage *target)
{
	while (*cursor < rules->n_criteria)
	{
		Criterion  *criterion = &rules->criteria[(*cursor)++];
		bool		replaced = false;

		if (!variant_applies(criterion->variant, variant) ||
			!stage_guards(criterion->stage, target))
			continue;

		/* the variant's own criterion of the same stage and code replaces it */
		if (strcmp(criterion->variant, "*") == 0 && strcmp(variant, "*") != 0)
		{
			for (int i = 0; i < rules->n_criteria && !replaced; i++)
			{
				Criterion  *other = &rules->criteria[i];

				replaced = strcmp(other->variant, variant) == 0 &&
					strcmp(other->code, criterion->code) == 0 &&
					stage_equal(other->stage, criterion->stage);
			}
		}
		if (!replaced)
			return criterion;
	}
	return NULL;
}

/*
 * The compiled form of an expression of that type over the rows of a table, kept
 * in *program.  It is compiled when first needed, and again when something that
 * it depends on has changed.
 */
CriterionProgram *
rulebook_program(Rulebook *rulebook, Oid relid,
				 CriterionProgram **program, const char *expression, Oid type)
{
	CriterionProgram *compiled;
	CriterionProgram *kept;
	MemoryContext oldcxt;
	Relation	rel;

	if (*program != NULL)
	{
		if (criterion_is_valid(*program))
			return *program;
		criterion_free(*program);
		if ((*program)->state_mcxt != NULL)
			MemoryContextDelete((*program)->state_mcxt);
		bms_free((*program)->columns);
		bms_free((*program)->evidence);
		pfree(*program);
		*program = NULL;
	}

	rel = table_open(relid, AccessShareLock);
	compiled = expression_compile(rel, expression, type);
	table_close(rel, NoLock);

	oldcxt = MemoryContextSwitchTo(rulebook->mcxt);
	kept = palloc(sizeof(CriterionProgram));
	*kept = *compiled;
	kept->columns = bms_copy(compiled->columns);
	kept->evidence = bms_copy(compiled->evidence);
	MemoryContextSwitchTo(oldcxt);

	*program = kept;
	return kept;
}

/*
 * Binary search by name: every array that is searched starts its elements with
 * the name, and is loaded in the order of bytes.
 */
static void *
find_by_name(const char *name, void *array, int n, size_t size)
{
	int			low = 0;
	int			high = n - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		char	   *element = (char *) array + middle * size;
		int			order = strcmp(name, *(char **) element);

		if (order == 0)
			return element;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

const Reason *
rulebook_reason(Rulebook *rulebook, const char *code)
{
	return find_by_name(code, rulebook->reasons, rulebook->n_reasons, sizeof(Reason));
}

TouchKind *
rulebook_touch_kind(Rulebook *rulebook, Datum kind)
{
	char	   *name = TextDatumGetCString(kind);
	TouchKind  *found = find_by_name(name, rulebook->touch_kinds,
									 rulebook->n_touch_kinds, sizeof(TouchKind));

	pfree(name);
	return found;
}

/* The track of that code; for NULL the one that is taken where none is named. */
const NurtureTrack *
rulebook_track(Rulebook *rulebook, const char *track)
{
	if (track != NULL)
		return find_by_name(track, rulebook->tracks, rulebook->n_tracks, sizeof(NurtureTrack));
	for (int i = 0; i < rulebook->n_tracks; i++)
	{
		if (rulebook->tracks[i].position == 1 && rulebook->tracks[i].active)
			return &rulebook->tracks[i];
	}
	return NULL;
}

const Member *
rulebook_member(Rulebook *rulebook, const char *member)
{
	return find_by_name(member, rulebook->members, rulebook->n_members, sizeof(Member));
}

struct varlena *
rulebook_calendar(Rulebook *rulebook, const char *code)
{
	BusinessCalendar *found = find_by_name(code, rulebook->calendars,
										   rulebook->n_calendars, sizeof(BusinessCalendar));

	return found == NULL ? NULL : found->calendar;
}

/* What that tool may do; NULL where nothing is said about it. */
const Source *
rulebook_source(Rulebook *rulebook, const char *source)
{
	return find_by_name(source, rulebook->sources, rulebook->n_sources, sizeof(Source));
}

/*
 * The stage that a tool's own word stands for, or NULL.  The tool's own alias
 * beats one for every tool.
 */
static const Stage *
find_alias(ObjectRules *rules, const char *source, const char *word, bool *source_has_aliases)
{
	const Stage *general = NULL;

	*source_has_aliases = false;
	for (int i = 0; i < rules->n_aliases; i++)
	{
		StatusAlias *alias = &rules->aliases[i];
		bool		own = strcmp(alias->source, source) == 0;

		if (!own && strcmp(alias->source, "*") != 0)
			continue;
		*source_has_aliases = true;
		if (strcmp(alias->status, word) != 0)
			continue;
		if (own)
			return alias->stage;
		general = alias->stage;
	}
	return general;
}

/*
 * The stage that a tool's own word stands for.  NULL: the tool has no
 * vocabulary, or one that lacks the word, and then it is *unknown.
 */
const Stage *
rulebook_stage_of_word(Rulebook *rulebook, ObjectRules *rules, const char *source,
					   const char *word, bool *unknown)
{
	bool		has_vocabulary;
	const Stage *stage = find_alias(rules, source, word, &has_vocabulary);

	if (stage == NULL && has_vocabulary)
	{
		const Source *tool = rulebook_source(rulebook, source);

		if (tool != NULL)
			stage = tool->unknown;
	}
	*unknown = has_vocabulary && stage == NULL;
	return stage;
}

bool
touch_is_inbound(Datum direction)
{
	text	   *name = DatumGetTextPP(direction);

	return VARSIZE_ANY_EXHDR(name) == strlen("inbound") &&
		memcmp(VARDATA_ANY(name), "inbound", strlen("inbound")) == 0;
}
