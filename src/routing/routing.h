/*
 * routing.h
 *	  Who gets a lead.
 *
 * A lead that enters a stage with routing rules is handed over: the first rule
 * that matches names a pool (rule.c), and of the pool's members who may have
 * the lead one is chosen by turns (pool.c).  The same code hands over, and says
 * how it would (routing.c).
 */
#ifndef LEADFLOW_ROUTING_H
#define LEADFLOW_ROUTING_H

#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

#include "guard/judge.h"
#include "guard/statement.h"

/* The pool of leads that no rule names. */
#define DEFAULT_POOL	"default"

/* A member of the pool. */
typedef struct Candidate
{
	char	   *member;
	int64		weight;
	bool		limited;
	int64		capacity;		/* where it is limited */
	bool		counted;
	int64		open_leads;		/* where they are counted */
	double		credit;			/* leads that were earned less those given */
	bool		eligible;
	bool		avoided;		/* to be passed over if anybody else is eligible */
	const char *why_not;		/* or NULL */
	bool		in_turn;		/* one of those among whom the choice is */
} Candidate;

/* What is known of the account that the lead belongs to. */
typedef struct LeadAccount
{
	char	   *territory;		/* of the lead, else of the account; NULL for none */
	char	   *industry;
	char	   *segment;
	bool		found;
	int64		id;
	bool		is_hidden;		/* from whom the rules are explained to */
	const char *name;
	char	   *owner;			/* or NULL */
	bool		owner_is_active;
	bool		owner_is_absent;
	TimestampTz absent_until;
} LeadAccount;

/* The handover of one lead. */
typedef struct Routing
{
	Move	   *move;
	uint8		stage;			/* code of the stage whose rules hold; 0 for none */
	TimestampTz now;
	List	   *refusers;		/* who rejected the lead before */
	List	   *passed_over;	/* whom the caller would rather not have */
	bool		read_only;
	ReturnSetInfo *explanation; /* where every step is told, or NULL */
	int			steps;

	LeadAccount *account;		/* NULL until a rule asks */
	RoutingRule *rule;			/* that matches; NULL for none */

	const char *pool;
	Candidate  *candidates;
	int			n_candidates;
	int			max_candidates;
	int64		turn;			/* number of the pool's last turn */
	char	   *fallback;
	bool		fallback_is_active;
	bool		fallback_is_absent;
	TimestampTz fallback_absent_until;

	const char *owner;			/* whose the lead will be */
	const char *how;			/* he gets it; NULL: it is his already */
	const char *why;
} Routing;

/* routing.c: for the recorder */
extern TupleTableSlot *route_on_stage(Move *move);

extern void read_now(Routing *routing, Statement statement, Datum *args,
					 StatementReader reader, void *arg);
extern bool is_avoided(Routing *routing, const char *member, const char **why);
extern char *absent_until(TimestampTz until);
extern void tell_step(Routing *routing, const char *what, const char *name, const bool *fits,
					  const char *why, const Candidate *candidate, bool chosen);

/* rule.c */
extern uint8 stage_of_routing(Rulebook *rulebook, const Stage *from, const Stage *to);
extern void find_rule(Routing *routing);
extern const char *name_of_account(LeadAccount *account);

/* pool.c */
extern void read_pool(Routing *routing);
extern const Candidate *find_candidate(Routing *routing, const char *member);
extern Candidate *choose_by_turn(Routing *routing);

#endif							/* LEADFLOW_ROUTING_H */
