/*
 * scored.h
 *	  Scored outcomes in memory: the scores of the won and of the lost.
 */
#ifndef LEADFLOW_SCORED_H
#define LEADFLOW_SCORED_H

#include "postgres.h"

#include "summary/summary.h"

/* The two lists, by the outcome. */
enum
{
	SCORED_LOST,
	SCORED_WON
};

typedef struct ScoreList
{
	int64		n;
	int64		room;			/* values that there is memory for */
	double	   *value;			/* no NaN and no -0 */
} ScoreList;

typedef struct Scored
{
	Summary		head;
	ScoreList	of[2];
} Scored;

/* Scores of which some are equal, from the best down. */
typedef struct Tie
{
	double		score;
	int64		won;
	int64		lost;
	int64		won_below;		/* worse than this score */
	int64		lost_below;
} Tie;

/* A value to read; and with both lists in ascending order. */
extern Scored *scored_get(Datum value);
extern Scored *scored_sorted(Datum value);

/* Before the best score; then from score to score, false after the last. */
extern Tie	scored_top(const Scored *scored);
extern bool scored_next(const Scored *scored, Tie *tie);

#endif							/* LEADFLOW_SCORED_H */
