/*
 * state.h
 *	  What a lead can be in: a stage, or whatever a text says.
 *
 * Within summaries a state is a word.  That of a stage is the bytes of its
 * value, so that the order of bytes is the order of stages; flat forms keep
 * them.  Everybody else sees names.
 */
#ifndef LEADFLOW_STATE_H
#define LEADFLOW_STATE_H

#include "postgres.h"

#include "stage/stage.h"
#include "summary/moments.h"
#include "summary/pack.h"
#include "summary/words.h"

/* The word of a stage lies in the stage. */
static inline Word
word_of_stage(const Stage *stage)
{
	Word		word = {VARDATA_ANY(stage), (int32) VARSIZE_ANY_EXHDR(stage)};

	return word;
}

/* The name of a state; that of a stage is palloc'd. */
extern Word state_name(bool staged, Word word);
extern text *state_text(bool staged, Word word);

/* The number of the state of that name, or WORD_NONE. */
extern int32 state_find(bool staged, const WordTable *words, const text *name);

/* Write and read the word of a state, as bytes or name according to the form. */
extern void state_pack(Packer *p, bool staged, Word word);
extern Word state_unpack(Unpacker *u, bool staged);

/* The same for moments. */
extern void state_moments_pack(Packer *p, bool staged, const Moments *moments);
extern void state_moments_unpack(Unpacker *u, bool staged, Moments *moments,
								 Summary *owner);

/* Stages and texts cannot be mixed. */
extern void state_check_kind(bool staged, bool other_staged);

#endif							/* LEADFLOW_STATE_H */
