/*
 * stage.c
 *	  The lifecycle stage: its spine, its text and binary forms, its parts.
 *
 * The spine is the vocabulary that marketing and sales share, in the order in
 * which a lead travels it.  It is closed.  What a company calls its own steps
 * are leaves: "proposal.legal_review" is a local step of the stage "proposal",
 * sorts right after it, and counts as it in every report over the spine.
 * Exits are where a lead leaves the path.  They sort before the first stage of
 * the spine, so that "stage >= 'mql'" says "is now at or past MQL".
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "compat.h"
#include "leadflow.h"
#include "stage/stage.h"

#define STAGE_BINARY_VERSION	1

/* One stage of the spine, or one exit. */
typedef struct StageEntry
{
	uint8		code;
	int			ordinal;
	const char *name;
	const char *phase;
	const char *label[4];		/* in the order of label_column */
	const char *meaning;
} StageEntry;

/* Columns of leadflow.spine() */
enum
{
	SPINE_ORDINAL,
	SPINE_STAGE,
	SPINE_PHASE,
	SPINE_LABEL,				/* English, Polish, Russian, Chinese */
	SPINE_MEANING = SPINE_LABEL + 4,
	SPINE_COLUMNS
};

/* What can be wrong with the text form. */
typedef enum StageFault
{
	STAGE_FINE,
	STAGE_UNKNOWN_NAME,
	STAGE_BAD_LABEL
} StageFault;

/* In stage order; labels are UTF-8. */
static const StageEntry spine[] = {
	{STAGE_NURTURE, -4, "nurture", "exit",
		{"Nurture", "Pielęgnowanie", "Прогрев", "培育"},
	"not ready to buy; marketing keeps in touch until interest returns"},
	{STAGE_DISQUALIFIED, -3, "disqualified", "exit",
		{"Disqualified", "Zdyskwalifikowany", "Дисквалифицирован", "不合格"},
	"does not fit what is sold, or is not a real enquiry"},
	{STAGE_LOST, -2, "lost", "exit",
		{"Lost", "Przegrana", "Проиграно", "输单"},
	"decided against, or for another supplier"},
	{STAGE_CHURNED, -1, "churned", "exit",
		{"Churned", "Utracony klient", "Ушедший клиент", "已流失"},
	"was a customer and no longer is"},
	{STAGE_VISITOR, 1, "visitor", "marketing",
		{"Visitor", "Odwiedzający", "Посетитель", "访客"},
	"came to a channel of ours; not yet known by name"},
	{STAGE_ENGAGED, 2, "engaged", "marketing",
		{"Engaged", "Zaangażowany", "Вовлечён", "已互动"},
	"responded to content, an event or a mailing"},
	{STAGE_LEAD, 3, "lead", "marketing",
		{"Lead", "Lead", "Лид", "线索"},
	"known and reachable, with consent to be contacted"},
	{STAGE_MQL, 4, "mql", "marketing",
		{"Marketing qualified lead", "Lead zakwalifikowany przez marketing", "Лид, квалифицированный маркетингом", "市场合格线索"},
	"meets the lead standard agreed by marketing and sales"},
	{STAGE_CONTACTED, 5, "contacted", "handoff",
		{"Contacted", "Nawiązano kontakt", "Контакт установлен", "已联系"},
	"sales has reacted and reached the person"},
	{STAGE_SAL, 6, "sal", "handoff",
		{"Sales accepted lead", "Lead przyjęty przez sprzedaż", "Лид, принятый продажами", "销售接受线索"},
	"sales has accepted the lead and works on it"},
	{STAGE_SQL, 7, "sql", "sales",
		{"Sales qualified lead", "Lead zakwalifikowany przez sprzedaż", "Лид, квалифицированный продажами", "销售合格线索"},
	"sales has confirmed the need and the right to pursue it"},
	{STAGE_OPPORTUNITY, 8, "opportunity", "sales",
		{"Opportunity", "Szansa sprzedaży", "Потенциальная сделка", "商机"},
	"problem-solution fit agreed"},
	{STAGE_BUDGET, 9, "budget", "sales",
		{"Budget confirmed", "Budżet potwierdzony", "Бюджет подтверждён", "预算已确认"},
	"budget and decision makers confirmed"},
	{STAGE_VALUE, 10, "value", "sales",
		{"Value validated", "Wartość potwierdzona", "Ценность подтверждена", "价值已验证"},
	"value validated by the customer"},
	{STAGE_PROPOSAL, 11, "proposal", "sales",
		{"Proposal", "Oferta", "Коммерческое предложение", "方案报价"},
	"proposal with terms presented"},
	{STAGE_DECISION, 12, "decision", "sales",
		{"Decision", "Decyzja", "Решение", "决策"},
	"agreement to implement"},
	{STAGE_WON, 13, "won", "customer",
		{"Won", "Wygrana", "Выиграно", "赢单"},
	"contract concluded"},
	{STAGE_ONBOARDING, 14, "onboarding", "customer",
		{"Onboarding", "Wdrożenie", "Внедрение", "实施上线"},
	"delivery begun; the customer is being set up"},
	{STAGE_ACTIVE, 15, "active", "customer",
		{"Active customer", "Aktywny klient", "Действующий клиент", "活跃客户"},
	"uses what was bought"},
	{STAGE_EXPANSION, 16, "expansion", "customer",
		{"Expansion", "Rozwój klienta", "Развитие клиента", "增购拓展"},
	"buys more, or for more teams"}
};

/* The entry of a code that a stored value carries. */
static const StageEntry *
find_code(uint8 code)
{
	for (int i = 0; i < (int) lengthof(spine); i++)
	{
		if (spine[i].code == code)
			return &spine[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("unknown stage code %d", code),
			 errhint("The value may have been written by a later version of leadflow.")));
	return NULL;				/* keep compiler quiet */
}

/* The entry of a name in any case, or NULL. */
static const StageEntry *
find_name(const char *name, int len)
{
	for (int i = 0; i < (int) lengthof(spine); i++)
	{
		if (strlen(spine[i].name) == (size_t) len &&
			pg_strncasecmp(spine[i].name, name, len) == 0)
			return &spine[i];
	}
	return NULL;
}

/* Is this a stage where a lead has left the path? */
bool
stage_code_is_exit(uint8 code)
{
	return find_code(code)->ordinal < 0;
}

/* 1 to 16 on the spine, -4 to -1 for an exit. */
int
stage_ordinal_of_code(uint8 code)
{
	return find_code(code)->ordinal;
}

/* The code at an ordinal; false where there is none. */
bool
stage_code_of_ordinal(int ordinal, uint8 *code)
{
	for (int i = 0; i < (int) lengthof(spine); i++)
	{
		if (spine[i].ordinal == ordinal)
		{
			*code = spine[i].code;
			return true;
		}
	}
	return false;
}

/* The canonical name of a stage of the spine, or of an exit. */
const char *
stage_spine_name(uint8 code)
{
	return find_code(code)->name;
}

/* Lay out a stage; the payload is never too long for a short header. */
static void
fill_stage(char *bytes, uint8 code, const char *label, int len)
{
	StaticAssertStmt(VARHDRSZ_SHORT + STAGE_MAX_PAYLOAD <= VARATT_SHORT_MAX,
					 "a stage fits a short header");
	Assert(len >= 0 && len <= STAGE_MAX_LABEL);

	SET_VARSIZE_SHORT(bytes, VARHDRSZ_SHORT + 1 + len);
	bytes[VARHDRSZ_SHORT] = (char) code;
	if (len > 0)
		memcpy(bytes + VARHDRSZ_SHORT + 1, label, len);
}

/* Make a stage; len 0 for no local label.  The label must be canonical. */
Stage *
stage_make(uint8 code, const char *label, int len)
{
	char	   *bytes = palloc(VARHDRSZ_SHORT + 1 + len);

	fill_stage(bytes, code, label, len);
	return (Stage *) bytes;
}

/* The stage of the spine, or the exit, that a stage belongs to. */
Stage *
stage_base_of(const Stage *stage)
{
	return stage_make(stage_code(stage), NULL, 0);
}

/* Space that may surround a stage, as in the input of core's own types. */
static bool
is_space(char ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

/* Find the name, and the label or NULL, in the text form of len bytes. */
static void
split_stage(const char *str, int len, const char **name, int *namelen,
			const char **label, int *labellen)
{
	const char *dot;

	while (len > 0 && is_space(str[0]))
	{
		str++;
		len--;
	}
	while (len > 0 && is_space(str[len - 1]))
		len--;

	dot = memchr(str, '.', len);
	*name = str;
	*namelen = dot != NULL ? (int) (dot - str) : len;
	*label = dot != NULL ? dot + 1 : NULL;
	*labellen = dot != NULL ? len - *namelen - 1 : 0;
}

/* Read the text form of len bytes into space. */
static StageFault
scan_stage(const char *str, int len, StageSpace *space)
{
	const StageEntry *entry;
	const char *name;
	const char *given;
	int			namelen;
	int			labellen;
	char		label[STAGE_MAX_LABEL];

	split_stage(str, len, &name, &namelen, &given, &labellen);
	entry = find_name(name, namelen);
	if (entry == NULL)
		return STAGE_UNKNOWN_NAME;
	if (given != NULL && (labellen < 1 || labellen > STAGE_MAX_LABEL))
		return STAGE_BAD_LABEL;
	for (int i = 0; i < labellen; i++)
	{
		char		ch = given[i];

		if (ch >= 'A' && ch <= 'Z')
			ch += 'a' - 'A';
		if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_'))
			return STAGE_BAD_LABEL;
		label[i] = ch;
	}
	fill_stage(space->bytes, entry->code, label, labellen);
	return STAGE_FINE;
}

/* The stage whose name is nearest to a misspelt one, or NULL if none is near. */
static const StageEntry *
nearest_stage(const char *name, int len)
{
	const StageEntry *nearest = NULL;
	int			limit;

	if (len > 2 * STAGE_MAX_NAME)
		return NULL;

	/* Half of a word may not be wrong, or every short word suggests "sal". */
	limit = Min(3, len / 2);
	for (int i = 0; i < (int) lengthof(spine) && limit > 0; i++)
	{
		int			distance;

		distance = varstr_levenshtein_less_equal(name, len, spine[i].name,
												 strlen(spine[i].name),
												 1, 1, 1, limit, false);
		if (distance <= limit)
		{
			nearest = &spine[i];
			limit = distance - 1;
		}
	}
	return nearest;
}

/* A hint that names the stage that was probably meant, or else all of them. */
static int
hint_stages(const char *str, int len)
{
	const StageEntry *nearest;
	const char *name;
	const char *label;
	int			namelen;
	int			labellen;
	StringInfoData list;

	split_stage(str, len, &name, &namelen, &label, &labellen);
	nearest = nearest_stage(asc_tolower(name, namelen), namelen);
	if (nearest != NULL)
		return errhint("Perhaps you meant the stage \"%s\".", nearest->name);

	/* The path first: that is how people know the list. */
	initStringInfo(&list);
	for (int i = 0; i < (int) lengthof(spine); i++)
	{
		if (spine[i].ordinal > 0)
			appendStringInfo(&list, "%s, ", spine[i].name);
	}
	for (int i = 0; i < (int) lengthof(spine); i++)
	{
		if (spine[i].ordinal < 0)
			appendStringInfo(&list, "%s, ", spine[i].name);
	}
	return errhint("Valid stages are %sand local ones such as proposal.legal_review.",
				   list.data);
}

/* Say what is wrong with the text form; soft where the caller can take it. */
static void
report_fault(StageFault fault, const char *str, int len, struct Node *escontext)
{
	char	   *shown = excerpt(str, len);

	if (fault == STAGE_BAD_LABEL)
		errsave(escontext,
					   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s: \"%s\"", "stage", shown),
						errdetail("The local label after the dot must be 1 to %d characters of a-z, 0-9 and _.",
								  STAGE_MAX_LABEL)));
	else
		errsave(escontext,
					   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type %s: \"%s\"", "stage", shown),
						hint_stages(str, len)));
}

/* A copy of what scan_stage has put into space. */
static Stage *
copy_stage(const StageSpace *space)
{
	Size		size = VARSIZE_ANY(space->bytes);
	Stage	   *stage = palloc(size);

	memcpy(stage, space->bytes, size);
	return stage;
}

/* Read the text form, or raise the error that the type's input raises. */
Stage *
stage_parse(const char *str)
{
	StageSpace	space;
	int			len = strlen(str);
	StageFault	fault = scan_stage(str, len, &space);

	if (fault != STAGE_FINE)
		report_fault(fault, str, len, NULL);
	return copy_stage(&space);
}

/* The same from a text into space of the caller's, with nothing to free. */
const Stage *
stage_from_text(const text *name, StageSpace *space)
{
	const char *str = VARDATA_ANY(name);
	int			len = VARSIZE_ANY_EXHDR(name);
	StageFault	fault = scan_stage(str, len, space);

	if (fault != STAGE_FINE)
		report_fault(fault, str, len, NULL);
	return (const Stage *) space->bytes;
}

/* The canonical text form, in the caller's memory context. */
char *
stage_to_cstring(const Stage *stage)
{
	const char *name = stage_spine_name(stage_code(stage));
	int			len;
	const char *label = stage_label(stage, &len);

	return len > 0 ? psprintf("%s.%.*s", name, len, label) : pstrdup(name);
}

PG_FUNCTION_INFO_V1(leadflow_stage_in);
Datum
leadflow_stage_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	int			len = strlen(str);
	StageSpace	space;
	StageFault	fault = scan_stage(str, len, &space);

	if (fault != STAGE_FINE)
	{
		report_fault(fault, str, len, fcinfo->context);
		PG_RETURN_NULL();
	}
	PG_RETURN_STAGE_P(copy_stage(&space));
}

PG_FUNCTION_INFO_V1(leadflow_stage_out);
Datum
leadflow_stage_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(stage_to_cstring(PG_GETARG_STAGE_PP(0)));
}

/*
 * The binary form is a version byte and the text form, so that it does not
 * expose the codes and a driver can read it.
 */
PG_FUNCTION_INFO_V1(leadflow_stage_recv);
Datum
leadflow_stage_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor - 1;
	int			version;
	StageSpace	space;

	if (len < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "stage"),
				 errdetail("The value is empty.")));
	version = pq_getmsgbyte(buf);
	if (version != STAGE_BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported stage version number %d", version)));

	/* All that is accepted is ASCII, so there is no encoding to convert. */
	if (scan_stage(pq_getmsgbytes(buf, len), len, &space) != STAGE_FINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "stage"),
				 errdetail("The %d bytes after the version are not the name of a stage.", len)));
	PG_RETURN_STAGE_P(copy_stage(&space));
}

PG_FUNCTION_INFO_V1(leadflow_stage_send);
Datum
leadflow_stage_send(PG_FUNCTION_ARGS)
{
	char	   *str = stage_to_cstring(PG_GETARG_STAGE_PP(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbyte(&buf, STAGE_BINARY_VERSION);
	pq_sendtext(&buf, str, strlen(str));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(leadflow_stage_from_text);
Datum
leadflow_stage_from_text(PG_FUNCTION_ARGS)
{
	StageSpace	space;

	stage_from_text(PG_GETARG_TEXT_PP(0), &space);
	PG_RETURN_STAGE_P(copy_stage(&space));
}

PG_FUNCTION_INFO_V1(leadflow_stage_to_text);
Datum
leadflow_stage_to_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(stage_to_cstring(PG_GETARG_STAGE_PP(0))));
}

PG_FUNCTION_INFO_V1(leadflow_stage_base);
Datum
leadflow_stage_base(PG_FUNCTION_ARGS)
{
	PG_RETURN_STAGE_P(stage_base_of(PG_GETARG_STAGE_PP(0)));
}

PG_FUNCTION_INFO_V1(leadflow_stage_ordinal);
Datum
leadflow_stage_ordinal(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(stage_ordinal_of_code(stage_code(PG_GETARG_STAGE_PP(0))));
}

PG_FUNCTION_INFO_V1(leadflow_stage_phase);
Datum
leadflow_stage_phase(PG_FUNCTION_ARGS)
{
	const StageEntry *entry = find_code(stage_code(PG_GETARG_STAGE_PP(0)));

	PG_RETURN_TEXT_P(cstring_to_text(entry->phase));
}

PG_FUNCTION_INFO_V1(leadflow_stage_is_exit);
Datum
leadflow_stage_is_exit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(stage_code_is_exit(stage_code(PG_GETARG_STAGE_PP(0))));
}

/* Is this a way back along the spine?  Exits are off it, and so neither way. */
bool
stage_is_back(const Stage *from, const Stage *to)
{
	return !stage_code_is_exit(stage_code(from)) && !stage_code_is_exit(stage_code(to)) &&
		stage_code(to) < stage_code(from);
}

/*
 * leadflow.further(present, wanted, forward): where a row goes.
 */
PG_FUNCTION_INFO_V1(leadflow_stage_further);
Datum
leadflow_stage_further(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_BOOL(2) && stage_is_back(PG_GETARG_STAGE_PP(0), PG_GETARG_STAGE_PP(1)))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(1));
}

/* A label as text, or false if the database's encoding cannot write it. */
static bool
label_to_text(const char *label, Datum *result)
{
	int			len = strlen(label);
	int			encoding = GetDatabaseEncoding();
	unsigned char *converted;
	Oid			proc;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
	{
		*result = CStringGetTextDatum(label);
		return true;
	}

	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc))
		return false;
	converted = palloc(len * MAX_CONVERSION_GROWTH + 1);
	if (pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
									  (unsigned char *) unconstify(char *, label), len,
									  converted, len * MAX_CONVERSION_GROWTH + 1,
									  true) != len)
		return false;
	*result = CStringGetTextDatum((char *) converted);
	return true;
}

PG_FUNCTION_INFO_V1(leadflow_spine);
Datum
leadflow_spine(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext oldcontext;
		TupleDesc	tupdesc;

		funcctx = SRF_FIRSTCALL_INIT();
		oldcontext = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
			tupdesc->natts != SPINE_COLUMNS)
			elog(ERROR, "return type must be the row type of leadflow.spine()");
		funcctx->tuple_desc = BlessTupleDesc(tupdesc);
		funcctx->max_calls = lengthof(spine);
		MemoryContextSwitchTo(oldcontext);
	}

	funcctx = SRF_PERCALL_SETUP();
	if (funcctx->call_cntr < funcctx->max_calls)
	{
		const StageEntry *entry = &spine[funcctx->call_cntr];
		Datum		values[SPINE_COLUMNS] = {0};
		bool		nulls[SPINE_COLUMNS] = {0};

		values[SPINE_ORDINAL] = Int32GetDatum(entry->ordinal);
		values[SPINE_STAGE] = PointerGetDatum(stage_make(entry->code, NULL, 0));
		values[SPINE_PHASE] = CStringGetTextDatum(entry->phase);
		for (int i = 0; i < (int) lengthof(entry->label); i++)
			nulls[SPINE_LABEL + i] = !label_to_text(entry->label[i],
													&values[SPINE_LABEL + i]);
		values[SPINE_MEANING] = CStringGetTextDatum(entry->meaning);

		SRF_RETURN_NEXT(funcctx,
						HeapTupleGetDatum(heap_form_tuple(funcctx->tuple_desc,
														  values, nulls)));
	}
	SRF_RETURN_DONE(funcctx);
}
