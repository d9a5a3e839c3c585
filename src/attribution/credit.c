/*
 * credit.c
 *	  Who gets how much of a conversion.
 *
 * The touches that can have a part in a conversion are those in the look-back
 * window, (converted_at - lookback, converted_at].  The touch of a milestone is
 * the row itself, if it was a touch, else the last touch at or before it, else
 * the first one; a milestone outside of the window did not happen.
 *
 * Dealing goes by largest remainder: everybody gets the whole units of his
 * share, and those that are left go to the largest fractions, of equal ones to
 * the earliest touch.  3 cents by weights 1:1:2 are 0.75, 0.75 and 1.5: first
 * 0, 0 and 1, and the two cents that are left go to the first two.
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "compat.h"
#include "attribution/credit.h"

/* The heaviest weight of a decay, unless the path is very long. */
#define DECAY_BITS			52

/* Bits that all weights of a path together may take */
#define TOTAL_BITS			62

/* Up to so many touches, looking for the largest beats sorting. */
#define SCAN_UP_TO			64

/* The number of touches at or before an instant. */
static int32
touches_until(const Moment *touch, int32 n, TimestampTz at)
{
	int32		low = 0;

	while (low < n)
	{
		int32		middle = low + (n - low) / 2;

		if (touch[middle].at <= at)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

void
journeys_begin(Journeys *walk, const TouchPath *path, int64 lookback)
{
	const Moments *events = &path->events;
	Moment	   *touch = NULL;
	int32		n = 0;

	memset(walk, 0, sizeof(Journeys));
	walk->path = path;
	walk->lookback = lookback;
	walk->lead.at = walk->opportunity.at = DT_NOBEGIN;
	walk->touch = events->moment;
	if (path->conversions == 0)
		return;
	/* only what comes after a row that is no touch has another place */
	for (int32 i = 0; i < events->n; i++)
	{
		if (events->moment[i].word == WORD_NONE)
		{
			if (touch == NULL)
			{
				touch = palloc(events->n * sizeof(Moment));
				memcpy(touch, events->moment, i * sizeof(Moment));
			}
		}
		else
		{
			if (touch != NULL)
				touch[n] = events->moment[i];
			n++;
		}
	}
	if (touch != NULL)
		walk->touch = touch;
}

/* Take in what happened up to an instant. */
static void
walk_to(Journeys *walk, TimestampTz at)
{
	const Moments *events = &walk->path->events;

	for (; walk->seen < events->n && events->moment[walk->seen].at <= at; walk->seen++)
	{
		const Moment *moment = &events->moment[walk->seen];
		Milestone	milestone = {moment->at, NO_TOUCH};

		if (moment->word != WORD_NONE)
			milestone.touch = walk->to++;
		if (moment->mark & MARK_LEAD)
			walk->lead = milestone;
		if (moment->mark & MARK_OPPORTUNITY)
			walk->opportunity = milestone;
	}
}

/* The touch of a milestone among those of a journey that began after since. */
static int32
touch_of(const Milestone *milestone, const Journeys *walk, TimestampTz since)
{
	int32		touch = milestone->touch;

	if (milestone->at <= since)
		return NO_TOUCH;
	if (touch == NO_TOUCH)
		touch = touches_until(walk->touch, walk->to, milestone->at) - 1;
	return Max(touch - walk->from, 0);
}

bool
journeys_next(Journeys *walk, Journey *journey)
{
	TimestampTz since = DT_NOBEGIN;

	if (walk->conversion == walk->path->conversions)
		return false;
	CHECK_FOR_INTERRUPTS();
	journey->conversion = &walk->path->conversion[walk->conversion++];
	walk_to(walk, journey->conversion->at);
	if (walk->lookback != NO_LOOKBACK &&
		pg_sub_s64_overflow(journey->conversion->at, walk->lookback, &since))
		since = DT_NOBEGIN;
	while (walk->from < walk->to && walk->touch[walk->from].at <= since)
		walk->from++;
	journey->n = walk->to - walk->from;
	journey->touch = journey->n > 0 ? &walk->touch[walk->from] : NULL;
	journey->lead = touch_of(&walk->lead, walk, since);
	journey->opportunity = touch_of(&walk->opportunity, walk, since);
	return true;
}

void
deal_make_room(Deal *deal, int32 n)
{
	if (n <= deal->room)
		return;
	deal->room = Max(n, Max(8, 2 * Min(deal->room, MOMENTS_MAX / 2)));
	deal->weight = palloc(deal->room * sizeof(int64));
	deal->part = palloc(deal->room * sizeof(int64));
	deal->rest = palloc(deal->room * sizeof(int64));
}

/* Whether a model passes over a touch. */
static bool
is_skipped(const Model *model, Word channel)
{
	for (int32 i = 0; i < model->skips; i++)
	{
		if (word_equals(model->skipped[i], channel))
			return true;
	}
	return false;
}

/* The first or last touch that is not skipped; if all are, the first or last. */
static int32
pick_touch(const Model *model, const Journey *journey, const WordTable *words)
{
	bool		first = model->kind == MODEL_SKIP_FIRST;

	for (int32 i = 0; i < journey->n; i++)
	{
		int32		touch = first ? i : journey->n - 1 - i;

		CHECK_FOR_INTERRUPTS();
		if (!is_skipped(model, words_word(words, journey->touch[touch].word)))
			return touch;
	}
	return first ? 0 : journey->n - 1;
}

/* Some touches have a weight of their own, and the rest shares one. */
static void
weigh_roles(int64 *weight, const Model *model, const Journey *journey)
{
	int32		touch[ROLE_REST];
	int64		rest = journey->n;

	touch[ROLE_FIRST] = 0;
	touch[ROLE_LEAD] = journey->lead;
	touch[ROLE_OPPORTUNITY] = journey->opportunity;
	touch[ROLE_LAST] = journey->n - 1;
	for (int32 i = 0; i < journey->n; i++)
		weight[i] = model->role[ROLE_REST];
	for (int role = 0; role < ROLE_REST; role++)
	{
		bool		taken = false;

		if (model->role[role] == NO_ROLE)
			touch[role] = NO_TOUCH;
		if (touch[role] == NO_TOUCH)
			continue;
		for (int other = 0; other < role; other++)
			taken |= touch[other] == touch[role];
		if (!taken)
			rest--;
		weight[touch[role]] = 0;
	}
	/* each of the rest weighs what all of them share, so the others weigh more */
	for (int role = 0; role < ROLE_REST; role++)
	{
		if (touch[role] != NO_TOUCH)
			weight[touch[role]] += model->role[role] * Max(rest, 1);
	}
}

/* Half as much with every half-life; the last touch has the full weight. */
static void
weigh_decay(int64 *weight, const Model *model, const Journey *journey)
{
	TimestampTz last = journey->touch[journey->n - 1].at;
	int			bits = TOTAL_BITS - 1 - pg_leftmost_one_pos32(journey->n);

	bits = Min(bits, DECAY_BITS);
	for (int32 i = 0; i < journey->n; i++)
	{
		/* the longest difference takes 64 bits */
		uint64		age = (uint64) last - (uint64) journey->touch[i].at;

		weight[i] = (int64) rint(exp2(bits - (double) age / model->half_life));
	}
}

/* By place from the first or the last touch; beyond the list there is nothing. */
static void
weigh_places(int64 *weight, const Model *model, const Journey *journey)
{
	for (int32 i = 0; i < journey->n; i++)
	{
		int32		place = model->kind == MODEL_FROM_FIRST ? i : journey->n - 1 - i;

		weight[i] = place < model->weights ? model->weight[place] : 0;
	}
}

void
deal_weigh(Deal *deal, const Model *model, const Journey *journey, const WordTable *words)
{
	int64	   *weight = deal->weight;
	int32		n = journey->n;

	CHECK_FOR_INTERRUPTS();
	deal->only = n == 1 ? 0 : NO_TOUCH;
	if (n == 1)
		return;
	switch (model->kind)
	{
		case MODEL_SKIP_FIRST:
		case MODEL_SKIP_LAST:
			deal->only = pick_touch(model, journey, words);
			return;
		case MODEL_LINEAR:
			for (int32 i = 0; i < n; i++)
				weight[i] = 1;
			break;
		case MODEL_ROLES:
			weigh_roles(weight, model, journey);
			break;
		case MODEL_DECAY:
			weigh_decay(weight, model, journey);
			break;
		case MODEL_FROM_FIRST:
		case MODEL_FROM_LAST:
			weigh_places(weight, model, journey);
			break;
	}
	deal->total = 0;
	for (int32 i = 0; i < n; i++)
		deal->total += weight[i];
	if (deal->total == 0)
	{
		/* the model says nothing of such a path: all are alike */
		for (int32 i = 0; i < n; i++)
			weight[i] = 1;
		deal->total = n;
	}
}

static int
compare_rests(const void *a, const void *b, void *arg)
{
	const int64 *rest = arg;
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	CHECK_FOR_INTERRUPTS();
	if (rest[x] != rest[y])
		return rest[x] > rest[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Give the units that are left to the largest fractions. */
static void
deal_rests(Deal *deal, int32 n, int64 left)
{
	int32	   *order;

	Assert(left < n);
	if (n <= SCAN_UP_TO)
	{
		for (; left > 0; left--)
		{
			int32		largest = 0;

			for (int32 i = 1; i < n; i++)
			{
				if (deal->rest[i] > deal->rest[largest])
					largest = i;
			}
			deal->part[largest]++;
			deal->rest[largest] = -1;
		}
		return;
	}
	order = palloc(n * sizeof(int32));
	for (int32 i = 0; i < n; i++)
		order[i] = i;
	qsort_arg(order, n, sizeof(int32), compare_rests, deal->rest);
	for (int32 i = 0; i < left; i++)
		deal->part[order[i]]++;
	pfree(order);
}

void
deal_out(Deal *deal, int32 n, int64 amount)
{
	bool		negative = amount < 0;
	int64		left = negative ? -amount : amount;
	uint64		whole = (uint64) left;
	uint64		total = (uint64) deal->total;

	CHECK_FOR_INTERRUPTS();
	if (deal->only != NO_TOUCH)
	{
		memset(deal->part, 0, n * sizeof(int64));
		deal->part[deal->only] = amount;
		return;
	}
	for (int32 i = 0; i < n; i++)
	{
		uint64		weight = (uint64) deal->weight[i];
		int64		product;

		/* many weigh the same as the one before, and dividing is dear */
		if (i > 0 && deal->weight[i] == deal->weight[i - 1])
		{
			deal->part[i] = deal->part[i - 1];
			deal->rest[i] = deal->rest[i - 1];
		}
		else if (weight == 0)
			deal->part[i] = deal->rest[i] = 0;
		else if (!pg_mul_s64_overflow((int64) whole, (int64) weight, &product))
		{
			deal->part[i] = (int64) ((uint64) product / total);
			deal->rest[i] = (int64) ((uint64) product % total);
		}
		else
		{
			deal->part[i] = (int64) ((uint128) whole * weight / total);
			deal->rest[i] = (int64) ((uint128) whole * weight % total);
		}
		left -= deal->part[i];
	}
	if (left > 0)
		deal_rests(deal, n, left);
	for (int32 i = 0; negative && i < n; i++)
		deal->part[i] = -deal->part[i];
}

int32
amount_in_units(const Conversion *conversion, int32 digits, int64 *units)
{
	*units = conversion->amount;
	for (int32 i = conversion->scale; i < digits; i++)
	{
		if (pg_mul_s64_overflow(*units, 10, units))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount of a conversion has too many digits to split it in units of %d decimals",
							digits)));
	}
	return Max(conversion->scale, digits);
}

void
check_digits(int32 digits)
{
	if (digits < 0 || digits > CREDIT_MAX_DIGITS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("money can be split in units of 0 to %d decimals", CREDIT_MAX_DIGITS)));
}
