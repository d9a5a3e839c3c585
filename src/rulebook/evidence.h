/*
 * evidence.h
 *	  What a lead did, offered to criteria as if it were columns of the row.
 */
#ifndef LEADFLOW_EVIDENCE_H
#define LEADFLOW_EVIDENCE_H

#include "postgres.h"

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/params.h"

/* The kinds of evidence; the number of the parameter that stands for it. */
typedef enum EvidenceKind
{
	EVIDENCE_SIGNALS = 1,
	EVIDENCE_SIGNAL_KINDS,
	EVIDENCE_FIRST_SIGNAL_AT,
	EVIDENCE_LAST_SIGNAL_AT,
	EVIDENCE_ATTEMPTS,
	EVIDENCE_CHANNELS_TRIED,
	EVIDENCE_LAST_ATTEMPT_AT,
	EVIDENCE_LAST_INBOUND_AT,
	EVIDENCE_CADENCE,
	EVIDENCE_FIT,				/* from here on the score */
	EVIDENCE_FIT_GRADE,
	EVIDENCE_BEHAVIOUR,
	EVIDENCE_BEHAVIOUR_GRADE,
	EVIDENCE_TOTAL,
	EVIDENCE_GRADE,
	EVIDENCE_PROBABILITY
} EvidenceKind;

#define EVIDENCE_COUNT	EVIDENCE_PROBABILITY
#define EVIDENCE_COUNTED	EVIDENCE_LAST_INBOUND_AT	/* the last of what touches are counted for */

/* Distinct channels are counted up to here; more makes no difference. */
#define EVIDENCE_MAX_CHANNELS	32

struct Rulebook;
struct TouchColumns;

/* The score of a lead, in units of points (see scorecard.h). */
typedef struct LeadScore
{
	int64		fit;
	int64		behaviour;
	const char *fit_grade;		/* the rulebook's; or NULL */
	const char *behaviour_grade;
	bool		has_probability;
	double		probability;
} LeadScore;

/* The evidence of one lead at one instant, gathered when first asked for. */
typedef struct Evidence
{
	struct Rulebook *rulebook;
	bool		has_lead;
	int64		lead_id;
	TupleTableSlot *lead;		/* its row; NULL: as it is stored */
	TimestampTz as_of;
	bool		as_caller;		/* row security holds for what is read */
	bool		fresh;			/* count what this very statement has written */
	bool		gathered;		/* from the touches */
	bool		cadence_read;	/* from the clocks */
	const char *cadence;		/* or NULL */
	Datum		values[EVIDENCE_COUNT];
	bool		nulls[EVIDENCE_COUNT];
	bool		scoring;		/* the score is being reckoned */
	bool		scored;
	bool		has_score;		/* there is such a lead */
	LeadScore	score;
} Evidence;

/* What stopped a cadence whose attempts were all made. */
#define STOPPED_BY_ATTEMPTS	"attempts"

/* What stopped a clock that the lead has answered begins so. */
#define STOPPED_BY_ANSWER	"answer "

/* What reads the score, and a touch of the lead. */
typedef void (*EvidenceScorer) (Evidence *evidence);
typedef void (*TouchReader) (HeapTuple touch, TupleDesc desc, const struct TouchColumns *columns,
							 TimestampTz at, void *arg);

/* Set at module start by src/score. */
extern EvidenceScorer evidence_scorer;

extern void evidence_init(Evidence *evidence, struct Rulebook *rulebook, TimestampTz as_of);
extern void evidence_read_touches(Evidence *evidence, TouchReader reader, void *arg);
extern Datum points_numeric(int64 points);
extern bool evidence_has_score(const Bitmapset *kinds);
extern int	evidence_number(const char *name);
extern const char *evidence_name(int number);
extern Oid	evidence_type(int number);
extern Datum evidence_value(Evidence *evidence, int number, bool *isnull);
extern const char *evidence_cadence(Evidence *evidence);
extern ParamListInfo evidence_params(Evidence *evidence);

#endif							/* LEADFLOW_EVIDENCE_H */
