/*
 * fuzz.c
 *	  Hostile input inside a real backend: fuzz(target, program, argument of libFuzzer, ...).
 *
 * A target is the name of a type, whose input and receive functions read what
 * libFuzzer makes up.  A value that is taken must be written and read again as
 * the same bytes, by text and by binary, and one function of the extension that
 * takes such a value is called with it.  The functions are found in the
 * catalog.  The type text stands for all functions that take a text, and
 * criterion for those of the schema criterion, which "run" makes.
 * The target worktime adds what must hold between a calendar's functions.
 *
 * An error is an answer, unless its SQLSTATE says that it is internal or that a
 * stored value is damaged; then, and when values differ, the process aborts.
 *
 * The bytes: a mode (1: binary, 2: keep the value for later inputs), the number
 * of the function, three choices of arguments, 8 bytes that arguments of fixed
 * size are made of, and what the type reads.
 */
#include "exact.h"
#include "literals.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define MAX_FUNCTIONS	256
#define MAX_ARGS		8
#define CHOICES			3
#define RAW				8
#define HEADER			(2 + CHOICES + RAW)

/* A choice from here on is made of the raw bytes, or of the rest of the input. */
#define FREE_CHOICE		128

typedef struct Function
{
	char	   *name;
	FmgrInfo	call;
	int			nargs;
	Oid			arg[MAX_ARGS];
	Oid			result;
	FmgrInfo	output;			/* of the result */
	SPIPlanPtr	plan;			/* of a function that returns a set */
} Function;

/* What an input says, beside the value. */
typedef struct Input
{
	const uint8 *choice;
	const uint8 *raw;
	const char *rest;
	Size		rest_size;
} Input;

#define MAX_LITERALS	lengthof(literals)

/* The target */
static Oid	type;
static bool by_length;			/* is it a type with a length, thus compared by bytes? */
static bool check_worktime;
static FmgrInfo input;
static FmgrInfo output;
static FmgrInfo receiver;
static FmgrInfo sender;
static Oid	io_param;
static FmgrInfo worktime;
static FmgrInfo add_worktime;
static FmgrInfo combine;

static Function function[MAX_FUNCTIONS];
static int	nfunctions = 0;
static Oid	literal_type[MAX_LITERALS];
static MemoryContext aggregate;
static struct varlena *earlier = NULL;	/* a value of an earlier input */

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*callback) (const uint8_t *data, size_t size));

PG_FUNCTION_INFO_V1(fuzz);

/* A finding. */
static void
fail(const char *what, const char *detail)
{
	fprintf(stderr, "FINDING: %s: %s\n", what, detail);
	abort();
}

/*
 * Is an error a finding?  One of class XX is; where none may be, all are but those
 * of memory and limits.
 */
static void
judge(const char *where, bool expected)
{
	MemoryContext old = MemoryContextSwitchTo(exact_input);
	ErrorData  *error = CopyErrorData();
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	FlushErrorState();
	if (expected ? category == ERRCODE_INTERNAL_ERROR :
		category != ERRCODE_TO_CATEGORY(ERRCODE_PROGRAM_LIMIT_EXCEEDED) &&
		category != ERRCODE_TO_CATEGORY(ERRCODE_OUT_OF_MEMORY))
		fail(where, psprintf("%s: %s, %s", unpack_sql_state(error->sqlerrcode), error->message,
							 error->detail ? error->detail : ""));
	MemoryContextSwitchTo(old);
}

/* The rest of the input as the server would let a text through. */
static char *
clean_text(const char *bytes, Size size)
{
	char	   *text = exact_alloc(exact_input, size + 1, 0);
	Size		n = 0;

	for (Size i = 0; i < size && bytes[i] != '\0';)
	{
		int			len = pg_utf_mblen((const unsigned char *) bytes + i);

		if (i + len > size || !pg_utf8_islegal((const unsigned char *) bytes + i, len))
		{
			text[n++] = '?';
			i++;
			continue;
		}
		memcpy(text + n, bytes + i, len);
		n += len;
		i += len;
	}
	text[n] = '\0';
	return exact_realloc(text, n + 1, false);
}

static Datum
read_text(char *text)
{
	return InputFunctionCall(&input, text, io_param, -1);
}

/* Read a binary form; false if something is left, which the server refuses. */
static bool
read_binary(const char *bytes, Size size, Datum *value)
{
	StringInfoData buf;

	/* a message ends in a zero byte that does not belong to it */
	buf.data = exact_alloc(exact_input, size + 1, 0);
	memcpy(buf.data, bytes, size);
	buf.data[size] = '\0';
	buf.len = size;
	buf.maxlen = size + 1;
	buf.cursor = 0;
	*value = ReceiveFunctionCall(&receiver, &buf, io_param, -1);
	return buf.cursor == buf.len;
}

/* A value in a block of its own size. */
static Datum
exact_copy(Datum value)
{
	struct varlena *flat = PG_DETOAST_DATUM(value);
	struct varlena *copy = exact_alloc(exact_input, VARSIZE(flat), 0);

	memcpy(copy, flat, VARSIZE(flat));
	return PointerGetDatum(copy);
}

static bool
same_bytes(Datum a, Datum b)
{
	struct varlena *x = PG_DETOAST_DATUM(a);
	struct varlena *y = PG_DETOAST_DATUM(b);

	return VARSIZE(x) == VARSIZE(y) && memcmp(x, y, VARSIZE(x)) == 0;
}

/* A value must be the same after writing and reading it. */
static void
check_round_trip(const char *where, Datum value)
{
	PG_TRY();
	{
		char	   *text;
		bytea	   *bytes;
		Datum		again;

		value = exact_copy(value);
		text = OutputFunctionCall(&output, value);
		again = read_text(text);
		if (!same_bytes(value, again))
			fail(where, psprintf("read again from text it differs: %s, %s", text,
								 OutputFunctionCall(&output, again)));
		bytes = SendFunctionCall(&sender, value);
		if (!read_binary(VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, &again) ||
			!same_bytes(value, again))
			fail(where, psprintf("read again from binary it differs: %s, %s", text,
								 OutputFunctionCall(&output, again)));
	}
	PG_CATCH();
	{
		judge(where, false);
	}
	PG_END_TRY();
}

/* An aggregate that calls, as far as AggCheckCallContext looks. */
static Node *
make_aggregate(void)
{
	AggState   *state = makeNode(AggState);

	state->curaggcontext = makeNode(ExprContext);
	aggregate = AllocSetContextCreate(exact_input, "aggregate", ALLOCSET_SMALL_SIZES);
	state->curaggcontext->ecxt_per_tuple_memory = aggregate;
	return (Node *) state;
}

/* Combined with nothing a value stays as it is. */
static void
check_combine(Datum value)
{
	PG_TRY();
	{
		LOCAL_FCINFO(fcinfo, 2);

		combine.fn_extra = NULL;
		combine.fn_mcxt = exact_input;
		InitFunctionCallInfoData(*fcinfo, &combine, 2, InvalidOid, make_aggregate(), NULL);
		for (int first = 0; first < 2; first++)
		{
			fcinfo->args[first].value = exact_copy(value);
			fcinfo->args[first].isnull = false;
			fcinfo->args[1 - first].isnull = true;
			fcinfo->isnull = false;
			if (!same_bytes(FunctionCallInvoke(fcinfo), value) || fcinfo->isnull)
				fail("combine", "with null it differs");
		}
	}
	PG_CATCH();
	{
		judge("combine", false);
	}
	PG_END_TRY();
}

/* Half of the raw bytes, so that two arguments differ. */
static int64
raw_number(const Input *in, int n)
{
	int64		number;

	memcpy(&number, in->raw, sizeof(number));
	return n == 0 ? number : (int64) (((uint64) number << (16 * n)) | ((uint64) number >> (64 - 16 * n)));
}

/* An argument that is not of the target's type; false: none can be made. */
static bool
make_argument(const Input *in, int n, Oid wanted, Datum *value)
{
	uint8		choice = in->choice[n % CHOICES];
	int64		raw = raw_number(in, n % 4);
	int			fits = 0;
	Oid			function;
	Oid			param;

	if (choice >= FREE_CHOICE)
	{
		double		x;
		Interval   *interval;

		switch (wanted)
		{
			case INT4OID:
				*value = Int32GetDatum((int32) raw);
				return true;
			case INT8OID:
				*value = Int64GetDatum(raw);
				return true;
			case BOOLOID:
				*value = BoolGetDatum(raw & 1);
				return true;
			case FLOAT8OID:
				memcpy(&x, &raw, sizeof(x));
				*value = Float8GetDatum(choice & 1 ? x : (raw & 0xffff) / 1000.0);
				return true;
			case TIMESTAMPTZOID:
				/* a century around now, or any at all */
				if (choice & 1)
					raw = raw % (INT64CONST(100) * 365 * USECS_PER_DAY) / USECS_PER_MINUTE * USECS_PER_MINUTE;
				if (!IS_VALID_TIMESTAMP(raw))
					return false;
				*value = TimestampTzGetDatum(raw);
				return true;
			case DATEOID:
				*value = DateADTGetDatum((DateADT) (raw % 1000000));
				return true;
			case INTERVALOID:
				interval = exact_alloc(exact_input, sizeof(Interval), MCXT_ALLOC_ZERO);
				interval->time = choice & 1 ? raw : raw % (100 * USECS_PER_HOUR);
				*value = PointerGetDatum(interval);
				return true;
			case TEXTOID:
				*value = exact_copy(CStringGetTextDatum(clean_text(in->rest, in->rest_size)));
				return true;
			default:
				break;
		}
	}
	for (int i = 0; i < (int) MAX_LITERALS; i++)
		fits += literal_type[i] == wanted;
	if (fits == 0)
		return false;
	fits = choice % fits;
	getTypeInputInfo(wanted, &function, &param);
	for (int i = 0; i < (int) MAX_LITERALS; i++)
	{
		if (literal_type[i] == wanted && fits-- == 0)
			*value = OidInputFunctionCall(function, unconstify(char *, literals[i][1]), param, -1);
	}
	return true;
}

/* The first rows of a set, in a transaction of its own. */
static void
call_set(Function *f, Datum *args)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		SPI_connect();
		SPI_execute_plan(f->plan, args, NULL, true, 1000);
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			for (int column = 1; column <= SPI_tuptable->tupdesc->natts; column++)
				(void) SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
		}
		SPI_finish();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(exact_input);
		judge(f->name, true);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
}

/* Call a function with a value, and write what it gives. */
static void
call_function(Function *f, const Input *in, Datum value)
{
	LOCAL_FCINFO(fcinfo, MAX_ARGS);
	Datum		args[MAX_ARGS];
	Datum		result;
	bool		done = false;

	PG_TRY();
	{
		FmgrInfo	call = f->call;
		bool		first = true;
		bool		have = true;

		call.fn_extra = NULL;
		call.fn_mcxt = exact_input;
		InitFunctionCallInfoData(*fcinfo, &call, f->nargs, DEFAULT_COLLATION_OID,
								 f->result == type && f->nargs > 0 && f->arg[0] == type ? make_aggregate() : NULL, NULL);
		for (int i = 0; i < f->nargs && have; i++)
		{
			if (f->arg[i] == type)
			{
				args[i] = exact_copy(first || earlier == NULL || (in->choice[i % CHOICES] & 1) ? value :
									 PointerGetDatum(earlier));
				first = false;
			}
			else
				have = make_argument(in, i, f->arg[i], &args[i]);
			fcinfo->args[i].value = args[i];
			fcinfo->args[i].isnull = false;
		}
		if (have && f->plan == NULL)
		{
			result = FunctionCallInvoke(fcinfo);
			if (!fcinfo->isnull)
			{
				(void) OutputFunctionCall(&f->output, result);
				done = f->result == type && by_length;
			}
		}
		else if (have)
			call_set(f, args);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(exact_input);
		judge(f->name, true);
	}
	PG_END_TRY();
	if (done)
		check_round_trip(f->name, result);
}

static int64
worktime_between(Datum calendar, TimestampTz from, TimestampTz to)
{
	worktime.fn_extra = NULL;
	worktime.fn_mcxt = exact_input;
	return DatumGetIntervalP(FunctionCall3(&worktime, calendar, TimestampTzGetDatum(from),
										   TimestampTzGetDatum(to)))->time;
}

/* What must hold between instants, work and a calendar. */
static void
check_calendar(const Input *in, Datum calendar)
{
	PG_TRY();
	{
		const TimestampTz span = INT64CONST(400) * 365 * USECS_PER_DAY;
		TimestampTz a = raw_number(in, 0) % span;
		TimestampTz b = raw_number(in, 1) % ((in->choice[0] & 31) == 31 ? span : 40 * USECS_PER_DAY) + a;
		TimestampTz c = raw_number(in, 2) % ((in->choice[1] & 31) == 31 ? span : 40 * USECS_PER_DAY) + a;
		int64		work = raw_number(in, 3) % ((in->choice[2] & 31) == 31 ? span : 50 * USECS_PER_HOUR);
		Interval	wanted = {0};
		TimestampTz end;
		int64		ab = worktime_between(calendar, a, b);

		if (ab != -worktime_between(calendar, b, a))
			fail("worktime", "there and back differ");
		if (ab + worktime_between(calendar, b, c) != worktime_between(calendar, a, c))
			fail("worktime", "the parts are not the whole");
		if (a <= b ? ab < 0 || ab > b - a : ab > 0 || ab < b - a)
			fail("worktime", "more than there is");
		wanted.time = work;
		add_worktime.fn_extra = NULL;
		add_worktime.fn_mcxt = exact_input;
		end = DatumGetTimestampTz(FunctionCall3(&add_worktime, calendar, TimestampTzGetDatum(a),
												IntervalPGetDatum(&wanted)));
		if (!TIMESTAMP_NOT_FINITE(end) && worktime_between(calendar, a, end) != work)
			fail("add_worktime", psprintf("from " INT64_FORMAT " by " INT64_FORMAT " to " INT64_FORMAT " is " INT64_FORMAT,
										  a, work, end, worktime_between(calendar, a, end)));
	}
	PG_CATCH();
	{
		judge("worktime", true);
	}
	PG_END_TRY();
}

/* Keep a small value for the inputs that follow. */
static void
keep(Datum value)
{
	struct varlena *flat = PG_DETOAST_DATUM(value);

	if (earlier != NULL)
		free(earlier);
	earlier = malloc(VARSIZE(flat));
	memcpy(earlier, flat, VARSIZE(flat));
}

/* One input. */
static int
try_input(const uint8_t *data, size_t size)
{
	Input		in = {data + 2, data + 2 + CHOICES, (const char *) data + HEADER, size - HEADER};
	MemoryContext old;
	Datum		value = (Datum) 0;
	volatile bool have = false;
	bool		binary;

	if (size < HEADER)
		return 0;
	old = MemoryContextSwitchTo(exact_input);
	binary = data[0] & 1;
	PG_TRY();
	{
		if (binary)
			have = read_binary(in.rest, in.rest_size, &value);
		else
		{
			value = read_text(clean_text(in.rest, in.rest_size));
			have = true;
		}
	}
	PG_CATCH();
	{
		judge(binary ? "receive" : "input", true);
	}
	PG_END_TRY();
	if (have)
	{
		check_round_trip(binary ? "receive" : "input", value);
		if (OidIsValid(combine.fn_oid))
			check_combine(value);
		if (check_worktime)
			check_calendar(&in, value);
		else if (nfunctions > 0)
			call_function(&function[data[1] % nfunctions], &in, value);
		if (data[0] & 2)
			keep(value);
	}
	MemoryContextSwitchTo(old);
	exact_free_input();
	return 0;
}

/* Prepare the call of a function that returns a set, so that its rows come one by one. */
static SPIPlanPtr
prepare_set(Oid oid, int nargs, Oid *arg)
{
	StringInfoData sql;
	SPIPlanPtr	plan;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s(",
					 quote_qualified_identifier(get_namespace_name(get_func_namespace(oid)), get_func_name(oid)));
	for (int i = 0; i < nargs; i++)
		appendStringInfo(&sql, "%s$%d", i == 0 ? "" : ", ", i + 1);
	appendStringInfoChar(&sql, ')');
	plan = SPI_prepare(sql.data, nargs, arg);
	if (plan == NULL)
		elog(ERROR, "%s: %s", sql.data, SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

/* Can an argument of that type be made? */
static bool
is_known(Oid wanted)
{
	for (int i = 0; i < (int) MAX_LITERALS; i++)
	{
		if (literal_type[i] == wanted)
			return true;
	}
	return wanted == type;
}

/* Find the functions that take the type, of those for which a condition on pg_proc is met. */
static void
find_functions(const char *condition)
{
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(type)};
	SPITupleTable *found;
	uint64		n;

	SPI_execute_with_args(psprintf("SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
								   " WHERE %s AND p.pronargs <= 8 AND $1 = ANY (p.proargtypes)"
								   " ORDER BY p.proname, p.oid::regprocedure::text", condition),
						  1, types, values, NULL, true, 0);
	found = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n && nfunctions < MAX_FUNCTIONS; i++)
	{
		bool		isnull;
		Oid			oid = DatumGetObjectId(SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull));
		Function   *f = &function[nfunctions];
		Oid		   *arg;
		Oid			write;
		bool		varlena;
		bool		known = true;

		f->result = get_func_signature(oid, &arg, &f->nargs);
		for (int j = 0; j < f->nargs; j++)
			known = known && is_known(f->arg[j] = arg[j]);
		if (!known || get_typtype(f->result) == TYPTYPE_PSEUDO && !get_func_retset(oid))
			continue;
		f->name = get_func_name(oid);
		fmgr_info(oid, &f->call);
		if (get_func_retset(oid))
			f->plan = prepare_set(oid, f->nargs, f->arg);
		else
		{
			getTypeOutputInfo(f->result, &write, &varlena);
			fmgr_info(write, &f->output);
		}
		nfunctions++;
	}
}

/* The function by which values of the type are combined, if there is one. */
static void
find_combine(void)
{
	Oid			types[1] = {OIDOID};
	Datum		values[1] = {ObjectIdGetDatum(type)};
	bool		isnull;

	SPI_execute_with_args("SELECT DISTINCT aggcombinefn::oid FROM pg_aggregate"
						  " WHERE aggtranstype = $1 AND aggcombinefn <> 0 AND aggcombinefn::oid IN"
						  " (SELECT oid FROM pg_proc WHERE probin LIKE '%leadflow%' AND NOT proisstrict)",
						  1, types, values, NULL, true, 1);
	if (SPI_processed == 1)
		fmgr_info(DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)), &combine);
}

static void
find_function(const char *signature, FmgrInfo *call)
{
	fmgr_info(DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature))), call);
}

static Oid
find_type(const char *name)
{
	return DatumGetObjectId(DirectFunctionCall1(regtypein, CStringGetDatum(name)));
}

/* Learn all about the target. */
static void
prepare(const char *target)
{
	bool		criteria = strcmp(target, "criterion") == 0;
	Oid			oid;
	bool		varlena;

	check_worktime = strcmp(target, "worktime") == 0;
	if (criteria || strcmp(target, "text") == 0)
		type = TEXTOID;
	else
		type = find_type(psprintf("leadflow.%s", check_worktime ? "calendar" : target));
	by_length = get_typlen(type) == -1;
	getTypeInputInfo(type, &oid, &io_param);
	fmgr_info(oid, &input);
	getTypeOutputInfo(type, &oid, &varlena);
	fmgr_info(oid, &output);
	getTypeBinaryInputInfo(type, &oid, &io_param);
	fmgr_info(oid, &receiver);
	getTypeBinaryOutputInfo(type, &oid, &varlena);
	fmgr_info(oid, &sender);
	for (int i = 0; i < (int) MAX_LITERALS; i++)
		literal_type[i] = find_type(literals[i][0]);
	find_function("leadflow.worktime(leadflow.calendar,timestamptz,timestamptz)", &worktime);
	find_function("leadflow.add_worktime(leadflow.calendar,timestamptz,interval)", &add_worktime);
	find_combine();
	find_functions(criteria ? "p.pronamespace = 'criterion'::regnamespace" :
				   "l.lanname = 'c' AND p.probin LIKE '%leadflow%' AND p.provolatile <> 'v'"
				   " AND p.prorettype <> 'internal'::regtype");
}

/* fuzz(target, program, argument, ...): run libFuzzer, which does not return. */
Datum
fuzz(PG_FUNCTION_ARGS)
{
	char	   *target = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum	   *arg;
	bool	   *nulls;
	char	  **argv;
	int			argc;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &arg, &nulls, &argc);
	argv = malloc((argc + 1) * sizeof(char *));
	for (int i = 0; i < argc; i++)
		argv[i] = strdup(TextDatumGetCString(arg[i]));
	argv[argc] = NULL;

	MemoryContextSwitchTo(TopMemoryContext);
	target = strdup(target);
	SPI_connect();
	MemoryContextSwitchTo(TopMemoryContext);
	prepare(target);
	fprintf(stderr, "%s: %d functions\n", target, nfunctions);
	exact_input = AllocSetContextCreate(TopMemoryContext, "input", ALLOCSET_DEFAULT_SIZES);
	PG_RETURN_INT32(LLVMFuzzerRunDriver(&argc, &argv, try_input));
}
