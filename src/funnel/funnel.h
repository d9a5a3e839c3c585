/*
 * funnel.h
 *	  Funnels: the steps that leads should go through, how far one lead came
 *	  and when, and the same for many.
 */
#ifndef LEADFLOW_FUNNEL_H
#define LEADFLOW_FUNNEL_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "summary/pack.h"
#include "summary/summary.h"
#include "summary/words.h"

#define FUNNEL_MAX_STEPS	64
#define FUNNEL_MAX_EXCLUDED	64
#define FUNNEL_MAX_NAMES	(FUNNEL_MAX_STEPS + FUNNEL_MAX_EXCLUDED)
#define FUNNEL_MAX_NAME		1024	/* bytes of a name */

/* A window that is longer than any two instants are apart. */
#define FUNNEL_UNLIMITED	PG_INT64_MAX

/* What else is asked of a chain; see chain.c. */
#define FUNNEL_STRICT_ORDER		0x01
#define FUNNEL_STRICT_INCREASE	0x02
#define FUNNEL_ONCE				0x04

struct FunnelArgs;

/* What a lead should do.  Steps and names are numbered from 0. */
typedef struct Funnel
{
	int32		steps;
	int32		step_names;		/* different names of steps */
	int32		name_of[FUNNEL_MAX_STEPS];
	int64		step_within[FUNNEL_MAX_STEPS];	/* from a step to the next */
	int64		within;			/* from the first to the last */
	uint32		mode;
	WordTable	names;			/* of the steps as they come, then the excluded */
	const struct FunnelArgs *args;	/* what it was made of; NULL: of a value */
} Funnel;

/* A row that counts. */
typedef struct FunnelEvent
{
	TimestampTz at;
	int32		name;
} FunnelEvent;

/* One lead. */
typedef struct FunnelPath
{
	Summary		head;
	const Funnel *funnel;
	FunnelEvent *event;
	int32		n;
	int32		room;
	bool		sorted;
} FunnelPath;

/*
 * funnel.c
 *
 * A call site shares its first funnels between all states that it makes.
 */

/* The funnel of the arguments of a row, which the path must have or is given. */
extern const Funnel *funnel_of_row(FunctionCallInfo fcinfo, const FunnelPath *path);

/* The call site's own copy of a funnel, or where it has too many the owner's. */
extern const Funnel *funnel_of_site(FunctionCallInfo fcinfo, const Funnel *funnel,
									Summary *owner);

extern Funnel *funnel_copy(const Funnel *funnel, MemoryContext context);
extern void funnel_check_same(const Funnel *a, const Funnel *b);
extern void funnel_pack(Packer *p, const Funnel *funnel);
extern const Funnel *funnel_unpack(Unpacker *u, MemoryContext context);

/* The names of the steps, as an array of text. */
extern Datum funnel_step_array(const Funnel *funnel);

static inline Word
funnel_step_name(const Funnel *funnel, int step)
{
	return words_word(&funnel->names, funnel->name_of[step]);
}

/* path.c: the path that a value is, its events in order. */
extern FunnelPath *funnel_path_get(Datum value);

/* chain.c: the level, and the instants of the chain that has it. */
extern int	funnel_chain(const FunnelPath *path, TimestampTz *times);

/* The earliest instant that lies within a window that ends at another. */
static inline TimestampTz
funnel_window_start(TimestampTz end, int64 window)
{
	if (window == FUNNEL_UNLIMITED || end < PG_INT64_MIN + window)
		return PG_INT64_MIN;
	return end - window;
}

#endif							/* LEADFLOW_FUNNEL_H */
