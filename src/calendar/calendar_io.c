/*
 * calendar_io.c
 *	  The type calendar: input, output, comparison, adding holidays, and the
 *	  rule of a day.
 *
 * The value is its canonical text.  Calendars with the same zone and the same
 * hours for the same weekdays, days of every year and dates have the same
 * text, so comparing is comparing bytes; the order has no meaning of its own.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "catalog/pg_type.h"

#include "calendar/calendar.h"
#include "calendar/calendar_compile.h"
#include "calendar/calendar_read.h"
#include "calendar/calendar_rules.h"

#define CALENDAR_BINARY_VERSION 1

/* The value of a text; NULL after a soft error. */
static struct varlena *
calendar_from_text(const char *text, struct Node *escontext)
{
	CalendarRules *rules = calendar_parse(text, escontext);
	StringInfoData buf;

	if (rules == NULL)
		return NULL;
	initStringInfo(&buf);
	if (!calendar_text(rules, &buf))
	{
		/* what was typed in short may be too long when written out */
		errsave(escontext,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("calendar is too long"),
				 errdetail("Written out it passes %d rules or %d bytes.",
						   CALENDAR_MAX_RULES, CALENDAR_MAX_TEXT)));
		return NULL;
	}
	return (struct varlena *) cstring_to_text_with_len(buf.data, buf.len);
}

PG_FUNCTION_INFO_V1(calendar_in);
Datum
calendar_in(PG_FUNCTION_ARGS)
{
	struct varlena *value;

	value = calendar_from_text(PG_GETARG_CSTRING(0), fcinfo->context);
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(value);
}

PG_FUNCTION_INFO_V1(calendar_out);
Datum
calendar_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

PG_FUNCTION_INFO_V1(calendar_recv);
Datum
calendar_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgbyte(buf);
	char	   *text;
	int			len;

	if (version != CALENDAR_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported version %d of the binary form of type calendar",
						version)));
	text = pq_getmsgtext(buf, buf->len - buf->cursor, &len);
	if (strlen(text) != (size_t) len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type calendar")));
	PG_RETURN_POINTER(calendar_from_text(text, NULL));
}

PG_FUNCTION_INFO_V1(calendar_send);
Datum
calendar_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, CALENDAR_BINARY_VERSION);
	pq_sendtext(&buf, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static int
compare_calendars(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	struct varlena *b = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	int			alen = VARSIZE_ANY_EXHDR(a);
	int			blen = VARSIZE_ANY_EXHDR(b);
	int			cmp = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	if (cmp != 0)
		return cmp < 0 ? -1 : 1;
	return alen < blen ? -1 : (alen > blen ? 1 : 0);
}

PG_FUNCTION_INFO_V1(calendar_eq);
Datum
calendar_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(calendar_ne);
Datum
calendar_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(calendar_lt);
Datum
calendar_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(calendar_le);
Datum
calendar_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(calendar_gt);
Datum
calendar_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(calendar_ge);
Datum
calendar_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_calendars(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(calendar_cmp);
Datum
calendar_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_calendars(fcinfo));
}

PG_FUNCTION_INFO_V1(calendar_hash);
Datum
calendar_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(value),
								VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(calendar_hash_extended);
Datum
calendar_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										 VARSIZE_ANY_EXHDR(value),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

/*
 * with_holidays(calendar, date[]): the calendar as if a last rule named these
 * dates off.
 */
PG_FUNCTION_INFO_V1(calendar_with_holidays);
Datum
calendar_with_holidays(PG_FUNCTION_ARGS)
{
	ArrayType  *dates = PG_GETARG_ARRAYTYPE_P(1);
	StringInfoData buf;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(dates, DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &values, &nulls, &n);
	if (n == 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));

	initStringInfo(&buf);
	appendStringInfoString(&buf, TextDatumGetCString(PG_GETARG_DATUM(0)));
	for (int i = 0; i < n; i++)
	{
		DateADT		date = DatumGetDateADT(values[i]);
		int			year,
					month,
					mday;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("holidays must not contain nulls")));
		if (date < calendar_day_from_date(CALENDAR_MIN_YEAR, 1, 1) ||
			date > calendar_day_from_date(CALENDAR_MAX_YEAR, 12, 31))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("holiday out of range: \"%s\"",
							DatumGetCString(DirectFunctionCall1(date_out, values[i]))),
					 errdetail("Years run from %04d to %d.",
							   CALENDAR_MIN_YEAR, CALENDAR_MAX_YEAR)));
		calendar_date_from_day(date, &year, &month, &mday);
		appendStringInfo(&buf, "%s%04d-%02d-%02d", i == 0 ? "; " : ",",
						 year, month, mday);
	}
	appendStringInfoString(&buf, " off");
	PG_RETURN_POINTER(calendar_from_text(buf.data, NULL));
}

/* day_rule(calendar, date): the rule that decides that local day. */
PG_FUNCTION_INFO_V1(calendar_day_rule);
Datum
calendar_day_rule(PG_FUNCTION_ARGS)
{
	CalendarCompiled *c = calendar_lookup_site(fcinfo, PG_GETARG_DATUM(0));
	DateADT		day = PG_GETARG_DATEADT(1);
	StringInfoData buf;

	if (DATE_NOT_FINITE(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("an infinite date has no rule")));
	initStringInfo(&buf);
	if (!calendar_day_text(c->rules, day, &buf))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
