/*
 * evidence.h
 *	  What a lead did, offered to criteria as if it were columns of the row.
 */
#ifndef LEADFLOW_EVIDENCE_H
#define LEADFLOW_EVIDENCE_H

#include "postgres.h"

#include "datatype/timestamp.h"
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
	EVIDENCE_CADENCE
} EvidenceKind;

#define EVIDENCE_COUNT	EVIDENCE_CADENCE

/* Distinct channels are counted up to here; more makes no difference. */
#define EVIDENCE_MAX_CHANNELS	32

struct Rulebook;

/* The evidence of one lead at one instant, gathered when first asked for. */
typedef struct Evidence
{
	struct Rulebook *rulebook;
	bool		has_lead;
	int64		lead_id;
	TimestampTz as_of;
	bool		fresh;			/* count what this very statement has written */
	bool		gathered;		/* from the touches */
	bool		cadence_read;	/* from the clocks */
	const char *cadence;		/* or NULL */
	Datum		values[EVIDENCE_COUNT];
	bool		nulls[EVIDENCE_COUNT];
} Evidence;

/* What stopped a cadence whose attempts were all made. */
#define STOPPED_BY_ATTEMPTS	"attempts"

/* What stopped a clock that the lead has answered begins so. */
#define STOPPED_BY_ANSWER	"answer "

extern int	evidence_number(const char *name);
extern const char *evidence_name(int number);
extern Oid	evidence_type(int number);
extern Datum evidence_value(Evidence *evidence, int number, bool *isnull);
extern const char *evidence_cadence(Evidence *evidence);
extern ParamListInfo evidence_params(Evidence *evidence);

#endif							/* LEADFLOW_EVIDENCE_H */
