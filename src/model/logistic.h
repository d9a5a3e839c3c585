/*
 * logistic.h
 *	  The type logistic: a fitted logistic regression.
 */
#ifndef LEADFLOW_LOGISTIC_H
#define LEADFLOW_LOGISTIC_H

#include "postgres.h"

#include "fmgr.h"

#include "model/newton.h"

/* What is said of the intercept, or of one feature. */
typedef struct LogisticTerm
{
	float8		coefficient;
	float8		standard_error; /* NaN where there is none */
	float8		mean;			/* stands for a missing value */
	int32		flags;
	int32		unused;
} LogisticTerm;

#define TERM_ALIASED		0x01
#define TERM_SEPARATING		0x02

/* The value, flat everywhere. */
typedef struct Logistic
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	uint32		magic;
	int32		features;
	int32		state;			/* a FitState */
	int32		iterations;
	int32		unused;
	int64		n;
	int64		won;
	float8		log_likelihood;
	float8		l2;
	LogisticTerm term[FLEXIBLE_ARRAY_MEMBER];	/* 1 + features */
} Logistic;

#define LOGISTIC_SIZE(features) \
	(offsetof(Logistic, term) + ((Size) (features) + 1) * sizeof(LogisticTerm))

extern Logistic *make_logistic(int features);
extern Logistic *get_logistic(Datum value);
extern const char *fit_state_name(FitState state);

#endif							/* LEADFLOW_LOGISTIC_H */
