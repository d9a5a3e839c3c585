/*
 * exact_sum.c
 *	  Sums of numbers with up to 18 decimals, kept exactly.
 *
 * A sum is a whole number and a fraction in units of 10^-18, so it neither
 * rounds nor cares in which order it was made, and costs no numeric arithmetic.
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "attribution/exact_sum.h"

/* Room for a sign, 19 digits, a point, 18 decimals and the end. */
#define EXACT_TEXT		48

static const int64 power_of_ten[EXACT_SCALE + 1] = {
	INT64CONST(1), INT64CONST(10), INT64CONST(100),
	INT64CONST(1000), INT64CONST(10000), INT64CONST(100000),
	INT64CONST(1000000), INT64CONST(10000000), INT64CONST(100000000),
	INT64CONST(1000000000), INT64CONST(10000000000), INT64CONST(100000000000),
	INT64CONST(1000000000000), INT64CONST(10000000000000), INT64CONST(100000000000000),
	INT64CONST(1000000000000000), INT64CONST(10000000000000000), INT64CONST(100000000000000000),
	INT64CONST(1000000000000000000)
};

/* Add a whole number and a fraction, of which either may be negative. */
static inline void
add_parts(ExactSum *sum, int64 whole, int64 part)
{
	sum->part += part;
	if (sum->part >= EXACT_ONE)
	{
		sum->part -= EXACT_ONE;
		whole++;
	}
	else if (sum->part < 0)
	{
		sum->part += EXACT_ONE;
		whole--;
	}
	if (pg_add_s64_overflow(sum->whole, whole, &sum->whole))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of attributed amounts is out of range")));
}

void
exact_add(ExactSum *sum, int64 n, int32 scale)
{
	int64		unit = power_of_ten[scale];

	Assert(scale >= 0 && scale <= EXACT_SCALE);
	/* most are credits, of at most 1, which need no division */
	if (n >= -unit && n <= unit)
		add_parts(sum, 0, n * power_of_ten[EXACT_SCALE - scale]);
	else
		add_parts(sum, n / unit, n % unit * power_of_ten[EXACT_SCALE - scale]);
}

void
exact_add_sum(ExactSum *sum, const ExactSum *more)
{
	/* a whole that overflows by the carry is one beyond the range anyway */
	add_parts(sum, 0, more->part);
	add_parts(sum, more->whole, 0);
}

Numeric
exact_numeric(const ExactSum *sum, int32 decimals)
{
	char		text[EXACT_TEXT];
	int			len;
	bool		negative = sum->whole < 0;
	uint64		whole = negative ? -(uint64) sum->whole : (uint64) sum->whole;
	int64		part = sum->part;

	/* rounded down means away from zero where it is negative */
	if (negative && part > 0)
	{
		whole--;
		part = EXACT_ONE - part;
	}
	len = snprintf(text, sizeof(text), "%s" UINT64_FORMAT ".%018lld",
				   negative ? "-" : "", whole, (long long) part);
	for (int32 i = EXACT_SCALE; i > decimals && text[len - 1] == '0'; i--)
		len--;
	if (text[len - 1] == '.')
		len--;
	text[len] = '\0';
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid),
											   Int32GetDatum(-1)));
}
