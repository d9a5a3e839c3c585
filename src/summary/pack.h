/*
 * pack.h
 *	  One description of a value, three forms: flat, binary and text.
 *
 * A type says once, in order, what it consists of (pack) and reads it in the
 * same order (unpack).  Flat, on disk, and binary, on the wire, a value is a
 * row of numbers in groups of 7 bits, floats and words; binary words are in the
 * client's encoding.  As text it is JSON, in which instants read as ISO 8601 in
 * UTC:
 *
 *		{"steps": ["new", "won"], "events": [["2024-01-01 09:00:00+00", 0]]}
 *
 * Keys stand in the order in which they are packed, and are NULL within lists.
 * All that is read is checked: a wrong value is an error, never a crash.
 */
#ifndef LEADFLOW_PACK_H
#define LEADFLOW_PACK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "compat.h"
#include "summary/words.h"

#define PACK_MAX_DEPTH	8

typedef enum PackForm
{
	PACK_FLAT,
	PACK_BINARY,
	PACK_TEXT
} PackForm;

typedef struct Packer
{
	PackForm	form;
	Size		size;			/* flat: bytes so far */
	char	   *to;				/* flat: where the next comes; NULL: only count */
	StringInfo	buf;			/* binary and text */
	bool		comma;			/* text: a value stands before */
} Packer;

typedef struct Unpacker
{
	PackForm	form;
	const char *type_name;		/* for messages */
	const char *start;
	const char *next;
	const char *end;
	bool		comma;			/* text: a value stands before */
	int			depth;			/* of lists that are open */
	int64		left[PACK_MAX_DEPTH];	/* elements to come; not for text */
	int64		max[PACK_MAX_DEPTH];	/* text: elements that may come */
} Unpacker;

/* Write.  A list is followed by its elements and pack_end, so is a tuple. */
extern void pack_int(Packer *p, const char *key, int64 n);
extern void pack_float(Packer *p, const char *key, double x);
extern void pack_instant(Packer *p, const char *key, TimestampTz at);
extern void pack_word(Packer *p, const char *key, const char *bytes, int32 len);
extern void pack_list(Packer *p, const char *key, int64 n);
extern void pack_tuple(Packer *p);
extern void pack_end(Packer *p);

/* Read.  Numbers must be within bounds, a list at most so long. */
extern int64 unpack_int(Unpacker *u, const char *key, int64 min, int64 max);
extern double unpack_float(Unpacker *u, const char *key);	/* may be NaN */
extern TimestampTz unpack_instant(Unpacker *u, const char *key);	/* finite */
extern Word unpack_word(Unpacker *u, const char *key, int32 max);
extern void unpack_list(Unpacker *u, const char *key, int64 max);
extern bool unpack_more(Unpacker *u);	/* whether the list goes on; else it is closed */
extern void unpack_tuple(Unpacker *u);
extern void unpack_end(Unpacker *u);	/* of a tuple */

/* Refuse what was read: a value that nothing could have made. */
pg_noreturn extern void unpack_refuse(Unpacker *u, const char *detail);

/* Begin and end a whole value. */
extern void pack_open(Packer *p);
extern void pack_close(Packer *p);
extern void unpack_open(Unpacker *u);
extern void unpack_close(Unpacker *u);

#endif							/* LEADFLOW_PACK_H */
