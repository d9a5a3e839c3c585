/*
 * ledger.h
 *	  Append to stage_event.
 */
#ifndef LEADFLOW_LEDGER_H
#define LEADFLOW_LEDGER_H

#include "rulebook/rulebook.h"

/* The columns of stage_event that an event fills, besides id and recorded_at. */
typedef enum EventField
{
	EVENT_AT,
	EVENT_LEAD_ID,
	EVENT_OPPORTUNITY_ID,
	EVENT_DEFINITION_VERSION,
	EVENT_CAMPAIGN_ID,
	EVENT_IMPLIED,
	EVENT_SUBJECT,
	EVENT_FROM_STAGE,
	EVENT_TO_STAGE,
	EVENT_SESSION_ACTOR,
	EVENT_ACTOR,
	EVENT_REASON,
	EVENT_REASON_NOTE,
	EVENT_OWNER,
	EVENT_TEAM,
	EVENT_ORIGIN,
	EVENT_VARIANT,
	EVENT_SEGMENT,
	EVENT_AMOUNT,
	EVENT_CURRENCY,
	EVENT_FACTS
} EventField;

#define EVENT_FIELDS	(EVENT_FACTS + 1)

extern void ledger_append(Rulebook *rulebook, Datum *values, bool *nulls);

#endif							/* LEADFLOW_LEDGER_H */
