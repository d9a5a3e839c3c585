/*
 * judge.h
 *	  Whether a row may enter a stage, and what is missing.
 */
#ifndef LEADFLOW_JUDGE_H
#define LEADFLOW_JUDGE_H

#include "executor/tuptable.h"
#include "nodes/pg_list.h"

#include "compat.h"
#include "guard/row.h"
#include "rulebook/evidence.h"
#include "rulebook/rulebook.h"

/* The criterion of a word that stands for no stage. */
#define STATUS_ALIAS		"status_alias"

/* Longest value that is quoted to say what was seen. */
#define SEEN_MAX_LENGTH		60

/* A row on its way from one stage to another. */
typedef struct Move
{
	Rulebook   *rulebook;
	ObjectRules *rules;
	Relation	rel;
	TupleTableSlot *row;		/* as it will be, or is, written */
	TupleTableSlot *old_row;	/* NULL for a new row, and one that is only asked about */
	const Stage *from;			/* NULL for a new row */
	const Stage *to;
	TimestampTz at;				/* when the stage begins to hold */
	const char *variant;
	bool		allowed;
	const Transition *transition;	/* the rule that allows it; NULL for forward */
	bool		reason_given;	/* by this very write */
	bool		status_given;	/* by this very write */
	const struct Overwrites *overwrites;	/* values of the writer's that are not written; or NULL */
	const char *too_early;		/* why the stage cannot begin when it should; or NULL */
	Evidence	evidence;
} Move;

/* One thing that the standard asks of a move. */
typedef struct Finding
{
	const char *criterion;
	const Stage *stage;
	const char *requirement;
	const char *how_to_fix;		/* or NULL */
	bool		enforce;
	bool		met;
	bool		park;			/* the row, whatever the session asks for */
	bool		is_old;			/* asked for by an earlier move already */
	const char *of_lead;		/* the lead of an opportunity, or NULL */
	const char *seen;			/* the values it was judged by, if not to be looked up */
	Bitmapset  *columns;		/* attribute numbers it depends on */
	Bitmapset  *evidence;		/* kinds of evidence it depends on */
} Finding;

extern void move_init(Move *move, Rulebook *rulebook, ObjectRules *rules, Relation rel,
					  TupleTableSlot *row, const Stage *from, const Stage *to);
extern void move_set_time(Move *move, TimestampTz at);
extern bool transition_allowed(ObjectRules *rules, const char *variant,
							   const Stage *from, const Stage *to,
							   const Transition **transition);
extern bool reason_is_owed(const Stage *to, const Transition *transition);
extern Finding *add_finding(List **findings, const char *criterion, const Stage *stage,
							const char *requirement, const char *how_to_fix, bool met);
extern List *judge(Move *move, bool want_all);
extern bool change_is_judged(ObjectRules *rules, TupleTableSlot *old_row, TupleTableSlot *new_row);
extern List *judge_change(Move *move);
extern List *judge_status_only(Move *move);
extern bool is_blank(const char *string);
extern bool any_enforced(List *findings);
extern bool condition_met(Move *move, CriterionProgram **program, const char *condition);

/* In words: finding.c */
extern char *finding_seen(Move *move, Finding *finding, bool only_readable);
pg_noreturn extern void report_unmet(Move *move, List *findings, const char *detail);

/* The row on its way */
extern Datum row_field(Move *move, Field field, bool *isnull);
extern char *row_string(Move *move, Field field);
extern char *writer_source(ObjectRules *rules, TupleTableSlot *row);

#endif							/* LEADFLOW_JUDGE_H */
