/*
 * stamp.c
 *	  Put into a row what the guard keeps.
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "compat.h"
#include "guard/stamp.h"

void
stamp(Stamps *stamps, ObjectRules *rules, Field field, Datum value, bool isnull)
{
	stamps->columns[stamps->n] = rules->fields[field];
	stamps->values[stamps->n] = value;
	stamps->nulls[stamps->n++] = isnull;
}

/*
 * Where a column's value lies in a tuple, if it can be replaced by the new
 * value without moving any other; else NULL.
 */
static char *
replaceable(HeapTuple tuple, TupleDesc desc, AttrNumber attnum, Datum value, bool isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);

	if (isnull || heap_attisnull(tuple, attnum, desc))
		return NULL;
	if (attribute->attbyval)
	{
		/* a fixed place: after columns of fixed width that are not null */
		int			offset = compat_attcacheoff(desc, attnum - 1);

		if (attribute->attlen != sizeof(int64) || offset < 0)
			return NULL;
		for (int i = 1; i < attnum; i++)
		{
			if (heap_attisnull(tuple, i, desc))
				return NULL;
		}
		return (char *) tuple->t_data + tuple->t_data->t_hoff + offset;
	}
	else
	{
		bool		old_isnull;
		struct varlena *old = (struct varlena *)
			DatumGetPointer(heap_getattr(tuple, attnum, desc, &old_isnull));
		struct varlena *new = (struct varlena *) DatumGetPointer(value);

		if (!VARATT_IS_SHORT(old) || !VARATT_IS_SHORT(new) || VARATT_IS_EXTERNAL(old) ||
			VARSIZE_SHORT(old) != VARSIZE_SHORT(new))
			return NULL;
		return (char *) old;
	}
}

/*
 * Apply the stamps to an updated row; *row becomes a slot with the result.
 *
 * Nearly always they replace values of the same width.  Then they are written
 * into the tuple that the executor has made for this update, which spares it
 * from taking the tuple apart and building it anew.
 */
HeapTuple
stamp_updated_row(TriggerData *trigger, Stamps *stamps, TupleTableSlot **row)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	HeapTuple	tuple = trigger->tg_newtuple;
	TupleTableSlot *slot = trigger->tg_newslot;
	char	   *places[FIELDS];
	bool		in_place = (TTS_IS_HEAPTUPLE(slot) || TTS_IS_BUFFERTUPLE(slot)) &&
		TTS_SHOULDFREE(slot) && ((HeapTupleTableSlot *) slot)->tuple == tuple;

	for (int i = 0; i < stamps->n && in_place; i++)
	{
		places[i] = replaceable(tuple, desc, stamps->columns[i], stamps->values[i], stamps->nulls[i]);
		in_place = (places[i] != NULL);
	}

	if (!in_place)
	{
		tuple = heap_modify_tuple_by_cols(tuple, desc, stamps->n, stamps->columns,
										  stamps->values, stamps->nulls);
		*row = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
		ExecStoreHeapTuple(tuple, *row, false);
		return tuple;
	}

	for (int i = 0; i < stamps->n; i++)
	{
		int			column = stamps->columns[i] - 1;

		if (TupleDescAttr(desc, column)->attbyval)
		{
			int64		value = DatumGetInt64(stamps->values[i]);

			memcpy(places[i], &value, sizeof(value));
			/* the slot may have taken the old value out already */
			slot->tts_values[column] = stamps->values[i];
		}
		else
			memcpy(places[i], DatumGetPointer(stamps->values[i]),
				   VARSIZE_SHORT(DatumGetPointer(stamps->values[i])));
	}
	*row = slot;
	return tuple;
}
