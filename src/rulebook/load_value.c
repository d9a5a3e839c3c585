/*
 * load_value.c
 *	  Read values of the definitions, copied into the rulebook.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "rulebook/load.h"

/* The type that a letter of load_query()'s description stands for. */
static Oid
described_type(Rulebook *rulebook, char letter)
{
	switch (letter)
	{
		case 't':
			return TEXTOID;
		case 'T':
			return TEXTARRAYOID;
		case 'b':
			return BOOLOID;
		case 'n':
			return INT8OID;
		case 'f':
			return FLOAT8OID;
		case 'i':
			return INTERVALOID;
		case 's':
			return rulebook->stage_type;
		case 'S':
			return get_array_type(rulebook->stage_type);
		default:
			Assert(letter == 'c');
			return rulebook->calendar_type;
	}
}

/*
 * Run a query over the workspace's tables; gives the number of rows, which are
 * in SPI_tuptable.  The first %s in the query stands for the schema, a second
 * one for the object.  types describes the columns; the tables are their
 * owner's, so it is checked.
 */
uint64
load_query(Rulebook *rulebook, const char *types, const char *format, const char *object)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, format, rulebook->schema, object);
	if (SPI_execute(text.data, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the definitions of workspace %s", rulebook->schema);

	for (int i = 0; types[i] != '\0'; i++)
	{
		Oid			expected = described_type(rulebook, types[i]);

		if (SPI_gettypeid(SPI_tuptable->tupdesc, i + 1) != expected)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a definition of workspace %s has a column of another type",
							rulebook->schema),
					 errdetail("Column \"%s\" should have the type %s.",
							   SPI_fname(SPI_tuptable->tupdesc, i + 1), format_type_be(expected)),
					 errcontext("%s", text.data),
					 err_generic_string(PG_DIAG_SCHEMA_NAME, get_namespace_name(rulebook->nspid)),
					 err_generic_string(PG_DIAG_COLUMN_NAME, SPI_fname(SPI_tuptable->tupdesc, i + 1))));
	}
	pfree(text.data);
	return SPI_processed;
}

/* Values of the current result, copied into the rulebook. */
Datum
load_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

char *
load_optional_string(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = load_datum(row, column, &isnull);

	if (isnull)
		return NULL;
	return MemoryContextStrdup(rulebook->mcxt, TextDatumGetCString(value));
}

/* A value that must be there, even if the owner has dropped NOT NULL. */
Datum
load_required(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = load_datum(row, column, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a definition of workspace %s is null", rulebook->schema),
				 errdetail("Column \"%s\" must have a value.",
						   SPI_fname(SPI_tuptable->tupdesc, column))));
	return value;
}

char *
load_string(Rulebook *rulebook, uint64 row, int column)
{
	return MemoryContextStrdup(rulebook->mcxt,
							   TextDatumGetCString(load_required(rulebook, row, column)));
}

bool
load_bool(uint64 row, int column)
{
	bool		isnull;
	Datum		value = load_datum(row, column, &isnull);

	return !isnull && DatumGetBool(value);
}

struct varlena *
load_varlena(Rulebook *rulebook, Datum value)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(rulebook->mcxt);
	struct varlena *copy = PG_DETOAST_DATUM_COPY(value);

	MemoryContextSwitchTo(oldcxt);
	return copy;
}

Stage *
load_optional_stage(Rulebook *rulebook, uint64 row, int column)
{
	bool		isnull;
	Datum		value = load_datum(row, column, &isnull);

	return isnull ? NULL : (Stage *) load_varlena(rulebook, value);
}

Stage *
load_stage(Rulebook *rulebook, uint64 row, int column)
{
	return (Stage *) load_varlena(rulebook, load_required(rulebook, row, column));
}

Interval
load_interval(uint64 row, int column, bool *isnull)
{
	Interval	interval = {0};
	Datum		value = load_datum(row, column, isnull);

	if (!*isnull)
		interval = *DatumGetIntervalP(value);
	return interval;
}

char **
load_strings(Rulebook *rulebook, uint64 row, int column, int *n)
{
	bool		isnull;
	Datum		value = load_datum(row, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;
	char	  **strings;
	int			count;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	strings = MemoryContextAlloc(rulebook->mcxt, sizeof(char *) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			strings[(*n)++] = MemoryContextStrdup(rulebook->mcxt,
												  TextDatumGetCString(elements[i]));
	}
	return strings;
}

void *
load_array(Rulebook *rulebook, uint64 n, size_t size)
{
	return MemoryContextAllocZero(rulebook->mcxt, Max(n, 1) * size);
}
