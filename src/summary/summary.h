/*
 * summary.h
 *	  What all summary types share: how a summary is an aggregate's state.
 *
 * A summary is a varlena type that is flat wherever it is stored or sent, and
 * a struct in memory while an aggregate works on it.  The state of the
 * aggregate is the type itself, not internal, so that it can be combined
 * across workers and machines, kept in a column and rolled up later.
 *
 * A type declares a struct that begins with a Summary, a flat form that begins
 * with a SummaryFlat, and one static SummaryClass:
 *
 *		typedef struct Tally
 *		{
 *			Summary		head;
 *			int64		n;
 *		} Tally;
 *
 * Its transition function (not strict) is then
 *
 *		if (PG_ARGISNULL(1))
 *			return summary_keep(fcinfo);
 *		tally = (Tally *) summary_state(fcinfo, &tally_class);
 *		tally->n++;
 *		return summary_return(&tally->head);
 *
 * its combine function (not strict) is "return summary_combine(fcinfo,
 * &tally_class)", which also is the transition function of a rollup.  The
 * aggregate that makes a tally needs no final function; leadflow_summary_final
 * saves flattening where its values are mostly read right away.  An accessor, or
 * the final function of an aggregate that answers at once (both strict), reads
 * its argument with summary_get.
 *
 * Memory.  Everything that belongs to a summary is allocated in
 * summary_context(summary).  All states of one aggregation share that context,
 * because one context for each group would cost kilobytes a group, and because
 * PostgreSQL sums up all contexts at every new group of a hash aggregate.  So
 * it must never be reset or deleted, and a summary makes no context below it
 * (no dynahash; simplehash, or an array, is fine).  What is outgrown is to be
 * pfree'd or repalloc'd.  Start small: there may be a million groups.
 */
#ifndef LEADFLOW_SUMMARY_H
#define LEADFLOW_SUMMARY_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/expandeddatum.h"

struct SummaryClass;

/* What every summary in memory begins with. */
typedef struct Summary
{
	ExpandedObjectHeader hdr;
	const struct SummaryClass *class;
} Summary;

/* What every flat summary begins with; the rest is aligned to 8 bytes. */
typedef struct SummaryFlat
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	uint32		magic;			/* the type, and the version of its flat form */
} SummaryFlat;

struct Packer;
struct Unpacker;

/*
 * One summary type.  init, expand, unpack and merge run in the context of the
 * summary that they write to; what the others allocate is gone after them.  Two
 * summaries that mean the same should flatten to the same bytes.  A type that
 * has pack and unpack (see pack.h) needs no flat_size, flatten and expand, and
 * its four I/O functions are summary_in, summary_out, summary_recv and
 * summary_send.
 */
typedef struct SummaryClass
{
	const char *type_name;		/* as messages name it */
	uint32		magic;			/* of the flat form; change it with the form */
	Size		size;			/* of the struct, which is given zeroed */

	/* make it empty; may be NULL where zeroes are that */
	void		(*init) (Summary *summary);
	/* fill a struct that init has seen; size is that of the whole flat form */
	void		(*expand) (Summary *summary, const SummaryFlat *flat, Size size);
	/* bytes of the flat form; may first tidy the struct, not change its sense */
	Size		(*flat_size) (Summary *summary);
	/* write what follows the SummaryFlat; the space is zeroed */
	void		(*flatten) (Summary *summary, SummaryFlat *flat, Size size);
	/* add from to into; from is never the same as into, and stays as it is */
	void		(*merge) (Summary *into, Summary *from);

	/* put into the order in which it is packed; may be NULL */
	void		(*tidy) (Summary *summary);
	/* write what it consists of */
	void		(*pack) (Summary *summary, struct Packer *p);
	/* fill a struct that init has seen, and check it */
	void		(*unpack) (Summary *summary, struct Unpacker *u);
} SummaryClass;

/* Where what belongs to a summary is to be allocated. */
#define summary_context(summary) ((summary)->hdr.eoh_context)

/* What a call site keeps for all the states that it makes. */
typedef struct SummarySite
{
	void	   *kept;			/* NULL at first */
	MemoryContext context;		/* where it belongs */
	Oid			function;
	struct SummarySite *next;
} SummarySite;

/*
 * The site of a transition or combine function.  States may point to what it
 * keeps, as they must not to anything in fn_extra: it lives as long as they do.
 */
extern SummarySite *summary_site(FunctionCallInfo fcinfo);

/* The state, argument 0, made empty if it is null; only in an aggregate. */
extern Summary *summary_state(FunctionCallInfo fcinfo,
							  const SummaryClass *class);

/* The state as it is, for a row that does not count. */
extern Datum summary_keep(FunctionCallInfo fcinfo);

/* The result of a transition function that took its state by summary_state. */
extern Datum summary_return(Summary *summary);

/* A whole combine function: argument 1 is added to the state. */
extern Datum summary_combine(FunctionCallInfo fcinfo, const SummaryClass *class);

/* A value to read: in place in an aggregate, else expanded for this call. */
extern Summary *summary_get(Datum value, const SummaryClass *class);

/* Whole I/O functions of a type that has pack and unpack. */
extern Datum summary_in(FunctionCallInfo fcinfo, const SummaryClass *class);
extern Datum summary_out(FunctionCallInfo fcinfo, const SummaryClass *class);
extern Datum summary_recv(FunctionCallInfo fcinfo, const SummaryClass *class);
extern Datum summary_send(FunctionCallInfo fcinfo, const SummaryClass *class);

/* An empty one for this call (an input function), and its flat form. */
extern Summary *summary_make(const SummaryClass *class);
extern Datum summary_to_flat(Summary *summary);

/* A size of memory for a summary, or a clear error beyond 1 GB. */
extern Size summary_check_size(const SummaryClass *class, uint64 bytes);

#endif							/* LEADFLOW_SUMMARY_H */
