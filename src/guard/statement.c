/*
 * statement.c
 *	  Run SQL in a workspace as its owner, each statement planned once.
 *
 * Row values only ever travel as parameters, and every name is qualified.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/resowner.h"

#include "guard/statement.h"
#include "rulebook/evidence.h"
#include "rulebook/owner.h"

#define MAX_ARGS	28

/* Types that only the workspace knows. */
#define STAGE_TYPE			((Oid) 1)
#define CALENDAR_TYPE		((Oid) 2)

/* In what follows %1$s stands for the schema. */

/* The clocks of one lead, or of one opportunity, whose number is $1 */
#define LEAD_CLOCKS		"lead_id OPERATOR(pg_catalog.=) $1 AND opportunity_id IS NULL"
#define OPPORTUNITY_CLOCKS	"opportunity_id OPERATOR(pg_catalog.=) $1"

/*
 * Such a clock that is running.  Not in the words of the partial indexes: a plan
 * that is made while there are no clocks yet could take one of them, and read all
 * that run; the lead's, or the opportunity's, are few.
 */
#define RUNS(clock)		"COALESCE(" clock "stopped_at, " clock "cancelled_at) IS NULL"
#define RUNNING			RUNS("")

/*
 * An event of a lead itself.  Not in the words of the index on the instants of
 * such events, for the same reason: a plan could walk back through everybody's.
 */
#define OF_LEAD(event)	event "subject OPERATOR(pg_catalog.=) 'lead'"

/* The first touch that answers: of the lead, from an instant on, of a kind */
#define ANSWER(lead, since, kinds) \
	"SELECT t.id, t.at, t.kind FROM %1$s.touch t WHERE t.lead_id OPERATOR(pg_catalog.=) " lead \
	" AND t.at OPERATOR(pg_catalog.>=) " since " AND t.direction OPERATOR(pg_catalog.=) 'outbound'" \
	" AND t.kind OPERATOR(pg_catalog.=) ANY (" kinds ") ORDER BY t.at, t.id LIMIT 1"

/* An interval without days: a day of elapsed time is 24 hours */
#define HOURS(time) \
	"pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', " time "))"

/* Is what the clock waits for reached with stage $3?  $5: it is an exit. */
#define REACHED \
	"((stops_on_verdict AND ($5 OR $3 OPERATOR(pg_catalog.>=) 'sal'::leadflow.stage))" \
	" OR COALESCE($3 OPERATOR(pg_catalog.<@) stops_on_stage, false)" \
	" OR COALESCE(NOT $3 OPERATOR(pg_catalog.<@) stops_on_leaving, false)" \
	" OR COALESCE(NOT $5 AND NOT leadflow.is_exit(stops_on_stage) AND $3 OPERATOR(pg_catalog.>=) stops_on_stage, false))"
/*
 * The first stage that was entered, by these events v, after a clock o began and
 * that stopped it, or cancelled it.
 */
#define LEAD_EVENTS			"v.lead_id OPERATOR(pg_catalog.=) $1 AND v.opportunity_id IS NULL"
#define OPPORTUNITY_EVENTS	"v.opportunity_id OPERATOR(pg_catalog.=) o.opportunity_id"
#define ENDED_BY_STAGE(events) \
	"SELECT v.at, 'stage ' OPERATOR(pg_catalog.||) v.to_stage::text AS stopped_by," \
	"  NOT (o.stops_on_verdict OR COALESCE(v.to_stage OPERATOR(pg_catalog.<@) o.stops_on_stage, false)" \
	"   OR COALESCE(NOT v.to_stage OPERATOR(pg_catalog.<@) o.stops_on_leaving, false))" \
	"   AND leadflow.is_exit(v.to_stage) AS cancels" \
	" FROM %1$s.stage_event v WHERE " events \
	"  AND v.at OPERATOR(pg_catalog.>) o.started_at AND NOT v.implied" \
	"  AND (leadflow.is_exit(v.to_stage) OR (o.stops_on_verdict AND v.to_stage OPERATOR(pg_catalog.>=) 'sal'::leadflow.stage)" \
	"   OR COALESCE(v.to_stage OPERATOR(pg_catalog.<@) o.stops_on_stage, false)" \
	"   OR COALESCE(NOT v.to_stage OPERATOR(pg_catalog.<@) o.stops_on_leaving, false)" \
	"   OR COALESCE(NOT leadflow.is_exit(o.stops_on_stage) AND v.to_stage OPERATOR(pg_catalog.>=) o.stops_on_stage, false))" \
	" ORDER BY v.at, v.id LIMIT 1"

/*
 * Of each metric at most one clock is running: a stricter promise takes the
 * place of the one that runs, a laxer one does not start; where the promise
 * restarts ($27), it takes the place of an earlier one of its own that was not
 * late yet, in whatever order the two are recorded: also of a later one, if it
 * was late itself when that one began.
 * Where the answer was recorded before the question, or the lead has moved on
 * since ($28), the clock ends at once and disturbs nothing; what stops it
 * otherwise than by one touch ($21 attempts, $25 inbound kinds) is seen to by
 * RECKON_CADENCES.  A touch of the very instant at which a clock starts may be
 * what started it: it is no answer of the lead's.
 */
#define GIVES_WAY \
	"CASE WHEN $27 AND policy OPERATOR(pg_catalog.=) $2" \
	" THEN (started_at OPERATOR(pg_catalog.<) $8 AND due_at OPERATOR(pg_catalog.>=) $8) OR started_at OPERATOR(pg_catalog.>) $10" \
	" ELSE due_at OPERATOR(pg_catalog.>) $10 END"
#define START_CLOCK_OF(clocks) \
	"WITH answer AS MATERIALIZED (SELECT s.* FROM (" \
	"   SELECT a.id, a.at, 'touch ' OPERATOR(pg_catalog.||) a.kind AS stopped_by, false AS cancels, 1 AS place" \
	"    FROM (" ANSWER("$17", "$8", "$16") ") AS a" \
	"   UNION ALL SELECT NULL, e.at, e.stopped_by, e.cancels, 2" \
	"    FROM (SELECT $8 AS started_at, $20 AS stops_on_verdict, $19 AS stops_on_stage, $26 AS stops_on_leaving WHERE $28) AS o" \
	"    CROSS JOIN LATERAL (" ENDED_BY_STAGE(LEAD_EVENTS) ") AS e" \
	"  ) AS s WHERE $21 IS NULL AND $25 IS NULL ORDER BY s.at, s.place LIMIT 1)," \
	" superseded AS (" \
	"  UPDATE %1$s.sla_clock SET cancelled_at = GREATEST($8, started_at), stopped_by = 'superseded by ' OPERATOR(pg_catalog.||) $2" \
	"  WHERE " clocks " AND metric OPERATOR(pg_catalog.=) $3 AND " RUNNING \
	"  AND " GIVES_WAY " AND NOT EXISTS (SELECT FROM answer) RETURNING id)" \
	" INSERT INTO %1$s.sla_clock (lead_id, opportunity_id, policy, metric, owner, team, variant, definition_version," \
	"  started_at, warn_at, due_at, target, warn_after, calendar, started_by, start_touch_id, stopped_at, cancelled_at, stop_touch_id, stopped_by," \
	"  stops_on_touch, stops_on_stage, stops_on_verdict, attempts, channels, spacing, attempt_every, stops_on_inbound," \
	"  stops_on_leaving)" \
	" SELECT $17, $18, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15," \
	"  CASE WHEN NOT a.cancels THEN a.at END, CASE WHEN a.cancels THEN a.at END, a.id, a.stopped_by, $16, $19, $20, $21, $22, $23," \
	"  $24, $25, $26" \
	" FROM (SELECT pg_catalog.count(*) FROM superseded) AS once LEFT JOIN answer a ON true" \
	" WHERE a.at IS NOT NULL OR NOT EXISTS (SELECT FROM %1$s.sla_clock WHERE " clocks " AND metric OPERATOR(pg_catalog.=) $3" \
	"  AND " RUNNING " AND NOT " GIVES_WAY ") ON CONFLICT DO NOTHING"
#define START_CLOCK_TYPES \
	{INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, \
		INTERVALOID, INTERVALOID, CALENDAR_TYPE, TEXTOID, INT8OID, TEXTARRAYOID, INT8OID, INT8OID, \
		STAGE_TYPE, BOOLOID, INT4OID, INT4OID, INTERVALOID, INTERVALOID, TEXTARRAYOID, STAGE_TYPE, BOOLOID, BOOLOID}

#define STOP_CLOCKS_OF(clocks) \
	"UPDATE %1$s.sla_clock SET" \
	"  stopped_at = CASE WHEN " REACHED " THEN GREATEST($2, started_at) END," \
	"  cancelled_at = CASE WHEN " REACHED " THEN NULL ELSE GREATEST($2, started_at) END," \
	"  stop_touch_id = NULL, stopped_by = $4" \
	" WHERE " clocks " AND (" RUNNING " OR (stop_touch_id IS NOT NULL AND started_at OPERATOR(pg_catalog.<) $2" \
	"  AND stopped_at OPERATOR(pg_catalog.>) $2)) AND ($5 OR " REACHED ")"

/* Clocks that go on, or were stopped by a touch, although a stage had ended them before */
#define END_CLOCKS_OF(clocks, events) \
	"UPDATE %1$s.sla_clock c SET stopped_at = CASE WHEN NOT e.cancels THEN e.at END," \
	"  cancelled_at = CASE WHEN e.cancels THEN e.at END, stop_touch_id = NULL, stopped_by = e.stopped_by" \
	" FROM %1$s.sla_clock o CROSS JOIN LATERAL (" ENDED_BY_STAGE(events) ") AS e" \
	" WHERE " clocks " AND c.id OPERATOR(pg_catalog.=) o.id AND o.attempts IS NULL AND o.stops_on_inbound IS NULL" \
	"  AND o.cancelled_at IS NULL AND (o.stopped_at IS NULL OR (o.stop_touch_id IS NOT NULL AND e.at OPERATOR(pg_catalog.<) o.stopped_at))"

#define REASSIGN_CLOCKS_OF(clocks) \
	"UPDATE %1$s.sla_clock SET owner = $2, team = $3 WHERE " clocks " AND " RUNNING

#define RENAMED(kinds)		"pg_catalog.array_replace(" kinds ", $1, $2)"

/* A text that is not blank, and until when a member is away at an instant */
#define FILLED(text) \
	"CASE WHEN pg_catalog.btrim(" text ") OPERATOR(pg_catalog.<>) '' THEN " text "::pg_catalog.text END"
#define ABSENT_UNTIL(member, at) \
	"(SELECT pg_catalog.max(s.until_at) FROM %1$s.absence s WHERE s.member OPERATOR(pg_catalog.=) " member \
	" AND s.from_at OPERATOR(pg_catalog.<=) " at " AND s.until_at OPERATOR(pg_catalog.>) " at ")"

static const struct
{
	const char *sql;
	int			nargs;
	Oid			types[MAX_ARGS];
}			statements[STATEMENTS] =
{
	[INSERT_EVENT] = {
		"INSERT INTO %1$s.stage_event (at, recorded_at, lead_id, opportunity_id, definition_version, campaign_id, implied,"
		" subject, from_stage, to_stage, session_actor, actor, reason, reason_note, owner, team, origin, variant, segment,"
		" amount, currency, facts) VALUES ($1, pg_catalog.now(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
		21,
		{TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID, BOOLOID, TEXTOID, STAGE_TYPE, STAGE_TYPE, TEXTOID,
			TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, NUMERICOID, TEXTOID, JSONBOID}
	},
	[INSERT_VIOLATION] = {
		"INSERT INTO %1$s.violation (object, lead_id, opportunity_id, from_stage, to_stage, criterion, requirement,"
		" definition_version, session_actor, actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		10,
		{TEXTOID, INT8OID, INT8OID, STAGE_TYPE, STAGE_TYPE, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID}
	},
	[INSERT_REFUSED] = {
		"INSERT INTO %1$s.overwrite_refused (object, lead_id, opportunity_id, field, kept, refused, kept_source, refused_source,"
		" rule, session_actor, actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		11,
		{TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	[PARK] = {
		"INSERT INTO %1$s.quarantine (object, operation, source, external_id, target_stage, parked_row, unmet, session_actor, actor)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		9,
		{TEXTOID, TEXTOID, TEXTOID, TEXTOID, STAGE_TYPE, JSONBOID, JSONBOID, TEXTOID, TEXTOID}
	},
	[TAKE_BACK_LEAD] = {
		"DELETE FROM %1$s.lead WHERE id OPERATOR(pg_catalog.=) $1", 1, {INT8OID}
	},
	[TAKE_BACK_OPPORTUNITY] = {
		"DELETE FROM %1$s.opportunity WHERE id OPERATOR(pg_catalog.=) $1", 1, {INT8OID}
	},
	[MOVE_LEAD] = {
		"UPDATE %1$s.lead SET stage = $2, stage_since = GREATEST(stage_since, $3)"
		" WHERE id OPERATOR(pg_catalog.=) $1 AND stage OPERATOR(pg_catalog.<) $2",
		3,
		{INT8OID, STAGE_TYPE, TIMESTAMPTZOID}
	},

	/*
	 * What the move of lead $1 to stage $14 says.  It is about the last handover
	 * before it, or about the one that the move is itself ($18).  What is the
	 * last word already is not said again.  $19, $20: no verdict where nobody
	 * was reached.
	 */
	[RECORD_VERDICT] = {
		"INSERT INTO %1$s.verdict (lead_id, reason, note, owner, campaign_id, origin, segment, variant, score, narrative, wake_at,"
		"  verdict, at, stage, team, session_actor, actor, handed_over_at)"
		" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, h.at"
		" FROM (SELECT CASE WHEN $18 THEN $13 ELSE ("
		"   SELECT e.at FROM %1$s.stage_event e WHERE e.lead_id OPERATOR(pg_catalog.=) $1 AND " OF_LEAD("e.")
		"    AND e.to_stage OPERATOR(pg_catalog.<@) 'mql'::leadflow.stage"
		"    AND (e.from_stage OPERATOR(pg_catalog.<@) 'mql'::leadflow.stage) IS NOT TRUE AND e.at OPERATOR(pg_catalog.<=) $13"
		"   ORDER BY e.at DESC, e.id DESC LIMIT 1) END AS at) h"
		" WHERE h.at IS NOT NULL"
		"  AND $12 IS DISTINCT FROM (SELECT v.verdict FROM %1$s.verdict v WHERE v.lead_id OPERATOR(pg_catalog.=) $1"
		"   AND v.handed_over_at OPERATOR(pg_catalog.=) h.at ORDER BY v.at DESC, v.id DESC LIMIT 1)"
		"  AND ($19 AND (SELECT c.stopped_by OPERATOR(pg_catalog.=) 'attempts' AND c.stopped_at OPERATOR(pg_catalog.>=) h.at"
		"   FROM %1$s.sla_clock c WHERE c.lead_id OPERATOR(pg_catalog.=) $1 AND c.attempts IS NOT NULL"
		"   ORDER BY c.started_at DESC, c.id DESC LIMIT 1)) IS NOT TRUE"
		"  AND NOT ($20 AND EXISTS (SELECT FROM %1$s.reason r WHERE r.code OPERATOR(pg_catalog.=) $2 AND r.needs_attempts))",
		20,
		{INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, NUMERICOID, TEXTOID, TIMESTAMPTZOID,
			TEXTOID, TIMESTAMPTZOID, STAGE_TYPE, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, BOOLOID}
	},
	[STOP_CLOCKS_BY_REJECTION] = {
		"UPDATE %1$s.sla_clock SET stopped_at = GREATEST($2, started_at), stopped_by = 'verdict rejected'"
		" WHERE " LEAD_CLOCKS " AND " RUNNING " AND stops_on_verdict",
		2,
		{INT8OID, TIMESTAMPTZOID}
	},

	[LOCK_LEAD] = {
		"SELECT FROM %1$s.lead WHERE id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", 1, {INT8OID}
	},
	[START_CLOCK] = {START_CLOCK_OF(LEAD_CLOCKS), 28, START_CLOCK_TYPES},
	[START_OPPORTUNITY_CLOCK] = {START_CLOCK_OF(OPPORTUNITY_CLOCKS), 28, START_CLOCK_TYPES},
	[STOP_CLOCKS_BY_STAGE] = {
		STOP_CLOCKS_OF(LEAD_CLOCKS), 5, {INT8OID, TIMESTAMPTZOID, STAGE_TYPE, TEXTOID, BOOLOID}
	},
	[STOP_OPPORTUNITY_CLOCKS_BY_STAGE] = {
		STOP_CLOCKS_OF(OPPORTUNITY_CLOCKS), 5, {INT8OID, TIMESTAMPTZOID, STAGE_TYPE, TEXTOID, BOOLOID}
	},

	/* an answer that is recorded late stops the clock at its own time */
	[STOP_CLOCKS_BY_TOUCH] = {
		"UPDATE %1$s.sla_clock SET stopped_at = $2, stop_touch_id = $4, stopped_by = 'touch ' OPERATOR(pg_catalog.||) $3"
		" WHERE lead_id OPERATOR(pg_catalog.=) $1 AND started_at OPERATOR(pg_catalog.<=) $2"
		"  AND $3 OPERATOR(pg_catalog.=) ANY (stops_on_touch) AND attempts IS NULL AND stops_on_inbound IS NULL"
		"  AND cancelled_at IS NULL AND (stopped_at IS NULL OR stopped_at OPERATOR(pg_catalog.>) $2)",
		4,
		{INT8OID, TIMESTAMPTZOID, TEXTOID, INT8OID}
	},
	[END_CLOCKS] = {
		END_CLOCKS_OF("o.lead_id OPERATOR(pg_catalog.=) $1 AND o.opportunity_id IS NULL", LEAD_EVENTS), 1, {INT8OID}
	},
	[END_OPPORTUNITY_CLOCKS] = {
		END_CLOCKS_OF("o.lead_id OPERATOR(pg_catalog.=) $1 AND o.opportunity_id IS NOT NULL", OPPORTUNITY_EVENTS), 1, {INT8OID}
	},
	[GIVE_CLOCKS] = {
		"UPDATE %1$s.sla_clock SET lead_id = $2 WHERE " OPPORTUNITY_CLOCKS, 2, {INT8OID, INT8OID}
	},
	[ANSWER_CLOCKS] = {
		"SELECT leadflow.answer_clocks($1, ARRAY[$2])", 2, {NAMEOID, INT8OID}
	},
	[REASSIGN_CLOCKS] = {REASSIGN_CLOCKS_OF(LEAD_CLOCKS), 3, {INT8OID, TEXTOID, TEXTOID}},
	[REASSIGN_OPPORTUNITY_CLOCKS] = {REASSIGN_CLOCKS_OF(OPPORTUNITY_CLOCKS), 3, {INT8OID, TEXTOID, TEXTOID}},

	/* which touches of a lead there are, and which versions of them */
	[READ_VERSIONS] = {
		"SELECT pg_catalog.array_agg(t.ctid ORDER BY t.ctid) FROM %1$s.touch t WHERE t.lead_id OPERATOR(pg_catalog.=) $1",
		1,
		{INT8OID}
	},
	[LOCK_LEAD_OF_CLOCK] = {
		"SELECT FROM %1$s.lead WHERE id OPERATOR(pg_catalog.=) (SELECT c.lead_id FROM %1$s.sla_clock c WHERE c.id OPERATOR(pg_catalog.=) $1)"
		" FOR NO KEY UPDATE",
		1,
		{INT8OID}
	},
	[LOCK_CLOCK] = {
		"SELECT FROM %1$s.sla_clock WHERE id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE", 1, {INT8OID}
	},

	/* in elapsed time every hour counts */
	[RECKON_PAUSES] = {
		"UPDATE %1$s.sla_clock c SET"
		"  due_at = leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'::leadflow.calendar), c.started_at, " HOURS("c.target") ", p.pauses),"
		"  warn_at = leadflow.add_worktime(COALESCE(c.calendar, 'UTC; 24/7'::leadflow.calendar), c.started_at, " HOURS("c.warn_after") ", p.pauses)"
		" FROM (SELECT COALESCE(pg_catalog.range_agg(pg_catalog.tstzrange(s.paused_at, s.resumed_at)), '{}'::pg_catalog.tstzmultirange) AS pauses"
		"  FROM %1$s.sla_pause s WHERE s.clock_id OPERATOR(pg_catalog.=) $1 AND s.resumed_at IS NOT NULL) AS p"
		" WHERE c.id OPERATOR(pg_catalog.=) $1 AND ($2 OR (c.stopped_at IS NULL AND c.cancelled_at IS NULL))",
		2,
		{INT8OID, BOOLOID}
	},

	/*
	 * Since when clock $1 is late, so that a pause from $2 on would make it good.
	 * $3: from when it stood still by the pause as it was before, number $4.
	 */
	[READ_LATE_PAUSE] = {
		"SELECT c.due_at::pg_catalog.text FROM %1$s.sla_clock c WHERE c.id OPERATOR(pg_catalog.=) $1 AND " RUNS("c.")
		" AND c.due_at OPERATOR(pg_catalog.<=) leadflow.clock() AND $2 OPERATOR(pg_catalog.<) c.due_at"
		" AND ($3 OPERATOR(pg_catalog.<) c.due_at) IS NOT TRUE AND NOT EXISTS (SELECT FROM %1$s.sla_pause p"
		"  WHERE p.clock_id OPERATOR(pg_catalog.=) $1 AND p.id OPERATOR(pg_catalog.<>) $4 AND p.resumed_at IS NULL"
		"   AND p.paused_at OPERATOR(pg_catalog.<) c.due_at)",
		4,
		{INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID}
	},

	/* is there that kind, or reason, as far as is written by now? */
	[READ_KIND] = {
		"SELECT FROM %1$s.touch_kind WHERE kind OPERATOR(pg_catalog.=) $1", 1, {TEXTOID}
	},
	[READ_REASON] = {
		"SELECT FROM %1$s.reason WHERE code OPERATOR(pg_catalog.=) $1", 1, {TEXTOID}
	},

	/* touches of kind $1 are called $2 */
	[RENAME_KIND_IN_POLICIES] = {
		"UPDATE %1$s.sla_policy SET starts_on_touch = " RENAMED("starts_on_touch") ", stops_on_touch = " RENAMED("stops_on_touch") ","
		" stops_on_inbound = " RENAMED("stops_on_inbound")
		" WHERE $1 OPERATOR(pg_catalog.=) ANY (starts_on_touch OPERATOR(pg_catalog.||) stops_on_touch OPERATOR(pg_catalog.||) stops_on_inbound)",
		2,
		{TEXTOID, TEXTOID}
	},
	[RENAME_KIND_IN_CLOCKS] = {
		"UPDATE %1$s.sla_clock SET stops_on_touch = " RENAMED("stops_on_touch") ", stops_on_inbound = " RENAMED("stops_on_inbound")
		" WHERE $1 OPERATOR(pg_catalog.=) ANY (stops_on_touch OPERATOR(pg_catalog.||) stops_on_inbound)",
		2,
		{TEXTOID, TEXTOID}
	},
	[RENAME_KIND_IN_RULES] = {
		"UPDATE %1$s.score_rule SET touch_kinds = " RENAMED("touch_kinds") " WHERE $1 OPERATOR(pg_catalog.=) ANY (touch_kinds)",
		2,
		{TEXTOID, TEXTOID}
	},

	/*
	 * A touch of lead $2 was corrected or removed: what it started is void, and
	 * what it stopped waits for the next answer.  A clock that was paused is
	 * kept.  The touch may have come from a lead that was merged.
	 */
	[RETRACT_STARTS] = {
		"DELETE FROM %1$s.sla_clock c WHERE c.start_touch_id OPERATOR(pg_catalog.=) $1"
		" AND NOT EXISTS (SELECT FROM %1$s.sla_pause p WHERE p.clock_id OPERATOR(pg_catalog.=) c.id)",
		1,
		{INT8OID}
	},
	[RETRACT_STOPS] = {
		"UPDATE %1$s.sla_clock c SET stopped_at = a.at, stop_touch_id = a.id, stopped_by = 'touch ' OPERATOR(pg_catalog.||) a.kind"
		" FROM %1$s.sla_clock o LEFT JOIN LATERAL (" ANSWER("$2", "o.started_at", "o.stops_on_touch") ") AS a ON true"
		" WHERE o.stop_touch_id OPERATOR(pg_catalog.=) $1 AND o.attempts IS NULL AND o.stops_on_inbound IS NULL AND c.id OPERATOR(pg_catalog.=) o.id"
		" AND (a.id IS NOT NULL OR NOT EXISTS (SELECT FROM %1$s.sla_clock r WHERE r.lead_id OPERATOR(pg_catalog.=) o.lead_id"
		"  AND r.metric OPERATOR(pg_catalog.=) o.metric AND r.opportunity_id IS NOT DISTINCT FROM o.opportunity_id"
		"  AND " RUNS("r.") "))",
		2,
		{INT8OID, INT8OID}
	},

	/*
	 * Clocks that a number of attempts stops, or an inbound touch: when they
	 * stop is told by all touches since they started; of an answer and an
	 * attempt at one instant the answer counts.  One that was stopped by a
	 * touch that is no more ($2) runs again, unless the lead has moved on since.
	 * What else stopped it earlier stands, as does what a touch stopped that was
	 * archived since.
	 */
	[RECKON_CADENCES] = {
		"UPDATE %1$s.sla_clock c SET stopped_at = CASE WHEN e.cancels THEN NULL ELSE e.at END,"
		"  cancelled_at = CASE WHEN e.cancels THEN e.at END, stop_touch_id = e.touch_id, stopped_by = e.stopped_by"
		" FROM %1$s.sla_clock o LEFT JOIN LATERAL ("
		"  SELECT s.at, s.touch_id, s.stopped_by, s.cancels FROM ("
		"   (SELECT t.at, t.id AS touch_id, '" STOPPED_BY_ANSWER "' OPERATOR(pg_catalog.||) t.kind AS stopped_by, false AS cancels, 1 AS place"
		"    FROM %1$s.touch t WHERE t.lead_id OPERATOR(pg_catalog.=) $1 AND t.at OPERATOR(pg_catalog.>) o.started_at"
		"     AND t.direction OPERATOR(pg_catalog.=) 'inbound' AND t.kind OPERATOR(pg_catalog.=) ANY (o.stops_on_inbound)"
		"    ORDER BY t.at, t.id LIMIT 1)"
		"   UNION ALL"
		"   (SELECT t.at, t.id, CASE WHEN o.attempts IS NULL THEN 'touch ' OPERATOR(pg_catalog.||) t.kind ELSE '" STOPPED_BY_ATTEMPTS "' END, false, 2"
		"    FROM %1$s.touch t WHERE t.lead_id OPERATOR(pg_catalog.=) $1"
		"     AND t.at OPERATOR(pg_catalog.=) CASE WHEN o.attempts IS NULL THEN"
		"      (SELECT pg_catalog.min(f.at) FROM %1$s.touch f WHERE f.lead_id OPERATOR(pg_catalog.=) $1"
		"        AND f.at OPERATOR(pg_catalog.>=) o.started_at AND f.direction OPERATOR(pg_catalog.=) 'outbound'"
		"        AND f.kind OPERATOR(pg_catalog.=) ANY (o.stops_on_touch))"
		"      ELSE (SELECT (leadflow.count_attempts(pg_catalog.array_agg(f.at), pg_catalog.array_agg(COALESCE(f.channel, f.kind)),"
		"         o.spacing, o.attempts, o.channels)).complete_at FROM %1$s.touch f WHERE f.lead_id OPERATOR(pg_catalog.=) $1"
		"        AND f.at OPERATOR(pg_catalog.>=) o.started_at AND f.direction OPERATOR(pg_catalog.=) 'outbound'"
		"        AND f.kind OPERATOR(pg_catalog.=) ANY (o.stops_on_touch)) END"
		"     AND t.direction OPERATOR(pg_catalog.=) 'outbound' AND t.kind OPERATOR(pg_catalog.=) ANY (o.stops_on_touch)"
		"    ORDER BY t.id LIMIT 1)"
		"   UNION ALL (SELECT v.at, NULL, v.stopped_by, v.cancels, 3 FROM (" ENDED_BY_STAGE(LEAD_EVENTS) ") AS v)"
		"  ) AS s ORDER BY s.at, s.place LIMIT 1) AS e ON true"
		" WHERE o.lead_id OPERATOR(pg_catalog.=) $1 AND o.opportunity_id IS NULL AND o.cancelled_at IS NULL"
		"  AND (o.attempts IS NOT NULL OR o.stops_on_inbound IS NOT NULL) AND c.id OPERATOR(pg_catalog.=) o.id"
		"  AND (o.stopped_at IS NULL OR o.stop_touch_id IS NOT NULL OR e.at OPERATOR(pg_catalog.<) o.stopped_at)"
		"  AND (o.stop_touch_id IS NULL OR o.stop_touch_id OPERATOR(pg_catalog.=) $2"
		"   OR EXISTS (SELECT FROM %1$s.touch s WHERE s.id OPERATOR(pg_catalog.=) o.stop_touch_id))"
		"  AND (e.at, e.touch_id) IS DISTINCT FROM (o.stopped_at, o.stop_touch_id)"
		"  AND (e.at IS NOT NULL OR NOT EXISTS (SELECT FROM %1$s.sla_clock r WHERE r.lead_id OPERATOR(pg_catalog.=) $1"
		"   AND r.metric OPERATOR(pg_catalog.=) o.metric AND r.opportunity_id IS NULL"
		"   AND " RUNS("r.") "))",
		2,
		{INT8OID, INT8OID}
	},

	[INSERT_STAY] = {
		"INSERT INTO %1$s.nurture_stay (lead_id, entered_at, from_stage, owner, reason, narrative, nurture_track, wake_at, rests_until)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		9,
		{INT8OID, TIMESTAMPTZOID, STAGE_TYPE, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	},

	/* an active member besides $2 who owns the account, or another open lead of it */
	[OTHER_OWNER] = {
		"SELECT o.owner FROM ("
		" SELECT a.owner, 1 AS place FROM %1$s.account a WHERE a.id OPERATOR(pg_catalog.=) $1"
		" UNION ALL"
		" SELECT l.owner, 2 FROM %1$s.lead l WHERE l.account_id OPERATOR(pg_catalog.=) $1 AND l.id OPERATOR(pg_catalog.<>) $3"
		"  AND l.merged_into IS NULL AND l.stage OPERATOR(pg_catalog.>=) 'mql'::leadflow.stage"
		"  AND l.stage OPERATOR(pg_catalog.<) 'won'::leadflow.stage"
		") AS o JOIN %1$s.team_member m ON m.member OPERATOR(pg_catalog.=) o.owner AND m.active AND m.department OPERATOR(pg_catalog.<>) 'marketing'"
		" WHERE NOT EXISTS (SELECT FROM %1$s.lead l WHERE l.account_id OPERATOR(pg_catalog.=) $1 AND l.owner OPERATOR(pg_catalog.=) $2"
		"  AND l.id OPERATOR(pg_catalog.<>) $3 AND l.merged_into IS NULL AND l.stage OPERATOR(pg_catalog.>=) 'mql'::leadflow.stage"
		"  AND l.stage OPERATOR(pg_catalog.<) 'won'::leadflow.stage)"
		"  AND NOT EXISTS (SELECT FROM %1$s.account a WHERE a.id OPERATOR(pg_catalog.=) $1 AND a.owner OPERATOR(pg_catalog.=) $2)"
		"  AND o.owner OPERATOR(pg_catalog.<>) $2 ORDER BY o.place, o.owner LIMIT 1",
		3,
		{INT8OID, TEXTOID, INT8OID}
	},

	/* what rules ask of a lead, and the account that it belongs to */
	[READ_ACCOUNT] = {
		"SELECT COALESCE(" FILLED("l.territory") ", " FILLED("a.territory") "), COALESCE(" FILLED("l.industry") ", " FILLED("a.industry") "),"
		" COALESCE(" FILLED("l.segment") ", " FILLED("a.segment") "), a.id::pg_catalog.int8, a.name::pg_catalog.text,"
		" " FILLED("a.owner") ", COALESCE(m.active, false), " ABSENT_UNTIL("a.owner", "$2")
		" FROM %1$s.lead l LEFT JOIN %1$s.account a ON a.id OPERATOR(pg_catalog.=) COALESCE(l.account_id,"
		"  (SELECT pg_catalog.min(d.id) FROM %1$s.account d"
		"   WHERE leadflow.normal_domain(d.domain) OPERATOR(pg_catalog.=) leadflow.email_domain(l.email)"
		"   AND NOT EXISTS (SELECT FROM %1$s.free_mail_domain f WHERE f.domain OPERATOR(pg_catalog.=) leadflow.email_domain(l.email))"
		"   HAVING pg_catalog.count(*) OPERATOR(pg_catalog.=) 1))"
		" LEFT JOIN %1$s.team_member m ON m.member OPERATOR(pg_catalog.=) a.owner"
		" WHERE l.id OPERATOR(pg_catalog.=) $1",
		2,
		{INT8OID, TIMESTAMPTZOID}
	},
	[READ_REFUSERS] = {
		"SELECT DISTINCT v.owner::pg_catalog.text FROM %1$s.verdict v WHERE v.lead_id OPERATOR(pg_catalog.=) $1"
		" AND v.verdict OPERATOR(pg_catalog.=) 'rejected' AND v.owner IS NOT NULL",
		1,
		{INT8OID}
	},

	/* a pool's members, in the order of bytes; open leads are counted where they are limited, or wanted ($4) */
	[READ_POOL] = {
		"SELECT p.fallback_owner::pg_catalog.text, f.active, " ABSENT_UNTIL("p.fallback_owner", "$3") ","
		" m.member::pg_catalog.text, m.weight::pg_catalog.int8, m.capacity::pg_catalog.int8, t.active,"
		" " ABSENT_UNTIL("m.member", "$3") ", w.credits[pg_catalog.array_position(w.members, m.member)]::pg_catalog.float8,"
		" CASE WHEN $4 OR m.capacity IS NOT NULL THEN (SELECT pg_catalog.count(*) FROM %1$s.lead l"
		"  WHERE l.owner OPERATOR(pg_catalog.=) m.member AND l.stage OPERATOR(pg_catalog.>=) 'mql'::leadflow.stage"
		"  AND l.stage OPERATOR(pg_catalog.<) 'won'::leadflow.stage AND l.merged_into IS NULL AND l.id OPERATOR(pg_catalog.<>) $2) END, w.turn::pg_catalog.int8"
		" FROM %1$s.pool p JOIN %1$s.team_member f ON f.member OPERATOR(pg_catalog.=) p.fallback_owner"
		" LEFT JOIN (%1$s.pool_member m JOIN %1$s.team_member t ON t.member OPERATOR(pg_catalog.=) m.member)"
		"  ON m.pool OPERATOR(pg_catalog.=) p.pool"
		" LEFT JOIN (SELECT a.turn, a.members, a.credits FROM %1$s.assignment a"
		"  WHERE a.pool OPERATOR(pg_catalog.=) $1 AND a.turn IS NOT NULL ORDER BY a.turn DESC LIMIT 1) AS w ON true"
		" WHERE p.pool OPERATOR(pg_catalog.=) $1 ORDER BY m.member::pg_catalog.text COLLATE pg_catalog.\"C\"",
		4,
		{TEXTOID, INT8OID, TIMESTAMPTZOID, BOOLOID}
	},
	[GIVE_LEAD] = {
		"UPDATE %1$s.lead SET owner = $2, owner_reason = $3 WHERE id OPERATOR(pg_catalog.=) $1",
		3,
		{INT8OID, TEXTOID, TEXTOID}
	},

	[KEEP_ASSIGNMENT] = {
		"INSERT INTO %1$s.assignment (lead_id, at, stage, rule, pool, old_owner, owner, how, skipped, turn, members, credits)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		12,
		{INT8OID, TIMESTAMPTZOID, STAGE_TYPE, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID,
			INT8OID, TEXTARRAYOID, FLOAT8ARRAYOID}
	},

	/* a touch, or a change of a field, of a lead that was found to be another */
	[GIVE_TOUCH] = {
		"UPDATE %1$s.touch SET lead_id = $2 WHERE id OPERATOR(pg_catalog.=) $1", 2, {INT8OID, INT8OID}
	},
	[CARRY_OVER] = {
		"SELECT leadflow.carry_over($1, $2, $3)", 3, {NAMEOID, INT8OID, JSONBOID}
	}
};

bool		history_may_change = false;
bool		owner_is_routed = false;

/* In whose name the outermost statement was made; invalid outside of one. */
static Oid	statement_user = InvalidOid;

static Oid
argument_type(Rulebook *rulebook, Oid type)
{
	switch (type)
	{
		case STAGE_TYPE:
			return rulebook->stage_type;
		case CALENDAR_TYPE:
			return rulebook->calendar_type;
		default:
			return type;
	}
}

/*
 * Plan a statement once for all values.  Every statement finds its rows by an
 * index; that must be so even if the tables are still empty, because the plan
 * outlives the moment at which they are.
 */
static SPIPlanPtr
prepare(Rulebook *rulebook, Statement statement)
{
	Oid			types[MAX_ARGS];
	StringInfoData sql;
	SPIPlanPtr	plan;
	CachedPlan *generic;
	int			guc_level;

	for (int i = 0; i < statements[statement].nargs; i++)
		types[i] = argument_type(rulebook, statements[statement].types[i]);

	initStringInfo(&sql);
	appendStringInfo(&sql, statements[statement].sql, rulebook->schema);

	guc_level = NewGUCNestLevel();
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	plan = SPI_prepare_cursor(sql.data, statements[statement].nargs, types,
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a statement of workspace %s", rulebook->schema);
	generic = SPI_plan_get_cached_plan(plan);
	if (generic != NULL)
		ReleaseCachedPlan(generic, CurrentResourceOwner);
	AtEOXact_GUC(true, guc_level);
	return plan;
}

/*
 * Run a statement as the workspace's owner; gives the number of rows it
 * touched, or read for reader.  What it fires in turn acts in the name of the
 * present user.
 */
uint64
statement_read(Rulebook *rulebook, Statement statement, Datum *args, const bool *nulls,
			   bool read_only, StatementReader reader, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			outer_user = statement_user;
	OwnerState	state;
	uint64		processed = 0;

	statement_user = acting_user();
	become_owner(rulebook->owner, rulebook->schema, &state);

	PG_TRY();
	{
		char		spi_nulls[MAX_ARGS];

		for (int i = 0; i < statements[statement].nargs; i++)
			spi_nulls[i] = nulls != NULL && nulls[i] ? 'n' : ' ';

		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		if (rulebook->plans[statement] == NULL)
			rulebook->plans[statement] = prepare(rulebook, statement);
		if (SPI_execute_plan(rulebook->plans[statement], args, spi_nulls, read_only, 0) < 0)
			elog(ERROR, "could not write to workspace %s", rulebook->schema);
		processed = SPI_processed;
		for (uint64 i = 0; reader != NULL && i < processed; i++)
		{
			MemoryContext spi = MemoryContextSwitchTo(caller);

			reader(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, arg);
			MemoryContextSwitchTo(spi);
		}
		SPI_finish();
	}
	PG_FINALLY();
	{
		statement_user = outer_user;
	}
	PG_END_TRY();

	become_self(&state);
	return processed;
}

/* Run a statement that writes. */
uint64
statement_run(Rulebook *rulebook, Statement statement, Datum *args, const bool *nulls)
{
	return statement_read(rulebook, statement, args, nulls, false, NULL, NULL);
}

static void
take_first(HeapTuple row, TupleDesc desc, void *arg)
{
	char	  **result = arg;

	if (*result == NULL)
		*result = SPI_getvalue(row, desc, 1);
}

/* The first value that a statement gives, as text; NULL for none. */
char *
statement_fetch(Rulebook *rulebook, Statement statement, Datum *args, const bool *nulls, bool read_only)
{
	char	   *result = NULL;

	(void) statement_read(rulebook, statement, args, nulls, read_only, take_first, &result);
	return result;
}

/* In whose name the module acts: the writer's, also while it is the owner. */
Oid
acting_user(void)
{
	return OidIsValid(statement_user) ? statement_user : GetUserId();
}

static Datum
role_name(Oid roleid)
{
	return CStringGetTextDatum(GetUserNameFromId(roleid, false));
}

/* Who opened the session. */
Datum
session_actor(void)
{
	return role_name(GetSessionUserId());
}

/* In whose name the write was made. */
Datum
actor(void)
{
	return role_name(acting_user());
}
