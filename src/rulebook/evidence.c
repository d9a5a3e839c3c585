/*
 * evidence.c
 *	  Gather what a lead did from its touches.
 *
 * Evidence is not kept as counters on the lead: a touch must not lock or
 * rewrite its lead.  It is read by the index on (lead_id, at), once for a row
 * that is judged, only if a criterion asks, and in the snapshot of the write.
 * Touches later than the instant at which the stage begins to hold do not
 * count, so that history is judged by what was known then.
 *
 * The scan reads the table itself, without regard to the writer's rights on
 * it: the standard holds for what happened, not for what the writer may see.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "rulebook/evidence.h"
#include "rulebook/rulebook.h"

static const struct
{
	const char *name;
	Oid			type;
}			kinds[EVIDENCE_COUNT] =
{
	{"signals", INT8OID},		/* inbound touches that show interest */
	{"signal_kinds", INT8OID},	/* different kinds of them */
	{"first_signal_at", TIMESTAMPTZOID},
	{"last_signal_at", TIMESTAMPTZOID},
	{"attempts", INT8OID},		/* outbound touches that count as contact */
	{"channels_tried", INT8OID},	/* different channels of them */
	{"last_attempt_at", TIMESTAMPTZOID},
	{"last_inbound_at", TIMESTAMPTZOID},
	{"cadence", TEXTOID},		/* how the lead's cadence stands; null for none */
	{"fit", NUMERICOID},		/* points for who it is */
	{"fit_grade", TEXTOID},
	{"behaviour", NUMERICOID},	/* points for what it did, faded */
	{"behaviour_grade", TEXTOID},
	{"total", NUMERICOID},		/* fit and behaviour */
	{"grade", TEXTOID},			/* both grades */
	{"probability", NUMERICOID} /* of winning, by the active model; null for none */
};

EvidenceScorer evidence_scorer = NULL;

/* Evidence of nobody yet, as of an instant. */
void
evidence_init(Evidence *evidence, Rulebook *rulebook, TimestampTz as_of)
{
	evidence->rulebook = rulebook;
	evidence->has_lead = false;
	evidence->lead_id = 0;
	evidence->lead = NULL;
	evidence->as_of = as_of;
	evidence->as_caller = false;
	evidence->fresh = false;
	evidence->gathered = false;
	evidence->cadence_read = false;
	evidence->scoring = false;
	evidence->scored = false;
}

/* The number of a kind of evidence, or 0 for a name that is none. */
int
evidence_number(const char *name)
{
	for (int i = 0; i < EVIDENCE_COUNT; i++)
	{
		if (strcmp(kinds[i].name, name) == 0)
			return i + 1;
	}
	return 0;
}

const char *
evidence_name(int number)
{
	return kinds[number - 1].name;
}

Oid
evidence_type(int number)
{
	return kinds[number - 1].type;
}

static void
set_value(Evidence *evidence, EvidenceKind kind, Datum value)
{
	evidence->values[kind - 1] = value;
	evidence->nulls[kind - 1] = false;
}

static void
count_one(Evidence *evidence, EvidenceKind kind)
{
	set_value(evidence, kind,
			  Int64GetDatum(DatumGetInt64(evidence->values[kind - 1]) + 1));
}

/* Keep the earliest (or latest) instant of a kind. */
static void
keep_instant(Evidence *evidence, EvidenceKind kind, TimestampTz at, bool earliest)
{
	TimestampTz kept = DatumGetTimestampTz(evidence->values[kind - 1]);

	if (evidence->nulls[kind - 1] || (earliest ? at < kept : at > kept))
		set_value(evidence, kind, TimestampTzGetDatum(at));
}

static void
report_altered(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("table \"%s\" was altered by another session", table),
			 errhint("Try again.")));
}

/*
 * A column may have been altered just before the table was locked: it is not
 * what the rulebook found any more.
 */
static void
check_columns(const TouchColumns *columns, TupleDesc desc)
{
	AttrNumber	strings[] = {columns->kind, columns->channel, columns->direction};
	bool		fit = TupleDescAttr(desc, columns->lead_id - 1)->atttypid == INT8OID &&
		TupleDescAttr(desc, columns->at - 1)->atttypid == TIMESTAMPTZOID;

	for (int i = 0; i < (int) lengthof(strings); i++)
	{
		Oid			type = TupleDescAttr(desc, strings[i] - 1)->atttypid;

		fit = fit && (type == TEXTOID || type == VARCHAROID);
	}
	if (!fit)
		report_altered("touch");
}

/* Read the lead's touches up to an instant that lie in a partition, or in the table. */
static void
read_part(Evidence *evidence, const TouchColumns *columns, TimestampTz as_of,
		  TouchReader reader, void *arg)
{
	Relation	rel = table_open(columns->relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	bool		valid = evidence->rulebook->valid;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	if (!valid)
		check_columns(columns, desc);
	ScanKeyInit(&key, columns->lead_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(evidence->lead_id));
	/* the index may have been dropped just before the table was locked */
	scan = systable_beginscan(rel, columns->lead_index,
							  OidIsValid(columns->lead_index) && valid,
							  GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		TimestampTz at;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();

		at = DatumGetTimestampTz(heap_getattr(tuple, columns->at, desc, &isnull));
		if (!isnull && at <= as_of)
			reader(tuple, desc, columns, at, arg);
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/*
 * Read the lead's touches.  History is judged by what was known then, a
 * present move by what is known now: also by what was recorded since the
 * transaction began.
 */
void
evidence_read_touches(Evidence *evidence, TouchReader reader, void *arg)
{
	Rulebook   *rulebook = evidence->rulebook;
	TimestampTz as_of = evidence->as_of;

	if (!evidence->has_lead)
		return;
	if (as_of == GetCurrentTransactionStartTimestamp())
		as_of = GetCurrentTimestamp();
	if (evidence->fresh)
	{
		CommandCounterIncrement();
		PushCopiedSnapshot(GetActiveSnapshot());
		UpdateActiveSnapshotCommandId();
	}

	for (int i = 0; i < rulebook->n_touch_parts; i++)
		read_part(evidence, &rulebook->touch_parts[i], as_of, reader, arg);
	if (evidence->fresh)
		PopActiveSnapshot();
}

/* What touches are counted into. */
typedef struct Counting
{
	Evidence   *evidence;
	bool	   *signal_kinds;
	char	   *channels[EVIDENCE_MAX_CHANNELS];
	int			n_channels;
} Counting;

/* A channel over which the lead was tried. */
static void
count_channel(Counting *counting, Datum channel)
{
	char	   *name;

	if (counting->n_channels == EVIDENCE_MAX_CHANNELS)
		return;
	name = TextDatumGetCString(channel);
	for (int i = 0; i < counting->n_channels; i++)
	{
		if (strcmp(counting->channels[i], name) == 0)
		{
			pfree(name);
			return;
		}
	}
	counting->channels[counting->n_channels++] = name;
	count_one(counting->evidence, EVIDENCE_CHANNELS_TRIED);
}

static void
count_touch(HeapTuple touch, TupleDesc desc, const TouchColumns *columns, TimestampTz at, void *arg)
{
	Counting   *counting = arg;
	Evidence   *evidence = counting->evidence;
	bool		isnull;
	bool		inbound = touch_is_inbound(heap_getattr(touch, columns->direction, desc, &isnull));
	TouchKind  *kind = rulebook_touch_kind(evidence->rulebook,
										   heap_getattr(touch, columns->kind, desc, &isnull));

	if (inbound)
	{
		keep_instant(evidence, EVIDENCE_LAST_INBOUND_AT, at, false);
		if (kind == NULL || !kind->is_signal)
			return;
		count_one(evidence, EVIDENCE_SIGNALS);
		keep_instant(evidence, EVIDENCE_FIRST_SIGNAL_AT, at, true);
		keep_instant(evidence, EVIDENCE_LAST_SIGNAL_AT, at, false);
		if (!counting->signal_kinds[kind->number])
		{
			counting->signal_kinds[kind->number] = true;
			count_one(evidence, EVIDENCE_SIGNAL_KINDS);
		}
	}
	else if (kind != NULL && kind->is_contact)
	{
		Datum		channel = heap_getattr(touch, columns->channel, desc, &isnull);

		count_one(evidence, EVIDENCE_ATTEMPTS);
		keep_instant(evidence, EVIDENCE_LAST_ATTEMPT_AT, at, false);
		if (!isnull)
			count_channel(counting, channel);
	}
}

static void
gather(Evidence *evidence)
{
	Counting	counting;

	for (int i = 0; i < EVIDENCE_COUNTED; i++)
	{
		evidence->nulls[i] = (kinds[i].type != INT8OID);
		evidence->values[i] = Int64GetDatum(0);
	}
	evidence->gathered = true;

	counting.evidence = evidence;
	counting.signal_kinds = palloc0(sizeof(bool) * Max(evidence->rulebook->n_touch_kinds, 1));
	counting.n_channels = 0;
	evidence_read_touches(evidence, count_touch, &counting);

	for (int i = 0; i < counting.n_channels; i++)
		pfree(counting.channels[i]);
	pfree(counting.signal_kinds);
}

/* The same of the table of clocks. */
static void
check_clock_columns(ClockColumns *columns, TupleDesc desc)
{
	if (TupleDescAttr(desc, columns->lead_id - 1)->atttypid != INT8OID ||
		TupleDescAttr(desc, columns->started_at - 1)->atttypid != TIMESTAMPTZOID ||
		TupleDescAttr(desc, columns->stopped_at - 1)->atttypid != TIMESTAMPTZOID ||
		TupleDescAttr(desc, columns->cancelled_at - 1)->atttypid != TIMESTAMPTZOID ||
		(TupleDescAttr(desc, columns->stopped_by - 1)->atttypid != TEXTOID &&
		 TupleDescAttr(desc, columns->stopped_by - 1)->atttypid != VARCHAROID))
		report_altered("sla_clock");
}

/* How does a cadence stand?  A clock that ended later runs still. */
static const char *
cadence_state(ClockColumns *columns, HeapTuple tuple, TupleDesc desc, TimestampTz as_of)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, columns->stopped_at, desc, &isnull);
	char	   *by;

	if (isnull)
	{
		value = heap_getattr(tuple, columns->cancelled_at, desc, &isnull);
		return isnull || DatumGetTimestampTz(value) > as_of ? "running" : "ended";
	}
	if (DatumGetTimestampTz(value) > as_of)
		return "running";
	value = heap_getattr(tuple, columns->stopped_by, desc, &isnull);
	by = isnull ? "" : TextDatumGetCString(value);
	if (strcmp(by, STOPPED_BY_ATTEMPTS) == 0)
		return "exhausted";
	if (strncmp(by, STOPPED_BY_ANSWER, strlen(STOPPED_BY_ANSWER)) == 0)
		return "answered";
	return "ended";
}

/*
 * Read how the lead's cadence stands, of its clocks those with a number of
 * attempts: one that runs, else the one that began last.
 */
static void
read_cadence(Evidence *evidence)
{
	ClockColumns *columns = &evidence->rulebook->clock;
	TimestampTz latest = DT_NOBEGIN;
	bool		running = false;
	Relation	rel;
	TupleDesc	desc;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	evidence->cadence_read = true;
	evidence->cadence = NULL;
	if (!evidence->has_lead || !evidence->rulebook->has_clocks)
		return;

	rel = table_open(columns->relid, AccessShareLock);
	desc = RelationGetDescr(rel);
	if (!evidence->rulebook->valid)
		check_clock_columns(columns, desc);
	ScanKeyInit(&key, columns->lead_id, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(evidence->lead_id));
	scan = systable_beginscan(rel, columns->lead_index,
							  OidIsValid(columns->lead_index) && evidence->rulebook->valid,
							  SnapshotSelf, 1, &key);
	while (!running && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		TimestampTz started;
		const char *state;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();

		if (heap_attisnull(tuple, columns->attempts, desc))
			continue;
		started = DatumGetTimestampTz(heap_getattr(tuple, columns->started_at, desc, &isnull));
		if (isnull || started > evidence->as_of)
			continue;
		state = cadence_state(columns, tuple, desc, evidence->as_of);
		running = strcmp(state, "running") == 0;
		if (!running && started < latest)
			continue;
		latest = started;
		evidence->cadence = state;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/* How the lead's cadence stands; NULL where there was none. */
const char *
evidence_cadence(Evidence *evidence)
{
	if (!evidence->cadence_read)
		read_cadence(evidence);
	return evidence->cadence;
}

/* Do any of these kinds of evidence read the score? */
bool
evidence_has_score(const Bitmapset *kinds)
{
	return bms_next_member(kinds, EVIDENCE_FIT - 1) >= 0;
}

/* Units of points as a numeric. */
Datum
points_numeric(int64 points)
{
	return NumericGetDatum(int64_div_fast_to_numeric(points, POINT_DECIMALS));
}

static Datum
grade_datum(const char *first, const char *second, bool *isnull)
{
	*isnull = first == NULL && second == NULL;
	return *isnull ? (Datum) 0 :
		CStringGetTextDatum(psprintf("%s%s", first == NULL ? "" : first, second == NULL ? "" : second));
}

/* A value of the lead's score, which is reckoned when first asked for. */
static Datum
score_value(Evidence *evidence, int number, bool *isnull)
{
	LeadScore  *score = &evidence->score;

	if (evidence->scoring)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a score rule of workspace %s reads the score", evidence->rulebook->schema)));
	if (!evidence->scored)
		evidence_scorer(evidence);

	*isnull = !evidence->has_score;
	if (*isnull)
		return (Datum) 0;
	switch (number)
	{
		case EVIDENCE_FIT:
			return points_numeric(score->fit);
		case EVIDENCE_FIT_GRADE:
			return grade_datum(score->fit_grade, NULL, isnull);
		case EVIDENCE_BEHAVIOUR:
			return points_numeric(score->behaviour);
		case EVIDENCE_BEHAVIOUR_GRADE:
			return grade_datum(NULL, score->behaviour_grade, isnull);
		case EVIDENCE_TOTAL:
			return points_numeric(score->fit + score->behaviour);
		case EVIDENCE_GRADE:
			return grade_datum(score->fit_grade, score->behaviour_grade, isnull);
		default:
			Assert(number == EVIDENCE_PROBABILITY);
			*isnull = !score->has_probability;
			return *isnull ? (Datum) 0 :
				NumericGetDatum(int64_div_fast_to_numeric((int64) rint(score->probability * POINT_UNITS), POINT_DECIMALS));
	}
}

Datum
evidence_value(Evidence *evidence, int number, bool *isnull)
{
	if (number == EVIDENCE_CADENCE)
	{
		const char *cadence = evidence_cadence(evidence);

		*isnull = (cadence == NULL);
		return cadence == NULL ? (Datum) 0 : CStringGetTextDatum(cadence);
	}
	if (number > EVIDENCE_CADENCE)
		return score_value(evidence, number, isnull);
	if (!evidence->gathered)
		gather(evidence);
	*isnull = evidence->nulls[number - 1];
	return evidence->values[number - 1];
}

/* Hook of the expression evaluator: a parameter's value is wanted. */
static ParamExternData *
fetch_evidence(ParamListInfo params, int number, bool speculative,
			   ParamExternData *workspace)
{
	Evidence   *evidence = (Evidence *) params->paramFetchArg;

	workspace->value = evidence_value(evidence, number, &workspace->isnull);
	workspace->ptype = evidence_type(number);
	workspace->pflags = 0;
	return workspace;
}

/* A parameter list through which an expression reads the evidence. */
ParamListInfo
evidence_params(Evidence *evidence)
{
	ParamListInfo params = makeParamList(EVIDENCE_COUNT);

	params->paramFetch = fetch_evidence;
	params->paramFetchArg = evidence;
	return params;
}
