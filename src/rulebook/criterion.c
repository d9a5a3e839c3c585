/*
 * criterion.c
 *	  Compile and evaluate criteria.
 *
 * A criterion is written by whoever edits the definitions and runs with the
 * rights of whoever writes the row, as a CHECK constraint does.  So that a
 * definition cannot run code as its victim, an expression may only use
 *
 *	- columns of the row (no generated, system or whole-row ones) and evidence;
 *	- types, IMMUTABLE functions and operators of pg_catalog and of leadflow;
 *	- PostgreSQL's STABLE functions over dates and times, and leadflow.clock().
 *
 * Everything else is refused when the definition is written.  The text is
 * parsed by PostgreSQL's parser under a fixed search_path, so that the same
 * text always means the same thing.
 *
 * Unlike a CHECK constraint, a criterion that yields NULL is not met: a
 * missing budget does not meet the standard.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "compat.h"
#include "rulebook/criterion.h"
#include "rulebook/evidence.h"
#include "rulebook/rulebook.h"

typedef struct SandboxContext
{
	ParseState *pstate;
	Relation	rel;
	Oid			leadflow_namespace;
	CriterionProgram *program;
} SandboxContext;

/*
 * An expression and the constants in it mean the same in every session.  A
 * constant without a time zone is in UTC.
 */
static const char *const reading_settings[][2] = {
	{"search_path", "pg_catalog, leadflow, pg_temp"},
	{"standard_conforming_strings", "on"},
	{"backslash_quote", "safe_encoding"},
	{"transform_null_equals", "off"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"TimeZone", "UTC"}
};

/* An error in the expression points into the expression. */
static void
criterion_error_callback(void *arg)
{
	const char *expression = (const char *) arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(expression);
	}
	errcontext("criterion \"%s\"", expression);
}

/* Names that are not columns may be evidence. */
static Node *
resolve_evidence(ParseState *pstate, ColumnRef *cref, Node *var)
{
	int			number;
	Param	   *param;

	if (var != NULL || list_length(cref->fields) != 1 ||
		!IsA(linitial(cref->fields), String))
		return NULL;
	number = evidence_number(strVal(linitial(cref->fields)));
	if (number == 0)
		return NULL;

	param = makeNode(Param);
	param->paramkind = PARAM_EXTERN;
	param->paramid = number;
	param->paramtype = evidence_type(number);
	param->paramtypmod = -1;
	param->paramcollid = get_typcollation(param->paramtype);
	param->location = cref->location;
	return (Node *) param;
}

/* The one bare expression that the text consists of. */
static Node *
parse_single_expression(const char *expression)
{
	RawStmt    *raw;
	SelectStmt *select;
	ResTarget  *target;

	raw = linitial_node(RawStmt, raw_parser(expression, RAW_PARSE_PLPGSQL_EXPR));
	select = castNode(SelectStmt, raw->stmt);

	if (list_length(select->targetList) != 1 ||
		select->distinctClause != NIL || select->intoClause != NULL ||
		select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->valuesLists != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL ||
		select->withClause != NULL || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a criterion must be a single expression")));

	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL || target->indirection != NIL ||
		(IsA(target->val, ColumnRef) &&
		 IsA(linitial(((ColumnRef *) target->val)->fields), A_Star)))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a criterion must be a single expression without a name")));
	return target->val;
}

/* pg_catalog and leadflow hold what a criterion may use. */
static bool
namespace_is_trusted(SandboxContext *context, Oid nspid)
{
	return nspid == PG_CATALOG_NAMESPACE || nspid == context->leadflow_namespace;
}

static bool
type_is_date_or_time(Oid type)
{
	switch (type)
	{
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			return true;
		default:
			return false;
	}
}

/*
 * Is this STABLE function of pg_catalog one of those over dates and times?
 * They depend on settings such as TimeZone only, and read nothing else.
 */
static bool
function_is_stable_time_function(Oid funcid, Form_pg_proc proc)
{
	bool		over_time;

	switch (funcid)
	{
		case F_NOW:
		case F_TRANSACTION_TIMESTAMP:
		case F_STATEMENT_TIMESTAMP:
			return true;
	}

	/* any other one must take a date or time and nothing but plain values */
	over_time = false;
	for (int i = 0; i < proc->pronargs; i++)
	{
		Oid			type = proc->proargtypes.values[i];

		if (type_is_date_or_time(type))
			over_time = true;
		else if (type != TEXTOID && type != INT4OID && type != INT8OID &&
				 type != FLOAT8OID && type != NUMERICOID && type != BOOLOID)
			return false;
	}
	return over_time;
}

/* Refuse a function that a definition must not call. */
static void
check_function(SandboxContext *context, Oid funcid, int location)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	Form_pg_proc proc;
	const char *fault = NULL;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", funcid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);

	if (!namespace_is_trusted(context, proc->pronamespace))
		fault = "It belongs neither to pg_catalog nor to leadflow.";
	else if (proc->prosecdef)
		fault = "It runs with the rights of its owner.";
	else if (proc->provolatile == PROVOLATILE_VOLATILE)
		fault = "It is volatile.";
	else if (proc->provolatile == PROVOLATILE_STABLE &&
			 !(proc->pronamespace == PG_CATALOG_NAMESPACE &&
			   function_is_stable_time_function(funcid, proc)) &&
			 !(proc->pronamespace == context->leadflow_namespace &&
			   strcmp(NameStr(proc->proname), "clock") == 0 && proc->pronargs == 0))
		fault = "It may read more than the row.";

	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("function %s is not allowed in a criterion",
						format_procedure(funcid)),
				 errdetail_internal("%s", fault),
				 errhint("Use immutable functions of pg_catalog and leadflow, and PostgreSQL's date and time functions."),
				 parser_errposition(context->pstate, location)));
	ReleaseSysCache(tuple);
}

static bool
check_function_walker(Oid funcid, void *arg)
{
	SandboxContext *context = (SandboxContext *) arg;

	check_function(context, funcid, -1);
	return false;
}

/* Refuse a type whose input, output or comparison may be anybody's code. */
static void
check_type(SandboxContext *context, Oid type, int location)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	bool		trusted;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	trusted = namespace_is_trusted(context, form->typnamespace) &&
		form->typtype != TYPTYPE_COMPOSITE && form->typtype != TYPTYPE_DOMAIN &&
		form->typtype != TYPTYPE_PSEUDO;
	ReleaseSysCache(tuple);

	if (!trusted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("type %s is not allowed in a criterion",
						format_type_be(type)),
				 errhint("Use types of pg_catalog and leadflow, or test the column for NULL only."),
				 parser_errposition(context->pstate, location)));
}

static void
check_column(SandboxContext *context, Var *var)
{
	Form_pg_attribute attribute;

	if (var->varattno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg(var->varattno == 0 ?
						"the whole row is not allowed in a criterion" :
						"system columns are not allowed in a criterion"),
				 parser_errposition(context->pstate, var->location)));

	attribute = TupleDescAttr(RelationGetDescr(context->rel), var->varattno - 1);
	if (attribute->attgenerated != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("generated column \"%s\" is not allowed in a criterion",
						NameStr(attribute->attname)),
				 errdetail("It has no value yet when the row is judged."),
				 parser_errposition(context->pstate, var->location)));

	context->program->columns =
		bms_add_member(context->program->columns, var->varattno);
}

/* Walk the transformed expression and refuse what the sandbox does not hold. */
static bool
sandbox_walker(Node *node, SandboxContext *context)
{
	if (node == NULL)
		return false;

	switch (nodeTag(node))
	{
		case T_List:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_CaseWhen:
		case T_NamedArgExpr:
			break;

		case T_NullTest:
			/* whether a column is there can be asked of any type */
			if (IsA(((NullTest *) node)->arg, Var) && !((NullTest *) node)->argisrow)
			{
				check_column(context, (Var *) ((NullTest *) node)->arg);
				return false;
			}
			break;

		case T_Var:
			check_column(context, (Var *) node);
			check_type(context, exprType(node), exprLocation(node));
			break;

		case T_Param:
			context->program->evidence =
				bms_add_member(context->program->evidence, ((Param *) node)->paramid);
			break;

		case T_SQLValueFunction:
			if (!type_is_date_or_time(((SQLValueFunction *) node)->type))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
						 errmsg("a criterion must not depend on the user or the session"),
						 parser_errposition(context->pstate, exprLocation(node))));
			break;

		case T_CoerceViaIO:
			{
				CoerceViaIO *coerce = (CoerceViaIO *) node;
				Oid			from = exprType((Node *) coerce->arg);
				Oid			funcid;
				Oid			ioparam;
				bool		varlena;

				/* both ends convert by their own text form */
				check_type(context, coerce->resulttype, coerce->location);
				check_type(context, from, coerce->location);
				getTypeOutputInfo(from, &funcid, &varlena);
				if (!type_is_date_or_time(from))
					check_function(context, funcid, coerce->location);
				getTypeInputInfo(coerce->resulttype, &funcid, &ioparam);
				if (!type_is_date_or_time(coerce->resulttype))
					check_function(context, funcid, coerce->location);
			}
			break;

		case T_Const:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_ArrayExpr:
		case T_RelabelType:
		case T_ArrayCoerceExpr:
		case T_SubscriptingRef:
		case T_CollateExpr:
			check_type(context, exprType(node), exprLocation(node));
			break;

		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("this kind of expression is not allowed in a criterion"),
					 errhint("Use columns, evidence, constants, operators, functions, CASE, COALESCE and boolean logic."),
					 parser_errposition(context->pstate, exprLocation(node))));
	}

	/* functions behind calls, operators and comparisons */
	if (IsA(node, FuncExpr))
		check_function(context, ((FuncExpr *) node)->funcid, exprLocation(node));
	else if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
	{
		set_opfuncid((OpExpr *) node);
		check_function(context, ((OpExpr *) node)->opfuncid, exprLocation(node));
	}
	else if (IsA(node, ScalarArrayOpExpr))
	{
		set_sa_opfuncid((ScalarArrayOpExpr *) node);
		check_function(context, ((ScalarArrayOpExpr *) node)->opfuncid, exprLocation(node));
	}
	else if (!IsA(node, CoerceViaIO) && !IsA(node, SQLValueFunction))
		check_functions_in_node(node, check_function_walker, context);

	return expression_tree_walker(node, sandbox_walker, context);
}

/* Make the expression yield a value of that type. */
static Node *
coerce_result(ParseState *pstate, Node *expr, Oid type)
{
	Node	   *coerced;

	if (type == BOOLOID)
		return coerce_to_boolean(pstate, expr, "criterion");
	/* everything has a text form; a word that looks like a number is none */
	coerced = coerce_to_target_type(pstate, expr, exprType(expr), type, -1,
									type == TEXTOID ? COERCION_EXPLICIT : COERCION_ASSIGNMENT,
									COERCE_EXPLICIT_CAST, -1);
	if (coerced == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("an expression of type %s does not yield %s",
						format_type_be(exprType(expr)), format_type_be(type)),
				 parser_errposition(pstate, exprLocation(expr))));
	return coerced;
}

/*
 * Compile an expression over the rows of rel that yields a value of a type of
 * pg_catalog.  The caller frees the result with criterion_free.
 */
CriterionProgram *
expression_compile(Relation rel, const char *expression, Oid type)
{
	CriterionProgram *program = palloc0(sizeof(CriterionProgram));
	ErrorContextCallback callback;
	SandboxContext context;
	ParseState *pstate;
	ParseNamespaceItem *nsitem;
	Node	   *expr;
	int			guc_level;

	if (strlen(expression) > CRITERION_MAX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("criterion is too long"),
				 errdetail("A criterion has at most %d bytes.", CRITERION_MAX_LENGTH)));

	callback.callback = criterion_error_callback;
	callback.arg = unconstify(char *, expression);
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	guc_level = NewGUCNestLevel();
	for (int i = 0; i < (int) lengthof(reading_settings); i++)
		(void) set_config_option(reading_settings[i][0], reading_settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);

	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = expression;
	pstate->p_post_columnref_hook = resolve_evidence;
	nsitem = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
										   NULL, false, false);
	addNSItemToQuery(pstate, nsitem, false, true, true);

	expr = transformExpr(pstate, parse_single_expression(expression),
						 EXPR_KIND_CHECK_CONSTRAINT);
	expr = coerce_result(pstate, expr, type);
	assign_expr_collations(pstate, expr);

	context.pstate = pstate;
	context.rel = rel;
	context.leadflow_namespace = leadflow_namespace();
	context.program = program;
	(void) sandbox_walker(expr, &context);

	program->plan = GetCachedExpression(expr);
	free_parsestate(pstate);

	AtEOXact_GUC(true, guc_level);
	error_context_stack = callback.previous;
	return program;
}

/* The same of a condition. */
CriterionProgram *
criterion_compile(Relation rel, const char *expression)
{
	return expression_compile(rel, expression, BOOLOID);
}

void
criterion_free(CriterionProgram *program)
{
	FreeCachedExpression(program->plan);
	program->plan = NULL;
}

/* False once something that the expression depends on has changed. */
bool
criterion_is_valid(const CriterionProgram *program)
{
	return program->plan->is_valid;
}

/* An instant that is read as text reads the same in every session. */
static Datum
value_in_iso(CriterionProgram *program, ExprContext *econtext, bool *isnull)
{
	int			date_style = DateStyle;
	int			interval_style = IntervalStyle;
	Datum		value;

	DateStyle = USE_ISO_DATES;
	IntervalStyle = INTSTYLE_POSTGRES;
	PG_TRY();
	{
		value = ExecEvalExprSwitchContext(program->state, econtext, isnull);
	}
	PG_FINALLY();
	{
		DateStyle = date_style;
		IntervalStyle = interval_style;
	}
	PG_END_TRY();
	return value;
}

/*
 * What the expression yields for the row in econtext, in its per-tuple memory.
 * The executable form is kept in mcxt, for as long as the same user asks:
 * permission to execute the functions is checked when it is made.
 */
Datum
expression_value(CriterionProgram *program, ExprContext *econtext, MemoryContext mcxt, bool *isnull)
{
	if (program->state == NULL || program->state_user != GetUserId())
	{
		MemoryContext oldcxt;

		if (program->state_mcxt == NULL)
			program->state_mcxt = AllocSetContextCreate(mcxt, "leadflow criterion",
														ALLOCSET_SMALL_SIZES);
		program->state = NULL;
		MemoryContextReset(program->state_mcxt);
		oldcxt = MemoryContextSwitchTo(program->state_mcxt);
		program->state = ExecInitExpr((Expr *) program->plan->expr, NULL);
		program->state_user = GetUserId();
		MemoryContextSwitchTo(oldcxt);
	}
	if (DateStyle == USE_ISO_DATES && IntervalStyle == INTSTYLE_POSTGRES)
		return ExecEvalExprSwitchContext(program->state, econtext, isnull);
	return value_in_iso(program, econtext, isnull);
}

/* Does the row in econtext meet the criterion? */
bool
criterion_met(CriterionProgram *program, ExprContext *econtext, MemoryContext mcxt)
{
	bool		isnull;
	Datum		result = expression_value(program, econtext, mcxt, &isnull);

	return !isnull && DatumGetBool(result);
}
