/*
 * identity.c
 *	  The forms in which addresses, numbers and names are compared.
 *
 * Every encoding of a server keeps ASCII bytes for ASCII characters, so that
 * bytes can be looked at one by one; other letters are taken as they are.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include "compat.h"

/* A stretch of text. */
typedef struct Span
{
	const char *start;
	int			length;
} Span;

#define NAME_MAX_LENGTH	10000	/* bytes of a name that are compared */

#define PHONE_DIGITS	9		/* that many, from the end, are compared */
#define PHONE_SHORTEST	7
#define PHONE_LONGEST	15		/* ITU-T E.164 */

/*
 * Legal forms at the end of a name, as they are without dots and blanks. UTF-8:
 * in another encoding those with other letters are not found.
 */
static const char *const trailing_forms[] = {
	"ab", "ag", "aps", "as", "bhd", "bv", "co", "company", "corp", "corporation",
	"doo", "eirl", "ek", "gbr", "gmbh", "inc", "incorporated", "kft", "kg",
	"kgaa", "kk", "limited", "llc", "llp", "ltd", "ltda", "mbh", "nv", "ohg",
	"ood", "oy", "oyj", "o\xc3\xbc", "plc", "private", "psa", "pte", "pty", "pvt",
	"sa", "sadecv", "sarl", "sas", "sasu", "sc", "sdn", "se", "ska", "sl", "slu",
	"snc", "spa", "spj", "spk", "spol", "spzoo", "srl", "sro", "ug", "zrt",
	"haftungsbeschr\xc3\xa4nkt",
	"spolkaakcyjna", "sp\xc3\xb3\xc5\x82kaakcyjna",
	"spolkazoo", "sp\xc3\xb3\xc5\x82kazoo",
	"spolkazograniczonaodpowiedzialnoscia",
	"sp\xc3\xb3\xc5\x82kazograniczon\xc4\x85odpowiedzialno\xc5\x9b" "ci\xc4\x85",
	"\xd0\xbe\xd0\xbe\xd0\xbe", "\xd0\xbe\xd0\xb0\xd0\xbe", "\xd0\xb7\xd0\xb0\xd0\xbe",
	"\xd0\xbf\xd0\xb0\xd0\xbe", "\xd0\xb0\xd0\xbe"	/* OOO, OAO, ZAO, PAO, AO in Cyrillic */
};

static const char *const leading_forms[] = {
	"ooo", "oao", "zao", "pao", "pt", "uab",
	"\xd0\xbe\xd0\xbe\xd0\xbe", "\xd0\xbe\xd0\xb0\xd0\xbe", "\xd0\xb7\xd0\xb0\xd0\xbe",
	"\xd0\xbf\xd0\xb0\xd0\xbe", "\xd0\xb0\xd0\xbe", "\xd0\xb8\xd0\xbf",
	"\xd1\x82\xd0\xbe\xd0\xbe", "\xd1\x82\xd0\xbe\xd0\xb2"	/* and IP, TOO, TOV */
};

/* Chinese forms follow the name without a blank; the longer ones first. */
static const char *const attached_forms[] = {
	"\xe8\x82\xa1\xe4\xbb\xbd\xe6\x9c\x89\xe9\x99\x90\xe5\x85\xac\xe5\x8f\xb8",
	"\xe6\x9c\x89\xe9\x99\x90\xe8\xb4\xa3\xe4\xbb\xbb\xe5\x85\xac\xe5\x8f\xb8",
	"\xe6\x9c\x89\xe9\x99\x90\xe5\x85\xac\xe5\x8f\xb8"
};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter or digit, or part of a character that is not ASCII. */
static inline bool
is_word(char c)
{
	return is_letter(c) || is_digit(c) || IS_HIGHBIT_SET(c);
}

static inline bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text in lower case as far as it is ASCII, and without blanks around it. */
static Span
lowered(text *value)
{
	const char *start = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	char	   *copy;
	Span		span;

	while (length > 0 && is_blank(start[0]))
		start++, length--;
	while (length > 0 && is_blank(start[length - 1]))
		length--;
	copy = palloc(length + 1);
	for (int i = 0; i < length; i++)
		copy[i] = pg_ascii_tolower((unsigned char) start[i]);
	span.start = copy;
	span.length = length;
	return span;
}

/* Labels of letters, digits and hyphens, at least two, the last no number. */
static bool
is_domain(Span span)
{
	int			label = 0;		/* where the label at hand starts */

	for (int i = 0; i < span.length; i++)
	{
		char		c = span.start[i];

		if (c == '.')
		{
			if (i == label)
				return false;
			label = i + 1;
		}
		else if (!is_word(c) && c != '-')
			return false;
	}
	return label > 0 && span.length - label >= 2 &&
		!is_digit(span.start[label]) && span.start[label] != '-';
}

/* The parts of an e-mail address in lower case; false for what is none. */
static bool
split_email(text *value, Span *local, Span *domain)
{
	Span		address = lowered(value);
	int			at = 0;

	while (at < address.length && address.start[at] != '@')
	{
		char		c = address.start[at++];

		if (c == '\0' || (unsigned char) c <= ' ' || c == 0x7f || strchr("\"(),:;<>[\\]", c))
			return false;
	}
	if (at == 0 || at == address.length)
		return false;
	local->start = address.start;
	local->length = at;
	domain->start = address.start + at + 1;
	domain->length = address.length - at - 1;
	return is_domain(*domain);
}

static bool
span_is(Span span, const char *value)
{
	return span.length == (int) strlen(value) && memcmp(span.start, value, span.length) == 0;
}

PG_FUNCTION_INFO_V1(leadflow_normal_email);
Datum
leadflow_normal_email(PG_FUNCTION_ARGS)
{
	Span		local;
	Span		domain;
	bool		gmail;
	char	   *result;
	int			length = 0;

	if (!split_email(PG_GETARG_TEXT_PP(0), &local, &domain))
		PG_RETURN_NULL();
	gmail = span_is(domain, "gmail.com") || span_is(domain, "googlemail.com");
	if (gmail)
	{
		domain.start = "gmail.com";
		domain.length = strlen(domain.start);
	}

	result = palloc(local.length + 1 + domain.length);
	for (int i = 0; i < local.length; i++)
	{
		if (local.start[i] == '+' && i > 0)
			break;
		if (local.start[i] != '.' || !gmail)
			result[length++] = local.start[i];
	}
	if (length == 0)
		PG_RETURN_NULL();
	result[length++] = '@';
	memcpy(result + length, domain.start, domain.length);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result, length + domain.length));
}

PG_FUNCTION_INFO_V1(leadflow_email_domain);
Datum
leadflow_email_domain(PG_FUNCTION_ARGS)
{
	Span		local;
	Span		domain;

	if (!split_email(PG_GETARG_TEXT_PP(0), &local, &domain))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(domain.start, domain.length));
}

PG_FUNCTION_INFO_V1(leadflow_normal_domain);
Datum
leadflow_normal_domain(PG_FUNCTION_ARGS)
{
	Span		host = lowered(PG_GETARG_TEXT_PP(0));
	int			scheme = 0;

	while (scheme < host.length && is_letter(host.start[scheme]))
		scheme++;
	if (host.length - scheme >= 3 && memcmp(host.start + scheme, "://", 3) == 0)
	{
		host.start += scheme + 3;
		host.length -= scheme + 3;
	}
	for (int i = 0; i < host.length; i++)
		if (strchr(":/?#", host.start[i]))
			host.length = i;
	if (host.length > 0 && host.start[host.length - 1] == '.')
		host.length--;
	if (!is_domain(host))
		PG_RETURN_NULL();
	if (host.length > 4 && memcmp(host.start, "www.", 4) == 0)
	{
		Span		rest = {host.start + 4, host.length - 4};

		if (is_domain(rest))
			host = rest;
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(host.start, host.length));
}

/* A letter beyond ASCII, in UTF-8: of an alphabet or an East Asian script, no sign or dash. */
static bool
is_wide_letter(const char *start, int length)
{
	pg_wchar	c;

	if (!IS_HIGHBIT_SET(*start) || GetDatabaseEncoding() != PG_UTF8 ||
		pg_utf_mblen((const unsigned char *) start) > length)
		return false;
	c = utf8_to_unicode((const unsigned char *) start);
	return (c >= 0xc0 && c < 0x2000 && c != 0xd7 && c != 0xf7) || (c >= 0x2c00 && c < 0x2e00) ||
		(c >= 0x3041 && c <= 0x30fa) || (c >= 0x3105 && c < 0xd800) || (c >= 0xf900 && c < 0xfb00);
}

/* Does an extension, or a second number, begin there? */
static bool
ends_number(const char *start, int length)
{
	if (is_wide_letter(start, length))
		return true;
	return is_letter(*start) || *start == '#' || *start == ',' || *start == ';';
}

PG_FUNCTION_INFO_V1(leadflow_normal_phone);
Datum
leadflow_normal_phone(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const char *start = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	char		last[PHONE_DIGITS];
	char		result[PHONE_DIGITS];
	int			digits = 0;		/* after leading zeros */
	int			result_length = 0;

	for (int i = 0; i < length; i++)
	{
		char		c = start[i];

		if (is_digit(c) && (digits > 0 || c != '0'))
			last[digits++ % PHONE_DIGITS] = c;
		else if (digits > 0 && ends_number(start + i, length - i))
			break;
	}
	if (digits < PHONE_SHORTEST || digits > PHONE_LONGEST)
		PG_RETURN_NULL();
	for (int i = Max(digits - PHONE_DIGITS, 0); i < digits; i++)
	{
		char		c = last[i % PHONE_DIGITS];

		if (result_length > 0 || c != '0')
			result[result_length++] = c;
	}
	if (result_length < PHONE_SHORTEST)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result, result_length));
}

/*
 * The length of the punctuation mark in UTF-8 that a text starts with, 0 for
 * none: U+00A0, quotation marks, U+2000 to U+206F and the like of East Asia.
 */
static int
punctuation(const char *start, int length)
{
	const unsigned char *c = (const unsigned char *) start;

	if (length >= 2 && c[0] == 0xc2 && (c[1] == 0xa0 || c[1] == 0xab || c[1] == 0xbb))
		return 2;
	if (length >= 3 && c[0] == 0xe2 && (c[1] == 0x80 || (c[1] == 0x81 && c[2] <= 0xaf)))
		return 3;
	if (length >= 3 && c[0] == 0xe3 && c[1] == 0x80 &&
		(c[2] <= 0x83 || (c[2] >= 0x88 && c[2] <= 0x9f)))
		return 3;
	if (length >= 3 && c[0] == 0xef && c[1] == 0xbc && (c[2] == 0x88 || c[2] == 0x89))
		return 3;
	return 0;
}

/*
 * Fold punctuation and blanks, in place: dots and apostrophes go, all else
 * becomes one blank between words.  Gives the new length.
 */
static int
fold(char *name, int length)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	int			folded = 0;
	bool		blank = false;

	for (int i = 0; i < length;)
	{
		int			mark = utf8 && IS_HIGHBIT_SET(name[i]) ? punctuation(name + i, length - i) : 0;

		if (mark == 0 && is_word(name[i]))
		{
			if (blank && folded > 0)
				name[folded++] = ' ';
			blank = false;
			name[folded++] = name[i++];
		}
		else
		{
			if (name[i] != '.' && name[i] != '\'' &&
				!(mark == 3 && memcmp(name + i, "\xe2\x80\x99", 3) == 0))	/* U+2019 */
				blank = true;
			i += Max(mark, 1);
		}
	}
	return folded;
}

/*
 * The length of what stands before a form at the end of a name, whatever blanks
 * are in between; 0 where the name does not end with the form as words of its
 * own, or consists of it.
 */
static int
before_form(const char *name, int length, const char *form)
{
	int			rest = strlen(form);

	while (rest > 0 && length > 0)
	{
		if (name[length - 1] != ' ')
		{
			if (name[length - 1] != form[rest - 1])
				return 0;
			rest--;
		}
		length--;
	}
	return rest == 0 && length > 1 && name[length - 1] == ' ' ? length - 1 : 0;
}

PG_FUNCTION_INFO_V1(leadflow_normal_name);
Datum
leadflow_normal_name(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	int			given = pg_mbcliplen(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), NAME_MAX_LENGTH);
	char	   *name = str_tolower(VARDATA_ANY(value), given, PG_GET_COLLATION());
	int			length = fold(name, strlen(name));
	bool		shorter = true;

	while (shorter)
	{
		CHECK_FOR_INTERRUPTS();
		shorter = false;
		for (size_t i = 0; i < lengthof(trailing_forms) && !shorter; i++)
		{
			int			rest = before_form(name, length, trailing_forms[i]);

			if (rest > 0)
			{
				length = rest;
				shorter = true;
			}
		}
	}
	for (size_t i = 0; i < lengthof(leading_forms); i++)
	{
		int			form = strlen(leading_forms[i]);

		if (length > form + 1 && name[form] == ' ' && memcmp(name, leading_forms[i], form) == 0)
		{
			name += form + 1;
			length -= form + 1;
			break;
		}
	}
	for (size_t i = 0; i < lengthof(attached_forms); i++)
	{
		int			form = strlen(attached_forms[i]);

		if (length > form && memcmp(name + length - form, attached_forms[i], form) == 0)
		{
			length -= form;
			break;
		}
	}
	while (length > 0 && name[length - 1] == ' ')
		length--;
	if (length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(name, length));
}

/* similarity() of pg_trgm, which may be in any schema; InvalidOid without it. */
static Oid
find_similarity(void)
{
	Oid			function = InvalidOid;
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SELECT p.oid FROM pg_catalog.pg_extension e"
					" JOIN pg_catalog.pg_proc p ON p.pronamespace OPERATOR(pg_catalog.=) e.extnamespace"
					" WHERE e.extname OPERATOR(pg_catalog.=) 'pg_trgm'"
					" AND p.proname OPERATOR(pg_catalog.=) 'similarity'"
					" AND p.proargtypes OPERATOR(pg_catalog.=) '25 25'::pg_catalog.oidvector"
					" AND p.prorettype OPERATOR(pg_catalog.=) 'pg_catalog.float4'::pg_catalog.regtype"
					" AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')",
					true, 1) != SPI_OK_SELECT)
		elog(ERROR, "looking for pg_trgm failed");
	if (SPI_processed > 0)
		function = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return function;
}

/* pg_trgm is looked for once for each call site. */
PG_FUNCTION_INFO_V1(leadflow_name_similarity);
Datum
leadflow_name_similarity(PG_FUNCTION_ARGS)
{
	text	   *a = PG_GETARG_TEXT_PP(0);
	text	   *b = PG_GETARG_TEXT_PP(1);
	FmgrInfo   *similarity = fcinfo->flinfo->fn_extra;

	if (VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0)
		PG_RETURN_FLOAT4(1);
	if (similarity == NULL)
	{
		Oid			function = find_similarity();

		similarity = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		if (OidIsValid(function))
			fmgr_info_cxt(function, similarity, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = similarity;
	}
	if (!OidIsValid(similarity->fn_oid))
		PG_RETURN_FLOAT4(0);
	PG_RETURN_DATUM(FunctionCall2Coll(similarity, PG_GET_COLLATION(), PointerGetDatum(a), PointerGetDatum(b)));
}
