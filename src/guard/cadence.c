/*
 * cadence.c
 *	  Promises that more than one touch keeps: so many attempts over so many
 *	  channels, until the lead answers.
 *
 * Such a clock is a function of the touches since it started.  It is reckoned
 * anew whenever one of them is written, corrected or removed, in whatever
 * order they arrive.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "guard/clocks.h"
#include "guard/statement.h"
#include "rulebook/owner.h"

/*
 * Is that a clock that more than one touch stops, or an inbound one, and that a
 * touch of that instant may concern?  arg is NULL for any touch.
 */
static bool
is_concerned(const ClockColumns *columns, HeapTuple tuple, TupleDesc desc, const void *arg)
{
	const TimestampTz *at = arg;
	Datum		stopped;
	bool		isnull;

	if (heap_attisnull(tuple, columns->attempts, desc) &&
		heap_attisnull(tuple, columns->stops_on_inbound, desc))
		return false;
	stopped = heap_getattr(tuple, columns->stopped_at, desc, &isnull);
	return heap_attisnull(tuple, columns->cancelled_at, desc) &&
		(isnull || at == NULL || DatumGetTimestampTz(stopped) >= *at);
}

/*
 * A touch of the lead was written at that instant, or anything may have changed
 * (at is NULL), such as that a touch was removed, with that number, or else
 * NULL: when do its cadences stop?
 */
void
reckon_cadences(Rulebook *rulebook, int64 lead_id, const TimestampTz *at, const int64 *removed)
{
	Datum		values[2];
	bool		nulls[2] = {false, removed == NULL};

	values[0] = Int64GetDatum(lead_id);
	values[1] = removed == NULL ? (Datum) 0 : Int64GetDatum(*removed);
	if (!lead_has_clock(rulebook, lead_id, is_concerned, at))
		return;
	lock_lead(rulebook, lead_id);
	(void) statement_run(rulebook, RECKON_CADENCES, values, nulls);
}

typedef struct Attempt
{
	TimestampTz at;
	text	   *channel;		/* or NULL */
} Attempt;

static int
compare_channels(text *left, text *right)
{
	int			left_length = VARSIZE_ANY_EXHDR(left);
	int			right_length = VARSIZE_ANY_EXHDR(right);
	int			order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right), Min(left_length, right_length));

	return order != 0 ? order : left_length - right_length;
}

/* By time; at one instant by channel, so that the order given does not matter. */
static int
compare_attempts(const void *a, const void *b)
{
	const Attempt *left = (const Attempt *) a;
	const Attempt *right = (const Attempt *) b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	if (left->channel == NULL || right->channel == NULL)
		return (left->channel == NULL) - (right->channel == NULL);
	return compare_channels(left->channel, right->channel);
}

/* The minute of the clock in which an instant lies. */
static int64
minute_of(TimestampTz at)
{
	int64		minute = at / USECS_PER_MINUTE;

	return at % USECS_PER_MINUTE < 0 ? minute - 1 : minute;
}

/* Is an attempt far enough from the last one that counted? */
static bool
is_apart(TimestampTz last, TimestampTz at, const Interval *spacing)
{
	int64		length;
	int64		since;

	if (minute_of(at) == minute_of(last))
		return false;
	if (spacing == NULL)
		return true;
	if (pg_mul_s64_overflow(spacing->day, USECS_PER_DAY, &length) ||
		pg_add_s64_overflow(length, spacing->time, &length))
		return spacing->day < 0;	/* longer than all time */
	return pg_sub_s64_overflow(at, last, &since) || since >= length;
}

static bool
is_known(text **channels, int n, text *channel)
{
	for (int i = 0; i < n; i++)
	{
		if (compare_channels(channels[i], channel) == 0)
			return true;
	}
	return false;
}

/* The attempts that the arrays describe, by time. */
static Attempt *
get_attempts(ArrayType *at, ArrayType *channel, int *n)
{
	Datum	   *instants;
	Datum	   *channels;
	bool	   *at_nulls;
	bool	   *channel_nulls;
	int			n_channels;
	Attempt    *attempts;

	deconstruct_array(at, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &instants, &at_nulls, n);
	deconstruct_array(channel, TEXTOID, -1, false, TYPALIGN_INT,
					  &channels, &channel_nulls, &n_channels);
	if (*n != n_channels)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be as many channels as instants")));

	attempts = palloc(sizeof(Attempt) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		if (at_nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the instant of an attempt must not be null")));
		attempts[i].at = DatumGetTimestampTz(instants[i]);
		if (TIMESTAMP_NOT_FINITE(attempts[i].at))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("the instant of an attempt must be finite")));
		attempts[i].channel = channel_nulls[i] ? NULL : DatumGetTextPP(channels[i]);
	}
	qsort(attempts, *n, sizeof(Attempt), compare_attempts);
	return attempts;
}

/*
 * leadflow.count_attempts(at, channel, spacing, attempts, channels)
 */
PG_FUNCTION_INFO_V1(leadflow_count_attempts);
Datum
leadflow_count_attempts(PG_FUNCTION_ARGS)
{
	Interval   *spacing = PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2);
	int32		wanted = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	int32		wanted_channels = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	Attempt    *attempts;
	int			n;
	text	  **used;
	int			n_used = 0;
	int64		made = 0;
	TimestampTz last = 0;
	Datum		values[4] = {0};
	bool		nulls[4] = {false, false, true, true};
	Datum	   *elements;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (spacing != NULL && spacing->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the spacing of attempts must have no months and years")));
	attempts = get_attempts(PG_ARGISNULL(0) ? construct_empty_array(TIMESTAMPTZOID) : PG_GETARG_ARRAYTYPE_P(0),
							PG_ARGISNULL(1) ? construct_empty_array(TEXTOID) : PG_GETARG_ARRAYTYPE_P(1), &n);

	used = palloc(sizeof(text *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();

		if (made > 0 && !is_apart(last, attempts[i].at, spacing))
			continue;
		made++;
		last = attempts[i].at;
		if (attempts[i].channel != NULL && !is_known(used, n_used, attempts[i].channel))
			used[n_used++] = attempts[i].channel;
		if (nulls[3] && wanted > 0 && made >= wanted && n_used >= wanted_channels)
		{
			values[3] = TimestampTzGetDatum(last);
			nulls[3] = false;
		}
	}

	elements = palloc(sizeof(Datum) * Max(n_used, 1));
	for (int i = 0; i < n_used; i++)
		elements[i] = PointerGetDatum(used[i]);
	values[0] = Int64GetDatum(made);
	values[1] = PointerGetDatum(construct_array(elements, n_used, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = TimestampTzGetDatum(last);
	nulls[2] = (made == 0);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * leadflow.reckon_cadences(workspace, lead_id): part of leadflow.merge, which
 * moves touches from one lead to another.
 */
PG_FUNCTION_INFO_V1(leadflow_reckon_cadences);
Datum
leadflow_reckon_cadences(PG_FUNCTION_ARGS)
{
	Rulebook   *rulebook = rulebook_open(rulebook_namespace(NameStr(*PG_GETARG_NAME(0))));

	PG_TRY();
	{
		check_owner(rulebook->owner, rulebook->schema);
		end_clocks(rulebook, PG_GETARG_INT64(1));
		reckon_cadences(rulebook, PG_GETARG_INT64(1), NULL, NULL);
	}
	PG_FINALLY();
	{
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
