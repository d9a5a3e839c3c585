/*
 * nurture.c
 *	  What a lead takes along into nurture, and leaves there.
 *
 * A lead that goes into nurture is on a content track and has a date on which
 * it wakes; one that sales had in hand rests before it is handed over again.
 * What the writer does not give comes from the track.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "guard/nurture.h"
#include "guard/statement.h"

static bool
is_nurture(const Stage *stage)
{
	return stage != NULL && stage_code(stage) == STAGE_NURTURE;
}

static TimestampTz
later(TimestampTz at, const Interval *interval)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(at),
												   IntervalPGetDatum(interval)));
}

static char *
field_string(ObjectRules *rules, TupleTableSlot *row, Field field)
{
	bool		isnull;
	Datum		value = slot_getattr(row, rules->fields[field], &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* The track that the row names, or its reason, or the first one. */
static const NurtureTrack *
track_of(Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *row)
{
	char	   *name = field_string(rules, row, FIELD_NURTURE_TRACK);
	char	   *code;
	const Reason *reason;

	if (name == NULL && (code = field_string(rules, row, FIELD_REASON)) != NULL &&
		(reason = rulebook_reason(rulebook, code)) != NULL)
		name = reason->nurture_track;
	return rulebook_track(rulebook, name);
}

static void
enter(Stamps *stamps, Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *row,
	  const Stage *from, TimestampTz since)
{
	const NurtureTrack *track = track_of(rulebook, rules, row);
	bool		isnull;

	if (track == NULL)
		return;
	(void) slot_getattr(row, rules->fields[FIELD_NURTURE_TRACK], &isnull);
	if (isnull)
		stamp(stamps, rules, FIELD_NURTURE_TRACK, CStringGetTextDatum(track->track), false);
	(void) slot_getattr(row, rules->fields[FIELD_WAKE_AT], &isnull);
	if (isnull && track->wakes)
		stamp(stamps, rules, FIELD_WAKE_AT, TimestampTzGetDatum(later(since, &track->wake_after)), false);
	if (from != NULL && !stage_code_is_exit(stage_code(from)) && stage_code(from) >= STAGE_MQL)
		stamp(stamps, rules, FIELD_RESTS_UNTIL, TimestampTzGetDatum(later(since, &track->cool_down)), false);
}

/*
 * What the guard keeps of a lead that enters nurture, or leaves it.  old_row and
 * from are NULL for a new row.
 */
void
nurture_stamps(Stamps *stamps, Rulebook *rulebook, ObjectRules *rules,
			   TupleTableSlot *old_row, TupleTableSlot *new_row,
			   const Stage *from, const Stage *to, TimestampTz since)
{
	static const Field left_behind[] = {FIELD_NARRATIVE, FIELD_NURTURE_TRACK, FIELD_WAKE_AT};

	if (rules->kind != OBJECT_LEAD || is_nurture(from) == is_nurture(to))
		return;
	if (is_nurture(to))
	{
		enter(stamps, rulebook, rules, new_row, from, since);
		return;
	}
	for (int i = 0; i < (int) lengthof(left_behind); i++)
	{
		bool		isnull;

		(void) slot_getattr(new_row, rules->fields[left_behind[i]], &isnull);
		if (!isnull && same_column(old_row, new_row, rules->fields[left_behind[i]]))
			stamp(stamps, rules, left_behind[i], (Datum) 0, true);
	}
}

/* A lead has entered nurture: keep what marketing was told. */
void
record_stay(Move *move)
{
	static const Field kept[] = {FIELD_OWNER, FIELD_REASON, FIELD_NARRATIVE, FIELD_NURTURE_TRACK,
	FIELD_WAKE_AT, FIELD_RESTS_UNTIL};
	Datum		values[3 + lengthof(kept)];
	bool		nulls[3 + lengthof(kept)] = {false};

	if (move->rules->kind != OBJECT_LEAD || !is_nurture(move->to) || is_nurture(move->from))
		return;
	values[0] = Int64GetDatum(move->evidence.lead_id);
	values[1] = TimestampTzGetDatum(move->at);
	values[2] = PointerGetDatum(move->from);
	nulls[2] = (move->from == NULL);
	for (int i = 0; i < (int) lengthof(kept); i++)
		values[3 + i] = row_field(move, kept[i], &nulls[3 + i]);
	(void) statement_run(move->rulebook, INSERT_STAY, values, nulls);
}
