/*
 * state.c
 *	  What a lead can be in: a stage, or whatever a text says.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "timeline/state.h"

Word
state_name(bool staged, Word word)
{
	Word		name;
	Stage	   *stage;

	if (!staged)
		return word;
	stage = stage_make(*(const uint8 *) word.bytes, word.bytes + 1, word.len - 1);
	name.bytes = stage_to_cstring(stage);
	name.len = (int32) strlen(name.bytes);
	pfree(stage);
	return name;
}

text *
state_text(bool staged, Word word)
{
	Word		name = state_name(staged, word);

	return cstring_to_text_with_len(name.bytes, name.len);
}

/* Is this the name of the stage?  Asked of every word, so nothing is made. */
static bool
stage_has_name(Word word, Word name)
{
	const char *base = stage_spine_name(*(const uint8 *) word.bytes);
	int32		len = (int32) strlen(base);

	if (name.len < len || memcmp(name.bytes, base, len) != 0)
		return false;
	if (word.len == 1)
		return name.len == len;
	/* the label follows the code in the word, and a dot in the name */
	return name.len == len + word.len && name.bytes[len] == '.' &&
		memcmp(name.bytes + len + 1, word.bytes + 1, word.len - 1) == 0;
}

int32
state_find(bool staged, const WordTable *words, const text *name)
{
	Word		wanted = word_of_text(name);

	if (!staged)
		return words_find(words, wanted, word_hash(wanted));
	for (int32 i = 0; i < words->n; i++)
	{
		if (stage_has_name(words_word(words, i), wanted))
			return i;
	}
	return WORD_NONE;
}

void
state_pack(Packer *p, bool staged, Word word)
{
	Word		name = p->form == PACK_FLAT ? word : state_name(staged, word);

	pack_word(p, NULL, name.bytes, name.len);
}

/* The word of the stage that was written by its name. */
static Word
stage_of_name(Unpacker *u, Word name)
{
	Stage	   *stage = stage_parse(pnstrdup(name.bytes, name.len));
	char	   *canonical = stage_to_cstring(stage);

	if (!word_is(name, canonical))
		unpack_refuse(u, psprintf("Stage \"%s\" is not written as it should be.", canonical));
	return word_of_stage(stage);
}

/* The word of a state that was read: bytes of a flat form, else a name. */
static Word
check_state(Unpacker *u, bool staged, Word read)
{
	if (!staged)
		return read;
	if (u->form != PACK_FLAT)
		return stage_of_name(u, read);
	if (read.len < 1 || read.len > STAGE_MAX_PAYLOAD)
		unpack_refuse(u, "A stage has a wrong length.");
	return read;
}

Word
state_unpack(Unpacker *u, bool staged)
{
	return check_state(u, staged, unpack_word(u, NULL, MOMENTS_MAX_WORD));
}

void
state_moments_pack(Packer *p, bool staged, const Moments *moments)
{
	Moments		named = *moments;

	if (staged && p->form != PACK_FLAT && moments->n > 0)
	{
		named.words = moments_make_words(CurrentMemoryContext);
		for (int32 i = 0; i < moments->words->n; i++)
			moments_word(named.words, state_name(true, words_word(moments->words, i)));
	}
	moments_pack(p, &named);
}

void
state_moments_unpack(Unpacker *u, bool staged, Moments *moments, Summary *owner)
{
	const WordTable *read;

	moments_unpack(u, moments, owner, 0);
	for (int32 i = 0; i < moments->n; i++)
	{
		if (moments->moment[i].word == WORD_NONE)
			unpack_refuse(u, "A moment has no state.");
	}
	if (!staged)
		return;
	read = moments->words;
	if (u->form != PACK_FLAT)
		moments->words = moments_make_words(summary_context(owner));
	for (int32 i = 0; i < read->n; i++)
	{
		Word		word = check_state(u, true, words_word(read, i));

		if (u->form != PACK_FLAT)
			moments_word(moments->words, word);
	}
}

void
state_check_kind(bool staged, bool other_staged)
{
	if (staged != other_staged)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot mix states that are stages with states that are texts"),
				 errhint("Use stage_timeline_agg for all of them, or timeline_agg with stage::text.")));
}
