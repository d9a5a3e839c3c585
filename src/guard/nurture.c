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

/* The track that the row names, or that of its reason, or the first one. */
static const NurtureTrack *
track_of(Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *row)
{
	char	   *name = field_string(rules, row, FIELD_NURTURE_TRACK);
	char	   *code;
	const Reason *reason;
	const NurtureTrack *track;

	if (name != NULL)
		return rulebook_track(rulebook, name);
	if ((code = field_string(rules, row, FIELD_REASON)) != NULL &&
		(reason = rulebook_reason(rulebook, code)) != NULL && reason->nurture_track != NULL)
	{
		track = rulebook_track(rulebook, reason->nurture_track);
		if (track != NULL && track->active)
			return track;
	}
	return rulebook_track(rulebook, NULL);
}

/* Only leadflow writes until when a lead rests: the value as it was. */
static void
keep_rest(Stamps *stamps, ObjectRules *rules, TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	Datum		value = (Datum) 0;
	bool		isnull = true;

	if (old_row != NULL)
		value = slot_getattr(old_row, rules->fields[FIELD_RESTS_UNTIL], &isnull);
	stamp(stamps, rules, FIELD_RESTS_UNTIL, value, isnull);
}

static void
enter(Stamps *stamps, Rulebook *rulebook, ObjectRules *rules, TupleTableSlot *old_row,
	  TupleTableSlot *row, const Stage *from, TimestampTz since)
{
	const NurtureTrack *track = track_of(rulebook, rules, row);
	bool		rests = track != NULL && from != NULL &&
		!stage_code_is_exit(stage_code(from)) && stage_code(from) >= STAGE_MQL;
	bool		isnull;

	if (rests)
		stamp(stamps, rules, FIELD_RESTS_UNTIL, TimestampTzGetDatum(later(since, &track->cool_down)), false);
	else
		keep_rest(stamps, rules, old_row, row);
	if (track == NULL)
		return;
	(void) slot_getattr(row, rules->fields[FIELD_NURTURE_TRACK], &isnull);
	if (isnull)
		stamp(stamps, rules, FIELD_NURTURE_TRACK, CStringGetTextDatum(track->track), false);
	(void) slot_getattr(row, rules->fields[FIELD_WAKE_AT], &isnull);
	if (isnull && track->wakes)
	{
		TimestampTz wake = later(since, &track->wake_after);

		if (rests)
			wake = Max(wake, later(since, &track->cool_down));
		stamp(stamps, rules, FIELD_WAKE_AT, TimestampTzGetDatum(wake), false);
	}
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

	if (rules->kind != OBJECT_LEAD)
		return;
	if (is_nurture(to) && !is_nurture(from))
	{
		enter(stamps, rulebook, rules, old_row, new_row, from, since);
		return;
	}
	if (old_row == NULL || !same_column(old_row, new_row, rules->fields[FIELD_RESTS_UNTIL]))
		keep_rest(stamps, rules, old_row, new_row);
	if (is_nurture(to) || !is_nurture(from))
		return;
	for (int i = 0; i < (int) lengthof(left_behind); i++)
	{
		bool		isnull;

		(void) slot_getattr(new_row, rules->fields[left_behind[i]], &isnull);
		if (!isnull && same_column(old_row, new_row, rules->fields[left_behind[i]]))
			stamp(stamps, rules, left_behind[i], (Datum) 0, true);
	}
}

/* No lead is put on a track that is no longer used. */
void
judge_track(Move *move, List **findings)
{
	char	   *name;
	const NurtureTrack *track;
	Finding    *finding;

	if (move->rules->kind != OBJECT_LEAD || !is_nurture(move->to) || is_nurture(move->from) ||
		(name = row_string(move, FIELD_NURTURE_TRACK)) == NULL ||
		(track = rulebook_track(move->rulebook, name)) == NULL || track->active)
		return;
	finding = add_finding(findings, "nurture_track", move->to,
						  psprintf("Leads are no longer put on the track %s.", name),
						  "Set nurture_track to an active track, or leave it to the reason.", false);
	finding->columns = bms_make_singleton(move->rules->fields[FIELD_NURTURE_TRACK]);
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
