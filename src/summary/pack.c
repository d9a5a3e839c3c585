/*
 * pack.c
 *	  Writing and reading a value in its flat, binary and text form.
 *
 * A whole number is written in groups of 7 bits, the lowest first, with the
 * high bit set on all but the last, after folding the sign into the lowest bit.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "leadflow.h"
#include "summary/pack.h"

/* Write raw bytes, or only count them. */
static void
put_bytes(Packer *p, const void *bytes, Size len)
{
	if (p->form == PACK_BINARY)
		appendBinaryStringInfo(p->buf, bytes, (int) len);
	else
	{
		if (p->to != NULL)
		{
			memcpy(p->to, bytes, len);
			p->to += len;
		}
		p->size += len;
	}
}

static void
put_number(Packer *p, uint64 n)
{
	char		bytes[10];
	int			len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (char) ((n & 0x7f) | 0x80);
	bytes[len++] = (char) n;
	put_bytes(p, bytes, len);
}

/* What stands before a value in a text. */
static void
put_key(Packer *p, const char *key)
{
	if (p->comma)
		appendStringInfoString(p->buf, ", ");
	p->comma = true;
	if (key != NULL)
		appendStringInfo(p->buf, "\"%s\": ", key);
}

void
pack_int(Packer *p, const char *key, int64 n)
{
	if (p->form == PACK_TEXT)
	{
		put_key(p, key);
		appendStringInfo(p->buf, INT64_FORMAT, n);
	}
	else
		put_number(p, ((uint64) n << 1) ^ (uint64) (n >> 63));
}

void
pack_float(Packer *p, const char *key, double x)
{
	uint64		bits;

	if (p->form == PACK_TEXT)
	{
		char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

		put_key(p, key);
		if (isnan(x) || isinf(x))
			appendStringInfo(p->buf, "\"%s\"", isnan(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity");
		else
		{
			double_to_shortest_decimal_buf(x, digits);
			appendStringInfoString(p->buf, digits);
		}
		return;
	}
	memcpy(&bits, &x, sizeof(bits));
	bits = pg_hton64(bits);
	put_bytes(p, &bits, sizeof(bits));
}

void
pack_instant(Packer *p, const char *key, TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;
	char		iso[MAXDATELEN + 1];

	if (p->form != PACK_TEXT)
	{
		pack_int(p, key, at);
		return;
	}
	if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "instant out of range");
	tm.tm_isdst = 0;
	EncodeDateTime(&tm, fsec, true, 0, NULL, USE_ISO_DATES, iso);
	put_key(p, key);
	appendStringInfo(p->buf, "\"%s\"", iso);
}

void
pack_word(Packer *p, const char *key, const char *bytes, int32 len)
{
	if (p->form == PACK_TEXT)
	{
		char	   *word = pnstrdup(bytes, len);

		put_key(p, key);
		escape_json(p->buf, word);
		pfree(word);
	}
	else if (p->form == PACK_BINARY)
	{
		char	   *client = pg_server_to_client(bytes, len);
		int32		client_len = client == bytes ? len : (int32) strlen(client);

		put_number(p, client_len);
		put_bytes(p, client, client_len);
		if (client != bytes)
			pfree(client);
	}
	else
	{
		put_number(p, len);
		put_bytes(p, bytes, len);
	}
}

void
pack_list(Packer *p, const char *key, int64 n)
{
	if (p->form == PACK_TEXT)
	{
		put_key(p, key);
		appendStringInfoChar(p->buf, '[');
		p->comma = false;
	}
	else
		put_number(p, n);
}

void
pack_tuple(Packer *p)
{
	if (p->form == PACK_TEXT)
	{
		put_key(p, NULL);
		appendStringInfoChar(p->buf, '[');
		p->comma = false;
	}
}

void
pack_end(Packer *p)
{
	if (p->form == PACK_TEXT)
	{
		appendStringInfoChar(p->buf, ']');
		p->comma = true;
	}
}

void
pack_open(Packer *p)
{
	if (p->form == PACK_TEXT)
		appendStringInfoChar(p->buf, '{');
	p->comma = false;
}

void
pack_close(Packer *p)
{
	if (p->form == PACK_TEXT)
		appendStringInfoChar(p->buf, '}');
}

void
unpack_refuse(Unpacker *u, const char *detail)
{
	if (u->form == PACK_TEXT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						u->type_name, excerpt(u->start, strlen(u->start))),
				 errdetail("%s", detail)));
	else if (u->form == PACK_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", u->type_name),
				 errdetail("%s", detail)));
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("damaged value of type %s", u->type_name),
				 errdetail("%s", detail)));
	pg_unreachable();
}

static void
skip_space(Unpacker *u)
{
	while (*u->next == ' ' || (*u->next >= '\t' && *u->next <= '\r'))
		u->next++;
}

/* Take a character of a text. */
static void
expect(Unpacker *u, char c)
{
	skip_space(u);
	if (*u->next != c)
		unpack_refuse(u, *u->next == '\0' ?
					  psprintf("Expected \"%c\" at the end.", c) :
					  psprintf("Expected \"%c\" before \"%.*s\".", c,
							   pg_mbcliplen(u->next, strlen(u->next), 20), u->next));
	u->next++;
}

/* Read what stands before a value in a text. */
static void
expect_key(Unpacker *u, const char *key)
{
	if (u->comma)
		expect(u, ',');
	u->comma = true;
	if (key != NULL)
	{
		Size		len = strlen(key);

		expect(u, '"');
		if (strncmp(u->next, key, len) != 0 || u->next[len] != '"')
			unpack_refuse(u, psprintf("Expected key \"%s\".", key));
		u->next += len + 1;
		expect(u, ':');
	}
	skip_space(u);
}

static const char *
get_bytes(Unpacker *u, Size len)
{
	const char *bytes = u->next;

	if ((Size) (u->end - u->next) < len)
		unpack_refuse(u, "It ends too early.");
	u->next += len;
	return bytes;
}

static uint64
get_number(Unpacker *u)
{
	uint64		n = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		byte = (uint8) *get_bytes(u, 1);

		if (shift == 63 && byte > 1)
			break;
		n |= (uint64) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return n;
	}
	unpack_refuse(u, "A number is too long.");
}

int64
unpack_int(Unpacker *u, const char *key, int64 min, int64 max)
{
	int64		n;

	if (u->form == PACK_TEXT)
	{
		char	   *end;

		expect_key(u, key);
		errno = 0;
		n = strtoll(u->next, &end, 10);
		if (end == u->next || errno != 0 || isspace((unsigned char) *u->next) || *u->next == '+')
			unpack_refuse(u, "Expected a whole number.");
		u->next = end;
	}
	else
	{
		uint64		folded = get_number(u);

		n = (int64) (folded >> 1) ^ -(int64) (folded & 1);
	}
	if (n < min || n > max)
		unpack_refuse(u, psprintf("Number " INT64_FORMAT " is not between " INT64_FORMAT " and " INT64_FORMAT ".",
								  n, min, max));
	return n;
}

double
unpack_float(Unpacker *u, const char *key)
{
	uint64		bits;
	double		x;

	if (u->form == PACK_TEXT)
	{
		bool		quoted;
		char	   *end;

		expect_key(u, key);
		quoted = *u->next == '"';
		if (quoted)
			u->next++;
		errno = 0;
		x = strtod(u->next, &end);
		if (end == u->next || isspace((unsigned char) *u->next) ||
			(errno == ERANGE && isinf(x)) || quoted == (bool) isfinite(x))
			unpack_refuse(u, "Expected a number.");
		u->next = end;
		if (quoted)
			expect(u, '"');
		return x;
	}
	memcpy(&bits, get_bytes(u, sizeof(bits)), sizeof(bits));
	bits = pg_ntoh64(bits);
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* Is an instant written so that it is the same in every session, and always? */
static bool
is_fixed_instant(const char *iso)
{
	Size		year = strspn(iso, "0123456789");

	return year >= 4 && iso[year] == '-' && strchr(iso, '+') != NULL &&
		iso[strspn(iso, "0123456789-:.+ BC")] == '\0';
}

TimestampTz
unpack_instant(Unpacker *u, const char *key)
{
	TimestampTz at;

	if (u->form == PACK_TEXT)
	{
		char		iso[MAXDATELEN + 1];
		Size		len = 0;

		expect_key(u, key);
		expect(u, '"');
		while (u->next[len] != '"' && u->next[len] != '\0' && len < MAXDATELEN)
			len++;
		memcpy(iso, u->next, len);
		iso[len] = '\0';
		u->next += len;
		expect(u, '"');
		if (!is_fixed_instant(iso))
			unpack_refuse(u, "Expected an instant such as \"2026-01-05 09:00:00+00\".");
		at = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(iso),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1)));
	}
	else
		at = unpack_int(u, key, PG_INT64_MIN, PG_INT64_MAX);
	if (TIMESTAMP_NOT_FINITE(at) || !IS_VALID_TIMESTAMP(at))
		unpack_refuse(u, "An instant is not finite, or out of range.");
	return at;
}

/* The character that an escape of a JSON string stands for. */
static void
unescape(Unpacker *u, StringInfo word)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *escape = *u->next == '\0' ? NULL : strchr(from, *u->next);
	unsigned int code = 0;
	unsigned char utf8[8];

	if (escape != NULL)
	{
		appendStringInfoChar(word, to[escape - from]);
		u->next++;
		return;
	}
	if (*u->next != 'u')
		unpack_refuse(u, "A word has an unknown escape.");
	u->next++;
	for (int i = 0; i < 4; i++, u->next++)
	{
		if (!isxdigit((unsigned char) *u->next))
			unpack_refuse(u, "A word has an unknown escape.");
		code = code * 16 + (isdigit((unsigned char) *u->next) ? *u->next - '0' :
							tolower((unsigned char) *u->next) - 'a' + 10);
	}
	if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
		unpack_refuse(u, "A word has an unknown escape.");
	pg_unicode_to_server(code, utf8);
	appendStringInfoString(word, (char *) utf8);
}

/* A word of a text, which lies between quotes. */
static Word
read_quoted(Unpacker *u)
{
	StringInfoData buf;
	Word		word;

	initStringInfo(&buf);
	expect(u, '"');
	while (*u->next != '"')
	{
		if (*u->next == '\0')
			unpack_refuse(u, "A word does not end.");
		if (*u->next == '\\')
		{
			u->next++;
			unescape(u, &buf);
		}
		else
			appendStringInfoChar(&buf, *u->next++);
	}
	u->next++;
	word.bytes = buf.data;
	word.len = buf.len;
	return word;
}

Word
unpack_word(Unpacker *u, const char *key, int32 max)
{
	Word		word;

	if (u->form == PACK_TEXT)
	{
		expect_key(u, key);
		word = read_quoted(u);
	}
	else
	{
		uint64		len = get_number(u);

		if (len > (uint64) (u->end - u->next))
			unpack_refuse(u, "It ends too early.");
		word.len = (int32) len;
		word.bytes = get_bytes(u, len);
		if (u->form == PACK_BINARY)
		{
			const char *server = pg_client_to_server(word.bytes, word.len);

			if (server != word.bytes)
			{
				word.bytes = server;
				word.len = (int32) strlen(server);
			}
			else if (memchr(word.bytes, '\0', word.len) != NULL)
				unpack_refuse(u, "A word has a zero byte.");
		}
	}
	if (word.len > max)
		unpack_refuse(u, psprintf("A word has %d bytes; at most %d are allowed.", word.len, max));
	return word;
}

void
unpack_list(Unpacker *u, const char *key, int64 max)
{
	uint64		n = 0;

	if (u->depth >= PACK_MAX_DEPTH)
		elog(ERROR, "lists are too deep");
	if (u->form == PACK_TEXT)
	{
		expect_key(u, key);
		expect(u, '[');
		u->comma = false;
	}
	else
	{
		n = get_number(u);
		/* every element takes a byte at least */
		if (n > (uint64) max || n > (uint64) (u->end - u->next))
			unpack_refuse(u, "A list is too long.");
	}
	u->left[u->depth] = (int64) n;
	u->max[u->depth] = max;
	u->depth++;
}

bool
unpack_more(Unpacker *u)
{
	int64	   *left = &u->left[u->depth - 1];

	CHECK_FOR_INTERRUPTS();
	if (u->form == PACK_TEXT)
	{
		skip_space(u);
		if (*u->next == ']')
		{
			u->next++;
			u->comma = true;
			u->depth--;
			return false;
		}
		if (++*left > u->max[u->depth - 1])
			unpack_refuse(u, "A list is too long.");
		return true;
	}
	if (*left == 0)
	{
		u->depth--;
		return false;
	}
	(*left)--;
	return true;
}

void
unpack_tuple(Unpacker *u)
{
	if (u->form == PACK_TEXT)
	{
		expect_key(u, NULL);
		expect(u, '[');
		u->comma = false;
	}
}

void
unpack_end(Unpacker *u)
{
	if (u->form == PACK_TEXT)
	{
		expect(u, ']');
		u->comma = true;
	}
}

void
unpack_open(Unpacker *u)
{
	u->start = u->next;
	u->comma = false;
	u->depth = 0;
	if (u->form == PACK_TEXT)
		expect(u, '{');
}

void
unpack_close(Unpacker *u)
{
	if (u->form == PACK_TEXT)
	{
		expect(u, '}');
		skip_space(u);
	}
	if (u->next != u->end)
		unpack_refuse(u, "Something follows the end.");
}
