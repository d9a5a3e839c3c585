/*
 * score_call.c
 *	  What SQL asks of the score.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "guard/judge.h"
#include "leadflow.h"
#include "rulebook/owner.h"
#include "score/score.h"

/* A call about one lead, which the rulebook is held for. */
typedef struct ScoreCall
{
	Rulebook   *rulebook;
	Evidence	evidence;
	TupleTableSlot *lead;
	const TimestampTz *outer_as_of;
} ScoreCall;

/* A step of a call: to take the lead that it is about, or to answer. */
typedef void (*CallStep) (ScoreCall *call, FunctionCallInfo fcinfo, void *arg);

static void
check_readable(Oid relid)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

/* Scores tell what the tables say that they are reckoned from. */
static void
check_rights(Rulebook *rulebook)
{
	check_readable(rulebook->objects[OBJECT_LEAD].relid);
	check_readable(rulebook->account.relid);
	check_readable(rulebook->touch.relid);
	check_readable(rulebook->intent.relid);
}

static TimestampTz
instant_of(FunctionCallInfo fcinfo, int arg)
{
	TimestampTz at = PG_ARGISNULL(arg) ? leadflow_now() : PG_GETARG_TIMESTAMPTZ(arg);

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("a score is as of a finite instant")));
	return at;
}

static void
begin_call(ScoreCall *call, Rulebook *rulebook, TimestampTz as_of)
{
	call->rulebook = rulebook;
	call->outer_as_of = leadflow_as_of;
	evidence_init(&call->evidence, rulebook, as_of);
	call->evidence.as_caller = true;
	leadflow_as_of = &call->evidence.as_of;
}

/* A row of type lead, as a Datum, is what the call is about. */
static void
take_row(ScoreCall *call, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	Datum		id;

	call->lead = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	ExecStoreHeapTuple(tuple, call->lead, false);
	call->evidence.lead = call->lead;
	id = slot_getattr(call->lead, call->rulebook->objects[OBJECT_LEAD].fields[FIELD_ID], &isnull);
	call->evidence.has_lead = !isnull;
	call->evidence.lead_id = isnull ? 0 : DatumGetInt64(id);
}

/* Does row security decide which leads the caller sees? */
static bool
has_row_security(Rulebook *rulebook)
{
	return check_enable_rls(rulebook->objects[OBJECT_LEAD].relid, InvalidOid, true) == RLS_ENABLED;
}

/* The lead of that number, if the caller may see it. */
static void
take_lead(ScoreCall *call, FunctionCallInfo fcinfo, void *arg)
{
	int64		id = PG_GETARG_INT64(1);
	Rulebook   *rulebook = call->rulebook;
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel = table_open(rules->relid, AccessShareLock);
	HeapTuple	tuple;

	if (has_row_security(rulebook))
		tuple = read_row(rulebook, rules, id);
	else
		tuple = fetch_by_id(rulebook, rules, rel, id);
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("workspace %s has no lead " INT64_FORMAT, rulebook->schema, id)));
	take_row(call, tuple, CreateTupleDescCopy(RelationGetDescr(rel)));
	table_close(rel, NoLock);
}

/*
 * A call, of which the first argument names the workspace, and the given one the
 * instant: a lead is taken, and answered about.
 */
static void
answer_call(FunctionCallInfo fcinfo, int as_of_arg, CallStep take, CallStep answer, void *arg)
{
	TimestampTz as_of = instant_of(fcinfo, as_of_arg);
	Rulebook   *rulebook = rulebook_open(rulebook_namespace(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	ScoreCall	call;

	begin_call(&call, rulebook, as_of);
	PG_TRY();
	{
		check_rights(rulebook);
		take(&call, fcinfo, arg);
		answer(&call, fcinfo, arg);
		ExecDropSingleTupleTableSlot(call.lead);
	}
	PG_FINALLY();
	{
		leadflow_as_of = call.outer_as_of;
		rulebook_close(rulebook);
	}
	PG_END_TRY();
}

/* The columns of leadflow.score: fit, behaviour, total, grade, probability. */
#define SCORE_COLUMNS	5

static void
score_values(Evidence *evidence, Datum *values, bool *nulls)
{
	static const EvidenceKind kinds[SCORE_COLUMNS] = {
		EVIDENCE_FIT, EVIDENCE_BEHAVIOUR, EVIDENCE_TOTAL, EVIDENCE_GRADE, EVIDENCE_PROBABILITY
	};

	for (int i = 0; i < SCORE_COLUMNS; i++)
		values[i] = evidence_value(evidence, kinds[i], &nulls[i]);
}

static void
form_score(ScoreCall *call, FunctionCallInfo fcinfo, void *result)
{
	TupleDesc	desc;
	Datum		values[SCORE_COLUMNS];
	bool		nulls[SCORE_COLUMNS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	score_values(&call->evidence, values, nulls);
	*(Datum *) result = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * leadflow.score(workspace, lead_id, as_of) -> the score of a lead
 */
PG_FUNCTION_INFO_V1(leadflow_score);
Datum
leadflow_score(PG_FUNCTION_ARGS)
{
	Datum		result;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	answer_call(fcinfo, 2, take_lead, form_score, &result);
	PG_RETURN_DATUM(result);
}

static void
put_lines(ScoreCall *call, FunctionCallInfo fcinfo, void *arg)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Subject		subject;
	ListCell   *cell;

	subject_open(&subject, &call->evidence, true);
	call->evidence.scoring = true;
	foreach(cell, score_lines(&subject))
	{
		ScoreLine  *line = lfirst(cell);
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(line->name);
		values[1] = CStringGetTextDatum(line->is_fit ? "fit" : "behaviour");
		values[2] = points_numeric(line->now);
		values[3] = points_numeric(line->earned);
		values[4] = DirectFunctionCall1(jsonb_in, CStringGetDatum(line->evidence));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	subject_close(&subject);
}

/*
 * leadflow.explain_score(workspace, lead_id, as_of) -> a row for each line
 */
PG_FUNCTION_INFO_V1(leadflow_explain_score);
Datum
leadflow_explain_score(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
		answer_call(fcinfo, 2, take_lead, put_lines, NULL);
	return (Datum) 0;
}

static void
put_point(ReturnSetInfo *result, const char *feature, const char *value, double log_odds, int64 points)
{
	Datum		values[4];
	bool		nulls[4];

	nulls[0] = (feature == NULL);
	nulls[1] = (value == NULL);
	nulls[2] = false;
	nulls[3] = false;
	values[0] = nulls[0] ? (Datum) 0 : CStringGetTextDatum(feature);
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(value);
	values[2] = Float8GetDatum(log_odds);
	values[3] = points_numeric(points);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_points(ScoreCall *call, FunctionCallInfo fcinfo, void *arg)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Scorecard  *score = &call->rulebook->score;
	Subject		subject;

	if (!score->has_model)
		return;
	put_point(result, NULL, NULL, score->intercept,
			  (int64) rint(POINTS_TO_DOUBLE / log(2.0) * score->intercept) * POINT_UNITS);
	subject_open(&subject, &call->evidence, true);
	for (int i = 0; i < score->n_features; i++)
	{
		ScoreFeature *feature = &score->features[i];
		FeatureValue *value;

		if (feature->n_model == 0)
			continue;
		value = feature_value(&subject, feature);
		for (int word = 0; word < Max(value->n_words, 1); word++)
		{
			const ModelPoint *point = feature_point(feature, value, word);
			const char *shown = value->missing ? NULL :
				feature->kind == FEATURE_NUMBER ? value->number_text : value->words[word];

			put_point(result, feature->feature, shown, point == NULL ? 0 : point->log_odds,
					  point == NULL ? 0 : point->points);
		}
	}
	subject_close(&subject);
}

/*
 * leadflow.explain_probability(workspace, lead_id, as_of) -> the intercept, and
 * what each feature adds to the log-odds
 */
PG_FUNCTION_INFO_V1(leadflow_explain_probability);
Datum
leadflow_explain_probability(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
		answer_call(fcinfo, 2, take_lead, put_points, NULL);
	return (Datum) 0;
}

/* A row that the caller hands over must be one of the workspace's leads' type. */
static void
take_record(ScoreCall *call, FunctionCallInfo fcinfo, void *arg)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	Rulebook   *rulebook = call->rulebook;
	Oid			relid = rulebook->objects[OBJECT_LEAD].relid;
	HeapTuple	tuple = palloc(HEAPTUPLESIZE);
	TupleDesc	desc;

	if (HeapTupleHeaderGetTypeId(header) != get_rel_type_id(relid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the row is not of type %s.lead", rulebook->schema)));
	desc = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	rulebook_check_object(rulebook, &rulebook->objects[OBJECT_LEAD], desc);
	tuple->t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = relid;
	tuple->t_data = header;
	take_row(call, tuple, desc);

	/* what the lead of that number did is told to those who may see it */
	if (call->evidence.has_lead && has_row_security(rulebook) &&
		!HeapTupleIsValid(find_row(rulebook, relid, call->evidence.lead_id)))
		call->evidence.has_lead = false;
}

static void
find_facts(ScoreCall *call, FunctionCallInfo fcinfo, void *facts)
{
	Subject		subject;

	subject_open(&subject, &call->evidence, false);
	*(Datum *) facts = subject_facts(&subject);
	subject_close(&subject);
}

/*
 * leadflow.facts(workspace, lead, as_of) -> the features and the score of a row
 */
PG_FUNCTION_INFO_V1(leadflow_facts);
Datum
leadflow_facts(PG_FUNCTION_ARGS)
{
	Datum		facts;

	answer_call(fcinfo, 2, take_record, find_facts, &facts);
	if (facts == (Datum) 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(facts);
}

/* The condition that a call site of leadflow.meets asks about. */
typedef struct MeetsSite
{
	MemoryContext mcxt;			/* of the next two; its end is the program's */
	text	   *expression;
	CriterionProgram *program;	/* NULL until it is compiled */
	Oid			relid;
	MemoryContextCallback callback;
} MeetsSite;

static void
forget_program(void *arg)
{
	MeetsSite  *site = arg;

	if (site->program != NULL)
		criterion_free(site->program);
	site->program = NULL;
}

static MeetsSite *
meets_site(FunctionCallInfo fcinfo)
{
	MeetsSite  *site = fcinfo->flinfo->fn_extra;
	MemoryContext mcxt = fcinfo->flinfo->fn_mcxt;

	if (site != NULL)
		return site;
	site = MemoryContextAllocZero(mcxt, sizeof(MeetsSite));
	site->mcxt = AllocSetContextCreate(mcxt, "leadflow meets", ALLOCSET_SMALL_SIZES);
	site->callback.func = forget_program;
	site->callback.arg = site;
	fcinfo->flinfo->fn_extra = site;
	return site;
}

static bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* The compiled expression, kept from one row to the next. */
static CriterionProgram *
site_program(MeetsSite *site, Oid relid, text *expression)
{
	Relation	rel;
	MemoryContext oldcxt;

	if (site->program != NULL && site->relid == relid && criterion_is_valid(site->program) &&
		same_text(site->expression, expression))
		return site->program;

	MemoryContextReset(site->mcxt);
	MemoryContextRegisterResetCallback(site->mcxt, &site->callback);
	oldcxt = MemoryContextSwitchTo(site->mcxt);
	rel = table_open(relid, AccessShareLock);
	site->program = criterion_compile(rel, text_to_cstring(expression));
	table_close(rel, NoLock);
	site->relid = relid;
	site->expression = (text *) PG_DETOAST_DATUM_COPY(PointerGetDatum(expression));
	MemoryContextSwitchTo(oldcxt);
	return site->program;
}

static void
find_whether_met(ScoreCall *call, FunctionCallInfo fcinfo, void *met)
{
	MeetsSite  *site = meets_site(fcinfo);
	Oid			relid = call->rulebook->objects[OBJECT_LEAD].relid;
	CriterionProgram *program = site_program(site, relid, PG_GETARG_TEXT_PP(2));
	ExprContext *econtext = CreateStandaloneExprContext();

	econtext->ecxt_scantuple = call->lead;
	econtext->ecxt_param_list_info = evidence_params(&call->evidence);
	*(bool *) met = criterion_met(program, econtext, site->mcxt);
	FreeExprContext(econtext, true);
}

/*
 * leadflow.meets(workspace, lead, expression, as_of) -> whether the row meets it
 */
PG_FUNCTION_INFO_V1(leadflow_meets);
Datum
leadflow_meets(PG_FUNCTION_ARGS)
{
	bool		met;

	answer_call(fcinfo, 3, take_record, find_whether_met, &met);
	PG_RETURN_BOOL(met);
}

/* The first rule by which the lead moves; NULL for none. */
static ScoreMove *
move_due(ScoreCall *call)
{
	Rulebook   *rulebook = call->rulebook;
	Scorecard  *score = &rulebook->score;
	Subject		subject;
	ScoreMove  *due = NULL;
	bool		isnull;
	Datum		value = slot_getattr(call->lead, rulebook->objects[OBJECT_LEAD].fields[FIELD_STAGE], &isnull);
	const Stage *stage;

	if (isnull || score->n_moves == 0)
		return NULL;
	stage = DatumGetStagePP(value);
	subject_open(&subject, &call->evidence, false);
	for (int i = 0; i < score->n_moves && due == NULL; i++)
	{
		ScoreMove  *move = &score->moves[i];

		if (variant_applies(move->variant, subject.variant) &&
			(stage_equal(move->from, stage) || (!stage_is_leaf(move->from) && stage_code(move->from) == stage_code(stage))) &&
			!stage_equal(move->to, stage) && subject_meets(&subject, &move->condition))
			due = move;
	}
	subject_close(&subject);
	return due;
}

#define BATCH_COLUMNS	(SCORE_COLUMNS + 7)

/* A row of score_leads. */
typedef struct BatchRow
{
	ScoreCall  *call;
	Datum		values[BATCH_COLUMNS];
	bool		nulls[BATCH_COLUMNS];
} BatchRow;

/* The score of a lead, and the move that it asks for. */
static void
score_lead(Evidence *evidence, void *arg)
{
	BatchRow   *row = arg;
	Rulebook   *rulebook = evidence->rulebook;
	ScoreMove  *move;
	bool		isnull;

	score_values(evidence, &row->values[1], &row->nulls[1]);
	row->values[6] = Int64GetDatum(rulebook->score.model_version);
	row->nulls[6] = !rulebook->score.has_model;
	row->values[7] = Int64GetDatum(rulebook->version);
	row->nulls[7] = false;
	move = move_due(row->call);
	if (move != NULL)
	{
		Datum		stage = slot_getattr(evidence->lead, rulebook->objects[OBJECT_LEAD].fields[FIELD_STAGE], &isnull);

		row->values[8] = CStringGetTextDatum(move->code);
		row->values[9] = CStringGetTextDatum(stage_to_cstring(DatumGetStagePP(stage)));
		row->values[10] = CStringGetTextDatum(stage_to_cstring(move->to));
		row->nulls[8] = row->nulls[9] = row->nulls[10] = false;
	}
}

/* Score one lead of a batch.  A lead that was merged has no score. */
static void
put_lead(ScoreCall *call, HeapTuple tuple, TupleDesc desc, ReturnSetInfo *result)
{
	BatchRow	row = {.call = call};
	ErrorData  *error = NULL;

	memset(row.nulls, true, sizeof(row.nulls));
	take_row(call, tuple, desc);
	if (heap_attisnull(tuple, call->rulebook->objects[OBJECT_LEAD].fields[FIELD_MERGED_INTO], desc))
		error = try_scoring(&call->evidence, score_lead, &row);
	if (error != NULL)
	{
		memset(row.nulls, true, sizeof(row.nulls));
		row.values[11] = CStringGetTextDatum(error->message);
		row.nulls[11] = false;
	}
	row.values[0] = Int64GetDatum(call->evidence.lead_id);
	row.nulls[0] = false;
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
	ExecDropSingleTupleTableSlot(call->lead);
}

static void
put_batch(Rulebook *rulebook, int64 after, int64 leads, TimestampTz as_of, ReturnSetInfo *result)
{
	ObjectRules *rules = &rulebook->objects[OBJECT_LEAD];
	Relation	rel = table_open(rules->relid, AccessShareLock);
	TupleDesc	desc = CreateTupleDescCopy(RelationGetDescr(rel));
	MemoryContext mcxt = AllocSetContextCreate(CurrentMemoryContext, "leadflow score batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(mcxt);
	Relation	index;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	rulebook_check_object(rulebook, rules, desc);
	if (!OidIsValid(rules->id_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table %s.lead has no index on id", rulebook->schema)));
	index = index_open(rules->id_index, AccessShareLock);
	ScanKeyInit(&key, rules->fields[FIELD_ID], BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	scan = systable_beginscan_ordered(rel, index, GetActiveSnapshot(), 1, &key);
	while (leads-- > 0 && HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		ScoreCall	call;
		MemoryContext scan_cxt;

		CHECK_FOR_INTERRUPTS();
		scan_cxt = AllocSetContextCreate(mcxt, "leadflow score of a lead", ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(scan_cxt);
		begin_call(&call, rulebook, as_of);
		call.evidence.as_caller = false;
		put_lead(&call, tuple, desc, result);
		leadflow_as_of = call.outer_as_of;
		MemoryContextSwitchTo(mcxt);
		MemoryContextDelete(scan_cxt);
	}
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(mcxt);
}

/*
 * leadflow.score_leads(workspace, after, leads, as_of) -> the scores of the next
 * leads by number, and the moves that they ask for.  For the owner.
 */
PG_FUNCTION_INFO_V1(leadflow_score_leads);
Datum
leadflow_score_leads(PG_FUNCTION_ARGS)
{
	TimestampTz as_of = instant_of(fcinfo, 3);
	const TimestampTz *outer = leadflow_as_of;
	Rulebook   *rulebook;

	InitMaterializedSRF(fcinfo, 0);
	rulebook = rulebook_open(rulebook_namespace(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	PG_TRY();
	{
		check_owner(rulebook->owner, rulebook->schema);
		put_batch(rulebook, PG_GETARG_INT64(1), PG_GETARG_INT64(2), as_of, (ReturnSetInfo *) fcinfo->resultinfo);
	}
	PG_FINALLY();
	{
		leadflow_as_of = outer;
		rulebook_close(rulebook);
	}
	PG_END_TRY();
	return (Datum) 0;
}
