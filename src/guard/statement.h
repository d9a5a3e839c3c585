/*
 * statement.h
 *	  SQL that the module runs in a workspace as its owner.
 */
#ifndef LEADFLOW_STATEMENT_H
#define LEADFLOW_STATEMENT_H

#include "rulebook/rulebook.h"

typedef enum Statement
{
	INSERT_EVENT,
	INSERT_VIOLATION,
	INSERT_REFUSED,
	PARK,
	TAKE_BACK_LEAD,
	TAKE_BACK_OPPORTUNITY,
	MOVE_LEAD,
	RECORD_VERDICT,
	STOP_CLOCKS_BY_REJECTION,
	LOCK_LEAD,
	START_CLOCK,				/* of a lead; of an opportunity: the next one */
	START_OPPORTUNITY_CLOCK,
	STOP_CLOCKS_BY_STAGE,
	STOP_OPPORTUNITY_CLOCKS_BY_STAGE,
	STOP_CLOCKS_BY_TOUCH,
	END_CLOCKS,
	END_OPPORTUNITY_CLOCKS,
	GIVE_CLOCKS,
	ANSWER_CLOCKS,
	REASSIGN_CLOCKS,
	REASSIGN_OPPORTUNITY_CLOCKS,
	READ_VERSIONS,
	LOCK_LEAD_OF_CLOCK,
	LOCK_CLOCK,
	RECKON_PAUSES,
	READ_LATE_PAUSE,
	READ_KIND,
	READ_REASON,
	RENAME_KIND_IN_POLICIES,
	RENAME_KIND_IN_CLOCKS,
	RENAME_KIND_IN_RULES,
	RETRACT_STARTS,
	RETRACT_STOPS,
	READ_ACCOUNT,
	READ_REFUSERS,
	READ_POOL,
	GIVE_LEAD,
	KEEP_ASSIGNMENT,
	RECKON_CADENCES,
	INSERT_STAY,
	OTHER_OWNER,
	GIVE_TOUCH,
	CARRY_OVER
} Statement;

#define STATEMENTS	(CARRY_OVER + 1)
StaticAssertDecl(STATEMENTS <= RULEBOOK_MAX_PLANS, "a rulebook has room for every plan");

/* Takes a row of a result; called in the memory context of the caller. */
typedef void (*StatementReader) (HeapTuple row, TupleDesc desc, void *arg);

extern uint64 statement_read(Rulebook *rulebook, Statement statement, Datum *args,
							 const bool *nulls, bool read_only,
							 StatementReader reader, void *arg);
extern uint64 statement_run(Rulebook *rulebook, Statement statement,
							Datum *args, const bool *nulls);
extern char *statement_fetch(Rulebook *rulebook, Statement statement,
							 Datum *args, const bool *nulls, bool read_only);
extern Oid	acting_user(void);
extern Datum session_actor(void);
extern Datum actor(void);

/* True while the module itself removes or amends what is append-only. */
extern bool history_may_change;

/* True while the rules that say who gets a lead give it to its owner. */
extern bool owner_is_routed;

#endif							/* LEADFLOW_STATEMENT_H */
