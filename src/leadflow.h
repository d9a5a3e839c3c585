/*
 * leadflow.h
 *	  What every part of the module shares: settings, the clock, and how much
 *	  of a value is quoted.
 */
#ifndef LEADFLOW_H
#define LEADFLOW_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* What happens to a row that does not meet the standard. */
typedef enum OnViolation
{
	ON_VIOLATION_RAISE,
	ON_VIOLATION_PARK,
	ON_VIOLATION_WARN
} OnViolation;

extern int	leadflow_on_violation;

/* The tool that writes; empty where the row's own source does. */
extern char *leadflow_source;

/* What leadflow.clock() says while something is reckoned as of then; NULL: the present. */
extern const TimestampTz *leadflow_as_of;

extern TimestampTz leadflow_now(void);

extern char *clipped(const char *text, int len, int max_length);
extern char *excerpt(const char *text, int len);

#endif							/* LEADFLOW_H */
