/*
 * path.c
 *	  The type funnel_path: the rows of one lead that name a step of a funnel,
 *	  or what must not come between.
 *
 * Text form, in which an event is an instant and the number of its name, from
 * 0, among the different names of steps and then the excluded ones:
 *
 *		{"steps": ["new", "won"], "within": -1, "step_within": [],
 *		 "exclude": [], "mode": [], "events": [["2026-01-05 09:00:00+00", 0]]}
 *
 * Rows are only appended while an aggregate runs, and sorted when somebody
 * asks, by instant and then by name.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "funnel/funnel.h"
#include "summary/moments.h"

/* A lead with a few events should cost little. */
#define FIRST_ROOM		4

#define MAX_EVENTS		((int) (MaxAllocSize / sizeof(FunnelEvent)))

static int
compare_events(const FunnelEvent *a, const FunnelEvent *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->name - b->name;
}

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE FunnelEvent
#define ST_COMPARE(a, b) compare_events(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

static void path_merge(Summary *into, Summary *from);
static void path_tidy(Summary *summary);
static void path_pack(Summary *summary, Packer *p);
static void path_unpack(Summary *summary, Unpacker *u);

static const SummaryClass path_class = {
	.type_name = "funnel_path",
	.magic = 0x46504101,		/* "FPA", 1 */
	.size = sizeof(FunnelPath),
	.merge = path_merge,
	.tidy = path_tidy,
	.pack = path_pack,
	.unpack = path_unpack
};

/* Make room for more; twice as much as before, as long as there is so much. */
static void
make_room(FunnelPath *path, int64 more)
{
	int64		room = path->n + more;

	if (room <= path->room)
		return;
	if (room > MAX_EVENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events for a value of type %s", path_class.type_name),
				 errdetail("A value can have %d.", MAX_EVENTS),
				 errhint("Group by lead, and leave out rows that cannot matter.")));
	room = Min(Max(Max(room, 2 * (int64) path->room), FIRST_ROOM), MAX_EVENTS);
	if (path->event == NULL)
		path->event = MemoryContextAlloc(summary_context(&path->head),
										 room * sizeof(FunnelEvent));
	else
		path->event = repalloc(path->event, room * sizeof(FunnelEvent));
	path->room = (int32) room;
}

static inline void
add_event(FunnelPath *path, TimestampTz at, int32 name)
{
	if (path->n == path->room)
		make_room(path, 1);
	path->event[path->n].at = at;
	path->event[path->n].name = name;
	path->n++;
	path->sorted = false;
}

static void
path_tidy(Summary *summary)
{
	FunnelPath *path = (FunnelPath *) summary;

	if (!path->sorted && path->n > 1)
		sort_events(path->event, path->n);
	path->sorted = true;
}

static void
path_merge(Summary *into, Summary *from)
{
	FunnelPath *to = (FunnelPath *) into;
	const FunnelPath *path = (const FunnelPath *) from;

	if (to->funnel == NULL)
		to->funnel = funnel_copy(path->funnel, summary_context(into));
	else
		funnel_check_same(to->funnel, path->funnel);
	if (path->n == 0)
		return;
	make_room(to, path->n);
	memcpy(to->event + to->n, path->event, path->n * sizeof(FunnelEvent));
	to->sorted = to->n == 0 && path->sorted;
	to->n += path->n;
}

static void
path_pack(Summary *summary, Packer *p)
{
	const FunnelPath *path = (const FunnelPath *) summary;

	funnel_pack(p, path->funnel);
	pack_list(p, "events", path->n);
	for (int i = 0; i < path->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pack_tuple(p);
		pack_instant(p, NULL, path->event[i].at);
		pack_int(p, NULL, path->event[i].name);
		pack_end(p);
	}
	pack_end(p);
}

static void
path_unpack(Summary *summary, Unpacker *u)
{
	FunnelPath *path = (FunnelPath *) summary;

	path->funnel = funnel_unpack(u, summary_context(summary));
	unpack_list(u, "events", MAX_EVENTS);
	while (unpack_more(u))
	{
		TimestampTz at;

		unpack_tuple(u);
		at = unpack_instant(u, NULL);
		add_event(path, at, (int32) unpack_int(u, NULL, 0, path->funnel->names.n - 1));
		unpack_end(u);
	}
}

FunnelPath *
funnel_path_get(Datum value)
{
	Summary    *summary = summary_get(value, &path_class);

	path_tidy(summary);
	return (FunnelPath *) summary;
}

/*
 * funnel_add(path, at, step, steps, ...): the transition function.  A row that
 * names nothing makes a path as well: the lead is there, and got nowhere.
 */
PG_FUNCTION_INFO_V1(leadflow_funnel_add);
Datum
leadflow_funnel_add(PG_FUNCTION_ARGS)
{
	FunnelPath *path = (FunnelPath *) summary_state(fcinfo, &path_class);

	path->funnel = funnel_of_row(fcinfo, path);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		Word		word = word_of_text(PG_GETARG_TEXT_PP(2));
		int32		name = words_find(&path->funnel->names, word, word_hash(word));

		if (name != WORD_NONE)
		{
			TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);

			moments_check_instant(at);
			add_event(path, at, name);
		}
	}
	return summary_return(&path->head);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_combine);
Datum
leadflow_funnel_path_combine(PG_FUNCTION_ARGS)
{
	FunnelPath *into;
	Summary    *from;

	if (PG_ARGISNULL(1))
		return summary_keep(fcinfo);
	into = (FunnelPath *) summary_state(fcinfo, &path_class);
	from = summary_get(PG_GETARG_DATUM(1), &path_class);
	if (into->funnel == NULL)
		into->funnel = funnel_of_site(fcinfo, ((FunnelPath *) from)->funnel, &into->head);
	path_merge(&into->head, from);
	return summary_return(&into->head);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_in);
Datum
leadflow_funnel_path_in(PG_FUNCTION_ARGS)
{
	return summary_in(fcinfo, &path_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_out);
Datum
leadflow_funnel_path_out(PG_FUNCTION_ARGS)
{
	return summary_out(fcinfo, &path_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_recv);
Datum
leadflow_funnel_path_recv(PG_FUNCTION_ARGS)
{
	return summary_recv(fcinfo, &path_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_send);
Datum
leadflow_funnel_path_send(PG_FUNCTION_ARGS)
{
	return summary_send(fcinfo, &path_class);
}

PG_FUNCTION_INFO_V1(leadflow_funnel_level);
Datum
leadflow_funnel_level(PG_FUNCTION_ARGS)
{
	TimestampTz times[FUNNEL_MAX_STEPS];

	PG_RETURN_INT32(funnel_chain(funnel_path_get(PG_GETARG_DATUM(0)), times));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_times);
Datum
leadflow_funnel_times(PG_FUNCTION_ARGS)
{
	TimestampTz times[FUNNEL_MAX_STEPS];
	Datum		at[FUNNEL_MAX_STEPS];
	int			level = funnel_chain(funnel_path_get(PG_GETARG_DATUM(0)), times);

	for (int i = 0; i < level; i++)
		at[i] = TimestampTzGetDatum(times[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(at, level, TIMESTAMPTZOID, sizeof(TimestampTz),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

PG_FUNCTION_INFO_V1(leadflow_funnel_path_steps);
Datum
leadflow_funnel_path_steps(PG_FUNCTION_ARGS)
{
	FunnelPath *path = (FunnelPath *) summary_get(PG_GETARG_DATUM(0), &path_class);

	PG_RETURN_DATUM(funnel_step_array(path->funnel));
}
