/*
 * bin.c
 *	  bin(x, edges): numbers as groups, so that they can be values of an
 *	  attribute.  The groups are those of width_bucket(x, edges):
 *
 *		edges {1, 5, 20}:	< 1		[1, 5)		[5, 20)		>= 20
 *
 * Edges are written with the fewest digits that read back as the same number,
 * whatever extra_float_digits says.  A call site keeps the labels of the edges
 * that it was given last.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"

#define BIN_MAX_EDGES 100000

typedef struct Bins
{
	MemoryContext mcxt;
	ArrayType  *given;			/* as it came */
	int			n;
	float8	   *edge;
	text	  **label;			/* n + 1 of them */
} Bins;

/* Write an edge, exactly. */
static void
append_edge(StringInfo buf, float8 edge)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(edge, digits);
	appendStringInfoString(buf, digits);
}

/* The label of the group that ends before edge i. */
static text *
make_label(const Bins *bins, int i)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (i == 0)
		appendStringInfoString(&buf, "< ");
	else if (i == bins->n)
		appendStringInfoString(&buf, ">= ");
	else
	{
		appendStringInfoChar(&buf, '[');
		append_edge(&buf, bins->edge[i - 1]);
		appendStringInfoString(&buf, ", ");
	}
	append_edge(&buf, bins->edge[i == bins->n ? i - 1 : i]);
	if (i > 0 && i < bins->n)
		appendStringInfoChar(&buf, ')');
	return cstring_to_text_with_len(buf.data, buf.len);
}

/* Read the edges into bins: checked, each once. */
static void
read_edges(Bins *bins, ArrayType *edges)
{
	Datum	   *given;
	int			n;

	if (ARR_NDIM(edges) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("edges must be an array of one dimension")));
	if (array_contains_nulls(edges))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("edges must not contain nulls")));
	deconstruct_array(edges, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &given, NULL, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be at least one edge")));
	if (n > BIN_MAX_EDGES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many edges"),
				 errdetail("There are %d; there can be %d.", n, BIN_MAX_EDGES)));
	bins->edge = palloc(n * sizeof(float8));
	for (int i = 0; i < n; i++)
	{
		float8		edge = DatumGetFloat8(given[i]) + 0.0; /* no minus zero */

		if (isnan(edge) || isinf(edge))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges must be finite")));
		if (bins->n > 0 && edge < bins->edge[bins->n - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("edges must be in ascending order")));
		if (bins->n == 0 || edge > bins->edge[bins->n - 1])
			bins->edge[bins->n++] = edge;
	}
}

/* Work out the labels of edges. */
static Bins *
make_bins(ArrayType *edges, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "leadflow bins",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Bins	   *bins = palloc0(sizeof(Bins));

	bins->mcxt = context;
	read_edges(bins, edges);
	bins->label = palloc((bins->n + 1) * sizeof(text *));
	for (int i = 0; i <= bins->n; i++)
		bins->label[i] = make_label(bins, i);
	bins->given = palloc(VARSIZE(edges));
	memcpy(bins->given, edges, VARSIZE(edges));
	MemoryContextSwitchTo(old);
	return bins;
}

/* The labels of these edges, kept by the call site. */
static Bins *
find_bins(FunctionCallInfo fcinfo)
{
	ArrayType  *edges = PG_GETARG_ARRAYTYPE_P(1);
	Bins	   *bins = fcinfo->flinfo->fn_extra;

	if (bins != NULL)
	{
		if (VARSIZE(bins->given) == VARSIZE(edges) &&
			memcmp(bins->given, edges, VARSIZE(edges)) == 0)
			return bins;
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(bins->mcxt);
	}
	bins = make_bins(edges, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = bins;
	return bins;
}

/* bin(x, edges) */
PG_FUNCTION_INFO_V1(leadflow_bin);
Datum
leadflow_bin(PG_FUNCTION_ARGS)
{
	float8		x = PG_GETARG_FLOAT8(0);
	Bins	   *bins = find_bins(fcinfo);
	int			low = 0;
	int			high = bins->n;
	text	   *label;
	text	   *result;

	if (isnan(x))
		PG_RETURN_NULL();
	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (x < bins->edge[mid])
			high = mid;
		else
			low = mid + 1;
	}
	label = bins->label[low];
	result = palloc(VARSIZE(label));
	memcpy(result, label, VARSIZE(label));
	PG_RETURN_TEXT_P(result);
}
