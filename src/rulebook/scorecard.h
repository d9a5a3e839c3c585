/*
 * scorecard.h
 *	  What gives a lead points, as loaded from the definitions.
 *
 * Points are whole numbers of a ten thousandth, so that what an explanation
 * lists sums to exactly what the score says.
 */
#ifndef LEADFLOW_SCORECARD_H
#define LEADFLOW_SCORECARD_H

#include "postgres.h"

#include "nodes/bitmapset.h"

#include "rulebook/criterion.h"
#include "stage/stage.h"

/* Decimals of a point, and how many units one is. */
#define POINT_DECIMALS	4
#define POINT_UNITS		10000

/* What a rule's cap is where it has none. */
#define NO_CAP			(-1.0)

/* An expression over the row of a lead or of its account. */
typedef struct RowExpression
{
	char	   *text;			/* NULL: none */
	bool		of_account;
	CriterionProgram *program;	/* NULL until first needed */
} RowExpression;

/* Which of several touches, or signals, count. */
typedef enum ScoreCounts
{
	COUNTS_EVERY,
	COUNTS_DAY,
	COUNTS_CONTENT,
	COUNTS_ONCE
} ScoreCounts;

typedef struct ScoreRule
{
	char	   *rule;
	bool		is_fit;
	char	   *variant;
	int64		points;
	RowExpression expression;
	Bitmapset  *kinds;			/* numbers of touch kinds; NULL where it reads no touches */
	bool		reads_touches;
	bool		inbound;
	char	  **topics;			/* NULL where it reads no signals of intent */
	int			n_topics;
	bool		every_topic;
	ScoreCounts counts;
	double		half_life;		/* microseconds; 0 for points that do not fade */
	double		day_cap;		/* in units, as the next one; NO_CAP for none */
	double		cap;
	int			group;			/* index, or -1 */
} ScoreRule;

typedef struct ScoreGroup
{
	char	   *group;
	int64		cap;
} ScoreGroup;

/* From so many points on; in falling order. */
typedef struct ScoreGrade
{
	bool		is_fit;
	char	   *grade;
	int64		at_least;
} ScoreGrade;

typedef enum FeatureKind
{
	FEATURE_CATEGORY,
	FEATURE_NUMBER,
	FEATURE_SET
} FeatureKind;

/* What the active model gives for a value. */
typedef struct ModelPoint
{
	char	   *value;			/* NULL for missing */
	double		at_least;		/* of a number; -infinity and infinity where it is open */
	double		below;
	double		log_odds;
	int64		points;
} ModelPoint;

typedef struct ScoreFeature
{
	char	   *feature;
	FeatureKind kind;
	RowExpression expression;
	bool		active;			/* kept with each qualification */
	ModelPoint *model;			/* of the active model, by value, missing last */
	int			n_model;
} ScoreFeature;

/* Leads that move when their score asks for it. */
typedef struct ScoreMove
{
	char	   *code;
	char	   *variant;
	Stage	   *from;
	Stage	   *to;
	RowExpression condition;
} ScoreMove;

typedef struct Scorecard
{
	ScoreRule  *rules;			/* the active ones, by position and code */
	int			n_rules;
	ScoreGroup *groups;
	int			n_groups;
	ScoreGrade *grades;
	int			n_grades;
	ScoreFeature *features;		/* by position and code */
	int			n_features;
	int			n_kept_features;	/* the active ones */
	ScoreMove  *moves;			/* the active ones, by position and code */
	int			n_moves;
	bool		has_model;
	int64		model_version;
	double		intercept;
	bool		reads_content;	/* some rule counts contents */
} Scorecard;

#endif							/* LEADFLOW_SCORECARD_H */
