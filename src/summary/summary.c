/*
 * summary.c
 *	  A summary as the state of an aggregate: an expanded object in memory,
 *	  flat when it is stored, sent or combined.
 *
 * The aggregate hands the same read-write pointer to every call for a group,
 * and leaves it alone because the object's context is a child of its own.
 * PostgreSQL deletes that context only when a transition function returns
 * another pointer than it got, which none of ours does; so it can be one
 * context for all groups.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "nodes/memnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "summary/pack.h"
#include "summary/summary.h"

#define SUMMARY_BINARY_VERSION	1

#define SHARED_IDENT	"states of all groups"

/* What the shared context begins with; it is found by its identifier. */
typedef struct Shared
{
	char		ident[sizeof(SHARED_IDENT)];
	SummarySite *sites;			/* of callers that have nowhere to keep them */
} Shared;

static Size get_flat_size(ExpandedObjectHeader *eohptr);
static void flatten_into(ExpandedObjectHeader *eohptr,
						 void *result, Size allocated_size);

static const ExpandedObjectMethods summary_methods = {
	get_flat_size,
	flatten_into
};

/* A size of memory for a summary, or a clear error beyond 1 GB. */
Size
summary_check_size(const SummaryClass *class, uint64 bytes)
{
	if (bytes > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s is too large", class->type_name),
				 errdetail("A value can take %zu bytes.", (Size) MaxAllocSize),
				 errhint("Summarize fewer rows at a time.")));
	return (Size) bytes;
}

/* Write what a summary consists of. */
static void
pack_summary(Summary *summary, Packer *p)
{
	if (summary->class->tidy != NULL)
		summary->class->tidy(summary);
	pack_open(p);
	summary->class->pack(summary, p);
	pack_close(p);
}

/* Fill an empty summary with what is read. */
static void
unpack_summary(Summary *summary, Unpacker *u)
{
	MemoryContext old = MemoryContextSwitchTo(summary_context(summary));

	u->type_name = summary->class->type_name;
	unpack_open(u);
	summary->class->unpack(summary, u);
	unpack_close(u);
	MemoryContextSwitchTo(old);
}

/* What is needed only while a summary is made flat; it goes with the transaction. */
static MemoryContext scratch = NULL;

static void
forget_scratch(void *arg)
{
	scratch = NULL;
}

/*
 * To the context for flattening.  The current one may be that of a sort, which
 * since version 17 cannot free anything.
 */
static MemoryContext
switch_to_scratch(void)
{
	if (scratch == NULL)
	{
		MemoryContextCallback *callback = MemoryContextAlloc(TopTransactionContext,
															 sizeof(MemoryContextCallback));

		scratch = AllocSetContextCreate(TopTransactionContext, "leadflow flattening",
										ALLOCSET_DEFAULT_SIZES);
		callback->func = forget_scratch;
		callback->arg = NULL;
		MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	}
	MemoryContextReset(scratch);
	return MemoryContextSwitchTo(scratch);
}

/* Back to where one was. */
static void
leave_scratch(MemoryContext old)
{
	MemoryContextReset(MemoryContextSwitchTo(old));
}

static Size
get_flat_size(ExpandedObjectHeader *eohptr)
{
	Summary    *summary = (Summary *) eohptr;
	const SummaryClass *class = summary->class;
	MemoryContext old = switch_to_scratch();
	uint64		size;

	if (class->pack == NULL)
		size = class->flat_size(summary);
	else
	{
		Packer		p = {.form = PACK_FLAT};

		pack_summary(summary, &p);
		size = sizeof(SummaryFlat) + p.size;
	}
	leave_scratch(old);
	return summary_check_size(class, size);
}

static void
flatten_into(ExpandedObjectHeader *eohptr, void *result, Size allocated_size)
{
	Summary    *summary = (Summary *) eohptr;
	SummaryFlat *flat = (SummaryFlat *) result;
	MemoryContext old = switch_to_scratch();

	Assert(allocated_size >= sizeof(SummaryFlat));
	memset(flat, 0, allocated_size);
	SET_VARSIZE(flat, allocated_size);
	flat->magic = summary->class->magic;
	if (summary->class->pack == NULL)
		summary->class->flatten(summary, flat, allocated_size);
	else
	{
		Packer		p = {.form = PACK_FLAT};

		p.to = (char *) (flat + 1);
		pack_summary(summary, &p);
		Assert(p.size == allocated_size - sizeof(SummaryFlat));
	}
	leave_scratch(old);
}

/* An empty summary whose memory is in a context. */
static Summary *
make_summary(const SummaryClass *class, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Summary    *summary = palloc0(class->size);

	Assert(class->size >= sizeof(Summary));
	EOH_init_header(&summary->hdr, &summary_methods, context);
	summary->class = class;
	if (class->init != NULL)
		class->init(summary);
	MemoryContextSwitchTo(old);
	return summary;
}

/* The summary that a value is in memory, or NULL if the value is flat. */
static Summary *
expanded_summary(Datum value, const SummaryClass *class)
{
	Summary    *summary;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return NULL;
	summary = (Summary *) DatumGetEOHP(value);
	if (summary->hdr.eoh_methods != &summary_methods ||
		summary->class != class)
		elog(ERROR, "expanded value is not of type %s", class->type_name);
	return summary;
}

/* Fill an empty summary from a flat value. */
static void
fill_from_flat(Summary *summary, Datum value)
{
	const SummaryClass *class = summary->class;
	SummaryFlat *flat = (SummaryFlat *) PG_DETOAST_DATUM(value);

	if (VARSIZE(flat) < sizeof(SummaryFlat) || flat->magic != class->magic)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("unknown form of a value of type %s", class->type_name),
				 errhint("The value may have been written by a later version of leadflow.")));
	if (class->unpack == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(summary_context(summary));

		class->expand(summary, flat, VARSIZE(flat));
		MemoryContextSwitchTo(old);
	}
	else
	{
		Unpacker	u = {.form = PACK_FLAT};

		u.next = (const char *) (flat + 1);
		u.end = (const char *) flat + VARSIZE(flat);
		unpack_summary(summary, &u);
	}
	if (DatumGetPointer(value) != (Pointer) flat)
		pfree(flat);
}

/* A copy of a value, with its memory in a context. */
static Summary *
copy_summary(Datum value, const SummaryClass *class, MemoryContext context)
{
	Summary    *copy = make_summary(class, context);
	Summary    *from = expanded_summary(value, class);

	if (from == NULL)
		fill_from_flat(copy, value);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		class->merge(copy, from);
		MemoryContextSwitchTo(old);
	}
	return copy;
}

/* The context of the aggregate that calls, or an error outside of one. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s called in non-aggregate context",
						get_func_name(fcinfo->flinfo->fn_oid))));
	return context;
}

/* The context that all states below an aggregate's context share. */
static MemoryContext
shared_context(MemoryContext aggregate)
{
	MemoryContext shared;
	Shared	   *begin;

	for (shared = aggregate->firstchild; shared != NULL; shared = shared->nextchild)
	{
		if (shared->ident != NULL && strcmp(shared->ident, SHARED_IDENT) == 0)
			return shared;
	}
	shared = AllocSetContextCreate(aggregate, "leadflow summaries",
								   ALLOCSET_DEFAULT_SIZES);
	begin = MemoryContextAllocZero(shared, sizeof(Shared));
	strcpy(begin->ident, SHARED_IDENT);
	MemoryContextSetIdentifier(shared, begin->ident);
	return shared;
}

/* Whether a context lives at least as long as another, which may lie below it. */
static bool
outlives(MemoryContext context, MemoryContext other)
{
	while (other != NULL && other != context)
		other = MemoryContextGetParent(other);
	return other != NULL;
}

static SummarySite *
make_site(FmgrInfo *flinfo, MemoryContext context)
{
	SummarySite *site = MemoryContextAllocZero(context, sizeof(SummarySite));

	site->context = context;
	site->function = flinfo->fn_oid;
	return site;
}

/* The site of a function that is looked up anew for every row. */
static SummarySite *
site_among_states(FmgrInfo *flinfo, MemoryContext shared)
{
	Shared	   *begin = (Shared *) shared->ident;
	SummarySite *site;

	for (site = begin->sites; site != NULL; site = site->next)
	{
		if (site->function == flinfo->fn_oid)
			return site;
	}
	site = make_site(flinfo, shared);
	site->next = begin->sites;
	begin->sites = site;
	return site;
}

/*
 * PostgreSQL looks a transition function up once a query, in a context above the
 * aggregate's.  A distributed database that calls it from an aggregate of its
 * own may do so for every row, in a context that is gone with the row.
 */
SummarySite *
summary_site(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	MemoryContext aggregate;

	if (flinfo->fn_extra != NULL)
		return flinfo->fn_extra;
	aggregate = aggregate_context(fcinfo);
	if (!outlives(flinfo->fn_mcxt, aggregate))
		return site_among_states(flinfo, shared_context(aggregate));
	flinfo->fn_extra = make_site(flinfo, flinfo->fn_mcxt);
	return flinfo->fn_extra;
}

Summary *
summary_state(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	MemoryContext aggregate = aggregate_context(fcinfo);
	Datum		value;

	if (PG_ARGISNULL(0))
		return make_summary(class, shared_context(aggregate));
	value = PG_GETARG_DATUM(0);
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)))
		return expanded_summary(value, class);
	return copy_summary(value, class, shared_context(aggregate));
}

Datum
summary_keep(FunctionCallInfo fcinfo)
{
	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

Datum
summary_return(Summary *summary)
{
	return EOHPGetRWDatum(&summary->hdr);
}

Datum
summary_combine(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	Summary    *into;
	Summary    *from;
	MemoryContext old;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	if (PG_ARGISNULL(0))
		return summary_return(copy_summary(PG_GETARG_DATUM(1), class,
										   shared_context(aggregate_context(fcinfo))));

	into = summary_state(fcinfo, class);
	from = summary_get(PG_GETARG_DATUM(1), class);
	old = MemoryContextSwitchTo(summary_context(into));
	class->merge(into, from);
	MemoryContextSwitchTo(old);
	return summary_return(into);
}

/*
 * A strict final function of any type: the value as it is in memory.  Before
 * version 16 PostgreSQL flattens what an aggregate gives, unless the pointer to
 * it lies in the current context.
 */
PG_FUNCTION_INFO_V1(leadflow_summary_final);
Datum
leadflow_summary_final(PG_FUNCTION_ARGS)
{
	Datum		value = PG_GETARG_DATUM(0);
	void	   *pointer;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		PG_RETURN_DATUM(value);
	pointer = palloc(EXPANDED_POINTER_SIZE);
	memcpy(pointer, DatumGetPointer(EOHPGetRODatum(DatumGetEOHP(value))),
		   EXPANDED_POINTER_SIZE);
	PG_RETURN_POINTER(pointer);
}

/* What is expanded here is never handed out, so it needs no own context. */
Summary *
summary_get(Datum value, const SummaryClass *class)
{
	Summary    *summary = expanded_summary(value, class);

	if (summary == NULL)
		summary = copy_summary(value, class, CurrentMemoryContext);
	return summary;
}

Summary *
summary_make(const SummaryClass *class)
{
	return make_summary(class, CurrentMemoryContext);
}

Datum
summary_to_flat(Summary *summary)
{
	Size		size = get_flat_size(&summary->hdr);
	void	   *flat = palloc(size);

	flatten_into(&summary->hdr, flat, size);
	PG_RETURN_POINTER(flat);
}

Datum
summary_in(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	Summary    *summary = summary_make(class);
	Unpacker	u = {.form = PACK_TEXT};

	u.next = PG_GETARG_CSTRING(0);
	u.end = u.next + strlen(u.next);
	unpack_summary(summary, &u);
	return summary_to_flat(summary);
}

Datum
summary_out(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	StringInfoData buf;
	Packer		p = {.form = PACK_TEXT};

	initStringInfo(&buf);
	p.buf = &buf;
	pack_summary(summary_get(PG_GETARG_DATUM(0), class), &p);
	PG_RETURN_CSTRING(buf.data);
}

Datum
summary_recv(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	Summary    *summary = summary_make(class);
	Unpacker	u = {.form = PACK_BINARY};

	if (version != SUMMARY_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type %s",
						version, class->type_name)));
	u.next = buf->data + buf->cursor;
	u.end = buf->data + buf->len;
	unpack_summary(summary, &u);
	buf->cursor = buf->len;
	return summary_to_flat(summary);
}

Datum
summary_send(FunctionCallInfo fcinfo, const SummaryClass *class)
{
	StringInfoData buf;
	Packer		p = {.form = PACK_BINARY};

	pq_begintypsend(&buf);
	pq_sendint8(&buf, SUMMARY_BINARY_VERSION);
	p.buf = &buf;
	pack_summary(summary_get(PG_GETARG_DATUM(0), class), &p);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
