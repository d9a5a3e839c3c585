/*
 * leadflow.c
 *	  Module start: the settings, the clock that every report reads, and how
 *	  much of a value is quoted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "leadflow.h"
#include "score/score.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

int			leadflow_on_violation = ON_VIOLATION_RAISE;
char	   *leadflow_source = NULL;
const TimestampTz *leadflow_as_of = NULL;

/* The setting leadflow.clock as typed; empty means the transaction's time. */
static char *clock_setting = NULL;

/* The setting leadflow.change_reason, which the default of definition_change.reason reads. */
static char *change_reason = NULL;

/* How many bytes of a value an error quotes. */
#define EXCERPT_MAX_LENGTH	80

static const struct config_enum_entry on_violation_options[] = {
	{"raise", ON_VIOLATION_RAISE, false},
	{"park", ON_VIOLATION_PARK, false},
	{"warn", ON_VIOLATION_WARN, false},
	{NULL, 0, false}
};

/* A text, which need not be terminated, or as much of it as is sane. */
char *
clipped(const char *text, int len, int max_length)
{
	int			shown = pg_mbcliplen(text, len, max_length);

	return psprintf("%.*s%s", shown, text, shown < len ? "..." : "");
}

/* As much of a text as an error quotes. */
char *
excerpt(const char *text, int len)
{
	return clipped(text, len, EXCERPT_MAX_LENGTH);
}

/* Decode an absolute date and time in the session's time zone. */
static bool
decode_instant(const char *text, TimestampTz *instant)
{
	char		workbuf[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf;
	int			dtype;
	int			tz = 0;
	fsec_t		fsec;
	struct pg_tm tm;

	if (ParseDateTime(text, workbuf, sizeof(workbuf), field, ftype,
					  MAXDATEFIELDS, &nf) != 0)
		return false;
	if (compat_decode_datetime(field, ftype, nf, &dtype, &tm, &fsec, &tz) != 0)
		return false;
	return dtype == DTK_DATE && tm2timestamp(&tm, fsec, &tz, instant) == 0;
}

static bool
check_clock(char **newval, void **extra, GucSource source)
{
	TimestampTz instant;

	if (**newval == '\0' || decode_instant(*newval, &instant))
		return true;
	GUC_check_errdetail("\"%s\" is not a date and time.", *newval);
	GUC_check_errhint("Give an instant such as 2026-12-31 17:00+01, or an empty string for the present.");
	return false;
}

/* The instant that reports are read at. */
TimestampTz
leadflow_now(void)
{
	TimestampTz instant;

	if (leadflow_as_of != NULL)
		return *leadflow_as_of;
	if (clock_setting != NULL && clock_setting[0] != '\0' &&
		decode_instant(clock_setting, &instant))
		return instant;
	return GetCurrentTransactionStartTimestamp();
}

PG_FUNCTION_INFO_V1(leadflow_clock);
Datum
leadflow_clock(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(leadflow_now());
}

void
_PG_init(void)
{
	/*
	 * Where memory runs out in here, the next call loads the module again, and
	 * a setting that is there cannot be defined once more.
	 */
	static int	n_defined = 0;

	if (n_defined == 0)
	{
		DefineCustomEnumVariable("leadflow.on_violation",
								 "What happens to a row that does not meet the standard.",
								 "raise refuses the statement, park puts the row into quarantine, warn (for the owner of the workspace only) accepts and records it.",
								 &leadflow_on_violation,
								 ON_VIOLATION_RAISE,
								 on_violation_options,
								 PGC_USERSET, GUC_ALLOW_IN_PARALLEL,
								 NULL, NULL, NULL);
		n_defined++;
	}
	if (n_defined == 1)
	{
		DefineCustomStringVariable("leadflow.clock",
								   "The instant that reports are read at and new facts are dated with.",
								   "Empty means the present.",
								   &clock_setting,
								   "",
								   PGC_USERSET, GUC_ALLOW_IN_PARALLEL,
								   check_clock, NULL, NULL);
		n_defined++;
	}
	if (n_defined == 2)
	{
		DefineCustomStringVariable("leadflow.source",
								   "The tool that writes.",
								   "Empty means the row's own source.",
								   &leadflow_source,
								   "",
								   PGC_USERSET, GUC_ALLOW_IN_PARALLEL,
								   NULL, NULL, NULL);
		n_defined++;
	}
	if (n_defined == 3)
	{
		DefineCustomStringVariable("leadflow.change_reason",
								   "Why definitions are changed.",
								   "Kept with every change of a definition in definition_change. Empty means that no reason is given.",
								   &change_reason,
								   "",
								   PGC_USERSET, GUC_ALLOW_IN_PARALLEL,
								   NULL, NULL, NULL);
		n_defined++;
	}

	MarkGUCPrefixReserved("leadflow");

	evidence_scorer = score_evidence;
}
