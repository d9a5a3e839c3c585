/*
 * rulebook.h
 *	  The definitions of one workspace, as this backend uses them.
 */
#ifndef LEADFLOW_RULEBOOK_H
#define LEADFLOW_RULEBOOK_H

#include "postgres.h"

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "rulebook/criterion.h"
#include "rulebook/scorecard.h"
#include "stage/stage.h"

/* What moves through the funnel. */
typedef enum ObjectKind
{
	OBJECT_LEAD,
	OBJECT_OPPORTUNITY
} ObjectKind;

#define OBJECT_KINDS	2

/* The columns of lead and opportunity that leadflow itself reads or keeps. */
typedef enum Field
{
	FIELD_ID,
	FIELD_STAGE_SINCE,
	FIELD_CREATED_AT,
	FIELD_UPDATED_AT,
	FIELD_STAGE,
	FIELD_FURTHEST_STAGE,
	FIELD_SOURCE,
	FIELD_EXTERNAL_ID,
	FIELD_STATUS,
	FIELD_VARIANT,
	FIELD_REASON,
	FIELD_REASON_NOTE,
	FIELD_OWNER,
	FIELD_ACCOUNT_ID,
	FIELD_ORIGIN,
	FIELD_CAMPAIGN_ID,
	FIELD_SEGMENT,
	FIELD_AMOUNT,				/* the budget of a lead */
	FIELD_CURRENCY,
	FIELD_SOURCES,				/* field_sources */
	FIELD_MERGED_INTO,			/* of a lead only, as the next ones */
	FIELD_OWNER_REASON,
	FIELD_NARRATIVE,
	FIELD_NURTURE_TRACK,
	FIELD_WAKE_AT,
	FIELD_RESTS_UNTIL,
	FIELD_LEAD_ID,				/* of an opportunity only */
	FIELD_MERGED_FROM,			/* of an opportunity only */
	FIELD_CLOSED_AT				/* of an opportunity only */
} Field;

#define FIELDS	(FIELD_CLOSED_AT + 1)

typedef struct Criterion
{
	char	   *variant;
	Stage	   *stage;
	char	   *code;
	char	   *requirement;
	char	   *expression;
	char	   *how_to_fix;		/* or NULL */
	bool		enforce;
	CriterionProgram *program;	/* NULL until first needed */
} Criterion;

typedef struct Transition
{
	char	   *variant;
	Stage	   *from;			/* NULL for any stage */
	Stage	   *to;
	bool		reason_required;
	char	   *meaning;		/* or NULL */
} Transition;

typedef struct StatusAlias
{
	char	   *source;
	char	   *status;
	Stage	   *stage;
} StatusAlias;

/* Which value of a field stays when another one is written. */
typedef struct OverwriteRule
{
	char	   *field;
	char	   *rule;			/* its name */
	AttrNumber	column;			/* invalid where the table has none of that name */
	bool		is_string;		/* blank is empty */
	bool		ranked;
	char	  **sources;		/* best first */
	int			n_sources;
} OverwriteRule;

/* Where the guard stands among the BEFORE triggers of an event. */
typedef struct GuardPlace
{
	bool		is_last;		/* no other trigger changes the row after it */
	char		enabled;		/* its pg_trigger.tgenabled */
} GuardPlace;

/* What holds for the leads, or for the opportunities. */
typedef struct ObjectRules
{
	ObjectKind	kind;
	Oid			relid;
	Oid			id_index;		/* unique btree on id, or invalid */
	AttrNumber	fields[FIELDS];
	Criterion  *criteria;		/* by position and code */
	int			n_criteria;
	Transition *transitions;
	int			n_transitions;
	StatusAlias	   *aliases;	/* by status and source */
	int			n_aliases;
	OverwriteRule *overwrites;
	int			n_overwrites;
	GuardPlace	on_insert;
	GuardPlace	on_update;
} ObjectRules;

typedef struct Reason
{
	char	   *code;
	Stage	  **applies_to;
	int			n_applies_to;
	bool		needs_note;
	bool		counts;			/* what left with it was a lead at all */
	bool		needs_attempts;
	char	   *nurture_track;	/* or NULL */
	bool		active;
} Reason;

/* What happens to a lead in nurture. */
typedef struct NurtureTrack
{
	char	   *track;
	bool		wakes;
	Interval	wake_after;
	Interval	cool_down;
	bool		active;
	int			position;		/* its place in the order in which they are tried */
} NurtureTrack;

typedef struct TouchKind
{
	char	   *kind;
	int			number;			/* place among the kinds */
	bool		is_signal;
	bool		is_contact;
} TouchKind;

typedef struct Member
{
	char	   *member;
	text	   *team;
	char	   *calendar;		/* or NULL */
	bool		active;
	bool		in_marketing;
} Member;

/* What a tool that writes may do. */
typedef struct Source
{
	char	   *source;
	bool		forward;		/* its words move nothing back along the spine */
	bool		parks_unknown;	/* words, that is */
	Stage	   *unknown;		/* the stage that an unknown word stands for, or NULL */
} Source;

typedef struct BusinessCalendar
{
	char	   *code;
	struct varlena *calendar;
} BusinessCalendar;

typedef struct Policy
{
	char	   *policy;
	char	   *variant;
	ObjectKind	object;
	char	   *metric;
	Stage	   *starts_on_stage;	/* or NULL */
	char	  **starts_on_touch;
	int			n_starts_on_touch;
	char	  **stops_on_touch;
	int			n_stops_on_touch;
	Stage	   *stops_on_stage; /* or NULL */
	bool		stops_on_verdict;
	char	  **stops_on_inbound;
	int			n_stops_on_inbound;
	bool		stops_on_leaving;	/* starts_on_stage */
	int64		attempts;		/* of a cadence; 0 for a plain promise */
	int64		channels;		/* 0 for one */
	bool		has_spacing;
	Interval	spacing;
	bool		has_attempt_every;
	Interval	attempt_every;
	bool		restarts;
	char	   *condition;		/* or NULL */
	CriterionProgram *program;
	Interval	target;
	bool		has_warning;
	Interval	warn_after;
	bool		working;
	char	   *calendar;		/* or NULL */
	bool		active;
} Policy;

/* Who gets the leads that enter a stage. */
typedef struct RoutingRule
{
	char	   *rule;
	Stage	   *on_stage;
	char	   *variant;
	char	  **territories;	/* NULL for all; so are the next two */
	int			n_territories;
	char	  **industries;
	int			n_industries;
	char	  **segments;
	int			n_segments;
	char	   *condition;		/* or NULL */
	CriterionProgram *program;
	bool		to_account_owner;
	char	   *pool;
	bool		in_hours;
} RoutingRule;

typedef struct TouchColumns
{
	Oid			relid;
	Oid			lead_index;		/* btree that starts with lead_id, or invalid */
	AttrNumber	id;
	AttrNumber	at;
	AttrNumber	lead_id;
	AttrNumber	kind;
	AttrNumber	channel;
	AttrNumber	direction;
	AttrNumber	merged_from;
	AttrNumber	content;		/* or invalid */
} TouchColumns;

typedef struct AccountColumns
{
	Oid			relid;
	Oid			id_index;		/* btree that starts with id, or invalid */
	AttrNumber	id;
} AccountColumns;

typedef struct IntentColumns
{
	Oid			relid;
	Oid			account_index;	/* btree that starts with account_id, or invalid */
	AttrNumber	id;
	AttrNumber	at;
	AttrNumber	account_id;
	AttrNumber	topic;
	AttrNumber	strength;
} IntentColumns;

typedef struct ClockColumns
{
	Oid			relid;
	Oid			lead_index;		/* btree that starts with lead_id, or invalid */
	AttrNumber	lead_id;
	AttrNumber	started_at;
	AttrNumber	stopped_at;
	AttrNumber	cancelled_at;
	AttrNumber	stopped_by;
	AttrNumber	attempts;
	AttrNumber	stops_on_inbound;
} ClockColumns;

/* Statements that the module runs in a workspace, each planned once. */
#define RULEBOOK_MAX_PLANS	44

typedef struct Rulebook
{
	MemoryContext mcxt;
	Oid			nspid;
	char	   *schema;			/* quoted as an identifier */
	Oid			owner;
	int64		version;		/* of the definitions */
	bool		valid;
	int			users;			/* calls that are using it */
	ObjectRules objects[OBJECT_KINDS];
	TouchColumns touch;
	TouchColumns *touch_parts;	/* the partitions that hold its rows, or itself */
	int			n_touch_parts;
	ClockColumns clock;
	AccountColumns account;
	IntentColumns intent;
	Scorecard	score;
	Reason	   *reasons;
	int			n_reasons;
	TouchKind  *touch_kinds;
	int			n_touch_kinds;
	Member	   *members;
	int			n_members;
	Source	   *sources;
	int			n_sources;
	BusinessCalendar *calendars;
	int			n_calendars;
	NurtureTrack *tracks;		/* by code */
	int			n_tracks;
	Policy	   *policies;		/* by metric, position and code */
	int			n_policies;
	RoutingRule *routing;		/* the active ones, by position and code */
	int			n_routing;
	bool		has_clocks;		/* there are clocks, or may be */
	bool		has_merges;		/* a lead was found to be another one */
	bool		owner_reason_required;
	Oid		   *watched;		/* relations whose change makes it stale */
	int			n_watched;
	int			max_watched;
	Oid			stage_type;
	Oid			calendar_type;
	SPIPlanPtr	plans[RULEBOOK_MAX_PLANS];
	Oid			event_relid;
	struct Ledger *events;		/* writer of stage_event, NULL until needed */
	ExprContext *econtext;		/* for criteria; one call at a time */
	bool		econtext_busy;
} Rulebook;

extern Rulebook *rulebook_open(Oid nspid);
extern Rulebook *rulebook_of_table(Relation rel);
extern void rulebook_close(Rulebook *rulebook);
extern void rulebook_check_object(Rulebook *rulebook, ObjectRules *rules, TupleDesc desc);
extern Oid	rulebook_namespace(const char *workspace);
extern Oid	leadflow_namespace(void);

extern Criterion *rulebook_criterion(ObjectRules *rules, const char *variant,
									 int *cursor, const Stage *target);
extern CriterionProgram *rulebook_program(Rulebook *rulebook, Oid relid,
										  CriterionProgram **program,
										  const char *expression, Oid type);
extern const Reason *rulebook_reason(Rulebook *rulebook, const char *code);
extern TouchColumns *rulebook_touch_part(Rulebook *rulebook, Oid relid);
extern TouchKind *rulebook_touch_kind(Rulebook *rulebook, Datum kind);
extern const NurtureTrack *rulebook_track(Rulebook *rulebook, const char *track);
extern const Member *rulebook_member(Rulebook *rulebook, const char *member);
extern struct varlena *rulebook_calendar(Rulebook *rulebook, const char *code);
extern const Source *rulebook_source(Rulebook *rulebook, const char *source);
extern const Stage *rulebook_stage_of_word(Rulebook *rulebook, ObjectRules *rules,
										   const char *source, const char *word, bool *unknown);

extern bool touch_is_inbound(Datum direction);
extern bool variant_applies(const char *variant, const char *row_variant);

extern const char *object_name(ObjectKind kind);

#endif							/* LEADFLOW_RULEBOOK_H */
