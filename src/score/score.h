/*
 * score.h
 *	  The score of a lead: what its rules give, line by line.
 */
#ifndef LEADFLOW_SCORE_H
#define LEADFLOW_SCORE_H

#include <math.h>

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "rulebook/evidence.h"
#include "rulebook/rulebook.h"

/* Of a lead that is so likely, or so unlikely, to be won nothing more is said. */
#define LEAST_PROBABILITY		0.0001

/* So many points of a model double the odds. */
#define POINTS_TO_DOUBLE		20

/* What lead_score can hold, in units. */
#define MAX_POINTS				INT64CONST(999999999999999)

/* Touches that are named as the evidence of a line, and longest value that is shown. */
#define EVIDENCE_MAX_SHOWN		20
#define FEATURE_MAX_LENGTH		200

/* What a touch, or a signal of intent, is to the rules. */
typedef struct Sign
{
	TimestampTz at;
	int64		id;
	int			kind;			/* of a touch */
	bool		inbound;
	char	   *content;		/* or topic; or NULL */
	int			content_number; /* equal contents have one number; -1 for none */
	double		strength;
	int64		day;
} Sign;

/* The lead whose score is asked for, and what is read for it only once. */
typedef struct Subject
{
	Rulebook   *rulebook;
	Evidence   *evidence;
	char	   *variant;
	bool		explain;		/* lines say what they rest on */
	bool		account_read;
	bool		has_account;
	int64		account_id;
	TupleTableSlot *account;	/* NULL: none */
	Relation	account_rel;
	ExprContext *econtext;
	bool		touches_read;
	Sign	   *touches;		/* the latest first */
	int			n_touches;
	int			max_touches;
	bool		signals_read;
	Sign	   *signals;
	int			n_signals;
	int			max_signals;
	int			n_contents;
} Subject;

/* What one rule, or the cap of a group, gives. */
typedef struct ScoreLine
{
	const char *name;
	bool		is_fit;
	int64		now;
	int64		earned;			/* before fading and caps */
	char	   *evidence;		/* JSON; NULL where none was asked for */
} ScoreLine;

/* The value of a feature. */
typedef struct FeatureValue
{
	bool		missing;
	double		number;
	char	  **words;			/* one of a category, any number of a set */
	int			n_words;
	char	   *number_text;
} FeatureValue;

/* What try_scoring does. */
typedef void (*ScoringWork) (Evidence *evidence, void *arg);

/* What is left at as_of of points, the half-life being in microseconds. */
static inline double
faded(double points, TimestampTz at, TimestampTz as_of, double half_life)
{
	return points * exp2(((double) at - (double) as_of) / half_life);
}

/* score.c */
extern void subject_open(Subject *subject, Evidence *evidence, bool explain);
extern void subject_close(Subject *subject);
extern bool subject_meets(Subject *subject, RowExpression *expression);
extern Datum subject_value(Subject *subject, RowExpression *expression, Oid type, bool *isnull);
extern List *score_lines(Subject *subject);
extern ErrorData *try_scoring(Evidence *evidence, ScoringWork work, void *arg);
extern void score_evidence(Evidence *evidence);

/* signs.c */
extern void read_touches(Subject *subject);
extern void read_signals(Subject *subject);
extern ScoreLine *signs_line(Subject *subject, ScoreRule *rule);

/* feature.c */
extern FeatureValue *feature_value(Subject *subject, ScoreFeature *feature);
extern const ModelPoint *feature_point(ScoreFeature *feature, const FeatureValue *value, int word);
extern double model_log_odds(Subject *subject);
extern double probability_of(double log_odds);
extern Datum subject_facts(Subject *subject);
extern Datum facts_of_evidence(Evidence *evidence);

extern int64 add_points(int64 a, int64 b);

#endif							/* LEADFLOW_SCORE_H */
