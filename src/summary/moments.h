/*
 * moments.h
 *	  What happened when: the events of one lead as its summaries keep them.
 *
 * Moments are appended in any order and sorted when somebody asks: by instant,
 * then by the number that breaks ties, then by word, then by mark.  Words are
 * numbers of a table that many summaries can share.
 */
#ifndef LEADFLOW_MOMENTS_H
#define LEADFLOW_MOMENTS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "summary/pack.h"
#include "summary/summary.h"
#include "summary/words.h"

#define MOMENTS_MAX_WORD	1024	/* bytes of a word */
#define MOMENTS_MAX			40000000	/* of one summary: 24 bytes each */

/* Words that a call site keeps, as they outlive the groups that they came from. */
#define MOMENTS_SHARED_WORDS	65536

typedef struct Moment
{
	TimestampTz at;
	int64		tie;
	int32		word;			/* or WORD_NONE */
	int32		mark;			/* what the type makes of it */
} Moment;

typedef struct Moments
{
	Moment	   *moment;
	int32		n;
	int32		room;
	bool		sorted;
	WordTable  *words;
} Moments;

/* Order of words of equal instant and tie; NULL: by their bytes. */
typedef int (*WordOrder) (const WordKey *a, const WordKey *b);

/* An empty table of words; it and its words are in that context. */
extern WordTable *moments_make_words(MemoryContext context);

/*
 * The table of words for a new state: that which all states of a call site
 * share, or where that is full one of its own.
 */
extern WordTable *moments_site_words(FunctionCallInfo fcinfo, Summary *owner);

/* The number of a word, which is added if it is new. */
extern int32 moments_word(WordTable *words, Word word);

/* Room for one more; the summary tells where memory comes from. */
extern void moments_add_room(Moments *moments, Summary *owner);

/* Append the moments of another summary, whose words may have other numbers. */
extern void moments_merge(Moments *into, Summary *owner, const Moments *from);

/* Put into order. */
extern void moments_sort(Moments *moments, WordOrder order);

/*
 * The words that are used, in the order of their bytes, and the moments, which
 * must be sorted: [instant, word, tie, mark].  A word is its place among the
 * words, from 0; WORD_NONE stays as it is.  Marks are from 0 to max_mark.
 */
extern void moments_pack(Packer *p, const Moments *moments);
extern void moments_unpack(Unpacker *u, Moments *moments, Summary *owner,
						   int32 max_mark);

/* An instant that may stand in a summary. */
extern void moments_check_instant(TimestampTz at);

static inline void
moments_add(Moments *moments, Summary *owner, TimestampTz at, int64 tie,
			int32 word, int32 mark)
{
	Moment	   *moment;

	if (unlikely(moments->n == moments->room))
		moments_add_room(moments, owner);
	moment = &moments->moment[moments->n++];
	moment->at = at;
	moment->tie = tie;
	moment->word = word;
	moment->mark = mark;
	moments->sorted = false;
}

#endif							/* LEADFLOW_MOMENTS_H */
